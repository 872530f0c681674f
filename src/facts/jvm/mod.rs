//! Java and Kotlin: from the syntax tree to a [`Module`].
//!
//! What is particular to these languages:
//! - Annotations are decorators: `@Get("/x")` is a call, `@Bean` a name; `@A(b = 1)` has a named argument.
//! - A class inside a class is no statement, it names its [`outer`](super::module::Class::outer) class.
//! - An anonymous class is a [`ExprKind::ClassExpr`] with the named type as its base; what creates the
//!   object is a call of it.
//! - Record components and Kotlin's `val` parameters are parameters of the constructor that are fields.
//! - Members of a companion object are static members of the class around it.
//! - A `switch` or `when` whose value is used becomes nested [`ExprKind::Cond`]s; a branch with several
//!   statements is a lambda in an [`ExprKind::Other`].
//! - Initialiser blocks are methods called `static` (Java's `static { … }`) and `init`.

pub mod java;
mod kind;
pub mod kotlin;
mod text;

use smol_str::SmolStr;

use self::kind::Kind;
use super::module::{ClassId, ClassKind, ExprId, ExprKind};
use super::walk::text::assign_op;
use super::walk::{
    self, Dialect, Field, Head, Lower, MAX_BRANCHES, MAX_LINKS, Spelled, Tables, field, find, has, named,
};
use crate::syntax::Span;

type Kid<'t> = walk::Kid<'t, Kind>;

/// One of the two languages.
pub(in crate::facts) trait Jvm: Dialect<Kind = Kind> {}

/// True for comments.
fn is_comment(kind: Kind) -> bool {
    matches!(kind, Kind::LineComment | Kind::BlockComment)
}

impl<'t, L: Jvm> Lower<'t, L> {
    /// The text of an identifier; Kotlin's backticks are no part of it.
    fn name_of(&self, kid: Kid<'t>) -> SmolStr {
        SmolStr::new(self.text_of(kid).trim_matches('`'))
    }

    /// `a.b.c` as names and attributes; a span for each part.
    fn dotted(&mut self, kid: Kid<'t>) -> ExprId {
        let mut value = None;
        let mut at = kid.start();
        for part in self.text_of(kid).split('.') {
            let lead = part.len() - part.trim_start().len();
            let span = Span::new(at + lead, at + lead + part.trim().len());
            let name = SmolStr::new(part.trim().trim_matches('`'));
            value = Some(match value {
                None => self.name(name, span),
                Some(object) => {
                    let whole = Span::new(kid.start(), span.end as usize);
                    self.module.add_expr(ExprKind::Attr { object, name, name_span: span }, whole)
                }
            });
            at += part.len() + 1;
        }
        match value {
            Some(value) => value,
            None => self.other_of(&[], kid.span()),
        }
    }

    /// The text of a dotted name without blanks.
    fn dotted_name(&self, kid: Kid<'t>) -> SmolStr {
        self.text_of(kid).chars().filter(|c| !c.is_whitespace() && *c != '`').collect::<String>().into()
    }

    /// Takes the place of a class, so that its members can name it; `body` runs with it as the class
    /// around.
    fn class_with(
        &mut self,
        name: SmolStr,
        kind: ClassKind,
        span: Span,
        name_span: Span,
        body: impl FnOnce(&mut Self, ClassId),
    ) -> ClassId {
        let id = self.new_class(name, kind, span, name_span);
        self.in_class(id, |lower| body(lower, id));
        id
    }
}
