//! Where a broker lives, as far as the code says it.

use super::Connection;
use crate::catalog::broker::Connect;
use crate::catalog::schema::Library;
use crate::extract::consume::setting;
use crate::extract::publish::flow;
use crate::facts::module::{ExprId, ExprKind};
use crate::program::{Evaluator, Site, Value};
use crate::syntax::Place;

/// Reads a connection.
pub(super) fn read(ev: &Evaluator<'_>, site: Site, library: &Library, form: &Connect) -> Connection {
    let mut literals = Vec::new();
    if let Some(address) = setting::argument(ev, site, &form.address) {
        collect(ev, address, 0, &mut literals);
        if literals.is_empty() {
            literals.extend(handed_in(ev, address));
        }
    }
    Connection { place: ev.program.place(site), library: library.library.clone(), literals, unwatched: None }
}

/// The address with a password that a wrapper of the repository is made with. Without a password it may be
/// one for a machine of a developer.
fn handed_in(ev: &Evaluator<'_>, address: Site) -> Option<(String, Place)> {
    let has_password = |text: &String| {
        let user = text.split_once("://").and_then(|(_, rest)| rest.rsplit_once('@'));
        user.is_some_and(|(user, _)| user.split_once(':').is_some_and(|(_, password)| !password.is_empty()))
    };
    let of_value = |value: Value| match &value {
        Value::List(items) => items.iter().take(8).filter_map(|item| ev.eval(*item).as_str()).collect(),
        _ => value.as_str().into_iter().collect::<Vec<_>>(),
    };
    let texts: Vec<String> = ev.trace(address).into_iter().flat_map(of_value).collect();
    let secret = texts.iter().find(|text| has_password(text)).map(|text| (text.clone(), ev.program.place(address)));
    // One wrapper, made once, in its own file: nothing else is ever connected to.
    secret.or_else(|| match texts.as_slice() {
        [only] => Some((only.clone(), made_beside(ev, address, only)?)),
        _ => None,
    })
}

/// Where a class or function of the file is given a text, as it stands there.
fn made_beside(ev: &Evaluator<'_>, address: Site, text: &str) -> Option<Place> {
    let linked = ev.program.unit(address.unit);
    let module = &linked.module;
    linked.index.calls.iter().filter_map(|c| module.call(c.expr)).find_map(|call| {
        let is_text = |e: ExprId| matches!(&module.expr(e).kind, ExprKind::Str(s) if s == text);
        let given = call.args.iter().find(|a| match &module.expr(a.value).kind {
            ExprKind::List(items) => items.iter().any(|item| is_text(*item)),
            _ => is_text(a.value),
        })?;
        let own = ev.at(address.unit, call.callee).alternatives().iter().any(
            |value| matches!(value, Value::Class { unit, .. } | Value::Function { unit, .. } if *unit == address.unit),
        );
        own.then(|| ev.program.place(Site { unit: address.unit, expr: given.value }))
    })
}

/// The texts that stand there as literals, or in the one value that a name of the file is assigned. What is
/// the other side of a condition is a default and does not count.
fn collect(ev: &Evaluator<'_>, site: Site, depth: u32, out: &mut Vec<(String, Place)>) {
    if depth > 4 {
        return;
    }
    let here = |expr: ExprId| Site { unit: site.unit, expr };
    match &ev.program.expr(site.unit, site.expr).kind {
        ExprKind::Str(text) if !text.is_empty() => out.push((text.to_string(), ev.program.place(site))),
        ExprKind::List(items) => items.iter().take(8).for_each(|item| collect(ev, here(*item), depth + 1, out)),
        ExprKind::Cast { value, .. } => collect(ev, here(*value), depth + 1, out),
        // `new Uri("amqp://…")`
        ExprKind::Call(call) if call.is_new && call.args.len() == 1 => {
            collect(ev, here(call.args[0].value), depth + 1, out);
        }
        ExprKind::Name(name) => {
            if let Some(value) = flow::single_assignment(ev, site.unit, site.expr, name) {
                collect(ev, here(value), depth + 1, out);
            }
        }
        _ => {}
    }
}
