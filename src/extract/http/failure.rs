//! Which failures a retry repeats and a breaker counts, and where an answer of 4xx becomes one.
//!
//! A 4xx says that the request is wrong: the same request fails again, and the peer is healthy. Whether it
//! reaches a guard is decided in three places: the library or the code turns the status into an exception,
//! the guard selects exceptions, and the code between them may look at the status.

use super::retry::names_in;
use super::{Guard, HttpClient, HttpRequest, RetryPolicy};
use crate::catalog::http::Selection;
use crate::facts::module::{ExprId, ExprKind, FuncId, Language, Module, StmtKind};
use crate::program::index::Binding;
use crate::program::{Evaluator, Parent, Site, UnitId, Value};
use crate::syntax::{Place, Span};

/// Which failures a guard acts on.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Failures {
    /// Each one.
    Every,
    /// Exceptions of some types, by their last names.
    Types(Vec<String>),
    /// Code decides, or it could not be read.
    #[default]
    Unknown,
}

/// Types of exceptions that an answer of 4xx is, or that are above those.
const CLIENT_ERRORS: [&str; 11] = [
    "Exception",
    "BaseException",
    "Throwable",
    "Error",
    "HTTPStatusError",
    "HTTPError",
    "RequestException",
    "ClientError",
    "ClientResponseError",
    "AxiosError",
    "RestClientException",
];

impl Failures {
    /// True when an answer of 4xx that is thrown is among them.
    pub fn has_client_errors(&self) -> bool {
        match self {
            Failures::Every => true,
            Failures::Types(types) => types.iter().any(|t| CLIENT_ERRORS.contains(&t.as_str())),
            Failures::Unknown => false,
        }
    }
}

/// An answer of 4xx that becomes an exception.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Thrown {
    /// The module.
    pub unit: UnitId,
    /// The bytes of the expression that throws.
    pub span: Span,
    /// The same as a place.
    pub place: Place,
    /// The library throws by itself: whatever stands around the request is reached.
    pub by_library: bool,
}

impl Thrown {
    /// True when it leaves the code that a guard runs.
    fn reaches(&self, covers: &[(UnitId, Span)]) -> bool {
        self.by_library || covers.iter().any(|(unit, span)| *unit == self.unit && span.contains(self.span))
    }
}

impl HttpRequest {
    /// The retries that repeat it after an answer of 4xx.
    pub fn repeated_client_errors(&self) -> Option<(&RetryPolicy, Place)> {
        let thrown = self.thrown?;
        let policy = self.retries().find(|p| p.failures.has_client_errors() && thrown.reaches(&p.covers))?;
        Some((policy, thrown.place))
    }

    /// The breaker that counts an answer of 4xx as a failure, its library, and where that is thrown.
    pub fn counted_client_errors(&self) -> Option<(Place, &str, Place)> {
        let thrown = self.thrown?;
        self.guards.iter().find_map(|guard| match guard {
            Guard::Breaker { place, library, inert: None, counts, covers }
                if counts.has_client_errors() && thrown.reaches(covers) =>
            {
                Some((*place, library.as_str(), thrown.place))
            }
            _ => None,
        })
    }
}

/// Reads which failures a guard of the catalog acts on.
pub(super) fn selected(ev: &Evaluator<'_>, form: &Selection, call: Option<Site>) -> Failures {
    let otherwise = if form.every { Failures::Every } else { Failures::Unknown };
    let Some((site, call)) = call.and_then(|s| Some((s, ev.program.unit(s.unit).module.call(s.expr)?))) else {
        return otherwise;
    };
    let at = |expr| Site { unit: site.unit, expr };
    let mut named: Vec<(String, Site)> = Vec::new();
    let mut open = call.args.iter().any(|a| a.spread);
    let positional: Vec<ExprId> = call.args.iter().filter(|a| a.name.is_none() && !a.spread).map(|a| a.value).collect();
    named.extend(call.args.iter().filter_map(|a| Some((a.name.as_ref()?.to_string(), at(a.value)))));
    if let Some(options) = form.options.and_then(|n| positional.get(n)) {
        match ev.at(site.unit, *options) {
            Value::Dict(dict) => {
                open |= dict.open;
                named.extend(dict.entries.iter().map(|(k, v)| (k.to_string(), *v)));
            }
            Value::Num(_) => {}
            _ => open = true,
        }
    }
    // `onFailedAttempt` decides only where it throws.
    let decides = |(name, value): &(String, Site)| {
        form.code.contains(name) && !(name.starts_with("on") && never_throws(ev, *value))
    };
    if open || named.iter().any(decides) {
        return Failures::Unknown;
    }
    let types = named.iter().find(|(name, _)| form.types.contains(name)).map(|(_, s)| *s);
    match types.or_else(|| form.position.and_then(|n| positional.get(n)).map(|e| at(*e))) {
        Some(site) => types_of(ev, site, 0),
        None => otherwise,
    }
}

/// True for a function that throws nothing and calls nothing that could, but a logger.
fn never_throws(ev: &Evaluator<'_>, site: Site) -> bool {
    match ev.eval(site) {
        Value::Function { unit, func, .. } => {
            crate::extract::saga::failure::logs_only(&ev.program.unit(unit).module, func)
        }
        _ => false,
    }
}

/// The types that an argument names: `httpx.TransportError`, a tuple of them,
/// `retry_if_exception_type(…)`, `handleAll`.
fn types_of(ev: &Evaluator<'_>, site: Site, depth: u32) -> Failures {
    let unit = ev.program.unit(site.unit);
    if depth > 3 || matches!(ev.eval(site), Value::Function { .. }) {
        return Failures::Unknown;
    }
    if let ExprKind::Name(name) = &unit.module.expr(site.expr).kind
        && let Some((_, [Binding::Value(value)])) = unit.index.lookup(&unit.module, unit.index.func_of(site.expr), name)
        && *value != site.expr
    {
        return types_of(ev, Site { unit: site.unit, expr: *value }, depth + 1);
    }
    let names = names_in(&unit.module, site.expr);
    if names.iter().any(|n| n == "handleAll") {
        return Failures::Every;
    }
    // Conditions that a function or an answer decides.
    let decided = |n: &String| {
        matches!(n.as_str(), "retry_if_exception" | "retry_if_result" | "retry_all" | "handleWhen" | "orWhen")
            || n.starts_with("retry_if_not")
            || n.starts_with("retry_unless")
    };
    let types: Vec<String> = names.iter().filter(|n| n.starts_with(char::is_uppercase)).cloned().collect();
    if names.iter().any(decided) || types.is_empty() { Failures::Unknown } else { Failures::Types(types) }
}

/// Says of each request where an answer of 4xx becomes an exception.
pub(super) fn apply(ev: &Evaluator<'_>, clients: &mut [HttpClient]) {
    for client in clients {
        let lenient = names_option(&ev.program.unit(client.site.unit).module);
        for request in &mut client.requests {
            let module = &ev.program.unit(request.site.unit).module;
            if !lenient && !names_option(module) {
                request.thrown = thrown(ev, request.site, client.rejects).or_else(|| by_policy(request));
            }
        }
    }
}

/// A policy of Polly that takes each answer without success for a failure; nothing needs to be thrown then.
fn by_policy(request: &HttpRequest) -> Option<Thrown> {
    let place = request.guards.iter().find_map(|guard| match guard {
        Guard::Breaker { place, library, counts: Failures::Every, .. } if library == "Polly" => Some(*place),
        Guard::Retry(policy) if policy.library == "Polly" && policy.failures == Failures::Every => Some(policy.place),
        _ => None,
    })?;
    Some(Thrown { unit: request.site.unit, span: place.span, place, by_library: true })
}

/// Options that change which statuses are failures.
fn names_option(module: &Module) -> bool {
    module.exprs.iter().any(|e| {
        matches!(&e.kind, ExprKind::Str(n) | ExprKind::Attr { name: n, .. }
            if matches!(n.as_str(), "validateStatus" | "throwHttpErrors" | "ignoreResponseError"))
    })
}

fn thrown(ev: &Evaluator<'_>, site: Site, rejects: bool) -> Option<Thrown> {
    let unit = ev.program.unit(site.unit);
    let module = &unit.module;
    let func = unit.index.func_of(site.expr)?;
    let span = module.func(func).span;
    if decides(module, span) {
        return None;
    }
    if rejects {
        let place = ev.program.place(site);
        // What is caught on the way does not get further as it is, except by a loop that goes on.
        return (!caught(ev, site.unit, site.expr)).then_some(Thrown {
            unit: site.unit,
            span: module.expr(site.expr).span,
            place,
            by_library: true,
        });
    }
    let behind = |at: Span| span.contains(at) && at.start > module.expr(site.expr).span.start;
    // `response.raise_for_status()`
    let raises = unit.index.calls.iter().map(|c| c.expr).find(|&e| {
        behind(module.expr(e).span)
            && innermost(ev, site.unit, e) == Some(func)
            && module.callee_name(e).is_some_and(|n| n == "raise_for_status")
    });
    let (at, expr) = match raises {
        Some(expr) => (module.expr(expr).span, expr),
        None => {
            // `if (!response.ok) throw …`
            let (test, at) = module.stmts.iter().filter(|s| behind(s.span)).find_map(|s| match &s.kind {
                StmtKind::If { test, then, .. } if is_not_ok(module, *test) => then.iter().find_map(|t| {
                    matches!(module.stmt(*t).kind, StmtKind::Throw(Some(_))).then_some((*test, module.stmt(*t).span))
                }),
                _ => None,
            })?;
            (at, test)
        }
    };
    if unit.index.func_of(expr) != Some(func) || caught(ev, site.unit, expr) {
        return None;
    }
    let file = unit.file;
    Some(Thrown { unit: site.unit, span: at, place: Place::new(file, at), by_library: false })
}

fn innermost(ev: &Evaluator<'_>, unit: UnitId, expr: ExprId) -> Option<FuncId> {
    ev.program.unit(unit).index.func_of(expr)
}

/// `!response.ok`, `not response.is_success`
fn is_not_ok(module: &Module, test: ExprId) -> bool {
    let ExprKind::Not(inner) = &module.expr(test).kind else { return false };
    matches!(&module.expr(*inner).kind, ExprKind::Attr { name, .. } if matches!(name.as_str(), "ok" | "is_success"))
}

/// A `try` with handlers around an expression, in its own function, that is no part of a loop.
fn caught(ev: &Evaluator<'_>, unit: UnitId, expr: ExprId) -> bool {
    let unit = ev.program.unit(unit);
    let module = &unit.module;
    let mut tries = false;
    for parent in unit.index.ancestors(expr) {
        match parent {
            Parent::Func(_) => break,
            Parent::Stmt(s) => match &module.stmt(s).kind {
                StmtKind::Try { body, handlers, .. } if !handlers.is_empty() => {
                    let at = module.expr(expr).span;
                    // `except requests.Timeout` lets an answer of 4xx pass.
                    let catches = |types: &[ExprId]| {
                        types.is_empty()
                            || Failures::Types(types.iter().flat_map(|t| names_in(module, *t)).collect())
                                .has_client_errors()
                            || module.language != Language::Python
                    };
                    tries |= body.iter().any(|b| module.stmt(*b).span.contains(at))
                        && handlers.iter().any(|h| catches(&h.types));
                }
                // The loop is the retry.
                StmtKind::Loop { .. } => return false,
                _ => {}
            },
            // `.catch(…)`
            Parent::Expr(e) => {
                tries |= matches!(&module.expr(e).kind, ExprKind::Attr { name, .. } if name == "catch" || name == "catchError");
            }
            _ => {}
        }
    }
    tries
}

/// True for code that tells one failure from another: it names the status, or something that stands for the
/// decision. What is only put into the thrown error, a log or a list does not count.
pub(super) fn decides(module: &Module, span: Span) -> bool {
    // `attempts.push({ status: error.response?.status })` keeps what happened for somebody to read.
    let is_kept = |expr: ExprId| {
        module.callee_name(expr).is_some_and(|n| matches!(n.as_str(), "push" | "append" | "Add" | "add"))
    };
    let is_told = |kind: &StmtKind| match kind {
        StmtKind::Throw(_) => true,
        StmtKind::Expr(expr) => is_kept(*expr),
        _ => false,
    };
    let thrown: Vec<Span> =
        module.stmts.iter().filter(|s| span.contains(s.span) && is_told(&s.kind)).map(|s| s.span).collect();
    module.exprs.iter().any(|e| {
        if !span.contains(e.span) || thrown.iter().any(|t| t.contains(e.span)) {
            return false;
        }
        let (ExprKind::Name(name) | ExprKind::Attr { name, .. }) = &e.kind else { return false };
        // The types of exceptions in a handler are looked at by themselves.
        if CLIENT_ERRORS.contains(&name.as_str()) {
            return false;
        }
        let name = name.to_lowercase().replace('_', "");
        if matches!(name.as_str(), "raiseforstatus" | "ensuresuccessstatuscode") {
            return false;
        }
        name == "code"
            || name == "response.status"
            || [
                "status",
                "retryable",
                "transient",
                "aborterror",
                "bail",
                "giveup",
                "permanent",
                "fatal",
                "isclienterror",
                "shouldretry",
                "isretry",
                "unretr",
                "nonretr",
            ]
            .iter()
            .any(|word| name.contains(word))
    })
}
