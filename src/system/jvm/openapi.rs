//! The routes of controllers that implement what the build generates from an OpenAPI document: a method is the
//! operation that is called like it.

use crate::cache::Cache;
use crate::contract::document::{Document, Operation};
use crate::contract::find::{self, Found};
use crate::extract::routes::{Implementation, Route, Served};
use crate::files::Tree;
use crate::program::Program;
use crate::program::resolve::within;
use crate::program::types::build_root;

/// Adds the routes, where a document of the same build module has the operations.
pub(super) fn add(tree: &Tree, program: &Program, served: &mut Served) {
    if served.generated.is_empty() {
        return;
    }
    let documents: Vec<Document> = find::documents(tree, &Cache::in_memory())
        .into_iter()
        .filter_map(|found| if let Found::Document(document) = found { Some(*document) } else { None })
        .collect();
    let mut routes = Vec::new();
    for class in &served.generated {
        let root = build_root(&program.unit(class.unit).path);
        let own = documents.iter().filter(|document| within(&tree.file(document.file).path, root));
        // The one of which it implements most; the other ones are those of its peers.
        let Some(document) = own.rev().max_by_key(|document| implemented(class, document).count()) else { continue };
        routes.extend(implemented(class, document).map(|(operation, handler)| Route {
            place: handler,
            unit: class.unit,
            method: operation.method.clone(),
            path: operation.path.clone(),
            framework: class.framework.into(),
            handler: Some(handler),
            app: None,
            partial: operation.partial,
            // Generators may put the path of the server before it, or leave that to the settings.
            unrooted: operation.bases.iter().any(|base| !base.trim_matches('/').is_empty()),
        }));
    }
    served.routes.extend(routes);
}

fn implemented<'d>(
    class: &'d Implementation,
    document: &'d Document,
) -> impl Iterator<Item = (&'d Operation, crate::syntax::Place)> + 'd {
    document.operations.iter().filter_map(|operation| {
        let name = method_name(operation.id.as_deref()?);
        let (_, place) = class.methods.iter().find(|(method, _)| *method == name)?;
        Some((operation, *place))
    })
}

/// `get-order`, `get_order` and `GetOrder` are generated as `getOrder`.
fn method_name(id: &str) -> String {
    let mut out = String::new();
    for word in id.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let mut chars = word.chars();
        let first = chars.next().into_iter();
        if out.is_empty() {
            out.extend(first.flat_map(char::to_lowercase));
        } else {
            out.extend(first.flat_map(char::to_uppercase));
        }
        out.extend(chars);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::method_name;

    #[test]
    fn operations_become_methods() {
        for id in ["get-order", "get_order", "GetOrder", "getOrder"] {
            assert_eq!(method_name(id), "getOrder");
        }
    }
}
