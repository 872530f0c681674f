//! Exit codes.

use std::process::ExitCode;

/// What the exit code says. A run that has findings at or above `--fail-on` and is incomplete too
/// exits with 1: what was found is certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// 0: everything was checked, nothing at or above `--fail-on`.
    Clean = 0,
    /// 1: findings at or above `--fail-on`.
    Findings = 1,
    /// 2: wrong arguments, a wrong configuration, a path that does not exist.
    Usage = 2,
    /// 3: there is nothing to check.
    Nothing = 3,
    /// 4: something could not be read or parsed, or a rule panicked.
    Incomplete = 4,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}
