//! Keys of rows of EF Core: whether the message may bring one, or a new one is made for each delivery.

use super::effect;
use super::reach::Reach;
use crate::facts::module::{Call, Class, ExprId, ExprKind, Language, Module, StmtKind};
use crate::program::hierarchy::ClassRef;
use crate::program::index::Binding;
use crate::program::{Evaluator, Site, UnitId, Value};

/// Methods that make a key which nothing has had before.
const MAKES: [&str; 7] =
    ["NewGuid", "CreateVersion7", "NewUlid", "GenerateNewId", "NextGuid", "NextSequentialGuid", "NewSequentialGuid"];
/// How far a value is followed.
const MAX_STEPS: u32 = 8;
/// How many calls of a function are looked at for what they pass.
const MAX_CALLERS: usize = 8;

/// True when a construction may give the row a key that a second delivery brings again.
pub(super) fn is_keyed(reach: &Reach<'_, '_>, made: Site, (unit, class_id): ClassRef) -> bool {
    let ev = reach.ev;
    let module = &ev.program.unit(unit).module;
    let class = module.class(class_id);
    let Some(call) = ev.program.unit(made.unit).module.call(made.expr) else { return true };
    let constructors = ev.constructors((unit, class_id), call, made.unit);
    let mut position = 0;
    call.args.iter().any(|arg| {
        let at = position;
        position += usize::from(arg.name.is_none());
        let names_key = match &arg.name {
            Some(name) => is_key_name(ev, class, name),
            None => {
                // What a constructor of a base does with it was not followed.
                let inherits = class.bases.iter().any(|base| is_class(ev, unit, *base));
                constructors.is_empty()
                    || inherits
                    || constructors.iter().any(|constructor| {
                        let function = module.func(*constructor);
                        function.params.get(at).is_none_or(|param| {
                            is_key_name(ev, class, &param.name)
                                || sets_key(ev, module, class, function.span, &param.name)
                        })
                    })
            }
        };
        names_key && !is_fresh(reach, Site { unit: made.unit, expr: arg.value }, 0)
    })
}

/// True for `connection.Execute("INSERT INTO orders (Id, …) VALUES (@Id, …)", order)` of Dapper whose parameters
/// have a key that is made for each delivery.
pub(super) fn parameter_brings_new_key(reach: &Reach<'_, '_>, site: Site, call: &Call) -> bool {
    let is_new_key = |unit: UnitId, name: &str, value: ExprId| {
        matches!(name.to_lowercase().as_str(), "id" | "key") && is_fresh(reach, Site { unit, expr: value }, 0)
    };
    let Some(given) = call.args.get(1) else { return false };
    let module = |unit: UnitId| &reach.ev.program.unit(unit).module;
    if module(site.unit).language != Language::CSharp {
        return false;
    }
    let values = effect::made(reach, Site { unit: site.unit, expr: given.value }, 0);
    let has = |value: &Value| match value {
        Value::Object { call: Some(made), .. } => module(made.unit).call(made.expr).is_some_and(|call| {
            let mut named = call.args.iter().filter_map(|arg| Some((arg.name.as_deref()?, arg.value)));
            named.any(|(name, value)| is_new_key(made.unit, name, value))
        }),
        Value::Dict(dict) => dict.entries.iter().any(|(name, at)| is_new_key(at.unit, name, at.expr)),
        _ => false,
    };
    !values.is_empty() && values.iter().all(has)
}

/// A class of ours that is no interface.
fn is_class(ev: &Evaluator<'_>, unit: UnitId, base: ExprId) -> bool {
    match ev.at(unit, base) {
        Value::Class { unit, class } => {
            ev.program.unit(unit).module.class(class).kind != crate::facts::module::ClassKind::Interface
        }
        _ => false,
    }
}

/// `Id = number` in a constructor.
fn sets_key(ev: &Evaluator<'_>, module: &Module, class: &Class, span: crate::syntax::Span, param: &str) -> bool {
    module.stmts.iter().filter(|s| span.contains(s.span)).any(|s| match &s.kind {
        StmtKind::Assign { target, value: Some(value), .. } => {
            let name = match &module.expr(*target).kind {
                ExprKind::Name(name) | ExprKind::Attr { name, .. } => name,
                _ => return false,
            };
            is_key_name(ev, class, name) && mentions(module, *value, param)
        }
        _ => false,
    })
}

fn mentions(module: &Module, root: ExprId, name: &str) -> bool {
    let mut todo = vec![root];
    while let Some(expr) = todo.pop() {
        if matches!(&module.expr(expr).kind, ExprKind::Name(found) if found == name) {
            return true;
        }
        todo.extend(module.children(expr));
    }
    false
}

/// True for a name that the key of a class may have.
fn is_key_name(ev: &Evaluator<'_>, class: &Class, name: &str) -> bool {
    let lower = name.to_lowercase();
    matches!(lower.as_str(), "id" | "key")
        || lower == format!("{}id", class.name.to_lowercase())
        || is_key(ev, class, name)
}

/// True for a key that nothing has had before: `Guid.NewGuid()`, `OrderId.Of(Guid.NewGuid())`, and what all callers
/// pass so.
fn is_fresh(reach: &Reach<'_, '_>, site: Site, steps: u32) -> bool {
    let ev = reach.ev;
    let unit = ev.program.unit(site.unit);
    let module = &unit.module;
    if steps > MAX_STEPS {
        return false;
    }
    let next = |expr: ExprId| is_fresh(reach, Site { unit: site.unit, expr }, steps + 1);
    match &module.expr(site.expr).kind {
        ExprKind::Await(inner) | ExprKind::Cast { value: inner, .. } => next(*inner),
        ExprKind::Call(call) => {
            let name = module.callee_name(site.expr).map_or("", |name| name.as_str());
            match &module.expr(call.callee).kind {
                ExprKind::Attr { object, .. } if name == "ToString" => next(*object),
                _ if MAKES.contains(&name) => true,
                // A value object is made from one: `new OrderId(…)`, `OrderId.Of(…)`.
                ExprKind::Name(_) if call.is_new => call.args.len() == 1 && next(call.args[0].value),
                ExprKind::Attr { object, .. } => {
                    let of_type = matches!(&module.expr(*object).kind, ExprKind::Name(name)
                        if name.starts_with(char::is_uppercase));
                    of_type && call.args.len() == 1 && next(call.args[0].value)
                }
                _ => false,
            }
        }
        ExprKind::Name(name) => {
            let Some((_, bindings)) = unit.index.lookup(module, unit.index.func_of(site.expr), name) else {
                return false;
            };
            !bindings.is_empty()
                && bindings.iter().all(|binding| match *binding {
                    Binding::Value(value) => value != site.expr && next(value),
                    Binding::Param(func, index) => {
                        let callers = reach.callers((site.unit, func));
                        let passed = |call: &Site| ev.argument_site(*call, site.unit, func, index);
                        (1..=MAX_CALLERS).contains(&callers.len())
                            && callers.iter().all(|call| passed(call).is_some_and(|at| is_fresh(reach, at, steps + 1)))
                    }
                    _ => false,
                })
        }
        _ => false,
    }
}

/// True for a property that is the key of its class: `[Key]`, or `HasKey(o => o.Number)` somewhere.
fn is_key(ev: &Evaluator<'_>, class: &Class, name: &str) -> bool {
    let field = class.fields.iter().find(|f| f.name == name);
    let marked = field.is_some_and(|f| !f.decorators.is_empty());
    let configured = ev.program.calls_named("HasKey").iter().any(|site| {
        let module = &ev.program.unit(site.unit).module;
        let span = module.expr(site.expr).span;
        module.exprs.iter().any(|e| {
            span.contains(e.span) && matches!(&e.kind, ExprKind::Attr { name: property, .. } if property == name)
        })
    });
    marked || configured
}
