//! Whether the process stops its consumers in order when it is told to end.

use std::collections::BTreeSet;

use crate::extract::Presence;
use crate::facts::module::{Call, ExprId, ExprKind, FuncId, Language, LoopHeader, Module, StmtId, StmtKind};
use crate::program::{Evaluator, Parent, Site, UnitId, Value};
use crate::syntax::{Place, Span};

use super::handler::Body;
use super::reach::{Func, Reach};
use super::source::Found;

/// Methods that stop something.
const STOPS: [&str; 18] = [
    "stop",
    "close",
    "disconnect",
    "shutdown",
    "cancel",
    "drain",
    "quit",
    "stop_consuming",
    "unsubscribe",
    "destroy",
    "terminate",
    "aclose",
    "set",
    "add_callback_threadsafe",
    "abort",
    "wakeup",
    "join",
    "closeconnection",
];

/// The verdict for a source; `units` are the modules it is built and registered in.
pub(super) fn verdict(reach: &Reach<'_, '_>, found: &Found<'_>, bodies: &[Body], units: &[UnitId]) -> Presence {
    if found.source.stops_itself {
        return Presence::Default;
    }
    let mut own: Vec<UnitId> = units.to_vec();
    own.extend(bodies.iter().map(Body::unit));
    own.sort();
    own.dedup();
    let around = reach.around(&own);
    let language = reach.ev.program.language(found.site.unit);
    if language == Language::CSharp {
        return super::hosted::verdict(reach.ev, found);
    }
    if language.is_jvm() {
        return super::jvm_stop::verdict(reach.ev, found, bodies);
    }
    if ends_by_itself(reach.ev, found) {
        return Presence::Default;
    }
    let verdict = match language {
        Language::Python => python(reach, found, &around),
        Language::Go => golang(reach, &around),
        _ => node(reach, found, &around),
    };
    // A consumer that is started outside of any function: its module is the entry point.
    let at_top = is_at_top(reach.ev, found.site);
    if verdict.is_absent() && !at_top && !has_entry(reach, &around, &own) && !is_alone(reach.ev, found.site) {
        return Presence::Unknown("no entry point of the process was found".into());
    }
    verdict
}

/// True for a call that runs with its module: in no function, or in one that is handed to what runs then, as in
/// `connect().then(async () => …)` and `(async () => …)()`.
fn is_at_top(ev: &Evaluator<'_>, site: Site) -> bool {
    let linked = ev.program.unit(site.unit);
    let mut expr = site.expr;
    while let Some(func) = linked.index.func_of(expr) {
        let Some(&lambda) = linked.index.lambda_expr.get(&func) else { return false };
        let Some(Parent::Expr(around)) = linked.index.ancestors(lambda).next() else { return false };
        let Some(call) = linked.module.call(around) else { return false };
        let awaits = linked.module.callee_name(around).is_some_and(|name| name == "then");
        if call.callee != lambda && !awaits {
            return false;
        }
        expr = around;
    }
    true
}

/// True for a script that takes some messages and is done: all there is, without an endless loop or anything that
/// waits, and the last thing it does is to close what it opened.
fn ends_by_itself(ev: &Evaluator<'_>, found: &Found<'_>) -> bool {
    const WAITS: [&str; 13] = [
        "wait",
        "run_forever",
        "serve",
        "start_consuming",
        "Future",
        "Event",
        "idle",
        "input",
        "pause",
        "sigwait",
        "gather",
        "listen",
        "setInterval",
    ];
    let linked = ev.program.unit(found.site.unit);
    let module = &linked.module;
    let Some(mut func) = linked.index.func_of(found.site.expr) else { return false };
    while let Some(outer) = module.func(func).parent {
        func = outer;
    }
    let span = module.func(func).span;
    let last = module.func(func).body.last().map(|s| &module.stmt(*s).kind);
    let closes = match last {
        Some(StmtKind::Expr(expr)) => {
            let call = match module.expr(*expr).kind {
                ExprKind::Await(inner) => inner,
                _ => *expr,
            };
            module.callee_name(call).is_some_and(|n| matches!(n.as_str(), "close" | "drain" | "disconnect" | "aclose"))
        }
        _ => false,
    };
    let endless = |s: &crate::facts::module::Stmt| match &s.kind {
        StmtKind::Loop { header: LoopHeader::While(test), .. } => {
            let always = test.is_none_or(|t| matches!(module.expr(t).kind, ExprKind::Bool(true)));
            let breaks = module.stmts.iter().any(|b| s.span.contains(b.span) && matches!(b.kind, StmtKind::Break));
            always && !breaks
        }
        _ => false,
    };
    closes
        && ev.program.ids().count() == 1
        && !module.stmts.iter().any(|s| span.contains(s.span) && endless(s))
        && !linked.index.calls.iter().any(|c| module.callee_name(c.expr).is_some_and(|n| WAITS.contains(&n.as_str())))
}

/// True for the only file of a program that stops nothing, or for the blocks of a sample of which none does: whoever
/// runs it has nothing to stop it by.
fn is_alone(ev: &Evaluator<'_>, site: Site) -> bool {
    let linked = ev.program.unit(site.unit);
    let units: Vec<UnitId> = ev.program.ids().collect();
    if units.len() != 1 && !units.iter().all(|unit| ev.is_snippet(*unit)) {
        return false;
    }
    let stops = |unit: &UnitId| {
        let linked = ev.program.unit(*unit);
        linked.index.calls.iter().any(|c| {
            linked.module.callee_name(c.expr).is_some_and(|n| STOPS.contains(&n.to_lowercase().as_str()) && n != "set")
        })
    };
    match linked.module.language {
        Language::Python => {
            let stopped = |unit: &UnitId| {
                ev.program.unit(*unit).module.funcs.iter().any(|f| STOPS.contains(&f.name.trim_matches('_')))
            };
            !units.iter().any(stopped)
                && (is_left_by_keyboard(&linked.module) || is_endless(ev, site) && !units.iter().any(stops))
        }
        Language::JavaScript | Language::TypeScript => !units.iter().any(stops),
        _ => false,
    }
}

/// True for a receiving call in a loop that nothing ends, `while True`, or the messages of an iterator.
fn is_endless(ev: &Evaluator<'_>, site: Site) -> bool {
    let linked = ev.program.unit(site.unit);
    let module = &linked.module;
    let func = linked.index.func_of(site.expr);
    // A function of its own in the loop returns from itself.
    let owner = |stmt: StmtId| {
        linked.index.stmt_ancestors(stmt).find_map(|p| match p {
            Parent::Func(f) => Some(f),
            _ => None,
        })
    };
    let ends = |at: Span| {
        module.stmts.iter().enumerate().filter(|(_, s)| at.contains(s.span)).any(|(i, s)| match s.kind {
            StmtKind::Break => true,
            StmtKind::Return(_) => owner(StmtId(i as u32)) == func,
            _ => false,
        })
    };
    let mut loops = linked.index.ancestors(site.expr).take_while(|p| !matches!(p, Parent::Func(_))).filter_map(|p| {
        let Parent::Stmt(stmt) = p else { return None };
        let stmt = module.stmt(stmt);
        match &stmt.kind {
            StmtKind::Loop { header: LoopHeader::While(test), .. } => {
                let always =
                    test.is_none_or(|t| matches!(module.expr(t).kind, ExprKind::Bool(true) | ExprKind::Num(1.0)));
                Some(always && !ends(stmt.span))
            }
            // `async with queue.iterator() as messages: async for message in messages`
            StmtKind::With { body, .. } => body.iter().find_map(|s| {
                let inner = module.stmt(*s);
                matches!(inner.kind, StmtKind::Loop { header: LoopHeader::Each { .. }, .. }).then(|| !ends(inner.span))
            }),
            _ => None,
        }
    });
    loops.any(|endless| endless)
}

/// The loop ends at a `KeyboardInterrupt`, and nothing else can stop it: `except KeyboardInterrupt: pass`.
fn is_left_by_keyboard(module: &Module) -> bool {
    let caught = |e: &ExprId| matches!(&module.expr(*e).kind, ExprKind::Name(n) if n == "KeyboardInterrupt");
    let has_handler = module.stmts.iter().any(|s| match &s.kind {
        StmtKind::Try { handlers, .. } => handlers.iter().any(|h| h.types.iter().any(caught)),
        _ => false,
    });
    has_handler && !module.funcs.iter().any(|f| STOPS.contains(&f.name.as_str()))
}

/// True when one of the modules starts the process: code outside functions that runs something.
fn has_entry(reach: &Reach<'_, '_>, around: &BTreeSet<UnitId>, own: &[UnitId]) -> bool {
    own.iter().any(|u| reach.is_imported(*u) || runs(reach.ev, *u)) && around.iter().any(|u| runs(reach.ev, *u))
}

/// Something is started at the top of a module: a function of the repository, an event loop, a server,
/// an application object.
fn runs(ev: &Evaluator<'_>, unit: UnitId) -> bool {
    let u = ev.program.unit(unit);
    if u.module.language == Language::Go {
        return u.module.package.as_deref() == Some("main") && u.module.funcs.iter().any(|f| f.name == "main");
    }
    if is_started_by_django(ev, unit) {
        return true;
    }
    u.index.calls.iter().filter(|c| c.func.is_none()).any(|c| {
        let name = u.module.callee_name(c.expr).map_or("", |n| n.as_str());
        let starts = matches!(
            name,
            "run"
                | "listen"
                | "start"
                | "serve"
                | "serve_forever"
                | "run_until_complete"
                | "run_forever"
                | "main"
                | "bootstrap"
                | "start_consuming"
                | "FastAPI"
                | "Flask"
                | "Starlette"
                | "Celery"
                | "express"
                | "FastStream"
        );
        starts
            || u.module.call(c.expr).is_some_and(|call| {
                // A function of the repository, or an object of a class of it that is not only declared.
                ev.at(unit, call.callee).alternatives().iter().any(|v| match v {
                    Value::Function { .. } => true,
                    Value::Class { unit: owner, .. } => call.is_new && *owner == unit,
                    _ => false,
                })
            })
    })
}

/// A command of `manage.py`, or the application whose `ready` Django calls.
///
/// <https://docs.djangoproject.com/en/stable/howto/custom-management-commands/>,
/// <https://docs.djangoproject.com/en/stable/ref/applications/#django.apps.AppConfig.ready>
fn is_started_by_django(ev: &Evaluator<'_>, unit: UnitId) -> bool {
    let module = &ev.program.unit(unit).module;
    let is_django = |base: &ExprId| match ev.at(unit, *base) {
        Value::External(symbol) => {
            symbol.starts_with("django.") && matches!(symbol.rsplit('.').next(), Some("BaseCommand" | "AppConfig"))
        }
        _ => false,
    };
    module.language == Language::Python && module.classes.iter().any(|class| class.bases.iter().any(is_django))
}

fn node(reach: &Reach<'_, '_>, found: &Found<'_>, around: &BTreeSet<UnitId>) -> Presence {
    let ev = reach.ev;
    let mut nest = None;
    let mut hooks = None;
    let mut hook_method = None;
    let mut signal = None;
    for &unit in around {
        let u = ev.program.unit(unit);
        if u.module.language == Language::Python {
            continue;
        }
        for call in &u.index.calls {
            let site = Site { unit, expr: call.expr };
            match u.module.callee_name(call.expr).map(|n| n.as_str()) {
                Some("enableShutdownHooks") => hooks = hooks.or(Some(ev.program.place(site))),
                Some("create" | "createMicroservice" | "createApplicationContext")
                    if ev.callee(site).is_some_and(|(symbol, _)| symbol.contains(".NestFactory.")) =>
                {
                    nest = nest.or(Some(ev.program.place(site)));
                }
                Some("on" | "once" | "addListener" | "prependListener") => {
                    signal = signal.or_else(|| signal_handler(reach, found, site));
                }
                Some("gracefulShutdown" | "closeWithGrace" | "createTerminus" | "createLightship") => {
                    return Presence::Present(ev.program.place(site));
                }
                _ => {}
            }
        }
        for (i, function) in u.module.funcs.iter().enumerate() {
            if matches!(
                function.name.as_str(),
                "onModuleDestroy" | "onApplicationShutdown" | "beforeApplicationShutdown"
            ) && function.class.is_some()
            {
                hook_method = hook_method.or(Some((unit, FuncId(i as u32))));
            }
        }
    }
    match (nest, hooks, hook_method) {
        (Some(_), Some(place), _) => Presence::Present(place),
        _ if signal.is_some() => signal.map_or(Presence::Absent, Presence::Present),
        (Some(_), None, _) => Presence::Absent,
        // Hooks without a bootstrap: the process is started by code that was not found.
        (None, _, Some(_)) => Presence::Unknown("the bootstrap of the application was not found".into()),
        (None, _, None) => Presence::Absent,
    }
}

/// True when the module takes part in a NestJS application.
pub(super) fn is_nest(reach: &Reach<'_, '_>, unit: UnitId) -> bool {
    let module = &reach.ev.program.unit(unit).module;
    module.imports.iter().any(|i| i.module.starts_with("@nestjs/"))
}

fn callee_is(ev: &Evaluator<'_>, site: Site, prefix: &str) -> bool {
    let prefix = ev.catalog.canonical(ev.program.language(site.unit), prefix);
    ev.callee(site).is_some_and(|(symbol, _)| symbol.starts_with(prefix.as_str()))
}

/// `process.on("SIGTERM", …)` whose handler stops something.
fn signal_handler(reach: &Reach<'_, '_>, found: &Found<'_>, site: Site) -> Option<Place> {
    let ev = reach.ev;
    let u = ev.program.unit(site.unit);
    let call = u.module.call(site.expr)?;
    let symbol = ev.callee(site)?.0;
    if !symbol.starts_with("globalThis.process.") && !symbol.starts_with("process.") {
        return None;
    }
    let signal = ev.positional(site.unit, call, 0)?;
    let texts: Vec<String> = ev.settle(&signal).iter().filter_map(Value::as_str).collect();
    let looped = texts.is_empty() && mentions_text(&u.module, "SIGTERM");
    if !looped && !texts.iter().any(|t| t == "SIGTERM") {
        return None;
    }
    let handler = call.args.get(1)?.value;
    stops(reach, found, site.unit, handler).then(|| ev.program.place(site))
}

fn mentions_text(module: &Module, text: &str) -> bool {
    module.exprs.iter().any(|e| matches!(&e.kind, ExprKind::Str(s) if s == text))
}

/// True when a function stops something, itself or through what it calls.
fn stops(reach: &Reach<'_, '_>, found: &Found<'_>, unit: UnitId, handler: ExprId) -> bool {
    let functions = reach.functions(&reach.ev.at(unit, handler));
    if functions.is_empty() {
        // `shutdown(signal)` makes the handler: what it does could not be read, so it counts.
        return !matches!(reach.ev.at(unit, handler), Value::External(_));
    }
    functions.into_iter().any(|f| function_stops(reach, found, f, 0, &mut Vec::new()))
}

fn function_stops(reach: &Reach<'_, '_>, found: &Found<'_>, func: Func, depth: u32, seen: &mut Vec<Func>) -> bool {
    if depth > 4 || seen.contains(&func) {
        return false;
    }
    seen.push(func);
    let u = reach.ev.program.unit(func.0);
    // Calls in the function and in lambdas inside it.
    let inside = |mut f: Option<FuncId>| {
        while let Some(current) = f {
            if current == func.1 {
                return true;
            }
            f = u.module.func(current).parent;
        }
        false
    };
    u.index.calls.iter().filter(|c| inside(c.func)).any(|c| {
        let name = u.module.callee_name(c.expr).map_or(String::new(), |n| n.to_lowercase());
        let is_method =
            u.module.call(c.expr).is_some_and(|call| matches!(u.module.expr(call.callee).kind, ExprKind::Attr { .. }));
        is_method
            && STOPS.contains(&name.as_str())
            && !is_telemetry(&u.module, c.expr)
            && !ends_another(reach.ev, found, Site { unit: func.0, expr: c.expr })
            || is_handed_over(reach.ev, Site { unit: func.0, expr: c.expr }, &name)
            || reach
                .called(Site { unit: func.0, expr: c.expr })
                .into_iter()
                .any(|f| function_stops(reach, found, f, depth + 1, seen))
    }) || assigns_flag(&u.module, &u.index, func.1)
}

/// `for (const task of tasks) await task.cleanup()`: what others hand over may stop the consumer.
fn is_handed_over(ev: &Evaluator<'_>, site: Site, name: &str) -> bool {
    const ENDS: [&str; 8] = ["cleanup", "dispose", "teardown", "hook", "handler", "callback", "cb", "fn"];
    let Some(call) = ev.program.unit(site.unit).module.call(site.expr) else { return false };
    match ev.at(site.unit, call.callee) {
        Value::Param { .. } => true,
        Value::Unknown => ENDS.contains(&name),
        _ => false,
    }
}

/// True for `redis.quit()`, `server.close()` and `producer.stop()`: what they end is not what receives.
fn ends_another(ev: &Evaluator<'_>, found: &Found<'_>, site: Site) -> bool {
    let module = &ev.program.unit(site.unit).module;
    let Some(call) = module.call(site.expr) else { return false };
    let ExprKind::Attr { object, name, .. } = &module.expr(call.callee).kind else { return false };
    // Who waits for a signal or a task of the process is not known.
    if matches!(name.as_str(), "abort" | "cancel" | "set" | "join") {
        return false;
    }
    let is_other = |value: &Value| {
        let (symbol, made) = match value {
            Value::Instance(instance) => (&instance.ty, instance.call),
            Value::External(symbol) => (symbol, None),
            _ => return false,
        };
        let made_by = |site: Site| ev.program.unit(site.unit).module.callee_name(site.expr);
        // Only the socket: a framework that is closed itself closes what hangs on it.
        if made.and_then(made_by).is_some_and(|name| matches!(name.as_str(), "listen" | "createServer")) {
            return true;
        }
        let Some((library, ty)) = ev.catalog.split(module.language, symbol) else { return false };
        let is_of = |ty: &str, name: &str| name.strip_prefix(ty).is_some_and(|r| r.is_empty() || r.starts_with('.'));
        let Some(consume) = &library.consume else {
            return library.server.is_none() && (library.store.is_some() || library.http.is_some());
        };
        let sends = library.publish.iter().flat_map(|p| &p.calls).any(|call| is_of(ty, call));
        let receives = |ty: &str| consume.sources.iter().flat_map(|s| &s.calls).any(|call| is_of(ty, call));
        // What receives may come out of a connection.
        let gives = |ty: &str| library.returns.iter().any(|(from, made)| is_of(ty, from) && receives(made));
        consume.broker != found.consume.broker || sends && !receives(ty) && !gives(ty)
    };
    let values = ev.at(site.unit, *object);
    let values = values.alternatives();
    values.iter().any(is_other) && values.iter().all(|v| matches!(v, Value::Null) || is_other(v))
}

/// `sdk.shutdown()` of a tracer stops no consumer.
fn is_telemetry(module: &Module, call: ExprId) -> bool {
    let Some(call) = module.call(call) else { return false };
    let mut todo = vec![call.callee];
    while let Some(e) = todo.pop() {
        if let ExprKind::Name(n) | ExprKind::Attr { name: n, .. } = &module.expr(e).kind {
            let n = n.to_lowercase();
            if ["sdk", "otel", "telemetry", "tracer", "tracing", "span", "metric", "logger", "sentry"]
                .iter()
                .any(|w| n.contains(w))
            {
                return true;
            }
        }
        todo.extend(module.children(e));
    }
    false
}

/// `self.running = False`, `running = false` in a signal handler.
fn assigns_flag(module: &Module, index: &crate::program::Index, func: FuncId) -> bool {
    module.stmts.iter().any(|s| match &s.kind {
        StmtKind::Assign { target, value: Some(v), .. } => {
            index.func_of(*v) == Some(func)
                && matches!(module.expr(*v).kind, ExprKind::Bool(_))
                && matches!(module.expr(*target).kind, ExprKind::Name(_) | ExprKind::Attr { .. })
        }
        _ => false,
    })
}

/// Frameworks of Go that stop what they run on SIGTERM.
const GO_FRAMEWORKS: [&str; 8] = [
    "go.uber.org/fx",
    "github.com/go-kratos/kratos",
    "github.com/zeromicro/go-zero",
    "github.com/oklog/run",
    "github.com/ThreeDotsLabs/watermill/message/router/plugin",
    "go-micro.dev/",
    "github.com/asim/go-micro",
    "sigs.k8s.io/controller-runtime",
];

/// `signal.NotifyContext(ctx, syscall.SIGTERM)`, `signal.Notify(c, os.Interrupt, syscall.SIGTERM)`; without
/// a signal all of them (<https://pkg.go.dev/os/signal#Notify>).
fn golang(reach: &Reach<'_, '_>, around: &BTreeSet<UnitId>) -> Presence {
    let ev = reach.ev;
    for &unit in around {
        let u = ev.program.unit(unit);
        if let Some(import) = u.module.imports.iter().find(|i| GO_FRAMEWORKS.iter().any(|f| i.module.starts_with(f))) {
            return Presence::Present(Place::new(u.file, import.span));
        }
        for call in &u.index.calls {
            let site = Site { unit, expr: call.expr };
            if !matches!(u.module.callee_name(call.expr).map(|n| n.as_str()), Some("Notify" | "NotifyContext"))
                || !ev.callee(site).is_some_and(|(symbol, _)| symbol.starts_with("os/signal."))
            {
                continue;
            }
            let Some(call) = u.module.call(site.expr) else { continue };
            let signals = call.args.get(1..).unwrap_or_default();
            // A list of signals that is kept in a variable may hold any.
            let is_term = |e: ExprId| names_sigterm(&u.module, e) || !names_signal(&u.module, e);
            let is_told = signals.is_empty() || signals.iter().any(|a| is_term(a.value));
            if is_told && !super::go_exit::leaves_at_once(&u.module, &u.index, call) {
                return Presence::Present(ev.program.place(site));
            }
        }
    }
    Presence::Absent
}

fn names_signal(module: &Module, expr: ExprId) -> bool {
    matches!(&module.expr(expr).kind, ExprKind::Attr { name, .. }
        if name.starts_with("SIG") || matches!(name.as_str(), "Interrupt" | "Kill"))
}

fn python(reach: &Reach<'_, '_>, found: &Found<'_>, around: &BTreeSet<UnitId>) -> Presence {
    let ev = reach.ev;
    let mut reads_signals = None;
    for &unit in around {
        let u = ev.program.unit(unit);
        if u.module.language != Language::Python {
            continue;
        }
        for call in &u.index.calls {
            let site = Site { unit, expr: call.expr };
            let Some(c) = u.module.call(call.expr) else { continue };
            if let Some(place) = lifespan(reach, found, unit, c) {
                return Presence::Present(place);
            }
            match u.module.callee_name(call.expr).map(|n| n.as_str()) {
                Some("signal" | "add_signal_handler") => {
                    let first = c.args.first().map(|a| a.value);
                    let is_term = first.is_some_and(|e| names_sigterm(&u.module, e))
                        || u.module
                            .exprs
                            .iter()
                            .any(|e| matches!(&e.kind, ExprKind::Attr { name, .. } if name == "SIGTERM"));
                    if is_term {
                        return Presence::Present(ev.program.place(site));
                    }
                }
                Some("open_signal_receiver") => return Presence::Present(ev.program.place(site)),
                Some("run") if callee_is(ev, site, "aiorun.run") => return Presence::Present(ev.program.place(site)),
                // aiohttp stops its server on SIGTERM, and runs what is listed here.
                Some("append") if is_aiohttp_hook(&u.module, c.callee) => {
                    reads_signals = reads_signals.or(Some(ev.program.place(site)));
                }
                Some("on_event" | "add_event_handler") => {
                    let shutdown =
                        c.args.first().is_some_and(|a| ev.at(unit, a.value).as_str().as_deref() == Some("shutdown"));
                    if shutdown && hook_stops(reach, found, site, c) {
                        reads_signals = reads_signals.or(Some(ev.program.place(site)));
                    }
                }
                Some("after_serving" | "before_server_stop" | "after_server_stop") => {
                    reads_signals = reads_signals.or(Some(ev.program.place(site)));
                }
                _ => {}
            }
        }
    }
    match reads_signals {
        Some(place) => Presence::Present(place),
        None => Presence::Absent,
    }
}

/// `FastAPI(lifespan=…)`, or a class of the repository that is made from it: the web server installs handlers and runs
/// the lifespan.
fn lifespan(reach: &Reach<'_, '_>, found: &Found<'_>, unit: UnitId, call: &Call) -> Option<Place> {
    let given = call.args.iter().find(|a| matches!(a.name.as_deref(), Some("lifespan" | "on_shutdown")))?;
    let functions = reach.functions(&reach.ev.at(unit, given.value));
    let stops =
        functions.is_empty() || functions.into_iter().any(|f| function_stops(reach, found, f, 0, &mut Vec::new()));
    stops.then(|| reach.ev.program.place(Site { unit, expr: given.value }))
}

/// `@app.on_event("shutdown")` above a function, or one that is given as the second argument.
fn hook_stops(reach: &Reach<'_, '_>, found: &Found<'_>, site: Site, call: &Call) -> bool {
    let funcs = &reach.ev.program.unit(site.unit).module.funcs;
    let decorated = funcs.iter().position(|f| f.decorators.contains(&site.expr));
    match (decorated, call.args.get(1)) {
        (Some(func), _) => function_stops(reach, found, (site.unit, FuncId(func as u32)), 0, &mut Vec::new()),
        (None, Some(given)) => stops(reach, found, site.unit, given.value),
        (None, None) => true,
    }
}

/// `app.on_cleanup.append`: <https://docs.aiohttp.org/en/stable/web_advanced.html#graceful-shutdown>.
fn is_aiohttp_hook(module: &Module, callee: ExprId) -> bool {
    let ExprKind::Attr { object, .. } = &module.expr(callee).kind else { return false };
    matches!(&module.expr(*object).kind, ExprKind::Attr { name, .. }
        if matches!(name.as_str(), "on_shutdown" | "on_cleanup" | "cleanup_ctx"))
}

fn names_sigterm(module: &Module, expr: ExprId) -> bool {
    let mut todo = vec![expr];
    while let Some(e) = todo.pop() {
        if matches!(&module.expr(e).kind, ExprKind::Name(n) | ExprKind::Attr { name: n, .. } if n == "SIGTERM") {
            return true;
        }
        todo.extend(module.children(e));
    }
    false
}
