//! Statements.

use smol_str::SmolStr;

use super::kind::Kind;
use super::{Kid, Lower};
use crate::facts::module::{Arg, BinaryOp, Block, Call, ExprId, ExprKind, LoopHeader, StmtKind};
use crate::facts::walk::text::assign_op;
use crate::facts::walk::{Field, MAX_LINKS, field, find};
use crate::syntax::Span;

/// Most `defer`s of a function that nest the rest of their block.
const MAX_DEFERS: u32 = 50;

impl<'t> Lower<'t> {
    /// Lowers a statement to none, one or several.
    pub(super) fn stmt(&mut self, kid: Kid<'t>, out: &mut Block) {
        self.deeper(kid, |lower| lower.stmt_by_kind(kid, out));
    }

    fn stmt_by_kind(&mut self, kid: Kid<'t>, out: &mut Block) {
        let span = kid.span();
        match kid.kind {
            Kind::ExpressionStatement => {
                let expr = self.only_child(kid);
                self.push_expr(expr, span, out);
            }
            Kind::ShortVarDeclaration => self.assignment(kid, true, out),
            Kind::AssignmentStatement => self.assignment(kid, false, out),
            Kind::VarDeclaration => self.variables(kid, out),
            Kind::ConstDeclaration => self.constants(kid, out),
            Kind::TypeDeclaration => self.type_declaration(kid, out),
            Kind::FunctionDeclaration => self.function(kid, out),
            Kind::MethodDeclaration => self.method(kid, out),
            Kind::IncStatement | Kind::DecStatement => {
                let op = if kid.kind == Kind::IncStatement { BinaryOp::Add } else { BinaryOp::Sub };
                let target = self.only_child(kid);
                let value = Some(self.module.add_expr(ExprKind::Num(1.0), span));
                self.push(StmtKind::Assign { target, value, annotation: None, op: Some(op) }, span, out);
            }
            Kind::ReturnStatement => {
                let value = self.returned(kid);
                self.push(StmtKind::Return(value), span, out);
            }
            Kind::IfStatement => self.if_chain(kid, out),
            Kind::ForStatement => self.for_statement(kid, out),
            Kind::Block => {
                let body = self.block(kid);
                self.push(StmtKind::Block(body), span, out);
            }
            Kind::StatementList => {
                let kids = self.named_kids(kid.node);
                self.statements(&kids, out);
            }
            // Reached only where the rest of the block cannot be its body.
            Kind::DeferStatement => {
                let call = self.only_child(kid);
                self.push_expr(call, span, out);
            }
            Kind::GoStatement => {
                let lambda = self.lambda_of(span, |lower, body| {
                    let call = lower.only_child(kid);
                    lower.push_expr(call, span, body);
                });
                let callee = self.name("go", self.beginning(span, 1));
                let args = vec![Arg { name: None, spread: false, value: lambda }];
                let call = Call { callee, args, is_new: false, type_args: Vec::new() };
                let call = self.module.add_expr(ExprKind::Call(call), span);
                self.push_expr(call, span, out);
            }
            Kind::ExpressionSwitchStatement => self.switch(kid, out),
            Kind::TypeSwitchStatement => self.type_switch(kid, out),
            Kind::SelectStatement => self.select(kid, out),
            Kind::BreakStatement => {
                let has_label = !self.named_kids(kid.node).is_empty();
                if !self.in_switch || has_label {
                    self.push(StmtKind::Break, span, out);
                }
            }
            Kind::ContinueStatement => self.push(StmtKind::Continue, span, out),
            Kind::LabeledStatement => {
                let kids = self.named_kids(kid.node);
                if let Some(body) = kids.iter().find(|kid| kid.field != Field::Label) {
                    self.stmt(*body, out);
                }
            }
            Kind::EmptyStatement | Kind::FallthroughStatement | Kind::GotoStatement | Kind::Token => {}
            Kind::ImportDeclaration | Kind::PackageClause => {}
            Kind::Error => {
                for kid in self.named_kids(kid.node) {
                    self.stmt(kid, out);
                }
            }
            Kind::SendStatement => {
                let expr = self.send(kid);
                self.push_expr(expr, span, out);
            }
            // Parts of statements that an error has displaced.
            _ => {
                let expr = self.expr(kid);
                self.push_expr(expr, span, out);
            }
        }
    }

    /// The contents of a `{ … }`.
    pub(super) fn block(&mut self, kid: Kid<'t>) -> Block {
        let mut body = Block::new();
        self.block_into(kid, &mut body);
        body
    }

    pub(super) fn block_into(&mut self, kid: Kid<'t>, out: &mut Block) {
        let receiver = self.state.receiver.clone();
        for list in self.named_kids(kid.node) {
            if list.kind == Kind::StatementList {
                let kids = self.named_kids(list.node);
                self.statements(&kids, out);
            } else {
                self.stmt(list, out);
            }
        }
        self.state.receiver = receiver;
    }

    /// `defer f()` runs when what follows it has ended, however it ends.
    fn statements(&mut self, kids: &[Kid<'t>], out: &mut Block) {
        for (i, kid) in kids.iter().enumerate() {
            if kid.kind != Kind::DeferStatement || self.state.defers >= MAX_DEFERS {
                self.stmt(*kid, out);
                continue;
            }
            let mut finally = Block::new();
            self.stmt(*kid, &mut finally);
            self.state.defers += 1;
            let mut body = Block::new();
            self.deeper(*kid, |lower| lower.statements(&kids[i + 1..], &mut body));
            self.state.defers -= 1;
            let end = kids.last().map_or(kid.end(), |last| last.end());
            let span = Span::new(kid.start(), end);
            return self.push(StmtKind::Try { body, handlers: Vec::new(), finally }, span, out);
        }
    }

    fn returned(&mut self, kid: Kid<'t>) -> Option<ExprId> {
        let kids = self.named_kids(kid.node);
        let values = match kids.first() {
            Some(list) if list.kind == Kind::ExpressionList => self.named_kids(list.node),
            _ => kids,
        };
        let mut values: Vec<ExprId> = values.into_iter().map(|value| self.expr(value)).collect();
        if values.is_empty() {
            let names = self.state.results.clone();
            values = names.into_iter().map(|name| self.name(name, kid.span())).collect();
        }
        match values.as_slice() {
            [] => None,
            [only] => Some(*only),
            _ => Some(self.module.add_expr(ExprKind::List(values), kid.span())),
        }
    }

    /// `a, b := f()`, `a, b = b, a`, `a += 1`.
    fn assignment(&mut self, kid: Kid<'t>, declares: bool, out: &mut Block) {
        let kids = self.kids(kid.node);
        let targets = self.listed(&kids, Field::Left);
        let values = self.listed(&kids, Field::Right);
        let op = field(&kids, Field::Operator).and_then(|op| assign_op(self.text_of(op)));
        if let (Some(op), [target], [value]) = (op, targets.as_slice(), values.as_slice()) {
            let target = self.expr(*target);
            let value = Some(self.expr(*value));
            return self.push(StmtKind::Assign { target, value, annotation: None, op: Some(op) }, kid.span(), out);
        }
        self.bind(targets, values, None, declares, kid.span(), out);
    }

    /// Binds targets to values: one by one, or all to the results of one call. The second of two
    /// targets of a map access, a type assertion or a receive says whether there was something.
    pub(super) fn bind(
        &mut self,
        targets: Vec<Kid<'t>>,
        values: Vec<Kid<'t>>,
        ty: Option<Kid<'t>>,
        declares: bool,
        span: Span,
        out: &mut Block,
    ) {
        let mut bound: Vec<(Option<Kid<'t>>, Option<ExprId>, Span)> = Vec::new();
        match (targets.as_slice(), values.as_slice()) {
            (several, [value]) if several.len() > 1 => {
                let value_expr = self.expr(*value);
                if self.module.call(value_expr).is_some() {
                    let hidden = self.declare_hidden(value_expr, span, out);
                    for (n, target) in several.iter().enumerate() {
                        if self.text_of(*target) == "_" {
                            continue;
                        }
                        let object = self.name(hidden.clone(), value.span());
                        let item = self.item(object, n, value.span());
                        bound.push((Some(*target), Some(item), span));
                    }
                } else {
                    bound.push((Some(several[0]), Some(value_expr), span));
                    bound.extend(several[1..].iter().map(|target| (Some(*target), None, target.span())));
                }
            }
            (targets, values) => {
                let alone = targets.len() == 1;
                let exprs: Vec<ExprId> = values.iter().map(|value| self.expr(*value)).collect();
                for n in 0..targets.len().max(exprs.len()) {
                    let target = targets.get(n).copied();
                    let here = if alone { span } else { target.map_or(span, |target| target.span()) };
                    bound.push((target, exprs.get(n).copied(), here));
                }
            }
        }
        for (target, value, span) in bound {
            // `_ = f()`
            let Some(target) = target.filter(|target| self.text_of(*target) != "_") else {
                if let Some(value) = value {
                    self.push_expr(value, span, out);
                }
                continue;
            };
            if declares {
                let name = self.text_of(target);
                self.hides(name);
            }
            if let Some(value) = value.filter(|_| target.kind == Kind::Identifier) {
                self.name_closure(value, self.text_of(target).into());
            }
            let target = self.expr(target);
            match (declares, ty, value) {
                (true, Some(ty), value) => {
                    let annotation = Some(self.ty(ty));
                    self.push(StmtKind::Assign { target, value, annotation, op: None }, span, out);
                }
                (true, None, Some(value)) => self.declare(target, Some(value), span, out),
                (false, _, Some(value)) => self.assign(target, value, span, out),
                // Something that cannot be followed.
                (_, None, None) | (false, Some(_), None) => {
                    self.push(StmtKind::Assign { target, value: None, annotation: None, op: None }, span, out);
                }
            }
        }
    }

    /// Gives a closure the name of the variable that holds it: `operation := func() error { … }`.
    fn name_closure(&mut self, value: ExprId, name: SmolStr) {
        if let ExprKind::Lambda(func) = self.module.expr(value).kind {
            let func = &mut self.module.funcs[func.0 as usize];
            if func.name.is_empty() {
                func.name = name;
            }
        }
    }

    /// `if a := f(); a { … } else if … else { … }`, a chain that grows to the right.
    fn if_chain(&mut self, top: Kid<'t>, out: &mut Block) {
        let receiver = self.state.receiver.clone();
        let mut links: Vec<(Span, Block, ExprId, Block)> = Vec::new();
        let mut at = top;
        let mut other = Block::new();
        loop {
            let kids = self.kids(at.node);
            let parts = field(&kids, Field::Condition).zip(field(&kids, Field::Consequence));
            let Some((test, then)) = parts else {
                let expr = self.other(at);
                self.push_expr(expr, at.span(), &mut other);
                break;
            };
            let link = self.below(links.len(), |lower| {
                let mut before = Block::new();
                if let Some(initializer) = field(&kids, Field::Initializer) {
                    lower.stmt(initializer, &mut before);
                }
                let test = lower.expr(test);
                (at.span(), before, test, lower.block(then))
            });
            links.push(link);
            match field(&kids, Field::Alternative) {
                Some(next) if next.kind == Kind::IfStatement && links.len() + self.links < MAX_LINKS => at = next,
                Some(last) => {
                    other = self.below(links.len(), |lower| match last.kind {
                        Kind::Block => lower.block(last),
                        _ => {
                            let mut block = Block::new();
                            lower.stmt(last, &mut block);
                            block
                        }
                    });
                    break;
                }
                None => break,
            }
        }
        while let Some((span, mut before, test, then)) = links.pop() {
            before.push(self.module.add_stmt(StmtKind::If { test, then, other }, span));
            other = before;
        }
        out.append(&mut other);
        self.state.receiver = receiver;
    }

    fn for_statement(&mut self, kid: Kid<'t>, out: &mut Block) {
        let receiver = self.state.receiver.clone();
        let kids = self.kids(kid.node);
        let mut before = Block::new();
        let header = if let Some(range) = find(&kids, Kind::RangeClause) {
            self.range(range, &mut before)
        } else if let Some(clause) = find(&kids, Kind::ForClause) {
            let parts = self.kids(clause.node);
            let mut init = Block::new();
            if let Some(statement) = field(&parts, Field::Initializer) {
                self.stmt(statement, &mut init);
            }
            let test = field(&parts, Field::Condition).map(|test| self.expr(test));
            let step = field(&parts, Field::Update).map(|step| match step.kind {
                Kind::ExpressionStatement => self.only_child(step),
                _ => self.other(step),
            });
            LoopHeader::Count { init, test, step }
        } else {
            let test = kids.iter().find(|kid| kid.field != Field::Body).copied();
            LoopHeader::While(test.map(|test| self.expr(test)))
        };
        let in_switch = std::mem::replace(&mut self.in_switch, false);
        let mut body = before;
        if let Some(block) = field(&kids, Field::Body) {
            self.block_into(block, &mut body);
        }
        self.in_switch = in_switch;
        self.push(StmtKind::Loop { header, body, is_async: false }, kid.span(), out);
        self.state.receiver = receiver;
    }

    /// The header of `for key, element := range iter`; the key is declared at the beginning of the body.
    fn range(&mut self, range: Kid<'t>, body: &mut Block) -> LoopHeader {
        let parts = self.kids(range.node);
        let iter = self.expr_in(&parts, Field::Right, range);
        let targets = self.listed(&parts, Field::Left);
        for target in &targets {
            let name = self.text_of(*target);
            self.hides(name);
        }
        let target = match targets.last() {
            Some(last) if self.text_of(*last) != "_" => self.expr(*last),
            _ => {
                let hidden = self.hidden_name();
                self.name(hidden, range.span())
            }
        };
        if let [key, _] = targets.as_slice()
            && self.text_of(*key) != "_"
        {
            let target = self.expr(*key);
            self.push(StmtKind::Assign { target, value: None, annotation: None, op: None }, key.span(), body);
        }
        LoopHeader::Each { target, iter }
    }
}
