//! Types and annotations.

use super::super::kind::Kind;
use super::super::{Field, Kid, field, find, named};
use super::Lower;
use crate::facts::module::{Arg, Call, ExprId, ExprKind};

impl<'t> Lower<'t> {
    /// A type as an expression.
    pub(super) fn ty(&mut self, kid: Kid<'t>) -> ExprId {
        match self.deeper(kid, |lower| lower.type_by_kind(kid)) {
            Some(id) => id,
            None => self.other_of(&[], kid.span()),
        }
    }

    fn type_by_kind(&mut self, kid: Kid<'t>) -> ExprId {
        let span = kid.span();
        match kid.kind {
            Kind::ScopedTypeIdentifier if !self.text_of(kid).contains(['<', '@']) => self.dotted(kid),
            Kind::ScopedTypeIdentifier => {
                let kids = self.named_kids(kid.node);
                let (Some(first), Some(last)) = (kids.first(), kids.last()) else { return self.other_of(&[], span) };
                let object = self.ty(*first);
                let name = self.name_of(*last);
                self.module.add_expr(ExprKind::Attr { object, name, name_span: last.span() }, span)
            }
            Kind::GenericType => {
                let kids = self.named_kids(kid.node);
                let Some(base) = named(&kids) else { return self.other_of(&[], span) };
                let base = self.ty(base);
                let types = match find(&kids, Kind::TypeArguments) {
                    Some(list) => self.type_args(list),
                    None => Vec::new(),
                };
                self.apply_types(base, &types, span)
            }
            Kind::ArrayType => {
                let kids = self.kids(kid.node);
                let element = match field(&kids, Field::Element) {
                    Some(element) => self.ty(element),
                    None => self.other_of(&[], span),
                };
                self.array_of(element, span)
            }
            Kind::AnnotatedType | Kind::Wildcard | Kind::CatchType => {
                let kids = self.named_kids(kid.node);
                match kids
                    .iter()
                    .rev()
                    .find(|k| !matches!(k.kind, Kind::Annotation | Kind::MarkerAnnotation | Kind::Super))
                {
                    Some(inner) => self.ty(*inner),
                    None => self.other_of(&[], span),
                }
            }
            _ => {
                let name = self.name_of(kid);
                self.name(name, span)
            }
        }
    }

    pub(super) fn type_args(&mut self, list: Kid<'t>) -> Vec<ExprId> {
        self.named_kids(list.node).into_iter().map(|kid| self.ty(kid)).collect()
    }

    /// The annotations among the modifiers of a declaration.
    pub(super) fn annotations(&mut self, kids: &[Kid<'t>]) -> Vec<ExprId> {
        let Some(modifiers) = find(kids, Kind::Modifiers) else { return Vec::new() };
        let kids = self.named_kids(modifiers.node);
        kids.into_iter()
            .filter(|kid| matches!(kid.kind, Kind::Annotation | Kind::MarkerAnnotation))
            .map(|kid| self.annotation(kid))
            .collect()
    }

    /// `@A`, `@A(x)`, `@A(b = x, c = {y, z})`.
    pub(super) fn annotation(&mut self, kid: Kid<'t>) -> ExprId {
        let kids = self.kids(kid.node);
        let callee = match field(&kids, Field::Name) {
            Some(name) => self.dotted(name),
            None => self.other_of(&[], kid.span()),
        };
        let Some(list) = field(&kids, Field::Arguments) else { return callee };
        let mut args = Vec::new();
        for arg in self.named_kids(list.node) {
            let pair = if arg.kind == Kind::ElementValuePair { self.kids(arg.node) } else { Vec::new() };
            let name = field(&pair, Field::Key).map(|key| self.name_of(key));
            let value = self.expr(field(&pair, Field::Value).unwrap_or(arg));
            args.push(Arg { name, spread: false, value });
        }
        let call = Call { callee, args, is_new: false, type_args: Vec::new() };
        self.module.add_expr(ExprKind::Call(call), kid.span())
    }
}
