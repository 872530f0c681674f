//! `skillcheck init`: the skills, the hooks and the gate into a repository, and out of it again.

mod ask;
mod ci;
mod diff;
mod hooks;
mod json_edit;
mod memory;
mod plan;
mod yaml_list;

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use super::Exit;
use super::args::{InitArgs, SkillsTo};
use super::hook::Agent;
use super::output::Terminal;
use crate::config::FILE_NAMES;
use crate::report::count;
use crate::skills;
use plan::{Change, Fault, What};

/// The configuration that is written: everything in it is a comment, so it changes nothing.
const TEMPLATE: &str = include_str!("templates/skillcheck.yaml");

/// What to set up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Choice {
    skills: Option<SkillsTo>,
    /// Another folder for the skills.
    to: Option<PathBuf>,
    hooks: Vec<Agent>,
    pre_commit: bool,
    github: bool,
    gitlab: bool,
    config: bool,
    memory: bool,
}

impl Choice {
    fn of(args: &InitArgs) -> Self {
        Choice {
            skills: args.skills,
            to: args.to.clone(),
            hooks: args.hooks.clone(),
            pre_commit: args.pre_commit,
            github: args.github,
            gitlab: args.gitlab,
            config: args.config,
            memory: args.memory,
        }
    }

    /// What `init` sets up when nobody says and nobody can be asked.
    fn usual() -> Self {
        Choice { skills: Some(SkillsTo::Claude), config: true, ..Choice::default() }
    }

    fn everything() -> Self {
        Choice {
            skills: Some(SkillsTo::Both),
            to: None,
            hooks: vec![Agent::Claude, Agent::Codex, Agent::Gemini, Agent::Cursor],
            pre_commit: true,
            github: true,
            gitlab: true,
            config: true,
            memory: true,
        }
    }

    /// The folders of the skills.
    fn folders(&self) -> Vec<PathBuf> {
        let claude = matches!(self.skills, Some(SkillsTo::Claude | SkillsTo::Both)).then_some(".claude/skills");
        let agents = matches!(self.skills, Some(SkillsTo::Agents | SkillsTo::Both)).then_some(".agents/skills");
        claude.into_iter().chain(agents).map(PathBuf::from).chain(self.to.clone()).collect()
    }
}

/// Runs the command.
pub(super) fn run(args: &InitArgs, terminal: &Terminal) -> Exit {
    init(args, terminal).unwrap_or_else(|exit| exit)
}

fn init(args: &InitArgs, terminal: &Terminal) -> Result<Exit, Exit> {
    let mut choice = choose(args, terminal)?;
    choice.config &= !args.no_config;
    let fault = |fault: Fault, help: &str| {
        terminal.error(format_args!("can't set up `{}`: {}", fault.path.display(), fault.reason), Some(help))
    };
    let (folders, others) = plan(&choice, args).map_err(|found| fault(found, "nothing was changed"))?;
    if args.dry_run {
        terminal.print(|out| show(folders.values().flatten().chain(&others), out))?;
        return Ok(Exit::Clean);
    }
    for change in folders.values().flatten().chain(&others) {
        change.apply().map_err(|found| fault(found, "run it again afterwards; what is done is not done twice"))?;
    }
    terminal.print(|out| tell(&folders, &others, &choice, args.remove, out))?;
    Ok(Exit::Clean)
}

/// What the flags say; on a terminal without flags what the user says.
fn choose(args: &InitArgs, terminal: &Terminal) -> Result<Choice, Exit> {
    let named = Choice::of(args);
    if named != Choice::default() {
        return Ok(named);
    }
    if args.remove {
        return Ok(Choice::everything());
    }
    if args.yes || args.no_config || !(io::stdin().is_terminal() && io::stdout().is_terminal()) {
        return Ok(Choice::usual());
    }
    let asked = ask::ask(Path::new("."), &mut io::stdin().lock(), &mut io::stdout());
    asked.map_err(|_| terminal.error("no answer, so nothing was changed", Some("`skillcheck init --help` lists flags")))
}

type Folders = BTreeMap<PathBuf, Vec<Change>>;

/// Everything that is going to happen: the files of each folder of skills, and the others.
fn plan(choice: &Choice, args: &InitArgs) -> Result<(Folders, Vec<Change>), Fault> {
    let mut folders = Folders::new();
    for folder in choice.folders() {
        let files = skills::files();
        let own = |file: &skills::PackFile| Change::own(&folder.join(file.path), file.bytes, args.remove, args.force);
        let changes = files.iter().map(own).collect::<Result<_, _>>()?;
        folders.insert(folder, changes);
    }
    let mut others = Vec::new();
    if choice.config {
        others.push(config(args.remove)?);
    }
    for agent in &choice.hooks {
        others.push(hooks::change(*agent, args.remove)?);
    }
    if choice.memory {
        let for_claude = choice.hooks.contains(&Agent::Claude)
            || matches!(choice.skills, Some(SkillsTo::Claude | SkillsTo::Both))
            || (choice.hooks.is_empty() && choice.skills.is_none());
        others.push(memory::change(for_claude, args.remove)?);
    }
    if choice.pre_commit {
        others.push(ci::pre_commit(args.remove)?);
    }
    if choice.github {
        others.extend(ci::github(args.remove, args.force)?);
    }
    if choice.gitlab {
        others.extend(ci::gitlab(args.remove, args.force)?);
    }
    Ok((folders, others))
}

/// The configuration: written when there is none, removed when nobody wrote into it.
fn config(remove: bool) -> Result<Change, Fault> {
    let existing = FILE_NAMES.iter().map(Path::new).find(|path| path.exists());
    let path = existing.unwrap_or(Path::new(FILE_NAMES[0]));
    let mut change = Change::own(path, TEMPLATE.as_bytes(), remove, false)?;
    if let What::Keep(why) = &mut change.what {
        *why = if remove { "it was changed" } else { "a configuration is never overwritten" }.to_owned();
    }
    Ok(change)
}

/// `--dry-run`.
fn show<'c>(changes: impl Iterator<Item = &'c Change>, out: &mut dyn Write) -> io::Result<()> {
    for change in changes {
        let name = change.path.display().to_string().replace('\\', "/");
        if let What::Keep(why) = &change.what {
            writeln!(out, "kept         {name} ({why})")?;
            continue;
        }
        let text = |bytes: Option<&[u8]>| bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        diff::write(&name, text(change.before.as_deref()).as_deref(), text(change.after()).as_deref(), out)?;
    }
    Ok(())
}

fn tell(folders: &Folders, others: &[Change], choice: &Choice, removed: bool, out: &mut dyn Write) -> io::Result<()> {
    for (folder, changes) in folders {
        let number = |what: fn(&What) -> bool| changes.iter().filter(|change| what(&change.what)).count();
        if removed {
            let gone = number(|what| *what == What::Remove);
            if gone > 0 {
                writeln!(out, "{} removed from {}", count(gone, "file"), folder.display())?;
            }
        } else {
            let written = count(number(|what| matches!(what, What::Write(_))), "file");
            let same = number(|what| *what == What::Same);
            writeln!(out, "{written} written to {}, {same} unchanged", folder.display())?;
        }
        for change in changes.iter().filter(|change| matches!(change.what, What::Overwrite(_) | What::Keep(_))) {
            line(change, out)?;
        }
    }
    for change in others {
        if !(removed && change.what == What::Same) {
            line(change, out)?;
        }
    }
    if removed {
        return Ok(());
    }
    let changed = |name: &str| others.iter().any(|c| c.path == Path::new(name) && matches!(c.what, What::Write(_)));
    if changed(".pre-commit-config.yaml") {
        writeln!(out, "Run `pre-commit install` once in each clone, so that git asks the hook")?;
    }
    if choice.hooks.contains(&Agent::Codex) && changed(".codex/hooks.json") {
        writeln!(out, "Codex asks once whether it may run the hooks; its session shows them under /hooks")?;
    }
    Ok(())
}

fn line(change: &Change, out: &mut dyn Write) -> io::Result<()> {
    let word = match &change.what {
        What::Write(_) if change.before.is_some() => "changed",
        What::Write(_) => "written",
        What::Overwrite(_) => "overwritten",
        What::Remove => "removed",
        What::Same => "unchanged",
        What::Keep(_) => "kept",
    };
    match &change.what {
        What::Keep(why) => writeln!(out, "{word:<12} {} ({why})", change.path.display()),
        _ => writeln!(out, "{word:<12} {}", change.path.display()),
    }
}

#[cfg(test)]
mod tests {
    use super::TEMPLATE;
    use crate::config;
    use crate::rules::Names;

    /// The commented keys, with the comment signs taken away.
    fn uncommented() -> String {
        let keys = TEMPLATE.lines().filter_map(|line| line.strip_prefix('#'));
        // Prose stands one blank behind the sign; keys stand directly behind it, nested ones by two.
        let keys = keys.filter(|line| !line.starts_with(' ') || line.starts_with("  "));
        keys.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_template_changes_nothing_and_its_examples_are_valid() {
        let names = Names::new(["rest-client/missing-timeout", "saga/volatile-state"]);
        let config = config::parse(TEMPLATE, &names).unwrap();
        assert!(config.rules.is_empty() && config.overrides.is_empty() && config.exclude.is_empty());
        let text = uncommented();
        let config = config::parse(&text, &names).unwrap_or_else(|errors| panic!("{text}\n{errors:#?}"));
        assert!(!config.rules.is_empty() && !config.overrides.is_empty() && !config.services.is_empty());
        for key in config::keys::TOP {
            assert!(text.contains(&format!("\n{key}:")) || text.starts_with(key), "{key} is not in the template");
        }
    }
}
