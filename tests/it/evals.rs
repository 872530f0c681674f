//! The evals of the skills are valid: by the forms of skill-creator and `claude plugin eval`, and by what makes
//! them worth running. Whether the skills pass them only a model can tell.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;
use skillcheck::skills;

const SKILLS: [&str; 4] = ["rest-client", "message-queue", "event-schema", "saga"];

fn evals() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("evals")
}

fn json(path: &Path) -> Value {
    let text = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    let found = value.get(key).and_then(Value::as_str).unwrap_or_default();
    assert!(!found.trim().is_empty(), "no `{key}` in {value}");
    found
}

/// The cases of a skill: name of the folder, and what it says.
fn cases(skill: &str) -> Vec<(String, Value)> {
    let mut cases = Vec::new();
    for entry in std::fs::read_dir(evals()).expect("evals/").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.strip_prefix(skill).is_some_and(|rest| rest.starts_with('-')) {
            let text = std::fs::read_to_string(entry.path().join("case.yaml")).expect("case.yaml");
            cases.push((name, serde_yaml::from_str(&text).expect("YAML")));
        }
    }
    cases.sort_by(|a, b| a.0.cmp(&b.0));
    cases
}

#[test]
fn requests_and_near_misses_are_told_apart() {
    let mut wanted: BTreeMap<String, &str> = BTreeMap::new();
    for skill in SKILLS {
        let set = json(&evals().join(skill).join("triggers.json"));
        let set = set.as_array().expect("a list");
        let mut queries = BTreeSet::new();
        for item in set {
            let keys: Vec<&str> = item.as_object().expect("a map").keys().map(String::as_str).collect();
            assert_eq!(keys, ["query", "should_trigger"], "{skill}");
            let query = text(item, "query").to_lowercase();
            if item["should_trigger"].as_bool().expect("true or false") {
                let other = wanted.insert(query.clone(), skill);
                assert_eq!(other, None, "two skills are to be loaded for {query:?}");
            }
            assert!(queries.insert(query.clone()), "{skill} asks twice: {query:?}");
        }
        let positive = set.iter().filter(|item| item["should_trigger"] == true).count();
        assert!(positive >= 8 && set.len() - positive >= 8, "{skill}: {positive} of {}", set.len());
    }
}

#[test]
fn tasks_say_what_a_good_answer_does() {
    for skill in SKILLS {
        let set = json(&evals().join(skill).join("evals.json"));
        assert_eq!(text(&set, "skill_name"), skill);
        let list = set["evals"].as_array().expect("a list");
        assert!(list.len() >= 3, "{skill}: {}", list.len());
        for (n, eval) in list.iter().enumerate() {
            assert_eq!(eval["id"], n + 1, "{skill}");
            assert!(eval["files"].is_array(), "{skill} {n}");
            text(eval, "expected_output");
            assert!(eval["assertions"].as_array().is_some_and(|list| list.len() >= 3), "{skill} {n}");
            let prompt = text(eval, "prompt").trim();
            let same = |case: &&(String, Value)| case.1["execution"]["prompt"].as_str().map(str::trim) == Some(prompt);
            assert!(cases(skill).iter().any(|case| same(&case)), "no case asks for {prompt:?}");
        }
    }
}

/// The keys of each kind of grader; others are refused.
fn keys(kind: &str) -> &'static [&'static str] {
    match kind {
        "tool_used" => &["tool", "min", "max", "arm"],
        "regex" => &["pattern", "flags", "target"],
        "file_exists" => &["path", "exists"],
        "llm" => &["criteria"],
        _ => &[],
    }
}

#[test]
fn cases_can_be_run_by_claude_plugin_eval() {
    for skill in SKILLS {
        let cases = cases(skill);
        assert!(cases.len() >= 3, "{skill}: {}", cases.len());
        assert!(cases.iter().any(|(name, _)| name.contains("-review-")), "{skill} has nothing to review");
        for (folder, case) in cases {
            assert_eq!((text(&case, "schema_version"), text(&case, "name")), ("1.0", folder.as_str()));
            text(&case["execution"], "prompt");
            let graders = case["graders"].as_array().expect("a list");
            let mut names = BTreeSet::new();
            for grader in graders {
                let kind = text(grader, "type");
                assert!(names.insert(text(grader, "name")), "{folder}: {grader}");
                for key in grader.as_object().expect("a map").keys().map(String::as_str) {
                    let known = matches!(key, "type" | "name" | "weight") || keys(kind).contains(&key);
                    assert!(known, "{folder}: {kind} has no `{key}`");
                }
                if kind == "regex" {
                    text(grader, "pattern");
                    assert_eq!(text(&grader["target"], "source"), "file", "{folder}");
                    text(&grader["target"], "path");
                }
            }
            let skill_is_used = |grader: &Value| grader["type"] == "tool_used" && grader["tool"] == "Skill";
            assert!(graders.iter().any(skill_is_used), "{folder}");
        }
    }
}

/// What is copied into the repositories of others is the skills alone.
#[test]
fn evals_are_not_installed() {
    let found: Vec<&str> = skills::files().iter().map(|file| file.path).filter(|path| path.contains("evals")).collect();
    assert_eq!(found, Vec::<&str>::new());
}
