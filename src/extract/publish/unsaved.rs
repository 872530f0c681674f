//! What runs where a commit of C# says that it wrote nothing: `if (await context.SaveChangesAsync() < 1) { … }`.

use crate::facts::module::{BinaryOp, ExprId, ExprKind, Language, StmtId, StmtKind};
use crate::program::index::Binding;
use crate::program::{Evaluator, Site};

/// Commits, also those of a unit of work that pass on what EF Core says. What other functions say may be about something
/// else: a payment that was refused is written down too.
const COMMITS: [&str; 7] =
    ["SaveChanges", "SaveChangesAsync", "SaveEntitiesAsync", "Commit", "CommitAsync", "Complete", "CompleteAsync"];
/// How many variables lie between the commit and the test.
const MAX_STEPS: u32 = 4;

/// What a value says about a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Says {
    /// How many rows were written, or whether any were.
    Written,
    /// True when rows were written, and only then.
    Yes,
    /// True when none were.
    No,
}

/// True for a place that is reached only when a call before it says that it wrote nothing; `around` are the statements
/// around the place, outermost first.
pub(super) fn wrote_nothing(ev: &Evaluator<'_>, write: Site, around: &[StmtId]) -> bool {
    let module = &ev.program.unit(write.unit).module;
    let commits = module.callee_name(write.expr).is_some_and(|name| COMMITS.contains(&name.as_str()));
    if module.language != Language::CSharp || !commits {
        return false;
    }
    around.windows(2).any(|pair| {
        let StmtKind::If { test, then, other } = &module.stmt(pair[0]).kind else { return false };
        match says(ev, write, *test, 0) {
            Some(Says::No) => then.contains(&pair[1]),
            Some(Says::Yes | Says::Written) => other.contains(&pair[1]),
            None => false,
        }
    })
}

fn says(ev: &Evaluator<'_>, write: Site, expr: ExprId, steps: u32) -> Option<Says> {
    let unit = ev.program.unit(write.unit);
    let module = &unit.module;
    if expr == write.expr {
        return Some(Says::Written);
    }
    if steps > MAX_STEPS {
        return None;
    }
    let next = |expr: ExprId| says(ev, write, expr, steps + 1);
    match &module.expr(expr).kind {
        ExprKind::Await(inner) | ExprKind::Cast { value: inner, .. } => next(*inner),
        // `save.ConfigureAwait(false)`
        ExprKind::Call(call) => match &module.expr(call.callee).kind {
            ExprKind::Attr { object, name, .. } if name == "ConfigureAwait" => next(*object),
            _ => None,
        },
        ExprKind::Not(inner) => match next(*inner)? {
            Says::Written | Says::Yes => Some(Says::No),
            Says::No => Some(Says::Yes),
        },
        ExprKind::Binary { op, left, right } => {
            let (is_zero, is_one) = match module.expr(*right).kind {
                ExprKind::Num(number) => (number == 0.0, number == 1.0),
                _ => return None,
            };
            match (next(*left)?, op) {
                (Says::Written, BinaryOp::Lt) if is_zero || is_one => Some(Says::No),
                (Says::Written, BinaryOp::Gt) if is_zero || is_one => Some(Says::Yes),
                (Says::Written, BinaryOp::Eq) if is_zero => Some(Says::No),
                (Says::Written, BinaryOp::Ne) if is_zero => Some(Says::Yes),
                _ => None,
            }
        }
        ExprKind::Name(name) => match unit.index.lookup(module, unit.index.func_of(expr), name)? {
            (_, [Binding::Value(value)]) => next(*value),
            _ => None,
        },
        _ => None,
    }
}
