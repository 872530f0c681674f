//! Rows of the JVM that are saved together: `stocks.saveAll(changed)`, where each was looked up and a number of it changed.

use super::entity::{counts_named, is_looked_up};
use crate::facts::module::{ExprId, ExprKind, FuncId, LoopHeader, StmtKind};
use crate::program::{Evaluator, Site, Unit};

/// True when a number of the rows in a list was read and changed before the list is saved.
pub(super) fn counts(ev: &Evaluator<'_>, site: Site, saved: ExprId) -> bool {
    let unit = ev.program.unit(site.unit);
    let module = &unit.module;
    let ExprKind::Name(list) = &module.expr(saved).kind else { return false };
    let func = unit.index.func_of(site.expr);
    let of_list = |expr: ExprId| matches!(&module.expr(root(unit, expr)).kind, ExprKind::Name(n) if n == list);
    let changes = |func: Option<FuncId>, row: &str| counts_named(ev, site.unit, func, row, None);
    // `for (Stock stock : stocks) { … }`
    let gone_through = || {
        module.stmts.iter().any(|stmt| match &stmt.kind {
            StmtKind::Loop { header: LoopHeader::Each { target, iter }, .. } => match &module.expr(*target).kind {
                ExprKind::Name(row) => of_list(*iter) && unit.index.func_of(*iter) == func && changes(func, row),
                _ => false,
            },
            _ => false,
        })
    };
    let calls = || unit.index.calls.iter().filter_map(|found| Some((found, module.call(found.expr)?)));
    // `stocks.forEach(stock -> { … })`
    let handed = || {
        calls().any(|(found, call)| {
            let ExprKind::Attr { object, name, .. } = &module.expr(call.callee).kind else { return false };
            let goes = matches!(name.as_str(), "forEach" | "peek" | "map" | "onEach");
            goes && found.func == func
                && of_list(*object)
                && call.args.iter().any(|arg| match &module.expr(arg.value).kind {
                    ExprKind::Lambda(each) => {
                        module.func(*each).params.first().is_some_and(|row| changes(Some(*each), &row.name))
                    }
                    _ => false,
                })
        })
    };
    // `changed.add(stock)`
    let collected = || {
        calls().any(|(found, call)| {
            let (ExprKind::Attr { object, name, .. }, [row]) = (&module.expr(call.callee).kind, call.args.as_slice())
            else {
                return false;
            };
            let ExprKind::Name(named) = &module.expr(row.value).kind else { return false };
            name == "add" && of_list(*object) && is_looked_up(ev, site.unit, row.value) && changes(found.func, named)
        })
    };
    is_looked_up(ev, site.unit, saved) && (gone_through() || handed()) || collected()
}

/// The object that a chain of calls without arguments begins with: `stocks` of `stocks.stream()`.
fn root(unit: &Unit, expr: ExprId) -> ExprId {
    let module = &unit.module;
    match module.call(expr).filter(|call| call.args.is_empty()).map(|call| &module.expr(call.callee).kind) {
        Some(ExprKind::Attr { object, .. }) => root(unit, *object),
        _ => expr,
    }
}
