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

use std::collections::HashMap;

use crate::extract::http::{BlockingCall, HttpClient};
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
