//! What became of the operations of a document: parts that went away, that are asked for now, and the schemas
//! that have to be compared.

use serde_json::Value;

use super::api::{Alternative, Api, Kind, Media, Operation, Parameter, Response, Spot};
use super::security;
use super::value::{Job, Way, Wire};
use crate::extract::routes::path::join;
use crate::schema::lifecycle::{self, Life};

/// A change that breaks a client, whatever the values are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Broken {
    /// By a stable name.
    pub(super) kind: &'static str,
    /// What became of it, for people.
    pub(super) text: String,
    /// `POST /orders`.
    pub(super) operation: String,
    /// It is about what the API sends.
    pub(super) is_response: bool,
    /// It breaks whoever relies on what was said. Otherwise it depends on what the documents don't say.
    pub(super) is_certain: bool,
    /// Where it stood.
    pub(super) old: Option<Spot>,
    /// Where it stands, or what held it.
    pub(super) new: Spot,
}

/// What is to be told of a pair of documents.
#[derive(Debug, Default)]
pub(super) struct Compared {
    pub(super) broken: Vec<Broken>,
    pub(super) jobs: Vec<Job>,
    /// Parts that could not be compared: where, and why not.
    pub(super) unknown: Vec<(Spot, String)>,
}

/// Compares two versions of a document. `today` is `YYYY-MM-DD`.
pub(super) fn compare(old: &Api, new: &Api, root: &Spot, today: Option<&str>) -> Compared {
    let today = today.map(str::to_owned);
    let mut comparer =
        Comparer { old, new, today, operation: String::new(), is_response: false, out: Compared::default() };
    for before in &old.operations {
        // Nothing is promised of what is still being tried out.
        if matches!(before.stability.as_deref(), Some("draft" | "alpha")) {
            continue;
        }
        comparer.operation = match before.kind {
            Kind::Endpoint => format!("{} {}", before.method, before.path),
            Kind::Hook if before.path.starts_with("callback ") => before.path.clone(),
            Kind::Hook => format!("webhook `{}`", before.path),
        };
        match counterpart(before, new) {
            Some(now) if before.kind == Kind::Hook => {
                comparer.unread(before, now);
                comparer.hook(before, now);
            }
            Some(now) => comparer.operation(before, now),
            None => comparer.removed(before, root),
        }
    }
    comparer.out
}

/// The same operation in the other version: by its full path, else by its path.
fn counterpart<'n>(before: &Operation, new: &'n Api) -> Option<&'n Operation> {
    let full = |operation: &Operation| -> Vec<String> {
        let bases = operation.bases.clone().unwrap_or_else(|| vec![String::new()]);
        bases.iter().map(|base| unnamed(&join(base, &operation.path))).collect()
    };
    let (paths, path) = (full(before), unnamed(&before.path));
    let of_kind =
        |now: &&Operation| (&now.method, now.kind, &now.target) == (&before.method, before.kind, &before.target);
    let candidates = || new.operations.iter().filter(of_kind);
    candidates()
        .find(|now| full(now).iter().any(|path| paths.contains(path)))
        .or_else(|| candidates().find(|now| unnamed(&now.path) == path))
}

/// A path without the names of its parameters.
fn unnamed(path: &str) -> String {
    let mut out = String::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        out.push_str("{}");
        rest = after.split_once('}').map_or("", |(_, after)| after);
    }
    out + rest
}

/// The names of the parameters of a path, in their order.
fn names(path: &str) -> Vec<&str> {
    path.split('{').skip(1).filter_map(|part| part.split_once('}').map(|(name, _)| name)).collect()
}

pub(super) struct Comparer<'a> {
    old: &'a Api,
    new: &'a Api,
    /// `YYYY-MM-DD`.
    today: Option<String>,
    operation: String,
    /// What is compared is sent by the API.
    pub(super) is_response: bool,
    out: Compared,
}

impl Comparer<'_> {
    pub(super) fn broken(&mut self, kind: &'static str, text: String, old: Option<&Spot>, new: &Spot) {
        self.told(kind, text, true, old, new);
    }

    fn told(&mut self, kind: &'static str, text: String, is_certain: bool, old: Option<&Spot>, new: &Spot) {
        let (operation, is_response) = (self.operation.clone(), self.is_response);
        let (old, new) = (old.cloned(), new.clone());
        self.out.broken.push(Broken { kind, text, operation, is_response, is_certain, old, new });
    }

    fn removed(&mut self, before: &Operation, root: &Spot) {
        let Some(text) = lifecycle::removed(life(before), self.today.as_deref()) else { return };
        // What held it, if that is still there.
        let pointer = before.at.pointer.rsplit_once('/').map_or("", |(path, _)| path).to_owned();
        let held = if before.at.path == root.path { pointer } else { "/paths".to_owned() };
        let new = Spot { path: root.path.clone(), pointer: held };
        self.is_response = before.kind == Kind::Hook;
        self.broken("operation-removed", format!("it {text}"), Some(&before.at), &new);
        self.is_response = false;
    }

    /// A reference that leads nowhere now, or did.
    fn unread(&mut self, before: &Operation, now: &Operation) {
        if let Some(reason) = before.dangling.as_ref().or(now.dangling.as_ref())
            && (before.dangling != now.dangling || before.at != now.at)
        {
            let operation = &self.operation;
            self.out.unknown.push((now.at.clone(), format!("a part of `{operation}` can't be read: {reason}")));
        }
    }

    fn operation(&mut self, before: &Operation, now: &Operation) {
        if let (Some(old), Some(new)) = (&before.bases, &now.bases) {
            let paths = |bases: &[String], path: &str| -> Vec<String> {
                bases.iter().map(|base| unnamed(&join(base, path))).collect()
            };
            let (full_old, full_new) = (paths(old, &before.path), paths(new, &now.path));
            if !full_old.iter().any(|path| full_new.contains(path)) {
                let told = |bases: &[String]| {
                    let shown =
                        bases.iter().map(|base| if base.is_empty() { "`/`".into() } else { format!("`{base}`") });
                    shown.collect::<Vec<_>>().join(" or ")
                };
                let text = format!("the path of the server was {} and is {}", told(old), told(new));
                self.broken("base-path-changed", text, Some(&before.at), &now.at);
            }
        }
        self.unread(before, now);
        self.parameters(before, now);
        self.body(before, now);
        self.is_response = true;
        for response in &before.responses {
            self.response(response, now);
        }
        self.is_response = false;
        self.security(before, now);
        let stability = lifecycle::stability(before.stability.as_deref(), now.stability.as_deref());
        for (kind, text, is_certain) in stability.into_iter().chain(lifecycle::sunset(life(before), life(now))) {
            self.told(kind, text, is_certain, Some(&before.at), &now.at);
        }
    }

    fn security(&mut self, before: &Operation, now: &Operation) {
        let (old, new): (&[Alternative], &[Alternative]) = (&before.security, &now.security);
        if let Some(text) = security::tightened((self.old, old), (self.new, new)) {
            self.broken("security-tightened", text, Some(&before.security_at), &now.security_at);
        }
    }

    fn parameters(&mut self, before: &Operation, now: &Operation) {
        let renamed: Vec<(&str, &str)> = names(&before.path).into_iter().zip(names(&now.path)).collect();
        let is_it = |old: &Parameter, new: &Parameter| {
            let same = match old.location.as_str() {
                "path" => renamed.contains(&(old.name.as_str(), new.name.as_str())) || old.name == new.name,
                "header" => old.name.eq_ignore_ascii_case(&new.name),
                _ => old.name == new.name,
            };
            same && old.location == new.location
        };
        for old in &before.parameters {
            match now.parameters.iter().find(|new| is_it(old, new)) {
                Some(new) => self.parameter(old, new),
                None if now.dangling.is_some() || old.location == "path" => {}
                None => {
                    let Some(removed) = lifecycle::removed(life_of(old), self.today.as_deref()) else { continue };
                    let told = told(old);
                    let elsewhere = now.parameters.iter().find(|new| new.name == old.name);
                    let (kind, text) = match elsewhere {
                        Some(new) => ("parameter-moved", format!("{told} is expected in the {} now", new.location)),
                        None => ("parameter-removed", format!("{told} {removed}")),
                    };
                    let place = elsewhere.map_or(&now.at, |new| &new.at);
                    self.broken(kind, text, Some(&old.at), place);
                }
            }
        }
        for new in &now.parameters {
            let known = before.parameters.iter().any(|old| is_it(old, new));
            let moved = before.parameters.iter().any(|old| old.name == new.name);
            if new.location == "path" && !known && !moved && before.dangling.is_none() {
                let text = format!("{} is described now and was not", told(new));
                self.told("parameter-described", text, false, Some(&before.at), &new.at);
            } else if new.required && !known && !moved && new.location != "path" && before.dangling.is_none() {
                let text = format!("{} is required now and was not there", told(new));
                self.broken("parameter-required", text, None, &new.at);
            }
        }
    }

    fn parameter(&mut self, old: &Parameter, new: &Parameter) {
        if new.required && !old.required {
            self.broken("parameter-required", format!("{} is required now", told(old)), Some(&old.at), &new.at);
        }
        if !new.required && old.default != new.default {
            let (what, shown) = (told(old), |value: &Option<Value>| match value {
                Some(value) => value.to_string(),
                None => "not said".to_owned(),
            });
            let text = format!("the default of {what} was {} and is {}", shown(&old.default), shown(&new.default));
            // A default that is written down now may have been there all along.
            self.told("default-changed", text, old.default.is_some(), Some(&old.at), &new.at);
        }
        // Generated code fills in the default of what is not said to be required.
        if old.required
            && !old.says_required
            && let (Some(was), Some(is)) = (&old.default, &new.default)
            && was != is
        {
            let text = format!("the default of {} was {was} and is {is}", told(old));
            self.told("unused-default-changed", text, false, Some(&old.at), &new.at);
        }
        if let Some((kind, text, is_certain)) = lifecycle::sunset(life_of(old), life_of(new)) {
            self.told(kind, format!("of {}, {text}", told(old)), is_certain, Some(&old.at), &new.at);
        }
        if old.content != new.content {
            let text = format!("{} is written in another way: its `content` was changed", told(old));
            return self.broken("style-changed", text, Some(&old.at), &new.at);
        }
        let wire = match (&old.content, old.location.as_str()) {
            (Some(_), _) => Wire::Document,
            (None, "query") if new.style == "form, exploded" || new.style == "multi" => Wire::List,
            _ => Wire::Text,
        };
        let style = (old.style != new.style).then(|| (old.style.clone(), new.style.clone()));
        self.job(&old.schema, &new.schema, Way::Request, wire, told(old), style);
    }

    fn body(&mut self, before: &Operation, now: &Operation) {
        let Some(old) = &before.body else {
            if let Some(new) = now.body.as_ref().filter(|new| new.required && before.dangling.is_none()) {
                self.broken("body-required", "a body is required now, there was none".into(), None, &new.at);
            }
            return;
        };
        let Some(new) = &now.body else {
            if now.dangling.is_none() {
                self.broken("body-removed", "the body was removed".into(), Some(&old.at), &now.at);
            }
            return;
        };
        if new.required && !old.required {
            self.broken("body-required", "the body is required now".into(), Some(&old.at), &new.at);
        }
        for media in &old.media {
            match taken(media, &new.media) {
                Some(found) => {
                    let wire = wire(&media.name);
                    self.job(
                        &media.schema,
                        &found.schema,
                        Way::Request,
                        wire,
                        format!("the body ({})", media.name),
                        None,
                    );
                }
                None => {
                    let text = format!("the body is no longer taken as `{}`", media.name);
                    self.broken("media-type-removed", text, Some(&media.at), &new.at);
                }
            }
        }
    }

    fn response(&mut self, old: &Response, now: &Operation) {
        let is_success = old.status.starts_with('2');
        let range = format!("{}XX", &old.status.chars().next().unwrap_or('2'));
        let find = |status: &str| now.responses.iter().find(|response| response.status == status);
        let Some(new) = find(&old.status).or_else(|| find(&range)).or_else(|| find("DEFAULT")) else {
            // Of errors, a client has to expect any.
            if is_success && now.dangling.is_none() {
                let text = format!("the response {} was removed", old.status);
                let at = now.at.pointer.clone() + "/responses";
                let at = Spot { path: now.at.path.clone(), pointer: at };
                self.broken("response-removed", text, Some(&old.at), &at);
            }
            return;
        };
        if new.status != old.status && !is_success {
            return;
        }
        for media in &old.media {
            let what = format!("the body of the response {} ({})", old.status, media.name);
            match sent(media, &new.media) {
                Some(found) => self.job(&media.schema, &found.schema, Way::Response, wire(&media.name), what, None),
                None if is_success => {
                    let text = format!("the response {} is no longer sent as `{}`", old.status, media.name);
                    self.broken("media-type-removed", text, Some(&media.at), &new.at);
                }
                None => {}
            }
        }
        for link in old.links.iter().filter(|_| is_success) {
            let what = format!("the link `{}` of the response {}", link.name, old.status);
            match new.links.iter().find(|new| new.name == link.name) {
                Some(found) if found.target == link.target => {}
                Some(found) => {
                    let text = format!("{what} led to {} and leads to {}", link.target, found.target);
                    self.told("link-changed", text, false, Some(&link.at), &found.at);
                }
                None if now.dangling.is_none() => {
                    self.told("link-removed", format!("{what} was removed"), false, Some(&link.at), &new.at);
                }
                None => {}
            }
        }
        for header in &old.headers {
            let what = format!("the header `{}` of the response {}", header.name, old.status);
            match new.headers.iter().find(|new| new.name.eq_ignore_ascii_case(&header.name)) {
                Some(found) => {
                    if header.required && !found.required {
                        let text = format!("{what} is no longer always sent");
                        self.broken("header-optional", text, Some(&header.at), &found.at);
                    }
                    self.job(&header.schema, &found.schema, Way::Response, Wire::Text, what, None);
                }
                None if header.required && now.dangling.is_none() => {
                    self.broken("header-removed", format!("{what} was removed"), Some(&header.at), &new.at);
                }
                None => {}
            }
        }
    }

    pub(super) fn job(
        &mut self,
        old: &Option<Spot>,
        new: &Option<Spot>,
        way: Way,
        wire: Wire,
        part: String,
        style: Option<(String, String)>,
    ) {
        let (old, new) = match (old, new) {
            (Some(old), Some(new)) => (old.clone(), new.clone()),
            (Some(old), None) if way == Way::Response && wire == Wire::Document => {
                let text = format!("{part} has no schema any more, so nothing is promised of it");
                return self.broken("schema-removed", text, Some(&old.clone()), &old.clone());
            }
            // It may be what was taken all along, written down at last.
            (None, Some(new)) if way == Way::Request && wire == Wire::Document => {
                let text = format!("{part} has a schema now, and could be anything before");
                return self.told("schema-added", text, false, None, &new.clone());
            }
            // Anything is taken now, or something is promised that was not.
            _ => return,
        };
        let operation = self.operation.clone();
        self.out.jobs.push(Job { old, new, way, wire, part, operation, style });
    }
}

fn life(operation: &Operation) -> Life<'_> {
    Life { deprecated: operation.deprecated, sunset: operation.sunset.as_deref() }
}

fn life_of(parameter: &Parameter) -> Life<'_> {
    Life { deprecated: parameter.deprecated, sunset: parameter.sunset.as_deref() }
}

/// ``the query parameter `limit` ``.
fn told(parameter: &Parameter) -> String {
    match parameter.location.as_str() {
        "header" => format!("the header `{}`", parameter.name),
        "cookie" => format!("the cookie `{}`", parameter.name),
        "formData" => format!("the form field `{}`", parameter.name),
        location => format!("the {location} parameter `{}`", parameter.name),
    }
}

/// How values of a media type are written.
pub(super) fn wire(media: &str) -> Wire {
    let is_document = media.contains("json") || media.contains("form") || media.contains('*') || media.contains("yaml");
    if is_document { Wire::Document } else { Wire::Loose }
}

/// The media type of the list that takes what was sent as this one.
pub(super) fn taken<'m>(media: &Media, list: &'m [Media]) -> Option<&'m Media> {
    let kind = media.name.split('/').next().unwrap_or_default();
    let exact = list.iter().find(|new| new.name == media.name);
    let ranges = [format!("{kind}/*"), "*/*".to_owned()];
    exact.or_else(|| ranges.iter().find_map(|range| list.iter().find(|new| new.name == *range)))
}

/// The media type of the list that a client of this one reads: `application/problem+json` is JSON.
/// <https://www.rfc-editor.org/rfc/rfc6839#section-3.1>
fn sent<'m>(media: &Media, list: &'m [Media]) -> Option<&'m Media> {
    let exact = list.iter().find(|new| new.name == media.name);
    let (kind, name) = media.name.split_once('/')?;
    let suffix = format!("+{name}");
    exact.or_else(|| list.iter().find(|new| new.name.starts_with(kind) && new.name.ends_with(&suffix)))
}

#[cfg(test)]
mod tests {
    use super::{names, unnamed};

    #[test]
    fn paths_are_compared_without_names() {
        assert_eq!(unnamed("/a/{id}/b-{x}"), "/a/{}/b-{}");
        assert_eq!(names("/a/{id}/b-{x}"), ["id", "x"]);
        assert_eq!(unnamed("/a/{open"), "/a/{}");
    }
}
