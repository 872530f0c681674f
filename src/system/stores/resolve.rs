//! One use of a datastore with the environment of one service.

use super::super::compose::EnvVar;
use super::Certainty;
use super::engine;
use super::input::Deployed;
use super::url::{self, Location};
use crate::catalog::store::StoreRole;
use crate::extract::stores::{Setting, StoreUse};
use crate::program::value::TextPart;
use crate::syntax::Place;

/// A use, resolved.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Resolved {
    pub(super) engine: Option<&'static str>,
    pub(super) host: Option<String>,
    pub(super) port: Option<u16>,
    pub(super) database: Option<String>,
    pub(super) schemas: Vec<String>,
    pub(super) user: Option<String>,
    pub(super) role: StoreRole,
    pub(super) library: String,
    /// The place that says which database it is.
    pub(super) place: Place,
    pub(super) places: Vec<(Place, String)>,
    pub(super) certainty: Certainty,
    /// The database is only what the library takes when nothing is said.
    pub(super) default_database: bool,
}

/// A setting with the variables filled in.
struct Answer {
    text: String,
    /// The variable that decides, else the place in the code.
    place: Place,
    places: Vec<(Place, String)>,
    certainty: Certainty,
}

impl Answer {
    /// The text when all of it is known.
    fn known(&self) -> Option<&str> {
        (!self.text.is_empty() && !self.text.contains("{}")).then_some(self.text.as_str())
    }
}

/// Resolves a use for a deployed service.
pub(super) fn resolve(used: &StoreUse, deployed: &Deployed, service: &str) -> Resolved {
    let mut out = Resolved {
        engine: None,
        host: None,
        port: None,
        database: None,
        schemas: Vec::new(),
        user: None,
        role: used.role,
        library: used.library.clone(),
        place: used.place,
        places: Vec::new(),
        certainty: Certainty::High,
        default_database: false,
    };
    let answer = |setting: &Option<Setting>| setting.as_ref().map(|s| evaluate(s, deployed, service));
    let engine_name = answer(&used.engine);
    out.engine = engine_name.as_ref().and_then(|a| engine::canonical(a.known()?));
    let (url, host, port) = (answer(&used.url), answer(&used.host), answer(&used.port));
    let (database, schema, user) = (answer(&used.database), answer(&used.schema), answer(&used.user));

    let mut deciding: Vec<&Answer> = Vec::new();
    deciding.extend(schema.as_ref().filter(|s| s.known().is_some()));
    if let Some(url) = &url {
        let has_host = host.as_ref().is_some_and(|h| !h.text.is_empty());
        if apply_url(&mut out, &url.text, has_host) {
            deciding.push(url);
        }
    }
    // An explicit database overrides the address of those that have no tables in it.
    let overrides = !out.engine.is_some_and(engine::is_sql);
    if let Some(host) = &host
        && out.host.is_none()
        && let Some(text) = host.known()
    {
        match url::parse(text) {
            Some(location) => take(&mut out, location),
            None => {
                let (name, inline) = text.split_once(':').filter(|_| !text.contains("::")).unwrap_or((text, ""));
                out.host = Some(name.trim().to_ascii_lowercase());
                out.port = out.port.or_else(|| inline.parse().ok());
            }
        }
        deciding.push(host);
    }
    if let Some(port) = &port {
        out.port = out.port.or_else(|| port.known()?.parse().ok());
    }
    if let Some(database) = &database
        && (overrides || out.database.is_none())
        && !database.text.is_empty()
    {
        out.database = database.known().map(|d| d.trim_start_matches('/').to_string());
        deciding.push(database);
    }
    if let Some(text) = schema.as_ref().and_then(Answer::known) {
        let named = url::search_path(text);
        let plain = !text.contains(['=', ' ', '-']);
        if !named.is_empty() {
            out.schemas = named;
        } else if plain && out.schemas.is_empty() {
            out.schemas = text.split(',').map(|s| s.trim().to_string()).collect();
        }
    }
    out.user = out.user.take().or_else(|| user.as_ref().and_then(|u| u.known().map(str::to_string)));
    let unsaid = |answer: &Option<Answer>| answer.as_ref().is_none_or(|a| a.text.is_empty());
    defaults(&mut out, used, url.is_some(), unsaid(&host), unsaid(&database));

    // What names the database comes last.
    if let Some(last) = deciding.last() {
        out.place = last.place;
    }
    for answer in &deciding {
        out.certainty = out.certainty.min(answer.certainty);
        for place in &answer.places {
            // The read stands in the call that opens it.
            let inside = place.0.file == used.place.file && used.place.span.contains(place.0.span);
            if !inside && !out.places.contains(place) {
                out.places.push(place.clone());
            }
        }
    }
    if used.alternative {
        out.certainty = out.certainty.min(Certainty::Medium);
    }
    out.places.push((used.place, format!("`{service}` opens it here with {}", used.library)));
    out
}

/// What the library or the server takes when nothing is said.
fn defaults(out: &mut Resolved, used: &StoreUse, has_url: bool, no_host: bool, no_database: bool) {
    if out.host.is_none() && !has_url && no_host {
        out.host.clone_from(&used.default_host);
    }
    let Some(engine) = out.engine else { return };
    if out.database.is_none() && no_database && (!has_url || out.host.is_some()) {
        out.default_database = true;
        out.database = used.default_database.clone().or_else(|| match engine {
            // libpq takes the name of the user.
            "postgres" | "cockroachdb" => out.user.clone(),
            "redis" => Some("0".into()),
            _ => None,
        });
    }
    if out.port.is_none() && out.host.as_deref().is_some_and(|h| !h.contains('$')) {
        out.port = engine::default_port(engine);
    }
    out.schemas.retain(|s| engine::has_schemas(engine) && !matches!(s.as_str(), "public" | "dbo" | ""));
}

/// Takes an address apart; false when it says nothing.
fn apply_url(out: &mut Resolved, text: &str, has_host: bool) -> bool {
    if let Some(location) = url::parse(text) {
        take(out, location);
        // `Data Source=orders.db` of SQLite is a file.
        if out.engine == Some("sqlite") && out.database.is_none() {
            out.database = out.host.take();
        }
        return true;
    }
    // `redis:6379,password=…` of StackExchange.Redis
    let text = if out.engine == Some("redis") { text.split(',').next().unwrap_or(text) } else { text };
    if text.is_empty() || text.contains("{}") || text.contains("://") {
        return false;
    }
    // One unknown variable: the same in every service of the environment that has it.
    if text.starts_with("${") && text.ends_with('}') && !text[2..].contains("${") {
        out.host = Some(text.to_string());
        out.database = Some(text.to_string());
        out.certainty = Certainty::Medium;
        return true;
    }
    if has_host {
        out.database = Some(text.to_string());
        return true;
    }
    if let Ok(port) = text.parse() {
        out.port = Some(port);
        return true;
    }
    // `MongoClient("mongo:27017")`
    if let Some(engine) = out.engine.filter(|e| !engine::is_sql(e))
        && !text.contains(char::is_whitespace)
        && let Some(location) = url::parse(&format!("{engine}://{text}"))
    {
        take(out, location);
        return true;
    }
    false
}

fn take(out: &mut Resolved, location: Location) {
    out.engine = location.engine.or(out.engine);
    if !location.hosts.is_empty() {
        let mut hosts = location.hosts;
        out.port = hosts[0].1;
        // The members of a replica set in any order are one server.
        hosts.sort();
        out.host = Some(hosts.iter().map(|(host, _)| host.as_str()).collect::<Vec<_>>().join(","));
    }
    out.database = location.database.or_else(|| out.database.take());
    if !location.schemas.is_empty() {
        out.schemas = location.schemas;
    }
    out.user = location.user.or_else(|| out.user.take());
}

/// The variable that sets a name, else the configuration file.
fn variable<'d>(deployed: &'d Deployed, name: &str) -> Option<&'d EnvVar> {
    deployed.env.iter().rev().chain(deployed.settings.iter().rev()).find(|v| v.is_called(name))
}

/// Fills in the variables of a setting.
fn evaluate(setting: &Setting, deployed: &Deployed, service: &str) -> Answer {
    let mut out = Answer { text: String::new(), place: setting.place, places: Vec::new(), certainty: Certainty::High };
    for part in &setting.text.parts {
        match part {
            TextPart::Lit(text) => out.text.push_str(text),
            TextPart::Hole => out.text.push_str("{}"),
            TextPart::Env { name, default } => match variable(deployed, name) {
                Some(variable) => {
                    let unknown = || match variable.partial.as_str() {
                        "" => format!("${{{name}}}"),
                        partial => partial.to_string(),
                    };
                    out.text.push_str(&variable.value.clone().unwrap_or_else(unknown));
                    out.place = variable.place;
                    out.places.push((variable.place, format!("`{service}` gets `{name}` here")));
                    out.places.push((setting.place, format!("`{service}` reads `{name}` here")));
                    if variable.assumed {
                        out.certainty = Certainty::Medium;
                    }
                }
                None => {
                    if deployed.open {
                        out.certainty = Certainty::Medium;
                    }
                    if let Some(fallback) = &setting.fallback
                        && setting.text.parts.len() == 1
                    {
                        let mut answer = evaluate(fallback, deployed, service);
                        answer.certainty = answer.certainty.min(out.certainty);
                        answer.places.push((fallback.place, format!("the default of `{name}` in `{service}`")));
                        return answer;
                    }
                    match (default, &deployed.unread) {
                        (Some(default), _) => out.text.push_str(default),
                        // It has to come from there, and is the same for everyone who gets it from there.
                        (None, Some((source, place))) => {
                            let source = source.replace(['/', ':'], ".");
                            out.text.push_str(&format!("${{{source}.{name}}}"));
                            out.place = *place;
                            out.places.push((*place, format!("`{service}` gets `{name}` here")));
                            out.places.push((setting.place, format!("`{service}` reads `{name}` here")));
                        }
                        (None, None) => out.text.push_str("{}"),
                    }
                }
            },
        }
    }
    out
}
