//! HTTP clients in C#: registered with `IHttpClientFactory` and handed out by type or by name, made from
//! interfaces (Refit).
//!
//! Sources: <https://learn.microsoft.com/en-us/dotnet/core/extensions/httpclient-factory>,
//! <https://github.com/reactiveui/refit>.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};

use super::failure::Failures;
use super::guards::{Guard, Guards};
use super::polly::{self, Facts};
use super::timeout::Timeout;
use super::{ClientKind, HttpClient, HttpRequest, InScope};
use crate::catalog::schema::Library;
use crate::facts::module::{ClassId, ExprId, ExprKind, FuncId, FunctionKind, Language, StmtKind};
use crate::program::types::simple_name;
use crate::program::value::Text;
use crate::program::{Evaluator, Parent, Site, UnitId, Value};
use crate::syntax::{Place, Span};

/// Calls that register clients.
const REGISTERS: [&str; 3] = ["AddHttpClient", "AddRefitClient", "AddRefitGeneratedClient"];

/// The clients that are registered with a factory.
#[derive(Debug, Default)]
pub(super) struct Registry {
    /// What each says besides its own arguments.
    facts: BTreeMap<Site, Facts>,
    /// The classes that get a client by their type.
    typed: HashMap<(UnitId, ClassId), Site>,
    /// By name; the empty name is the client without one.
    named: HashMap<String, Site>,
    /// The interfaces that Refit implements.
    interfaces: Vec<(UnitId, ClassId, Site)>,
    /// The address each is given.
    bases: HashMap<Site, (Text, Place)>,
}

impl Registry {
    /// Reads all registrations.
    pub(super) fn new(ev: &Evaluator<'_>, in_scope: &InScope<'_>) -> Registry {
        let mut out = Registry::default();
        for name in REGISTERS {
            for &site in ev.program.calls_named(name) {
                if in_scope(site.unit) && ev.program.language(site.unit) == Language::CSharp {
                    out.register(ev, site, name);
                }
            }
        }
        out
    }

    fn register(&mut self, ev: &Evaluator<'_>, site: Site, name: &str) {
        let module = &ev.program.unit(site.unit).module;
        let Some(call) = module.call(site.expr) else { return };
        // A function of the repository of the same name.
        if matches!(ev.called(site, call).first(), Some(Value::Function { .. })) {
            return;
        }
        // `services.AddHttpClient();` registers the factory: each `factory.CreateClient()` makes a client.
        let is_bare = call.args.is_empty() && call.type_args.is_empty();
        if is_bare && chain(ev, site).is_empty() {
            return;
        }
        let named = call.args.iter().filter(|a| a.name.as_deref().is_none_or(|n| n == "name"));
        let named = named.filter_map(|a| ev.at(site.unit, a.value).as_str()).next();
        let classes: Vec<(UnitId, ClassId)> = call
            .type_args
            .iter()
            .filter_map(|ty| match ev.at(site.unit, *ty) {
                Value::Class { unit, class } => Some((unit, class)),
                _ => None,
            })
            .collect();
        for &class in &classes {
            self.typed.entry(class).or_insert(site);
        }
        if name.starts_with("AddRefit") {
            self.interfaces.extend(classes.first().map(|(unit, class)| (*unit, *class, site)));
        }
        // A typed client is also one with the name of its type.
        let by_type = call.type_args.first().and_then(|ty| simple_name(module, *ty)).map(|n| n.to_string());
        let name = named.or(by_type).unwrap_or_default();
        self.named.entry(name).or_insert(site);
        let steps = chain(ev, site);
        let mut facts = polly::steps(ev, &steps);
        let lambdas = steps.iter().chain([&site]).flat_map(|s| configures(ev, *s));
        // A typed client may set up what it is given: `http.BaseAddress = …` in its constructor.
        let made = classes.iter().flat_map(|(unit, class)| {
            let module = &ev.program.unit(*unit).module;
            let methods = module.class(*class).methods.iter().map(|m| module.func(*m));
            methods.filter(|m| m.kind == FunctionKind::Constructor).map(|m| (*unit, m.span))
        });
        for (of, span) in lambdas.chain(made) {
            let unit = ev.program.unit(of);
            for (name, _, value) in &unit.index.attribute_assignments {
                let at = Site { unit: of, expr: *value };
                if !span.contains(unit.module.expr(*value).span) {
                    continue;
                }
                match name.as_str() {
                    "Timeout" if !is_infinite(ev, at) => facts.timeout = facts.timeout.or(Some(ev.program.place(at))),
                    "BaseAddress" => {
                        if let Some(text) = address(ev, at) {
                            self.bases.entry(site).or_insert((text, ev.program.place(at)));
                        }
                    }
                    _ => {}
                }
            }
        }
        self.facts.insert(site, facts);
    }

    /// The clients of the registrations, without requests.
    pub(super) fn clients(&self, ev: &Evaluator<'_>) -> Vec<HttpClient> {
        let Some(library) = ev.catalog.split(Language::CSharp, "System.Net.Http").map(|(library, _)| library) else {
            return Vec::new();
        };
        self.facts.keys().filter_map(|site| blank(ev, *site, library, ClientKind::Client)).collect()
    }

    /// The registration of what a construction gives: `factory.CreateClient("peer")`.
    pub(super) fn redirect(&self, ev: &Evaluator<'_>, made: Site) -> Option<Site> {
        let name = created(ev, made)?;
        self.named.get(&name?).copied()
    }

    /// The registrations of the client that the class around a request gets: several for a base class.
    pub(super) fn typed(&self, ev: &Evaluator<'_>, request: Site) -> Vec<Site> {
        let unit = ev.program.unit(request.unit);
        if unit.module.language != Language::CSharp {
            return Vec::new();
        }
        let around = unit.index.classes_around(&unit.module, request.expr);
        let own = around.iter().find_map(|class| self.typed.get(&(request.unit, *class)));
        if let Some(own) = own {
            return vec![*own];
        }
        // Registered by the base or interface, or for the classes that are derived from this one.
        let Some(&class) = around.first() else { return Vec::new() };
        let mut bases = unit.module.class(class).bases.iter().filter_map(|b| match ev.at(request.unit, *b) {
            Value::Class { unit, class } => self.typed.get(&(unit, class)).copied(),
            _ => None,
        });
        if let Some(base) = bases.next() {
            return vec![base];
        }
        let derived = ev.program.types.derived(&unit.module.class(class).name).iter();
        let mut found: Vec<Site> = derived.filter_map(|key| self.typed.get(key).copied()).collect();
        found.sort();
        found.dedup();
        found
    }

    /// Puts what the registrations say on their clients.
    pub(super) fn finish(&self, ev: &Evaluator<'_>, guards: &Guards<'_, '_>, found: &mut BTreeMap<Site, HttpClient>) {
        for &(unit, class, site) in &self.interfaces {
            let requests = refit(ev, guards, unit, class, None);
            if let Some(client) = found.get_mut(&site) {
                client.library = "Refit".into();
                client.requests.extend(requests);
            }
        }
        for made in implemented(ev) {
            let around = ev
                .program
                .unit(made.site.unit)
                .index
                .classes_around(&ev.program.unit(made.site.unit).module, made.site.expr);
            let registered =
                made.by_parameter.then(|| around.iter().find_map(|c| self.typed.get(&(made.site.unit, *c)))).flatten();
            let Some(&site) = registered.or(made.client.as_ref()).or(Some(&made.site)) else { continue };
            let mut requests = refit(ev, guards, made.interface.0, made.interface.1, Some(made.site));
            // A class that implements the interface around it is called by others; the requests are its own.
            let own = around.first().map(|c| ev.program.unit(made.site.unit).module.class(*c).span);
            let inside = |r: &HttpRequest| {
                r.site.unit == made.site.unit
                    && own.is_some_and(|s| s.contains(ev.program.unit(r.site.unit).module.expr(r.site.expr).span))
            };
            if requests.iter().any(inside) {
                requests.retain(inside);
            }
            if let Entry::Vacant(vacant) = found.entry(site) {
                let library = ev.catalog.split(Language::CSharp, "System.Net.Http").map(|(library, _)| library);
                let Some(mut client) = library.and_then(|l| blank(ev, site, l, ClientKind::Client)) else { continue };
                // The client is made from an address, or comes from somewhere that was not followed.
                client.followed = made.by_address;
                if !made.by_address {
                    client.timeout = Timeout::Unknown;
                    client.retry_unknown = Some("the client is built where it could not be followed".into());
                }
                vacant.insert(client);
            }
            if let Some(client) = found.get_mut(&site) {
                client.requests.extend(requests);
            }
        }
        for (site, facts) in &self.facts {
            let Some(client) = found.get_mut(site) else { continue };
            client.base_url = self.bases.get(site).cloned();
            // Nothing of ours is seen to use it: whatever goes through it is protected here or nowhere.
            client.forwards |= client.requests.is_empty() && client.base_url.is_some() && !facts.unknown;
            apply(client, facts);
        }
    }
}

/// Puts facts on a client.
pub(crate) fn apply(client: &mut HttpClient, facts: &Facts) {
    client.retries.extend(facts.retries.iter().cloned());
    if let (Some(place), Timeout::Unsaid | Timeout::Unknown) = (facts.timeout, &client.timeout) {
        client.timeout = Timeout::Set(place);
    }
    if let Some(breaker) = breaker(facts) {
        client.requests.iter_mut().for_each(|request| request.guards.push(breaker.clone()));
        client.breaker = Some(breaker);
    }
    if facts.unknown {
        client.followed = false;
        client.retry_unknown.get_or_insert_with(|| "a policy could not be read".into());
        if client.timeout == Timeout::Unsaid {
            client.timeout = Timeout::Unknown;
        }
    }
}

/// The breaker of some facts, with what it counts.
fn breaker(facts: &Facts) -> Option<Guard> {
    let mut guard = Guard::breaker(facts.breaker?, "Polly");
    if let (Some(told), Guard::Breaker { counts, place, .. }) = (facts.counts, &mut guard) {
        (*counts, *place) = (Failures::Every, told);
    }
    Some(guard)
}

/// A client about which nothing is known but its library.
pub(super) fn blank(ev: &Evaluator<'_>, site: Site, library: &Library, kind: ClientKind) -> Option<HttpClient> {
    let http = library.http.as_ref()?;
    Some(HttpClient {
        place: ev.program.place(site),
        site,
        library: library.library.clone(),
        kind,
        forwards: false,
        breaker: None,
        followed: true,
        requests: Vec::new(),
        timeout: Timeout::Unsaid,
        retries: Vec::new(),
        default_retries: 0,
        retry_unknown: None,
        base_url: None,
        base_urls: Vec::new(),
        logical_address: false,
        idempotency_key: false,
        rejects: false,
        pooled: false,
        bounded_by: Vec::new(),
        per_call: None,
        credential: None,
        default_text: http.default_text.clone(),
        timeout_help: http.timeout_help.clone().unwrap_or_default(),
        retry_help: super::clients::retry_help(library).into(),
        breaker_help: super::clients::breaker_help(library).into(),
    })
}

/// The name a factory is asked for; the inner none when it could not be read, the outer when the call is
/// none of a factory.
fn created(ev: &Evaluator<'_>, site: Site) -> Option<Option<String>> {
    let module = &ev.program.unit(site.unit).module;
    let call = module.call(site.expr)?;
    if module.language != Language::CSharp || module.callee_name(site.expr)? != "CreateClient" {
        return None;
    }
    let Some(arg) = call.args.first() else { return Some(Some(String::new())) };
    let values = ev.settle_at(Site { unit: site.unit, expr: arg.value });
    let texts: Vec<String> = values.iter().filter_map(Value::as_str).collect();
    Some(texts.into_iter().next().filter(|_| values.len() == 1))
}

/// The calls on the result of a registration: behind it, and on the variable it is kept in.
fn chain(ev: &Evaluator<'_>, site: Site) -> Vec<Site> {
    let unit = ev.program.unit(site.unit);
    let module = &unit.module;
    let mut out = Vec::new();
    let mut current = site.expr;
    while let Some(Parent::Expr(attr)) = unit.index.expr_parent.get(current.0 as usize).copied()
        && let ExprKind::Attr { object, .. } = module.expr(attr).kind
        && object == current
        && let Some(Parent::Expr(call)) = unit.index.expr_parent.get(attr.0 as usize).copied()
        && module.call(call).is_some_and(|c| c.callee == attr)
    {
        out.push(Site { unit: site.unit, expr: call });
        current = call;
    }
    // `var http = services.AddHttpClient(…); http.AddPolicyHandler(…);`
    if let Some(Parent::Stmt(stmt)) = unit.index.expr_parent.get(current.0 as usize)
        && let StmtKind::Assign { target, .. } = &module.stmt(*stmt).kind
        && let ExprKind::Name(name) = &module.expr(*target).kind
    {
        let func = unit.index.func_of(site.expr);
        for call in unit.index.calls.iter().filter(|c| c.func == func) {
            let Some(c) = module.call(call.expr) else { continue };
            if root_name(module, c.callee) == Some(name.as_str()) {
                out.push(Site { unit: site.unit, expr: call.expr });
            }
        }
    }
    out
}

fn root_name(module: &crate::facts::module::Module, mut expr: ExprId) -> Option<&str> {
    loop {
        match &module.expr(expr).kind {
            ExprKind::Name(name) => return Some(name),
            ExprKind::Attr { object, .. } => expr = *object,
            ExprKind::Call(call) => expr = call.callee,
            _ => return None,
        }
    }
}

/// The code that configures a client: lambdas and functions among the arguments.
fn configures(ev: &Evaluator<'_>, site: Site) -> Vec<(UnitId, Span)> {
    let module = &ev.program.unit(site.unit).module;
    let Some(call) = module.call(site.expr) else { return Vec::new() };
    let functions = call.args.iter().filter_map(|a| match ev.at(site.unit, a.value) {
        Value::Function { unit, func, .. } => Some((unit, ev.program.unit(unit).module.func(func).span)),
        _ => None,
    });
    functions.collect()
}

/// An address: a text, or a `Uri` made from one, also by `new("…")`.
pub(super) fn address(ev: &Evaluator<'_>, site: Site) -> Option<Text> {
    if let Some(text) = ev.eval(site).to_text() {
        return Some(text);
    }
    let module = &ev.program.unit(site.unit).module;
    let call = module.call(site.expr).filter(|c| c.is_new)?;
    ev.positional(site.unit, call, 0)?.to_text()
}

/// `Timeout.InfiniteTimeSpan`
fn is_infinite(ev: &Evaluator<'_>, site: Site) -> bool {
    let module = &ev.program.unit(site.unit).module;
    matches!(&module.expr(site.expr).kind, ExprKind::Attr { name, .. } if name == "InfiniteTimeSpan")
}

/// What the construction of a client says beside its own arguments: a handler with policies, and whether
/// the factory's name is known.
pub(super) fn complete(ev: &Evaluator<'_>, client: &mut HttpClient) {
    let site = client.site;
    let module = &ev.program.unit(site.unit).module;
    if module.language != Language::CSharp {
        return;
    }
    if created(ev, site) == Some(None) {
        client.followed = false;
        client.retry_unknown = Some("the name of the client could not be read".into());
        client.timeout = Timeout::Unknown;
        return;
    }
    let Some(call) = module.call(site.expr) else { return };
    // Requests of such a client go to the application that it is made for.
    // <https://docs.dapr.io/developing-applications/sdks/dotnet/dotnet-client/dotnet-daprclient-usage/>
    if module.callee_name(site.expr).is_some_and(|name| name == "CreateInvokeHttpClient")
        && let Some(app) = ev.positional(site.unit, call, 0).and_then(|v| v.as_str())
    {
        client.base_url = Some((Text::literal(format!("http://{app}")), ev.program.place(site)));
        // <https://docs.dapr.io/operations/resiliency/policies/retries/override-default-retries/>
        client.retry_unknown = Some("the sidecar of Dapr repeats what did not arrive".into());
    }
    if let Some(arg) = call.args.iter().find(|a| a.name.as_deref() == Some("BaseAddress")) {
        let at = Site { unit: site.unit, expr: arg.value };
        client.base_url = client.base_url.take().or_else(|| Some((address(ev, at)?, ev.program.place(at))));
    }
    if client.library == "RestSharp" {
        super::dotnet_base::options(ev, site, client);
    }
    let mut regions = vec![(site.unit, module.expr(site.expr).span)];
    for arg in call.args.iter().filter(|a| a.name.is_none()) {
        if let Some(made) = ev.at(site.unit, arg.value).instance().and_then(|i| i.call) {
            regions.push((made.unit, ev.program.unit(made.unit).module.expr(made.expr).span));
        }
    }
    apply(client, &polly::read(ev, regions));
}

/// The limit that the function around a request sets by a token.
pub(super) fn request_timeout(ev: &Evaluator<'_>, site: Site) -> Timeout {
    let unit = ev.program.unit(site.unit);
    let Some(func) = unit.index.func_of(site.expr) else { return Timeout::Unsaid };
    let span = unit.module.func(func).span;
    let limits = unit.index.calls.iter().find(|c| {
        span.contains(unit.module.expr(c.expr).span)
            && unit.module.call(c.expr).is_some_and(|call| match unit.module.callee_name(c.expr).map(|n| n.as_str()) {
                Some("CancelAfter" | "WaitAsync") => true,
                Some("CancellationTokenSource") => call.is_new && !call.args.is_empty(),
                _ => false,
            })
    });
    limits.map_or(Timeout::Unsaid, |c| Timeout::Set(ev.program.place(Site { unit: site.unit, expr: c.expr })))
}

/// Method and address of what `SendAsync` is given: `new HttpRequestMessage(HttpMethod.Post, url)`.
pub(crate) fn message(ev: &Evaluator<'_>, site: Site) -> (Option<String>, Option<Text>) {
    let module = &ev.program.unit(site.unit).module;
    if module.language != Language::CSharp {
        return (None, None);
    }
    let sent = module.call(site.expr).and_then(|c| c.args.first()).map(|a| ev.at(site.unit, a.value));
    let Some(made) = sent.as_ref().and_then(Value::instance).and_then(|i| i.call) else { return (None, None) };
    let module = &ev.program.unit(made.unit).module;
    let Some(call) = module.call(made.expr).filter(|c| c.is_new) else { return (None, None) };
    let positional = |n: usize| call.args.iter().filter(|a| a.name.is_none()).nth(n).map(|a| a.value);
    let named = |name: &str| call.args.iter().find(|a| a.name.as_deref() == Some(name)).map(|a| a.value);
    let verb = named("Method").or_else(|| positional(0)).and_then(|e| match &module.expr(e).kind {
        ExprKind::Attr { object, name, .. }
            if matches!(&module.expr(*object).kind, ExprKind::Name(n) if n == "HttpMethod") =>
        {
            Some(name.to_uppercase())
        }
        _ => None,
    });
    let url = named("RequestUri").or_else(|| positional(1));
    let verb = verb.or_else(|| call.args.is_empty().then(|| "GET".to_string()));
    (verb, url.and_then(|e| address(ev, Site { unit: made.unit, expr: e })))
}

/// The policies around a call that is handed to one: `policy.ExecuteAsync(() => client.GetAsync(url))`.
pub(super) fn around(ev: &Evaluator<'_>, site: Site) -> Vec<Guard> {
    let unit = ev.program.unit(site.unit);
    let module = &unit.module;
    let name = module.callee_name(site.expr).map_or("", |n| n.as_str());
    if !matches!(name, "ExecuteAsync" | "Execute" | "ExecuteAndCaptureAsync" | "ExecuteAndCapture") {
        return Vec::new();
    }
    let Some(call) = module.call(site.expr) else { return Vec::new() };
    let ExprKind::Attr { object, .. } = &module.expr(call.callee).kind else { return Vec::new() };
    let facts = polly::read(ev, vec![(site.unit, module.expr(*object).span)]);
    let place = ev.program.place(site);
    let mut out: Vec<Guard> = facts.retries.iter().cloned().map(Guard::Retry).collect();
    out.extend(breaker(&facts));
    out.extend(facts.timeout.map(Guard::Deadline));
    if facts.is_empty() || facts.unknown {
        // A policy that could not be followed may do all of it.
        let retry = super::RetryPolicy {
            wait: None,
            bounded: None,
            selective: true,
            ..super::RetryPolicy::immediate(place, "a policy")
        };
        out.extend([Guard::Retry(retry), Guard::breaker(place, "Polly"), Guard::Deadline(place)]);
    }
    out
}

/// A request that no call of the catalog makes.
pub(super) fn declared_request(
    ev: &Evaluator<'_>,
    guards: &Guards<'_, '_>,
    site: Site,
    verb: &str,
    url: Option<Text>,
) -> HttpRequest {
    let unit = ev.program.unit(site.unit);
    let func = unit.index.func_of(site.expr);
    HttpRequest {
        place: ev.program.place(site),
        site,
        method: Some(verb.to_string()),
        url,
        url_place: None,
        function: func.map(|f| (unit.module.func(f).name.to_string(), ev.program.function_place(site.unit, f))),
        blocks: false,
        in_async: false,
        timeout: Timeout::Unsaid,
        guards: guards.around(site),
        idempotency_key: None,
        key_made: None,
        key_span: Span::default(),
        seen_from: Vec::new(),
        roots: Vec::new(),
        async_callers: Vec::new(),
        sent: super::Sent::default(),
        thrown: None,
        lost: Vec::new(),
        unencoded: Vec::new(),
        credential: None,
    }
}

/// An interface that a library implements over a client it is given.
struct Implemented {
    /// The call.
    site: Site,
    interface: (UnitId, ClassId),
    /// The construction of the client.
    client: Option<Site>,
    /// The client is a parameter of the function around.
    by_parameter: bool,
    /// There is an address in place of a client.
    by_address: bool,
}

/// `RestService.For<IOrders>(httpClient)` of Refit, `RestClient.For<IOrders>(httpClient)` of RestEase
/// (<https://github.com/canton7/RestEase#using-httpclient-and-restease-directly>).
fn implemented(ev: &Evaluator<'_>) -> Vec<Implemented> {
    let mut out = Vec::new();
    for &site in ev.program.calls_named("For") {
        let module = &ev.program.unit(site.unit).module;
        let Some(call) = module.call(site.expr).filter(|_| module.language == Language::CSharp) else { continue };
        let ExprKind::Attr { object, .. } = &module.expr(call.callee).kind else { continue };
        let by = simple_name(module, *object).unwrap_or_default();
        let (Some(&ty), true) = (call.type_args.first(), matches!(by.as_str(), "RestService" | "RestClient")) else {
            continue;
        };
        let Value::Class { unit, class } = ev.at(site.unit, ty) else { continue };
        let Some(arg) = call.args.first() else { continue };
        let values = ev.trace(Site { unit: site.unit, expr: arg.value });
        let client = values.iter().filter_map(Value::instance).find_map(|i| i.call);
        let named = |e: ExprId| match &module.expr(e).kind {
            ExprKind::Name(name) => Some(name.clone()),
            _ => None,
        };
        let func = ev.program.unit(site.unit).index.func_of(site.expr);
        let by_parameter = named(arg.value)
            .zip(func)
            .is_some_and(|(name, func)| module.func(func).params.iter().any(|p| p.name == name));
        let by_address = client.is_none() && values.iter().any(|v| v.to_text().is_some());
        out.push(Implemented { site, interface: (unit, class), client, by_parameter, by_address });
    }
    out
}

/// Requests through an interface that Refit or RestEase implements.
///
/// `made` is the call that gave the object, where there is one.
fn refit(
    ev: &Evaluator<'_>,
    guards: &Guards<'_, '_>,
    unit: UnitId,
    class: ClassId,
    made: Option<Site>,
) -> Vec<HttpRequest> {
    let module = &ev.program.unit(unit).module;
    let mut out = Vec::new();
    for &method in &module.class(class).methods {
        let function = module.func(method);
        let found = function.decorators.iter().find_map(|d| {
            let name = simple_name(module, *d)?;
            let verbs = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"];
            let verb = verbs.into_iter().find(|v| v.eq_ignore_ascii_case(&name))?;
            Some((*d, verb))
        });
        let Some((decorator, verb)) = found else { continue };
        let path = module.call(decorator).and_then(|c| ev.positional(unit, c, 0)).and_then(|v| v.to_text());
        for &call in ev.program.calls_named(&function.name) {
            let Some(c) = ev.program.unit(call.unit).module.call(call.expr) else { continue };
            let is_it = |v: &Value| match v {
                // The class around it may be the only one that implements the interface.
                Value::Function { unit: u, func, .. } => {
                    (*u, *func) == (unit, method)
                        || made.is_some() && ev.overridden((*u, *func)).contains(&(unit, method))
                }
                Value::Method { receiver, .. } => made.is_some() && receiver.call == made,
                _ => false,
            };
            if ev.called(call, c).iter().any(is_it) {
                out.push(declared_request(ev, guards, call, verb, path.clone()));
            }
        }
    }
    out
}

/// What `ConfigureHttpClientDefaults` says, with the functions it is reached from.
#[derive(Debug)]
pub(crate) struct Defaults {
    /// What it says.
    pub(crate) facts: Facts,
    /// The modules that reach it.
    pub(crate) from: Vec<UnitId>,
}

/// Settings for all clients of the factory, usually in a project that services share.
pub(crate) fn defaults(ev: &Evaluator<'_>) -> Vec<Defaults> {
    let mut out = Vec::new();
    for &site in ev.program.calls_named("ConfigureHttpClientDefaults") {
        let unit = ev.program.unit(site.unit);
        let mut facts = polly::read(ev, vec![(site.unit, unit.module.expr(site.expr).span)]);
        for (at, span) in configures(ev, site) {
            let unit = ev.program.unit(at);
            let limit = unit
                .index
                .attribute_assignments
                .iter()
                .find(|(name, _, value)| name == "Timeout" && span.contains(unit.module.expr(*value).span));
            let place = limit.map(|(_, _, value)| ev.program.place(Site { unit: at, expr: *value }));
            facts.timeout = facts.timeout.or(place);
        }
        let mut seen: Vec<(UnitId, Option<FuncId>)> = vec![(site.unit, unit.index.func_of(site.expr))];
        let mut next = 0;
        while let Some(&(at, func)) = seen.get(next).filter(|_| seen.len() < 200) {
            next += 1;
            let Some(func) = func else { continue };
            for caller in ev.callers(at, func) {
                let key = (caller.unit, ev.program.unit(caller.unit).index.func_of(caller.expr));
                if !seen.contains(&key) {
                    seen.push(key);
                }
            }
        }
        // In a function of a library only those that call it count.
        let own = seen.len() == 1;
        let from = seen.into_iter().skip(usize::from(!own)).map(|(unit, _)| unit).collect();
        out.push(Defaults { facts, from });
    }
    out
}
