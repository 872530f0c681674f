//! `skillcheck breaking` on Avro and Protobuf, and what the configuration says about breaks.

use std::path::Path;
use std::process::Command;

use crate::support::{folder, skillcheck_in, write};
use serde_json::Value;

fn git(folder: &Path, args: &[&str]) {
    let fixed = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"];
    let output = Command::new("git").args(fixed).args(args).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn commit(folder: &Path, tag: Option<&str>) {
    git(folder, &["add", "-A"]);
    git(folder, &["-c", "commit.gpgsign=false", "commit", "-q", "--allow-empty", "-m", "x"]);
    if let Some(tag) = tag {
        git(folder, &["-c", "tag.gpgsign=false", "tag", tag]);
    }
}

/// A repository with one file in two versions, the first committed.
fn changed(path: &str, before: &str, after: &str) -> tempfile::TempDir {
    let folder = folder(&[(path, before)]);
    git(folder.path(), &["init", "-q"]);
    commit(folder.path(), None);
    write(folder.path(), &[(path, after)]);
    folder
}

fn breaking(folder: &Path, more: &[&str]) -> (i32, Value) {
    let mut args = vec!["breaking", "--against", "main", "--output", "json"];
    args.extend(more);
    let run = skillcheck_in(folder, &args);
    (run.code, serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{run:?}")))
}

fn keeps_the_schema(output: &Value) {
    let schema: Value = serde_json::from_str(include_str!("../../schemas/findings.schema.json")).unwrap();
    let faults: Vec<String> =
        jsonschema::validator_for(&schema).unwrap().iter_errors(output).map(|error| error.to_string()).collect();
    assert_eq!(faults, [""; 0]);
}

fn record(fields: &str) -> String {
    format!(
        "{{\n  \"type\": \"record\",\n  \"name\": \"OrderPlaced\",\n  \"namespace\": \"shop\",\n  \"fields\": [\n    {{\"name\": \"id\", \"type\": \"string\"}}{fields}\n  ]\n}}\n"
    )
}

const AVRO: &str = "orders/events/order-placed.avsc";

#[test]
fn an_avro_field_without_a_default_breaks_new_readers() {
    let repository = changed(AVRO, &record(""), &record(",\n    {\"name\": \"total\", \"type\": \"long\"}"));
    let (code, found) = breaking(repository.path(), &[]);
    keeps_the_schema(&found);
    assert_eq!(code, 1, "{found:#}");
    let finding = &found["findings"][0];
    assert_eq!((finding["rule"].as_str(), finding["line"].as_u64()), (Some("event-schema/breaking-change"), Some(7)));
    assert_eq!(
        finding["message"],
        "`shop.OrderPlaced` breaks new readers of old events: `total` was added without a default (field-added at `/fields/1`)"
    );
    assert_eq!(finding["schema_change"]["directions"][0]["witness"], serde_json::json!({"id": ""}));
    assert_eq!(finding["schema_change"]["directions"][1]["proof"], "resolution");

    let default = record(",\n    {\"name\": \"total\", \"type\": \"long\", \"default\": 0}");
    write(repository.path(), &[(AVRO, &default)]);
    assert_eq!(breaking(repository.path(), &[]).0, 0);
    // What is no Avro is not compatible.
    write(repository.path(), &[(AVRO, &record(",\n    {\"name\": \"total\", \"type\": \"Money\"}"))]);
    let (code, found) = breaking(repository.path(), &["--mode", "forward"]);
    assert_eq!(code, 0, "{found:#}: old readers skip it");
    write(repository.path(), &[(AVRO, &record(",\n    {\"name\": \"id\", \"type\": \"long\"}"))]);
    let (code, found) = breaking(repository.path(), &[]);
    assert_eq!(code, 4, "{found:#}");
    assert!(found["summary"]["not_checked"].to_string().contains("field `id` stands twice"), "{found:#}");
}

const PROTO: &str = "orders/proto/orders.proto";

fn proto(fields: &str) -> String {
    format!("syntax = \"proto3\";\npackage shop.orders;\n\nmessage OrderPlaced {{\n  string id = 1;\n{fields}}}\n")
}

#[test]
fn a_protobuf_number_keeps_its_meaning() {
    let repository = changed(PROTO, &proto("  int64 cents = 2;\n"), &proto("  string amount = 2;\n"));
    let (code, found) = breaking(repository.path(), &[]);
    keeps_the_schema(&found);
    assert_eq!(code, 1, "{found:#}");
    let finding = &found["findings"][0];
    assert_eq!(finding["line"], 6);
    assert!(finding["message"].as_str().unwrap().contains("`amount` was `int64` and is `string`"), "{finding:#}");
    assert_eq!(finding["schema_change"]["directions"][0]["witness"]["cents"], i64::MAX.to_string());
    assert_eq!(finding["schema_change"]["directions"][1]["witness"]["amount"], "text");

    write(repository.path(), &[(PROTO, &proto("  int64 amount_cents = 2;\n"))]);
    assert_eq!(breaking(repository.path(), &[]).0, 0, "a name is not on the wire");
    assert_eq!(breaking(repository.path(), &["--protobuf", "json"]).0, 1, "but in JSON");
    write(repository.path(), &[(PROTO, &proto("  reserved 2;\n  reserved \"cents\";\n"))]);
    assert_eq!(breaking(repository.path(), &[]).0, 0);
    write(repository.path(), &[(PROTO, &proto(""))]);
    let (code, found) = breaking(repository.path(), &[]);
    assert_eq!(code, 1);
    assert!(found["findings"][0]["help"].as_str().unwrap().contains("reserved 2"), "{found:#}");
    write(repository.path(), &[(PROTO, "message {")]);
    let (code, found) = breaking(repository.path(), &[]);
    assert_eq!(code, 4, "{found:#}");
}

#[test]
fn a_break_is_accepted_until_a_day() {
    let repository = changed(AVRO, &record(""), &record(",\n    {\"name\": \"total\", \"type\": \"long\"}"));
    let path = repository.path();
    let config = |entry: &str| write(path, &[("skillcheck.yaml", &format!("schemas:\n  accepted:\n    - {entry}\n"))]);
    config("{schema: shop.OrderPlaced, change: field-added, at: /total, reason: nobody reads it, until: 2999-12-31}");
    let run = skillcheck_in(path, &["breaking", "--against", "main"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.contains("0 breaking, 1 breaking and accepted, 0 unknown"), "{}", run.stdout);
    config("{schema: \"orders/**\", reason: nobody reads it, until: 2020-01-01}");
    let (code, found) = breaking(path, &[]);
    keeps_the_schema(&found);
    assert_eq!(code, 1);
    assert!(
        found["findings"][0]["why"].as_str().unwrap().contains("accepted until 2020-01-01 (nobody reads it)"),
        "{found:#}"
    );
    // Another kind is another break, and an entry that is about nothing is said.
    config("{schema: \"orders/**\", change: field-removed, reason: nobody reads it, until: 2999-12-31}");
    let (code, found) = breaking(path, &[]);
    assert_eq!(code, 1);
    let told = found["summary"]["not_checked"].to_string();
    assert!(told.contains("`orders/**`, change `field-removed`") && told.contains("remove it"), "{told}");
}

#[test]
fn every_tagged_version_counts_when_it_is_asked() {
    let path = "orders/events/order-placed.v1.schema.json";
    let schema =
        |kind: &str| format!("{{\"type\": \"object\", \"properties\": {{\"total\": {{\"type\": {kind}}}}}}}\n");
    let folder = folder(&[(path, &schema("\"integer\""))]);
    let root = folder.path();
    git(root, &["init", "-q"]);
    commit(root, Some("v1"));
    write(root, &[(path, &schema("[\"integer\", \"string\"]"))]);
    commit(root, Some("v2"));
    write(root, &[(path, &schema("[\"integer\", \"null\"]"))]);
    commit(root, None);
    let run = |args: &[&str]| {
        let mut all = vec!["breaking", "--against"];
        all.extend(args);
        skillcheck_in(root, &all)
    };
    assert_eq!(run(&["v1", "--mode", "backward"]).code, 0);
    for args in [
        ["v1", "--mode", "backward-transitive"].as_slice(),
        &["v1", "--mode", "backward", "--transitive"],
        &["v1..HEAD", "--mode", "backward", "--transitive"],
    ] {
        let found = run(args);
        assert_eq!(found.code, 1, "{args:?}: {found:?}");
        assert!(found.stdout.contains("in v2 it stands at"), "{}", found.stdout);
    }
    assert_eq!(run(&["v1", "--mode", "forward-transitive"]).code, 1);
    // By configuration, for this schema only.
    write(root, &[("skillcheck.yaml", "schemas:\n  overrides:\n    - {schemas: [\"orders/**\"], mode: none}\n")]);
    assert_eq!(run(&["v1"]).code, 0);
    write(root, &[("skillcheck.yaml", "schemas:\n  mode: backward-transitive\n")]);
    assert_eq!(run(&["v1"]).code, 1);
}

#[test]
fn who_publishes_answers_for_readers_and_who_consumes_for_writers() {
    let path = "orders/events/order-placed.v1.schema.json";
    let schema = |required: &str| {
        format!(
            "{{\"type\": \"object\", \"required\": [{required}], \"properties\": {{\"type\": {{\"const\": \"order.placed.v1\"}}, \"total\": {{\"type\": \"integer\"}}}}}}\n"
        )
    };
    let repository = changed(path, &schema("\"type\""), &schema("\"type\", \"total\""));
    assert_eq!(breaking(repository.path(), &[]).0, 1, "nobody knows who reads it");
    let publisher = "import json\nimport pika\n\nchannel = pika.BlockingConnection().channel()\n\n\ndef placed(order):\n    event = {\"type\": \"order.placed.v1\", \"total\": 1}\n    channel.basic_publish(exchange=\"orders\", routing_key=\"order.placed.v1\", body=json.dumps(event))\n";
    write(repository.path(), &[("orders/app.py", publisher), ("orders/requirements.txt", "pika\n")]);
    let (code, found) = breaking(repository.path(), &[]);
    assert_eq!(code, 0, "{found:#}: readers elsewhere see one more field in each event");
    assert_eq!(breaking(repository.path(), &["--mode", "full"]).0, 1);
}

#[test]
fn the_registry_decides_when_it_is_asked() {
    let path = "orders/events/order-placed.v1.schema.json";
    let schema = |pattern: &str| {
        format!(
            "{{\"type\": \"object\", \"properties\": {{\"id\": {{\"type\": \"string\", \"pattern\": \"{pattern}\"}}}}}}\n"
        )
    };
    let repository = changed(path, &schema("^ab$"), &schema("^a"));
    assert_eq!(breaking(repository.path(), &["--mode", "backward", "--model", "strict"]).0, 0);
    let (code, found) = breaking(repository.path(), &["--mode", "backward", "--model", "confluent"]);
    keeps_the_schema(&found);
    assert_eq!(code, 1, "{found:#}");
    let why = found["findings"][0]["why"].as_str().unwrap();
    assert!(why.contains("the registry refuses PATTERN_CHANGED at `#/properties/id/pattern`"), "{why}");
}

/// An AsyncAPI document with one message, whose payload is in another format.
fn asyncapi(format: &str, payload: &str) -> String {
    let payload = payload.lines().map(|line| format!("          {line}\n")).collect::<String>();
    format!(
        "asyncapi: 3.0.0\ninfo: {{title: Orders, version: 1.0.0}}\nchannels:\n  orders:\n    messages:\n      placed:\n        name: OrderPlaced\n        payload:\n          schemaFormat: {format}\n{payload}"
    )
}

#[test]
fn messages_of_asyncapi_in_avro_and_protobuf_are_compared() {
    const PATH: &str = "orders/asyncapi.yaml";
    let avro = |fields: &str| {
        let fields = format!(
            "schema:\n  type: record\n  name: OrderPlaced\n  fields:\n    - {{name: id, type: string}}\n{fields}"
        );
        asyncapi("application/vnd.apache.avro+yaml;version=1.9.0", &fields)
    };
    let repository = changed(PATH, &avro(""), &avro("    - {name: total, type: long}\n"));
    let (code, found) = breaking(repository.path(), &[]);
    assert_eq!(code, 1, "{found:#}");
    let finding = &found["findings"][0];
    assert!(finding["message"].as_str().unwrap().contains("`total` was added without a default"), "{finding:#}");
    assert_eq!(finding["line"], 15, "{finding:#}");
    write(repository.path(), &[(PATH, &avro("    - {name: total, type: long, default: 0}\n"))]);
    assert_eq!(breaking(repository.path(), &[]).0, 0);

    let proto = |kind: &str| {
        let text =
            format!("schema: |\n  syntax = \"proto3\";\n  message OrderPlaced {{\n    {kind} total = 1;\n  }}\n");
        asyncapi("application/vnd.google.protobuf;version=3", &text)
    };
    let repository = changed(PATH, &proto("int64"), &proto("string"));
    let (code, found) = breaking(repository.path(), &[]);
    assert_eq!(code, 1, "{found:#}");
    assert!(found["findings"][0]["message"].as_str().unwrap().contains("total"), "{found:#}");
    write(
        repository.path(),
        &[(PATH, &proto("int64").replace("total = 1;", "total = 1;\n                string note = 2;"))],
    );
    let (code, found) = breaking(repository.path(), &[]);
    assert_eq!((code, found["schema_changes"][0]["directions"][0]["proof"].as_str()), (0, Some("wire")), "{found:#}");
}

#[test]
fn a_minor_version_keeps_what_the_one_before_promised() {
    let schema = |version: &str, kind: &str| {
        format!(
            "{{\"$id\": \"https://x.example/order/{version}.json\", \"type\": \"object\", \"properties\": {{\"total\": {{\"type\": \"{kind}\"}}}}}}\n"
        )
    };
    let folder = folder(&[("schemas/order/1.0.0.json", &schema("1.0.0", "number"))]);
    git(folder.path(), &["init", "-q"]);
    commit(folder.path(), None);
    write(folder.path(), &[("schemas/order/1.1.0.json", &schema("1.1.0", "string"))]);
    let (code, found) = breaking(folder.path(), &[]);
    assert_eq!(code, 1, "{found:#}");
    let why = found["findings"][0]["why"].as_str().unwrap();
    assert!(why.contains("it comes after 1.0.0, and within a major version nobody has to change"), "{why}");
    std::fs::remove_file(folder.path().join("schemas/order/1.1.0.json")).unwrap();
    write(folder.path(), &[("schemas/order/2.0.0.json", &schema("2.0.0", "string"))]);
    assert_eq!(breaking(folder.path(), &[]).0, 0, "a new major version breaks nobody");
}

#[test]
fn lint_asks_the_tagged_versions_too_where_the_configuration_does() {
    let schema = |kind: &str| {
        format!(
            "{{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n  \"$id\": \"https://x.example/order/v1.json\",\n  \"description\": \"x\",\n  \"type\": \"object\",\n  \"required\": [\"total\"],\n  \"properties\": {{\n    \"total\": {{ \"type\": {kind} }}\n  }}\n}}\n"
        )
    };
    const PATH: &str = "events/order.v1.schema.json";
    let folder = folder(&[
        (PATH, schema("\"integer\"").as_str()),
        ("skillcheck.yaml", "schemas: {mode: backward-transitive}\n"),
    ]);
    let path = folder.path();
    git(path, &["init", "-q"]);
    commit(path, Some("v1"));
    write(path, &[(PATH, &schema("[\"integer\", \"string\"]"))]);
    commit(path, Some("v2"));
    write(path, &[(PATH, &schema("\"integer\""))]);
    let rules = |since: &str| {
        let run = skillcheck_in(path, &["lint", "--since", since, "--output", "json"]);
        let output: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{run:?}"));
        output["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|f| f["rule"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(rules("v1"), ["event-schema/breaking-change"], "what v2 allowed is gone");
    write(path, &[("skillcheck.yaml", "schemas: {mode: backward}\n")]);
    assert_eq!(rules("v1"), [""; 0], "the same as v1");
}
