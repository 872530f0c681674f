//! SARIF 2.1.0 for code scanning.
//! <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::Report;
use crate::findings::Reported;
use crate::problem::Problem;
use crate::rules::Severity;
use crate::skills::{self, RuleDoc};
use crate::syntax::Place;

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &value(report))?;
    writeln!(out)
}

fn value(report: &Report<'_>) -> Value {
    let mut rules: Vec<&str> = report.findings().iter().map(|reported| reported.finding.rule).collect();
    rules.sort_unstable();
    rules.dedup();
    let docs = docs(&rules);
    let descriptors: Vec<_> = rules.iter().map(|rule| descriptor(rule, docs.get(*rule))).collect();
    let results: Vec<_> = report.findings().iter().map(|reported| result(report, reported, &rules)).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "skillcheck",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": descriptors,
            }},
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": {
                "%SRCROOT%": {"description": {"text": "The folder in which skillcheck was run: the root of the repository"}},
            },
            "invocations": [{
                "executionSuccessful": !report.incomplete(),
                "toolExecutionNotifications": report.problems.iter().map(|p| notification(report, p)).collect::<Vec<_>>(),
            }],
            "results": results,
        }],
    })
}

/// What the skills say about these rules; each skill is read once.
fn docs(rules: &[&str]) -> BTreeMap<String, RuleDoc> {
    let mut names: Vec<_> = rules.iter().filter_map(|rule| rule.split_once('/')).map(|(skill, _)| skill).collect();
    names.dedup();
    names.into_iter().flat_map(skills::of_skill).map(|doc| (doc.id.clone(), doc)).collect()
}

fn descriptor(rule: &str, doc: Option<&RuleDoc>) -> Value {
    let mut value = json!({"id": rule, "name": camel(rule)});
    if let (Some(doc), Some(object)) = (doc, value.as_object_mut()) {
        object.insert("shortDescription".to_owned(), json!({"text": doc.summary}));
        object.insert("help".to_owned(), json!({"text": doc.summary, "markdown": doc.markdown}));
        object.insert("defaultConfiguration".to_owned(), json!({"level": level(doc.severity)}));
        object.insert("properties".to_owned(), json!({"precision": doc.confidence, "tags": tags(rule)}));
    }
    value
}

fn tags(rule: &str) -> Vec<&str> {
    rule.split_once('/').map(|(skill, _)| vec!["microservices", skill]).unwrap_or_default()
}

/// `rest-client/missing-timeout` → `RestClientMissingTimeout`.
fn camel(rule: &str) -> String {
    rule.split(['/', '-'])
        .filter_map(|word| word.split_at_checked(1))
        .map(|(first, rest)| format!("{}{rest}", first.to_uppercase()))
        .collect()
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn result(report: &Report<'_>, reported: &Reported, rules: &[&str]) -> Value {
    let finding = &reported.finding;
    let related: Vec<_> = finding
        .related
        .iter()
        .enumerate()
        .map(|(id, related)| {
            let mut location = location(report, related.place);
            if let Some(object) = location.as_object_mut() {
                object.insert("id".to_owned(), json!(id + 1));
                object.insert("message".to_owned(), json!({"text": related.message}));
            }
            location
        })
        .collect();
    json!({
        "ruleId": finding.rule,
        "ruleIndex": rules.binary_search(&finding.rule).unwrap_or_default(),
        "level": level(finding.severity),
        "message": {"text": format!("{}\n{}\n{}", finding.message, finding.why, finding.help)},
        "locations": [location(report, finding.place)],
        "relatedLocations": related,
        "partialFingerprints": {"skillcheck/v1": reported.fingerprint},
        "properties": {"confidence": finding.confidence, "services": finding.services},
    })
}

fn location(report: &Report<'_>, place: Place) -> Value {
    let (start, end) = report.settled.sources.positions(place);
    if let Some(repository) = report.repository(place.file) {
        // Nobody who reads the log has the file under this path.
        return json!({
            "logicalLocations": [{
                "name": format!("{}:{}:{}", report.path(place.file), start.line, start.column),
                "fullyQualifiedName": format!("{repository}: {}:{}:{}", report.path(place.file), start.line, start.column),
                "kind": "resource",
            }],
        });
    }
    json!({
        "physicalLocation": {
            "artifactLocation": {"uri": uri(&report.repository_path(place.file)), "uriBaseId": "%SRCROOT%"},
            "region": {
                "startLine": start.line,
                "startColumn": start.column,
                "endLine": end.line,
                "endColumn": end.column,
            },
        },
    })
}

fn notification(report: &Report<'_>, problem: &Problem) -> Value {
    let mut value = json!({
        "level": if problem.incomplete { "error" } else { "note" },
        "message": {"text": problem.reason},
    });
    let Some(object) = value.as_object_mut() else { return value };
    if let Some(place) = problem.place.filter(|place| report.settled.sources.get(place.file).is_some()) {
        object.insert("locations".to_owned(), json!([location(report, place)]));
        return value;
    }
    let file = problem.place.map(|place| place.file).or_else(|| report.tree.find(&problem.path));
    let path = file.map_or_else(|| problem.path.clone(), |file| report.repository_path(file));
    if !path.is_empty() {
        let artifact = json!({"uri": uri(&path), "uriBaseId": "%SRCROOT%"});
        object.insert("locations".to_owned(), json!([{"physicalLocation": {"artifactLocation": artifact}}]));
    }
    value
}

/// A relative path as a URI reference (RFC 3986): everything but unreserved characters and `/` is
/// percent-encoded.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => out.push(byte as char),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{camel, uri};

    #[test]
    fn paths_become_uri_references() {
        assert_eq!(uri("a b/[id]/ü%.ts"), "a%20b/%5Bid%5D/%C3%BC%25.ts");
        assert_eq!(uri("c:d.py"), "c%3Ad.py", "no scheme");
    }

    #[test]
    fn names_are_camel_case() {
        assert_eq!(camel("rest-client/missing-timeout"), "RestClientMissingTimeout");
    }
}
