//! The facts of all files joined: services, datastores, channels, calls, and how each client,
//! publisher, consumer and saga is protected.

use std::collections::HashMap;

use crate::extract::http::HttpClient;
use crate::extract::saga::Saga;
use crate::syntax::{FileId, Place};

/// Everything the rules look at.
#[derive(Debug, Default)]
pub struct System {
    /// The services, sorted by name.
    pub services: Vec<Service>,
    /// Which services a source file belongs to: several for a shared package, none for code that no
    /// service uses.
    pub owners: HashMap<FileId, Vec<usize>>,
    /// Outgoing HTTP.
    pub http: Vec<HttpClient>,
    /// Sagas.
    pub sagas: Vec<Saga>,
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
