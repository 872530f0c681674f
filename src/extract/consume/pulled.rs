//! Functions that take a message and give it to their caller: what handles it is the loop around the call.

use crate::facts::module::{Entry, ExprId, ExprKind, Language, Module, StmtKind};
use crate::files::{self, Zone};
use crate::program::Site;

use super::handler::{self, Body};
use super::reach::{Func, Reach};

/// How many functions may hand a message on.
const MAX_DEPTH: usize = 3;

/// The code that gets the message of a receiving call from the function it stands in, with the calls that give it;
/// nothing when the function keeps the message.
pub(super) fn takers(reach: &Reach<'_, '_>, received: Site) -> Vec<(Body, Site)> {
    let mut out = Vec::new();
    let language = reach.ev.program.language(received.unit);
    if language.is_jvm() || language == Language::CSharp {
        return out;
    }
    follow(reach, received, MAX_DEPTH, &mut out);
    out
}

fn follow(reach: &Reach<'_, '_>, received: Site, depth: usize, out: &mut Vec<(Body, Site)>) {
    let Some(func) = giver(reach, received) else { return };
    for call in reach.callers(func) {
        if files::zone(&reach.ev.program.unit(call.unit).path) == Zone::Test || out.iter().any(|(_, c)| *c == call) {
            continue;
        }
        match handler::around(reach, call) {
            Some(body @ Body::Loop(..)) => out.push((body, call)),
            Some(Body::Function(_)) if depth > 0 => follow(reach, call, depth - 1, out),
            _ => {}
        }
    }
}

/// The named function around a receiving call, when it returns what the call gave.
fn giver(reach: &Reach<'_, '_>, received: Site) -> Option<Func> {
    let unit = reach.ev.program.unit(received.unit);
    let func = unit.index.func_of(received.expr)?;
    let module = &unit.module;
    let around = module.func(func).span;
    let mut names: Vec<&str> = Vec::new();
    for stmt in module.stmts.iter().filter(|s| around.contains(s.span)) {
        if let StmtKind::Assign { target, value: Some(value), .. } = &stmt.kind
            && carries(module, *value, received.expr, &names)
        {
            names.extend(assigned(module, *target));
        }
    }
    for call in unit.index.calls.iter().filter(|c| around.contains(module.expr(c.expr).span)) {
        names.extend(filled(module, call.expr, received.expr, &names));
    }
    let gives = module.stmts.iter().filter(|s| around.contains(s.span)).any(|stmt| match &stmt.kind {
        StmtKind::Return(Some(value)) => {
            unit.index.func_of(*value) == Some(func) && carries(module, *value, received.expr, &names)
        }
        _ => false,
    });
    gives.then_some((received.unit, func))
}

/// The variable that a message is read into: `json.Unmarshal(message.Value, &event)`.
fn filled<'m>(module: &'m Module, expr: ExprId, received: ExprId, names: &[&str]) -> Option<&'m str> {
    let call = module.call(expr)?;
    let [body, into] = call.args.as_slice() else { return None };
    if module.callee_name(expr)? != "Unmarshal" || !carries(module, body.value, received, names) {
        return None;
    }
    let mut into = into.value;
    while let ExprKind::Other(items) = &module.expr(into).kind {
        into = *items.first()?;
    }
    assigned(module, into)
}

/// The variable that holds the message: the first of several.
fn assigned(module: &Module, target: ExprId) -> Option<&str> {
    match &module.expr(target).kind {
        ExprKind::Name(name) => Some(name.as_str()).filter(|name| *name != "_"),
        ExprKind::List(items) => items.first().and_then(|first| assigned(module, *first)),
        _ => None,
    }
}

/// True when a value is or holds the message; what a function makes of it is something else.
fn carries(module: &Module, expr: ExprId, call: ExprId, names: &[&str]) -> bool {
    if expr == call {
        return true;
    }
    let inner = |e: ExprId| carries(module, e, call, names);
    match &module.expr(expr).kind {
        ExprKind::Name(name) => names.contains(&name.as_str()),
        ExprKind::Attr { object, .. } => inner(*object),
        // Of several results of Go the first is the message.
        ExprKind::Index { object, index } => !is_other_result(module, *object, *index) && inner(*object),
        ExprKind::Await(value) | ExprKind::Cast { value, .. } => inner(*value),
        ExprKind::List(items) | ExprKind::Other(items) => items.iter().any(|item| inner(*item)),
        ExprKind::Dict(entries) => {
            entries.iter().any(|entry| matches!(entry, Entry::Pair { value, .. } if inner(*value)))
        }
        // `string(message.Value)`, `Parcel{Body: message.Value}`
        ExprKind::Call(call) => {
            let converts = matches!(&module.expr(call.callee).kind, ExprKind::Name(name) if name == "string");
            (converts || call.is_new) && call.args.iter().any(|arg| inner(arg.value))
        }
        _ => false,
    }
}

fn is_other_result(module: &Module, object: ExprId, index: ExprId) -> bool {
    let is_first = matches!(module.expr(index).kind, ExprKind::Num(n) if n == 0.0);
    matches!(&module.expr(object).kind, ExprKind::Name(name) if name.starts_with('$')) && !is_first
}
