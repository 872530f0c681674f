//! What the ends of a saga are called: completed, compensated, and a compensation that failed are three.

use super::log::nearest_loop;
use super::span_of;
use crate::extract::saga::{Context, names, scan};
use crate::facts::module::{ExprId, ExprKind, FuncId, Language, Module, StmtId, StmtKind};
use crate::program::{Parent, Site, UnitId};
use crate::syntax::Place;

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Completed,
    Compensated,
    CompensationFailed,
    Failed,
}

impl Context<'_, '_> {
    /// An end that is stored or returned and does not say whether the saga is undone: `failed` where no state says
    /// "compensated".
    pub(in crate::extract::saga) fn ambiguous_end(&self, funcs: &[(UnitId, FuncId)]) -> Option<(Place, String)> {
        let mut found: Vec<(End, Place, String)> = Vec::new();
        for &(unit, func) in funcs {
            let linked = self.ev.program.unit(unit);
            let module = &linked.module;
            let span = span_of(self.ev, (unit, func));
            for stmt in module.stmts.iter().filter(|s| span.contains(s.span)) {
                if let StmtKind::Assign { target, value: Some(value), op: None, .. } = &stmt.kind
                    && is_state_of_saga(module, *target)
                {
                    self.ends(unit, *value, &mut found);
                }
            }
            for (expr, call) in self.calls_in(unit, func) {
                found.extend(marked(module, call.callee).map(|(end, name)| {
                    let place = self.ev.program.place(Site { unit, expr });
                    (end, place, name)
                }));
                for arg in &call.args {
                    match (&arg.name, &module.expr(arg.value).kind) {
                        (Some(name), _) if is_state(name) => self.ends(unit, arg.value, &mut found),
                        // `save(id, SagaStatus.FAILED)`, `set_status("failed")`
                        (None, ExprKind::Attr { object, .. })
                            if scan::chain(module, *object).last().is_some_and(|n| is_state(n)) =>
                        {
                            self.ends(unit, arg.value, &mut found);
                        }
                        (None, ExprKind::Str(_)) if self.stores(module, call.callee) => {
                            self.ends(unit, arg.value, &mut found);
                        }
                        _ => {}
                    }
                }
            }
            for expr in module.exprs.iter().filter(|e| span.contains(e.span)) {
                let ExprKind::Dict(entries) = &expr.kind else { continue };
                for entry in entries {
                    if let crate::facts::module::Entry::Pair { key, value } = entry
                        && matches!(&module.expr(*key).kind, ExprKind::Str(k) if is_state(k))
                    {
                        self.ends(unit, *value, &mut found);
                    }
                }
            }
        }
        let has = |end: End| found.iter().any(|(e, _, _)| *e == end);
        if has(End::Compensated) || has(End::CompensationFailed) || !has(End::Completed) {
            return None;
        }
        found.into_iter().find(|(e, _, _)| *e == End::Failed).map(|(_, place, name)| (place, name))
    }

    /// The end "compensated" behind a loop that goes on when a compensation failed, and that notes no such failure
    /// where the end could ask for it.
    pub(in crate::extract::saga) fn undone_in_name_only(&self, undos: &[Site]) -> Option<(Place, String)> {
        undos.iter().find_map(|undo| {
            let linked = self.ev.program.unit(undo.unit);
            let module = &linked.module;
            let (around, _) = nearest_loop(self, *undo)?;
            let mut inner = None;
            let goes_on = linked.index.ancestors(undo.expr).find_map(|parent| {
                let Parent::Stmt(stmt) = parent else { return None };
                if let StmtKind::Try { body, handlers, .. } = &module.stmt(stmt).kind
                    && inner.is_some_and(|i| body.contains(&i))
                {
                    let all = handlers.iter().all(|h| h.body.iter().all(|s| passes(module, *s)));
                    return Some(all && !handlers.is_empty());
                }
                inner = Some(stmt);
                (stmt == around).then_some(false)
            });
            if goes_on != Some(true) {
                return None;
            }
            let mut found = Vec::new();
            for &stmt in scan::behind(linked, around) {
                match &module.stmt(stmt).kind {
                    StmtKind::Assign { target, value: Some(value), op: None, .. }
                        if is_state_of_saga(module, *target)
                            && !matches!(module.expr(*value).kind, ExprKind::Cond { .. }) =>
                    {
                        self.ends(undo.unit, *value, &mut found);
                    }
                    StmtKind::Expr(e) => {
                        let call = match module.expr(*e).kind {
                            ExprKind::Await(inner) => inner,
                            _ => *e,
                        };
                        let marked = module.call(call).and_then(|c| marked(module, c.callee));
                        let place = self.ev.program.place(Site { unit: undo.unit, expr: call });
                        found.extend(marked.map(|(end, name)| (end, place, name)));
                    }
                    // What failed may be asked for.
                    StmtKind::If { .. } | StmtKind::Loop { .. } | StmtKind::Try { .. } => break,
                    _ => {}
                }
            }
            found.into_iter().find(|(end, ..)| *end == End::Compensated).map(|(_, place, name)| (place, name))
        })
    }

    fn stores(&self, module: &Module, callee: ExprId) -> bool {
        scan::chain(module, callee).last().is_some_and(|n| {
            names::words(n).iter().any(|w| {
                matches!(
                    w.as_str(),
                    "save" | "update" | "set" | "mark" | "transition" | "persist" | "store" | "status" | "state"
                )
            })
        })
    }

    fn ends(&self, unit: UnitId, value: ExprId, out: &mut Vec<(End, Place, String)>) {
        let module = &self.ev.program.unit(unit).module;
        let mut todo = vec![value];
        while let Some(expr) = todo.pop() {
            let name = match &module.expr(expr).kind {
                ExprKind::Cond { then, other, .. } => {
                    todo.extend([*then, *other]);
                    continue;
                }
                ExprKind::Str(text) => text.to_string(),
                // `StatusFailed`
                ExprKind::Name(name) if module.language == Language::Go => name.to_string(),
                // `SagaStatus.FAILED`, `SagaStatus.FAILED.value`
                ExprKind::Attr { .. } => {
                    let chain = scan::chain(module, expr);
                    match chain.iter().rfind(|n| n.as_str() != "value") {
                        Some(name) => name.to_string(),
                        None => continue,
                    }
                }
                _ => continue,
            };
            if let Some(end) = end(&name) {
                out.push((end, self.ev.program.place(Site { unit, expr }), name));
            }
        }
    }
}

/// A statement of a handler that neither leaves nor notes: it logs, or tells an object.
fn passes(module: &Module, stmt: StmtId) -> bool {
    match &module.stmt(stmt).kind {
        StmtKind::Expr(e) => !matches!(module.expr(*e).kind, ExprKind::Other(_)),
        StmtKind::Continue => true,
        StmtKind::Block(block) => block.iter().all(|s| passes(module, *s)),
        _ => false,
    }
}

fn end(name: &str) -> Option<End> {
    let name = names::fold(name);
    if name.len() > 40 {
        return None;
    }
    let has = |words: &[&str]| words.iter().any(|w| name.contains(w));
    let undo = has(&["compensat", "rollback", "rolledback", "rollingback", "undo", "revert"]);
    let fails = has(&["fail", "error"]);
    Some(
        if undo && fails || has(&["stuck", "manual", "intervention", "parked", "inconsistent", "partial", "suspended"])
        {
            End::CompensationFailed
        } else if has(&["compensated", "rolledback", "undone", "reverted", "cancelled", "canceled", "refunded"]) {
            End::Compensated
        } else if undo {
            return None;
        } else if fails || name == "aborted" {
            End::Failed
        } else if has(&["complet", "succe", "finished", "done", "confirmed"]) {
            End::Completed
        } else {
            return None;
        },
    )
}

/// `saga.markFailed()`, `sagaStore.complete(saga)`: the end, and the name of the method.
fn marked(module: &Module, callee: ExprId) -> Option<(End, String)> {
    let chain = scan::chain(module, callee);
    let [.., object, method] = chain.as_slice() else { return None };
    let words = names::words(method);
    let marks = words.first().is_some_and(|w| {
        w == "mark"
            || words.len() == 1 && ["complet", "fail", "finish", "succe", "abort"].iter().any(|p| w.starts_with(p))
    });
    let of_saga = names::words(object).iter().any(|w| matches!(w.as_str(), "saga" | "instance" | "execution"));
    // The state of a step is not the saga's.
    let is_whole = !words.iter().any(|w| w == "step");
    (marks && of_saga && is_whole).then(|| Some((end(method)?, method.to_string()))).flatten()
}

fn is_state(name: &str) -> bool {
    let name = names::fold(name);
    name.ends_with("status") || name.ends_with("state") || name.ends_with("states")
}

/// `self.status`, `saga.state`, `status`; not the state of a step or of an order.
fn is_state_of_saga(module: &Module, target: ExprId) -> bool {
    let chain = scan::chain(module, target);
    let Some((last, object)) = chain.split_last() else { return false };
    is_state(last)
        && object.last().is_none_or(|o| {
            let words = names::words(o);
            o == "this"
                || words.iter().any(|w| {
                    matches!(
                        w.as_str(),
                        "saga"
                            | "instance"
                            | "execution"
                            | "context"
                            | "ctx"
                            | "run"
                            | "record"
                            | "row"
                            | "log"
                            | "result"
                            | "transaction"
                            | "workflow"
                            | "state"
                            | "orchestrator"
                    )
                })
        })
}
