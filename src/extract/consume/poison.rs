//! Messages that cannot be decoded: whether one of them ends the consumer.

use crate::facts::module::StmtKind;
use crate::program::{Parent, Site};
use crate::syntax::Place;

use super::handler::Registration;
use super::reach::Reach;
use super::setting;
use super::source::Found;
use super::walk::{self, Kind, Trace};
use super::{Ack, Poison, dotnet};

/// Over how many callers a consumer is looked for that is started again.
const MAX_HOPS: u32 = 3;

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
    let poison = |step: (Place, bool)| {
        let (place, rejected) = step;
        let again = rejected && starts_again(reach, found);
        (!again).then(|| Poison { place, ends: ends.clone(), rejected })
    };
    // `value_deserializer=lambda v: json.loads(v)` runs inside the library.
    if let Some(decoder) = setting::argument(reach.ev, found.site, &found.source.decoder) {
        for function in reach.functions(&reach.ev.eval(decoder)) {
            if let Some(step) = unguarded(&walk::function(reach, function)) {
                return poison(step);
            }
        }
    }
    if let Some(step) = traces.iter().find_map(unguarded) {
        return poison(step);
    }
    let handed = || traces.iter().flat_map(|t| &t.steps).filter(|s| matches!(s.kind, Kind::Passed(..)));
    if handed().any(|s| s.guarded) {
        return None;
    }
    let rejects = handed().any(|s| s.rejected);
    let decoded = registrations.iter().flat_map(|r| r.traces(reach)).find_map(|t| unguarded(&t));
    decoded.and_then(|(place, rejected)| poison((place, rejected || rejects)))
}

/// The place, and whether a context around it rejects the message.
fn unguarded(trace: &Trace) -> Option<(Place, bool)> {
    let open = |s: &&walk::Step| s.kind == Kind::Decodes && !s.guarded && !s.in_catch;
    trace.steps.iter().find(open).map(|s| (s.place, s.rejected))
}

/// True for a consumer that is registered in a `try` in a loop, there or where its function is called: it is started
/// again, and a message that was acknowledged on delivery, or rejected, does not come back.
fn starts_again(reach: &Reach<'_, '_>, found: &Found<'_>) -> bool {
    is_repeated(reach, found.site, 0)
}

fn is_repeated(reach: &Reach<'_, '_>, site: Site, hops: u32) -> bool {
    let linked = reach.ev.program.unit(site.unit);
    let around = linked.index.ancestors(site.expr).take_while(|p| !matches!(p, Parent::Func(_)));
    let (mut caught, mut again) = (false, false);
    for parent in around {
        let Parent::Stmt(stmt) = parent else { continue };
        match &linked.module.stmt(stmt).kind {
            StmtKind::Try { handlers, .. } => caught |= !handlers.is_empty(),
            StmtKind::Loop { .. } => again |= caught,
            _ => {}
        }
    }
    let callers = || linked.index.func_of(site.expr).map(|func| reach.callers((site.unit, func))).unwrap_or_default();
    again || hops < MAX_HOPS && callers().into_iter().any(|caller| is_repeated(reach, caller, hops + 1))
}
