//! Composite literals.

use smol_str::SmolStr;

use super::kind::Kind;
use super::{Kid, Lower};
use crate::facts::module::{Arg, Call, Entry, ExprId, ExprKind};
use crate::facts::walk::{Field, field, find};
use crate::syntax::Span;

/// Longest type, in bytes, that is repeated for each element of a literal whose type is not written.
const MAX_ELIDED: usize = 200;

impl<'t> Lower<'t> {
    /// `T{…}`, `[]T{…}`, `map[K]V{…}`.
    pub(super) fn composite(&mut self, kid: Kid<'t>) -> ExprId {
        let kids = self.kids(kid.node);
        let (Some(ty), Some(body)) = (field(&kids, Field::Type), field(&kids, Field::Body)) else {
            return self.other(kid);
        };
        self.literal(ty, body, kid.span())
    }

    fn literal(&mut self, ty: Kid<'t>, body: Kid<'t>, span: Span) -> ExprId {
        let kids = self.kids(ty.node);
        match ty.kind {
            Kind::SliceType | Kind::ArrayType | Kind::ImplicitLengthArrayType => {
                let element = field(&kids, Field::Element);
                let items = self.named_kids(body.node);
                let items = items.into_iter().map(|item| self.element_value(item, element)).collect();
                self.module.add_expr(ExprKind::List(items), span)
            }
            Kind::MapType => self.dict(body, field(&kids, Field::Key), field(&kids, Field::Value), true, span),
            Kind::StructType => self.untyped(body),
            Kind::PointerType | Kind::ParenthesizedType => match kids.first() {
                Some(inner) => self.literal(*inner, body, span),
                None => self.other(body),
            },
            _ => self.construction(ty, body, span),
        }
    }

    /// `T{A: 1}`, `T{1, 2}`; a named map type gets a dictionary.
    fn construction(&mut self, ty: Kid<'t>, body: Kid<'t>, span: Span) -> ExprId {
        let callee = self.ty(ty);
        let items = self.named_kids(body.node);
        let mut args = Vec::new();
        let keyed = items.iter().find(|item| item.kind == Kind::KeyedElement).copied();
        let is_map = keyed.is_some_and(|item| {
            let kids = self.kids(item.node);
            field(&kids, Field::Key).is_some_and(|key| self.plain_key(key).is_none())
        });
        if is_map {
            let value = self.dict(body, None, None, true, body.span());
            args.push(Arg { name: None, spread: false, value });
        } else {
            for item in items {
                let kids = if item.kind == Kind::KeyedElement { self.kids(item.node) } else { Vec::new() };
                let name = field(&kids, Field::Key).and_then(|key| self.plain_key(key));
                let value = self.element_value(item, None);
                args.push(Arg { name, spread: false, value });
            }
        }
        self.module.add_expr(ExprKind::Call(Call { callee, args, is_new: true, type_args: Vec::new() }), span)
    }

    /// The name that a key consists of.
    fn plain_key(&mut self, key: Kid<'t>) -> Option<SmolStr> {
        let kids = self.named_kids(key.node);
        let name = find(&kids, Kind::Identifier)?;
        (name.span() == key.span()).then(|| self.text_of(name).into())
    }

    /// The value of an element, whose type stands in the type of the whole where it has none.
    fn element_value(&mut self, item: Kid<'t>, ty: Option<Kid<'t>>) -> ExprId {
        let role = if item.kind == Kind::KeyedElement { field(&self.kids(item.node), Field::Value) } else { None };
        let element = role.unwrap_or(item);
        let inner = if element.kind == Kind::LiteralElement {
            self.named_kids(element.node).first().copied().unwrap_or(element)
        } else {
            element
        };
        if inner.kind != Kind::LiteralValue {
            return if inner.kind == Kind::LiteralElement { self.other(inner) } else { self.expr(inner) };
        }
        let built = self.deeper(inner, |lower| match ty {
            Some(ty) if ty.end() - ty.start() <= MAX_ELIDED => lower.literal(ty, inner, inner.span()),
            _ => lower.untyped(inner),
        });
        match built {
            Some(id) => id,
            None => self.other_of(&[], inner.span()),
        }
    }

    /// `{…}` without a type: by its form.
    pub(super) fn untyped(&mut self, body: Kid<'t>) -> ExprId {
        let items = self.named_kids(body.node);
        if items.iter().any(|item| item.kind == Kind::KeyedElement) {
            return self.dict(body, None, None, false, body.span());
        }
        let items = items.into_iter().map(|item| self.element_value(item, None)).collect();
        self.module.add_expr(ExprKind::List(items), body.span())
    }

    /// `names` are expressions in a map and field names in a struct.
    fn dict(
        &mut self,
        body: Kid<'t>,
        key_type: Option<Kid<'t>>,
        value_type: Option<Kid<'t>>,
        names: bool,
        span: Span,
    ) -> ExprId {
        let mut entries = Vec::new();
        for item in self.named_kids(body.node) {
            let kids = if item.kind == Kind::KeyedElement { self.kids(item.node) } else { Vec::new() };
            let value = self.element_value(item, value_type);
            match field(&kids, Field::Key) {
                Some(key) => {
                    let key = match self.plain_key(key).filter(|_| !names) {
                        Some(name) => self.module.add_expr(ExprKind::Str(name), key.span()),
                        None => self.element_value(key, key_type),
                    };
                    entries.push(Entry::Pair { key, value });
                }
                None => entries.push(Entry::Spread(value)),
            }
        }
        self.module.add_expr(ExprKind::Dict(entries), span)
    }
}
