//! Expressions.

use smol_str::SmolStr;

use super::super::kind::Kind;
use super::super::text::unescape;
use super::super::{Field, Kid, Spelled, field, find, has, named};
use super::types::is_type;
use super::{Lower, Sink};
use crate::facts::module::{Arg, BinaryOp, Block, Call, ExprId, ExprKind, Param, StmtKind, TemplatePart};
use crate::facts::walk::text::number_value;
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
            Kind::Identifier => match self.text_of(kid) {
                "true" => self.module.add_expr(ExprKind::Bool(true), span),
                "false" => self.module.add_expr(ExprKind::Bool(false), span),
                "null" => self.module.add_expr(ExprKind::Null, span),
                _ => {
                    let name = self.name_of(kid);
                    self.name(name, span)
                }
            },
            Kind::NavigationExpression
            | Kind::CallExpression
            | Kind::IndexExpression
            | Kind::ParenthesizedExpression => self.chain(kid),
            Kind::StringLiteral | Kind::MultilineStringLiteral => self.string(kid),
            Kind::CharacterLiteral => {
                let text = self.text_of(kid);
                let value = unescape(text.get(1..text.len().saturating_sub(1)).unwrap_or_default());
                self.module.add_expr(ExprKind::Str(value), span)
            }
            Kind::NumberLiteral | Kind::FloatLiteral => {
                let value = number_value(self.text_of(kid), true);
                self.module.add_expr(ExprKind::Num(value), span)
            }
            // `this@Orders`; a label of a lambda begins with a small letter.
            Kind::ThisExpression => match self.text_of(kid).split_once('@') {
                Some((_, outer)) if outer.starts_with(char::is_uppercase) => {
                    let object = self.name(SmolStr::new(outer), span);
                    self.module.add_expr(ExprKind::Attr { object, name: "this".into(), name_span: span }, span)
                }
                _ => self.module.add_expr(ExprKind::This, span),
            },
            Kind::SuperExpression => self.module.add_expr(ExprKind::Super, span),
            Kind::CollectionLiteral => {
                let items = self.named_kids(kid.node).into_iter().map(|item| self.expr(item)).collect();
                self.module.add_expr(ExprKind::List(items), span)
            }
            Kind::BinaryExpression => self.binary_with(kid, Self::joined),
            Kind::UnaryExpression => self.unary(kid),
            Kind::InExpression => {
                let kids = self.kids(kid.node);
                let op = if has(&kids, Kind::TokenNotIn) { BinaryOp::NotIn } else { BinaryOp::In };
                let left = self.expr_in(&kids, Field::Left, kid);
                let right = self.expr_in(&kids, Field::Right, kid);
                self.module.add_expr(ExprKind::Binary { op, left, right }, span)
            }
            Kind::AsExpression | Kind::IsExpression => {
                let kids = self.kids(kid.node);
                let value = self.expr_in(&kids, Field::Left, kid);
                let Some(ty) = field(&kids, Field::Right) else { return value };
                let ty = self.ty(ty);
                match kid.kind {
                    Kind::AsExpression => self.module.add_expr(ExprKind::Cast { value, ty }, span),
                    _ => self.other_of(&[value, ty], span),
                }
            }
            Kind::InfixExpression => self.infix(kid),
            Kind::RangeExpression => self.range(kid),
            Kind::IfExpression => self.if_value(kid),
            Kind::WhenExpression => self.when_value(kid),
            Kind::TryExpression => self.enclosed(span, |lower, out| lower.value_into(kid, Sink::Return, out)),
            Kind::LambdaLiteral => self.lambda(kid),
            Kind::AnnotatedLambda => {
                let kids = self.named_kids(kid.node);
                match find(&kids, Kind::LambdaLiteral) {
                    Some(lambda) => self.lambda(lambda),
                    None => self.other(kid),
                }
            }
            Kind::AnonymousFunction => {
                let func = self.function_body_of(kid, self.lambda_head(span));
                self.module.add_expr(ExprKind::Lambda(func), span)
            }
            Kind::CallableReference => self.callable_reference(kid),
            Kind::ObjectLiteral => {
                let class = self.object_literal(kid);
                let callee = self.module.add_expr(ExprKind::ClassExpr(class), span);
                let call = Call { callee, args: Vec::new(), is_new: true, type_args: Vec::new() };
                self.module.add_expr(ExprKind::Call(call), span)
            }
            Kind::AnnotatedExpression | Kind::LabeledExpression => match self.named_kids(kid.node).last() {
                Some(inner) => self.expr(*inner),
                None => self.other_of(&[], span),
            },
            Kind::Assignment => {
                let kids = self.kids(kid.node);
                let target = self.expr_in(&kids, Field::Left, kid);
                let value = self.expr_in(&kids, Field::Right, kid);
                self.module.add_expr(ExprKind::Assign { target, value }, span)
            }
            kind if is_type(kind) => self.ty(kid),
            Kind::Label | Kind::Modifiers | Kind::TypeArguments | Kind::TypeParameters | Kind::UseSiteTarget => {
                self.other_of(&[], span)
            }
            Kind::Annotation => {
                let mut found = Vec::new();
                self.annotation(kid, &mut found);
                self.other_of(&found, span)
            }
            kind if is_statement(kind) => self.enclosed(span, |lower, out| lower.stmt(kid, out)),
            // Spread, return and throw inside an expression, ERROR.
            _ => self.other(kid),
        }
    }

    /// `a.b`, `a?.b`, `a[b]`, `a(b)` and any chain of these; parentheses are transparent.
    fn chain(&mut self, top: Kid<'t>) -> ExprId {
        let mut links = Vec::new();
        let mut at = Some(top);
        while let Some(link) = at {
            if !matches!(
                link.kind,
                Kind::NavigationExpression
                    | Kind::CallExpression
                    | Kind::IndexExpression
                    | Kind::ParenthesizedExpression
            ) {
                break;
            }
            let kids = self.kids(link.node);
            at = named(&kids);
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
            Kind::NavigationExpression => {
                let name = kids.iter().rev().find(|k| k.kind == Kind::Identifier);
                let Some(name) = name.filter(|name| name.start() > kids.first().map_or(0, |k| k.start())) else {
                    return object;
                };
                // `Order::class.java` stands for the class.
                let text = self.name_of(*name);
                let before = self.slice(link.start(), name.start());
                if text == "class" && before.trim_end().ends_with("::") {
                    return object;
                }
                if matches!(text.as_str(), "java" | "javaObjectType" | "kotlin") && before.ends_with("::class.") {
                    return object;
                }
                self.module.add_expr(ExprKind::Attr { object, name: text, name_span: name.span() }, span)
            }
            Kind::IndexExpression => {
                let indices: Vec<Kid<'t>> = kids.iter().filter(|k| !k.kind.is_token()).skip(1).copied().collect();
                let indices: Vec<ExprId> = indices.into_iter().map(|k| self.expr(k)).collect();
                let index = match indices.as_slice() {
                    [only] => *only,
                    several => self.module.add_expr(ExprKind::List(several.to_vec()), span),
                };
                self.module.add_expr(ExprKind::Index { object, index }, span)
            }
            Kind::CallExpression => self.call(kids, object, span),
            _ => object,
        }
    }

    fn call(&mut self, kids: &[Kid<'t>], callee: ExprId, span: Span) -> ExprId {
        let type_args = find(kids, Kind::TypeArguments).map(|list| self.type_args(list)).unwrap_or_default();
        let arguments = find(kids, Kind::ValueArguments);
        let trailing = find(kids, Kind::AnnotatedLambda).map(|lambda| self.expr(lambda));
        let trailing = trailing.map(|value| Arg { name: None, spread: false, value });
        if let (None, Some(_), ExprKind::Call(inner)) = (arguments, &trailing, &self.module.expr(callee).kind) {
            // `f(x) { … }` is one call, which the grammar may read as two.
            let mut call = inner.clone();
            call.args.extend(trailing);
            let expr = &mut self.module.exprs[callee.0 as usize];
            expr.kind = ExprKind::Call(call);
            expr.span = span;
            return callee;
        }
        let mut args = arguments.map(|list| self.args(list)).unwrap_or_default();
        args.extend(trailing);
        self.module.add_expr(ExprKind::Call(Call { callee, args, is_new: false, type_args }), span)
    }

    pub(super) fn args(&mut self, list: Kid<'t>) -> Vec<Arg> {
        let mut args = Vec::new();
        for arg in self.named_kids(list.node) {
            if arg.kind != Kind::ValueArgument {
                args.push(Arg { name: None, spread: false, value: self.expr(arg) });
                continue;
            }
            let kids = self.kids(arg.node);
            let name = if has(&kids, Kind::TokenEquals) { named(&kids).map(|name| self.name_of(name)) } else { None };
            let Some(value) = kids.iter().rev().find(|k| !k.kind.is_token()) else { continue };
            let (spread, value) = match value.kind {
                Kind::SpreadExpression => (true, self.only_child(*value)),
                _ => (has(&kids, Kind::TokenStar), self.expr(*value)),
            };
            args.push(Arg { name, spread, value });
        }
        args
    }

    /// `"a $b ${c()}"`. Without a hole it is a plain string.
    fn string(&mut self, kid: Kid<'t>) -> ExprId {
        let raw = kid.kind == Kind::MultilineStringLiteral;
        let quotes = if raw { 3 } else { 1 };
        let mut parts = Vec::new();
        let mut from = (kid.start() + quotes).min(kid.end());
        for hole in self.named_kids(kid.node) {
            if hole.kind != Kind::Interpolation {
                continue;
            }
            self.push_text(from, hole.start(), raw, &mut parts);
            let value = self.only_child(hole);
            parts.push(TemplatePart::Hole(value));
            from = hole.end();
        }
        let closed = self.slice(from, kid.end()).ends_with(if raw { "\"\"\"" } else { "\"" });
        self.push_text(from, kid.end() - if closed { quotes } else { 0 }, raw, &mut parts);
        let kind = match parts.as_slice() {
            [] => ExprKind::Str(SmolStr::default()),
            [TemplatePart::Text(text)] => ExprKind::Str(text.clone()),
            _ => ExprKind::Template(parts),
        };
        self.module.add_expr(kind, kid.span())
    }

    /// Text between the holes that the grammar knows; it takes `$name` for text.
    fn push_text(&mut self, start: usize, end: usize, raw: bool, parts: &mut Vec<TemplatePart>) {
        let value = |text: &str| if raw { SmolStr::new(text) } else { unescape(text) };
        let text = self.slice(start, end);
        let (mut from, mut at) = (0, 0);
        while let Some(found) = memchr::memchr2(b'$', b'\\', text.as_bytes().get(at..).unwrap_or_default()) {
            let here = at + found;
            let rest = &text[here + 1..];
            if text.as_bytes()[here] == b'\\' {
                // `\$` is no hole.
                at = here + 1 + if raw { 0 } else { rest.chars().next().map_or(0, char::len_utf8) };
                continue;
            }
            let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            at = here + 1 + length;
            if length == 0 || rest.starts_with(|c: char| c.is_numeric()) {
                continue;
            }
            if from < here {
                parts.push(TemplatePart::Text(value(&text[from..here])));
            }
            let span = Span::new(start + here + 1, start + at);
            let name = &rest[..length];
            let hole = match name {
                "this" => self.module.add_expr(ExprKind::This, span),
                name => self.name(name, span),
            };
            parts.push(TemplatePart::Hole(hole));
            from = at;
        }
        if from < text.len() {
            parts.push(TemplatePart::Text(value(&text[from..])));
        }
    }

    /// One operator and its operands.
    fn joined(&mut self, op: BinaryOp, left: ExprId, right: ExprId, span: Span) -> ExprId {
        match self.generic_call(op, left, right) {
            Some(call) => self.module.add_expr(ExprKind::Call(call), span),
            None => self.binary_of(op, left, right, span),
        }
    }

    /// `get<Articles> { … }` reaches us as two comparisons; nothing is compared with a lambda.
    fn generic_call(&self, op: BinaryOp, left: ExprId, right: ExprId) -> Option<Call> {
        if op != BinaryOp::Gt || !matches!(self.module.expr(right).kind, ExprKind::Lambda(_)) {
            return None;
        }
        let ExprKind::Binary { op: BinaryOp::Lt, left: callee, right: ty } = self.module.expr(left).kind else {
            return None;
        };
        let args = vec![Arg { name: None, spread: false, value: right }];
        Some(Call { callee, args, is_new: false, type_args: vec![ty] })
    }

    /// `!x`, `-x`; `x!!` is `x`.
    fn unary(&mut self, kid: Kid<'t>) -> ExprId {
        let kids = self.kids(kid.node);
        let operator = field(&kids, Field::Operator).map_or("", |op| self.text_of(op));
        let argument = self.expr_in(&kids, Field::Argument, kid);
        let kind = match operator {
            "!" => ExprKind::Not(argument),
            "-" => ExprKind::Neg(argument),
            "!!" => return argument,
            _ => ExprKind::Other(vec![argument]),
        };
        self.module.add_expr(kind, kid.span())
    }

    /// `a to b` is a pair; any other infix function is a call of a method of the left side.
    fn infix(&mut self, kid: Kid<'t>) -> ExprId {
        let kids = self.named_kids(kid.node);
        let [left, name, right] = kids.as_slice() else { return self.other(kid) };
        let (left, value) = (self.expr(*left), self.expr(*right));
        let text = self.name_of(*name);
        let kind = match text.as_str() {
            "to" => ExprKind::List(vec![left, value]),
            "shl" => ExprKind::Binary { op: BinaryOp::Shl, left, right: value },
            _ => {
                let callee = ExprKind::Attr { object: left, name: text, name_span: name.span() };
                let callee = self.module.add_expr(callee, Span::new(kid.start(), name.end()));
                let args = vec![Arg { name: None, spread: false, value }];
                ExprKind::Call(Call { callee, args, is_new: false, type_args: Vec::new() })
            }
        };
        self.module.add_expr(kind, kid.span())
    }

    /// `a..b` is `a.rangeTo(b)`: <https://kotlinlang.org/docs/ranges.html>.
    fn range(&mut self, kid: Kid<'t>) -> ExprId {
        let kids = self.named_kids(kid.node);
        let [first, last] = kids.as_slice() else { return self.other(kid) };
        let (object, value) = (self.expr(*first), self.expr(*last));
        let callee = ExprKind::Attr { object, name: "rangeTo".into(), name_span: first.span() };
        let callee = self.module.add_expr(callee, first.span());
        let args = vec![Arg { name: None, spread: false, value }];
        self.module.add_expr(ExprKind::Call(Call { callee, args, is_new: false, type_args: Vec::new() }), kid.span())
    }

    /// A lambda; its last expression is what it returns. One without parameters that says `it` has
    /// the parameter `it`.
    fn lambda(&mut self, kid: Kid<'t>) -> ExprId {
        let kids = self.named_kids(kid.node);
        let says_it = || self.text_of(kid).split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "it");
        let has_it = !has(&kids, Kind::LambdaParameters) && says_it();
        let func = self.function_with(self.lambda_head(kid.span()), |lower, function| {
            let mut body = Block::new();
            if has_it {
                function.params.push(untyped("it".into(), Span { end: kid.span().start + 1, ..kid.span() }));
            }
            if let Some(list) = find(&kids, Kind::LambdaParameters) {
                for param in lower.named_kids(list.node) {
                    let param = lower.lambda_param(param, &mut body);
                    function.params.push(param);
                }
            }
            let statements: Vec<Kid<'t>> = kids.iter().filter(|k| k.kind != Kind::LambdaParameters).copied().collect();
            lower.statements(&statements, Sink::Return, &mut body);
            function.body = body;
        });
        self.module.add_expr(ExprKind::Lambda(func), kid.span())
    }

    fn lambda_param(&mut self, kid: Kid<'t>, body: &mut Block) -> Param {
        let kids = self.named_kids(kid.node);
        if kid.kind == Kind::MultiVariableDeclaration {
            let hidden = self.hidden_name();
            self.unpack(&kids, &hidden, body);
            return untyped(hidden, kid.span());
        }
        let name = find(&kids, Kind::Identifier).map(|name| self.name_of(name)).unwrap_or_default();
        let ty = kids.iter().find(|k| is_type(k.kind)).map(|ty| self.ty(*ty));
        Param { ty, ..untyped(name, kid.span()) }
    }

    /// `::send` is `send`, `Orders::send` is `Orders.send`, `Order::class` is `Order`.
    fn callable_reference(&mut self, kid: Kid<'t>) -> ExprId {
        let kids = self.kids(kid.node);
        let object = kids.iter().find(|k| is_type(k.kind)).map(|ty| self.ty(*ty));
        let name = kids.iter().rev().find(|k| k.kind == Kind::Identifier);
        match (object, name) {
            (Some(object), Some(name)) => {
                let kind = ExprKind::Attr { object, name: self.name_of(*name), name_span: name.span() };
                self.module.add_expr(kind, kid.span())
            }
            (Some(object), None) => object,
            (None, Some(name)) => {
                let text = self.name_of(*name);
                self.name(text, name.span())
            }
            (None, None) => self.other(kid),
        }
    }

    /// The `return x` of a function with an expression for a body, and of lambdas.
    pub(super) fn push_value(&mut self, value: ExprId, sink: Sink<'_>, span: Span, out: &mut Block) {
        let kind = match sink {
            Sink::Discard => StmtKind::Expr(value),
            Sink::Return => StmtKind::Return(Some(value)),
            Sink::Assign(name) => {
                let target = self.name(SmolStr::new(name), span);
                let annotation = Some(self.inferred(span));
                StmtKind::Assign { target, value: Some(value), annotation, op: None }
            }
        };
        self.push(kind, span, out);
    }
}

pub(super) fn untyped(name: SmolStr, span: Span) -> Param {
    Param { name, ty: None, default: None, variadic: false, is_field: false, decorators: Vec::new(), span }
}

fn is_statement(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Block
            | Kind::ClassDeclaration
            | Kind::ObjectDeclaration
            | Kind::FunctionDeclaration
            | Kind::PropertyDeclaration
            | Kind::ForStatement
            | Kind::WhileStatement
            | Kind::DoWhileStatement
    )
}
