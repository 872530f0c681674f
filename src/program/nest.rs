//! The buses of NestJS: `commandBus.execute(new PlaceOrder(…))` runs the class that is decorated with
//! `@CommandHandler(PlaceOrder)` (<https://docs.nestjs.com/recipes/cqrs>).

use smol_str::SmolStr;

use super::hierarchy::FuncRef;
use super::{Evaluator, Site, Value};
use crate::facts::module::{ExprKind, Module};

/// The package of the buses.
const PACKAGE: &str = "@nestjs/cqrs";

/// How a bus is given a message, the decorator of what handles it, and the method of that.
const BUSES: [(&str, &str, &str); 3] = [
    ("execute", "CommandHandler", "execute"),
    ("execute", "QueryHandler", "execute"),
    ("publish", "EventsHandler", "handle"),
];

/// True where a module works with the buses.
fn knows_buses(module: &Module) -> bool {
    module.imports.iter().any(|import| import.module == PACKAGE)
}

impl Evaluator<'_> {
    /// What a call of a bus runs: the handlers of the class of its argument.
    pub(super) fn bus_handlers(&self, site: Site) -> Vec<FuncRef> {
        let module = &self.program.unit(site.unit).module;
        let Some(call) = module.call(site.expr).filter(|_| knows_buses(module)) else { return Vec::new() };
        let Some(name) = module.callee_name(site.expr) else { return Vec::new() };
        let buses = BUSES.iter().filter(|(given, ..)| given == name);
        let mut out = Vec::new();
        for (_, decorator, method) in buses {
            let Some(Value::Object { unit, class, .. }) = self.positional(site.unit, call, 0) else { break };
            let message = self.program.unit(unit).module.class(class).name.clone();
            out.extend(self.program.calls_named(decorator).iter().filter_map(|at| self.handler(*at, &message, method)));
        }
        out.sort_unstable();
        out.dedup();
        out
    }

    /// The calls of a bus that run a method.
    pub(super) fn bus_calls(&self, (unit, func): FuncRef) -> Vec<Site> {
        let module = &self.program.unit(unit).module;
        let function = module.func(func);
        let decorated = |name: &str| {
            let class = function.class.map(|class| module.class(class));
            class.is_some_and(|c| c.decorators.iter().any(|d| module.callee_name(*d).is_some_and(|n| n == name)))
        };
        let Some((given, ..)) =
            BUSES.iter().find(|(_, decorator, method)| function.name == *method && decorated(decorator))
        else {
            return Vec::new();
        };
        let given = self.program.calls_named(given).iter().copied();
        given.filter(|site| self.bus_handlers(*site).contains(&(unit, func))).collect()
    }

    /// The method of the class that the decorator at `site` stands at, when the decorator names the message.
    fn handler(&self, site: Site, message: &SmolStr, method: &str) -> Option<FuncRef> {
        let module = &self.program.unit(site.unit).module;
        let call = module.call(site.expr).filter(|_| self.program.is_production(site.unit))?;
        let names = call.args.iter().any(|arg| match &module.expr(arg.value).kind {
            ExprKind::Name(_) | ExprKind::Attr { .. } => match self.at(site.unit, arg.value) {
                Value::Class { unit, class } => self.program.unit(unit).module.class(class).name == *message,
                _ => false,
            },
            _ => false,
        });
        let class = module.classes.iter().find(|class| names && class.decorators.contains(&site.expr))?;
        let found = class.methods.iter().find(|m| module.func(**m).name == method)?;
        Some((site.unit, *found))
    }
}
