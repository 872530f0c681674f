//! What a repository is called among others.

use std::path::Path;

/// The name of the repository in a folder: owner and name of its `origin`, else the folder's name. Clones
/// of one repository have the same, whatever their folders are called.
pub fn label(root: &Path) -> String {
    let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let config = std::fs::read_to_string(root.join(".git").join("config")).unwrap_or_default();
    let folder = || root.file_name().map(|name| name.to_string_lossy().into_owned());
    origin(&config).and_then(|url| of_url(&url)).or_else(folder).unwrap_or_else(|| "repository".to_owned())
}

/// The address of `origin` in a git configuration.
/// <https://git-scm.com/docs/git-config#_syntax>
fn origin(config: &str) -> Option<String> {
    let mut inside = false;
    for line in config.lines().map(str::trim) {
        if line.starts_with('[') {
            inside = line.starts_with("[remote \"origin\"]");
        } else if let Some((key, value)) = line.split_once('=')
            && inside
            && key.trim() == "url"
        {
            return Some(value.trim().to_owned());
        }
    }
    None
}

/// `https://token@github.com/acme/orders.git`, `git@github.com:acme/orders` → `acme/orders`.
fn of_url(url: &str) -> Option<String> {
    let path = url.trim_end_matches('/').trim_end_matches(".git");
    let path = path.split_once("://").map_or(path, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
    let parts: Vec<&str> = path.split(['/', ':', '\\']).filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        [.., owner, name] => Some(format!("{owner}/{name}")),
        [name] => Some((*name).to_owned()),
        [] => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_origin_names_a_repository() {
        for (url, name) in [
            ("https://token@github.com/acme/orders.git", "acme/orders"),
            ("git@github.com:acme/orders.git", "acme/orders"),
            ("ssh://git@git.acme.io:2222/shop/team/orders/", "team/orders"),
            ("/srv/git/acme/orders", "acme/orders"),
            ("https://host/orders", "orders"),
        ] {
            assert_eq!(of_url(url).as_deref(), Some(name), "{url}");
        }
        let config = "[core]\n\turl = no\n[remote \"fork\"]\n\turl = x/y\n[remote \"origin\"]\n\tfetch = +refs\n\turl = git@h:acme/orders.git\n";
        assert_eq!(origin(config).as_deref(), Some("git@h:acme/orders.git"));
        assert_eq!(origin("[remote \"fork\"]\nurl = x/y\n"), None);
    }

    #[test]
    fn without_an_origin_the_folder_does() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("billing");
        std::fs::create_dir_all(&root).unwrap();
        assert_eq!(label(&root), "billing");
        assert_eq!(label(&root.join("../billing/.")), "billing");
    }
}
