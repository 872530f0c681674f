//! Expressions.

use smol_str::SmolStr;
use tree_sitter::Node;

use super::kinds::{Field, Kind};
use super::{Kid, Lowerer, MAX_CHAIN, MAX_DEPTH, span};
use crate::facts::module::{Arg, BinaryOp, Call, Entry, ExprId, ExprKind};

impl<'t> Lowerer<'t> {
    pub(super) fn expr(&mut self, kid: Kid<'t>) -> ExprId {
        let node = kid.node;
        if self.has_error && node.is_missing() {
            return self.add(ExprKind::Other(Vec::new()), node);
        }
        match kid.kind {
            Kind::Identifier => self.identifier(node),
            Kind::Number => {
                let kind = number(self.text_of(node)).map_or(ExprKind::Other(Vec::new()), ExprKind::Num);
                self.add(kind, node)
            }
            Kind::True => self.add(ExprKind::Bool(true), node),
            Kind::False => self.add(ExprKind::Bool(false), node),
            Kind::None => self.add(ExprKind::Null, node),
            kind if kind.is_statement() => {
                self.strays.push(node);
                self.add(ExprKind::Other(Vec::new()), node)
            }
            _ if self.depth >= MAX_DEPTH => self.too_deep(node),
            kind => {
                self.depth += 1;
                let id = self.compound(node, kind);
                self.depth -= 1;
                id
            }
        }
    }

    fn compound(&mut self, node: Node<'t>, kind: Kind) -> ExprId {
        match kind {
            Kind::String => self.string(node),
            Kind::Concatenated => self.concatenated(node),
            Kind::Call => self.call(node),
            Kind::Attribute | Kind::MemberType => self.attribute(node),
            Kind::Subscript => self.subscript(node),
            Kind::Wrapper => self.wrapped(node),
            Kind::DottedName => self.dotted_name(node),
            Kind::Binary => self.binary(node),
            Kind::Comparison => self.comparison(node),
            Kind::List => {
                let items = self.all_children(node);
                self.add(ExprKind::List(items), node)
            }
            Kind::Dictionary => self.dictionary(node),
            Kind::Conditional => self.conditional(node),
            Kind::Unary => self.unary(node),
            Kind::Not => self.unary_by(node, ExprKind::Not),
            Kind::Await => self.unary_by(node, ExprKind::Await),
            Kind::NamedExpression => self.named_expression(node),
            Kind::Lambda => self.lambda(node),
            Kind::Type => self.type_node(node),
            Kind::GenericType => self.generic_type(node),
            Kind::UnionType => self.union_type(node),
            _ => {
                let parts = self.all_children(node);
                self.add(ExprKind::Other(parts), node)
            }
        }
    }

    /// A name, or the receiver.
    fn identifier(&mut self, node: Node<'t>) -> ExprId {
        let name = self.text_of(node);
        let is_receiver = self.scope.receiver.as_deref() == Some(name);
        let kind = if is_receiver { ExprKind::This } else { ExprKind::Name(SmolStr::new(name)) };
        self.add(kind, node)
    }

    /// All expressions directly below `node`, also those in its clauses.
    pub(super) fn all_children(&mut self, node: Node<'t>) -> Vec<ExprId> {
        let mut out = Vec::new();
        self.collect(node, &mut out);
        out
    }

    fn collect(&mut self, node: Node<'t>, out: &mut Vec<ExprId>) {
        let kids = self.children(node);
        for i in kids.clone() {
            let kid = self.kids[i];
            match kid.kind {
                kind if kind.is_token() => {}
                // A clause stands in an expression, never directly in another clause of its kind, so
                // this does not recurse further than the expressions do.
                Kind::Clause if self.depth < MAX_DEPTH => {
                    self.depth += 1;
                    self.collect(kid.node, out);
                    self.depth -= 1;
                }
                _ => out.push(self.expr(kid)),
            }
        }
        self.release(kids);
    }

    /// Parentheses and the like: the expression inside, or the expressions where there are several.
    pub(super) fn wrapped(&mut self, node: Node<'t>) -> ExprId {
        let parts = self.all_children(node);
        match parts[..] {
            [only] => only,
            _ => self.add(ExprKind::Other(parts), node),
        }
    }

    fn unary_by(&mut self, node: Node<'t>, kind: fn(ExprId) -> ExprKind) -> ExprId {
        let operand = self.wrapped(node);
        self.add(kind(operand), node)
    }

    fn unary(&mut self, node: Node<'t>) -> ExprId {
        match self.text_of(node).as_bytes().first() {
            Some(b'-') => self.unary_by(node, ExprKind::Neg),
            Some(b'+') => self.wrapped(node),
            _ => self.unary_by(node, |operand| ExprKind::Other(vec![operand])),
        }
    }

    /// `object.name`; `A.B` of a type alias has no fields but the same two children.
    fn attribute(&mut self, node: Node<'t>) -> ExprId {
        let kids = self.children(node);
        let id = match (self.nth_node(&kids, 0), self.nth_node(&kids, 1)) {
            (Some(object), Some(name)) => {
                let object = self.expr(object);
                let (name, name_span) = (self.name_of(name.node), span(name.node));
                self.add(ExprKind::Attr { object, name, name_span }, node)
            }
            (Some(object), None) => self.expr(object),
            _ => self.add(ExprKind::Other(Vec::new()), node),
        };
        self.release(kids);
        id
    }

    /// `a.b.c` outside expressions: a decorator of old, a pattern, an import.
    fn dotted_name(&mut self, node: Node<'t>) -> ExprId {
        let kids = self.children(node);
        let mut object = None;
        for i in kids.clone() {
            let part = self.kids[i].node;
            object = Some(match object {
                None => self.identifier(part),
                Some(_) if i - kids.start >= MAX_DEPTH => break,
                Some(object) => {
                    let mut whole = span(node);
                    whole.end = span(part).end;
                    let (name, name_span) = (self.name_of(part), span(part));
                    self.module.add_expr(ExprKind::Attr { object, name, name_span }, whole)
                }
            });
        }
        self.release(kids);
        object.unwrap_or_else(|| self.add(ExprKind::Other(Vec::new()), node))
    }

    fn subscript(&mut self, node: Node<'t>) -> ExprId {
        let kids = self.children(node);
        let object = match self.nth_node(&kids, 0) {
            Some(object) => self.expr(object),
            None => self.add(ExprKind::Other(Vec::new()), node),
        };
        let id = self.index(node, object, kids.start + 1..kids.end);
        self.release(kids);
        id
    }

    fn call(&mut self, node: Node<'t>) -> ExprId {
        let kids = self.children(node);
        let callee = self.in_field(&kids, Field::Function).or_else(|| self.nth_node(&kids, 0));
        // The last of two; a call that the parser repaired may have no arguments.
        let arguments = self.nth_node(&kids, 1);
        let id = match callee {
            Some(callee) if callee.kind == Kind::Identifier && self.text_of(callee.node) == "super" => {
                self.add(ExprKind::Super, node)
            }
            Some(callee) => {
                let in_type = std::mem::replace(&mut self.in_type, false);
                let callee = self.expr(callee);
                let args = arguments.map_or_else(Vec::new, |arguments| self.arguments(arguments));
                self.in_type = in_type;
                let args = self.in_thread(callee, args);
                let args = self.adapted(callee, args);
                let kind = match self.named_attribute(callee, &args) {
                    Some(attribute) => attribute,
                    None => ExprKind::Call(Call { callee, args, is_new: false, type_args: Vec::new() }),
                };
                self.add(kind, node)
            }
            None => self.add(ExprKind::Other(Vec::new()), node),
        };
        self.release(kids);
        id
    }

    /// `getattr(app.state, "client", None)` is `app.state.client`, or the default.
    /// <https://docs.python.org/3/library/functions.html#getattr>
    fn named_attribute(&mut self, callee: ExprId, args: &[Arg]) -> Option<ExprKind> {
        let is_plain = |arg: &Arg| arg.name.is_none() && !arg.spread;
        let ([object, name] | [object, name, _]) = args else { return None };
        let is_getattr = matches!(&self.module.expr(callee).kind, ExprKind::Name(n) if n == "getattr");
        if !is_getattr || !args.iter().all(is_plain) {
            return None;
        }
        let ExprKind::Str(text) = &self.module.expr(name.value).kind else { return None };
        let (text, name_span) = (SmolStr::new(text), self.module.expr(name.value).span);
        let attribute = ExprKind::Attr { object: object.value, name: text, name_span };
        let Some(default) = args.get(2) else { return Some(attribute) };
        if matches!(self.module.expr(default.value).kind, ExprKind::Null) {
            return Some(attribute);
        }
        let left = self.module.add_expr(attribute, name_span);
        Some(ExprKind::Binary { op: BinaryOp::Or, left, right: default.value })
    }

    /// The arguments of a call, or of a class definition.
    pub(super) fn arguments(&mut self, list: Kid<'t>) -> Vec<Arg> {
        if list.kind != Kind::ArgumentList {
            // `f(x for x in y)`: the generator is the argument.
            return vec![Arg { name: None, spread: false, value: self.expr(list) }];
        }
        let kids = self.children(list.node);
        let mut args = Vec::with_capacity(kids.len());
        for i in kids.clone() {
            let kid = self.kids[i];
            let arg = match kid.kind {
                kind if kind.is_token() => continue,
                Kind::KeywordArgument => self.keyword_argument(kid.node),
                Kind::ListSplat => Arg { name: None, spread: true, value: self.wrapped(kid.node) },
                Kind::DictSplat => Arg { name: Some(SmolStr::default()), spread: true, value: self.wrapped(kid.node) },
                _ => Arg { name: None, spread: false, value: self.expr(kid) },
            };
            args.push(arg);
        }
        self.release(kids);
        args
    }

    fn keyword_argument(&mut self, node: Node<'t>) -> Arg {
        let kids = self.children(node);
        let name = self.in_field(&kids, Field::Name).map(|name| self.name_of(name.node));
        let value = match self.in_field(&kids, Field::Value) {
            Some(value) => self.expr(value),
            None => self.add(ExprKind::Other(Vec::new()), node),
        };
        if let Some(name) = &name {
            self.name_lambda(value, name);
        }
        self.release(kids);
        Arg { name, spread: false, value }
    }

    fn dictionary(&mut self, node: Node<'t>) -> ExprId {
        let kids = self.children(node);
        let mut entries = Vec::with_capacity(kids.len());
        for i in kids.clone() {
            let kid = self.kids[i];
            if kid.kind.is_token() {
                continue;
            }
            let parts = self.all_children(kid.node);
            match parts[..] {
                [key, value] => entries.push(Entry::Pair { key, value }),
                [value] => entries.push(Entry::Spread(value)),
                _ => entries.push(Entry::Spread(self.add(ExprKind::Other(parts), kid.node))),
            }
        }
        self.release(kids);
        self.add(ExprKind::Dict(entries), node)
    }

    /// `a + b + c` is a left-leaning tree as deep as it is long, so its spine is walked in a loop.
    fn binary(&mut self, node: Node<'t>) -> ExprId {
        let mut spine = Vec::new();
        let mut at = self.kid(node);
        while at.kind == Kind::Binary {
            let kids = self.children(at.node);
            let (left, right) = (self.nth_node(&kids, 0), self.nth_node(&kids, 1));
            let op = self.kids[kids.clone()].iter().find_map(|kid| match kid.kind {
                Kind::Op(op) => Some(op),
                _ => None,
            });
            self.release(kids);
            let Some(left) = left else { break };
            spine.push((at.node, op.unwrap_or(BinaryOp::Other), right));
            at = left;
        }
        if spine.len() > MAX_CHAIN || self.depth + spine.len() > MAX_DEPTH {
            let mut operands = vec![self.expr(at)];
            operands.extend(spine.iter().rev().filter_map(|(_, _, right)| Some(self.expr((*right)?))));
            return self.add(ExprKind::Other(operands), node);
        }
        let depth = self.depth;
        self.depth += spine.len();
        let mut left =
            if at.kind == Kind::Binary { self.add(ExprKind::Other(Vec::new()), at.node) } else { self.expr(at) };
        for (node, op, right) in spine.into_iter().rev() {
            if let Some(right) = right {
                let right = self.expr(right);
                left = self.add(ExprKind::Binary { op, left, right }, node);
            }
            self.depth -= 1;
        }
        self.depth = depth;
        left
    }

    /// One comparison; a chain of them (`a < b < c`) has no form of its own.
    fn comparison(&mut self, node: Node<'t>) -> ExprId {
        let kids = self.children(node);
        let op = self.kids[kids.clone()].iter().find_map(|kid| match kid.kind {
            Kind::Op(op) => Some(op),
            _ => None,
        });
        self.release(kids);
        let operands = self.all_children(node);
        match (&operands[..], op) {
            (&[left, right], Some(op)) => self.add(ExprKind::Binary { op, left, right }, node),
            _ => self.add(ExprKind::Other(operands), node),
        }
    }

    fn conditional(&mut self, node: Node<'t>) -> ExprId {
        let parts = self.all_children(node);
        match parts[..] {
            [then, test, other] => self.add(ExprKind::Cond { test, then, other }, node),
            _ => self.add(ExprKind::Other(parts), node),
        }
    }

    fn named_expression(&mut self, node: Node<'t>) -> ExprId {
        let parts = self.all_children(node);
        match parts[..] {
            [target, value] => self.add(ExprKind::Assign { target, value }, node),
            _ => self.add(ExprKind::Other(parts), node),
        }
    }
}

/// The value of a number; an imaginary unit or Python 2's `L` is ignored. None when it is too large.
fn number(text: &str) -> Option<f64> {
    let digits: String = text.chars().filter(|c| *c != '_').collect();
    let lower = digits.to_ascii_lowercase();
    let whole = |digits: &str, radix: u32| {
        digits.chars().filter_map(|c| c.to_digit(radix)).fold(0.0, |n, d| n * f64::from(radix) + f64::from(d))
    };
    let value = match lower.get(..2) {
        Some("0x") => whole(&lower[2..], 16),
        Some("0o") => whole(&lower[2..], 8),
        Some("0b") => whole(&lower[2..], 2),
        _ => lower.trim_end_matches(['l', 'j']).parse().ok()?,
    };
    value.is_finite().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_of_every_notation() {
        let cases = [("1_000", 1000.0), ("0xFF", 255.0), ("0o17", 15.0), ("0b101", 5.0), ("1.5e3", 1500.0)];
        for (text, value) in cases {
            assert_eq!(number(text), Some(value), "{text}");
        }
        assert_eq!(number(".5"), Some(0.5));
        assert_eq!(number("5."), Some(5.0));
        assert_eq!(number("10L"), Some(10.0));
        assert_eq!(number("1e999"), None);
    }
}
