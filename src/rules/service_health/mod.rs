//! The rules of the skill `service-health`.

pub mod missing_health_endpoint;
pub mod probe_without_route;
