//! Environment variables of database settings that the code reads, wherever that is.

use crate::facts::module::{ClassId, ExprId, ExprKind};
use crate::program::{Evaluator, Site, UnitId, Value};
use crate::syntax::Place;

/// A read of an environment variable.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct VariableRead {
    /// Its name.
    pub name: String,
    /// Where it is read.
    pub place: Place,
}

/// Words in the names of variables that say where a database is.
const WORDS: [&str; 11] =
    ["DATABASE", "DB_", "_DB", "PG", "POSTGRES", "MYSQL", "MARIADB", "MONGO", "SQL", "DSN", "STORE_URL"];

fn is_database_variable(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    WORDS.iter().any(|word| upper.contains(word))
}

/// All reads, sorted.
pub(super) fn reads(ev: &Evaluator<'_>, units: &[UnitId]) -> Vec<VariableRead> {
    let mut out = Vec::new();
    for &unit in units {
        let u = ev.program.unit(unit);
        let mut add = |value: Value, site: Site| {
            if let Value::Env { name, .. } = value {
                out.push(VariableRead { name: name.to_string(), place: ev.program.place(site) });
            }
        };
        for (i, expr) in u.module.exprs.iter().enumerate() {
            let site = Site { unit, expr: ExprId(i as u32) };
            let names = match &expr.kind {
                ExprKind::Attr { name, .. } => {
                    !name.bytes().any(|b| b.is_ascii_lowercase()) && is_database_variable(name)
                }
                ExprKind::Index { index, .. } => {
                    matches!(&u.module.expr(*index).kind, ExprKind::Str(s) if is_database_variable(s))
                }
                ExprKind::Call(call) => call.args.first().is_some_and(
                    |a| matches!(&u.module.expr(a.value).kind, ExprKind::Str(s) if is_database_variable(s)),
                ),
                _ => false,
            };
            if names {
                add(ev.eval(site), site);
            }
        }
        for (i, class) in u.module.classes.iter().enumerate().filter(|(_, c)| !c.bases.is_empty()) {
            for field in class.fields.iter().filter(|f| is_database_variable(&f.name)) {
                let Some(expr) = field.value.or(field.ty) else { continue };
                let site = Site { unit, expr };
                let object = Value::Object { unit, class: ClassId(i as u32), call: None };
                add(ev.attribute(&object, &field.name, site), site);
            }
        }
    }
    out.sort();
    out.dedup();
    out
}
