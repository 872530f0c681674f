//! Sagas without a list: a function that calls one service after the other and undoes in a handler
//! what is done, and workflows of an engine.

use smol_str::SmolStr;

use super::conduct::notes_done;
use super::runner::Runner;
use super::{CompensationFailure, Conduct, Context, Effect, Saga, Step, Style, names, operators, scan};
use crate::extract::Presence;
use crate::facts::module::{BinaryOp, Block, Call, ExprId, ExprKind, FuncId, Language, LoopHeader, Module, StmtKind};
use crate::program::{Site, UnitId, Value};
use crate::syntax::Place;

/// How deep expressions and blocks are entered.
const MAX_DEPTH: u32 = 40;

/// All sagas that are written out.
pub(super) fn find(context: &Context<'_, '_>, runners: &[Runner]) -> Vec<Saga> {
    let mut out = Vec::new();
    for &unit in &context.units {
        let module = &context.ev.program.unit(unit).module;
        for (i, function) in module.funcs.iter().enumerate() {
            let func = FuncId(i as u32);
            if function.parent.is_some() || function.body.is_empty() {
                continue;
            }
            let runs_steps = runners.iter().any(|r| r.unit == unit && r.funcs.contains(&(unit, func)));
            if !runs_steps && let Some(saga) = context.written_out(unit, func) {
                out.push(saga);
            }
        }
    }
    out
}

/// A call that does something for the saga.
pub(super) struct Done {
    expr: ExprId,
    name: String,
    /// The words of what is called, without verbs.
    nouns: Vec<String>,
    pub(super) verbs: Vec<String>,
    effect: Effect,
    pub(super) position: u32,
    /// What its result is assigned to.
    pub(super) result: Option<SmolStr>,
}

/// Something that undoes a step.
pub(super) struct Undo {
    pub(super) site: Site,
    words: Vec<String>,
    pub(super) position: u32,
    /// Put into a collection next to its step.
    pub(super) registered: bool,
    /// It runs only when this variable is set, by a test that stands there.
    pub(super) guard: Option<(SmolStr, ExprId)>,
}

/// What runs when a certain step failed: the block behind `if err != nil`, the handler of one type of exception.
pub(super) struct Branch {
    /// Where it stands.
    pub(super) place: Place,
    /// Its undos among those of the flow.
    pub(super) undos: std::ops::Range<usize>,
    /// What the types say that it handles; none for the failure of the step before it.
    pub(super) about: Option<Vec<String>>,
}

impl Undo {
    /// It says that it is a compensation.
    pub(super) fn compensates(&self) -> bool {
        self.words.iter().any(|w| names::is_compensation(w))
    }
}

impl Done {
    /// The call.
    pub(super) fn call(&self) -> ExprId {
        self.expr
    }

    /// Both are about the same thing.
    pub(super) fn shares(&self, undo: &Undo) -> bool {
        self.nouns.iter().any(|n| undo.words.contains(n))
    }

    /// One of the undo's verbs is the usual inverse of one of the step's.
    pub(super) fn is_inverted_by(&self, undo: &Undo) -> bool {
        self.verbs.iter().any(|v| undo.words.iter().any(|w| names::is_inverse(v, w)))
    }

    /// The step is about one of these.
    pub(super) fn is_about(&self, words: &[String]) -> bool {
        self.nouns.iter().any(|n| words.contains(n))
    }
}

#[derive(Default)]
pub(super) struct Flow {
    pub(super) steps: Vec<Done>,
    /// Calls whose verb alone makes no step: one whose undo is about the same thing does.
    candidates: Vec<Done>,
    pub(super) undos: Vec<Undo>,
    /// In source order.
    pub(super) branches: Vec<Branch>,
    is_workflow: bool,
    /// A handler runs compensations that could not be read.
    is_opaque: bool,
    speaks_of_undo: bool,
    /// Flags that are set on the way forward: the name, and where.
    pub(super) flags: Vec<(SmolStr, u32)>,
    /// What the part of a handler that is being read asks first.
    guard: Option<(SmolStr, ExprId)>,
    /// Calls of an engine in a loop over compensations.
    pub(super) looped: Vec<Site>,
    /// Names that are put on a list of what is done: the list, and where.
    pub(super) noted: Vec<(SmolStr, ExprId)>,
    /// Whatever is put on a list on the way forward: the list, and where.
    pub(super) put: Vec<(SmolStr, ExprId)>,
    /// Lists that a handler gives to what undoes.
    pub(super) handed: Vec<SmolStr>,
}

impl Flow {
    /// Makes steps of the calls that something undoes: `uploadFiles()` where the handler calls `deleteFiles()`.
    fn promote(&mut self) {
        let undone = |step: &Done| self.undos.iter().any(|u| step.nouns.iter().any(|n| u.words.contains(n)));
        let (found, _): (Vec<_>, Vec<_>) = std::mem::take(&mut self.candidates).into_iter().partition(undone);
        self.steps.extend(found);
    }
}

impl Context<'_, '_> {
    fn written_out(&self, unit: UnitId, func: FuncId) -> Option<Saga> {
        let linked = self.ev.program.unit(unit);
        let module = &linked.module;
        let function = module.func(func);
        let mut flow = Flow::default();
        self.walk(unit, &function.body, false, &mut flow, 0);
        let class = function.class.map(|c| module.class(c));
        let is_named = names::is_saga_word(&function.name)
            || class.is_some_and(|c| names::is_saga_word(&c.name))
            || names::is_saga_word(scan::stem(&linked.path));
        if is_named {
            flow.promote();
        }
        flow.steps.sort_by_key(|s| s.position);
        let changing: Vec<&Done> =
            flow.steps.iter().filter(|s| !names::is_query(&s.name) && s.effect > Effect::Database).collect();
        // A handler that cleans up or tells somebody is no compensation.
        let undoes = flow.undos.iter().any(|u| u.registered || u.words.iter().any(|w| names::is_undo_verb(w)));
        if !undoes
            || changing.len() < 2
            || changing.iter().all(|s| s.name == changing[0].name && s.nouns == changing[0].nouns)
        {
            return None;
        }
        let is_saga = flow.is_workflow || is_named || flow.speaks_of_undo;
        if !is_saga {
            return None;
        }
        let name = match class {
            Some(class) if flow.is_workflow || function.name.len() < 4 || names::is_saga_word(&class.name) => {
                &class.name
            }
            _ => &function.name,
        };
        let place = self.ev.program.function_place(unit, func);
        let steps = self.flow_steps(unit, &flow);
        let late = self
            .registered_late(&flow)
            .filter(|_| !flow.is_workflow || self.gives_up_activities(unit))
            .or_else(|| self.guarded_late(unit, &flow))
            .or_else(|| self.named_late(unit, func, &flow))
            .or_else(|| self.put_late(unit, &flow))
            .or_else(|| flow.branched_late().filter(|_| !flow.is_workflow));
        let (persisted, failure, mut conduct) = if flow.is_workflow {
            let mut given_up = self.given_up(&flow);
            given_up.extend(self.dropped_in_loop(unit, func, &flow));
            let failure = match given_up {
                places if places.is_empty() => CompensationFailure::Handled(place),
                places => CompensationFailure::Swallowed(places),
            };
            (Presence::Default, failure, Conduct { noted_late: late, ..Conduct::default() })
        } else {
            let mut sites: Vec<Site> = flow.undos.iter().filter(|u| !u.registered).map(|u| u.site).collect();
            let mut funcs = vec![(unit, func)];
            self.reach(&mut funcs, 2);
            for &(u, f) in &funcs {
                for (expr, call) in self.calls_in(u, f) {
                    let site = Site { unit: u, expr };
                    if self.is_step_call(u, expr, call) && !sites.contains(&site) {
                        sites.push(site);
                    }
                }
            }
            let calls = flow.steps.iter().filter(|s| s.effect != Effect::Publish && !is_message(&s.name));
            let actions = calls.map(|s| Site { unit, expr: s.expr }).collect();
            let failure = self.failure(&sites);
            let runner = Runner {
                unit,
                class: function.class,
                funcs,
                name: SmolStr::new(name),
                place,
                actions,
                undos: sites,
                undo_name: None,
                is_named,
            };
            let kept_in = self.kept_between(unit, func, &flow);
            let persisted = match kept_in {
                Some(_) => Presence::Absent,
                None => self.persisted(&[(unit, func)]),
            };
            let conduct = Conduct { kept_in, ..self.straight_conduct(&runner, &persisted, late) };
            (persisted, failure, conduct)
        };
        // An engine runs workflows; a request only waits for what is written out.
        if !flow.is_workflow {
            conduct.awaited = self.awaited(&[(unit, func)]);
        }
        Some(Saga {
            place,
            name: name.to_string(),
            style: if flow.is_workflow { Style::Workflow } else { Style::StraightLine },
            library: if flow.is_workflow { "temporal" } else { "hand-written" },
            steps,
            persisted,
            failure,
            repeated: Vec::new(),
            conduct,
        })
    }

    fn flow_steps(&self, unit: UnitId, flow: &Flow) -> Vec<Step> {
        let (shares, is_inverse) = (Done::shares, Done::is_inverted_by);
        let place = |site: Site| self.ev.program.place(site);
        let count = flow.steps.len();
        let registers = flow.undos.iter().any(|u| u.registered);
        let mut out = Vec::new();
        for (i, step) in flow.steps.iter().enumerate() {
            let others = |undo: &Undo| flow.steps.iter().enumerate().any(|(j, s)| j != i && shares(s, undo));
            let before = i.checked_sub(1).map_or(0, |p| flow.steps[p].position);
            let after = flow.steps.get(i + 1).map_or(u32::MAX, |s| s.position);
            let found = flow.undos.iter().find(|u| shares(step, u)).or_else(|| {
                flow.undos.iter().find(|u| {
                    !others(u) && (is_inverse(step, u) || (u.registered && u.position > before && u.position < after))
                })
            });
            // `saga.compensate()` runs what was registered.
            let runs = |u: &Undo| !u.registered && registers && u.words.iter().all(|w| names::is_filler(w));
            let unmatched = || {
                flow.undos
                    .iter()
                    .filter(|u| !runs(u))
                    .any(|u| !flow.steps.iter().any(|s| shares(s, u)) && !flow.steps.iter().any(|s| is_inverse(s, u)))
            };
            let compensation = match found {
                Some(undo) => Presence::Present(place(undo.site)),
                None if flow.is_opaque && !flow.undos.iter().any(|u| u.registered) => {
                    Presence::Unknown("the handler calls something that could not be followed".into())
                }
                None if unmatched() => Presence::Unknown("a compensation could belong to it".into()),
                None => Presence::Absent,
            };
            out.push(Step {
                name: step.name.clone(),
                place: place(Site { unit, expr: step.expr }),
                effect: step.effect,
                compensation,
                inert: None,
                is_query: names::is_query(&step.name) || step.effect == Effect::Read,
                is_last: i + 1 == count,
                is_retriable: false,
            });
        }
        out
    }

    fn walk(&self, unit: UnitId, block: &Block, undoing: bool, flow: &mut Flow, depth: u32) {
        if depth > MAX_DEPTH {
            return;
        }
        let module = &self.ev.program.unit(unit).module;
        for &stmt in block {
            match &module.stmt(stmt).kind {
                StmtKind::Expr(e) | StmtKind::Return(Some(e)) => self.visit(unit, *e, undoing, flow, depth),
                StmtKind::Assign { target, value: Some(e), .. } => {
                    self.visit(unit, *e, undoing, flow, depth);
                    if !undoing
                        && matches!(module.expr(*e).kind, ExprKind::Bool(true))
                        && let Some(flag) = scan::chain(module, *target).pop()
                    {
                        flow.flags.push((flag, module.expr(*e).span.start));
                    }
                }
                StmtKind::If { test, then, other } => {
                    self.visit(unit, *test, undoing, flow, depth);
                    let failed = module.language == Language::Go && is_error_check(module, *test);
                    let before = flow.guard.clone();
                    if undoing {
                        flow.guard = is_set(module, *test).map(|name| (name, *test)).or_else(|| before.clone());
                    }
                    let first = flow.undos.len();
                    self.walk(unit, then, undoing || failed, flow, depth + 1);
                    // `if (!await Reserve(order)) { await CancelPayment(order); return; }`
                    let refused = matches!(module.expr(*test).kind, ExprKind::Not(_)) && first < flow.undos.len();
                    if (failed || refused) && !undoing {
                        let place = self.ev.program.place(Site { unit, expr: *test });
                        flow.branches.push(Branch { place, undos: first..flow.undos.len(), about: None });
                    }
                    flow.guard = before;
                    self.walk(unit, other, undoing, flow, depth + 1);
                }
                StmtKind::Loop { header, body, .. } => {
                    // A loop over compensations runs what was registered.
                    let undoes = matches!(header, LoopHeader::Each { iter, .. }
                        if scan::names_in(module, *iter).iter().any(|n| names::is_undo_word(n)));
                    if undoes {
                        flow.is_opaque = true;
                        let span = module.stmt(stmt).span;
                        let calls = self.ev.program.unit(unit).index.calls.iter().filter(|_| undoing).map(|c| c.expr);
                        for expr in calls.filter(|e| span.contains(module.expr(*e).span)) {
                            if module.call(expr).is_some_and(|call| self.activity(unit, expr, call).is_some()) {
                                flow.looped.push(Site { unit, expr });
                            }
                        }
                    } else {
                        self.walk(unit, body, undoing, flow, depth + 1);
                    }
                }
                StmtKind::With { body, items, .. } => {
                    items.iter().for_each(|(e, _)| self.visit(unit, *e, undoing, flow, depth));
                    self.walk(unit, body, undoing, flow, depth + 1);
                }
                StmtKind::Try { body, handlers, finally } => {
                    self.walk(unit, body, undoing, flow, depth + 1);
                    for handler in handlers {
                        let first = flow.undos.len();
                        self.walk(unit, &handler.body, true, flow, depth + 1);
                        if !undoing && handlers.len() > 1 && !handler.types.is_empty() {
                            let names = handler.types.iter().flat_map(|t| scan::names_in(module, *t));
                            let about = Some(names.flat_map(|n| names::words(&n)).collect());
                            let place = Place::new(self.ev.program.unit(unit).file, handler.span);
                            flow.branches.push(Branch { place, undos: first..flow.undos.len(), about });
                        }
                    }
                    self.walk(unit, finally, true, flow, depth + 1);
                }
                StmtKind::Block(block) => self.walk(unit, block, undoing, flow, depth + 1),
                _ => {}
            }
        }
    }

    fn visit(&self, unit: UnitId, expr: ExprId, undoing: bool, flow: &mut Flow, depth: u32) {
        if depth > MAX_DEPTH {
            return;
        }
        let module = &self.ev.program.unit(unit).module;
        let ExprKind::Call(call) = &module.expr(expr).kind else {
            for child in module.children(expr) {
                self.visit(unit, child, undoing, flow, depth + 1);
            }
            return;
        };
        if scan::is_log(module, expr) {
            return;
        }
        // `defer func() { … }()`
        if let ExprKind::Lambda(func) = module.expr(call.callee).kind {
            return self.walk(unit, &module.func(func).body, undoing, flow, depth + 1);
        }
        let chain = scan::chain(module, call.callee);
        let last = chain.last().map(SmolStr::as_str).unwrap_or_default();
        if is_registration(&chain) || appends_undo(module, call, &chain) {
            let mut words: Vec<String> = Vec::new();
            for arg in &call.args {
                words.extend(scan::called_in(module, arg.value).iter().flat_map(|n| names::words(n)));
            }
            let position = module.expr(expr).span.start;
            flow.undos.push(Undo { site: Site { unit, expr }, words, position, registered: true, guard: None });
            flow.speaks_of_undo = true;
            return;
        }
        if !undoing && let Some(list) = notes_name(module, call, &chain) {
            flow.noted.push((list, expr));
            return;
        }
        if operators::describes(&chain) || operators::cancels(module.language, &chain) {
            return self.visit(unit, call.callee, undoing, flow, depth + 1);
        }
        if let Some(operator) = operators::of(module, call) {
            self.visit(unit, call.callee, undoing, flow, depth + 1);
            let undoing = undoing || operator == operators::Operator::Failed;
            for arg in &call.args {
                match &module.expr(arg.value).kind {
                    ExprKind::Lambda(func) => self.walk(unit, &module.func(*func).body, undoing, flow, depth + 1),
                    _ => self.visit(unit, arg.value, undoing, flow, depth + 1),
                }
            }
            return;
        }
        if !undoing
            && let [list, method] = chain.as_slice()
            && matches!(method.as_str(), "push" | "append" | "Add" | "add")
            && let [_] = call.args.as_slice()
        {
            flow.put.push((list.clone(), expr));
        }
        let taken = if undoing { self.undo_call(unit, expr, call, flow) } else { self.do_call(unit, expr, call, flow) };
        if matches!(last, "map" | "forEach" | "filter" | "then" | "reduce" | "sort" | "some" | "every" | "find") {
            self.visit(unit, call.callee, undoing, flow, depth + 1);
            // What a promise goes on with is the next step.
            for arg in call.args.iter().filter(|_| last == "then") {
                if let ExprKind::Lambda(func) = module.expr(arg.value).kind {
                    self.walk(unit, &module.func(func).body, undoing, flow, depth + 1);
                }
            }
            return;
        }
        if !taken {
            self.visit(unit, call.callee, undoing, flow, depth + 1);
        } else if let ExprKind::Attr { object, .. } = &module.expr(call.callee).kind
            && matches!(module.expr(*object).kind, ExprKind::Call(_))
        {
            self.visit(unit, *object, undoing, flow, depth + 1);
        }
        // `ExecuteActivityAsync((Payments p) => p.ChargeAsync(order))`: the lambda names the activity.
        if taken && self.activity(unit, expr, call).is_some() {
            return;
        }
        for arg in &call.args {
            match &module.expr(arg.value).kind {
                // `withRetry(() => payments.charge())`, `.catch(() => stock.release())`
                ExprKind::Lambda(func) => {
                    let body = &module.func(*func).body;
                    let failed = matches!(last, "catch" | "onErrorResume" | "doOnError" | "exceptionally");
                    self.walk(unit, body, undoing || failed, flow, depth + 1);
                }
                _ => self.visit(unit, arg.value, undoing, flow, depth + 1),
            }
        }
    }

    /// A call on the way forward; true when it is a step or an undo.
    fn do_call(&self, unit: UnitId, expr: ExprId, call: &Call, flow: &mut Flow) -> bool {
        let module = &self.ev.program.unit(unit).module;
        let position = module.expr(expr).span.end;
        if let Some(name) = self.activity(unit, expr, call) {
            let words = names::words(&name);
            flow.is_workflow = true;
            if words.first().is_some_and(|w| names::is_plain_undo(w)) {
                flow.undos.push(Undo {
                    site: Site { unit, expr },
                    words,
                    position,
                    registered: false,
                    guard: flow.guard.clone(),
                });
            } else {
                flow.steps
                    .push(done(expr, name, words, Effect::Unknown, position).given(self.assigned_name(unit, expr)));
            }
            return true;
        }
        let chain = scan::chain(module, call.callee);
        let Some((last, _)) = chain.split_last() else { return false };
        let command = self.command_of(unit, call, &chain);
        let last = command.as_ref().unwrap_or(last);
        let mut verbs = names::words(last);
        let words = self.said_words(unit, call, &chain, command.as_ref());
        // `bus.publish("stock.reserve", …)`: the text says what is to be done.
        let told = is_message(last).then(|| self.told(unit, call)).flatten();
        if let Some(told) = &told {
            if told.iter().any(|w| names::is_plain_undo(w)) {
                verbs.splice(0..0, told.iter().filter(|w| names::is_plain_undo(w)).cloned().collect::<Vec<_>>());
            } else {
                verbs.extend(told.iter().filter(|w| names::is_state_verb(w) && *w != "order").cloned());
            }
        }
        if verbs.first().is_some_and(|w| names::is_plain_undo(w)) {
            // `return compensateFromStep(saga, step)`: a method of one's own that undoes.
            if chain.len() == 1 && names::is_compensation(last) {
                flow.is_opaque |= self.undo_call(unit, expr, call, flow);
                return true;
            }
            if chain.len() > 1 && !names::is_transaction(&chain) {
                flow.undos.push(Undo {
                    site: Site { unit, expr },
                    words,
                    position,
                    registered: false,
                    guard: flow.guard.clone(),
                });
            }
            return true;
        }
        // `orchestrator.CreateSaga(…)` is about the saga itself: notes that there is one, or runs it as a whole.
        if (names::is_saga_word(last) || verbs.iter().any(|w| w == "saga")) && !verbs.iter().any(|v| v == "step") {
            return false;
        }
        let effect = self.effect_of_call(unit, expr, call, 0);
        let object: Vec<String> = chain[..chain.len() - 1].iter().flat_map(|n| names::words(n)).collect();
        let keeps = names::hints_at_storage(&object, "")
            // `this.sagaLog.create(…)` notes what the saga does.
            || object.last().is_some_and(|w| matches!(w.as_str(), "log" | "journal" | "repo"));
        let known = chain.len() > 1 && !keeps;
        let is_step = match effect {
            Effect::Remote | Effect::Publish | Effect::Read => true,
            // `this.step2ChargePayment()`
            Effect::Unknown => {
                known
                    && (verbs.iter().find(|v| !is_numbering(v)).is_some_and(|v| names::is_state_verb(v))
                        || told.is_some() && verbs[1..].iter().any(|v| names::is_state_verb(v)))
            }
            _ => false,
        };
        // What the program has is known for what it does.
        let is_shown =
            || self.ev.at(unit, call.callee).alternatives().iter().any(|v| matches!(v, Value::Function { .. }));
        // `return OrderResult.Failed(error)`: an answer is made.
        let answers = || verbs.first().is_some_and(|v| v == "ok" || v.starts_with("fail") || v.starts_with("succe"));
        let goes_on = matches!(last.as_str(), "then" | "catch" | "finally");
        if effect == Effect::Unknown
            && known
            && !is_step
            && !goes_on
            && !answers()
            && !names::is_query(last)
            && !is_shown()
        {
            flow.candidates
                .push(done(expr, last.to_string(), words, effect, position).given(self.assigned_name(unit, expr)));
            return false;
        }
        if is_step {
            let generic = matches!(
                names::fold(last).as_str(),
                "post" | "put" | "patch" | "delete" | "request" | "send" | "publish"
            );
            let address = call.args.first().and_then(|a| self.ev.at(unit, a.value).to_text()).filter(|_| generic);
            let name = match address {
                Some(address) => format!("{} {}", chain.join("."), address.pattern()),
                None if generic => chain.join("."),
                None => last.to_string(),
            };
            flow.steps.push(done(expr, name, words, effect, position).given(self.assigned_name(unit, expr)));
        }
        is_step
    }

    /// A call in a handler; true when it undoes something.
    fn undo_call(&self, unit: UnitId, expr: ExprId, call: &Call, flow: &mut Flow) -> bool {
        let module = &self.ev.program.unit(unit).module;
        let position = module.expr(expr).span.start;
        let site = Site { unit, expr };
        if let Some(name) = self.activity(unit, expr, call) {
            flow.is_workflow = true;
            flow.undos.push(Undo {
                site,
                words: names::words(&name),
                position,
                registered: false,
                guard: flow.guard.clone(),
            });
            return true;
        }
        let chain = scan::chain(module, call.callee);
        if names::is_transaction(&chain) {
            return false;
        }
        let command = self.command_of(unit, call, &chain);
        if chain.iter().chain(&command).any(|n| names::is_compensation(n)) {
            flow.speaks_of_undo = true;
        }
        let words = self.said_words(unit, call, &chain, command.as_ref());
        let effect = self.effect_of_call(unit, expr, call, 0);
        let said = command.as_ref().or(chain.last());
        let verb = said.is_some_and(|n| names::words(n).iter().any(|w| names::is_undo_verb(w)))
            || said.is_some_and(|n| is_message(n))
                && self.told(unit, call).is_some_and(|told| told.iter().any(|w| names::is_plain_undo(w)));
        let mut followed = false;
        for value in self.ev.at(unit, call.callee).alternatives() {
            if let Value::Function { unit: u, func, .. } = value {
                followed = true;
                flow.handed.extend(call.args.iter().filter_map(|a| match &module.expr(a.value).kind {
                    ExprKind::Name(name) => Some(name.clone()),
                    _ => None,
                }));
                // What a helper of the handler undoes.
                let m = &self.ev.program.unit(*u).module;
                for (inner, c) in self.calls_in(*u, *func) {
                    let chain = scan::chain(m, c.callee);
                    let undoes = chain.last().is_some_and(|n| names::words(n).iter().any(|w| names::is_undo_verb(w)));
                    let effect = self.effect_of_call(*u, inner, c, 0);
                    if !scan::is_log(m, inner) && !names::is_transaction(&chain) && (undoes || effect == Effect::Remote)
                    {
                        let words = self.call_words(*u, c, &chain);
                        flow.undos.push(Undo {
                            site: Site { unit: *u, expr: inner },
                            words,
                            position,
                            registered: false,
                            guard: flow.guard.clone(),
                        });
                    }
                }
            }
        }
        if verb && (chain.len() > 1 || followed) || effect == Effect::Remote {
            flow.undos.push(Undo { site, words, position, registered: false, guard: flow.guard.clone() });
            if !followed && chain.last().is_some_and(|n| names::is_undo_word(n)) {
                flow.is_opaque = true;
            }
            return true;
        }
        false
    }

    /// The words of the command that is given to a mediator, or of what is called.
    fn said_words(&self, unit: UnitId, call: &Call, chain: &[SmolStr], command: Option<&SmolStr>) -> Vec<String> {
        match command {
            Some(command) => names::words(command).into_iter().filter(|w| w != "command" && w != "request").collect(),
            None => self.call_words(unit, call, chain),
        }
    }

    /// The words of the text that a message is sent with.
    fn told(&self, unit: UnitId, call: &Call) -> Option<Vec<String>> {
        let text = self.ev.at(unit, call.args.first()?.value).to_text()?;
        Some(names::words(&text.pattern()))
    }

    /// The words of what is called, and of an address among the arguments.
    fn call_words(&self, unit: UnitId, call: &Call, chain: &[SmolStr]) -> Vec<String> {
        let mut words: Vec<String> = chain.iter().flat_map(|n| names::words(n)).collect();
        for arg in call.args.iter().take(2) {
            if let Some(text) = self.ev.at(unit, arg.value).to_text() {
                words.extend(names::words(&text.pattern()));
            }
        }
        words
    }
}

/// `err != nil`, also as a part of a test.
pub(super) fn is_error_check(module: &Module, test: ExprId) -> bool {
    match &module.expr(test).kind {
        ExprKind::Binary { op: BinaryOp::Ne, left, right } => {
            matches!(module.expr(*right).kind, ExprKind::Null)
                && scan::chain(module, *left)
                    .last()
                    .is_some_and(|n| names::words(n).iter().any(|w| w.ends_with("err") || w == "error"))
        }
        ExprKind::Binary { left, right, .. } => is_error_check(module, *left) || is_error_check(module, *right),
        _ => false,
    }
}

fn done(expr: ExprId, name: String, words: Vec<String>, effect: Effect, position: u32) -> Done {
    let nouns = words.iter().filter(|w| !names::is_filler(w)).cloned().collect();
    let verbs = words.into_iter().filter(|w| names::is_state_verb(w)).collect();
    Done { expr, name, nouns, verbs, effect, position, result: None }
}

impl Done {
    fn given(self, result: Option<SmolStr>) -> Done {
        Done { result, ..self }
    }
}

/// The variable whose presence is asked for: `if payment_id`, `if (paymentId != null)`,
/// `if (!string.IsNullOrEmpty(saga.PaymentId))`.
fn is_set(module: &Module, test: ExprId) -> Option<SmolStr> {
    match &module.expr(test).kind {
        ExprKind::Name(_) | ExprKind::Attr { .. } => scan::chain(module, test).pop(),
        ExprKind::Binary { op: BinaryOp::Ne, left, right } => match &module.expr(*right).kind {
            ExprKind::Null => scan::chain(module, *left).pop(),
            ExprKind::Str(text) if text.is_empty() => scan::chain(module, *left).pop(),
            _ => None,
        },
        ExprKind::Binary { op: BinaryOp::And, left, .. } => is_set(module, *left),
        ExprKind::Not(inner) => {
            let call = module.call(*inner)?;
            let asks = module.callee_name(*inner).is_some_and(|n| n.starts_with("IsNullOr"));
            asks.then(|| scan::chain(module, call.args.first()?.value).pop()).flatten()
        }
        _ => None,
    }
}

/// `compensations.push(…)`, `undo.append(…)`, `saga.addCompensation(…)`.
fn is_registration(chain: &[SmolStr]) -> bool {
    let Some((last, object)) = chain.split_last() else { return false };
    let folded = names::fold(last);
    if matches!(folded.as_str(), "addcompensation" | "registercompensation" | "pushasynccallback" | "addrollback") {
        return true;
    }
    (names::puts_in(last) || matches!(folded.as_str(), "callback" | "defer"))
        && object.last().is_some_and(|n| names::is_undo_word(n))
}

/// `saga.ExecutedSteps.Add("OrderCreated")`, `completed.add(Step.PAYMENT)`: the list; the method that notes it where an
/// object keeps it.
fn notes_name(module: &Module, call: &Call, chain: &[SmolStr]) -> Option<SmolStr> {
    let argument = call.args.first()?;
    let (last, object) = chain.split_last()?;
    let list = object.last()?;
    let is_only = call.args.len() == 1;
    let is_name = match &module.expr(argument.value).kind {
        ExprKind::Str(_) => true,
        ExprKind::Attr { object, .. } => {
            matches!(&module.expr(*object).kind, ExprKind::Name(n) if n.starts_with(char::is_uppercase))
        }
        _ => false,
    };
    let is_done = names::words(list)
        .iter()
        .any(|w| ["complet", "execut", "finish", "perform"].iter().any(|p| w.starts_with(p)) || w == "done");
    // `saga.completeStep(Step.PAYMENT)`
    if is_name && notes_done(last) {
        return Some(last.clone());
    }
    (is_name && is_only && is_done && matches!(names::fold(last).as_str(), "add" | "push" | "append"))
        .then(|| list.clone())
}

/// A word before the verb of a step: `step1ReserveStock`, `doCharge`.
fn is_numbering(word: &str) -> bool {
    matches!(word, "step" | "do" | "run" | "execute" | "perform")
}

/// A call that only sends: what it asks for is done elsewhere.
fn is_message(name: &str) -> bool {
    let call = name.split(' ').next().unwrap_or(name);
    names::words(call.rsplit('.').next().unwrap_or(call))
        .first()
        .is_some_and(|w| matches!(w.as_str(), "send" | "publish" | "emit" | "dispatch" | "produce" | "notify"))
}

/// Go: `compensations = append(compensations, s.orders.Cancel)`
fn appends_undo(module: &Module, call: &Call, chain: &[SmolStr]) -> bool {
    module.language == Language::Go
        && matches!(chain, [only] if only == "append")
        && call
            .args
            .first()
            .is_some_and(|list| scan::chain(module, list.value).last().is_some_and(|name| names::is_undo_word(name)))
}
