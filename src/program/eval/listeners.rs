//! Functions that are registered with a list or by a decorator, and called when their turn comes:
//! `self.handlers[kind].append(handler)` and `for handler in self.handlers[kind]: handler(event)`.

use super::Evaluator;
use crate::facts::module::{BinaryOp, ExprId, ExprKind, FuncId, Language};
use crate::program::UnitId;
use crate::program::index::Binding;
use crate::program::value::{Site, Value};

/// How many registrations are looked at.
const MAX_LISTED: usize = 32;
/// How often an expression is unwrapped on the way to the table.
const MAX_STEPS: usize = 6;

impl Evaluator<'_> {
    /// The functions that a module puts into the lists of a table, or into a list, that is gone through.
    pub(super) fn listed(&self, unit_id: UnitId, iter: ExprId) -> Value {
        let Some(table) = self.table_of(unit_id, iter) else { return Value::Unknown };
        let unit = self.program.unit(unit_id);
        let mut sites = Vec::new();
        for call in &unit.index.calls {
            let Some(made) = unit.module.call(call.expr) else { continue };
            let (ExprKind::Attr { object, name, .. }, [given]) = (&unit.module.expr(made.callee).kind, &made.args[..])
            else {
                continue;
            };
            let puts = matches!(name.as_str(), "append" | "push" | "add");
            if puts && self.table_of(unit_id, *object).is_some_and(|of| self.is_same_table(unit_id, table, of)) {
                sites.push(Site { unit: unit_id, expr: given.value });
            }
        }
        sites.truncate(MAX_LISTED);
        match self.any_code(sites) {
            value if value.alternatives().iter().all(|v| matches!(v, Value::Function { .. })) => value,
            _ => Value::Unknown,
        }
    }

    /// `handlers` of `handlers[kind]`, `handlers.get(kind, [])`, `handlers.setdefault(kind, [])`, `handlers[kind] || []`
    /// and of variables that hold one of them.
    fn table_of(&self, unit_id: UnitId, expr: ExprId) -> Option<ExprId> {
        let unit = self.program.unit(unit_id);
        let module = &unit.module;
        let mut at = expr;
        for _ in 0..MAX_STEPS {
            at = match &module.expr(at).kind {
                ExprKind::Index { object, .. } => *object,
                ExprKind::Binary { op: BinaryOp::Or | BinaryOp::Coalesce, left, .. } => *left,
                ExprKind::Call(call) => match (&module.expr(call.callee).kind, &call.args[..]) {
                    (ExprKind::Attr { object, name, .. }, [_, ..])
                        if matches!(name.as_str(), "get" | "setdefault" | "from") =>
                    {
                        if name == "from" {
                            call.args[0].value
                        } else {
                            *object
                        }
                    }
                    (ExprKind::Name(name), [list]) if matches!(name.as_str(), "list" | "tuple" | "set") => list.value,
                    _ => return None,
                },
                ExprKind::Name(name) => match unit.index.lookup(module, unit.index.func_of(at), name)?.1 {
                    [Binding::Value(value)] if is_look_up(module.expr(*value)) => *value,
                    _ => return Some(at),
                },
                ExprKind::Attr { .. } => return Some(at),
                _ => return None,
            };
        }
        None
    }

    /// The functions that a function of Python decorates: `@on("order.placed")`.
    pub(super) fn decorates(&self, unit_id: UnitId, func: FuncId) -> Vec<Value> {
        let module = &self.program.unit(unit_id).module;
        if module.language != Language::Python {
            return Vec::new();
        }
        let own = module.func(func);
        let around = own.parent.map(|parent| &module.func(parent).name);
        let is_called = |name: &smol_str::SmolStr| !name.is_empty() && (*name == own.name || Some(name) == around);
        let mut found = Vec::new();
        for unit in self.program.ids().filter(|unit| self.program.is_production(*unit)) {
            let other = &self.program.unit(unit).module;
            for (index, decorated) in other.funcs.iter().enumerate() {
                let is_it = |decorator: &ExprId| {
                    let name = match &other.expr(*decorator).kind {
                        ExprKind::Name(name) | ExprKind::Attr { name, .. } => Some(name),
                        _ => other.callee_name(*decorator),
                    };
                    name.is_some_and(is_called)
                        && matches!(self.at(unit, *decorator), Value::Function { unit: u, func: f, .. } if (u, f) == (unit_id, func))
                };
                if found.len() < MAX_LISTED && decorated.decorators.iter().any(is_it) {
                    found.push(Value::Function { unit, func: FuncId(index as u32), this: None });
                }
            }
        }
        found
    }
}

fn is_look_up(expr: &crate::facts::module::Expr) -> bool {
    matches!(
        expr.kind,
        ExprKind::Index { .. } | ExprKind::Call(_) | ExprKind::Binary { op: BinaryOp::Or | BinaryOp::Coalesce, .. }
    )
}
