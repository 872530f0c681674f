//! `switch` and `select`.

use super::kind::Kind;
use super::{Kid, Lower};
use crate::facts::module::{BinaryOp, Block, ExprId, ExprKind, StmtKind};
use crate::facts::walk::{Field, MAX_BRANCHES, all_in, field};
use crate::syntax::Span;

impl<'t> Lower<'t> {
    /// Each case becomes `if subject == a || subject == b`; `default` is the last `else`. What falls
    /// through is not repeated.
    pub(super) fn switch(&mut self, kid: Kid<'t>, out: &mut Block) {
        let receiver = self.state.receiver.clone();
        let kids = self.kids(kid.node);
        if let Some(initializer) = field(&kids, Field::Initializer) {
            self.stmt(initializer, out);
        }
        let subject = field(&kids, Field::Value).map(|value| self.subject(value, out));
        let in_switch = std::mem::replace(&mut self.in_switch, true);
        let mut branches = Vec::new();
        for (i, case) in kids.iter().filter(|kid| is_case(kid.kind)).enumerate() {
            let parts = self.kids(case.node);
            let values = self.listed(&parts, Field::Value);
            let tests: Vec<ExprId> = values.into_iter().map(|value| self.case_test(value, subject)).collect();
            let test = self.case_tests(*case, tests);
            let body = self.below(i % MAX_BRANCHES, |lower| lower.case_body(&parts));
            branches.push((test, body, case.span()));
        }
        self.in_switch = in_switch;
        self.if_chain_of(branches, out);
        self.state.receiver = receiver;
    }

    /// The subject, in a hidden variable when it cannot be repeated.
    fn subject(&mut self, value: Kid<'t>, out: &mut Block) -> ExprId {
        let subject = self.expr(value);
        if self.copied(subject, 0).is_some() {
            return subject;
        }
        let hidden = self.declare_hidden(subject, value.span(), out);
        self.name(hidden, value.span())
    }

    fn case_test(&mut self, value: Kid<'t>, subject: Option<ExprId>) -> ExprId {
        let right = self.expr(value);
        match subject {
            Some(subject) => {
                let left = self.again(subject);
                self.binary_of(BinaryOp::Eq, left, right, value.span())
            }
            None => right,
        }
    }

    /// None for `default` only.
    fn case_tests(&mut self, case: Kid<'t>, tests: Vec<ExprId>) -> Option<ExprId> {
        match self.any_of(tests, case.span()) {
            None if case.kind != Kind::DefaultCase => Some(self.other_of(&[], case.span())),
            test => test,
        }
    }

    fn case_body(&mut self, parts: &[Kid<'t>]) -> Block {
        let receiver = self.state.receiver.clone();
        let mut body = Block::new();
        for part in parts.iter().filter(|part| part.kind == Kind::StatementList) {
            self.stmt(*part, &mut body);
        }
        self.state.receiver = receiver;
        body
    }

    /// `switch x := y.(type)`: each branch begins with `x` as the type of the case.
    pub(super) fn type_switch(&mut self, kid: Kid<'t>, out: &mut Block) {
        let receiver = self.state.receiver.clone();
        let kids = self.kids(kid.node);
        if let Some(initializer) = field(&kids, Field::Initializer) {
            self.stmt(initializer, out);
        }
        let Some(value) = field(&kids, Field::Value) else { return };
        let subject = self.subject(value, out);
        let alias = self.listed(&kids, Field::Alias).first().copied();
        if let Some(alias) = alias {
            let name = self.text_of(alias);
            self.hides(name);
        }
        let in_switch = std::mem::replace(&mut self.in_switch, true);
        let mut branches = Vec::new();
        for (i, case) in kids.iter().filter(|kid| is_case(kid.kind)).enumerate() {
            let parts = self.kids(case.node);
            let types: Vec<Kid<'t>> = all_in(&parts, Field::Type);
            let test = if case.kind == Kind::DefaultCase {
                None
            } else {
                let mut children = vec![self.again(subject)];
                children.extend(types.iter().map(|ty| self.ty(*ty)));
                Some(self.other_of(&children, case.span()))
            };
            let mut body = Block::new();
            if let Some(alias) = alias {
                let target = self.expr(alias);
                let mut value = self.again(subject);
                if let [ty] = types.as_slice() {
                    let ty = self.ty(*ty);
                    value = self.module.add_expr(ExprKind::Cast { value, ty }, case.span());
                }
                self.declare(target, Some(value), alias.span(), &mut body);
            }
            body.append(&mut self.below(i % MAX_BRANCHES, |lower| lower.case_body(&parts)));
            branches.push((test, body, case.span()));
        }
        self.in_switch = in_switch;
        self.if_chain_of(branches, out);
        self.state.receiver = receiver;
    }

    /// `select`: the test of a branch is what it sends or receives.
    pub(super) fn select(&mut self, kid: Kid<'t>, out: &mut Block) {
        let receiver = self.state.receiver.clone();
        let in_switch = std::mem::replace(&mut self.in_switch, true);
        let mut branches: Vec<(Option<ExprId>, Block, Span)> = Vec::new();
        let cases = self.named_kids(kid.node);
        for (i, case) in cases.iter().filter(|kid| is_case(kid.kind)).enumerate() {
            let parts = self.kids(case.node);
            let test = match field(&parts, Field::Communication) {
                Some(communication) => Some(self.communication(communication)),
                None if case.kind == Kind::DefaultCase => None,
                None => Some(self.other_of(&[], case.span())),
            };
            let body = self.below(i % MAX_BRANCHES, |lower| lower.case_body(&parts));
            branches.push((test, body, case.span()));
        }
        self.in_switch = in_switch;
        // A `select` of a single case is not a condition; it waits.
        if let [(Some(test), body, span)] = branches.as_mut_slice() {
            let test = *test;
            self.push(StmtKind::Expr(test), *span, out);
            out.append(body);
        } else {
            self.if_chain_of(branches, out);
        }
        self.state.receiver = receiver;
    }

    /// `c <- x`, `<-c`, `x := <-c`, `x, ok := <-c`.
    fn communication(&mut self, kid: Kid<'t>) -> ExprId {
        let kids = self.kids(kid.node);
        if kid.kind == Kind::SendStatement {
            return self.send(kid);
        }
        let targets = self.listed(&kids, Field::Left);
        let value = self.expr_in(&kids, Field::Right, kid);
        let targets: Vec<ExprId> = targets
            .into_iter()
            .filter(|target| self.text_of(*target) != "_")
            .collect::<Vec<_>>()
            .into_iter()
            .map(|target| {
                let name = self.text_of(target);
                self.hides(name);
                self.expr(target)
            })
            .collect();
        let target = match targets.as_slice() {
            [] => return value,
            [only] => *only,
            several => self.module.add_expr(ExprKind::List(several.to_vec()), kid.span()),
        };
        self.module.add_expr(ExprKind::Assign { target, value }, kid.span())
    }
}

fn is_case(kind: Kind) -> bool {
    matches!(kind, Kind::ExpressionCase | Kind::TypeCase | Kind::DefaultCase | Kind::CommunicationCase)
}
