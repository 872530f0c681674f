//! An OpenAPI document as two versions of it are compared: every part with its place, references followed.

use std::collections::BTreeMap;

use serde_json::Value;

use super::load::Loaded;
use crate::contract::document::base_of;
use crate::schema::{Dialect, Library};

/// Documents with more operations are cut.
const MAX_OPERATIONS: usize = 50_000;
/// The members of a path item that are operations.
const METHODS: [&str; 9] = ["get", "put", "post", "delete", "options", "head", "patch", "trace", "query"];

/// A place: the path of a file and a JSON pointer in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spot {
    /// The file.
    pub path: String,
    /// Where in it.
    pub pointer: String,
}

impl Spot {
    pub(super) fn below(&self, key: &str) -> Spot {
        let key = key.replace('~', "~0").replace('/', "~1");
        Spot { path: self.path.clone(), pointer: format!("{}/{key}", self.pointer) }
    }
}

/// What a document promises.
#[derive(Clone, Debug)]
pub(super) struct Api {
    pub(super) dialect: Dialect,
    pub(super) title: String,
    /// `info.version`.
    pub(super) version: String,
    pub(super) operations: Vec<Operation>,
    /// What each security scheme is, by its name: schemes of two names may be the same.
    pub(super) schemes: BTreeMap<String, String>,
}

/// Who asks whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Clients ask the API.
    Endpoint,
    /// The API asks its clients: a webhook, a callback. What goes which way is turned.
    Hook,
}

/// An operation.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    pub(super) kind: Kind,
    /// In upper case.
    pub(super) method: String,
    /// Its path; of a webhook or callback, its name.
    pub(super) path: String,
    /// Where a callback goes: an expression.
    pub(super) target: Option<String>,
    /// The paths of its servers; none when no server is named.
    pub(super) bases: Option<Vec<String>>,
    pub(super) at: Spot,
    pub(super) parameters: Vec<Parameter>,
    pub(super) body: Option<Body>,
    pub(super) responses: Vec<Response>,
    pub(super) security: Vec<Alternative>,
    /// Where the security is stated: at the operation or for all.
    pub(super) security_at: Spot,
    pub(super) deprecated: bool,
    /// `x-sunset`: the day until which it is there.
    pub(super) sunset: Option<String>,
    /// `x-stability-level`, as it is written.
    pub(super) stability: Option<String>,
    /// A reference in it leads nowhere, so parts may be missing.
    pub(super) dangling: Option<String>,
}

/// Security schemes that have to be met together, by name, each with its scopes.
pub(super) type Alternative = Vec<(String, Vec<String>)>;

/// A parameter or a header.
#[derive(Clone, Debug)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) location: String,
    pub(super) required: bool,
    /// It says so itself; what is part of a path is required anyway.
    pub(super) says_required: bool,
    pub(super) deprecated: bool,
    /// `x-sunset`: the day until which it is taken.
    pub(super) sunset: Option<String>,
    pub(super) schema: Option<Spot>,
    /// It is sent as a document of this media type.
    pub(super) content: Option<String>,
    pub(super) default: Option<Value>,
    /// How lists and objects are written, where that is not as usual.
    pub(super) style: String,
    pub(super) at: Spot,
}

/// The body of a request.
#[derive(Clone, Debug)]
pub(super) struct Body {
    pub(super) required: bool,
    pub(super) media: Vec<Media>,
    pub(super) at: Spot,
}

/// What is sent as one media type.
#[derive(Clone, Debug)]
pub(super) struct Media {
    /// In lower case, without parameters.
    pub(super) name: String,
    pub(super) schema: Option<Spot>,
    pub(super) at: Spot,
}

/// A response.
#[derive(Clone, Debug)]
pub(super) struct Response {
    pub(super) status: String,
    pub(super) media: Vec<Media>,
    pub(super) headers: Vec<Parameter>,
    pub(super) links: Vec<Link>,
    pub(super) at: Spot,
}

/// What a client may ask next.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) name: String,
    /// The operation, and what is given to it, in one text.
    pub(super) target: String,
    pub(super) at: Spot,
}

/// Reads a document.
pub(super) fn api(loaded: &Loaded) -> Api {
    let dialect = Dialect::of(loaded.root()).unwrap_or(Dialect::Draft202012);
    let reader =
        Reader { library: &loaded.library, dialect, root: Spot { path: loaded.path.clone(), ..Spot::default() } };
    let root = loaded.root();
    let info = |key: &str| root.pointer(&format!("/info/{key}")).map(text).unwrap_or_default();
    let mut operations = Vec::new();
    for (holder, kind) in [("paths", Kind::Endpoint), ("webhooks", Kind::Hook), ("x-webhooks", Kind::Hook)] {
        let paths = reader.root.below(holder);
        let paths = reader.follow(&paths).unwrap_or(paths);
        for (path, _) in reader.entries(&paths) {
            if operations.len() < MAX_OPERATIONS && (kind == Kind::Hook || path.starts_with('/')) {
                reader.path_item((kind, &path), &paths.below(&path), &mut operations);
            }
        }
    }
    Api { dialect, title: info("title"), version: info("version"), operations, schemes: reader.schemes() }
}

struct Reader<'l> {
    library: &'l Library,
    dialect: Dialect,
    root: Spot,
}

impl<'l> Reader<'l> {
    fn is_2(&self) -> bool {
        self.dialect == Dialect::OpenApi2
    }

    fn value(&self, at: &Spot) -> &'l Value {
        self.library.document(&at.path).and_then(|document| document.at(&at.pointer)).unwrap_or(&Value::Null)
    }

    fn follow(&self, at: &Spot) -> Option<Spot> {
        self.library.followed(&at.path, &at.pointer).map(|(path, pointer)| Spot { path, pointer })
    }

    fn entries(&self, at: &Spot) -> Vec<(String, &'l Value)> {
        self.value(at).as_object().into_iter().flatten().map(|(key, value)| (key.clone(), value)).collect()
    }

    fn flag(&self, at: &Spot, key: &str) -> bool {
        self.value(at).get(key) == Some(&Value::Bool(true))
    }

    /// The member of a value, if it is there.
    fn member(&self, at: &Spot, key: &str) -> Option<Spot> {
        self.value(at).get(key).map(|_| at.below(key))
    }

    fn path_item(&self, (kind, path): (Kind, &str), at: &Spot, operations: &mut Vec<Operation>) {
        let Some(item) = self.follow(at) else { return };
        for method in METHODS {
            if !self.value(&item).get(method).is_some_and(Value::is_object) {
                continue;
            }
            operations.push(self.operation((kind, path), method, &item));
            let all = item.below(method).below("callbacks");
            // What answers a callback has none of its own.
            for (name, _) in self.entries(&all).iter().filter(|_| kind == Kind::Endpoint) {
                let Some(callback) = self.follow(&all.below(name)) else { continue };
                for (expression, _) in self.entries(&callback) {
                    if operations.len() < MAX_OPERATIONS && !expression.starts_with("x-") {
                        let name = format!("callback `{name}` of {} {path}", method.to_ascii_uppercase());
                        let known = operations.len();
                        self.path_item((Kind::Hook, &name), &callback.below(&expression), operations);
                        for operation in operations.iter_mut().skip(known) {
                            operation.target = Some(expression.clone());
                        }
                    }
                }
            }
        }
    }

    fn operation(&self, (kind, path): (Kind, &str), method: &str, item: &Spot) -> Operation {
        let at = item.below(method);
        let mut dangling = None;
        let (mut parameters, mut body) = self.parameters(&at, &at, &mut dangling);
        let (shared, shared_body) = self.parameters(item, &at, &mut dangling);
        for parameter in shared {
            let is_it = |own: &Parameter| (&own.name, &own.location) == (&parameter.name, &parameter.location);
            if !parameters.iter().any(is_it) {
                parameters.push(parameter);
            }
        }
        if self.is_2() {
            body = body.or(shared_body);
        } else {
            body = self.body(&at, &mut dangling);
        }
        let (security, security_at) = self.security(&at);
        let extension = |key: &str| self.value(&at).get(key).map(text);
        Operation {
            kind,
            method: method.to_ascii_uppercase(),
            path: path.to_owned(),
            target: None,
            bases: self.bases(&at).or_else(|| self.bases(item)).or_else(|| self.bases(&self.root)),
            parameters,
            body,
            responses: self.responses(&at, &mut dangling),
            security,
            security_at,
            deprecated: self.flag(&at, "deprecated"),
            sunset: extension("x-sunset"),
            stability: extension("x-stability-level"),
            dangling,
            at,
        }
    }

    /// The paths of the servers that a value names.
    fn bases(&self, at: &Spot) -> Option<Vec<String>> {
        let value = self.value(at);
        if self.is_2() {
            return value.get("basePath").map(|path| vec![text(path).trim_end_matches('/').to_owned()]);
        }
        let servers = value.get("servers")?.as_array()?;
        let base = |server: &Value| {
            let default = |name: &str| Some(text(server.get("variables")?.get(name)?.get("default")?));
            Some(base_of(server.get("url")?.as_str()?, default))
        };
        Some(servers.iter().filter_map(base).collect::<Vec<_>>()).filter(|bases| !bases.is_empty())
    }

    fn parameters(
        &self,
        holder: &Spot,
        operation: &Spot,
        dangling: &mut Option<String>,
    ) -> (Vec<Parameter>, Option<Body>) {
        let (mut parameters, mut body) = (Vec::new(), None);
        let list = holder.below("parameters");
        let count = self.value(&list).as_array().map_or(0, Vec::len);
        for index in 0..count {
            let Some(at) = self.followed(&list.below(&index.to_string()), dangling) else { continue };
            let value = self.value(&at);
            let word = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
            let (name, location) = (word("name").to_owned(), word("in").to_owned());
            let ignored = ["accept", "content-type", "authorization"];
            if name.is_empty()
                || location == "header" && !self.is_2() && ignored.contains(&name.to_lowercase().as_str())
            {
                continue;
            }
            if self.is_2() && location == "body" {
                let schema = self.member(&at, "schema");
                let (names, media_at) = self.types(operation, "consumes");
                let media = names.into_iter().map(|name| Media { name, schema: schema.clone(), at: media_at.clone() });
                body = Some(Body { required: self.flag(&at, "required"), media: media.collect(), at });
                continue;
            }
            parameters.push(self.parameter(name, location, at));
        }
        (parameters, body)
    }

    fn parameter(&self, name: String, location: String, at: Spot) -> Parameter {
        let value = self.value(&at);
        let content = value.get("content").and_then(Value::as_object).and_then(|all| all.iter().next());
        let schema = match content {
            Some((media, _)) => self.member(&at.below("content").below(media), "schema"),
            None if self.is_2() => Some(at.clone()),
            None => self.member(&at, "schema"),
        };
        let settled = schema.as_ref().and_then(|schema| self.follow(schema));
        let default = settled.and_then(|schema| self.value(&schema).get("default").cloned());
        Parameter {
            required: location == "path" || self.flag(&at, "required"),
            says_required: self.flag(&at, "required"),
            deprecated: self.flag(&at, "deprecated"),
            sunset: value.get("x-sunset").map(text),
            content: content.map(|(media, _)| plain(media)),
            style: style(value, &location, self.is_2()),
            name,
            location,
            schema,
            default,
            at,
        }
    }

    fn body(&self, operation: &Spot, dangling: &mut Option<String>) -> Option<Body> {
        let at = self.followed(&self.member(operation, "requestBody")?, dangling)?;
        Some(Body { required: self.flag(&at, "required"), media: self.media(&at), at })
    }

    fn media(&self, holder: &Spot) -> Vec<Media> {
        let content = holder.below("content");
        let media = |(name, _): &(String, &Value)| {
            let at = content.below(name);
            Media { name: plain(name), schema: self.member(&at, "schema"), at }
        };
        self.entries(&content).iter().map(media).collect()
    }

    fn responses(&self, operation: &Spot, dangling: &mut Option<String>) -> Vec<Response> {
        let mut out = Vec::new();
        let all = operation.below("responses");
        for (status, _) in self.entries(&all) {
            if status.starts_with("x-") {
                continue;
            }
            let Some(at) = self.followed(&all.below(&status), dangling) else { continue };
            let media = match self.is_2() {
                false => self.media(&at),
                true => {
                    let schema = self.member(&at, "schema");
                    let (names, media_at) = self.types(operation, "produces");
                    let names = if schema.is_some() { names } else { Vec::new() };
                    names.into_iter().map(|name| Media { name, schema: schema.clone(), at: media_at.clone() }).collect()
                }
            };
            let headers = at.below("headers");
            let headers = self.entries(&headers).into_iter().filter_map(|(name, _)| {
                let at = self.followed(&headers.below(&name), dangling)?;
                (!name.eq_ignore_ascii_case("content-type")).then(|| self.parameter(name, "header".into(), at))
            });
            let headers = headers.collect();
            let links = self.links(&at);
            out.push(Response { status: status.to_ascii_uppercase(), media, headers, links, at });
        }
        out
    }

    fn links(&self, response: &Spot) -> Vec<Link> {
        let all = response.below("links");
        let link = |(name, _): (String, &Value)| {
            let at = self.follow(&all.below(&name))?;
            let value = self.value(&at);
            let operation = value.get("operationId").or_else(|| value.get("operationRef")).map(text)?;
            let given = |key: &str| value.get(key).map(|given| format!(" with {given}")).unwrap_or_default();
            let target = format!("`{operation}`{}{}", given("parameters"), given("requestBody"));
            Some(Link { name, target, at })
        };
        self.entries(&all).into_iter().filter_map(link).collect()
    }

    /// The media types of OpenAPI 2, and where they stand; nothing said means JSON.
    fn types(&self, operation: &Spot, key: &str) -> (Vec<String>, Spot) {
        for holder in [operation, &self.root] {
            let at = holder.below(key);
            let names: Vec<String> =
                self.value(&at).as_array().into_iter().flatten().filter_map(Value::as_str).map(plain).collect();
            if !names.is_empty() {
                return (names, at);
            }
        }
        (vec!["application/json".into()], operation.clone())
    }

    /// What an operation asks for; one empty alternative when that is nothing.
    fn security(&self, operation: &Spot) -> (Vec<Alternative>, Spot) {
        let at = [operation, &self.root].into_iter().find_map(|at| self.member(at, "security"));
        let at = at.unwrap_or_else(|| operation.clone());
        let scopes = |scopes: &Value| scopes.as_array().into_iter().flatten().map(text).collect::<Vec<String>>();
        let alternative = |value: &Value| -> Alternative {
            value.as_object().into_iter().flatten().map(|(name, list)| (name.clone(), scopes(list))).collect()
        };
        let all: Vec<Alternative> = match self.value(&at) {
            Value::Array(all) => all.iter().map(alternative).collect(),
            _ => Vec::new(),
        };
        (if all.is_empty() { vec![Alternative::new()] } else { all }, at)
    }

    /// What tells one security scheme from another.
    fn schemes(&self) -> BTreeMap<String, String> {
        let holder = match self.is_2() {
            true => self.root.below("securityDefinitions"),
            false => self.root.below("components").below("securitySchemes"),
        };
        let mut out = BTreeMap::new();
        for (name, _) in self.entries(&holder) {
            let Some(at) = self.follow(&holder.below(&name)) else { continue };
            let word = |key: &str| self.value(&at).get(key).map(text).unwrap_or_default();
            let told = match word("type").as_str() {
                "apiKey" => format!("the API key `{}` in {}", word("name"), word("in")),
                "basic" => "HTTP basic".to_owned(),
                "http" => format!("HTTP {}", word("scheme").to_lowercase()),
                "openIdConnect" => format!("OpenID Connect by {}", word("openIdConnectUrl")),
                other => other.to_owned(),
            };
            out.insert(name, told);
        }
        out
    }

    fn followed(&self, at: &Spot, dangling: &mut Option<String>) -> Option<Spot> {
        let found = self.follow(at);
        if found.is_none() && dangling.is_none() {
            let reference = self.value(at).get("$ref").map(text).unwrap_or_default();
            *dangling = Some(format!("`$ref: {reference}` leads nowhere in the repository"));
        }
        found
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A media type without its parameters.
fn plain(media: &str) -> String {
    media.split(';').next().unwrap_or(media).trim().to_ascii_lowercase()
}

/// How a list or an object is written in a parameter, defaults filled in.
/// <https://spec.openapis.org/oas/v3.0.4#style-values>
fn style(value: &Value, location: &str, is_2: bool) -> String {
    if is_2 {
        return value.get("collectionFormat").and_then(Value::as_str).unwrap_or("csv").to_owned();
    }
    let usual = if matches!(location, "query" | "cookie") { "form" } else { "simple" };
    let style = value.get("style").and_then(Value::as_str).unwrap_or(usual);
    let explode = value.get("explode").and_then(Value::as_bool).unwrap_or(style == "form");
    format!("{style}{}", if explode { ", exploded" } else { "" })
}
