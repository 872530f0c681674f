//! Idempotency keys of declared requests: a header that an annotation names, a field of the body, or what an interceptor
//! adds to every request.

use super::super::request::is_key_name;
use crate::facts::module::{ExprId, ExprKind, FuncId, Module};
use crate::program::types::{build_root, simple_name};
use crate::program::{Evaluator, UnitId, Value};
use crate::syntax::Span;

/// Types of parameters that carry any headers.
const ANY_HEADERS: [&str; 5] = ["HttpHeaders", "HeaderMap", "MultivaluedMap", "MultiValueMap", "RequestOptions"];

/// Beginnings of names of methods that ask, whatever their verb: `@Post("/sales") Sales querySales(SalesQuery query)`.
const ASKS: [&str; 12] =
    ["calculate", "check", "count", "fetch", "find", "get", "is", "list", "load", "query", "search", "validate"];

/// A method that declares a request.
pub(super) struct Declaration {
    /// The annotations of the interface.
    pub(super) class: (UnitId, Vec<ExprId>),
    /// The annotations beside the mapping.
    pub(super) mapping: (UnitId, Vec<ExprId>),
    /// The method.
    pub(super) method: (UnitId, FuncId),
}

/// Whether the request brings a key; none when it can't be told.
pub(super) fn declared(ev: &Evaluator<'_>, declaration: &Declaration) -> Option<bool> {
    let (unit, method) = declaration.method;
    let module = &ev.program.unit(unit).module;
    let says = |(unit, decorators): &(UnitId, Vec<ExprId>)| {
        let module = &ev.program.unit(*unit).module;
        decorators.iter().any(|d| names_key(module, module.expr(*d).span))
    };
    let params = &module.func(method).params;
    let at_param = params
        .iter()
        .any(|p| is_key_name(&p.name) || p.decorators.iter().any(|d| names_key(module, module.expr(*d).span)));
    let in_body = params.iter().filter_map(|p| p.ty).any(|ty| match ev.at(unit, ty) {
        Value::Class { unit, class } | Value::Object { unit, class, .. } => {
            let module = &ev.program.unit(unit).module;
            let class = module.class(class);
            class.fields.iter().any(|f| is_key_name(&f.name))
                || class.methods.iter().flat_map(|m| &module.func(*m).params).any(|p| is_key_name(&p.name))
        }
        _ => false,
    });
    if at_param || in_body || says(&declaration.class) || says(&declaration.mapping) {
        return Some(true);
    }
    let carries_any = params.iter().any(|p| {
        let ty = p.ty.and_then(|ty| simple_name(module, ty));
        let is_header = |d: &ExprId| simple_name(module, *d).is_some_and(|n| n.contains("Header"));
        ty.is_some_and(|ty| ANY_HEADERS.contains(&ty.as_str()) || ty == "Map" && p.decorators.iter().any(is_header))
    });
    let asks = asks(&module.func(method).name)
        || params
            .iter()
            .filter_map(|p| simple_name(module, p.ty?))
            .any(|ty| ty.ends_with("Query") || ty.ends_with("Criteria"));
    // An interceptor, a filter or a configuration may add one.
    let root = build_root(&ev.program.unit(unit).path);
    let added = || {
        ev.program.ids().filter(|u| ev.program.language(*u).is_jvm() && ev.program.is_production(*u)).any(|u| {
            let module = &ev.program.unit(u).module;
            build_root(&ev.program.unit(u).path) == root && names_key(module, Span { start: 0, end: u32::MAX })
        })
    };
    (!carries_any && !asks && !added()).then_some(false)
}

/// True for a name that begins with such a word: `isOpen`, not `issue`.
fn asks(name: &str) -> bool {
    ASKS.iter().any(|word| name.strip_prefix(word).is_some_and(|rest| !rest.starts_with(char::is_lowercase)))
}

/// True when a text or name in a part of a file is that of a key.
fn names_key(module: &Module, within: Span) -> bool {
    module.exprs.iter().filter(|e| within.contains(e.span)).any(|expr| match &expr.kind {
        ExprKind::Str(text) => text.split([':', '=', ' ', '{', '}']).any(is_key_name),
        ExprKind::Name(name) | ExprKind::Attr { name, .. } => is_key_name(name),
        _ => false,
    })
}
