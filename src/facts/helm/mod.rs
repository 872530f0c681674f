//! Helm templates: a reader of Go's template language and a renderer that keeps places.
//!
//! A chart is rendered with the values that stand in the repository, so that what comes out is the YAML
//! that would be deployed. Nothing is guessed: a value that is given at installation time, a function
//! that is not known and anything that depends on the cluster come out as
//! [`HOLE`](crate::facts::kube::HOLE), and a condition that can't be decided takes its first branch and
//! marks it as assumed.
//!
//! <https://pkg.go.dev/text/template>, <https://helm.sh/docs/chart_template_guide/>

mod expression;
mod functions;
mod parse;
mod render;
mod value;
mod yaml_text;

pub use expression::Expression;
pub use parse::{Node, Template, parse};
pub use render::{Partials, Rendered, Source, render};
pub use value::{Item, Value};

#[cfg(test)]
mod tests;
