//! When a message is acknowledged.

use crate::catalog::consume::{AckMode, AckSetting, SettingValue};
use crate::extract::consume::effect::Effect;
use crate::facts::module::{ExprKind, Language, StmtKind};
use crate::program::Site;
use crate::syntax::Place;

use super::handler::Registration;
use super::reach::Reach;
use super::setting;
use super::source::Found;
use super::walk::{self, Kind, Step, Trace};
use super::{Ack, builder};

/// The verdict for a source and the code that handles its messages.
pub(super) fn verdict(
    reach: &Reach<'_, '_>,
    found: &Found<'_>,
    traces: &[Trace],
    registrations: &[Registration],
) -> Ack {
    let by_hand = || match (manual(reach, traces, registrations), handed(reach, registrations)) {
        (before @ Ack::Before { .. }, _) | (Ack::Unknown, before) | (_, before @ Ack::Before { .. }) => before,
        (ack, _) => ack,
    };
    match mode(reach, found) {
        Some((AckMode::Manual, _)) => by_hand(),
        // A handler that acknowledges by itself was given the means to: `Acknowledgment` of spring-kafka.
        Some((AckMode::Framework, _)) => match by_hand() {
            before @ Ack::Before { .. } => before,
            Ack::After => Ack::Framework,
            _ => traces.iter().find_map(unawaited).unwrap_or(Ack::Framework),
        },
        Some((AckMode::Auto, place)) => {
            let why = match &place {
                Some(_) => "the message is gone before the handler has finished".to_string(),
                None => found.source.ack_text.clone().unwrap_or_default(),
            };
            Ack::Auto { place, why }
        }
        Some((AckMode::None, _)) | None => Ack::Unknown,
    }
}

/// Who acknowledges, and the setting that says so; none when it could not be read.
fn mode(reach: &Reach<'_, '_>, found: &Found<'_>) -> Option<(AckMode, Option<Place>)> {
    let ev = reach.ev;
    let needed = &found.source.ack_needs;
    // In Go the settings stand where the reader is made whose method is called.
    let made = || ev.callee(found.site).and_then(|(_, receiver)| receiver?.call);
    let said =
        || setting::argument(ev, found.site, needed).or_else(|| made().and_then(|m| setting::argument(ev, m, needed)));
    if !needed.is_empty() && said().is_none_or(|s| ev.eval(s) == crate::program::Value::Null) {
        return None;
    }
    if builder::is_opaque(ev, found) {
        return None;
    }
    let mut explicit = None;
    for setting in &found.source.ack_settings {
        let sites = settings(reach, found, setting);
        for site in sites {
            let place = ev.program.place(site);
            match &setting.value {
                SettingValue::Bool(wanted) => match setting::boolean(ev, site) {
                    Some(value) if value == *wanted => return Some((setting.means, Some(place))),
                    Some(_) => explicit = explicit.or(Some(place)),
                    None => return None,
                },
                SettingValue::Text(wanted) => match setting::word(ev, site) {
                    Some(word) if word == *wanted => return Some((setting.means, Some(place))),
                    Some(_) => explicit = explicit.or(Some(place)),
                    None if setting.names.iter().any(|n| n == "*") => {}
                    None => return None,
                },
            }
        }
    }
    if setting::is_open(ev, found.site) && !found.source.ack_settings.is_empty() && explicit.is_none() {
        return None;
    }
    // `enable_auto_commit=True` says what the default does.
    Some((found.source.ack, explicit))
}

fn settings(reach: &Reach<'_, '_>, found: &Found<'_>, setting: &AckSetting) -> Vec<Site> {
    let ev = reach.ev;
    let unit = ev.program.unit(found.site.unit);
    if setting.names.iter().any(|n| n == "*") {
        let Some(call) = unit.module.call(found.site.expr) else { return Vec::new() };
        return call.args.iter().map(|a| Site { unit: found.site.unit, expr: a.value }).collect();
    }
    if let Some(site) = setting::argument(ev, found.site, &setting.names) {
        return vec![site];
    }
    if let Some(site) = builder::setting(ev, found, &setting.names) {
        return vec![site];
    }
    if setting.anywhere.is_empty() {
        return Vec::new();
    }
    let mut out = Vec::new();
    for id in ev.program.ids() {
        let unit = ev.program.unit(id);
        for call in &unit.index.calls {
            let Some(c) = unit.module.call(call.expr) else { continue };
            let named =
                c.args.iter().filter(|a| a.name.as_ref().is_some_and(|n| setting.anywhere.iter().any(|x| x == n)));
            out.extend(named.map(|a| Site { unit: id, expr: a.value }));
        }
        for stmt in &unit.module.stmts {
            if let StmtKind::Assign { target, value: Some(value), .. } = &stmt.kind
                && let ExprKind::Name(n) | ExprKind::Attr { name: n, .. } = &unit.module.expr(*target).kind
                && setting.anywhere.iter().any(|x| x == n)
            {
                out.push(Site { unit: id, expr: *value });
            }
        }
    }
    out
}

/// Acknowledged by the handlers that a wrapper is given: by one of them too early, or by all of them after the work.
fn handed(reach: &Reach<'_, '_>, registrations: &[Registration]) -> Ack {
    let mut all = true;
    for trace in registrations.iter().flat_map(|r| r.traces(reach)) {
        match manual(reach, &[trace], &[]) {
            before @ Ack::Before { .. } => return before,
            ack => all &= matches!(ack, Ack::After),
        }
    }
    if all && registrations.iter().any(|r| !r.functions.is_empty()) { Ack::After } else { Ack::Unknown }
}

/// Acknowledged by the program: after the work, or before it.
fn manual(reach: &Reach<'_, '_>, traces: &[Trace], registrations: &[Registration]) -> Ack {
    let mut seen = false;
    for trace in traces {
        for (i, ack) in trace.steps.iter().enumerate() {
            if ack.kind != Kind::Ack || ack.in_catch {
                continue;
            }
            seen = true;
            // A call that nobody waits for and that acknowledges itself is not work that came before.
            let encloses = |s: &Step| matches!(s.kind, Kind::Enters(_)) && !s.is_apart_from(ack);
            let comes_before = |s: &&Step| works(s) && !encloses(s) && walk::precedes(s, ack);
            let before: Vec<&Step> = trace.steps[..i].iter().filter(comes_before).collect();
            // Work that was started and that nothing waits for.
            let loose = before.iter().find(|s| is_loose(reach, s, ack, registrations));
            if let Some(work) = loose
                && !before.iter().any(|s| !s.detached && stores(s))
            {
                return Ack::Before {
                    place: ack.place,
                    work: Some(work.place),
                    why: "nothing waits for the handler to finish".into(),
                };
            }
            if before.iter().any(|s| !is_loose(reach, s, ack, registrations)) {
                continue;
            }
            // Something that could not be read may have handled the message already.
            let handed = |s: &Step| match &s.kind {
                Kind::Unresolved(name) => hands_over(name),
                // Of many handlers behind one interface only some were read.
                Kind::Enters(func) => {
                    let module = &reach.ev.program.unit(func.0).module;
                    module.language == Language::CSharp
                        && hands_over(&module.func(func.1).name)
                        && reach.is_one_of_many(*func)
                }
                _ => false,
            };
            if trace.steps[..i].iter().any(|s| handed(s) && !s.in_catch && walk::precedes(s, ack)) {
                continue;
            }
            let follows = |s: &&Step| works(s) && !s.in_catch && walk::precedes(ack, s) && !keeps_position(reach, s);
            let after = trace.steps[i + 1..].iter().find(follows);
            if let Some(work) = after {
                return Ack::Before {
                    place: ack.place,
                    work: Some(work.place),
                    why: "the work follows the acknowledgement".into(),
                };
            }
        }
    }
    if seen { Ack::After } else { Ack::Unknown }
}

/// A handler that begins its work and returns: what is stored or sent, nothing waits for.
fn unawaited(trace: &Trace) -> Option<Ack> {
    let mut work = trace.steps.iter().filter(|s| stores(s) && !s.in_catch);
    let first = work.next()?;
    if !first.detached || work.any(|s| !s.detached) || trace.truncated {
        return None;
    }
    let began = trace.steps.iter().find(|s| matches!(s.kind, Kind::Enters(_)) && s.detached);
    Some(Ack::Unawaited { call: began.map_or(first.place, |step| step.place), work: first.place })
}

/// True for work in a function or class that keeps the position in a stream: `SaveCheckpoint`, `OffsetStore`.
fn keeps_position(reach: &Reach<'_, '_>, step: &Step) -> bool {
    let program = reach.ev.program;
    let Some(unit) = program.ids().find(|u| program.unit(*u).file == step.place.file) else { return false };
    let module = &program.unit(unit).module;
    let around = module.funcs.iter().filter(|f| f.span.contains(step.place.span));
    let names = around.flat_map(|f| [Some(&f.name), f.class.map(|c| &module.class(c).name)]);
    names.flatten().any(|name| {
        let name = name.to_ascii_lowercase();
        name.contains("checkpoint") || name.contains("offset")
    })
}

/// True for names of methods that pass a message on to what handles it.
fn hands_over(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["handle", "dispatch", "execute", "invoke", "process", "send", "save", "store", "perform"]
        .iter()
        .any(|word| name.starts_with(word))
}

/// True for steps that do the work of a message.
fn works(step: &Step) -> bool {
    match &step.kind {
        Kind::Passed(..) => true,
        Kind::Does(effect) => !matches!(effect, Effect::Read | Effect::DeadLetter),
        Kind::Enters(_) => step.detached,
        _ => false,
    }
}

fn stores(step: &Step) -> bool {
    matches!(step.kind, Kind::Does(Effect::Claim | Effect::Overwrite | Effect::Repeats(_)))
}

/// Nothing that acknowledges waits for it: it was handed to a task, or it is an async function that was passed in and is
/// called as a statement of its own.
fn is_loose(reach: &Reach<'_, '_>, step: &Step, ack: &Step, registrations: &[Registration]) -> bool {
    if !step.detached || !matches!(step.kind, Kind::Passed(..)) {
        return step.is_apart_from(ack);
    }
    step.is_apart_from(ack) && registrations.iter().flat_map(|r| &r.functions).any(|f| walk::is_async(reach, *f))
}
