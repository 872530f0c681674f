//! Failures that are told while the transaction is taken back: nothing was written that could come apart from them.

use crate::facts::module::{Block, StmtId, StmtKind};
use crate::program::{Evaluator, Parent, Site};

/// True in a branch that takes back what was written: `if err != nil { publish(failed); session.AbortTransaction(ctx) }`.
pub(super) fn is_undone(ev: &Evaluator<'_>, publish: Site) -> bool {
    let unit = ev.program.unit(publish.unit);
    let module = &unit.module;
    let place = module.expr(publish.expr).span;
    let is_plain = |stmt: StmtId| {
        !matches!(
            module.stmt(stmt).kind,
            StmtKind::If { .. } | StmtKind::Try { .. } | StmtKind::Loop { .. } | StmtKind::With { .. }
        )
    };
    // The statements of the branch itself: what an inner branch takes back may not be this.
    let takes_back = |block: &Block| {
        block.iter().any(|stmt| module.stmt(*stmt).span.contains(place))
            && unit.index.calls.iter().any(|call| {
                let at = module.expr(call.expr).span;
                let name = module.callee_name(call.expr).map(|name| name.to_ascii_lowercase());
                name.is_some_and(|name| name.starts_with("rollback") || name.starts_with("abort"))
                    && block.iter().any(|stmt| is_plain(*stmt) && module.stmt(*stmt).span.contains(at))
            })
    };
    unit.index.ancestors(publish.expr).any(|parent| {
        let Parent::Stmt(stmt) = parent else { return false };
        match &module.stmt(stmt).kind {
            StmtKind::If { then, other, .. } => takes_back(then) || takes_back(other),
            StmtKind::Try { handlers, .. } => handlers.iter().any(|handler| takes_back(&handler.body)),
            _ => false,
        }
    })
}
