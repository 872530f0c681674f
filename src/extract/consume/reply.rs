//! Consumers that wait for the answer to a request of their own: remote calls over a broker. And messages of which
//! a second one does no harm.

use super::source::Found;
use crate::extract::publish;
use crate::facts::module::{Call, Entry, ExprId, ExprKind, Module, StmtKind};
use crate::program::{Evaluator, Site, Value};

/// True for a consumer of the queue that the same file names as `reply_to` of what it sends. Such a
/// queue dies with the process that waits; an answer nobody waits for any more is worth nothing.
pub(super) fn takes_replies(ev: &Evaluator<'_>, found: &Found<'_>) -> bool {
    if found.consume.broker != "rabbitmq" {
        return false;
    }
    let module = &ev.program.unit(found.site.unit).module;
    let Some(call) = module.call(found.site.expr) else { return false };
    let receiver = match &module.expr(call.callee).kind {
        ExprKind::Attr { object, .. } => Some(*object),
        _ => None,
    };
    let by_name = call.args.iter().find(|a| a.name.as_deref() == Some("queue"));
    let first = call.args.iter().find(|a| a.name.is_none() && !a.spread);
    let queue = by_name.or(first).map(|a| a.value);
    let queues: Vec<Vec<&str>> = [queue, receiver].into_iter().flatten().filter_map(|e| path(module, e)).collect();
    !queues.is_empty() && replies(module).any(|reply| path(module, reply).is_some_and(|reply| queues.contains(&reply)))
}

/// True for a message that goes where log lines, measurements or signs of life are collected: `emit("create-log", …)`.
pub(super) fn is_telemetry(ev: &Evaluator<'_>, site: Site, call: &Call) -> bool {
    let text = |value: &Value| value.as_str().filter(|text| !text.is_empty());
    let named = |names: &[&str]| {
        let mut given = call.args.iter().filter(|a| a.name.as_deref().is_some_and(|n| names.contains(&n)));
        given.find_map(|a| text(&ev.at(site.unit, a.value)))
    };
    let first = || {
        call.args.iter().filter(|a| a.name.is_none() && !a.spread).find_map(|a| match ev.at(site.unit, a.value) {
            Value::Dict(record) => text(&ev.eval(record.get("topic")?)),
            value => text(&value),
        })
    };
    let place = named(&["routing_key", "queue", "topic", "to"]).or_else(|| named(&["exchange"])).or_else(first);
    place.is_some_and(|place| publish::is_telemetry(&place))
}

/// What a file gives as `reply_to`.
fn replies(module: &Module) -> impl Iterator<Item = ExprId> {
    let is_reply = |name: &str| matches!(name, "reply_to" | "replyTo" | "ReplyTo");
    let given = module.exprs.iter().flat_map(move |expr| match &expr.kind {
        ExprKind::Call(call) => {
            let named = call.args.iter().filter(|a| a.name.as_deref().is_some_and(is_reply));
            // `new BasicProperties.Builder().replyTo(queue)`
            let built = matches!(&module.expr(call.callee).kind, ExprKind::Attr { name, .. } if is_reply(name));
            let first = call.args.first().filter(|_| built);
            named.chain(first).map(|a| a.value).collect::<Vec<_>>()
        }
        ExprKind::Dict(entries) => entries
            .iter()
            .filter_map(|entry| match entry {
                Entry::Pair { key, value } => match &module.expr(*key).kind {
                    ExprKind::Str(text) if is_reply(text) => Some(*value),
                    _ => None,
                },
                Entry::Spread(_) => None,
            })
            .collect(),
        _ => Vec::new(),
    });
    // `properties.ReplyTo = queue`
    let assigned = module.stmts.iter().filter_map(move |stmt| match &stmt.kind {
        StmtKind::Assign { target, value: Some(value), .. } => {
            let is_it = matches!(&module.expr(*target).kind, ExprKind::Attr { name, .. } if is_reply(name));
            is_it.then_some(*value)
        }
        _ => None,
    });
    given.chain(assigned)
}

/// True for the attribute of a queue that is its name.
fn is_name(part: &str) -> bool {
    matches!(part, "name" | "queue" | "method" | "Name")
}

/// `self.replies` of `self.replies.name`: the path to a queue, without the attribute that is its name.
fn path(module: &Module, expr: ExprId) -> Option<Vec<&str>> {
    let mut at = expr;
    let mut out = Vec::new();
    for _ in 0..8 {
        match &module.expr(at).kind {
            ExprKind::Attr { object, name, .. } => {
                out.push(name.as_str());
                at = *object;
            }
            ExprKind::Name(name) => {
                out.push(name.as_str());
                let names = out.iter().take_while(|part| is_name(part)).count();
                let keep = if names < out.len() { names } else { 0 };
                out.drain(..keep);
                return Some(out);
            }
            ExprKind::This => {
                out.push("this");
                let names = out.iter().take_while(|part| is_name(part)).count();
                // `self.queue` is the queue itself.
                let keep = if names + 1 < out.len() { names } else { 0 };
                out.drain(..keep);
                return Some(out);
            }
            _ => return None,
        }
    }
    None
}
