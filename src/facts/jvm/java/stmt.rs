//! Statements.

use super::super::kind::Kind;
use super::super::{Field, Kid, Spelled, assign_op, field, find, named};
use super::Lower;
use crate::facts::module::{BinaryOp, Block, ExprId, ExprKind, Handler, LoopHeader, StmtKind};
use crate::syntax::Span;

impl<'t> Lower<'t> {
    /// Lowers a statement to none, one or several.
    pub(super) fn stmt(&mut self, kid: Kid<'t>, out: &mut Block) {
        self.deeper(kid, |lower| lower.stmt_by_kind(kid, out));
    }

    fn stmt_by_kind(&mut self, kid: Kid<'t>, out: &mut Block) {
        let span = kid.span();
        match kid.kind {
            Kind::ExpressionStatement => {
                for kid in self.named_kids(kid.node) {
                    self.expression(kid, out);
                }
            }
            Kind::LocalVariableDeclaration => self.local_variables(kid, out),
            Kind::ReturnStatement => {
                let value = self.optional_child(kid);
                self.push(StmtKind::Return(value), span, out);
            }
            Kind::ThrowStatement => {
                let value = self.optional_child(kid);
                self.push(StmtKind::Throw(value), span, out);
            }
            Kind::YieldStatement => self.yield_statement(kid, out),
            Kind::IfStatement => self.if_chain_with(kid, |_, other| Some(other), Self::block, out),
            Kind::Block | Kind::ConstructorBody => {
                let body = self.block(kid);
                self.push(StmtKind::Block(body), span, out);
            }
            Kind::WhileStatement | Kind::DoStatement => {
                let kids = self.kids(kid.node);
                let test = self.expr_in(&kids, Field::Condition, kid);
                let header = LoopHeader::While(Some(test));
                self.push_loop(header, &kids, span, out);
            }
            Kind::ForStatement => self.for_count(kid, out),
            Kind::EnhancedForStatement => self.for_each(kid, out),
            Kind::SwitchExpression => self.switch(kid, out),
            Kind::SynchronizedStatement => {
                let kids = self.kids(kid.node);
                let lock = match find(&kids, Kind::ParenthesizedExpression) {
                    Some(lock) => self.expr(lock),
                    None => self.other_of(&[], span),
                };
                let body = field(&kids, Field::Body).map(|body| self.block(body)).unwrap_or_default();
                self.push(StmtKind::With { items: vec![(lock, None)], body, is_async: false }, span, out);
            }
            Kind::TryStatement | Kind::TryWithResources => self.try_statement(kid, out),
            Kind::BreakStatement => {
                let has_label = !self.named_kids(kid.node).is_empty();
                if !self.in_switch || has_label {
                    self.push(StmtKind::Break, span, out);
                }
            }
            Kind::ContinueStatement => self.push(StmtKind::Continue, span, out),
            Kind::LabeledStatement => {
                if let Some(body) = self.named_kids(kid.node).last() {
                    self.stmt(*body, out);
                }
            }
            Kind::ClassDeclaration
            | Kind::RecordDeclaration
            | Kind::InterfaceDeclaration
            | Kind::AnnotationTypeDeclaration
            | Kind::EnumDeclaration => {
                let class = self.class(kid);
                self.push(StmtKind::Class(class), span, out);
            }
            Kind::MethodDeclaration | Kind::ConstructorDeclaration => {
                let func = self.method(kid, false);
                self.push(StmtKind::Func(func), span, out);
            }
            Kind::FieldDeclaration => self.local_variables(kid, out),
            Kind::ImportDeclaration | Kind::PackageDeclaration | Kind::ModuleDeclaration => {}
            Kind::Error => {
                for kid in self.named_kids(kid.node) {
                    self.stmt(kid, out);
                }
            }
            Kind::Modifiers | Kind::TypeParameters => {}
            kind if kind.is_token() => {}
            // Expressions, and parts of statements that an error has displaced.
            _ => self.expression(kid, out),
        }
    }

    /// The contents of a `{ … }`, or a single statement.
    pub(super) fn block(&mut self, kid: Kid<'t>) -> Block {
        let mut body = Block::new();
        self.block_into(kid, &mut body);
        body
    }

    pub(super) fn block_into(&mut self, kid: Kid<'t>, out: &mut Block) {
        if !matches!(kid.kind, Kind::Block | Kind::ConstructorBody) {
            return self.stmt(kid, out);
        }
        for kid in self.named_kids(kid.node) {
            match kid.kind {
                Kind::ExplicitConstructorInvocation => self.constructor_call(kid, out),
                _ => self.stmt(kid, out),
            }
        }
    }

    fn optional_child(&mut self, kid: Kid<'t>) -> Option<ExprId> {
        match self.named_kids(kid.node).as_slice() {
            [] => None,
            [only] => Some(self.expr(*only)),
            _ => Some(self.other(kid)),
        }
    }

    /// An expression whose value is not used.
    fn expression(&mut self, kid: Kid<'t>, out: &mut Block) {
        match kid.kind {
            Kind::AssignmentExpression => {
                self.deeper(kid, |lower| {
                    let kids = lower.kids(kid.node);
                    let target = lower.expr_in(&kids, Field::Left, kid);
                    let value = Some(lower.expr_in(&kids, Field::Right, kid));
                    let op = field(&kids, Field::Operator).and_then(|op| assign_op(lower.text_of(op)));
                    lower.push(StmtKind::Assign { target, value, annotation: None, op }, kid.span(), out);
                });
            }
            Kind::UpdateExpression => {
                let op = if self.text_of(kid).contains("--") { BinaryOp::Sub } else { BinaryOp::Add };
                let target = self.only_child(kid);
                let value = Some(self.module.add_expr(ExprKind::Num(1.0), kid.span()));
                self.push(StmtKind::Assign { target, value, annotation: None, op: Some(op) }, kid.span(), out);
            }
            Kind::SwitchExpression => self.switch(kid, out),
            _ => {
                let expr = self.expr(kid);
                self.push_expr(expr, kid.span(), out);
            }
        }
    }

    /// `this(…)`, `super(…)`.
    fn constructor_call(&mut self, kid: Kid<'t>, out: &mut Block) {
        let kids = self.kids(kid.node);
        let callee = self.expr_in(&kids, Field::Constructor, kid);
        let args = self.args(&kids);
        let call = crate::facts::module::Call { callee, args, is_new: false, type_args: Vec::new() };
        let call = self.module.add_expr(ExprKind::Call(call), kid.span());
        self.push_expr(call, kid.span(), out);
    }

    fn local_variables(&mut self, kid: Kid<'t>, out: &mut Block) {
        let kids = self.kids(kid.node);
        let ty = field(&kids, Field::Type);
        for declarator in kids.iter().filter(|k| k.kind == Kind::VariableDeclarator) {
            let parts = self.kids(declarator.node);
            let Some(name) = field(&parts, Field::Name) else { continue };
            let target = self.expr(name);
            let annotation = ty.map(|ty| self.ty(ty));
            let value = field(&parts, Field::Value).map(|value| self.expr(value));
            self.push(StmtKind::Assign { target, value, annotation, op: None }, declarator.span(), out);
        }
    }

    fn push_loop(&mut self, header: LoopHeader, kids: &[Kid<'t>], span: Span, out: &mut Block) {
        let in_switch = std::mem::replace(&mut self.in_switch, false);
        let body = field(kids, Field::Body).map(|body| self.block(body)).unwrap_or_default();
        self.in_switch = in_switch;
        self.push(StmtKind::Loop { header, body, is_async: false }, span, out);
    }

    fn for_count(&mut self, kid: Kid<'t>, out: &mut Block) {
        let kids = self.kids(kid.node);
        let mut init = Block::new();
        for part in kids.iter().filter(|k| k.field == Field::Init && !k.kind.is_token()) {
            self.stmt(*part, &mut init);
        }
        let test = field(&kids, Field::Condition).map(|test| self.expr(test));
        let steps: Vec<Kid<'t>> =
            kids.iter().filter(|k| k.field == Field::Update && !k.kind.is_token()).copied().collect();
        let steps: Vec<ExprId> = steps.into_iter().map(|step| self.expr(step)).collect();
        let step = match steps.as_slice() {
            [] => None,
            [only] => Some(*only),
            several => Some(self.other_of(several, kid.span())),
        };
        self.push_loop(LoopHeader::Count { init, test, step }, &kids, kid.span(), out);
    }

    fn for_each(&mut self, kid: Kid<'t>, out: &mut Block) {
        let kids = self.kids(kid.node);
        let name = self.declared_name(&kids);
        let name_span = field(&kids, Field::Name).map_or(kid.span(), |name| name.span());
        let target = self.name(name, name_span);
        let iter = self.expr_in(&kids, Field::Value, kid);
        self.push_loop(LoopHeader::Each { target, iter }, &kids, kid.span(), out);
    }

    /// Resources become a `with` inside the `try`; without handlers there is only the `with`.
    fn try_statement(&mut self, kid: Kid<'t>, out: &mut Block) {
        let kids = self.kids(kid.node);
        let mut body = Block::new();
        let items = match field(&kids, Field::Resources) {
            Some(list) => self.resources(list),
            None => Vec::new(),
        };
        if let Some(block) = field(&kids, Field::Body) {
            let inner = self.block(block);
            if items.is_empty() {
                body = inner;
            } else {
                self.push(StmtKind::With { items, body: inner, is_async: false }, kid.span(), &mut body);
            }
        }
        let mut handlers = Vec::new();
        let mut finally = Block::new();
        for clause in &kids {
            match clause.kind {
                Kind::CatchClause => {
                    let handler = self.handler(*clause);
                    handlers.push(handler);
                }
                Kind::FinallyClause => {
                    let parts = self.kids(clause.node);
                    if let Some(block) = find(&parts, Kind::Block) {
                        self.block_into(block, &mut finally);
                    }
                }
                _ => {}
            }
        }
        if handlers.is_empty() && finally.is_empty() {
            return out.append(&mut body);
        }
        self.push(StmtKind::Try { body, handlers, finally }, kid.span(), out);
    }

    fn resources(&mut self, list: Kid<'t>) -> Vec<(ExprId, Option<ExprId>)> {
        let mut items = Vec::new();
        for resource in self.named_kids(list.node) {
            let kids = self.kids(resource.node);
            let item = match (field(&kids, Field::Value), field(&kids, Field::Name)) {
                (Some(value), Some(name)) => (self.expr(value), Some(self.expr(name))),
                _ => match named(&kids) {
                    Some(value) if resource.kind == Kind::Resource => (self.expr(value), None),
                    _ => (self.expr(resource), None),
                },
            };
            items.push(item);
        }
        items
    }

    fn handler(&mut self, clause: Kid<'t>) -> Handler {
        let kids = self.kids(clause.node);
        let mut types = Vec::new();
        let mut name = None;
        if let Some(parameter) = find(&kids, Kind::CatchFormalParameter) {
            let parts = self.kids(parameter.node);
            name = field(&parts, Field::Name).map(|name| self.name_of(name));
            if let Some(list) = find(&parts, Kind::CatchType) {
                types = self.named_kids(list.node).into_iter().map(|ty| self.ty(ty)).collect();
            }
        }
        let body = field(&kids, Field::Body).map(|body| self.block(body)).unwrap_or_default();
        Handler { types, name, body, span: clause.span() }
    }
}
