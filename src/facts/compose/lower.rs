//! The YAML tree to [`ComposeFile`].

use super::healthcheck::healthcheck;
use super::{
    Build, ComposeFile, ComposeService, Dependency, EnvFile, Extends, Include, Network, Port, Setting, Volume,
};
use crate::facts::command::Command;
use crate::syntax::data::{DataError, Node, yaml};
use crate::syntax::{Span, Spanned};

/// Reads the text of a Compose file. What is wrong with it is in [`ComposeFile::errors`].
pub fn compose(text: &str) -> ComposeFile {
    let parsed = yaml(text);
    let mut file = parsed.documents.first().map(lower).unwrap_or_default();
    file.errors.extend(parsed.errors);
    file.errors.extend(parsed.duplicates.into_iter().map(|duplicate| {
        DataError::new(format!("the key `{}` stands twice in the same map", duplicate.key), duplicate.second)
    }));
    file
}

/// The facts of a Compose file that is parsed already.
pub fn lower(root: &Node) -> ComposeFile {
    let mut file = ComposeFile { name: text(root, "name"), ..ComposeFile::default() };
    if let Some(includes) = root.get("include") {
        file.includes = includes.items().iter().map(include).filter(|include| !include.paths.is_empty()).collect();
    }
    match root.get("services") {
        Some(services) if services.is_map() => {
            for entry in services.entries() {
                let name = Spanned::new(entry.name().to_owned(), entry.key.span);
                if entry.value.is_map() || entry.value.is_null() {
                    file.services.push(service(name, &entry.value));
                } else {
                    let message = format!("the service `{}` is no map", name.value);
                    file.errors.push(DataError::new(message, entry.value.span));
                }
            }
        }
        Some(services) if !services.is_null() => {
            file.errors.push(DataError::new("`services` is no map", services.span));
        }
        // The first Compose format had the services at the top; nothing reads it any more.
        _ => {}
    }
    file
}

fn service(name: Spanned<String>, node: &Node) -> ComposeService {
    let get = |key: &str| node.get(key);
    ComposeService {
        span: Span::new(name.span.start as usize, node.span.end.max(name.span.end) as usize),
        name,
        image: text(node, "image"),
        build: get("build").and_then(build),
        command: get("command").and_then(command),
        entrypoint: get("entrypoint").and_then(command),
        environment: get("environment").map(settings).unwrap_or_default(),
        env_files: get("env_file").map(env_files).unwrap_or_default(),
        ports: get("ports").map(|ports| ports.items().iter().filter_map(port).collect()).unwrap_or_default(),
        expose: get("expose").map(texts).unwrap_or_default(),
        depends_on: get("depends_on").map(depends_on).unwrap_or_default(),
        healthcheck: get("healthcheck").filter(|node| node.is_map()).map(healthcheck),
        profiles: get("profiles").map(texts).unwrap_or_default(),
        labels: get("labels").map(settings).unwrap_or_default(),
        extends: get("extends").and_then(extends),
        replicas: node.at(["deploy", "replicas"]).and_then(scalar).or_else(|| text(node, "scale")),
        container_name: text(node, "container_name"),
        hostname: text(node, "hostname"),
        working_dir: text(node, "working_dir"),
        restart: text(node, "restart"),
        stop_grace_period: text(node, "stop_grace_period"),
        stop_signal: text(node, "stop_signal"),
        network_mode: text(node, "network_mode"),
        networks: get("networks").map(networks).unwrap_or_default(),
        volumes: ["volumes", "configs", "secrets"].iter().filter_map(|key| get(key)).flat_map(volumes).collect(),
        resets: node
            .entries()
            .iter()
            .filter(|entry| matches!(entry.value.tag.as_deref(), Some("!reset" | "!override")))
            .map(|entry| entry.name().to_owned())
            .collect(),
    }
}

/// The text of a scalar under a key.
pub(super) fn text(node: &Node, key: &str) -> Option<Spanned<String>> {
    node.get(key).and_then(scalar)
}

fn scalar(node: &Node) -> Option<Spanned<String>> {
    node.text().map(|text| Spanned::new(text.to_owned(), node.span))
}

/// A scalar or a list of scalars.
fn texts(node: &Node) -> Vec<Spanned<String>> {
    match scalar(node) {
        Some(text) => vec![text],
        None => node.items().iter().filter_map(scalar).collect(),
    }
}

pub(super) fn command(node: &Node) -> Option<Command> {
    match node.text() {
        Some(text) => Some(Command::shell(text, node.span)),
        None if node.is_list() => {
            let words = node.items().iter().filter_map(Node::text).map(str::to_owned).collect();
            Some(Command::exec(words, node.span))
        }
        None => None,
    }
}

fn build(node: &Node) -> Option<Build> {
    if let Some(context) = scalar(node) {
        return Some(Build { context: Some(context), span: node.span, ..Build::default() });
    }
    node.is_map().then(|| Build {
        context: text(node, "context"),
        dockerfile: text(node, "dockerfile"),
        inline: node.get("dockerfile_inline").is_some(),
        target: text(node, "target"),
        args: node.get("args").map(settings).unwrap_or_default(),
        span: node.span,
    })
}

/// `KEY: value` or `- KEY=value`.
fn settings(node: &Node) -> Vec<Setting> {
    if node.is_list() {
        return node.items().iter().filter_map(list_setting).collect();
    }
    let from_map = |key: &Node, value: &Node| Setting {
        key: Spanned::new(key.text().unwrap_or("").to_owned(), key.span),
        value: scalar(value),
        span: Span::new(key.span.start as usize, value.span.end.max(key.span.end) as usize),
    };
    node.entries().iter().map(|entry| from_map(&entry.key, &entry.value)).collect()
}

fn list_setting(item: &Node) -> Option<Setting> {
    let text = item.text()?;
    let Span { start, end } = item.span;
    let (start, end) = (start as usize, end as usize);
    let Some((key, value)) = text.split_once('=') else {
        let key = Spanned::new(text.to_owned(), item.span);
        return Some(Setting { key, value: None, span: item.span });
    };
    // The written form differs from the text by quotes and escapes. A quote in front shifts it by
    // one; with escapes or folded lines the whole item is the place of both.
    let quotes = (end - start).saturating_sub(text.len());
    let (key_span, value_span) = match quotes {
        0 | 2 => {
            let key_start = start + quotes / 2;
            let value_start = key_start + key.len() + 1;
            (Span::new(key_start, key_start + key.len()), Span::new(value_start, value_start + value.len()))
        }
        _ => (item.span, item.span),
    };
    Some(Setting {
        key: Spanned::new(key.to_owned(), key_span),
        value: Some(Spanned::new(value.to_owned(), value_span)),
        span: item.span,
    })
}

fn env_files(node: &Node) -> Vec<EnvFile> {
    let one = |node: &Node| {
        let path = scalar(node).or_else(|| text(node, "path"))?;
        let required = node.get("required").and_then(Node::as_bool) != Some(false);
        Some(EnvFile { path, required })
    };
    match node.is_list() {
        true => node.items().iter().filter_map(one).collect(),
        false => one(node).into_iter().collect(),
    }
}

fn port(node: &Node) -> Option<Port> {
    if let Some(text) = node.text() {
        return Some(Port { published: None, target: String::new(), short: Some(text.to_owned()), span: node.span });
    }
    let get = |key: &str| node.get(key).and_then(Node::text).map(str::to_owned);
    Some(Port { published: get("published"), target: get("target")?, short: None, span: node.span })
}

fn depends_on(node: &Node) -> Vec<Dependency> {
    let started = || "service_started".to_owned();
    if node.is_map() {
        let condition = |value: &Node| value.get("condition").and_then(Node::text).map_or_else(started, str::to_owned);
        let one = |key: &Node, value: &Node| Some(Dependency { service: scalar(key)?, condition: condition(value) });
        return node.entries().iter().filter_map(|entry| one(&entry.key, &entry.value)).collect();
    }
    texts(node).into_iter().map(|service| Dependency { service, condition: started() }).collect()
}

fn extends(node: &Node) -> Option<Extends> {
    match scalar(node) {
        Some(service) => Some(Extends { file: None, service }),
        None => Some(Extends { file: text(node, "file"), service: text(node, "service")? }),
    }
}

fn networks(node: &Node) -> Vec<Network> {
    if node.is_map() {
        let aliases = |value: &Node| value.get("aliases").map(texts).unwrap_or_default();
        let one = |key: &Node, value: &Node| Some(Network { name: scalar(key)?, aliases: aliases(value) });
        return node.entries().iter().filter_map(|entry| one(&entry.key, &entry.value)).collect();
    }
    texts(node).into_iter().map(|name| Network { name, aliases: Vec::new() }).collect()
}

fn volumes(node: &Node) -> Vec<Volume> {
    let one = |node: &Node| {
        if let Some(text) = node.text() {
            return Some(Volume { source: None, target: String::new(), short: Some(text.to_owned()), span: node.span });
        }
        let get = |key: &str| node.get(key).and_then(Node::text).map(str::to_owned);
        let source = get("source");
        let target = get("target").or_else(|| source.clone())?;
        Some(Volume { source, target, short: None, span: node.span })
    };
    node.items().iter().filter_map(one).collect()
}

fn include(node: &Node) -> Include {
    match scalar(node) {
        Some(path) => Include { paths: vec![path], project_directory: None, env_files: Vec::new() },
        None => Include {
            paths: node.get("path").map(texts).unwrap_or_default(),
            project_directory: text(node, "project_directory"),
            env_files: node.get("env_file").map(texts).unwrap_or_default(),
        },
    }
}
