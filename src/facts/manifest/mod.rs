//! What package manifests say: `package.json`, `pyproject.toml`, `requirements.txt`, `tsconfig.json`,
//! `nest-cli.json`, `pnpm-workspace.yaml`.

mod node;
mod python;

use serde::{Deserialize, Serialize};

use crate::syntax::{Span, Spanned};

pub use node::{
    NestCli, NestProject, PackageJson, PathMapping, TsConfig, nest_cli, package_json, pnpm_workspace, tsconfig,
};
pub use python::{PyProject, Requirements, normalized_name, pyproject, requirements};

/// A package that is depended on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirement {
    /// Its name; Python names are normalised (PEP 503: lower case, `-`).
    pub name: Spanned<String>,
    /// The version constraint as written (`^1.6.0`, `>=0.27,<1`, `workspace:*`); empty for any.
    pub version: String,
    /// Which kind of dependency it is.
    pub kind: RequirementKind,
    /// The whole entry.
    pub span: Span,
}

/// Which kind of dependency a [`Requirement`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RequirementKind {
    /// Needed at run time.
    Runtime,
    /// Only for development: `devDependencies`, dependency groups, `requirements-dev.txt`.
    Development,
    /// `peerDependencies`.
    Peer,
    /// `optionalDependencies`, extras.
    Optional,
}

/// A named command: an entry of `scripts`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Script {
    /// Its name.
    pub name: Spanned<String>,
    /// The command line, or for Python `module:function`.
    pub command: Spanned<String>,
}

#[cfg(test)]
mod tests;
