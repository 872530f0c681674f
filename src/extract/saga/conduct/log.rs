//! What an orchestrator notes of a run, where, and what it does to its notes.

use smol_str::SmolStr;

use super::{Scope, span_of};
use crate::extract::saga::{Context, names, scan};
use crate::facts::module::{
    BinaryOp, ExprId, ExprKind, FuncId, FunctionKind, Language, LoopHeader, Module, StmtId, StmtKind,
};
use crate::program::index::{Binding, Scope as Names};
use crate::program::{Parent, Site, UnitId, Value};
use crate::syntax::{Place, Span};

/// Over how many functions a step is handed on.
const MAX_HANDED: u32 = 3;

impl Context<'_, '_> {
    /// A step that is noted as done after its call, where only what is noted is undone: a call that timed out may
    /// have taken effect and stays.
    pub(super) fn noted_late(&self, scope: &Scope<'_>) -> Option<Place> {
        if scope.runner.undos.is_empty() {
            return None;
        }
        let direct = scope.runner.actions.iter().find_map(|a| self.noted_after(scope, *a, self.elements_of(*a)));
        direct.or_else(|| {
            let handed = scope.runner.actions.iter().flat_map(|a| self.handed_steps(scope, *a));
            handed.into_iter().find_map(|(call, step)| self.noted_after(scope, call, step))
        })
    }

    /// Where the list begins in which what is done is noted, and from which it is undone.
    pub(super) fn list_of_done(&self, scope: &Scope<'_>) -> Option<Place> {
        let direct = scope.runner.actions.iter().map(|action| (*action, self.elements_of(*action)));
        let handed = scope.runner.actions.iter().flat_map(|action| self.handed_steps(scope, *action));
        direct.chain(handed).find_map(|(action, step)| {
            let linked = self.ev.program.unit(action.unit);
            let module = &linked.module;
            let (stmt, header) = nearest_loop(self, action)?;
            let step = self.with_indices(action, &header, step);
            let notes = self.notes(action.unit, module.stmt(stmt).span, &step);
            let (list, ..) = notes.into_iter().find(|(list, ..)| self.is_undone_from(scope, action, list))?;
            let func = linked.index.func_of(action.expr).map(|f| scan::outermost(module, f))?;
            let span = module.func(func).span;
            let begins = |s: &&crate::facts::module::Stmt| {
                span.contains(s.span)
                    && matches!(&s.kind, StmtKind::Assign { target, .. }
                        if scan::chain(module, *target).last() == Some(&list))
            };
            module.stmts.iter().filter(begins).min_by_key(|s| s.span.start).map(|s| Place::new(linked.file, s.span))
        })
    }

    /// The calls that hand the step to a function which calls its action: `await this.attempt(step)`, and those that
    /// hand it to a function which hands on what it holds: `self._run(step.action)`.
    fn handed_steps(&self, scope: &Scope<'_>, action: Site) -> Vec<(Site, Vec<SmolStr>)> {
        let mut out: Vec<(Site, Vec<SmolStr>)> = Vec::new();
        let mut todo = vec![(action, self.elements_of(action), 0)];
        while let Some((site, step, hops)) = todo.pop() {
            for (call, step) in self.handed(scope, site, &step) {
                if hops < MAX_HANDED && !out.iter().any(|(known, _)| *known == call) {
                    todo.push((call, step.clone(), hops + 1));
                    out.push((call, step));
                }
            }
        }
        out
    }

    fn handed(&self, scope: &Scope<'_>, site: Site, step: &[SmolStr]) -> Vec<(Site, Vec<SmolStr>)> {
        let linked = self.ev.program.unit(site.unit);
        let module = &linked.module;
        let Some(func) = linked.index.func_of(site.expr).map(|f| scan::outermost(module, f)) else {
            return Vec::new();
        };
        let Some(index) = module.func(func).params.iter().position(|p| step.contains(&p.name)) else {
            return Vec::new();
        };
        let callers = self.ev.callers(site.unit, func).into_iter().filter(|c| c.unit == scope.runner.unit);
        callers
            .filter_map(|caller| {
                let given = self.ev.argument_site(caller, site.unit, func, index)?;
                let module = &self.ev.program.unit(given.unit).module;
                let given = match module.expr(given.expr).kind {
                    // `step.action`
                    ExprKind::Attr { object, .. } if matches!(module.expr(object).kind, ExprKind::Name(_)) => object,
                    _ => given.expr,
                };
                let names = scan::names_in(module, given);
                (names.len() == 1).then_some((caller, names))
            })
            .collect()
    }

    fn noted_after(&self, scope: &Scope<'_>, action: Site, step: Vec<SmolStr>) -> Option<Place> {
        let linked = self.ev.program.unit(action.unit);
        let module = &linked.module;
        let (stmt, header) = nearest_loop(self, action)?;
        let span = module.stmt(stmt).span;
        if step.is_empty() {
            return None;
        }
        // The handler undoes the step that failed itself.
        let undone_here = scope.runner.undos.iter().any(|undo| {
            undo.unit == action.unit
                && self.elements_of(*undo).iter().any(|s| step.contains(s))
                && nearest_loop(self, *undo).is_some_and(|(s, _)| s == stmt)
        });
        if undone_here {
            return None;
        }
        let step = self.with_indices(action, &header, step);
        let call = module.expr(action.expr).span;
        let mut late = None;
        let mut noted = self.notes(action.unit, span, &step);
        noted.extend(self.states_asked_for(scope, action, span, &step));
        for (receiver, place_of, at) in noted {
            if !self.is_undone_from(scope, action, &receiver) {
                continue;
            }
            if at < call.start {
                return None;
            }
            late = late.or(Some(self.ev.program.place(Site { unit: action.unit, expr: place_of })));
        }
        let late = late.or_else(|| self.marked_after(scope, action, span, &step));
        late.or_else(|| self.undone_from_index(scope, &header))
    }

    /// `saga.addCompletedStep(step.name)` behind the call, where what undoes asks the saga for what is completed, and
    /// for nothing that was only begun.
    fn marked_after(&self, scope: &Scope<'_>, action: Site, span: Span, step: &[SmolStr]) -> Option<Place> {
        let linked = self.ev.program.unit(action.unit);
        let module = &linked.module;
        let call = module.expr(action.expr).span;
        let marks = linked.index.calls.iter().find(|c| {
            let at = module.expr(c.expr).span;
            span.contains(at)
                && at.start > call.end
                && module.call(c.expr).is_some_and(|c| {
                    let to_object = matches!(module.expr(c.callee).kind, ExprKind::Attr { .. });
                    let named = |e| scan::names_in(module, e).iter().any(|n| step.contains(n));
                    to_object
                        && scan::chain(module, c.callee).last().is_some_and(|n| notes_done(n))
                        && c.args.first().is_some_and(|a| named(a.value))
                })
        })?;
        let acting = scope.acting(self.ev);
        let mut undoing: Vec<(UnitId, Span)> = Vec::new();
        for undo in &scope.runner.undos {
            let module = &self.ev.program.unit(undo.unit).module;
            let (stmt, _) = nearest_loop(self, *undo)?;
            undoing.push((undo.unit, module.stmt(stmt).span));
        }
        let outside = scope.undoing(self.ev).into_iter().filter(|f| !acting.contains(f));
        undoing.extend(outside.map(|f| (f.0, span_of(self.ev, f))));
        let asks = |test: &dyn Fn(&str) -> bool| {
            undoing.iter().any(|(unit, span)| self.speaks(*unit, Some(*span), super::words::Texts::No, test).is_some())
        };
        let only_done = asks(&says_done) && !asks(&says_begun);
        only_done.then(|| self.ev.program.place(Site { unit: action.unit, expr: marks.expr }))
    }

    /// The names of a step with those of its position in the list: `for i, step := range steps`, and
    /// `step := steps[i]` in a loop that counts.
    fn with_indices(&self, action: Site, header: &LoopHeader, mut step: Vec<SmolStr>) -> Vec<SmolStr> {
        let linked = self.ev.program.unit(action.unit);
        let module = &linked.module;
        if let LoopHeader::Each { target, .. } = header {
            let mut together = scan::names_in(module, *target);
            together.extend(self.declared_key(action));
            if together.iter().any(|n| step.contains(n)) {
                step.extend(together);
            }
        }
        for name in step.clone() {
            let bound = linked.index.lookup(module, linked.index.func_of(action.expr), &name);
            for binding in bound.into_iter().flat_map(|(_, bindings)| bindings) {
                if let Binding::Value(value) = binding
                    && let ExprKind::Index { index, .. } = &module.expr(*value).kind
                    && let ExprKind::Name(position) = &module.expr(*index).kind
                {
                    step.push(position.clone());
                }
            }
        }
        step.extend(self.given_by(action));
        step
    }

    /// The names that get what a step gives: `var (ok, compensator) = await step()`.
    fn given_by(&self, action: Site) -> Vec<SmolStr> {
        let linked = self.ev.program.unit(action.unit);
        let module = &linked.module;
        for parent in linked.index.ancestors(action.expr) {
            match parent {
                Parent::Expr(e) if matches!(module.expr(e).kind, ExprKind::Await(_)) => {}
                Parent::Stmt(s) => {
                    let StmtKind::Assign { target, .. } = &module.stmt(s).kind else { return Vec::new() };
                    let mut given = scan::names_in(module, *target);
                    // What is taken apart has a name that the front end gave it.
                    for stmt in &module.stmts {
                        if let StmtKind::Assign { target, value: Some(value), .. } = &stmt.kind
                            && let Some(first) = scan::chain(module, *value).first()
                            && first.starts_with('$')
                            && given.contains(first)
                        {
                            given.extend(scan::names_in(module, *target));
                        }
                    }
                    return given;
                }
                _ => return Vec::new(),
            }
        }
        Vec::new()
    }

    /// Go declares the key of `for i, step := range steps` at the beginning of the body.
    pub(super) fn declared_key(&self, action: Site) -> Option<SmolStr> {
        let (stmt, _) = nearest_loop(self, action)?;
        let module = &self.ev.program.unit(action.unit).module;
        let StmtKind::Loop { body, .. } = &module.stmt(stmt).kind else { return None };
        match &module.stmt(*body.first()?).kind {
            StmtKind::Assign { target, value: None, .. } if module.language == Language::Go => {
                scan::chain(module, *target).pop()
            }
            _ => None,
        }
    }

    /// What is appended to lists in a part of a module that names the step: the list, the expression, where.
    fn notes(&self, unit: UnitId, span: crate::syntax::Span, step: &[SmolStr]) -> Vec<(SmolStr, ExprId, u32)> {
        let linked = self.ev.program.unit(unit);
        let module = &linked.module;
        let mut out = Vec::new();
        for call in linked.index.calls.iter().filter(|c| span.contains(module.expr(c.expr).span)) {
            let Some(c) = module.call(call.expr) else { continue };
            let ExprKind::Attr { object, name, .. } = &module.expr(c.callee).kind else { continue };
            let named = || c.args.iter().any(|a| scan::names_in(module, a.value).iter().any(|n| step.contains(n)));
            let Some(receiver) = scan::chain(module, *object).pop() else { continue };
            // `completed.set(step.name, result)`: a map of what is done.
            let keyed = matches!(name.as_str(), "set" | "put")
                && c.args.len() == 2
                && names::words(&receiver).iter().any(|w| is_note(w));
            if (is_append(name) || keyed) && named() {
                out.push((receiver, call.expr, module.expr(call.expr).span.start));
            }
        }
        for stmt in module.stmts.iter().filter(|s| span.contains(s.span)) {
            let StmtKind::Assign { target, value: Some(value), op: None, .. } = &stmt.kind else { continue };
            // `completed = [...completed, step]`, `completed = append(completed, step)`
            let adds = match &module.expr(*value).kind {
                ExprKind::List(items) => items.len() > 1,
                ExprKind::Call(call) => {
                    matches!(&module.expr(call.callee).kind, ExprKind::Name(n) if n == "append") && call.args.len() > 1
                }
                _ => false,
            };
            if adds
                && let Some(receiver) = scan::chain(module, *target).pop()
                && scan::names_in(module, *value).iter().any(|n| step.contains(n))
                && scan::names_in(module, *value).contains(&receiver)
            {
                out.push((receiver, *value, stmt.span.start));
            }
        }
        out
    }

    /// `step.Status = Completed` in the loop that carries steps out, where what undoes asks for that state: the name of
    /// the state, the expression, where. Nothing where what undoes asks for several of the states that are set.
    fn states_asked_for(
        &self,
        scope: &Scope<'_>,
        action: Site,
        span: crate::syntax::Span,
        step: &[SmolStr],
    ) -> Vec<(SmolStr, ExprId, u32)> {
        let linked = self.ev.program.unit(action.unit);
        let module = &linked.module;
        let of_step = |target: ExprId| {
            matches!(module.expr(target).kind, ExprKind::Attr { .. } | ExprKind::Index { .. })
                && scan::chain(module, target).first().is_some_and(|n| step.contains(n))
        };
        let mut set: Vec<(SmolStr, ExprId, u32)> = Vec::new();
        for stmt in module.stmts.iter().filter(|s| span.contains(s.span)) {
            if let StmtKind::Assign { target, value: Some(value), op: None, .. } = &stmt.kind
                && of_step(*target)
                && let Some(state) = state_name(module, *value)
            {
                set.push((state, *value, stmt.span.start));
            }
        }
        // `step.setStatus(StepStatus.COMPLETED)`
        for call in linked.index.calls.iter().filter(|c| span.contains(module.expr(c.expr).span)) {
            if let Some(c) = module.call(call.expr)
                && let [argument] = c.args.as_slice()
                && of_step(c.callee)
                && let Some(state) = state_name(module, argument.value)
            {
                set.push((state, call.expr, module.expr(call.expr).span.start));
            }
        }
        let undoing = scope.undoing(self.ev);
        let asked = |state: &SmolStr| {
            undoing.iter().any(|&(unit, func)| {
                let module = &self.ev.program.unit(unit).module;
                let span = module.func(func).span;
                module.exprs.iter().filter(|e| span.contains(e.span)).any(|e| {
                    matches!(&e.kind, ExprKind::Binary { op: BinaryOp::Eq | BinaryOp::Ne, left, right }
                        if [left, right].iter().any(|side| state_name(module, **side).as_ref() == Some(state)))
                })
            })
        };
        set.retain(|(state, ..)| asked(state));
        let several = set.iter().any(|(state, ..)| *state != set[0].0);
        if several { Vec::new() } else { set }
    }

    /// True when what is undone comes from a list: by its name in the loop, in a call of what undoes, or there.
    fn is_undone_from(&self, scope: &Scope<'_>, action: Site, list: &SmolStr) -> bool {
        let acting = scope.acting(self.ev);
        for undo in &scope.runner.undos {
            let module = &self.ev.program.unit(undo.unit).module;
            if let Some((stmt, _)) = nearest_loop(self, *undo) {
                let header = match &module.stmt(stmt).kind {
                    StmtKind::Loop { header: LoopHeader::Each { iter, .. }, .. } => Some(*iter),
                    StmtKind::Loop { header: LoopHeader::While(test), .. } => *test,
                    StmtKind::Loop { header: LoopHeader::Count { test, .. }, .. } => *test,
                    _ => None,
                };
                // `for i := len(completed) - 1; i >= 0; i--`
                let start: Vec<ExprId> = match &module.stmt(stmt).kind {
                    StmtKind::Loop { header: LoopHeader::Count { init, .. }, .. } => init
                        .iter()
                        .filter_map(|s| match &module.stmt(*s).kind {
                            StmtKind::Assign { value, .. } => *value,
                            _ => None,
                        })
                        .collect(),
                    _ => Vec::new(),
                };
                let mut said = header.into_iter().chain(start);
                if undo.unit == action.unit && said.any(|h| scan::names_in(module, h).contains(list)) {
                    return true;
                }
                // `if (completed.has(step.name)) await step.compensate()`
                let around = module.stmt(stmt).span;
                let apart = undo.unit == action.unit && !around.contains(module.expr(action.expr).span);
                let asks = || self.speaks(undo.unit, Some(around), super::words::Texts::No, &|n| n == list.as_str());
                if apart && asks().is_some() {
                    return true;
                }
            }
        }
        for (unit, func) in scope.undoing(self.ev) {
            let module = &self.ev.program.unit(unit).module;
            let function = module.func(func);
            if !acting.contains(&(unit, func))
                && self.speaks(unit, Some(function.span), super::words::Texts::No, &|n| n == list.as_str()).is_some()
            {
                return true;
            }
            let handed = self.ev.callers(unit, func).into_iter().any(|caller| {
                let module = &self.ev.program.unit(caller.unit).module;
                let given = || {
                    let call = module.call(caller.expr);
                    call.is_some_and(|c| c.args.iter().any(|a| scan::names_in(module, a.value).contains(list)))
                };
                // `for step in reversed(self.completed): self._undo(step)`
                let from_loop = || match nearest_loop(self, caller) {
                    Some((_, LoopHeader::Each { iter, .. })) => scan::names_in(module, iter).contains(list),
                    _ => false,
                };
                caller.unit == action.unit && (given() || from_loop())
            });
            if handed {
                return true;
            }
        }
        false
    }

    /// The variables that stand for the step in a call of its action or compensation.
    fn elements_of(&self, site: Site) -> Vec<SmolStr> {
        let module = &self.ev.program.unit(site.unit).module;
        let Some(call) = module.call(site.expr) else { return Vec::new() };
        if let Some(member) = call.args.iter().find(|a| self.is_member(site.unit, a.value)) {
            return scan::chain(module, member.value).first().cloned().into_iter().collect();
        }
        if let Some((_, given)) = self.given_step(site.unit, site.expr, call) {
            return vec![given];
        }
        match &module.expr(call.callee).kind {
            ExprKind::Attr { object, .. } | ExprKind::Index { object, .. } => {
                scan::chain(module, *object).first().cloned().into_iter().collect()
            }
            // `for action, compensation in steps`
            ExprKind::Name(name) => match nearest_loop(self, site) {
                Some((_, LoopHeader::Each { target, .. })) => {
                    let names = scan::names_in(module, target);
                    // `execute = getattr(self, step.execute)`
                    let linked = self.ev.program.unit(site.unit);
                    let bound = linked.index.lookup(module, linked.index.func_of(site.expr), name);
                    let made = bound.into_iter().flat_map(|(_, bindings)| bindings).any(|b| match b {
                        Binding::Value(value) => scan::names_in(module, *value).iter().any(|n| names.contains(n)),
                        _ => false,
                    });
                    if names.contains(name) || made { names } else { Vec::new() }
                }
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    fn is_member(&self, unit: UnitId, expr: ExprId) -> bool {
        let module = &self.ev.program.unit(unit).module;
        matches!(&module.expr(expr).kind, ExprKind::Attr { name, .. } if names::is_action(name) || names::is_undo(name))
    }

    /// Calls that change the list of done steps while it is gone through: `this.completed.reverse()`,
    /// `saga.log.pop()`. What is taken out of a list of the function's own is gone with it; turned round, it is in
    /// another order than what was done.
    pub(super) fn mutations(&self, scope: &Scope<'_>) -> Vec<(Place, String)> {
        let mut out = Vec::new();
        let mut funcs = scope.undoing(self.ev);
        funcs.extend(scope.acting(self.ev));
        for (unit, func) in funcs {
            let linked = self.ev.program.unit(unit);
            let module = &linked.module;
            for (expr, call) in self.calls_in(unit, func) {
                let ExprKind::Attr { object, name, .. } = &module.expr(call.callee).kind else { continue };
                let takes = match name.as_str() {
                    "reverse" => false,
                    "pop" | "shift" => true,
                    _ => continue,
                };
                let is_log = self.is_kept(unit, *object, func) || !takes && self.is_own_list(unit, *object, func);
                if !call.args.is_empty() || !is_log {
                    continue;
                }
                let mut chain = scan::chain(module, *object);
                if module.language == Language::Python && chain.first().is_some_and(|n| n == "this") {
                    chain[0] = "self".into();
                }
                let Some(last) = chain.last() else { continue };
                let noted = names::words(last).iter().any(|w| is_note(w));
                // What is taken out has to be what is undone.
                if !noted || takes && !self.feeds_undo(scope, unit, expr) {
                    continue;
                }
                let place = self.ev.program.place(Site { unit, expr });
                if !out.iter().any(|(p, _)| *p == place) {
                    out.push((place, format!("{}.{name}()", chain.join("."))));
                }
            }
        }
        out
    }

    /// True for a list that outlives the function: a field, or a variable of the module.
    fn is_kept(&self, unit: UnitId, object: ExprId, func: FuncId) -> bool {
        let linked = self.ev.program.unit(unit);
        let module = &linked.module;
        match &module.expr(object).kind {
            ExprKind::Attr { object, .. } => {
                matches!(module.expr(*object).kind, ExprKind::This | ExprKind::Name(_) | ExprKind::Attr { .. })
            }
            ExprKind::Name(name) => {
                matches!(linked.index.lookup(module, Some(func), name), Some((Names::Top, _)))
                    && matches!(self.ev.at(unit, object), Value::List(_))
            }
            _ => false,
        }
    }

    /// True for a list that the function began empty, or that each caller hands it by its name: no copy.
    fn is_own_list(&self, unit: UnitId, object: ExprId, func: FuncId) -> bool {
        let linked = self.ev.program.unit(unit);
        let module = &linked.module;
        let ExprKind::Name(name) = &module.expr(object).kind else { return false };
        let Some((_, bindings)) = linked.index.lookup(module, Some(func), name) else { return false };
        let named = |site: Site| {
            let kind = &self.ev.program.unit(site.unit).module.expr(site.expr).kind;
            matches!(kind, ExprKind::Name(_))
        };
        !bindings.is_empty()
            && bindings.iter().all(|binding| match binding {
                Binding::Value(value) => matches!(&module.expr(*value).kind, ExprKind::List(items) if items.is_empty()),
                Binding::Param(owner, index) => {
                    let callers = self.ev.callers(unit, *owner);
                    let given = |c: &Site| self.ev.argument_site(*c, unit, *owner, *index).is_some_and(named);
                    !callers.is_empty() && callers.iter().all(given)
                }
                _ => false,
            })
    }

    /// True for `const step = log.pop()` in a loop that undoes.
    fn feeds_undo(&self, scope: &Scope<'_>, unit: UnitId, expr: ExprId) -> bool {
        nearest_loop(self, Site { unit, expr }).is_some_and(|(stmt, _)| {
            let module = &self.ev.program.unit(unit).module;
            let span = module.stmt(stmt).span;
            scope.runner.undos.iter().any(|u| u.unit == unit && span.contains(module.expr(u.expr).span))
        })
    }

    /// Lists in fields that a run appends to, where one object serves all runs.
    pub(super) fn shared(&self, scope: &Scope<'_>) -> Vec<(Place, String)> {
        let Some(class) = scope.runner.class else { return Vec::new() };
        let unit = scope.runner.unit;
        let linked = self.ev.program.unit(unit);
        let module = &linked.module;
        let entries: Vec<_> = scope.entries(self.ev).into_iter().filter(|e| e.0 == unit).collect();
        // Without an argument the object is the run, unless another object keeps it from one run to the next.
        let takes_input =
            entries.iter().any(|(_, f)| module.func(*f).class == Some(class) && !module.func(*f).params.is_empty());
        if !takes_input && !self.is_kept_for_runs(&entries)
            || self.is_made_per_run(unit, class, &entries)
            || self.refuses_second_run(unit, &entries)
        {
            return Vec::new();
        }
        let mut out: Vec<(Place, String)> = Vec::new();
        for &(u, func) in entries.iter().filter(|(_, f)| module.func(*f).class == Some(class)) {
            for (expr, call) in self.calls_in(u, func) {
                let ExprKind::Attr { object, name, .. } = &module.expr(call.callee).kind else { continue };
                let ExprKind::Attr { object: this, name: field, .. } = &module.expr(*object).kind else { continue };
                let keyed = matches!(name.as_str(), "set" | "put") && call.args.len() == 2;
                if !is_append(name) && !keyed || !matches!(module.expr(*this).kind, ExprKind::This) {
                    continue;
                }
                if names::words(field).iter().any(|w| is_note(w)) && !out.iter().any(|(_, f)| f == field.as_str()) {
                    out.push((self.ev.program.place(Site { unit: u, expr }), field.to_string()));
                }
            }
        }
        out
    }

    /// `this.orchestrator.execute()` in a method that gets the data of a run.
    fn is_kept_for_runs(&self, entries: &[(UnitId, FuncId)]) -> bool {
        entries.iter().flat_map(|(u, f)| self.ev.callers(*u, *f)).any(|caller| {
            let linked = self.ev.program.unit(caller.unit);
            let module = &linked.module;
            let Some(call) = module.call(caller.expr) else { return false };
            let chain = scan::chain(module, call.callee);
            let starts = linked.index.func_of(caller.expr).map(|f| module.func(scan::outermost(module, f)));
            matches!(chain.as_slice(), [this, _, _] if this == "this")
                && starts.is_some_and(|f| f.kind != FunctionKind::Constructor && !f.params.is_empty())
        })
    }

    /// True when every place that constructs the object also starts the run.
    fn is_made_per_run(
        &self,
        unit: UnitId,
        class: crate::facts::module::ClassId,
        entries: &[(UnitId, FuncId)],
    ) -> bool {
        let name = &self.ev.program.unit(unit).module.class(class).name;
        let made: Vec<Site> = self
            .ev
            .program
            .calls_named(name)
            .iter()
            .copied()
            .filter(|s| {
                let module = &self.ev.program.unit(s.unit).module;
                module.call(s.expr).is_some_and(|c| self.ev.at(s.unit, c.callee) == Value::Class { unit, class })
            })
            .collect();
        let around = |s: &Site| {
            let linked = self.ev.program.unit(s.unit);
            linked.index.func_of(s.expr).map(|f| (s.unit, scan::outermost(&linked.module, f)))
        };
        let runs: Vec<_> =
            entries.iter().flat_map(|(u, f)| self.ev.callers(*u, *f)).filter_map(|s| around(&s)).collect();
        !made.is_empty() && made.iter().all(|s| around(s).is_some_and(|f| runs.contains(&f)))
    }

    /// `if self.started: raise`
    fn refuses_second_run(&self, unit: UnitId, entries: &[(UnitId, FuncId)]) -> bool {
        let module = &self.ev.program.unit(unit).module;
        entries.iter().any(|(_, f)| {
            module.func(*f).body.iter().any(|s| match &module.stmt(*s).kind {
                StmtKind::If { test, then, .. } => {
                    then.iter().any(|s| matches!(module.stmt(*s).kind, StmtKind::Throw(_) | StmtKind::Return(_)))
                        && scan::chain(module, *test).first().is_some_and(|n| n == "this")
                }
                _ => false,
            })
        })
    }

    /// Where a run writes into a dictionary that its caller gave it.
    pub(super) fn overwritten(&self, scope: &Scope<'_>) -> Vec<(Place, String)> {
        let mut out = Vec::new();
        for (unit, func) in scope.entries(self.ev) {
            let linked = self.ev.program.unit(unit);
            let module = &linked.module;
            let from_inside = self.ev.callers(unit, func).iter().any(|c| {
                let f = self.ev.program.unit(c.unit).index.func_of(c.expr);
                f.is_some_and(|f| {
                    scope.funcs.contains(&(c.unit, scan::outermost(&self.ev.program.unit(c.unit).module, f)))
                })
            });
            if from_inside {
                continue;
            }
            let input = |name: &str| {
                let param = module.func(func).params.iter().find(|p| p.name == name && !p.variadic)?;
                let is_record =
                    names::is_saga_word(name) || matches!(name, "self" | "instance" | "state" | "result" | "results");
                let declared = param.ty.and_then(|ty| self.ev.declared(unit, ty));
                (!is_record && !matches!(declared, Some(Value::Object { .. } | Value::Instance(_))))
                    .then(|| name.to_string())
            };
            // `context = {**context}` at the top: a copy of its own.
            let rebinds = |name: &str| {
                module.stmts.iter().any(|s| {
                    span_of(self.ev, (unit, func)).contains(s.span)
                        && matches!(&s.kind, StmtKind::Assign { target, .. }
                            if matches!(&module.expr(*target).kind, ExprKind::Name(n) if n == name))
                })
            };
            let span = span_of(self.ev, (unit, func));
            for stmt in module.stmts.iter().filter(|s| span.contains(s.span)) {
                if let StmtKind::Assign { target, .. } = &stmt.kind
                    && let ExprKind::Index { object, .. } = &module.expr(*target).kind
                    && let ExprKind::Name(name) = &module.expr(*object).kind
                    && let Some(name) = input(name).filter(|n| !rebinds(n))
                {
                    out.push((Place::new(linked.file, stmt.span), name));
                }
            }
            for (expr, call) in self.calls_in(unit, func) {
                let name = match &module.expr(call.callee).kind {
                    ExprKind::Attr { object, name, .. } if name == "update" && call.args.len() == 1 => *object,
                    ExprKind::Attr { object, name, .. }
                        if name == "assign"
                            && matches!(&module.expr(*object).kind, ExprKind::Name(n) if n == "Object")
                            && call.args.len() > 1 =>
                    {
                        call.args[0].value
                    }
                    _ => continue,
                };
                if let ExprKind::Name(name) = &module.expr(name).kind
                    && let Some(name) = input(name).filter(|n| !rebinds(n))
                {
                    out.push((self.ev.program.place(Site { unit, expr }), name));
                }
            }
        }
        out.dedup();
        out
    }
}

/// The loop around an expression in the same function, with its header.
pub(super) fn nearest_loop(context: &Context<'_, '_>, site: Site) -> Option<(StmtId, LoopHeader)> {
    let linked = context.ev.program.unit(site.unit);
    linked.index.ancestors(site.expr).take_while(|p| !is_named_function(&linked.module, *p)).find_map(|p| match p {
        Parent::Stmt(s) => match &linked.module.stmt(s).kind {
            StmtKind::Loop { header, .. } => Some((s, header.clone())),
            _ => None,
        },
        _ => None,
    })
}

pub(super) fn is_named_function(module: &Module, parent: Parent) -> bool {
    matches!(parent, Parent::Func(f) if module.func(f).parent.is_none())
}

/// The name of a constant: `StepCompleted`, `StepStatus.COMPLETED`, `"completed"`.
fn state_name(module: &Module, expr: ExprId) -> Option<SmolStr> {
    match &module.expr(expr).kind {
        ExprKind::Str(text) => Some(text.clone()),
        ExprKind::Name(name) => name.starts_with(char::is_uppercase).then(|| name.clone()),
        ExprKind::Attr { object, name, .. } => {
            let of_type = scan::chain(module, *object).last().is_some_and(|n| n.starts_with(char::is_uppercase));
            (of_type && name.starts_with(char::is_uppercase)).then(|| name.clone())
        }
        _ => None,
    }
}

/// `addCompletedStep`, `markStepDone`, `completeStep`: a method that notes that a step is done.
pub(in crate::extract::saga) fn notes_done(method: &str) -> bool {
    let words = names::words(method);
    let verb = words.first().is_some_and(|w| matches!(w.as_str(), "add" | "mark" | "record" | "note" | "complete"));
    verb && words.iter().any(|w| w == "step") && says_done(method)
}

/// A name for what is done: `completedSteps`, `hasExecuted`.
pub(in crate::extract::saga) fn says_done(name: &str) -> bool {
    names::words(name).iter().any(|w| ["complet", "execut", "finish"].iter().any(|p| w.starts_with(p)) || w == "done")
}

/// A name for what is only begun.
fn says_begun(name: &str) -> bool {
    names::words(name).iter().any(|w| {
        ["start", "begin", "begun", "attempt", "pending", "run", "progress", "current", "tri"]
            .iter()
            .any(|p| w.starts_with(p))
    })
}

fn is_append(name: &str) -> bool {
    matches!(name.to_ascii_lowercase().as_str(), "append" | "push" | "unshift" | "insert" | "add" | "appendleft")
}

/// A word for steps that were carried out.
fn is_note(word: &str) -> bool {
    ["complet", "execut", "start", "appl", "finish", "histor", "compensat", "undo", "rollback", "perform", "process"]
        .iter()
        .any(|w| word.starts_with(w))
        || matches!(word, "done" | "log" | "step" | "stack" | "action")
}
