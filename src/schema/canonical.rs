//! The algebra of the `jsonschema` crate: does one schema cover another, and what is left when one is
//! taken away from the other. The interface is experimental, so nothing else knows it.

use jsonschema::canonical::{CanonicalSchema, Containment, options};
use serde_json::Value;

/// What the algebra says.
pub(super) enum Algebra {
    /// Every value of the inner schema is one of the outer.
    Covered,
    /// Not so, or not known; with what the inner schema accepts and the outer rejects, when that can be
    /// written as a schema.
    Open(Option<Value>),
}

/// Asks whether `outer` covers `inner`.
pub(super) fn compare(inner: &Value, outer: &Value) -> Algebra {
    let (Some(inner), Some(outer)) = (canonical(inner), canonical(outer)) else { return Algebra::Open(None) };
    if matches!(outer.covers(&inner), Ok(Containment::Yes)) {
        return Algebra::Covered;
    }
    Algebra::Open(inner.subtract(&outer).ok().map(|difference| difference.to_json_schema()))
}

fn canonical(value: &Value) -> Option<CanonicalSchema> {
    options()
        .offline()
        .with_draft(jsonschema::Draft::Draft202012)
        .should_validate_formats(false)
        .canonicalize(value)
        .ok()
}
