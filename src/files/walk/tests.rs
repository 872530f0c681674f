use std::fs;

use globset::{Glob, GlobSetBuilder};

use super::*;

/// A folder with these files, each with its own path as content.
fn folder(files: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in files {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, file).unwrap();
    }
    folder
}

fn globs(globs: &[&str]) -> GlobSet {
    let mut builder = GlobSetBuilder::new();
    globs.iter().for_each(|glob| {
        builder.add(Glob::new(glob).unwrap());
    });
    builder.build().unwrap()
}

fn paths(walked: &Walked) -> Vec<&str> {
    walked.tree.files.iter().map(|file| file.path.as_str()).collect()
}

fn skipped(walked: &Walked) -> Vec<(&str, SkipReason)> {
    walked.skipped.iter().map(|s| (s.path.as_str(), s.reason)).collect()
}

#[test]
fn files_come_sorted_and_dependencies_are_not_entered() {
    let folder = folder(&[
        "b/main.py",
        "a/src/x.ts",
        ".github/workflows/ci.yml",
        ".git/config",
        "a/node_modules/p/index.js",
        "a/package.json",
        "a/dist/x.js",
        "b/dist/kept.py",
        "b/.venv/lib/y.py",
    ]);
    let walked = walk(&[folder.path().to_owned()], &GlobSet::empty());
    assert_eq!(
        paths(&walked),
        [".github/workflows/ci.yml", "a/package.json", "a/src/x.ts", "b/dist/kept.py", "b/main.py"]
    );
    assert_eq!(
        skipped(&walked),
        [
            ("a/dist", SkipReason::BuildOutput),
            ("a/node_modules", SkipReason::Dependencies),
            ("b/.venv", SkipReason::Dependencies)
        ]
    );
    assert!(walked.errors.is_empty());
    let id = walked.tree.find("a/src/x.ts").unwrap();
    assert_eq!((id.0, walked.tree.file(id).size), (2, 10));
    assert!(walked.tree.has_folder("a/src") && walked.tree.has_folder("") && !walked.tree.has_folder("a/sr"));
}

#[test]
fn ignore_files_and_exclusions_are_respected() {
    let folder = folder(&["a.py", "b.py", "c.py", "gen/d.py", "out/e.py", "out/f.ts"]);
    fs::write(folder.path().join(".gitignore"), "b.py\n").unwrap();
    fs::write(folder.path().join(".skillcheckignore"), "c.py\n").unwrap();
    let walked = walk(&[folder.path().to_owned()], &globs(&["gen", "out/*.py"]));
    assert_eq!(paths(&walked), [".gitignore", ".skillcheckignore", "a.py", "out/f.ts"]);
    assert_eq!(skipped(&walked), [("gen", SkipReason::Excluded), ("out/e.py", SkipReason::Excluded)]);
}

#[test]
fn several_roots_are_told_apart() {
    let folder = folder(&["one/a.py", "two/a.py", "x/app/a.py", "y/app/a.py"]);
    let at = |path: &str| folder.path().join(path);
    assert_eq!(paths(&walk(&[at("two"), at("one")], &GlobSet::empty())), ["one/a.py", "two/a.py"]);
    assert_eq!(paths(&walk(&[at("x/app"), at("y/app")], &GlobSet::empty())), ["x/app/a.py", "y/app/a.py"]);
    assert_eq!(paths(&walk(&[at("one/a.py"), at("two/a.py")], &GlobSet::empty())), ["one/a.py", "two/a.py"]);
    assert_eq!(paths(&walk(&[at("one/a.py")], &GlobSet::empty())), ["a.py"]);
    let overlapping = walk(&[at("one"), folder.path().to_owned(), at("one/a.py")], &GlobSet::empty());
    assert_eq!(paths(&overlapping), ["one/a.py", "two/a.py", "x/app/a.py", "y/app/a.py"]);
}

#[test]
fn a_root_that_does_not_exist_is_an_error() {
    let walked = walk(&[PathBuf::from("no/such/folder")], &GlobSet::empty());
    assert_eq!((walked.errors[0].path.as_str(), walked.errors[0].no_such_root), ("no/such/folder", true));
    assert!(walked.tree.files.is_empty());
}

#[cfg(unix)]
#[test]
fn links_and_pipes_are_told_and_never_followed_into_a_loop() {
    use std::os::unix::fs::symlink;
    let outside = folder(&["shared.py"]);
    let folder = folder(&["a/x.py"]);
    let at = |path: &str| folder.path().join(path);
    symlink(folder.path(), at("a/loop")).unwrap();
    symlink(at("a/x.py"), at("again.py")).unwrap();
    symlink(at("nowhere"), at("broken.py")).unwrap();
    symlink(at("self"), at("self")).unwrap();
    symlink("/dev/zero", at("zero.py")).unwrap();
    symlink(outside.path().join("shared.py"), at("shared.py")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(at("pipe.py")).status().unwrap().success());
    let walked = walk(&[folder.path().to_owned()], &GlobSet::empty());
    assert_eq!(paths(&walked), ["a/x.py", "shared.py"]);
    assert_eq!(
        skipped(&walked),
        [
            ("a/loop", SkipReason::FolderLink),
            ("again.py", SkipReason::LinkInside),
            ("broken.py", SkipReason::BrokenLink),
            ("pipe.py", SkipReason::Special),
            ("self", SkipReason::BrokenLink),
            ("zero.py", SkipReason::Special),
        ]
    );
}

#[cfg(unix)]
#[test]
fn an_unreadable_folder_is_an_error() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder(&["a.py", "locked/b.py"]);
    let locked = folder.path().join("locked");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
    // Whoever may read everything (a container's root) has no unreadable folder to test with.
    let readable = fs::read_dir(&locked).is_ok();
    let walked = walk(&[folder.path().to_owned()], &GlobSet::empty());
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o755)).unwrap();
    if readable {
        assert_eq!(paths(&walked), ["a.py", "locked/b.py"]);
    } else {
        assert_eq!(paths(&walked), ["a.py"]);
        assert_eq!((walked.errors[0].path.as_str(), walked.errors[0].no_such_root), ("locked", false));
    }
}

#[test]
fn a_line_that_is_meant_for_a_binary_does_not_hide_the_program() {
    let folder = folder(&[
        "payment/main.go",
        "payment/docker/payment/Dockerfile",
        "payment/web/stock/readme.md",
        "shop/stock/main.go",
        "shop/build/main.go",
        "shop/drafts/main.go",
        "shop/cart/main.go",
        "cart/notes.md",
    ]);
    // A folder that is meant as such, output, patterns and what is not a program stay hidden.
    fs::write(folder.path().join(".gitignore"), "payment\n/stock\nbuild\ndrafts/\n*cart\n").unwrap();
    fs::write(folder.path().join("shop/.gitignore"), "# binaries\nstock\n").unwrap();
    let walked = walk(&[folder.path().to_owned()], &GlobSet::empty());
    assert_eq!(
        paths(&walked),
        [
            ".gitignore",
            "payment/docker/payment/Dockerfile",
            "payment/main.go",
            "payment/web/stock/readme.md",
            "shop/.gitignore",
            "shop/stock/main.go",
        ]
    );
    let excluded = walk(&[folder.path().to_owned()], &globs(&["payment", "shop/stock"]));
    assert_eq!(paths(&excluded), [".gitignore", "shop/.gitignore"]);
}

#[test]
fn version_control_decides_on_what_an_ignore_file_hides() {
    let folder = folder(&["stock/main.go", "shop/.env", "shop/.env.local"]);
    fs::write(folder.path().join(".gitignore"), "stock\n.env\n.env.local\n").unwrap();
    let tracked = |path: &Path| Some(path.ends_with("shop/.env"));
    let walked = walk_asking(&[folder.path().to_owned()], &GlobSet::empty(), &tracked);
    assert_eq!(paths(&walked), [".gitignore", "shop/.env"]);
}
