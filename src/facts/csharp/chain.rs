//! `a.b`, `a?.b`, `a[b]`, `a.f<T>(b)` and any chain of these; parentheses are transparent.

use super::kind::Kind;
use super::{Kid, Lower};
use crate::facts::module::{Call, ExprId, ExprKind};
use crate::facts::walk::{Field, field};

/// A value with the type arguments that follow it, until a call takes them.
struct Link {
    value: ExprId,
    type_args: Vec<ExprId>,
}

impl<'t> Lower<'t> {
    pub(super) fn chain(&mut self, top: Kid<'t>) -> ExprId {
        let mut links = Vec::new();
        let mut at = Some(top);
        while let Some(link) = at {
            let inner = match link.kind {
                Kind::MemberAccessExpression | Kind::ElementAccessExpression => Field::Expression,
                Kind::ConditionalAccessExpression => Field::Condition,
                Kind::InvocationExpression => Field::Function,
                Kind::ParenthesizedExpression => Field::Other,
                // `x!.y`
                Kind::PostfixUnaryExpression if self.text_of(link).ends_with('!') => Field::Other,
                _ => break,
            };
            let kids = self.named_kids(link.node);
            at = if inner == Field::Other { kids.first().copied() } else { field(&kids, inner) };
            links.push((link, kids));
        }
        let mut value = match at {
            Some(base) => self.below(links.len(), |lower| lower.base(base)),
            None => Link { value: self.other_of(&[], top.span()), type_args: Vec::new() },
        };
        while let Some((link, kids)) = links.pop() {
            value = self.below(links.len(), |lower| lower.link(link, &kids, value));
        }
        self.apply_types(value.value, &value.type_args, top.span())
    }

    fn base(&mut self, base: Kid<'t>) -> Link {
        if base.kind == Kind::GenericName {
            let (value, type_args) = self.generic(base);
            return Link { value, type_args };
        }
        Link { value: self.expr(base), type_args: Vec::new() }
    }

    fn link(&mut self, link: Kid<'t>, kids: &[Kid<'t>], object: Link) -> Link {
        let span = link.span();
        if link.kind == Kind::InvocationExpression {
            return Link { value: self.invocation(link, kids, object), type_args: Vec::new() };
        }
        let value = self.apply_types(object.value, &object.type_args, span);
        let plain = |value| Link { value, type_args: Vec::new() };
        match link.kind {
            Kind::MemberAccessExpression => match field(kids, Field::Name) {
                Some(name) => self.member_link(value, name),
                None => plain(value),
            },
            Kind::ConditionalAccessExpression => {
                let Some(part) = kids.iter().find(|kid| kid.field != Field::Condition).copied() else {
                    return plain(value);
                };
                if part.kind == Kind::MemberBindingExpression {
                    let inner = self.kids(part.node);
                    return match field(&inner, Field::Name) {
                        Some(name) => self.member_link(value, name),
                        None => plain(value),
                    };
                }
                if part.kind == Kind::ElementBindingExpression {
                    return plain(self.element(value, part, link));
                }
                let part = self.expr(part);
                plain(self.other_of(&[value, part], span))
            }
            Kind::ElementAccessExpression => match field(kids, Field::Subscript) {
                Some(list) => plain(self.element(value, list, link)),
                None => plain(value),
            },
            _ => plain(value),
        }
    }

    fn member_link(&mut self, object: ExprId, name: Kid<'t>) -> Link {
        let (text, span, type_args) = self.simple(name);
        Link { value: self.attr(object, text, span), type_args }
    }

    fn element(&mut self, object: ExprId, list: Kid<'t>, around: Kid<'t>) -> ExprId {
        let items: Vec<ExprId> = self.args(list).into_iter().map(|arg| arg.value).collect();
        self.apply_types(object, &items, around.span())
    }

    fn invocation(&mut self, link: Kid<'t>, kids: &[Kid<'t>], callee: Link) -> ExprId {
        let list = field(kids, Field::Arguments);
        if let (ExprKind::Name(name), Some(list)) = (&self.module.expr(callee.value).kind, list)
            && name == "nameof"
            && let [only] = self.named_kids(list.node).as_slice()
        {
            let text = self.text_of(*only);
            let last = text.split('<').next().unwrap_or(text).rsplit('.').next().unwrap_or(text);
            return self.module.add_expr(ExprKind::Str(last.trim().into()), link.span());
        }
        let args = list.map(|list| self.args(list)).unwrap_or_default();
        let call = Call { callee: callee.value, args, is_new: false, type_args: callee.type_args };
        self.module.add_expr(ExprKind::Call(call), link.span())
    }
}
