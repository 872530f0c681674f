//! Expressions.

use smol_str::SmolStr;

use super::kind::Kind;
use super::{Field, Kid, Lower, field, named};
use crate::facts::module::{Block, ExprId, ExprKind};
use crate::facts::walk::text::assign_op;
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
            Kind::Identifier
            | Kind::PropertyIdentifier
            | Kind::PrivatePropertyIdentifier
            | Kind::ShorthandProperty
            | Kind::ShorthandPropertyPattern
            | Kind::StatementIdentifier
            | Kind::TypeIdentifier
            | Kind::PredefinedType
            | Kind::Import => {
                let name = self.name_of(kid);
                self.name(name, span)
            }
            Kind::MemberExpression
            | Kind::SubscriptExpression
            | Kind::CallExpression
            | Kind::NonNullExpression
            | Kind::ParenthesizedExpression => self.chain(kid),
            Kind::NewExpression => self.construction(kid),
            Kind::String => self.string(kid),
            Kind::Number => self.number(kid),
            Kind::TemplateString | Kind::TemplateLiteralType => self.template(kid, false),
            Kind::This | Kind::ThisType => self.module.add_expr(ExprKind::This, span),
            Kind::Super => self.module.add_expr(ExprKind::Super, span),
            Kind::True => self.module.add_expr(ExprKind::Bool(true), span),
            Kind::False => self.module.add_expr(ExprKind::Bool(false), span),
            Kind::Null | Kind::Undefined => self.module.add_expr(ExprKind::Null, span),
            Kind::Object => self.object(kid),
            Kind::Array | Kind::ArrayPattern => self.array(kid),
            Kind::ObjectPattern => self.pattern_value(kid),
            Kind::ArrowFunction | Kind::FunctionExpression | Kind::GeneratorFunction => {
                self.lambda(kid, SmolStr::default())
            }
            Kind::Class => self.class_expr(kid, SmolStr::default()),
            Kind::BinaryExpression => self.binary(kid),
            Kind::UnaryExpression => self.unary(kid),
            Kind::TernaryExpression => self.ternary(kid),
            Kind::AssignmentExpression | Kind::AugmentedAssignment => self.assignment_value(kid),
            Kind::AwaitExpression => {
                let value = self.only_child(kid);
                self.module.add_expr(ExprKind::Await(value), span)
            }
            Kind::AsExpression | Kind::SatisfiesExpression => self.cast(kid),
            Kind::TypeAssertion => self.assertion(kid),
            Kind::InstantiationExpression => self.instantiation(kid),
            Kind::MetaProperty => self.meta_property(kid),
            Kind::Regex | Kind::JsxText | Kind::StringFragment => self.other_of(&[], span),
            Kind::TypeArguments | Kind::TypeAnnotation | Kind::TypeParameters => self.only_type(kid),
            // Only where an error has displaced them.
            _ if kid.kind.is_statement() => {
                let mut lost = Block::new();
                self.stmt(kid, &mut lost);
                self.block_value(lost, span)
            }
            Kind::MethodDefinition => {
                let kids = self.kids(kid.node);
                let func = self.method(kid, &kids, Vec::new());
                self.module.add_expr(ExprKind::Lambda(func), span)
            }
            // Spread, yield, update, sequence, JSX, ERROR and whatever else there is.
            _ => self.other(kid),
        }
    }

    /// The value of a variable, field or property, which gives its name to a function or class.
    pub(super) fn named_value(&mut self, kid: Kid<'t>, name: &str) -> ExprId {
        match kid.kind {
            Kind::ArrowFunction | Kind::FunctionExpression | Kind::GeneratorFunction => {
                match self.deeper(kid, |lower| lower.lambda(kid, SmolStr::new(name))) {
                    Some(id) => id,
                    None => self.other_of(&[], kid.span()),
                }
            }
            Kind::Class => self.class_expr(kid, SmolStr::new(name)),
            _ => self.expr(kid),
        }
    }

    fn unary(&mut self, kid: Kid<'t>) -> ExprId {
        let kids = self.kids(kid.node);
        let operator = field(&kids, Field::Operator).map_or("", |op| self.text_of(op));
        let Some(argument) = field(&kids, Field::Argument) else { return self.other(kid) };
        let argument = self.expr(argument);
        let kind = match operator {
            "!" => ExprKind::Not(argument),
            "-" => ExprKind::Neg(argument),
            _ => ExprKind::Other(vec![argument]),
        };
        self.module.add_expr(kind, kid.span())
    }

    fn ternary(&mut self, kid: Kid<'t>) -> ExprId {
        let kids = self.kids(kid.node);
        let parts =
            (field(&kids, Field::Condition), field(&kids, Field::Consequence), field(&kids, Field::Alternative));
        let (Some(test), Some(then), Some(other)) = parts else { return self.other(kid) };
        let (test, then, other) = (self.expr(test), self.expr(then), self.expr(other));
        self.module.add_expr(ExprKind::Cond { test, then, other }, kid.span())
    }

    /// `x as T`, `x satisfies T`; `x as const` is `x`.
    fn cast(&mut self, kid: Kid<'t>) -> ExprId {
        let kids = self.named_kids(kid.node);
        match kids.as_slice() {
            [value] => self.expr(*value),
            [value, ty] => {
                let (value, ty) = (self.expr(*value), self.ty(*ty));
                self.module.add_expr(ExprKind::Cast { value, ty }, kid.span())
            }
            _ => self.other(kid),
        }
    }

    /// `<T>x`.
    fn assertion(&mut self, kid: Kid<'t>) -> ExprId {
        let kids = self.named_kids(kid.node);
        let [ty, value] = kids.as_slice() else { return self.other(kid) };
        let (ty, value) = (self.only_type(*ty), self.expr(*value));
        self.module.add_expr(ExprKind::Cast { value, ty }, kid.span())
    }

    /// `f<T>` without a call.
    fn instantiation(&mut self, kid: Kid<'t>) -> ExprId {
        let kids = self.kids(kid.node);
        let Some((object, types)) = named(&kids).zip(field(&kids, Field::TypeArguments)) else {
            return self.other(kid);
        };
        let object = self.expr(object);
        self.apply_type_list(object, types, kid.span())
    }

    /// `import.meta`, `new.target`.
    fn meta_property(&mut self, kid: Kid<'t>) -> ExprId {
        let text = self.text_of(kid);
        let Some((object, name)) = text.split_once('.') else { return self.other(kid) };
        let object_span = Span::new(kid.start(), kid.start() + object.len());
        let name_span = Span::new(kid.end() - name.len(), kid.end());
        let object = self.name(SmolStr::new(object.trim()), object_span);
        self.module.add_expr(ExprKind::Attr { object, name: SmolStr::new(name.trim()), name_span }, kid.span())
    }

    /// An assignment inside another expression.
    fn assignment_value(&mut self, kid: Kid<'t>) -> ExprId {
        let kids = self.kids(kid.node);
        let Some((left, right)) = field(&kids, Field::Left).zip(field(&kids, Field::Right)) else {
            return self.other(kid);
        };
        let name = self.assigned_name(left);
        let target = self.expr(left);
        let mut value = self.named_value(right, &name);
        if let Some(op) = field(&kids, Field::Operator).and_then(|op| assign_op(self.text_of(op))) {
            let left = match &self.module.expr(target).kind {
                ExprKind::Name(name) => ExprKind::Name(name.clone()),
                // Not the target itself: a call in it would be seen twice.
                _ => ExprKind::Other(Vec::new()),
            };
            let left = self.module.add_expr(left, self.module.expr(target).span);
            value = self.module.add_expr(ExprKind::Binary { op, left, right: value }, kid.span());
        }
        self.module.add_expr(ExprKind::Assign { target, value }, kid.span())
    }

    /// The name that an assignment to `target` gives to a function: `f` for `f` and `exports.f`.
    pub(super) fn assigned_name(&mut self, target: Kid<'t>) -> SmolStr {
        match target.kind {
            Kind::Identifier => self.name_of(target),
            Kind::MemberExpression => {
                let kids = self.kids(target.node);
                field(&kids, Field::Property).map(|property| self.name_of(property)).unwrap_or_default()
            }
            _ => SmolStr::default(),
        }
    }
}
