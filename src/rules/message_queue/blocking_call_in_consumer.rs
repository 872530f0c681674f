//! `message-queue/blocking-call-in-consumer`: a handler that waits lets the event loop go on.

use crate::rules::{Finding, Rule, Severity, Stage};
use crate::system::System;

/// See the skill `message-queue`. Blocking requests, and pauses beside them, belong to
/// `rest-client/blocking-call-in-async`.
pub const RULE: Rule =
    Rule { id: "message-queue/blocking-call-in-consumer", severity: Severity::Error, stage: Stage::Stable, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    for call in &system.blocking {
        let Some(consumer) = system.consumers.iter().find(|c| c.functions.contains(&call.function_place)) else {
            continue;
        };
        let beside_request = system
            .http
            .iter()
            .flat_map(|c| &c.requests)
            .any(|r| r.function.as_ref().is_some_and(|(_, place)| *place == call.function_place));
        if beside_request {
            continue;
        }
        findings.push(
            Finding::new(
                &RULE,
                system,
                call.place,
                format!("`{}` stops the consumer's event loop inside `async def {}`", call.symbol, call.function),
            )
            .also(consumer.place, "messages come in here")
            .why("heartbeats, commits and every other task of the process wait too; after a longer pause the broker takes the consumer for dead and delivers its messages to another")
            .help(if call.symbol == "time.sleep" {
                "write `await asyncio.sleep(…)`; better leave a pause between attempts to the broker (a retry queue with a delay)".to_string()
            } else {
                format!("hand it to a thread: `await asyncio.to_thread({}, …)`", call.symbol)
            }),
        );
    }
}
