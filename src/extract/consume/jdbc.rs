//! Statements of JDBC and what is built on it: the text stands in the call that runs it, or before it.
//!
//! Sources: <https://docs.oracle.com/en/java/javase/21/docs/api/java.sql/java/sql/Connection.html>,
//! <https://docs.spring.io/spring-framework/reference/data-access/jdbc/core.html#jdbc-JdbcClient>

use crate::facts::module::{ExprId, ExprKind};
use crate::program::index::Binding;
use crate::program::{Evaluator, Site, Value};

/// Calls that take the text of a statement which is run later.
const PREPARES: [&str; 5] = ["createNativeQuery", "createQuery", "prepareCall", "prepareStatement", "sql"];

/// The text of the statement that a call runs: its first argument, or that of what prepared the statement.
pub(super) fn statement(ev: &Evaluator<'_>, site: Site) -> Option<Site> {
    let unit = ev.program.unit(site.unit);
    let module = &unit.module;
    let call = module.call(site.expr)?;
    let is_text = |expr: ExprId| matches!(ev.at(site.unit, expr), Value::Str(_) | Value::OneOf(_));
    if let Some(first) = call.args.first().filter(|a| is_text(a.value)) {
        return Some(Site { unit: site.unit, expr: first.value });
    }
    let mut at = call.callee;
    for _ in 0..24 {
        at = match &module.expr(at).kind {
            ExprKind::Attr { object, .. } => *object,
            ExprKind::Call(call) => {
                if module.callee_name(at).is_some_and(|name| PREPARES.contains(&name.as_str())) {
                    return call.args.first().map(|text| Site { unit: site.unit, expr: text.value });
                }
                call.callee
            }
            // `PreparedStatement insert = connection.prepareStatement(…)`
            ExprKind::Name(name) => {
                let (_, bindings) = unit.index.lookup(module, unit.index.func_of(at), name)?;
                let made = |binding: &Binding| match binding {
                    Binding::Value(value) | Binding::Entered(value) if *value != at => Some(*value),
                    _ => None,
                };
                bindings.iter().find_map(made)?
            }
            _ => return None,
        };
    }
    None
}

/// The table that a call inserts into.
pub(super) fn inserts_into(ev: &Evaluator<'_>, site: Site) -> Option<String> {
    table(&ev.eval(statement(ev, site)?).to_text()?.pattern())
}

/// The table that a statement inserts into.
pub(super) fn table(statement: &str) -> Option<String> {
    let text = statement.to_lowercase();
    let (_, rest) = text.split_once("into ")?;
    let name = rest.trim_start().split([' ', '(']).next()?;
    Some(name.rsplit('.').next()?.trim_matches(['"', '`']).to_string())
}
