//! Statements.

use smol_str::SmolStr;

use super::kind::Kind;
use super::{Field, Kid, Lower, Spelled, field, named};
use crate::facts::module::{BinaryOp, Block, ExprId, ExprKind, Handler, StmtKind};
use crate::facts::walk::text::assign_op;
use crate::syntax::Span;

impl<'t> Lower<'t> {
    /// Lowers a statement to none, one or several.
    pub(super) fn stmt(&mut self, kid: Kid<'t>, out: &mut Block) {
        self.deeper(kid, |lower| lower.stmt_by_kind(kid, out));
    }

    fn stmt_by_kind(&mut self, kid: Kid<'t>, out: &mut Block) {
        let span = kid.span();
        match kid.kind {
            Kind::ExpressionStatement => self.expression_statement(kid, out),
            Kind::LexicalDeclaration | Kind::VariableDeclaration | Kind::UsingDeclaration => {
                for kid in self.named_kids(kid.node) {
                    if kid.kind == Kind::VariableDeclarator {
                        self.declarator(kid, out)
                    } else {
                        self.value_stmt(kid, out)
                    }
                }
            }
            Kind::ReturnStatement => {
                let value = self.optional_child(kid);
                out.push(self.module.add_stmt(StmtKind::Return(value), span));
            }
            Kind::ThrowStatement => {
                let value = self.optional_child(kid);
                out.push(self.module.add_stmt(StmtKind::Throw(value), span));
            }
            Kind::IfStatement => {
                self.if_chain_with(kid, |lower, clause| named(&lower.kids(clause.node)), Self::block, out)
            }
            Kind::StatementBlock => {
                let body = self.block(kid);
                out.push(self.module.add_stmt(StmtKind::Block(body), span));
            }
            Kind::FunctionDeclaration | Kind::GeneratorFunctionDeclaration | Kind::FunctionSignature => {
                if let Some(func) = self.declaration(kid) {
                    out.push(self.module.add_stmt(StmtKind::Func(func), span));
                }
            }
            Kind::ClassDeclaration | Kind::AbstractClassDeclaration | Kind::Class => self.class_stmt(kid, &[], out),
            Kind::InterfaceDeclaration => {
                let class = self.interface(kid);
                out.push(self.module.add_stmt(StmtKind::Class(class), span));
            }
            Kind::EnumDeclaration => {
                let class = self.enumeration(kid);
                out.push(self.module.add_stmt(StmtKind::Class(class), span));
            }
            Kind::TypeAliasDeclaration => self.type_alias(kid, out),
            Kind::ImportStatement => self.import_statement(kid),
            Kind::ImportAlias => self.import_alias(kid, out),
            Kind::ExportStatement => self.export_statement(kid, out),
            Kind::ForStatement => self.for_count(kid, out),
            Kind::ForInStatement => self.for_each(kid, out),
            Kind::WhileStatement | Kind::DoStatement => self.while_loop(kid, out),
            Kind::SwitchStatement => self.switch(kid, out),
            Kind::TryStatement => self.try_statement(kid, out),
            Kind::WithStatement => {
                let kids = self.kids(kid.node);
                if let Some(object) = field(&kids, Field::Object) {
                    self.value_stmt(object, out);
                }
                if let Some(body) = field(&kids, Field::Body) {
                    self.stmt(body, out);
                }
            }
            Kind::BreakStatement => {
                let kids = self.kids(kid.node);
                if !self.in_switch || field(&kids, Field::Label).is_some() {
                    out.push(self.module.add_stmt(StmtKind::Break, span));
                }
            }
            Kind::ContinueStatement => out.push(self.module.add_stmt(StmtKind::Continue, span)),
            Kind::LabeledStatement => {
                let kids = self.kids(kid.node);
                if let Some(body) = field(&kids, Field::Body) {
                    self.stmt(body, out);
                }
            }
            Kind::Module | Kind::InternalModule => self.namespace(kid, out),
            Kind::AmbientDeclaration | Kind::EmptyStatement | Kind::DebuggerStatement | Kind::HashBangLine => {}
            Kind::Error => {
                for kid in self.named_kids(kid.node) {
                    self.stmt(kid, out);
                }
            }
            kind if kind.is_token() => {}
            // Expressions, and parts of statements that an error has displaced.
            _ => self.value_stmt(kid, out),
        }
    }

    /// The contents of a `{ … }`, or a single statement.
    pub(super) fn block(&mut self, kid: Kid<'t>) -> Block {
        let mut body = Block::new();
        self.block_into(kid, &mut body);
        body
    }

    pub(super) fn block_into(&mut self, kid: Kid<'t>, out: &mut Block) {
        if kid.kind != Kind::StatementBlock {
            return self.stmt(kid, out);
        }
        for kid in self.named_kids(kid.node) {
            self.stmt(kid, out);
        }
    }

    fn optional_child(&mut self, kid: Kid<'t>) -> Option<ExprId> {
        match self.named_kids(kid.node).as_slice() {
            [] => None,
            [only] => Some(self.expr(*only)),
            _ => Some(self.other(kid)),
        }
    }

    /// What is left of statements where only an expression fits.
    pub(super) fn block_value(&mut self, block: Block, span: Span) -> ExprId {
        let children: Vec<ExprId> = block
            .into_iter()
            .filter_map(|stmt| match &self.module.stmt(stmt).kind {
                StmtKind::Expr(expr) | StmtKind::Assign { value: Some(expr), .. } => Some(*expr),
                _ => None,
            })
            .collect();
        self.other_of(&children, span)
    }

    /// An expression as a statement, whatever it is.
    pub(super) fn value_stmt(&mut self, kid: Kid<'t>, out: &mut Block) {
        let expr = self.expr(kid);
        out.push(self.module.add_stmt(StmtKind::Expr(expr), kid.span()));
    }

    pub(super) fn class_stmt(&mut self, kid: Kid<'t>, decorators: &[Kid<'t>], out: &mut Block) {
        let class = self.class(kid, SmolStr::default(), decorators);
        let span = self.module.class(class).span;
        out.push(self.module.add_stmt(StmtKind::Class(class), span));
    }

    fn expression_statement(&mut self, statement: Kid<'t>, out: &mut Block) {
        for kid in self.named_kids(statement.node) {
            self.expression(kid, out);
        }
    }

    /// An expression whose value is not used.
    pub(super) fn expression(&mut self, kid: Kid<'t>, out: &mut Block) {
        match kid.kind {
            Kind::AssignmentExpression | Kind::AugmentedAssignment => {
                self.deeper(kid, |lower| lower.assignment(kid, out));
            }
            Kind::UpdateExpression => self.update(kid, out),
            Kind::SequenceExpression | Kind::ParenthesizedExpression => {
                let kids = self.named_kids(kid.node);
                let is_plain = kids.iter().all(|kid| !matches!(kid.kind, Kind::TypeAnnotation | Kind::Error));
                if !is_plain {
                    return self.value_stmt(kid, out);
                }
                self.deeper(kid, |lower| {
                    for kid in kids {
                        lower.expression(kid, out);
                    }
                });
            }
            Kind::InternalModule => self.stmt(kid, out),
            // A declaration that an unclosed bracket has turned into an expression.
            Kind::FunctionExpression | Kind::GeneratorFunction if self.has_name(kid) => {
                if let Some(func) = self.declaration(kid) {
                    out.push(self.module.add_stmt(StmtKind::Func(func), kid.span()));
                }
            }
            Kind::CallExpression => {
                let kids = self.kids(kid.node);
                match self.required(&kids) {
                    Some(module) => self.import_side_effect(module, kid.span()),
                    None => self.value_stmt(kid, out),
                }
            }
            _ => self.value_stmt(kid, out),
        }
    }

    fn has_name(&mut self, kid: Kid<'t>) -> bool {
        let kids = self.kids(kid.node);
        field(&kids, Field::Name).is_some() && field(&kids, Field::Body).is_some()
    }

    fn assignment(&mut self, kid: Kid<'t>, out: &mut Block) {
        let kids = self.kids(kid.node);
        let Some((left, right)) = field(&kids, Field::Left).zip(field(&kids, Field::Right)) else {
            return self.value_stmt(kid, out);
        };
        if matches!(left.kind, Kind::ObjectPattern | Kind::ArrayPattern) {
            let value = self.expr(right);
            return self.bind(left, value, kid.span(), out);
        }
        let op = field(&kids, Field::Operator).and_then(|op| assign_op(self.text_of(op)));
        let name = self.assigned_name(left);
        let target = self.expr(left);
        let value = self.named_value(right, &name);
        if op.is_none() {
            self.commonjs_export(target, value);
        }
        let kind = StmtKind::Assign { target, value: Some(value), annotation: None, op };
        out.push(self.module.add_stmt(kind, kid.span()));
    }

    /// `x++`.
    fn update(&mut self, kid: Kid<'t>, out: &mut Block) {
        let kids = self.kids(kid.node);
        let Some(target) = field(&kids, Field::Argument) else { return self.value_stmt(kid, out) };
        let decrements = field(&kids, Field::Operator).is_some_and(|op| self.text_of(op) == "--");
        let op = Some(if decrements { BinaryOp::Sub } else { BinaryOp::Add });
        let target = self.expr(target);
        let value = Some(self.module.add_expr(ExprKind::Num(1.0), kid.span()));
        out.push(self.module.add_stmt(StmtKind::Assign { target, value, annotation: None, op }, kid.span()));
    }

    fn declarator(&mut self, kid: Kid<'t>, out: &mut Block) {
        let kids = self.kids(kid.node);
        let Some(name) = field(&kids, Field::Name) else { return self.value_stmt(kid, out) };
        let value = field(&kids, Field::Value);
        if let Some(value) = value
            && self.import_assigned(name, value, kid.span())
        {
            return;
        }
        let annotation = field(&kids, Field::Type).map(|ty| self.only_type(ty));
        let is_pattern = matches!(name.kind, Kind::ObjectPattern | Kind::ArrayPattern);
        match value {
            None => {
                let target = self.expr(name);
                let kind = StmtKind::Assign { target, value: None, annotation, op: None };
                out.push(self.module.add_stmt(kind, kid.span()));
            }
            Some(value) if is_pattern => {
                let value = self.expr(value);
                let hidden = self.hidden_name();
                let target = self.name(hidden.clone(), name.span());
                let kind = StmtKind::Assign { target, value: Some(value), annotation, op: None };
                out.push(self.module.add_stmt(kind, kid.span()));
                self.unpack(name, &hidden, out);
            }
            Some(value) => {
                let text = self.name_of(name);
                let target = self.expr(name);
                let value = Some(self.named_value(value, &text));
                let kind = StmtKind::Assign { target, value, annotation, op: None };
                out.push(self.module.add_stmt(kind, kid.span()));
            }
        }
    }

    fn try_statement(&mut self, kid: Kid<'t>, out: &mut Block) {
        let kids = self.kids(kid.node);
        let body = field(&kids, Field::Body).map(|body| self.block(body)).unwrap_or_default();
        let mut handlers = Vec::new();
        if let Some(clause) = field(&kids, Field::Handler) {
            let kids = self.kids(clause.node);
            let mut body = Block::new();
            let name = field(&kids, Field::Parameter).map(|parameter| match parameter.kind {
                Kind::Identifier => self.name_of(parameter),
                _ => {
                    let hidden = self.hidden_name();
                    self.unpack(parameter, &hidden, &mut body);
                    hidden
                }
            });
            if let Some(block) = field(&kids, Field::Body) {
                self.block_into(block, &mut body);
            }
            handlers.push(Handler { types: Vec::new(), name, body, span: clause.span() });
        }
        let mut finally = Block::new();
        if let Some(clause) = field(&kids, Field::Finalizer) {
            let kids = self.kids(clause.node);
            if let Some(block) = field(&kids, Field::Body) {
                self.block_into(block, &mut finally);
            }
        }
        out.push(self.module.add_stmt(StmtKind::Try { body, handlers, finally }, kid.span()));
    }

    /// `namespace N { … }`.
    fn namespace(&mut self, kid: Kid<'t>, out: &mut Block) {
        let kids = self.kids(kid.node);
        let Some(body) = field(&kids, Field::Body) else { return };
        let in_namespace = std::mem::replace(&mut self.state.in_namespace, true);
        let body = self.block(body);
        self.state.in_namespace = in_namespace;
        out.push(self.module.add_stmt(StmtKind::Block(body), kid.span()));
    }
}
