//! Datastores that services of several repositories use.

use std::collections::HashMap;

use super::fact::{At, DatastoreFact};
use crate::catalog::store::StoreRole;
use crate::syntax::Place;
use crate::system::Service;
use crate::system::stores::{Certainty, Datastore, UsedBy};

/// Names of servers that every repository may have one of.
const GENERIC: [&str; 24] = [
    "db",
    "database",
    "sql",
    "pg",
    "postgres",
    "postgresql",
    "cockroachdb",
    "mysql",
    "mariadb",
    "mssql",
    "sqlserver",
    "oracle",
    "mongo",
    "mongodb",
    "redis",
    "cache",
    "neo4j",
    "clickhouse",
    "cassandra",
    "scylla",
    "dynamodb",
    "data",
    "store",
    "server",
];

/// What makes a server and a database on it the same for all repositories.
type Key = (String, String, Option<u16>, String, Option<String>, StoreRole);

/// Datastores in the making.
pub(super) struct Stores {
    all: Vec<Datastore>,
    by_key: HashMap<Key, usize>,
}

impl Stores {
    pub(super) fn new(all: Vec<Datastore>) -> Stores {
        let by_key = all.iter().enumerate().filter_map(|(at, store)| Some((key(store)?, at))).collect();
        Stores { all, by_key }
    }

    /// Adds what a repository says of a datastore. `service` and `place` look up its names and places.
    pub(super) fn add(
        &mut self,
        fact: &DatastoreFact,
        repository: &str,
        service: &dyn Fn(&str) -> Option<usize>,
        place: &dyn Fn(&At) -> Option<Place>,
    ) {
        let used_by = fact.used_by.iter().filter_map(|used| {
            Some(UsedBy {
                service: service(&used.service)?,
                environment: used.environment.clone().unwrap_or_default(),
                place: place(&used.at)?,
                places: used.way.iter().filter_map(|step| Some((place(&step.at)?, step.text.clone()))).collect(),
                certainty: match used.certainty.as_str() {
                    "high" => Certainty::High,
                    "medium" => Certainty::Medium,
                    _ => Certainty::Low,
                },
                keys: used.keys.clone(),
            })
        });
        let mut store = Datastore {
            name: fact.name.clone(),
            engine: fact.engine.clone(),
            host: fact.host.clone(),
            port: fact.port,
            database: fact.database.clone(),
            schema: fact.schema.clone(),
            role: StoreRole::ALL.into_iter().find(|role| role.name() == fact.role).unwrap_or_default(),
            scope: fact.scope.clone(),
            used_by: used_by.collect(),
        };
        let key = key(&store);
        match key.as_ref().and_then(|key| self.by_key.get(key)).and_then(|at| self.all.get_mut(*at)) {
            Some(known) => known.used_by.extend(store.used_by),
            None => {
                if let Some(key) = key {
                    self.by_key.insert(key, self.all.len());
                } else {
                    // `db` of another repository is another server.
                    store.scope = Some(format!("{repository}:{}", store.scope.unwrap_or_default()));
                }
                self.all.push(store);
            }
        }
    }

    /// The datastores. Where several repositories use one, each names its environments as it likes.
    pub(super) fn finish(self, services: &[Service]) -> Vec<Datastore> {
        let mut all = self.all;
        for store in &mut all {
            let repository = |used: &UsedBy| services.get(used.service).and_then(|s| s.repository.clone());
            let first = store.used_by.first().and_then(repository);
            if store.used_by.iter().all(|used| repository(used) == first) {
                continue;
            }
            let named = store.host.as_deref().is_some_and(|host| !host.contains('.'));
            for used in &mut store.used_by {
                used.environment = "default".to_owned();
                if named {
                    used.certainty = used.certainty.min(Certainty::Medium);
                }
            }
            store.used_by.sort_by_key(|used| used.service);
            store.used_by.dedup_by_key(|used| used.service);
        }
        all
    }
}

/// What makes a datastore the same in another repository; none when its host may mean another server there.
fn key(store: &Datastore) -> Option<Key> {
    let host = store.host.as_ref()?.to_ascii_lowercase();
    let database = store.database.clone()?;
    let open = |text: &str| text.contains(['$', '{', '}']);
    let named = || !GENERIC.contains(&host.as_str()) && !GENERIC.contains(&database.to_ascii_lowercase().as_str());
    let local = store.is_local() || host.starts_with("127.") || host.ends_with(".docker.internal");
    let means_the_same = store.scope.is_none() && !local && !open(&host) && (host.contains('.') || named());
    means_the_same.then(|| (store.engine.clone(), host, store.port, database, store.schema.clone(), store.role))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_means_the_same_elsewhere_when_its_name_is_whole_or_its_own() {
        let store = |host: &str, database: &str, scope: Option<&str>| Datastore {
            name: String::new(),
            engine: "postgres".into(),
            host: Some(host.into()),
            port: Some(5432),
            database: Some(database.into()),
            schema: None,
            role: StoreRole::Store,
            scope: scope.map(str::to_owned),
            used_by: Vec::new(),
        };
        let global = |host: &str, database: &str| key(&store(host, database, None)).is_some();
        assert!(global("shop.abc.eu-west-1.rds.amazonaws.com", "postgres"));
        assert!(global("shop-db", "shop") && global("10.0.0.7", "shop"));
        for (host, database) in [
            ("db", "shop"),
            ("postgres", "shop"),
            ("shop-db", "postgres"),
            ("localhost", "shop"),
            ("127.0.0.1", "shop"),
            ("${DB_HOST}.x", "shop"),
            ("host.docker.internal", "shop"),
        ] {
            assert!(!global(host, database), "{host} {database}");
        }
        assert!(key(&store("shop-db", "shop", Some("deploy"))).is_none(), "of one Compose project");
    }
}
