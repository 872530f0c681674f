//! What the walks from a syntax tree to a [`Module`] share, for all languages but Python.
//!
//! Each grammar numbers its kinds and fields differently. A table per grammar, built once, turns the
//! numbers into the language's own enumeration and into [`Field`], so that lowering never compares
//! strings. Chains that grow to one side are walked in loops; everything else is limited to
//! [`MAX_DEPTH`] levels, below which a part is dropped and listed among the syntax errors.

mod build;
mod chain;
mod parse;
#[cfg(test)]
pub(super) mod testing;
pub(super) mod text;

pub(super) use parse::parse;
use smol_str::{SmolStr, format_smolstr};
use tree_sitter::{Node, Tree, TreeCursor};

use super::error;
use super::module::{Block, ClassId, ExprId, ExprKind, FuncId, FunctionKind, Language, Module};
use crate::syntax::Span;
use crate::syntax::code::Grammar;

/// How deep the walk recurses. Hand-written code stays below 60.
const MAX_DEPTH: u32 = 200;
/// How many links of chains may lie above a node, in all: chains are walked in loops here, but nest
/// in the module, where others may recurse.
pub(super) const MAX_LINKS: usize = 1_000;
/// Longest chain of `if`s that a `switch` becomes.
pub(super) const MAX_BRANCHES: usize = 200;

/// Declares an enumeration of node kinds with their spelling in the grammars. Keywords and punctuation that
/// are told apart are spelled `token this`.
macro_rules! kinds {
    ($($variant:ident = $text:literal),* $(,)?) => {
        /// A kind of node.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(in crate::facts) enum Kind {
            $($variant,)*
            /// Punctuation, operators and keywords that lowering does not tell apart.
            Token,
            /// A part that the parser could not read.
            Error,
            /// Anything that lowering does not tell apart.
            Other,
        }

        impl $crate::facts::walk::Spelled for Kind {
            const ERROR: Kind = Kind::Error;
            const TOKEN: Kind = Kind::Token;
            const OTHER: Kind = Kind::Other;

            fn is_token(self) -> bool {
                match self {
                    $(Kind::$variant => $text.starts_with("token "),)*
                    Kind::Token => true,
                    Kind::Error | Kind::Other => false,
                }
            }

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
    /// Punctuation, operators and keywords that have no kind of their own.
    const TOKEN: Self;
    /// What lowering does not tell apart.
    const OTHER: Self;

    /// The kind with a spelling.
    fn of(text: &str) -> Self;

    /// True for punctuation, operators and keywords, those with a kind of their own too.
    fn is_token(self) -> bool;
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
    Argument = "argument",
    Arguments = "arguments",
    Array = "array",
    Body = "body",
    Capacity = "capacity",
    Channel = "channel",
    Communication = "communication",
    Condition = "condition",
    Consequence = "consequence",
    Constructor = "constructor",
    Declaration = "declaration",
    Declarator = "declarator",
    Decorator = "decorator",
    Dimensions = "dimensions",
    Element = "element",
    End = "end",
    Expression = "expression",
    Member = "field",
    Finalizer = "finalizer",
    Function = "function",
    Handler = "handler",
    Increment = "increment",
    Index = "index",
    Init = "init",
    Initializer = "initializer",
    Key = "key",
    Kind = "kind",
    Label = "label",
    Left = "left",
    Length = "length",
    Module = "module",
    Name = "name",
    Object = "object",
    Operand = "operand",
    Operator = "operator",
    Package = "package",
    Parameter = "parameter",
    Parameters = "parameters",
    Path = "path",
    Pattern = "pattern",
    Property = "property",
    Qualifier = "qualifier",
    Rank = "rank",
    Receiver = "receiver",
    Resources = "resources",
    Result = "result",
    ReturnType = "return_type",
    Returns = "returns",
    Right = "right",
    Source = "source",
    Start = "start",
    Subscript = "subscript",
    Tag = "tag",
    Type = "type",
    TypeArguments = "type_arguments",
    TypeParameters = "type_parameters",
    Update = "update",
    Value = "value",
}

/// The kinds and fields of one grammar by number, and the language that it is for.
pub(super) struct Tables<K> {
    language: Language,
    kinds: Vec<K>,
    fields: Vec<Field>,
}

impl<K: Spelled> Tables<K> {
    /// The tables of a grammar, for modules of `of`.
    pub(super) fn build(grammar: Grammar, of: Language) -> Tables<K> {
        let language = grammar.language();
        let kind = |id: u16| {
            let text = language.node_kind_for_id(id).unwrap_or_default();
            if language.node_kind_is_named(id) {
                return K::of(text);
            }
            let token = K::of(&format!("token {text}"));
            if token == K::OTHER { K::TOKEN } else { token }
        };
        let field = |id: u16| language.field_name_for_id(id).map_or(Field::Other, Field::of);
        Tables {
            language: of,
            kinds: (0..language.node_kind_count()).filter_map(|id| u16::try_from(id).ok()).map(kind).collect(),
            fields: (0..=language.field_count()).filter_map(|id| u16::try_from(id).ok()).map(field).collect(),
        }
    }

    /// The kind of a node. ERROR nodes have a number outside every table.
    pub(super) fn kind(&self, id: u16) -> K {
        self.kinds.get(usize::from(id)).copied().unwrap_or(if id == u16::MAX { K::ERROR } else { K::OTHER })
    }

    /// The role of a node, by the number of its field.
    pub(super) fn field(&self, id: Option<std::num::NonZeroU16>) -> Field {
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

/// The first of `kids` that is neither punctuation nor a keyword.
pub(super) fn named<'t, K: Spelled>(kids: &[Kid<'t, K>]) -> Option<Kid<'t, K>> {
    kids.iter().find(|kid| !kid.kind.is_token()).copied()
}

/// True if one of `kids` is of the kind.
pub(super) fn has<K: PartialEq>(kids: &[Kid<'_, K>], kind: K) -> bool {
    kids.iter().any(|kid| kid.kind == kind)
}

/// What a language lowers in its own way and the shared helpers call back.
pub(super) trait Dialect: Sized + 'static {
    /// The kinds of node.
    type Kind: Spelled;
    /// What the walk of this language remembers.
    type State: Default;

    /// Whether [`Lower::kids`] has keywords and punctuation too: the grammar has no other sign of a modifier.
    /// Where it has not, a keyword with a kind of its own stands for a value.
    const KEEPS_TOKENS: bool = false;
    /// Whether a lambda that is the value of a field belongs to the class.
    const FIELDS_HOLD_METHODS: bool = false;

    /// True for comments and the like, which say nothing here.
    fn is_skipped(kind: Self::Kind) -> bool;

    /// True for a part that is no expression where expressions are expected.
    fn is_label(_kid: &Kid<'_, Self::Kind>) -> bool {
        false
    }

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
    /// Reads the module in `text`; `root` lowers the children of the root to its body.
    pub(super) fn module(
        text: &'t str,
        tree: &'t Tree,
        tables: &'static Tables<L::Kind>,
        root: impl FnOnce(&mut Self, Vec<Kid<'t, L::Kind>>) -> Block,
    ) -> Module {
        let node = tree.root_node();
        let mut lower = Lower {
            text,
            tables,
            cursor: node.walk(),
            module: Module::new(tables.language),
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
        lower.module.body = root(&mut lower, kids);
        error::finish(&mut lower.module.syntax_errors);
        lower.module
    }

    /// The children of `node` that are neither comments nor, but for [`Dialect::KEEPS_TOKENS`], punctuation;
    /// operators are kept.
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
            let is_kept = L::KEEPS_TOKENS || kind != L::Kind::TOKEN || field == Field::Operator;
            if is_kept && !L::is_skipped(kind) {
                kids.push(Kid { node, kind, field });
            }
            if !self.cursor.goto_next_sibling() {
                return kids;
            }
        }
    }

    /// The children of `node` that are neither operators nor, with [`Dialect::KEEPS_TOKENS`], keywords either.
    pub(super) fn named_kids(&mut self, node: Node<'t>) -> Vec<Kid<'t, L::Kind>> {
        let mut kids = self.kids(node);
        kids.retain(|kid| if L::KEEPS_TOKENS { !kid.kind.is_token() } else { kid.kind != L::Kind::TOKEN });
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

    /// The beginning of `span`, some bytes long and to the end of a character.
    pub(super) fn beginning(&self, span: Span, bytes: usize) -> Span {
        let (start, end) = (span.start as usize, span.end as usize);
        let whole = (start + bytes..end).find(|at| self.text.is_char_boundary(*at));
        Span::new(start, whole.unwrap_or(end))
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
