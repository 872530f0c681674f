//! The subcommands, one file each.

mod args;
mod baseline;
mod breaking;
mod cache;
mod changed;
mod completions;
mod environment;
mod exit;
mod explain;
mod facts;
mod fix;
mod graph;
mod hook;
mod init;
mod lint;
mod output;
mod rules;
mod run;
mod skills;

use clap::Parser;

pub use exit::Exit;

use crate::guard;
use args::{Args, Command};
use output::Terminal;

/// Runs the command line of this process.
pub fn main() -> Exit {
    guard::install_hook();
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // Help and version are no errors; they go to standard output and end well.
            let asked = !error.use_stderr();
            let _ = error.print();
            return if asked { Exit::Clean } else { Exit::Usage };
        }
    };
    let terminal = Terminal::new(args.color.into());
    match args.command {
        Command::Lint(lint) => lint::run(&lint, &terminal),
        Command::Breaking(breaking) => breaking::run(&breaking, &terminal),
        Command::Baseline(baseline) => baseline::run(&baseline, &terminal),
        Command::Cache(cache) => cache::run(&cache, &terminal),
        Command::Rules(rules) => rules::run(&rules, &terminal),
        Command::Explain(explain) => explain::run(&explain, &terminal),
        Command::Facts(facts) => facts::run(&facts, &terminal),
        Command::Graph(graph) => graph::run(&graph, &terminal),
        Command::Hook(hook) => hook::run(&hook, &terminal),
        Command::Init(init) => init::run(&init, &terminal),
        Command::Skills(skills) => skills::run(&skills, &terminal),
        Command::Completions(completions) => completions::run(&completions, &terminal),
    }
}
