//! What takes up the sagas that a process left unfinished, and what keeps two processes from writing the same one.

use std::collections::BTreeSet;

use super::words::Texts;
use super::{Scope, span_of};
use crate::extract::Presence;
use crate::extract::saga::{Context, names, scan, store};
use crate::facts::module::FuncId;
use crate::program::resolve::Target;
use crate::program::{Parent, UnitId};
use crate::syntax::Span;

impl Context<'_, '_> {
    /// Whether unfinished sagas are taken up again. Words decide, over all files that have to do with the saga: a
    /// "no" means that none of them loads sagas by their state, runs at intervals, or speaks of resuming.
    pub(super) fn recovery(&self, scope: &Scope<'_>) -> Presence {
        let near = self.neighbours(scope);
        for &unit in &near {
            let module = &self.ev.program.unit(unit).module;
            // A message that is not acknowledged comes again, and goes on with the saga.
            if module.imports.iter().any(|i| store::is_broker(&i.module) || is_worker(&i.module)) {
                return Presence::Unknown("messages may bring it forward".into());
            }
            // A participant may be told to schedule something.
            let steps: Vec<_> = scope.members.iter().filter(|f| f.0 == unit).map(|f| span_of(self.ev, *f)).collect();
            let outside = |span: Span| !steps.iter().any(|s| s.contains(span));
            if let Some(place) = self.speaks_where(unit, &outside, Texts::Yes, &takes_up) {
                return Presence::Present(place);
            }
        }
        for &unit in &near {
            if self.reads_by_state(unit) {
                return Presence::Unknown("sagas are read by their state".into());
            }
        }
        Presence::Absent
    }

    /// Whether a write of the saga's row notices that another process wrote it.
    pub(super) fn version(&self, scope: &Scope<'_>, persisted: &Presence) -> Presence {
        if !matches!(persisted, Presence::Present(_)) {
            return kept_nowhere();
        }
        for unit in self.neighbours(scope) {
            if let Some(place) = self.speaks(unit, None, Texts::Yes, &guards_write) {
                return Presence::Present(place);
            }
        }
        Presence::Absent
    }

    /// The files that have to do with a saga: those of its orchestrator and of what that calls, what they import,
    /// and who imports the orchestrator, two steps far.
    fn neighbours(&self, scope: &Scope<'_>) -> BTreeSet<UnitId> {
        let mut reached: Vec<(UnitId, FuncId)> = scope.funcs.clone();
        self.reach(&mut reached, 4);
        let mut out: BTreeSet<UnitId> = reached.iter().map(|f| f.0).collect();
        out.extend(scope.units());
        let own: Vec<UnitId> = out.iter().copied().collect();
        for unit in own {
            for import in &self.ev.program.unit(unit).module.imports {
                if let Some(Target::Unit(target)) = self.ev.program.imports.target(unit, &import.module) {
                    out.insert(*target);
                }
            }
        }
        let mut from = vec![scope.runner.unit];
        for _ in 0..2 {
            let next: Vec<UnitId> =
                from.iter().flat_map(|u| self.ev.program.imports.importers(*u)).filter(|u| out.insert(*u)).collect();
            from = next;
        }
        // Of the same service, as far as the path tells.
        let top = |u: UnitId| self.ev.program.unit(u).path.split('/').next();
        let own = top(scope.runner.unit);
        let tells = |u: UnitId| self.speaks(u, None, Texts::Yes, &names::is_saga_word).is_some();
        out.extend(self.units.iter().copied().filter(|u| top(*u) == own && tells(*u)));
        out
    }

    /// `find({ where: { status: … } })`, `select(…).where(Saga.state == …)`: a read that has a state in it.
    fn reads_by_state(&self, unit: UnitId) -> bool {
        let linked = self.ev.program.unit(unit);
        let module = &linked.module;
        linked.index.calls.iter().any(|call| {
            let Some(name) = module.callee_name(call.expr) else { return false };
            let runs_text = matches!(name.as_str(), "query" | "execute" | "fetchall" | "raw" | "text");
            if !store::is_read(name) && !runs_text {
                return false;
            }
            let mut chain = call.expr;
            for parent in linked.index.ancestors(call.expr) {
                match parent {
                    Parent::Expr(e) => chain = e,
                    _ => break,
                }
            }
            let writes = scan::chain(module, chain)
                .iter()
                .any(|n| matches!(n.as_str(), "update" | "insert" | "delete" | "save" | "merge" | "upsert"));
            let span = module.expr(chain).span;
            let asks = |n: &str| {
                let n = names::fold(n);
                n.contains("select") && (n.contains("status") || n.contains("state"))
                    || n == "inprogress"
                    || n.contains("bystat")
                    || !runs_text && matches!(n.as_str(), "status" | "state" | "sagastatus" | "sagastate")
            };
            !writes && self.speaks(unit, Some(span), Texts::Yes, &asks).is_some()
        })
    }
}

/// Schedulers and queues of jobs.
fn is_worker(module: &str) -> bool {
    [
        "celery",
        "rq",
        "dramatiq",
        "arq",
        "huey",
        "apscheduler",
        "node-cron",
        "@nestjs/schedule",
        "agenda",
        "bull",
        "bullmq",
    ]
    .iter()
    .any(|w| module == *w || module.strip_prefix(w).is_some_and(|rest| rest.starts_with(['.', '/'])))
}

/// Nothing is known of a state that is kept.
pub(super) fn kept_nowhere() -> Presence {
    Presence::Unknown("it is not known that a state is kept".into())
}

/// Words of taking up what was left.
pub(in crate::extract::saga) fn takes_up(name: &str) -> bool {
    let folded = names::fold(name);
    // `recovery_timeout` is a breaker's.
    if folded.contains("timeout") {
        return false;
    }
    // `SagaStatus.InProgress` is what a saga is called while it runs; `findInProgress` looks for them.
    if folded == "inprogress" {
        return false;
    }
    [
        "recover",
        "resum",
        "unfinished",
        "incomplete",
        "pendingsaga",
        "stuck",
        "stale",
        "orphan",
        "reconcil",
        "sweep",
        "schedul",
        "setinterval",
        "replay",
        "skiplocked",
        "inprogress",
        "inflight",
        "onapplicationbootstrap",
        "onmoduleinit",
        "takeup",
        "continuesaga",
        "rundue",
        "runnext",
        "dueat",
    ]
    .iter()
    .any(|w| folded.contains(w))
        || names::words(name).iter().any(|w| {
            matches!(w.as_str(), "claim" | "lease" | "leased" | "poll" | "poller" | "polling" | "cron" | "reaper")
        })
}

/// Words of noticing another writer.
fn guards_write(name: &str) -> bool {
    let folded = names::fold(name);
    [
        "version",
        "revision",
        "etag",
        "forupdate",
        "skiplocked",
        "optimistic",
        "compareand",
        "rowcount",
        "modifiedcount",
        "matchedcount",
        "advisory",
        "serializable",
        "setnx",
        "xmin",
        "affected",
        "mutex",
        "redlock",
        "acquire",
        "numupdatedrows",
        "updatemany",
        "pessimistic",
        "conditionexpression",
    ]
    .iter()
    .any(|w| folded.contains(w))
        || names::words(name)
            .iter()
            .any(|w| matches!(w.as_str(), "lock" | "locked" | "cas" | "nx" | "lease" | "leased" | "watch" | "claim"))
}
