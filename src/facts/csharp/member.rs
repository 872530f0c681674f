//! Members of a class.

use smol_str::{SmolStr, format_smolstr};

use super::decl::is_type;
use super::kind::Kind;
use super::{Kid, Lower};
use crate::facts::module::{
    self, Block, Call, ClassId, ExprId, ExprKind, FuncId, Function, FunctionKind, Param, StmtKind,
};
use crate::facts::walk::{Field, Head, field, find};

impl<'t> Lower<'t> {
    pub(super) fn member(&mut self, member: Kid<'t>, id: ClassId) {
        match member.kind {
            Kind::FieldDeclaration | Kind::EventFieldDeclaration => self.fields(member, id),
            Kind::PropertyDeclaration | Kind::IndexerDeclaration | Kind::EventDeclaration => self.property(member, id),
            Kind::MethodDeclaration | Kind::ConstructorDeclaration => {
                let kids = self.kids(member.node);
                let kind = match member.kind {
                    Kind::ConstructorDeclaration => FunctionKind::Constructor,
                    _ => FunctionKind::Method,
                };
                let name = field(&kids, Field::Name).map(|name| self.name_of(name)).unwrap_or_default();
                let method = self.function(&kids, member, kind, name);
                self.class_mut(id).methods.push(method);
            }
            Kind::OperatorDeclaration | Kind::ConversionOperatorDeclaration | Kind::DestructorDeclaration => {
                let kids = self.kids(member.node);
                let name = if member.kind == Kind::DestructorDeclaration { "Finalize" } else { "operator" };
                let method = self.function(&kids, member, FunctionKind::Method, name.into());
                self.class_mut(id).methods.push(method);
            }
            Kind::EnumMemberDeclaration => self.enum_member(member, id),
            kind if is_type(kind) => {
                let nested = self.class(member);
                self.class_mut(nested).outer = Some(id);
            }
            Kind::PreprocIf | Kind::PreprocElif | Kind::PreprocElse | Kind::DeclarationList => {
                let condition = Field::Condition;
                for inner in self.named_kids(member.node).into_iter().filter(|kid| kid.field != condition) {
                    self.deeper(inner, |lower| lower.member(inner, id));
                }
            }
            Kind::UsingDirective => self.using(member),
            Kind::AttributeList | Kind::Modifier | Kind::Token => {}
            // Only in a text with errors: what stands there is kept as a method without a name.
            _ => {
                let head = self.plain_head(SmolStr::default(), member, FunctionKind::Method);
                let method = self.function_with(head, |lower, function| lower.displaced(member, &mut function.body));
                self.class_mut(id).methods.push(method);
            }
        }
    }

    fn displaced(&mut self, kid: Kid<'t>, out: &mut Block) {
        if kid.kind == Kind::Error {
            for inner in self.named_kids(kid.node) {
                self.stmt(inner, out);
            }
        } else {
            self.stmt(kid, out);
        }
    }

    fn plain_head(&self, name: SmolStr, kid: Kid<'t>, kind: FunctionKind) -> Head {
        Head { name, name_span: self.beginning(kid.span(), 1), kind, ..self.lambda_head(kid.span()) }
    }

    fn fields(&mut self, member: Kid<'t>, id: ClassId) {
        let kids = self.kids(member.node);
        let is_static = self.has_modifier(&kids, "static") || self.has_modifier(&kids, "const");
        let Some(declaration) = find(&kids, Kind::VariableDeclaration) else { return };
        let parts = self.kids(declaration.node);
        let ty = field(&parts, Field::Type);
        for declarator in parts.iter().filter(|part| part.kind == Kind::VariableDeclarator) {
            let decorators = self.attributes(&kids);
            let declared = ty.map(|ty| self.ty(ty));
            let inner = self.named_kids(declarator.node);
            let name = field(&inner, Field::Name).map(|name| self.name_of(name)).unwrap_or_default();
            let value = inner.iter().find(|part| part.field != Field::Name).copied();
            let value = value.map(|value| self.member_value(value, ty));
            let span = declarator.span();
            self.class_mut(id).fields.push(module::Field { name, ty: declared, value, decorators, is_static, span });
        }
    }

    /// The initialiser of a field; lambdas in it are no members.
    fn member_value(&mut self, value: Kid<'t>, ty: Option<Kid<'t>>) -> crate::facts::module::ExprId {
        let class = self.class.take();
        let value = self.expected_expr(value, ty);
        self.class = class;
        value
    }

    /// A property is a field; one that computes its value is a getter.
    fn property(&mut self, member: Kid<'t>, id: ClassId) {
        let kids = self.kids(member.node);
        let name = match field(&kids, Field::Name) {
            Some(name) => self.name_of(name),
            None => SmolStr::new_static("Item"),
        };
        let is_static = self.has_modifier(&kids, "static");
        let ty = field(&kids, Field::Type);
        let value = field(&kids, Field::Value);
        let mut is_computed = false;
        if let Some(arrow) = value.filter(|value| value.kind == Kind::ArrowExpressionClause) {
            is_computed = true;
            let method = self.accessor(&kids, member, name.clone(), FunctionKind::Getter, arrow);
            self.class_mut(id).methods.push(method);
        }
        let accessors = field(&kids, Field::Accessors).map(|list| self.named_kids(list.node)).unwrap_or_default();
        for accessor in accessors {
            let parts = self.kids(accessor.node);
            let Some(body) = field(&parts, Field::Body) else { continue };
            let is_getter = field(&parts, Field::Name).is_some_and(|name| self.text_of(name) == "get")
                || self.text_of(accessor).trim_start().starts_with("get");
            let method = if is_getter {
                is_computed = true;
                self.accessor(&kids, member, name.clone(), FunctionKind::Getter, body)
            } else {
                self.accessor(&kids, accessor, format_smolstr!("set_{name}"), FunctionKind::Method, body)
            };
            self.class_mut(id).methods.push(method);
        }
        if is_computed {
            return;
        }
        let decorators = self.attributes(&kids);
        let declared = ty.map(|ty| self.ty(ty));
        let value = value.map(|value| self.member_value(value, ty));
        let span = member.span();
        self.class_mut(id).fields.push(module::Field { name, ty: declared, value, decorators, is_static, span });
    }

    fn accessor(
        &mut self,
        kids: &[Kid<'t>],
        place: Kid<'t>,
        name: SmolStr,
        kind: FunctionKind,
        body: Kid<'t>,
    ) -> FuncId {
        let mut head = self.plain_head(name, place, kind);
        head.is_static = self.has_modifier(kids, "static");
        head.name_span = field(kids, Field::Name).map_or(head.name_span, |name| name.span());
        if kind == FunctionKind::Getter {
            head.decorators = self.attributes(kids);
        }
        self.function_with(head, |lower, function| {
            if kind == FunctionKind::Getter {
                function.returns = field(kids, Field::Type).map(|ty| lower.ty(ty));
            }
            lower.result_into(body, field(kids, Field::Type), &mut function.body);
        })
    }

    /// A method, constructor, operator or local function.
    pub(super) fn function(&mut self, kids: &[Kid<'t>], kid: Kid<'t>, kind: FunctionKind, name: SmolStr) -> FuncId {
        let head = Head {
            name,
            span: kid.span(),
            name_span: field(kids, Field::Name).map_or(self.beginning(kid.span(), 1), |name| name.span()),
            kind,
            decorators: self.attributes(kids),
            is_static: self.has_modifier(kids, "static"),
            is_async: self.has_modifier(kids, "async"),
        };
        let is_public = self.has_modifier(kids, "public");
        self.function_with(head, |lower, function| {
            function.is_public = is_public;
            lower.function_parts(kids, function);
        })
    }

    fn function_parts(&mut self, kids: &[Kid<'t>], function: &mut Function) {
        let result = field(kids, Field::Returns).or_else(|| field(kids, Field::Type));
        function.returns = result.map(|ty| self.ty(ty));
        let params = field(kids, Field::Parameters);
        function.params = params.map(|list| self.params(list)).unwrap_or_default();
        self.bound_params(kids, &mut function.params);
        if let Some(initializer) = find(kids, Kind::ConstructorInitializer) {
            self.constructor_call(initializer, &mut function.body);
        }
        let usings = std::mem::take(&mut self.state.usings);
        if let Some(body) = field(kids, Field::Body) {
            self.result_into(body, result, &mut function.body);
        }
        self.state.usings = usings;
    }

    /// `where T : class, IEvent`: a parameter of type `T` is at least that.
    fn bound_params(&mut self, kids: &[Kid<'t>], params: &mut [Param]) {
        for clause in kids.iter().filter(|kid| kid.kind == Kind::TypeParameterConstraintsClause) {
            let parts = self.named_kids(clause.node);
            let Some(name) = find(&parts, Kind::Identifier).map(|name| self.name_of(name)) else { continue };
            let bound = parts.iter().filter(|part| part.kind == Kind::TypeParameterConstraint).find_map(|constraint| {
                let inner = self.named_kids(constraint.node);
                inner
                    .into_iter()
                    .find(|kid| matches!(kid.kind, Kind::Identifier | Kind::GenericName | Kind::QualifiedName))
            });
            let Some(bound) = bound else { continue };
            for param in params.iter_mut() {
                let is_it = |ty: &ExprId| matches!(&self.module.expr(*ty).kind, ExprKind::Name(n) if *n == name);
                if param.ty.as_ref().is_some_and(is_it) {
                    param.ty = Some(self.ty(bound));
                }
            }
        }
    }

    /// `: base(…)`, `: this(…)`.
    fn constructor_call(&mut self, kid: Kid<'t>, out: &mut Block) {
        let kids = self.kids(kid.node);
        let is_base = self.text_of(kid).trim_start_matches(':').trim_start().starts_with("base");
        let kind = if is_base { ExprKind::Super } else { ExprKind::This };
        let callee = self.module.add_expr(kind, kid.span());
        let args = find(&kids, Kind::ArgumentList).map(|list| self.args(list)).unwrap_or_default();
        let call = Call { callee, args, is_new: false, type_args: Vec::new() };
        let call = self.module.add_expr(ExprKind::Call(call), kid.span());
        self.push_expr(call, kid.span(), out);
    }

    /// The same of a function with a declared result: `Order Empty() => new(0)` makes an object of that type.
    fn result_into(&mut self, body: Kid<'t>, ty: Option<Kid<'t>>, out: &mut Block) {
        let value = self.named_kids(body.node).first().copied();
        let made = value.filter(|value| {
            body.kind == Kind::ArrowExpressionClause && value.kind == Kind::ImplicitObjectCreationExpression
        });
        match made {
            Some(made) => {
                let value = self.expected_expr(made, ty);
                self.push(StmtKind::Return(Some(value)), body.span(), out);
            }
            None => self.body_into(body, out),
        }
    }

    /// A block, or `=> value`, which is returned.
    pub(super) fn body_into(&mut self, body: Kid<'t>, out: &mut Block) {
        match body.kind {
            Kind::Block => self.block_into(body, out),
            Kind::ArrowExpressionClause => {
                let kids = self.named_kids(body.node);
                match kids.first() {
                    // `=> field = value` is there for the assignment.
                    Some(value) if value.kind == Kind::AssignmentExpression => self.expression(*value, out),
                    _ => {
                        let value = self.only_child(body);
                        self.push(StmtKind::Return(Some(value)), body.span(), out);
                    }
                }
            }
            _ => {
                let value = self.expr(body);
                self.push(StmtKind::Return(Some(value)), body.span(), out);
            }
        }
    }
}
