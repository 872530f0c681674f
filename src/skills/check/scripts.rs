//! Scripts that an agent runs: it can't answer questions, and reads `--help` first.

use super::{Remark, Skill, line_at};

pub(super) fn check(skill: &Skill) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for file in skill.files.iter().filter(|file| file.starts_with("scripts/")) {
        let extension = file.rsplit_once('.').map_or("", |(_, extension)| extension);
        if !matches!(extension, "sh" | "bash" | "py" | "js" | "mjs" | "ts" | "rb" | "pl" | "") {
            continue;
        }
        let text = skill.read(file);
        if let Some((offset, call)) = question(&text, extension) {
            let message = format!("`{call}` waits for an answer that no agent gives: take an argument instead");
            remarks.push(skill.warning(file, line_at(&text, offset), "script", message));
        }
        if !text.contains("--help")
            && !["argparse", "click", "typer", "parseArgs", "commander"].iter().any(|lib| text.contains(lib))
        {
            remarks.push(skill.warning(file, 1, "script", "it knows no `--help`, which an agent reads first"));
        }
        if text.starts_with("#!") && !is_executable(&skill.folder.join(file)) {
            remarks.push(skill.warning(file, 1, "script", "it begins with `#!` and is not executable"));
        }
    }
    remarks
}

/// A call that reads an answer from a person.
fn question(text: &str, extension: &str) -> Option<(usize, &'static str)> {
    let calls: &[&'static str] = match extension {
        "py" => &["input(", "getpass("],
        "sh" | "bash" | "" => &["read -p", "read -r -p", "read -rp", "select "],
        "js" | "mjs" | "ts" => &["rl.question(", "prompt("],
        _ => &[],
    };
    calls.iter().find_map(|call| {
        let at = text.match_indices(call).map(|(at, _)| at).find(|at| {
            let before = text[..*at].chars().next_back();
            before.is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '_' | '.'))
        });
        Some((at?, call.trim_end_matches([' ', '('])))
    })
}

#[cfg(unix)]
fn is_executable(path: &std::path::Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|data| data.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(_: &std::path::Path) -> bool {
    true
}
