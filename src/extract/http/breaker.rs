//! Circuit breakers that are written by hand.

use super::InScope;
use super::failure::{Failures, decides};
use super::late;
use crate::facts::module::{BinaryOp, ClassId, ExprId, ExprKind, Function, Module, StmtKind};
use crate::program::types::simple_name;
use crate::program::{Evaluator, Unit};
use crate::syntax::{Place, Span};

/// A class that is a circuit breaker.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnBreaker {
    /// The class's name.
    pub name: String,
    /// The place of the name.
    pub place: Place,
    /// Where it becomes half-open without a limit on who gets through; none when there is a limit, or none
    /// was understood.
    pub unbounded_half_open: Option<Place>,
    /// Where any success closes it, also one of a call from before it opened; none when the state is asked for
    /// before, or it was not understood.
    pub late_success: Option<Place>,
}

/// A breaker written by hand is recognised by its name: nobody calls anything else a circuit breaker.
pub(super) fn is_breaker_name(name: &str) -> bool {
    let name = name.to_lowercase().replace(['_', '-'], "");
    name.contains("circuitbreaker") || name == "breaker" || name.contains("withbreaker")
}

/// The breakers written by hand in production code.
pub fn breakers(ev: &Evaluator<'_>, in_scope: &InScope<'_>) -> Vec<OwnBreaker> {
    let mut out = Vec::new();
    for id in ev.program.ids().filter(|u| in_scope(*u)) {
        let unit = ev.program.unit(id);
        for (i, class) in unit.module.classes.iter().enumerate() {
            let named = is_breaker_name(&class.name);
            if !named || class.methods.is_empty() || !class.bases.is_empty() {
                continue;
            }
            out.push(OwnBreaker {
                name: class.name.to_string(),
                place: Place::new(unit.file, class.name_span),
                unbounded_half_open: half_open(unit, ClassId(i as u32))
                    .or_else(|| lets_through(unit, ClassId(i as u32))),
                late_success: late::closes(unit, ClassId(i as u32)),
            });
        }
    }
    out
}

/// `HALF_OPEN`, `"half-open"`, `State.HalfOpen`
fn is_half_open(text: &str) -> bool {
    text.to_lowercase().replace(['_', '-', ' '], "") == "halfopen"
}

/// Where a breaker becomes half-open when nothing in it can limit the probes: no counter, flag, lock or
/// permit of any kind is named.
fn half_open(unit: &Unit, class: ClassId) -> Option<Place> {
    const LIMITS: [&str; 18] = [
        "probe",
        "trial",
        "inflight",
        "halfopencall",
        "halfopencount",
        "halfopenattempt",
        "halfopenmax",
        "maxhalfopen",
        "halfopenrequest",
        "permit",
        "semaphore",
        "lock",
        "mutex",
        "synchron",
        "compareandset",
        "testing",
        "pending",
        "atomic",
    ];
    let module = &unit.module;
    let span = module.class(class).span;
    let inside = |at: Span| span.contains(at);
    let limited = module.exprs.iter().filter(|e| inside(e.span)).any(|e| match &e.kind {
        ExprKind::Name(n) | ExprKind::Attr { name: n, .. } => {
            let n = n.to_lowercase().replace('_', "");
            LIMITS.iter().any(|w| n.contains(w))
        }
        _ => false,
    });
    let hidden = module.class(class).fields.iter().any(|f| {
        let n = f.name.to_lowercase().replace('_', "");
        LIMITS.iter().any(|w| n.contains(w))
    });
    if limited || hidden {
        return None;
    }
    // The method that calls what it protects goes half-open itself, or asks a method that does; a timer may
    // do it: `setTimeout(() => (this.state = 'HALF_OPEN'), 30000)`.
    let becomes_half_open = |target: ExprId, value: ExprId| {
        let named = match &module.expr(value).kind {
            ExprKind::Str(text) => is_half_open(text),
            ExprKind::Attr { name, .. } | ExprKind::Name(name) => is_half_open(name),
            _ => false,
        };
        named && matches!(module.expr(target).kind, ExprKind::Attr { .. })
    };
    let statements = module.stmts.iter().filter_map(|s| match &s.kind {
        StmtKind::Assign { value: Some(value), target, .. } if becomes_half_open(*target, *value) => Some(s.span),
        _ => None,
    });
    let expressions = module.exprs.iter().filter_map(|e| match &e.kind {
        ExprKind::Assign { target, value } if becomes_half_open(*target, *value) => Some(e.span),
        _ => None,
    });
    let becomes = statements.chain(expressions).find(|at| inside(*at))?;
    Some(Place::new(unit.file, becomes))
}

/// `case StateHalfOpen: return nil`: whoever asks while it is half-open may call.
fn lets_through(unit: &Unit, class: ClassId) -> Option<Place> {
    let module = &unit.module;
    let asks = |name: &str| {
        let name = name.to_lowercase().replace('_', "");
        ["allow", "can", "before", "permit", "acquire", "ready", "available"].iter().any(|w| name.contains(w))
    };
    let methods = module.funcs.iter().filter(|f| f.class == Some(class) && asks(&f.name));
    let names_it = |test: ExprId| match module.expr(test).kind {
        ExprKind::Binary { op: BinaryOp::Eq, left, right } => {
            [left, right].into_iter().any(|e| match &module.expr(e).kind {
                ExprKind::Str(text) => is_half_open(text),
                ExprKind::Attr { name, .. } | ExprKind::Name(name) => {
                    is_half_open(name) || is_half_open(name.trim_start_matches("State"))
                }
                _ => false,
            })
        }
        _ => false,
    };
    methods.flat_map(|f| module.stmts.iter().filter(|s| f.span.contains(s.span))).find_map(|s| {
        let StmtKind::If { test, then, .. } = &s.kind else { return None };
        let [only] = then.as_slice() else { return None };
        let StmtKind::Return(Some(value)) = module.stmt(*only).kind else { return None };
        let admits = matches!(module.expr(value).kind, ExprKind::Bool(true) | ExprKind::Null);
        (admits && names_it(*test)).then(|| Place::new(unit.file, module.stmt(*only).span))
    })
}

/// Which failures a breaker written by hand counts: each, where it catches all and tells none from another.
pub(super) fn counted(unit: &Unit, function: &Function) -> Failures {
    let module = &unit.module;
    let span = match function.class {
        Some(class) => module.class(class).span,
        None => function.span,
    };
    let catches_all = module.stmts.iter().filter(|s| span.contains(s.span)).any(|s| match &s.kind {
        StmtKind::Try { handlers, .. } => handlers.iter().any(|h| {
            h.types.is_empty()
                || h.types
                    .iter()
                    .any(|t| simple_name(module, *t).is_some_and(|n| n == "Exception" || n == "BaseException"))
        }),
        _ => false,
    });
    if catches_all && !filters(module, span) && !decides(module, span) { Failures::Every } else { Failures::Unknown }
}

/// Names of what leaves failures out.
fn filters(module: &Module, span: Span) -> bool {
    module.exprs.iter().filter(|e| span.contains(e.span)).any(|e| match &e.kind {
        ExprKind::Name(n) | ExprKind::Attr { name: n, .. } => {
            let n = n.to_lowercase().replace('_', "");
            ["expected", "exclude", "ignore", "filter", "isfailure", "instanceof", "isinstance", "exceptiontypes"]
                .iter()
                .any(|w| n.contains(w))
        }
        _ => false,
    })
}
