//! `init`: installs, is idempotent, never loses a change.

mod support;

use std::fs;

use support::{folder, skillcheck_in};

#[test]
fn writes_a_configuration_that_lint_accepts_and_keeps_it() {
    let folder = folder(&[("a.py", "")]);
    let run = skillcheck_in(folder.path(), &["init"]);
    assert_eq!(run.code, 0, "{run:?}");
    let path = folder.path().join("skillcheck.yaml");
    assert!(fs::read_to_string(&path).unwrap().contains("#rules:"));
    assert_eq!(skillcheck_in(folder.path(), &["lint"]).code, 0);

    fs::write(&path, "preview: true\n").unwrap();
    let run = skillcheck_in(folder.path(), &["init", "--force"]);
    assert!(run.stdout.contains("kept         skillcheck.yaml"), "{}", run.stdout);
    assert_eq!(fs::read_to_string(&path).unwrap(), "preview: true\n");
}

#[test]
fn no_config_writes_none() {
    let folder = folder(&[]);
    assert_eq!(skillcheck_in(folder.path(), &["init", "--no-config"]).code, 0);
    assert!(!folder.path().join("skillcheck.yaml").exists());
}

#[test]
fn a_place_that_cannot_be_written_is_an_error() {
    let folder = folder(&[("skills", "a file")]);
    let run = skillcheck_in(folder.path(), &["init", "--to", "skills"]);
    let copies = !skillcheck::skills::files().is_empty();
    assert_eq!(run.code, if copies { 2 } else { 0 }, "{run:?}");
}
