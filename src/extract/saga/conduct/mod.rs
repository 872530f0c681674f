//! How a hand-written orchestrator carries its steps out: what bounds and repeats a step, what it calls the
//! ends of a saga, what it keeps of a run and where.

mod attempts;
mod data;
mod log;
mod position;
pub(super) mod recovery;
mod request;
mod states;
pub(super) mod words;

pub(super) use self::log::{notes_done, says_done};

use self::words::{Texts, is_repetition, is_time_limit};
use super::lists::StepList;
use super::member::Member;
use super::runner::Runner;
use super::{Context, names, scan};
use crate::extract::Presence;
use crate::facts::module::{ExprKind, FuncId, Language, StmtKind};
use crate::program::{Evaluator, Site, UnitId, Value};
use crate::syntax::{Place, Span};

/// How the steps of a saga are carried out, as far as the code that does it was found.
#[derive(Clone, Debug)]
pub struct Conduct {
    /// Whether a run has an id that logs and participants could be given.
    pub id: Presence,
    /// Whether something ends a step that hangs.
    pub timeout: Presence,
    /// Whether a step that failed is tried again.
    pub retry: Presence,
    /// Whether a compensation that failed is tried again.
    pub undo_retry: Presence,
    /// Where a step is called.
    pub action: Option<Place>,
    /// Where a step is undone.
    pub undo: Option<Place>,
    /// Whether sagas that were left unfinished are taken up again.
    pub recovery: Presence,
    /// Whether two processes can write the same saga's row.
    pub version: Presence,
    /// The end of a saga that does not say whether it is undone: where, and the state.
    pub ambiguous_end: Option<(Place, String)>,
    /// The step is noted here as done, after its call, and only what is noted is undone.
    pub noted_late: Option<Place>,
    /// What takes entries out of the list of done steps, or turns it round: where, and the call.
    pub mutations: Vec<(Place, String)>,
    /// What a run notes in a field of an object that all runs share: where, and the field.
    pub shared: Vec<(Place, String)>,
    /// Where a run writes into what its caller gave it, and the name of that.
    pub overwritten: Vec<(Place, String)>,
    /// Types of a saga's data that say nothing: where, and the type.
    pub untyped: Vec<(Place, String)>,
    /// Request handlers that wait for the whole saga: where, and the name of the handler.
    pub awaited: Vec<(Place, String)>,
    /// A step gives an id that nobody keeps: where the result is dropped, the step's name, what it gives.
    pub dropped: Vec<(Place, String, String)>,
    /// What says that the state is kept in memory, where it is not what carries out the saga.
    pub kept_in: Option<Place>,
    /// The list of what is done, where it begins.
    pub list: Option<Place>,
    /// The functions that a run begins with.
    pub entries: Vec<Place>,
}

impl Default for Conduct {
    fn default() -> Self {
        let unread = || Presence::Unknown("what carries out the steps was not found".into());
        Conduct {
            id: unread(),
            timeout: unread(),
            retry: unread(),
            undo_retry: unread(),
            action: None,
            undo: None,
            recovery: unread(),
            version: unread(),
            ambiguous_end: None,
            noted_late: None,
            mutations: Vec::new(),
            shared: Vec::new(),
            overwritten: Vec::new(),
            untyped: Vec::new(),
            awaited: Vec::new(),
            dropped: Vec::new(),
            kept_in: None,
            list: None,
            entries: Vec::new(),
        }
    }
}

/// What the questions about one orchestrator start from.
struct Scope<'s> {
    runner: &'s Runner,
    list: Option<&'s StepList>,
    /// The functions that run and undo steps, with the helpers that they are handed to; not the steps' own.
    funcs: Vec<(UnitId, FuncId)>,
    /// The functions of the steps: actions and compensations.
    members: Vec<(UnitId, FuncId)>,
}

impl Context<'_, '_> {
    /// How a runner carries out its steps.
    pub(super) fn conduct(&self, runner: &Runner, list: Option<&StepList>, persisted: &Presence) -> Conduct {
        if runner.actions.is_empty() {
            // Only what undoes is there.
            let mutations = self.mutations(&self.scope(runner, list));
            return Conduct { mutations, ..Conduct::default() };
        }
        if runner.actions.iter().any(|site| self.sends_command(*site)) {
            return Conduct::default();
        }
        let runner = &self.without_members(runner, list);
        if runner.actions.is_empty() {
            return Conduct::default();
        }
        let scope = self.scope(runner, list);
        if self.takes_replies(&scope) {
            return Conduct::default();
        }
        let place = |site: &Site| self.ev.program.place(*site);
        let (timeout, retry) = self.protection(&scope);
        let recovery = self.recovery(&scope);
        Conduct {
            id: self.saga_id(&scope),
            timeout,
            retry,
            undo_retry: self.undo_retry(&scope, &recovery),
            action: runner.actions.first().map(place),
            undo: runner.undos.first().map(place),
            version: self.version(&scope, persisted),
            recovery: if matches!(persisted, Presence::Present(_)) { recovery } else { recovery::kept_nowhere() },
            ambiguous_end: self.ambiguous_end(&scope.funcs).or_else(|| self.undone_in_name_only(&runner.undos)),
            noted_late: self.noted_late(&scope),
            mutations: self.mutations(&scope),
            shared: self.shared(&scope),
            overwritten: self.overwritten(&scope),
            untyped: self.untyped(&scope),
            awaited: self.awaited(&scope.acting(self.ev)),
            dropped: self.dropped(&scope),
            kept_in: None,
            list: self.list_of_done(&scope),
            entries: scope.entries(self.ev).iter().map(|(u, f)| self.ev.program.function_place(*u, *f)).collect(),
        }
    }

    /// A method of the class that carries the steps out takes a reply: a step only sends a command then, and what
    /// fails is a reply, not a call.
    fn takes_replies(&self, scope: &Scope<'_>) -> bool {
        scope.funcs.iter().any(|&(unit, func)| {
            let module = &self.ev.program.unit(unit).module;
            let class = module.func(func).class;
            let beside = module.funcs.iter().filter(|other| class.is_some() && other.class == class);
            beside.flat_map(|other| &other.params).any(|param| param.name == "reply")
        })
    }

    /// What is asked of calls that are written one after the other: what bounds and repeats them, and whether
    /// undoing gets more than one attempt. `registered` is where a step's compensation is put on a list behind the
    /// step's call.
    pub(super) fn straight_conduct(&self, runner: &Runner, persisted: &Presence, registered: Option<Place>) -> Conduct {
        let scope = self.scope(runner, None);
        let recovery = self.recovery(&scope);
        // What is stored may be taken up again, and its compensation with it: by what is elsewhere.
        let ends =
            persisted.is_absent() || self.is_alone(runner.unit) && self.shows_clients(runner) && recovery.is_absent();
        let undo_retry = match self.client_may_repeat(runner) {
            Some(why) => Presence::Unknown(why),
            None if !ends => Presence::Unknown("what is stored may be taken up again".into()),
            None => self.undo_retry(&scope, &recovery),
        };
        let place = |site: &Site| self.ev.program.place(*site);
        let (timeout, retry) = self.straight_protection(runner, &scope, ends);
        let untyped = if runner.is_named { self.untyped(&scope) } else { Vec::new() };
        Conduct {
            timeout,
            retry,
            undo_retry,
            action: runner.actions.first().map(place),
            undo: runner.undos.first().map(place),
            untyped,
            mutations: self.mutations(&scope),
            noted_late: registered.filter(|_| ends),
            ambiguous_end: self.undone_in_name_only(&runner.undos),
            ..Conduct::default()
        }
    }

    /// The time limit of calls that are written out, and whether they are repeated: both may be the clients' business,
    /// so the answer is no only where nothing in the program speaks of either.
    fn straight_protection(&self, runner: &Runner, scope: &Scope<'_>, ends: bool) -> (Presence, Presence) {
        let language = self.ev.program.language(runner.unit);
        let unread = || Presence::Unknown("the clients of the participants may do it".into());
        // Clients of the JVM, .NET and Go are configured elsewhere. Where nothing but this file is there, it says all
        // that is to be known.
        if language.has_packages() || language == Language::Go {
            let alone = self.is_alone(runner.unit) && ends;
            return if alone && runner.is_named { self.protection(scope) } else { (unread(), unread()) };
        }
        if !runner.is_named
            || !matches!(language, Language::Python | Language::JavaScript | Language::TypeScript)
            || runner.undos.is_empty()
        {
            return (unread(), unread());
        }
        let mut timeout = Presence::Absent;
        let mut retry = Presence::Absent;
        for unit in self.ev.program.ids() {
            let other = self.ev.program.language(unit);
            let is_script = |l| matches!(l, Language::JavaScript | Language::TypeScript);
            if other != language && !(is_script(other) && is_script(language)) {
                continue;
            }
            if timeout.is_absent()
                && (self.speaks(unit, None, Texts::Yes, &is_time_limit).is_some() || self.has_default_timeout(unit))
            {
                timeout = unread();
            }
            if retry.is_absent() && self.speaks(unit, None, Texts::Yes, &is_repetition).is_some() {
                retry = unread();
            }
        }
        (timeout, retry)
    }

    /// In Go the type that a method belongs to may stand in a file that is left out, with all that it calls.
    fn shows_clients(&self, runner: &Runner) -> bool {
        let module = &self.ev.program.unit(runner.unit).module;
        module.language != Language::Go || runner.class.is_some_and(|c| !module.class(c).fields.is_empty())
    }

    /// Nothing else of this language is there: a sample of an article, or of a skill.
    fn is_alone(&self, unit: UnitId) -> bool {
        let language = self.ev.program.language(unit);
        self.ev.program.ids().all(|other| other == unit || self.ev.program.language(other) != language)
    }

    /// Clients of a whole service get their retries where they are made, in another file and often by
    /// configuration: then a compensation that calls one has them too.
    fn client_may_repeat(&self, runner: &Runner) -> Option<String> {
        let language = self.ev.program.language(runner.unit);
        self.ev.program.ids().filter(|u| self.ev.program.language(*u) == language && *u != runner.unit).find_map(|u| {
            let place = self.speaks(u, None, Texts::No, &is_repetition)?;
            (place != runner.place).then(|| "a client of the service may repeat it".into())
        })
    }

    /// The runner without the calls that stand in the steps themselves: `compensate: (p) => transfers.cancel(p)`.
    fn without_members(&self, runner: &Runner, list: Option<&StepList>) -> Runner {
        let members: Vec<_> = list.iter().flat_map(|l| l.actions.iter().chain(&l.undos)).collect();
        let spans: Vec<(UnitId, Span)> =
            members.into_iter().filter_map(|m| self.function_of(m)).map(|f| (f.0, span_of(self.ev, f))).collect();
        let outside = |site: &Site| {
            let span = self.ev.program.expr(site.unit, site.expr).span;
            !spans.iter().any(|(u, s)| *u == site.unit && s.contains(span))
        };
        let mut out = runner.clone();
        out.actions.retain(outside);
        out.undos.retain(outside);
        out
    }

    /// `publisher.publish(step.action, …)`: the step is carried out elsewhere, and its reply moves the saga on. A bus
    /// that gives the result has carried it out.
    fn sends_command(&self, site: Site) -> bool {
        let linked = self.ev.program.unit(site.unit);
        let module = &linked.module;
        let Some(verb) = module.callee_name(site.expr).and_then(|n| names::words(n).into_iter().next()) else {
            return false;
        };
        let gives_result = || {
            let outside = |p: &crate::program::Parent| {
                !matches!(p, crate::program::Parent::Expr(e)
                    if matches!(module.expr(*e).kind, ExprKind::Await(_) | ExprKind::Cast { .. }))
            };
            let assigned = matches!(linked.index.ancestors(site.expr).find(outside),
                Some(crate::program::Parent::Stmt(s)) if matches!(module.stmt(s).kind, StmtKind::Assign { .. }));
            assigned && self.assigned_name(site.unit, site.expr).is_some_and(|n| names::fold(&n).contains("result"))
        };
        matches!(verb.as_str(), "publish" | "emit" | "produce")
            || matches!(verb.as_str(), "send" | "dispatch") && !gives_result()
    }

    fn scope<'s>(&self, runner: &'s Runner, list: Option<&'s StepList>) -> Scope<'s> {
        let mut members = Vec::new();
        for member in list.iter().flat_map(|l| l.actions.iter().chain(&l.undos)) {
            members.extend(self.function_of(member));
        }
        let mut funcs: Vec<_> = runner.funcs.iter().copied().filter(|f| !members.contains(f)).collect();
        for site in runner.actions.iter().chain(&runner.undos) {
            for helper in self.helpers(*site) {
                if !funcs.contains(&helper) && !members.contains(&helper) {
                    funcs.push(helper);
                }
            }
        }
        Scope { runner, list, funcs, members }
    }

    /// The function behind a member of a step.
    pub(super) fn function_of(&self, member: &Member) -> Option<(UnitId, FuncId)> {
        match member {
            Member::Method(unit, func) => Some((*unit, *func)),
            Member::Given(site) => self.ev.eval(*site).alternatives().iter().find_map(|v| match v {
                Value::Function { unit, func, .. } => Some((*unit, *func)),
                _ => None,
            }),
            _ => None,
        }
    }

    /// The functions of the repository that a step is handed to: `attempt(step.run, context)`,
    /// `attempt(() => step.run(context))`.
    fn helpers(&self, site: Site) -> Vec<(UnitId, FuncId)> {
        let linked = self.ev.program.unit(site.unit);
        let module = &linked.module;
        let mut out = Vec::new();
        let around = linked.index.ancestors(site.expr).take_while(|p| !matches!(p, crate::program::Parent::Stmt(_)));
        let calls = around.filter_map(|p| match p {
            crate::program::Parent::Expr(e) => Some(e),
            _ => None,
        });
        for expr in std::iter::once(site.expr).chain(calls) {
            let Some(call) = module.call(expr) else { continue };
            for value in self.ev.at(site.unit, call.callee).alternatives() {
                if let Value::Function { unit, func, .. } = value {
                    out.push((*unit, *func));
                }
            }
        }
        out
    }
}

impl Scope<'_> {
    /// The functions in which steps are called.
    fn acting<'a>(&self, ev: &Evaluator<'a>) -> Vec<(UnitId, FuncId)> {
        around(ev, &self.runner.actions)
    }

    /// The functions in which steps are undone.
    fn undoing<'a>(&self, ev: &Evaluator<'a>) -> Vec<(UnitId, FuncId)> {
        around(ev, &self.runner.undos)
    }

    /// The functions that a run begins with: those that call steps and those of the orchestrator that call them.
    fn entries(&self, ev: &Evaluator<'_>) -> Vec<(UnitId, FuncId)> {
        let mut out = self.acting(ev);
        let mut next = 0;
        while next < out.len() && out.len() < 16 {
            let (unit, func) = out[next];
            next += 1;
            for caller in ev.callers(unit, func) {
                let index = &ev.program.unit(caller.unit).index;
                let module = &ev.program.unit(caller.unit).module;
                if let Some(f) = index.func_of(caller.expr).map(|f| scan::outermost(module, f))
                    && self.funcs.contains(&(caller.unit, f))
                    && !out.contains(&(caller.unit, f))
                {
                    out.push((caller.unit, f));
                }
            }
        }
        out
    }

    /// The modules of the orchestrator and of its list of steps.
    fn units(&self) -> Vec<UnitId> {
        let mut out = vec![self.runner.unit];
        out.extend(self.list.map(|l| l.site.unit));
        out.extend(self.funcs.iter().map(|f| f.0));
        out.sort();
        out.dedup();
        out
    }
}

/// The functions around some expressions.
fn around(ev: &Evaluator<'_>, sites: &[Site]) -> Vec<(UnitId, FuncId)> {
    let mut out = Vec::new();
    for site in sites {
        let linked = ev.program.unit(site.unit);
        let Some(func) = linked.index.func_of(site.expr) else { continue };
        let func = (site.unit, scan::outermost(&linked.module, func));
        if !out.contains(&func) {
            out.push(func);
        }
    }
    out
}

/// The span of a function.
fn span_of(ev: &Evaluator<'_>, (unit, func): (UnitId, FuncId)) -> Span {
    ev.program.unit(unit).module.func(func).span
}
