//! Expressions.

use super::kind::Kind;
use super::{Kid, Lower};
use crate::facts::module::{Arg, Call, ExprId, ExprKind};
use crate::facts::walk::text::{number_value, unescape};
use crate::facts::walk::{Field, all_in, field};
use crate::syntax::Span;

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
            Kind::Identifier | Kind::FieldIdentifier | Kind::BlankIdentifier => {
                let name = self.text_of(kid);
                if self.state.receiver.as_deref() == Some(name) {
                    return self.module.add_expr(ExprKind::This, span);
                }
                self.name(name, span)
            }
            Kind::SelectorExpression
            | Kind::IndexExpression
            | Kind::SliceExpression
            | Kind::CallExpression
            | Kind::TypeAssertionExpression
            | Kind::ParenthesizedExpression => self.chain(kid),
            Kind::CompositeLiteral => self.composite(kid),
            Kind::LiteralValue => self.untyped(kid),
            Kind::FuncLiteral => self.closure(kid),
            Kind::InterpretedStringLiteral | Kind::RawStringLiteral => self.string(kid),
            Kind::RuneLiteral => {
                let text = self.text_of(kid);
                let value = unescape(text.get(1..text.len().saturating_sub(1)).unwrap_or_default(), 2);
                self.module.add_expr(ExprKind::Str(value), span)
            }
            Kind::IntLiteral | Kind::FloatLiteral => {
                let value = number_value(self.text_of(kid), true);
                self.module.add_expr(ExprKind::Num(value), span)
            }
            Kind::True => self.module.add_expr(ExprKind::Bool(true), span),
            Kind::False => self.module.add_expr(ExprKind::Bool(false), span),
            Kind::Nil => self.module.add_expr(ExprKind::Null, span),
            Kind::BinaryExpression => self.binary(kid),
            Kind::UnaryExpression => self.unary(kid),
            Kind::TypeConversionExpression => {
                let kids = self.kids(kid.node);
                let ty = self.type_in(&kids, Field::Type, kid);
                let value = self.expr_in(&kids, Field::Operand, kid);
                // `New[T](x)` reads like the conversion to a generic type.
                if field(&kids, Field::Type).is_some_and(|ty| ty.kind == Kind::GenericType) {
                    let args = vec![Arg { name: None, spread: false, value }];
                    let call = Call { callee: ty, args, is_new: false, type_args: Vec::new() };
                    return self.module.add_expr(ExprKind::Call(call), span);
                }
                self.module.add_expr(ExprKind::Cast { value, ty }, span)
            }
            Kind::TypeInstantiationExpression => {
                let kids = self.kids(kid.node);
                let types: Vec<ExprId> = self.named_kids(kid.node).into_iter().map(|ty| self.ty(ty)).collect();
                match (types.split_first(), field(&kids, Field::Type)) {
                    (Some((object, types)), Some(_)) => self.apply_types(*object, types, span),
                    _ => self.other_of(&types, span),
                }
            }
            Kind::VariadicArgument => self.only_child(kid),
            Kind::ExpressionList => {
                let items = self.named_kids(kid.node).into_iter().map(|item| self.expr(item)).collect();
                self.module.add_expr(ExprKind::List(items), span)
            }
            Kind::TypeIdentifier
            | Kind::QualifiedType
            | Kind::PointerType
            | Kind::SliceType
            | Kind::ArrayType
            | Kind::MapType
            | Kind::ChannelType
            | Kind::GenericType
            | Kind::InterfaceType
            | Kind::StructType
            | Kind::FunctionType
            | Kind::ParenthesizedType => self.ty(kid),
            Kind::Block
            | Kind::StatementList
            | Kind::ExpressionStatement
            | Kind::AssignmentStatement
            | Kind::ShortVarDeclaration
            | Kind::IfStatement
            | Kind::ForStatement
            | Kind::ReturnStatement
            | Kind::GoStatement
            | Kind::DeferStatement
            | Kind::VarDeclaration
            | Kind::ConstDeclaration
            | Kind::TypeDeclaration
            | Kind::FunctionDeclaration
            | Kind::MethodDeclaration
            | Kind::ExpressionSwitchStatement
            | Kind::TypeSwitchStatement
            | Kind::SelectStatement
            | Kind::LabeledStatement => self.enclosed(span, |lower, out| lower.stmt(kid, out)),
            _ => self.other(kid),
        }
    }

    pub(super) fn string(&mut self, kid: Kid<'t>) -> ExprId {
        let value = self.string_value(kid);
        self.module.add_expr(ExprKind::Str(value), kid.span())
    }

    /// `a.b`, `a[b]`, `a[b:c]`, `a.(T)`, `a(b)` and any chain of these; parentheses are transparent.
    fn chain(&mut self, top: Kid<'t>) -> ExprId {
        let mut links = Vec::new();
        let mut at = Some(top);
        while let Some(link) = at {
            let inner = match link.kind {
                Kind::SelectorExpression
                | Kind::IndexExpression
                | Kind::SliceExpression
                | Kind::TypeAssertionExpression => Field::Operand,
                Kind::CallExpression => Field::Function,
                Kind::ParenthesizedExpression => Field::Other,
                _ => break,
            };
            let kids = self.kids(link.node);
            at = if inner == Field::Other { kids.first().copied() } else { field(&kids, inner) };
            links.push((link, kids));
        }
        let mut value = match at {
            Some(base) => self.below(links.len(), |lower| lower.expr(base)),
            None => self.other_of(&[], top.span()),
        };
        while let Some((link, kids)) = links.pop() {
            value = self.below(links.len(), |lower| lower.link(link, &kids, value));
        }
        value
    }

    fn link(&mut self, link: Kid<'t>, kids: &[Kid<'t>], object: ExprId) -> ExprId {
        let span = link.span();
        match link.kind {
            Kind::SelectorExpression => {
                let Some(name) = field(kids, Field::Member) else { return object };
                let text = self.text_of(name).into();
                self.attr(object, text, name.span())
            }
            Kind::IndexExpression => {
                let index = self.expr_in(kids, Field::Index, link);
                self.module.add_expr(ExprKind::Index { object, index }, span)
            }
            Kind::SliceExpression => {
                let mut children = vec![object];
                for role in [Field::Start, Field::End, Field::Capacity] {
                    children.extend(field(kids, role).map(|kid| self.expr(kid)));
                }
                self.other_of(&children, span)
            }
            Kind::TypeAssertionExpression => {
                let ty = self.type_in(kids, Field::Type, link);
                self.module.add_expr(ExprKind::Cast { value: object, ty }, span)
            }
            Kind::CallExpression => self.call(kids, object, span),
            _ => object,
        }
    }

    fn call(&mut self, kids: &[Kid<'t>], callee: ExprId, span: Span) -> ExprId {
        let type_args = field(kids, Field::TypeArguments).map(|list| self.type_args(list)).unwrap_or_default();
        let list = field(kids, Field::Arguments).map(|list| self.named_kids(list.node)).unwrap_or_default();
        // `new(T)` makes a `T`.
        if let (ExprKind::Name(name), [ty]) = (&self.module.expr(callee).kind, list.as_slice())
            && name == "new"
        {
            // Since Go 1.26 also a pointer to a value (<https://go.dev/doc/go1.26#language>).
            if is_value(ty.kind) {
                return self.expr(*ty);
            }
            let callee = self.ty(*ty);
            let call = Call { callee, args: Vec::new(), is_new: true, type_args };
            return self.module.add_expr(ExprKind::Call(call), span);
        }
        let args = list
            .into_iter()
            .map(|arg| Arg { name: None, spread: arg.kind == Kind::VariadicArgument, value: self.expr(arg) })
            .collect();
        self.module.add_expr(ExprKind::Call(Call { callee, args, is_new: false, type_args }), span)
    }

    /// `producer.Input() <- message`: a call with the message, `->` on the channel that a library gives. What goes
    /// into a channel of the program itself stays in the program: `=>`.
    pub(super) fn send(&mut self, kid: Kid<'t>) -> ExprId {
        match self.named_kids(kid.node).as_slice() {
            [channel, message] => {
                let name = if channel.kind == Kind::CallExpression { "->" } else { "=>" };
                let channel = self.expr(*channel);
                let callee = self.attr(channel, name.into(), self.beginning(kid.span(), 1));
                let value = self.expr(*message);
                let args = vec![Arg { name: None, spread: false, value }];
                let call = Call { callee, args, is_new: false, type_args: Vec::new() };
                self.module.add_expr(ExprKind::Call(call), kid.span())
            }
            _ => self.expr(kid),
        }
    }

    fn unary(&mut self, kid: Kid<'t>) -> ExprId {
        let kids = self.kids(kid.node);
        let operator = field(&kids, Field::Operator).map_or("", |op| self.text_of(op));
        let operand = self.expr_in(&kids, Field::Operand, kid);
        let kind = match operator {
            // Go follows pointers by itself.
            "&" | "*" | "+" => return operand,
            "!" => ExprKind::Not(operand),
            "-" => ExprKind::Neg(operand),
            // Receiving is a call: it gives a value, and waits for it.
            "<-" => {
                let callee = self.attr(operand, "<-".into(), self.beginning(kid.span(), 1));
                ExprKind::Call(Call { callee, args: Vec::new(), is_new: false, type_args: Vec::new() })
            }
            _ => ExprKind::Other(vec![operand]),
        };
        self.module.add_expr(kind, kid.span())
    }

    /// `func(…) … { … }`.
    fn closure(&mut self, kid: Kid<'t>) -> ExprId {
        let kids = self.kids(kid.node);
        let head = self.lambda_head(kid.span());
        let func = self.function_with(head, |lower, function| lower.function_body(&kids, function));
        self.module.add_expr(ExprKind::Lambda(func), kid.span())
    }

    /// The expressions of an `expression_list`, or the one that stands alone.
    pub(super) fn listed(&mut self, kids: &[Kid<'t>], role: Field) -> Vec<Kid<'t>> {
        let mut out = Vec::new();
        for kid in all_in(kids, role) {
            match kid.kind {
                Kind::ExpressionList => out.extend(self.named_kids(kid.node)),
                Kind::Token => {}
                _ => out.push(kid),
            }
        }
        out
    }
}

/// True for an expression that can be no type.
fn is_value(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::BinaryExpression
            | Kind::CallExpression
            | Kind::False
            | Kind::FloatLiteral
            | Kind::IntLiteral
            | Kind::InterpretedStringLiteral
            | Kind::RawStringLiteral
            | Kind::RuneLiteral
            | Kind::True
            | Kind::UnaryExpression
    )
}
