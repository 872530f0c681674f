//! What a piece of C# says about resilience: policies of Polly 7, strategies of Polly 8, the handlers of
//! Microsoft.Extensions.Http.Resilience.
//!
//! Policies are put together in one place and used in another, so a region of code is read together with
//! what its names lead to: variables, fields, functions of the repository. Sources:
//! <https://www.pollydocs.org/strategies/retry>,
//! <https://learn.microsoft.com/en-us/dotnet/core/resilience/http-resilience>.

use super::failure::Failures;
use super::retry::{RetryPolicy, growth};
use crate::catalog::http::Wait;
use crate::facts::module::{Call, ExprId, ExprKind, FuncId, FunctionKind, Module, StmtKind};
use crate::program::index::Binding;
use crate::program::types::simple_name;
use crate::program::{Evaluator, Site, UnitId, Value};
use crate::syntax::{Place, Span};

/// How many pieces of code are read for one question.
const MAX_REGIONS: usize = 60;

/// What protects a client or a call.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Facts {
    /// The retries.
    pub(crate) retries: Vec<RetryPolicy>,
    /// A circuit breaker.
    pub(crate) breaker: Option<Place>,
    /// It counts each answer that is no success: where it says so.
    pub(crate) counts: Option<Place>,
    /// A time limit.
    pub(crate) timeout: Option<Place>,
    /// A policy is named that could not be read.
    pub(crate) unknown: bool,
}

impl Facts {
    /// True when nothing is said.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Facts::default()
    }

    fn all(&mut self, place: Place, selective: bool) {
        self.retries.push(RetryPolicy {
            wait: Some(Wait::Exponential),
            selective,
            ..RetryPolicy::immediate(place, "the standard resilience handler")
        });
        self.breaker = self.breaker.or(Some(place));
        self.timeout = self.timeout.or(Some(place));
    }
}

/// A piece of a module.
type Region = (UnitId, Span);

/// What some pieces of code say.
pub(crate) fn read(ev: &Evaluator<'_>, regions: Vec<Region>) -> Facts {
    follow(ev, regions, Facts::default())
}

/// What the steps of a chain of calls say, each by itself and by its arguments: what stands before a step
/// is another one.
pub(crate) fn steps(ev: &Evaluator<'_>, steps: &[Site]) -> Facts {
    let mut facts = Facts::default();
    let mut regions = Vec::new();
    for &step in steps {
        let module = &ev.program.unit(step.unit).module;
        of_call(ev, step, &mut facts);
        regions.extend(called(ev, step));
        let args = module.call(step.expr).into_iter().flat_map(|c| &c.args);
        regions.extend(args.map(|a| (step.unit, module.expr(a.value).span)));
    }
    follow(ev, regions, facts)
}

fn follow(ev: &Evaluator<'_>, mut todo: Vec<Region>, mut facts: Facts) -> Facts {
    let mut seen: Vec<Region> = Vec::new();
    let mut selective = false;
    while let Some(region) = todo.pop().filter(|_| seen.len() < MAX_REGIONS) {
        // What is retried once is not retried twice because it is mentioned twice.
        if seen.iter().any(|(unit, span)| *unit == region.0 && span.contains(region.1)) {
            continue;
        }
        seen.push(region);
        let unit = ev.program.unit(region.0);
        let module = &unit.module;
        let inside = |e: ExprId| region.1.contains(module.expr(e).span);
        for call in unit.index.calls.iter().filter(|c| inside(c.expr)) {
            let site = Site { unit: region.0, expr: call.expr };
            of_call(ev, site, &mut facts);
            todo.extend(called(ev, site));
        }
        for (i, expr) in module.exprs.iter().enumerate().filter(|(_, e)| region.1.contains(e.span)) {
            let (ExprKind::Name(name) | ExprKind::Attr { name, .. }) = &expr.kind else { continue };
            selective |= matches!(name.as_str(), "DisableForUnsafeHttpMethods" | "DisableFor")
                || (matches!(name.as_str(), "Get" | "Post") && names_method(module, ExprId(i as u32)));
            let is_callee = |c: &Call| c.callee == ExprId(i as u32);
            if is_policy_name(name) && !unit.index.calls.iter().any(|c| module.call(c.expr).is_some_and(is_callee)) {
                todo.extend(bound(ev, region.0, ExprId(i as u32), name));
            }
        }
    }
    if selective {
        facts.retries.iter_mut().for_each(|r| r.selective = true);
    }
    facts.retries.sort_by_key(|r| r.place);
    facts.retries.dedup_by_key(|r| r.place);
    facts
}

/// `HttpMethod.Get`, `HttpMethod.Post`.
fn names_method(module: &Module, expr: ExprId) -> bool {
    matches!(&module.expr(expr).kind, ExprKind::Attr { object, .. }
        if matches!(&module.expr(*object).kind, ExprKind::Name(n) if n == "HttpMethod"))
}

/// Words of names that stand for policies.
pub(crate) fn is_policy_name(name: &str) -> bool {
    let name = name.to_lowercase();
    ["policy", "policies", "pipeline", "retry", "breaker", "resilien", "wrap"].iter().any(|w| name.contains(w))
}

/// What one call says.
fn of_call(ev: &Evaluator<'_>, site: Site, facts: &mut Facts) {
    let unit = ev.program.unit(site.unit);
    let module = &unit.module;
    let (Some(call), Some(name)) = (module.call(site.expr), module.callee_name(site.expr)) else { return };
    // A function of the repository says it in its body.
    if ev.called(site, call).iter().any(|v| matches!(v, Value::Function { .. })) {
        return;
    }
    let place = ev.program.place(site);
    let failures = match every_answer(module, site.expr) {
        Some(_) => Failures::Every,
        None => Failures::Unknown,
    };
    let policy = |wait, bounded| RetryPolicy {
        wait,
        bounded: Some(bounded),
        failures: failures.clone(),
        ..RetryPolicy::immediate(place, "Polly")
    };
    match name.as_str() {
        "AddStandardResilienceHandler" | "AddStandardHedgingHandler" => facts.all(place, false),
        "WaitAndRetryAsync" | "WaitAndRetry" => facts.retries.push(policy(wait(module, call, site.unit, ev), true)),
        "WaitAndRetryForeverAsync" | "WaitAndRetryForever" => {
            facts.retries.push(policy(wait(module, call, site.unit, ev), false));
        }
        "RetryForeverAsync" | "RetryForever" => facts.retries.push(policy(Some(Wait::None), false)),
        "RetryAsync" | "Retry" if is_policy_chain(module, call) => facts.retries.push(policy(Some(Wait::None), true)),
        "AddRetry" => {
            // The strategy's options say it, here or where the variable is set.
            let told = |e: ExprId| is_options(module, e);
            if !call.args.iter().any(|a| within(module, a.value, &told)) {
                facts.retries.push(policy(None, true));
            }
        }
        _ if is_options(module, site.expr) => facts.retries.push(of_options(ev, site, call, name, place)),
        "CircuitBreakerAsync"
        | "CircuitBreaker"
        | "AdvancedCircuitBreakerAsync"
        | "AdvancedCircuitBreaker"
        | "AddCircuitBreaker" => {
            facts.breaker = facts.breaker.or(Some(place));
            let told = every_answer(module, site.expr).map(|expr| ev.program.place(Site { unit: site.unit, expr }));
            facts.counts = facts.counts.or(told);
        }
        "TimeoutAsync" | "AddTimeout" => facts.timeout = facts.timeout.or(Some(place)),
        "Timeout" if is_policy_chain(module, call) => facts.timeout = facts.timeout.or(Some(place)),
        "AddPolicyHandlerFromRegistry" | "GetPipeline" => facts.unknown = true,
        _ => {}
    }
}

/// `.OrResult(r => !r.IsSuccessStatusCode)` in a policy: an answer of 404 is a failure like one of 503.
fn every_answer(module: &Module, policy: ExprId) -> Option<ExprId> {
    let mut todo = vec![policy];
    while let Some(e) = todo.pop() {
        if let Some(call) = module.call(e)
            && module.callee_name(e).is_some_and(|n| matches!(n.as_str(), "OrResult" | "HandleResult"))
        {
            let told = call.args.iter().map(|a| a.value).find(|a| match module.expr(*a).kind {
                ExprKind::Lambda(func) => is_no_success(module, func),
                _ => false,
            });
            if told.is_some() {
                return told;
            }
        }
        todo.extend(module.children(e));
    }
    None
}

/// `r => !r.IsSuccessStatusCode`, and nothing else.
fn is_no_success(module: &Module, func: FuncId) -> bool {
    let [only] = module.func(func).body.as_slice() else { return false };
    let (StmtKind::Return(Some(value)) | StmtKind::Expr(value)) = module.stmt(*only).kind else { return false };
    let ExprKind::Not(inner) = module.expr(value).kind else { return false };
    matches!(&module.expr(inner).kind, ExprKind::Attr { name, .. } if name == "IsSuccessStatusCode")
}

/// `Policy.Handle<X>().RetryAsync(3)`, `p => p.RetryAsync(3)`, `Policy.Timeout(3)`.
fn is_policy_chain(module: &Module, call: &Call) -> bool {
    matches!(module.expr(call.callee).kind, ExprKind::Attr { .. })
}

fn is_options(module: &Module, expr: ExprId) -> bool {
    module.call(expr).is_some_and(|c| c.is_new)
        && module
            .call(expr)
            .and_then(|c| simple_name(module, c.callee))
            .is_some_and(|n| matches!(n.as_str(), "RetryStrategyOptions" | "HttpRetryStrategyOptions"))
}

fn within(module: &Module, root: ExprId, test: &dyn Fn(ExprId) -> bool) -> bool {
    let mut todo = vec![root];
    while let Some(e) = todo.pop() {
        if test(e) {
            return true;
        }
        todo.extend(module.children(e));
    }
    false
}

/// `new RetryStrategyOptions { MaxRetryAttempts = 3, BackoffType = DelayBackoffType.Exponential }`: constant
/// pauses of 2 s without more; those for HTTP grow.
fn of_options(ev: &Evaluator<'_>, site: Site, call: &Call, name: &str, place: Place) -> RetryPolicy {
    let module = &ev.program.unit(site.unit).module;
    let arg = |wanted: &str| call.args.iter().find(|a| a.name.as_deref() == Some(wanted)).map(|a| a.value);
    let last = |e: ExprId| simple_name(module, e).unwrap_or_default();
    let wait = match arg("BackoffType") {
        Some(e) if last(e) == "Constant" => Some(Wait::Fixed),
        Some(_) => Some(Wait::Exponential),
        None if arg("DelayGenerator").is_some() => None,
        None if name.starts_with("Http") => Some(Wait::Exponential),
        None => Some(Wait::Fixed),
    };
    let endless = arg("MaxRetryAttempts").is_some_and(|e| last(e) == "MaxValue");
    let handled = arg("ShouldHandle").and_then(|e| every_answer(module, e));
    let failures = if handled.is_some() { Failures::Every } else { Failures::Unknown };
    RetryPolicy { wait, bounded: Some(!endless), failures, ..RetryPolicy::immediate(place, "Polly") }
}

/// How long `WaitAndRetryAsync` waits, by its arguments.
fn wait(module: &Module, call: &Call, unit: UnitId, ev: &Evaluator<'_>) -> Option<Wait> {
    for arg in &call.args {
        match &module.expr(arg.value).kind {
            ExprKind::Lambda(func) => {
                let span = module.func(*func).span;
                let takes_attempt = !module.func(*func).params.is_empty();
                let grows = growth(module, &|e| span.contains(module.expr(e).span));
                if grows.is_some() || (takes_attempt && mentions(module, span, "TimeSpan")) {
                    // A function of the attempt that is no power is a fixed pause where it ignores the attempt.
                    return grows.or_else(|| uses_attempt(module, *func));
                }
            }
            ExprKind::List(items) if items.len() > 1 => return Some(Wait::Exponential),
            ExprKind::List(_) => return Some(Wait::Fixed),
            ExprKind::Call(_) if module.callee_name(arg.value).is_some_and(|n| n.contains("Backoff")) => {
                return Some(Wait::Exponential);
            }
            _ => {
                if let Value::Function { unit: u, func, .. } = ev.at(unit, arg.value) {
                    let module = &ev.program.unit(u).module;
                    let span = module.func(func).span;
                    return growth(module, &|e| span.contains(module.expr(e).span));
                }
            }
        }
    }
    None
}

fn mentions(module: &Module, span: Span, name: &str) -> bool {
    module.exprs.iter().any(|e| span.contains(e.span) && matches!(&e.kind, ExprKind::Name(n) if n == name))
}

/// A pause that depends on the number of the attempt grows in some way that is not known.
fn uses_attempt(module: &Module, func: FuncId) -> Option<Wait> {
    let function = module.func(func);
    let used = function.params.first().is_some_and(|p| {
        module.exprs.iter().any(|e| {
            function.span.contains(e.span)
                && e.span.start > p.span.end
                && matches!(&e.kind, ExprKind::Name(n) if *n == p.name)
        })
    });
    if used { None } else { Some(Wait::Fixed) }
}

/// The body of a function of the repository that a call runs.
fn called(ev: &Evaluator<'_>, site: Site) -> Vec<Region> {
    let module = &ev.program.unit(site.unit).module;
    let Some(call) = module.call(site.expr) else { return Vec::new() };
    // A constructor brings what its handler does.
    let mut out = Vec::new();
    for value in ev.called(site, call) {
        match value {
            Value::Function { unit, func, .. } => out.push((unit, ev.program.unit(unit).module.func(func).span)),
            Value::Class { unit, class } if call.is_new => {
                let class = ev.program.unit(unit).module.class(class);
                if class.name.ends_with("Handler") {
                    out.push((unit, class.span));
                }
            }
            _ => {}
        }
    }
    // `AddHttpMessageHandler<RetryHandler>()`
    for &ty in call.type_args.iter().filter(|_| module.callee_name(site.expr).is_some_and(|n| n.ends_with("Handler"))) {
        if let Value::Class { unit, class } = ev.at(site.unit, ty) {
            out.push((unit, ev.program.unit(unit).module.class(class).span));
        }
    }
    out
}

/// What a name that stands for a policy is set to: a variable, a field, a property, a function.
fn bound(ev: &Evaluator<'_>, unit_id: UnitId, expr: ExprId, name: &str) -> Vec<Region> {
    let unit = ev.program.unit(unit_id);
    let module = &unit.module;
    let at = |e: ExprId| (unit_id, module.expr(e).span);
    if let ExprKind::Name(_) = module.expr(expr).kind
        && let Some((_, bindings)) = unit.index.lookup(module, unit.index.func_of(expr), name)
    {
        return bindings
            .iter()
            .flat_map(|b| match *b {
                Binding::Value(value) if value != expr => vec![at(value)],
                Binding::Func(func) => vec![(unit_id, module.func(func).span)],
                // What the caller passes.
                Binding::Param(func, index) => ev
                    .callers(unit_id, func)
                    .into_iter()
                    .take(8)
                    .filter_map(|c| ev.argument_site(c, unit_id, func, index))
                    .map(|s| (s.unit, ev.program.unit(s.unit).module.expr(s.expr).span))
                    .collect(),
                _ => Vec::new(),
            })
            .collect();
    }
    let mut owners: Vec<(UnitId, crate::facts::module::ClassId)> =
        unit.index.classes_around(module, expr).into_iter().map(|c| (unit_id, c)).collect();
    if let ExprKind::Attr { object, .. } = &module.expr(expr).kind {
        match ev.at(unit_id, *object) {
            Value::Class { unit, class } | Value::Object { unit, class, .. } => owners = vec![(unit, class)],
            _ if !matches!(module.expr(*object).kind, ExprKind::This) => owners.clear(),
            _ => {}
        }
    }
    let mut out = Vec::new();
    for (unit_id, class) in owners {
        let unit = ev.program.unit(unit_id);
        let module = &unit.module;
        out.extend(unit.index.member(class, name).iter().map(|(e, _)| (unit_id, module.expr(*e).span)));
        let fields = module.class(class).fields.iter().filter(|f| f.name == name);
        out.extend(fields.filter_map(|f| f.value).map(|e| (unit_id, module.expr(e).span)));
        let methods = module.class(class).methods.iter().map(|m| module.func(*m));
        let getters = methods.filter(|f| f.name == name && f.kind != FunctionKind::Constructor);
        out.extend(getters.map(|f| (unit_id, f.span)));
        // `_policy = …` in the constructor of C# names no `this`.
        out.extend(module.stmts.iter().filter_map(|s| match &s.kind {
            StmtKind::Assign { target, value: Some(value), .. }
                if matches!(&module.expr(*target).kind, ExprKind::Name(n) if n == name)
                    && module.class(class).span.contains(s.span) =>
            {
                Some((unit_id, module.expr(*value).span))
            }
            _ => None,
        }));
    }
    out
}
