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
const STREAMS: [&str; 4] = ["GlobalKTable", "KStream", "KTable", "Flux"];
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
    if !simple_name(module, ty).is_some_and(|n| GIVES.contains(&n.as_str())) || names_any(module, ty, &STREAMS) {
        return None;
    }
    let binding = format!("spring.cloud.stream.bindings.{}-out-0.", function.name);
    settings.under(&u.path, &binding)?;
    let destination = settings.get(&u.path, &format!("{binding}destination"));
    let destinations: Vec<Text> =
        destination.into_iter().map(|(name, _)| settings.resolved(&u.path, Text::literal(name))).collect();
    let names: Vec<String> = destinations.iter().map(Text::pattern).collect();
    let mut reader = Reader::new(ev, in_scope);
    let given = given(ev, unit, bean);
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
        broker: "binder".into(),
        kind: if names.iter().any(|n| is_dead_letter(n)) { Kind::DeadLetter } else { Kind::Event },
        confirmed: jvm::binder_confirmed(settings, &u.path, silent),
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
    let carried = |ty: ExprId| match &module.expr(ty).kind {
        ExprKind::Index { index, .. } => simple_name(module, *index),
        _ => simple_name(module, ty),
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
    let functions = values.filter_map(|value| match value {
        Value::Function { unit, func, .. } => Some((unit, func)),
        _ => None,
    });
    functions
        .flat_map(|(unit, func)| {
            returns(&ev.program.unit(unit).module, func).into_iter().map(move |expr| Site { unit, expr })
        })
        .collect()
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
