//! Rules of the skill `saga`.

pub mod ambiguous_terminal_state;
pub mod compensation_without_result;
pub mod duplicate_step_name;
pub mod event_cycle;
pub mod missing_compensation;
pub mod missing_recovery;
pub mod missing_saga_id;
pub mod missing_step_retry;
pub mod missing_step_timeout;
pub mod missing_version;
pub mod mutated_log;
pub mod overwritten_input;
pub mod saga_awaited_in_request;
pub mod shared_run_state;
pub mod step_outside_outbox;
pub mod swallowed_compensation_failure;
pub mod unchecked_reply;
pub mod uncompensated_failing_step;
pub mod uncompensated_request;
pub mod unretried_compensation;
pub mod untyped_saga_data;
pub mod volatile_state;

use crate::rules::{Confidence, Finding, Related, Rule};
use crate::syntax::Place;
use crate::system::System;

/// What a rule about the conduct of a saga says.
struct Said {
    place: Place,
    message: String,
    why: String,
    help: String,
    related: Vec<(Place, String)>,
}

impl Said {
    /// Adds the finding, once for each place.
    fn report(self, rule: &Rule, system: &System, out: &mut Vec<Finding>) {
        if out.iter().any(|f| f.rule == rule.id && f.place == self.place) {
            return;
        }
        out.push(Finding {
            rule: rule.id,
            severity: rule.severity,
            confidence: Confidence::Medium,
            services: system.services_at(self.place),
            message: self.message,
            why: self.why,
            help: self.help,
            place: self.place,
            related: self.related.into_iter().map(|(place, message)| Related { place, message }).collect(),
        });
    }
}
