//! Go: from the syntax tree to a [`Module`].
//!
//! What is particular to this language:
//! - The receiver of a method is [`ExprKind::This`](super::module::ExprKind::This). A method whose type
//!   stands in another file belongs to a class of the same name here with the decorator `partial`.
//! - `T{A: 1}` and `&T{A: 1}` construct: a call of `T` with named arguments; `new(T)` too. A literal of
//!   a named map type is a call of the type with a dictionary.
//! - `&x`, `*p` and pointer types are transparent.
//! - `a, b := f()` is a hidden variable and two assignments from `$0[0]` and `$0[1]`; several results
//!   are a list, also as a declared type.
//! - `<-c` is a call of the method `<-` of `c`.
//! - `defer f()` is a `try` around the rest of the block with the call in `finally`; `go f()` is a call
//!   of `go` with a lambda.
//! - Struct tags are decorators (a string); an embedded struct is a base and a field.
//! - A declared type that is neither struct nor interface is a class whose base is the type it names.

mod decl;
mod expr;
mod kind;
mod literal;
mod stmt;
mod switch;
#[cfg(test)]
mod tests;
mod types;

use std::collections::HashMap;
use std::sync::OnceLock;

use smol_str::SmolStr;

use self::kind::Kind;
use super::module::{Block, ClassId, ExprId, Import, ImportKind, Language, Module};
use super::walk::text::unescape;
use super::walk::{self, Dialect, Field, Tables, field, find};
use crate::syntax::code::{Grammar, ParseRefusal};

/// Go, for the shared helpers.
struct Go;

type Lower<'t> = walk::Lower<'t, Go>;
type Kid<'t> = walk::Kid<'t, Kind>;

/// What the walk remembers.
#[derive(Default)]
struct State {
    /// The name of the receiver, where nothing hides it.
    receiver: Option<SmolStr>,
    /// The named results of the function around.
    results: Vec<SmolStr>,
    /// The types declared at the top of the file.
    types: HashMap<SmolStr, ClassId>,
    /// How many `defer`s are around.
    defers: u32,
}

impl Dialect for Go {
    type Kind = Kind;
    type State = State;

    fn is_skipped(kind: Kind) -> bool {
        kind == Kind::Comment
    }

    fn expr<'t>(lower: &mut Lower<'t>, kid: Kid<'t>) -> ExprId {
        lower.expr(kid)
    }
}

fn tables() -> &'static Tables<Kind> {
    static TABLES: OnceLock<Tables<Kind>> = OnceLock::new();
    TABLES.get_or_init(|| Tables::build(Grammar::Go, Language::Go))
}

/// Reads the source file in `text`.
///
/// # Errors
/// The fence that the parser ran into. Syntax errors are not refusals: what could be read is lowered
/// and the rest listed in [`Module::syntax_errors`].
pub fn lower(text: &str) -> Result<Module, ParseRefusal> {
    let tree = walk::parse(Grammar::Go, text, rename_new_of_values)?;
    Ok(Lower::module(text, &tree, tables(), |lower, kids| {
        let mut body = Block::new();
        // Types first, so that methods find theirs.
        for kid in kids.iter().filter(|kid| kid.kind == Kind::TypeDeclaration) {
            lower.stmt(*kid, &mut body);
        }
        for kid in kids.into_iter().filter(|kid| kid.kind != Kind::TypeDeclaration) {
            lower.top_level(kid, &mut body);
        }
        body
    }))
}

/// Writes `new` in `new(value)` as an ordinary name: the grammar knows `new(T)` only.
fn rename_new_of_values(bytes: &mut [u8]) {
    /// How far the end of an argument is looked for, in bytes.
    const MAX_ARGUMENT: usize = 200;
    let places: Vec<usize> = memchr::memmem::find_iter(bytes, "new(").collect();
    for at in places {
        let is_word = at
            .checked_sub(1)
            .is_none_or(|before| !bytes[before].is_ascii_alphanumeric() && !matches!(bytes[before], b'_' | b'.'));
        let argument = &bytes[at + 4..(at + 4 + MAX_ARGUMENT).min(bytes.len())];
        let is_value = match argument.first() {
            Some(b'"' | b'`' | b'\'' | b'-' | b'!' | b'0'..=b'9') => true,
            _ => {
                argument.iter().find(|byte| matches!(byte, b'(' | b')')) == Some(&b'(')
                    && !argument.starts_with(b"func")
            }
        };
        if is_word && is_value {
            bytes[at + 2] = b'W';
        }
    }
}

impl<'t> Lower<'t> {
    fn top_level(&mut self, kid: Kid<'t>, out: &mut Block) {
        match kid.kind {
            Kind::PackageClause => {
                let kids = self.kids(kid.node);
                let name = find(&kids, Kind::PackageIdentifier);
                self.module.package = name.map(|name| self.text_of(name).into());
            }
            Kind::ImportDeclaration => {
                for spec in self.named_kids(kid.node) {
                    let specs = if spec.kind == Kind::ImportSpecList { self.named_kids(spec.node) } else { vec![spec] };
                    specs.into_iter().for_each(|spec| self.import(spec));
                }
            }
            _ => self.stmt(kid, out),
        }
    }

    /// `"a/b"`, `c "a/b"`, `. "a/b"`, `_ "a/b"`.
    fn import(&mut self, spec: Kid<'t>) {
        let kids = self.kids(spec.node);
        let Some(path) = field(&kids, Field::Path) else { return };
        let module = self.string_value(path);
        let (kind, local) = match field(&kids, Field::Name) {
            Some(name) if name.kind == Kind::Dot => (ImportKind::Star, SmolStr::default()),
            Some(name) if name.kind == Kind::BlankIdentifier => (ImportKind::SideEffect, SmolStr::default()),
            Some(name) => (ImportKind::Namespace, self.text_of(name).into()),
            None => (ImportKind::Namespace, package_name(&module)),
        };
        self.module.imports.push(Import { module, kind, local, span: spec.span() });
    }

    /// The value of a string literal.
    fn string_value(&self, kid: Kid<'t>) -> SmolStr {
        let text = self.text_of(kid);
        let inner = text.get(1..text.len().saturating_sub(1)).unwrap_or_default();
        if kid.kind == Kind::RawStringLiteral { SmolStr::new(inner.replace('\r', "")) } else { unescape(inner, 2) }
    }
}

/// The name of the package with a path, as far as the path tells: the last segment, without a major
/// version, `gopkg.in`'s `.v3`, and what cannot be in an identifier (`go-redis` is `redis`).
pub fn package_name(path: &str) -> SmolStr {
    let mut segments = path.rsplit('/');
    let mut last = segments.next().unwrap_or(path);
    let is_version = |s: &str| s.len() > 1 && s.starts_with('v') && s[1..].bytes().all(|b| b.is_ascii_digit());
    if is_version(last)
        && let Some(before) = segments.next()
    {
        last = before;
    }
    if let Some((name, version)) = last.rsplit_once('.')
        && is_version(version)
    {
        last = name;
    }
    let trimmed = last.strip_prefix("go-").unwrap_or(last);
    let trimmed = trimmed.strip_suffix("-go").or_else(|| trimmed.strip_suffix(".go")).unwrap_or(trimmed);
    SmolStr::new(trimmed.rsplit(['-', '.']).next().unwrap_or(trimmed))
}
