//! `skillcheck explain`.

use super::Exit;
use super::args::ExplainArgs;
use super::output::Terminal;
use crate::report::{markdown, style};
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
        terminal.print(|out| {
            for doc in &rules {
                let severity = style::severity(doc.severity);
                writeln!(
                    out,
                    "{severity}{:8}{} {}{}{}",
                    doc.severity.as_str(),
                    style::RESET,
                    style::BOLD,
                    doc.id,
                    style::RESET
                )?;
                writeln!(out, "         {}", doc.summary)?;
            }
            Ok(())
        })?;
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
