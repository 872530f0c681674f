//! The facts of a run.

use std::collections::HashMap;

use super::FORMAT;
use super::fact::{
    At, CallFact, ChannelFact, DatastoreFact, EndpointFact, EventFact, Fact, Header, HealthFact, RequestFact, SagaFact,
    ServiceFact, StoreUseFact, StoreUseStep,
};
use crate::check::Outcome;
use crate::findings::{Sources, allowed};
use crate::syntax::Place;
use crate::system::System;
use crate::system::calls::is_this_machine;
use crate::system::map::Health;
use crate::system::stores::{Certainty, Datastore};

/// What a run found out about its own repository, sorted, with the header that belongs before it.
pub fn collect(outcome: &Outcome, repository: &str) -> (Header, Vec<Fact>) {
    let collector = Collector::new(outcome);
    let mut facts = collector.facts(&outcome.system);
    facts.sort();
    facts.dedup();
    let header = Header {
        format: FORMAT.to_owned(),
        version: 1,
        repository: repository.to_owned(),
        skillcheck: env!("CARGO_PKG_VERSION").to_owned(),
        facts: facts.len(),
        incomplete: outcome.problems.iter().any(|problem| problem.incomplete),
    };
    (header, facts)
}

struct Collector<'o> {
    outcome: &'o Outcome,
    sources: Sources,
}

impl<'o> Collector<'o> {
    fn new(outcome: &'o Outcome) -> Self {
        let system = &outcome.system;
        let stores = system.datastores.iter().flat_map(|store| &store.used_by);
        let places = system.services.iter().filter_map(|service| service.place);
        let places = places.chain(stores.flat_map(|u| u.places.iter().map(|(place, _)| *place).chain([u.place])));
        let places = places.chain(system.map.events.iter().map(|e| e.place));
        let places = places.chain(system.map.channels.iter().flat_map(|c| c.places.iter().copied()));
        let places = places.chain(system.map.endpoints.iter().map(|e| e.place));
        let places = places.chain(system.map.sagas.iter().map(|s| s.place));
        let places = places.chain(system.calls.iter().map(|c| c.place));
        let places = places.chain(system.outgoing.iter().map(|o| o.place));
        let sources = Sources::load(&outcome.tree, places.map(|place| place.file));
        Collector { outcome, sources }
    }

    fn at(&self, place: Place) -> At {
        let (start, _) = self.sources.positions(place);
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        // The comments are sorted by file.
        let comments = &self.outcome.suppressions;
        let first = comments.partition_point(|s| s.file < place.file);
        let last = comments.partition_point(|s| s.file <= place.file);
        At {
            file: self.outcome.tree.files.get(place.file.0 as usize).map(|f| f.path.clone()).unwrap_or_default(),
            line: number(start.line),
            column: number(start.column),
            allows: allowed(&comments[first..last], place),
        }
    }

    fn facts(&self, system: &System) -> Vec<Fact> {
        let map = &system.map;
        let mut out = self.services(system);
        out.extend(system.datastores.iter().filter_map(|store| self.datastore(system, store)));
        out.extend(map.channels.iter().map(|channel| {
            let mut at: Vec<At> = channel.places.iter().map(|place| self.at(*place)).collect();
            at.sort();
            at.dedup();
            Fact::Channel(ChannelFact {
                name: channel.name.clone(),
                broker: channel.broker.clone(),
                producers: channel.producers.clone(),
                consumers: channel.consumers.clone(),
                at,
            })
        }));
        out.extend(map.events.iter().map(|event| {
            Fact::Event(EventFact {
                name: event.name.clone(),
                channel: event.channel.clone(),
                producers: event.producers.clone(),
                versioned: event.versioned,
                at: self.at(event.place),
            })
        }));
        out.extend(system.calls.iter().map(|call| {
            Fact::Call(CallFact {
                from: call.from.clone(),
                to: call.to.clone(),
                method: call.method.clone(),
                path: call.path.clone(),
                at: self.at(call.place),
            })
        }));
        out.extend(system.outgoing.iter().filter(|request| !is_this_machine(&request.host)).map(|request| {
            Fact::Request(RequestFact {
                from: request.from.clone(),
                host: request.host.clone(),
                method: request.method.clone(),
                path: request.path.clone(),
                at: self.at(request.place),
            })
        }));
        out.extend(map.endpoints.iter().map(|endpoint| {
            Fact::Endpoint(EndpointFact {
                services: endpoint.services.clone(),
                method: endpoint.method.clone(),
                path: endpoint.path.clone(),
                at: self.at(endpoint.place),
            })
        }));
        out.extend(map.sagas.iter().map(|saga| {
            Fact::Saga(SagaFact {
                name: saga.name.clone(),
                service: saga.service.clone(),
                steps: saga.steps.clone(),
                at: self.at(saga.place),
            })
        }));
        out
    }

    fn services(&self, system: &System) -> Vec<Fact> {
        let health: HashMap<&str, &Health> = system.map.health.iter().map(|(name, h)| (name.as_str(), h)).collect();
        let sorted = |names: &[String]| {
            let mut names = names.to_vec();
            names.sort();
            names.dedup();
            names
        };
        let fact = |service: &crate::system::Service| {
            Fact::Service(ServiceFact {
                name: service.name.clone(),
                root: service.root.clone(),
                kind: service.kind.name().to_owned(),
                languages: service.languages.clone(),
                code_base: service.code_base.clone(),
                hosts: sorted(&service.host_names),
                health: health
                    .get(service.name.as_str())
                    .map(|health| HealthFact { verdict: health.verdict.clone(), path: health.path.clone() }),
                at: service.place.map(|place| self.at(place)),
            })
        };
        system.services.iter().map(fact).collect()
    }

    /// A datastore on a server: files and what lives in memory are nobody else's.
    fn datastore(&self, system: &System, store: &Datastore) -> Option<Fact> {
        store.host.as_ref()?;
        let used_by = store.used_by.iter().filter_map(|used| {
            let service = system.services.get(used.service)?;
            let way = used.places.iter().map(|(place, text)| StoreUseStep { at: self.at(*place), text: text.clone() });
            Some(StoreUseFact {
                service: service.name.clone(),
                environment: Some(used.environment.clone()).filter(|name| !name.is_empty()),
                certainty: certainty_name(used.certainty).to_owned(),
                keys: used.keys.clone(),
                at: self.at(used.place),
                way: way.collect(),
            })
        });
        Some(Fact::Datastore(DatastoreFact {
            name: store.name.clone(),
            engine: store.engine.clone(),
            host: store.host.clone(),
            port: store.port,
            database: store.database.clone(),
            schema: store.schema.clone(),
            role: store.role.name().to_owned(),
            scope: store.scope.clone(),
            used_by: used_by.collect(),
        }))
    }
}

fn certainty_name(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::High => "high",
        Certainty::Medium => "medium",
        Certainty::Low => "low",
    }
}
