//! Credentials that stand in the code and are sent with a request.

use crate::facts::module::Call;
use crate::program::value::TextPart;
use crate::program::{Evaluator, Site, Value};
use crate::syntax::Place;

/// A credential in the code.
#[derive(Clone, Debug, PartialEq)]
pub struct Credential {
    /// The literal.
    pub place: Place,
    /// What carries it: `Authorization`.
    pub carrier: String,
}

const HEADERS: [&str; 9] = [
    "authorization",
    "proxy-authorization",
    "x-api-key",
    "api-key",
    "apikey",
    "x-auth-token",
    "x-access-token",
    "x-api-token",
    "private-token",
];

/// A literal credential among the arguments of a request or of a client.
pub(super) fn of_call(ev: &Evaluator<'_>, site: Site) -> Option<Credential> {
    let call: &Call = ev.program.unit(site.unit).module.call(site.expr)?;
    let at = |expr| Site { unit: site.unit, expr };
    for arg in &call.args {
        match arg.name.as_deref() {
            Some("headers") => {
                if let Some(found) = of_headers(ev, ev.at(site.unit, arg.value)) {
                    return Some(found);
                }
            }
            Some("auth") => {
                if let Some(found) = of_pair(ev, at(arg.value)) {
                    return Some(found);
                }
            }
            None => {
                if let Value::Dict(dict) = ev.at(site.unit, arg.value)
                    && let Some(headers) = dict.get("headers")
                    && let Some(found) = of_headers(ev, ev.eval(headers))
                {
                    return Some(found);
                }
            }
            Some(_) => {}
        }
    }
    None
}

fn of_headers(ev: &Evaluator<'_>, headers: Value) -> Option<Credential> {
    let Value::Dict(dict) = headers else { return None };
    dict.entries.iter().find_map(|(key, value)| {
        let known = HEADERS.contains(&key.to_lowercase().as_str());
        let literal = known.then(|| ev.eval(*value).as_str()).flatten()?;
        is_secret(&literal).then(|| Credential { place: ev.program.place(*value), carrier: key.to_string() })
    })
}

/// `auth=("user", "password")`
fn of_pair(ev: &Evaluator<'_>, site: Site) -> Option<Credential> {
    let Value::List(items) = ev.eval(site) else { return None };
    let [_, password] = items.as_slice() else { return None };
    let literal = ev.eval(*password).as_str()?;
    is_secret(&literal).then(|| Credential { place: ev.program.place(*password), carrier: "auth".into() })
}

/// `https://api.weather.example/v1?appid=0123456789abcdef`
pub(super) fn in_address(ev: &Evaluator<'_>, url: Site) -> Option<Credential> {
    let text = ev.eval(url).to_text()?;
    for part in &text.parts {
        let TextPart::Lit(lit) = part else { continue };
        for name in ["api_key", "apikey", "apiKey", "appid", "access_token", "accessKey", "key", "token"] {
            for before in ['?', '&'] {
                let Some((_, rest)) = lit.split_once(&format!("{before}{name}=")) else { continue };
                let value: String =
                    rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).collect();
                if value.len() >= 16 && is_secret(&value) {
                    return Some(Credential { place: ev.program.place(url), carrier: name.to_string() });
                }
            }
        }
    }
    None
}

/// False for what only stands for a credential.
fn is_secret(text: &str) -> bool {
    let value = text.split_once(' ').map_or(text, |(scheme, value)| match scheme {
        "Bearer" | "Basic" | "Token" | "bearer" | "basic" | "token" | "ApiKey" | "Key" => value,
        _ => text,
    });
    let lower = value.to_lowercase();
    const STANDS_FOR: [&str; 18] = [
        "xxx",
        "your",
        "example",
        "test",
        "dummy",
        "changeme",
        "change-me",
        "placeholder",
        "todo",
        "fake",
        "mock",
        "<",
        "{",
        "$",
        "...",
        "sample",
        "insert",
        "token",
    ];
    value.len() >= 8 && !value.contains(char::is_whitespace) && !STANDS_FOR.iter().any(|word| lower.contains(word))
}
