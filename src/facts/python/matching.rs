//! `match` becomes a chain of `if`s.

use smol_str::SmolStr;
use tree_sitter::Node;

use super::kinds::{Field, Kind};
use super::{Kid, Lowerer, MAX_CHAIN, span};
use crate::facts::module::{BinaryOp, Block, ExprId, ExprKind, StmtKind};
use crate::syntax::Span;

impl<'t> Lowerer<'t> {
    pub(super) fn match_statement(&mut self, node: Node<'t>, out: &mut Block) {
        let kids = self.children(node);
        let Some(value) = self.in_field(&kids, Field::Subject) else {
            self.release(kids);
            return;
        };
        // A plain name is read again in each test, anything else through a hidden variable.
        let is_plain =
            value.kind == Kind::Identifier && self.scope.receiver.as_deref() != Some(self.text_of(value.node));
        let name = if is_plain { self.name_of(value.node) } else { self.hide_node(value, out) };
        for i in kids.clone().skip(1) {
            if self.kids[i].field == Field::Subject {
                let id = self.expr(self.kids[i]);
                self.push(StmtKind::Expr(id), self.kids[i].node, out);
            }
        }
        let mark = self.strays.len();
        let cases = self.of_kind(&kids, Kind::Block).map_or_else(Vec::new, |block| self.nodes(block.node));
        self.release(kids);
        self.cases(&name, &cases, span(node).end, out);
        self.lower_strays(mark, out);
    }

    /// A chain that is too long to nest goes on side by side.
    fn cases(&mut self, subject: &SmolStr, cases: &[Kid<'t>], end: u32, out: &mut Block) {
        let mut rest = cases;
        while let [case, after @ ..] = rest {
            rest = after;
            if case.kind != Kind::Case {
                self.stmt(*case, out);
                continue;
            }
            let kids = self.children(case.node);
            let test = self.case_test(subject, case.node);
            let mut then = Vec::new();
            if let [pattern] = self.patterns(case.node)[..]
                && let Some(name) = self.capture(pattern)
            {
                let value = self.module.add_expr(ExprKind::Name(subject.clone()), span(pattern.node));
                let target = self.module.add_expr(ExprKind::Name(name), span(pattern.node));
                let kind = StmtKind::Assign { target, value: Some(value), annotation: None, op: None };
                self.push(kind, pattern.node, &mut then);
            }
            then.extend(self.block_in(&kids, Field::Consequence));
            self.release(kids);
            let Some(test) = test else {
                // Everything matches, so nothing after it is reached.
                out.extend(then);
                continue;
            };
            let mut place = span(case.node);
            let mut other = Vec::new();
            if self.depth < MAX_CHAIN {
                place.end = end.max(place.end);
                self.depth += 1;
                self.cases(subject, after, end, &mut other);
                self.depth -= 1;
                rest = &[];
            }
            out.push(self.module.add_stmt(StmtKind::If { test, then, other }, place));
        }
    }

    fn patterns(&mut self, case: Node<'t>) -> Vec<Kid<'t>> {
        self.nodes(case).into_iter().filter(|kid| kid.kind == Kind::CasePattern).collect()
    }

    /// The test of a case; none when everything matches.
    fn case_test(&mut self, subject: &SmolStr, case: Node<'t>) -> Option<ExprId> {
        let patterns = self.patterns(case);
        let test = match patterns[..] {
            [pattern] => self.pattern_test(subject, pattern),
            _ => {
                let parts = patterns.iter().map(|pattern| self.expr(*pattern)).collect();
                Some(self.add(ExprKind::Other(parts), case))
            }
        };
        let guard = self.nodes(case).into_iter().find(|kid| kid.field == Field::Guard);
        let Some(guard) = guard else { return test };
        let right = self.wrapped(guard.node);
        Some(match test {
            Some(left) => {
                let whole = Span { start: span(case).start, end: span(guard.node).end };
                self.module.add_expr(ExprKind::Binary { op: BinaryOp::And, left, right }, whole)
            }
            None => right,
        })
    }

    fn pattern_test(&mut self, subject: &SmolStr, pattern: Kid<'t>) -> Option<ExprId> {
        if self.text_of(pattern.node) == "_" || self.capture(pattern).is_some() {
            return None;
        }
        let inner = self.first_node(pattern);
        if inner.kind != Kind::UnionPattern {
            return Some(self.value_test(subject, pattern));
        }
        let mut test = None;
        // Side by side in the source, left-leaning in the module: bounded like everything that nests.
        for choice in self.nodes(inner.node).into_iter().take(MAX_CHAIN) {
            let right = self.value_test(subject, choice);
            test = Some(match test {
                None => right,
                Some(left) => self.add(ExprKind::Binary { op: BinaryOp::Or, left, right }, inner.node),
            });
        }
        test
    }

    /// `subject == value`, or the names of a pattern that is no value.
    fn value_test(&mut self, subject: &SmolStr, pattern: Kid<'t>) -> ExprId {
        let inner = if pattern.kind == Kind::CasePattern { self.first_node(pattern) } else { pattern };
        let is_value = match inner.kind {
            Kind::String | Kind::Concatenated | Kind::Number | Kind::True | Kind::False | Kind::None => true,
            Kind::DottedName => self.text_of(inner.node).contains('.'),
            _ => false,
        };
        if !is_value {
            let parts = self.all_children(pattern.node);
            return self.add(ExprKind::Other(parts), pattern.node);
        }
        let mut right = self.expr(inner);
        if self.text_of(pattern.node).starts_with('-') {
            right = self.add(ExprKind::Neg(right), pattern.node);
        }
        let left = self.module.add_expr(ExprKind::Name(subject.clone()), span(inner.node));
        self.add(ExprKind::Binary { op: BinaryOp::Eq, left, right }, pattern.node)
    }

    /// The name that `case name:` binds.
    fn capture(&mut self, pattern: Kid<'t>) -> Option<SmolStr> {
        let text = self.text_of(pattern.node);
        let inner = self.first_node(pattern);
        let is_name = matches!(inner.kind, Kind::DottedName | Kind::Identifier) && self.text_of(inner.node) == text;
        (is_name && text != "_" && !text.contains('.')).then(|| SmolStr::new(text))
    }
}
