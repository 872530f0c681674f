//! `skillcheck graph`.

use super::Exit;
use super::args::{GraphArgs, TextOrJson};
use super::output::Terminal;
use super::run::{self as shared, Asked};
use crate::report;

/// Runs the command.
pub(super) fn run(args: &GraphArgs, terminal: &Terminal) -> Exit {
    graph(args, terminal).unwrap_or_else(|exit| exit)
}

fn graph(args: &GraphArgs, terminal: &Terminal) -> Result<Exit, Exit> {
    let config = shared::configuration(&args.input, terminal)?;
    let others = shared::others(&args.input, &args.others, terminal)?;
    let asked = Asked { others, facts_only: args.others.facts_only, ..Asked::default() };
    let outcome = shared::check(&args.input, config, &asked, terminal)?;
    terminal.print(|out| match args.format {
        TextOrJson::Text => report::graph::text(&outcome.system, &outcome.tree, out),
        TextOrJson::Json => report::graph::json(&outcome.system, &outcome.tree, out),
    })?;
    shared::complain_of_incomplete(&outcome, terminal);
    let incomplete = outcome.problems.iter().any(|problem| problem.incomplete);
    Ok(if incomplete { Exit::Incomplete } else { Exit::Clean })
}
