//! Error handlers that know that a store recognises duplicates.

use crate::facts::module::{ExprId, ExprKind, Handler, Module, StmtKind};

/// `except IntegrityError`, `catch (e) { if (e.code === "23505") … }`: the store recognises duplicates
/// and the handler knows.
pub(super) fn tells_duplicate(module: &Module, handler: &Handler) -> bool {
    let named = |e: &ExprId| match &module.expr(*e).kind {
        ExprKind::Name(n) | ExprKind::Attr { name: n, .. } => {
            let n = n.to_lowercase();
            n.contains("integrityerror")
                || n.contains("duplicatekey")
                || n.contains("uniqueviolation")
                || n.contains("alreadyexists")
                || n.contains("bulkwriteerror")
                // EF Core: the commit violated a constraint.
                || n == "dbupdateexception"
        }
        _ => false,
    };
    let types = handler.types.iter().flat_map(|&t| {
        let mut all = vec![t];
        all.extend(module.children(t));
        all
    });
    if types.collect::<Vec<_>>().iter().any(named) {
        return true;
    }
    const CODES: [&str; 7] =
        ["23505", "P2002", "ER_DUP_ENTRY", "E11000", "UniqueConstraintError", "ConflictException", "SQLITE_CONSTRAINT"];
    let mut blocks = vec![&handler.body];
    while let Some(block) = blocks.pop() {
        for &stmt in block {
            if let StmtKind::If { test, then, other } = &module.stmt(stmt).kind {
                let mut todo = vec![*test];
                while let Some(e) = todo.pop() {
                    match &module.expr(e).kind {
                        ExprKind::Str(s) if CODES.iter().any(|c| s.contains(c)) => return true,
                        ExprKind::Name(n) | ExprKind::Attr { name: n, .. } if CODES.contains(&n.as_str()) => {
                            return true;
                        }
                        ExprKind::Num(n) if *n == 11000.0 || *n == 409.0 || *n == 1062.0 => return true,
                        _ => {}
                    }
                    if named(&e) {
                        return true;
                    }
                    todo.extend(module.children(e));
                }
                blocks.extend([then, other]);
            }
        }
    }
    false
}
