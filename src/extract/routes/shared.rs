//! Routes that a function of a shared C# project registers, such as `app.MapDefaultEndpoints()` of Aspire: they
//! are those of the services that call it, and of no other service that uses the project.

use super::{App, Served};
use crate::facts::module::{FuncId, Language};
use crate::program::processes::Processes;
use crate::program::{Evaluator, Site, UnitId};
use crate::syntax::Place;

/// How many functions lie between a route and the program that has it.
const MAX_HOPS: usize = 3;
/// How many programs a route is given to.
const MAX_CALLS: usize = 200;

/// Gives routes and gaps of such functions to the programs that call them.
pub(super) fn to_callers(ev: &Evaluator<'_>, served: &mut Served) {
    let apps = |place: Place, unit: UnitId, framework: &str| -> Vec<App> {
        let app =
            |site: Site| App { place: ev.program.place(site), unit: site.unit, site, framework: framework.to_string() };
        callers(ev, unit, place).into_iter().map(app).collect()
    };
    let dead = |unit: UnitId, place: Place| ev.program.language(unit) == Language::CSharp && is_dead(ev, unit, place);
    let routes = std::mem::take(&mut served.routes);
    for route in routes {
        if route.app.is_none() && dead(route.unit, route.place) {
            continue;
        }
        let found = match route.app {
            None => apps(route.place, route.unit, &route.framework),
            Some(_) => Vec::new(),
        };
        if found.is_empty() {
            served.routes.push(route);
            continue;
        }
        served.routes.extend(found.into_iter().map(|app| super::Route { app: Some(app), ..route.clone() }));
    }
    let gaps = std::mem::take(&mut served.gaps);
    for gap in gaps {
        if gap.app.is_none() && dead(gap.unit, gap.place) {
            continue;
        }
        let found = match gap.app {
            None => apps(gap.place, gap.unit, "ASP.NET Core"),
            Some(_) => Vec::new(),
        };
        if found.is_empty() {
            served.gaps.push(gap);
            continue;
        }
        served.gaps.extend(found.into_iter().map(|app| super::Gap { app: Some(app), ..gap.clone() }));
    }
}

/// True for what an extension method registers that nothing calls, where the program that would is there to see.
fn is_dead(ev: &Evaluator<'_>, unit: UnitId, place: Place) -> bool {
    let Some((unit, func)) = extension(ev, unit, place) else { return false };
    let name = &ev.program.unit(unit).module.func(func).name;
    ev.program.calls_named(name).is_empty()
        && ev.program.handed(name).is_empty()
        && Processes::new(ev.program).is_one_of(unit)
}

/// The calls of the extension method that a place stands in, in code that is none itself.
fn callers(ev: &Evaluator<'_>, unit: UnitId, place: Place) -> Vec<Site> {
    if ev.program.language(unit) != Language::CSharp {
        return Vec::new();
    }
    let mut level: Vec<(UnitId, FuncId)> = extension(ev, unit, place).into_iter().collect();
    let mut found = Vec::new();
    for _ in 0..MAX_HOPS {
        let mut next = Vec::new();
        for (unit, func) in level {
            let name = &ev.program.unit(unit).module.func(func).name;
            for &site in ev.program.calls_named(name) {
                if !ev.program.is_production(site.unit) || found.len() > MAX_CALLS {
                    continue;
                }
                match extension(ev, site.unit, ev.program.place(site)) {
                    Some(outer) if outer != (unit, func) => next.push(outer),
                    Some(_) => {}
                    None => found.push(site),
                }
            }
        }
        level = next;
    }
    found.sort();
    found.dedup();
    found
}

/// The extension method around a place: a static method of a static class whose first parameter is extended.
fn extension(ev: &Evaluator<'_>, unit: UnitId, place: Place) -> Option<(UnitId, FuncId)> {
    let module = &ev.program.unit(unit).module;
    let around = module.funcs.iter().enumerate().filter(|(_, f)| f.span.contains(place.span));
    let mut around = around.filter(|(_, f)| f.is_static && f.class.is_some() && !f.params.is_empty());
    around.next().map(|(i, _)| (unit, FuncId(i as u32)))
}
