//! What the walks from a syntax tree to a [`Module`] share, for Go and C#.
//!
//! Each grammar numbers its kinds and fields differently. A table per grammar, built once, turns the
//! numbers into the language's own enumeration and into [`Field`], so that lowering never compares
//! strings. Chains that grow to one side are walked in loops; everything else is limited to
//! [`MAX_DEPTH`] levels, below which a part is dropped and listed among the syntax errors.

mod build;
pub(super) mod text;

use smol_str::{SmolStr, format_smolstr};
use tree_sitter::{Node, Tree, TreeCursor};

use super::error;
use super::module::{ClassId, ExprId, ExprKind, FuncId, FunctionKind, Language, Module};
use crate::syntax::Span;
use crate::syntax::code::Grammar;

/// How deep the walk recurses. Hand-written code stays below 60.
const MAX_DEPTH: u32 = 200;
/// How many links of chains may lie above a node, in all: chains are walked in loops here, but nest
/// in the module, where others may recurse.
pub(super) const MAX_LINKS: usize = 1_000;
/// Longest chain of `if`s that a `switch` becomes.
pub(super) const MAX_BRANCHES: usize = 200;

/// Declares an enumeration of node kinds with their spelling in the grammar. Keywords that stand for a
/// value are spelled `token this`.
macro_rules! kinds {
    ($($variant:ident = $text:literal),* $(,)?) => {
        /// A kind of node.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Kind {
            $($variant,)*
            /// Punctuation, operators and keywords.
            Token,
            /// A part that the parser could not read.
            Error,
            /// Anything that lowering does not tell apart.
            Other,
        }

        impl $crate::facts::walk::Spelled for Kind {
            const ERROR: Kind = Kind::Error;
            const TOKEN: Kind = Kind::Token;

            fn of(text: &str) -> Self {
                match text {
                    $($text => Kind::$variant,)*
                    _ => Kind::Other,
                }
            }
        }
    };
}
pub(super) use kinds;

/// An enumeration of node kinds.
pub(super) trait Spelled: Copy + PartialEq + Send + Sync + 'static {
    /// What the parser could not read.
    const ERROR: Self;
    /// Punctuation, operators and keywords.
    const TOKEN: Self;

    /// The kind with a spelling.
    fn of(text: &str) -> Self;
}

macro_rules! fields {
    ($($variant:ident = $text:literal),* $(,)?) => {
        /// The role of a node in its parent.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Field {
            $($variant,)*
            /// None, or one that lowering does not tell apart.
            Other,
        }

        impl Field {
            fn of(text: &str) -> Self {
                match text {
                    $($text => Field::$variant,)*
                    _ => Field::Other,
                }
            }
        }
    };
}

fields! {
    Accessors = "accessors",
    Alias = "alias",
    Alternative = "alternative",
    Arguments = "arguments",
    Body = "body",
    Capacity = "capacity",
    Channel = "channel",
    Communication = "communication",
    Condition = "condition",
    Consequence = "consequence",
    Element = "element",
    End = "end",
    Expression = "expression",
    Member = "field",
    Function = "function",
    Index = "index",
    Initializer = "initializer",
    Key = "key",
    Label = "label",
    Left = "left",
    Length = "length",
    Name = "name",
    Operand = "operand",
    Operator = "operator",
    Package = "package",
    Parameters = "parameters",
    Path = "path",
    Pattern = "pattern",
    Qualifier = "qualifier",
    Rank = "rank",
    Receiver = "receiver",
    Result = "result",
    Returns = "returns",
    Right = "right",
    Start = "start",
    Subscript = "subscript",
    Tag = "tag",
    Type = "type",
    TypeArguments = "type_arguments",
    TypeParameters = "type_parameters",
    Update = "update",
    Value = "value",
}

/// The kinds and fields of one grammar by number.
pub(super) struct Tables<K> {
    kinds: Vec<K>,
    fields: Vec<Field>,
}

impl<K: Spelled> Tables<K> {
    /// The tables of a grammar.
    pub(super) fn build(grammar: Grammar) -> Tables<K> {
        let language = grammar.language();
        let kind = |id: u16| {
            let text = language.node_kind_for_id(id).unwrap_or_default();
            if language.node_kind_is_named(id) {
                return K::of(text);
            }
            let token = K::of(&format!("token {text}"));
            if token == K::of("") { K::TOKEN } else { token }
        };
        let field = |id: u16| language.field_name_for_id(id).map_or(Field::Other, Field::of);
        Tables {
            kinds: (0..language.node_kind_count()).filter_map(|id| u16::try_from(id).ok()).map(kind).collect(),
            fields: (0..=language.field_count()).filter_map(|id| u16::try_from(id).ok()).map(field).collect(),
        }
    }

    /// The kind of a node. ERROR nodes have a number outside every table.
    fn kind(&self, id: u16) -> K {
        self.kinds.get(usize::from(id)).copied().unwrap_or(if id == u16::MAX { K::ERROR } else { K::of("") })
    }

    /// The role of a node, by the number of its field.
    fn field(&self, id: Option<std::num::NonZeroU16>) -> Field {
        id.and_then(|id| self.fields.get(usize::from(id.get()))).copied().unwrap_or(Field::Other)
    }
}

/// A node with what is asked about it most.
#[derive(Clone, Copy)]
pub(super) struct Kid<'t, K> {
    pub(super) node: Node<'t>,
    pub(super) kind: K,
    pub(super) field: Field,
}

impl<K> Kid<'_, K> {
    pub(super) fn start(&self) -> usize {
        self.node.start_byte()
    }

    pub(super) fn end(&self) -> usize {
        self.node.end_byte()
    }

    pub(super) fn span(&self) -> Span {
        Span::new(self.start(), self.end())
    }
}

/// The first of `kids` in the role `field`.
pub(super) fn field<'t, K: Copy>(kids: &[Kid<'t, K>], field: Field) -> Option<Kid<'t, K>> {
    kids.iter().find(|kid| kid.field == field).copied()
}

/// All of `kids` in the role `field`.
pub(super) fn all_in<'t, K: Copy>(kids: &[Kid<'t, K>], field: Field) -> Vec<Kid<'t, K>> {
    kids.iter().filter(|kid| kid.field == field).copied().collect()
}

/// The first of `kids` of the kind.
pub(super) fn find<'t, K: Copy + PartialEq>(kids: &[Kid<'t, K>], kind: K) -> Option<Kid<'t, K>> {
    kids.iter().find(|kid| kid.kind == kind).copied()
}

/// What a language lowers in its own way and the shared helpers call back.
pub(super) trait Dialect: Sized + 'static {
    /// The kinds of node.
    type Kind: Spelled;
    /// What the walk of this language remembers.
    type State: Default;

    const LANGUAGE: Language;

    fn tables() -> &'static Tables<Self::Kind>;

    /// True for comments and the like, which say nothing here.
    fn is_skipped(kind: Self::Kind) -> bool;

    fn expr<'t>(lower: &mut Lower<'t, Self>, kid: Kid<'t, Self::Kind>) -> ExprId;
}

/// What the place of a function says about it.
pub(super) struct Head {
    pub(super) name: SmolStr,
    pub(super) span: Span,
    pub(super) name_span: Span,
    pub(super) kind: FunctionKind,
    pub(super) decorators: Vec<ExprId>,
    pub(super) is_static: bool,
    pub(super) is_async: bool,
}

/// The state of the walk.
pub(super) struct Lower<'t, L: Dialect> {
    text: &'t str,
    tables: &'static Tables<L::Kind>,
    /// Used by [`Lower::kids`] only; kept because a new cursor is an allocation.
    cursor: TreeCursor<'t>,
    pub(super) module: Module,
    depth: u32,
    /// How many links of chains are above.
    pub(super) links: usize,
    /// The function around.
    pub(super) func: Option<FuncId>,
    /// The class whose member is being lowered.
    pub(super) class: Option<ClassId>,
    /// How many hidden variables there are.
    hidden: u32,
    /// A `break` here leaves a `switch`.
    pub(super) in_switch: bool,
    /// What this language remembers.
    pub(super) state: L::State,
}

impl<'t, L: Dialect> Lower<'t, L> {
    /// Reads the module in `text`; `root` lowers the children of the root.
    pub(super) fn module(text: &'t str, tree: &'t Tree, root: impl FnOnce(&mut Self, Vec<Kid<'t, L::Kind>>)) -> Module {
        let node = tree.root_node();
        let mut lower = Lower {
            text,
            tables: L::tables(),
            cursor: node.walk(),
            module: Module::new(L::LANGUAGE),
            depth: 0,
            links: 0,
            func: None,
            class: None,
            hidden: 0,
            in_switch: false,
            state: L::State::default(),
        };
        if node.has_error() {
            lower.module.syntax_errors = error::spans(node);
        }
        let kids = lower.kids(node);
        root(&mut lower, kids);
        error::finish(&mut lower.module.syntax_errors);
        lower.module
    }

    /// The children of `node` that are neither comments nor punctuation; operators are kept.
    pub(super) fn kids(&mut self, node: Node<'t>) -> Vec<Kid<'t, L::Kind>> {
        let mut kids = Vec::new();
        self.cursor.reset(node);
        if !self.cursor.goto_first_child() {
            return kids;
        }
        loop {
            let node = self.cursor.node();
            let kind = self.tables.kind(node.kind_id());
            let field = self.tables.field(self.cursor.field_id());
            let is_kept = kind != L::Kind::TOKEN || field == Field::Operator;
            if is_kept && !L::is_skipped(kind) {
                kids.push(Kid { node, kind, field });
            }
            if !self.cursor.goto_next_sibling() {
                return kids;
            }
        }
    }

    /// The children of `node` that are no operators either.
    pub(super) fn named_kids(&mut self, node: Node<'t>) -> Vec<Kid<'t, L::Kind>> {
        let mut kids = self.kids(node);
        kids.retain(|kid| kid.kind != L::Kind::TOKEN);
        kids
    }

    pub(super) fn text_of(&self, kid: Kid<'t, L::Kind>) -> &'t str {
        self.slice(kid.start(), kid.end())
    }

    pub(super) fn slice(&self, start: usize, end: usize) -> &'t str {
        self.text.get(start..end).unwrap_or_default()
    }

    /// The text from a place on.
    pub(super) fn after(&self, start: usize) -> &'t str {
        self.text.get(start..).unwrap_or_default()
    }

    /// The beginning of `span`, one character long.
    pub(super) fn beginning(&self, span: Span) -> Span {
        let start = span.start as usize;
        let first = self.slice(start, span.end as usize).chars().next();
        Span::new(start, start + first.map_or(0, char::len_utf8))
    }

    /// A variable name of our own, unique in the module.
    pub(super) fn hidden_name(&mut self) -> SmolStr {
        let name = format_smolstr!("${}", self.hidden);
        self.hidden += 1;
        name
    }

    pub(super) fn name(&mut self, name: impl Into<SmolStr>, span: Span) -> ExprId {
        self.module.add_expr(ExprKind::Name(name.into()), span)
    }

    /// Runs `job` one level deeper; none if that would be too deep, which is noted.
    pub(super) fn deeper<T>(&mut self, kid: Kid<'t, L::Kind>, job: impl FnOnce(&mut Self) -> T) -> Option<T> {
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
    pub(super) fn below<T>(&mut self, links: usize, job: impl FnOnce(&mut Self) -> T) -> T {
        self.links += links;
        let result = job(self);
        self.links -= links;
        result
    }
}

/// Every span lies in the text and on character boundaries.
#[cfg(test)]
pub(super) fn assert_spans(module: &Module, text: &str) {
    let spans = module.exprs.iter().map(|e| e.span);
    let spans = spans.chain(module.stmts.iter().map(|s| s.span)).chain(module.syntax_errors.iter().copied());
    let spans = spans.chain(module.funcs.iter().flat_map(|f| [f.span, f.name_span]));
    let spans = spans.chain(module.classes.iter().flat_map(|c| [c.span, c.name_span]));
    for span in spans.chain(module.imports.iter().map(|i| i.span)) {
        assert!(text.get(span.start as usize..span.end as usize).is_some(), "{span:?} in {text:?}");
    }
}
