//! The way from a handler to where the walk stands: what a function was given there is followed back to who gave it.

use crate::facts::module::{ExprId, ExprKind};
use crate::program::Site;
use crate::program::index::{Binding, Scope};

use super::super::reach::{Func, Reach};

/// How often a name stands for another.
const MAX_STEPS: u32 = 10;

/// A name, by where it is bound.
pub(super) type Bound = (crate::program::UnitId, Scope, smol_str::SmolStr);

/// The functions that were entered, with the calls through which; the handler is the first.
#[derive(Clone, Copy)]
pub(in crate::extract::consume) struct Way<'w> {
    /// The functions.
    pub(in crate::extract::consume) calls: &'w [Func],
    /// The calls.
    pub(in crate::extract::consume) entered: &'w [Option<Site>],
}

impl<'w> Way<'w> {
    /// What was passed for a parameter, and the way to the call that passed it.
    pub(in crate::extract::consume) fn passed(
        self,
        reach: &Reach<'_, '_>,
        func: Func,
        index: usize,
    ) -> Option<(Site, Way<'w>)> {
        let at = self.calls.iter().rposition(|f| *f == func)?;
        let call = self.entered.get(at).copied().flatten()?;
        let site = reach.ev.argument_site(call, func.0, func.1, index)?;
        Some((site, Way { calls: &self.calls[..at], entered: &self.entered[..at] }))
    }

    /// True for the function that is handed the message.
    pub(super) fn is_handler(self, func: Func) -> bool {
        self.calls.first() == Some(&func) && self.entered.first() == Some(&None)
    }

    /// The names that an object has on the way: its own, the list that it is an element of, what was passed for it.
    pub(super) fn names(self, reach: &Reach<'_, '_>, site: Site) -> Vec<Bound> {
        let mut out = Vec::new();
        self.add_names(reach, site, &mut out, 0);
        out
    }

    fn add_names(self, reach: &Reach<'_, '_>, site: Site, out: &mut Vec<Bound>, steps: u32) {
        if steps > MAX_STEPS {
            return;
        }
        let linked = reach.ev.program.unit(site.unit);
        let at = |expr: ExprId| Site { unit: site.unit, expr };
        match &linked.module.expr(site.expr).kind {
            ExprKind::Index { object, .. } => self.add_names(reach, at(*object), out, steps + 1),
            ExprKind::Name(name) => {
                let func = linked.index.func_of(site.expr);
                let Some((scope, bindings)) = linked.index.lookup(&linked.module, func, name) else { return };
                let bound = (site.unit, scope, name.clone());
                if out.contains(&bound) {
                    return;
                }
                // What one of several results of a call is, `$0[1]`, has no name of its own.
                if !name.starts_with('$') {
                    out.push(bound);
                }
                for binding in bindings {
                    match *binding {
                        Binding::Param(func, index) => {
                            if let Some((from, before)) = self.passed(reach, (site.unit, func), index) {
                                before.add_names(reach, from, out, steps + 1);
                            }
                        }
                        Binding::Element(list) => self.add_names(reach, at(list), out, steps + 1),
                        Binding::Value(value) => match &linked.module.expr(value).kind {
                            ExprKind::Name(_) => self.add_names(reach, at(value), out, steps + 1),
                            ExprKind::Index { object, .. } if !is_result(reach, at(*object)) => {
                                self.add_names(reach, at(*object), out, steps + 1);
                            }
                            _ => {}
                        },
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
}

/// True for `$0`, under which the front end keeps what a call gives that has several results.
pub(super) fn is_result(reach: &Reach<'_, '_>, site: Site) -> bool {
    let module = &reach.ev.program.unit(site.unit).module;
    matches!(&module.expr(site.expr).kind, ExprKind::Name(name) if name.starts_with('$'))
}
