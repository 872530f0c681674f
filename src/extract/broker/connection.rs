//! Where a broker lives, as far as the code says it.

use super::Connection;
use crate::catalog::broker::Connect;
use crate::catalog::schema::Library;
use crate::extract::consume::setting;
use crate::extract::publish::flow;
use crate::facts::module::{ExprId, ExprKind};
use crate::program::{Evaluator, Site};
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
    let texts = ev.trace(address).into_iter().filter_map(|value| value.as_str());
    texts.filter(has_password).map(|text| (text, ev.program.place(address))).next()
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
