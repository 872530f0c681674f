//! What breaks the clients of an API: `skillcheck breaking` and `lint --since` on OpenAPI documents.

use serde_json::{Value, json};
use skillcheck::check::{Before, Request, State, check};
use skillcheck::contract::evolve::Break;
use skillcheck::schema::Model;
use skillcheck::schema::evolve::Terms;
use skillcheck::schema::policy::Setting;

use crate::breaking::{commit, git, report};
use crate::support::{folder, skillcheck_in, write};

/// An API with one operation.
fn api(operation: Value) -> Value {
    json!({"openapi": "3.1.0", "info": {"title": "Orders", "version": "1.0.0"}, "servers": [{"url": "/v1"}],
        "paths": {"/orders/{id}": {"post": operation}}})
}

/// The breaks from one document to the other, and what stayed unknown.
fn compared(old: &Value, new: &Value, terms: Terms) -> (Vec<Break>, Vec<String>) {
    let (before, now) =
        (folder(&[("openapi.json", &format!("{old:#}"))]), folder(&[("openapi.json", &format!("{new:#}"))]));
    let before = Before { state: State::Folder(before.path().to_owned()), terms };
    let request = Request { paths: vec![now.path().to_owned()], before: Some(before), ..Request::default() };
    let found = check(request).unwrap().system.api_changes.changed;
    let unknown = found.iter().flat_map(|change| &change.unknown).map(|(_, reason)| reason.clone()).collect();
    (found.into_iter().flat_map(|change| change.breaks).collect(), unknown)
}

/// `request required-added`, with a `*` when a value shows it.
fn kinds(old: &Value, new: &Value) -> Vec<String> {
    let (breaks, unknown) = compared(old, new, Terms::default());
    assert_eq!(unknown, [""; 0]);
    let told = |found: &Break| {
        let way = if found.is_response { "response" } else { "request" };
        let shown = if found.witness.is_some() { "*" } else { "" };
        format!("{way} {}{shown}", found.kind)
    };
    breaks.iter().map(told).collect()
}

fn body(schema: Value) -> Value {
    api(
        json!({"requestBody": {"content": {"application/json": {"schema": schema}}}, "responses": {"204": {"description": ""}}}),
    )
}

fn answer(schema: Value) -> Value {
    api(json!({"responses": {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}}))
}

fn parameters(list: Value) -> Value {
    api(json!({"parameters": list, "responses": {"204": {"description": ""}}}))
}

#[test]
fn requests_may_be_widened_and_responses_narrowed() {
    let object = |required: &[&str], properties: Value| json!({"type": "object", "required": required, "properties": properties});
    let (text, number) = (|| json!({"type": "string"}), || json!({"type": "number"}));
    let old = object(&["a"], json!({"a": number(), "b": text()}));
    for (new, in_request, in_response) in [
        (object(&["a", "b"], json!({"a": number(), "b": text()})), vec!["request required-added*"], vec![]),
        (object(&[], json!({"a": number(), "b": text()})), vec![], vec!["response required-removed*"]),
        (object(&["a"], json!({"a": number(), "b": text(), "c": text()})), vec![], vec![]),
        (object(&["a"], json!({"a": number()})), vec![], vec![]),
        (object(&["a"], json!({"a": {"type": "integer"}, "b": text()})), vec!["request type-narrowed*"], vec![]),
        (
            object(&["a"], json!({"a": {"type": ["number", "null"]}, "b": text()})),
            vec![],
            vec!["response type-widened*"],
        ),
        (
            object(&["a"], json!({"a": number(), "b": {"type": "string", "format": "uuid"}})),
            vec!["request format-changed"],
            vec![],
        ),
    ] {
        assert_eq!(kinds(&body(old.clone()), &body(new.clone())), in_request, "{new}");
        assert_eq!(kinds(&answer(old.clone()), &answer(new.clone())), in_response, "{new}");
    }
}

#[test]
fn the_first_members_of_an_object_break_nobody() {
    let with = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    assert_eq!(kinds(&body(json!({"type": "object"})), &body(with.clone())), [""; 0]);
    let mut required = with;
    required["required"] = json!(["a"]);
    assert_eq!(kinds(&body(json!({"type": "object"})), &body(required)), ["request required-added*"]);
}

#[test]
fn what_is_read_only_is_no_part_of_a_request() {
    let schema = |required: &[&str]| {
        json!({"type": "object", "required": required, "properties": {
            "id": {"type": "string", "readOnly": true}, "secret": {"type": "string", "writeOnly": true}}})
    };
    let (old, new) = (schema(&[]), schema(&["id", "secret"]));
    assert_eq!(kinds(&body(old.clone()), &body(new.clone())), ["request required-added*"], "of the secret only");
    assert_eq!(kinds(&answer(new), &answer(old)), ["response required-removed*"], "of the id only");
}

#[test]
fn parameters_are_text_on_the_wire() {
    let query = |schema: Value| json!({"name": "q", "in": "query", "schema": schema});
    let one = |schema: Value| parameters(json!([query(schema)]));
    let old = || one(json!({"type": "integer"}));
    assert_eq!(kinds(&old(), &one(json!({"type": "string"}))), [""; 0], "a number is a string in a query");
    assert_eq!(kinds(&old(), &one(json!({"type": "array", "items": {"type": "number"}}))), [""; 0], "a list of one");
    assert_eq!(kinds(&old(), &one(json!({"type": "boolean"}))), ["request type-changed*"]);
    assert_eq!(kinds(&old(), &one(json!({"type": "integer", "maximum": 9}))), ["request limit-tightened*"]);
    assert_eq!(kinds(&old(), &parameters(json!([]))), ["request parameter-removed"]);
    let header = json!({"name": "q", "in": "header", "schema": {"type": "integer"}});
    assert_eq!(kinds(&old(), &parameters(json!([header]))), ["request parameter-moved"]);
    let mut required = query(json!({"type": "integer"}));
    required["required"] = json!(true);
    assert_eq!(kinds(&old(), &parameters(json!([required]))), ["request parameter-required"]);
    assert_eq!(kinds(&parameters(json!([])), &parameters(json!([required]))), ["request parameter-required"]);
    let list = |style: &str| {
        let mut list = query(json!({"type": "array", "items": {"type": "string"}}));
        list["style"] = json!(style);
        parameters(json!([list]))
    };
    assert_eq!(kinds(&list("form"), &list("pipeDelimited")), ["request style-changed"]);
    let default = |value: u8| one(json!({"type": "integer", "default": value}));
    assert_eq!(kinds(&default(10), &default(20)), ["request default-changed"]);
}

#[test]
fn operations_media_types_and_responses_stay() {
    let old = api(json!({
        "requestBody": {"content": {"application/json": {}, "text/csv": {}}},
        "responses": {"200": {"description": "", "content": {"application/json": {}, "text/csv": {}}}, "404": {"description": ""}}}));
    let mut new = old.clone();
    let operation = |api: &mut Value| api["paths"]["/orders/{id}"]["post"].take();
    let mut post = operation(&mut new);
    // The name of a path's parameter is nobody's business.
    new["paths"] = json!({"/orders/{order}": {"post": post}});
    assert_eq!(kinds(&old, &new), [""; 0]);
    post = new["paths"]["/orders/{order}"]["post"].take();
    post["requestBody"]["content"] = json!({"application/*": {}});
    post["responses"] = json!({"201": {"description": ""}});
    new["paths"] = json!({"/orders/{id}": {"post": post}});
    assert_eq!(kinds(&old, &new), ["request media-type-removed", "response response-removed"]);
    new["paths"] = json!({"/orders/{id}": {"put": {}}});
    assert_eq!(kinds(&old, &new), ["request operation-removed"]);
    let mut deprecated = old.clone();
    deprecated["paths"]["/orders/{id}"]["post"]["deprecated"] = json!(true);
    assert_eq!(kinds(&deprecated, &new), [""; 0]);
    deprecated["paths"]["/orders/{id}"]["post"]["x-sunset"] = json!("2027-05-01");
    let on = |day: &str| {
        let terms = Terms { today: skillcheck::findings::Date::parse(day), ..Terms::default() };
        compared(&deprecated, &new, terms).0.into_iter().map(|found| found.text).collect::<Vec<_>>()
    };
    assert_eq!(on("2027-05-01"), [""; 0]);
    assert_eq!(on("2027-04-30"), ["it was removed before its sunset on 2027-05-01"]);

    // The prefix may stand in the server or in the path.
    let mut moved = old.clone();
    moved["servers"] = json!([{"url": "https://orders.example/"}]);
    moved["paths"] = json!({"/v1/orders/{id}": old["paths"]["/orders/{id}"]});
    assert_eq!(kinds(&old, &moved), [""; 0]);
    let mut elsewhere = old.clone();
    elsewhere["servers"] = json!([{"url": "/v2"}]);
    assert_eq!(kinds(&old, &elsewhere), ["request base-path-changed"]);
}

#[test]
fn nobody_is_asked_for_more_credentials() {
    let with = |security: Value| {
        let mut api = body(json!({"type": "object"}));
        api["security"] = security;
        api["components"] = json!({"securitySchemes": {
            "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
            "same": {"type": "apiKey", "in": "header", "name": "X-Key"},
            "login": {"type": "oauth2", "flows": {}}}});
        api
    };
    let tightened = ["request security-tightened"];
    assert_eq!(kinds(&with(json!([])), &with(json!([{"key": []}]))), tightened);
    assert_eq!(kinds(&with(json!([{"key": []}])), &with(json!([{"same": []}]))), [""; 0], "by another name");
    assert_eq!(kinds(&with(json!([{"key": []}])), &with(json!([{"key": []}, {"login": ["w"]}]))), [""; 0]);
    assert_eq!(kinds(&with(json!([{"key": []}, {"login": []}])), &with(json!([{"login": []}]))), tightened);
    assert_eq!(kinds(&with(json!([{"login": ["r"]}])), &with(json!([{"login": ["r", "w"]}]))), tightened);
    assert_eq!(kinds(&with(json!([{"login": ["r", "w"]}])), &with(json!([{"login": ["r"]}]))), [""; 0]);
    assert_eq!(kinds(&with(json!([{"key": []}])), &with(json!([{}, {"key": []}]))), [""; 0]);
}

#[test]
fn swagger_is_compared_too() {
    let api = |kind: &str, required: bool| {
        json!({"swagger": "2.0", "info": {"title": "T", "version": "1"}, "basePath": "/api", "paths": {"/a": {"post": {
            "parameters": [
                {"name": "n", "in": "query", "type": kind},
                {"name": "b", "in": "body", "required": required, "schema": {"$ref": "#/definitions/B"}}],
            "responses": {"200": {"description": "", "schema": {"$ref": "#/definitions/B"}}}}}},
            "definitions": {"B": {"type": "object", "properties": {"x": {"type": kind}}}}})
    };
    assert_eq!(
        kinds(&api("string", false), &api("integer", true)),
        ["request type-changed*", "request body-required", "request type-changed*", "response type-changed*",]
    );
}

#[test]
fn strict_reads_schemas_as_they_are_written() {
    let (old, new) = (
        body(json!({"type": "object", "properties": {"a": {"type": "string"}}})),
        body(json!({"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}})),
    );
    assert_eq!(kinds(&old, &new), [""; 0]);
    let setting = Setting { model: Some(Model::Strict), ..Setting::default() };
    let (breaks, _) = compared(&old, &new, Terms { setting, ..Terms::default() });
    assert_eq!(breaks[0].kind, "property-added", "a client may already send any `b`");
}

const PATH: &str = "orders/openapi.yaml";
const OLD: &str = "\
openapi: 3.0.3
info: {title: Orders, version: 1.0.0}
paths:
  /orders:
    post:
      requestBody:
        content:
          application/json:
            schema: {$ref: 'common.yaml#/Order'}
      responses: {'201': {description: made}}
";
const COMMON: &str = "\
Order:
  type: object
  required: [lines]
  properties:
    lines: {type: array, items: {type: string}}
";

/// A repository with one document, committed, and then changed.
fn changed(path: &str, before: &str, after: &str) -> tempfile::TempDir {
    let folder = folder(&[(path, before)]);
    git(folder.path(), &["init", "-q"]);
    commit(folder.path());
    write(folder.path(), &[(path, after)]);
    folder
}

#[test]
fn a_break_is_shown_with_a_value_and_both_places() {
    let repository = changed(PATH, OLD, OLD);
    let path = repository.path();
    write(path, &[("orders/common.yaml", COMMON)]);
    commit(path);
    let (code, found) = report(path, &["breaking", "--against", "HEAD", "--output", "json"]);
    assert_eq!((code, &found["api_changes"]), (0, &json!([])));
    // What changed lies in another file.
    let narrowed = COMMON.replace("[lines]", "[lines, currency]");
    write(path, &[("orders/common.yaml", &narrowed)]);
    let (code, found) = report(path, &["breaking", "--against", "HEAD", "--output", "json"]);
    assert_eq!(code, 1, "{found:#}");
    let finding = &found["findings"][0];
    assert_eq!(
        (finding["rule"].as_str(), finding["path"].as_str(), finding["line"].as_u64()),
        (Some("api-contract/breaking-change"), Some("orders/common.yaml"), Some(3)),
        "{finding:#}"
    );
    let shown = &finding["api_break"];
    assert_eq!(shown["operations"], json!(["POST /orders"]));
    assert_eq!(shown["witness"], json!({"lines": []}));
    assert_eq!(shown["old"], json!({"path": "orders/common.yaml", "pointer": "/Order/required", "line": 3}));
    let schema: Value = serde_json::from_str(include_str!("../../schemas/findings.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let faults: Vec<String> = validator.iter_errors(&found).map(|error| error.to_string()).collect();
    assert_eq!(faults, [""; 0]);
    let text = skillcheck_in(path, &["breaking", "--against", "HEAD"]).stdout;
    assert!(
        text.contains("OpenAPI documents against HEAD: 1 breaking, 0 unknown, 0 compatible, 0 unchanged"),
        "{text}"
    );

    let (_, linted) =
        report(path, &["lint", "--since", "HEAD", "--rule", "api-contract/breaking-change", "--output", "json"]);
    assert_eq!(linted["findings"].as_array().unwrap().len(), 1, "{linted:#}");
}

#[test]
fn what_can_not_be_read_is_named() {
    let repository = changed(PATH, OLD, "openapi: 3.0.3\npaths: {\n");
    let path = repository.path();
    write(path, &[("events/placed.schema.json", "{\"type\": \"object\"")]);
    let run = skillcheck_in(path, &["breaking", "--against", "main"]);
    assert_eq!(run.code, 4, "{run:?}");
    for file in [PATH, "events/placed.schema.json"] {
        assert!(run.stdout.contains(file), "{file}: {}", run.stdout);
    }
    assert!(run.stdout.contains("OpenAPI documents against main: 0 breaking, 1 unknown"), "{}", run.stdout);

    // A reference that leads nowhere is neither compatible nor a break.
    write(path, &[(PATH, &OLD.replace("common.yaml#/Order", "gone.yaml#/Order"))]);
    std::fs::remove_file(path.join("events/placed.schema.json")).unwrap();
    let run = skillcheck_in(path, &["breaking", "--against", "main"]);
    assert_eq!(run.code, 4, "{run:?}");
    assert!(run.stdout.contains("leads nowhere"), "{}", run.stdout);
}

/// `kind` of each break, with a `?` where it is not certain.
fn certain(old: &Value, new: &Value) -> Vec<String> {
    let (breaks, _) = compared(old, new, Terms::default());
    breaks.iter().map(|found| format!("{}{}", found.kind, if found.doubt.is_some() { "?" } else { "" })).collect()
}

#[test]
fn webhooks_and_callbacks_go_the_other_way() {
    let hook = |required: &[&str], answers: &str| {
        json!({"post": {
            "requestBody": {"required": true, "content": {"application/json": {"schema": {
                "type": "object", "required": required,
                "properties": {"id": {"type": "string"}, "note": {"type": "string"}}}}}},
            "responses": {answers: {"description": ""}}}})
    };
    let webhooks = |hook: Option<Value>| {
        let mut api = body(json!({"type": "object"}));
        if let Some(hook) = hook {
            api["webhooks"] = json!({"orderPlaced": hook});
        }
        api
    };
    let callbacks = |hook: Option<Value>| {
        let mut api = body(json!({"type": "object"}));
        if let Some(hook) = hook {
            let callbacks = json!({"placed": {"{$request.body#/url}": hook}});
            api["paths"]["/orders/{id}"]["post"]["callbacks"] = callbacks;
        }
        api
    };
    for with in [&webhooks as &dyn Fn(Option<Value>) -> Value, &callbacks] {
        let old = with(Some(hook(&["id"], "200")));
        assert_eq!(kinds(&old, &with(Some(hook(&["id", "note"], "200")))), [""; 0], "more is always sent");
        assert_eq!(kinds(&old, &with(Some(hook(&[], "200")))), ["response required-removed*"]);
        assert_eq!(kinds(&old, &with(Some(hook(&["id"], "202")))), ["request response-removed"]);
        assert_eq!(kinds(&old, &with(None)), ["response operation-removed"]);
        assert_eq!(kinds(&with(None), &old), [""; 0]);
        let mut optional = hook(&["id"], "200");
        optional["post"]["requestBody"]["required"] = json!(false);
        assert_eq!(kinds(&old, &with(Some(optional.clone()))), ["response body-optional"]);
        assert_eq!(kinds(&with(Some(optional)), &old), [""; 0], "the receiver is the client");
    }
    let (breaks, _) = compared(&callbacks(Some(hook(&["id"], "200"))), &callbacks(None), Terms::default());
    assert_eq!(breaks[0].operations, ["callback `placed` of POST /orders/{id}"]);
}

#[test]
fn what_was_announced_stays() {
    let with = |deprecated: bool, sunset: Value| {
        let mut api = api(json!({"deprecated": deprecated, "responses": {"204": {"description": ""}}}));
        if !sunset.is_null() {
            api["paths"]["/orders/{id}"]["post"]["x-sunset"] = sunset;
        }
        api
    };
    let old = with(true, json!("2027-05-01"));
    assert_eq!(certain(&old, &with(true, json!("2027-06-01"))), [""; 0]);
    assert_eq!(certain(&old, &with(false, Value::Null)), [""; 0], "it stays");
    assert_eq!(certain(&old, &with(true, json!("2027-04-01"))), ["sunset-earlier"]);
    assert_eq!(certain(&old, &with(true, Value::Null)), ["sunset-removed"]);
    assert_eq!(certain(&old, &with(true, json!("soon"))), ["sunset-invalid?"]);
    assert_eq!(certain(&with(false, Value::Null), &with(true, json!({"on": 1}))), ["sunset-invalid?"]);

    let query = |extra: Value| {
        let mut query = json!({"name": "q", "in": "query", "schema": {"type": "string"}});
        query.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        parameters(json!([query]))
    };
    let old = query(json!({"deprecated": true, "x-sunset": "2027-05-01"}));
    let on = |day: &str| {
        let terms = Terms { today: skillcheck::findings::Date::parse(day), ..Terms::default() };
        let breaks = compared(&old, &parameters(json!([])), terms).0;
        breaks.into_iter().map(|found| found.text).collect::<Vec<_>>()
    };
    assert_eq!(on("2027-05-01"), [""; 0]);
    assert_eq!(on("2027-04-30"), ["the query parameter `q` was removed before its sunset on 2027-05-01"]);
    let text = |default: &str| json!({"type": "string", "default": default});
    assert_eq!(certain(&query(json!({})), &query(json!({"schema": text("a")}))), ["default-changed?"]);
    assert_eq!(certain(&query(json!({"schema": text("a")})), &query(json!({}))), ["default-changed"]);
    let required = |default: &str| query(json!({"required": true, "schema": text(default)}));
    assert_eq!(certain(&required("a"), &required("b")), [""; 0], "nobody leaves it out");

    let member = |level: &str| json!({"type": "object", "properties": {"a": {"x-stability-level": level}}});
    assert_eq!(certain(&answer(member("stable")), &answer(member("draft"))), ["stability-decreased?"]);
    assert_eq!(certain(&answer(member("beta")), &answer(member("stable"))), [""; 0]);
}

#[test]
fn what_is_said_of_other_members_counts_in_requests() {
    let object = |more: Value| {
        let mut object = json!({"type": "object", "properties": {"a": {"type": "string"}}});
        object.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        object
    };
    let open = object(json!({}));
    for more in [
        json!({"additionalProperties": false}),
        json!({"unevaluatedProperties": {"type": "string"}}),
        json!({"propertyNames": {"pattern": "^[a-z]"}}),
    ] {
        let limited = object(more.clone());
        let (breaks, _) = compared(&body(open.clone()), &body(limited.clone()), Terms::default());
        assert_eq!(breaks.len(), 1, "{more}");
        assert!(breaks[0].witness.is_some() && breaks[0].doubt.is_some(), "{breaks:#?}");
        assert_eq!(certain(&answer(open.clone()), &answer(limited)), [""; 0], "{more}");
    }
    let closed = object(json!({"additionalProperties": false}));
    assert_eq!(certain(&answer(closed), &answer(open.clone())), [""; 0], "clients ignore what they don't know");
    // A member that is required and of which nothing is said is sent all the same.
    let (old, new) = (object(json!({"required": ["b"]})), object(json!({"required": ["a"]})));
    assert_eq!(kinds(&body(old), &body(new)), ["request required-added*"]);
}

#[test]
fn a_document_that_contradicts_itself_proves_nothing() {
    let text = |limit: u8| json!({"type": "string", "maxItems": limit});
    assert_eq!(certain(&body(text(9)), &body(text(5))), ["limit-tightened?"]);
    assert_eq!(certain(&body(text(5)), &body(text(9))), [""; 0]);
    let never = |least: u8| json!({"type": "string", "minLength": least, "maxLength": 1});
    assert_eq!(certain(&body(never(2)), &body(never(3))), ["limit-tightened?"]);
    let choice = json!({"oneOf": [
        {"type": "object", "required": ["a"], "properties": {"a": {}, "b": {}}},
        {"type": "object", "required": ["b"], "properties": {"a": {}, "b": {}}}]});
    let both = json!({"type": "object", "required": ["a", "b"], "properties": {"a": {}, "b": {}}});
    let (breaks, _) = compared(&body(both), &body(choice), Terms::default());
    assert_eq!(breaks.iter().map(|found| found.witness.is_some()).collect::<Vec<_>>(), [true]);
}

#[test]
fn a_more_special_media_type_is_still_read() {
    let with = |media: &str| {
        api(json!({"responses": {"200": {"description": "", "content": {media: {"schema": {"type": "object"}}}}}}))
    };
    assert_eq!(kinds(&with("application/json"), &with("application/problem+json")), [""; 0]);
    assert_eq!(kinds(&with("application/problem+json"), &with("application/json")), ["response media-type-removed"]);
    // In text, too, a string has a length.
    let text = |most: u8| {
        let schema = json!({"type": "string", "maxLength": most});
        api(json!({"responses": {"200": {"description": "", "content": {"text/plain": {"schema": schema}}}}}))
    };
    assert_eq!(kinds(&text(5), &text(9)), ["response limit-loosened*"]);
}

#[test]
fn a_break_is_accepted_until_a_day() {
    let closed = OLD.replace("post:", "put:");
    let repository = changed(PATH, OLD, &closed);
    let path = repository.path();
    write(path, &[("orders/common.yaml", COMMON)]);
    let accept = |at: &str, until: &str| {
        let entry = format!(
            "schemas:\n  accepted:\n    - schema: {PATH}\n      change: operation-removed\n{at}      reason: nobody calls it\n      until: {until}\n"
        );
        write(path, &[("skillcheck.yaml", &entry)]);
        report(path, &["breaking", "--against", "HEAD", "--output", "json"])
    };
    let (code, found) = accept("", "2999-01-31");
    assert_eq!((code, &found["findings"]), (0, &json!([])), "{found:#}");
    assert_eq!(found["api_changes"][0]["verdict"], "accepted");
    assert_eq!(found["api_changes"][0]["breaks"][0]["accepted"]["reason"], "nobody calls it");
    let text = skillcheck_in(path, &["breaking", "--against", "HEAD"]).stdout;
    assert!(text.contains("OpenAPI documents against HEAD: 0 breaking, 1 breaking and accepted"), "{text}");
    assert_eq!(accept("      at: /paths/~1orders/post\n", "2999-01-31").0, 0, "the operation");
    let (code, found) = accept("      at: /paths/~1customers\n", "2999-01-31");
    assert_eq!(code, 1, "another one");
    let not_there = found["summary"]["not_checked"].to_string();
    assert!(not_there.contains("is not there since HEAD: remove it"), "{not_there}");
    let (code, found) = accept("", "2020-01-31");
    assert_eq!(code, 1, "the day is over");
    assert!(found["findings"][0]["why"].as_str().unwrap().contains("it was accepted until 2020-01-31"), "{found:#}");
}

#[test]
fn every_tagged_version_counts_when_asked() {
    let repository = changed(PATH, OLD, OLD);
    let path = repository.path();
    write(path, &[("orders/common.yaml", COMMON)]);
    commit(path);
    git(path, &["tag", "v1"]);
    let named = |text: &str| {
        write(path, &[(PATH, text)]);
        commit(path);
    };
    git(path, &["checkout", "-q", "-b", "work"]);
    named(&OLD.replace("post:", "put:"));
    git(path, &["tag", "v2"]);
    named(&OLD.replace("post:", "put:").replace("made", "done"));
    let breaking = |more: &[&str]| {
        let all = [&["breaking", "--against", "v1", "--output", "json"], more].concat();
        let (_, found) = report(path, &all);
        found["findings"].as_array().unwrap().len()
    };
    assert_eq!(breaking(&[]), 1);
    assert_eq!(breaking(&["--transitive"]), 1, "what one version shows is told once");
    named(OLD);
    assert_eq!(breaking(&[]), 0, "as it was in v1");
    assert_eq!(breaking(&["--transitive"]), 1, "clients of v2 put");
}

#[test]
fn what_only_generated_code_feels_is_a_doubt() {
    let query = |schema: Value| parameters(json!([{"name": "q", "in": "query", "schema": schema}]));
    let several = json!({"oneOf": [{"type": "string"}, {"type": "integer"}]});
    assert_eq!(certain(&query(several.clone()), &query(json!({"type": "string"}))), ["types-dropped?"]);
    assert_eq!(certain(&query(json!({"type": "string"})), &query(several)), [""; 0]);
    assert_eq!(certain(&query(json!({"type": "integer"})), &query(json!({"type": "string"}))), [""; 0]);
    let inside = |schema: Value| query(json!({"type": "object", "properties": {"mode": schema}}));
    let types = |types: &[&str]| json!({"anyOf": types.iter().map(|name| json!({"type": name})).collect::<Vec<_>>()});
    assert_eq!(certain(&inside(types(&["string", "boolean"])), &inside(json!({"type": "string"}))), ["types-dropped?"]);

    let path = |more: Value| {
        let mut parameter = json!({"name": "id", "in": "path", "schema": {"type": "string"}});
        parameter["schema"].as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        parameters(json!([parameter]))
    };
    assert_eq!(certain(&path(json!({"default": "1"})), &path(json!({"default": "2"}))), ["unused-default-changed?"]);
    assert_eq!(certain(&path(json!({"default": "1"})), &path(json!({}))), [""; 0]);
    assert_eq!(certain(&parameters(json!([])), &path(json!({}))), ["parameter-described?"]);
    assert_eq!(certain(&path(json!({})), &parameters(json!([]))), [""; 0]);

    let choice = |names: &[&str]| {
        let all: Vec<Value> =
            names.iter().map(|name| json!({"$ref": format!("#/components/schemas/{name}")})).collect();
        let mut api = body(json!({"anyOf": all}));
        let shape =
            |member: &str| json!({"type": "object", "required": [member], "properties": {member: {"type": "string"}}});
        api["components"] = json!({"schemas": {"Dog": shape("bark"), "Cat": shape("name"), "Rabbit": shape("name")}});
        api
    };
    assert_eq!(certain(&choice(&["Dog", "Cat"]), &choice(&["Dog", "Rabbit"])), ["alternative-renamed?"]);
    assert_eq!(certain(&choice(&["Dog", "Cat"]), &choice(&["Cat", "Dog"])), [""; 0]);
}

#[test]
fn links_stay() {
    let linked = |links: Value| api(json!({"responses": {"200": {"description": "", "links": links}}}));
    let one = |operation: &str| {
        linked(json!({"next": {"operationId": operation, "parameters": {"id": "$response.body#/id"}}}))
    };
    assert_eq!(certain(&one("read"), &linked(json!({}))), ["link-removed?"]);
    assert_eq!(certain(&one("read"), &one("list")), ["link-changed?"]);
    assert_eq!(certain(&linked(json!({})), &one("read")), [""; 0]);
}

#[test]
fn callers_in_other_repositories_are_named() {
    let repository = changed(PATH, OLD, OLD);
    let path = repository.path();
    let service = "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.post(\"/orders\")\ndef place(): ...\n";
    write(
        path,
        &[
            ("orders/common.yaml", COMMON),
            ("compose.yaml", "services:\n  orders:\n    build: ./orders\n"),
            ("orders/main.py", service),
        ],
    );
    commit(path);
    write(path, &[("orders/common.yaml", &COMMON.replace("[lines]", "[lines, currency]"))]);
    let web = folder(&[
        ("compose.yaml", "services:\n  web:\n    build: ./web\n"),
        (
            "web/main.py",
            "import httpx\n\n\ndef place(order):\n    return httpx.post(\"http://orders:8000/orders\", json=order, timeout=2)\n",
        ),
    ]);
    let facts = skillcheck_in(web.path(), &["facts", "--repository", "acme/web", "-o", "web.jsonl"]);
    assert_eq!(facts.code, 0, "{facts:?}");
    let file = web.path().join("web.jsonl");
    let with = file.to_str().unwrap();
    let (code, found) = report(path, &["breaking", "--against", "HEAD", "--with", with, "--output", "json"]);
    assert_eq!(code, 1, "{found:#}");
    let related = found["findings"][0]["related"].as_array().unwrap();
    let caller = related.iter().find(|place| place["path"].as_str().unwrap().ends_with("web/main.py"));
    let caller = caller.unwrap_or_else(|| panic!("{found:#}"));
    assert_eq!(caller["line"], 5);
    assert_eq!(caller["message"], "`web` calls it here");
}

#[test]
fn lint_since_tells_what_breaking_tells() {
    let schema = |required: &[&str]| {
        json!({"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "https://x/placed", "description": "d",
            "type": "object", "required": required, "properties": {"id": {"type": "string"}, "note": {"type": "string"}}})
        .to_string()
    };
    let repository = changed(PATH, OLD, OLD);
    let path = repository.path();
    write(path, &[("orders/common.yaml", COMMON), ("events/placed.schema.json", &schema(&["id"]))]);
    commit(path);
    let removed = OLD.replace("/orders:", "/purchases:");
    write(path, &[(PATH, &removed), ("events/placed.schema.json", &schema(&["id", "note"]))]);
    let told = |found: &Value| -> Vec<(String, String, u64)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let all = found["findings"].as_array().unwrap().iter();
        let of_change = all.filter(|f| f["rule"].as_str().unwrap().ends_with("/breaking-change"));
        of_change.map(|f| (text(&f["rule"]), text(&f["message"]), f["line"].as_u64().unwrap())).collect()
    };
    let (_, breaking) = report(path, &["breaking", "--against", "HEAD", "--output", "json"]);
    let (_, lint) = report(path, &["lint", "--since", "HEAD", "--output", "json"]);
    assert_eq!(told(&breaking).len(), 2, "{breaking:#}");
    assert_eq!(told(&breaking), told(&lint));
}
