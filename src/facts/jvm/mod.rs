//! Java and Kotlin: from the syntax tree to a [`Module`].
//!
//! One recursive walk a language over shared helpers. Chains that grow to one side (`a + b + …`,
//! `x.a().b()…`, `else if`) are walked in loops; everything else is limited to [`MAX_DEPTH`] levels,
//! below which a part is dropped and listed among the syntax errors.
//!
//! What is particular to these languages:
//! - Annotations are decorators: `@Get("/x")` is a call, `@Bean` a name; `@A(b = 1)` has a named argument.
//! - A class inside a class is no statement, it names its [`outer`](super::module::Class::outer) class.
//! - An anonymous class is a [`ExprKind::ClassExpr`] with the named type as its base; what creates the
//!   object is a call of it.
//! - Record components and Kotlin's `val` parameters are parameters of the constructor that are fields.
//! - Members of a companion object are static members of the class around it.
//! - A `switch` or `when` whose value is used becomes nested [`ExprKind::Cond`]s; a branch with several
//!   statements is a lambda in an [`ExprKind::Other`].
//! - Initialiser blocks are methods called `static` (Java's `static { … }`) and `init`.

pub mod java;
mod kind;
pub mod kotlin;
mod text;

use std::marker::PhantomData;

use smol_str::{SmolStr, format_smolstr};
use tree_sitter::{Node, Tree, TreeCursor};

use self::kind::{Field, Kind, Tables};
use super::error;
use super::module::{
    BinaryOp, Block, Class, ClassId, ClassKind, ExprId, ExprKind, FuncId, Function, FunctionKind, Language, Module,
    StmtKind,
};
use crate::syntax::Span;
use crate::syntax::code::Grammar;

/// How deep the walk recurses. Hand-written code stays below 60.
const MAX_DEPTH: u32 = 200;
/// How many links of chains may lie above a node, in all: chains are walked in loops here, but nest
/// in the module, where others may recurse.
const MAX_LINKS: usize = 1_000;
/// Longest chain of `if`s that a `switch` or `when` becomes.
const MAX_BRANCHES: usize = 200;

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

/// The first of `kids` of the kind.
fn find<'t>(kids: &[Kid<'t>], kind: Kind) -> Option<Kid<'t>> {
    kids.iter().find(|kid| kid.kind == kind).copied()
}

/// The first of `kids` that is neither punctuation nor a keyword.
fn named<'t>(kids: &[Kid<'t>]) -> Option<Kid<'t>> {
    kids.iter().find(|kid| !kid.kind.is_token()).copied()
}

/// True if one of `kids` is of the kind.
fn has(kids: &[Kid<'_>], kind: Kind) -> bool {
    kids.iter().any(|kid| kid.kind == kind)
}

/// What the two languages lower in their own way and the shared helpers call back.
trait Dialect: Sized {
    const LANGUAGE: Language;
    const GRAMMAR: Grammar;

    fn expr<'t>(lower: &mut Lower<'t, Self>, kid: Kid<'t>) -> ExprId;
}

/// What the place of a function says about it.
struct Head {
    name: SmolStr,
    span: Span,
    name_span: Span,
    kind: FunctionKind,
    decorators: Vec<ExprId>,
    is_static: bool,
    is_async: bool,
}

/// The state of the walk.
struct Lower<'t, L> {
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
    /// A `break` here leaves a `switch`; a `yield` is its value.
    in_switch: bool,
    dialect: PhantomData<L>,
}

impl<'t, L: Dialect> Lower<'t, L> {
    /// Reads the module in `text`; `root` lowers the children of the root.
    fn module(text: &'t str, tree: &'t Tree, root: impl FnOnce(&mut Self, Vec<Kid<'t>>, &mut Block)) -> Module {
        let node = tree.root_node();
        let mut lower = Lower {
            text,
            tables: Tables::of(L::GRAMMAR),
            cursor: node.walk(),
            module: Module::new(L::LANGUAGE),
            depth: 0,
            links: 0,
            func: None,
            class: None,
            hidden: 0,
            in_switch: false,
            dialect: PhantomData,
        };
        if node.has_error() {
            lower.module.syntax_errors = error::spans(node);
        }
        let mut body = Block::new();
        let kids = lower.kids(node);
        root(&mut lower, kids, &mut body);
        lower.module.body = body;
        error::finish(&mut lower.module.syntax_errors);
        lower.module
    }

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
            if !matches!(kind, Kind::LineComment | Kind::BlockComment) {
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

    /// The text of an identifier; Kotlin's backticks are no part of it.
    fn name_of(&self, kid: Kid<'t>) -> SmolStr {
        SmolStr::new(self.text_of(kid).trim_matches('`'))
    }

    fn name(&mut self, name: impl Into<SmolStr>, span: Span) -> ExprId {
        self.module.add_expr(ExprKind::Name(name.into()), span)
    }

    /// The annotation of a local variable whose type is not written.
    fn inferred(&mut self, span: Span) -> ExprId {
        self.name(SmolStr::new_static("var"), span)
    }

    /// A variable name of our own, unique in the module.
    fn hidden_name(&mut self) -> SmolStr {
        let name = format_smolstr!("${}", self.hidden);
        self.hidden += 1;
        name
    }

    fn other_of(&mut self, children: &[ExprId], span: Span) -> ExprId {
        self.module.add_expr(ExprKind::Other(children.to_vec()), span)
    }

    /// An expression with its sub-expressions.
    fn other(&mut self, kid: Kid<'t>) -> ExprId {
        let kids = self.named_kids(kid.node);
        let children: Vec<ExprId> = kids.into_iter().map(|kid| L::expr(self, kid)).collect();
        self.other_of(&children, kid.span())
    }

    /// The one expression in `kid`; several (after an error) are kept together.
    fn only_child(&mut self, kid: Kid<'t>) -> ExprId {
        match self.named_kids(kid.node).as_slice() {
            [only] => L::expr(self, *only),
            _ => self.other(kid),
        }
    }

    /// `a.b.c` as names and attributes; a span for each part.
    fn dotted(&mut self, kid: Kid<'t>) -> ExprId {
        let mut value = None;
        let mut at = kid.start();
        for part in self.text_of(kid).split('.') {
            let lead = part.len() - part.trim_start().len();
            let span = Span::new(at + lead, at + lead + part.trim().len());
            let name = SmolStr::new(part.trim().trim_matches('`'));
            value = Some(match value {
                None => self.name(name, span),
                Some(object) => {
                    let whole = Span::new(kid.start(), span.end as usize);
                    self.module.add_expr(ExprKind::Attr { object, name, name_span: span }, whole)
                }
            });
            at += part.len() + 1;
        }
        match value {
            Some(value) => value,
            None => self.other_of(&[], kid.span()),
        }
    }

    /// The text of a dotted name without blanks.
    fn dotted_name(&self, kid: Kid<'t>) -> SmolStr {
        self.text_of(kid).chars().filter(|c| !c.is_whitespace() && *c != '`').collect::<String>().into()
    }

    /// `object[A, B]`.
    fn apply_types(&mut self, object: ExprId, types: &[ExprId], span: Span) -> ExprId {
        let index = match types {
            [] => return object,
            [only] => *only,
            several => self.module.add_expr(ExprKind::List(several.to_vec()), span),
        };
        self.module.add_expr(ExprKind::Index { object, index }, span)
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

    /// The beginning of `span`, some bytes long.
    fn beginning(&self, span: Span, bytes: usize) -> Span {
        let start = span.start as usize;
        let end = (start..=(start + bytes).min(span.end as usize)).rev().find(|end| self.text.is_char_boundary(*end));
        Span::new(start, end.unwrap_or(start))
    }

    fn lambda_head(&self, span: Span) -> Head {
        Head {
            name: SmolStr::default(),
            span,
            name_span: self.beginning(span, 1),
            kind: FunctionKind::Lambda,
            decorators: Vec::new(),
            is_static: false,
            is_async: false,
        }
    }

    fn push(&mut self, kind: StmtKind, span: Span, out: &mut Block) {
        out.push(self.module.add_stmt(kind, span));
    }

    fn push_expr(&mut self, expr: ExprId, span: Span, out: &mut Block) {
        self.push(StmtKind::Expr(expr), span, out);
    }

    /// Declares a local variable.
    fn declare(&mut self, target: ExprId, value: ExprId, span: Span, out: &mut Block) {
        let annotation = Some(self.inferred(span));
        self.push(StmtKind::Assign { target, value: Some(value), annotation, op: None }, span, out);
    }

    /// Takes the place of a class, so that its members can name it; `body` runs with it as the class
    /// around.
    fn class_with(
        &mut self,
        name: SmolStr,
        kind: ClassKind,
        span: Span,
        name_span: Span,
        body: impl FnOnce(&mut Self, ClassId),
    ) -> ClassId {
        let id = ClassId(self.module.classes.len() as u32);
        self.module.classes.push(Class {
            name,
            span,
            name_span,
            kind,
            bases: Vec::new(),
            decorators: Vec::new(),
            fields: Vec::new(),
            methods: Vec::new(),
            parent: self.func,
            outer: None,
        });
        let outer = self.class.replace(id);
        body(self, id);
        self.class = outer;
        id
    }

    fn class_mut(&mut self, id: ClassId) -> &mut Class {
        &mut self.module.classes[id.0 as usize]
    }

    /// Takes the place of a function; `body` fills it and runs with it as the function around. A method
    /// belongs to the class around, a lambda to none.
    fn function_with(&mut self, head: Head, body: impl FnOnce(&mut Self, &mut Function)) -> FuncId {
        let id = FuncId(self.module.funcs.len() as u32);
        let is_member = !matches!(head.kind, FunctionKind::Lambda | FunctionKind::Function);
        let class = self.class.take();
        let function = Function {
            name: head.name,
            span: head.span,
            name_span: head.name_span,
            params: Vec::new(),
            decorators: head.decorators,
            returns: None,
            is_async: head.is_async,
            is_static: head.is_static,
            kind: head.kind,
            body: Vec::new(),
            parent: self.func,
            class: class.filter(|_| is_member),
        };
        let mut own = function.clone();
        self.module.funcs.push(function);
        let parent = self.func.replace(id);
        let in_switch = std::mem::replace(&mut self.in_switch, false);
        body(self, &mut own);
        self.module.funcs[id.0 as usize] = own;
        self.func = parent;
        self.class = class;
        self.in_switch = in_switch;
        id
    }

    /// Statements where only an expression fits: a lambda in an [`ExprKind::Other`].
    fn enclosed(&mut self, span: Span, body: impl FnOnce(&mut Self, &mut Block)) -> ExprId {
        let func = self.function_with(self.lambda_head(span), |lower, function| body(lower, &mut function.body));
        let lambda = self.module.add_expr(ExprKind::Lambda(func), span);
        self.other_of(&[lambda], span)
    }

    /// A copy of an expression that is cheap and does nothing; none for any other.
    fn copied(&mut self, id: ExprId, depth: u32) -> Option<ExprId> {
        let expr = self.module.expr(id).clone();
        let kind = match expr.kind {
            kind @ (ExprKind::Name(_) | ExprKind::This | ExprKind::Bool(_)) => kind,
            ExprKind::Attr { object, name, name_span } if depth < 8 => {
                ExprKind::Attr { object: self.copied(object, depth + 1)?, name, name_span }
            }
            _ => return None,
        };
        Some(self.module.add_expr(kind, expr.span))
    }

    /// Joins tests by `||`.
    fn any_of(&mut self, tests: Vec<ExprId>, span: Span) -> Option<ExprId> {
        tests
            .into_iter()
            .reduce(|left, right| self.module.add_expr(ExprKind::Binary { op: BinaryOp::Or, left, right }, span))
    }

    /// Nested `if`s from a list of branches; a branch without a test is the last `else`. A chain of more
    /// than [`MAX_BRANCHES`] is cut into several.
    fn if_chain_of(&mut self, branches: Vec<(Option<ExprId>, Block, Span)>, out: &mut Block) {
        let (last, tested): (Vec<_>, Vec<_>) = branches.into_iter().partition(|(test, _, _)| test.is_none());
        let mut other: Block = last.into_iter().flat_map(|(_, body, _)| body).collect();
        let mut length = 0;
        let mut cut = Vec::new();
        for (test, then, span) in tested.into_iter().rev() {
            let Some(test) = test else { continue };
            if length == MAX_BRANCHES {
                cut.push(std::mem::take(&mut other));
                length = 0;
            }
            length += 1;
            other = vec![self.module.add_stmt(StmtKind::If { test, then, other }, span)];
        }
        out.append(&mut other);
        out.extend(cut.into_iter().rev().flatten());
    }

    /// Nested conditions from a list of branches; a branch without a test is the last.
    fn cond_chain_of(&mut self, branches: Vec<(Option<ExprId>, ExprId)>, span: Span) -> ExprId {
        if branches.len() > MAX_BRANCHES {
            let parts: Vec<ExprId> =
                branches.into_iter().flat_map(|(test, value)| test.into_iter().chain([value])).collect();
            return self.other_of(&parts, span);
        }
        let (last, tested): (Vec<_>, Vec<_>) = branches.into_iter().partition(|(test, _)| test.is_none());
        let mut value = match last.first() {
            Some((_, value)) => *value,
            None => self.other_of(&[], span),
        };
        for (test, then) in tested.into_iter().rev() {
            let Some(test) = test else { continue };
            value = self.module.add_expr(ExprKind::Cond { test, then, other: value }, span);
        }
        value
    }
}

/// The operator of `a op b`.
fn binary_op(text: &str) -> BinaryOp {
    match text {
        "+" => BinaryOp::Add,
        "-" => BinaryOp::Sub,
        "*" => BinaryOp::Mul,
        "/" => BinaryOp::Div,
        "%" => BinaryOp::Mod,
        "<<" => BinaryOp::Shl,
        "||" => BinaryOp::Or,
        "?:" => BinaryOp::Coalesce,
        "&&" => BinaryOp::And,
        "|" => BinaryOp::BitOr,
        "==" | "===" => BinaryOp::Eq,
        "!=" | "!==" => BinaryOp::Ne,
        "<" | "<=" => BinaryOp::Lt,
        ">" | ">=" => BinaryOp::Gt,
        "in" => BinaryOp::In,
        "!in" => BinaryOp::NotIn,
        _ => BinaryOp::Other,
    }
}

/// The operator of `a op= b`; none for `=`.
fn assign_op(text: &str) -> Option<BinaryOp> {
    let op = text.strip_suffix('=').unwrap_or(text);
    (!op.is_empty()).then(|| binary_op(op))
}

/// Every span lies in the text and on character boundaries.
#[cfg(test)]
fn assert_spans(module: &Module, text: &str) {
    let spans = module.exprs.iter().map(|e| e.span);
    let spans = spans.chain(module.stmts.iter().map(|s| s.span)).chain(module.syntax_errors.iter().copied());
    let spans = spans.chain(module.funcs.iter().flat_map(|f| [f.span, f.name_span]));
    let spans = spans.chain(module.classes.iter().flat_map(|c| [c.span, c.name_span]));
    for span in spans.chain(module.imports.iter().map(|i| i.span)) {
        assert!(text.get(span.start as usize..span.end as usize).is_some(), "{span:?} in {text:?}");
    }
}
