//! Functions, properties and the other members of a class.

use smol_str::SmolStr;

use super::super::kind::Kind;
use super::super::{Field, Head, Kid, Spelled, field, find, named};
use super::expr::untyped;
use super::types::is_type;
use super::{Lower, Sink};
use crate::facts::module::{self, Call, ClassId, ExprId, ExprKind, FuncId, Function, FunctionKind, Param};

impl<'t> Lower<'t> {
    pub(super) fn member(&mut self, member: Kid<'t>, id: ClassId, is_static: bool) {
        match member.kind {
            Kind::FunctionDeclaration => {
                let method = self.function(member, true, is_static);
                self.class_mut(id).methods.push(method);
            }
            Kind::PropertyDeclaration => self.property(member, id, is_static),
            Kind::SecondaryConstructor => {
                let method = self.secondary_constructor(member);
                self.class_mut(id).methods.push(method);
            }
            Kind::AnonymousInitializer => self.init_block(member, id),
            Kind::CompanionObject => {
                let kids = self.kids(member.node);
                if let Some(body) = find(&kids, Kind::ClassBody) {
                    self.members(body, id, true);
                }
            }
            Kind::EnumEntry => self.enum_entry(member, id),
            Kind::ClassDeclaration | Kind::ObjectDeclaration => {
                let nested = self.class(member);
                self.class_mut(nested).outer = Some(id);
            }
            Kind::Error => self.members(member, id, is_static),
            Kind::TypeAlias | Kind::Modifiers => {}
            // Only in a text with errors: what stands there is kept as an initialiser.
            _ => {
                let head = self.block_head(member, "init");
                let method = self.function_with(head, |lower, function| lower.stmt(member, &mut function.body));
                self.class_mut(id).methods.push(method);
            }
        }
    }

    fn block_head(&mut self, member: Kid<'t>, name: &'static str) -> Head {
        Head {
            name: SmolStr::new_static(name),
            name_span: self.beginning(member.span(), name.len()),
            kind: FunctionKind::Method,
            ..self.lambda_head(member.span())
        }
    }

    /// `init { … }` is part of the primary constructor, whose parameters it sees.
    fn init_block(&mut self, member: Kid<'t>, id: ClassId) {
        let constructor = self.module.class(id).methods.first().copied();
        let constructor = constructor.filter(|f| self.module.func(*f).kind == FunctionKind::Constructor);
        let kids = self.kids(member.node);
        let Some(block) = find(&kids, Kind::Block) else { return };
        let Some(constructor) = constructor else {
            let head = self.block_head(member, "init");
            let method = self.function_with(head, |lower, function| lower.stmt(block, &mut function.body));
            return self.class_mut(id).methods.push(method);
        };
        let class = self.class.take();
        let outer = self.func.replace(constructor);
        let mut body = Vec::new();
        self.stmt(block, &mut body);
        self.func = outer;
        self.class = class;
        self.module.funcs[constructor.0 as usize].body.extend(body);
    }

    fn secondary_constructor(&mut self, member: Kid<'t>) -> FuncId {
        let kids = self.kids(member.node);
        let decorators = self.annotations(&kids);
        let head = Head { kind: FunctionKind::Constructor, decorators, ..self.block_head(member, "constructor") };
        self.function_with(head, |lower, function| {
            if let Some(list) = find(&kids, Kind::FunctionValueParameters) {
                function.params = lower.params(list);
            }
            if let Some(call) = find(&kids, Kind::ConstructorDelegationCall) {
                let parts = lower.named_kids(call.node);
                let is_this = lower.text_of(call).starts_with("this");
                let kind = if is_this { ExprKind::This } else { ExprKind::Super };
                let callee = lower.module.add_expr(kind, call.span());
                let args = find(&parts, Kind::ValueArguments).map(|list| lower.args(list)).unwrap_or_default();
                let kind = ExprKind::Call(Call { callee, args, is_new: false, type_args: Vec::new() });
                let expr = lower.module.add_expr(kind, call.span());
                lower.push_expr(expr, call.span(), &mut function.body);
            }
            if let Some(block) = find(&kids, Kind::Block) {
                lower.stmt(block, &mut function.body);
            }
        })
    }

    /// A named function: a member, a local one or one at the top.
    pub(super) fn function(&mut self, kid: Kid<'t>, is_member: bool, is_static: bool) -> FuncId {
        let kids = self.kids(kid.node);
        let name = field(&kids, Field::Name);
        let head = Head {
            name: name.map(|name| self.name_of(name)).unwrap_or_default(),
            span: kid.span(),
            name_span: name.map_or(kid.span(), |name| name.span()),
            kind: if is_member { FunctionKind::Method } else { FunctionKind::Function },
            decorators: self.annotations(&kids),
            is_static,
            is_async: self.has_modifier(&kids, "suspend"),
        };
        self.function_body_of(kid, head)
    }

    /// Parameters, result type and body of any function.
    pub(super) fn function_body_of(&mut self, kid: Kid<'t>, head: Head) -> FuncId {
        let kids = self.kids(kid.node);
        self.function_with(head, |lower, function| {
            let at = kids.iter().position(|k| k.kind == Kind::FunctionValueParameters).unwrap_or(0);
            if let Some(list) = find(&kids, Kind::FunctionValueParameters) {
                function.params = lower.params(list);
            }
            function.returns = lower.type_among(&kids[at..]);
            lower.body(&kids, function);
        })
    }

    /// `{ … }` or `= value`.
    fn body(&mut self, kids: &[Kid<'t>], function: &mut Function) {
        let Some(body) = find(kids, Kind::FunctionBody) else { return };
        let parts = self.named_kids(body.node);
        match named(&parts) {
            Some(block) if block.kind == Kind::Block => self.stmt(block, &mut function.body),
            Some(value) => self.value_into(value, Sink::Return, &mut function.body),
            None => {}
        }
    }

    fn params(&mut self, list: Kid<'t>) -> Vec<Param> {
        let kids = self.kids(list.node);
        let mut params: Vec<Param> = Vec::new();
        let mut modifiers: Vec<Kid<'t>> = Vec::new();
        let mut is_default = false;
        for kid in kids {
            match kid.kind {
                Kind::ParameterModifiers => modifiers = vec![kid],
                Kind::Parameter => {
                    let parts = self.named_kids(kid.node);
                    let name = find(&parts, Kind::Identifier).map(|name| self.name_of(name)).unwrap_or_default();
                    let own = std::mem::take(&mut modifiers);
                    let decorators = self.annotations(&own);
                    let variadic = self.has_modifier(&own, "vararg");
                    let ty = self.type_among(&parts);
                    params.push(Param { ty, variadic, decorators, ..untyped(name, kid.span()) });
                    is_default = false;
                }
                Kind::TokenEquals => is_default = true,
                kind if kind.is_token() => {}
                _ if is_default => {
                    let default = self.expr(kid);
                    if let Some(param) = params.last_mut() {
                        param.default = Some(default);
                    }
                    is_default = false;
                }
                _ => {}
            }
        }
        params
    }

    /// The node of a property's initialiser.
    pub(super) fn initializer(&mut self, kids: &[Kid<'t>]) -> Option<Kid<'t>> {
        let end = kids.iter().position(|k| matches!(k.kind, Kind::Getter | Kind::Setter)).unwrap_or(kids.len());
        self.after_equals(&kids[..end])
    }

    /// The value of a property: its initialiser, or what it is delegated to. `by lazy { x }` is `x`.
    pub(super) fn property_value(&mut self, kids: &[Kid<'t>]) -> Option<ExprId> {
        if let Some(value) = self.initializer(kids) {
            return Some(self.expr(value));
        }
        let delegate = find(kids, Kind::PropertyDelegate)?;
        let parts = self.named_kids(delegate.node);
        let value = named(&parts)?;
        match self.lazy_value(value) {
            Some(inner) => Some(self.expr(inner)),
            None => Some(self.expr(value)),
        }
    }

    fn lazy_value(&mut self, call: Kid<'t>) -> Option<Kid<'t>> {
        if call.kind != Kind::CallExpression || !self.text_of(call).starts_with("lazy") {
            return None;
        }
        let kids = self.named_kids(call.node);
        let lambda = find(&kids, Kind::AnnotatedLambda)?;
        let kids = self.named_kids(lambda.node);
        let body = self.named_kids(find(&kids, Kind::LambdaLiteral)?.node);
        match body.as_slice() {
            [only] => Some(*only),
            _ => None,
        }
    }

    fn property(&mut self, member: Kid<'t>, id: ClassId, is_static: bool) {
        let kids = self.kids(member.node);
        let Some(declared) = find(&kids, Kind::VariableDeclaration) else { return };
        let parts = self.named_kids(declared.node);
        let name = find(&parts, Kind::Identifier).map(|name| self.name_of(name)).unwrap_or_default();
        let decorators = self.annotations(&kids);
        let ty = parts.iter().find(|k| is_type(k.kind)).map(|ty| self.ty(*ty));
        let class = self.class.take();
        let value = self.property_value(&kids);
        self.class = class;
        let accessors: Vec<Kid<'t>> =
            kids.iter().filter(|k| matches!(k.kind, Kind::Getter | Kind::Setter)).copied().collect();
        if value.is_some() || accessors.iter().all(|k| k.kind != Kind::Getter) {
            let field = module::Field { name: name.clone(), ty, value, decorators, is_static, span: member.span() };
            self.class_mut(id).fields.push(field);
        }
        for accessor in accessors {
            let method = self.accessor(accessor, &name, true);
            self.class_mut(id).methods.push(method);
        }
    }

    /// `get() = …`, `set(value) { … }`; an accessor of a class is its member.
    pub(super) fn accessor(&mut self, accessor: Kid<'t>, name: &SmolStr, is_member: bool) -> FuncId {
        let kids = self.kids(accessor.node);
        let is_getter = accessor.kind == Kind::Getter;
        let decorators = self.annotations(&kids);
        let head = Head {
            name: if is_getter { name.clone() } else { SmolStr::new(format!("set {name}")) },
            kind: match (is_member, is_getter) {
                (true, true) => FunctionKind::Getter,
                (true, false) => FunctionKind::Method,
                (false, _) => FunctionKind::Function,
            },
            decorators,
            ..self.block_head(accessor, "get")
        };
        self.function_with(head, |lower, function| {
            if let Some(param) = find(&kids, Kind::Identifier) {
                let name = lower.name_of(param);
                function.params.push(untyped(name, param.span()));
            }
            function.returns = lower.type_among(&kids);
            lower.body(&kids, function);
        })
    }
}
