//! Patterns as tests.

use super::kind::Kind;
use super::{Kid, Lower};
use crate::facts::module::{BinaryOp, ExprId, ExprKind};
use crate::facts::walk::text::binary_op;
use crate::facts::walk::{Field, MAX_LINKS, field};

impl<'t> Lower<'t> {
    /// `x is T t`, `x is { A: > 1 }`, `x is not null`.
    pub(super) fn is_pattern(&mut self, kid: Kid<'t>) -> ExprId {
        let kids = self.kids(kid.node);
        let subject = self.expr_in(&kids, Field::Expression, kid);
        let Some(pattern) = field(&kids, Field::Pattern) else { return subject };
        let mut test = if self.copied(subject, 0).is_some() {
            self.pattern(pattern, subject)
        } else if matches!(pattern.kind, Kind::DeclarationPattern | Kind::VarPattern) {
            self.pattern_of(pattern, subject, true)
        } else {
            // A subject that does something stands once.
            let test = self.pattern(pattern, subject);
            self.other_of(&[subject, test], kid.span())
        };
        for (operator, right) in self.behind(pattern) {
            let right = self.expr(right);
            test = self.binary_of(operator, test, right, kid.span());
        }
        test
    }

    /// What the grammar takes for a part of the pattern, `x is (null || x.Done)`, though `is` binds closer.
    fn behind(&mut self, mut pattern: Kid<'t>) -> Vec<(BinaryOp, Kid<'t>)> {
        let mut out = Vec::new();
        for _ in 0..MAX_LINKS {
            let kids = self.kids(pattern.node);
            let next = match pattern.kind {
                Kind::NegatedPattern => kids.first().copied(),
                Kind::AndPattern | Kind::OrPattern => field(&kids, Field::Right),
                Kind::ConstantPattern => self.named_kids(pattern.node).first().copied(),
                Kind::BinaryExpression => self.looser(pattern).map(|(operator, left, right)| {
                    out.push((operator, right));
                    left
                }),
                _ => None,
            };
            match next {
                Some(next) => pattern = next,
                None => break,
            }
        }
        out.reverse();
        out
    }

    /// The parts of an operation whose operator binds looser than `is`.
    fn looser(&mut self, kid: Kid<'t>) -> Option<(BinaryOp, Kid<'t>, Kid<'t>)> {
        let kids = self.kids(kid.node);
        let text = self.text_of(field(&kids, Field::Operator)?);
        let is_looser = matches!(text, "==" | "!=" | "&" | "^" | "|" | "&&" | "||" | "??");
        let (left, right) = (field(&kids, Field::Left)?, field(&kids, Field::Right)?);
        (kid.kind == Kind::BinaryExpression && is_looser).then(|| (binary_op(text), left, right))
    }

    /// The constant of a pattern; see [`Lower::behind`].
    fn constant(&mut self, kid: Kid<'t>) -> ExprId {
        let Some(mut constant) = self.named_kids(kid.node).first().copied() else { return self.only_child(kid) };
        for _ in 0..MAX_LINKS {
            let Some((_, left, _)) = self.looser(constant) else { break };
            constant = left;
        }
        self.expr(constant)
    }

    /// The test that a subject matches a pattern; names in it are assigned.
    pub(super) fn pattern(&mut self, kid: Kid<'t>, subject: ExprId) -> ExprId {
        self.pattern_of(kid, subject, false)
    }

    fn pattern_of(&mut self, kid: Kid<'t>, subject: ExprId, is_first: bool) -> ExprId {
        match self.deeper(kid, |lower| lower.pattern_by_kind(kid, subject, is_first)) {
            Some(id) => id,
            None => self.other_of(&[], kid.span()),
        }
    }

    fn pattern_by_kind(&mut self, kid: Kid<'t>, subject: ExprId, is_first: bool) -> ExprId {
        let span = kid.span();
        let kids = self.kids(kid.node);
        let value = if is_first { subject } else { self.again(subject) };
        match kid.kind {
            Kind::ConstantPattern => {
                let right = self.constant(kid);
                self.binary_of(BinaryOp::Eq, value, right, span)
            }
            Kind::DeclarationPattern | Kind::VarPattern => {
                let ty = field(&kids, Field::Type).map(|ty| self.ty(ty));
                let value = match ty {
                    Some(ty) => self.module.add_expr(ExprKind::Cast { value, ty }, span),
                    None => {
                        let ty = self.name("var", span);
                        self.module.add_expr(ExprKind::Cast { value, ty }, span)
                    }
                };
                match field(&kids, Field::Name) {
                    Some(name) => {
                        let target = self.expr(name);
                        self.module.add_expr(ExprKind::Assign { target, value }, span)
                    }
                    None => self.other_of(&[value], span),
                }
            }
            Kind::NegatedPattern => {
                let inner = kids.first().map(|inner| self.pattern(*inner, subject));
                match inner {
                    Some(inner) => self.module.add_expr(ExprKind::Not(inner), span),
                    None => value,
                }
            }
            Kind::ParenthesizedPattern => match kids.first() {
                Some(inner) => self.pattern(*inner, subject),
                None => value,
            },
            Kind::AndPattern | Kind::OrPattern => {
                let op = if kid.kind == Kind::AndPattern { BinaryOp::And } else { BinaryOp::Or };
                let sides: Vec<ExprId> = [Field::Left, Field::Right]
                    .into_iter()
                    .filter_map(|role| field(&kids, role))
                    .map(|side| self.pattern(side, subject))
                    .collect();
                match sides.as_slice() {
                    [left, right] => self.binary_of(op, *left, *right, span),
                    sides => self.other_of(sides, span),
                }
            }
            Kind::RelationalPattern => {
                let text = self.text_of(kid);
                let op = binary_op(&text[..text.find(|c| !matches!(c, '<' | '>' | '=')).unwrap_or(0)]);
                let right = self.only_child(kid);
                self.binary_of(op, value, right, span)
            }
            Kind::TypePattern => {
                let ty = field(&kids, Field::Type).map(|ty| self.ty(ty));
                let children: Vec<ExprId> = [value].into_iter().chain(ty).collect();
                self.other_of(&children, span)
            }
            Kind::RecursivePattern | Kind::ListPattern => self.parts_pattern(kid, &kids, value),
            Kind::Discard => self.module.add_expr(ExprKind::Bool(true), span),
            // An expression.
            _ => {
                let right = self.expr(kid);
                self.binary_of(BinaryOp::Eq, value, right, span)
            }
        }
    }

    /// `T { A: 1 } name`, `(a, b)`, `[a, b]`: the parts are tests of something without a name.
    fn parts_pattern(&mut self, kid: Kid<'t>, kids: &[Kid<'t>], value: ExprId) -> ExprId {
        let mut children = Vec::new();
        if let Some(ty) = field(kids, Field::Type) {
            let ty = self.ty(ty);
            children.push(ty);
        }
        for part in kids.iter().filter(|part| part.field == Field::Other) {
            let subpatterns = match part.kind {
                Kind::PropertyPatternClause | Kind::PositionalPatternClause => self.named_kids(part.node),
                _ => vec![*part],
            };
            for subpattern in subpatterns {
                let pattern = if subpattern.kind == Kind::Subpattern {
                    let parts = self.named_kids(subpattern.node);
                    parts.last().copied().unwrap_or(subpattern)
                } else {
                    subpattern
                };
                let hole = self.other_of(&[], pattern.span());
                children.push(self.pattern(pattern, hole));
            }
        }
        let Some(name) = field(kids, Field::Name) else {
            children.insert(0, value);
            return self.other_of(&children, kid.span());
        };
        let target = self.expr(name);
        let ty = match children.first().copied().filter(|_| field(kids, Field::Type).is_some()) {
            Some(ty) => ty,
            None => self.name("var", kid.span()),
        };
        let value = self.module.add_expr(ExprKind::Cast { value, ty }, kid.span());
        let assign = self.module.add_expr(ExprKind::Assign { target, value }, kid.span());
        if field(kids, Field::Type).is_some() {
            children.remove(0);
        }
        children.insert(0, assign);
        self.other_of(&children, kid.span())
    }
}
