//! Small questions about where an expression stands and what becomes of its result.

use smol_str::SmolStr;

use crate::facts::module::{Call, ExprId, ExprKind, FuncId, FunctionKind, Language, Module, StmtKind, TemplatePart};
use crate::program::index::Binding;
use crate::program::{Evaluator, Parent, Site, UnitId};
use crate::syntax::Span;

/// Functions that run the lambda they are given at once, so that it belongs to the function around it.
const RUNS_LAMBDA: &[&str] = &[
    "transaction",
    "$transaction",
    "transactional",
    "withTransaction",
    "with_transaction",
    "runInTransaction",
    "runTransaction",
    "map",
    "forEach",
    "flatMap",
    "then",
    "catch",
    "finally",
    "retry",
    "asyncRetry",
    "pRetry",
    "backOff",
    "withRetry",
    "executeWithRetry",
    "all",
    "allSettled",
    "run_in_executor",
    "to_thread",
    "run_in_threadpool",
    "run_sync",
    "sync_to_async",
    "database_sync_to_async",
    "startActiveSpan",
    "Promise",
    "fire",
    "execute",
    "executeWithoutResult",
    "ifPresent",
    "ifPresentOrElse",
    "orElseGet",
    "peek",
    // Reactor, Mutiny, CompletableFuture.
    "concatMap",
    "doOnNext",
    "doOnSuccess",
    "switchMap",
    "chain",
    "invoke",
    "transformToUni",
    "thenAccept",
    "thenApply",
    "thenCompose",
    "let",
    "also",
    "run",
    "apply",
    "with",
    "use",
    "newSuspendedTransaction",
    "Transaction",
    "RunInTx",
    "RunInTransaction",
    "ExecTx",
    "execTx",
    "InTx",
    "WithTx",
    "WithTransaction",
    "WithinTransaction",
    "BeginFunc",
    "BeginTxFunc",
    "UseSession",
    "UseSessionWithOptions",
    "WithSession",
    // Polly and the execution strategies of EF Core.
    "Execute",
    "ExecuteAsync",
    "ExecuteInTransactionAsync",
    // avast/retry-go, cenkalti/backoff.
    "Do",
    "Retry",
    "RetryNotify",
];

/// The same in Java and Kotlin: operators of Mutiny, Reactor and CompletableFuture that go on with what came before.
const RUNS_LAMBDA_JVM: &[&str] = &[
    "call",
    "transform",
    "transformToMulti",
    "transformToUniAndConcatenate",
    "transformToUniAndMerge",
    "flatMapMany",
    "delayUntil",
    "thenAcceptAsync",
    "thenApplyAsync",
    "thenComposeAsync",
    "thenRun",
    "thenRunAsync",
];

/// What stands before an operator of Mutiny whose lambda runs when it failed: `.onFailure().call(…)`.
const ON_FAILURE: [&str; 3] = ["onFailure", "onCancellation", "onTermination"];

/// The same for names that mean something else on most objects.
const RUNS_LAMBDA_ON: &[(&str, &str)] = &[("Task", "Run"), ("Factory", "StartNew")];

/// Steps of C# that go on with the result of the one before and are given a function for it: those of
/// CSharpFunctionalExtensions (<https://github.com/vkhorikov/CSharpFunctionalExtensions>), ErrorOr
/// (<https://github.com/amantinband/error-or>) and what others call theirs.
const STEPS: [&str; 12] = [
    "Bind",
    "BindAsync",
    "BindTry",
    "OnSuccess",
    "OnSuccessAsync",
    "Tap",
    "TapAsync",
    "TapTry",
    "Then",
    "ThenAsync",
    "ThenDo",
    "ThenDoAsync",
];

/// True for a function handed to a call that runs it once, as a step of the function around.
pub fn is_step(ev: &Evaluator<'_>, site: Site, position: usize) -> bool {
    let unit = ev.program.unit(site.unit);
    let module = &unit.module;
    let Some(call) = module.call(site.expr).filter(|_| module.language == Language::CSharp && position == 0) else {
        return false;
    };
    // The constructor of a state machine only says what will be done.
    let around = std::iter::successors(unit.index.func_of(site.expr), |func| module.func(*func).parent);
    let is_declaration = around.last().is_none_or(|func| module.func(func).kind == FunctionKind::Constructor);
    matches!(&module.expr(call.callee).kind, ExprKind::Attr { name, .. } if STEPS.contains(&name.as_str()))
        && !is_declaration
}

/// The function that an expression belongs to, with lambdas that run at once counted as part of the
/// function around them.
pub fn home(ev: &Evaluator<'_>, site: Site) -> Option<FuncId> {
    let unit = ev.program.unit(site.unit);
    let mut func = unit.index.func_of(site.expr)?;
    loop {
        let function = unit.module.func(func);
        let Some(parent) = function.parent else { return Some(func) };
        if function.kind != FunctionKind::Lambda {
            return Some(func);
        }
        let Some(&lambda) = unit.index.lambda_expr.get(&func) else { return Some(func) };
        let Some(Parent::Expr(outer)) = unit.index.expr_parent.get(lambda.0 as usize) else { return Some(func) };
        // `[async () => …]` of `Promise.all` is no call.
        let ExprKind::Call(call) = &unit.module.expr(*outer).kind else { return Some(func) };
        let is_step = || {
            let position = call.args.iter().position(|arg| arg.value == lambda);
            position.is_some_and(|at| is_step(ev, Site { unit: site.unit, expr: *outer }, at))
        };
        // `func() { … }()`
        let is_run = || super::at_once::runs(ev, Site { unit: site.unit, expr: *outer }, lambda);
        if call.callee != lambda && !runs_at_once(&unit.module, call) && !is_step() && !is_run() {
            return Some(func);
        }
        func = parent;
    }
}

fn runs_at_once(module: &Module, call: &Call) -> bool {
    let of = |e: ExprId| match &module.expr(e).kind {
        ExprKind::Name(name) | ExprKind::Attr { name, .. } => name.as_str(),
        _ => "",
    };
    match &module.expr(call.callee).kind {
        ExprKind::Name(name) => RUNS_LAMBDA.contains(&name.as_str()),
        ExprKind::Attr { object, name, .. } => {
            let is_jvm = module.language.is_jvm();
            if is_jvm && module.callee_name(*object).is_some_and(|event| ON_FAILURE.contains(&event.as_str())) {
                return false;
            }
            RUNS_LAMBDA.contains(&name.as_str())
                || RUNS_LAMBDA_ON.contains(&(of(*object), name.as_str()))
                || is_jvm && RUNS_LAMBDA_JVM.contains(&name.as_str())
        }
        // `retry<Order>(…)`
        ExprKind::Index { object, .. } => RUNS_LAMBDA.contains(&of(*object)),
        _ => false,
    }
}

/// True when a name, an attribute or a literal in an expression satisfies a condition.
pub fn mentions(ev: &Evaluator<'_>, site: Site, wanted: &dyn Fn(&str) -> bool) -> bool {
    let module = &ev.program.unit(site.unit).module;
    let mut todo = vec![site.expr];
    let mut steps = 0;
    while let Some(expr) = todo.pop() {
        steps += 1;
        if steps > 2_000 {
            return false;
        }
        let hit = match &module.expr(expr).kind {
            ExprKind::Name(name) | ExprKind::Attr { name, .. } | ExprKind::Str(name) => wanted(name),
            ExprKind::Template(parts) => parts.iter().any(|p| matches!(p, TemplatePart::Text(t) if wanted(t))),
            _ => false,
        };
        if hit {
            return true;
        }
        todo.extend(module.children(expr));
    }
    false
}

/// The function around one that is started as a goroutine: `go func() { … }()`, `go publish(order)`.
pub fn starter(ev: &Evaluator<'_>, unit: UnitId, func: FuncId) -> Option<FuncId> {
    let unit = ev.program.unit(unit);
    let function = unit.module.func(func);
    if unit.module.language != Language::Go || function.kind != FunctionKind::Lambda {
        return None;
    }
    let lambda = unit.index.lambda_expr.get(&func)?;
    let Parent::Expr(outer) = unit.index.expr_parent.get(lambda.0 as usize)? else { return None };
    let starts = matches!(&unit.module.expr(unit.module.call(*outer)?.callee).kind, ExprKind::Name(n) if n == "go");
    function.parent.filter(|_| starts)
}

/// Lower case without separators.
pub fn squeeze(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}

/// What becomes of the result of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is awaited, by the expression given.
    Awaited(ExprId),
    /// It is looked at, kept, passed on or returned.
    Used,
    /// Nobody looks at it.
    Dropped,
    /// It is handed to something that runs it, so that it is not known who looks at the result.
    Detached,
}

/// Functions that run a coroutine without anyone looking at its result.
const DETACHES: &[&str] = &["create_task", "ensure_future", "run_coroutine_threadsafe", "add_task", "spawn"];

/// See [`Fate`].
pub fn fate(ev: &Evaluator<'_>, site: Site) -> Fate {
    let unit = ev.program.unit(site.unit);
    let module = &unit.module;
    let mut current = site.expr;
    for _ in 0..64 {
        match unit.index.expr_parent.get(current.0 as usize) {
            Some(Parent::Expr(outer)) => match &module.expr(*outer).kind {
                ExprKind::Await(_) => return Fate::Awaited(*outer),
                // `x.then(…)`, `future.get()`.
                ExprKind::Attr { .. } => return Fate::Used,
                ExprKind::Call(call) => {
                    if call.callee == current {
                        return Fate::Used;
                    }
                    let name = module.callee_name(*outer).map(SmolStr::as_str).unwrap_or_default();
                    return if DETACHES.contains(&name) { Fate::Detached } else { Fate::Used };
                }
                ExprKind::Assign { target, .. } => return variable(ev, site.unit, *target),
                ExprKind::Cond { .. } | ExprKind::Binary { .. } | ExprKind::Cast { .. } => current = *outer,
                // `void producer.send(…)`.
                ExprKind::Other(children) if children.len() == 1 => current = *outer,
                _ => return Fate::Used,
            },
            Some(Parent::Stmt(stmt)) => match &module.stmt(*stmt).kind {
                StmtKind::Expr(_) => return Fate::Dropped,
                StmtKind::Assign { target, .. } => return variable(ev, site.unit, *target),
                _ => return Fate::Used,
            },
            _ => return Fate::Used,
        }
    }
    Fate::Used
}

/// What becomes of what is assigned to a target.
fn variable(ev: &Evaluator<'_>, unit_id: UnitId, target: ExprId) -> Fate {
    let unit = ev.program.unit(unit_id);
    let ExprKind::Name(name) = &unit.module.expr(target).kind else { return Fate::Used };
    let scope = unit.index.func_of(target).map(|f| unit.module.func(f).span);
    let mut awaited = None;
    for (i, expr) in unit.module.exprs.iter().enumerate() {
        let id = ExprId(i as u32);
        if id == target || !matches!(&expr.kind, ExprKind::Name(n) if n == name) {
            continue;
        }
        if scope.is_some_and(|s| !s.contains(expr.span)) {
            continue;
        }
        // Assigned again.
        if let Some(Parent::Stmt(stmt)) = unit.index.expr_parent.get(i)
            && matches!(&unit.module.stmt(*stmt).kind, StmtKind::Assign { target, .. } if *target == id)
        {
            continue;
        }
        match unit.index.expr_parent.get(i) {
            Some(Parent::Expr(outer)) if matches!(unit.module.expr(*outer).kind, ExprKind::Await(_)) => {
                awaited = Some(*outer);
            }
            _ => return Fate::Used,
        }
    }
    awaited.map_or(Fate::Dropped, Fate::Awaited)
}

/// The only expression that a name is assigned from, in the scope where it is used.
pub fn single_assignment(ev: &Evaluator<'_>, unit: UnitId, at: ExprId, name: &str) -> Option<ExprId> {
    let unit = ev.program.unit(unit);
    let (_, bindings) = unit.index.lookup(&unit.module, unit.index.func_of(at), name)?;
    match bindings {
        [Binding::Value(value)] => Some(*value),
        _ => None,
    }
}

/// The span of a function.
pub fn span(ev: &Evaluator<'_>, unit: UnitId, func: FuncId) -> Span {
    ev.program.unit(unit).module.func(func).span
}
