//! `skillcheck graph`.

use super::args::{GraphArgs, TextOrJson};
use super::output::Terminal;
use super::{Exit, run as shared};
use crate::report;

/// Runs the command.
pub(super) fn run(args: &GraphArgs, terminal: &Terminal) -> Exit {
    graph(args, terminal).unwrap_or_else(|exit| exit)
}

fn graph(args: &GraphArgs, terminal: &Terminal) -> Result<Exit, Exit> {
    let config = shared::configuration(&args.input, terminal)?;
    let outcome = shared::check(&args.input, config, false, terminal)?;
    terminal.print(|out| match args.format {
        TextOrJson::Text => report::graph::text(&outcome.system, &outcome.tree, out),
        TextOrJson::Json => report::graph::json(&outcome.system, &outcome.tree, out),
    })?;
    let incomplete: Vec<_> = outcome.problems.iter().filter(|problem| problem.incomplete).collect();
    terminal.complain(|out| {
        for problem in &incomplete {
            writeln!(out, "not checked: {}: {}", problem.path, problem.reason)?;
        }
        Ok(())
    });
    Ok(if incomplete.is_empty() { Exit::Clean } else { Exit::Incomplete })
}
