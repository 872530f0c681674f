//! Publishers that are declared as interfaces and implemented by a framework: `@KafkaClient` and
//! `@RabbitClient` and `@NatsClient` of Micronaut.
//!
//! Sources: <https://micronaut-projects.github.io/micronaut-kafka/latest/guide/#kafkaClient>,
//! <https://micronaut-projects.github.io/micronaut-rabbitmq/latest/guide/#producer>,
//! <https://micronaut-projects.github.io/micronaut-nats/latest/guide/#producer>.

use smol_str::SmolStr;

use super::payload::Reader;
use super::shape::{self, Key, Shape};
use super::{InScope, Kind, Publisher, is_dead_letter};
use crate::extract::Presence;
use crate::extract::settings::Settings;
use crate::facts::module::{Class, ClassKind, ExprId, FuncId, Module, Param};
use crate::program::types::{annotation, simple_name};
use crate::program::value::Text;
use crate::program::{Evaluator, Site, UnitId, Value};

/// A framework that implements interfaces.
struct Framework {
    library: &'static str,
    /// The annotation of the interface, and the package it is from.
    annotation: &'static str,
    package: &'static str,
    broker: &'static str,
    /// The annotation of a method or parameter that says where a message goes.
    destination: &'static str,
    /// A method that returns nothing waits for the broker.
    waits: bool,
    /// Why nothing is ever confirmed, and what to do instead.
    never: Option<&'static str>,
}

const FRAMEWORKS: [Framework; 3] = [
    Framework {
        library: "Micronaut Kafka",
        annotation: "KafkaClient",
        package: "io.micronaut.configuration.kafka",
        broker: "kafka",
        destination: "Topic",
        waits: true,
        never: None,
    },
    Framework {
        library: "Micronaut RabbitMQ",
        annotation: "RabbitClient",
        package: "io.micronaut.rabbitmq",
        broker: "rabbitmq",
        destination: "Binding",
        waits: false,
        never: None,
    },
    Framework {
        library: "Micronaut NATS",
        annotation: "NatsClient",
        package: "io.micronaut.nats",
        broker: "nats",
        destination: "Subject",
        waits: false,
        never: Some(
            "publish through JetStream (`@JetStreamClient`): core NATS delivers at most once and confirms nothing",
        ),
    },
];

/// Annotations of parameters that carry no payload.
const BESIDE: [&str; 10] = [
    "KafkaKey",
    "KafkaPartition",
    "KafkaPartitionKey",
    "KafkaTimestamp",
    "Topic",
    "Binding",
    "Subject",
    "MessageHeader",
    "Header",
    "RabbitProperty",
];
/// Annotations by which a message gets a header.
const HEADERS: [&str; 3] = ["MessageHeader", "Header", "RabbitProperty"];

/// All of them.
pub(super) fn find(ev: &Evaluator<'_>, in_scope: &InScope<'_>, settings: &Settings) -> Vec<Publisher> {
    let mut out = Vec::new();
    for unit in ev.program.ids().filter(|u| in_scope(*u) && ev.program.language(*u).is_jvm()) {
        let module = &ev.program.unit(unit).module;
        for class in &module.classes {
            let Some(framework) = framework(module, class) else { continue };
            for &method in &class.methods {
                out.extend(publisher(ev, in_scope, settings, framework, (unit, method)));
            }
        }
    }
    out
}

/// True for a call of a method that a framework implements by publishing what it is given.
pub(crate) fn is_published(ev: &Evaluator<'_>, site: Site) -> bool {
    let module = &ev.program.unit(site.unit).module;
    let Some(call) = module.call(site.expr).filter(|_| module.language.is_jvm()) else { return false };
    ev.at(site.unit, call.callee).alternatives().iter().any(|value| {
        let Value::Function { unit, func, .. } = value else { return false };
        let module = &ev.program.unit(*unit).module;
        let function = module.func(*func);
        let Some(class) = function.class.map(|class| module.class(class)) else { return false };
        framework(module, class).is_some_and(|f| annotation(module, &function.decorators, &[f.destination]).is_some())
    })
}

/// The framework that implements an interface by publishing.
fn framework(module: &Module, class: &Class) -> Option<&'static Framework> {
    FRAMEWORKS.iter().filter(|_| class.kind == ClassKind::Interface).find(|f| {
        module.imports.iter().any(|i| i.module.starts_with(f.package))
            && annotation(module, &class.decorators, &[f.annotation]).is_some()
    })
}

/// The method whose annotation an expression is, when that declares a publisher.
pub(crate) fn method_at(ev: &Evaluator<'_>, site: Site) -> Option<(UnitId, FuncId)> {
    let module = &ev.program.unit(site.unit).module;
    let found = module.funcs.iter().position(|f| f.decorators.contains(&site.expr))?;
    Some((site.unit, FuncId(found as u32)))
}

/// The first argument of an annotation, or the one that is called `name`.
fn argument(module: &Module, decorator: ExprId, name: &str) -> Option<ExprId> {
    let call = module.call(decorator)?;
    call.args.iter().find(|a| a.name.as_deref().is_none_or(|n| n == name)).map(|a| a.value)
}

fn publisher(
    ev: &Evaluator<'_>,
    in_scope: &InScope<'_>,
    settings: &Settings,
    framework: &Framework,
    (unit, method): (UnitId, FuncId),
) -> Option<Publisher> {
    let u = ev.program.unit(unit);
    let module = &u.module;
    let function = module.func(method);
    let at = annotation(module, &function.decorators, &[framework.destination])?;
    let site = Site { unit, expr: at };
    let destinations: Vec<Text> = argument(module, at, "value")
        .and_then(|value| ev.at(unit, value).to_text())
        .map(|text| settings.resolved(&u.path, text))
        .into_iter()
        .collect();
    let names: Vec<String> = destinations.iter().map(Text::pattern).collect();
    let kind = if names.iter().any(|n| is_dead_letter(n)) { Kind::DeadLetter } else { Kind::Event };
    let payloads = payloads(ev, in_scope, (unit, method));
    let metadata = headers(ev, unit, method);
    let returns_nothing = function
        .returns
        .is_none_or(|ty| simple_name(module, ty).is_some_and(|n| matches!(n.as_str(), "void" | "Unit")));
    let place = ev.program.place(site);
    let keyed = function.params.iter().find(|p| annotation(module, &p.decorators, &["KafkaKey"]).is_some());
    Some(Publisher {
        place,
        site,
        library: framework.library.into(),
        method: function.name.to_string(),
        broker: framework.broker.into(),
        kind,
        destinations,
        keys: Vec::new(),
        confirmed: match framework.never {
            Some(_) => Presence::Absent,
            None if framework.waits && returns_nothing => Presence::Default,
            None => Presence::Unknown("what becomes of the result is not followed".into()),
        },
        persistent: Presence::Default,
        routed: Presence::Default,
        routed_help: String::new(),
        keyed: match keyed {
            Some(param) => Presence::Present(crate::syntax::Place::new(u.file, param.span)),
            None => Presence::Unknown("a header may hold it".into()),
        },
        producer: None,
        swallowed: None,
        unserializable: None,
        hashed_id: None,
        fragile_queue: None,
        // What the callers hand over is not followed member by member.
        messages: Vec::new(),
        version: shape::version(ev, &payloads, &metadata, &names, place),
        event_id: shape::event_id(ev, &payloads, &metadata),
        payloads,
        unnamed: super::Unnamed::default(),
        outbox: false,
        function: Some((function.name.to_string(), ev.program.function_place(unit, method))),
        confirm_help: framework.never.unwrap_or_default().to_string(),
        persistent_help: String::new(),
    })
}

/// The parameter that is sent: the one that is annotated as the body, else the last one that is not
/// annotated as something else.
fn body<'m>(module: &'m Module, params: &'m [Param]) -> Option<(usize, &'m Param)> {
    let has = |p: &Param, names: &[&str]| names.iter().any(|n| annotation(module, &p.decorators, &[n]).is_some());
    let params = || params.iter().enumerate();
    params().find(|(_, p)| has(p, &["MessageBody", "Body"])).or_else(|| params().rfind(|(_, p)| !has(p, &BESIDE)))
}

/// What the callers pass for it.
fn payloads(ev: &Evaluator<'_>, in_scope: &InScope<'_>, (unit, method): (UnitId, FuncId)) -> Vec<Shape> {
    let module = &ev.program.unit(unit).module;
    let Some((index, param)) = body(module, &module.func(method).params) else { return Vec::new() };
    let mut reader = Reader::new(ev, in_scope);
    let callers = ev.callers(unit, method).into_iter().filter(|c| in_scope(c.unit)).take(32);
    let passed: Vec<Site> = callers.filter_map(|call| ev.argument_site(call, unit, method, index)).collect();
    let shapes = passed.into_iter().flat_map(|site| reader.read(site)).collect();
    reader.narrowed_to(shapes, unit, param.ty)
}

/// The headers that the interface, the method and its parameters add.
fn headers(ev: &Evaluator<'_>, unit: UnitId, method: FuncId) -> Vec<Shape> {
    let module = &ev.program.unit(unit).module;
    let function = module.func(method);
    let of_class = function.class.map(|c| module.class(c).decorators.as_slice()).unwrap_or_default();
    let of_params = function.params.iter().flat_map(|p| &p.decorators);
    let mut shape = Shape::default();
    for &decorator in of_class.iter().chain(&function.decorators).chain(of_params) {
        let Some(call) = module.call(decorator) else { continue };
        if !simple_name(module, decorator).is_some_and(|n| HEADERS.contains(&n.as_str())) {
            continue;
        }
        let named = call.args.iter().find(|a| a.name.as_deref() == Some("name"));
        let name = named.or_else(|| call.args.iter().find(|a| matches!(a.name.as_deref(), None | Some("value"))));
        match name.and_then(|a| ev.at(unit, a.value).as_str()) {
            Some(name) => shape.keys.push(Key { name: SmolStr::new(name), value: None, nested: None, field: None }),
            None => shape.open = true,
        }
    }
    // `Headers headers`, `Collection<Header> headers`
    let carries = |p: &Param| {
        p.ty.and_then(|ty| simple_name(module, ty)).is_some_and(|n| {
            matches!(n.as_str(), "Headers" | "BasicProperties") || n == "Collection" && p.name.contains("eader")
        })
    };
    shape.open |= function.params.iter().any(carries);
    if shape == Shape::default() { Vec::new() } else { vec![shape] }
}
