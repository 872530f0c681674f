//! Whether a message is only shown: printed, logged and acknowledged, as the first lines with a broker do it.

use crate::facts::module::Module;
use crate::program::UnitId;
use crate::syntax::Span;

use super::handler::Body;
use super::reach::Reach;
use super::walk::{Kind, Trace};

/// Calls that take a message, show it, wait, or confirm it; in lower case and without `_`.
const SHOWS: [&str; 58] = [
    "ack",
    "acknowledge",
    "background",
    "basicack",
    "basicackasync",
    "commit",
    "commitmessages",
    "commitsync",
    "consume",
    "count",
    "data",
    "debug",
    "decode",
    "delay",
    "duration",
    "error",
    "errorf",
    "exit",
    "fatal",
    "fatalf",
    "fetch",
    "fetchmessage",
    "format",
    "fprintf",
    "getbody",
    "getstring",
    "info",
    "infof",
    "kafkaexception",
    "key",
    "len",
    "length",
    "log",
    "nextmsg",
    "offset",
    "partition",
    "poll",
    "print",
    "printf",
    "println",
    "readmessage",
    "repr",
    "sleep",
    "storeoffsets",
    "str",
    "string",
    "timestamp",
    "toarray",
    "tostring",
    "topic",
    "value",
    "warn",
    "warning",
    "write",
    "writeline",
    "writelineasync",
    "headers",
    "subject",
];

/// True when nothing but that is done with a message, as far as all of it was found.
pub(super) fn only(reach: &Reach<'_, '_>, bodies: &[Body], traces: &[Trace]) -> bool {
    let plain = |kind: &Kind| match kind {
        Kind::Ack | Kind::Enters(_) => true,
        Kind::Unresolved(name) => shows(name),
        _ => false,
    };
    let steps = || traces.iter().flat_map(|t| &t.steps);
    if bodies.is_empty() || traces.iter().any(|t| t.truncated) || !steps().all(|s| plain(&s.kind)) {
        return false;
    }
    let module = |unit: UnitId| &reach.ev.program.unit(unit).module;
    let mut parts: Vec<(UnitId, Span)> = bodies
        .iter()
        .map(|body| match *body {
            Body::Function((unit, func)) | Body::Inherited((unit, func), _) => (unit, module(unit).func(func).span),
            Body::Loop(unit, stmt) => (unit, module(unit).stmt(stmt).span),
        })
        .collect();
    parts.extend(steps().filter_map(|s| match s.kind {
        Kind::Enters((unit, func)) => Some((unit, module(unit).func(func).span)),
        _ => None,
    }));
    let own = |unit: UnitId, name: &str| module(unit).funcs.iter().any(|f| f.name == name);
    parts.into_iter().all(|(unit, part)| {
        let linked = reach.ev.program.unit(unit);
        let inside = linked.index.calls.iter().filter(|c| part.contains(linked.module.expr(c.expr).span));
        inside.into_iter().all(|c| name_of(&linked.module, c.expr).is_some_and(|n| shows(n) || own(unit, n)))
    })
}

fn name_of(module: &Module, call: crate::facts::module::ExprId) -> Option<&str> {
    module.callee_name(call).map(|name| name.as_str())
}

fn shows(name: &str) -> bool {
    SHOWS.contains(&name.replace('_', "").to_lowercase().as_str())
}
