//! What names mean in C#: namespaces and the ones around them, usings of the file and of the project,
//! parts of a class in several files, extension methods.

use std::sync::Arc;

use smol_str::{SmolStr, format_smolstr};

use super::UnitId;
use super::eval::Evaluator;
use super::hierarchy::{ClassRef, FuncRef};
use super::index::Parent;
use super::jvm::is_type_name;
use super::types::simple_name;
use super::value::{Instance, Site, Value};
use crate::facts::module::{Call, ClassId, ExprId, ExprKind, Field, FuncId, ImportKind, Language, Module};

/// Namespaces that the SDK uses in every file (`ImplicitUsings`), also that for web applications.
/// Source: <https://learn.microsoft.com/en-us/dotnet/core/project-sdk/overview#implicit-using-directives>. The
/// package of NServiceBus adds its own (<https://docs.particular.net/nservicebus/upgrades/8to9/>).
const IMPLICIT: [&str; 17] = [
    "System",
    "System.Collections.Generic",
    "System.IO",
    "System.Linq",
    "System.Net.Http",
    "System.Net.Http.Json",
    "System.Threading",
    "System.Threading.Tasks",
    "Microsoft.AspNetCore.Builder",
    "Microsoft.AspNetCore.Hosting",
    "Microsoft.AspNetCore.Http",
    "Microsoft.AspNetCore.Routing",
    "Microsoft.Extensions.Configuration",
    "Microsoft.Extensions.DependencyInjection",
    "Microsoft.Extensions.Hosting",
    "Microsoft.Extensions.Logging",
    "NServiceBus",
];

/// Keywords that name a type.
const KEYWORDS: [&str; 15] = [
    "bool", "byte", "char", "decimal", "double", "float", "int", "long", "object", "sbyte", "short", "string", "uint",
    "ulong", "ushort",
];

/// How many calls are looked at for the section that an options class is filled from.
const MAX_BOUND: usize = 64;

/// Interfaces of handlers that a mediator looks up by what they handle.
const HANDLERS: [&str; 4] = ["IRequestHandler", "INotificationHandler", "ICommandHandler", "IQueryHandler"];
/// Types of mediators: those of MediatR and Mediator, and what others that work the same way call theirs.
const MEDIATORS: [&str; 12] = [
    "IMediator",
    "ISender",
    "IPublisher",
    "Mediator",
    "ICommandBus",
    "ICommandDispatcher",
    "ICommandMediator",
    "ICommandProcessor",
    "IQueryBus",
    "IQueryDispatcher",
    "IQueryMediator",
    "IQueryProcessor",
];
/// Methods by which a mediator is given a request.
const SENDS: [&str; 6] = ["Send", "SendAsync", "Publish", "PublishAsync", "Dispatch", "DispatchAsync"];

/// True for the name of the method of a handler.
fn is_handle(name: &str) -> bool {
    matches!(name, "Handle" | "HandleAsync")
}

/// True for the declared type of a field or property of a class, or of a parameter or result of its methods.
fn is_type_of(module: &Module, class: ClassId, expr: ExprId) -> bool {
    let class = module.class(class);
    class.fields.iter().any(|f| f.ty == Some(expr))
        || class
            .methods
            .iter()
            .map(|m| module.func(*m))
            .any(|f| f.returns == Some(expr) || f.params.iter().any(|p| p.ty == Some(expr)))
}

impl Evaluator<'_> {
    /// A name that is no local variable, in a language with members and packages.
    pub(super) fn member_name(&self, unit: UnitId, name: &str, at: Option<ExprId>) -> Option<Value> {
        match self.program.language(unit) {
            Language::CSharp => self.dotnet_name(unit, name, at),
            _ => self.jvm_name(unit, name, at),
        }
    }

    /// Calls that need no declaration to be understood.
    pub(super) fn language_call(&self, site: Site, call: &Call) -> Option<Value> {
        match self.program.language(site.unit) {
            Language::CSharp => self
                .resolved_service(site, call)
                .or_else(|| self.dictionary(site.unit, call))
                .or_else(|| self.of_task(site, call)),
            _ => self.jvm_call(site, call),
        }
    }

    /// `new Dictionary<string, object> { { "x-queue-type", "quorum" } }` is what it holds.
    fn dictionary(&self, unit: UnitId, call: &Call) -> Option<Value> {
        let module = &self.program.unit(unit).module;
        let [only] = call.args.as_slice() else { return None };
        let is_dictionary = call.is_new && simple_name(module, call.callee).is_some_and(|n| n == "Dictionary");
        (is_dictionary && matches!(module.expr(only.value).kind, ExprKind::Dict(_))).then(|| self.at(unit, only.value))
    }

    /// `factory.CreateConnectionAsync().GetAwaiter().GetResult()`, `connecting.ConfigureAwait(false)`: what the task
    /// gives (<https://learn.microsoft.com/en-us/dotnet/api/system.threading.tasks.task-1>).
    fn of_task(&self, site: Site, call: &Call) -> Option<Value> {
        let module = &self.program.unit(site.unit).module;
        let ExprKind::Attr { object, name, .. } = &module.expr(call.callee).kind else { return None };
        let unwraps = matches!(name.as_str(), "ConfigureAwait" | "GetAwaiter" | "GetResult" | "AsTask");
        let value = self.at(site.unit, *object);
        (unwraps && matches!(value, Value::Instance(_) | Value::Object { .. })).then_some(value)
    }

    /// `provider.GetRequiredService<IConnection>()`, `context.GetPayload<ConsumeContext>()` of MassTransit
    fn resolved_service(&self, site: Site, call: &Call) -> Option<Value> {
        let name = self.program.unit(site.unit).module.callee_name(site.expr)?;
        let resolves = matches!(
            name.as_str(),
            "GetRequiredService"
                | "GetService"
                | "GetRequiredKeyedService"
                | "GetKeyedService"
                | "CreateInstance"
                | "GetPayload"
        );
        let ty = *call.type_args.first().filter(|_| resolves)?;
        self.declared(site.unit, ty).map(|declared| self.provided(site.unit, declared))
    }

    /// A value, or what its declaration says where the value is an object of which nothing is known.
    pub(super) fn or_declared(&self, unit: UnitId, value: Value, declared: Option<&Value>) -> Value {
        let language = self.program.language(unit);
        // `_bus = bus.ThrowIfNull();` hands the object on, whatever extension that is.
        let is_guarded = |ty: &str| ty.rsplit('.').next().is_some_and(|method| method.contains("Null"));
        match (&value, declared) {
            (Value::Instance(instance), Some(declared @ (Value::Instance(_) | Value::Object { .. })))
                if language == Language::CSharp
                    && (is_guarded(&instance.ty) || self.catalog.split(language, &instance.ty).is_none()) =>
            {
                declared.clone()
            }
            _ => value,
        }
    }

    fn dotnet_name(&self, unit_id: UnitId, name: &str, at: Option<ExprId>) -> Option<Value> {
        let unit = self.program.unit(unit_id);
        if KEYWORDS.contains(&name) {
            return Some(Value::External(format_smolstr!("builtin.{name}")));
        }
        let classes = at.map(|at| unit.index.classes_around(&unit.module, at)).unwrap_or_default();
        for &class in &classes {
            if unit.module.class(class).name == name {
                return Some(Value::Class { unit: unit_id, class });
            }
            if let Some(expr) = at {
                let site = Site { unit: unit_id, expr };
                let is_declared = self.declares(unit_id, class, name, 0)
                    || self
                        .in_other_part(unit_id, class, name, 0, |unit, class| {
                            Value::Bool(self.declares(unit, class, name, 0)).known_true()
                        })
                        .is_some();
                // `HttpClient HttpClient { get; }`: in its own declaration it is the type.
                if is_declared && !is_type_of(&unit.module, class, expr) {
                    return Some(self.member_value(unit_id, class, name, site));
                }
            }
        }
        if !unit.index.top(name).is_empty() {
            return None;
        }
        let mut namespace = unit.module.package.as_deref().unwrap_or_default();
        loop {
            if let Some(found) = self.in_package(unit_id, namespace, name) {
                return Some(found);
            }
            match namespace.rsplit_once('.') {
                Some((outer, _)) => namespace = outer,
                None if namespace.is_empty() => break,
                None => namespace = "",
            }
        }
        if is_type_parameter(name) {
            return Some(Value::External(name.into()));
        }
        let own = unit.module.imports.iter().filter(|i| i.kind == ImportKind::Star).map(|i| &i.module);
        let mut used: Vec<&SmolStr> = own.chain(self.program.types.globals(&unit.path)).collect();
        let around = self.libraries_around(unit_id, name);
        used.extend(&around);
        for namespace in &used {
            if let Some(found) = self.in_package(unit_id, namespace, name) {
                return Some(found);
            }
            if let Some(Value::Class { unit: u, class }) = self.class_named(unit_id, namespace)
                && self.declares(u, class, name, 0)
            {
                return Some(self.member_value(
                    u,
                    class,
                    name,
                    at.map_or(anywhere(unit_id), |expr| Site { unit: unit_id, expr }),
                ));
            }
        }
        // `new Name()` is a type, whatever an unknown base may have.
        let made = |expr: ExprId| match unit.index.ancestors(expr).next() {
            Some(Parent::Expr(call)) => unit.module.call(call).is_some_and(|call| call.is_new && call.callee == expr),
            _ => false,
        };
        // `DB.SaveAsync(order)`: a type of a library that the file uses, rather than what an unknown base may have.
        let called = |expr: ExprId| self.is_called(Site { unit: unit_id, expr });
        let is_used = used.iter().any(|namespace| self.catalog.is_about(Language::CSharp, namespace, name));
        let inherits = |at: &ExprId| !self.is_attribute(unit_id, *at) && !made(*at) && (!is_used || called(*at));
        if let Some(expr) = at.filter(inherits) {
            for &class in &classes {
                match self.member_value(unit_id, class, name, Site { unit: unit_id, expr }) {
                    Value::Unknown => {}
                    found if !is_type_name(name) || self.is_called(Site { unit: unit_id, expr }) => return Some(found),
                    _ => {}
                }
            }
        }
        Some(self.elsewhere(unit_id, &used, name).unwrap_or_else(|| self.outside(unit_id, &used, name)))
    }

    /// The namespaces around a file that a library has a type of this name in: in `namespace Polly.Samples` the types of
    /// `Polly` need no using.
    fn libraries_around(&self, unit: UnitId, name: &str) -> Vec<SmolStr> {
        let own = self.program.unit(unit).module.package.as_deref();
        let around = std::iter::successors(own, |namespace| namespace.rsplit_once('.').map(|(outer, _)| outer)).skip(1);
        around.filter(|namespace| self.catalog.is_about(Language::CSharp, namespace, name)).map(SmolStr::from).collect()
    }

    /// True for the name of an attribute that has arguments: `[Topic("orders")]` is a type, not a method that
    /// the class may have from a base which is not known.
    fn is_attribute(&self, unit_id: UnitId, name: ExprId) -> bool {
        let unit = self.program.unit(unit_id);
        let Some(Parent::Expr(call)) = unit.index.ancestors(name).next() else { return false };
        let functions = unit.module.funcs.iter().map(|f| &f.decorators);
        let mut all = functions.chain(unit.module.classes.iter().map(|c| &c.decorators));
        all.any(|decorators| decorators.contains(&call))
    }

    /// What `mediator.Send(request)` runs: the handlers of its type
    /// (<https://github.com/LuckyPennySoftware/MediatR/wiki>).
    pub fn mediated(&self, site: Site) -> Vec<FuncRef> {
        let unit = self.program.unit(site.unit);
        let module = &unit.module;
        if module.language != Language::CSharp {
            return self.bus_handlers(site);
        }
        if !module.callee_name(site.expr).is_some_and(|n| SENDS.contains(&n.as_str())) {
            return Vec::new();
        }
        let Some(call) = module.call(site.expr) else { return Vec::new() };
        if !self.at(site.unit, call.callee).alternatives().iter().any(|v| self.is_of_mediator(v)) {
            return Vec::new();
        }
        let Some(Value::Object { unit: of, class, .. }) = self.positional(site.unit, call, 0) else {
            return Vec::new();
        };
        let mut out = Vec::new();
        for base in HANDLERS {
            for &(unit, handler) in self.program.types.derived(base) {
                let methods = self.program.unit(unit).module.class(handler).methods.iter();
                out.extend(methods.map(|m| (unit, *m)).filter(|m| self.handles(*m, (of, class))));
            }
        }
        out.sort_unstable();
        out.dedup();
        out
    }

    /// True for a method of a mediator: one of a package, or one of ours that looks handlers up itself.
    fn is_of_mediator(&self, callee: &Value) -> bool {
        match callee {
            Value::Method { symbol, .. } => symbol.rsplit('.').nth(1).is_some_and(|owner| MEDIATORS.contains(&owner)),
            Value::Function { unit, func, .. } => {
                let module = &self.program.unit(*unit).module;
                let Some(class) = module.func(*func).class.map(|class| module.class(class)) else { return false };
                // What the container hands out for it is called otherwise; `IPublisher` of ours may be one of a broker.
                let bases = class.bases.iter().filter_map(|base| simple_name(module, *base));
                let mut names = bases.chain([class.name.clone()]);
                names.any(|name| MEDIATORS.contains(&name.as_str()) && name != "IPublisher")
            }
            _ => false,
        }
    }

    /// True for `Handle(CreateOrder request, …)` with a body.
    fn handles(&self, (unit, method): FuncRef, request: ClassRef) -> bool {
        let module = &self.program.unit(unit).module;
        let method = module.func(method);
        let Some(ty) = method.params.first().and_then(|p| p.ty).filter(|_| is_handle(&method.name)) else {
            return false;
        };
        let name = &self.program.unit(request.0).module.class(request.1).name;
        // Requests of several features may all be called `Command`.
        !method.body.is_empty()
            && simple_name(module, ty).is_some_and(|found| found == *name)
            && match self.declared(unit, ty) {
                Some(Value::Object { unit, class, .. }) => (unit, class) == request,
                _ => true,
            }
    }

    /// The calls of a mediator that run a handler.
    pub(super) fn mediators(&self, (unit, func): FuncRef) -> Vec<Site> {
        let module = &self.program.unit(unit).module;
        let function = module.func(func);
        if module.language != Language::CSharp {
            return self.bus_calls((unit, func));
        }
        let is_handler = is_handle(&function.name)
            && function.class.is_some_and(|class| {
                let bases = module.class(class).bases.iter();
                bases.filter_map(|b| simple_name(module, *b)).any(|b| HANDLERS.contains(&b.as_str()))
            });
        if !is_handler {
            return Vec::new();
        }
        let sends = SENDS.iter().flat_map(|name| self.program.calls_named(name)).copied();
        sends.filter(|site| self.mediated(*site).contains(&(unit, func))).collect()
    }

    /// The section of the configuration that a method is called on, with a colon behind it.
    pub(super) fn section(&self, unit: UnitId, callee: ExprId) -> String {
        let module = &self.program.unit(unit).module;
        match &module.expr(callee).kind {
            ExprKind::Attr { object, .. } if module.language == Language::CSharp => {
                self.at(unit, *object).instance().map(|i| self.section_of(i)).unwrap_or_default()
            }
            _ => String::new(),
        }
    }

    /// The setting that a property of an options class is filled with: `Shop:Url` for
    /// `services.Configure<ShopOptions>(configuration.GetSection("Shop"))`
    /// (<https://learn.microsoft.com/en-us/dotnet/core/extensions/options>).
    pub(super) fn bound_option(&self, unit: UnitId, class: ClassId, field: &Field) -> Option<Value> {
        const SCALARS: [&str; 7] = ["string", "int", "long", "bool", "double", "Uri", "TimeSpan"];
        let module = &self.program.unit(unit).module;
        let mut ty = field.ty?;
        // `string?`
        if let ExprKind::Index { object, .. } = &module.expr(ty).kind {
            ty = *object;
        }
        simple_name(module, ty).filter(|ty| SCALARS.contains(&ty.trim_end_matches('?')))?;
        let section = self.bound_section(&module.class(class).name)?;
        let at = field.ty.map(|expr| Site { unit, expr })?;
        Some(Value::Env { name: format_smolstr!("{section}{}", field.name), default: None, site: at })
    }

    /// The section that a class is filled from, with a colon behind it.
    fn bound_section(&self, class: &str) -> Option<String> {
        for name in ["Configure", "Get", "BindConfiguration", "Bind"] {
            for &site in self.program.calls_named(name).iter().take(MAX_BOUND) {
                let module = &self.program.unit(site.unit).module;
                let Some(call) = module.call(site.expr).filter(|_| module.language == Language::CSharp) else {
                    continue;
                };
                let of_class = |call: &Call| {
                    call.type_args.first().is_some_and(|ty| simple_name(module, *ty).is_some_and(|n| n == class))
                };
                // `AddOptions<ShopOptions>().Bind(…)`
                let chained = || {
                    let mut at = call.callee;
                    for _ in 0..8 {
                        let ExprKind::Attr { object, .. } = &module.expr(at).kind else { return false };
                        let Some(inner) = module.call(*object) else { return false };
                        if module.callee_name(*object).is_some_and(|n| n.starts_with("AddOptions")) {
                            return of_class(inner);
                        }
                        at = inner.callee;
                    }
                    false
                };
                if !of_class(call) && !chained() {
                    continue;
                }
                let section = match name {
                    "Get" => self.section(site.unit, call.callee),
                    "BindConfiguration" => {
                        self.positional(site.unit, call, 0).and_then(|v| v.as_str()).map(|s| format!("{s}:"))?
                    }
                    _ => {
                        let from = self.positional(site.unit, call, 0)?;
                        let from = from.instance()?;
                        // `services.Configure<ShopOptions>(configuration)`: the keys of the top.
                        if self.is_top(from) {
                            return Some(String::new());
                        }
                        self.section_of(from)
                    }
                };
                return (!section.is_empty()).then_some(section);
            }
        }
        None
    }

    /// True for the configuration itself, no section of it.
    fn is_top(&self, instance: &Instance) -> bool {
        let kind = instance.ty.rsplit('.').next().unwrap_or(&instance.ty);
        let name = |site: Site| self.program.unit(site.unit).module.callee_name(site.expr);
        kind == "IConfiguration" && !instance.call.and_then(name).is_some_and(|name| name.ends_with("Section"))
    }

    /// `A:B:` for `configuration.GetSection("A").GetSection("B")`.
    pub(super) fn section_of(&self, instance: &Instance) -> String {
        let mut parts: Vec<String> = Vec::new();
        let mut current = Some(instance);
        while let Some(made) = current.filter(|_| parts.len() < 8) {
            if let Some(call) = made.call {
                let module = &self.program.unit(call.unit).module;
                let is_section = module.callee_name(call.expr).is_some_and(|n| n.ends_with("Section"));
                if let Some(c) = module.call(call.expr).filter(|_| is_section) {
                    parts.extend(self.positional(call.unit, c, 0).and_then(|v| v.as_str()));
                }
            }
            current = made.from.as_deref();
        }
        parts.iter().rev().map(|part| format!("{part}:")).collect()
    }

    /// The only type of the program with a name, in a namespace with the same root: a project file may name
    /// namespaces that all its files use, or link a file that does.
    fn elsewhere(&self, from: UnitId, used: &[&SmolStr], name: &str) -> Option<Value> {
        if !is_type_name(name) || used.iter().any(|namespace| self.catalog.is_about(Language::CSharp, namespace, name))
        {
            return None;
        }
        let module = &self.program.unit(from).module;
        let own = module.package.as_deref()?;
        // A namespace of a package that nothing is known of may have it.
        let is_known = |namespace: &str| {
            self.program.types.has_package(namespace)
                || ["System", "Microsoft"].contains(&namespace.split('.').next().unwrap_or_default())
                || self.catalog.split(Language::CSharp, &format!("{namespace}.{name}")).is_some()
        };
        if !module.imports.iter().filter(|i| i.kind == ImportKind::Star).all(|i| is_known(&i.module)) {
            return None;
        }
        let (unit, class) = self.program.types.only(name)?;
        let other = self.program.unit(unit).module.package.as_deref()?;
        let root = |namespace: &str| namespace.split('.').next().map(str::to_string);
        (own.contains('.') && root(own) == root(other)).then_some(Value::Class { unit, class })
    }

    /// A type of a library: of the namespaces in use, those that the catalog knows; a name that nothing
    /// is known of stands alone.
    fn outside(&self, unit: UnitId, used: &[&SmolStr], name: &str) -> Value {
        if !name.starts_with(char::is_uppercase) {
            return Value::Unknown;
        }
        if self.program.types.is_root(name) || matches!(name, "System" | "Microsoft") {
            return Value::External(name.into());
        }
        let language = self.program.language(unit);
        let symbol = |namespace: &str| {
            let is_known = self.catalog.is_about(language, namespace, name);
            is_known.then(|| format_smolstr!("{namespace}.{name}"))
        };
        let mut known: Vec<SmolStr> = used.iter().filter_map(|namespace| symbol(namespace)).collect();
        if known.is_empty() {
            known.extend(IMPLICIT.iter().filter_map(|namespace| symbol(namespace)));
        }
        for symbol in &mut known {
            *symbol = self.catalog.canonical(language, symbol);
        }
        match known.as_slice() {
            // Samples leave the usings out; a project that has none either would not compile.
            [] if used.is_empty() && self.is_snippet(unit) => {
                let implied = self.catalog.implied(language, name);
                Value::External(if let [only] = implied { only.clone() } else { name.into() })
            }
            [] => Value::External(name.into()),
            _ => self.one_of(known.into_iter().map(Value::External).collect()),
        }
    }

    /// The extension method of the repository that `x.Ext(a)` means: the only one of its name that takes
    /// as many arguments.
    pub(super) fn extension(&self, from: UnitId, call: &Call, callee: Value) -> Value {
        let module = &self.program.unit(from).module;
        if module.language != Language::CSharp || !matches!(callee, Value::Unknown | Value::Method { .. }) {
            return callee;
        }
        // Without type arguments the compiler takes the library's own method of that name.
        let is_request = |symbol: &str| {
            self.catalog.split(module.language, symbol).is_some_and(|(library, rest)| {
                library.http.iter().flat_map(|http| &http.requests).any(|r| r.calls.iter().any(|c| c == rest))
            })
        };
        if matches!(&callee, Value::Method { symbol, .. } if call.type_args.is_empty() && is_request(symbol)) {
            return callee;
        }
        let ExprKind::Attr { object, name, .. } = &module.expr(call.callee).kind else { return callee };
        let count = call.args.len() + 1;
        let fits = |(unit, func): &&(UnitId, FuncId)| {
            let params = &self.program.unit(*unit).module.func(*func).params;
            let needed = params.iter().filter(|param| param.default.is_none() && !param.variadic).count();
            needed <= count && (count <= params.len() || params.last().is_some_and(|param| param.variadic))
        };
        // `http.PostAsJsonAsync(…)` in an extension of that name means the library's.
        let index = &self.program.unit(from).index;
        let inside = |(unit, func): &&(UnitId, FuncId)| *unit == from && index.func_of(call.callee) == Some(*func);
        let all = self.program.types.extensions(name).iter();
        let fitting: Vec<&(UnitId, FuncId)> = all.filter(fits).filter(|found| !inside(found)).collect();
        let chosen = match fitting.as_slice() {
            [] => return callee,
            [only] => Some(**only),
            several => self.best_extension(from, several, &callee),
        };
        match chosen {
            Some((unit, func)) => Value::Function { unit, func, this: Some(Arc::new(self.at(from, *object))) },
            None => callee,
        }
    }

    /// Among extension methods of one name, the only one for the type of the object, else the only one
    /// of a namespace that the file uses.
    fn best_extension(&self, from: UnitId, several: &[&(UnitId, FuncId)], callee: &Value) -> Option<(UnitId, FuncId)> {
        let only = |found: Vec<(UnitId, FuncId)>| match found.as_slice() {
            [only] => Some(*only),
            _ => None,
        };
        let ty = match callee {
            Value::Method { receiver, .. } => receiver.ty.rsplit('.').next().unwrap_or_default(),
            _ => "",
        };
        let extends = |(unit, func): &(UnitId, FuncId)| {
            let module = &self.program.unit(*unit).module;
            let first = module.func(*func).params.first().and_then(|param| param.ty);
            first.and_then(|first| simple_name(module, first)).is_some_and(|name| name == ty)
        };
        let found = only(several.iter().map(|found| **found).filter(extends).collect());
        found.or_else(|| {
            let unit = self.program.unit(from);
            let own = unit.module.package.as_deref().unwrap_or_default();
            let stars = unit.module.imports.iter().filter(|i| i.kind == ImportKind::Star).map(|i| &i.module);
            let used: Vec<&SmolStr> = stars.chain(self.program.types.globals(&unit.path)).collect();
            let is_visible = |(unit, _): &(UnitId, FuncId)| {
                let package = self.program.unit(*unit).module.package.clone().unwrap_or_default();
                package.is_empty()
                    || own == package
                    || own.strip_prefix(package.as_str()).is_some_and(|rest| rest.starts_with('.'))
                    || used.contains(&&package)
            };
            only(several.iter().map(|found| **found).filter(is_visible).collect())
        })
    }
}

impl Value {
    /// `true` stays, anything else is unknown.
    fn known_true(self) -> Value {
        if self == Value::Bool(true) { self } else { Value::Unknown }
    }
}

fn anywhere(unit: UnitId) -> Site {
    Site { unit, expr: ExprId(0) }
}

/// `T`, `TEvent`: type parameters are called so, and stand for no type of a library
/// (<https://learn.microsoft.com/en-us/dotnet/standard/design-guidelines/names-of-type-parameters>).
fn is_type_parameter(name: &str) -> bool {
    let mut rest = name.chars().skip(1);
    name.starts_with('T')
        && match (rest.next(), rest.next()) {
            (None, _) => true,
            (Some(first), Some(second)) => first.is_uppercase() && second.is_lowercase(),
            _ => false,
        }
}
