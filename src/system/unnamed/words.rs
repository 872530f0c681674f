//! Which words of versions and ids a text holds, without reading it as a program: what is not parsed counts as well.

use crate::extract::publish::flow::squeeze;
use crate::extract::publish::shape::{is_id, is_version, is_versioned, makes_id};

/// What some files have words for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// The version of a message.
    pub(super) version: bool,
    /// The id of a message, or what makes one.
    pub(super) id: bool,
}

impl Said {
    /// Whatever there is.
    pub(super) const ALL: Said = Said { version: true, id: true };

    /// What either of them says.
    pub(super) fn and(self, other: Said) -> Said {
        Said { version: self.version || other.version, id: self.id || other.id }
    }
}

/// How many lines behind its beginning the description of an API is taken to go.
const DESCRIPTION: u32 = 5;

/// What a source file has words for. Comments on lines of their own and imports do not count, nor do lines of a log and
/// the version of an API in its own description.
pub(super) fn of_code(text: &str) -> Said {
    let lower = text.to_lowercase();
    let holds = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if holds(&["avro", "cloudevent", "schemaregistry", "schema-registry", "schema_registry"])
        || (holds(&["proto"]) && holds(&["proto.marshal(", "serializetostring(", ".tobytearray()", ".encode("]))
    {
        return Said::ALL;
    }
    let mut said = Said::default();
    let (mut described, mut documented) = (0_u32, None);
    for line in text.lines() {
        let line = line.trim();
        described = described.saturating_sub(1);
        if describes_api(line) {
            described = DESCRIPTION;
        }
        if is_documentation(line, &mut documented) {
            continue;
        }
        if is_import(line) {
            // What makes ids may be imported under another name: `import { v4 as fresh } from "uuid"`.
            said.id |= tokens(line).any(|(before, word, after)| {
                makes_id(word) && word != "uuid" && !matches!(before, '/' | '.') && !matches!(after, '/' | '"' | '\'')
            });
            continue;
        }
        let is_silent = described > 0 || is_logging(line);
        for token in tokens(line) {
            said.id |= tells_id(line, token);
            said.version |= !is_silent && tells_version(line, token);
        }
        if said == Said::ALL {
            break;
        }
    }
    said
}

/// What a file of settings has words for: the names of topics.
pub(super) fn of_settings(text: &str) -> Said {
    let version = text.lines().map(str::trim).any(|line| {
        !line.starts_with(['#', '<'])
            && !line.starts_with("apiVersion")
            && !line.contains("image:")
            && tokens(line).any(|(before, word, after)| before != '/' && after != '/' && is_versioned(word))
    });
    Said { version, id: false }
}

/// A word with the characters around it.
type Token<'t> = (char, &'t str, char);

/// The words of a line.
fn tokens(line: &str) -> impl Iterator<Item = Token<'_>> {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + line[at..].find(is_word)?;
        let end = line[start..].find(|c| !is_word(c)).map_or(line.len(), |n| start + n);
        at = end;
        let before = line[..start].chars().next_back().unwrap_or(' ');
        let after = line[end..].chars().next().unwrap_or(' ');
        Some((before, &line[start..end], after))
    })
}

/// True for a word that can name the version of a message.
fn tells_version(line: &str, (before, word, after): Token<'_>) -> bool {
    let is_quoted = matches!(before, '"' | '\'' | '`') && after == before;
    match squeeze(word).as_str() {
        // `(k, v)`, `mongoose.Schema` and `schema: Schema` are none; `v: 1` is one.
        "v" | "schema" => is_quoted || is_given_literal(line, word, after),
        // `uuid.v4()`, `__version__`
        "v4" | "v5" | "v7" => false,
        _ if word.starts_with("__") => false,
        _ => is_version(word) || (before != '/' && after != '/' && is_versioned(word)),
    }
}

/// True for `v: 1` and `schema: "orders"`.
fn is_given_literal(line: &str, word: &str, after: char) -> bool {
    let value = line.split(&format!("{word}:")).nth(1).map_or("", str::trim_start);
    after == ':' && value.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '"' | '\'' | '`'))
}

/// True for a word that names the id of a message, or makes one; a declared type (`Guid OrderId`) makes none.
fn tells_id(line: &str, (before, word, after): Token<'_>) -> bool {
    match squeeze(word).as_str() {
        "uuid" => {
            let makes = ["uuid.New", "uuid.Must", "uuid.v", "uuid.uuid", "uuid.Gen", "UUID.random", "Uuid.random"];
            after == '(' || after == ':' || matches!(before, '"' | '\'') || makes.iter().any(|made| line.contains(made))
        }
        "objectid" => after == '(',
        "newobjectid" | "generatenewid" | "xid" | "generateid" | "newid" | "nextid" | "randombytes" | "tokenhex"
        | "tokenurlsafe" => true,
        squeezed => {
            is_id(word)
                || (!is_versioned(word) && makes_id(word))
                || ["ulid", "ksuid", "nanoid", "snowflake"].iter().any(|word| squeezed.contains(word))
        }
    }
}

/// True for a line on which an application says what its API or its log is.
fn describes_api(line: &str) -> bool {
    [
        "FastAPI(",
        "wagger",
        "penApi",
        "penAPI",
        "DocumentBuilder",
        "disable_existing_loggers",
        "apiVersion",
        "ApiVersion",
    ]
    .iter()
    .any(|word| line.contains(word))
}

/// True for comments on lines of their own and what is in a docstring. `within` is the mark that ends the docstring.
fn is_documentation(line: &str, within: &mut Option<&'static str>) -> bool {
    if let Some(mark) = *within {
        if line.contains(mark) {
            *within = None;
        }
        return true;
    }
    for mark in ["\"\"\"", "'''"] {
        if let Some(rest) = line.trim_start_matches(['r', 'f']).strip_prefix(mark) {
            *within = Some(mark).filter(|_| !rest.contains(mark));
            return true;
        }
    }
    ["//", "*", "/*", "#"].iter().any(|start| line.starts_with(start))
}

fn is_import(line: &str) -> bool {
    let starts = ["import ", "using ", "package ", "from "].iter().any(|start| line.starts_with(start));
    // `uuid "github.com/google/uuid"` between the brackets of an import of Go
    let of_go = || {
        line.ends_with('"') && line.contains('/') && line.matches('"').count() == 2 && !line.contains(['(', '=', ':'])
    };
    starts || of_go()
}

fn is_logging(line: &str) -> bool {
    let lower = line.to_lowercase();
    ["log.", "logger.", "slog.", "logging.", "console.", ".log", "println", "printf", "print("]
        .iter()
        .any(|word| lower.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(line: &str) -> (bool, bool) {
        let said = of_code(line);
        (said.version, said.id)
    }

    #[test]
    fn words_of_versions() {
        for line in
            ["event = {\"event_version\": 1}", "int SchemaVersion { get; }", "class OrderPlacedV2:", "{ v: 1, id }"]
        {
            assert!(said(line).0, "{line}");
        }
        for line in [
            "__version__ = \"1.2\"",
            "// version 2 of it",
            "const schema = new mongoose.Schema({})",
            "for (const [k, v] of all) {}",
            "r.GET(\"/api/v1/orders\", list)",
            "log.Info(\"started\", \"version\", cfg.Version)",
            "\"gopkg.in/yaml.v3\"",
            "c.SwaggerDoc(\"v1\", new OpenApiInfo { Version = \"v1\" });",
            "\"\"\"Schema of an order, version 3.\"\"\"",
        ] {
            assert!(!said(line).0, "{line}");
        }
        assert!(!of_code("\"\"\"\nversion: 3\n\"\"\"\nx = 1\n").version);
        assert!(of_code("\"\"\"\nnone\n\"\"\"\nversion = 1\n").version);
    }

    #[test]
    fn words_of_ids() {
        for line in [
            "public Guid EventId { get; }",
            "Id = Guid.NewGuid();",
            "id := uuid.New().String()",
            "import { v4 as fresh } from \"uuid\";",
            "from uuid import uuid4 as fresh",
            "headers[\"x-message-id\"] = key",
            "const id = new ObjectId();",
        ] {
            assert!(said(line).1, "{line}");
        }
        for line in
            ["public record Placed(Guid OrderId);", "id primitive.ObjectID", "\"github.com/google/uuid\"", "x.UUID,"]
        {
            assert!(!said(line).1, "{line}");
        }
    }

    #[test]
    fn settings_name_topics() {
        assert!(of_settings("topic: orders.v2\n").version);
        assert!(!of_settings("apiVersion: v1\nimage: shop:v2\nurl: http://orders/api/v1/x\n").version);
    }
}
