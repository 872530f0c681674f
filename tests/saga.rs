//! Sagas: the skill's examples, the fixture systems, and what is no saga.

#[path = "support/saga.rs"]
mod support;

use support::{examples, findings, sagas};

#[test]
fn every_example_of_the_skill_breaks_its_rule_and_no_other() {
    let markdown = include_str!("../skills/saga/references/rules.md");
    let examples = examples(markdown);
    assert!(examples.len() > 12);
    for (i, example) in examples.iter().enumerate() {
        let found = findings(&[(&example.file, &example.text)]);
        let rule = example.rule.trim_start_matches("saga/");
        let context = format!("example {i}, {} {}: {found:?}", example.rule, if example.good { "good" } else { "bad" });
        if example.good {
            assert!(found.is_empty(), "{context}");
        } else {
            assert!(!found.is_empty() && found.iter().all(|f| f.starts_with(&format!("{rule} "))), "{context}");
        }
    }
}

fn fixture(root: &str) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let base = format!("{}/fixtures/{root}", env!("CARGO_MANIFEST_DIR"));
    let walked = skillcheck::files::walk(&[base.into()], &globset::GlobSet::empty());
    for file in &walked.tree.files {
        if [".py", ".ts", ".js"].iter().any(|s| file.path.ends_with(s)) {
            out.push((file.path.clone(), std::fs::read_to_string(&file.absolute).unwrap()));
        }
    }
    out
}

fn borrowed(files: &[(String, String)]) -> Vec<(&str, &str)> {
    files.iter().map(|(p, t)| (p.as_str(), t.as_str())).collect()
}

#[test]
fn the_shop_keeps_and_undoes_its_saga() {
    let files = fixture("shop");
    assert_eq!(findings(&borrowed(&files)), Vec::<String>::new());
    let sagas = sagas(&borrowed(&files));
    assert_eq!(sagas.len(), 1);
    assert!(sagas[0].persisted.is_present());
    assert_eq!(sagas[0].steps.len(), 3);
}

#[test]
fn the_broken_shop_breaks_each_rule_once() {
    let files = fixture("shop-broken");
    assert_eq!(
        findings(&borrowed(&files)),
        [
            "missing-compensation orders/app/saga.py:66",
            "swallowed-compensation-failure orders/app/saga.py:98",
            "volatile-state orders/app/saga.py:72",
        ]
    );
}
