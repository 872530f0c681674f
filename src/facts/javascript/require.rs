//! `require("m")` and `await import("m")`: imports that are written as calls.

use smol_str::{SmolStr, format_smolstr};

use super::import::import_kind;
use super::kind::Kind;
use super::text::string_value;
use super::{Field, Kid, Lower, field, named};
use crate::facts::module::{ExprId, ImportKind};
use crate::syntax::Span;

/// What the generated names of modules begin with; no source can contain such a name.
const PREFIX: &str = "require:";

/// The module that a generated name stands for.
pub(super) fn module_of(name: &str) -> Option<SmolStr> {
    name.strip_prefix(PREFIX).map(SmolStr::new)
}

impl<'t> Lower<'t> {
    /// The module, if a call with these parts is `require("m")`.
    pub(super) fn required(&mut self, kids: &[Kid<'t>]) -> Option<SmolStr> {
        self.loaded_by(kids, |lower, callee| callee.kind == Kind::Identifier && lower.text_of(callee) == "require")
    }

    /// The module, if a call with these parts is `require("m")` or `import("m")`.
    pub(super) fn loads_whole(&mut self, kids: &[Kid<'t>]) -> Option<SmolStr> {
        self.required(kids).or_else(|| self.loaded_by(kids, |_, callee| callee.kind == Kind::Import))
    }

    fn loaded_by(&mut self, kids: &[Kid<'t>], is_loader: impl Fn(&Self, Kid<'t>) -> bool) -> Option<SmolStr> {
        let callee = field(kids, Field::Function)?;
        if !is_loader(self, callee) {
            return None;
        }
        let args = self.named_kids(field(kids, Field::Arguments)?.node);
        let [module] = args.as_slice() else { return None };
        // `import("m" as string)` keeps the compiler from looking for the module's types.
        let mut module = *module;
        while matches!(module.kind, Kind::ParenthesizedExpression | Kind::AsExpression) {
            let kids = self.kids(module.node);
            module = named(&kids)?;
        }
        let is_plain = match module.kind {
            Kind::String => true,
            Kind::TemplateString => {
                self.named_kids(module.node).iter().all(|part| part.kind != Kind::TemplateSubstitution)
            }
            _ => false,
        };
        is_plain.then(|| string_value(self.text_of(module)))
    }

    /// A name for the whole module, which is imported for it once.
    pub(super) fn import_whole(&mut self, module: SmolStr, span: Span) -> ExprId {
        let local = format_smolstr!("{PREFIX}{module}");
        if !self.module.imports.iter().any(|import| import.local == local) {
            self.add_import(&module, ImportKind::Namespace, local.clone(), span);
        }
        self.name(local, span)
    }

    /// Imports what `target = value` binds, if `value` loads a module (or one name of it) and `target`
    /// is a name or an object pattern of plain names; false if not.
    pub(super) fn import_assigned(&mut self, target: Kid<'t>, value: Kid<'t>, span: Span) -> bool {
        let Some((module, member)) = self.loaded(value) else { return false };
        match (target.kind, member) {
            (Kind::Identifier, member) => {
                let kind = member.map_or(ImportKind::Namespace, import_kind);
                let local = self.name_of(target);
                self.add_import(&module, kind, local, span);
                true
            }
            (Kind::ObjectPattern, None) => {
                let Some(names) = self.plain_names(target) else { return false };
                for (name, local, span) in names {
                    self.add_import(&module, import_kind(name), local, span);
                }
                true
            }
            _ => false,
        }
    }

    /// The module that `value` loads, and the one name of it that is taken.
    fn loaded(&mut self, value: Kid<'t>) -> Option<(SmolStr, Option<SmolStr>)> {
        let mut at = value;
        let mut member = None;
        loop {
            let kids = self.kids(at.node);
            match at.kind {
                Kind::ParenthesizedExpression | Kind::AsExpression | Kind::NonNullExpression => at = named(&kids)?,
                Kind::MemberExpression if member.is_none() => {
                    member = Some(self.name_of(field(&kids, Field::Property)?));
                    at = field(&kids, Field::Object)?;
                }
                Kind::CallExpression => return Some((self.required(&kids)?, member)),
                Kind::AwaitExpression => {
                    let call = named(&kids).filter(|call| call.kind == Kind::CallExpression)?;
                    let kids = self.kids(call.node);
                    let module = self.loaded_by(&kids, |_, callee| callee.kind == Kind::Import)?;
                    return Some((module, member));
                }
                _ => return None,
            }
        }
    }

    /// `{ a, b: c }` as exported and local names; none if there is more than names.
    fn plain_names(&mut self, pattern: Kid<'t>) -> Option<Vec<(SmolStr, SmolStr, Span)>> {
        let mut names = Vec::new();
        for part in self.named_kids(pattern.node) {
            match part.kind {
                Kind::ShorthandPropertyPattern => {
                    names.push((self.name_of(part), self.name_of(part), part.span()));
                }
                Kind::PairPattern => {
                    let kids = self.kids(part.node);
                    let (key, value) = field(&kids, Field::Key).zip(field(&kids, Field::Value))?;
                    if value.kind != Kind::Identifier || key.kind == Kind::ComputedPropertyName {
                        return None;
                    }
                    names.push((self.key_name(key), self.name_of(value), part.span()));
                }
                _ => return None,
            }
        }
        Some(names)
    }
}
