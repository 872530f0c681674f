//! Steps that are added one by one: `saga.addStep(…)`, `saga.step("x").invoke(f).withCompensation(g)`,
//! `self.steps.append(Step(…))`.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::lists::StepList;
use super::member::{Member, Parts};
use super::{Context, names, scan};
use crate::facts::module::{Call, ExprId, ExprKind, FuncId, Module};
use crate::program::{Parent, Site, UnitId, Value};

/// All builders.
pub(super) fn find(context: &Context<'_, '_>) -> Vec<StepList> {
    let mut out = Vec::new();
    for &unit in &context.units {
        let module = &context.ev.program.unit(unit).module;
        let index = &context.ev.program.unit(unit).index;
        // By the function around and the object that the steps are added to.
        let mut groups: BTreeMap<(Option<FuncId>, String), Vec<Added>> = BTreeMap::new();
        for call in &index.calls {
            let Some(c) = module.call(call.expr) else { continue };
            let Some(added) = context.added(unit, call.expr, c) else { continue };
            let key = (call.func.map(|f| scan::outermost(module, f)), added.root.clone());
            groups.entry(key).or_default().push(added);
        }
        for (_, mut group) in groups {
            // A fluent chain nests to the left: the name's position is the order of the calls.
            group.sort_by_key(|a| a.position);
            out.extend(context.built(&group));
        }
    }
    out
}

struct Added {
    root: String,
    position: u32,
    receiver: Option<Site>,
    what: What,
}

enum What {
    /// A whole step.
    Step(Parts),
    /// The action of the step before.
    Action(Site),
    /// The undo of the step before.
    Undo(Site, SmolStr),
}

impl Context<'_, '_> {
    fn added(&self, unit: UnitId, expr: ExprId, call: &Call) -> Option<Added> {
        let module = &self.ev.program.unit(unit).module;
        // Eventuate Tram begins with a method that the saga inherits.
        if call.args.is_empty() && is_first_step(module, call.callee) {
            let site = Site { unit, expr };
            let position = module.expr(expr).span.start;
            let what = What::Step(Parts::new(site));
            return Some(Added { root: format!("@{position}"), position, receiver: Some(site), what });
        }
        let ExprKind::Attr { object, name, name_span } = &module.expr(call.callee).kind else { return None };
        let folded = names::fold(name);
        let adds = matches!(
            folded.as_str(),
            "addstep"
                | "addstage"
                | "step"
                | "withstep"
                | "thenstep"
                | "addaction"
                | "addtask"
                | "registerstep"
                | "addactivity"
        );
        let site = Site { unit, expr };
        let first = call.args.first().map(|a| Site { unit, expr: a.value });
        let what = if adds {
            What::Step(self.added_step(site, call)?)
        } else if matches!(folded.as_str(), "append" | "push") {
            let parts = self.parts(first?)?;
            if !parts.has_both() {
                return None;
            }
            What::Step(parts)
        } else if matches!(
            folded.as_str(),
            "withcompensation" | "compensatewith" | "compensate" | "compensation" | "withrollback" | "onrollback"
        ) && self.is_fluent(unit, *object)
        {
            What::Undo(first?, name.clone())
        } else if matches!(
            folded.as_str(),
            "invoke" | "withaction" | "action" | "execute" | "invokeparticipant" | "invokelocal"
        ) && self.is_fluent(unit, *object)
        {
            What::Action(first?)
        } else {
            return None;
        };
        let chain = scan::chain(module, *object);
        let mut root = *object;
        while let ExprKind::Call(c) = &module.expr(root).kind {
            match &module.expr(c.callee).kind {
                ExprKind::Attr { object, .. } => root = *object,
                _ => break,
            }
        }
        // A chain without a variable is told by where it begins.
        let anonymous = matches!(module.expr(root).kind, ExprKind::Call(_));
        let root_name =
            if anonymous { format!("@{}", module.expr(root).span.start) } else { scan::chain(module, root).join(".") };
        if chain.is_empty() && !anonymous {
            return None;
        }
        Some(Added { root: root_name, position: name_span.start, receiver: Some(Site { unit, expr: root }), what })
    }

    /// True when the object is what a `step(…)` call returned.
    fn is_fluent(&self, unit: UnitId, mut object: ExprId) -> bool {
        let module = &self.ev.program.unit(unit).module;
        while let ExprKind::Call(call) = &module.expr(object).kind {
            let ExprKind::Attr { object: inner, name, .. } = &module.expr(call.callee).kind else {
                return is_first_step(module, call.callee);
            };
            if matches!(names::fold(name).as_str(), "step" | "addstep" | "withstep") {
                return true;
            }
            object = *inner;
        }
        false
    }

    /// The arguments of `addStep(…)`: a step, or a name with functions.
    fn added_step(&self, site: Site, call: &Call) -> Option<Parts> {
        // A fluent call begins where its chain begins; its first argument tells which one it is.
        let first = call.args.first().map_or(site.expr, |a| a.value);
        let mut parts = Parts::new(Site { unit: site.unit, expr: first });
        for arg in &call.args {
            let value = Site { unit: site.unit, expr: arg.value };
            if let Some(key) = &arg.name {
                self.named_part(&mut parts, key, value);
                continue;
            }
            if let Some(found) = self.parts(value) {
                return Some(Parts { name: found.name.clone().or(parts.name), ..found });
            }
        }
        // By the parameters' names, where the function is known.
        if let Some(Value::Function { unit, func, .. }) =
            self.ev.at(site.unit, call.callee).alternatives().iter().find(|v| matches!(v, Value::Function { .. }))
        {
            let params = &self.ev.program.unit(*unit).module.func(*func).params;
            for (i, param) in params.iter().enumerate() {
                match self.ev.argument_site(site, *unit, *func, i) {
                    Some(value) => self.named_part(&mut parts, &param.name, value),
                    None if names::is_undo(&param.name) => {
                        parts.undo = Member::Missing;
                        parts.undo_name = Some(param.name.clone());
                    }
                    None => {}
                }
            }
            if parts.has_both() {
                return Some(parts);
            }
        }
        let positional: Vec<_> = call.args.iter().filter(|a| a.name.is_none() && !a.spread).collect();
        let mut rest = positional.as_slice();
        if let Some((first, others)) = rest.split_first()
            && let Some(name) = self.ev.at(site.unit, first.value).as_str()
        {
            parts.name = Some(name);
            rest = others;
        }
        if let Some((action, others)) = rest.split_first() {
            parts.action = Member::Given(Site { unit: site.unit, expr: action.value });
            if let Some(undo) = others.first() {
                parts.undo = Member::Given(Site { unit: site.unit, expr: undo.value });
            }
        }
        Some(parts)
    }

    fn built(&self, group: &[Added]) -> Option<StepList> {
        let mut steps: Vec<Parts> = Vec::new();
        let receiver = group.iter().find_map(|a| a.receiver)?;
        let module = &self.ev.program.unit(receiver.unit).module;
        let eventuate = module.imports.iter().any(|i| i.module.starts_with("io.eventuate.tram.sagas"));
        for added in group {
            match &added.what {
                What::Step(parts) => steps.push(parts.clone()),
                What::Action(site) => {
                    if let Some(step) = steps.last_mut() {
                        step.action = Member::Given(*site);
                        if eventuate {
                            step.site = *site;
                            step.name = scan::chain(module, site.expr).pop().map(|n| n.to_string());
                        }
                    }
                }
                What::Undo(site, name) => {
                    if let Some(step) = steps.last_mut() {
                        step.undo = Member::Given(*site);
                        step.undo_name = Some(name.clone());
                    }
                }
            }
        }
        steps.retain(|s| !matches!(s.action, Member::Undeclared));
        if steps.len() < 2 || !steps.iter().any(Parts::has_both) {
            return None;
        }
        let first = steps.first()?.site;
        let value = self.ev.eval(receiver);
        let mut words = scan::chain(module, receiver.expr);
        let mut owner = None;
        let mut library = "hand-written";
        match value.alternatives().first() {
            Some(Value::Object { unit, class, .. } | Value::Class { unit, class }) => {
                words.push(self.ev.program.unit(*unit).module.class(*class).name.clone());
                owner = Some((*unit, *class));
            }
            Some(Value::Instance(instance)) => {
                words.push(instance.ty.clone());
                if instance.ty.starts_with("node-sagas") {
                    library = "node-sagas";
                }
            }
            _ => {}
        }
        // Eventuate Tram: the step after the last one that can be undone is the pivot (see `step_list`), and
        // those that follow are repeated until they succeed.
        if eventuate {
            library = "eventuate-tram";
            let undone = steps.iter().rposition(|s| matches!(s.undo, Member::Given(_)));
            steps.iter_mut().skip(undone.map_or(0, |i| i + 2)).for_each(|s| s.retriable = true);
        }
        let mut list = self.step_list(first, &steps, &words);
        // `self.steps.append(…)` is the class that it stands in, `saga.addStep(…)` the saga's.
        let adds_to_field = matches!(module.expr(receiver.expr).kind, ExprKind::Attr { object, .. }
            if matches!(module.expr(object).kind, ExprKind::This));
        if let Some(owner) = owner.filter(|_| !adds_to_field) {
            list.owner = Some(owner);
        }
        list.library = library;
        // Steps that are added in a branch or a loop are not a sequence that could be told.
        let index = &self.ev.program.unit(first.unit).index;
        let looped = steps.iter().any(|s| {
            index.ancestors(s.site.expr).take_while(|p| !matches!(p, Parent::Func(_))).any(|p| {
                matches!(p, Parent::Stmt(s) if matches!(module.stmt(s).kind, crate::facts::module::StmtKind::Loop { .. }))
            })
        });
        (!looped).then_some(list)
    }
}

fn is_first_step(module: &Module, callee: ExprId) -> bool {
    matches!(&module.expr(callee).kind, ExprKind::Name(name) if name == "step")
        && module.imports.iter().any(|i| i.module.starts_with("io.eventuate.tram.sagas"))
}
