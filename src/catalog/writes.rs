//! What a data file says about writing to a database.

use serde::Deserialize;

/// Calls that write to a database or commit what was written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Writes {
    /// Methods, whatever object of the library they are called on (`insert_one`); with a type
    /// (`Session.commit`) only on that.
    #[serde(default)]
    pub methods: Vec<String>,
    /// Methods that the library adds to objects of ours (extension methods of C#): known by its namespace.
    #[serde(default)]
    pub extensions: Vec<String>,
    /// Methods that write when the text of their first argument does (`INSERT …`).
    #[serde(default)]
    pub sql: Vec<String>,
}

impl Writes {
    /// True when the symbol, relative to the library, is a method that writes.
    pub fn has(&self, rest: &str) -> bool {
        matches(&self.methods, rest) || self.extensions.iter().any(|name| name == rest)
    }

    /// True when the symbol runs a statement.
    pub fn runs_sql(&self, rest: &str) -> bool {
        matches(&self.sql, rest)
    }
}

fn matches(names: &[String], rest: &str) -> bool {
    let last = rest.rsplit('.').next().unwrap_or(rest);
    names.iter().any(|name| if name.contains('.') { name == rest } else { name == last })
}

/// True for a statement that changes rows or commits.
pub fn writes(sql: &str) -> bool {
    let mut head = sql.trim_start();
    // `-- name: CreateOrder :one` of sqlc.
    while let Some(comment) = head.strip_prefix("--") {
        head = comment.split_once('\n').map_or("", |(_, rest)| rest).trim_start();
    }
    let head = head.trim_start_matches('(');
    let word: String = head.chars().take_while(char::is_ascii_alphabetic).collect::<String>().to_uppercase();
    match word.as_str() {
        "INSERT" | "UPDATE" | "DELETE" | "MERGE" | "UPSERT" | "REPLACE" | "COMMIT" => true,
        // A common table expression that ends in a write.
        "WITH" => {
            let upper = head.to_uppercase();
            ["INSERT INTO", "UPDATE ", "DELETE FROM"].iter().any(|w| upper.contains(w))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_that_change_rows_are_told_from_queries() {
        assert!(writes("\n  insert into orders values (1)"));
        assert!(writes("COMMIT"));
        assert!(writes("WITH x AS (SELECT 1) UPDATE orders SET a = 1"));
        assert!(!writes("SELECT * FROM updates"));
        assert!(!writes("BEGIN"));
    }
}
