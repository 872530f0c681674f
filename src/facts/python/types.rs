//! Annotations: types are expressions, and a string in one is a forward reference.

use std::ops::Range;

use smol_str::SmolStr;
use tree_sitter::Node;

use super::kinds::Kind;
use super::{Lowerer, span};
use crate::facts::module::{BinaryOp, ExprId, ExprKind};
use crate::syntax::Span;

impl<'t> Lowerer<'t> {
    pub(super) fn type_node(&mut self, node: Node<'t>) -> ExprId {
        let outer = std::mem::replace(&mut self.in_type, true);
        let id = self.wrapped(node);
        self.in_type = outer;
        id
    }

    /// `List[int]` in an annotation.
    pub(super) fn generic_type(&mut self, node: Node<'t>) -> ExprId {
        let kids = self.children(node);
        let object = match self.nth_node(&kids, 0) {
            Some(object) => self.expr(object),
            None => self.add(ExprKind::Other(Vec::new()), node),
        };
        let id = match self.of_kind(&kids, Kind::TypeParameter) {
            Some(list) => {
                let arguments = self.children(list.node);
                let id = self.index(node, object, arguments.clone());
                self.release(arguments);
                id
            }
            None => object,
        };
        self.release(kids);
        id
    }

    pub(super) fn union_type(&mut self, node: Node<'t>) -> ExprId {
        let parts = self.all_children(node);
        match parts[..] {
            [left, right] => self.add(ExprKind::Binary { op: BinaryOp::BitOr, left, right }, node),
            _ => self.add(ExprKind::Other(parts), node),
        }
    }

    /// `object[…]` with the children `items` as index. Inside `Literal[…]`, and after the first
    /// argument of `Annotated[…]`, a string is a value, not a type
    /// (<https://docs.python.org/3/library/typing.html#typing.Annotated>).
    pub(super) fn index(&mut self, node: Node<'t>, object: ExprId, items: Range<usize>) -> ExprId {
        let types = match self.last_name(object) {
            Some("Literal") => 0,
            Some("Annotated") => 1,
            _ => usize::MAX,
        };
        let in_type = self.in_type;
        let mut out = Vec::new();
        for i in items {
            let kid = self.kids[i];
            if !kid.kind.is_token() {
                self.in_type = in_type && out.len() < types;
                // A `type` node would turn the strings in it into references again.
                let is_value = kid.kind == Kind::Type && !self.in_type;
                out.push(if is_value { self.wrapped(kid.node) } else { self.expr(kid) });
            }
        }
        self.in_type = in_type;
        let index = match out[..] {
            [only] => only,
            [first, .., last] => {
                let (first, last) = (self.module.expr(first).span, self.module.expr(last).span);
                self.module.add_expr(ExprKind::List(out), Span { start: first.start, end: last.end.max(first.end) })
            }
            [] => {
                let end = span(node).end;
                self.module.add_expr(ExprKind::Other(out), Span { start: end, end })
            }
        };
        self.add(ExprKind::Index { object, index }, node)
    }

    /// `c` of `a.b.c`.
    pub(super) fn last_name(&self, id: ExprId) -> Option<&str> {
        match &self.module.expr(id).kind {
            ExprKind::Name(name) | ExprKind::Attr { name, .. } => Some(name),
            _ => None,
        }
    }

    /// The name that a forward reference such as `"shared.Channel"` stands for; `start` is the place
    /// of `text` in the file. None when it is more than a dotted name.
    pub(super) fn forward_reference(&mut self, text: &str, start: usize) -> Option<ExprId> {
        let is_name = |part: &str| {
            part.starts_with(|c: char| c == '_' || c.is_alphabetic())
                && part.chars().all(|c| c == '_' || c.is_alphanumeric())
        };
        if text.len() > 200 || !text.split('.').all(is_name) {
            return None;
        }
        let mut object: Option<ExprId> = None;
        let mut at = start;
        for part in text.split('.') {
            let name_span = Span::new(at, at + part.len());
            let name = SmolStr::new(part);
            object = Some(match object {
                None if part == "None" => self.module.add_expr(ExprKind::Null, name_span),
                None => self.module.add_expr(ExprKind::Name(name), name_span),
                Some(object) => {
                    let whole = Span::new(start, at + part.len());
                    self.module.add_expr(ExprKind::Attr { object, name, name_span }, whole)
                }
            });
            at += part.len() + 1;
        }
        object
    }
}
