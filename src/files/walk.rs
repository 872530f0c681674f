//! The parallel walk.

mod hidden;

use std::collections::BTreeSet;
use std::fs::FileType;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use globset::GlobSet;
use ignore::{DirEntry, WalkBuilder, WalkState};

use super::{File, Stamp, Tree};

/// What a walk found.
#[derive(Debug, Default)]
pub struct Walked {
    /// The files.
    pub tree: Tree,
    /// What was passed over on purpose, sorted by path. What an ignore file names is not listed.
    pub skipped: Vec<Skipped>,
    /// What could not be read, sorted by path: the run is incomplete.
    pub errors: Vec<WalkError>,
}

/// A file or folder that was passed over.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Skipped {
    /// The path to print.
    pub path: String,
    /// Why.
    pub reason: SkipReason,
}

/// Why a file or folder was passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SkipReason {
    /// Installed packages or a tool's own folder: `node_modules`, `.venv`, `.next`.
    Dependencies,
    /// A `dist` folder beside a `package.json`.
    BuildOutput,
    /// The configuration excludes it.
    Excluded,
    /// A link to a folder; links to folders are not followed, they may form loops.
    FolderLink,
    /// A link to a file of the same tree, which is linted (or ignored) under its own name.
    LinkInside,
    /// A link to nothing.
    BrokenLink,
    /// A pipe, socket or device; it is never opened.
    Special,
}

impl std::fmt::Display for SkipReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            SkipReason::Dependencies => "installed packages or a tool's own folder",
            SkipReason::BuildOutput => "build output beside a package.json",
            SkipReason::Excluded => "excluded by the configuration",
            SkipReason::FolderLink => "a symbolic link to a folder",
            SkipReason::LinkInside => "a symbolic link to a file of the same tree",
            SkipReason::BrokenLink => "a symbolic link to nothing",
            SkipReason::Special => "a pipe, socket or device",
        })
    }
}

/// Something the walk could not read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WalkError {
    /// The path to print: as given for a root, else like [`File::path`].
    pub path: String,
    /// What the operating system or the ignore file's parser said.
    pub message: String,
    /// True for a root that does not exist: the command line was wrong.
    pub no_such_root: bool,
}

/// Folders that hold no first-party source. Version control is not even worth a note.
const NEVER_ENTERED: [&str; 10] = [
    "node_modules",
    ".venv",
    "venv",
    "__pycache__",
    "site-packages",
    ".next",
    ".nuxt",
    ".terraform",
    "bower_components",
    ".tox",
];
/// How many hidden folders may stand inside of each other.
const MAX_HIDDEN_DEPTH: usize = 4;
const VERSION_CONTROL: [&str; 4] = [".git", ".hg", ".svn", ".jj"];

/// Walks the roots (folders or single files). Ignore files decide (`.gitignore`, `.ignore`,
/// `.skillcheckignore`, also outside a git repository, also those above the roots); `exclude` is
/// matched against the printed path of files and folders. The result does not depend on the number
/// of threads.
///
/// A folder or an `.env` file that `.gitignore` hides by a line that is meant for something else is entered
/// all the same, see `hidden.rs`.
pub fn walk(roots: &[PathBuf], exclude: &GlobSet) -> Walked {
    walk_asking(roots, exclude, &|_| None)
}

/// As [`walk`]; `is_tracked` says whether version control knows a path (`None`: there is none, or it can't be
/// asked). It is asked of few paths, those that an ignore file hides and that look like source.
pub fn walk_asking(roots: &[PathBuf], exclude: &GlobSet, is_tracked: &dyn Fn(&Path) -> Option<bool>) -> Walked {
    let mut walked = Walked::default();
    let mut absolute = Vec::new();
    for root in roots {
        match root.canonicalize() {
            Ok(path) if !absolute.contains(&path) => absolute.push(path),
            Ok(_) => {}
            Err(error) => walked.errors.push(WalkError {
                path: slashed(root),
                message: error.to_string(),
                no_such_root: error.kind() == std::io::ErrorKind::NotFound,
            }),
        }
    }
    let printer = Arc::new(Printer::new(&absolute));
    let found = Arc::new(Mutex::new(Found::default()));
    enter(&absolute, exclude, &printer, &found);
    // What is hidden may hide more; every round enters at least one new folder.
    for _ in 0..MAX_HIDDEN_DEPTH {
        let hidden: Vec<PathBuf> = {
            let found = lock(&found);
            let excluded = |path: &PathBuf| exclude.is_match(printer.print(path));
            let candidates = hidden::candidates(&found.ignore_files(), &found.folders);
            let is_new = |path: &PathBuf| !found.files.iter().any(|file| file.absolute == *path);
            candidates
                .into_iter()
                .filter(|path| is_new(path) && !excluded(path) && is_tracked(path) != Some(false))
                .collect()
        };
        if hidden.is_empty() {
            break;
        }
        enter(&hidden, exclude, &printer, &found);
    }
    let mut found = std::mem::take(&mut *lock(&found));
    found.add_links(&printer);
    found.files.sort_by(|a, b| (&a.path, &a.absolute).cmp(&(&b.path, &b.absolute)));
    // Roots may overlap.
    found.files.dedup_by(|a, b| a.absolute == b.absolute || a.path == b.path);
    walked.tree = Tree { roots: absolute, files: found.files, others: Vec::new() };
    walked.skipped = found.skipped.into_iter().collect();
    walked.errors.extend(found.errors);
    walked.errors.sort();
    walked.errors.dedup();
    walked
}

/// Walks these folders and files in parallel.
fn enter(roots: &[PathBuf], exclude: &GlobSet, printer: &Arc<Printer>, found: &Arc<Mutex<Found>>) {
    let Some((first, others)) = roots.split_first() else { return };
    let mut builder = WalkBuilder::new(first);
    others.iter().for_each(|root| {
        builder.add(root);
    });
    configure(&mut builder, exclude, printer, found);
    builder.build_parallel().run(|| {
        Box::new(|entry| {
            match entry {
                Ok(entry) => visit(&entry, exclude, printer, found),
                Err(error) => lock(found).errors.push(walk_error(&error, printer)),
            }
            WalkState::Continue
        })
    });
}

#[derive(Default)]
struct Found {
    files: Vec<File>,
    /// The folders that were entered.
    folders: BTreeSet<PathBuf>,
    /// Links to regular files: printed path, target.
    links: Vec<(File, PathBuf)>,
    skipped: BTreeSet<Skipped>,
    errors: Vec<WalkError>,
}

impl Found {
    fn skip(&mut self, path: String, reason: SkipReason) {
        self.skipped.insert(Skipped { path, reason });
    }

    fn ignore_files(&self) -> Vec<PathBuf> {
        let is_ignore_file = |file: &&File| file.path == ".gitignore" || file.path.ends_with("/.gitignore");
        self.files.iter().filter(is_ignore_file).map(|file| file.absolute.clone()).collect()
    }

    /// A linked file is read once: under its own name if the walk meets it, else under the name of
    /// the first link.
    fn add_links(&mut self, printer: &Printer) {
        let mut links = std::mem::take(&mut self.links);
        links.sort_by(|a, b| a.0.path.cmp(&b.0.path));
        let mut seen = BTreeSet::new();
        for (file, target) in links {
            if printer.is_inside(&target) || !seen.insert(target) {
                self.skip(file.path, SkipReason::LinkInside);
            } else {
                self.files.push(file);
            }
        }
    }
}

fn lock(found: &Mutex<Found>) -> MutexGuard<'_, Found> {
    found.lock().unwrap_or_else(PoisonError::into_inner)
}

fn configure(builder: &mut WalkBuilder, exclude: &GlobSet, printer: &Arc<Printer>, found: &Arc<Mutex<Found>>) {
    let (exclude, printer, found) = (exclude.clone(), Arc::clone(printer), Arc::clone(found));
    builder
        .hidden(false)
        .require_git(false)
        // The answer must not depend on who runs it.
        .git_global(false)
        .follow_links(false)
        .add_custom_ignore_filename(".skillcheckignore")
        .filter_entry(move |entry| {
            let name = entry.file_name().to_string_lossy();
            if entry.depth() == 0 {
                return true;
            }
            if VERSION_CONTROL.contains(&name.as_ref()) {
                return false;
            }
            if !entry.file_type().is_some_and(|kind| kind.is_dir()) {
                return true;
            }
            let reason = if NEVER_ENTERED.contains(&name.as_ref()) {
                SkipReason::Dependencies
            } else if is_build_output(entry.path()) {
                SkipReason::BuildOutput
            } else if exclude.is_match(printer.print(entry.path())) {
                SkipReason::Excluded
            } else {
                return true;
            };
            lock(&found).skip(printer.print(entry.path()), reason);
            false
        });
}

fn visit(entry: &DirEntry, exclude: &GlobSet, printer: &Printer, found: &Mutex<Found>) {
    if let Some(error) = entry.error() {
        lock(found).errors.push(walk_error(error, printer));
    }
    let Some(kind) = entry.file_type() else { return };
    if kind.is_dir() {
        lock(found).folders.insert(entry.path().to_owned());
        return;
    }
    let path = printer.print(entry.path());
    if exclude.is_match(&path) {
        return lock(found).skip(path, SkipReason::Excluded);
    }
    if kind.is_symlink() {
        return link(entry.path(), path, found);
    }
    if !kind.is_file() {
        return lock(found).skip(path, SkipReason::Special);
    }
    match entry.metadata() {
        Ok(metadata) => lock(found).files.push(File {
            path,
            absolute: entry.path().to_owned(),
            size: metadata.len(),
            stamp: Stamp::of(&metadata),
            ..File::default()
        }),
        Err(error) => lock(found).errors.push(walk_error(&error, printer)),
    }
}

fn link(absolute: &Path, path: String, found: &Mutex<Found>) {
    let target = absolute.canonicalize().and_then(|target| Ok((target.metadata()?, target)));
    let reason = match target {
        Ok((metadata, target)) if metadata.is_file() => {
            let file = File { path, absolute: absolute.to_owned(), size: metadata.len(), ..File::default() };
            return lock(found).links.push((file, target));
        }
        Ok((metadata, _)) if is_dir(metadata.file_type()) => SkipReason::FolderLink,
        Ok(_) => SkipReason::Special,
        // Also a loop of links.
        Err(_) => SkipReason::BrokenLink,
    };
    lock(found).skip(path, reason);
}

fn is_dir(kind: FileType) -> bool {
    kind.is_dir()
}

fn walk_error(error: &ignore::Error, printer: &Printer) -> WalkError {
    fn path_of(error: &ignore::Error) -> Option<&Path> {
        match error {
            ignore::Error::WithPath { path, .. } => Some(path),
            ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => path_of(err),
            ignore::Error::Partial(errors) => errors.iter().find_map(path_of),
            ignore::Error::Loop { child, .. } => Some(child),
            _ => None,
        }
    }
    let path = path_of(error).map(|path| printer.print(path)).unwrap_or_default();
    let message = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
    WalkError { path, message, no_such_root: false }
}

/// How absolute paths are printed.
struct Printer {
    /// Root, and what stands in front of the paths below it.
    roots: Vec<(PathBuf, String)>,
}

impl Printer {
    /// One folder: paths are relative to it. Several folders: the folder's name in front, with as much of
    /// what is above as it takes to tell them apart. With single files: relative to the folder that holds
    /// all.
    fn new(roots: &[PathBuf]) -> Self {
        // What lies inside of another root is found there.
        let outer: Vec<&PathBuf> =
            roots.iter().filter(|root| !roots.iter().any(|other| *root != other && root.starts_with(other))).collect();
        let roots = match outer.as_slice() {
            [root] if root.is_dir() => vec![((*root).clone(), String::new())],
            several if several.iter().all(|root| root.is_dir()) => {
                let names = distinct_names(several);
                several.iter().zip(names).map(|(root, name)| ((*root).clone(), format!("{name}/"))).collect()
            }
            _ => common_folder(roots).into_iter().map(|folder| (folder, String::new())).collect(),
        };
        Printer { roots }
    }

    fn print(&self, path: &Path) -> String {
        let below = self.roots.iter().find_map(|(root, prefix)| Some((path.strip_prefix(root).ok()?, prefix)));
        match below {
            Some((relative, prefix)) => format!("{prefix}{}", slashed(relative)),
            None => slashed(path),
        }
    }

    fn is_inside(&self, path: &Path) -> bool {
        self.roots.iter().any(|(root, _)| path.starts_with(root))
    }
}

/// The ends of paths, each as short as it can be without being the end of another.
fn distinct_names(roots: &[&PathBuf]) -> Vec<String> {
    let parts: Vec<Vec<String>> =
        roots.iter().map(|root| slashed(root).split('/').map(str::to_owned).collect()).collect();
    let end = |of: &[String], length: usize| of[of.len().saturating_sub(length)..].to_vec();
    let distinct = |index: usize, length: usize| {
        let own = end(&parts[index], length);
        parts.iter().enumerate().all(|(other, of)| other == index || end(of, length) != own)
    };
    let name = |index: usize| {
        let longest = parts[index].len();
        let length = (1..=longest).find(|length| distinct(index, *length)).unwrap_or(longest);
        end(&parts[index], length).join("/").trim_start_matches('/').to_owned()
    };
    (0..roots.len()).map(name).collect()
}

/// How a path below one of the roots of a walk is printed.
pub(super) fn printed(roots: &[PathBuf], path: &Path) -> Option<String> {
    let printer = Printer::new(roots);
    printer.is_inside(path).then(|| printer.print(path))
}

/// True for folders that the walk does not enter, whatever ignore files say.
pub(super) fn is_never_entered(name: &str) -> bool {
    NEVER_ENTERED.contains(&name) || VERSION_CONTROL.contains(&name)
}

/// A `dist` folder beside a `package.json`.
pub(super) fn is_build_output(folder: &Path) -> bool {
    folder.file_name().is_some_and(|name| name == "dist") && folder.with_file_name("package.json").is_file()
}

/// The deepest folder that holds all of these files and folders.
pub(super) fn common_folder(roots: &[PathBuf]) -> Option<PathBuf> {
    let folder = |root: &PathBuf| match root.is_dir() {
        true => root.clone(),
        false => root.parent().map(Path::to_owned).unwrap_or_default(),
    };
    roots.iter().map(folder).reduce(|a, b| {
        a.components().zip(b.components()).take_while(|(a, b)| a == b).map(|(a, _)| a.as_os_str()).collect()
    })
}

fn slashed(path: &Path) -> String {
    let text = path.to_string_lossy();
    if std::path::MAIN_SEPARATOR == '/' { text.into_owned() } else { text.replace(std::path::MAIN_SEPARATOR, "/") }
}

#[cfg(test)]
mod tests;
