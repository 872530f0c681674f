//! `message-queue/hard-coded-broker`: where the broker lives, and its password, are configuration.

use std::collections::HashSet;

use crate::rules::{Finding, Rule, Severity, Stage};
use crate::system::System;

/// See the skill `message-queue`.
pub const RULE: Rule =
    Rule { id: "message-queue/hard-coded-broker", severity: Severity::Warning, stage: Stage::Stable, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    // One finding for each address of a file.
    let mut seen = HashSet::new();
    for connection in &system.brokers.connections {
        for (address, place) in &connection.literals {
            let (shown, secret) = without_password(address);
            if !seen.insert((place.file, shown.clone())) {
                continue;
            }
            // `"..."`: what a reader puts there is left out.
            if !address.contains(|c: char| c.is_alphanumeric()) {
                continue;
            }
            // A tutorial has its broker beside it; it runs nowhere else.
            if is_placeholder(address) && system.is_sample(*place) {
                continue;
            }
            let message = match secret {
                true => format!("the broker's address and password `{shown}` are written into the code"),
                false => format!("the broker's address `{shown}` is written into the code"),
            };
            let mut finding = Finding::new(&RULE, system, *place, message)
                .also(connection.place, "the connection is made here")
                .why("the same image cannot run in another environment, and a moved broker or a new password means a new build")
                .help("read it from the environment or the service's settings, and stop at the start when it is missing");
            if secret {
                finding.severity = Severity::Error;
            }
            findings.push(finding);
        }
    }
}

/// True for a broker on this machine, with nobody's account or the one that RabbitMQ has at first
/// (<https://www.rabbitmq.com/docs/access-control#default-state>).
fn is_placeholder(address: &str) -> bool {
    let host = address.split_once("://").map_or(address, |(_, rest)| rest);
    let host = host.strip_prefix("guest:guest@").unwrap_or(host);
    let host = host.split(['/', '?']).next().unwrap_or_default();
    let host = host.rsplit_once(':').map_or(host, |(name, _)| name);
    matches!(host, "localhost" | "127.0.0.1" | "[::1]")
}

/// The address with the password left out, and whether there was one.
fn without_password(address: &str) -> (String, bool) {
    let Some((scheme, rest)) = address.split_once("://") else { return (address.to_string(), false) };
    let Some((user, host)) = rest.rsplit_once('@') else { return (address.to_string(), false) };
    match user.split_once(':') {
        Some((user, password)) if !password.is_empty() => (format!("{scheme}://{user}:…@{host}"), true),
        _ => (address.to_string(), false),
    }
}
