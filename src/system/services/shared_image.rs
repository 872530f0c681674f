//! One Dockerfile for several services, of which an argument of the build names one: `ARG APP` and
//! `COPY apps/$APP /code`. Every folder that fits is a service.
//!
//! Source: <https://docs.docker.com/reference/dockerfile/#arg>

use std::collections::BTreeSet;

use super::context::Context;
use super::foreign::Foreign;
use super::source::programs;
use super::standalone::is_application;
use crate::facts::dockerfile::{Copy, Dockerfile};
use crate::files::{Zone, folder_of, zone};
use crate::program::resolve::{join, within};

/// How many folders one Dockerfile may stand for.
const MAX_SERVICES: usize = 100;

/// The folders of the services that a Dockerfile at a path builds, in their order; nothing for an ordinary one.
pub(super) fn roots(ctx: &Context<'_>, path: &str, file: &Dockerfile) -> Vec<String> {
    let mut found: BTreeSet<String> = BTreeSet::new();
    let args: Vec<(&str, Option<&str>)> = file
        .args
        .iter()
        .chain(file.stages.iter().flat_map(|stage| &stage.args))
        .map(|arg| (arg.key.as_str(), arg.value.as_ref().map(|value| value.as_str())))
        .collect();
    for pattern in &patterns(file) {
        let Some((before, segment)) = variable_segment(pattern) else { continue };
        let Some((head, name, tail)) = split(segment) else { continue };
        let Some((_, default)) = args.iter().find(|(arg, _)| *arg == name) else { continue };
        // `ARG JAR_FILE=target/*.jar` names a file.
        let is_file = default.is_some_and(|value| value.contains(['/', '*', '.'])) || name.ends_with("FILE");
        let says_more = pattern.trim_start_matches("./").contains('/');
        if is_file || (!says_more && !names_service(name)) || before.rsplit('/').next() == Some("cmd") {
            continue;
        }
        let mut at = folder_of(path);
        loop {
            let base = join(at, before);
            if base.is_empty() || ctx.tree.has_folder(&base) {
                found.extend(children(ctx, &base, head, tail));
            }
            if found.is_empty() && !base.is_empty() && head.is_empty() && tail.is_empty() {
                found.extend(programs(ctx).into_iter().filter(|folder| folder != &base && within(folder, &base)));
            }
            if at.is_empty() || !found.is_empty() {
                break;
            }
            at = folder_of(at);
        }
    }
    if found.len() > MAX_SERVICES { Vec::new() } else { found.into_iter().collect() }
}

/// What a Dockerfile copies, and the words of the commands it runs, where they have a variable in them.
fn patterns(file: &Dockerfile) -> Vec<String> {
    let copies = file.stages.iter().flat_map(|stage| &stage.copies).filter(|copy| copy.from.is_none());
    let mut found: Vec<String> =
        copies.flat_map(|copy| &copy.sources).map(|source| source.as_str().to_owned()).collect();
    for run in file.stages.iter().flat_map(|stage| &stage.runs) {
        found.extend(run.text().split_whitespace().filter(|word| word.contains("/$")).map(str::to_owned));
    }
    // `WORKDIR /src/apps/$APP` below `COPY . /src`: commands that build run there.
    for stage in &file.stages {
        let whole = |copy: &&Copy| copy.from.is_none() && copy.sources.iter().any(|s| matches!(s.as_str(), "." | "./"));
        let copied = stage.copies.iter().filter(whole).map(|copy| copy.destination.as_str().trim_end_matches('/'));
        let below = copied.flat_map(|to| stage.workdirs.iter().filter_map(move |dir| dir.as_str().strip_prefix(to)));
        found.extend(below.filter_map(|rest| rest.strip_prefix('/')).map(str::to_owned));
    }
    found.retain(|text| text.contains('$') && !text.starts_with('/'));
    found
}

/// `apps` and `$APP` of `./apps/$APP/dist`.
fn variable_segment(pattern: &str) -> Option<(&str, &str)> {
    let pattern = pattern.trim_start_matches("./");
    let at = pattern.find('$')?;
    let start = pattern[..at].rfind('/').map_or(0, |slash| slash + 1);
    let end = pattern[at..].find('/').map_or(pattern.len(), |slash| at + slash);
    Some((pattern[..start].trim_end_matches('/'), &pattern[start..end]))
}

/// `svc-`, `APP` and an empty end of `svc-${APP}`.
fn split(segment: &str) -> Option<(&str, &str, &str)> {
    let (head, rest) = segment.split_once('$')?;
    let (name, tail) = match rest.strip_prefix('{') {
        Some(rest) => rest.split_once('}')?,
        None => {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            rest.split_at(end)
        }
    };
    // `${APP:-orders}`
    let name = name.split(':').next().unwrap_or(name);
    (!name.is_empty() && !tail.contains('$')).then_some((head, name, tail))
}

fn names_service(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    ["SERVICE", "APP", "MODULE", "PROJECT", "PACKAGE"].iter().any(|word| name.contains(word))
}

/// The folders directly in another one whose names fit and that hold something that is started.
fn children(ctx: &Context<'_>, base: &str, head: &str, tail: &str) -> Vec<String> {
    let starts = |folder: &str| {
        let by_script = ctx.package(folder).is_some_and(|package| package.script("start").is_some());
        let generated = ctx.foreign_in(folder).any(|(_, f)| matches!(f, Foreign::Jvm { generates_main: true, .. }));
        by_script || generated || is_application(ctx, folder)
    };
    ctx.units()
        .iter()
        .map(|(unit, _)| *unit)
        .filter(|unit| folder_of(unit) == base && !unit.is_empty() && ctx.has_manifest(unit))
        .filter(|unit| {
            let name = unit.rsplit('/').next().unwrap_or(unit);
            name.len() > head.len() + tail.len() && name.starts_with(head) && name.ends_with(tail)
        })
        .filter(|unit| zone(&format!("{unit}/x")) == Zone::Production && ctx.has_code(unit) && starts(unit))
        .map(str::to_owned)
        .collect()
}
