//! Classes, records, structs, interfaces, enums and delegates.

use smol_str::SmolStr;

use super::kind::Kind;
use super::{Kid, Lower};
use crate::facts::module::{self, Arg, Call, ClassId, ClassKind, ExprKind, FunctionKind, Param, StmtKind};
use crate::facts::walk::{Field, Head, field, find};
use crate::syntax::Span;

/// True for a declaration of a type.
pub(super) fn is_type(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::ClassDeclaration
            | Kind::RecordDeclaration
            | Kind::StructDeclaration
            | Kind::InterfaceDeclaration
            | Kind::EnumDeclaration
            | Kind::DelegateDeclaration
    )
}

impl<'t> Lower<'t> {
    /// A type declaration of any sort.
    pub(super) fn class(&mut self, kid: Kid<'t>) -> ClassId {
        let kids = self.kids(kid.node);
        let name = field(&kids, Field::Name);
        let kind = match kid.kind {
            Kind::InterfaceDeclaration | Kind::DelegateDeclaration => ClassKind::Interface,
            Kind::EnumDeclaration => ClassKind::Enum,
            _ => ClassKind::Class,
        };
        let text = name.map(|name| self.name_of(name)).unwrap_or_default();
        let name_span = name.map_or(kid.span(), |name| name.span());
        let id = self.new_class(text.clone(), kind, kid.span(), name_span);
        self.in_class(id, |lower| {
            let mut decorators = lower.attributes(&kids);
            if lower.has_modifier(&kids, "partial") {
                decorators.push(lower.name("partial", name_span));
            }
            lower.class_mut(id).decorators = decorators;
            lower.class_mut(id).type_params = lower.type_params(&kids);
            let primary = find(&kids, Kind::ParameterList).filter(|_| kid.kind != Kind::DelegateDeclaration);
            let base_args = lower.bases(&kids, id);
            if let Some(list) = primary {
                lower.primary_constructor(list, text, name_span, base_args, id);
            }
            if kid.kind == Kind::DelegateDeclaration {
                let method = lower.function(&kids, kid, FunctionKind::Method, "Invoke".into());
                lower.class_mut(id).methods.push(method);
            }
            if let Some(body) = field(&kids, Field::Body) {
                lower.members(body, id);
            }
        });
        id
    }

    /// The names of type parameters: `T` of `class Consumer<in T>`.
    fn type_params(&mut self, kids: &[Kid<'t>]) -> Vec<SmolStr> {
        let Some(list) = find(kids, Kind::TypeParameterList) else { return Vec::new() };
        let params = self.named_kids(list.node).into_iter().filter(|kid| kid.kind == Kind::TypeParameter);
        params
            .filter_map(|param| {
                let parts = self.kids(param.node);
                let name = field(&parts, Field::Name).or_else(|| find(&parts, Kind::Identifier))?;
                Some(self.name_of(name))
            })
            .collect()
    }

    /// Notes the bases; returns the arguments of the base's constructor.
    fn bases(&mut self, kids: &[Kid<'t>], id: ClassId) -> Option<Kid<'t>> {
        let list = find(kids, Kind::BaseList)?;
        let mut arguments = None;
        for base in self.named_kids(list.node) {
            let ty = match base.kind {
                Kind::ArgumentList => {
                    arguments = Some(base);
                    continue;
                }
                Kind::PrimaryConstructorBaseType => {
                    let parts = self.kids(base.node);
                    arguments = find(&parts, Kind::ArgumentList);
                    match field(&parts, Field::Type) {
                        Some(ty) => self.ty(ty),
                        None => continue,
                    }
                }
                _ => self.ty(base),
            };
            self.class_mut(id).bases.push(ty);
        }
        arguments
    }

    /// `class A(X x) : B(x)`, `record A(int X);`.
    fn primary_constructor(
        &mut self,
        list: Kid<'t>,
        name: SmolStr,
        name_span: Span,
        base_args: Option<Kid<'t>>,
        id: ClassId,
    ) {
        let head = Head {
            name,
            span: list.span(),
            name_span,
            kind: FunctionKind::Constructor,
            decorators: Vec::new(),
            is_static: false,
            is_async: false,
        };
        let constructor = self.function_with(head, |lower, function| {
            function.params = lower.params(list);
            function.params.iter_mut().for_each(|param| param.is_field = true);
            if let Some(args) = base_args {
                let callee = lower.module.add_expr(ExprKind::Super, args.span());
                let args_list = lower.args(args);
                let call = Call { callee, args: args_list, is_new: false, type_args: Vec::new() };
                let call = lower.module.add_expr(ExprKind::Call(call), args.span());
                let stmt = lower.module.add_stmt(StmtKind::Expr(call), args.span());
                function.body.push(stmt);
            }
        });
        self.class_mut(id).methods.push(constructor);
    }

    pub(super) fn members(&mut self, body: Kid<'t>, id: ClassId) {
        for member in self.named_kids(body.node) {
            self.deeper(member, |lower| lower.member(member, id));
        }
    }

    pub(super) fn has_modifier(&self, kids: &[Kid<'t>], modifier: &str) -> bool {
        kids.iter().any(|kid| kid.kind == Kind::Modifier && self.text_of(*kid) == modifier)
    }

    pub(super) fn enum_member(&mut self, member: Kid<'t>, id: ClassId) {
        let kids = self.kids(member.node);
        let Some(name) = field(&kids, Field::Name) else { return };
        let decorators = self.attributes(&kids);
        let name = self.name_of(name);
        let value = field(&kids, Field::Value).map(|value| self.expr(value));
        let span = member.span();
        self.class_mut(id).fields.push(module::Field { name, ty: None, value, decorators, is_static: true, span });
    }

    pub(super) fn params(&mut self, list: Kid<'t>) -> Vec<Param> {
        let mut params = Vec::new();
        let kids = self.kids(list.node);
        for kid in kids.iter().filter(|kid| kid.kind == Kind::Parameter) {
            let parts = self.kids(kid.node);
            let mut decorators = self.attributes(&parts);
            if let Some(this) = parts.iter().find(|k| k.kind == Kind::Modifier && self.text_of(**k) == "this") {
                decorators.push(self.name("this", this.span()));
            }
            let ty = field(&parts, Field::Type).map(|ty| self.ty(ty));
            let default = parts.iter().find(|part| {
                part.field == Field::Other
                    && !matches!(part.kind, Kind::Modifier | Kind::AttributeList | Kind::PreprocIfInAttributeList)
            });
            let default = default.map(|default| self.expr(*default));
            let name = field(&parts, Field::Name).map(|name| self.name_of(name)).unwrap_or_default();
            params.push(Param { name, ty, default, variadic: false, is_field: false, decorators, span: kid.span() });
        }
        // `params T[] rest` stands in the list itself.
        if let Some(name) = field(&kids, Field::Name) {
            let ty = field(&kids, Field::Type).map(|ty| self.ty(ty));
            let (text, span) = (self.name_of(name), name.span());
            let decorators = Vec::new();
            params.push(Param { name: text, ty, default: None, variadic: true, is_field: false, decorators, span });
        }
        params
    }

    /// The arguments in an argument list.
    pub(super) fn args(&mut self, list: Kid<'t>) -> Vec<Arg> {
        let mut args = Vec::new();
        for kid in self.named_kids(list.node) {
            if kid.kind != Kind::Argument {
                let value = self.expr(kid);
                args.push(Arg { name: None, spread: false, value });
                continue;
            }
            let parts = self.named_kids(kid.node);
            let name = field(&parts, Field::Name).map(|name| self.name_of(name));
            let value = match parts.iter().find(|part| part.field != Field::Name) {
                Some(value) => self.expr(*value),
                None => self.other_of(&[], kid.span()),
            };
            args.push(Arg { name, spread: false, value });
        }
        args
    }
}
