//! Where frameworks keep the state of sagas: what the start-up code registers.

use smol_str::SmolStr;

use super::Context;
use super::machines::Machine;
use crate::extract::Presence;
use crate::facts::module::ExprKind;
use crate::program::types::simple_name;
use crate::program::{Parent, Site};
use crate::syntax::Place;

/// Whether state survives the process.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    /// Whether it does.
    pub persisted: Presence,
    /// Where it is said that it does not.
    pub in_memory: Option<Place>,
}

impl Kept {
    /// Durable wins: of two registrations one is for another environment.
    fn decide(durable: Option<Place>, volatile: Option<Place>) -> Kept {
        match (durable, volatile) {
            (Some(place), _) => Kept { persisted: Presence::Present(place), in_memory: None },
            (None, Some(place)) => Kept { persisted: Presence::Absent, in_memory: Some(place) },
            (None, None) => Kept {
                persisted: Presence::Unknown("what the saga is stored in was not found".into()),
                in_memory: None,
            },
        }
    }
}

impl Context<'_, '_> {
    /// `AddSagaStateMachine<M, S>().InMemoryRepository()`, `.EntityFrameworkRepository(…)`, …; `new
    /// InMemorySagaRepository<S>()`; `SetInMemorySagaRepositoryProvider()`. MassTransit has no default.
    pub(super) fn kept_by_masstransit(&self, machine: &Machine) -> Kept {
        let name = &self.ev.program.unit(machine.unit).module.class(machine.class).name;
        let (mut durable, mut volatile) = (None, None);
        for site in self.production("AddSagaStateMachine") {
            let module = &self.ev.program.unit(site.unit).module;
            let ours = module
                .call(site.expr)
                .and_then(|c| c.type_args.first())
                .and_then(|ty| simple_name(module, *ty))
                .is_some_and(|n| n == *name);
            if !ours {
                continue;
            }
            for (expr, method) in self.chained(site) {
                let place = Place::new(self.ev.program.unit(site.unit).file, method.1);
                if method.0 == "InMemoryRepository" {
                    volatile = volatile.or(Some(place));
                } else if method.0.ends_with("Repository") {
                    durable = durable.or(Some(self.ev.program.place(Site { unit: site.unit, expr })));
                }
            }
        }
        for site in self.production("InMemorySagaRepository") {
            let module = &self.ev.program.unit(site.unit).module;
            let Some(call) = module.call(site.expr) else { continue };
            let ty = match &module.expr(call.callee).kind {
                ExprKind::Index { index, .. } => simple_name(module, *index),
                _ => call.type_args.first().and_then(|ty| simple_name(module, *ty)),
            };
            if ty.is_some() && ty == machine.data {
                volatile = volatile.or(Some(self.ev.program.place(site)));
            }
        }
        let others = [
            "SetSagaRepositoryProvider",
            "SetEntityFrameworkSagaRepositoryProvider",
            "SetMongoDbSagaRepositoryProvider",
            "SetRedisSagaRepositoryProvider",
            "SetMartenSagaRepositoryProvider",
        ];
        durable =
            durable.or_else(|| others.iter().find_map(|n| self.production(n).next().map(|s| self.ev.program.place(s))));
        volatile = volatile
            .or_else(|| self.production("SetInMemorySagaRepositoryProvider").next().map(|s| self.ev.program.place(s)));
        Kept::decide(durable, volatile)
    }

    /// `UsePersistence<NonDurablePersistence>()`, `InMemoryPersistence` before version 8. Learning persistence writes
    /// files.
    pub(super) fn kept_by_nservicebus(&self) -> Kept {
        let (mut durable, mut volatile) = (None, None);
        for site in self.production("UsePersistence") {
            let module = &self.ev.program.unit(site.unit).module;
            let Some(call) = module.call(site.expr) else { continue };
            let Some(ty) = call.type_args.first().and_then(|ty| simple_name(module, *ty)) else { continue };
            let place = Some(self.ev.program.place(site));
            match ty.as_str() {
                "InMemoryPersistence" | "NonDurablePersistence" => volatile = volatile.or(place),
                _ => durable = durable.or(place),
            }
        }
        Kept::decide(durable, volatile)
    }

    /// `.Sagas(s => s.StoreInMemory())`. Without `Sagas` a saga can't be handled at all.
    pub(super) fn kept_by_rebus(&self) -> Kept {
        let (mut durable, mut volatile) = (None, None);
        for site in self.production("Sagas") {
            let unit = self.ev.program.unit(site.unit);
            for call in unit.index.calls.iter().filter(|c| c.expr != site.expr) {
                // The chain before stands in the callee; the storage is an argument.
                let inside = unit.module.call(site.expr).is_some_and(|c| {
                    c.args.iter().any(|a| unit.module.expr(a.value).span.contains(unit.module.expr(call.expr).span))
                });
                let Some(name) = unit.module.callee_name(call.expr).filter(|_| inside) else { continue };
                let place = Some(self.ev.program.place(Site { unit: site.unit, expr: call.expr }));
                match name.as_str() {
                    "StoreInMemory" => volatile = volatile.or(place),
                    n if n.starts_with("StoreIn") || n.starts_with("Use") => durable = durable.or(place),
                    _ => {}
                }
            }
        }
        Kept::decide(durable, volatile)
    }

    /// Axon stores sagas by JPA with Spring Boot; a plain configurer has `InMemorySagaStore` unless it is told another.
    pub(super) fn kept_by_axon(&self, place: Place) -> Kept {
        let durable =
            ["JpaSagaStore", "JdbcSagaStore", "MongoSagaStore"].iter().any(|n| self.production(n).next().is_some());
        match self.production("InMemorySagaStore").next().filter(|_| !durable) {
            Some(site) => Kept::decide(None, Some(self.ev.program.place(site))),
            None => Kept::decide(Some(place), None),
        }
    }

    /// The calls of a name in production code.
    fn production(&self, name: &str) -> impl Iterator<Item = Site> + '_ {
        self.ev.program.calls_named(name).iter().copied().filter(|s| self.ev.program.is_production(s.unit))
    }

    /// The methods that are called on what a call returns, with their names' spans.
    fn chained(&self, site: Site) -> Vec<(crate::facts::module::ExprId, (SmolStr, crate::syntax::Span))> {
        let linked = self.ev.program.unit(site.unit);
        let mut out = Vec::new();
        let mut inner = site.expr;
        for parent in linked.index.ancestors(site.expr) {
            let Parent::Expr(e) = parent else { break };
            match &linked.module.expr(e).kind {
                ExprKind::Attr { object, .. } if *object == inner => inner = e,
                ExprKind::Call(call) if call.callee == inner => {
                    if let ExprKind::Attr { name, name_span, .. } = &linked.module.expr(inner).kind {
                        out.push((e, (name.clone(), *name_span)));
                    }
                    inner = e;
                }
                _ => break,
            }
        }
        out
    }
}
