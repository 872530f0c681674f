//! Functions that Spring Cloud Stream binds to a channel: what a `Function` or `Supplier` gives is published, without
//! a call that says so.
//!
//! Source: <https://docs.spring.io/spring-cloud-stream/reference/spring-cloud-stream/functional-binding-names.html>.

use super::payload::Reader;
use super::shape;
use super::{InScope, Kind, Publisher, envelope, is_dead_letter, jvm};
use crate::extract::Presence;
use crate::extract::settings::Settings;
use crate::facts::module::{ExprId, ExprKind, FuncId, Module};
use crate::program::eval::returns;
use crate::program::types::simple_name;
use crate::program::value::Text;
use crate::program::{Evaluator, Site, UnitId, Value};

/// Interfaces of functions that give a message.
const GIVES: [&str; 4] = ["BiFunction", "Function", "Supplier", "UnaryOperator"];
/// Types of a topology, which Kafka Streams runs as a whole.
const STREAMS: [&str; 3] = ["GlobalKTable", "KStream", "KTable"];
/// What a pipeline gives that only takes: `Function<Flux<Order>, Mono<Void>>`.
const NOTHING: [&str; 2] = ["Void", "Unit"];
/// Types of a pipeline, which is made once and then gives message after message.
const PIPELINES: [&str; 2] = ["Flux", "Mono"];
/// Operators of a pipeline that give what came in.
const PASSES: [&str; 16] = [
    "checkpoint",
    "delayElements",
    "doFinally",
    "doOnError",
    "doOnNext",
    "doOnSuccess",
    "filter",
    "log",
    "onErrorContinue",
    "onErrorStop",
    "publishOn",
    "retry",
    "retryWhen",
    "share",
    "subscribeOn",
    "take",
];
const HELP: &str = "set `spring.cloud.stream.kafka.bindings.<name>.producer.sync: true`, so that a message fails when the broker does not take what comes of it; with RabbitMQ `spring.rabbitmq.publisher-confirm-type: correlated`";

/// All of them.
pub(super) fn find(ev: &Evaluator<'_>, in_scope: &InScope<'_>, settings: &Settings) -> Vec<Publisher> {
    let mut out = Vec::new();
    for unit in ev.program.ids().filter(|u| in_scope(*u) && ev.program.language(*u).is_jvm()) {
        let module = &ev.program.unit(unit).module;
        for index in 0..module.funcs.len() {
            out.extend(publisher(ev, in_scope, settings, (unit, FuncId(index as u32))));
        }
    }
    out
}

fn publisher(
    ev: &Evaluator<'_>,
    in_scope: &InScope<'_>,
    settings: &Settings,
    (unit, bean): (UnitId, FuncId),
) -> Option<Publisher> {
    let u = ev.program.unit(unit);
    let module = &u.module;
    let function = module.func(bean);
    let is_bean = |d: &&ExprId| simple_name(module, **d).is_some_and(|n| n == "Bean");
    let at = *function.decorators.iter().find(is_bean)?;
    let ty = function.returns?;
    let is_none = names_any(module, ty, &STREAMS) || names_any(module, ty, &NOTHING);
    if !simple_name(module, ty).is_some_and(|n| GIVES.contains(&n.as_str())) || is_none {
        return None;
    }
    let binding = format!("spring.cloud.stream.bindings.{}-out-0.", function.name);
    settings.under(&u.path, &binding)?;
    let destination = settings.get(&u.path, &format!("{binding}destination"));
    let destinations: Vec<Text> =
        destination.into_iter().map(|(name, _)| settings.resolved(&u.path, Text::literal(name))).collect();
    let names: Vec<String> = destinations.iter().map(Text::pattern).collect();
    let mut reader = Reader::new(ev, in_scope);
    let pipeline = names_any(module, ty, &PIPELINES);
    let mut given = given(ev, unit, bean);
    if pipeline {
        given = given.into_iter().flat_map(|site| emitted(ev, site)).collect();
    }
    let opened: Vec<_> = given.iter().flat_map(|site| envelope::made_by(ev, *site)).collect();
    let payloads: Vec<_> = if opened.is_empty() {
        given.iter().flat_map(|site| reader.read(*site)).collect()
    } else {
        opened.iter().flat_map(|e| &e.bodies).flat_map(|site| reader.read(*site)).collect()
    };
    let site = Site { unit, expr: at };
    let metadata = given.first().map(|site| jvm::headers(ev, *site, &opened)).unwrap_or_default();
    let place = ev.program.place(site);
    let silent = Presence::Unknown("the broker behind it is not known".into());
    Some(Publisher {
        place,
        site,
        library: "Spring Cloud Stream".into(),
        method: function.name.to_string(),
        broker: jvm::bound_broker(settings, &u.path).unwrap_or("binder").into(),
        kind: if names.iter().any(|n| is_dead_letter(n)) { Kind::DeadLetter } else { Kind::Event },
        confirmed: match jvm::binder_confirmed(settings, &u.path, silent) {
            // The reactive binder of Kafka has the same settings and another sender.
            Presence::Absent if pipeline => Presence::Unknown("the binder of a pipeline is not known".into()),
            known => known,
        },
        persistent: Presence::Default,
        routed: Presence::Default,
        routed_help: String::new(),
        keyed: Presence::Unknown("a header may hold it".into()),
        producer: None,
        swallowed: None,
        unserializable: None,
        unnamed: super::Unnamed::default(),
        hashed_id: None,
        fragile_queue: None,
        messages: Vec::new(),
        version: shape::version(ev, &payloads, &metadata, &names, place),
        event_id: match shape::event_id(ev, &payloads, &metadata) {
            Presence::Absent if hands_on(module, ty) => {
                Presence::Unknown("what came in may be handed on with its id".into())
            }
            known => known,
        },
        destinations,
        keys: Vec::new(),
        payloads,
        outbox: false,
        function: Some((function.name.to_string(), ev.program.function_place(unit, bean))),
        confirm_help: HELP.to_string(),
        persistent_help: String::new(),
    })
}

/// True for a function that gives what it takes: `Function<Order, Order>`.
fn hands_on(module: &Module, ty: ExprId) -> bool {
    let ExprKind::Index { index, .. } = &module.expr(ty).kind else { return false };
    let carried = |mut ty: ExprId| {
        while let ExprKind::Index { index, .. } = &module.expr(ty).kind {
            ty = *index;
        }
        simple_name(module, ty)
    };
    match &module.expr(*index).kind {
        ExprKind::List(types) => types.first().zip(types.last()).is_some_and(|(a, b)| carried(*a) == carried(*b)),
        _ => true,
    }
}

/// What the function gives that a bean is.
fn given(ev: &Evaluator<'_>, unit: UnitId, bean: FuncId) -> Vec<Site> {
    let values = returns(&ev.program.unit(unit).module, bean).into_iter();
    let values = values.flat_map(|e| ev.at(unit, e).alternatives().to_vec());
    values.flat_map(|value| made(ev, &value)).collect()
}

/// What a pipeline gives, element by element: `orders.map(this::toMessage).log()`. What another operator makes of it
/// is not followed.
fn emitted(ev: &Evaluator<'_>, mut site: Site) -> Vec<Site> {
    let module = &ev.program.unit(site.unit).module;
    while let ExprKind::Call(call) = &module.expr(site.expr).kind
        && let ExprKind::Attr { object, name, .. } = &module.expr(call.callee).kind
    {
        if PASSES.contains(&name.as_str()) {
            site.expr = *object;
            continue;
        }
        if !matches!(name.as_str(), "map" | "mapNotNull") || call.args.len() != 1 {
            break;
        }
        let made: Vec<Site> =
            ev.at(site.unit, call.args[0].value).alternatives().iter().flat_map(|f| made(ev, f)).collect();
        return if made.is_empty() { vec![site] } else { made };
    }
    vec![site]
}

/// What a function returns.
fn made(ev: &Evaluator<'_>, function: &Value) -> Vec<Site> {
    let Value::Function { unit, func, .. } = function else { return Vec::new() };
    returns(&ev.program.unit(*unit).module, *func).into_iter().map(|expr| Site { unit: *unit, expr }).collect()
}

fn names_any(module: &Module, ty: ExprId, names: &[&str]) -> bool {
    let mut todo = vec![ty];
    while let Some(expr) = todo.pop() {
        if let ExprKind::Name(name) | ExprKind::Attr { name, .. } = &module.expr(expr).kind
            && names.contains(&name.as_str())
        {
            return true;
        }
        todo.extend(module.children(expr));
    }
    false
}
