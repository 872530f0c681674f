//! `skillcheck init`: the skills into a repository, and a commented configuration.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::Exit;
use super::args::InitArgs;
use super::output::Terminal;
use crate::config::FILE_NAMES;
use crate::report::count;
use crate::skills::{self, PackFile};

/// The configuration that is written: everything in it is a comment, so it changes nothing.
const TEMPLATE: &str = include_str!("skillcheck.yaml");

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Done {
    Written,
    Same,
    Kept,
    Overwritten,
}

/// Runs the command.
pub(super) fn run(args: &InitArgs, terminal: &Terminal) -> Exit {
    init(args, terminal).unwrap_or_else(|exit| exit)
}

fn init(args: &InitArgs, terminal: &Terminal) -> Result<Exit, Exit> {
    let mut done = Vec::new();
    for file in skills::files() {
        let target = args.to.join(file.path);
        let result = copy(&file, &target, args.force)
            .map_err(|error| terminal.error(format_args!("can't write `{}`: {error}", target.display()), None))?;
        done.push((target, result));
    }
    let config = (!args.no_config)
        .then(write_config)
        .transpose()
        .map_err(|(path, error)| terminal.error(format_args!("can't write `{}`: {error}", path.display()), None))?;
    terminal.print(|out| tell(args, &done, config, out))?;
    Ok(Exit::Clean)
}

fn copy(file: &PackFile, target: &Path, force: bool) -> io::Result<Done> {
    match std::fs::read(target) {
        Ok(bytes) if bytes == file.bytes => return Ok(Done::Same),
        Ok(_) if !force => return Ok(Done::Kept),
        Ok(_) => {
            std::fs::write(target, file.bytes)?;
            return Ok(Done::Overwritten);
        }
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Err(_) => {}
    }
    if let Some(parent) = target.parent() {
        std::fs::create_dir_all(parent)?;
    }
    std::fs::write(target, file.bytes)?;
    Ok(Done::Written)
}

/// Writes the configuration unless there is one; says which file and whether it was written.
fn write_config() -> Result<(PathBuf, bool), (PathBuf, io::Error)> {
    if let Some(existing) = FILE_NAMES.iter().map(PathBuf::from).find(|path| path.exists()) {
        return Ok((existing, false));
    }
    let path = PathBuf::from(FILE_NAMES[0]);
    std::fs::write(&path, TEMPLATE).map_err(|error| (path.clone(), error))?;
    Ok((path, true))
}

fn tell(
    args: &InitArgs,
    done: &[(PathBuf, Done)],
    config: Option<(PathBuf, bool)>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let number = |what: Done| done.iter().filter(|(_, done)| *done == what).count();
    let to = args.to.display();
    writeln!(out, "{} written to {to}, {} unchanged", count(number(Done::Written), "file"), number(Done::Same))?;
    for (path, _) in done.iter().filter(|(_, done)| *done == Done::Overwritten) {
        writeln!(out, "overwritten  {}", path.display())?;
    }
    for (path, _) in done.iter().filter(|(_, done)| *done == Done::Kept) {
        writeln!(out, "kept         {} (it was changed; --force overwrites it)", path.display())?;
    }
    match config {
        Some((path, true)) => writeln!(out, "written      {}", path.display()),
        Some((path, false)) => writeln!(out, "kept         {} (a configuration is never overwritten)", path.display()),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Done, TEMPLATE, copy};
    use crate::config;
    use crate::rules::Names;
    use crate::skills::PackFile;

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

    #[test]
    fn a_changed_file_is_kept_unless_forced() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("rest-client/SKILL.md");
        let file = PackFile { path: "rest-client/SKILL.md", bytes: b"ours" };
        assert_eq!(copy(&file, &target, false).unwrap(), Done::Written);
        assert_eq!(copy(&file, &target, false).unwrap(), Done::Same);
        std::fs::write(&target, "theirs").unwrap();
        assert_eq!(copy(&file, &target, false).unwrap(), Done::Kept);
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "theirs");
        assert_eq!(copy(&file, &target, true).unwrap(), Done::Overwritten);
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "ours");
    }
}
