//! `event-schema/incompatible-minor-version`

use super::breaking_change::{next_version, promise, short};
use super::{services_of, titled};
use crate::rules::{Finding, Rule, Severity, Stage};
use crate::schema::changes::explaining;
use crate::schema::evolve::SchemaChange;
use crate::system::System;

/// A schema calls itself compatible with the version beside it, and is not.
pub const RULE: Rule =
    Rule { id: "event-schema/incompatible-minor-version", severity: Severity::Error, stage: Stage::Preview, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    let is_told = |step: &SchemaChange| {
        system.schema_changes.changed.iter().any(|change| {
            change.is_breaking() && (&change.subject.path, &change.follows) == (&step.subject.path, &step.follows)
        })
    };
    findings.extend(system.schema_steps.iter().filter(|step| !is_told(step)).filter_map(|step| finding(system, step)));
}

fn finding(system: &System, step: &SchemaChange) -> Option<Finding> {
    let before = step.follows.as_deref()?;
    let (_, witness, fault) = step.breaks().next()?;
    let cause = explaining(&step.changes, true, fault.map(|(at, _)| at.as_str()));
    let what = cause.map_or_else(|| "what it accepts has changed".to_owned(), |cause| cause.text.clone());
    let shown = witness.map(|witness| short(&witness.to_string()));
    let example =
        shown.map(|text| format!("`{text}` is an event of v{before} and none of this one; ")).unwrap_or_default();
    let text = format!("`{}` rejects events of v{before}: {what}", titled(&step.subject));
    let mut finding = Finding::new(&RULE, system, step.place, text)
        .why(format!("{example}{}", promise(&step.subject)))
        .help(format!("make it {}, or let it accept what v{before} accepts", next_version(&step.subject)));
    if let Some((path, pointer)) = cause.and_then(|cause| cause.old.as_ref())
        && let Some(place) = system.schemas.place(path, pointer)
    {
        finding = finding.also(place, format!("v{before} says so here"));
    }
    finding.services = services_of(system, &step.subject);
    Some(finding)
}
