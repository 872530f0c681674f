//! What a call does: the typed uses (HTTP clients, publishers, consumers, routes, datastores, sagas)
//! found by matching the program against the catalog.
//!
//! Extractors read the program through an [`crate::program::Evaluator`] and the catalog; they know
//! nothing of services or rules. Each use says where it stands and what is known about how it is
//! protected; what could not be resolved is said too.

mod attached;
pub mod broker;
mod builds;
pub(crate) mod channels;
pub mod consume;
pub mod hash;
pub mod http;
pub mod patterns;
pub mod publish;
pub mod routes;
pub mod saga;
pub mod settings;
pub mod stores;
pub mod upcast;

use crate::syntax::Place;

/// A property of a use: three values, not two.
#[derive(Clone, Debug, PartialEq)]
pub enum Presence {
    /// It is there; the place is the evidence.
    Present(Place),
    /// A library or framework does it without being told.
    Default,
    /// It is not there, and nothing that could provide it was left unread.
    Absent,
    /// It could not be decided; the text says why.
    Unknown(String),
}

impl Presence {
    /// True for [`Presence::Absent`].
    pub fn is_absent(&self) -> bool {
        matches!(self, Presence::Absent)
    }

    /// True for [`Presence::Present`] and [`Presence::Default`].
    pub fn is_present(&self) -> bool {
        matches!(self, Presence::Present(_) | Presence::Default)
    }
}
