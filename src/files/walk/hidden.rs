//! Folders and settings that an ignore file hides although they belong to the source. A line `payment` of
//! `.gitignore` is meant for the binary of that name, and matches the folder `payment` as well; git itself
//! goes on with what it tracks (<https://git-scm.com/docs/gitignore>: "Files already tracked by Git are not
//! affected"). The same holds for an `.env` that was committed before its line was.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What tells that a folder is a program's, directly inside of it or one folder below.
const MARKS: [&str; 12] = [
    "Dockerfile",
    "go.mod",
    "main.go",
    "package.json",
    "pom.xml",
    "build.gradle",
    "build.gradle.kts",
    "pyproject.toml",
    "requirements.txt",
    "main.py",
    "Cargo.toml",
    "docker-compose.yml",
];

/// Folders that are written by tools: a line without a slash means the folder.
const OUTPUT: [&str; 22] = [
    "artifacts",
    "bin",
    "build",
    "cache",
    "coverage",
    "data",
    "debug",
    "dist",
    "env",
    "gen",
    "generated",
    "lib",
    "logs",
    "obj",
    "out",
    "output",
    "packages",
    "public",
    "release",
    "target",
    "tmp",
    "vendor",
];

/// What the lines of the `.gitignore` files hide by a bare name: folders of programs and files `.env…`, in
/// these folders (those of the walk, sorted).
pub(super) fn candidates(ignore_files: &[PathBuf], folders: &BTreeSet<PathBuf>) -> Vec<PathBuf> {
    let mut found = BTreeSet::new();
    for file in ignore_files {
        let (Some(folder), Ok(text)) = (file.parent(), std::fs::read_to_string(file)) else { continue };
        for (name, here_only) in text.lines().filter_map(bare_name) {
            let places = folders.range(folder.to_owned()..).take_while(|other| other.starts_with(folder));
            for place in places.take(if here_only { 1 } else { usize::MAX }) {
                let path = place.join(name);
                if !folders.contains(&path) && is_source(&path, name) {
                    found.insert(path);
                }
            }
        }
    }
    found.into_iter().collect()
}

/// The name that a line means, and whether it means it beside the ignore file only. `None` for patterns, and
/// for lines that say that they mean a folder.
fn bare_name(line: &str) -> Option<(&str, bool)> {
    let line = line.trim();
    let name = line.strip_prefix('/').unwrap_or(line);
    let is_bare = !name.is_empty() && !name.contains(['/', '*', '?', '[', '\\', '!', '#']);
    let is_meant = OUTPUT.iter().any(|output| output.eq_ignore_ascii_case(name));
    (is_bare && !is_meant && (!name.starts_with('.') || name.starts_with(".env")))
        .then_some((name, name.len() < line.len()))
}

fn is_source(path: &Path, name: &str) -> bool {
    match path.symlink_metadata() {
        Ok(metadata) if metadata.is_file() => name.starts_with(".env"),
        Ok(metadata) if metadata.is_dir() => !super::is_never_entered(name) && is_program(path),
        _ => false,
    }
}

fn is_program(folder: &Path) -> bool {
    let is_marked = |folder: &Path| MARKS.iter().any(|mark| folder.join(mark).is_file());
    is_marked(folder)
        || std::fs::read_dir(folder)
            .is_ok_and(|inside| inside.flatten().any(|entry| entry.path().is_dir() && is_marked(&entry.path())))
}
