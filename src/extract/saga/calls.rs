//! Which calls do a step and which undo one: of a member, of what a loop goes through, of what was noted.

use smol_str::SmolStr;

use super::{Context, names, scan};
use crate::facts::module::{Call, ExprId, ExprKind, LoopHeader, StmtKind};
use crate::program::index::Binding;
use crate::program::{Parent, UnitId, Value};

/// Whether a call does or undoes a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StepCall {
    Action,
    Undo,
}

impl Context<'_, '_> {
    /// True for a call that does or undoes a step.
    pub(super) fn is_step_call(&self, unit: UnitId, expr: ExprId, call: &Call) -> bool {
        self.step_call(unit, expr, call).is_some()
    }

    /// Whether a call does or undoes a step of a list.
    pub(super) fn step_call(&self, unit: UnitId, expr: ExprId, call: &Call) -> Option<StepCall> {
        let linked = self.ev.program.unit(unit);
        let module = &linked.module;
        if let Some(found) = self.pairs.get(&(unit, expr)) {
            return Some(*found);
        }
        // `step.action()` of a Java record reads what the action is called.
        let is_read = module.language.is_jvm()
            && call.args.is_empty()
            && matches!(linked.index.ancestors(expr).next(), Some(Parent::Expr(e)) if module.call(e).is_some_and(|c| c.callee != expr));
        if is_read {
            return None;
        }
        if let Some(found) = self.step_member(unit, call.callee) {
            let passed = found == StepCall::Undo && self.only_notes(unit, call)
                || found == StepCall::Action && takes_reply(module, call);
            return (!passed).then_some(found);
        }
        if let ExprKind::Name(name) = &module.expr(call.callee).kind
            && let Some(found) = self.step_alias(unit, expr, name)
        {
            return Some(found);
        }
        // `compensations[i]()`
        if let ExprKind::Index { object, index } = &module.expr(call.callee).kind
            && !matches!(module.expr(*index).kind, ExprKind::Str(_))
            && scan::chain(module, *object).last().is_some_and(|n| names::is_undo_word(n))
        {
            return Some(StepCall::Undo);
        }
        // `entry.fn()` of a list of compensations.
        if let ExprKind::Attr { object, .. } = &module.expr(call.callee).kind
            && let ExprKind::Name(name) = &module.expr(*object).kind
            && self.is_undo_element(unit, expr, name)
            && !scan::is_log(module, expr)
        {
            return Some(StepCall::Undo);
        }
        // `await undo.Pop()()`, `undos.pop()()`
        if let ExprKind::Call(taken) = &module.expr(call.callee).kind
            && let ExprKind::Attr { object, name, .. } = &module.expr(taken.callee).kind
            && names::takes_out(name)
            && scan::chain(module, *object).last().is_some_and(|n| names::is_undo_word(n))
        {
            return Some(StepCall::Undo);
        }
        if self.hands_steps(unit, call) {
            return Some(StepCall::Undo);
        }
        if let Some((found, _)) = self.given_step(unit, expr, call) {
            return Some(found);
        }
        // Handed on: `self.call(step.compensate, context)`, not asked about: `callable(step.compensate)`.
        let asks = module.callee_name(expr).is_some_and(|n| {
            names::is_plain_question(n) || names::words(n).first().is_some_and(|w| matches!(w.as_str(), "is" | "has"))
        });
        // `builder.compensate(config.compensate)` declares a step.
        let declares = module.callee_name(expr).is_some_and(|n| {
            names::is_undo(n)
                || names::is_action(n)
                || names::words(n).first().is_some_and(|w| matches!(w.as_str(), "with" | "add" | "set" | "register"))
                // `json.Marshal(step.Command)` writes a step down.
                || names::words(n).iter().any(|w| {
                    matches!(w.as_str(), "marshal" | "serialize" | "stringify" | "dump" | "encode" | "json" | "query" | "insert")
                })
        });
        // `SagaStep(action=template.action)` makes a step of one.
        let makes = call.is_new
            || self.ev.at(unit, call.callee).alternatives().iter().any(|v| matches!(v, Value::Class { .. }));
        if asks || declares || makes || scan::is_log(module, expr) {
            return None;
        }
        call.args.iter().find_map(|a| match module.expr(a.value).kind {
            ExprKind::Attr { .. } => self
                .step_member(unit, a.value)
                .or_else(|| self.step_reference(unit, module.callee_name(expr)?, a.value)),
            _ => None,
        })
    }

    /// `Flux.fromIterable(steps).flatMap(WorkflowStep::process)`: a member of a class that has both, run on each entry.
    fn step_reference(&self, unit: UnitId, operator: &str, expr: ExprId) -> Option<StepCall> {
        let module = &self.ev.program.unit(unit).module;
        let runs = matches!(
            operator,
            "flatMap" | "flatMapSequential" | "concatMap" | "map" | "forEach" | "forEachOrdered" | "onItem"
        );
        let ExprKind::Attr { object, name, .. } = &module.expr(expr).kind else { return None };
        if !runs || !module.language.is_jvm() {
            return None;
        }
        let Value::Class { unit: u, class } = self.ev.at(unit, *object) else { return None };
        let of_step = &self.ev.program.unit(u).module;
        let has = |is_it: fn(&str) -> bool| of_step.class(class).methods.iter().any(|m| is_it(&of_step.func(*m).name));
        match (names::is_undo(name), names::is_action(name)) {
            (true, _) if has(names::is_action) => Some(StepCall::Undo),
            (false, true) if has(names::is_undo) => Some(StepCall::Action),
            _ => None,
        }
    }

    /// `s.strategy.Compensate(ctx, s.Steps, failed)`: something else undoes the list of steps.
    pub(super) fn hands_steps(&self, unit: UnitId, call: &Call) -> bool {
        let module = &self.ev.program.unit(unit).module;
        let ExprKind::Attr { object, name, .. } = &module.expr(call.callee).kind else { return false };
        // A method of one's own is read itself.
        names::is_undo(name)
            && matches!(module.expr(*object).kind, ExprKind::Attr { .. })
            && call.args.iter().any(|a| {
                matches!(&module.expr(a.value).kind, ExprKind::Attr { name, .. } if names::fold(name).ends_with("steps"))
            })
    }

    /// `executeStep(step)` and `compensateStep(step)` in loops over names of steps: what each name stands for is told
    /// in there. The variable that is given comes with it.
    pub(super) fn given_step(&self, unit: UnitId, expr: ExprId, call: &Call) -> Option<(StepCall, SmolStr)> {
        let linked = self.ev.program.unit(unit);
        let module = &linked.module;
        let words = names::words(module.callee_name(expr)?);
        let (verb, rest) = words.split_first()?;
        if !matches!(rest.iter().map(String::as_str).collect::<Vec<_>>().as_slice(), ["step"] | ["step", "async"]) {
            return None;
        }
        let found = match verb.as_str() {
            "execute" | "run" | "perform" | "process" | "do" => StepCall::Action,
            "compensate" | "rollback" | "undo" | "revert" => StepCall::Undo,
            _ => return None,
        };
        let given = call.args.iter().find_map(|a| match &module.expr(a.value).kind {
            ExprKind::Name(name) if is_step_name(name) => Some(name.clone()),
            _ => None,
        })?;
        let in_loop = linked.index.ancestors(expr).take_while(|p| !matches!(p, Parent::Func(_))).any(|p| match p {
            Parent::Stmt(s) => matches!(module.stmt(s).kind, StmtKind::Loop { .. }),
            _ => false,
        });
        let is_ours = self.ev.at(unit, call.callee).alternatives().iter().any(|v| matches!(v, Value::Function { .. }));
        // Steps that have their action and undo in them are called there.
        let told_by_steps = || {
            let mut calls = linked.index.calls.iter().filter_map(|c| module.call(c.expr));
            calls.any(|c| self.step_member(unit, c.callee).is_some())
        };
        (in_loop && is_ours && !told_by_steps()).then_some((found, given))
    }

    /// `context.compensate()` that only turns the direction round: it calls nothing, so it undoes nothing.
    fn only_notes(&self, unit: UnitId, call: &Call) -> bool {
        let value = self.ev.at(unit, call.callee);
        let mut known = value.alternatives().iter().peekable();
        known.peek().is_some()
            && known.all(|v| match v {
                Value::Function { unit: u, func, .. } => {
                    let body = &self.ev.program.unit(*u).module.func(*func).body;
                    !body.is_empty() && self.calls_in(*u, *func).is_empty() && !self.is_abstract(*u, *func)
                }
                _ => false,
            })
    }

    /// `step.execute`, `steps[i].compensate`, `step["undo"]`, `getattr(self, step.execute)`, `this[step.execute]`.
    fn step_member(&self, unit: UnitId, expr: ExprId) -> Option<StepCall> {
        let module = &self.ev.program.unit(unit).module;
        let (object, name) = match &module.expr(expr).kind {
            ExprKind::Call(call)
                if call.args.len() >= 2
                    && matches!(&module.expr(call.callee).kind, ExprKind::Name(name) if name == "getattr") =>
            {
                return self.named_member(unit, call.args[1].value);
            }
            ExprKind::Index { index, .. } if matches!(module.expr(*index).kind, ExprKind::Attr { .. }) => {
                return self.named_member(unit, *index);
            }
            // `step.Compensate?.Invoke()`, `step.undo.run()`
            ExprKind::Attr { object, name, .. }
                if matches!(name.as_str(), "Invoke" | "invoke" | "run" | "call" | "apply" | "accept")
                    && matches!(module.expr(*object).kind, ExprKind::Attr { .. }) =>
            {
                return self.step_member(unit, *object);
            }
            ExprKind::Attr { object, name, .. } => (*object, name.clone()),
            ExprKind::Index { object, index } => match &module.expr(*index).kind {
                ExprKind::Str(key) => (*object, key.clone()),
                _ => return None,
            },
            _ => return None,
        };
        let kind = if names::is_undo(&name) {
            StepCall::Undo
        } else if names::is_action(&name) {
            StepCall::Action
        } else {
            return None;
        };
        self.is_element(unit, object).then_some(kind)
    }

    /// A method that a step names instead of holding it.
    fn named_member(&self, unit: UnitId, name: ExprId) -> Option<StepCall> {
        let module = &self.ev.program.unit(unit).module;
        matches!(module.expr(name).kind, ExprKind::Attr { .. }).then(|| self.step_member(unit, name)).flatten()
    }

    /// True for the variable of a loop, an item of a list, a parameter that is a step.
    fn is_element(&self, unit: UnitId, object: ExprId) -> bool {
        let linked = self.ev.program.unit(unit);
        let module = &linked.module;
        if matches!(self.ev.at(unit, object), Value::Instance(_)) {
            return false;
        }
        match &module.expr(object).kind {
            ExprKind::Index { .. } => true,
            // `completed.pop().compensate(order)`
            ExprKind::Call(taken) => {
                matches!(&module.expr(taken.callee).kind, ExprKind::Attr { name, .. } if names::takes_out(name))
            }
            ExprKind::Name(name) => {
                let scope = linked.index.func_of(object);
                let Some((_, bindings)) = linked.index.lookup(module, scope, name) else { return false };
                bindings.iter().any(|b| match b {
                    Binding::Element(_) | Binding::Opaque => true,
                    Binding::Value(value) => match &module.expr(*value).kind {
                        ExprKind::Index { .. } => true,
                        // `const { step, result } = done[i]`
                        ExprKind::Attr { object, name, .. } => {
                            is_step_name(name)
                                && match &module.expr(*object).kind {
                                    ExprKind::Index { .. } => true,
                                    // What the front end calls a value that is taken apart.
                                    ExprKind::Name(hidden) => hidden.starts_with('$') && self.is_element(unit, *object),
                                    _ => false,
                                }
                        }
                        ExprKind::Call(_) | ExprKind::Await(_) => scan::chain(module, *value).last().is_some_and(|n| {
                            names::takes_out(n) || matches!(n.as_str(), "at" | "find" | "next" | "get")
                        }),
                        _ => false,
                    },
                    Binding::Param(func, index) => {
                        let told = is_step_name(name);
                        let has_both = || {
                            let param = module.func(*func).params.get(*index);
                            let value = param.and_then(|p| p.ty).and_then(|ty| self.ev.declared(unit, ty));
                            match value {
                                Some(Value::Object { unit: u, class, .. }) => {
                                    let class = self.ev.program.unit(u).module.class(class);
                                    let methods = &self.ev.program.unit(u).module;
                                    class.fields.iter().any(|f| names::is_undo(&f.name))
                                        || class.methods.iter().any(|m| names::is_undo(&methods.func(*m).name))
                                }
                                _ => false,
                            }
                        };
                        told || linked.index.lambda_expr.contains_key(func) || has_both()
                    }
                    _ => false,
                })
            }
            _ => false,
        }
    }

    /// `const undo = step.compensate; undo()`, and the variable of a loop over compensations.
    fn step_alias(&self, unit: UnitId, expr: ExprId, name: &str) -> Option<StepCall> {
        let linked = self.ev.program.unit(unit);
        let scope = linked.index.func_of(expr);
        let (_, bindings) = linked.index.lookup(&linked.module, scope, name)?;
        for binding in bindings {
            if let Binding::Value(value) = binding
                && let Some(found) = self.step_member(unit, *value)
            {
                return Some(found);
            }
        }
        if self.is_undo_element(unit, expr, name) {
            return Some(StepCall::Undo);
        }
        self.pair_element(unit, expr, name).or_else(|| self.function_element(unit, expr, name))
    }

    /// `for step in self.steps: step(context)`, where what undoes the steps is kept in a list of its own.
    fn function_element(&self, unit: UnitId, expr: ExprId, name: &str) -> Option<StepCall> {
        let module = &self.ev.program.unit(unit).module;
        let is_step = |n: &SmolStr| {
            let words = names::words(n);
            words.last().is_some_and(|w| matches!(w.as_str(), "step" | "action" | "transaction" | "operation"))
        };
        let holds_steps = |iter: ExprId| scan::names_in(module, iter).iter().any(is_step);
        self.loops_over(unit, expr, name).any(|(_, iter)| holds_steps(iter)).then_some(StepCall::Action)
    }

    /// The loops around an expression that have a name among their variables, the innermost one first: the names of
    /// the variables, and what each goes through.
    fn loops_over<'c>(
        &'c self,
        unit: UnitId,
        expr: ExprId,
        name: &'c str,
    ) -> impl Iterator<Item = (Vec<SmolStr>, ExprId)> + 'c {
        let linked = self.ev.program.unit(unit);
        let module = &linked.module;
        linked.index.ancestors(expr).filter_map(move |parent| {
            let Parent::Stmt(stmt) = parent else { return None };
            let StmtKind::Loop { header: LoopHeader::Each { target, iter }, .. } = &module.stmt(stmt).kind else {
                return None;
            };
            let variables = scan::names_in(module, *target);
            variables.iter().any(|n| n == name).then_some((variables, *iter))
        })
    }

    /// `for action, compensation in steps`, and `compensation = done.pop()`.
    fn pair_element(&self, unit: UnitId, expr: ExprId, name: &str) -> Option<StepCall> {
        let (is_action, is_undo) = (names::is_action(name), names::is_undo(name));
        if !is_action && !is_undo {
            return None;
        }
        let linked = self.ev.program.unit(unit);
        let module = &linked.module;
        let (_, bindings) = linked.index.lookup(module, linked.index.func_of(expr), name)?;
        let popped = bindings.iter().any(|b| match b {
            Binding::Value(value) => scan::chain(module, *value).last().is_some_and(|n| names::takes_out(n)),
            // `_compensate(compensation)`: a helper that calls what it is given.
            Binding::Param(func, _) => names::is_compensation(name) && names::is_undo_word(&module.func(*func).name),
            _ => false,
        });
        if popped && is_undo {
            return Some(StepCall::Undo);
        }
        let (variables, _) = self.loops_over(unit, expr, name).next()?;
        match (is_undo, variables.iter().any(|n| names::is_undo(n))) {
            (true, _) => Some(StepCall::Undo),
            (false, true) => Some(StepCall::Action),
            _ => None,
        }
    }

    /// True for a variable that goes through a collection of compensations.
    fn is_undo_element(&self, unit: UnitId, expr: ExprId, name: &str) -> bool {
        let linked = self.ev.program.unit(unit);
        let module = &linked.module;
        let speaks = |e: ExprId| scan::names_in(module, e).iter().any(|n| names::is_undo_word(n));
        if self.loops_over(unit, expr, name).any(|(_, iter)| speaks(iter)) {
            return true;
        }
        let scope = linked.index.func_of(expr);
        let Some((_, bindings)) = linked.index.lookup(module, scope, name) else { return false };
        bindings.iter().any(|b| match b {
            Binding::Value(value) => {
                let is_item = matches!(module.expr(*value).kind, ExprKind::Index { .. })
                    || scan::chain(module, *value).last().is_some_and(|n| names::takes_out(n));
                is_item && speaks(*value)
            }
            // `compensations.map((undo) => undo())`
            Binding::Param(func, 0) => {
                linked.index.lambda_expr.get(func).is_some_and(|&lambda| match linked.index.ancestors(lambda).next() {
                    Some(Parent::Expr(call)) => module.call(call).is_some_and(|c| {
                        let chain = scan::chain(module, c.callee);
                        chain.last().is_some_and(|n| matches!(n.as_str(), "map" | "forEach" | "reduce" | "reduceRight"))
                            && chain.iter().any(|n| names::is_undo_word(n))
                    }),
                    _ => false,
                })
            }
            _ => false,
        })
    }
}

/// A variable that is called for a step.
fn is_step_name(name: &str) -> bool {
    names::words(name)
        .iter()
        .any(|w| matches!(w.as_str(), "step" | "participant" | "activity" | "transaction" | "stage" | "task"))
}

/// `step.handle(context, reply)` reads what came back; the step was carried out elsewhere.
fn takes_reply(module: &crate::facts::module::Module, call: &Call) -> bool {
    call.args.iter().any(|a| {
        matches!(module.expr(a.value).kind, ExprKind::Name(_))
            && scan::chain(module, a.value)
                .last()
                .is_some_and(|n| names::words(n).last().is_some_and(|w| matches!(w.as_str(), "reply" | "outcome")))
    })
}
