//! Messages that an HTTP request takes from a queue, to show them or to put them back: whoever asks decides, and nothing
//! waits for the next one.

use crate::facts::module::ExprKind;
use crate::program::{Evaluator, Parent};

use super::handler::Body;
use super::source::Found;

/// True for a call that takes messages once, in the function that is handed to a route: `app.MapPost("/redrive", …)`.
pub(super) fn by_request(ev: &Evaluator<'_>, found: &Found<'_>, bodies: &[Body]) -> bool {
    let unit = ev.program.unit(found.site.unit);
    if bodies.iter().any(|body| matches!(body, Body::Loop(..))) {
        return false;
    }
    let around = unit.index.func_of(found.site.expr);
    let Some(&lambda) = around.and_then(|func| unit.index.lambda_expr.get(&func)) else { return false };
    let Some(Parent::Expr(outer)) = unit.index.expr_parent.get(lambda.0 as usize) else { return false };
    let Some(call) = unit.module.call(*outer) else { return false };
    let is_method = matches!(unit.module.expr(call.callee).kind, ExprKind::Attr { .. });
    let path = call.args.first().map(|arg| &unit.module.expr(arg.value).kind);
    is_method && matches!(path, Some(ExprKind::Str(path)) if path.starts_with('/'))
}
