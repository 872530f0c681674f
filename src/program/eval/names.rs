//! Names: scopes, imports, exports, `this`.

use smol_str::{SmolStr, format_smolstr};

use super::Evaluator;
use super::nearest::nearest;
use crate::facts::module::{ClassKind, ExportValue, ExprId, ExprKind, FuncId, ImportKind, Language};
use crate::program::UnitId;
use crate::program::index::{Binding, Parent};
use crate::program::resolve::Target;
use crate::program::value::{Instance, Site, Value};

impl Evaluator<'_> {
    /// What a name means in a scope.
    pub fn name(&self, unit_id: UnitId, scope: Option<FuncId>, name: &str, at: Option<ExprId>) -> Value {
        let unit = self.program.unit(unit_id);
        let found = unit.index.lookup(&unit.module, scope, name);
        if unit.module.language == Language::Go
            && let Some(import) = self.go_package_before(unit_id, name, found, at)
        {
            return self.import(unit_id, import);
        }
        if unit.module.language.has_packages()
            && Self::may_be_member(found.map(|(scope, _)| scope))
            && let Some(value) = self.member_name(unit_id, name, at)
        {
            return value;
        }
        if unit.module.language == Language::Go
            && let Some(value) = self.go_name(unit_id, name, found)
        {
            return value;
        }
        let Some((bound, bindings)) = found else {
            if let Some(value) = at.and_then(|at| self.class_default(unit_id, name, at)) {
                return value;
            }
            if let Some(value) = self.star_import(unit_id, name) {
                return value;
            }
            if let Some(value) = self.beside(unit_id, name) {
                return value;
            }
            let by_use = || at.and_then(|at| self.by_use(unit_id, at, false));
            if let Some(value) = self.implied(unit_id, name).or_else(by_use) {
                return value;
            }
            return Value::External(match unit.module.language {
                Language::Python => format_smolstr!("builtins.{name}"),
                Language::JavaScript | Language::TypeScript => format_smolstr!("globalThis.{name}"),
                Language::Java | Language::Kotlin | Language::CSharp => return Value::Unknown,
                Language::Go => format_smolstr!("builtin.{name}"),
            });
        };
        let mut values = Vec::new();
        let mut declared = None;
        let nearest = at.and_then(|at| nearest(&unit.module, &unit.index, bound, bindings, at));
        let reaches = |binding: &&Binding| {
            nearest.is_none_or(|nearest| **binding == nearest || matches!(**binding, Binding::Typed(_)))
        };
        for binding in bindings.iter().filter(reaches) {
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
        let value = self.or_declared(unit_id, self.one_of(values), declared.as_ref());
        match (value, declared) {
            (Value::Unknown | Value::Null, Some(declared)) => declared,
            (value @ (Value::Unknown | Value::Param { .. }), None) => {
                at.and_then(|at| self.by_use(unit_id, at, true)).unwrap_or(value)
            }
            // What a file gives that a sample imports and does not show.
            (value, None) if is_lost(&value) => at.and_then(|at| self.by_use(unit_id, at, true)).unwrap_or(value),
            (value, _) => value,
        }
    }

    /// A name in the default of a parameter of a Python method: the body of the class is around it, so it may
    /// be an attribute of the class. <https://docs.python.org/3/reference/executionmodel.html#resolution-of-names>
    fn class_default(&self, unit_id: UnitId, name: &str, at: ExprId) -> Option<Value> {
        let unit = self.program.unit(unit_id);
        if unit.module.language != Language::Python {
            return None;
        }
        let is_default = |class: &crate::facts::module::Class| {
            class.methods.iter().any(|m| unit.module.func(*m).params.iter().any(|p| p.default == Some(at)))
        };
        let class = unit.module.classes.iter().find(|class| is_default(class))?;
        let value = class.fields.iter().find(|f| f.name == name)?.value?;
        Some(self.at(unit_id, value))
    }

    pub(super) fn star_import(&self, unit_id: UnitId, name: &str) -> Option<Value> {
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

    pub(super) fn import(&self, unit_id: UnitId, index: usize) -> Value {
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

    pub(super) fn imported(&self, unit_id: UnitId, index: usize) -> Value {
        let import = &self.program.unit(unit_id).module.imports[index];
        if self.program.language(unit_id).has_packages() {
            return self.jvm_import(unit_id, import);
        }
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
    pub(super) fn shadowed(&self, unit: UnitId, module: &str, name: &str, found: &Value) -> Option<Value> {
        let language = self.program.language(unit);
        let missing = match found {
            Value::Unknown => true,
            Value::Folder(path) => !self.program.units.iter().any(|u| crate::program::resolve::within(&u.path, path)),
            _ => false,
        };
        (missing && language == Language::Python && !module.starts_with('.'))
            .then(|| self.catalog.split(language, module))
            .flatten()
            .map(|_| Value::External(format_smolstr!("{module}.{name}")))
    }

    /// `module.exports = X` makes the module itself that value.
    pub(super) fn namespace(&self, unit: UnitId) -> Value {
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
    pub(in crate::program) fn submodule(&self, from: UnitId, package: &str, name: &str) -> Value {
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

    pub(in crate::program) fn in_folder(&self, folder: &str, name: &str) -> Value {
        let path = crate::program::resolve::join(folder, name);
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
                    Target::Unit(target) if name == "*" => return Some(self.namespace(*target)),
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
        {
            let value = match &only.value {
                ExportValue::Expr(expr) => {
                    let object = self.at(unit_id, *expr);
                    self.attribute(&object, name, Site { unit: unit_id, expr: *expr })
                }
                // `const { Order } = require("./models")`, where names known at run time only are filled in.
                ExportValue::Local(local) => self.filled(unit_id, &self.name(unit_id, None, local, None)),
                ExportValue::From { .. } => Value::Unknown,
            };
            return (value != Value::Unknown).then_some(value);
        }
        None
    }

    /// `module.exports = app` in a function that is run at once: `app` is a name of that function.
    pub(super) fn exported_inside(&self, unit_id: UnitId, local: &str) -> Value {
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
    pub(super) fn this(&self, site: Site) -> Value {
        let unit = self.program.unit(site.unit);
        if unit.module.language.has_packages() {
            return self.jvm_this(site);
        }
        let mut func = unit.index.func_of(site.expr);
        while let Some(f) = func {
            let function = unit.module.func(f);
            if let Some(class) = function.class {
                let (unit, class) = self.whole(site.unit, class);
                return Value::Object { unit, class, call: None };
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

    /// `base` of C#: the object as one of the class above.
    pub(super) fn base_object(&self, site: Site) -> Value {
        if self.program.language(site.unit) != Language::CSharp {
            return Value::Unknown;
        }
        let Value::Object { unit, class, .. } = self.this(site) else { return Value::Unknown };
        let module = &self.program.unit(unit).module;
        let found = module.class(class).bases.iter().find_map(|base| match self.at(unit, *base) {
            Value::Class { unit, class } if self.program.unit(unit).module.class(class).kind == ClassKind::Class => {
                Some(Value::Object { unit, class, call: None })
            }
            Value::External(symbol) => {
                let name = symbol.rsplit('.').next().unwrap_or(&symbol);
                let interface = name.starts_with('I') && name[1..].starts_with(|c: char| c.is_ascii_uppercase());
                let ty = self.catalog.canonical(Language::CSharp, &symbol);
                (!interface).then_some(Value::Instance(Instance { ty, call: None, from: None }))
            }
            _ => None,
        });
        found.unwrap_or(Value::Unknown)
    }
}

/// Something that comes from a relative import of a file that is not there.
pub(super) fn is_lost(value: &Value) -> bool {
    match value {
        Value::External(symbol) | Value::Method { symbol, .. } => symbol.starts_with('.'),
        Value::Instance(instance) => instance.ty.starts_with('.'),
        _ => false,
    }
}
