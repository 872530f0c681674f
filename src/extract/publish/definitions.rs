//! Types of events of which a sample does not show where they are published.

use smol_str::SmolStr;

use super::payload::Reader;
use super::{Content, InScope};
use crate::facts::module::{ClassId, ClassKind, ExprId};
use crate::program::Evaluator;
use crate::program::types::simple_name;
use crate::syntax::Place;

/// The type of an event.
#[derive(Clone, Debug)]
pub struct Definition {
    /// What it is called.
    pub name: SmolStr,
    /// Where its name stands.
    pub place: Place,
    /// What an event of it holds.
    pub content: Content,
}

/// True for `OrderPlacedEvent`; `Event` alone may be anything.
fn is_event(name: &str) -> bool {
    name.len() > "Event".len() && name.ends_with("Event")
}

/// The types that are called events, or extend one that is. Only for samples: elsewhere an event is what somebody publishes.
pub fn definitions(ev: &Evaluator<'_>, in_scope: &InScope<'_>) -> Vec<Definition> {
    let mut out = Vec::new();
    for unit in ev.program.ids().filter(|unit| in_scope(*unit)) {
        let linked = ev.program.unit(unit);
        for (index, declared) in linked.module.classes.iter().enumerate() {
            let class = ClassId(u32::try_from(index).unwrap_or(u32::MAX));
            // `class OrderPlaced(DomainEvent)`
            let below = |base: &ExprId| simple_name(&linked.module, *base).is_some_and(|name| is_event(&name));
            let holds = !matches!(declared.kind, ClassKind::Enum);
            if holds && (is_event(&declared.name) || declared.bases.iter().any(below)) {
                let content = Reader::new(ev, in_scope).of_class(unit, class);
                let place = Place::new(linked.file, declared.name_span);
                out.push(Definition { name: declared.name.clone(), place, content });
            }
        }
    }
    out
}
