//! `skillcheck baseline`: what was there when the gate was put up.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::Exit;
use super::args::{BaselineArgs, BaselineCommand, BaselineRun};
use super::output::Terminal;
use super::run::{self as shared, Asked};
use crate::findings::{BASELINE_FILE, Baseline};
use crate::report::count;
use crate::report::style::{DIM, RESET};

/// Runs the command.
pub(super) fn run(args: &BaselineArgs, terminal: &Terminal) -> Exit {
    let result = match &args.command {
        BaselineCommand::Write(args) => change(args, terminal, false),
        BaselineCommand::Prune(args) => change(args, terminal, true),
        BaselineCommand::Show(args) => show(args.file.as_deref(), terminal),
    };
    result.unwrap_or_else(|exit| exit)
}

/// Reads a baseline that has to be right when it is there.
pub(super) fn read(path: &Path, terminal: &Terminal) -> Result<Option<Baseline>, Exit> {
    Baseline::read(path).map_err(|error| {
        let help = "restore it from version control, or write it anew: skillcheck baseline write";
        terminal.error(format_args!("the baseline `{}` {error}", shared::below_current(path)), Some(help))
    })
}

/// Runs all rules and writes the baseline: all that was found, or what is left of what was known.
fn change(args: &BaselineRun, terminal: &Terminal, pruning: bool) -> Result<Exit, Exit> {
    if let Some(part) = args.input.paths.iter().find(|path| !shared::is_whole(path)) {
        let message = format!("`{}` is a part of a repository: a baseline comes from a full run", part.display());
        return Err(
            terminal.error(message, Some("name the root of the repository, or the folder of a skillcheck.yaml"))
        );
    }
    let config = shared::configuration(&args.input, terminal)?;
    let asked = Asked { preview: args.preview, ..Asked::default() };
    let run = shared::settled(&args.input, &config, &asked, terminal)?;
    let file = place(args.file.as_deref(), &run.outcome.tree, terminal)?;
    // A baseline that can't be read may still be written anew; it can't be pruned.
    let old = match Baseline::read(&file) {
        Err(_) if !pruning => None,
        _ => read(&file, terminal)?,
    };
    if pruning && (old.is_none() || run.incomplete) {
        let name = shared::below_current(&file);
        if old.is_none() {
            return Err(
                terminal.error(format_args!("there is no baseline `{name}`"), Some("skillcheck baseline write"))
            );
        }
        tell_incomplete(&run.outcome.problems, terminal);
        terminal.error(format_args!("`{name}` is unchanged: what is gone is only known after a complete run"), None);
        return Ok(Exit::Incomplete);
    }
    let mut baseline = old.unwrap_or_default();
    let (tree, settled) = (&run.outcome.tree, &run.settled);
    let change = if pruning { baseline.prune(tree, settled) } else { baseline.replace(tree, settled) };
    baseline
        .write(&file)
        .map_err(|error| terminal.error(format_args!("can't write `{}`: {error}", file.display()), None))?;
    terminal.print(|out| {
        let name = shared::below_current(&file);
        writeln!(out, "{name}: {} ({} added, {} removed)", count(change.total, "finding"), change.added, change.removed)
    })?;
    tell_incomplete(&run.outcome.problems, terminal);
    Ok(if run.incomplete { Exit::Incomplete } else { Exit::Clean })
}

fn tell_incomplete(problems: &[crate::problem::Problem], terminal: &Terminal) {
    terminal.complain(|out| {
        for problem in problems.iter().filter(|problem| problem.incomplete) {
            writeln!(out, "not checked: {}: {}", problem.path, problem.reason)?;
        }
        Ok(())
    });
}

fn place(named: Option<&Path>, tree: &crate::files::Tree, terminal: &Terminal) -> Result<PathBuf, Exit> {
    let found = named.map(Path::to_owned).or_else(|| Baseline::place(tree));
    found.ok_or_else(|| terminal.error("there is no folder for a baseline", None))
}

/// What the baseline knows, by path and rule.
fn show(named: Option<&Path>, terminal: &Terminal) -> Result<Exit, Exit> {
    let file = match named {
        Some(file) => file.to_owned(),
        None => nearest().ok_or_else(|| {
            terminal.error(format_args!("there is no `{BASELINE_FILE}`"), Some("skillcheck baseline write"))
        })?,
    };
    let baseline = read(&file, terminal)?
        .ok_or_else(|| terminal.error(format_args!("there is no file `{}`", file.display()), None))?;
    terminal.print(|out| table(&baseline, out))?;
    Ok(Exit::Clean)
}

/// The baseline of the repository that the current folder belongs to.
fn nearest() -> Option<PathBuf> {
    let current = std::env::current_dir().ok()?;
    current.ancestors().map(|folder| folder.join(BASELINE_FILE)).find(|file| file.is_file())
}

fn table(baseline: &Baseline, out: &mut dyn Write) -> io::Result<()> {
    let mut path = "";
    for (this, rule, number) in baseline.entries() {
        if this != path {
            path = this;
            writeln!(out, "{}", crate::findings::printable(path))?;
        }
        writeln!(out, "{number:>6}  {}", crate::findings::printable(rule))?;
    }
    writeln!(out, "{DIM}Known:{RESET} {}", count(baseline.len(), "finding"))
}
