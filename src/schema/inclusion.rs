//! Is every document of one schema a document of another? Proved, refuted with a document, or unknown.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::canonical::{self, Algebra};
use super::facts::World;
use super::opaque;
use super::plain::Schema;
use super::prove::{At, Prover};
use super::witness::{self, Judge};

/// The time for a pair.
pub const DEADLINE: Duration = Duration::from_secs(2);

/// How many levels of values are searched once more.
const NEAR: [u32; 3] = [4, 8, 12];

/// Schemas nest; their algebra recurses.
const STACK: usize = 256 << 20;

/// How an inclusion was proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Proof {
    /// The two are the same but for annotations.
    Identical,
    /// The algebra of canonical schemas: the outer one covers the inner.
    Covers,
    /// Each assertion of the outer schema follows from the inner.
    Rules,
    /// Avro: the reader resolves whatever the writer writes.
    Resolution,
    /// Protobuf: each field is read as it is written.
    Wire,
    /// Each assertion follows, whatever the references that lead nowhere mean, as long as they mean the same in both.
    References,
    /// The rules of the registry allow every change; about documents they say nothing.
    Registry,
    /// The inner schema lists its values, and the outer one accepts each.
    Values,
}

impl Proof {
    /// As it is printed.
    pub fn name(self) -> &'static str {
        match self {
            Proof::Identical => "identical",
            Proof::Covers => "covers",
            Proof::Rules => "rules",
            Proof::Values => "values",
            Proof::Resolution => "resolution",
            Proof::Wire => "wire",
            Proof::References => "references",
            Proof::Registry => "registry",
        }
    }
}

/// The answer to one inclusion.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Proved: every document of the writer is one of the reader.
    Compatible {
        /// How.
        proof: Proof,
    },
    /// Refuted: the writer's schema accepts this document, the reader's rejects it.
    Breaking {
        /// A small one.
        witness: Value,
        /// Where in it the reader finds fault (a JSON pointer), and what the fault is.
        fault: Option<(String, String)>,
    },
    /// A rule of the format or of a registry says no, and there is no document that shows it.
    Refused {
        /// Where in documents, as a JSON pointer, and what the rule says.
        fault: (String, String),
    },
    /// Neither.
    Unknown {
        /// Why; no full stop.
        reason: String,
    },
}

impl Verdict {
    fn unknown(reason: impl Into<String>) -> Verdict {
        Verdict::Unknown { reason: reason.into() }
    }

    /// True when it is proved.
    pub fn is_compatible(&self) -> bool {
        matches!(self, Verdict::Compatible { .. })
    }

    /// True when it is refuted.
    pub fn is_breaking(&self) -> bool {
        matches!(self, Verdict::Breaking { .. } | Verdict::Refused { .. })
    }
}

/// Decides inclusions.
pub trait Inclusion {
    /// Is every document that `inner` accepts accepted by `outer`? `samples` are documents that may show
    /// that it is not so: examples of the repository.
    fn decide(&self, inner: &Schema, outer: &Schema, samples: &[Value]) -> Verdict;
}

/// Proofs by the algebra and by rules, witnesses from the difference and by search; each pair in a thread
/// of its own, which is left alone when its time is over and ends with the process at the latest.
#[derive(Clone, Copy, Debug)]
pub struct Engine {
    /// The time for a pair.
    pub deadline: Duration,
}

impl Default for Engine {
    fn default() -> Self {
        Engine { deadline: DEADLINE }
    }
}

impl Inclusion for Engine {
    fn decide(&self, inner: &Schema, outer: &Schema, samples: &[Value]) -> Verdict {
        let is_known = inner.unresolved.is_empty() && outer.unresolved.is_empty();
        if is_known && inner.value == outer.value {
            return Verdict::Compatible { proof: Proof::Identical };
        }
        let (inner, outer, samples, time) = (inner.clone(), outer.clone(), samples.to_vec(), self.deadline);
        let (sender, receiver) = mpsc::channel();
        let work = move || {
            let answer = catch_unwind(AssertUnwindSafe(|| decide(&inner, &outer, &samples, time)));
            // Nobody may be waiting any more.
            let _ = sender.send(answer);
        };
        if std::thread::Builder::new().name("inclusion".into()).stack_size(STACK).spawn(work).is_err() {
            return Verdict::unknown("no thread could be started for the comparison");
        }
        match receiver.recv_timeout(time + Duration::from_millis(50)) {
            Ok(Ok(verdict)) => verdict,
            Ok(Err(_)) => Verdict::unknown("the comparison failed inside"),
            Err(_) => Verdict::unknown(format!("not decided within {} s", time.as_secs_f32())),
        }
    }
}

fn decide(inner: &Schema, outer: &Schema, samples: &[Value], time: Duration) -> Verdict {
    let start = Instant::now();
    if let Some(missing) = inner.unresolved.first().or_else(|| outer.unresolved.first()) {
        let refute = |inner: &Schema, outer: &Schema| Some(decide(inner, outer, samples, time / 4));
        if let Some(verdict) = opaque::decide(inner, outer, start + time / 4, refute) {
            return verdict;
        }
        return as_written(inner, outer, samples, start + time / 2)
            .unwrap_or_else(|| Verdict::unknown(format!("{} (`{}`)", missing.reason, missing.path)));
    }
    let judge = match Judge::new(inner, outer) {
        Ok(judge) => judge,
        Err(reason) => return Verdict::unknown(format!("a validator refuses one of the schemas: {reason}")),
    };
    let (world, small, large) = World::of(&inner.value, &outer.value, start + time / 4);
    let (algebra, rules) = (canonical::compare, Prover::new(&world));
    // The rules are quick where they see something, and never long.
    if rules.implies(&[Rc::clone(&small)], &large, At::default()) {
        return Verdict::Compatible { proof: Proof::Rules };
    }
    let (world, small, large) = World::of(&inner.value, &outer.value, start + time / 2);
    let breaking = |found: Value| {
        let witness = witness::shrunk(&judge, found, start + time * 9 / 10);
        Verdict::Breaking { fault: judge.fault(&witness), witness }
    };
    if let Some(found) = witness::search(&world, &judge, &small, &large, samples, start + time / 2) {
        return breaking(found);
    }
    for levels in NEAR {
        let end = start + time * 3 / 5;
        let (world, small, large) = World::of(&inner.value, &outer.value, end);
        if let Some(found) = witness::near(&world, &judge, (&small, &large), levels, end) {
            return breaking(found);
        }
    }
    match algebra(&inner.value, &outer.value) {
        Algebra::Covered => Verdict::Compatible { proof: Proof::Covers },
        Algebra::Open(Some(difference)) => match witness::from_difference(&judge, &difference, start + time * 3 / 4) {
            Some(found) => breaking(found),
            None => Verdict::unknown("neither a proof nor a document that breaks was found"),
        },
        Algebra::Open(None) => Verdict::unknown("neither a proof nor a document that breaks was found"),
    }
}

/// Schemas that can't be rewritten (a `$dynamicRef` that depends on who refers to it, the meta-schema) but
/// that validators understand as they are: values can be tried, and where they are listed, all of them.
fn as_written(inner: &Schema, outer: &Schema, samples: &[Value], deadline: Instant) -> Option<Verdict> {
    let judge = Judge::as_written(inner, outer)?;
    let (written, _) = inner.original.as_ref()?;
    if inner.original == outer.original {
        return Some(Verdict::Compatible { proof: Proof::Identical });
    }
    let (world, small, large) = World::of(&inner.value, &outer.value, deadline);
    if let Some(found) = witness::search(&world, &judge, &small, &large, samples, deadline) {
        let witness = witness::shrunk(&judge, found, deadline);
        return Some(Verdict::Breaking { fault: judge.fault(&witness), witness });
    }
    // A recursion through `not` has no meaning that all validators agree on.
    let negated =
        inner.original.iter().chain(&outer.original).any(|(value, _)| {
            has_key(value, "not") && (has_key(value, "$dynamicRef") || has_key(value, "$recursiveRef"))
        });
    if negated {
        return None;
    }
    if !inner.unresolved.is_empty() {
        return None;
    }
    // The search may have run out of time; what is listed is looked at to the last.
    let listed: Vec<Value> = match (written.get("const"), written.get("enum")) {
        (Some(value), _) => vec![value.clone()],
        (None, Some(Value::Array(values))) => values.clone(),
        _ => return None,
    };
    Some(match listed.into_iter().find(|value| judge.is_witness(value)) {
        Some(witness) => Verdict::Breaking { fault: judge.fault(&witness), witness },
        None => Verdict::Compatible { proof: Proof::Values },
    })
}

fn has_key(value: &Value, key: &str) -> bool {
    match value {
        Value::Object(map) => map.iter().any(|(name, value)| name == key || has_key(value, key)),
        Value::Array(items) => items.iter().any(|item| has_key(item, key)),
        _ => false,
    }
}
