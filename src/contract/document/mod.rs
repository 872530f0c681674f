//! An OpenAPI document as the rules need it: operations with full paths, what they ask for and answer,
//! each with its place.
//!
//! - OpenAPI 2.0: <https://spec.openapis.org/oas/v2.0>
//! - OpenAPI 3.0: <https://spec.openapis.org/oas/v3.0.4>
//! - OpenAPI 3.1: <https://spec.openapis.org/oas/v3.1.1>

mod faults;
mod lower;
mod reference;
pub mod schema;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::contract::template::Template;
use crate::files::{self, Tree};
use crate::syntax::data::Node;
use crate::syntax::{FileId, Place};

pub(super) use lower::base_of;
pub use reference::{At, Dangling, Library, parse};

/// An OpenAPI document.
#[derive(Clone, Debug)]
pub struct Document {
    /// Its file.
    pub file: FileId,
    /// Where it says that it is one.
    pub place: Place,
    /// The version of the specification.
    pub version: Version,
    /// `info.title`.
    pub title: Option<String>,
    /// `info.version`, and where it stands.
    pub api_version: Option<(String, Place)>,
    /// The paths of its servers, without a final `/`: empty for one without a path. At least one.
    pub bases: Vec<String>,
    /// The paths as written, in the order of the document.
    pub paths: Vec<String>,
    /// Where the paths stand.
    pub paths_place: Option<Place>,
    /// The operations, in the order of the document.
    pub operations: Vec<Operation>,
    /// What breaks the specification, in the order of the document.
    pub faults: Vec<Fault>,
    /// References to other machines: what stands there is not known.
    pub remote: Vec<String>,
    /// The files it consists of.
    pub library: Arc<Library>,
}

/// A version of the OpenAPI specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// Swagger 2.0.
    V2,
    /// OpenAPI 3.0.
    V30,
    /// OpenAPI 3.1 and later.
    V31,
}

/// Security schemes that have to be met together, by name, each with its scopes.
pub type Alternative = Vec<(String, Vec<String>)>;

/// An operation.
#[derive(Clone, Debug)]
pub struct Operation {
    /// In upper case.
    pub method: String,
    /// The path as written below `paths`.
    pub path: String,
    /// The paths of the servers that apply to it; see [`Document::bases`].
    pub bases: Vec<String>,
    /// The method's key.
    pub place: Place,
    /// The path's key.
    pub path_place: Place,
    /// `operationId`.
    pub id: Option<String>,
    /// Its parameters and those of the path, without bodies.
    pub parameters: Vec<Parameter>,
    /// What it takes.
    pub body: Option<Body>,
    /// What it answers.
    pub responses: Vec<Response>,
    /// The alternatives of security schemes that it asks for, each with the names of its schemes and their
    /// scopes; none when nothing is said, empty when nothing is asked.
    pub security: Option<Vec<Alternative>>,
    /// It is to go away.
    pub deprecated: bool,
    /// A part of it could not be followed, so something may be missing here.
    pub partial: bool,
}

/// A parameter.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Where it is sent: `path`, `query`, `header`, `cookie`, `formData`.
    pub location: String,
    /// It has to be sent.
    pub required: bool,
    /// What it may be; in OpenAPI 2 the parameter itself says so.
    pub schema: Option<SchemaRef>,
    /// Where it stands.
    pub place: Place,
}

/// The body of a request.
#[derive(Clone, Debug)]
pub struct Body {
    /// It has to be sent.
    pub required: bool,
    /// By media type.
    pub media: Vec<Media>,
    /// Where it stands.
    pub place: Place,
}

/// What is sent as one media type.
#[derive(Clone, Debug)]
pub struct Media {
    /// `application/json`.
    pub name: String,
    /// What it may be.
    pub schema: Option<SchemaRef>,
    /// Where it stands.
    pub place: Place,
}

/// A response.
#[derive(Clone, Debug)]
pub struct Response {
    /// `200`, `4XX`, `default`.
    pub status: String,
    /// By media type.
    pub media: Vec<Media>,
    /// Its headers.
    pub headers: Vec<Parameter>,
    /// The status's key.
    pub place: Place,
}

/// A schema in a file of the library.
#[derive(Clone, Debug)]
pub struct SchemaRef {
    /// The file.
    pub file: FileId,
    /// The value; references are not followed.
    pub node: Node,
}

/// What breaks the specification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong; quotes the offending value, no full stop.
    pub message: String,
    /// What to write instead.
    pub help: String,
    /// Where.
    pub place: Place,
}

/// Why there is no document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The file says nothing of OpenAPI.
    Other,
    /// It could not be read; the caller tells that elsewhere.
    Unreadable(String),
    /// It can't be parsed.
    Syntax(Fault),
}

impl Document {
    /// Reads a document of a tree.
    ///
    /// # Errors
    /// When the file is none, or can't be read.
    pub fn read(tree: &Tree, file: FileId) -> Result<Document, Refused> {
        let text = files::read(tree.file(file)).map_err(|error| Refused::Unreadable(error.to_string()))?;
        let library = Library::load(tree, file, &text).map_err(|error| {
            Refused::Syntax(Fault {
                message: format!("the document can't be read: {error}"),
                help: "Write valid YAML or JSON: no tool can read this document".into(),
                place: Place::new(file, error.span),
            })
        })?;
        lower::document(file, Arc::new(library)).ok_or(Refused::Other)
    }

    /// True when no operation could be lost to a reference that leads nowhere.
    pub fn is_whole(&self) -> bool {
        self.remote.is_empty() && self.operations.iter().all(|operation| !operation.partial)
    }
}

impl Operation {
    /// Its full paths: below each of its servers.
    pub fn full_paths(&self) -> Vec<String> {
        self.bases.iter().map(|base| crate::extract::routes::path::join(base, &self.path)).collect()
    }

    /// Its path below a prefix, as a template.
    pub fn template(&self, prefix: &str) -> Template {
        Template::offered(&crate::extract::routes::path::join(prefix, &self.path))
    }
}

impl std::fmt::Display for Operation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

impl SchemaRef {
    /// The schema as a value of its library.
    pub fn at(&self) -> At<'_> {
        At { file: self.file, node: &self.node }
    }
}
