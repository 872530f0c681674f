//! Whether a message that no queue takes comes back to the publisher.

use super::Kind;
use super::call::Found;
use super::path::{self, Lookup};
use crate::extract::Presence;
use crate::facts::module::ExprKind;
use crate::program::{Evaluator, Site, Value};

/// Reads it.
pub fn read(ev: &Evaluator<'_>, found: &Found<'_>, kind: Kind) -> Presence {
    let Some(mandatory) = &found.form.mandatory else { return Presence::Default };
    if !matches!(kind, Kind::Event | Kind::Job) {
        return Presence::Default;
    }
    for option in &mandatory.options {
        match path::lookup(ev, found.site, option) {
            Lookup::Found(sites) => match sites.first().map(|s| (s, ev.eval(*s))) {
                Some((site, Value::Bool(true))) => return Presence::Present(ev.program.place(*site)),
                Some((_, Value::Bool(false) | Value::Null)) | None => {}
                Some(_) => return Presence::Unknown("the flag could not be read".into()),
            },
            Lookup::Missing => {}
            Lookup::Unknown => return Presence::Unknown("the options of the message could not be read".into()),
        }
    }
    if mandatory.default && mandatory.options.iter().all(|o| path::lookup(ev, found.site, o) == Lookup::Missing) {
        return Presence::Default;
    }
    if is_taken(ev, found) {
        return Presence::Default;
    }
    Presence::Absent
}

/// The program declares and binds what takes the message in the same file, or sends it to whoever listens, or
/// gives what is left over to another exchange.
fn is_taken(ev: &Evaluator<'_>, found: &Found<'_>) -> bool {
    let Some(mandatory) = &found.form.mandatory else { return true };
    let unit = found.site.unit;
    let module = &ev.program.unit(unit).module;
    let says = |words: &[&str]| {
        module.exprs.iter().any(|e| match &e.kind {
            ExprKind::Str(text) => words.contains(&text.as_str()),
            ExprKind::Attr { name, .. } => name.eq_ignore_ascii_case("fanout") && words.contains(&"fanout"),
            _ => false,
        })
    };
    if says(&["alternate-exchange", "alternateExchange", "fanout"]) {
        return true;
    }
    let near = |names: &[String]| {
        names.iter().flat_map(|n| ev.program.calls_named(n)).copied().filter(|s| s.unit == unit).collect::<Vec<Site>>()
    };
    if !near(&mandatory.binds).is_empty() {
        return true;
    }
    // By the default exchange to a queue that is declared here.
    let literal =
        |paths: &[String]| paths.iter().flat_map(|p| path::sites(ev, found.site, p)).find_map(|s| ev.eval(s).as_str());
    let by_default_exchange =
        found.form.key.is_empty() || literal(&found.form.destination).is_some_and(|exchange| exchange.is_empty());
    by_default_exchange && !near(&mandatory.declares).is_empty()
}
