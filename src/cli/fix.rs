//! `lint --fix`: repairs, and the check that each of them helps.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Exit;
use super::args::LintArgs;
use super::output::Terminal;
use super::run::{self as shared, Asked, Run};
use crate::config::Config;
use crate::files::{self, Overlay};
use crate::fix::{self, Edit, Fix};
use crate::report::count;
use crate::report::style::{DIM, HELP, RESET};
use crate::syntax::FileId;

/// Repairs what can be repaired, and says whether anything was; with `--diff` nothing is written.
pub(super) fn run(
    args: &LintArgs,
    config: &Config,
    asked: &Asked,
    run: &Run,
    terminal: &Terminal,
) -> Result<bool, Exit> {
    let all = fix::plan(&run.outcome.tree, &run.outcome.system, &run.settled);
    let number = all.len();
    let mut fixes: Vec<Fix> = all.into_iter().filter(|fix| fix.is_safe || args.unsafe_fixes).collect();
    let unsafe_ones = number - fixes.len();
    let cache = shared::open_cache(&args.input);
    let check = |overlay: &Overlay| -> Result<Run, Exit> {
        let outcome = shared::check_state(&args.input, config.clone(), asked, overlay, &cache, terminal)?;
        Ok(shared::settle(outcome, &args.input, config, asked))
    };
    // All findings, also those that a baseline or a change keeps out of the report: none may come.
    let before = tally(&check(&Overlay::default())?);
    // What does not help is left out, file by file; what is left is checked again.
    let texts = loop {
        let texts = texts(run, &fixes);
        fixes.retain(|fix| texts.contains_key(&fix.file));
        if fixes.is_empty() {
            break texts;
        }
        let mut overlay = Overlay::default();
        for (file, (_, new)) in &texts {
            overlay.put(run.outcome.tree.file(*file).absolute.clone(), Arc::from(new.as_bytes()));
        }
        let failed = failures(run, &fixes, &before, &tally(&check(&overlay)?));
        if failed.is_empty() {
            break texts;
        }
        fixes.retain(|fix| !failed.contains(&fix.file));
    };
    if args.diff {
        terminal.print(|out| {
            for (file, (old, new)) in &texts {
                let path = &run.outcome.tree.file(*file).path;
                let diff = similar::TextDiff::from_lines(old.as_str(), new.as_str());
                write!(out, "{}", diff.unified_diff().header(&format!("a/{path}"), &format!("b/{path}")))?;
            }
            Ok(())
        })?;
        tell("would repair", &fixes, unsafe_ones, terminal);
        return Ok(false);
    }
    for (file, (_, new)) in &texts {
        let path = &run.outcome.tree.file(*file).absolute;
        files::write_atomic(path, new.as_bytes())
            .map_err(|error| terminal.error(format_args!("can't write `{}`: {error}", path.display()), None))?;
    }
    tell("repaired", &fixes, unsafe_ones, terminal);
    Ok(!fixes.is_empty())
}

/// The old and the new text of each file whose edits fit together.
fn texts(run: &Run, fixes: &[Fix]) -> BTreeMap<FileId, (String, String)> {
    let mut edits: BTreeMap<FileId, Vec<Edit>> = BTreeMap::new();
    for fix in fixes {
        edits.entry(fix.file).or_default().extend(fix.edits.iter().cloned());
    }
    let text = |(file, edits): (FileId, Vec<Edit>)| {
        let old = run.settled.sources.get(file)?.text();
        // A file of another encoding is not written in ours, one that changed since not overwritten.
        std::fs::read(&run.outcome.tree.file(file).absolute).ok().filter(|bytes| bytes == old.as_bytes())?;
        let new = fix::apply(old, &edits)?;
        Some((file, (old.to_owned(), new)))
    };
    edits.into_iter().filter_map(text).collect()
}

/// How many findings of each rule each file has, and what could not be checked.
struct Tally {
    findings: BTreeMap<(String, String), usize>,
    problems: BTreeSet<(String, String)>,
}

fn tally(run: &Run) -> Tally {
    let tree = &run.outcome.tree;
    let mut findings = BTreeMap::new();
    for reported in &run.settled.findings {
        let path = tree.file(reported.finding.place.file).path.clone();
        *findings.entry((path, reported.finding.rule.to_owned())).or_default() += 1;
    }
    let problems = run.outcome.problems.iter().map(|problem| (problem.path.clone(), problem.reason.clone())).collect();
    Tally { findings, problems }
}

/// The files whose repairs did not do what they should: a finding is still there, a new one came anywhere,
/// or the result can't be read.
fn failures(run: &Run, fixes: &[Fix], before: &Tally, after: &Tally) -> BTreeSet<FileId> {
    let tree = &run.outcome.tree;
    let mut repaired: BTreeMap<(String, String), usize> = BTreeMap::new();
    for fix in fixes {
        *repaired.entry((tree.file(fix.file).path.clone(), fix.rule.to_owned())).or_default() += 1;
    }
    let allowed = |key: &(String, String)| {
        let repaired = repaired.get(key).copied().unwrap_or_default();
        before.findings.get(key).copied().unwrap_or_default().saturating_sub(repaired)
    };
    let touched: BTreeSet<FileId> = fixes.iter().map(|fix| fix.file).collect();
    let mut failed = BTreeSet::new();
    let worse = after.findings.iter().filter(|(key, number)| **number > allowed(key)).map(|((path, _), _)| path);
    for path in worse.chain(after.problems.difference(&before.problems).map(|(path, _)| path)) {
        match tree.find(path).filter(|file| touched.contains(file)) {
            Some(file) => drop(failed.insert(file)),
            // Which of the repairs did it can't be told.
            None => return touched,
        }
    }
    failed
}

fn tell(what: &str, fixes: &[Fix], unsafe_ones: usize, terminal: &Terminal) {
    let files: BTreeSet<FileId> = fixes.iter().map(|fix| fix.file).collect();
    terminal.complain(|out| {
        writeln!(out, "{HELP}{what}{RESET} {} in {}", count(fixes.len(), "finding"), count(files.len(), "file"))?;
        if unsafe_ones > 0 {
            writeln!(out, "{DIM}{unsafe_ones} more with --unsafe-fixes: look at what else depends on them{RESET}")?;
        }
        Ok(())
    });
}
