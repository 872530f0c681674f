//! From raw findings to what is reported: suppression, levels, fingerprints, order.

mod baseline;
mod change;
mod date;
mod fingerprint;
mod own;
mod printable;
mod scan;
mod settle;
mod sources;

pub use baseline::{BASELINE_FILE, Baseline, BaselineError, Change};
pub use change::{Lines, blame};
pub use date::Date;
pub use own::{EXPIRED, MALFORMED, MISSING_REASON, UNKNOWN_RULE, UNUSED, names, own_rules};
pub use printable::printable;
pub use scan::{Scope, Selector, Suppression, scan};
pub use settle::{Reported, Settings, Settled, allowed, settle};
pub use sources::{Position, Source, Sources};
