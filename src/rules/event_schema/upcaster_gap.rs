//! `event-schema/upcaster-gap`

use std::collections::{BTreeMap, BTreeSet};

use crate::extract::upcast::Upcasters;
use crate::rules::{Confidence, Finding, Rule, Severity, Stage};
use crate::schema::find::{Subject, normal};
use crate::syntax::Place;
use crate::system::System;

/// A stored version of an event that no upcaster takes further.
pub const RULE: Rule =
    Rule { id: "event-schema/upcaster-gap", severity: Severity::Warning, stage: Stage::Preview, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    for upcasters in &system.upcasters {
        let schemas = if upcasters.by_type { versions(system, upcasters) } else { BTreeMap::new() };
        for (version, newest) in gaps(upcasters, &schemas) {
            let Some(place) = place_of(upcasters, version) else { continue };
            let text = format!("no upcaster takes `{}` from v{version} to v{newest}", upcasters.name);
            let mut finding = Finding::new(&RULE, system, place, text)
                .confidence(Confidence::Medium)
                .why(format!("an event that was stored as v{version} fails where v{newest} is read, long after the version was changed"))
                .help(format!("write the upcaster from v{version} to v{}, with a test that reads a stored event of it", version + 1));
            if let Some(schema) = schemas.get(&version).and_then(|s| system.schemas.place(&s.path, &s.pointer)) {
                finding = finding.also(schema, format!("v{version}"));
            }
            if let Some((_, place)) = upcasters.newest {
                finding = finding.also(place, format!("v{newest} is the newest"));
            }
            findings.push(finding);
        }
    }
}

/// The step before the gap; the one after it, where there is none.
fn place_of(upcasters: &Upcasters, version: u32) -> Option<Place> {
    let before = upcasters.steps.iter().rev().find(|(from, _, _)| *from < version);
    before.or(upcasters.steps.first()).map(|step| step.2)
}

/// The versions of the event that have a schema.
fn versions<'s>(system: &'s System, upcasters: &Upcasters) -> BTreeMap<u32, &'s Subject> {
    let is_it = |subject: &&Subject| subject.types.iter().any(|name| normal(name) == normal(&upcasters.name));
    let number = |subject: &Subject| subject.version.as_deref()?.split('.').next()?.parse::<u32>().ok();
    let all = system.schemas.of_event(&upcasters.name);
    all.into_iter().filter(is_it).filter_map(|subject| Some((number(subject)?, subject))).collect()
}

/// The versions that lead nowhere, each with the one that is read.
fn gaps(upcasters: &Upcasters, schemas: &BTreeMap<u32, &Subject>) -> Vec<(u32, u32)> {
    let from: BTreeSet<u32> = upcasters.steps.iter().map(|step| step.0).collect();
    let reached = upcasters.steps.iter().map(|step| step.1).max();
    let newest = upcasters.newest.map(|newest| newest.0).max(schemas.keys().last().copied()).max(reached);
    let (Some(oldest), Some(newest)) = (from.first(), newest) else { return Vec::new() };
    // Versions that nobody stored any more may have lost theirs: only what came after the oldest is asked for.
    (*oldest..newest).filter(|version| !from.contains(version)).map(|version| (version, newest)).collect()
}
