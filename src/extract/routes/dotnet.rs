//! Servers in C# that say their routes in attributes or in classes of their own: controllers of ASP.NET
//! Core, endpoints of FastEndpoints; and what libraries answer besides (proxies, pages, gRPC health).
//!
//! Minimal APIs are data in the catalog. Sources:
//! <https://learn.microsoft.com/en-us/aspnet/core/mvc/controllers/routing>,
//! <https://fast-endpoints.com/docs/get-started>.

use super::path::{self, PathText};
use super::{Embedded, Gap, GapKind, HealthEvidence, HealthKind, InScope, Route, Served};
use crate::catalog::server::Parameters;
use crate::facts::module::{ClassId, ClassKind, ExprId, ExprKind, FuncId, FunctionKind, Language, Module, StmtKind};
use crate::program::processes::Processes;
use crate::program::types::simple_name;
use crate::program::{Evaluator, Site, UnitId, Value};
use crate::syntax::Place;

/// Attributes of actions, with the method of the request.
const VERBS: [(&str, &str); 7] = [
    ("HttpGet", "GET"),
    ("HttpPost", "POST"),
    ("HttpPut", "PUT"),
    ("HttpPatch", "PATCH"),
    ("HttpDelete", "DELETE"),
    ("HttpHead", "HEAD"),
    ("HttpOptions", "OPTIONS"),
];
/// Calls that have a library answer, with where and how.
const LIBRARIES: [(&str, &str, GapKind); 12] = [
    ("MapReverseProxy", "/", GapKind::External),
    ("MapForwarder", "/", GapKind::External),
    ("UseOcelot", "/", GapKind::External),
    ("RunProxy", "/", GapKind::External),
    ("UseServiceModel", "/", GapKind::External),
    ("MapIdentityApi", "/", GapKind::External),
    ("MapRazorPages", "/", GapKind::Pages),
    ("MapRazorComponents", "/", GapKind::Pages),
    ("MapBlazorHub", "/", GapKind::Pages),
    ("MapFallbackToFile", "/", GapKind::Files),
    ("MapFallbackToPage", "/", GapKind::Files),
    ("UseSpa", "/", GapKind::Files),
];
/// Calls that begin a web server.
const SERVERS: [&str; 5] =
    ["CreateBuilder", "CreateSlimBuilder", "CreateEmptyBuilder", "CreateDefaultBuilder", "ConfigureWebHostDefaults"];
/// Calls that serve files.
const STATIC: [&str; 4] = ["UseStaticFiles", "UseFileServer", "UseDefaultFiles", "MapStaticAssets"];
/// Calls of a program that is more than a sample of how something is registered.
const WORKS: [&str; 11] = [
    "MapHealthChecksUI",
    "UseIdentityServer",
    "AddHostedService",
    "MapControllers",
    "MapControllerRoute",
    "UseEndpoints",
    "UseStartup",
    "UseOcelot",
    "MapReverseProxy",
    "MapRazorPages",
    "MapRazorComponents",
];
/// How many bases of a class are followed.
const MAX_BASES: u32 = 8;

/// Adds what C# servers answer that is not registered by calls on an application.
pub(super) fn dotnet(ev: &Evaluator<'_>, in_scope: &InScope<'_>, served: &mut Served) {
    let is_csharp = |u: &UnitId| ev.program.language(*u) == Language::CSharp && in_scope(*u);
    let units: Vec<UnitId> = ev.program.ids().filter(is_csharp).collect();
    if units.is_empty() {
        return;
    }
    let conventional: Vec<UnitId> =
        ["MapControllerRoute", "MapDefaultControllerRoute", "MapRoute", "UseMvcWithDefaultRoute"]
            .iter()
            .flat_map(|name| ev.program.calls_named(name))
            .map(|site| site.unit)
            .collect();
    let processes = Processes::new(ev.program);
    for &unit in &units {
        for i in 0..ev.program.unit(unit).module.classes.len() as u32 {
            let class = ClassId(i);
            let by_convention = conventional.iter().any(|at| processes.together(*at, unit));
            controller(ev, unit, class, by_convention, served);
            fast_endpoint(ev, unit, class, served);
        }
    }
    let here = |name: &str| ev.program.calls_named(name).iter().copied().filter(|s| is_csharp(&s.unit));
    for (name, prefix, kind) in LIBRARIES {
        for site in here(name) {
            let place = ev.program.place(site);
            served.gaps.push(Gap { place, unit: site.unit, app: None, prefix: prefix.into(), kind });
        }
    }
    for name in ["MapHealthChecksUI", "UseHealthChecksUI"] {
        for site in here(name) {
            let (place, prefix) = (ev.program.place(site), health_page(ev, site.unit));
            served.gaps.push(Gap { place, unit: site.unit, app: None, prefix, kind: GapKind::Pages });
        }
    }
    embedded(ev, &is_csharp, served);
    for site in here("MapGrpcHealthChecksService") {
        let place = ev.program.place(site);
        served.health.push(HealthEvidence { place, unit: site.unit, kind: HealthKind::Grpc });
    }
    // Event subscriptions of Dapr's sidecar.
    for site in here("MapSubscribeHandler") {
        push(ev, site, None, "GET", &PathText::known("/dapr/subscribe"), "Dapr", served);
    }
}

/// Where AspNetCore.HealthChecks.UI shows its page: the `UIPath` of its options.
/// <https://github.com/Xabaril/AspNetCore.Diagnostics.HealthChecks#healthcheckui>
fn health_page(ev: &Evaluator<'_>, unit: UnitId) -> String {
    let module = &ev.program.unit(unit).module;
    let set = module.stmts.iter().find_map(|stmt| {
        let StmtKind::Assign { target, value, .. } = &stmt.kind else { return None };
        let ExprKind::Attr { name, .. } = &module.expr(*target).kind else { return None };
        if name == "UIPath" { *value } else { None }
    });
    match set {
        Some(path) => ev.at(unit, path).as_str().unwrap_or_else(|| "/".to_owned()),
        None => "/healthchecks-ui".to_owned(),
    }
}

/// The web servers of projects, also of those that answer nothing; one that only serves files is a site.
fn embedded(ev: &Evaluator<'_>, wanted: &dyn Fn(&UnitId) -> bool, served: &mut Served) {
    let folder = |unit: UnitId| crate::program::resolve::parent(&ev.program.unit(unit).path);
    let files: Vec<&str> =
        STATIC.iter().flat_map(|name| ev.program.calls_named(name)).map(|site| folder(site.unit)).collect();
    let works: Vec<&str> =
        WORKS.iter().flat_map(|name| ev.program.calls_named(name)).map(|site| folder(site.unit)).collect();
    // It hands out tokens, whatever files it shows beside that.
    let tokens: Vec<&str> = ev.program.calls_named("UseIdentityServer").iter().map(|site| folder(site.unit)).collect();
    for name in SERVERS {
        for &site in ev.program.calls_named(name).iter().filter(|site| wanted(&site.unit)) {
            let module = &ev.program.unit(site.unit).module;
            let object = module.call(site.expr).and_then(|call| match &module.expr(call.callee).kind {
                ExprKind::Attr { object, .. } => simple_name(module, *object),
                _ => None,
            });
            let owner = if name == "CreateDefaultBuilder" { "WebHost" } else { "WebApplication" };
            let web = name == "ConfigureWebHostDefaults" || object.is_some_and(|name| name == owner);
            let own = folder(site.unit);
            if web && works.contains(&own) && (!files.contains(&own) || tokens.contains(&own)) {
                let place = ev.program.place(site);
                served.embedded.push(Embedded { place, unit: site.unit, framework: "ASP.NET Core".into() });
            }
        }
    }
}

/// What an attribute of a class or one of its bases says: where it stands.
fn inherited(ev: &Evaluator<'_>, unit: UnitId, class: ClassId, names: &[&str], hops: u32) -> Vec<(UnitId, ExprId)> {
    let module = &ev.program.unit(unit).module;
    let own: Vec<(UnitId, ExprId)> =
        attributes(module, &module.class(class).decorators, names).into_iter().map(|d| (unit, d)).collect();
    if !own.is_empty() || hops == 0 {
        return own;
    }
    bases(ev, unit, class)
        .into_iter()
        .map(|(unit, class)| inherited(ev, unit, class, names, hops - 1))
        .find(|found| !found.is_empty())
        .unwrap_or_default()
}

/// The bases of a class that are classes of the repository.
fn bases(ev: &Evaluator<'_>, unit: UnitId, class: ClassId) -> Vec<(UnitId, ClassId)> {
    let found = ev.program.unit(unit).module.class(class).bases.iter().filter_map(|base| match ev.at(unit, *base) {
        Value::Class { unit, class } => Some((unit, class)),
        _ => None,
    });
    found.collect()
}

/// True for a class that ASP.NET Core takes for a controller: it is derived from `ControllerBase`, has
/// `[ApiController]` or `[Controller]`, or its name ends in `Controller`.
fn is_controller(ev: &Evaluator<'_>, unit: UnitId, class: ClassId, hops: u32) -> bool {
    let module = &ev.program.unit(unit).module;
    let c = module.class(class);
    let is_base = |name: &str| matches!(name, "ControllerBase" | "Controller" | "ODataController");
    c.kind == ClassKind::Class
        && (c.bases.iter().any(|b| simple_name(module, *b).is_some_and(|n| is_base(&n)))
            || !attributes(module, &c.decorators, &["ApiController", "Controller"]).is_empty()
            || hops > 0 && bases(ev, unit, class).into_iter().any(|(u, b)| is_controller(ev, u, b, hops - 1)))
}

fn controller(ev: &Evaluator<'_>, unit: UnitId, id: ClassId, conventional: bool, served: &mut Served) {
    if !is_controller(ev, unit, id, MAX_BASES) {
        return;
    }
    let module = &ev.program.unit(unit).module;
    let class = module.class(id);
    // A base class of controllers; its actions are those of what is derived from it.
    if class.name.ends_with("ControllerBase") || !ev.program.types.derived(&class.name).is_empty() {
        return;
    }
    let routes = inherited(ev, unit, id, &["Route"], MAX_BASES);
    let prefixes: Vec<PathText> = routes.iter().map(|(unit, d)| first_path(ev, *unit, *d)).collect();
    let area = inherited(ev, unit, id, &["Area"], MAX_BASES).first().map(|(unit, d)| first_path(ev, *unit, *d).text);
    let name = class.name.strip_suffix("Controller").unwrap_or(&class.name).to_string();
    let mut actions: Vec<(UnitId, FuncId)> = class.methods.iter().map(|m| (unit, *m)).collect();
    let mut above = bases(ev, unit, id);
    while let Some((unit, class)) = above.pop().filter(|_| actions.len() < 500) {
        actions.extend(ev.program.unit(unit).module.class(class).methods.iter().map(|m| (unit, *m)));
        above.extend(bases(ev, unit, class));
    }
    let own = unit;
    let derived = Place::new(ev.program.unit(own).file, class.name_span);
    for (unit, method) in actions {
        let module = &ev.program.unit(unit).module;
        let function = module.func(method);
        if function.kind != FunctionKind::Method || function.is_static {
            continue;
        }
        let tokens = |text: &PathText| tokens(text, &name, &function.name, area.as_deref());
        let handler = ev.program.function_place(unit, method);
        let place = Some(handler);
        let before = served.routes.len();
        for (at, verb, tails) in mappings(ev, unit, method, !prefixes.is_empty()) {
            for tail in tails {
                // A template that begins with a slash stands for itself.
                let absolute = tail.text.strip_prefix('~').unwrap_or(&tail.text).starts_with('/');
                let own = PathText { text: tail.text.trim_start_matches('~').to_string(), partial: tail.partial };
                let full = match prefixes.as_slice() {
                    [] => vec![own],
                    _ if absolute => vec![own],
                    some => some.iter().map(|p| p.join(&own)).collect(),
                };
                for path in full {
                    push(ev, Site { unit, expr: at }, place, &verb, &tokens(&path), "ASP.NET Core", served);
                }
            }
        }
        // Without any template the route says it by convention: `/{controller}/{action}`.
        let says = |names: &[&str]| !attributes(module, &function.decorators, names).is_empty();
        let is_action = function.is_public
            && function.returns.is_some_and(|ty| returns_result(module, ty))
            && !says(&["NonAction"]);
        if conventional && prefixes.is_empty() && is_action && mappings(ev, unit, method, false).is_empty() {
            let verb = VERBS.iter().find(|(name, _)| says(&[name])).map_or("GET", |(_, verb)| verb);
            let action = if function.name == "Index" { String::new() } else { format!("/{}", function.name) };
            let path = PathText::known(format!("/{name}{action}"));
            served.routes.push(route(handler, unit, place, verb, &path, "ASP.NET Core"));
        }
        // What a base in another file answers is answered by the service that the controller is in.
        if unit != own {
            for route in &mut served.routes[before..] {
                (route.place, route.unit) = (derived, own);
            }
        }
    }
}

/// `IActionResult`, `Task<ActionResult<Order>>`, `ViewResult`.
fn returns_result(module: &Module, ty: ExprId) -> bool {
    let mut todo = vec![ty];
    while let Some(e) = todo.pop() {
        if matches!(&module.expr(e).kind, ExprKind::Name(n) | ExprKind::Attr { name: n, .. } if n.ends_with("Result")) {
            return true;
        }
        todo.extend(module.children(e));
    }
    false
}

type Mapping = (ExprId, String, Vec<PathText>);

/// What the attributes of an action map to it. `placed` when its class has a template.
fn mappings(ev: &Evaluator<'_>, unit: UnitId, method: FuncId, placed: bool) -> Vec<Mapping> {
    let module = &ev.program.unit(unit).module;
    let function = module.func(method);
    let own: Vec<ExprId> = attributes(module, &function.decorators, &["Route"]);
    let of_routes = || own.iter().map(|d| first_path(ev, unit, *d)).collect::<Vec<_>>();
    let mut out = Vec::new();
    for &decorator in &function.decorators {
        let Some(name) = simple_name(module, decorator) else { continue };
        let name = name.strip_suffix("Attribute").unwrap_or(&name);
        let verbs: Vec<String> = match VERBS.iter().find(|(n, _)| *n == name) {
            Some((_, verb)) => vec![(*verb).to_string()],
            None if name == "AcceptVerbs" => texts(ev, unit, decorator),
            None => continue,
        };
        let template = match name {
            "AcceptVerbs" => named_path(ev, unit, decorator, "Route"),
            _ => template(ev, unit, decorator),
        };
        let tails = match template {
            Some(template) => vec![template],
            None if !own.is_empty() => of_routes(),
            None if placed => vec![PathText::known("")],
            None => continue,
        };
        for verb in verbs {
            out.push((decorator, verb.to_uppercase(), tails.clone()));
        }
    }
    if out.is_empty() && !own.is_empty() {
        out.push((own[0], "ANY".into(), of_routes()));
    }
    out
}

/// The strings among the arguments of an attribute.
fn texts(ev: &Evaluator<'_>, unit: UnitId, decorator: ExprId) -> Vec<String> {
    let Some(call) = ev.program.unit(unit).module.call(decorator) else { return Vec::new() };
    call.args.iter().filter(|a| a.name.is_none()).filter_map(|a| ev.at(unit, a.value).as_str()).collect()
}

/// The template that an attribute gives, when it has one.
fn template(ev: &Evaluator<'_>, unit: UnitId, decorator: ExprId) -> Option<PathText> {
    let call = ev.program.unit(unit).module.call(decorator)?;
    let arg = call.args.iter().find(|a| a.name.as_deref().is_none_or(|n| n == "template"))?;
    let found = path::of_value(&ev.at(unit, arg.value));
    Some(found.into_iter().next().unwrap_or_else(PathText::unknown))
}

/// The path that an attribute gives by name: `Route = "{id}"`.
fn named_path(ev: &Evaluator<'_>, unit: UnitId, decorator: ExprId, name: &str) -> Option<PathText> {
    let call = ev.program.unit(unit).module.call(decorator)?;
    let arg = call.args.iter().find(|a| a.name.as_deref() == Some(name))?;
    path::of_value(&ev.at(unit, arg.value)).into_iter().next()
}

fn first_path(ev: &Evaluator<'_>, unit: UnitId, decorator: ExprId) -> PathText {
    template(ev, unit, decorator).unwrap_or_default()
}

/// `[controller]`, `[action]` and `[area]` replaced.
fn tokens(path: &PathText, controller: &str, action: &str, area: Option<&str>) -> PathText {
    let action = action.strip_suffix("Async").unwrap_or(action);
    let mut text = path.text.clone();
    for (token, value) in [("controller", Some(controller)), ("action", Some(action)), ("area", area)] {
        if let Some(value) = value {
            for form in [format!("[{token}]"), format!("[{}{}]", token[..1].to_uppercase(), &token[1..])] {
                text = text.replace(&form, value);
            }
        }
    }
    PathText { text, partial: path.partial }
}

fn attributes(module: &Module, decorators: &[ExprId], names: &[&str]) -> Vec<ExprId> {
    let named = |d: &ExprId| {
        simple_name(module, *d).is_some_and(|n| names.contains(&n.strip_suffix("Attribute").unwrap_or(&n)))
    };
    decorators.iter().copied().filter(named).collect()
}

/// `class Create : Endpoint<Request, Response> { void Configure() { Post("/orders"); } }`
fn fast_endpoint(ev: &Evaluator<'_>, unit: UnitId, id: ClassId, served: &mut Served) {
    let u = ev.program.unit(unit);
    let module = &u.module;
    let class = module.class(id);
    let is_endpoint = |b: &ExprId| {
        simple_name(module, *b).is_some_and(|n| {
            matches!(
                n.as_str(),
                "Endpoint" | "EndpointWithoutRequest" | "EndpointWithMapping" | "Ep" | "EndpointWithMapper"
            )
        })
    };
    if !class.bases.iter().any(is_endpoint) {
        return;
    }
    let prefix = fast_endpoints_prefix(ev);
    for &decorator in &class.decorators {
        let Some(name) = simple_name(module, decorator) else { continue };
        let name = name.strip_suffix("Attribute").unwrap_or(&name);
        let Some((_, verb)) = VERBS.iter().find(|(n, _)| *n == name) else { continue };
        for tail in texts(ev, unit, decorator) {
            let full = prefix.join(&PathText::known(tail));
            let handler = Place::new(u.file, class.name_span);
            push(ev, Site { unit, expr: decorator }, Some(handler), verb, &full, "FastEndpoints", served);
        }
    }
    let Some(configure) = class.methods.iter().copied().find(|m| module.func(*m).name == "Configure") else { return };
    // `Verbs(Http.GET, Http.HEAD); Routes("/a", "/b");`
    let listed: Vec<String> = u
        .index
        .calls
        .iter()
        .filter(|c| c.func == Some(configure) && module.callee_name(c.expr).is_some_and(|n| n == "Verbs"))
        .filter_map(|c| module.call(c.expr))
        .flat_map(|c| &c.args)
        .filter_map(|a| match (&module.expr(a.value).kind, ev.at(unit, a.value).as_str()) {
            (_, Some(text)) => Some(text.to_uppercase()),
            (ExprKind::Attr { name, .. }, None) => Some(name.to_uppercase()),
            _ => None,
        })
        .collect();
    for call in u.index.calls.iter().filter(|c| c.func == Some(configure)) {
        let Some(name) = module.callee_name(call.expr) else { continue };
        let verbs = match name.as_str() {
            "Get" | "Post" | "Put" | "Patch" | "Delete" | "Head" => vec![name.to_uppercase()],
            "Routes" if listed.is_empty() => vec!["ANY".to_string()],
            "Routes" => listed.clone(),
            _ => continue,
        };
        let site = Site { unit, expr: call.expr };
        let Some(c) = module.call(call.expr) else { continue };
        for arg in &c.args {
            for tail in path::of_value(&ev.at(unit, arg.value)) {
                let full = prefix.join(&tail);
                let handler = Some(ev.program.function_place(unit, configure));
                for verb in &verbs {
                    push(ev, site, handler, verb, &full, "FastEndpoints", served);
                }
            }
        }
    }
}

/// `app.UseFastEndpoints(c => c.Endpoints.RoutePrefix = "api")`
fn fast_endpoints_prefix(ev: &Evaluator<'_>) -> PathText {
    let assigned = ev.program.ids().find_map(|unit| {
        let found = &ev.program.unit(unit).index.attribute_assignments;
        found.iter().find(|(name, _, _)| name == "RoutePrefix").map(|(_, _, value)| (unit, *value))
    });
    let found = assigned.and_then(|(unit, value)| path::of_value(&ev.at(unit, value)).into_iter().next());
    found.unwrap_or_default()
}

fn push(
    ev: &Evaluator<'_>,
    at: Site,
    handler: Option<Place>,
    method: &str,
    path: &PathText,
    framework: &str,
    served: &mut Served,
) {
    served.routes.push(route(ev.program.place(at), at.unit, handler, method, path, framework));
}

fn route(place: Place, unit: UnitId, handler: Option<Place>, method: &str, path: &PathText, framework: &str) -> Route {
    Route {
        unrooted: false,
        place,
        unit,
        method: method.into(),
        path: path::normalise(&path.text, Parameters::Brace),
        framework: framework.into(),
        handler,
        app: None,
        partial: path.partial,
    }
}
