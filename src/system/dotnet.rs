//! What the projects of C# services say about their HTTP: settings for all clients in a shared project,
//! and programs that are no services.

use std::collections::HashMap;

use super::services::Service;
use crate::extract::http::{self, HttpClient};
use crate::facts::module::Language;
use crate::program::{Evaluator, UnitId};
use crate::syntax::FileId;

/// Applies what shared projects say to the clients of the services that use them.
pub(super) fn apply(
    ev: &Evaluator<'_>,
    services: &[Service],
    owners: &HashMap<FileId, Vec<usize>>,
    clients: &mut Vec<HttpClient>,
) {
    let is_csharp = |unit: UnitId| ev.program.language(unit) == Language::CSharp;
    if !ev.program.ids().any(is_csharp) {
        return;
    }
    let owned = |unit: UnitId| owners.get(&ev.program.unit(unit).file).map_or(&[] as &[usize], Vec::as_slice);
    // An app on a phone or a page in a browser waits for its user.
    clients.retain(|c| !is_csharp(c.site.unit) || services.is_empty() || !owned(c.site.unit).is_empty());
    for defaults in http::defaults(ev) {
        for client in clients.iter_mut().filter(|c| is_csharp(c.site.unit)) {
            let made = ev.program.unit(client.site.unit).module.call(client.site.expr).is_some_and(|c| c.is_new);
            let shares = |unit: &UnitId| {
                owned(*unit).iter().any(|o| owned(client.site.unit).contains(o)) || *unit == client.site.unit
            };
            if !made && defaults.from.iter().any(shares) {
                http::apply_facts(client, &defaults.facts);
            }
        }
    }
}
