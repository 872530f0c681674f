//! `docs/walkthrough.md` is true: what it shows is typed into a shell again, with git and pre-commit as they
//! are, and compared. `UPDATE_README=1 cargo test --test it walkthrough` writes it anew.
//!
//! Needs what `tests/it/packaging.rs` needs.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::VARIABLES;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The repository, and a shell in it that remembers nothing but the last exit code.
struct Desk {
    folder: tempfile::TempDir,
    shop: PathBuf,
    tools: PathBuf,
    code: i32,
}

impl Desk {
    fn new() -> Self {
        let tools = Command::new(root().join(".ci/tools")).arg("python").output().unwrap();
        assert!(tools.status.success(), "{}", String::from_utf8_lossy(&tools.stderr));
        let folder = tempfile::tempdir().unwrap();
        let shop = folder.path().canonicalize().unwrap().join("shop");
        let mut desk = Desk { folder, shop, tools: root().join("target/tools/python/bin"), code: 0 };
        std::fs::create_dir(&desk.shop).unwrap();
        // The hook's repository, as it would be after the release: files of here, a tag, the wheel.
        let version = env!("CARGO_PKG_VERSION");
        let hook = desk.folder.path().join("hook");
        std::fs::create_dir(&hook).unwrap();
        for name in [".pre-commit-hooks.yaml", "pyproject.toml"] {
            std::fs::copy(root().join(name), hook.join(name)).unwrap();
        }
        let (hook, fixture) = (hook.display().to_string(), root().join("fixtures/walkthrough").display().to_string());
        for command in [
            format!("cd {hook} && git init -q && git add . && git commit -q -m x && git tag v{version}"),
            format!("cp -R {fixture}/. . && git init -q -b main && git add . && git commit -q -m start"),
        ] {
            assert_eq!(desk.run(&command), "", "{command}");
        }
        crate::support::wheel::write(&desk.folder.path().join("wheels"), &desk.tools.join("python"));
        desk
    }

    /// What a command prints, both streams as they come.
    fn run(&mut self, command: &str) -> String {
        let binary = Path::new(env!("CARGO_BIN_EXE_skillcheck")).parent().unwrap();
        let old = std::env::var_os("PATH").unwrap_or_default();
        let path = [binary.to_owned(), self.tools.clone()].into_iter().chain(std::env::split_paths(&old));
        let at = |name: &str| self.folder.path().join(name);
        let mut shell = Command::new("bash");
        VARIABLES.iter().chain(&["GIT_DIR", "GIT_INDEX_FILE"]).for_each(|name| {
            shell.env_remove(name);
        });
        let output = shell
            .current_dir(&self.shop)
            .env("PATH", std::env::join_paths(path).unwrap())
            .env("HOME", at("home"))
            .env("XDG_CACHE_HOME", at("cache"))
            .env("PRE_COMMIT_HOME", at("pre-commit"))
            .env("PIP_FIND_LINKS", at("wheels"))
            .envs([("GIT_AUTHOR_NAME", "t"), ("GIT_COMMITTER_NAME", "t"), ("PRE_COMMIT_COLOR", "never")])
            .envs([("GIT_AUTHOR_EMAIL", "t@example.com"), ("GIT_COMMITTER_EMAIL", "t@example.com")])
            .envs([("GIT_CONFIG_COUNT", "1"), ("GIT_CONFIG_VALUE_0", "https://github.com/skillcheck/skillcheck")])
            .env("GIT_CONFIG_KEY_0", format!("url.{}.insteadOf", at("hook").display()))
            .arg("-c")
            .arg(format!("exec 2>&1; (exit {}); {command}", self.code))
            .output()
            .unwrap();
        self.code = output.status.code().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }
}

/// A console block typed again: commands as they stand, what they print anew.
fn typed(block: &str, desk: &mut Desk) -> String {
    let mut text = String::new();
    let mut lines = block.lines().peekable();
    while let Some(line) = lines.next() {
        let Some(first) = line.strip_prefix("$ ") else { continue };
        text.push_str(&format!("{line}\n"));
        let mut command = first.to_owned();
        while let Some(more) = lines.next_if(|line| line.starts_with('>')) {
            text.push_str(&format!("{more}\n"));
            command.push('\n');
            command.push_str(more[1..].strip_prefix(' ').unwrap_or(&more[1..]));
        }
        for line in desk.run(&command).lines() {
            text.push_str(line.trim_end());
            text.push('\n');
        }
    }
    text
}

#[test]
fn every_line_is_as_it_is_shown() {
    let path = root().join("docs/walkthrough.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let mut desk = Desk::new();
    let mut wanted = String::new();
    let mut rest = text.as_str();
    let mut seen = 0;
    while let Some((before, after)) = rest.split_once("```console\n") {
        let (block, after) = after.split_once("```\n").unwrap();
        wanted.push_str(&format!("{before}```console\n{}```\n", typed(block, &mut desk)));
        rest = after;
        seen += 1;
    }
    wanted.push_str(rest);
    assert!(seen >= 9, "{seen} blocks");
    // How many files there are depends on the skills, which is not what is shown here.
    let numbers = regex::Regex::new(r"\b\d+ (files?|parsed)\b").unwrap();
    let bare = |text: &str| numbers.replace_all(text, "N $1").into_owned();
    if std::env::var_os("UPDATE_README").is_some() {
        std::fs::write(path, wanted).unwrap();
    } else {
        assert!(
            bare(&text) == bare(&wanted),
            "docs/walkthrough.md is out of date: UPDATE_README=1 cargo test --test it walkthrough\n{wanted}"
        );
    }
}
