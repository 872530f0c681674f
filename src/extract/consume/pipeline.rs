//! What stands around all handlers of a mediator in C#: behaviours of its pipeline, one of which may recognise
//! requests that were handled before.
//!
//! Source: <https://github.com/LuckyPennySoftware/MediatR/wiki/Behaviors>.

use super::guard;
use super::reach::Reach;
use crate::facts::module::ClassKind;
use crate::program::Site;
use crate::program::processes::Processes;
use crate::syntax::Place;

/// Interfaces of behaviours.
const BEHAVIOURS: [&str; 2] = ["IPipelineBehavior", "IRequestPreProcessor"];

/// The behaviour that by its name or by what it calls recognises duplicates, before a request that is given to a
/// mediator reaches its handler.
pub(super) fn recognises(reach: &Reach<'_, '_>, site: Site) -> Option<Place> {
    let ev = reach.ev;
    if ev.mediated(site).is_empty() {
        return None;
    }
    let found = BEHAVIOURS.iter().flat_map(|base| ev.program.types.derived(base)).find(|(unit, class)| {
        let linked = ev.program.unit(*unit);
        let class = linked.module.class(*class);
        let told = |name: &str| guard::recognises(name) || name.to_lowercase().contains("identified");
        let mut calls = linked.index.calls.iter().filter(|c| class.span.contains(linked.module.expr(c.expr).span));
        class.kind == ClassKind::Class
            && (told(&class.name)
                || calls.any(|c| linked.module.callee_name(c.expr).is_some_and(|name| guard::recognises(name))))
            && Processes::new(ev.program).together(site.unit, *unit)
    })?;
    let linked = ev.program.unit(found.0);
    Some(Place::new(linked.file, linked.module.class(found.1).name_span))
}
