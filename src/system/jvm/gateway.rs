//! Where gateways lead: the routes of Spring Cloud Gateway and of Zuul in the settings of a service.
//!
//! Sources: <https://docs.spring.io/spring-cloud-gateway/reference/appendix.html>,
//! <https://cloud.spring.io/spring-cloud-netflix/multi/multi__router_and_filter_zuul.html>.

use std::collections::BTreeMap;

use super::settings::Own;
use crate::syntax::Place;

/// The keys of lists of routes, as settings are compared: the older one, and those of both servers.
const LISTS: [&str; 4] = [
    "spring.cloud.gateway.routes[",
    "spring.cloud.gateway.mvc.routes[",
    "spring.cloud.gateway.server.webflux.routes[",
    "spring.cloud.gateway.server.webmvc.routes[",
];

/// Where a gateway sends requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::system) struct Route {
    /// An address, or the name under which a service is registered; placeholders are not filled in.
    pub to: String,
    /// The setting.
    pub place: Place,
}

/// The routes of a service, in the order of their keys.
pub(in crate::system) fn routes(own: &Own) -> Vec<Route> {
    let mut found = Vec::new();
    // A route of Zuul leads to its address, else to its service, else to the service it is called like.
    let mut zuul: BTreeMap<&str, (u8, Route)> = BTreeMap::new();
    for (key, value, place) in own.keys() {
        let route = Route { to: value.to_owned(), place };
        if let Some(rest) = LISTS.iter().find_map(|list| key.strip_prefix(list)) {
            if rest.ends_with("].uri") && is_elsewhere(value) {
                found.push(route);
            }
        } else if let Some(rest) = key.strip_prefix("zuul.routes.") {
            let (id, rank) = match rest.rsplit_once('.') {
                Some((id, "url")) => (id, 0),
                Some((id, "serviceid")) => (id, 1),
                _ => continue,
            };
            if is_elsewhere(value) && zuul.get(id).is_none_or(|(known, _)| rank < *known) {
                zuul.insert(id, (rank, route));
            }
        }
    }
    found.extend(zuul.into_values().map(|(_, route)| route));
    found
}

/// `forward:/fallback` and `no://op` stay in the gateway.
fn is_elsewhere(to: &str) -> bool {
    !to.is_empty() && !to.starts_with("forward:") && !to.starts_with("no:")
}
