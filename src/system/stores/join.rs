//! Joins the uses of all services to datastores.

use std::collections::{BTreeMap, HashMap};

use super::fallback;
use super::input::{Deployed, Environments};
use super::resolve::{Resolved, resolve};
use super::spring::Spring;
use super::{Certainty, Datastore, UsedBy, is_local};
use crate::catalog::store::StoreRole;
use crate::extract::stores::{Driver, StoreUse, Stores, VariableRead};
use crate::syntax::{FileId, Place};

/// What makes two uses the same datastore.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    engine: String,
    scope: Option<String>,
    host: Option<String>,
    port: Option<u16>,
    database: Option<String>,
    schema: Option<String>,
    role: StoreRole,
    /// A file, a container of its own or an unknown host is nobody else's.
    only: Option<usize>,
}

/// The datastores of a system, sorted. `services` are the names, `owners` says which services the code
/// of a file belongs to.
pub fn join(
    stores: &Stores,
    spring: &Spring,
    services: &[String],
    owners: &HashMap<FileId, Vec<usize>>,
    environments: &Environments,
) -> Vec<Datastore> {
    let mut found: BTreeMap<Key, Vec<UsedBy>> = BTreeMap::new();
    // An API and its worker share all of their code; what more services have is shared between them.
    let mut fewest: HashMap<usize, usize> = HashMap::new();
    for of_file in owners.values() {
        for service in of_file {
            let known = fewest.entry(*service).or_insert(of_file.len());
            *known = of_file.len().min(*known);
        }
    }
    for deployed in &environments.deployed {
        let Some(name) = services.get(deployed.service) else { continue };
        let owns = |file: FileId| owners.get(&file).is_some_and(|o| o.contains(&deployed.service));
        let mine = fewest.get(&deployed.service).copied().unwrap_or(1);
        let shared = |file: FileId| owners.get(&file).is_some_and(|o| o.len() > mine);
        for resolved in of_service(stores, spring, deployed, name, &owns, &shared) {
            let Some((key, used)) = place(stores, environments, deployed, resolved, &owns) else { continue };
            let all = found.entry(key).or_default();
            match all.iter_mut().find(|u| u.service == used.service && u.environment == used.environment) {
                Some(known) => {
                    let fresh: Vec<_> = used.places.into_iter().filter(|p| !known.places.contains(p)).collect();
                    known.places.extend(fresh);
                    known.certainty = known.certainty.max(used.certainty);
                }
                None => all.push(used),
            }
        }
    }
    found
        .into_iter()
        .map(|(key, mut used_by)| {
            used_by.sort_by(|a, b| (a.service, &a.environment).cmp(&(b.service, &b.environment)));
            Datastore {
                name: name(&key),
                engine: key.engine,
                host: key.host,
                port: key.port,
                database: key.database,
                schema: key.schema,
                role: key.role,
                scope: key.scope,
                used_by,
            }
        })
        .collect()
}

fn name(key: &Key) -> String {
    match (&key.host, &key.database) {
        (_, Some(database)) if key.engine != "redis" => match &key.schema {
            Some(schema) => format!("{database}.{schema}"),
            None => database.clone(),
        },
        (Some(host), Some(database)) => format!("{host}/{database}"),
        (Some(host), None) => host.clone(),
        _ => key.engine.clone(),
    }
}

/// What a service opens in one environment.
fn of_service(
    stores: &Stores,
    spring: &Spring,
    deployed: &Deployed,
    name: &str,
    owns: &dyn Fn(FileId) -> bool,
    shared: &dyn Fn(FileId) -> bool,
) -> Vec<Resolved> {
    let own: Vec<&StoreUse> = stores.uses.iter().filter(|u| u.is_opened_by(owns)).collect();
    let mut out: Vec<Resolved> = Vec::new();
    let (spare, opened): (Vec<&StoreUse>, Vec<&StoreUse>) = own.iter().filter(|u| !u.chooses).partition(|u| u.spare);
    for used in opened {
        let variables = || used.url.iter().chain(&used.database).flat_map(|s| s.variables());
        if used.alternative && variables().any(fallback::is_test) {
            continue;
        }
        out.push(resolve(used, deployed, name));
    }
    out.extend(spring.uses(deployed).iter().map(|used| resolve(used, deployed, name)));
    let spare: Vec<Resolved> = spare.into_iter().map(|used| resolve(used, deployed, name)).collect();
    let known: Vec<_> = out.iter().map(|r| r.engine).collect();
    out.extend(spare.into_iter().filter(|r| !known.contains(&r.engine)));
    choose(&own, deployed, name, &mut out);
    let reads: Vec<&VariableRead> = stores.variables.iter().filter(|v| owns(v.place.file)).collect();
    let drivers: Vec<&Driver> = stores.drivers.iter().filter(|d| owns(d.file)).collect();
    let more = fallback::from_variables(deployed, name, &out, &reads, &drivers, shared);
    if !more.is_empty() {
        // They say where what was opened without a known address is.
        out.retain(|r| r.host.is_some() || !more.iter().any(|m| m.engine == r.engine || r.engine.is_none()));
    }
    out.extend(more);
    out.retain(|r| r.engine.is_some() && !is_in_memory(r));
    take_schema(&mut out);
    redis_roles(stores, owns, &mut out);
    out
}

/// What shared code opens by the settings of the service is what the settings say: it works in their schema.
fn take_schema(out: &mut Vec<Resolved>) {
    let address = |r: &Resolved| (r.engine, r.host.clone(), r.database.clone());
    let (plain, mut named): (Vec<Resolved>, Vec<Resolved>) = out.drain(..).partition(|r| r.schemas.is_empty());
    for resolved in plain {
        let known = resolved.host.is_some() && resolved.database.is_some();
        match named.iter_mut().find(|other| known && !other.schemas.is_empty() && address(other) == address(&resolved))
        {
            Some(other) => {
                let fresh = resolved.places.into_iter().filter(|place| !other.places.contains(place));
                let fresh: Vec<_> = fresh.collect();
                other.places.extend(fresh);
            }
            None => named.push(resolved),
        }
    }
    *out = named;
}

/// Databases that are chosen on clients which were opened elsewhere in the service.
fn choose(own: &[&StoreUse], deployed: &Deployed, name: &str, out: &mut Vec<Resolved>) {
    let chosen: Vec<Resolved> = own.iter().filter(|u| u.chooses).map(|u| resolve(u, deployed, name)).collect();
    for choice in &chosen {
        let clients: Vec<Resolved> =
            out.iter().filter(|r| r.engine == choice.engine && r.host.is_some()).cloned().collect();
        if let [client] = clients.as_slice()
            && choice.database.is_some()
        {
            let mut made = client.clone();
            made.database.clone_from(&choice.database);
            made.default_database = false;
            made.places.extend(choice.places.iter().cloned());
            made.certainty = made.certainty.min(choice.certainty);
            out.push(made);
        }
    }
    // The client's own database was not meant.
    let engines: Vec<_> = chosen.iter().filter(|c| c.database.is_some()).map(|c| c.engine).collect();
    let named: Vec<_> = out.iter().filter(|r| !r.default_database && r.database.is_some()).map(|r| r.engine).collect();
    out.retain(|r| {
        !(engines.contains(&r.engine) && named.contains(&r.engine) && (r.default_database || r.database.is_none()))
    });
}

fn is_in_memory(resolved: &Resolved) -> bool {
    let memory = |d: &str| d.contains(":memory:") || d.contains("mode=memory") || d.starts_with("mem:");
    matches!(resolved.engine, Some("sqlite" | "h2"))
        && resolved.database.as_deref().is_none_or(|d| memory(d) || d.trim_matches('/').is_empty())
}

/// Redis is a cache unless what the service writes there never expires and it has no other store.
fn redis_roles(stores: &Stores, owns: &dyn Fn(FileId) -> bool, out: &mut [Resolved]) {
    let traffic = || stores.redis.iter().filter(|t| owns(t.file));
    let lasting = traffic().any(|t| !t.lasting.is_empty()) && !traffic().any(|t| t.expires);
    let other = out.iter().any(|r| r.engine != Some("redis") && r.role == StoreRole::Store);
    for resolved in out.iter_mut().filter(|r| r.engine == Some("redis") && r.role == StoreRole::Store) {
        if !lasting || other {
            resolved.role = StoreRole::Cache;
        }
    }
}

/// The datastore of a use, and how the service uses it. Schemas that only models name count as well.
fn place(
    stores: &Stores,
    environments: &Environments,
    deployed: &Deployed,
    resolved: Resolved,
    owns: &dyn Fn(FileId) -> bool,
) -> Option<(Key, UsedBy)> {
    let engine = resolved.engine?;
    let mut certainty = resolved.certainty;
    let file = matches!(engine, "sqlite" | "h2");
    let server = match &resolved.host {
        Some(host) if !file => environments.server(deployed, host),
        _ => None,
    };
    let known = server.is_some() && resolved.database.is_some();
    let (scope, host) = match server {
        Some((scope, host)) => (scope, Some(host)),
        None => (None, resolved.host.clone()),
    };
    // In a container, its own machine is nobody else's.
    let local = host.as_deref().is_some_and(is_local);
    if local {
        certainty = Certainty::Low;
    }
    let only = (file || !known || (local && deployed.project.is_some())).then_some(deployed.service);
    let schema = schema(stores, engine, &resolved, owns);
    let keys = match engine {
        "redis" => keys(stores, owns),
        _ => Vec::new(),
    };
    let key = Key {
        engine: engine.to_string(),
        scope,
        host,
        port: resolved.port,
        database: resolved.database,
        schema,
        role: resolved.role,
        only,
    };
    let used = UsedBy {
        service: deployed.service,
        environment: if deployed.project.is_some() { deployed.environment.clone() } else { String::new() },
        place: resolved.place,
        places: resolved.places,
        certainty,
        keys,
    };
    Some((key, used))
}

fn schema(stores: &Stores, engine: &str, resolved: &Resolved, owns: &dyn Fn(FileId) -> bool) -> Option<String> {
    let mut names: Vec<&str> = resolved.schemas.iter().map(String::as_str).collect();
    if names.is_empty() && super::engine::has_schemas(engine) {
        let own = |(place, _): &&(Place, String)| owns(place.file);
        names = stores
            .schemas
            .iter()
            .filter(own)
            .map(|(_, s)| s.as_str())
            .filter(|s| !matches!(*s, "public" | "dbo" | ""))
            .collect();
    }
    names.sort_unstable();
    names.dedup();
    (!names.is_empty()).then(|| names.join(","))
}

fn keys(stores: &Stores, owns: &dyn Fn(FileId) -> bool) -> Vec<String> {
    let own = stores.redis.iter().filter(|t| owns(t.file));
    let mut keys: Vec<String> = own.flat_map(|t| t.lasting.iter().map(|(_, key)| key.clone())).collect();
    keys.sort();
    keys.dedup();
    keys
}
