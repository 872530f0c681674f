//! Sagas: the steps of a distributed transaction, what undoes each, where the progress is kept and
//! what happens when undoing fails.
//!
//! Five forms are read: lists of steps (objects, instances, builders) that a loop carries out;
//! functions that call one service after the other and undo what is done in a handler; workflows
//! of an engine; classes of a framework that messages move on; and tables in memory in which message
//! handlers join what comes back. A name alone makes no saga: an action with its undo, a saga's name,
//! a list, a loop that undoes, a remote effect: at least two of them have to be there. What a loop does to its list
//! says which calls do and undo steps (`pairs`), where their names do not.

mod activities;
mod builder;
mod calls;
pub mod chained;
pub mod conduct;
mod declared;
mod effect;
pub(in crate::extract) mod failure;
mod fields;
mod flow;
mod late;
mod libraries;
mod lists;
mod machines;
mod member;
pub mod names;
mod operators;
mod pairs;
pub mod replies;
mod repositories;
mod runner;
mod scan;
mod store;
mod table;

use std::collections::HashMap;

use smol_str::SmolStr;

pub use chained::Chained;
pub use conduct::Conduct;
pub use replies::ReplyDriven;

use crate::extract::Presence;
use crate::facts::module::{ClassId, ExprId, FuncId};
use crate::program::{Evaluator, UnitId, Value};
use crate::syntax::Place;

/// A saga.
#[derive(Clone, Debug)]
pub struct Saga {
    /// What carries it out: the name of the class or function; the first step when that was not found.
    pub place: Place,
    /// The name of that class or function.
    pub name: String,
    /// How it is written.
    pub style: Style,
    /// Who carries it out: `hand-written`, `temporal`, `node-sagas`, `eventuate-tram`, `axon`, `masstransit`,
    /// `nservicebus`, `rebus`.
    pub library: &'static str,
    /// The steps in order; empty when they could not be read.
    pub steps: Vec<Step>,
    /// Whether its progress survives the process.
    pub persisted: Presence,
    /// What happens when a compensation fails.
    pub failure: CompensationFailure,
    /// Names that two steps share: where the second one stands, the name, and the first one.
    pub repeated: Vec<(Place, String, Place)>,
    /// How the steps are carried out.
    pub conduct: Conduct,
}

/// How a saga is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// A list of steps and a loop.
    Steps,
    /// Calls one after the other, undone in a handler.
    StraightLine,
    /// A workflow of an engine that keeps the progress and repeats what fails.
    Workflow,
    /// Messages move it on; something loads its state for each of them.
    Machine,
}

/// A step of a saga.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its name: as given, else the name of the function or class.
    pub name: String,
    /// Where it is declared or called.
    pub place: Place,
    /// What its action does.
    pub effect: Effect,
    /// What undoes it; an undo that does nothing is absent.
    pub compensation: Presence,
    /// Where an undo stands that does nothing.
    pub inert: Option<Place>,
    /// It only reads or checks.
    pub is_query: bool,
    /// No step comes after it.
    pub is_last: bool,
    /// It is the pivot, or is repeated until it succeeds.
    pub is_retriable: bool,
}

/// What an action does, as far as it could be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Nothing outside the process.
    Pure,
    /// Reads from another service or a database.
    Read,
    /// Writes to a database of its own.
    Database,
    /// Could not be followed.
    Unknown,
    /// Publishes a message.
    Publish,
    /// Changes another service.
    Remote,
}

/// What happens when a compensation fails.
#[derive(Clone, Debug, PartialEq)]
pub enum CompensationFailure {
    /// It is raised, stored, repeated or reported.
    Handled(Place),
    /// It is only logged, or not even that: the handlers.
    Swallowed(Vec<Place>),
    /// It could not be decided.
    Unknown,
    /// Nothing is compensated.
    None,
}

impl Step {
    /// True when the step changes something for others.
    pub fn changes_state(&self) -> bool {
        !self.is_query && matches!(self.effect, Effect::Remote | Effect::Publish | Effect::Unknown)
    }
}

impl Saga {
    /// Steps that stay done when a later one fails, each with the later one.
    pub fn uncompensated(&self) -> impl Iterator<Item = (&Step, &Step)> {
        self.steps.iter().enumerate().filter_map(|(i, step)| {
            if !step.compensation.is_absent()
                || step.is_last
                || step.is_retriable
                || !step.changes_state()
                || names::is_notice(&step.name)
                || names::is_confirmation(&step.name)
            {
                return None;
            }
            let mut later = self.steps[i + 1..].iter();
            let fails = later.find(|s| {
                !s.is_retriable
                    && s.effect != Effect::Pure
                    && !names::is_notice(&s.name)
                    && !names::is_confirmation(&s.name)
            })?;
            Some((step, fails))
        })
    }
}

/// What the parts of the extractor share.
struct Context<'e, 'a> {
    ev: &'e Evaluator<'a>,
    /// The modules that speak of sagas or of undoing.
    units: Vec<UnitId>,
    /// Classes of production code by the last name of a base, with the base.
    heirs: HashMap<SmolStr, Vec<(UnitId, ClassId, ExprId)>>,
    effects: std::cell::RefCell<HashMap<(UnitId, FuncId), Effect>>,
    /// Calls that do or undo a step, by the lists that they go through.
    pairs: HashMap<(UnitId, ExprId), calls::StepCall>,
}

/// All sagas of the program, and the orchestrators that replies move on; `in_scope` tells production code.
pub fn extract(ev: &Evaluator<'_>, in_scope: &dyn Fn(UnitId) -> bool) -> (Vec<Saga>, Vec<ReplyDriven>) {
    let tables = table::find(ev, in_scope);
    let mut context = Context::new(ev, in_scope);
    if context.units.is_empty() {
        return (tables.into_iter().map(|t| t.saga).collect(), Vec::new());
    }
    context.pairs = pairs::find(&context);
    let runners = runner::find(&context);
    let mut lists = lists::find(&context);
    lists.extend(builder::find(&context));
    let mut out = runner::join(&context, &runners, lists);
    let written_out: Vec<Saga> =
        flow::find(&context, &runners).into_iter().filter(|s| !only_lists(&context, s, &out)).collect();
    out.extend(written_out);
    let (declared, mut waiting) = declared::find(&context);
    out.extend(declared);
    let (machines, more) = machines::find(&context);
    out.extend(machines);
    waiting.extend(more);
    waiting.extend(replies::find(&context));
    let (kept, more) = fields::find(&context);
    out.extend(
        kept.into_iter()
            .filter(|k| !out.iter().any(|s| s.name == k.name && s.place.file == k.place.file))
            .collect::<Vec<_>>(),
    );
    waiting.extend(more.into_iter().filter(|m| !waiting.iter().any(|w| w.place == m.place)).collect::<Vec<_>>());
    let undone = runner::only_undoing(&context, &out);
    out.extend(undone);
    // A table that another form knows the class of is its state.
    let known: Vec<Place> = out.iter().map(|s| s.place).chain(waiting.iter().map(|w| w.place)).collect();
    for table in tables.into_iter().filter(|t| !known.contains(&t.saga.place)) {
        if names::is_saga_word(&table.saga.name) {
            waiting.extend(context.waits_for_ever(table.unit, table.class));
        }
        out.push(table.saga);
    }
    out.retain(|s| !s.steps.is_empty() || !names::is_about_a_saga(&s.name));
    out.sort_by_key(|s| (s.place, s.steps.first().map(|s| s.place)));
    waiting.sort_by_key(|w| w.place);
    (out, waiting)
}

/// A function whose calls are the steps of a list that it makes: what runs the list is the saga.
fn only_lists(context: &Context<'_, '_>, written_out: &Saga, lists: &[Saga]) -> bool {
    let Some(first) = written_out.steps.first() else { return false };
    let linked = context.units.iter().map(|u| context.ev.program.unit(*u)).find(|u| u.file == first.place.file);
    let around = linked.and_then(|u| {
        u.module.funcs.iter().find(|f| f.parent.is_none() && f.span.contains(first.place.span)).map(|f| f.span)
    });
    let inside =
        |step: &Step| step.place.file == first.place.file && around.is_some_and(|span| span.contains(step.place.span));
    lists.iter().any(|list| list.style == Style::Steps && list.steps.iter().filter(|s| inside(s)).count() > 1)
}

impl<'e, 'a> Context<'e, 'a> {
    fn new(ev: &'e Evaluator<'a>, in_scope: &'e dyn Fn(UnitId) -> bool) -> Self {
        let units: Vec<UnitId> =
            ev.program.ids().filter(|u| in_scope(*u) && is_server(ev, *u) && lists::is_relevant(ev, *u)).collect();
        let mut heirs: HashMap<_, Vec<_>> = HashMap::new();
        for unit in ev.program.ids().filter(|u| !units.is_empty() && in_scope(*u)) {
            let module = &ev.program.unit(unit).module;
            for (i, class) in module.classes.iter().enumerate() {
                for &base in &class.bases {
                    if let Some(name) = scan::chain(module, base).pop() {
                        heirs.entry(name).or_default().push((unit, ClassId(i as u32), base));
                    }
                }
            }
        }
        Context { ev, units, heirs, effects: Default::default(), pairs: HashMap::new() }
    }

    /// The classes that extend or implement a class, at any distance.
    fn heirs(&self, unit: UnitId, class: ClassId) -> Vec<(UnitId, ClassId)> {
        let mut out: Vec<(UnitId, ClassId)> = Vec::new();
        let mut todo = vec![(unit, class)];
        while let Some(next) = todo.pop() {
            let name = &self.ev.program.unit(next.0).module.class(next.1).name;
            for &(u, c, base) in self.heirs.get(name).into_iter().flatten() {
                let extends = self.ev.at(u, base) == Value::Class { unit: next.0, class: next.1 };
                if extends && !out.contains(&(u, c)) && out.len() < 64 {
                    out.push((u, c));
                    todo.push((u, c));
                }
            }
        }
        out
    }
}

/// Code that runs on a server: no reducer middleware, no components, no migrations.
fn is_server(ev: &Evaluator<'_>, unit: UnitId) -> bool {
    !ev.program.unit(unit).module.imports.iter().any(|i| {
        matches!(i.module.as_str(), "react" | "redux" | "redux-saga" | "vue" | "alembic")
            || ["redux-saga/", "@redux", "@angular/"].iter().any(|p| i.module.starts_with(p))
    })
}
