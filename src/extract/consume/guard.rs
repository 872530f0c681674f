//! Tests that recognise a message which was handled before.

use crate::facts::module::{BinaryOp, Call, ExprId, ExprKind, FuncId, Language, Module, StmtKind};
use crate::program::index::{Binding, Scope};
use crate::program::types::simple_name;
use crate::program::{Parent, Site, UnitId, Value};
use crate::syntax::Place;

use super::answer;
use super::effect::{self, Effect};
use super::phase;
use super::reach::Reach;
use super::volatile;

/// What recognises a duplicate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Guard {
    /// Something that survives a restart.
    Durable(Place),
    /// A collection of the process.
    Memory(Place),
    /// Something that by its name recognises duplicates but could not be read.
    Unknown(Place),
}

/// When a test says that the message is a duplicate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum When {
    /// When it holds.
    True,
    /// When it does not hold.
    False,
    /// It asks for a state that the handler leaves: both ways.
    Either,
}

impl When {
    fn flip(self) -> When {
        match self {
            When::True => When::False,
            When::False => When::True,
            When::Either => When::Either,
        }
    }
}

pub(super) const MAX_DEPTH: u32 = 10;
/// How many calls of a function are looked at for the one that fills a variable.
const MAX_CALLS: usize = 60;

/// Reads the condition of an `if`.
pub(super) fn test(reach: &Reach<'_, '_>, unit: UnitId, expr: ExprId) -> Option<(Guard, When)> {
    condition(reach, unit, expr, 0)
}

pub(super) fn condition(reach: &Reach<'_, '_>, unit: UnitId, expr: ExprId, depth: u32) -> Option<(Guard, When)> {
    if depth > MAX_DEPTH {
        return None;
    }
    let module = &reach.ev.program.unit(unit).module;
    let next = |e: ExprId| condition(reach, unit, e, depth + 1);
    match &module.expr(expr).kind {
        ExprKind::Not(inner) => next(*inner).map(|(g, w)| (g, w.flip())),
        ExprKind::Await(inner) | ExprKind::Cast { value: inner, .. } => next(*inner),
        ExprKind::Binary { op, left, right } => match op {
            BinaryOp::Or => [left, right].into_iter().find_map(|e| next(*e).filter(|(_, w)| *w != When::False)),
            BinaryOp::And => {
                let parts = [next(*left), next(*right)];
                // `if (order && order.status !== status)`: what one part keeps out, the whole keeps out.
                let keeps_out = |when: When| parts.iter().flatten().copied().find(|(_, w)| *w == when);
                let is_one = root(module, *left).is_some() && root(module, *left) == root(module, *right);
                // `if (event.id() != null && handled.existsById(event.id()))`
                let if_there = |this: usize, other: ExprId| parts[this].filter(|_| is_presence(module, other));
                keeps_out(When::Either)
                    .or_else(|| keeps_out(When::False))
                    .or_else(|| parts[0].filter(|_| is_one && parts[1].is_some()))
                    .or_else(|| if_there(1, *left).or_else(|| if_there(0, *right)))
            }
            BinaryOp::Eq | BinaryOp::Ne => {
                let is_eq = *op == BinaryOp::Eq;
                if is_go_error(module, *left) && matches!(module.expr(*right).kind, ExprKind::Null) {
                    // `_, err := bills.FindByOrder(id); if err == nil` found one; that something failed says nothing.
                    return next(*left).filter(|_| is_eq);
                }
                for (this, other) in [(left, right), (right, left)] {
                    match &module.expr(*other).kind {
                        ExprKind::Null => {
                            return next(*this).map(|(g, w)| (g, if is_eq { w.flip() } else { w }));
                        }
                        ExprKind::Bool(b) => {
                            return next(*this).map(|(g, w)| (g, if is_eq == *b { w } else { w.flip() }));
                        }
                        ExprKind::Num(n) => {
                            let empty = *n == 0.0;
                            return next(*this).map(|(g, w)| (g, if is_eq == empty { w.flip() } else { w }));
                        }
                        _ => {}
                    }
                }
                status(reach, unit, *left, *right).or_else(|| status(reach, unit, *right, *left))
            }
            BinaryOp::Gt => next(*left),
            BinaryOp::Lt => next(*left).map(|(g, w)| (g, w.flip())),
            BinaryOp::In | BinaryOp::NotIn => {
                let when = if *op == BinaryOp::In { When::True } else { When::False };
                // `payment.status in ["refunded", "canceled"]` of one that was loaded.
                let state = || status(reach, unit, *left, *right);
                memory(reach, unit, *right).map(|p| (Guard::Memory(p), when)).or_else(state)
            }
            _ => None,
        },
        ExprKind::Call(call) => {
            if let ExprKind::Attr { object, name, .. } = &module.expr(call.callee).kind
                && matches!(name.as_str(), "has" | "includes" | "get")
                && let Some(place) = memory(reach, unit, *object)
            {
                return Some((Guard::Memory(place), When::True));
            }
            // `if (bills.findByOrder(id).isEmpty()) { … }`
            if let ExprKind::Attr { object, name, .. } = &module.expr(call.callee).kind
                && name == "isEmpty"
                && call.args.is_empty()
            {
                return source(reach, unit, *object, depth + 1).map(|(g, w)| (g, w.flip()));
            }
            if let ExprKind::Attr { name, .. } = &module.expr(call.callee).kind
                && name == "includes"
            {
                // `['PAID', 'DONE'].includes(order.status)`
                return call.args.first().and_then(|a| status(reach, unit, a.value, a.value));
            }
            compared(module, call)
                .into_iter()
                .find_map(|(this, other)| status(reach, unit, this, other))
                .or_else(|| phase::asked(reach, unit, expr, depth))
                .or_else(|| source(reach, unit, expr, depth + 1))
        }
        ExprKind::Attr { object, name, .. } => {
            let lower = name.to_lowercase();
            let counts = ["length", "count", "affected", "modified", "matched", "rows", "size", "upserted", "data"];
            if counts.iter().any(|w| lower.contains(w)) {
                return source(reach, unit, *object, depth + 1);
            }
            if is_done(&lower) || leaves(reach, unit, expr, name) {
                return source(reach, unit, *object, depth + 1).map(|(g, _)| (g, When::True));
            }
            answer::told(reach, unit, *object, &lower, depth).map(|place| (Guard::Unknown(place), When::True))
        }
        ExprKind::Name(_) | ExprKind::Index { .. } => source(reach, unit, expr, depth + 1),
        // `if (checks.begin(event.id) is Completed)`: which type the answer has for a duplicate is not known.
        ExprKind::Other(parts) if module.language.is_jvm() => {
            let [value, _type] = parts.as_slice() else { return None };
            let place = reach.ev.program.place(Site { unit, expr });
            let is_asked = names_checker(module, *value) || source(reach, unit, *value, depth + 1).is_some();
            is_asked.then_some((Guard::Unknown(place), When::Either))
        }
        // `return rows, nil`
        ExprKind::List(items) if module.language == Language::Go => source(reach, unit, *items.first()?, depth),
        _ => None,
    }
}

/// What the calls compare that say whether two values are the same, either way round: `PAID.equals(order.getStatus())`,
/// `Objects.equals(order.status, PAID)`; also whether one is in a list, `OVER.contains(order.getStatus())`.
fn compared(module: &Module, call: &Call) -> Vec<(ExprId, ExprId)> {
    let ExprKind::Attr { object, name, .. } = &module.expr(call.callee).kind else { return Vec::new() };
    match (name.as_str(), call.args.as_slice()) {
        ("equals" | "Equals" | "equalsIgnoreCase", [only]) => vec![(only.value, *object), (*object, only.value)],
        ("equals" | "Equals", [one, other]) => vec![(one.value, other.value), (other.value, one.value)],
        ("contains" | "Contains", [only]) => vec![(only.value, *object)],
        _ => Vec::new(),
    }
}

/// True for a test that a value is there at all.
fn is_presence(module: &Module, expr: ExprId) -> bool {
    match &module.expr(expr).kind {
        ExprKind::Binary { op: BinaryOp::Ne, right, .. } => matches!(&module.expr(*right).kind, ExprKind::Null),
        ExprKind::Not(inner) => module.callee_name(*inner).is_some_and(|name| {
            matches!(
                name.to_lowercase().as_str(),
                "isempty" | "isblank" | "isnull" | "isnullorempty" | "isnullorwhitespace"
            )
        }),
        ExprKind::Call(_) => module.callee_name(expr).is_some_and(|name| {
            matches!(name.to_lowercase().as_str(), "nonnull" | "hastext" | "haslength" | "isnotblank" | "isnotempty")
        }),
        ExprKind::Name(_) | ExprKind::Attr { .. } => true,
        _ => false,
    }
}

/// True for the name that holds all results of a call in Go.
fn is_result(module: &Module, expr: ExprId) -> bool {
    matches!(&module.expr(expr).kind, ExprKind::Name(name) if name.starts_with('$'))
}

/// True for a word that says that something is over.
fn is_done(lower: &str) -> bool {
    let done = [
        "processed",
        "handled",
        "done",
        "complete",
        "sent",
        "paid",
        "confirmed",
        "finish",
        "notified",
        "consumed",
        "delivered",
        "executed",
        "applied",
    ];
    done.iter().any(|w| lower.contains(w))
}

/// The error of Go that a call came back with.
fn is_go_error(module: &Module, expr: ExprId) -> bool {
    let is_error = |name: &str| name == "err" || name.ends_with("Err") || name == "error";
    module.language == Language::Go && matches!(&module.expr(expr).kind, ExprKind::Name(name) if is_error(name))
}

/// What the value of an expression was asked from.
pub(super) fn source(reach: &Reach<'_, '_>, unit: UnitId, expr: ExprId, depth: u32) -> Option<(Guard, When)> {
    if depth > MAX_DEPTH {
        return None;
    }
    let program = reach.ev.program;
    let module = &program.unit(unit).module;
    let place = || program.place(Site { unit, expr });
    match &module.expr(expr).kind {
        ExprKind::Await(inner) | ExprKind::Cast { value: inner, .. } => source(reach, unit, *inner, depth + 1),
        // One of the results of a call, which a name of ours holds.
        ExprKind::Index { object, .. } if is_result(module, *object) => source(reach, unit, *object, depth),
        ExprKind::Attr { object, .. } | ExprKind::Index { object, .. } => source(reach, unit, *object, depth + 1),
        ExprKind::Binary { .. } | ExprKind::Not(_) => condition(reach, unit, expr, depth + 1),
        ExprKind::Name(name) => {
            let index = &program.unit(unit).index;
            let (scope, bindings) = index.lookup(module, index.func_of(expr), name)?;
            if !matches!(scope, Scope::Func(_)) && module.language == Language::Python {
                return None;
            }
            let bound = bindings.iter().find_map(|b| match b {
                Binding::Value(e) if is_result(module, expr) && module.call(*e).is_some() => {
                    source(reach, unit, *e, depth)
                }
                Binding::Value(e) | Binding::Entered(e) if *e != expr => source(reach, unit, *e, depth + 1),
                Binding::Param(func, 0) => source(reach, unit, awaited(reach, unit, *func)?, depth + 1),
                _ => None,
            });
            bound.or_else(|| filled(reach, unit, expr, name, depth))
        }
        ExprKind::Call(call) => {
            let site = Site { unit, expr };
            match effect::of(reach, site) {
                Some(Effect::Read) if volatile::is_asked(reach.ev, site) => {
                    return Some((Guard::Memory(place()), When::True));
                }
                Some(Effect::Read) => return Some((Guard::Durable(place()), When::True)),
                Some(Effect::Claim) => return Some((Guard::Durable(place()), When::False)),
                Some(_) => return None,
                None => {}
            }
            if let ExprKind::Attr { object, name, .. } = &module.expr(call.callee).kind {
                if name == "get"
                    && let Some(place) = memory(reach, unit, *object)
                {
                    return Some((Guard::Memory(place), When::True));
                }
                if let Some(found) = source(reach, unit, *object, depth + 1) {
                    return Some(found);
                }
            }
            // `len(rows)`
            if let (ExprKind::Name(name), [only]) = (&module.expr(call.callee).kind, call.args.as_slice())
                && name == "len"
            {
                return source(reach, unit, only.value, depth);
            }
            if let Some(answers) = promised(reach, unit, call) {
                return answers.into_iter().find_map(|e| source(reach, unit, e, depth + 1));
            }
            let called = reach.called(site);
            for (u, f) in &called {
                if let Some((guard, when)) = predicate(reach, *u, *f, depth + 1) {
                    return Some((guard, when));
                }
            }
            let name = module.callee_name(expr)?.to_lowercase();
            if name.contains("claim") || name.contains("acquire") || name.contains("markas") || name.contains("mark_as")
            {
                return Some((Guard::Unknown(place()), When::False));
            }
            recognises(&name).then(|| (Guard::Unknown(place()), When::True))
        }
        _ => None,
    }
}

/// What a variable of Go was asked from that a call fills: `rows.Scan(&order)`, `cursor.All(ctx, &orders)`, or
/// `order.Replay(events)` of events that were asked for.
fn filled(reach: &Reach<'_, '_>, unit: UnitId, expr: ExprId, name: &str, depth: u32) -> Option<(Guard, When)> {
    let linked = reach.ev.program.unit(unit);
    let (module, index) = (&linked.module, &linked.index);
    if module.language != Language::Go || depth > MAX_DEPTH {
        return None;
    }
    let func = index.func_of(expr);
    let before = module.expr(expr).span.start;
    let is_it = |e: ExprId| matches!(&module.expr(e).kind, ExprKind::Name(n) if n == name);
    let calls = index.calls.iter().filter(|c| c.func == func && module.expr(c.expr).span.end <= before);
    for found in calls.take(MAX_CALLS) {
        let Some(call) = module.call(found.expr) else { continue };
        let ExprKind::Attr { object, name: method, .. } = &module.expr(call.callee).kind else { continue };
        let fills = ["All", "Decode", "Scan", "StructScan", "First", "Take", "Last", "Find", "One", "Get", "Select"];
        // `row.Scan(&order.ID, &order.Status)`
        let is_part = |e: ExprId| match &module.expr(e).kind {
            ExprKind::Attr { object, .. } => method == "Scan" && is_it(*object),
            _ => false,
        };
        let out = fills.contains(&method.as_str()) && call.args.iter().any(|a| is_it(a.value) || is_part(a.value));
        let durable = |found: &(Guard, When)| matches!(found.0, Guard::Durable(_));
        let read = if out {
            source(reach, unit, found.expr, depth + 1)
        } else if is_it(*object) && !call.args.is_empty() {
            call.args.iter().find_map(|arg| match module.expr(arg.value).kind {
                ExprKind::Name(_) => source(reach, unit, arg.value, depth + 1).filter(durable),
                _ => None,
            })
        } else {
            None
        };
        if read.is_some() {
            return read;
        }
    }
    None
}

/// What `new Promise((resolve) => …)` resolves to.
fn promised(reach: &Reach<'_, '_>, unit: UnitId, call: &Call) -> Option<Vec<ExprId>> {
    let u = reach.ev.program.unit(unit);
    let ExprKind::Lambda(executor) = u.module.expr(call.args.first()?.value).kind else { return None };
    let is_promise = matches!(&u.module.expr(call.callee).kind, ExprKind::Name(n) if n == "Promise");
    let executor = u.module.func(executor);
    let resolve = &executor.params.first().filter(|_| is_promise)?.name;
    let inner = u.index.calls.iter().filter(|c| executor.span.contains(u.module.expr(c.expr).span));
    let answers = inner.filter_map(|c| {
        let call = u.module.call(c.expr)?;
        let is_resolve = matches!(&u.module.expr(call.callee).kind, ExprKind::Name(n) if n == resolve);
        call.args.first().filter(|_| is_resolve).map(|a| a.value)
    });
    Some(answers.collect())
}

/// The promise that a function is called with the result of: `rows(id).then((row) => …)`.
fn awaited(reach: &Reach<'_, '_>, unit: UnitId, func: FuncId) -> Option<ExprId> {
    let u = reach.ev.program.unit(unit);
    let lambda = *u.index.lambda_expr.get(&func)?;
    let Some(Parent::Expr(then)) = u.index.ancestors(lambda).next() else { return None };
    match &u.module.expr(u.module.call(then)?.callee).kind {
        ExprKind::Attr { object, name, .. } if name == "then" => Some(*object),
        _ => None,
    }
}

/// True for names of functions that recognise duplicates.
pub(super) fn recognises(name: &str) -> bool {
    let name = name.to_lowercase();
    ["duplicate", "dedup", "already", "processed", "idempot", "seen", "exists", "handledonce", "processonce"]
        .iter()
        .any(|w| name.contains(w))
}

/// True for a call on what is named after the recognition of duplicates: `idempotency.begin(id)`.
fn names_checker(module: &Module, call: ExprId) -> bool {
    let object = module.call(call).and_then(|call| match &module.expr(call.callee).kind {
        ExprKind::Attr { object, .. } => simple_name(module, *object),
        _ => None,
    });
    object.is_some_and(|name| recognises(&name))
}

/// What a function of the repository answers.
fn predicate(reach: &Reach<'_, '_>, unit: UnitId, func: FuncId, depth: u32) -> Option<(Guard, When)> {
    if depth > MAX_DEPTH {
        return None;
    }
    let module = &reach.ev.program.unit(unit).module;
    let mut found = None;
    for expr in crate::program::eval::returns(module, func) {
        if let Some(guard) = condition(reach, unit, expr, depth + 1) {
            found = Some(guard);
            break;
        }
    }
    if found.is_some() {
        return found;
    }
    // `if (this.seen.has(id)) return true; …`
    module.func(func).body.iter().find_map(|&s| match &module.stmt(s).kind {
        StmtKind::If { test, then, .. } => {
            let (guard, when) = condition(reach, unit, *test, depth + 1)?;
            let answer = then.iter().find_map(|&s| match &module.stmt(s).kind {
                StmtKind::Return(Some(e)) => match &module.expr(*e).kind {
                    ExprKind::Bool(b) => Some(*b),
                    // `if row: return Order(…)`, and nothing where there is none.
                    ExprKind::Null => Some(false),
                    ExprKind::Call(_) | ExprKind::Dict(_) | ExprKind::Name(_) => Some(true),
                    _ => None,
                },
                _ => None,
            })?;
            Some((guard, if answer { when } else { when.flip() }))
        }
        _ => None,
    })
}

/// `order.status` of something that was loaded, when the handler moves it on afterwards; also by a getter and in
/// a variable of its own.
fn status(reach: &Reach<'_, '_>, unit: UnitId, expr: ExprId, to: ExprId) -> Option<(Guard, When)> {
    let module = &reach.ev.program.unit(unit).module;
    let (object, name) = match &module.expr(expr).kind {
        ExprKind::Attr { object, name, .. } => (*object, name.clone()),
        ExprKind::Call(call) if module.language.is_jvm() && call.args.is_empty() => {
            let ExprKind::Attr { object, name, .. } = &module.expr(call.callee).kind else { return None };
            (*object, property(name)?)
        }
        ExprKind::Name(name) if module.language.is_jvm() => {
            let index = &reach.ev.program.unit(unit).index;
            return match index.lookup(module, index.func_of(expr), name)?.1 {
                [Binding::Value(value)] if !matches!(module.expr(*value).kind, ExprKind::Name(_)) => {
                    status(reach, unit, *value, to)
                }
                _ => None,
            };
        }
        // `rows.Scan(&status)`, then `status == "canceled"` before the row is set to that.
        ExprKind::Name(_) if module.language == Language::Go => {
            let (guard, _) = source(reach, unit, expr, 1)?;
            return moves_to(reach, unit, to).then_some((guard, When::Either));
        }
        _ => return None,
    };
    let (guard, _) = source(reach, unit, object, 1)?;
    // `order.Status == "confirmed"` of an order that is made of what was asked for.
    let is_over = || matches!(&module.expr(to).kind, ExprKind::Str(text) if is_done(&text.to_lowercase()));
    (leaves(reach, unit, expr, &name) || (module.language == Language::Go && is_over()))
        .then_some((guard, When::Either))
}

/// True when the function around writes the text that it compares with, in SQL or as an argument.
fn moves_to(reach: &Reach<'_, '_>, unit: UnitId, to: ExprId) -> bool {
    let linked = reach.ev.program.unit(unit);
    let (module, index) = (&linked.module, &linked.index);
    let (Some(text), Some(func)) = (reach.ev.at(unit, to).as_str(), index.func_of(to)) else { return false };
    let (quoted, after) = (format!("'{text}'"), module.expr(to).span.end);
    let calls = index.calls.iter().filter(|c| c.func == Some(func) && module.expr(c.expr).span.start > after);
    calls.filter_map(|c| module.call(c.expr)).flat_map(|call| &call.args).any(|arg| {
        let given = reach.ev.at(unit, arg.value).as_str();
        given.is_some_and(|given| given == text || given.contains(&quoted))
    })
}

/// `status` of `getStatus` and `isStatus`.
fn property(getter: &str) -> Option<smol_str::SmolStr> {
    let rest = getter.strip_prefix("get").or_else(|| getter.strip_prefix("is"))?;
    let mut chars = rest.chars();
    let first = chars.next().filter(|c| c.is_uppercase())?;
    Some(first.to_lowercase().chain(chars).collect())
}

/// True when the function around, or one that it calls, assigns the attribute.
fn leaves(reach: &Reach<'_, '_>, unit: UnitId, expr: ExprId, attribute: &str) -> bool {
    let index = &reach.ev.program.unit(unit).index;
    let Some(func) = index.func_of(expr) else { return false };
    if assigns(reach, unit, func, attribute) {
        return true;
    }
    index
        .calls
        .iter()
        .filter(|c| c.func == Some(func))
        .take(40)
        .flat_map(|c| reach.called(Site { unit, expr: c.expr }))
        .any(|(u, f)| assigns(reach, u, f, attribute))
}

/// `stock -= quantity`, `stock = stock - quantity`: an amount, which says nothing of what was done before.
fn is_count(module: &Module, target: ExprId, op: Option<BinaryOp>, value: Option<ExprId>) -> bool {
    let field = |expr: ExprId| match &module.expr(expr).kind {
        ExprKind::Attr { name, .. } => Some(name),
        _ => None,
    };
    match (op, value.map(|value| &module.expr(value).kind)) {
        (Some(BinaryOp::Add | BinaryOp::Sub), _) => true,
        (None, Some(ExprKind::Binary { op: BinaryOp::Add | BinaryOp::Sub, left, right })) => {
            let own = field(target);
            field(*left) == own || field(*right) == own
        }
        _ => false,
    }
}

fn assigns(reach: &Reach<'_, '_>, unit: UnitId, func: FuncId, attribute: &str) -> bool {
    let unit_ref = reach.ev.program.unit(unit);
    let (module, index) = (&unit_ref.module, &unit_ref.index);
    let assigned = module.stmts.iter().any(|s| match &s.kind {
        StmtKind::Assign { target, op, value, .. } => {
            matches!(&module.expr(*target).kind, ExprKind::Attr { name, .. } if name == attribute)
                && index.func_of(*target) == Some(func)
                && (effect::is_bookkeeping(attribute) || !is_count(module, *target, *op, *value))
        }
        _ => false,
    });
    let setter = |name: &str| {
        let rest = name.strip_prefix("set").unwrap_or("");
        module.language.is_jvm() && rest.eq_ignore_ascii_case(attribute)
    };
    assigned
        || index.calls.iter().any(|c| c.func == Some(func) && module.callee_name(c.expr).is_some_and(|n| setter(n)))
        || index.calls.iter().filter(|c| c.func == Some(func)).any(|c| {
            let name = module.callee_name(c.expr).map_or("", |n| n.as_str()).to_lowercase();
            name.contains("update")
                && module.call(c.expr).is_some_and(|call| {
                    call.args.iter().any(|a| {
                        a.name.as_deref() == Some(attribute)
                            || match reach.ev.at(unit, a.value) {
                                Value::Dict(d) => {
                                    d.get(attribute).is_some()
                                        || ["data", "$set"].iter().any(|k| {
                                            d.get(k).is_some_and(|s| {
                                                matches!(reach.ev.eval(s), Value::Dict(d) if d.get(attribute).is_some())
                                            })
                                        })
                                }
                                _ => false,
                            }
                    })
                })
        })
}

/// A collection that lives as long as the process: a field, a class attribute or a module variable.
pub(super) fn memory(reach: &Reach<'_, '_>, unit: UnitId, expr: ExprId) -> Option<Place> {
    let program = reach.ev.program;
    let module = &program.unit(unit).module;
    let index = &program.unit(unit).index;
    match &module.expr(expr).kind {
        ExprKind::Name(name) => {
            let (scope, _) = index.lookup(module, index.func_of(expr), name)?;
            if scope != Scope::Top {
                return None;
            }
        }
        ExprKind::Attr { .. } => {}
        _ => return None,
    }
    let is_collection = reach.ev.at(unit, expr).alternatives().iter().any(|v| match v {
        Value::Instance(i) => {
            let name = i.ty.rsplit('.').next().unwrap_or(&i.ty);
            matches!(
                name,
                "Set"
                    | "Map"
                    | "WeakSet"
                    | "set"
                    | "dict"
                    | "deque"
                    | "OrderedDict"
                    | "TTLCache"
                    | "LRUCache"
                    | "LRU"
                    | "NodeCache"
                    | "defaultdict"
            ) || i.ty == "lru-cache"
                || i.ty == "node-cache"
        }
        // A literal with content is a table, not a memory.
        Value::Dict(d) => d.entries.is_empty() && !d.open,
        Value::List(l) => l.is_empty(),
        _ => false,
    });
    is_collection.then(|| program.place(Site { unit, expr }))
}

fn root(module: &Module, mut expr: ExprId) -> Option<smol_str::SmolStr> {
    loop {
        match &module.expr(expr).kind {
            ExprKind::Name(n) => return Some(n.clone()),
            ExprKind::Attr { object, .. } | ExprKind::Index { object, .. } => expr = *object,
            ExprKind::Not(e) | ExprKind::Await(e) => expr = *e,
            ExprKind::Binary { left, .. } => expr = *left,
            ExprKind::Call(c) => expr = c.callee,
            _ => return None,
        }
    }
}
