//! Programs of .NET that consume until somebody presses a key: SIGTERM ends them in the middle of a message, and
//! neither `finally` nor what stands behind the key is run
//! (<https://learn.microsoft.com/en-us/dotnet/api/system.appdomain.processexit>).

use super::Shared;
use super::source::Found;
use crate::facts::module::{ExprId, ExprKind, FuncId, Module};
use crate::program::types::simple_name;
use crate::program::{Evaluator, Parent, Site};

/// What a program looks at that learns of the end of its process.
const TOLD: [&str; 6] =
    ["CancelKeyPress", "ProcessExit", "PosixSignalRegistration", "Unloading", "UseConsoleLifetime", "RunConsoleAsync"];

/// `Console.ReadLine()`
fn is_of_console(module: &Module, call: ExprId) -> bool {
    match module.call(call).map(|call| &module.expr(call.callee).kind) {
        Some(ExprKind::Attr { object, name, .. }) => {
            matches!(name.as_str(), "ReadLine" | "ReadKey" | "Read")
                && matches!(&module.expr(*object).kind, ExprKind::Name(name) if name == "Console")
        }
        _ => false,
    }
}

fn is_told(module: &Module) -> bool {
    module.exprs.iter().any(|expr| match &expr.kind {
        ExprKind::Name(name) | ExprKind::Attr { name, .. } => TOLD.contains(&name.as_str()),
        _ => false,
    })
}

/// True for a program whose main function consumes and then waits for a key: what `using` holds is not disposed of.
pub(super) fn waits_for_key(ev: &Evaluator<'_>, site: Site) -> bool {
    let unit = ev.program.unit(site.unit);
    let module = &unit.module;
    let func = unit.index.func_of(site.expr);
    if func.is_some_and(|func| module.func(func).name != "Main") {
        return false;
    }
    unit.index.calls.iter().any(|call| call.func == func && is_of_console(module, call.expr)) && !is_told(module)
}

/// Where a bus of MassTransit is started that hands messages to a consumer, when its program starts it by hand and
/// waits for a key: `bus.Start(); Console.ReadLine();`. No host stops it then
/// (<https://masstransit.io/documentation/configuration>).
pub(super) fn started_by_hand(ev: &Evaluator<'_>, found: &Found<'_>) -> Option<Shared> {
    if found.library.library != "MassTransit" {
        return None;
    }
    let consumer = ev.program.unit(found.site.unit);
    let class = *consumer.index.classes_around(&consumer.module, found.site.expr).first()?;
    let name = &consumer.module.class(class).name;
    let mut registered = ev.program.calls_named("Consumer").iter().filter(|site| names(ev, **site, name)).peekable();
    let first = *registered.peek()?;
    let started: Option<Vec<Site>> = registered.map(|site| started(ev, *site)).collect();
    let place = ev.program.place(*started?.first()?);
    Some(Shared { place: ev.program.place(*first), process: place })
}

/// `endpoint.Consumer<OrderConsumer>()`, `endpoint.Consumer(() => new OrderConsumer(context))`
fn names(ev: &Evaluator<'_>, site: Site, class: &str) -> bool {
    let module = &ev.program.unit(site.unit).module;
    let Some(call) = module.call(site.expr) else { return false };
    let is_class = |ty: ExprId| simple_name(module, ty).is_some_and(|name| name == class);
    if let Some(ty) = call.type_args.first() {
        return is_class(*ty);
    }
    let mut todo: Vec<ExprId> = call.args.iter().map(|arg| arg.value).collect();
    let made = |expr: ExprId| module.call(expr).is_some_and(|call| call.is_new && is_class(call.callee));
    while let Some(expr) = todo.pop() {
        if made(expr) {
            return true;
        }
        match &module.expr(expr).kind {
            ExprKind::Lambda(func) => {
                let within = module.func(*func).span;
                return ev
                    .program
                    .unit(site.unit)
                    .index
                    .calls
                    .iter()
                    .any(|call| within.contains(module.expr(call.expr).span) && made(call.expr));
            }
            _ => todo.extend(module.children(expr)),
        }
    }
    false
}

/// Where the bus of an endpoint is started, in the function that makes the bus and then waits for a key.
fn started(ev: &Evaluator<'_>, endpoint: Site) -> Option<Site> {
    let unit = ev.program.unit(endpoint.unit);
    let module = &unit.module;
    // A container starts and stops what it is told of.
    let of_container = |parent: Parent| match parent {
        Parent::Expr(call) => {
            module.callee_name(call).is_some_and(|name| name.starts_with("AddMassTransit") || name == "AddBus")
        }
        _ => false,
    };
    if is_told(module) || unit.index.ancestors(endpoint.expr).any(of_container) {
        return None;
    }
    let around =
        |expr: ExprId| std::iter::successors(unit.index.func_of(expr), |func| module.func(*func).parent).take(6);
    let calls = |within: Option<FuncId>| {
        unit.index.calls.iter().map(|call| call.expr).filter(move |call| around(*call).any(|func| Some(func) == within))
    };
    // The innermost function around the endpoint that starts anything, or the program itself.
    let mut outer: Vec<Option<FuncId>> = around(endpoint.expr).map(Some).collect();
    outer.push(None);
    outer.into_iter().find_map(|within| {
        let all: Vec<ExprId> = match within {
            Some(_) => calls(within).collect(),
            None => {
                unit.index.calls.iter().map(|call| call.expr).filter(|call| around(*call).next().is_none()).collect()
            }
        };
        let start = all.iter().find(|call| {
            let starts = module.callee_name(**call).is_some_and(|name| matches!(name.as_str(), "Start" | "StartAsync"));
            starts && module.expr(**call).span.start > module.expr(endpoint.expr).span.start
        })?;
        let after = |call: &ExprId| module.expr(*call).span.start > module.expr(*start).span.start;
        all.iter()
            .any(|call| after(call) && is_of_console(module, *call))
            .then_some(Site { unit: endpoint.unit, expr: *start })
    })
}
