//! Clients that a framework hands over by a name: `@Client("users") HttpClient users` of Micronaut.
//!
//! Source: <https://docs.micronaut.io/latest/guide/#clientAnnotation>

use super::text_of;
use crate::facts::module::{ExprId, ExprKind};
use crate::program::types::simple_name;
use crate::program::value::Text;
use crate::program::{Evaluator, Site};
use crate::syntax::Place;

/// A client that stands at the field or parameter it is handed over by.
pub(in crate::extract::http) struct Given {
    /// Its annotation.
    pub(in crate::extract::http) site: Site,
    /// The name or address that the annotation says.
    pub(in crate::extract::http) address: Option<(Text, Place)>,
}

/// The client by which a request is sent, when its class was given one of that name.
pub(in crate::extract::http) fn given(ev: &Evaluator<'_>, request: Site) -> Option<Given> {
    let module = &ev.program.unit(request.unit).module;
    // What stands before `.toBlocking().retrieve(…)`.
    let mut sender = request.expr;
    while let Some(call) = module.call(sender) {
        let ExprKind::Attr { object, .. } = &module.expr(call.callee).kind else { return None };
        sender = *object;
    }
    let name = text_of(module, sender)?;
    let span = module.expr(sender).span;
    let class = module
        .classes
        .iter()
        .filter(|class| class.span.contains(span))
        .min_by_key(|class| class.span.end - class.span.start)?;
    let fields = class.fields.iter().map(|field| (&field.name, &field.decorators));
    let params = class.methods.iter().flat_map(|method| &module.func(*method).params);
    let params = params.map(|param| (&param.name, &param.decorators));
    let is_client = |decorator: &&ExprId| simple_name(module, **decorator).is_some_and(|n| n == "Client");
    let annotation = fields
        .chain(params)
        .filter(|(of, _)| *of == name)
        .find_map(|(_, decorators)| decorators.iter().find(is_client))?;
    let site = Site { unit: request.unit, expr: *annotation };
    let said = module.call(*annotation).and_then(|call| {
        let named = |arg: &&crate::facts::module::Arg| matches!(arg.name.as_deref(), None | Some("value" | "id"));
        call.args.iter().find(named)
    });
    let address = said.and_then(|arg| {
        let at = Site { unit: request.unit, expr: arg.value };
        Some((ev.eval(at).to_text()?, ev.program.place(at)))
    });
    Some(Given { site, address })
}
