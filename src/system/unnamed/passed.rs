//! Messages that are sent again as they came: `publish(queue, delivery.body)`. Whoever wrote them chose what is in them.

use crate::facts::module::{ExprId, ExprKind, Module};
use crate::program::{Program, Site};

/// What a delivery keeps its bytes in, in lower case.
const BYTES: [&str; 7] = ["body", "getbody", "value", "getvalue", "content", "data", "getdata"];
/// The types of deliveries, in lower case: RabbitMQ's, Kafka's, Service Bus', Spring's.
const DELIVERIES: [&str; 12] = [
    "basicdelivereventargs",
    "basicgetresult",
    "delivery",
    "getresponse",
    "consumerrecord",
    "consumeresult",
    "consumermessage",
    "consumemessage",
    "receivedmessage",
    "incomingmessage",
    "message",
    "msg",
];
/// How deliveries are called where nothing says their type.
const NAMES: [&str; 10] = ["msg", "message", "delivery", "record", "ea", "eventargs", "args", "d", "m", "result"];

/// True when a call publishes the bytes of a message that was received.
pub(super) fn is_received(program: &Program, site: Site) -> bool {
    let unit = program.unit(site.unit);
    let module = &unit.module;
    let Some(call) = module.call(site.expr) else { return false };
    let mut open: Vec<ExprId> = call.args.iter().map(|arg| arg.value).collect();
    while let Some(expr) = open.pop() {
        match &module.expr(expr).kind {
            ExprKind::Attr { object, name, .. }
                if BYTES.contains(&name.to_lowercase().as_str()) && is_delivery(program, site, *object) =>
            {
                return true;
            }
            // What is written anew is a message of its own.
            ExprKind::Call(_) if module.callee_name(expr).is_some_and(|name| writes(name)) => {}
            ExprKind::Binary { .. } | ExprKind::Template(_) => {}
            _ => open.extend(module.children(expr)),
        }
    }
    false
}

fn writes(name: &str) -> bool {
    let name = name.to_lowercase();
    ["serialize", "stringify", "dumps", "marshal", "encode", "tojson", "writevalue"].iter().any(|w| name.contains(w))
}

/// True for a name whose type is that of a delivery, or which is called like one.
fn is_delivery(program: &Program, site: Site, object: ExprId) -> bool {
    let unit = program.unit(site.unit);
    let module = &unit.module;
    let name = match &module.expr(object).kind {
        ExprKind::Name(name) => name,
        // `result.Message.Value`
        ExprKind::Attr { object, name, .. } if name == "Message" => match &module.expr(*object).kind {
            ExprKind::Name(name) => name,
            _ => return false,
        },
        _ => return false,
    };
    let typed = unit.index.func_of(site.expr).and_then(|func| {
        let param = module.func(func).params.iter().find(|param| param.name == *name)?;
        type_name(module, param.ty?)
    });
    match typed {
        Some(of) => DELIVERIES.iter().any(|delivery| of.ends_with(delivery)),
        None => NAMES.contains(&name.to_lowercase().as_str()),
    }
}

/// The last part of the name of a type, in lower case: `delivery` of `*amqp.Delivery`.
fn type_name(module: &Module, mut ty: ExprId) -> Option<String> {
    loop {
        match &module.expr(ty).kind {
            ExprKind::Name(name) | ExprKind::Attr { name, .. } => return Some(name.to_lowercase()),
            ExprKind::Index { object, .. } => ty = *object,
            _ => ty = *module.children(ty).first()?,
        }
    }
}
