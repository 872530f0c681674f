//! Headers: dictionaries that are made empty or of pairs, and filled afterwards.

use super::{Reader, carrier};
use crate::extract::publish::shape::Shape;
use crate::facts::module::{Call, ExprId, ExprKind, Language, Module};
use crate::program::Site;
use crate::program::index::Binding;
use crate::program::types::simple_name;

/// Types of which a new one is empty, or holds the pairs that it is given.
///
/// C#: <https://learn.microsoft.com/en-us/dotnet/api/system.collections.generic.dictionary-2>,
/// <https://docs.confluent.io/platform/current/clients/confluent-kafka-dotnet/_site/api/Confluent.Kafka.Headers.html>;
/// Go: <https://pkg.go.dev/github.com/rabbitmq/amqp091-go#Table>, <https://pkg.go.dev/github.com/nats-io/nats.go#Header>;
/// Java: <https://kafka.apache.org/41/javadoc/org/apache/kafka/common/header/internals/RecordHeaders.html>.
fn is_bag(language: Language, name: &str) -> bool {
    match language {
        Language::CSharp => matches!(name, "Dictionary" | "SortedDictionary" | "ConcurrentDictionary" | "Headers"),
        Language::Go => matches!(name, "Table" | "Header" | "MapCarrier"),
        _ => language.is_jvm() && name == "RecordHeaders",
    }
}

/// The name and the value of `new Header("k", v)` and its like.
pub(super) fn pair(module: &Module, expr: ExprId) -> Option<(ExprId, ExprId)> {
    let call = module.call(expr)?;
    let name = simple_name(module, call.callee);
    let [key, value] = call.args.as_slice() else { return None };
    let is_pair = match module.language {
        // `new("orderId", id)`
        Language::CSharp => name.is_none_or(|name| {
            matches!(name.as_str(), "NameValueEntry" | "HashEntry" | "KeyValuePair" | "Header" | "new")
        }),
        _ => module.language.is_jvm() && name.is_some_and(|name| name == "RecordHeader"),
    };
    (call.is_new && is_pair).then_some((key.value, value.value))
}

impl Reader<'_, '_> {
    /// What new headers hold.
    pub(super) fn bag(&mut self, site: Site, call: &Call) -> Option<Vec<Shape>> {
        let module = &self.ev.program.unit(site.unit).module;
        let name = simple_name(module, call.callee)?;
        // `make(amqp.Table)`
        let made = match call.args.as_slice() {
            [ty, ..] if module.language == Language::Go && name == "make" => simple_name(module, ty.value),
            _ => None,
        };
        if made.is_some_and(|name| is_bag(module.language, &name)) {
            return Some(vec![Shape::default()]);
        }
        if !is_bag(module.language, &name) || !(call.is_new || module.language == Language::Kotlin) {
            return None;
        }
        // Of a dictionary that is given a size, or how keys are compared, nothing is known to be in it.
        let held = call.args.iter().find(|arg| {
            matches!(module.expr(arg.value).kind, ExprKind::Dict(_) | ExprKind::List(_) | ExprKind::Name(_))
        });
        Some(match held {
            Some(held) => self.read(Site { unit: site.unit, expr: held.value }),
            None => vec![Shape::default()],
        })
    }

    /// True for an expression that is new headers, or a variable that was given some.
    pub(super) fn is_bag(&self, site: Site) -> bool {
        let module = &self.ev.program.unit(site.unit).module;
        module
            .call(site.expr)
            .and_then(|call| simple_name(module, call.callee))
            .is_some_and(|name| is_bag(module.language, &name))
    }

    /// What is put into the headers of a message that a call is handed: `message.Headers.Add("k", v)`.
    pub(super) fn headers_of_arguments(&mut self, site: Site) -> Vec<Shape> {
        let module = &self.ev.program.unit(site.unit).module;
        let Some(call) = module.call(site.expr).filter(|_| module.language == Language::CSharp) else {
            return Vec::new();
        };
        let mut out = Vec::new();
        for arg in &call.args {
            let ExprKind::Name(name) = &module.expr(arg.value).kind else { continue };
            if let Some(mut added) = self.added_to(Site { unit: site.unit, expr: arg.value }, name) {
                added.keys.retain(|key| key.nested.is_some());
                out.push(Shape { keys: added.keys, ..Shape::default() });
            }
        }
        out
    }

    /// `for key, value := range carrier { headers[key] = value }`: the headers of a trace.
    pub(super) fn copies_trace(&self, value: Site) -> bool {
        let unit = self.ev.program.unit(value.unit);
        let ExprKind::Name(name) = &unit.module.expr(value.expr).kind else { return false };
        let found = unit.index.lookup(&unit.module, unit.index.func_of(value.expr), name);
        let Some((_, [Binding::Element(of)])) = found else { return false };
        carrier::carries_trace(self.ev, Site { unit: value.unit, expr: *of }, 0)
    }
}
