//! What could not be checked, and why.

use crate::syntax::Place;

/// A file, or a part of the run, that could not be checked. Never counted as clean.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The printed path of the file; empty when the problem concerns the whole run.
    pub path: String,
    /// Where in the file, when that is known.
    pub place: Option<Place>,
    /// Why it was not checked, without a full stop.
    pub reason: String,
    /// True when the answer of the run can't be relied on (exit code 4): a file that should have been
    /// read was not, or a rule panicked. False for what is left out on purpose and only counted.
    pub incomplete: bool,
}
