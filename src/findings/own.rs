//! The rules about suppression comments themselves. Their text is in `suppression.md`.

use crate::rules::{self, Names, Rule, Severity, Stage};

/// A suppression without a reason.
pub const MISSING_REASON: &str = "suppression/missing-reason";
/// A suppression of a rule that does not exist.
pub const UNKNOWN_RULE: &str = "suppression/unknown-rule";
/// A suppression that suppresses nothing.
pub const UNUSED: &str = "suppression/unused";
/// A suppression whose `until=` has passed.
pub const EXPIRED: &str = "suppression/expired";
/// A comment that looks like a suppression and is none.
pub const MALFORMED: &str = "suppression/malformed";

const fn rule(id: &'static str, severity: Severity) -> Rule {
    // They look at comments, not at the system: `settle` does their work.
    Rule { id, severity, stage: Stage::Stable, check: |_, _| {} }
}

static RULES: [Rule; 5] = [
    rule(EXPIRED, Severity::Warning),
    rule(MALFORMED, Severity::Error),
    rule(MISSING_REASON, Severity::Warning),
    rule(UNKNOWN_RULE, Severity::Error),
    rule(UNUSED, Severity::Warning),
];

/// The rules about suppression comments, sorted by id.
pub fn own_rules() -> &'static [Rule] {
    &RULES
}

/// Every name that configuration and the command line may use: the rules of the skills and these.
pub fn names() -> Names {
    Names::new(rules::all().iter().chain(own_rules()).map(|rule| rule.id))
}
