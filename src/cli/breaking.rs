//! `skillcheck breaking`: the schemas of now against those of an earlier state.

use std::path::{Path, PathBuf};

use super::args::{BreakingArgs, Others};
use super::output::Terminal;
use super::run::{self as shared, Asked, Run};
use super::{Exit, lint};
use crate::check::{Before, State};
use crate::config::FailOn;
use crate::contract::evolve::ApiEvolution;
use crate::exchange;
use crate::files::Overlay;
use crate::git::{self, Comparison};
use crate::report::Report;
use crate::rules::{self, Severity};
use crate::schema::compat::Mode;
use crate::schema::evolve::{Evolution, Terms};
use crate::schema::policy::Setting;

/// Runs the command.
pub(super) fn run(args: &BreakingArgs, terminal: &Terminal) -> Exit {
    breaking(args, terminal).unwrap_or_else(|exit| exit)
}

fn breaking(args: &BreakingArgs, terminal: &Terminal) -> Result<Exit, Exit> {
    let outputs = lint::outputs(&args.output, terminal)?;
    let config = shared::configuration(&args.input, terminal)?;
    let (state, now) = states(&args.against, &args.input.paths, terminal)?;
    let setting = Setting { mode: args.mode, model: args.model, protobuf: args.protobuf };
    let transitive = args.transitive || args.mode.is_some_and(Mode::is_transitive);
    let label = args.against.split_once("..").filter(|(old, new)| is_reference(old) && is_reference(new));
    let label = label.map_or(args.against.as_str(), |(old, _)| old).to_owned();
    let terms = Terms { label, setting, transitive, today: Some(shared::today()) };
    let configured = [&config].into_iter().chain(config.roots.iter().map(|(_, config)| config));
    let older = match transitive || configured.into_iter().any(|config| config.schemas.is_transitive()) {
        true => older(&args.against, &args.input.paths, &state, terminal)?,
        false => Vec::new(),
    };
    let asked = Asked {
        only: rules::OF_A_CHANGE.iter().map(|rule| (*rule).to_owned()).collect(),
        before: Some(Before { state, terms }),
        older,
        others: shared::others(&args.input, &Others { with: args.with.clone(), facts_only: false }, terminal)?,
        ..Asked::default()
    };
    let cache = shared::open_cache(&args.input);
    let outcome = shared::check_state(&args.input, config.clone(), &asked, &now, &cache, terminal)?;
    cache.save();
    let run = shared::settle(outcome, &args.input, &config, &asked);
    let current = std::env::current_dir().ok();
    let report = Report {
        tree: &run.outcome.tree,
        system: &run.outcome.system,
        settled: &run.settled,
        problems: &run.outcome.problems,
        stats: &run.outcome.stats,
        current_dir: current.as_deref(),
        width: terminal.width(),
        quiet: args.quiet,
    };
    for output in &outputs {
        match &output.path {
            Some(path) => terminal.save(path, |out| report.write(output.format, out))?,
            None => {
                terminal.print(|out| report.write(output.format, out))?;
                if output.format.is_text() && !args.quiet {
                    let lines = [Some(summary(&run, &args.against)), of_apis(&run, &args.against)];
                    for line in lines.into_iter().flatten() {
                        terminal.print(|out| writeln!(out, "{line}"))?;
                    }
                }
            }
        }
    }
    Ok(lint::exit(|_| Some(FailOn::Severity(Severity::Warning)), &run.settled, run.incomplete))
}

/// The earlier state, and how the later one differs from what is on disk.
fn states(against: &str, paths: &[PathBuf], terminal: &Terminal) -> Result<(State, Overlay), Exit> {
    let ask = |comparison: Comparison| {
        let change = git::change(paths, &comparison).map_err(|error| terminal.error(&error, error.help()))?;
        Ok((State::Overlay(change.old), change.new))
    };
    if let Some(missing) = paths.iter().find(|path| !path.exists()) {
        return Err(terminal.error(format_args!("can't check `{}`: no such file or folder", missing.display()), None));
    }
    if let Some((old, new)) = against.split_once("..").filter(|(old, new)| is_reference(old) && is_reference(new)) {
        return ask(Comparison::Between(old.to_owned(), new.to_owned()));
    }
    // A branch and a folder of one name: `./name` says that the folder is meant.
    match ask_quietly(against, paths) {
        Some((old, new)) => Ok((State::Overlay(old), new)),
        None if Path::new(against).is_dir() => Ok((State::Folder(PathBuf::from(against)), Overlay::default())),
        None if Path::new(against).is_file() => Ok((exported(Path::new(against), terminal)?, Overlay::default())),
        None => ask(Comparison::Since(against.to_owned())),
    }
}

/// The documents in an export of facts.
fn exported(file: &Path, terminal: &Terminal) -> Result<State, Exit> {
    let read = exchange::gather(&[file.to_owned()]).map_err(|error| terminal.error(&error, Some(&error.help)))?;
    let documents: Vec<_> = read.iter().flat_map(exchange::documents).collect();
    if documents.is_empty() {
        let help = "export them: skillcheck facts --schemas -o FILE";
        return Err(terminal.error(format_args!("there are no schemas in the facts in {}", file.display()), Some(help)));
    }
    Ok(State::Files(documents))
}

/// The tagged states between the two; a folder and an export have none.
pub(super) fn older(
    against: &str,
    paths: &[PathBuf],
    state: &State,
    terminal: &Terminal,
) -> Result<Vec<(String, State)>, Exit> {
    if !matches!(state, State::Overlay(_)) {
        return Ok(Vec::new());
    }
    let range = against.split_once("..").filter(|(old, new)| is_reference(old) && is_reference(new));
    let (from, to) = range.map_or((against, None), |(old, new)| (old, Some(new)));
    let tagged = git::tagged(paths, from, to).map_err(|error| terminal.error(&error, error.help()))?;
    Ok(tagged.into_iter().map(|(tag, overlay)| (tag, State::Overlay(overlay))).collect())
}

/// `..` is also a part of paths.
fn is_reference(name: &str) -> bool {
    !name.is_empty() && !name.starts_with(['/', '.']) && !name.ends_with('/')
}

fn ask_quietly(reference: &str, paths: &[PathBuf]) -> Option<(Overlay, Overlay)> {
    let change = git::change(paths, &Comparison::Since(reference.to_owned())).ok()?;
    Some((change.old, change.new))
}

/// What was compared and how it came out.
fn summary(run: &Run, against: &str) -> String {
    let Evolution { changed, unchanged, added, removed, unreadable, .. } = &run.outcome.system.schema_changes;
    let all_breaking = changed.iter().filter(|change| change.breaks().next().is_some()).count();
    let breaking = changed.iter().filter(|change| change.is_breaking()).count();
    let accepted = all_breaking - breaking;
    let unknown = changed.iter().filter(|c| c.breaks().next().is_none() && c.unknown().is_some()).count();
    let proved = changed.len() - all_breaking - unknown;
    let mut parts = vec![
        format!("{breaking} breaking"),
        format!("{} unknown", unknown + unreadable.len()),
        format!("{proved} compatible (proved)"),
        format!("{unchanged} unchanged"),
    ];
    if accepted > 0 {
        parts.insert(1, format!("{accepted} breaking and accepted"));
    }
    parts.extend((*added > 0).then(|| format!("{added} new")));
    parts.extend(gone(removed));
    format!("schemas against {against}: {}", parts.join(", "))
}

/// The same of OpenAPI documents; none when there are none.
fn of_apis(run: &Run, against: &str) -> Option<String> {
    let ApiEvolution { changed, unchanged, added, removed, unreadable, .. } = &run.outcome.system.api_changes;
    if changed.len() + unchanged + added + removed.len() + unreadable.len() == 0 {
        return None;
    }
    let breaking = changed.iter().filter(|change| change.is_breaking()).count();
    let accepted = changed.iter().filter(|change| !change.breaks.is_empty() && !change.is_breaking()).count();
    let unknown = changed.iter().filter(|change| change.breaks.is_empty() && !change.unknown.is_empty()).count();
    let mut parts = vec![
        format!("{breaking} breaking"),
        format!("{} unknown", unknown + unreadable.len()),
        format!("{} compatible", changed.len() - breaking - accepted - unknown),
        format!("{unchanged} unchanged"),
    ];
    if accepted > 0 {
        parts.insert(1, format!("{accepted} breaking and accepted"));
    }
    parts.extend((*added > 0).then(|| format!("{added} new")));
    parts.extend(gone(removed));
    Some(format!("OpenAPI documents against {against}: {}", parts.join(", ")))
}

/// What is not there any more.
fn gone(removed: &[(String, String)]) -> Option<String> {
    if removed.is_empty() {
        return None;
    }
    let names: Vec<String> = removed.iter().take(5).map(|(name, path)| format!("`{name}` ({path})")).collect();
    let more = removed.len().saturating_sub(5);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    Some(format!("{} gone: {}{rest}", removed.len(), names.join(", ")))
}
