//! A list of globs, matched as `.gitignore` users expect: a folder covers what is below it.

use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};

/// Globs over paths with `/`, relative to the folder of the configuration.
#[derive(Clone, Debug, Default)]
pub struct Globs {
    patterns: Vec<String>,
    set: GlobSet,
}

impl Globs {
    /// Compiles the patterns; `*` stays within one folder, `**` crosses folders, and a pattern that
    /// matches a folder covers everything in it. The error says which pattern is wrong and why.
    pub fn new(patterns: Vec<String>) -> Result<Self, (usize, String)> {
        let mut set = GlobSetBuilder::new();
        for (index, pattern) in patterns.iter().enumerate() {
            let fail = |error: globset::Error| (index, error.kind().to_string());
            let plain = pattern.trim_start_matches("./").trim_end_matches('/');
            set.add(glob(plain).map_err(fail)?);
            set.add(glob(&format!("{plain}/**")).map_err(fail)?);
        }
        let set = set.build().map_err(|error| (0, error.kind().to_string()))?;
        Ok(Globs { patterns, set })
    }

    /// True when one of the patterns matches.
    pub fn is_match(&self, path: &str) -> bool {
        self.set.is_match(path)
    }

    /// True when there is no pattern.
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// The patterns as written.
    pub fn patterns(&self) -> &[String] {
        &self.patterns
    }
}

fn glob(pattern: &str) -> Result<Glob, globset::Error> {
    GlobBuilder::new(pattern).literal_separator(true).build()
}
