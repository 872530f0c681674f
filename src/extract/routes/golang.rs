//! What Go servers answer besides registered routes: methods of protobuf services, and handlers of
//! libraries that we do not know.

use super::source;
use super::{App, Gap, GapKind, InScope, Route, Served};
use crate::facts::module::Language;
use crate::program::{Evaluator, Site, Value};

/// The servers of `net/http`, with the position or the field of their handler.
/// <https://pkg.go.dev/net/http#ListenAndServe>
const SERVERS: [(&str, &str, &str); 3] = [
    ("ListenAndServe", "net/http.ListenAndServe", "1"),
    ("ListenAndServeTLS", "net/http.ListenAndServeTLS", "3"),
    ("Server", "net/http.Server", "Handler"),
];

/// Adds what Go servers answer.
pub(super) fn golang(ev: &Evaluator<'_>, in_scope: &InScope<'_>, served: &mut Served) {
    let calls = |name: &str| {
        let of_go = |s: &&Site| in_scope(s.unit) && ev.program.language(s.unit) == Language::Go;
        ev.program.calls_named(name).iter().filter(of_go).copied().collect::<Vec<_>>()
    };
    for site in calls("NewServer") {
        if symbol(ev, site) == "google.golang.org/grpc.NewServer" {
            served.remote.push(app(ev, site, "gRPC"));
        }
    }
    for site in calls("NewServeMux") {
        let symbol = symbol(ev, site);
        if symbol.starts_with("github.com/grpc-ecosystem/grpc-gateway") {
            gateway(ev, site, served);
        }
    }
    for (name, wanted, handler) in SERVERS {
        for site in calls(name) {
            if symbol(ev, site) == wanted
                && let Some(handler) = source::find(ev, site, &[handler.to_string()]).first()
                && let Some(made) = unknown(ev, *handler)
            {
                let gap = Gap {
                    place: ev.program.place(made),
                    unit: made.unit,
                    app: None,
                    prefix: "/".into(),
                    kind: GapKind::Unresolved,
                };
                served.gaps.push(gap);
            }
        }
    }
}

fn symbol(ev: &Evaluator<'_>, site: Site) -> String {
    ev.callee(site).map(|(symbol, _)| symbol.to_string()).unwrap_or_default()
}

fn app(ev: &Evaluator<'_>, site: Site, framework: &str) -> App {
    App { place: ev.program.place(site), unit: site.unit, site, framework: framework.into() }
}

/// `runtime.NewServeMux(…)`: the routes that the protobuf files name, and a health check when told to
/// (<https://grpc-ecosystem.github.io/grpc-gateway/docs/operations/health_check/>).
fn gateway(ev: &Evaluator<'_>, site: Site, served: &mut Served) {
    let module = &ev.program.unit(site.unit).module;
    let options = module.call(site.expr).map(|call| call.args.as_slice()).unwrap_or_default();
    for option in options {
        let at = Site { unit: site.unit, expr: option.value };
        let path = match module.callee_name(option.value).map(|n| n.as_str()) {
            Some("WithHealthzEndpoint") => "/healthz".to_string(),
            Some("WithHealthEndpointAt") => match source::find(ev, at, &["1".to_string()]).first() {
                Some(path) => ev.eval(*path).as_str().unwrap_or_else(|| "/healthz".into()),
                None => continue,
            },
            _ => continue,
        };
        served.routes.push(Route {
            unrooted: false,
            place: ev.program.place(at),
            unit: site.unit,
            method: "GET".into(),
            path,
            framework: "gRPC-Gateway".into(),
            handler: None,
            app: None,
            partial: false,
        });
    }
    served.remote.push(app(ev, site, "gRPC-Gateway"));
}

/// The call that makes a handler of a library that we do not know, also inside of middleware.
fn unknown(ev: &Evaluator<'_>, handler: Site) -> Option<Site> {
    let mut at = handler;
    for _ in 0..6 {
        let value = ev.eval(at);
        let made = match &value {
            Value::Instance(instance) => instance.call?,
            _ => return None,
        };
        let symbol = symbol(ev, made);
        let known = ev.catalog.split(Language::Go, &symbol).is_some_and(|(library, _)| library.server.is_some());
        let gateway = symbol.starts_with("github.com/grpc-ecosystem/grpc-gateway");
        if known || gateway || symbol.is_empty() {
            return None;
        }
        // `otelhttp.NewHandler(mux, …)`, `cors.Default().Handler(mux)`: what matters is inside.
        let arguments = source::find(ev, made, &["rest:0".to_string()]);
        match arguments.into_iter().find(|a| is_object(&ev.eval(*a))) {
            Some(inner) => at = inner,
            None => return Some(made),
        }
    }
    None
}

fn is_object(value: &Value) -> bool {
    matches!(value, Value::Instance(_) | Value::Object { .. } | Value::Param { .. } | Value::Unknown)
}
