//! `skillcheck completions`.

use clap::CommandFactory;

use super::Exit;
use super::args::{Args, CompletionsArgs};
use super::output::Terminal;

/// Runs the command.
pub(super) fn run(args: &CompletionsArgs, terminal: &Terminal) -> Exit {
    // clap_complete panics on a writer that fails, so the script is made in memory.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "skillcheck", &mut script);
    terminal.print(|out| out.write_all(&script)).map_or_else(|exit| exit, |()| Exit::Clean)
}
