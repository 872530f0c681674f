//! What statements of SQL and Cypher do when they run a second time.

use super::effect::{Effect, INSERTS};

/// `INSERT INTO orders (id, …)`
pub(super) fn inserts_key(text: &str) -> bool {
    let Some((head, _)) = text.split_once(')') else { return false };
    let Some((_, columns)) = head.split_once('(') else { return false };
    columns.split(',').any(|c| {
        let c = c.trim().trim_matches(['"', '`', '[', ']']);
        let camel = c.strip_suffix("Id").is_some_and(|rest| rest.ends_with(|c: char| c.is_ascii_lowercase()));
        let c = c.to_lowercase();
        c == "id" || c == "uuid" || c.ends_with("_id") || camel || c == "key"
    })
}

/// What an SQL or Cypher statement does.
pub(super) fn of_text(text: &str) -> Option<Effect> {
    let mut text = text.trim_start();
    // `-- name: CreateOrder :one` of sqlc.
    while let Some(comment) = text.strip_prefix("--") {
        text = comment.split_once('\n').map_or("", |(_, rest)| rest).trim_start();
    }
    let text = text.to_lowercase();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let creates = text.starts_with("create (") || text.starts_with("create(") || text.contains(" create (");
    if text.starts_with("insert ") || text.starts_with("with ") && text.contains(" insert into ") {
        let guarded = text.contains("on conflict")
            || text.contains("on duplicate key")
            || text.starts_with("insert ignore")
            || text.starts_with("insert or ")
            || text.contains("where not exists");
        return Some(if guarded { Effect::Claim } else { Effect::Repeats(INSERTS.into()) });
    }
    if text.starts_with("merge ") || text.starts_with("replace ") {
        return Some(Effect::Claim);
    }
    if creates || text.starts_with("match ") && text.contains(" create ") {
        return Some(if text.contains("merge (") && !text.contains(") create ") {
            Effect::Claim
        } else {
            Effect::Repeats("creates a node or relationship".into())
        });
    }
    if let Some(rest) = text.strip_prefix("update ") {
        let set = rest.split(" set ").nth(1).unwrap_or("");
        let (set, filter) = set.split_once(" where ").unwrap_or((set, ""));
        if counts(set) {
            return Some(Effect::Repeats("adds to a stored number".into()));
        }
        let conditions = filter.split(" and ").filter(|c| !c.trim().is_empty()).count();
        return Some(if conditions > 1 { Effect::Claim } else { Effect::Overwrite });
    }
    if text.starts_with("delete ") {
        return Some(Effect::Overwrite);
    }
    if text.starts_with("select ") || text.starts_with("match ") {
        return Some(Effect::Read);
    }
    None
}

/// `balance = balance - $1`
fn counts(set: &str) -> bool {
    set.split(',').any(|part| {
        part.split_once('=').is_some_and(|(column, value)| {
            let column = column.trim();
            (value.contains(" + ") || value.contains(" - "))
                && value.split([' ', '(', ')']).any(|w| w == column || w.ends_with(&format!(".{column}")))
        })
    })
}
