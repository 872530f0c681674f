//! The questions of `skillcheck init` on a terminal.

use std::io::{self, BufRead, Write};
use std::path::Path;

use super::Choice;
use crate::cli::args::SkillsTo;
use crate::cli::hook::Agent;

/// Asks what to set up; what the folder already uses is proposed. An empty answer takes the proposal.
///
/// # Errors
/// When the input ends or can't be read.
pub(super) fn ask(root: &Path, input: &mut dyn BufRead, out: &mut dyn Write) -> io::Result<Choice> {
    let there = |name: &str| root.join(name).exists();
    let mut yes = |question: &str, proposal: bool| confirm(question, proposal, input, out);
    let mut choice = Choice::default();
    let claude = yes("Skills for Claude Code and Copilot, in .claude/skills?", true)?;
    let others = there(".codex") || there(".gemini") || there(".cursor") || there(".agents");
    let agents = yes("Skills for Codex, Gemini CLI and Cursor, in .agents/skills?", others)?;
    choice.skills = match (claude, agents) {
        (true, true) => Some(SkillsTo::Both),
        (true, false) => Some(SkillsTo::Claude),
        (false, true) => Some(SkillsTo::Agents),
        (false, false) => None,
    };
    for (agent, name, proposal) in [
        (Agent::Claude, "Claude Code", true),
        (Agent::Codex, "Codex", there(".codex")),
        (Agent::Gemini, "Gemini CLI", there(".gemini")),
        (Agent::Cursor, "Cursor", there(".cursor")),
    ] {
        if yes(&format!("Show {name} each new finding right after the edit?"), proposal)? {
            choice.hooks.push(agent);
        }
    }
    choice.pre_commit = yes("Stop a commit with findings (pre-commit)?", true)?;
    choice.github = yes("Check pull requests on GitHub?", there(".github"))?;
    choice.gitlab = yes("Check merge requests on GitLab?", there(".gitlab-ci.yml"))?;
    choice.config = yes("Write a commented skillcheck.yaml?", true)?;
    choice.memory = yes("Name the skills in CLAUDE.md or AGENTS.md?", true)?;
    Ok(choice)
}

fn confirm(question: &str, proposal: bool, input: &mut dyn BufRead, out: &mut dyn Write) -> io::Result<bool> {
    loop {
        write!(out, "{question} [{}] ", if proposal { "Y/n" } else { "y/N" })?;
        out.flush()?;
        let mut line = String::new();
        if input.read_line(&mut line)? == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
        }
        match line.trim().to_ascii_lowercase().as_str() {
            "" => return Ok(proposal),
            "y" | "yes" => return Ok(true),
            "n" | "no" => return Ok(false),
            _ => writeln!(out, "Please answer y or n.")?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ask;
    use crate::cli::args::SkillsTo;
    use crate::cli::hook::Agent;

    #[test]
    fn an_empty_answer_takes_what_fits_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(".cursor")).unwrap();
        let mut out = Vec::new();
        let choice = ask(folder.path(), &mut "\n".repeat(11).as_bytes(), &mut out).unwrap();
        assert_eq!((choice.skills, choice.hooks), (Some(SkillsTo::Both), vec![Agent::Claude, Agent::Cursor]));
        assert!(choice.pre_commit && choice.config && choice.memory && !choice.github && !choice.gitlab);
        let told = String::from_utf8(out).unwrap();
        assert!(told.contains("Check pull requests on GitHub? [y/N] "), "{told}");
    }

    #[test]
    fn answers_count_and_nonsense_is_asked_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut out = Vec::new();
        let input = "n\nno\nN\nwhat\ny\nn\nn\nn\nyes\nn\nn\nn\n";
        let choice = ask(folder.path(), &mut input.as_bytes(), &mut out).unwrap();
        assert_eq!((choice.skills, choice.hooks, choice.github), (None, vec![Agent::Codex], true));
        assert!(ask(folder.path(), &mut "y\n".as_bytes(), &mut out).is_err(), "the input ended");
    }
}
