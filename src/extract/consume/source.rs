//! Finds the places where messages come in, and puts the verdicts together.

use std::collections::{BTreeMap, HashSet};

use smol_str::SmolStr;

use crate::catalog::consume::{Consume, Form, Source};
use crate::catalog::schema::{Ecosystem, Library};
use crate::extract::Presence;
use crate::facts::module::{ClassId, ExprId, FuncId, Function, Module};
use crate::program::types::simple_name;
use crate::program::{Evaluator, Site, UnitId, Value};
use crate::syntax::Place;

use super::handler::{self, Body};
use super::heirs::{self, Heir};
use super::reach::{Func, Reach};
use super::walk::{self, Trace};
use super::{
    Consumer, Evidence, Handler, InScope, ack, bean, chain, closed, console, dead_channel, dead_letter, dotnet,
    factory, idempotency, jvm, keys, nest, payload_key, poison, polling, prefetch, redelivery, setting, shown,
    shutdown, unhandled,
};

/// A source of the catalog with the call, decorator or class that is one.
pub(super) struct Found<'c> {
    /// The library.
    pub(super) library: &'c Library,
    /// Its knowledge about consuming.
    pub(super) consume: &'c Consume,
    /// The form that matched.
    pub(super) source: &'c Source,
    /// The call or decorator.
    pub(super) site: Site,
    /// The decorated function, or the handling methods of the class.
    pub(super) functions: Vec<Func>,
    /// Its name in the program, where that is not said by the call.
    pub(super) name: Option<String>,
    /// The class that inherits the function, where a generic class of the repository handles messages for others.
    pub(super) heir: Option<Heir>,
}

/// All consumers, sorted by place.
pub(super) fn consumers(ev: &Evaluator<'_>, in_scope: &InScope<'_>, evidence: &Evidence) -> Vec<Consumer> {
    let mut found = found(ev, in_scope);
    found.extend(bean::found(ev, in_scope, &evidence.settings));
    if found.is_empty() {
        return Vec::new();
    }
    let reach = Reach::new(ev).with_keys(&evidence.keys, &evidence.packages);
    let received = handler::Received::new(&reach, in_scope);
    let mut out: BTreeMap<(Site, Option<UnitId>), Consumer> = BTreeMap::new();
    for found in &found {
        let bodies = handler::bodies(&reach, &received, found);
        for (part, bodies) in factory::parts(&reach, found, bodies) {
            let built = part.map_or(ev.program.place(found.site), |at| at.1);
            if let Some(consumer) = consumer(&reach, found, &bodies, built, evidence, in_scope) {
                out.entry((found.site, part.map(|at| at.0))).or_insert(consumer);
            }
        }
    }
    let mut out: Vec<Consumer> = out.into_values().collect();
    out.sort_by_key(|c| c.place);
    // The streams of one topology fail together: it is said at the first.
    let mut said: HashSet<(UnitId, String)> = HashSet::new();
    for consumer in out.iter_mut().filter(|c| c.library == "Kafka Streams" && c.dead_letter.is_absent()) {
        if !said.insert((consumer.site.unit, consumer.library.clone())) {
            consumer.dead_letter = Presence::Unknown("decided for the topology as a whole".into());
        }
    }
    out
}

fn consumer(
    reach: &Reach<'_, '_>,
    found: &Found<'_>,
    bodies: &[Body],
    built: Place,
    evidence: &Evidence,
    in_scope: &InScope<'_>,
) -> Option<Consumer> {
    let ev = reach.ev;
    if super::reply::takes_replies(ev, found) || super::asked::by_request(ev, found, bodies) {
        return None;
    }
    let transport = match found.consume.broker.as_str() {
        "transport" => Some(nest::transport(reach, found.site)?),
        _ => None,
    };
    let traces: Vec<Trace> = bodies.iter().map(|b| b.trace(reach)).collect();
    let mut registrations = handler::registrations(reach, &traces);
    if registrations.is_empty() && found.source.form == Form::Callback {
        registrations = dotnet::handlers(ev, found.site, in_scope);
    }
    let is_csharp = ev.program.language(found.site.unit) == crate::facts::module::Language::CSharp;
    let place = if is_csharp { ev.program.place(dotnet::seen_at(ev, found)) } else { built };
    let mut channels = match &found.name {
        Some(name) => vec![name.clone()],
        None => chain::channels(ev, found),
    };
    if channels.is_empty()
        && let Some((_, Some(receiver))) = ev.callee(found.site)
    {
        // `consumer.Fetch(10)` of a consumer that was made with a subject.
        let made = std::iter::successors(Some(receiver.as_ref()), |link| link.from.as_deref());
        let mut made = made.take(8).filter_map(|link| link.call).peekable();
        // `@.name` is said by what made the receiver itself: `queue = await channel.declare_queue("orders")`.
        let own = found.source.channel.iter().filter_map(|path| path.strip_prefix("@.").map(str::to_owned));
        let own = made.peek().and_then(|made| setting::argument(ev, *made, &own.collect::<Vec<_>>()));
        if let Some(named) = own.or_else(|| made.find_map(|made| setting::argument(ev, made, &found.source.channel))) {
            channels = setting::texts(ev, named);
            // What the connection was made with.
            channels.retain(|channel| !channel.starts_with("amqp"));
        }
    }
    if found.source.channel.iter().any(|c| c == "*") {
        channels.extend(positional_texts(ev, found.site));
    }
    if channels.is_empty() {
        channels = chain::subscribed(ev, found);
    }
    let configured = keys::Configured::new(ev, found, &channels, &evidence.settings);
    let channels = configured.channels();
    let mut units = vec![found.site.unit];
    // What a factory makes is closed where it is used.
    units.extend(bodies.iter().map(Body::unit).filter(|unit| built.file == ev.program.unit(*unit).file));
    units.dedup();
    units.extend(registrations.iter().map(|r| r.site.unit));
    let is_jvm = ev.program.language(found.site.unit).is_jvm();
    let handler = |place: Place, bodies: &[Body], traces: &[Trace]| {
        let function = bodies.first().and_then(Body::function);
        let mut idempotency = idempotency::verdict(traces);
        if is_jvm {
            idempotency = jvm::idempotency(reach, found, function, evidence, (traces, idempotency));
        }
        if is_csharp {
            idempotency = dotnet::certain(ev, found.site.unit, traces, idempotency);
            if dotnet::is_saga(ev, found.site) {
                idempotency = super::Idempotency::Unknown;
            }
        }
        Handler { place, function: function.map(|f| named(ev, f)), channels: channels.clone(), idempotency }
    };
    let mut handlers = if registrations.is_empty() && is_jvm && bodies.len() > 1 {
        // The methods of a class that listens: each one has its own messages.
        let places = bodies.iter().map(|b| b.function().map_or(place, |(u, f)| ev.program.function_place(u, f)));
        let each = places.zip(bodies.chunks(1).zip(traces.chunks(1)));
        each.map(|(place, (body, trace))| handler(place, body, trace)).collect()
    } else if registrations.is_empty() {
        vec![handler(place, bodies, &traces)]
    } else {
        registrations
            .iter()
            .map(|r| Handler {
                place: ev.program.place(r.site),
                function: r.functions.first().map(|f| named(ev, *f)),
                channels: r.channels.clone(),
                idempotency: match is_csharp {
                    true => {
                        dotnet::certain(ev, r.site.unit, &r.traces(reach), idempotency::registered(reach, &traces, r))
                    }
                    false => idempotency::registered(reach, &traces, r),
                },
            })
            .collect()
    };
    if found.source.at_most_once {
        handlers.iter_mut().for_each(|handler| handler.idempotency = super::Idempotency::NotNeeded);
    }
    let ack = match &transport {
        Some(transport) => transport.ack.clone(),
        None => ack::verdict(reach, found, &traces, &registrations),
    };
    let dead_letter = match &transport {
        Some(transport) if traces.iter().all(|t| t.dead_letter().is_none()) => transport.dead_letter.clone(),
        _ => {
            // The dead letter queue itself needs none.
            let is_last = match channels.is_empty() {
                false => channels.iter().all(|c| dead_channel::is_dead_letter_name(c)),
                // `class DlqCleanup` that assigns itself partitions.
                true => is_csharp && dotnet::is_for_dead_letters(ev, found.site),
            };
            let code = if is_last {
                Presence::Default
            } else {
                dead_letter::verdict(reach, found, bodies, &traces, &registrations, &channels, evidence)
            };
            configured.dead_letter(code)
        }
    };
    let prefetch = match &transport {
        Some(transport) => transport.prefetch.clone(),
        None => prefetch::read(reach, found, &ack, &units),
    };
    let declared = dead_letter::declaration(ev, found, &channels).filter(|_| dead_letter.is_absent());
    let declared = declared.map(|(_, site)| ev.program.place(site));
    let by_hand = console::started_by_hand(ev, found);
    let mut consumer = Consumer {
        place,
        poison: poison::read(reach, found, &ack, &traces, &registrations),
        prefetch,
        message: if is_csharp { dotnet::message(ev, found) } else { None },
        short_poll: polling::short(reach, found, evidence),
        unhandled: unhandled::read(reach, bodies, &traces),
        closed: closed::read(reach, bodies, &traces),
        payload_key: payload_key::read(reach, bodies, &traces),
        functions: functions(bodies, &traces, ev).into_iter().map(|(u, f)| ev.program.function_place(u, f)).collect(),
        site: found.site,
        received: Some(ev.program.place(found.site))
            .filter(|at| found.source.form == Form::Receive && built == place && *at != place),
        library: found.library.library.clone(),
        named_by: setting::argument(ev, found.site, &found.source.channel)
            .map(|named| setting::variables(ev, named))
            .unwrap_or_default(),
        broker: transport.as_ref().map_or(configured.broker(), |t| t.broker.to_string()),
        channels,
        ack,
        dead_letter,
        declared,
        only_shows: shown::only(reach, bodies, &traces),
        redelivery: redelivery::verdict(reach, found, bodies, &traces, &evidence.settings),
        handlers,
        shutdown: match by_hand {
            Some(_) => Presence::Absent,
            None => shutdown::verdict(reach, found, bodies, &units),
        },
        shared: transport.as_ref().and_then(|t| t.shared).or(by_hand),
        python: ev.program.language(found.site.unit) == crate::facts::module::Language::Python,
        nest: shutdown::is_nest(reach, found.site.unit),
        csharp: is_csharp,
    };
    if let Some(transport) = &transport {
        transport.settle(&mut consumer);
    }
    Some(consumer)
}

/// The functions that run for a message: the handlers and what they call.
pub(super) fn functions(bodies: &[Body], traces: &[Trace], ev: &Evaluator<'_>) -> Vec<Func> {
    let entered = traces.iter().flat_map(|t| &t.steps).filter_map(|s| match s.kind {
        walk::Kind::Enters(func) if !s.in_catch => Some(func),
        _ => None,
    });
    let around = bodies.iter().filter_map(|b| b.around(ev));
    let mut out: Vec<Func> = around.chain(entered).collect();
    out.sort();
    out.dedup();
    out
}

fn named(ev: &Evaluator<'_>, func: Func) -> (String, crate::syntax::Place) {
    let name = ev.program.unit(func.0).module.func(func.1).name.to_string();
    (name, ev.program.function_place(func.0, func.1))
}

fn positional_texts(ev: &Evaluator<'_>, site: Site) -> Vec<String> {
    let Some(call) = ev.program.unit(site.unit).module.call(site.expr) else { return Vec::new() };
    let positional = call.args.iter().filter(|a| a.name.is_none());
    positional.flat_map(|a| setting::texts(ev, Site { unit: site.unit, expr: a.value })).collect()
}

/// The last names of all sources, so that most calls are never evaluated.
fn names(ev: &Evaluator<'_>) -> HashSet<(Ecosystem, SmolStr)> {
    let mut out = HashSet::new();
    for library in ev.catalog.libraries() {
        for source in library.consume.iter().flat_map(|c| &c.sources) {
            for call in &source.calls {
                out.insert((library.ecosystem, SmolStr::new(call.rsplit('.').next().unwrap_or(call))));
            }
        }
    }
    out
}

fn found<'p>(ev: &Evaluator<'p>, in_scope: &InScope<'_>) -> Vec<Found<'p>> {
    let names = names(ev);
    let mut out = dotnet::conventional(ev, in_scope);
    out.extend(super::lambda::found(ev, in_scope));
    for unit in ev.program.ids().filter(|u| in_scope(*u)) {
        let module = &ev.program.unit(unit).module;
        let ecosystem = Ecosystem::of(module.language);
        let known = |name: &SmolStr| names.contains(&(ecosystem, name.clone()));
        for call in &ev.program.unit(unit).index.calls {
            let local = module.callee_name(call.expr);
            // A class can be imported under another name.
            let renamed = |local: &SmolStr| {
                module.imports.iter().any(|i| {
                    i.local == *local && matches!(&i.kind, crate::facts::module::ImportKind::Named(n) if known(n))
                })
            };
            if local.is_some_and(|n| known(n) || renamed(n)) {
                let site = Site { unit, expr: call.expr };
                let forms = [Form::Callback, Form::Constructor, Form::Receive, Form::Builder, Form::Object];
                out.extend(matching(ev, site, &forms, None));
            }
        }
        for (i, function) in module.funcs.iter().enumerate() {
            for &decorator in &function.decorators {
                if simple_name(module, decorator).as_ref().is_some_and(&known) {
                    let site = Site { unit, expr: decorator };
                    let func = FuncId(i as u32);
                    let found = matching(ev, site, &[Form::Decorator], Some((unit, func)));
                    let Some(mut found) = found.filter(|f| is_within(module, function, &f.source.within)) else {
                        continue;
                    };
                    if found.source.grouped {
                        let group = grouped(module, function, decorator);
                        if group.first() != Some(&func) {
                            continue;
                        }
                        found.functions = group.into_iter().map(|f| (unit, f)).collect();
                    }
                    out.push(found);
                }
            }
        }
        for i in (0..module.classes.len() as u32).filter(|_| ecosystem == Ecosystem::DotNet) {
            for (site, name) in dotnet::bases(ev, unit, ClassId(i)) {
                if known(&name)
                    && let Some(mut found) = matching(ev, site, &[Form::Implements], None)
                    && let Some(func) =
                        found.source.method.as_deref().and_then(|m| dotnet::method(ev, site, ClassId(i), m))
                {
                    found.functions = vec![(unit, func)];
                    out.extend(heirs::instead_of(ev, in_scope, found, ClassId(i)));
                }
            }
        }
        for (i, class) in module.classes.iter().enumerate() {
            for &decorator in &class.decorators {
                if simple_name(module, decorator).as_ref().is_some_and(&known) {
                    out.extend(class_source(ev, unit, ClassId(i as u32), decorator));
                }
            }
        }
    }
    out
}

/// The methods of a method's class with the same decorator.
fn grouped(module: &Module, function: &Function, decorator: ExprId) -> Vec<FuncId> {
    let name = simple_name(module, decorator);
    let Some(class) = function.class else { return Vec::new() };
    let has = |m: &FuncId| module.func(*m).decorators.iter().any(|d| simple_name(module, *d) == name);
    module.class(class).methods.iter().copied().filter(has).collect()
}

/// True for a method of a class with one of the decorators.
fn is_within(module: &Module, function: &Function, decorators: &[String]) -> bool {
    let last = |name: &String| name.rsplit('.').next().unwrap_or(name).to_string();
    let has = |class: ClassId| {
        let names = module.class(class).decorators.iter().filter_map(|d| simple_name(module, *d));
        names.into_iter().any(|n| decorators.iter().any(|d| last(d) == n.as_str()))
    };
    decorators.is_empty() || function.class.is_some_and(has)
}

fn class_source<'p>(ev: &Evaluator<'p>, unit: UnitId, class: ClassId, decorator: ExprId) -> Option<Found<'p>> {
    let mut found = matching(ev, Site { unit, expr: decorator }, &[Form::Class], None)?;
    let module = &ev.program.unit(unit).module;
    let methods = module.class(class).methods.iter().copied();
    if found.source.handled_by.is_empty() {
        let method = found.source.method.as_deref()?;
        found.functions = methods.filter(|m| module.func(*m).name == method).take(1).map(|m| (unit, m)).collect();
    } else {
        let handles = |m: &FuncId| {
            module
                .func(*m)
                .decorators
                .iter()
                .filter_map(|d| simple_name(module, *d))
                .any(|name| found.source.handled_by.iter().any(|h| h.rsplit('.').next() == Some(name.as_str())))
        };
        found.functions = methods.filter(handles).map(|m| (unit, m)).collect();
    }
    (!found.functions.is_empty()).then_some(found)
}

/// The source that a call, or a decorator with or without arguments, is.
fn matching<'p>(ev: &Evaluator<'p>, site: Site, forms: &[Form], function: Option<Func>) -> Option<Found<'p>> {
    let unit = ev.program.unit(site.unit);
    let language = unit.module.language;
    let symbols: Vec<SmolStr> = match unit.module.call(site.expr) {
        Some(_) => crate::extract::http::clients::callees(ev, site).into_iter().map(|(s, _)| s).collect(),
        None => match ev.eval(site) {
            Value::External(symbol) => vec![ev.catalog.canonical(language, &symbol)],
            Value::Method { symbol, .. } => vec![symbol],
            _ => Vec::new(),
        },
    };
    symbols.iter().find_map(|symbol| {
        let (library, rest) = ev.catalog.split(language, symbol)?;
        let consume = library.consume.as_ref()?;
        let source = consume.sources.iter().find(|s| forms.contains(&s.form) && s.calls.iter().any(|c| c == rest))?;
        if let Some(event) = &source.event {
            let first = unit.module.call(site.expr)?;
            if ev.positional(site.unit, first, 0)?.as_str().as_deref() != Some(event) {
                return None;
            }
        }
        Some(Found {
            library,
            consume,
            source,
            site,
            functions: function.into_iter().collect(),
            name: None,
            heir: None,
        })
    })
}
