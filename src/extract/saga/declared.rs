//! Sagas of engines of the JVM that keep the state themselves: classes with `@Saga` (Axon), and workflows
//! with a `Saga` object (Temporal). What undoes what is told by the events that come back, or by the calls
//! of `addCompensation`; the engine repeats what fails.

use super::{CompensationFailure, Context, Effect, Saga, Step, Style, names, scan};
use crate::extract::Presence;
use crate::facts::module::{ClassId, FuncId, Module};
use crate::program::types::simple_name;
use crate::program::{Site, UnitId};
use crate::syntax::Place;

/// All of them.
pub(super) fn find(context: &Context<'_, '_>) -> Vec<Saga> {
    let mut out = Vec::new();
    for &unit in context.units.iter().filter(|u| context.ev.program.language(**u).is_jvm()) {
        let module = &context.ev.program.unit(unit).module;
        if uses(module, "org.axonframework") {
            let is_saga = |id: &ClassId| decorated(module, &module.class(*id).decorators, "Saga");
            let classes = (0..module.classes.len() as u32).map(ClassId).filter(is_saga);
            out.extend(classes.map(|class| axon(context, unit, class)));
        }
        if uses(module, "io.temporal") {
            out.extend(temporal(context, unit));
        }
    }
    out
}

fn uses(module: &Module, package: &str) -> bool {
    module.imports.iter().any(|i| i.module.starts_with(package))
}

fn decorated(module: &Module, decorators: &[crate::facts::module::ExprId], name: &str) -> bool {
    decorators.iter().any(|d| simple_name(module, *d).is_some_and(|n| n == name))
}

/// A class whose handlers of events send the next command.
fn axon(context: &Context<'_, '_>, unit: UnitId, id: ClassId) -> Saga {
    let module = &context.ev.program.unit(unit).module;
    let class = module.class(id);
    let place = Place::new(context.ev.program.unit(unit).file, class.name_span);
    let handles = |f: &FuncId| decorated(module, &module.func(*f).decorators, "SagaEventHandler");
    let handlers: Vec<FuncId> = class.methods.iter().copied().filter(handles).collect();
    let count = handlers.len();
    let steps = handlers.into_iter().enumerate().map(|(i, f)| {
        let function = module.func(f);
        let event = function.params.first().and_then(|p| p.ty).and_then(|ty| simple_name(module, ty));
        let name = event.map_or_else(|| function.name.to_string(), |event| event.to_string());
        step(name, context.ev.program.function_place(unit, f), i + 1 == count)
    });
    Saga {
        place,
        name: class.name.to_string(),
        style: Style::Workflow,
        library: "axon",
        steps: steps.collect(),
        // Axon stores every instance with its associations.
        persisted: Presence::Present(place),
        failure: CompensationFailure::Unknown,
        repeated: Vec::new(),
        conduct: Default::default(),
    }
}

/// Functions that register compensations with a `Saga`.
fn temporal(context: &Context<'_, '_>, unit: UnitId) -> Vec<Saga> {
    let index = &context.ev.program.unit(unit).index;
    let module = &context.ev.program.unit(unit).module;
    let mut out: Vec<(FuncId, Saga)> = Vec::new();
    for call in &index.calls {
        let Some(func) = call.func.map(|f| scan::outermost(module, f)) else { continue };
        if module.callee_name(call.expr).is_none_or(|n| n != "addCompensation") {
            continue;
        }
        let Some(undo) = module.call(call.expr).and_then(|c| c.args.first()) else { continue };
        let name = scan::chain(module, undo.value).pop().unwrap_or_else(|| "compensation".into());
        let place = context.ev.program.place(Site { unit, expr: call.expr });
        let mut made = step(name.to_string(), place, false);
        made.compensation = Presence::Present(place);
        let function = module.func(func);
        let at = context.ev.program.function_place(unit, func);
        match out.iter_mut().find(|(f, _)| *f == func) {
            Some((_, saga)) => saga.steps.push(made),
            None => out.push((
                func,
                Saga {
                    place: at,
                    name: function.class.map_or(&function.name, |c| &module.class(c).name).to_string(),
                    style: Style::Workflow,
                    library: "temporal",
                    steps: vec![made],
                    persisted: Presence::Present(at),
                    failure: CompensationFailure::Unknown,
                    repeated: Vec::new(),
                    conduct: Default::default(),
                },
            )),
        }
    }
    out.into_iter().map(|(_, saga)| saga).collect()
}

/// A step whose undo is not decided here.
fn step(name: String, place: Place, is_last: bool) -> Step {
    Step {
        is_query: names::is_query(&name),
        name,
        place,
        effect: Effect::Unknown,
        compensation: Presence::Unknown("the engine decides what undoes it".into()),
        inert: None,
        is_last,
        is_retriable: false,
    }
}
