//! The parts of one step: its name, its action and what undoes it, from an object literal, an
//! instance of a class of the repository, or a call with keywords.

use smol_str::SmolStr;

use super::{Context, Effect, Step, names, scan};
use crate::extract::Presence;
use crate::facts::module::{ClassId, ExprKind, FuncId, FunctionKind};
use crate::program::{Site, UnitId, Value};
use crate::syntax::Place;

/// A member of a step.
#[derive(Clone, Debug)]
pub(super) enum Member {
    /// The type has no such member.
    Undeclared,
    /// The type has it, this step does not set it.
    Missing,
    /// An expression.
    Given(Site),
    /// A method.
    Method(UnitId, FuncId),
    /// Cannot be read.
    Unknown,
}

impl Member {
    fn is_declared(&self) -> bool {
        !matches!(self, Member::Undeclared)
    }
}

/// A step as it is declared.
#[derive(Clone, Debug)]
pub(super) struct Parts {
    /// Where.
    pub site: Site,
    /// Its name.
    pub name: Option<String>,
    /// What it does.
    pub action: Member,
    /// What undoes it.
    pub undo: Member,
    /// What the undo is called: `compensate`.
    pub undo_name: Option<SmolStr>,
    /// The class of the step.
    pub type_name: Option<SmolStr>,
    /// It says that it is the pivot.
    pub pivot: bool,
    /// It says that it is retried.
    pub retriable: bool,
}

impl Parts {
    /// Empty parts at a site.
    pub(super) fn new(site: Site) -> Parts {
        Parts {
            site,
            name: None,
            action: Member::Undeclared,
            undo: Member::Undeclared,
            undo_name: None,
            type_name: None,
            pivot: false,
            retriable: false,
        }
    }

    /// True when it has an action and its type knows an undo.
    pub(super) fn has_both(&self) -> bool {
        self.action.is_declared() && self.undo.is_declared()
    }
}

impl Context<'_, '_> {
    /// The step an expression stands for; none when it is something else.
    pub(super) fn parts(&self, site: Site) -> Option<Parts> {
        let module = &self.ev.program.unit(site.unit).module;
        let mut parts = Parts::new(site);
        match self.ev.eval(site) {
            Value::Dict(dict) => {
                for (key, value) in &dict.entries {
                    self.named_part(&mut parts, key, *value);
                }
                if dict.open && !parts.undo.is_declared() {
                    parts.undo = Member::Unknown;
                }
            }
            Value::Object { unit, class, call } => self.instance(&mut parts, unit, class, call),
            Value::List(items) => self.pair(&mut parts, &items),
            // A class that the list names, to be constructed by the loop.
            Value::Class { unit, class } => self.instance(&mut parts, unit, class, None),
            _ => {
                // An instance of something that could not be followed, with telling keywords.
                let call = module.call(site.expr)?;
                for arg in &call.args {
                    if let Some(name) = &arg.name {
                        self.named_part(&mut parts, name, Site { unit: site.unit, expr: arg.value });
                    }
                }
                // `SagaStep("charge", self.charge, self.refund)` of a class that is not there.
                let named =
                    scan::chain(module, call.callee).pop().filter(|n| names::words(n).iter().any(|w| w == "step"));
                if let Some(named) = named
                    && call.args.iter().all(|a| a.name.is_none() && !a.spread)
                {
                    let items: Vec<Site> = call.args.iter().map(|a| Site { unit: site.unit, expr: a.value }).collect();
                    self.pair(&mut parts, &items);
                    parts.type_name = Some(named);
                }
            }
        }
        parts.action.is_declared().then_some(parts)
    }

    /// `(reserve, release)`, `("reserve", reserve, release)`: two functions, of which the second one undoes.
    fn pair(&self, parts: &mut Parts, items: &[Site]) {
        let (name, action, undo) = match items {
            [action, undo] => (None, *action, *undo),
            [name, action, undo] => match self.ev.eval(*name).as_str() {
                Some(name) => (Some(name), *action, *undo),
                None => return,
            },
            _ => return,
        };
        // A method of the object itself that a sample leaves out is a function all the same.
        let function = |site: Site| {
            let module = &self.ev.program.unit(site.unit).module;
            let own = matches!(&module.expr(site.expr).kind, ExprKind::Attr { object, .. }
                if matches!(module.expr(*object).kind, ExprKind::This));
            own || self.ev.eval(site).alternatives().iter().any(|v| matches!(v, Value::Function { .. }))
        };
        let called = |site: Site| {
            let module = &self.ev.program.unit(site.unit).module;
            match module.expr(site.expr).kind {
                ExprKind::Lambda(func) => {
                    let calls = self.calls_in(site.unit, func);
                    calls.last().and_then(|(_, c)| scan::chain(module, c.callee).last().cloned())
                }
                _ => scan::chain(module, site.expr).last().cloned(),
            }
        };
        let undoes = called(undo).is_some_and(|n| names::words(&n).iter().any(|w| names::is_undo_verb(w)));
        let none = matches!(self.ev.eval(undo), Value::Null);
        if !function(action) || !(undoes && function(undo) || none) {
            return;
        }
        parts.name = name;
        parts.action = Member::Given(action);
        parts.undo = Member::Given(undo);
    }

    /// Takes one key or keyword in.
    pub(super) fn named_part(&self, parts: &mut Parts, key: &str, value: Site) {
        if names::is_undo(key) {
            if !parts.undo.is_declared() || names::is_compensation(key) {
                parts.undo = Member::Given(value);
                parts.undo_name = Some(key.into());
            }
        } else if names::is_action(key) {
            if !parts.action.is_declared() {
                parts.action = Member::Given(value);
            }
        } else if matches!(
            key,
            "name"
                | "Name"
                | "id"
                | "step"
                | "title"
                | "label"
                | "stepName"
                | "step_name"
                | "StepName"
                | "getId"
                | "getName"
        ) {
            if let Some(text) = self.ev.eval(value).as_str().or_else(|| self.returned_text(value)) {
                parts.name = Some(text);
            }
        } else if names::is_pivot_mark(key) {
            parts.pivot |= self.is_set(value);
        } else if names::is_retriable_mark(key) {
            parts.retriable |= self.is_set(value);
        }
    }

    /// `() => "reserve"`
    fn returned_text(&self, value: Site) -> Option<String> {
        let module = &self.ev.program.unit(value.unit).module;
        let ExprKind::Lambda(func) = module.expr(value.expr).kind else { return None };
        let [expr] = crate::program::eval::returns(module, func)[..] else { return None };
        self.ev.at(value.unit, expr).as_str()
    }

    fn is_set(&self, value: Site) -> bool {
        match self.ev.eval(value) {
            Value::Bool(b) => b,
            Value::Num(n) => n > 1.0,
            Value::Null => false,
            _ => true,
        }
    }

    fn instance(&self, parts: &mut Parts, unit: UnitId, class: ClassId, call: Option<Site>) {
        parts.type_name = Some(self.ev.program.unit(unit).module.class(class).name.clone());
        let line = self.line(unit, class);
        // Methods: the first in the line of classes wins.
        let (mut action, mut undo) = (None, None);
        for &(u, c) in &line {
            let module = &self.ev.program.unit(u).module;
            for &method in &module.class(c).methods {
                let function = module.func(method);
                if !matches!(function.kind, FunctionKind::Method | FunctionKind::Function) || function.is_static {
                    continue;
                }
                if names::is_undo(&function.name) {
                    if undo.is_none() {
                        undo = Some((u, method));
                        parts.undo_name = Some(function.name.clone());
                    }
                } else if names::is_action(&function.name) && action.is_none() {
                    action = Some((u, method));
                }
            }
        }
        if let Some((u, f)) = action {
            parts.action = Member::Method(u, f);
        }
        if let Some((u, f)) = undo {
            // Of a type that others extend it is not known which one it is.
            let base = scan::does_nothing(&self.ev.program.unit(u).module, f) && !self.heirs(unit, class).is_empty();
            parts.undo = if base { Member::Unknown } else { Member::Method(u, f) };
        }
        self.fields(parts, &line, call);
        // `new Step({ name, execute, compensate })`
        if let Some(call) = call
            && let Some(c) = self.ev.program.unit(call.unit).module.call(call.expr)
        {
            for arg in &c.args {
                if let Value::Dict(dict) = self.ev.at(call.unit, arg.value)
                    && dict.entries.iter().any(|(k, _)| names::is_action(k))
                {
                    for (key, value) in &dict.entries {
                        self.named_part(parts, key, *value);
                    }
                    if !parts.undo.is_declared() {
                        parts.undo = if dict.open { Member::Unknown } else { Member::Missing };
                    }
                }
            }
        }
    }

    /// Fields that hold the action and the undo, set by the constructor.
    fn fields(&self, parts: &mut Parts, line: &[(UnitId, ClassId)], call: Option<Site>) {
        let spread = call.is_some_and(|site| {
            let module = &self.ev.program.unit(site.unit).module;
            module.call(site.expr).is_some_and(|c| c.args.iter().any(|a| a.spread))
        });
        let mut slots: Vec<(SmolStr, Option<Site>, bool)> = Vec::new();
        let constructor = line.iter().find_map(|&(u, c)| {
            let module = &self.ev.program.unit(u).module;
            let ctor = module.class(c).methods.iter().copied();
            ctor.into_iter().find(|m| module.func(*m).kind == FunctionKind::Constructor).map(|m| (u, m))
        });
        if let Some((u, ctor)) = constructor {
            for param in &self.ev.program.unit(u).module.func(ctor).params {
                slots.push((param.name.clone(), param.default.map(|expr| Site { unit: u, expr }), false));
            }
        } else {
            for &(u, c) in line.iter().rev() {
                for field in &self.ev.program.unit(u).module.class(c).fields {
                    let slot = (field.name.clone(), field.value.map(|expr| Site { unit: u, expr }), true);
                    match slots.iter_mut().find(|(n, _, _)| *n == field.name) {
                        Some(known) => *known = slot,
                        None => slots.push(slot),
                    }
                }
            }
        }
        for (position, (name, default, _)) in slots.iter().enumerate() {
            let given = call.and_then(|site| {
                let call = self.ev.program.unit(site.unit).module.call(site.expr)?;
                let arg = call
                    .args
                    .iter()
                    .find(|a| a.name.as_ref() == Some(name))
                    .or_else(|| call.args.iter().filter(|a| a.name.is_none() && !a.spread).nth(position))?;
                Some(Site { unit: site.unit, expr: arg.value })
            });
            let wanted = names::is_undo(name) || names::is_action(name);
            match given.or(*default) {
                Some(value) => {
                    let is_method =
                        matches!(if names::is_undo(name) { &parts.undo } else { &parts.action }, Member::Method(..));
                    if !(wanted && is_method) {
                        self.named_part(parts, name, value);
                    }
                }
                None if wanted => {
                    let missing = if spread || call.is_none() { Member::Unknown } else { Member::Missing };
                    let member = if names::is_undo(name) { &mut parts.undo } else { &mut parts.action };
                    if !member.is_declared() {
                        *member = missing;
                    }
                    if names::is_undo(name) {
                        parts.undo_name.get_or_insert_with(|| name.clone());
                    }
                }
                None => {}
            }
        }
    }

    /// A class and the repository classes it extends, nearest first.
    pub(super) fn line(&self, unit: UnitId, class: ClassId) -> Vec<(UnitId, ClassId)> {
        let mut out = vec![(unit, class)];
        let mut next = 0;
        while next < out.len() && out.len() < 12 {
            let (u, c) = out[next];
            for &base in &self.ev.program.unit(u).module.class(c).bases {
                if let Value::Class { unit, class } = self.ev.at(u, base)
                    && !out.contains(&(unit, class))
                {
                    out.push((unit, class));
                }
            }
            next += 1;
        }
        out
    }

    /// A declared step as the rules see it.
    pub(super) fn step(&self, parts: &Parts) -> Step {
        let effect = match &parts.action {
            Member::Given(site) => self.effect_of_value(*site),
            Member::Method(unit, func) => self.effect_of(*unit, *func),
            _ => Effect::Unknown,
        };
        let (compensation, inert) = self.compensation(&parts.undo);
        let name = self.step_name(parts);
        Step {
            is_query: names::is_query(&name) || effect == Effect::Read,
            name,
            place: self.ev.program.place(parts.site),
            effect,
            compensation,
            inert,
            is_last: false,
            is_retriable: parts.retriable || parts.pivot,
        }
    }

    fn step_name(&self, parts: &Parts) -> String {
        if let Some(name) = &parts.name {
            return name.clone();
        }
        let module = &self.ev.program.unit(parts.site.unit).module;
        // `Step("reserve", …)`, `addStep("reserve", …)`
        if let Some(call) = module.call(parts.site.expr)
            && let Some(name) = self.ev.positional(parts.site.unit, call, 0).and_then(|v| v.as_str())
        {
            return name;
        }
        if let Member::Given(site) = &parts.action {
            let module = &self.ev.program.unit(site.unit).module;
            if let Some(name) = scan::chain(module, site.expr).last() {
                return name.to_string();
            }
            if let ExprKind::Lambda(func) = module.expr(site.expr).kind {
                let calls = self.calls_in(site.unit, func);
                let callee = calls.last().and_then(|(_, c)| scan::chain(module, c.callee).last().cloned());
                if let Some(name) = callee {
                    return name.to_string();
                }
            }
        }
        match &parts.type_name {
            Some(name) => name.to_string(),
            None => scan::chain(module, parts.site.expr).last().map_or_else(|| "step".into(), ToString::to_string),
        }
    }

    /// Whether an undo is there and does something.
    pub(super) fn compensation(&self, undo: &Member) -> (Presence, Option<Place>) {
        match undo {
            Member::Undeclared | Member::Missing => (Presence::Absent, None),
            Member::Unknown => (Presence::Unknown("the arguments could not be read".into()), None),
            Member::Method(unit, func) => {
                let place = self.ev.program.function_place(*unit, *func);
                match scan::does_nothing(&self.ev.program.unit(*unit).module, *func) {
                    true => (Presence::Absent, Some(place)),
                    false => (Presence::Present(place), None),
                }
            }
            Member::Given(site) => {
                let place = self.ev.program.place(*site);
                match self.ev.eval(*site) {
                    Value::Null | Value::Bool(false) => (Presence::Absent, None),
                    Value::Function { unit, func, .. }
                        if scan::does_nothing(&self.ev.program.unit(unit).module, func) =>
                    {
                        (Presence::Absent, Some(place))
                    }
                    _ => (Presence::Present(place), None),
                }
            }
        }
    }
}
