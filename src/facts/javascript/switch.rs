//! `switch`, as a chain of `if`.

use super::kind::Kind;
use super::{Field, Kid, Lower, field};
use crate::facts::module::{BinaryOp, Block, ExprId, ExprKind, StmtKind};
use crate::syntax::Span;

/// The labels that share a body.
struct Case {
    span: Span,
    /// None for `default`.
    test: Option<ExprId>,
    body: Block,
}

impl<'t> Lower<'t> {
    /// Each group of labels becomes `if (subject == a || subject == b)`; `default` is the last `else`.
    /// What falls through from a body that is not empty is not repeated.
    pub(super) fn switch(&mut self, kid: Kid<'t>, out: &mut Block) {
        let kids = self.kids(kid.node);
        let Some((value, body)) = field(&kids, Field::Value).zip(field(&kids, Field::Body)) else {
            return self.value_stmt(kid, out);
        };
        let mut subject = self.expr(value);
        if self.copied(subject, 0).is_none() {
            let hidden = self.hidden_name();
            let variable = self.name(hidden.clone(), value.span());
            self.assign(variable, subject, value.span(), out);
            subject = self.name(hidden, value.span());
        }

        let in_switch = std::mem::replace(&mut self.in_switch, true);
        let cases = self.cases(body, subject, out);
        self.in_switch = in_switch;

        let (default, cases): (Vec<Case>, Vec<Case>) = cases.into_iter().partition(|case| case.test.is_none());
        let mut other: Block = default.into_iter().flat_map(|case| case.body).collect();
        for case in cases.into_iter().rev() {
            let Some(test) = case.test else { continue };
            let kind = StmtKind::If { test, then: case.body, other };
            other = vec![self.module.add_stmt(kind, case.span)];
        }
        out.append(&mut other);
    }

    fn cases(&mut self, body: Kid<'t>, subject: ExprId, out: &mut Block) -> Vec<Case> {
        let mut cases: Vec<Case> = Vec::new();
        let mut pending: Option<ExprId> = None;
        let mut has_default = false;
        let mut start = None;
        let parts = self.named_kids(body.node);
        let last = parts.len().saturating_sub(1);
        for (position, part) in parts.into_iter().enumerate() {
            let kids = self.kids(part.node);
            match part.kind {
                Kind::SwitchDefault => has_default = true,
                Kind::SwitchCase => {
                    if let Some(label) = field(&kids, Field::Value) {
                        let test = self.label(subject, label);
                        pending = Some(match pending {
                            Some(left) => {
                                let kind = ExprKind::Binary { op: BinaryOp::Or, left, right: test };
                                self.module.add_expr(kind, label.span())
                            }
                            None => test,
                        });
                    }
                }
                _ => {
                    self.stmt(part, out);
                    continue;
                }
            }
            let start = start.get_or_insert(part.start());
            let statements: Vec<Kid<'t>> = kids.into_iter().filter(|kid| kid.field == Field::Body).collect();
            if statements.is_empty() && position < last {
                continue;
            }
            let span = Span::new(*start, part.end());
            let nested = cases.len();
            let body = self.below(nested, |lower| lower.case_body(&statements));
            let test = pending.take().filter(|_| !has_default);
            cases.push(Case { span, test, body });
            has_default = false;
        }
        cases
    }

    fn case_body(&mut self, statements: &[Kid<'t>]) -> Block {
        let mut body = Block::new();
        match statements {
            [only] => self.block_into(*only, &mut body),
            [block, end] if block.kind == Kind::StatementBlock && end.kind == Kind::BreakStatement => {
                self.block_into(*block, &mut body);
                self.stmt(*end, &mut body);
            }
            _ => {
                for statement in statements {
                    self.stmt(*statement, &mut body);
                }
            }
        }
        body
    }

    /// `subject == label`; in `switch (true)` the label itself.
    fn label(&mut self, subject: ExprId, label: Kid<'t>) -> ExprId {
        let value = self.expr(label);
        if self.module.expr(subject).kind == ExprKind::Bool(true) {
            return value;
        }
        let left = self.copied(subject, 0).unwrap_or(subject);
        self.module.add_expr(ExprKind::Binary { op: BinaryOp::Eq, left, right: value }, label.span())
    }
}
