//! What is put into a variable after it was made.

use super::Reader;
use super::headers::pair;
use crate::extract::publish::shape::{Key, Shape, is_envelope};
use crate::facts::module::{Call, ExprId, ExprKind, Language, Module, StmtKind};
use crate::program::{Site, UnitId, Value};
use crate::syntax::Span;

/// True for a method of a map or of headers by which one more is put in.
fn puts(language: Language, method: &str) -> bool {
    match language {
        Language::CSharp => matches!(method, "Add" | "TryAdd"),
        _ if language.is_jvm() => matches!(method, "put" | "putIfAbsent" | "add" | "addProperty" | "set"),
        _ => false,
    }
}

/// What is filled: the variable, or the headers that it has.
enum Filled<'m> {
    Itself,
    Headers(&'m str),
}

/// `headers`, `properties.Headers`
fn filled<'m>(module: &'m Module, object: ExprId, variable: &str) -> Option<Filled<'m>> {
    let is_variable = |expr: ExprId| matches!(&module.expr(expr).kind, ExprKind::Name(n) if n == variable);
    match &module.expr(object).kind {
        _ if is_variable(object) => Some(Filled::Itself),
        ExprKind::Attr { object, name, .. } if is_variable(*object) && is_envelope(name) => Some(Filled::Headers(name)),
        _ => None,
    }
}

/// Adds a key; of one whose name is not known, that there is more.
fn put(shape: &mut Shape, filled: &Filled<'_>, key: Option<Key>) {
    let one = match key {
        Some(key) => Shape { keys: vec![key], ..Shape::default() },
        None => Shape::open(),
    };
    match filled {
        Filled::Itself => shape.merge(one),
        Filled::Headers(name) => {
            shape.keys.push(Key { name: (*name).into(), value: None, nested: Some(Box::new(one)), field: None });
        }
    }
}

impl Reader<'_, '_> {
    /// The key that `headers.Add("k", v)` or `headers.Add(new Header("k", v))` puts in; none where its name is not known.
    fn put_key(&mut self, unit: UnitId, call: &Call) -> Option<Key> {
        let module = &self.ev.program.unit(unit).module;
        let (name, value) = match call.args.as_slice() {
            [name, value] => (name.value, value.value),
            [only] => pair(module, only.value)?,
            _ => return None,
        };
        let name = self.ev.at(unit, name).as_str()?.into();
        Some(self.key(name, Site { unit, expr: value }))
    }

    /// The keys that are put into a variable after it was made: `d["k"] = v`, `d.update(…)`,
    /// `Object.assign(d, …)`, a function of ours that does so.
    pub(super) fn added(&mut self, unit_id: UnitId, span: Option<Span>, name: &str, hops: u32) -> Option<Shape> {
        let ev = self.ev;
        let unit = ev.program.unit(unit_id);
        let module = &unit.module;
        let inside = |at: Span| span.is_none_or(|s| s.contains(at));
        let is_name = |expr: ExprId| matches!(&module.expr(expr).kind, ExprKind::Name(n) if n == name);
        let mut shape = Shape::default();
        for stmt in module.stmts.iter().filter(|s| inside(s.span)) {
            let StmtKind::Assign { target, value: Some(value), .. } = &stmt.kind else { continue };
            let value = Site { unit: unit_id, expr: *value };
            match &module.expr(*target).kind {
                ExprKind::Index { object, index } => {
                    let Some(filled) = filled(module, *object, name) else { continue };
                    if self.copies_trace(value) {
                        continue;
                    }
                    let key = ev.at(unit_id, *index).as_str().map(|key| self.key(key.into(), value));
                    put(&mut shape, &filled, key);
                }
                ExprKind::Attr { object, name, .. } if is_name(*object) => {
                    let key = self.key(name.clone(), value);
                    shape.keys.push(key);
                }
                _ => {}
            }
        }
        for id in &unit.index.calls {
            let Some(call) = module.call(id.expr).filter(|_| inside(module.expr(id.expr).span)) else { continue };
            if let ExprKind::Attr { object, name: method, .. } = &module.expr(call.callee).kind {
                if let Some(filled) = filled(module, *object, name).filter(|_| puts(module.language, method)) {
                    let key = self.put_key(unit_id, call);
                    put(&mut shape, &filled, key);
                    continue;
                }
                if is_name(*object) && matches!(method.as_str(), "update" | "setdefault") {
                    for arg in &call.args {
                        let value = Site { unit: unit_id, expr: arg.value };
                        match &arg.name {
                            Some(key) => {
                                let key = self.key(key.clone(), value);
                                shape.keys.push(key);
                            }
                            None => self.read(value).into_iter().for_each(|s| shape.merge(s)),
                        }
                    }
                    continue;
                }
                if method == "assign" && call.args.first().is_some_and(|a| is_name(a.value)) {
                    for arg in call.args.iter().skip(1) {
                        let value = Site { unit: unit_id, expr: arg.value };
                        self.read(value).into_iter().for_each(|s| shape.merge(s));
                    }
                    continue;
                }
            }
            let Some(position) = call.args.iter().position(|a| is_name(a.value)).filter(|_| hops < 2) else { continue };
            if let Value::Function { unit: u, func, .. } = ev.at(unit_id, call.callee) {
                let function = ev.program.unit(u).module.func(func);
                if let Some(param) = function.params.get(position) {
                    let (inner, param) = (function.span, param.name.clone());
                    if let Some(added) = self.added(u, Some(inner), &param, hops + 1) {
                        shape.merge(added);
                    }
                }
            }
        }
        (shape != Shape::default()).then_some(shape)
    }
}
