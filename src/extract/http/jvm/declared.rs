//! Clients that are declared as interfaces and implemented by a framework: OpenFeign, Micronaut, MicroProfile
//! and Quarkus, Retrofit, Spring's HTTP interfaces. Their requests are the calls of the methods.

use std::collections::BTreeMap;

use super::super::guards::{Guard, Guards};
use super::super::timeout::Timeout;
use super::super::{ClientKind, HttpClient, HttpRequest, InScope};
use super::text_of;
use crate::facts::module::{Call, Class, ClassId, ClassKind, ExprId, ExprKind, FuncId, Module, StmtKind};
use crate::program::types::{annotation, simple_name};
use crate::program::value::Text;
use crate::program::{Evaluator, Site, UnitId, Value};
use crate::syntax::Place;

/// A framework that implements interfaces.
struct Framework {
    library: &'static str,
    /// The annotation of the interface; none when those of its methods tell.
    annotation: Option<&'static str>,
    /// What the methods' annotations are imported from, where there is no annotation of the interface.
    package: &'static str,
    /// Arguments of the annotation that say the address, in the order of their weight.
    address: &'static [&'static str],
    /// Arguments of the annotation that are a path before all others.
    path: &'static [&'static str],
    /// A class annotation with such a path.
    prefix: Option<&'static str>,
    /// Whether a request ends within a minute without more being said; none when something else decides.
    bounded: Option<&'static str>,
    /// What to write to set the limit.
    timeout_help: &'static str,
    /// What to write to break the circuit.
    breaker_help: &'static str,
}

const FRAMEWORKS: [Framework; 5] = [
    Framework {
        library: "OpenFeign",
        annotation: Some("FeignClient"),
        package: "",
        address: &["url", "name", "value", "serviceId"],
        path: &["path"],
        prefix: Some("RequestMapping"),
        // 10 s to connect and 60 s to read.
        bounded: Some("OpenFeign gives up after 60 s"),
        timeout_help: "Set `spring.cloud.openfeign.client.config.default.read-timeout` and `connect-timeout`",
        breaker_help: "Set `spring.cloud.openfeign.circuitbreaker.enabled=true` (with `spring-cloud-starter-circuitbreaker-resilience4j`), or put `@CircuitBreaker(name = \"peer\")` of Resilience4j on the calling method",
    },
    Framework {
        library: "Micronaut HTTP",
        annotation: Some("Client"),
        package: "io.micronaut",
        address: &["value", "id"],
        path: &["path"],
        prefix: None,
        bounded: Some("Micronaut gives up after 10 s without an answer"),
        timeout_help: "Set `micronaut.http.services.<id>.read-timeout`",
        breaker_help: "Put `@CircuitBreaker` of `micronaut-retry` on the `@Client` interface",
    },
    Framework {
        library: "MicroProfile REST",
        annotation: Some("RegisterRestClient"),
        package: "",
        address: &["baseUri", "configKey"],
        path: &[],
        prefix: Some("Path"),
        bounded: Some("Quarkus gives up after 30 s without an answer"),
        timeout_help: "Set `quarkus.rest-client.<key>.read-timeout`, or put `@Timeout` on the method",
        breaker_help: "Put `@CircuitBreaker` of MicroProfile Fault Tolerance on the method",
    },
    Framework {
        library: "Retrofit",
        annotation: None,
        package: "retrofit2.http",
        address: &[],
        path: &[],
        prefix: None,
        bounded: Some("OkHttp gives up after 10 s without a byte"),
        timeout_help: "Set `callTimeout` and `readTimeout` on the `OkHttpClient.Builder` of the `Retrofit.Builder`",
        breaker_help: "Put one breaker per peer around the call: `@CircuitBreaker(name = \"peer\")` of Resilience4j",
    },
    Framework {
        library: "HTTP interface",
        annotation: None,
        package: "org.springframework.web.service.annotation",
        address: &[],
        path: &[],
        prefix: Some("HttpExchange"),
        // That of the `RestClient` or `WebClient` behind it.
        bounded: None,
        timeout_help: "Set `connectTimeout` and `readTimeout` on the client behind the proxy",
        breaker_help: "Put one breaker per peer around the call: `@CircuitBreaker(name = \"peer\")` of Resilience4j",
    },
];

/// Adds the declared clients of a program to those that are found. Requests of an interface over a client that is known
/// are the requests of that.
pub(in crate::extract::http) fn declared(
    ev: &Evaluator<'_>,
    in_scope: &InScope<'_>,
    guards: &Guards<'_, '_>,
    found: &mut BTreeMap<Site, HttpClient>,
) {
    for unit in ev.program.ids().filter(|u| in_scope(*u) && ev.program.language(*u).is_jvm()) {
        let module = &ev.program.unit(unit).module;
        for (i, class) in module.classes.iter().enumerate().filter(|(_, c)| c.kind == ClassKind::Interface) {
            let Some((framework, at)) = FRAMEWORKS.iter().find_map(|f| Some((f, f.declares(module, class)?))) else {
                continue;
            };
            let declared = Declared { ev, unit, class: ClassId(i as u32), framework, at };
            // A controller that implements the interface answers instead.
            if framework.bounded.is_none() && !ev.below((unit, declared.class)).is_empty() {
                continue;
            }
            let mut client = Some(declared.client(in_scope, guards));
            if framework.bounded.is_none() {
                let behind = declared.made_at().and_then(|made| super::proxied::behind(ev, made));
                let prefix = declared.prefix().map(|(path, _)| path);
                client = client.and_then(|client| super::proxied::give(found, client, (behind, prefix)));
            }
            found.extend(client.map(|client| (client.site, client)));
        }
    }
}

impl Framework {
    /// The annotation that declares a client; for an interface without one, that of its first method.
    fn declares(&self, module: &Module, class: &Class) -> Option<ExprId> {
        let uses = |package: &str| module.imports.iter().any(|i| i.module.starts_with(package));
        match self.annotation {
            // A sample leaves its imports out.
            Some(name) => {
                annotation(module, &class.decorators, &[name]).filter(|_| self.package.is_empty() || uses(self.package))
            }
            None if uses(self.package) => {
                let mapped = |f: &FuncId| module.func(*f).decorators.iter().find(|d| verb(module, **d).is_some());
                class.methods.iter().find_map(mapped).copied()
            }
            None => None,
        }
    }
}

/// A method that is a request.
struct Operation {
    /// The method.
    unit: UnitId,
    method: FuncId,
    /// The module of the mapping.
    mapped_in: UnitId,
    mapping: ExprId,
    verb: Option<&'static str>,
    /// The annotations beside the mapping.
    decorators: Vec<ExprId>,
}

struct Declared<'e, 'a> {
    ev: &'e Evaluator<'a>,
    unit: UnitId,
    class: ClassId,
    framework: &'static Framework,
    at: ExprId,
}

impl Declared<'_, '_> {
    fn module(&self) -> &Module {
        &self.ev.program.unit(self.unit).module
    }

    /// An argument of an annotation; the first without a name is `value`.
    fn argument(&self, decorator: ExprId, name: &str) -> Option<(Text, Place)> {
        self.argument_in(self.unit, decorator, name)
    }

    fn argument_in(&self, unit: UnitId, decorator: ExprId, name: &str) -> Option<(Text, Place)> {
        let module = &self.ev.program.unit(unit).module;
        let call = module.call(decorator)?;
        let arg = call.args.iter().find(|a| a.name.as_deref().map_or(name == "value", |n| n == name))?;
        let site = Site { unit, expr: arg.value };
        let value = match &module.expr(arg.value).kind {
            ExprKind::List(items) => self.ev.at(unit, *items.first()?),
            _ => self.ev.eval(site),
        };
        Some((value.to_text()?, self.ev.program.place(site))).filter(|(text, _)| !text.pattern().is_empty())
    }

    fn client(&self, in_scope: &InScope<'_>, guards: &Guards<'_, '_>) -> HttpClient {
        let (module, framework) = (self.module(), self.framework);
        let class = module.class(self.class);
        let site = Site { unit: self.unit, expr: self.at };
        let place = match framework.annotation {
            Some(_) => self.ev.program.place(site),
            None => Place::new(self.ev.program.unit(self.unit).file, class.name_span),
        };
        let mut requests = Vec::new();
        for operation in self.operations() {
            let owner = self.ev.program.unit(operation.unit);
            let name = &owner.module.func(operation.method).name;
            let url = self.path(operation.mapped_in, operation.mapping, &operation.decorators);
            let mut declared = guards.of_declaration(operation.unit, operation.method);
            if operation.unit != self.unit || owner.module.func(operation.method).class != Some(self.class) {
                declared.extend(guards.of_class(self.unit, self.class));
            }
            for &call in self.ev.program.calls_named(name).iter().filter(|call| in_scope(call.unit)) {
                let Some(c) = self.ev.program.unit(call.unit).module.call(call.expr) else { continue };
                let callee = self.ev.at(call.unit, c.callee);
                if callee.alternatives().iter().any(|v| self.reaches(v, &operation, call.unit, c.callee))
                    || self.is_created(call.unit, c.callee)
                {
                    let mut made = self.request(guards, call, operation.verb, url.clone());
                    made.idempotency_key = super::keyed::declared(self.ev, &self.annotated(&operation));
                    made.guards.extend(declared.iter().cloned());
                    requests.push(made);
                }
            }
        }
        if requests.is_empty() && self.is_alone() {
            for operation in self.operations() {
                let url = self.path(operation.mapped_in, operation.mapping, &operation.decorators);
                let site = Site { unit: operation.mapped_in, expr: operation.mapping };
                let mut made = self.request(guards, site, operation.verb, url);
                made.idempotency_key = super::keyed::declared(self.ev, &self.annotated(&operation));
                made.guards.extend(guards.of_declaration(operation.unit, operation.method));
                // A fallback runs behind a breaker, where that is switched on.
                made.guards.extend(self.fallback().map(|at| Guard::breaker(at, "the breaker of the fallback")));
                requests.push(made);
            }
        }
        let retry_unknown =
            super::feign::may_retry(self.ev, site).then(|| "its configuration class may hold a `Retryer`".to_string());
        HttpClient {
            place,
            site,
            library: framework.library.to_string(),
            kind: ClientKind::Client,
            forwards: false,
            breaker: None,
            followed: framework.bounded.is_some(),
            requests,
            timeout: if framework.bounded.is_some() { Timeout::Set(place) } else { Timeout::Unknown },
            retries: Vec::new(),
            default_retries: 0,
            // What a hand-made proxy or an interceptor adds is not followed.
            retry_unknown: match framework.bounded {
                None => retry_unknown.or_else(|| Some("the client behind the interface may repeat it".into())),
                Some(_) => retry_unknown,
            },
            base_url: self.address(),
            base_urls: Vec::new(),
            logical_address: false,
            idempotency_key: false,
        rejects: false,
        pooled: false,
        bounded_by: Vec::new(),
        per_call: None,
        credential: None,
            default_text: framework.bounded.unwrap_or("the client behind it decides").to_string(),
            timeout_help: framework.timeout_help.to_string(),
            retry_help: match framework.library {
                "OpenFeign" => "`@Retry(name = \"peer\")` of Resilience4j on the calling method, or a `Retryer.Default` bean for requests that are idempotent".into(),
                "Micronaut HTTP" => "`@Retryable(attempts = \"3\", multiplier = \"2\")` of `micronaut-retry` on the interface".into(),
                "MicroProfile REST" => "`@Retry` with `@ExponentialBackoff` of SmallRye on the method".into(),
                _ => "`@Retry(name = \"peer\")` of Resilience4j with `exponentialBackoff` and a jitter".into(),
            },
            breaker_help: framework.breaker_help.to_string(),
        }
    }

    /// Where headers of an operation are declared: at its method and parameters, and at the interface.
    fn annotated(&self, operation: &Operation) -> super::keyed::Declaration {
        super::keyed::Declaration {
            class: (self.unit, self.module().class(self.class).decorators.clone()),
            mapping: (operation.mapped_in, operation.decorators.clone()),
            method: (operation.unit, operation.method),
        }
    }

    /// Nothing else of the program is there that could call it: a sample.
    fn is_alone(&self) -> bool {
        self.ev.program.ids().all(|u| u == self.unit || !self.ev.program.language(u).is_jvm())
    }

    /// `@FeignClient(name = "stock", fallback = StockFallback.class)`
    fn fallback(&self) -> Option<Place> {
        let call = self.module().call(self.at)?;
        let names_it = |name: &str| matches!(name, "fallback" | "fallbackFactory");
        let given = call.args.iter().find(|a| a.name.as_deref().is_some_and(names_it))?;
        Some(self.ev.program.place(Site { unit: self.unit, expr: given.value }))
    }

    /// The operations of the interface: its own methods, and those of the interfaces above it, which a
    /// module of the service's API often holds. A method that is declared again without a mapping has that of
    /// the method it overrides.
    fn operations(&self) -> Vec<Operation> {
        let mut out: Vec<Operation> = Vec::new();
        let mut seen: Vec<(UnitId, FuncId)> = Vec::new();
        let own = (self.unit, self.class);
        for (unit, class) in std::iter::once(own).chain(self.ev.above(own)) {
            for &method in &self.ev.program.unit(unit).module.class(class).methods {
                if seen.contains(&(unit, method)) {
                    continue;
                }
                let overridden = self.ev.overridden((unit, method));
                let mapped =
                    std::iter::once((unit, method)).chain(overridden.iter().copied()).find_map(|(unit, func)| {
                        let module = &self.ev.program.unit(unit).module;
                        let decorators = &module.func(func).decorators;
                        let (mapping, verb) = decorators.iter().find_map(|d| verb(module, *d).map(|v| (*d, v)))?;
                        Some(Operation {
                            unit,
                            method: func,
                            mapped_in: unit,
                            mapping,
                            verb,
                            decorators: decorators.clone(),
                        })
                    });
                seen.extend(overridden);
                out.extend(mapped.map(|operation| Operation { unit, method, ..operation }));
            }
        }
        out
    }

    /// True for the method itself and for what implements it, usually the fallback. An inherited one is
    /// reached through an object of the interface.
    fn reaches(&self, value: &Value, operation: &Operation, at: UnitId, callee: ExprId) -> bool {
        let Value::Function { unit, func, .. } = value else { return false };
        if (*unit, *func) == (operation.unit, operation.method) {
            let owner = self.ev.program.unit(operation.unit).module.func(operation.method).class;
            let inherited = operation.unit != self.unit || owner != Some(self.class);
            return !inherited || self.is_called_on(at, callee);
        }
        let module = &self.ev.program.unit(*unit).module;
        let name = &self.module().class(self.class).name;
        module.func(*func).class.is_some_and(|class| {
            module.class(class).bases.iter().any(|b| simple_name(module, *b).is_some_and(|n| n == *name))
        })
    }

    /// True for a method of an object of the interface.
    fn is_called_on(&self, at: UnitId, callee: ExprId) -> bool {
        let ExprKind::Attr { object, .. } = self.ev.program.unit(at).module.expr(callee).kind else { return false };
        let own = (self.unit, self.class);
        self.ev.at(at, object).alternatives().iter().any(|v| match v {
            Value::Object { unit, class, .. } => {
                (*unit, *class) == own || self.ev.above((*unit, *class)).contains(&own)
            }
            _ => false,
        })
    }

    /// The address of the interface: of its annotation, with the path that all methods share.
    fn address(&self) -> Option<(Text, Place)> {
        let module = self.module();
        let class = module.class(self.class);
        let mut found = self.framework.address.iter().find_map(|name| self.argument(self.at, name));
        // What the settings name after the interface is looked up under its full name.
        if self.framework.annotation == Some("RegisterRestClient") && found.is_none() {
            let package = module.package.as_deref().unwrap_or_default();
            let name = format!("{package}.{}", class.name);
            found = Some((Text::literal(name), self.ev.program.place(Site { unit: self.unit, expr: self.at })));
        }
        if self.framework.annotation.is_none() {
            found = self.built_with();
        }
        let (mut text, place) = found?;
        let paths = self.framework.path.iter().filter_map(|name| self.argument(self.at, name));
        for (path, _) in paths.chain(self.prefix()) {
            let before = text.pattern();
            if !before.ends_with('/') && !path.pattern().starts_with('/') {
                text.push(Text::literal("/"));
            }
            text.push(path);
        }
        Some((text, place))
    }

    /// The path before those of the methods: `@HttpExchange("/stock")` at the interface.
    fn prefix(&self) -> Option<(Text, Place)> {
        let module = self.module();
        let class = module.class(self.class);
        let said = self.framework.prefix.and_then(|name| annotation(module, &class.decorators, &[name]))?;
        ["value", "path", "url"].iter().find_map(|name| self.argument(said, name))
    }

    /// The calls that make an object of the interface: `create(Api.class)`.
    fn made(&self) -> impl Iterator<Item = Site> {
        let name = &self.module().class(self.class).name;
        let makes = ["create", "createClient"].into_iter().flat_map(|n| self.ev.program.calls_named(n));
        makes.copied().filter(move |site| {
            let module = &self.ev.program.unit(site.unit).module;
            module.call(site.expr).is_some_and(|call| names_type(module, call, name))
        })
    }

    /// The only such call.
    fn made_at(&self) -> Option<Site> {
        let mut made = self.made();
        made.next().filter(|_| made.next().is_none())
    }

    /// `new Retrofit.Builder().baseUrl("http://x").build().create(Api.class)`: the base in the function
    /// that makes the client.
    fn built_with(&self) -> Option<(Text, Place)> {
        self.made().find_map(|site| {
            let unit = self.ev.program.unit(site.unit);
            let span = match unit.index.func_of(site.expr) {
                Some(func) => unit.module.func(func).span,
                None => {
                    unit.module.classes.iter().map(|c| c.span).find(|s| s.contains(unit.module.expr(site.expr).span))?
                }
            };
            let base = unit.index.calls.iter().find(|c| {
                span.contains(unit.module.expr(c.expr).span)
                    && unit.module.callee_name(c.expr).is_some_and(|n| n == "baseUrl")
            })?;
            let arg = Site { unit: site.unit, expr: unit.module.call(base.expr)?.args.first()?.value };
            Some((super::address(self.ev, arg)?, self.ev.program.place(arg)))
        })
    }

    /// True for a method of what `create(Api.class)` returned.
    fn is_created(&self, unit: UnitId, callee: ExprId) -> bool {
        if self.framework.annotation.is_some() {
            return false;
        }
        let module = &self.ev.program.unit(unit).module;
        let ExprKind::Attr { object, .. } = &module.expr(callee).kind else { return false };
        let Some(name) = text_of(module, *object) else { return false };
        let ours = &self.module().class(self.class).name;
        let makes = |value: ExprId| module.call(value).is_some_and(|call| names_type(module, call, ours));
        let field = module.classes.iter().flat_map(|c| &c.fields).any(|f| f.name == name && f.value.is_some_and(makes));
        field
            || module.stmts.iter().any(|s| match &s.kind {
                StmtKind::Assign { target, value: Some(value), .. } => {
                    text_of(module, *target) == Some(name) && makes(*value)
                }
                _ => false,
            })
    }

    /// The path that a method is mapped to: empty where nothing says one.
    fn path(&self, unit: UnitId, mapping: ExprId, decorators: &[ExprId]) -> Option<Text> {
        const NAMES: [&str; 4] = ["value", "path", "uri", "url"];
        let module = &self.ev.program.unit(unit).module;
        let decorator = match self.framework.annotation {
            Some("RegisterRestClient") => annotation(module, decorators, &["Path"]),
            _ => Some(mapping),
        };
        let said = |decorator: ExprId| {
            let arguments = module.call(decorator).map(|call| call.args.as_slice()).unwrap_or_default();
            let is_path = |name: Option<&str>| name.is_none_or(|name| NAMES.contains(&name));
            let is_empty = |value: ExprId| matches!(&module.expr(value).kind, ExprKind::Str(text) if text.is_empty());
            arguments.iter().any(|arg| is_path(arg.name.as_deref()) && !is_empty(arg.value))
        };
        match decorator.filter(|decorator| said(*decorator)) {
            Some(decorator) => {
                NAMES.iter().find_map(|name| self.argument_in(unit, decorator, name)).map(|(text, _)| text)
            }
            None => Some(Text::default()),
        }
    }

    fn request(
        &self,
        guards: &Guards<'_, '_>,
        site: Site,
        verb: Option<&'static str>,
        url: Option<Text>,
    ) -> HttpRequest {
        let unit = self.ev.program.unit(site.unit);
        let func = unit.index.func_of(site.expr);
        HttpRequest {
            place: self.ev.program.place(site),
            site,
            method: verb.map(str::to_string),
            url,
            url_place: None,
            function: func
                .map(|f| (unit.module.func(f).name.to_string(), self.ev.program.function_place(site.unit, f))),
            blocks: false,
            in_async: false,
            timeout: Timeout::Unsaid,
            guards: guards.around(site),
            idempotency_key: None,
            key_made: None,
            key_span: crate::syntax::Span::default(),
            seen_from: Vec::new(),
            roots: Vec::new(),
            async_callers: Vec::new(),
            sent: crate::extract::http::Sent::default(),
            thrown: None,
            lost: Vec::new(),
            unencoded: Vec::new(),
            credential: None,
        }
    }
}

/// `create(Api.class)`, `create(Api::class.java)`, `create<Api>()`.
fn names_type(module: &Module, call: &Call, name: &str) -> bool {
    let of_type = |e: ExprId| simple_name(module, e).is_some_and(|n| n == name);
    let literal = |e: ExprId| {
        let mut at = e;
        for _ in 0..3 {
            if of_type(at) {
                return true;
            }
            match &module.expr(at).kind {
                ExprKind::Attr { object, .. } => at = *object,
                _ => break,
            }
        }
        false
    };
    call.args.iter().any(|a| literal(a.value)) || call.type_args.iter().any(|t| of_type(*t))
}

/// The method of a mapping annotation; the inner none when it is not said.
fn verb(module: &Module, decorator: ExprId) -> Option<Option<&'static str>> {
    let name = simple_name(module, decorator)?;
    const VERBS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    if matches!(name.as_str(), "RequestMapping" | "HttpExchange") {
        let arg = module.call(decorator)?.args.iter().find(|a| a.name.as_deref() == Some("method"));
        return Some(arg.and_then(|a| {
            let name = match &module.expr(a.value).kind {
                ExprKind::List(items) if items.len() == 1 => text_of(module, items[0])?,
                ExprKind::Str(text) => text.as_str(),
                _ => text_of(module, a.value)?,
            };
            VERBS.into_iter().find(|m| *m == name)
        }));
    }
    let short = name.strip_suffix("Mapping").or_else(|| name.strip_suffix("Exchange")).unwrap_or(&name);
    let known = short.chars().next().is_some_and(char::is_uppercase);
    VERBS.into_iter().find(|m| known && m.eq_ignore_ascii_case(short)).map(Some)
}
