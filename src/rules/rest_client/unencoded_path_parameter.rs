//! `rest-client/unencoded-path-parameter`: what is put into a path stays one segment of it.

use crate::rules::{Confidence, Finding, Rule, Severity, Stage};
use crate::system::System;

/// See the skill `rest-client`.
pub const RULE: Rule =
    Rule { id: "rest-client/unencoded-path-parameter", severity: Severity::Warning, stage: Stage::Stable, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    let mut seen = Vec::new();
    for client in &system.http {
        for request in &client.requests {
            for hole in &request.unencoded {
                if seen.contains(&hole.place) {
                    continue;
                }
                seen.push(hole.place);
                findings.push(
                    Finding::new(
                        &RULE,
                        system,
                        hole.place,
                        format!("`{}` is put into the path of {} as it is", hole.name, super::told(request)),
                    )
                    .why("A value such as `../admin` or `a?b` makes it another request, with the rights of this service")
                    .help("Encode it: `encodeURIComponent(id)`, `urllib.parse.quote(id, safe=\"\")`, `url.PathEscape(id)`, `Uri.EscapeDataString(id)`, or a template of the client (`\"/items/{id}\", id`)")
                    .confidence(Confidence::Medium),
                );
            }
        }
    }
}
