//! `event-schema/invalid-example`

use serde_json::Value;

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
            let example = document.at(pointer).filter(|example| !is_link(&schema, example));
            let found = example.and_then(|example| fault(&schema, example));
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

/// True for the address of an example that lies somewhere else, where the schema asks for an object or a list.
fn is_link(schema: &Schema, example: &Value) -> bool {
    let is_address = |text: &str| text.contains("://") || text.ends_with(".json") || text.ends_with(".yaml");
    let types = schema.types_of(&schema.value);
    let is_structured = !types.is_empty() && types.iter().all(|ty| matches!(*ty, "object" | "array"));
    is_structured && example.as_str().is_some_and(is_address)
}
