//! Events inside of a process that a method listens to and passes on: Spring's `@EventListener` runs in the
//! transaction and the thread of `publishEvent`, so that what it sends to a broker is sent by who announces.
//! Source: <https://docs.spring.io/spring-framework/reference/core/beans/context-introduction.html#context-functionality-events-annotation>

use crate::program::hierarchy::{ClassRef, FuncRef};
use crate::program::types::simple_name;
use crate::program::{Evaluator, Site, Value};

/// The calls that announce what a method listens to; none for a method that runs after the transaction
/// (`@TransactionalEventListener`) or in another thread.
pub(super) fn announcements(ev: &Evaluator<'_>, (unit, func): FuncRef) -> Vec<Site> {
    let module = &ev.program.unit(unit).module;
    if !module.language.is_jvm() || !module.imports.iter().any(|i| i.module.starts_with(PACKAGE)) {
        return Vec::new();
    }
    let function = module.func(func);
    let has = |name: &str| function.decorators.iter().any(|d| simple_name(module, *d).is_some_and(|n| n == name));
    if !has("EventListener") || has("Async") {
        return Vec::new();
    }
    let Some(ty) = function.params.first().and_then(|param| param.ty) else { return Vec::new() };
    let Value::Class { unit: of, class } = ev.at(unit, ty) else { return Vec::new() };
    let mut heard: Vec<ClassRef> = vec![(of, class)];
    heard.extend(ev.below((of, class)));
    let announces = |site: &Site| {
        let argument = ev.program.unit(site.unit).module.call(site.expr).and_then(|call| call.args.first());
        let values = argument.map(|arg| ev.settle(&ev.at(site.unit, arg.value))).unwrap_or_default();
        values
            .iter()
            .any(|value| matches!(value, Value::Object { unit, class, .. } if heard.contains(&(*unit, *class))))
    };
    ev.program.calls_named("publishEvent").iter().copied().filter(announces).collect()
}

/// Where Spring's annotation stands.
const PACKAGE: &str = "org.springframework.context.event";
