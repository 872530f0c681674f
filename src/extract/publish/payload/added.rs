//! What is put into a variable after it was made.

use super::Reader;
use crate::extract::publish::shape::Shape;
use crate::facts::module::{ExprId, ExprKind, Language, StmtKind};
use crate::program::{Site, UnitId, Value};
use crate::syntax::Span;

impl Reader<'_, '_> {
    /// The headers that the function around a publish of C# adds: `message.Headers.Add("id", bytes)`.
    pub(super) fn header_additions(&mut self, site: Site) -> Option<Shape> {
        let ev = self.ev;
        let unit = ev.program.unit(site.unit);
        let module = &unit.module;
        let func = unit.index.func_of(site.expr).filter(|_| module.language == Language::CSharp)?;
        let is_headers = |object: ExprId| {
            matches!(&module.expr(object).kind, ExprKind::Name(name) | ExprKind::Attr { name, .. }
                if name.to_lowercase().ends_with("headers"))
        };
        let mut shape = Shape::default();
        for id in unit.index.calls.iter().filter(|c| c.func == Some(func)) {
            let Some(call) = module.call(id.expr) else { continue };
            let ExprKind::Attr { object, name, .. } = &module.expr(call.callee).kind else { continue };
            let [key, value] = call.args.as_slice() else { continue };
            if !matches!(name.as_str(), "Add" | "TryAdd") || !is_headers(*object) {
                continue;
            }
            match ev.at(site.unit, key.value).as_str() {
                Some(name) => {
                    let key = self.key(name.into(), Site { unit: site.unit, expr: value.value });
                    shape.keys.push(key);
                }
                None => shape.open = true,
            }
        }
        (shape != Shape::default()).then_some(shape)
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
                ExprKind::Index { object, index } if is_name(*object) => match ev.at(unit_id, *index).as_str() {
                    Some(key) => {
                        let key = self.key(key.into(), value);
                        shape.keys.push(key);
                    }
                    None => shape.open = true,
                },
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
                if is_name(*object)
                    && module.language.is_jvm()
                    && matches!(method.as_str(), "put" | "putIfAbsent" | "add" | "addProperty" | "set")
                {
                    if let [name, value] = call.args.as_slice() {
                        match ev.at(unit_id, name.value).as_str() {
                            Some(name) => {
                                let key = self.key(name.into(), Site { unit: unit_id, expr: value.value });
                                shape.keys.push(key);
                            }
                            None => shape.open = true,
                        }
                    }
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
