//! Calls: what they do by themselves, as the catalog says, and what the functions do that they run.

use smol_str::SmolStr;

use super::names::{self, hands_off, is_plain, is_plain_in_go, is_undeclared, later, runs_argument};
use super::{Frame, Kind, State, Walk, caught, counted, reactive, relay, renewed, strongest, told};
use crate::catalog::consume::Reject;
use crate::extract::channels;
use crate::extract::consume::effect::{self, Effect};
use crate::extract::consume::guard::{self, Guard};
use crate::extract::consume::reach::Func;
use crate::extract::consume::{dead_channel, dotnet, heirs, pipeline, setting, tracked};
use crate::facts::module::{Call, ExprId, ExprKind, FunctionKind, Language};
use crate::program::{Site, UnitId, Value};

impl<'r, 'e, 'p> Walk<'r, 'e, 'p> {
    pub(super) fn call(&mut self, unit: UnitId, id: ExprId, call: &Call, state: &mut State, alone: bool) {
        let site = Site { unit, expr: id };
        let module = self.module(unit);
        let name = module.callee_name(id).cloned().unwrap_or_default();
        let hand_off = (hands_off(&name) || (name == "go" && module.language == Language::Go)) && alone;
        if let ExprKind::Attr { object, .. } = &module.expr(call.callee).kind {
            let outside = state.guarded;
            state.guarded |= name == "catch";
            // `reserve(order).doOnSuccess(…).subscribe();` begins, and nothing waits for it.
            let begun =
                alone && name == "subscribe" && module.language.is_jvm() && reactive::is_chain(self.reach, site);
            let around = (state.detached, state.apart);
            if begun {
                let node = self.node();
                (state.detached, state.apart) = (true, node);
                self.path.push(Frame { node, branch: 0, exits: false, is_call: true });
            }
            self.expr(unit, *object, state, alone && matches!(name.as_str(), "catch" | "finally"));
            if begun {
                self.path.pop();
                (state.detached, state.apart) = around;
            }
            state.guarded = outside;
        } else if !matches!(module.expr(call.callee).kind, ExprKind::Name(_)) {
            self.expr(unit, call.callee, state, false);
        }
        let mut lambdas = Vec::new();
        let mut inner = State { detached: state.detached || hand_off, ..state.clone() };
        for arg in &call.args {
            match &module.expr(arg.value).kind {
                ExprKind::Lambda(f) => lambdas.push((unit, *f)),
                _ => self.expr(unit, arg.value, &mut inner, false),
            }
        }
        if name == channels::SEND {
            self.send(site, state);
            return;
        }
        let known = self.classify(site, &name, state);
        if !known {
            self.follow(site, call, &name, state, alone, hand_off);
        }
        if later(&name) {
            return;
        }
        if guard::recognises(&name) && !lambdas.is_empty() {
            inner.guard = strongest(inner.guard, Some(Guard::Unknown(self.reach.ev.program.place(site))));
        }
        let mut told = Vec::new();
        for lambda in lambdas {
            let mut state = inner.clone();
            state.for_all = name == "catch" && !state.in_catch;
            state.in_catch |= name == "catch";
            if hand_off {
                state.apart = self.nodes + 1;
            }
            let knew = self.enter(lambda, None, state).is_some() && inner.guard.is_none();
            if knew && !hand_off {
                told.extend(told::by(self.reach, lambda));
            }
        }
        state.told.append(&mut told);
    }

    /// The functions that are passed for a parameter of a function on the way here.
    fn argument(&self, func: Func, index: usize) -> Vec<Func> {
        let ev = self.reach.ev;
        let Some(at) = self.calls.iter().rposition(|f| *f == func) else { return Vec::new() };
        let Some(site) = self.entered[at] else { return Vec::new() };
        let Some(value) = ev.argument(site, func.0, func.1, index) else { return Vec::new() };
        match value {
            Value::Param { unit, func, index } => self.reach_argument((unit, func), index, at),
            value => self.reach.functions(&value),
        }
    }

    /// The same for a parameter that is itself a parameter of a function further out.
    fn reach_argument(&self, func: Func, index: usize, below: usize) -> Vec<Func> {
        let ev = self.reach.ev;
        let Some(at) = self.calls[..below].iter().rposition(|f| *f == func) else { return Vec::new() };
        let Some(site) = self.entered[at] else { return Vec::new() };
        ev.argument(site, func.0, func.1, index).map_or(Vec::new(), |v| self.reach.functions(&v))
    }

    /// Acknowledgements, rejects and calls of libraries.
    fn classify(&mut self, site: Site, name: &str, state: &mut State) -> bool {
        let language = self.reach.ev.program.language(site.unit);
        for symbol in self.reach.symbols(site) {
            let Some((library, rest)) = self.reach.ev.catalog.split(language, &symbol) else { continue };
            if library.decodes.iter().any(|c| c == rest) && caught::is_of_message(self.reach, site) {
                self.step(Kind::Decodes, site, state);
                return true;
            }
            let Some(consume) = &library.consume else { continue };
            if consume.acks.iter().any(|c| c == rest) {
                self.step(Kind::Ack, site, state);
                return true;
            }
            let of = |reject: &&Reject| reject.calls.iter().any(|c| c == rest);
            if let Some(reject) = consume.rejects.iter().find(of) {
                let flag = setting::argument(self.reach.ev, site, &reject.requeue);
                self.step(Kind::Reject(flag, reject.default), site, state);
                return true;
            }
        }
        if names::stores_offsets(name) {
            self.step(Kind::Offsets, site, state);
            return true;
        }
        let before = state.renewed;
        state.renewed |= renewed::deletes(name);
        if let Some(effect) = effect::of(self.reach, site) {
            let effect = relay::seen(self.reach, site, effect, self.way());
            let effect = counted::seen(self.reach, site, effect, &self.numbers, self.way());
            let effect = tracked::inserted_on_way(self.reach, site, effect, self.way());
            let effect = if before { renewed::put_back(effect) } else { effect };
            let kept = state.in_catch && state.for_all && caught::keeps_message(self.reach, site);
            self.step(Kind::Does(if kept { Effect::DeadLetter } else { effect }), site, state);
            return true;
        }
        if dead_channel::is_dead_letter_name(name) {
            self.step(Kind::Does(Effect::DeadLetter), site, state);
        }
        false
    }

    /// True for a call of Java or Kotlin that names what an object was made of: `order.status()` and `status()` of a
    /// record. Java calls a function that was passed by a method of its own, as `work.run()`.
    fn makes_field(&self, site: Site, (unit, func): Func) -> bool {
        let module = self.module(site.unit);
        let Some(call) = module.call(site.expr) else { return false };
        let on_object = matches!(module.expr(call.callee).kind, ExprKind::Attr { .. });
        let is_made = self.module(unit).func(func).kind == FunctionKind::Constructor;
        let is_java = module.language == Language::Java;
        module.language.is_jvm() && (on_object && is_made || is_java && call.args.is_empty() && (is_made || on_object))
    }

    /// A function of a sample: nothing in its module declares the name.
    fn is_undeclared(&self, site: Site, call: &Call) -> bool {
        let linked = self.reach.ev.program.unit(site.unit);
        let module = &linked.module;
        let is_open = match module.language {
            Language::JavaScript | Language::TypeScript => false,
            Language::Python => module.imports.iter().any(|i| i.kind == crate::facts::module::ImportKind::Star),
            _ => true,
        };
        match &module.expr(call.callee).kind {
            ExprKind::Name(name) if !is_open => {
                linked.index.lookup(module, linked.index.func_of(site.expr), name).is_none() && is_undeclared(name)
            }
            _ => false,
        }
    }

    /// Functions of the repository, and functions that were passed in.
    fn follow(&mut self, site: Site, call: &Call, name: &SmolStr, state: &mut State, alone: bool, hand_off: bool) {
        let ev = self.reach.ev;
        let value = ev.at(site.unit, call.callee);
        let own = self.heir.and_then(|heir| heirs::own(ev, heir, site));
        let mut functions: Vec<Func> = own.map_or_else(|| tracked::called(self.reach, site), |own| vec![own]);
        if runs_argument(name) {
            for arg in &call.args {
                functions.extend(self.reach.functions(&ev.at(site.unit, arg.value)));
            }
        }
        if names::logs(name) {
            return;
        }
        let passed = value.alternatives().iter().find_map(|v| match v {
            // `order.customerId()` reads a field that the constructor of a record is given.
            Value::Param { unit, func, .. } if self.makes_field(site, (*unit, *func)) => None,
            Value::Param { unit, func, index } => Some(((*unit, *func), *index)),
            _ => None,
        });
        let mut inner = state.clone();
        inner.detached |= hand_off;
        if let Some((func, index)) = passed {
            // `once(id, work)` was entered with a function: that runs now.
            let known = self.argument(func, index);
            if !known.is_empty() {
                for work in known {
                    self.enter(work, None, state.clone());
                }
                return;
            }
            let script = self.module(site.unit).language != crate::facts::module::Language::Python;
            inner.detached |= alone && script;
            self.step(Kind::Passed(func, index), site, &inner);
            return;
        }
        if functions.is_empty() {
            // A method without an implementation that could be found is as good as unknown.
            let unresolved = match &value {
                // A builder that Lombok writes: what the call gives is known.
                Value::Unknown => !self.module(site.unit).language.is_jvm() || ev.eval(site).is_unknown(),
                Value::Function { .. } => true,
                Value::External(symbol) => symbol.strip_prefix("globalThis.").is_some_and(is_undeclared),
                _ => false,
            };
            let relative = matches!(&value, Value::External(symbol) if symbol.starts_with('.'));
            let left_out = self.is_undeclared(site, call) || (unresolved || relative) && ev.is_snippet(site.unit);
            if left_out && names::does_again(name) {
                self.step(Kind::Does(Effect::Repeats(format!("calls `{name}`"))), site, state);
                return;
            }
            let is_told = dotnet::observes(ev, site, name) || dotnet::asks_data(ev, site, name);
            let is_plain = is_plain(name) || ev.program.language(site.unit) == Language::Go && is_plain_in_go(name);
            if unresolved && !is_plain && !is_told {
                self.step(Kind::Unresolved(name.clone()), site, state);
            }
            return;
        }
        if let Some(behaviour) = pipeline::recognises(self.reach, site) {
            inner.guard = strongest(inner.guard, Some(Guard::Unknown(behaviour)));
        }
        // `handlers[topic](event)` runs one of several.
        let one_of = (functions.len() > 1 && !runs_argument(name)).then(|| self.node());
        for (branch, func) in functions.into_iter().enumerate() {
            let function = self.module(func.0).func(func.1);
            // A coroutine or promise that nobody waits for.
            let python = self.module(func.0).language == crate::facts::module::Language::Python;
            let mut inner = inner.clone();
            let unawaited = alone && function.is_async && !python;
            inner.detached |= unawaited;
            if hand_off || unawaited {
                inner.apart = self.nodes + 1;
            }
            if let Some(node) = one_of {
                self.path.push(Frame { node, branch: branch as u16, exits: false, is_call: false });
            }
            self.step(Kind::Enters(func), site, &inner);
            self.enter(func, Some(site), inner);
            if one_of.is_some() {
                self.path.pop();
            }
        }
    }
}
