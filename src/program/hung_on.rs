//! What servers of Node hand to their handlers under a name: decorators of Fastify, settings of Express, variables of
//! Hono.

use smol_str::{SmolStr, format_smolstr};

use super::index::Index;
use super::{Evaluator, UnitId, Value};
use crate::facts::module::{Call, ExprId, ExprKind, Module};

/// Names with the values that are kept under them: `fastify.decorate("kafka", producer)`, `app.set("kafka", producer)`.
///
/// <https://fastify.dev/docs/latest/Reference/Decorators/>, <https://expressjs.com/en/api.html#app.set>,
/// <https://hono.dev/docs/api/context#set-get>
pub(super) fn kept(module: &Module, index: &Index) -> Vec<(SmolStr, ExprId)> {
    if !module.language.is_script() {
        return Vec::new();
    }
    let one = |call: ExprId| {
        let is_setting = match module.callee_name(call)?.as_str() {
            "decorate" => false,
            "set" => is_settings(module, receiver(module, module.call(call)?)?),
            _ => return None,
        };
        let [name, value] = &module.call(call)?.args[..] else { return None };
        let ExprKind::Str(name) = &module.expr(name.value).kind else { return None };
        match module.callee_name(call)?.as_str() {
            "set" if !is_setting => None,
            "set" => Some((setting(name), value.value)),
            _ => Some((name.clone(), value.value)),
        }
    };
    index.calls.iter().filter_map(|call| one(call.expr)).collect()
}

/// A setting is asked for by a call, and is no attribute.
fn setting(name: &str) -> SmolStr {
    format_smolstr!("set {name}")
}

fn receiver(module: &Module, call: &Call) -> Option<ExprId> {
    match &module.expr(call.callee).kind {
        ExprKind::Attr { object, .. } => Some(*object),
        _ => None,
    }
}

/// What may be an application or the context of a request, by its name: `app`, `req.app`, `c`.
fn is_settings(module: &Module, object: ExprId) -> bool {
    match &module.expr(object).kind {
        ExprKind::Name(name) => matches!(name.as_str(), "app" | "server" | "c" | "ctx" | "context"),
        ExprKind::Attr { name, .. } => name == "app",
        _ => false,
    }
}

/// What may be an instance of Fastify, by its name: `fastify`, `request.server`.
fn is_instance(module: &Module, object: ExprId) -> bool {
    match &module.expr(object).kind {
        ExprKind::Name(name) => matches!(name.as_str(), "fastify" | "app" | "server" | "instance"),
        ExprKind::Attr { name, .. } => name == "server",
        _ => false,
    }
}

impl Evaluator<'_> {
    /// What stands under the name of an attribute that is none of the object's own: `fastify.kafka`, `c.var.kafka`.
    pub(super) fn hung_on(&self, unit: UnitId, object: ExprId, name: &str, value: &Value) -> Option<Value> {
        let module = &self.program.unit(unit).module;
        if !module.language.is_script() {
            return None;
        }
        let is_of_fastify = match value {
            Value::Method { symbol, .. } => symbol.starts_with("fastify."),
            Value::Unknown | Value::Param { .. } => is_instance(module, object),
            _ => false,
        };
        let of_context = || match &module.expr(object).kind {
            ExprKind::Attr { object, name: var, .. } => var == "var" && is_settings(module, *object),
            _ => false,
        };
        match is_of_fastify {
            true => self.known(unit, name),
            false if of_context() => self.known(unit, &setting(name)),
            false => None,
        }
    }

    /// What is kept under the name that a call asks for: `req.app.get("kafka")`, `c.get("kafka")`.
    pub(super) fn set_on(&self, unit: UnitId, call: &Call) -> Option<Value> {
        let module = &self.program.unit(unit).module;
        let ExprKind::Attr { object, name, .. } = &module.expr(call.callee).kind else { return None };
        let [asked] = &call.args[..] else { return None };
        let ExprKind::Str(asked) = &module.expr(asked.value).kind else { return None };
        if name != "get" || !module.language.is_script() || !is_settings(module, *object) {
            return None;
        }
        self.known(unit, &setting(asked))
    }

    fn known(&self, unit: UnitId, name: &str) -> Option<Value> {
        let kept = self.program.kept(unit, name).into_iter().map(|site| self.eval(site)).collect();
        Some(self.one_of(kept)).filter(|value| !value.is_unknown())
    }
}
