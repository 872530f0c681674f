//! `skillcheck explain`.

use super::Exit;
use super::args::ExplainArgs;
use super::output::Terminal;
use crate::report::{self, markdown};
use crate::{skills, suggest};

/// Runs the command.
pub(super) fn run(args: &ExplainArgs, terminal: &Terminal) -> Exit {
    explain(args.rule.trim(), terminal).unwrap_or_else(|exit| exit)
}

fn explain(name: &str, terminal: &Terminal) -> Result<Exit, Exit> {
    if let Some(doc) = skills::doc(name) {
        terminal.print(|out| write!(out, "{}", markdown::render(&doc.markdown, terminal.width())))?;
        return Ok(Exit::Clean);
    }
    let rules = skills::of_skill(name);
    if !rules.is_empty() {
        terminal.print(|out| report::rules::skill(&rules, terminal.width(), out))?;
        return Ok(Exit::Clean);
    }
    let docs: Vec<_> = skills::docs().into_iter().chain(skills::of_skill("suppression")).collect();
    let names = docs.iter().map(|doc| doc.id.as_str()).chain(skills::skills()).chain(["suppression"]);
    let help = match suggest::nearest(name, names) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "`skillcheck rules` lists the rules".to_owned(),
    };
    Err(terminal.error(format_args!("no rule or skill `{name}`"), Some(&help)))
}
