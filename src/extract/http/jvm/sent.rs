//! The address and the method of a request where they are no plain argument: in a later step of a chain
//! (`client.get().uri("/x")`), in an object that is built before (`Request.Builder().url("/x").post(body)`),
//! or put together by a builder (`UriComponentsBuilder.fromUriString(base).path("/x")`).

use crate::facts::module::{BinaryOp, ExprId, ExprKind, Module, StmtKind};
use crate::program::index::{Binding, Parent};
use crate::program::value::{Text, TextPart};
use crate::program::{Evaluator, Site, Value};
use crate::syntax::Place;

/// How many steps of a chain are read.
const MAX_STEPS: usize = 40;
const VERBS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/// The address and the method of a request that its call does not say itself.
pub(in crate::extract::http) fn sent_to(ev: &Evaluator<'_>, site: Site) -> (Option<Site>, Option<String>) {
    let module = &ev.program.unit(site.unit).module;
    let here = |expr: ExprId| Site { unit: site.unit, expr };
    // Steps behind the call: `.uri(…)` of WebClient and RestClient, `.request()` of JAX-RS.
    for step in after(ev, site) {
        if module.callee_name(step).is_some_and(|n| n == "uri")
            && let Some(arg) = module.call(step).and_then(|c| c.args.first())
        {
            return (Some(here(arg.value)), None);
        }
    }
    let Some(call) = module.call(site.expr) else { return (None, None) };
    // Steps before it: `client.target(url).path("x").request().get()`.
    if let Some(target) = chain(module, call.callee).into_iter().find(|e| named(module, *e, &["target"])) {
        // With the steps up to `request()`.
        let steps = chain(module, call.callee);
        let request = steps.iter().find(|e| named(module, **e, &["request"]));
        return (Some(here(request.copied().unwrap_or(target))), None);
    }
    // The object that is sent.
    let Some(arg) = call.args.first() else { return (None, None) };
    built(ev, here(arg.value))
}

/// The address that all requests of a client begin with: `WebClient.create(url)`,
/// `builder().baseUrl(url).build()`, `defaultRequest { url(…) }` of Ktor.
pub(in crate::extract::http) fn base_url(ev: &Evaluator<'_>, site: Site) -> Option<(Text, Place)> {
    let module = &ev.program.unit(site.unit).module;
    let here = |expr: ExprId| Site { unit: site.unit, expr };
    let steps = chain(module, site.expr);
    let said = steps.iter().find(|e| named(module, **e, &["baseUrl", "rootUri", "baseUri"]));
    let created = || {
        // `HttpClient.create(url)`; a builder or a settings object is no text.
        steps.iter().find(|e| named(module, **e, &["create"]))
    };
    let span = module.expr(site.expr).span;
    let in_lambda = || {
        let calls = &ev.program.unit(site.unit).index.calls;
        let inside = |e: ExprId| span.contains(module.expr(e).span) && named(module, e, &["url"]);
        calls.iter().map(|c| c.expr).find(|e| inside(*e))
    };
    let step = said.or_else(created).copied().or_else(in_lambda)?;
    let arg = here(module.call(step)?.args.first()?.value);
    Some((address(ev, arg)?, ev.program.place(arg)))
}

/// What an object says that is built for a request: `HttpRequest.newBuilder(uri).GET().build()`,
/// `new HttpPost(url)`, `RequestEntity.get(url).build()`.
fn built(ev: &Evaluator<'_>, site: Site) -> (Option<Site>, Option<String>) {
    let site = origin(ev, site);
    let module = &ev.program.unit(site.unit).module;
    let (mut url, mut method) = (None, None);
    for step in chain(module, site.expr) {
        let (Some(call), Some(name)) = (module.call(step), module.callee_name(step)) else { continue };
        let first = call.args.first().map(|a| Site { unit: site.unit, expr: a.value });
        let verb = VERBS.into_iter().find(|v| v.eq_ignore_ascii_case(name));
        // `new HttpGet(url)` of Apache.
        let apache =
            name.strip_prefix("Http").and_then(|rest| VERBS.into_iter().find(|v| v.eq_ignore_ascii_case(rest)));
        match name.as_str() {
            "url" | "uri" | "newBuilder" | "setUri" => url = url.or(first),
            "method" => method = method.or_else(|| self::method(ev, first?)),
            "delete" if call.args.is_empty() => method = method.or(Some("DELETE".into())),
            _ if apache.is_some() => {
                (url, method) = (first, apache.map(str::to_string));
            }
            // `RequestEntity.get(url)` has the address, `.post(body)` of a builder does not.
            _ if verb.is_some() => {
                method = method.or_else(|| verb.map(str::to_string));
                if is_type(module, call.callee) {
                    url = url.or(first);
                }
            }
            _ => {}
        }
    }
    (url, method)
}

/// `RequestEntity.get`: a call of a type, not of an object.
fn is_type(module: &Module, callee: ExprId) -> bool {
    let ExprKind::Attr { object, .. } = &module.expr(callee).kind else { return false };
    matches!(&module.expr(*object).kind, ExprKind::Name(n) if n.starts_with(char::is_uppercase))
}

/// `HttpMethod.POST`, `"POST"`.
pub(in crate::extract::http) fn method(ev: &Evaluator<'_>, site: Site) -> Option<String> {
    let name = match ev.eval(site) {
        Value::Str(text) => text.as_literal()?.to_uppercase(),
        Value::External(symbol) => symbol.rsplit('.').next()?.to_uppercase(),
        _ => match &ev.program.unit(site.unit).module.expr(site.expr).kind {
            ExprKind::Attr { name, .. } => name.to_uppercase(),
            _ => return None,
        },
    };
    VERBS.into_iter().find(|v| *v == name).map(str::to_string)
}

/// The address that an expression stands for: a text, a `URI` of one, or what a builder puts together.
pub(in crate::extract::http) fn address(ev: &Evaluator<'_>, site: Site) -> Option<Text> {
    if let Some(text) = ev.eval(site).to_text().filter(|t| !t.parts.is_empty()) {
        return Some(text);
    }
    let site = origin(ev, site);
    let module = &ev.program.unit(site.unit).module;
    let mut steps = chain(module, site.expr);
    if let ExprKind::Lambda(func) = module.expr(site.expr).kind {
        // `uri(builder -> builder.path("/x").queryParam(…).build())`
        steps = crate::program::eval::returns(module, func).into_iter().flat_map(|e| chain(module, e)).collect();
    }
    // From the first step to the last.
    steps.reverse();
    let mut out = Text::default();
    for step in steps {
        let (Some(call), Some(name)) = (module.call(step), module.callee_name(step)) else { continue };
        let texts = || call.args.iter().filter_map(|a| address(ev, Site { unit: site.unit, expr: a.value }));
        match name.as_str() {
            "create" | "URI" | "URL" | "parse" | "get" | "fromHttpUrl" | "fromUriString" | "fromUri" | "fromPath"
            | "toHttpUrl" | "toUri" | "of" | "target" | "newBuilder" | "buildString" => {
                if let Some(text) = texts().next() {
                    out = text;
                } else if let ExprKind::Attr { object, .. } = &module.expr(call.callee).kind
                    && out.parts.is_empty()
                    && let Some(text) = ev.at(site.unit, *object).to_text()
                {
                    out = text;
                }
            }
            "path" | "pathSegment" | "addPathSegment" | "addPathSegments" | "resolve" => {
                for text in texts() {
                    let slash = out.pattern().ends_with('/') || text.pattern().starts_with('/');
                    if !slash {
                        out.parts.push(TextPart::Lit("/".into()));
                    }
                    out.push(text);
                }
            }
            "host" | "setHost" => {
                if let Some(host) = texts().next() {
                    out = Text::literal("http://");
                    out.push(host);
                }
            }
            _ => {}
        }
    }
    if out.parts.is_empty()
        && let ExprKind::Binary { op: BinaryOp::Add, left, .. } = module.expr(site.expr).kind
    {
        return address(ev, Site { unit: site.unit, expr: left });
    }
    (!out.parts.is_empty()).then_some(out)
}

/// What a local variable is assigned, where it is assigned once.
pub(super) fn origin(ev: &Evaluator<'_>, site: Site) -> Site {
    let unit = ev.program.unit(site.unit);
    let ExprKind::Name(name) = &unit.module.expr(site.expr).kind else { return site };
    let Some((_, bindings)) = unit.index.lookup(&unit.module, unit.index.func_of(site.expr), name) else { return site };
    let values: Vec<ExprId> = bindings
        .iter()
        .filter_map(|b| match b {
            Binding::Value(value) => Some(*value),
            _ => None,
        })
        .collect();
    match values.as_slice() {
        [only] => Site { unit: site.unit, expr: *only },
        _ => site,
    }
}

/// The calls of a fluent chain, the last step first.
pub(super) fn chain(module: &Module, mut expr: ExprId) -> Vec<ExprId> {
    let mut out = Vec::new();
    while out.len() < MAX_STEPS {
        match &module.expr(expr).kind {
            ExprKind::Call(call) => {
                out.push(expr);
                match &module.expr(call.callee).kind {
                    ExprKind::Attr { object, .. } => expr = *object,
                    _ => break,
                }
            }
            ExprKind::Attr { object, .. } => expr = *object,
            _ => break,
        }
    }
    out
}

pub(super) fn named(module: &Module, expr: ExprId, names: &[&str]) -> bool {
    module.callee_name(expr).is_some_and(|n| names.contains(&n.as_str()))
}

/// The calls that are made on the result of a call, in their order.
pub(super) fn after(ev: &Evaluator<'_>, site: Site) -> Vec<ExprId> {
    let unit = ev.program.unit(site.unit);
    let mut out = Vec::new();
    let mut at = site.expr;
    while out.len() < MAX_STEPS {
        let Some(Parent::Expr(attr)) = unit.index.expr_parent.get(at.0 as usize).copied() else { break };
        let ExprKind::Attr { object, .. } = &unit.module.expr(attr).kind else { break };
        let Some(Parent::Expr(call)) = unit.index.expr_parent.get(attr.0 as usize).copied() else { break };
        if *object != at || unit.module.call(call).is_none_or(|c| c.callee != attr) {
            break;
        }
        out.push(call);
        at = call;
    }
    // `var spec = client.get(); spec.uri("/x")` in one more statement.
    if let Some(Parent::Stmt(stmt)) = unit.index.expr_parent.get(at.0 as usize).copied()
        && out.is_empty()
        && let StmtKind::Assign { target, .. } = &unit.module.stmt(stmt).kind
        && let ExprKind::Name(name) = &unit.module.expr(*target).kind
    {
        let func = unit.index.func_of(site.expr);
        let on = |call: &&crate::facts::module::CallId| {
            let chain = chain(&unit.module, call.expr);
            let first = chain.last().and_then(|e| unit.module.call(*e)).map(|c| c.callee);
            call.func == func
                && first.is_some_and(|callee| match &unit.module.expr(callee).kind {
                    ExprKind::Attr { object, .. } => {
                        matches!(&unit.module.expr(*object).kind, ExprKind::Name(n) if n == name)
                    }
                    _ => false,
                })
        };
        out.extend(unit.index.calls.iter().filter(on).map(|c| c.expr));
    }
    out
}
