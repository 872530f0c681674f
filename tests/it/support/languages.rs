//! The languages that the sections of the rules name: a finding in code of another one is a lie of the section.

use std::collections::HashMap;
use std::sync::OnceLock;

use serde_json::Value;

/// The language of a file of code.
fn language(path: &str) -> Option<&'static str> {
    Some(match path.rsplit_once('.')?.1 {
        "py" => "Python",
        "ts" | "tsx" | "mts" | "cts" => "TypeScript",
        "js" | "jsx" | "mjs" | "cjs" => "JavaScript",
        "java" => "Java",
        "kt" => "Kotlin",
        "go" => "Go",
        "cs" => "C#",
        _ => return None,
    })
}

/// Each finding of a run stands in a language that the section of its rule names.
#[track_caller]
pub(crate) fn assert_named(stdout: &str) {
    let Ok(output) = serde_json::from_str::<Value>(stdout) else { return };
    for finding in output["findings"].as_array().into_iter().flatten() {
        if let (Some(rule), Some(path)) = (finding["rule"].as_str(), finding["path"].as_str()) {
            assert_one(rule, path);
        }
    }
}

/// The same for one finding.
#[track_caller]
pub(crate) fn assert_one(rule: &str, path: &str) {
    static NAMED: OnceLock<HashMap<String, Vec<String>>> = OnceLock::new();
    let named = NAMED.get_or_init(|| {
        let docs = skillcheck::skills::docs();
        let words = |doc: &skillcheck::skills::RuleDoc| {
            let all = doc.languages.iter().flat_map(|l| l.split_whitespace());
            all.map(str::to_owned).collect()
        };
        docs.iter().map(|doc| (doc.id.clone(), words(doc))).collect()
    });
    if let (Some(named), Some(language)) = (named.get(rule), language(path)) {
        assert!(named.iter().any(|l| l == language), "the section of {rule} does not name {language}: {path}");
    }
}
