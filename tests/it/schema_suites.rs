//! The public suites for compatibility, where they are: `SKILLCHECK_SUITES=dir cargo test --test it
//! schema_suites -- --ignored --nocapture`. They are not part of the repository.
// The figures are what it is run for.
#![allow(clippy::print_stdout)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;
use skillcheck::check::{Before, Request, State, check};
use skillcheck::schema::compat::{Direction, compare};
use skillcheck::schema::evolve::Terms;
use skillcheck::schema::{Dialect, Engine, Inclusion, Library, Model, Schema, Verdict, registry};

fn suite(name: &str) -> String {
    let folder = std::env::var_os("SKILLCHECK_SUITES").expect("SKILLCHECK_SUITES names the folder of the suites");
    std::fs::read_to_string(PathBuf::from(folder).join(name)).unwrap()
}

/// Labels that take `format`, `content*` and Unicode classes for assertions; they are annotations, or not in
/// ECMA 262 without its `u` flag.
fn asserts_annotations(id: &str) -> bool {
    let file = id.split('#').next().unwrap_or(id);
    id.contains("/optional/") || file.ends_with("/format.json") || file.ends_with("/content.json")
}

/// What a validator says of a document, the schema as it is written.
fn accepts(schema: &Value, draft: jsonschema::Draft, document: &Value) -> Option<bool> {
    let validator = jsonschema::options().with_draft(draft).should_validate_formats(false).build(schema).ok()?;
    Some(validator.is_valid(document))
}

#[test]
#[ignore = "needs SKILLCHECK_SUITES"]
fn containment_is_decided_and_right() {
    use jsonschema::Draft;
    let text = suite("json-schema-containment.jsonl");
    let (mut right, mut left_out, mut invalid) = (0, 0, 0);
    let (mut witnessed, mut proved, mut unknown, mut refuted) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for row in text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        let (dialect, draft) = match row["draft"].as_str().unwrap() {
            "6" => (Dialect::Draft6, Draft::Draft6),
            "7" => (Dialect::Draft7, Draft::Draft7),
            "2019" => (Dialect::Draft201909, Draft::Draft201909),
            _ => (Dialect::Draft202012, Draft::Draft202012),
        };
        if asserts_annotations(row["id"].as_str().unwrap()) {
            left_out += 1;
            continue;
        }
        let read = |key: &str| Schema::of_value(&row[key], Some(dialect));
        let (Ok(old), Ok(new)) = (read("old"), read("new")) else {
            invalid += 1;
            continue;
        };
        for (label, inner, outer) in [("backward", "old", "new"), ("forward", "new", "old")] {
            let Some(expected) = row[label].as_bool() else { continue };
            let schema = |key: &str| if key == "old" { &old } else { &new };
            let verdict = Engine::default().decide(schema(inner), schema(outer), &[]);
            let told = format!("{} {label}", row["id"].as_str().unwrap());
            if let Verdict::Breaking { witness, .. } = &verdict {
                let seen = (accepts(&row[inner], draft, witness), accepts(&row[outer], draft, witness));
                // A schema that this validator refuses to compile is no opinion.
                if matches!(seen, (Some(false), _) | (_, Some(true))) {
                    refuted.push(format!("{told}: {witness}"));
                }
            }
            // A proof about a constant is easily checked.
            if let (true, Some(value)) = (verdict.is_compatible(), row[inner].get("const"))
                && accepts(&row[outer], draft, value) == Some(false)
            {
                refuted.push(format!("{told}: proved, but {value} is rejected"));
            }
            match &verdict {
                Verdict::Unknown { reason } => unknown.push(format!("{told}: {reason}")),
                verdict if verdict.is_compatible() == expected => right += 1,
                Verdict::Breaking { witness, .. } => witnessed.push(format!("{told}: {witness}")),
                Verdict::Compatible { proof } => proved.push(format!("{told}: {}", proof.name())),
                Verdict::Refused { fault } => panic!("{told}: no registry was asked: {fault:?}"),
            }
        }
    }
    let against = witnessed.len() + proved.len();
    let total = right + against + unknown.len();
    println!(
        "{right} of {total} as labelled, {against} against, {} unknown; {left_out} rows left out, {invalid} invalid",
        unknown.len()
    );
    println!("witness against the label:\n  {}", witnessed.join("\n  "));
    println!("proof against the label:\n  {}", proved.join("\n  "));
    println!("unknown:\n  {}", unknown.join("\n  "));
    assert_eq!(refuted, [""; 0]);
    // What is decided against the label is listed, with the reasons, in docs/schema.md.
    assert!(witnessed.len() <= 28 && proved.len() <= 5, "{against} against the label");
    assert!((right + against) * 1000 >= total * 990, "{} unknown of {total}", unknown.len());
}

/// The verdicts of the table of changes, by change: as written, tolerant, Confluent. `FULL`, `BACK`, `FORW`, `NONE`.
fn table() -> BTreeMap<String, Vec<String>> {
    let text = suite("../reference/schema.md");
    let (_, text) = text.split_once("### 1.6").unwrap();
    let cells = |line: &str| -> Vec<String> {
        line.trim_matches('|').split(" | ").map(|cell| cell.trim().trim_matches('*').to_owned()).collect()
    };
    let rows = text.lines().take_while(|line| !line.starts_with("## ")).filter(|line| line.starts_with("| "));
    rows.skip(1).map(cells).map(|mut row| (row.remove(0), row)).collect()
}

#[test]
#[ignore = "needs SKILLCHECK_SUITES"]
fn usual_changes_are_all_right() {
    let rows: Vec<Value> = serde_json::from_str(&suite("json-schema-changes.json")).unwrap();
    let table = table();
    let mut wrong = Vec::new();
    for row in &rows {
        let change = row["change"].as_str().unwrap();
        let read = |key: &str| Schema::of_value(&row[key], None).unwrap();
        let (old, new) = (read("old"), read("new"));
        let library = |key: &str| Library::of_value(row[key].clone());
        let (before, now) = (library("old"), library("new"));
        for (column, model) in [Model::Strict, Model::Tolerant, Model::Confluent].into_iter().enumerate() {
            let holds = |direction: Direction| match model {
                Model::Confluent => {
                    let place = |library| (library, "schema.json", "");
                    let (from, to) = match direction {
                        Direction::Backward => (place(&before), place(&now)),
                        Direction::Forward => (place(&now), place(&before)),
                    };
                    Some(registry::refusals(from, to, false).unwrap().is_empty())
                }
                _ => match compare(&Engine::default(), &old, &new, direction, model, &[]) {
                    Verdict::Unknown { .. } => None,
                    verdict => Some(verdict.is_compatible()),
                },
            };
            let found = match (holds(Direction::Backward), holds(Direction::Forward)) {
                (Some(true), Some(true)) => "FULL",
                (Some(true), Some(false)) => "BACK",
                (Some(false), Some(true)) => "FORW",
                (Some(false), Some(false)) => "NONE",
                _ => "unknown",
            };
            let expected = &table[change][column];
            if found != expected {
                wrong.push(format!("{change}, {}: {found}, not {expected}", model.name()));
            }
        }
    }
    println!("{} changes, {} deviations in both directions and three models", rows.len(), wrong.len());
    assert_eq!((rows.len(), wrong), (148, Vec::new()));
}

/// Both versions of a document as folders, and what the check says: breaks by operation, and what is unknown.
fn api_breaks(old: &Value, new: &Value) -> (Vec<String>, Vec<String>) {
    let write = |value: &Value| {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("openapi.json"), format!("{value:#}")).unwrap();
        folder
    };
    let (before, now) = (write(old), write(new));
    let state = State::Folder(before.path().to_owned());
    let before = Before { state, terms: Terms::default() };
    let request = Request { paths: vec![now.path().to_owned()], before: Some(before), ..Request::default() };
    let outcome = check(request).unwrap();
    let found = outcome.findings.iter().filter(|finding| finding.rule == "api-contract/breaking-change");
    let changed = outcome.system.api_changes.changed.iter();
    let unknown = changed.flat_map(|change| &change.unknown).map(|(_, reason)| reason.clone()).collect();
    (found.map(|finding| format!("{} ({})", finding.message, finding.why)).collect(), unknown)
}

/// Why the label of a pair of OpenAPI documents is not followed; see docs/schema.md.
fn other_meaning(number: u64) -> Option<&'static str> {
    Some(match number {
        4 | 6 => "security is asked for that was not",
        0 => "the only successful response is another one",
        26 | 28 | 30 => "a response may hold strings that its pattern excluded",
        58 => "the default of a parameter that is always sent",
        90 | 94 | 98 => "no value fits one version only",
        162 | 164 | 170 | 172 | 254 | 256 | 262 | 264 => "the label speaks of one side, and the other breaks",
        296 => "the receiver of a webhook is the client",
        _ => return None,
    })
}

#[test]
#[ignore = "needs SKILLCHECK_SUITES"]
fn openapi_changes_break_or_not_as_expected() {
    let text = suite("openapi-breaking.jsonl");
    let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (mut right, mut other, mut same, mut warned) = (0, 0, 0, 0);
    let (mut unknown, mut against) = (Vec::new(), Vec::new());
    for row in &rows {
        let told = format!("{} {} {}", row["n"], row["test"].as_str().unwrap(), row["ids"]);
        // A test of one check only: what else the documents change is labelled where the same pair stands
        // again.
        let pair = |row: &Value| (row["old"].clone(), row["new"].clone());
        let label = |wanted: &str| rows.iter().any(|twin| twin["brk"] == wanted && pair(twin) == pair(row));
        if row["old"] == row["new"] && label("ERR") {
            // The change was made in the code of that test, not in its files.
            same += 1;
            continue;
        }
        let (breaks, open) = api_breaks(&row["old"], &row["new"]);
        if row["brk"] == "WARN" {
            warned += usize::from(!breaks.is_empty());
        } else if breaks.is_empty() && !open.is_empty() {
            unknown.push(format!("{told}: {}", open.join("; ")));
        } else if label("ERR") != breaks.is_empty() {
            right += 1;
        } else if other_meaning(row["n"].as_u64().unwrap()).is_some() {
            other += 1;
        } else {
            against.push(format!("{told}: {}", breaks.join("; ")));
        }
    }
    let total = right + other + against.len() + unknown.len();
    println!(
        "{right} of {total} as expected, {other} otherwise for a reason; {warned} warnings break, {same} pairs without a change"
    );
    println!("against:\n  {}", against.join("\n  "));
    println!("unknown:\n  {}", unknown.join("\n  "));
    assert!((right + other) * 100 >= total * 98, "{right} and {other} of {total}");
}

#[test]
#[ignore = "needs SKILLCHECK_SUITES"]
fn avro_is_resolved_as_specified() {
    use skillcheck::schema::Document;
    use skillcheck::schema::avro::{Avro, Names, can_read};
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
    assert_eq!(against.len(), 0, "{} against", against.len());
}

/// The verdicts of other registries and tools, compared with those of the registry that `confluent` follows. They
/// need not be the same; what it lets through and they refuse is read by hand (docs/schema.md).
#[test]
#[ignore = "needs SKILLCHECK_SUITES"]
fn confluent_lets_little_through_that_others_refuse() {
    let text = suite("json-schema-registry.jsonl");
    let mut looser: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut counts: BTreeMap<String, [usize; 3]> = BTreeMap::new();
    for line in text.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let of = |key: &str| Library::of_value(row[key].clone());
        let (old, new) = (of("old"), of("new"));
        let name = row["suite"].as_str().unwrap().to_owned();
        for (direction, from, to) in [("backward", &old, &new), ("forward", &new, &old)] {
            let Some(label) = row[direction].as_bool() else { continue };
            let found = registry::refusals((from, "schema.json", ""), (to, "schema.json", ""), false);
            let count = counts.entry(name.clone()).or_default();
            match found {
                Ok(refusals) if refusals.is_empty() == label => count[0] += 1,
                Ok(refusals) => {
                    count[1] += 1;
                    if refusals.is_empty() {
                        let shown = format!("{} {direction}: {} -> {}", row["id"], row["old"], row["new"]);
                        looser.entry(name.clone()).or_default().push(shown);
                    }
                }
                Err(_) => count[2] += 1,
            }
        }
    }
    println!("as labelled, otherwise, not known: {counts:?}");
    for (name, all) in &looser {
        println!("{name}, {} let through:\n  {}", all.len(), all.join("\n  "));
    }
    assert!(counts.values().all(|count| count[0] > 0), "{counts:?}");
}
