//! Tables of code that are asked by a key which only a run knows: `handlers[topic](event)`,
//! `this.handlers.get(event.type)`. What is asked for may be anything in the table.

use std::sync::Arc;

use super::Evaluator;
use crate::facts::module::{BinaryOp, Call, ClassId, ExprId, ExprKind, Language};
use crate::program::UnitId;
use crate::program::index::Binding;
use crate::program::value::{Dict, Instance, Site, Value};

/// How much of a table is looked at.
const MAX_ENTRIES: usize = 32;

impl Evaluator<'_> {
    /// What a dictionary gives for a key that is not known: any of what stands in it and of what its module puts
    /// there, when that is code.
    pub(super) fn any_of_dict(&self, dict: &Arc<Dict>) -> Value {
        let object = Value::Dict(dict.clone());
        let put = self.put_by_index(dict.site.unit, &object);
        self.any_code(dict.entries.iter().map(|(_, site)| *site).chain(put).collect())
    }

    /// What a class of JavaScript gives for a key, `Handlers[event](order)`: its static method of that name, any of them for
    /// a key that is not known. `Listener<Order>` of TypeScript is the class.
    pub(super) fn of_statics(&self, (unit, class): (UnitId, ClassId), key: &Value, site: Site) -> Value {
        if let Some(name) = key.as_str() {
            return self.attribute(&Value::Class { unit, class }, &name, site);
        }
        let module = &self.program.unit(unit).module;
        let methods = module.class(class).methods.iter().copied().filter(|method| module.func(*method).is_static);
        let found: Vec<Value> =
            methods.take(MAX_ENTRIES).map(|func| Value::Function { unit, func, this: None }).collect();
        let written = match &self.program.expr(site.unit, site.expr).kind {
            ExprKind::Index { index, .. } => &self.program.expr(site.unit, *index).kind,
            other => other,
        };
        let is_type = matches!(key, Value::Class { .. } | Value::External(_))
            || matches!(written, ExprKind::Other(_) | ExprKind::Dict(_) | ExprKind::List(_))
            || matches!(written, ExprKind::Binary { op: BinaryOp::BitOr, .. });
        if is_type || found.is_empty() { Value::Class { unit, class } } else { self.one_of(found) }
    }

    /// What `get` of a table gives: of a dictionary of Python the entry, of a `Map` of JavaScript or a dictionary any
    /// of what was put there, when that is code.
    pub(super) fn asked(&self, object: &Value, site: Site, call: &Call) -> Value {
        match object {
            Value::Dict(dict) if self.program.language(site.unit) == Language::Python => {
                match self.positional(site.unit, call, 0).and_then(|key| key.as_str()) {
                    Some(key) => dict.get(&key).map_or(Value::Unknown, |entry| self.eval(entry)),
                    None => self.any_of_dict(dict),
                }
            }
            Value::Instance(instance) if instance.ty == "globalThis.Map" => self.any_of_map(instance),
            _ => Value::Unknown,
        }
    }

    /// What a call runs that asks a table in a way of its language. The grammar of Go reads `handlers[kind](event)` as
    /// the call of a generic function; Java calls a function by a method: `handlers.get(kind).accept(event)`.
    pub fn in_table(&self, site: Site, call: &Call, callee: Value) -> Value {
        let module = &self.program.unit(site.unit).module;
        if let (Language::Go, false) = (module.language, call.type_args.is_empty()) {
            return match &callee {
                Value::Dict(dict) => self.any_of_dict(dict),
                Value::Unknown => self.any_put(site.unit, call.callee),
                Value::Instance(made) if made.ty == "builtin.make" => self.any_put(site.unit, call.callee),
                _ => callee,
            };
        }
        let ExprKind::Attr { object: asked, name, .. } = &module.expr(call.callee).kind else { return callee };
        if !module.language.is_jvm() || matches!(callee, Value::Function { .. } | Value::OneOf(_)) {
            return callee;
        }
        let Some(ask) = self.ask(site.unit, *asked) else { return callee };
        let ExprKind::Attr { object: table, .. } = &module.expr(ask.callee).kind else { return callee };
        let found = self.asked_map(Site { unit: site.unit, expr: *table });
        let run = found.alternatives().iter().map(|value| match value {
            Value::Function { .. } if is_run(name) => value.clone(),
            value => self.attribute(value, name, site),
        });
        match self.one_of(run.collect()) {
            Value::Unknown => callee,
            found => found,
        }
    }

    /// What a call runs whose function is looked up in a table that callers hand over: `handlers[event.type](event)` in a
    /// function that is called with `{ handlers: { "order.placed": onOrderPlaced } }`.
    pub fn in_given_table(&self, site: Site, call: &Call) -> Value {
        let unit = self.program.unit(site.unit);
        let looked = self.only_value(site.unit, call.callee).unwrap_or(call.callee);
        let table = match &unit.module.expr(looked).kind {
            ExprKind::Index { object, .. } => *object,
            ExprKind::Call(asks) => match &unit.module.expr(asks.callee).kind {
                ExprKind::Attr { object, name, .. } if name == "get" => *object,
                _ => return Value::Unknown,
            },
            _ => return Value::Unknown,
        };
        let given = match &unit.module.expr(self.only_value(site.unit, table).unwrap_or(table)).kind {
            ExprKind::Attr { object, name, .. } => {
                let options = self.settle_at(Site { unit: site.unit, expr: *object });
                options.iter().map(|value| self.attribute(value, name, site)).collect()
            }
            _ => self.settle_at(Site { unit: site.unit, expr: table }),
        };
        let found = given.iter().take(MAX_ENTRIES).map(|value| match value {
            Value::Dict(dict) => self.any_of_dict(dict),
            Value::Instance(instance) if instance.ty == "globalThis.Map" => self.any_of_map(instance),
            _ => Value::Unknown,
        });
        self.one_of(found.filter(|value| *value != Value::Unknown).collect())
    }

    /// What a name stands for that is set once.
    fn only_value(&self, unit_id: UnitId, expr: ExprId) -> Option<ExprId> {
        let unit = self.program.unit(unit_id);
        let ExprKind::Name(name) = &unit.module.expr(expr).kind else { return None };
        match unit.index.lookup(&unit.module, unit.index.func_of(expr), name)?.1 {
            [Binding::Value(value)] => Some(*value),
            _ => None,
        }
    }

    /// The call that asks a map, here or where a variable is set.
    fn ask(&self, unit_id: UnitId, asked: ExprId) -> Option<&Call> {
        let unit = self.program.unit(unit_id);
        let asked = match &unit.module.expr(asked).kind {
            ExprKind::Name(name) => match unit.index.lookup(&unit.module, unit.index.func_of(asked), name)?.1 {
                [Binding::Value(value)]
                | [Binding::Typed(_), Binding::Value(value)]
                | [Binding::Value(value), Binding::Typed(_)] => *value,
                _ => return None,
            },
            _ => asked,
        };
        let is_ask = unit.module.callee_name(asked).is_some_and(|name| name == "get" || name == "getOrDefault");
        unit.module.call(asked).filter(|_| is_ask)
    }

    /// What a table of Java or Kotlin gives: `handlers.get(type)` of a field that is `Map.of("orders", this::onOrder)`,
    /// or that something is `put` into.
    fn asked_map(&self, table: Site) -> Value {
        let unit = self.program.unit(table.unit);
        let mut sites = Vec::new();
        if let Value::Dict(dict) = self.eval(table) {
            sites.extend(dict.entries.iter().map(|(_, site)| *site));
        }
        if let Some(made) = self.eval(table).instance().and_then(|i| i.call)
            && let module = &self.program.unit(made.unit).module
            && module.callee_name(made.expr).is_some_and(|name| name == "of" || name == "mapOf")
            && let Some(call) = module.call(made.expr)
        {
            sites.extend(call.args.iter().skip(1).step_by(2).map(|arg| Site { unit: made.unit, expr: arg.value }));
        }
        for &put in self.program.calls_named("put").iter().filter(|put| put.unit == table.unit) {
            let Some(call) = unit.module.call(put.expr) else { continue };
            let ExprKind::Attr { object, .. } = &unit.module.expr(call.callee).kind else { continue };
            if self.is_same_table(table.unit, table.expr, *object)
                && let Some(value) = call.args.get(1)
            {
                sites.push(Site { unit: put.unit, expr: value.value });
            }
        }
        self.any_code(sites)
    }

    /// What the module puts into a table that it does not make where it can be seen: `r.handlers[kind] = handler`.
    pub(super) fn any_put(&self, unit_id: UnitId, table: ExprId) -> Value {
        let unit = self.program.unit(unit_id);
        let put = unit.index.element_assignments.iter();
        let put = put.filter(|(target, _)| self.is_same_table(unit_id, table, *target)).take(MAX_ENTRIES);
        self.any_code(put.map(|(_, value)| Site { unit: unit_id, expr: *value }).collect())
    }

    /// True for two expressions that name one variable of the module, or one field of a class.
    pub(super) fn is_same_table(&self, unit_id: UnitId, a: ExprId, b: ExprId) -> bool {
        let unit = self.program.unit(unit_id);
        let module = &unit.module;
        match (&module.expr(a).kind, &module.expr(b).kind) {
            (ExprKind::Name(x), ExprKind::Name(y)) if x == y => {
                let scope = |e: ExprId| unit.index.lookup(module, unit.index.func_of(e), x).map(|(scope, _)| scope);
                let around = |e: ExprId| unit.index.classes_around(module, e).first().copied();
                scope(a) == scope(b) && (scope(a).is_some() || around(a) == around(b))
            }
            (ExprKind::Attr { object: x, name: m, .. }, ExprKind::Attr { object: y, name: n, .. }) if m == n => {
                match (self.at(unit_id, *x), self.at(unit_id, *y)) {
                    (Value::Object { unit: u, class: c, .. }, Value::Object { unit: v, class: d, .. }) => {
                        (u, c) == (v, d)
                    }
                    _ => false,
                }
            }
            _ => false,
        }
    }

    /// `new Map([["orders", onOrder]])`, `map.set("orders", onOrder)`.
    fn any_of_map(&self, map: &Instance) -> Value {
        let Some(made) = map.call else { return Value::Unknown };
        let unit = self.program.unit(made.unit);
        let mut sites = Vec::new();
        if let Some(Value::List(pairs)) =
            unit.module.call(made.expr).and_then(|call| self.positional(made.unit, call, 0))
        {
            for pair in pairs.iter().take(MAX_ENTRIES) {
                if let Value::List(pair) = self.eval(*pair) {
                    sites.extend(pair.get(1));
                }
            }
        }
        for &set in self.program.calls_named("set").iter().filter(|set| set.unit == made.unit) {
            let Some(call) = unit.module.call(set.expr) else { continue };
            let ExprKind::Attr { object, .. } = &unit.module.expr(call.callee).kind else { continue };
            if self.at(set.unit, *object).instance().is_some_and(|i| i.call == Some(made))
                && let Some(value) = call.args.get(1)
            {
                sites.push(Site { unit: set.unit, expr: value.value });
            }
        }
        self.any_code(sites)
    }

    /// The values that a module puts into a dictionary: `handlers["orders"] = onOrder`.
    fn put_by_index(&self, unit_id: UnitId, object: &Value) -> Vec<Site> {
        let unit = self.program.unit(unit_id);
        let put = unit.index.element_assignments.iter();
        let put = put.filter(|(target, _): &&(ExprId, ExprId)| self.at(unit_id, *target) == *object);
        put.take(MAX_ENTRIES).map(|(_, value)| Site { unit: unit_id, expr: *value }).collect()
    }

    /// One of several, when all that is known of them is functions, classes and objects. What is
    /// registered by a function is what its callers register.
    pub(super) fn any_code(&self, sites: Vec<Site>) -> Value {
        let mut out: Vec<Value> = Vec::new();
        for site in sites.into_iter().take(MAX_ENTRIES) {
            let value = self.eval(site);
            let values = match &value {
                Value::Param { .. } if self.settling.get() < 2 => {
                    self.settling.set(self.settling.get() + 1);
                    let mut values = self.settle(&value);
                    if let Value::Param { unit, func, index: 0 } = value {
                        values.extend(self.decorates(unit, func));
                    }
                    self.settling.set(self.settling.get() - 1);
                    values
                }
                value => value.alternatives().to_vec(),
            };
            for value in values {
                match value {
                    Value::Function { .. } | Value::Class { .. } | Value::Object { .. } | Value::Instance(_) => {
                        if !out.contains(&value) {
                            out.push(value);
                        }
                    }
                    Value::Unknown | Value::Null | Value::Param { .. } => {}
                    _ => return Value::Unknown,
                }
            }
        }
        out.truncate(MAX_ENTRIES);
        match out.len() {
            0 => Value::Unknown,
            1 => out.swap_remove(0),
            _ => Value::OneOf(Arc::new(out)),
        }
    }
}

/// Methods by which Java and Kotlin run a function.
fn is_run(name: &str) -> bool {
    matches!(name, "accept" | "apply" | "invoke" | "run" | "call" | "handle" | "execute")
}
