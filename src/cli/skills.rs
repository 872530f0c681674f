//! `skillcheck skills`.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::Exit;
use super::args::{SkillsArgs, SkillsCheckArgs, SkillsCommand, TextOrJson};
use super::output::Terminal;
use crate::report::style::{RESET, severity};
use crate::report::{count, one_line};
use crate::rules::Severity;
use crate::skills::check::{self, Checked};

/// Runs the command.
pub(super) fn run(args: &SkillsArgs, terminal: &Terminal) -> Exit {
    match &args.command {
        SkillsCommand::Check(args) => check(args, terminal).unwrap_or_else(|exit| exit),
    }
}

/// Where skills are when nobody says.
const FOLDERS: [&str; 3] = ["skills", ".claude/skills", ".agents/skills"];

fn check(args: &SkillsCheckArgs, terminal: &Terminal) -> Result<Exit, Exit> {
    let usual = || FOLDERS.iter().map(PathBuf::from).find(|folder| folder.is_dir());
    let folder = args.folder.clone().or_else(usual).unwrap_or_else(|| PathBuf::from("."));
    let checked = check::check(&folder)
        .map_err(|error| terminal.error(format_args!("can't check `{}`: {error}", folder.display()), None))?;
    if checked.skills.is_empty() {
        let help = "a skill is a folder with a file `SKILL.md`";
        terminal.error(format_args!("no skill in `{}`", folder.display()), Some(help));
        return Err(Exit::Nothing);
    }
    match args.format {
        TextOrJson::Text => terminal.print(|out| text(&checked, &folder, out))?,
        TextOrJson::Json => terminal.print(|out| writeln!(out, "{:#}", as_json(&checked)))?,
    }
    let fails = checked.remarks.iter().any(|remark| remark.severity >= Severity::Warning);
    Ok(if fails { Exit::Findings } else { Exit::Clean })
}

fn text(checked: &Checked, folder: &Path, out: &mut dyn std::io::Write) -> std::io::Result<()> {
    for remark in &checked.remarks {
        let path = folder.join(&remark.path);
        let path = path.strip_prefix(".").unwrap_or(&path).display().to_string();
        let (style, word) = (severity(remark.severity), remark.severity.as_str());
        let message = one_line(&remark.message);
        writeln!(out, "{}:{}: {style}{word}[{}]{RESET} {message}", one_line(&path), remark.line, remark.check)?;
    }
    let number = |wanted| checked.remarks.iter().filter(|remark| remark.severity == wanted).count();
    let parts =
        [(Severity::Error, "error"), (Severity::Warning, "warning")].map(|(wanted, noun)| (number(wanted), noun));
    let found: Vec<String> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, noun)| count(*n, noun)).collect();
    let found = if found.is_empty() { "nothing is wrong".to_owned() } else { found.join(", ") };
    let (skills, samples) = (count(checked.skills.len(), "skill"), count(checked.samples, "code sample"));
    writeln!(out, "Checked {skills} and {samples}: {found}")
}

fn as_json(checked: &Checked) -> serde_json::Value {
    let remarks: Vec<_> = checked
        .remarks
        .iter()
        .map(|remark| {
            json!({
                "check": remark.check, "severity": remark.severity.as_str(), "message": remark.message,
                "path": remark.path, "line": remark.line,
            })
        })
        .collect();
    json!({"version": 1, "skills": checked.skills, "samples": checked.samples, "remarks": remarks})
}
