//! What a message is by its form: plain text is no event with fields, and a request names where the answer goes.

use super::call::Found;
use super::{flow, path};
use crate::facts::module::{Entry, ExprKind};
use crate::program::{Evaluator, Site, Value};

/// How many conversions stand around a text.
const MAX_DEPTH: u32 = 6;

/// True when the payload is a text that stands in the code and is no JSON: `"Hello World!"`.
pub(super) fn is_plain(ev: &Evaluator<'_>, found: &Found<'_>) -> bool {
    let mut bodies = found.form.body.iter().flat_map(|p| path::sites(ev, found.site, p)).peekable();
    bodies.peek().is_some() && bodies.all(|body| is_text(ev, body, 0))
}

fn is_text(ev: &Evaluator<'_>, site: Site, depth: u32) -> bool {
    if depth > MAX_DEPTH {
        return false;
    }
    let module = &ev.program.unit(site.unit).module;
    let here = |expr| Site { unit: site.unit, expr };
    if let Value::Str(text) = ev.eval(site) {
        let start = text.pattern();
        let start = start.trim_start();
        return !start.is_empty() && !start.starts_with(['{', '[', '<']);
    }
    match &module.expr(site.expr).kind {
        ExprKind::Cast { value, .. } => is_text(ev, here(*value), depth + 1),
        ExprKind::Call(call) => match (&module.expr(call.callee).kind, call.args.as_slice()) {
            // `message.getBytes(UTF_8)`
            (ExprKind::Attr { object, name, .. }, _)
                if matches!(name.as_str(), "getBytes" | "encode" | "toByteArray") =>
            {
                is_text(ev, here(*object), depth + 1)
            }
            // `Encoding.UTF8.GetBytes(message)`
            (ExprKind::Attr { name, .. }, [only]) if name == "GetBytes" => is_text(ev, here(only.value), depth + 1),
            // `[]byte(message)`
            (ExprKind::Index { .. }, [only]) => is_text(ev, here(only.value), depth + 1),
            _ => false,
        },
        ExprKind::Name(name) => {
            flow::single_assignment(ev, site.unit, site.expr, name).is_some_and(|e| is_text(ev, here(e), depth + 1))
        }
        _ => false,
    }
}

/// True for a message that says where its answer is expected: who sends it waits for that.
pub(super) fn asks_for_reply(ev: &Evaluator<'_>, found: &Found<'_>) -> bool {
    let is_reply = |name: &str| flow::squeeze(name) == "replyto";
    let names_reply = |site: Site| {
        let module = &ev.program.unit(site.unit).module;
        let span = module.expr(site.expr).span;
        module.exprs.iter().enumerate().filter(|(_, e)| span.contains(e.span)).any(|(i, e)| match &e.kind {
            ExprKind::Call(call) => {
                call.args.iter().any(|arg| arg.name.as_deref().is_some_and(is_reply))
                    || module.callee_name(crate::facts::module::ExprId(i as u32)).is_some_and(|name| is_reply(name))
            }
            ExprKind::Dict(entries) => entries.iter().any(|entry| match entry {
                Entry::Pair { key, .. } => matches!(&module.expr(*key).kind, ExprKind::Str(text) if is_reply(text)),
                Entry::Spread(_) => false,
            }),
            _ => false,
        })
    };
    // Properties may be built before the call.
    let metadata = found.form.metadata.iter().flat_map(|p| path::sites(ev, found.site, p));
    let built = metadata.filter_map(|site| match ev.eval(site) {
        Value::Instance(instance) => instance.call,
        Value::Dict(dict) => Some(dict.site),
        _ => None,
    });
    std::iter::once(found.site).chain(built).any(names_reply)
}
