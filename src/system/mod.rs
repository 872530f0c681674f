//! The facts of all files joined: services, datastores, channels, calls, and how each client,
//! publisher, consumer and saga is protected.

pub mod browser;
pub mod calls;
pub mod compose;
pub mod deployment;
pub mod imports;
pub mod map;
pub mod owners;
pub mod services;
pub mod stores;

use std::collections::HashMap;

use crate::catalog::Catalog;
use crate::extract::http::{self, BlockingCall, HttpClient};
use crate::files::{self, Tree, Zone};
use crate::program::{Evaluator, Program};
use crate::syntax::{FileId, Place};

pub use services::{Service, ServiceKind};

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
    /// Other calls that block the event loop.
    pub blocking: Vec<BlockingCall>,
    /// Requests from one service to another.
    pub calls: Vec<calls::Call>,
    /// What is shown of the system besides its services and calls.
    pub map: map::SystemMap,
}

impl System {
    /// The services that the code at a place belongs to, by name.
    pub fn services_at(&self, place: Place) -> Vec<String> {
        self.owners
            .get(&place.file)
            .map(|owners| owners.iter().filter_map(|i| self.services.get(*i)).map(|s| s.name.clone()).collect())
            .unwrap_or_default()
    }
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
    let services = services::discover(tree, deployment, corrections);
    let dependencies = imports::dependencies(program);
    let browser = browser::browser(tree, deployment, program, &dependencies);
    let owners = owners::owners(tree, program, &dependencies, &services);
    let in_scope = |unit| files::zone(&program.unit(unit).path) == Zone::Production && !browser.is_browser(unit);
    let http = http::extract(&ev, &in_scope);
    let blocking = http::blocking_calls(&ev, &in_scope);
    let calls = calls::calls(&services, &owners, &http);
    let datastores = stores::find(tree, &ev, &in_scope, &services, &owners, &deployment.projects);
    System { services, owners, http, blocking, calls, datastores, map: SystemMap::default() }
}
