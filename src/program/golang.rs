//! What names and objects mean in Go: packages of several files, results of several values, fields that
//! a struct literal sets, and settings named by tags.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use smol_str::{SmolStr, format_smolstr};

use super::eval::{Evaluator, ends_before, returns};
use super::index::{Binding, Parent, Scope};
use super::resolve::{ImportMap, Packages, Target, parent, within};
use super::types::{go_package, package_of};
use super::value::{Site, Text, Value};
use super::{Program, Unit, UnitId};
use crate::facts::module::{Call, ClassId, ExprId, ExprKind, Field, FunctionKind, Language, Module};
use crate::files::{Zone, zone};

/// How many literals of a struct are looked at for the value of a field.
const MAX_LITERALS: usize = 8;
/// How often a field of a name may be set through variables for all of them to be looked at.
const MAX_SET: usize = 32;
/// Tags that name an environment variable, and tags that hold its default.
const ENV_TAGS: [&str; 3] = ["env", "envconfig", "mapstructure_env"];
const DEFAULT_TAGS: [&str; 3] = ["env-default", "envDefault", "default"];
/// Tags that name a key of a configuration file, and tags that put something before the names of a struct's
/// variables (caarlos0/env, cleanenv).
const KEY_TAGS: [&str; 4] = ["mapstructure", "koanf", "yaml", "toml"];
const PREFIX_TAGS: [&str; 2] = ["envPrefix", "env-prefix"];
/// How deep structs of configuration nest.
const MAX_NESTED: usize = 4;

/// The modules of `go.mod` files.
#[derive(Debug, Default)]
pub(super) struct Modules {
    /// Their folders, deeper ones first.
    folders: Vec<String>,
    /// Those of which another module imports something.
    imported: BTreeSet<String>,
}

impl Modules {
    pub(super) fn of(units: &[Unit], imports: &ImportMap, packages: &Packages) -> Modules {
        let mut folders: Vec<String> = packages.go.iter().map(|(_, folder)| folder.clone()).collect();
        folders.sort_by_key(|folder| std::cmp::Reverse(folder.len()));
        let mut modules = Modules { folders, imported: BTreeSet::new() };
        if modules.folders.len() < 2 {
            return modules;
        }
        for (i, unit) in units.iter().enumerate().filter(|(_, unit)| unit.module.language == Language::Go) {
            let own = modules.around(&unit.path);
            let targets =
                unit.module.imports.iter().filter_map(|import| imports.target(UnitId(i as u32), &import.module));
            let others: Vec<String> = targets
                .filter_map(|target| match target {
                    Target::Folder(folder) => modules.around(folder).filter(|other| Some(*other) != own),
                    _ => None,
                })
                .map(str::to_owned)
                .collect();
            modules.imported.extend(others);
        }
        modules
    }

    /// The module that a path lies in.
    fn around(&self, path: &str) -> Option<&str> {
        self.folders.iter().map(String::as_str).find(|folder| within(path, folder))
    }

    /// True when code can see what stands at both paths: in one module, or when one of them is a module that
    /// others import. Two programs that know nothing of each other share no interface.
    pub(super) fn meet(&self, a: &str, b: &str) -> bool {
        let (a, b) = (self.around(a), self.around(b));
        a == b || [a, b].into_iter().flatten().any(|module| self.imported.contains(module))
    }
}

impl Evaluator<'_> {
    /// A name that this file does not bind, or binds to a part of a type of another file.
    pub(super) fn go_name(&self, unit: UnitId, name: &str, found: Option<(Scope, &[Binding])>) -> Option<Value> {
        match found {
            Some((Scope::Top, [Binding::Class(class)])) if self.is_partial(unit, *class) => {
                let (unit, class) = self.whole(unit, *class);
                Some(Value::Class { unit, class })
            }
            Some(_) => None,
            None => self.in_go_key(unit, &package_of(self.program.unit(unit)), name),
        }
    }

    /// The import that a name still means where a variable of the same name is declared: `gin := gin.Default()`,
    /// `func New(gin *gin.Engine)`. The scope of a variable begins after its declaration and ends with its
    /// block, that of a parameter is the body (<https://go.dev/ref/spec#Declarations_and_scope>).
    pub(super) fn go_package_before(
        &self,
        unit: UnitId,
        name: &str,
        found: Option<(Scope, &[Binding])>,
        at: Option<ExprId>,
    ) -> Option<usize> {
        let (Some((Scope::Func(_), bindings)), Some(at)) = (found, at) else { return None };
        let unit = self.program.unit(unit);
        let import = unit.index.top(name).iter().find_map(|binding| match binding {
            Binding::Import(i) => Some(*i),
            _ => None,
        })?;
        let around: Vec<Parent> = unit.index.ancestors(at).collect();
        let at = unit.module.expr(at).span;
        let later = |binding: &Binding| match *binding {
            Binding::Value(value) | Binding::Typed(value) | Binding::Element(value) | Binding::Entered(value) => {
                let declared = unit.module.expr(value).span;
                let elsewhere =
                    || matches!(binding, Binding::Value(_)) && ends_before(&unit.module, &unit.index, value, &around);
                declared.contains(at) || at.end <= declared.start || elsewhere()
            }
            Binding::Param(func, _) => {
                let function = unit.module.func(func);
                let types = function.params.iter().filter_map(|param| param.ty).chain(function.returns);
                types.into_iter().any(|ty| unit.module.expr(ty).span.contains(at))
            }
            _ => false,
        };
        bindings.iter().all(later).then_some(import)
    }

    /// `pkg.Name` of a package of the repository.
    pub(super) fn in_go_package(&self, folder: &str, name: &str) -> Value {
        let key = go_package(folder);
        let Some(unit) = self.program.types.find(&self.program.units, folder, &key, name) else {
            return Value::Unknown;
        };
        self.name(unit, None, name, None)
    }

    fn in_go_key(&self, from: UnitId, key: &str, name: &str) -> Option<Value> {
        let path = &self.program.unit(from).path;
        let unit = self.program.types.find(&self.program.units, path, key, name).filter(|unit| *unit != from)?;
        Some(self.name(unit, None, name, None))
    }

    /// True for a part of a class that is declared elsewhere.
    fn is_partial(&self, unit: UnitId, class: ClassId) -> bool {
        let module = &self.program.unit(unit).module;
        let marks = |d: &ExprId| matches!(&module.expr(*d).kind, ExprKind::Name(name) if name == "partial");
        module.class(class).decorators.iter().any(marks)
    }

    /// The declaration of a class of which this may be a part.
    pub(super) fn whole(&self, unit: UnitId, class: ClassId) -> (UnitId, ClassId) {
        if self.program.language(unit) != Language::Go || !self.is_partial(unit, class) {
            return (unit, class);
        }
        let name = &self.program.unit(unit).module.class(class).name;
        let parts = self.program.types.parts(self.program.unit(unit), name);
        parts.iter().copied().find(|(unit, class)| !self.is_partial(*unit, *class)).unwrap_or((unit, class))
    }

    /// What `look` finds in the other parts of a class.
    pub(super) fn in_other_part(
        &self,
        unit: UnitId,
        class: ClassId,
        name: &str,
        hops: u32,
        look: impl Fn(UnitId, ClassId) -> Value,
    ) -> Option<Value> {
        let language = self.program.language(unit);
        if hops >= 6 || !matches!(language, Language::Go | Language::CSharp) || name.is_empty() {
            return None;
        }
        let own = self.program.unit(unit).module.class(class);
        if own.outer.is_some()
            || own.parent.is_some()
            || (language == Language::CSharp && !self.is_partial(unit, class))
        {
            return None;
        }
        let parts = self.program.types.parts(self.program.unit(unit), &own.name);
        let others = parts.iter().take(16).filter(|part| **part != (unit, class));
        others.map(|(unit, class)| look(*unit, *class)).find(|value| !value.is_unknown())
    }

    /// A field that a literal or an object initialiser sets: of the literal that made the object, else of
    /// all literals of the type. `known` is what assignments to the field say, `site` where it is asked for.
    pub(super) fn struct_field(
        &self,
        unit: UnitId,
        class: ClassId,
        name: &str,
        call: Option<Site>,
        known: &Value,
        site: Site,
    ) -> Option<Value> {
        let language = self.program.language(unit);
        if !matches!(language, Language::Go | Language::CSharp) {
            return None;
        }
        let module = &self.program.unit(unit).module;
        let position = module.class(class).fields.iter().position(|field| field.name == name)?;
        let field = Asked { field: &module.class(class).fields[position], site };
        if language == Language::Go
            && let Some(setting) = self
                .tagged(unit, class, &field)
                .or_else(|| self.processed(unit, class, &field))
                .or_else(|| self.loaded(unit, class, &field))
        {
            return Some(setting);
        }
        let set_by = |site: Site| {
            let call = self.program.unit(site.unit).module.call(site.expr).filter(|call| call.is_new)?;
            let named = call.args.iter().find(|arg| arg.name.as_deref() == Some(name));
            let plain = || {
                let is_positional = language == Language::Go && call.args.iter().all(|arg| arg.name.is_none());
                call.args.get(position).filter(|_| is_positional)
            };
            Some(self.at(site.unit, named.or_else(plain)?.value))
        };
        if let Some(site) = call {
            return set_by(site);
        }
        if language == Language::CSharp {
            let bound = || self.bound_option(unit, class, &module.class(class).fields[position]);
            return match known {
                Value::Unknown | Value::Null => bound(),
                // `public string Host { get; set; } = "localhost";` holds where the section does not say another one.
                Value::Str(_) if module.class(class).fields[position].value.is_some() => match bound()? {
                    Value::Env { name, site, .. } => {
                        Some(Value::Env { name, default: Some(Arc::new(known.clone())), site })
                    }
                    _ => None,
                },
                _ => None,
            };
        }
        if !matches!(known, Value::Unknown | Value::Null | Value::Param { .. }) || language != Language::Go {
            return None;
        }
        let own = &module.class(class).name;
        if own.is_empty() {
            return None;
        }
        let made = self.program.calls_named(own).iter().copied().filter(|site| {
            let module = &self.program.unit(site.unit).module;
            module.call(site.expr).is_some_and(|call| call.is_new && self.makes(*site, call, unit, class))
        });
        let values = made.take(MAX_LITERALS).filter_map(set_by);
        let set = self.set_through(unit, class, name).map(|site| self.eval(site));
        let values = values.chain(set).collect();
        let value = self.one_of(values);
        (value != Value::Unknown).then_some(value)
    }

    /// What a field is set to through a variable: `server.client = client` after `server := new(Server)`.
    fn set_through(&self, unit: UnitId, class: ClassId, name: &str) -> impl Iterator<Item = Site> {
        let is_one = move |object: &Site| match self.eval(*object) {
            Value::Object { unit: of, class: found, .. } => (of, found) == (unit, class),
            Value::Param { unit: of, func, index } => {
                let param = self.program.unit(of).module.func(func).params.get(index);
                let declared = param.and_then(|param| self.declared(of, param.ty?));
                matches!(declared, Some(Value::Object { unit: of, class: found, .. }) if (of, found) == (unit, class))
            }
            _ => false,
        };
        let set = self.program.set_fields.get(name).map_or(&[][..], Vec::as_slice);
        let own = parent(&self.program.unit(unit).path);
        // A name that is set everywhere (`Name`) is looked for where the type is declared.
        let near = move |object: &Site| set.len() <= MAX_SET || parent(&self.program.unit(object.unit).path) == own;
        set.iter()
            .filter(move |(object, _)| near(object) && is_one(object))
            .take(MAX_LITERALS)
            .map(|(object, value)| Site { unit: object.unit, expr: *value })
    }

    /// True for a literal of a class. In `DB := &DB{…}` the name before the braces is the type, whatever is called
    /// so as well.
    fn makes(&self, site: Site, call: &Call, unit: UnitId, class: ClassId) -> bool {
        let of = |unit: UnitId| parent(&self.program.unit(unit).path);
        let names_it = || {
            let module = &self.program.unit(site.unit).module;
            let own = &self.program.unit(unit).module.class(class).name;
            module.language == Language::Go && matches!(&module.expr(call.callee).kind, ExprKind::Name(n) if n == own)
        };
        self.at(site.unit, call.callee) == Value::Class { unit, class } || (of(site.unit) == of(unit) && names_it())
    }

    /// What a field of a struct of Go is set to, by literals of the struct (`&Orders{client: client}`) and through
    /// variables that hold one.
    pub fn set_in(&self, unit: UnitId, class: ClassId, name: &str) -> Vec<Site> {
        let (unit, class) = self.whole(unit, class);
        let module = &self.program.unit(unit).module;
        let own = &module.class(class).name;
        let Some(position) = module.class(class).fields.iter().position(|field| field.name == name) else {
            return Vec::new();
        };
        if module.language != Language::Go || own.is_empty() {
            return Vec::new();
        }
        let set = |site: &Site| {
            let module = &self.program.unit(site.unit).module;
            let call = module.call(site.expr).filter(|call| call.is_new && self.program.is_production(site.unit))?;
            let named = call.args.iter().find(|arg| arg.name.as_deref() == Some(name));
            let plain = || call.args.get(position).filter(|_| call.args.iter().all(|arg| arg.name.is_none()));
            let value = named.or_else(plain).filter(|_| self.makes(*site, call, unit, class))?.value;
            Some(Site { unit: site.unit, expr: value })
        };
        let literals = self.program.calls_named(own).iter().filter_map(set).take(MAX_LITERALS);
        literals.chain(self.set_through(unit, class, name)).collect()
    }

    /// A field tagged `env:"NAME"`, or with the key of a configuration file.
    fn tagged(&self, unit: UnitId, class: ClassId, asked: &Asked<'_>) -> Option<Value> {
        let (field, held) = (asked.field, self.held_by(asked.site));
        let module = &self.program.unit(unit).module;
        field.decorators.iter().find_map(|&decorator| {
            let ExprKind::Str(tag) = &module.expr(decorator).kind else { return None };
            let own = |keys: &[&str]| {
                let name = keys.iter().find_map(|key| tag_value(tag, key))?.split(',').next()?;
                (!name.is_empty() && name != "-").then_some(name)
            };
            let name = match own(&ENV_TAGS) {
                Some(name) => format_smolstr!("{}{name}", self.tagged_above(unit, class, &held, &PREFIX_TAGS, "")?),
                None => {
                    let name = own(&KEY_TAGS)?;
                    let ty = field.ty.map(|ty| &module.expr(ty).kind);
                    if !matches!(ty, Some(ExprKind::Name(n)) if matches!(n.as_str(), "string" | "int" | "bool")) {
                        return None;
                    }
                    format_smolstr!("{}{name}", self.tagged_above(unit, class, &held, &KEY_TAGS, ".")?)
                }
            };
            let default = DEFAULT_TAGS.iter().find_map(|key| tag_value(tag, key));
            let default = default.map(|text| Arc::new(Value::Str(Text::literal(text))));
            Some(Value::Env { name, default, site: Site { unit, expr: decorator } })
        })
    }

    /// The variable that envconfig reads a field from that has no tag: `SHOP_PORT` for the field `Port` after
    /// `envconfig.Process("shop", &config)` (<https://github.com/kelseyhightower/envconfig#usage>).
    fn processed(&self, unit: UnitId, class: ClassId, asked: &Asked<'_>) -> Option<Value> {
        let field = asked.field;
        let module = &self.program.unit(unit).module;
        let ty = field.ty.map(|ty| &module.expr(ty).kind);
        let is_plain = matches!(ty, Some(ExprKind::Name(n)) if matches!(n.as_str(), "string" | "int" | "bool"));
        if !is_plain || !module.imports.iter().any(|i| i.module.ends_with("/envconfig")) {
            return None;
        }
        let calls = ["Process", "MustProcess"].iter().flat_map(|name| self.program.calls_named(name));
        let read = calls.take(MAX_LITERALS).find_map(|site| {
            let call = self.program.unit(site.unit).module.call(site.expr)?;
            let Value::Object { unit: of, class, .. } = self.positional(site.unit, call, 1)? else { return None };
            Some((self.positional(site.unit, call, 0)?.as_str()?, of, class))
        });
        let (prefix, of, outermost) = read.filter(|(prefix, of, _)| !prefix.is_empty() && *of == unit)?;
        let mut parts = vec![field.name.to_uppercase()];
        let mut current = class;
        let held = self.held_by(asked.site);
        for level in 0..MAX_NESTED {
            if current == outermost {
                break;
            }
            let Above::One(outer, field) = above(module, current, held.get(level)) else { return None };
            parts.push(field.name.to_uppercase());
            current = outer;
        }
        (current == outermost).then_some(())?;
        parts.push(prefix.to_uppercase());
        parts.reverse();
        let site = Site { unit: of, expr: field.ty? };
        Some(Value::Env { name: parts.join("_").into(), default: None, site })
    }

    /// The key of a configuration file that go-zero reads a field from, with a tag or without one: `Mysql.DataSource`
    /// (<https://go-zero.dev/en/docs/tutorials/go-zero/configuration/overview>).
    fn loaded(&self, unit: UnitId, class: ClassId, asked: &Asked<'_>) -> Option<Value> {
        let (field, held) = (asked.field, self.held_by(asked.site));
        let module = &self.program.unit(unit).module;
        let ty = field.ty?;
        let is_plain =
            matches!(&module.expr(ty).kind, ExprKind::Name(n) if matches!(n.as_str(), "string" | "int" | "bool"));
        if !is_plain || !module.imports.iter().any(|i| i.module.contains("/go-zero/")) {
            return None;
        }
        let key = |field: &Field| {
            let tag = field.decorators.iter().find_map(|d| match &module.expr(*d).kind {
                ExprKind::Str(tag) => tag_value(tag, "json")?.split(',').next(),
                _ => None,
            });
            SmolStr::new(tag.filter(|own| !own.is_empty()).unwrap_or(&field.name))
        };
        let mut parts = vec![key(field)];
        let mut current = class;
        for level in 0..MAX_NESTED {
            let (outer, field) = match above(module, current, held.get(level)) {
                Above::One(outer, field) => (outer, field),
                Above::Outermost => break,
                Above::Several => return None,
            };
            parts.push(key(field));
            current = outer;
        }
        module.class(current).name.to_lowercase().contains("conf").then_some(())?;
        parts.reverse();
        Some(Value::Env { name: parts.join(".").into(), default: None, site: Site { unit, expr: ty } })
    }

    /// What the fields that hold a struct say about the names of its own fields: `database.` for
    /// ``Database DatabaseConfig `mapstructure:"database"` ``. None where keys of a file are asked for and the
    /// struct is no configuration.
    fn tagged_above(
        &self,
        unit: UnitId,
        class: ClassId,
        held: &[SmolStr],
        keys: &[&str],
        between: &str,
    ) -> Option<String> {
        let module = &self.program.unit(unit).module;
        let mut parts: Vec<&str> = Vec::new();
        let mut current = class;
        let mut named = Vec::new();
        for level in 0..MAX_NESTED {
            named.push(module.class(current).name.to_lowercase());
            let (outer, field) = match above(module, current, held.get(level)) {
                Above::One(outer, field) => (outer, field),
                Above::Outermost => break,
                Above::Several => return None,
            };
            let tag = field.decorators.iter().find_map(|d| match &module.expr(*d).kind {
                ExprKind::Str(tag) => keys.iter().find_map(|key| tag_value(tag, key)),
                _ => None,
            });
            let own = tag.and_then(|tag| tag.split(',').next()).filter(|own| !own.is_empty());
            parts.extend(own);
            current = outer;
        }
        if between == "." {
            let is_settings = |name: &String| ["config", "settings", "env", "conf"].iter().any(|w| name.contains(w));
            named.iter().find(|name| is_settings(name))?;
        }
        parts.reverse();
        Some(parts.iter().map(|part| format!("{part}{between}")).collect())
    }

    /// The names that lead to a field, the nearest first: `Orders`, `config` for `config.Orders.Host`, also by a
    /// variable.
    fn held_by(&self, site: Site) -> Vec<SmolStr> {
        let unit = self.program.unit(site.unit);
        let module = &unit.module;
        let mut names = Vec::new();
        let ExprKind::Attr { object, .. } = &module.expr(site.expr).kind else { return names };
        let mut at = *object;
        for _ in 0..2 * MAX_NESTED {
            match &module.expr(at).kind {
                ExprKind::Attr { object, name, .. } => {
                    names.push(name.clone());
                    at = *object;
                }
                ExprKind::Name(name) => match unit.index.lookup(module, unit.index.func_of(at), name) {
                    Some((_, [Binding::Value(value)])) if names.is_empty() && *value != at => at = *value,
                    _ => break,
                },
                _ => break,
            }
        }
        names
    }

    /// `$0[n]`: result number n of the call that `$0` holds.
    pub(super) fn go_result(&self, site: Site, object: ExprId, index: ExprId) -> Option<Value> {
        let unit = self.program.unit(site.unit);
        let (ExprKind::Name(name), ExprKind::Num(n)) = (&unit.module.expr(object).kind, &unit.module.expr(index).kind)
        else {
            return None;
        };
        if !name.starts_with('$') {
            return None;
        }
        let (_, bindings) = unit.index.lookup(&unit.module, unit.index.func_of(object), name)?;
        let [Binding::Value(call)] = bindings else { return None };
        // `writer, ok := writers[topic]`
        if n == &0.0 && matches!(unit.module.expr(*call).kind, ExprKind::Index { .. }) {
            return Some(self.at(site.unit, *call));
        }
        Some(self.result_of(Site { unit: site.unit, expr: *call }, *n as usize, 0))
    }

    fn result_of(&self, site: Site, n: usize, hops: u32) -> Value {
        let Some(call) = self.program.unit(site.unit).module.call(site.expr).filter(|_| hops < 6) else {
            return Value::Unknown;
        };
        let callee = self.at(site.unit, call.callee);
        let values = callee.alternatives().iter().map(|callee| {
            let Value::Function { unit, func, .. } = callee else {
                // The first result of a library's function is what counts.
                return if n == 0 { self.eval(site) } else { Value::Unknown };
            };
            let module = &self.program.unit(*unit).module;
            let mut values = Vec::new();
            for expr in returns(module, *func) {
                match &module.expr(expr).kind {
                    ExprKind::List(items) => {
                        let Some(&item) = items.get(n) else { continue };
                        let value = self.at(*unit, item);
                        values.push(match &value {
                            Value::Param { unit: u, func: f, index } if (u, f) == (unit, func) => {
                                self.argument(site, *unit, *func, *index).unwrap_or(value)
                            }
                            _ => value,
                        });
                    }
                    ExprKind::Call(_) => values.push(self.result_of(Site { unit: *unit, expr }, n, hops + 1)),
                    _ => {}
                }
            }
            values.retain(|value| !matches!(value, Value::Null));
            match self.one_of(values) {
                Value::Unknown => {
                    let declared = module.func(*func).returns.map(|ty| (ty, &module.expr(ty).kind));
                    let ty = match declared {
                        Some((_, ExprKind::List(types))) => types.get(n).copied(),
                        Some((ty, _)) if n == 0 => Some(ty),
                        _ => None,
                    };
                    ty.and_then(|ty| self.declared(*unit, ty)).unwrap_or(Value::Unknown)
                }
                value => value,
            }
        });
        self.one_of(values.collect())
    }

    /// Calls that need no declaration to be understood: conversions and formatting.
    pub(super) fn go_call(&self, site: Site, call: &Call, callee: &Value) -> Option<Value> {
        let first = || call.args.first().map(|arg| self.at(site.unit, arg.value));
        match callee {
            Value::External(symbol) => match symbol.as_str() {
                "builtin.string" | "builtin.int" | "builtin.int64" | "builtin.int32" | "builtin.float64"
                | "builtin.uint" | "builtin.uint64" | "time.Duration" => first(),
                "fmt.Sprintf" => {
                    let (format, args) = call.args.split_first()?;
                    self.printf(site.unit, format.value, args.iter().map(|arg| arg.value))
                }
                "strings.TrimSuffix" | "strings.TrimPrefix" | "strings.TrimSpace" | "strings.TrimRight"
                | "strings.ToLower" => first(),
                "net.JoinHostPort" => {
                    let [host, port] = call.args.as_slice() else { return None };
                    let mut text = self.at(site.unit, host.value).to_text().unwrap_or_else(super::jvm::hole);
                    text.push(Text::literal(":"));
                    text.push(self.at(site.unit, port.value).to_text().unwrap_or_else(super::jvm::hole));
                    Some(Value::Str(text))
                }
                _ => None,
            },
            // `Topic("orders")` of `type Topic string`.
            Value::Class { unit, class } if !call.is_new && call.args.len() == 1 => {
                let module = &self.program.unit(*unit).module;
                let base = module.class(*class).bases.first()?;
                let is_plain = module.class(*class).fields.is_empty()
                    && matches!(self.at(*unit, *base), Value::External(symbol) if symbol.starts_with("builtin."));
                if is_plain { first() } else { None }
            }
            _ => None,
        }
    }

    /// True for a method or function that a C# call names as a member of its first argument.
    pub(super) fn is_extension_call(&self, from: UnitId, call: &Call, unit: UnitId, func: super::FuncId) -> bool {
        let module = &self.program.unit(unit).module;
        if module.language != Language::CSharp {
            return false;
        }
        let function = module.func(func);
        let extends = |d: &ExprId| matches!(&module.expr(*d).kind, ExprKind::Name(name) if name == "this");
        let is_extension = function.kind != FunctionKind::Lambda
            && function.params.first().is_some_and(|param| param.decorators.iter().any(extends));
        let ExprKind::Attr { object, .. } = &self.program.unit(from).module.expr(call.callee).kind else {
            return false;
        };
        is_extension && !matches!(self.at(from, *object), Value::Class { .. })
    }
}

impl Program {
    /// The files of each Go package by its folder, without tests.
    pub fn go_packages(&self) -> HashMap<&str, Vec<UnitId>> {
        let mut out: HashMap<&str, Vec<UnitId>> = HashMap::new();
        for id in self.ids() {
            let unit = self.unit(id);
            if unit.module.language == Language::Go && zone(&unit.path) != Zone::Test {
                out.entry(parent(&unit.path)).or_default().push(id);
            }
        }
        out
    }
}

/// The value of `key:"value"` in a struct tag.
fn tag_value<'t>(tag: &'t SmolStr, key: &str) -> Option<&'t str> {
    let mut rest = tag.as_str();
    while let Some(at) = rest.find(key) {
        let before = rest[..at].chars().next_back();
        let after = &rest[at + key.len()..];
        if before.is_none_or(char::is_whitespace)
            && let Some(value) = after.strip_prefix(":\"")
        {
            return value.split('"').next();
        }
        rest = after;
    }
    None
}

/// A field of a struct, and the expression that asks for it.
struct Asked<'m> {
    field: &'m Field,
    site: Site,
}

/// What holds a struct among the classes of its file.
enum Above<'m> {
    /// Nothing does.
    Outermost,
    /// A field of another struct.
    One(ClassId, &'m Field),
    /// Several fields do, and nothing says which one is meant.
    Several,
}

/// The field that holds a struct; of several the one that is called `held`.
fn above<'m>(module: &'m Module, current: ClassId, held: Option<&SmolStr>) -> Above<'m> {
    let name = &module.class(current).name;
    let holds = |field: &&Field| match field.ty.map(|ty| &module.expr(ty).kind) {
        Some(ExprKind::Name(n)) => n == name && !name.is_empty(),
        Some(ExprKind::ClassExpr(inner)) => *inner == current,
        _ => false,
    };
    let outer = module.classes.iter().enumerate().filter(|(i, _)| *i != current.0 as usize);
    let found: Vec<(ClassId, &Field)> =
        outer.flat_map(|(i, outer)| outer.fields.iter().filter(holds).map(move |f| (ClassId(i as u32), f))).collect();
    match found.as_slice() {
        [] => Above::Outermost,
        [(outer, field)] => Above::One(*outer, field),
        several => match several.iter().find(|(_, field)| Some(&field.name) == held) {
            Some((outer, field)) => Above::One(*outer, field),
            None => Above::Several,
        },
    }
}
