//! Files of other repositories: named in exported facts, not there to be read.

use std::sync::Arc;

/// A file of another repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherFile {
    /// The repository, as its facts name it.
    pub repository: Arc<str>,
    /// The path in that repository, with `/`.
    pub path: String,
    /// The places in it that facts name, sorted. The text is not here, so a [`crate::syntax::Place`] in
    /// such a file has the number of one of them in place of an offset.
    pub places: Vec<OtherPlace>,
}

/// A place in a file of another repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OtherPlace {
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1, in characters.
    pub column: u32,
    /// What suppression comments allow there.
    pub allows: Vec<Allowed>,
}

/// What a suppression comment allows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Allowed {
    /// A rule or a skill.
    pub rule: String,
    /// The last day on which it does, `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}
