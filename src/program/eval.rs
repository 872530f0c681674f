//! From expressions to [`Value`]s: lazily, with limits, through imports, attributes and calls.

use rapidhash::RapidHashMap as HashMap;
use std::cell::{Cell, OnceCell, RefCell};
use std::sync::Arc;

use smol_str::{SmolStr, format_smolstr};

use super::hierarchy::ClassRef;
use super::index::{Binding, Parent};
use super::resolve::Target;
use super::value::{Dict, Instance, Site, Text, TextPart, Value};
use super::{Program, UnitId};
use crate::catalog::Catalog;
use crate::facts::module::{
    BinaryOp, Call, ClassId, ClassKind, Entry, ExportValue, ExprId, ExprKind, FuncId, FunctionKind, ImportKind,
    Language, StmtKind, TemplatePart,
};

/// How deep evaluation goes before it gives up with [`Value::Unknown`].
const MAX_DEPTH: u32 = 48;

/// Evaluates expressions of one program. One per thread; it remembers what it found.
#[derive(Debug)]
pub struct Evaluator<'a> {
    /// The program.
    pub program: &'a Program,
    /// What is known about libraries.
    pub catalog: &'a Catalog,
    memo: RefCell<HashMap<Site, Value>>,
    depth: Cell<u32>,
    /// How many parameters are being followed to find the callers of a function.
    settling: Cell<u32>,
    /// The imports that are being followed, with the depth: modules may import each other in a circle.
    following: RefCell<Vec<(UnitId, usize, u32)>>,
    /// The `from x import *` that are being searched, for what, and the depth.
    searching: RefCell<Vec<(UnitId, SmolStr, u32)>>,
    /// The classes that directly extend or implement a class; built when first asked for.
    pub(super) subclasses: OnceCell<HashMap<ClassRef, Vec<ClassRef>>>,
}

impl<'a> Evaluator<'a> {
    /// An evaluator without memory.
    pub fn new(program: &'a Program, catalog: &'a Catalog) -> Self {
        Evaluator {
            program,
            catalog,
            memo: RefCell::default(),
            depth: Cell::new(0),
            settling: Cell::new(0),
            following: RefCell::default(),
            searching: RefCell::default(),
            subclasses: OnceCell::new(),
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
        self.depth.set(self.depth.get() + 1);
        let value = self.compute(site);
        self.depth.set(self.depth.get() - 1);
        if self.depth.get() == 0 || !value.is_unknown() {
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
            ExprKind::Super => Value::Unknown,
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
                if value == Value::Unknown { self.assigned_attribute(site.unit, &object_value, name) } else { value }
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
            ExprKind::Cond { then, other, .. } => {
                self.one_of(vec![self.at(site.unit, *then), self.at(site.unit, *other)])
            }
            ExprKind::Assign { value, .. } => self.at(site.unit, *value),
            ExprKind::Cast { value, ty } => match self.at(site.unit, *value) {
                Value::Unknown | Value::Param { .. } => self.declared(site.unit, *ty).unwrap_or(Value::Unknown),
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
                TemplatePart::Hole(expr) => match self.at(unit, *expr).to_text() {
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

    /// What a name means in a scope.
    pub fn name(&self, unit_id: UnitId, scope: Option<FuncId>, name: &str, _at: Option<ExprId>) -> Value {
        let unit = self.program.unit(unit_id);
        let Some((_, bindings)) = unit.index.lookup(&unit.module, scope, name) else {
            if let Some(value) = self.star_import(unit_id, name) {
                return value;
            }
            return Value::External(match unit.module.language {
                Language::Python => format_smolstr!("builtins.{name}"),
                Language::JavaScript | Language::TypeScript => format_smolstr!("globalThis.{name}"),
            });
        };
        let mut values = Vec::new();
        let mut declared = None;
        for binding in bindings {
            match *binding {
                Binding::Import(i) => values.push(self.import(unit_id, i)),
                Binding::Func(func) => values.push(Value::Function { unit: unit_id, func, this: None }),
                Binding::Class(class) => values.push(Value::Class { unit: unit_id, class }),
                Binding::Value(expr) => values.push(self.at(unit_id, expr)),
                Binding::Entered(expr) => values.push(self.entered(unit_id, expr)),
                Binding::Typed(ty) => declared = declared.or_else(|| self.declared(unit_id, ty)),
                Binding::Param(func, index) => values.push(self.param(unit_id, func, index)),
                Binding::Element(iter) => values.push(self.element(unit_id, iter)),
                Binding::Opaque => {}
            }
        }
        let value = self.one_of(values);
        match (value, declared) {
            (Value::Unknown | Value::Null, Some(declared)) => declared,
            (value, _) => value,
        }
    }

    fn star_import(&self, unit_id: UnitId, name: &str) -> Option<Value> {
        let unit = self.program.unit(unit_id);
        let mut stars = unit.module.imports.iter().filter(|i| i.kind == ImportKind::Star).peekable();
        stars.peek()?;
        let search = (unit_id, SmolStr::new(name), self.depth.get());
        if self.searching.borrow().contains(&search) {
            return None;
        }
        self.searching.borrow_mut().push(search);
        let found = stars.find_map(|import| match self.program.imports.target(unit_id, &import.module)? {
            Target::Unit(target) => self.exported(*target, name, 0),
            _ => None,
        });
        self.searching.borrow_mut().pop();
        found
    }

    fn import(&self, unit_id: UnitId, index: usize) -> Value {
        // With an expression in between it is no circle, but another question to the same import.
        let step = (unit_id, index, self.depth.get());
        if self.following.borrow().contains(&step) {
            // `from . import settings` in the `__init__.py` itself names the module beside it.
            let import = &self.program.unit(unit_id).module.imports[index];
            return match &import.kind {
                ImportKind::Named(name) => self.submodule(unit_id, &import.module, name),
                _ => Value::Unknown,
            };
        }
        self.following.borrow_mut().push(step);
        let value = self.imported(unit_id, index);
        self.following.borrow_mut().pop();
        value
    }

    fn imported(&self, unit_id: UnitId, index: usize) -> Value {
        let import = &self.program.unit(unit_id).module.imports[index];
        let Some(target) = self.program.imports.target(unit_id, &import.module) else { return Value::Unknown };
        match (target, &import.kind) {
            (Target::Unit(unit), ImportKind::Named(name)) => {
                let found =
                    self.exported(*unit, name, 0).unwrap_or_else(|| self.submodule(unit_id, &import.module, name));
                self.shadowed(unit_id, &import.module, name, &found).unwrap_or(found)
            }
            (Target::Unit(unit), ImportKind::Default) => {
                self.exported(*unit, "default", 0).unwrap_or(Value::Module(*unit))
            }
            (Target::Unit(unit), _) => self.namespace(*unit),
            (Target::Folder(path), ImportKind::Named(name)) => {
                let found = self.in_folder(path, name);
                self.shadowed(unit_id, &import.module, name, &found).unwrap_or(found)
            }
            (Target::Folder(path), _) => Value::Folder(path.clone()),
            (Target::External(package), ImportKind::Named(name)) if name == "default" => {
                Value::External(package.clone())
            }
            (Target::External(package), ImportKind::Named(name)) => {
                Value::External(format_smolstr!("{package}.{name}"))
            }
            (Target::External(package), _) => Value::External(package.clone()),
        }
    }

    /// A folder of the repository may have the name of a library (`kafka/`, `redis/`). What it does not
    /// offer is the library's: `from kafka import KafkaProducer`.
    fn shadowed(&self, unit: UnitId, module: &str, name: &str, found: &Value) -> Option<Value> {
        let language = self.program.language(unit);
        let missing = match found {
            Value::Unknown => true,
            Value::Folder(path) => !self.program.units.iter().any(|u| super::resolve::within(&u.path, path)),
            _ => false,
        };
        (missing && language == Language::Python && !module.starts_with('.'))
            .then(|| self.catalog.split(language, module))
            .flatten()
            .map(|_| Value::External(format_smolstr!("{module}.{name}")))
    }

    /// `module.exports = X` makes the module itself that value.
    fn namespace(&self, unit: UnitId) -> Value {
        let module = &self.program.unit(unit).module;
        if module.language != Language::Python
            && let [only] = module.exports.as_slice()
            && only.name == "default"
        {
            return self.exported(unit, "default", 0).unwrap_or(Value::Module(unit));
        }
        Value::Module(unit)
    }

    /// `from package import module`.
    fn submodule(&self, from: UnitId, package: &str, name: &str) -> Value {
        let unit = self.program.unit(from);
        if unit.module.language != Language::Python {
            return Value::Unknown;
        }
        let Some(Target::Unit(init)) = self.program.imports.target(from, package) else { return Value::Unknown };
        let path = &self.program.unit(*init).path;
        match path.strip_suffix("__init__.py") {
            Some(folder) => self.in_folder(folder.trim_end_matches('/'), name),
            None => Value::Unknown,
        }
    }

    fn in_folder(&self, folder: &str, name: &str) -> Value {
        let path = super::resolve::join(folder, name);
        for candidate in [format!("{path}.py"), format!("{path}/__init__.py")] {
            if let Some(unit) = self.program.find(&candidate) {
                return Value::Module(unit);
            }
        }
        Value::Folder(path.into())
    }

    /// What a module offers under a name.
    pub fn exported(&self, unit_id: UnitId, name: &str, hops: u32) -> Option<Value> {
        if hops > 8 {
            return None;
        }
        let unit = self.program.unit(unit_id);
        for export in unit.module.exports.iter().filter(|e| e.name == name) {
            match &export.value {
                ExportValue::Local(local) if unit.index.top(local).is_empty() => {
                    return Some(self.exported_inside(unit_id, local));
                }
                ExportValue::Local(local) => return Some(self.name(unit_id, None, local, None)),
                ExportValue::Expr(expr) => return Some(self.at(unit_id, *expr)),
                ExportValue::From { module, name } => match self.program.imports.target(unit_id, module)? {
                    Target::Unit(target) if name == "*" => return Some(Value::Module(*target)),
                    Target::Unit(target) => {
                        if let Some(value) = self.exported(*target, name, hops + 1) {
                            return Some(value);
                        }
                    }
                    Target::External(package) => return Some(Value::External(format_smolstr!("{package}.{name}"))),
                    Target::Folder(_) => {}
                },
            }
        }
        if !unit.index.top(name).is_empty() {
            return Some(self.name(unit_id, None, name, None));
        }
        if unit.module.language == Language::Python
            && let Some(value) = self.star_import(unit_id, name)
        {
            return Some(value);
        }
        for export in unit.module.exports.iter().filter(|e| e.name == "*") {
            if let ExportValue::From { module, .. } = &export.value
                && let Some(Target::Unit(target)) = self.program.imports.target(unit_id, module)
                && let Some(value) = self.exported(*target, name, hops + 1)
            {
                return Some(value);
            }
        }
        // `const { get } = require("./client")` with `module.exports = new Client()`.
        if name != "default"
            && let [only] = unit.module.exports.as_slice()
            && only.name == "default"
            && let ExportValue::Expr(expr) = only.value
        {
            let object = self.at(unit_id, expr);
            let value = self.attribute(&object, name, Site { unit: unit_id, expr });
            return (value != Value::Unknown).then_some(value);
        }
        None
    }

    /// `module.exports = app` in a function that is run at once: `app` is a name of that function.
    fn exported_inside(&self, unit_id: UnitId, local: &str) -> Value {
        let unit = self.program.unit(unit_id);
        let assigned = unit.index.attribute_assignments.iter().find_map(|(_, object, value)| {
            let exports = matches!(&unit.module.expr(*object).kind,
                ExprKind::Name(name) if name == "module" || name == "exports");
            let named = matches!(&unit.module.expr(*value).kind, ExprKind::Name(name) if name == local);
            (exports && named).then_some(*value)
        });
        match assigned {
            Some(value) => self.at(unit_id, value),
            None => self.name(unit_id, None, local, None),
        }
    }

    /// The object that `this` is in the function around an expression.
    fn this(&self, site: Site) -> Value {
        let unit = self.program.unit(site.unit);
        let mut func = unit.index.func_of(site.expr);
        while let Some(f) = func {
            let function = unit.module.func(f);
            if let Some(class) = function.class {
                return Value::Object { unit: site.unit, class, call: None };
            }
            func = function.parent;
        }
        // The initialiser of a field.
        let class = unit.index.ancestors(site.expr).find_map(|p| match p {
            Parent::Class(class) => Some(class),
            _ => None,
        });
        class.map_or(Value::Unknown, |class| Value::Object { unit: site.unit, class, call: None })
    }

    /// `object.name`.
    pub fn attribute(&self, object: &Value, name: &str, site: Site) -> Value {
        match object {
            Value::External(path) => {
                if path == "globalThis.process.env" || path == "process.env" || path == "globalThis.process.default.env"
                {
                    return Value::Env { name: name.into(), default: None, site };
                }
                Value::External(format_smolstr!("{path}.{name}"))
            }
            Value::Instance(instance) => {
                let symbol = format_smolstr!("{}.{name}", instance.ty);
                match self.catalog.property(self.program.language(site.unit), &symbol) {
                    Some(ty) => {
                        Value::Instance(Instance { ty, call: instance.call, from: Some(Arc::new(instance.clone())) })
                    }
                    None => Value::Method { symbol, receiver: Arc::new(instance.clone()) },
                }
            }
            Value::Method { symbol, receiver } => {
                Value::Method { symbol: format_smolstr!("{symbol}.{name}"), receiver: receiver.clone() }
            }
            Value::Object { unit, class, call } => self.member(*unit, *class, name, *call, site, 0),
            Value::Class { unit, class } => self.static_member(*unit, *class, name, site),
            Value::Module(unit) => {
                self.exported(*unit, name, 0).unwrap_or_else(|| match self.program.language(*unit) {
                    Language::Python => {
                        let path = &self.program.unit(*unit).path;
                        path.strip_suffix("/__init__.py").map_or(Value::Unknown, |f| self.in_folder(f, name))
                    }
                    _ => Value::Unknown,
                })
            }
            Value::Folder(path) => self.in_folder(path, name),
            Value::Dict(dict) => dict.get(name).map_or(Value::Unknown, |s| self.eval(s)),
            Value::OneOf(values) => self.one_of(values.iter().map(|v| self.attribute(v, name, site)).collect()),
            _ => Value::Unknown,
        }
    }

    /// A member of an object of a repository class.
    fn member(
        &self,
        unit_id: UnitId,
        class_id: ClassId,
        name: &str,
        call: Option<Site>,
        site: Site,
        hops: u32,
    ) -> Value {
        let unit = self.program.unit(unit_id);
        let class = unit.module.class(class_id);
        let this = || Some(Arc::new(Value::Object { unit: unit_id, class: class_id, call }));
        for &method in &class.methods {
            let function = unit.module.func(method);
            if function.name == name {
                if function.kind == FunctionKind::Getter {
                    return self.returned(unit_id, method, None);
                }
                if function.kind != FunctionKind::Constructor {
                    return Value::Function { unit: unit_id, func: method, this: this() };
                }
            }
        }
        let mut values: Vec<Value> = Vec::new();
        for (expr, func) in unit.index.member(class_id, name) {
            let value = self.at(unit_id, *expr);
            values.push(match (&value, call) {
                (Value::Param { func: f, index, .. }, Some(call))
                    if Some(*f) == *func && unit.module.func(*f).kind == FunctionKind::Constructor =>
                {
                    self.argument(call, unit_id, *f, *index).unwrap_or(value)
                }
                _ => value,
            });
        }
        let mut declared = None;
        for field in class.fields.iter().filter(|f| f.name == name) {
            if let Some(given) = call.and_then(|c| self.field_argument(c, unit_id, class_id, name)) {
                return given;
            }
            if let Some(value) = field.value {
                values.push(self.at(unit_id, value));
            }
            declared = declared.or_else(|| field.ty.and_then(|ty| self.declared(unit_id, ty)));
        }
        for &method in &class.methods {
            let function = unit.module.func(method);
            for (i, param) in function.params.iter().enumerate().filter(|(_, p)| p.is_field && p.name == name) {
                let value = self.param(unit_id, method, i);
                let by_call = call.and_then(|c| self.argument(c, unit_id, method, i));
                values.push(by_call.unwrap_or(value));
                declared = declared.or_else(|| param.ty.and_then(|ty| self.declared(unit_id, ty)));
            }
        }
        if self.is_settings(unit_id, class_id, 0)
            && let Some(value) = self.setting(unit_id, class_id, name, site)
        {
            return value;
        }
        let value = self.one_of(values);
        match (&value, declared) {
            (Value::Unknown | Value::Null | Value::Param { .. }, Some(declared)) => return declared,
            (Value::Unknown, None) => {}
            _ => return value,
        }
        if hops < 6 {
            for &base in &class.bases {
                let inherited = match self.at(unit_id, base) {
                    Value::Class { unit, class } => self.member(unit, class, name, call, site, hops + 1),
                    Value::External(symbol) => {
                        let ty = self.catalog.canonical(unit.module.language, &symbol);
                        self.attribute(&Value::Instance(Instance { ty, call, from: None }), name, site)
                    }
                    _ => Value::Unknown,
                };
                if inherited != Value::Unknown {
                    return inherited;
                }
            }
        }
        Value::Unknown
    }

    /// The argument for a field of a class without a constructor (a dataclass, a model).
    fn field_argument(&self, site: Site, unit: UnitId, class: ClassId, name: &str) -> Option<Value> {
        let module = &self.program.unit(unit).module;
        let constructed = |m: &FuncId| module.func(*m).kind == FunctionKind::Constructor;
        if module.language != Language::Python || module.class(class).methods.iter().any(constructed) {
            return None;
        }
        let value = self.keyword(site.unit, self.program.unit(site.unit).module.call(site.expr)?, name)?;
        (!value.is_unknown()).then_some(value)
    }

    fn static_member(&self, unit_id: UnitId, class_id: ClassId, name: &str, site: Site) -> Value {
        let unit = self.program.unit(unit_id);
        let class = unit.module.class(class_id);
        if class.kind == ClassKind::Enum
            && let Some(field) = class.fields.iter().find(|f| f.name == name)
        {
            return field.value.map_or(Value::Str(Text::literal(name)), |v| self.at(unit_id, v));
        }
        match self.member(unit_id, class_id, name, None, site, 0) {
            Value::Function { unit, func, .. } => Value::Function { unit, func, this: None },
            // `Color.RED.value` of a Python enum is followed like `Color.RED`.
            other => other,
        }
    }

    /// True for a class whose fields are read from the environment (pydantic-settings).
    fn is_settings(&self, unit_id: UnitId, class_id: ClassId, hops: u32) -> bool {
        let unit = self.program.unit(unit_id);
        hops < 6
            && unit.module.class(class_id).bases.iter().any(|&base| match self.at(unit_id, base) {
                Value::External(symbol) => self.catalog.is_settings_class(unit.module.language, &symbol),
                Value::Class { unit, class } => self.is_settings(unit, class, hops + 1),
                _ => false,
            })
    }

    fn setting(&self, unit_id: UnitId, class_id: ClassId, name: &str, site: Site) -> Option<Value> {
        let unit = self.program.unit(unit_id);
        let class = unit.module.class(class_id);
        let field = class.fields.iter().find(|f| f.name == name)?;
        let mut env = name.to_uppercase();
        let mut default = field.value.map(|v| (v, self.at(unit_id, v)));
        if let Some(prefix) = self.settings_prefix(unit_id, class_id) {
            env = format!("{}{env}", prefix.to_uppercase());
        }
        // `Field("default", alias="NAME")`, `Field(default=…, validation_alias=…, env=…)`.
        if let Some(value) = field.value
            && let Some(call) = unit.module.call(value)
            && unit.module.callee_name(value).is_some_and(|n| n == "Field")
        {
            default = None;
            for (i, arg) in call.args.iter().enumerate() {
                let key = arg.name.as_deref().unwrap_or(if i == 0 { "default" } else { "" });
                match key {
                    "alias" | "validation_alias" | "env" => {
                        if let Some(alias) = self.at(unit_id, arg.value).as_str() {
                            env = alias;
                        }
                    }
                    "default" => default = Some((arg.value, self.at(unit_id, arg.value))),
                    _ => {}
                }
            }
        }
        let default =
            default.map(|(_, v)| v).filter(|v| !matches!(v, Value::Unknown | Value::Null | Value::External(_)));
        // The field is what reads the variable, not each use of it.
        let site = field.value.or(field.ty).map_or(site, |expr| Site { unit: unit_id, expr });
        Some(Value::Env { name: env.into(), default: default.map(Arc::new), site })
    }

    /// `model_config = SettingsConfigDict(env_prefix="X_")`, or `class Config: env_prefix`.
    fn settings_prefix(&self, unit_id: UnitId, class_id: ClassId) -> Option<String> {
        let unit = self.program.unit(unit_id);
        let field = unit.module.class(class_id).fields.iter().find(|f| f.name == "model_config")?;
        let value = field.value?;
        if let Some(call) = unit.module.call(value) {
            let arg = call.args.iter().find(|a| a.name.as_deref() == Some("env_prefix"))?;
            return self.at(unit_id, arg.value).as_str();
        }
        match self.at(unit_id, value) {
            Value::Dict(dict) => self.eval(dict.get("env_prefix")?).as_str(),
            _ => None,
        }
    }

    /// `x.name = value` somewhere in the module, for an `x` that evaluates to the same object.
    fn assigned_attribute(&self, unit_id: UnitId, object: &Value, name: &str) -> Value {
        if matches!(object, Value::Unknown | Value::Param { .. }) {
            return Value::Unknown;
        }
        let unit = self.program.unit(unit_id);
        let found = unit.index.attribute_assignments.iter().filter(|(n, _, _)| n == name);
        let mut values = Vec::new();
        for (_, target, value) in found.take(8) {
            if self.at(unit_id, *target) == *object {
                values.push(self.at(unit_id, *value));
            }
        }
        self.one_of(values)
    }

    fn index(&self, site: Site, object: ExprId, index: ExprId) -> Value {
        let value = self.at(site.unit, object);
        let key = self.at(site.unit, index);
        match (&value, &key) {
            (Value::External(path), key) if is_environ(path) => match key.as_str() {
                Some(name) => Value::Env { name: name.into(), default: None, site },
                None => Value::Unknown,
            },
            (Value::Dict(dict), key) => match key.as_str().and_then(|k| dict.get(&k)) {
                Some(entry) => self.eval(entry),
                None => Value::Unknown,
            },
            (Value::List(items), Value::Num(n)) if *n >= 0.0 => {
                items.get(*n as usize).map_or(Value::Unknown, |s| self.eval(*s))
            }
            // `Queue[str]`, `Model<Order>`: a generic type is its base.
            (Value::External(_) | Value::Class { .. }, _) => value,
            (Value::Instance(instance), _) => {
                let symbol = format_smolstr!("{}[]", instance.ty);
                self.catalog.property(self.program.language(site.unit), &symbol).map_or(Value::Unknown, |ty| {
                    Value::Instance(Instance { ty, call: Some(site), from: Some(Arc::new(instance.clone())) })
                })
            }
            _ => Value::Unknown,
        }
    }

    fn binary(&self, unit: UnitId, op: BinaryOp, left: ExprId, right: ExprId) -> Value {
        match op {
            BinaryOp::Or | BinaryOp::Coalesce => {
                let (first, second) = (self.at(unit, left), self.at(unit, right));
                match first {
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
                    if !is_text(&a)
                        && !is_text(&b)
                        && !matches!((&a, &b), (Value::Env { .. }, _) | (_, Value::Env { .. }))
                    {
                        return Value::Unknown;
                    }
                    let hole = || Text { parts: vec![TextPart::Hole] };
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

    fn call(&self, site: Site, call: &Call) -> Value {
        let callee = self.at(site.unit, call.callee);
        self.call_value(&callee, site, call)
    }

    fn call_value(&self, callee: &Value, site: Site, call: &Call) -> Value {
        let language = self.program.language(site.unit);
        match callee {
            Value::External(symbol) => {
                if let Some(value) = self.known_call(language, symbol, site, call) {
                    return value;
                }
                let ty = self.catalog.result(language, symbol);
                Value::Instance(Instance { ty, call: Some(site), from: None })
            }
            Value::Method { symbol, receiver } => {
                if let Some(value) = self.known_call(language, symbol, site, call) {
                    return value;
                }
                let ty = self.catalog.result(language, symbol);
                // `session.get(…)` keeps the call it was made by; a fluent call keeps the receiver.
                Value::Instance(Instance { ty, call: Some(site), from: Some(receiver.clone()) })
            }
            Value::Function { unit, func, .. } => {
                let value = self.returned(*unit, *func, Some(site));
                if value == Value::Unknown {
                    let declared = self.program.unit(*unit).module.func(*func).returns;
                    return declared.and_then(|ty| self.declared(*unit, ty)).unwrap_or(Value::Unknown);
                }
                value
            }
            Value::Class { unit, class } => {
                if let Some(value) = self.factory(*unit, *class, site) {
                    return value;
                }
                Value::Object { unit: *unit, class: *class, call: Some(site) }
            }
            // Calling an object: `env("NAME")`, `SessionLocal()` of a session factory, `new this.model(row)`.
            Value::Instance(instance) => {
                let symbol = format_smolstr!("{}.()", instance.ty);
                if let Some(value) = self.known_call(language, &symbol, site, call) {
                    return value;
                }
                let ty = self.catalog.result(language, &symbol);
                if ty == symbol {
                    return self.string_method(site, call);
                }
                Value::Instance(Instance { ty, call: Some(site), from: Some(Arc::new(instance.clone())) })
            }
            // `cls(…)` in a class method
            Value::Object { unit, class, .. } if self.is_receiver(site.unit, call.callee) => {
                Value::Object { unit: *unit, class: *class, call: Some(site) }
            }
            Value::OneOf(values) => self.one_of(values.iter().map(|v| self.call_value(v, site, call)).collect()),
            _ => self.string_method(site, call),
        }
    }

    fn is_receiver(&self, unit: UnitId, callee: ExprId) -> bool {
        matches!(self.program.unit(unit).module.expr(callee).kind, ExprKind::This)
    }

    /// A class that extends an external one without adding a constructor is still that type; nothing
    /// to do here, members are looked up in the base. Enums construct to themselves.
    fn factory(&self, unit: UnitId, class: ClassId, _site: Site) -> Option<Value> {
        let kind = self.program.unit(unit).module.class(class).kind;
        (kind == ClassKind::Interface).then_some(Value::Unknown)
    }

    /// Calls whose meaning is data in the catalog: environment readers, functions that return their
    /// argument, dependency injection.
    fn known_call(&self, language: Language, symbol: &str, site: Site, call: &Call) -> Option<Value> {
        if let Some(reader) = self.catalog.env_reader(language, symbol) {
            let name = self.positional(site.unit, call, reader.name)?.as_str()?;
            let default = reader.default.and_then(|d| {
                self.positional(site.unit, call, d)
                    .or_else(|| self.keyword(site.unit, call, "default"))
                    .filter(|v| !matches!(v, Value::Unknown | Value::Null))
            });
            // Nest: `get<string>("NAME", { infer: true })` has no default there.
            let default = default.filter(|d| !matches!(d, Value::Dict(_)));
            return Some(Value::Env { name: name.into(), default: default.map(Arc::new), site });
        }
        if let Some(factory) = self.catalog.by_argument(language, symbol) {
            let made = self
                .positional(site.unit, call, factory.argument)
                .or_else(|| factory.keyword.as_ref().and_then(|k| self.keyword(site.unit, call, k)))?;
            let ty = self.catalog.symbol(language, symbol, factory.types.get(&made.as_str()?)?)?;
            return Some(Value::Instance(Instance { ty, call: Some(site), from: None }));
        }
        if let Some(position) = self.catalog.transparent(language, symbol) {
            return self.positional(site.unit, call, position);
        }
        if self.catalog.injects(language, symbol) {
            let provider = self.positional(site.unit, call, 0)?;
            return Some(match provider {
                Value::Function { unit, func, .. } => self.returned(unit, func, None),
                Value::Class { unit, class } => Value::Object { unit, class, call: None },
                other => other,
            });
        }
        None
    }

    /// `"…".format(x)`, `x.encode()`, `x.toString()`, `x.replace(…)`, `.then(f)`.
    fn string_method(&self, site: Site, call: &Call) -> Value {
        let unit = self.program.unit(site.unit);
        let ExprKind::Attr { object, name, .. } = &unit.module.expr(call.callee).kind else { return Value::Unknown };
        let object = self.at(site.unit, *object);
        match (name.as_str(), &object) {
            ("format", Value::Str(text)) => {
                text.as_literal().map_or(Value::Unknown, |t| Value::Str(self.formatted(&t, site.unit, call)))
            }
            (
                "encode" | "toString" | "trim" | "strip" | "rstrip" | "toJSON" | "copy" | "decode" | "lower"
                | "toLowerCase",
                Value::Str(_) | Value::Dict(_) | Value::Object { .. } | Value::Env { .. },
            ) => object,
            ("replace", Value::Env { .. }) => object,
            ("bind", Value::Function { .. }) => object,
            (
                "model_dump" | "dict" | "json" | "model_dump_json" | "to_dict" | "asdict" | "to_json",
                Value::Object { .. },
            ) => object,
            _ => Value::Unknown,
        }
    }

    /// `"http://{host}/{}".format(path, host=HOST)`.
    fn formatted(&self, format: &str, unit: UnitId, call: &Call) -> Text {
        let mut text = Text::default();
        let mut position = 0;
        let mut rest = format;
        while let Some((before, after)) = rest.split_once('{') {
            if !before.is_empty() {
                text.parts.push(TextPart::Lit(before.into()));
            }
            let Some((name, tail)) = after.split_once('}') else { break };
            let name = name.split([':', '!']).next().unwrap_or("");
            let value = match name.parse::<usize>() {
                Ok(n) => self.positional(unit, call, n),
                Err(_) if name.is_empty() => {
                    position += 1;
                    self.positional(unit, call, position - 1)
                }
                Err(_) => self.keyword(unit, call, name),
            };
            match value.and_then(|v| v.to_text()) {
                Some(inner) => text.push(inner),
                None => text.parts.push(TextPart::Hole),
            }
            rest = tail;
        }
        if !rest.is_empty() {
            text.parts.push(TextPart::Lit(rest.into()));
        }
        text
    }

    /// What a function returns, with the arguments of a call put in for its parameters.
    pub fn returned(&self, unit_id: UnitId, func: FuncId, call: Option<Site>) -> Value {
        let unit = self.program.unit(unit_id);
        let mut values = Vec::new();
        for expr in returns(&unit.module, func) {
            let value = self.at(unit_id, expr);
            values.push(match (&value, call) {
                (Value::Param { unit: u, func: f, index }, Some(call)) if *u == unit_id && *f == func => {
                    self.argument(call, unit_id, func, *index).unwrap_or(value)
                }
                _ => value,
            });
        }
        values.retain(|v| !matches!(v, Value::Null));
        self.one_of(values)
    }

    /// The argument that a call passes for a parameter.
    pub fn argument(&self, call_site: Site, unit: UnitId, func: FuncId, index: usize) -> Option<Value> {
        self.argument_site(call_site, unit, func, index).map(|s| self.eval(s))
    }

    /// The expression that a call passes for a parameter.
    pub fn argument_site(&self, call_site: Site, unit: UnitId, func: FuncId, param: usize) -> Option<Site> {
        let caller = self.program.unit(call_site.unit);
        let call = caller.module.call(call_site.expr)?;
        let index = param;
        let index = match caller.module.callee_name(call_site.expr).and_then(|n| delegate(n)) {
            // `tasks.add_task(f, x)` passes `x` as the first argument of `f`.
            Some(position) if self.delegated(call_site, position) == Some((unit, func)) => index + position + 1,
            _ => index,
        };
        let name = &self.program.unit(unit).module.func(func).params.get(param)?.name;
        let arg = call
            .args
            .iter()
            .find(|a| a.name.as_ref() == Some(name))
            .or_else(|| call.args.iter().filter(|a| a.name.is_none() && !a.spread).nth(index))?;
        Some(Site { unit: call_site.unit, expr: arg.value })
    }

    /// Positional argument number n of a call.
    pub fn positional(&self, unit: UnitId, call: &Call, n: usize) -> Option<Value> {
        call.args.iter().filter(|a| a.name.is_none() && !a.spread).nth(n).map(|a| self.at(unit, a.value))
    }

    /// A keyword argument of a call.
    pub fn keyword(&self, unit: UnitId, call: &Call, name: &str) -> Option<Value> {
        call.args.iter().find(|a| a.name.as_deref() == Some(name)).map(|a| self.at(unit, a.value))
    }

    /// A parameter: its declared type when that says something, else what a library passes to the
    /// callback, else the default, else [`Value::Param`].
    fn param(&self, unit_id: UnitId, func: FuncId, index: usize) -> Value {
        let unit = self.program.unit(unit_id);
        let param = &unit.module.func(func).params[index];
        if let Some(value) = param.ty.and_then(|ty| self.declared(unit_id, ty)) {
            return value;
        }
        if let Some(value) = self.callback_param(unit_id, func, index) {
            return value;
        }
        if let Some(default) = param.default {
            match self.at(unit_id, default) {
                Value::Unknown | Value::Null => {}
                // A default is one possibility; the caller may pass something else.
                value if is_object(&value) || matches!(value, Value::Env { .. }) => return value,
                _ => {}
            }
        }
        Value::Param { unit: unit_id, func, index }
    }

    /// The parameter of a lambda that is passed to a library: `connect(url, (err, conn) => …)`.
    fn callback_param(&self, unit_id: UnitId, func: FuncId, index: usize) -> Option<Value> {
        let unit = self.program.unit(unit_id);
        let Some(&lambda) = unit.index.lambda_expr.get(&func) else {
            return self.named_callback_param(unit_id, func, index);
        };
        let mut key = None;
        let mut inner = lambda;
        let call_expr = loop {
            match unit.index.expr_parent[inner.0 as usize] {
                Parent::Expr(outer) => match &unit.module.expr(outer).kind {
                    ExprKind::Call(_) => break outer,
                    ExprKind::Dict(entries) => {
                        key = entries.iter().find_map(|e| match e {
                            Entry::Pair { key, value } if *value == inner => self.at(unit_id, *key).as_str(),
                            _ => None,
                        });
                        inner = outer;
                    }
                    _ => inner = outer,
                },
                _ => return None,
            }
        };
        let call = unit.module.call(call_expr)?;
        let position = call.args.iter().position(|a| a.value == inner)?;
        if let ExprKind::Attr { object, name, .. } = &unit.module.expr(call.callee).kind
            && name == "then"
            && position == 0
            && index == 0
        {
            return Some(self.at(unit_id, *object));
        }
        let (symbol, receiver) = match self.at(unit_id, call.callee) {
            Value::External(symbol) => (symbol, None),
            Value::Method { symbol, receiver } => (symbol, Some(receiver)),
            _ => return None,
        };
        let ty = self.catalog.callback_param(unit.module.language, &symbol, position, key.as_deref(), index)?;
        Some(Value::Instance(Instance { ty, call: Some(Site { unit: unit_id, expr: call_expr }), from: receiver }))
    }

    /// The parameter of a function that is passed to a library by its name: `consume(q, on_message)`.
    fn named_callback_param(&self, unit_id: UnitId, func: FuncId, index: usize) -> Option<Value> {
        self.handed_to(unit_id, func).into_iter().take(16).find_map(|(site, position)| {
            let module = &self.program.unit(site.unit).module;
            let (symbol, receiver) = match self.at(site.unit, module.call(site.expr)?.callee) {
                Value::External(symbol) => (symbol, None),
                Value::Method { symbol, receiver } => (symbol, Some(receiver)),
                _ => return None,
            };
            let ty = self.catalog.callback_param(module.language, &symbol, position, None, index)?;
            Some(Value::Instance(Instance { ty, call: Some(site), from: receiver }))
        })
    }

    /// The value of a declared type: an external or repository object; none for anything else.
    pub fn declared(&self, unit_id: UnitId, ty: ExprId) -> Option<Value> {
        let unit = self.program.unit(unit_id);
        match &unit.module.expr(ty).kind {
            ExprKind::Binary { op: BinaryOp::BitOr, left, right } => {
                self.declared(unit_id, *left).or_else(|| self.declared(unit_id, *right))
            }
            ExprKind::Index { object, index } => {
                let wrapper = match &unit.module.expr(*object).kind {
                    ExprKind::Name(name) | ExprKind::Attr { name, .. } => name.as_str(),
                    _ => "",
                };
                match wrapper {
                    "Optional" | "Promise" | "Awaitable" | "Annotated" | "Union" | "Final" | "ClassVar"
                    | "Readonly" | "Partial" | "Required" | "AsyncGenerator" | "AsyncIterator" | "Iterator"
                    | "Generator" | "Coroutine" | "NonNullable" => match &unit.module.expr(*index).kind {
                        ExprKind::List(items) => {
                            let value = items.first().and_then(|e| self.declared(unit_id, *e));
                            // `Annotated[Client, Depends(get_client)]` says more than its type.
                            let injected = items.iter().skip(1).find_map(|e| match self.at(unit_id, *e) {
                                Value::Unknown | Value::External(_) => None,
                                v => is_object(&v).then_some(v),
                            });
                            if wrapper == "Annotated" { injected.or(value) } else { value }
                        }
                        _ => self.declared(unit_id, *index),
                    },
                    "list" | "List" | "dict" | "Dict" | "Array" | "Record" | "Map" | "Set" | "Sequence" | "tuple"
                    | "Tuple" => None,
                    _ => self.declared(unit_id, *object),
                }
            }
            ExprKind::Name(name) if self.type_alias(unit_id, name).is_some_and(|(u, e)| (u, e) != (unit_id, ty)) => {
                let (unit, aliased) = self.type_alias(unit_id, name)?;
                self.declared(unit, aliased)
            }
            ExprKind::Name(_) | ExprKind::Attr { .. } => match self.at(unit_id, ty) {
                Value::Class { unit, class } => {
                    // An interface says what can be called, not what it is.
                    (self.program.unit(unit).module.class(class).kind == ClassKind::Class)
                        .then_some(Value::Object { unit, class, call: None })
                        .or(Some(Value::Object { unit, class, call: None }))
                }
                Value::External(symbol) => {
                    if symbol.starts_with("builtins.")
                        || symbol.starts_with("globalThis.")
                        || symbol.starts_with("typing.")
                    {
                        return None;
                    }
                    let ty = self.catalog.canonical(unit.module.language, &symbol);
                    Some(Value::Instance(Instance { ty, call: None, from: None }))
                }
                _ => None,
            },
            ExprKind::Str(name) => {
                let value = self.name(unit_id, None, name, None);
                match value {
                    Value::Class { unit, class } => Some(Value::Object { unit, class, call: None }),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The type that a name stands for: `SessionDep = Annotated[Session, Depends(get_session)]`, here or
    /// in the module it is imported from.
    fn type_alias(&self, unit_id: UnitId, name: &str) -> Option<(UnitId, ExprId)> {
        let unit = self.program.unit(unit_id);
        let (unit_id, bindings) = match unit.index.top(name) {
            [Binding::Import(i)] => {
                let import = &unit.module.imports[*i];
                let ImportKind::Named(name) = &import.kind else { return None };
                let Target::Unit(target) = self.program.imports.target(unit_id, &import.module)? else { return None };
                (*target, self.program.unit(*target).index.top(name))
            }
            bindings => (unit_id, bindings),
        };
        let [Binding::Value(value)] = bindings else { return None };
        let is_type = matches!(
            self.program.expr(unit_id, *value).kind,
            ExprKind::Index { .. } | ExprKind::Binary { op: BinaryOp::BitOr, .. }
        );
        is_type.then_some((unit_id, *value))
    }

    /// `with expr as x`: usually the object itself.
    fn entered(&self, unit: UnitId, expr: ExprId) -> Value {
        match self.at(unit, expr) {
            Value::Object { unit: u, class, call } => {
                // `__aenter__` may return something else than self.
                for enter in ["__aenter__", "__enter__"] {
                    if let Value::Function { unit: fu, func, .. } =
                        self.member(u, class, enter, call, Site { unit, expr }, 0)
                    {
                        let value = self.returned(fu, func, None);
                        if !value.is_unknown() {
                            return value;
                        }
                    }
                }
                Value::Object { unit: u, class, call }
            }
            other => other,
        }
    }

    /// The element of what is iterated.
    fn element(&self, unit: UnitId, iter: ExprId) -> Value {
        match self.at(unit, iter) {
            Value::List(items) => self.one_of(items.iter().take(8).map(|s| self.eval(*s)).collect()),
            Value::Instance(instance) => {
                let symbol = format_smolstr!("{}[]", instance.ty);
                self.catalog.property(self.program.language(unit), &symbol).map_or(Value::Unknown, |ty| {
                    Value::Instance(Instance { ty, call: instance.call, from: Some(Arc::new(instance.clone())) })
                })
            }
            _ => Value::Unknown,
        }
    }

    /// Joins alternatives: equal ones once, unknown and null ones dropped where another is known.
    fn one_of(&self, values: Vec<Value>) -> Value {
        let mut out: Vec<Value> = Vec::new();
        let mut null = false;
        let mut param = None;
        for value in values {
            match value {
                Value::Unknown => {}
                Value::Null => null = true,
                Value::Param { .. } => param = Some(value),
                Value::OneOf(inner) => {
                    for v in inner.iter() {
                        if !out.contains(v) {
                            out.push(v.clone());
                        }
                    }
                }
                value => {
                    if !out.contains(&value) {
                        out.push(value);
                    }
                }
            }
        }
        out.truncate(8);
        match (out.len(), param) {
            (0, Some(param)) => param,
            (0, None) if null => Value::Null,
            (0, None) => Value::Unknown,
            (1, _) => out.swap_remove(0),
            _ => Value::OneOf(Arc::new(out)),
        }
    }

    /// Follows a parameter to the arguments its callers pass, up to three callers deep. The result has
    /// one value for each way in; a default counts as one.
    pub fn settle(&self, value: &Value) -> Vec<Value> {
        let mut out = Vec::new();
        self.settle_into(value, 0, &mut out);
        out
    }

    /// The parameter that an expression names, whatever its declared type says.
    pub fn param_of(&self, site: Site) -> Option<Value> {
        let unit = self.program.unit(site.unit);
        let ExprKind::Name(name) = &unit.module.expr(site.expr).kind else { return None };
        match unit.index.lookup(&unit.module, unit.index.func_of(site.expr), name)?.1 {
            [Binding::Param(func, index)] => Some(Value::Param { unit: site.unit, func: *func, index: *index }),
            _ => None,
        }
    }

    /// Like [`Evaluator::settle`] for an expression: a parameter is followed to its callers even when its
    /// declared type is known (an options object says nothing by its type).
    pub fn settle_at(&self, site: Site) -> Vec<Value> {
        match self.param_of(site) {
            Some(param) => {
                let mut values = self.settle(&param);
                if values.iter().all(|v| *v == Value::Unknown) {
                    values = self.settle(&self.eval(site));
                }
                values
            }
            None => self.settle(&self.eval(site)),
        }
    }

    /// Where an object comes from, when only its declared type is known: parameters and fields are
    /// followed to what callers and constructors pass.
    pub fn trace(&self, site: Site) -> Vec<Value> {
        if self.param_of(site).is_some() {
            return self.settle_at(site);
        }
        let unit = self.program.unit(site.unit);
        let ExprKind::Attr { object, name, .. } = &unit.module.expr(site.expr).kind else {
            return self.settle(&self.eval(site));
        };
        let mut out = Vec::new();
        for owner in self.at(site.unit, *object).alternatives() {
            let Value::Object { unit: u, class, .. } = owner else { continue };
            self.trace_member(*u, *class, name, 0, &mut out);
        }
        out.retain(|v| *v != Value::Unknown);
        out
    }

    fn trace_member(&self, unit_id: UnitId, class_id: ClassId, name: &str, hops: u32, out: &mut Vec<Value>) {
        let unit = self.program.unit(unit_id);
        let class = unit.module.class(class_id);
        for (expr, _) in unit.index.member(class_id, name) {
            out.extend(self.settle_at(Site { unit: unit_id, expr: *expr }));
        }
        for &method in &class.methods {
            for (index, param) in unit.module.func(method).params.iter().enumerate() {
                if param.is_field && param.name == name {
                    out.extend(self.settle(&Value::Param { unit: unit_id, func: method, index }));
                    // A subclass without a constructor is constructed through this one.
                    out.extend(self.through_subclasses(unit_id, class_id, index));
                }
            }
        }
        if out.is_empty() && hops < 4 {
            for &base in &class.bases {
                if let Value::Class { unit, class } = self.at(unit_id, base) {
                    self.trace_member(unit, class, name, hops + 1, out);
                }
            }
        }
    }

    /// The arguments that constructions of subclasses pass for a parameter of an inherited constructor.
    fn through_subclasses(&self, unit_id: UnitId, class_id: ClassId, index: usize) -> Vec<Value> {
        let mut out = Vec::new();
        for id in self.program.ids() {
            let unit = self.program.unit(id);
            for class in &unit.module.classes {
                let own = class.methods.iter().any(|m| unit.module.func(*m).kind == FunctionKind::Constructor);
                let extends = class.bases.iter().any(
                    |b| matches!(self.at(id, *b), Value::Class { unit, class } if unit == unit_id && class == class_id),
                );
                if own || !extends {
                    continue;
                }
                for &site in self.program.calls_named(&class.name).iter().take(8) {
                    let Some(call) = self.program.unit(site.unit).module.call(site.expr) else { continue };
                    if let Some(arg) = call.args.iter().filter(|a| a.name.is_none() && !a.spread).nth(index) {
                        out.push(self.at(site.unit, arg.value));
                    }
                }
            }
        }
        out
    }

    fn settle_into(&self, value: &Value, hops: u32, out: &mut Vec<Value>) {
        match value {
            Value::Param { unit, func, index } if hops < 3 => {
                let callers = self.entries(*unit, *func);
                let param = &self.program.unit(*unit).module.func(*func).params[*index];
                let mut missing = callers.is_empty();
                for caller in callers.iter().take(24) {
                    match self.argument_of(*caller, *unit, *func, *index) {
                        Some(site) => self.settle_into(&self.eval(site), hops + 1, out),
                        None => missing = true,
                    }
                }
                if missing {
                    match param.default {
                        Some(default) => out.push(self.at(*unit, default)),
                        None => out.push(Value::Unknown),
                    }
                }
            }
            Value::OneOf(values) => values.iter().for_each(|v| self.settle_into(v, hops, out)),
            value => {
                if !out.contains(value) {
                    out.push(value.clone());
                }
            }
        }
    }

    /// The ways into a function: its calls, and the calls that run it for somebody
    /// (`breaker.call(self.fetch, 1)`, `new CircuitBreaker(fetch)` with `breaker.fire(1)`).
    pub fn entries(&self, unit: UnitId, func: FuncId) -> Vec<Way> {
        let handed = self.handed_to(unit, func);
        let mut out: Vec<Way> = self
            .callers(unit, func)
            .into_iter()
            .filter(|site| !handed.iter().any(|(s, _)| s == site))
            .map(|site| Way { site, skip: 0, handed: None })
            .collect();
        for (site, position) in handed {
            let run = self.runs_of(site);
            if run.is_empty() {
                out.push(Way { site, skip: position + 1, handed: Some(site) });
            }
            out.extend(run.into_iter().map(|run| Way { site: run, skip: 0, handed: Some(site) }));
        }
        out
    }

    /// The calls that get a function of the repository as an argument, with the position.
    pub fn handed_to(&self, unit_id: UnitId, func: FuncId) -> Vec<(Site, usize)> {
        let unit = self.program.unit(unit_id);
        let mut out = Vec::new();
        if let Some(&lambda) = unit.index.lambda_expr.get(&func)
            && let Some(Parent::Expr(outer)) = unit.index.expr_parent.get(lambda.0 as usize).copied()
            && let Some(call) = unit.module.call(outer)
            && let Some(position) = call.args.iter().position(|a| a.value == lambda)
        {
            out.push((Site { unit: unit_id, expr: outer }, position));
        }
        let name = &unit.module.func(func).name;
        if name.is_empty() {
            return out;
        }
        for &(site, position) in self.program.handed(name) {
            let Some(call) = self.program.unit(site.unit).module.call(site.expr) else { continue };
            let is_it = self
                .at(site.unit, call.args[position].value)
                .alternatives()
                .iter()
                .any(|v| matches!(v, Value::Function { unit: u, func: f, .. } if *u == unit_id && *f == func));
            if is_it {
                out.push((site, position));
            }
        }
        out
    }

    /// `breaker.fire(…)` and the like, for the call that made the breaker.
    fn runs_of(&self, made: Site) -> Vec<Site> {
        let mut out = Vec::new();
        for name in ["fire", "exec", "execute", "run"] {
            for &site in self.program.calls_named(name) {
                let Some(call) = self.program.unit(site.unit).module.call(site.expr) else { continue };
                if let Value::Method { receiver, .. } = self.at(site.unit, call.callee)
                    && receiver.call == Some(made)
                {
                    out.push(site);
                }
            }
        }
        out
    }

    /// The expression that a way in passes for a parameter.
    pub fn argument_of(&self, entry: Way, unit: UnitId, func: FuncId, index: usize) -> Option<Site> {
        if entry.skip == 0 {
            return self.argument_site(entry.site, unit, func, index);
        }
        let call = self.program.unit(entry.site.unit).module.call(entry.site.expr)?;
        let name = &self.program.unit(unit).module.func(func).params.get(index)?.name;
        let arg = call
            .args
            .iter()
            .find(|a| a.name.as_ref() == Some(name))
            .or_else(|| call.args.iter().filter(|a| a.name.is_none() && !a.spread).nth(entry.skip + index))?;
        Some(Site { unit: entry.site.unit, expr: arg.value })
    }

    /// The calls of a function of the repository, also through an interface that it implements.
    pub fn callers(&self, unit: UnitId, func: FuncId) -> Vec<Site> {
        let module = &self.program.unit(unit).module;
        let function = module.func(func);
        let name = match (function.kind, function.class) {
            (FunctionKind::Constructor, Some(class)) => &module.class(class).name,
            _ => &function.name,
        };
        if name.is_empty() {
            return Vec::new();
        }
        let constructor_of = (function.kind == FunctionKind::Constructor).then_some(function.class).flatten();
        // A call through an interface or a base class is a call of what implements it.
        let through = self.overridden((unit, func));
        self.program
            .calls_named(name)
            .iter()
            .copied()
            .filter(|site| {
                let Some(call) = self.program.unit(site.unit).module.call(site.expr) else { return false };
                let callee = self.called(*site, call);
                callee.iter().any(|v| match v {
                    Value::Function { unit: u, func: f, .. } => {
                        (*u == unit && *f == func) || through.contains(&(*u, *f))
                    }
                    Value::Class { unit: u, class } => *u == unit && Some(*class) == constructor_of,
                    _ => false,
                })
            })
            .chain(self.delegates(unit, func))
            .collect()
    }

    /// The calls that have a function run with the arguments after it.
    fn delegates(&self, unit: UnitId, func: FuncId) -> Vec<Site> {
        let named = DELEGATES
            .iter()
            .flat_map(|(name, position)| self.program.calls_named(name).iter().map(move |site| (*site, *position)));
        named
            .filter(|(site, position)| self.delegated(*site, *position) == Some((unit, func)))
            .map(|(s, _)| s)
            .collect()
    }

    /// The function that stands at a position of a call.
    fn delegated(&self, site: Site, position: usize) -> Option<(UnitId, FuncId)> {
        let call = self.program.unit(site.unit).module.call(site.expr)?;
        match self.positional(site.unit, call, position)? {
            Value::Function { unit, func, .. } => Some((unit, func)),
            _ => None,
        }
    }

    /// What a call runs, as far as it can be resolved; a method of an object that is passed in is looked up in what the callers pass.
    pub fn called(&self, site: Site, call: &Call) -> Vec<Value> {
        let callee = self.at(site.unit, call.callee);
        if !callee.is_unknown() || self.settling.get() >= 2 {
            return callee.alternatives().to_vec();
        }
        let module = &self.program.unit(site.unit).module;
        let ExprKind::Attr { object, name, .. } = &module.expr(call.callee).kind else { return Vec::new() };
        let object = self.at(site.unit, *object);
        if !matches!(object, Value::Param { .. }) {
            return Vec::new();
        }
        self.settling.set(self.settling.get() + 1);
        let objects = self.settle(&object);
        self.settling.set(self.settling.get() - 1);
        objects.iter().flat_map(|o| self.attribute(o, name, site).alternatives().to_vec()).collect()
    }

    /// The external symbol and the receiver of a call: `requests.get`, `amqplib.Channel.publish`.
    /// Alternatives are tried in order; the first that is external wins.
    pub fn callee(&self, site: Site) -> Option<(SmolStr, Option<Arc<Instance>>)> {
        let call = self.program.unit(site.unit).module.call(site.expr)?;
        let language = self.program.language(site.unit);
        self.at(site.unit, call.callee).alternatives().iter().find_map(|v| match v {
            Value::External(symbol) => Some((self.catalog.canonical(language, symbol), None)),
            Value::Method { symbol, receiver } => Some((symbol.clone(), Some(receiver.clone()))),
            // Calling an object: `axios.create()(config)`, `got.extend()(url)`.
            Value::Instance(instance) => {
                Some((format_smolstr!("{}.()", instance.ty), Some(Arc::new(instance.clone()))))
            }
            _ => None,
        })
    }
}

/// Calls that have a function run with the arguments that follow it, and where the function stands:
/// FastAPI's `BackgroundTasks.add_task`, `asyncio.to_thread`, `loop.run_in_executor`.
const DELEGATES: &[(&str, usize)] =
    &[("add_task", 0), ("to_thread", 0), ("run_in_executor", 1), ("run_in_threadpool", 0)];

fn delegate(name: &str) -> Option<usize> {
    DELEGATES.iter().find(|(n, _)| *n == name).map(|(_, position)| *position)
}

/// A way into a function; see [`Evaluator::entries`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// The call.
    pub site: Site,
    /// How many of its arguments come before those of the function.
    pub skip: usize,
    /// The call that the function was handed to, when it is run for somebody.
    pub handed: Option<Site>,
}

/// The expressions a function returns, not those of functions nested in it.
pub fn returns(module: &crate::facts::module::Module, func: FuncId) -> Vec<ExprId> {
    let mut out = Vec::new();
    let mut blocks = vec![&module.func(func).body];
    while let Some(block) = blocks.pop() {
        for &stmt in block {
            match &module.stmt(stmt).kind {
                StmtKind::Return(Some(e)) => out.push(*e),
                // `yield client` of a dependency or a context manager.
                StmtKind::Expr(e) => {
                    if let ExprKind::Other(children) = &module.expr(*e).kind
                        && let [child] = children.as_slice()
                        && matches!(module.expr(*child).kind, ExprKind::Name(_) | ExprKind::Attr { .. })
                    {
                        out.push(*child);
                    }
                }
                StmtKind::If { then, other, .. } => blocks.extend([then, other]),
                StmtKind::Loop { body, .. } | StmtKind::With { body, .. } => blocks.push(body),
                StmtKind::Try { body, handlers, finally } => {
                    blocks.push(body);
                    blocks.push(finally);
                    blocks.extend(handlers.iter().map(|h| &h.body));
                }
                StmtKind::Block(block) => blocks.push(block),
                _ => {}
            }
        }
    }
    out.sort_unstable();
    out
}

/// True when one of the alternatives is an object.
fn is_object(value: &Value) -> bool {
    value.alternatives().iter().any(|v| matches!(v, Value::Instance(_) | Value::Object { .. }))
}

fn is_environ(path: &str) -> bool {
    matches!(path, "os.environ" | "globalThis.process.env" | "process.env" | "globalThis.process.default.env")
}

/// `"a{}b"` at `{}` becomes text, hole, text.
fn split_holes(format: &str, hole: &str) -> Text {
    let mut text = Text::default();
    for (i, part) in format.split(hole).enumerate() {
        if i > 0 {
            text.parts.push(TextPart::Hole);
        }
        if !part.is_empty() {
            text.parts.push(TextPart::Lit(part.into()));
        }
    }
    text
}
