//! Types as expressions, and declarations of types.

use smol_str::SmolStr;

use super::kind::Kind;
use super::{Kid, Lower};
use crate::facts::module::{self, ClassId, ClassKind, ExprId, ExprKind, FunctionKind, StmtKind};
use crate::facts::module::{Block, FuncId};
use crate::facts::walk::{Field, Head, all_in, field, find};
use crate::syntax::Span;

/// Most names of one field list (`a, b, c T`) whose type is kept.
const MAX_NAMES: usize = 100;

impl<'t> Lower<'t> {
    /// A type as an expression.
    pub(super) fn ty(&mut self, kid: Kid<'t>) -> ExprId {
        match self.deeper(kid, |lower| lower.type_by_kind(kid)) {
            Some(id) => id,
            None => self.other_of(&[], kid.span()),
        }
    }

    fn type_by_kind(&mut self, kid: Kid<'t>) -> ExprId {
        let span = kid.span();
        match kid.kind {
            Kind::TypeIdentifier | Kind::Identifier | Kind::PackageIdentifier => {
                let name = self.text_of(kid);
                self.name(name, span)
            }
            Kind::QualifiedType => {
                let kids = self.kids(kid.node);
                let (Some(package), Some(name)) = (field(&kids, Field::Package), field(&kids, Field::Name)) else {
                    return self.other_of(&[], span);
                };
                let text = self.text_of(package);
                let object = self.name(text, package.span());
                let text = self.text_of(name).into();
                self.attr(object, text, name.span())
            }
            // Go follows pointers by itself.
            Kind::PointerType | Kind::ParenthesizedType | Kind::NegatedType | Kind::TypeElem => {
                match self.named_kids(kid.node).first() {
                    Some(inner) => self.ty(*inner),
                    None => self.other_of(&[], span),
                }
            }
            Kind::SliceType | Kind::ArrayType | Kind::ImplicitLengthArrayType => {
                let kids = self.kids(kid.node);
                let element = self.type_in(&kids, Field::Element, kid);
                match field(&kids, Field::Length) {
                    Some(length) if length.kind == Kind::CallExpression => {
                        let length = self.expr(length);
                        self.other_of(&[element, length], span)
                    }
                    _ => self.array_of(element, span),
                }
            }
            Kind::MapType => {
                let kids = self.kids(kid.node);
                let key = self.type_in(&kids, Field::Key, kid);
                let value = self.type_in(&kids, Field::Value, kid);
                let object = self.name("Map", span);
                self.apply_types(object, &[key, value], span)
            }
            Kind::ChannelType => {
                let kids = self.kids(kid.node);
                let element = self.type_in(&kids, Field::Value, kid);
                let object = self.name("chan", span);
                self.apply_types(object, &[element], span)
            }
            Kind::GenericType => {
                let kids = self.kids(kid.node);
                let object = self.type_in(&kids, Field::Type, kid);
                let types = field(&kids, Field::TypeArguments).map(|list| self.type_args(list)).unwrap_or_default();
                self.apply_types(object, &types, span)
            }
            // `func(ctx context.Context) error`: what it gives.
            Kind::FunctionType => {
                let kids = self.kids(kid.node);
                let given: Vec<ExprId> = field(&kids, Field::Result).map(|r| self.result_type(r)).into_iter().collect();
                self.other_of(&given, span)
            }
            Kind::InterfaceType if self.named_kids(kid.node).is_empty() => self.name("any", span),
            Kind::StructType => {
                let class = self.new_class(SmolStr::default(), ClassKind::Class, span, self.beginning(span, 1));
                self.struct_body(kid, class);
                self.module.add_expr(ExprKind::ClassExpr(class), span)
            }
            _ => self.other_of(&[], span),
        }
    }

    pub(super) fn type_in(&mut self, kids: &[Kid<'t>], role: Field, around: Kid<'t>) -> ExprId {
        match field(kids, role) {
            Some(kid) => self.ty(kid),
            None => self.other_of(&[], around.span()),
        }
    }

    pub(super) fn type_args(&mut self, list: Kid<'t>) -> Vec<ExprId> {
        self.named_kids(list.node).into_iter().map(|kid| self.ty(kid)).collect()
    }

    /// `type T struct { … }`, `type ( … )`.
    pub(super) fn type_declaration(&mut self, kid: Kid<'t>, out: &mut Block) {
        for spec in self.named_kids(kid.node) {
            let kids = self.kids(spec.node);
            let (Some(name), Some(ty)) = (field(&kids, Field::Name), field(&kids, Field::Type)) else { continue };
            if spec.kind == Kind::TypeAlias {
                let text = self.text_of(name);
                let target = self.name(text, name.span());
                let value = self.ty(ty);
                self.assign(target, value, spec.span(), out);
                continue;
            }
            let kind = if ty.kind == Kind::InterfaceType { ClassKind::Interface } else { ClassKind::Class };
            let text = SmolStr::new(self.text_of(name));
            let class = self.new_class(text.clone(), kind, spec.span(), name.span());
            if self.func.is_none() {
                self.state.types.insert(text, class);
            }
            match ty.kind {
                Kind::StructType => self.struct_body(ty, class),
                Kind::InterfaceType => self.interface_body(ty, class),
                _ => {
                    let base = self.ty(ty);
                    self.class_mut(class).bases = vec![base];
                }
            }
            self.push(StmtKind::Class(class), spec.span(), out);
        }
    }

    fn struct_body(&mut self, ty: Kid<'t>, class: ClassId) {
        let kids = self.named_kids(ty.node);
        let Some(list) = find(&kids, Kind::FieldDeclarationList) else { return };
        for declaration in self.named_kids(list.node) {
            self.deeper(declaration, |lower| lower.struct_field(declaration, class));
        }
    }

    fn struct_field(&mut self, declaration: Kid<'t>, class: ClassId) {
        let kids = self.kids(declaration.node);
        let Some(ty) = field(&kids, Field::Type) else { return };
        let mut names: Vec<(SmolStr, Span)> =
            all_in(&kids, Field::Name).into_iter().map(|name| (self.text_of(name).into(), name.span())).collect();
        if names.is_empty() {
            let base = self.ty(ty);
            self.class_mut(class).bases.push(base);
            let text = self.text_of(ty).split('[').next().unwrap_or_default();
            names.push((text.rsplit('.').next().unwrap_or(text).trim_start_matches('*').into(), ty.span()));
        }
        for (name, span) in names.into_iter().take(MAX_NAMES) {
            let decorators = match field(&kids, Field::Tag) {
                Some(tag) => vec![self.string(tag)],
                None => Vec::new(),
            };
            let ty = Some(self.ty(ty));
            self.class_mut(class).fields.push(module::Field {
                name,
                ty,
                value: None,
                decorators,
                is_static: false,
                span,
            });
        }
    }

    fn interface_body(&mut self, ty: Kid<'t>, class: ClassId) {
        for member in self.named_kids(ty.node) {
            if member.kind == Kind::MethodElem {
                let method = self.in_class(class, |lower| lower.method_elem(member));
                self.class_mut(class).methods.push(method);
            } else {
                let base = self.ty(member);
                self.class_mut(class).bases.push(base);
            }
        }
    }

    fn method_elem(&mut self, member: Kid<'t>) -> FuncId {
        let kids = self.kids(member.node);
        let name = field(&kids, Field::Name);
        let head = Head {
            name: name.map(|name| self.text_of(name).into()).unwrap_or_default(),
            span: member.span(),
            name_span: name.map_or(member.span(), |name| name.span()),
            kind: FunctionKind::Method,
            decorators: Vec::new(),
            is_static: false,
            is_async: false,
        };
        self.function_with(head, |lower, function| {
            function.params = field(&kids, Field::Parameters).map(|list| lower.params(list)).unwrap_or_default();
            function.returns = field(&kids, Field::Result).map(|result| lower.result_type(result));
        })
    }

    /// The declared result: a type, or a list of several.
    pub(super) fn result_type(&mut self, result: Kid<'t>) -> ExprId {
        if result.kind != Kind::ParameterList {
            return self.ty(result);
        }
        let params = self.params(result);
        let types: Vec<ExprId> = params.iter().filter_map(|param| param.ty).collect();
        match types.as_slice() {
            [only] => *only,
            _ => self.module.add_expr(ExprKind::List(types), result.span()),
        }
    }
}
