//! The facts of all files joined: services, datastores, channels, calls, and how each client,
//! publisher, consumer and saga is protected.

use std::collections::HashMap;

use crate::catalog::Catalog;
use crate::extract::http::{self, BlockingCall, HttpClient};
use crate::extract::routes::{self, App, Served};
use crate::facts::probe::ProbeTarget;
use crate::files::{self, Tree, Zone};
use crate::program::{Evaluator, Program};
use crate::syntax::{FileId, Place};
pub mod compose;

/// Everything the rules look at.
#[derive(Clone, Debug, Default)]
pub struct System {
    /// The services, sorted by name.
    pub services: Vec<Service>,
    /// Which services a source file belongs to: several for a shared package, none for code that no
    /// service uses.
    pub owners: HashMap<FileId, Vec<usize>>,
    /// Outgoing HTTP.
    pub http: Vec<HttpClient>,
    /// What the HTTP servers answer.
    pub served: Served,
    /// Other calls that block the event loop.
    pub blocking: Vec<BlockingCall>,
}

/// A first-party process that the system deploys.
#[derive(Clone, Debug, Default)]
pub struct Service {
    /// Its name: the Compose service, else the package, else the folder.
    pub name: String,
    /// The folder of its code, relative, with `/`; empty for the root.
    pub root: String,
    /// The place that declares it.
    pub place: Option<Place>,
    /// Its health checks: of Compose, else of its Dockerfile.
    pub probes: Vec<Probe>,
}

/// A health check of a service.
#[derive(Clone, Debug)]
pub struct Probe {
    /// What it asks.
    pub target: ProbeTarget,
    /// Where it stands.
    pub place: Place,
}

impl System {
    /// The services that the code at a place belongs to, by name.
    pub fn services_at(&self, place: Place) -> Vec<String> {
        self.owners
            .get(&place.file)
            .map(|owners| owners.iter().filter_map(|i| self.services.get(*i)).map(|s| s.name.clone()).collect())
            .unwrap_or_default()
    }

    /// What the HTTP servers of a service answer. A route belongs to the service that holds its
    /// application; without one, to those that hold its code.
    pub fn served_by(&self, service: usize) -> Served {
        let owns = |place: Place| self.owners.get(&place.file).is_some_and(|o| o.contains(&service));
        let mine = |app: Option<&App>, place: Place| owns(app.map_or(place, |app| app.place));
        Served {
            routes: self.served.routes.iter().filter(|r| mine(r.app.as_ref(), r.place)).cloned().collect(),
            apps: self.served.apps.iter().filter(|a| owns(a.place)).cloned().collect(),
            gaps: self.served.gaps.iter().filter(|g| mine(g.app.as_ref(), g.place)).cloned().collect(),
            health: self.served.health.iter().filter(|h| owns(h.place)).cloned().collect(),
        }
    }
}

/// Joins the program and the deployment files of a tree.
pub fn build(tree: &Tree, program: &Program, catalog: &Catalog) -> System {
    let ev = Evaluator::new(program, catalog);
    let in_scope = |unit| files::zone(&program.unit(unit).path) == Zone::Production;
    let _ = tree;
    System {
        http: http::extract(&ev, &in_scope),
        blocking: http::blocking_calls(&ev, &in_scope),
        served: routes::extract(&ev, &in_scope),
        ..System::default()
    }
}
