//! The Python front end: from tree-sitter's concrete tree to a [`Module`].

mod assign;
mod def;
mod expr;
mod import;
mod kinds;
mod matching;
mod stmt;
mod string;
mod thread;
mod types;

use std::collections::HashSet;
use std::ops::Range;

use smol_str::{SmolStr, format_smolstr};
use tree_sitter::{Node, Tree, TreeCursor};

use self::kinds::{Field, Kind, Tables};
use super::module::{ClassId, ExprId, ExprKind, FuncId, Language, Module};
use crate::syntax::Span;
use crate::syntax::code::{Grammar, ParseRefusal, parse};

/// Deepest nesting that is lowered. It bounds the stack here (half of a thread's 2 MiB in a debug
/// build) and in everything that later walks the module.
const MAX_DEPTH: usize = 200;
/// Deepest nesting that a long chain (`elif`, `case`, operands) may make by itself; beyond it the
/// chain goes on side by side, so that what stands in it is not cut off.
const MAX_CHAIN: usize = MAX_DEPTH / 2;
/// Most syntax errors that are listed.
const MAX_SYNTAX_ERRORS: usize = 100;

/// Lowers the text of a Python file.
///
/// # Errors
/// When the text is refused before or during parsing. A syntax error is no refusal: what could be
/// parsed around it is lowered and its span is listed in [`Module::syntax_errors`].
pub fn lower(text: &str) -> Result<Module, ParseRefusal> {
    let tree = parse(Grammar::Python, text)?;
    Ok(lower_tree(&tree, text))
}

/// Lowers a tree that was parsed from `text`.
fn lower_tree(tree: &Tree, text: &str) -> Module {
    let root = tree.root_node();
    let mut module = Module::new(Language::Python);
    // Measured: an expression takes about 18 bytes of source.
    module.exprs.reserve(text.len() / 16);
    let mut lowerer = Lowerer {
        text,
        tables: Tables::get(),
        module,
        cursor: root.walk(),
        kids: Vec::with_capacity(256),
        strays: Vec::new(),
        seen_errors: HashSet::new(),
        has_error: root.has_error(),
        depth: 0,
        hidden: 0,
        scope: Scope::default(),
        in_type: false,
    };
    if lowerer.has_error {
        lowerer.list_syntax_errors();
    }
    let mut body = Vec::new();
    lowerer.statements_of(root, &mut body);
    lowerer.module.body = body;
    lowerer.module
}

/// A child of a node, with its kind and field already resolved.
#[derive(Clone, Copy)]
struct Kid<'t> {
    node: Node<'t>,
    kind: Kind,
    field: Field,
}

/// Where in the program the lowering is.
#[derive(Clone, Default)]
struct Scope {
    /// The function around.
    func: Option<FuncId>,
    /// The class whose body this directly is.
    class: Option<ClassId>,
    /// The name that means the receiver here: usually `self` or `cls`.
    receiver: Option<SmolStr>,
}

/// The state of one lowering.
struct Lowerer<'t> {
    text: &'t str,
    tables: &'static Tables,
    module: Module,
    /// The only cursor; [`Lowerer::children`] points it at a node and leaves it free again.
    cursor: TreeCursor<'t>,
    /// The children of all nodes that are being lowered, as one stack.
    kids: Vec<Kid<'t>>,
    /// Error nodes, and statements found where an expression was due, to be lowered after the
    /// statement they stand in.
    strays: Vec<Node<'t>>,
    seen_errors: HashSet<usize>,
    has_error: bool,
    depth: usize,
    /// How many hidden variables there are.
    hidden: usize,
    scope: Scope,
    /// Inside an annotation, where a string is a forward reference.
    in_type: bool,
}

impl<'t> Lowerer<'t> {
    /// The children of `node` without punctuation and comments, as indices into `kids`. The caller
    /// gives them back with [`Lowerer::release`].
    fn children(&mut self, node: Node<'t>) -> Range<usize> {
        let start = self.kids.len();
        self.cursor.reset(node);
        let mut more = self.cursor.goto_first_child();
        while more {
            let node = self.cursor.node();
            match self.tables.kind(node.kind_id()) {
                Kind::Skip => {}
                Kind::Error => {
                    // A node's children may be asked for more than once.
                    if self.seen_errors.insert(node.id()) {
                        self.strays.push(node);
                    }
                }
                kind => {
                    let field = self.tables.field(self.cursor.field_id());
                    self.kids.push(Kid { node, kind, field });
                }
            }
            more = self.cursor.goto_next_sibling();
        }
        start..self.kids.len()
    }

    fn release(&mut self, kids: Range<usize>) {
        self.kids.truncate(kids.start);
    }

    /// The first child in `field`.
    fn in_field(&self, kids: &Range<usize>, field: Field) -> Option<Kid<'t>> {
        self.kids[kids.clone()].iter().find(|kid| kid.field == field).copied()
    }

    /// The first child of `kind`.
    fn of_kind(&self, kids: &Range<usize>, kind: Kind) -> Option<Kid<'t>> {
        self.kids[kids.clone()].iter().find(|kid| kid.kind == kind).copied()
    }

    /// The `n`th child that is a node, not a token.
    fn nth_node(&self, kids: &Range<usize>, n: usize) -> Option<Kid<'t>> {
        self.kids[kids.clone()].iter().filter(|kid| !kid.kind.is_token()).nth(n).copied()
    }

    fn kid(&self, node: Node<'t>) -> Kid<'t> {
        Kid { node, kind: self.tables.kind(node.kind_id()), field: Field::None }
    }

    fn text_of(&self, node: Node<'t>) -> &'t str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }

    fn name_of(&self, node: Node<'t>) -> SmolStr {
        SmolStr::new(self.text_of(node))
    }

    fn add(&mut self, kind: ExprKind, node: Node<'t>) -> ExprId {
        self.module.add_expr(kind, span(node))
    }

    fn hidden_name(&mut self) -> SmolStr {
        self.hidden += 1;
        format_smolstr!("${}", self.hidden - 1)
    }

    fn syntax_error(&mut self, span: Span) {
        if self.module.syntax_errors.len() < MAX_SYNTAX_ERRORS {
            self.module.syntax_errors.push(span);
        }
    }

    /// What stands in for a part that nests too deep.
    fn too_deep(&mut self, node: Node<'t>) -> ExprId {
        self.syntax_error(span(node));
        self.add(ExprKind::Other(Vec::new()), node)
    }

    /// Lists the outermost error nodes and the missing tokens, descending only where there are some.
    fn list_syntax_errors(&mut self) {
        loop {
            let node = self.cursor.node();
            let listed = node.is_error() || node.is_missing();
            if listed {
                self.syntax_error(span(node));
            }
            if !listed && node.has_error() && self.cursor.goto_first_child() {
                continue;
            }
            while !self.cursor.goto_next_sibling() {
                if !self.cursor.goto_parent() {
                    return;
                }
            }
            if self.module.syntax_errors.len() >= MAX_SYNTAX_ERRORS {
                return;
            }
        }
    }
}

fn span(node: Node<'_>) -> Span {
    let range = node.byte_range();
    Span::new(range.start, range.end)
}

#[cfg(test)]
mod tests;
