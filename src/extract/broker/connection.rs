//! Where a broker lives, as far as the code says it.

use super::Connection;
use crate::catalog::broker::Connect;
use crate::catalog::schema::Library;
use crate::extract::consume::setting;
use crate::program::{Evaluator, Site, Value};
use crate::syntax::Place;

/// Reads a connection.
pub(super) fn read(ev: &Evaluator<'_>, site: Site, library: &Library, form: &Connect) -> Connection {
    let mut literals = Vec::new();
    if let Some(address) = setting::argument(ev, site, &form.address) {
        collect(ev, address, 0, &mut literals);
    }
    Connection { place: ev.program.place(site), library: library.library.clone(), literals }
}

/// The texts that are literal on every way in.
fn collect(ev: &Evaluator<'_>, site: Site, depth: u32, out: &mut Vec<(String, Place)>) {
    match ev.eval(site) {
        Value::Str(text) => {
            if let Some(text) = text.as_literal().filter(|t| !t.is_empty()) {
                out.push((text, ev.program.place(site)));
            }
        }
        Value::List(items) if depth < 2 => {
            for item in items.iter().take(8) {
                collect(ev, *item, depth + 1, out);
            }
        }
        _ => {}
    }
}
