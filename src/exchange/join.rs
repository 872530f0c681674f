//! Adds the facts of other repositories to a system. Everything is looked up by hash, so that the time
//! grows with the number of facts.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::fact::{At, Fact};
use super::read::{Repository, places};
use super::stores::Stores;
use crate::files::{OtherFile, OtherPlace, Tree};
use crate::syntax::{FileId, Place, Span};
use crate::system::calls::{Call, Outgoing, is_this_machine, names_of};
use crate::system::map::{Channel, Endpoint, Event, Health, Saga};
use crate::system::{Service, ServiceKind, System, stores};

/// Adds the facts of other repositories. A service whose name is taken gets that of its repository in
/// front: `acme/billing/api`.
pub fn join(system: &mut System, tree: &mut Tree, repositories: &[Repository]) {
    if repositories.is_empty() {
        return;
    }
    let taken = counts(system, repositories);
    let mut stores = Stores::new(std::mem::take(&mut system.datastores));
    let mut requests: Vec<(Option<Arc<str>>, Outgoing)> =
        std::mem::take(&mut system.outgoing).into_iter().map(|request| (None, request)).collect();
    let mut channels = Channels::new(std::mem::take(&mut system.map.channels));
    let mut hosts = Names::default();
    for (index, service) in system.services.iter().enumerate() {
        hosts.add(index, service.host_names.iter().chain([&service.name]));
    }
    for repository in repositories {
        let label: Arc<str> = repository.header.repository.as_str().into();
        let files = Files::add(tree, &label, &repository.facts);
        let mut services: HashMap<&str, usize> = HashMap::new();
        let name = |own: &str| match taken.get(&own.to_lowercase()) {
            Some(1) => own.to_owned(),
            _ => format!("{label}/{own}"),
        };
        let names = |own: &[String]| own.iter().map(|own| name(own)).collect::<Vec<_>>();
        for fact in &repository.facts {
            match fact {
                Fact::Service(fact) => {
                    let index = system.services.len();
                    services.insert(&fact.name, index);
                    hosts.add(index, fact.hosts.iter().chain([&fact.name]));
                    if let Some(health) = &fact.health {
                        let health = Health { verdict: health.verdict.clone(), path: health.path.clone() };
                        system.map.health.push((name(&fact.name), health));
                    }
                    system.services.push(Service {
                        name: name(&fact.name),
                        root: fact.root.clone(),
                        kind: ServiceKind::ALL.into_iter().find(|kind| kind.name() == fact.kind).unwrap_or_default(),
                        languages: fact.languages.clone(),
                        code_base: fact.code_base.clone(),
                        host_names: fact.hosts.clone(),
                        place: fact.at.as_ref().and_then(|at| files.place(at)),
                        repository: Some(label.clone()),
                        ..Service::default()
                    });
                }
                Fact::Datastore(fact) => {
                    let service = |name: &str| services.get(name).copied();
                    stores.add(fact, &label, &service, &|at| files.place(at));
                }
                Fact::Channel(fact) => channels.add(Channel {
                    name: fact.name.clone(),
                    broker: fact.broker.clone(),
                    producers: names(&fact.producers),
                    consumers: names(&fact.consumers),
                    places: fact.at.iter().filter_map(|at| files.place(at)).collect(),
                }),
                Fact::Event(fact) => system.map.events.extend(files.place(&fact.at).map(|place| Event {
                    name: fact.name.clone(),
                    channel: fact.channel.clone(),
                    producers: names(&fact.producers),
                    versioned: fact.versioned,
                    place,
                })),
                Fact::Call(fact) => system.calls.extend(files.place(&fact.at).map(|place| Call {
                    from: name(&fact.from),
                    to: name(&fact.to),
                    method: fact.method.clone(),
                    path: fact.path.clone(),
                    place,
                    local: false,
                    forwarded: false,
                })),
                Fact::Request(fact) => requests.extend(files.place(&fact.at).map(|place| {
                    let outgoing = Outgoing {
                        from: name(&fact.from),
                        host: fact.host.clone(),
                        method: fact.method.clone(),
                        path: fact.path.clone(),
                        place,
                    };
                    (Some(label.clone()), outgoing)
                })),
                Fact::Endpoint(fact) => system.map.endpoints.extend(files.place(&fact.at).map(|place| Endpoint {
                    method: fact.method.clone(),
                    path: fact.path.clone(),
                    place,
                    services: names(&fact.services),
                })),
                Fact::Saga(fact) => system.map.sagas.extend(files.place(&fact.at).map(|place| Saga {
                    name: fact.name.clone(),
                    service: fact.service.as_deref().map(name),
                    steps: fact.steps.clone(),
                    place,
                })),
                // What a comparison is made with, no part of the system.
                Fact::Document(_) => {}
            }
        }
    }
    for (repository, request) in requests {
        match hosts.elsewhere(&system.services, repository.as_deref(), &request.host) {
            Some(to) => {
                let Outgoing { from, method, path, place, .. } = request;
                system.calls.push(Call {
                    from,
                    to: system.services[to].name.clone(),
                    method,
                    path,
                    place,
                    local: false,
                    forwarded: false,
                });
            }
            None => system.outgoing.push(request),
        }
    }
    system.calls.sort();
    system.calls.dedup();
    system.outgoing.sort();
    system.map.channels = channels.all;
    system.datastores = stores.finish(&system.services);
    system.map.datastores = stores::shown(&system.datastores, &system.services);
}

/// How many services have a name, in lower case.
fn counts(system: &System, repositories: &[Repository]) -> HashMap<String, usize> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    let others = repositories.iter().flat_map(|repository| &repository.facts).filter_map(|fact| match fact {
        Fact::Service(service) => Some(&service.name),
        _ => None,
    });
    for name in system.services.iter().map(|service| &service.name).chain(others) {
        *counts.entry(name.to_lowercase()).or_default() += 1;
    }
    counts
}

/// The files of a repository that its facts name.
struct Files {
    ids: HashMap<String, (FileId, Vec<OtherPlace>)>,
}

impl Files {
    fn add(tree: &mut Tree, repository: &Arc<str>, facts: &[Fact]) -> Files {
        let mut all: BTreeMap<&str, BTreeSet<OtherPlace>> = BTreeMap::new();
        for at in facts.iter().flat_map(places) {
            all.entry(&at.file).or_default().insert(place_of(at));
        }
        let mut ids = HashMap::with_capacity(all.len());
        for (path, places) in all {
            let Ok(id) = u32::try_from(tree.files.len() + tree.others.len()) else { break };
            let places: Vec<OtherPlace> = places.into_iter().collect();
            ids.insert(path.to_owned(), (FileId(id), places.clone()));
            tree.others.push(OtherFile { repository: repository.clone(), path: path.to_owned(), places });
        }
        Files { ids }
    }

    fn place(&self, at: &At) -> Option<Place> {
        let (file, places) = self.ids.get(&at.file)?;
        let number = places.binary_search(&place_of(at)).ok()?;
        Some(Place::new(*file, Span::new(number, number)))
    }
}

fn place_of(at: &At) -> OtherPlace {
    OtherPlace { line: at.line, column: at.column, allows: at.allows.clone() }
}

/// The services of all repositories by the names at which they are reached.
#[derive(Default)]
struct Names {
    names: HashMap<String, Vec<usize>>,
}

impl Names {
    fn add<'n>(&mut self, index: usize, names: impl Iterator<Item = &'n String>) {
        for name in names {
            let known = self.names.entry(name.to_ascii_lowercase()).or_default();
            if known.last() != Some(&index) {
                known.push(index);
            }
        }
    }

    /// The one service of another repository that answers at a host. Several may be meant by a name that
    /// each repository has (`api`); then nobody can tell from here.
    fn elsewhere(&self, services: &[Service], repository: Option<&str>, host: &str) -> Option<usize> {
        if is_this_machine(host) {
            return None;
        }
        let found = names_of(host).into_iter().find_map(|name| self.names.get(&name))?;
        match found.as_slice() {
            [only] if services.get(*only)?.repository.as_deref() != repository => Some(*only),
            _ => None,
        }
    }
}

/// Channels by broker and name.
struct Channels {
    all: Vec<Channel>,
    by_name: HashMap<(String, String), usize>,
}

impl Channels {
    fn new(all: Vec<Channel>) -> Channels {
        let by_name = all.iter().enumerate().map(|(at, c)| ((c.broker.clone(), c.name.clone()), at)).collect();
        Channels { all, by_name }
    }

    fn add(&mut self, channel: Channel) {
        let key = (channel.broker.clone(), channel.name.clone());
        match self.by_name.get(&key).and_then(|at| self.all.get_mut(*at)) {
            Some(known) => {
                known.producers.extend(channel.producers);
                known.consumers.extend(channel.consumers);
                known.places.extend(channel.places);
            }
            None => {
                self.by_name.insert(key, self.all.len());
                self.all.push(channel);
            }
        }
    }
}
