//! Whether a saga's progress is written to something that survives the process.

use std::collections::HashSet;

use super::libraries::{
    BROKERS, CSHARP_STORES, ENGINES, GO_STORES, JAVASCRIPT_STORES, JVM_STORES, PYTHON_BUILTINS, PYTHON_STORES,
};
use super::{Context, names, operators, scan};
use crate::extract::Presence;
use crate::facts::module::{Call, ExprId, ExprKind, FuncId, Language};
use crate::program::{Site, UnitId, Value};
use crate::syntax::Place;

fn has_root(symbol: &str, roots: &[&str]) -> bool {
    roots.iter().any(|root| {
        symbol.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('.') || rest.starts_with('/'))
    })
}

/// True for a symbol of a library that keeps data.
pub(super) fn is_store(language: Language, symbol: &str) -> bool {
    match language {
        Language::Python => has_root(symbol, PYTHON_STORES),
        Language::JavaScript | Language::TypeScript => has_root(symbol, JAVASCRIPT_STORES),
        Language::Java | Language::Kotlin => has_root(symbol, JVM_STORES),
        Language::CSharp => has_root(symbol, CSHARP_STORES),
        Language::Go => has_root(symbol, GO_STORES),
    }
}

/// True for a symbol of a message broker's client.
pub(super) fn is_broker(symbol: &str) -> bool {
    has_root(symbol, BROKERS)
}

/// True for an import of a workflow engine.
pub(super) fn is_engine(module: &str) -> bool {
    has_root(module, ENGINES)
}

/// What every runtime of JavaScript has. Another name that nothing binds is an object that a sample leaves out.
const JAVASCRIPT_GLOBALS: [&str; 47] = [
    "AbortController",
    "AbortSignal",
    "Array",
    "BigInt",
    "Boolean",
    "Buffer",
    "Date",
    "Error",
    "Intl",
    "JSON",
    "Map",
    "Math",
    "Number",
    "Object",
    "Promise",
    "Reflect",
    "RegExp",
    "Set",
    "String",
    "Symbol",
    "TextDecoder",
    "TextEncoder",
    "TypeError",
    "URL",
    "URLSearchParams",
    "WeakMap",
    "WeakSet",
    "clearInterval",
    "clearTimeout",
    "console",
    "crypto",
    "fetch",
    "global",
    "parseFloat",
    "parseInt",
    "performance",
    "process",
    "queueMicrotask",
    "setImmediate",
    "setInterval",
    "setTimeout",
    "structuredClone",
    "require",
    "module",
    "exports",
    "RangeError",
    "isNaN",
];

/// Language and utility functions without an effect on others.
pub(super) fn is_neutral(symbol: &str) -> bool {
    symbol
        .strip_prefix("builtins.")
        .is_some_and(|rest| rest != "open" && rest.split('.').next().is_some_and(|n| PYTHON_BUILTINS.contains(&n)))
        || symbol
            .strip_prefix("globalThis.")
            .is_some_and(|rest| rest.split('.').next().is_some_and(|n| JAVASCRIPT_GLOBALS.contains(&n)))
        || has_root(
            symbol,
            &[
                "asyncio",
                "logging",
                "uuid",
                "time",
                "datetime",
                "json",
                "random",
                "typing",
                "dataclasses",
                "functools",
                "itertools",
                "collections",
                "enum",
                "re",
                "math",
                "copy",
                "contextlib",
                "structlog",
                "loguru",
                "os",
                "decimal",
                "traceback",
                "abc",
                "hashlib",
                "pydantic",
                "crypto",
                "node:crypto",
                "util",
                "node:util",
                "winston",
                "pino",
                "@nestjs/common",
                "lodash",
                "opentelemetry",
                "@opentelemetry",
                "prometheus_client",
                "prom-client",
                "tenacity",
                "inspect",
                "secrets",
                "sys",
                "types",
                "warnings",
                "anyio",
                "nanoid",
                "events",
                "node:events",
                "dayjs",
                "moment",
                "zod",
                "attrs",
                "attr",
                // Java and Kotlin
                "java.lang",
                "java.util",
                "java.time",
                "java.math",
                "kotlin",
                "org.slf4j",
                "lombok",
                "io.micrometer",
                "com.fasterxml.jackson",
                // C#
                "System.Collections",
                "System.Linq",
                "System.Guid",
                "System.DateTime",
                "System.TimeSpan",
                "System.Threading",
                "System.Console",
                "System.Text",
                "Microsoft.Extensions.Logging",
                "Serilog",
                // Go
                "fmt",
                "log",
                "log/slog",
                "errors",
                "context",
                "strings",
                "strconv",
                "sync",
                "sort",
                "slices",
                "encoding/json",
                "github.com/google/uuid",
                "go.uber.org/zap",
                "github.com/sirupsen/logrus",
                "github.com/rs/zerolog",
                "github.com/pkg/errors",
            ],
        )
}

/// True for the name of a method that only reads from a store.
pub(super) fn is_read(method: &str) -> bool {
    names::words(method).first().is_some_and(|w| {
        matches!(
            w.as_str(),
            "get"
                | "find"
                | "select"
                | "fetch"
                | "scalar"
                | "scalars"
                | "count"
                | "exist"
                | "first"
                | "one"
                | "all"
                | "filter"
                | "hget"
                | "hgetall"
                | "mget"
                | "lrange"
                | "where"
                | "order"
                | "limit"
                | "read"
        )
    }) && !names::fold(method).contains("update")
        && !names::fold(method).contains("delete")
        && !names::fold(method).contains("create")
}

/// A word of a class name that says where it keeps things: `MongoDbSagaLog`.
fn is_technology(word: &str) -> bool {
    [
        "mongo",
        "postgre",
        "redi",
        "sql",
        "dynamo",
        "jpa",
        "jdbc",
        "typeorm",
        "prisma",
        "firestore",
        "cosmo",
        "mysql",
        "sqlite",
    ]
    .iter()
    .any(|t| word.starts_with(t))
        || matches!(word, "file" | "disk" | "db" | "database" | "pg" | "ef" | "gorm" | "persistent" | "durable")
}

/// How deep calls are followed.
const MAX_DEPTH: u32 = 4;

enum Verdict {
    Stored(Place),
    Unclear(String),
    Nothing,
}

impl Context<'_, '_> {
    /// Whether the functions write their progress anywhere.
    pub(super) fn persisted(&self, entries: &[(UnitId, FuncId)]) -> Presence {
        self.persisted_in(entries, &|_, _| true)
    }

    /// Whether those calls of the functions write it that are among these.
    pub(super) fn persisted_in(
        &self,
        entries: &[(UnitId, FuncId)],
        among: &dyn Fn(UnitId, ExprId) -> bool,
    ) -> Presence {
        let mut unclear = None;
        let mut seen: HashSet<(UnitId, FuncId)> = HashSet::new();
        let mut todo: Vec<(UnitId, FuncId, u32)> = entries.iter().map(|(u, f)| (*u, *f, 0)).collect();
        while let Some((unit, func, depth)) = todo.pop() {
            if !seen.insert((unit, func)) {
                continue;
            }
            let module = &self.ev.program.unit(unit).module;
            if depth == 0 && module.imports.iter().any(|i| is_engine(&i.module)) {
                return Presence::Default;
            }
            for (expr, call) in self.calls_in(unit, func) {
                let is_left_out = depth == 0 && !among(unit, expr);
                if is_left_out || self.is_step_call(unit, expr, call) || scan::is_log(module, expr) {
                    continue;
                }
                for verdict in self.verdicts(unit, expr, call, depth, &mut todo) {
                    match verdict {
                        Verdict::Stored(place) => return Presence::Present(place),
                        Verdict::Unclear(what) => unclear = unclear.or(Some(what)),
                        Verdict::Nothing => {}
                    }
                }
            }
        }
        match unclear {
            Some(what) => Presence::Unknown(format!("`{what}` could not be followed")),
            None => Presence::Absent,
        }
    }

    fn verdicts(
        &self,
        unit: UnitId,
        expr: ExprId,
        call: &Call,
        depth: u32,
        todo: &mut Vec<(UnitId, FuncId, u32)>,
    ) -> Vec<Verdict> {
        let module = &self.ev.program.unit(unit).module;
        let language = module.language;
        let place = self.ev.program.place(Site { unit, expr });
        let callee = self.ev.at(unit, call.callee);
        let mut out = Vec::new();
        for value in callee.alternatives() {
            out.push(match value {
                Value::External(symbol) | Value::Method { symbol, .. } => {
                    let symbol = self.ev.catalog.canonical(language, symbol);
                    let last = symbol.rsplit('.').find(|s| *s != "()").unwrap_or_default();
                    if is_store(language, &symbol) && !is_read(last) && !self.is_select(unit, call) {
                        Verdict::Stored(place)
                    } else if is_store(language, &symbol)
                        || is_neutral(&symbol)
                        || is_broker(&symbol)
                        || self.is_http(language, &symbol)
                    {
                        Verdict::Nothing
                    } else {
                        self.by_name(unit, call)
                    }
                }
                Value::Instance(instance) if is_store(language, &instance.ty) => Verdict::Stored(place),
                Value::Instance(_) => self.by_name(unit, call),
                Value::Function { unit: u, func, .. } => self.follow(*u, *func, depth, todo),
                Value::Class { .. } => Verdict::Nothing,
                _ => self.by_name(unit, call),
            });
        }
        out
    }

    /// `query("SELECT …")`, `execute(select(…))`.
    fn is_select(&self, unit: UnitId, call: &Call) -> bool {
        let module = &self.ev.program.unit(unit).module;
        call.args.first().is_some_and(|arg| {
            let text = self.ev.at(unit, arg.value).to_text().map(|t| t.pattern());
            text.is_some_and(|t| t.trim_start().to_lowercase().starts_with("select "))
                || scan::chain(module, arg.value).first().is_some_and(|n| n == "select")
        })
    }

    fn follow(&self, unit: UnitId, func: FuncId, depth: u32, todo: &mut Vec<(UnitId, FuncId, u32)>) -> Verdict {
        let module = &self.ev.program.unit(unit).module;
        let function = module.func(func);
        let name = function.name.clone();
        let told = |yes: bool| if yes { Verdict::Unclear(name.to_string()) } else { Verdict::Nothing };
        if depth >= MAX_DEPTH {
            return told(names::hints_at_storage(&[], &name));
        }
        todo.push((unit, func, depth + 1));
        let Some(class) = function.class else { return Verdict::Nothing };
        // What production code overrides it with.
        let mut found = false;
        for (u, c) in self.heirs(unit, class) {
            let module = &self.ev.program.unit(u).module;
            if names::words(&module.class(c).name).iter().any(|w| is_technology(w)) {
                return Verdict::Unclear(module.class(c).name.to_string());
            }
            if let Some(&method) = module.class(c).methods.iter().find(|m| module.func(**m).name == name) {
                found = true;
                todo.push((u, method, depth + 1));
            }
        }
        let owner = names::words(&module.class(class).name);
        told(!found && self.is_abstract(unit, func) && names::hints_at_storage(&owner, &name))
    }

    /// A call that could not be followed: does its name speak of keeping something?
    fn by_name(&self, unit: UnitId, call: &Call) -> Verdict {
        let module = &self.ev.program.unit(unit).module;
        if let ExprKind::Attr { object, name, .. } = &module.expr(call.callee).kind {
            let is_setter = module.language.is_jvm() && name.starts_with("set") && call.args.len() == 1;
            let is_data = |object: ExprId| match self.ev.at(unit, object) {
                Value::List(_) | Value::Dict(_) | Value::Str(_) => true,
                // `reply.setStatus(status)` of a `new Reply()`, which nobody wrote: it fills an object.
                Value::Object { call: Some(_), .. } => is_setter,
                Value::Instance(instance) => is_neutral(&instance.ty),
                _ => false,
            };
            // `self.sagas[id]["steps"].append(step)`: a part of data is data.
            let mut part = *object;
            while let ExprKind::Index { object, .. } = &module.expr(part).kind {
                part = *object;
            }
            let in_memory = is_data(*object) || is_data(part);
            if in_memory {
                return Verdict::Nothing;
            }
        }
        // What a chain goes on with is looked at where it stands.
        if operators::of(module, call).is_some() {
            return Verdict::Nothing;
        }
        // `new OrderStatusUpdateRequest(…)` is data.
        if call.is_new {
            return Verdict::Nothing;
        }
        let chain = scan::chain(module, call.callee);
        let Some((method, object)) = chain.split_last() else { return Verdict::Nothing };
        let object: Vec<String> = object.iter().flat_map(|n| names::words(n)).collect();
        match names::hints_at_storage(&object, method) {
            true => Verdict::Unclear(chain.join(".")),
            false => Verdict::Nothing,
        }
    }
}
