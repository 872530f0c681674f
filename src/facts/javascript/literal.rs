//! Templates, arrays, objects and JSX.

use smol_str::SmolStr;

use super::kind::Kind;
use super::text::{string_value, unescape};
use super::{Field, Kid, Lower, field, named};
use crate::facts::module::{Entry, ExprId, ExprKind, TemplatePart};
use crate::facts::walk::text::number_value;

impl<'t> Lower<'t> {
    /// A template string. Without a hole it is a plain string, unless it is tagged.
    pub(super) fn template(&mut self, kid: Kid<'t>, tagged: bool) -> ExprId {
        let mut parts = Vec::new();
        let mut from = (kid.start() + 1).min(kid.end());
        for hole in self.named_kids(kid.node) {
            if !matches!(hole.kind, Kind::TemplateSubstitution | Kind::TemplateType | Kind::Error) {
                continue;
            }
            self.push_text(from, hole.start(), &mut parts);
            let value = if hole.kind == Kind::TemplateType { self.only_type(hole) } else { self.only_child(hole) };
            parts.push(TemplatePart::Hole(value));
            from = hole.end();
        }
        let closed = self.slice(from, kid.end()).ends_with('`');
        self.push_text(from, kid.end() - usize::from(closed), &mut parts);
        let kind = match parts.as_slice() {
            [] if !tagged => ExprKind::Str(SmolStr::default()),
            [TemplatePart::Text(text)] if !tagged => ExprKind::Str(text.clone()),
            _ => ExprKind::Template(parts),
        };
        self.module.add_expr(kind, kid.span())
    }

    fn push_text(&self, start: usize, end: usize, parts: &mut Vec<TemplatePart>) {
        if start < end {
            parts.push(TemplatePart::Text(unescape(self.slice(start, end))));
        }
    }

    pub(super) fn array(&mut self, kid: Kid<'t>) -> ExprId {
        let items = self.named_kids(kid.node).into_iter().map(|item| self.expr(item)).collect();
        self.module.add_expr(ExprKind::List(items), kid.span())
    }

    pub(super) fn object(&mut self, kid: Kid<'t>) -> ExprId {
        let mut entries = Vec::new();
        for member in self.named_kids(kid.node) {
            match member.kind {
                Kind::SpreadElement => entries.push(Entry::Spread(self.only_child(member))),
                Kind::Pair => {
                    let kids = self.kids(member.node);
                    let Some((key, value)) = field(&kids, Field::Key).zip(field(&kids, Field::Value)) else {
                        entries.push(Entry::Spread(self.other(member)));
                        continue;
                    };
                    let name = self.key_name(key);
                    let key = self.key(key);
                    let value = self.named_value(value, &name);
                    entries.push(Entry::Pair { key, value });
                }
                Kind::MethodDefinition => {
                    let kids = self.kids(member.node);
                    let Some(name) = field(&kids, Field::Name) else { continue };
                    let key = self.key(name);
                    let class = self.class.take();
                    let func = self.method(member, &kids, Vec::new());
                    self.class = class;
                    let value = self.module.add_expr(ExprKind::Lambda(func), member.span());
                    entries.push(Entry::Pair { key, value });
                }
                Kind::ShorthandProperty => {
                    let name = self.name_of(member);
                    let key = self.module.add_expr(ExprKind::Str(name.clone()), member.span());
                    let value = self.name(name, member.span());
                    entries.push(Entry::Pair { key, value });
                }
                // `{ a = 1 }` is a pattern that the grammar could not recognise as one, or an error.
                _ => entries.push(Entry::Spread(self.expr(member))),
            }
        }
        self.module.add_expr(ExprKind::Dict(entries), kid.span())
    }

    /// A property name as an expression.
    pub(super) fn key(&mut self, key: Kid<'t>) -> ExprId {
        match key.kind {
            Kind::ComputedPropertyName => self.only_child(key),
            Kind::String | Kind::Number => self.expr(key),
            _ => {
                let name = self.name_of(key);
                self.module.add_expr(ExprKind::Str(name), key.span())
            }
        }
    }

    /// A property name as text; a computed one as it is written.
    pub(super) fn key_name(&mut self, key: Kid<'t>) -> SmolStr {
        match key.kind {
            Kind::String => string_value(self.text_of(key)),
            Kind::ComputedPropertyName => {
                let kids = self.kids(key.node);
                match named(&kids) {
                    Some(inner) if inner.kind == Kind::String => string_value(self.text_of(inner)),
                    _ => self.name_of(key),
                }
            }
            _ => self.name_of(key),
        }
    }

    pub(super) fn string(&mut self, kid: Kid<'t>) -> ExprId {
        let value = string_value(self.text_of(kid));
        self.module.add_expr(ExprKind::Str(value), kid.span())
    }

    pub(super) fn number(&mut self, kid: Kid<'t>) -> ExprId {
        let value = number_value(self.text_of(kid), true);
        self.module.add_expr(ExprKind::Num(value), kid.span())
    }
}
