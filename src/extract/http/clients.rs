//! Finds clients and requests, and puts them together.

use std::collections::{BTreeMap, HashMap, HashSet};

use smol_str::SmolStr;

use super::context::contexts;
use super::dotnet::Registry;
use super::guards::Guards;
use super::retry::{self, RetryPolicy};
use super::timeout::{self, Timeout};
use super::{ClientKind, HttpClient, HttpRequest, InScope, credential, failure, lifetime, request};
use crate::catalog::http::{Client, Http, RetryForm};
use crate::catalog::schema::{Ecosystem, Library};
use crate::facts::module::{ExprKind, FunctionKind, Language};
use crate::program::{Evaluator, Instance, Site, UnitId, Value};

/// The names by which a call can be a request or a client, so that most calls are never evaluated.
struct Names {
    requests: HashSet<(Ecosystem, SmolStr)>,
    clients: HashSet<(Ecosystem, SmolStr)>,
    /// Calls of an object itself (`got(url)`, `instance(config)`) have any name.
    callable: HashSet<Ecosystem>,
}

impl Names {
    fn of(ev: &Evaluator<'_>) -> Names {
        let mut names = Names { requests: HashSet::new(), clients: HashSet::new(), callable: HashSet::new() };
        for library in ev.catalog.libraries() {
            let Some(http) = &library.http else { continue };
            for call in http.requests.iter().flat_map(|r| &r.calls) {
                let last = call.rsplit('.').next().unwrap_or(call);
                if last.is_empty() || last == "()" {
                    names.callable.insert(library.ecosystem);
                } else {
                    names.requests.insert((library.ecosystem, last.into()));
                }
            }
            for client in &http.clients {
                names.clients.insert((library.ecosystem, client.ty.as_str().into()));
            }
            for made_by in library.returns.keys() {
                names.clients.insert((library.ecosystem, made_by.rsplit('.').next().unwrap_or(made_by).into()));
            }
            // Other libraries make its clients: `DaprClient.CreateInvokeHttpClient(…)`.
            let package = format!("{}.", library.packages[0]);
            for other in ev.catalog.libraries().iter().filter(|l| l.ecosystem == library.ecosystem && l.http.is_none())
            {
                let made = other.returns.iter().filter(|(_, ty)| ty.starts_with(&package));
                names
                    .clients
                    .extend(made.map(|(by, _)| (library.ecosystem, by.rsplit('.').next().unwrap_or(by).into())));
            }
        }
        names
    }
}

/// All clients, sorted by place.
pub fn clients(ev: &Evaluator<'_>, in_scope: &InScope<'_>) -> Vec<HttpClient> {
    let names = Names::of(ev);
    let guards = Guards::new(ev);
    let registry = Registry::new(ev, in_scope);
    let mut found: BTreeMap<Site, HttpClient> = registry.clients(ev).into_iter().map(|c| (c.site, c)).collect();
    let mut requests: Vec<(Option<Site>, HttpRequest, &Library, Option<Instance>)> = Vec::new();
    for unit in ev.program.ids().filter(|u| in_scope(*u)) {
        let language = ev.program.language(unit);
        let ecosystem = Ecosystem::of(language);
        let callables = callable_modules(ev, unit);
        for call in &ev.program.unit(unit).index.calls {
            let site = Site { unit, expr: call.expr };
            let module = &ev.program.unit(unit).module;
            let name = module.callee_name(call.expr).cloned().unwrap_or_default();
            if (names.clients.contains(&(ecosystem, name.clone())) || callables.contains(&name))
                && let Some((library, http, client)) = constructed(ev, site)
                && registry.redirect(ev, site).is_none()
            {
                found.insert(site, new_client(ev, site, library, http, client));
            }
            if !names.requests.contains(&(ecosystem, name.clone())) && !names.callable.contains(&ecosystem) {
                continue;
            }
            for (symbol, receiver) in callees(ev, site) {
                let Some((library, rest)) = ev.catalog.split(language, &symbol) else { continue };
                let Some(http) = &library.http else { continue };
                let Some(form) = http.requests.iter().find(|r| r.calls.iter().any(|c| c == rest)) else { continue };
                let Some(request) = request::read(ev, &guards, http, form, rest, site) else { continue };
                let origin = receiver.as_ref().and_then(|r| origin(ev, r));
                let origin = origin.map(|made| registry.redirect(ev, made).unwrap_or(made));
                let mut typed =
                    if origin.is_none() && receiver.is_some() { registry.typed(ev, site) } else { Vec::new() };
                if origin.is_none() && typed.is_empty() && ecosystem == Ecosystem::DotNet {
                    typed = super::dotnet_base::handed(ev, site);
                }
                let (first, others) = match typed.split_first() {
                    Some((first, others)) => (Some(*first), others),
                    None => (origin, &[][..]),
                };
                let library = injected_around(ev, language, receiver.as_ref()).unwrap_or(library);
                for other in others {
                    requests.push((Some(*other), request.clone(), library, receiver.clone()));
                }
                requests.push((first, request, library, receiver));
                break;
            }
        }
    }
    for (origin, request, library, receiver) in requests {
        let Some(http) = &library.http else { continue };
        match origin {
            Some(site) if found.contains_key(&site) => {
                if let Some(client) = found.get_mut(&site) {
                    client.requests.push(request);
                }
            }
            // The object was made where we do not look (a test, another repository), or only its type
            // is known.
            None | Some(_)
                if receiver.is_some()
                    && !is_injected(library)
                    && (is_client(http, receiver.as_ref()) || library.ecosystem == Ecosystem::Jvm) =>
            {
                let site = request.site;
                let mut client = call_client(library, http, request);
                client.timeout = Timeout::Unknown;
                client.retry_unknown = Some("the client is built where it could not be followed".into());
                client.followed = false;
                found.insert(site, client);
            }
            _ => {
                // One client for all requests that are sent by what a class was given.
                let given = if http.injected { super::jvm::given(ev, request.site) } else { None };
                let site = given.as_ref().map_or(request.site, |given| given.site);
                if let Some(client) = found.get_mut(&site) {
                    client.requests.push(request);
                    continue;
                }
                let mut client = call_client(library, http, request);
                module_settings(ev, library, http, &mut client);
                if let Some(given) = given {
                    (client.site, client.place) = (site, ev.program.place(site));
                    (client.kind, client.base_url) = (ClientKind::Client, given.address);
                }
                found.insert(site, client);
            }
        }
    }
    attach(ev, &mut found);
    registry.finish(ev, &guards, &mut found);
    found.extend(super::flurl::clients(ev, in_scope, &guards).into_iter().map(|client| (client.site, client)));
    found.extend(super::dotnet_handler::repeating(ev, in_scope).into_iter().map(|client| (client.site, client)));
    super::jvm::declared(ev, in_scope, &guards, &mut found);
    let mut out: Vec<HttpClient> = found.into_values().collect();
    for client in &mut out {
        // A client that is handed to a library says nothing about how requests are bounded there: in Go, and
        // where the limit is one of the request (`new JdkClientHttpRequestFactory(HttpClient.newHttpClient())`).
        let language = ev.program.language(client.site.unit);
        let by_request = || constructed(ev, client.site).is_some_and(|(_, _, made)| made.timeout.is_empty());
        let bounded_there = language == Language::Go || (language.is_jvm() && by_request());
        if bounded_there && client.requests.is_empty() && !client.forwards && client.timeout == Timeout::Unsaid {
            client.timeout = Timeout::Unknown;
            client.retry_unknown.get_or_insert_with(|| "the requests could not be found".into());
            client.followed = false;
        }
        if client.kind == ClientKind::Client && super::sent::adds_query(ev, client.site) {
            let requests = client.requests.iter_mut();
            requests.for_each(|request| {
                request.sent.query = None;
                request.seen_from.iter_mut().for_each(|way| way.sent.query = None);
            });
        }
        client.requests.sort_by_key(|r| r.place);
    }
    out.sort_by_key(|c| c.place);
    failure::apply(ev, &mut out);
    lifetime::apply(ev, &mut out);
    out
}

/// The local names of modules that make a client when they are called: `proxy` after
/// `import proxy from "express-http-proxy"`.
fn callable_modules(ev: &Evaluator<'_>, unit: UnitId) -> HashSet<SmolStr> {
    let language = ev.program.language(unit);
    let makes_client = |module: &str| {
        let Some((library, "")) = ev.catalog.split(language, module) else { return false };
        let Some((http, ty)) = library.http.as_ref().zip(library.aliases.get("")) else { return false };
        http.clients.iter().any(|client| client.ty == *ty)
    };
    let imports = ev.program.unit(unit).module.imports.iter();
    imports.filter(|import| makes_client(&import.module)).map(|import| import.local.clone()).collect()
}

/// The symbols a call may mean; a parameter is followed to what the callers pass.
pub(crate) fn callees(ev: &Evaluator<'_>, site: Site) -> Vec<(SmolStr, Option<Instance>)> {
    if let Some((symbol, receiver)) = ev.callee(site) {
        let mut receiver = receiver.map(|r| (*r).clone());
        if let Some(known) = receiver.as_mut().filter(|r| r.call.is_none() && r.from.is_none())
            && let Some(call) = ev.program.unit(site.unit).module.call(site.expr)
            && let ExprKind::Attr { object, .. } = &ev.program.unit(site.unit).module.expr(call.callee).kind
        {
            let made = ev.trace(Site { unit: site.unit, expr: *object });
            if let Some(instance) =
                made.iter().filter_map(Value::instance).find(|i| i.call.is_some() && i.ty == known.ty)
            {
                *known = instance.clone();
            }
        }
        return vec![(symbol, receiver)];
    }
    let unit = ev.program.unit(site.unit);
    let Some(call) = unit.module.call(site.expr) else { return Vec::new() };
    let ExprKind::Attr { object, name, .. } = &unit.module.expr(call.callee).kind else { return Vec::new() };
    let object = ev.at(site.unit, *object);
    if !matches!(object, Value::Param { .. }) {
        return Vec::new();
    }
    ev.settle(&object)
        .iter()
        .filter_map(|v| match ev.attribute(v, name, site) {
            Value::Method { symbol, receiver } => Some((symbol, Some((*receiver).clone()))),
            Value::External(symbol) => Some((ev.catalog.canonical(ev.program.language(site.unit), &symbol), None)),
            _ => None,
        })
        .collect()
}

/// The call that made a client, through fluent copies (`got.extend`).
fn origin(ev: &Evaluator<'_>, instance: &Instance) -> Option<Site> {
    let mut current = instance;
    loop {
        if let Some(call) = current.call
            && constructed(ev, call).is_some()
        {
            return Some(call);
        }
        current = current.from.as_deref()?;
    }
}

/// A call that constructs a client of the catalog, also through a class of ours that extends one.
fn constructed<'e>(ev: &Evaluator<'e>, site: Site) -> Option<(&'e Library, &'e Http, &'e Client)> {
    let instance = match ev.eval(site) {
        Value::Instance(instance) if instance.call == Some(site) => instance,
        _ => return None,
    };
    let language = ev.program.language(site.unit);
    // A setter gives what it is called on: `resty.New().SetHeader("Accept", "text/plain")`.
    if language == Language::Go && instance.from.as_ref().is_some_and(|from| from.ty == instance.ty) {
        return None;
    }
    let (library, rest) = ev.catalog.split(language, &instance.ty)?;
    let http = library.http.as_ref()?;
    let client = http.clients.iter().find(|c| c.ty == rest)?;
    Some((library, http, client))
}

fn is_client(http: &Http, receiver: Option<&Instance>) -> bool {
    receiver.is_some_and(|r| {
        let last = r.ty.rsplit('.').next().unwrap_or(&r.ty);
        http.clients.iter().any(|c| c.ty == last)
    })
}

/// Clients that a framework builds and injects are judged by each call and by the module's settings.
fn is_injected(library: &Library) -> bool {
    library.http.as_ref().is_some_and(|h| h.clients.is_empty() || h.injected)
}

/// The library whose injected client the object is a property of: `this.http.axiosRef` is the `HttpService`'s.
fn injected_around<'e>(ev: &Evaluator<'e>, language: Language, receiver: Option<&Instance>) -> Option<&'e Library> {
    let whole = receiver?.from.as_deref()?;
    let (library, rest) = ev.catalog.split(language, &whole.ty)?;
    let of_it = |call: &String| call.strip_prefix(rest).is_some_and(|method| method.starts_with('.'));
    let sends = library.http.as_ref()?.requests.iter().any(|form| form.calls.iter().any(of_it));
    (library.ecosystem == Ecosystem::JavaScript && sends && is_injected(library)).then_some(library)
}

fn new_client(ev: &Evaluator<'_>, site: Site, library: &Library, http: &Http, client: &Client) -> HttpClient {
    let mut retries = Vec::new();
    let mut retry_unknown = None;
    let mut base_url = None;
    let mut base_urls = Vec::new();
    let mut default_retries = http.default_retry.as_ref().map_or(0, |r| r.attempts);
    for (name, value) in arguments(ev, site, client.options) {
        if client.retry.contains(&name) && none_left(ev, value) {
            default_retries = 0;
        } else if client.retry.contains(&name) {
            match policy_of(ev, value) {
                Some(policy) => retries.push(policy),
                None if matches!(ev.eval(value), Value::Null | Value::Num(_) | Value::Bool(_)) => {}
                None => match ev.eval(value) {
                    // A transport that only opens connections (`httpx.HTTPTransport(retries=2)`).
                    Value::Instance(i) if i.ty.ends_with("Transport") => {}
                    Value::Dict(_) => retries.push(RetryPolicy {
                        wait: Some(crate::catalog::http::Wait::Exponential),
                        selective: true,
                        ..RetryPolicy::immediate(ev.program.place(value), &library.library)
                    }),
                    _ => retry_unknown = Some(format!("`{name}` could not be read")),
                },
            }
        }
        if client.base_url.contains(&name) {
            match ev.eval(value).to_text() {
                Some(text) => base_url = Some((text, ev.program.place(value))),
                // The callers of the wrapper say it.
                None => {
                    for context in contexts(ev, site, &|c| c.text(ev, value).is_none()) {
                        if let (Some(outer), Some(text)) = (context.outermost(), context.text(ev, value)) {
                            base_urls.push((text, ev.program.place(outer)));
                        }
                    }
                }
            }
        }
    }
    if base_url.is_none() && ev.program.language(site.unit).is_jvm() {
        base_url = super::jvm::base_url(ev, site);
    }
    let mut timeout = timeout::of_call(ev, site, &client.timeout, client.options);
    if timeout == Timeout::Unsaid
        && let Some(place) = assigned_timeout(ev, site, client)
    {
        timeout = Timeout::Set(place);
    }
    if ev.program.language(site.unit) == Language::Go {
        let set = super::golang::settings(ev, site, client);
        timeout = if timeout == Timeout::Unsaid { set.timeout } else { timeout };
        retries.extend(set.retries);
        retry_unknown = retry_unknown.or(set.retry_unknown);
    }
    if timeout == Timeout::Unsaid && ev.program.language(site.unit).is_jvm() {
        timeout = super::jvm::timeout(ev, site, client);
    }
    let bounded_by = match timeout {
        Timeout::Unsaid if super::jvm::boot_builder(ev, site) => client.settings.clone(),
        _ => Vec::new(),
    };
    if ev.program.language(site.unit).is_jvm() {
        retry_unknown = retry_unknown.or_else(|| super::jvm::may_repeat(ev, site));
        let customised = || super::jvm::customised_retry(ev, site.unit, &client.ty);
        retry_unknown = retry_unknown.or_else(|| customised().then(|| "a customizer may bring a retry".into()));
    }
    let module = &ev.program.unit(site.unit).module;
    let idempotency_key =
        module.call(site.expr).is_some_and(|call| request::idempotency_key(ev, call, site, None) == Some(true));
    let mut made = HttpClient {
        place: ev.program.place(site),
        site,
        library: client.name.clone().unwrap_or_else(|| library.library.clone()),
        kind: ClientKind::Client,
        forwards: http.requests.is_empty(),
        breaker: None,
        followed: true,
        requests: Vec::new(),
        timeout: if timeout == Timeout::Unsaid && timeout::default_counts(http) {
            Timeout::Set(ev.program.place(site))
        } else {
            timeout
        },
        retries,
        default_retries,
        retry_unknown,
        base_url,
        base_urls,
        logical_address: false,
        idempotency_key,
        rejects: http.rejects,
        pooled: client.pooled,
        bounded_by,
        per_call: None,
        credential: credential::of_call(ev, site),
        default_text: client.default_text.as_ref().unwrap_or(&http.default_text).clone(),
        timeout_help: client.timeout_help.clone().unwrap_or_else(|| timeout_help(library, http)),
        retry_help: retry_help(library).into(),
        breaker_help: breaker_help(library).into(),
    };
    super::dotnet::complete(ev, &mut made);
    made
}

/// `retry: 0`, `retry: { limit: 0 }`.
fn none_left(ev: &Evaluator<'_>, value: Site) -> bool {
    match ev.eval(value) {
        Value::Num(n) => n == 0.0,
        Value::Bool(b) => !b,
        Value::Dict(dict) => dict.get("limit").is_some_and(|s| ev.eval(s) == Value::Num(0.0)),
        _ => false,
    }
}

/// The arguments of a construction by name, options included.
fn arguments(ev: &Evaluator<'_>, site: Site, options: Option<usize>) -> Vec<(String, Site)> {
    let Some(call) = ev.program.unit(site.unit).module.call(site.expr) else { return Vec::new() };
    let mut out = Vec::new();
    let mut position = 0;
    // A single argument is the options wherever they may stand: `proxy({ target })`, `proxy("/stock", { target })`.
    let is_single = call.args.len() == 1;
    for arg in &call.args {
        let value = Site { unit: site.unit, expr: arg.value };
        match &arg.name {
            Some(name) => out.push((name.to_string(), value)),
            None => {
                if options.is_some_and(|at| at == position || is_single)
                    && let Value::Dict(dict) = ev.eval(value)
                {
                    out.extend(dict.entries.iter().map(|(k, v)| (k.to_string(), *v)));
                }
                out.push((position.to_string(), value));
                position += 1;
            }
        }
    }
    out
}

/// A retry policy that is given as a value: `Retry(…)`, `RetryTransport(retry=Retry(…))`.
fn policy_of(ev: &Evaluator<'_>, value: Site) -> Option<RetryPolicy> {
    let Value::Instance(instance) = ev.eval(value) else { return None };
    let call = instance.call?;
    let (symbol, _) = ev.callee(call)?;
    let (library, rest) = ev.catalog.split(ev.program.language(call.unit), &symbol)?;
    let form = library.retry.iter().find(|r| r.form == RetryForm::Policy && r.symbols.iter().any(|s| s == rest))?;
    let outer = retry::from_catalog(ev, &library.library, form, Some(call), ev.program.place(call));
    // The innermost policy says it all.
    let inner = arguments(ev, call, None).into_iter().find_map(|(_, v)| policy_of(ev, v));
    Some(inner.unwrap_or(outer))
}

/// `client.timeout = 5`, `instance.defaults.timeout = 5000`.
fn assigned_timeout(ev: &Evaluator<'_>, site: Site, client: &Client) -> Option<crate::syntax::Place> {
    let last = |n: &String| n.rsplit('.').next().unwrap_or(n).to_string();
    let names: Vec<String> = client.attributes.iter().chain(&client.timeout).map(last).collect();
    if client.attributes.is_empty() && !client.configurable {
        return None;
    }
    let unit = ev.program.unit(site.unit);
    unit.index.attribute_assignments.iter().find_map(|(name, object, value)| {
        if !names.iter().any(|n| n == name) {
            return None;
        }
        let target = ev.at(site.unit, *object);
        let instance = target.instance()?;
        let same = instance.call == Some(site) || instance.from.as_ref().is_some_and(|f| f.call == Some(site));
        (same || names_same(ev, site, *object)).then(|| ev.program.place(Site { unit: site.unit, expr: *value }))
    })
}

/// `api.defaults.timeout = …`: the object is an attribute of the client.
fn names_same(ev: &Evaluator<'_>, site: Site, object: crate::facts::module::ExprId) -> bool {
    let unit = ev.program.unit(site.unit);
    match &unit.module.expr(object).kind {
        ExprKind::Attr { object, .. } => ev.at(site.unit, *object).instance().is_some_and(|i| i.call == Some(site)),
        _ => false,
    }
}

fn call_client(library: &Library, http: &Http, request: HttpRequest) -> HttpClient {
    let timeout = match &request.timeout {
        Timeout::Unsaid if timeout::default_counts(http) => Timeout::Set(request.place),
        other => other.clone(),
    };
    HttpClient {
        place: request.place,
        site: request.site,
        library: library.library.clone(),
        kind: ClientKind::Call,
        forwards: false,
        breaker: None,
        followed: true,
        timeout,
        retries: Vec::new(),
        default_retries: http.default_retry.as_ref().map_or(0, |r| r.attempts),
        retry_unknown: None,
        base_url: None,
        base_urls: Vec::new(),
        logical_address: false,
        idempotency_key: false,
        rejects: http.rejects,
        pooled: false,
        bounded_by: Vec::new(),
        per_call: None,
        credential: None,
        default_text: http.default_text.clone(),
        timeout_help: timeout_help(library, http),
        retry_help: retry_help(library).into(),
        breaker_help: breaker_help(library).into(),
        requests: vec![request],
    }
}

/// What to write: from the data file, else by the library's own option.
fn timeout_help(library: &Library, http: &Http) -> String {
    http.timeout_help.clone().unwrap_or_else(|| {
        match http.timeout.first().or(http.clients.first().and_then(|c| c.timeout.first())) {
            Some(name) if library.ecosystem == Ecosystem::Python => {
                format!("Pass `{name}=` in seconds, shorter than the caller's own timeout")
            }
            Some(name) => format!("Set `{name}` in milliseconds, shorter than the caller's own timeout"),
            None => "Bound the call, shorter than the caller's own timeout".into(),
        }
    })
}

pub(super) fn retry_help(library: &Library) -> &'static str {
    match (library.library.as_str(), library.ecosystem) {
        ("requests", _) => {
            "`session.mount(url, HTTPAdapter(max_retries=Retry(total=3, backoff_factor=0.5, status_forcelist=[429, 502, 503, 504])))`"
        }
        (_, Ecosystem::Python) => {
            "`@retry(stop=stop_after_attempt(3), wait=wait_random_exponential(max=5))` of tenacity, or stamina"
        }
        (_, Ecosystem::Jvm) => "`@Retry(name = \"peer\")` of Resilience4j with `exponentialBackoff` and a jitter",
        (_, Ecosystem::Go) => {
            "`retry.Do(call, retry.Attempts(3), retry.DelayType(retry.FullJitterBackoffDelay))` of avast/retry-go, or failsafe-go"
        }
        (_, Ecosystem::DotNet) => {
            "`.AddStandardResilienceHandler()` of Microsoft.Extensions.Http.Resilience, or Polly's `AddRetry` with `UseJitter`"
        }
        ("axios" | "@nestjs/axios", _) => {
            "`axiosRetry(client, { retries: 3, retryDelay: axiosRetry.exponentialDelay })`"
        }
        _ => "`pRetry(() => …, { retries: 3, randomize: true })`, or cockatiel's `retry` with `ExponentialBackoff`",
    }
}

pub(super) fn breaker_help(library: &Library) -> &'static str {
    match library.ecosystem {
        Ecosystem::Python => {
            "Put one breaker per peer around the call: `@circuit(failure_threshold=5, recovery_timeout=30)` of circuitbreaker, or purgatory; pybreaker only for synchronous code"
        }
        Ecosystem::Jvm => {
            "Put one breaker per peer around the call: `@CircuitBreaker(name = \"peer\")` of Resilience4j"
        }
        Ecosystem::Go => {
            "Put one breaker per peer around the call: `gobreaker.NewCircuitBreaker[T](settings)` of sony/gobreaker, or failsafe-go"
        }
        Ecosystem::DotNet => {
            "Put one breaker per peer around the call: `.AddStandardResilienceHandler()`, or Polly's `AddCircuitBreaker`"
        }
        Ecosystem::JavaScript => {
            "Put one breaker per peer around the call: `new CircuitBreaker(fn, { timeout: 3000, resetTimeout: 30000 })` of opossum, or cockatiel's `circuitBreaker`"
        }
    }
}

/// Settings for all calls of a package: `axios.defaults.timeout = 5000`, `HttpModule.register({ timeout })`,
/// `axiosRetry(axios, …)`, `setGlobalDispatcher(new Agent({ … }))`.
fn module_settings(ev: &Evaluator<'_>, library: &Library, http: &Http, client: &mut HttpClient) {
    if client.timeout != Timeout::Unsaid {
        return;
    }
    let here = &ev.program.unit(client.site.unit).path;
    let near = |unit: UnitId| shares_root(&ev.program.unit(unit).path, here);
    for name in ["register", "registerAsync"] {
        for &site in ev.program.calls_named(name).iter().filter(|s| near(s.unit)) {
            let Some((symbol, _)) = ev.callee(site) else { continue };
            if !symbol.starts_with(library.packages[0].as_str()) {
                continue;
            }
            if name == "registerAsync" {
                client.timeout = Timeout::Unknown;
                continue;
            }
            let module = &ev.program.unit(site.unit).module;
            let options = module.call(site.expr).and_then(|c| ev.positional(site.unit, c, 0));
            if let Some(Value::Dict(dict)) = options {
                if let Some(value) = http.timeout.iter().find_map(|n| dict.get(n)) {
                    client.timeout = Timeout::Set(ev.program.place(value));
                } else if dict.open {
                    client.timeout = Timeout::Unknown;
                }
            }
        }
    }
    if matches!(client.library.as_str(), "axios" | "@nestjs/axios") {
        for unit in ev.program.ids().filter(|u| near(*u)) {
            let u = ev.program.unit(unit);
            for (name, object, value) in &u.index.attribute_assignments {
                if name != "timeout" {
                    continue;
                }
                // The second is `this.http.axiosRef.defaults`.
                let all = match ev.at(unit, *object) {
                    Value::External(symbol) => symbol == "axios.defaults",
                    Value::Method { symbol, receiver } => {
                        let around = injected_around(ev, ev.program.language(unit), Some(&receiver));
                        symbol == "axios.Axios.defaults" && around.is_some_and(|l| l.library == client.library)
                    }
                    _ => false,
                };
                if all {
                    client.timeout = Timeout::Set(ev.program.place(Site { unit, expr: *value }));
                }
            }
        }
    }
    if matches!(client.library.as_str(), "Node.js" | "undici") {
        for &site in ev.program.calls_named("setGlobalDispatcher").iter().filter(|s| near(s.unit)) {
            client.timeout = Timeout::Set(ev.program.place(site));
        }
    }
}

/// Both files belong to one package, judged by the first folders of their paths.
fn shares_root(a: &str, b: &str) -> bool {
    let root = |p: &str| -> String {
        let parts: Vec<&str> = p.split('/').collect();
        let end =
            parts.iter().position(|s| matches!(*s, "src" | "app" | "lib")).unwrap_or(parts.len().saturating_sub(1));
        parts[..end].join("/")
    };
    root(a) == root(b)
}

/// Policies attached to a client after its construction: `axiosRetry(client, …)`,
/// `session.mount("https://", HTTPAdapter(…))`, an interceptor that sends the request again.
fn attach(ev: &Evaluator<'_>, found: &mut BTreeMap<Site, HttpClient>) {
    let mut by_site: HashMap<Site, Vec<RetryPolicy>> = HashMap::new();
    let mut global: Vec<(UnitId, RetryPolicy)> = Vec::new();
    let mut mounted: HashMap<Site, crate::syntax::Place> = HashMap::new();
    for unit in ev.program.ids() {
        let u = ev.program.unit(unit);
        for call in &u.index.calls {
            let site = Site { unit, expr: call.expr };
            let Some(c) = u.module.call(call.expr) else { continue };
            let name = u.module.callee_name(call.expr).map_or("", |n| n.as_str());
            let receiver = match &u.module.expr(c.callee).kind {
                ExprKind::Attr { object, .. } => Some(*object),
                _ => None,
            };
            if name == "mount"
                && let Some(object) = receiver
                && let Some(client) = ev.at(unit, object).instance().and_then(|i| origin(ev, i))
                && let Some(adapter) = c.args.get(1)
            {
                let value = Site { unit, expr: adapter.value };
                if let Some(policy) = policy_of(ev, value) {
                    by_site.entry(client).or_default().push(policy);
                } else if matches!(ev.eval(value), Value::Object { .. }) {
                    // An adapter of ours, usually the one that sets a default timeout.
                    mounted.insert(client, ev.program.place(value));
                }
            } else if name == "use"
                && let Some(object) = receiver
                && let ExprKind::Attr { object, name: kind, .. } = &u.module.expr(object).kind
                && kind == "response"
                && let ExprKind::Attr { object: client, .. } = &u.module.expr(*object).kind
            {
                let value = ev.at(unit, *client);
                let resends = c.args.iter().skip(1).find_map(|arg| resends(ev, unit, arg.value, &value));
                if let Some(policy) = resends {
                    match value.instance().and_then(|i| origin(ev, i)) {
                        Some(client) => by_site.entry(client).or_default().push(policy),
                        None => global.push((unit, policy)),
                    }
                }
            } else if let Some((symbol, _)) =
                ev.callee(site).filter(|_| name.to_lowercase().contains("retry") || name == "attach")
                && let Some((library, rest)) = ev.catalog.split(u.module.language, &symbol)
                && let Some(form) =
                    library.retry.iter().find(|r| r.form == RetryForm::Attached && r.symbols.iter().any(|s| s == rest))
            {
                let place = ev.program.place(site);
                let policy = retry::from_catalog(ev, &library.library, form, Some(site), place);
                let target = c.args.first().map(|a| ev.at(unit, a.value));
                let clients: Vec<Site> = target
                    .iter()
                    .flat_map(|t| ev.settle(t))
                    .filter_map(|v| v.instance().and_then(|i| origin(ev, i)))
                    .collect();
                if clients.is_empty() {
                    global.push((unit, policy.clone()));
                }
                for client in clients {
                    by_site.entry(client).or_default().push(policy.clone());
                }
            }
        }
    }
    for client in found.values_mut() {
        if let Some(policies) = by_site.remove(&client.site) {
            client.retries.extend(policies);
        }
        if let Some(place) = mounted.get(&client.site)
            && client.timeout == Timeout::Unsaid
        {
            client.timeout = Timeout::Set(*place);
        }
        let axios = matches!(client.library.as_str(), "axios" | "@nestjs/axios") && client.kind == ClientKind::Call;
        if axios {
            let path = &ev.program.unit(client.site.unit).path;
            client.retries.extend(
                global.iter().filter(|(u, _)| shares_root(&ev.program.unit(*u).path, path)).map(|(_, p)| p.clone()),
            );
        }
    }
}

/// An error handler of an interceptor that sends the request again through the client.
fn resends(
    ev: &Evaluator<'_>,
    unit: UnitId,
    handler: crate::facts::module::ExprId,
    client: &Value,
) -> Option<RetryPolicy> {
    let Value::Function { unit: fu, func, .. } = ev.at(unit, handler) else { return None };
    let u = ev.program.unit(fu);
    let span = u.module.func(func).span;
    debug_assert!(u.module.func(func).kind != FunctionKind::Constructor);
    let again = u.index.calls.iter().find(|c| {
        span.contains(u.module.expr(c.expr).span)
            && u.module.call(c.expr).is_some_and(|call| {
                let callee = ev.at(fu, call.callee);
                callee == *client
                    || matches!(&callee, Value::Method { receiver, .. } if client.instance() == Some(receiver))
                    || matches!((&callee, client), (Value::External(a), Value::External(b)) if a == b)
            })
    })?;
    // Sending once more after a fresh token is no retry of failures.
    let text_names: Vec<String> = u
        .module
        .exprs
        .iter()
        .filter(|e| span.contains(e.span))
        .filter_map(|e| match &e.kind {
            ExprKind::Num(n) if *n == 401.0 => Some("401".to_string()),
            _ => None,
        })
        .collect();
    let place = ev.program.place(Site { unit: fu, expr: again.expr });
    if text_names.iter().any(|n| n == "401") {
        return None;
    }
    Some(RetryPolicy { wait: None, bounded: None, ..RetryPolicy::immediate(place, "an interceptor") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;
    use crate::program::load;
    use crate::program::resolve::Packages;

    /// Each client as `library base-url timeout`.
    fn told(sources: &[(&str, &str)]) -> Vec<String> {
        let program = load::from_sources(sources, &Packages::default());
        let ev = Evaluator::new(&program, Catalog::embedded().unwrap());
        let tell = |c: &HttpClient| {
            let base = c.base_url.as_ref().map(|(text, _)| text.pattern()).unwrap_or_default();
            let timeout = if matches!(c.timeout, Timeout::Set(_)) { "set" } else { "missing" };
            format!("{} {base} {timeout}", c.library)
        };
        clients(&ev, &|_| true).iter().map(tell).collect()
    }

    #[test]
    fn proxies_are_clients_under_whatever_name_they_are_imported() {
        let required = "const forward = require('express-http-proxy');\nconst httpProxy = require('http-proxy');\napp.use('/a', forward('http://a'));\napp.use('/b', forward('http://b', { timeout: 2000 }));\nhttpProxy.createProxyServer({ target: 'http://c', proxyTimeout: 3000 });\n";
        let imported = "import forward from 'express-http-proxy';\nimport createClient from 'openapi-fetch';\nforward('http://d', {});\ncreateClient<paths>({ baseUrl: 'http://e' });\n";
        assert_eq!(
            told(&[("a.js", required), ("b.ts", imported)]),
            [
                "express-http-proxy http://a missing",
                "express-http-proxy http://b set",
                "http-proxy http://c set",
                "express-http-proxy http://d missing",
                "openapi-fetch http://e missing",
            ]
        );
    }
}
