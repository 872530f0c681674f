//! What is exchanged between repositories: the facts of one, exported as JSON Lines, and joined with those
//! of others.
//!
//! A thousand repositories are linted by their own pipelines; none of them has the code of the others.
//! What has to be seen together is small: services, where they keep data, what they answer, whom they
//! call, what they publish and consume. So each pipeline exports that ([`collect`], [`write`]), and
//! whoever joins ([`read`], [`join`]) adds it to a [`crate::system::System`], where rules find it
//! like what was read from code.
//!
//! The format is `schemas/facts.schema.json`: a line for the [`Header`], then one for each [`Fact`],
//! sorted. Nothing in it comes from the text of files but names, paths and addresses without their
//! credentials; where they are asked for, schemas and OpenAPI documents are in it as they are, so that others
//! can be compared with them.

mod collect;
mod documents;
mod fact;
mod join;
mod label;
mod read;
mod stores;
mod write;

pub use collect::collect;
pub use documents::{add_documents, documents};
pub use fact::{
    At, CallFact, ChannelFact, DatastoreFact, DocumentFact, EndpointFact, EventFact, Fact, Header, HealthFact,
    RequestFact, SagaFact, ServiceFact, StoreUseFact, StoreUseStep,
};
pub use join::join;
pub use label::label;
pub use read::{FactsError, Repository, gather, parse};
pub use write::write;

/// The name of the format.
pub const FORMAT: &str = "skillcheck-facts";

/// Raised when a field changes its meaning or goes away, and when there is a new kind of fact; new fields
/// don't raise it. Version 2 has documents; what has none is written as version 1, for older builds.
pub const VERSION: u32 = 2;
