//! The published schemas are valid JSON Schemas, and what the binary writes keeps them.

use std::path::Path;

use crate::support::skillcheck;
use serde_json::Value;

fn read(path: &str) -> Value {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    // The official SARIF schema has one pattern (of `language`, which is not written) that is no regular
    // expression: a bracket too much.
    serde_json::from_str(&text.replace("{2}]?$", "{2}$")).unwrap()
}

/// What is wrong with a document, by a schema.
fn faults(schema: &str, document: &Value) -> Vec<String> {
    let validator = jsonschema::validator_for(&read(schema)).unwrap();
    validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

#[test]
fn every_schema_is_a_schema() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let schema = read(&format!("schemas/{name}"));
        if let Err(error) = jsonschema::meta::validate(&schema) {
            panic!("schemas/{name}: {error}");
        }
        assert!(schema["$schema"].is_string() && schema["title"].is_string(), "schemas/{name} does not say what it is");
        seen += 1;
    }
    assert!(seen >= 2);
}

#[test]
fn json_output_keeps_its_schema() {
    for folder in ["fixtures/shop-broken", "fixtures/shop", "fixtures/readme"] {
        let run = skillcheck(&["lint", folder, "--output", "json"]);
        let output: Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(faults("schemas/findings.schema.json", &output), [""; 0], "{folder}");
    }
    let empty = serde_json::json!({"version": 2, "findings": [{}], "services": [], "summary": {}});
    assert!(!faults("schemas/findings.schema.json", &empty).is_empty(), "the schema refuses nothing");
}

#[test]
fn gitlab_and_rdjson_outputs_keep_their_schemas() {
    for (format, schema) in [("gitlab", "gitlab-code-quality"), ("rdjson", "rdjson")] {
        let schema = format!("tests/schemas/{schema}.schema.json");
        for folder in ["fixtures/shop-broken", "fixtures/shop"] {
            let run = skillcheck(&["lint", folder, "--output", format]);
            let output: Value = serde_json::from_str(&run.stdout).unwrap();
            assert_eq!(faults(&schema, &output), [""; 0], "{format} {folder}");
        }
        assert!(!faults(&schema, &serde_json::json!([{}])).is_empty(), "{format}: the schema refuses nothing");
        assert!(!faults(&schema, &serde_json::json!({"diagnostics": [{}]})).is_empty());
    }
    let run = skillcheck(&["lint", "fixtures/shop-broken", "--output", "gitlab"]);
    let output: Value = serde_json::from_str(&run.stdout).unwrap();
    let list = output.as_array().unwrap();
    let prints: std::collections::BTreeSet<_> = list.iter().map(|issue| issue["fingerprint"].as_str()).collect();
    assert!(list.len() > 10 && prints.len() == list.len(), "GitLab shows one issue for each fingerprint");
}

#[test]
fn sarif_output_keeps_its_schema() {
    let run = skillcheck(&["lint", "fixtures/shop-broken", "--output", "sarif"]);
    let output: Value = serde_json::from_str(&run.stdout).unwrap();
    assert!(!output["runs"][0]["results"].as_array().unwrap().is_empty());
    assert_eq!(faults("tests/schemas/sarif-2.1.0.schema.json", &output), [""; 0]);
}

#[test]
fn exported_facts_keep_their_schema() {
    let mut kinds = std::collections::BTreeSet::new();
    for folder in ["fixtures/shop-broken", "fixtures/shop"] {
        let run = skillcheck(&["facts", "--schemas", folder]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        let validator = jsonschema::validator_for(&read("schemas/facts.schema.json")).unwrap();
        for line in run.stdout.lines() {
            let fact: Value = serde_json::from_str(line).unwrap();
            assert!(validator.is_valid(&fact), "{folder}: {line}");
            kinds.insert(fact["fact"].as_str().unwrap_or("header").to_owned());
        }
    }
    let all = ["call", "channel", "datastore", "document", "endpoint", "event", "header", "request", "saga", "service"];
    assert_eq!(kinds.iter().map(String::as_str).collect::<Vec<_>>(), all, "a kind that no fixture has");
    let other = serde_json::json!({"fact": "service", "name": "orders"});
    assert!(!faults("schemas/facts.schema.json", &other).is_empty(), "the schema refuses nothing");
}
