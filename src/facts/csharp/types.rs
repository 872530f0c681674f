//! Types and attributes.

use super::kind::Kind;
use super::{Kid, Lower};
use crate::facts::module::{Arg, Call, ExprId, ExprKind};
use crate::facts::walk::{Field, field, find};

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
            Kind::Identifier | Kind::PredefinedType | Kind::ImplicitType => {
                let name = self.name_of(kid);
                self.name(name, span)
            }
            Kind::QualifiedName => self.qualified(kid),
            Kind::AliasQualifiedName => {
                let kids = self.kids(kid.node);
                match field(&kids, Field::Name) {
                    Some(name) => self.ty(name),
                    None => self.other_of(&[], span),
                }
            }
            Kind::GenericName => {
                let (object, types) = self.generic(kid);
                self.apply_types(object, &types, span)
            }
            Kind::ArrayType => {
                let kids = self.kids(kid.node);
                let element = match field(&kids, Field::Type) {
                    Some(element) => self.ty(element),
                    None => self.other_of(&[], span),
                };
                self.array_of(element, span)
            }
            Kind::NullableType | Kind::PointerType | Kind::RefType | Kind::ScopedType => {
                let kids = self.kids(kid.node);
                match field(&kids, Field::Type) {
                    Some(inner) => self.ty(inner),
                    None => self.other_of(&[], span),
                }
            }
            Kind::TupleType => {
                let mut items = Vec::new();
                for element in self.named_kids(kid.node) {
                    let parts = self.kids(element.node);
                    items.extend(field(&parts, Field::Type).map(|ty| self.ty(ty)));
                }
                self.module.add_expr(ExprKind::List(items), span)
            }
            Kind::MemberAccessExpression => self.expr(kid),
            _ => self.other_of(&[], span),
        }
    }

    /// `A.B.C<T>`: grows to the left.
    fn qualified(&mut self, top: Kid<'t>) -> ExprId {
        let mut links = Vec::new();
        let mut at = Some(top);
        while let Some(link) = at.filter(|link| link.kind == Kind::QualifiedName) {
            let kids = self.kids(link.node);
            at = field(&kids, Field::Qualifier);
            links.push((link, field(&kids, Field::Name)));
        }
        let mut value = match at {
            Some(base) => self.below(links.len(), |lower| lower.ty(base)),
            None => self.other_of(&[], top.span()),
        };
        while let Some((link, name)) = links.pop() {
            let Some(name) = name else { continue };
            value = self.below(links.len(), |lower| {
                let (text, name_span, types) = lower.simple(name);
                let attr = lower.attr(value, text, name_span);
                lower.apply_types(attr, &types, link.span())
            });
        }
        value
    }

    /// The name and the type arguments of `X` or `X<T>`.
    pub(super) fn simple(&mut self, kid: Kid<'t>) -> (smol_str::SmolStr, crate::syntax::Span, Vec<ExprId>) {
        if kid.kind != Kind::GenericName {
            return (self.name_of(kid), kid.span(), Vec::new());
        }
        let kids = self.kids(kid.node);
        let name = find(&kids, Kind::Identifier).unwrap_or(kid);
        let types = find(&kids, Kind::TypeArgumentList).map(|list| self.type_args(list)).unwrap_or_default();
        (self.name_of(name), name.span(), types)
    }

    pub(super) fn generic(&mut self, kid: Kid<'t>) -> (ExprId, Vec<ExprId>) {
        let (name, span, types) = self.simple(kid);
        (self.name(name, span), types)
    }

    pub(super) fn type_args(&mut self, list: Kid<'t>) -> Vec<ExprId> {
        self.named_kids(list.node).into_iter().map(|kid| self.ty(kid)).collect()
    }

    /// The attributes of a declaration.
    pub(super) fn attributes(&mut self, kids: &[Kid<'t>]) -> Vec<ExprId> {
        let mut out = Vec::new();
        for list in kids {
            match list.kind {
                Kind::AttributeList => {
                    for attribute in self.named_kids(list.node) {
                        if attribute.kind == Kind::Attribute {
                            out.push(self.attribute(attribute));
                        }
                    }
                }
                Kind::PreprocIfInAttributeList => {
                    let inner = self.named_kids(list.node);
                    if let Some(mut found) = self.deeper(*list, |lower| lower.attributes(&inner)) {
                        out.append(&mut found);
                    }
                }
                _ => {}
            }
        }
        out
    }

    /// `A`, `A(x)`, `A(x, B = y)`.
    fn attribute(&mut self, kid: Kid<'t>) -> ExprId {
        let kids = self.kids(kid.node);
        let mut callee = match field(&kids, Field::Name) {
            Some(name) => self.ty(name),
            None => self.other_of(&[], kid.span()),
        };
        let Some(list) = find(&kids, Kind::AttributeArgumentList) else { return callee };
        let mut type_args = Vec::new();
        if let ExprKind::Index { object, index } = self.module.expr(callee).kind {
            callee = object;
            type_args = vec![index];
        }
        let mut args = Vec::new();
        for arg in self.named_kids(list.node) {
            let parts = self.named_kids(arg.node);
            let name = field(&parts, Field::Name).map(|name| self.name_of(name));
            let value = match parts.iter().find(|part| part.field != Field::Name) {
                Some(value) => self.expr(*value),
                None => self.other_of(&[], arg.span()),
            };
            args.push(Arg { name, spread: false, value });
        }
        self.module.add_expr(ExprKind::Call(Call { callee, args, is_new: false, type_args }), kid.span())
    }
}
