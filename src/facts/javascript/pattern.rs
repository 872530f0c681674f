//! Destructuring, spelled out as assignments.

use smol_str::SmolStr;

use super::kind::Kind;
use super::{Field, Kid, Lower, Spelled, field};
use crate::facts::module::{BinaryOp, Block, Entry, ExprId, ExprKind};
use crate::syntax::Span;

impl<'t> Lower<'t> {
    /// Assigns `value` to `target`: a name, attribute, index or pattern, with or without a default.
    pub(super) fn bind(&mut self, target: Kid<'t>, value: ExprId, span: Span, out: &mut Block) {
        self.deeper(target, |lower| lower.bind_by_kind(target, value, span, out));
    }

    fn bind_by_kind(&mut self, target: Kid<'t>, value: ExprId, span: Span, out: &mut Block) {
        match target.kind {
            Kind::ObjectPattern | Kind::ArrayPattern => {
                let hidden = self.hidden_name();
                let variable = self.name(hidden.clone(), target.span());
                self.assign(variable, value, span, out);
                self.unpack(target, &hidden, out);
            }
            Kind::AssignmentPattern | Kind::ObjectAssignmentPattern => {
                let kids = self.kids(target.node);
                let Some((left, right)) = field(&kids, Field::Left).zip(field(&kids, Field::Right)) else { return };
                let name = self.assigned_name(left);
                let right = self.named_value(right, &name);
                let kind = ExprKind::Binary { op: BinaryOp::Coalesce, left: value, right };
                let value = self.module.add_expr(kind, target.span());
                self.bind(left, value, span, out);
            }
            _ => {
                let target = self.expr(target);
                self.assign(target, value, span, out);
            }
        }
    }

    /// Assigns the parts of the variable `hidden` to the names in `pattern`.
    pub(super) fn unpack(&mut self, pattern: Kid<'t>, hidden: &SmolStr, out: &mut Block) {
        match pattern.kind {
            Kind::ObjectPattern => {
                for part in self.named_kids(pattern.node) {
                    self.unpack_property(part, hidden, out);
                }
            }
            Kind::ArrayPattern => {
                let mut position = 0;
                for part in self.kids(pattern.node) {
                    if part.kind == Kind::TokenComma {
                        position += 1;
                    }
                    if !part.kind.is_token() {
                        self.unpack_position(part, position, hidden, out);
                    }
                }
            }
            _ => {}
        }
    }

    fn unpack_property(&mut self, part: Kid<'t>, hidden: &SmolStr, out: &mut Block) {
        let object = self.name(hidden.clone(), part.span());
        match part.kind {
            Kind::RestPattern => self.unpack_rest(part, object, out),
            Kind::PairPattern => {
                let kids = self.kids(part.node);
                let Some((key, target)) = field(&kids, Field::Key).zip(field(&kids, Field::Value)) else { return };
                let value = self.property_of(object, key);
                self.bind(target, value, part.span(), out);
            }
            Kind::ObjectAssignmentPattern => {
                let kids = self.kids(part.node);
                let Some(left) = field(&kids, Field::Left) else { return };
                let value = self.property_of(object, left);
                self.bind(part, value, part.span(), out);
            }
            _ => {
                let value = self.property_of(object, part);
                self.bind(part, value, part.span(), out);
            }
        }
    }

    fn unpack_position(&mut self, part: Kid<'t>, position: u32, hidden: &SmolStr, out: &mut Block) {
        let object = self.name(hidden.clone(), part.span());
        if part.kind == Kind::RestPattern {
            return self.unpack_rest(part, object, out);
        }
        let index = self.module.add_expr(ExprKind::Num(f64::from(position)), part.span());
        let value = self.module.add_expr(ExprKind::Index { object, index }, part.span());
        self.bind(part, value, part.span(), out);
    }

    /// `...rest` is some part of the object.
    fn unpack_rest(&mut self, part: Kid<'t>, object: ExprId, out: &mut Block) {
        let value = self.other_of(&[object], part.span());
        if let Some(target) = self.named_kids(part.node).first().copied() {
            self.bind(target, value, part.span(), out);
        }
    }

    /// `object.key`, or `object[key]` for a key that is no identifier.
    fn property_of(&mut self, object: ExprId, key: Kid<'t>) -> ExprId {
        let kind = match key.kind {
            Kind::String | Kind::Number | Kind::ComputedPropertyName => {
                ExprKind::Index { object, index: self.key(key) }
            }
            _ => ExprKind::Attr { object, name: self.name_of(key), name_span: key.span() },
        };
        self.module.add_expr(kind, key.span())
    }

    /// A pattern where only an expression fits: an object of its parts.
    pub(super) fn pattern_value(&mut self, pattern: Kid<'t>) -> ExprId {
        let mut entries = Vec::new();
        for part in self.named_kids(pattern.node) {
            let kids = self.kids(part.node);
            let pair = field(&kids, Field::Key).zip(field(&kids, Field::Value));
            entries.push(match pair {
                Some((key, value)) => Entry::Pair { key: self.key(key), value: self.expr(value) },
                None => Entry::Spread(self.expr(part)),
            });
        }
        self.module.add_expr(ExprKind::Dict(entries), pattern.span())
    }

    /// The names in a pattern, for exports.
    pub(super) fn bound_names(&mut self, pattern: Kid<'t>, names: &mut Vec<SmolStr>) {
        match pattern.kind {
            Kind::Identifier | Kind::ShorthandPropertyPattern => names.push(self.name_of(pattern)),
            Kind::ObjectPattern | Kind::ArrayPattern | Kind::RestPattern => {
                for part in self.named_kids(pattern.node) {
                    self.deeper(part, |lower| lower.bound_names(part, names));
                }
            }
            Kind::PairPattern | Kind::AssignmentPattern | Kind::ObjectAssignmentPattern => {
                let role = if pattern.kind == Kind::PairPattern { Field::Value } else { Field::Left };
                let kids = self.kids(pattern.node);
                if let Some(part) = field(&kids, role) {
                    self.deeper(part, |lower| lower.bound_names(part, names));
                }
            }
            _ => {}
        }
    }

    /// The loop variable of `for (target of …)`; a pattern is taken apart at the start of the body,
    /// except a plain list of names.
    pub(super) fn loop_target(&mut self, target: Kid<'t>, body: &mut Block) -> ExprId {
        let is_pattern = matches!(target.kind, Kind::ObjectPattern | Kind::ArrayPattern);
        if !is_pattern {
            return self.expr(target);
        }
        let kids = self.named_kids(target.node);
        if target.kind == Kind::ArrayPattern && kids.iter().all(|kid| kid.kind == Kind::Identifier) {
            return self.array(target);
        }
        let hidden = self.hidden_name();
        self.unpack(target, &hidden, body);
        self.name(hidden, target.span())
    }
}
