//! How many unacknowledged messages a consumer holds.

use crate::extract::Presence;
use crate::program::UnitId;

use super::reach::Reach;
use super::setting;
use super::source::Found;
use super::{Ack, Prefetch};

/// Whether it is bounded. A call anywhere in the process counts: which channel it is for is not asked.
pub(super) fn read(reach: &Reach<'_, '_>, found: &Found<'_>, ack: &Ack, units: &[UnitId]) -> Prefetch {
    let Some(form) = &found.source.prefetch else { return Prefetch::default() };
    // The broker bounds nothing for a consumer that acknowledges on delivery.
    if matches!(ack, Ack::Auto { .. }) {
        return Prefetch::default();
    }
    let program = reach.ev.program;
    if let Some(site) = setting::argument(reach.ev, found.site, &form.options) {
        return Prefetch { bounded: Presence::Present(program.place(site)), ..Prefetch::default() };
    }
    let around = reach.around(units);
    let calls = form.calls.iter().filter_map(|c| c.rsplit('.').next()).flat_map(|name| program.calls_named(name));
    let bounded = match calls.into_iter().find(|s| around.contains(&s.unit)) {
        Some(site) => Presence::Present(program.place(*site)),
        None => Presence::Absent,
    };
    Prefetch { bounded, place: None, help: form.help.clone() }
}
