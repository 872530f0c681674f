//! What stands in a list or map whose items are known by its declared type only: `writers map[string]*kafka.Writer`,
//! `Map<String, KafkaTemplate<…>> templates`, `producers: Record<string, Producer>`.

use super::Evaluator;
use crate::facts::module::{ExprId, ExprKind, Module, StmtKind};
use crate::program::UnitId;
use crate::program::index::Binding;
use crate::program::types::simple_name;
use crate::program::value::Value;

/// How many names are gone through to a declaration.
const MAX_STEPS: u32 = 6;

/// Types with a key and a value.
const MAPS: [&str; 21] = [
    "ConcurrentDictionary",
    "ConcurrentHashMap",
    "ConcurrentMap",
    "Dict",
    "Dictionary",
    "FrozenDictionary",
    "HashMap",
    "IDictionary",
    "IReadOnlyDictionary",
    "ImmutableMap",
    "LinkedHashMap",
    "Map",
    "Mapping",
    "MutableMap",
    "MutableMapping",
    "ReadonlyMap",
    "Record",
    "SortedMap",
    "TreeMap",
    "defaultdict",
    "dict",
];

/// Types with items.
const LISTS: [&str; 22] = [
    "Array",
    "ArrayList",
    "Collection",
    "Deque",
    "Flux",
    "HashSet",
    "ICollection",
    "IEnumerable",
    "IList",
    "IReadOnlyCollection",
    "IReadOnlyList",
    "Iterable",
    "List",
    "MutableList",
    "Queue",
    "ReadonlyArray",
    "Sequence",
    "Set",
    "Stream",
    "list",
    "set",
    "tuple",
];

impl Evaluator<'_> {
    /// An item of a list, or a value of a map, by the declared type of what holds it.
    pub(super) fn content(&self, unit: UnitId, holder: ExprId) -> Option<Value> {
        let (unit, ty) = self.type_of(unit, holder, 0)?;
        let item = item(&self.program.unit(unit).module, ty)?;
        self.declared(unit, item)
    }

    /// The type that an expression is declared with: of a variable, a parameter, a field, what a function gives.
    fn type_of(&self, unit_id: UnitId, expr: ExprId, steps: u32) -> Option<(UnitId, ExprId)> {
        if steps > MAX_STEPS {
            return None;
        }
        let unit = self.program.unit(unit_id);
        let module = &unit.module;
        match &module.expr(expr).kind {
            ExprKind::Await(inner) | ExprKind::Cast { value: inner, .. } => self.type_of(unit_id, *inner, steps + 1),
            ExprKind::Name(name) => {
                let (_, bindings) = unit.index.lookup(module, unit.index.func_of(expr), name)?;
                bindings.iter().find_map(|binding| match *binding {
                    Binding::Typed(ty) => Some((unit_id, ty)),
                    Binding::Param(func, index) => Some((unit_id, module.func(func).params.get(index)?.ty?)),
                    Binding::Value(value) if value != expr => {
                        let written = annotation(module, value).map(|ty| (unit_id, ty));
                        written.or_else(|| self.type_of(unit_id, value, steps + 1))
                    }
                    _ => None,
                })
            }
            ExprKind::Attr { object, name, .. } => {
                let Value::Object { unit, class, .. } = self.at(unit_id, *object) else { return None };
                let (unit, class) = self.whole(unit, class);
                let field = self.program.unit(unit).module.class(class).fields.iter().find(|f| f.name == *name)?;
                Some((unit, field.ty?))
            }
            ExprKind::Call(call) => match self.at(unit_id, call.callee) {
                Value::Function { unit, func, .. } => Some((unit, self.program.unit(unit).module.func(func).returns?)),
                _ => None,
            },
            _ => None,
        }
    }
}

/// The type of what a list or map holds.
fn item(module: &Module, ty: ExprId) -> Option<ExprId> {
    let ExprKind::Index { object, index } = module.expr(ty).kind else { return None };
    let name = simple_name(module, object)?;
    match &module.expr(index).kind {
        ExprKind::List(types) if MAPS.contains(&name.as_str()) => types.last().copied().filter(|_| types.len() == 2),
        ExprKind::List(types) => types.first().copied().filter(|_| types.len() == 1 && LISTS.contains(&name.as_str())),
        _ => LISTS.contains(&name.as_str()).then_some(index),
    }
}

/// The declared type of the variable that is given a value.
fn annotation(module: &Module, given: ExprId) -> Option<ExprId> {
    module.stmts.iter().find_map(|stmt| match &stmt.kind {
        StmtKind::Assign { value: Some(value), annotation, .. } if *value == given => *annotation,
        _ => None,
    })
}
