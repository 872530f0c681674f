//! What bounds and repeats requests in Go: contexts with a deadline, setters of clients, loops.

use super::InScope;
use super::retry::{self, RetryPolicy};
use super::timeout::Timeout;
use crate::catalog::http::{Client, Wait};
use crate::facts::module::{Block, ExprKind, Language, LoopHeader, StmtId, StmtKind};
use crate::program::index::Binding;
use crate::program::value::Text;
use crate::program::{Evaluator, Instance, Site, Value};
use crate::syntax::Place;

/// How far a context is followed.
const MAX_HOPS: u32 = 6;
/// How many callers pass a context at most.
const MAX_CALLERS: usize = 8;

/// A request that was built before it is sent.
pub(super) struct Built {
    pub(super) method: Option<Site>,
    pub(super) url: Option<Site>,
    context: Vec<Site>,
}

/// The request that `client.Do(req)` sends.
/// <https://pkg.go.dev/net/http#NewRequestWithContext>
pub(super) fn request(ev: &Evaluator<'_>, site: Site) -> Option<Built> {
    let call = ev.program.unit(site.unit).module.call(site.expr)?;
    let mut built = Built { method: None, url: None, context: Vec::new() };
    let mut known = false;
    for value in ev.settle(&ev.at(site.unit, call.args.first()?.value)) {
        let mut link = match &value {
            Value::Instance(instance) => Some(instance),
            _ => None,
        };
        while let Some(instance) = link {
            if let Some(made) = instance.call
                && let Some((symbol, _)) = ev.callee(made)
            {
                let at = |n: usize| {
                    let call = ev.program.unit(made.unit).module.call(made.expr)?;
                    Some(Site { unit: made.unit, expr: call.args.get(n)?.value })
                };
                match symbol.rsplit('.').next() {
                    Some("NewRequest") => (built.method, built.url, known) = (at(0), at(1), true),
                    Some("NewRequestWithContext") => {
                        (built.method, built.url, known) = (at(1), at(2), true);
                        built.context.extend(at(0));
                    }
                    Some("WithContext" | "Clone") => built.context.extend(at(0)),
                    _ => {}
                }
            }
            link = instance.from.as_deref();
        }
    }
    known.then_some(built)
}

/// The limit that the context of a request sets.
pub(super) fn request_timeout(ev: &Evaluator<'_>, site: Site) -> Timeout {
    let unit = ev.program.unit(site.unit);
    let name = unit.module.callee_name(site.expr).map_or("", |n| n.as_str());
    if name == "NewClient" || name == "NewExplicitClient" {
        return super::golang_kit::timeout(ev, site);
    }
    if let Some((symbol, _)) = ev.callee(site)
        && let Some((package, _)) = symbol.split_once("/middleware/proxy.")
        && package.starts_with("github.com/gofiber/fiber/")
    {
        return of_fiber_proxy(ev, site, &symbol);
    }
    if name != "Do" {
        // resty: `client.R().SetContext(ctx).Get(url)`
        let context = crate::extract::routes::chained(ev, site, "SetContext").first().copied();
        return context.map_or(Timeout::Unsaid, |c| deadline(ev, c, 0));
    }
    match request(ev, site) {
        Some(built) => built.context.into_iter().map(|c| deadline(ev, c, 0)).fold(Timeout::Unsaid, strongest),
        None => Timeout::Unknown,
    }
}

/// What bounds a request of fiber's proxy: a client that is handed over behind the address, or to all of them.
/// <https://docs.gofiber.io/middleware/proxy>
fn of_fiber_proxy(ev: &Evaluator<'_>, site: Site, symbol: &str) -> Timeout {
    let handed = || {
        let call = ev.program.unit(site.unit).module.call(site.expr)?;
        let own = match symbol.rsplit('.').next() {
            Some("Do") => 2,
            Some("DoRedirects") => 3,
            _ => 1,
        };
        Some(call.args.len() > own)
    };
    let package = symbol.rsplit_once('.').map_or(symbol, |(package, _)| package);
    let of_all = |at: &Site| {
        ev.program.is_production(at.unit)
            && ev.callee(*at).is_some_and(|(known, _)| known.strip_suffix(".WithClient") == Some(package))
    };
    if handed().unwrap_or(true) || ev.program.calls_named("WithClient").iter().any(of_all) {
        return Timeout::Unknown;
    }
    Timeout::Unsaid
}

/// Where the connections of gRPC clients lead, and where that is said: `grpc.NewClient("orders:50051", …)`.
/// <https://pkg.go.dev/google.golang.org/grpc#NewClient>
pub fn dialled(ev: &Evaluator<'_>, in_scope: &InScope<'_>) -> Vec<(Place, Text)> {
    let mut found = Vec::new();
    for (name, position) in [("NewClient", 0), ("Dial", 0), ("DialContext", 1)] {
        for &site in ev.program.calls_named(name) {
            let is_grpc =
                || ev.callee(site).is_some_and(|(symbol, _)| symbol == format!("google.golang.org/grpc.{name}"));
            if !in_scope(site.unit) || ev.program.language(site.unit) != Language::Go || !is_grpc() {
                continue;
            }
            let call = ev.program.unit(site.unit).module.call(site.expr);
            let Some(target) = call.and_then(|call| call.args.get(position)) else { continue };
            let values = ev.settle_at(Site { unit: site.unit, expr: target.value });
            found.extend(values.iter().filter_map(Value::to_text).map(|text| (ev.program.place(site), text)));
        }
    }
    found
}

/// Where requests lead that are built, wherever they are sent: `http.NewRequest("GET", "http://orders:80/items", nil)`
/// is handed to functions that cannot always be followed.
pub fn built(ev: &Evaluator<'_>, in_scope: &InScope<'_>) -> Vec<(Place, Text)> {
    let mut found = Vec::new();
    for (name, position) in [("NewRequest", 1), ("NewRequestWithContext", 2)] {
        for &site in ev.program.calls_named(name) {
            let is_http = || ev.callee(site).is_some_and(|(symbol, _)| symbol == format!("net/http.{name}"));
            if !in_scope(site.unit) || ev.program.language(site.unit) != Language::Go || !is_http() {
                continue;
            }
            let call = ev.program.unit(site.unit).module.call(site.expr);
            let Some(url) = call.and_then(|call| call.args.get(position)) else { continue };
            let values = ev.settle_at(Site { unit: site.unit, expr: url.value });
            found.extend(values.iter().filter_map(Value::to_text).map(|text| (ev.program.place(site), text)));
        }
    }
    found
}

/// Where the reverse proxies of a program lead, and where that is said:
/// `httputil.NewSingleHostReverseProxy(target)` with a target that `url.Parse` made.
/// <https://pkg.go.dev/net/http/httputil#NewSingleHostReverseProxy>
pub fn proxied(ev: &Evaluator<'_>, in_scope: &InScope<'_>) -> Vec<(Place, Text)> {
    let mut found = Vec::new();
    for &site in ev.program.calls_named("NewSingleHostReverseProxy") {
        if !in_scope(site.unit) || ev.program.language(site.unit) != Language::Go {
            continue;
        }
        let target = ev.program.unit(site.unit).module.call(site.expr).and_then(|call| call.args.first());
        let Some(target) = target.map(|arg| Site { unit: site.unit, expr: arg.value }) else { continue };
        for value in ev.settle_at(target) {
            let Value::Instance(Instance { call: Some(made), .. }) = &value else { continue };
            if ev.callee(*made).is_none_or(|(symbol, _)| symbol != "net/url.Parse") {
                continue;
            }
            let Some(address) = ev.program.unit(made.unit).module.call(made.expr).and_then(|c| c.args.first()) else {
                continue;
            };
            let values = ev.settle_at(Site { unit: made.unit, expr: address.value });
            found.extend(values.iter().filter_map(Value::to_text).map(|text| (ev.program.place(site), text)));
        }
    }
    found
}

fn strongest(a: Timeout, b: Timeout) -> Timeout {
    match (a, b) {
        (set @ Timeout::Set(_), _) | (_, set @ Timeout::Set(_)) => set,
        (Timeout::Unknown, _) | (_, Timeout::Unknown) => Timeout::Unknown,
        (a, _) => a,
    }
}

/// Whether a context ends by itself: `context.WithTimeout`, also further out.
fn deadline(ev: &Evaluator<'_>, context: Site, hops: u32) -> Timeout {
    if hops > MAX_HOPS {
        return Timeout::Unknown;
    }
    let mut found = Timeout::Unsaid;
    let value = ev.eval(context);
    for value in value.alternatives() {
        let said = match value {
            Value::Instance(instance) => of_instance(ev, instance, context, hops),
            Value::Param { .. } => passed(ev, context, hops),
            _ => Timeout::Unknown,
        };
        found = strongest(found, said);
    }
    found
}

fn of_instance(ev: &Evaluator<'_>, instance: &Instance, at: Site, hops: u32) -> Timeout {
    let Some(made) = instance.call else {
        return if instance.ty == "context.Context" { passed(ev, at, hops) } else { Timeout::Unknown };
    };
    let Some((symbol, _)) = ev.callee(made) else { return Timeout::Unknown };
    match symbol.as_str() {
        "context.WithTimeout" | "context.WithDeadline" | "context.WithTimeoutCause" | "context.WithDeadlineCause" => {
            Timeout::Set(ev.program.place(made))
        }
        "context.Background" | "context.TODO" => Timeout::Unsaid,
        // The context of an incoming request ends with its connection, whenever that is.
        symbol if symbol.ends_with("http.Request.Context") || symbol.ends_with(".Request.Context") => Timeout::Unsaid,
        // `context.WithValue(ctx, …)`, `tracer.Start(ctx, …)`
        _ => {
            let Some(call) = ev.program.unit(made.unit).module.call(made.expr) else { return Timeout::Unknown };
            match call.args.first() {
                Some(first) => deadline(ev, Site { unit: made.unit, expr: first.value }, hops + 1),
                None => Timeout::Unknown,
            }
        }
    }
}

/// A context that is a parameter: what the callers pass.
fn passed(ev: &Evaluator<'_>, context: Site, hops: u32) -> Timeout {
    let unit = ev.program.unit(context.unit);
    let ExprKind::Name(name) = &unit.module.expr(context.expr).kind else { return Timeout::Unknown };
    let Some((_, bindings)) = unit.index.lookup(&unit.module, unit.index.func_of(context.expr), name) else {
        return Timeout::Unknown;
    };
    let param = bindings.iter().find_map(|b| match *b {
        Binding::Param(func, index) => Some((func, index)),
        _ => None,
    });
    let Some((func, index)) = param else { return Timeout::Unknown };
    let callers = ev.callers(context.unit, func);
    if callers.is_empty() || callers.len() > MAX_CALLERS {
        return Timeout::Unknown;
    }
    let mut all = Vec::new();
    for caller in callers {
        match ev.argument_site(caller, context.unit, func, index) {
            Some(argument) => all.push(deadline(ev, argument, hops + 1)),
            None => return Timeout::Unknown,
        }
    }
    // One way in without a limit is enough to wait for ever; all of them must be known.
    if all.contains(&Timeout::Unknown) {
        Timeout::Unknown
    } else if all.iter().all(|t| matches!(t, Timeout::Set(_))) {
        all.into_iter().next().unwrap_or(Timeout::Unknown)
    } else {
        Timeout::Unsaid
    }
}

/// What setters say about a client.
pub(super) struct Settings {
    pub(super) timeout: Timeout,
    pub(super) retries: Vec<RetryPolicy>,
    pub(super) retry_unknown: Option<String>,
}

/// `client.SetTimeout(2 * time.Second)`, `resty.New().SetRetryCount(3)`.
pub(super) fn settings(ev: &Evaluator<'_>, site: Site, client: &Client) -> Settings {
    let mut out = Settings { timeout: Timeout::Unsaid, retries: Vec::new(), retry_unknown: None };
    let ours = |setter: &Site| {
        let Some((_, Some(receiver))) = ev.callee(*setter) else { return false };
        let mut link = Some(receiver.as_ref());
        while let Some(instance) = link {
            if instance.call == Some(site) {
                return true;
            }
            link = instance.from.as_deref();
        }
        false
    };
    let calls = |name: &str| ev.program.calls_named(name).iter().copied().filter(ours).collect::<Vec<_>>();
    for name in client.timeout.iter().filter_map(|n| n.strip_prefix('.')) {
        if let Some(setter) = calls(name).first() {
            out.timeout = Timeout::Set(ev.program.place(*setter));
        }
    }
    for name in client.retry.iter().filter_map(|n| n.strip_prefix('.')) {
        for setter in calls(name) {
            let place = ev.program.place(setter);
            let wait = Some(Wait::Exponential);
            out.retries.push(RetryPolicy { wait, ..RetryPolicy::immediate(place, "the client") });
        }
    }
    let module = &ev.program.unit(site.unit).module;
    let is_literal = module.call(site.expr).is_some_and(|call| call.is_new);
    // `retryClient.StandardClient()`, a client that a function of a library gives.
    if client.ty == "Client" && !is_literal && client.attributes.iter().any(|a| a == "Timeout") {
        out.timeout = Timeout::Unknown;
        out.retry_unknown = Some("the client is made by a library".into());
    }
    out
}

/// `for attempt := 0; attempt < 3; attempt++ { … if err == nil { return … } time.Sleep(…) }`
pub(super) fn hand_written(
    ev: &Evaluator<'_>,
    site: Site,
    loop_stmt: StmtId,
    header: &LoopHeader,
    body: &Block,
    counted: bool,
) -> Option<RetryPolicy> {
    let module = &ev.program.unit(site.unit).module;
    if !counted || !retry::leaves_somewhere(module, body) {
        return None;
    }
    if let LoopHeader::Count { init, test, .. } = header {
        // `for i := 0; i < len(urls); i++` is a loop over work.
        let test = (*test)?;
        let over_list = module.children(test).into_iter().any(|e| module.callee_name(e).is_some_and(|n| n == "len"));
        let as_data = init.iter().any(|s| match &module.stmt(*s).kind {
            StmtKind::Assign { target, .. } => retry::uses_as_data(module, site.expr, *target),
            _ => false,
        });
        if over_list || as_data {
            return None;
        }
    }
    let waits_after_last = super::pause::after_last(ev, site, loop_stmt, header);
    Some(RetryPolicy { waits_after_last, ..retry::loop_policy(ev, site, loop_stmt, true) })
}
