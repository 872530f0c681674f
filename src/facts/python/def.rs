//! Functions, lambdas and classes.

use smol_str::SmolStr;
use tree_sitter::Node;

use super::kinds::{Field, Kind};
use super::{Kid, Lowerer, Scope, span};
use crate::facts::module::{
    Block, Class, ClassId, ClassKind, ExprId, ExprKind, Field as ClassField, FuncId, Function, FunctionKind, Param,
    StmtKind,
};
use crate::syntax::Span;

/// Parameters, and the patterns among them to be unpacked at the head of the body (Python 2).
#[derive(Default)]
struct Params<'t> {
    list: Vec<Param>,
    patterns: Vec<(SmolStr, Kid<'t>)>,
}

impl<'t> Lowerer<'t> {
    /// A function or class as a statement, decorated or not.
    pub(super) fn definition(&mut self, kid: Kid<'t>, out: &mut Block) {
        let (inner, decorators) = self.undecorated(kid);
        match inner.map(|inner| (inner.kind, inner.node)) {
            Some((Kind::Function, node)) => {
                let id = self.function(node, kid.node, decorators);
                match self.scope.class {
                    // Below a loop or the like in a class body.
                    Some(class) => self.module.classes[class.0 as usize].methods.push(id),
                    None => self.push(StmtKind::Func(id), kid.node, out),
                }
            }
            Some((Kind::Class, node)) => {
                let mut rest = Vec::new();
                let id = self.class(node, kid.node, decorators, &mut rest);
                self.push(StmtKind::Class(id), kid.node, out);
                out.extend(rest);
            }
            _ => {
                let id = self.add(ExprKind::Other(decorators), kid.node);
                self.push(StmtKind::Expr(id), kid.node, out);
            }
        }
    }

    fn undecorated(&mut self, kid: Kid<'t>) -> (Option<Kid<'t>>, Vec<ExprId>) {
        if kid.kind != Kind::Decorated {
            return (Some(kid), Vec::new());
        }
        let kids = self.children(kid.node);
        let mut decorators = Vec::new();
        for i in kids.clone() {
            if self.kids[i].kind == Kind::Decorator {
                decorators.push(self.wrapped(self.kids[i].node));
            }
        }
        let inner = self.in_field(&kids, Field::Definition);
        self.release(kids);
        (inner, decorators)
    }

    /// `def`; `whole` includes the decorators.
    fn function(&mut self, node: Node<'t>, whole: Node<'t>, decorators: Vec<ExprId>) -> FuncId {
        let kids = self.children(node);
        let name = self.in_field(&kids, Field::Name);
        let name_text = name.map(|name| self.name_of(name.node)).unwrap_or_default();
        let named = |this: &Self, wanted: &[&str]| {
            decorators.iter().any(|&id| this.last_name(id).is_some_and(|name| wanted.contains(&name)))
        };
        let is_static = named(self, &["staticmethod"]);
        let class = self.scope.class;
        let kind = match class {
            None => FunctionKind::Function,
            Some(_) if name_text == "__init__" => FunctionKind::Constructor,
            // `x.setter` ends in another name than `property`.
            Some(_) if named(self, &["property", "cached_property", "computed_field"]) => FunctionKind::Getter,
            Some(_) => FunctionKind::Method,
        };
        let mut params = match self.of_kind(&kids, Kind::Parameters) {
            Some(list) => self.params(list.node),
            None => Params::default(),
        };
        let mut receiver = None;
        if class.is_some() && !is_static && params.list.first().is_some_and(|first| !first.variadic) {
            receiver = Some(params.list.remove(0).name);
        }
        let returns = self.in_field(&kids, Field::ReturnType).map(|ty| self.expr(ty));
        let id = self.add_function(Function {
            name: name_text,
            span: span(whole),
            name_span: span(name.map_or(node, |name| name.node)),
            params: Vec::new(),
            decorators,
            returns,
            is_async: self.of_kind(&kids, Kind::Async).is_some(),
            is_static,
            is_public: false,
            kind,
            body: Vec::new(),
            parent: self.scope.func,
            class,
        });
        let outer = self.enter(id, receiver, &params);
        let mut body = Vec::new();
        self.unpack_params(&mut params, &mut body);
        body.extend(self.block_in(&kids, Field::Body));
        self.leave(outer);
        self.release(kids);
        let function = &mut self.module.funcs[id.0 as usize];
        function.params = params.list;
        function.body = body;
        id
    }

    pub(super) fn lambda(&mut self, node: Node<'t>) -> ExprId {
        let kids = self.children(node);
        let mut params = match self.of_kind(&kids, Kind::Parameters) {
            Some(list) => self.params(list.node),
            None => Params::default(),
        };
        let whole = span(node);
        let value = self.in_field(&kids, Field::Body);
        let head = Span { start: whole.start, end: value.map_or(whole.end, |value| span(value.node).start) };
        let id = self.add_function(Function {
            name: SmolStr::default(),
            span: whole,
            name_span: head,
            params: Vec::new(),
            decorators: Vec::new(),
            returns: None,
            is_async: false,
            is_static: false,
            is_public: false,
            kind: FunctionKind::Lambda,
            body: Vec::new(),
            parent: self.scope.func,
            class: None,
        });
        let outer = self.enter(id, None, &params);
        let mut body = Vec::new();
        self.unpack_params(&mut params, &mut body);
        if let Some(value) = value {
            let result = self.expr(value);
            self.push(StmtKind::Return(Some(result)), value.node, &mut body);
        }
        self.leave(outer);
        self.release(kids);
        let function = &mut self.module.funcs[id.0 as usize];
        function.params = params.list;
        function.body = body;
        self.add(ExprKind::Lambda(id), node)
    }

    fn add_function(&mut self, function: Function) -> FuncId {
        self.module.funcs.push(function);
        FuncId(self.module.funcs.len() as u32 - 1)
    }

    /// Enters the body of `func`; a closure keeps the receiver of the method around it unless a
    /// parameter hides it.
    fn enter(&mut self, func: FuncId, receiver: Option<SmolStr>, params: &Params<'t>) -> (Scope, bool) {
        let inherited = || {
            let outer = self.scope.receiver.clone()?;
            (!params.list.iter().any(|param| param.name == outer)).then_some(outer)
        };
        let receiver = receiver.or_else(inherited);
        let inner = Scope { func: Some(func), class: None, receiver };
        (std::mem::replace(&mut self.scope, inner), std::mem::replace(&mut self.in_type, false))
    }

    fn leave(&mut self, (scope, in_type): (Scope, bool)) {
        self.scope = scope;
        self.in_type = in_type;
    }

    fn params(&mut self, list: Node<'t>) -> Params<'t> {
        let kids = self.children(list);
        let mut params = Params::default();
        for i in kids.clone() {
            let kid = self.kids[i];
            if !kid.kind.is_token() {
                self.param(kid, &mut params);
            }
        }
        self.release(kids);
        params
    }

    fn param(&mut self, kid: Kid<'t>, out: &mut Params<'t>) {
        let (mut pattern, mut ty, mut default) = (kid, None, None);
        if kid.kind == Kind::Parameter {
            let kids = self.children(kid.node);
            pattern = self.in_field(&kids, Field::Name).or_else(|| self.nth_node(&kids, 0)).unwrap_or(kid);
            ty = self.in_field(&kids, Field::Type).map(|ty| self.expr(ty));
            default = self.in_field(&kids, Field::Value).map(|value| self.expr(value));
            self.release(kids);
        }
        let variadic = matches!(pattern.kind, Kind::ListSplat | Kind::DictSplat);
        let name = match pattern.kind {
            Kind::List => {
                let name = self.hidden_name();
                out.patterns.push((name.clone(), pattern));
                name
            }
            _ if variadic => {
                let inner = self.first_node(pattern);
                self.name_of(inner.node)
            }
            _ => self.name_of(pattern.node),
        };
        if let Some(default) = default {
            self.name_lambda(default, &name);
        }
        let span = span(kid.node);
        out.list.push(Param { name, ty, default, variadic, is_field: false, decorators: Vec::new(), span });
    }

    fn unpack_params(&mut self, params: &mut Params<'t>, body: &mut Block) {
        for (name, pattern) in std::mem::take(&mut params.patterns) {
            self.unpack_name(pattern, name, body);
        }
    }

    /// `class`; statements of its body that are neither field nor method go to `rest`, to stand
    /// after it.
    fn class(&mut self, node: Node<'t>, whole: Node<'t>, decorators: Vec<ExprId>, rest: &mut Block) -> ClassId {
        let kids = self.children(node);
        let name = self.in_field(&kids, Field::Name);
        let bases = self.in_field(&kids, Field::Superclasses).map_or_else(Vec::new, |list| self.bases(list));
        let kind = bases.iter().find_map(|&base| self.class_kind(base)).unwrap_or(ClassKind::Class);
        let id = ClassId(self.module.classes.len() as u32);
        self.module.classes.push(Class {
            name: name.map(|name| self.name_of(name.node)).unwrap_or_default(),
            span: span(whole),
            name_span: span(name.map_or(node, |name| name.node)),
            kind,
            type_params: Vec::new(),
            bases,
            decorators,
            fields: Vec::new(),
            methods: Vec::new(),
            parent: self.scope.func,
            outer: None,
        });
        let outer = self.scope.class.replace(id);
        if let Some(body) = self.in_field(&kids, Field::Body).or_else(|| self.of_kind(&kids, Kind::Block)) {
            self.class_body(body.node, id, rest);
        }
        self.scope.class = outer;
        self.release(kids);
        id
    }

    /// The bases; a keyword such as `table=True` becomes an assignment among them.
    fn bases(&mut self, list: Kid<'t>) -> Vec<ExprId> {
        let arguments = self.arguments(list);
        let mut bases = Vec::with_capacity(arguments.len());
        for argument in arguments {
            let place = self.module.expr(argument.value).span;
            bases.push(match argument.name.filter(|name| !name.is_empty()) {
                Some(name) => {
                    let target = self.module.add_expr(ExprKind::Name(name), place);
                    self.module.add_expr(ExprKind::Assign { target, value: argument.value }, place)
                }
                None => argument.value,
            });
        }
        bases
    }

    fn class_kind(&self, base: ExprId) -> Option<ClassKind> {
        let base = match self.module.expr(base).kind {
            ExprKind::Index { object, .. } => object,
            _ => base,
        };
        match self.last_name(base)? {
            // https://docs.python.org/3/library/enum.html
            "Enum" | "IntEnum" | "StrEnum" | "Flag" | "IntFlag" => Some(ClassKind::Enum),
            "Protocol" | "TypedDict" => Some(ClassKind::Interface),
            _ => None,
        }
    }

    fn class_body(&mut self, body: Node<'t>, id: ClassId, rest: &mut Block) {
        let mark = self.strays.len();
        let kids = self.children(body);
        for i in kids.clone() {
            self.member(self.kids[i], id, rest);
            self.lower_strays(mark, rest);
        }
        self.release(kids);
        self.lower_strays(mark, rest);
    }

    fn member(&mut self, kid: Kid<'t>, id: ClassId, rest: &mut Block) {
        if self.depth >= super::MAX_DEPTH {
            self.too_deep(kid.node);
            return;
        }
        self.depth += 1;
        match kid.kind {
            Kind::Function | Kind::Class | Kind::Decorated => self.member_definition(kid, id, rest),
            Kind::ExpressionStatement => self.member_expression(kid, id, rest),
            // `if TYPE_CHECKING:` and the like: the members belong to the class all the same.
            Kind::If | Kind::Elif | Kind::Else | Kind::Try | Kind::Except | Kind::Finally => {
                let kids = self.children(kid.node);
                for i in kids.clone() {
                    let part = self.kids[i];
                    match part.kind {
                        Kind::Block => self.class_body(part.node, id, rest),
                        kind if kind.is_token() => {}
                        _ => self.member(part, id, rest),
                    }
                }
                self.release(kids);
            }
            _ => self.stmt(kid, rest),
        }
        self.depth -= 1;
    }

    fn member_definition(&mut self, kid: Kid<'t>, id: ClassId, rest: &mut Block) {
        let (inner, decorators) = self.undecorated(kid);
        match inner.map(|inner| (inner.kind, inner.node)) {
            Some((Kind::Function, node)) => {
                let method = self.function(node, kid.node, decorators);
                self.module.classes[id.0 as usize].methods.push(method);
            }
            Some((Kind::Class, node)) => {
                let nested = self.class(node, kid.node, decorators, rest);
                let value = self.add(ExprKind::ClassExpr(nested), kid.node);
                let name = self.module.class(nested).name.clone();
                self.field(id, name, None, Some(value), kid.node);
            }
            _ => rest.extend(decorators.into_iter().map(|decorator| {
                let place = self.module.expr(decorator).span;
                self.module.add_stmt(StmtKind::Expr(decorator), place)
            })),
        }
    }

    /// A field, or an expression that is evaluated while the class is made. Docstrings and `...` are
    /// dropped.
    fn member_expression(&mut self, kid: Kid<'t>, id: ClassId, rest: &mut Block) {
        let inner = self.first_node(kid);
        if matches!(inner.kind, Kind::String | Kind::Ellipsis) && self.text_of(inner.node) == self.text_of(kid.node) {
            return;
        }
        if inner.kind != Kind::Assignment {
            self.stmt(kid, rest);
            return;
        }
        let kids = self.children(inner.node);
        let (left, right) = (self.in_field(&kids, Field::Left), self.in_field(&kids, Field::Right));
        let ty = self.in_field(&kids, Field::Type);
        self.release(kids);
        let is_simple = left.is_some_and(|left| left.kind == Kind::Identifier)
            && right.is_none_or(|right| !right.kind.is_statement());
        match left {
            Some(left) if is_simple => {
                let name = self.name_of(left.node);
                let ty = ty.map(|ty| self.expr(ty));
                let value = right.map(|right| self.expr(right));
                if let Some(value) = value {
                    self.name_lambda(value, &name);
                }
                self.field(id, name, ty, value, kid.node);
            }
            _ => self.stmt(kid, rest),
        }
    }

    fn field(&mut self, id: ClassId, name: SmolStr, ty: Option<ExprId>, value: Option<ExprId>, node: Node<'t>) {
        let is_class_var = ty.is_some_and(|ty| {
            let ty = match self.module.expr(ty).kind {
                ExprKind::Index { object, .. } => object,
                _ => ty,
            };
            self.last_name(ty) == Some("ClassVar")
        });
        let is_static = ty.is_none() || is_class_var;
        let field = ClassField { name, ty, value, decorators: Vec::new(), is_static, span: span(node) };
        self.module.classes[id.0 as usize].fields.push(field);
    }
}
