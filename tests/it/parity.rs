//! Each rule on each library that it is about: one service that keeps the rule and one that breaks it.
//!
//! `tests/parity/<language>/<library>.md` holds them; `tests/parity/README.md` says in what form.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Parser, Tag, TagEnd};
use rayon::prelude::*;
use serde_json::Value;

use crate::support::{folder, skillcheck_in};

/// What ends a line at which a rule is broken.
const TOLD: [&str; 2] = ["// told", "# told"];

/// A service that keeps one rule, or breaks it.
#[derive(Debug, Default)]
struct Case {
    /// The rule's id.
    rule: String,
    /// The heading: `wrong: …` or `right: …`.
    title: String,
    /// Path and text of each file.
    files: BTreeMap<String, String>,
}

impl Case {
    /// The lines that end with the mark, as `path:line`.
    fn told(&self) -> BTreeSet<String> {
        let mut out = BTreeSet::new();
        for (path, text) in &self.files {
            let lines = text.lines().enumerate();
            let told = lines.filter(|(_, line)| TOLD.iter().any(|mark| line.ends_with(mark)));
            out.extend(told.map(|(at, _)| format!("{path}:{}", at + 1)));
        }
        out
    }

    /// Where the binary tells that the rule is broken, as `path:line`.
    fn found(&self) -> BTreeSet<String> {
        let files: Vec<(&str, &str)> = self.files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let folder = folder(&files);
        let args = ["lint", "--no-config", "--rule", &self.rule, "--preview", "--output", "json"];
        let run = skillcheck_in(folder.path(), &args);
        let output: Value =
            serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{}{}", run.stdout, run.stderr));
        let findings = output["findings"].as_array().unwrap().iter();
        findings.map(|f| format!("{}:{}", f["path"].as_str().unwrap(), f["line"])).collect()
    }

    /// What is not as it is written down; nothing where all is.
    fn difference(&self) -> Option<String> {
        let (told, found) = (self.told(), self.found());
        let breaks = match self.title.split_once(':').map(|(verdict, _)| verdict) {
            Some("wrong") => true,
            Some("right") => false,
            _ => {
                return Some(format!("{} / {}: begins neither with `wrong:` nor with `right:`", self.rule, self.title));
            }
        };
        if told.is_empty() == breaks {
            return Some(format!("{} / {}: lines marked as told: {told:?}", self.rule, self.title));
        }
        (told != found).then(|| format!("{} / {}: expected {told:?}, found {found:?}", self.rule, self.title))
    }
}

/// The cases of one library.
fn cases(text: &str) -> Vec<Case> {
    let mut shared: BTreeMap<String, String> = BTreeMap::new();
    let mut out: Vec<Case> = Vec::new();
    let (mut rule, mut heading, mut fence) = (String::new(), None, None);
    for event in Parser::new(text) {
        match event {
            Event::Start(Tag::Heading { level, .. }) => heading = Some((level, String::new())),
            Event::Text(text) | Event::Code(text) => {
                if let Some((_, heading)) = &mut heading {
                    heading.push_str(&text);
                } else if let Some((_, body)) = &mut fence {
                    String::push_str(body, &text);
                }
            }
            Event::End(TagEnd::Heading(_)) => match heading.take() {
                Some((HeadingLevel::H2, text)) => rule = text,
                Some((HeadingLevel::H3, title)) => {
                    out.push(Case { rule: rule.clone(), title, files: shared.clone() });
                }
                _ => {}
            },
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                let path = info.split_whitespace().nth(1).unwrap_or_else(|| panic!("```{info}: no path"));
                fence = Some((path.to_owned(), String::new()));
            }
            Event::End(TagEnd::CodeBlock) => {
                let (path, body) = fence.take().unwrap();
                let files = out.last_mut().map_or(&mut shared, |case| &mut case.files);
                files.insert(path, body);
            }
            _ => {}
        }
    }
    out
}

/// `<language>/<library>` of each file, and its cases.
fn libraries() -> Vec<(String, Vec<Case>)> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/parity");
    let mut out = Vec::new();
    for language in entries(&root).into_iter().filter(|path| path.is_dir()) {
        for file in entries(&language) {
            let name = file.strip_prefix(&root).unwrap().with_extension("");
            let text = std::fs::read_to_string(&file).unwrap();
            out.push((name.to_string_lossy().replace('\\', "/"), cases(&text)));
        }
    }
    out
}

/// What a folder holds, in the order of the names.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut out: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    out.sort();
    out
}

#[test]
fn every_case_is_as_it_is_written_down() {
    let only = std::env::var("PARITY").unwrap_or_default();
    let libraries: Vec<_> = libraries().into_iter().filter(|(name, _)| name.contains(&only)).collect();
    let mut differences: Vec<String> = libraries
        .par_iter()
        .flat_map_iter(|(name, cases)| {
            cases.iter().filter_map(Case::difference).map(move |text| format!("{name}: {text}"))
        })
        .collect();
    differences.sort();
    assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), differences.join("\n"));
}

#[test]
fn no_rule_of_a_library_has_only_one_side() {
    for (name, cases) in libraries() {
        assert!(!cases.is_empty(), "{name}: no case");
        let mut sides: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for case in &cases {
            sides.entry(&case.rule).or_default().insert(case.title.split(':').next().unwrap_or_default());
        }
        for (rule, sides) in sides {
            assert_eq!(sides.into_iter().collect::<Vec<_>>(), ["right", "wrong"], "{name}: {rule}");
        }
    }
}
