//! Calls: what is called, with which arguments, and what it returns.

use std::sync::Arc;

use smol_str::{SmolStr, format_smolstr};

use super::Evaluator;
use super::callers::delegate;
use super::given::Given;
use crate::facts::module::{Call, ClassId, ClassKind, ExprId, ExprKind, FuncId, Language, Module, StmtKind};
use crate::program::UnitId;
use crate::program::index::Binding;
use crate::program::value::{Instance, Site, Text, TextPart, Value};

/// How many parameters a function has at most that only reads a variable.
const MAX_READER_PARAMS: usize = 3;

impl Evaluator<'_> {
    pub(super) fn call(&self, site: Site, call: &Call) -> Value {
        if let Some(value) = self.set_on(site.unit, call) {
            return value;
        }
        let callee = self.at(site.unit, call.callee);
        if self.program.language(site.unit).has_packages() {
            if let Some(value) = self.language_call(site, call) {
                return value;
            }
            let callee = self.extension(site.unit, call, callee);
            return self.call_value(&self.overload(callee, call, site.unit), site, call);
        }
        if self.program.language(site.unit) == Language::Go
            && let Some(value) = self.go_call(site, call, &callee)
        {
            return value;
        }
        self.call_value(&callee, site, call)
    }

    pub(super) fn call_value(&self, callee: &Value, site: Site, call: &Call) -> Value {
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
                if symbol == "globalThis.Map.get" {
                    return self.asked(&Value::Instance((**receiver).clone()), site, call);
                }
                let ty = self.catalog.result(language, symbol);
                // `session.get(…)` keeps the call it was made by; a fluent call keeps the receiver.
                Value::Instance(Instance { ty, call: Some(site), from: Some(receiver.clone()) })
            }
            Value::Function { unit, func, .. } => {
                let value = self.returned(*unit, *func, Some(site));
                if let Some(read) = self.read_for(*unit, *func, site, &value) {
                    return read;
                }
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
                if let Some(ty) = self.of_loaded_file(instance, site, call) {
                    return Value::Instance(Instance { ty, call: Some(site), from: None });
                }
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

    /// `require(file)(sequelize, DataTypes)`: what a file that is only known at run time gives when it is called with
    /// an object of a library that has its files called so.
    fn of_loaded_file(&self, callee: &Instance, site: Site, call: &Call) -> Option<SmolStr> {
        if callee.ty != "globalThis.require" {
            return None;
        }
        let given = self.positional(site.unit, call, 0)?;
        given
            .alternatives()
            .iter()
            .find_map(|value| self.catalog.loaded(self.program.language(site.unit), &value.instance()?.ty))
    }

    /// The variable that a function reads under the name that a call gives it: `getEnv("STOCK_URL",
    /// "http://localhost")` of a function of the program around `os.LookupEnv(key)`. Its other result, a text, is
    /// the default. Only functions that say so by their name are looked into.
    fn read_for(&self, unit_id: UnitId, func: FuncId, site: Site, returned: &Value) -> Option<Value> {
        let unit = self.program.unit(unit_id);
        let function = unit.module.func(func);
        let is_short = (1..=MAX_READER_PARAMS).contains(&function.params.len());
        if !is_short || !function.name.to_ascii_lowercase().contains("env") {
            return None;
        }
        // An empty text says that there is none.
        let is_empty = |v: &Value| v.as_str().is_some_and(|text| text.is_empty());
        let mut said = returned.alternatives().iter().filter(|v| !matches!(v, Value::Instance(_) | Value::Unknown));
        let default = said.find(|v| !is_empty(v));
        if !matches!(default, None | Some(Value::Str(_))) {
            return None;
        }
        let language = unit.module.language;
        let index = unit.index.calls.iter().filter(|c| unit.index.func_of(c.expr) == Some(func)).find_map(|c| {
            let call = unit.module.call(c.expr)?;
            let Value::External(symbol) = self.at(unit_id, call.callee) else { return None };
            let reader = self.catalog.env_reader(language, &symbol)?;
            match self.positional(unit_id, call, reader.name)? {
                Value::Param { unit: u, func: f, index } if u == unit_id && f == func => Some(index),
                _ => None,
            }
        })?;
        let name = self.argument(site, unit_id, func, index)?.as_str()?;
        Some(Value::Env { name: name.into(), default: default.cloned().map(Arc::new), site })
    }

    pub(super) fn is_receiver(&self, unit: UnitId, callee: ExprId) -> bool {
        matches!(self.program.unit(unit).module.expr(callee).kind, ExprKind::This)
    }

    /// A class that extends an external one without adding a constructor is still that type; nothing
    /// to do here, members are looked up in the base. Enums construct to themselves.
    pub(super) fn factory(&self, unit: UnitId, class: ClassId, _site: Site) -> Option<Value> {
        let kind = self.program.unit(unit).module.class(class).kind;
        (kind == ClassKind::Interface).then_some(Value::Unknown)
    }

    /// Calls whose meaning is data in the catalog: environment readers, functions that return their
    /// argument, dependency injection.
    pub(super) fn known_call(&self, language: Language, symbol: &str, site: Site, call: &Call) -> Option<Value> {
        if let Some(reader) = self.catalog.env_reader(language, symbol) {
            let name = self.positional(site.unit, call, reader.name)?.as_str()?;
            let name = format!("{}{}{name}", reader.prefix, self.section(site.unit, call.callee));
            if reader.sections
                && let Some(value) = self.in_section(site.unit, &name)
            {
                return Some(value);
            }
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
        if let Some(text) = self.text_call(language, symbol, site, call) {
            return Some(Value::Str(text));
        }
        if symbol == "globalThis.Promise" {
            return self.promised(site, call);
        }
        if self.catalog.injects(language, symbol) {
            let provider = self.positional(site.unit, call, 0)?;
            return Some(match provider {
                Value::Function { unit, func, .. } => self.returned(unit, func, None),
                Value::Class { unit, class } => Value::Object { unit, class, call: None },
                // A token: what is registered under it is not known here.
                Value::Str(_) => return None,
                other => other,
            });
        }
        None
    }

    /// `new Promise((resolve, reject) => …)`: what `resolve` is called with.
    fn promised(&self, site: Site, call: &Call) -> Option<Value> {
        let Value::Function { unit, func, .. } = self.positional(site.unit, call, 0)? else { return None };
        let executor = self.program.unit(unit);
        let function = executor.module.func(func);
        let resolve = &function.params.first()?.name;
        let mut values = Vec::new();
        for made in &executor.index.calls {
            let Some(inner) = executor.module.call(made.expr) else { continue };
            let is_resolve = matches!(&executor.module.expr(inner.callee).kind, ExprKind::Name(n) if n == resolve);
            if is_resolve && function.span.contains(executor.module.expr(made.expr).span) {
                values.extend(self.positional(unit, inner, 0));
            }
        }
        values.retain(|value| !matches!(value, Value::Null | Value::Unknown));
        (!values.is_empty()).then(|| self.one_of(values))
    }

    /// `"…".format(x)`, `x.encode()`, `x.toString()`, `x.replace(…)`, `.then(f)`.
    pub(super) fn string_method(&self, site: Site, call: &Call) -> Value {
        let unit = self.program.unit(site.unit);
        let ExprKind::Attr { object, name, .. } = &unit.module.expr(call.callee).kind else { return Value::Unknown };
        let object = self.at(site.unit, *object);
        match (name.as_str(), &object) {
            // Whatever it is: `url + req.url.toString()` is text.
            ("toString", Value::Unknown | Value::Param { .. })
                if matches!(unit.module.language, Language::JavaScript | Language::TypeScript) =>
            {
                Value::Str(hole())
            }
            // Sequelize hands itself to the files that define models, by a parameter of that name:
            // `module.exports = (sequelize, DataTypes) => sequelize.define('order', {…})`.
            ("define", Value::Param { unit: owner, func, index })
                if matches!(unit.module.language, Language::JavaScript | Language::TypeScript)
                    && self.program.unit(*owner).module.func(*func).params[*index].name == "sequelize" =>
            {
                let ty = self.catalog.result(unit.module.language, "sequelize.Sequelize.define");
                Value::Instance(Instance { ty, call: Some(site), from: None })
            }
            ("format", Value::Str(text)) => {
                text.as_literal().map_or(Value::Unknown, |t| Value::Str(self.formatted(&t, site.unit, call)))
            }
            (
                "encode" | "toString" | "trim" | "trimIndent" | "trimMargin" | "strip" | "rstrip" | "toJSON" | "copy"
                | "decode" | "lower" | "toLowerCase",
                Value::Str(_) | Value::Dict(_) | Value::Object { .. } | Value::Env { .. },
            ) => object,
            ("replace", Value::Env { .. }) => object,
            ("get", Value::Dict(_)) => self.asked(&object, site, call),
            ("bind", Value::Function { .. }) => object,
            (
                "model_dump" | "dict" | "json" | "model_dump_json" | "to_dict" | "asdict" | "to_json",
                Value::Object { .. },
            ) => object,
            _ => Value::Unknown,
        }
    }

    /// `"http://{host}/{}".format(path, host=HOST)`.
    pub(super) fn formatted(&self, format: &str, unit: UnitId, call: &Call) -> Text {
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

    /// Calls of JavaScript that always give a string: `String(x)` alone is its argument, these are not.
    fn text_call(&self, language: Language, symbol: &str, site: Site, call: &Call) -> Option<Text> {
        if !matches!(language, Language::JavaScript | Language::TypeScript) {
            return None;
        }
        match symbol {
            // `util.format("http://%s/x", host)`, https://nodejs.org/api/util.html#utilformatformat-args
            "util.format" => {
                let format = self.positional(site.unit, call, 0)?.as_str()?;
                let mut text = Text::default();
                let mut position = 0;
                for part in split_holes(&format, "%s").parts {
                    if part != TextPart::Hole {
                        text.parts.push(part);
                        continue;
                    }
                    position += 1;
                    text.push(
                        self.positional(site.unit, call, position).and_then(|v| v.to_text()).unwrap_or_else(hole),
                    );
                }
                Some(text)
            }
            "globalThis.encodeURIComponent" | "globalThis.encodeURI" => Some(hole()),
            _ => symbol.ends_with(".toString").then(hole),
        }
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
                (_, Some(call)) => {
                    let given = Given { unit: unit_id, func, call };
                    self.filled_by(given, expr, &value).or_else(|| self.made_for(given, &value)).unwrap_or(value)
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
        let mut index = index;
        if let Some(bound) = self.bound_to(call_site.unit, call.callee) {
            // `const api = register.bind(null, options); api(app)` passes `app` as the second argument.
            match bound.get(param) {
                Some(site) => return Some(*site),
                None => index -= bound.len(),
            }
        }
        if self.is_extension_call(call_site.unit, call, unit, func) {
            // The object is the first argument.
            match (param, &caller.module.expr(call.callee).kind) {
                (0, ExprKind::Attr { object, .. }) => return Some(Site { unit: call_site.unit, expr: *object }),
                _ => index -= 1,
            }
        }
        let arg = call
            .args
            .iter()
            .find(|a| a.name.as_ref() == Some(name))
            .or_else(|| call.args.iter().filter(|a| a.name.is_none() && !a.spread).nth(index))?;
        Some(Site { unit: call_site.unit, expr: arg.value })
    }

    /// The arguments that a function was bound to, beside `this`, where a variable holds what `bind` made.
    fn bound_to(&self, unit_id: UnitId, callee: ExprId) -> Option<Vec<Site>> {
        let unit = self.program.unit(unit_id);
        let module = &unit.module;
        let ExprKind::Name(name) = &module.expr(callee).kind else { return None };
        if !matches!(module.language, Language::JavaScript | Language::TypeScript) {
            return None;
        }
        let (_, [Binding::Value(made)]) = unit.index.lookup(module, unit.index.func_of(callee), name)? else {
            return None;
        };
        let call = module.call(*made)?;
        let is_bind = matches!(&module.expr(call.callee).kind, ExprKind::Attr { name, .. } if name == "bind");
        let given = call.args.iter().skip(1).map(|arg| Site { unit: unit_id, expr: arg.value });
        (is_bind && !call.args.iter().any(|arg| arg.spread)).then(|| given.collect())
    }

    /// Positional argument number n of a call.
    pub fn positional(&self, unit: UnitId, call: &Call, n: usize) -> Option<Value> {
        call.args.iter().filter(|a| a.name.is_none() && !a.spread).nth(n).map(|a| self.at(unit, a.value))
    }

    /// A keyword argument of a call.
    pub fn keyword(&self, unit: UnitId, call: &Call, name: &str) -> Option<Value> {
        call.args.iter().find(|a| a.name.as_deref() == Some(name)).map(|a| self.at(unit, a.value))
    }

    /// What a call runs, as far as it can be resolved; a method of an object that is passed in is looked up in what the callers pass.
    pub fn called(&self, site: Site, call: &Call) -> Vec<Value> {
        let mut callee = self.at(site.unit, call.callee);
        if self.program.language(site.unit).has_packages() {
            callee = self.extension(site.unit, call, callee);
            callee = self.overload(callee, call, site.unit);
        }
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

/// The expressions a function returns, not those of functions nested in it.
pub fn returns(module: &Module, func: FuncId) -> Vec<ExprId> {
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
                        && is_given_out(module, *e, *child)
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

/// True for the value of a `yield`: a name, or a call such as `yield await connection.channel()`. Other statements have
/// parts as well (`assert is_open(channel)`); their keyword is not as long.
fn is_given_out(module: &Module, stmt: ExprId, value: ExprId) -> bool {
    let inner = match module.expr(value).kind {
        ExprKind::Await(inner) => inner,
        _ => value,
    };
    match module.expr(inner).kind {
        ExprKind::Name(_) | ExprKind::Attr { .. } => true,
        ExprKind::Call(_) => module.expr(value).span.start - module.expr(stmt).span.start == "yield ".len() as u32,
        _ => false,
    }
}

/// A text of which nothing is known.
pub(super) fn hole() -> Text {
    Text { parts: vec![TextPart::Hole], handed: false }
}

/// `"a{}b"` at `{}` becomes text, hole, text.
pub(super) fn split_holes(format: &str, hole: &str) -> Text {
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
