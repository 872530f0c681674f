//! What one Dockerfile says: its stages, and what a container of each runs.

mod lines;
mod lower;

use serde::{Deserialize, Serialize};

use super::command::{Command, CommandForm};
use super::compose::{Healthcheck, Setting};
use crate::syntax::data::DataError;
use crate::syntax::{Span, Spanned};

pub use lower::dockerfile;

/// One Dockerfile.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Dockerfile {
    /// `ARG` in front of the first `FROM`, with their defaults.
    pub args: Vec<Setting>,
    /// The stages in order; the last one is built unless another one is asked for.
    pub stages: Vec<Stage>,
    /// What could not be read.
    pub errors: Vec<DataError>,
}

/// One stage: from a `FROM` to the next one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// The name behind `AS`.
    pub name: Option<Spanned<String>>,
    /// The image or stage it starts from, as written.
    pub image: Spanned<String>,
    /// The image with the defaults of `ARG` filled in; none when an `ARG` has no default.
    pub resolved_image: Option<String>,
    /// The earlier stage that it starts from.
    pub base: Option<usize>,
    /// `WORKDIR`, in order.
    pub workdirs: Vec<Spanned<String>>,
    /// `COPY` and `ADD`, in order.
    pub copies: Vec<Copy>,
    /// `ENV`, in order.
    pub env: Vec<Setting>,
    /// `ARG`, in order.
    pub args: Vec<Setting>,
    /// `EXPOSE`, without the protocol.
    pub expose: Vec<Spanned<String>>,
    /// `USER`, the last one.
    pub user: Option<Spanned<String>>,
    /// `RUN`, in order; heredocs are part of the text.
    pub runs: Vec<Command>,
    /// `CMD`, the last one.
    pub cmd: Option<Command>,
    /// `ENTRYPOINT`, the last one.
    pub entrypoint: Option<Command>,
    /// `HEALTHCHECK`, the last one.
    pub healthcheck: Option<Healthcheck>,
    /// `STOPSIGNAL`.
    pub stop_signal: Option<Spanned<String>>,
    /// The `FROM` line.
    pub span: Span,
}

/// `COPY` or `ADD`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Copy {
    /// The stage or image it copies from; none for the build context.
    pub from: Option<String>,
    /// The sources, relative to the context.
    pub sources: Vec<Spanned<String>>,
    /// Where they go to.
    pub destination: Spanned<String>,
    /// All of it.
    pub span: Span,
}

impl Dockerfile {
    /// The stage of this name or number; without one the last stage.
    pub fn stage(&self, target: Option<&str>) -> Option<&Stage> {
        match target {
            None => self.stages.last(),
            Some(target) => {
                let named = |stage: &&Stage| stage.name.as_ref().is_some_and(|n| n.value.eq_ignore_ascii_case(target));
                self.stages
                    .iter()
                    .find(named)
                    .or_else(|| target.parse().ok().and_then(|number: usize| self.stages.get(number)))
            }
        }
    }

    /// A stage and the stages it starts from, the nearest first.
    pub fn chain<'a>(&'a self, stage: &'a Stage) -> impl Iterator<Item = &'a Stage> {
        // A base is always an earlier stage, so this ends.
        std::iter::successors(Some(stage), |stage| stage.base.and_then(|base| self.stages.get(base)))
    }

    /// A stage with everything that goes into it: the stages it starts from and those it copies from, and so on.
    pub fn made_of<'a>(&'a self, stage: &'a Stage) -> Vec<&'a Stage> {
        let mut found: Vec<&Stage> = Vec::new();
        let mut todo = vec![stage];
        while let Some(stage) = todo.pop() {
            if found.iter().any(|known| std::ptr::eq(*known, stage)) {
                continue;
            }
            found.push(stage);
            let copied = stage.copies.iter().filter_map(|copy| self.stage(Some(copy.from.as_deref()?)));
            todo.extend(self.chain(stage).skip(1).chain(copied));
        }
        found
    }

    /// The words that a container of this stage runs: `ENTRYPOINT` and `CMD` together, as Docker puts
    /// them together. None when both come from the base image.
    pub fn start_command(&self, target: Option<&str>) -> Option<(Vec<String>, Span)> {
        let stage = self.stage(target)?;
        let mut cmd = None;
        for stage in self.chain(stage) {
            cmd = cmd.or(stage.cmd.as_ref());
            if let Some(entrypoint) = &stage.entrypoint {
                let mut words = entrypoint.words();
                // The shell form of ENTRYPOINT takes no arguments, and a CMD of a base stage is
                // dropped by an ENTRYPOINT behind it.
                if let (CommandForm::Exec(_), Some(cmd)) = (&entrypoint.form, cmd) {
                    words.extend(cmd.words());
                }
                return Some((words, entrypoint.span));
            }
        }
        cmd.map(|cmd| (cmd.words(), cmd.span))
    }

    /// The health check of a stage, its bases included.
    pub fn healthcheck(&self, target: Option<&str>) -> Option<&Healthcheck> {
        let stage = self.stage(target)?;
        self.chain(stage).find_map(|stage| stage.healthcheck.as_ref())
    }

    /// The working directory at the end of a stage, its bases included; none when the base image's is
    /// kept or when it depends on a variable.
    pub fn workdir(&self, target: Option<&str>) -> Option<String> {
        let stage = self.stage(target)?;
        let mut stages: Vec<_> = self.chain(stage).collect();
        stages.reverse();
        let mut path: Option<String> = None;
        for workdir in stages.iter().flat_map(|stage| &stage.workdirs) {
            let next = workdir.value.trim_end_matches('/');
            path = match next {
                _ if next.contains('$') => None,
                _ if workdir.value.starts_with('/') => Some(next.to_owned()),
                _ => path.map(|path| format!("{path}/{}", next.trim_start_matches("./"))),
            };
        }
        path.map(|path| if path.is_empty() { "/".to_owned() } else { path })
    }
}

#[cfg(test)]
mod tests;
