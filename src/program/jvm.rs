//! What names and objects mean in Java and Kotlin: members without `this`, packages, accessors that
//! nobody wrote, and objects that a container hands out.

use std::sync::Arc;

use smol_str::{SmolStr, format_smolstr};

use super::UnitId;
use super::eval::Evaluator;
use super::index::Scope;
use super::types::{build_root, simple_name};
use super::value::{Dict, Instance, Site, Text, TextPart, Value};
use crate::facts::module::{
    Call, ClassId, ClassKind, ExprId, ExprKind, FuncId, FunctionKind, Import, ImportKind, Language,
};

/// Types of `java.lang` that source code names without an import.
const JAVA_LANG: [&str; 32] = [
    "Appendable",
    "AutoCloseable",
    "Boolean",
    "Byte",
    "CharSequence",
    "Character",
    "Class",
    "ClassLoader",
    "Comparable",
    "Deprecated",
    "Double",
    "Enum",
    "Exception",
    "Float",
    "FunctionalInterface",
    "Integer",
    "InterruptedException",
    "Iterable",
    "Long",
    "Math",
    "Number",
    "Object",
    "Override",
    "Process",
    "ProcessBuilder",
    "Runnable",
    "Runtime",
    "Short",
    "String",
    "System",
    "Thread",
    "Void",
];
/// Annotations of functions whose parameters the container fills; constructors need none.
pub(super) const INJECTED: [&str; 6] =
    ["Bean", "Autowired", "Inject", "Produces", "Provides", "KafkaListenerContainerFactory"];
/// How deep bases are searched.
const MAX_BASES: u32 = 6;
/// How many calls a builder may have.
const MAX_BUILDER_CALLS: usize = 64;
/// What the `builder()` that Lombok writes gives. <https://projectlombok.org/features/Builder>
const LOMBOK_BUILDER: &str = "lombok.Builder";

impl Evaluator<'_> {
    /// A name that is no local variable: a member of the classes around it, else something of the
    /// package or an import.
    pub(super) fn jvm_name(&self, unit_id: UnitId, name: &str, at: Option<ExprId>) -> Option<Value> {
        let unit = self.program.unit(unit_id);
        let classes = at.map(|at| unit.index.classes_around(&unit.module, at)).unwrap_or_default();
        let site = at.map(|expr| Site { unit: unit_id, expr });
        for &class in &classes {
            if unit.module.class(class).name == name {
                return Some(Value::Class { unit: unit_id, class });
            }
            if let (Some(site), true) = (site, self.declares(unit_id, class, name, 0)) {
                return Some(self.member_value(unit_id, class, name, site));
            }
            // A property that is initialised from a parameter of Kotlin's primary constructor.
            if unit.module.language == Language::Kotlin
                && let Some((func, index)) = self.constructor_param(unit_id, class, name)
            {
                return Some(self.param(unit_id, func, index));
            }
        }
        if !unit.index.top(name).is_empty() {
            return None;
        }
        let package = unit.module.package.as_deref().unwrap_or_default();
        if let Some(found) = self.in_package(unit_id, package, name) {
            return Some(found);
        }
        self.starred(unit_id, name).or_else(|| Some(self.undeclared(unit_id, &classes, name, site)))
    }

    pub(super) fn member_value(&self, unit: UnitId, class: ClassId, name: &str, site: Site) -> Value {
        let object = Value::Object { unit, class, call: None };
        self.attribute(&object, name, site)
    }

    /// A name of a package of the repository.
    pub(super) fn in_package(&self, from: UnitId, package: &str, name: &str) -> Option<Value> {
        let path = &self.program.unit(from).path;
        let unit = self.program.types.find(&self.program.units, path, package, name)?;
        if unit == from && self.program.unit(unit).index.top(name).is_empty() {
            return None;
        }
        Some(self.name(unit, None, name, None))
    }

    /// What `import a.b.*` and `import static a.b.C.*` offer under a name.
    fn starred(&self, unit_id: UnitId, name: &str) -> Option<Value> {
        let unit = self.program.unit(unit_id);
        let stars = || unit.module.imports.iter().filter(|i| i.kind == ImportKind::Star);
        for import in stars() {
            if let Some(found) = self.in_package(unit_id, &import.module, name) {
                return Some(found);
            }
            if let Some(Value::Class { unit: u, class }) = self.class_named(unit_id, &import.module)
                && self.declares(u, class, name, 0)
            {
                return Some(self.member_value(u, class, name, anywhere(unit_id)));
            }
        }
        if !is_type_name(name) || JAVA_LANG.contains(&name) {
            return None;
        }
        let language = unit.module.language;
        let outside: Vec<SmolStr> = stars()
            .filter(|i| !self.program.types.has_package(&i.module) && !ends_in_type(&i.module))
            .map(|i| format_smolstr!("{}.{name}", i.module))
            .collect();
        let mut known: Vec<&SmolStr> = outside.iter().filter(|s| self.catalog.split(language, s).is_some()).collect();
        // Several of them are of libraries that we know; what one of those is about has such a type.
        if known.len() > 1 {
            let is_about = |s: &&&SmolStr| {
                self.catalog.split(language, s).is_some_and(|(library, rest)| library.names.contains(rest))
            };
            let about: Vec<&SmolStr> = known.iter().filter(is_about).copied().collect();
            known = if about.is_empty() { known } else { about };
        }
        match (known.as_slice(), outside.as_slice()) {
            ([], []) => None,
            ([], [only]) => Some(Value::External(only.clone())),
            // Which of them it is cannot be known; what the JDK has is the less likely.
            ([], several) => {
                let likely: Vec<Value> = several
                    .iter()
                    .filter(|s| !s.starts_with("java.") || several.len() == 1)
                    .map(|s| Value::External(s.clone()))
                    .collect();
                Some(self.one_of(likely))
            }
            (known, _) => Some(self.one_of(known.iter().map(|s| Value::External((*s).clone())).collect())),
        }
    }

    /// A name that nothing declares: a member of a base outside the repository, a package, a type of
    /// `java.lang`, a type of the same package that is not among the sources.
    fn undeclared(&self, unit_id: UnitId, classes: &[ClassId], name: &str, site: Option<Site>) -> Value {
        let unit = self.program.unit(unit_id);
        if is_type_name(name) {
            if JAVA_LANG.contains(&name) || name.ends_with("Exception") || name.ends_with("Error") {
                return Value::External(format_smolstr!("java.lang.{name}"));
            }
            if let Some(implied) = self.implied(unit_id, name) {
                return implied;
            }
            return match (unit.module.language, &unit.module.package) {
                (Language::Kotlin, _) => Value::External(format_smolstr!("kotlin.{name}")),
                (_, Some(package)) => Value::External(format_smolstr!("{package}.{name}")),
                (_, None) => Value::Unknown,
            };
        }
        if self.program.types.is_root(name) {
            return Value::External(name.into());
        }
        // A sample that leaves out its fields: `restTemplate.getForObject(…)`.
        if let Some(ty) = self.named_after(unit_id, name) {
            return Value::Instance(Instance { ty, call: None, from: None });
        }
        let is_called = site.is_some_and(|site| {
            matches!(unit.index.ancestors(site.expr).next(), Some(super::Parent::Expr(parent))
                if unit.module.call(parent).is_some_and(|call| call.callee == site.expr))
        });
        if let (true, Some(site)) = (is_called, site) {
            for &class in classes {
                match self.member_value(unit_id, class, name, site) {
                    Value::Unknown => {}
                    found => return found,
                }
            }
            if unit.module.language == Language::Kotlin {
                return Value::External(format_smolstr!("kotlin.{name}"));
            }
        }
        Value::Unknown
    }

    /// What an import binds.
    pub(super) fn jvm_import(&self, unit_id: UnitId, import: &Import) -> Value {
        let ImportKind::Named(name) = &import.kind else { return Value::Unknown };
        if let Some(found) = self.in_package(unit_id, &import.module, name) {
            return found;
        }
        if let Some(class) = self.class_named(unit_id, &import.module)
            && let Value::Class { .. } = class
        {
            return self.attribute(&class, name, anywhere(unit_id));
        }
        Value::External(format_smolstr!("{}.{name}", import.module))
    }

    /// A class of the repository by its full name, also a nested one.
    pub(super) fn class_named(&self, from: UnitId, full: &str) -> Option<Value> {
        let (package, name) = full.rsplit_once('.')?;
        if let Some(found) = self.in_package(from, package, name) {
            return Some(found);
        }
        let (outer, class) = package.rsplit_once('.')?;
        let Value::Class { unit, class } = self.in_package(from, outer, class)? else { return None };
        let class = self.program.unit(unit).index.nested(class, name)?;
        Some(Value::Class { unit, class })
    }

    /// `com.acme.Orders` written out.
    pub(super) fn qualified(&self, from: UnitId, package: &str, name: &str) -> Option<Value> {
        if !self.program.language(from).has_packages() {
            return None;
        }
        self.in_package(from, package, name)
    }

    /// True when a class or a base of it in the repository declares a member.
    pub(super) fn declares(&self, unit_id: UnitId, class_id: ClassId, name: &str, hops: u32) -> bool {
        let unit = self.program.unit(unit_id);
        let class = unit.module.class(class_id);
        let is_method = |f: &FuncId| {
            let function = unit.module.func(*f);
            match function.kind {
                FunctionKind::Constructor => function.params.iter().any(|p| p.is_field && p.name == name),
                _ => function.name == name,
            }
        };
        if class.fields.iter().any(|f| f.name == name)
            || class.methods.iter().any(is_method)
            || unit.index.nested(class_id, name).is_some()
        {
            return true;
        }
        hops < MAX_BASES
            && class.bases.iter().any(|&base| match self.at(unit_id, base) {
                Value::Class { unit, class } => self.declares(unit, class, name, hops + 1),
                _ => false,
            })
    }

    fn constructor_param(&self, unit_id: UnitId, class: ClassId, name: &str) -> Option<(FuncId, usize)> {
        let module = &self.program.unit(unit_id).module;
        let constructor = module.class(class).methods.first().copied()?;
        let function = module.func(constructor);
        let index = function.params.iter().position(|p| p.name == name)?;
        (function.kind == FunctionKind::Constructor).then_some((constructor, index))
    }

    /// The object that `this` is.
    pub(super) fn jvm_this(&self, site: Site) -> Value {
        let unit = self.program.unit(site.unit);
        match unit.index.classes_around(&unit.module, site.expr).first() {
            Some(&class) => Value::Object { unit: site.unit, class, call: None },
            None => Value::Unknown,
        }
    }

    /// The only class of the repository that implements an interface, as its object: the one of the
    /// build module of `from`, else the only one at all.
    pub(super) fn implementation(&self, from: UnitId, interface: (UnitId, ClassId)) -> Option<Value> {
        let name = &self.program.unit(interface.0).module.class(interface.1).name;
        let wanted = Value::Class { unit: interface.0, class: interface.1 };
        let found: Vec<(UnitId, ClassId)> = self
            .program
            .types
            .derived(name)
            .iter()
            .copied()
            .filter(|(unit, class)| {
                let class = self.program.unit(*unit).module.class(*class);
                class.kind == ClassKind::Class
                    && !class.name.is_empty()
                    && class.bases.iter().any(|base| self.at(*unit, *base) == wanted)
            })
            .collect();
        let root = build_root(&self.program.unit(from).path);
        let own: Vec<_> = found.iter().filter(|(unit, _)| build_root(&self.program.unit(*unit).path) == root).collect();
        let (unit, class) = match (own.as_slice(), found.as_slice()) {
            ([only], _) => **only,
            ([], [only]) => *only,
            _ => return None,
        };
        Some(Value::Object { unit, class, call: None })
    }

    /// True for a type that says nothing about what its object can do for us.
    pub(super) fn is_plain_type(symbol: &str) -> bool {
        let collection = symbol.strip_prefix("java.util.").is_some_and(|rest| {
            rest.ends_with("List")
                || rest.ends_with("Map")
                || rest.ends_with("Set")
                || rest == "Collection"
                || rest == "UUID"
        });
        symbol.starts_with("java.lang.") || symbol.starts_with("kotlin.") || collection
    }

    /// The text of the first argument (or `value`, `name`) of a decorator with one of the names.
    pub(super) fn text_of_decorator(
        &self,
        unit: UnitId,
        decorators: &[ExprId],
        names: &[&str],
    ) -> Option<(String, ExprId)> {
        let module = &self.program.unit(unit).module;
        decorators.iter().find_map(|&decorator| {
            let name = simple_name(module, decorator)?;
            let call = module.call(decorator).filter(|_| names.contains(&name.as_str()))?;
            let arg = call.args.iter().find(|a| a.name.as_deref().is_none_or(|n| matches!(n, "value" | "name")))?;
            Some((self.at(unit, arg.value).as_str()?, decorator))
        })
    }

    /// The setting that `@Value("${key:default}")` or `@ConfigProperty(name = "key")` puts in.
    pub(super) fn configured(&self, unit: UnitId, decorators: &[ExprId]) -> Option<Value> {
        if let Some((text, decorator)) = self.text_of_decorator(unit, decorators, &["Value"]) {
            return Some(placeholder(&text, Site { unit, expr: decorator }));
        }
        let names = ["ConfigProperty", "Property"];
        let (name, decorator) = self.text_of_decorator(unit, decorators, &names)?;
        let call = self.program.unit(unit).module.call(decorator)?;
        let default = self.keyword(unit, call, "defaultValue").filter(|v| v.as_str().is_some());
        Some(Value::Env { name: name.into(), default: default.map(Arc::new), site: Site { unit, expr: decorator } })
    }

    /// The setting that a member of a `@ConfigurationProperties("shop.stock")` class is filled with: `url` is
    /// `shop.stock.url`, what is written beside it the default.
    pub(super) fn bound(
        &self,
        unit: UnitId,
        class: ClassId,
        name: &str,
        ty: Option<ExprId>,
        default: Option<ExprId>,
    ) -> Option<Value> {
        const SCALARS: [&str; 14] = [
            "String", "URI", "URL", "Duration", "Integer", "Long", "Boolean", "Double", "Int", "int", "long",
            "boolean", "double", "Resource",
        ];
        let module = &self.program.unit(unit).module;
        let (prefix, site) = self.keys_of(unit, class, 0)?;
        simple_name(module, ty?).filter(|ty| SCALARS.contains(&ty.as_str()))?;
        let default = default.map(|default| Arc::new(self.at(unit, default))).filter(|value| !value.is_unknown());
        Some(Value::Env { name: format_smolstr!("{prefix}.{name}"), default, site: Site { unit, expr: site } })
    }

    /// What the keys begin with that fill a class: its annotation says it, or that of the one class of the file which has
    /// a member of its type (`record Topics(Names names)` with `record Names(String placed)`).
    fn keys_of(&self, unit: UnitId, class: ClassId, depth: u32) -> Option<(String, ExprId)> {
        let module = &self.program.unit(unit).module;
        let fills = |decorator: &&ExprId| {
            simple_name(module, **decorator)
                .is_some_and(|name| matches!(name.as_str(), "ConfigurationProperties" | "ConfigMapping"))
        };
        if let Some(site) = module.class(class).decorators.iter().find(fills) {
            let prefix = module.call(*site).and_then(|call| {
                let named = |arg: &&crate::facts::module::Arg| {
                    arg.name.as_deref().is_none_or(|name| matches!(name, "prefix" | "value"))
                };
                self.at(unit, call.args.iter().find(named)?.value).as_str()
            })?;
            return Some((prefix.to_string(), *site));
        }
        let own = module.class(class).name.rsplit('.').next()?;
        let is_it = |ty: Option<ExprId>| ty.and_then(|ty| simple_name(module, ty)).is_some_and(|name| name == own);
        let mut members =
            (0..module.classes.len() as u32).map(ClassId).filter(|other| *other != class).flat_map(|other| {
                let declared = module.class(other);
                let fields = declared.fields.iter().filter(|f| is_it(f.ty)).map(|f| f.name.clone());
                let params = declared.methods.iter().flat_map(|m| &module.func(*m).params);
                let params = params.filter(|p| p.is_field && is_it(p.ty)).map(|p| p.name.clone());
                fields.chain(params).map(move |name| (other, name)).collect::<Vec<_>>()
            });
        let (owner, name) = members.next().filter(|_| depth < 3)?;
        if members.next().is_some() {
            return None;
        }
        let (prefix, site) = self.keys_of(unit, owner, depth + 1)?;
        Some((format!("{prefix}.{name}"), site))
    }

    /// True for a function whose parameters the container fills.
    pub(super) fn is_injected(&self, unit: UnitId, func: FuncId) -> bool {
        let module = &self.program.unit(unit).module;
        let function = module.func(func);
        function.kind == FunctionKind::Constructor
            || function
                .decorators
                .iter()
                .any(|d| simple_name(module, *d).is_some_and(|n| INJECTED.contains(&n.as_str())))
    }

    /// Calls that need no declaration to be understood: accessors, `String.format`, `x.apply { … }`.
    pub(super) fn jvm_call(&self, site: Site, call: &Call) -> Option<Value> {
        let module = &self.program.unit(site.unit).module;
        let ExprKind::Attr { object, name, .. } = &module.expr(call.callee).kind else {
            let ExprKind::Name(name) = &module.expr(call.callee).kind else { return None };
            let this = self.jvm_this(site);
            return (call.args.is_empty()).then(|| self.accessor(&this, name, site)).flatten();
        };
        match (name.as_str(), call.args.len()) {
            ("builder", 0) => {
                let Value::Class { unit, class } = self.at(site.unit, *object) else { return None };
                let ty = LOMBOK_BUILDER.into();
                return self.has_builder(unit, class).then_some(Value::Instance(Instance {
                    ty,
                    call: Some(site),
                    from: None,
                }));
            }
            ("build", 0) => {
                if let Some((unit, class)) = self.built(site) {
                    return Some(Value::Object { unit, class, call: Some(site) });
                }
            }
            ("apply" | "also", 1) if module.language == Language::Kotlin => {
                return Some(self.at(site.unit, *object)).filter(|v| !v.is_unknown());
            }
            ("let" | "run", 1) if module.language == Language::Kotlin => {
                return match self.at(site.unit, call.args[0].value) {
                    Value::Function { unit, func, .. } => Some(self.returned(unit, func, None)),
                    _ => None,
                };
            }
            ("format", _) => {
                let Value::External(symbol) = self.at(site.unit, *object) else { return None };
                let is_string = symbol == "java.lang.String" || symbol == "kotlin.String";
                let (format, args) = call.args.split_first().filter(|_| is_string)?;
                return self.printf(site.unit, format.value, args.iter().map(|a| a.value));
            }
            ("formatted", _) => return self.printf(site.unit, *object, call.args.iter().map(|a| a.value)),
            // `Map.of("x-queue-type", "quorum")`
            ("of", count) if count % 2 == 0 => {
                let is_map = match self.at(site.unit, *object) {
                    Value::External(symbol) => symbol == "java.util.Map",
                    Value::Unknown => matches!(&module.expr(*object).kind, ExprKind::Name(name) if name == "Map"),
                    _ => false,
                };
                return is_map.then(|| self.map_of(site, call));
            }
            ("concat", 1) => {
                let mut text = self.at(site.unit, *object).to_text()?;
                text.push(self.at(site.unit, call.args[0].value).to_text().unwrap_or_else(hole));
                return Some(Value::Str(text));
            }
            ("valueOf", 1) => {
                let Value::External(symbol) = self.at(site.unit, *object) else { return None };
                return (symbol.starts_with("java.lang.")).then(|| self.at(site.unit, call.args[0].value));
            }
            _ => {}
        }
        if call.args.is_empty() { self.accessor(&self.at(site.unit, *object), name, site) } else { None }
    }

    /// True for a class that Lombok makes a builder for.
    fn has_builder(&self, unit: UnitId, class: ClassId) -> bool {
        let module = &self.program.unit(unit).module;
        let marks = |d: &ExprId| simple_name(module, *d).is_some_and(|n| n == "Builder" || n == "SuperBuilder");
        let class = module.class(class);
        class.decorators.iter().any(marks) || class.methods.iter().any(|m| module.func(*m).decorators.iter().any(marks))
    }

    /// The class of which `Order.builder().id(id).build()` makes an object, for a builder of Lombok.
    fn built(&self, site: Site) -> Option<(UnitId, ClassId)> {
        let module = &self.program.unit(site.unit).module;
        let mut current = site.expr;
        for _ in 0..MAX_BUILDER_CALLS {
            let ExprKind::Attr { object, name, .. } = &module.expr(module.call(current)?.callee).kind else {
                return None;
            };
            if name == "builder" {
                let Value::Class { unit, class } = self.at(site.unit, *object) else { return None };
                return self.has_builder(unit, class).then_some((unit, class));
            }
            current = *object;
        }
        None
    }

    /// What a call of a builder's method sets: the argument of `.id(id)` before `.build()`.
    pub(crate) fn set_by_builder(&self, build: Site, field: &str) -> Option<Site> {
        let module = &self.program.unit(build.unit).module;
        let mut current = build.expr;
        for _ in 0..MAX_BUILDER_CALLS {
            let call = module.call(current)?;
            let ExprKind::Attr { object, name, .. } = &module.expr(call.callee).kind else { return None };
            if let ([value], true) = (call.args.as_slice(), name == field) {
                return Some(Site { unit: build.unit, expr: value.value });
            }
            current = *object;
        }
        None
    }

    /// The keys and values that follow each other in a call.
    fn map_of(&self, site: Site, call: &Call) -> Value {
        let mut map = Dict { site, entries: Vec::new(), open: false };
        for pair in call.args.chunks(2) {
            match (self.at(site.unit, pair[0].value).as_str(), pair.get(1)) {
                (Some(key), Some(value)) => {
                    map.entries.push((key.into(), Site { unit: site.unit, expr: value.value }));
                }
                _ => map.open = true,
            }
        }
        Value::Dict(Arc::new(map))
    }

    /// `String.format("http://%s:%d/x", host, port)`.
    pub(super) fn printf(&self, unit: UnitId, format: ExprId, args: impl Iterator<Item = ExprId>) -> Option<Value> {
        let format = self.at(unit, format).as_str()?;
        let mut args = args.map(|arg| self.part(unit, arg));
        let mut text = Text::default();
        let mut rest = format.as_str();
        while let Some((before, after)) = rest.split_once('%') {
            text.push(Text::literal(before));
            let end = after.find(|c: char| c.is_ascii_alphabetic() || c == '%')?;
            match after.as_bytes()[end] {
                b'%' => text.push(Text::literal("%")),
                b'n' => text.push(Text::literal("\n")),
                _ => text.push(args.next().flatten().unwrap_or_else(hole)),
            }
            rest = &after[end + 1..];
        }
        text.push(Text::literal(rest));
        text.parts.retain(|part| !matches!(part, TextPart::Lit(lit) if lit.is_empty()));
        Some(Value::Str(text))
    }

    /// `getUrl()`, `isOpen()` and a record's `url()`, which nobody wrote, are the field.
    fn accessor(&self, object: &Value, name: &str, site: Site) -> Option<Value> {
        let values: Vec<Value> = object
            .alternatives()
            .iter()
            .filter_map(|object| {
                let Value::Object { unit, class, .. } = object else { return None };
                let module = &self.program.unit(*unit).module;
                let has_method = module.class(*class).methods.iter().any(|f| module.func(*f).name == name);
                if has_method {
                    return None;
                }
                let field = property_name(name).unwrap_or_else(|| name.to_string());
                let has_field = |n: &str| {
                    let class = module.class(*class);
                    let fields = class.fields.iter().any(|f| f.name == n);
                    let record = || class.methods.iter().flat_map(|f| &module.func(*f).params);
                    fields || record().any(|p| p.is_field && p.name == n)
                };
                has_field(&field).then(|| self.attribute(object, &field, site))
            })
            .collect();
        (!values.is_empty()).then(|| self.one_of(values))
    }

    /// True for a call, and for what is called by one.
    pub(super) fn is_called(&self, site: Site) -> bool {
        let unit = self.program.unit(site.unit);
        if unit.module.exprs.get(site.expr.0 as usize).is_none() || unit.module.call(site.expr).is_some() {
            return true;
        }
        match unit.index.expr_parent.get(site.expr.0 as usize) {
            Some(super::index::Parent::Expr(outer)) => unit.module.call(*outer).is_some_and(|c| c.callee == site.expr),
            _ => false,
        }
    }

    /// The argument of the call that made an object, for a field that a constructor assigns from a
    /// parameter.
    pub(super) fn constructed_with(&self, call: Site, unit: UnitId, func: FuncId, assigned: ExprId) -> Option<Value> {
        let module = &self.program.unit(unit).module;
        let ExprKind::Name(name) = &module.expr(assigned).kind else { return None };
        let function = module.func(func);
        let index = function.params.iter().position(|p| p.name == *name)?;
        let args = self.program.unit(call.unit).module.call(call.expr)?.args.len();
        if function.kind != FunctionKind::Constructor || args != function.params.len() {
            return None;
        }
        self.argument(call, unit, func, index).filter(|v| !matches!(v, Value::Unknown | Value::Null))
    }

    /// True when a binding found at the top of a file can be hidden by a member.
    pub(super) fn may_be_member(scope: Option<Scope>) -> bool {
        !matches!(scope, Some(Scope::Func(_)))
    }
}

/// A place in a unit, for looking up a member where no expression asks.
fn anywhere(unit: UnitId) -> Site {
    Site { unit, expr: ExprId(0) }
}

pub(super) fn hole() -> Text {
    Text { parts: vec![TextPart::Hole], handed: false }
}

/// `Order`, not `ORDER` and not `T`.
pub(super) fn is_type_name(name: &str) -> bool {
    name.starts_with(char::is_uppercase) && name.contains(char::is_lowercase)
}

/// `a.b.Names` of `import static a.b.Names.*`.
fn ends_in_type(module: &str) -> bool {
    module.rsplit('.').next().is_some_and(|last| last.starts_with(char::is_uppercase))
}

/// `url` of `getUrl`, `open` of `isOpen`.
fn property_name(accessor: &str) -> Option<String> {
    let rest = accessor.strip_prefix("get").or_else(|| accessor.strip_prefix("is"))?;
    let mut chars = rest.chars();
    let first = chars.next().filter(|c| c.is_uppercase())?;
    Some(first.to_lowercase().chain(chars).collect())
}

/// The value of a text with `${key:default}` in it.
pub(super) fn placeholder(text: &str, site: Site) -> Value {
    if text.contains("#{") {
        return Value::Unknown;
    }
    if let Some(inner) = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'))
        && !inner.contains('}')
    {
        let (name, default) = match inner.split_once(':') {
            Some((name, default)) => (name, Some(Arc::new(Value::Str(Text::literal(default))))),
            None => (inner, None),
        };
        return Value::Env { name: name.into(), default, site };
    }
    let mut out = Text::default();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        if !before.is_empty() {
            out.push(Text::literal(before));
        }
        let Some((inner, tail)) = split_placeholder(after) else { break };
        let (name, default) = match inner.split_once(':') {
            // A default that is a placeholder again is not known here.
            Some((name, default)) => (name, (!default.contains("${")).then(|| SmolStr::new(default))),
            None => (inner, None),
        };
        out.parts.push(TextPart::Env { name: name.into(), default });
        rest = tail;
    }
    if !rest.is_empty() {
        out.push(Text::literal(rest));
    }
    Value::Str(out)
}

/// Cuts at the `}` that closes a placeholder.
fn split_placeholder(text: &str) -> Option<(&str, &str)> {
    let mut depth = 0u32;
    for (i, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => return Some((&text[..i], &text[i + 1..])),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}
