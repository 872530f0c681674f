//! Rows and documents that a repository of Java or Kotlin saves: new each time, or under a key that the
//! message brings along.

use smol_str::SmolStr;

use super::effect::{self, Effect};
use super::many;
use super::mapped;
use super::reach::Reach;
use crate::extract::publish::flow::single_assignment;
use crate::facts::module::{
    BinaryOp, Call, Class, ClassId, ClassKind, ExprId, ExprKind, FuncId, Function, FunctionKind, Module, StmtKind,
};
use crate::program::hierarchy::ClassRef;
use crate::program::index::Binding;
use crate::program::types::simple_name;
use crate::program::{Evaluator, Parent, Site, Unit, UnitId, Value};
use crate::syntax::Place;

/// What saving a new row is called in a verdict.
pub(super) const NEW_ROW: &str = "stores a new row";
/// What saving a number that was read and changed is called.
pub(super) const COUNTS: &str = "adds to a stored number";

/// Classes of frameworks with a key that the store makes.
const KEYED_BASES: [&str; 4] = ["AbstractAuditable", "AbstractPersistable", "PanacheEntity", "PanacheMongoEntity"];

/// `repository.save(x)`.
pub(super) fn saved(reach: &Reach<'_, '_>, site: Site, call: &Call) -> Effect {
    let Some(arg) = call.args.first() else { return Effect::Unclear };
    saved_value(reach, site, arg.value)
}

/// What saving a value does, by its argument or as `row.persist()`.
pub(super) fn saved_value(reach: &Reach<'_, '_>, site: Site, row: ExprId) -> Effect {
    let ev = reach.ev;
    let mut values = effect::made(reach, Site { unit: site.unit, expr: row }, 0);
    // `order = orders.save(order)`: what comes out was not there when it went in.
    if values.len() > 1 {
        values.retain(|value| value.instance().is_none_or(|made| made.call != Some(site)));
    }
    let [Value::Object { unit, class, call: Some(made) }] = values.as_slice() else {
        // Loaded and changed: the same again.
        let loaded = |v: &Value| match v {
            Value::Instance(instance) => is_loaded(ev, instance.call),
            _ => false,
        };
        if many::counts(ev, site, row) {
            return Effect::Repeats(COUNTS.into());
        }
        let all = !values.is_empty() && values.iter().all(loaded) || is_looked_up(ev, site.unit, row);
        if !all {
            return mapped::saved(reach, Site { unit: site.unit, expr: row }).unwrap_or(Effect::Unclear);
        }
        let counts = counts(ev, site, row);
        return if counts { Effect::Repeats(COUNTS.into()) } else { Effect::Overwrite };
    };
    if is_unique(ev, (*unit, *class)) {
        return Effect::Claim;
    }
    let Some((id, generated)) = key(ev, (*unit, *class)) else { return Effect::Unclear };
    match assigned(ev, *made, (*unit, *class), &id) {
        Some(value) if is_fresh(ev, value) => Effect::Repeats(NEW_ROW.into()),
        Some(_) => Effect::Claim,
        None if generated => Effect::Repeats(NEW_ROW.into()),
        None => Effect::Unclear,
    }
}

fn is_loaded(ev: &Evaluator<'_>, call: Option<Site>) -> bool {
    let Some((symbol, _)) = call.and_then(|c| ev.callee(c)) else { return false };
    ["find", "get", "load", "orElse"].iter().any(|w| symbol.rsplit('.').next().is_some_and(|n| n.starts_with(w)))
}

/// True for a variable that only holds what was looked up: `Order order = orders.findById(id).orElseThrow();`.
pub(super) fn is_looked_up(ev: &Evaluator<'_>, unit: UnitId, expr: ExprId) -> bool {
    let unit = ev.program.unit(unit);
    let ExprKind::Name(name) = &unit.module.expr(expr).kind else { return false };
    let Some((_, bindings)) = unit.index.lookup(&unit.module, unit.index.func_of(expr), name) else { return false };
    let finds = |b: &Binding| match b {
        Binding::Value(value) => looks_up(unit, *value, 0),
        // `orders.findById(id).ifPresent(order -> …)`
        Binding::Param(func, 0) => handed_to(unit, *func).is_some_and(|given| looks_up(unit, given, 0)),
        Binding::Typed(_) => true,
        _ => false,
    };
    bindings.iter().any(|b| !matches!(b, Binding::Typed(_))) && bindings.iter().all(finds)
}

/// True for a call that looks a row up, also for the row that an `Optional` holds which such a call gave:
/// `Optional<Order> found = orders.findById(id); Order order = found.get();`.
fn looks_up(unit: &Unit, value: ExprId, depth: u32) -> bool {
    let module = &unit.module;
    if depth > 3 {
        return false;
    }
    match &module.expr(value).kind {
        ExprKind::Call(call) => {
            let Some(name) = module.callee_name(value) else { return false };
            let ExprKind::Attr { object, .. } = &module.expr(call.callee).kind else { return starts_lookup(name) };
            starts_lookup(name) || name == "get" && call.args.is_empty() && looks_up(unit, *object, depth + 1)
        }
        ExprKind::Name(name) if depth > 0 => {
            let found = unit.index.lookup(module, unit.index.func_of(value), name);
            let mut values = found.into_iter().flat_map(|(_, bindings)| bindings).filter_map(|b| match b {
                Binding::Value(value) => Some(Some(*value)),
                Binding::Typed(_) => None,
                _ => Some(None),
            });
            let only = values.next().flatten();
            values.next().is_none() && only.is_some_and(|value| looks_up(unit, value, depth + 1))
        }
        _ => false,
    }
}

fn starts_lookup(name: &str) -> bool {
    ["find", "getById", "getReference", "orElse"].iter().any(|word| name.starts_with(word))
}

/// What a lambda is given: the object on which it is passed to `ifPresent`, `map` and the like.
fn handed_to(unit: &Unit, lambda: FuncId) -> Option<ExprId> {
    let lambda = *unit.index.lambda_expr.get(&lambda)?;
    let Parent::Expr(outer) = *unit.index.expr_parent.get(lambda.0 as usize)? else { return None };
    let ExprKind::Attr { object, name, .. } = &unit.module.expr(unit.module.call(outer)?.callee).kind else {
        return None;
    };
    matches!(name.as_str(), "ifPresent" | "ifPresentOrElse" | "map" | "flatMap" | "let" | "also").then_some(*object)
}

/// True when what is saved is a number that was read and changed: `account.setBalance(account.getBalance() - x)`,
/// `account.balance -= x`.
fn counts(ev: &Evaluator<'_>, site: Site, saved: ExprId) -> bool {
    let unit = ev.program.unit(site.unit);
    let ExprKind::Name(object) = &unit.module.expr(saved).kind else { return false };
    let class = row_class(ev, site.unit, saved);
    counts_named(ev, site.unit, unit.index.func_of(site.expr), object, class)
}

/// The same for the variable of a function.
pub(super) fn counts_named(
    ev: &Evaluator<'_>,
    unit_id: UnitId,
    func: Option<FuncId>,
    object: &str,
    class: Option<ClassRef>,
) -> bool {
    let unit = ev.program.unit(unit_id);
    let module = &unit.module;
    let of_object = |e: ExprId| matches!(&module.expr(e).kind, ExprKind::Name(n) if n.as_str() == object);
    let set = unit.index.calls.iter().filter(|c| c.func == func).any(|c| {
        let Some(call) = module.call(c.expr) else { return false };
        let (ExprKind::Attr { object: root, name, .. }, [value]) = (&module.expr(call.callee).kind, call.args.as_slice())
        else {
            return false;
        };
        let Some(property) = name.strip_prefix("set").filter(|_| of_object(*root)) else { return false };
        let getter = format!("get{property}");
        let gets = |e: ExprId| {
            module.call(e).is_some_and(|c| {
                matches!(&module.expr(c.callee).kind, ExprKind::Attr { object, name, .. } if *name == getter && of_object(*object))
            })
        };
        // `int left = stock.getLeft();`
        let reads = |e: ExprId| match &module.expr(e).kind {
            ExprKind::Name(name) => single_assignment(ev, unit_id, e, name).is_some_and(gets),
            _ => gets(e),
        };
        // `int left; if (back) { left = stock.getLeft() + quantity; } else { … } stock.setLeft(left);`
        let values = match &module.expr(value.value).kind {
            ExprKind::Name(name) => assignments(unit, value.value, name),
            _ => vec![value.value],
        };
        values.into_iter().any(|value| changes_number(module, value, &reads))
    });
    let by_method = class.is_some_and(|class| {
        unit.index.calls.iter().filter(|c| c.func == func).any(|c| {
            let Some(call) = module.call(c.expr) else { return false };
            let ExprKind::Attr { object, name, .. } = &module.expr(call.callee).kind else { return false };
            of_object(*object)
                && std::iter::once(class).chain(ev.above(class)).any(|(unit, class)| {
                    let declared = &ev.program.unit(unit).module;
                    let mut methods = declared.class(class).methods.iter().filter(|m| declared.func(**m).name == *name);
                    methods.any(|m| counts_itself(ev, unit, *m))
                })
        })
    });
    set || by_method
        || module.stmts.iter().any(|s| match &s.kind {
            StmtKind::Assign { target, op: Some(BinaryOp::Add | BinaryOp::Sub), .. } => {
                matches!(&module.expr(*target).kind, ExprKind::Attr { object, .. } if of_object(*object))
                    && unit.index.func_of(*target) == func
            }
            // `stock.left = stock.left - quantity` of Kotlin.
            StmtKind::Assign { target, op: None, value: Some(value), .. } => match &module.expr(*target).kind {
                ExprKind::Attr { object, name, .. } if of_object(*object) && unit.index.func_of(*target) == func => {
                    let reads = |e: ExprId| {
                        matches!(&module.expr(e).kind, ExprKind::Attr { object, name: n, .. } if n == name && of_object(*object))
                    };
                    changes_number(module, *value, &reads)
                }
                _ => false,
            },
            _ => false,
        })
}

/// What is assigned to a variable.
fn assignments(unit: &Unit, at: ExprId, name: &str) -> Vec<ExprId> {
    let found = unit.index.lookup(&unit.module, unit.index.func_of(at), name);
    let bindings = found.into_iter().flat_map(|(_, bindings)| bindings);
    bindings.filter_map(|b| if let Binding::Value(value) = b { Some(*value) } else { None }).collect()
}

/// The class of a variable that holds a row: its declared type, else the one that the repository is for which the row
/// comes from: `interface Stocks : JpaRepository<Stock, String>`.
fn row_class(ev: &Evaluator<'_>, unit_id: UnitId, row: ExprId) -> Option<ClassRef> {
    let unit = ev.program.unit(unit_id);
    let module = &unit.module;
    let class_of = |value: Value| match value {
        Value::Object { unit, class, .. } | Value::Class { unit, class } => Some((unit, class)),
        _ => None,
    };
    let ExprKind::Name(name) = &module.expr(row).kind else { return None };
    let (_, bindings) = unit.index.lookup(module, unit.index.func_of(row), name)?;
    let declared = bindings.iter().find_map(|b| match b {
        Binding::Typed(ty) => class_of(ev.declared(unit_id, *ty)?),
        _ => None,
    });
    declared.or_else(|| {
        let mut from = bindings.iter().find_map(|b| match b {
            Binding::Value(value) => Some(*value),
            Binding::Param(func, 0) => handed_to(unit, *func),
            _ => None,
        })?;
        while let Some(call) = module.call(from) {
            let ExprKind::Attr { object, .. } = &module.expr(call.callee).kind else { return None };
            from = *object;
        }
        let (unit, class) = class_of(ev.at(unit_id, from))?;
        let declared = &ev.program.unit(unit).module;
        declared.class(class).bases.iter().find_map(|base| {
            let ExprKind::Index { index, .. } = &declared.expr(*base).kind else { return None };
            let first = match &declared.expr(*index).kind {
                ExprKind::List(items) => *items.first()?,
                _ => *index,
            };
            class_of(ev.declared(unit, first)?)
        })
    })
}

/// True for a method of an entity that changes a number of its own by another one, whatever else the entity knows:
/// `void reserve(int quantity) { this.available -= quantity; }`.
fn counts_itself(ev: &Evaluator<'_>, unit_id: UnitId, func: FuncId) -> bool {
    let unit = ev.program.unit(unit_id);
    let module = &unit.module;
    let function = module.func(func);
    let Some(class) = function.class.filter(|_| !function.params.is_empty()) else { return false };
    let is_field = |name: &SmolStr| {
        let class = module.class(class);
        let declared = class.fields.iter().any(|f| f.name == *name);
        declared || class.methods.iter().flat_map(|m| &module.func(*m).params).any(|p| p.is_field && p.name == *name)
    };
    let own = |e: ExprId| match &module.expr(e).kind {
        ExprKind::Attr { object, name, .. } if matches!(module.expr(*object).kind, ExprKind::This) => {
            Some(name.clone())
        }
        ExprKind::Name(name) if is_field(name) => Some(name.clone()),
        _ => None,
    };
    let is_param = |e: ExprId| matches!(&module.expr(e).kind, ExprKind::Name(name) if function.params.iter().any(|p| p.name == *name));
    // A test of the state lets the second call pass by.
    let asks_state = module.exprs.iter().filter(|e| function.span.contains(e.span)).any(|e| {
        matches!(&e.kind, ExprKind::Name(n) | ExprKind::Attr { name: n, .. }
            if n.starts_with(char::is_lowercase)
                && ["status", "state", "contains", "processed", "applied"].iter().any(|w| n.to_lowercase().contains(w)))
    });
    !asks_state
        && module.stmts.iter().filter(|s| function.span.contains(s.span)).any(|s| match &s.kind {
            StmtKind::Assign { target, op: Some(BinaryOp::Add | BinaryOp::Sub), value: Some(value), .. } => {
                own(*target).is_some() && is_param(*value)
            }
            StmtKind::Assign { target, op: None, value: Some(value), .. } => own(*target).is_some_and(|name| {
                let is_it = |e: ExprId| own(e).is_some_and(|n| n == name);
                changes_number(module, *value, &is_it)
            }),
            _ => false,
        })
}

/// `x + 1`, `x.subtract(amount)` for an `x` of which the test says what it is.
fn changes_number(module: &Module, expr: ExprId, is_it: &dyn Fn(ExprId) -> bool) -> bool {
    match &module.expr(expr).kind {
        ExprKind::Binary { op: BinaryOp::Add | BinaryOp::Sub, left, right } => {
            [*left, *right].into_iter().any(|e| is_it(e) || changes_number(module, e, is_it))
        }
        ExprKind::Call(call) => match &module.expr(call.callee).kind {
            ExprKind::Attr { object, name, .. } => {
                matches!(name.as_str(), "add" | "subtract" | "plus" | "minus") && is_it(*object)
            }
            _ => false,
        },
        _ => false,
    }
}

fn has(module: &Module, decorators: &[ExprId], name: &str) -> bool {
    decorators.iter().any(|d| simple_name(module, *d).is_some_and(|n| n == name))
}

/// The table that the call at a place saves to.
pub(super) fn table_at(reach: &Reach<'_, '_>, place: Place) -> Option<String> {
    let ev = reach.ev;
    let unit = ev.program.ids().find(|u| ev.program.unit(*u).file == place.file)?;
    let module = &ev.program.unit(unit).module;
    let call = ev.program.unit(unit).index.calls.iter().find(|c| module.expr(c.expr).span == place.span)?;
    let site = Site { unit, expr: call.expr };
    let declared = || statement(ev, site).and_then(|text| super::jdbc::table(&text));
    if let Some(table) = super::jdbc::inserts_into(ev, site).or_else(declared) {
        return Some(table);
    }
    let call = module.call(call.expr)?;
    // `row.persist()` has none.
    let row = match (call.args.first(), &module.expr(call.callee).kind) {
        (Some(arg), _) => arg.value,
        (None, ExprKind::Attr { object, .. }) => *object,
        _ => return None,
    };
    effect::made(reach, Site { unit, expr: row }, 0).into_iter().find_map(|value| match value {
        Value::Object { unit, class, .. } => Some(table(ev, unit, class)),
        _ => None,
    })
}

/// The table that a class is stored in, by its annotation or its name.
fn table(ev: &Evaluator<'_>, unit: UnitId, class: ClassId) -> String {
    let module = &ev.program.unit(unit).module;
    let class = module.class(class);
    let named = class.decorators.iter().find_map(|d| {
        let call = module.call(*d).filter(|_| simple_name(module, *d).is_some_and(|n| n == "Table"))?;
        let arg = call.args.iter().find(|a| matches!(a.name.as_deref(), None | Some("name" | "value")))?;
        ev.at(unit, arg.value).as_str()
    });
    let snake = |name: &str| {
        let mut out = String::new();
        for c in name.chars() {
            if c.is_uppercase() && !out.is_empty() {
                out.push('_');
            }
            out.extend(c.to_lowercase());
        }
        out
    };
    named.unwrap_or_else(|| snake(&class.name)).to_lowercase()
}

/// True when a column beside the key is unique, as far as the class says. An index that does not say so is none:
/// <https://jakarta.ee/specifications/persistence/3.1/apidocs/jakarta.persistence/jakarta/persistence/index#unique()>,
/// <https://docs.spring.io/spring-data/mongodb/docs/current/api/org/springframework/data/mongodb/core/index/Indexed.html#unique()>.
fn is_unique(ev: &Evaluator<'_>, class: ClassRef) -> bool {
    with_bases(ev, class).into_iter().any(|(unit, class)| {
        let module = &ev.program.unit(unit).module;
        says_unique(module, module.class(class))
    })
}

fn says_unique(module: &Module, class: &Class) -> bool {
    let says = |decorator: &ExprId| {
        let Some(call) = module.call(*decorator) else { return false };
        call.args.iter().any(|a| match a.name.as_deref() {
            Some("unique") => matches!(module.expr(a.value).kind, ExprKind::Bool(true)),
            Some("uniqueConstraints") => true,
            Some("indexes" | "value" | "def") | None => has_unique_index(module, a.value),
            _ => false,
        })
    };
    // The key says nothing of the message where the store makes it.
    let of_field = |decorators: &[ExprId]| {
        !has(module, decorators, "GeneratedValue")
            && (decorators.iter().any(says) || has(module, decorators, "NaturalId"))
    };
    class.decorators.iter().any(says)
        || class.fields.iter().any(|f| of_field(&f.decorators))
        || constructor(module, class).is_some_and(|c| c.params.iter().any(|p| of_field(&p.decorators)))
}

/// `{@Index(columnList = "order_id", unique = true), …}`, which may hold others that are not unique.
fn has_unique_index(module: &Module, indexes: ExprId) -> bool {
    let mut todo = vec![indexes];
    while let Some(expr) = todo.pop() {
        let Some(call) = module.call(expr) else {
            todo.extend(module.children(expr));
            continue;
        };
        let unique = call.args.iter().find(|a| a.name.as_deref() == Some("unique"));
        if unique.is_some_and(|a| !matches!(module.expr(a.value).kind, ExprKind::Bool(false))) {
            return true;
        }
    }
    false
}

fn constructor<'m>(module: &'m Module, class: &Class) -> Option<&'m Function> {
    class.methods.iter().map(|m| module.func(*m)).find(|f| f.kind == FunctionKind::Constructor)
}

/// The field that is the key, and whether the store makes its value.
fn key(ev: &Evaluator<'_>, class: ClassRef) -> Option<(SmolStr, bool)> {
    with_bases(ev, class).into_iter().find_map(|(unit, class)| {
        let module = &ev.program.unit(unit).module;
        own_key(module, module.class(class))
    })
}

/// A class and those above it, whose columns it has too (`@MappedSuperclass`).
fn with_bases(ev: &Evaluator<'_>, class: ClassRef) -> Vec<ClassRef> {
    std::iter::once(class).chain(ev.above(class)).collect()
}

fn own_key(module: &Module, class: &Class) -> Option<(SmolStr, bool)> {
    // MongoDB makes the id of a document that has none.
    // <https://docs.spring.io/spring-data/mongodb/reference/mongodb/template-crud-operations.html#mongo-template.id-handling>
    let is_document = has(module, &class.decorators, "Document");
    // What JDBC and R2DBC save without an id is inserted, and the table makes one; JPA's annotation is another.
    // <https://docs.spring.io/spring-data/relational/reference/r2dbc/entity-persistence.html#entity-persistence.id-generation>
    let is_row = module.imports.iter().any(|i| i.module.starts_with("org.springframework.data.annotation"))
        && !class.bases.iter().any(|base| simple_name(module, *base).is_some_and(|name| name == "Persistable"));
    let of = |name: &SmolStr, decorators: &[ExprId]| {
        let is_made = || is_document || is_row || has(module, decorators, "GeneratedValue");
        has(module, decorators, "Id").then(|| (name.clone(), is_made()))
    };
    // <https://quarkus.io/guides/hibernate-orm-panache#defining-your-entity> and
    // <https://docs.spring.io/spring-data/jpa/docs/current/api/org/springframework/data/jpa/domain/AbstractPersistable.html>:
    // they bring an id that the database makes.
    let brings = |base: &ExprId| simple_name(module, *base).is_some_and(|n| KEYED_BASES.contains(&n.as_str()));
    if class.bases.iter().any(brings) {
        return Some(("id".into(), true));
    }
    let field = class.fields.iter().find_map(|f| of(&f.name, &f.decorators));
    field.or_else(|| constructor(module, class)?.params.iter().find_map(|p| of(&p.name, &p.decorators)))
}

/// The field that is the key, where the store makes its value and nothing else says that a row is there already.
pub(super) fn generated_key(ev: &Evaluator<'_>, class: ClassRef) -> Option<SmolStr> {
    key(ev, class).filter(|(_, generated)| *generated && !is_unique(ev, class)).map(|(id, _)| id)
}

/// What the key is set to: by a setter of the new object, or by its construction.
pub(super) fn assigned(ev: &Evaluator<'_>, made: Site, (unit, class): (UnitId, ClassId), id: &str) -> Option<Site> {
    let source = ev.program.unit(made.unit);
    if source.module.callee_name(made.expr).is_some_and(|name| name == "build") {
        return ev.set_by_builder(made, id).filter(|value| !matches!(ev.eval(*value), Value::Null));
    }
    let func = source.index.func_of(made.expr);
    let mut chars = id.chars();
    let capital: String = chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect();
    let setters = [format!("set{capital}"), id.to_string()];
    let by_setter = source.index.calls.iter().filter(|c| c.func == func).find_map(|c| {
        let call = source.module.call(c.expr)?;
        let name = source.module.callee_name(c.expr)?;
        let [value] = call.args.as_slice() else { return None };
        let ExprKind::Attr { object, .. } = &source.module.expr(call.callee).kind else { return None };
        let ours = || matches!(ev.at(made.unit, *object), Value::Object { call: Some(c), .. } if c == made);
        (setters.iter().any(|s| s == name) && ours()).then_some(Site { unit: made.unit, expr: value.value })
    });
    if by_setter.is_some() {
        return by_setter;
    }
    let module = &ev.program.unit(unit).module;
    let constructors =
        module.class(class).methods.iter().filter(|m| module.func(**m).kind == FunctionKind::Constructor);
    let args = source.module.call(made.expr)?.args.len();
    let fits = |m: &&crate::facts::module::FuncId| module.func(**m).params.len() >= args;
    let constructor = constructors.filter(fits).min_by_key(|m| module.func(**m).params.len())?;
    let index = module.func(*constructor).params.iter().position(|p| p.name == id)?;
    let given = ev.argument_site(made, unit, *constructor, index)?;
    // `Order(id = null)`: the store makes it.
    (!matches!(ev.eval(given), Value::Null)).then_some(given)
}

/// True for a value that has nothing to do with the message: a call without arguments that name anything.
fn is_fresh(ev: &Evaluator<'_>, value: Site) -> bool {
    let module = &ev.program.unit(value.unit).module;
    let Some(call) = module.call(value.expr) else { return false };
    let is_literal = |e: ExprId| matches!(module.expr(e).kind, ExprKind::Str(_) | ExprKind::Num(_));
    let receiver = match &module.expr(call.callee).kind {
        ExprKind::Name(_) => true,
        // `UUID.randomUUID().toString()`, `ids.next()`
        ExprKind::Attr { object, name, .. } => match &module.expr(*object).kind {
            ExprKind::Call(_) => is_fresh(ev, Site { unit: value.unit, expr: *object }),
            ExprKind::This => true,
            ExprKind::Name(_) => {
                let name = name.to_lowercase();
                ["random", "generate", "next", "new"].iter().any(|w| name.contains(w))
            }
            _ => false,
        },
        _ => false,
    };
    receiver && call.args.iter().all(|a| is_literal(a.value))
}

/// The statement of a method that an interface of the repository declares for a store to run:
/// `@Query("update Stock s set s.sold = s.sold + 1 where s.id = ?1")`.
pub(super) fn statement(ev: &Evaluator<'_>, site: Site) -> Option<String> {
    let call = ev.program.unit(site.unit).module.call(site.expr)?;
    ev.at(site.unit, call.callee).alternatives().iter().find_map(|value| {
        let Value::Function { unit, func, .. } = value else { return None };
        let module = &ev.program.unit(*unit).module;
        let decorators = &module.func(*func).decorators;
        let runs = |n: &str| matches!(n, "Delete" | "Insert" | "Query" | "Select" | "Update");
        let query = decorators.iter().find(|d| simple_name(module, **d).is_some_and(|n| runs(&n)))?;
        let args = &module.call(*query)?.args;
        let text = args.iter().find(|a| matches!(a.name.as_deref(), None | Some("value")))?;
        ev.at(*unit, text.value).to_text().map(|t| t.pattern())
    })
}

/// True for a method that an interface of the repository declares for a store to implement.
pub(super) fn is_derived_query(ev: &Evaluator<'_>, site: Site) -> bool {
    let Some(call) = ev.program.unit(site.unit).module.call(site.expr) else { return false };
    ev.at(site.unit, call.callee).alternatives().iter().any(|value| {
        let Value::Function { unit, func, .. } = value else { return false };
        let module = &ev.program.unit(*unit).module;
        let function = module.func(*func);
        let Some(class) = function.class.map(|c| module.class(c)) else { return false };
        let is_mapper =
            has(module, &class.decorators, "Mapper") && module.imports.iter().any(|i| i.module.contains("ibatis"));
        let is_store = |base: &ExprId| match ev.at(*unit, *base) {
            Value::External(symbol) => {
                ev.catalog.split(module.language, &symbol).is_some_and(|(library, _)| library.writes.is_some())
            }
            _ => false,
        };
        class.kind == ClassKind::Interface && (is_mapper || class.bases.iter().any(is_store))
    })
}
