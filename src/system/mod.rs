//! The facts of all files joined: services, datastores, channels, calls, and how each client,
//! publisher, consumer and saga is protected.

pub mod compose;

/// Everything the rules look at.
#[derive(Clone, Debug, Default)]
pub struct System {
    /// The services, sorted by name.
    pub services: Vec<Service>,
}

/// A first-party process that the system deploys.
#[derive(Clone, Debug, Default)]
pub struct Service {
    /// Its name: the Compose service, else the package, else the folder.
    pub name: String,
    /// The folder of its code, relative, with `/`; empty for the root.
    pub root: String,
}
