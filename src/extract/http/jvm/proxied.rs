//! The client behind an interface of Spring: `HttpServiceProxyFactory.builderFor(RestClientAdapter.create(client))`.
//!
//! Source: <https://docs.spring.io/spring-framework/reference/integration/rest-clients.html#rest-http-service-client>

use std::collections::BTreeMap;

use super::super::HttpClient;
use crate::facts::module::{ExprId, ExprKind, Module};
use crate::program::value::Text;
use crate::program::{Evaluator, Site, Value};
use crate::syntax::Span;

/// What adapts a client to such interfaces.
const ADAPTERS: [&str; 3] = ["RestClientAdapter", "RestTemplateAdapter", "WebClientAdapter"];

/// The client that sends the requests of an interface, by the call that makes an object of the interface: the only one
/// that is adapted in the function around it, or else in its file.
pub(super) fn behind(ev: &Evaluator<'_>, made: Site) -> Option<Site> {
    let unit = ev.program.unit(made.unit);
    let module = &unit.module;
    let around = unit.index.func_of(made.expr).map(|func| module.func(func).span);
    let whole = Span { start: 0, end: u32::MAX };
    [around, Some(whole)].into_iter().flatten().find_map(|span| {
        let mut clients = unit.index.calls.iter().filter_map(|call| {
            let adapts = span.contains(module.expr(call.expr).span) && is_adapter(module, call.expr);
            module.call(call.expr).filter(|_| adapts)?.args.first()
        });
        let client = clients.next()?.value;
        if clients.next().is_some() {
            return None;
        }
        let traced = || ev.trace(Site { unit: made.unit, expr: client });
        let value = ev.at(made.unit, client);
        value
            .instance()
            .and_then(|i| i.call)
            .or_else(|| traced().iter().filter_map(Value::instance).find_map(|i| i.call))
    })
}

fn is_adapter(module: &Module, call: ExprId) -> bool {
    let Some(call) = module.call(call) else { return false };
    match &module.expr(call.callee).kind {
        ExprKind::Attr { object, name, .. } => {
            matches!(name.as_str(), "create" | "forClient")
                && super::text_of(module, *object).is_some_and(|n| ADAPTERS.contains(&n))
        }
        _ => false,
    }
}

/// Gives the requests of an interface to the client behind it; the interface itself when that is not known.
pub(super) fn give(
    found: &mut BTreeMap<Site, HttpClient>,
    client: HttpClient,
    (behind, prefix): (Option<Site>, Option<Text>),
) -> Option<HttpClient> {
    let Some(real) = behind.and_then(|site| found.get_mut(&site)) else { return Some(client) };
    real.requests.extend(client.requests.into_iter().map(|mut request| {
        if let Some(prefix) = &prefix
            && let Some(path) = request.url.take()
        {
            let mut url = prefix.clone();
            url.push(path);
            request.url = Some(url);
        }
        request
    }));
    None
}
