//! Types and annotations.

use super::super::kind::Kind;
use super::super::{Kid, find};
use super::Lower;
use crate::facts::module::{Call, ExprId, ExprKind};
use crate::syntax::Span;

impl<'t> Lower<'t> {
    /// A type as an expression; whether it can be null is not kept.
    pub(super) fn ty(&mut self, kid: Kid<'t>) -> ExprId {
        match self.deeper(kid, |lower| lower.type_by_kind(kid)) {
            Some(id) => id,
            None => self.other_of(&[], kid.span()),
        }
    }

    fn type_by_kind(&mut self, kid: Kid<'t>) -> ExprId {
        match kid.kind {
            Kind::UserType => self.user_type(kid),
            Kind::NullableType | Kind::ParenthesizedType | Kind::NonNullableType | Kind::TypeProjection => {
                let kids = self.named_kids(kid.node);
                match kids.iter().find(|k| is_type(k.kind)) {
                    Some(inner) => self.ty(*inner),
                    None => self.other_of(&[], kid.span()),
                }
            }
            Kind::FunctionType => {
                let types: Vec<Kid<'t>> = self.named_kids(kid.node).into_iter().filter(|k| is_type(k.kind)).collect();
                let types: Vec<ExprId> = types.into_iter().map(|ty| self.ty(ty)).collect();
                self.other_of(&types, kid.span())
            }
            _ => {
                let name = self.name_of(kid);
                self.name(name, kid.span())
            }
        }
    }

    /// `a.b.C<D>.E`.
    fn user_type(&mut self, kid: Kid<'t>) -> ExprId {
        let mut value: Option<ExprId> = None;
        for part in self.named_kids(kid.node) {
            let whole = Span::new(kid.start(), part.end());
            match part.kind {
                Kind::Identifier => {
                    let name = self.name_of(part);
                    value = Some(match value {
                        None => self.name(name, part.span()),
                        Some(object) => {
                            self.module.add_expr(ExprKind::Attr { object, name, name_span: part.span() }, whole)
                        }
                    });
                }
                Kind::TypeArguments => {
                    let types = self.type_args(part);
                    value = value.map(|object| self.apply_types(object, &types, whole));
                }
                _ => {}
            }
        }
        match value {
            Some(value) => value,
            None => self.other_of(&[], kid.span()),
        }
    }

    pub(super) fn type_args(&mut self, list: Kid<'t>) -> Vec<ExprId> {
        self.named_kids(list.node).into_iter().map(|kid| self.ty(kid)).collect()
    }

    /// The annotations among `kids` and in their modifiers.
    pub(super) fn annotations(&mut self, kids: &[Kid<'t>]) -> Vec<ExprId> {
        let mut out = Vec::new();
        for kid in kids {
            match kid.kind {
                Kind::Annotation => self.annotation(*kid, &mut out),
                Kind::Modifiers | Kind::ParameterModifiers => {
                    for kid in self.named_kids(kid.node) {
                        if kid.kind == Kind::Annotation {
                            self.annotation(kid, &mut out);
                        }
                    }
                }
                _ => {}
            }
        }
        out
    }

    /// `@A`, `@A(x, b = y)`, `@field:A`, `@[A B(x)]`.
    pub(super) fn annotation(&mut self, kid: Kid<'t>, out: &mut Vec<ExprId>) {
        for part in self.named_kids(kid.node) {
            match part.kind {
                Kind::ConstructorInvocation => {
                    let kids = self.named_kids(part.node);
                    let Some(callee) = kids.iter().find(|k| is_type(k.kind)).map(|ty| self.ty(*ty)) else { continue };
                    let args = find(&kids, Kind::ValueArguments).map(|list| self.args(list)).unwrap_or_default();
                    let call = Call { callee, args, is_new: false, type_args: Vec::new() };
                    out.push(self.module.add_expr(ExprKind::Call(call), part.span()));
                }
                kind if is_type(kind) => out.push(self.ty(part)),
                _ => {}
            }
        }
    }
}

/// True for a type.
pub(super) fn is_type(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::UserType | Kind::NullableType | Kind::FunctionType | Kind::NonNullableType | Kind::ParenthesizedType
    )
}
