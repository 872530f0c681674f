//! Programs of Go that wait for a signal and leave at once: `case <-ends: os.Exit(0)`.

use crate::facts::module::{Block, Call, ExprId, ExprKind, Module, StmtId, StmtKind};
use crate::program::Index;

/// True when the channel that `signal.Notify` is given is received from, and each time the program does nothing then
/// but say so and exit, which runs no deferred function (<https://pkg.go.dev/os#Exit>).
pub(super) fn leaves_at_once(module: &Module, index: &Index, notify: &Call) -> bool {
    let Some(ExprKind::Name(channel)) = notify.args.first().map(|arg| &module.expr(arg.value).kind) else {
        return false;
    };
    let is_it = |call: ExprId| match module.call(call).map(|call| &module.expr(call.callee).kind) {
        Some(ExprKind::Attr { object, name, .. }) if name == "<-" => {
            matches!(&module.expr(*object).kind, ExprKind::Name(found) if found == channel)
        }
        _ => false,
    };
    let mut received = index.calls.iter().filter(|call| is_it(call.expr)).map(|call| call.expr).peekable();
    received.peek().is_some() && received.all(|call| behind(module, call).is_some_and(|rest| exits(module, &rest)))
}

/// The statements that follow one which receives: the rest of its block, or what a `select` does with it.
fn behind(module: &Module, received: ExprId) -> Option<Vec<StmtId>> {
    let holds = |expr: ExprId| expr == received || module.children(expr).contains(&received);
    let rest = |block: &Block| {
        let at = block.iter().position(|stmt| match &module.stmt(*stmt).kind {
            StmtKind::Expr(expr) => holds(*expr),
            StmtKind::Assign { value: Some(value), .. } => holds(*value),
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
    for stmt in rest {
        let StmtKind::Expr(expr) = &module.stmt(*stmt).kind else { return false };
        let Some(ExprKind::Attr { object, name, .. }) = module.call(*expr).map(|call| &module.expr(call.callee).kind)
        else {
            return false;
        };
        let of = match &module.expr(*object).kind {
            ExprKind::Name(of) | ExprKind::Attr { name: of, .. } => of.to_lowercase(),
            _ => return false,
        };
        match name.as_str() {
            "Exit" => return of == "os",
            _ if of == "fmt" || of.contains("log") => {}
            _ => return false,
        }
    }
    false
}
