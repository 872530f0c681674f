//! Arithmetic on printed paths (relative, with `/`).

/// Where `path`, written in a file of the folder `folder`, leads: a printed path without `.` and `..`,
/// empty for the root. None for what is not inside the tree: absolute paths, `~`, addresses, and
/// paths that climb above the root.
pub fn join_path(folder: &str, path: &str) -> Option<String> {
    let path = path.trim();
    let remote = path.contains("://") || path.starts_with("git@") || path.starts_with("github.com/");
    let drive = path.as_bytes().get(1) == Some(&b':');
    if path.starts_with(['/', '~', '\\']) || remote || drive {
        return None;
    }
    let mut segments: Vec<&str> = folder.split('/').filter(|segment| !segment.is_empty()).collect();
    for segment in path.split(['/', '\\']) {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop()?;
            }
            segment => segments.push(segment),
        }
    }
    Some(segments.join("/"))
}

/// The folder of a printed path; empty for the root.
pub fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_and_stay_inside() {
        let join = |folder: &str, path: &str| join_path(folder, path);
        assert_eq!(join("deploy", "../orders/./app").as_deref(), Some("orders/app"));
        assert_eq!(join("", ".").as_deref(), Some(""));
        assert_eq!(join("a", "./").as_deref(), Some("a"));
        assert_eq!(join("a/b", "../..").as_deref(), Some(""));
        assert_eq!(join("a", "..\\b").as_deref(), Some("b"));
        for outside in ["../x", "/etc", "~/x", "https://x/y.git", "git@x:y", "c:/x"] {
            assert_eq!(join("", outside), None, "{outside}");
        }
        assert_eq!((folder_of("a/b/c"), folder_of("c")), ("a/b", ""));
    }
}
