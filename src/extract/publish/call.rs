//! Finds the calls that publish.

use std::collections::{HashMap, HashSet};

use smol_str::{SmolStr, format_smolstr};

use super::{InScope, instances, jvm};
use crate::catalog::publish::Publish;
use crate::catalog::schema::{Ecosystem, Library};
use crate::facts::module::{ExprId, ExprKind, FuncId, ImportKind};
use crate::program::{Evaluator, Instance, Site, Value};

/// A call that publishes.
pub struct Found<'e> {
    /// The call.
    pub site: Site,
    /// Its library.
    pub library: &'e Library,
    /// What the library's file says about it.
    pub form: &'e Publish,
    /// The channel or producer, one for each way in; empty when its origin is not known.
    pub receivers: Vec<Instance>,
}

/// All of them.
pub fn find<'e>(ev: &Evaluator<'e>, in_scope: &InScope<'_>) -> Vec<Found<'e>> {
    let mut names: HashSet<(Ecosystem, SmolStr)> = HashSet::new();
    let mut distinctive: HashMap<(Ecosystem, SmolStr), (&'e Library, &'e Publish)> = HashMap::new();
    for library in ev.catalog.libraries() {
        for form in &library.publish {
            for call in &form.calls {
                let last = SmolStr::new(call.rsplit('.').next().unwrap_or(call));
                if form.distinctive {
                    distinctive.insert((library.ecosystem, last.clone()), (library, form));
                }
                names.insert((library.ecosystem, last));
            }
        }
    }
    let mut out = Vec::new();
    for unit in ev.program.ids().filter(|u| in_scope(*u)) {
        let language = ev.program.language(unit);
        let ecosystem = Ecosystem::of(language);
        let u = ev.program.unit(unit);
        for call in &u.index.calls {
            let site = Site { unit, expr: call.expr };
            let Some(name) = u.module.callee_name(call.expr) else { continue };
            let key = (ecosystem, name.clone());
            if !names.contains(&key) {
                continue;
            }
            let callees = callees(ev, site);
            let mut hit: Option<(&'e Library, &'e Publish)> = None;
            let mut receivers = Vec::new();
            for (symbol, receiver) in callees {
                let Some((library, rest)) = ev.catalog.split(language, &symbol) else { continue };
                let fits = |f: &&Publish| f.calls.iter().any(|c| c == rest) && jvm::fits(ev, f, site);
                let Some(form) = library.publish.iter().find(fits) else { continue };
                if hit.is_none() {
                    hit = Some((library, form));
                }
                receivers.extend(receiver);
            }
            if hit.is_none()
                && let Some((library, form)) = distinctive.get(&key)
                && is_method(ev, site)
                && !is_ours(ev, site)
                && uses(ev, library)
            {
                hit = Some((library, form));
            }
            if let Some((library, form)) = hit.filter(|(_, form)| !form.decorator || !decorated(ev, site).is_empty()) {
                out.push(Found { site, library, form, receivers });
            }
        }
    }
    out
}

/// The functions that a call decorates, or that are decorated with what it makes: `@publisher` of
/// `publisher = broker.publisher("audit")`.
pub(super) fn decorated(ev: &Evaluator<'_>, site: Site) -> Vec<FuncId> {
    let module = &ev.program.unit(site.unit).module;
    let is_it = |decorator: &ExprId| {
        *decorator == site.expr || ev.at(site.unit, *decorator).instance().is_some_and(|made| made.call == Some(site))
    };
    let decorated = module.funcs.iter().enumerate().filter(|(_, func)| func.decorators.iter().any(is_it));
    decorated.map(|(index, _)| FuncId(index as u32)).collect()
}

/// The symbols a call may mean, with the objects it is called on; a parameter is followed to what the
/// callers pass.
pub fn callees(ev: &Evaluator<'_>, site: Site) -> Vec<(SmolStr, Option<Instance>)> {
    let module = &ev.program.unit(site.unit).module;
    let Some(call) = module.call(site.expr) else { return Vec::new() };
    let language = ev.program.language(site.unit);
    let mut out: Vec<(SmolStr, Option<Instance>)> = Vec::new();
    for value in ev.at(site.unit, call.callee).alternatives() {
        match value {
            Value::External(symbol) => out.push((ev.catalog.canonical(language, symbol), None)),
            Value::Method { symbol, receiver } => out.push((symbol.clone(), Some((**receiver).clone()))),
            _ => {}
        }
    }
    let ExprKind::Attr { object, name, .. } = &module.expr(call.callee).kind else { return out };
    if !out.is_empty() {
        return out;
    }
    let object = ev.at(site.unit, *object);
    // A method that a decorator adds to a function: `task.delay(…)`.
    for value in object.alternatives() {
        if let Value::Function { unit, func, .. } = value {
            let u = ev.program.unit(*unit);
            for &decorator in &u.module.func(*func).decorators {
                let symbol = match u.module.call(decorator) {
                    Some(_) => ev.callee(Site { unit: *unit, expr: decorator }).map(|(s, _)| s),
                    None => match ev.at(*unit, decorator) {
                        Value::External(symbol) => Some(ev.catalog.canonical(language, &symbol)),
                        Value::Method { symbol, .. } => Some(symbol),
                        _ => None,
                    },
                };
                if let Some(symbol) = symbol {
                    out.push((format_smolstr!("{symbol}.{name}"), None));
                }
            }
        }
    }
    if matches!(object, Value::Param { .. }) {
        for instance in instances(ev, &object) {
            if let Value::Method { symbol, receiver } = ev.attribute(&Value::Instance(instance), name, site) {
                out.push((symbol, Some((*receiver).clone())));
            }
        }
    }
    out
}

fn is_method(ev: &Evaluator<'_>, site: Site) -> bool {
    let module = &ev.program.unit(site.unit).module;
    module.call(site.expr).is_some_and(|c| matches!(module.expr(c.callee).kind, ExprKind::Attr { .. }))
}

/// True when the call runs a function of the repository.
fn is_ours(ev: &Evaluator<'_>, site: Site) -> bool {
    let module = &ev.program.unit(site.unit).module;
    module.call(site.expr).is_some_and(|c| !matches!(ev.at(site.unit, c.callee), Value::Unknown | Value::Param { .. }))
}

/// True when some module of the program imports the library.
fn uses(ev: &Evaluator<'_>, library: &Library) -> bool {
    ev.program.units.iter().any(|u| {
        u.module.imports.iter().any(|i| {
            i.kind != ImportKind::SideEffect
                && library.packages.iter().any(|p| i.module == *p || i.module.starts_with(&format!("{p}.")))
        })
    })
}
