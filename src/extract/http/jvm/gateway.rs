//! Routes of Spring Cloud Gateway that are written in code:
//! `builder.routes().route(r -> r.path("/orders/**").uri("lb://orders"))`, and
//! `route("orders").route(path("/orders/**"), http("http://orders:8080"))` of the one for servlets.
//! Sources: <https://docs.spring.io/spring-cloud-gateway/reference/spring-cloud-gateway-server-webflux/fluent-java-routes-api.html>,
//! <https://docs.spring.io/spring-cloud-gateway/reference/spring-cloud-gateway-server-webmvc/java-routes-api.html>

use super::sent::address;
use crate::extract::http::InScope;
use crate::program::value::{Text, TextPart};
use crate::program::{Evaluator, Site};
use crate::syntax::Place;

/// Where the routes lead, and where that is said.
pub fn routes(ev: &Evaluator<'_>, in_scope: &InScope<'_>) -> Vec<(Place, Text)> {
    let mut found = Vec::new();
    for unit in ev.program.ids().filter(|unit| in_scope(*unit)) {
        let (module, index) = (&ev.program.unit(unit).module, &ev.program.unit(unit).index);
        let imports = |package: &str| module.imports.iter().any(|i| i.module.starts_with(package));
        let names: &[&str] = if imports("org.springframework.cloud.gateway.server.mvc") {
            &["uri", "http", "https", "lb"]
        } else if imports("org.springframework.cloud.gateway.route") {
            &["uri"]
        } else {
            continue;
        };
        for call in &index.calls {
            let Some(name) = module.callee_name(call.expr).filter(|name| names.contains(&name.as_str())) else {
                continue;
            };
            let Some([to]) = module.call(call.expr).map(|call| call.args.as_slice()) else { continue };
            let to = Site { unit, expr: to.value };
            let Some(mut text) = address(ev, to) else { continue };
            // `filter(lb("orders"))` takes the name of the service.
            if name == "lb" {
                text.parts.insert(0, TextPart::Lit("lb://".into()));
            }
            found.push((ev.program.place(to), text));
        }
    }
    found
}
