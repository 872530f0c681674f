//! Lists of steps: `[Step("reserve", …), Step("charge", …)]`, `[{ execute, compensate }, …]`.

use smol_str::SmolStr;

use super::member::{Member, Parts};
use super::{Context, Effect, Step, names, scan};
use crate::facts::module::{ClassId, Entry, ExprId, ExprKind, Module};
use crate::program::{Evaluator, Parent, Site, UnitId};
use crate::syntax::Place;

/// Declared steps in order.
#[derive(Clone, Debug)]
pub(super) struct StepList {
    /// The list, or the first call of the builder.
    pub site: Site,
    /// The steps.
    pub steps: Vec<Step>,
    /// What does them.
    pub actions: Vec<Member>,
    /// What undoes them.
    pub undos: Vec<Member>,
    /// Names that two steps share: where the second one stands, the name, and the first one.
    pub repeated: Vec<(Place, String, Place)>,
    /// What the undo is called.
    pub undo_name: SmolStr,
    /// The class that the list stands in, or that the steps are added to.
    pub owner: Option<(UnitId, ClassId)>,
    /// What it is called.
    pub name: String,
    /// Who carries it out.
    pub library: &'static str,
    /// Two signs of a saga are there, and effects on others.
    pub is_saga: bool,
}

/// All lists of steps.
pub(super) fn find(context: &Context<'_, '_>) -> Vec<StepList> {
    let mut out = Vec::new();
    for &unit in &context.units {
        let module = &context.ev.program.unit(unit).module;
        for (i, expr) in module.exprs.iter().enumerate() {
            let Some(items) = items_of(module, &expr.kind) else { continue };
            if items.len() < 2 || items.len() > 64 {
                continue;
            }
            let parts: Vec<Option<Parts>> = items.iter().map(|&expr| context.parts(Site { unit, expr })).collect();
            if is_wiring(context, unit, ExprId(i as u32)) {
                continue;
            }
            if parts.iter().flatten().count() < 2 || !parts.iter().flatten().any(Parts::has_both) {
                continue;
            }
            let ends = parts.last().is_some_and(Option::is_some);
            let parts: Vec<Parts> = parts.into_iter().flatten().collect();
            let mut list = context.step_list(Site { unit, expr: ExprId(i as u32) }, &parts, &[]);
            if !ends && let Some(last) = list.steps.last_mut() {
                last.is_last = false;
            }
            out.push(list);
        }
    }
    out
}

/// The items of a list that is written out, also with what makes one in Java and Kotlin: `List.of(reserve, charge)`.
fn items_of(module: &Module, kind: &ExprKind) -> Option<Vec<ExprId>> {
    let call = match kind {
        ExprKind::List(items) => return Some(items.clone()),
        ExprKind::Call(call) if module.language.is_jvm() => call,
        _ => return None,
    };
    let makes_a_list = match &module.expr(call.callee).kind {
        ExprKind::Name(name) => matches!(name.as_str(), "listOf" | "mutableListOf" | "arrayOf" | "arrayListOf"),
        ExprKind::Attr { object, name, .. } => {
            let ExprKind::Name(of) = &module.expr(*object).kind else { return None };
            matches!((of.as_str(), name.as_str()), ("List" | "Stream", "of") | ("Arrays", "asList") | ("Flux", "just"))
        }
        _ => false,
    };
    makes_a_list.then(|| call.args.iter().map(|arg| arg.value).collect())
}

/// `providers: [PlaceOrderUseCase, OrderSaga]`: what a container makes, in no order.
fn is_wiring(context: &Context<'_, '_>, unit: UnitId, list: ExprId) -> bool {
    let linked = context.ev.program.unit(unit);
    let Some(Parent::Expr(around)) = linked.index.ancestors(list).next() else { return false };
    let ExprKind::Dict(entries) = &linked.module.expr(around).kind else { return false };
    entries.iter().any(|entry| match entry {
        Entry::Pair { key, value, .. } => {
            *value == list
                && matches!(&linked.module.expr(*key).kind, ExprKind::Str(key)
                    if matches!(key.as_str(), "providers" | "imports" | "controllers" | "exports" | "inject" | "declarations"))
        }
        Entry::Spread(_) => false,
    })
}

impl Context<'_, '_> {
    /// Puts steps together and decides whether they are a saga's.
    pub(super) fn step_list(&self, site: Site, parts: &[Parts], more_names: &[SmolStr]) -> StepList {
        let unit = self.ev.program.unit(site.unit);
        let module = &unit.module;
        let mut steps: Vec<Step> = parts.iter().map(|p| self.step(p)).collect();
        if let Some(last) = steps.last_mut() {
            last.is_last = true;
        }
        // What follows the pivot is retried by definition.
        if let Some(pivot) = parts.iter().position(|p| p.pivot) {
            steps.iter_mut().skip(pivot).for_each(|s| s.is_retriable = true);
        }
        // A step before nothing but retried steps is the pivot.
        if let Some(first) = steps.iter().rposition(|s| !s.is_retriable) {
            let rest = &steps[first + 1..];
            if !rest.is_empty() {
                steps[first].is_retriable = true;
            }
        }
        let func = unit.index.func_of(site.expr);
        let class = func.and_then(|f| scan::class_of(module, f)).or_else(|| class_around(module, site.expr));
        let assigned = self.assigned_name(site.unit, site.expr);
        let mut words: Vec<SmolStr> = more_names.to_vec();
        words.push(scan::stem(&unit.path).into());
        words.extend(assigned.clone());
        words.extend(class.map(|c| module.class(c).name.clone()));
        words.extend(func.map(|f| module.func(scan::outermost(module, f)).name.clone()));
        words.extend(parts.iter().filter_map(|p| p.type_name.clone()));
        let undo_name = parts.iter().find_map(|p| p.undo_name.clone()).unwrap_or_default();
        let is_named = words.iter().any(|w| names::is_saga_word(w)) || names::is_compensation(&undo_name);
        let changing = steps.iter().filter(|s| s.changes_state()).count();
        let proven = steps.iter().filter(|s| matches!(s.effect, Effect::Remote | Effect::Publish)).count();
        // A step in a table of its own counts beside one that others see.
        let own = steps.iter().filter(|s| !s.is_query && s.effect == Effect::Database).count();
        let is_saga = if is_named { changing >= 1 && changing + own >= 2 } else { proven >= 2 };
        let name = class.map(|c| module.class(c).name.clone()).or(assigned);
        StepList {
            site,
            steps,
            actions: parts.iter().map(|p| p.action.clone()).collect(),
            undos: parts.iter().map(|p| p.undo.clone()).collect(),
            repeated: self.repeated(parts),
            undo_name,
            owner: class.map(|c| (site.unit, c)),
            name: name.map_or_else(|| scan::stem(&unit.path).to_string(), |n| n.to_string()),
            library: "hand-written",
            is_saga,
        }
    }
}

impl Context<'_, '_> {
    /// Names that are given to more than one step.
    fn repeated(&self, parts: &[Parts]) -> Vec<(Place, String, Place)> {
        let mut out = Vec::new();
        for (i, part) in parts.iter().enumerate() {
            let Some(name) = self.given_name(part) else { continue };
            let first = parts[..i].iter().find(|p| self.given_name(p).as_ref() == Some(&name));
            if let Some(first) = first {
                let place = |p: &Parts| self.ev.program.place(p.site);
                out.push((place(part), name, place(first)));
            }
        }
        out
    }

    /// The name that a step is given, not one that is made up from what it calls.
    fn given_name(&self, parts: &Parts) -> Option<String> {
        parts.name.clone().or_else(|| {
            let module = &self.ev.program.unit(parts.site.unit).module;
            self.ev.positional(parts.site.unit, module.call(parts.site.expr)?, 0)?.as_str()
        })
    }
}

/// The class in whose fields an expression stands.
fn class_around(module: &crate::facts::module::Module, expr: ExprId) -> Option<ClassId> {
    let span = module.expr(expr).span;
    let inside = module.classes.iter().enumerate().filter(|(_, c)| c.span.contains(span));
    inside.min_by_key(|(_, c)| c.span.end - c.span.start).map(|(i, _)| ClassId(i as u32))
}

/// A cheap look: does anything in the file speak of sagas or of undoing?
pub(super) fn is_relevant(ev: &Evaluator<'_>, unit: UnitId) -> bool {
    let unit = ev.program.unit(unit);
    let module = &unit.module;
    let told = |n: &str| names::may_tell(n) && (names::is_undo(n) || names::is_saga_word(n) || names::is_undo_word(n));
    told(&unit.path)
        || module.imports.iter().any(|i| {
            told(&i.module)
                || told(&i.local)
                || matches!(i.module.as_str(), "node-sagas" | "temporalio" | "@temporalio/workflow")
                || i.module.starts_with("go.temporal.io/sdk/workflow")
                || i.module.starts_with("Temporalio")
        })
        || module.classes.iter().any(|c| told(&c.name) || c.fields.iter().any(|f| told(&f.name)))
        || module.funcs.iter().any(|f| told(&f.name) || f.params.iter().any(|p| told(&p.name)))
        || module.exprs.iter().any(|e| match &e.kind {
            ExprKind::Name(name) => told(name),
            ExprKind::Attr { name, .. } => told(name),
            ExprKind::Call(call) => call.args.iter().any(|a| a.name.as_ref().is_some_and(|n| told(n))),
            ExprKind::Dict(entries) => entries.iter().any(|e| match e {
                Entry::Pair { key, .. } => matches!(&module.expr(*key).kind, ExprKind::Str(k) if told(k)),
                Entry::Spread(_) => false,
            }),
            _ => false,
        })
}
