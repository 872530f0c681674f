//! Orchestrators that undo by position: from which step on.

use smol_str::SmolStr;

use super::Scope;
use super::log::{is_named_function, nearest_loop};
use crate::extract::saga::{Context, scan};
use crate::facts::module::{BinaryOp, ExprId, ExprKind, Language, LoopHeader, Module, StmtKind};
use crate::program::index::Binding;
use crate::program::{Parent, Site};
use crate::syntax::Place;

impl Context<'_, '_> {
    /// Where a variable gets the position of the step, behind the step's call and in the same loop.
    fn counted_late(&self, scope: &Scope<'_>, name: &SmolStr) -> Option<Place> {
        scope.runner.actions.iter().filter(|a| a.unit == scope.runner.unit).find_map(|action| {
            let linked = self.ev.program.unit(action.unit);
            let module = &linked.module;
            let (stmt, _) = nearest_loop(self, *action)?;
            let (span, call) = (module.stmt(stmt).span, module.expr(action.expr).span);
            let mut set = module.stmts.iter().filter(|s| {
                span.contains(s.span)
                    && matches!(&s.kind, StmtKind::Assign { target, value: Some(value), .. }
                        if scan::chain(module, *target).last() == Some(name)
                            && matches!(module.expr(*value).kind, ExprKind::Name(_))
                            // `failed = i` where the step failed: it is undone as well.
                            && !self.on_error_path(action.unit, *value, 2))
            });
            let first = set.next()?;
            (first.span.start > call.start).then(|| Place::new(linked.file, first.span))
        })
    }

    /// `for i in range(failed - 1, -1, -1)` behind a loop that counts its steps.
    pub(super) fn undone_from_index(&self, scope: &Scope<'_>, header: &LoopHeader) -> Option<Place> {
        let module = &self.ev.program.unit(scope.runner.unit).module;
        let counts = match header {
            LoopHeader::Count { .. } => true,
            // Go declares the key of a loop at the beginning of its body.
            LoopHeader::Each { .. } if module.language == Language::Go => true,
            LoopHeader::Each { iter, .. } => scan::chain(module, *iter)
                .last()
                .is_some_and(|n| matches!(n.as_str(), "enumerate" | "entries" | "range")),
            LoopHeader::While(_) => false,
        };
        if !counts {
            return None;
        }
        let handed = |undo: &Site| {
            let module = &self.ev.program.unit(undo.unit).module;
            module.language == Language::Go && scope.runner.funcs.iter().any(|f| f.0 == undo.unit)
        };
        scope.runner.undos.iter().filter(|u| u.unit == scope.runner.unit || handed(u)).find_map(|undo| {
            let module = &self.ev.program.unit(undo.unit).module;
            let header = counting_loop(self, *undo)?;
            let start = match &header {
                LoopHeader::Count { init, .. } => init.iter().find_map(|s| match &module.stmt(*s).kind {
                    StmtKind::Assign { value, .. } => *value,
                    _ => None,
                }),
                LoopHeader::Each { iter, .. } => module
                    .call(*iter)
                    .filter(|c| scan::chain(module, c.callee).last().is_some_and(|n| n == "range"))
                    .and_then(|c| c.args.first())
                    .map(|a| a.value),
                LoopHeader::While(_) => None,
            }?;
            // `reached = i` behind the call, and `for (i = reached; …)`.
            if let ExprKind::Name(name) = &module.expr(start).kind
                && undo.unit == scope.runner.unit
                && let Some(place) = self.counted_late(scope, name)
            {
                return Some(place);
            }
            let file = self.ev.program.unit(undo.unit).file;
            if below(module, start).is_some() {
                return Some(Place::new(file, module.expr(start).span));
            }
            self.handed_below(Site { unit: undo.unit, expr: start })
        })
    }

    /// Where what undoes is told to begin below the step that failed: `this.compensate(steps, i - 1)`, in a loop that
    /// counts the steps.
    fn handed_below(&self, start: Site) -> Option<Place> {
        let linked = self.ev.program.unit(start.unit);
        let module = &linked.module;
        let ExprKind::Name(name) = &module.expr(start.expr).kind else { return None };
        let (_, bound) = linked.index.lookup(module, linked.index.func_of(start.expr), name)?;
        let [Binding::Param(func, index)] = bound else { return None };
        self.ev.callers(start.unit, *func).into_iter().find_map(|caller| {
            let given = self.ev.argument_site(caller, start.unit, *func, *index)?;
            let module = &self.ev.program.unit(given.unit).module;
            let position = below(module, given.expr)?;
            let (_, header) = nearest_loop(self, caller)?;
            let counts = match &header {
                LoopHeader::Count { init, .. } => init.iter().any(|s| match &module.stmt(*s).kind {
                    StmtKind::Assign { target, .. } => scan::names_in(module, *target).contains(&position),
                    _ => false,
                }),
                LoopHeader::Each { target, .. } => {
                    scan::names_in(module, *target).contains(&position)
                        || self.declared_key(caller).is_some_and(|key| key == position)
                }
                LoopHeader::While(_) => false,
            };
            (counts && given.unit == caller.unit).then(|| self.ev.program.place(given))
        })
    }
}

/// `failed` of `failed - 1`.
fn below(module: &Module, expr: ExprId) -> Option<SmolStr> {
    let ExprKind::Binary { op: BinaryOp::Sub, left, right } = &module.expr(expr).kind else { return None };
    match (&module.expr(*left).kind, &module.expr(*right).kind) {
        (ExprKind::Name(name), ExprKind::Num(n)) if *n == 1.0 => Some(name.clone()),
        _ => None,
    }
}

/// The header of the nearest loop around an expression that goes through positions: one that tries a compensation
/// again stands inside of it.
fn counting_loop(context: &Context<'_, '_>, site: Site) -> Option<LoopHeader> {
    let linked = context.ev.program.unit(site.unit);
    linked.index.ancestors(site.expr).take_while(|p| !is_named_function(&linked.module, *p)).find_map(|p| match p {
        Parent::Stmt(s) => match &linked.module.stmt(s).kind {
            StmtKind::Loop { header: LoopHeader::While(_), .. } => None,
            StmtKind::Loop { header, .. } => Some(header.clone()),
            _ => None,
        },
        _ => None,
    })
}
