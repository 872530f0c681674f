//! Loops.

use super::kind::Kind;
use super::{Field, Kid, Lower, Spelled, field};
use crate::facts::module::{Block, LoopHeader, StmtKind};

impl<'t> Lower<'t> {
    /// The body of a loop, in which `break` leaves the loop and no `switch` around it.
    fn loop_body(&mut self, kid: Option<Kid<'t>>, out: &mut Block) {
        let in_switch = std::mem::replace(&mut self.in_switch, false);
        if let Some(kid) = kid {
            self.block_into(kid, out);
        }
        self.in_switch = in_switch;
    }

    pub(super) fn while_loop(&mut self, kid: Kid<'t>, out: &mut Block) {
        let kids = self.kids(kid.node);
        let test = field(&kids, Field::Condition).map(|test| self.expr(test));
        let mut body = Block::new();
        self.loop_body(field(&kids, Field::Body), &mut body);
        let kind = StmtKind::Loop { header: LoopHeader::While(test), body, is_async: false };
        out.push(self.module.add_stmt(kind, kid.span()));
    }

    pub(super) fn for_each(&mut self, kid: Kid<'t>, out: &mut Block) {
        let kids = self.kids(kid.node);
        let parts = field(&kids, Field::Left).zip(field(&kids, Field::Right));
        let Some((left, right)) = parts else { return self.value_stmt(kid, out) };
        let mut body = Block::new();
        let target = self.loop_target(left, &mut body);
        let iter = self.expr(right);
        if let Some(value) = field(&kids, Field::Value) {
            self.value_stmt(value, out);
        }
        self.loop_body(field(&kids, Field::Body), &mut body);
        // `for await`, but not `for (await using x of …)`, whose `await` is the kind of declaration.
        let is_async = kids.iter().any(|kid| kid.kind == Kind::TokenAwait && kid.field != Field::Kind);
        let kind = StmtKind::Loop { header: LoopHeader::Each { target, iter }, body, is_async };
        out.push(self.module.add_stmt(kind, kid.span()));
    }

    pub(super) fn for_count(&mut self, kid: Kid<'t>, out: &mut Block) {
        let kids = self.kids(kid.node);
        let part = |role| field(&kids, role).filter(|kid| kid.kind != Kind::EmptyStatement && !kid.kind.is_token());
        let mut init = Block::new();
        match part(Field::Initializer) {
            Some(kid) if kid.kind.is_statement() => self.stmt(kid, &mut init),
            Some(kid) => self.expression(kid, &mut init),
            None => {}
        }
        let test = part(Field::Condition).map(|test| self.expr(test));
        let step = part(Field::Increment).map(|step| self.expr(step));
        let mut body = Block::new();
        self.loop_body(field(&kids, Field::Body), &mut body);
        let header = match (init.is_empty(), test, step) {
            (true, None, None) => LoopHeader::While(None),
            _ => LoopHeader::Count { init, test, step },
        };
        out.push(self.module.add_stmt(StmtKind::Loop { header, body, is_async: false }, kid.span()));
    }
}
