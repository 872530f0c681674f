//! Messages that cannot be decoded: whether one of them ends the consumer.

use crate::facts::module::StmtKind;
use crate::program::Parent;
use crate::syntax::Place;

use super::handler::Registration;
use super::reach::Reach;
use super::setting;
use super::source::Found;
use super::walk::{self, Kind, Trace};
use super::{Ack, Poison, dotnet};

/// The first place where a message is decoded without anything that catches the error.
pub(super) fn read(
    reach: &Reach<'_, '_>,
    found: &Found<'_>,
    ack: &Ack,
    traces: &[Trace],
    registrations: &[Registration],
) -> Option<Poison> {
    let of_library = || found.source.unguarded.clone();
    let ends = of_library().or_else(|| dotnet::unobserved(reach.ev, found.site).map(str::to_string))?;
    if matches!(ack, Ack::Auto { .. }) && starts_again(reach, found) {
        return None;
    }
    let poison = |place: Place| Some(Poison { place, ends: ends.clone() });
    // `value_deserializer=lambda v: json.loads(v)` runs inside the library.
    if let Some(decoder) = setting::argument(reach.ev, found.site, &found.source.decoder) {
        for function in reach.functions(&reach.ev.eval(decoder)) {
            if let Some(place) = unguarded(&walk::function(reach, function)) {
                return poison(place);
            }
        }
    }
    if let Some(place) = traces.iter().find_map(unguarded) {
        return poison(place);
    }
    let mut handed = traces.iter().flat_map(|t| &t.steps).filter(|s| matches!(s.kind, Kind::Passed(..)));
    if handed.any(|s| s.guarded) {
        return None;
    }
    let functions = registrations.iter().flat_map(|r| &r.functions);
    functions.map(|f| walk::function(reach, *f)).find_map(|t| unguarded(&t)).and_then(poison)
}

fn unguarded(trace: &Trace) -> Option<Place> {
    trace.steps.iter().find(|s| s.kind == Kind::Decodes && !s.guarded && !s.in_catch).map(|s| s.place)
}

/// True for a consumer that is registered in a `try` in a loop: it is started again, and a message that was
/// acknowledged on delivery does not come back.
fn starts_again(reach: &Reach<'_, '_>, found: &Found<'_>) -> bool {
    let linked = reach.ev.program.unit(found.site.unit);
    let around = linked.index.ancestors(found.site.expr).take_while(|p| !matches!(p, Parent::Func(_)));
    let (mut caught, mut again) = (false, false);
    for parent in around {
        let Parent::Stmt(stmt) = parent else { continue };
        match &linked.module.stmt(stmt).kind {
            StmtKind::Try { handlers, .. } => caught |= !handlers.is_empty(),
            StmtKind::Loop { .. } => again |= caught,
            _ => {}
        }
    }
    again
}
