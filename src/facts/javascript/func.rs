//! Functions, methods and lambdas with their parameters.

use smol_str::SmolStr;

use super::kind::{Field, Kind};
use super::{Kid, Lower, field, has, named};
use crate::facts::module::{Block, ExprId, ExprKind, FuncId, Function, FunctionKind, Param, StmtKind};
use crate::syntax::Span;

/// What the place of a function says about it.
pub(super) struct Head {
    pub(super) name: SmolStr,
    pub(super) name_span: Span,
    pub(super) kind: FunctionKind,
    pub(super) decorators: Vec<ExprId>,
    /// Where the definition starts, decorators included.
    pub(super) start: usize,
    pub(super) is_static: bool,
}

impl<'t> Lower<'t> {
    /// `function f() {}`; none without a body (an overload).
    pub(super) fn declaration(&mut self, kid: Kid<'t>) -> Option<FuncId> {
        let kids = self.kids(kid.node);
        field(&kids, Field::Body)?;
        let name = field(&kids, Field::Name);
        let head = Head {
            name: name.map(|name| self.name_of(name)).unwrap_or_default(),
            name_span: name.map_or(kid.span(), |name| name.span()),
            kind: FunctionKind::Function,
            decorators: Vec::new(),
            start: kid.start(),
            is_static: false,
        };
        Some(self.function(kid, &kids, head))
    }

    /// An arrow function or function expression, called `name` unless it has a name of its own.
    pub(super) fn lambda(&mut self, kid: Kid<'t>, name: SmolStr) -> ExprId {
        let kids = self.kids(kid.node);
        let own = field(&kids, Field::Name);
        let body_start = field(&kids, Field::Body).map_or(kid.end(), |body| body.start());
        let head_end = kid.start() + self.slice(kid.start(), body_start).trim_end().len();
        let head = Head {
            name: own.map_or(name, |own| self.name_of(own)),
            name_span: own.map_or(Span::new(kid.start(), head_end), |own| own.span()),
            kind: FunctionKind::Lambda,
            decorators: Vec::new(),
            start: kid.start(),
            is_static: false,
        };
        let func = self.function(kid, &kids, head);
        self.module.add_expr(ExprKind::Lambda(func), kid.span())
    }

    /// A method, constructor or accessor of a class or object, also without a body.
    pub(super) fn method(&mut self, kid: Kid<'t>, kids: &[Kid<'t>], decorators: Vec<Kid<'t>>) -> FuncId {
        let name = field(kids, Field::Name);
        if let Some(name) = name.filter(|name| name.kind == Kind::ComputedPropertyName) {
            self.expr(name);
        }
        let is_accessor = has(kids, Kind::TokenGet) || has(kids, Kind::TokenSet) || has(kids, Kind::TokenStaticGet);
        let text = name.map(|name| self.key_name(name)).unwrap_or_default();
        let own = kids.iter().filter(|kid| kid.kind == Kind::Decorator).copied();
        let decorators: Vec<Kid<'t>> = decorators.into_iter().chain(own).collect();
        let head = Head {
            kind: match () {
                () if is_accessor => FunctionKind::Getter,
                () if text == "constructor" && self.class.is_some() => FunctionKind::Constructor,
                () => FunctionKind::Method,
            },
            name: text,
            name_span: name.map_or(kid.span(), |name| name.span()),
            start: decorators.first().map_or(kid.start(), |first| first.start().min(kid.start())),
            decorators: self.decorators(&decorators),
            is_static: has(kids, Kind::TokenStatic) || has(kids, Kind::TokenStaticGet),
        };
        self.function(kid, kids, head)
    }

    /// The expressions of decorators, which do not belong to the class around.
    pub(super) fn decorators(&mut self, kids: &[Kid<'t>]) -> Vec<ExprId> {
        let class = self.class.take();
        let decorators = kids.iter().map(|kid| self.only_child(*kid)).collect();
        self.class = class;
        decorators
    }

    pub(super) fn function(&mut self, kid: Kid<'t>, kids: &[Kid<'t>], head: Head) -> FuncId {
        let id = FuncId(self.module.funcs.len() as u32);
        let parent = self.func.replace(id);
        let class = self.class.take();
        let in_switch = std::mem::replace(&mut self.in_switch, false);
        // The place is taken first: functions inside get higher numbers and can name their parent.
        self.module.funcs.push(Function {
            name: head.name,
            span: Span::new(head.start, kid.end()),
            name_span: head.name_span,
            params: Vec::new(),
            decorators: head.decorators,
            returns: None,
            is_async: has(kids, Kind::TokenAsync),
            is_static: head.is_static,
            kind: head.kind,
            body: Vec::new(),
            parent,
            class,
        });

        let mut body = Block::new();
        let params = self.params(kids, &mut body);
        let returns = field(kids, Field::ReturnType).map(|ty| self.only_type(ty));
        match field(kids, Field::Body) {
            Some(block) if block.kind == Kind::StatementBlock => self.block_into(block, &mut body),
            Some(value) => {
                let expr = self.expr(value);
                body.push(self.module.add_stmt(StmtKind::Return(Some(expr)), value.span()));
            }
            None => {}
        }

        let function = &mut self.module.funcs[id.0 as usize];
        function.params = params;
        function.returns = returns;
        function.body = body;
        self.func = parent;
        self.class = class;
        self.in_switch = in_switch;
        id
    }

    fn params(&mut self, kids: &[Kid<'t>], body: &mut Block) -> Vec<Param> {
        if let Some(only) = field(kids, Field::Parameter) {
            return vec![self.param(only, only, body)];
        }
        let Some(list) = field(kids, Field::Parameters) else { return Vec::new() };
        let mut params = Vec::new();
        for kid in self.named_kids(list.node) {
            if !matches!(kid.kind, Kind::RequiredParameter | Kind::OptionalParameter) {
                params.push(self.param(kid, kid, body));
                continue;
            }
            let parts = self.kids(kid.node);
            let Some(pattern) = field(&parts, Field::Pattern) else { continue };
            // TypeScript's `this` parameter only declares the type of the receiver.
            if pattern.kind == Kind::This {
                continue;
            }
            let decorators: Vec<Kid<'t>> = parts.iter().filter(|p| p.kind == Kind::Decorator).copied().collect();
            let mut param = self.param(kid, pattern, body);
            param.decorators = self.decorators(&decorators);
            param.ty = field(&parts, Field::Type).map(|ty| self.only_type(ty));
            param.default =
                field(&parts, Field::Value).map(|value| self.named_value(value, &param.name)).or(param.default);
            param.is_field = has(&parts, Kind::AccessibilityModifier)
                || has(&parts, Kind::OverrideModifier)
                || has(&parts, Kind::TokenReadonly);
            params.push(param);
        }
        params
    }

    /// One parameter; a pattern is taken apart at the start of the body.
    fn param(&mut self, kid: Kid<'t>, pattern: Kid<'t>, body: &mut Block) -> Param {
        let mut param = Param {
            name: SmolStr::default(),
            ty: None,
            default: None,
            variadic: false,
            is_field: false,
            decorators: Vec::new(),
            span: kid.span(),
        };
        let mut target = pattern;
        if target.kind == Kind::AssignmentPattern {
            let kids = self.kids(target.node);
            if let Some((left, right)) = field(&kids, Field::Left).zip(field(&kids, Field::Right)) {
                param.default = Some(self.expr(right));
                target = left;
            }
        }
        if target.kind == Kind::RestPattern {
            param.variadic = true;
            let kids = self.kids(target.node);
            target = named(&kids).unwrap_or(target);
        }
        match target.kind {
            Kind::Identifier => param.name = self.name_of(target),
            Kind::ObjectPattern | Kind::ArrayPattern => {
                param.name = self.hidden_name();
                self.unpack(target, &param.name, body);
            }
            // Only in a text with errors.
            _ => {
                param.name = self.hidden_name();
                let expr = self.expr(target);
                body.push(self.module.add_stmt(StmtKind::Expr(expr), target.span()));
            }
        }
        param
    }
}
