//! Programs of Python that lie in one folder, each a server of its own: `orders.py` and `users.py`, which both
//! end in `app.run(port=…)`, with ports of their own.

use std::collections::{BTreeMap, BTreeSet};

use super::Candidate;
use super::context::{Context, language};
use super::marks;
use super::source::candidate;
use crate::files::{self, Zone, folder_of, zone};
use crate::syntax::{FileId, Place};

/// A program: its name, its file and where it serves.
type Program = (String, FileId, Place);

/// Folders with more files than this hold a package.
const MAX_FILES: usize = 30;
/// How deep such a folder lies.
const MAX_DEPTH: usize = 2;

/// Adds them, where nothing says what is deployed.
pub(super) fn add(ctx: &Context<'_>, candidates: &mut Vec<Candidate>) {
    if !candidates.is_empty() {
        return;
    }
    let mut files: BTreeMap<&str, Vec<(FileId, &str)>> = BTreeMap::new();
    for (id, path) in ctx.below("") {
        let counts = language(path) == Some("python") && zone(path) == Zone::Production;
        if counts && path.matches('/').count() <= MAX_DEPTH {
            files.entry(folder_of(path)).or_default().push((id, path));
        }
    }
    let mut folders: BTreeMap<&str, Vec<Program>> = BTreeMap::new();
    for (folder, files) in files.into_iter().filter(|(_, files)| (2..=MAX_FILES).contains(&files.len())) {
        for (id, path) in files {
            let Ok(text) = files::read(ctx.tree.file(id)) else { continue };
            let marks = marks::marks(path, &text);
            if let Some(span) = marks.http.filter(|_| marks.main.is_some()) {
                let file = path.rsplit('/').next().unwrap_or(path);
                let name = file.strip_suffix(".py").unwrap_or(file).to_owned();
                folders.entry(folder).or_default().push((name, id, Place::new(id, span)));
            }
        }
    }
    for (folder, programs) in folders {
        let ports: Vec<Option<String>> = programs.iter().map(|(_, id, _)| port(ctx, *id)).collect();
        let distinct: BTreeSet<&Option<String>> = ports.iter().collect();
        if programs.len() < 2 || ports.contains(&None) || distinct.len() < programs.len() {
            continue;
        }
        for (name, id, place) in programs {
            let why = "a program that serves on a port of its own".to_owned();
            let mut found = candidate(name.clone(), folder.to_owned(), place, why);
            found.build = Some(name);
            found.service.entries = vec![id];
            candidates.push(found);
        }
    }
}

/// The port in `app.run(port=5001)` or `uvicorn.run(app, port=8000)`.
fn port(ctx: &Context<'_>, id: FileId) -> Option<String> {
    let text = files::read(ctx.tree.file(id)).ok()?;
    let (_, started) = text.rsplit_once("__main__")?;
    let (_, after) = started.split_once("port")?;
    let value = after.trim_start().strip_prefix('=')?.trim_start();
    let digits: String = value.chars().take_while(char::is_ascii_digit).collect();
    (!digits.is_empty()).then_some(digits)
}
