//! What a handler sends into a channel of Go is handled by the loops that receive from it.

use super::{Frame, MAX_CALLS, State, Walk};
use crate::extract::channels;
use crate::facts::module::StmtKind;
use crate::program::Site;

impl Walk<'_, '_, '_> {
    /// Runs the loops that receive what a call sends.
    pub(super) fn send(&mut self, site: Site, state: &State) {
        for (unit, stmt) in channels::receivers(self.reach.ev, site) {
            let Some(func) = channels::function_around(self.reach.ev, (unit, stmt)) else { continue };
            if self.calls.contains(&(unit, func)) || self.calls.len() >= MAX_CALLS {
                continue;
            }
            let StmtKind::Loop { body, .. } = &self.module(unit).stmt(stmt).kind else { continue };
            let body = body.clone();
            let node = self.node();
            self.calls.push((unit, func));
            self.entered.push(None);
            self.path.push(Frame { node, branch: 0, exits: false, is_call: true });
            let mut inner = State { conditions: Vec::new(), ..state.clone() };
            self.block(unit, &body, &mut inner);
            self.path.pop();
            self.calls.pop();
            self.entered.pop();
        }
    }
}
