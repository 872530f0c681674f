//! Schemas that the code names: models in a schema of their own, and `search_path`.

use crate::facts::module::{ExprId, ExprKind, Module};
use crate::program::{Evaluator, Site, UnitId, Value};
use crate::syntax::Place;

/// Calls whose argument `schema` puts tables into it.
const DECLARE: [&str; 6] = ["Entity", "MetaData", "Table", "SQLModel", "ViewEntity", "define"];

/// All schemas, with their places.
pub(super) fn named(ev: &Evaluator<'_>, units: &[UnitId]) -> Vec<(Place, String)> {
    let mut out = Vec::new();
    for &unit in units {
        let u = ev.program.unit(unit);
        let mut found: Vec<(ExprId, String)> = Vec::new();
        for call in &u.index.calls {
            let Some(data) = u.module.call(call.expr) else { continue };
            let name = u.module.callee_name(call.expr).map_or("", |n| n.as_str());
            if matches!(name, "pgSchema" | "mysqlSchema" | "HasDefaultSchema") {
                let text = data.args.first().and_then(|a| ev.at(unit, a.value).as_str());
                found.extend(text.map(|t| (call.expr, t)));
            } else if DECLARE.contains(&name) {
                for arg in &data.args {
                    let text = match (arg.name.as_deref(), ev.at(unit, arg.value)) {
                        (Some("schema" | "Schema"), value) => value.as_str(),
                        (None, Value::Dict(dict)) => dict.get("schema").and_then(|s| ev.eval(s).as_str()),
                        _ => None,
                    };
                    found.extend(text.map(|t| (arg.value, t)));
                }
            }
        }
        for field in u.module.classes.iter().flat_map(|c| &c.fields).filter(|f| f.name == "__table_args__") {
            found.extend(field.value.and_then(|v| table_args(ev, unit, v).map(|t| (v, t))));
        }
        // Marten: `options.DatabaseSchemaName = "orders"`.
        let assigned = u.index.attribute_assignments.iter().filter(|(name, _, _)| name == "DatabaseSchemaName");
        found.extend(assigned.filter_map(|(_, _, value)| Some((*value, text_or_default(&ev.at(unit, *value))?))));
        found.extend(search_paths(&u.module));
        found.extend(qualified(&u.module));
        out.extend(found.into_iter().map(|(expr, name)| (ev.program.place(Site { unit, expr }), name)));
    }
    out.sort();
    out.dedup();
    out
}

/// A text, also the one that stands in for a variable: `Environment.GetEnvironmentVariable("SCHEMA") ?? "orders"`.
fn text_or_default(value: &Value) -> Option<String> {
    match value {
        Value::Env { default: Some(default), .. } => default.as_str(),
        value => value.as_str(),
    }
}

/// `{"schema": "orders"}`, `(UniqueConstraint(…), {"schema": "orders"})`.
fn table_args(ev: &Evaluator<'_>, unit: UnitId, value: ExprId) -> Option<String> {
    let dict = match ev.at(unit, value) {
        Value::Dict(dict) => dict,
        Value::List(items) => match ev.eval(*items.last()?) {
            Value::Dict(dict) => dict,
            _ => return None,
        },
        _ => return None,
    };
    ev.eval(dict.get("schema")?).as_str()
}

/// `INSERT INTO orders.lines …`: code names the schema in its statements. In queries of JPA `JOIN o.lines` is
/// the way to an attribute.
fn qualified(module: &Module) -> Vec<(ExprId, String)> {
    let joins = !module.language.is_jvm();
    let mut out = Vec::new();
    for (i, expr) in module.exprs.iter().enumerate() {
        let ExprKind::Str(text) = &expr.kind else { continue };
        if !is_statement(text) {
            continue;
        }
        let words: Vec<&str> = text.split_whitespace().collect();
        for pair in words.windows(2) {
            match pair[0].to_ascii_lowercase().as_str() {
                "into" | "from" | "update" => {}
                "join" if joins => {}
                _ => continue,
            }
            let Some((schema, table)) = pair[1].split_once('.') else { continue };
            // "Update the user." is no statement.
            if !table.trim_start_matches(['"', '`']).starts_with(|c: char| c.is_alphabetic() || c == '_') {
                continue;
            }
            let name = schema.trim_matches('"').to_lowercase();
            let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
            if is_name && !matches!(name.as_str(), "public" | "pg_catalog" | "information_schema") {
                out.push((ExprId(i as u32), name));
            }
        }
    }
    out
}

fn is_statement(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let words: Vec<&str> = lower.split_whitespace().collect();
    if !["into", "set", "from"].iter().any(|word| words.contains(word)) {
        return false;
    }
    let lines = text.lines().map(str::trim_start).find(|line| !line.is_empty() && !line.starts_with("--"));
    let first = lines.and_then(|line| line.split_whitespace().next()).unwrap_or("").to_ascii_lowercase();
    matches!(first.as_str(), "insert" | "select" | "update" | "delete" | "with")
}

/// `SET search_path TO orders` in a statement.
fn search_paths(module: &Module) -> Vec<(ExprId, String)> {
    let mut out = Vec::new();
    for (i, expr) in module.exprs.iter().enumerate() {
        if let ExprKind::Str(text) = &expr.kind
            && let Some(at) = text.to_ascii_lowercase().find("set search_path")
        {
            let rest = text.get(at + "set search_path".len()..).unwrap_or("").trim_start();
            let rest = rest.strip_prefix('=').or_else(|| rest.strip_prefix("TO")).or_else(|| rest.strip_prefix("to"));
            let name: String = rest
                .unwrap_or("")
                .trim_start_matches([' ', '"', '\''])
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            if !name.is_empty() {
                out.push((ExprId(i as u32), name));
            }
        }
    }
    out
}
