use serde_json::{Value, json};

use super::resolve::is_datum;
use super::{Avro, Names, can_read, changes};
use crate::schema::document::Document;
use crate::schema::{Library, Verdict};

fn read(value: &Value) -> Result<Avro, String> {
    let library = Library::new(vec![Document::read("a.avsc", &value.to_string()).unwrap()]);
    let names = Names::of(&library, ["a.avsc"]);
    Avro::read(&library, &names, "a.avsc").map_err(|invalid| format!("{}: {}", invalid.pointer, invalid.reason))
}

/// Which of backward and forward hold: `yy`, `yn`; `?` where it is not known. What breaks is a datum of the
/// writer.
fn both(old: &Value, new: &Value) -> String {
    let (old, new) = (read(old).unwrap(), read(new).unwrap());
    [(&new, &old), (&old, &new)]
        .map(|(reader, writer)| match can_read(reader, writer) {
            Verdict::Compatible { .. } => 'y',
            Verdict::Breaking { witness, .. } => {
                assert!(is_datum(writer, writer.root, &witness), "{witness}");
                'n'
            }
            Verdict::Refused { .. } => '-',
            Verdict::Unknown { .. } => '?',
        })
        .iter()
        .collect()
}

fn record(fields: Value) -> Value {
    json!({"type": "record", "name": "Order", "namespace": "shop", "fields": fields})
}

#[test]
fn usual_changes() {
    let base = record(json!([{"name": "id", "type": "string"}]));
    let with = |field: Value| record(json!([{"name": "id", "type": "string"}, field]));
    let of = |kind: Value| record(json!([{"name": "id", "type": kind}]));
    let status = |symbols: Value| json!({"type": "enum", "name": "Status", "symbols": symbols});
    let decimal = |scale: u32| json!({"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": scale});
    let mut known = status(json!(["A", "B"]));
    known["default"] = json!("A");
    for (what, old, new, expected) in [
        ("a field with a default", base.clone(), with(json!({"name": "n", "type": "int", "default": 0})), "yy"),
        ("a field without", base.clone(), with(json!({"name": "n", "type": "int"})), "ny"),
        ("null instead of nothing", base.clone(), of(json!(["null", "string"])), "yn"),
        ("a promotion", of(json!("int")), of(json!("double")), "yn"),
        ("bytes for text", of(json!("string")), of(json!("bytes")), "yy"),
        ("a symbol", of(status(json!(["A"]))), of(status(json!(["A", "B"]))), "yn"),
        ("a symbol that readers replace", of(known.clone()), of(status(json!(["A", "B", "C"]))), "yy"),
        (
            "another size",
            of(json!({"type": "fixed", "name": "F", "size": 2})),
            of(json!({"type": "fixed", "name": "F", "size": 3})),
            "nn",
        ),
        (
            "items of arrays",
            of(json!({"type": "array", "items": "int"})),
            of(json!({"type": "array", "items": "string"})),
            "nn",
        ),
        (
            "values of maps",
            of(json!({"type": "map", "values": "int"})),
            of(json!({"type": "map", "values": "long"})),
            "yn",
        ),
        ("a scale", of(decimal(2)), of(decimal(3)), "nn"),
        (
            "a namespace",
            base.clone(),
            json!({"type": "record", "name": "other.Order", "fields": [{"name": "id", "type": "string"}]}),
            "yy",
        ),
    ] {
        assert_eq!(both(&old, &new), expected, "{what}");
    }
    let mut renamed = record(json!([{"name": "number", "type": "string", "aliases": ["id"]}]));
    renamed["name"] = json!("Purchase");
    assert_eq!(both(&base, &renamed), "nn");
    renamed["aliases"] = json!(["Order"]);
    assert_eq!(both(&base, &renamed), "yn", "aliases are the reader's");
}

#[test]
fn recursion() {
    let list = |leaf: &str| {
        json!({"type": "record", "name": "List", "fields": [
            {"name": "head", "type": leaf}, {"name": "tail", "type": ["null", "List"], "default": null}]})
    };
    assert_eq!(both(&list("int"), &list("long")), "yn");
    // A pair that is taken to fit while it is looked at falls in the end.
    let tree = |leaf: &str| {
        json!({"type": "record", "name": "A", "fields": [
            {"name": "b", "type": ["null", {"type": "record", "name": "B", "fields": [{"name": "a", "type": ["null", "A"]}]}]},
            {"name": "v", "type": leaf}]})
    };
    assert_eq!(both(&tree("int"), &tree("string")), "nn");
    let endless =
        json!({"type": "record", "name": "R", "fields": [{"name": "r", "type": "R"}, {"name": "x", "type": "int"}]});
    let mut other = endless.clone();
    other["fields"][1]["type"] = json!("string");
    assert_eq!(both(&endless, &other), "--", "nobody can write one");
}

#[test]
fn what_is_no_schema_is_refused() {
    for (wrong, reason) in [
        (json!({"type": "record", "name": "R"}), "record `R` without a list of `fields`"),
        (json!({"type": "record", "name": "R-1", "fields": []}), "`R-1` is no name"),
        (json!(["int", "int"]), "`int` stands twice in a union"),
        (json!(["int", ["string"]]), "a union immediately in a union"),
        (record(json!([{"name": "a", "type": "int"}, {"name": "a", "type": "int"}])), "field `a` stands twice"),
        (record(json!([{"name": "a", "type": "int", "default": "x"}])), "`\"x\"` is no default of `a`, which is int"),
        (
            record(json!([{"name": "a", "type": {"type": "fixed", "name": "Order", "size": 1}}])),
            "`shop.Order` is defined twice",
        ),
    ] {
        let told = read(&wrong).unwrap_err();
        assert!(told.ends_with(reason), "{told}");
    }
    let wrong = json!({"type": "enum", "name": "E", "symbols": ["A"], "default": "B"});
    let more = json!({"type": "enum", "name": "E", "symbols": ["A", "C"], "default": "A"});
    assert_eq!(both(&wrong, &wrong), "yy", "nobody asks for that default");
    assert_eq!(both(&more, &wrong), "ny", "it is no help");
    let missing = record(json!([{"name": "a", "type": "Address"}]));
    let known = record(json!([{"name": "a", "type": "string"}]));
    assert_eq!(both(&missing, &known), "??");
    let deep = (0..150).fold(json!("int"), |inner, _| json!({"type": "array", "items": inner}));
    assert_eq!(both(&deep, &deep), "yy");
}

#[test]
fn types_of_other_files() {
    let library = |amount: &str| {
        let file = |path: &str, value: Value| Document::read(path, &value.to_string()).unwrap();
        Library::new(vec![
            file("e/order.avsc", record(json!([{"name": "total", "type": "Money"}]))),
            file(
                "e/money.avsc",
                json!({"type": "record", "name": "shop.Money", "fields": [{"name": "cents", "type": amount}]}),
            ),
        ])
    };
    let read = |amount: &str| {
        let library = library(amount);
        let names = Names::of(&library, ["e/order.avsc", "e/money.avsc"]);
        Avro::read(&library, &names, "e/order.avsc").unwrap()
    };
    let (old, new) = (read("long"), read("int"));
    let Verdict::Breaking { witness, fault } = can_read(&new, &old) else { panic!("no witness") };
    assert_eq!(witness, json!({"total": {"cents": 0}}));
    let fault = fault.unwrap();
    assert_eq!(
        (fault.0.as_str(), fault.1.as_str()),
        ("/total/cents", "the reader expects int, the writer writes long")
    );
    let found = changes(&old, &new);
    assert_eq!(found[0].new, Some(("e/money.avsc".to_owned(), "/fields/0/type".to_owned())));
    assert_eq!((found.len(), found[0].kind, found[0].narrows, found[0].widens), (1, "type-narrowed", true, false));
}

#[test]
fn changes_are_named_with_their_places() {
    let old = record(json!([{"name": "id", "type": "int"}, {"name": "note", "type": "string"},
        {"name": "status", "type": {"type": "enum", "name": "S", "symbols": ["A", "B"]}}]));
    let new = record(json!([{"name": "id", "type": ["null", "int"]},
        {"name": "status", "type": {"type": "enum", "name": "S", "symbols": ["A"]}}, {"name": "by", "type": "string"}]));
    let found: Vec<_> = changes(&read(&old).unwrap(), &read(&new).unwrap())
        .into_iter()
        .map(|c| (c.kind, c.instance, c.new.unwrap().1, c.narrows, c.widens))
        .collect();
    let is = |kind, instance: &str, pointer: &str, narrows, widens| {
        (kind, instance.to_owned(), pointer.to_owned(), narrows, widens)
    };
    assert_eq!(
        found,
        [
            is("branch-added", "/id", "/fields/0/type/0", false, true),
            is("symbol-removed", "/status", "/fields/1/type/symbols", true, false),
            is("field-added", "/by", "/fields/2", true, false),
            is("field-removed", "/note", "/fields", false, true),
        ]
    );
}
