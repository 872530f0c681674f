//! The vocabulary of sagas: what steps, their actions and their compensations are called.

use smol_str::SmolStr;

/// Lower case, without separators: `on_rollback` and `onRollback` become `onrollback`.
pub fn fold(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The words of an identifier or a path, lower case, without a plural `s`.
pub fn words(name: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut lower_before = false;
    let mut open = false;
    for c in name.chars() {
        if !c.is_alphabetic() {
            open = false;
            lower_before = false;
            continue;
        }
        if !open || (c.is_uppercase() && lower_before) {
            out.push(String::new());
            open = true;
        }
        if let Some(word) = out.last_mut() {
            word.extend(c.to_lowercase());
        }
        lower_before = c.is_lowercase();
    }
    for word in &mut out {
        if word.len() > 3 && word.ends_with('s') && !word.ends_with("ss") {
            word.pop();
        }
    }
    out
}

/// A member that does the work of a step.
pub fn is_action(name: &str) -> bool {
    let name = fold(name);
    let stem = ["fn", "func", "function", "callback"].iter().find_map(|s| name.strip_suffix(s)).unwrap_or(&name);
    matches!(
        stem,
        "execute"
            | "invoke"
            | "action"
            | "run"
            | "do"
            | "forward"
            | "transaction"
            | "handler"
            | "perform"
            | "act"
            | "exec"
            | "process"
            | "apply"
            | "forwardaction"
            | "executeaction"
            | "handle"
            | "withaction"
            | "withtransaction"
            | "command"
            | "executeasync"
            | "invokeasync"
            | "runasync"
            | "handleasync"
            | "processasync"
    )
}

/// A member that undoes a step, by a word that is used for nothing else.
pub fn is_compensation(name: &str) -> bool {
    let name = fold(name);
    ["compens", "withcompens", "oncompens"].iter().any(|w| name.starts_with(w))
}

/// A member that undoes a step.
pub fn is_undo(name: &str) -> bool {
    let folded = fold(name);
    let stem = ["action", "fn", "func", "function", "handler", "callback", "async"]
        .iter()
        .find_map(|s| folded.strip_suffix(s))
        .unwrap_or(&folded);
    is_compensation(name)
        || matches!(
            stem,
            "rollback" | "undo" | "revert" | "cancel" | "onrollback" | "backward" | "reverse" | "withrollback"
        )
}

/// A name that says that something belongs to a saga.
pub fn is_saga_word(name: &str) -> bool {
    let name = fold(name);
    ["saga", "orchestrat", "processmanager", "compens"].iter().any(|w| name.contains(w))
}

/// A name for what stores or describes a saga: `SagaRepository`, `sagaStep`.
pub fn is_about_a_saga(name: &str) -> bool {
    words(name).last().is_some_and(|w| {
        matches!(w.as_str(), "repository" | "store" | "storage" | "step" | "state" | "dao" | "mapper" | "entity")
    })
}

/// A cheap look before [`is_undo`], [`is_saga_word`] and [`is_undo_word`]; true for whatever they hold for.
pub fn may_tell(name: &str) -> bool {
    let bytes = name.as_bytes();
    let tells = |(at, first): (usize, &u8)| {
        let tails: &[&str] = match first {
            b'a' => &["ancel", "ackward", "aga"],
            b'e' => &["evert", "everse"],
            b'n' => &["ndo"],
            b'o' => &["ompens", "oll"],
            b'r' => &["rchestrat", "rocess"],
            _ => return false,
        };
        tails.iter().any(|tail| bytes[at..].starts_with(tail.as_bytes()))
    };
    bytes.iter().enumerate().any(tells) || !name.contains(|c: char| c.is_lowercase())
}

/// A collection or function that holds or runs compensations.
pub fn is_undo_word(name: &str) -> bool {
    let name = fold(name);
    ["compens", "undo", "rollback", "revert"].iter().any(|w| name.contains(w))
}

/// A step that only reads or checks, by its name.
pub fn is_query(name: &str) -> bool {
    let words = words(name);
    let first = words.iter().find(|w| !matches!(w.as_str(), "step" | "do" | "run" | "execute" | "activity"));
    // A payment that is authorized holds money; whether somebody may do something is only asked.
    let asks_who = |w: &String| matches!(w.as_str(), "customer" | "consumer" | "user" | "client" | "buyer" | "acces");
    if first.is_some_and(|w| matches!(w.as_str(), "authorize" | "authorise" | "authenticate"))
        && words.iter().any(asks_who)
    {
        return true;
    }
    first.is_some_and(|w| {
        matches!(
            w.as_str(),
            "validate"
                | "validation"
                | "validator"
                | "verify"
                | "verification"
                | "check"
                | "get"
                | "fetch"
                | "calculate"
                | "compute"
                | "lookup"
                | "look"
                | "load"
                | "find"
                | "list"
                | "read"
                | "query"
                | "quote"
                | "estimate"
                | "search"
                | "is"
                | "has"
                | "can"
                | "assert"
                | "inspect"
                | "retrieve"
                | "select"
                | "wait"
                | "poll"
        )
    }) || words
        .last()
        .is_some_and(|w| matches!(w.as_str(), "check" | "validation" | "verification" | "lookup" | "query"))
}

/// A step that tells or records something: nothing to undo, and no business reason to fail.
pub fn is_notice(name: &str) -> bool {
    words(name).iter().any(|w| {
        matches!(
            w.as_str(),
            "notify" | "notification" | "email" | "mail" | "sms" | "log" | "audit" | "track" | "metric" | "telemetry"
        )
    })
}

/// A step that only confirms what an earlier one holds ready: it is repeated until it succeeds.
pub fn is_confirmation(name: &str) -> bool {
    let words = words(name);
    let first = words.iter().find(|w| !matches!(w.as_str(), "step" | "do" | "run" | "execute" | "activity"));
    first.is_some_and(|w| matches!(w.as_str(), "approve" | "confirm" | "complete" | "finalize" | "finalise" | "finish"))
}

/// A key or argument that marks a step as the pivot or as one that is retried until it succeeds.
pub fn is_retriable_mark(name: &str) -> bool {
    matches!(
        fold(name).as_str(),
        "retriable" | "retryable" | "isretriable" | "isretryable" | "retry" | "retries" | "maxretries"
    )
}

/// See [`is_retriable_mark`].
pub fn is_pivot_mark(name: &str) -> bool {
    matches!(fold(name).as_str(), "pivot" | "ispivot")
}

/// A function that looks at its argument and does not call it.
pub fn is_plain_question(name: &str) -> bool {
    matches!(
        name,
        "callable"
            | "iscoroutinefunction"
            | "isawaitable"
            | "isinstance"
            | "getattr"
            | "hasattr"
            | "str"
            | "repr"
            | "bool"
            | "print"
            | "Boolean"
            | "String"
            | "signature"
            | "len"
            | "type"
    )
}

/// A verb that takes something back.
pub fn is_undo_verb(word: &str) -> bool {
    matches!(
        word,
        "release"
            | "refund"
            | "cancel"
            | "void"
            | "revert"
            | "undo"
            | "unreserve"
            | "rollback"
            | "restore"
            | "unbook"
            | "reverse"
            | "deallocate"
            | "unlock"
            | "restock"
            | "delete"
            | "remove"
            | "revoke"
            | "withdraw"
            | "reject"
            | "deposit"
            | "credit"
            | "deactivate"
    ) || word.starts_with("compens")
}

/// A verb that changes something for others.
pub fn is_state_verb(word: &str) -> bool {
    matches!(
        word,
        "reserve"
            | "charge"
            | "create"
            | "ship"
            | "book"
            | "place"
            | "pay"
            | "allocate"
            | "schedule"
            | "authorize"
            | "authorise"
            | "debit"
            | "credit"
            | "withdraw"
            | "deposit"
            | "deduct"
            | "hold"
            | "lock"
            | "capture"
            | "process"
            | "confirm"
            | "approve"
            | "dispatch"
            | "transfer"
            | "provision"
            | "submit"
            | "complete"
            | "order"
            | "decrement"
    )
}

/// True when the second verb is the usual inverse of the first.
pub fn is_inverse(step: &str, undo: &str) -> bool {
    match step {
        "reserve" | "hold" | "allocate" => {
            matches!(undo, "release" | "unreserve" | "deallocate" | "cancel" | "restock")
        }
        "lock" => matches!(undo, "unlock" | "release"),
        "charge" | "pay" | "capture" | "process" => matches!(undo, "refund" | "void" | "reverse" | "cancel"),
        "authorize" | "authorise" => matches!(undo, "void" | "release" | "cancel" | "refund"),
        "create" | "register" | "place" | "provision" => {
            matches!(undo, "delete" | "remove" | "cancel" | "reject" | "void")
        }
        "book" | "schedule" | "ship" | "dispatch" | "order" | "submit" | "start" => matches!(undo, "cancel" | "unbook"),
        "debit" | "withdraw" => matches!(undo, "credit" | "deposit" | "refund"),
        "credit" | "deposit" => matches!(undo, "debit" | "withdraw"),
        "deduct" | "decrement" => matches!(undo, "restore" | "restock" | "credit" | "release"),
        "activate" => matches!(undo, "deactivate" | "cancel" | "revoke"),
        "assign" => matches!(undo, "unassign" | "release" | "remove"),
        _ => false,
    }
}

/// Words that say nothing about what a call is about.
pub fn is_filler(word: &str) -> bool {
    is_undo_verb(word)
        || is_state_verb(word) && word != "order"
        || matches!(
            word,
            "this"
                | "thi"
                | "self"
                | "client"
                | "service"
                | "api"
                | "http"
                | "post"
                | "put"
                | "get"
                | "patch"
                | "send"
                | "await"
                | "activity"
                | "activitie"
                | "step"
                | "saga"
                | "gateway"
                | "adapter"
                | "proxy"
                | "call"
                | "execute"
                | "request"
                | "the"
                | "for"
                | "to"
                | "url"
                | "axio"
                | "httpx"
                | "fetch"
                | "v"
                | "base"
                | "id"
                | "workflow"
                | "local"
                | "method"
                | "port"
                | "svc"
        )
}

/// True when the names hint that the object keeps things: `self.saga_repo.save(…)`.
pub fn hints_at_storage(object: &[String], method: &str) -> bool {
    let keeps = |w: &String| {
        matches!(
            w.as_str(),
            "repo"
                | "repository"
                | "repositorie"
                | "store"
                | "storage"
                | "dao"
                | "db"
                | "database"
                | "session"
                | "redi"
                | "collection"
                | "table"
                | "prisma"
                | "em"
                | "uow"
                | "journal"
                | "persistence"
                | "persister"
                | "mongo"
                | "dynamo"
                | "outbox"
                | "cache"
                | "knex"
                | "pool"
                | "conn"
                | "connection"
        )
    };
    let method = words(method);
    object.iter().any(keeps)
        || method.iter().any(keeps)
        || method.iter().any(|w| {
            matches!(
                w.as_str(),
                "save" | "persist" | "insert" | "upsert" | "checkpoint" | "commit" | "flush" | "snapshot"
            )
        })
        || (method.iter().any(|w| {
            matches!(w.as_str(), "update" | "set" | "record" | "write" | "create" | "mark" | "transition" | "append")
        }) && object
            .iter()
            .chain(&method)
            .any(|w| matches!(w.as_str(), "state" | "saga" | "status" | "instance" | "log" | "progress" | "statu")))
        || method.first().is_some_and(|w| matches!(w.as_str(), "on" | "hook" | "callback" | "listener" | "observer"))
        // `this.log.logMessage(…)`, `sagaLog.append(…)`: a log of the saga, not of the program.
        || (object.last().is_some_and(|w| matches!(w.as_str(), "log" | "journal"))
            && method.first().is_some_and(|w| {
                matches!(w.as_str(), "log" | "append" | "write" | "record" | "add" | "start" | "end" | "create")
            }))
}

/// A verb that only ever takes something back.
pub(super) fn is_plain_undo(word: &str) -> bool {
    matches!(word, "release" | "refund" | "cancel" | "void" | "revert" | "undo" | "unreserve" | "rollback" | "restore")
        || word.starts_with("compens")
}

/// The rollback of a database transaction, a timer that is cleared.
pub(super) fn is_transaction(chain: &[SmolStr]) -> bool {
    chain.iter().any(|n| {
        words(n).iter().any(|w| {
            matches!(
                w.as_str(),
                "session"
                    | "transaction"
                    | "trx"
                    | "tx"
                    | "conn"
                    | "connection"
                    | "db"
                    | "cursor"
                    | "runner"
                    | "lock"
                    | "mutex"
                    | "semaphore"
                    | "timer"
                    | "task"
                    | "queryrunner"
                    | "sequelize"
                    | "prisma"
                    | "future"
                    // What waits for an answer in memory.
                    | "pending"
                    | "waiter"
                    | "listener"
            )
        })
    })
}

/// A method that takes an entry out of a list or stack.
pub fn takes_out(name: &str) -> bool {
    matches!(name, "pop" | "Pop" | "shift" | "popleft" | "poll" | "pollLast" | "removeLast" | "removeFirst" | "Dequeue")
}

/// A method that puts an entry into a list or stack.
pub fn puts_in(name: &str) -> bool {
    matches!(
        fold(name).as_str(),
        "append"
            | "push"
            | "unshift"
            | "insert"
            | "add"
            | "appendleft"
            | "addfirst"
            | "addlast"
            | "offer"
            | "offerfirst"
            | "offerlast"
            | "enqueue"
            | "pushfront"
            | "pushback"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_split_into_words() {
        assert_eq!(words("reserveStock"), ["reserve", "stock"]);
        assert_eq!(words("/api/v1/payments/refunds"), ["api", "v", "payment", "refund"]);
        assert_eq!(words("_charge_HTTP_card"), ["charge", "http", "card"]);
    }

    #[test]
    fn a_step_that_reads_is_known_by_its_verb() {
        assert!(is_query("authorizeCustomer") && !is_query("authorizePayment") && is_confirmation("confirmPayment"));
        assert!(is_query("check_address") && is_query("ValidateOrderStep") && is_query("fraudCheck"));
        assert!(!is_query("reserve_stock") && !is_query("checkout") && !is_query("getawayBooking"));
    }
}
