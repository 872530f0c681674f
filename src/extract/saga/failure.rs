//! What happens when a compensation fails: raised, kept, repeated, or only logged.

use super::flow::is_error_check;
use super::member::Member;
use super::{CompensationFailure, Context, Effect, names, scan};
use crate::facts::module::{Block, ExprId, ExprKind, FuncId, Handler, Language, Module, StmtId, StmtKind};
use crate::program::{Parent, Site, Unit, UnitId, Value};
use crate::syntax::Place;

enum Verdict {
    Swallowed(Place),
    Handled(Place),
    /// It goes on to whoever called.
    Raised,
}

impl Context<'_, '_> {
    /// What happens when one of these calls fails.
    pub(super) fn failure(&self, undos: &[Site]) -> CompensationFailure {
        let mut swallowed = Vec::new();
        let mut handled = None;
        for &site in undos {
            let within = self.failures_in(&self.undoing_helper(site));
            swallowed.extend(within);
            for place in self.failures_in(&self.undone_by(site)) {
                if !swallowed.contains(&place) {
                    swallowed.push(place);
                }
            }
            match self.on_failure(site, 0) {
                Verdict::Swallowed(place) if !swallowed.contains(&place) => swallowed.push(place),
                Verdict::Swallowed(_) => {}
                Verdict::Handled(place) => handled = handled.or(Some(place)),
                Verdict::Raised => handled = handled.or(Some(self.ev.program.place(site))),
            }
        }
        match handled {
            _ if !swallowed.is_empty() => CompensationFailure::Swallowed(swallowed),
            Some(place) => CompensationFailure::Handled(place),
            None => CompensationFailure::None,
        }
    }

    /// The function that a step's name is given to, to be undone there.
    fn undoing_helper(&self, site: Site) -> Vec<Member> {
        let module = &self.ev.program.unit(site.unit).module;
        let Some(call) = module.call(site.expr) else { return Vec::new() };
        if self.given_step(site.unit, site.expr, call).is_none() {
            return Vec::new();
        }
        let called = self.ev.at(site.unit, call.callee);
        let functions = called.alternatives().iter().filter_map(|v| match v {
            Value::Function { unit, func, .. } => Some(Member::Method(*unit, *func)),
            _ => None,
        });
        functions.collect()
    }

    /// The function of the program that a compensation is: `await RefundPayment(order)`.
    fn undone_by(&self, site: Site) -> Vec<Member> {
        let module = &self.ev.program.unit(site.unit).module;
        let Some(call) = module.call(site.expr) else { return Vec::new() };
        let undoes = |module: &Module, func: FuncId| {
            let name = &module.func(func).name;
            names::is_undo_word(name) || names::words(name).iter().any(|w| names::is_undo_verb(w))
        };
        let called = self.ev.at(site.unit, call.callee);
        let functions = called.alternatives().iter().filter_map(|v| match v {
            Value::Function { unit, func, .. } if undoes(&self.ev.program.unit(*unit).module, *func) => {
                Some(Member::Method(*unit, *func))
            }
            _ => None,
        });
        functions.collect()
    }

    /// Handlers inside the compensations themselves that only log.
    pub(super) fn failures_in(&self, undos: &[Member]) -> Vec<Place> {
        let mut out = Vec::new();
        for (unit, func) in undos.iter().filter_map(|undo| self.function_of(undo)) {
            for (expr, call) in self.calls_in(unit, func) {
                let effect = self.effect_of_call(unit, expr, call, 0);
                // `self.compensate()` of a class whose heirs say how.
                let undoes = || {
                    let chain = scan::chain(&self.ev.program.unit(unit).module, call.callee);
                    chain.last().is_some_and(|n| names::is_compensation(n))
                };
                if (matches!(effect, Effect::Remote | Effect::Publish) || undoes())
                    && let Verdict::Swallowed(place) = self.on_failure(Site { unit, expr }, 9)
                    && !out.contains(&place)
                {
                    out.push(place);
                }
            }
        }
        out
    }

    /// Requests inside the compensations whose answers nobody looks at.
    pub(super) fn unread_answers(&self, undos: &[Member]) -> Vec<Place> {
        let mut out = Vec::new();
        for (unit, func) in undos.iter().filter_map(|undo| self.function_of(undo)) {
            for (expr, _) in self.calls_in(unit, func) {
                let site = Site { unit, expr };
                if self.ignores_status(site) && matches!(self.on_failure(site, 9), Verdict::Raised) {
                    out.push(self.ev.program.place(site));
                }
            }
        }
        out
    }

    fn on_failure(&self, site: Site, hops: u32) -> Verdict {
        let linked = self.ev.program.unit(site.unit);
        let module = &linked.module;
        let place = |e: ExprId| self.ev.program.place(Site { unit: site.unit, expr: e });
        let mut inner_expr = site.expr;
        let mut inner_stmt: Option<StmtId> = None;
        // What tries again gives up in the end, and what stands around it decides then.
        let mut repeated = None;
        for parent in linked.index.ancestors(site.expr) {
            match parent {
                Parent::Expr(e) => {
                    if let Some(verdict) = self.around_expr(site.unit, e, inner_expr, &place) {
                        return verdict;
                    }
                    if module.call(e).is_some_and(|c| c.callee != inner_expr && speaks_of_retry(module, c.callee)) {
                        repeated = Some(Verdict::Handled(place(e)));
                    }
                    inner_expr = e;
                }
                Parent::Stmt(s) => {
                    match &module.stmt(s).kind {
                        StmtKind::Try { body, handlers, .. }
                            if !handlers.is_empty() && inner_stmt.is_some_and(|i| body.contains(&i)) =>
                        {
                            if repeats(&linked.index, module, s, body) {
                                return Verdict::Handled(Place::new(linked.file, module.stmt(s).span));
                            }
                            if let Some(handler) = handlers.iter().find(|h| is_swallowed(module, h)) {
                                return Verdict::Swallowed(Place::new(linked.file, handler.span));
                            }
                            return Verdict::Handled(Place::new(linked.file, handlers[0].span));
                        }
                        StmtKind::With { items, .. } => {
                            let suppress = items
                                .iter()
                                .find(|(e, _)| scan::chain(module, *e).last().is_some_and(|n| n == "suppress"));
                            if let Some((e, _)) = suppress {
                                return Verdict::Swallowed(place(*e));
                            }
                        }
                        _ => {}
                    }
                    if module.language == Language::Go && inner_stmt.is_none() {
                        if self.ignores_error(site, s) {
                            return Verdict::Swallowed(place(site.expr));
                        }
                        if let Some(verdict) = self.checked_next(site.unit, s) {
                            return verdict;
                        }
                    }
                    inner_stmt = Some(s);
                }
                Parent::Func(func) => {
                    let function = module.func(func);
                    if function.decorators.iter().any(|d| speaks_of_retry(module, *d)) {
                        return Verdict::Handled(self.ev.program.function_place(site.unit, func));
                    }
                    // A lambda runs where it stands; a function where it is called.
                    if linked.index.lambda_expr.contains_key(&func) && function.name.is_empty() {
                        inner_stmt = None;
                        continue;
                    }
                    return repeated.unwrap_or_else(|| self.in_callers(site.unit, func, hops));
                }
                Parent::Class(_) | Parent::Top => {}
            }
        }
        repeated.unwrap_or(Verdict::Raised)
    }

    /// A request whose answer is dropped, by a library for which a status of 5xx is an answer like another:
    /// `requests.post(f"{url}/refund", json=data)`.
    fn ignores_status(&self, site: Site) -> bool {
        let linked = self.ev.program.unit(site.unit);
        let module = &linked.module;
        let Some(call) = module.call(site.expr) else { return false };
        let Value::External(symbol) = self.ev.at(site.unit, call.callee) else { return false };
        let sends = self.ev.catalog.split(module.language, &symbol).and_then(|(library, _)| library.http.as_ref());
        let mut around = linked.index.ancestors(site.expr);
        let outside =
            around.find(|p| !matches!(p, Parent::Expr(e) if matches!(module.expr(*e).kind, ExprKind::Await(_))));
        sends.is_some_and(|http| !http.rejects)
            && matches!(outside, Some(Parent::Stmt(s)) if matches!(module.stmt(s).kind, StmtKind::Expr(_)))
    }

    /// Go: nobody looks at the error: `_ = undo(ctx)`, and a bare `step.Compensate(ctx)` of a function that is
    /// declared to return one.
    fn ignores_error(&self, site: Site, stmt: StmtId) -> bool {
        let module = &self.ev.program.unit(site.unit).module;
        match &module.stmt(stmt).kind {
            // `_ = undo(ctx)`: the statement begins before its call.
            StmtKind::Expr(value)
                if *value == site.expr && module.stmt(stmt).span.start < module.expr(*value).span.start =>
            {
                true
            }
            StmtKind::Expr(value) if *value == site.expr => {
                let Some(call) = module.call(site.expr) else { return false };
                let called = self.ev.at(site.unit, call.callee);
                let fails = |value: &Value| match value {
                    Value::Function { unit, func, .. } => {
                        let module = &self.ev.program.unit(*unit).module;
                        let returns = module.func(*func).returns;
                        returns.is_some_and(|e| scan::names_in(module, e).iter().any(|n| n == "error"))
                    }
                    _ => false,
                };
                called.alternatives().iter().any(fails) || gives_error(module, call.callee)
            }
            _ => false,
        }
    }

    /// Go: what becomes of the error in the statement after `err := undo(ctx)`.
    fn checked_next(&self, unit: UnitId, stmt: StmtId) -> Option<Verdict> {
        let linked = self.ev.program.unit(unit);
        let (then, place) = checked_after(linked, stmt)?;
        let module = &linked.module;
        if leaves(module, then) {
            return Some(Verdict::Raised);
        }
        Some(if only_logs(module, then) { Verdict::Swallowed(place) } else { Verdict::Handled(place) })
    }

    fn around_expr(
        &self,
        unit: UnitId,
        outer: ExprId,
        inner: ExprId,
        place: &dyn Fn(ExprId) -> Place,
    ) -> Option<Verdict> {
        let linked = self.ev.program.unit(unit);
        let module = &linked.module;
        let call = module.call(outer)?;
        let chain = scan::chain(module, call.callee);
        let last = chain.last()?.as_str();
        // `compensate().catch(() => undefined)`: our call stands in the callee.
        if call.callee == inner {
            if last != "catch" {
                return None;
            }
            let handler = call.args.first()?.value;
            return Some(match &module.expr(handler).kind {
                ExprKind::Lambda(func) if only_logs_lambda(module, *func) => Verdict::Swallowed(place(handler)),
                ExprKind::Attr { .. } if scan_is_logger(module, handler) => Verdict::Swallowed(place(handler)),
                _ => match self.ev.at(unit, handler) {
                    Value::Function { unit: u, func, .. }
                        if only_logs_lambda(&self.ev.program.unit(u).module, func) =>
                    {
                        Verdict::Swallowed(place(handler))
                    }
                    _ => Verdict::Handled(place(handler)),
                },
            });
        }
        let collects = last == "allSettled"
            || (last == "gather"
                && call.args.iter().any(|a| {
                    a.name.as_deref() == Some("return_exceptions")
                        && matches!(module.expr(a.value).kind, ExprKind::Bool(true))
                }));
        if collects {
            // Nobody looks at the outcomes.
            let mut ancestors = linked
                .index
                .ancestors(outer)
                .skip_while(|p| matches!(p, Parent::Expr(e) if matches!(module.expr(*e).kind, ExprKind::Await(_))));
            let dropped =
                matches!(ancestors.next(), Some(Parent::Stmt(s)) if matches!(module.stmt(s).kind, StmtKind::Expr(_)));
            return Some(if dropped { Verdict::Swallowed(place(outer)) } else { Verdict::Handled(place(outer)) });
        }
        None
    }

    /// A function that only compensates is as good as the call: look at who calls it.
    fn in_callers(&self, unit: UnitId, func: FuncId, hops: u32) -> Verdict {
        let module = &self.ev.program.unit(unit).module;
        if hops >= 2 || !names::is_undo_word(&module.func(func).name) {
            return Verdict::Raised;
        }
        let mut verdict = Verdict::Raised;
        for caller in self.ev.callers(unit, func).into_iter().filter(|c| c.unit == unit).take(8) {
            match self.on_failure(caller, hops + 1) {
                swallowed @ Verdict::Swallowed(_) => return swallowed,
                handled @ Verdict::Handled(_) => verdict = handled,
                Verdict::Raised => {}
            }
        }
        verdict
    }
}

/// Go: the block that handles the error in the statement after `err := undo(ctx)`, and where that stands.
pub(in crate::extract) fn checked_after(linked: &Unit, stmt: StmtId) -> Option<(&Block, Place)> {
    let module = &linked.module;
    if !matches!(module.stmt(stmt).kind, StmtKind::Assign { .. }) {
        return None;
    }
    let next = scan::behind(linked, stmt).first()?;
    let StmtKind::If { test, then, .. } = &module.stmt(*next).kind else { return None };
    if !is_error_check(module, *test) {
        return None;
    }
    let place = Place::new(linked.file, module.stmt(*next).span);
    Some((then, place))
}

fn speaks_of_retry(module: &Module, expr: ExprId) -> bool {
    scan::chain(module, expr).iter().any(|n| {
        let n = names::fold(n);
        n.contains("retry") || n.contains("backoff") || n.contains("attempt")
    })
}

/// True for a `try` in a loop that is left when the compensation went well.
pub(super) fn repeats(index: &crate::program::Index, module: &Module, stmt: StmtId, body: &Block) -> bool {
    let in_loop = index
        .stmt_ancestors(stmt)
        .take_while(|p| !matches!(p, Parent::Func(_)))
        .any(|p| matches!(p, Parent::Stmt(s) if matches!(module.stmt(s).kind, StmtKind::Loop { .. })));
    in_loop && leaves(module, body)
}

fn leaves(module: &Module, block: &Block) -> bool {
    block.iter().any(|s| match &module.stmt(*s).kind {
        StmtKind::Break | StmtKind::Return(_) => true,
        StmtKind::If { then, other, .. } => leaves(module, then) || leaves(module, other),
        StmtKind::With { body, .. } | StmtKind::Block(body) => leaves(module, body),
        _ => false,
    })
}

/// True for a handler of remote failures that does nothing but log.
fn is_swallowed(module: &Module, handler: &Handler) -> bool {
    // Nothing to undo is no failure.
    let benign = handler.types.iter().any(|t| {
        scan::names_in(module, *t).iter().any(|n| {
            let n = names::fold(n);
            ["notfound", "already", "doesnotexist", "conflict", "cancelled"].iter().any(|w| n.contains(w))
        })
    });
    let rest: Block = handler.body.iter().copied().filter(|s| !rolls_back(module, *s)).collect();
    !benign && only_logs(module, &rest)
}

/// `self.db.rollback()`: the session forgets what was not committed, and nothing is written down.
fn rolls_back(module: &Module, stmt: StmtId) -> bool {
    const SESSIONS: [&str; 11] =
        ["db", "session", "conn", "connection", "tx", "trans", "transaction", "cursor", "uow", "em", "runner"];
    let StmtKind::Expr(expr) = module.stmt(stmt).kind else { return false };
    let call = match module.expr(expr).kind {
        ExprKind::Await(inner) => inner,
        _ => expr,
    };
    let Some(call) = module.call(call).filter(|call| call.args.is_empty()) else { return false };
    let ExprKind::Attr { object, name, .. } = &module.expr(call.callee).kind else { return false };
    let of_session = scan::chain(module, *object)
        .last()
        .is_some_and(|n| names::words(n).last().is_some_and(|w| SESSIONS.contains(&w.as_str())));
    of_session && matches!(names::fold(name).as_str(), "rollback" | "rollbackasync" | "rollbacktransaction")
}

/// True for a function that does nothing but log.
pub(in crate::extract) fn logs_only(module: &Module, func: FuncId) -> bool {
    only_logs_lambda(module, func)
}

/// Go: every struct of the module with this field says that the function in it gives an error:
/// `Compensate func() error`.
fn gives_error(module: &Module, callee: ExprId) -> bool {
    let ExprKind::Attr { name, .. } = &module.expr(callee).kind else { return false };
    let mut types = module.classes.iter().flat_map(|c| &c.fields).filter(|f| f.name == *name).map(|f| f.ty).peekable();
    types.peek().is_some()
        && types.all(|ty| ty.is_some_and(|ty| scan::names_in(module, ty).iter().any(|n| n == "error")))
}

fn only_logs_lambda(module: &Module, func: FuncId) -> bool {
    only_logs(module, &module.func(func).body)
}

fn scan_is_logger(module: &Module, expr: ExprId) -> bool {
    let chain = scan::chain(module, expr);
    matches!(chain.first().map(|n| names::fold(n)).as_deref(), Some("console" | "log" | "logger" | "this"))
        && chain.iter().any(|n| matches!(n.as_str(), "error" | "warn" | "log" | "info" | "debug"))
}

/// True for statements that do nothing but log.
pub(in crate::extract) fn only_logs(module: &Module, block: &Block) -> bool {
    block.iter().all(|s| match &module.stmt(*s).kind {
        StmtKind::Expr(e) => is_idle(module, *e),
        StmtKind::Return(value) => value.is_none_or(|e| match &module.expr(e).kind {
            ExprKind::Null => true,
            // `() => undefined`, `(error) => console.error(error)`
            _ => {
                scan::is_log(module, e) || matches!(&module.expr(e).kind, ExprKind::Dict(entries) if entries.is_empty())
            }
        }),
        StmtKind::Continue => true,
        StmtKind::If { then, other, .. } => only_logs(module, then) && only_logs(module, other),
        StmtKind::Block(block) => only_logs(module, block),
        _ => false,
    })
}

fn is_idle(module: &Module, expr: ExprId) -> bool {
    match &module.expr(expr).kind {
        ExprKind::Str(_) | ExprKind::Null | ExprKind::Template(_) => true,
        ExprKind::Await(inner) => is_idle(module, *inner),
        ExprKind::Other(children) => children.is_empty(),
        ExprKind::Call(_) => scan::is_log(module, expr),
        _ => false,
    }
}
