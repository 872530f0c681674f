//! Tables in memory in which the handlers of several messages join what belongs to one saga: a map from the saga's id
//! to what came back so far.

use smol_str::SmolStr;

use super::{CompensationFailure, Conduct, Saga, Style, names, scan};
use crate::extract::Presence;
use crate::facts::module::{
    Class, ClassId, ClassKind, ExprId, ExprKind, FuncId, FunctionKind, Language, Module, StmtKind,
};
use crate::program::types::simple_name;
use crate::program::{Evaluator, Site, UnitId};
use crate::syntax::Place;

/// A class that keeps such a table.
pub(super) struct Kept {
    pub saga: Saga,
    pub unit: UnitId,
    pub class: ClassId,
}

/// All classes that keep such a table.
pub(super) fn find(ev: &Evaluator<'_>, in_scope: &dyn Fn(UnitId) -> bool) -> Vec<Kept> {
    let mut out = Vec::new();
    for unit in ev.program.ids().filter(|u| in_scope(*u)) {
        let linked = ev.program.unit(unit);
        for (i, class) in linked.module.classes.iter().enumerate() {
            if class.kind != ClassKind::Class || class.methods.len() < 2 {
                continue;
            }
            let tables = tables(ev, unit, ClassId(i as u32), class);
            let table = tables.iter().find(|(name, _)| joins(ev, unit, class, name));
            if let Some((_, at)) = table {
                out.push(Kept { saga: saga(ev, unit, class, *at), unit, class: ClassId(i as u32) });
            }
        }
    }
    out
}

fn saga(ev: &Evaluator<'_>, unit: UnitId, class: &Class, table: ExprId) -> Saga {
    Saga {
        place: Place::new(ev.program.unit(unit).file, class.name_span),
        name: class.name.to_string(),
        style: Style::Machine,
        library: "hand-written",
        steps: Vec::new(),
        persisted: Presence::Absent,
        failure: CompensationFailure::Unknown,
        repeated: Vec::new(),
        conduct: Conduct { kept_in: Some(ev.program.place(Site { unit, expr: table })), ..Conduct::default() },
    }
}

/// The fields of a class that hold an empty map.
fn tables(ev: &Evaluator<'_>, unit: UnitId, id: ClassId, class: &Class) -> Vec<(SmolStr, ExprId)> {
    let linked = ev.program.unit(unit);
    let module = &linked.module;
    let mut out: Vec<(SmolStr, ExprId)> = Vec::new();
    for field in &class.fields {
        if let Some(value) = field.value.filter(|v| is_new_map(module, *v, field.ty)) {
            out.push((field.name.clone(), value));
        }
    }
    for name in linked.index.member_names(id) {
        for (value, method) in linked.index.member(id, name) {
            let in_constructor = method.is_some_and(|m| module.func(m).kind == FunctionKind::Constructor);
            if in_constructor && is_new_map(module, *value, None) && !out.iter().any(|(n, _)| n == name) {
                out.push((name.clone(), *value));
            }
        }
    }
    out
}

/// `new ConcurrentHashMap<>()`, `new Map()`, `{}` in Python, `mutableMapOf()`; nothing in it yet.
fn is_new_map(module: &Module, value: ExprId, ty: Option<ExprId>) -> bool {
    match &module.expr(value).kind {
        ExprKind::Dict(entries) => entries.is_empty() && module.language == Language::Python,
        ExprKind::Call(call) => {
            let made = simple_name(module, call.callee);
            // C#'s `new()` takes its type from the field.
            let name = made.filter(|n| !n.is_empty()).or_else(|| ty.and_then(|ty| simple_name(module, ty)));
            call.args.iter().all(|a| !matches!(module.expr(a.value).kind, ExprKind::Dict(_) | ExprKind::List(_)))
                && name.is_some_and(|n| {
                    matches!(
                        n.as_str(),
                        "ConcurrentHashMap"
                            | "HashMap"
                            | "LinkedHashMap"
                            | "ConcurrentDictionary"
                            | "Dictionary"
                            | "Map"
                            | "mutableMapOf"
                            | "hashMapOf"
                    )
                })
        }
        _ => false,
    }
}

/// True when two methods that react to messages load an entry of the table and change it.
fn joins(ev: &Evaluator<'_>, unit: UnitId, class: &Class, table: &SmolStr) -> bool {
    let linked = ev.program.unit(unit);
    let module = &linked.module;
    let named = [class.name.as_str(), table.as_str(), scan::stem(&linked.path)].iter().any(|n| names::is_saga_word(n));
    let changes: Vec<FuncId> = class
        .methods
        .iter()
        .copied()
        .filter(|m| module.func(*m).kind == FunctionKind::Method && !module.func(*m).params.is_empty())
        .filter(|m| changes_entry(module, *m, table))
        .collect();
    // The orchestrator's map of its sagas: each reply goes through one method.
    if names::is_saga_word(&class.name) && holds_sagas(table) && !is_store(&class.name) {
        return !changes.is_empty() && class.methods.iter().any(|m| is_moved_on(module, *m));
    }
    let handlers: Vec<FuncId> = changes.into_iter().filter(|m| reacts(&module.func(*m).name)).collect();
    handlers.len() > 1 && (named || handlers.iter().all(|m| from_messages(ev, unit, *m)))
}

/// `this.sagas`, `activeSagas`, `saga_states`, `transactions_steps`.
fn holds_sagas(table: &str) -> bool {
    names::words(table).iter().any(|w| matches!(w.as_str(), "saga" | "transaction" | "workflow" | "execution"))
}

/// A class that only keeps: what it stands for in production is not known.
fn is_store(class: &str) -> bool {
    let words = names::words(class);
    let keeps =
        |w: &String| matches!(w.as_str(), "repository" | "store" | "storage" | "dao" | "cache" | "log" | "registry");
    words.last().is_some_and(keeps) || words.iter().any(|w| matches!(w.as_str(), "memory" | "mock" | "fake" | "stub"))
}

/// A method that reacts to something: by its name, or by that of its parameter.
fn is_moved_on(module: &Module, func: FuncId) -> bool {
    let function = module.func(func);
    let says = |name: &str| {
        names::words(name)
            .iter()
            .any(|w| matches!(w.as_str(), "event" | "evt" | "reply" | "message" | "msg" | "response"))
    };
    reacts(&function.name) || says(&function.name) || function.params.iter().any(|p| says(&p.name))
}

/// `handlePaymentOutcome`, `onStockReserved`, `process_reply`.
fn reacts(name: &str) -> bool {
    let words = names::words(name);
    words.len() > 1
        && words
            .first()
            .is_some_and(|w| matches!(w.as_str(), "on" | "handle" | "process" | "receive" | "consume" | "when"))
}

/// `T entry = table.get(id); entry.setX(…)`
fn changes_entry(module: &Module, func: FuncId, table: &SmolStr) -> bool {
    let span = module.func(func).span;
    let loaded: Vec<SmolStr> = module
        .stmts
        .iter()
        .filter(|s| span.contains(s.span))
        .filter_map(|s| {
            let StmtKind::Assign { target, value: Some(value), .. } = &s.kind else { return None };
            let ExprKind::Name(name) = &module.expr(*target).kind else { return None };
            loads(module, *value, table).then(|| name.clone())
        })
        .collect();
    if changes_in_place(module, func, table) {
        return true;
    }
    if loaded.is_empty() {
        return false;
    }
    let of_entry = |object: ExprId| scan::chain(module, object).first().is_some_and(|n| loaded.contains(n));
    module.stmts.iter().filter(|s| span.contains(s.span)).any(|s| match &s.kind {
        StmtKind::Assign { target, .. } => match &module.expr(*target).kind {
            ExprKind::Attr { object, .. } | ExprKind::Index { object, .. } => of_entry(*object),
            _ => false,
        },
        _ => false,
    }) || module.exprs.iter().filter(|e| span.contains(e.span)).any(|e| {
        let ExprKind::Call(call) = &e.kind else { return false };
        match &module.expr(call.callee).kind {
            ExprKind::Attr { object, name, .. } => {
                of_entry(*object)
                    && names::words(name).first().is_some_and(|w| {
                        matches!(w.as_str(), "set" | "mark" | "add" | "update" | "apply" | "push" | "append")
                    })
            }
            _ => false,
        }
    })
}

/// `self.steps[id].pop(0)`, `this.sagas[id].push(event)`: the entry is not taken out first.
fn changes_in_place(module: &Module, func: FuncId, table: &SmolStr) -> bool {
    let span = module.func(func).span;
    module.exprs.iter().filter(|e| span.contains(e.span)).any(|e| {
        let ExprKind::Call(call) = &e.kind else { return false };
        match &module.expr(call.callee).kind {
            ExprKind::Attr { object, name, .. } => {
                matches!(name.as_str(), "pop" | "append" | "push" | "shift" | "add") && loads(module, *object, table)
            }
            _ => false,
        }
    })
}

/// `this.table.get(id)`, `table.computeIfAbsent(id, …)`, `self.table[id]`.
fn loads(module: &Module, value: ExprId, table: &SmolStr) -> bool {
    let is_table = |object: ExprId| scan::chain(module, object).last() == Some(table);
    match &module.expr(value).kind {
        ExprKind::Await(inner) => loads(module, *inner, table),
        ExprKind::Index { object, .. } => is_table(*object),
        ExprKind::Call(call) => match &module.expr(call.callee).kind {
            ExprKind::Attr { object, name, .. } => {
                is_table(*object)
                    && matches!(
                        name.as_str(),
                        "get"
                            | "computeIfAbsent"
                            | "getOrDefault"
                            | "GetOrAdd"
                            | "GetValueOrDefault"
                            | "setdefault"
                            | "getOrPut"
                    )
            }
            _ => false,
        },
        _ => false,
    }
}

/// True for a method that handles messages itself or is called by one that does, by its annotation.
fn from_messages(ev: &Evaluator<'_>, unit: UnitId, func: FuncId) -> bool {
    let listens = |unit: UnitId, func: FuncId| {
        let module = &ev.program.unit(unit).module;
        module.func(func).decorators.iter().any(|d| {
            simple_name(module, *d).is_some_and(|n| {
                n.ends_with("Listener")
                    || matches!(n.as_str(), "Incoming" | "EventPattern" | "MessagePattern" | "RabbitHandler")
            })
        })
    };
    listens(unit, func)
        || ev.callers(unit, func).into_iter().any(|c| {
            let linked = ev.program.unit(c.unit);
            linked.index.func_of(c.expr).is_some_and(|f| listens(c.unit, scan::outermost(&linked.module, f)))
        })
}
