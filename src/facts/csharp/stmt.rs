//! Statements.

use super::decl::is_type;
use super::kind::Kind;
use super::{Kid, Lower};
use crate::facts::module::{BinaryOp, Block, ExprId, ExprKind, FunctionKind, Handler, LoopHeader, StmtKind};
use crate::facts::walk::text::assign_op;
use crate::facts::walk::{Field, all_in, field, find};
use crate::syntax::Span;

/// Most `using` declarations of a function that nest the rest of their block.
const MAX_USINGS: u32 = 50;

impl<'t> Lower<'t> {
    /// Lowers a statement to none, one or several.
    pub(super) fn stmt(&mut self, kid: Kid<'t>, out: &mut Block) {
        self.deeper(kid, |lower| lower.stmt_by_kind(kid, out));
    }

    fn stmt_by_kind(&mut self, kid: Kid<'t>, out: &mut Block) {
        let span = kid.span();
        match kid.kind {
            Kind::UsingDirective => self.using(kid),
            Kind::NamespaceDeclaration | Kind::FileScopedNamespaceDeclaration => self.namespace(kid, out),
            kind if is_type(kind) => {
                let class = self.class(kid);
                self.push(StmtKind::Class(class), span, out);
            }
            Kind::GlobalStatement | Kind::DeclarationList => {
                let kids = self.named_kids(kid.node);
                self.statements(&kids, out);
            }
            Kind::PreprocIf | Kind::PreprocElif | Kind::PreprocElse => {
                let kids = self.named_kids(kid.node);
                for inner in kids.into_iter().filter(|kid| kid.field != Field::Condition) {
                    self.stmt(inner, out);
                }
            }
            Kind::ExpressionStatement => {
                for kid in self.named_kids(kid.node) {
                    self.expression(kid, out);
                }
            }
            Kind::LocalDeclarationStatement => {
                let kids = self.kids(kid.node);
                if let Some(declaration) = find(&kids, Kind::VariableDeclaration) {
                    self.variables(declaration, out);
                }
            }
            Kind::VariableDeclaration | Kind::FieldDeclaration => self.variables(kid, out),
            Kind::LocalFunctionStatement | Kind::MethodDeclaration | Kind::ConstructorDeclaration => {
                let kids = self.kids(kid.node);
                let name = field(&kids, Field::Name).map(|name| self.name_of(name)).unwrap_or_default();
                let func = self.function(&kids, kid, FunctionKind::Function, name);
                self.push(StmtKind::Func(func), span, out);
            }
            Kind::ReturnStatement => {
                let value = self.optional_child(kid);
                self.push(StmtKind::Return(value), span, out);
            }
            Kind::ThrowStatement => {
                let value = self.optional_child(kid);
                self.push(StmtKind::Throw(value), span, out);
            }
            Kind::YieldStatement => match self.optional_child(kid) {
                Some(value) => {
                    let expr = self.other_of(&[value], span);
                    self.push_expr(expr, span, out);
                }
                None => self.push(StmtKind::Return(None), span, out),
            },
            Kind::IfStatement => self.if_chain_with(kid, |_, other| Some(other), Self::block, out),
            Kind::Block => {
                let body = self.block(kid);
                self.push(StmtKind::Block(body), span, out);
            }
            Kind::CheckedStatement | Kind::UnsafeStatement => {
                let kids = self.kids(kid.node);
                let body = find(&kids, Kind::Block).map(|block| self.block(block)).unwrap_or_default();
                self.push(StmtKind::Block(body), span, out);
            }
            Kind::FixedStatement => {
                let kids = self.named_kids(kid.node);
                kids.into_iter().for_each(|kid| self.stmt(kid, out));
            }
            Kind::WhileStatement | Kind::DoStatement => {
                let kids = self.kids(kid.node);
                let test = self.expr_in(&kids, Field::Condition, kid);
                let test = Some(test).filter(|test| self.module.expr(*test).kind != ExprKind::Bool(true));
                self.push_loop(LoopHeader::While(test), &kids, kid, out);
            }
            Kind::ForStatement => self.for_count(kid, out),
            Kind::ForeachStatement => self.for_each(kid, out),
            Kind::SwitchStatement => self.switch(kid, out),
            Kind::LockStatement => {
                let kids = self.named_kids(kid.node);
                let [lock, body] = kids.as_slice() else { return };
                let items = vec![(self.expr(*lock), None)];
                let body = self.block(*body);
                self.push(StmtKind::With { items, body, is_async: false }, span, out);
            }
            Kind::UsingStatement => self.using_statement(kid, out),
            Kind::TryStatement => self.try_statement(kid, out),
            Kind::BreakStatement => {
                if !self.in_switch {
                    self.push(StmtKind::Break, span, out);
                }
            }
            Kind::ContinueStatement => self.push(StmtKind::Continue, span, out),
            Kind::LabeledStatement => {
                if let Some(body) = self.named_kids(kid.node).last() {
                    self.stmt(*body, out);
                }
            }
            Kind::EmptyStatement
            | Kind::GotoStatement
            | Kind::ExternAliasDirective
            | Kind::ShebangDirective
            | Kind::AttributeList
            | Kind::Modifier
            | Kind::TypeParameterList
            | Kind::Token => {}
            Kind::GlobalAttribute => {
                for attribute in self.named_kids(kid.node) {
                    let expr = self.expr(attribute);
                    self.push_expr(expr, attribute.span(), out);
                }
            }
            Kind::Error => {
                for kid in self.named_kids(kid.node) {
                    self.stmt(kid, out);
                }
            }
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
        if kid.kind != Kind::Block {
            return self.stmt(kid, out);
        }
        let kids = self.named_kids(kid.node);
        self.statements(&kids, out);
    }

    /// `using var x = …;` holds until the block ends.
    pub(super) fn statements(&mut self, kids: &[Kid<'t>], out: &mut Block) {
        for (i, kid) in kids.iter().enumerate() {
            let Some((declaration, is_async)) = self.using_declaration(*kid) else {
                self.stmt(*kid, out);
                continue;
            };
            let items = self.resources(declaration);
            self.state.usings += 1;
            let mut body = Block::new();
            self.deeper(*kid, |lower| lower.statements(&kids[i + 1..], &mut body));
            self.state.usings -= 1;
            let end = kids.last().map_or(kid.end(), |last| last.end());
            return self.push(StmtKind::With { items, body, is_async }, Span::new(kid.start(), end), out);
        }
    }

    fn using_declaration(&mut self, kid: Kid<'t>) -> Option<(Kid<'t>, bool)> {
        let mut at = kid;
        if at.kind == Kind::GlobalStatement {
            at = *self.named_kids(at.node).first()?;
        }
        if at.kind != Kind::LocalDeclarationStatement || self.state.usings >= MAX_USINGS {
            return None;
        }
        let text = self.text_of(at);
        let is_async = text.starts_with("await");
        let rest = text.strip_prefix("await").map_or(text, str::trim_start);
        if !rest.starts_with("using") {
            return None;
        }
        let kids = self.kids(at.node);
        find(&kids, Kind::VariableDeclaration).map(|declaration| (declaration, is_async))
    }

    fn optional_child(&mut self, kid: Kid<'t>) -> Option<ExprId> {
        match self.named_kids(kid.node).as_slice() {
            [] => None,
            [only] => Some(self.expr(*only)),
            _ => Some(self.other(kid)),
        }
    }

    /// An expression whose value is not used.
    pub(super) fn expression(&mut self, kid: Kid<'t>, out: &mut Block) {
        let span = kid.span();
        match kid.kind {
            Kind::AssignmentExpression => {
                self.deeper(kid, |lower| lower.assignment(kid, out));
            }
            Kind::PostfixUnaryExpression | Kind::PrefixUnaryExpression => {
                let text = self.text_of(kid);
                let op = if text.starts_with("++") || text.ends_with("++") {
                    Some(BinaryOp::Add)
                } else if text.starts_with("--") || text.ends_with("--") {
                    Some(BinaryOp::Sub)
                } else {
                    None
                };
                let target = self.only_child(kid);
                if op.is_none() {
                    return self.push_expr(target, span, out);
                }
                let value = Some(self.module.add_expr(ExprKind::Num(1.0), span));
                self.push(StmtKind::Assign { target, value, annotation: None, op }, span, out);
            }
            _ => {
                let expr = self.expr(kid);
                self.push_expr(expr, span, out);
            }
        }
    }

    fn assignment(&mut self, kid: Kid<'t>, out: &mut Block) {
        let kids = self.kids(kid.node);
        let (Some(left), Some(right)) = (field(&kids, Field::Left), field(&kids, Field::Right)) else { return };
        let op = field(&kids, Field::Operator).and_then(|op| assign_op(self.text_of(op)));
        if left.kind == Kind::TupleExpression {
            let targets = self.named_kids(left.node);
            let value = self.expr(right);
            return self.destructure(targets, value, false, kid.span(), out);
        }
        if self.text_of(left) == "_" {
            let value = self.expr(right);
            return self.push_expr(value, kid.span(), out);
        }
        let target = self.expr(left);
        let value = Some(self.expr(right));
        self.push(StmtKind::Assign { target, value, annotation: None, op }, kid.span(), out);
    }

    /// `(a, var b) = f()`: one hidden variable, then its items.
    fn destructure(&mut self, targets: Vec<Kid<'t>>, value: ExprId, declares: bool, span: Span, out: &mut Block) {
        let hidden = self.declare_hidden(value, span, out);
        for (n, target) in targets.into_iter().enumerate() {
            let object = self.name(hidden.clone(), target.span());
            let item = self.item(object, n, target.span());
            if self.text_of(target) == "_" {
                continue;
            }
            if target.kind == Kind::TuplePattern {
                let inner = self.named_kids(target.node);
                self.deeper(target, |lower| lower.destructure(inner, item, declares, target.span(), out));
                continue;
            }
            let inner = if target.kind == Kind::Argument { self.named_kids(target.node) } else { vec![target] };
            let Some(name) = inner.first().copied() else { continue };
            if name.kind == Kind::DeclarationExpression {
                let parts = self.kids(name.node);
                let target = self.expr_in(&parts, Field::Name, name);
                self.declare(target, Some(item), span, out);
            } else {
                let target = self.expr(name);
                if declares {
                    self.declare(target, Some(item), span, out);
                } else {
                    self.assign(target, item, span, out);
                }
            }
        }
    }

    fn variables(&mut self, kid: Kid<'t>, out: &mut Block) {
        let mut kids = self.kids(kid.node);
        if let Some(inner) = find(&kids, Kind::VariableDeclaration) {
            kids = self.kids(inner.node);
        }
        let ty = field(&kids, Field::Type);
        for declarator in kids.iter().filter(|k| k.kind == Kind::VariableDeclarator) {
            let parts = self.named_kids(declarator.node);
            let pattern = find(&parts, Kind::TuplePattern);
            let is_value = |k: &&Kid<'t>| {
                k.field != Field::Name && !matches!(k.kind, Kind::TuplePattern | Kind::BracketedArgumentList)
            };
            let value = parts.iter().find(is_value).copied();
            if let (Some(pattern), Some(value)) = (pattern, value) {
                let value = self.expr(value);
                let targets = self.named_kids(pattern.node);
                self.destructure(targets, value, true, declarator.span(), out);
                continue;
            }
            let Some(name) = field(&parts, Field::Name) else { continue };
            let target = self.expr(name);
            let annotation = ty.map(|ty| self.ty(ty));
            let value = value.map(|value| self.expected_expr(value, ty));
            self.push(StmtKind::Assign { target, value, annotation, op: None }, declarator.span(), out);
        }
    }

    fn push_loop(&mut self, header: LoopHeader, kids: &[Kid<'t>], kid: Kid<'t>, out: &mut Block) {
        let is_async = self.text_of(kid).starts_with("await");
        let in_switch = std::mem::replace(&mut self.in_switch, false);
        let body = field(kids, Field::Body).map(|body| self.block(body)).unwrap_or_default();
        self.in_switch = in_switch;
        self.push(StmtKind::Loop { header, body, is_async }, kid.span(), out);
    }

    fn for_count(&mut self, kid: Kid<'t>, out: &mut Block) {
        let kids = self.kids(kid.node);
        let mut init = Block::new();
        for part in all_in(&kids, Field::Initializer) {
            self.stmt(part, &mut init);
        }
        let test = field(&kids, Field::Condition).map(|test| self.expr(test));
        let steps: Vec<ExprId> = all_in(&kids, Field::Update).into_iter().map(|step| self.expr(step)).collect();
        let step = match steps.as_slice() {
            [] => None,
            [only] => Some(*only),
            several => Some(self.other_of(several, kid.span())),
        };
        self.push_loop(LoopHeader::Count { init, test, step }, &kids, kid, out);
    }

    fn for_each(&mut self, kid: Kid<'t>, out: &mut Block) {
        let kids = self.kids(kid.node);
        let iter = self.expr_in(&kids, Field::Right, kid);
        let target = match field(&kids, Field::Left) {
            Some(left) if matches!(left.kind, Kind::TuplePattern | Kind::TupleExpression) => {
                let mut names = Vec::new();
                for part in self.named_kids(left.node) {
                    let inner = if part.kind == Kind::Argument { self.named_kids(part.node) } else { vec![part] };
                    for name in inner {
                        let parts =
                            if name.kind == Kind::DeclarationExpression { self.kids(name.node) } else { vec![] };
                        names.push(self.expr(field(&parts, Field::Name).unwrap_or(name)));
                    }
                }
                self.module.add_expr(ExprKind::List(names), left.span())
            }
            Some(left) => {
                // `foreach (IEndpoint endpoint in endpoints)`
                let ty = field(&kids, Field::Type)
                    .filter(|ty| matches!(ty.kind, Kind::Identifier | Kind::GenericName | Kind::QualifiedName));
                if let Some(ty) = ty {
                    let (target, annotation) = (self.expr(left), Some(self.ty(ty)));
                    self.push(StmtKind::Assign { target, value: None, annotation, op: None }, left.span(), out);
                }
                self.expr(left)
            }
            None => self.other_of(&[], kid.span()),
        };
        self.push_loop(LoopHeader::Each { target, iter }, &kids, kid, out);
    }

    /// `using (var x = …) { … }`, `using (x) …`.
    fn using_statement(&mut self, kid: Kid<'t>, out: &mut Block) {
        let kids = self.named_kids(kid.node);
        let mut items = Vec::new();
        for part in kids.iter().filter(|part| part.field != Field::Body) {
            if part.kind == Kind::VariableDeclaration {
                items.extend(self.resources(*part));
            } else {
                items.push((self.expr(*part), None));
            }
        }
        let body = field(&kids, Field::Body).map(|body| self.block(body)).unwrap_or_default();
        let is_async = self.text_of(kid).starts_with("await");
        self.push(StmtKind::With { items, body, is_async }, kid.span(), out);
    }

    fn resources(&mut self, declaration: Kid<'t>) -> Vec<(ExprId, Option<ExprId>)> {
        let kids = self.kids(declaration.node);
        let ty = field(&kids, Field::Type);
        let mut items = Vec::new();
        for declarator in kids.iter().filter(|k| k.kind == Kind::VariableDeclarator) {
            let parts = self.named_kids(declarator.node);
            let value = parts.iter().find(|part| part.field != Field::Name).copied();
            let value = match value {
                Some(value) => self.expected_expr(value, ty),
                None => self.other_of(&[], declarator.span()),
            };
            let name = field(&parts, Field::Name).map(|name| self.expr(name));
            items.push((value, name));
        }
        items
    }

    fn try_statement(&mut self, kid: Kid<'t>, out: &mut Block) {
        let kids = self.kids(kid.node);
        let body = field(&kids, Field::Body).map(|body| self.block(body)).unwrap_or_default();
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
        self.push(StmtKind::Try { body, handlers, finally }, kid.span(), out);
    }

    /// `catch (X e) when (test)` throws on what the test does not take.
    fn handler(&mut self, clause: Kid<'t>) -> Handler {
        let kids = self.kids(clause.node);
        let mut types = Vec::new();
        let mut name = None;
        if let Some(declaration) = find(&kids, Kind::CatchDeclaration) {
            let parts = self.kids(declaration.node);
            types = field(&parts, Field::Type).map(|ty| self.ty(ty)).into_iter().collect();
            name = field(&parts, Field::Name).map(|name| self.name_of(name));
        }
        let filter = find(&kids, Kind::CatchFilterClause).map(|filter| (self.only_child(filter), filter.span()));
        let mut body = field(&kids, Field::Body).map(|body| self.block(body)).unwrap_or_default();
        if let Some((test, span)) = filter {
            let throw = self.module.add_stmt(StmtKind::Throw(None), span);
            body = vec![self.module.add_stmt(StmtKind::If { test, then: body, other: vec![throw] }, span)];
        }
        Handler { types, name, body, span: clause.span() }
    }
}

/// True for what [`Lower::stmt`] lowers in a way of its own.
pub(super) fn is_statement(kind: Kind) -> bool {
    is_type(kind)
        || matches!(
            kind,
            Kind::Block
                | Kind::BreakStatement
                | Kind::CheckedStatement
                | Kind::ConstructorDeclaration
                | Kind::ContinueStatement
                | Kind::DoStatement
                | Kind::ExpressionStatement
                | Kind::FieldDeclaration
                | Kind::FixedStatement
                | Kind::ForStatement
                | Kind::ForeachStatement
                | Kind::IfStatement
                | Kind::LabeledStatement
                | Kind::LocalDeclarationStatement
                | Kind::LocalFunctionStatement
                | Kind::LockStatement
                | Kind::MethodDeclaration
                | Kind::ReturnStatement
                | Kind::SwitchStatement
                | Kind::ThrowStatement
                | Kind::TryStatement
                | Kind::UnsafeStatement
                | Kind::UsingStatement
                | Kind::VariableDeclaration
                | Kind::WhileStatement
                | Kind::YieldStatement
        )
}
