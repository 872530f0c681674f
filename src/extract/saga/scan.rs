//! Small questions about modules that the saga extractor asks again and again.

use smol_str::SmolStr;

use crate::facts::module::{Block, Call, ClassId, ExprId, ExprKind, FuncId, Module, StmtId, StmtKind, TemplatePart};
use crate::program::{Parent, Unit, UnitId};

use super::{Context, names};

/// The function around a function that stands in no other.
pub(super) fn outermost(module: &Module, mut func: FuncId) -> FuncId {
    while let Some(parent) = module.func(func).parent {
        func = parent;
    }
    func
}

/// True when `inner` is `outer` or nested in it.
pub(super) fn within(module: &Module, inner: Option<FuncId>, outer: FuncId) -> bool {
    let mut at = inner;
    while let Some(func) = at {
        if func == outer {
            return true;
        }
        at = module.func(func).parent;
    }
    false
}

/// The statements behind one, in its block.
pub(super) fn behind(linked: &Unit, stmt: StmtId) -> &[StmtId] {
    let module = &linked.module;
    let blocks: Vec<&Block> = match linked.index.stmt_ancestors(stmt).next() {
        Some(Parent::Func(func)) => vec![&module.func(func).body],
        Some(Parent::Stmt(around)) => match &module.stmt(around).kind {
            StmtKind::If { then, other, .. } => vec![then, other],
            StmtKind::Loop { body, .. } | StmtKind::With { body, .. } | StmtKind::Block(body) => vec![body],
            StmtKind::Try { body, handlers, finally } => {
                handlers.iter().map(|h| &h.body).chain([body, finally]).collect()
            }
            _ => Vec::new(),
        },
        _ => Vec::new(),
    };
    let found = blocks.into_iter().find_map(|b| Some(&b[b.iter().position(|s| *s == stmt)? + 1..]));
    found.unwrap_or_default()
}

/// The names of `a.b.c`, first to last; calls, awaits and subscripts in between are passed over.
pub(super) fn chain(module: &Module, expr: ExprId) -> Vec<SmolStr> {
    let mut out = Vec::new();
    let mut at = expr;
    loop {
        match &module.expr(at).kind {
            ExprKind::Name(name) => {
                out.push(name.clone());
                break;
            }
            ExprKind::This | ExprKind::Super => {
                out.push("this".into());
                break;
            }
            ExprKind::Attr { object, name, .. } => {
                out.push(name.clone());
                at = *object;
            }
            ExprKind::Index { object, .. } => at = *object,
            ExprKind::Call(call) => at = call.callee,
            ExprKind::Await(inner) | ExprKind::Cast { value: inner, .. } => at = *inner,
            _ => break,
        }
    }
    out.reverse();
    out
}

/// All names, attributes and literal texts in an expression, lambdas included.
pub(super) fn names_in(module: &Module, expr: ExprId) -> Vec<SmolStr> {
    collect(module, expr, true)
}

/// Like [`names_in`], without the names of data that is passed to calls: what an expression is about.
pub(super) fn called_in(module: &Module, expr: ExprId) -> Vec<SmolStr> {
    collect(module, expr, false)
}

fn collect(module: &Module, expr: ExprId, arguments: bool) -> Vec<SmolStr> {
    let mut out = Vec::new();
    let mut todo = vec![expr];
    let mut left = 400;
    while let Some(at) = todo.pop() {
        left -= 1;
        if left == 0 {
            break;
        }
        match &module.expr(at).kind {
            ExprKind::Name(name) | ExprKind::Str(name) => out.push(name.clone()),
            ExprKind::Attr { name, .. } => out.push(name.clone()),
            ExprKind::Template(parts) => {
                out.extend(parts.iter().filter_map(|p| match p {
                    TemplatePart::Text(t) => Some(t.clone()),
                    TemplatePart::Hole(_) => None,
                }));
            }
            ExprKind::Lambda(func) => {
                let body = &module.func(*func).body;
                each_expr(module, body, &mut |e| todo.push(e));
            }
            _ => {}
        }
        match &module.expr(at).kind {
            // Data is left out, what is started (`execute_activity(refund, …)`) is not.
            ExprKind::Call(call) if !arguments => {
                todo.push(call.callee);
                todo.extend(call.args.first().map(|a| a.value).filter(|a| {
                    matches!(module.expr(*a).kind, ExprKind::Str(_) | ExprKind::Lambda(_) | ExprKind::Template(_))
                        || names_in_callee(module, call.callee).any(|n| n.contains("activity") || n == "partial")
                }));
            }
            _ => todo.extend(module.children(at)),
        }
    }
    out
}

fn names_in_callee(module: &Module, callee: ExprId) -> impl Iterator<Item = String> {
    chain(module, callee).into_iter().map(|n| names::fold(&n))
}

/// The direct expressions of all statements of a block, nested blocks included.
pub(super) fn each_expr(module: &Module, block: &Block, visit: &mut dyn FnMut(ExprId)) {
    let mut todo: Vec<&Block> = vec![block];
    while let Some(block) = todo.pop() {
        for &stmt in block {
            match &module.stmt(stmt).kind {
                StmtKind::Expr(e) | StmtKind::Return(Some(e)) | StmtKind::Throw(Some(e)) => visit(*e),
                StmtKind::Assign { value: Some(e), .. } => visit(*e),
                StmtKind::If { test, then, other } => {
                    visit(*test);
                    todo.extend([then, other]);
                }
                StmtKind::Loop { body, .. } => todo.push(body),
                StmtKind::With { items, body, .. } => {
                    items.iter().for_each(|(e, _)| visit(*e));
                    todo.push(body);
                }
                StmtKind::Try { body, handlers, finally } => {
                    todo.extend([body, finally]);
                    todo.extend(handlers.iter().map(|h| &h.body));
                }
                StmtKind::Block(block) => todo.push(block),
                _ => {}
            }
        }
    }
}

/// True for a call that writes a log line.
pub(super) fn is_log(module: &Module, expr: ExprId) -> bool {
    let Some(call) = module.call(expr) else { return false };
    let chain = chain(module, call.callee);
    let Some(method) = chain.last() else { return false };
    let object = &chain[..chain.len() - 1];
    let folded = names::fold(method);
    // `Errorf`, `LogError`, `printStackTrace`, `WriteLine`
    let level = folded.strip_prefix("log").filter(|rest| !rest.is_empty()).unwrap_or(&folded);
    let level = ["context", "ln", "f", "w"].iter().find_map(|s| level.strip_suffix(s)).unwrap_or(level);
    let level = matches!(
        level,
        "debug"
            | "info"
            | "information"
            | "warning"
            | "warn"
            | "error"
            | "exception"
            | "critical"
            | "fatal"
            | "log"
            | "trace"
            | "verbose"
            | "print"
    );
    let is_console = |o: &SmolStr| matches!(o.as_str(), "fmt" | "Console" | "out" | "err" | "System");
    matches!(method.as_str(), "print" | "println" | "print_exc" | "pprint" | "printStackTrace")
        || (matches!(folded.as_str(), "println" | "printf" | "print" | "writeline" | "writelineasync" | "format")
            && object.first().is_some_and(is_console))
        || (level
            && object.iter().any(|o| {
                let o = names::fold(o);
                o.contains("log") || o == "console" || o == "winston" || o == "pino" || o == "slog"
            }))
        || (object.is_empty() && matches!(method.as_str(), "log" | "logError" | "log_error" | "logWarning"))
}

/// True for a body that does nothing: `pass`, `return`, a docstring, log lines, `raise NotImplementedError`.
pub(super) fn does_nothing(module: &Module, func: FuncId) -> bool {
    module.func(func).body.iter().all(|&stmt| match &module.stmt(stmt).kind {
        StmtKind::Expr(e) => is_inert_expr(module, *e),
        StmtKind::Return(value) => value.is_none_or(|e| is_inert_expr(module, e)),
        StmtKind::Throw(Some(e)) => {
            let names = names_in(module, *e);
            names.iter().any(|n| {
                let n = names::fold(n);
                n.contains("notimplemented") || n.contains("notsupported")
            })
        }
        StmtKind::Break | StmtKind::Continue | StmtKind::Global(_) => true,
        _ => false,
    })
}

fn is_inert_expr(module: &Module, expr: ExprId) -> bool {
    match &module.expr(expr).kind {
        ExprKind::Str(_) | ExprKind::Null | ExprKind::Bool(_) | ExprKind::Num(_) | ExprKind::Name(_) => true,
        ExprKind::Template(_) => true,
        ExprKind::Await(inner) => is_inert_expr(module, *inner),
        ExprKind::Dict(entries) => entries.is_empty(),
        // `...` of Python, `void 0`.
        ExprKind::Other(children) => children.iter().all(|c| is_inert_expr(module, *c)),
        ExprKind::Call(call) => {
            is_log(module, expr)
                || matches!(
                    chain(module, call.callee).iter().map(SmolStr::as_str).collect::<Vec<_>>().as_slice(),
                    ["Promise", "resolve"] | ["asyncio", "sleep"] | ["time", "sleep"] | ["NotImplementedError"]
                )
        }
        _ => false,
    }
}

/// The class that a function is a member of, through nested functions.
pub(super) fn class_of(module: &Module, func: FuncId) -> Option<ClassId> {
    let mut at = Some(func);
    while let Some(f) = at {
        if let Some(class) = module.func(f).class {
            return Some(class);
        }
        at = module.func(f).parent;
    }
    None
}

/// The last part of a path without its suffix: `order_saga` of `app/order_saga.py`.
pub(super) fn stem(path: &str) -> &str {
    let file = path.rsplit('/').next().unwrap_or(path);
    file.rsplit_once('.').map_or(file, |(stem, _)| stem)
}

impl Context<'_, '_> {
    /// The calls in a function, nested functions included, in source order.
    pub(super) fn calls_in(&self, unit: UnitId, func: FuncId) -> Vec<(ExprId, &Call)> {
        let unit = self.ev.program.unit(unit);
        let span = unit.module.func(func).span;
        unit.index
            .calls
            .iter()
            .filter(|c| span.contains(unit.module.expr(c.expr).span) && within(&unit.module, c.func, func))
            .filter_map(|c| unit.module.call(c.expr).map(|call| (c.expr, call)))
            .collect()
    }

    /// The name an expression is assigned to, through calls and lists around it.
    pub(super) fn assigned_name(&self, unit: UnitId, expr: ExprId) -> Option<SmolStr> {
        let unit = self.ev.program.unit(unit);
        for parent in unit.index.ancestors(expr) {
            match parent {
                Parent::Expr(_) => {}
                Parent::Stmt(s) => {
                    return match &unit.module.stmt(s).kind {
                        StmtKind::Assign { target, .. } => chain(&unit.module, *target).last().cloned(),
                        _ => None,
                    };
                }
                _ => return None,
            }
        }
        None
    }
}
