//! What the code does with Redis: whether it keeps data there, or copies and messages.

use super::read::{Args, Reader};
use crate::facts::module::ExprKind;
use crate::program::{Evaluator, Site, UnitId, Value};
use crate::syntax::{FileId, Place};

/// What one file does with Redis.
#[derive(Clone, Debug, PartialEq)]
pub struct RedisTraffic {
    /// The file.
    pub file: FileId,
    /// Writes of values that stay: the call and the literal beginning of the key.
    pub lasting: Vec<(Place, String)>,
    /// Something it writes expires.
    pub expires: bool,
}

/// Commands that write and set no time to live (<https://redis.io/docs/latest/commands/>).
const WRITES: [&str; 17] = [
    "set", "hset", "hmset", "mset", "incr", "incrby", "decr", "decrby", "hincrby", "sadd", "zadd", "zincrby", "lpush",
    "rpush", "append", "hsetnx", "setnx",
];
/// Commands that set a time to live.
const EXPIRES: [&str; 7] = ["setex", "psetex", "expire", "pexpire", "expireat", "pexpireat", "getex"];
/// Arguments of `SET` that set one.
const EXPIRY: [&str; 9] = ["ex", "px", "exat", "pxat", "keepttl", "expiration", "ttl", "expire", "pxat"];

/// What every file does with Redis; files that do nothing are left out.
pub(super) fn traffic(ev: &Evaluator<'_>, units: &[UnitId]) -> Vec<RedisTraffic> {
    let mut out = Vec::new();
    for &unit in units {
        let u = ev.program.unit(unit);
        let mut found = RedisTraffic { file: u.file, lasting: Vec::new(), expires: false };
        for call in &u.index.calls {
            let Some(name) = u.module.callee_name(call.expr) else { continue };
            let command = name.to_ascii_lowercase();
            let (writes, expires) = (WRITES.contains(&command.as_str()), EXPIRES.contains(&command.as_str()));
            let site = Site { unit, expr: call.expr };
            if !(writes || expires) || !on_redis(ev, site) {
                continue;
            }
            if expires || has_expiry(ev, site) {
                found.expires = true;
            } else {
                found.lasting.push((ev.program.place(site), key(ev, site)));
            }
        }
        if found.expires || !found.lasting.is_empty() {
            out.push(found);
        }
    }
    out
}

fn on_redis(ev: &Evaluator<'_>, site: Site) -> bool {
    let Some((symbol, _)) = ev.callee(site) else { return false };
    ev.catalog
        .split(ev.program.language(site.unit), &symbol)
        .and_then(|(library, _)| library.store.as_ref())
        .is_some_and(|store| store.engine.as_deref() == Some("redis"))
}

/// `set(key, value, ex=60)`, `set(key, value, "EX", 60)`, `set(key, value, { EX: 60 })`.
fn has_expiry(ev: &Evaluator<'_>, site: Site) -> bool {
    let module = &ev.program.unit(site.unit).module;
    let Some(call) = module.call(site.expr) else { return false };
    let is_expiry = |name: &str| EXPIRY.contains(&name.to_ascii_lowercase().as_str());
    call.args.iter().any(|arg| {
        arg.name.as_deref().is_some_and(is_expiry)
            || match &module.expr(arg.value).kind {
                ExprKind::Str(text) => is_expiry(text),
                ExprKind::Name(_) | ExprKind::Dict(_) => match ev.at(site.unit, arg.value) {
                    Value::Dict(dict) => dict.open || dict.entries.iter().any(|(key, _)| is_expiry(key)),
                    _ => false,
                },
                _ => false,
            }
    })
}

/// The literal beginning of the key.
fn key(ev: &Evaluator<'_>, site: Site) -> String {
    let Some(reader) = Reader::ways(ev, &[]).into_iter().next() else { return String::new() };
    let args = Args::of_call(&reader, site);
    let text = args.setting(&reader, &["0".to_string(), "name".to_string()], site).map(|s| s.text.pattern());
    text.unwrap_or_default().split("{}").next().unwrap_or("").to_string()
}
