//! Imports.

use smol_str::SmolStr;
use tree_sitter::Node;

use super::kinds::{Field, Kind};
use super::{Kid, Lowerer, span};
use crate::facts::module::{Import, ImportKind};

impl<'t> Lowerer<'t> {
    /// `import a.b, c as d`.
    pub(super) fn import(&mut self, node: Node<'t>) {
        let kids = self.children(node);
        for i in kids.clone() {
            let (name, alias) = self.imported(self.kids[i]);
            // Unaliased, `import a.b` binds `a`.
            let module = match &alias {
                Some(_) => name,
                None => SmolStr::new(name.split('.').next().unwrap_or_default()),
            };
            let local = alias.unwrap_or_else(|| module.clone());
            self.add_import(module, ImportKind::Namespace, local, self.kids[i].node);
        }
        self.release(kids);
    }

    /// `from m import a, b as c`, `from m import *`.
    pub(super) fn import_from(&mut self, node: Node<'t>, is_future: bool) {
        let kids = self.children(node);
        let module = match self.in_field(&kids, Field::ModuleName) {
            Some(module) => self.dotted(module.node),
            None if is_future => SmolStr::new_static("__future__"),
            None => SmolStr::default(),
        };
        for i in kids.clone() {
            let kid = self.kids[i];
            match kid.kind {
                Kind::Wildcard => self.add_import(module.clone(), ImportKind::Star, SmolStr::default(), node),
                _ if kid.field == Field::Name => {
                    let (name, alias) = self.imported(kid);
                    let local = alias.unwrap_or_else(|| name.clone());
                    self.add_import(module.clone(), ImportKind::Named(name), local, kid.node);
                }
                _ => {}
            }
        }
        self.release(kids);
    }

    /// The imported name and its alias.
    fn imported(&mut self, kid: Kid<'t>) -> (SmolStr, Option<SmolStr>) {
        if kid.kind != Kind::AliasedImport {
            return (self.dotted(kid.node), None);
        }
        let kids = self.children(kid.node);
        let name = self.in_field(&kids, Field::Name).map(|name| self.dotted(name.node)).unwrap_or_default();
        let alias = self.in_field(&kids, Field::Alias).map(|alias| self.name_of(alias.node));
        self.release(kids);
        (name, alias)
    }

    /// A dotted name without the blanks that Python allows around the dots.
    fn dotted(&self, node: Node<'t>) -> SmolStr {
        let text = self.text_of(node);
        if text.contains(|c: char| c.is_whitespace() || c == '\\') {
            return text.chars().filter(|c| !c.is_whitespace() && *c != '\\').collect();
        }
        SmolStr::new(text)
    }

    fn add_import(&mut self, module: SmolStr, kind: ImportKind, local: SmolStr, node: Node<'t>) {
        // What is left of an import that the parser could not read says nothing.
        if !module.is_empty() {
            self.module.imports.push(Import { module, kind, local, span: span(node) });
        }
    }
}
