//! From a parameter to what its callers pass.

use std::sync::Arc;

use super::Evaluator;
use crate::facts::module::{ClassId, ExprId, ExprKind, Language};
use crate::program::UnitId;
use crate::program::index::Binding;
use crate::program::value::{Site, Text, Value};

/// How many functions around an expression are looked at.
const MAX_NESTED: usize = 32;
/// How many constructions of an object are looked at for the text of a field.
const MAX_WAYS: usize = 8;

impl Evaluator<'_> {
    /// Joins alternatives: equal ones once, unknown and null ones dropped where another is known.
    pub(in crate::program) fn one_of(&self, values: Vec<Value>) -> Value {
        let mut out: Vec<Value> = Vec::new();
        let mut null = false;
        let mut param = None;
        for value in values {
            match value {
                Value::Unknown => {}
                Value::Null => null = true,
                Value::Param { .. } => param = Some(value),
                Value::OneOf(inner) => {
                    for v in inner.iter() {
                        if !out.contains(v) {
                            out.push(v.clone());
                        }
                    }
                }
                value => {
                    if !out.contains(&value) {
                        out.push(value);
                    }
                }
            }
        }
        out.truncate(8);
        match (out.len(), param) {
            (0, Some(param)) => param,
            (0, None) if null => Value::Null,
            (0, None) => Value::Unknown,
            (1, _) => out.swap_remove(0),
            _ => Value::OneOf(Arc::new(out)),
        }
    }

    /// Follows a parameter to the arguments its callers pass, up to three callers deep. The result has
    /// one value for each way in; a default counts as one.
    pub fn settle(&self, value: &Value) -> Vec<Value> {
        let mut out = Vec::new();
        self.settle_into(value, 0, &mut out);
        out
    }

    /// The text of a part of a longer one. A field that the parameter of a constructor sets is followed to
    /// what production code passes there, when that is one text; what the function around gets itself is left
    /// to those who look at it from its callers.
    pub(in crate::program) fn part(&self, unit: UnitId, expr: ExprId) -> Option<Text> {
        let value = self.at(unit, expr);
        let Value::Param { unit: made_in, func, index } = value else { return value.to_text() };
        let own = self.program.unit(unit);
        let around = std::iter::successors(own.index.func_of(expr), |f| own.module.func(*f).parent);
        if made_in == unit && around.take(MAX_NESTED).any(|f| f == func) {
            return None;
        }
        let mut found: Option<Text> = None;
        let ways = self.entries(made_in, func);
        for way in ways.into_iter().filter(|way| self.program.is_production(way.site.unit)).take(MAX_WAYS) {
            let argument = self.argument_of(way, made_in, func, index)?;
            let value = self.eval(argument);
            // A variable or its default is one text.
            let values = if value.to_text().is_some() { vec![value] } else { self.settle(&value) };
            for value in values {
                let mut text = value.to_text()?;
                text.handed = true;
                if found.as_ref().is_some_and(|known| *known != text) {
                    return None;
                }
                found = Some(text);
            }
        }
        found
    }

    /// The parameter that an expression names, whatever its declared type says.
    pub fn param_of(&self, site: Site) -> Option<Value> {
        let unit = self.program.unit(site.unit);
        let ExprKind::Name(name) = &unit.module.expr(site.expr).kind else { return None };
        match unit.index.lookup(&unit.module, unit.index.func_of(site.expr), name)?.1 {
            [Binding::Param(func, index)] => Some(Value::Param { unit: site.unit, func: *func, index: *index }),
            _ => None,
        }
    }

    /// Like [`Evaluator::settle`] for an expression: a parameter is followed to its callers even when its
    /// declared type is known (an options object says nothing by its type).
    pub fn settle_at(&self, site: Site) -> Vec<Value> {
        match self.param_of(site) {
            Some(param) => {
                let mut values = self.settle(&param);
                if values.iter().all(|v| *v == Value::Unknown) {
                    values = self.settle(&self.eval(site));
                }
                values
            }
            None => self.settle(&self.eval(site)),
        }
    }

    /// Where an object comes from, when only its declared type is known: parameters and fields are
    /// followed to what callers and constructors pass.
    pub fn trace(&self, site: Site) -> Vec<Value> {
        if self.param_of(site).is_some() {
            return self.settle_at(site);
        }
        let unit = self.program.unit(site.unit);
        let mut out = Vec::new();
        // A field of C# needs no `this`.
        if let (ExprKind::Name(name), Language::CSharp) = (&unit.module.expr(site.expr).kind, unit.module.language)
            && let Some(class) = unit.index.classes_around(&unit.module, site.expr).into_iter().next()
            && unit.module.class(class).fields.iter().any(|field| field.name == *name)
        {
            self.trace_member(site.unit, class, name, 0, &mut out);
            out.retain(|v| *v != Value::Unknown);
            return out;
        }
        let ExprKind::Attr { object, name, .. } = &unit.module.expr(site.expr).kind else {
            return self.settle(&self.eval(site));
        };
        for owner in self.at(site.unit, *object).alternatives() {
            let Value::Object { unit: u, class, .. } = owner else { continue };
            self.trace_member(*u, *class, name, 0, &mut out);
        }
        out.retain(|v| *v != Value::Unknown);
        out
    }

    pub(super) fn trace_member(&self, unit_id: UnitId, class_id: ClassId, name: &str, hops: u32, out: &mut Vec<Value>) {
        let unit = self.program.unit(unit_id);
        let class = unit.module.class(class_id);
        for (expr, _) in unit.index.member(class_id, name) {
            out.extend(self.settle_at(Site { unit: unit_id, expr: *expr }));
        }
        for &method in &class.methods {
            for (index, param) in unit.module.func(method).params.iter().enumerate() {
                if param.is_field && param.name == name {
                    out.extend(self.settle(&Value::Param { unit: unit_id, func: method, index }));
                }
            }
        }
        // An object of a library that is handed around; a text may come from anywhere else as well.
        for site in self.set_in(unit_id, class_id, name) {
            out.extend(self.settle_at(site).into_iter().filter(|value| matches!(value, Value::Instance(_))));
        }
        if out.is_empty() && hops < 4 {
            for &base in &class.bases {
                if let Value::Class { unit, class } = self.at(unit_id, base) {
                    self.trace_member(unit, class, name, hops + 1, out);
                }
            }
        }
    }

    fn is_script(&self, unit: UnitId) -> bool {
        matches!(self.program.language(unit), Language::JavaScript | Language::TypeScript)
    }

    pub(super) fn settle_into(&self, value: &Value, hops: u32, out: &mut Vec<Value>) {
        match value {
            Value::Param { unit, func, index } if hops < 3 => {
                let callers = self.entries(*unit, *func);
                let param = &self.program.unit(*unit).module.func(*func).params[*index];
                let mut missing = callers.is_empty();
                for caller in callers.iter().take(24) {
                    match self.argument_of(*caller, *unit, *func, *index) {
                        Some(site) => self.settle_argument(site, hops + 1, out),
                        None => missing = true,
                    }
                }
                if missing {
                    let left_out = !callers.is_empty() && !param.variadic && self.is_script(*unit);
                    match param.default {
                        Some(default) => out.push(self.at(*unit, default)),
                        // JavaScript: what no caller gives is `undefined`.
                        None if left_out => out.push(Value::Null),
                        None => out.push(Value::Unknown),
                    }
                }
            }
            Value::OneOf(values) => values.iter().for_each(|v| self.settle_into(v, hops, out)),
            value => {
                if !out.contains(value) {
                    out.push(value.clone());
                }
            }
        }
    }

    /// An argument; one that is a parameter in its turn, of which only the type is known, is what is passed there.
    fn settle_argument(&self, site: Site, hops: u32, out: &mut Vec<Value>) {
        let value = self.eval(site);
        let is_type = matches!(&value, Value::Instance(instance) if instance.call.is_none());
        if let Some(param) = self.param_of(site).filter(|_| is_type) {
            let mut passed = Vec::new();
            self.settle_into(&param, hops, &mut passed);
            passed.retain(|v| !matches!(v, Value::Unknown | Value::Param { .. }) && !out.contains(v));
            if !passed.is_empty() {
                out.extend(passed);
                return;
            }
        }
        self.settle_into(&value, hops, out);
    }
}
