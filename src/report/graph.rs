//! The system map, as JSON and as text.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};

use serde_json::{Value, json};

use super::json::of_repository;
use super::style::{BOLD, DIM, RESET};
use super::text::{count, printable};
use crate::files::Tree;
use crate::findings::Sources;
use crate::syntax::Place;
use crate::system::calls::Call;
use crate::system::map::{Endpoint, Health};
use crate::system::{Service, System};

/// Writes the map as JSON.
///
/// # Errors
/// When `out` can't be written.
pub fn json(system: &System, tree: &Tree, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &graph_json(system, tree))?;
    writeln!(out)
}

/// Writes the map for people.
///
/// # Errors
/// When `out` can't be written.
pub fn text(system: &System, tree: &Tree, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(graph_text(system, tree).as_bytes())
}

/// A service as it appears in every JSON output.
pub(super) fn service(service: &Service) -> Value {
    let value = json!({"name": service.name, "root": service.root, "kind": service.kind.name(), "languages": service.languages});
    of_repository(value, service.repository.as_deref())
}

/// Endpoints by the name of their service; under none those of code that belongs to no service.
type Endpoints<'s> = BTreeMap<Option<&'s str>, Vec<&'s Endpoint>>;

struct Map<'s> {
    tree: &'s Tree,
    sources: Sources,
    endpoints: Endpoints<'s>,
    health: HashMap<&'s str, &'s Health>,
    calls: Vec<&'s Call>,
}

impl<'s> Map<'s> {
    fn new(system: &'s System, tree: &'s Tree) -> Self {
        let map = &system.map;
        let places = map.endpoints.iter().map(|endpoint| endpoint.place);
        let places = places.chain(map.events.iter().map(|event| event.place));
        let places = places.chain(map.sagas.iter().map(|saga| saga.place));
        let places = places.chain(system.calls.iter().map(|call| call.place));
        let sources = Sources::load(tree, places.map(|place| place.file));
        let mut endpoints: Endpoints<'_> = BTreeMap::new();
        for endpoint in &map.endpoints {
            for name in &endpoint.services {
                endpoints.entry(Some(name.as_str())).or_default().push(endpoint);
            }
            if endpoint.services.is_empty() {
                endpoints.entry(None).or_default().push(endpoint);
            }
        }
        for list in endpoints.values_mut() {
            list.sort_by(|a, b| (&a.path, &a.method, a.place).cmp(&(&b.path, &b.method, b.place)));
            list.dedup();
        }
        let health = map.health.iter().map(|(service, health)| (service.as_str(), health)).collect();
        Map { tree, sources, endpoints, health, calls: sorted(&system.calls) }
    }

    fn endpoints<'m>(&'m self, service: Option<&'m str>) -> &'m [&'s Endpoint] {
        let found: Option<&Vec<_>> = match service {
            Some(service) => self.endpoints.get(&Some(service)),
            None => self.endpoints.get(&None),
        };
        found.map_or(&[], Vec::as_slice)
    }

    fn path(&self, place: Place) -> &'s str {
        match self.tree.other(place.file) {
            Some(other) => other.path.as_str(),
            None => self.tree.files.get(place.file.0 as usize).map_or("", |file| file.path.as_str()),
        }
    }

    fn line(&self, place: Place) -> usize {
        self.sources.positions(place).0.line
    }

    fn endpoint(&self, endpoint: &Endpoint) -> Value {
        self.at(json!({"method": endpoint.method, "path": endpoint.path}), endpoint.place)
    }

    /// Adds where something is.
    fn at(&self, mut value: Value, place: Place) -> Value {
        if let Some(object) = value.as_object_mut() {
            object.insert("file".to_owned(), self.path(place).into());
            object.insert("line".to_owned(), self.line(place).into());
        }
        of_repository(value, self.tree.other(place.file).map(|other| &*other.repository))
    }

    fn health(&self, name: &str) -> Value {
        self.health.get(name).map_or(Value::Null, |health| json!({"verdict": health.verdict, "path": health.path}))
    }

    fn service(&self, found: &Service) -> Value {
        let mut value = service(found);
        let endpoints: Vec<Value> = self.endpoints(Some(&found.name)).iter().map(|e| self.endpoint(e)).collect();
        if let Some(fields) = value.as_object_mut() {
            fields.insert("health".to_owned(), self.health(&found.name));
            fields.insert("endpoints".to_owned(), endpoints.into());
        }
        value
    }
}

/// The map as JSON; its keys are part of the interface.
pub fn graph_json(system: &System, tree: &Tree) -> Value {
    let map = Map::new(system, tree);
    let parts = &system.map;
    json!({
        "services": system.services.iter().map(|found| map.service(found)).collect::<Vec<_>>(),
        "datastores": sorted(&parts.datastores).into_iter().map(|store| json!({
            "name": store.name,
            "engine": store.engine,
            "host": store.host,
            "database": store.database,
            "schema": store.schema,
            "role": store.role,
            "used_by": store.used_by,
        })).collect::<Vec<_>>(),
        "brokers": sorted(&parts.brokers).into_iter().map(|broker| json!({
            "name": broker.name,
            "kind": broker.kind,
        })).collect::<Vec<_>>(),
        "channels": sorted(&parts.channels).into_iter().map(|channel| json!({
            "name": channel.name,
            "broker": channel.broker,
            "producers": channel.producers,
            "consumers": channel.consumers,
        })).collect::<Vec<_>>(),
        "calls": map.calls.iter().map(|call| map.at(json!({
            "from": call.from,
            "to": call.to,
            "method": call.method,
            "path": call.path,
        }), call.place)).collect::<Vec<_>>(),
        "events": sorted(&parts.events).into_iter().map(|event| map.at(json!({
            "name": event.name,
            "channel": event.channel,
            "producers": event.producers,
            "versioned": event.versioned,
        }), event.place)).collect::<Vec<_>>(),
        "sagas": sorted(&parts.sagas).into_iter().map(|saga| map.at(json!({
            "name": saga.name,
            "service": saga.service,
            "steps": saga.steps,
        }), saga.place)).collect::<Vec<_>>(),
        "unassigned_endpoints": map.endpoints(None).iter().map(|e| map.endpoint(e)).collect::<Vec<_>>(),
    })
}

fn sorted<T: Ord>(items: &[T]) -> Vec<&T> {
    let mut items: Vec<&T> = items.iter().collect();
    items.sort();
    items.dedup();
    items
}

/// The map for people.
pub fn graph_text(system: &System, tree: &Tree) -> String {
    let map = Map::new(system, tree);
    let parts = &system.map;
    let mut out = String::new();
    let mut line = |text: String| {
        out.push_str(&text);
        out.push('\n');
    };
    line(format!("{BOLD}{}{RESET}", count(system.services.len(), "service")));
    for service in &system.services {
        let root = if service.root.is_empty() { "." } else { &service.root };
        let languages = service.languages.join(", ");
        let separator = if languages.is_empty() { "" } else { ", " };
        let what = format!("{}{separator}{languages}", service.kind.name());
        line(format!("  {} {DIM}{} ({what}){RESET}", printable(&service.name), printable(root)));
        // The calls are sorted by who makes them.
        let first = map.calls.partition_point(|call| call.from < service.name);
        for call in map.calls[first..].iter().take_while(|call| call.from == service.name) {
            let path = call.path.as_deref().unwrap_or("");
            let request = format!("{} {path}", call.method.as_deref().unwrap_or("")).trim().to_owned();
            line(format!("    calls {} {DIM}{}{RESET}", printable(&call.to), printable(&request)));
        }
        for endpoint in map.endpoints(Some(&service.name)) {
            line(format!("    {} {}", endpoint.method, printable(&endpoint.path)));
        }
    }
    let mut part = |title: String, items: Vec<String>| {
        if !items.is_empty() {
            line(format!("{BOLD}{title}{RESET}"));
            for item in items {
                line(format!("  {}", printable(&item)));
            }
        }
    };
    let stores = sorted(&parts.datastores);
    part(
        count(stores.len(), "datastore"),
        stores
            .iter()
            .map(|s| format!("{} ({}, {}) used by {}", s.name, s.engine, s.role, s.used_by.join(", ")))
            .collect(),
    );
    let channels = sorted(&parts.channels);
    let names = |names: &[String]| if names.is_empty() { "?".to_owned() } else { names.join(", ") };
    part(
        count(channels.len(), "channel"),
        channels
            .iter()
            .map(|c| format!("{} ({}): {} -> {}", c.name, c.broker, names(&c.producers), names(&c.consumers)))
            .collect(),
    );
    let sagas = sorted(&parts.sagas);
    part(count(sagas.len(), "saga"), sagas.iter().map(|s| format!("{}: {}", s.name, s.steps.join(", "))).collect());
    let free = map.endpoints(None);
    part(
        format!("{} of no service", count(free.len(), "endpoint")),
        free.iter().map(|e| format!("{} {} {}:{}", e.method, e.path, map.path(e.place), map.line(e.place))).collect(),
    );
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::File;
    use crate::syntax::{FileId, Span};

    #[test]
    fn endpoints_are_shown_under_their_service_or_on_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let file = |path: &str, text: &str| {
            let absolute = folder.path().join(path.replace('/', "_"));
            std::fs::write(&absolute, text).unwrap();
            File { path: path.to_owned(), absolute, size: text.len() as u64, ..File::default() }
        };
        let files = vec![file("orders/main.py", "\nroute\ncall\n"), file("other.py", "route\n")];
        let tree = Tree { roots: vec![], files, others: vec![] };
        let place = |file: u32, at: usize| Place::new(FileId(file), Span::new(at, at + 5));
        let endpoint = |path: &str, place, services: &[&str]| Endpoint {
            method: "GET".into(),
            path: path.into(),
            place,
            services: services.iter().map(ToString::to_string).collect(),
        };
        let mut system = System {
            services: vec![Service { name: "orders".into(), root: "orders".into(), ..Service::default() }],
            ..System::default()
        };
        system.owners.insert(FileId(0), vec![0]);
        system.map.endpoints = vec![endpoint("/free", place(1, 0), &[]), endpoint("/orders", place(0, 1), &["orders"])];
        system.calls = vec![Call {
            from: "orders".into(),
            to: "users".into(),
            method: Some("GET".into()),
            path: Some("/users/{}".into()),
            place: place(0, 7),
            local: false,
            forwarded: false,
        }];
        let map = graph_json(&system, &tree);
        let keys: Vec<&String> = map.as_object().unwrap().keys().collect();
        let expected =
            ["services", "datastores", "brokers", "channels", "calls", "events", "sagas", "unassigned_endpoints"];
        assert_eq!(keys, expected);
        assert_eq!(
            map["services"][0]["endpoints"],
            json!([{"method": "GET", "path": "/orders", "file": "orders/main.py", "line": 2}])
        );
        assert_eq!(map["unassigned_endpoints"][0]["file"], "other.py");
        assert_eq!(
            map["calls"],
            json!([{"from": "orders", "to": "users", "method": "GET", "path": "/users/{}", "file": "orders/main.py", "line": 3}])
        );
        let text = graph_text(&system, &tree);
        assert!(text.contains("calls users") && text.contains("GET /free other.py:1"), "{text}");
    }
}
