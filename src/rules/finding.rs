//! A finding: a rule broken at a place, told as what / why / what to do.

use serde::{Deserialize, Serialize};

use crate::syntax::Place;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Will hurt on a bad day.
    Warning,
    /// Loses data or takes a system down.
    Error,
}

impl Severity {
    /// The word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// How sure we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Some evidence is missing.
    Low,
    /// Resolved, but something outside the repository could change the verdict.
    Medium,
    /// Everything that decides was read.
    High,
}

impl Confidence {
    /// The word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Confidence::Low => "low",
            Confidence::Medium => "medium",
            Confidence::High => "high",
        }
    }
}

/// A rule broken at a place.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The id of the rule: `rest-client/missing-timeout`.
    pub rule: &'static str,
    /// How bad it is, before configuration changes it.
    pub severity: Severity,
    /// How sure we are.
    pub confidence: Confidence,
    /// Names of the services concerned; the first is the one that has to act. Empty when the code
    /// belongs to no service.
    pub services: Vec<String>,
    /// What is wrong; quotes the offending value; no full stop.
    pub message: String,
    /// Why it matters.
    pub why: String,
    /// What to write instead.
    pub help: String,
    /// Where.
    pub place: Place,
    /// Other places that are part of the evidence, in the order in which they are to be read.
    pub related: Vec<Related>,
}

/// A place that is part of the evidence.
#[derive(Clone, Debug, PartialEq)]
pub struct Related {
    /// Where.
    pub place: Place,
    /// What stands there.
    pub message: String,
}

impl Finding {
    /// A finding of a rule at a place, for the services whose code stands there.
    pub fn new(rule: &super::Rule, system: &crate::system::System, place: Place, message: impl Into<String>) -> Self {
        Finding {
            rule: rule.id,
            severity: rule.severity,
            confidence: Confidence::High,
            services: system.services_at(place),
            message: message.into(),
            why: String::new(),
            help: String::new(),
            place,
            related: Vec::new(),
        }
    }

    /// Says why it matters.
    #[must_use]
    pub fn why(mut self, why: impl Into<String>) -> Self {
        self.why = why.into();
        self
    }

    /// Says what to write instead.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }

    /// Lowers the confidence.
    #[must_use]
    pub fn confidence(mut self, confidence: Confidence) -> Self {
        self.confidence = confidence;
        self
    }

    /// Adds a place of evidence.
    #[must_use]
    pub fn also(mut self, place: Place, message: impl Into<String>) -> Self {
        if place != self.place && !self.related.iter().any(|r| r.place == place) {
            self.related.push(Related { place, message: message.into() });
        }
        self
    }
}
