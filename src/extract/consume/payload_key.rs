//! Duplicates that are looked up by a hash of the payload.

use crate::extract::hash;
use crate::program::Site;
use crate::syntax::Place;

use super::effect::{self, Effect};
use super::handler::Body;
use super::reach::Reach;
use super::source;
use super::walk::Trace;

/// The hash that a store is asked for.
pub(super) fn read(reach: &Reach<'_, '_>, bodies: &[Body], traces: &[Trace]) -> Option<Place> {
    let ev = reach.ev;
    for (unit, func) in source::functions(bodies, traces, ev) {
        let linked = ev.program.unit(unit);
        for call in linked.index.calls.iter().filter(|c| c.func == Some(func)) {
            let site = Site { unit, expr: call.expr };
            let Some(made) = linked.module.call(call.expr) else { continue };
            let hashed = made.args.iter().find_map(|a| hash::of_payload(ev, Site { unit, expr: a.value }));
            if let Some(hashed) = hashed
                && matches!(effect::of(reach, site), Some(Effect::Read | Effect::Claim | Effect::Overwrite))
            {
                return Some(ev.program.place(hashed));
            }
        }
    }
    None
}
