//! `message-queue/missing-graceful-shutdown`

use crate::extract::consume::Consumer;
use crate::rules::{Confidence, Finding, Rule, Severity, Stage};
use crate::system::System;

/// A consumer that is cut off in the middle of a message when the process is told to end.
pub const RULE: Rule =
    Rule { id: "message-queue/missing-graceful-shutdown", severity: Severity::Warning, stage: Stage::Stable, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    let cut_off: Vec<&Consumer> = system.consumers.iter().filter(|c| c.shutdown.is_absent()).collect();
    for (place, consumers) in super::by_configuration(&cut_off, |c| c.shared.map(|shared| shared.process)) {
        let consumer = consumers[0];
        let (message, help) = if consumer.python {
            (
                "nothing stops the consumer on SIGTERM; `finally` and `KeyboardInterrupt` do not run then",
                "install a handler (`loop.add_signal_handler(signal.SIGTERM, …)` or `signal.signal`) that stops the consumer after the message in hand, or run it in the lifespan of the web application",
            )
        } else if consumer.nest {
            (
                "the consumer is not stopped on SIGTERM: `enableShutdownHooks()` is never called, so `onModuleDestroy` and `onApplicationShutdown` do not run",
                "call `app.enableShutdownHooks()` in `main.ts` and close the consumer in `onApplicationShutdown`",
            )
        } else if consumer.csharp && consumer.shared.is_some() {
            (
                "nothing stops the bus on SIGTERM: the program waits for a key, and what stands behind that does not run then",
                "register the bus with `AddMassTransit` in a host: it starts the bus, and stops it after the message in hand",
            )
        } else if consumer.csharp {
            (
                "nothing closes the channel when the host stops: the service has made it, and no `StopAsync` or `Dispose` lets go of it",
                "override `StopAsync`: cancel the consumer with `BasicCancelAsync`, wait for the message in hand, then close the channel and the connection",
            )
        } else {
            (
                "nothing stops the consumer on SIGTERM",
                "handle the signal (Node `process.once(\"SIGTERM\", …)`, Go `signal.NotifyContext`, Java a shutdown hook): stop consuming, wait for the message in hand, then close the connection",
            )
        };
        findings.push(Finding {
            rule: RULE.id,
            severity: RULE.severity,
            confidence: Confidence::Medium,
            services: super::services(system, &consumers),
            message: message.into(),
            why: "each deployment cuts the handler off in the middle of a message, which is then done twice or half"
                .into(),
            help: help.into(),
            place,
            related: if consumer.shared.is_some() { super::configured(&consumers) } else { super::handlers(consumer) },
        });
    }
}
