//! The public suites for compatibility, where they are: `SKILLCHECK_SUITES=dir cargo test --test it
//! schema_suites -- --ignored --nocapture`. They are not part of the repository.
// The figures are what it is run for.
#![allow(clippy::print_stdout)]

use std::path::PathBuf;

use serde_json::Value;
use skillcheck::schema::{Dialect, Engine, Inclusion, Schema, Verdict};

fn suite(name: &str) -> String {
    let folder = std::env::var_os("SKILLCHECK_SUITES").expect("SKILLCHECK_SUITES names the folder of the suites");
    std::fs::read_to_string(PathBuf::from(folder).join(name)).unwrap()
}

#[test]
#[ignore = "needs SKILLCHECK_SUITES"]
fn containment_is_decided_and_right() {
    let text = suite("json-schema-containment.jsonl");
    let (mut right, mut against, mut unknown, mut invalid) = (0, Vec::new(), 0, 0);
    for row in text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        let dialect = match row["draft"].as_str().unwrap() {
            "6" => Dialect::Draft6,
            "7" => Dialect::Draft7,
            "2019" => Dialect::Draft201909,
            _ => Dialect::Draft202012,
        };
        let read = |key: &str| Schema::of_value(&row[key], Some(dialect));
        let (Ok(old), Ok(new)) = (read("old"), read("new")) else {
            invalid += 1;
            continue;
        };
        for (label, inner, outer) in [("backward", &old, &new), ("forward", &new, &old)] {
            let Some(expected) = row[label].as_bool() else { continue };
            match Engine::default().decide(inner, outer, &[]) {
                Verdict::Unknown { .. } => unknown += 1,
                verdict if verdict.is_compatible() == expected => right += 1,
                _ => against.push(format!("{} {label}", row["id"])),
            }
        }
    }
    let total = right + against.len() + unknown;
    println!("{right} of {total} as labelled, {} against, {unknown} unknown, {invalid} invalid", against.len());
    println!("{}", against.join("\n"));
    assert!(right * 1000 >= total * 980, "{right} of {total}");
}

#[test]
#[ignore = "needs SKILLCHECK_SUITES"]
fn usual_changes_are_all_decided() {
    let rows: Vec<Value> = serde_json::from_str(&suite("json-schema-changes.json")).unwrap();
    let mut open = Vec::new();
    for row in &rows {
        let read = |key: &str| Schema::of_value(&row[key], None).unwrap();
        let (old, new) = (read("old"), read("new"));
        for (inner, outer) in [(&old, &new), (&new, &old)] {
            if let Verdict::Unknown { reason } = Engine::default().decide(inner, outer, &[]) {
                open.push(format!("{}: {reason}", row["change"]));
            }
        }
    }
    assert_eq!((rows.len(), open), (148, Vec::new()));
}

#[test]
#[ignore = "needs SKILLCHECK_SUITES"]
fn avro_is_resolved_as_specified() {
    use skillcheck::schema::avro::{Avro, Names, can_read};
    use skillcheck::schema::{Document, Library};
    let rows: Vec<Value> = serde_json::from_str(&suite("avro.json")).unwrap();
    let read = |row: &Value, key: &str| {
        let document = Document::read("a.avsc", row[key].as_str().unwrap()).map_err(|error| error.message)?;
        let library = Library::new(vec![document]);
        let names = Names::of(&library, ["a.avsc"]);
        Avro::read(&library, &names, "a.avsc").map_err(|invalid| format!("{}: {}", invalid.pointer, invalid.reason))
    };
    let mut against = Vec::new();
    for row in &rows {
        let verdict = match (read(row, "reader"), read(row, "writer")) {
            (Ok(reader), Ok(writer)) => can_read(&reader, &writer),
            (Err(reason), _) | (_, Err(reason)) => Verdict::Unknown { reason },
        };
        let is_right = match verdict {
            Verdict::Unknown { .. } => false,
            ref decided => decided.is_compatible() == row["ok"].as_bool().unwrap(),
        };
        if !is_right {
            against.push(format!("{} {}: {verdict:?}\n  {}\n  {}", row["n"], row["id"], row["reader"], row["writer"]));
        }
    }
    println!("{} of {} as labelled\n{}", rows.len() - against.len(), rows.len(), against.join("\n"));
    assert!(against.len() <= 1, "{} against", against.len());
}
