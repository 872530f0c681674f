//! The builders that Spring Boot makes and injects: `RestTemplateBuilder`, `RestClient.Builder`,
//! `WebClient.Builder`. They bring what the application's settings and beans say, and no limit when
//! those say nothing.
//! Source: <https://docs.spring.io/spring-boot/reference/io/rest-client.html>

use super::{MAY_LIMIT, MAY_REPEAT, only_looks, text_of};
use crate::facts::module::{ExprId, ExprKind, FunctionKind, Module};
use crate::program::types::{build_root, simple_name};
use crate::program::{Evaluator, Program, Site, UnitId, Value};
use crate::syntax::Span;

/// Their types.
const BUILDERS: [&str; 3] = ["RestTemplateBuilder", "RestClient.Builder", "WebClient.Builder"];

/// What a class implements that changes them.
const CUSTOMIZERS: [&str; 4] =
    ["RestTemplateCustomizer", "RestTemplateRequestCustomizer", "RestClientCustomizer", "WebClientCustomizer"];

/// What a bean is that they are made with.
const BEANS: [&str; 6] = [
    "ClientHttpRequestFactory",
    "ClientHttpRequestFactoryBuilder",
    "ClientHttpRequestFactorySettings",
    "HttpClientSettings",
    "ClientHttpConnector",
    "ReactorNettyHttpClientMapper",
];

/// True when a client is built by such a builder, and nothing in the code sets a limit on it.
pub(in crate::extract::http) fn boot_builder(ev: &Evaluator<'_>, site: Site) -> bool {
    let module = &ev.program.unit(site.unit).module;
    let mut at = site.expr;
    while let Some(call) = module.call(at) {
        let ExprKind::Attr { object, .. } = &module.expr(call.callee).kind else { break };
        at = *object;
    }
    let made = module.call(at).is_some() && text_of(module, at).is_some_and(|name| name.ends_with(BUILDERS[0]));
    made || injected(ev, Site { unit: site.unit, expr: at })
}

/// True for a parameter or field that the framework fills with a builder, as it left it.
pub(super) fn injected(ev: &Evaluator<'_>, builder: Site) -> bool {
    let unit = ev.program.unit(builder.unit);
    let module = &unit.module;
    let is_builder = |ty: &str| BUILDERS.iter().any(|b| ty.ends_with(b));
    let value = ev.eval(builder);
    if !value.instance().is_some_and(|i| is_builder(&i.ty)) {
        return false;
    }
    if let Some(Value::Param { func, .. }) = ev.param_of(builder) {
        let func = module.func(func);
        if func.kind != FunctionKind::Constructor && func.decorators.is_empty() {
            return false;
        }
    }
    let Some(name) = text_of(module, builder.expr) else { return false };
    let told = unit.index.calls.iter().any(|call| {
        let Some(call) = module.call(call.expr) else { return false };
        matches!(&module.expr(call.callee).kind, ExprKind::Attr { object, name: step, .. }
            if text_of(module, *object) == Some(name) && limits(step) && starts_statement(ev, builder.unit, *object))
    });
    !told && !customised(ev.program, builder.unit)
}

/// True when a statement begins with the expression: `builder.requestFactory(factory);` tells the builder,
/// while a chain that ends in the client is read with the client.
fn starts_statement(ev: &Evaluator<'_>, unit: UnitId, expr: ExprId) -> bool {
    let (module, index) = (&ev.program.unit(unit).module, &ev.program.unit(unit).index);
    let chain = index.ancestors(expr).map_while(|parent| match parent {
        crate::program::Parent::Expr(e) => Some(e),
        _ => None,
    });
    !chain.into_iter().any(|e| module.callee_name(e).is_some_and(|name| name == "build"))
}

/// True when a bean that the program of a client has makes such builders, or changes them, in a way that may
/// limit them.
fn customised(program: &Program, client: UnitId) -> bool {
    any_bean(program, client, |unit| customises(program, unit))
}

/// True when a customizer of the program puts something into each client that may send a request again.
pub(in crate::extract::http) fn customised_retry(ev: &Evaluator<'_>, client: UnitId, ty: &str) -> bool {
    let may_repeat = |unit: UnitId| {
        let (module, index) = (&ev.program.unit(unit).module, &ev.program.unit(unit).index);
        let is = |expr: ExprId| simple_name(module, expr).is_some_and(|n| CUSTOMIZERS.contains(&n.as_str()));
        let classes = module.classes.iter().filter(|c| c.bases.iter().any(|b| is(*b))).map(|c| c.span);
        let beans = module.funcs.iter().filter(|f| !f.decorators.is_empty() && f.returns.is_some_and(is));
        let spans: Vec<Span> = classes.chain(beans.map(|f| f.span)).collect();
        index.calls.iter().any(|call| {
            spans.iter().any(|span| span.contains(module.expr(call.expr).span))
                && module.callee_name(call.expr).is_some_and(|name| MAY_REPEAT.contains(&name.as_str()))
                && !only_looks(ev, Site { unit, expr: call.expr })
        })
    };
    matches!(ty, "RestTemplate" | "RestClient" | "WebClient") && any_bean(ev.program, client, may_repeat)
}

/// True when a file of the program of a client, or of a library that it uses, is such a one.
fn any_bean(program: &Program, client: UnitId, is: impl Fn(UnitId) -> bool) -> bool {
    let jvm = |unit: &UnitId| program.language(*unit).is_jvm() && program.is_production(*unit);
    let root = build_root(&program.unit(client).path);
    let is_near = |unit: UnitId| build_root(&program.unit(unit).path) == root;
    program.ids().filter(jvm).filter(|unit| is(*unit)).any(|unit| {
        is_near(unit)
            || program.unit(unit).module.package.as_deref().is_some_and(|package| {
                program
                    .ids()
                    .filter(jvm)
                    .filter(|other| is_near(*other))
                    .any(|other| program.unit(other).module.imports.iter().any(|i| i.module.starts_with(package)))
            })
    })
}

/// True when a file has such a bean.
fn customises(program: &Program, unit: UnitId) -> bool {
    let (module, index) = (&program.unit(unit).module, &program.unit(unit).index);
    let is = |expr: ExprId, names: &[&str]| simple_name(module, expr).is_some_and(|n| names.contains(&n.as_str()));
    module.classes.iter().flat_map(|c| &c.bases).any(|base| is(*base, &CUSTOMIZERS))
        || module.funcs.iter().any(|func| {
            let Some(returns) = func.returns.filter(|_| !func.decorators.is_empty()) else { return false };
            let body_limits = || {
                index.calls.iter().any(|call| {
                    func.span.contains(module.expr(call.expr).span)
                        && module.callee_name(call.expr).is_some_and(|name| limits(name))
                })
            };
            is(returns, &CUSTOMIZERS) || is(returns, &BEANS) || is_builder_type(module, returns) && body_limits()
        })
}

fn is_builder_type(module: &Module, ty: ExprId) -> bool {
    simple_name(module, ty).is_some_and(|name| matches!(name.as_str(), "RestTemplateBuilder" | "Builder"))
}

/// True for a step of a builder that may bring a limit.
fn limits(step: &str) -> bool {
    MAY_LIMIT.contains(&step) || step.to_lowercase().contains("timeout")
}
