//! Columns in which a value can stand once: a second row with what the message brings is refused. As the entities of
//! TypeORM and MikroORM, the models of Sequelize, Mongoose, Drizzle and Prisma and the migrations of Knex say it.
//!
//! Sources: <https://typeorm.io/docs/entity/entities#column-options>,
//! <https://mongoosejs.com/docs/schematypes.html#indexes>,
//! <https://sequelize.org/docs/v6/core-concepts/model-basics/#column-options>,
//! <https://www.prisma.io/docs/orm/reference/prisma-schema-reference#unique>

use std::sync::Arc;

use smol_str::SmolStr;

use crate::extract::publish::flow::squeeze;
use crate::facts::module::{Call, ExprId, ExprKind, Language, Module};
use crate::program::types::simple_name;
use crate::program::value::Dict;
use crate::program::{Evaluator, Site, UnitId, Value};

use super::reach::Reach;

/// Columns that are unique together.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Key {
    /// The entity or model, squeezed; none where that was not seen.
    pub(super) entity: Option<String>,
    /// The columns; none where the entity is declared, which may have no key.
    pub(super) columns: Vec<String>,
    /// The file that says so.
    pub(super) path: SmolStr,
}

impl Key {
    /// A key, or an entity; the file is added by who reads it.
    pub(super) fn of(entity: Option<String>, columns: Vec<String>) -> Key {
        Key { entity, columns, path: SmolStr::default() }
    }
}

/// Of the keys of an entity those that its own package declares, if it declares the entity: another service may keep
/// rows of the same name under other keys.
pub(super) fn own<'k>(reach: &Reach<'_, '_>, keys: Vec<&'k Key>, store: UnitId) -> Vec<&'k Key> {
    let home = reach.package_of(&reach.ev.program.unit(store).path);
    let is_own = |key: &&&Key| home.is_some() && reach.package_of(&key.path) == home;
    let own: Vec<&Key> = keys.iter().filter(is_own).copied().collect();
    let mut out = if own.is_empty() { keys } else { own };
    out.retain(|key| !key.columns.is_empty());
    out
}

/// True when a row that a call makes has a value for a unique column which a second delivery brings again. `store` is
/// the call that stores it.
pub(super) fn is_brought(reach: &Reach<'_, '_>, store: Site, made: Site) -> bool {
    let ev = reach.ev;
    if !is_script(ev.program.language(store.unit)) {
        return false;
    }
    let keys = reach.unique_keys();
    let names = names(ev, store).into_iter().chain(names(ev, made)).collect::<Vec<_>>();
    let is_named = |key: &&Key| key.entity.as_ref().is_some_and(|e| names.iter().any(|n| stem(n) == stem(e)));
    let of_entity: Vec<&Key> = keys.iter().filter(is_named).collect();
    // Which entity it is may show nowhere: then a column of that name is enough.
    let says_nothing =
        |name: &String| matches!(stem(name), "repository" | "repo" | "model" | "db" | "manager" | "store");
    let candidates: Vec<&Key> = if of_entity.is_empty() {
        let any = names.iter().all(says_nothing);
        keys.iter().filter(|key| any || key.entity.is_none()).collect()
    } else {
        of_entity
    };
    let candidates = own(reach, candidates, store.unit);
    let Some(call) = ev.program.unit(made.unit).module.call(made.expr) else { return false };
    let fills = |row: &Dict| {
        candidates.iter().any(|key| {
            key.columns.iter().all(|column| match value(row, column) {
                Some(site) => !is_fresh(&ev.program.unit(site.unit).module, site.expr),
                None => row.open && key.entity.is_some(),
            })
        })
    };
    call.args.iter().any(|arg| {
        let rows = literals(ev, made.unit, arg.value);
        !rows.is_empty() && rows.iter().all(|row| fills(row))
    })
}

fn is_script(language: Language) -> bool {
    matches!(language, Language::JavaScript | Language::TypeScript)
}

/// The row in an argument: `{ … }`, or what stands under `data` for Prisma. A row that a function is given is one of
/// those that its callers give.
fn literals(ev: &Evaluator<'_>, unit: UnitId, expr: ExprId) -> Vec<Arc<Dict>> {
    let rows = |value: &Value| match value {
        Value::Dict(row) => vec![row.clone()],
        value => ev
            .settle(value)
            .iter()
            .filter_map(|value| match value {
                Value::Dict(row) => Some(row.clone()),
                _ => None,
            })
            .collect(),
    };
    let found = rows(&ev.at(unit, expr)).into_iter();
    let data = found.flat_map(|row| match row.get("data").map(|data| rows(&ev.eval(data))) {
        Some(data) if !data.is_empty() => data,
        _ => vec![row],
    });
    data.collect()
}

/// The value for a column, which a migration may write in another case: `order_id` for `orderId`.
fn value(row: &Dict, column: &str) -> Option<Site> {
    row.get(column).or_else(|| row.entries.iter().find(|(k, _)| squeeze(k) == squeeze(column)).map(|(_, site)| *site))
}

/// A value that is another one each time.
pub(super) fn is_fresh(module: &Module, expr: ExprId) -> bool {
    let name = module.callee_name(expr).map(|n| n.to_lowercase()).unwrap_or_default();
    ["uuid", "random", "token", "now", "nanoid", "generate", "objectid"].iter().any(|w| name.contains(w))
        || matches!(&module.expr(expr).kind, ExprKind::Template(_) if module.children(expr).into_iter().any(|e| is_fresh(module, e)))
}

/// What the object of a call is called, and a class that it makes: `prisma.payment.create`, `new Payment(…)`.
fn names(ev: &Evaluator<'_>, site: Site) -> Vec<String> {
    let module = &ev.program.unit(site.unit).module;
    let Some(call) = module.call(site.expr) else { return Vec::new() };
    let mut out = Vec::new();
    match &module.expr(call.callee).kind {
        ExprKind::Attr { object, .. } => match &module.expr(*object).kind {
            ExprKind::Name(name) | ExprKind::Attr { name, .. } => out.push(squeeze(name)),
            // `db.insert(payments).values(…)`
            ExprKind::Call(inner) => out.extend(inner.args.iter().filter_map(|a| name_of(module, a.value))),
            _ => {}
        },
        ExprKind::Name(name) => out.push(squeeze(name)),
        _ => {}
    }
    out
}

fn name_of(module: &Module, expr: ExprId) -> Option<String> {
    match &module.expr(expr).kind {
        ExprKind::Name(name) | ExprKind::Attr { name, .. } => Some(squeeze(name)),
        ExprKind::Str(text) => Some(squeeze(text)),
        _ => None,
    }
}

/// `paymentRepository`, `PaymentModel`, `payments` and `PaymentEntity` are `payment`.
pub(super) fn stem(name: &str) -> &str {
    let mut name = name;
    for suffix in ["repository", "repo", "model", "entity", "schema", "collection", "table", "document"] {
        name = name.strip_suffix(suffix).filter(|rest| !rest.is_empty()).unwrap_or(name);
    }
    name.strip_suffix('s').unwrap_or(name)
}

/// All unique columns that the code of a program names.
pub(super) fn of_program(ev: &Evaluator<'_>) -> Vec<Key> {
    let mut out = Vec::new();
    for unit in ev.program.ids().filter(|unit| is_script(ev.program.language(*unit))) {
        let from = out.len();
        classes(ev, unit, &mut out);
        let linked = ev.program.unit(unit);
        for made in &linked.index.calls {
            if let (Some(call), Some(name)) = (linked.module.call(made.expr), linked.module.callee_name(made.expr)) {
                schema(ev, Site { unit, expr: made.expr }, name, call, &mut out);
            }
        }
        for key in &mut out[from..] {
            key.path = linked.path.as_str().into();
        }
    }
    out
}

/// Classes whose fields are decorated: `@Column({ unique: true }) orderId: string`.
fn classes(ev: &Evaluator<'_>, unit: UnitId, out: &mut Vec<Key>) {
    let module = &ev.program.unit(unit).module;
    for class in &module.classes {
        let entity = Some(squeeze(&class.name));
        if class.decorators.iter().any(|d| is_entity(module, *d)) {
            out.push(Key::of(entity.clone(), Vec::new()));
        }
        for field in &class.fields {
            if field.decorators.iter().any(|d| makes_unique(ev, unit, *d)) {
                out.push(Key::of(entity.clone(), vec![field.name.to_string()]));
            }
        }
        // `@Unique(["order", "product"])`, `@Index(["order"], { unique: true })`
        for &decorator in &class.decorators {
            let (Some(call), Some(name)) = (module.call(decorator), module.callee_name(decorator)) else { continue };
            if name == "Unique" || name == "Index" && says_unique(ev, unit, call) {
                let lists = call.args.iter().filter_map(|arg| match ev.at(unit, arg.value) {
                    Value::List(items) => Some(items),
                    Value::Dict(options) => match ev.eval(options.get("properties")?) {
                        Value::List(items) => Some(items),
                        _ => None,
                    },
                    _ => None,
                });
                for items in lists {
                    let columns: Vec<String> = items.iter().filter_map(|item| ev.eval(*item).as_str()).collect();
                    if !columns.is_empty() {
                        out.push(Key::of(entity.clone(), columns));
                    }
                }
            }
        }
    }
}

/// `@Entity()`, `@Schema()` of Mongoose in NestJS, `@Table` of Sequelize.
fn is_entity(module: &Module, decorator: ExprId) -> bool {
    simple_name(module, decorator).is_some_and(|name| matches!(name.as_str(), "Entity" | "Schema" | "Table"))
}

fn makes_unique(ev: &Evaluator<'_>, unit: UnitId, decorator: ExprId) -> bool {
    let module = &ev.program.unit(unit).module;
    match simple_name(module, decorator).as_deref() {
        Some("PrimaryColumn" | "Unique") => true,
        Some("Column" | "Prop" | "Property" | "Index" | "PrimaryKey" | "Field") => {
            module.call(decorator).is_some_and(|call| says_unique(ev, unit, call))
        }
        _ => false,
    }
}

fn says_unique(ev: &Evaluator<'_>, unit: UnitId, call: &Call) -> bool {
    call.args.iter().any(|arg| column_is_unique(ev, &ev.at(unit, arg.value)))
}

/// `{ type: String, unique: true }`; a primary key that nothing generates.
fn column_is_unique(ev: &Evaluator<'_>, column: &Value) -> bool {
    let Value::Dict(column) = column else { return false };
    let said = |key: &str| {
        column.get(key).is_some_and(|site| !matches!(ev.eval(site), Value::Bool(false) | Value::Null | Value::Unknown))
    };
    let generated = ["autoIncrement", "defaultValue", "default", "generated"].iter().any(|key| said(key));
    said("unique") || (said("primaryKey") || said("primary")) && !generated
}

/// A call that declares columns: `new Schema({ … })`, `sequelize.define("payment", { … })`, `Payment.init({ … })`,
/// `pgTable("payments", { … })`, `schema.index({ order: 1 }, { unique: true })`, `table.string("order").unique()`.
fn schema(ev: &Evaluator<'_>, site: Site, name: &str, call: &Call, out: &mut Vec<Key>) {
    let module = &ev.program.unit(site.unit).module;
    let receiver = || match &module.expr(call.callee).kind {
        ExprKind::Attr { object, .. } => name_of(module, *object),
        _ => None,
    };
    let first = |n: usize| call.args.get(n).map(|arg| arg.value);
    let columns = |expr: Option<ExprId>| match expr.map(|e| ev.at(site.unit, e)) {
        Some(Value::Dict(dict)) => Some(dict),
        _ => None,
    };
    match name {
        "Schema" => {
            let entity = model_of(ev, site);
            out.extend(entity.clone().map(|entity| Key::of(Some(entity), Vec::new())));
            for (column, value) in columns(first(0)).iter().flat_map(|dict| &dict.entries) {
                if column_is_unique(ev, &ev.eval(*value)) {
                    out.push(Key::of(entity.clone(), vec![column.to_string()]));
                }
            }
        }
        "define" | "init" | "pgTable" | "mysqlTable" | "sqliteTable" => {
            let by_name = name != "init";
            let entity = if by_name { first(0).and_then(|e| name_of(module, e)) } else { receiver() };
            out.extend(entity.clone().map(|entity| Key::of(Some(entity), Vec::new())));
            for (column, value) in columns(first(usize::from(by_name))).iter().flat_map(|dict| &dict.entries) {
                let module = &ev.program.unit(value.unit).module;
                if column_is_unique(ev, &ev.eval(*value)) || is_chained(module, value.expr) {
                    out.push(Key::of(entity.clone(), vec![column.to_string()]));
                }
            }
        }
        "index" if first(1).is_some_and(|options| column_is_unique(ev, &ev.at(site.unit, options))) => {
            let entity = receiver().map(|name| stem(&name).to_string()).filter(|name| !name.is_empty());
            let made = match &module.expr(call.callee).kind {
                ExprKind::Attr { object, .. } => ev.at(site.unit, *object).instance().and_then(|i| i.call),
                _ => None,
            };
            let entity = made.and_then(|made| model_of(ev, made)).or(entity);
            if let Some(dict) = columns(first(0)) {
                out.push(Key::of(entity, dict.entries.iter().map(|(name, _)| name.to_string()).collect()));
            }
        }
        // Knex names the table here and its keys inside: what follows is of this package.
        "createTable" | "createTableIfNotExists" => out.push(Key::of(None, Vec::new())),
        // Knex: `table.string("order_id").unique()`, `table.unique(["order_id"])`
        "unique" | "primary" => {
            if let ExprKind::Attr { object, .. } = &module.expr(call.callee).kind {
                let given = match (first(0).map(|e| ev.at(site.unit, e)), module.call(*object)) {
                    (Some(Value::List(items)), _) => items.iter().filter_map(|i| ev.eval(*i).as_str()).collect(),
                    (Some(Value::Str(column)), None) => column.as_literal().into_iter().collect(),
                    (_, Some(_)) => column_of(module, *object).map(|name| name.to_string()).into_iter().collect(),
                    _ => Vec::new(),
                };
                if !given.is_empty() {
                    out.push(Key::of(None, given));
                }
            }
        }
        _ => {}
    }
}

/// The column that a chain of Knex begins with: `table.bigInteger("order_id").unsigned().notNullable()`. One that the
/// database counts is none that a message brings.
fn column_of(module: &Module, expr: ExprId) -> Option<&str> {
    let call = module.call(expr)?;
    let ExprKind::Attr { object, name, .. } = &module.expr(call.callee).kind else { return None };
    match (call.args.first().map(|arg| &module.expr(arg.value).kind), &module.expr(*object).kind) {
        (Some(ExprKind::Str(column)), ExprKind::Name(_)) => {
            (!name.to_lowercase().contains("increments")).then_some(column.as_str())
        }
        _ => column_of(module, *object),
    }
}

/// Drizzle: `text("order_id").notNull().unique()`.
fn is_chained(module: &Module, expr: ExprId) -> bool {
    let Some(call) = module.call(expr) else { return false };
    let ExprKind::Attr { object, name, .. } = &module.expr(call.callee).kind else { return false };
    name == "unique" || is_chained(module, *object)
}

/// The name under which a schema of Mongoose becomes a model: `mongoose.model("Payment", schema)`.
fn model_of(ev: &Evaluator<'_>, schema: Site) -> Option<String> {
    ev.program.calls_named("model").iter().find_map(|site| {
        let module = &ev.program.unit(site.unit).module;
        let call = module.call(site.expr)?;
        let made = ev.at(site.unit, call.args.get(1)?.value).instance()?.call?;
        (made == schema).then(|| name_of(module, call.args[0].value)).flatten()
    })
}

/// The unique columns of the models in a schema of Prisma.
pub(super) fn of_prisma(text: &str) -> Vec<Key> {
    let mut out = Vec::new();
    let mut entity = None;
    for line in text.lines() {
        let line = line.split("//").next().unwrap_or_default().trim();
        if let Some(name) = line.strip_prefix("model ") {
            entity = name.split(|c: char| c.is_whitespace() || c == '{').next().map(squeeze);
            out.push(Key::of(entity.clone(), Vec::new()));
            continue;
        } else if line.starts_with('}') {
            entity = None;
        }
        if entity.is_none() {
            continue;
        }
        let together = line.strip_prefix("@@unique").or_else(|| line.strip_prefix("@@id"));
        if let Some(list) = together.and_then(|rest| rest.split_once('[')).and_then(|(_, rest)| rest.split_once(']')) {
            let columns = list.0.split(',').map(|c| c.trim().to_string()).filter(|c| !c.is_empty()).collect();
            out.push(Key::of(entity.clone(), columns));
            continue;
        }
        let mut words = line.split_whitespace();
        let Some(column) = words.next() else { continue };
        let is_key = words.clone().any(|w| w == "@id") && !line.contains("@default");
        if is_key || words.any(|w| w == "@unique" || w.starts_with("@unique(")) {
            out.push(Key::of(entity.clone(), vec![column.to_string()]));
        }
    }
    out
}
