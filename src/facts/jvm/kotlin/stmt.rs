//! Statements.

use smol_str::SmolStr;

use super::super::kind::Kind;
use super::super::{Field, Kid, Spelled, assign_op, field, find, named};
use super::types::is_type;
use super::{Lower, Sink};
use crate::facts::module::{BinaryOp, Block, ExprId, ExprKind, Handler, LoopHeader, StmtKind};

impl<'t> Lower<'t> {
    /// Lowers a statement to none, one or several.
    pub(super) fn stmt(&mut self, kid: Kid<'t>, out: &mut Block) {
        self.value_into(kid, Sink::Discard, out);
    }

    /// Statements of which the last one gives the value.
    pub(super) fn statements(&mut self, kids: &[Kid<'t>], sink: Sink<'_>, out: &mut Block) {
        let Some((last, others)) = kids.split_last() else { return };
        for kid in others {
            self.stmt(*kid, out);
        }
        self.value_into(*last, sink, out);
    }

    /// A statement or expression whose value goes somewhere.
    pub(super) fn value_into(&mut self, kid: Kid<'t>, sink: Sink<'_>, out: &mut Block) {
        self.deeper(kid, |lower| lower.value_by_kind(kid, sink, out));
    }

    fn value_by_kind(&mut self, kid: Kid<'t>, sink: Sink<'_>, out: &mut Block) {
        let span = kid.span();
        match kid.kind {
            Kind::Block => {
                let kids = self.named_kids(kid.node);
                self.statements(&kids, sink, out);
            }
            Kind::IfExpression => self.if_into(kid, sink, out),
            Kind::WhenExpression => self.when_into(kid, sink, out),
            Kind::TryExpression => self.try_into(kid, sink, out),
            Kind::ReturnExpression => {
                let kids = self.kids(kid.node);
                match kids.iter().rev().find(|k| !k.kind.is_token() && k.field != Field::Label) {
                    Some(value) => self.value_into(*value, Sink::Return, out),
                    None => self.push(StmtKind::Return(None), span, out),
                }
            }
            Kind::ThrowExpression => {
                let value = self.only_child(kid);
                self.push(StmtKind::Throw(Some(value)), span, out);
            }
            Kind::Identifier if self.text_of(kid) == "break" => self.push(StmtKind::Break, span, out),
            Kind::Identifier if self.text_of(kid) == "continue" => self.push(StmtKind::Continue, span, out),
            Kind::LabeledExpression => self.labeled(kid, sink, out),
            Kind::AnnotatedExpression => {
                if let Some(inner) = self.named_kids(kid.node).last() {
                    self.value_into(*inner, sink, out);
                }
            }
            Kind::Assignment => self.assignment(kid, out),
            Kind::UnaryExpression if self.is_step(kid) => self.step(kid, out),
            Kind::PropertyDeclaration => self.local_property(kid, out),
            Kind::FunctionDeclaration => {
                let func = self.function(kid, false, false);
                self.push(StmtKind::Func(func), span, out);
            }
            Kind::ClassDeclaration | Kind::ObjectDeclaration => {
                let class = self.class(kid);
                self.push(StmtKind::Class(class), span, out);
            }
            Kind::TypeAlias => self.type_alias(kid, out),
            Kind::ForStatement => self.for_loop(kid, out),
            Kind::WhileStatement | Kind::DoWhileStatement => {
                let kids = self.kids(kid.node);
                let test = self.expr_in(&kids, Field::Condition, kid);
                let mut body = Block::new();
                let is_body =
                    |k: &&Kid<'t>| !k.kind.is_token() && !matches!(k.field, Field::Condition) && k.kind != Kind::Label;
                if let Some(block) = kids.iter().find(is_body) {
                    self.stmt(*block, &mut body);
                }
                let header = LoopHeader::While(Some(test));
                self.push(StmtKind::Loop { header, body, is_async: false }, span, out);
            }
            Kind::Error => {
                for kid in self.named_kids(kid.node) {
                    self.stmt(kid, out);
                }
            }
            Kind::Import | Kind::PackageHeader | Kind::Label | Kind::Modifiers => {}
            kind if kind.is_token() => {}
            _ => {
                let value = self.expr(kid);
                self.push_value(value, sink, span, out);
            }
        }
    }

    /// `outer@ for (…) …`; the grammar reads `break@outer` as an expression with a label too.
    fn labeled(&mut self, kid: Kid<'t>, sink: Sink<'_>, out: &mut Block) {
        let kids = self.named_kids(kid.node);
        match find(&kids, Kind::Label).map_or("", |label| self.text_of(label)) {
            "break@" => self.push(StmtKind::Break, kid.span(), out),
            "continue@" => self.push(StmtKind::Continue, kid.span(), out),
            _ => {
                if let Some(inner) = kids.last() {
                    self.value_into(*inner, sink, out);
                }
            }
        }
    }

    fn assignment(&mut self, kid: Kid<'t>, out: &mut Block) {
        let kids = self.kids(kid.node);
        let target = self.expr_in(&kids, Field::Left, kid);
        let value = Some(self.expr_in(&kids, Field::Right, kid));
        let op = field(&kids, Field::Operator).and_then(|op| assign_op(self.text_of(op)));
        self.push(StmtKind::Assign { target, value, annotation: None, op }, kid.span(), out);
    }

    fn is_step(&self, kid: Kid<'t>) -> bool {
        let text = self.text_of(kid);
        ["++", "--"].iter().any(|op| text.starts_with(op) || text.ends_with(op))
    }

    /// `x++`.
    fn step(&mut self, kid: Kid<'t>, out: &mut Block) {
        let kids = self.kids(kid.node);
        let op = if self.text_of(kid).contains("--") { BinaryOp::Sub } else { BinaryOp::Add };
        let target = self.expr_in(&kids, Field::Argument, kid);
        let value = Some(self.module.add_expr(ExprKind::Num(1.0), kid.span()));
        self.push(StmtKind::Assign { target, value, annotation: None, op: Some(op) }, kid.span(), out);
    }

    /// `val x: T = …`, `val (a, b) = …`, `val x by lazy { … }`; at the top of a file too.
    fn local_property(&mut self, kid: Kid<'t>, out: &mut Block) {
        let kids = self.kids(kid.node);
        let value = self.initializer(&kids);
        if let Some(pattern) = find(&kids, Kind::MultiVariableDeclaration) {
            let hidden = self.hidden_name();
            if let Some(value) = value {
                self.value_into(value, Sink::Assign(&hidden), out);
            }
            let parts = self.named_kids(pattern.node);
            return self.unpack(&parts, &hidden, out);
        }
        let Some(declared) = find(&kids, Kind::VariableDeclaration) else { return };
        let parts = self.named_kids(declared.node);
        let Some(name) = find(&parts, Kind::Identifier) else { return };
        let text = self.name_of(name);
        let annotation = match parts.iter().find(|k| is_type(k.kind)) {
            Some(ty) => self.ty(*ty),
            None => self.inferred(name.span()),
        };
        let target = self.name(text.clone(), name.span());
        let branches =
            value.filter(|v| matches!(v.kind, Kind::IfExpression | Kind::WhenExpression | Kind::TryExpression));
        let value = match branches {
            Some(_) => None,
            None => self.property_value(&kids),
        };
        self.push(StmtKind::Assign { target, value, annotation: Some(annotation), op: None }, kid.span(), out);
        if let Some(branches) = branches {
            self.value_into(branches, Sink::Assign(&text), out);
        }
        for accessor in kids.iter().filter(|k| matches!(k.kind, Kind::Getter | Kind::Setter)) {
            let func = self.accessor(*accessor, &text, false);
            self.push(StmtKind::Func(func), accessor.span(), out);
        }
    }

    /// `hidden[0]`, `hidden[1]` … into the variables of a destructuring declaration.
    pub(super) fn unpack(&mut self, variables: &[Kid<'t>], hidden: &SmolStr, out: &mut Block) {
        for (i, variable) in variables.iter().enumerate() {
            let parts = self.named_kids(variable.node);
            let Some(name) = find(&parts, Kind::Identifier) else { continue };
            let span = name.span();
            let target = self.expr(name);
            let object = self.name(hidden.clone(), span);
            let index = self.module.add_expr(ExprKind::Num(i as f64), span);
            let value = self.module.add_expr(ExprKind::Index { object, index }, span);
            self.declare(target, Some(value), span, out);
        }
    }

    fn type_alias(&mut self, kid: Kid<'t>, out: &mut Block) {
        let kids = self.kids(kid.node);
        let Some(name) = field(&kids, Field::Type) else { return };
        let Some(ty) = kids.iter().rev().find(|k| is_type(k.kind)) else { return };
        let text = self.name_of(name);
        let target = self.name(text, name.span());
        let value = self.ty(*ty);
        self.declare(target, Some(value), kid.span(), out);
    }

    fn for_loop(&mut self, kid: Kid<'t>, out: &mut Block) {
        let kids = self.kids(kid.node);
        let is_part = |k: &&Kid<'t>| !k.kind.is_token() && !matches!(k.kind, Kind::Label | Kind::Annotation);
        let parts: Vec<Kid<'t>> = kids.iter().filter(is_part).copied().collect();
        let [variable, iter, rest @ ..] = parts.as_slice() else { return };
        let mut body = Block::new();
        let names = self.named_kids(variable.node);
        let target = match variable.kind {
            Kind::MultiVariableDeclaration => {
                let hidden = self.hidden_name();
                self.unpack(&names, &hidden, &mut body);
                self.name(hidden, variable.span())
            }
            _ => match find(&names, Kind::Identifier).or(named(&names)) {
                Some(name) => self.expr(name),
                None => self.expr(*variable),
            },
        };
        let iter = self.expr(*iter);
        if let Some(block) = rest.first() {
            self.stmt(*block, &mut body);
        }
        let header = LoopHeader::Each { target, iter };
        self.push(StmtKind::Loop { header, body, is_async: false }, kid.span(), out);
    }

    fn try_into(&mut self, kid: Kid<'t>, sink: Sink<'_>, out: &mut Block) {
        let kids = self.named_kids(kid.node);
        let mut body = Block::new();
        let mut handlers = Vec::new();
        let mut finally = Block::new();
        for part in kids {
            match part.kind {
                Kind::Block => self.value_into(part, sink, &mut body),
                Kind::CatchBlock => {
                    let handler = self.handler(part, sink);
                    handlers.push(handler);
                }
                Kind::FinallyBlock => {
                    let parts = self.named_kids(part.node);
                    if let Some(block) = find(&parts, Kind::Block) {
                        self.stmt(block, &mut finally);
                    }
                }
                _ => self.stmt(part, &mut body),
            }
        }
        self.push(StmtKind::Try { body, handlers, finally }, kid.span(), out);
    }

    fn handler(&mut self, clause: Kid<'t>, sink: Sink<'_>) -> Handler {
        let kids = self.named_kids(clause.node);
        let types: Vec<ExprId> = kids.iter().find(|k| is_type(k.kind)).map(|ty| self.ty(*ty)).into_iter().collect();
        let name = find(&kids, Kind::Identifier).map(|name| self.name_of(name));
        let mut body = Block::new();
        if let Some(block) = find(&kids, Kind::Block) {
            self.value_into(block, sink, &mut body);
        }
        Handler { types, name, body, span: clause.span() }
    }
}
