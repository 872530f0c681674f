//! The baseline: findings that were there when the gate was put up. They are counted, not reported, so
//! that an old repository can begin today; new ones fail.
//!
//! The file is sorted and has no line numbers: it changes only where findings come and go, and merges
//! like a list. Its schema is `schemas/baseline.schema.json`.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::settle::Settled;
use crate::files::{self, Tree};

/// The name of the file, in the root of the repository.
pub const BASELINE_FILE: &str = "skillcheck-baseline.json";

/// Raised when an older skillcheck could not read the file.
const VERSION: u64 = 1;

/// How large the file may be, in bytes: a million findings take less.
const MAX_BYTES: u64 = 64 << 20;

/// Known findings: path below the root of the repository, rule, fingerprints.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    findings: Known,
}

type Known = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: u64,
    findings: Known,
}

/// Why a baseline can't be used. Never taken for an empty one: all it knows would be reported as new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BaselineError {
    /// The operating system refused.
    Unreadable(String),
    /// It is no baseline: what is wrong, without a full stop.
    Corrupt(String),
    /// A newer skillcheck wrote it; the version in it.
    Newer(u64),
}

impl std::fmt::Display for BaselineError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            BaselineError::Unreadable(reason) => write!(f, "can't be read: {reason}"),
            BaselineError::Corrupt(reason) => write!(f, "is no baseline: {reason}"),
            BaselineError::Newer(version) => {
                write!(f, "has version {version}, and this skillcheck reads version {VERSION} at most")
            }
        }
    }
}

impl std::error::Error for BaselineError {}

/// What a change of a baseline did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Findings that were added.
    pub added: usize,
    /// Findings that were taken out.
    pub removed: usize,
    /// Findings that it has now.
    pub total: usize,
}

impl Baseline {
    /// Where the baseline of a tree is.
    pub fn place(tree: &Tree) -> Option<PathBuf> {
        Some(tree.project_root()?.join(BASELINE_FILE))
    }

    /// Reads a baseline; `None` when there is no such file.
    ///
    /// # Errors
    /// See [`BaselineError`].
    pub fn read(path: &Path) -> Result<Option<Self>, BaselineError> {
        let unreadable = |error: std::io::Error| BaselineError::Unreadable(error.to_string());
        let metadata = match std::fs::metadata(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(unreadable)?,
        };
        if !metadata.is_file() {
            return Err(BaselineError::Corrupt("it is no regular file".to_owned()));
        }
        if metadata.len() > MAX_BYTES {
            return Err(BaselineError::Corrupt(format!("it has {} bytes", metadata.len())));
        }
        let bytes = std::fs::read(path).map_err(unreadable)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| BaselineError::Corrupt("it is not UTF-8".to_owned()))?;
        Self::parse(text).map(Some)
    }

    /// Reads the text of a baseline.
    ///
    /// # Errors
    /// See [`BaselineError`].
    pub fn parse(text: &str) -> Result<Self, BaselineError> {
        let corrupt = |error: serde_json::Error| BaselineError::Corrupt(error.to_string());
        // The version first: a newer file may have any shape.
        let value: serde_json::Value = serde_json::from_str(text).map_err(corrupt)?;
        match value.get("version").and_then(serde_json::Value::as_u64) {
            Some(version) if version > VERSION => return Err(BaselineError::Newer(version)),
            Some(VERSION) => {}
            _ => return Err(BaselineError::Corrupt("it has no valid `version`".to_owned())),
        }
        let document: Document = serde_json::from_value(value).map_err(corrupt)?;
        let prints = document.findings.values().flat_map(BTreeMap::values).flatten();
        if let Some(wrong) = prints.into_iter().find(|print| !is_fingerprint(print)) {
            return Err(BaselineError::Corrupt(format!("`{wrong}` is no fingerprint")));
        }
        Ok(Baseline { findings: document.findings })
    }

    /// The text of the file.
    pub fn text(&self) -> String {
        let document = Document { version: VERSION, findings: self.findings.clone() };
        // Strings and maps of strings always serialise.
        let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
        text.push('\n');
        text
    }

    /// The known findings: path, rule, how many.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &str, usize)> {
        self.findings.iter().flat_map(|(path, rules)| {
            rules.iter().map(move |(rule, prints)| (path.as_str(), rule.as_str(), prints.len()))
        })
    }

    /// How many findings it knows.
    pub fn len(&self) -> usize {
        self.entries().map(|(_, _, number)| number).sum()
    }

    /// True when it knows none.
    pub fn is_empty(&self) -> bool {
        self.findings.is_empty()
    }

    /// Takes the known findings out of the report and counts them. `full` says that the run saw the whole
    /// tree and reports all of its findings: only then a known finding that did not come is gone.
    pub fn apply(&self, tree: &Tree, settled: &mut Settled, full: bool) {
        let prints = self.findings.values().flat_map(BTreeMap::values).flatten();
        let known: HashSet<&str> = prints.map(String::as_str).collect();
        let before = settled.findings.len();
        let mut seen: HashSet<String> = HashSet::new();
        settled.findings.retain(|reported| {
            let is_known = known.contains(reported.fingerprint.as_str());
            if is_known {
                seen.insert(reported.fingerprint.clone());
            }
            !is_known
        });
        settled.baselined += before - settled.findings.len();
        if full {
            let scope = Scope::new(tree);
            let inside = self.findings.iter().filter(|(path, _)| scope.holds(path));
            settled.gone =
                inside.flat_map(|(_, r)| r.values()).flatten().filter(|print| !seen.contains(*print)).count();
        }
    }

    /// Makes the findings of a full run the known ones. What it knows outside of the tree stays.
    pub fn replace(&mut self, tree: &Tree, settled: &Settled) -> Change {
        let old = self.clone();
        let scope = Scope::new(tree);
        self.findings.retain(|path, _| !scope.holds(path));
        for reported in &settled.findings {
            let path = tree.path_below(scope.root.as_deref(), reported.finding.place.file);
            let rules = self.findings.entry(path).or_default();
            rules.entry(reported.finding.rule.to_owned()).or_default().insert(reported.fingerprint.clone());
        }
        self.change_since(&old)
    }

    /// Takes out what a full run did not find any more.
    pub fn prune(&mut self, tree: &Tree, settled: &Settled) -> Change {
        let old = self.clone();
        let scope = Scope::new(tree);
        let found: HashSet<&str> = settled.findings.iter().map(|reported| reported.fingerprint.as_str()).collect();
        for (path, rules) in &mut self.findings {
            if scope.holds(path) {
                rules.values_mut().for_each(|prints| prints.retain(|print| found.contains(print.as_str())));
                rules.retain(|_, prints| !prints.is_empty());
            }
        }
        self.findings.retain(|_, rules| !rules.is_empty());
        self.change_since(&old)
    }

    fn change_since(&self, old: &Baseline) -> Change {
        let all = |baseline: &Baseline| -> HashSet<String> {
            baseline.findings.values().flat_map(BTreeMap::values).flatten().cloned().collect()
        };
        let (old, new) = (all(old), all(self));
        Change { added: new.difference(&old).count(), removed: old.difference(&new).count(), total: self.len() }
    }

    /// Writes the file, all of it or nothing.
    ///
    /// # Errors
    /// When it can't be written; the old file is then unchanged.
    pub fn write(&self, path: &Path) -> std::io::Result<()> {
        files::write_atomic(path, self.text().as_bytes())
    }
}

/// Which paths of a baseline the tree is responsible for: those below its roots.
struct Scope {
    root: Option<PathBuf>,
    /// The linted roots, relative to the root of the repository; empty for all of it.
    folders: Vec<String>,
}

impl Scope {
    fn new(tree: &Tree) -> Self {
        let root = tree.project_root();
        let below = |path: &Path| match path.strip_prefix(root.as_deref()?) {
            Ok(below) => {
                Some(below.components().map(|c| c.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/"))
            }
            Err(_) => None,
        };
        let folders = tree.roots.iter().filter_map(|path| below(path)).collect();
        Scope { root, folders }
    }

    fn holds(&self, path: &str) -> bool {
        self.folders.iter().any(|folder| {
            folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }
}

fn is_fingerprint(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::{Baseline, BaselineError};

    #[test]
    fn a_file_that_is_no_baseline_is_an_error() {
        let corrupt = |text: &str| match Baseline::parse(text) {
            Err(BaselineError::Corrupt(reason)) => reason,
            other => panic!("{text}: {other:?}"),
        };
        corrupt("");
        corrupt("[]");
        corrupt("{\"version\": 1}");
        corrupt("{\"version\": 0, \"findings\": {}}");
        corrupt("{\"version\": 1, \"findings\": {}, \"more\": 1}");
        corrupt("<<<<<<< ours\n{\"version\": 1, \"findings\": {}}\n");
        assert_eq!(
            corrupt("{\"version\": 1, \"findings\": {\"a.py\": {\"a/b\": [\"XYZ\"]}}}"),
            "`XYZ` is no fingerprint"
        );
        assert_eq!(Baseline::parse("{\"version\": 2, \"known\": []}"), Err(BaselineError::Newer(2)));
    }

    #[test]
    fn what_is_written_is_read() {
        let text = "{\n  \"version\": 1,\n  \"findings\": {\n    \"a.py\": {\n      \"a/b\": [\n        \"0123456789abcdef\",\n        \"fedcba9876543210\"\n      ]\n    }\n  }\n}\n";
        let baseline = Baseline::parse(text).unwrap();
        assert_eq!(baseline.text(), text);
        assert_eq!(baseline.entries().collect::<Vec<_>>(), [("a.py", "a/b", 2)]);
    }
}
