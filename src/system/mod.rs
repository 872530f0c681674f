//! The facts of all files joined: services, datastores, channels, calls, and how each client,
//! publisher, consumer and saga is protected.

mod appsettings;
mod aspire;
pub mod browser;
pub mod calls;
mod code_base;
pub mod compose;
pub mod contracts;
pub mod deployment;
mod dotnet;
mod goconfig;
pub mod health;
pub mod imports;
mod jvm;
pub mod kube;
pub mod map;
mod messaging;
pub mod owners;
mod proxies;
mod schema_ends;
pub mod services;
pub mod stores;
mod tools;
mod unnamed;

use std::collections::{HashMap, HashSet};

use crate::catalog::Catalog;
use crate::contract::evolve::ApiEvolution;
use crate::extract::broker::{self, Brokers};
use crate::extract::consume::{self, Consumer, Evidence};
use crate::extract::http::{self, BlockingCall, HttpClient, OwnBreaker};
use crate::extract::patterns;
use crate::extract::publish::{self, DualWrite, Publisher};
use crate::extract::routes::{self, App, Served};
use crate::extract::saga::{self, Chained, ReplyDriven, Saga};
use crate::extract::settings::Settings;
use crate::extract::upcast::{self, Upcasters};
use crate::files::{self, Tree, Zone};
use crate::program::value::Text;
use crate::program::{Evaluator, Program, Site, UnitId};
use crate::schema::evolve::{Evolution, SchemaChange};
use crate::schema::find::Schemas;
use crate::syntax::{FileId, Place};

pub use schema_ends::End;
pub use services::{Service, ServiceKind};

use compose::EnvVar;
use deployment::Deployment;
use map::SystemMap;
use services::Correction;

/// Everything the rules look at.
#[derive(Clone, Debug, Default)]
pub struct System {
    /// The services, sorted by name.
    pub services: Vec<Service>,
    /// Which services a source file belongs to: several for a shared package, none for code that no
    /// service uses.
    pub owners: HashMap<FileId, Vec<usize>>,
    /// The datastores, with the services that use them.
    pub datastores: Vec<stores::Datastore>,
    /// Outgoing HTTP.
    pub http: Vec<HttpClient>,
    /// What the HTTP servers answer.
    pub served: Served,
    /// Circuit breakers that are written by hand.
    pub breakers: Vec<OwnBreaker>,
    /// Other calls that block the event loop.
    pub blocking: Vec<BlockingCall>,
    /// Requests from one service to another.
    pub calls: Vec<calls::Call>,
    /// Requests to hosts that are no service of the system.
    pub outgoing: Vec<calls::Outgoing>,
    /// What is shown of the system besides its services and calls.
    pub map: map::SystemMap,
    /// Messages that are handed to brokers.
    pub publishers: Vec<Publisher>,
    /// Types of events in a sample, of which nobody shows where they are published.
    pub event_types: Vec<publish::Definition>,
    /// Places where messages come in.
    pub consumers: Vec<Consumer>,
    /// How brokers are reached, and what is declared there.
    pub brokers: Brokers,
    /// Commits and publishes that are not one.
    pub dual_writes: Vec<DualWrite>,
    /// Sagas.
    pub sagas: Vec<Saga>,
    /// Orchestrators that replies move on.
    pub reply_driven: Vec<ReplyDriven>,
    /// What functions change in one service after the other with nothing that undoes.
    pub chained: Vec<Chained>,
    /// What makes events of old versions into new ones.
    pub upcasters: Vec<Upcasters>,
    /// The OpenAPI documents, and whose they are.
    pub contracts: contracts::Contracts,
    /// The schemas of events, and the documents that they are in.
    pub schemas: Schemas,
    /// What became of them since an earlier state, where one was given.
    pub schema_changes: Evolution,
    /// The schemas of versions that break what the version before promised, of those that lie side by side.
    pub schema_steps: Vec<SchemaChange>,
    /// What became of the OpenAPI documents since an earlier state, where one was asked for.
    pub api_changes: ApiEvolution,
}

impl System {
    /// The services that the code at a place belongs to, by name.
    pub fn services_at(&self, place: Place) -> Vec<String> {
        self.owners
            .get(&place.file)
            .map(|owners| owners.iter().filter_map(|i| self.services.get(*i)).map(|s| s.name.clone()).collect())
            .unwrap_or_default()
    }

    /// True for code that no service runs, or one of which nothing says how it is built: a sample.
    pub fn is_sample(&self, place: Place) -> bool {
        let owners = self.owners.get(&place.file).map_or(&[][..], Vec::as_slice);
        owners.iter().filter_map(|i| self.services.get(*i)).all(|s| s.is_sample && s.containers.is_empty())
    }

    /// What decides a rule and could not be resolved: what, and where. Nothing is reported for these.
    pub fn unknown(&self) -> Vec<(String, Vec<Place>)> {
        use crate::extract::Presence;
        use crate::extract::consume::{Ack, Consumer, Idempotency, Redelivery};
        use crate::extract::http::Timeout;
        use crate::extract::publish::Publisher;
        let is_unknown = |p: &Presence| matches!(p, Presence::Unknown(_));
        let requests = || self.http.iter().flat_map(|c| c.requests.iter().map(move |r| (c, r)));
        let handlers = || self.consumers.iter().flat_map(|c| &c.handlers);
        let published = |test: &dyn Fn(&Publisher) -> bool| {
            self.publishers.iter().filter(|p| test(p)).map(|p| p.place).collect::<Vec<_>>()
        };
        let consumed = |test: &dyn Fn(&Consumer) -> bool| {
            self.consumers.iter().filter(|c| test(c)).map(|c| c.place).collect::<Vec<_>>()
        };
        let untimed = requests().filter(|(c, r)| c.timeout == Timeout::Unknown || r.timeout == Timeout::Unknown);
        let unkeyed = requests().filter(|(_, r)| r.changes_state() && r.idempotency_key.is_none());
        let unread = handlers().filter(|h| h.idempotency == Idempotency::Unknown);
        let partial = self.served.routes.iter().filter(|r| r.partial).map(|r| r.place);
        let values = [
            ("timeout of a request", untimed.map(|(_, r)| r.place).collect()),
            (
                "retry of an HTTP client",
                self.http.iter().filter(|c| c.retry_unknown.is_some()).map(|c| c.place).collect(),
            ),
            ("idempotency key of a request", unkeyed.map(|(_, r)| r.place).collect()),
            ("confirmation of a publish", published(&|p| is_unknown(&p.confirmed))),
            ("persistence of a message", published(&|p| is_unknown(&p.persistent))),
            ("version of an event", published(&|p| is_unknown(&p.version))),
            ("id of an event", published(&|p| is_unknown(&p.event_id))),
            ("acknowledgement of a consumer", consumed(&|c| c.ack == Ack::Unknown)),
            ("dead letter of a consumer", consumed(&|c| is_unknown(&c.dead_letter))),
            ("redelivery of a consumer", consumed(&|c| c.redelivery == Redelivery::Unknown)),
            ("idempotency of a handler", unread.map(|h| h.place).collect()),
            ("shutdown of a consumer", consumed(&|c| is_unknown(&c.shutdown))),
            (
                "state of a saga",
                self.sagas.iter().filter(|s| is_unknown(&s.persisted)).map(|s| s.place).collect::<Vec<_>>(),
            ),
            ("route of a server", partial.chain(self.served.gaps.iter().map(|g| g.place)).collect()),
        ];
        let found = values.into_iter().filter(|(_, places)| !places.is_empty());
        found.map(|(what, places)| (what.to_string(), places)).collect()
    }

    /// What the HTTP servers of each service answer, in the order of the services. A route belongs to the
    /// service that holds its application; without one, to those that hold its code.
    pub fn served_by_service(&self) -> Vec<Served> {
        let mut all = vec![Served::default(); self.services.len()];
        let owners = |place: Place| self.owners.get(&place.file).into_iter().flatten().copied();
        let of = |app: Option<&App>, place: Place| owners(app.map_or(place, |app| app.place));
        for route in &self.served.routes {
            of(route.app.as_ref(), route.place).for_each(|service| all[service].routes.push(route.clone()));
        }
        for app in &self.served.apps {
            owners(app.place).for_each(|service| all[service].apps.push(app.clone()));
        }
        for gap in &self.served.gaps {
            of(gap.app.as_ref(), gap.place).for_each(|service| all[service].gaps.push(gap.clone()));
        }
        for health in &self.served.health {
            owners(health.place).for_each(|service| all[service].health.push(health.clone()));
        }
        for remote in &self.served.remote {
            owners(remote.place).for_each(|service| all[service].remote.push(remote.clone()));
        }
        for embedded in &self.served.embedded {
            owners(embedded.place).for_each(|service| all[service].embedded.push(embedded.clone()));
        }
        all
    }
}

/// The services with what their settings files say among their variables.
fn configured(
    tree: &Tree,
    deployment: &Deployment,
    services: &[Service],
    given: &[aspire::Given],
    ports: &[Vec<String>],
) -> Vec<Service> {
    let with_settings = |(index, service): (usize, &Service)| {
        let by_hand = service.containers.is_empty() && service.dockerfile.is_none();
        let mut env = match by_hand {
            true => goconfig::dotenv_near(tree, &deployment.env_files, service),
            false => Vec::new(),
        };
        env.extend(appsettings::settings(tree, service, given, &service.env));
        env.extend(goconfig::settings(tree, service));
        env.extend(service.env.iter().cloned());
        // The last one counts, and the first is found.
        env.reverse();
        let mut published_ports = service.published_ports.clone();
        published_ports.extend(proxies::launch_ports(tree, service));
        published_ports.extend(ports.get(index).into_iter().flatten().cloned());
        Service { env, published_ports, ..service.clone() }
    };
    services.iter().enumerate().map(with_settings).collect()
}

/// The texts of the protobuf files that are ours.
fn protos(tree: &Tree) -> Vec<String> {
    let ours = |file: &&files::File| {
        file.path.ends_with(".proto") && !matches!(files::zone(&file.path), Zone::Vendored | Zone::Test)
    };
    tree.files.iter().filter(ours).filter_map(|file| files::read(file).ok()).collect()
}

/// Joins the program and the deployment files of a tree.
pub fn build(
    tree: &Tree,
    deployment: &Deployment,
    program: &Program,
    catalog: &Catalog,
    corrections: &[Correction],
) -> System {
    let ev = Evaluator::new(program, catalog);
    let mut services = services::discover(tree, deployment, corrections);
    let dependencies = imports::dependencies(program);
    let browser = browser::browser(tree, deployment, program, &dependencies);
    let mut owners = owners::owners(tree, program, &dependencies, &services);
    dotnet::own(tree, &services, &mut owners);
    jvm::shared::own(tree, program, &services, &mut owners);
    dotnet::disown(tree, &mut owners);
    code_base::join_programs(tree, &owners, &mut services);
    let given = aspire::given(&ev);
    let tools = tools::tools(tree, program, &services, &owners);
    let in_scope = |unit: UnitId| program.is_production(unit) && !browser.is_browser(unit) && !tools.contains(&unit);
    let files = jvm::settings::Files::read(tree);
    let web = || {
        let mut http = http::extract(&ev, &in_scope);
        let blocking = http::blocking_calls(&ev, &in_scope);
        let breakers = http::breakers(&ev, &in_scope);
        // What registers a route is a server, whatever else stands in its package.
        let mut served = routes::extract(&ev, &|unit| program.is_production(unit));
        routes::transcoded(&ev, &|unit| program.is_production(unit), &|| protos(tree), &mut served);
        jvm::apply(tree, program, &services, &owners, &mut http, &mut served, &files);
        dotnet::apply(&ev, &services, &owners, &mut http);
        kube::mesh::apply(&deployment.cluster, &services, &owners, &mut http, &files);
        let mut routes = http::gateway_routes(&ev, &in_scope);
        routes.extend(http::proxied(&ev, &in_scope));
        routes.extend(http::dialled(&ev, &in_scope));
        routes.extend(http::grpc_clients(&ev, &in_scope));
        let gateways = proxies::routes(&ev, tree, &services);
        proxies::narrow(
            &ev,
            &gateways.proxied,
            |place| owners.get(&place.file).cloned().unwrap_or_default(),
            &mut served,
        );
        let ports = calls::ports::own(&ev, &in_scope, &owners, &services);
        let configured = configured(tree, deployment, &services, &given, &ports);
        let built = http::built(&ev, &in_scope);
        let asked = patterns::asked(&ev, &in_scope);
        let sources =
            calls::Sources { http: &http, routes: &routes, proxied: &gateways.proxied, built: &built, asked: &asked };
        let mut requests = calls::requests(&configured, &owners, sources, &files);
        calls::add_remotes(&services, &owners, &http::remotes(&ev, &in_scope), &mut requests);
        aspire::add_references(&ev, &services, &mut requests);
        let taken = gateways.endpoints(&services);
        (http, breakers, blocking, served, requests, taken)
    };
    // An evaluator of its own: what one remembers is not for two threads.
    let rest = || {
        let ev = Evaluator::new(program, catalog);
        let of_service = |index: usize, env: &[EnvVar]| appsettings::settings(tree, &services[index], &given, env);
        let datastores = stores::find(tree, &ev, &in_scope, &services, &owners, deployment, &of_service);
        let settings = Settings::read(tree);
        let publishing = publish::extract(&ev, &in_scope, tree, &settings);
        let consumers = consume::extract(&ev, &in_scope, &Evidence::read(tree, &settings));
        // Sagas of C# are written with libraries that the extractor does not know yet.
        let sagas = saga::extract(&ev, &in_scope);
        let is_sample = services.is_empty() && crate::program::load::is_sample(tree);
        let event_types = if is_sample && publishing.publishers.is_empty() {
            publish::definitions(&ev, &in_scope)
        } else {
            Vec::new()
        };
        (datastores, (publishing, event_types), consumers, sagas)
    };
    let (
        (http, breakers, blocking, served, requests, taken),
        (datastores, (publishing, event_types), consumers, sagas),
    ) = side_by_side(web, rest);
    let (sagas, reply_driven) = sagas;
    let calls::Requests { calls, outgoing } = requests;
    let chained = chained(&ev, &in_scope, &http, &calls, &consumers);
    let publish::Publishing { mut publishers, dual_writes } = publishing;
    unnamed::decide(tree, program, &services, &owners, &mut publishers);
    let mut system = System {
        services,
        owners,
        http,
        breakers,
        blocking,
        calls,
        outgoing,
        datastores,
        publishers,
        event_types,
        brokers: broker::extract(&ev, &in_scope),
        dual_writes,
        consumers,
        sagas,
        reply_driven,
        chained,
        upcasters: upcast::extract(&ev, &in_scope),
        served,
        map: SystemMap::default(),
        // Documents are read once it is known whose they can be.
        contracts: contracts::Contracts::default(),
        schemas: Schemas::default(),
        schema_changes: Evolution::default(),
        schema_steps: Vec::new(),
        api_changes: ApiEvolution::default(),
    };
    health::correct_kinds(&mut system);
    system.map.endpoints = health::endpoints(&system);
    system.map.endpoints.extend(taken);
    messaging::fill(&mut system);
    system.map.health = health::all(&system);
    system.map.sagas = map::sagas(&system);
    system.map.datastores = stores::shown(&system.datastores, &system.services);
    system
}

/// What functions change in one service of the system after the other, see [`saga::chained`].
fn chained(
    ev: &Evaluator<'_>,
    in_scope: &dyn Fn(UnitId) -> bool,
    http: &[HttpClient],
    calls: &[calls::Call],
    consumers: &[Consumer],
) -> Vec<Chained> {
    let between: HashSet<Place> = calls.iter().filter(|call| call.from != call.to).map(|call| call.place).collect();
    let mut requests: Vec<(Site, Place)> = Vec::new();
    for client in http {
        let mut bases = client.base_url.iter().chain(&client.base_urls).map(|(address, _)| address).peekable();
        let near = bases.peek().is_some() && bases.all(is_inside);
        for request in &client.requests {
            let mut ways = request.ways_in();
            ways.retain(|way| matches!(way.method.as_deref(), Some("POST" | "PUT" | "PATCH")));
            ways.retain(|way| {
                near || between.contains(&way.place)
                    || between.contains(&request.place)
                    || way.url.as_ref().is_some_and(is_inside)
            });
            requests.extend(ways.iter().map(|way| (way.site, way.place)));
        }
    }
    let handled = consumers.iter().flat_map(|c| &c.handlers).filter_map(|h| h.function.as_ref()).map(|(_, at)| *at);
    let repeated = handled.chain(consumers.iter().flat_map(|c| c.functions.iter().copied())).collect();
    saga::chained::find(ev, in_scope, &requests, &repeated)
}

/// True for the address of a host without a dot: one of the same network, though nobody says what runs there.
fn is_inside(address: &Text) -> bool {
    let address = address.with_env(&|_| None);
    let host = address.split_once("://").and_then(|(_, rest)| rest.split([':', '/']).next());
    host.is_some_and(|host| !host.is_empty() && !host.contains(['.', '{']) && host != "localhost")
}

/// Runs two functions, the second one on a thread of its own when there is more than one to be had.
fn side_by_side<A, B: Send>(first: impl FnOnce() -> A, second: impl Fn() -> B + Sync) -> (A, B) {
    /// What the main thread has on most systems: the evaluator goes as deep as the code does.
    const STACK: usize = 8 << 20;
    if rayon::current_num_threads() == 1 {
        return (first(), second());
    }
    std::thread::scope(|scope| {
        let handle = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, &second);
        let first = first();
        let second = match handle {
            Ok(handle) => handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            Err(_) => second(),
        };
        (first, second)
    })
}
