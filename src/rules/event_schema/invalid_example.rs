//! `event-schema/invalid-example`

use super::{services_of, titled};
use crate::rules::{Finding, Rule, Severity, Stage};
use crate::schema::find::Format;
use crate::schema::{Schema, fault};
use crate::system::System;

/// An example of a schema is not valid by it.
pub const RULE: Rule =
    Rule { id: "event-schema/invalid-example", severity: Severity::Error, stage: Stage::Stable, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    let schemas = &system.schemas;
    for subject in &schemas.subjects {
        let is_json = matches!(subject.format, Format::JsonSchema | Format::AsyncApi);
        if !is_json || subject.examples.is_empty() {
            continue;
        }
        let Some(document) = schemas.library.document(&subject.path) else { continue };
        let Ok(schema) = Schema::read(&schemas.library, &subject.path, &subject.pointer, None) else { continue };
        for pointer in &subject.examples {
            let found = document.at(pointer).and_then(|example| fault(&schema, example));
            let (Some((at, text)), Some(place)) = (found, schemas.place(&subject.path, pointer)) else { continue };
            let at = if at.is_empty() { String::new() } else { format!(" at `{at}`") };
            let mut finding =
                Finding::new(&RULE, system, place, format!("the example of `{}` is not valid{at}: {text}", titled(subject)))
                    .why("producers and consumers are written from the example; one of the two, schema or example, says something else than what is sent")
                    .help("correct whichever is wrong; a published schema stays as it is, so mostly the example");
            finding.services = services_of(system, subject);
            findings.push(finding);
        }
    }
}
