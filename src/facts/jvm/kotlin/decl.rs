//! Classes, objects and enums.

use smol_str::SmolStr;

use super::super::kind::Kind;
use super::super::{Field, Head, Kid, Spelled, field, find, has};
use super::Lower;
use super::types::is_type;
use crate::facts::module::{self, Call, ClassId, ClassKind, ExprId, ExprKind, FuncId, FunctionKind, Param};
use crate::syntax::Span;

impl<'t> Lower<'t> {
    /// A class, interface, enum or object.
    pub(super) fn class(&mut self, kid: Kid<'t>) -> ClassId {
        let kids = self.kids(kid.node);
        let name = field(&kids, Field::Name);
        let kind = match () {
            () if has(&kids, Kind::TokenInterface) => ClassKind::Interface,
            () if has(&kids, Kind::EnumClassBody) || self.has_modifier(&kids, "enum") => ClassKind::Enum,
            () => ClassKind::Class,
        };
        let text = name.map(|name| self.name_of(name)).unwrap_or_default();
        let name_span = name.map_or(kid.span(), |name| name.span());
        let is_object = kid.kind == Kind::ObjectDeclaration;
        self.class_with(text, kind, kid.span(), name_span, |lower, id| {
            lower.class_mut(id).decorators = lower.annotations(&kids);
            lower.class_parts(&kids, id, is_object);
        })
    }

    /// `object : T(…) { … }`: a class without a name.
    pub(super) fn object_literal(&mut self, kid: Kid<'t>) -> ClassId {
        let kids = self.kids(kid.node);
        let name_span = self.beginning(kid.span(), 6);
        self.class_with(SmolStr::default(), ClassKind::Class, kid.span(), name_span, |lower, id| {
            lower.class_parts(&kids, id, false);
        })
    }

    /// What follows the name: constructor, bases, members.
    fn class_parts(&mut self, kids: &[Kid<'t>], id: ClassId, is_object: bool) {
        let specifiers = find(kids, Kind::DelegationSpecifiers);
        let supers = match specifiers {
            Some(list) => self.bases(list, id),
            None => Vec::new(),
        };
        let primary = find(kids, Kind::PrimaryConstructor);
        if primary.is_some() || !supers.is_empty() {
            let constructor = self.primary_constructor(primary, id, supers);
            self.class_mut(id).methods.push(constructor);
        }
        let body = kids.iter().find(|k| matches!(k.kind, Kind::ClassBody | Kind::EnumClassBody));
        if let Some(body) = body {
            self.members(*body, id, is_object);
        }
    }

    pub(super) fn members(&mut self, body: Kid<'t>, id: ClassId, is_static: bool) {
        for member in self.named_kids(body.node) {
            self.deeper(member, |lower| lower.member(member, id, is_static));
        }
    }

    /// The bases of a class; returns the calls of their constructors.
    fn bases(&mut self, list: Kid<'t>, id: ClassId) -> Vec<(Kid<'t>, Span)> {
        let mut supers = Vec::new();
        for specifier in self.named_kids(list.node) {
            for part in self.named_kids(specifier.node) {
                let ty = match part.kind {
                    Kind::ConstructorInvocation => {
                        let kids = self.named_kids(part.node);
                        supers.extend(find(&kids, Kind::ValueArguments).map(|args| (args, part.span())));
                        kids.iter().find(|k| is_type(k.kind)).copied()
                    }
                    Kind::ExplicitDelegation => {
                        let kids = self.named_kids(part.node);
                        if let Some(value) = kids.iter().find(|k| !is_type(k.kind)) {
                            self.expr(*value);
                        }
                        kids.iter().find(|k| is_type(k.kind)).copied()
                    }
                    kind if is_type(kind) => Some(part),
                    _ => None,
                };
                if let Some(ty) = ty {
                    let base = self.ty(ty);
                    self.class_mut(id).bases.push(base);
                }
            }
        }
        supers
    }

    fn primary_constructor(&mut self, primary: Option<Kid<'t>>, id: ClassId, supers: Vec<(Kid<'t>, Span)>) -> FuncId {
        let class = self.module.class(id);
        let (name, name_span, span) = (class.name.clone(), class.name_span, class.span);
        let kids = primary.map(|kid| self.kids(kid.node)).unwrap_or_default();
        let head = Head {
            name,
            span: primary.map_or(span, |kid| kid.span()),
            name_span,
            kind: FunctionKind::Constructor,
            decorators: self.annotations(&kids),
            is_static: false,
            is_async: false,
        };
        self.function_with(head, |lower, function| {
            if let Some(list) = find(&kids, Kind::ClassParameters) {
                for kid in lower.named_kids(list.node) {
                    if kid.kind == Kind::ClassParameter {
                        let param = lower.class_param(kid);
                        function.params.push(param);
                    }
                }
            }
            for (list, span) in supers {
                let callee = lower.module.add_expr(ExprKind::Super, span);
                let args = lower.args(list);
                let call = Call { callee, args, is_new: false, type_args: Vec::new() };
                let call = lower.module.add_expr(ExprKind::Call(call), span);
                lower.push_expr(call, span, &mut function.body);
            }
        })
    }

    fn class_param(&mut self, kid: Kid<'t>) -> Param {
        let kids = self.kids(kid.node);
        let decorators = self.annotations(&kids);
        let name = find(&kids, Kind::Identifier).map(|name| self.name_of(name)).unwrap_or_default();
        let ty = kids.iter().find(|k| is_type(k.kind)).map(|ty| self.ty(*ty));
        let default = self.after_equals(&kids).map(|value| self.expr(value));
        let is_field = has(&kids, Kind::TokenVal) || has(&kids, Kind::TokenVar);
        let variadic = self.has_modifier(&kids, "vararg");
        Param { name, ty, default, variadic, is_field, decorators, span: kid.span() }
    }

    /// The first node behind `=`.
    pub(super) fn after_equals(&mut self, kids: &[Kid<'t>]) -> Option<Kid<'t>> {
        let at = kids.iter().position(|k| k.kind == Kind::TokenEquals)?;
        kids[at..].iter().find(|k| !k.kind.is_token()).copied()
    }

    /// True if a modifier is among those of a declaration.
    pub(super) fn has_modifier(&mut self, kids: &[Kid<'t>], word: &str) -> bool {
        let lists: Vec<Kid<'t>> = kids
            .iter()
            .filter(|k| matches!(k.kind, Kind::Modifiers | Kind::ParameterModifiers | Kind::TypeModifiers))
            .copied()
            .collect();
        lists.into_iter().any(|list| {
            let parts = self.kids(list.node);
            parts.into_iter().any(|part| part.kind != Kind::Annotation && self.text_of(part) == word)
        })
    }

    /// `NAME(args) { … }`: a static field whose value creates the enum.
    pub(super) fn enum_entry(&mut self, member: Kid<'t>, id: ClassId) {
        let kids = self.kids(member.node);
        let Some(name) = find(&kids, Kind::Identifier) else { return };
        let decorators = self.annotations(&kids);
        let text = self.name_of(name);
        let args = find(&kids, Kind::ValueArguments);
        let body = find(&kids, Kind::ClassBody);
        let mut value = None;
        if args.is_some() || body.is_some() {
            let own = self.module.class(id).name.clone();
            let mut callee = self.name(own, name.span());
            let args = args.map(|list| self.args(list)).unwrap_or_default();
            if let Some(body) = body {
                let class = self.class_with(
                    SmolStr::default(),
                    ClassKind::Class,
                    member.span(),
                    name.span(),
                    |lower, inner| {
                        lower.class_mut(inner).bases = vec![callee];
                        lower.members(body, inner, false);
                    },
                );
                callee = self.module.add_expr(ExprKind::ClassExpr(class), member.span());
            }
            let call = Call { callee, args, is_new: true, type_args: Vec::new() };
            value = Some(self.module.add_expr(ExprKind::Call(call), member.span()));
        }
        let span = member.span();
        self.class_mut(id).fields.push(module::Field {
            name: text,
            ty: None,
            value,
            decorators,
            is_static: true,
            span,
        });
    }

    /// The named type of a list of kids.
    pub(super) fn type_among(&mut self, kids: &[Kid<'t>]) -> Option<ExprId> {
        kids.iter().find(|k| is_type(k.kind)).map(|ty| self.ty(*ty))
    }
}
