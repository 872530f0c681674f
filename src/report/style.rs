//! Terminal styles. They are always written; the stream strips them where they are not wanted.

use crate::rules::Severity;

/// Ends every style.
pub const RESET: &str = "\x1b[0m";
/// Headings.
pub const BOLD: &str = "\x1b[1m";
/// What matters less.
pub const DIM: &str = "\x1b[2m";
/// Code and names.
pub const CODE: &str = "\x1b[36m";
/// What to do.
pub const HELP: &str = "\x1b[32m";

/// The style of a severity.
pub fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "\x1b[1;31m",
        Severity::Warning => "\x1b[1;33m",
        Severity::Info => "\x1b[1;34m",
    }
}
