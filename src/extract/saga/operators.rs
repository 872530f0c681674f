//! Steps of a chain that go on with what a call will give: operators of Reactor, RxJava and Mutiny, of
//! `CompletableFuture`. They do nothing for the saga themselves; what they are given does.
//!
//! Sources: <https://projectreactor.io/docs/core/release/api/reactor/core/publisher/Mono.html>,
//! <https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/util/concurrent/CompletableFuture.html>.

use smol_str::SmolStr;

use super::names;
use crate::facts::module::{Call, ExprKind, Language, Module};

/// What an operator does with the functions that it is given.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    /// They run when it went well, or whichever way it went.
    GoesOn,
    /// They run when it failed.
    Failed,
}

/// The operator that a call is.
pub(super) fn of(module: &Module, call: &Call) -> Option<Operator> {
    if !module.language.is_jvm() {
        return None;
    }
    let ExprKind::Attr { object, name, .. } = &module.expr(call.callee).kind else { return None };
    match name.as_str() {
        "onErrorResume" | "doOnError" | "exceptionally" | "exceptionallyCompose" | "onErrorMap" | "onErrorReturn" => {
            Some(Operator::Failed)
        }
        "retryWhen" | "subscribeOn" | "publishOn" | "doOnNext" | "doOnSuccess" | "doFinally" | "doOnSubscribe"
        | "doOnTerminate" | "flatMap" | "concatMap" | "switchIfEmpty" | "defaultIfEmpty" | "thenReturn"
        | "thenMany" | "thenEmpty" | "thenApply" | "thenApplyAsync" | "thenCompose" | "thenComposeAsync"
        | "thenAccept" | "thenRun" | "whenComplete" | "orTimeout" | "completeOnTimeout" | "contextWrite"
        | "transformDeferred" | "zipWith" | "zipWhen" => Some(Operator::GoesOn),
        // Words of other things too: here they follow a call.
        "timeout" | "retry" | "map" | "then" | "filter" | "block" | "subscribe" | "join" | "cache" | "transform"
        | "as" | "handle"
            if matches!(module.expr(*object).kind, ExprKind::Call(_)) =>
        {
            Some(Operator::GoesOn)
        }
        _ => None,
    }
}

/// A part of `SagaStep.builder().action(…).compensation(…).build()`: it says what a step would do, and runs nothing.
pub(super) fn describes(chain: &[SmolStr]) -> bool {
    let Some((last, before)) = chain.split_last() else { return false };
    let is_builder = |name: &SmolStr| names::fold(name) == "builder";
    let of_step = || before.iter().any(|name| names::words(name).iter().any(|word| word == "step"));
    is_builder(last) && of_step()
        || before.iter().any(is_builder)
            && of_step()
            && (names::is_action(last) || names::is_undo(last) || names::fold(last) == "build")
}

/// Cancels inside the process, or waits for it: `CancellationTokenSource.CreateLinkedTokenSource(…)`,
/// `source.CancelAfter(…)`, `source.Token.Register(…)`. It does no step and undoes none.
///
/// <https://learn.microsoft.com/en-us/dotnet/standard/threading/cancellation-in-managed-threads>
pub(super) fn cancels(language: Language, chain: &[SmolStr]) -> bool {
    let [.., object, last] = chain else { return false };
    let object = names::fold(object);
    language == Language::CSharp
        && match last.as_str() {
            "CreateLinkedTokenSource" | "CancelAfter" => true,
            "Cancel" | "CancelAsync" => object == "cts" || object.ends_with("tokensource"),
            "Register" | "UnsafeRegister" => object == "ct" || object.ends_with("token"),
            _ => false,
        }
}
