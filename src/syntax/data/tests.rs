use std::time::Instant;

use proptest::prelude::*;

use super::*;

fn one(text: &str) -> Node {
    yaml(text).single().unwrap()
}

fn text_of(text: &str, span: Span) -> &str {
    &text[span.start as usize..span.end as usize]
}

#[test]
fn every_key_and_value_has_its_span() {
    let text = "services:\n  web:\n    image: \"nginx:1\" # pinned\n    ports: [80, '81']\n";
    let root = one(text);
    let image = root.at(["services", "web"]).and_then(|web| web.entry("image")).unwrap();
    assert_eq!(text_of(text, image.key.span), "image");
    assert_eq!(text_of(text, image.value.span), "\"nginx:1\"");
    assert_eq!(image.value.as_str(), Some("nginx:1"));
    let ports = root.at(["services", "web", "ports"]).unwrap().items();
    assert_eq!(ports[0].as_f64(), Some(80.0));
    assert_eq!((ports[1].as_str(), ports[1].as_f64()), (Some("81"), None));
}

#[test]
fn scalars_follow_the_core_schema() {
    let root = one("a: yes\nb: true\nc: ~\nd:\ne: 0x10\nf: 1e3\ng: inf\nh: 3.8\ni: !!str 12\nj: 1.2.3\n");
    assert_eq!(root.get("a").unwrap().as_str(), Some("yes"));
    assert_eq!(root.get("b").unwrap().as_bool(), Some(true));
    assert!(root.get("c").unwrap().is_null() && root.get("d").unwrap().is_null());
    assert_eq!(root.get("e").unwrap().as_f64(), Some(16.0));
    assert_eq!(root.get("f").unwrap().as_f64(), Some(1000.0));
    assert_eq!(root.get("g").unwrap().as_str(), Some("inf"));
    assert_eq!(root.get("h").unwrap().text(), Some("3.8"));
    assert_eq!(root.get("i").unwrap().as_str(), Some("12"));
    assert_eq!(root.get("j").unwrap().as_str(), Some("1.2.3"));
}

#[test]
fn merge_keys_give_way_to_explicit_keys_and_to_earlier_maps() {
    let text = "
x-a: &a {restart: always, image: a, n: {deep: 1}}
x-b: &b {image: b, user: root}
one: {<<: *a, image: mine}
two: {<<: [*a, *b]}
three: {<<: *a, <<: *b}
";
    let root = one(text);
    assert_eq!(root.at(["one", "image"]).unwrap().as_str(), Some("mine"));
    assert_eq!(root.at(["one", "n", "deep"]).unwrap().as_f64(), Some(1.0));
    assert_eq!(root.at(["two", "image"]).unwrap().as_str(), Some("a"));
    assert_eq!(root.at(["two", "user"]).unwrap().as_str(), Some("root"));
    let names: Vec<_> = root.get("two").unwrap().entries().iter().map(|e| e.name().to_owned()).collect();
    assert_eq!(names, ["restart", "image", "n", "user"]);
    assert_eq!(root.at(["three", "user"]).unwrap().as_str(), Some("root"));
    assert_eq!(root.get("one").unwrap().entries().len(), 3);
}

#[test]
fn a_duplicate_key_is_reported_with_both_places_and_the_last_one_counts() {
    let text = "a: 1\nb: 2\na: 3\n";
    let parsed = yaml(text);
    let duplicate = &parsed.duplicates[0];
    assert_eq!((duplicate.key.as_str(), duplicate.first.start, duplicate.second.start), ("a", 0, 10));
    assert_eq!(parsed.documents[0].get("a").unwrap().as_f64(), Some(3.0));
    assert_eq!(parsed.documents[0].entries().len(), 2);
}

#[test]
fn documents_behind_a_broken_one_are_read() {
    let parsed = yaml("a: 1\n---\nb: [\n---\nc: 3\n");
    assert_eq!(parsed.errors.len(), 1);
    assert!(parsed.documents.iter().any(|d| d.get("a").is_some()));
    assert!(parsed.documents.iter().any(|d| d.get("c").is_some()));
}

#[test]
fn custom_tags_are_kept() {
    let root = one("ports: !reset []\nenv: !override\n  A: b\n");
    assert_eq!(root.get("ports").unwrap().tag.as_deref(), Some("!reset"));
    assert_eq!(root.get("env").unwrap().tag.as_deref(), Some("!override"));
}

#[test]
fn a_template_is_told_from_a_broken_file() {
    assert!(yaml("a:\n{{- if .Values.x }}\n  b: 1\n{{- end }}\n").is_template);
    assert!(!yaml("a: [\n").is_template);
    assert!(!yaml("a: '{{ x }}'\n").is_template, "this one can be read");
}

#[test]
fn an_empty_file_is_null() {
    assert!(one("").is_null());
    assert!(one("# only a comment\n").is_null());
}

#[test]
fn an_alias_bomb_is_refused_quickly() {
    let mut text = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
    for i in 1..12 {
        let items = vec![format!("*a{}", i - 1); 10].join(",");
        text.push_str(&format!("a{i}: &a{i} [{items}]\n"));
    }
    let started = Instant::now();
    let error = yaml(&text).single().unwrap_err();
    assert!(error.message.contains("expand to more than"), "{error}");
    assert!(started.elapsed().as_secs() < 2);
}

#[test]
fn a_long_chain_of_aliases_is_refused_and_can_be_dropped() {
    let mut text = String::from("a0: &a0 [x]\n");
    for i in 1..30_000 {
        text.push_str(&format!("a{i}: &a{i} [*a{}]\n", i - 1));
    }
    let error = yaml(&text).single().unwrap_err();
    assert!(error.message.contains("nest deeper than 200"), "{error}");
}

#[test]
fn an_alias_inside_its_own_anchor_is_an_error() {
    assert!(yaml("a: &a [*a]\n").single().is_err());
    assert!(yaml("a: *nowhere\n").single().is_err());
}

#[test]
fn deep_nesting_is_an_error_not_a_crash() {
    let block: String = (0..10_000).map(|i| format!("{}a:\n", " ".repeat(i))).collect();
    let started = Instant::now();
    assert!(yaml(&block).single().is_err());
    assert!(yaml(&"[".repeat(5_000)).single().is_err());
    assert!(yaml(&"[".repeat(1_000_000)).single().is_err());
    assert!(yaml(&"- ".repeat(100_000)).single().is_err());
    assert!(yaml(&"? ".repeat(100_000)).single().is_err());
    assert!(json(&format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000))).is_err());
    assert!(json(&"{\"a\":".repeat(10_000)).is_err());
    assert!(toml(&format!("a = {}1{}", "[".repeat(5_000), "]".repeat(5_000))).is_err());
    let dotted = format!("{} = 1", vec!["a"; 10_000].join("."));
    assert!(toml(&dotted).is_err());
    // A hang, not a pace, is what this would tell.
    assert!(started.elapsed().as_secs() < 300);
}

#[test]
fn json_with_comments_and_trailing_commas_keeps_true_spans() {
    let text = "// head\n{\n  /* paths ä */ \"paths\": {\"@a/*\": [\"src/*\"],}, // \"no\": 1\n  \"url\": \"http://x//y\",\n}\n";
    let root = json(text).unwrap();
    let entry = root.entry("url").unwrap();
    assert_eq!(text_of(text, entry.key.span), "\"url\"");
    assert_eq!(entry.value.as_str(), Some("http://x//y"));
    assert_eq!(root.at(["paths", "@a/*"]).unwrap().items()[0].as_str(), Some("src/*"));
    assert_eq!(root.entries().len(), 2);
}

#[test]
fn json_escapes_are_read() {
    let root = json(r#"{"a": "\u00e4\n\/\"", "b": "\ud83d\ude00", "c": null, "d": -1.5e3, "e": ""}"#).unwrap();
    assert_eq!(root.get("a").unwrap().as_str(), Some("ä\n/\""));
    assert_eq!(root.get("b").unwrap().as_str(), Some("😀"));
    assert!(root.get("c").unwrap().is_null());
    assert_eq!(root.get("d").unwrap().as_f64(), Some(-1500.0));
    assert_eq!(root.get("e").unwrap().as_str(), Some(""));
}

#[test]
fn broken_json_says_what_and_where() {
    for text in ["", "  \n", "{", "{\"a\": }x", "{\"a\": 1} {\"b\": 2}", "/* open", "\"abc"] {
        let error = json(text).unwrap_err();
        assert!(!error.message.is_empty() && error.span.end as usize <= text.len(), "{text:?}: {error:?}");
    }
}

#[test]
fn toml_keys_and_values_have_spans() {
    let text = "[project]\nname = \"shop\"\ndependencies = [\"httpx>=0.27\", 'pika']\n[tool.uv]\nworkspace = { members = [\"a\"] }\nn = 1_000\nh = 0xff\n";
    let root = toml(text).unwrap();
    let dependencies = root.at(["project", "dependencies"]).unwrap().items();
    assert_eq!(text_of(text, dependencies[1].span), "'pika'");
    assert_eq!(root.at(["tool", "uv", "workspace", "members"]).unwrap().items()[0].as_str(), Some("a"));
    assert_eq!(root.at(["tool", "uv", "n"]).unwrap().as_f64(), Some(1000.0));
    assert_eq!(root.at(["tool", "uv", "h"]).unwrap().as_f64(), Some(255.0));
    let error = toml("a = \n").unwrap_err();
    assert!(!error.message.is_empty());
}

#[test]
fn a_byte_order_mark_is_skipped_and_spans_stay_true() {
    let text = "\u{feff}a: 1\nb: 2\n";
    let root = one(text);
    assert_eq!((text_of(text, root.entry("a").unwrap().key.span), root.entries().len()), ("a", 2));
    let text = "\u{feff}{\"a\": 1}";
    assert_eq!(text_of(text, json(text).unwrap().entry("a").unwrap().key.span), "\"a\"");
    let text = "\u{feff}a = 1\nb = 2\n";
    assert_eq!(text_of(text, toml(text).unwrap().entry("a").unwrap().key.span), "a");
    assert_eq!(text_of("\u{feff}A=1", dotenv("\u{feff}A=1").get("A").unwrap().key_span), "A");
    assert_eq!(text_of("\u{feff}a=1", properties("\u{feff}a=1").get("a").unwrap().key_span), "a");
}

#[test]
fn dotenv_forms() {
    let text = "# c\nA=1\nexport B = two words # note\nC='si$ngle # x' # y\nD=\"a\\nb\"\nE=\nF\nG=pass#word\nH: yaml\nI=\"multi\nline\"\r\nJ=x\r\n";
    let pairs = dotenv(text);
    let get = |key: &str| pairs.get(key).unwrap().value.as_deref();
    assert_eq!(get("A"), Some("1"));
    assert_eq!(get("B"), Some("two words"));
    assert_eq!(get("C"), Some("si$ngle # x"));
    assert!(pairs.get("C").unwrap().literal);
    assert_eq!(get("D"), Some("a\nb"));
    assert_eq!((get("E"), get("F")), (Some(""), None));
    assert_eq!((get("G"), get("H")), (Some("pass#word"), Some("yaml")));
    assert_eq!((get("I"), get("J")), (Some("multi\nline"), Some("x")));
    assert_eq!(text_of(text, pairs.get("C").unwrap().value_span), "'si$ngle # x'");
    assert_eq!(text_of(text, pairs.get("B").unwrap().key_span), "B");
    assert!(pairs.errors.is_empty(), "{:?}", pairs.errors);
}

#[test]
fn a_broken_dotenv_line_is_reported_and_the_rest_read() {
    let pairs = dotenv("A=1\n??=x\nB=\"open\nC=3\n");
    assert_eq!(pairs.errors.len(), 2);
    assert_eq!(pairs.get("C").unwrap().value.as_deref(), Some("3"));
}

#[test]
fn properties_forms() {
    let text = "# c\n! c\nspring.datasource.url=jdbc:postgresql://db/shop\n a : b\nkey value\nlong = one \\\n   two\nempty\nu=\\u00e4\npath=c\\:\\\\x\n";
    let pairs = properties(text);
    let get = |key: &str| pairs.get(key).unwrap().value.as_deref().unwrap();
    assert_eq!(get("spring.datasource.url"), "jdbc:postgresql://db/shop");
    assert_eq!((get("a"), get("key"), get("long")), ("b", "value", "one two"));
    assert_eq!((get("empty"), get("u"), get("path")), ("", "ä", "c:\\x"));
}

fn spans_inside(text: &str, pairs: &Pairs) -> Result<(), TestCaseError> {
    for span in pairs.pairs.iter().flat_map(|p| [p.key_span, p.value_span]).chain(pairs.errors.iter().map(|e| e.span)) {
        prop_assert!(text.get(span.start as usize..span.end as usize).is_some(), "{span:?}");
    }
    Ok(())
}

fn node_inside(text: &str, node: &Node) {
    assert!(text.get(node.span.start as usize..node.span.end as usize).is_some(), "{:?}", node.span);
    node.items().iter().for_each(|item| node_inside(text, item));
    node.entries().iter().for_each(|entry| {
        node_inside(text, &entry.key);
        node_inside(text, &entry.value);
    });
}

proptest! {
    #[test]
    fn dotenv_never_panics_and_spans_are_inside(text in "([A-Z=:#'\"`$\\\\ \t\r\nä]|export ){0,60}") {
        spans_inside(&text, &dotenv(&text))?;
    }

    #[test]
    fn dotenv_reads_back_what_was_written(key in "[A-Z_][A-Z0-9_]{0,8}", value in "[a-z0-9:/@.-]{0,20}") {
        let pairs = dotenv(&format!("{key}={value}\n"));
        prop_assert_eq!(pairs.get(&key).unwrap().value.as_deref(), Some(value.as_str()));
    }

    #[test]
    fn properties_never_panics_and_spans_are_inside(text in "[a-z=:#!\\\\ u0\t\r\nä]{0,60}") {
        spans_inside(&text, &properties(&text))?;
    }

    #[test]
    fn yaml_json_and_toml_never_panic_and_spans_are_inside(text in "([a-c:,&*!|>'\"#/{}\\[\\]<=\\- \n\tä]|<<: |\\*a|&a |: |\n- |---\n){0,60}") {
        let parsed = yaml(&text);
        parsed.documents.iter().for_each(|document| node_inside(&text, document));
        for error in parsed.errors {
            prop_assert!(text.get(error.span.start as usize..error.span.end as usize).is_some());
        }
        if let Ok(root) = json(&text) {
            node_inside(&text, &root);
        }
        if let Ok(root) = toml(&text) {
            node_inside(&text, &root);
        }
    }
}
