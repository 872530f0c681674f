use std::collections::BTreeMap;

use super::*;
use crate::facts::kube::HOLE;
use crate::syntax::data::yaml;
use crate::syntax::{FileId, Place, Span};

const TEMPLATE: FileId = FileId(1);
const VALUES: FileId = FileId(2);

fn root(values: &str) -> Item {
    let values = yaml(values).documents.first().map(|node| Item::of(node, &|span| Place::new(VALUES, span)));
    let release = Item::map(vec![("Name".into(), Item::text("shop"))]);
    Item::map(vec![("Values".into(), values.unwrap_or_default()), ("Release".into(), release)])
}

fn rendered(template: &str, values: &str) -> Rendered {
    let parsed = parse(template);
    let source = Source { file: TEMPLATE, text: template };
    let partials: BTreeMap<&str, _> =
        parsed.defines.iter().map(|(name, nodes)| (name.as_str(), (source, nodes.as_slice()))).collect();
    render(source, &parsed.body, &partials, &root(values))
}

fn text(template: &str, values: &str) -> String {
    rendered(template, values).text.replace(HOLE, "?")
}

#[test]
fn values_are_filled_in() {
    let cases = [
        (
            "image: {{ .Values.image.name }}:{{ .Values.image.tag | default \"latest\" }}",
            "image: {name: acme/orders}",
            "image: acme/orders:latest",
        ),
        ("port: {{ .Values.port | quote }}", "port: 80", "port: \"80\""),
        (
            "name: {{ printf \"%s-%s\" .Release.Name \"orders\" | trunc 63 | trimSuffix \"-\" }}",
            "",
            "name: shop-orders",
        ),
        ("a: {{ $.Values.a }}{{/* a }} comment */}}", "a: 1", "a: 1"),
        ("a: {{ (index .Values.hosts 0).name }}", "hosts: [{name: x}]", "a: x"),
        ("{{- $x := .Values.a -}} b: {{ $x.b }}", "a: {b: c}", "b: c"),
        ("a: {{ ternary \"x\" \"y\" (eq .Values.mode \"prod\") }}", "mode: dev", "a: y"),
        ("a: {{ tpl .Values.url . }}", "url: \"http://{{ .Release.Name }}-db\"", "a: http://shop-db"),
    ];
    for (template, values, expected) in cases {
        assert_eq!(text(template, values), expected, "{template}");
    }
}

#[test]
fn what_is_not_known_is_a_hole() {
    let cases = [
        ("a: {{ .Values.given.at.install }}", "a: ?"),
        ("a: {{ .Files.Get \"x\" }}", "a: ?"),
        ("a: {{ randAlphaNum 8 | quote }}", "a: ?"),
        ("a: {{ include \"missing\" . }}", "a: ?"),
        ("a: {{ ((( }}", "a: ?"),
        ("a: {{", "a: "),
    ];
    for (template, expected) in cases {
        assert_eq!(text(template, ""), expected, "{template}");
    }
}

#[test]
fn blocks_are_taken_by_their_condition() {
    let template = "{{- if .Values.on }}\na: 1\n{{- else if .Values.other }}\na: 2\n{{- else }}\na: 3\n{{- end }}";
    assert_eq!(text(template, "on: true").trim(), "a: 1");
    assert_eq!(text(template, "other: x").trim(), "a: 2");
    assert_eq!(text(template, "on: false").trim(), "a: 3");
    let unknown = rendered("{{ if .Capabilities.x }}a: 1{{ else }}a: 2{{ end }}", "");
    assert_eq!((unknown.text.as_str(), unknown.assumed.len()), ("a: 2", 0), "a missing key is nothing");
    let unknown = rendered("{{ if semverCompare \">1\" \"2\" }}a: 1{{ else }}a: 2{{ end }}", "");
    assert_eq!((unknown.text.as_str(), unknown.assumed.as_slice()), ("a: 1", &[Span::new(0, 4)][..]));
}

#[test]
fn maps_and_lists_are_written_out() {
    let template = "env:\n{{- range $k, $v := .Values.env }}\n- name: {{ $k }}\n  value: {{ $v | quote }}\n{{- end }}";
    assert_eq!(text(template, "env: {B: x, A: 1}"), "env:\n- name: A\n  value: \"1\"\n- name: B\n  value: \"x\"");
    let whole = "env:\n  {{- toYaml .Values.env | nindent 2 }}\n";
    let out = text(whole, "env: [{name: A, value: 'a: b'}, {name: C, valueFrom: {x: [1]}}]");
    assert_eq!(out, "env:\n  - name: A\n    value: \"a: b\"\n  - name: C\n    valueFrom:\n      x:\n        - 1\n");
    let with = "{{- with .Values.env }}\nenv: {{ toYaml . | nindent 2 }}\n{{- end }}";
    assert_eq!(text(with, ""), "");
}

#[test]
fn named_templates_are_included() {
    let template =
        "{{- define \"name\" -}}{{ .Release.Name }}-{{ .Values.name }}{{- end -}}\nname: {{ include \"name\" . }}";
    assert_eq!(text(template, "name: orders"), "name: shop-orders");
    assert_eq!(text("{{ define \"a\" }}{{ include \"a\" . }}{{ end }}x{{ include \"a\" . }}", ""), "x?");
}

#[test]
fn places_lead_to_the_template_and_the_values() {
    let template = "{{ if true }}\nkind: A\n{{ end }}\nurl: {{ .Values.url }}\n";
    let values = "a: 1\nurl: http://stock\n";
    let out = rendered(template, values);
    let slice = |text: &str, place: Place| text[place.span.start as usize..place.span.end as usize].to_owned();
    let at = |needle: &str| {
        let start = out.text.find(needle).unwrap();
        out.place(Span::new(start, start + needle.len()))
    };
    assert_eq!((at("kind: A").file, slice(template, at("kind: A"))), (TEMPLATE, "kind: A".into()));
    assert_eq!((at("http://stock").file, slice(values, at("http://stock"))), (VALUES, "http://stock".into()));
    assert_eq!(slice(template, at("url: http://stock")), "url: {{ .Values.url }}");
}

#[test]
fn hostile_templates_end() {
    let deep = "{{ if a }}".repeat(5_000);
    assert!(rendered(&deep, "").text.len() < 10);
    let parens = format!("{{{{ {} }}}}", "(".repeat(5_000));
    assert_eq!(text(&parens, ""), "?");
    let twice: String = (0..40)
        .map(|n| {
            format!(
                "{{{{ define \"t{n}\" }}}}{{{{ include \"t{m}\" . }}}}{{{{ include \"t{m}\" . }}}}{{{{ end }}}}",
                m = n + 1
            )
        })
        .collect();
    let _ = rendered(&format!("{twice}{{{{ include \"t0\" . }}}}"), "");
    assert!(rendered("{{ indent 100000000 \"a\" }}", "").text.len() < 1_000);
}

proptest::proptest! {
    #[test]
    fn reading_and_rendering_never_panic(text in "([{}|()$. \n\"a:=-]|\\{\\{|\\}\\}|if|end|else|range|ä){0,40}") {
        let out = rendered(&text, "a: {b: [1]}");
        for at in 0..out.text.len() {
            let _ = out.place(Span::new(at, at + 1));
        }
    }
}
