//! Kotlin.

mod annotations;
mod decl;
mod expr;
mod member;
mod stmt;
#[cfg(test)]
mod tests;
mod types;
mod when;

use std::sync::OnceLock;

use smol_str::SmolStr;

use super::kind::Kind;
use super::{Dialect, Jvm, Kid, Tables, find, has, is_comment, walk};
use crate::facts::module::{Block, ExprId, Import, ImportKind, Language, Module};
use crate::syntax::code::{Grammar, ParseRefusal};

/// Kotlin, for the shared helpers.
struct Kotlin;

type Lower<'t> = walk::Lower<'t, Kotlin>;

impl Jvm for Kotlin {}

impl Dialect for Kotlin {
    type Kind = Kind;
    type State = ();

    const KEEPS_TOKENS: bool = true;

    fn is_skipped(kind: Kind) -> bool {
        is_comment(kind)
    }

    fn expr<'t>(lower: &mut Lower<'t>, kid: Kid<'t>) -> ExprId {
        lower.expr(kid)
    }
}

/// Where the value of a statement goes that is an expression in Kotlin: `if`, `when`, `try`, a block.
#[derive(Clone, Copy)]
enum Sink<'a> {
    Discard,
    Return,
    /// Into a variable.
    Assign(&'a str),
}

fn tables() -> &'static Tables<Kind> {
    static TABLES: OnceLock<Tables<Kind>> = OnceLock::new();
    TABLES.get_or_init(|| Tables::build(Grammar::Kotlin, Language::Kotlin))
}

/// Reads the file in `text`.
///
/// # Errors
/// The fence that the parser ran into. Syntax errors are not refusals: what could be read is lowered
/// and the rest listed in [`Module::syntax_errors`].
pub fn lower(text: &str) -> Result<Module, ParseRefusal> {
    let tree = walk::parse(Grammar::Kotlin, text, |bytes| {
        separate(bytes);
        annotations::gather(bytes);
    })?;
    Ok(Lower::module(text, &tree, tables(), |lower, kids| {
        let mut body = Block::new();
        kids.into_iter().for_each(|kid| lower.top_level(kid, &mut body));
        body
    }))
}

/// Writes `x }` as `x;}`: the grammar wants a separator before the `}` of a body on one line.
fn separate(bytes: &mut [u8]) {
    for i in 1..bytes.len().saturating_sub(1) {
        let is_value = !matches!(bytes[i - 1], b' ' | b'\t' | b'\n' | b'{' | b';' | b',');
        if bytes[i] == b' ' && bytes[i + 1] == b'}' && is_value {
            bytes[i] = b';';
        }
    }
}

impl<'t> Lower<'t> {
    fn top_level(&mut self, kid: Kid<'t>, out: &mut Block) {
        match kid.kind {
            Kind::PackageHeader => {
                let kids = self.kids(kid.node);
                self.module.package = find(&kids, Kind::QualifiedIdentifier).map(|name| self.dotted_name(name));
            }
            Kind::Import => self.import(kid),
            Kind::Shebang | Kind::FileAnnotation => {}
            _ => self.stmt(kid, out),
        }
    }

    /// `import a.b.C`, `import a.b.C as D`, `import a.b.*`.
    fn import(&mut self, kid: Kid<'t>) {
        let kids = self.kids(kid.node);
        let Some(name) = find(&kids, Kind::QualifiedIdentifier) else { return };
        let name = self.dotted_name(name);
        let alias = find(&kids, Kind::Identifier).map(|alias| self.name_of(alias));
        let (module, kind, local) = match name.rsplit_once('.') {
            _ if has(&kids, Kind::TokenStar) => (name, ImportKind::Star, SmolStr::default()),
            Some((module, name)) => {
                let local = alias.unwrap_or_else(|| name.into());
                (module.into(), ImportKind::Named(name.into()), local)
            }
            None => (SmolStr::default(), ImportKind::Named(name.clone()), alias.unwrap_or(name)),
        };
        self.module.imports.push(Import { module, kind, local, span: kid.span() });
    }
}
