//! The code that handles messages: callbacks, loops over a consumer, decorated functions; and the
//! registrations with a wrapper of the repository.

use std::collections::HashMap;

use crate::catalog::consume::Form;
use crate::facts::module::{ExprId, ExprKind, Language, LoopHeader, StmtId, StmtKind};
use crate::files::{self, Zone};
use crate::program::index::Binding;
use crate::program::{Instance, Parent, Site, UnitId, Value};

use super::reach::{Func, Reach};
use super::source::Found;
use super::walk::{self, Kind, Trace};
use super::{InScope, chain, pulled, setting};
use crate::program::hierarchy::ClassRef;

/// Code that runs for a message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Body {
    /// A function.
    Function(Func),
    /// A function that a class inherits.
    Inherited(Func, ClassRef),
    /// A loop.
    Loop(UnitId, StmtId),
}

impl Body {
    /// Its steps.
    pub(super) fn trace(&self, reach: &Reach<'_, '_>) -> Trace {
        match *self {
            Body::Function(func) => walk::function(reach, func),
            Body::Inherited(func, heir) => walk::inherited(reach, func, heir),
            Body::Loop(unit, stmt) => walk::statement(reach, unit, stmt),
        }
    }

    /// The function it is.
    pub(super) fn function(&self) -> Option<Func> {
        match *self {
            Body::Function(func) | Body::Inherited(func, _) => Some(func),
            Body::Loop(..) => None,
        }
    }

    /// The function it is or stands in.
    pub(super) fn around(&self, ev: &crate::program::Evaluator<'_>) -> Option<Func> {
        match *self {
            Body::Function(func) | Body::Inherited(func, _) => Some(func),
            Body::Loop(unit, stmt) => ev.program.unit(unit).index.stmt_ancestors(stmt).find_map(|p| match p {
                Parent::Func(f) => Some((unit, f)),
                _ => None,
            }),
        }
    }

    /// The module it stands in.
    pub(super) fn unit(&self) -> UnitId {
        match *self {
            Body::Function((unit, _)) | Body::Inherited((unit, _), _) | Body::Loop(unit, _) => unit,
        }
    }
}

/// Where messages are taken from consumer objects: loops by the construction of the object.
pub(super) struct Received {
    by_origin: HashMap<Site, Vec<Body>>,
    /// Loops over an object of which only the type is known.
    by_type: HashMap<String, Vec<Body>>,
}

impl Received {
    /// Reads all loops and receiving calls.
    pub(super) fn new(reach: &Reach<'_, '_>, in_scope: &InScope<'_>) -> Self {
        let ev = reach.ev;
        let mut out = Received { by_origin: HashMap::new(), by_type: HashMap::new() };
        // Receiving methods and constructors of the catalog.
        let mut methods: Vec<String> = Vec::new();
        for source in ev.catalog.libraries().iter().filter_map(|l| l.consume.as_ref()).flat_map(|c| &c.sources) {
            methods.extend(source.receives.iter().filter_map(|r| r.rsplit('.').next()).map(str::to_string));
        }
        methods.sort();
        methods.dedup();
        for unit in ev.program.ids().filter(|u| in_scope(*u)) {
            let module = &ev.program.unit(unit).module;
            for (i, stmt) in module.stmts.iter().enumerate() {
                if let StmtKind::Loop { header: LoopHeader::Each { iter, .. }, .. } = &stmt.kind {
                    // Only over names and attributes: a call makes messages, not a consumer.
                    if matches!(module.expr(*iter).kind, ExprKind::Name(_) | ExprKind::Attr { .. }) {
                        out.add(reach, Site { unit, expr: *iter }, Body::Loop(unit, StmtId(i as u32)));
                    }
                }
            }
            for call in &ev.program.unit(unit).index.calls {
                let Some(c) = module.call(call.expr) else { continue };
                if let ExprKind::Attr { object, name, .. } = &module.expr(c.callee).kind
                    && methods.iter().any(|m| m == name.as_str())
                {
                    let body = around(reach, Site { unit, expr: call.expr });
                    if let Some(body) = body {
                        out.add(reach, Site { unit, expr: *object }, body);
                    }
                }
            }
        }
        out
    }

    fn add(&mut self, reach: &Reach<'_, '_>, object: Site, body: Body) {
        let ev = reach.ev;
        let mut instances: Vec<Instance> = Vec::new();
        origins(reach, object, 0, &mut instances);
        for instance in instances {
            let language = ev.program.language(object.unit);
            let is_consumer = ev.catalog.split(language, &instance.ty).is_some_and(|(library, rest)| {
                library.consume.as_ref().is_some_and(|c| {
                    let gives = |n: &String| n == rest || library.returns.get(n).is_some_and(|ty| ty == rest);
                    c.sources.iter().any(|s| s.form == Form::Constructor && s.calls.iter().any(gives))
                })
            });
            if !is_consumer {
                continue;
            }
            let bodies = match instance.call {
                Some(call) => self.by_origin.entry(call).or_default(),
                None => self.by_type.entry(instance.ty.to_string()).or_default(),
            };
            if !bodies.contains(&body) {
                bodies.push(body);
            }
        }
    }

    fn of(&self, reach: &Reach<'_, '_>, site: Site) -> Vec<Body> {
        if let Some(bodies) = self.by_origin.get(&site) {
            return bodies.clone();
        }
        // Only the type is known: the loop of the same service, when there is just one.
        let Some(ty) = reach.ev.eval(site).instance().map(|i| i.ty.to_string()) else { return Vec::new() };
        let service = folder(&reach.ev.program.unit(site.unit).path);
        let near: Vec<Body> = self
            .by_type
            .get(&ty)
            .into_iter()
            .flatten()
            .filter(|b| folder(&reach.ev.program.unit(b.unit()).path) == service)
            .copied()
            .collect();
        if near.len() == 1 { near } else { Vec::new() }
    }
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The objects an expression may be, through parameters and fields with a declared type.
fn origins(reach: &Reach<'_, '_>, site: Site, depth: u32, out: &mut Vec<Instance>) {
    let ev = reach.ev;
    if depth > 4 {
        return;
    }
    let value = ev.eval(site);
    let values = ev.settle(&value);
    let known: Vec<Instance> = values
        .iter()
        .flat_map(|v| v.alternatives().to_vec())
        .filter_map(|v| match v {
            Value::Instance(i) => Some(i),
            _ => None,
        })
        .collect();
    let made: Vec<&Instance> = known.iter().filter(|i| i.call.is_some()).collect();
    if !made.is_empty() {
        out.extend(made.into_iter().cloned());
        return;
    }
    // `consumer: AIOKafkaConsumer` is passed in.
    let unit = ev.program.unit(site.unit);
    let before = out.len();
    match &unit.module.expr(site.expr).kind {
        ExprKind::Name(name) => {
            if let Some((_, bindings)) = unit.index.lookup(&unit.module, unit.index.func_of(site.expr), name) {
                for binding in bindings {
                    match *binding {
                        Binding::Param(func, index) => passed(reach, (site.unit, func), index, depth, out),
                        Binding::Value(e) if e != site.expr => {
                            origins(reach, Site { unit: site.unit, expr: e }, depth + 1, out);
                        }
                        _ => {}
                    }
                }
            }
        }
        ExprKind::Attr { object, name, .. } => {
            if let Value::Object { unit: u, class, .. } = ev.at(site.unit, *object) {
                let owner = ev.program.unit(u);
                for (e, _) in owner.index.member(class, name) {
                    origins(reach, Site { unit: u, expr: *e }, depth + 1, out);
                }
                for &method in &owner.module.class(class).methods {
                    let function = owner.module.func(method);
                    for (i, p) in function.params.iter().enumerate() {
                        if p.is_field && p.name == *name {
                            passed(reach, (u, method), i, depth, out);
                        }
                    }
                }
            }
        }
        _ => {}
    }
    if out.len() == before {
        out.extend(known);
    }
}

fn passed(reach: &Reach<'_, '_>, func: Func, index: usize, depth: u32, out: &mut Vec<Instance>) {
    for call in reach.callers(func).into_iter().take(16) {
        if let Some(argument) = reach.ev.argument_site(call, func.0, func.1, index) {
            origins(reach, argument, depth + 1, out);
        }
    }
}

/// The outermost loop around a receiving call in its function, else the function.
pub(super) fn around(reach: &Reach<'_, '_>, site: Site) -> Option<Body> {
    let unit = reach.ev.program.unit(site.unit);
    let mut found = None;
    for parent in unit.index.ancestors(site.expr) {
        match parent {
            Parent::Stmt(s) if matches!(unit.module.stmt(s).kind, StmtKind::Loop { .. }) => {
                found = Some(Body::Loop(site.unit, s));
            }
            Parent::Func(f) => return found.or(Some(Body::Function((site.unit, f)))),
            Parent::Class(_) => return found,
            _ => {}
        }
    }
    found
}

/// The code that handles the messages of a source.
pub(super) fn bodies(reach: &Reach<'_, '_>, received: &Received, found: &Found<'_>) -> Vec<Body> {
    let ev = reach.ev;
    let site = found.site;
    if !found.functions.is_empty() {
        let body = |func: &Func| match &found.heir {
            Some(heir) => Body::Inherited(*func, heir.class),
            None => Body::Function(*func),
        };
        return found.functions.iter().map(body).collect();
    }
    match found.source.form {
        Form::Constructor => {
            let bodies = received.of(reach, site);
            // `go work(ctx, deliveries)`, where `work` is a parameter of the function around.
            let handed = || {
                let unit = ev.program.unit(site.unit);
                let func = unit.index.func_of(site.expr).filter(|_| unit.module.language == Language::Go)?;
                Some(Body::Function((site.unit, func)))
            };
            if bodies.is_empty() { handed().into_iter().collect() } else { bodies }
        }
        Form::Builder | Form::Object => chain::handlers(reach, found).into_iter().map(Body::Function).collect(),
        Form::Receive => {
            let unit = ev.program.unit(site.unit);
            // `for m in channel.consume(…)`, or `async with queue.iterator() as messages`.
            let entered = unit.index.ancestors(site.expr).take(4).find_map(|p| match p {
                Parent::Stmt(s) => match &unit.module.stmt(s).kind {
                    StmtKind::Loop { .. } => Some(s),
                    StmtKind::With { body, .. } => {
                        body.iter().copied().find(|s| matches!(unit.module.stmt(*s).kind, StmtKind::Loop { .. }))
                    }
                    _ => None,
                },
                _ => None,
            });
            if let Some(stmt) = entered {
                return vec![outermost(reach, site.unit, stmt)];
            }
            let body: Vec<Body> = around(reach, site).into_iter().collect();
            // `const messages = await consumer.consume(); for await (const m of messages)`
            let within = match body.first() {
                Some(Body::Function((_, func)) | Body::Inherited((_, func), _)) => Some(Some(*func)),
                Some(Body::Loop(..)) => None,
                None => unit.index.func_of(site.expr).is_none().then_some(None),
            };
            if let Some(s) = within.and_then(|func| loop_over(reach, site.unit, func, site.expr)) {
                return vec![Body::Loop(site.unit, s)];
            }
            if matches!(body.first(), Some(Body::Function(_))) {
                let takers: Vec<Body> = pulled::takers(reach, site).into_iter().map(|(body, _)| body).collect();
                if !takers.is_empty() {
                    return takers;
                }
            }
            body
        }
        _ => {
            let Some(argument) = setting_handler(reach, found) else {
                return super::dotnet::attached(ev, site).into_iter().map(Body::Function).collect();
            };
            let mut functions = Vec::new();
            for value in ev.settle(&ev.eval(argument)) {
                functions.extend(reach.functions(&value));
                functions.extend(of_object(reach, found, &value));
                if let Value::List(items) = &value {
                    for item in items.iter() {
                        functions.extend(reach.functions(&ev.eval(*item)));
                    }
                }
            }
            functions.dedup();
            functions.into_iter().map(Body::Function).collect()
        }
    }
}

/// The handler's argument: the first of the named ones that is a function.
fn setting_handler(reach: &Reach<'_, '_>, found: &Found<'_>) -> Option<Site> {
    let ev = reach.ev;
    let mut fallback = None;
    for name in &found.source.handler {
        if let Some(site) = setting::argument(ev, found.site, std::slice::from_ref(name)) {
            let value = ev.eval(site);
            if matches!(value, Value::Function { .. } | Value::List(_)) || !of_object(reach, found, &value).is_empty() {
                return Some(site);
            }
            fallback = fallback.or(Some(site));
        }
    }
    fallback
}

/// The method of an object that handles messages: `new DefaultConsumer(channel) { handleDelivery(…) { … } }`.
fn of_object(reach: &Reach<'_, '_>, found: &Found<'_>, value: &Value) -> Vec<super::reach::Func> {
    let Some(name) = found.source.method.as_deref() else { return Vec::new() };
    let methods = value.alternatives().iter().filter_map(|value| match value {
        Value::Object { unit, class, .. } => {
            let module = &reach.ev.program.unit(*unit).module;
            let mut methods = module.class(*class).methods.iter();
            methods.find(|m| module.func(**m).name == name).map(|m| (*unit, *m))
        }
        _ => None,
    });
    methods.collect()
}

fn outermost(reach: &Reach<'_, '_>, unit: UnitId, stmt: StmtId) -> Body {
    let index = &reach.ev.program.unit(unit).index;
    let module = &reach.ev.program.unit(unit).module;
    let mut found = stmt;
    for parent in index.stmt_ancestors(stmt) {
        match parent {
            Parent::Stmt(s) if matches!(module.stmt(s).kind, StmtKind::Loop { .. }) => found = s,
            Parent::Func(_) | Parent::Class(_) => break,
            _ => {}
        }
    }
    Body::Loop(unit, found)
}

/// The loop in the same function that iterates what a call gave.
fn loop_over(
    reach: &Reach<'_, '_>,
    unit: UnitId,
    func: Option<crate::facts::module::FuncId>,
    call: ExprId,
) -> Option<StmtId> {
    let u = reach.ev.program.unit(unit);
    u.module.stmts.iter().enumerate().find_map(|(i, s)| match &s.kind {
        StmtKind::Loop { header: LoopHeader::Each { iter, .. }, .. } if u.index.func_of(*iter) == func => {
            let made = reach.ev.at(unit, *iter);
            made.instance().is_some_and(|i| i.call == Some(Site { unit, expr: call })).then_some(StmtId(i as u32))
        }
        _ => None,
    })
}

/// A call of a wrapper with a handler.
#[derive(Clone, Debug)]
pub(super) struct Registration {
    /// The call.
    pub(super) site: Site,
    /// The handlers it may pass.
    pub(super) functions: Vec<Func>,
    /// Strings it passes besides.
    pub(super) channels: Vec<String>,
    /// The call in the wrapper that runs the handlers.
    pub(super) runs: Option<Site>,
}

impl Registration {
    /// The steps of its handlers: with what the wrapper hands them, `ack` and `nack` among it.
    pub(super) fn traces(&self, reach: &Reach<'_, '_>) -> Vec<Trace> {
        self.functions.iter().map(|func| walk::handed(reach, *func, self.runs)).collect()
    }
}

/// The registrations behind the parameters that a handler calls.
pub(super) fn registrations(reach: &Reach<'_, '_>, traces: &[Trace]) -> Vec<Registration> {
    let mut out: Vec<Registration> = Vec::new();
    let mut seen = Vec::new();
    for step in traces.iter().flat_map(|t| &t.steps) {
        if let Kind::Passed(func, index) = &step.kind
            && !seen.contains(&(*func, *index))
        {
            seen.push((*func, *index));
            register(reach, (*func, *index), step.site, 0, &mut out);
        }
    }
    out.sort_by_key(|r| r.site);
    out
}

fn register(reach: &Reach<'_, '_>, (func, index): (Func, usize), runs: Site, depth: u32, out: &mut Vec<Registration>) {
    let ev = reach.ev;
    if depth > 3 {
        return;
    }
    for call in reach.callers(func) {
        let is_test = files::zone(&ev.program.unit(call.unit).path) == Zone::Test;
        if is_test || out.len() > 64 || out.iter().any(|r| r.site == call) {
            continue;
        }
        let Some(argument) = ev.argument_site(call, func.0, func.1, index) else { continue };
        let value = ev.eval(argument);
        if let Value::Param { unit, func, index } = value {
            register(reach, ((unit, func), index), runs, depth + 1, out);
            continue;
        }
        let functions = reach.functions(&value);
        let module = &ev.program.unit(call.unit).module;
        let mut channels = Vec::new();
        if let Some(c) = module.call(call.expr) {
            for arg in c.args.iter().filter(|a| a.value != argument.expr) {
                channels.extend(setting::texts(ev, Site { unit: call.unit, expr: arg.value }));
            }
        }
        out.push(Registration { site: call, functions, channels, runs: Some(runs) });
    }
}
