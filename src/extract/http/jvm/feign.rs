//! What the configuration classes of a Feign client say: `@FeignClient(configuration = …)`.

use crate::facts::module::{ClassId, ExprId, ExprKind, FuncId};
use crate::program::types::simple_name;
use crate::program::{Evaluator, Site, UnitId, Value};

/// Types by which a configuration decides what is repeated; the `Retryer` that Spring gives by itself
/// repeats nothing.
/// <https://docs.spring.io/spring-cloud-openfeign/reference/spring-cloud-openfeign.html>
const DECIDES: [&str; 4] = ["Retryer", "Builder", "Client", "Capability"];
/// The class that holds Spring's own settings of a client, which configurations are derived from.
const SETTINGS: &str = "FeignClientConfiguration";

/// True when a configuration class of an annotation can bring a retry: a bean of it gives one, or it is not
/// of the repository.
pub(super) fn may_retry(ev: &Evaluator<'_>, annotation: Site) -> bool {
    let module = &ev.program.unit(annotation.unit).module;
    let Some(call) = module.call(annotation.expr) else { return false };
    let Some(argument) = call.args.iter().find(|a| a.name.as_deref() == Some("configuration")) else { return false };
    let classes = match &module.expr(argument.value).kind {
        ExprKind::List(items) => items.clone(),
        _ => vec![argument.value],
    };
    classes.into_iter().any(|class| {
        // `FeignConfiguration.class`
        let named = match &module.expr(class).kind {
            ExprKind::Attr { object, name, .. } if name == "class" => *object,
            _ => class,
        };
        match ev.at(annotation.unit, named) {
            Value::Class { unit, class } => {
                let own = (unit, class);
                std::iter::once(own).chain(ev.above(own)).any(|(unit, class)| gives_retries(ev, unit, class))
            }
            _ => simple_name(module, named).is_none_or(|name| name != SETTINGS),
        }
    })
}

fn gives_retries(ev: &Evaluator<'_>, unit: UnitId, class: ClassId) -> bool {
    let module = &ev.program.unit(unit).module;
    let class = module.class(class);
    let decides = |func: &FuncId| {
        let returned = module.func(*func).returns.and_then(|ty| simple_name(module, ty));
        let is_bean = !module.func(*func).decorators.is_empty();
        returned.map_or(is_bean, |name| DECIDES.contains(&name.as_str()))
    };
    let foreign = |base: &ExprId| {
        let ours = ev.at(unit, *base).alternatives().iter().any(|v| matches!(v, Value::Class { .. }));
        !ours && simple_name(module, *base).is_none_or(|name| name != SETTINGS)
    };
    class.methods.iter().any(decides) || class.bases.iter().any(foreign)
}
