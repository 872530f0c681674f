//! Datastores that only the environment shows: the code reads the variable and has the driver, but the
//! way between them could not be followed.

use super::Certainty;
use super::engine;
use super::input::Deployed;
use super::resolve::Resolved;
use super::url;
use crate::catalog::store::StoreRole;
use crate::extract::stores::{Driver, VariableRead};
use crate::syntax::{FileId, Place};

/// What the variables of a service say about engines of which no use was resolved. `resolved` are the
/// uses found in the code, `reads` and `drivers` what stands in the service's files. Settings and drivers
/// that are both `shared` between services say what the system has, not which of it this service opens.
pub(super) fn from_variables(
    deployed: &Deployed,
    service: &str,
    resolved: &[Resolved],
    reads: &[&VariableRead],
    drivers: &[&Driver],
    shared: &dyn Fn(FileId) -> bool,
) -> Vec<Resolved> {
    let drives = |driver: &&&Driver, engine: &str| match &driver.engine {
        Some(own) => own == engine,
        None => engine::is_sql(engine),
    };
    let own_driver = |engine: &str| drivers.iter().any(|d| drives(&d, engine) && !shared(d.file));
    let opened = |engine: &str| {
        resolved.iter().any(|r| !shared(r.place.file) && (r.engine == Some(engine) || r.engine.is_none()))
    };
    let decides = |read: &VariableRead, engine: &str| !shared(read.place.file) || own_driver(engine) || opened(engine);
    let missing = |engine: &str| {
        let same = |r: &Resolved| r.engine == Some(engine) || (r.engine.is_none() && engine::is_sql(engine));
        !resolved.iter().any(|r| r.engine == Some(engine) && r.host.is_some())
            && (drivers.iter().any(|d| drives(&d, engine)) || resolved.iter().any(same))
    };
    let mut out: Vec<Resolved> = Vec::new();
    for read in reads {
        let Some(variable) = deployed.env.iter().rev().find(|v| v.name == read.name) else { continue };
        let text = variable.value.as_deref().unwrap_or(&variable.partial);
        let Some(location) = url::parse(text) else { continue };
        let (Some(engine), Some((host, port))) = (location.engine, location.hosts.first()) else { continue };
        if engine == "redis" || !missing(engine) || is_test(&read.name) || !decides(read, engine) {
            continue;
        }
        let found = blank(engine, variable.place, service, &[(&read.name, variable.place)], read.place);
        out.push(Resolved {
            host: Some(host.clone()),
            port: port.or_else(|| engine::default_port(engine)),
            database: location.database.clone(),
            schemas: location.schemas.clone(),
            user: location.user.clone(),
            ..found
        });
    }
    if out.is_empty() {
        out.extend(from_parts(deployed, service, reads, &missing, &decides));
    }
    out.dedup_by(|a, b| (&a.host, &a.database) == (&b.host, &b.database));
    out
}

/// `DB_HOST` and `DB_NAME`: the same word before both.
fn from_parts(
    deployed: &Deployed,
    service: &str,
    reads: &[&VariableRead],
    missing: &dyn Fn(&str) -> bool,
    decides: &dyn Fn(&VariableRead, &str) -> bool,
) -> Vec<Resolved> {
    let value = |name: &str| {
        let variable = deployed.env.iter().rev().find(|v| v.name == name)?;
        Some((variable.value.clone().filter(|v| !v.is_empty())?, variable.place))
    };
    let mut out = Vec::new();
    for read in reads.iter().filter(|r| !is_test(&r.name)) {
        let Some(prefix) = read.name.strip_suffix("HOST") else { continue };
        let Some((host, _)) = value(&read.name) else { continue };
        let name = ["NAME", "DATABASE", "DB", "DBNAME"].map(|suffix| format!("{prefix}{suffix}"));
        let name = name.iter().find_map(|n| Some((n.clone(), value(n)?)));
        let Some((variable, (database, place))) = name else { continue };
        if !reads.iter().any(|r| r.name == variable) {
            continue;
        }
        let candidates = ["postgres", "mysql", "mssql", "mongodb"];
        let named = candidates.iter().find(|e| prefix.to_ascii_lowercase().contains(&e[..2]) && missing(e));
        let only: Vec<_> = candidates.iter().filter(|e| missing(e)).collect();
        let Some(engine) = named.or(only.first().copied().filter(|_| only.len() == 1)) else { continue };
        if !decides(read, engine) {
            continue;
        }
        let port = value(&format!("{prefix}PORT")).and_then(|(p, _)| p.parse().ok());
        out.push(Resolved {
            host: Some(host.to_ascii_lowercase()),
            port: port.or_else(|| engine::default_port(engine)),
            database: Some(database),
            ..blank(engine, place, service, &[(&variable, place)], read.place)
        });
    }
    out
}

fn blank(engine: &'static str, place: Place, service: &str, variables: &[(&str, Place)], read: Place) -> Resolved {
    let mut places: Vec<(Place, String)> =
        variables.iter().map(|(name, place)| (*place, format!("`{service}` gets `{name}` here"))).collect();
    places.push((read, format!("`{service}` reads it here")));
    Resolved {
        engine: Some(engine),
        host: None,
        port: None,
        database: None,
        schemas: Vec::new(),
        user: None,
        role: StoreRole::Store,
        library: String::new(),
        place,
        places,
        certainty: Certainty::Medium,
        default_database: false,
    }
}

pub(super) fn is_test(name: &str) -> bool {
    name.to_ascii_uppercase().split('_').any(|word| word == "TEST")
}
