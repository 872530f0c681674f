//! From expressions to [`Value`]s: lazily, with limits, through imports, attributes and calls.

mod callers;
mod calls;
mod contents;
mod given;
mod listeners;
mod members;
mod names;
mod nearest;
mod params;
mod sections;
mod settle;
mod tables;

pub use callers::Way;
pub use calls::returns;
use calls::{hole, split_holes};
pub(super) use nearest::ends_before;

use rapidhash::RapidHashMap as HashMap;
use std::cell::{Cell, OnceCell, RefCell};
use std::sync::Arc;

use smol_str::{SmolStr, format_smolstr};

use super::hierarchy::ClassRef;
use super::value::{Dict, Instance, Site, Text, TextPart, Value};
use super::{Program, UnitId};
use crate::catalog::Catalog;
use crate::facts::module::{BinaryOp, Entry, ExprId, ExprKind, Language, TemplatePart};

/// How deep evaluation goes before it gives up with [`Value::Unknown`].
const MAX_DEPTH: u32 = 48;

/// How many expressions are looked at for one. Functions that call each other in circles have so many ways through
/// them that what is found to be unknown there has to stay unknown.
const MAX_STEPS: u32 = 10_000;

/// Evaluates expressions of one program. One per thread; it remembers what it found.
#[derive(Debug)]
pub struct Evaluator<'a> {
    /// The program.
    pub program: &'a Program,
    /// What is known about libraries.
    pub catalog: &'a Catalog,
    memo: RefCell<HashMap<Site, Value>>,
    depth: Cell<u32>,
    /// How many expressions were looked at for the outermost one.
    steps: Cell<u32>,
    /// How many parameters are being followed to find the callers of a function.
    settling: Cell<u32>,
    /// The imports that are being followed, with the depth: modules may import each other in a circle.
    following: RefCell<Vec<(UnitId, usize, u32)>>,
    /// The `from x import *` that are being searched, for what, and the depth.
    searching: RefCell<Vec<(UnitId, SmolStr, u32)>>,
    /// The classes that directly extend or implement a class; built when first asked for.
    pub(super) subclasses: OnceCell<HashMap<ClassRef, Vec<ClassRef>>>,
    /// The classes by the names of their bases, with whether they have a constructor of their own.
    pub(super) heirs: OnceCell<HashMap<SmolStr, Vec<(ClassRef, bool)>>>,
    /// The interfaces of Go by their methods.
    pub(super) interfaces: OnceCell<super::satisfies::Interfaces>,
    /// The protocols of Python by their methods.
    pub(super) protocols: OnceCell<super::protocols::Protocols>,
    /// They are being listed.
    pub(super) listing: Cell<bool>,
}

impl<'a> Evaluator<'a> {
    /// An evaluator without memory.
    pub fn new(program: &'a Program, catalog: &'a Catalog) -> Self {
        Evaluator {
            program,
            catalog,
            memo: RefCell::default(),
            depth: Cell::new(0),
            steps: Cell::new(0),
            settling: Cell::new(0),
            following: RefCell::default(),
            searching: RefCell::default(),
            subclasses: OnceCell::new(),
            heirs: OnceCell::new(),
            interfaces: OnceCell::new(),
            protocols: OnceCell::new(),
            listing: Cell::new(false),
        }
    }

    /// What an expression evaluates to.
    pub fn eval(&self, site: Site) -> Value {
        if let Some(known) = self.memo.borrow().get(&site) {
            return known.clone();
        }
        if self.depth.get() >= MAX_DEPTH {
            return Value::Unknown;
        }
        // A cycle sees Unknown.
        self.memo.borrow_mut().insert(site, Value::Unknown);
        let steps = if self.depth.get() == 0 { 0 } else { self.steps.get().saturating_add(1) };
        self.steps.set(steps);
        self.depth.set(self.depth.get() + 1);
        let value = self.compute(site);
        self.depth.set(self.depth.get() - 1);
        if self.depth.get() == 0 || !value.is_unknown() || self.steps.get() > MAX_STEPS {
            self.memo.borrow_mut().insert(site, value.clone());
        } else {
            // Found inside a cycle or at the depth limit: another way in may see more.
            self.memo.borrow_mut().remove(&site);
        }
        value
    }

    /// What an expression of a unit evaluates to.
    pub fn at(&self, unit: UnitId, expr: ExprId) -> Value {
        self.eval(Site { unit, expr })
    }

    fn compute(&self, site: Site) -> Value {
        let unit = self.program.unit(site.unit);
        let module = &unit.module;
        match &module.expr(site.expr).kind {
            ExprKind::Str(text) => Value::Str(Text::literal(text.clone())),
            ExprKind::Num(n) => Value::Num(*n),
            ExprKind::Bool(b) => Value::Bool(*b),
            ExprKind::Null => Value::Null,
            ExprKind::Template(parts) => Value::Str(self.template(site.unit, parts)),
            ExprKind::List(items) => {
                Value::List(Arc::new(items.iter().map(|&expr| Site { unit: site.unit, expr }).collect()))
            }
            ExprKind::Dict(entries) => self.dict(site, entries),
            ExprKind::Name(name) => self.name(site.unit, unit.index.func_of(site.expr), name, Some(site.expr)),
            ExprKind::This => self.this(site),
            ExprKind::Super => self.base_object(site),
            ExprKind::Attr { object, name, .. } => {
                let object_value = self.at(site.unit, *object);
                let value = self.attribute(&object_value, name, site);
                if super::is_application_state(module, *object)
                    && !matches!(value, Value::Dict(_) | Value::Object { .. })
                {
                    let kept = self.program.kept(site.unit, name).into_iter().map(|s| self.eval(s)).collect();
                    match self.one_of(kept) {
                        Value::Unknown => {}
                        kept => return kept,
                    }
                }
                if let Some(hung) = self.hung_on(site.unit, *object, name, &value) {
                    return hung;
                }
                let value = match value {
                    Value::Unknown => self.assigned_attribute(site.unit, &object_value, name),
                    value => value,
                };
                if (matches!(value, Value::Unknown | Value::Param { .. }) || names::is_lost(&value))
                    && matches!(module.expr(*object).kind, ExprKind::This)
                {
                    return self.by_use(site.unit, site.expr, true).unwrap_or(value);
                }
                value
            }
            ExprKind::Index { object, index } => self.index(site, *object, *index),
            ExprKind::Call(call) => self.call(site, call),
            ExprKind::Await(inner) => self.at(site.unit, *inner),
            ExprKind::Lambda(func) => Value::Function { unit: site.unit, func: *func, this: None },
            ExprKind::ClassExpr(class) => Value::Class { unit: site.unit, class: *class },
            ExprKind::Binary { op, left, right } => self.binary(site.unit, *op, *left, *right),
            ExprKind::Not(inner) => match self.at(site.unit, *inner) {
                Value::Bool(b) => Value::Bool(!b),
                _ => Value::Unknown,
            },
            ExprKind::Neg(inner) => match self.at(site.unit, *inner) {
                Value::Num(n) => Value::Num(-n),
                _ => Value::Unknown,
            },
            ExprKind::Cond { test, then, other } => {
                self.either(site.unit, *test, self.at(site.unit, *then), self.at(site.unit, *other))
            }
            ExprKind::Assign { value, .. } => self.at(site.unit, *value),
            ExprKind::Cast { value, ty } => match self.at(site.unit, *value) {
                Value::Unknown | Value::Param { .. } => self.declared(site.unit, *ty).unwrap_or(Value::Unknown),
                // `ctx.Value(key).(Store)`: what a library kept for the program is what the program says.
                kept @ Value::Instance(_) if self.program.language(site.unit) == Language::Go => {
                    let own = self.declared(site.unit, *ty).filter(|ty| matches!(ty, Value::Object { .. }));
                    own.unwrap_or(kept)
                }
                known => known,
            },
            ExprKind::Other(_) => Value::Unknown,
        }
    }

    fn template(&self, unit: UnitId, parts: &[TemplatePart]) -> Text {
        let mut text = Text::default();
        for part in parts {
            match part {
                TemplatePart::Text(lit) => text.parts.push(TextPart::Lit(lit.clone())),
                TemplatePart::Hole(expr) => match self.part(unit, *expr) {
                    Some(inner) => text.push(inner),
                    None => text.parts.push(TextPart::Hole),
                },
            }
        }
        text
    }

    fn dict(&self, site: Site, entries: &[Entry]) -> Value {
        let mut dict = Dict { site, entries: Vec::new(), open: false };
        for entry in entries {
            match entry {
                Entry::Pair { key, value } => match self.at(site.unit, *key).as_str() {
                    Some(key) => dict.entries.push((key.into(), Site { unit: site.unit, expr: *value })),
                    None => dict.open = true,
                },
                Entry::Spread(value) => match self.at(site.unit, *value) {
                    Value::Dict(other) => {
                        dict.entries.extend(other.entries.iter().cloned());
                        dict.open |= other.open;
                    }
                    _ => dict.open = true,
                },
            }
        }
        Value::Dict(Arc::new(dict))
    }

    fn index(&self, site: Site, object: ExprId, index: ExprId) -> Value {
        if self.program.language(site.unit) == Language::Go
            && let Some(value) = self.go_result(site, object, index)
        {
            return value;
        }
        let value = self.at(site.unit, object);
        let key = self.at(site.unit, index);
        match (&value, &key) {
            (Value::External(path), key) if is_environ(path) => match key.as_str() {
                Some(name) => Value::Env { name: name.into(), default: None, site },
                None => Value::Unknown,
            },
            (Value::Dict(dict), key) => match key.as_str().map(|k| dict.get(&k)) {
                Some(Some(entry)) => self.eval(entry),
                Some(None) => Value::Unknown,
                None => self.any_of_dict(dict),
            },
            (Value::List(items), Value::Num(n)) if *n >= 0.0 => {
                items.get(*n as usize).map_or(Value::Unknown, |s| self.eval(*s))
            }
            // `handlers: make(map[string]Handler)` of Go
            (Value::Instance(instance), _) if instance.ty == "builtin.make" => self.put_or_declared(site.unit, object),
            (Value::Class { unit, class }, key) if self.program.language(site.unit).is_script() => {
                self.of_statics((*unit, *class), key, site)
            }
            // `Queue[str]`, `Model<Order>`: a generic type is its base.
            (Value::External(_) | Value::Class { .. }, _) => value,
            (Value::Instance(instance), key) => {
                let symbol = format_smolstr!("{}[]", instance.ty);
                // `configuration["Name"]`
                if self.catalog.env_reader(self.program.language(site.unit), &symbol).is_some()
                    && let Some(name) = key.as_str()
                {
                    let section = self.section_of(instance);
                    return Value::Env { name: format_smolstr!("{section}{name}"), default: None, site };
                }
                self.catalog.property(self.program.language(site.unit), &symbol).map_or(Value::Unknown, |ty| {
                    Value::Instance(Instance { ty, call: Some(site), from: Some(Arc::new(instance.clone())) })
                })
            }
            (Value::Unknown | Value::Param { .. }, _) => self.put_or_declared(site.unit, object),
            _ => Value::Unknown,
        }
    }

    /// What stands in a table: what its module puts there, or what its type says.
    fn put_or_declared(&self, unit: UnitId, table: ExprId) -> Value {
        match self.any_put(unit, table) {
            Value::Unknown => self.content(unit, table).unwrap_or(Value::Unknown),
            put => put,
        }
    }

    fn binary(&self, unit: UnitId, op: BinaryOp, left: ExprId, right: ExprId) -> Value {
        match op {
            BinaryOp::Or | BinaryOp::Coalesce => {
                let (first, second) = (self.at(unit, left), self.at(unit, right));
                match first {
                    // In .NET `A__B` of the environment is the key `A:B` of the configuration.
                    Value::Env { ref name, .. }
                        if matches!(&second, Value::Env { name: key, .. }
                            if key.contains(':') && name.replace("__", ":").eq_ignore_ascii_case(key)) =>
                    {
                        second
                    }
                    Value::Env { name, default: None, site } => {
                        let default = (!matches!(second, Value::Unknown)).then(|| Arc::new(second));
                        Value::Env { name, default, site }
                    }
                    Value::Unknown | Value::Null => second,
                    first => self.one_of(vec![first, second]),
                }
            }
            BinaryOp::And => self.at(unit, right),
            BinaryOp::Add => match (self.at(unit, left), self.at(unit, right)) {
                (Value::Num(a), Value::Num(b)) => Value::Num(a + b),
                (a, b) => {
                    let is_text = |v: &Value| matches!(v, Value::Str(_));
                    if let (Value::Str(tail), Value::Param { .. }) = (&b, &a)
                        && let Some(mut text) = self.part(unit, left)
                    {
                        text.push(tail.clone());
                        return Value::Str(text);
                    }
                    if !is_text(&a)
                        && !is_text(&b)
                        && !matches!((&a, &b), (Value::Env { .. }, _) | (_, Value::Env { .. }))
                    {
                        return Value::Unknown;
                    }
                    let mut text = a.to_text().unwrap_or_else(hole);
                    text.push(b.to_text().unwrap_or_else(hole));
                    Value::Str(text)
                }
            },
            BinaryOp::Mul => match (self.at(unit, left), self.at(unit, right)) {
                (Value::Num(a), Value::Num(b)) => Value::Num(a * b),
                _ => Value::Unknown,
            },
            BinaryOp::Sub => match (self.at(unit, left), self.at(unit, right)) {
                (Value::Num(a), Value::Num(b)) => Value::Num(a - b),
                _ => Value::Unknown,
            },
            BinaryOp::Div => match (self.at(unit, left), self.at(unit, right)) {
                (Value::Num(a), Value::Num(b)) if b != 0.0 => Value::Num(a / b),
                // `base / "path"` of pathlib and yarl.
                _ => Value::Unknown,
            },
            // `"http://%s/x" % host`
            BinaryOp::Mod => match self.at(unit, left) {
                Value::Str(text) => match text.as_literal() {
                    Some(format) => Value::Str(split_holes(&format, "%s")),
                    None => Value::Str(text),
                },
                _ => Value::Unknown,
            },
            _ => Value::Unknown,
        }
    }
}

/// True when one of the alternatives is an object.
fn is_object(value: &Value) -> bool {
    value.alternatives().iter().any(|v| matches!(v, Value::Instance(_) | Value::Object { .. }))
}

fn is_environ(path: &str) -> bool {
    matches!(path, "os.environ" | "globalThis.process.env" | "process.env" | "globalThis.process.default.env")
}
