//! Reads arguments by the sources of the catalog, and calls that stand in a loop once for each item.

use smol_str::SmolStr;

use crate::facts::module::{
    Arg, BinaryOp, Block, Entry, ExprId, ExprKind, FuncId, Language, LoopHeader, Module, StmtKind, TemplatePart,
};
use crate::program::index::{Binding, Parent};
use crate::program::value::{Dict, Text, TextPart};
use crate::program::{Evaluator, Instance, Site, Value};

/// How many items of a loop are looked at.
const MAX_ITEMS: usize = 128;

/// The variables of a loop for one item.
#[derive(Clone, Debug)]
pub(super) struct Item {
    /// The names, each with its position when the target is a pattern.
    vars: Vec<(SmolStr, Option<usize>)>,
    /// The item.
    item: Site,
    /// The variable of the key, where the loop goes over a map, and the key.
    key: Option<(SmolStr, Site)>,
}

/// The arguments that the first fitting source names.
pub(super) fn find(ev: &Evaluator<'_>, call: Site, sources: &[String]) -> Vec<Site> {
    sources.iter().map(|s| one(ev, call, s)).find(|found| !found.is_empty()).unwrap_or_default()
}

fn one(ev: &Evaluator<'_>, site: Site, source: &str) -> Vec<Site> {
    let Some(call) = ev.program.unit(site.unit).module.call(site.expr) else { return Vec::new() };
    let here = |expr: ExprId| Site { unit: site.unit, expr };
    let positional = || call.args.iter().filter(|a| a.name.is_none() && !a.spread).map(|a| here(a.value));
    if let Some(name) = source.strip_prefix('.') {
        return chained(ev, site, name);
    }
    if let Some(from) = source.strip_prefix("rest:").and_then(|n| n.parse().ok()) {
        return positional().skip(from).collect();
    }
    if let Some(n) = source.strip_prefix("text:").and_then(|n| n.parse().ok()) {
        return positional().nth(n).into_iter().filter(|s| matches!(ev.eval(*s), Value::Str(_))).collect();
    }
    let mut parts = source.trim_start_matches('/').split('.');
    let first = parts.next().unwrap_or("");
    let start = match first.parse::<usize>() {
        Ok(n) => positional().nth(n),
        Err(_) => call.args.iter().find(|a| a.name.as_deref() == Some(first)).map(|a| here(a.value)),
    };
    let mut found = start;
    for key in parts {
        found = found.and_then(|s| match ev.eval(s) {
            Value::Dict(dict) => dict.get(key),
            _ => None,
        });
    }
    found.into_iter().collect()
}

/// What an expression evaluates to for one item of the loop around it. A parameter is followed to the
/// callers of its function.
pub(super) fn value(ev: &Evaluator<'_>, site: Site, item: Option<&Item>) -> Value {
    let value = match item.and_then(|item| substituted(ev, site, item, 0)) {
        Some(value) => value,
        None => ev.eval(site),
    };
    if !matches!(value, Value::Param { .. }) {
        return value;
    }
    let settled: Vec<Value> = ev.settle(&value).into_iter().filter(|v| !v.is_unknown()).collect();
    match settled.len() {
        0 => value,
        1 => settled.into_iter().next().unwrap_or(value),
        _ => Value::OneOf(settled.into()),
    }
}

/// The arguments of a call of this name in the chain around a call: behind it, or before it, also where
/// the chain goes on from a variable.
pub(crate) fn chained(ev: &Evaluator<'_>, site: Site, name: &str) -> Vec<Site> {
    let unit = ev.program.unit(site.unit);
    for parent in unit.index.ancestors(site.expr) {
        let Parent::Expr(expr) = parent else { break };
        match &unit.module.expr(expr).kind {
            ExprKind::Call(call) if unit.module.callee_name(expr).is_some_and(|n| n == name) => {
                return call.args.iter().map(|a| Site { unit: site.unit, expr: a.value }).collect();
            }
            ExprKind::Call(_) | ExprKind::Attr { .. } => {}
            _ => break,
        }
    }
    let mut link = ev.callee(site).and_then(|(_, receiver)| receiver);
    for _ in 0..50 {
        let Some(instance) = link else { break };
        if let Some(made) = instance.call
            && let module = &ev.program.unit(made.unit).module
            && module.callee_name(made.expr).is_some_and(|n| n == name)
            && let Some(call) = module.call(made.expr)
        {
            return call.args.iter().map(|a| Site { unit: made.unit, expr: a.value }).collect();
        }
        link = instance.from.clone();
    }
    Vec::new()
}

fn substituted(ev: &Evaluator<'_>, site: Site, item: &Item, depth: u32) -> Option<Value> {
    if depth > 8 {
        return None;
    }
    let unit = ev.program.unit(site.unit);
    let here = |expr| Site { unit: site.unit, expr };
    match &unit.module.expr(site.expr).kind {
        ExprKind::Name(name) => {
            if let Some((_, key)) = item.key.as_ref().filter(|(n, _)| n == name) {
                return Some(ev.eval(*key));
            }
            if let Some((_, position)) = item.vars.iter().find(|(n, _)| n == name) {
                return Some(match position {
                    None => ev.eval(item.item),
                    Some(n) => match ev.eval(item.item) {
                        Value::List(items) => items.get(*n).map_or(Value::Unknown, |s| ev.eval(*s)),
                        _ => Value::Unknown,
                    },
                });
            }
            // `const { path, router } = item`, also in the parameter of a lambda.
            let (_, bindings) = unit.index.lookup(&unit.module, unit.index.func_of(site.expr), name)?;
            bindings.iter().find_map(|b| match b {
                Binding::Value(value) if mentions(ev, here(*value), item) => {
                    substituted(ev, here(*value), item, depth + 1)
                }
                _ => None,
            })
        }
        ExprKind::Attr { object, name, .. } => {
            let object = substituted(ev, here(*object), item, depth + 1)?;
            Some(ev.attribute(&object, name, site))
        }
        ExprKind::Index { object, index } => {
            let object = substituted(ev, here(*object), item, depth + 1)?;
            match (object, ev.eval(here(*index))) {
                (Value::List(items), Value::Num(n)) if n >= 0.0 => items.get(n as usize).map(|s| ev.eval(*s)),
                (Value::Dict(dict), key) => key.as_str().and_then(|k| dict.get(&k)).map(|s| ev.eval(s)),
                _ => None,
            }
        }
        ExprKind::Template(parts) => {
            if !parts.iter().any(|p| matches!(p, TemplatePart::Hole(e) if mentions(ev, here(*e), item))) {
                return None;
            }
            let mut text = Text::default();
            for part in parts {
                match part {
                    TemplatePart::Text(lit) => text.parts.push(TextPart::Lit(lit.clone())),
                    TemplatePart::Hole(e) => {
                        let value = substituted(ev, here(*e), item, depth + 1).unwrap_or_else(|| ev.eval(here(*e)));
                        match value.to_text() {
                            Some(inner) => text.push(inner),
                            None => text.parts.push(TextPart::Hole),
                        }
                    }
                }
            }
            Some(Value::Str(text))
        }
        _ => None,
    }
}

/// True when a variable of the loop stands somewhere in the expression, or in what it is assigned from.
fn mentions(ev: &Evaluator<'_>, site: Site, item: &Item) -> bool {
    let unit = ev.program.unit(site.unit);
    let mut todo = vec![(site.expr, 0)];
    let mut budget = 200;
    while let Some((expr, depth)) = todo.pop() {
        budget -= 1;
        if budget == 0 {
            return false;
        }
        if let ExprKind::Name(name) = &unit.module.expr(expr).kind {
            if item.vars.iter().any(|(n, _)| n == name) || item.key.as_ref().is_some_and(|(n, _)| n == name) {
                return true;
            }
            if depth < 2
                && let Some((_, bindings)) = unit.index.lookup(&unit.module, unit.index.func_of(expr), name)
            {
                todo.extend(bindings.iter().filter_map(|b| match b {
                    Binding::Value(value) => Some((*value, depth + 1)),
                    _ => None,
                }));
            }
        }
        todo.extend(unit.module.children(expr).into_iter().map(|e| (e, depth)));
    }
    false
}

/// One entry for each time a call runs as far as loops over lists decide it: none for a call outside of
/// such loops.
pub(super) fn items(ev: &Evaluator<'_>, call: Site) -> Vec<Option<Item>> {
    let unit = ev.program.unit(call.unit);
    let mut inner = None;
    let mut key = None;
    for parent in unit.index.ancestors(call.expr) {
        let (vars, iter) = match parent {
            Parent::Stmt(stmt) => match &unit.module.stmt(stmt).kind {
                StmtKind::Loop { header: LoopHeader::Each { target, iter }, body, .. } => {
                    key = key_of_loop(&unit.module, body);
                    (names(ev, call, *target), *iter)
                }
                _ => continue,
            },
            // `routes.forEach(route => app.use(route.path, route.router))`
            Parent::Expr(expr) => {
                let found = inner.and_then(|func| for_each(ev, call, expr, func));
                if let ExprKind::Lambda(func) = unit.module.expr(expr).kind {
                    inner = Some(func);
                }
                match found {
                    Some(found) => found,
                    None => continue,
                }
            }
            Parent::Func(_) => continue,
            Parent::Class(_) | Parent::Top => break,
        };
        let items: Vec<Item> = match &ev.at(call.unit, iter) {
            Value::Dict(dict) => dict_items(ev, dict, &vars, key.take()),
            value => {
                let item = |item: Site| Item { vars: vars.clone(), item, key: None };
                elements(ev, value).into_iter().take(MAX_ITEMS).map(item).collect()
            }
        };
        let Some(first) = items.first() else { continue };
        if mentions(ev, call, first) {
            return items.into_iter().filter(|item| reached(ev, call, item)).map(Some).collect();
        }
    }
    vec![None]
}

/// The elements of a list, also of one with a type that has a name: Go's `Routes{Route{…}, Route{…}}`.
fn elements(ev: &Evaluator<'_>, value: &Value) -> Vec<Site> {
    match value {
        Value::List(list) => list.to_vec(),
        Value::Instance(Instance { call: Some(site), .. }) | Value::Object { call: Some(site), .. } => {
            let module = &ev.program.unit(site.unit).module;
            let Some(call) = module.call(site.expr).filter(|c| c.is_new && module.language == Language::Go) else {
                return Vec::new();
            };
            let is_element = |a: &Arg| a.name.is_none() && module.call(a.value).is_some_and(|c| c.is_new);
            let all = call.args.iter().all(is_element);
            call.args.iter().filter(|_| all).map(|a| Site { unit: site.unit, expr: a.value }).collect()
        }
        _ => Vec::new(),
    }
}

/// The items of a map that is written as a literal.
fn dict_items(ev: &Evaluator<'_>, dict: &Dict, vars: &[(SmolStr, Option<usize>)], key: Option<SmolStr>) -> Vec<Item> {
    let module = &ev.program.unit(dict.site.unit).module;
    let ExprKind::Dict(entries) = &module.expr(dict.site.expr).kind else { return Vec::new() };
    let at = |expr: ExprId| Site { unit: dict.site.unit, expr };
    let item = |entry: &Entry| match entry {
        Entry::Pair { key: name, value } => {
            Some(Item { vars: vars.to_vec(), item: at(*value), key: key.clone().map(|variable| (variable, at(*name))) })
        }
        Entry::Spread(_) => None,
    };
    entries.iter().filter_map(item).take(MAX_ITEMS).collect()
}

/// The variable of the key in Go's `for key, element := range items`: the body begins with its declaration.
fn key_of_loop(module: &Module, body: &Block) -> Option<SmolStr> {
    let first = body.first().filter(|_| module.language == Language::Go)?;
    match &module.stmt(*first).kind {
        StmtKind::Assign { target, value: None, .. } => match &module.expr(*target).kind {
            ExprKind::Name(name) => Some(name.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// False when a condition between the loop and the call does not hold for the item:
/// `switch route.Method { case "GET": router.GET(route.Path, route.Handler) }`.
fn reached(ev: &Evaluator<'_>, call: Site, item: &Item) -> bool {
    let unit = ev.program.unit(call.unit);
    let at = unit.module.expr(call.expr).span;
    for parent in unit.index.ancestors(call.expr) {
        let Parent::Stmt(stmt) = parent else { continue };
        let StmtKind::If { test, then, other } = &unit.module.stmt(stmt).kind else { continue };
        let inside = |block: &Block| block.iter().any(|s| unit.module.stmt(*s).span.contains(at));
        let ExprKind::Binary { op: BinaryOp::Eq, left, right } = &unit.module.expr(*test).kind else { continue };
        let side = |expr: ExprId| {
            let site = Site { unit: call.unit, expr };
            let value = substituted(ev, site, item, 0).unwrap_or_else(|| ev.eval(site));
            value.as_str().or_else(|| verb_of(&value))
        };
        let (Some(left), Some(right)) = (side(*left), side(*right)) else { continue };
        if (inside(then) && left != right) || (inside(other) && left == right) {
            return false;
        }
    }
    true
}

/// `http.MethodGet` is `GET`.
fn verb_of(value: &Value) -> Option<String> {
    match value {
        Value::External(symbol) => Some(symbol.rsplit('.').next()?.strip_prefix("Method")?.to_uppercase()),
        _ => None,
    }
}

fn names(ev: &Evaluator<'_>, call: Site, target: ExprId) -> Vec<(SmolStr, Option<usize>)> {
    let module = &ev.program.unit(call.unit).module;
    match &module.expr(target).kind {
        ExprKind::Name(name) => vec![(name.clone(), None)],
        ExprKind::List(items) => items
            .iter()
            .enumerate()
            .filter_map(|(i, e)| match &module.expr(*e).kind {
                ExprKind::Name(name) => Some((name.clone(), Some(i))),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}

type Variables = (Vec<(SmolStr, Option<usize>)>, ExprId);

fn for_each(ev: &Evaluator<'_>, at: Site, expr: ExprId, func: FuncId) -> Option<Variables> {
    let module = &ev.program.unit(at.unit).module;
    let call = module.call(expr)?;
    let ExprKind::Attr { object, name, .. } = &module.expr(call.callee).kind else { return None };
    if !matches!(name.as_str(), "forEach" | "map") {
        return None;
    }
    let param = module.func(func).params.first()?;
    Some((vec![(param.name.clone(), None)], *object))
}

/// The objects a value stands for: itself, or the items of a list.
pub(super) fn objects(ev: &Evaluator<'_>, value: &Value) -> Vec<Value> {
    match value {
        Value::List(items) => items.iter().take(MAX_ITEMS).map(|s| ev.eval(*s)).collect(),
        Value::OneOf(values) => values.iter().flat_map(|v| objects(ev, v)).collect(),
        other => vec![other.clone()],
    }
}

/// The fields of an object that is written as a literal, with the literal.
pub(super) fn fields(ev: &Evaluator<'_>, value: &Value) -> Option<(Site, Vec<(SmolStr, Site)>)> {
    match value {
        Value::Dict(dict) => Some((dict.site, dict.entries.clone())),
        // Go: `rest.Route{Method: http.MethodGet, Path: "/x"}`
        Value::Instance(Instance { call: Some(site), .. }) | Value::Object { call: Some(site), .. } => {
            let call = ev.program.unit(site.unit).module.call(site.expr).filter(|call| call.is_new)?;
            let named = |a: &Arg| Some((a.name.clone()?, Site { unit: site.unit, expr: a.value }));
            Some((*site, call.args.iter().filter_map(named).collect()))
        }
        _ => None,
    }
}

/// The literal entries of a dictionary expression whose keys are strings, with their places.
pub(super) fn entries(ev: &Evaluator<'_>, site: Site) -> Vec<(String, Site)> {
    let Value::Dict(dict) = ev.eval(site) else { return Vec::new() };
    let module = &ev.program.unit(dict.site.unit).module;
    let ExprKind::Dict(entries) = &module.expr(dict.site.expr).kind else { return Vec::new() };
    entries
        .iter()
        .filter_map(|e| match e {
            Entry::Pair { key, .. } => {
                Some((ev.at(dict.site.unit, *key).as_str()?, Site { unit: dict.site.unit, expr: *key }))
            }
            Entry::Spread(_) => None,
        })
        .collect()
}

/// True for `(req, res) => res.json({ … })` of Express, a handler that asks nobody else and answers whatever comes
/// with success. One that says that there is nothing (`res.status(404)`) answers no health check.
pub(super) fn answers_all(module: &Module, func: FuncId) -> bool {
    let function = module.func(func);
    let [_, answer] = function.params.as_slice() else { return false };
    let mut answers = false;
    for expr in &module.exprs {
        let ExprKind::Call(call) = &expr.kind else { continue };
        if !function.span.contains(expr.span) || !is_on(module, call.callee, &answer.name) {
            continue;
        }
        let ExprKind::Attr { name, .. } = &module.expr(call.callee).kind else { continue };
        let code = call.args.first().map(|arg| &module.expr(arg.value).kind);
        match (name.as_str(), code) {
            ("status" | "sendStatus" | "writeHead", Some(ExprKind::Num(code))) if *code < 400.0 => {
                answers |= name == "sendStatus";
            }
            ("json" | "send" | "end", _) => answers = true,
            // Another status, a file, a redirect.
            _ => return false,
        }
    }
    answers
}

/// True for a member of an object of a name, or of what its methods give: `res.status(200).json`.
fn is_on(module: &Module, callee: ExprId, name: &str) -> bool {
    match &module.expr(callee).kind {
        ExprKind::Attr { object, .. } => match &module.expr(*object).kind {
            ExprKind::Name(own) => own == name,
            ExprKind::Call(call) => is_on(module, call.callee, name),
            _ => false,
        },
        _ => false,
    }
}
