//! Numbers of rows in Go and Python that are read, added to and written back: `product.Stock -= n; store.Save(product)`,
//! `product.stock -= n; session.commit()`.

use crate::facts::module::{BinaryOp, Call, ExprId, ExprKind, Language, Module, StmtId, StmtKind};
use crate::program::index::Binding;
use crate::program::{Site, UnitId};

use super::super::effect::{self, Effect};
use super::super::loaded;
use super::super::reach::{Func, Reach};
use super::super::tracked::COUNTS;
use super::way::{Bound, Way, is_result};

/// How many functions lie between a handler and the call that reads a row.
const MAX_DEPTH: u32 = 3;
/// How many names and parameters lie between a sum and the call that writes it.
const MAX_STEPS: u32 = 8;

/// A number of a row that was added to.
#[derive(Clone, Debug)]
pub(super) struct Number {
    /// The names of the row on the way.
    row: Vec<Bound>,
    /// The field.
    field: smol_str::SmolStr,
}

/// The number that a statement adds to, when it belongs to something that a store gave.
pub(super) fn number(reach: &Reach<'_, '_>, unit: UnitId, stmt: StmtId, way: Way<'_>) -> Option<Number> {
    let linked = reach.ev.program.unit(unit);
    let module = &linked.module;
    if !matches!(module.language, Language::Go | Language::Python) {
        return None;
    }
    let StmtKind::Assign { target, op, value, .. } = &module.stmt(stmt).kind else { return None };
    let ExprKind::Attr { object, name: field, .. } = &module.expr(*target).kind else { return None };
    let is_same = |expr: ExprId| same(module, expr, *target);
    let adds = match (op, value.map(|v| &module.expr(v).kind)) {
        (Some(BinaryOp::Add | BinaryOp::Sub), _) => true,
        (None, Some(ExprKind::Binary { op: BinaryOp::Add, left, right })) => is_same(*left) || is_same(*right),
        (None, Some(ExprKind::Binary { op: BinaryOp::Sub, left, .. })) => is_same(*left),
        _ => false,
    };
    if !adds || effect::is_bookkeeping(field) {
        return None;
    }
    let row = way.names(reach, Site { unit, expr: *object });
    if module.language == Language::Python {
        let known = loaded::is_row(reach, Site { unit, expr: *object }, way);
        return known.then(|| Number { row, field: field.clone() });
    }
    row.iter().any(|name| is_loaded(reach, name)).then(|| Number { row, field: field.clone() })
}

/// What a write does with numbers that were added to: it writes one of them each time anew.
pub(super) fn seen(reach: &Reach<'_, '_>, site: Site, effect: Effect, numbers: &[Number], way: Way<'_>) -> Effect {
    if reach.ev.program.language(site.unit) == Language::Python {
        return match effect {
            // A session writes everything that it gave and that was changed since:
            // <https://docs.sqlalchemy.org/en/20/orm/session_basics.html#flushing>
            Effect::Commit if numbers.is_empty() => Effect::Overwrite,
            Effect::Commit => Effect::Repeats(COUNTS.into()),
            effect => effect,
        };
    }
    let writes = matches!(effect, Effect::Overwrite | Effect::Claim | Effect::Keyed | Effect::Unclear);
    let sums = || matches!(effect, Effect::Overwrite | Effect::Unclear) && is_given_sum(reach, site, way);
    match writes && numbers.iter().any(|number| is_written(reach, site, number, way)) || sums() {
        true => Effect::Repeats(COUNTS.into()),
        false => effect,
    }
}

/// True for a call of Go that is given what was added to a number of a row: `store.SetLeft(id, product.Left-n)`.
fn is_given_sum(reach: &Reach<'_, '_>, site: Site, way: Way<'_>) -> bool {
    let module = &reach.ev.program.unit(site.unit).module;
    let Some(call) = module.call(site.expr).filter(|_| module.language == Language::Go) else { return false };
    call.args.iter().any(|arg| is_sum(reach, Site { unit: site.unit, expr: arg.value }, way, 0))
}

fn is_sum(reach: &Reach<'_, '_>, site: Site, way: Way<'_>, depth: u32) -> bool {
    let linked = reach.ev.program.unit(site.unit);
    let module = &linked.module;
    let next = |expr: ExprId| is_sum(reach, Site { unit: site.unit, expr }, way, depth + 1);
    let of_row = |expr: ExprId| is_number_of_row(reach, Site { unit: site.unit, expr }, way);
    if depth > MAX_STEPS {
        return false;
    }
    match &module.expr(site.expr).kind {
        ExprKind::Binary { op: BinaryOp::Add, left, right } => of_row(*left) || of_row(*right),
        ExprKind::Binary { op: BinaryOp::Sub, left, .. } => of_row(*left),
        ExprKind::Name(name) => match linked.index.lookup(module, linked.index.func_of(site.expr), name) {
            Some((_, [Binding::Param(func, index)])) => way
                .passed(reach, (site.unit, *func), *index)
                .is_some_and(|(from, before)| is_sum(reach, from, before, depth + 1)),
            Some((_, [Binding::Value(value)])) => *value != site.expr && next(*value),
            _ => false,
        },
        _ => false,
    }
}

/// True for a field of what a store gave, or for a number that it gave itself.
fn is_number_of_row(reach: &Reach<'_, '_>, site: Site, way: Way<'_>) -> bool {
    let module = &reach.ev.program.unit(site.unit).module;
    let (row, field) = match &module.expr(site.expr).kind {
        ExprKind::Attr { object, name, .. } => (*object, name),
        ExprKind::Name(name) => (site.expr, name),
        _ => return false,
    };
    !effect::is_bookkeeping(field)
        && way.names(reach, Site { unit: site.unit, expr: row }).iter().any(|name| is_loaded(reach, name))
}

/// True for a call that is given the row or its number, also in a list: `append(args, product.Stock)`.
fn is_written(reach: &Reach<'_, '_>, site: Site, number: &Number, way: Way<'_>) -> bool {
    let linked = reach.ev.program.unit(site.unit);
    let module = &linked.module;
    let Some(call) = module.call(site.expr) else { return false };
    let given =
        |call: &Call, rows: bool| call.args.iter().any(|arg| holds(reach, site.unit, arg.value, number, rows, way));
    if given(call, true) {
        return true;
    }
    let Some(ExprKind::Name(list)) = call.args.iter().find(|arg| arg.spread).map(|arg| &module.expr(arg.value).kind)
    else {
        return false;
    };
    let func = linked.index.func_of(site.expr);
    let appends = linked.index.calls.iter().filter(|c| c.func == func).filter_map(|c| {
        module.callee_name(c.expr).filter(|name| *name == "append")?;
        module.call(c.expr)
    });
    let is_list = |expr: ExprId| matches!(&module.expr(expr).kind, ExprKind::Name(name) if name == list);
    appends.into_iter().any(|call| call.args.first().is_some_and(|arg| is_list(arg.value)) && given(call, false))
}

/// True for the row, its number, or something that is made of the number.
fn holds(reach: &Reach<'_, '_>, unit: UnitId, root: ExprId, number: &Number, rows: bool, way: Way<'_>) -> bool {
    let module = &reach.ev.program.unit(unit).module;
    let is_row = |expr: ExprId| way.names(reach, Site { unit, expr }).iter().any(|name| number.row.contains(name));
    if rows && is_row(root) {
        return true;
    }
    let mut todo = vec![root];
    while let Some(expr) = todo.pop() {
        if let ExprKind::Attr { object, name, .. } = &module.expr(expr).kind
            && *name == number.field
            && is_row(*object)
        {
            return true;
        }
        todo.extend(module.children(expr));
    }
    false
}

/// True for two spellings of one field of one name.
fn same(module: &Module, a: ExprId, b: ExprId) -> bool {
    match (&module.expr(a).kind, &module.expr(b).kind) {
        (ExprKind::Name(a), ExprKind::Name(b)) => a == b,
        (ExprKind::Attr { object: x, name: a, .. }, ExprKind::Attr { object: y, name: b, .. }) => {
            a == b && same(module, *x, *y)
        }
        (ExprKind::Index { object: x, index: i }, ExprKind::Index { object: y, index: j }) => {
            same(module, *x, *y) && same(module, *i, *j)
        }
        _ => false,
    }
}

/// True for a name that holds what a store was asked for.
fn is_loaded(reach: &Reach<'_, '_>, (unit, scope, name): &Bound) -> bool {
    let linked = reach.ev.program.unit(*unit);
    let (module, index) = (&linked.module, &linked.index);
    let func = match scope {
        crate::program::index::Scope::Func(func) => Some(*func),
        crate::program::index::Scope::Top => return false,
    };
    let Some((_, bindings)) = index.lookup(module, func, name) else { return false };
    let given = bindings.iter().any(|binding| match *binding {
        Binding::Value(value) => {
            let call = match &module.expr(value).kind {
                ExprKind::Call(_) => Some(value),
                ExprKind::Index { object, .. } if is_result(reach, Site { unit: *unit, expr: *object }) => {
                    result_of(reach, Site { unit: *unit, expr: *object })
                }
                _ => None,
            };
            call.is_some_and(|expr| reads(reach, Site { unit: *unit, expr }, 0))
        }
        _ => false,
    });
    // `db.First(&wallet, id)`, `row.Scan(&wallet.ID, &wallet.Balance)`
    let filled = || {
        index.calls.iter().filter(|c| c.func == func).any(|c| {
            let Some(call) = module.call(c.expr) else { return false };
            let is_it = |expr: ExprId| match &module.expr(expr).kind {
                ExprKind::Name(found) => found == name,
                ExprKind::Attr { object, .. } => matches!(&module.expr(*object).kind, ExprKind::Name(n) if n == name),
                _ => false,
            };
            let site = Site { unit: *unit, expr: c.expr };
            let fills = || {
                module.callee_name(c.expr).is_some_and(|n| matches!(n.as_str(), "Scan" | "Decode" | "StructScan"))
                    || effect::of(reach, site) == Some(Effect::Read)
            };
            call.args.iter().any(|arg| is_it(arg.value)) && fills()
        })
    };
    given || filled()
}

/// The call whose results `$0` holds.
fn result_of(reach: &Reach<'_, '_>, site: Site) -> Option<ExprId> {
    let linked = reach.ev.program.unit(site.unit);
    let ExprKind::Name(name) = &linked.module.expr(site.expr).kind else { return None };
    match linked.index.lookup(&linked.module, linked.index.func_of(site.expr), name)?.1 {
        [Binding::Value(call)] => Some(*call),
        _ => None,
    }
}

/// True for a call that asks a store, itself or through what it calls.
fn reads(reach: &Reach<'_, '_>, site: Site, depth: u32) -> bool {
    if effect::of(reach, site) == Some(Effect::Read) {
        return true;
    }
    depth < MAX_DEPTH
        && reach.called(site).into_iter().any(|func: Func| {
            let linked = reach.ev.program.unit(func.0);
            let inside = linked.index.calls.iter().filter(|c| c.func == Some(func.1));
            inside.into_iter().any(|c| reads(reach, Site { unit: func.0, expr: c.expr }, depth + 1))
        })
}
