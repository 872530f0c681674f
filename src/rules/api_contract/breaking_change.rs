//! `api-contract/breaking-change`: a document no longer promises what it promised.

use super::{Asked, asked, listed, names};
use crate::contract::evolve::{ApiChange, Break};
use crate::contract::template::{Fit, Template};
use crate::extract::routes::path::join;
use crate::rules::{Finding, Rule, Severity, Stage};
use crate::system::System;
use crate::system::contracts::{Alignment, Contract};

/// See the skill `api-contract`.
pub const RULE: Rule =
    Rule { id: "api-contract/breaking-change", severity: Severity::Error, stage: Stage::Stable, check };

/// How long a value is in a message.
const MAX_WITNESS: usize = 160;
/// How many calls are shown.
const MAX_CALLS: usize = 8;

fn check(system: &System, findings: &mut Vec<Finding>) {
    if !system.api_changes.changed.iter().any(ApiChange::is_breaking) {
        return;
    }
    let asked = asked(system);
    for change in &system.api_changes.changed {
        findings.extend(
            change.breaks.iter().filter(|broken| broken.counts()).map(|broken| finding(system, change, broken, &asked)),
        );
    }
}

fn finding(system: &System, change: &ApiChange, broken: &Break, asked: &[Asked<'_>]) -> Finding {
    let verb = match (broken.operations.len(), &broken.doubt) {
        (1, None) => "breaks its",
        (_, None) => "break their",
        (1, Some(_)) => "may break its",
        (_, Some(_)) => "may break their",
    };
    let parts = match broken.parts.as_slice() {
        [] => String::new(),
        [one] => format!("in {one}, "),
        [one, rest @ ..] => format!("in {one} and {} more, ", rest.len()),
    };
    let operations = listed(broken.operations.iter().map(String::as_str));
    let message =
        format!("{operations} {verb} clients: {parts}{} ({} at `{}`)", broken.text, broken.kind, broken.new.pointer);
    let mut why = vec![shown(broken)];
    why.extend(broken.doubt.clone());
    if !broken.others.is_empty() {
        let others: Vec<&str> = broken.others.iter().take(3).map(|other| other.text.as_str()).collect();
        let more = broken.others.len().saturating_sub(others.len());
        let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
        why.push(format!("also changed: {}{rest}", others.join("; ")));
    }
    if let Some((path, line)) = &broken.before {
        why.push(format!("in {} it stands at {path}:{line}", broken.against));
    }
    if let Some(accepted) = &broken.accepted {
        why.push(format!("it was accepted until {} ({}), and that day is over", accepted.until, accepted.reason));
    }
    let mut finding = Finding::new(&RULE, system, broken.place, message).why(why.join("; ")).help(help(broken));
    if broken.doubt.is_some() {
        finding.severity = Severity::Warning;
    }
    let contract = system.contracts.documents.iter().find(|contract| contract.document.file == broken.place.file);
    let contract = contract.or_else(|| {
        let mut all = system.contracts.documents.iter();
        all.find(|contract| contract.document.title.as_deref().is_some_and(|title| title == change.title))
    });
    let Some(contract) = contract else { return finding };
    if !contract.services.is_empty() {
        finding.services = names(system, &contract.services);
    }
    let calls = asked.iter().filter(|call| contract.services.contains(&call.to) && is_meant(contract, broken, call));
    for call in calls.take(MAX_CALLS) {
        finding = finding.also(call.place, format!("`{}` calls it here", call.from.join("`, `")));
    }
    finding
}

/// True for a request that certainly means one of the operations.
fn is_meant(contract: &Contract, broken: &Break, call: &Asked<'_>) -> bool {
    broken.operations.iter().filter_map(|operation| operation.split_once(' ')).any(|(method, path)| {
        let mut paths: Vec<String> = contract.document.bases.iter().map(|base| join(base, path)).collect();
        paths.push(path.to_owned());
        if let Some(Alignment::Under(prefix)) = &contract.alignment {
            paths.push(join(prefix, path));
        }
        call.method == Some(method) && paths.iter().any(|path| call.template.fit(&Template::offered(path)) == Fit::Must)
    })
}

/// What shows the break.
fn shown(broken: &Break) -> String {
    let against = &broken.against;
    let Some(witness) = &broken.witness else {
        return match broken.kind {
            "operation-removed" => "who calls it gets 404 or 405".to_owned(),
            "security-tightened" => format!("a client that was let in in {against} gets 401 or 403"),
            "default-changed" => "who leaves it out gets another answer".to_owned(),
            "unused-default-changed" | "parameter-described" | "types-dropped" | "alternative-renamed" => {
                format!("code that was generated from {against} does not fit what is generated now")
            }
            "link-removed" | "link-changed" => format!("a client of {against} that follows it goes astray"),
            "stability-decreased" => "clients rely on what was called stable".to_owned(),
            kind if kind.starts_with("sunset") || kind.starts_with("stability") => {
                "clients plan with the day and the level that they were told".to_owned()
            }
            _ if broken.is_response => {
                format!("a client of {against} reads something that is not there or is another thing")
            }
            _ => format!("a client of {against} sends what is not taken or not understood any more"),
        };
    };
    let value = short(&witness.to_string());
    let fault = broken.fault.as_ref().map(|(at, text)| match at.is_empty() {
        true => format!(": {text}"),
        false => format!(": at `{at}`, {text}"),
    });
    let fault = fault.unwrap_or_default();
    match broken.is_response {
        true => format!("`{value}` may be sent now, and a client of {against} does not take it{fault}"),
        false => format!("`{value}` was right in {against} and is rejected now{fault}"),
    }
}

/// What to write instead.
fn help(broken: &Break) -> String {
    let first = match broken.kind {
        "operation-removed" => {
            "keep it, mark it `deprecated: true` with `x-sunset`, and remove it when nobody calls it"
        }
        "parameter-required" | "body-required" => "leave it optional, with the behaviour of before when it is not sent",
        "parameter-removed" | "parameter-moved" => "keep taking it where it was, marked `deprecated: true`",
        "required-added" if !broken.is_response => "leave the new field optional, or give it a value on the server",
        "security-tightened" => {
            "keep the old alternative in `security` beside the new one until every client has moved"
        }
        "media-type-removed" | "response-removed" | "body-removed" => "keep what was there beside what is new",
        "default-changed" | "unused-default-changed" => {
            "keep the default, or offer the new behaviour under another name"
        }
        "sunset-removed" | "sunset-earlier" => "keep what was announced until that day",
        "sunset-invalid" => "give the day as a date: `x-sunset: 2027-05-01`",
        "stability-invalid" => "write draft, alpha, beta or stable",
        "stability-decreased" => "keep the level, and try out what is new under another name",
        "parameter-described" | "types-dropped" | "alternative-renamed" => {
            "keep it as it was, or tell those who generate code from the document"
        }
        "link-removed" | "link-changed" => "keep the link, and add what is new under another name",
        "schema-added" => "say what was taken all along, no less",
        "base-path-changed" => "serve both paths until every client has moved",
        _ if broken.is_response => {
            "send what was promised: a field stays, stays required and keeps its type and its values"
        }
        _ => "take what was taken: a field keeps its name, type and values, and limits are not tightened",
    };
    format!("{first}; what can't be done so is a new version of the API beside this one")
}

fn short(text: &str) -> String {
    match text.char_indices().nth(MAX_WITNESS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
