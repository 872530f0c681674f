//! Requests that are sent by a pattern: `client.send({ cmd: 'sum' }, data)` of NestJS, which a method with
//! `@MessagePattern({ cmd: 'sum' })` of another service answers, whatever carries them. A client of gRPC asks for a service
//! by its name.
//! <https://docs.nestjs.com/microservices/basics#request-response>

use std::collections::BTreeMap;

use smol_str::SmolStr;

use crate::extract::publish::InScope;
use crate::extract::publish::path::{self, Lookup};
use crate::extract::publish::transport::{self, Registration};
use crate::facts::module::Call;
use crate::program::value::{Text, TextPart};
use crate::program::{Evaluator, Site, Value};
use crate::syntax::Place;

/// A request by a pattern.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// The call that sends it.
    pub place: Place,
    /// Where the client connects to, when it connects to the other process itself.
    pub address: Option<Text>,
    /// The methods that answer requests of this pattern.
    pub handlers: Vec<Place>,
}

/// The package that the clients and the decorators come from.
const PACKAGE: &str = "@nestjs/microservices";

/// The requests of a program, in the order of their places.
pub fn asked(ev: &Evaluator<'_>, in_scope: &InScope<'_>) -> Vec<Asked> {
    let answering = handlers(ev, in_scope, "MessagePattern");
    let listening = handlers(ev, in_scope, "EventPattern");
    let serving = served(ev, in_scope);
    if answering.is_empty() && listening.is_empty() && serving.is_empty() {
        return Vec::new();
    }
    let registered = transport::registrations(ev, in_scope);
    let mut found = Vec::new();
    for (name, handlers) in [("send", &answering), ("emit", &listening), ("getService", &serving)] {
        for &site in ev.program.calls_named(name).iter().filter(|site| in_scope(site.unit)) {
            let Some(call) = ev.program.unit(site.unit).module.call(site.expr) else { continue };
            if !is_client(ev, site) {
                continue;
            }
            let registration = transport::of(ev, &registered, site);
            // What is emitted through a broker is a message, not a request.
            let direct = registration.is_some_and(|r| r.broker().is_none());
            if name == "emit" && !direct {
                continue;
            }
            let patterns = sent(ev, site, call);
            let handlers: Vec<Place> = patterns.iter().filter_map(|p| handlers.get(p)).flatten().copied().collect();
            let address = registration.filter(|_| direct).and_then(|r| address(ev, r));
            if !handlers.is_empty() || address.is_some() {
                found.push(Asked { place: ev.program.place(site), address, handlers });
            }
        }
    }
    found.sort_by_key(|asked| asked.place);
    found
}

/// True for a method with `@MessagePattern(…)` that answers requests, `client.send(pattern)`: nobody emits its pattern as an
/// event.
pub fn is_asked(ev: &Evaluator<'_>, decorator: Site) -> bool {
    let Some(first) = ev.program.unit(decorator.unit).module.call(decorator.expr).and_then(|call| call.args.first())
    else {
        return false;
    };
    let Some(pattern) = key(ev, &ev.at(decorator.unit, first.value), 0) else { return false };
    let sends = |name: &str| {
        ev.program.calls_named(name).iter().any(|site| {
            let call = ev.program.unit(site.unit).module.call(site.expr);
            call.is_some_and(|call| sent(ev, *site, call).contains(&pattern))
        })
    };
    !sends("emit")
}

/// A call of a client of the package, or of what is injected as one.
fn is_client(ev: &Evaluator<'_>, site: Site) -> bool {
    ev.callee(site).is_some_and(|(symbol, _)| symbol.starts_with(PACKAGE) && symbol.contains("Client"))
}

/// The methods with a decorator of a name, by the pattern it is given.
fn handlers(ev: &Evaluator<'_>, in_scope: &InScope<'_>, decorator: &str) -> BTreeMap<SmolStr, Vec<Place>> {
    let mut found: BTreeMap<SmolStr, Vec<Place>> = BTreeMap::new();
    for &site in ev.program.calls_named(decorator).iter().filter(|site| in_scope(site.unit)) {
        let module = &ev.program.unit(site.unit).module;
        let Some(first) = module.call(site.expr).and_then(|call| call.args.first()) else { continue };
        // `@MessagePattern(['a', 'b'])` answers both.
        let sites = match ev.at(site.unit, first.value) {
            Value::List(items) => items.to_vec(),
            _ => vec![Site { unit: site.unit, expr: first.value }],
        };
        for pattern in sites.into_iter().flat_map(|site| ev.eval(site).alternatives().to_vec()) {
            if let Some(key) = key(ev, &pattern, 0) {
                found.entry(key).or_default().push(ev.program.place(site));
            }
        }
    }
    found
}

/// What serves gRPC, by the name of the service: methods with `@GrpcMethod('Orders', 'Find')`, and classes with the
/// decorator that `ts-proto` makes. <https://docs.nestjs.com/microservices/grpc>,
/// <https://github.com/stephenh/ts-proto/blob/main/NESTJS.markdown>
fn served(ev: &Evaluator<'_>, in_scope: &InScope<'_>) -> BTreeMap<SmolStr, Vec<Place>> {
    let mut found = handlers(ev, in_scope, "GrpcMethod");
    for (service, places) in handlers(ev, in_scope, "GrpcStreamMethod") {
        found.entry(service).or_default().extend(places);
    }
    let mut made: Vec<&str> = ev.program.called_names().filter(|name| name.ends_with("ControllerMethods")).collect();
    made.sort_unstable();
    for name in made {
        let places =
            ev.program.calls_named(name).iter().filter(|site| in_scope(site.unit)).map(|s| ev.program.place(*s));
        let service = name.strip_suffix("ControllerMethods").unwrap_or(name);
        found.entry(SmolStr::new(service)).or_default().extend(places);
    }
    found
}

/// The patterns that a call may send.
fn sent(ev: &Evaluator<'_>, site: Site, call: &Call) -> Vec<SmolStr> {
    let Some(first) = call.args.iter().find(|arg| arg.name.is_none() && !arg.spread) else { return Vec::new() };
    let values = ev.settle_at(Site { unit: site.unit, expr: first.value });
    let mut keys: Vec<SmolStr> =
        values.iter().flat_map(|value| value.alternatives().to_vec()).filter_map(|value| key(ev, &value, 0)).collect();
    keys.sort();
    keys.dedup();
    keys
}

/// A pattern in the form that both sides are compared in: keys of objects in alphabetical order.
fn key(ev: &Evaluator<'_>, value: &Value, depth: u32) -> Option<SmolStr> {
    let text = match value {
        Value::Str(text) => text.as_literal()?,
        Value::Num(number) => number.to_string(),
        // A constant of a package that is not in the repository: both sides name it alike.
        Value::External(symbol) if symbol.contains('.') && !symbol.starts_with("globalThis") => format!("<{symbol}>"),
        Value::Dict(dict) if !dict.open && depth < 4 => {
            let mut entries = Vec::new();
            for (name, _) in &dict.entries {
                let inner = ev.eval(dict.get(name)?);
                entries.push(format!("{name}:{}", key(ev, &inner, depth + 1)?));
            }
            entries.sort();
            entries.dedup();
            format!("{{{}}}", entries.join(","))
        }
        _ => return None,
    };
    Some(text.into()).filter(|text: &SmolStr| !text.is_empty())
}

/// `options: { host, port }` of a registered client, `options: { url }` of one for gRPC.
fn address(ev: &Evaluator<'_>, registration: &Registration) -> Option<Text> {
    let at = |site: Site, name: &str| match path::get(ev, site, name) {
        Lookup::Found(sites) => sites.first().copied(),
        _ => None,
    };
    let options = at(registration.site, "options")?;
    if registration.transport == "GRPC" {
        let mut address = Text::literal("grpc://");
        address.push(ev.eval(at(options, "url")?).to_text()?);
        return Some(address);
    }
    if registration.transport != "TCP" {
        return None;
    }
    let one = |name: &str| match ev.eval(at(options, name)?) {
        Value::Num(port) => Some(Text::literal(port.to_string())),
        value => value.to_text(),
    };
    let host = one("host")?;
    if host.parts.iter().all(|part| matches!(part, TextPart::Hole)) {
        return None;
    }
    let mut address = Text::literal("tcp://");
    address.push(host);
    if let Some(port) = one("port") {
        address.push(Text::literal(":"));
        address.push(port);
    }
    Some(address)
}
