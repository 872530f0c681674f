//! Expressions.

use super::kind::Kind;
use super::{Kid, Lower};
use crate::facts::module::{Arg, Block, Call, Entry, ExprId, ExprKind, Param, StmtKind};
use crate::facts::walk::text::{assign_op, number_value};
use crate::facts::walk::{Field, field, find};

impl<'t> Lower<'t> {
    /// Any expression; what is none is searched for expressions.
    pub(super) fn expr(&mut self, kid: Kid<'t>) -> ExprId {
        match self.deeper(kid, |lower| lower.expr_by_kind(kid)) {
            Some(id) => id,
            None => self.other_of(&[], kid.span()),
        }
    }

    /// The value of a declaration: `new()` makes an object of the declared type.
    pub(super) fn expected_expr(&mut self, value: Kid<'t>, ty: Option<Kid<'t>>) -> ExprId {
        if value.kind == Kind::ImplicitObjectCreationExpression
            && let Some(ty) = ty
        {
            return match self.deeper(value, |lower| lower.implicit_creation(value, Some(ty))) {
                Some(id) => id,
                None => self.other_of(&[], value.span()),
            };
        }
        self.expr(value)
    }

    fn expr_by_kind(&mut self, kid: Kid<'t>) -> ExprId {
        let span = kid.span();
        match kid.kind {
            Kind::Identifier | Kind::Discard => {
                let name = self.name_of(kid);
                self.name(name, span)
            }
            Kind::TokenThis => self.module.add_expr(ExprKind::This, span),
            Kind::TokenBase => self.module.add_expr(ExprKind::Super, span),
            Kind::MemberAccessExpression
            | Kind::InvocationExpression
            | Kind::ElementAccessExpression
            | Kind::ConditionalAccessExpression
            | Kind::ParenthesizedExpression => self.chain(kid),
            Kind::PostfixUnaryExpression => self.postfix(kid),
            Kind::PrefixUnaryExpression => self.prefix(kid),
            Kind::ObjectCreationExpression => self.creation(kid),
            Kind::ImplicitObjectCreationExpression => self.implicit_creation(kid, None),
            Kind::AnonymousObjectCreationExpression => self.anonymous_object(kid),
            Kind::ArrayCreationExpression
            | Kind::ImplicitArrayCreationExpression
            | Kind::StackallocExpression
            | Kind::ImplicitStackallocExpression => self.array(kid),
            Kind::InitializerExpression => self.initializer_value(kid),
            Kind::CollectionExpression => self.collection(kid),
            Kind::TupleExpression => {
                let items = self.args(kid).into_iter().map(|arg| arg.value).collect();
                self.module.add_expr(ExprKind::List(items), span)
            }
            Kind::Argument | Kind::GlobalStatement | Kind::CheckedExpression | Kind::RefExpression => {
                self.only_child(kid)
            }
            Kind::StringLiteral | Kind::VerbatimStringLiteral | Kind::RawStringLiteral | Kind::CharacterLiteral => {
                self.string(kid)
            }
            Kind::InterpolatedStringExpression => self.interpolated(kid),
            Kind::IntegerLiteral | Kind::RealLiteral => {
                let value = number_value(self.text_of(kid), false);
                self.module.add_expr(ExprKind::Num(value), span)
            }
            Kind::BooleanLiteral => {
                let value = self.text_of(kid) == "true";
                self.module.add_expr(ExprKind::Bool(value), span)
            }
            Kind::NullLiteral | Kind::DefaultExpression => self.module.add_expr(ExprKind::Null, span),
            Kind::BinaryExpression => self.binary(kid),
            Kind::ConditionalExpression => {
                let kids = self.kids(kid.node);
                let test = self.expr_in(&kids, Field::Condition, kid);
                let then = self.expr_in(&kids, Field::Consequence, kid);
                let other = self.expr_in(&kids, Field::Alternative, kid);
                self.module.add_expr(ExprKind::Cond { test, then, other }, span)
            }
            Kind::AssignmentExpression => self.assignment_value(kid),
            Kind::CastExpression | Kind::AsExpression => {
                let kids = self.kids(kid.node);
                let ty = field(&kids, Field::Type).filter(|_| kid.kind == Kind::CastExpression);
                let Some(ty) = ty.or_else(|| field(&kids, Field::Right)) else { return self.other(kid) };
                let ty = self.ty(ty);
                let role = if kid.kind == Kind::CastExpression { Field::Value } else { Field::Left };
                let value = self.expr_in(&kids, role, kid);
                self.module.add_expr(ExprKind::Cast { value, ty }, span)
            }
            Kind::IsExpression => {
                let kids = self.kids(kid.node);
                let value = self.expr_in(&kids, Field::Left, kid);
                let ty = field(&kids, Field::Right).map(|ty| self.ty(ty));
                let children: Vec<ExprId> = [value].into_iter().chain(ty).collect();
                self.other_of(&children, span)
            }
            Kind::IsPatternExpression => self.is_pattern(kid),
            Kind::LambdaExpression | Kind::AnonymousMethodExpression => self.lambda(kid),
            Kind::AwaitExpression => {
                let value = self.only_child(kid);
                self.module.add_expr(ExprKind::Await(value), span)
            }
            Kind::SwitchExpression => self.switch_value(kid),
            Kind::TypeofExpression => {
                let kids = self.kids(kid.node);
                match field(&kids, Field::Type) {
                    Some(ty) => self.ty(ty),
                    None => self.other_of(&[], span),
                }
            }
            Kind::DeclarationExpression => {
                let kids = self.kids(kid.node);
                let target = self.expr_in(&kids, Field::Name, kid);
                let value = self.other_of(&[], span);
                let ty = match field(&kids, Field::Type) {
                    Some(ty) => self.ty(ty),
                    None => self.other_of(&[], span),
                };
                let value = self.module.add_expr(ExprKind::Cast { value, ty }, span);
                self.module.add_expr(ExprKind::Assign { target, value }, span)
            }
            Kind::WithExpression => self.with_value(kid),
            Kind::GenericName
            | Kind::QualifiedName
            | Kind::AliasQualifiedName
            | Kind::ArrayType
            | Kind::NullableType
            | Kind::PredefinedType
            | Kind::ImplicitType
            | Kind::TupleType => self.ty(kid),
            Kind::AttributeList | Kind::Modifier | Kind::TypeParameterList | Kind::TypeArgumentList => {
                self.other_of(&[], span)
            }
            Kind::PreprocIf | Kind::PreprocElif | Kind::PreprocElse => {
                let kids = self.named_kids(kid.node);
                let kids = kids.into_iter().filter(|kid| kid.field != Field::Condition);
                let children: Vec<ExprId> = kids.collect::<Vec<_>>().into_iter().map(|kid| self.expr(kid)).collect();
                self.other_of(&children, span)
            }
            kind if super::stmt::is_statement(kind) => self.enclosed(span, |lower, out| lower.stmt(kid, out)),
            // Queries and what has no form of its own.
            _ => self.other(kid),
        }
    }

    fn prefix(&mut self, kid: Kid<'t>) -> ExprId {
        let text = self.text_of(kid);
        if text.starts_with("++") || text.starts_with("--") {
            return self.step(kid);
        }
        let operand = self.only_child(kid);
        let kind = match text.as_bytes().first() {
            Some(b'!') => ExprKind::Not(operand),
            Some(b'-') => ExprKind::Neg(operand),
            Some(b'+') => return operand,
            _ => ExprKind::Other(vec![operand]),
        };
        self.module.add_expr(kind, kid.span())
    }

    fn postfix(&mut self, kid: Kid<'t>) -> ExprId {
        if self.text_of(kid).ends_with('!') { self.only_child(kid) } else { self.step(kid) }
    }

    /// `i++` whose value is used.
    fn step(&mut self, kid: Kid<'t>) -> ExprId {
        let operand = self.only_child(kid);
        self.other_of(&[operand], kid.span())
    }

    /// An assignment inside another expression.
    fn assignment_value(&mut self, kid: Kid<'t>) -> ExprId {
        let kids = self.kids(kid.node);
        let target = self.expr_in(&kids, Field::Left, kid);
        let mut value = self.expr_in(&kids, Field::Right, kid);
        if let Some(op) = field(&kids, Field::Operator).and_then(|op| assign_op(self.text_of(op))) {
            let left = self.again(target);
            value = self.binary_of(op, left, value, kid.span());
        }
        self.module.add_expr(ExprKind::Assign { target, value }, kid.span())
    }

    /// `x => …`, `async (x, y) => { … }`, `delegate (X x) { … }`.
    fn lambda(&mut self, kid: Kid<'t>) -> ExprId {
        let kids = self.kids(kid.node);
        let mut head = self.lambda_head(kid.span());
        head.is_async = self.has_modifier(&kids, "async");
        head.decorators = self.attributes(&kids);
        let func = self.function_with(head, |lower, function| {
            function.params = match field(&kids, Field::Parameters) {
                Some(list) if list.kind == Kind::ParameterList => lower.params(list),
                Some(name) => vec![lower.untyped_param(name)],
                None => Vec::new(),
            };
            let usings = std::mem::take(&mut lower.state.usings);
            let mut body = Block::new();
            match field(&kids, Field::Body).or_else(|| find(&kids, Kind::Block)) {
                Some(block) if block.kind == Kind::Block => lower.block_into(block, &mut body),
                Some(value) if value.kind == Kind::AssignmentExpression => lower.expression(value, &mut body),
                Some(value) => {
                    let expr = lower.expr(value);
                    lower.push(StmtKind::Return(Some(expr)), value.span(), &mut body);
                }
                None => {}
            }
            lower.state.usings = usings;
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

    /// `x with { A = 1 }`: a copy; what is put in stands behind it.
    fn with_value(&mut self, kid: Kid<'t>) -> ExprId {
        let mut children = Vec::new();
        for part in self.named_kids(kid.node) {
            if part.kind == Kind::WithInitializer {
                children.extend(self.named_kids(part.node).last().map(|value| self.expr(*value)));
            } else {
                children.push(self.expr(part));
            }
        }
        self.other_of(&children, kid.span())
    }

    /// `[a, ..b]`.
    fn collection(&mut self, kid: Kid<'t>) -> ExprId {
        let mut items = Vec::new();
        for element in self.named_kids(kid.node) {
            let inner =
                if element.kind == Kind::CollectionElement { self.named_kids(element.node) } else { vec![element] };
            for part in inner {
                let value = self.only_child(part);
                items.push(if part.kind == Kind::SpreadElement { self.other_of(&[value], part.span()) } else { value });
            }
        }
        self.module.add_expr(ExprKind::List(items), kid.span())
    }

    /// A call of something that is made here.
    pub(super) fn new_call(&mut self, callee: ExprId, args: Vec<Arg>, type_args: Vec<ExprId>, kid: Kid<'t>) -> ExprId {
        self.module.add_expr(ExprKind::Call(Call { callee, args, is_new: true, type_args }), kid.span())
    }

    pub(super) fn dict_of(&mut self, entries: Vec<Entry>, kid: Kid<'t>) -> ExprId {
        self.module.add_expr(ExprKind::Dict(entries), kid.span())
    }
}
