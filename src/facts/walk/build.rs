//! Building parts of the module.

use smol_str::SmolStr;

use super::{Dialect, Field, Head, Kid, Lower, MAX_BRANCHES, field};
use crate::facts::module::{
    BinaryOp, Block, Class, ClassId, ClassKind, ExprId, ExprKind, FuncId, Function, FunctionKind, StmtKind,
};
use crate::syntax::Span;

impl<'t, L: Dialect> Lower<'t, L> {
    pub(in crate::facts) fn other_of(&mut self, children: &[ExprId], span: Span) -> ExprId {
        self.module.add_expr(ExprKind::Other(children.to_vec()), span)
    }

    /// An expression with its sub-expressions.
    pub(in crate::facts) fn other(&mut self, kid: Kid<'t, L::Kind>) -> ExprId {
        let kids = self.named_kids(kid.node);
        let children: Vec<ExprId> =
            kids.into_iter().filter(|kid| !L::is_label(kid)).map(|kid| L::expr(self, kid)).collect();
        self.other_of(&children, kid.span())
    }

    /// The one expression in `kid`; several (after an error) are kept together.
    pub(in crate::facts) fn only_child(&mut self, kid: Kid<'t, L::Kind>) -> ExprId {
        match self.named_kids(kid.node).as_slice() {
            [only] => L::expr(self, *only),
            _ => self.other(kid),
        }
    }

    /// The expression in a role; an empty one where it is missing.
    pub(in crate::facts) fn expr_in(
        &mut self,
        kids: &[Kid<'t, L::Kind>],
        role: Field,
        around: Kid<'t, L::Kind>,
    ) -> ExprId {
        match field(kids, role) {
            Some(kid) => L::expr(self, kid),
            None => self.other_of(&[], around.span()),
        }
    }

    pub(in crate::facts) fn attr(&mut self, object: ExprId, name: SmolStr, name_span: Span) -> ExprId {
        let span = Span { start: self.module.expr(object).span.start.min(name_span.start), end: name_span.end };
        self.module.add_expr(ExprKind::Attr { object, name, name_span }, span)
    }

    /// `object[A, B]`.
    pub(in crate::facts) fn apply_types(&mut self, object: ExprId, types: &[ExprId], span: Span) -> ExprId {
        let index = match types {
            [] => return object,
            [only] => *only,
            several => self.module.add_expr(ExprKind::List(several.to_vec()), span),
        };
        self.module.add_expr(ExprKind::Index { object, index }, span)
    }

    /// `Array[element]`.
    pub(in crate::facts) fn array_of(&mut self, element: ExprId, span: Span) -> ExprId {
        let object = self.name(SmolStr::new_static("Array"), span);
        self.module.add_expr(ExprKind::Index { object, index: element }, span)
    }

    pub(in crate::facts) fn push(&mut self, kind: StmtKind, span: Span, out: &mut Block) {
        out.push(self.module.add_stmt(kind, span));
    }

    pub(in crate::facts) fn push_expr(&mut self, expr: ExprId, span: Span, out: &mut Block) {
        self.push(StmtKind::Expr(expr), span, out);
    }

    pub(in crate::facts) fn assign(&mut self, target: ExprId, value: ExprId, span: Span, out: &mut Block) {
        self.push(StmtKind::Assign { target, value: Some(value), annotation: None, op: None }, span, out);
    }

    /// The annotation of a local variable whose type is not written.
    pub(in crate::facts) fn inferred(&mut self, span: Span) -> ExprId {
        self.name(SmolStr::new_static("var"), span)
    }

    /// Declares a local variable whose type is not written.
    pub(in crate::facts) fn declare(&mut self, target: ExprId, value: Option<ExprId>, span: Span, out: &mut Block) {
        let annotation = Some(self.inferred(span));
        self.push(StmtKind::Assign { target, value, annotation, op: None }, span, out);
    }

    /// Declares a hidden variable; returns its name.
    pub(in crate::facts) fn declare_hidden(&mut self, value: ExprId, span: Span, out: &mut Block) -> SmolStr {
        let name = self.hidden_name();
        let target = self.name(name.clone(), span);
        self.declare(target, Some(value), span, out);
        name
    }

    /// `object[n]`.
    pub(in crate::facts) fn item(&mut self, object: ExprId, n: usize, span: Span) -> ExprId {
        let index = self.module.add_expr(ExprKind::Num(n as f64), span);
        self.module.add_expr(ExprKind::Index { object, index }, span)
    }

    pub(in crate::facts) fn class_mut(&mut self, id: ClassId) -> &mut Class {
        &mut self.module.classes[id.0 as usize]
    }

    /// Takes the place of a class, so that its members can name it.
    pub(in crate::facts) fn new_class(
        &mut self,
        name: SmolStr,
        kind: ClassKind,
        span: Span,
        name_span: Span,
    ) -> ClassId {
        let id = ClassId(self.module.classes.len() as u32);
        self.module.classes.push(Class {
            name,
            span,
            name_span,
            kind,
            type_params: Vec::new(),
            bases: Vec::new(),
            decorators: Vec::new(),
            fields: Vec::new(),
            methods: Vec::new(),
            parent: self.func,
            outer: None,
        });
        id
    }

    /// Runs `body` with `class` as the class around.
    pub(in crate::facts) fn in_class<T>(&mut self, class: ClassId, body: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.class.replace(class);
        let result = body(self);
        self.class = outer;
        result
    }

    pub(in crate::facts) fn lambda_head(&self, span: Span) -> Head {
        Head {
            name: SmolStr::default(),
            span,
            name_span: self.beginning(span, 1),
            kind: FunctionKind::Lambda,
            decorators: Vec::new(),
            is_static: false,
            is_async: false,
        }
    }

    /// Takes the place of a function; `body` fills it and runs with it as the function around. A method
    /// belongs to the class around, a lambda to none but for [`Dialect::FIELDS_HOLD_METHODS`].
    pub(in crate::facts) fn function_with(
        &mut self,
        head: Head,
        body: impl FnOnce(&mut Self, &mut Function),
    ) -> FuncId {
        let id = FuncId(self.module.funcs.len() as u32);
        let is_member = !matches!(head.kind, FunctionKind::Lambda | FunctionKind::Function);
        let class = self.class.take();
        let function = Function {
            name: head.name,
            span: head.span,
            name_span: head.name_span,
            params: Vec::new(),
            decorators: head.decorators,
            returns: None,
            is_async: head.is_async,
            is_static: head.is_static,
            is_public: false,
            kind: head.kind,
            body: Vec::new(),
            parent: self.func,
            class: class.filter(|_| is_member || L::FIELDS_HOLD_METHODS),
        };
        let mut own = function.clone();
        self.module.funcs.push(function);
        let parent = self.func.replace(id);
        let in_switch = std::mem::replace(&mut self.in_switch, false);
        body(self, &mut own);
        self.module.funcs[id.0 as usize] = own;
        self.func = parent;
        self.class = class;
        self.in_switch = in_switch;
        id
    }

    /// A lambda with a body of statements.
    pub(in crate::facts) fn lambda_of(&mut self, span: Span, body: impl FnOnce(&mut Self, &mut Block)) -> ExprId {
        let head = self.lambda_head(span);
        let func = self.function_with(head, |lower, function| body(lower, &mut function.body));
        self.module.add_expr(ExprKind::Lambda(func), span)
    }

    /// Statements where only an expression fits: a lambda in an [`ExprKind::Other`].
    pub(in crate::facts) fn enclosed(&mut self, span: Span, body: impl FnOnce(&mut Self, &mut Block)) -> ExprId {
        let lambda = self.lambda_of(span, body);
        self.other_of(&[lambda], span)
    }

    /// A copy of an expression that is cheap and does nothing; none for any other.
    pub(in crate::facts) fn copied(&mut self, id: ExprId, depth: u32) -> Option<ExprId> {
        let expr = self.module.expr(id).clone();
        let kind = match expr.kind {
            kind @ (ExprKind::Name(_) | ExprKind::This | ExprKind::Bool(_)) => kind,
            ExprKind::Attr { object, name, name_span } if depth < 8 => {
                ExprKind::Attr { object: self.copied(object, depth + 1)?, name, name_span }
            }
            _ => return None,
        };
        Some(self.module.add_expr(kind, expr.span))
    }

    /// Another expression for a subject that is tested several times.
    pub(in crate::facts) fn again(&mut self, subject: ExprId) -> ExprId {
        match self.copied(subject, 0) {
            Some(copy) => copy,
            None => self.other_of(&[], self.module.expr(subject).span),
        }
    }

    pub(in crate::facts) fn binary_of(&mut self, op: BinaryOp, left: ExprId, right: ExprId, span: Span) -> ExprId {
        self.module.add_expr(ExprKind::Binary { op, left, right }, span)
    }

    /// Joins tests by `||`.
    pub(in crate::facts) fn any_of(&mut self, tests: Vec<ExprId>, span: Span) -> Option<ExprId> {
        if tests.len() > MAX_BRANCHES {
            return Some(self.other_of(&tests, span));
        }
        tests.into_iter().reduce(|left, right| self.binary_of(BinaryOp::Or, left, right, span))
    }

    /// Nested `if`s from a list of branches; a branch without a test is the last `else`. A chain of more
    /// than [`MAX_BRANCHES`] is cut into several.
    pub(in crate::facts) fn if_chain_of(&mut self, branches: Vec<(Option<ExprId>, Block, Span)>, out: &mut Block) {
        let (last, tested): (Vec<_>, Vec<_>) = branches.into_iter().partition(|(test, _, _)| test.is_none());
        let mut other: Block = last.into_iter().flat_map(|(_, body, _)| body).collect();
        let mut length = 0;
        let mut cut = Vec::new();
        for (test, then, span) in tested.into_iter().rev() {
            let Some(test) = test else { continue };
            if length == MAX_BRANCHES {
                cut.push(std::mem::take(&mut other));
                length = 0;
            }
            length += 1;
            other = vec![self.module.add_stmt(StmtKind::If { test, then, other }, span)];
        }
        out.append(&mut other);
        out.extend(cut.into_iter().rev().flatten());
    }

    /// Nested conditions from a list of branches; a branch without a test is the last.
    pub(in crate::facts) fn cond_chain_of(&mut self, branches: Vec<(Option<ExprId>, ExprId)>, span: Span) -> ExprId {
        if branches.len() > MAX_BRANCHES {
            let parts: Vec<ExprId> =
                branches.into_iter().flat_map(|(test, value)| test.into_iter().chain([value])).collect();
            return self.other_of(&parts, span);
        }
        let (last, tested): (Vec<_>, Vec<_>) = branches.into_iter().partition(|(test, _)| test.is_none());
        let mut value = match last.as_slice() {
            [] => self.other_of(&[], span),
            [(_, only)] => *only,
            several => {
                let values: Vec<ExprId> = several.iter().map(|(_, value)| *value).collect();
                self.other_of(&values, span)
            }
        };
        for (test, then) in tested.into_iter().rev() {
            let Some(test) = test else { continue };
            value = self.module.add_expr(ExprKind::Cond { test, then, other: value }, span);
        }
        value
    }
}
