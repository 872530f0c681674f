//! `saga/missing-compensation`: a step that changes another service and is followed by a step that
//! can fail has a compensation.

use crate::extract::saga::{Chained, Style};
use crate::rules::{Confidence, Finding, Related, Rule, Severity, Stage};
use crate::system::System;

/// The rule.
pub const RULE: Rule = Rule { id: "saga/missing-compensation", severity: Severity::Error, stage: Stage::Stable, check };

fn check(system: &System, out: &mut Vec<Finding>) {
    for saga in &system.sagas {
        for (step, later) in saga.uncompensated() {
            if out.iter().any(|f| f.rule == RULE.id && f.place == step.place) {
                continue;
            }
            let message = match step.inert {
                Some(_) => format!("the compensation of step `{}` in `{}` does nothing", step.name, saga.name),
                None => format!("step `{}` of `{}` has no compensation", step.name, saga.name),
            };
            let mut related = Vec::new();
            if let Some(place) = step.inert {
                related.push(Related { place, message: "this undoes nothing".into() });
            }
            related.push(Related {
                place: later.place,
                message: format!("when `{}` fails, `{}` stays done", later.name, step.name),
            });
            out.push(Finding {
                rule: RULE.id,
                severity: RULE.severity,
                confidence: Confidence::Medium,
                services: system.services_at(step.place),
                message,
                why: format!("when `{}` fails, what `{}` changed in another service is never undone", later.name, step.name),
                help: match saga.style {
                    Style::Workflow => format!(
                        "register an activity that undoes `{}` before calling it, and run the registered ones in reverse when a later one fails",
                        step.name
                    ),
                    Style::Steps => format!(
                        "give `{}` the inverse call as its compensation (reserve and release, charge and refund), safe to repeat; if it can't be undone, make it the last step that may fail",
                        step.name
                    ),
                    Style::Machine => format!(
                        "handle the failure of `{}` (a reply that says no, a fault, a time limit) by sending the command that undoes `{}`",
                        later.name, step.name
                    ),
                    Style::StraightLine => format!(
                        "undo `{}` in the handler, in reverse order with the other compensations; if it can't be undone, make it the last step that may fail",
                        step.name
                    ),
                },
                place: step.place,
                related,
            });
        }
    }
    for chained in &system.chained {
        if !out.iter().any(|f| f.rule == RULE.id && f.place == chained.place) {
            out.push(unguarded(system, chained));
        }
    }
}

/// A function that changes one service after the other, and is called no saga.
fn unguarded(system: &System, chained: &Chained) -> Finding {
    let Chained { name, later_name, function, .. } = chained;
    let mut related =
        vec![Related { place: chained.later, message: format!("when `{later_name}` fails, `{name}` stays done") }];
    related.extend(
        chained.request.map(|place| Related { place, message: "the request that changes the other service".into() }),
    );
    Finding {
        rule: RULE.id,
        severity: RULE.severity,
        confidence: Confidence::Medium,
        services: system.services_at(chained.place),
        message: format!("`{function}` changes another service by `{name}` and has no compensation for it"),
        why: format!("when `{later_name}` fails behind it, what `{name}` changed in the other service is never undone"),
        help: format!(
            "undo `{name}` (release, refund, cancel) where `{later_name}` fails, and keep the progress so that a restart goes on from there; or make it the last step that may fail"
        ),
        place: chained.place,
        related,
    }
}
