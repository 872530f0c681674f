//! Routes of Spring Cloud Gateway that are written in code:
//! `builder.routes().route(r -> r.path("/orders/**").uri("lb://orders"))`.
//! Source: <https://docs.spring.io/spring-cloud-gateway/reference/spring-cloud-gateway-server-webflux/fluent-java-routes-api.html>

use super::sent::address;
use crate::extract::http::InScope;
use crate::program::value::Text;
use crate::program::{Evaluator, Site};
use crate::syntax::Place;

/// Where the routes lead, and where that is said.
pub fn routes(ev: &Evaluator<'_>, in_scope: &InScope<'_>) -> Vec<(Place, Text)> {
    let mut found = Vec::new();
    for unit in ev.program.ids().filter(|unit| in_scope(*unit)) {
        let (module, index) = (&ev.program.unit(unit).module, &ev.program.unit(unit).index);
        if !module.imports.iter().any(|i| i.module.starts_with("org.springframework.cloud.gateway.route")) {
            continue;
        }
        for call in &index.calls {
            if module.callee_name(call.expr).is_none_or(|name| name != "uri") {
                continue;
            }
            let Some(to) = module.call(call.expr).and_then(|call| call.args.first()) else { continue };
            let to = Site { unit, expr: to.value };
            found.extend(address(ev, to).map(|text| (ev.program.place(to), text)));
        }
    }
    found
}
