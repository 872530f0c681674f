//! The README is true: its terminal examples, its commands, its configuration, its suppression, its
//! table of rules and its links. `UPDATE_README=1 cargo test --test it readme` writes the examples and the
//! table anew.

use std::path::Path;

use crate::support::{folder, skillcheck, skillcheck_in};
use skillcheck::{rules, skills};

const BEGIN: &str = "<!-- rules: begin -->\n";
const END: &str = "<!-- rules: end -->\n";

/// Output beyond this many lines is left out of the README.
const MAX_LINES: usize = 16;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn readme() -> String {
    std::fs::read_to_string(root().join("README.md")).unwrap()
}

/// The fenced blocks whose info string begins with a word: info string and text.
fn blocks<'t>(text: &'t str, word: &str) -> Vec<(&'t str, &'t str)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("\n```") {
        let block = &rest[start + 4..];
        let (info, after) = block.split_once('\n').unwrap();
        let (body, after) = match after.strip_prefix("```") {
            Some(after) => ("", after),
            None => {
                let end = after.find("\n```").unwrap();
                (&after[..=end], &after[end + 4..])
            }
        };
        if info.split(' ').next() == Some(word) {
            found.push((info, body));
        }
        rest = after;
    }
    found
}

/// What a terminal example has to look like.
fn session(body: &str) -> String {
    let command = body.lines().next().unwrap().strip_prefix("$ skillcheck ").unwrap();
    let run = skillcheck(&command.split(' ').collect::<Vec<_>>());
    assert_eq!(run.stderr, "", "{command}");
    let mut text = format!("$ skillcheck {command}\n");
    for line in run.stdout.lines().take(MAX_LINES) {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    if run.stdout.lines().count() > MAX_LINES {
        text.push_str("…\n");
    }
    text
}

/// The table of rules.
fn table() -> String {
    let mut table = "| rule | severity | what it says |\n|---|---|---|\n".to_owned();
    let docs = skills::docs();
    for rule in rules::all() {
        let doc = docs.iter().find(|doc| doc.id == rule.id).unwrap();
        let summary = doc.summary.split(". ").next().unwrap().trim_end_matches('.').replace('|', "\\|");
        let preview = if rule.stage == rules::Stage::Preview { " (preview)" } else { "" };
        table.push_str(&format!("| `{}` | {}{preview} | {summary} |\n", rule.id, rule.severity.as_str()));
    }
    table
}

#[test]
fn examples_and_table_are_what_the_binary_says() {
    let text = readme();
    let mut wanted = text.clone();
    let examples = blocks(&text, "console");
    assert!(examples.len() >= 2, "the README shows no terminal");
    for (_, body) in examples {
        wanted = wanted.replacen(&format!("```console\n{body}```"), &format!("```console\n{}```", session(body)), 1);
    }
    let (before, rest) = wanted.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let wanted = format!("{before}{BEGIN}{}{END}{after}", table());
    if std::env::var_os("UPDATE_README").is_some() {
        std::fs::write(root().join("README.md"), wanted).unwrap();
    } else {
        assert!(text == wanted, "README.md is out of date: UPDATE_README=1 cargo test --test it readme\n{wanted}");
    }
}

#[test]
fn its_commands_run() {
    let text = readme();
    let mut seen = 0;
    for command in blocks(&text, "sh").iter().flat_map(|(_, body)| body.lines()) {
        if let Some(args) = command.strip_prefix("cargo run --release -- ") {
            let run = skillcheck(&args.split(' ').collect::<Vec<_>>());
            assert_eq!((run.code, run.stderr.as_str()), (1, ""), "{command}");
            seen += 1;
        } else {
            assert_eq!(command, "cargo test");
            seen += 10;
        }
    }
    assert_eq!(seen, 11, "one command for the main job, one for the tests");
}

#[test]
fn its_configuration_is_accepted() {
    let text = readme();
    let examples = blocks(&text, "yaml");
    assert_eq!(examples.len(), 1);
    let folder = folder(&[("skillcheck.yaml", examples[0].1), ("a.py", "x = 1\n")]);
    let run = skillcheck_in(folder.path(), &["lint"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{run:?}");
}

#[test]
fn its_suppression_suppresses() {
    let text = readme();
    let examples = blocks(&text, "python");
    let (info, body) = examples[0];
    let path = info.split("file=").nth(1).unwrap();
    let with = folder(&[(path, body)]);
    let run = skillcheck_in(with.path(), &["lint", "--output", "concise"]);
    assert_eq!((run.code, run.stdout.as_str()), (0, ""), "{run:?}");
    let bare: String = body.lines().filter(|line| !line.starts_with('#')).map(|line| format!("{line}\n")).collect();
    let without = folder(&[(path, &bare)]);
    assert_eq!(skillcheck_in(without.path(), &["lint"]).code, 1);
}

#[test]
fn the_links_of_every_page_lead_somewhere() {
    let pages = ["README.md", "CONTRIBUTING.md", "packaging/README.md", "fixtures/README.md"].map(str::to_owned);
    let docs = std::fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let docs = docs.filter(|path| path.extension().is_some_and(|ending| ending == "md"));
    let docs: Vec<String> = docs.map(|path| format!("docs/{}", path.file_name().unwrap().to_str().unwrap())).collect();
    assert!(docs.len() >= 6, "{docs:?}");
    for page in pages.iter().chain(&docs) {
        let text = std::fs::read_to_string(root().join(page)).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = link.split('#').next().unwrap();
            if !target.is_empty() && !target.starts_with("http") {
                let path = root().join(page).parent().unwrap().join(target);
                assert!(path.exists(), "{page} links to `{link}`");
            }
        }
    }
}

/// What CONTRIBUTING.md shows is what stands in the files that it names.
#[test]
fn its_examples_are_real() {
    let text = std::fs::read_to_string(root().join("CONTRIBUTING.md")).unwrap();
    // A block of Markdown is fenced with four marks; without the fourth it is like the others.
    let text = text.replace("\n````", "\n```");
    let mut seen = 0;
    for word in ["yaml", "rust", "markdown"] {
        for (info, body) in blocks(&text, word) {
            let path = info.split("file=").nth(1).unwrap();
            let file = std::fs::read_to_string(root().join(path)).unwrap();
            assert!(file.contains(body), "CONTRIBUTING.md shows what is not in {path}:\n{body}");
            seen += 1;
        }
    }
    assert_eq!(seen, 6);
}
