//! Handlers that tell types of messages apart and have nothing for a type that they do not know.

use super::Unhandled;
use super::handler::Body;
use super::reach::Reach;
use super::source::functions;
use super::walk::Trace;
use crate::facts::module::{BinaryOp, Block, ExprId, ExprKind, FuncId, Module, StmtId, StmtKind};
use crate::program::Unit;
use crate::program::index::Parent;
use crate::syntax::Place;

/// The first of the branches over types in what runs for a message.
pub(super) fn read(reach: &Reach<'_, '_>, bodies: &[Body], traces: &[Trace]) -> Option<Unhandled> {
    let program = reach.ev.program;
    let of_functions = functions(bodies, traces, reach.ev);
    of_functions.into_iter().find_map(|(unit, func)| in_function(program.unit(unit), func))
}

fn in_function(unit: &Unit, func: FuncId) -> Option<Unhandled> {
    let module = &unit.module;
    let span = module.func(func).span;
    (0..module.stmts.len() as u32).map(StmtId).find_map(|id| {
        let stmt = module.stmt(id);
        let StmtKind::If { .. } = stmt.kind else { return None };
        if !span.contains(stmt.span) || is_branch(unit, id) {
            return None;
        }
        let chain = Chain::read(module, id)?;
        (!chain.has_default && !goes_on(unit, id, &chain)).then(|| Unhandled {
            place: Place::new(unit.file, module.expr(chain.first).span),
            subject: chain.subject,
            known: chain.known,
        })
    })
}

/// `if (type === "a") … else if (type === "b") …`, a `switch`, a `match`.
struct Chain {
    first: ExprId,
    subject: String,
    known: Vec<String>,
    has_default: bool,
    leaves: bool,
}

impl Chain {
    fn read(module: &Module, id: StmtId) -> Option<Chain> {
        let StmtKind::If { test, .. } = &module.stmt(id).kind else { return None };
        let (subject, _) = compared(module, *test)?;
        let mut chain = Chain { first: *test, subject, known: Vec::new(), has_default: false, leaves: false };
        let mut next = Some(id);
        while let Some(StmtKind::If { test, then, other }) = next.map(|id| &module.stmt(id).kind) {
            let (subject, value) = compared(module, *test)?;
            if subject != chain.subject {
                return None;
            }
            chain.known.push(value);
            chain.leaves |= then
                .iter()
                .any(|s| matches!(module.stmt(*s).kind, StmtKind::Return(_) | StmtKind::Throw(_) | StmtKind::Continue));
            next = match other.as_slice() {
                [] => None,
                [only] if matches!(module.stmt(*only).kind, StmtKind::If { .. }) => Some(*only),
                _ => {
                    chain.has_default = true;
                    None
                }
            };
        }
        (chain.known.len() >= 2).then_some(chain)
    }
}

/// `event.type == "order.created"`: what is compared, where it is called a type, and with what.
fn compared(module: &Module, test: ExprId) -> Option<(String, String)> {
    let ExprKind::Binary { op: BinaryOp::Eq, left, right } = &module.expr(test).kind else { return None };
    let ExprKind::Str(value) = &module.expr(*right).kind else { return None };
    let subject = path(module, *left)?;
    let mut names = subject.rsplit('.').map(|n| n.to_lowercase().replace('_', ""));
    let (last, holder) = (names.next().unwrap_or_default(), names.next().unwrap_or_default());
    let of_message = ["event", "message", "msg", "envelope", "evt", "payload"].iter().any(|w| holder.contains(w));
    let is_type = ["eventtype", "messagetype", "msgtype", "routingkey", "eventname"].contains(&last.as_str());
    (is_type || last == "type" && of_message).then(|| (subject, value.to_string()))
}

/// `event.type`, `event["type"]`, `event.get("type")`.
fn path(module: &Module, expr: ExprId) -> Option<String> {
    match &module.expr(expr).kind {
        ExprKind::Name(name) => Some(name.to_string()),
        ExprKind::Attr { object, name, .. } => Some(format!("{}.{name}", path(module, *object)?)),
        ExprKind::This => Some("this".into()),
        ExprKind::Index { object, index } => match &module.expr(*index).kind {
            ExprKind::Str(key) => Some(format!("{}.{key}", path(module, *object)?)),
            _ => None,
        },
        ExprKind::Call(call) => match (&module.expr(call.callee).kind, call.args.first()) {
            (ExprKind::Attr { object, name, .. }, Some(key)) if name == "get" => {
                let ExprKind::Str(key) = &module.expr(key.value).kind else { return None };
                Some(format!("{}.{key}", path(module, *object)?))
            }
            _ => None,
        },
        _ => None,
    }
}

/// The statement is the `else if` of another one.
fn is_branch(unit: &Unit, id: StmtId) -> bool {
    match unit.index.stmt_ancestors(id).next() {
        Some(Parent::Stmt(parent)) => match &unit.module.stmt(parent).kind {
            StmtKind::If { other, .. } => other.as_slice() == [id],
            _ => false,
        },
        _ => false,
    }
}

/// When branches leave the function, what stands behind them is for the other types; and who compares the type
/// before knows them.
fn goes_on(unit: &Unit, id: StmtId, chain: &Chain) -> bool {
    let module = &unit.module;
    let block = match unit.index.stmt_ancestors(id).next() {
        Some(Parent::Func(f)) => Some(&module.func(f).body),
        Some(Parent::Stmt(s)) => blocks(module, s).into_iter().find(|b| b.contains(&id)),
        _ => None,
    };
    let Some(block) = block else { return true };
    let at = block.iter().position(|s| *s == id).unwrap_or(0);
    if chain.leaves && at + 1 < block.len() {
        return true;
    }
    // `if type not in HANDLED: …`, and branches over the same subject that do not belong to this statement.
    block.iter().enumerate().any(|(i, s)| {
        i != at && matches!(&module.stmt(*s).kind, StmtKind::If { test, .. } if mentions(module, *test, &chain.subject))
    })
}

fn mentions(module: &Module, test: ExprId, subject: &str) -> bool {
    let mut todo = vec![test];
    while let Some(e) = todo.pop() {
        if path(module, e).is_some_and(|p| p == subject) {
            return true;
        }
        todo.extend(module.children(e));
    }
    false
}

fn blocks(module: &Module, stmt: StmtId) -> Vec<&Block> {
    match &module.stmt(stmt).kind {
        StmtKind::If { then, other, .. } => vec![then, other],
        StmtKind::Loop { body, .. } | StmtKind::With { body, .. } | StmtKind::Block(body) => vec![body],
        StmtKind::Try { body, handlers, finally } => {
            let mut out = vec![body, finally];
            out.extend(handlers.iter().map(|h| &h.body));
            out
        }
        _ => Vec::new(),
    }
}
