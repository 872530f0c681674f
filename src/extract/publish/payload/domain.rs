//! Domain events of C#, which entities keep in a list until they are saved:
//! `foreach (var raised in entities.SelectMany(e => e.DomainEvents)) await endpoint.Publish(raised);`.

use smol_str::SmolStr;

use super::{MAX_DEPTH, Reader};
use crate::extract::publish::shape::Shape;
use crate::facts::module::{BinaryOp, Class, ClassKind, ExprId, ExprKind, FunctionKind, Language, Module};
use crate::program::eval;
use crate::program::index::Binding;
use crate::program::processes::Processes;
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
        let name = source(ev, list, 0)?;
        let typed = property(ev, &name).and_then(|(unit, ty)| ev.declared(unit, ty));
        match typed {
            Some(Value::Object { unit, class, .. }) => self.of_family((unit, class)),
            // `IReadOnlyList<object>`, `IReadOnlyCollection<INotification>`
            _ => self.added_in_process(list.unit, &name),
        }
    }

    /// What code of one process adds to the lists behind the properties of a name: `_events.Add(new OrderPlaced(Id))`.
    fn added_in_process(&mut self, of: UnitId, name: &str) -> Option<Shape> {
        let ev = self.ev;
        let mut shape: Option<Shape> = None;
        let processes = Processes::new(ev.program);
        let is_here = |unit: &UnitId| ev.program.language(*unit) == Language::CSharp && processes.together(of, *unit);
        for unit in ev.program.ids().filter(is_here) {
            let module = &ev.program.unit(unit).module;
            let kept = |class: &Class| list_behind(module, class, name).map(|list| (class.span, list));
            for (span, list) in module.classes.iter().filter_map(kept) {
                for call in ev.program.unit(unit).index.calls.iter().filter(|c| span.contains(module.expr(c.expr).span))
                {
                    let Some(made) = module.call(call.expr) else { continue };
                    let ExprKind::Attr { object, name: method, .. } = &module.expr(made.callee).kind else { continue };
                    let is_it = matches!(&module.expr(*object).kind, ExprKind::Name(n) | ExprKind::Attr { name: n, .. } if *n == list);
                    match (method.as_str(), made.args.as_slice()) {
                        ("Add" | "Enqueue", [only]) if is_it => {
                            let added = self.read(Site { unit, expr: only.value });
                            let all = shape.get_or_insert_with(Shape::default);
                            added.into_iter().for_each(|one| all.merge(one));
                        }
                        ("AddRange", _) if is_it => return None,
                        _ => {}
                    }
                }
            }
        }
        shape
    }
}

/// The name of the list that a property of a class gives: its own, or that of the field that its getter returns.
fn list_behind(module: &Module, class: &Class, name: &str) -> Option<SmolStr> {
    if class.kind == ClassKind::Interface {
        return None;
    }
    let mut methods = class.methods.iter().map(|method| (*method, module.func(*method)));
    let Some((getter, _)) = methods.find(|(_, m)| m.kind == FunctionKind::Getter && m.name == name) else {
        return class.fields.iter().any(|field| field.name == name).then(|| name.into());
    };
    let [mut returned] = eval::returns(module, getter)[..] else { return None };
    for _ in 0..4 {
        match &module.expr(returned).kind {
            ExprKind::Name(field) => return Some(field.clone()),
            ExprKind::Attr { object, name: field, .. } => {
                let is_own = matches!(&module.expr(*object).kind, ExprKind::This)
                    || matches!(&module.expr(*object).kind, ExprKind::Name(n) if n == "this");
                return is_own.then(|| field.clone());
            }
            ExprKind::Cast { value, .. } => returned = *value,
            ExprKind::Binary { op: BinaryOp::Coalesce, left, .. } => returned = *left,
            ExprKind::Call(call) => {
                let ExprKind::Attr { object, name, .. } = &module.expr(call.callee).kind else { return None };
                if !KEEPS.contains(&name.as_str()) {
                    return None;
                }
                returned = *object;
            }
            _ => return None,
        }
    }
    None
}

/// The property that a list comes from.
fn source(ev: &Evaluator<'_>, list: Site, steps: u32) -> Option<SmolStr> {
    if steps > MAX_DEPTH {
        return None;
    }
    let unit = ev.program.unit(list.unit);
    let module = &unit.module;
    let next = |expr: ExprId| source(ev, Site { unit: list.unit, expr }, steps + 1);
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
        ExprKind::Attr { name, .. } => Some(name.clone()),
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
