//! Retry policies: what a library or a loop does between attempts.

use super::failure::{Failures, decides, selected};
use super::{jitter, pause};
use crate::catalog::http::{Methods, Retry, Wait};
use crate::facts::module::{
    BinaryOp, Block, ExprId, ExprKind, Handler, Language, LoopHeader, Module, StmtId, StmtKind,
};
use crate::program::{Evaluator, Parent, Site, UnitId, Value};
use crate::syntax::{Place, Span};

/// How a call is repeated.
#[derive(Clone, Debug, PartialEq)]
pub struct RetryPolicy {
    /// Where it says so.
    pub place: Place,
    /// The library, or `a loop`.
    pub library: String,
    /// Whether the attempts are bounded; none when that could not be read.
    pub bounded: Option<bool>,
    /// How long it waits; none when that could not be read.
    pub wait: Option<Wait>,
    /// Repeats only idempotent methods, or only what was not sent.
    pub selective: bool,
    /// Whether the pauses are spread by chance; none when that could not be read.
    pub jitter: Option<bool>,
    /// Which failures it repeats.
    pub failures: Failures,
    /// Statuses between 400 and 499 that it repeats although the same request fails again, with the place
    /// that lists them.
    pub client_errors: Option<(Vec<u16>, Place)>,
    /// Where it says that 429 is repeated, when `Retry-After` is not looked at.
    pub ignores_retry_after: Option<Place>,
    /// Where it waits although no attempt follows.
    pub waits_after_last: Option<Place>,
    /// The code that each attempt runs again.
    pub covers: Vec<(UnitId, Span)>,
}

impl RetryPolicy {
    /// A bounded policy without any waiting.
    pub fn immediate(place: Place, library: &str) -> Self {
        RetryPolicy {
            place,
            library: library.into(),
            bounded: Some(true),
            wait: Some(Wait::None),
            selective: false,
            jitter: None,
            failures: Failures::Unknown,
            client_errors: None,
            ignores_retry_after: None,
            waits_after_last: None,
            covers: Vec::new(),
        }
    }
}

/// The policy of a library call, by its arguments.
pub fn from_catalog(ev: &Evaluator<'_>, library: &str, retry: &Retry, call: Option<Site>, place: Place) -> RetryPolicy {
    let bounded_by_default = retry.bound.default;
    let mut policy = RetryPolicy {
        bounded: Some(bounded_by_default),
        wait: Some(retry.backoff.default),
        selective: retry.methods == Methods::Idempotent,
        jitter: retry.jitter.default,
        failures: selected(ev, &retry.failures, call),
        ..RetryPolicy::immediate(place, library)
    };
    let Some(args) = call.and_then(|site| Arguments::of(ev, site, retry.options)) else { return policy };
    match args.find(&retry.bound.names, retry.bound.position) {
        Found::Value(site) => {
            policy.bounded = match ev.eval(site) {
                Value::Null => Some(false),
                Value::External(s) if s.ends_with("stop_never") => Some(false),
                Value::External(s) if s.ends_with("Infinity") => Some(false),
                Value::Num(n) if n == 0.0 && retry.bound.zero_is_endless => Some(false),
                _ => Some(true),
            };
        }
        Found::Open => policy.bounded = if bounded_by_default { Some(true) } else { None },
        Found::No => {}
    }
    match args.find(&retry.backoff.names, retry.backoff.position) {
        Found::Value(site) => policy.wait = wait_of(ev, site, retry),
        Found::Open => {
            if policy.wait == Some(Wait::None) {
                policy.wait = None;
            }
        }
        Found::No => {}
    }
    if let Found::Value(site) = args.find(&retry.condition, None) {
        policy.selective = selects(ev, site, policy.selective);
        if !retry.retry_after {
            policy.ignores_retry_after = too_many_requests(ev, site);
        }
    }
    policy.jitter = jitter::of_call(ev, &retry.jitter, &args.named, args.open);
    if let Found::Value(site) = args.find(&retry.statuses, None) {
        policy.client_errors = client_errors(ev, site);
    }
    policy
}

/// The statuses of a list that say that the request is wrong. 408, 409, 423, 425 and 429 can pass.
fn client_errors(ev: &Evaluator<'_>, site: Site) -> Option<(Vec<u16>, Place)> {
    let Value::List(items) = ev.eval(site) else { return None };
    let wrong: Vec<u16> = items
        .iter()
        .filter_map(|item| match ev.eval(*item) {
            Value::Num(n) if (400.0..500.0).contains(&n) => Some(n as u16),
            _ => None,
        })
        .filter(|status| !matches!(status, 408 | 409 | 423 | 425 | 429))
        .collect();
    (!wrong.is_empty()).then(|| (wrong, ev.program.place(site)))
}

/// Where a condition written as a function repeats 429, when nothing in its module looks at `Retry-After`.
fn too_many_requests(ev: &Evaluator<'_>, site: Site) -> Option<Place> {
    let unit = ev.program.unit(site.unit);
    let mut functions = vec![ev.eval(site)];
    if let Some(call) = unit.module.call(site.expr) {
        functions.extend(call.args.iter().map(|a| ev.at(site.unit, a.value)));
    }
    functions.iter().find_map(|value| match value {
        Value::Function { unit, func, .. } => names_429(ev, *unit, ev.program.unit(*unit).module.func(*func).span),
        _ => None,
    })
}

/// Where a piece of code names 429, when nothing in its module looks at `Retry-After`.
fn names_429(ev: &Evaluator<'_>, unit: UnitId, span: Span) -> Option<Place> {
    let module = &ev.program.unit(unit).module;
    let looks = module.exprs.iter().any(|e| match &e.kind {
        ExprKind::Str(n) | ExprKind::Name(n) | ExprKind::Attr { name: n, .. } => {
            n.to_lowercase().replace(['-', '_'], "").contains("retryafter")
        }
        _ => false,
    });
    if looks {
        return None;
    }
    let named = |e: &&crate::facts::module::Expr| span.contains(e.span) && e.kind == ExprKind::Num(429.0);
    let found = module.exprs.iter().find(named).map(|e| e.span).or_else(|| listed_429(module, span))?;
    Some(Place::new(ev.program.unit(unit).file, found))
}

/// Where a list that a piece of code asks for a status has 429: `RETRYABLE_STATUSES.includes(response.status)`.
fn listed_429(module: &Module, span: Span) -> Option<Span> {
    let inside = module.exprs.iter().filter(|e| span.contains(e.span));
    let asked: Vec<&smol_str::SmolStr> = inside
        .filter_map(|e| match &e.kind {
            ExprKind::Name(name) | ExprKind::Attr { name, .. } => Some(name),
            _ => None,
        })
        .filter(|name| {
            let name = name.to_lowercase();
            name.contains("status") && (name.contains("retr") || name.contains("transient"))
        })
        .collect();
    if asked.is_empty() {
        return None;
    }
    let too_many = |list: ExprId| match &module.expr(list).kind {
        ExprKind::List(items) => {
            items.iter().find(|i| module.expr(**i).kind == ExprKind::Num(429.0)).map(|i| module.expr(*i).span)
        }
        // `new Set([429, 503])`
        ExprKind::Call(call) => call.args.iter().find_map(|a| match &module.expr(a.value).kind {
            ExprKind::List(items) => {
                items.iter().find(|i| module.expr(**i).kind == ExprKind::Num(429.0)).map(|i| module.expr(*i).span)
            }
            _ => None,
        }),
        _ => None,
    };
    let assigned = module.stmts.iter().filter_map(|s| match &s.kind {
        StmtKind::Assign { target, value: Some(value), .. } => match &module.expr(*target).kind {
            ExprKind::Name(name) | ExprKind::Attr { name, .. } => Some((name, *value)),
            _ => None,
        },
        _ => None,
    });
    let fields = module.classes.iter().flat_map(|c| &c.fields).filter_map(|f| Some((&f.name, f.value?)));
    let params = module.funcs.iter().flat_map(|f| &f.params).filter_map(|p| Some((&p.name, p.default?)));
    assigned.chain(fields).chain(params).filter(|(name, _)| asked.contains(name)).find_map(|(_, list)| too_many(list))
}

/// Whether a condition keeps requests that change state from being repeated.
fn selects(ev: &Evaluator<'_>, site: Site, otherwise: bool) -> bool {
    let unit = ev.program.unit(site.unit);
    // `retry_if_exception_type(httpx.ConnectError)`: nothing was sent yet.
    if let Some(call) = unit.module.call(site.expr) {
        let names: Vec<String> = call.args.iter().flat_map(|a| names_in(&unit.module, a.value)).collect();
        let connecting = |n: &String| n.starts_with("Connect") || n == "NewConnectionError";
        let errors: Vec<&String> = names
            .iter()
            .filter(|n| n.ends_with("Error") || n.ends_with("Timeout") || n.ends_with("Exception"))
            .collect();
        return !errors.is_empty() && errors.iter().all(|n| connecting(n)) || otherwise;
    }
    match ev.eval(site) {
        // `allowed_methods=None` opens it to every method.
        Value::Null | Value::Bool(false) => false,
        Value::List(items) => {
            !items.iter().any(|i| ev.eval(*i).as_str().is_some_and(|m| matches!(m.as_str(), "POST" | "PATCH")))
        }
        Value::External(symbol) | Value::Method { symbol, .. } => {
            symbol.ends_with("isIdempotentRequestError") || symbol.ends_with("isSafeRequestError")
        }
        Value::Function { unit, func, .. } => {
            let module = &ev.program.unit(unit).module;
            let span = module.func(func).span;
            module.exprs.iter().filter(|e| span.contains(e.span)).any(|e| match &e.kind {
                ExprKind::Name(n) | ExprKind::Attr { name: n, .. } => {
                    let n = n.to_lowercase();
                    n == "method"
                        || n == "isidempotentrequesterror"
                        || n == "issaferequesterror"
                        || n.contains("idempotency")
                }
                _ => false,
            })
        }
        _ => true,
    }
}

fn wait_of(ev: &Evaluator<'_>, site: Site, retry: &Retry) -> Option<Wait> {
    let unit = ev.program.unit(site.unit);
    // `wait_fixed(1) + wait_random(0, 2)`: the strongest part.
    if let ExprKind::Binary { left, right, .. } = &unit.module.expr(site.expr).kind {
        let at = |expr| wait_of(ev, Site { unit: site.unit, expr }, retry);
        return at(*left).max(at(*right));
    }
    let last = |symbol: &str| symbol.rsplit('.').next().unwrap_or(symbol).to_string();
    match ev.eval(site) {
        Value::Num(0.0) => Some(retry.backoff.default),
        Value::Num(_) => retry.backoff.number.or(Some(retry.backoff.default)),
        Value::External(symbol) => retry.backoff.values.get(&last(&symbol)).copied(),
        Value::Instance(instance) => {
            if let Some(wait) = retry.backoff.values.get(&last(&instance.ty)) {
                return Some(*wait);
            }
            // A policy inside a policy: `HTTPAdapter(max_retries=Retry(…))`.
            let call = instance.call?;
            let (symbol, _) = ev.callee(call)?;
            let (library, rest) = ev.catalog.split(ev.program.language(call.unit), &symbol)?;
            let inner = library.retry.iter().find(|r| r.symbols.iter().any(|s| s == rest))?;
            from_catalog(ev, &library.library, inner, Some(call), ev.program.place(call)).wait
        }
        Value::Method { symbol, .. } => retry.backoff.values.get(&last(&symbol)).copied(),
        Value::Function { unit, func, .. } => {
            let module = &ev.program.unit(unit).module;
            let span = module.func(func).span;
            Some(growth(module, &|e| span.contains(module.expr(e).span)).unwrap_or(Wait::Fixed))
        }
        Value::Null => Some(Wait::None),
        _ => None,
    }
}

/// The arguments of a call: keywords, or keys of its options object.
struct Arguments {
    named: Vec<(String, Site)>,
    positional: Vec<Site>,
    open: bool,
}

enum Found {
    Value(Site),
    No,
    Open,
}

/// `retry.Attempts(3)`: an option of Go, a function of its name that is given its value.
fn option(ev: &Evaluator<'_>, site: Site) -> Option<(String, Site)> {
    let module = &ev.program.unit(site.unit).module;
    let call = module.call(site.expr).filter(|_| module.language == Language::Go)?;
    let [value] = call.args.as_slice() else { return None };
    let name = module.callee_name(site.expr)?.to_string();
    Some((name, Site { unit: site.unit, expr: value.value }))
}

impl Arguments {
    fn of(ev: &Evaluator<'_>, site: Site, options: Option<usize>) -> Option<Arguments> {
        let call = ev.program.unit(site.unit).module.call(site.expr)?;
        let mut out = Arguments { named: Vec::new(), positional: Vec::new(), open: false };
        for arg in &call.args {
            let value = Site { unit: site.unit, expr: arg.value };
            match &arg.name {
                Some(name) => out.named.push((name.to_string(), value)),
                None if arg.spread => out.open = true,
                None => {
                    out.named.extend(option(ev, value));
                    out.positional.push(value);
                }
            }
        }
        if let Some(site) = options.and_then(|o| out.positional.get(o)).copied() {
            match ev.eval(site) {
                Value::Dict(dict) => {
                    out.open |= dict.open;
                    out.named.extend(dict.entries.iter().map(|(k, v)| (k.to_string(), *v)));
                }
                Value::Num(_) => {}
                _ => out.open = true,
            }
        }
        Some(out)
    }

    fn find(&self, names: &[String], position: Option<usize>) -> Found {
        for name in names {
            if let Some((_, site)) = self.named.iter().rev().find(|(k, _)| k == name) {
                return Found::Value(*site);
            }
        }
        match position.and_then(|p| self.positional.get(p)) {
            Some(site) => Found::Value(*site),
            None if self.open => Found::Open,
            None => Found::No,
        }
    }
}

/// The policy of a loop around a call: it is a retry when a failure is caught inside the loop and the
/// loop goes on, while success leaves it.
pub fn hand_written(
    ev: &Evaluator<'_>,
    site: Site,
    loop_stmt: StmtId,
    header: &LoopHeader,
    body: &Block,
) -> Option<RetryPolicy> {
    let unit = ev.program.unit(site.unit);
    let module = &unit.module;
    // A poll loop or a loop over work is no retry: it must count, or end on success.
    let counted = match header {
        LoopHeader::Each { iter, target } => {
            let callee = module.callee_name(*iter).map(|n| n.as_str());
            // `range(3)`, and `1..3`, `0 until limit` of Kotlin
            let counts = ["range", "rangeTo", "rangeUntil", "until", "downTo"];
            if !callee.is_some_and(|name| counts.contains(&name)) || uses_as_data(module, site.expr, *target) {
                return None;
            }
            true
        }
        LoopHeader::Count { .. } => true,
        LoopHeader::While(test) => test.is_some_and(|t| {
            let text = names_in(module, t).join(" ").to_lowercase();
            ["attempt", "retry", "retries", "tries"].iter().any(|w| text.contains(w))
        }),
    };
    if module.language == Language::Go {
        return super::golang::hand_written(ev, site, loop_stmt, header, body, counted);
    }
    // `if (response.ok) return response; await sleep(…)`: the status says whether another attempt follows.
    let by_status = || asks_status(ev, site, loop_stmt, header, counted);
    let try_stmt = unit.index.ancestors(site.expr).find_map(|p| match p {
        Parent::Stmt(s) => match &module.stmt(s).kind {
            StmtKind::Try { .. } => Some(Some(s)),
            StmtKind::Loop { .. } if s == loop_stmt => Some(None),
            _ => None,
        },
        _ => None,
    })?;
    let Some(try_stmt) = try_stmt else {
        if counted && leaves_on_success(module, site, header, body) {
            let waits_after_last = pause::after_last(ev, site, loop_stmt, header);
            return Some(RetryPolicy { waits_after_last, ..loop_policy(ev, site, loop_stmt, true) });
        }
        return by_status();
    };
    let StmtKind::Try { body: guarded, handlers, .. } = &module.stmt(try_stmt).kind else { return None };
    if !module.stmt(loop_stmt).span.contains(module.stmt(try_stmt).span) || handlers.is_empty() {
        return by_status();
    }
    if handlers.iter().all(|h| leaves_always(module, &h.body)) {
        return by_status();
    }
    let ends = leaves_somewhere(module, guarded) || (counted && leaves_somewhere(module, body));
    if !ends {
        return None;
    }
    let failures = failures_of(module, handlers);
    let handler_exits = handlers.iter().any(|h: &Handler| leaves_somewhere(module, &h.body));
    let counted = counted || counts_and_leaves(module, module.stmt(loop_stmt).span);
    let waits_after_last = pause::after_last(ev, site, loop_stmt, header);
    Some(RetryPolicy { failures, waits_after_last, ..loop_policy(ev, site, loop_stmt, counted || handler_exits) })
}

/// `tries += 1` and `if tries >= limit: raise …` in the body of an endless loop.
fn counts_and_leaves(module: &Module, span: Span) -> bool {
    let inside = || module.stmts.iter().filter(|s| span.contains(s.span));
    let counters: Vec<&str> = inside()
        .filter_map(|s| match &s.kind {
            StmtKind::Assign { target, op: Some(BinaryOp::Add | BinaryOp::Sub), .. } => {
                match &module.expr(*target).kind {
                    ExprKind::Name(name) => Some(name.as_str()),
                    _ => None,
                }
            }
            _ => None,
        })
        .collect();
    let asked = |test: ExprId| names_in(module, test).iter().any(|name| counters.contains(&name.as_str()));
    inside().any(|s| match &s.kind {
        StmtKind::If { test, then, other } => {
            asked(*test) && (leaves_somewhere(module, then) || leaves_somewhere(module, other))
        }
        _ => false,
    })
}

/// The policy of a loop that counts its attempts, waits, and goes on because of the answer's status.
fn asks_status(
    ev: &Evaluator<'_>,
    site: Site,
    loop_stmt: StmtId,
    header: &LoopHeader,
    counted: bool,
) -> Option<RetryPolicy> {
    let module = &ev.program.unit(site.unit).module;
    let span = module.stmt(loop_stmt).span;
    let mut names: Vec<String> = Vec::new();
    match header {
        LoopHeader::Each { target, iter } => {
            names.extend(names_in(module, *target));
            names.extend(names_in(module, *iter));
        }
        LoopHeader::Count { test, .. } => names.extend(test.iter().flat_map(|t| names_in(module, *t))),
        LoopHeader::While(test) => names.extend(test.iter().flat_map(|t| names_in(module, *t))),
    }
    let counts = names.iter().any(|n| {
        let n = n.to_lowercase();
        ["attempt", "retr", "tries"].iter().any(|w| n.contains(w))
    });
    let inside = || module.exprs.iter().enumerate().filter(|(_, e)| span.contains(e.span));
    let waits = inside().any(|(i, _)| module.callee_name(ExprId(i as u32)).is_some_and(|n| is_sleep(n)));
    let asks = inside().any(|(_, e)| {
        matches!(&e.kind, ExprKind::Attr { name, .. } | ExprKind::Name(name)
            if name.to_lowercase().contains("status") || matches!(name.as_str(), "ok" | "is_success"))
    });
    (counted && counts && waits && asks && !module.language.has_packages())
        .then(|| loop_policy(ev, site, loop_stmt, true))
}

/// `if (response.IsSuccessStatusCode) return response;` in a loop that goes on otherwise.
fn leaves_on_success(module: &Module, site: Site, header: &LoopHeader, body: &Block) -> bool {
    if !module.language.has_packages() {
        return false;
    }
    // `for (var i = 0; i < hosts.Length; i++)` asks somebody else each time.
    if let LoopHeader::Count { init, .. } = header
        && init.iter().any(|s| match &module.stmt(*s).kind {
            StmtKind::Assign { target, .. } => uses_as_data(module, site.expr, *target),
            _ => false,
        })
    {
        return false;
    }
    let succeeds = |test: ExprId| {
        let name = match &module.expr(test).kind {
            ExprKind::Attr { name, .. } => name,
            ExprKind::Call(_) => match module.callee_name(test) {
                Some(name) => name,
                None => return false,
            },
            _ => return false,
        };
        matches!(name.as_str(), "IsSuccessStatusCode" | "isSuccessful" | "is2xxSuccessful")
    };
    body.iter().any(|s| match &module.stmt(*s).kind {
        StmtKind::If { test, then, .. } => succeeds(*test) && leaves_always(module, then),
        _ => false,
    })
}

/// Which failures the handlers of a loop let it go on after.
fn failures_of(module: &Module, handlers: &[Handler]) -> Failures {
    let types = |h: &Handler| h.types.iter().flat_map(|t| names_in(module, *t)).collect::<Vec<String>>();
    let mut repeated = Vec::new();
    for handler in handlers {
        let names = types(handler);
        if leaves_always(module, &handler.body) {
            // What is let out first is not repeated by a wider handler behind it.
            if Failures::Types(names).has_client_errors() {
                return Failures::Unknown;
            }
        } else if decides(module, handler.span) {
            // `if error.response.status_code not in REPEATED: raise`
            return Failures::Unknown;
        } else if names.is_empty() {
            return Failures::Every;
        } else {
            repeated.extend(names);
        }
    }
    Failures::Types(repeated)
}

/// The policy of a loop.
pub(super) fn loop_policy(ev: &Evaluator<'_>, site: Site, loop_stmt: StmtId, bounded: bool) -> RetryPolicy {
    let span = ev.program.unit(site.unit).module.stmt(loop_stmt).span;
    span_policy(ev, site, span, bounded)
}

/// The policy of code that is run again for each attempt.
pub(super) fn span_policy(ev: &Evaluator<'_>, site: Site, span: Span, bounded: bool) -> RetryPolicy {
    let unit = ev.program.unit(site.unit);
    let module = &unit.module;
    let sleeps: Vec<ExprId> = module
        .exprs
        .iter()
        .enumerate()
        .filter(|(_, e)| span.contains(e.span))
        .map(|(i, _)| ExprId(i as u32))
        .filter(|e| module.callee_name(*e).is_some_and(|n| is_sleep(n)))
        .collect();
    let wait = if sleeps.is_empty() {
        Some(Wait::None)
    } else {
        let grows = growth(module, &|e| span.contains(module.expr(e).span));
        grows.or_else(|| (!is_computed(module, span, &sleeps)).then_some(Wait::Fixed))
    };
    let place = Place::new(unit.file, Span { start: span.start, end: span.start + 1 });
    RetryPolicy {
        bounded: Some(bounded),
        jitter: jitter::of_loop(unit, span, &sleeps),
        wait,
        ignores_retry_after: names_429(ev, site.unit, span)
            .filter(|place| !given_up(module, span, *place))
            .or_else(|| asked_for_429(ev, site.unit, span)),
        covers: vec![(site.unit, span)],
        ..RetryPolicy::immediate(place, "a loop")
    }
}

/// The condition at a place ends the loop: `if (status === 429) throw …`, which no handler in the loop takes.
fn given_up(module: &Module, span: Span, place: Place) -> bool {
    let inside = || module.stmts.iter().filter(|s| span.contains(s.span));
    let thrown = |then: &Block| then.last().is_some_and(|s| matches!(module.stmt(*s).kind, StmtKind::Throw(_)));
    let is_caught = |at: Span| {
        inside().any(|s| match &s.kind {
            StmtKind::Try { body, handlers, .. } => {
                body.iter().any(|b| module.stmt(*b).span.contains(at))
                    && !handlers.is_empty()
                    && handlers.iter().all(|h| !leaves_always(module, &h.body))
            }
            _ => false,
        })
    };
    inside().any(|s| match &s.kind {
        StmtKind::If { test, then, .. } => {
            module.expr(*test).span.contains(place.span)
                && leaves_always(module, then)
                && !(thrown(then) && is_caught(s.span))
        }
        _ => false,
    })
}

/// The same in a function of ours that code asks whether to try again: `if (!this.isRetryable(error)) break`.
fn asked_for_429(ev: &Evaluator<'_>, unit: UnitId, span: Span) -> Option<Place> {
    let linked = ev.program.unit(unit);
    let module = &linked.module;
    let asks = |name: &str| {
        let name = name.to_lowercase();
        ["retryable", "shouldretry", "should_retry", "canretry", "can_retry", "transient"]
            .iter()
            .any(|w| name.contains(w))
    };
    let calls = linked.index.calls.iter().filter(|c| span.contains(module.expr(c.expr).span));
    let asked = calls.filter(|c| module.callee_name(c.expr).is_some_and(|name| asks(name)));
    asked.filter_map(|c| module.call(c.expr)).find_map(|call| {
        ev.at(unit, call.callee).alternatives().iter().find_map(|value| match value {
            Value::Function { unit, func, .. } => names_429(ev, *unit, ev.program.unit(*unit).module.func(*func).span),
            _ => None,
        })
    })
}

/// A function makes the pause from the number of the attempt: `sleep(delay_of(attempt))`, also through a variable.
fn is_computed(module: &Module, span: Span, sleeps: &[ExprId]) -> bool {
    let counts = |name: &String| {
        let name = name.to_lowercase();
        name.len() == 1 || ["attempt", "retr", "tries", "count"].iter().any(|word| name.contains(word))
    };
    let asks = |e: ExprId| {
        module.call(e).is_some_and(|call| call.args.iter().any(|a| names_in(module, a.value).iter().any(counts)))
    };
    let assigned = |name: &str| {
        module.stmts.iter().filter(|s| span.contains(s.span)).any(|s| match &s.kind {
            StmtKind::Assign { target, value: Some(value), .. } => {
                matches!(&module.expr(*target).kind, ExprKind::Name(known) if known == name) && asks(*value)
            }
            _ => false,
        })
    };
    let pauses = sleeps.iter().filter_map(|sleep| module.call(*sleep)).flat_map(|call| &call.args);
    pauses.map(|a| a.value).any(|pause| match &module.expr(pause).kind {
        ExprKind::Name(name) => is_counter(name) || assigned(name),
        // `sleep(attempt + 1)`
        ExprKind::Binary { .. } => names_in(module, pause).iter().any(|name| is_counter(name)),
        _ => asks(pause),
    })
}

/// `attempt`, `i`, `retries`, unlike `retry_delay`.
fn is_counter(name: &str) -> bool {
    let name = name.to_lowercase();
    name.len() == 1 || name.contains("attempt") || name.ends_with("tries") || name.ends_with("count") || name == "retry"
}

pub(super) fn is_sleep(name: &str) -> bool {
    let name = name.to_lowercase();
    matches!(name.as_str(), "sleep" | "delay" | "wait" | "after" | "settimeout" | "backoff" | "timer" | "pause")
        || name.ends_with("sleep")
        || name.ends_with("delay")
        || name.ends_with("backoff")
}

/// Whether some of the expressions grow with the attempt: a power, a shift, a product with a variable,
/// `delay *= 2`.
pub(super) fn growth(module: &Module, inside: &dyn Fn(ExprId) -> bool) -> Option<Wait> {
    for (i, expr) in module.exprs.iter().enumerate() {
        if !inside(ExprId(i as u32)) {
            continue;
        }
        match &expr.kind {
            ExprKind::Binary { op: BinaryOp::Pow | BinaryOp::Shl, .. } => return Some(Wait::Exponential),
            ExprKind::Binary { op: BinaryOp::Mul, left, right } => {
                let variable = |e: ExprId| match &module.expr(e).kind {
                    ExprKind::Name(_) | ExprKind::Binary { .. } => true,
                    // `time.Duration(attempt) * time.Second`
                    ExprKind::Call(call) => {
                        call.args.iter().any(|a| matches!(module.expr(a.value).kind, ExprKind::Name(_)))
                    }
                    _ => false,
                };
                if variable(*left) || variable(*right) {
                    return Some(Wait::Exponential);
                }
            }
            // `delays[attempt]`, unlike `answer["status"]` and `Read<Answer>()`
            ExprKind::Index { index, .. } => {
                let counts = match &module.expr(*index).kind {
                    ExprKind::Name(name) => name.starts_with(char::is_lowercase),
                    ExprKind::Binary { .. } => true,
                    _ => false,
                };
                if counts {
                    return Some(Wait::Exponential);
                }
            }
            ExprKind::Call(_) => {
                let name = module.callee_name(ExprId(i as u32)).map_or("", |n| n.as_str());
                if matches!(name, "pow" | "Pow" | "expo" | "exponentialDelay")
                    || name.to_lowercase().contains("backoff")
                {
                    return Some(Wait::Exponential);
                }
            }
            _ => {}
        }
    }
    let grows = module.stmts.iter().any(|s| match &s.kind {
        StmtKind::Assign { target, op: Some(BinaryOp::Mul | BinaryOp::Pow | BinaryOp::Shl), .. } => inside(*target),
        _ => false,
    });
    grows.then_some(Wait::Exponential)
}

/// The loop variable picks what is sent: a loop over work.
pub(super) fn uses_as_data(module: &Module, call: ExprId, target: ExprId) -> bool {
    let ExprKind::Name(variable) = &module.expr(target).kind else { return false };
    let Some(call) = module.call(call) else { return false };
    call.args.iter().any(|a| names_in(module, a.value).contains(&variable.to_string()))
}

pub(super) fn names_in(module: &Module, root: ExprId) -> Vec<String> {
    let mut todo = vec![root];
    let mut out = Vec::new();
    while let Some(e) = todo.pop() {
        match &module.expr(e).kind {
            ExprKind::Name(n) | ExprKind::Attr { name: n, .. } => out.push(n.to_string()),
            _ => {}
        }
        todo.extend(module.children(e));
    }
    out
}

fn leaves_always(module: &Module, block: &Block) -> bool {
    for stmt in block {
        match &module.stmt(*stmt).kind {
            StmtKind::Return(_) | StmtKind::Throw(_) | StmtKind::Break => return true,
            StmtKind::If { then, other, .. } => {
                if leaves_always(module, then) && leaves_always(module, other) {
                    return true;
                }
                // `if attempt < max: sleep(…); continue` before the `raise`.
                if goes_on(module, then) || goes_on(module, other) {
                    return false;
                }
            }
            StmtKind::Block(inner) if leaves_always(module, inner) => return true,
            StmtKind::Continue => return false,
            _ => {}
        }
    }
    false
}

/// A block that begins the next turn of its loop, at its end or on a condition.
fn goes_on(module: &Module, block: &Block) -> bool {
    block.iter().any(|s| match &module.stmt(*s).kind {
        StmtKind::Continue => true,
        StmtKind::If { then, other, .. } => goes_on(module, then) || goes_on(module, other),
        StmtKind::Block(inner) => goes_on(module, inner),
        _ => false,
    })
}

pub(super) fn leaves_somewhere(module: &Module, block: &Block) -> bool {
    block.iter().any(|s| match &module.stmt(*s).kind {
        StmtKind::Return(_) | StmtKind::Throw(_) | StmtKind::Break => true,
        StmtKind::If { then, other, .. } => leaves_somewhere(module, then) || leaves_somewhere(module, other),
        StmtKind::Try { body, handlers, finally } => {
            leaves_somewhere(module, body)
                || leaves_somewhere(module, finally)
                || handlers.iter().any(|h| leaves_somewhere(module, &h.body))
        }
        StmtKind::With { body, .. } | StmtKind::Block(body) => leaves_somewhere(module, body),
        _ => false,
    })
}
