//! `new`: objects, arrays, anonymous objects and their initialisers.

use super::kind::Kind;
use super::{Kid, Lower};
use crate::facts::module::{Arg, Entry, ExprId, ExprKind};
use crate::facts::walk::{Field, field, find};

impl<'t> Lower<'t> {
    /// `new X<T>(1) { A = 2 }`.
    pub(super) fn creation(&mut self, kid: Kid<'t>) -> ExprId {
        let kids = self.kids(kid.node);
        let Some(ty) = field(&kids, Field::Type) else { return self.other(kid) };
        let (callee, type_args) = self.created_type(ty);
        let args = self.creation_args(field(&kids, Field::Arguments), field(&kids, Field::Initializer));
        self.new_call(callee, args, type_args, kid)
    }

    /// `new(1) { A = 2 }`, of the declared type where that is known.
    pub(super) fn implicit_creation(&mut self, kid: Kid<'t>, ty: Option<Kid<'t>>) -> ExprId {
        let kids = self.kids(kid.node);
        let (callee, type_args) = match ty {
            Some(ty) => self.created_type(ty),
            None => (self.name("new", self.beginning(kid.span(), 1)), Vec::new()),
        };
        let args = self.creation_args(find(&kids, Kind::ArgumentList), find(&kids, Kind::InitializerExpression));
        self.new_call(callee, args, type_args, kid)
    }

    fn created_type(&mut self, ty: Kid<'t>) -> (ExprId, Vec<ExprId>) {
        let whole = self.ty(ty);
        let ExprKind::Index { object, index } = self.module.expr(whole).kind else { return (whole, Vec::new()) };
        if ty.kind == Kind::ArrayType {
            return (whole, Vec::new());
        }
        match &self.module.expr(index).kind {
            ExprKind::List(types) => (object, types.clone()),
            _ => (object, vec![index]),
        }
    }

    fn creation_args(&mut self, list: Option<Kid<'t>>, initializer: Option<Kid<'t>>) -> Vec<Arg> {
        let mut args = list.map(|list| self.args(list)).unwrap_or_default();
        let Some(initializer) = initializer else { return args };
        let mut rest = Vec::new();
        for part in self.named_kids(initializer.node) {
            match self.member_initializer(part) {
                Some((name, value)) => {
                    let value = self.expr(value);
                    args.push(Arg { name: Some(name), spread: false, value });
                }
                None => rest.push(part),
            }
        }
        if !rest.is_empty() {
            let value = self.elements(&rest, initializer);
            args.push(Arg { name: None, spread: false, value });
        }
        args
    }

    /// `A = value` of an initialiser.
    fn member_initializer(&mut self, part: Kid<'t>) -> Option<(smol_str::SmolStr, Kid<'t>)> {
        if part.kind != Kind::AssignmentExpression {
            return None;
        }
        let kids = self.kids(part.node);
        let left = field(&kids, Field::Left).filter(|left| left.kind == Kind::Identifier)?;
        Some((self.name_of(left), field(&kids, Field::Right)?))
    }

    /// What a collection initialiser holds: pairs make a dictionary.
    fn elements(&mut self, parts: &[Kid<'t>], around: Kid<'t>) -> ExprId {
        let is_pair = |kid: &Kid<'t>| matches!(kid.kind, Kind::InitializerExpression | Kind::AssignmentExpression);
        if !parts.iter().all(is_pair) {
            let items = parts.iter().map(|part| self.expr(*part)).collect();
            return self.module.add_expr(ExprKind::List(items), around.span());
        }
        let mut entries = Vec::new();
        for part in parts {
            if part.kind == Kind::AssignmentExpression {
                // `[key] = value`
                let kids = self.kids(part.node);
                let key = match field(&kids, Field::Left) {
                    Some(left) => self.only_child(left),
                    None => self.other_of(&[], part.span()),
                };
                let value = self.expr_in(&kids, Field::Right, *part);
                entries.push(Entry::Pair { key, value });
                continue;
            }
            match self.named_kids(part.node).as_slice() {
                [key, value] => {
                    let key = self.expr(*key);
                    let value = self.expr(*value);
                    entries.push(Entry::Pair { key, value });
                }
                _ => {
                    let value = self.other(*part);
                    entries.push(Entry::Spread(value));
                }
            }
        }
        self.dict_of(entries, around)
    }

    /// `{ … }` as the value of a member: members make a dictionary, values a list.
    pub(super) fn initializer_value(&mut self, kid: Kid<'t>) -> ExprId {
        let parts = self.named_kids(kid.node);
        let mut entries = Vec::new();
        for part in &parts {
            let Some((name, value)) = self.member_initializer(*part) else { return self.elements(&parts, kid) };
            // Not lowered before all are known to be members, so that no call appears twice.
            entries.push((name, *part, value));
        }
        let entries = entries
            .into_iter()
            .map(|(name, part, value)| {
                let key = self.module.add_expr(ExprKind::Str(name), self.beginning(part.span(), 1));
                Entry::Pair { key, value: self.expr(value) }
            })
            .collect();
        self.dict_of(entries, kid)
    }

    /// `new { a, B = c, d.E }`.
    pub(super) fn anonymous_object(&mut self, kid: Kid<'t>) -> ExprId {
        let mut entries = Vec::new();
        let mut parts = self.named_kids(kid.node).into_iter();
        while let Some(part) = parts.next() {
            let is_named =
                part.kind == Kind::Identifier && self.is_followed_by(part, "=") && !self.is_followed_by(part, "==");
            let text = self.text_of(part);
            let name = text.rsplit('.').next().unwrap_or(text).trim_start_matches('@');
            let key = self.module.add_expr(ExprKind::Str(name.into()), part.span());
            let value = match is_named.then(|| parts.next()).flatten() {
                Some(value) => self.expr(value),
                None => self.expr(part),
            };
            entries.push(Entry::Pair { key, value });
        }
        self.dict_of(entries, kid)
    }

    /// `new[] { … }`, `new T[n]`, `new T[] { … }`.
    pub(super) fn array(&mut self, kid: Kid<'t>) -> ExprId {
        let kids = self.kids(kid.node);
        if let Some(values) = find(&kids, Kind::InitializerExpression) {
            let parts = self.named_kids(values.node);
            let items = parts.into_iter().map(|part| self.expr(part)).collect();
            return self.module.add_expr(ExprKind::List(items), kid.span());
        }
        let mut sizes = Vec::new();
        if let Some(ty) = field(&kids, Field::Type) {
            let parts = self.kids(ty.node);
            if let Some(rank) = field(&parts, Field::Rank) {
                sizes = self.named_kids(rank.node).into_iter().map(|size| self.expr(size)).collect();
            }
        }
        self.other_of(&sizes, kid.span())
    }
}
