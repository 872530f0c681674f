//! Every example in a skill is run: a bad one yields exactly its rule, a good one yields nothing, and
//! the rules in the binary are those that the skills explain.

use std::collections::BTreeSet;
use std::path::Path;

use skillcheck::check::{Before, Request, State, check};
use skillcheck::config::{Config, Setting};
use skillcheck::rules::{self, Stage};
use skillcheck::schema::evolve::Terms;
use skillcheck::skills::{self, Example};

/// The rules that an example of a rule breaks, laid out alone as a repository, each with where and what. A
/// preview rule is on for its own examples only.
fn broken(rule: &str, example: &Example) -> Vec<(String, String)> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let before = tempfile::tempdir().expect("a temporary folder");
    for file in &example.files {
        let path = match file.path.strip_prefix("@before/") {
            Some(earlier) => before.path().join(earlier),
            None => folder.path().join(&file.path),
        };
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).expect("folder");
        std::fs::write(path, &file.text).expect("file");
    }
    let preview = rules::all().iter().find(|r| r.id == rule && r.stage == Stage::Preview);
    let on = preview.map(|r| Setting { selector: r.id.to_owned(), level: Some(r.severity) });
    let config = Config { rules: on.into_iter().collect(), ..Config::default() };
    let is_change = example.files.iter().any(|file| file.path.starts_with("@before/"));
    let state = State::Folder(before.path().to_owned());
    let before = is_change.then(|| Before { state, terms: Terms::default() });
    let request = Request { paths: vec![folder.path().to_owned()], config, before, ..Request::default() };
    let outcome = check(request).expect("the folder is there");
    let incomplete: Vec<_> = outcome.problems.iter().filter(|p| p.incomplete).collect();
    assert!(incomplete.is_empty(), "{incomplete:?}");
    outcome
        .findings
        .iter()
        .map(|f| {
            let file = outcome.tree.file(f.place.file);
            let text = std::fs::read_to_string(&file.absolute).unwrap_or_default();
            let line = text[..f.place.span.start as usize].matches('\n').count() + 1;
            (f.rule.to_string(), format!("{} at {}:{line}: {}", f.rule, file.path, f.message))
        })
        .collect()
}

/// Runs one skill's examples and lists what is wrong with them.
fn faults(skill: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for doc in skills::of_skill(skill) {
        for (n, example) in doc.bad.iter().enumerate() {
            let found = broken(&doc.id, example);
            let rules: BTreeSet<&str> = found.iter().map(|(rule, _)| rule.as_str()).collect();
            if rules != BTreeSet::from([doc.id.as_str()]) {
                let told: Vec<&str> = found.iter().map(|(_, told)| told.as_str()).collect();
                faults.push(format!("{} bad {}: {told:#?}", doc.id, n + 1));
            }
        }
        for (n, example) in doc.good.iter().enumerate() {
            let found = broken(&doc.id, example);
            if !found.is_empty() {
                let told: Vec<&str> = found.iter().map(|(_, told)| told.as_str()).collect();
                faults.push(format!("{} good {}: {told:#?}", doc.id, n + 1));
            }
        }
    }
    faults
}

fn assert_true(skill: &str) {
    let faults = faults(skill);
    assert!(faults.is_empty(), "{} examples of {skill} are not what they say:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn rest_client_examples_are_what_they_say() {
    assert_true("rest-client");
}

#[test]
fn message_queue_examples_are_what_they_say() {
    assert_true("message-queue");
}

#[test]
fn event_schema_examples_are_what_they_say() {
    assert_true("event-schema");
}

#[test]
fn saga_examples_are_what_they_say() {
    assert_true("saga");
}

#[test]
fn data_ownership_examples_are_what_they_say() {
    assert_true("data-ownership");
}

#[test]
fn service_health_examples_are_what_they_say() {
    assert_true("service-health");
}

#[test]
fn api_contract_examples_are_what_they_say() {
    assert_true("api-contract");
}

#[test]
fn the_skills_explain_exactly_the_rules_of_the_binary() {
    let explained: BTreeSet<String> = skills::docs().into_iter().map(|d| d.id).collect();
    let known: BTreeSet<String> = rules::all().iter().map(|r| r.id.to_string()).collect();
    assert_eq!(explained, known);
    assert!(skills::faults().is_empty(), "{:?}", skills::faults());
}
