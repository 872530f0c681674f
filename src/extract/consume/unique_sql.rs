//! Unique columns of tables, as `CREATE TABLE` and `CREATE UNIQUE INDEX` say in files of SQL and in texts of the code.

use crate::extract::publish::flow::squeeze;
use crate::facts::module::ExprKind;
use crate::program::{Evaluator, Site};

use super::reach::Reach;
use super::unique::{self, Key, stem};

/// True for the `INSERT` of a call that fills a unique column, so that a second one with the same value fails.
pub(super) fn is_refused(reach: &Reach<'_, '_>, site: Site) -> bool {
    let ev = reach.ev;
    let Some(call) = ev.program.unit(site.unit).module.call(site.expr) else { return false };
    let texts = call.args.iter().take(3).filter_map(|arg| ev.at(site.unit, arg.value).to_text());
    texts.into_iter().filter_map(|text| inserted(&text.pattern())).any(|(table, columns)| {
        let keys = reach.unique_keys().iter();
        let of_table = keys.filter(|key| key.entity.as_deref().is_some_and(|entity| stem(entity) == stem(&table)));
        let keys = unique::own(reach, of_table.collect(), site.unit);
        keys.iter().any(|key| key.columns.iter().all(|column| columns.contains(&squeeze(column))))
    })
}

/// The table and the columns of `INSERT INTO payments (order_id, …)`, squeezed.
fn inserted(text: &str) -> Option<(String, Vec<String>)> {
    let lower = text.to_lowercase();
    let (_, rest) = lower.split_once("insert into ")?;
    let (table, rest) = rest.split_once('(')?;
    let table = squeeze(table.trim().rsplit('.').next()?);
    let (columns, _) = rest.split_once(')')?;
    Some((table, columns.split(',').map(squeeze).collect()))
}

/// The table of an `INSERT` of one row, and its columns with what stands for each: `$1`, `?`, `now()`.
pub(super) fn row_of(text: &str) -> Option<(String, Vec<(String, String)>)> {
    let (table, columns) = inserted(text)?;
    let lower = text.to_lowercase();
    let (_, values) = lower.split_once("insert into ")?.1.split_once(')')?.1.split_once("values")?;
    let values = parts(values.trim_start().strip_prefix('(')?);
    let row = columns.into_iter().zip(values.iter().map(|value| value.trim().to_string()));
    let row: Vec<(String, String)> = row.collect();
    (row.len() == values.len()).then_some((table, row))
}

/// The keys that the texts of a program declare.
pub(super) fn of_program(ev: &Evaluator<'_>) -> Vec<Key> {
    let mut out = Vec::new();
    for unit in ev.program.ids() {
        for expr in &ev.program.unit(unit).module.exprs {
            if let ExprKind::Str(text) = &expr.kind
                && text.len() > 20
            {
                out.extend(of_text(text, &ev.program.unit(unit).path));
            }
        }
    }
    out
}

/// The keys that statements declare; a key called `id` is most often made with the row.
pub(super) fn of_text(text: &str, path: &str) -> Vec<Key> {
    let lower = text.to_lowercase();
    if !lower.contains("create ") && !lower.contains("alter table") {
        return Vec::new();
    }
    let keys = lower.split(';').flat_map(of_statement);
    keys.map(|key| Key { path: path.into(), ..key }).collect()
}

fn of_statement(statement: &str) -> Vec<Key> {
    let statement = statement.lines().map(|line| line.split("--").next().unwrap_or_default());
    let statement = statement.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ");
    let index = statement.split_once("create unique index ").and_then(|(_, rest)| rest.split_once(" on "));
    if let Some((table, columns)) = index.and_then(|(_, rest)| rest.split_once('(')) {
        // One with a condition holds for some rows only.
        let is_partial = columns.split_once(')').is_some_and(|(_, rest)| rest.contains("where"));
        return if is_partial { Vec::new() } else { vec![key(name_of(table), columns)] };
    }
    let table = |after: &str| {
        let rest = statement.split_once(after)?.1;
        let rest = rest.strip_prefix("if not exists ").or_else(|| rest.strip_prefix("only ")).unwrap_or(rest);
        Some((name_of(rest), rest.to_string()))
    };
    if let Some((table, rest)) = table("alter table ") {
        let unique = rest.split_once(" unique").and_then(|(_, rest)| rest.split_once('('));
        return unique.map(|(_, columns)| vec![key(table, columns)]).unwrap_or_default();
    }
    let Some((table, rest)) = table("create table ") else { return Vec::new() };
    let Some((_, body)) = rest.split_once('(') else { return Vec::new() };
    let declared = Key::of(Some(table.clone()), Vec::new());
    let keys = parts(body).into_iter().filter_map(|part| of_column(&table, part.trim()));
    std::iter::once(declared).chain(keys).collect()
}

/// `order_id text not null unique`, `unique (order_id, product)`, `primary key (order_id)`
fn of_column(table: &str, part: &str) -> Option<Key> {
    let makes_itself = ["serial", "default", "identity", "auto_increment", "autoincrement"];
    let constraint =
        part.strip_prefix("constraint ").and_then(|rest| rest.split_once(' ')).map_or(part, |(_, rest)| rest);
    if constraint.starts_with("unique") || constraint.starts_with("primary key") {
        let (_, columns) = constraint.split_once('(')?;
        return Some(key(table.to_string(), columns)).filter(|key| key.columns != ["id"]);
    }
    let column = part.split_whitespace().next()?.trim_matches(['"', '`', '[', ']']);
    let is_unique = part.split_whitespace().any(|word| word == "unique");
    let is_primary = part.contains("primary key") && !makes_itself.iter().any(|word| part.contains(word));
    let found = is_unique || is_primary && column != "id";
    found.then(|| Key::of(Some(squeeze(table)), vec![column.to_string()]))
}

fn key(table: String, columns: &str) -> Key {
    let columns = columns.split(')').next().unwrap_or_default().split(',');
    Key::of(Some(table), columns.map(squeeze).filter(|column| !column.is_empty()).collect())
}

/// The name of a table at the beginning of a text, without its schema.
fn name_of(text: &str) -> String {
    let word = text.trim().split([' ', '(']).next().unwrap_or_default();
    squeeze(word.rsplit('.').next().unwrap_or_default())
}

/// The parts between the commas that stand in no parentheses, up to the one that closes the body.
fn parts(body: &str) -> Vec<&str> {
    let (mut depth, mut from, mut out) = (0, 0, Vec::new());
    for (at, c) in body.char_indices() {
        match c {
            '(' => depth += 1,
            ')' if depth == 0 => {
                out.push(&body[from..at]);
                return out;
            }
            ')' => depth -= 1,
            ',' if depth == 0 => {
                out.push(&body[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    out
}
