//! Exports: `export …`, `module.exports = …`, `exports.a = …`.

use smol_str::SmolStr;

use super::kind::Kind;
use super::require::module_of;
use super::{Field, Kid, Lower, Spelled, field, has, named};
use crate::facts::module::{Block, Entry, Export, ExportValue, ExprId, ExprKind, StmtKind};

impl<'t> Lower<'t> {
    fn add_export(&mut self, name: SmolStr, value: ExportValue) {
        if !self.state.in_namespace {
            self.module.exports.push(Export { name, value });
        }
    }

    pub(super) fn export_statement(&mut self, kid: Kid<'t>, out: &mut Block) {
        let kids = self.kids(kid.node);
        let source = self.source(&kids);
        let is_default = has(&kids, Kind::TokenDefault);
        if let Some(declaration) = field(&kids, Field::Declaration) {
            return self.export_declaration(declaration, &kids, is_default, out);
        }
        if let Some(value) = field(&kids, Field::Value) {
            return self.export_default(value, &kids, out);
        }
        if let Some(clause) = kids.iter().find(|kid| kid.kind == Kind::ExportClause) {
            for specifier in self.named_kids(clause.node) {
                self.export_specifier(specifier, source.as_ref());
            }
            return;
        }
        if let Some(module) = source {
            let namespace = kids.iter().find(|kid| kid.kind == Kind::NamespaceExport);
            let mut name = SmolStr::new_static("*");
            if let Some(namespace) = namespace {
                let parts = self.kids(namespace.node);
                name = named(&parts).map(|part| self.key_name(part)).unwrap_or(name);
            }
            return self.add_export(name, ExportValue::From { module, name: SmolStr::new_static("*") });
        }
        // `export = x`; anything else is the remains of an error.
        for value in kids.iter().filter(|kid| !kid.kind.is_token()) {
            if has(&kids, Kind::TokenEquals) && !value.kind.is_statement() {
                let expr = self.expr(*value);
                self.export_whole(expr);
                out.push(self.module.add_stmt(StmtKind::Expr(expr), value.span()));
            } else {
                self.stmt(*value, out);
            }
        }
    }

    fn export_declaration(&mut self, kid: Kid<'t>, kids: &[Kid<'t>], is_default: bool, out: &mut Block) {
        for local in self.declared_names(kid) {
            let name = if is_default { SmolStr::new_static("default") } else { local.clone() };
            self.add_export(name, ExportValue::Local(local));
        }
        match kid.kind {
            Kind::ClassDeclaration | Kind::AbstractClassDeclaration => {
                let decorators: Vec<Kid<'t>> = kids.iter().filter(|k| k.kind == Kind::Decorator).copied().collect();
                self.class_stmt(kid, &decorators, out);
            }
            _ => self.stmt(kid, out),
        }
    }

    /// The names that a declaration declares; none for one that is ignored.
    fn declared_names(&mut self, kid: Kid<'t>) -> Vec<SmolStr> {
        let kids = self.kids(kid.node);
        let mut names = Vec::new();
        match kid.kind {
            Kind::LexicalDeclaration | Kind::VariableDeclaration | Kind::UsingDeclaration => {
                for declarator in kids.iter().filter(|kid| kid.kind == Kind::VariableDeclarator) {
                    let parts = self.kids(declarator.node);
                    if let Some(name) = field(&parts, Field::Name) {
                        self.bound_names(name, &mut names);
                    }
                }
            }
            Kind::FunctionSignature | Kind::AmbientDeclaration => {}
            Kind::ImportAlias => names.extend(named(&kids).map(|name| self.name_of(name))),
            _ => names.extend(field(&kids, Field::Name).map(|name| self.name_of(name))),
        }
        names
    }

    fn export_default(&mut self, value: Kid<'t>, kids: &[Kid<'t>], out: &mut Block) {
        let decorators: Vec<Kid<'t>> = kids.iter().filter(|k| k.kind == Kind::Decorator).copied().collect();
        let expr = if value.kind == Kind::Class {
            let class = self.class(value, SmolStr::default(), &decorators);
            self.module.add_expr(ExprKind::ClassExpr(class), value.span())
        } else {
            self.expr(value)
        };
        let exported = self.export_value(expr);
        self.add_export(SmolStr::new_static("default"), exported);
        out.push(self.module.add_stmt(StmtKind::Expr(expr), value.span()));
    }

    /// `a`, `a as b`, with or without `from "m"`.
    fn export_specifier(&mut self, specifier: Kid<'t>, source: Option<&SmolStr>) {
        let kids = self.kids(specifier.node);
        let Some(name) = field(&kids, Field::Name) else { return };
        let exported = self.key_name(field(&kids, Field::Alias).unwrap_or(name));
        let name = self.key_name(name);
        let value = match source {
            Some(module) => ExportValue::From { module: module.clone(), name },
            None => ExportValue::Local(name),
        };
        self.add_export(exported, value);
    }

    /// Lists what an assignment exports, if it is one to `module.exports` or `exports`. In
    /// `exports = module.exports = x` every target counts.
    pub(super) fn commonjs_export(&mut self, target: ExprId, value: ExprId) {
        let mut targets = vec![target];
        let mut value = value;
        while let ExprKind::Assign { target, value: inner } = &self.module.expr(value).kind {
            targets.push(*target);
            value = *inner;
        }
        for target in targets {
            let ExprKind::Attr { object, name, .. } = &self.module.expr(target).kind else { continue };
            if self.is_exports(*object) {
                let name = name.clone();
                let value = self.export_value(value);
                self.add_export(name, value);
            } else if self.is_exports(target) {
                self.export_whole(value);
            }
        }
    }

    /// `exports`, `module.exports`.
    fn is_exports(&self, id: ExprId) -> bool {
        match &self.module.expr(id).kind {
            ExprKind::Name(name) => name == "exports",
            ExprKind::Attr { object, name, .. } if name == "exports" => {
                matches!(&self.module.expr(*object).kind, ExprKind::Name(name) if name == "module")
            }
            _ => false,
        }
    }

    /// `module.exports = value`: each key of an object, everything of a module, or else the default.
    fn export_whole(&mut self, value: ExprId) {
        let entries = match &self.module.expr(value).kind {
            ExprKind::Dict(entries) => entries.clone(),
            _ => {
                return match self.export_value(value) {
                    ExportValue::From { module, name } if name == "*" => {
                        self.add_export(name.clone(), ExportValue::From { module, name });
                    }
                    value => self.add_export(SmolStr::new_static("default"), value),
                };
            }
        };
        for entry in entries {
            match entry {
                Entry::Pair { key, value } => {
                    let ExprKind::Str(name) = &self.module.expr(key).kind else { continue };
                    let name = name.clone();
                    let value = self.export_value(value);
                    self.add_export(name, value);
                }
                Entry::Spread(value) => {
                    if let from @ ExportValue::From { .. } = self.export_value(value) {
                        self.add_export(SmolStr::new_static("*"), from);
                    }
                }
            }
        }
    }

    fn export_value(&self, value: ExprId) -> ExportValue {
        let from = |object: ExprId, name: &SmolStr| match &self.module.expr(object).kind {
            ExprKind::Name(local) => module_of(local).map(|module| ExportValue::From { module, name: name.clone() }),
            _ => None,
        };
        match &self.module.expr(value).kind {
            ExprKind::Name(name) => from(value, &SmolStr::new_static("*")).unwrap_or(ExportValue::Local(name.clone())),
            ExprKind::Attr { object, name, .. } => from(*object, name).unwrap_or(ExportValue::Expr(value)),
            _ => ExportValue::Expr(value),
        }
    }
}
