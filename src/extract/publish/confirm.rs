//! Whether a publisher learns that the broker has its message.

use super::call::{Found, callees};
use super::flow::{self, Fate};
use super::path::{self, Lookup};
use crate::catalog::publish::ConfirmBy;
use crate::extract::Presence;
use crate::facts::module::{ExprId, ExprKind, Language, LoopHeader, StmtKind};
use crate::program::{Evaluator, Instance, Parent, Site, Value};

/// True for `await client.emit(…)`, with nothing between the two.
fn is_awaited(ev: &Evaluator<'_>, site: Site) -> bool {
    let unit = ev.program.unit(site.unit);
    matches!(unit.index.ancestors(site.expr).next(), Some(Parent::Expr(outer))
        if matches!(unit.module.expr(outer).kind, ExprKind::Await(_)))
}

/// Reads it; `broker` is the broker after registrations have been looked up, `registered` says that
/// one was found for a call whose broker depends on it.
pub fn read(ev: &Evaluator<'_>, found: &Found<'_>, broker: &str, registered: bool) -> Presence {
    let confirm = &found.form.confirm;
    if let Some(off) = switched_off(ev, found) {
        return off;
    }
    let place = ev.program.place(found.site);
    if let Some(told) = callback(ev, found) {
        return told;
    }
    match confirm.by {
        ConfirmBy::Library => Presence::Default,
        ConfirmBy::Never => Presence::Absent,
        ConfirmBy::Unknown => Presence::Unknown("the broker behind it is not known".into()),
        ConfirmBy::ChannelCall => channel_call(ev, found),
        ConfirmBy::Await => {
            if matches!(broker, "nats" | "redis pub/sub" | "mqtt") {
                return Presence::Unknown("the transport has no confirmation".into());
            }
            let dropped = found.form.unanswered || found.form.observable && is_awaited(ev, found.site);
            let fate = if dropped { Fate::Dropped } else { flow::fate(ev, found.site) };
            match fate {
                Fate::Awaited(_) => Presence::Default,
                Fate::Used => Presence::Default,
                Fate::Detached => Presence::Unknown("it runs as a task of its own".into()),
                Fate::Dropped if found.form.broker == "transport" && !registered => {
                    Presence::Unknown("the transport of the client could not be found".into())
                }
                Fate::Dropped => Presence::Absent,
            }
        }
        ConfirmBy::Future => match flow::fate(ev, found.site) {
            Fate::Awaited(outer) => {
                // The future that the coroutine gives, or the result of `await future`.
                match flow::fate(ev, Site { unit: found.site.unit, expr: outer }) {
                    Fate::Dropped => Presence::Absent,
                    Fate::Detached => Presence::Unknown("it runs as a task of its own".into()),
                    _ => Presence::Present(place),
                }
            }
            // `send(event).thenRun { … }`: nobody is told that it failed.
            Fate::Used if only_told_of_success(ev, found.site) => Presence::Absent,
            Fate::Used => Presence::Present(place),
            Fate::Detached => Presence::Unknown("it runs as a task of its own".into()),
            Fate::Dropped => outstanding(ev, found),
        },
        ConfirmBy::Callback => waits(ev, found),
        ConfirmBy::Reports => reports(ev, found),
    }
}

/// Methods of `CompletableFuture` whose function runs when all went well, and not otherwise.
const AFTER_SUCCESS: [&str; 6] =
    ["thenRun", "thenRunAsync", "thenAccept", "thenAcceptAsync", "thenApply", "thenApplyAsync"];

/// The same of the future of kafka-python; a failure goes to `add_errback`.
const AFTER_SUCCESS_PYTHON: [&str; 1] = ["add_callback"];

/// True for a future that only such methods are called on, and whose result nobody takes.
fn only_told_of_success(ev: &Evaluator<'_>, site: Site) -> bool {
    let unit = ev.program.unit(site.unit);
    let module = &unit.module;
    let parent = |expr: ExprId| match unit.index.expr_parent.get(expr.0 as usize) {
        Some(Parent::Expr(outer)) => Some(*outer),
        _ => None,
    };
    let mut current = site.expr;
    while let Some(method) = parent(current) {
        let ExprKind::Attr { name, .. } = &module.expr(method).kind else { return false };
        let Some(call) = parent(method).filter(|c| module.call(*c).is_some_and(|c| c.callee == method)) else {
            return false;
        };
        let only_success = match module.language {
            Language::Python => AFTER_SUCCESS_PYTHON.contains(&name.as_str()),
            language => language.is_jvm() && AFTER_SUCCESS.contains(&name.as_str()),
        };
        if !only_success {
            return false;
        }
        current = call;
    }
    current != site.expr && flow::fate(ev, Site { unit: site.unit, expr: current }) == Fate::Dropped
}

/// An option that turns confirms off, in the call or where the channel or producer was made.
fn switched_off(ev: &Evaluator<'_>, found: &Found<'_>) -> Option<Presence> {
    for receiver in &found.receivers {
        // A literal is read by the names of its fields, what a function makes by the position of its options.
        let made = |option: &str| {
            receiver.call.filter(|c| {
                let module = &ev.program.unit(c.unit).module;
                option.starts_with("0.") || module.call(c.expr).is_some_and(|call| call.is_new)
            })
        };
        let missing = |option: &String| {
            made(option)
                .is_some_and(|made| path::lookup(ev, made, option) == Lookup::Missing && !is_assigned(ev, made, option))
        };
        if found.form.confirm.required.iter().any(missing) {
            return Some(Presence::Absent);
        }
    }
    let is_off = |site: &Site| match ev.eval(*site) {
        Value::External(symbol) => {
            [".RequireNone", "Acks.None", ".NoResponse"].iter().any(|none| symbol.ends_with(none))
        }
        Value::Bool(b) => !b,
        Value::Num(n) => n == 0.0,
        Value::Str(text) => matches!(text.as_literal().as_deref(), Some("0" | "none")),
        _ => false,
    };
    for option in &found.form.confirm.off {
        if path::sites(ev, found.site, option).iter().any(is_off) {
            return Some(Presence::Absent);
        }
        for receiver in &found.receivers {
            let mut origin = Some(receiver);
            while let Some(instance) = origin {
                if let Some(call) = instance.call {
                    for path in [option.clone(), format!("0.{option}"), format!("1.{option}")] {
                        if path::sites(ev, call, &path).iter().any(is_off) {
                            return Some(Presence::Absent);
                        }
                    }
                }
                origin = instance.from.as_deref();
            }
        }
    }
    None
}

/// True when a field of this name is assigned later in the module of a literal.
fn is_assigned(ev: &Evaluator<'_>, made: Site, field: &str) -> bool {
    let module = &ev.program.unit(made.unit).module;
    module.stmts.iter().any(|s| match &s.kind {
        StmtKind::Assign { target, .. } => {
            matches!(&module.expr(*target).kind, ExprKind::Attr { name, .. } if name == field)
        }
        _ => false,
    })
}

/// A callback that is told the outcome. One that never looks at what it is told counts as none.
fn callback(ev: &Evaluator<'_>, found: &Found<'_>) -> Option<Presence> {
    for option in &found.form.confirm.callback {
        let Lookup::Found(sites) = path::lookup(ev, found.site, option) else { continue };
        for site in sites {
            match ev.eval(site) {
                Value::Function { unit, func, .. } => {
                    let module = &ev.program.unit(unit).module;
                    let function = module.func(func);
                    let Some(first) = function.params.first() else { continue };
                    let looks = module.exprs.iter().any(|e| {
                        function.span.contains(e.span) && matches!(&e.kind, ExprKind::Name(n) if *n == first.name)
                    });
                    if looks {
                        return Some(Presence::Present(ev.program.place(site)));
                    }
                }
                Value::Null | Value::Num(_) | Value::Str(_) | Value::Dict(_) | Value::Env { .. } => {}
                _ => return Some(Presence::Present(ev.program.place(site))),
            }
        }
    }
    None
}

/// A method of the channel that turns confirms on.
fn channel_call(ev: &Evaluator<'_>, found: &Found<'_>) -> Presence {
    let mut unresolved = false;
    for name in &found.form.confirm.calls {
        for &site in ev.program.calls_named(name) {
            let receivers: Vec<Instance> = callees(ev, site).into_iter().filter_map(|(_, r)| r).collect();
            if receivers.iter().any(|r| found.receivers.iter().any(|f| same(r, f))) {
                return Presence::Present(ev.program.place(site));
            }
            let known = |r: &Instance| r.call.is_some();
            unresolved |= receivers.is_empty()
                || !receivers.iter().all(known)
                || found.receivers.is_empty()
                || !found.receivers.iter().all(known);
        }
    }
    if unresolved {
        return Presence::Unknown("it could not be told whether this channel has confirms on".into());
    }
    Presence::Absent
}

fn same(a: &Instance, b: &Instance) -> bool {
    a.call.is_some() && a.call == b.call
}

/// Whether somewhere the reports of such a producer are read; what becomes of them is not looked at.
fn reports(ev: &Evaluator<'_>, found: &Found<'_>) -> Presence {
    for report in &found.form.confirm.calls {
        let method = report.rsplit('.').next().unwrap_or(report);
        for &site in ev.program.calls_named(method) {
            let language = ev.program.language(site.unit);
            if language != ev.program.language(found.site.unit) {
                continue;
            }
            let callees = callees(ev, site);
            let reads = |symbol: &str| ev.catalog.split(language, symbol).is_some_and(|(_, rest)| rest == report);
            let module = &ev.program.unit(site.unit).module;
            let of_ours =
                || module.call(site.expr).is_some_and(|c| matches!(ev.at(site.unit, c.callee), Value::Function { .. }));
            if callees.iter().any(|(symbol, _)| reads(symbol)) || callees.is_empty() && !of_ours() {
                return Presence::Unknown("another function reads the reports of the producer".into());
            }
        }
    }
    Presence::Absent
}

/// A call that waits for what is outstanding, in the same function or one that it is called from; or a
/// handler of delivery reports on the producer.
fn waits(ev: &Evaluator<'_>, found: &Found<'_>) -> Presence {
    let site = found.site;
    let home = flow::home(ev, site);
    let mut elsewhere = None;
    for name in &found.form.confirm.calls {
        let (method, event) = name.split_once(':').map_or((name.as_str(), None), |(m, e)| (m, Some(e)));
        for &call in ev.program.calls_named(method) {
            if only_drains(ev, call) {
                continue;
            }
            let first = ev.program.unit(call.unit).module.call(call.expr).and_then(|c| c.args.first());
            if let Some(event) = event
                && first.is_none_or(|a| ev.at(call.unit, a.value).as_str().as_deref() != Some(event))
            {
                continue;
            }
            let receivers: Vec<Instance> = callees(ev, call).into_iter().filter_map(|(_, r)| r).collect();
            let ours = receivers.iter().any(|r| found.receivers.iter().any(|f| same(r, f)));
            if event.is_some() && (ours || call.unit == site.unit) {
                return Presence::Present(ev.program.place(call));
            }
            if call.unit == site.unit && flow::home(ev, call) == home {
                return Presence::Present(ev.program.place(call));
            }
            if ours
                || (receivers.iter().any(|r| found.receivers.iter().any(|f| f.ty == r.ty)) && call.unit == site.unit)
            {
                elsewhere = Some(call);
            }
        }
    }
    // A promise made around the call.
    if matches!(flow::fate(ev, site), Fate::Used) && found.library.library.contains("rdkafka") {
        return Presence::Present(ev.program.place(site));
    }
    match elsewhere {
        Some(call) if !is_shutdown(ev, call) => {
            Presence::Unknown("another function waits for the outstanding messages".into())
        }
        _ => Presence::Absent,
    }
}

/// A call in the same function that waits for all that was sent: `producer.commitTransaction()`.
fn outstanding(ev: &Evaluator<'_>, found: &Found<'_>) -> Presence {
    let home = flow::home(ev, found.site);
    let mut waiting = found.form.confirm.calls.iter().flat_map(|name| ev.program.calls_named(name));
    let beside = waiting.find(|call| call.unit == found.site.unit && flow::home(ev, **call) == home);
    if let Some(call) = beside {
        return Presence::Present(ev.program.place(*call));
    }
    // `kafkaTemplate.setProducerListener(listener)`
    let mut told = found.form.confirm.listeners.iter().flat_map(|name| ev.program.calls_named(name)).peekable();
    let is_elsewhere = told.peek().is_some();
    match told.find(|call| call.unit == found.site.unit) {
        Some(call) => Presence::Present(ev.program.place(*call)),
        None if is_elsewhere => Presence::Unknown("a listener may be told of what was not taken".into()),
        None => Presence::Absent,
    }
}

/// True for reports that a loop takes and does nothing with: `for range producer.Events() {}`.
fn only_drains(ev: &Evaluator<'_>, site: Site) -> bool {
    let module = &ev.program.unit(site.unit).module;
    let Some(body) = module.stmts.iter().find_map(|stmt| match &stmt.kind {
        StmtKind::Loop { header: LoopHeader::Each { iter, .. }, body, .. } if *iter == site.expr => Some(body),
        _ => None,
    }) else {
        return false;
    };
    let mut todo: Vec<_> = body.clone();
    while let Some(stmt) = todo.pop() {
        match &module.stmt(stmt).kind {
            StmtKind::If { then, other, .. } => todo.extend(then.iter().chain(other).copied()),
            StmtKind::Block(block) => todo.extend(block.iter().copied()),
            // The variable of a type switch.
            StmtKind::Assign { target, value, .. } => {
                let calls = value.is_some_and(|v| module.call(v).is_some());
                if calls || !matches!(module.expr(*target).kind, ExprKind::Name(_)) {
                    return false;
                }
            }
            StmtKind::Continue => {}
            _ => return false,
        }
    }
    true
}

/// True for a call in a function that ends things.
fn is_shutdown(ev: &Evaluator<'_>, site: Site) -> bool {
    const ENDS: &[&str] = &["close", "stop", "shutdown", "destroy", "disconnect", "exit", "del", "cleanup", "teardown"];
    let Some(func) = flow::home(ev, site) else { return true };
    let name = flow::squeeze(&ev.program.unit(site.unit).module.func(func).name);
    ENDS.iter().any(|e| name.contains(e)) || name == "lifespan"
}
