//! Programs of Go that wait for a signal and leave at once: `case <-ends: os.Exit(0)`.

use crate::extract::saga::failure::only_logs;
use crate::facts::module::{Block, Call, ExprId, ExprKind, Module, StmtId, StmtKind};
use crate::program::Index;

/// True when the channel that `signal.Notify` is given is received from, and each time the program does nothing then
/// but say so and exit, which runs no deferred function (<https://pkg.go.dev/os#Exit>). Who else is handed the channel
/// may do more.
pub(super) fn leaves_at_once(module: &Module, index: &Index, notify: &Call) -> bool {
    let Some(ExprKind::Name(channel)) = notify.args.first().map(|arg| &module.expr(arg.value).kind) else {
        return false;
    };
    let is_channel = |expr: ExprId| matches!(&module.expr(expr).kind, ExprKind::Name(found) if found == channel);
    let is_it = |call: ExprId| match module.call(call).map(|call| &module.expr(call.callee).kind) {
        Some(ExprKind::Attr { object, name, .. }) if name == "<-" => is_channel(*object),
        _ => false,
    };
    let hands_on = |expr: ExprId| {
        let of_signals =
            matches!(module.callee_name(expr).map(|name| name.as_str()), Some("Notify" | "Stop" | "close"));
        !of_signals && module.call(expr).is_some_and(|call| call.args.iter().any(|arg| is_channel(arg.value)))
    };
    if index.calls.iter().any(|call| hands_on(call.expr)) {
        return false;
    }
    let mut received = index.calls.iter().filter(|call| is_it(call.expr)).map(|call| call.expr).peekable();
    received.peek().is_some() && received.all(|call| behind(module, call).is_some_and(|rest| exits(module, &rest)))
}

/// The statements that follow one which receives and does nothing else: the rest of its block, or what a `select` does
/// with it.
fn behind(module: &Module, received: ExprId) -> Option<Vec<StmtId>> {
    let holds = |expr: ExprId| expr == received || module.children(expr).contains(&received);
    let rest = |block: &Block| {
        let at = block.iter().position(|stmt| match &module.stmt(*stmt).kind {
            StmtKind::Expr(expr) => holds(*expr) && (*expr == received || says(module, *stmt, Some(received))),
            StmtKind::Assign { value: Some(value), .. } => {
                holds(*value) && (*value == received || module.call(*value).is_none())
            }
            _ => false,
        })?;
        Some(block[at + 1..].to_vec())
    };
    let chosen = |block: &Block| {
        block.iter().find_map(|stmt| match &module.stmt(*stmt).kind {
            StmtKind::If { test, then, .. } if holds(*test) => Some(then.clone()),
            _ => None,
        })
    };
    let bodies = module.funcs.iter().map(|func| &func.body);
    let nested = module.stmts.iter().flat_map(|stmt| match &stmt.kind {
        StmtKind::If { then, other, .. } => vec![then, other],
        StmtKind::Loop { body, .. } => vec![body],
        StmtKind::Block(body) => vec![body],
        _ => Vec::new(),
    });
    bodies.chain(nested).find_map(|block| rest(block).or_else(|| chosen(block)))
}

/// True for statements that print and exit.
fn exits(module: &Module, rest: &[StmtId]) -> bool {
    let leaves = |stmt: StmtId| {
        let StmtKind::Expr(expr) = &module.stmt(stmt).kind else { return false };
        match module.call(*expr).map(|call| &module.expr(call.callee).kind) {
            Some(ExprKind::Attr { object, name, .. }) if name == "Exit" => {
                matches!(&module.expr(*object).kind, ExprKind::Name(of) if of == "os")
            }
            _ => false,
        }
    };
    let Some(at) = rest.iter().position(|stmt| leaves(*stmt)) else { return false };
    rest[..at].iter().all(|stmt| says(module, *stmt, None))
}

/// True for a statement that writes a line of a log and does nothing for its sake: `log.Println(server.Close())` does.
fn says(module: &Module, stmt: StmtId, received: Option<ExprId>) -> bool {
    let StmtKind::Expr(expr) = &module.stmt(stmt).kind else { return false };
    only_logs(module, &vec![stmt]) && module.children(*expr).into_iter().all(|part| is_idle(module, part, received))
}

/// True for an expression that only reads, `signal.String()`, or makes the logger, `log.WithField("signal", signal)`.
fn is_idle(module: &Module, expr: ExprId, received: Option<ExprId>) -> bool {
    let idle = Some(expr) == received
        || module.callee_name(expr).is_none_or(|name| {
            matches!(name.as_str(), "String" | "Error" | "Sprintf" | "L" | "S") || name.starts_with("With")
        });
    idle && module.children(expr).into_iter().all(|part| is_idle(module, part, received))
}
