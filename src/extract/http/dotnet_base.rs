//! Addresses that requests of C# get beside their arguments: from what is set on the client after it was made
//! (`client.BaseAddress = new Uri("http://orders")`), from chains of calls, from objects that stand for a request.
//!
//! Source: <https://learn.microsoft.com/en-us/dotnet/api/system.net.http.httpclient.baseaddress>.

use super::HttpClient;
use super::dotnet::address;
use super::timeout::Timeout;
use crate::facts::module::{ExprId, ExprKind, Language, Module};
use crate::program::value::{Text, TextPart};
use crate::program::{Evaluator, Site, Value};

/// The whole address of a request to a path, where the function or the class around it says what that is below.
pub(super) fn whole(ev: &Evaluator<'_>, request: Site, path: &Text) -> Option<Text> {
    let unit = ev.program.unit(request.unit);
    let module = &unit.module;
    let begins = path.parts.first();
    let relative = match begins {
        Some(TextPart::Lit(text)) => !text.contains("://"),
        Some(TextPart::Env { default: Some(text), .. }) => text.starts_with('/'),
        _ => false,
    };
    if module.language != Language::CSharp || !relative {
        return None;
    }
    let ExprKind::Attr { object, .. } = &module.expr(module.call(request.expr)?.callee).kind else { return None };
    let client = named(module, *object)?;
    let around = unit.index.func_of(request.expr)?;
    let class = unit.index.classes_around(module, request.expr).into_iter().next();
    let fields = |name: &str| class.is_some_and(|c| module.class(c).fields.iter().any(|f| f.name == name));
    let span = match class.filter(|_| fields(client)) {
        Some(class) => module.class(class).span,
        None => module.func(around).span,
    };
    let set = unit.index.attribute_assignments.iter().filter(|(name, of, value)| {
        name == "BaseAddress" && named(module, *of) == Some(client) && span.contains(module.expr(*value).span)
    });
    let mut found = set.filter_map(|(_, _, value)| address(ev, Site { unit: request.unit, expr: *value }));
    let mut text = found.next().filter(|_| found.next().is_none())?;
    let slash = |part: Option<&TextPart>, ends: fn(&str) -> bool| matches!(part, Some(TextPart::Lit(t)) if ends(t));
    let of_setting = matches!(begins, Some(TextPart::Env { .. }));
    let ends = slash(text.parts.last(), |t| t.ends_with('/'));
    let starts = of_setting || slash(begins, |t| t.starts_with('/'));
    let mut rest = path.clone();
    match (ends, starts, rest.parts.first_mut()) {
        (false, false, _) => text.push(Text::literal("/")),
        (true, true, Some(TextPart::Lit(first))) => *first = first.trim_start_matches('/').into(),
        _ => {}
    }
    text.push(rest);
    Some(text)
}

/// Where the client of a request is made that a constructor is given:
/// `new Peer(DaprClient.CreateInvokeHttpClient("stock"))`.
pub(super) fn handed(ev: &Evaluator<'_>, request: Site) -> Vec<Site> {
    let module = &ev.program.unit(request.unit).module;
    let Some(call) = module.call(request.expr) else { return Vec::new() };
    let ExprKind::Attr { object, .. } = &module.expr(call.callee).kind else { return Vec::new() };
    let made = ev.trace(Site { unit: request.unit, expr: *object });
    let in_production = |site: &Site| ev.program.is_production(site.unit);
    let mut out: Vec<Site> = made.iter().filter_map(|v| v.instance()?.call).filter(in_production).collect();
    out.sort();
    out.dedup();
    out
}

/// The address that a chain of Flurl puts together: `"http://orders".AppendPathSegment("items").WithTimeout(3)`
/// (<https://flurl.dev/docs/fluent-url/>).
pub(super) fn appended(ev: &Evaluator<'_>, chain: Site) -> Option<Text> {
    let module = &ev.program.unit(chain.unit).module;
    let Some(call) = module.call(chain.expr) else { return ev.eval(chain).to_text() };
    let ExprKind::Attr { object, name, .. } = &module.expr(call.callee).kind else { return ev.eval(chain).to_text() };
    let mut text = appended(ev, Site { unit: chain.unit, expr: *object })?;
    let keeps = ["With", "Set", "Allow", "On", "Remove"].iter().any(|word| name.starts_with(word));
    match name.as_str() {
        "AppendPathSegment" | "AppendPathSegments" => {
            for arg in &call.args {
                let part = ev.at(chain.unit, arg.value).to_text();
                let mut part = part.unwrap_or(Text { parts: vec![TextPart::Hole], handed: false });
                if let Some(TextPart::Lit(first)) = part.parts.first_mut() {
                    *first = first.trim_start_matches('/').into();
                }
                text.push(Text::literal("/"));
                text.push(part);
            }
        }
        _ if keeps => {}
        _ => text.parts.push(TextPart::Hole),
    }
    Some(text)
}

/// What a request of RestSharp says for itself: `new RestRequest("items/{id}", Method.Post)`
/// (<https://restsharp.dev/docs/usage/request>).
pub(super) fn resource(ev: &Evaluator<'_>, request: Site) -> (Option<String>, Option<Text>) {
    let module = &ev.program.unit(request.unit).module;
    let sent = module.call(request.expr).and_then(|c| c.args.first()).map(|a| ev.at(request.unit, a.value));
    let Some(made) = sent.as_ref().and_then(Value::instance).and_then(|i| i.call) else { return (None, None) };
    let module = &ev.program.unit(made.unit).module;
    let is_it = module.callee_name(made.expr).is_some_and(|name| name == "RestRequest");
    let Some(call) = module.call(made.expr).filter(|_| is_it) else { return (None, None) };
    let positional = |n: usize| call.args.iter().filter(|a| a.name.is_none()).nth(n).map(|a| a.value);
    let named = |name: &str| call.args.iter().find(|a| a.name.as_deref() == Some(name)).map(|a| a.value);
    let verb = named("Method").or_else(|| positional(1)).and_then(|e| match &module.expr(e).kind {
        ExprKind::Attr { name, .. } => Some(name.to_uppercase()),
        _ => None,
    });
    let url = positional(0).or_else(|| named("Resource"));
    (verb, url.and_then(|e| address(ev, Site { unit: made.unit, expr: e })))
}

/// `new RestClient(new RestClientOptions("http://stock") { Timeout = TimeSpan.FromSeconds(3) })`
/// (<https://restsharp.dev/docs/advanced/configuration>).
pub(super) fn options(ev: &Evaluator<'_>, site: Site, client: &mut HttpClient) {
    let module = &ev.program.unit(site.unit).module;
    let given = module.call(site.expr).and_then(|call| call.args.first()).map(|a| ev.at(site.unit, a.value));
    let Some(made) = given.as_ref().and_then(Value::instance).and_then(|i| i.call) else { return };
    let module = &ev.program.unit(made.unit).module;
    let Some(call) = module.call(made.expr).filter(|call| call.is_new) else { return };
    for arg in &call.args {
        let at = Site { unit: made.unit, expr: arg.value };
        match arg.name.as_deref() {
            Some("Timeout" | "MaxTimeout") => client.timeout = Timeout::Set(ev.program.place(at)),
            Some("BaseUrl" | "baseUrl") | None if client.base_url.is_none() => {
                client.base_url = address(ev, at).map(|text| (text, ev.program.place(at)));
            }
            _ => {}
        }
    }
}

/// The variable or field that an expression names.
fn named(module: &Module, expr: ExprId) -> Option<&str> {
    match &module.expr(expr).kind {
        ExprKind::Name(name) => Some(name),
        ExprKind::Attr { object, name, .. } if module.expr(*object).kind == ExprKind::This => Some(name),
        _ => None,
    }
}
