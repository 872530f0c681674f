//! Idempotency keys that are sent by statements and steps of a chain: `req.Header.Set("Idempotency-Key", key)`,
//! `.header("Idempotency-Key", key)`, also in the helpers that the function of the request calls.

use super::context::Context;
use super::request::{idempotency_key, is_key_name};
use crate::facts::module::{Call, ExprId, ExprKind, FuncId, Language, StmtKind};
use crate::program::{Evaluator, Site, UnitId, Value};

/// Whether the request at `site` carries an idempotency key: in its arguments, or in what the function around it says.
pub fn key_sent(ev: &Evaluator<'_>, call: &Call, site: Site, body: Option<usize>) -> Option<bool> {
    in_statements(ev, site, idempotency_key(ev, call, site, body))
}

/// The same where the arguments say `found`. Dictionaries of headers are arguments in Python and JavaScript;
/// elsewhere statements and steps of a chain set them.
pub(super) fn in_statements(ev: &Evaluator<'_>, site: Site, found: Option<bool>) -> Option<bool> {
    let unit = ev.program.unit(site.unit);
    let language = unit.module.language;
    if found == Some(true) || !(language.is_jvm() || matches!(language, Language::Go | Language::CSharp)) {
        return found;
    }
    let Some(func) = unit.index.func_of(site.expr) else { return found };
    if names_key(ev, site.unit, func) || helpers(ev, site.unit, func).any(|(unit, func)| names_key(ev, unit, func)) {
        return Some(true);
    }
    // A message that is passed in carries headers that are not seen here.
    let passed = language == Language::CSharp
        && unit.module.call(site.expr).is_some_and(|c| {
            unit.module.callee_name(site.expr).is_some_and(|n| n.starts_with("Send"))
                && c.args.first().is_some_and(|a| ev.at(site.unit, a.value).instance().is_none_or(|i| i.call.is_none()))
        });
    if passed { None } else { found }
}

/// Something in a function is called like an idempotency key.
fn names_key(ev: &Evaluator<'_>, unit: UnitId, func: FuncId) -> bool {
    let module = &ev.program.unit(unit).module;
    let span = module.func(func).span;
    module.exprs.iter().any(|e| {
        span.contains(e.span)
            && match &e.kind {
                ExprKind::Str(text) => is_key_name(text),
                ExprKind::Name(name) | ExprKind::Attr { name, .. } => is_key_name(name),
                _ => false,
            }
    })
}

/// The functions of ours that a function calls.
fn helpers<'e>(ev: &'e Evaluator<'_>, unit: UnitId, func: FuncId) -> impl Iterator<Item = (UnitId, FuncId)> + 'e {
    let known = ev.program.unit(unit);
    let span = known.module.func(func).span;
    let calls = known.index.calls.iter().filter(move |c| span.contains(known.module.expr(c.expr).span));
    calls.flat_map(move |c| {
        let site = Site { unit, expr: c.expr };
        let called = known.module.call(c.expr).map(|call| ev.called(site, call)).unwrap_or_default();
        called.into_iter().filter_map(|value| match value {
            Value::Function { unit, func, .. } => Some((unit, func)),
            _ => None,
        })
    })
}

/// True for a dictionary that statements put more into than can be read: `headers.update(more)`, or a key under its
/// name: `headers["Idempotency-Key"] = key`.
pub(super) fn is_filled(ev: &Evaluator<'_>, dict: Site) -> bool {
    is_filled_by(ev, dict, &|_| true)
}

/// The same on one way in: `headers.update(more)` with what that way hands over, which may be nothing.
pub(super) fn is_filled_on(ev: &Evaluator<'_>, dict: Site, context: &Context) -> bool {
    is_filled_by(ev, dict, &|more| match context.eval(ev, more) {
        Value::Null => false,
        Value::Dict(dict) => dict.open || dict.entries.iter().any(|(key, _)| is_key_name(key)),
        _ => true,
    })
}

fn is_filled_by(ev: &Evaluator<'_>, dict: Site, may_hold: &dyn Fn(Site) -> bool) -> bool {
    let unit = ev.program.unit(dict.unit);
    let module = &unit.module;
    let func = unit.index.func_of(dict.expr);
    let name = module.stmts.iter().find_map(|s| match &s.kind {
        StmtKind::Assign { target, value: Some(value), .. } if *value == dict.expr => {
            match &module.expr(*target).kind {
                ExprKind::Name(name) => Some(name),
                _ => None,
            }
        }
        _ => None,
    });
    let Some(name) = name else { return false };
    let is_it = |e: ExprId| {
        matches!(&module.expr(e).kind, ExprKind::Name(known) if known == name) && unit.index.func_of(e) == func
    };
    module.exprs.iter().any(|e| match &e.kind {
        ExprKind::Call(call) => match &module.expr(call.callee).kind {
            ExprKind::Attr { object, name, .. } if name == "update" => {
                let given = |expr| may_hold(Site { unit: dict.unit, expr });
                is_it(*object) && (call.args.is_empty() || call.args.iter().any(|a| given(a.value)))
            }
            ExprKind::Attr { name, .. } if name == "assign" => call.args.first().is_some_and(|a| is_it(a.value)),
            _ => false,
        },
        ExprKind::Index { object, index } => match &module.expr(*index).kind {
            ExprKind::Str(text) => is_key_name(text) && is_it(*object),
            _ => false,
        },
        _ => false,
    })
}
