//! `init`: installs, is idempotent, never loses a change.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::support::{folder, skillcheck_in};

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

/// Everything under a folder, path and text.
fn tree(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                found.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
    }
    found
}

const ALL: [&str; 7] = [
    "--skills=both",
    "--hooks=claude,codex,gemini,cursor",
    "--pre-commit",
    "--github",
    "--gitlab",
    "--config",
    "--memory",
];

/// A repository that has all the files that `init` changes.
const USED: [(&str, &str); 7] = [
    (".claude/settings.json", "{\n    \"permissions\": {\"allow\": [\"Bash(ls:*)\"]},\n    \"model\": \"x\"\n}\n"),
    (".gemini/settings.json", "{\n  // the theme\n  \"theme\": \"dark\",\n}\n"),
    (
        ".pre-commit-config.yaml",
        "# ours\nrepos:\n- repo: local\n  hooks:\n  - id: x\n    args: [a]  # why\n\nfail_fast: true\n",
    ),
    (".gitlab-ci.yml", "include:\n  - local: ci/build.yml\n\nbuild:\n  script: make\n"),
    ("CLAUDE.md", "# Shop\n\nUse tabs.\n"),
    ("skillcheck.yaml", "fail-on: error\n"),
    ("orders.py", "x = 1\n"),
];

#[test]
fn everything_is_set_up_once_and_taken_back_without_a_trace() {
    for files in [&USED[..], &[]] {
        let folder = folder(files);
        let before = tree(folder.path());
        let run = skillcheck_in(folder.path(), &[&["init"], &ALL[..]].concat());
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{run:?}");
        let done = tree(folder.path());
        for name in [
            ".claude/skills/saga/SKILL.md",
            ".agents/skills/saga/SKILL.md",
            ".codex/hooks.json",
            ".cursor/hooks.json",
            ".github/workflows/skillcheck.yml",
            ".gitlab/skillcheck.yml",
        ] {
            assert!(done.contains_key(name), "{name}");
        }
        let again = skillcheck_in(folder.path(), &[&["init"], &ALL[..]].concat());
        assert_eq!(tree(folder.path()), done, "twice is once");
        assert!(!again.stdout.contains("written      ") && !again.stdout.contains("changed      "), "{}", again.stdout);

        // An empty `{}` was not there before, and is not there afterwards.
        let run = skillcheck_in(folder.path(), &["init", "--remove"]);
        assert_eq!(run.code, 0, "{run:?}");
        assert_eq!(tree(folder.path()), before);
        if files.is_empty() {
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "empty folders go too");
        }
    }
}

#[test]
fn a_dry_run_shows_the_diff_and_changes_nothing() {
    let folder = folder(&USED);
    let before = tree(folder.path());
    let args = ["init", "--hooks=claude", "--pre-commit", "--memory", "--config", "--dry-run"];
    let run = skillcheck_in(folder.path(), &args);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(tree(folder.path()), before);
    insta::with_settings!({filters => vec![(r"rev: v\d+\.\d+\.\d+", "rev: v[VERSION]")]}, {
        insta::assert_snapshot!("init_dry_run", run.stdout);
    });
}

#[test]
fn what_cannot_be_merged_is_told_and_nothing_is_changed() {
    let folder = folder(&[(".claude/settings.json", "{\"hooks\": [1]}"), ("a.py", "")]);
    let before = tree(folder.path());
    let run = skillcheck_in(folder.path(), &["init", "--skills", "--hooks", "claude"]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.stderr.contains("can't set up `.claude/settings.json`: "), "{}", run.stderr);
    assert_eq!(tree(folder.path()), before);

    // A list in brackets is left alone, and what to add is told.
    let folder = crate::support::folder(&[(".pre-commit-config.yaml", "repos: []\n")]);
    let run = skillcheck_in(folder.path(), &["init", "--pre-commit"]);
    assert!(run.stdout.contains("add this to `repos` by hand:"), "{}", run.stdout);
    assert_eq!(fs::read_to_string(folder.path().join(".pre-commit-config.yaml")).unwrap(), "repos: []\n");
}

#[test]
fn the_memory_goes_where_agents_read() {
    type Case<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str], &'a str);
    let cases: [Case<'_>; 5] = [
        (&[], &["--memory"], "CLAUDE.md"),
        (&[], &["--memory", "--hooks=codex"], "AGENTS.md"),
        (&[("AGENTS.md", "# A\n")], &["--memory", "--hooks=claude"], "AGENTS.md"),
        (&[("AGENTS.md", "# A\n"), ("CLAUDE.md", "@AGENTS.md\n")], &["--memory"], "AGENTS.md"),
        (&[("AGENTS.md", "# A\n"), ("CLAUDE.md", "# C\n")], &["--memory"], "CLAUDE.md"),
    ];
    for (files, args, expected) in cases {
        let folder = folder(files);
        skillcheck_in(folder.path(), &[&["init"], args].concat());
        let with: Vec<String> = tree(folder.path())
            .into_iter()
            .filter(|(name, text)| name.ends_with(".md") && text.contains("skillcheck: begin"))
            .map(|(name, _)| name)
            .collect();
        assert_eq!(with, [expected], "{files:?} {args:?}");
    }
}

#[test]
fn one_part_is_removed_alone_and_changed_files_stay() {
    let folder = folder(&[]);
    skillcheck_in(folder.path(), &["init", "--skills", "--hooks=claude", "--github"]);
    let skill = folder.path().join(".claude/skills/saga/SKILL.md");
    fs::write(&skill, "mine").unwrap();
    let run = skillcheck_in(folder.path(), &["init", "--remove", "--skills"]);
    assert!(
        run.stdout.contains("kept         .claude/skills/saga/SKILL.md (it was changed; --force removes it)"),
        "{run:?}"
    );
    let left: Vec<String> = tree(folder.path()).into_keys().collect();
    assert_eq!(left, [".claude/settings.json", ".claude/skills/saga/SKILL.md", ".github/workflows/skillcheck.yml"]);
}
