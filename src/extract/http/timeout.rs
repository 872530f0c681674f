//! The time limit of a client or a request.

use crate::catalog::http::Http;
use crate::facts::module::ExprKind;
use crate::program::{Evaluator, Parent, Site, Value};
use crate::syntax::Place;

/// A time limit, as far as it is known.
#[derive(Clone, Debug, PartialEq)]
pub enum Timeout {
    /// It is set at this place.
    Set(Place),
    /// It is switched off at this place (`timeout=None`, `timeout: 0`).
    Disabled(Place),
    /// Nothing is said here; what is said further out decides.
    Unsaid,
    /// Something is said that could not be read.
    Unknown,
}

/// The longest default that counts as a limit.
pub const LONGEST_DEFAULT_MS: u64 = 60_000;

/// The limit that the arguments of a call set: keyword arguments or keys of the options object.
pub fn of_call(ev: &Evaluator<'_>, site: Site, names: &[String], options: Option<usize>) -> Timeout {
    let unit = ev.program.unit(site.unit);
    let Some(call) = unit.module.call(site.expr) else { return Timeout::Unsaid };
    let mut open = false;
    for arg in &call.args {
        match &arg.name {
            Some(name) if names.iter().any(|n| n == name) => {
                return said(ev, Site { unit: site.unit, expr: arg.value });
            }
            None if arg.spread => open = true,
            _ => {}
        }
    }
    // A fluent setter behind the call: `request.get(url).timeout(500)`.
    for name in names.iter().filter_map(|n| n.strip_prefix('.')) {
        for parent in unit.index.ancestors(site.expr) {
            match parent {
                Parent::Expr(e) => match &unit.module.expr(e).kind {
                    ExprKind::Attr { name: attr, .. } if attr == name => {
                        return Timeout::Set(ev.program.place(Site { unit: site.unit, expr: e }));
                    }
                    ExprKind::Attr { .. } | ExprKind::Call(_) | ExprKind::Await(_) => {}
                    _ => break,
                },
                _ => break,
            }
        }
    }
    let positional: Vec<_> = call.args.iter().filter(|a| a.name.is_none() && !a.spread).collect();
    let candidates: Vec<Site> = match options {
        // A single object argument is the options wherever it may stand.
        Some(position) => positional
            .get(position)
            .into_iter()
            .chain(positional.first().filter(|_| positional.len() == 1))
            .map(|a| Site { unit: site.unit, expr: a.value })
            .collect(),
        None => Vec::new(),
    };
    // `fetch(url)`: an address and no options, whatever it is.
    let is_address = |site: &Site| positional.len() == 1 && is_address_name(&unit.module.expr(site.expr).kind);
    for candidate in candidates.into_iter().filter(|site| !is_address(site)) {
        for value in ev.settle_at(candidate) {
            match of_options(ev, &value, names) {
                Timeout::Unsaid => {}
                said => return said,
            }
        }
    }
    if open { Timeout::Unknown } else { Timeout::Unsaid }
}

/// True for a variable or field that is called after an address.
fn is_address_name(expr: &ExprKind) -> bool {
    let (ExprKind::Name(name) | ExprKind::Attr { name, .. }) = expr else { return false };
    let name = name.to_lowercase();
    ["url", "uri", "endpoint", "address", "href"].iter().any(|word| name.ends_with(word))
}

/// The limit in an options object.
fn of_options(ev: &Evaluator<'_>, value: &Value, names: &[String]) -> Timeout {
    match value {
        Value::Dict(dict) => {
            for name in names {
                if let Some(site) = dict.get(name) {
                    return said(ev, site);
                }
            }
            if dict.open { Timeout::Unknown } else { Timeout::Unsaid }
        }
        Value::Str(_) | Value::Null | Value::Env { .. } | Value::Num(_) | Value::List(_) => Timeout::Unsaid,
        // `new URL(…)` as the only argument, a lambda: not options.
        Value::Function { .. } => Timeout::Unsaid,
        Value::Instance(instance) if instance.ty.ends_with(".URL") => Timeout::Unsaid,
        _ => Timeout::Unknown,
    }
}

/// What a value given for a timeout says.
fn said(ev: &Evaluator<'_>, site: Site) -> Timeout {
    let place = ev.program.place(site);
    match ev.eval(site) {
        Value::Null | Value::Bool(false) => Timeout::Disabled(place),
        Value::Num(0.0) => Timeout::Disabled(place),
        // `Timeout.InfiniteTimeSpan` of .NET
        Value::External(symbol) if symbol.ends_with("InfiniteTimeSpan") => Timeout::Disabled(place),
        // `aiohttp.ClientTimeout(total=None)`, `httpx.Timeout(None)`.
        Value::Instance(instance) if instance.ty.ends_with("Timeout") => {
            let arg = instance.call.and_then(|c| {
                let call = ev.program.unit(c.unit).module.call(c.expr)?;
                let first =
                    call.args.iter().find(|a| a.name.as_deref().is_none_or(|n| n == "total" || n == "timeout"))?;
                (call.args.len() == 1).then_some(ev.at(c.unit, first.value))
            });
            match arg {
                Some(Value::Null) => Timeout::Disabled(place),
                _ => Timeout::Set(place),
            }
        }
        _ => Timeout::Set(place),
    }
}

/// The default of the library when nothing is said: true when it is short enough to count.
pub fn default_counts(http: &Http) -> bool {
    http.default_timeout_ms.is_some_and(|ms| ms <= LONGEST_DEFAULT_MS)
}
