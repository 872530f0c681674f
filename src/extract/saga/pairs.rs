//! Steps by their flow: what a loop calls on each entry of a list, and what an error path calls on the entries of
//! that list, or of one that the loop notes them in, are the action and the undo of a step, whatever they are called.

use std::collections::HashMap;

use smol_str::SmolStr;

use super::calls::StepCall;
use super::flow::is_error_check;
use super::{Context, names, scan};
use crate::facts::module::{
    BinaryOp, Block, Call, ClassId, ExprId, ExprKind, FuncId, LoopHeader, Module, StmtId, StmtKind,
};
use crate::program::index::Binding;
use crate::program::{Parent, Site, UnitId};

/// A call of a member of what a loop goes through, or of the entry itself.
struct EntryCall {
    expr: ExprId,
    func: FuncId,
    class: Option<ClassId>,
    /// The loop around.
    around: StmtId,
    /// What is called.
    member: SmolStr,
    /// The lists that the entry comes from.
    lists: Vec<SmolStr>,
}

/// The calls that do and undo steps.
pub(super) fn find(context: &Context<'_, '_>) -> HashMap<(UnitId, ExprId), StepCall> {
    let mut out = HashMap::new();
    for &unit in &context.units {
        let module = &context.ev.program.unit(unit).module;
        let (mut undos, mut actions): (Vec<_>, Vec<_>) =
            context.entry_calls(unit).into_iter().partition(|c| context.on_error_path(unit, c.expr, 0));
        told_by_name(&mut actions, names::is_action);
        told_by_name(&mut undos, names::is_undo);
        for action in &actions {
            let noted = context.noted_in(unit, action);
            for undo in undos.iter().filter(|u| u.member != action.member && u.class == action.class) {
                let same = action.class.is_some() || action.func == undo.func || context.calls_func(unit, action, undo);
                let lists = context.lists_given(unit, undo);
                if same && lists.iter().any(|l| action.lists.contains(l) || noted.contains(l)) {
                    let site = Site { unit, expr: action.expr };
                    if !scan::is_log(module, site.expr) {
                        out.insert((unit, action.expr), StepCall::Action);
                        out.insert((unit, undo.expr), StepCall::Undo);
                    }
                }
            }
        }
    }
    out
}

/// Where a loop calls several members of an entry, one whose name tells is the one.
fn told_by_name(calls: &mut Vec<EntryCall>, tells: fn(&str) -> bool) {
    let told: Vec<StmtId> = calls.iter().filter(|c| tells(&c.member)).map(|c| c.around).collect();
    calls.retain(|c| tells(&c.member) || !told.contains(&c.around));
}

impl Context<'_, '_> {
    fn entry_calls(&self, unit: UnitId) -> Vec<EntryCall> {
        let linked = self.ev.program.unit(unit);
        let module = &linked.module;
        let mut out = Vec::new();
        for found in &linked.index.calls {
            let (Some(func), Some(call)) = (found.func, module.call(found.expr)) else { continue };
            let Some((entry, member)) = entry_of(module, call) else { continue };
            if is_accessor(&member) || self.is_said(unit, found.expr) {
                continue;
            }
            let Some(around) = self.loop_around(unit, found.expr) else { continue };
            let lists = self.lists_of(unit, entry, around);
            if lists.is_empty() {
                continue;
            }
            let func = scan::outermost(module, func);
            let class = module.func(func).class;
            out.push(EntryCall { expr: found.expr, func, class, around, member, lists });
        }
        out
    }

    /// True for a part of a log line, and of a test.
    fn is_said(&self, unit: UnitId, expr: ExprId) -> bool {
        let linked = self.ev.program.unit(unit);
        let outer = linked.index.ancestors(expr).take_while(|p| matches!(p, Parent::Expr(_)));
        scan::is_log(&linked.module, expr)
            || outer.into_iter().any(|p| matches!(p, Parent::Expr(e) if scan::is_log(&linked.module, e)))
    }

    fn loop_around(&self, unit: UnitId, expr: ExprId) -> Option<StmtId> {
        let linked = self.ev.program.unit(unit);
        let module = &linked.module;
        let inside = |p: &Parent| !matches!(p, Parent::Func(f) if module.func(*f).parent.is_none());
        linked.index.ancestors(expr).take_while(inside).find_map(|p| match p {
            Parent::Stmt(s) if matches!(module.stmt(s).kind, StmtKind::Loop { .. }) => Some(s),
            _ => None,
        })
    }

    /// The names of the lists that an entry comes from.
    fn lists_of(&self, unit: UnitId, entry: ExprId, around: StmtId) -> Vec<SmolStr> {
        let linked = self.ev.program.unit(unit);
        let module = &linked.module;
        let ExprKind::Name(name) = &module.expr(entry).kind else { return taken_from(module, entry) };
        let header = match &module.stmt(around).kind {
            StmtKind::Loop { header, .. } => header,
            _ => return Vec::new(),
        };
        match header {
            LoopHeader::Each { iter, .. } if self.loop_names(unit, around).contains(name) => {
                return list_names(module, *iter);
            }
            // `while (done.TryPop(out var last))`
            LoopHeader::While(Some(test)) => {
                if let Some(call) = module.call(*test)
                    && call.args.iter().any(|a| scan::names_in(module, a.value).contains(name))
                    && module.callee_name(*test).is_some_and(|n| n.starts_with("Try"))
                {
                    return list_names(module, call.callee);
                }
            }
            _ => {}
        }
        let bound = linked.index.lookup(module, linked.index.func_of(entry), name);
        let mut out = Vec::new();
        for binding in bound.into_iter().flat_map(|(_, bindings)| bindings) {
            if let Binding::Value(value) = binding {
                out.extend(taken_from(module, *value));
            }
        }
        out
    }

    /// The variables of a loop, with those that an entry is taken apart into.
    fn loop_names(&self, unit: UnitId, around: StmtId) -> Vec<SmolStr> {
        let module = &self.ev.program.unit(unit).module;
        let StmtKind::Loop { header: LoopHeader::Each { target, .. }, body, .. } = &module.stmt(around).kind else {
            return Vec::new();
        };
        let mut out = scan::names_in(module, *target);
        for stmt in body {
            if let StmtKind::Assign { target, value: Some(value), .. } = &module.stmt(*stmt).kind
                && scan::chain(module, *value).first().is_some_and(|n| out.contains(n))
                && module.call(*value).is_none()
            {
                out.extend(scan::names_in(module, *target));
            }
        }
        out
    }

    /// The lists that the loop around an action puts entries on.
    fn noted_in(&self, unit: UnitId, action: &EntryCall) -> Vec<SmolStr> {
        let linked = self.ev.program.unit(unit);
        let module = &linked.module;
        let span = module.stmt(action.around).span;
        let mut entry = self.loop_names(unit, action.around);
        if let Some((object, _)) = module.call(action.expr).and_then(|c| entry_of(module, c)) {
            entry.extend(scan::chain(module, object).first().cloned());
        }
        let names_entry =
            |call: &Call| call.args.iter().any(|a| scan::names_in(module, a.value).iter().any(|n| entry.contains(n)));
        let mut out = Vec::new();
        for found in linked.index.calls.iter().filter(|c| span.contains(module.expr(c.expr).span)) {
            let Some(call) = module.call(found.expr).filter(|c| names_entry(c)) else { continue };
            match &module.expr(call.callee).kind {
                ExprKind::Attr { object, name, .. } if names::puts_in(name) => {
                    out.extend(scan::chain(module, *object).pop());
                }
                // Go: `done = append(done, step)`
                ExprKind::Name(name) if name == "append" => {
                    out.extend(call.args.first().and_then(|a| scan::chain(module, a.value).pop()));
                }
                _ => {}
            }
        }
        out
    }

    /// The lists of an undo, with what callers give for those that are parameters.
    fn lists_given(&self, unit: UnitId, undo: &EntryCall) -> Vec<SmolStr> {
        let module = &self.ev.program.unit(unit).module;
        let mut out = undo.lists.clone();
        for (i, param) in module.func(undo.func).params.iter().enumerate() {
            if !undo.lists.contains(&param.name) {
                continue;
            }
            for caller in self.ev.callers(unit, undo.func).into_iter().filter(|c| c.unit == unit).take(8) {
                if let Some(given) = self.ev.argument_site(caller, unit, undo.func, i) {
                    out.extend(list_names(module, given.expr));
                }
            }
        }
        out
    }

    fn calls_func(&self, unit: UnitId, action: &EntryCall, undo: &EntryCall) -> bool {
        let linked = self.ev.program.unit(unit);
        self.ev.callers(unit, undo.func).into_iter().any(|c| {
            c.unit == unit
                && linked.index.func_of(c.expr).map(|f| scan::outermost(&linked.module, f)) == Some(action.func)
        })
    }

    /// True for what runs only when something failed: in a handler, behind a test for an error, in a function that is
    /// called from there.
    pub(super) fn on_error_path(&self, unit: UnitId, expr: ExprId, hops: u32) -> bool {
        let linked = self.ev.program.unit(unit);
        let module = &linked.module;
        let span = module.expr(expr).span;
        let within = |block: &Block| block.iter().any(|s| module.stmt(*s).span.contains(span));
        let mut inner = expr;
        for parent in linked.index.ancestors(expr) {
            match parent {
                Parent::Stmt(s) => match &module.stmt(s).kind {
                    StmtKind::Try { handlers, .. } if handlers.iter().any(|h| within(&h.body)) => return true,
                    StmtKind::If { test, then, .. } if within(then) && tests_failure(module, *test) => return true,
                    _ => {}
                },
                Parent::Expr(e) => {
                    if let Some(call) = module.call(e)
                        && let Some(argument) = call.args.iter().find(|a| a.value == inner)
                    {
                        let called =
                            argument.name.as_deref().or(module.callee_name(e).map(SmolStr::as_str)).unwrap_or_default();
                        if matches!(called, "catch" | "onFailure" | "exceptionally" | "onErrorResume" | "doOnError") {
                            return true;
                        }
                    }
                    inner = e;
                }
                Parent::Func(func) => match linked.index.lambda_expr.get(&func) {
                    Some(&lambda) => inner = lambda,
                    None => {
                        let callers = self.ev.callers(unit, func);
                        return hops < 2
                            && callers
                                .into_iter()
                                .filter(|c| c.unit == unit)
                                .take(8)
                                .any(|c| self.on_error_path(unit, c.expr, hops + 1));
                    }
                },
                _ => {}
            }
        }
        false
    }
}

/// The entry of a list and what is called on it: `step.perform(…)`, `steps[i].perform(…)`, `steps.get(i).perform(…)`,
/// `step.Undo.Invoke()`, `act()`.
fn entry_of(module: &Module, call: &Call) -> Option<(ExprId, SmolStr)> {
    match &module.expr(call.callee).kind {
        ExprKind::Name(name) => Some((call.callee, name.clone())),
        ExprKind::Attr { object, name, .. } => match &module.expr(*object).kind {
            ExprKind::Attr { object, name: member, .. }
                if matches!(name.as_str(), "Invoke" | "invoke" | "run" | "call" | "apply" | "accept") =>
            {
                Some((*object, member.clone()))
            }
            ExprKind::Name(_) | ExprKind::Index { .. } | ExprKind::Call(_) => Some((*object, name.clone())),
            _ => None,
        },
        _ => None,
    }
}

/// The list of `steps[i]`, `steps.get(i)`, `done.pop()`.
fn taken_from(module: &Module, value: ExprId) -> Vec<SmolStr> {
    match &module.expr(value).kind {
        ExprKind::Index { object, .. } => list_names(module, *object),
        ExprKind::Call(call) => match &module.expr(call.callee).kind {
            ExprKind::Attr { object, name, .. }
                if names::takes_out(name) || matches!(name.as_str(), "get" | "at" | "ElementAt") =>
            {
                list_names(module, *object)
            }
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// The names of the collections in an expression, without what only turns or copies them.
fn list_names(module: &Module, expr: ExprId) -> Vec<SmolStr> {
    let turns = |name: &str| {
        let folded = names::fold(name);
        ["revers", "enumer", "copy", "tolist", "toarray", "backward"].iter().any(|w| folded.contains(w))
            || matches!(
                folded.as_str(),
                "slices" | "list" | "array" | "from" | "zip" | "range" | "len" | "stream" | "slice" | "this" | "self"
            )
            || matches!(folded.as_str(), "all" | "values" | "keys" | "items" | "entries" | "iter" | "i" | "j")
    };
    scan::names_in(module, expr).into_iter().filter(|n| !turns(n)).collect()
}

/// `err != nil`, `!result.ok`, `result.isErr()`, `status == FAILED`.
fn tests_failure(module: &Module, test: ExprId) -> bool {
    is_error_check(module, test)
        || matches!(module.expr(test).kind, ExprKind::Not(_))
        || matches!(&module.expr(test).kind, ExprKind::Binary { op: BinaryOp::Eq, right, .. }
            if matches!(module.expr(*right).kind, ExprKind::Bool(false)))
        || scan::names_in(module, test).iter().any(|n| {
            names::words(n).iter().any(|w| matches!(w.as_str(), "err" | "error" | "fail" | "failed" | "failure"))
        })
}

/// A member that reads or notes something about an entry, or lets go of a resource.
fn is_accessor(member: &str) -> bool {
    let words = names::words(member);
    words.first().is_some_and(|w| {
        matches!(
            w.as_str(),
            "get"
                | "set"
                | "is"
                | "has"
                | "to"
                | "name"
                | "id"
                | "mark"
                | "add"
                | "push"
                | "append"
                | "put"
                | "log"
                | "equal"
                | "close"
                | "dispose"
                | "unlock"
                | "stop"
                | "shutdown"
                | "validate"
                | "print"
                | "len"
                | "str"
        )
    })
}
