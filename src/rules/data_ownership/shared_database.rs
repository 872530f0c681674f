//! `data-ownership/shared-database`

use std::collections::{BTreeMap, BTreeSet};

use super::contexts;
use crate::catalog::store::StoreRole;
use crate::rules::{Confidence, Finding, Rule, Severity, Stage};
use crate::system::System;
use crate::system::stores::{Certainty, Datastore, UsedBy};

/// Two services with code bases of their own keep their data in the same database.
pub const RULE: Rule =
    Rule { id: "data-ownership/shared-database", severity: Severity::Error, stage: Stage::Stable, check };

/// Engines whose databases hold records. Search indexes and files are none.
const ENGINES: [&str; 11] = [
    "postgres",
    "cockroachdb",
    "mysql",
    "mssql",
    "oracle",
    "mongodb",
    "redis",
    "neo4j",
    "clickhouse",
    "cassandra",
    "dynamodb",
];

fn check(system: &System, out: &mut Vec<Finding>) {
    let mut told: BTreeSet<(String, Option<String>, Vec<String>)> = BTreeSet::new();
    for store in &system.datastores {
        let records = store.role == StoreRole::Store && ENGINES.contains(&store.engine.as_str());
        if !records || store.host.is_none() || store.database.is_none() {
            continue;
        }
        let mut environments: BTreeMap<&str, Vec<&UsedBy>> = BTreeMap::new();
        for used in &store.used_by {
            environments.entry(&used.environment).or_default().push(used);
        }
        // The environment that `docker compose up` takes first.
        let mut environments: Vec<_> = environments.into_iter().collect();
        environments.sort_by_key(|(name, _)| (*name != "default", *name));
        for (environment, used) in environments {
            let sharing = representatives(system, &used);
            if sharing.len() < 2 || (store.is_local() && !is_local_evidence(system, store, environment, &sharing)) {
                continue;
            }
            if store.engine == "redis" && !shares_keys(&sharing) {
                continue;
            }
            let finding = finding(system, store, environment, &sharing);
            if told.insert((store.engine.clone(), store.database.clone(), sorted(&finding.services))) {
                out.push(finding);
            }
        }
    }
}

fn sorted(names: &[String]) -> Vec<String> {
    let mut names = names.to_vec();
    names.sort();
    names
}

/// The name of the machine itself says something only where nothing is deployed (in a container it can't
/// be what is used), and only together with a name of a database that nobody takes by chance.
fn is_local_evidence(system: &System, store: &Datastore, environment: &str, sharing: &[&UsedBy]) -> bool {
    let in_container = |u: &&UsedBy| system.services.get(u.service).is_none_or(|s| s.dockerfile.is_some());
    environment.is_empty()
        && store.database.as_deref().is_some_and(contexts::is_specific)
        && !sharing.iter().any(in_container)
}

/// Services that use the same keys of a Redis.
fn shares_keys(sharing: &[&UsedBy]) -> bool {
    sharing
        .iter()
        .enumerate()
        .any(|(i, a)| sharing[i + 1..].iter().any(|b| a.keys.iter().any(|key| !key.is_empty() && b.keys.contains(key))))
}

/// One service for each bounded context: processes of one code base are one, and helpers are none.
fn representatives<'u>(system: &System, used: &[&'u UsedBy]) -> Vec<&'u UsedBy> {
    let name = |u: &UsedBy| system.services.get(u.service).map_or("", |s| s.name.as_str());
    let mut used: Vec<&UsedBy> = used.iter().copied().filter(|u| !contexts::is_helper(name(u))).collect();
    // The shortest name is the service, longer ones are its workers.
    used.sort_by_key(|u| (name(u).len(), name(u).to_string()));
    let mut out: Vec<&UsedBy> = Vec::new();
    for candidate in used {
        if !out.iter().any(|known| one_context(system, known.service, candidate.service)) {
            out.push(candidate);
        }
    }
    out
}

fn one_context(system: &System, a: usize, b: usize) -> bool {
    let (Some(first), Some(second)) = (system.services.get(a), system.services.get(b)) else { return true };
    let inside = |outer: &str, inner: &str| !outer.is_empty() && inner.starts_with(&format!("{outer}/"));
    a == b
        || first.root == second.root
        || (!first.code_base.is_empty() && first.code_base == second.code_base)
        || inside(&first.root, &second.root)
        || inside(&second.root, &first.root)
        || contexts::subject(&first.name) == contexts::subject(&second.name)
}

fn finding(system: &System, store: &Datastore, environment: &str, sharing: &[&UsedBy]) -> Finding {
    let database = store.database.as_deref().unwrap_or("");
    let host = store.host.as_deref().unwrap_or("");
    let name = |u: &UsedBy| system.services.get(u.service).map(|s| s.name.clone()).unwrap_or_default();
    let mut sharing: Vec<(String, &UsedBy)> = sharing.iter().map(|u| (name(u), *u)).collect();
    sharing.sort_by(|a, b| a.0.cmp(&b.0));
    let names: Vec<&str> = sharing.iter().map(|(name, _)| name.as_str()).collect();
    let owner = contexts::owner(database, &names);
    if let Some(owner) = owner {
        // The others have to act.
        let last = sharing.remove(owner);
        sharing.push(last);
    }
    let names: Vec<String> = sharing.iter().map(|(name, _)| format!("`{name}`")).collect();
    let where_ = match environment {
        "" | "default" if only_in_compose(system, store, &sharing) => " where Compose runs them".to_owned(),
        "" | "default" => String::new(),
        name => format!(" in the environment `{name}`"),
    };
    let schema = store.schema.as_ref().map(|s| format!(" with schema `{s}`")).unwrap_or_default();
    let place = match host == database {
        true => String::new(),
        false => format!(" on `{host}`"),
    };
    let message = format!(
        "{} keep their data in the same {} database `{database}`{schema}{place}{where_}",
        listed(&names),
        label(&store.engine)
    );
    let (first, acting) = (&sharing[0].0, sharing[0].1);
    let help = match owner {
        Some(_) => format!(
            "give `{first}` a database of its own ({}), and let it ask {} over its API or keep a copy from its events",
            another(&store.engine),
            names[names.len() - 1]
        ),
        None => format!(
            "decide who owns `{database}`; give each other service a database of its own ({}) and let it ask the owner over its API or keep a copy from its events",
            another(&store.engine)
        ),
    };
    let certainty = sharing.iter().map(|(_, u)| u.certainty).min().unwrap_or(Certainty::Low);
    let mut finding = Finding::new(&RULE, system, acting.place, message)
        .why("a change of a table by one service breaks the others, and each bypasses the rules that the others enforce, so they can only be released together")
        .help(help)
        .confidence(match certainty {
            Certainty::High => Confidence::High,
            Certainty::Medium => Confidence::Medium,
            Certainty::Low => Confidence::Low,
        });
    finding.services = sharing.iter().map(|(name, _)| name.clone()).collect();
    for (_, used) in &sharing {
        for (place, text) in &used.places {
            finding = finding.also(*place, text.clone());
        }
    }
    finding
}

/// True when Kubernetes runs the services as well, and does not give them the same database there.
fn only_in_compose(system: &System, store: &Datastore, sharing: &[(String, &UsedBy)]) -> bool {
    let in_cluster = |environment: &str| environment.starts_with("kubernetes") || environment.starts_with("helm");
    let deployed = |used: &UsedBy| {
        let service = system.services.get(used.service);
        service.is_some_and(|s| s.containers.iter().any(|c| c.project == crate::system::kube::PROJECT))
    };
    let shared_there = system.datastores.iter().any(|other| {
        let same = other.engine == store.engine && other.database == store.database;
        let uses = |wanted: &UsedBy| {
            other.used_by.iter().any(|used| used.service == wanted.service && in_cluster(&used.environment))
        };
        same && sharing.iter().all(|(_, used)| uses(used))
    });
    sharing.iter().all(|(_, used)| deployed(used)) && !shared_there
}

fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

fn label(engine: &str) -> &str {
    match engine {
        "postgres" => "PostgreSQL",
        "cockroachdb" => "CockroachDB",
        "mysql" => "MySQL",
        "mssql" => "SQL Server",
        "oracle" => "Oracle",
        "mongodb" => "MongoDB",
        "redis" => "Redis",
        "neo4j" => "Neo4j",
        "clickhouse" => "ClickHouse",
        "cassandra" => "Cassandra",
        "dynamodb" => "DynamoDB",
        other => other,
    }
}

/// What a database of one's own is in an engine.
fn another(engine: &str) -> &'static str {
    match engine {
        "redis" => "another number or server",
        "neo4j" => "another database or server",
        "cassandra" => "another keyspace",
        "dynamodb" => "another table",
        _ => "a second one on the same server is enough",
    }
}
