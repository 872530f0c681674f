//! What carries out a list of steps: the class or function that calls the actions and, when one
//! fails, the undos.

use smol_str::SmolStr;

use super::calls::StepCall;
use super::lists::StepList;
use super::{CompensationFailure, Context, Saga, Style, names, scan};
use crate::extract::Presence;
use crate::facts::module::{ClassId, ExprKind, FuncId, Language};
use crate::program::{Site, UnitId, Value};
use crate::syntax::Place;

/// What carries out steps.
#[derive(Clone, Debug)]
pub(super) struct Runner {
    pub unit: UnitId,
    pub class: Option<ClassId>,
    /// Its functions, with what they call.
    pub funcs: Vec<(UnitId, FuncId)>,
    pub name: SmolStr,
    pub place: Place,
    /// The calls that do a step.
    pub actions: Vec<Site>,
    /// The calls that undo a step.
    pub undos: Vec<Site>,
    /// The member that they call, where there is one.
    pub undo_name: Option<SmolStr>,
    /// Its name, or that of the file, says that it is a saga.
    pub is_named: bool,
}

/// All classes and functions that carry out steps and undo them.
pub(super) fn find(context: &Context<'_, '_>) -> Vec<Runner> {
    let mut out: Vec<Runner> = Vec::new();
    for &unit in &context.units {
        let linked = context.ev.program.unit(unit);
        let module = &linked.module;
        for call in &linked.index.calls {
            let (Some(func), Some(c)) = (call.func, module.call(call.expr)) else { continue };
            if context.step_call(unit, call.expr, c) != Some(StepCall::Action) {
                continue;
            }
            let func = scan::outermost(module, func);
            let class = module.func(func).class;
            if out.iter().any(|r| {
                r.unit == unit && r.class == class && (class.is_some() || r.funcs.first() == Some(&(unit, func)))
            }) {
                continue;
            }
            out.extend(context.runner(unit, func, class));
        }
    }
    out
}

/// Classes of sagas that undo steps which something else carries out; not those of sagas that are known.
pub(super) fn only_undoing(context: &Context<'_, '_>, known: &[Saga]) -> Vec<Saga> {
    let mut out: Vec<Runner> = Vec::new();
    for &unit in &context.units {
        let linked = context.ev.program.unit(unit);
        let module = &linked.module;
        for call in &linked.index.calls {
            let (Some(func), Some(c)) = (call.func, module.call(call.expr)) else { continue };
            let func = scan::outermost(module, func);
            let Some(class) = module.func(func).class else { continue };
            let span = module.class(class).span;
            let is_known = known.iter().any(|s| s.place.file == linked.file && span.contains(s.place.span))
                || out.iter().any(|r| r.unit == unit && r.class == Some(class));
            if is_known
                || !names::is_saga_word(&module.class(class).name)
                || context.step_call(unit, call.expr, c) != Some(StepCall::Undo)
            {
                continue;
            }
            out.extend(context.runner(unit, func, Some(class)).filter(|r| r.actions.is_empty()));
        }
    }
    let unknown = Presence::Unknown("what carries out the steps was not found".into());
    out.iter().map(|runner| without_steps(context, runner, unknown.clone())).collect()
}

/// What is known of a runner whose steps stand in no list.
fn without_steps(context: &Context<'_, '_>, runner: &Runner, persisted: Presence) -> Saga {
    Saga {
        place: runner.place,
        name: runner.name.to_string(),
        style: Style::Steps,
        library: "hand-written",
        steps: Vec::new(),
        failure: context.failure(&runner.undos),
        repeated: Vec::new(),
        conduct: context.conduct(runner, None, &persisted),
        persisted,
    }
}

/// Gives each list its runner.
pub(super) fn join(context: &Context<'_, '_>, runners: &[Runner], lists: Vec<StepList>) -> Vec<Saga> {
    let mut used = vec![false; runners.len()];
    let mut out = Vec::new();
    for list in lists {
        let runner = context.runner_of(runners, &list);
        // A demonstration's steps only print; what carries them out is shown all the same.
        let only_shows =
            !list.is_saga && !list.steps.is_empty() && list.steps.iter().all(|s| s.effect == super::Effect::Pure);
        if let Some(i) = runner.filter(|_| !only_shows) {
            used[i] = true;
        }
        if !list.is_saga {
            continue;
        }
        let undo_failures = context.failures_in(&list.undos);
        let place = context.ev.program.place(list.site);
        let runner = runner.and_then(|i| runners.get(i));
        let mut failure = runner.map_or(CompensationFailure::Unknown, |r| context.failure(&r.undos));
        if !undo_failures.is_empty() {
            match &mut failure {
                CompensationFailure::Swallowed(places) => places.extend(undo_failures),
                other => *other = CompensationFailure::Swallowed(undo_failures),
            }
        }
        if !matches!(failure, CompensationFailure::Swallowed(_)) {
            let unread = context.unread_answers(&list.undos);
            if !unread.is_empty() {
                failure = CompensationFailure::Swallowed(unread);
            }
        }
        let persisted = match runner {
            // The state of every instance stands in the table `saga_instance`.
            _ if list.library == "eventuate-tram" => Presence::Present(place),
            Some(r) => context.persisted(&r.funcs),
            None if list.library == "node-sagas" => context.persisted_around(list.site),
            None => Presence::Unknown("what carries out the steps was not found".into()),
        };
        let conduct = runner.map(|r| context.conduct(r, Some(&list), &persisted)).unwrap_or_default();
        out.push(Saga {
            place: runner.map_or(place, |r| r.place),
            name: runner.map_or_else(|| list.name.clone(), |r| r.name.to_string()),
            style: Style::Steps,
            library: list.library,
            steps: list.steps,
            persisted,
            failure,
            repeated: list.repeated,
            conduct,
        });
    }
    for (runner, used) in runners.iter().zip(used) {
        if used || !runner.is_named {
            continue;
        }
        out.push(without_steps(context, runner, context.persisted(&runner.funcs)));
    }
    out
}

impl Context<'_, '_> {
    fn runner(&self, unit: UnitId, func: FuncId, class: Option<ClassId>) -> Option<Runner> {
        let linked = self.ev.program.unit(unit);
        let module = &linked.module;
        let mut funcs = match class {
            Some(class) => {
                let line = self.line(unit, class);
                line.iter()
                    .flat_map(|&(u, c)| self.ev.program.unit(u).module.class(c).methods.iter().map(move |m| (u, *m)))
                    .collect()
            }
            None => vec![(unit, func)],
        };
        self.reach(&mut funcs, 2);
        self.add_strategies(&mut funcs);
        let mut actions = Vec::new();
        let mut undos = Vec::new();
        let mut undo_name = None;
        for &(u, f) in &funcs {
            for (expr, call) in self.calls_in(u, f) {
                let site = Site { unit: u, expr };
                let what = self.step_call(u, expr, call);
                if what == Some(StepCall::Action) && !actions.contains(&site) {
                    actions.push(site);
                }
                if what == Some(StepCall::Undo) {
                    if !undos.contains(&site) {
                        undos.push(site);
                    }
                    let m = &self.ev.program.unit(u).module;
                    if let ExprKind::Attr { name, .. } = &m.expr(call.callee).kind
                        && names::is_undo(name)
                    {
                        undo_name = Some(name.clone());
                    }
                }
            }
        }
        if undos.is_empty() {
            return None;
        }
        let (name, place) = match class {
            Some(class) => {
                let class = module.class(class);
                (class.name.clone(), Place::new(linked.file, class.name_span))
            }
            None => (module.func(func).name.clone(), self.ev.program.function_place(unit, func)),
        };
        let is_named = names::is_saga_word(&name)
            || names::is_saga_word(scan::stem(&linked.path))
            || undo_name.as_deref().is_some_and(names::is_compensation)
            // `List<SagaStep> steps`, made by a container.
            || class.is_some_and(|class| {
                let span = module.class(class).span;
                let mut inside = module.exprs.iter().filter(|e| span.contains(e.span));
                inside.any(|e| matches!(&e.kind, ExprKind::Name(name) if names::is_saga_word(name)))
            });
        Some(Runner { unit, class, funcs, name, place, actions, undos, undo_name, is_named })
    }

    /// Adds what undoes a list that it is given: `s.strategy.Compensate(ctx, s.Steps, failed)`. In Go whatever has a
    /// method of that name and number of parameters can stand behind the interface.
    fn add_strategies(&self, funcs: &mut Vec<(UnitId, FuncId)>) {
        let mut found = Vec::new();
        for &(unit, func) in funcs.iter() {
            let module = &self.ev.program.unit(unit).module;
            if module.language != Language::Go {
                continue;
            }
            for (_, call) in self.calls_in(unit, func) {
                let ExprKind::Attr { name, .. } = &module.expr(call.callee).kind else { continue };
                if !self.hands_steps(unit, call) {
                    continue;
                }
                for &u in &self.units {
                    let other = &self.ev.program.unit(u).module;
                    let fits = other.funcs.iter().enumerate().filter(|(_, f)| {
                        other.language == Language::Go
                            && f.class.is_some()
                            && !f.body.is_empty()
                            && f.name == *name
                            && f.params.len() == call.args.len()
                    });
                    found.extend(fits.map(|(i, _)| (u, FuncId(i as u32))));
                }
            }
        }
        found.retain(|f| !funcs.contains(f));
        let mut reached = found;
        self.reach(&mut reached, 2);
        reached.retain(|f| !funcs.contains(f));
        funcs.extend(reached);
    }

    /// Adds the functions that are called, so many calls deep.
    pub(super) fn reach(&self, funcs: &mut Vec<(UnitId, FuncId)>, depth: u32) {
        let mut from = 0;
        for _ in 0..depth {
            let to = funcs.len();
            for i in from..to {
                let (unit, func) = funcs[i];
                for (expr, call) in self.calls_in(unit, func) {
                    if self.step_call(unit, expr, call).is_some() {
                        continue;
                    }
                    for value in self.ev.at(unit, call.callee).alternatives() {
                        if let Value::Function { unit: u, func: f, .. } = value
                            && !funcs.contains(&(*u, *f))
                            && funcs.len() < 200
                        {
                            funcs.push((*u, *f));
                        }
                    }
                }
            }
            from = to;
        }
    }

    fn runner_of(&self, runners: &[Runner], list: &StepList) -> Option<usize> {
        let unit = list.site.unit;
        let fits = |r: &Runner| {
            r.undo_name.as_ref().is_none_or(|n| names::fold(n) == names::fold(&list.undo_name))
                || list.undo_name.is_empty()
                || names::is_compensation(&list.undo_name) && r.undo_name.as_deref().is_some_and(names::is_compensation)
        };
        if let Some((u, class)) = list.owner {
            let line = self.line(u, class);
            let own = runners.iter().position(|r| r.class.is_some_and(|c| line.contains(&(r.unit, c))));
            if own.is_some() {
                return own;
            }
        }
        // A class or function that the list is handed to, by the unit that it stands in.
        if let Some(near) = runners.iter().position(|r| r.unit == unit && fits(r)) {
            return Some(near);
        }
        let imports = |from: UnitId, to: UnitId| {
            let module = &self.ev.program.unit(from).module;
            module.imports.iter().any(|i| {
                matches!(self.ev.program.imports.target(from, &i.module), Some(crate::program::resolve::Target::Unit(u)) if *u == to)
            })
        };
        let linked = runners.iter().position(|r| fits(r) && (imports(unit, r.unit) || imports(r.unit, unit)));
        if linked.is_some() {
            return linked;
        }
        let mut all = runners
            .iter()
            .enumerate()
            .filter(|(_, r)| fits(r) && self.ev.program.language(r.unit) == self.ev.program.language(unit));
        match (all.next(), all.next()) {
            (Some((i, _)), None) => Some(i),
            _ => None,
        }
    }

    /// For a library without a runner in the repository: the class or function around.
    fn persisted_around(&self, site: Site) -> Presence {
        let linked = self.ev.program.unit(site.unit);
        let Some(func) = linked.index.func_of(site.expr) else {
            return Presence::Unknown("what carries out the steps was not found".into());
        };
        let func = scan::outermost(&linked.module, func);
        let funcs: Vec<_> = match linked.module.func(func).class {
            Some(class) => linked.module.class(class).methods.iter().map(|m| (site.unit, *m)).collect(),
            None => vec![(site.unit, func)],
        };
        self.persisted(&funcs)
    }
}
