//! Members, subscripts and calls: chains that grow to the left, walked in a loop.

use super::kind::Kind;
use super::{Field, Kid, Lower, field, named};
use crate::facts::module::{Arg, Call, ExprId, ExprKind};
use crate::syntax::Span;

impl<'t> Lower<'t> {
    /// `a.b`, `a[b]`, `a(b)`, `a!` and any chain of these; parentheses and `?.` are transparent.
    pub(super) fn chain(&mut self, top: Kid<'t>) -> ExprId {
        let mut links = Vec::new();
        let mut at = top;
        let mut base = None;
        loop {
            let inner = match at.kind {
                Kind::MemberExpression | Kind::SubscriptExpression => Field::Object,
                Kind::CallExpression => Field::Function,
                Kind::NonNullExpression | Kind::ParenthesizedExpression => Field::Other,
                _ => break,
            };
            let kids = self.kids(at.node);
            if at.kind == Kind::CallExpression
                && let Some(module) = self.loads_whole(&kids)
            {
                base = Some(self.import_whole(module, at.span()));
                break;
            }
            let next = if inner == Field::Other { named(&kids) } else { field(&kids, inner) };
            links.push((at, kids));
            match next {
                Some(next) => at = next,
                None => {
                    base = Some(self.other_of(&[], at.span()));
                    break;
                }
            }
        }
        // `await (x()).y()` is `await x().y()`, though the grammar of JavaScript sees a call of `await`.
        let awaited = match base {
            None => self.awaited(at, links.last()),
            Some(_) => None,
        };
        if awaited.is_some() {
            links.pop();
        }
        let mut waits = awaited.is_some();
        let mut value = match base {
            Some(base) => base,
            None => self.below(links.len(), |lower| lower.expr(awaited.unwrap_or(at))),
        };
        while let Some((link, kids)) = links.pop() {
            // `(await (x())).y()` waits for `x` alone.
            if waits && link.kind == Kind::ParenthesizedExpression {
                value = self.module.add_expr(ExprKind::Await(value), link.span());
                waits = false;
            }
            value = self.below(links.len(), |lower| lower.link(link, &kids, value));
        }
        if waits { self.module.add_expr(ExprKind::Await(value), top.span()) } else { value }
    }

    /// The one argument of a call of `await`.
    fn awaited(&mut self, callee: Kid<'t>, link: Option<&(Kid<'t>, Vec<Kid<'t>>)>) -> Option<Kid<'t>> {
        let (call, kids) = link?;
        if call.kind != Kind::CallExpression || callee.kind != Kind::Identifier || self.text_of(callee) != "await" {
            return None;
        }
        let list = field(kids, Field::Arguments)?;
        match self.named_kids(list.node).as_slice() {
            [one] if one.kind != Kind::SpreadElement => Some(*one),
            _ => None,
        }
    }

    fn link(&mut self, link: Kid<'t>, kids: &[Kid<'t>], object: ExprId) -> ExprId {
        match link.kind {
            Kind::MemberExpression => {
                let property = field(kids, Field::Property);
                let name = property.map(|p| self.name_of(p)).unwrap_or_default();
                let name_span = property.map_or(Span::new(link.end(), link.end()), |p| p.span());
                self.module.add_expr(ExprKind::Attr { object, name, name_span }, link.span())
            }
            Kind::SubscriptExpression => {
                let index = match field(kids, Field::Index) {
                    Some(index) => self.expr(index),
                    None => self.other_of(&[], link.span()),
                };
                self.module.add_expr(ExprKind::Index { object, index }, link.span())
            }
            Kind::CallExpression => self.call(link, kids, object, false),
            _ => object,
        }
    }

    /// `new X<T>(…)`.
    pub(super) fn construction(&mut self, kid: Kid<'t>) -> ExprId {
        let kids = self.kids(kid.node);
        let callee = match field(&kids, Field::Constructor) {
            Some(callee) => self.expr(callee),
            None => self.other_of(&[], kid.span()),
        };
        self.call(kid, &kids, callee, true)
    }

    fn call(&mut self, call: Kid<'t>, kids: &[Kid<'t>], callee: ExprId, is_new: bool) -> ExprId {
        let type_args = match field(kids, Field::TypeArguments) {
            Some(types) => self.type_args(types),
            None => Vec::new(),
        };
        let args = match field(kids, Field::Arguments) {
            Some(tag) if tag.kind == Kind::TemplateString => {
                let value = self.template(tag, true);
                vec![Arg { name: None, spread: false, value }]
            }
            Some(list) => self.args(list),
            None => Vec::new(),
        };
        self.module.add_expr(ExprKind::Call(Call { callee, args, is_new, type_args }), call.span())
    }

    fn args(&mut self, list: Kid<'t>) -> Vec<Arg> {
        let mut args = Vec::new();
        for kid in self.named_kids(list.node) {
            let spread = kid.kind == Kind::SpreadElement;
            let value = if spread { self.only_child(kid) } else { self.expr(kid) };
            args.push(Arg { name: None, spread, value });
        }
        args
    }
}
