//! Runs the rules, each fenced: a rule that panics is reported and the others still count.

use rayon::prelude::*;

use super::{Finding, Rule};
use crate::guard;
use crate::problem::Problem;
use crate::system::System;

/// Runs every rule that `enabled` admits. The findings come in the order of the rules; a panic
/// becomes a problem that makes the run incomplete.
pub fn run(system: &System, enabled: impl Fn(&Rule) -> bool + Sync) -> (Vec<Finding>, Vec<Problem>) {
    run_rules(super::all(), system, enabled)
}

/// [`run`] over the given rules.
pub fn run_rules(
    rules: &[Rule],
    system: &System,
    enabled: impl Fn(&Rule) -> bool + Sync,
) -> (Vec<Finding>, Vec<Problem>) {
    let results: Vec<_> = rules
        .par_iter()
        .filter(|rule| enabled(rule))
        .map(|rule| {
            guard::catch(|| {
                let mut findings = Vec::new();
                (rule.check)(system, &mut findings);
                findings
            })
            .map_err(|cause| Problem {
                path: String::new(),
                place: None,
                reason: format!("the rule `{}` panicked: {cause}", rule.id),
                incomplete: true,
            })
        })
        .collect();
    let (mut findings, mut problems) = (Vec::new(), Vec::new());
    for result in results {
        match result {
            Ok(found) => findings.extend(found),
            Err(problem) => problems.push(problem),
        }
    }
    (findings, problems)
}

#[cfg(test)]
mod tests {
    use super::run_rules;
    use crate::rules::{Confidence, Finding, Rule, Severity, Stage};
    use crate::syntax::{FileId, Place, Span};
    use crate::system::System;

    fn one(_: &System, out: &mut Vec<Finding>) {
        out.push(Finding {
            rule: "a/one",
            severity: Severity::Error,
            confidence: Confidence::High,
            services: vec![],
            message: "m".into(),
            why: "w".into(),
            help: "h".into(),
            place: Place::new(FileId(0), Span::new(0, 1)),
            related: vec![],
        });
    }

    fn broken(_: &System, _: &mut Vec<Finding>) {
        panic!("no such service")
    }

    #[test]
    fn a_panic_in_one_rule_is_a_problem_and_the_others_still_count() {
        let rule = |id, check| Rule { id, severity: Severity::Error, stage: Stage::Stable, check };
        let rules = [rule("a/broken", broken), rule("a/off", broken), rule("a/one", one)];
        let (findings, problems) = run_rules(&rules, &System::default(), |r| r.id != "a/off");
        assert_eq!(findings.len(), 1);
        assert_eq!(problems.len(), 1);
        assert!(problems[0].incomplete);
        assert!(problems[0].reason.starts_with("the rule `a/broken` panicked: no such service"));
    }
}
