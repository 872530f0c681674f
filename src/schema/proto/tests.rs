use super::{File, Level, Types, compare};
use crate::schema::Verdict;
use crate::schema::compat::Direction;

/// What was changed, whom it breaks (`b`ackward, `f`orward) and the answers in both directions.
fn changed(old: &str, new: &str, level: Level, registry: bool) -> (Vec<String>, String) {
    let head = "syntax = \"proto3\";\npackage acme.orders;\n";
    let read = |body: &str| {
        let text = if body.starts_with("syntax") { body.to_owned() } else { format!("{head}{body}") };
        File::read("orders.proto", &text).unwrap()
    };
    let (old, new) = (read(old), read(new));
    let (before, now) = (Types::of([&old]), Types::of([&new]));
    let mut kinds = Vec::new();
    let mut answers = [' ', ' '];
    for (name, pointer) in old.top() {
        let there = new.top().find(|(other, _)| *other == name).map(|(_, pointer)| pointer);
        let found = compare(((&old, &before), &pointer), ((&new, &now), there.as_deref()), level, registry);
        for change in &found.changes {
            let (b, f) = (if change.narrows { "b" } else { "" }, if change.widens { "f" } else { "" });
            kinds.push(format!("{}{} {b}{f}", change.kind, change.instance).trim_end().to_owned());
        }
        for (answer, direction) in answers.iter_mut().zip([Direction::Backward, Direction::Forward]) {
            *answer = match (found.verdict(direction), *answer) {
                (_, 'n') => 'n',
                (Verdict::Breaking { .. } | Verdict::Refused { .. }, _) => 'n',
                (_, '?') | (Verdict::Unknown { .. }, _) => '?',
                (Verdict::Compatible { .. }, _) => 'y',
            };
        }
    }
    (kinds, answers.iter().collect())
}

fn message(body: &str) -> String {
    format!("message Order {{ {body} }}\nenum Status {{ NEW = 0; PAID = 1; }}\nmessage Money {{ int64 cents = 1; }}")
}

fn wire(old: &str, new: &str) -> (Vec<String>, String) {
    changed(&message(old), &message(new), Level::Wire, false)
}

#[test]
fn fields() {
    for (what, old, new, kinds, answer) in [
        ("nothing", "string id = 1;", "string id = 1; /* the number */", "", "yy"),
        ("a new field", "string id = 1;", "string id = 1; string note = 2;", "field-added/note", "yy"),
        ("a removed field", "string id = 1; int32 n = 2;", "string id = 1;", "field-removed/n b", "ny"),
        (
            "a reserved field",
            "string id = 1; int32 n = 2;",
            "string id = 1; reserved 2; reserved \"n\";",
            "field-removed/n",
            "yy",
        ),
        (
            "a reserved number again",
            "reserved 1 to 3; string id = 4;",
            "reserved 1, 3; string id = 4; bool b = 2;",
            "reserved-removed b|number-reused/b b",
            "ny",
        ),
        ("another type", "string id = 1;", "int32 id = 1;", "type-changed/id bf", "nn"),
        ("integers", "int32 n = 1;", "uint64 n = 1;", "type-changed/n", "yy"),
        ("zigzag", "int32 n = 1;", "sint32 n = 1;", "type-changed/n bf", "nn"),
        ("text as bytes", "string s = 1;", "bytes s = 1;", "type-changed/s f", "yn"),
        ("an enum as a number", "Status s = 1;", "int32 s = 1;", "type-changed/s", "yy"),
        ("a message as a number", "Money s = 1;", "int32 s = 1;", "type-changed/s bf", "nn"),
        ("a list", "string s = 1;", "repeated string s = 1;", "label-changed/s f", "yn"),
        ("a name", "string s = 1;", "string t = 1;", "field-renamed/s", "yy"),
        ("presence", "string s = 1;", "optional string s = 1;", "label-changed/s", "yy"),
        (
            "into a new oneof",
            "string s = 1;",
            "oneof o { string s = 1; string t = 2; }",
            "field-added/t|label-changed/s",
            "yy",
        ),
        (
            "two into a oneof",
            "string s = 1; string t = 2;",
            "oneof o { string s = 1; string t = 2; }",
            "label-changed/s|label-changed/t|oneof-changed/s b",
            "ny",
        ),
        ("a map", "map<string, int32> m = 1;", "map<string, string> m = 1;", "type-changed/m bf", "nn"),
        ("of another file", "other.Thing t = 1;", "other.Thing t = 1; string id = 2;", "field-added/id", "yy"),
        ("to another file", "int32 t = 1;", "other.Thing t = 1;", "", "??"),
    ] {
        let (found, verdict) = wire(old, new);
        assert_eq!((found.join("|"), verdict), (kinds.to_owned(), answer.to_owned()), "{what}");
    }
}

#[test]
fn a_renamed_message_is_compared() {
    let (old, new) = (
        "message A { Money m = 1; } message Money { int64 c = 1; }",
        "message A { Cash m = 1; } message Cash { int64 c = 1; }",
    );
    assert_eq!(changed(old, new, Level::Wire, false).1, "yy");
    let other = "message A { Cash m = 1; } message Cash { string c = 1; }";
    assert_eq!(changed(old, other, Level::Wire, false).1, "nn");
    assert_eq!(changed(old, new, Level::Source, false).1, "nn");
}

#[test]
fn json_and_source_ask_more() {
    let (old, new) = (message("string s = 1; int32 n = 2;"), message("string t = 1; int64 n = 2;"));
    assert_eq!(changed(&old, &new, Level::Json, false).0, ["field-renamed/s bf", "type-changed/n bf"]);
    let (old, new) = ("enum E { A = 0; B = 1; }", "enum E { A = 0; C = 1; }");
    assert_eq!(changed(old, new, Level::Wire, false), (vec!["value-renamed".into()], "yy".into()));
    assert_eq!(changed(old, new, Level::Json, false), (vec!["value-renamed bf".into()], "nn".into()));
    let gone = "message Other {}";
    assert_eq!(changed(&message("string s = 1;"), gone, Level::Wire, false).1, "yy");
    assert_eq!(changed(&message("string s = 1;"), gone, Level::Source, false).1, "nn");
    assert_eq!(changed("enum E { A = 0; B = 1; }", "enum E { A = 0; }", Level::Wire, false).0, ["value-removed b"]);
}

#[test]
fn services() {
    let old = "message A {} message B {} service S { rpc Get(A) returns (B); rpc Put(A) returns (B); rpc Watch(A) returns (stream B); }";
    let new = "message A {} message B {} service S { rpc Get(B) returns (B); rpc Watch(A) returns (B) {} }";
    assert_eq!(
        changed(old, new, Level::Wire, false).0,
        ["rpc-type-changed bf", "rpc-removed b", "rpc-streaming-changed bf"]
    );
    assert_eq!(changed(old, "message A {} message B {}", Level::Wire, false).0, ["service-removed b"]);
}

#[test]
fn the_registry_has_rules_of_its_own() {
    let of = |old: &str, new: &str| changed(&message(old), &message(new), Level::Wire, true).1;
    assert_eq!(of("string id = 1; int32 n = 2;", "string id = 1;"), "yy");
    assert_eq!(of("string s = 1;", "bytes s = 1;"), "yy");
    assert_eq!(of("string s = 1;", "int32 s = 1;"), "nn");
    assert_eq!(of("oneof o { string a = 1; string b = 2; }", "oneof o { string a = 1; }"), "nn");
}

#[test]
fn files_are_read_as_they_are_written() {
    let file = File::read(
        "a.proto",
        "// x\nsyntax = 'proto2';\npackage a.b;\nimport \"google/protobuf/any.proto\";\noption (my.opt) = { a: 1 b { c: [1, 2] } };\n\
         message M {\n  option deprecated = true;\n  required int32 a = 1 [default = -7, (x).y = {z: 1}];\n  optional group G = 2 { optional int32 i = 1; }\n  \
         extensions 100 to max;\n  reserved 5, 10 to 20, 0x20;\n  reserved \"old\";\n  oneof o { string message = 6; int64 optional = 7; }\n  \
         map<string, .a.b.M> m = 8;\n  enum E { option allow_alias = true; A = 0; B = 0; C = -1; }\n  extend M { optional int32 e = 101; }\n}\n\
         extend M { optional string f = 102; }\nservice S { option x = 1; rpc R(stream M) returns (.a.b.M) { option idempotency_level = NO_SIDE_EFFECTS; } }\n",
    )
    .unwrap();
    assert_eq!((file.package.as_str(), file.syntax.as_str()), ("a.b", "proto2"));
    assert_eq!(file.top().map(|(_, pointer)| pointer).collect::<Vec<_>>(), ["/M", "/extend M", "/S"]);
    assert!(file.span("/M/optional").start > 0 && file.span("/M/E/C").start > 0 && file.span("/S/R").start > 0);
    for (wrong, reason) in [
        ("message M {", "a field is missing in line 1"),
        ("message M { string = 1; }", "a name is missing in line 1"),
        ("\n/* x", "a comment without an end in line 2"),
        ("message M { string a = x; }", "a number is missing in line 1"),
        ("nonsense", "`nonsense` begins no declaration in line 1"),
        ("message \u{7f}", "a character that Protobuf does not have in line 1"),
    ] {
        assert_eq!(File::read("a.proto", wrong).unwrap_err(), reason);
    }
    let deep = "message M { ".repeat(10_000);
    assert!(File::read("a.proto", &deep).unwrap_err().starts_with("messages nest deeper than 64"));
}
