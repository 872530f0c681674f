//! Functions that a framework binds to channels by their name: the beans of Spring Cloud Stream.

use crate::catalog::consume::{Consume, Form, Source};
use crate::catalog::schema::Library;
use crate::extract::settings::Settings;
use crate::facts::module::{ClassId, ExprId, FuncId};
use crate::program::types::simple_name;
use crate::program::{Evaluator, Site, UnitId, Value};

use super::InScope;
use super::reach::Func;
use super::source::Found;

/// Interfaces of functions that take a message.
const TAKES: [&str; 5] = ["Consumer", "Function", "BiConsumer", "BiFunction", "UnaryOperator"];

/// The beans that settings bind to a channel.
pub(super) fn found<'p>(ev: &Evaluator<'p>, in_scope: &InScope<'_>, settings: &Settings) -> Vec<Found<'p>> {
    let mut out = Vec::new();
    for library in ev.catalog.libraries() {
        let Some(consume) = &library.consume else { continue };
        for source in consume.sources.iter().filter(|s| s.form == Form::Bean) {
            for unit in ev.program.ids().filter(|u| in_scope(*u) && ev.program.language(*u).is_jvm()) {
                of_unit(ev, unit, settings, (library, consume, source), &mut out);
            }
        }
    }
    out
}

fn of_unit<'p>(
    ev: &Evaluator<'p>,
    unit: UnitId,
    settings: &Settings,
    (library, consume, source): (&'p Library, &'p Consume, &'p Source),
    out: &mut Vec<Found<'p>>,
) {
    let module = &ev.program.unit(unit).module;
    let path = &ev.program.unit(unit).path;
    let is_bound = |channel: &str| {
        let prefix = source.configured.as_ref().map(|p| p.replace("{channel}", channel));
        prefix.is_some_and(|prefix| settings.under(path, &prefix).is_some())
    };
    let mut add = |name: &str, at: ExprId, functions: Vec<Func>| {
        let channel = format!("{name}-in-0");
        if is_bound(&channel) && !functions.is_empty() {
            let site = Site { unit, expr: at };
            out.push(Found { library, consume, source, site, functions, name: Some(channel), heir: None });
        }
    };
    for function in &module.funcs {
        let bean = function.decorators.iter().find(|d| simple_name(module, **d).is_some_and(|n| n == "Bean"));
        let Some(&bean) = bean else { continue };
        let returned = crate::program::eval::returns(module, FuncId(position(module, function)));
        let values = returned.into_iter().flat_map(|e| ev.at(unit, e).alternatives().to_vec());
        let functions = values
            .filter_map(|v| match v {
                Value::Function { unit, func, .. } => Some((unit, func)),
                Value::Object { unit, class, .. } => method(ev, unit, class),
                _ => None,
            })
            .collect();
        add(&function.name, bean, functions);
    }
    for (i, class) in module.classes.iter().enumerate() {
        let component = class.decorators.iter().find(|d| simple_name(module, **d).is_some_and(|n| n == "Component"));
        let takes = |b: &ExprId| simple_name(module, *b).is_some_and(|n| TAKES.contains(&n.as_str()));
        if let Some(&component) = component
            && class.bases.iter().any(takes)
        {
            let mut chars = class.name.chars();
            let name: String = chars.next().into_iter().flat_map(char::to_lowercase).chain(chars).collect();
            add(&name, component, method(ev, unit, ClassId(i as u32)).into_iter().collect());
        }
    }
}

fn position(module: &crate::facts::module::Module, function: &crate::facts::module::Function) -> u32 {
    module.funcs.iter().position(|f| std::ptr::eq(f, function)).unwrap_or(0) as u32
}

/// The method of a class by which it is a function.
fn method(ev: &Evaluator<'_>, unit: UnitId, class: ClassId) -> Option<Func> {
    let module = &ev.program.unit(unit).module;
    let is_it = |m: &&FuncId| matches!(module.func(**m).name.as_str(), "accept" | "apply" | "invoke");
    module.class(class).methods.iter().find(is_it).map(|m| (unit, *m))
}
