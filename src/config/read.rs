//! From the spanned tree to a [`Config`]: collects every error instead of stopping at the first.

use std::ops::Range;

use super::raw::{self, Node, Value};
use super::{ClientSetting, Config, ConfigError, FailOn, Globs, Override, ServiceKind, ServiceSetting, Setting};
use crate::rules::{Names, Severity};
use crate::suggest;
use crate::syntax::Span;

/// The keys of each mapping, as the schema lists them too.
pub mod keys {
    /// Of the file.
    pub const TOP: [&str; 8] =
        ["rules", "overrides", "services", "catalog", "schemas", "exclude", "fail-on", "preview"];
    /// Of an entry of `overrides`.
    pub const OVERRIDE: [&str; 3] = ["paths", "rules", "reason"];
    /// Of an entry of `services`.
    pub const SERVICE: [&str; 6] = ["name", "root", "kind", "ignore", "part-of", "openapi"];
    /// Of `catalog`.
    pub const CATALOG: [&str; 1] = ["clients"];
    /// Of an entry of `catalog.clients`.
    pub const CLIENT: [&str; 4] = ["name", "timeout", "retry", "circuit-breaker"];
    /// Of `schemas`.
    pub const SCHEMAS: [&str; 5] = ["mode", "model", "protobuf", "overrides", "accepted"];
    /// Of an entry of `schemas.overrides`.
    pub const SCHEMA: [&str; 4] = ["schemas", "mode", "model", "protobuf"];
    /// Of an entry of `schemas.accepted`.
    pub const ACCEPTED: [&str; 5] = ["schema", "change", "at", "reason", "until"];
    /// The levels of a rule.
    pub const LEVELS: [&str; 4] = ["error", "warning", "info", "off"];
    /// The values of `fail-on`.
    pub const FAIL_ON: [&str; 4] = ["error", "warning", "info", "none"];
    /// The kinds of a service.
    pub const KINDS: [&str; 5] = ["service", "worker", "gateway", "frontend", "job"];
}

/// Validates the text; all errors at once, in the order of the text.
pub(super) fn read(text: &str, names: &Names) -> Result<Config, Vec<ConfigError>> {
    let root = match raw::parse(text) {
        Ok(root) => root,
        Err(refused) => {
            return Err(vec![ConfigError {
                span: Span::new(refused.span.start, refused.span.end),
                message: refused.message,
                expected: "here".to_owned(),
                help: None,
            }]);
        }
    };
    let mut reader = Reader { names, errors: Vec::new() };
    let config = root.map(|root| reader.config(&root)).unwrap_or_default();
    if reader.errors.is_empty() {
        return Ok(config);
    }
    reader.errors.sort_by_key(|error| error.span);
    Err(reader.errors)
}

pub(super) struct Reader<'n> {
    names: &'n Names,
    errors: Vec<ConfigError>,
}

impl Reader<'_> {
    fn config(&mut self, root: &Node) -> Config {
        let mut config = Config::default();
        for (key, node) in self.fields(root, "the configuration", &keys::TOP) {
            match key {
                "rules" => config.rules = self.settings(node),
                "overrides" => config.overrides = self.list(node, key).iter().map(|n| self.over(n)).collect(),
                "services" => config.services = self.services(node),
                "catalog" => config.clients = self.catalog(node),
                "schemas" => config.schemas = self.schemas(node),
                "exclude" => config.exclude = self.globs(node, key),
                "fail-on" => config.fail_on = self.choice(node, "fail-on", &keys::FAIL_ON).map(fail_on),
                _ => config.preview = self.boolean(node, key),
            }
        }
        config
    }

    fn over(&mut self, node: &Node) -> Override {
        let mut over = Override::default();
        let fields = self.fields(node, "an override", &keys::OVERRIDE);
        for (key, what) in [
            ("paths", "the globs it applies to"),
            ("rules", "the levels there"),
            ("reason", "why these paths are different"),
        ] {
            if !fields.iter().any(|(name, _)| *name == key) && matches!(node.value, Value::Map(_)) {
                self.error(
                    first_line(node),
                    format!("this override has no `{key}`"),
                    format!("`{key}:` with {what}"),
                    None,
                );
            }
        }
        for (key, value) in fields {
            match key {
                "paths" => over.paths = self.globs(value, key),
                "rules" => over.rules = self.settings(value),
                _ => over.reason = self.string(value, key).unwrap_or_default(),
            }
        }
        over
    }

    fn settings(&mut self, node: &Node) -> Vec<Setting> {
        let mut settings = Vec::new();
        for (name, span, value) in self.entries(node, "`rules`") {
            if !self.names.knows(name) {
                let help = match self.names.suggest(name) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => "`skillcheck rules` lists the rules".to_owned(),
                };
                self.error(span, format!("unknown rule `{name}`"), "a rule id or a skill", Some(help));
            }
            if let Some(level) = self.choice(value, name, &keys::LEVELS) {
                settings.push(Setting { selector: name.to_owned(), level: severity(level) });
            }
        }
        settings
    }

    fn services(&mut self, node: &Node) -> Vec<ServiceSetting> {
        let mut services = Vec::new();
        for (name, _, value) in self.entries(node, "`services`") {
            let mut service = ServiceSetting { key: name.to_owned(), ..ServiceSetting::default() };
            for (key, value) in self.fields(value, "a service", &keys::SERVICE) {
                match key {
                    "name" => service.name = self.string(value, key),
                    "root" => service.root = self.root(value),
                    "kind" => service.kind = self.choice(value, key, &keys::KINDS).map(kind),
                    "ignore" => service.ignore = self.boolean(value, key),
                    "openapi" => {
                        let items = self.list(value, key).iter();
                        service.openapi = items.filter_map(|item| self.string(item, key)).collect();
                    }
                    _ => service.part_of = self.string(value, key),
                }
                if key == "part-of" && service.part_of.as_deref() == Some(name) {
                    self.error(
                        value.span.clone(),
                        format!("service `{name}` is part of itself"),
                        "the name of another service",
                        None,
                    );
                }
            }
            services.push(service);
        }
        services
    }

    /// A folder inside the folder of the configuration.
    fn root(&mut self, node: &Node) -> Option<String> {
        let root = self.string(node, "root")?.replace('\\', "/");
        let plain = root.trim_start_matches("./").trim_end_matches('/');
        if plain.starts_with('/') || plain.contains(':') || plain.split('/').any(|part| part == "..") {
            self.error(
                node.span.clone(),
                format!("root `{root}` lies outside of the repository"),
                "a folder relative to this file, without `..`",
                None,
            );
            return None;
        }
        Some(if plain == "." { String::new() } else { plain.to_owned() })
    }

    fn catalog(&mut self, node: &Node) -> Vec<ClientSetting> {
        let mut clients = Vec::new();
        for (_, list) in self.fields(node, "`catalog`", &keys::CATALOG) {
            for node in self.list(list, "clients") {
                let mut client = ClientSetting::default();
                for (key, value) in self.fields(node, "a client", &keys::CLIENT) {
                    match key {
                        "name" => client.name = self.string(value, key).unwrap_or_default(),
                        "timeout" => client.timeout = self.boolean(value, key),
                        "retry" => client.retry = self.boolean(value, key),
                        _ => client.circuit_breaker = self.boolean(value, key),
                    }
                }
                if matches!(&node.value, Value::Map(entries) if !entries.iter().any(|(key, _)| is_key(key, "name"))) {
                    let expected = "`name:` with the class or function, as the code calls it";
                    self.error(first_line(node), "this client has no `name`", expected, None);
                }
                clients.push(client);
            }
        }
        clients
    }

    pub(super) fn globs(&mut self, node: &Node, key: &str) -> Globs {
        let list = self.list(node, key);
        let items: Vec<(&Node, String)> =
            list.iter().filter_map(|item| self.string(item, key).map(|text| (item, text))).collect();
        match Globs::new(items.iter().map(|(_, text)| text.clone()).collect()) {
            Ok(globs) => globs,
            Err((index, reason)) => {
                if let Some((item, text)) = items.get(index) {
                    let message = format!("`{text}` is no glob: {reason}");
                    self.error(item.span.clone(), message, "a glob such as `services/*/tests/**`", None);
                }
                Globs::default()
            }
        }
    }

    /// The known keys of a mapping with their values; unknown ones are errors.
    pub(super) fn fields<'a>(
        &mut self,
        node: &'a Node,
        what: &str,
        known: &[&'static str],
    ) -> Vec<(&'static str, &'a Node)> {
        let mut fields = Vec::new();
        for (name, span, value) in self.entries(node, what) {
            if let Some(key) = known.iter().find(|key| **key == name) {
                fields.push((*key, value));
                continue;
            }
            let help = suggest::nearest(name, known.iter().copied()).map(|meant| format!("did you mean `{meant}`?"));
            self.error(span, format!("unknown key `{name}` in {what}"), format!("one of {}", quoted(known)), help);
        }
        fields
    }

    /// The entries of a mapping; a key that stands twice is an error. Nothing counts as an empty one.
    fn entries<'a>(&mut self, node: &'a Node, what: &str) -> Vec<(&'a str, Range<usize>, &'a Node)> {
        let Value::Map(entries) = &node.value else {
            if !node.is_null() {
                self.wrong_kind(node, what, "a mapping (`key: value`)");
            }
            return Vec::new();
        };
        let mut seen: Vec<(&str, Range<usize>, &Node)> = Vec::new();
        for (key, value) in entries {
            match &key.value {
                Value::Scalar(name, _) if seen.iter().any(|(other, ..)| other == name) => {
                    let message = format!("key `{name}` stands twice in {what}");
                    self.error(key.span.clone(), message, "each key once", None);
                }
                Value::Scalar(name, _) => seen.push((name, key.span.clone(), value)),
                _ => self.wrong_kind(key, "a key", "a name"),
            }
        }
        seen
    }

    /// The items of a list. Nothing counts as an empty list.
    pub(super) fn list<'a>(&mut self, node: &'a Node, key: &str) -> &'a [Node] {
        match &node.value {
            Value::Seq(items) => items,
            _ if node.is_null() => &[],
            _ => {
                self.wrong_kind(node, &format!("`{key}`"), "a list (`- item`)");
                &[]
            }
        }
    }

    /// A text that says something.
    pub(super) fn string(&mut self, node: &Node, key: &str) -> Option<String> {
        match &node.value {
            Value::Scalar(text, _) if !node.is_null() && !text.trim().is_empty() => Some(text.trim().to_owned()),
            Value::Scalar(..) => {
                self.error(node.span.clone(), format!("`{key}` is empty"), "a text", None);
                None
            }
            _ => {
                self.wrong_kind(node, &format!("`{key}`"), "a text");
                None
            }
        }
    }

    fn boolean(&mut self, node: &Node, key: &str) -> bool {
        match &node.value {
            Value::Scalar(text, true) if matches!(text.as_str(), "true" | "True" | "TRUE") => true,
            Value::Scalar(text, true) if matches!(text.as_str(), "false" | "False" | "FALSE") => false,
            Value::Scalar(text, _) => {
                self.error(node.span.clone(), format!("`{key}` is `{text}`"), "`true` or `false`", None);
                false
            }
            _ => {
                self.wrong_kind(node, &format!("`{key}`"), "`true` or `false`");
                false
            }
        }
    }

    /// One of the given words.
    pub(super) fn choice<'w>(&mut self, node: &Node, key: &str, words: &[&'w str]) -> Option<&'w str> {
        let expected = format!("one of {}", quoted(words));
        let Value::Scalar(text, _) = &node.value else {
            self.wrong_kind(node, &format!("`{key}`"), &expected);
            return None;
        };
        let found = words.iter().find(|word| *word == text).copied();
        if found.is_none() {
            let meant = match text.as_str() {
                "warn" => Some("warning"),
                "err" | "deny" => Some("error"),
                "note" | "hint" | "notice" => Some("info"),
                "no" | "false" | "disable" | "disabled" | "ignore" | "allow" | "never" => {
                    words.iter().find(|word| matches!(**word, "off" | "none")).copied()
                }
                _ => suggest::nearest(text, words.iter().copied()),
            };
            let help = meant.map(|meant| format!("did you mean `{meant}`?"));
            self.error(node.span.clone(), format!("`{key}` is `{text}`"), expected, help);
        }
        found
    }

    fn wrong_kind(&mut self, node: &Node, what: &str, expected: &str) {
        self.error(first_line(node), format!("{what} is {}", node.kind()), expected, None);
    }

    pub(super) fn error(
        &mut self,
        span: Range<usize>,
        message: impl Into<String>,
        expected: impl Into<String>,
        help: Option<String>,
    ) {
        self.errors.push(ConfigError {
            span: Span::new(span.start, span.end),
            message: message.into(),
            expected: format!("expected {}", expected.into()),
            help,
        });
    }
}

/// Where to point for a whole mapping or list: its first key or item.
pub(super) fn first_line(node: &Node) -> Range<usize> {
    match &node.value {
        Value::Map(entries) => entries.first().map_or_else(|| node.span.clone(), |(key, _)| key.span.clone()),
        Value::Seq(items) => items.first().map_or_else(|| node.span.clone(), |item| item.span.start..item.span.start),
        Value::Scalar(..) => node.span.clone(),
    }
}

pub(super) fn is_key(node: &Node, name: &str) -> bool {
    matches!(&node.value, Value::Scalar(text, _) if text == name)
}

fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

fn severity(level: &str) -> Option<Severity> {
    match level {
        "error" => Some(Severity::Error),
        "warning" => Some(Severity::Warning),
        "info" => Some(Severity::Info),
        _ => None,
    }
}

fn fail_on(word: &str) -> FailOn {
    severity(word).map_or(FailOn::Nothing, FailOn::Severity)
}

fn kind(word: &str) -> ServiceKind {
    match word {
        "worker" => ServiceKind::Worker,
        "gateway" => ServiceKind::Gateway,
        "frontend" => ServiceKind::Frontend,
        "job" => ServiceKind::Job,
        _ => ServiceKind::Service,
    }
}
