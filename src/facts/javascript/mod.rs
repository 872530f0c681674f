//! JavaScript and TypeScript: from the syntax tree to a [`Module`].
//!
//! One recursive walk. Chains that grow to one side (`a + b + …`, `x.then(…).then(…)`, `else if`) are
//! walked in loops; everything else is limited to [`MAX_DEPTH`] levels, below which a part is dropped
//! and listed among the syntax errors.
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

use smol_str::{SmolStr, format_smolstr};
use tree_sitter::{Node, TreeCursor};

use self::kind::{Field, Kind, Tables};
use super::error;
use super::module::{Block, ClassId, ExprId, ExprKind, FuncId, Language, Module, StmtKind};
use crate::syntax::Span;
use crate::syntax::code::{self, Grammar, ParseRefusal};

/// How deep the walk recurses. Hand-written code stays below 60.
const MAX_DEPTH: u32 = 400;
/// How many links of chains may lie above a node, in all: chains are walked in loops here, but nest
/// in the module, where others may recurse.
const MAX_LINKS: usize = 1_000;

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

/// Reads the module in `text`.
///
/// # Errors
/// The fence that the parser ran into. Syntax errors are not refusals: what could be read is lowered
/// and the rest listed in [`Module::syntax_errors`].
pub fn lower(text: &str, dialect: Dialect) -> Result<Module, ParseRefusal> {
    let tree = code::parse(dialect.grammar(), text)?;
    let root = tree.root_node();
    let mut lower = Lower {
        text,
        tables: Tables::of(dialect.grammar()),
        cursor: root.walk(),
        module: Module::new(dialect.language()),
        depth: 0,
        links: 0,
        func: None,
        class: None,
        hidden: 0,
        in_switch: false,
        in_namespace: false,
    };
    if root.has_error() {
        lower.module.syntax_errors = error::spans(root);
    }
    let mut body = Block::new();
    for kid in lower.kids(root) {
        lower.stmt(kid, &mut body);
    }
    lower.module.body = body;
    error::finish(&mut lower.module.syntax_errors);
    Ok(lower.module)
}

/// A node with what is asked about it most.
#[derive(Clone, Copy)]
struct Kid<'t> {
    node: Node<'t>,
    kind: Kind,
    field: Field,
}

impl Kid<'_> {
    fn start(&self) -> usize {
        self.node.start_byte()
    }

    fn end(&self) -> usize {
        self.node.end_byte()
    }

    fn span(&self) -> Span {
        Span::new(self.start(), self.end())
    }
}

/// The first of `kids` in the role `field`.
fn field<'t>(kids: &[Kid<'t>], field: Field) -> Option<Kid<'t>> {
    kids.iter().find(|kid| kid.field == field).copied()
}

/// The first of `kids` that is neither punctuation nor a keyword.
fn named<'t>(kids: &[Kid<'t>]) -> Option<Kid<'t>> {
    kids.iter().find(|kid| !kid.kind.is_token()).copied()
}

/// True if one of `kids` is of the kind.
fn has(kids: &[Kid<'_>], kind: Kind) -> bool {
    kids.iter().any(|kid| kid.kind == kind)
}

/// The state of the walk.
struct Lower<'t> {
    text: &'t str,
    tables: &'static Tables,
    /// Used by [`Lower::kids`] only; kept because a new cursor is an allocation.
    cursor: TreeCursor<'t>,
    module: Module,
    depth: u32,
    /// How many links of chains are above.
    links: usize,
    /// The function around.
    func: Option<FuncId>,
    /// The class whose member is being lowered.
    class: Option<ClassId>,
    /// How many hidden variables there are.
    hidden: u32,
    /// A `break` here leaves a `switch`.
    in_switch: bool,
    /// Inside a TypeScript namespace, whose exports are not the module's.
    in_namespace: bool,
}

impl<'t> Lower<'t> {
    /// The children of `node`, without comments.
    fn kids(&mut self, node: Node<'t>) -> Vec<Kid<'t>> {
        let mut kids = Vec::new();
        self.cursor.reset(node);
        if !self.cursor.goto_first_child() {
            return kids;
        }
        loop {
            let node = self.cursor.node();
            let kind = self.tables.kind(node.kind_id());
            if !matches!(kind, Kind::Comment | Kind::HtmlComment) {
                kids.push(Kid { node, kind, field: self.tables.field(self.cursor.field_id()) });
            }
            if !self.cursor.goto_next_sibling() {
                return kids;
            }
        }
    }

    /// The children of `node` that are neither punctuation nor keywords.
    fn named_kids(&mut self, node: Node<'t>) -> Vec<Kid<'t>> {
        let mut kids = self.kids(node);
        kids.retain(|kid| !kid.kind.is_token());
        kids
    }

    fn text_of(&self, kid: Kid<'t>) -> &'t str {
        self.slice(kid.start(), kid.end())
    }

    fn slice(&self, start: usize, end: usize) -> &'t str {
        self.text.get(start..end).unwrap_or_default()
    }

    fn name_of(&self, kid: Kid<'t>) -> SmolStr {
        SmolStr::new(self.text_of(kid))
    }

    fn name(&mut self, name: SmolStr, span: Span) -> ExprId {
        self.module.add_expr(ExprKind::Name(name), span)
    }

    /// A variable name of our own, unique in the module.
    fn hidden_name(&mut self) -> SmolStr {
        let name = format_smolstr!("${}", self.hidden);
        self.hidden += 1;
        name
    }

    /// Runs `job` one level deeper; none if that would be too deep, which is noted.
    fn deeper<T>(&mut self, kid: Kid<'t>, job: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth >= MAX_DEPTH || self.links > MAX_LINKS {
            error::note(&mut self.module.syntax_errors, kid.span());
            return None;
        }
        self.depth += 1;
        let result = job(self);
        self.depth -= 1;
        Some(result)
    }

    /// Runs `job` below `links` links of a chain.
    fn below<T>(&mut self, links: usize, job: impl FnOnce(&mut Self) -> T) -> T {
        self.links += links;
        let result = job(self);
        self.links -= links;
        result
    }

    fn assign(&mut self, target: ExprId, value: ExprId, span: Span, out: &mut Block) {
        let kind = StmtKind::Assign { target, value: Some(value), annotation: None, op: None };
        out.push(self.module.add_stmt(kind, span));
    }
}
