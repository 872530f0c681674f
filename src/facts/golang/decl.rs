//! Functions, methods, variables and constants.

use smol_str::SmolStr;

use super::kind::Kind;
use super::{Kid, Lower};
use crate::facts::module::{Block, ClassId, ClassKind, ExprId, ExprKind, FunctionKind, Param, StmtKind};
use crate::facts::walk::text::number_value;
use crate::facts::walk::{Field, Head, all_in, field};
use crate::syntax::Span;

impl<'t> Lower<'t> {
    /// `func f(…) … { … }`.
    pub(super) fn function(&mut self, kid: Kid<'t>, out: &mut Block) {
        let kids = self.kids(kid.node);
        let head = self.head(&kids, kid, FunctionKind::Function);
        let func = self.function_with(head, |lower, function| {
            lower.function_body(&kids, function);
        });
        self.push(StmtKind::Func(func), kid.span(), out);
    }

    /// `func (s *T) f(…) … { … }`.
    pub(super) fn method(&mut self, kid: Kid<'t>, out: &mut Block) {
        let kids = self.kids(kid.node);
        let receivers = field(&kids, Field::Receiver).map(|list| self.named_kids(list.node)).unwrap_or_default();
        let parts = receivers.first().map(|receiver| self.kids(receiver.node)).unwrap_or_default();
        let Some(ty) = field(&parts, Field::Type) else { return self.function(kid, out) };
        let class = self.receiver_class(ty, out);
        let head = self.head(&kids, kid, FunctionKind::Method);
        let name = field(&parts, Field::Name).map(|name| SmolStr::new(self.text_of(name)));
        let outer = std::mem::replace(&mut self.state.receiver, name);
        let method = self.in_class(class, |lower| {
            lower.function_with(head, |lower, function| {
                lower.function_body(&kids, function);
            })
        });
        self.state.receiver = outer;
        self.class_mut(class).methods.push(method);
    }

    /// The class of a receiver's type: declared in this file, or a part of it here.
    fn receiver_class(&mut self, ty: Kid<'t>, out: &mut Block) -> ClassId {
        let text = self.text_of(ty).trim_start_matches(['(', '*', ' ']);
        let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
        let name = SmolStr::new(&text[..end]);
        if let Some(class) = self.state.types.get(&name) {
            return *class;
        }
        let class = self.new_class(name.clone(), ClassKind::Class, ty.span(), ty.span());
        let mark = self.name("partial", ty.span());
        self.class_mut(class).decorators.push(mark);
        self.state.types.insert(name, class);
        self.push(StmtKind::Class(class), ty.span(), out);
        class
    }

    fn head(&mut self, kids: &[Kid<'t>], kid: Kid<'t>, kind: FunctionKind) -> Head {
        let name = field(kids, Field::Name);
        Head {
            name: name.map(|name| self.text_of(name).into()).unwrap_or_default(),
            span: kid.span(),
            name_span: name.map_or(kid.span(), |name| name.span()),
            kind,
            decorators: Vec::new(),
            is_static: false,
            is_async: false,
        }
    }

    /// Parameters, results and body; named results are declared at the beginning of the body.
    pub(super) fn function_body(&mut self, kids: &[Kid<'t>], function: &mut crate::facts::module::Function) {
        function.params = field(kids, Field::Parameters).map(|list| self.params(list)).unwrap_or_default();
        let receiver = self.state.receiver.clone();
        let defers = std::mem::take(&mut self.state.defers);
        for param in &function.params {
            self.hides(&param.name);
        }
        let mut results = Vec::new();
        let mut body = Block::new();
        if let Some(result) = field(kids, Field::Result) {
            function.returns = Some(self.result_type(result));
            if result.kind == Kind::ParameterList {
                for param in self.params(result).into_iter().filter(|param| !param.name.is_empty()) {
                    self.hides(&param.name);
                    let target = self.name(param.name.clone(), param.span);
                    let kind = StmtKind::Assign { target, value: None, annotation: param.ty, op: None };
                    self.push(kind, param.span, &mut body);
                    results.push(param.name);
                }
            }
        }
        let outer = std::mem::replace(&mut self.state.results, results);
        if let Some(block) = field(kids, Field::Body) {
            self.block_into(block, &mut body);
        }
        self.state.results = outer;
        self.state.receiver = receiver;
        self.state.defers = defers;
        function.body = body;
    }

    /// A declaration of the name of the receiver hides it until the block ends.
    pub(super) fn hides(&mut self, name: &str) {
        if self.state.receiver.as_deref() == Some(name) {
            self.state.receiver = None;
        }
    }

    pub(super) fn params(&mut self, list: Kid<'t>) -> Vec<Param> {
        let mut params = Vec::new();
        for kid in self.named_kids(list.node) {
            let variadic = kid.kind == Kind::VariadicParameterDeclaration;
            if !variadic && kid.kind != Kind::ParameterDeclaration {
                continue;
            }
            let kids = self.kids(kid.node);
            let ty = field(&kids, Field::Type);
            let mut names: Vec<(SmolStr, Span)> =
                all_in(&kids, Field::Name).into_iter().map(|n| (self.text_of(n).into(), n.span())).collect();
            if names.is_empty() {
                names.push((SmolStr::default(), kid.span()));
            }
            // The type stands once; long lists share what is plain.
            let mut shared = None;
            for (i, (name, span)) in names.into_iter().enumerate() {
                let ty = match (ty, shared) {
                    (Some(_), Some(shared)) if i >= 20 => Some(shared),
                    (Some(ty), _) => Some(self.ty(ty)),
                    (None, _) => None,
                };
                shared = ty;
                params.push(Param { name, ty, default: None, variadic, is_field: false, decorators: Vec::new(), span });
            }
        }
        params
    }

    /// `var a, b T = x, y`, `var ( … )`.
    pub(super) fn variables(&mut self, kid: Kid<'t>, out: &mut Block) {
        for spec in self.named_kids(kid.node) {
            let specs = if spec.kind == Kind::VarSpecList { self.named_kids(spec.node) } else { vec![spec] };
            for spec in specs {
                let kids = self.kids(spec.node);
                let names = named(&kids);
                let values = field(&kids, Field::Value).map(|list| self.named_kids(list.node)).unwrap_or_default();
                self.bind(names, values, field(&kids, Field::Type), true, spec.span(), out);
            }
        }
    }

    /// `const ( A = iota; B )`: what follows a constant made of `iota` counts on.
    pub(super) fn constants(&mut self, kid: Kid<'t>, out: &mut Block) {
        let mut step: Option<(f64, f64)> = None;
        let mut repeated: Option<ExprId> = None;
        for (iota, spec) in self.named_kids(kid.node).into_iter().enumerate() {
            let kids = self.kids(spec.node);
            let names = named(&kids);
            let values = field(&kids, Field::Value).map(|list| self.named_kids(list.node)).unwrap_or_default();
            if let [only] = values.as_slice() {
                step = self.iota_step(*only);
                repeated = None;
            } else if !values.is_empty() {
                step = None;
                repeated = None;
            }
            match (names.as_slice(), step) {
                ([name], Some((from, by))) => {
                    let target = self.expr(*name);
                    let value = self.module.add_expr(ExprKind::Num(from + by * iota as f64), spec.span());
                    self.assign(target, value, spec.span(), out);
                }
                _ if values.is_empty() => {
                    for name in names {
                        let target = self.expr(name);
                        match repeated.and_then(|value| self.copied(value, 0)) {
                            Some(value) => self.assign(target, value, spec.span(), out),
                            None => self.declare(target, None, spec.span(), out),
                        }
                    }
                }
                _ => {
                    self.bind(names, values, None, true, spec.span(), out);
                }
            }
        }
    }

    /// `iota`, `iota + 1`, `10 * iota`: the first value and the step.
    fn iota_step(&mut self, value: Kid<'t>) -> Option<(f64, f64)> {
        match value.kind {
            Kind::Iota => Some((0.0, 1.0)),
            Kind::ParenthesizedExpression => {
                let inner = *self.named_kids(value.node).first()?;
                if self.text_of(value).len() > 40 { None } else { self.iota_step(inner) }
            }
            Kind::CallExpression | Kind::TypeConversionExpression if self.text_of(value).len() < 60 => {
                let kids = self.kids(value.node);
                let list = field(&kids, Field::Arguments)?;
                match self.named_kids(list.node).as_slice() {
                    [only] => self.iota_step(*only),
                    _ => None,
                }
            }
            Kind::BinaryExpression => {
                let kids = self.kids(value.node);
                let (left, right) = (field(&kids, Field::Left)?, field(&kids, Field::Right)?);
                let operator = field(&kids, Field::Operator).map(|op| self.text_of(op))?;
                let number = |lower: &Self, kid: Kid<'t>| {
                    (kid.kind == Kind::IntLiteral).then(|| number_value(lower.text_of(kid), true))
                };
                let (n, is_left) = match (left.kind, right.kind) {
                    (Kind::Iota, _) => (number(self, right)?, true),
                    (_, Kind::Iota) => (number(self, left)?, false),
                    _ => return None,
                };
                match operator {
                    "+" => Some((n, 1.0)),
                    "*" => Some((0.0, n)),
                    "-" if is_left => Some((-n, 1.0)),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

fn named<'t>(kids: &[Kid<'t>]) -> Vec<Kid<'t>> {
    kids.iter().filter(|kid| kid.field == Field::Name && kid.kind != Kind::Token).copied().collect()
}
