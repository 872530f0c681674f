//! Statements.

use std::ops::Range;

use tree_sitter::Node;

use super::kinds::{Field, Kind};
use super::{Kid, Lowerer, MAX_CHAIN, MAX_DEPTH, span};
use crate::facts::module::{Block, ExprId, ExprKind, Handler, LoopHeader, StmtKind};

impl<'t> Lowerer<'t> {
    /// The statements directly below `node`, each followed by what was found astray in it.
    pub(super) fn statements_of(&mut self, node: Node<'t>, out: &mut Block) {
        let mark = self.strays.len();
        let kids = self.children(node);
        // What could not be read directly in this block keeps its place among the statements.
        let mut errors = self.strays.split_off(mark).into_iter().peekable();
        for i in kids.clone() {
            let kid = self.kids[i];
            while let Some(error) = errors.next_if(|error| error.start_byte() < kid.node.start_byte()) {
                self.strays.push(error);
                self.lower_strays(mark, out);
            }
            self.stmt(kid, out);
            self.lower_strays(mark, out);
        }
        self.release(kids);
        self.strays.extend(errors);
        self.lower_strays(mark, out);
    }

    /// Lowers the strays since `mark`: what an error node holds, and misplaced statements.
    pub(super) fn lower_strays(&mut self, mark: usize, out: &mut Block) {
        while self.strays.len() > mark {
            let strays = self.strays.split_off(mark);
            for node in strays {
                let kid = self.kid(node);
                if kid.kind != Kind::Error {
                    self.stmt(kid, out);
                    continue;
                }
                let kids = self.children(node);
                for i in kids.clone() {
                    self.stmt(self.kids[i], out);
                }
                self.release(kids);
            }
        }
    }

    pub(super) fn stmt(&mut self, kid: Kid<'t>, out: &mut Block) {
        let node = kid.node;
        if self.depth >= MAX_DEPTH {
            let id = self.too_deep(node);
            self.push(StmtKind::Expr(id), node, out);
            return;
        }
        self.depth += 1;
        match kid.kind {
            Kind::ExpressionStatement => self.expression_statement(node, out),
            Kind::Assignment => self.assignment(node, out),
            Kind::AugmentedAssignment => self.augmented_assignment(node, out),
            Kind::TypeAlias => self.type_alias(node, out),
            Kind::Return => {
                let value = self.optional(node);
                self.push(StmtKind::Return(value), node, out);
            }
            Kind::Raise => self.raise(node, out),
            Kind::Operands => {
                let parts = self.all_children(node);
                let id = self.add(ExprKind::Other(parts), node);
                self.push(StmtKind::Expr(id), node, out);
            }
            Kind::Break => self.push(StmtKind::Break, node, out),
            Kind::Continue => self.push(StmtKind::Continue, node, out),
            Kind::If => self.if_statement(node, out),
            Kind::Match => self.match_statement(node, out),
            Kind::For | Kind::While => self.loop_statement(kid, out),
            Kind::Try => self.try_statement(node, out),
            Kind::With => self.with_statement(node, out),
            Kind::Function | Kind::Class | Kind::Decorated => self.definition(kid, out),
            Kind::Import => self.import(node),
            Kind::ImportFrom => self.import_from(node, false),
            Kind::FutureImport => self.import_from(node, true),
            Kind::Block | Kind::Module => {
                let body = self.block(node);
                self.push(StmtKind::Block(body), node, out);
            }
            Kind::Nothing => {}
            Kind::Global => {
                let kids = self.children(node);
                let names = self.kids[kids.clone()]
                    .iter()
                    .filter(|kid| kid.kind == Kind::Identifier)
                    .map(|kid| self.name_of(kid.node))
                    .collect();
                self.release(kids);
                self.push(StmtKind::Global(names), node, out);
            }
            kind if kind.is_token() => {}
            _ => {
                let id = self.expr(kid);
                self.push(StmtKind::Expr(id), node, out);
            }
        }
        self.depth -= 1;
    }

    pub(super) fn block(&mut self, node: Node<'t>) -> Block {
        let mut out = Vec::new();
        self.statements_of(node, &mut out);
        out
    }

    /// The block in `field` or, for clauses without fields, the only one there is.
    pub(super) fn block_in(&mut self, kids: &Range<usize>, field: Field) -> Block {
        let block = self.in_field(kids, field).or_else(|| self.of_kind(kids, Kind::Block));
        block.map_or_else(Vec::new, |block| self.block(block.node))
    }

    /// The block of a clause such as `else:`.
    pub(super) fn clause_block(&mut self, node: Node<'t>) -> Block {
        let kids = self.children(node);
        let block = self.block_in(&kids, Field::Body);
        self.release(kids);
        block
    }

    fn expression_statement(&mut self, node: Node<'t>, out: &mut Block) {
        let kids = self.children(node);
        let first = self.nth_node(&kids, 0);
        match (first, self.nth_node(&kids, 1)) {
            (None, _) => {}
            (Some(only), None) => match only.kind {
                Kind::Assignment => self.assignment(only.node, out),
                Kind::AugmentedAssignment => self.augmented_assignment(only.node, out),
                _ => {
                    let id = self.expr(only);
                    self.push(StmtKind::Expr(id), node, out);
                }
            },
            (Some(_), Some(_)) => {
                let items = self.all_children(node);
                let id = self.add(ExprKind::List(items), node);
                self.push(StmtKind::Expr(id), node, out);
            }
        }
        self.release(kids);
    }

    fn type_alias(&mut self, node: Node<'t>, out: &mut Block) {
        let parts = self.all_children(node);
        if let [target, value] = parts[..] {
            self.push(StmtKind::Assign { target, value: Some(value), annotation: None, op: None }, node, out);
        } else {
            let id = self.add(ExprKind::Other(parts), node);
            self.push(StmtKind::Expr(id), node, out);
        }
    }

    /// The only expression of `node`, if there is one.
    fn optional(&mut self, node: Node<'t>) -> Option<ExprId> {
        let parts = self.all_children(node);
        match parts[..] {
            [] => None,
            [only] => Some(only),
            _ => Some(self.add(ExprKind::Other(parts), node)),
        }
    }

    fn raise(&mut self, node: Node<'t>, out: &mut Block) {
        let kids = self.children(node);
        let value = self.nth_node(&kids, 0).filter(|kid| kid.field != Field::Cause);
        // The cause has no place of its own; it matters only where something is called in it.
        let cause = self.in_field(&kids, Field::Cause);
        if let Some(cause) = cause.filter(|cause| !matches!(cause.kind, Kind::Identifier | Kind::None)) {
            let id = self.expr(cause);
            self.push(StmtKind::Expr(id), cause.node, out);
        }
        let value = value.map(|value| self.expr(value));
        self.release(kids);
        self.push(StmtKind::Throw(value), node, out);
    }

    fn if_statement(&mut self, node: Node<'t>, out: &mut Block) {
        let kids = self.children(node);
        let test = match self.in_field(&kids, Field::Condition) {
            Some(test) => self.expr(test),
            None => self.add(ExprKind::Other(Vec::new()), node),
        };
        let then = self.block_in(&kids, Field::Consequence);
        let is_branch = |kid: &&Kid<'t>| matches!(kid.kind, Kind::Elif | Kind::Else);
        let alternatives: Vec<Kid<'t>> = self.kids[kids.clone()].iter().filter(is_branch).copied().collect();
        let mut other = Vec::new();
        self.branches(&alternatives, span(node).end, &mut other);
        self.release(kids);
        self.push(StmtKind::If { test, then, other }, node, out);
    }

    /// `elif` and `else` branches. A chain that is too long to nest goes on side by side.
    fn branches(&mut self, clauses: &[Kid<'t>], end: u32, out: &mut Block) {
        let mut rest = clauses;
        while let [clause, after @ ..] = rest {
            if clause.kind == Kind::Else {
                let body = self.clause_block(clause.node);
                out.extend(body);
                rest = after;
                continue;
            }
            let kids = self.children(clause.node);
            let test = match self.in_field(&kids, Field::Condition) {
                Some(test) => self.expr(test),
                None => self.add(ExprKind::Other(Vec::new()), clause.node),
            };
            let then = self.block_in(&kids, Field::Consequence);
            self.release(kids);
            let mut place = span(clause.node);
            let mut other = Vec::new();
            let nests = self.depth < MAX_CHAIN;
            if nests {
                place.end = end.max(place.end);
                self.depth += 1;
                self.branches(after, end, &mut other);
                self.depth -= 1;
            }
            out.push(self.module.add_stmt(StmtKind::If { test, then, other }, place));
            rest = if nests { &[] } else { after };
        }
    }

    /// `for` and `while`; what stands in their `else` runs after them.
    fn loop_statement(&mut self, kid: Kid<'t>, out: &mut Block) {
        let kids = self.children(kid.node);
        let (left, right) = (self.in_field(&kids, Field::Left), self.in_field(&kids, Field::Right));
        let header = match (left, right) {
            (Some(left), Some(right)) => {
                let iter = self.expr(right);
                LoopHeader::Each { target: self.expr(left), iter }
            }
            _ => LoopHeader::While(self.in_field(&kids, Field::Condition).map(|test| self.expr(test))),
        };
        let body = self.block_in(&kids, Field::Body);
        let is_async = self.of_kind(&kids, Kind::Async).is_some();
        self.push(StmtKind::Loop { header, body, is_async }, kid.node, out);
        if let Some(clause) = self.of_kind(&kids, Kind::Else) {
            let body = self.clause_block(clause.node);
            self.push(StmtKind::Block(body), clause.node, out);
        }
        self.release(kids);
    }

    fn try_statement(&mut self, node: Node<'t>, out: &mut Block) {
        let kids = self.children(node);
        let mut body = self.block_in(&kids, Field::Body);
        let mut handlers = Vec::new();
        let mut finally = Vec::new();
        for i in kids.clone() {
            let clause = self.kids[i];
            match clause.kind {
                Kind::Except => handlers.push(self.handler(clause.node)),
                Kind::Else => body.extend(self.clause_block(clause.node)),
                Kind::Finally => finally.extend(self.clause_block(clause.node)),
                _ => {}
            }
        }
        self.release(kids);
        self.push(StmtKind::Try { body, handlers, finally }, node, out);
    }

    fn handler(&mut self, node: Node<'t>) -> Handler {
        let kids = self.children(node);
        let mut types = Vec::new();
        let mut alias = None;
        for i in kids.clone() {
            let kid = self.kids[i];
            match kid.kind {
                Kind::Block => {}
                kind if kind.is_token() => {}
                _ if kid.field == Field::Alias => alias = Some(kid.node),
                Kind::AsPattern => {
                    let parts = self.nodes(kid.node);
                    if let Some(value) = parts.first() {
                        self.caught(*value, &mut types);
                    }
                    alias = parts.get(1).map(|target| target.node);
                }
                _ => self.caught(kid, &mut types),
            }
        }
        let name = alias.map(|alias| self.name_of(alias));
        let body = self.block_in(&kids, Field::None);
        self.release(kids);
        Handler { types, name, body, span: span(node) }
    }

    /// The types of `except A` or `except (A, B)`.
    fn caught(&mut self, kid: Kid<'t>, types: &mut Vec<ExprId>) {
        if kid.kind == Kind::List {
            types.extend(self.all_children(kid.node));
        } else {
            types.push(self.expr(kid));
        }
    }

    fn with_statement(&mut self, node: Node<'t>, out: &mut Block) {
        let kids = self.children(node);
        let mut items = Vec::new();
        if let Some(clause) = self.of_kind(&kids, Kind::WithClause) {
            for item in self.nodes(clause.node) {
                let value = if item.kind == Kind::Clause { self.first_node(item) } else { item };
                self.with_value(value, &mut items);
            }
        }
        let body = self.block_in(&kids, Field::Body);
        let is_async = self.of_kind(&kids, Kind::Async).is_some();
        self.release(kids);
        self.push(StmtKind::With { items, body, is_async }, node, out);
    }

    /// `value`, `value as target`; in parentheses the grammar may read the items as a tuple.
    fn with_value(&mut self, value: Kid<'t>, items: &mut Vec<(ExprId, Option<ExprId>)>) {
        let parts = match value.kind {
            Kind::AsPattern | Kind::List | Kind::Wrapper => self.nodes(value.node),
            _ => Vec::new(),
        };
        match (value.kind, &parts[..]) {
            (Kind::AsPattern, &[manager, target]) => {
                let manager = self.expr(manager);
                items.push((manager, Some(self.expr(target))));
            }
            (Kind::List | Kind::Wrapper, parts)
                if self.text_of(value.node).starts_with('(')
                    && parts.iter().any(|part| part.kind == Kind::AsPattern) =>
            {
                for part in parts {
                    match part.kind {
                        Kind::AsPattern => self.with_value(*part, items),
                        _ => items.push((self.expr(*part), None)),
                    }
                }
            }
            _ => items.push((self.expr(value), None)),
        }
    }
}
