//! Variables and parameters: what is assigned to them, and what callers pass.

use super::row::{is_plain_type, names_key};
use super::{MAX_WAYS, Reader, narrowed};
use crate::extract::publish::flow::{self, squeeze};
use crate::extract::publish::path;
use crate::extract::publish::shape::Shape;
use crate::facts::module::{BinaryOp, Call, ExprId, ExprKind, FuncId, FunctionKind, Language, Module, StmtKind};
use crate::program::index::{Binding, Scope};
use crate::program::types::simple_name;
use crate::program::{Parent, Site, UnitId, Value};

/// Types that say nothing of what they hold.
const ANYTHING: [&str; 12] = [
    "Any",
    "Array",
    "ArrayBuffer",
    "Buffer",
    "Dict",
    "Map",
    "Mapping",
    "Object",
    "Optional",
    "Record",
    "String",
    "Uint8Array",
];

/// The declared type of the variable that is given a value.
fn annotation(module: &Module, given: ExprId) -> Option<ExprId> {
    module.stmts.iter().find_map(|stmt| match &stmt.kind {
        StmtKind::Assign { value: Some(value), annotation, .. } if *value == given => *annotation,
        _ => None,
    })
}

/// What a collection of C# holds: `Event` of `IEnumerable<Event>`.
fn item(module: &Module, ty: ExprId) -> Option<ExprId> {
    let ExprKind::Index { index, .. } = module.expr(ty).kind else { return None };
    let name = simple_name(module, ty)?;
    let holds = ["Enumerable", "Collection", "List", "Set", "Queue"].iter().any(|w| name.ends_with(w));
    match &module.expr(index).kind {
        ExprKind::List(several) => several.first().copied().filter(|_| holds && several.len() == 1),
        _ => holds.then_some(index),
    }
}

impl Reader<'_, '_> {
    pub(super) fn name(&mut self, site: Site, name: &str) -> Vec<Shape> {
        let unit = self.ev.program.unit(site.unit);
        let Some((scope, bindings)) = unit.index.lookup(&unit.module, unit.index.func_of(site.expr), name) else {
            // The default of a parameter, from the class around the method.
            return match self.ev.eval(site) {
                Value::Instance(instance) if instance.call.is_some() => self.properties(site),
                value => self.value(&value),
            };
        };
        let mut out = Vec::new();
        let nearest = self.ev.reaching(site, scope, bindings);
        let reaches = |binding: &&Binding| {
            nearest.is_none_or(|nearest| **binding == nearest || matches!(**binding, Binding::Typed(_)))
        };
        for binding in bindings.iter().filter(reaches) {
            match *binding {
                Binding::Value(value) => out.extend(self.read(Site { unit: site.unit, expr: value })),
                Binding::Param(func, index) => out.extend(self.param(site.unit, func, index)),
                Binding::Typed(ty) => out.extend(self.of_type(site.unit, ty)),
                Binding::Element(iter) => out.extend(self.element(Site { unit: site.unit, expr: iter })),
                Binding::Import(_) => {
                    let value = self.ev.eval(site);
                    out.extend(self.value(&value));
                }
                _ => out.push(Shape::open()),
            }
        }
        if out.is_empty() {
            out.push(Shape::open());
        }
        if let Some(added) = self.added_in(site.unit, scope, name) {
            for shape in &mut out {
                shape.merge(added.clone());
                shape.fill_fields();
            }
        }
        let emptied = self.emptied(site, scope, name);
        if !emptied.is_empty() {
            out.iter_mut().for_each(|s| s.keys.retain(|key| !emptied.contains(&squeeze(&key.name))));
        }
        out
    }

    /// What is put into a variable after it was made.
    pub(super) fn added_to(&mut self, site: Site, name: &str) -> Option<Shape> {
        let unit = self.ev.program.unit(site.unit);
        let (scope, _) = unit.index.lookup(&unit.module, unit.index.func_of(site.expr), name)?;
        self.added_in(site.unit, scope, name)
    }

    fn added_in(&mut self, unit: UnitId, scope: Scope, name: &str) -> Option<Shape> {
        let span = match scope {
            Scope::Func(func) => Some(flow::span(self.ev, unit, func)),
            Scope::Top => None,
        };
        self.added(unit, span, name, 0)
    }

    /// The item of what is iterated.
    pub(super) fn element(&mut self, iter: Site) -> Vec<Shape> {
        let unit = self.ev.program.unit(iter.unit);
        if let ExprKind::Name(name) = &unit.module.expr(iter.expr).kind
            && let Some((_, bindings)) = unit.index.lookup(&unit.module, unit.index.func_of(iter.expr), name)
        {
            let typed = bindings.iter().find_map(|b| match *b {
                Binding::Param(func, index) => unit.module.func(func).params[index].ty,
                Binding::Typed(ty) => Some(ty),
                // `IEnumerable<Event> events = order.GetEvents();`
                Binding::Value(value) if unit.module.language == Language::CSharp => annotation(&unit.module, value),
                _ => None,
            });
            if unit.module.language == Language::CSharp
                && let Some(ty) = typed.and_then(|ty| item(&unit.module, ty))
                && let Some(Value::Object { unit, class, .. }) = self.ev.declared(iter.unit, ty)
                && let Some(shape) = self.of_family((unit, class))
            {
                return vec![shape];
            }
            if let Some(shape) = typed.and_then(|ty| self.of_type(iter.unit, ty)) {
                return vec![shape];
            }
        }
        if let Some(shape) = self.raised(iter) {
            return vec![shape];
        }
        match self.ev.eval(iter) {
            Value::List(items) => items.iter().take(8).flat_map(|s| self.read(*s)).collect(),
            Value::Param { .. } => self.read(iter),
            _ => vec![Shape::open()],
        }
    }

    /// A parameter: what the call being read passes, else what all callers pass.
    pub(super) fn param(&mut self, unit: UnitId, func: FuncId, index: usize) -> Vec<Shape> {
        let ev = self.ev;
        let module = &ev.program.unit(unit).module;
        let function = module.func(func);
        let Some(param) = function.params.get(index) else { return vec![Shape::open()] };
        if param.variadic {
            return vec![Shape::open()];
        }
        if param.ty.is_some_and(|ty| is_plain_type(module, ty)) {
            return vec![Shape::default()];
        }
        let typed = param.ty.and_then(|ty| self.of_type(unit, ty));
        let default = |reader: &mut Self| match param.default {
            Some(default) => reader.read(Site { unit, expr: default }),
            None => Vec::new(),
        };
        if let Some(depth) = self.calls.iter().rposition(|(u, f, _)| (*u, *f) == (unit, func)) {
            // Read the argument as the caller sees it.
            let inner = self.calls.split_off(depth);
            let shapes = match ev.argument_site(inner[0].2, unit, func, index) {
                Some(argument) => self.read(argument),
                None => default(self),
            };
            self.calls.extend(inner);
            return narrowed(shapes, typed);
        }
        self.touched.push((unit, func));
        let callers: Vec<Site> =
            ev.callers(unit, func).into_iter().filter(|c| (self.in_scope)(c.unit)).take(MAX_WAYS).collect();
        let mut out = Vec::new();
        if self.params.contains(&(unit, func, index)) {
            return out;
        }
        self.params.push((unit, func, index));
        self.hops += 1;
        for caller in &callers {
            let shapes = match ev.argument_site(*caller, unit, func, index) {
                Some(argument) => self.read(argument),
                None => default(self),
            };
            out.extend(narrowed(shapes, typed.clone()));
        }
        self.hops -= 1;
        self.params.pop();
        if !callers.is_empty() {
            // Calls that could not be resolved may pass something else.
            if self.has_unresolved_calls(unit, func) {
                out.push(Shape::open());
            }
            return out;
        }
        match typed {
            Some(typed) => vec![typed],
            // `pk` of a view, `id` of a route: the key of a row, whoever passes it.
            None if names_key(&param.name) && !module.language.is_jvm() => vec![Shape::default()],
            None if self.hops > 0 || module.language == Language::Go || self.may_be_called(unit, func) => {
                vec![Shape::open()]
            }
            // Whoever calls a sample's function is not shown, nor is the type of what it is given.
            None if ev.is_snippet(unit) || param.ty.is_some_and(|ty| self.is_left_out(unit, ty)) => {
                vec![Shape::open()]
            }
            // A text or an `Object` is anything.
            None if module.language.is_jvm() => vec![Shape::open()],
            // An overload that nobody uses is given what the others are.
            None if module.language == Language::CSharp && is_overloaded(module, func) => vec![Shape::open()],
            // Nobody calls the function that publishes: only what it adds itself is known.
            None => vec![Shape::default()],
        }
    }

    /// True for the name of a type that nothing declares or imports: the sample does not show it.
    fn is_left_out(&self, unit_id: UnitId, ty: ExprId) -> bool {
        let unit = self.ev.program.unit(unit_id);
        let ExprKind::Name(name) = &unit.module.expr(ty).kind else { return false };
        let scripted = matches!(unit.module.language, Language::Python | Language::JavaScript | Language::TypeScript);
        // `T` is the type of whoever calls.
        scripted
            && name.len() > 2
            && name.starts_with(char::is_uppercase)
            && !ANYTHING.contains(&name.as_str())
            && unit.index.lookup(&unit.module, unit.index.func_of(ty), name).is_none()
    }

    /// What callers pass for a part of a parameter: `options.topic`, or `topic` of `({ topic }) => …`.
    pub(super) fn passed(&self, site: Site, hops: u32) -> Vec<Site> {
        let ev = self.ev;
        let unit = ev.program.unit(site.unit);
        let at = |expr: ExprId| Site { unit: site.unit, expr };
        if hops > 6 {
            return Vec::new();
        }
        match &unit.module.expr(site.expr).kind {
            ExprKind::Attr { object, name, .. } => self
                .passed(at(*object), hops + 1)
                .into_iter()
                .flat_map(|s| match path::get(ev, s, name) {
                    path::Lookup::Found(sites) => sites,
                    _ => Vec::new(),
                })
                .collect(),
            ExprKind::Binary { op: BinaryOp::Coalesce | BinaryOp::Or, left: inner, .. }
            | ExprKind::Cast { value: inner, .. } => self.passed(at(*inner), hops + 1),
            ExprKind::Name(name) => {
                match unit.index.lookup(&unit.module, unit.index.func_of(site.expr), name).map(|(_, b)| b) {
                    Some([Binding::Value(value)]) => self.passed(at(*value), hops + 1),
                    Some([Binding::Param(func, index)]) => {
                        let known = self.calls.iter().rev().find(|(u, f, _)| (*u, *f) == (site.unit, *func));
                        let callers = match known {
                            Some((_, _, call)) => vec![*call],
                            None => ev.callers(site.unit, *func),
                        };
                        callers
                            .into_iter()
                            .filter(|c| (self.in_scope)(c.unit))
                            .take(MAX_WAYS)
                            .filter_map(|c| ev.argument_site(c, site.unit, *func, *index))
                            .collect()
                    }
                    _ => Vec::new(),
                }
            }
            _ => Vec::new(),
        }
    }

    /// True when something that could not be resolved may call the function.
    pub(super) fn may_be_called(&self, unit: UnitId, func: FuncId) -> bool {
        let function = self.ev.program.unit(unit).module.func(func);
        if function.kind == FunctionKind::Lambda || !function.decorators.is_empty() || function.name.is_empty() {
            return true;
        }
        self.has_unresolved_calls(unit, func) || self.is_passed_on(unit, func)
    }

    /// True when there is a call of that name of which it is not known what it runs.
    pub(super) fn has_unresolved_calls(&self, unit: UnitId, func: FuncId) -> bool {
        let function = self.ev.program.unit(unit).module.func(func);
        self.ev.program.calls_named(&function.name).iter().any(|site| {
            let module = &self.ev.program.unit(site.unit).module;
            // `publish(…)` without an object runs a method only where that was handed over.
            let explicit = matches!(
                module.language,
                Language::Python | Language::JavaScript | Language::TypeScript | Language::Go
            );
            let is_bare = |call: &Call| explicit && matches!(module.expr(call.callee).kind, ExprKind::Name(_));
            (self.in_scope)(site.unit)
                && module.call(site.expr).is_some_and(|call| {
                    self.ev.called(*site, call).iter().all(is_unresolved)
                        && (function.class.is_none() || !is_bare(call) || self.is_passed_on(unit, func))
                })
        })
    }

    /// True when the function is used as a value: a handler, an entry of a table.
    pub(super) fn is_passed_on(&self, unit: UnitId, func: FuncId) -> bool {
        let name = &self.ev.program.unit(unit).module.func(func).name;
        self.ev.program.ids().filter(|u| (self.in_scope)(*u)).any(|other| {
            let u = self.ev.program.unit(other);
            u.module.exprs.iter().enumerate().any(|(i, expr)| {
                let (ExprKind::Name(n) | ExprKind::Attr { name: n, .. }) = &expr.kind else { return false };
                let id = ExprId(i as u32);
                let is_callee = || match u.index.expr_parent.get(i) {
                    Some(Parent::Expr(outer)) => u.module.call(*outer).is_some_and(|c| c.callee == id),
                    _ => false,
                };
                n == name
                    && !is_callee()
                    && matches!(self.ev.at(other, id), Value::Function { unit: fu, func: f, .. } if (fu, f) == (unit, func))
            })
        })
    }
}

/// Nothing is known of what is called: `event_bus.publish(…)` in a sample that does not make the bus.
fn is_unresolved(called: &Value) -> bool {
    match called {
        Value::External(symbol) => {
            let unbound = symbol.strip_prefix("builtins.").or_else(|| symbol.strip_prefix("globalThis."));
            unbound.is_some_and(|rest| rest.contains('.') && !rest.starts_with(|c: char| c.is_ascii_uppercase()))
        }
        other => other.is_unknown(),
    }
}

/// True for one of several methods of a class that have the same name.
fn is_overloaded(module: &Module, func: FuncId) -> bool {
    let function = module.func(func);
    let Some(class) = function.class else { return false };
    module.class(class).methods.iter().filter(|m| module.func(**m).name == function.name).count() > 1
}
