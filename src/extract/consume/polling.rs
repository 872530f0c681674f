//! Receiving calls that do not wait for a message.

use super::Evidence;
use super::reach::Reach;
use super::setting;
use super::source::Found;
use crate::facts::module::ExprKind;
use crate::program::{Site, Value};

/// What to write to have it wait; none when it does, or when the queue may say so.
pub(super) fn short(reach: &Reach<'_, '_>, found: &Found<'_>, evidence: &Evidence) -> Option<String> {
    let form = found.source.long_poll.as_ref()?;
    let ev = reach.ev;
    match setting::argument(ev, found.site, &form.options) {
        Some(value) if ev.eval(value) != Value::Num(0.0) => return None,
        Some(_) => {}
        None if is_unread(reach, found.site) => return None,
        None => {}
    }
    // `create_queue(Attributes={"ReceiveMessageWaitTimeSeconds": "20"})`
    let said = |text: &str| text.contains("ReceiveMessageWaitTime") || text.contains("receiveMessageWaitTime");
    let in_code = ev.program.ids().any(|unit| {
        ev.program.unit(unit).module.exprs.iter().any(|e| match &e.kind {
            ExprKind::Str(text) | ExprKind::Name(text) | ExprKind::Attr { name: text, .. } => said(text),
            _ => false,
        })
    });
    (!evidence.long_polls && !in_code).then(|| form.help.clone())
}

/// True when an argument may hold more than what was read.
fn is_unread(reach: &Reach<'_, '_>, site: Site) -> bool {
    let ev = reach.ev;
    let Some(call) = ev.program.unit(site.unit).module.call(site.expr) else { return true };
    // The context comes first in Go.
    let mut options = call.args.iter().filter(|a| a.name.is_none());
    setting::is_open(ev, site)
        || options.any(|a| {
            let value = ev.at(site.unit, a.value);
            matches!(value, Value::Unknown | Value::Param { .. })
        }) && ev.program.language(site.unit) != crate::facts::module::Language::Go
}
