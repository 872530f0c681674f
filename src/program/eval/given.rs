//! Texts that a function puts together of what a call gives it, and connection strings that .NET's builders make.

use smol_str::format_smolstr;

use super::Evaluator;
use crate::facts::module::{BinaryOp, ExprId, ExprKind, FuncId, Language, TemplatePart};
use crate::program::UnitId;
use crate::program::index::Binding;
use crate::program::value::{Instance, Site, Text, TextPart, Value};

/// How deep a text is put together.
const MAX_DEPTH: u32 = 6;

/// A function, and a call that gives it its parameters.
#[derive(Clone, Copy)]
pub(super) struct Given {
    pub(super) unit: UnitId,
    pub(super) func: FuncId,
    pub(super) call: Site,
}

impl Evaluator<'_> {
    /// A text with holes that a function returns, with the parameters that a call gives in them.
    pub(super) fn filled_by(&self, given: Given, expr: ExprId, value: &Value) -> Option<Value> {
        let Value::Str(text) = value else { return None };
        if !text.parts.contains(&TextPart::Hole) {
            return None;
        }
        self.given_text(given, expr, 0).map(Value::Str)
    }

    /// What a factory makes that a function gives a name of its caller: `boto3.client(service, …)` behind
    /// `client_of("sqs")`.
    pub(super) fn made_for(&self, given: Given, value: &Value) -> Option<Value> {
        let Value::Instance(Instance { ty, call: Some(site), from }) = value else { return None };
        let module = &self.program.unit(site.unit).module;
        let factory = self.catalog.by_argument(module.language, ty)?;
        let call = module.call(site.expr)?;
        let named = self
            .positional(site.unit, call, factory.argument)
            .or_else(|| factory.keyword.as_ref().and_then(|k| self.keyword(site.unit, call, k)))?;
        let Value::Param { unit, func, index } = named else { return None };
        if (unit, func) != (given.unit, given.func) {
            return None;
        }
        let name = self.argument(given.call, unit, func, index)?.as_str()?;
        let ty = self.catalog.symbol(module.language, ty, factory.types.get(&name)?)?;
        Some(Value::Instance(Instance { ty, call: Some(*site), from: from.clone() }))
    }

    fn given_text(&self, given: Given, expr: ExprId, depth: u32) -> Option<Text> {
        let unit = self.program.unit(given.unit);
        let module = &unit.module;
        if depth >= MAX_DEPTH {
            return None;
        }
        let part = |expr: ExprId| self.given_text(given, expr, depth + 1);
        match &module.expr(expr).kind {
            ExprKind::Template(parts) => {
                let mut text = Text::default();
                for one in parts {
                    match one {
                        TemplatePart::Text(lit) => text.parts.push(TextPart::Lit(lit.clone())),
                        TemplatePart::Hole(expr) => text.push(part(*expr).unwrap_or_else(hole)),
                    }
                }
                Some(text)
            }
            ExprKind::Binary { op: BinaryOp::Add, left, right } => {
                let mut text = part(*left).unwrap_or_else(hole);
                text.push(part(*right).unwrap_or_else(hole));
                Some(text)
            }
            ExprKind::Attr { object, name, .. } if is_text_of_builder(name) => match self.at(given.unit, *object) {
                Value::Instance(builder) => self.connection_text(&builder, &|site| {
                    if site.unit == given.unit { part(site.expr) } else { self.eval(site).to_text() }
                }),
                _ => self.part(given.unit, expr),
            },
            ExprKind::Name(name) => match unit.index.lookup(module, unit.index.func_of(expr), name)?.1 {
                [Binding::Param(func, index)] if *func == given.func => {
                    self.argument(given.call, given.unit, given.func, *index)?.to_text()
                }
                [Binding::Value(value)] if unit.index.func_of(*value) == Some(given.func) => part(*value),
                _ => self.part(given.unit, expr),
            },
            _ => self.part(given.unit, expr),
        }
    }

    /// The text of a builder of connection strings that an initialiser fills:
    /// `new NpgsqlConnectionStringBuilder { Host = host, Database = name }.ConnectionString`.
    /// <https://learn.microsoft.com/en-us/dotnet/framework/data/adonet/connection-string-builders>
    pub(super) fn connection_text(&self, builder: &Instance, value: &dyn Fn(Site) -> Option<Text>) -> Option<Text> {
        let made = builder.call.filter(|_| builder.ty.ends_with("ConnectionStringBuilder"))?;
        let module = &self.program.unit(made.unit).module;
        let call = module.call(made.expr).filter(|call| call.is_new && module.language == Language::CSharp)?;
        let mut text = Text::default();
        for arg in &call.args {
            // A text that is given first may say anything.
            let name = arg.name.as_deref()?;
            let key = match name {
                "DataSource" => "Data Source",
                "InitialCatalog" => "Initial Catalog",
                "Host" | "Server" | "Port" | "Database" => name,
                // The others say nothing of where it leads.
                _ => continue,
            };
            text.parts.push(TextPart::Lit(format_smolstr!("{key}=")));
            text.push(value(Site { unit: made.unit, expr: arg.value }).unwrap_or_else(hole));
            text.parts.push(TextPart::Lit(";".into()));
        }
        (!text.parts.is_empty()).then_some(text)
    }

    /// One of two values by a test: `url ? url : other` is a variable with its default.
    pub(super) fn either(&self, unit: UnitId, test: ExprId, first: Value, second: Value) -> Value {
        let (variable, other) = match (&first, &second) {
            (Value::Env { name: a, .. }, Value::Env { name: b, .. }) if a == b => return first,
            (Value::Env { .. }, _) if self.asks_for(unit, test, &first) => (&first, &second),
            (_, Value::Env { .. }) if self.asks_for(unit, test, &second) => (&second, &first),
            _ => return self.one_of(vec![first, second]),
        };
        match other {
            Value::Unknown | Value::Null => variable.clone(),
            other => or_else(variable, other),
        }
    }

    /// True for a test whose subject is a value: `url`, `url != null`, `string.IsNullOrWhiteSpace(url)`.
    fn asks_for(&self, unit: UnitId, test: ExprId, value: &Value) -> bool {
        let module = &self.program.unit(unit).module;
        let mut open = vec![test];
        let mut left = 12;
        while let Some(expr) = open.pop() {
            if left == 0 {
                return false;
            }
            left -= 1;
            if matches!(module.expr(expr).kind, ExprKind::Name(_) | ExprKind::Attr { .. } | ExprKind::Index { .. })
                && self.at(unit, expr) == *value
            {
                return true;
            }
            open.extend(module.children(expr));
        }
        false
    }
}

/// A variable that has a default where it, and what stands in for it, is not set.
fn or_else(variable: &Value, other: &Value) -> Value {
    match variable {
        Value::Env { name, default, site } => {
            let default = match default {
                None => other.clone(),
                Some(default) if matches!(**default, Value::Env { .. }) => or_else(default, other),
                Some(default) => (**default).clone(),
            };
            Value::Env { name: name.clone(), default: Some(std::sync::Arc::new(default)), site: *site }
        }
        known => known.clone(),
    }
}

pub(super) fn is_text_of_builder(name: &str) -> bool {
    name == "ConnectionString"
}

fn hole() -> Text {
    Text { parts: vec![TextPart::Hole], handed: false }
}
