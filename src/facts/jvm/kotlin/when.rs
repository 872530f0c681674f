//! `if` and `when`, as statements and as values.

use super::super::kind::Kind;
use super::super::{Field, Kid, MAX_BRANCHES, MAX_LINKS, Spelled, field, find, has, named};
use super::types::is_type;
use super::{Lower, Sink};
use crate::facts::module::{BinaryOp, Block, ExprId, ExprKind, StmtKind};
use crate::syntax::Span;

/// The parts of an `if`: condition, then, else.
type IfParts<'t> = (Option<Kid<'t>>, Option<Kid<'t>>, Option<Kid<'t>>);

/// A branch of `when`: none as the test of `else`.
type Branch<'t> = (Option<ExprId>, Option<Kid<'t>>, Span);

impl<'t> Lower<'t> {
    fn if_parts(&mut self, kid: Kid<'t>) -> IfParts<'t> {
        let kids = self.kids(kid.node);
        let test = field(&kids, Field::Condition);
        let at = kids.iter().position(|k| k.kind == Kind::TokenElse).unwrap_or(kids.len());
        let body = |kids: &[Kid<'t>]| kids.iter().find(|k| !k.kind.is_token() && k.field != Field::Condition).copied();
        (test, body(&kids[..at]), body(&kids[at..]))
    }

    /// `if … else if … else`, a chain that grows to the right.
    pub(super) fn if_into(&mut self, top: Kid<'t>, sink: Sink<'_>, out: &mut Block) {
        let mut links: Vec<(Span, ExprId, Block)> = Vec::new();
        let mut at = top;
        let mut other = Block::new();
        loop {
            let (test, then, next) = self.if_parts(at);
            let (test, then) = self.below(links.len(), |lower| {
                let test = match test {
                    Some(test) => lower.expr(test),
                    None => lower.other_of(&[], at.span()),
                };
                let mut block = Block::new();
                if let Some(then) = then {
                    lower.value_into(then, sink, &mut block);
                }
                (test, block)
            });
            links.push((at.span(), test, then));
            match next {
                Some(next) if next.kind == Kind::IfExpression && links.len() + self.links < MAX_LINKS => at = next,
                Some(last) => {
                    self.below(links.len(), |lower| lower.value_into(last, sink, &mut other));
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

    pub(super) fn if_value(&mut self, kid: Kid<'t>) -> ExprId {
        let (test, then, other) = self.if_parts(kid);
        let (Some(test), Some(then)) = (test, then) else { return self.other(kid) };
        let test = self.expr(test);
        let then = self.branch_value(then);
        let other = match other {
            Some(other) => self.branch_value(other),
            None => self.other_of(&[], kid.span()),
        };
        self.module.add_expr(ExprKind::Cond { test, then, other }, kid.span())
    }

    /// The value of a branch: of a block with one expression that expression.
    fn branch_value(&mut self, kid: Kid<'t>) -> ExprId {
        if kid.kind != Kind::Block {
            return self.expr(kid);
        }
        let kids = self.named_kids(kid.node);
        match kids.as_slice() {
            [] => self.other_of(&[], kid.span()),
            [only] => self.expr(*only),
            several => self.enclosed(kid.span(), |lower, out| lower.statements(several, Sink::Return, out)),
        }
    }

    pub(super) fn when_into(&mut self, kid: Kid<'t>, sink: Sink<'_>, out: &mut Block) {
        let kids = self.kids(kid.node);
        let mut subject = None;
        if let Some(clause) = find(&kids, Kind::WhenSubject) {
            subject = Some(self.subject(clause, out));
        }
        let mut branches = Vec::new();
        for (i, (test, body, span)) in self.entries(&kids, subject).into_iter().enumerate() {
            let mut block = Block::new();
            if let Some(body) = body {
                self.below(i % MAX_BRANCHES, |lower| lower.value_into(body, sink, &mut block));
            }
            branches.push((test, block, span));
        }
        self.if_chain_of(branches, out);
    }

    pub(super) fn when_value(&mut self, kid: Kid<'t>) -> ExprId {
        let kids = self.kids(kid.node);
        let subject = find(&kids, Kind::WhenSubject);
        let is_plain = match subject {
            Some(clause) => {
                let parts = self.kids(clause.node);
                !has(&parts, Kind::TokenVal) && named(&parts).is_some_and(|k| k.kind == Kind::Identifier)
            }
            None => true,
        };
        if !is_plain {
            return self.enclosed(kid.span(), |lower, out| lower.when_into(kid, Sink::Return, out));
        }
        let subject = subject.map(|clause| self.only_child(clause));
        let mut branches = Vec::new();
        for (i, (test, body, span)) in self.entries(&kids, subject).into_iter().enumerate() {
            let value = match body {
                Some(body) => self.below(i % MAX_BRANCHES, |lower| lower.branch_value(body)),
                None => self.other_of(&[], span),
            };
            branches.push((test, value));
        }
        self.cond_chain_of(branches, kid.span())
    }

    /// The subject as something that can be repeated.
    fn subject(&mut self, clause: Kid<'t>, out: &mut Block) -> ExprId {
        let kids = self.kids(clause.node);
        let Some(value) = kids.iter().rev().find(|k| !k.kind.is_token()) else {
            return self.other_of(&[], clause.span());
        };
        let expr = self.expr(*value);
        let name = match find(&kids, Kind::VariableDeclaration) {
            Some(declared) => {
                let parts = self.named_kids(declared.node);
                find(&parts, Kind::Identifier).map(|name| self.name_of(name)).unwrap_or_default()
            }
            None if self.copied(expr, 0).is_some() => return expr,
            None => self.hidden_name(),
        };
        let target = self.name(name.clone(), clause.span());
        self.declare(target, Some(expr), clause.span(), out);
        self.name(name, clause.span())
    }

    fn entries(&mut self, kids: &[Kid<'t>], subject: Option<ExprId>) -> Vec<Branch<'t>> {
        let mut branches = Vec::new();
        for entry in kids.iter().filter(|k| k.kind == Kind::WhenEntry) {
            let parts = self.kids(entry.node);
            let conditions: Vec<Kid<'t>> =
                parts.iter().filter(|k| k.field == Field::Condition && !k.kind.is_token()).copied().collect();
            let tests: Vec<ExprId> = conditions.into_iter().map(|c| self.condition(c, subject)).collect();
            let is_else = tests.is_empty() && has(&parts, Kind::TokenElse);
            let test = match self.any_of(tests, entry.span()) {
                None if !is_else => Some(self.other_of(&[], entry.span())),
                test => test,
            };
            let body = parts.iter().rev().find(|k| !k.kind.is_token() && k.field != Field::Condition).copied();
            branches.push((test, body, entry.span()));
        }
        branches
    }

    fn condition(&mut self, kid: Kid<'t>, subject: Option<ExprId>) -> ExprId {
        let span = kid.span();
        let Some(subject) = subject else { return self.expr(kid) };
        let left = self.copied(subject, 0).unwrap_or(subject);
        match kid.kind {
            Kind::TypeTest => {
                let kids = self.named_kids(kid.node);
                let types: Vec<ExprId> =
                    kids.iter().find(|k| is_type(k.kind)).map(|ty| self.ty(*ty)).into_iter().collect();
                let children: Vec<ExprId> = [left].into_iter().chain(types).collect();
                self.other_of(&children, span)
            }
            Kind::RangeTest => {
                let kids = self.kids(kid.node);
                let op = if has(&kids, Kind::TokenNotIn) { BinaryOp::NotIn } else { BinaryOp::In };
                let right = self.only_child(kid);
                self.module.add_expr(ExprKind::Binary { op, left, right }, span)
            }
            _ => {
                let right = self.expr(kid);
                self.module.add_expr(ExprKind::Binary { op: BinaryOp::Eq, left, right }, span)
            }
        }
    }
}
