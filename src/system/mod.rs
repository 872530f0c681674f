//! The facts of all files joined: services, datastores, channels, calls, and how each client,
//! publisher, consumer and saga is protected.

pub mod compose;
pub mod deployment;
pub mod services;
pub mod stores;

use std::collections::HashMap;

use crate::catalog::Catalog;
use crate::extract::http::{self, BlockingCall, HttpClient};
use crate::files::{self, Tree, Zone};
use crate::program::{Evaluator, Program};
use crate::syntax::{FileId, Place};

pub use services::{Service, ServiceKind};

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
pub fn build(tree: &Tree, program: &Program, catalog: &Catalog) -> System {
    let ev = Evaluator::new(program, catalog);
    let in_scope = |unit| files::zone(&program.unit(unit).path) == Zone::Production;
    let deployment = deployment::Deployment::read(tree);
    let services = services::discover(tree, &deployment, &[]);
    let owners = owners_by_root(tree, &services);
    let datastores = stores::find(tree, &ev, &in_scope, &services, &owners, &deployment.projects);
    System {
        http: http::extract(&ev, &in_scope),
        blocking: http::blocking_calls(&ev, &in_scope),
        services,
        owners,
        datastores,
    }
}

/// The services whose root is the deepest above a file.
fn owners_by_root(tree: &Tree, services: &[Service]) -> HashMap<FileId, Vec<usize>> {
    let mut owners: HashMap<FileId, Vec<usize>> = HashMap::new();
    for id in tree.ids() {
        let path = tree.file(id).path.as_str();
        let above = |root: &str| root.is_empty() || path.strip_prefix(root).is_some_and(|rest| rest.starts_with('/'));
        let roots = services.iter().map(|s| s.root.as_str()).filter(|root| above(root));
        let Some(deepest) = roots.max_by_key(|root| root.len()) else { continue };
        owners.insert(id, (0..services.len()).filter(|i| services[*i].root == deepest).collect());
    }
    owners
}
