//! Annotations that map a method to a path, and the ways in which the frameworks write parameters.

use super::super::path::{self, PathText};
use super::Framework;
use crate::facts::module::{Class, ExprId, ExprKind, Function, Module};
use crate::program::types::{annotation, simple_name};
use crate::program::{Evaluator, Site, UnitId};

/// Annotations of methods, with the method of the request.
const VERBS: [(&str, &str); 24] = [
    ("GetMapping", "GET"),
    ("PostMapping", "POST"),
    ("PutMapping", "PUT"),
    ("PatchMapping", "PATCH"),
    ("DeleteMapping", "DELETE"),
    ("GetExchange", "GET"),
    ("PostExchange", "POST"),
    ("PutExchange", "PUT"),
    ("PatchExchange", "PATCH"),
    ("DeleteExchange", "DELETE"),
    ("GET", "GET"),
    ("POST", "POST"),
    ("PUT", "PUT"),
    ("PATCH", "PATCH"),
    ("DELETE", "DELETE"),
    ("HEAD", "HEAD"),
    ("OPTIONS", "OPTIONS"),
    ("Get", "GET"),
    ("Post", "POST"),
    ("Put", "PUT"),
    ("Patch", "PATCH"),
    ("Delete", "DELETE"),
    ("Head", "HEAD"),
    ("Options", "OPTIONS"),
];
const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/// The annotation, the methods and the paths that it maps.
pub(super) type Mapping = (ExprId, Vec<&'static str>, Vec<PathText>);

/// What the annotations of a method map to it.
pub(super) fn of(ev: &Evaluator<'_>, unit: UnitId, function: &Function, framework: Framework) -> Vec<Mapping> {
    let module = &ev.program.unit(unit).module;
    let mut out = Vec::new();
    let or_root = |paths: Vec<PathText>| if paths.is_empty() { vec![PathText::known("")] } else { paths };
    for &decorator in &function.decorators {
        let Some(name) = simple_name(module, decorator) else { continue };
        if framework == Framework::Spring && matches!(name.as_str(), "RequestMapping" | "HttpExchange") {
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

/// True for a controller whose methods answer messages or GraphQL, and for one that only handles errors.
pub(super) fn answers_otherwise(module: &Module, class: &Class) -> bool {
    let others =
        ["MessageMapping", "SubscribeMapping", "QueryMapping", "MutationMapping", "SchemaMapping", "ExceptionHandler"];
    class.methods.iter().any(|m| annotation(module, &module.func(*m).decorators, &others).is_some())
}

/// `method = {GET, RequestMethod.POST}`, `method = "GET"`; all methods when it is not said.
fn request_methods(module: &Module, decorator: ExprId) -> Vec<&'static str> {
    let arg = module.call(decorator).and_then(|c| c.args.iter().find(|a| a.name.as_deref() == Some("method")));
    let Some(arg) = arg else { return vec!["ANY"] };
    let items = match &module.expr(arg.value).kind {
        ExprKind::List(items) => items.clone(),
        // Kotlin: `arrayOf(RequestMethod.GET)`.
        ExprKind::Call(call) => call.args.iter().map(|a| a.value).collect(),
        _ => vec![arg.value],
    };
    let named = |e: &ExprId| {
        let name = match &module.expr(*e).kind {
            ExprKind::Str(text) => text.clone(),
            _ => simple_name(module, *e)?,
        };
        METHODS.into_iter().find(|m| *m == name)
    };
    let found: Vec<&'static str> = items.iter().filter_map(named).collect();
    if found.is_empty() { vec!["ANY"] } else { found }
}

/// The paths of an annotation: its first argument, `value`, `path`, `urlPatterns`, `uri` or `url`, one or a
/// list.
pub(super) fn paths(ev: &Evaluator<'_>, unit: UnitId, decorator: ExprId) -> Vec<PathText> {
    let module = &ev.program.unit(unit).module;
    let Some(call) = module.call(decorator) else { return Vec::new() };
    let named = |n: &str| matches!(n, "value" | "path" | "urlPatterns" | "uri" | "uris" | "url");
    let mut out = Vec::new();
    for arg in call.args.iter().filter(|a| a.name.as_deref().is_none_or(named)) {
        let items = match &module.expr(arg.value).kind {
            ExprKind::List(items) => items.clone(),
            ExprKind::Call(call) if simple_name(module, call.callee).is_some_and(|n| n == "arrayOf") => {
                call.args.iter().map(|a| a.value).collect()
            }
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

/// The parameters of a path in one notation: `{id:[0-9]+}` (Spring, JAX-RS) is `{id}`, `/**` and
/// `{rest:.+}` of JAX-RS take the rest, `{?page,size}` (Micronaut, RFC 6570) is the query, `{tail...}`
/// (Ktor) takes the rest.
pub(super) fn parameters(path: &str, framework: &str) -> String {
    let mut out = String::new();
    let mut chars = path.chars();
    while let Some(c) = chars.next() {
        if c != '{' {
            out.push(c);
            continue;
        }
        let mut depth = 1u32;
        let mut inside = String::new();
        for c in chars.by_ref() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                break;
            }
            inside.push(c);
        }
        parameter(&inside, framework, &mut out);
    }
    let rest = |s: &str| matches!(s, "**" | "*") && !(framework == "Spring" && s == "*");
    let parts: Vec<&str> = out.split('/').map(|s| if rest(s) { "{*}" } else { s }).collect();
    parts.join("/").replace("**", "{*}")
}

fn parameter(inside: &str, framework: &str, out: &mut String) {
    let (name, pattern) = inside.split_once(':').unwrap_or((inside, ""));
    let (name, pattern) = (name.trim(), pattern.trim());
    if framework == "Micronaut" {
        match name.chars().next() {
            // The query and the fragment are no part of the path.
            Some('?' | '&' | '#') => return,
            Some('/') => out.push('/'),
            Some('+') => return out.push_str(&format!("{{*{}}}", &name[1..])),
            _ => {}
        }
    }
    let name = name.trim_start_matches('/');
    if let Some(tail) = name.strip_suffix("...") {
        out.push_str(&format!("{{*{tail}}}"));
    } else if framework == "JAX-RS" && matches!(pattern, ".*" | ".+") {
        out.push_str(&format!("{{*{name}}}"));
    } else {
        out.push_str(&format!("{{{name}}}"));
    }
}

/// Stands for a placeholder while a path is put into the common notation.
pub(super) const PLACEHOLDER: &str = "\u{1}";

/// A path with [`PLACEHOLDER`] for each `${key:default}`, and those in their order.
pub(super) fn without_placeholders(path: &str) -> (String, Vec<String>) {
    let mut out = String::new();
    let mut found = Vec::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((inside, tail)) = after.split_once('}') else { break };
        out.push_str(before);
        out.push_str(PLACEHOLDER);
        found.push(format!("${{{inside}}}"));
        rest = tail;
    }
    out.push_str(rest);
    (out, found)
}
