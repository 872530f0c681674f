//! What functions do, by their names: those that start something, run what they are given, or never matter.

use crate::extract::saga::names::words;

/// Functions that start something and do not wait for it.
pub(super) fn hands_off(name: &str) -> bool {
    matches!(
        name,
        "create_task"
            | "ensure_future"
            | "submit"
            | "start_soon"
            | "setImmediate"
            | "nextTick"
            | "queueMicrotask"
            | "call_soon"
            | "start_new_thread"
            | "run_coroutine_threadsafe"
            | "start"
            | "setTimeout"
            | "apply_async"
    )
}

/// Functions that run what is passed to them, at once or in another thread.
pub(super) fn runs_argument(name: &str) -> bool {
    matches!(
        name,
        "submit"
            | "to_thread"
            | "run_in_executor"
            | "run_sync"
            | "run_in_threadpool"
            | "Thread"
            | "map"
            | "forEach"
            | "call_soon_threadsafe"
            | "add_callback_threadsafe"
            | "partial"
            // Pipelines of Polly.
            | "Execute"
            | "ExecuteAsync"
    )
}

/// Functions that send what a log or a meter shows, `publishLog`: told twice or never, it does no harm.
pub(super) fn logs(name: &str) -> bool {
    let words = words(name);
    let of = |word: Option<&String>, of: &[&str]| word.is_some_and(|word| of.contains(&word.as_str()));
    of(words.first(), &["publish", "send", "emit", "write", "push", "produce", "ship"])
        && of(words.last(), &["log", "metric", "telemetry", "heartbeat"])
}

/// Functions whose callbacks run at another time, for another reason.
pub(super) fn later(name: &str) -> bool {
    matches!(
        name,
        "setTimeout"
            | "setInterval"
            | "on"
            | "once"
            | "addListener"
            | "addEventListener"
            | "add_done_callback"
            | "add_callback"
            | "add_errback"
            | "add_signal_handler"
    )
}

/// A global that the platform does not provide: it comes from a place that was not read.
pub(super) fn is_undeclared(name: &str) -> bool {
    const PLATFORM: [&str; 18] = [
        "console",
        "process",
        "parseInt",
        "parseFloat",
        "isNaN",
        "isFinite",
        "setTimeout",
        "setInterval",
        "setImmediate",
        "clearTimeout",
        "clearInterval",
        "queueMicrotask",
        "structuredClone",
        "crypto",
        "performance",
        "fetch",
        "require",
        "encodeURIComponent",
    ];
    let first = name.split('.').next().unwrap_or(name);
    first.starts_with(|c: char| c.is_lowercase()) && !PLATFORM.contains(&first)
}

/// Methods of everyday values that never matter here.
pub(super) fn is_plain(name: &str) -> bool {
    matches!(
        name,
        "get"
            | "<-"
            | "=>"
            | "go"
            | "items"
            | "keys"
            | "values"
            | "map"
            | "filter"
            | "join"
            | "split"
            | "trim"
            | "strip"
            | "format"
            | "lower"
            | "upper"
            | "toString"
            | "toISOString"
            | "push"
            | "append"
            | "slice"
            | "includes"
            | "startsWith"
            | "endsWith"
            | "startswith"
            | "endswith"
            | "replace"
            | "info"
            | "warn"
            | "warning"
            | "error"
            | "Error"
            | "debug"
            | "log"
            | "exception"
            | "decode"
            | "encode"
            | "isoformat"
            | "bind"
            | "inc"
            | "observe"
            | "labels"
            | "toLowerCase"
            | "toUpperCase"
            | "find"
            | "reduce"
            | "sort"
            | "forEach"
            | "some"
            | "every"
            | "toFixed"
            | "padStart"
            | "getTime"
            | "copy"
            | "extend"
            | "pop"
            | "count"
            | "set"
            | "setAttribute"
            | "setAttributes"
            | "end"
            | "set_attribute"
            | "sum"
            | "printStackTrace"
            | "println"
            | "getMessage"
            | "trace"
            // What was done to a database is undone.
            | "rollback"
    )
}

/// The same in Go: methods of loggers, `Infof`, `WarnContext`, and the ends of a transaction and of a span.
pub(super) fn is_plain_in_go(name: &str) -> bool {
    let verbs = ["Trace", "Debug", "Info", "Notice", "Warn", "Warning", "Error", "Print"];
    let logs = verbs.iter().filter_map(|verb| name.strip_prefix(verb));
    let mut ends = logs.map(|rest| matches!(rest, "" | "f" | "w" | "ln" | "Context" | "Ctx"));
    ends.any(|ends| ends)
        || matches!(name, "Commit" | "Rollback" | "End" | "RecordError" | "SetStatus" | "SetAttributes" | "AddEvent")
}

/// A function of a sample that shows only its name: what it does twice when it is called twice, as a mail, a charge,
/// or goods that are taken out of the stock.
pub(super) fn does_again(name: &str) -> bool {
    let words = crate::extract::saga::names::words(name);
    let has = |list: &[&str]| words.iter().any(|w| list.contains(&w.as_str()));
    let Some(verb) = words.first() else { return false };
    match verb.as_str() {
        "send" => has(&["email", "mail", "sms", "notification", "invoice", "receipt"]),
        "charge" | "refund" | "debit" | "credit" | "bill" => words.len() > 1,
        "reserve" | "deduct" | "decrement" | "decrease" | "increment" | "increase" => {
            has(&["inventory", "stock", "balance", "quantity", "credit", "point"])
        }
        "initiate" | "process" | "capture" | "make" | "create" => {
            has(&["payment", "refund", "transfer", "shipment", "payout"])
        }
        _ => false,
    }
}

/// A call that hands the offsets of what was consumed to a transaction of the producer, so that what is published and
/// the position become visible together (<https://kafka.apache.org/documentation/#semantics>,
/// <https://kafka.js.org/docs/transactions>).
pub(super) fn stores_offsets(name: &str) -> bool {
    matches!(
        name,
        "sendOffsets" | "sendOffsetsToTransaction" | "SendOffsetsToTransaction" | "send_offsets_to_transaction"
    )
}
