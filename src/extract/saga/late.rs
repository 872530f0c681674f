//! Steps written one after the other whose undoing waits for their success, or is given up: a call that timed out may
//! have taken effect, and nothing undoes it.

use smol_str::SmolStr;

use super::conduct::words::Texts;
use super::conduct::{notes_done, says_done};
use super::flow::{Done, Flow, Undo};
use super::{CompensationFailure, Context, names, scan};
use crate::facts::module::{ExprId, ExprKind, FuncId, LoopHeader, Module, StmtKind};
use crate::program::{Site, UnitId};
use crate::syntax::Place;

impl Context<'_, '_> {
    /// Where the compensation of a step is put on the list only when the step's call came back: a call that timed
    /// out may have taken effect, and nothing undoes it.
    pub(super) fn registered_late(&self, flow: &Flow) -> Option<Place> {
        let mut late = None;
        for undo in flow.undos.iter().filter(|u| u.registered) {
            let before = flow.steps.iter().rev().find(|s| s.position < undo.position)?;
            let next = flow.steps.iter().find(|s| s.position > undo.position);
            if next.is_some_and(|next| next.shares(undo)) && !before.shares(undo) {
                return None;
            }
            if !before.shares(undo) && !before.is_inverted_by(undo) {
                return None;
            }
            late = late.or(Some(self.ev.program.place(undo.site)));
        }
        late
    }

    /// Where a handler asks for the result of a step, or for a flag that is set behind it, before it undoes the step:
    /// `if payment_id: refund(payment_id)`. A call that timed out gave no result and may have taken effect.
    pub(super) fn guarded_late(&self, unit: UnitId, flow: &Flow) -> Option<Place> {
        flow.undos.iter().filter(|u| !u.registered).find_map(|undo| {
            let (guard, test) = undo.guard.as_ref()?;
            let is_its_own = |step: &&Done| step.shares(undo) || step.is_inverted_by(undo);
            let late = flow.steps.iter().filter(is_its_own).any(|step| {
                let result = step.result.as_ref() == Some(guard);
                result || flow.flags.iter().any(|(name, at)| name == guard && *at > step.position)
            });
            late.then(|| self.ev.program.place(Site { unit, expr: *test }))
        })
    }

    /// Where what a step did is put on a list behind its call, and the handler gives that list to what undoes:
    /// `steps.push({ service: "stock", id })`, `await this.compensate(steps)`.
    pub(super) fn put_late(&self, unit: UnitId, flow: &Flow) -> Option<Place> {
        let module = &self.ev.program.unit(unit).module;
        let (list, first) = flow.put.iter().find(|(list, _)| flow.handed.contains(list))?;
        let puts = flow.put.iter().filter(|(other, _)| other == list);
        for (_, at) in puts {
            let position = module.expr(*at).span.start;
            let before = flow.steps.iter().rev().find(|s| s.position < position)?;
            let said = self.said_in(unit, *at);
            let next = flow.steps.iter().find(|s| s.position > position);
            if next.is_some_and(|next| next.is_about(&said)) && !before.is_about(&said) {
                return None;
            }
        }
        Some(self.ev.program.place(Site { unit, expr: *first }))
    }

    /// The words of the names and texts in the arguments of a call.
    fn said_in(&self, unit: UnitId, call: ExprId) -> Vec<String> {
        let module = &self.ev.program.unit(unit).module;
        let mut out = Vec::new();
        let mut todo: Vec<ExprId> = module.call(call).into_iter().flat_map(|c| &c.args).map(|a| a.value).collect();
        while let Some(expr) = todo.pop() {
            match &module.expr(expr).kind {
                ExprKind::Str(name) | ExprKind::Name(name) => out.extend(names::words(name)),
                _ => todo.extend(module.children(expr)),
            }
        }
        out
    }

    /// Where the name of a step is put on a list behind its call, and the method that undoes goes through that list:
    /// `saga.Executed.Add("PaymentCharged")`.
    pub(super) fn named_late(&self, unit: UnitId, func: FuncId, flow: &Flow) -> Option<Place> {
        let linked = self.ev.program.unit(unit);
        let module = &linked.module;
        flow.noted.iter().find_map(|(list, at)| {
            let position = module.expr(*at).span.start;
            let behind = flow.steps.iter().any(|s| s.position < position);
            let undone = flow.undos.iter().filter(|u| !u.registered && u.site.unit == unit).any(|undo| {
                linked.index.func_of(undo.site.expr).map(|f| scan::outermost(module, f)).is_some_and(|f| {
                    let asks = |n: &str| n == list.as_str() || notes_done(list) && says_done(n);
                    f != func && self.speaks(unit, Some(module.func(f).span), Texts::No, &asks).is_some()
                })
            });
            (behind && undone).then(|| self.ev.program.place(Site { unit, expr: *at }))
        })
    }

    /// Where an object is told that a step is done, and nothing stores it before the last step: what is stored before
    /// the first step and behind the last one says nothing of what is between them.
    pub(super) fn kept_between(&self, unit: UnitId, func: FuncId, flow: &Flow) -> Option<Place> {
        self.named_late(unit, func, flow)?;
        let (_, noted) = flow.noted.first()?;
        let module = &self.ev.program.unit(unit).module;
        let (first, last) = (flow.steps.first()?.position, flow.steps.last()?.position);
        let steps: Vec<ExprId> = flow.steps.iter().map(Done::call).collect();
        let between = |of: UnitId, expr: ExprId| {
            let at = module.expr(expr).span;
            of == unit && at.start >= first && at.end < last && !steps.contains(&expr)
        };
        let is_stored = !self.persisted_in(&[(unit, func)], &between).is_absent();
        (!is_stored).then(|| self.ev.program.place(Site { unit, expr: *noted }))
    }

    /// Handlers that only log what a compensation of a workflow raised, in a loop over the compensations that were
    /// put on a list: the activity was repeated for as long as its options say, and then it is given up.
    pub(super) fn dropped_in_loop(&self, unit: UnitId, func: FuncId, flow: &Flow) -> Vec<Place> {
        if !flow.undos.iter().any(|u| u.registered) {
            return Vec::new();
        }
        let mut funcs = vec![(unit, func)];
        self.reach(&mut funcs, 1);
        let mut runs = Vec::new();
        for (unit, func) in funcs {
            let module = &self.ev.program.unit(unit).module;
            let span = module.func(func).span;
            for stmt in module.stmts.iter().filter(|s| span.contains(s.span)) {
                let StmtKind::Loop { header: LoopHeader::Each { target, iter }, .. } = &stmt.kind else { continue };
                let entries = scan::names_in(module, *target);
                if !scan::names_in(module, *iter).iter().any(|n| names::is_undo_word(n)) {
                    continue;
                }
                let calls = self.ev.program.unit(unit).index.calls.iter().map(|c| c.expr);
                let inside = calls.filter(|e| stmt.span.contains(module.expr(*e).span));
                runs.extend(inside.filter(|e| runs_entry(module, *e, &entries)).map(|expr| Site { unit, expr }));
            }
        }
        match self.failure(&runs) {
            CompensationFailure::Swallowed(places) => places,
            _ => Vec::new(),
        }
    }

    /// An engine repeats an activity until it is known how it ended, unless the options end that:
    /// <https://docs.temporal.io/encyclopedia/retry-policies>.
    pub(super) fn gives_up_activities(&self, unit: UnitId) -> bool {
        const ENDS: [&str; 4] =
            ["maximumattempts", "setmaximumattempts", "scheduletoclosetimeout", "setscheduletoclosetimeout"];
        self.speaks(unit, None, Texts::No, &|n| ENDS.contains(&names::fold(n).as_str())).is_some()
    }

    /// Compensations of a workflow that the engine repeats so many times only, and whose last failure is only logged.
    pub(super) fn given_up(&self, flow: &Flow) -> Vec<Place> {
        let ended = |site: &&Site| {
            let module = &self.ev.program.unit(site.unit).module;
            let bounds = |n: &SmolStr| matches!(names::fold(n).as_str(), "maximumattempts" | "setmaximumattempts");
            module.call(site.expr).is_some_and(|call| {
                call.args.iter().any(|a| {
                    let mut inner = vec![a.value];
                    while let Some(e) = inner.pop() {
                        if module.call(e).is_some_and(|c| c.args.iter().any(|a| a.name.as_ref().is_some_and(bounds))) {
                            return true;
                        }
                        inner.extend(module.children(e));
                    }
                    scan::names_in(module, a.value).iter().any(bounds)
                })
            })
        };
        match self.failure(&flow.looped.iter().filter(ended).copied().collect::<Vec<_>>()) {
            CompensationFailure::Swallowed(places) => places,
            _ => Vec::new(),
        }
    }
}

/// `undo()`, `entry.fn()`, `entry.Invoke()`: a call of an entry of a list.
fn runs_entry(module: &Module, call: ExprId, entries: &[SmolStr]) -> bool {
    let Some(call) = module.call(call) else { return false };
    let object = match &module.expr(call.callee).kind {
        ExprKind::Attr { object, .. } => *object,
        _ => call.callee,
    };
    matches!(&module.expr(object).kind, ExprKind::Name(name) if entries.contains(name))
}

impl Flow {
    /// Where the branch for the failure of a step undoes the steps before it and not that step, which a later branch
    /// undoes.
    pub(super) fn branched_late(&self) -> Option<Place> {
        self.branches.iter().enumerate().find_map(|(i, branch)| {
            if branch.undos.is_empty() {
                return None;
            }
            let step = match &branch.about {
                Some(words) => self.steps.iter().find(|s| s.is_about(words)),
                None => {
                    // `if (!await Reserve(order))` has the step in its test.
                    let at = branch.place.span.end;
                    let before = i.checked_sub(1).map_or(0, |b| self.branches[b].place.span.end);
                    self.steps.iter().rev().find(|s| s.position <= at && s.position > before)
                }
            }?;
            let others = |undo: &Undo| self.steps.iter().any(|s| s.position != step.position && s.shares(undo));
            let is_its_own = |undo: &Undo| step.shares(undo) || step.is_inverted_by(undo) && !others(undo);
            let elsewhere = |(at, undo): (usize, &Undo)| {
                !branch.undos.contains(&at)
                    && !undo.registered
                    && step.shares(undo)
                    && (step.is_inverted_by(undo) || undo.compensates())
            };
            let in_branch = self.undos[branch.undos.clone()].iter().any(is_its_own);
            (!in_branch && self.undos.iter().enumerate().any(elsewhere)).then_some(branch.place)
        })
    }
}
