//! One request: its method, address, limit, guards and idempotency key.

use super::context::{Context, contexts};
use super::guards::{Guard, Guards};
use super::keyed::key_sent;
use super::timeout::{self, Timeout};
use super::{HttpRequest, SeenFrom, credential, lost, path};
use crate::catalog::http::{Http, Request};
use crate::facts::module::{Arg, BinaryOp, Call, Entry, ExprId, ExprKind, FuncId, Language};
use crate::program::value::{Text, TextPart};
use crate::program::{Evaluator, Site, UnitId, Value};
use crate::syntax::Place;

/// Reads a call that the catalog knows as a request.
pub fn read(
    ev: &Evaluator<'_>,
    guards: &Guards<'_, '_>,
    http: &Http,
    form: &Request,
    symbol: &str,
    site: Site,
) -> Option<HttpRequest> {
    let unit = ev.program.unit(site.unit);
    let call = unit.module.call(site.expr)?;
    let func = unit.index.func_of(site.expr);
    let url_site = url_site(ev, form, call, site);
    let mut timeout = timeout::of_call(ev, site, &http.timeout, form.options);
    let mut around = guards.around(site);
    if unit.module.language == Language::Go && symbol.starts_with("New") {
        around.extend(super::golang_kit::guards(ev));
    }
    if !matches!(timeout, Timeout::Set(_))
        && let Some(Guard::Deadline(place)) = around.iter().find(|g| matches!(g, Guard::Deadline(_)))
    {
        timeout = Timeout::Set(*place);
    }
    if timeout == Timeout::Unsaid && unit.module.language == Language::Go {
        timeout = super::golang::request_timeout(ev, site);
    }
    if timeout == Timeout::Unsaid && unit.module.language.is_jvm() {
        timeout = super::jvm::request_timeout(ev, site, symbol);
    }
    let is_csharp = unit.module.language == Language::CSharp;
    if timeout == Timeout::Unsaid && is_csharp {
        timeout = super::dotnet::request_timeout(ev, site);
    }
    // A helper that only tests call sends nothing in production.
    if let Some(func) = func.filter(|_| is_csharp) {
        let callers = ev.callers(site.unit, func);
        if !callers.is_empty() && callers.iter().all(|c| !ev.program.is_production(c.unit)) {
            return None;
        }
    }
    let (sent, sent_to) =
        if is_csharp && form.method == "unknown" { super::dotnet::message(ev, site) } else { (None, None) };
    let key = key_sent(ev, call, site, form.body);
    let async_callers = match func {
        Some(f) if (http.blocks || form.blocks) && !unit.module.func(f).is_async => async_callers(ev, site.unit, f),
        _ => Vec::new(),
    };
    let key_made = key_made(ev, site);
    let mut method = method(ev, form, symbol, call, site);
    let mut url = url_site.and_then(|s| text(ev, s));
    let mut url_place = url_site.map(|s| ev.program.place(s));
    if is_csharp && url.is_none() && sent_to.is_none() {
        let (verb, resource) = super::dotnet_base::resource(ev, site);
        (method, url) = (method.or(verb), resource);
    }
    if let Some(whole) = url.as_ref().filter(|_| is_csharp).and_then(|path| super::dotnet_base::whole(ev, site, path)) {
        url = Some(whole);
    }
    if unit.module.language.is_jvm() && (url.is_none() || method.is_none()) {
        let (at, said) = super::jvm::sent_to(ev, site);
        method = method.or(said);
        if let (None, Some(at)) = (&url, at) {
            url = super::jvm::address(ev, at);
            url_place = Some(ev.program.place(at));
        }
    }
    // Only a page has an address to which a path alone belongs; elsewhere `fetch("/items")` throws.
    if symbol == "fetch" && url.as_ref().is_some_and(is_path) {
        return None;
    }
    let carried = super::sent::sent(ev, http.sends.as_ref(), form, site, &Context::default(), url.as_ref());
    // What a later step of a chain says (`client.get().uri("/x")`) is no argument of the call.
    let said = match url_site {
        None if unit.module.language.is_jvm() => (method.clone(), url.clone()),
        _ => (None, None),
    };
    let seen_from = seen_from(ev, http, form, symbol, (call, site), &said, key);
    let ways_in = || std::iter::once(site).chain(seen_from.iter().map(|s| s.site));
    let mut unencoded = url_site.map(|s| path::unencoded(ev, s)).unwrap_or_default();
    unencoded.extend(seen_from.iter().flat_map(|s| path::unencoded_arguments(ev, s.site)));
    Some(HttpRequest {
        place: ev.program.place(site),
        site,
        sent: carried,
        method: method.or(sent),
        url: url.or(sent_to),
        url_place,
        function: func.map(|f| (unit.module.func(f).name.to_string(), ev.program.function_place(site.unit, f))),
        blocks: http.blocks || form.blocks,
        in_async: func.is_some_and(|f| unit.module.func(f).is_async),
        timeout,
        guards: around,
        idempotency_key: key,
        roots: func.map(|f| roots(ev, site.unit, f)).unwrap_or_default(),
        key_made,
        key_span: key_made.map(|s| unit.module.expr(s.expr).span).unwrap_or_default(),
        async_callers,
        thrown: None,
        lost: ways_in().filter_map(|s| lost::lost(ev, s)).collect(),
        unencoded,
        credential: credential::of_call(ev, site).or_else(|| credential::in_address(ev, url_site?)),
        seen_from,
    })
}

/// The request from the outside, when its address, method or headers come from parameters.
fn seen_from(
    ev: &Evaluator<'_>,
    http: &Http,
    form: &Request,
    symbol: &str,
    (call, site): (&Call, Site),
    said: &(Option<String>, Option<Text>),
    key: Option<bool>,
) -> Vec<SeenFrom> {
    let plain = Context::default();
    let told = |context: &Context| {
        (
            method_in(ev, form, symbol, call, site, context).or_else(|| said.0.clone()),
            url_in(ev, form, call, site, context).or_else(|| said.1.clone()),
        )
    };
    let open = |context: &Context| {
        let (method, url) = told(context);
        method.is_none()
            || url.is_none_or(|u| u.parts.first().is_none_or(|p| *p == TextPart::Hole))
            || key_in(ev, form, call, (site, key), context).is_none()
    };
    if form.method == "unknown" || !open(&plain) {
        return Vec::new();
    }
    contexts(ev, site, &open)
        .into_iter()
        .filter_map(|context| {
            let outer = context.outermost().filter(|outer| ev.program.is_production(outer.unit))?;
            let (method, url) = told(&context);
            let idempotency_key = key_in(ev, form, call, (site, key), &context);
            let through = through(ev, outer);
            let sent = super::sent::sent(ev, http.sends.as_ref(), form, site, &context, url.as_ref());
            Some(SeenFrom { place: ev.program.place(outer), site: outer, method, url, idempotency_key, through, sent })
        })
        .collect()
}

/// True for an address that is a path: `/items/{}`.
fn is_path(url: &Text) -> bool {
    let pattern = url.pattern();
    pattern.starts_with('/') && !pattern.starts_with("//")
}

/// The construction of the object that a method is called on.
fn through(ev: &Evaluator<'_>, site: Site) -> Option<Place> {
    let module = &ev.program.unit(site.unit).module;
    let ExprKind::Attr { object, .. } = &module.expr(module.call(site.expr)?.callee).kind else { return None };
    match ev.at(site.unit, *object) {
        Value::Object { call: Some(call), .. } => Some(ev.program.place(call)),
        _ => None,
    }
}

fn method_in(
    ev: &Evaluator<'_>,
    form: &Request,
    symbol: &str,
    call: &Call,
    site: Site,
    context: &Context,
) -> Option<String> {
    if let Some(known) = method(ev, form, symbol, call, site) {
        return Some(known);
    }
    let value = match form.method.split_once(' ') {
        Some(("argument", n)) => {
            let n: usize = n.parse().ok()?;
            let named = || call.args.iter().find(|a| a.name.as_deref() == Some("method"));
            let arg = call.args.iter().filter(|a| a.name.is_none() && !a.spread).nth(n).or_else(named)?;
            context.eval(ev, Site { unit: site.unit, expr: arg.value })
        }
        Some(("option", key)) => {
            let arg = call.args.iter().filter(|a| a.name.is_none() && !a.spread).nth(form.options?)?;
            match context.eval(ev, Site { unit: site.unit, expr: arg.value }) {
                Value::Dict(dict) => match dict.get(key) {
                    Some(s) => context.eval(ev, s),
                    None if dict.open => return None,
                    None => return Some("GET".into()),
                },
                Value::Null => return Some("GET".into()),
                _ => return None,
            }
        }
        _ => return None,
    };
    value.as_str().map(|s| s.to_uppercase())
}

fn url_in(ev: &Evaluator<'_>, form: &Request, call: &Call, site: Site, context: &Context) -> Option<Text> {
    if let Some(s) = url_site(ev, form, call, site) {
        return context.text(ev, s);
    }
    let arg = call.args.iter().filter(|a| a.name.is_none() && !a.spread).nth(form.options?)?;
    match context.eval(ev, Site { unit: site.unit, expr: arg.value }) {
        Value::Dict(dict) => context.text(ev, dict.get(form.url_key.as_deref().unwrap_or("url"))?),
        _ => None,
    }
}

/// Names of arguments that carry no headers.
const BESIDE: [&str; 10] = [
    "allow_redirects",
    "cert",
    "follow_redirects",
    "method",
    "proxies",
    "stream",
    "timeout",
    "url",
    "verify",
    "cancellationToken",
];

/// Like [`key_sent`], which says `key`, through the parameters of a way in.
fn key_in(
    ev: &Evaluator<'_>,
    form: &Request,
    call: &Call,
    (site, key): (Site, Option<bool>),
    context: &Context,
) -> Option<bool> {
    let beside = |a: &Arg| a.name.as_deref().is_some_and(|name| BESIDE.contains(&name));
    let given = call.args.iter().enumerate().filter(|(i, a)| !is_body(a, *i, form.body) && !beside(a));
    let carriers: Vec<_> = given.map(|(_, a)| a).collect();
    match key {
        None => {}
        // An options object that is a parameter hides its headers.
        Some(false) if carriers.iter().any(|a| ev.param_of(Site { unit: site.unit, expr: a.value }).is_some()) => {}
        known => return known,
    }
    let mut todo: Vec<(Site, u32)> = carriers.iter().map(|a| (Site { unit: site.unit, expr: a.value }, 0)).collect();
    let mut sent = Some(false);
    while let Some((s, depth)) = todo.pop() {
        let value = context.eval(ev, s);
        // `key ? { "Idempotency-Key": key } : {}`: whoever hands a key over sends it.
        let keyed = |v: &Value| match v {
            Value::Dict(d) => {
                d.entries.iter().any(|(k, _)| is_key_name(k)) || super::keyed::is_filled_on(ev, d.site, context)
            }
            _ => false,
        };
        if value.alternatives().len() > 1 && value.alternatives().iter().any(keyed) {
            sent = None;
            continue;
        }
        match value {
            Value::Dict(dict) if depth < 4 => {
                if dict.entries.iter().any(|(k, _)| is_key_name(k)) {
                    return Some(true);
                }
                if (dict.open && !spreads_known(ev, &dict, context))
                    || super::keyed::is_filled_on(ev, dict.site, context)
                {
                    sent = None;
                }
                todo.extend(
                    dict.entries.iter().filter(|(k, _)| k.to_lowercase() == "headers").map(|(_, v)| (*v, depth + 1)),
                );
                todo.extend(spreads(ev, &dict).into_iter().map(|v| (v, depth + 1)));
            }
            Value::Param { .. } => sent = None,
            // `headers or None`
            Value::Unknown if depth < 4 && is_choice(ev, s) => {
                let children = ev.program.unit(s.unit).module.children(s.expr);
                todo.extend(children.into_iter().map(|expr| (Site { unit: s.unit, expr }, depth + 1)));
            }
            // `**options`: what the calls on the way in pass beyond the named parameters.
            Value::Unknown if call.args.iter().any(|a| a.spread && a.value == s.expr) => {
                let mut outermost = None;
                for way in context.calls() {
                    let Some(outer) = ev.program.unit(way.unit).module.call(way.expr) else { continue };
                    outermost = idempotency_key(ev, outer, way, None);
                    if outermost == Some(true) {
                        return outermost;
                    }
                }
                if outermost.is_none() {
                    sent = None;
                }
            }
            _ => {}
        }
    }
    sent
}

fn is_choice(ev: &Evaluator<'_>, site: Site) -> bool {
    let kind = &ev.program.unit(site.unit).module.expr(site.expr).kind;
    matches!(kind, ExprKind::Binary { op: BinaryOp::Or | BinaryOp::Coalesce, .. })
}

fn spreads(ev: &Evaluator<'_>, dict: &crate::program::value::Dict) -> Vec<Site> {
    match &ev.program.unit(dict.site.unit).module.expr(dict.site.expr).kind {
        ExprKind::Dict(entries) => entries
            .iter()
            .filter_map(|e| match e {
                Entry::Spread(v) => Some(Site { unit: dict.site.unit, expr: *v }),
                Entry::Pair { .. } => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn spreads_known(ev: &Evaluator<'_>, dict: &crate::program::value::Dict, context: &Context) -> bool {
    spreads(ev, dict).into_iter().all(|s| matches!(context.eval(ev, s), Value::Dict(_) | Value::Null))
}

fn text(ev: &Evaluator<'_>, site: Site) -> Option<Text> {
    let value = ev.eval(site);
    if let Some(text) = value.to_text() {
        return Some(text);
    }
    if ev.program.language(site.unit).is_jvm()
        && let Some(text) = super::jvm::address(ev, site)
    {
        return Some(text);
    }
    // `new URL("/path", base)`
    if let Value::Instance(instance) = &value
        && instance.ty.ends_with("URL")
        && let Some(c) = instance.call
        && let Some(call) = ev.program.unit(c.unit).module.call(c.expr)
    {
        let mut out = ev.positional(c.unit, call, 1).and_then(|v| v.to_text()).unwrap_or_default();
        out.push(ev.positional(c.unit, call, 0)?.to_text()?);
        return Some(out);
    }
    ev.settle(&value).iter().find_map(Value::to_text)
}

fn option_site(ev: &Evaluator<'_>, form: &Request, call: &Call, site: Site, key: &str) -> Option<Site> {
    if let Some(arg) = call.args.iter().find(|a| a.name.as_deref() == Some(key)) {
        return Some(Site { unit: site.unit, expr: arg.value });
    }
    call.args
        .iter()
        .filter(|a| a.name.is_none())
        .find_map(|arg| match ev.at(site.unit, arg.value) {
            Value::Dict(dict) => dict.get(key),
            _ => None,
        })
        .filter(|_| form.options.is_some())
}

fn url_site(ev: &Evaluator<'_>, form: &Request, call: &Call, site: Site) -> Option<Site> {
    if form.method == "request" {
        return super::golang::request(ev, site).and_then(|r| r.url);
    }
    if let Some(arg) = call.args.iter().find(|a| a.name.as_deref() == Some("url")) {
        return Some(Site { unit: site.unit, expr: arg.value });
    }
    let positional = form.url.and_then(|n| call.args.iter().filter(|a| a.name.is_none() && !a.spread).nth(n));
    match positional {
        Some(arg) => Some(Site { unit: site.unit, expr: arg.value }),
        None => option_site(ev, form, call, site, form.url_key.as_deref().unwrap_or("url")),
    }
}

fn method(ev: &Evaluator<'_>, form: &Request, symbol: &str, call: &Call, site: Site) -> Option<String> {
    let upper = |v: Value| v.as_str().map(|s| s.to_uppercase());
    match form.method.as_str() {
        "unknown" => None,
        // `client.Do(req)`
        "request" => made(ev, site).0,
        "name" => {
            let name = symbol.rsplit('.').next().unwrap_or(symbol).to_uppercase();
            Some(name.trim_end_matches("FORM").replace("DEL", "DELETE").replace("DELETEETE", "DELETE"))
        }
        from if from.starts_with("argument ") => {
            let n = from.trim_start_matches("argument ").parse().ok()?;
            if ev.program.language(site.unit).is_jvm() {
                let arg = call.args.iter().filter(|a| a.name.is_none() && !a.spread).nth(n)?;
                return super::jvm::method(ev, Site { unit: site.unit, expr: arg.value });
            }
            ev.positional(site.unit, call, n).or_else(|| ev.keyword(site.unit, call, "method")).and_then(upper)
        }
        from if from.starts_with("option ") => {
            match option_site(ev, form, call, site, from.trim_start_matches("option ")) {
                Some(s) => upper(ev.eval(s)),
                // An options object that could not be read may say anything.
                None if options_unreadable(ev, form, call, site) => None,
                None => Some("GET".into()),
            }
        }
        fixed => Some(fixed.to_string()),
    }
}

/// The method and the address of the request that a call of Go sends: `client.Do(req)`.
pub(crate) fn made(ev: &Evaluator<'_>, site: Site) -> (Option<String>, Option<Site>) {
    let Some(request) = super::golang::request(ev, site) else { return (None, None) };
    let method = request.method.and_then(|method| match ev.eval(method) {
        Value::External(symbol) => symbol.rsplit_once(".Method").map(|(_, verb)| verb.to_uppercase()),
        verb => verb.as_str().map(|verb| if verb.is_empty() { "GET".into() } else { verb.to_uppercase() }),
    });
    (method, request.url)
}

fn options_unreadable(ev: &Evaluator<'_>, form: &Request, call: &Call, site: Site) -> bool {
    form.options.and_then(|n| ev.positional(site.unit, call, n)).is_some_and(|v| match v {
        Value::Dict(dict) => dict.open,
        Value::Null | Value::Str(_) | Value::Function { .. } => false,
        _ => true,
    })
}

/// Whether the call sends an idempotency key: a header, keyword or body field of such a name.
pub fn idempotency_key(ev: &Evaluator<'_>, call: &Call, site: Site, body: Option<usize>) -> Option<bool> {
    if call.args.iter().any(|a| a.name.as_deref().is_some_and(is_key_name)) {
        return Some(true);
    }
    let mut open = call.args.iter().any(|a| a.spread);
    for (position, arg) in call.args.iter().enumerate() {
        let found = key_among(ev, Site { unit: site.unit, expr: arg.value });
        if found == Some(true) {
            return found;
        }
        // A body that could not be read hides no header.
        open |= found.is_none() && !is_body(arg, position, body);
    }
    if open { None } else { Some(false) }
}

fn is_body(arg: &Arg, position: usize, body: Option<usize>) -> bool {
    match arg.name.as_deref() {
        Some(name) => matches!(name, "json" | "data" | "body" | "content" | "params" | "files" | "form"),
        None => Some(position) == body,
    }
}

/// Whether a value holds an idempotency key under some name.
fn key_among(ev: &Evaluator<'_>, value: Site) -> Option<bool> {
    let mut todo: Vec<(Site, u32)> = vec![(value, 0)];
    let mut open = false;
    let mut seen = 0;
    while let Some((s, depth)) = todo.pop() {
        seen += 1;
        if seen > 400 {
            return None;
        }
        let module = &ev.program.unit(s.unit).module;
        match &module.expr(s.expr).kind {
            ExprKind::Str(text) if is_key_name(text) => return Some(true),
            ExprKind::Dict(entries) => {
                for entry in entries {
                    match entry {
                        Entry::Pair { key, value } => {
                            todo.push((Site { unit: s.unit, expr: *key }, depth));
                            todo.push((Site { unit: s.unit, expr: *value }, depth));
                        }
                        Entry::Spread(value) => match ev.at(s.unit, *value) {
                            Value::Dict(dict) if depth < 4 => todo.push((dict.site, depth + 1)),
                            _ => open = true,
                        },
                    }
                }
            }
            ExprKind::Name(_) | ExprKind::Attr { .. } | ExprKind::Call(_) if depth < 4 => {
                match ev.eval(s) {
                    Value::Dict(dict) => {
                        if dict.entries.iter().any(|(k, _)| is_key_name(k)) {
                            return Some(true);
                        }
                        open |= dict.open;
                        if dict.site != s {
                            todo.push((dict.site, depth + 1));
                        }
                        // `headers["Idempotency-Key"] = key` after the literal.
                        open |= assigned_later(ev, s) || super::keyed::is_filled(ev, dict.site);
                    }
                    // A function of ours that builds headers may add it.
                    Value::Unknown | Value::Param { .. } if names_headers(module, s.expr) => open = true,
                    _ => {}
                }
            }
            _ => todo.extend(module.children(s.expr).into_iter().map(|e| (Site { unit: s.unit, expr: e }, depth))),
        }
    }
    if open { None } else { Some(false) }
}

/// The call that makes a random value in the function of the request, where one flows into a key.
fn key_made(ev: &Evaluator<'_>, site: Site) -> Option<Site> {
    let unit = ev.program.unit(site.unit);
    let func = unit.index.func_of(site.expr)?;
    let span = unit.module.func(func).span;
    unit.index
        .calls
        .iter()
        .filter(|c| span.contains(unit.module.expr(c.expr).span))
        .find(|c| {
            let random = unit.module.callee_name(c.expr).is_some_and(|n| {
                matches!(n.as_str(), "uuid4" | "uuid1" | "uuid7" | "randomUUID" | "v4" | "uuidv4" | "nanoid" | "ulid")
            });
            random && unit.index.ancestors(c.expr).any(|p| names_key(unit, p))
        })
        .map(|c| Site { unit: site.unit, expr: c.expr })
}

/// A dictionary or an assignment around a value that names an idempotency key.
fn names_key(unit: &crate::program::Unit, parent: crate::program::Parent) -> bool {
    let named = |e: ExprId| match &unit.module.expr(e).kind {
        ExprKind::Str(n) | ExprKind::Name(n) => is_key_name(n),
        ExprKind::Index { index, .. } => matches!(&unit.module.expr(*index).kind, ExprKind::Str(n) if is_key_name(n)),
        _ => false,
    };
    match parent {
        crate::program::Parent::Expr(e) => match &unit.module.expr(e).kind {
            ExprKind::Dict(entries) => entries.iter().any(|e| matches!(e, Entry::Pair { key, .. } if named(*key))),
            _ => false,
        },
        crate::program::Parent::Stmt(s) => match &unit.module.stmt(s).kind {
            crate::facts::module::StmtKind::Assign { target, .. } => named(*target),
            _ => false,
        },
        _ => false,
    }
}

fn assigned_later(ev: &Evaluator<'_>, site: Site) -> bool {
    let module = &ev.program.unit(site.unit).module;
    let ExprKind::Name(name) = &module.expr(site.expr).kind else { return false };
    module.stmts.iter().any(|s| match &s.kind {
        crate::facts::module::StmtKind::Assign { target, .. } => match &module.expr(*target).kind {
            ExprKind::Index { object, .. } => matches!(&module.expr(*object).kind, ExprKind::Name(n) if n == name),
            _ => false,
        },
        _ => false,
    })
}

fn names_headers(module: &crate::facts::module::Module, expr: ExprId) -> bool {
    match &module.expr(expr).kind {
        ExprKind::Name(n) | ExprKind::Attr { name: n, .. } => {
            let n = n.to_lowercase();
            n.contains("header") || n.contains("config") || n.contains("option")
        }
        ExprKind::Call(call) => names_headers(module, call.callee),
        _ => false,
    }
}

/// `Idempotency-Key` and its variants (draft-ietf-httpapi-idempotency-key-header, the fields that well-known payment
/// interfaces use, and `webhook-id`: <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>).
pub fn is_key_name(name: &str) -> bool {
    let name = name.to_lowercase().replace(['-', '_'], "");
    name.contains("idempotency")
        || matches!(name.as_str(), "clienttoken" | "paypalrequestid" | "webhookid" | "xrequestid" | "xwebhookid")
}

/// See [`HttpRequest::roots`].
fn roots(ev: &Evaluator<'_>, unit: UnitId, func: FuncId) -> Vec<Place> {
    const MAX: usize = 32;
    let mut seen = vec![(unit, func)];
    let mut out = Vec::new();
    let mut next = 0;
    while let Some(&(unit, func)) = seen.get(next) {
        next += 1;
        let module = &ev.program.unit(unit).module;
        let ways = ev.entries(unit, func);
        let mut outer: Vec<(UnitId, FuncId)> = Vec::new();
        for way in &ways {
            let caller = ev.program.unit(way.site.unit);
            match caller.index.func_of(way.site.expr) {
                Some(f) => outer.push((way.site.unit, f)),
                // Called at the top of a module: nothing retries that.
                None => out.push(ev.program.place(way.site)),
            }
        }
        if ways.is_empty() {
            // An anonymous function runs where it stands.
            match module.func(func).parent {
                Some(parent) if module.func(func).name.is_empty() => outer.push((unit, parent)),
                _ => out.push(ev.program.function_place(unit, func)),
            }
        }
        for f in outer {
            if !seen.contains(&f) {
                seen.push(f);
            }
        }
        if seen.len() > MAX {
            return Vec::new();
        }
    }
    out
}

/// Async functions that call this synchronous one directly.
fn async_callers(
    ev: &Evaluator<'_>,
    unit: crate::program::UnitId,
    func: crate::facts::module::FuncId,
) -> Vec<crate::syntax::Place> {
    ev.callers(unit, func)
        .into_iter()
        .filter(|site| {
            let caller = ev.program.unit(site.unit);
            // `asyncio.to_thread(fetch, …)` runs it elsewhere.
            let direct = caller.module.call(site.expr).is_some_and(|call| {
                ev.at(site.unit, call.callee)
                    .alternatives()
                    .iter()
                    .any(|v| matches!(v, Value::Function { unit: u, func: f, .. } if *u == unit && *f == func))
            });
            direct && caller.index.func_of(site.expr).is_some_and(|f| caller.module.func(f).is_async)
        })
        .map(|site| ev.program.place(site))
        .collect()
}
