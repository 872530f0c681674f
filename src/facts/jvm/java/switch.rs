//! `switch`, as statements and as a value.

use super::super::kind::Kind;
use super::super::{Field, Kid, MAX_BRANCHES, Spelled, field, find, has};
use super::Lower;
use crate::facts::module::{BinaryOp, Block, ExprId, ExprKind, StmtKind};
use crate::syntax::Span;

/// The labels that share a body.
struct Case<'t> {
    /// None for `default`.
    test: Option<ExprId>,
    span: Span,
    body: Vec<Kid<'t>>,
}

impl<'t> Lower<'t> {
    /// Each group of labels becomes `if (subject == a || subject == b)`; `default` is the last `else`.
    /// What falls through from a body that is not empty is not repeated.
    pub(super) fn switch(&mut self, kid: Kid<'t>, out: &mut Block) {
        let kids = self.kids(kid.node);
        let mut subject = self.expr_in(&kids, Field::Condition, kid);
        if self.copied(subject, 0).is_none() {
            let hidden = self.hidden_name();
            let target = self.name(hidden.clone(), kid.span());
            self.declare(target, Some(subject), kid.span(), out);
            subject = self.name(hidden, kid.span());
        }
        let in_switch = std::mem::replace(&mut self.in_switch, true);
        let cases = match field(&kids, Field::Body) {
            Some(body) => self.cases(body, subject),
            None => Vec::new(),
        };
        let mut branches = Vec::new();
        for (i, case) in cases.into_iter().enumerate() {
            let mut body = Block::new();
            self.below(i % MAX_BRANCHES, |lower| match case.body.as_slice() {
                [only] if only.kind == Kind::Block => lower.block_into(*only, &mut body),
                several => several.iter().for_each(|kid| lower.stmt(*kid, &mut body)),
            });
            branches.push((case.test, body, case.span));
        }
        self.in_switch = in_switch;
        self.if_chain_of(branches, out);
    }

    /// A `switch` whose value is used.
    pub(super) fn switch_value(&mut self, kid: Kid<'t>) -> ExprId {
        let kids = self.kids(kid.node);
        let subject = self.expr_in(&kids, Field::Condition, kid);
        let plain = self.copied(subject, 0);
        // A subject that does something stands once, before the conditions.
        let repeated = match plain {
            Some(copy) => copy,
            None => self.other_of(&[], kid.span()),
        };
        let cases = match field(&kids, Field::Body) {
            Some(body) => self.cases(body, repeated),
            None => Vec::new(),
        };
        let mut branches = Vec::new();
        for (i, case) in cases.into_iter().enumerate() {
            let value = self.below(i % MAX_BRANCHES, |lower| lower.case_value(&case));
            branches.push((case.test, value));
        }
        let value = self.cond_chain_of(branches, kid.span());
        match plain {
            Some(_) => value,
            None => self.other_of(&[subject, value], kid.span()),
        }
    }

    fn case_value(&mut self, case: &Case<'t>) -> ExprId {
        if let [only] = case.body.as_slice()
            && matches!(only.kind, Kind::ExpressionStatement | Kind::YieldStatement)
        {
            return self.only_child(*only);
        }
        self.enclosed(case.span, |lower, out| {
            for kid in &case.body {
                lower.stmt(*kid, out);
            }
        })
    }

    fn cases(&mut self, body: Kid<'t>, subject: ExprId) -> Vec<Case<'t>> {
        let mut cases = Vec::new();
        let mut tests: Vec<ExprId> = Vec::new();
        let mut is_default = false;
        let groups = self.named_kids(body.node);
        let last = groups.len().saturating_sub(1);
        for (position, group) in groups.into_iter().enumerate() {
            let parts = self.named_kids(group.node);
            let mut statements = Vec::new();
            for part in parts {
                if part.kind == Kind::SwitchLabel {
                    is_default |= self.label(part, subject, &mut tests);
                } else {
                    statements.push(part);
                }
            }
            if statements.is_empty() && position < last {
                continue;
            }
            let span = group.span();
            let test = self.any_of(std::mem::take(&mut tests), span).filter(|_| !is_default);
            let test = match test {
                None if !is_default => Some(self.other_of(&[], span)),
                test => test,
            };
            is_default = false;
            cases.push(Case { test, span, body: statements });
        }
        cases
    }

    /// Adds the tests of one label; true for `default`.
    fn label(&mut self, label: Kid<'t>, subject: ExprId, tests: &mut Vec<ExprId>) -> bool {
        let kids = self.kids(label.node);
        for value in kids.iter().filter(|k| !k.kind.is_token()) {
            let test = match value.kind {
                Kind::Guard => {
                    let guard = self.only_child(*value);
                    match tests.pop() {
                        Some(left) => {
                            let kind = ExprKind::Binary { op: BinaryOp::And, left, right: guard };
                            self.module.add_expr(kind, label.span())
                        }
                        None => guard,
                    }
                }
                Kind::Pattern => self.pattern(*value, subject),
                _ => {
                    let right = self.expr(*value);
                    let left = self.copied(subject, 0).unwrap_or(subject);
                    self.module.add_expr(ExprKind::Binary { op: BinaryOp::Eq, left, right }, value.span())
                }
            };
            tests.push(test);
        }
        has(&kids, Kind::TokenDefault)
    }

    /// `case Order o`: binds the name to the subject.
    fn pattern(&mut self, pattern: Kid<'t>, subject: ExprId) -> ExprId {
        let kids = self.kids(pattern.node);
        let Some(typed) = find(&kids, Kind::TypePattern) else { return self.other(pattern) };
        let parts = self.named_kids(typed.node);
        let [ty, name] = parts.as_slice() else { return self.other(pattern) };
        let ty = self.ty(*ty);
        let target = self.expr(*name);
        let value = self.copied(subject, 0).unwrap_or(subject);
        let value = self.module.add_expr(ExprKind::Cast { value, ty }, pattern.span());
        self.module.add_expr(ExprKind::Assign { target, value }, pattern.span())
    }

    /// `yield x` of a `switch`.
    pub(super) fn yield_statement(&mut self, kid: Kid<'t>, out: &mut Block) {
        let value = self.only_child(kid);
        self.push(StmtKind::Return(Some(value)), kid.span(), out);
    }
}
