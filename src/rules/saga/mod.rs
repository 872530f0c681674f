//! Rules of the `saga` skill.

pub mod missing_compensation;
pub mod swallowed_compensation_failure;
pub mod volatile_state;
