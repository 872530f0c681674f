//! Servers in Java and Kotlin: controllers of Spring MVC and WebFlux, resources of JAX-RS, controllers of
//! Micronaut and servlets say their routes in annotations ([`mapping`]), on the class itself or on what it
//! extends and implements ([`inherit`]); Spring's router functions and Ktor nest calls ([`functional`]).

mod functional;
mod generated;
mod inherit;
mod mapping;

use super::path::{self, PathText};
use super::{Gap, GapKind, InScope, Route, Served};
use crate::catalog::server::Parameters;
use crate::facts::module::{Class, ClassId, ClassKind, ExprId, ExprKind, FuncId, Module};
use crate::program::hierarchy::ClassRef;
use crate::program::types::{annotation, build_root};
use crate::program::{Evaluator, Site, UnitId, Value};
use crate::syntax::Place;

use mapping::paths;

/// How deep resources of resources are followed.
const MAX_RESOURCES: u32 = 4;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Framework {
    Spring,
    JaxRs,
    Micronaut,
}

impl Framework {
    fn name(self) -> &'static str {
        match self {
            Framework::Spring => "Spring",
            Framework::JaxRs => "JAX-RS",
            Framework::Micronaut => "Micronaut",
        }
    }
}

/// Adds the routes of Java and Kotlin.
pub(super) fn jvm(ev: &Evaluator<'_>, in_scope: &InScope<'_>, served: &mut Served) {
    let units: Vec<UnitId> = ev.program.ids().filter(|u| ev.program.language(*u).is_jvm() && in_scope(*u)).collect();
    let roots = application_paths(ev, &units);
    let added = added_prefixes(ev);
    for &unit in &units {
        let module = &ev.program.unit(unit).module;
        for i in 0..module.classes.len() as u32 {
            class(ev, unit, ClassId(i), &roots, &added, served);
        }
        functional::find(ev, unit, served);
        // Routes of other libraries are not read.
        let foreign = |i: &crate::facts::module::Import| {
            ["org.springframework.cloud.gateway.route", "io.vertx.ext.web", "io.javalin", "org.http4k", "spark.Spark"]
                .iter()
                .any(|p| i.module.starts_with(p))
        };
        if let Some(import) = module.imports.iter().find(|i| foreign(i)) {
            gap(ev, unit, import.span, served);
        }
    }
}

fn gap(ev: &Evaluator<'_>, unit: UnitId, span: crate::syntax::Span, served: &mut Served) {
    let place = Place::new(ev.program.unit(unit).file, span);
    served.gaps.push(Gap { place, unit, app: None, prefix: "/".into(), kind: GapKind::Unresolved });
}

/// `@ApplicationPath("rest")` by build module.
fn application_paths(ev: &Evaluator<'_>, units: &[UnitId]) -> Vec<(String, PathText)> {
    let mut out = Vec::new();
    for &unit in units {
        let module = &ev.program.unit(unit).module;
        for class in &module.classes {
            if let Some(decorator) = annotation(module, &class.decorators, &["ApplicationPath"]) {
                let root = build_root(&ev.program.unit(unit).path).to_string();
                out.extend(paths(ev, unit, decorator).into_iter().map(|p| (root.clone(), p)));
            }
        }
    }
    out
}

/// A prefix that a configuration class puts before the paths of controllers.
struct Added {
    /// The build module.
    root: String,
    prefix: PathText,
    /// The package of the controllers that are meant; none for all.
    package: Option<String>,
}

/// `configurer.addPathPrefix("/api", HandlerTypePredicate.forAnnotation(RestController.class))`
/// (<https://docs.spring.io/spring-framework/reference/web/webmvc/mvc-config/path-matching.html>).
fn added_prefixes(ev: &Evaluator<'_>) -> Vec<Added> {
    let mut out = Vec::new();
    for &site in ev.program.calls_named("addPathPrefix") {
        let unit = ev.program.unit(site.unit);
        let Some(call) = unit.module.call(site.expr).filter(|c| unit.module.language.is_jvm() && c.args.len() == 2)
        else {
            continue;
        };
        let given = path::of_value(&ev.at(site.unit, call.args[0].value)).into_iter().next();
        let mut prefix = given.unwrap_or_else(PathText::unknown);
        let inside = |name: &str| {
            let span = unit.module.expr(call.args[1].value).span;
            let mut all = unit.index.calls.iter().map(|c| c.expr);
            all.find(|e| {
                span.contains(unit.module.expr(*e).span) && unit.module.callee_name(*e).is_some_and(|n| n == name)
            })
        };
        let mut package = None;
        if let Some(only) = inside("forBasePackage") {
            let named = unit.module.call(only).and_then(|c| ev.at(site.unit, c.args.first()?.value).as_str());
            // One that is not known may mean anybody.
            prefix.partial |= named.is_none();
            package = named;
        }
        out.push(Added { root: build_root(&unit.path).to_string(), prefix, package });
    }
    out
}

fn class(
    ev: &Evaluator<'_>,
    unit: UnitId,
    id: ClassId,
    roots: &[(String, PathText)],
    added: &[Added],
    served: &mut Served,
) {
    let module = &ev.program.unit(unit).module;
    let class = module.class(id);
    if let Some(servlet) = annotation(module, &class.decorators, &["WebServlet"]) {
        return servlets(ev, unit, class, servlet, served);
    }
    if module.imports.iter().any(|i| i.module.starts_with("io.quarkus.vertx.web")) {
        reactive_routes(ev, unit, class, served);
    }
    if generated::implementation(ev, (unit, id), served) {
        gap(ev, unit, class.name_span, served);
    }
    let Some((framework, prefixes)) = controller(ev, (unit, id)) else { return };
    let prefixes: Vec<PathText> = if framework == Framework::JaxRs {
        let here = build_root(&ev.program.unit(unit).path);
        let mine: Vec<&PathText> = roots.iter().filter(|(root, _)| root == here).map(|(_, p)| p).collect();
        match mine.as_slice() {
            [] => prefixes,
            some => some.iter().flat_map(|root| prefixes.iter().map(|p| root.join(p))).collect(),
        }
    } else if framework == Framework::Spring {
        let here = build_root(&ev.program.unit(unit).path);
        let of = |a: &&Added| {
            let package = module.package.as_deref().unwrap_or_default();
            a.root == here && a.package.as_deref().is_none_or(|p| package.starts_with(p))
        };
        match added.iter().find(of) {
            Some(added) => prefixes.iter().map(|p| added.prefix.join(p)).collect(),
            None => prefixes,
        }
    } else {
        prefixes
    };
    let found = resource(ev, (unit, id), framework, &prefixes, 0, served);
    // The mappings may stand in an interface or a base class that is generated or comes from a library.
    if (!found && !mapping::answers_otherwise(module, class)) || inherit::is_open(ev, (unit, id)) {
        gap(ev, unit, class.name_span, served);
    }
}

/// The routes of the methods of a class, its own and those it inherits. False when there is none.
fn resource(
    ev: &Evaluator<'_>,
    class: ClassRef,
    framework: Framework,
    prefixes: &[PathText],
    depth: u32,
    served: &mut Served,
) -> bool {
    let (unit, id) = class;
    let module = &ev.program.unit(unit).module;
    let mut found = false;
    for (declared, handler) in inherit::methods(ev, class) {
        let own = &ev.program.unit(declared.0).module;
        let function = own.func(declared.1);
        let mapped = mapping::of(ev, declared.0, function, framework);
        for (decorator, verbs, tails) in mapped.iter() {
            found = true;
            // An inherited mapping is shown where the class stands that answers.
            let place = match (declared.0 == unit && declared == handler, handler.0 == unit) {
                (true, _) => ev.program.place(Site { unit, expr: *decorator }),
                (false, true) if handler != declared => ev.program.function_place(handler.0, handler.1),
                _ => Place::new(ev.program.unit(unit).file, module.class(id).name_span),
            };
            let answers = ev.program.function_place(handler.0, handler.1);
            for verb in verbs {
                for full in prefixes.iter().flat_map(|p| tails.iter().map(|t| p.join(t))) {
                    push(unit, place, Some(answers), verb, &full, framework.name(), served);
                }
            }
        }
        // A JAX-RS method with a path and no verb returns the resource that answers.
        if framework == Framework::JaxRs
            && mapped.is_empty()
            && depth < MAX_RESOURCES
            && let Some(path) = annotation(own, &function.decorators, &["Path"])
        {
            found = true;
            let tails = paths(ev, declared.0, path);
            let below: Vec<PathText> = prefixes.iter().flat_map(|p| tails.iter().map(|t| p.join(t))).collect();
            let target = function.returns.map(|ty| ev.at(declared.0, ty));
            match target {
                Some(Value::Class { unit: u, class }) => {
                    resource(ev, (u, class), framework, &below, depth + 1, served);
                }
                _ => gap(ev, unit, module.class(id).name_span, served),
            }
        }
    }
    found
}

/// Quarkus: `@Route(path = "/lots", methods = Route.HttpMethod.GET)`, without a path that of the method's name, below
/// `@RouteBase(path = "yard")` (<https://quarkus.io/guides/reactive-routes>).
fn reactive_routes(ev: &Evaluator<'_>, unit: UnitId, class: &Class, served: &mut Served) {
    let module = &ev.program.unit(unit).module;
    let base = annotation(module, &class.decorators, &["RouteBase"]).map(|base| paths(ev, unit, base));
    let base = base.and_then(|paths| paths.into_iter().next()).unwrap_or_default();
    for &method in &class.methods {
        let function = module.func(method);
        let Some(decorator) = annotation(module, &function.decorators, &["Route"]) else { continue };
        let mut tails = paths(ev, unit, decorator);
        if tails.is_empty() {
            let dashed = function.name.chars().flat_map(|c| {
                let dash = c.is_uppercase().then_some('-');
                dash.into_iter().chain(c.to_lowercase())
            });
            tails.push(PathText::known(dashed.collect::<String>()));
        }
        let methods = module.call(decorator).and_then(|c| c.args.iter().find(|a| a.name.as_deref() == Some("methods")));
        let mut verbs: Vec<String> = Vec::new();
        let mut todo: Vec<ExprId> = methods.map(|a| a.value).into_iter().collect();
        while let Some(expr) = todo.pop() {
            match &module.expr(expr).kind {
                ExprKind::List(items) => todo.extend(items),
                ExprKind::Name(name) | ExprKind::Attr { name, .. } => verbs.push(name.to_uppercase()),
                _ => {}
            }
        }
        if verbs.is_empty() {
            verbs.push("ANY".to_string());
        }
        let place = ev.program.place(Site { unit, expr: decorator });
        for tail in &mut tails {
            // The router of Vert.x has its parameters behind colons.
            tail.text = path::normalise(&tail.text, Parameters::Colon);
        }
        for tail in &tails {
            for verb in &verbs {
                push(
                    unit,
                    place,
                    Some(ev.program.function_place(unit, method)),
                    verb,
                    &base.join(tail),
                    "Quarkus",
                    served,
                );
            }
        }
    }
}

/// `@WebServlet("/x")`: the methods that it overrides, else all.
fn servlets(ev: &Evaluator<'_>, unit: UnitId, class: &Class, servlet: ExprId, served: &mut Served) {
    let module = &ev.program.unit(unit).module;
    let place = ev.program.place(Site { unit, expr: servlet });
    let overridden = |method: &FuncId| match module.func(*method).name.as_str() {
        "doGet" => Some("GET"),
        "doPost" => Some("POST"),
        "doPut" => Some("PUT"),
        "doDelete" => Some("DELETE"),
        _ => None,
    };
    let mut verbs: Vec<&str> = class.methods.iter().filter_map(overridden).collect();
    // Another base or `service` answers whatever comes.
    if verbs.is_empty() {
        verbs.push("ANY");
    }
    for pattern in paths(ev, unit, servlet) {
        let pattern = match pattern.text.strip_suffix("/*") {
            Some(prefix) => PathText { text: format!("{prefix}/{{*}}"), ..pattern.clone() },
            None => pattern,
        };
        for verb in &verbs {
            push(unit, place, None, verb, &pattern, "Servlet", served);
        }
    }
}

/// The framework and the prefixes of a class that answers requests.
fn controller(ev: &Evaluator<'_>, (unit, id): ClassRef) -> Option<(Framework, Vec<PathText>)> {
    let module = &ev.program.unit(unit).module;
    let class = module.class(id);
    if class.kind != ClassKind::Class || is_client(module, class) || inherit::is_only_base(ev, (unit, id)) {
        return None;
    }
    let or_root = |paths: Vec<PathText>| if paths.is_empty() { vec![PathText::known("")] } else { paths };
    let micronaut = module.imports.iter().any(|i| i.module.starts_with("io.micronaut.http"));
    if let Some((at, decorator)) = composed(ev, unit, class, &["Controller"]).filter(|_| micronaut) {
        return Some((Framework::Micronaut, or_root(paths(ev, at, decorator))));
    }
    // The path of the class, else of what it extends or implements.
    let of_class = |names: &[&str]| {
        std::iter::once((unit, id)).chain(ev.above((unit, id))).find_map(|(u, c)| {
            let module = &ev.program.unit(u).module;
            let class = module.class(c);
            let found = annotation(module, &class.decorators, names).filter(|_| !is_client(module, class))?;
            Some(paths(ev, u, found))
        })
    };
    if composed(ev, unit, class, &["RestController", "Controller", "RepositoryRestController"]).is_some() {
        let mapped = of_class(&["RequestMapping", "HttpExchange"])
            .or_else(|| composed(ev, unit, class, &["RequestMapping"]).map(|(at, found)| paths(ev, at, found)));
        return Some((Framework::Spring, or_root(mapped.unwrap_or_default())));
    }
    let jax = |u: UnitId| ev.program.unit(u).module.imports.iter().any(|i| i.module.contains("ws.rs"));
    if !jax(unit) && !ev.above((unit, id)).iter().any(|(u, _)| jax(*u)) {
        return None;
    }
    Some((Framework::JaxRs, or_root(of_class(&["Path"])?)))
}

/// An annotation of a class, or of an annotation of ours that stands at it: `@Controller("/api") @interface Api {}`.
fn composed(ev: &Evaluator<'_>, unit: UnitId, class: &Class, names: &[&str]) -> Option<(UnitId, ExprId)> {
    let module = &ev.program.unit(unit).module;
    let direct = annotation(module, &class.decorators, names).map(|found| (unit, found));
    direct.or_else(|| {
        class.decorators.iter().find_map(|decorator| {
            let target = module.call(*decorator).map_or(*decorator, |call| call.callee);
            let Value::Class { unit, class } = ev.at(unit, target) else { return None };
            let module = &ev.program.unit(unit).module;
            annotation(module, &module.class(class).decorators, names).map(|found| (unit, found))
        })
    })
}

/// A class or interface that a framework turns into a client.
fn is_client(module: &Module, class: &Class) -> bool {
    annotation(module, &class.decorators, &["FeignClient", "RegisterRestClient", "Client"]).is_some()
}

fn push(
    unit: UnitId,
    place: Place,
    handler: Option<Place>,
    method: &str,
    path: &PathText,
    framework: &str,
    served: &mut Served,
) {
    // A setting (`${api.prefix:/v1}`) is filled in where the service's settings are known.
    let (text, placeholders) = mapping::without_placeholders(&path.text);
    let mut full = path::normalise(&mapping::parameters(&text, framework), Parameters::Brace);
    if !full.starts_with('/') {
        full.insert(0, '/');
    }
    let full = placeholders.iter().fold(full, |path, placeholder| path.replacen(mapping::PLACEHOLDER, placeholder, 1));
    let route = Route {
        unrooted: false,
        place,
        unit,
        method: method.into(),
        path: full,
        framework: framework.into(),
        handler,
        app: None,
        partial: path.partial,
    };
    if !served.routes.contains(&route) {
        served.routes.push(route);
    }
}
