//! Which of several assignments a name has where it is used.

use super::Evaluator;
use crate::facts::module::{Block, ExprId, FuncId, Module, StmtId, StmtKind};
use crate::program::index::{Binding, Index, Parent, Scope};
use crate::program::value::Site;

impl Evaluator<'_> {
    /// The one of several bindings of a name that reaches where it is used, where that can be told.
    pub fn reaching(&self, used: Site, scope: Scope, bindings: &[Binding]) -> Option<Binding> {
        let unit = self.program.unit(used.unit);
        nearest(&unit.module, &unit.index, scope, bindings, used.expr)
    }
}

/// The one binding of a name that reaches an expression: the last one before it, where every way from there leads
/// past it and no other comes between. None where that can't be told, then all of them count.
pub(super) fn nearest(
    module: &Module,
    index: &Index,
    scope: Scope,
    bindings: &[Binding],
    at: ExprId,
) -> Option<Binding> {
    let own = match scope {
        Scope::Top => None,
        Scope::Func(func) => Some(func),
    };
    if index.func_of(at) != own {
        return None;
    }
    let mut assigned: Vec<(Binding, ExprId)> = Vec::new();
    for binding in bindings {
        match *binding {
            Binding::Value(value) | Binding::Entered(value) => assigned.push((*binding, value)),
            // Those stand before everything else.
            Binding::Param(..) | Binding::Typed(_) => {}
            _ => return None,
        }
    }
    if assigned.len() < 2 {
        return None;
    }
    let used = module.expr(at).span;
    let before = assigned.iter().filter(|(_, value)| module.expr(*value).span.end <= used.start);
    let (binding, value) = *before.max_by_key(|(_, value)| module.expr(*value).span.start)?;
    let place = statement(module, index, value, own)?;
    let around: Vec<Parent> = index.ancestors(at).collect();
    let entered = around.contains(&Parent::Stmt(place)) && matches!(module.stmt(place).kind, StmtKind::With { .. });
    if !entered && !leads_past(module, index, place, &around) {
        return None;
    }
    // What is assigned later in a loop is there in the next round, unless each round begins with this one.
    let loops = |stmt: StmtId| -> Vec<StmtId> {
        index.stmt_ancestors(stmt).filter_map(|parent| as_loop(module, parent)).collect()
    };
    let inside = loops(place);
    let comes_round =
        assigned.iter().filter(|(_, other)| module.expr(*other).span.start > used.start).any(|(_, other)| {
            let Some(later) = statement(module, index, *other, own) else { return true };
            loops(later).iter().any(|l| around.contains(&Parent::Stmt(*l)) && !inside.contains(l))
        });
    (!comes_round).then_some(binding)
}

/// True when the block that assigns a value has ended where something with these parents stands.
pub(in crate::program) fn ends_before(module: &Module, index: &Index, value: ExprId, around: &[Parent]) -> bool {
    let place = statement(module, index, value, index.func_of(value));
    place.is_some_and(|place| !around.contains(&Parent::Stmt(place)) && !leads_past(module, index, place, around))
}

fn as_loop(module: &Module, parent: Parent) -> Option<StmtId> {
    match parent {
        Parent::Stmt(stmt) if matches!(module.stmt(stmt).kind, StmtKind::Loop { .. }) => Some(stmt),
        _ => None,
    }
}

/// The assignment or `with` that a value stands in, when it is one of this function.
fn statement(module: &Module, index: &Index, value: ExprId, func: Option<FuncId>) -> Option<StmtId> {
    if index.func_of(value) != func {
        return None;
    }
    match index.ancestors(value).next()? {
        Parent::Stmt(stmt) if matches!(module.stmt(stmt).kind, StmtKind::Assign { .. } | StmtKind::With { .. }) => {
            Some(stmt)
        }
        _ => None,
    }
}

/// True when a statement stands in a block before one of the statements around the expression.
fn leads_past(module: &Module, index: &Index, place: StmtId, around: &[Parent]) -> bool {
    let Some(parent) = index.stmt_ancestors(place).next() else { return false };
    let follows = |block: &Block| {
        let Some(first) = block.iter().position(|s| *s == place) else { return false };
        block[first + 1..].iter().any(|s| around.contains(&Parent::Stmt(*s)))
    };
    match parent {
        Parent::Top => follows(&module.body),
        Parent::Func(func) => follows(&module.func(func).body),
        Parent::Stmt(stmt) => match &module.stmt(stmt).kind {
            StmtKind::If { then, other, .. } => follows(then) || follows(other),
            StmtKind::Loop { body, .. } | StmtKind::With { body, .. } => follows(body),
            StmtKind::Try { body, handlers, finally } => {
                follows(body) || handlers.iter().any(|h| follows(&h.body)) || follows(finally)
            }
            StmtKind::Block(block) => follows(block),
            _ => false,
        },
        Parent::Expr(_) | Parent::Class(_) => false,
    }
}
