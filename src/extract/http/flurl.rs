//! Requests of Flurl: chains of calls that begin with the text of an address.

use super::dotnet::{blank, declared_request};
use super::dotnet_base::appended;
use super::guards::{Guard, Guards};
use super::keyed::in_statements;
use super::timeout::Timeout;
use super::{ClientKind, HttpClient, InScope};
use crate::facts::module::{ExprId, ExprKind, Language, Module};
use crate::program::{Evaluator, Site, Value};

/// Requests by extension methods of strings: `"https://api".AppendPathSegment("x").GetJsonAsync<T>()`.
pub(super) fn clients(ev: &Evaluator<'_>, in_scope: &InScope<'_>, guards: &Guards<'_, '_>) -> Vec<HttpClient> {
    const CALLS: [(&str, &str); 12] = [
        ("GetAsync", "GET"),
        ("GetJsonAsync", "GET"),
        ("GetStringAsync", "GET"),
        ("GetStreamAsync", "GET"),
        ("GetBytesAsync", "GET"),
        ("PostAsync", "POST"),
        ("PostJsonAsync", "POST"),
        ("PostStringAsync", "POST"),
        ("PostUrlEncodedAsync", "POST"),
        ("PutJsonAsync", "PUT"),
        ("PatchJsonAsync", "PATCH"),
        ("DeleteAsync", "DELETE"),
    ];
    let Some((library, _)) = ev.catalog.split(Language::CSharp, "Flurl.Http") else { return Vec::new() };
    let mut out = Vec::new();
    for unit_id in ev.program.ids().filter(|u| in_scope(*u) && ev.program.language(*u) == Language::CSharp) {
        let unit = ev.program.unit(unit_id);
        let module = &unit.module;
        let globals: Vec<_> = ev.program.types.globals(&unit.path).collect();
        if !module.imports.iter().map(|i| &i.module).chain(globals).any(|m| m == "Flurl.Http") {
            continue;
        }
        for call in &unit.index.calls {
            let site = Site { unit: unit_id, expr: call.expr };
            let name = module.callee_name(call.expr).map_or("", |n| n.as_str());
            let Some((_, verb)) = CALLS.iter().find(|(n, _)| *n == name) else { continue };
            let Some(c) = module.call(call.expr) else { continue };
            let ExprKind::Attr { object, .. } = &module.expr(c.callee).kind else { continue };
            // A client of another library, or a function of the repository.
            let is_other = |v: &Value| {
                matches!(v, Value::Function { .. })
                    || matches!(v, Value::Method { symbol, .. } if !symbol.starts_with("Flurl"))
            };
            if ev.called(site, c).iter().any(is_other) {
                continue;
            }
            let (root, limited) = fluent(module, *object);
            let url = appended(ev, Site { unit: unit_id, expr: *object });
            let Some(mut client) = blank(ev, site, library, ClientKind::Call) else { continue };
            if let Some(step) = limited {
                client.timeout = Timeout::Set(ev.program.place(Site { unit: unit_id, expr: step }));
            }
            let mut request = declared_request(ev, guards, site, verb, url);
            request.url_place = Some(ev.program.place(Site { unit: unit_id, expr: root }));
            request.idempotency_key = in_statements(ev, site, Some(false));
            if let (Some(Guard::Deadline(place)), Timeout::Unsaid) =
                (request.guards.iter().find(|g| matches!(g, Guard::Deadline(_))), &client.timeout)
            {
                client.timeout = Timeout::Set(*place);
            }
            client.requests.push(request);
            out.push(client);
        }
    }
    out
}

/// The beginning of a chain of calls, and the step that sets a time limit.
fn fluent(module: &Module, mut expr: ExprId) -> (ExprId, Option<ExprId>) {
    let mut limited = None;
    while let Some(call) = module.call(expr) {
        let ExprKind::Attr { object, name, .. } = &module.expr(call.callee).kind else { break };
        if matches!(name.as_str(), "WithTimeout" | "WithClient" | "WithSettings") {
            limited = Some(expr);
        }
        expr = *object;
    }
    (expr, limited)
}
