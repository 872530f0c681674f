//! Functions that AWS Lambda calls with the messages of a queue.
//!
//! What a message is taken for is said by the type of the handler (`SQSHandler`, `SQSEvent`) or by what it reads:
//! `event["Records"]` and the `body` of a record. Lambda deletes the messages when the function returns.
//! <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>

use super::InScope;
use super::source::Found;
use crate::catalog::consume::Form;
use crate::facts::module::{ExprId, ExprKind, FuncId, FunctionKind, Language, Module, StmtKind};
use crate::program::types::simple_name;
use crate::program::{Evaluator, Site, UnitId};

/// The library's name in the catalog.
const LIBRARY: &str = "AWS Lambda";

/// All handlers of queues.
pub(super) fn found<'p>(ev: &Evaluator<'p>, in_scope: &InScope<'_>) -> Vec<Found<'p>> {
    let mut out = Vec::new();
    for library in ev.catalog.libraries().iter().filter(|l| l.library == LIBRARY) {
        let Some(consume) = &library.consume else { continue };
        let Some(source) = consume.sources.iter().find(|s| s.form == Form::Convention) else { continue };
        for unit in ev.program.ids().filter(|u| in_scope(*u)) {
            let language = ev.program.language(unit);
            if crate::catalog::schema::Ecosystem::of(language) != library.ecosystem {
                continue;
            }
            out.extend(handlers(ev, unit).into_iter().map(|(func, site)| Found {
                library,
                consume,
                source,
                site,
                functions: vec![(unit, func)],
                name: None,
                heir: None,
            }));
        }
    }
    out
}

/// The handlers of a module, each with the expression that names the records.
fn handlers(ev: &Evaluator<'_>, unit: UnitId) -> Vec<(FuncId, Site)> {
    let linked = ev.program.unit(unit);
    let module = &linked.module;
    let mut out: Vec<(FuncId, Site)> = Vec::new();
    for (i, expr) in module.exprs.iter().enumerate() {
        let (object, name) = match &expr.kind {
            ExprKind::Attr { object, name, .. } => (*object, name.as_str()),
            ExprKind::Index { object, index } => match &module.expr(*index).kind {
                ExprKind::Str(name) => (*object, name.as_str()),
                _ => continue,
            },
            _ => continue,
        };
        if name != "Records" {
            continue;
        }
        let id = ExprId(i as u32);
        let Some(func) = linked.index.func_of(id).and_then(|func| outer(module, func)) else { continue };
        let function = module.func(func);
        let of_event = function
            .params
            .first()
            .is_some_and(|event| matches!(&module.expr(object).kind, ExprKind::Name(n) if *n == event.name));
        let takes_messages = is_typed(module, func, linked.index.lambda_expr.get(&func).copied())
            || (module.language == Language::Python && function.params.len() == 2 && reads_body(module, func));
        if of_event && takes_messages && !out.iter().any(|(known, _)| *known == func) {
            out.push((func, Site { unit, expr: id }));
        }
    }
    out
}

/// The function around that is no lambda inside another.
fn outer(module: &Module, mut func: FuncId) -> Option<FuncId> {
    for _ in 0..16 {
        let function = module.func(func);
        match function.parent {
            Some(parent) if function.kind == FunctionKind::Lambda => func = parent,
            _ => return Some(func),
        }
    }
    None
}

/// `handler: SQSHandler = async (event) => …`, `handler(event: SQSEvent)`.
fn is_typed(module: &Module, func: FuncId, lambda: Option<ExprId>) -> bool {
    let named = |ty: ExprId, wanted: &str| simple_name(module, ty).is_some_and(|name| name == wanted);
    let by_event = module.func(func).params.first().and_then(|p| p.ty).is_some_and(|ty| named(ty, "SQSEvent"));
    by_event
        || lambda.is_some_and(|lambda| {
            module.stmts.iter().any(|stmt| match &stmt.kind {
                StmtKind::Assign { value: Some(value), annotation: Some(ty), .. } => {
                    *value == lambda && named(*ty, "SQSHandler")
                }
                _ => false,
            })
        })
}

/// True for a function that reads the body of something: records of streams and of S3 have none.
fn reads_body(module: &Module, func: FuncId) -> bool {
    let span = module.func(func).span;
    module.exprs.iter().filter(|e| span.contains(e.span)).any(|e| matches!(&e.kind, ExprKind::Str(s) if s == "body"))
}
