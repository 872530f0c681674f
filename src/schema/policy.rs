//! What a team decides about its schemas: who must not break, how they are read, and which breaks it
//! accepts until when.

use super::changes::Change;
use super::compat::Mode;
use super::find::Subject;
use super::model::Model;
use super::proto::Level;
use crate::config::Globs;
use crate::findings::Date;

/// What the configuration says: `schemas`.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// For all schemas.
    pub general: Setting,
    /// `overrides`: for some; later ones win.
    pub overrides: Vec<(Globs, Setting)>,
    /// `accepted`: breaks that are known and wanted.
    pub accepted: Vec<Accepted>,
}

/// How a schema is compared, as far as it is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Setting {
    /// `mode`: who must not break.
    pub mode: Option<Mode>,
    /// `model`: how JSON Schemas are read, or whose rules count.
    pub model: Option<Model>,
    /// `protobuf`: who has to go on working.
    pub protobuf: Option<Level>,
}

impl Setting {
    /// This one, and where it says nothing, the other.
    pub fn or(self, other: Setting) -> Setting {
        Setting {
            mode: self.mode.or(other.mode),
            model: self.model.or(other.model),
            protobuf: self.protobuf.or(other.protobuf),
        }
    }
}

/// A break that is known and wanted.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// `schema`: the path or the subject, as globs.
    pub schema: Globs,
    /// `change`: the kind; all of them when absent.
    pub change: Option<String>,
    /// `at`: a JSON pointer into documents or into the schema; all places when absent.
    pub at: Option<String>,
    /// `reason`: why.
    pub reason: String,
    /// `until`: the last day on which it is accepted.
    pub until: Date,
}

impl Accepted {
    /// True for a schema that is meant.
    pub fn is_about(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.schema.is_match(name))
    }

    /// True when nothing but this schema is asked.
    pub fn is_whole(&self) -> bool {
        self.change.is_none() && self.at.is_none()
    }

    /// True for a change that is meant.
    pub fn covers(&self, change: &Change) -> bool {
        let places = [Some(&change.instance), change.old.as_ref().map(|p| &p.1), change.new.as_ref().map(|p| &p.1)];
        self.change.as_ref().is_none_or(|kind| kind == change.kind)
            && self.at.as_ref().is_none_or(|at| places.into_iter().flatten().any(|place| place == at))
    }

    /// As it stands in the configuration, in short.
    pub fn shown(&self) -> String {
        let mut shown = format!("`{}`", self.schema.patterns().join("`, `"));
        for (word, part) in [("change", &self.change), ("at", &self.at)] {
            if let Some(part) = part {
                shown.push_str(&format!(", {word} `{part}`"));
            }
        }
        shown
    }
}

impl Policy {
    /// What is said about a schema; `path` is relative to the configuration.
    pub fn setting(&self, subject: &Subject, path: Option<&str>) -> Setting {
        let names = names(subject, path);
        let fits = |globs: &Globs| names.iter().any(|name| globs.is_match(name));
        let overrides = self.overrides.iter().rev().filter(|(globs, _)| fits(globs));
        overrides.fold(Setting::default(), |so_far, (_, setting)| so_far.or(*setting)).or(self.general)
    }

    /// True when some schema is compared with all versions before.
    pub fn is_transitive(&self) -> bool {
        let all = [&self.general].into_iter().chain(self.overrides.iter().map(|(_, setting)| setting));
        all.filter_map(|setting| setting.mode).any(Mode::is_transitive)
    }
}

/// What a schema may be called in the configuration.
pub fn names<'s>(subject: &'s Subject, path: Option<&'s str>) -> Vec<&'s str> {
    let mut names = vec![path.unwrap_or(&subject.path), subject.name.as_str()];
    names.extend(subject.types.iter().map(String::as_str));
    names
}
