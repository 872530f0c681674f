//! `skillcheck breaking`, and the same findings in `lint --since`.
use std::path::Path;
use std::process::Command;

use crate::support::schemas::schemas;
use crate::support::{folder, skillcheck_in, write};
use serde_json::{Value, json};

const PATH: &str = "orders/events/order-placed.v1.schema.json";
const PUBLISHER: &str = "import json\nimport pika\n\nchannel = pika.BlockingConnection().channel()\n\n\ndef placed(order):\n    event = {\"type\": \"order.placed.v1\", \"id\": order.id, \"amount\": order.amount}\n    channel.basic_publish(exchange=\"orders\", routing_key=\"order.placed.v1\", body=json.dumps(event))\n";

fn schema(amount: Value, required: &[&str]) -> String {
    let value = json!({"$id": "https://shop.example/order-placed/v1.json", "type": "object", "required": required,
        "properties": {"type": {"const": "order.placed.v1"}, "id": {"type": "string"}, "amount": amount}});
    format!("{value:#}\n")
}

pub(crate) fn git(folder: &Path, args: &[&str]) {
    let fixed =
        ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main", "-c", "commit.gpgsign=false"];
    let output = Command::new("git").args(fixed).args(args).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

pub(crate) fn commit(folder: &Path) {
    git(folder, &["add", "-A"]);
    git(folder, &["commit", "-q", "--allow-empty", "-m", "x"]);
}

/// A repository with one schema, committed, and then changed.
fn changed(before: &str, after: &str) -> tempfile::TempDir {
    let folder = folder(&[(PATH, before), ("orders/app.py", PUBLISHER), ("orders/requirements.txt", "pika\n")]);
    git(folder.path(), &["init", "-q"]);
    commit(folder.path());
    write(folder.path(), &[(PATH, after)]);
    folder
}

pub(crate) fn report(folder: &Path, args: &[&str]) -> (i32, Value) {
    let run = skillcheck_in(folder, args);
    (run.code, serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{run:?}")))
}

#[test]
fn a_break_is_shown_with_a_document_and_the_code_that_publishes() {
    let number = || json!({"type": "number"});
    let before = schema(number(), &["id"]);
    let repository = changed(&before, &schema(json!({"type": "string"}), &["id"]));
    let path = repository.path();
    let (code, found) = report(path, &["breaking", "--against", "main", "--mode", "full", "--output", "json"]);
    assert_eq!(code, 1, "{found:#}");
    let finding = &found["findings"][0];
    assert_eq!(finding["rule"], "event-schema/breaking-change");
    assert_eq!((finding["path"].as_str(), found["findings"].as_array().unwrap().len()), (Some(PATH), 1));
    assert!(finding["message"].as_str().unwrap().contains("the type was `number` and is `string`"), "{finding:#}");
    assert!(finding["related"].as_array().unwrap().iter().any(|r| r["path"] == "orders/app.py"), "{finding:#}");
    let directions = finding["schema_change"]["directions"].as_array().unwrap();
    assert_eq!(directions.len(), 2);
    for direction in directions {
        assert_eq!(direction["verdict"], "breaking");
        let is_string = direction["direction"] == "forward";
        assert_eq!(direction["witness"]["amount"].is_string(), is_string, "{direction:#}");
    }
    let validator =
        jsonschema::validator_for(&serde_json::from_str(include_str!("../../schemas/findings.schema.json")).unwrap())
            .unwrap();
    let faults: Vec<String> = validator.iter_errors(&found).map(|error| error.to_string()).collect();
    assert_eq!(faults, [""; 0]);

    // The same gate in `lint`, and a folder instead of a commit.
    let (_, linted) = report(path, &["lint", "--since", "main", "--skill", "event-schema", "--output", "json"]);
    let broken = |found: &Value| found["findings"].to_string().contains("event-schema/breaking-change");
    assert!(broken(&linted), "{linted:#}");
    let (_, alone) = report(path, &["lint", "--skill", "event-schema", "--output", "json"]);
    assert!(!broken(&alone), "nothing to compare with");
    let old = folder(&[(PATH, &before)]);
    let (code, found) = report(path, &["breaking", "--against", old.path().to_str().unwrap(), "--output", "json"]);
    assert_eq!((code, broken(&found)), (1, true));

    // Two commits, whatever is on disk.
    commit(path);
    write(path, &[(PATH, &before)]);
    let (code, found) = report(path, &["breaking", "--against", "HEAD~1..HEAD", "--output", "json"]);
    assert_eq!((code, broken(&found)), (1, true), "{found:#}");
    let (code, found) = report(path, &["breaking", "--against", "HEAD~1", "--output", "json"]);
    assert_eq!((code, found["schema_changes"].clone()), (0, json!([])), "as it was");
}

#[test]
fn what_breaks_nobody_is_proved_and_what_is_not_known_is_said() {
    let before = schema(json!({"type": "number"}), &["id"]);
    let mut wider: Value = serde_json::from_str(&before).unwrap();
    wider["properties"]["note"] = json!({"type": "string"});
    let repository = changed(&before, &wider.to_string());
    let path = repository.path();
    let run = skillcheck_in(path, &["breaking", "--against", "main"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.contains("0 breaking, 0 unknown, 1 compatible (proved), 0 unchanged"), "{}", run.stdout);
    let strict = skillcheck_in(path, &["breaking", "--against", "main", "--model", "strict", "--mode", "full"]);
    assert_eq!(strict.code, 1, "an old document may have any `note`: {strict:?}");

    // Nothing is fetched, and what is not known is not compatible.
    wider["properties"]["amount"] = json!({"$ref": "https://elsewhere.example/money.json"});
    write(path, &[(PATH, &wider.to_string()), ("orders/money.proto", "syntax = \"proto3\";\n")]);
    let run = skillcheck_in(path, &["breaking", "--against", "main"]);
    assert_eq!(run.code, 4, "{run:?}");
    assert!(run.stdout.contains("1 unknown") && run.stdout.contains("breaks anybody is unknown"), "{}", run.stdout);

    let run = skillcheck_in(path, &["breaking", "--against", "nowhere"]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.stderr.contains("nowhere"), "{}", run.stderr);
}

#[test]
fn many_schemas_are_each_decided() {
    let (before, after) = (schemas(30, 2, false), schemas(20, 2, true));
    let before: Vec<(&str, &str)> = before.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let after: Vec<(&str, &str)> = after.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let repository = folder(&before);
    let path = repository.path();
    git(path, &["init", "-q"]);
    commit(path);
    write(path, &after);
    let run = skillcheck_in(path, &["breaking", "--against", "main"]);
    assert!(
        run.stdout.contains("schemas against main: 12 breaking, 0 unknown, 4 compatible (proved), 14 unchanged"),
        "{}",
        run.stdout
    );
}

/// What another repository exported is an earlier state too: no checkout of it is needed.
#[test]
fn exported_schemas_are_something_to_compare_with() {
    const API: &str = "openapi: 3.1.0\ninfo: {title: orders, version: '1'}\npaths:\n  /orders:\n    get:\n      responses:\n        '200':\n          description: all\n          content:\n            application/json:\n              schema: {$ref: 'parts/order.yaml'}\n";
    let order = |required: &str| {
        format!("type: object\nrequired: [{required}]\nproperties: {{id: {{type: string}}, sum: {{type: number}}}}\n")
    };
    let repository = folder(&[
        (PATH, &schema(json!({"type": "number"}), &["id"])),
        ("orders/app.py", PUBLISHER),
        ("orders/requirements.txt", "pika\n"),
        ("orders/openapi.yaml", API),
        ("orders/parts/order.yaml", &order("id, sum")),
    ]);
    let path = repository.path();
    let exports = tempfile::tempdir().unwrap();
    let (plain, full) = (exports.path().join("plain.jsonl"), exports.path().join("full.jsonl"));
    let (plain, full) = (plain.to_str().unwrap(), full.to_str().unwrap());
    assert_eq!(skillcheck_in(path, &["facts", "-o", plain]).code, 0);
    assert_eq!(skillcheck_in(path, &["facts", "--schemas", "-o", full]).code, 0);
    assert!(!std::fs::read_to_string(plain).unwrap().contains("\"document\""));
    let run = skillcheck_in(path, &["breaking", "--against", plain]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.stderr.contains("there are no schemas") && run.stderr.contains("facts --schemas"), "{run:?}");
    let (code, found) = report(path, &["breaking", "--against", full, "--output", "json"]);
    assert_eq!((code, found["findings"].as_array().unwrap().len()), (0, 0), "{found:#}");

    write(path, &[(PATH, &schema(json!({"type": "string"}), &["id"])), ("orders/parts/order.yaml", &order("id"))]);
    let (code, found) = report(path, &["breaking", "--against", full, "--output", "json"]);
    let mut rules: Vec<&str> =
        found["findings"].as_array().unwrap().iter().filter_map(|f| f["rule"].as_str()).collect();
    rules.sort_unstable();
    assert_eq!((code, rules), (1, vec!["api-contract/breaking-change", "event-schema/breaking-change"]), "{found:#}");
    // What else uses exports reads those with schemas too.
    let other = folder(&[("billing/app.py", "print(1)\n")]);
    assert!(matches!(skillcheck_in(other.path(), &["lint", "--with", full]).code, 0 | 3));
}
