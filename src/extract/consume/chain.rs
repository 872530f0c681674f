//! Consumers that are put together by several calls: `Handlers.from("orders").on(A.class, this::a)`, or
//! methods of a container object.

use crate::catalog::consume::Form;
use crate::facts::module::{ExprId, ExprKind, FuncId};
use crate::program::{Evaluator, Parent, Site, UnitId, Value};

use crate::syntax::Place;

use super::dead_channel;
use super::jvm;
use super::reach::{Func, Reach};
use super::setting;
use super::source::Found;

/// Methods by which an object of ours takes a message.
const TAKES: [&str; 6] = ["onMessage", "handleMessage", "accept", "apply", "handle", "consume"];
/// How many calls a builder may have.
const MAX_CALLS: usize = 200;

/// The names of the channels of a source.
pub(super) fn channels(ev: &Evaluator<'_>, found: &Found<'_>) -> Vec<String> {
    let texts = |site: Site| setting::texts(ev, site);
    let mut out: Vec<String> = setting::argument(ev, found.site, &found.source.channel).map(texts).unwrap_or_default();
    if matches!(found.source.form, Form::Builder | Form::Object) {
        for (site, args) in called(ev, found, &found.source.channel) {
            out.extend(args.into_iter().flat_map(|expr| texts(Site { unit: site.unit, expr })));
        }
    }
    out.sort();
    out.dedup();
    out
}

/// The channels that a consumer subscribes to with a call of their own, anywhere in the program.
pub(super) fn subscribed(ev: &Evaluator<'_>, found: &Found<'_>) -> Vec<String> {
    let Some(subscribed) = &found.source.subscribed else { return Vec::new() };
    let made = match found.source.form {
        Form::Constructor => Some(found.site),
        _ => ev.callee(found.site).and_then(|(_, receiver)| receiver?.call),
    };
    let Some(made) = made else { return Vec::new() };
    let language = ev.program.language(found.site.unit);
    let mut names: Vec<&str> = subscribed.calls.iter().filter_map(|call| call.rsplit('.').next()).collect();
    names.sort_unstable();
    names.dedup();
    let mut out = Vec::new();
    for &site in names.iter().flat_map(|name| ev.program.calls_named(name)) {
        let Some((symbol, Some(receiver))) = ev.callee(site) else { continue };
        let is_it = receiver.call == Some(made)
            && ev.catalog.split(language, &symbol).is_some_and(|(_, rest)| subscribed.calls.iter().any(|c| c == rest));
        if is_it && let Some(named) = setting::argument(ev, site, &subscribed.channel) {
            out.extend(setting::texts(ev, named));
        }
    }
    out.sort();
    out.dedup();
    out
}

/// The functions that handle the messages of a source.
pub(super) fn handlers(reach: &Reach<'_, '_>, found: &Found<'_>) -> Vec<Func> {
    let ev = reach.ev;
    let mut out = Vec::new();
    for (site, args) in called(ev, found, &found.source.handler) {
        for expr in args {
            for value in ev.settle(&ev.at(site.unit, expr)) {
                out.extend(taken(reach, &value, 0));
            }
        }
    }
    let mut seen = Vec::new();
    out.retain(|f| {
        let new = !seen.contains(f);
        seen.push(*f);
        new
    });
    out
}

/// What a builder does again when a message comes twice, unless the module says that it does not.
pub(super) fn repeats(ev: &Evaluator<'_>, found: &Found<'_>) -> Option<(Place, String)> {
    if found.source.repeats.is_empty() || jvm::names_in_module(ev, found.site.unit, &found.source.unless_named) {
        return None;
    }
    let (site, _) = called(ev, found, &found.source.repeats).into_iter().next()?;
    let name = ev.program.unit(site.unit).module.callee_name(site.expr)?;
    Some((ev.program.place(site), format!("adds to the result of `{name}`")))
}

/// A call of a builder that sends something to a place for messages that cannot be handled.
pub(super) fn dead_letter(ev: &Evaluator<'_>, found: &Found<'_>) -> Option<Place> {
    if found.source.form != Form::Builder {
        return None;
    }
    let to = ["to".to_string(), "through".to_string()];
    called(ev, found, &to).into_iter().find_map(|(site, args)| {
        let texts = args.iter().flat_map(|expr| setting::texts(ev, Site { unit: site.unit, expr: *expr }));
        texts.into_iter().any(|t| dead_channel::is_dead_letter_name(&t)).then(|| ev.program.place(site))
    })
}

/// The functions that an object or function runs for a message.
fn taken(reach: &Reach<'_, '_>, value: &Value, depth: u32) -> Vec<Func> {
    let ev = reach.ev;
    match value {
        Value::Function { .. } => reach.functions(value),
        Value::Object { unit, class, .. } => {
            let module = &ev.program.unit(*unit).module;
            let methods = || module.class(*class).methods.iter().copied();
            let of = |name: &str| methods().find(|m| module.func(*m).name == name).map(|m| (*unit, m));
            TAKES.iter().find_map(|name| of(name)).into_iter().collect()
        }
        // `new MessageListenerAdapter(handler, "receive")`
        Value::Instance(instance) if depth < 2 => {
            let Some(made) = instance.call else { return Vec::new() };
            let Some(call) = ev.program.unit(made.unit).module.call(made.expr) else { return Vec::new() };
            let method = call.args.iter().find_map(|a| ev.at(made.unit, a.value).as_str());
            let first = call.args.first().map(|a| ev.at(made.unit, a.value));
            match (first, method) {
                (Some(Value::Object { unit, class, .. }), Some(method)) => {
                    let module = &ev.program.unit(unit).module;
                    let named = |m: &&FuncId| module.func(**m).name == method;
                    module.class(class).methods.iter().find(named).map(|m| (unit, *m)).into_iter().collect()
                }
                (Some(value), _) => taken(reach, &value, depth + 1),
                _ => Vec::new(),
            }
        }
        _ => Vec::new(),
    }
}

/// The calls of methods with one of the names that go on with what a source begins, with their arguments.
fn called(ev: &Evaluator<'_>, found: &Found<'_>, names: &[String]) -> Vec<(Site, Vec<ExprId>)> {
    let calls = match found.source.form {
        Form::Object => on_object(ev, found.site),
        _ => continued(ev, found.site),
    };
    let module = &ev.program.unit(found.site.unit).module;
    let of = |site: Site| {
        let name = module.callee_name(site.expr)?;
        let call = module.call(site.expr).filter(|_| names.iter().any(|n| n == name))?;
        Some((site, call.args.iter().map(|a| a.value).collect()))
    };
    calls.into_iter().filter_map(of).collect()
}

/// `x.begin(…)` → the calls of `.a(…)`, `.b(…)` behind it.
fn continued(ev: &Evaluator<'_>, site: Site) -> Vec<Site> {
    let unit = ev.program.unit(site.unit);
    let mut out = Vec::new();
    let mut current = site.expr;
    while out.len() < MAX_CALLS {
        let Some(next) = outer_call(ev, site.unit, current) else { break };
        out.push(Site { unit: site.unit, expr: next });
        current = next;
    }
    // Kept in a variable first: `var b = x.begin(…); b.a(…);`
    if let Some(Parent::Stmt(_)) = unit.index.expr_parent.get(current.0 as usize) {
        out.extend(on_object(ev, site).into_iter().filter(|s| !out.contains(s)).collect::<Vec<_>>());
    }
    out
}

fn outer_call(ev: &Evaluator<'_>, unit: UnitId, expr: ExprId) -> Option<ExprId> {
    let u = ev.program.unit(unit);
    let Some(Parent::Expr(attr)) = u.index.expr_parent.get(expr.0 as usize) else { return None };
    matches!(u.module.expr(*attr).kind, ExprKind::Attr { object, .. } if object == expr).then_some(())?;
    let Some(Parent::Expr(call)) = u.index.expr_parent.get(attr.0 as usize) else { return None };
    u.module.call(*call).is_some_and(|c| c.callee == *attr).then_some(*call)
}

/// The calls of methods of the object that a call makes, in the same file.
fn on_object(ev: &Evaluator<'_>, site: Site) -> Vec<Site> {
    let unit = ev.program.unit(site.unit);
    let is_on = |call: &ExprId| {
        let Some(c) = unit.module.call(*call) else { return false };
        match &unit.module.expr(c.callee).kind {
            ExprKind::Attr { object, .. } => {
                let value = ev.at(site.unit, *object);
                value.instance().is_some_and(|i| i.call == Some(site) || origin(i) == Some(site))
            }
            // `Container().apply { setQueueNames("orders") }`
            ExprKind::Name(_) => unit.index.ancestors(*call).take(12).any(|p| match p {
                Parent::Expr(e) => {
                    unit.module.call(e).is_some_and(|outer| match &unit.module.expr(outer.callee).kind {
                        ExprKind::Attr { object, name, .. } => {
                            *object == site.expr && matches!(name.as_str(), "apply" | "also")
                        }
                        _ => false,
                    })
                }
                Parent::Func(f) => unit.index.lambda_expr.get(&f).is_some_and(|lambda| outer_lambda(ev, site, *lambda)),
                _ => false,
            }),
            _ => false,
        }
    };
    unit.index.calls.iter().map(|c| c.expr).filter(is_on).map(|expr| Site { unit: site.unit, expr }).collect()
}

/// True for a lambda that is passed to `apply` or `also` of what a call makes.
fn outer_lambda(ev: &Evaluator<'_>, site: Site, lambda: ExprId) -> bool {
    let unit = ev.program.unit(site.unit);
    let Some(Parent::Expr(outer)) = unit.index.expr_parent.get(lambda.0 as usize) else { return false };
    unit.module.call(*outer).is_some_and(|call| match &unit.module.expr(call.callee).kind {
        ExprKind::Attr { object, name, .. } => *object == site.expr && matches!(name.as_str(), "apply" | "also"),
        _ => false,
    })
}

fn origin(instance: &crate::program::Instance) -> Option<Site> {
    let mut current = instance;
    while let Some(from) = &current.from {
        current = from;
    }
    current.call
}
