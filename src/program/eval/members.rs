//! Attributes of objects: fields, properties, settings classes.

use std::sync::Arc;

use smol_str::format_smolstr;

use super::Evaluator;
use super::given::is_text_of_builder;
use crate::facts::module::{ClassId, ClassKind, ExprId, ExprKind, FuncId, FunctionKind, Language};
use crate::program::UnitId;
use crate::program::value::{Instance, Site, Text, Value};

impl Evaluator<'_> {
    /// A function that the program gives a model by its schema: `schema.statics.build = (data) => new Order(data)`.
    /// <https://mongoosejs.com/docs/guide.html#statics>
    fn schema_static(&self, model: &Instance, name: &str) -> Option<Value> {
        let made = model.call.filter(|_| model.ty.ends_with(".Model"))?;
        let unit = self.program.unit(made.unit);
        let module = &unit.module;
        let schema = module.call(made.expr)?.args.get(1)?.value;
        let ExprKind::Name(schema) = &module.expr(schema).kind else { return None };
        let is_static = |object: ExprId| match &module.expr(object).kind {
            ExprKind::Attr { object, name, .. } if name == "statics" => {
                matches!(&module.expr(*object).kind, ExprKind::Name(n) if n == schema)
            }
            _ => false,
        };
        let given = unit.index.attribute_assignments.iter();
        let (.., value) = given.filter(|(n, ..)| n == name).find(|(_, object, _)| is_static(*object))?;
        let value = self.at(made.unit, *value);
        matches!(value, Value::Function { .. }).then_some(value)
    }

    /// `object.name`.
    pub fn attribute(&self, object: &Value, name: &str, site: Site) -> Value {
        match object {
            Value::External(path) => {
                if path == "globalThis.process.env" || path == "process.env" || path == "globalThis.process.default.env"
                {
                    return Value::Env { name: name.into(), default: None, site };
                }
                // What a request keeps for itself: `g.redis = Redis(…)` of Flask.
                if path == "flask.g" {
                    let kept = self.assigned_attribute(site.unit, object, name);
                    if !kept.is_unknown() {
                        return kept;
                    }
                }
                self.qualified(site.unit, path, name)
                    .unwrap_or_else(|| Value::External(format_smolstr!("{path}.{name}")))
            }
            Value::Instance(instance) => {
                let symbol = format_smolstr!("{}.{name}", instance.ty);
                match self.catalog.property(self.program.language(site.unit), &symbol) {
                    Some(ty) => {
                        Value::Instance(Instance { ty, call: instance.call, from: Some(Arc::new(instance.clone())) })
                    }
                    None if is_text_of_builder(name)
                        && let Some(text) = self.connection_text(instance, &|s| self.part(s.unit, s.expr)) =>
                    {
                        Value::Str(text)
                    }
                    // `task.Result` is what the task gives.
                    None if name == "Result" && self.program.language(site.unit) == Language::CSharp => object.clone(),
                    None => self
                        .schema_static(instance, name)
                        .unwrap_or_else(|| Value::Method { symbol, receiver: Arc::new(instance.clone()) }),
                }
            }
            Value::Method { symbol, receiver } => {
                Value::Method { symbol: format_smolstr!("{symbol}.{name}"), receiver: receiver.clone() }
            }
            Value::Object { unit, class, call } => {
                match self.member(*unit, *class, name, *call, site, 0) {
                    // `IOptions<T>` stands for what it holds.
                    Value::Unknown
                        if matches!(name, "Value" | "CurrentValue")
                            && self.program.language(*unit) == Language::CSharp =>
                    {
                        object.clone()
                    }
                    found => found,
                }
            }
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
            Value::Folder(path) if self.program.language(site.unit) == Language::Go => self.in_go_package(path, name),
            Value::Folder(path) => self.in_folder(path, name),
            // `const db = {}; db.orders = …` is written where the object is.
            Value::Dict(dict) => match dict.get(name) {
                Some(entry) => self.eval(entry),
                None if dict.site.unit != site.unit => match self.assigned_attribute(dict.site.unit, object, name) {
                    Value::Unknown => self.filled(dict.site.unit, object),
                    assigned => assigned,
                },
                None => Value::Unknown,
            },
            Value::OneOf(values) => self.one_of(values.iter().map(|v| self.attribute(v, name, site)).collect()),
            _ => Value::Unknown,
        }
    }

    /// A member of an object of a repository class.
    pub(super) fn member(
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
        let is_jvm = unit.module.language.has_packages();
        if let Some(class) = unit.index.nested(class_id, name) {
            return Value::Class { unit: unit_id, class };
        }
        let this = || Some(Arc::new(Value::Object { unit: unit_id, class: class_id, call }));
        // A field and a method can share a name; which is meant shows in the call.
        let field = is_jvm && class.fields.iter().any(|f| f.name == name) && !self.is_called(site);
        for &method in class.methods.iter().filter(|_| !field) {
            let function = unit.module.func(method);
            if function.name == name {
                if function.kind == FunctionKind::Getter {
                    let value = self.returned(unit_id, method, None);
                    // `DbSet<Order> Orders => Set<Order>();`
                    return match (value, unit.module.language) {
                        (Value::Unknown, Language::CSharp) => {
                            function.returns.and_then(|ty| self.declared(unit_id, ty)).unwrap_or(Value::Unknown)
                        }
                        // `get order(): any` in an heir of a library's class hides what that has.
                        (
                            kept @ (Value::Unknown | Value::Param { .. }),
                            Language::JavaScript | Language::TypeScript,
                        ) => self.of_library_base(unit_id, class_id, name, call, site).unwrap_or(kept),
                        (value, _) => value,
                    };
                }
                if function.kind != FunctionKind::Constructor {
                    return Value::Function { unit: unit_id, func: method, this: this() };
                }
            }
        }
        let mut values: Vec<Value> = Vec::new();
        for (expr, func) in unit.index.member(class_id, name) {
            if let (true, Some(call), Some(func)) = (is_jvm, call, *func)
                && let Some(value) = self.constructed_with(call, unit_id, func, *expr)
            {
                values.push(value);
                continue;
            }
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
            if is_jvm && let Some(value) = self.bound(unit_id, class_id, name, field.ty, field.value) {
                return value;
            }
            if let Some(value) = field.value {
                values.push(self.at(unit_id, value));
            }
            declared = declared.or_else(|| field.ty.and_then(|ty| self.declared(unit_id, ty)));
            if is_jvm {
                values.extend(self.configured(unit_id, &field.decorators));
                declared = declared.map(|ty| {
                    let handed = self.handed_to_field(unit_id, class_id, name);
                    handed.unwrap_or_else(|| self.injected(unit_id, ty, name, &field.decorators))
                });
            }
        }
        for &method in &class.methods {
            let function = unit.module.func(method);
            for (i, param) in function.params.iter().enumerate().filter(|(_, p)| p.is_field && p.name == name) {
                if is_jvm && let Some(value) = self.bound(unit_id, class_id, name, param.ty, param.default) {
                    return value;
                }
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
        // `""` is what a field holds until somebody sets it.
        if matches!(unit.module.language, Language::Java | Language::Kotlin | Language::CSharp) {
            values.retain(|value| value.as_str().is_none_or(|text| !text.is_empty()));
        }
        let mut value = self.one_of(values);
        if let Some(found) = self.struct_field(unit_id, class_id, name, call, &value, site) {
            value = found;
        }
        if declared.is_some()
            && hops < 6
            && matches!(value, Value::Unknown | Value::Null)
            && unit.module.language == Language::Go
            && let Some(assigned) = self.in_other_part(unit_id, class_id, name, hops, |unit, class| {
                self.member(unit, class, name, call, site, hops + 6)
            })
        {
            return assigned;
        }
        value = self.or_declared(unit_id, value, declared.as_ref());
        match (&value, declared) {
            (Value::Unknown | Value::Null | Value::Param { .. }, Some(declared)) => return declared,
            (Value::Unknown, None) => {}
            _ => return value,
        }
        if hops < 6 {
            if let Some(value) = self.in_other_part(unit_id, class_id, name, hops, |unit, class| {
                self.member(unit, class, name, call, site, hops + 6)
            }) {
                return value;
            }
            for &base in &class.bases {
                let inherited = match self.at(unit_id, base) {
                    Value::Class { unit, class } => self.member(unit, class, name, call, site, hops + 1),
                    Value::External(_) => {
                        self.of_library_base(unit_id, class_id, name, call, site).unwrap_or(Value::Unknown)
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

    /// What a class of a library has under a name, where a class of ours extends it directly.
    fn of_library_base(
        &self,
        unit: UnitId,
        class: ClassId,
        name: &str,
        call: Option<Site>,
        site: Site,
    ) -> Option<Value> {
        let module = &self.program.unit(unit).module;
        module.class(class).bases.iter().find_map(|base| match self.at(unit, *base) {
            Value::External(symbol) => {
                let ty = self.catalog.canonical(module.language, &symbol);
                Some(self.attribute(&Value::Instance(Instance { ty, call, from: None }), name, site))
            }
            _ => None,
        })
    }

    /// The argument for a field of a class without a constructor (a dataclass, a model).
    pub(super) fn field_argument(&self, site: Site, unit: UnitId, class: ClassId, name: &str) -> Option<Value> {
        let module = &self.program.unit(unit).module;
        let constructed = |m: &FuncId| module.func(*m).kind == FunctionKind::Constructor;
        if module.language != Language::Python || module.class(class).methods.iter().any(constructed) {
            return None;
        }
        let value = self.keyword(site.unit, self.program.unit(site.unit).module.call(site.expr)?, name)?;
        (!value.is_unknown()).then_some(value)
    }

    pub(super) fn static_member(&self, unit_id: UnitId, class_id: ClassId, name: &str, site: Site) -> Value {
        let unit = self.program.unit(unit_id);
        let class = unit.module.class(class_id);
        if class.kind == ClassKind::Enum
            && let Some(field) = class.fields.iter().find(|f| f.name == name)
        {
            return field.value.map_or(Value::Str(Text::literal(name)), |v| self.at(unit_id, v));
        }
        if name == "this" && unit.module.language.has_packages() {
            return Value::Object { unit: unit_id, class: class_id, call: None };
        }
        match self.member(unit_id, class_id, name, None, site, 0) {
            Value::Function { unit, func, .. } => Value::Function { unit, func, this: None },
            // `Color.RED.value` of a Python enum is followed like `Color.RED`.
            other => other,
        }
    }

    /// True for a class whose fields are read from the environment (pydantic-settings).
    pub(super) fn is_settings(&self, unit_id: UnitId, class_id: ClassId, hops: u32) -> bool {
        let unit = self.program.unit(unit_id);
        hops < 6
            && unit.module.class(class_id).bases.iter().any(|&base| match self.at(unit_id, base) {
                Value::External(symbol) => self.catalog.is_settings_class(unit.module.language, &symbol),
                Value::Class { unit, class } => self.is_settings(unit, class, hops + 1),
                _ => false,
            })
    }

    pub(super) fn setting(&self, unit_id: UnitId, class_id: ClassId, name: &str, site: Site) -> Option<Value> {
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
    pub(super) fn settings_prefix(&self, unit_id: UnitId, class_id: ClassId) -> Option<String> {
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

    /// What an object is filled with under names that only a run knows: `db[model.name] = model`. Only what is made by
    /// a library is looked at: then all that is in the object is of that kind.
    pub(super) fn filled(&self, unit_id: UnitId, object: &Value) -> Value {
        let unit = self.program.unit(unit_id);
        let mut values = Vec::new();
        for (target, value) in unit.index.element_assignments.iter().take(8) {
            if self.at(unit_id, *target) == *object {
                match self.at(unit_id, *value) {
                    made @ Value::Instance(_) => values.push(made),
                    _ => return Value::Unknown,
                }
            }
        }
        self.one_of(values)
    }

    /// `x.name = value` somewhere in the module, for an `x` that evaluates to the same object.
    pub(super) fn assigned_attribute(&self, unit_id: UnitId, object: &Value, name: &str) -> Value {
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
}
