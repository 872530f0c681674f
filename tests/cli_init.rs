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
fn installs_every_file_once_and_keeps_what_was_changed() {
    let folder = folder(&[]);
    let installed = folder.path().join(".claude/skills");
    let files = skillcheck::skills::files();
    let run = |args: &[&str]| skillcheck_in(folder.path(), &[&["init", "--no-config"], args].concat()).stdout;
    let number = files.len();
    let word = if number == 1 { "file" } else { "files" };
    assert_eq!(run(&[]), format!("{number} {word} written to .claude/skills, 0 unchanged\n"));
    assert_eq!(run(&[]), format!("0 files written to .claude/skills, {number} unchanged\n"));
    for file in &files {
        let path = installed.join(file.path);
        assert_eq!(fs::read(&path).unwrap(), file.bytes);
        fs::write(&path, "changed").unwrap();
    }
    assert_eq!(run(&[]).matches("it was changed; --force overwrites it").count(), number);
    assert!(files.iter().all(|file| fs::read_to_string(installed.join(file.path)).unwrap() == "changed"));
    assert_eq!(run(&["--force"]).matches("overwritten").count(), number);
    assert!(files.iter().all(|file| fs::read(installed.join(file.path)).unwrap() == file.bytes));
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
