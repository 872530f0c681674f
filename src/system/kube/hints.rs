//! What else says that something is built or started: Skaffold, Nomad jobs, systemd units. Hints only
//! join what they name to folders of code; they make no service by themselves.

use super::KubeInputs;
use super::read::KubeFile;
use crate::files::{folder_of, join_path};
use crate::syntax::{FileId, Place, Span};

/// An image that is built from a folder, or a process that is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The image's name; for a unit of systemd the unit's, for a Nomad job the task's.
    pub name: String,
    /// The image; none for a process without a container.
    pub image: Option<String>,
    /// The folder it is built from.
    pub context: Option<String>,
    /// The Dockerfile, as a printed path.
    pub dockerfile: Option<String>,
    /// The words that are started.
    pub command: Vec<String>,
    /// How it is told: `Skaffold builds`.
    pub source: &'static str,
    /// Where it stands.
    pub place: Place,
}

/// True for Nomad jobs and systemd units by their names.
pub(super) fn is_wanted(path: &str) -> bool {
    path.ends_with(".nomad") || path.ends_with(".nomad.hcl") || path.ends_with(".service")
}

/// Reads a Nomad job or a systemd unit.
pub(super) fn read(id: FileId, path: &str, text: &str) -> Vec<Hint> {
    if path.ends_with(".service") { systemd(id, path, text).into_iter().collect() } else { nomad(id, text) }
}

/// All hints, those of Skaffold included.
pub(super) fn hints(inputs: KubeInputs<'_>) -> Vec<Hint> {
    let mut out: Vec<Hint> = Vec::new();
    for (&id, file) in inputs.files {
        match file {
            KubeFile::Hints(hints) => out.extend(hints.iter().cloned()),
            KubeFile::Skaffold(artifacts) => {
                let folder = folder_of(&inputs.tree.file(id).path);
                for artifact in artifacts {
                    let Some(context) = join_path(folder, &artifact.context) else { continue };
                    let dockerfile = artifact.dockerfile.as_ref().and_then(|file| join_path(&context, file));
                    out.push(Hint {
                        name: artifact.image.clone(),
                        image: Some(artifact.image.clone()),
                        context: Some(context),
                        dockerfile,
                        command: Vec::new(),
                        source: "Skaffold builds",
                        place: artifact.place,
                    });
                }
            }
            _ => {}
        }
    }
    out
}

/// `ExecStart` of a unit.
fn systemd(id: FileId, path: &str, text: &str) -> Option<Hint> {
    let at = text.find("\nExecStart=")? + 1;
    let line = text[at..].lines().next()?;
    let (_, command) = line.split_once('=')?;
    let name = path.rsplit('/').next()?.strip_suffix(".service")?.trim_end_matches('@');
    Some(Hint {
        name: name.to_owned(),
        image: None,
        context: None,
        dockerfile: None,
        command: crate::facts::command::split(command.trim_start_matches(['-', '@', '+', '!', ':'])),
        source: "systemd starts",
        place: Place::new(id, Span::new(at, at + line.len())),
    })
}

/// The images of a job's tasks. HCL is read line by line: the last `task "name"` in front of an
/// `image = "…"` is the one that runs it.
fn nomad(id: FileId, text: &str) -> Vec<Hint> {
    let mut out = Vec::new();
    let mut task = String::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let trimmed = line.trim();
        if trimmed.starts_with(['#', '/']) {
            continue;
        }
        let quoted = |text: &str| text.split('"').nth(1).map(str::to_owned);
        if let Some(rest) = trimmed.strip_prefix("task ") {
            task = quoted(rest).unwrap_or_default();
        } else if let Some(rest) = trimmed.strip_prefix("image")
            && rest.trim_start().starts_with('=')
            && let Some(image) = quoted(rest).filter(|image| !image.contains("${"))
        {
            out.push(Hint {
                name: if task.is_empty() { image.clone() } else { task.clone() },
                image: Some(image),
                context: None,
                dockerfile: None,
                command: Vec::new(),
                source: "a Nomad job runs",
                place: Place::new(id, Span::new(start, start + line.trim_end().len())),
            });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nomad_tasks_and_systemd_units_are_read() {
        let job = "job \"shop\" {\n  group \"a\" {\n    task \"orders\" {\n      driver = \"docker\"\n      config {\n        # image = \"old\"\n        image = \"acme/orders:1\"\n      }\n    }\n  }\n}\n";
        let found = nomad(FileId(0), job);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].name.as_str(), found[0].image.as_deref()), ("orders", Some("acme/orders:1")));
        let unit = "[Unit]\nDescription=x\n[Service]\nExecStart=/usr/bin/python /srv/orders/main.py --port 80\n";
        let found = read(FileId(0), "deploy/orders.service", unit);
        assert_eq!(found[0].name, "orders");
        assert_eq!(found[0].command[1], "/srv/orders/main.py");
        assert!(read(FileId(0), "a.service", "no unit at all").is_empty());
    }
}
