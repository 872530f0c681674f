//! `data-ownership/shared-database`

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::contexts;
use crate::catalog::store::StoreRole;
use crate::rules::{Confidence, Finding, Related, Rule, Severity, Stage};
use crate::system::stores::{Certainty, Datastore, UsedBy};
use crate::system::{Service, System};

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
    let in_container =
        |u: &&UsedBy| system.services.get(u.service).is_none_or(|s| s.dockerfile.is_some() && !s.is_started_here);
    environment.is_empty()
        && store.database.as_deref().is_some_and(contexts::is_specific)
        && !sharing.iter().any(in_container)
}

/// Services that use the same keys of a Redis.
fn shares_keys(sharing: &[&UsedBy]) -> bool {
    let mut owners: HashMap<&str, usize> = HashMap::new();
    let keys = sharing.iter().flat_map(|used| used.keys.iter().map(|key| (key.as_str(), used.service)));
    keys.filter(|(key, _)| !key.is_empty()).any(|(key, service)| *owners.entry(key).or_insert(service) != service)
}

/// One service for each bounded context: processes of one code base are one, and helpers are none.
fn representatives<'u>(system: &System, used: &[&'u UsedBy]) -> Vec<&'u UsedBy> {
    let name = |u: &UsedBy| system.services.get(u.service).map_or("", own_name);
    let mut used: Vec<&UsedBy> = used.iter().copied().filter(|u| !contexts::is_helper(name(u))).collect();
    // The shortest name is the service, longer ones are its workers.
    used.sort_by_key(|u| (name(u).len(), name(u).to_string()));
    let mut known = Contexts::default();
    used.retain(|candidate| system.services.get(candidate.service).is_some_and(|service| known.add(service)));
    used
}

/// The name of a service without the owner of its repository: `acme/billing/api` is about billing.
fn own_name(service: &Service) -> &str {
    let owner = service.repository.as_deref().and_then(|repository| repository.rsplit_once('/'));
    let below = |owner: &str| service.name.strip_prefix(owner).and_then(|rest| rest.strip_prefix('/'));
    let name = owner.and_then(|(owner, _)| below(owner)).unwrap_or(&service.name);
    // `stockmanagementapi` of Compose is spelled `StockManagementApi` where its code is.
    let folder = service.root.rsplit('/').next().unwrap_or_default();
    if folder.eq_ignore_ascii_case(name) { folder } else { name }
}

/// The bounded contexts seen so far.
#[derive(Default)]
struct Contexts<'s> {
    /// Folders of code and what stands for a code base, each in its repository.
    roots: HashSet<(Option<&'s str>, &'s str)>,
    bases: HashSet<(Option<&'s str>, &'s str)>,
    /// The folders above those of `roots`.
    above: HashSet<(Option<&'s str>, &'s str)>,
    /// What they are about; names that say nothing say so in one repository only.
    subjects: HashSet<(Option<&'s str>, BTreeSet<String>)>,
}

impl<'s> Contexts<'s> {
    /// Adds the context of a service; false when it is known.
    fn add(&mut self, service: &'s Service) -> bool {
        let repository = service.repository.as_deref();
        let root = service.root.as_str();
        let subject = contexts::subject(own_name(service));
        let subject = (repository.filter(|_| subject.is_empty()), subject);
        let base = (repository, service.code_base.as_str());
        let inside = folders_above(root).any(|folder| self.roots.contains(&(repository, folder)));
        let known = self.roots.contains(&(repository, root))
            || (!service.code_base.is_empty() && self.bases.contains(&base))
            || inside
            || self.above.contains(&(repository, root))
            || self.subjects.contains(&subject);
        if !known {
            self.roots.insert((repository, root));
            self.bases.insert(base);
            self.above.extend(folders_above(root).map(|folder| (repository, folder)));
            self.subjects.insert(subject);
        }
        !known
    }
}

/// The folders that a folder lies in, but for the root.
fn folders_above(folder: &str) -> impl Iterator<Item = &str> {
    folder.match_indices('/').map(|(at, _)| &folder[..at])
}

fn finding(system: &System, store: &Datastore, environment: &str, sharing: &[&UsedBy]) -> Finding {
    let database = store.database.as_deref().unwrap_or("");
    let host = store.host.as_deref().unwrap_or("");
    let name = |u: &UsedBy| system.services.get(u.service).map(|s| s.name.clone()).unwrap_or_default();
    let mut sharing: Vec<(String, &UsedBy)> = sharing.iter().map(|u| (name(u), *u)).collect();
    sharing.sort_by(|a, b| a.0.cmp(&b.0));
    let own_names: Vec<&str> =
        sharing.iter().map(|(_, u)| system.services.get(u.service).map_or("", own_name)).collect();
    let owner = contexts::owner(database, &own_names);
    if let Some(owner) = owner {
        // The others have to act.
        let last = sharing.remove(owner);
        sharing.push(last);
    }
    let repository = |u: &UsedBy| system.services.get(u.service).and_then(|s| s.repository.as_deref());
    let told = |(name, used): &(String, &UsedBy)| match repository(used) {
        Some(repository) if !name.starts_with(&format!("{repository}/")) => format!("`{name}` (of {repository})"),
        _ => format!("`{name}`"),
    };
    let named: Vec<String> = sharing.iter().map(told).collect();
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
        listed(&named),
        label(&store.engine)
    );
    let (first, acting) = (&sharing[0].0, sharing[0].1);
    let help = match owner {
        Some(_) => format!(
            "give `{first}` a database of its own ({}), and let it ask {} over its API or keep a copy from its events",
            another(&store.engine),
            named[named.len() - 1]
        ),
        None => format!(
            "decide who owns `{database}`; give each other service a database of its own ({}) and let it ask the owner over its API or keep a copy from its events",
            another(&store.engine)
        ),
    };
    let certainty = sharing.iter().map(|(_, u)| u.certainty).min().unwrap_or(Certainty::Low);
    // Of services of several repositories each sees the finding in its own, also the owner: it can close
    // the door.
    let here = sharing.iter().map(|(_, used)| *used).find(|used| repository(used).is_none()).unwrap_or(acting);
    let mut finding = Finding::new(&RULE, system, here.place, message)
        .why("a change of a table by one service breaks the others, and each bypasses the rules that the others enforce, so they can only be released together")
        .help(help)
        .confidence(match certainty {
            Certainty::High => Confidence::High,
            Certainty::Medium => Confidence::Medium,
            Certainty::Low => Confidence::Low,
        });
    finding.services = sharing.iter().map(|(name, _)| name.clone()).collect();
    let mut seen = HashSet::from([finding.place]);
    let places = sharing.iter().flat_map(|(_, used)| &used.places).filter(|(place, _)| seen.insert(*place));
    finding.related = places.map(|(place, text)| Related { place: *place, message: text.clone() }).collect();
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
