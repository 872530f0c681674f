//! `event-schema/payload-mismatch`

use std::collections::BTreeSet;

use serde_json::Value;

use super::{label, matching, squeezed, titled};
use crate::extract::publish::{Content, Member, Message, Publisher, What};
use crate::rules::{Finding, Rule, Severity, Stage};
use crate::schema::find::{Subject, unversioned};
use crate::schema::{Outline, Schema};
use crate::syntax::Place;
use crate::system::System;

/// What is published is not what its schema says.
pub const RULE: Rule =
    Rule { id: "event-schema/payload-mismatch", severity: Severity::Error, stage: Stage::Preview, check };

/// Members under which the data of an envelope stands.
const DATA: [&str; 5] = ["data", "payload", "body", "detail", "attributes"];
/// What a library for CloudEvents fills in.
const FILLED_IN: [&str; 4] = ["id", "specversion", "time", "datacontenttype"];
/// How deep objects are compared.
const MAX_DEPTH: u32 = 4;

/// Something that is not as the schema says.
struct Fault {
    text: String,
    /// A document like this is invalid, not only undocumented.
    invalid: bool,
    place: Option<Place>,
    /// Where the schema says otherwise: a JSON pointer to a property, where there is one.
    property: Option<String>,
}

fn check(system: &System, findings: &mut Vec<Finding>) {
    let mut seen = BTreeSet::new();
    for publisher in &system.publishers {
        for message in &publisher.messages {
            let Some(subject) = subject(system, message) else { continue };
            let faults = faults(system, message, subject);
            let Some(first) = faults.first() else { continue };
            let place = first.place.unwrap_or(message.place);
            if seen.insert((place, subject.path.clone())) {
                findings.push(finding(system, (publisher, message), subject, &faults));
            }
        }
    }
}

/// The one schema of a message; none when it can't be told which version is meant.
fn subject<'s>(system: &'s System, message: &Message) -> Option<&'s Subject> {
    let mut found = matching(system, message);
    let version = message.names.iter().find_map(|name| unversioned(&name.text).1);
    if let Some(version) = version.filter(|_| found.len() > 1) {
        found.retain(|subject| subject.version.as_deref() == Some(version.as_str()));
    }
    match found[..] {
        [only] => Some(only),
        _ => None,
    }
}

fn faults(system: &System, message: &Message, subject: &Subject) -> Vec<Fault> {
    let library = &system.schemas.library;
    let Ok(schema) = Schema::read(library, &subject.path, &subject.pointer, None) else { return Vec::new() };
    let outline = schema.outline();
    // The schema describes the whole message, or what its envelope holds.
    let root = &message.content;
    let inner = DATA.iter().filter_map(|name| root.get(name)).flat_map(|member| &member.inner);
    let all: Vec<&Content> = std::iter::once(root).chain(inner).collect();
    let score = |content: &Content| {
        let is_declared = |m: &&Member| outline.properties.keys().any(|p| squeezed(p) == squeezed(&m.name));
        content.members.iter().filter(is_declared).count()
    };
    let mut best: Option<(&Content, usize)> = None;
    for content in all {
        let score = score(content);
        if score > best.map_or(0, |(_, known)| known) {
            best = Some((content, score));
        }
    }
    let Some((content, score)) = best else { return Vec::new() };
    // Less in common than not: it is taken for the schema of something else.
    if score * 2 < content.members.len().min(outline.properties.len()) {
        return Vec::new();
    }
    let mut out = Vec::new();
    compare(&schema, &outline, content, "", 0, &mut out);
    out.sort_by_key(|fault| !fault.invalid);
    out
}

fn compare(schema: &Schema, outline: &Outline<'_>, content: &Content, above: &str, depth: u32, out: &mut Vec<Fault>) {
    let is_there = |name: &str| {
        content.get(name).is_some()
            || (content.cloud_event && FILLED_IN.contains(&name))
            || (!content.as_written && content.members.iter().any(|m| squeezed(&m.name) == squeezed(name)))
    };
    let mut renamed: Vec<&str> = Vec::new();
    let mut required = outline.required.clone();
    required.dedup();
    for name in required.into_iter().filter(|name| !is_there(name)) {
        let other = content.members.iter().find(|m| squeezed(&m.name) == squeezed(name));
        if let Some(other) = other {
            renamed.push(other.name.as_str());
        } else if content.open {
            continue;
        }
        let text = match other {
            Some(other) => format!("sends `{above}{}` where the schema requires `{above}{name}`", other.name),
            None => format!("lacks `{above}{name}`, which the schema requires"),
        };
        // What is missing stands nowhere: the object that lacks it, where it is written.
        let place = other.or(content.members.first()).map(|member| member.place);
        out.push(Fault { text, invalid: true, place, property: Some(name.to_owned()) });
    }
    let mut told = BTreeSet::new();
    for member in &content.members {
        let name = member.name.as_str();
        let declared = outline
            .properties
            .iter()
            .find(|(property, _)| **property == name || (!content.as_written && squeezed(property) == squeezed(name)));
        let Some((property, part)) = declared else {
            if !outline.partial && !renamed.contains(&name) && told.insert(name) {
                let invalid = outline.closed;
                let text = format!(
                    "sends `{above}{name}`, which the schema does not {}",
                    if invalid { "allow" } else { "declare" }
                );
                out.push(Fault { text, invalid, place: Some(member.place), property: None });
            }
            continue;
        };
        if let Some(text) = of_other_type(schema, part, member, &format!("{above}{name}"))
            && told.insert(name)
        {
            let property = Some((*property).to_owned());
            out.push(Fault { text, invalid: true, place: Some(member.place), property });
        }
        if let ([inner], true) = (member.inner.as_slice(), depth < MAX_DEPTH && member.what != What::List) {
            let outline = schema.outline_of(part);
            if !outline.properties.is_empty() && schema.types_of(part).contains(&"object") {
                compare(schema, &outline, inner, &format!("{above}{name}."), depth + 1, out);
            }
        }
    }
}

fn of_other_type(schema: &Schema, part: &Value, member: &Member, name: &str) -> Option<String> {
    let types = schema.types_of(part);
    let (sent, fits): (&str, &[&str]) = match member.what {
        What::Text => ("text", &["string"]),
        What::Integer => ("a whole number", &["integer", "number"]),
        What::Float(_) => ("a floating-point number", &["number"]),
        What::Boolean => ("true or false", &["boolean"]),
        What::List => ("a list", &["array"]),
        What::Object => ("an object", &["object"]),
        What::Unknown | What::Number | What::NaiveTime(_) | What::Null => return None,
    };
    let wrong = !types.is_empty() && !types.iter().any(|ty| fits.contains(ty));
    wrong.then(|| format!("sends {sent} as `{name}` where the schema says `{}`", types.join("` or `")))
}

fn finding(
    system: &System,
    (publisher, message): (&Publisher, &Message),
    subject: &Subject,
    faults: &[Fault],
) -> Finding {
    /// How many are told at once.
    const MAX_TOLD: usize = 3;
    let told: Vec<&str> = faults.iter().take(MAX_TOLD).map(|fault| fault.text.as_str()).collect();
    let rest = match faults.len().saturating_sub(MAX_TOLD) {
        0 => String::new(),
        rest => format!("; and {rest} more"),
    };
    let place = faults.first().and_then(|fault| fault.place).unwrap_or(message.place);
    let text = format!("{} {}{rest}", label(publisher, message), told.join("; "));
    let invalid = faults.iter().any(|fault| fault.invalid);
    let mut finding = Finding::new(&RULE, system, place, text)
        .why(match invalid {
            true => "a consumer that was written from the schema, or validates with it, fails on every such event",
            false => "consumers come to rely on a field that no schema names, so that nobody sees when it changes",
        })
        .help(match invalid {
            true => "send what the schema says; when the code is right, publish it as a new version with a schema of its own",
            false => "declare the field in the schema as optional, or do not send it",
        });
    if !invalid {
        finding.severity = Severity::Warning;
    }
    for fault in faults {
        let property = fault.property.as_ref().map(|name| format!("{}/properties/{name}", subject.pointer));
        if let Some(place) = property.and_then(|pointer| system.schemas.place(&subject.path, &pointer)) {
            finding = finding.also(place, format!("the schema of `{}` says so here", titled(subject)));
        }
    }
    if finding.related.is_empty()
        && let Some(place) = system.schemas.place(&subject.path, &subject.pointer)
    {
        finding = finding.also(place, format!("the schema of `{}`", titled(subject)));
    }
    finding.also(message.place, "published here")
}
