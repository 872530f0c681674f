//! Classes, records, interfaces and enums with their members.

use smol_str::SmolStr;

use super::super::kind::Kind;
use super::super::{Field, Head, Kid, Spelled, field, find, has, named};
use super::Lower;
use crate::facts::module::{self, Call, ClassId, ClassKind, ExprId, ExprKind, FuncId, FunctionKind, Param};
use crate::syntax::Span;

impl<'t> Lower<'t> {
    /// A named type declaration of any sort.
    pub(super) fn class(&mut self, kid: Kid<'t>) -> ClassId {
        let kids = self.kids(kid.node);
        let name = field(&kids, Field::Name);
        let kind = match kid.kind {
            Kind::InterfaceDeclaration | Kind::AnnotationTypeDeclaration => ClassKind::Interface,
            Kind::EnumDeclaration => ClassKind::Enum,
            _ => ClassKind::Class,
        };
        let text = name.map(|name| self.name_of(name)).unwrap_or_default();
        let name_span = name.map_or(kid.span(), |name| name.span());
        self.class_with(text.clone(), kind, kid.span(), name_span, |lower, id| {
            let decorators = lower.annotations(&kids);
            let bases = lower.bases(&kids);
            let class = lower.class_mut(id);
            class.decorators = decorators;
            class.bases = bases;
            if kid.kind == Kind::RecordDeclaration {
                lower.record_constructor(&kids, text, name_span, id);
            }
            if let Some(body) = field(&kids, Field::Body) {
                lower.members(body, id);
            }
        })
    }

    /// `new T(…) { … }`: a class without a name whose base is `T`.
    pub(super) fn anonymous(&mut self, base: ExprId, span: Span, body: Kid<'t>) -> ClassId {
        let whole = Span::new(span.start as usize, body.end());
        self.class_with(SmolStr::default(), ClassKind::Class, whole, span, |lower, id| {
            lower.class_mut(id).bases = vec![base];
            lower.deeper(body, |lower| lower.members(body, id));
        })
    }

    fn bases(&mut self, kids: &[Kid<'t>]) -> Vec<ExprId> {
        let mut bases = Vec::new();
        for clause in kids {
            match clause.kind {
                Kind::Superclass => {
                    let parts = self.named_kids(clause.node);
                    bases.extend(named(&parts).map(|ty| self.ty(ty)));
                }
                Kind::SuperInterfaces | Kind::ExtendsInterfaces => {
                    let parts = self.named_kids(clause.node);
                    if let Some(list) = find(&parts, Kind::TypeList) {
                        let types = self.named_kids(list.node);
                        bases.extend(types.into_iter().map(|ty| self.ty(ty)));
                    }
                }
                _ => {}
            }
        }
        bases
    }

    fn members(&mut self, body: Kid<'t>, id: ClassId) {
        for member in self.named_kids(body.node) {
            self.deeper(member, |lower| lower.member(member, id));
        }
    }

    fn member(&mut self, member: Kid<'t>, id: ClassId) {
        match member.kind {
            Kind::FieldDeclaration | Kind::ConstantDeclaration => {
                self.fields(member, member.kind == Kind::ConstantDeclaration, id);
            }
            Kind::MethodDeclaration | Kind::ConstructorDeclaration | Kind::AnnotationTypeElement => {
                let method = self.method(member, true);
                self.class_mut(id).methods.push(method);
            }
            Kind::CompactConstructor => self.compact_constructor(member, id),
            Kind::StaticInitializer | Kind::Block => {
                let is_static = member.kind == Kind::StaticInitializer;
                let parts = self.named_kids(member.node);
                let block = if is_static { find(&parts, Kind::Block).unwrap_or(member) } else { member };
                let method = self.initializer(member, block, is_static);
                self.class_mut(id).methods.push(method);
            }
            Kind::EnumConstant => self.enum_constant(member, id),
            Kind::EnumBodyDeclarations | Kind::Error => self.members(member, id),
            Kind::ClassDeclaration
            | Kind::RecordDeclaration
            | Kind::InterfaceDeclaration
            | Kind::AnnotationTypeDeclaration
            | Kind::EnumDeclaration => {
                let nested = self.class(member);
                self.class_mut(nested).outer = Some(id);
            }
            // Only in a text with errors: what stands there is kept as an initialiser.
            Kind::Modifiers | Kind::TypeParameters => {}
            _ => {
                let method = self.initializer(member, member, false);
                self.class_mut(id).methods.push(method);
            }
        }
    }

    fn initializer(&mut self, member: Kid<'t>, block: Kid<'t>, is_static: bool) -> FuncId {
        let head = Head {
            name: SmolStr::new_static(if is_static { "static" } else { "init" }),
            span: member.span(),
            name_span: self.beginning(member.span(), 6),
            kind: FunctionKind::Method,
            decorators: Vec::new(),
            is_static,
            is_async: false,
        };
        self.function_with(head, |lower, function| lower.block_into(block, &mut function.body))
    }

    fn fields(&mut self, member: Kid<'t>, is_constant: bool, id: ClassId) {
        let kids = self.kids(member.node);
        let is_static = is_constant || self.has_modifier(&kids, Kind::TokenStatic);
        let declarators: Vec<Kid<'t>> = kids.iter().filter(|k| k.kind == Kind::VariableDeclarator).copied().collect();
        for declarator in declarators {
            let decorators = self.annotations(&kids);
            let ty = field(&kids, Field::Type).map(|ty| self.ty(ty));
            let parts = self.kids(declarator.node);
            let name = self.declared_name(&parts);
            // Lambdas of an initialiser are no members.
            let class = self.class.take();
            let value = field(&parts, Field::Value).map(|value| self.expr(value));
            self.class = class;
            let span = if declarator.start() > member.start() { member.span() } else { declarator.span() };
            self.class_mut(id).fields.push(module::Field { name, ty, value, decorators, is_static, span });
        }
    }

    fn has_modifier(&mut self, kids: &[Kid<'t>], kind: Kind) -> bool {
        find(kids, Kind::Modifiers).is_some_and(|modifiers| {
            let kids = self.kids(modifiers.node);
            has(&kids, kind)
        })
    }

    /// `NAME(args) { body }`: a static field whose value creates the enum.
    fn enum_constant(&mut self, member: Kid<'t>, id: ClassId) {
        let kids = self.kids(member.node);
        let Some(name) = field(&kids, Field::Name) else { return };
        let decorators = self.annotations(&kids);
        let text = self.name_of(name);
        let has_args = field(&kids, Field::Arguments).is_some();
        let body = field(&kids, Field::Body);
        let mut value = None;
        if has_args || body.is_some() {
            let own = self.module.class(id).name.clone();
            let mut callee = self.name(own, name.span());
            let args = self.args(&kids);
            if let Some(body) = body {
                let class = self.anonymous(callee, name.span(), body);
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

    /// A method or constructor; `is_member` is false only where an error has displaced it.
    pub(super) fn method(&mut self, member: Kid<'t>, is_member: bool) -> FuncId {
        let kids = self.kids(member.node);
        let name = field(&kids, Field::Name);
        let head = Head {
            name: name.map(|name| self.name_of(name)).unwrap_or_default(),
            span: member.span(),
            name_span: name.map_or(member.span(), |name| name.span()),
            kind: match member.kind {
                _ if !is_member => FunctionKind::Function,
                Kind::ConstructorDeclaration => FunctionKind::Constructor,
                _ => FunctionKind::Method,
            },
            decorators: self.annotations(&kids),
            is_static: self.has_modifier(&kids, Kind::TokenStatic),
            is_async: false,
        };
        self.function_with(head, |lower, function| {
            function.returns = field(&kids, Field::Type).map(|ty| lower.ty(ty));
            if let Some(list) = field(&kids, Field::Parameters) {
                function.params = lower.params(list);
            }
            if let Some(body) = field(&kids, Field::Body) {
                lower.block_into(body, &mut function.body);
            }
            // The default of an annotation's element.
            if let Some(value) = field(&kids, Field::Value) {
                let expr = lower.expr(value);
                lower.push_expr(expr, value.span(), &mut function.body);
            }
        })
    }

    pub(super) fn params(&mut self, list: Kid<'t>) -> Vec<Param> {
        let mut params = Vec::new();
        for kid in self.named_kids(list.node) {
            let variadic = kid.kind == Kind::SpreadParameter;
            if !variadic && kid.kind != Kind::FormalParameter {
                continue;
            }
            let kids = self.kids(kid.node);
            let decorators = self.annotations(&kids);
            let (ty, name) = if variadic {
                let declarator = find(&kids, Kind::VariableDeclarator);
                let parts = declarator.map(|d| self.kids(d.node)).unwrap_or_default();
                let is_type = |k: &&Kid<'t>| {
                    !k.kind.is_token()
                        && !matches!(
                            k.kind,
                            Kind::Modifiers | Kind::VariableDeclarator | Kind::Annotation | Kind::MarkerAnnotation
                        )
                };
                (kids.iter().find(is_type).copied(), self.declared_name(&parts))
            } else {
                (field(&kids, Field::Type), self.declared_name(&kids))
            };
            let ty = ty.map(|ty| self.ty(ty));
            params.push(Param { name, ty, default: None, variadic, is_field: false, decorators, span: kid.span() });
        }
        params
    }

    /// The constructor that a record has without writing it.
    fn record_constructor(&mut self, kids: &[Kid<'t>], name: SmolStr, name_span: Span, id: ClassId) {
        let Some(list) = field(kids, Field::Parameters) else { return };
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
        });
        self.class_mut(id).methods.push(constructor);
    }

    /// `record R(int x) { R { check(x); } }` adds to the record's own constructor.
    fn compact_constructor(&mut self, member: Kid<'t>, id: ClassId) {
        let kids = self.kids(member.node);
        let Some(body) = field(&kids, Field::Body) else { return };
        let own = self.module.class(id).methods.first().copied();
        let Some(own) = own.filter(|f| self.module.func(*f).kind == FunctionKind::Constructor) else {
            let method = self.initializer(member, body, false);
            return self.class_mut(id).methods.push(method);
        };
        let class = self.class.take();
        let outer = self.func.replace(own);
        let block = self.block(body);
        self.func = outer;
        self.class = class;
        let function = &mut self.module.funcs[own.0 as usize];
        function.body.extend(block);
    }
}
