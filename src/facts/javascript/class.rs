//! Classes and their members.

use smol_str::SmolStr;

use super::kind::Kind;
use super::{Field, Head, Kid, Lower, field, has};
use crate::facts::module::{self, ClassId, ClassKind, ExprId, ExprKind, FunctionKind};
use crate::syntax::Span;

impl<'t> Lower<'t> {
    /// A class used as a value, called `name` unless it has a name of its own.
    pub(super) fn class_expr(&mut self, kid: Kid<'t>, name: SmolStr) -> ExprId {
        match self.deeper(kid, |lower| lower.class(kid, name, &[])) {
            Some(class) => self.module.add_expr(ExprKind::ClassExpr(class), kid.span()),
            None => self.other_of(&[], kid.span()),
        }
    }

    /// A class; `decorators` are those written before `export`.
    pub(super) fn class(&mut self, kid: Kid<'t>, name: SmolStr, decorators: &[Kid<'t>]) -> ClassId {
        let kids = self.kids(kid.node);
        let own = kids.iter().filter(|kid| kid.kind == Kind::Decorator);
        let decorators: Vec<Kid<'t>> = decorators.iter().chain(own).copied().collect();
        let start = decorators.iter().map(Kid::start).min().unwrap_or(kid.start()).min(kid.start());
        let own_name = field(&kids, Field::Name);
        let name = own_name.map_or(name, |own| self.name_of(own));
        let name_span = own_name.map_or(self.beginning(kid.span(), 5), |own| own.span());
        let id = self.new_class(name, ClassKind::Class, Span::new(start, kid.end()), name_span);

        let decorators = self.decorators(&decorators);
        let bases = match kids.iter().find(|kid| kid.kind == Kind::ClassHeritage) {
            Some(heritage) => self.heritage(*heritage),
            None => Vec::new(),
        };
        self.class_mut(id).decorators = decorators;
        self.class_mut(id).bases = bases;
        if let Some(body) = field(&kids, Field::Body) {
            self.in_class(id, |lower| lower.members(body, id));
        }
        id
    }

    /// `extends X<T> implements Y, Z`.
    fn heritage(&mut self, heritage: Kid<'t>) -> Vec<ExprId> {
        let mut bases = Vec::new();
        for clause in self.named_kids(heritage.node) {
            match clause.kind {
                Kind::ExtendsClause => {
                    for kid in self.named_kids(clause.node) {
                        let base = if kid.kind == Kind::TypeArguments { bases.pop() } else { None };
                        match base {
                            Some(base) => {
                                let span = Span { end: kid.span().end, ..self.module.expr(base).span };
                                bases.push(self.apply_type_list(base, kid, span));
                            }
                            None => bases.push(self.expr(kid)),
                        }
                    }
                }
                Kind::ImplementsClause => {
                    for kid in self.named_kids(clause.node) {
                        bases.push(self.ty(kid));
                    }
                }
                _ => bases.push(self.expr(clause)),
            }
        }
        bases
    }

    fn members(&mut self, body: Kid<'t>, id: ClassId) {
        // TypeScript's grammar puts the decorators of a method before it, not into it.
        let mut decorators = Vec::new();
        for member in self.named_kids(body.node) {
            match member.kind {
                Kind::Decorator => {
                    decorators.push(member);
                    continue;
                }
                Kind::MethodDefinition | Kind::AbstractMethodSignature => {
                    let kids = self.kids(member.node);
                    let method = self.method(member, &kids, std::mem::take(&mut decorators));
                    self.class_mut(id).methods.push(method);
                }
                Kind::FieldDefinition | Kind::PublicFieldDefinition => self.field(member, id),
                Kind::ClassStaticBlock => {
                    let kids = self.kids(member.node);
                    let head = Head {
                        name: SmolStr::new_static("static"),
                        name_span: self.beginning(member.span(), 6),
                        kind: FunctionKind::Method,
                        is_static: true,
                        ..self.lambda_head(member.span())
                    };
                    let method = self.function(&kids, head);
                    self.class_mut(id).methods.push(method);
                }
                Kind::MethodSignature | Kind::IndexSignature => {}
                _ => {
                    self.expr(member);
                }
            }
            // Those of an overload, or of nothing.
            self.decorators(&std::mem::take(&mut decorators));
        }
    }

    fn field(&mut self, member: Kid<'t>, id: ClassId) {
        let kids = self.kids(member.node);
        let Some(name) = field(&kids, Field::Name).or_else(|| field(&kids, Field::Property)) else { return };
        let outer = self.class.take();
        if name.kind == Kind::ComputedPropertyName {
            self.expr(name);
        }
        let decorators: Vec<Kid<'t>> = kids.iter().filter(|kid| kid.kind == Kind::Decorator).copied().collect();
        let decorators = self.decorators(&decorators);
        let text = self.key_name(name);
        let ty = field(&kids, Field::Type).map(|ty| self.only_type(ty));
        let value = field(&kids, Field::Value).map(|value| {
            let is_function =
                matches!(value.kind, Kind::ArrowFunction | Kind::FunctionExpression | Kind::GeneratorFunction);
            self.class = Some(id).filter(|_| is_function);
            self.named_value(value, &text)
        });
        self.class = outer;
        let is_static = has(&kids, Kind::TokenStatic);
        let span = member.span();
        self.class_mut(id).fields.push(module::Field { name: text, ty, value, decorators, is_static, span });
    }

    /// `enum E { A = 1, B }`.
    pub(super) fn enumeration(&mut self, kid: Kid<'t>) -> ClassId {
        let kids = self.kids(kid.node);
        let name = field(&kids, Field::Name);
        let text = name.map(|name| self.name_of(name)).unwrap_or_default();
        let id = self.new_class(text, ClassKind::Enum, kid.span(), name.map_or(kid.span(), |name| name.span()));
        let members = field(&kids, Field::Body).map(|body| self.named_kids(body.node)).unwrap_or_default();
        for member in members {
            let (name, value) = match member.kind {
                Kind::EnumAssignment => {
                    let kids = self.kids(member.node);
                    (field(&kids, Field::Name), field(&kids, Field::Value))
                }
                Kind::Error => (None, Some(member)),
                _ => (Some(member), None),
            };
            let value = value.map(|value| self.expr(value));
            let Some(name) = name else { continue };
            let name = self.key_name(name);
            let field =
                module::Field { name, ty: None, value, decorators: Vec::new(), is_static: true, span: member.span() };
            self.class_mut(id).fields.push(field);
        }
        id
    }
}
