//! `--changed`, `--staged`, `--since`: the whole system is known, and what a change makes worse is reported.
use std::path::Path;
use std::process::Command;

use crate::support::{Run, skillcheck_in, write};
use serde_json::Value;

const OLD: &str =
    "import requests\n\n\ndef stock(sku):\n    return requests.get(\"https://stock/items/\" + sku).json()\n";
const NEW: &str = "\n\ndef price(sku):\n    return requests.get(\"https://price/items/\" + sku).json()\n";
const TIMEOUT: [&str; 4] = ["--rule", "rest-client/missing-timeout", "--rule", "data-ownership/shared-database"];

fn git(folder: &Path, args: &[&str]) {
    let fixed =
        ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main", "-c", "commit.gpgsign=false"];
    let output = Command::new("git").args(fixed).args(args).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A repository with one commit.
fn repository(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = crate::support::folder(files);
    git(folder.path(), &["init", "-q"]);
    commit(folder.path());
    folder
}

fn commit(folder: &Path) {
    git(folder, &["add", "-A"]);
    git(folder, &["commit", "-q", "--allow-empty", "-m", "x"]);
}

fn lint(folder: &Path, args: &[&str]) -> Run {
    skillcheck_in(folder, &[&["lint", "--output", "json"], &TIMEOUT[..], args].concat())
}

/// `path:line` of each finding.
fn found(folder: &Path, args: &[&str]) -> Vec<String> {
    let run = lint(folder, args);
    let value: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{run:?}"));
    let places = value["findings"].as_array().unwrap().iter();
    places.map(|f| format!("{}:{}", f["path"].as_str().unwrap(), f["line"])).collect()
}

#[test]
fn what_was_there_is_not_reported() {
    let folder = repository(&[("a.py", OLD), ("b.py", OLD)]);
    let path = folder.path();
    assert_eq!(found(path, &[]), ["a.py:5", "b.py:5"]);
    assert_eq!(found(path, &["--changed"]), [""; 0]);
    assert_eq!(lint(path, &["--changed"]).code, 0);

    write(path, &[("a.py", &format!("# a line above\n{OLD}{NEW}")), ("c.py", OLD)]);
    assert_eq!(found(path, &["--changed"]), ["a.py:10", "c.py:5"], "a new line and an untracked file");
    assert_eq!(lint(path, &["--changed"]).code, 1);
    git(path, &["add", "-A"]);
    assert_eq!(found(path, &["--changed"]), ["a.py:10", "c.py:5"], "the index counts too");
    let human = skillcheck_in(path, &[&["lint", "--output", "human", "--changed"], &TIMEOUT[..]].concat()).stdout;
    assert!(human.contains("2 that the change did not touch"), "{human}");
}

#[test]
fn what_the_change_causes_elsewhere_is_reported() {
    let wrapper = "import requests\n\n\ndef fetch(url):\n    return requests.get(url, timeout=2)\n";
    let client = "import requests\n\nfrom settings import TIMEOUT\n\n\ndef stock():\n    return requests.get(\"https://stock/items\", timeout=TIMEOUT)\n";
    let folder =
        repository(&[("settings.py", "TIMEOUT = 2\n"), ("client.py", client), ("w.py", wrapper), ("old.py", OLD)]);
    let path = folder.path();
    assert_eq!(found(path, &[]), ["old.py:5"]);
    write(path, &[("settings.py", "TIMEOUT = None\n")]);
    assert_eq!(found(path, &["--changed"]), ["client.py:7"], "the file with the finding did not change");
    commit(path);
    assert_eq!(found(path, &["--changed"]), [""; 0]);
    assert_eq!(found(path, &["--since", "HEAD~1"]), ["client.py:7"]);
}

#[test]
fn a_second_service_on_a_database_is_reported_where_it_joins() {
    let compose =
        "services:\n  orders:\n    build: ./orders\n    environment:\n      DATABASE_URL: postgres://db/shop\n";
    let code =
        "import os\nfrom sqlalchemy import create_engine\n\nengine = create_engine(os.environ[\"DATABASE_URL\"])\n";
    let docker = "FROM python:3.13\nCMD [\"python\", \"main.py\"]\n";
    let folder = repository(&[
        ("compose.yaml", compose),
        ("orders/main.py", code),
        ("orders/Dockerfile", docker),
        ("payments/main.py", code),
        ("payments/Dockerfile", docker),
    ]);
    let path = folder.path();
    assert_eq!(found(path, &[]), [""; 0]);
    let joined = format!(
        "{compose}  payments:\n    build: ./payments\n    environment:\n      DATABASE_URL: postgres://db/shop\n"
    );
    write(path, &[("compose.yaml", &joined)]);
    assert_eq!(found(path, &["--changed"]).len(), 1);
}

#[test]
fn staged_is_what_the_index_holds() {
    let folder = repository(&[("a.py", OLD)]);
    let path = folder.path();
    write(path, &[("a.py", &format!("{OLD}{NEW}"))]);
    assert_eq!(found(path, &["--staged"]), [""; 0], "nothing is staged");
    git(path, &["add", "a.py"]);
    // The work tree goes on: the mistake is repaired there, another is made, a file is not added.
    write(path, &[("a.py", "x = 1\n"), ("untracked.py", OLD)]);
    assert_eq!(found(path, &["--staged"]), ["a.py:9"]);
    assert_eq!(found(path, &["--changed"]), ["untracked.py:5"]);
    std::fs::remove_file(path.join("a.py")).unwrap();
    assert_eq!(found(path, &["--staged"]), ["a.py:9"], "deleted, but staged");
    let run = lint(path, &["--staged"]);
    assert_eq!(run.code, 1);
    assert!(run.stdout.contains("\"line\": 9"));
    assert_eq!(std::fs::read_to_string(path.join("untracked.py")).unwrap(), OLD, "the work tree is not touched");
    assert!(!path.join("a.py").exists());
}

#[test]
fn since_compares_with_the_commit_where_the_branch_left() {
    let folder = repository(&[("a.py", OLD)]);
    let path = folder.path();
    git(path, &["branch", "base"]);
    git(path, &["switch", "-q", "base"]);
    write(path, &[("theirs.py", OLD)]);
    commit(path);
    git(path, &["switch", "-q", "-"]);
    write(path, &[("mine.py", OLD)]);
    commit(path);
    assert_eq!(found(path, &["--since", "base"]), ["mine.py:5"]);
    write(path, &[("more.py", OLD)]);
    assert_eq!(found(path, &["--since", "base"]), ["mine.py:5", "more.py:5"]);
    assert_eq!(found(&path.join("."), &["--since=base", "more.py"]), ["more.py:5"]);
}

#[test]
fn a_file_that_moved_keeps_its_findings() {
    let folder = repository(&[("a.py", OLD)]);
    let path = folder.path();
    std::fs::create_dir(path.join("pkg")).unwrap();
    git(path, &["mv", "a.py", "pkg/b.py"]);
    assert_eq!(found(path, &[]), ["pkg/b.py:5"]);
    assert_eq!(found(path, &["--staged"]), [""; 0]);
    assert_eq!(found(path, &["--changed"]), [""; 0]);
    write(path, &[("pkg/b.py", &format!("{OLD}{NEW}"))]);
    assert_eq!(found(path, &["--changed"]), ["pkg/b.py:9"]);
}

#[test]
fn names_with_blanks_quotes_and_other_letters() {
    let name = "ä b\"c'/x y.py";
    let folder = repository(&[(name, OLD)]);
    write(folder.path(), &[(name, &format!("{OLD}{NEW}"))]);
    assert_eq!(found(folder.path(), &["--changed"]), [format!("{name}:9")]);
    git(folder.path(), &["add", "-A"]);
    assert_eq!(found(folder.path(), &["--staged"]), [format!("{name}:9")]);
}

#[test]
fn a_repository_without_a_commit_is_all_new() {
    let folder = crate::support::folder(&[("a.py", OLD)]);
    git(folder.path(), &["init", "-q"]);
    assert_eq!(found(folder.path(), &["--changed"]), ["a.py:5"]);
    git(folder.path(), &["add", "-A"]);
    assert_eq!(found(folder.path(), &["--staged"]), ["a.py:5"]);
}

#[test]
fn a_part_of_a_repository_can_be_looked_at() {
    let folder = repository(&[("a/x.py", OLD), ("b/x.py", OLD)]);
    write(folder.path(), &[("a/x.py", &format!("{OLD}{NEW}")), ("b/x.py", &format!("{OLD}{NEW}"))]);
    assert_eq!(found(folder.path(), &["--changed", "a"]), ["x.py:9"]);
    assert_eq!(found(&folder.path().join("b"), &["--changed"]), ["x.py:9"]);
}

#[test]
fn what_was_broken_before_does_not_stop_a_commit() {
    let folder = repository(&[("a.py", "x = 1\n"), ("broken.py", "import requests\ndef f(:\n")]);
    let path = folder.path();
    assert_eq!(lint(path, &[]).code, 4);
    write(path, &[("a.py", "x = 2\n")]);
    assert_eq!(lint(path, &["--changed"]).code, 0);
    write(path, &[("broken.py", "import requests\n\ndef f(:\n")]);
    assert_eq!(lint(path, &["--changed"]).code, 4, "it is broken now too, and it was touched");
}

#[test]
fn faults_are_told() {
    let error = |folder: &Path, args: &[&str]| {
        let run = lint(folder, args);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{args:?}");
        run.stderr
    };
    let outside = crate::support::folder(&[("a.py", OLD)]);
    assert!(error(outside.path(), &["--changed"]).contains("`.` is in no git work tree"));
    let folder = repository(&[("a.py", OLD)]);
    let path = folder.path();
    assert!(error(path, &["--since", "nowhere"]).contains("there is no commit, branch or tag `nowhere`"));
    assert!(error(path, &["--since=--output=x"]).contains("there is no commit, branch or tag `--output=x`"));
    assert!(error(path, &["--since", "HEAD", "gone.py"]).contains("can't check `gone.py`"));
    assert!(error(path, &["--changed", "--staged"]).contains("cannot be used with"));

    // A clone without history knows no other branch.
    write(path, &[("b.py", OLD)]);
    commit(path);
    let shallow = tempfile::tempdir().unwrap();
    let from = format!("file://{}", path.display());
    git(shallow.path(), &["clone", "-q", "--depth", "1", &from, "clone"]);
    let said = error(&shallow.path().join("clone"), &["--since", "HEAD~1"]);
    assert!(said.contains("no commit, branch or tag `HEAD~1`") && said.contains("fetch-depth: 0"), "{said}");
    git(path, &["checkout", "-q", "--orphan", "other"]);
    commit(path);
    assert!(error(path, &["--since", "main"]).contains("`main` and HEAD have no commit in common"));
}

#[test]
fn without_git_it_says_so() {
    let folder = repository(&[("a.py", OLD)]);
    let run = crate::support::skillcheck_with(folder.path(), &[("PATH", "/nonexistent")], &["lint", "--changed"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("`git` is not installed"), "{}", run.stderr);
}
