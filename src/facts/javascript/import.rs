//! `import` statements.

use smol_str::SmolStr;

use super::kind::Kind;
use super::text::string_value;
use super::{Field, Kid, Lower, field, named};
use crate::facts::module::{Block, Import, ImportKind};
use crate::syntax::Span;

impl<'t> Lower<'t> {
    pub(super) fn add_import(&mut self, module: &SmolStr, kind: ImportKind, local: SmolStr, span: Span) {
        self.module.imports.push(Import { module: module.clone(), kind, local, span });
    }

    /// The value of the `source` string among `kids`.
    pub(super) fn source(&self, kids: &[Kid<'t>]) -> Option<SmolStr> {
        field(kids, Field::Source).map(|source| string_value(self.text_of(source)))
    }

    /// `import …`; what an error leaves without a source is skipped (it is listed as an error).
    pub(super) fn import_statement(&mut self, kid: Kid<'t>) {
        let kids = self.kids(kid.node);
        if let Some(clause) = kids.iter().find(|kid| kid.kind == Kind::ImportRequireClause) {
            let parts = self.kids(clause.node);
            if let Some((name, module)) = named(&parts).zip(self.source(&parts)) {
                self.add_import(&module, ImportKind::Namespace, self.name_of(name), kid.span());
            }
            return;
        }
        let Some(module) = self.source(&kids) else { return };
        let Some(clause) = kids.iter().find(|kid| kid.kind == Kind::ImportClause) else {
            return self.import_side_effect(module, kid.span());
        };
        for part in self.named_kids(clause.node) {
            match part.kind {
                Kind::Identifier => self.add_import(&module, ImportKind::Default, self.name_of(part), kid.span()),
                Kind::NamespaceImport => {
                    let parts = self.kids(part.node);
                    let local = named(&parts).map(|name| self.name_of(name)).unwrap_or_default();
                    self.add_import(&module, ImportKind::Namespace, local, kid.span());
                }
                Kind::NamedImports => {
                    for specifier in self.named_kids(part.node) {
                        self.import_specifier(&module, specifier);
                    }
                }
                _ => {}
            }
        }
    }

    /// `a`, `a as b`, `default as b`.
    fn import_specifier(&mut self, module: &SmolStr, specifier: Kid<'t>) {
        let kids = self.kids(specifier.node);
        let Some(name) = field(&kids, Field::Name) else { return };
        let local = self.name_of(field(&kids, Field::Alias).unwrap_or(name));
        let kind = import_kind(self.key_name(name));
        self.add_import(module, kind, local, specifier.span());
    }

    pub(super) fn import_side_effect(&mut self, module: SmolStr, span: Span) {
        self.add_import(&module, ImportKind::SideEffect, SmolStr::default(), span);
    }

    /// TypeScript's `import A = B.C`.
    pub(super) fn import_alias(&mut self, kid: Kid<'t>, out: &mut Block) {
        let kids = self.named_kids(kid.node);
        let [target, value] = kids.as_slice() else { return };
        let (target, value) = (self.expr(*target), self.nested_name(*value));
        self.assign(target, value, kid.span(), out);
    }
}

/// One name of a module; `default` is a kind of its own.
pub(super) fn import_kind(name: SmolStr) -> ImportKind {
    if name == "default" { ImportKind::Default } else { ImportKind::Named(name) }
}
