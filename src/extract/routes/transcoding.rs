//! Routes that the methods of protobuf services have by `option (google.api.http)`, where a program puts them on a
//! server: with gRPC-Gateway, or with what Kratos generates.
//!
//! Sources: <https://github.com/googleapis/googleapis/blob/master/google/api/http.proto>,
//! <https://grpc-ecosystem.github.io/grpc-gateway/docs/tutorials/adding_annotations/>,
//! <https://go-kratos.dev/en/docs/component/transport/http/>.

use std::collections::BTreeMap;

use super::{InScope, Route, Served};
use crate::facts::module::Language;
use crate::program::{Evaluator, Site};

/// What the generated functions that register a service are called behind its name.
const REGISTERS: [(&str, &str); 5] = [
    ("HandlerFromEndpoint", "gRPC-Gateway"),
    ("HandlerServer", "gRPC-Gateway"),
    ("HandlerClient", "gRPC-Gateway"),
    ("HTTPServer", "Kratos"),
    ("Handler", "gRPC-Gateway"),
];
const METHODS: [&str; 5] = ["get", "put", "post", "delete", "patch"];
const OPTION: &str = "(google.api.http)";

/// A method and a path template.
type Binding = (String, String);

/// Adds the routes of the services that the program registers. `protos` gives the texts of the `.proto` files.
pub fn transcoded(ev: &Evaluator<'_>, in_scope: &InScope<'_>, protos: &dyn Fn() -> Vec<String>, served: &mut Served) {
    let mut registered: Vec<(Site, String, &str)> = Vec::new();
    for name in ev.program.called_names() {
        let Some(rest) = name.strip_prefix("Register") else { continue };
        let Some((service, framework)) =
            REGISTERS.iter().find_map(|(ending, framework)| Some((rest.strip_suffix(ending)?, *framework)))
        else {
            continue;
        };
        let sites = ev.program.calls_named(name).iter().copied();
        let ours = sites.filter(|s| ev.program.language(s.unit) == Language::Go && in_scope(s.unit));
        registered.extend(ours.map(|site| (site, service.to_owned(), framework)));
    }
    if registered.is_empty() {
        return;
    }
    let mut bindings: BTreeMap<String, Vec<Binding>> = BTreeMap::new();
    for text in protos() {
        read(&text, &mut bindings);
    }
    for (site, service, framework) in registered {
        for (method, template) in bindings.get(&service).into_iter().flatten() {
            served.routes.push(Route {
                place: ev.program.place(site),
                unit: site.unit,
                method: method.clone(),
                path: path(template),
                framework: framework.into(),
                handler: None,
                app: None,
                partial: false,
                unrooted: false,
            });
        }
    }
    served.routes.sort_by(|a, b| (a.place, &a.path, &a.method).cmp(&(b.place, &b.path, &b.method)));
}

/// The bindings of the services of a `.proto` file.
fn read(text: &str, out: &mut BTreeMap<String, Vec<Binding>>) {
    let text = without_comments(text);
    let mut service = None;
    let mut at = 0;
    while let Some(found) = text[at..].find(['s', '(']) {
        let here = at + found;
        at = here + 1;
        let rest = &text[here..];
        if let Some(rest) = rest.strip_prefix("service ") {
            let starts = text[..here].chars().next_back().is_none_or(char::is_whitespace);
            let name: String = rest.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let opens = rest.trim_start()[name.len()..].trim_start().starts_with('{');
            if starts && opens && !name.is_empty() {
                service = Some(name);
            }
        } else if let (Some(rest), Some(service)) = (rest.strip_prefix(OPTION), &service) {
            out.entry(service.clone()).or_default().extend(of_option(rest));
        }
    }
}

/// `= { get: "/v1/orders" additional_bindings { … } }`, `.get = "/v1/orders"`
fn of_option(rest: &str) -> Vec<Binding> {
    if let Some(short) = rest.strip_prefix('.') {
        let (method, value) = short.split_once('=').unwrap_or((short, ""));
        let method = method.trim();
        return match (METHODS.contains(&method), quoted(value)) {
            (true, Some(path)) => vec![(method.to_uppercase(), path.to_owned())],
            _ => Vec::new(),
        };
    }
    let Some(block) = rest.trim_start().strip_prefix('=').map(str::trim_start).filter(|b| b.starts_with('{')) else {
        return Vec::new();
    };
    let mut depth = 0;
    let end = block.char_indices().find_map(|(i, c)| {
        depth += match c {
            '{' => 1,
            '}' => -1,
            _ => 0,
        };
        (depth == 0).then_some(i)
    });
    let block = &block[..end.unwrap_or(block.len())];
    let mut found = Vec::new();
    for method in METHODS {
        for (i, _) in block.match_indices(method) {
            let starts = block[..i].chars().next_back().is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != '/');
            let value = block[i + method.len()..].trim_start().strip_prefix(':');
            let path = value.filter(|v| starts && v.trim_start().starts_with(['"', '\''])).and_then(quoted);
            found
                .extend(path.filter(|path| path.starts_with('/')).map(|path| (method.to_uppercase(), path.to_owned())));
        }
    }
    found
}

fn quoted(text: &str) -> Option<&str> {
    let start = text.find(['"', '\''])?;
    let quote = text[start..].chars().next()?;
    text[start + 1..].split(quote).next()
}

/// `/v1/{name=shelves/*}/books` as a path: a parameter is one, whatever it matches.
fn path(template: &str) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, inner)) = rest.split_once('{') {
        let (parameter, after) = inner.split_once('}').unwrap_or((inner, ""));
        let name = parameter.split('=').next().unwrap_or(parameter);
        let star = if parameter.ends_with("**") { "*" } else { "" };
        out.push_str(before);
        out.push_str(&format!("{{{star}{name}}}"));
        rest = after;
    }
    out.push_str(rest);
    let trimmed = out.trim_end_matches('/');
    if trimmed.is_empty() { "/".to_owned() } else { trimmed.to_owned() }
}

/// Comments become spaces; a path holds `//` only behind a quote.
fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(i) = rest.find(['/', '"']) {
        out.push_str(&rest[..i]);
        let here = &rest[i..];
        let length = if here.starts_with("//") {
            here.find('\n').unwrap_or(here.len())
        } else if here.starts_with("/*") {
            here.find("*/").map_or(here.len(), |end| end + 2)
        } else if let Some(text) = here.strip_prefix('"') {
            let end = text.find('"').map_or(here.len(), |end| end + 2);
            out.push_str(&here[..end]);
            rest = &here[end..];
            continue;
        } else {
            out.push('/');
            1
        };
        out.push(' ');
        rest = &here[length..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bindings_are_read_from_options() {
        let text = "// service Old { rpc A(B) returns (C) { option (google.api.http) = { get: \"/old\" }; } }\nservice Orders {\n  rpc Get(Id) returns (Order) {\n    option (google.api.http) = {\n      get: \"/v1/orders/{id}\"\n      additional_bindings { get: \"/v1/{name=shops/*/orders/*}\" }\n    };\n  }\n  rpc Place(Order) returns (Order) {\n    option (google.api.http) = { post: \"/v1/orders\" body: \"*\" };\n  }\n  rpc Drop(Id) returns (Empty) { option (google.api.http).delete = \"/v1/orders/{id}\"; }\n}\n";
        let mut found = BTreeMap::new();
        read(text, &mut found);
        let shown: Vec<String> = found["Orders"].iter().map(|(m, p)| format!("{m} {}", path(p))).collect();
        assert_eq!(shown, ["GET /v1/orders/{id}", "GET /v1/{name}", "POST /v1/orders", "DELETE /v1/orders/{id}"]);
        assert_eq!(found.len(), 1);
    }
}
