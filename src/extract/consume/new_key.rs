//! Keys of rows of Go that are made for each delivery, so that a second one stores another row.

use crate::extract::publish::flow::squeeze;
use crate::facts::module::{Arg, ExprId, ExprKind, FuncId, Language, StmtKind};
use crate::program::index::Binding;
use crate::program::{Site, UnitId, Value};

use super::reach::Reach;
use super::unique;
use super::unique_sql;

/// How far a value is followed.
const MAX_STEPS: u32 = 10;
/// How many calls of a function are looked at for what they pass.
const MAX_CALLERS: usize = 8;
/// Functions that make the same identifier of the same data: <https://pkg.go.dev/github.com/google/uuid#NewSHA1>.
const OF_DATA: [&str; 5] = ["NewSHA1", "NewMD5", "NewHash", "NewV3", "NewV5"];

/// True for the `INSERT` of a call into a table that the repository declares, when its row has another `id` each time
/// and nothing else that it fills is unique.
pub(super) fn inserts_another(reach: &Reach<'_, '_>, site: Site) -> bool {
    let ev = reach.ev;
    let module = &ev.program.unit(site.unit).module;
    let Some(call) = module.call(site.expr).filter(|_| module.language == Language::Go) else { return false };
    if call.args.iter().any(|arg| arg.spread) {
        return false;
    }
    let said = |arg: &Arg| unique_sql::row_of(&ev.at(site.unit, arg.value).to_text()?.pattern());
    let Some((at, (table, row))) = call.args.iter().take(4).enumerate().find_map(|(at, arg)| Some((at, said(arg)?)))
    else {
        return false;
    };
    let of_table = reach
        .unique_keys()
        .iter()
        .filter(|key| key.entity.as_deref().is_some_and(|entity| unique::stem(entity) == unique::stem(&table)));
    let of_table: Vec<_> = of_table.collect();
    if of_table.is_empty() {
        return false;
    }
    // `$2`, `?`, or what the database makes itself.
    let is_new = |column: &str| {
        let Some(position) = row.iter().position(|(name, _)| squeeze(name) == squeeze(column)) else { return false };
        let value = row[position].1.as_str();
        let questions = row[..position].iter().filter(|(_, value)| value.as_str() == "?").count();
        let number = match value.strip_prefix('$') {
            Some(number) => number.split("::").next().and_then(|n| n.parse::<usize>().ok()).map(|n| n.wrapping_sub(1)),
            None if value == "?" => Some(questions),
            None => return value == "default" || value.contains("uuid") && value.contains('('),
        };
        let given = number.and_then(|number| call.args.get(at + 1 + number));
        given.is_some_and(|arg| is_new(reach, Site { unit: site.unit, expr: arg.value }, 0))
    };
    let fills = |column: &String| row.iter().any(|(name, _)| squeeze(name) == squeeze(column));
    let keys = unique::own(reach, of_table, site.unit);
    let refused = keys.iter().any(|key| key.columns.iter().all(fills) && !key.columns.iter().any(|c| is_new(c)));
    // A key that the database makes unless it is given, `product_id` of `products`, is not among those.
    let is_own = |column: &str| {
        let rest = ["uuid", "key", "id"].iter().find_map(|end| column.strip_suffix(end));
        rest.is_some_and(|rest| unique::stem(&table).contains(rest))
    };
    !refused && row.iter().all(|(column, _)| !is_own(column) || is_new(column))
}

/// True for a value that nothing has had before: `uuid.NewString()`, what all callers pass so, a field that holds one.
pub(super) fn is_new(reach: &Reach<'_, '_>, site: Site, steps: u32) -> bool {
    let ev = reach.ev;
    let unit = ev.program.unit(site.unit);
    let module = &unit.module;
    if steps > MAX_STEPS {
        return false;
    }
    let next = |expr: ExprId| is_new(reach, Site { unit: site.unit, expr }, steps + 1);
    match &module.expr(site.expr).kind {
        ExprKind::Call(call) => {
            if let Value::External(symbol) = ev.at(site.unit, call.callee)
                && let Some((package, name)) = symbol.rsplit_once('.')
            {
                return makes(package, name) || name == "Must" && call.args.len() == 1 && next(call.args[0].value);
            }
            let made = reach.called(site);
            if !made.is_empty() {
                return made.into_iter().all(|func| all_returned(reach, func, &|at| is_new(reach, at, steps + 1)));
            }
            // `uuid.New().String()`
            match &module.expr(call.callee).kind {
                ExprKind::Attr { object, name, .. } => matches!(name.as_str(), "String" | "Hex") && next(*object),
                _ => false,
            }
        }
        // The first result.
        ExprKind::Index { object, index } => {
            matches!(module.expr(*index).kind, ExprKind::Num(0.0))
                && is_result(reach, site.unit, *object)
                && next(*object)
        }
        ExprKind::Name(_) => followed(reach, site, &|at| is_new(reach, at, steps + 1)),
        ExprKind::Attr { object, name, .. } => {
            field_is_new(reach, Site { unit: site.unit, expr: *object }, name, steps + 1)
        }
        _ => false,
    }
}

/// The same for a field of a struct.
pub(super) fn field_is_new(reach: &Reach<'_, '_>, object: Site, field: &str, steps: u32) -> bool {
    let module = &reach.ev.program.unit(object.unit).module;
    if steps > MAX_STEPS {
        return false;
    }
    let next = |at: Site| field_is_new(reach, at, field, steps + 1);
    match &module.expr(object.expr).kind {
        ExprKind::Call(call) if call.is_new => {
            let set = call.args.iter().find(|arg| arg.name.as_deref() == Some(field));
            set.is_some_and(|arg| is_new(reach, Site { unit: object.unit, expr: arg.value }, steps + 1))
        }
        ExprKind::Call(_) => {
            let made = reach.called(object);
            !made.is_empty() && made.into_iter().all(|func| all_returned(reach, func, &next))
        }
        ExprKind::Index { object: whole, index } => {
            matches!(module.expr(*index).kind, ExprKind::Num(0.0))
                && is_result(reach, object.unit, *whole)
                && next(Site { unit: object.unit, expr: *whole })
        }
        ExprKind::Name(name) => match assigned(reach, object, name, field) {
            values if values.is_empty() => followed(reach, object, &next),
            values => values.into_iter().all(|at| is_new(reach, at, steps + 1)),
        },
        // `&order`
        ExprKind::Other(children) => match children.as_slice() {
            [only] => next(Site { unit: object.unit, expr: *only }),
            _ => false,
        },
        _ => false,
    }
}

/// Packages that are called after the identifiers which they make.
fn makes(package: &str, name: &str) -> bool {
    let mut last = package.rsplit('/').take(2);
    let kinds = ["uuid", "ulid", "xid", "ksuid", "nanoid", "snowflake", "primitive", "bson"];
    let of_kind = last.any(|part| kinds.iter().any(|kind| part.contains(kind)));
    of_kind && !OF_DATA.contains(&name) && ["New", "Make", "MustNew", "Generate"].iter().any(|w| name.starts_with(w))
}

/// The name that holds all results of a call.
fn is_result(reach: &Reach<'_, '_>, unit: UnitId, expr: ExprId) -> bool {
    let module = &reach.ev.program.unit(unit).module;
    matches!(&module.expr(expr).kind, ExprKind::Name(name) if name.starts_with('$'))
}

/// True when a function gives something back, and `wanted` holds for the first result each time it is no `nil`.
fn all_returned(reach: &Reach<'_, '_>, (unit, func): (UnitId, FuncId), wanted: &dyn Fn(Site) -> bool) -> bool {
    let module = &reach.ev.program.unit(unit).module;
    let returned = crate::program::eval::returns(module, func).into_iter();
    let first = returned.filter_map(|expr| match &module.expr(expr).kind {
        ExprKind::List(items) => items.first().copied(),
        _ => Some(expr),
    });
    // A struct without fields stands beside an error.
    let is_nothing = |expr: &ExprId| match &module.expr(*expr).kind {
        ExprKind::Null => true,
        ExprKind::Str(text) => text.is_empty(),
        ExprKind::Call(call) => call.is_new && call.args.is_empty(),
        _ => false,
    };
    let mut some = first.filter(|expr| !is_nothing(expr)).peekable();
    some.peek().is_some() && { some }.all(|expr| wanted(Site { unit, expr }))
}

/// True when `wanted` holds for all that a name may stand for.
fn followed(reach: &Reach<'_, '_>, site: Site, wanted: &dyn Fn(Site) -> bool) -> bool {
    let unit = reach.ev.program.unit(site.unit);
    let ExprKind::Name(name) = &unit.module.expr(site.expr).kind else { return false };
    let Some((scope, bindings)) = unit.index.lookup(&unit.module, unit.index.func_of(site.expr), name) else {
        return false;
    };
    let nearest = reach.ev.reaching(site, scope, bindings);
    let mut reaching = bindings.iter().filter(|b| nearest.is_none_or(|nearest| **b == nearest)).peekable();
    reaching.peek().is_some() && { reaching }.all(|binding| match *binding {
        Binding::Value(value) => value != site.expr && wanted(Site { unit: site.unit, expr: value }),
        Binding::Param(func, index) => {
            let callers = reach.callers((site.unit, func));
            let passed = |call: &Site| reach.ev.argument_site(*call, site.unit, func, index);
            (1..=MAX_CALLERS).contains(&callers.len()) && callers.iter().all(|call| passed(call).is_some_and(wanted))
        }
        _ => false,
    })
}

/// What is assigned to a field of a variable in the function that uses it, before it does.
fn assigned(reach: &Reach<'_, '_>, used: Site, name: &str, field: &str) -> Vec<Site> {
    let unit = reach.ev.program.unit(used.unit);
    let module = &unit.module;
    let func = unit.index.func_of(used.expr);
    let before = module.expr(used.expr).span.start;
    let is_it = |target: ExprId| match &module.expr(target).kind {
        ExprKind::Attr { object, name: set, .. } => {
            set == field && matches!(&module.expr(*object).kind, ExprKind::Name(of) if of == name)
        }
        _ => false,
    };
    let values = module.stmts.iter().filter_map(|stmt| match &stmt.kind {
        StmtKind::Assign { target, value: Some(value), .. } if is_it(*target) => {
            let here = unit.index.func_of(*value) == func && stmt.span.end <= before;
            here.then_some(Site { unit: used.unit, expr: *value })
        }
        _ => None,
    });
    values.collect()
}
