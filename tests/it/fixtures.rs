//! The two systems in `fixtures/`: the good one is silent, the broken one yields exactly what its
//! `expected.txt` lists.
use std::collections::BTreeSet;
use std::path::Path;

use skillcheck::check::{Outcome, Request, check};
use skillcheck::rules::{Stage, all};

fn lint(name: &str) -> Outcome {
    lint_with(name, false)
}

fn lint_with(name: &str, preview: bool) -> Outcome {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name);
    let outcome = check(Request { paths: vec![folder], preview, ..Request::default() }).expect("the fixture is there");
    let incomplete: Vec<_> = outcome.problems.iter().filter(|p| p.incomplete).collect();
    assert!(incomplete.is_empty(), "{incomplete:?}");
    outcome
}

/// `<rule> <path>:<line> <service>`, as in `expected.txt`.
fn found(outcome: &Outcome) -> BTreeSet<String> {
    outcome
        .findings
        .iter()
        .map(|f| {
            let file = outcome.tree.file(f.place.file);
            let text = std::fs::read_to_string(&file.absolute).expect("the file is there");
            let line = text[..f.place.span.start as usize].matches('\n').count() + 1;
            format!("{} {}:{line} {}", f.rule, file.path, f.services.first().map_or("-", String::as_str))
        })
        .collect()
}

#[test]
fn the_good_shop_is_silent_and_its_services_are_found() {
    let outcome = lint("shop");
    assert_eq!(found(&outcome), BTreeSet::new());
    let services: Vec<&str> = outcome.system.services.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(services, ["gateway", "notifications", "orders", "orders-worker", "payments", "products", "users"]);
}

#[test]
fn the_broken_shop_breaks_each_rule_once_where_it_says() {
    let expected = std::fs::read_to_string("fixtures/shop-broken/expected.txt").expect("the list is there");
    let expected: BTreeSet<String> = expected.lines().map(str::to_string).collect();
    let is_preview = |line: &String| {
        let id = line.split(' ').next().unwrap_or("");
        all().iter().any(|rule| rule.id == id && rule.stage == Stage::Preview)
    };
    let (preview, stable): (BTreeSet<String>, BTreeSet<String>) = expected.iter().cloned().partition(is_preview);
    assert_eq!(found(&lint("shop-broken")), stable);
    let with_preview = found(&lint_with("shop-broken", true));
    assert_eq!(preview.difference(&with_preview).collect::<Vec<_>>(), [""; 0], "of the preview rules");
    let rules: BTreeSet<&str> = expected.iter().filter_map(|line| line.split(' ').next()).collect();
    // What compares with an earlier state is tested in `breaking.rs`.
    let alone = |rule: &&str| !skillcheck::rules::OF_A_CHANGE.contains(rule);
    let known: BTreeSet<&str> = all().iter().map(|r| r.id).filter(alone).collect();
    assert_eq!(rules, known, "every rule of the binary is broken once");
}
