//! Servers in Java and Kotlin: controllers of Spring MVC and WebFlux, resources of JAX-RS, controllers of
//! Micronaut, servlets. All say their routes in annotations.

use super::path::{self, PathText};
use super::{Gap, GapKind, InScope, Route, Served};
use crate::catalog::server::Parameters;
use crate::facts::module::{Class, ClassId, ClassKind, ExprId, ExprKind, Function, Module};
use crate::program::types::{build_root, simple_name};
use crate::program::{Evaluator, Site, UnitId};

/// Annotations of methods, with the method of the request.
const VERBS: [(&str, &str); 14] = [
    ("GetMapping", "GET"),
    ("PostMapping", "POST"),
    ("PutMapping", "PUT"),
    ("PatchMapping", "PATCH"),
    ("DeleteMapping", "DELETE"),
    ("GET", "GET"),
    ("POST", "POST"),
    ("PUT", "PUT"),
    ("PATCH", "PATCH"),
    ("DELETE", "DELETE"),
    ("Get", "GET"),
    ("Post", "POST"),
    ("Put", "PUT"),
    ("Delete", "DELETE"),
];

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
    for &unit in &units {
        let module = &ev.program.unit(unit).module;
        for i in 0..module.classes.len() as u32 {
            class(ev, unit, ClassId(i), &roots, served);
        }
        // Routes that are put together by calls are not read.
        let functional = |i: &crate::facts::module::Import| {
            i.module.starts_with("org.springframework.web") && i.module.ends_with("function.server")
                || i.module.starts_with("io.ktor.server") && i.module.ends_with("routing")
                || i.module.starts_with("org.springframework.cloud.gateway.route")
                || i.module.starts_with("io.vertx.ext.web")
                || i.module.starts_with("io.javalin")
        };
        if let Some(import) = module.imports.iter().find(|i| functional(i)) {
            let place = crate::syntax::Place::new(ev.program.unit(unit).file, import.span);
            served.gaps.push(Gap { place, unit, app: None, prefix: "/".into(), kind: GapKind::Unresolved });
        }
    }
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

fn class(ev: &Evaluator<'_>, unit: UnitId, id: ClassId, roots: &[(String, PathText)], served: &mut Served) {
    let module = &ev.program.unit(unit).module;
    let class = module.class(id);
    if let Some(servlet) = annotation(module, &class.decorators, &["WebServlet"]) {
        for pattern in paths(ev, unit, servlet) {
            push(ev, unit, servlet, None, "ANY", &pattern, "Servlet", served);
        }
        return;
    }
    let Some((framework, prefixes)) = controller(ev, unit, class) else { return };
    let prefixes: Vec<PathText> = if framework == Framework::JaxRs {
        let here = build_root(&ev.program.unit(unit).path);
        let mine: Vec<&PathText> = roots.iter().filter(|(root, _)| root == here).map(|(_, p)| p).collect();
        match mine.as_slice() {
            [] => prefixes,
            some => some.iter().flat_map(|root| prefixes.iter().map(|p| root.join(p))).collect(),
        }
    } else {
        prefixes
    };
    let mut found = false;
    for &method in &class.methods {
        let function = module.func(method);
        for (decorator, verbs, tails) in mappings(ev, unit, function, framework) {
            found = true;
            for verb in verbs {
                for prefix in &prefixes {
                    for tail in &tails {
                        let handler = ev.program.function_place(unit, method);
                        push(ev, unit, decorator, Some(handler), verb, &prefix.join(tail), framework.name(), served);
                    }
                }
            }
        }
    }
    // The mappings may stand in an interface or a base class that is generated.
    if !found || !class.bases.is_empty() {
        let place = crate::syntax::Place::new(ev.program.unit(unit).file, class.name_span);
        served.gaps.push(Gap { place, unit, app: None, prefix: "/".into(), kind: GapKind::Unresolved });
    }
}

/// The framework and the prefixes of a class that answers requests.
fn controller(ev: &Evaluator<'_>, unit: UnitId, class: &Class) -> Option<(Framework, Vec<PathText>)> {
    let module = &ev.program.unit(unit).module;
    if class.kind != ClassKind::Class || annotation(module, &class.decorators, &["FeignClient"]).is_some() {
        return None;
    }
    let micronaut = module.imports.iter().any(|i| i.module.starts_with("io.micronaut.http"));
    let or_root = |paths: Vec<PathText>| if paths.is_empty() { vec![PathText::known("")] } else { paths };
    if let Some(decorator) = annotation(module, &class.decorators, &["Controller"]).filter(|_| micronaut) {
        return Some((Framework::Micronaut, or_root(paths(ev, unit, decorator))));
    }
    if annotation(module, &class.decorators, &["RestController", "Controller", "RepositoryRestController"]).is_some() {
        let mapping = annotation(module, &class.decorators, &["RequestMapping"]);
        return Some((Framework::Spring, or_root(mapping.map(|m| paths(ev, unit, m)).unwrap_or_default())));
    }
    let jax = module.imports.iter().any(|i| i.module.contains("ws.rs"));
    let path = annotation(module, &class.decorators, &["Path"]).filter(|_| jax)?;
    Some((Framework::JaxRs, or_root(paths(ev, unit, path))))
}

type Mapping = (ExprId, Vec<&'static str>, Vec<PathText>);

/// What the annotations of a method map to it.
fn mappings(ev: &Evaluator<'_>, unit: UnitId, function: &Function, framework: Framework) -> Vec<Mapping> {
    let module = &ev.program.unit(unit).module;
    let mut out = Vec::new();
    let or_root = |paths: Vec<PathText>| if paths.is_empty() { vec![PathText::known("")] } else { paths };
    for &decorator in &function.decorators {
        let Some(name) = simple_name(module, decorator) else { continue };
        if framework == Framework::Spring && name == "RequestMapping" {
            out.push((decorator, request_methods(module, decorator), or_root(paths(ev, unit, decorator))));
            continue;
        }
        let Some((_, verb)) = VERBS.iter().find(|(n, _)| *n == name) else { continue };
        let tails = match framework {
            Framework::JaxRs => annotation(module, &function.decorators, &["Path"]).map(|p| paths(ev, unit, p)),
            _ => Some(paths(ev, unit, decorator)),
        };
        out.push((decorator, vec![*verb], or_root(tails.unwrap_or_default())));
    }
    out
}

/// `method = {GET, RequestMethod.POST}`; all methods when it is not said.
fn request_methods(module: &Module, decorator: ExprId) -> Vec<&'static str> {
    let arg = module.call(decorator).and_then(|c| c.args.iter().find(|a| a.name.as_deref() == Some("method")));
    let Some(arg) = arg else { return vec!["ANY"] };
    let items = match &module.expr(arg.value).kind {
        ExprKind::List(items) => items.clone(),
        _ => vec![arg.value],
    };
    let named = |e: &ExprId| {
        let name = simple_name(module, *e)?;
        ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"].into_iter().find(|m| *m == name)
    };
    let found: Vec<&'static str> = items.iter().filter_map(named).collect();
    if found.is_empty() { vec!["ANY"] } else { found }
}

fn annotation(module: &Module, decorators: &[ExprId], names: &[&str]) -> Option<ExprId> {
    decorators.iter().copied().find(|d| simple_name(module, *d).is_some_and(|n| names.contains(&n.as_str())))
}

/// The paths of an annotation: its first argument, `value`, `path`, `urlPatterns` or `uri`, one or a list.
fn paths(ev: &Evaluator<'_>, unit: UnitId, decorator: ExprId) -> Vec<PathText> {
    let module = &ev.program.unit(unit).module;
    let Some(call) = module.call(decorator) else { return Vec::new() };
    let named = |n: &str| matches!(n, "value" | "path" | "urlPatterns" | "uri" | "uris");
    let mut out = Vec::new();
    for arg in call.args.iter().filter(|a| a.name.as_deref().is_none_or(named)) {
        let items = match &module.expr(arg.value).kind {
            ExprKind::List(items) => items.clone(),
            _ => vec![arg.value],
        };
        for item in items {
            let found = path::of_value(&ev.eval(Site { unit, expr: item }));
            if found.is_empty() {
                out.push(PathText::unknown());
            }
            out.extend(found);
        }
    }
    out
}

#[allow(clippy::too_many_arguments)]
fn push(
    ev: &Evaluator<'_>,
    unit: UnitId,
    at: ExprId,
    handler: Option<crate::syntax::Place>,
    method: &str,
    path: &PathText,
    framework: &str,
    served: &mut Served,
) {
    // `{id:[0-9]+}` is a parameter with a pattern, `/**` the rest of the path.
    let text = strip_patterns(&path.text).replace("**", "{*}");
    let mut full = path::normalise(&text, Parameters::Brace);
    if !full.starts_with('/') {
        full.insert(0, '/');
    }
    served.routes.push(Route {
        place: ev.program.place(Site { unit, expr: at }),
        unit,
        method: method.into(),
        path: full,
        framework: framework.into(),
        handler,
        app: None,
        partial: path.partial,
    });
}

fn strip_patterns(path: &str) -> String {
    let mut out = String::new();
    let mut depth = 0u32;
    let mut skipping = false;
    for c in path.chars() {
        match c {
            '{' => {
                depth += 1;
                if depth == 1 {
                    out.push(c);
                }
            }
            '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    skipping = false;
                    out.push(c);
                }
            }
            ':' if depth == 1 => skipping = true,
            _ if skipping || depth > 1 => {}
            _ => out.push(c),
        }
    }
    out
}
