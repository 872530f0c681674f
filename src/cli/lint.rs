//! `skillcheck lint`.

use super::args::{LintArgs, Output};
use super::output::Terminal;
use super::run::{self as shared, Asked, Run};
use super::{Exit, baseline, changed, environment, fix};
use crate::check::{FileState, Outcome};
use crate::config::{Config, FailOn};
use crate::findings::{self, Baseline, Reported, Settled, Sources};
use crate::report::Report;
use crate::rules::{self, Rule, Severity, Stage};

/// Runs the command.
pub(super) fn run(args: &LintArgs, terminal: &Terminal) -> Exit {
    lint(args, terminal).unwrap_or_else(|exit| exit)
}

fn lint(args: &LintArgs, terminal: &Terminal) -> Result<Exit, Exit> {
    let only = filters(args, terminal)?;
    let outputs = outputs(&args.output, terminal)?;
    let config = shared::configuration(&args.input, terminal)?;
    // Who names a preview rule wants it to run; the filter keeps the others out.
    let named = |rule: &Rule| rule.stage == Stage::Preview && args.rule.iter().any(|name| name == rule.id);
    let preview = args.preview || rules::all().iter().any(named);
    let others = shared::others(&args.input, &args.others, terminal)?;
    let facts_only = args.others.facts_only;
    let asked =
        Asked { preview, only, min_severity: args.min_severity, others, facts_only, before: None, older: Vec::new() };
    if args.show_files {
        let outcome = shared::check(&args.input, config.clone(), &asked, terminal)?;
        return show_files(&outcome, terminal);
    }
    let mut run = reported(args, &config, &asked, terminal)?;
    if args.fix || args.diff {
        let repaired = fix::run(args, &config, &asked, &run, terminal)?;
        if repaired {
            run = reported(args, &config, &asked, terminal)?;
        }
    }
    if !args.diff {
        write(args, &outputs, &run, terminal)?;
    }
    let configured = |reported: &Reported| {
        let file = run.outcome.tree.files.get(reported.finding.place.file.0 as usize);
        file.map_or(&config, |file| config.of(file)).fail_on
    };
    Ok(exit(|reported| args.fail_on.or_else(|| configured(reported)), &run.settled, run.incomplete))
}

/// Runs everything and leaves what is to be reported.
fn reported(args: &LintArgs, config: &Config, asked: &Asked, terminal: &Terminal) -> Result<Run, Exit> {
    let mut run = match changed::comparison(args) {
        Some(comparison) => changed::run(args, config, asked, &comparison, terminal)?,
        None => shared::settled(&args.input, config, asked, terminal)?,
    };
    apply_baseline(args, asked, &mut run, terminal)?;
    run.settled.hide_below(args.min_confidence);
    Ok(run)
}

/// Takes out what the baseline knows. `--no-config` gives the same answer everywhere, so it looks for none.
fn apply_baseline(args: &LintArgs, asked: &Asked, run: &mut Run, terminal: &Terminal) -> Result<(), Exit> {
    let found = match &args.baseline {
        Some(file) => {
            let missing = || terminal.error(format_args!("there is no baseline `{}`", file.display()), None);
            Some(baseline::read(file, terminal)?.ok_or_else(missing)?)
        }
        None if args.no_baseline || args.input.no_config => None,
        None => match Baseline::place(&run.outcome.tree) {
            Some(file) => baseline::read(&file, terminal)?,
            None => None,
        },
    };
    if let Some(known) = found {
        let full = run.complete && asked.only.is_empty() && asked.min_severity == Severity::Info;
        known.apply(&run.outcome.tree, &mut run.settled, full);
    }
    Ok(())
}

/// `fail_on` is what applies to a finding.
pub(super) fn exit(fail_on: impl Fn(&Reported) -> Option<FailOn>, settled: &Settled, incomplete: bool) -> Exit {
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

/// What is written where; standard output can hold one report.
pub(super) fn outputs(asked: &[Output], terminal: &Terminal) -> Result<Vec<Output>, Exit> {
    if asked.is_empty() {
        return Ok(vec![Output { format: environment::default_format(), path: None }]);
    }
    if asked.iter().filter(|output| output.path.is_none()).count() > 1 {
        let help = "give all but one a file: --output sarif=findings.sarif";
        return Err(terminal.error("several outputs would mix on standard output", Some(help)));
    }
    Ok(asked.to_vec())
}

fn write(args: &LintArgs, outputs: &[Output], run: &Run, terminal: &Terminal) -> Result<(), Exit> {
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
    for output in outputs {
        match &output.path {
            Some(path) => terminal.save(path, |out| report.write(output.format, out))?,
            None if args.statistics && output.format.is_text() => terminal.print(|out| report.statistics(out))?,
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
            kind: 0,
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
