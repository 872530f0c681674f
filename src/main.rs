//! The `skillcheck` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    skillcheck::cli::main().into()
}
