//! `rest-client/hard-coded-address`: where a peer lives is configuration.

use std::collections::HashSet;

use crate::program::value::{Text, TextPart};
use crate::rules::{Finding, Rule, Severity, Stage};
use crate::syntax::{FileId, Place};
use crate::system::System;

/// See the skill `rest-client`.
pub const RULE: Rule =
    Rule { id: "rest-client/hard-coded-address", severity: Severity::Warning, stage: Stage::Stable, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    // One finding for each address of a file; the other uses are its evidence.
    let mut seen: HashSet<(FileId, String)> = HashSet::new();
    let mut add = |text: &Text, place: Place, uses: &[Place]| {
        // It is not here that it is written.
        if text.handed {
            return;
        }
        let Some(address) = internal_address(text) else { return };
        if !seen.insert((place.file, address.clone())) {
            return;
        }
        let mut finding =
            Finding::new(&RULE, system, place, format!("The address `{address}` is written into the code"))
                .why("The same image cannot run in another environment, and a moved peer means a new build")
                .help(
                    "Read it from the environment or the service's settings, with this address at most as the default",
                );
        for place in uses.iter().take(3) {
            finding = finding.also(*place, "used here");
        }
        findings.push(finding);
    };
    for client in system.http.iter().filter(|c| !c.logical_address) {
        if let Some((text, place)) = &client.base_url {
            add(text, *place, &[client.place]);
        }
        for (text, place) in &client.base_urls {
            add(text, *place, &[client.place]);
        }
        for request in &client.requests {
            if let (Some(text), Some(place)) = (&request.url, request.url_place) {
                add(text, place, &[request.place]);
            }
        }
    }
}

/// `http://orders:8000` when the text begins with the literal address of a peer in the same system: a
/// name without a dot, `localhost`, a private or cluster name. Public interfaces (`api.stripe.com`) have
/// one address everywhere.
fn internal_address(text: &Text) -> Option<String> {
    let mut first = String::new();
    let mut literal_parts = 0;
    for part in &text.parts {
        let TextPart::Lit(lit) = part else { break };
        first.push_str(lit);
        literal_parts += 1;
    }
    let scheme = ["http://", "https://"].into_iter().find(|s| first.starts_with(s))?;
    let rest = &first[scheme.len()..];
    let end = rest.find(['/', '?', '#']);
    let authority = &rest[..end.unwrap_or(rest.len())];
    // `"http://" + host`: the host is not in the literal. Behind a port nothing of it can follow.
    let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| port.len() > 1 && port.parse::<u16>().is_ok());
    if end.is_none() && text.parts.len() > literal_parts && !has_port {
        return None;
    }
    let host = authority.rsplit_once('@').map_or(authority, |(_, h)| h);
    let host = host.split_once(':').map_or(host, |(h, _)| h).to_lowercase();
    if host.is_empty() || host.contains(['{', '}', '%', '<', '$']) {
        return None;
    }
    let private = host.parse::<std::net::Ipv4Addr>().is_ok_and(|ip| ip.is_private() || ip.is_loopback());
    let internal = private
        || !host.contains('.')
        || [".local", ".internal", ".svc", ".cluster.local", ".lan", ".consul"].iter().any(|s| host.ends_with(s));
    internal.then(|| format!("{scheme}{authority}"))
}
