//! Whether code speaks of something: the cheap question whose "no" can be trusted.

use crate::extract::saga::{Context, names};
use crate::facts::module::{ExprKind, TemplatePart};
use crate::program::{Site, UnitId};
use crate::syntax::{Place, Span};

/// What is searched besides names.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::extract::saga) enum Texts {
    /// Names and keys.
    No,
    /// Names, keys and texts such as queries.
    Yes,
}

impl Context<'_, '_> {
    /// Where a module, or a part of it, has a name that passes the test.
    pub(in crate::extract::saga) fn speaks(
        &self,
        unit: UnitId,
        within: Option<Span>,
        texts: Texts,
        test: &dyn Fn(&str) -> bool,
    ) -> Option<Place> {
        self.speaks_where(unit, &|span| within.is_none_or(|w| w.contains(span)), texts, test)
    }

    /// The same for the parts of a module whose spans pass.
    pub(in crate::extract::saga) fn speaks_where(
        &self,
        unit: UnitId,
        inside: &dyn Fn(Span) -> bool,
        texts: Texts,
        test: &dyn Fn(&str) -> bool,
    ) -> Option<Place> {
        let linked = self.ev.program.unit(unit);
        let module = &linked.module;
        for (i, expr) in module.exprs.iter().enumerate() {
            if !inside(expr.span) {
                continue;
            }
            let hit = match &expr.kind {
                ExprKind::Name(name) | ExprKind::Attr { name, .. } => test(name),
                // A text is a key when it has no blanks.
                ExprKind::Str(text) => (texts == Texts::Yes || !text.contains(' ')) && test(text),
                ExprKind::Template(parts) => {
                    texts == Texts::Yes && parts.iter().any(|p| matches!(p, TemplatePart::Text(t) if test(t)))
                }
                ExprKind::Call(call) => call.args.iter().any(|a| a.name.as_ref().is_some_and(|n| test(n))),
                _ => false,
            };
            if hit {
                let expr = crate::facts::module::ExprId(i as u32);
                return Some(self.ev.program.place(Site { unit, expr }));
            }
        }
        for function in module.funcs.iter().filter(|f| inside(f.span)) {
            if test(&function.name) || function.params.iter().any(|p| test(&p.name)) {
                return Some(Place::new(linked.file, function.name_span));
            }
        }
        for class in module.classes.iter().filter(|c| inside(c.span)) {
            if class.fields.iter().any(|f| test(&f.name)) {
                return Some(Place::new(linked.file, class.name_span));
            }
        }
        None
    }
}

/// Something that ends what takes too long.
pub(in crate::extract::saga) fn is_time_limit(name: &str) -> bool {
    let name = names::fold(name);
    // A pause is no limit.
    !matches!(name.as_str(), "settimeout" | "cleartimeout")
        && (matches!(name.as_str(), "race" | "signal" | "waitfor" | "failafter" | "moveonafter")
            || ["timeout", "deadline", "abortsignal", "abortcontroller", "timelimit", "timedout"]
                .iter()
                .any(|w| name.contains(w)))
}

/// Something that tries again.
pub(in crate::extract::saga) fn is_repetition(name: &str) -> bool {
    let name = names::fold(name);
    ["retry", "retri", "attempt", "backoff", "tenacity", "tries"].iter().any(|w| name.contains(w))
        && !["countries", "entries", "registries"].iter().any(|w| name.contains(w))
}

/// An identifier of a run: `saga_id`, `order.id`, `correlationId`, `uuid4`.
pub(in crate::extract::saga) fn is_id(name: &str) -> bool {
    let words = names::words(name);
    let folded = names::fold(name);
    (words.last().is_some_and(|w| w == "id") && !words.iter().any(|w| w == "step"))
        || ["uuid", "nanoid", "ulid", "guid", "cuid", "idempot", "correlat"].iter().any(|w| folded.contains(w))
}
