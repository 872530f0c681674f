//! Functions, methods and lambdas with their parameters.

use smol_str::SmolStr;

use super::kind::Kind;
use super::{Field, Head, Kid, Lower, field, has, named};
use crate::facts::module::{Block, ExprId, ExprKind, FuncId, FunctionKind, Param, StmtKind};
use crate::syntax::Span;

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
            ..self.lambda_head(kid.span())
        };
        Some(self.function(&kids, head))
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
            ..self.lambda_head(kid.span())
        };
        let func = self.function(&kids, head);
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
            span: Span::new(decorators.first().map_or(kid.start(), |first| first.start().min(kid.start())), kid.end()),
            decorators: self.decorators(&decorators),
            is_static: has(kids, Kind::TokenStatic) || has(kids, Kind::TokenStaticGet),
            is_async: false,
        };
        self.function(kids, head)
    }

    /// The expressions of decorators, which do not belong to the class around.
    pub(super) fn decorators(&mut self, kids: &[Kid<'t>]) -> Vec<ExprId> {
        let class = self.class.take();
        let decorators = kids.iter().map(|kid| self.only_child(*kid)).collect();
        self.class = class;
        decorators
    }

    pub(super) fn function(&mut self, kids: &[Kid<'t>], head: Head) -> FuncId {
        let head = Head { is_async: has(kids, Kind::TokenAsync), ..head };
        self.function_with(head, |lower, function| {
            function.params = lower.params(kids, &mut function.body);
            function.returns = field(kids, Field::ReturnType).map(|ty| lower.only_type(ty));
            match field(kids, Field::Body) {
                Some(block) if block.kind == Kind::StatementBlock => lower.block_into(block, &mut function.body),
                Some(value) => {
                    let expr = lower.expr(value);
                    lower.push(StmtKind::Return(Some(expr)), value.span(), &mut function.body);
                }
                None => {}
            }
        })
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
