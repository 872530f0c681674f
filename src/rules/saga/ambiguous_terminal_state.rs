//! `saga/ambiguous-terminal-state`: completed, compensated, and a compensation that failed are three states.

use super::Said;
use crate::rules::{Finding, Rule, Severity, Stage};
use crate::system::System;

/// The rule.
pub const RULE: Rule =
    Rule { id: "saga/ambiguous-terminal-state", severity: Severity::Error, stage: Stage::Preview, check };

fn check(system: &System, out: &mut Vec<Finding>) {
    let of_sagas = system.sagas.iter().map(|s| (s.place, &s.name, &s.conduct.ambiguous_end));
    let of_replies = system.reply_driven.iter().map(|s| (s.place, &s.name, &s.ambiguous_end));
    for (at, name, end) in of_sagas.chain(of_replies) {
        let Some((place, state)) = end else { continue };
        Said {
            place: *place,
            message: format!("`{state}` does not say whether `{name}` is undone"),
            why: "a saga that was rolled back and one that is stuck half done look the same: nobody knows which need a person".into(),
            help: "end in one of three states: `completed`, `compensated` (every step is undone), `compensation_failed` (a step is still done; alert)".into(),
            related: vec![(at, format!("`{name}` undoes steps"))],
        }
        .report(&RULE, system, out);
    }
}
