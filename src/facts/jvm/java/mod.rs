//! Java.

mod decl;
mod expr;
mod stmt;
mod switch;
#[cfg(test)]
mod tests;
mod types;

use std::sync::OnceLock;

use smol_str::SmolStr;

use super::kind::Kind;
use super::{Dialect, Jvm, Kid, Tables, find, has, is_comment, walk};
use crate::facts::module::{Block, ExprId, Import, ImportKind, Language, Module};
use crate::syntax::code::{Grammar, ParseRefusal};

/// Java, for the shared helpers.
struct Java;

type Lower<'t> = walk::Lower<'t, Java>;

impl Jvm for Java {}

impl Dialect for Java {
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

fn tables() -> &'static Tables<Kind> {
    static TABLES: OnceLock<Tables<Kind>> = OnceLock::new();
    TABLES.get_or_init(|| Tables::build(Grammar::Java, Language::Java))
}

/// Reads the compilation unit in `text`.
///
/// # Errors
/// The fence that the parser ran into. Syntax errors are not refusals: what could be read is lowered
/// and the rest listed in [`Module::syntax_errors`].
pub fn lower(text: &str) -> Result<Module, ParseRefusal> {
    let tree = walk::parse(Grammar::Java, text, rename_late_constructor_calls)?;
    Ok(Lower::module(text, &tree, tables(), |lower, kids| {
        let mut body = Block::new();
        kids.into_iter().for_each(|kid| lower.top_level(kid, &mut body));
        body
    }))
}

/// Writes `super(…)` and `this(…)` behind other statements, which the grammar does not know
/// (<https://openjdk.org/jeps/513>), as calls of ordinary names.
fn rename_late_constructor_calls(bytes: &mut [u8]) {
    for word in ["super(", "this("] {
        let places: Vec<usize> = memchr::memmem::find_iter(bytes, word).collect();
        for at in places {
            if matches!(bytes[..at].trim_ascii_end().last(), Some(b';' | b'}')) {
                bytes[at + word.len() - 2].make_ascii_uppercase();
            }
        }
    }
}

impl<'t> Lower<'t> {
    fn top_level(&mut self, kid: Kid<'t>, out: &mut Block) {
        match kid.kind {
            Kind::PackageDeclaration => {
                let kids = self.kids(kid.node);
                let name = find(&kids, Kind::ScopedIdentifier).or_else(|| find(&kids, Kind::Identifier));
                self.module.package = name.map(|name| self.dotted_name(name));
            }
            Kind::ImportDeclaration => self.import(kid),
            _ => self.stmt(kid, out),
        }
    }

    /// `import a.b.C;`, `import static a.b.C.m;`, `import a.b.*;`.
    fn import(&mut self, kid: Kid<'t>) {
        let kids = self.kids(kid.node);
        let Some(name) = find(&kids, Kind::ScopedIdentifier).or_else(|| find(&kids, Kind::Identifier)) else { return };
        let name = self.dotted_name(name);
        let (module, kind, local) = match name.rsplit_once('.') {
            _ if has(&kids, Kind::Asterisk) => (name, ImportKind::Star, SmolStr::default()),
            Some((module, name)) => (module.into(), ImportKind::Named(name.into()), name.into()),
            None => (SmolStr::default(), ImportKind::Named(name.clone()), name),
        };
        self.module.imports.push(Import { module, kind, local, span: kid.span() });
    }
}
