//! `skillcheck lint`.

use std::path::Path;
use std::time::SystemTime;

use super::args::{LintArgs, Output};
use super::output::Terminal;
use super::{Exit, run as shared};
use crate::check::{FileState, Outcome};
use crate::config::{self, FailOn};
use crate::findings::{self, Date, Reported, Settings, Settled, Sources};
use crate::report::Report;
use crate::rules::{self, Rule, Severity, Stage};

/// Runs the command.
pub(super) fn run(args: &LintArgs, terminal: &Terminal) -> Exit {
    lint(args, terminal).unwrap_or_else(|exit| exit)
}

fn lint(args: &LintArgs, terminal: &Terminal) -> Result<Exit, Exit> {
    let only = filters(args, terminal)?;
    check_outputs(&args.output, terminal)?;
    let config = shared::configuration(&args.input, terminal)?;
    // Who names a preview rule wants it to run; the filter keeps the others out.
    let named = |rule: &Rule| rule.stage == Stage::Preview && args.rule.iter().any(|name| name == rule.id);
    let preview = args.preview || rules::all().iter().any(named);
    let others = shared::others(&args.input, &args.others, terminal)?;
    let facts_only = args.others.facts_only;
    let mut outcome = shared::check(&args.input, config.clone(), preview, others, facts_only, terminal)?;
    if args.show_files {
        return show_files(&outcome, terminal);
    }
    let incomplete = outcome.problems.iter().any(|problem| problem.incomplete);
    let all: Vec<Rule> = rules::all().iter().chain(findings::own_rules()).copied().collect();
    let also_load: Vec<_> = outcome.problems.iter().filter_map(|p| p.place).map(|place| place.file).collect();
    // One service shares nothing with itself; what it shares with those of other repositories shows there.
    let alone = !outcome.tree.others.is_empty() || outcome.system.services.len() < 2;
    let settings = Settings {
        config: &config,
        rules: &all,
        today: today(),
        preview,
        only: &only,
        min_severity: args.min_severity,
        also_load: &also_load,
        elsewhere: if alone { rules::CROSS_REPOSITORY } else { &[] },
        complete: !incomplete && args.input.paths.iter().all(|path| is_whole(path)),
    };
    let raw = std::mem::take(&mut outcome.findings);
    let settled = findings::settle(&outcome.tree, raw, &outcome.suppressions, &settings);
    write(args, &outcome, &settled, terminal)?;
    let configured = |reported: &Reported| {
        let file = outcome.tree.files.get(reported.finding.place.file.0 as usize);
        file.map_or(&config, |file| config.of(file)).fail_on
    };
    Ok(exit(|reported| args.fail_on.or_else(|| configured(reported)), &settled, incomplete))
}

/// `fail_on` is what applies to a finding.
fn exit(fail_on: impl Fn(&Reported) -> Option<FailOn>, settled: &Settled, incomplete: bool) -> Exit {
    let fails = |reported: &Reported| {
        fail_on(reported).unwrap_or(FailOn::Severity(Severity::Warning)).fails(reported.finding.severity)
    };
    if settled.findings.iter().any(fails) {
        Exit::Findings
    } else if incomplete {
        Exit::Incomplete
    } else {
        Exit::Clean
    }
}

/// `--rule` and `--skill`, which must exist.
fn filters(args: &LintArgs, terminal: &Terminal) -> Result<Vec<String>, Exit> {
    if args.rule.is_empty() && args.skill.is_empty() {
        return Ok(Vec::new());
    }
    let names = findings::names();
    let wrong_rule = args.rule.iter().find(|rule| !names.is_rule(rule)).map(|rule| ("rule", rule, names.rules()));
    let wrong_skill =
        args.skill.iter().find(|skill| !names.is_skill(skill)).map(|skill| ("skill", skill, names.skills()));
    if let Some((what, name, known)) = wrong_rule.or(wrong_skill) {
        let help = match crate::suggest::nearest(name, known.iter().copied()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "`skillcheck rules` lists the rules".to_owned(),
        };
        return Err(terminal.error(format_args!("unknown {what} `{name}`"), Some(&help)));
    }
    Ok(args.rule.iter().chain(&args.skill).cloned().collect())
}

fn check_outputs(outputs: &[Output], terminal: &Terminal) -> Result<(), Exit> {
    if outputs.iter().filter(|output| output.path.is_none()).count() > 1 {
        let help = "give all but one a file: --output sarif=findings.sarif";
        return Err(terminal.error("several outputs would mix on standard output", Some(help)));
    }
    Ok(())
}

fn write(args: &LintArgs, outcome: &Outcome, settled: &Settled, terminal: &Terminal) -> Result<(), Exit> {
    let current = std::env::current_dir().ok();
    let report = Report {
        tree: &outcome.tree,
        system: &outcome.system,
        settled,
        problems: &outcome.problems,
        stats: &outcome.stats,
        current_dir: current.as_deref(),
        width: terminal.width(),
        quiet: args.quiet,
    };
    for output in &args.output {
        match &output.path {
            Some(path) => terminal.save(path, |out| report.write(output.format, out))?,
            None => terminal.print(|out| report.write(output.format, out))?,
        }
    }
    Ok(())
}

/// `--show-files`: every file and what became of it, then what could not be checked.
fn show_files(outcome: &Outcome, terminal: &Terminal) -> Result<Exit, Exit> {
    let sources = Sources::load(&outcome.tree, outcome.problems.iter().filter_map(|p| p.place).map(|p| p.file));
    terminal.print(|out| {
        for (file, state) in outcome.tree.files.iter().zip(&outcome.states) {
            match state {
                FileState::Parsed => writeln!(out, "parsed       {}", file.path)?,
                FileState::Skipped(reason) => writeln!(out, "skipped      {}: {reason}", file.path)?,
            }
        }
        for problem in &outcome.problems {
            let at = problem.place.map(|place| sources.positions(place).0);
            let at = at.map(|at| format!(":{}:{}", at.line, at.column)).unwrap_or_default();
            writeln!(out, "not checked  {}{at}: {}", problem.path, problem.reason)?;
        }
        Ok(())
    })?;
    let incomplete = outcome.problems.iter().any(|problem| problem.incomplete);
    Ok(if incomplete { Exit::Incomplete } else { Exit::Clean })
}

/// True when no folder above the path shows that it is only a part of a repository.
fn is_whole(path: &Path) -> bool {
    let Ok(path) = path.canonicalize() else { return false };
    let marked = |folder: &Path| {
        folder.join(".git").exists() || config::FILE_NAMES.iter().any(|name| folder.join(name).is_file())
    };
    path.is_dir() && path.ancestors().find(|folder| marked(folder)).is_none_or(|folder| folder == path)
}

fn today() -> Date {
    let seconds = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    Date::from_unix_days(seconds / 86_400)
}

#[cfg(test)]
mod tests {
    use super::{Exit, Reported, exit};
    use crate::config::FailOn;
    use crate::findings::Settled;
    use crate::rules::{Confidence, Finding, Severity};
    use crate::syntax::{FileId, Place, Span};

    fn settled(severities: &[Severity]) -> Settled {
        let reported = |severity: &Severity| Reported {
            finding: Finding {
                rule: "a/b",
                severity: *severity,
                confidence: Confidence::High,
                services: vec![],
                message: String::new(),
                why: String::new(),
                help: String::new(),
                place: Place::new(FileId(0), Span::new(0, 0)),
                related: vec![],
            },
            fingerprint: String::new(),
        };
        Settled { findings: severities.iter().map(reported).collect(), ..Settled::default() }
    }

    #[test]
    fn exit_codes() {
        let warnings = settled(&[Severity::Info, Severity::Warning]);
        assert_eq!(exit(|_| None, &warnings, false), Exit::Findings);
        assert_eq!(exit(|_| None, &warnings, true), Exit::Findings, "what was found is certain");
        assert_eq!(exit(|_| None, &settled(&[Severity::Info]), false), Exit::Clean);
        assert_eq!(exit(|_| None, &settled(&[]), true), Exit::Incomplete);
        let errors_only = Some(FailOn::Severity(Severity::Error));
        assert_eq!(exit(|_| errors_only, &warnings, false), Exit::Clean);
        assert_eq!(exit(|_| Some(FailOn::Nothing), &warnings, true), Exit::Incomplete, "never clean");
    }
}
