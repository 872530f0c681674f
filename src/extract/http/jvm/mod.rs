//! What is special about HTTP clients in Java and Kotlin: limits are set by setters and builders, and
//! clients are interfaces that a framework implements.

mod builder;
mod declared;
mod feign;
mod gateway;
pub(super) mod grpc;
mod injected;
mod keyed;
mod proxied;
mod reactive;
mod sent;

use super::guards::Guard;
use super::retry::RetryPolicy;
use super::timeout::Timeout;
use crate::catalog::http::Client;
use crate::facts::module::{ExprId, ExprKind, Module, StmtKind};
use crate::program::types::{build_root, simple_name};
use crate::program::{Evaluator, Parent, Site, UnitId, Value};

pub(super) use builder::{boot_builder, customised_retry};
pub(super) use declared::declared;
pub use gateway::routes as gateway_routes;
pub(super) use injected::given;
pub(super) use reactive::repeated;
pub(super) use sent::{address, base_url, method, sent_to};
use sent::{after, chain, named, origin};

/// Setters and builder steps that may bring a limit with them, or take one away.
const MAY_LIMIT: [&str; 20] = [
    "property",
    "register",
    "withConfig",
    "configure",
    "setRequestFactory",
    "requestFactory",
    "clientConnector",
    "clientHttpConnector",
    "setDefaultRequestConfig",
    "setDefaultSocketConfig",
    "setDefaultConnectionConfig",
    "setConnectionManager",
    "setConnectionTimeToLive",
    "setConnectTimeout",
    "customizers",
    "additionalCustomizers",
    "clientSettings",
    "apply",
    "filter",
    "filters",
];

/// The limit that the construction of a client sets: in its arguments, in the builder before it, or by
/// setters of the object afterwards.
pub(super) fn timeout(ev: &Evaluator<'_>, site: Site, client: &Client) -> Timeout {
    let unit = ev.program.unit(site.unit);
    let module = &unit.module;
    let mut verdict = Timeout::Unsaid;
    let mut say = |name: &str, at: Site| {
        if client.timeout.iter().any(|n| n == name) {
            match (is_endless(ev, at), &verdict) {
                (false, _) => verdict = Timeout::Set(ev.program.place(at)),
                // A call without an end is one whose parts are bounded.
                (true, Timeout::Unsaid | Timeout::Unknown) if name != "callTimeout" => {
                    verdict = Timeout::Disabled(ev.program.place(at));
                }
                (true, _) => {}
            }
        } else if MAY_LIMIT.contains(&name) && verdict == Timeout::Unsaid && !only_looks(ev, at) {
            verdict = Timeout::Unknown;
        }
    };
    // What a builder was told before the last step.
    let mut open = false;
    let mut at = site.expr;
    while let Some(call) = module.call(at) {
        let ExprKind::Attr { object, name, .. } = &module.expr(call.callee).kind else { break };
        say(name, Site { unit: site.unit, expr: at });
        at = *object;
        // A builder that comes from elsewhere may be told anything there.
        let inner = &module.expr(at).kind;
        let is_class =
            matches!(inner, ExprKind::Name(n) | ExprKind::Attr { name: n, .. } if n.starts_with(char::is_uppercase));
        // The address of a connection is no builder: `url.openConnection()`.
        let is_url = || ev.type_name(Site { unit: site.unit, expr: at }, 0).is_some_and(|ty| ty == "URL");
        let of_boot = || builder::injected(ev, Site { unit: site.unit, expr: at });
        open |= !is_class && module.call(at).is_none() && !of_boot() && !is_url();
    }
    // The first step makes a builder, or a client with a factory of its own: `new RestTemplate(factory)`,
    // `ClientBuilder.newClient(config)`.
    let only_address = matches!(client.ty.as_str(), "WebClient" | "RestClient" | "OAuth2RestTemplate");
    if !only_address {
        open |= module.call(site.expr).is_some_and(|c| !c.args.is_empty());
    }
    // Setters of the object; a bean is often called like its method.
    let func = unit.index.func_of(site.expr).map(|f| module.func(f).name.as_str());
    let names: Vec<&str> = bound_name(module, site.expr).into_iter().chain(func).collect();
    let root = build_root(&unit.path);
    let setters = MAY_LIMIT.into_iter().filter(|name| name.starts_with("set") || *name == "property");
    for name in client.timeout.iter().map(String::as_str).chain(setters) {
        for setter in ev.program.calls_named(name) {
            let other = ev.program.unit(setter.unit);
            if build_root(&other.path) != root || *setter == site {
                continue;
            }
            let Some(call) = other.module.call(setter.expr) else { continue };
            let ExprKind::Attr { object, .. } = &other.module.expr(call.callee).kind else { continue };
            let of_this = ev
                .at(setter.unit, *object)
                .alternatives()
                .iter()
                .any(|v| v.instance().is_some_and(|i| i.call == Some(site)));
            // In the same file a variable of the same name is enough.
            if of_this || (setter.unit == site.unit && names.iter().any(|n| text_of(module, *object) == Some(n))) {
                say(name, *setter);
            }
        }
    }
    if open && verdict == Timeout::Unsaid { Timeout::Unknown } else { verdict }
}

/// True for a limit of zero, which means none: `readTimeout(0, SECONDS)`, `setReadTimeout(Duration.ZERO)`.
fn is_endless(ev: &Evaluator<'_>, site: Site) -> bool {
    let first = ev.program.unit(site.unit).module.call(site.expr).and_then(|call| call.args.first());
    match first.map(|arg| ev.at(site.unit, arg.value)) {
        Some(Value::Num(n)) => n == 0.0,
        Some(Value::External(symbol)) => symbol.ends_with("Duration.ZERO"),
        _ => false,
    }
}

/// Steps that put code into a client that may send a request again.
const MAY_REPEAT: [&str; 13] = [
    "withConfig",
    "requestInterceptor",
    "requestInterceptors",
    "interceptors",
    "additionalInterceptors",
    "setInterceptors",
    "getInterceptors",
    "filter",
    "filters",
    "setRetryHandler",
    "setRetryStrategy",
    "setServiceUnavailableRetryStrategy",
    "addInterceptor",
];

/// Filters of Spring that choose an instance or add a token; none of them limits or repeats
/// (<https://docs.spring.io/spring-cloud-commons/reference/spring-cloud-commons/loadbalancer.html>).
const LOOKS: [&str; 5] = [
    "ReactorLoadBalancerExchangeFilterFunction",
    "ServletBearerExchangeFilterFunction",
    "ServerBearerExchangeFilterFunction",
    "ServletOAuth2AuthorizedClientExchangeFilterFunction",
    "ServerOAuth2AuthorizedClientExchangeFilterFunction",
];

/// True for a filter of a request or a response: `filter(ExchangeFilterFunction.ofRequestProcessor(…))` is not
/// the one who sends, so it neither limits nor repeats.
fn only_looks(ev: &Evaluator<'_>, site: Site) -> bool {
    let module = &ev.program.unit(site.unit).module;
    let Some(call) = module.call(site.expr) else { return false };
    let [only] = call.args.as_slice() else { return false };
    let given = Site { unit: site.unit, expr: only.value };
    if ev.type_name(given, 0).is_some_and(|ty| LOOKS.contains(&ty.as_str())) {
        return true;
    }
    module.callee_name(only.value).is_some_and(|name| {
        matches!(
            name.as_str(),
            "ofRequestProcessor" | "ofResponseProcessor" | "basicAuthentication" | "limitResponseSize" | "statusError"
        )
    })
}

/// Why the client may repeat requests without a policy that is seen: an interceptor, a retry handler.
pub(super) fn may_repeat(ev: &Evaluator<'_>, site: Site) -> Option<String> {
    let unit = ev.program.unit(site.unit);
    // `ClientBuilder.newClient(config)`: filters and connectors stand in the configuration.
    let call = unit.module.call(site.expr)?;
    if unit.module.callee_name(site.expr).is_some_and(|n| n == "newClient") && !call.args.is_empty() {
        return Some("its configuration may bring a retry".into());
    }
    // In the function that makes the client, or the class when a field is one.
    let span = match unit.index.func_of(site.expr) {
        Some(func) => unit.module.func(func).span,
        None => unit.module.classes.iter().map(|c| c.span).find(|s| s.contains(unit.module.expr(site.expr).span))?,
    };
    // What another client of the class is made with says nothing of this one.
    let own = unit.module.expr(site.expr).span;
    let values = || unit.module.classes.iter().flat_map(|c| &c.fields).filter_map(|f| f.value);
    let others: Vec<_> = values().map(|value| unit.module.expr(value).span).filter(|s| !s.contains(own)).collect();
    unit.index.calls.iter().find_map(|call| {
        let name = unit.module.callee_name(call.expr)?;
        let at = unit.module.expr(call.expr).span;
        let inside = span.contains(at) && !others.iter().any(|other| other.contains(at));
        // <https://ktor.io/docs/client-request-retry.html>
        let plugin = |e: ExprId| simple_name(&unit.module, e).is_some_and(|n| n == "HttpRequestRetry");
        let installs = name == "install" && unit.module.call(call.expr)?.args.iter().any(|arg| plugin(arg.value));
        if inside && installs {
            return Some("`HttpRequestRetry` repeats them".into());
        }
        let may =
            inside && MAY_REPEAT.contains(&name.as_str()) && !only_looks(ev, Site { unit: site.unit, expr: call.expr });
        may.then(|| format!("`{name}` may bring a retry"))
    })
}

/// What the names in a call say about it, when it runs a lambda or a publisher: `retry.executeSupplier(() -> …)`,
/// `Failsafe.with(policy).get(() -> …)`, `transformDeferred(CircuitBreakerOperator.of(breaker))`.
pub(super) fn told_by_name(ev: &Evaluator<'_>, site: Site, inner: Option<ExprId>) -> Vec<Guard> {
    let module = &ev.program.unit(site.unit).module;
    let Some(call) = module.call(site.expr) else { return Vec::new() };
    let mut todo: Vec<ExprId> = vec![call.callee];
    todo.extend(call.args.iter().map(|a| a.value).filter(|a| Some(*a) != inner));
    let (mut retry, mut breaker, mut deadline) = (false, false, false);
    let mut seen = 0;
    while let Some(expr) = todo.pop().filter(|_| seen < 200) {
        seen += 1;
        if let ExprKind::Name(name) | ExprKind::Attr { name, .. } = &module.expr(expr).kind {
            let name = name.to_lowercase();
            let both = ["failsafe", "decorator", "resilien", "faulttoleran"].iter().any(|w| name.contains(w));
            retry |= both || ["retry", "retries", "retrier"].iter().any(|w| name.contains(w));
            breaker |= both || name.contains("breaker") || name.contains("hystrix");
            deadline |= both || name.contains("timelimit") || name.contains("timeout");
        }
        if Some(expr) != inner {
            todo.extend(module.children(expr));
        }
    }
    let place = ev.program.place(site);
    let mut out = Vec::new();
    if retry {
        // How it waits stands where the policy is made.
        out.push(Guard::Retry(RetryPolicy {
            wait: None,
            bounded: None,
            selective: true,
            ..RetryPolicy::immediate(place, "a retry policy")
        }));
    }
    if breaker {
        out.push(Guard::breaker(place, "a circuit breaker"));
    }
    if deadline || breaker {
        out.push(Guard::Deadline(place));
    }
    out
}

/// What stands around the uses of a variable that holds a lambda: `Decorators.ofSupplier(call).withRetry(retry).get()`,
/// `CircuitBreaker.decorateSupplier(breaker, call)`.
pub(super) fn around_variable(ev: &Evaluator<'_>, unit: UnitId, lambda: ExprId) -> Vec<Guard> {
    let linked = ev.program.unit(unit);
    let (module, index) = (&linked.module, &linked.index);
    let Some(Parent::Stmt(stmt)) = index.expr_parent.get(lambda.0 as usize).copied() else { return Vec::new() };
    let StmtKind::Assign { target, .. } = &module.stmt(stmt).kind else { return Vec::new() };
    let ExprKind::Name(name) = &module.expr(*target).kind else { return Vec::new() };
    let func = index.func_of(lambda);
    let is_use = |expr: &ExprId| {
        expr != target
            && matches!(&module.expr(*expr).kind, ExprKind::Name(n) if n == name)
            && index.func_of(*expr) == func
    };
    let mut out = Vec::new();
    for used in (0..module.exprs.len() as u32).map(ExprId).filter(is_use) {
        // The last call of the chain that the variable is handed to.
        let mut outer = None;
        for parent in index.ancestors(used) {
            match parent {
                Parent::Expr(e) if module.call(e).is_some() => outer = Some(e),
                Parent::Expr(e) if matches!(module.expr(e).kind, ExprKind::Attr { .. }) => {}
                _ => break,
            }
        }
        out.extend(outer.into_iter().flat_map(|expr| told_by_name(ev, Site { unit, expr }, None)));
    }
    out
}

/// The last name of a name, an attribute or a construction.
fn text_of(module: &Module, expr: ExprId) -> Option<&str> {
    match &module.expr(expr).kind {
        ExprKind::Name(name) | ExprKind::Attr { name, .. } => Some(name.as_str()),
        ExprKind::Call(call) if call.is_new => text_of(module, call.callee),
        _ => None,
    }
}

/// The variable or field that an expression is assigned to.
fn bound_name(module: &Module, expr: ExprId) -> Option<&str> {
    let assigned = module.stmts.iter().find_map(|stmt| match &stmt.kind {
        StmtKind::Assign { target, value: Some(value), .. } if *value == expr => text_of(module, *target),
        _ => None,
    });
    assigned.or_else(|| {
        let fields = module.classes.iter().flat_map(|c| &c.fields);
        fields.into_iter().find(|f| f.value == Some(expr)).map(|f| f.name.as_str())
    })
}

/// The limit of one request, as far as it is not said by the client: by the object that is sent, or by
/// who waits for the answer.
pub(super) fn request_timeout(ev: &Evaluator<'_>, site: Site, symbol: &str) -> Timeout {
    let unit = ev.program.unit(site.unit);
    let module = &unit.module;
    let Some(call) = module.call(site.expr) else { return Timeout::Unsaid };
    // Who calls an asynchronous method waits as long as it likes.
    if let Some(func) = unit.index.func_of(site.expr)
        && module.func(func).decorators.iter().any(|d| simple_name(module, *d).is_some_and(|n| n == "Async"))
    {
        return Timeout::Unknown;
    }
    let span = unit.index.func_of(site.expr).map(|f| module.func(f).span);
    let said = |names: &[&str]| {
        let inside = |e: ExprId| span.is_none_or(|s| s.contains(module.expr(e).span));
        unit.index
            .calls
            .iter()
            .filter(|c| inside(c.expr))
            .find_map(|c| module.callee_name(c.expr).is_some_and(|n| names.contains(&n.as_str())).then_some(c.expr))
    };
    match symbol {
        "HttpClient.send" | "HttpClient.sendAsync" => {
            if let Some(expr) = said(&["timeout", "orTimeout", "completeOnTimeout"]) {
                return Timeout::Set(ev.program.place(Site { unit: site.unit, expr }));
            }
            // A request that is built elsewhere may have one.
            let built = said(&["newBuilder"]).is_some_and(|_| said(&["build"]).is_some());
            if symbol.ends_with("sendAsync") || !built || call.args.is_empty() {
                Timeout::Unknown
            } else {
                Timeout::Unsaid
            }
        }
        "CloseableHttpClient.execute" => match said(&["setConfig", "setParams"]) {
            Some(_) => Timeout::Unknown,
            // A request that comes from elsewhere may carry settings.
            None if call.args.iter().any(|a| ev.param_of(Site { unit: site.unit, expr: a.value }).is_some()) => {
                Timeout::Unknown
            }
            None => Timeout::Unsaid,
        },
        _ if symbol.starts_with("Invocation.Builder.") => match said(&["property", "submit", "async", "rx"]) {
            Some(_) => Timeout::Unknown,
            None => Timeout::Unsaid,
        },
        _ if symbol.starts_with("WebClient.") => match said(&["timeout", "responseTimeout", "httpRequest", "block"]) {
            Some(expr) => {
                let block = module.callee_name(expr).is_some_and(|n| n == "block");
                // `block()` waits for ever, `block(Duration)` does not.
                if block && module.call(expr).is_some_and(|c| c.args.is_empty()) {
                    Timeout::Unsaid
                } else {
                    Timeout::Unknown
                }
            }
            None => Timeout::Unsaid,
        },
        _ => Timeout::Unsaid,
    }
}
