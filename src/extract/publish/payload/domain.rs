//! Domain events of C#, which entities keep in a list until they are saved:
//! `foreach (var raised in entities.SelectMany(e => e.DomainEvents)) await endpoint.Publish(raised);`.

use super::{MAX_DEPTH, Reader};
use crate::extract::publish::shape::Shape;
use crate::facts::module::{Class, ExprId, ExprKind, FunctionKind, Language, Module};
use crate::program::eval;
use crate::program::index::Binding;
use crate::program::types::simple_name;
use crate::program::{Evaluator, Site, UnitId, Value};

/// Types that hold several values of one type.
const LISTS: [&str; 9] = [
    "IReadOnlyCollection",
    "IReadOnlyList",
    "ICollection",
    "IList",
    "IEnumerable",
    "List",
    "Collection",
    "HashSet",
    "Queue",
];
/// Methods that give some of the same values.
const KEEPS: [&str; 11] = [
    "ToList",
    "ToArray",
    "ToHashSet",
    "ToListAsync",
    "Where",
    "OrderBy",
    "Distinct",
    "AsEnumerable",
    "Concat",
    "Reverse",
    "AsReadOnly",
];
impl Reader<'_, '_> {
    /// What the kinds of events have together that a list of entities may hold.
    pub(super) fn raised(&mut self, list: Site) -> Option<Shape> {
        let ev = self.ev;
        if ev.program.language(list.unit) != Language::CSharp {
            return None;
        }
        let (unit, ty) = item_type(ev, list, 0)?;
        match ev.declared(unit, ty)? {
            Value::Object { unit, class, .. } => self.of_family((unit, class)),
            _ => None,
        }
    }
}

/// The type of what a list holds, where the property that it comes from says so.
fn item_type(ev: &Evaluator<'_>, list: Site, steps: u32) -> Option<(UnitId, ExprId)> {
    if steps > MAX_DEPTH {
        return None;
    }
    let unit = ev.program.unit(list.unit);
    let module = &unit.module;
    let next = |expr: ExprId| item_type(ev, Site { unit: list.unit, expr }, steps + 1);
    match &module.expr(list.expr).kind {
        ExprKind::Await(inner) | ExprKind::Cast { value: inner, .. } => next(*inner),
        ExprKind::Name(name) => {
            let (_, bindings) = unit.index.lookup(module, unit.index.func_of(list.expr), name)?;
            match bindings {
                [Binding::Value(value)] if *value != list.expr => next(*value),
                _ => None,
            }
        }
        ExprKind::Call(call) => {
            let ExprKind::Attr { object, name, .. } = &module.expr(call.callee).kind else { return None };
            if KEEPS.contains(&name.as_str()) {
                return next(*object);
            }
            let [only] = call.args.as_slice() else { return None };
            let ExprKind::Lambda(func) = module.expr(only.value).kind else { return None };
            let returned = eval::returns(module, func);
            match (name.as_str(), returned.as_slice()) {
                ("SelectMany", [value]) => next(*value),
                _ => None,
            }
        }
        ExprKind::Attr { name, .. } => property(ev, name),
        _ => None,
    }
}

/// The type of what the properties of a name hold, where all of the program agree.
fn property(ev: &Evaluator<'_>, name: &str) -> Option<(UnitId, ExprId)> {
    let mut found: Option<(UnitId, ExprId)> = None;
    for unit in ev.program.ids().filter(|unit| ev.program.language(*unit) == Language::CSharp) {
        let module = &ev.program.unit(unit).module;
        for ty in module.classes.iter().filter_map(|class| declared(module, class, name)) {
            let ExprKind::Index { object, index } = &module.expr(ty).kind else { return None };
            if !simple_name(module, *object).is_some_and(|list| LISTS.contains(&list.as_str())) {
                return None;
            }
            let item = simple_name(module, *index);
            if found.is_some_and(|(unit, ty)| simple_name(&ev.program.unit(unit).module, ty) != item) {
                return None;
            }
            found = Some((unit, *index));
        }
    }
    found
}

/// The type of a property of a class.
fn declared(module: &Module, class: &Class, name: &str) -> Option<ExprId> {
    let field = class.fields.iter().find(|field| field.name == name).and_then(|field| field.ty);
    let getter = || {
        let mut methods = class.methods.iter().map(|method| module.func(*method));
        methods.find(|m| m.kind == FunctionKind::Getter && m.name == name).and_then(|m| m.returns)
    };
    field.or_else(getter)
}
