//! Assignments: chained, augmented, annotated, and unpacking spelled out.

use smol_str::SmolStr;
use tree_sitter::Node;

use super::kinds::{Field, Kind};
use super::{Kid, Lowerer, MAX_DEPTH, span};
use crate::facts::module::{Block, ExprId, ExprKind, StmtKind};

/// What the right side of an assignment is.
#[derive(Clone)]
enum Source<'t> {
    /// Not yet lowered.
    Node(Kid<'t>),
    /// A name to read again, standing where the value stood.
    Name(SmolStr, Node<'t>),
    /// An element of a name.
    Element(SmolStr, Element, Node<'t>),
}

/// Which elements of a sequence a target takes.
#[derive(Clone, Copy)]
enum Element {
    At(usize),
    FromEnd(usize),
    /// `*rest`: some of them.
    Rest,
}

impl<'t> Lowerer<'t> {
    /// `a = b = value`, `a: T = value`, `a: T`.
    pub(super) fn assignment(&mut self, node: Node<'t>, out: &mut Block) {
        let mut targets = Vec::new();
        let mut annotation = None;
        let mut value = None;
        let mut at = node;
        // `a = b = c` nests to the right as deep as it is long.
        loop {
            let kids = self.children(at);
            let (left, right) = (self.in_field(&kids, Field::Left), self.in_field(&kids, Field::Right));
            if let Some(ty) = self.in_field(&kids, Field::Type) {
                annotation = Some(self.expr(ty));
            }
            self.release(kids);
            targets.extend(left);
            match right {
                Some(right) if right.kind == Kind::Assignment => at = right.node,
                Some(right) if right.kind == Kind::AugmentedAssignment => {
                    self.strays.push(right.node);
                    break;
                }
                Some(right) => {
                    value = Some(right);
                    break;
                }
                None => break,
            }
        }
        match (&targets[..], value) {
            (&[target], None) => {
                let target = self.expr(target);
                self.push(StmtKind::Assign { target, value: None, annotation, op: None }, node, out);
            }
            (&[target], Some(value)) => self.assign(target, Source::Node(value), annotation, node, out),
            (_, Some(value)) => self.assign_all(&targets, value, node, out),
            _ => {}
        }
    }

    /// `x += value`.
    pub(super) fn augmented_assignment(&mut self, node: Node<'t>, out: &mut Block) {
        let kids = self.children(node);
        let (left, right) = (self.in_field(&kids, Field::Left), self.in_field(&kids, Field::Right));
        let op = self.kids[kids.clone()].iter().find_map(|kid| match kid.kind {
            Kind::Op(op) => Some(op),
            _ => None,
        });
        self.release(kids);
        if let Some(left) = left {
            let target = self.expr(left);
            let value = right.map(|right| self.expr(right));
            self.push(StmtKind::Assign { target, value, annotation: None, op }, node, out);
        }
    }

    /// Several targets of one value: the value goes to the first plain name, or to a hidden one, and
    /// from there to the others.
    fn assign_all(&mut self, targets: &[Kid<'t>], value: Kid<'t>, node: Node<'t>, out: &mut Block) {
        let first = targets.iter().position(|target| target.kind == Kind::Identifier);
        let name = match first {
            Some(i) => {
                self.assign(targets[i], Source::Node(value), None, node, out);
                self.name_of(targets[i].node)
            }
            None => self.hide(Source::Node(value), node, out),
        };
        for (i, target) in targets.iter().enumerate() {
            if Some(i) != first {
                self.assign(*target, Source::Name(name.clone(), value.node), None, node, out);
            }
        }
    }

    fn assign(
        &mut self,
        target: Kid<'t>,
        value: Source<'t>,
        annotation: Option<ExprId>,
        node: Node<'t>,
        out: &mut Block,
    ) {
        if target.kind == Kind::List {
            if self.depth >= MAX_DEPTH {
                self.too_deep(target.node);
                return;
            }
            self.depth += 1;
            self.unpack(target.node, value, node, out);
            self.depth -= 1;
            return;
        }
        let value = self.source(value);
        let target = self.expr(target);
        if let ExprKind::Name(name) = &self.module.expr(target).kind {
            let name = name.clone();
            self.name_lambda(value, &name);
        }
        self.push(StmtKind::Assign { target, value: Some(value), annotation, op: None }, node, out);
    }

    fn unpack(&mut self, pattern: Node<'t>, value: Source<'t>, node: Node<'t>, out: &mut Block) {
        let targets: Vec<Kid<'t>> = self.nodes(pattern);
        let star = targets.iter().position(|target| target.kind == Kind::ListSplat);
        if let (Source::Node(list), None) = (&value, star)
            && list.kind == Kind::List
        {
            let values = self.nodes(list.node);
            if values.len() == targets.len() && values.iter().all(|value| value.kind != Kind::ListSplat) {
                for (target, value) in targets.into_iter().zip(values) {
                    self.assign(target, Source::Node(value), None, node, out);
                }
                return;
            }
        }
        let place = match &value {
            Source::Node(kid) => kid.node,
            Source::Name(_, place) | Source::Element(_, _, place) => *place,
        };
        let name = match value {
            Source::Name(name, _) => name,
            Source::Node(kid) if kid.kind == Kind::Identifier && !self.is_receiver(kid.node) => self.name_of(kid.node),
            value => self.hide(value, node, out),
        };
        let count = targets.len();
        for (i, target) in targets.into_iter().enumerate() {
            let element = match star {
                Some(star) if i == star => Element::Rest,
                Some(star) if i > star => Element::FromEnd(count - i),
                _ => Element::At(i),
            };
            let target = if matches!(element, Element::Rest) { self.first_node(target) } else { target };
            self.assign(target, Source::Element(name.clone(), element, place), None, node, out);
        }
    }

    /// Assigns `value` to a new hidden variable.
    fn hide(&mut self, value: Source<'t>, node: Node<'t>, out: &mut Block) -> SmolStr {
        let name = self.hidden_name();
        let value = self.source(value);
        let place = self.module.expr(value).span;
        let target = self.module.add_expr(ExprKind::Name(name.clone()), place);
        self.push(StmtKind::Assign { target, value: Some(value), annotation: None, op: None }, node, out);
        name
    }

    fn source(&mut self, source: Source<'t>) -> ExprId {
        match source {
            Source::Node(kid) => self.expr(kid),
            Source::Name(name, place) => self.add(ExprKind::Name(name), place),
            Source::Element(name, element, place) => {
                let object = self.add(ExprKind::Name(name), place);
                let index = match element {
                    Element::At(i) => self.add(ExprKind::Num(i as f64), place),
                    Element::FromEnd(i) => {
                        let i = self.add(ExprKind::Num(i as f64), place);
                        self.add(ExprKind::Neg(i), place)
                    }
                    Element::Rest => return self.add(ExprKind::Other(vec![object]), place),
                };
                self.add(ExprKind::Index { object, index }, place)
            }
        }
    }

    /// A parameter or loop variable pattern `target` that takes the elements of the variable `name`.
    pub(super) fn unpack_name(&mut self, target: Kid<'t>, name: SmolStr, out: &mut Block) {
        self.assign(target, Source::Name(name, target.node), None, target.node, out);
    }

    /// The value of a hidden variable for `node`, to be read by name later.
    pub(super) fn hide_node(&mut self, kid: Kid<'t>, out: &mut Block) -> SmolStr {
        self.hide(Source::Node(kid), kid.node, out)
    }

    /// Gives a lambda the name that it is assigned to.
    pub(super) fn name_lambda(&mut self, value: ExprId, name: &SmolStr) {
        if let ExprKind::Lambda(func) = self.module.expr(value).kind {
            let func = &mut self.module.funcs[func.0 as usize];
            if func.name.is_empty() {
                func.name = name.clone();
            }
        }
    }

    fn is_receiver(&self, node: Node<'t>) -> bool {
        self.scope.receiver.as_deref() == Some(self.text_of(node))
    }

    /// The children of `node` that are nodes.
    pub(super) fn nodes(&mut self, node: Node<'t>) -> Vec<Kid<'t>> {
        let kids = self.children(node);
        let nodes = self.kids[kids.clone()].iter().filter(|kid| !kid.kind.is_token()).copied().collect();
        self.release(kids);
        nodes
    }

    /// The first node below `kid`, or itself.
    pub(super) fn first_node(&mut self, kid: Kid<'t>) -> Kid<'t> {
        let kids = self.children(kid.node);
        let first = self.nth_node(&kids, 0).unwrap_or(kid);
        self.release(kids);
        first
    }

    pub(super) fn push(&mut self, kind: StmtKind, node: Node<'t>, out: &mut Block) {
        let id = self.module.add_stmt(kind, span(node));
        out.push(id);
    }
}
