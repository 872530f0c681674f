//! JavaScript and TypeScript: from the syntax tree to a [`Module`].
//!
//! What is particular to these languages:
//! - `require("m")` and an assigned `await import("m")` are imports, not calls. Where such a call is not
//!   simply bound to names, the module is imported under the generated name `require:m`.
//! - Exported expressions also stand in the body as statements (with the same [`ExprId`]), so that a
//!   walk over the body sees them.
//! - An arrow function in a class field is the field's value, with the class as its `class`.
//! - An object type inside another type is a [`ExprKind::Dict`](super::module::ExprKind::Dict) of its
//!   property types; a type alias that is no object type is an assignment of the type to its name.

mod chain;
mod class;
mod export;
mod expr;
mod func;
mod import;
mod kind;
mod literal;
mod loops;
mod pattern;
mod require;
mod shape;
mod stmt;
mod switch;
#[cfg(test)]
mod tests;
mod text;
mod types;

use std::sync::OnceLock;

use smol_str::SmolStr;

use self::kind::Kind;
use super::module::{Block, ExprId, Language, Module};
use super::walk::{self, Field, Head, Spelled, Tables, field, has, named};
use crate::syntax::code::{self, Grammar, ParseRefusal};

/// Which of the grammars a file needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// JavaScript, with JSX: `.js`, `.jsx`, `.mjs`, `.cjs`.
    Js,
    /// TypeScript without JSX: `.ts`, `.mts`, `.cts`.
    Ts,
    /// TypeScript with JSX: `.tsx`.
    Tsx,
}

impl Dialect {
    /// The dialect of a file by the extension of its name (without the dot).
    pub fn of_extension(extension: &str) -> Option<Self> {
        match extension.to_ascii_lowercase().as_str() {
            "js" | "jsx" | "mjs" | "cjs" => Some(Dialect::Js),
            "ts" | "mts" | "cts" => Some(Dialect::Ts),
            "tsx" => Some(Dialect::Tsx),
            _ => None,
        }
    }

    fn grammar(self) -> Grammar {
        match self {
            Dialect::Js => Grammar::JavaScript,
            Dialect::Ts => Grammar::TypeScript,
            Dialect::Tsx => Grammar::Tsx,
        }
    }

    fn language(self) -> Language {
        match self {
            Dialect::Js => Language::JavaScript,
            Dialect::Ts | Dialect::Tsx => Language::TypeScript,
        }
    }
}

/// The walk of these languages.
struct EcmaScript;

type Lower<'t> = walk::Lower<'t, EcmaScript>;
type Kid<'t> = walk::Kid<'t, Kind>;

/// What the walk remembers.
#[derive(Default)]
struct State {
    /// Inside a TypeScript namespace, whose exports are not the module's.
    in_namespace: bool,
}

impl walk::Dialect for EcmaScript {
    type Kind = Kind;
    type State = State;

    const KEEPS_TOKENS: bool = true;
    const FIELDS_HOLD_METHODS: bool = true;

    fn is_skipped(kind: Kind) -> bool {
        matches!(kind, Kind::Comment | Kind::HtmlComment)
    }

    /// Text, element and attribute names of JSX, names of labels.
    fn is_label(kid: &Kid<'_>) -> bool {
        kid.field == Field::Name
            || matches!(kid.kind, Kind::JsxText | Kind::JsxClosingElement | Kind::PropertyIdentifier)
    }

    fn expr<'t>(lower: &mut Lower<'t>, kid: Kid<'t>) -> ExprId {
        lower.expr(kid)
    }
}

fn tables(dialect: Dialect) -> &'static Tables<Kind> {
    static TABLES: [OnceLock<Tables<Kind>>; 3] = [const { OnceLock::new() }; 3];
    TABLES[dialect as usize].get_or_init(|| Tables::build(dialect.grammar(), dialect.language()))
}

/// Reads the module in `text`.
///
/// # Errors
/// The fence that the parser ran into. Syntax errors are not refusals: what could be read is lowered
/// and the rest listed in [`Module::syntax_errors`].
pub fn lower(text: &str, dialect: Dialect) -> Result<Module, ParseRefusal> {
    let tree = code::parse(dialect.grammar(), text)?;
    Ok(Lower::module(text, &tree, tables(dialect), |lower, kids| {
        let mut body = Block::new();
        kids.into_iter().for_each(|kid| lower.stmt(kid, &mut body));
        body
    }))
}

impl<'t> Lower<'t> {
    fn name_of(&self, kid: Kid<'t>) -> SmolStr {
        SmolStr::new(self.text_of(kid))
    }
}
