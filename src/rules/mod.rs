//! The rules: one small file each, `src/rules/<skill>/<rule>.rs`, registered in [`all`].
//!
//! A rule reads the [`System`] and says what is broken. It never opens a file, reads the clock, the
//! environment or the network, and never formats a path.

pub mod data_ownership;
pub mod finding;
pub mod names;
pub mod rest_client;
pub mod run;

pub use finding::{Confidence, Finding, Related, Severity};
pub use names::Names;

use crate::system::System;

/// A rule as the registry knows it. What it means, why, and how to fix it stands in its skill
/// (`skills/<skill>/references/rules.md`), nowhere else.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// `<skill>/<rule-name>`; readable, never renumbered, never reused.
    pub id: &'static str,
    /// How bad a finding is unless the configuration says otherwise.
    pub severity: Severity,
    /// Preview rules are off unless `--preview` or the configuration turns them on.
    pub stage: Stage,
    /// Looks at the system and adds findings.
    pub check: fn(&System, &mut Vec<Finding>),
}

/// Whether a rule is on by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// On by default.
    Stable,
    /// Off by default: not yet right nineteen times in twenty on real repositories.
    Preview,
}

impl Rule {
    /// The skill that teaches the rule: the part of the id before the slash.
    pub fn skill(&self) -> &'static str {
        self.id.split_once('/').map_or(self.id, |(skill, _)| skill)
    }
}

/// All rules, sorted by id.
pub fn all() -> &'static [Rule] {
    &[
        data_ownership::shared_database::RULE,
        rest_client::blocking_call_in_async::RULE,
        rest_client::hard_coded_address::RULE,
        rest_client::missing_circuit_breaker::RULE,
        rest_client::missing_idempotency_key::RULE,
        rest_client::missing_retry::RULE,
        rest_client::missing_timeout::RULE,
        rest_client::retry_without_backoff::RULE,
        rest_client::unbounded_retry::RULE,
        rest_client::unsafe_retry::RULE,
    ]
}
