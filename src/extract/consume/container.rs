//! What the Spring application around a listener says about messages that fail.

use crate::extract::Presence;
use crate::extract::settings::Settings;
use crate::facts::module::{ClassKind, ExprId, ExprKind, StmtKind};
use crate::program::types::{build_root, simple_name};
use crate::program::{Evaluator, Site};
use crate::syntax::Span;

use super::handler::Body;
use super::reach::Func;
use super::source::Found;
use super::{Redelivery, queue, setting};

/// Names of spring-kafka that put failed messages aside.
const KAFKA_DEAD_LETTER: [&str; 3] = ["DeadLetterPublishingRecoverer", "RetryableTopic", "RetryTopicConfiguration"];
/// Names of Spring AMQP that do.
const RABBIT_DEAD_LETTER: [&str; 3] = ["RepublishMessageRecoverer", "deadLetterExchange", "x-dead-letter-exchange"];

/// Names of Spring that say what happens to failed messages, or to queues, in other ways.
const CONTAINER_OTHER: [&str; 7] = [
    "CommonErrorHandler",
    "KafkaListenerErrorHandler",
    "RabbitListenerErrorHandler",
    "ErrorHandler",
    "MessageRecoverer",
    "setErrorHandler",
    "setCommonErrorHandler",
];

/// Error handlers of spring-kafka that log and skip a record after their attempts, unless they are given
/// a recoverer.
pub(super) const SKIPPING: [&str; 2] = ["DefaultErrorHandler", "SeekToCurrentErrorHandler"];

/// What the code of the module around a listener says about failed messages. A build module is one
/// Spring application.
pub(super) fn verdict(ev: &Evaluator<'_>, found: &Found<'_>, channels: &[String], settings: &Settings) -> Presence {
    let path = &ev.program.unit(found.site.unit).path;
    let own = build_root(path);
    // The place of a queue is said in the annotation or elsewhere in the repository.
    let rabbit = found.consume.broker == "rabbitmq";
    if let Some(("true", place)) = settings.get(path, "spring.kafka.retry.topic.enabled") {
        return Presence::Present(place);
    }
    let mut declared = !rabbit || declares(ev, channels);
    let plain = rabbit && queue::all_plain(ev, settings, channels);
    declared |= plain;
    let (mut other, mut elsewhere, mut handlers) = (false, false, Vec::new());
    // What another application says is no concern of this one; a module that is none may be part of both.
    let alone = ev.program.types.is_application(own);
    for id in ev.program.ids() {
        let unit = ev.program.unit(id);
        let root = build_root(&unit.path);
        let near = root == own;
        let shared = !(near || alone && ev.program.types.is_application(root));
        if !unit.module.language.is_jvm() || !ev.program.is_production(id) {
            continue;
        }
        for (i, expr) in unit.module.exprs.iter().enumerate() {
            let (ExprKind::Name(name) | ExprKind::Attr { name, .. } | ExprKind::Str(name)) = &expr.kind else {
                continue;
            };
            let site = Site { unit: id, expr: ExprId(i as u32) };
            let aside = if rabbit { &RABBIT_DEAD_LETTER } else { &KAFKA_DEAD_LETTER };
            let of_queue = matches!(name.as_str(), "deadLetterExchange" | "x-dead-letter-exchange");
            let ours = name != "RetryableTopic" || annotates(ev, site, found.site);
            if aside.contains(&name.as_str()) && (near || rabbit) && !(plain && of_queue) && ours {
                return Presence::Present(ev.program.place(site));
            }
            let told = CONTAINER_OTHER.contains(&name.as_str()) || SKIPPING.contains(&name.as_str());
            elsewhere |= told && shared;
            other |= near && CONTAINER_OTHER.contains(&name.as_str());
            declared |= near && matches!(name.as_str(), "Queue" | "QueueBuilder");
        }
        for call in unit.index.calls.iter().filter(|_| near) {
            if unit.module.callee_name(call.expr).is_some_and(|n| SKIPPING.contains(&n.as_str())) {
                handlers.push(Site { unit: id, expr: call.expr });
            }
        }
        let imports = || unit.module.imports.iter().filter(|i| CONTAINER_OTHER.contains(&i.local.as_str()));
        elsewhere |= shared && imports().next().is_some();
        other |= near && imports().next().is_some();
    }
    let skips = !handlers.is_empty() && handlers.iter().all(|h| only_backs_off(ev, *h));
    if (other || elsewhere || !handlers.is_empty()) && !skips {
        return Presence::Unknown("failed messages are handled by an error handler of its own".into());
    }
    if !declared {
        return Presence::Unknown("the queue is declared outside the repository".into());
    }
    if settings.is_remote(path) && rabbit {
        return Presence::Unknown("settings come from a server".into());
    }
    Presence::Absent
}

/// True for an annotation that holds for a listener: it stands at its method or class, or at an annotation of ours.
fn annotates(ev: &Evaluator<'_>, annotation: Site, listener: Site) -> bool {
    let module = &ev.program.unit(annotation.unit).module;
    let span = module.expr(annotation.expr).span;
    let holds = |decorators: &[ExprId]| decorators.iter().any(|d| module.expr(*d).span.contains(span));
    let around = |outer: Span| {
        annotation.unit == listener.unit
            && outer.contains(ev.program.unit(listener.unit).module.expr(listener.expr).span)
    };
    if let Some(func) = module.funcs.iter().find(|func| holds(&func.decorators)) {
        return around(func.span);
    }
    match module.classes.iter().find(|class| holds(&class.decorators)) {
        Some(class) => class.kind == ClassKind::Interface || around(class.span),
        None => true,
    }
}

/// `new DefaultErrorHandler(new FixedBackOff(1000, 3))`: no recoverer.
fn only_backs_off(ev: &Evaluator<'_>, site: Site) -> bool {
    let Some(call) = ev.program.unit(site.unit).module.call(site.expr) else { return false };
    call.args.iter().all(|a| ev.at(site.unit, a.value).instance().is_some_and(|i| i.ty.ends_with("BackOff")))
}

/// True when some module declares a queue of that name: `new Queue("orders")`.
fn declares(ev: &Evaluator<'_>, channels: &[String]) -> bool {
    ["Queue", "durable", "nonDurable"].iter().flat_map(|name| ev.program.calls_named(name)).any(|site| {
        let unit = ev.program.unit(site.unit);
        unit.module.language.is_jvm()
            && ev.program.is_production(site.unit)
            && unit
                .module
                .call(site.expr)
                .and_then(|c| c.args.first())
                .is_some_and(|name| ev.at(site.unit, name.value).as_str().is_some_and(|name| channels.contains(&name)))
    })
}

/// Names by which a program of Spring AMQP decides what is put back.
const DECIDES_REQUEUE: [&str; 16] = [
    "AmqpRejectAndDontRequeueException",
    "ConditionalRejectingErrorHandler",
    "FatalExceptionStrategy",
    "ImmediateAcknowledgeAmqpException",
    "RejectAndDontRequeueRecoverer",
    "RepublishMessageRecoverer",
    "RetryInterceptorBuilder",
    "RetryOperationsInterceptor",
    "StatefulRetryOperationsInterceptor",
    "deliveryLimit",
    "quorum",
    "setAdviceChain",
    "setDefaultRequeueRejected",
    "setErrorHandler",
    "x-delivery-limit",
    "x-queue-type",
];

/// How often a message comes back whose listener throws: in Spring AMQP for ever, unless somebody says otherwise.
pub(super) fn redelivery(ev: &Evaluator<'_>, found: &Found<'_>, bodies: &[Body], settings: &Settings) -> Redelivery {
    if found.consume.broker == "kafka" {
        return super::backoff::redelivery(ev, found);
    }
    let unit = ev.program.unit(found.site.unit);
    let path = &unit.path;
    for kind in ["simple", "direct"] {
        let get = |key: &str| settings.get(path, &format!("spring.rabbitmq.listener.{kind}.{key}")).map(|(v, _)| v);
        match (get("default-requeue-rejected"), get("retry.enabled"), get("acknowledge-mode")) {
            (Some("false"), _, _) => return Redelivery::None,
            (_, Some("true"), _) => return Redelivery::Bounded,
            (None | Some("true"), None | Some("false"), None | Some("auto")) => {}
            _ => return Redelivery::Unknown,
        }
    }
    let chosen = ["errorHandler", "ackMode", "containerFactory"].map(str::to_string);
    let own = build_root(path);
    let alone = ev.program.types.is_application(own);
    let concerns = |path: &str| {
        let root = build_root(path);
        root == own || !(alone && ev.program.types.is_application(root))
    };
    let units = ev.program.units.iter().filter(|u| u.module.language.is_jvm() && concerns(&u.path));
    let decided = units.into_iter().any(|unit| {
        unit.module.exprs.iter().any(|e| match &e.kind {
            ExprKind::Name(n) | ExprKind::Attr { name: n, .. } | ExprKind::Str(n) => {
                DECIDES_REQUEUE.contains(&n.as_str())
            }
            _ => false,
        })
    });
    if bodies.is_empty()
        || decided
        || settings.is_remote(path)
        || setting::argument(ev, found.site, &chosen).is_some()
        || bodies.iter().filter_map(Body::function).any(|f| catches_all(ev, f))
    {
        return Redelivery::Unknown;
    }
    Redelivery::Unbounded {
        place: ev.program.place(found.site),
        why: "the container puts a message back whose listener throws".into(),
    }
}

/// True for a function that is one `try` without a way out for exceptions.
fn catches_all(ev: &Evaluator<'_>, (unit, func): Func) -> bool {
    let module = &ev.program.unit(unit).module;
    module.func(func).body.iter().any(|stmt| match &module.stmt(*stmt).kind {
        StmtKind::Try { handlers, .. } => handlers.iter().any(|handler| {
            let general = |ty: &ExprId| {
                simple_name(module, *ty)
                    .is_some_and(|n| matches!(n.as_str(), "Exception" | "Throwable" | "RuntimeException"))
            };
            handler.types.is_empty() || handler.types.iter().any(general)
        }),
        _ => false,
    })
}
