//! The rules: one small file each, `src/rules/<skill>/<rule>.rs`, registered in [`all`].
//!
//! A rule reads the [`System`] and says what is broken. It never opens a file, reads the clock, the
//! environment or the network, and never formats a path.

pub mod api_contract;
pub mod data_ownership;
pub mod event_schema;
pub mod finding;
pub mod message_queue;
pub mod names;
pub mod rest_client;
pub mod run;
pub mod saga;
pub mod service_health;

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

/// The rules that a service can break together with one of another repository.
pub const CROSS_REPOSITORY: &[&str] = &["data-ownership/shared-database"];

/// The rules that compare with an earlier state; without one they are silent.
pub const OF_A_CHANGE: &[&str] =
    &["api-contract/breaking-change", "event-schema/breaking-change", "event-schema/renamed-field"];

/// Rules, and skills all of whose rules are such, that fire on what no file of the system has: a part
/// that is written first breaks them until the other parts are there.
const OF_THE_WHOLE_SYSTEM: [&str; 11] = [
    "api-contract",
    "data-ownership",
    "event-schema/dropped-version",
    "event-schema/missing-schema",
    "event-schema/undeclared-channel",
    "event-schema/unpublished-event",
    "event-schema/unused-message",
    "message-queue/mismatched-topology",
    "message-queue/missing-dead-letter",
    "message-queue/missing-graceful-shutdown",
    "service-health",
];

/// True when a finding of the rule is only certain once all parts of a change are written. The agent hook
/// tells it when the agent wants to stop, not after the first edit.
pub fn needs_whole_system(rule: &str) -> bool {
    OF_THE_WHOLE_SYSTEM.iter().any(|selector| names::covers(selector, rule))
}

/// All rules, sorted by id.
pub fn all() -> &'static [Rule] {
    &[
        api_contract::breaking_change::RULE,
        api_contract::invalid_openapi::RULE,
        api_contract::missing_body_field::RULE,
        api_contract::missing_openapi::RULE,
        api_contract::missing_parameter::RULE,
        api_contract::stale_generated_types::RULE,
        api_contract::undocumented_route::RULE,
        api_contract::unimplemented_operation::RULE,
        api_contract::unknown_operation::RULE,
        api_contract::unversioned_api::RULE,
        data_ownership::shared_database::RULE,
        event_schema::breaking_change::RULE,
        event_schema::closed_consumer::RULE,
        event_schema::dropped_version::RULE,
        event_schema::float_money::RULE,
        event_schema::incompatible_minor_version::RULE,
        event_schema::incomplete_schema::RULE,
        event_schema::invalid_cloudevent::RULE,
        event_schema::invalid_example::RULE,
        event_schema::missing_correlation_id::RULE,
        event_schema::missing_event_id::RULE,
        event_schema::missing_schema::RULE,
        event_schema::naive_timestamp::RULE,
        event_schema::needless_version::RULE,
        event_schema::payload_mismatch::RULE,
        event_schema::present_tense_event::RULE,
        event_schema::renamed_field::RULE,
        event_schema::secret_in_event::RULE,
        event_schema::undeclared_channel::RULE,
        event_schema::unpublished_event::RULE,
        event_schema::unused_message::RULE,
        event_schema::unversioned_event::RULE,
        event_schema::upcaster_gap::RULE,
        message_queue::blocking_call_in_consumer::RULE,
        message_queue::dual_write::RULE,
        message_queue::early_acknowledgement::RULE,
        message_queue::hard_coded_broker::RULE,
        message_queue::mismatched_topology::RULE,
        message_queue::missing_dead_letter::RULE,
        message_queue::missing_graceful_shutdown::RULE,
        message_queue::missing_message_key::RULE,
        message_queue::missing_prefetch::RULE,
        message_queue::missing_reconnect::RULE,
        message_queue::non_idempotent_consumer::RULE,
        message_queue::non_idempotent_producer::RULE,
        message_queue::payload_hash_key::RULE,
        message_queue::poison_message::RULE,
        message_queue::short_polling::RULE,
        message_queue::swallowed_publish_failure::RULE,
        message_queue::transient_message::RULE,
        message_queue::unbounded_redelivery::RULE,
        message_queue::unconfirmed_publish::RULE,
        message_queue::unhandled_type::RULE,
        message_queue::unroutable_message::RULE,
        message_queue::unserializable_payload::RULE,
        rest_client::blocking_call_in_async::RULE,
        rest_client::breaker_counts_client_errors::RULE,
        rest_client::client_per_call::RULE,
        rest_client::credential_in_code::RULE,
        rest_client::hard_coded_address::RULE,
        rest_client::ignored_retry_after::RULE,
        rest_client::late_success::RULE,
        rest_client::lost_error::RULE,
        rest_client::missing_circuit_breaker::RULE,
        rest_client::missing_idempotency_key::RULE,
        rest_client::missing_retry::RULE,
        rest_client::missing_timeout::RULE,
        rest_client::pause_after_last_attempt::RULE,
        rest_client::retry_on_client_error::RULE,
        rest_client::retry_without_backoff::RULE,
        rest_client::retry_without_jitter::RULE,
        rest_client::unbounded_half_open::RULE,
        rest_client::unbounded_retry::RULE,
        rest_client::unencoded_path_parameter::RULE,
        rest_client::unsafe_retry::RULE,
        saga::ambiguous_terminal_state::RULE,
        saga::compensation_without_result::RULE,
        saga::duplicate_step_name::RULE,
        saga::event_cycle::RULE,
        saga::missing_compensation::RULE,
        saga::missing_recovery::RULE,
        saga::missing_saga_id::RULE,
        saga::missing_step_retry::RULE,
        saga::missing_step_timeout::RULE,
        saga::missing_version::RULE,
        saga::mutated_log::RULE,
        saga::overwritten_input::RULE,
        saga::saga_awaited_in_request::RULE,
        saga::shared_run_state::RULE,
        saga::step_outside_outbox::RULE,
        saga::swallowed_compensation_failure::RULE,
        saga::unchecked_reply::RULE,
        saga::uncompensated_failing_step::RULE,
        saga::uncompensated_request::RULE,
        saga::unretried_compensation::RULE,
        saga::untyped_saga_data::RULE,
        saga::volatile_state::RULE,
        service_health::missing_health_endpoint::RULE,
        service_health::probe_without_route::RULE,
    ]
}

#[cfg(test)]
mod tests {
    use super::{OF_THE_WHOLE_SYSTEM, all, names, needs_whole_system};

    #[test]
    fn every_selector_of_the_whole_system_names_a_rule() {
        for selector in OF_THE_WHOLE_SYSTEM {
            assert!(all().iter().any(|rule| names::covers(selector, rule.id)), "{selector}");
        }
        assert!(needs_whole_system("service-health/missing-health-endpoint"));
        assert!(!needs_whole_system("rest-client/missing-timeout"));
    }
}
