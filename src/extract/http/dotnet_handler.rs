//! Handlers of C# that repeat what goes through them: a `DelegatingHandler` with a loop around `base.SendAsync`.

use super::timeout::Timeout;
use super::{ClientKind, HttpClient, InScope, dotnet, retry};
use crate::facts::module::{ClassId, ExprKind, Language, StmtKind};
use crate::program::{Evaluator, Parent, Site};

/// All of them, as clients that other clients are made with: nothing is known but what they repeat.
pub(super) fn repeating(ev: &Evaluator<'_>, in_scope: &InScope<'_>) -> Vec<HttpClient> {
    let Some(library) = ev.catalog.split(Language::CSharp, "System.Net.Http").map(|(library, _)| library) else {
        return Vec::new();
    };
    let mut out = Vec::new();
    for &site in ev.program.calls_named("SendAsync") {
        if !in_scope(site.unit) || ev.program.language(site.unit) != Language::CSharp || !goes_on(ev, site) {
            continue;
        }
        let linked = ev.program.unit(site.unit);
        let around = linked.index.ancestors(site.expr).take_while(|p| !matches!(p, Parent::Func(_))).find_map(|p| {
            let Parent::Stmt(stmt) = p else { return None };
            match &linked.module.stmt(stmt).kind {
                StmtKind::Loop { header, body, .. } => Some((stmt, header, body)),
                _ => None,
            }
        });
        let Some((stmt, header, body)) = around else { continue };
        let Some(policy) = retry::hand_written(ev, site, stmt, header, body) else { continue };
        let client = dotnet::blank(ev, site, library, ClientKind::Client);
        out.extend(client.map(|client| HttpClient {
            followed: false,
            timeout: Timeout::Unknown,
            retries: vec![policy],
            ..client
        }));
    }
    out
}

/// `base.SendAsync(request, token)` in a class that is a handler.
fn goes_on(ev: &Evaluator<'_>, site: Site) -> bool {
    let linked = ev.program.unit(site.unit);
    let module = &linked.module;
    let Some(call) = module.call(site.expr) else { return false };
    let ExprKind::Attr { object, .. } = module.expr(call.callee).kind else { return false };
    let is_handler = |class: ClassId| {
        module.class(class).bases.iter().any(|b| {
            crate::program::types::simple_name(module, *b)
                .is_some_and(|n| n == "DelegatingHandler" || n == "HttpClientHandler")
        })
    };
    matches!(module.expr(object).kind, ExprKind::Super)
        && linked.index.func_of(site.expr).and_then(|f| module.func(f).class).is_some_and(is_handler)
}
