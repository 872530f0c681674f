//! Expressions.

use smol_str::SmolStr;

use super::super::kind::Kind;
use super::super::text::{text_block, unescape};
use super::super::{Field, Kid, assign_op, field, find, has, named};
use super::Lower;
use crate::facts::module::{Arg, Block, Call, ExprId, ExprKind, Param, StmtKind, TemplatePart};
use crate::facts::walk::text::number_value;

/// Methods that call what they are given with each value that comes.
const EACH: [&str; 14] = [
    "call",
    "concatMap",
    "doOnNext",
    "doOnSuccess",
    "flatMap",
    "forEach",
    "forEachOrdered",
    "ifPresent",
    "invoke",
    "peek",
    "switchMap",
    "thenAccept",
    "thenCompose",
    "transformToUni",
];

/// Methods that call what they are given with nothing: `Panache.withTransaction(order::persist)`.
const ONCE: [&str; 5] = ["fromCallable", "fromRunnable", "runAsync", "supplyAsync", "withTransaction"];

impl<'t> Lower<'t> {
    /// Any expression; what is none is searched for expressions.
    pub(super) fn expr(&mut self, kid: Kid<'t>) -> ExprId {
        match self.deeper(kid, |lower| lower.expr_by_kind(kid)) {
            Some(id) => id,
            None => self.other_of(&[], kid.span()),
        }
    }

    fn expr_by_kind(&mut self, kid: Kid<'t>) -> ExprId {
        let span = kid.span();
        match kid.kind {
            Kind::Identifier | Kind::UnderscorePattern => {
                let name = self.name_of(kid);
                self.name(name, span)
            }
            Kind::ScopedIdentifier => self.dotted(kid),
            Kind::FieldAccess | Kind::ArrayAccess | Kind::MethodInvocation | Kind::ParenthesizedExpression => {
                self.chain(kid)
            }
            Kind::ObjectCreation => self.construction(kid),
            Kind::ArrayCreation => self.array_creation(kid),
            Kind::ArrayInitializer | Kind::ElementValueArray => {
                let items = self.named_kids(kid.node).into_iter().map(|item| self.expr(item)).collect();
                self.module.add_expr(ExprKind::List(items), span)
            }
            Kind::StringLiteral => self.string(kid),
            Kind::CharacterLiteral => {
                let text = self.text_of(kid);
                let value = unescape(text.get(1..text.len().saturating_sub(1)).unwrap_or_default());
                self.module.add_expr(ExprKind::Str(value), span)
            }
            Kind::DecimalInteger
            | Kind::HexInteger
            | Kind::OctalInteger
            | Kind::BinaryInteger
            | Kind::DecimalFloat
            | Kind::HexFloat => {
                let value = number_value(self.text_of(kid), true);
                self.module.add_expr(ExprKind::Num(value), span)
            }
            Kind::This => self.module.add_expr(ExprKind::This, span),
            Kind::Super => self.module.add_expr(ExprKind::Super, span),
            Kind::True => self.module.add_expr(ExprKind::Bool(true), span),
            Kind::False => self.module.add_expr(ExprKind::Bool(false), span),
            Kind::NullLiteral => self.module.add_expr(ExprKind::Null, span),
            // `Order.class` stands for the class.
            Kind::ClassLiteral => match self.named_kids(kid.node).first() {
                Some(ty) => self.ty(*ty),
                None => self.other_of(&[], span),
            },
            Kind::BinaryExpression => self.binary(kid),
            Kind::UnaryExpression => self.unary(kid),
            Kind::TernaryExpression => {
                let kids = self.kids(kid.node);
                let test = self.expr_in(&kids, Field::Condition, kid);
                let then = self.expr_in(&kids, Field::Consequence, kid);
                let other = self.expr_in(&kids, Field::Alternative, kid);
                self.module.add_expr(ExprKind::Cond { test, then, other }, span)
            }
            Kind::AssignmentExpression => self.assignment_value(kid),
            Kind::CastExpression => {
                let kids = self.kids(kid.node);
                let Some(ty) = field(&kids, Field::Type) else { return self.other(kid) };
                let ty = self.ty(ty);
                let value = self.expr_in(&kids, Field::Value, kid);
                self.module.add_expr(ExprKind::Cast { value, ty }, span)
            }
            Kind::InstanceofExpression => self.instance_of(kid),
            Kind::LambdaExpression => self.lambda(kid),
            Kind::MethodReference => self.method_reference(kid),
            Kind::SwitchExpression => self.switch_value(kid),
            Kind::Annotation | Kind::MarkerAnnotation => self.annotation(kid),
            Kind::TypeIdentifier
            | Kind::ScopedTypeIdentifier
            | Kind::GenericType
            | Kind::ArrayType
            | Kind::IntegralType
            | Kind::FloatingPointType
            | Kind::BooleanType
            | Kind::VoidType
            | Kind::AnnotatedType => self.ty(kid),
            Kind::Modifiers | Kind::TypeArguments | Kind::TypeParameters | Kind::Dimensions => self.other_of(&[], span),
            kind if is_statement(kind) => self.enclosed(span, |lower, out| lower.stmt(kid, out)),
            _ => self.other(kid),
        }
    }

    /// `a.b`, `a[b]`, `a.f(b)` and any chain of these; parentheses are transparent.
    fn chain(&mut self, top: Kid<'t>) -> ExprId {
        let mut links = Vec::new();
        let mut at = Some(top);
        while let Some(link) = at {
            let inner = match link.kind {
                Kind::FieldAccess | Kind::MethodInvocation => Field::Object,
                Kind::ArrayAccess => Field::Array,
                Kind::ParenthesizedExpression => Field::Other,
                _ => break,
            };
            let kids = self.kids(link.node);
            at = if inner == Field::Other { named(&kids) } else { field(&kids, inner) };
            links.push((link, kids));
        }
        let mut value = at.map(|base| self.below(links.len(), |lower| lower.expr(base)));
        while let Some((link, kids)) = links.pop() {
            value = Some(self.below(links.len(), |lower| lower.link(link, &kids, value)));
        }
        match value {
            Some(value) => value,
            None => self.other_of(&[], top.span()),
        }
    }

    fn link(&mut self, link: Kid<'t>, kids: &[Kid<'t>], object: Option<ExprId>) -> ExprId {
        let span = link.span();
        match (link.kind, object) {
            (Kind::FieldAccess, Some(object)) => {
                let Some(name) = field(kids, Field::Member) else { return object };
                let kind = ExprKind::Attr { object, name: self.name_of(name), name_span: name.span() };
                self.module.add_expr(kind, span)
            }
            (Kind::ArrayAccess, Some(object)) => {
                let index = self.expr_in(kids, Field::Index, link);
                self.module.add_expr(ExprKind::Index { object, index }, span)
            }
            (Kind::MethodInvocation, object) => {
                let Some(name) = field(kids, Field::Name) else { return self.other(link) };
                let text = self.name_of(name);
                let callee = match object {
                    Some(object) => {
                        let end = name.span().end;
                        let whole = crate::syntax::Span { end, ..span };
                        self.module.add_expr(ExprKind::Attr { object, name: text, name_span: name.span() }, whole)
                    }
                    // One behind other statements, see `rename_late_constructor_calls`.
                    None if text == "super" => self.module.add_expr(ExprKind::Super, name.span()),
                    None if text == "this" => self.module.add_expr(ExprKind::This, name.span()),
                    None => self.name(text, name.span()),
                };
                let type_args = match field(kids, Field::TypeArguments) {
                    Some(list) => self.type_args(list),
                    None => Vec::new(),
                };
                let called = match self.text_of(name) {
                    by if EACH.contains(&by) => self.called_reference(kids, true),
                    by if ONCE.contains(&by) => self.called_reference(kids, false),
                    _ => None,
                };
                let args = called.unwrap_or_else(|| self.args(kids));
                self.module.add_expr(ExprKind::Call(Call { callee, args, is_new: false, type_args }), span)
            }
            (_, Some(object)) => object,
            (_, None) => self.other_of(&[], span),
        }
    }

    pub(super) fn args(&mut self, kids: &[Kid<'t>]) -> Vec<Arg> {
        let Some(list) = field(kids, Field::Arguments) else { return Vec::new() };
        let kids = self.named_kids(list.node);
        kids.into_iter().map(|kid| Arg { name: None, spread: false, value: self.expr(kid) }).collect()
    }

    /// `new X<T>(…) { … }`, `outer.new Inner()`.
    fn construction(&mut self, kid: Kid<'t>) -> ExprId {
        let kids = self.kids(kid.node);
        let before_new = kids.iter().position(|k| k.kind == Kind::TokenNew).unwrap_or(0);
        let object = kids[..before_new].first().map(|object| self.expr(*object));
        let Some(ty) = field(&kids, Field::Type) else { return self.other(kid) };
        let (base, type_args) = if ty.kind == Kind::GenericType {
            let parts = self.named_kids(ty.node);
            let args = find(&parts, Kind::TypeArguments).map(|list| self.type_args(list)).unwrap_or_default();
            (named(&parts).unwrap_or(ty), args)
        } else {
            (ty, Vec::new())
        };
        let mut callee = self.ty(base);
        if let Some(object) = object {
            callee = self
                .module
                .add_expr(ExprKind::Attr { object, name: self.name_of(base), name_span: base.span() }, ty.span());
        }
        let args = self.args(&kids);
        if let Some(body) = find(&kids, Kind::ClassBody) {
            let class = self.anonymous(callee, ty.span(), body);
            callee = self.module.add_expr(ExprKind::ClassExpr(class), kid.span());
        }
        self.module.add_expr(ExprKind::Call(Call { callee, args, is_new: true, type_args }), kid.span())
    }

    /// `new T[n]`, `new T[] { … }`.
    fn array_creation(&mut self, kid: Kid<'t>) -> ExprId {
        let kids = self.kids(kid.node);
        match field(&kids, Field::Value) {
            Some(value) => self.expr(value),
            None => {
                let sizes: Vec<Kid<'t>> = kids.into_iter().filter(|k| k.field == Field::Dimensions).collect();
                let sizes: Vec<ExprId> = sizes.into_iter().map(|k| self.only_child(k)).collect();
                self.other_of(&sizes, kid.span())
            }
        }
    }

    /// A string, a text block, or either with `\{…}` holes.
    fn string(&mut self, kid: Kid<'t>) -> ExprId {
        let text = self.text_of(kid);
        let holes: Vec<Kid<'t>> =
            self.kids(kid.node).into_iter().filter(|k| k.kind == Kind::StringInterpolation).collect();
        if !holes.is_empty() {
            let mut parts = Vec::new();
            let mut from = kid.start() + 1;
            for hole in holes {
                parts.push(TemplatePart::Text(unescape(self.slice(from, hole.start()))));
                parts.push(TemplatePart::Hole(self.only_child(hole)));
                from = hole.end();
            }
            parts.push(TemplatePart::Text(unescape(self.slice(from, kid.end().saturating_sub(1)))));
            return self.module.add_expr(ExprKind::Template(parts), kid.span());
        }
        let value = match text.strip_prefix("\"\"\"") {
            Some(inner) => text_block(inner.strip_suffix("\"\"\"").unwrap_or(inner)),
            None => {
                let inner = text.strip_prefix('"').unwrap_or(text);
                unescape(inner.strip_suffix('"').unwrap_or(inner))
            }
        };
        self.module.add_expr(ExprKind::Str(value), kid.span())
    }

    fn unary(&mut self, kid: Kid<'t>) -> ExprId {
        let kids = self.kids(kid.node);
        let operator = field(&kids, Field::Operator).map_or("", |op| self.text_of(op));
        let operand = self.expr_in(&kids, Field::Operand, kid);
        let kind = match operator {
            "!" => ExprKind::Not(operand),
            "-" => ExprKind::Neg(operand),
            _ => ExprKind::Other(vec![operand]),
        };
        self.module.add_expr(kind, kid.span())
    }

    /// An assignment inside another expression.
    fn assignment_value(&mut self, kid: Kid<'t>) -> ExprId {
        let kids = self.kids(kid.node);
        let target = self.expr_in(&kids, Field::Left, kid);
        let mut value = self.expr_in(&kids, Field::Right, kid);
        let op = field(&kids, Field::Operator).and_then(|op| assign_op(self.text_of(op)));
        if let Some(op) = op {
            // Not the target itself: a call in it would be seen twice.
            let left = match self.copied(target, 0) {
                Some(copy) => copy,
                None => self.other_of(&[], kid.span()),
            };
            value = self.module.add_expr(ExprKind::Binary { op, left, right: value }, kid.span());
        }
        self.module.add_expr(ExprKind::Assign { target, value }, kid.span())
    }

    /// `x instanceof T`; `x instanceof T name` also binds the name.
    fn instance_of(&mut self, kid: Kid<'t>) -> ExprId {
        let kids = self.kids(kid.node);
        let value = self.expr_in(&kids, Field::Left, kid);
        let Some(ty) = field(&kids, Field::Right) else {
            let pattern: Vec<ExprId> = field(&kids, Field::Pattern).map(|p| self.expr(p)).into_iter().collect();
            let children: Vec<ExprId> = [value].into_iter().chain(pattern).collect();
            return self.other_of(&children, kid.span());
        };
        let ty = self.ty(ty);
        match field(&kids, Field::Name) {
            Some(name) => {
                let target = self.expr(name);
                let value = self.module.add_expr(ExprKind::Cast { value, ty }, kid.span());
                self.module.add_expr(ExprKind::Assign { target, value }, kid.span())
            }
            None => self.other_of(&[value, ty], kid.span()),
        }
    }

    fn lambda(&mut self, kid: Kid<'t>) -> ExprId {
        let kids = self.kids(kid.node);
        let func = self.function_with(self.lambda_head(kid.span()), |lower, function| {
            function.params = match field(&kids, Field::Parameters) {
                Some(list) if list.kind == Kind::FormalParameters => lower.params(list),
                Some(list) if list.kind == Kind::InferredParameters => {
                    lower.named_kids(list.node).into_iter().map(|name| lower.untyped_param(name)).collect()
                }
                Some(name) => vec![lower.untyped_param(name)],
                None => Vec::new(),
            };
            let mut body = Block::new();
            match field(&kids, Field::Body) {
                Some(block) if block.kind == Kind::Block => lower.block_into(block, &mut body),
                Some(value) => {
                    let expr = lower.expr(value);
                    lower.push(StmtKind::Return(Some(expr)), value.span(), &mut body);
                }
                None => {}
            }
            function.body = body;
        });
        self.module.add_expr(ExprKind::Lambda(func), kid.span())
    }

    fn untyped_param(&mut self, name: Kid<'t>) -> Param {
        Param {
            name: self.name_of(name),
            ty: None,
            default: None,
            variadic: false,
            is_field: false,
            decorators: Vec::new(),
            span: name.span(),
        }
    }

    /// The arguments of `orders.forEach(this.kafka::send)`: the method of an object is called there, as by the lambda
    /// `order -> this.kafka.send(order)`, or without a value as by `() -> order.persist()`. None for anything else.
    fn called_reference(&mut self, kids: &[Kid<'t>], with_value: bool) -> Option<Vec<Arg>> {
        let list = field(kids, Field::Arguments)?;
        let given = self.named_kids(list.node);
        let [reference] = given.as_slice() else { return None };
        let parts = self.kids(reference.node);
        let object = named(&parts).filter(|_| reference.kind == Kind::MethodReference)?;
        // A method of a type has the value for its object: `Order::ship`.
        let of_object = matches!(object.kind, Kind::FieldAccess | Kind::MethodInvocation)
            || object.kind == Kind::Identifier && self.text_of(object).starts_with(char::is_lowercase);
        if !of_object || has(&parts, Kind::TokenNew) {
            return None;
        }
        let (name, span) = (self.hidden_name(), reference.span());
        let func = self.function_with(self.lambda_head(span), |lower, function| {
            let callee = lower.expr(*reference);
            let args = if with_value {
                let value = lower.name(name.clone(), span);
                vec![Arg { name: None, spread: false, value }]
            } else {
                Vec::new()
            };
            let call = Call { callee, args, is_new: false, type_args: Vec::new() };
            let call = lower.module.add_expr(ExprKind::Call(call), span);
            let mut body = Block::new();
            lower.push(StmtKind::Return(Some(call)), span, &mut body);
            let decorators = Vec::new();
            function.params =
                vec![Param { name, ty: None, default: None, variadic: false, is_field: false, decorators, span }];
            function.body = body;
        });
        let value = self.module.add_expr(ExprKind::Lambda(func), span);
        Some(vec![Arg { name: None, spread: false, value }])
    }

    /// `this::send` is `this.send`, `Order::new` is `Order`.
    fn method_reference(&mut self, kid: Kid<'t>) -> ExprId {
        let kids = self.kids(kid.node);
        let Some(object) = named(&kids) else { return self.other(kid) };
        let value = self.expr(object);
        if has(&kids, Kind::TokenNew) {
            return value;
        }
        let Some(name) = kids.iter().rev().find(|k| k.kind == Kind::Identifier) else { return value };
        let kind = ExprKind::Attr { object: value, name: self.name_of(*name), name_span: name.span() };
        self.module.add_expr(kind, kid.span())
    }

    /// The name of a variable, also of an array written `x[]`.
    pub(super) fn declared_name(&mut self, kids: &[Kid<'t>]) -> SmolStr {
        field(kids, Field::Name).map(|name| self.name_of(name)).unwrap_or_default()
    }
}

fn is_statement(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Block
            | Kind::BreakStatement
            | Kind::ClassDeclaration
            | Kind::ContinueStatement
            | Kind::DoStatement
            | Kind::EnhancedForStatement
            | Kind::EnumDeclaration
            | Kind::ExpressionStatement
            | Kind::ForStatement
            | Kind::IfStatement
            | Kind::InterfaceDeclaration
            | Kind::LabeledStatement
            | Kind::LocalVariableDeclaration
            | Kind::MethodDeclaration
            | Kind::FieldDeclaration
            | Kind::ConstructorDeclaration
            | Kind::RecordDeclaration
            | Kind::ReturnStatement
            | Kind::SynchronizedStatement
            | Kind::ThrowStatement
            | Kind::TryStatement
            | Kind::TryWithResources
            | Kind::WhileStatement
            | Kind::YieldStatement
    )
}
