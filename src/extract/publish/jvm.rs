//! Publishing in Java and Kotlin: which overload a call is, headers that are set on the way, and what the
//! settings of an application say about confirms.

use super::call::Found;
use super::envelope::Opened;
use super::flow;
use super::shape::{Key, Shape};
use crate::catalog::publish::{ChannelBy, Publish};
use crate::extract::settings::Settings;
use crate::extract::{Presence, attached};
use crate::facts::module::{Call, ExprId, ExprKind, FuncId, ImportKind};
use crate::program::types::{build_root, simple_name};
use crate::program::value::Text;
use crate::program::{Evaluator, Site, UnitId, Value};
use crate::syntax::Span;

/// Methods that set the header named by their first argument.
const HEADER: [&str; 11] = [
    "setHeader",
    "setHeaderIfAbsent",
    "addHeader",
    "header",
    "putHeader",
    "withHeader",
    "setStringProperty",
    "setObjectProperty",
    "setLongProperty",
    "setIntProperty",
    "putUserProperty",
];
/// Methods that set one header, with its name.
const NAMED: [(&str, &str); 4] = [
    ("setMessageId", "messageId"),
    ("messageId", "messageId"),
    ("withMessageId", "messageId"),
    ("setJMSMessageID", "messageId"),
];
/// Methods that set headers which are not read.
const OTHERS: [&str; 5] = ["copyHeaders", "copyHeadersIfAbsent", "setHeaders", "headers", "setAll"];
/// Types of what carries headers; who passes one on lets others set them.
const CARRIERS: [&str; 8] = [
    "ProducerRecord",
    "Headers",
    "Message",
    "MessageProperties",
    "MessageBuilder",
    "MessageHeaders",
    "MessageHeaderAccessor",
    "BasicProperties",
];
/// Calls by which an application changes all messages it sends.
const HOOKS: [&str; 7] = [
    "setBeforePublishPostProcessors",
    "addBeforePublishPostProcessors",
    "setProducerInterceptor",
    "setCreateMessageIds",
    "setMessageIdGenerator",
    // The revisions of Axon.
    "FixedValueRevisionResolver",
    "MavenArtifactRevisionResolver",
];
/// Interfaces of what changes all messages.
const INTERCEPTORS: [&str; 4] =
    ["ProducerInterceptor", "ChannelInterceptor", "RecordMessageConverter", "RevisionResolver"];

/// True when a call is the overload that a form speaks of.
pub(super) fn fits(ev: &Evaluator<'_>, form: &Publish, site: Site) -> bool {
    let module = &ev.program.unit(site.unit).module;
    let Some(call) = module.call(site.expr) else { return false };
    if form.args.is_some_and(|n| n != call.args.len())
        || form.channel_by.as_ref().is_some_and(|by| channel(ev, by, site).is_none())
    {
        return false;
    }
    form.last_is.is_empty() || call.args.last().is_some_and(|last| is_one(ev, site.unit, last.value, &form.last_is))
}

/// True when an expression is an object of one of these types; `lambda` for a function.
fn is_one(ev: &Evaluator<'_>, unit: UnitId, expr: ExprId, types: &[String]) -> bool {
    let named = |name: &str| types.iter().any(|t| t == name.rsplit('.').next().unwrap_or(name));
    ev.at(unit, expr).alternatives().iter().any(|value| match value {
        Value::Function { .. } => named("lambda"),
        Value::Instance(instance) => named(&instance.ty),
        Value::Object { unit, class, .. } => {
            let module = &ev.program.unit(*unit).module;
            module.class(*class).bases.iter().filter_map(|b| simple_name(module, *b)).any(|b| named(&b))
        }
        _ => false,
    })
}

/// The n-th type argument of the base through which the object of a call got its method:
/// `class Orders extends Publisher<Order, OrderEvent>`.
pub(super) fn type_argument(ev: &Evaluator<'_>, site: Site, n: usize) -> Option<Site> {
    let module = &ev.program.unit(site.unit).module;
    let ExprKind::Attr { object, .. } = &module.expr(module.call(site.expr)?.callee).kind else { return None };
    ev.at(site.unit, *object).alternatives().iter().find_map(|value| {
        let Value::Object { unit, class, .. } = value else { return None };
        let module = &ev.program.unit(*unit).module;
        module.class(*class).bases.iter().find_map(|base| match &module.expr(*base).kind {
            ExprKind::Index { index, .. } => {
                let argument = match &module.expr(*index).kind {
                    ExprKind::List(items) => items.get(n).copied(),
                    _ => (n == 0).then_some(*index),
                };
                argument.map(|expr| Site { unit: *unit, expr })
            }
            _ => None,
        })
    })
}

/// What a decorator of the field or parameter says whose object a call is on: `@Channel("orders") Emitter`.
pub(super) fn decorated(ev: &Evaluator<'_>, site: Site, decorator: &str) -> Option<Site> {
    let unit = ev.program.unit(site.unit);
    let module = &unit.module;
    let ExprKind::Attr { object, .. } = &module.expr(module.call(site.expr)?.callee).kind else { return None };
    let (ExprKind::Name(name) | ExprKind::Attr { name, .. }) = &module.expr(*object).kind else { return None };
    let classes = unit.index.classes_around(module, site.expr);
    let decorators = classes.iter().flat_map(|class| {
        let class = module.class(*class);
        let fields = class.fields.iter().filter(|f| f.name == *name).flat_map(|f| &f.decorators);
        let params = class.methods.iter().flat_map(|m| &module.func(*m).params);
        fields.chain(params.filter(|p| p.name == *name).flat_map(|p| &p.decorators)).copied().collect::<Vec<_>>()
    });
    decorators.into_iter().find_map(|d| {
        let call = module.call(d).filter(|_| simple_name(module, d).is_some_and(|n| n == decorator))?;
        call.args.first().map(|a| Site { unit: site.unit, expr: a.value })
    })
}

/// The channel that a message is sent to, by the method that gives it: `channels.placed().send(message)`.
pub(super) fn channel(ev: &Evaluator<'_>, by: &ChannelBy, site: Site) -> Option<Text> {
    let module = &ev.program.unit(site.unit).module;
    let ExprKind::Attr { object, .. } = &module.expr(module.call(site.expr)?.callee).kind else { return None };
    let name = module.callee_name(*object)?;
    let given = ev.at(site.unit, module.call(*object)?.callee);
    given.alternatives().iter().find_map(|value| match value {
        Value::Function { unit, func, .. } => {
            let module = &ev.program.unit(*unit).module;
            let function = module.func(*func);
            let is_it = |d: &&ExprId| simple_name(module, **d).is_some_and(|n| n == by.decorator);
            let decorator = *function.decorators.iter().find(is_it)?;
            let said = module.call(decorator).and_then(|call| call.args.first());
            match said {
                Some(name) => ev.at(*unit, name.value).to_text(),
                None => Some(Text::literal(function.name.to_string())),
            }
        }
        Value::External(symbol) | Value::Method { symbol, .. } => {
            by.methods.iter().any(|method| *method == symbol.as_str()).then(|| Text::literal(name.to_string()))
        }
        _ => None,
    })
}

/// The destinations by their names at the broker; none when the settings show that they stay in the
/// process.
pub(super) fn at_broker(
    ev: &Evaluator<'_>,
    (form, site): (&Publish, Site),
    settings: &Settings,
    texts: Vec<Text>,
) -> Option<Vec<Text>> {
    let path = &ev.program.unit(site.unit).path;
    if form.name_keys.is_empty() {
        return Some(texts);
    }
    let mut out = Vec::new();
    for text in texts {
        let name = text.pattern();
        let is_configured = |prefix: &String| settings.under(path, &prefix.replace("{name}", &name)).is_some();
        let is_attached = || attached::broker(ev, settings, site, &name, &form.attached_unless).is_some();
        if form.configured.as_ref().is_some_and(|p| !is_configured(p)) && !is_attached() {
            return None;
        }
        let found = form.name_keys.iter().find_map(|key| settings.get(path, &key.replace("{name}", &name)));
        out.push(found.map_or(text, |(value, _)| settings.resolved(path, Text::literal(value))));
    }
    Some(out)
}

/// The headers that are set around a publishing call: in its function, where the envelope is made, and
/// in functions that are given what carries them.
pub(super) fn headers(ev: &Evaluator<'_>, site: Site, opened: &[Opened]) -> Vec<Shape> {
    let unit = ev.program.unit(site.unit);
    if !unit.module.language.is_jvm() {
        return Vec::new();
    }
    let mut homes: Vec<(UnitId, FuncId)> = Vec::new();
    for at in opened.iter().flat_map(|e| &e.calls).chain([&site]) {
        if let Some(func) = flow::home(ev, *at)
            && !homes.contains(&(at.unit, func))
        {
            homes.push((at.unit, func));
        }
    }
    let mut shape = Shape::default();
    for (unit, func) in homes.clone() {
        shape.merge(set_in(ev, unit, func));
        for helper in helpers(ev, unit, func) {
            if !homes.contains(&helper) {
                homes.push(helper);
                shape.merge(set_in(ev, helper.0, helper.1));
            }
        }
    }
    let root = build_root(&unit.path);
    let is_near = |u: UnitId| build_root(&ev.program.unit(u).path) == root;
    shape.open |= HOOKS.iter().flat_map(|name| ev.program.calls_named(name)).any(|s| is_near(s.unit))
        || INTERCEPTORS.iter().flat_map(|name| ev.program.types.derived(name)).any(|(u, _)| is_near(*u));
    vec![shape]
}

/// The headers set in the text of a function.
fn set_in(ev: &Evaluator<'_>, unit_id: UnitId, func: FuncId) -> Shape {
    let unit = ev.program.unit(unit_id);
    let module = &unit.module;
    let span = module.func(func).span;
    let mut shape = Shape::default();
    // `propagator.inject(Context.current(), headers, (carrier, key, value) -> carrier.add(key, value))`
    let traces =
        |call: &Call| call.args.len() == 3 && matches!(module.expr(call.args[2].value).kind, ExprKind::Lambda(_));
    let injected: Vec<_> = (ev.program.calls_named("inject").iter())
        .filter(|at| at.unit == unit_id && module.call(at.expr).is_some_and(traces))
        .map(|at| module.expr(at.expr).span)
        .collect();
    let is_ours = |at: Span| span.contains(at) && !injected.iter().any(|of| *of != at && of.contains(at));
    for id in unit.index.calls.iter().filter(|c| is_ours(module.expr(c.expr).span)) {
        let (Some(call), Some(name)) = (module.call(id.expr), module.callee_name(id.expr)) else { continue };
        let value = call.args.last().map(|a| Site { unit: unit_id, expr: a.value });
        let fixed = NAMED.iter().find(|(method, _)| method == name).filter(|_| call.args.len() == 1);
        if let Some((_, key)) = fixed {
            shape.keys.push(Key { name: (*key).into(), value, nested: None, field: None });
        } else if HEADER.contains(&name.as_str()) || (name == "add" && on_headers(module, call)) {
            // `headers().add(new RecordHeader("event-id", id))`
            let made = call.args.first().and_then(|arg| module.call(arg.value)).filter(|made| made.is_new);
            let names = made.map_or(&call.args, |made| &made.args);
            let first = names.first().filter(|_| names.len() > 1).map(|a| ev.at(unit_id, a.value));
            match first.and_then(|v| v.as_str()) {
                Some(key) => shape.keys.push(Key { name: key.into(), value, nested: None, field: None }),
                // The name of a constant says as much: `KafkaHeaders.KEY`.
                None => shape.open |= !call.args.first().is_some_and(|a| is_constant(module, a.value)),
            }
        } else if OTHERS.contains(&name.as_str()) && !call.args.is_empty() {
            shape.open = true;
        }
    }
    shape
}

/// `KafkaHeaders.TOPIC`, also imported as `TOPIC`: a header of the library, not one of the program.
fn is_constant(module: &crate::facts::module::Module, expr: ExprId) -> bool {
    match &module.expr(expr).kind {
        ExprKind::Name(name) => module.imports.iter().any(|import| {
            import.module.ends_with("Headers") && (import.local == *name || import.kind == ImportKind::Star)
        }),
        ExprKind::Attr { object, .. } => {
            matches!(&module.expr(*object).kind, ExprKind::Name(n) if n.ends_with("Headers"))
        }
        _ => false,
    }
}

/// `record.headers().add(…)`, `headers.add(…)`.
fn on_headers(module: &crate::facts::module::Module, call: &Call) -> bool {
    let ExprKind::Attr { object, .. } = &module.expr(call.callee).kind else { return false };
    let name = match &module.expr(*object).kind {
        ExprKind::Name(name) | ExprKind::Attr { name, .. } => Some(name),
        _ => module.callee_name(*object),
    };
    name.is_some_and(|n| n.to_lowercase().contains("header") || n == "add")
}

/// The functions of the repository that a function gives what carries headers.
fn helpers(ev: &Evaluator<'_>, unit_id: UnitId, func: FuncId) -> Vec<(UnitId, FuncId)> {
    let unit = ev.program.unit(unit_id);
    let span = unit.module.func(func).span;
    let calls = unit.index.calls.iter().filter(|c| span.contains(unit.module.expr(c.expr).span));
    let called = calls.filter_map(|c| unit.module.call(c.expr)).flat_map(|call| {
        let values = ev.at(unit_id, call.callee);
        values.alternatives().to_vec()
    });
    called
        .filter_map(|value| match value {
            Value::Function { unit, func, .. } => Some((unit, func)),
            _ => None,
        })
        .filter(|(u, f)| {
            let module = &ev.program.unit(*u).module;
            let carries = |ty: ExprId| simple_name(module, ty).is_some_and(|n| CARRIERS.contains(&n.as_str()));
            let function = module.func(*f);
            function.params.iter().filter_map(|p| p.ty).chain(function.returns).any(carries)
        })
        .take(8)
        .collect()
}

/// Settings by which a connection to RabbitMQ confirms.
const CONFIRMS: [&str; 2] = ["spring.rabbitmq.publisher-confirm-type", "spring.rabbitmq.publisher-confirms"];

/// What the settings say of confirms, where Spring Cloud Stream publishes.
/// <https://docs.spring.io/spring-cloud-stream/reference/kafka/kafka-binder/prod-props.html>: `sync` is off.
/// <https://docs.spring.io/spring-cloud-stream/reference/rabbit/rabbit_overview/publisher-confirms.html>: RabbitMQ
/// confirms nothing unless the connection is told to.
pub(super) fn binder_confirmed(settings: &Settings, path: &str, code: Presence) -> Presence {
    let binders = settings.binders(path);
    let (kafka, rabbit) = (binders.contains("kafka"), binders.contains("rabbit"));
    let on = CONFIRMS.iter().find_map(|key| settings.get(path, key));
    let confirms = on.filter(|(value, _)| !matches!(*value, "none" | "false"));
    if rabbit && !kafka && !settings.is_remote(path) {
        return confirms.map_or(Presence::Absent, |(_, place)| Presence::Present(place));
    }
    let told = settings.ending(path, "spring.cloud.stream.", ".producer.sync").or_else(|| {
        // Whoever listens on the channel for errors is told.
        settings.ending(path, "spring.cloud.stream.", ".producer.error-channel-enabled")
    });
    match told.filter(|(value, _)| *value == "true") {
        Some((_, place)) => Presence::Present(place),
        // A profile chooses between the two, and neither waits.
        None if kafka && (!rabbit || confirms.is_none()) && !settings.is_remote(path) => Presence::Absent,
        None => code,
    }
}

/// The broker behind a binder of Spring Cloud Stream, where settings or build name one.
pub(super) fn bound_broker(settings: &Settings, path: &str) -> Option<&'static str> {
    let name = |binder: &str| match binder {
        "kafka" => Some("kafka"),
        "pulsar" => Some("pulsar"),
        "rabbit" => Some("rabbitmq"),
        _ => None,
    };
    let default = settings.get(path, "spring.cloud.stream.default-binder").and_then(|(value, _)| name(value));
    let binders = settings.binders(path);
    default.or_else(|| name(binders.first().filter(|_| binders.len() == 1)?))
}

/// What is known of confirms with the settings of the application.
pub(super) fn confirmed(ev: &Evaluator<'_>, found: &Found<'_>, settings: &Settings, code: Presence) -> Presence {
    let unit = ev.program.unit(found.site.unit);
    if !unit.module.language.is_jvm() {
        return code;
    }
    let path = &unit.path;
    match found.form.broker.as_str() {
        "rabbitmq" if code.is_absent() => {
            let on = CONFIRMS.iter().find_map(|key| settings.get(path, key));
            match on.filter(|(value, _)| !matches!(*value, "none" | "false")) {
                Some((_, place)) => Presence::Present(place),
                None if settings.is_remote(path) => Presence::Unknown("settings come from a server".into()),
                None => code,
            }
        }
        "binder" if !code.is_present() => binder_confirmed(settings, path, code),
        "kafka" if !code.is_absent() => match settings.get(path, "spring.kafka.producer.acks") {
            Some(("0", _)) => Presence::Absent,
            _ => code,
        },
        _ => code,
    }
}
