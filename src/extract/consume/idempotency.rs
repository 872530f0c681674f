//! Whether a second delivery does harm.

use super::Idempotency;
use super::effect::{self, Effect};
use super::guard::Guard;
use super::handler::Registration;
use super::reach::Reach;
use super::walk::{Kind, Trace};

/// The verdict over the code of one handler.
pub(super) fn verdict(traces: &[Trace]) -> Idempotency {
    if traces.is_empty() {
        return Idempotency::Unknown;
    }
    combine(traces.iter().map(of_trace).collect())
}

/// The verdict for a handler that was registered with a wrapper; the wrapper's own guard counts.
pub(super) fn registered(reach: &Reach<'_, '_>, wrapper: &[Trace], registration: &Registration) -> Idempotency {
    if registration.functions.is_empty() {
        return Idempotency::Unknown;
    }
    let own = combine(registration.traces(reach).iter().map(of_trace).collect());
    if !matches!(own, Idempotency::No { .. }) {
        return own;
    }
    let guard = wrapper.iter().flat_map(|t| &t.steps).find_map(|s| match s.kind {
        Kind::Passed(..) => s.guard,
        _ => None,
    });
    match (guard, own) {
        (Some(Guard::Durable(place)), _) => Idempotency::Durable(place),
        (Some(Guard::Unknown(_)), _) => Idempotency::Unknown,
        (Some(Guard::Memory(guard)), Idempotency::No { effect, what }) => Idempotency::InMemory { guard, effect, what },
        (_, own) => own,
    }
}

fn of_trace(trace: &Trace) -> Idempotency {
    let (mut durable, mut memory, mut unclear) = (None, None, trace.truncated);
    let mut keyed = false;
    let forward = || trace.steps.iter().filter(|s| !s.in_catch);
    let atomic = forward().find(|s| s.kind == Kind::Offsets).map(|s| s.place);
    for step in forward() {
        let in_memory =
            |guard, what| memory.clone().or(Some(Idempotency::InMemory { guard, effect: step.place, what }));
        match (&step.kind, step.guard) {
            (Kind::Does(Effect::Repeats(_)), None) if keyed => unclear = true,
            (Kind::Does(Effect::Keyed), None) => (keyed, unclear) = (true, true),
            (Kind::Does(Effect::Repeats(what)), _) if what == effect::PUBLISHES && atomic.is_some() => {
                durable = durable.or(atomic);
            }
            (Kind::Does(Effect::Repeats(what)), None) => {
                return Idempotency::No { effect: step.place, what: what.clone() };
            }
            (Kind::Does(Effect::Repeats(_)), Some(Guard::Durable(place))) => durable = durable.or(Some(place)),
            (Kind::Does(Effect::Repeats(_)), Some(Guard::Unknown(_))) => unclear = true,
            (Kind::Does(Effect::Repeats(what)), Some(Guard::Memory(guard))) => memory = in_memory(guard, what.clone()),
            // What only a set in memory keeps from being done twice is not to be done twice, by its author's word.
            (Kind::Unresolved(name), Some(Guard::Memory(guard))) => {
                memory = in_memory(guard, format!("calls `{name}`"));
            }
            (Kind::Does(Effect::Claim), _) => durable = durable.or(Some(step.place)),
            (Kind::Does(Effect::Unclear | Effect::Commit) | Kind::Unresolved(_) | Kind::Passed(..), None) => {
                unclear = true;
            }
            _ => {}
        }
    }
    match (memory, durable) {
        (Some(memory), _) => memory,
        (None, Some(place)) => Idempotency::Durable(place),
        (None, None) if unclear => Idempotency::Unknown,
        (None, None) => Idempotency::NotNeeded,
    }
}

/// The worst of several.
fn combine(verdicts: Vec<Idempotency>) -> Idempotency {
    let rank = |v: &Idempotency| match v {
        Idempotency::No { .. } => 0,
        Idempotency::InMemory { .. } => 1,
        Idempotency::Unknown => 2,
        Idempotency::Durable(_) => 3,
        Idempotency::NotNeeded => 4,
    };
    verdicts.into_iter().min_by_key(rank).unwrap_or(Idempotency::Unknown)
}
