//! Rows of JPA that are changed in a transaction: a setter is enough, and the end of the transaction writes what it
//! changed.
//!
//! Sources: <https://jakarta.ee/specifications/persistence/3.1/jakarta-persistence-spec-3.1#synchronization-to-the-database>,
//! <https://quarkus.io/guides/hibernate-reactive-panache#transactions>

use crate::facts::module::{Class, ExprId, ExprKind, FuncId, Module, StmtKind};
use crate::program::index::Binding;
use crate::program::types::simple_name;
use crate::program::{Evaluator, Parent, Site, UnitId, Value};

/// How many calls, names and lambdas lie between a row and the query that gave it.
const MAX_STEPS: u32 = 12;

/// True for `order.setStatus(…)` on a row that was looked up in the transaction that goes on around it.
pub(super) fn is_write(ev: &Evaluator<'_>, site: Site) -> bool {
    let unit = ev.program.unit(site.unit);
    let module = &unit.module;
    let Some(call) = module.call(site.expr).filter(|call| module.language.is_jvm() && call.args.len() == 1) else {
        return false;
    };
    let ExprKind::Attr { object, name, .. } = &module.expr(call.callee).kind else { return false };
    let sets = name.strip_prefix("set").is_some_and(|rest| rest.starts_with(char::is_uppercase));
    let row = bare(module, *object);
    if !sets || !matches!(module.expr(row).kind, ExprKind::Name(_)) {
        return false;
    }
    (in_panache(ev, site) || in_declared(ev, site) && is_entity(ev, site.unit, row))
        && is_looked_up(ev, site.unit, row, 0)
}

/// `((Order) row)` is `row`.
fn bare(module: &Module, expr: ExprId) -> ExprId {
    match &module.expr(expr).kind {
        ExprKind::Cast { value, .. } => bare(module, *value),
        ExprKind::Other(children) if children.len() == 1 => bare(module, children[0]),
        _ => expr,
    }
}

/// True in what `Panache.withTransaction(() -> …)` of Hibernate Reactive is given.
fn in_panache(ev: &Evaluator<'_>, site: Site) -> bool {
    let unit = ev.program.unit(site.unit);
    unit.index.ancestors(site.expr).any(|parent| {
        let Parent::Expr(outer) = parent else { return false };
        let Some(call) = unit.module.call(outer) else { return false };
        unit.module.callee_name(outer).is_some_and(|name| name == "withTransaction")
            && matches!(ev.at(site.unit, call.callee), Value::External(symbol)
                if symbol.starts_with("io.quarkus.hibernate.") && symbol.ends_with("Panache.withTransaction"))
    })
}

/// True in a method that is declared to run in a transaction, itself or by its class.
fn in_declared(ev: &Evaluator<'_>, site: Site) -> bool {
    let unit = ev.program.unit(site.unit);
    let module = &unit.module;
    let mut around = std::iter::successors(unit.index.func_of(site.expr), |func| module.func(*func).parent);
    let declared = |decorators: &[ExprId]| {
        decorators.iter().any(|d| {
            let named = simple_name(module, *d).is_some_and(|name| {
                matches!(name.as_str(), "Transactional" | "WithTransaction" | "ReactiveTransactional")
            });
            // `@Transactional(readOnly = true)`, `@Transactional(propagation = NOT_SUPPORTED)`
            named && module.call(*d).is_none_or(|call| call.args.iter().all(|arg| !excludes(arg.name.as_deref())))
        })
    };
    around.any(|func| {
        let function = module.func(func);
        let of_class = |class| declared(&module.class(class).decorators);
        declared(&function.decorators) || function.class.is_some_and(of_class)
    })
}

/// Settings of a transaction by which it may write nothing.
fn excludes(setting: Option<&str>) -> bool {
    matches!(setting, Some("readOnly" | "propagation"))
}

/// True for a variable that is declared as an entity: `Order order = …`.
fn is_entity(ev: &Evaluator<'_>, unit_id: UnitId, row: ExprId) -> bool {
    let unit = ev.program.unit(unit_id);
    let ExprKind::Name(name) = &unit.module.expr(row).kind else { return false };
    let Some((_, bindings)) = unit.index.lookup(&unit.module, unit.index.func_of(row), name) else { return false };
    bindings.iter().any(|binding| {
        let declared = match binding {
            Binding::Typed(ty) => Some(*ty),
            Binding::Value(value) => match unit.index.expr_parent.get(value.0 as usize) {
                Some(Parent::Stmt(stmt)) => match &unit.module.stmt(*stmt).kind {
                    StmtKind::Assign { annotation, .. } => *annotation,
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        };
        let declared = declared.and_then(|ty| ev.declared(unit_id, ty));
        let Some(Value::Object { unit, class, .. }) = declared else { return false };
        says_entity(&ev.program.unit(unit).module, ev.program.unit(unit).module.class(class))
    })
}

/// `@Entity` of JPA.
fn says_entity(module: &Module, class: &Class) -> bool {
    let of_jpa = |package: &str| package.starts_with("jakarta.persistence") || package.starts_with("javax.persistence");
    module.imports.iter().any(|import| of_jpa(&import.module))
        && class.decorators.iter().any(|d| simple_name(module, *d).is_some_and(|name| name == "Entity"))
}

/// True for what a query gave, also as an element of it and as what the lambda behind it is given:
/// `Order.findById(id).onItem().invoke(order -> …)`.
fn is_looked_up(ev: &Evaluator<'_>, unit_id: UnitId, expr: ExprId, steps: u32) -> bool {
    let unit = ev.program.unit(unit_id);
    let module = &unit.module;
    let next = |expr: ExprId| is_looked_up(ev, unit_id, expr, steps + 1);
    if steps > MAX_STEPS {
        return false;
    }
    match &module.expr(bare(module, expr)).kind {
        ExprKind::Call(call) => {
            let found = module.callee_name(expr).is_some_and(|name| {
                ["find", "list", "getById", "getReference"].iter().any(|word| name.starts_with(word))
            });
            match &module.expr(call.callee).kind {
                ExprKind::Attr { object, .. } => found || next(*object),
                // `Order.<Order>find(…)`
                ExprKind::Index { object, .. } => found || next(*object),
                _ => false,
            }
        }
        ExprKind::Name(name) => {
            let Some((_, bindings)) = unit.index.lookup(module, unit.index.func_of(expr), name) else { return false };
            bindings.iter().any(|binding| match binding {
                Binding::Value(value) | Binding::Element(value) if *value != expr => next(*value),
                Binding::Param(func, 0) => behind(ev, unit_id, *func).is_some_and(next),
                _ => false,
            })
        }
        _ => false,
    }
}

/// What a lambda is handed the value of: the object whose method it is passed to.
fn behind(ev: &Evaluator<'_>, unit_id: UnitId, lambda: FuncId) -> Option<ExprId> {
    let unit = ev.program.unit(unit_id);
    let lambda = *unit.index.lambda_expr.get(&lambda)?;
    let Parent::Expr(outer) = *unit.index.expr_parent.get(lambda.0 as usize)? else { return None };
    match &unit.module.expr(unit.module.call(outer)?.callee).kind {
        ExprKind::Attr { object, .. } => Some(*object),
        _ => None,
    }
}
