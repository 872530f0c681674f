//! What calls of Go give: one result of several, and what an encoder writes into a buffer
//! (`json.NewEncoder(&buffer).Encode(event)`, then `buffer.Bytes()`).

use super::Reader;
use crate::extract::publish::shape::Shape;
use crate::facts::module::{Call, ExprId, ExprKind, Language};
use crate::program::index::Binding;
use crate::program::{Site, Unit, Value};

impl Reader<'_, '_> {
    /// `body, err := encode(event)`: one of the results of a call, as the call decides it.
    pub(super) fn result(&mut self, site: Site, object: ExprId, index: ExprId) -> Option<Vec<Shape>> {
        let unit = self.ev.program.unit(site.unit);
        let module = &unit.module;
        let (ExprKind::Name(results), ExprKind::Num(n)) = (&module.expr(object).kind, &module.expr(index).kind) else {
            return None;
        };
        if module.language != Language::Go || !results.starts_with('$') {
            return None;
        }
        let (_, [Binding::Value(made)]) = unit.index.lookup(module, unit.index.func_of(object), results)? else {
            return None;
        };
        let call = Site { unit: site.unit, expr: *made };
        let callee = self.ev.at(site.unit, module.call(*made)?.callee);
        let ours = callee.alternatives().iter().find_map(|value| match value {
            Value::Function { unit, func, .. } => Some((*unit, *func)),
            _ => None,
        });
        let shapes = match ours {
            Some((unit, func)) => self.returned(unit, func, call, *n as usize),
            // Of what a library gives, the first result is what counts.
            None if *n == 0.0 => self.read(call),
            None => return None,
        };
        shapes.iter().any(|shape| !shape.open).then_some(shapes)
    }

    /// What is in a buffer whose bytes a call gives; none where no encoder of its function writes into it.
    pub(super) fn written(&mut self, site: Site, call: &Call) -> Option<Vec<Shape>> {
        let unit = self.ev.program.unit(site.unit);
        let module = &unit.module;
        if module.language != Language::Go || !call.args.is_empty() {
            return None;
        }
        let ExprKind::Attr { object, name, .. } = &module.expr(call.callee).kind else { return None };
        let ExprKind::Name(buffer) = &module.expr(*object).kind else { return None };
        if !matches!(name.as_str(), "Bytes" | "String") {
            return None;
        }
        let func = unit.index.func_of(site.expr)?;
        let encoded: Vec<ExprId> = unit
            .index
            .calls
            .iter()
            .filter(|c| c.func == Some(func))
            .filter_map(|c| module.call(c.expr))
            .filter_map(|encode| match (&module.expr(encode.callee).kind, encode.args.as_slice()) {
                (ExprKind::Attr { object, name, .. }, [event])
                    if name == "Encode" && writes_into(unit, *object, buffer, true) =>
                {
                    Some(event.value)
                }
                _ => None,
            })
            .collect();
        let [event] = encoded.as_slice() else { return None };
        Some(self.read(Site { unit: site.unit, expr: *event }))
    }
}

/// `gob.NewEncoder(&buffer)`, or a variable that holds it.
fn writes_into(unit: &Unit, encoder: ExprId, buffer: &str, may_be_named: bool) -> bool {
    let module = &unit.module;
    match &module.expr(encoder).kind {
        ExprKind::Call(call) => {
            module.callee_name(encoder).is_some_and(|name| name == "NewEncoder")
                && call
                    .args
                    .first()
                    .is_some_and(|to| matches!(&module.expr(to.value).kind, ExprKind::Name(name) if name == buffer))
        }
        ExprKind::Name(name) if may_be_named => {
            let bound = unit.index.lookup(module, unit.index.func_of(encoder), name);
            matches!(bound, Some((_, [Binding::Value(made)])) if writes_into(unit, *made, buffer, false))
        }
        _ => false,
    }
}
