//! `rest-client/blocking-call-in-async`: async code never waits with the event loop stopped.

use crate::extract::http::BlockingCall;
use crate::rules::{Finding, Rule, Severity, Stage};
use crate::system::System;

/// See the skill `rest-client`.
pub const RULE: Rule =
    Rule { id: "rest-client/blocking-call-in-async", severity: Severity::Error, stage: Stage::Stable, check };

const WHY: &str =
    "The event loop stands still until the call returns: every other request of the process waits, health checks too";

fn check(system: &System, findings: &mut Vec<Finding>) {
    for client in &system.http {
        for request in client.requests.iter().filter(|r| r.blocks) {
            let told = super::told(request);
            let help = format!(
                "Use an async client (`httpx.AsyncClient`, aiohttp) and await it, or hand the call to a thread: `await asyncio.to_thread(…)` around the {} call",
                client.library
            );
            if request.in_async {
                let name = request.function.as_ref().map_or("", |(n, _)| n.as_str());
                findings.push(
                    Finding::new(
                        &RULE,
                        system,
                        request.place,
                        format!("{} blocks the event loop inside `async def {name}`: {told}", client.library),
                    )
                    .why(WHY)
                    .help(help),
                );
            } else {
                // The call that blocks is the place to mend, however many async functions lead to it.
                let Some(first) = request.async_callers.first() else { continue };
                let name = request.function.as_ref().map_or("", |(n, _)| n.as_str());
                let mut finding = Finding::new(
                    &RULE,
                    system,
                    request.place,
                    format!(
                        "`{name}` is called from async code and blocks the event loop with {}: {told}",
                        client.library
                    ),
                )
                .also(*first, "called from async code here".to_string())
                .why(WHY)
                .help(help);
                for caller in request.async_callers.iter().skip(1).take(7) {
                    finding = finding.also(*caller, "and here".to_string());
                }
                findings.push(finding);
            }
        }
    }
    // A pause between the attempts of a client; other blocking work is not this skill's business.
    let beside_request = |call: &BlockingCall| {
        system.http.iter().flat_map(|c| &c.requests).any(|r| {
            r.place.file == call.place.file
                && r.function.as_ref().is_some_and(|(_, place)| *place == call.function_place)
        })
    };
    for call in system.blocking.iter().filter(|c| beside_request(c)) {
        findings.push(
            Finding::new(
                &RULE,
                system,
                call.place,
                format!("`{}` blocks the event loop inside `async def {}`", call.symbol, call.function),
            )
            .why(WHY)
            .help(if call.symbol == "time.sleep" {
                "Write `await asyncio.sleep(…)`".to_string()
            } else {
                format!("Hand it to a thread: `await asyncio.to_thread({}, …)`", call.symbol)
            }),
        );
    }
}
