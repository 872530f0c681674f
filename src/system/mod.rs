//! The facts of all files joined: services, datastores, channels, calls, and how each client,
//! publisher, consumer and saga is protected.

use std::collections::HashMap;

use crate::catalog::Catalog;
use crate::extract::http::{self, BlockingCall, HttpClient};
use crate::files::{self, Tree, Zone};
use crate::program::{Evaluator, Program};
use crate::syntax::{FileId, Place};
pub mod compose;
pub mod stores;

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

/// A first-party process that the system deploys.
#[derive(Clone, Debug, Default)]
pub struct Service {
    /// Its name: the Compose service, else the package, else the folder.
    pub name: String,
    /// The folder of its code, relative, with `/`; empty for the root.
    pub root: String,
    /// The place that declares it.
    pub place: Option<Place>,
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
    let _ = tree;
    System { http: http::extract(&ev, &in_scope), blocking: http::blocking_calls(&ev, &in_scope), ..System::default() }
}
