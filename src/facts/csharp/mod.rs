//! C#: from the syntax tree to a [`Module`].
//!
//! What is particular to this language:
//! - Attributes are decorators: `[HttpGet("{id}")]` is a call, `[ApiController]` a name.
//! - `using A.B;` is an import of everything; what a file offers to its whole project
//!   (`global using`) is also an [`Export`](super::module::Export) of everything.
//! - Properties are fields; one that computes its value is a getter.
//! - The parameters of a primary constructor are parameters of a constructor that are fields.
//! - `new X(1) { A = 2 }` is one call with a named argument; what a collection initialiser holds is a
//!   list or a dictionary behind the other arguments; an anonymous object is a dictionary.
//! - `using var x = …;` is a `with` around the rest of the block.
//! - `nameof(x)` is a string, `typeof(T)` the type.
//! - The first parameter of an extension method has the decorator `this`.
//! - A class inside a class is no statement, it names its [`outer`](super::module::Class::outer) class.
//! - Statements at the top of the file are the body of the module. All branches of `#if` are read.

mod chain;
mod creation;
mod decl;
mod expr;
mod kind;
mod member;
mod pattern;
mod stmt;
mod string;
mod switch;
#[cfg(test)]
mod tests;
mod types;

use std::sync::OnceLock;

use smol_str::{SmolStr, format_smolstr};

use self::kind::Kind;
use super::module::{Block, Export, ExportValue, ExprId, Import, ImportKind, Language, Module};
use super::walk::{self, Dialect, Field, Tables, field};
use crate::syntax::code::{self, Grammar, ParseRefusal};

/// C#, for the shared helpers.
struct CSharp;

type Lower<'t> = walk::Lower<'t, CSharp>;
type Kid<'t> = walk::Kid<'t, Kind>;

/// What the walk remembers.
#[derive(Default)]
struct State {
    /// How many `using` declarations are around.
    usings: u32,
}

impl Dialect for CSharp {
    type Kind = Kind;
    type State = State;

    fn is_skipped(kind: Kind) -> bool {
        matches!(
            kind,
            Kind::Comment
                | Kind::PreprocRegion
                | Kind::PreprocEndregion
                | Kind::PreprocLine
                | Kind::PreprocPragma
                | Kind::PreprocNullable
                | Kind::PreprocError
                | Kind::PreprocWarning
                | Kind::PreprocDefine
                | Kind::PreprocUndef
        )
    }

    fn expr<'t>(lower: &mut Lower<'t>, kid: Kid<'t>) -> ExprId {
        lower.expr(kid)
    }
}

fn tables() -> &'static Tables<Kind> {
    static TABLES: OnceLock<Tables<Kind>> = OnceLock::new();
    TABLES.get_or_init(|| Tables::build(Grammar::CSharp, Language::CSharp))
}

/// Reads the compilation unit in `text`.
///
/// # Errors
/// The fence that the parser ran into. Syntax errors are not refusals: what could be read is lowered
/// and the rest listed in [`Module::syntax_errors`].
pub fn lower(text: &str) -> Result<Module, ParseRefusal> {
    let tree = code::parse(Grammar::CSharp, text)?;
    Ok(Lower::module(text, &tree, tables(), |lower, kids| {
        let mut body = Block::new();
        lower.statements(&kids, &mut body);
        body
    }))
}

impl<'t> Lower<'t> {
    /// `using A.B;`, `using static A.B;`, `using A = B.C;`, `global using A;`.
    fn using(&mut self, kid: Kid<'t>) {
        let kids = self.named_kids(kid.node);
        let Some(target) = kids.iter().rev().find(|k| k.field != Field::Name).copied() else { return };
        let name = self.dotted_name(target);
        let (module, kind, local) = match (field(&kids, Field::Name), name.rsplit_once('.')) {
            (None, _) => (name.clone(), ImportKind::Star, SmolStr::default()),
            (Some(alias), Some((module, last))) => {
                (SmolStr::new(module), ImportKind::Named(last.into()), self.name_of(alias))
            }
            (Some(alias), None) => (SmolStr::default(), ImportKind::Named(name.clone()), self.name_of(alias)),
        };
        if self.text_of(kid).starts_with("global") && kind == ImportKind::Star {
            let star = SmolStr::new_static("*");
            let value = ExportValue::From { module: module.clone(), name: star.clone() };
            self.module.exports.push(Export { name: star, value });
        }
        self.module.imports.push(Import { module, kind, local, span: kid.span() });
    }

    /// `namespace A.B { … }`, `namespace A.B;`. A file belongs to the first of several.
    fn namespace(&mut self, kid: Kid<'t>, out: &mut Block) {
        let kids = self.kids(kid.node);
        let outer = self.module.package.clone();
        if let Some(name) = field(&kids, Field::Name).map(|name| self.dotted_name(name)) {
            self.module.package = match &outer {
                Some(outer) if kid.field == Field::Body => Some(format_smolstr!("{outer}.{name}")),
                Some(outer) => Some(outer.clone()),
                None => Some(name),
            };
        }
        if let Some(list) = field(&kids, Field::Body) {
            for mut member in self.named_kids(list.node) {
                // A namespace in a namespace continues its name.
                if member.kind == Kind::NamespaceDeclaration && outer.is_none() {
                    member.field = Field::Body;
                }
                self.stmt(member, out);
            }
        }
    }

    /// The text of an identifier; `@` is no part of it.
    fn name_of(&self, kid: Kid<'t>) -> SmolStr {
        SmolStr::new(self.text_of(kid).trim_start_matches('@'))
    }

    /// The text of a dotted name without blanks, type arguments and `global::`.
    fn dotted_name(&self, kid: Kid<'t>) -> SmolStr {
        let text = self.text_of(kid);
        let text = text.split('<').next().unwrap_or(text);
        let text = text.rsplit("::").next().unwrap_or(text);
        text.chars().filter(|c| !c.is_whitespace() && *c != '@').collect::<String>().into()
    }

    /// True when what follows a node, after blanks, begins with `token`.
    fn is_followed_by(&self, kid: Kid<'t>, token: &str) -> bool {
        self.after(kid.end()).trim_start().starts_with(token)
    }
}
