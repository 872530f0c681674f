use std::path::PathBuf;

use proptest::prelude::*;

use super::{ClientSetting, Config, ConfigError, FailOn, ServiceKind, parse};
use crate::files::File;
use crate::rules::{Names, Rule, Severity, Stage};

fn names() -> Names {
    Names::new(["rest-client/missing-timeout", "rest-client/missing-retry", "saga/volatile-state"])
}

fn errors(text: &str) -> Vec<ConfigError> {
    parse(text, &names()).expect_err("should be refused")
}

fn messages(text: &str) -> Vec<String> {
    errors(text).into_iter().map(|error| error.message).collect()
}

const FULL: &str = r#"
rules:
  rest-client: error
  rest-client/missing-retry: info
  saga/volatile-state: off
overrides:
  - paths: ["legacy/**", tools]
    rules: {rest-client/missing-timeout: off}
    reason: replaced in spring
services:
  orders-api: {name: orders, root: ./services/orders/, kind: worker}
  docs: {ignore: true}
  orders-cron: {part-of: orders}
catalog:
  clients:
    - {name: AcmeHttp, timeout: true, retry: true, circuit-breaker: false}
exclude: ["vendor/**"]
fail-on: none
preview: true
"#;

#[test]
fn every_key_is_read() {
    let config = parse(FULL, &names()).unwrap();
    assert_eq!(config.rules.len(), 3);
    assert_eq!(config.overrides[0].reason, "replaced in spring");
    assert_eq!(config.services[0].name.as_deref(), Some("orders"));
    assert_eq!(config.services[0].root.as_deref(), Some("services/orders"));
    assert_eq!(config.services[0].kind, Some(ServiceKind::Worker));
    assert!(config.services[1].ignore);
    assert_eq!(config.services[2].part_of.as_deref(), Some("orders"));
    assert_eq!(
        config.clients,
        [ClientSetting { name: "AcmeHttp".into(), timeout: true, retry: true, circuit_breaker: false }]
    );
    assert!(config.exclude.is_match("vendor/a/b.py"));
    assert!(!config.exclude.is_match("src/vendor.py"));
    assert_eq!(config.fail_on, Some(FailOn::Nothing));
    assert!(config.preview);
}

#[test]
fn an_empty_file_and_empty_keys_are_fine() {
    for text in ["", "# nothing\n", "rules:\noverrides:\nservices:\ncatalog:\nexclude:\n"] {
        let config = parse(text, &names()).unwrap();
        assert!(config.rules.is_empty() && config.services.is_empty());
    }
}

#[test]
fn all_errors_come_at_once_and_in_order() {
    let text = "rulse:\n  a: b\nrules:\n  rest-client/mising-timeout: error\n  saga: warn\nfail-on: [x]\n";
    let found = errors(text);
    let at = |i: usize| &text[found[i].span.start as usize..found[i].span.end as usize];
    assert_eq!(found.len(), 4, "{found:#?}");
    assert_eq!((at(0), found[0].help.as_deref()), ("rulse", Some("did you mean `rules`?")));
    assert_eq!(at(1), "rest-client/mising-timeout");
    assert_eq!(found[1].help.as_deref(), Some("did you mean `rest-client/missing-timeout`?"));
    assert_eq!((at(2), found[2].help.as_deref()), ("warn", Some("did you mean `warning`?")));
    assert_eq!(found[3].message, "`fail-on` is a list");
}

#[test]
fn wrong_values_say_what_was_expected() {
    assert_eq!(messages("rules: [a]"), ["`rules` is a list"]);
    assert_eq!(messages("preview: yes"), ["`preview` is `yes`"]);
    assert_eq!(messages("exclude: ['a[']")[0], "`a[` is no glob: unclosed character class; missing ']'");
    assert_eq!(messages("- a"), ["the configuration is a list"]);
    assert_eq!(messages("preview: true\npreview: false"), ["key `preview` stands twice in the configuration"]);
    assert_eq!(messages("services: {a: {root: ../b}}"), ["root `../b` lies outside of the repository"]);
    assert_eq!(messages("services: {a: {part-of: a}}"), ["service `a` is part of itself"]);
    assert_eq!(messages("catalog: {clients: [{timeout: true}]}"), ["this client has no `name`"]);
    assert_eq!(messages("a: &x 1\nb: *x"), ["aliases (`*name`) are not supported here"]);
    assert_eq!(messages("preview: true\n---\npreview: true"), ["a configuration is one YAML document"]);
    assert!(messages("rules: {")[0].starts_with("not valid YAML: "));
}

#[test]
fn an_override_needs_paths_rules_and_a_reason() {
    assert_eq!(
        messages("overrides: [{rules: {saga: off}}]"),
        ["this override has no `paths`", "this override has no `reason`"]
    );
    assert_eq!(messages("overrides: [{paths: [a], rules: {saga: off}, reason: ''}]"), ["`reason` is empty"]);
}

#[test]
fn a_rule_wins_over_its_skill_and_an_override_over_both() {
    let mut config = parse(FULL, &names()).unwrap();
    config.folder = Some(PathBuf::from("/r"));
    let file = |path: &str| File { path: path.into(), absolute: format!("/r/{path}").into(), ..File::default() };
    let level = |rule, path: &str| config.severity(rule, Severity::Warning, Some(&file(path)));
    assert_eq!(level("rest-client/missing-timeout", "a.py"), Some(Severity::Error));
    assert_eq!(level("rest-client/missing-timeout", "legacy/x/a.py"), None);
    assert_eq!(level("rest-client/missing-timeout", "tools/a.py"), None, "a folder covers its files");
    assert_eq!(level("rest-client/missing-retry", "legacy/a.py"), Some(Severity::Info));
    assert_eq!(level("saga/volatile-state", "a.py"), None);
    assert_eq!(level("event-schema/missing-event-id", "a.py"), Some(Severity::Warning));
}

#[test]
fn preview_rules_run_when_asked_for() {
    let rule = Rule { id: "saga/volatile-state", severity: Severity::Warning, stage: Stage::Preview, check: |_, _| {} };
    let enabled = |text: &str, preview| parse(text, &names()).unwrap().enabled(&rule, preview);
    assert!(!enabled("", false));
    assert!(enabled("", true));
    assert!(enabled("preview: true", false));
    assert!(enabled("rules: {saga/volatile-state: info}", false));
    assert!(!enabled("rules: {saga: error}", false), "a skill's level turns no preview rule on");
    assert!(!enabled("rules: {saga/volatile-state: off}", true));
    assert!(enabled(
        "rules: {saga: off}\noverrides: [{paths: [a], rules: {saga/volatile-state: info}, reason: try it}]",
        false
    ));
}

#[test]
fn hostile_text_is_refused_not_crashed_on() {
    for text in ["[".repeat(100_000), "a:\n".repeat(5) + &"- ".repeat(20_000), "? ".repeat(10_000)] {
        assert!(parse(&text, &names()).is_err());
    }
}

#[test]
fn without_a_file_nothing_is_changed() {
    let config = Config::default();
    assert_eq!(config.severity("saga/volatile-state", Severity::Info, None), Some(Severity::Info));
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC*") {
        let _ = parse(&text, &names());
    }

    #[test]
    fn any_yaml_like_text_is_read_or_refused(
        lines in proptest::collection::vec("( {0,4})(- )?(rules|overrides|paths|services|exclude|[a-z&*!|>]{0,3}): ?(\\[|\\{|\"|off|a)?", 0..12)
    ) {
        let text = lines.join("\n");
        if let Err(errors) = parse(&text, &names()) {
            for error in errors {
                prop_assert!(error.span.end as usize <= text.len() + 1);
            }
        }
    }
}

fn schema() -> serde_json::Value {
    serde_json::from_str(include_str!("../../schemas/config.schema.json")).unwrap()
}

#[test]
fn the_schema_has_the_keys_and_words_of_the_reader() {
    use super::keys;
    let schema = schema();
    let list = |pointer: &str| -> Vec<String> {
        let found = schema.pointer(pointer).unwrap_or_else(|| panic!("no {pointer}"));
        match found {
            serde_json::Value::Object(map) => map.keys().cloned().collect(),
            other => other.as_array().unwrap().iter().map(|v| v.as_str().unwrap().to_owned()).collect(),
        }
    };
    let services = "/properties/services/additionalProperties/properties";
    assert_eq!(list("/properties"), keys::TOP);
    assert_eq!(list("/properties/overrides/items/properties"), keys::OVERRIDE);
    assert_eq!(list(services), keys::SERVICE);
    assert_eq!(list(&format!("{services}/kind/enum")), keys::KINDS);
    assert_eq!(list("/properties/catalog/properties"), keys::CATALOG);
    assert_eq!(list("/properties/catalog/properties/clients/items/properties"), keys::CLIENT);
    assert_eq!(list("/properties/schemas/properties"), keys::SCHEMAS);
    assert_eq!(list("/properties/schemas/properties/overrides/items/properties"), keys::SCHEMA);
    assert_eq!(list("/properties/schemas/properties/accepted/items/properties"), keys::ACCEPTED);
    assert_eq!(list("/definitions/mode/enum"), crate::schema::compat::Mode::ALL.map(|mode| mode.name()));
    assert_eq!(list("/definitions/model/enum"), crate::schema::Model::ALL.map(|model| model.name()));
    assert_eq!(list("/definitions/protobuf/enum"), crate::schema::proto::Level::ALL.map(|level| level.name()));
    assert_eq!(list("/definitions/rules/additionalProperties/enum"), keys::LEVELS);
    assert_eq!(list("/properties/fail-on/enum"), keys::FAIL_ON);
}

#[test]
fn the_schema_and_the_reader_agree() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    for (text, right) in [
        (FULL, true),
        ("", true),
        ("rules:\noverrides:\nservices:\ncatalog:\nexclude:\n", true),
        ("services: {a: null}", true),
        ("rulse: {}", false),
        ("rules: {saga: warn}", false),
        ("rules: [saga]", false),
        ("overrides: [{paths: [a], rules: {saga: off}}]", false),
        ("overrides: [{paths: [a], rules: {saga: off}, reason: ' '}]", false),
        ("overrides: {paths: [a]}", false),
        ("services: {a: {root: /x}}", false),
        ("services: {a: {root: x/../y}}", false),
        ("services: {a: {kind: lambda}}", false),
        ("services: {a: {ignore: 'true'}}", false),
        ("catalog: {clients: [{retry: true}]}", false),
        ("catalog: {clients: [{name: A, retry: 1}]}", false),
        ("schemas: {mode: full-transitive, overrides: [{schemas: [a], model: confluent}]}", true),
        ("schemas: {accepted: [{schema: a, reason: b, until: 2027-01-31}]}", true),
        ("schemas: {mode: half}", false),
        ("schemas: {overrides: [{mode: full}]}", false),
        ("schemas: {accepted: [{schema: a, reason: b}]}", false),
        ("schemas: {accepted: [{schema: a, until: 2027-01-31}]}", false),
        ("schemas: {accepted: [{schema: a, reason: b, until: 2027-13-01}]}", false),
        ("exclude: vendor", false),
        ("exclude: ['']", false),
        ("fail-on: off", false),
        ("preview: yes", false),
    ] {
        let value: serde_json::Value = serde_yaml::from_str(text).unwrap();
        assert_eq!(validator.is_valid(&value), right, "schema: {text}");
        assert_eq!(parse(text, &names()).is_ok(), right, "reader: {text}");
    }
}
