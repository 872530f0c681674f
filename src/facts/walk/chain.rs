//! Chains that grow to one side, walked in loops.

use super::text::binary_op;
use super::{Dialect, Field, Kid, Lower, MAX_LINKS, field};
use crate::facts::module::{BinaryOp, Block, ExprId, StmtKind};
use crate::syntax::Span;

impl<'t, L: Dialect> Lower<'t, L> {
    /// `a op b op c`, which grows to the left.
    pub(in crate::facts) fn binary(&mut self, top: Kid<'t, L::Kind>) -> ExprId {
        self.binary_with(top, Self::binary_of)
    }

    /// As [`Lower::binary`]; `join` makes the expression of one operator.
    pub(in crate::facts) fn binary_with(
        &mut self,
        top: Kid<'t, L::Kind>,
        join: impl Fn(&mut Self, BinaryOp, ExprId, ExprId, Span) -> ExprId,
    ) -> ExprId {
        let mut links = Vec::new();
        let mut at = Some(top);
        while let Some(link) = at.filter(|link| link.kind == top.kind) {
            let kids = self.kids(link.node);
            at = field(&kids, Field::Left);
            links.push((link, kids));
        }
        let mut value = match at {
            Some(base) => self.below(links.len(), |lower| L::expr(lower, base)),
            None => self.other_of(&[], top.span()),
        };
        while let Some((link, kids)) = links.pop() {
            let op = field(&kids, Field::Operator).map_or(BinaryOp::Other, |op| binary_op(self.text_of(op)));
            let Some(right) = field(&kids, Field::Right) else { continue };
            let right = self.below(links.len(), |lower| L::expr(lower, right));
            value = join(self, op, value, right, link.span());
        }
        value
    }

    /// `if … else if … else`, which grows to the right. `otherwise` finds the statement in an alternative,
    /// `block` lowers a branch.
    pub(in crate::facts) fn if_chain_with(
        &mut self,
        top: Kid<'t, L::Kind>,
        otherwise: impl Fn(&mut Self, Kid<'t, L::Kind>) -> Option<Kid<'t, L::Kind>>,
        block: impl Fn(&mut Self, Kid<'t, L::Kind>) -> Block,
        out: &mut Block,
    ) {
        let mut links: Vec<(Span, ExprId, Block)> = Vec::new();
        let mut at = top;
        let mut other = Block::new();
        loop {
            let kids = self.kids(at.node);
            let parts = field(&kids, Field::Condition).zip(field(&kids, Field::Consequence));
            let Some((test, then)) = parts else {
                let expr = self.other(at);
                self.push_expr(expr, at.span(), &mut other);
                break;
            };
            let (test, then) = self.below(links.len(), |lower| (L::expr(lower, test), block(lower, then)));
            links.push((at.span(), test, then));
            match field(&kids, Field::Alternative).and_then(|alternative| otherwise(self, alternative)) {
                Some(next) if next.kind == top.kind && links.len() + self.links < MAX_LINKS => at = next,
                Some(last) => {
                    other = self.below(links.len(), |lower| block(lower, last));
                    break;
                }
                None => break,
            }
        }
        while let Some((span, test, then)) = links.pop() {
            other = vec![self.module.add_stmt(StmtKind::If { test, then, other }, span)];
        }
        out.append(&mut other);
    }
}
