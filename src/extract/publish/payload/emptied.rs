//! What is taken out of a variable before it is sent: `user.Password = ""`, `user.pop("password")`.

use std::collections::BTreeSet;

use crate::extract::publish::flow::{self, squeeze};
use crate::facts::module::{ExprId, ExprKind, Module, StmtKind};
use crate::program::Site;
use crate::program::index::Scope;

use super::Reader;

impl Reader<'_, '_> {
    /// The names, without case and separators, of what a variable no longer holds where it is used.
    pub(super) fn emptied(&self, used: Site, scope: Scope, name: &str) -> BTreeSet<String> {
        let unit = self.ev.program.unit(used.unit);
        let module = &unit.module;
        let within = match scope {
            Scope::Func(func) => Some(flow::span(self.ev, used.unit, func)),
            Scope::Top => None,
        };
        let before = module.expr(used.expr).span.start;
        let mut out = BTreeSet::new();
        for stmt in &module.stmts {
            if stmt.span.end > before || within.is_some_and(|within| !within.contains(stmt.span)) {
                continue;
            }
            match &stmt.kind {
                StmtKind::Assign { target, value: Some(value), .. } => {
                    let Some(member) = member_of(module, *target, name) else { continue };
                    match is_nothing(module, *value) {
                        true => out.insert(squeeze(member)),
                        false => out.remove(&squeeze(member)),
                    };
                }
                StmtKind::Expr(expr) => out.extend(popped(module, *expr, name).map(squeeze)),
                _ => {}
            }
        }
        out
    }
}

fn is_variable(module: &Module, expr: ExprId, name: &str) -> bool {
    matches!(&module.expr(expr).kind, ExprKind::Name(found) if found == name)
}

/// `name` of `user.name` and of `user["name"]`.
fn member_of<'m>(module: &'m Module, target: ExprId, variable: &str) -> Option<&'m str> {
    match &module.expr(target).kind {
        ExprKind::Attr { object, name, .. } if is_variable(module, *object, variable) => Some(name),
        ExprKind::Index { object, index } if is_variable(module, *object, variable) => {
            match &module.expr(*index).kind {
                ExprKind::Str(name) => Some(name),
                _ => None,
            }
        }
        _ => None,
    }
}

fn is_nothing(module: &Module, value: ExprId) -> bool {
    match &module.expr(value).kind {
        ExprKind::Null => true,
        ExprKind::Str(text) => text.is_empty(),
        ExprKind::Name(name) => name == "undefined",
        _ => false,
    }
}

/// `user.pop("password")`
fn popped<'m>(module: &'m Module, expr: ExprId, variable: &str) -> Option<&'m str> {
    let call = module.call(expr)?;
    let ExprKind::Attr { object, name, .. } = &module.expr(call.callee).kind else { return None };
    if name != "pop" || !is_variable(module, *object, variable) {
        return None;
    }
    match &module.expr(call.args.first()?.value).kind {
        ExprKind::Str(name) => Some(name),
        _ => None,
    }
}
