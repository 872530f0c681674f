//! Liveness, readiness and startup probes.

use super::pod::Port;
use super::{HOLE, Places, text_of};
use crate::facts::probe::{ProbeKind, ProbeTarget, probe};
use crate::syntax::data::Node;
use crate::syntax::{Place, Span};

/// A probe of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthProbe {
    /// Which of the three.
    pub role: ProbeRole,
    /// What it asks.
    pub target: ProbeTarget,
    /// How it is told: `GET :8080/health`, or the command.
    pub text: String,
    /// The words of the command; empty for other probes.
    pub words: Vec<String>,
    /// Where it stands.
    pub place: Place,
}

/// Which probe it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProbeRole {
    /// Decides whether the container is started again.
    Liveness,
    /// Decides whether requests are sent to it.
    Readiness,
    /// Decides when the other two begin.
    Startup,
}

impl ProbeRole {
    /// The name in messages: `liveness probe`.
    pub fn name(self) -> &'static str {
        match self {
            ProbeRole::Liveness => "liveness probe",
            ProbeRole::Readiness => "readiness probe",
            ProbeRole::Startup => "startup probe",
        }
    }
}

/// The probes of a container.
pub(super) fn probes(container: &Node, ports: &[Port], at: &Places<'_>) -> Vec<HealthProbe> {
    let keys = [
        ("livenessProbe", ProbeRole::Liveness),
        ("readinessProbe", ProbeRole::Readiness),
        ("startupProbe", ProbeRole::Startup),
    ];
    keys.into_iter().filter_map(|(key, role)| one(container, key, role, ports, at)).collect()
}

fn one(container: &Node, key: &str, role: ProbeRole, ports: &[Port], at: &Places<'_>) -> Option<HealthProbe> {
    let node = container.get(key)?;
    if let Some(http) = node.get("httpGet") {
        let path = text_of(http, "path").unwrap_or("/");
        let path = path.split(['?', '#']).next().unwrap_or(path);
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        let port = text_of(http, "port").unwrap_or("");
        let number =
            port.parse().ok().or_else(|| ports.iter().find(|p| p.name.as_deref() == Some(port))?.number.parse().ok());
        let text = format!("GET :{port}{path}");
        let known = !path.contains([HOLE, '$', '{']);
        let target = ProbeTarget {
            kind: ProbeKind::Http,
            host: Some(text_of(http, "host").unwrap_or("localhost").to_owned()),
            port: number,
            path: known.then_some(path),
            script: None,
        };
        let place = http.entry("path").map_or(http.span, |e| Span { start: e.key.span.start, end: e.value.span.end });
        return Some(HealthProbe { role, target, text, words: Vec::new(), place: at(place) });
    }
    let bare = |kind: ProbeKind, port: Option<&str>| ProbeTarget {
        kind,
        host: None,
        port: port.and_then(|port| port.parse().ok()),
        path: None,
        script: None,
    };
    if let Some(grpc) = node.get("grpc") {
        let port = text_of(grpc, "port");
        let text = format!("gRPC :{}", port.unwrap_or(""));
        let target = bare(ProbeKind::Grpc, port);
        return Some(HealthProbe { role, target, text, words: Vec::new(), place: at(grpc.span) });
    }
    if let Some(socket) = node.get("tcpSocket") {
        let port = text_of(socket, "port");
        let text = format!("TCP :{}", port.unwrap_or(""));
        let target = bare(ProbeKind::PortOnly, port);
        return Some(HealthProbe { role, target, text, words: Vec::new(), place: at(socket.span) });
    }
    let command = node.at(["exec", "command"])?;
    let words: Vec<String> = command.items().iter().filter_map(|word| Some(word.text()?.to_owned())).collect();
    Some(HealthProbe { role, target: probe(&words), text: words.join(" "), words, place: at(command.span) })
}
