//! `skillcheck cache`: where it is, how large, and away with it.

use super::Exit;
use super::args::{CacheArgs, CacheCommand};
use super::output::Terminal;
use super::run as shared;
use crate::cache::{self, folder};
use crate::report::count;

/// Runs the command.
pub(super) fn run(args: &CacheArgs, terminal: &Terminal) -> Exit {
    match &args.command {
        CacheCommand::Path => path(terminal),
        CacheCommand::Info => info(terminal),
        CacheCommand::Clean => clean(terminal),
    }
    .unwrap_or_else(|exit| exit)
}

fn folder_or_error(terminal: &Terminal) -> Result<std::path::PathBuf, Exit> {
    let help = "set SKILLCHECK_CACHE_DIR; without a folder every run reads everything anew";
    folder::path().ok_or_else(|| terminal.error("the environment names no folder for caches", Some(help)))
}

fn path(terminal: &Terminal) -> Result<Exit, Exit> {
    let folder = folder_or_error(terminal)?;
    terminal.print(|out| writeln!(out, "{}", folder.display()))?;
    Ok(Exit::Clean)
}

/// The folder, and what is known about the current one.
fn info(terminal: &Terminal) -> Result<Exit, Exit> {
    let folder = folder_or_error(terminal)?;
    let (number, bytes) = folder::total();
    let here = folder::file_for(&[".".into()]).and_then(|file| Some((cache::contents(&file)?, file)));
    terminal.print(|out| {
        writeln!(out, "{}: {}, {}", folder.display(), count(number, "cache"), size(bytes))?;
        match here {
            Some(((bytes, facts, files), file)) => {
                let name = shared::below_current(&file);
                writeln!(
                    out,
                    "for this folder: {} about {}, {}",
                    count(facts, "fact"),
                    count(files, "file"),
                    size(bytes)
                )?;
                writeln!(out, "  {name}")
            }
            None => writeln!(out, "for this folder: nothing"),
        }
    })?;
    Ok(Exit::Clean)
}

fn clean(terminal: &Terminal) -> Result<Exit, Exit> {
    let folder = folder_or_error(terminal)?;
    let (number, bytes) = folder::clean()
        .map_err(|error| terminal.error(format_args!("can't empty `{}`: {error}", folder.display()), None))?;
    terminal.print(|out| writeln!(out, "{} removed, {}", count(number, "cache"), size(bytes)))?;
    Ok(Exit::Clean)
}

fn size(bytes: u64) -> String {
    if bytes < 1 << 20 { format!("{} KiB", bytes.div_ceil(1 << 10)) } else { format!("{} MiB", bytes >> 20) }
}
