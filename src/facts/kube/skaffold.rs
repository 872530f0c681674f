//! `skaffold.yaml`: which folder each image is built from.

use super::{Places, text_of};
use crate::syntax::Place;
use crate::syntax::data::Node;

/// An image that is built here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// The image's name.
    pub image: String,
    /// The folder it is built from, as written; empty for the file's own.
    pub context: String,
    /// The Dockerfile, relative to the context; none when it has the usual name or there is none.
    pub dockerfile: Option<String>,
    /// Where it is named.
    pub place: Place,
}

/// True for a document of Skaffold.
pub fn is_skaffold(root: &Node) -> bool {
    text_of(root, "apiVersion").is_some_and(|api| api.starts_with("skaffold/"))
}

/// The artifacts of a document, those of its profiles included.
pub fn artifacts(root: &Node, at: &Places<'_>) -> Vec<Artifact> {
    let profiles = root.get("profiles").map(Node::items).unwrap_or_default();
    let builds = std::iter::once(root).chain(profiles).filter_map(|node| node.at(["build", "artifacts"]));
    let mut out: Vec<Artifact> = Vec::new();
    for entry in builds.flat_map(Node::items) {
        let Some(image) = entry.get("image") else { continue };
        let Some(name) = image.text() else { continue };
        let mut context = text_of(entry, "context").unwrap_or("").to_owned();
        // A module of a Maven or Gradle build: the context is the build as a whole.
        let module = entry.at(["jib", "project"]).and_then(Node::text).filter(|module| !module.contains(':'));
        // `go build` of one command.
        let main = entry.at(["ko", "main"]).and_then(Node::text);
        if let Some(inner) = module.or(main) {
            context = format!("{context}/{inner}");
        }
        let artifact = Artifact {
            image: name.to_owned(),
            context: context.trim_start_matches('/').to_owned(),
            dockerfile: entry.at(["docker", "dockerfile"]).and_then(Node::text).map(str::to_owned),
            place: at(image.span),
        };
        if !out.iter().any(|known| known.image == artifact.image) {
            out.push(artifact);
        }
    }
    out
}
