//! Channels of Go inside of a program: who sends into one, and the loops that receive from it. Two expressions are one
//! channel when both lead to the same `make`, by a variable, a field, a parameter or the result of a function.

use crate::facts::module::{ExprId, ExprKind, Language, LoopHeader, StmtId, StmtKind};
use crate::program::{Evaluator, Parent, Site, UnitId, Value};

/// What the front end calls a message that goes into a channel of the program.
pub(crate) const SEND: &str = "=>";
/// What it calls one that comes out.
const RECEIVE: &str = "<-";

/// A loop that receives, by its statement.
pub(crate) type Loop = (UnitId, StmtId);

/// The loops that receive what a call sends.
pub(crate) fn receivers(ev: &Evaluator<'_>, send: Site) -> Vec<Loop> {
    let Some(channel) = channel_of(ev, send) else { return Vec::new() };
    let made = made(ev, channel);
    if made.is_empty() {
        return Vec::new();
    }
    loops(ev).filter(|(_, channel)| self::made(ev, *channel).iter().any(|m| made.contains(m))).map(|(l, _)| l).collect()
}

/// The calls that send into a channel from which a loop around an expression receives.
pub(crate) fn senders(ev: &Evaluator<'_>, inside: Site) -> Vec<Site> {
    let unit = ev.program.unit(inside.unit);
    if unit.module.language != Language::Go {
        return Vec::new();
    }
    let span = unit.module.expr(inside.expr).span;
    let around = loops(ev).filter(|((of, stmt), _)| *of == inside.unit && unit.module.stmt(*stmt).span.contains(span));
    let made: Vec<Site> = around.flat_map(|(_, channel)| self::made(ev, channel)).collect();
    if made.is_empty() {
        return Vec::new();
    }
    let sends = ev.program.calls_named(SEND).iter().copied();
    sends
        .filter(|send| channel_of(ev, *send).is_some_and(|c| self::made(ev, c).iter().any(|m| made.contains(m))))
        .collect()
}

/// The channel that a call sends into, or receives from.
fn channel_of(ev: &Evaluator<'_>, call: Site) -> Option<Site> {
    let module = &ev.program.unit(call.unit).module;
    match &module.expr(module.call(call.expr)?.callee).kind {
        ExprKind::Attr { object, .. } => Some(Site { unit: call.unit, expr: *object }),
        _ => None,
    }
}

/// All loops that receive, with the channel.
fn loops<'e>(ev: &'e Evaluator<'_>) -> impl Iterator<Item = (Loop, Site)> + 'e {
    let ranges = ev.program.ids().filter(|id| ev.program.language(*id) == Language::Go).flat_map(move |unit| {
        let module = &ev.program.unit(unit).module;
        module.stmts.iter().enumerate().filter_map(move |(i, stmt)| match &stmt.kind {
            StmtKind::Loop { header: LoopHeader::Each { iter, .. }, .. } if is_name(&module.expr(*iter).kind) => {
                Some(((unit, StmtId(i as u32)), Site { unit, expr: *iter }))
            }
            _ => None,
        })
    });
    let received = ev.program.calls_named(RECEIVE).iter().filter_map(move |call| {
        let channel = channel_of(ev, *call)?;
        let unit = ev.program.unit(call.unit);
        is_name(&unit.module.expr(channel.expr).kind).then_some(())?;
        Some(((call.unit, around(ev, call.unit, call.expr)?), channel))
    });
    ranges.chain(received)
}

fn is_name(kind: &ExprKind) -> bool {
    matches!(kind, ExprKind::Name(_) | ExprKind::Attr { .. })
}

/// The innermost loop around an expression, in the same function.
fn around(ev: &Evaluator<'_>, unit: UnitId, expr: ExprId) -> Option<StmtId> {
    let linked = ev.program.unit(unit);
    let span = linked.module.expr(expr).span;
    let func = linked.index.func_of(expr);
    let holds =
        |stmt: &&crate::facts::module::Stmt| matches!(stmt.kind, StmtKind::Loop { .. }) && stmt.span.contains(span);
    let found = linked.module.stmts.iter().enumerate().filter(|(_, stmt)| holds(stmt));
    let (i, _) = found.min_by_key(|(_, stmt)| stmt.span.end - stmt.span.start)?;
    let stmt = StmtId(i as u32);
    (function_around(ev, (unit, stmt)) == func).then_some(stmt)
}

/// The function that a loop stands in.
pub(crate) fn function_around(ev: &Evaluator<'_>, (unit, stmt): Loop) -> Option<crate::facts::module::FuncId> {
    ev.program.unit(unit).index.stmt_ancestors(stmt).find_map(|parent| match parent {
        Parent::Func(func) => Some(func),
        _ => None,
    })
}

/// Where a channel is made.
fn made(ev: &Evaluator<'_>, channel: Site) -> Vec<Site> {
    let values = ev.settle_at(channel);
    let made = values.iter().filter_map(|value| match value {
        Value::Instance(instance) if instance.ty == "builtin.make" => instance.call,
        _ => None,
    });
    made.collect()
}
