//! Where the ways to a function of Go begin.

use std::collections::BTreeSet;

use crate::facts::module::{Expr, ExprKind, FuncId, Language};
use crate::program::{Evaluator, Site, UnitId};
use crate::syntax::FileId;

/// How many functions lie on the ways at most.
const MAX_FUNCTIONS: usize = 60;

/// The files in which the ways to a call begin: with `main`, with a method, or with a function that is handed around.
/// None in other languages, and where there are too many to tell.
pub(super) fn beginnings(ev: &Evaluator<'_>, site: Site) -> Option<Vec<FileId>> {
    if ev.program.language(site.unit) != Language::Go {
        return None;
    }
    let mut found = BTreeSet::new();
    let mut seen: BTreeSet<(UnitId, FuncId)> = BTreeSet::new();
    let mut todo = vec![site];
    while let Some(site) = todo.pop() {
        let unit = ev.program.unit(site.unit);
        let Some(func) = declared(ev, site) else {
            found.insert(unit.file);
            continue;
        };
        if !seen.insert((site.unit, func)) {
            continue;
        }
        if seen.len() > MAX_FUNCTIONS {
            return None;
        }
        let ways = match unit.module.func(func).class {
            Some(_) => Vec::new(),
            None => ev.entries(site.unit, func),
        };
        let ways: Vec<Site> = ways.into_iter().map(|w| w.site).filter(|w| ev.program.is_production(w.unit)).collect();
        if ways.is_empty() && is_used(ev, site.unit, func) {
            found.insert(unit.file);
        }
        todo.extend(ways);
    }
    Some(found.into_iter().collect())
}

/// True for a function that something may run although no call of it was found: `main`, a method, one whose name
/// stands somewhere else. What nobody names is never run.
fn is_used(ev: &Evaluator<'_>, unit: UnitId, func: FuncId) -> bool {
    let function = ev.program.unit(unit).module.func(func);
    let is_it = |e: &Expr| matches!(&e.kind, ExprKind::Name(n) | ExprKind::Attr { name: n, .. } if *n == function.name);
    function.class.is_some()
        || matches!(function.name.as_str(), "main" | "init")
        || ev.program.ids().any(|unit| {
            let unit = ev.program.unit(unit);
            unit.module.language == Language::Go && unit.module.exprs.iter().any(is_it)
        })
}

/// The declared function or method around an expression.
fn declared(ev: &Evaluator<'_>, site: Site) -> Option<FuncId> {
    let unit = ev.program.unit(site.unit);
    let mut func = unit.index.func_of(site.expr)?;
    while unit.index.lambda_expr.contains_key(&func) {
        func = unit.module.func(func).parent?;
    }
    Some(func)
}
