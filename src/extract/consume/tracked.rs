//! What EF Core does with objects: it keeps track of what is loaded and added, and writes all of it at once.

use super::Idempotency;
use super::effect::{Effect, made};
use super::fresh;
use super::reach::{Func, Reach};
use super::walk::way::Way;
use super::walk::{Kind, Step, Trace};
use crate::catalog::consume::EffectKind;
use crate::facts::module::{
    BinaryOp, Call, Class, Expr, ExprId, ExprKind, FunctionKind, Language, Module, StmtId, StmtKind,
};
use crate::program::hierarchy::ClassRef;
use crate::program::index::Binding;
use crate::program::types::simple_name;
use crate::program::{Evaluator, Site, UnitId, Value};

/// What a commit does that writes a number which was added to.
pub(super) const COUNTS: &str = "adds to a stored number";
/// What an insertion does.
pub(super) const INSERTS: &str = "stores a new row";
/// Methods that give one object of a `DbSet`, or several in a list.
const GIVES: [&str; 14] = [
    "Find",
    "FindAsync",
    "First",
    "FirstAsync",
    "FirstOrDefault",
    "FirstOrDefaultAsync",
    "Single",
    "SingleAsync",
    "SingleOrDefault",
    "SingleOrDefaultAsync",
    "ToList",
    "ToListAsync",
    "ToArray",
    "ToArrayAsync",
];
/// How far an object is followed to the `DbSet` that it comes from.
const MAX_STEPS: u32 = 8;

/// The functions that a call runs, also those of objects that are known by their `DbSet` only.
pub(super) fn called(reach: &Reach<'_, '_>, site: Site) -> Vec<Func> {
    let found = reach.called(site);
    if !found.is_empty() {
        return found;
    }
    let module = &reach.ev.program.unit(site.unit).module;
    let Some(call) = module.call(site.expr).filter(|_| module.language == Language::CSharp) else { return found };
    let ExprKind::Attr { object, name, .. } = &module.expr(call.callee).kind else { return found };
    let Some((unit, class)) = loaded(reach, Site { unit: site.unit, expr: *object }, 0) else { return found };
    let declared = &reach.ev.program.unit(unit).module;
    let methods = declared.class(class).methods.iter().filter(|m| declared.func(**m).name == *name);
    methods.map(|m| (unit, *m)).collect()
}

/// The class of an object that a `DbSet` gave: `await context.Orders.FindAsync(id)`.
fn loaded(reach: &Reach<'_, '_>, site: Site, steps: u32) -> Option<ClassRef> {
    let ev = reach.ev;
    if steps > MAX_STEPS {
        return None;
    }
    let unit = ev.program.unit(site.unit);
    let next = |expr: ExprId| loaded(reach, Site { unit: site.unit, expr }, steps + 1);
    match &unit.module.expr(site.expr).kind {
        ExprKind::Await(inner) | ExprKind::Cast { value: inner, .. } => next(*inner),
        ExprKind::Binary { op: BinaryOp::Coalesce, left, .. } => next(*left),
        ExprKind::Name(name) => {
            let (_, bindings) = unit.index.lookup(&unit.module, unit.index.func_of(site.expr), name)?;
            bindings.iter().find_map(|binding| match binding {
                Binding::Value(value) | Binding::Element(value) if *value != site.expr => next(*value),
                _ => None,
            })
        }
        ExprKind::Call(call) => match &unit.module.expr(call.callee).kind {
            ExprKind::Attr { object, name, .. } if GIVES.contains(&name.as_str()) => {
                of_set(ev, Site { unit: site.unit, expr: *object }, steps + 1)
            }
            // A repository gives what it found.
            _ => reach.called(site).into_iter().find_map(|(unit, func)| {
                let returned = crate::program::eval::returns(&ev.program.unit(unit).module, func);
                returned.into_iter().find_map(|expr| loaded(reach, Site { unit, expr }, steps + 1))
            }),
        },
        _ => None,
    }
}

/// The class of the rows of a `DbSet`: `context.Orders`, `context.Set<Order>()`, and queries that begin so.
fn of_set(ev: &Evaluator<'_>, site: Site, steps: u32) -> Option<ClassRef> {
    if steps > MAX_STEPS {
        return None;
    }
    let module = &ev.program.unit(site.unit).module;
    let class_of = |unit: UnitId, ty: ExprId| match ev.declared(unit, ty)? {
        Value::Object { unit, class, .. } => Some((unit, class)),
        _ => None,
    };
    match &module.expr(site.expr).kind {
        ExprKind::Call(call) => {
            let ExprKind::Attr { object, name, .. } = &module.expr(call.callee).kind else { return None };
            match call.type_args.first().filter(|_| name == "Set") {
                Some(ty) => class_of(site.unit, *ty),
                None => of_set(ev, Site { unit: site.unit, expr: *object }, steps + 1),
            }
        }
        ExprKind::Attr { object, name, .. } => ev.at(site.unit, *object).alternatives().iter().find_map(|v| {
            let Value::Object { unit, class, .. } = v else { return None };
            let declared = &ev.program.unit(*unit).module;
            let (_, ty) = properties(declared, declared.class(*class)).find(|(held, _)| *held == name)?;
            match &declared.expr(ty).kind {
                ExprKind::Index { object, index } if simple_name(declared, *object)? == "DbSet" => {
                    class_of(*unit, *index)
                }
                _ => None,
            }
        }),
        _ => None,
    }
}

/// What a statement adds to, when that is a number of an object that EF Core keeps track of:
/// `product.Stock -= quantity`, and `Stock -= quantity` in a method of the class.
///
/// `by` is the call that runs the function around, where there is one.
pub(super) fn counted(reach: &Reach<'_, '_>, unit: UnitId, stmt: StmtId, by: Option<Site>) -> Option<ExprId> {
    let own = reach.ev.program.unit(unit);
    let module = &own.module;
    let StmtKind::Assign { target, op: Some(BinaryOp::Add | BinaryOp::Sub), .. } = &module.stmt(stmt).kind else {
        return None;
    };
    if module.language != Language::CSharp {
        return None;
    }
    let func = own.index.func_of(*target)?;
    let mine = |name: &str| {
        let class = module.func(func).class.filter(|c| module.class(*c).fields.iter().any(|f| f.name == name))?;
        let ExprKind::Attr { object, .. } = receiver(reach.ev, by?)? else { return None };
        let known = is_kept(reach, Site { unit: by?.unit, expr: *object })?;
        (known == (unit, class) && !asks_state(reach, (unit, func))).then_some(*target)
    };
    match &module.expr(*target).kind {
        ExprKind::Name(name) => mine(name),
        ExprKind::Attr { object, name, .. } if module.expr(*object).kind == ExprKind::This => mine(name),
        ExprKind::Attr { object, .. } => is_kept(reach, Site { unit, expr: *object }).map(|_| *target),
        _ => None,
    }
}

fn receiver<'e>(ev: &Evaluator<'e>, call: Site) -> Option<&'e ExprKind> {
    let module = &ev.program.unit(call.unit).module;
    Some(&module.expr(module.call(call.expr)?.callee).kind)
}

/// The class of an object that a store gave, and that was not made on the way here.
fn is_kept(reach: &Reach<'_, '_>, of: Site) -> Option<ClassRef> {
    if let Some(class) = loaded(reach, of, 0) {
        return Some(class);
    }
    let made = made(reach, of, 0);
    let classes: Vec<Option<ClassRef>> = made
        .iter()
        .filter(|v| **v != Value::Null)
        .map(|v| match v {
            Value::Object { unit, class, call: None } => Some((*unit, *class)),
            _ => None,
        })
        .collect();
    let class = classes.first().copied().flatten()?;
    (classes.iter().all(|c| *c == Some(class)) && is_row(reach.ev, class)).then_some(class)
}

/// The properties of a class with their types, also `DbSet<Order> Orders => Set<Order>();`.
pub(super) fn properties<'m>(module: &'m Module, class: &'m Class) -> impl Iterator<Item = (&'m str, ExprId)> {
    let fields = class.fields.iter().filter_map(|field| Some((field.name.as_str(), field.ty?)));
    let getters = class.methods.iter().map(|method| module.func(*method)).filter(|m| m.kind == FunctionKind::Getter);
    fields.chain(getters.filter_map(|getter| Some((getter.name.as_str(), getter.returns?))))
}

/// True for a class that some `DbSet<T>` of the repository holds.
fn is_row(ev: &Evaluator<'_>, class: ClassRef) -> bool {
    ev.program.ids().filter(|u| ev.program.language(*u) == Language::CSharp).any(|unit| {
        let module = &ev.program.unit(unit).module;
        let mut types = module.classes.iter().flat_map(|c| properties(module, c)).map(|(_, ty)| ty);
        types.any(|ty| match &module.expr(ty).kind {
            ExprKind::Index { object, index } if simple_name(module, *object).is_some_and(|n| n == "DbSet") => {
                matches!(ev.declared(unit, *index), Some(Value::Object { unit: of, class: row, .. }) if (of, row) == class)
            }
            _ => false,
        })
    })
}

/// The verdict for handlers that add to numbers of loaded objects and commit in another function, such as one
/// of a repository.
pub(super) fn adds(traces: &[Trace]) -> Option<Idempotency> {
    let commits = |s: &Step| matches!(&s.kind, Kind::Does(Effect::Commit));
    traces.iter().find_map(|trace| {
        let counts = |s: &&Step| s.kind == Kind::Counts && s.guard.is_none() && !s.in_catch;
        let at = trace.steps.iter().position(|s| counts(&s))?;
        let committed = trace.steps[at..].iter().any(commits);
        let step = &trace.steps[at];
        committed.then(|| Idempotency::No { effect: step.place, what: COUNTS.into() })
    })
}

/// `context.Orders.Add(new Order { … })`: a new row each time, unless the object may bring a key, or the
/// repository names a unique index of its class.
pub(super) fn inserted(reach: &Reach<'_, '_>, site: Site, call: &Call) -> Effect {
    let Some(arg) = call.args.first() else { return Effect::Unclear };
    of_new_row(reach, Site { unit: site.unit, expr: arg.value })
}

/// What an insertion does of which all callers together say nothing: other ways to it than the message's, such as one
/// from a controller, bring other rows.
pub(super) fn inserted_on_way(reach: &Reach<'_, '_>, site: Site, effect: Effect, way: Way<'_>) -> Effect {
    let ev = reach.ev;
    let module = &ev.program.unit(site.unit).module;
    if effect != Effect::Unclear || module.language != Language::CSharp {
        return effect;
    }
    let inserts = |symbol: &smol_str::SmolStr| ev.catalog.effect(module.language, symbol) == Some(EffectKind::Insert);
    let first = module.call(site.expr).and_then(|call| call.args.first());
    let Some(arg) = first.filter(|_| reach.symbols(site).iter().any(inserts)) else { return effect };
    match handed(reach, Site { unit: site.unit, expr: arg.value }, way) {
        Some(row) => of_new_row(reach, row),
        None => effect,
    }
}

/// What was passed on the way for a parameter.
fn handed(reach: &Reach<'_, '_>, of: Site, way: Way<'_>) -> Option<Site> {
    let unit = reach.ev.program.unit(of.unit);
    let ExprKind::Name(name) = &unit.module.expr(of.expr).kind else { return None };
    let (_, bindings) = unit.index.lookup(&unit.module, unit.index.func_of(of.expr), name)?;
    let [Binding::Param(func, index)] = *bindings else { return None };
    let (site, before) = way.passed(reach, (of.unit, func), index)?;
    Some(handed(reach, site, before).unwrap_or(site))
}

/// What it comes to that a row is stored: a new one each time, unless the object may bring a key, or the repository
/// names a unique index of its class.
fn of_new_row(reach: &Reach<'_, '_>, row: Site) -> Effect {
    let ev = reach.ev;
    let values = made(reach, row, 0);
    let is_new = |value: &Value| match value {
        Value::Object { unit, class: class_id, call: Some(made) } => {
            // `class Payment : Entity, IAggregateRoot`: a base of ours that makes the key makes a new one.
            let declared = &ev.program.unit(*unit).module;
            let class = declared.class(*class_id);
            let is_interface = |name: &str| name.strip_prefix('I').is_some_and(|n| n.starts_with(char::is_uppercase));
            let bases_known = class.bases.iter().all(|base| {
                simple_name(declared, *base).is_some_and(|n| is_interface(&n))
                    || matches!(ev.at(*unit, *base), Value::Class { .. })
            });
            let keyed = fresh::is_keyed(reach, *made, (*unit, *class_id));
            !keyed && bases_known && class.decorators.is_empty() && !has_unique_index(ev, &class.name)
        }
        _ => false,
    };
    match !values.is_empty() && values.iter().all(is_new) {
        true => Effect::Repeats(INSERTS.into()),
        false => Effect::Unclear,
    }
}

/// True when `HasIndex(…).IsUnique()` stands in a module that names a class.
fn has_unique_index(ev: &Evaluator<'_>, class: &str) -> bool {
    ev.program.calls_named("IsUnique").iter().any(|site| {
        let exprs = ev.program.unit(site.unit).module.exprs.iter();
        exprs.into_iter().any(|e| matches!(&e.kind, ExprKind::Name(n) if n == class))
    })
}

/// `context.SaveChanges()` after `stock.Quantity -= n`, or after a method of a loaded object that does this.
pub(super) fn committed(reach: &Reach<'_, '_>, site: Site) -> Effect {
    let unit = reach.ev.program.unit(site.unit);
    let Some(func) = unit.index.func_of(site.expr) else { return Effect::Commit };
    let of_object = |module: &Module, target: ExprId| {
        matches!(&module.expr(target).kind, ExprKind::Attr { object, .. }
            if matches!(module.expr(*object).kind, ExprKind::Name(_)))
    };
    let counts = |of: Func| {
        if asks_state(reach, of) { Vec::new() } else { counting(reach, of) }
    };
    let here = counts((site.unit, func)).iter().any(|target| of_object(&unit.module, *target));
    let calls = unit.index.calls.iter().filter(|c| c.func == Some(func)).take(40);
    let method = || {
        calls.flat_map(|c| called(reach, Site { unit: site.unit, expr: c.expr })).any(|of| {
            let module = &reach.ev.program.unit(of.0).module;
            let Some(class) = module.func(of.1).class.map(|c| module.class(c)) else { return false };
            counts(of).iter().any(|target| match &module.expr(*target).kind {
                ExprKind::Name(name) => class.fields.iter().any(|f| f.name == *name),
                ExprKind::Attr { object, .. } => matches!(module.expr(*object).kind, ExprKind::This),
                _ => false,
            })
        })
    };
    if here || method() { Effect::Repeats(COUNTS.into()) } else { Effect::Commit }
}

/// True for a function that asks for a state which it leaves: `if (order.Status != Held) …; order.Status = Taken`.
fn asks_state(reach: &Reach<'_, '_>, (unit, func): Func) -> bool {
    let unit = reach.ev.program.unit(unit);
    let module = &unit.module;
    let name = |expr: ExprId| match &module.expr(expr).kind {
        ExprKind::Attr { name, .. } | ExprKind::Name(name) => Some(name.clone()),
        _ => None,
    };
    let span = module.func(func).span;
    let targets: Vec<ExprId> = module
        .stmts
        .iter()
        .filter(|s| span.contains(s.span))
        .filter_map(|s| match &s.kind {
            StmtKind::Assign { target, op: None, .. } => Some(*target),
            _ => None,
        })
        .collect();
    let set: Vec<_> = targets.iter().filter_map(|t| name(*t)).filter(|n| n.starts_with(char::is_uppercase)).collect();
    let read = |(i, expr): (usize, &Expr)| {
        let id = ExprId(i as u32);
        span.contains(expr.span) && !targets.contains(&id) && name(id).is_some_and(|n| set.contains(&n))
    };
    module.exprs.iter().enumerate().any(read)
}

/// What a function adds to or takes from.
fn counting(reach: &Reach<'_, '_>, (unit, func): Func) -> Vec<ExprId> {
    let unit = reach.ev.program.unit(unit);
    let statements = unit.module.stmts.iter().filter_map(|s| match &s.kind {
        StmtKind::Assign { target, op: Some(BinaryOp::Add | BinaryOp::Sub), .. } => Some(*target),
        _ => None,
    });
    statements.filter(|target| unit.index.func_of(*target) == Some(func)).collect()
}
