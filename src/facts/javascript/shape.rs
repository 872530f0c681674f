//! Interfaces and object types.

use super::kind::Kind;
use super::{Field, Kid, Lower, field};
use crate::facts::module::{self, Block, ClassId, ClassKind, Entry, ExprId, ExprKind, StmtKind};

impl<'t> Lower<'t> {
    /// `interface X extends Y { … }`.
    pub(super) fn interface(&mut self, kid: Kid<'t>) -> ClassId {
        let kids = self.kids(kid.node);
        let id = self.reserve_shape(kid, &kids);
        let mut bases = Vec::new();
        if let Some(clause) = kids.iter().find(|kid| kid.kind == Kind::ExtendsTypeClause) {
            for base in self.named_kids(clause.node) {
                bases.push(self.ty(base));
            }
        }
        self.class_mut(id).bases = bases;
        if let Some(body) = field(&kids, Field::Body) {
            self.shape_members(body, id);
        }
        id
    }

    /// `type X = …`: an object type (or an intersection with one) is an interface, any other type is
    /// assigned to the name.
    pub(super) fn type_alias(&mut self, kid: Kid<'t>, out: &mut Block) {
        let kids = self.kids(kid.node);
        let Some((name, value)) = field(&kids, Field::Name).zip(field(&kids, Field::Value)) else { return };
        let mut parts = Vec::new();
        self.intersected(value, &mut parts);
        if !parts.iter().any(|part| part.kind == Kind::ObjectType) {
            let target = self.expr(name);
            let value = self.ty(value);
            return self.assign(target, value, kid.span(), out);
        }
        let id = self.reserve_shape(kid, &kids);
        for part in parts {
            if part.kind == Kind::ObjectType {
                self.shape_members(part, id);
            } else {
                let base = self.ty(part);
                self.class_mut(id).bases.push(base);
            }
        }
        out.push(self.module.add_stmt(StmtKind::Class(id), kid.span()));
    }

    /// The operands of `A & B & C`, in source order.
    fn intersected(&mut self, ty: Kid<'t>, parts: &mut Vec<Kid<'t>>) {
        let mut at = ty;
        while at.kind == Kind::IntersectionType {
            let mut kids = self.named_kids(at.node);
            let Some(last) = kids.pop() else { break };
            match kids.pop() {
                Some(rest) => {
                    parts.push(last);
                    at = rest;
                }
                None => at = last,
            }
        }
        parts.push(at);
        parts.reverse();
    }

    fn reserve_shape(&mut self, kid: Kid<'t>, kids: &[Kid<'t>]) -> ClassId {
        let name = field(kids, Field::Name);
        let text = name.map(|name| self.name_of(name)).unwrap_or_default();
        self.new_class(text, ClassKind::Interface, kid.span(), name.map_or(kid.span(), |name| name.span()))
    }

    fn shape_members(&mut self, body: Kid<'t>, id: ClassId) {
        let outer = self.class.replace(id);
        for member in self.named_kids(body.node) {
            let kids = self.kids(member.node);
            match member.kind {
                Kind::PropertySignature => {
                    let Some(name) = field(&kids, Field::Name) else { continue };
                    let name = self.key_name(name);
                    let ty = field(&kids, Field::Type).map(|ty| self.only_type(ty));
                    let (value, decorators, is_static) = (None, Vec::new(), false);
                    let span = member.span();
                    self.class_mut(id).fields.push(module::Field { name, ty, value, decorators, is_static, span });
                }
                Kind::MethodSignature => {
                    let method = self.method(member, &kids, Vec::new());
                    self.class_mut(id).methods.push(method);
                }
                Kind::Error => {
                    self.expr(member);
                }
                _ => {}
            }
        }
        self.class = outer;
    }

    /// An object type inside another type.
    pub(super) fn object_type(&mut self, kid: Kid<'t>) -> ExprId {
        let mut entries = Vec::new();
        for member in self.named_kids(kid.node) {
            let kids = self.kids(member.node);
            let ty = field(&kids, Field::Type).filter(|_| member.kind == Kind::PropertySignature);
            if let Some((name, ty)) = field(&kids, Field::Name).zip(ty) {
                let pair = Entry::Pair { key: self.key(name), value: self.only_type(ty) };
                entries.push(pair);
            }
        }
        self.module.add_expr(ExprKind::Dict(entries), kid.span())
    }
}
