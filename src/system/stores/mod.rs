//! The datastores of a system: what each service opens, resolved with its environment and joined.

pub mod engine;
mod envfile;
mod fallback;
mod input;
mod join;
mod resolve;
pub mod spring;
pub mod url;

use std::collections::HashMap;

use super::compose::{EnvVar, Origin};
use super::deployment::Deployment;
use super::services::Service;
use crate::catalog::store::StoreRole;
use crate::extract::stores::{self, InScope};
use crate::files::Tree;
use crate::program::Evaluator;
use crate::syntax::{FileId, Place};

pub use input::{Deployed, Environments, Hosts};
pub use join::join;
pub use spring::Spring;

/// How sure it is which datastore a service uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Certainty {
    /// Only a habit says so: a default of the code that names the machine it runs on.
    Low,
    /// Something that is not in the repository could change it.
    Medium,
    /// Everything that decides was read.
    High,
}

/// A database with the services that use it.
#[derive(Clone, Debug, PartialEq)]
pub struct Datastore {
    /// Its name in output: `shop`, `redis/0`.
    pub name: String,
    /// `postgres`, `mysql`, `mongodb`, `redis`, …; empty when it could not be resolved.
    pub engine: String,
    /// The host; none when it could not be resolved, and for a file.
    pub host: Option<String>,
    /// The port, as given or the engine's own.
    pub port: Option<u16>,
    /// The database; none when it could not be resolved.
    pub database: Option<String>,
    /// The schema, where one is named.
    pub schema: Option<String>,
    /// What it is used for.
    pub role: StoreRole,
    /// Where the host name means this server: the folder of the Compose project, none for a name that
    /// means the same everywhere.
    pub scope: Option<String>,
    /// Who uses it, sorted by service and environment.
    pub used_by: Vec<UsedBy>,
}

/// A service that uses a datastore.
#[derive(Clone, Debug, PartialEq)]
pub struct UsedBy {
    /// Its number in [`super::System::services`].
    pub service: usize,
    /// The environment in which it does: `default`, `prod`; empty when it is not deployed by Compose.
    pub environment: String,
    /// The place that says which database it is: the variable, else the code.
    pub place: Place,
    /// The way from the variable to the code, in the order in which it is read.
    pub places: Vec<(Place, String)>,
    /// How sure that is.
    pub certainty: Certainty,
    /// The literal beginnings of the keys that it keeps, for Redis.
    pub keys: Vec<String>,
}

impl Datastore {
    /// True when the host is the machine the code runs on, so that the name says nothing about the
    /// server.
    pub fn is_local(&self) -> bool {
        self.host.as_deref().is_some_and(is_local)
    }
}

pub(crate) fn is_local(host: &str) -> bool {
    matches!(host, "localhost" | "127.0.0.1" | "0.0.0.0" | "::1" | "")
}

/// The datastores that the services of a system open. `settings` gives what the settings files of a service
/// say beside its variables.
#[allow(clippy::too_many_arguments)]
pub fn find(
    tree: &Tree,
    ev: &Evaluator<'_>,
    in_scope: &InScope<'_>,
    services: &[Service],
    owners: &HashMap<FileId, Vec<usize>>,
    deployment: &Deployment,
    settings: &dyn Fn(usize, &[EnvVar]) -> Vec<EnvVar>,
) -> Vec<Datastore> {
    let found = stores::extract(ev, in_scope, tree);
    let names: Vec<String> = services.iter().map(|s| s.name.clone()).collect();
    let service_of = |project: &str, name: &str| {
        services.iter().position(|s| s.containers.iter().any(|c| c.project == project && c.name == name))
    };
    let image =
        |index: usize| services[index].env.iter().filter(|v| v.origin == Origin::Image).cloned().collect::<Vec<_>>();
    let mut environments =
        Environments::new(&deployment.projects, &deployment.cluster, services.len(), &service_of, &image);
    for deployed in &mut environments.deployed {
        let mut env = settings(deployed.service, &deployed.env);
        env.append(&mut deployed.env);
        deployed.env = env;
    }
    let spring = Spring::read(tree, services, owners);
    let loaded = envfile::loaded(tree, ev, services, owners, &deployment.marks);
    for deployed in &mut environments.deployed {
        deployed.settings = spring.properties(deployed);
        if let Some(service) = services.get(deployed.service) {
            deployed.settings.extend(super::goconfig::settings(tree, service));
            if deployed.project.is_none() && service.dockerfile.is_none() {
                // The last one counts.
                deployed.settings.splice(0..0, super::goconfig::dotenv_near(tree, &deployment.env_files, service));
                deployed.unread = deployed.unread.take().or_else(|| loaded.get(&deployed.service).cloned());
            }
        }
    }
    join(&found, &spring, &names, owners, &environments)
}

/// The datastores as `graph` shows them: once for all environments of the services that use them.
pub fn shown(datastores: &[Datastore], services: &[Service]) -> Vec<super::map::Datastore> {
    let mut out: Vec<super::map::Datastore> = Vec::new();
    // `db` of another Compose project is another server, unless the same services use it.
    let mut known: HashMap<String, Vec<usize>> = HashMap::new();
    for store in datastores {
        let mut used_by: Vec<String> =
            store.used_by.iter().filter_map(|u| services.get(u.service)).map(|s| s.name.clone()).collect();
        let role = store.role.name();
        let key = format!("{:?}", (&store.engine, &store.host, &store.database, &store.schema, role));
        let same = known.entry(key).or_default();
        let shares = |at: &&usize| out.get(**at).is_some_and(|s| s.used_by.iter().any(|name| used_by.contains(name)));
        let at = match same.iter().find(shares) {
            Some(at) => *at,
            None => {
                same.push(out.len());
                out.push(super::map::Datastore {
                    name: store.name.clone(),
                    engine: store.engine.clone(),
                    host: store.host.clone(),
                    database: store.database.clone(),
                    schema: store.schema.clone(),
                    role: role.to_string(),
                    used_by: Vec::new(),
                });
                out.len() - 1
            }
        };
        if let Some(shown) = out.get_mut(at) {
            shown.used_by.append(&mut used_by);
            shown.used_by.sort();
            shown.used_by.dedup();
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::{FileId, Span};

    fn store(host: &str, scope: &str, service: usize, environment: &str) -> Datastore {
        let place = Place::new(FileId(0), Span::default());
        Datastore {
            name: "shop".into(),
            engine: "postgres".into(),
            host: Some(host.into()),
            port: Some(5432),
            database: Some("shop".into()),
            schema: None,
            role: StoreRole::Store,
            scope: Some(scope.into()),
            used_by: vec![UsedBy {
                service,
                environment: environment.into(),
                place,
                places: Vec::new(),
                certainty: Certainty::High,
                keys: Vec::new(),
            }],
        }
    }

    #[test]
    fn the_graph_shows_a_server_of_several_environments_once() {
        let services = ["billing", "orders"].map(|name| Service { name: name.into(), ..Service::default() });
        let same = [store("db", "", 1, "default"), store("db", "deploy", 1, "prod")];
        let shown_once = shown(&same, &services);
        assert_eq!(shown_once.len(), 1);
        assert_eq!(shown_once[0].used_by, ["orders"]);
        assert_eq!(shown_once[0].role, "store");
        let apart = [store("db", "orders", 1, "default"), store("db", "billing", 0, "default")];
        assert_eq!(shown(&apart, &services).len(), 2);
        let own = [store("localhost", "", 1, ""), store("localhost", "", 0, "")];
        assert_eq!(shown(&own, &services).len(), 2);
    }
}
