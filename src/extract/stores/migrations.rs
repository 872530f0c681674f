//! Schemas in which migrations make their tables: SQL (Flyway, golang-migrate, goose, plain scripts) and the
//! change logs of Liquibase. A folder counts when all of its tables are in schemas that it names: what makes
//! a table without one uses the schema that everybody has.

use std::collections::BTreeMap;

use crate::files::{self, Tree, Zone, folder_of, zone};
use crate::syntax::{FileId, Place, Span};

/// Parts of folders that hold migrations.
const FOLDERS: [&str; 9] =
    ["migration", "migrations", "migrate", "changelog", "changelogs", "changes", "schema", "flyway", "liquibase"];
/// How many statements of a file are read.
const MAX_STATEMENTS: usize = 5_000;

/// What a folder of migrations says.
#[derive(Default)]
struct Made {
    schemas: Vec<(Place, String)>,
    /// Something is made outside of a named schema.
    open: bool,
}

/// The schemas, with the places that name them.
pub(super) fn schemas(tree: &Tree) -> Vec<(Place, String)> {
    let mut folders: BTreeMap<&str, Made> = BTreeMap::new();
    for id in tree.ids() {
        let file = tree.file(id);
        let folder = folder_of(&file.path);
        let is_sql = file.path.ends_with(".sql");
        let is_log = file.path.ends_with(".xml");
        let in_folder = folder.split('/').any(|part| FOLDERS.contains(&part.to_ascii_lowercase().as_str()));
        // What takes a migration back makes what was there before.
        let name = file.path.rsplit('/').next().unwrap_or_default();
        let numbered = |rest: &str| rest.starts_with(|c: char| c.is_ascii_digit());
        let undoes = name.ends_with(".down.sql") || name.strip_prefix('U').is_some_and(numbered);
        if !(is_sql || is_log)
            || !in_folder
            || undoes
            || !matches!(zone(&file.path), Zone::Production | Zone::Migration)
        {
            continue;
        }
        let Ok(text) = files::read(file) else { continue };
        let made = folders.entry(folder).or_default();
        if is_sql {
            statements(&text, id, made);
        } else if text.contains("databaseChangeLog") {
            change_log(&text, id, made);
        }
    }
    folders.into_values().filter(|made| !made.open).flat_map(|made| made.schemas).collect()
}

/// `CREATE TABLE orders.lines (…)`, `SET search_path TO orders`.
fn statements(text: &str, file: FileId, made: &mut Made) {
    let mut path = None;
    let mut start = 0;
    for statement in text.split(';').take(MAX_STATEMENTS) {
        let at = start;
        start += statement.len() + 1;
        // The part of goose that takes back.
        if statement.contains("+goose Down")
            || statement.contains("rollback") && statement.trim_start().starts_with("--")
        {
            break;
        }
        let words = words(statement);
        let lower: Vec<String> = words.iter().map(|(_, word)| word.to_ascii_lowercase()).collect();
        let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
        match lower.as_slice() {
            ["set", "search_path" | "schema", rest @ ..] => {
                let name = rest.iter().copied().find(|w| !matches!(*w, "to" | "=" | "local"));
                path = name.and_then(|name| plain(name.split(',').next().unwrap_or(name)));
            }
            ["create", rest @ ..] => {
                let skip = |w: &&&str| matches!(**w, "unlogged" | "global" | "local" | "foreign");
                let passed = rest.iter().take_while(|w| skip(w)).count();
                let ["table", rest @ ..] = &rest[passed..] else { continue };
                let given = if let ["if", "not", "exists", ..] = rest { 3 } else { 0 };
                // `create` and what was passed over, then `table`.
                let position = 2 + passed + given;
                let Some((offset, name)) = words.get(position) else { continue };
                let name = name.split('(').next().unwrap_or(name);
                let own = name.split_once('.').and_then(|(schema, _)| plain(schema));
                match own.or_else(|| path.clone()) {
                    Some(schema) if !matches!(schema.as_str(), "public" | "dbo") => {
                        let span = Span::new(at + offset, at + offset + name.len());
                        made.schemas.push((Place::new(file, span), schema));
                    }
                    _ => made.open = true,
                }
            }
            _ => {}
        }
    }
}

/// The first words of a statement with their offsets, comments left out.
fn words(statement: &str) -> Vec<(usize, &str)> {
    let mut out = Vec::new();
    let mut offset = 0;
    for line in statement.split_inclusive('\n') {
        let code = line.split("--").next().unwrap_or(line);
        for word in code.split_whitespace() {
            if out.len() >= 12 {
                return out;
            }
            let at = word.as_ptr() as usize - line.as_ptr() as usize;
            out.push((offset + at, word));
        }
        offset += line.len();
    }
    out
}

fn plain(name: &str) -> Option<String> {
    let name = name.trim_matches(['"', '`', '[', ']', '\'', ',', ' ']);
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    is_name.then(|| name.to_lowercase())
}

/// `<createTable tableName="lines" schemaName="orders">`
fn change_log(text: &str, file: FileId, made: &mut Made) {
    for (at, _) in text.match_indices("<createTable").take(MAX_STATEMENTS) {
        let tag = text.get(at..).and_then(|rest| rest.split('>').next()).unwrap_or_default();
        let named = tag.split_once("schemaName=").and_then(|(_, rest)| rest.get(1..)?.split(['"', '\'']).next());
        match named.and_then(plain) {
            Some(schema) => made.schemas.push((Place::new(file, Span::new(at, at + tag.len())), schema)),
            None => made.open = true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> (Vec<String>, bool) {
        let mut made = Made::default();
        statements(text, FileId(0), &mut made);
        (made.schemas.into_iter().map(|(_, name)| name).collect(), made.open)
    }

    #[test]
    fn tables_name_their_schema_or_the_search_path_does() {
        let (names, open) = found(
            "CREATE SCHEMA gate;\n-- the visits\nCREATE TABLE IF NOT EXISTS gate.visits (id int);\ncreate table \"gate\".\"x\"(id int);",
        );
        assert_eq!((names, open), (vec!["gate".into(), "gate".into()], false));
        let (names, open) = found("SET search_path TO lots;\nCREATE UNLOGGED TABLE lot (id int);");
        assert_eq!((names, open), (vec!["lots".into()], false));
    }

    #[test]
    fn a_table_without_a_schema_is_everybodys() {
        assert_eq!(found("CREATE TABLE visits (id int);"), (vec![], true));
        assert_eq!(found("CREATE TABLE public.visits (id int);"), (vec![], true));
        assert_eq!(found("INSERT INTO a.b VALUES (1); CREATE INDEX i ON t(x);"), (vec![], false));
        assert_eq!(found(";;; create ; create table"), (vec![], false));
    }
}
