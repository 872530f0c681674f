//! The `skillcheck` binary.

use std::process::ExitCode;

// Trees, modules and facts are many small allocations on every thread; see docs/performance.md.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    skillcheck::cli::main().into()
}
