//! Sagas of Axon: classes with `@Saga`, whose handlers of events send the next command. What undoes what is told by
//! the events that come back.

use super::conduct::words::{Texts, is_time_limit};
use super::{Context, Effect, ReplyDriven, Saga, Step, machines, names};
use crate::extract::Presence;
use crate::facts::module::{ClassId, ExprId, FuncId, Module};
use crate::program::UnitId;
use crate::program::types::simple_name;
use crate::syntax::Place;

/// All of them, with those that wait for events without a limit.
pub(super) fn find(context: &Context<'_, '_>) -> (Vec<Saga>, Vec<ReplyDriven>) {
    let (mut sagas, mut waiting) = (Vec::new(), Vec::new());
    for &unit in context.units.iter().filter(|u| context.ev.program.language(**u).is_jvm()) {
        let module = &context.ev.program.unit(unit).module;
        // A sample leaves its imports out.
        if !module.imports.is_empty() && !module.imports.iter().any(|i| i.module.starts_with("org.axonframework")) {
            continue;
        }
        let handles = |f: &FuncId| decorated(module, &module.func(*f).decorators, "SagaEventHandler");
        let is_saga = |id: &ClassId| {
            let class = module.class(*id);
            decorated(module, &class.decorators, "Saga")
                && (!module.imports.is_empty() || class.methods.iter().any(handles))
        };
        for class in (0..module.classes.len() as u32).map(ClassId).filter(is_saga) {
            let (saga, waits) = axon(context, unit, class);
            sagas.push(saga);
            waiting.extend(waits);
        }
    }
    (sagas, waiting)
}

fn decorated(module: &Module, decorators: &[ExprId], name: &str) -> bool {
    decorators.iter().any(|d| simple_name(module, *d).is_some_and(|n| n == name))
}

fn axon(context: &Context<'_, '_>, unit: UnitId, id: ClassId) -> (Saga, Option<ReplyDriven>) {
    let module = &context.ev.program.unit(unit).module;
    let class = module.class(id);
    let place = Place::new(context.ev.program.unit(unit).file, class.name_span);
    let handles = |f: &FuncId| decorated(module, &module.func(*f).decorators, "SagaEventHandler");
    let handlers: Vec<FuncId> = class.methods.iter().copied().filter(handles).collect();
    let count = handlers.len();
    let sent = context.sent(unit, class.span, &|chain| sends_command(chain));
    let commands = context.commands(unit, class.span, &sent);
    let undone = commands.iter().any(|s| !s.compensation.is_absent());
    let limits = |n: &str| {
        let n = names::fold(n);
        is_time_limit(&n) || n.contains("schedul") || n.contains("callback") || n.contains("exceptionally")
    };
    let timed = context.speaks(unit, Some(class.span), Texts::Yes, &limits).is_some();
    let untimed = commands.first().filter(|_| count > 1 && !timed).map(|s| s.place);
    let steps = match undone || commands.is_empty() {
        false => commands,
        // Which command undoes which is not told: the events are the steps.
        true => handlers
            .into_iter()
            .enumerate()
            .map(|(i, f)| {
                let function = module.func(f);
                let event = function.params.first().and_then(|p| p.ty).and_then(|ty| simple_name(module, ty));
                let name = event.map_or_else(|| function.name.to_string(), |event| event.to_string());
                step(name, context.ev.program.function_place(unit, f), i + 1 == count)
            })
            .collect(),
    };
    let name = class.name.to_string();
    let waits = untimed.map(|at| ReplyDriven::untimed(place, name.clone(), at));
    (machines::saga(place, name, "axon", steps, context.kept_by_axon(place)), waits)
}

/// `commandGateway.send(…)`, `sendAndWait`, `commands.dispatch(…)`.
fn sends_command(chain: &[smol_str::SmolStr]) -> bool {
    let Some((method, object)) = chain.split_last() else { return false };
    matches!(method.as_str(), "send" | "sendAndWait" | "dispatch")
        && object.iter().any(|o| {
            let o = names::fold(o);
            o.contains("command") || o.contains("gateway")
        })
}

/// A step whose undo is not decided here.
fn step(name: String, place: Place, is_last: bool) -> Step {
    Step {
        is_query: names::is_query(&name),
        name,
        place,
        effect: Effect::Unknown,
        compensation: Presence::Unknown("events tell what undoes it".into()),
        inert: None,
        is_last,
        is_retriable: false,
    }
}
