//! `message-queue/missing-dead-letter`

use crate::extract::consume::Consumer;
use crate::rules::{Confidence, Finding, Related, Rule, Severity, Stage};
use crate::system::System;

/// A consumer whose messages have nowhere to go when they cannot be handled.
pub const RULE: Rule =
    Rule { id: "message-queue/missing-dead-letter", severity: Severity::Warning, stage: Stage::Stable, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    let mut told: Vec<&Consumer> = Vec::new();
    for consumer in system.consumers.iter().filter(|c| c.dead_letter.is_absent()) {
        // What a sample only prints is not handled at all.
        if consumer.only_shows && system.is_sample(consumer.place) {
            continue;
        }
        // Several handlers for one topic, registered side by side.
        let beside = |other: &&Consumer| {
            other.library == consumer.library
                && !other.channels.is_empty()
                && !other.functions.is_empty()
                && other.channels == consumer.channels
                && other.place.file == consumer.place.file
                && other.functions == consumer.functions
        };
        if told.iter().any(beside) {
            continue;
        }
        told.push(consumer);
    }
    for (place, consumers) in super::by_configuration(&told, |c| c.shared.map(|shared| shared.place)) {
        let consumer = consumers[0];
        let declared = consumer.declared.filter(|place| *place != consumer.place);
        let mut related = super::configured(&consumers);
        if consumer.shared.is_none() {
            related = super::handlers(consumer);
        }
        related.extend(declared.map(|place| Related { place, message: "the queue is declared here".into() }));
        findings.push(Finding {
            rule: RULE.id,
            severity: RULE.severity,
            confidence: Confidence::High,
            services: super::services(system, &consumers),
            message: format!("messages{} that cannot be handled have nowhere to go", super::from_all(&consumers)),
            why: "a message that always fails is dropped, or blocks everything behind it; either way nobody can look at it later".into(),
            help: help(consumer),
            place,
            related,
        });
    }
}

fn help(consumer: &Consumer) -> String {
    match (consumer.library.as_str(), consumer.broker.as_str()) {
        ("@nestjs/microservices", "rabbitmq") => {
            "give the queue a dead-letter exchange in `queueOptions: { arguments: { 'x-dead-letter-exchange': … } }` and nack without requeue".into()
        }
        ("pika" | "aio-pika", _) => {
            "declare the queue with `arguments={\"x-dead-letter-exchange\": …}`, bind a queue to that exchange, and reject with `requeue=False`".into()
        }
        ("spring-kafka", _) => {
            "configure a `DefaultErrorHandler` with a `DeadLetterPublishingRecoverer`, or annotate the listener with `@RetryableTopic`".into()
        }
        ("Spring AMQP", _) => {
            "declare the queue with `QueueBuilder.durable(name).deadLetterExchange(exchange)`, bind a queue to that exchange, and set `spring.rabbitmq.listener.simple.default-requeue-rejected: false`".into()
        }
        ("Spring Cloud Stream", _) => {
            "set `spring.cloud.stream.kafka.bindings.<binding>.consumer.enable-dlq: true` (RabbitMQ: `…rabbit…auto-bind-dlq: true`)".into()
        }
        ("SmallRye Reactive Messaging", _) => {
            "set `mp.messaging.incoming.<channel>.failure-strategy=dead-letter-queue`".into()
        }
        ("Kafka Streams", _) => {
            "set a deserialization and a processing exception handler that write the record to a dead-letter topic".into()
        }
        ("Axon Framework", _) => "register a `SequencedDeadLetterQueue` for the processing group".into(),
        (_, "rabbitmq") => {
            "declare the queue with a dead-letter exchange (`x-dead-letter-exchange`), bind a queue to that exchange, and nack without requeue".into()
        }
        (_, "kafka") => {
            "in the handler's error path publish the message to a dead-letter topic with the error in its headers, then commit".into()
        }
        (_, "sqs") => "give the queue a `RedrivePolicy` with a `deadLetterTargetArn`".into(),
        _ => "after a bounded number of attempts move the message to a dead-letter stream or queue, then acknowledge it".into(),
    }
}
