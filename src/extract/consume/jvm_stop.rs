//! Whether a consumer that the program runs by itself is stopped before the JVM ends: on SIGTERM it runs its hooks and
//! what the container of the application destroys, and halts all other threads where they are.
//!
//! Source: <https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/lang/Runtime.html#shutdown>

use crate::extract::Presence;
use crate::facts::module::{ExprKind, Module};
use crate::program::Evaluator;
use crate::program::types::{build_root, simple_name};

use super::handler::Body;
use super::source::Found;

/// What runs when the process, the context or the application ends.
const HOOKS: [&str; 22] = [
    "ApplicationStopped",
    "ApplicationStopping",
    "AutoCloseable",
    "Bean",
    "Closeable",
    "ContextClosedEvent",
    "Destroyed",
    "DisposableBean",
    "Disposes",
    "Lifecycle",
    "Managed",
    "PreDestroy",
    "ServletContextListener",
    "ShutdownEvent",
    "ShutdownHook",
    "SignalHandler",
    "SmartLifecycle",
    "addShutdownHook",
    "basicCancel",
    "onStop",
    "registerShutdownHook",
    "wakeup",
];

/// The verdict: absent where nothing of the build module of a consumer, or of a library beside it, is such a hook.
pub(super) fn verdict(ev: &Evaluator<'_>, found: &Found<'_>, bodies: &[Body]) -> Presence {
    let runs_by_itself = matches!(found.library.library.as_str(), "kafka-clients" | "RabbitMQ Java client");
    if !runs_by_itself || bodies.is_empty() || bodies.iter().any(|body| is_scheduled(ev, body)) {
        return Presence::Unknown("what runs the consumer may stop it".into());
    }
    let own = build_root(&ev.program.unit(found.site.unit).path);
    let mut starts = false;
    for unit in ev.program.ids().filter(|u| ev.program.language(*u).is_jvm() && ev.program.is_production(*u)) {
        let module = &ev.program.unit(unit).module;
        let near = build_root(&ev.program.unit(unit).path) == own;
        let of_consumer = unit == found.site.unit || bodies.iter().any(|body| body.unit() == unit);
        if (near || of_consumer) && has_hook(module, of_consumer) {
            return Presence::Unknown("something of the application runs when it ends".into());
        }
        starts |= near && module.funcs.iter().any(|f| f.name == "main");
    }
    if !starts {
        return Presence::Unknown("no entry point of the process was found".into());
    }
    Presence::Absent
}

/// True when a file has such a hook. Where the consumer does not stand, a bean is nothing that ends it.
fn has_hook(module: &Module, of_consumer: bool) -> bool {
    let is =
        |name: &str| HOOKS.contains(&name) && (of_consumer || !matches!(name, "Bean" | "AutoCloseable" | "Closeable"));
    let mut bases = module.classes.iter().flat_map(|class| &class.bases);
    let inherits = bases.any(|base| simple_name(module, *base).is_some_and(|name| is(&name)));
    inherits
        || module.exprs.iter().any(|expr| match &expr.kind {
            ExprKind::Name(name) | ExprKind::Attr { name, .. } => is(name),
            _ => false,
        })
}

/// True for a loop that a scheduler of the framework runs, and ends.
fn is_scheduled(ev: &Evaluator<'_>, body: &Body) -> bool {
    let Some((unit, func)) = body.around(ev) else { return false };
    let module = &ev.program.unit(unit).module;
    module.func(func).decorators.iter().any(|d| simple_name(module, *d).is_some_and(|name| name == "Scheduled"))
}
