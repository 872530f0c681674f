//! Calls of `git`.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

/// Why git can't say what changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GitError {
    /// There is no `git`.
    Missing,
    /// The path is in no work tree.
    NotARepository(PathBuf),
    /// The paths are in several repositories.
    Several(Vec<PathBuf>),
    /// There is no such commit, branch or tag; whether the clone is a shallow one.
    UnknownReference(String, bool),
    /// The history does not reach the commit where the branches part; whether the clone is a shallow one.
    NoCommonCommit(String, bool),
    /// Anything else: what git said.
    Failed(String),
}

impl std::fmt::Display for GitError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            GitError::Missing => f.write_str("`git` is not installed: it has to say what changed"),
            GitError::NotARepository(path) => write!(f, "`{}` is in no git work tree", path.display()),
            GitError::Several(roots) => {
                let roots: Vec<_> = roots.iter().map(|root| format!("`{}`", root.display())).collect();
                write!(f, "the paths are in several repositories: {}", roots.join(", "))
            }
            GitError::UnknownReference(name, _) => write!(f, "there is no commit, branch or tag `{name}`"),
            GitError::NoCommonCommit(name, _) => write!(f, "`{name}` and HEAD have no commit in common"),
            GitError::Failed(reason) => write!(f, "git failed: {reason}"),
        }
    }
}

impl std::error::Error for GitError {}

impl GitError {
    /// What to do about it.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            GitError::UnknownReference(_, true) | GitError::NoCommonCommit(_, true) => Some(
                "this is a shallow clone: fetch the history (`git fetch --unshallow`; `fetch-depth: 0` in GitHub Actions, `GIT_DEPTH: 0` in GitLab CI)",
            ),
            GitError::UnknownReference(..) => Some("fetch it first, or name one that `git branch --all` shows"),
            GitError::Several(_) => Some("check them one by one"),
            _ => None,
        }
    }
}

/// A work tree.
#[derive(Debug)]
pub(super) struct Git {
    root: PathBuf,
}

impl Git {
    /// The root of the work tree that holds a path.
    pub(super) fn find(path: &Path) -> Result<PathBuf, GitError> {
        let folder = match path.is_dir() {
            true => path.to_owned(),
            false => path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned(),
        };
        let output = run(command(&folder).args(["rev-parse", "--show-toplevel"]))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let root = text.strip_suffix('\n').unwrap_or(&text);
        if !output.status.success() || root.is_empty() {
            let said = said(&output);
            // A repository of another user is one, and git says what to do.
            return Err(match said.contains("dubious ownership") {
                true => GitError::Failed(said),
                false => GitError::NotARepository(path.to_owned()),
            });
        }
        PathBuf::from(root).canonicalize().map_err(|error| GitError::Failed(format!("`{root}`: {error}")))
    }

    pub(super) fn at(root: PathBuf) -> Self {
        Git { root }
    }

    /// A path that git printed, on disk.
    pub(super) fn absolute(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// The last commit; `None` before the first one.
    pub(super) fn head(&self) -> Result<Option<String>, GitError> {
        self.commit("HEAD")
    }

    fn commit(&self, reference: &str) -> Result<Option<String>, GitError> {
        let name = format!("{reference}^{{commit}}");
        let output = run(command(&self.root).args(["rev-parse", "--verify", "--quiet", "--end-of-options", &name]))?;
        let id = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Ok((output.status.success() && !id.is_empty()).then_some(id))
    }

    /// The commit that a reference names.
    pub(super) fn named(&self, reference: &str) -> Result<String, GitError> {
        self.commit(reference)?.ok_or_else(|| GitError::UnknownReference(reference.to_owned(), self.is_shallow()))
    }

    /// The commit at which HEAD and the reference part.
    pub(super) fn merge_base(&self, reference: &str) -> Result<String, GitError> {
        let id = self.named(reference)?;
        let output = run(command(&self.root).args(["merge-base", &id, "HEAD"]))?;
        let base = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        match output.status.success() && !base.is_empty() {
            true => Ok(base),
            false => Err(GitError::NoCommonCommit(reference.to_owned(), self.is_shallow())),
        }
    }

    /// The tags between two commits, the newest first: the later one's that the earlier one has not.
    pub(super) fn tags(&self, from: &str, to: &str) -> Result<Vec<String>, GitError> {
        let mut command = command(&self.root);
        let asked = ["tag", "--list", "--sort=-creatordate", "--merged", to, "--no-merged", from];
        let output = succeed(run(command.args(asked))?)?;
        Ok(String::from_utf8_lossy(&output).lines().map(str::to_owned).collect())
    }

    fn is_shallow(&self) -> bool {
        run(command(&self.root).args(["rev-parse", "--is-shallow-repository"]))
            .is_ok_and(|output| output.stdout.starts_with(b"true"))
    }

    /// `git diff --raw`, with the ids of both sides.
    pub(super) fn diff(&self, arguments: &[&str]) -> Result<Vec<u8>, GitError> {
        let fixed = ["diff", "--raw", "-z", "--no-abbrev", "-M", "--no-ext-diff", "--no-textconv", "--no-relative"];
        let mut command = command(&self.root);
        command.args(fixed).args(["--ignore-submodules=all", "--no-color"]).args(arguments).arg("--");
        succeed(run(&mut command)?)
    }

    /// Files that no commit and no index knows. Ignored by nothing but the repository's own files: the
    /// walk does not ask who runs it either.
    pub(super) fn untracked(&self) -> Result<Vec<String>, GitError> {
        let mut command = command(&self.root);
        let output = succeed(run(command.args(["ls-files", "--others", "-z", "--exclude-per-directory=.gitignore"]))?)?;
        let paths = output.split(|byte| *byte == 0).filter(|path| !path.is_empty());
        Ok(paths.map(|path| String::from_utf8_lossy(path).into_owned()).collect())
    }

    /// True when the index has this file, or files in this folder.
    pub(super) fn has(&self, path: &Path) -> Result<bool, GitError> {
        let mut command = command(&self.root);
        // The path as it is, not as a pattern.
        command.env("GIT_LITERAL_PATHSPECS", "1").args(["ls-files", "-z", "--cached", "--"]).arg(path);
        Ok(!succeed(run(&mut command)?)?.is_empty())
    }

    /// The contents of blobs, in one call.
    pub(super) fn blobs(&self, ids: &[&str]) -> Result<HashMap<String, Arc<[u8]>>, GitError> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let failed = |error: std::io::Error| GitError::Failed(error.to_string());
        let mut child = command(&self.root)
            .args(["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(start_error)?;
        let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(GitError::Failed("no pipe".to_owned()));
        };
        let request: String = ids.iter().map(|id| format!("{id}\n")).collect();
        // Both pipes have an end: who only writes would wait for a reader.
        let writer = std::thread::spawn(move || input.write_all(request.as_bytes()));
        let mut output = BufReader::new(output);
        let mut contents = HashMap::new();
        for id in ids {
            let mut head = String::new();
            output.read_line(&mut head).map_err(failed)?;
            let size = head.trim_end().strip_prefix(&format!("{id} blob ")).and_then(|size| size.parse::<usize>().ok());
            let Some(size) = size else {
                let _ = child.kill();
                let _ = child.wait();
                return Err(GitError::Failed(format!("the content of {id} is not in this clone")));
            };
            let mut content = Vec::new();
            output.by_ref().take(size as u64 + 1).read_to_end(&mut content).map_err(failed)?;
            content.truncate(size);
            contents.insert((*id).to_owned(), Arc::from(content));
        }
        drop(output);
        let _ = writer.join();
        child.wait().map_err(failed)?;
        Ok(contents)
    }
}

/// A call that reads and does nothing else, whatever the configuration says.
fn command(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command
        .arg("-C")
        .arg(folder)
        // The monitor is a program of the repository's choice.
        .args(["-c", "core.fsmonitor=false", "-c", "core.quotePath=false", "--no-pager"])
        .env("LC_ALL", "C")
        // The index is not refreshed, missing objects are not fetched, nobody is asked for a password.
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .stdin(Stdio::null());
    command
}

fn run(command: &mut Command) -> Result<Output, GitError> {
    command.output().map_err(start_error)
}

fn start_error(error: std::io::Error) -> GitError {
    match error.kind() {
        std::io::ErrorKind::NotFound => GitError::Missing,
        _ => GitError::Failed(error.to_string()),
    }
}

fn succeed(output: Output) -> Result<Vec<u8>, GitError> {
    match output.status.success() {
        true => Ok(output.stdout),
        false => Err(GitError::Failed(said(&output))),
    }
}

/// The first line of what git said, on one line.
fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    text.lines().find(|line| !line.trim().is_empty()).unwrap_or("it did not say why").trim().to_owned()
}
