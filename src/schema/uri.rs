//! Just enough of RFC 3986 to say which document a `$ref` names.

/// What a reference means at a base. The base is absolute (`file:///a/b.json`, `https://…`, `urn:…`).
pub(super) fn resolve(base: &str, reference: &str) -> String {
    if has_scheme(reference) {
        return reference.to_owned();
    }
    let base = base.split('#').next().unwrap_or(base);
    if reference.is_empty() || reference.starts_with('#') {
        return format!("{base}{reference}");
    }
    let Some((scheme, rest)) = base.split_once("://") else { return reference.to_owned() };
    if let Some(network) = reference.strip_prefix("//") {
        return format!("{scheme}://{network}");
    }
    let (authority, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
    let (target, fragment) = reference.find('#').map_or((reference, ""), |at| reference.split_at(at));
    let merged = match target.starts_with('/') {
        true => target.to_owned(),
        false => format!("{}/{target}", path.rsplit_once('/').map_or("", |(folder, _)| folder)),
    };
    format!("{scheme}://{authority}{}{fragment}", without_dots(&merged))
}

fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for part in path.split('/').skip(1) {
        match part {
            "." => {}
            ".." => drop(kept.pop()),
            part => kept.push(part),
        }
    }
    format!("/{}", kept.join("/"))
}

fn has_scheme(reference: &str) -> bool {
    let Some((scheme, _)) = reference.split_once(':') else { return false };
    scheme.len() > 1
        && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

/// The name of a repository's file as a base.
pub(super) fn of_file(path: &str) -> String {
    format!("file:///{}", path.trim_start_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::resolve;

    #[test]
    fn references_are_resolved_as_links_are() {
        assert_eq!(resolve("file:///a/b.json", "c.json#/x"), "file:///a/c.json#/x");
        assert_eq!(resolve("file:///a/b.json", "../c.json"), "file:///c.json");
        assert_eq!(resolve("file:///a/b.json", "#/x"), "file:///a/b.json#/x");
        assert_eq!(resolve("https://x.org/s/a", "/b"), "https://x.org/b");
        assert_eq!(resolve("urn:uuid:1", "#a"), "urn:uuid:1#a");
        assert_eq!(resolve("https://x.org/s/a", "urn:x:y"), "urn:x:y");
    }
}
