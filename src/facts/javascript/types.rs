//! Types, which are expressions too.

use smol_str::SmolStr;

use super::kind::Kind;
use super::{Field, Kid, Lower, Spelled, field, named};
use crate::facts::module::{BinaryOp, ExprId, ExprKind};
use crate::syntax::Span;

impl<'t> Lower<'t> {
    /// Any type.
    pub(super) fn ty(&mut self, kid: Kid<'t>) -> ExprId {
        match self.deeper(kid, |lower| lower.type_by_kind(kid)) {
            Some(id) => id,
            None => self.other_of(&[], kid.span()),
        }
    }

    fn type_by_kind(&mut self, kid: Kid<'t>) -> ExprId {
        let span = kid.span();
        match kid.kind {
            Kind::ParenthesizedType | Kind::ReadonlyType | Kind::LiteralType | Kind::TypeAnnotation => {
                self.only_type(kid)
            }
            Kind::GenericType => {
                let kids = self.kids(kid.node);
                let parts = field(&kids, Field::Name).zip(field(&kids, Field::TypeArguments));
                let Some((name, types)) = parts else { return self.other_type(kid) };
                let object = self.ty(name);
                self.apply_type_list(object, types, span)
            }
            Kind::NestedTypeIdentifier | Kind::NestedIdentifier => self.nested_name(kid),
            Kind::ArrayType => {
                let index = self.only_type(kid);
                let object = self.name(SmolStr::new_static("Array"), span);
                self.module.add_expr(ExprKind::Index { object, index }, span)
            }
            Kind::UnionType => self.joined_types(kid, Kind::UnionType, BinaryOp::BitOr),
            Kind::IntersectionType => self.joined_types(kid, Kind::IntersectionType, BinaryOp::Other),
            Kind::TupleType => {
                let items = self.named_kids(kid.node).into_iter().map(|item| self.ty(item)).collect();
                self.module.add_expr(ExprKind::List(items), span)
            }
            Kind::LookupType => {
                let kids = self.named_kids(kid.node);
                let [object, index] = kids.as_slice() else { return self.other_type(kid) };
                let (object, index) = (self.ty(*object), self.ty(*index));
                self.module.add_expr(ExprKind::Index { object, index }, span)
            }
            Kind::ObjectType => self.object_type(kid),
            Kind::TypeQuery => self.other(kid),
            Kind::TypeIdentifier
            | Kind::PredefinedType
            | Kind::Identifier
            | Kind::ThisType
            | Kind::This
            | Kind::String
            | Kind::Number
            | Kind::True
            | Kind::False
            | Kind::Null
            | Kind::Undefined
            | Kind::UnaryExpression
            | Kind::TemplateLiteralType
            | Kind::MemberExpression
            | Kind::CallExpression => self.expr(kid),
            // Function, conditional and mapped types, predicates and whatever else there is.
            _ => self.other_type(kid),
        }
    }

    fn other_type(&mut self, kid: Kid<'t>) -> ExprId {
        let children: Vec<ExprId> = self
            .named_kids(kid.node)
            .into_iter()
            .filter(|kid| !matches!(kid.field, Field::Name | Field::Pattern))
            .map(|kid| self.ty(kid))
            .collect();
        self.other_of(&children, kid.span())
    }

    /// The one type in `kid` (an annotation, say).
    pub(super) fn only_type(&mut self, kid: Kid<'t>) -> ExprId {
        match self.named_kids(kid.node).as_slice() {
            [only] => self.ty(*only),
            _ => self.other_type(kid),
        }
    }

    /// The types in `<A, B>`.
    pub(super) fn type_args(&mut self, list: Kid<'t>) -> Vec<ExprId> {
        self.named_kids(list.node).into_iter().map(|ty| self.ty(ty)).collect()
    }

    /// `object<A, B>`.
    pub(super) fn apply_type_list(&mut self, object: ExprId, list: Kid<'t>, span: Span) -> ExprId {
        let types = self.type_args(list);
        self.apply_types(object, &types, span)
    }

    /// `A | B | C`, a chain that grows to the left.
    fn joined_types(&mut self, top: Kid<'t>, kind: Kind, op: BinaryOp) -> ExprId {
        let mut links = Vec::new();
        let mut at = top;
        while at.kind == kind {
            let mut kids = self.named_kids(at.node);
            let Some(right) = kids.pop() else { break };
            match kids.first().copied() {
                Some(left) => {
                    links.push((at.span(), right));
                    at = left;
                }
                // `| A`
                None => at = right,
            }
        }
        let mut value =
            if at.kind == kind { self.other_of(&[], at.span()) } else { self.below(links.len(), |lower| lower.ty(at)) };
        while let Some((span, right)) = links.pop() {
            let right = self.below(links.len(), |lower| lower.ty(right));
            value = self.module.add_expr(ExprKind::Binary { op, left: value, right }, span);
        }
        value
    }

    /// `a.b.C`.
    pub(super) fn nested_name(&mut self, top: Kid<'t>) -> ExprId {
        let mut links = Vec::new();
        let mut at = top;
        while matches!(at.kind, Kind::NestedTypeIdentifier | Kind::NestedIdentifier) {
            let kids = self.kids(at.node);
            let last = kids.iter().rfind(|kid| !kid.kind.is_token()).copied();
            let Some((first, last)) = named(&kids).zip(last) else { break };
            links.push((at.span(), last));
            at = first;
        }
        let name = self.name_of(at);
        let mut object = self.name(name, at.span());
        while let Some((span, last)) = links.pop() {
            let name = self.name_of(last);
            object = self.module.add_expr(ExprKind::Attr { object, name, name_span: last.span() }, span);
        }
        object
    }
}
