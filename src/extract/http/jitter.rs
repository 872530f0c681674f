//! Whether the pauses between attempts are spread by chance.

use super::retry::names_in;
use crate::catalog::http::Jitter;
use crate::facts::module::{ExprId, ExprKind, Module};
use crate::program::index::Binding;
use crate::program::{Evaluator, Site, Unit, Value};
use crate::syntax::Span;

/// What the arguments of a library's retry say; none when it is not known.
pub(super) fn of_call(ev: &Evaluator<'_>, form: &Jitter, named: &[(String, Site)], open: bool) -> Option<bool> {
    let Some((_, site)) = named.iter().rev().find(|(name, _)| form.names.contains(name)) else {
        return if open { None } else { form.default };
    };
    let module = &ev.program.unit(site.unit).module;
    let value = ev.eval(*site);
    let mut names = names_in(module, site.expr);
    // `@Backoff(delay = 500, multiplier = 2, random = true)`
    let on = |e: ExprId| matches!(module.expr(e).kind, ExprKind::Bool(true));
    let flags = module.call(site.expr).into_iter().flat_map(|c| &c.args).filter(|a| on(a.value));
    names.extend(flags.filter_map(|a| a.name.as_ref().map(ToString::to_string)));
    if let Some(instance) = value.instance() {
        names.extend(instance.ty.rsplit('.').next().map(str::to_string));
    }
    if let Value::External(symbol) | Value::Method { symbol, .. } = &value {
        names.extend(symbol.rsplit('.').next().map(str::to_string));
    }
    let said: Vec<bool> = names.iter().filter_map(|n| form.values.get(n).copied()).collect();
    if said.contains(&true) {
        return Some(true);
    }
    if said.contains(&false) {
        return Some(false);
    }
    match value {
        Value::Bool(on) => Some(on),
        Value::Num(n) => Some(n > 0.0),
        Value::Null => Some(false),
        // A function of the library or of ours: `full_jitter`.
        Value::External(_) | Value::Method { .. } if form.values.is_empty() => Some(true),
        _ => None,
    }
}

/// Functions that only compute: what comes out depends on what goes in.
const ARITHMETIC: [&str; 35] = [
    "min",
    "max",
    "pow",
    "Pow",
    "float",
    "int",
    "floor",
    "round",
    "ceil",
    "Number",
    "Duration",
    "Math",
    "math",
    "Min",
    "Max",
    "abs",
    // Conversions of Go, and how a length of time is made in C# and on the JVM.
    "uint",
    "int32",
    "int64",
    "uint32",
    "uint64",
    "float32",
    "float64",
    "FromSeconds",
    "FromMilliseconds",
    "FromMinutes",
    "ofSeconds",
    "ofMillis",
    "toLong",
    "toInt",
    "toDouble",
    "milliseconds",
    "seconds",
    "Floor",
    "Ceiling",
];

/// Whether the pause of a hand-written loop is chance: `sleeps` are its calls that wait.
pub(super) fn of_loop(unit: &Unit, span: Span, sleeps: &[ExprId]) -> Option<bool> {
    let module = &unit.module;
    let random = |name: &str| {
        let name = name.to_lowercase();
        ["rand", "jitter", "uniform", "noise", "entropy"].iter().any(|w| name.contains(w))
    };
    let named = module
        .exprs
        .iter()
        .filter(|e| span.contains(e.span))
        .any(|e| matches!(&e.kind, ExprKind::Name(n) | ExprKind::Attr { name: n, .. } if random(n)));
    if named {
        return Some(true);
    }
    let mut pause: Vec<ExprId> = Vec::new();
    for &sleep in sleeps {
        let call = module.call(sleep)?;
        pause.extend(call.args.iter().map(|a| a.value));
    }
    let mut seen = 0;
    while let Some(e) = pause.pop() {
        seen += 1;
        if seen > 200 {
            return None;
        }
        match &module.expr(e).kind {
            ExprKind::Call(_) => {
                let name = module.callee_name(e).map_or("", |n| n.as_str());
                if !ARITHMETIC.contains(&name) {
                    return None;
                }
                pause.extend(module.call(e).into_iter().flat_map(|c| c.args.iter().map(|a| a.value)));
            }
            // A field may hold anything, and so may a parameter.
            ExprKind::Attr { name, .. } => {
                if !is_constant(module, e) && !is_setting(module, name) {
                    return None;
                }
            }
            // `new Promise((resolve) => setTimeout(resolve, delay))` is found by its `setTimeout`.
            ExprKind::Lambda(_) => {}
            ExprKind::Name(name) => {
                let found = unit.index.lookup(module, unit.index.func_of(e), name);
                for binding in found.into_iter().flat_map(|(_, bindings)| bindings) {
                    match binding {
                        Binding::Value(value) if *value != e => pause.push(*value),
                        Binding::Element(_) | Binding::Value(_) | Binding::Opaque => {}
                        // How long is the caller's business; whether it is chance is not.
                        Binding::Param(..) => {}
                        _ => return None,
                    }
                }
            }
            _ => pause.extend(module.children(e)),
        }
    }
    Some(false)
}

/// `config.initialDelayMs`, `policy.backoffRate`: a number that somebody has set, when nothing here computes it.
fn is_setting(module: &Module, name: &str) -> bool {
    let lower = name.to_lowercase();
    let counts = ["delay", "backoff", "interval", "multiplier", "factor", "rate", "base"];
    counts.iter().any(|w| lower.contains(w)) && !module.funcs.iter().any(|f| f.name == name)
}

/// `time.Second`, `TimeUnit.SECONDS`, `self.BASE_DELAY`
fn is_constant(module: &Module, e: ExprId) -> bool {
    let ExprKind::Attr { object, name, .. } = &module.expr(e).kind else { return false };
    let upper = name.chars().all(|c| c.is_uppercase() || c == '_' || c.is_numeric());
    upper || matches!(&module.expr(*object).kind, ExprKind::Name(n) if n == "time")
}
