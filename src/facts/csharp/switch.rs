//! `switch`, as statements and as a value.

use super::kind::Kind;
use super::{Kid, Lower};
use crate::facts::module::{BinaryOp, Block, ExprId};
use crate::facts::walk::{Field, MAX_BRANCHES, field};

impl<'t> Lower<'t> {
    /// Labels that share a body become `if (a || b)`; `default` is the last `else`.
    pub(super) fn switch(&mut self, kid: Kid<'t>, out: &mut Block) {
        let kids = self.kids(kid.node);
        let mut subject = self.expr_in(&kids, Field::Value, kid);
        if self.copied(subject, 0).is_none() {
            let hidden = self.declare_hidden(subject, kid.span(), out);
            subject = self.name(hidden, kid.span());
        }
        let in_switch = std::mem::replace(&mut self.in_switch, true);
        let sections = field(&kids, Field::Body).map(|body| self.named_kids(body.node)).unwrap_or_default();
        let mut branches = Vec::new();
        let mut tests: Vec<ExprId> = Vec::new();
        let mut is_default = false;
        let last = sections.len().saturating_sub(1);
        for (i, section) in sections.into_iter().enumerate() {
            let mut parts = self.named_kids(section.node).into_iter().peekable();
            if self.text_of(section).starts_with("default") {
                is_default = true;
            } else if let Some(label) = parts.next() {
                let mut test = self.pattern(label, subject);
                if let Some(when) = parts.next_if(|part| part.kind == Kind::WhenClause) {
                    let guard = self.only_child(when);
                    test = self.binary_of(BinaryOp::And, test, guard, section.span());
                }
                tests.push(test);
            }
            if parts.peek().is_none() && i < last {
                continue;
            }
            let body = self.below(i % MAX_BRANCHES, |lower| {
                let mut body = Block::new();
                let parts: Vec<Kid<'t>> = parts.collect();
                match parts.as_slice() {
                    [only] if only.kind == Kind::Block => lower.block_into(*only, &mut body),
                    parts => lower.statements(parts, &mut body),
                }
                body
            });
            let labels = std::mem::take(&mut tests);
            let mut test = self.any_of(labels, section.span());
            if std::mem::take(&mut is_default) {
                // The labels beside `default` are tested for nothing, but may do something.
                if let Some(test) = test.take() {
                    self.push_expr(test, section.span(), out);
                }
            } else if test.is_none() {
                test = Some(self.other_of(&[], section.span()));
            }
            branches.push((test, body, section.span()));
        }
        self.in_switch = in_switch;
        self.if_chain_of(branches, out);
    }

    /// `x switch { A => 1, _ => 2 }`.
    pub(super) fn switch_value(&mut self, kid: Kid<'t>) -> ExprId {
        let kids = self.named_kids(kid.node);
        let Some((first, arms)) = kids.split_first() else { return self.other_of(&[], kid.span()) };
        let subject = self.expr(*first);
        let is_plain = self.copied(subject, 0).is_some();
        let mut branches = Vec::new();
        for (i, arm) in arms.iter().enumerate() {
            if arm.kind != Kind::SwitchExpressionArm {
                let value = self.expr(*arm);
                branches.push((None, value));
                continue;
            }
            let parts = self.named_kids(arm.node);
            let (Some(pattern), Some(value)) = (parts.first(), parts.last()) else { continue };
            let when = parts.iter().find(|part| part.kind == Kind::WhenClause);
            let mut test = match pattern.kind {
                Kind::Discard => None,
                _ => Some(self.pattern(*pattern, subject)),
            };
            if let Some(when) = when {
                let guard = self.only_child(*when);
                test = Some(match test {
                    Some(left) => self.binary_of(BinaryOp::And, left, guard, arm.span()),
                    None => guard,
                });
            }
            let value = self.below(i % MAX_BRANCHES, |lower| lower.expr(*value));
            branches.push((test, value));
        }
        let value = self.cond_chain_of(branches, kid.span());
        if is_plain { value } else { self.other_of(&[subject, value], kid.span()) }
    }
}
