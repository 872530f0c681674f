//! Handlers around a request that lose its error: nothing of it is logged, kept or passed on.

use super::retry::names_in;
use crate::facts::module::{Block, ExprId, ExprKind, Language, Module, StmtKind};
use crate::program::types::simple_name;
use crate::program::{Evaluator, Parent, Site};
use crate::syntax::{Place, Span};

/// A handler that loses the error of a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lost {
    /// The handler, or the error that is thrown instead.
    pub place: Place,
    /// What it does instead.
    pub instead: Instead,
}

/// What a handler does without the error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instead {
    /// It throws another one.
    Throws,
    /// It returns, as if nothing had happened.
    Returns,
    /// It answers that something went wrong, whatever that was: `return StatusCode(503, "Unavailable")`.
    Answers,
}

/// The handler in the function of a request that loses its error.
pub(super) fn lost(ev: &Evaluator<'_>, site: Site) -> Option<Lost> {
    let unit = ev.program.unit(site.unit);
    let module = &unit.module;
    let at = module.expr(site.expr).span;
    if let Some(func) = unit.index.func_of(site.expr)
        && asks_whether_alive(&module.func(func).name)
    {
        return None;
    }
    let mut found = None;
    for parent in unit.index.ancestors(site.expr) {
        match parent {
            Parent::Func(_) | Parent::Class(_) | Parent::Top => break,
            Parent::Stmt(s) => match &module.stmt(s).kind {
                // What is tried again loses nothing yet.
                StmtKind::Loop { .. } => return None,
                StmtKind::Try { body, handlers, .. } if found.is_none() => {
                    if !body.iter().any(|b| module.stmt(*b).span.contains(at)) {
                        continue;
                    }
                    // The handler that gets everything else comes last.
                    let Some(handler) = handlers.last() else { continue };
                    let all = |t: &ExprId| {
                        simple_name(module, *t)
                            .is_some_and(|n| matches!(n.as_str(), "Exception" | "BaseException" | "Throwable"))
                    };
                    if !handler.types.is_empty() && !handler.types.iter().any(all) {
                        continue;
                    }
                    let instead = of_handler(module, &handler.body, handler.name.as_deref());
                    // Python chains what is raised in a handler by itself.
                    let chained = module.language == Language::Python && matches!(instead, Some((Instead::Throws, _)));
                    found = instead.filter(|_| !chained).map(|(instead, span)| Lost {
                        place: Place::new(unit.file, span.unwrap_or(head(handler.span))),
                        instead,
                    });
                    found.as_ref()?;
                }
                _ => {}
            },
            Parent::Expr(_) => {}
        }
    }
    found
}

/// The first word of a handler.
fn head(span: Span) -> Span {
    Span { start: span.start, end: (span.start + 5).min(span.end) }
}

/// What is thrown or returned when nothing of the error is used.
fn of_handler(module: &Module, body: &Block, bound: Option<&str>) -> Option<(Instead, Option<Span>)> {
    let (first, last) = body.first().zip(body.last())?;
    let span = Span { start: module.stmt(*first).span.start, end: module.stmt(*last).span.end };
    let inside = || module.exprs.iter().enumerate().filter(|(_, e)| span.contains(e.span));
    let uses = inside().any(|(_, e)| matches!(&e.kind, ExprKind::Name(n) if Some(n.as_str()) == bound));
    let tells = inside().any(|(i, e)| matches!(e.kind, ExprKind::Call(_)) && is_told(module, ExprId(i as u32)));
    if uses || tells || inside().any(|(_, e)| matches!(e.kind, ExprKind::Lambda(_))) {
        return None;
    }
    match &module.stmt(*last).kind {
        StmtKind::Throw(Some(value)) => Some((Instead::Throws, Some(module.expr(*value).span))),
        StmtKind::Return(value) if body.len() == 1 => {
            if value.is_some_and(|v| is_answer(module, v)) {
                return Some((Instead::Answers, None));
            }
            let constant = value.is_none_or(|v| is_constant(module, v));
            constant.then_some((Instead::Returns, None))
        }
        _ => None,
    }
}

fn is_constant(module: &Module, expr: ExprId) -> bool {
    match &module.expr(expr).kind {
        ExprKind::Null | ExprKind::Bool(_) | ExprKind::Num(_) | ExprKind::Str(_) => true,
        ExprKind::List(items) => items.is_empty(),
        ExprKind::Dict(entries) => entries.is_empty(),
        ExprKind::Name(name) => name == "undefined",
        _ => false,
    }
}

/// An answer of a controller that is the same whatever happened.
/// <https://learn.microsoft.com/en-us/dotnet/api/microsoft.aspnetcore.mvc.controllerbase>
fn is_answer(module: &Module, expr: ExprId) -> bool {
    let Some(call) = module.call(expr).filter(|_| module.language == Language::CSharp) else { return false };
    let answers = ["StatusCode", "Problem", "BadRequest", "NotFound", "InternalServerError", "UnprocessableEntity"];
    let fixed = |expr: ExprId| {
        is_constant(module, expr)
            // `StatusCodes.Status503ServiceUnavailable`
            || names_in(module, expr).first().is_some_and(|n| n.starts_with("Status5") || n.starts_with("Status4"))
    };
    module.callee_name(expr).is_some_and(|name| answers.contains(&name.as_str()))
        && call.args.iter().all(|arg| fixed(arg.value))
}

/// A call that leaves a trace: a log line, a metric, an alert, another function of ours that takes over.
fn is_told(module: &Module, call: ExprId) -> bool {
    const WORDS: [&str; 24] = [
        "log",
        "console",
        "warn",
        "error",
        "exception",
        "print",
        "debug",
        "info",
        "trace",
        "capture",
        "report",
        "sentry",
        "notify",
        "metric",
        "counter",
        "inc",
        "emit",
        "fail",
        "record",
        "alert",
        "fallback",
        "handle",
        "toast",
        "next",
    ];
    let Some(call) = module.call(call) else { return false };
    // `new BadGatewayException("…")` tells nobody anything.
    if call.is_new {
        return false;
    }
    names_in(module, call.callee).iter().any(|n| {
        let n = n.to_lowercase();
        WORDS.iter().any(|w| n.contains(w))
    })
}

/// The answer to the question is in the failure itself.
fn asks_whether_alive(name: &str) -> bool {
    let name = name.to_lowercase();
    ["health", "ping", "alive", "ready", "reachable", "available", "probe", "check", "exists", "is_", "verify", "valid"]
        .iter()
        .any(|w| name.contains(w))
        || name.starts_with("is")
        || name.starts_with("has")
        || name.starts_with("try")
        || name.starts_with("can")
}
