//! `lint --changed`, `--staged` and `--since`: the whole system is looked at, and what the change makes
//! worse is reported.

use super::Exit;
use super::args::LintArgs;
use super::output::Terminal;
use super::run::{self as shared, Asked, Run, Saving};
use crate::check::{Before, State};
use crate::config::Config;
use crate::files::Overlay;
use crate::findings::{Lines, blame};
use crate::git::{self, Change, Comparison};
use crate::schema::evolve::Terms;

/// What is to be compared, when that is asked for.
pub(super) fn comparison(args: &LintArgs) -> Option<Comparison> {
    match &args.since {
        Some(reference) => Some(Comparison::Since(reference.clone())),
        None if args.staged => Some(Comparison::Staged),
        None if args.changed => Some(Comparison::WorkTree),
        None => None,
    }
}

/// The tagged states since then, where the configuration asks for them.
fn older(
    reference: &str,
    args: &LintArgs,
    config: &Config,
    change: &Change,
    terminal: &Terminal,
) -> Result<Vec<(String, State)>, Exit> {
    let mut configs = [config].into_iter().chain(config.roots.iter().map(|(_, config)| config));
    match !change.is_first && configs.any(|config| config.schemas.is_transitive()) {
        true => super::breaking::older(reference, &args.input.paths, &State::Overlay(change.old.clone()), terminal),
        false => Ok(Vec::new()),
    }
}

/// Runs the check on the new state, and on the old one when that decides something.
pub(super) fn run(
    args: &LintArgs,
    config: &Config,
    asked: &Asked,
    comparison: &Comparison,
    terminal: &Terminal,
) -> Result<Run, Exit> {
    if let Some(missing) = args.input.paths.iter().find(|path| !path.exists()) {
        let message = format!("can't check `{}`: no such file or folder", missing.display());
        return Err(terminal.error(message, None));
    }
    let change = git::change(&args.input.paths, comparison).map_err(|error| terminal.error(&error, error.help()))?;
    let cache = shared::open_cache(&args.input);
    let state = |overlay: &Overlay, asked: &Asked| {
        let outcome = shared::check_state(&args.input, config.clone(), asked, overlay, &cache, terminal)?;
        Ok(shared::settle(outcome, &args.input, config, asked))
    };
    let label = match comparison {
        Comparison::Since(reference) => reference.clone(),
        _ => "the last commit".to_owned(),
    };
    let before = (!change.is_first).then(|| Before {
        state: State::Overlay(change.old.clone()),
        terms: Terms { label, today: Some(shared::today()), ..Terms::default() },
    });
    let older = match comparison {
        Comparison::Since(reference) => older(reference, args, config, &change, terminal)?,
        _ => Vec::new(),
    };
    let mut run = state(&change.new, &Asked { before, older, ..asked.clone() })?;
    if !change.is_first {
        let lines = changed_lines(&change, &run);
        blame(&mut run.settled, &lines, || state(&change.old, asked).map(|old| old.settled))?;
        forgive(&mut run, &lines);
    }
    run.saving = Saving::start(cache);
    // What is not reported here is not gone from a baseline.
    run.complete = false;
    Ok(run)
}

/// What could not be checked before either is no fault of the change.
fn forgive(run: &mut Run, lines: &Lines) {
    for problem in &mut run.outcome.problems {
        let file = problem.place.map(|place| place.file).or_else(|| run.outcome.tree.find(&problem.path));
        problem.incomplete &= file.is_none_or(|file| lines.files.contains_key(&file));
    }
    run.incomplete = run.outcome.problems.iter().any(|problem| problem.incomplete);
}

fn changed_lines(change: &Change, run: &Run) -> Lines {
    let tree = &run.outcome.tree;
    let mut lines = Lines::default();
    for id in tree.ids() {
        let file = tree.file(id);
        match change.files.get(&file.absolute) {
            Some(Some(before)) => {
                let now = match &file.content {
                    Some(content) => content.to_vec(),
                    None => std::fs::read(&file.absolute).unwrap_or_default(),
                };
                lines.files.insert(id, Some(git::changed_lines(before, &now)));
            }
            Some(None) => {
                lines.files.insert(id, None);
            }
            None => {}
        }
    }
    lines
}
