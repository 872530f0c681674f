//! `rest-client/missing-timeout`: an argument, where the library has one.

use super::{Edit, call};
use crate::catalog::Catalog;
use crate::catalog::schema::{Ecosystem, Library};
use crate::extract::http::{ClientKind, HttpClient, Timeout};
use crate::rules::Finding;
use crate::syntax::code::{Grammar, parse};
use crate::system::System;
use tree_sitter::Node;

/// How long is right depends on the caller; this is shorter than what gateways and people wait.
const PYTHON: [(&str, &str); 3] =
    [("requests", "timeout=5"), ("urllib", "timeout=5"), ("aiohttp", "timeout=aiohttp.ClientTimeout(total=5)")];

const JAVASCRIPT: [(&str, &str); 5] = [
    ("axios", "timeout: 5000"),
    ("got", "timeout: { request: 5000 }"),
    ("node-fetch", "signal: AbortSignal.timeout(5000)"),
    ("Node.js", "signal: AbortSignal.timeout(5000)"),
    ("undici", "signal: AbortSignal.timeout(5000)"),
];

pub(super) fn edits(system: &System, finding: &Finding, grammar: Grammar, text: &str) -> Option<Vec<Edit>> {
    let client = system.http.iter().find(|client| client.place == finding.place)?;
    // One that was switched off was switched off for a reason.
    let requests = || client.requests.iter().map(|request| &request.timeout);
    if !matches!(client.timeout, Timeout::Unsaid) || requests().any(|timeout| matches!(timeout, Timeout::Disabled(_))) {
        return None;
    }
    let tree = parse(grammar, text).ok()?;
    let call = call::at(&tree, finding.place.span)?;
    let edit = match grammar {
        Grammar::Python => python(client, call, text)?,
        Grammar::JavaScript | Grammar::TypeScript | Grammar::Tsx => javascript(client, call, text)?,
        _ => return None,
    };
    Some(vec![edit])
}

fn argument(table: &[(&str, &'static str)], library: &str) -> Option<&'static str> {
    table.iter().find(|(name, _)| *name == library).map(|(_, argument)| *argument)
}

fn python(client: &HttpClient, call: Node<'_>, text: &str) -> Option<Edit> {
    let argument = argument(&PYTHON, &client.library)?;
    // The value is only known by that name where the module is.
    if argument.contains("aiohttp.") && !call::callee(call, text)?.starts_with("aiohttp.") {
        return None;
    }
    let (list, arguments) = call::arguments(call)?;
    // A generator without brackets of its own must stay alone; `**options` may hold a timeout.
    let plain = list.kind() == "argument_list"
        && !arguments.iter().any(|a| matches!(a.kind(), "generator_expression" | "dictionary_splat" | "list_splat"));
    call::push(list, &arguments, argument, text).filter(|_| plain)
}

fn javascript(client: &HttpClient, call: Node<'_>, text: &str) -> Option<Edit> {
    let entry = argument(&JAVASCRIPT, &client.library)?;
    let (list, arguments) = call::arguments(call)?;
    if list.kind() != "arguments" || arguments.iter().any(|argument| argument.kind() == "spread_element") {
        return None;
    }
    let (options, body) = positions(client, call, text)?;
    if let Some(object) = arguments.get(options) {
        let entries = call::entries(*object)?;
        return call::push(*object, &entries, entry, text);
    }
    let object = format!("{{ {entry} }}");
    match arguments.len() {
        number if number == options => call::push(list, &arguments, &object, text),
        // A request without its body.
        number if number + 1 == options && body == Some(number) => {
            call::push(list, &arguments, &format!("undefined, {object}"), text)
        }
        _ => None,
    }
}

/// The positions of the options and of the body in this call.
fn positions(client: &HttpClient, call: Node<'_>, text: &str) -> Option<(usize, Option<usize>)> {
    let library = library(&client.library)?;
    let http = library.http.as_ref()?;
    if client.kind == ClientKind::Client {
        return Some((http.clients.first()?.options?, None));
    }
    let callee = call::callee(call, text)?;
    // `axios.post`, `fetch`, or a function whose name the importer chose.
    let (name, is_member) = match callee.rsplit_once('.') {
        Some((_, name)) => (name, true),
        None => (callee, false),
    };
    let find = |name: &str| http.requests.iter().find(|request| request.calls.iter().any(|call| call == name));
    let request = find(name).or_else(|| if is_member { None } else { find("") })?;
    Some((request.options?, request.body))
}

fn library(name: &str) -> Option<&'static Library> {
    let catalog = Catalog::embedded().ok()?;
    catalog.libraries().iter().find(|library| library.library == name && library.ecosystem == Ecosystem::JavaScript)
}
