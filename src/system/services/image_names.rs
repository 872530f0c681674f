//! What the image of a folder may be called.

use std::collections::BTreeSet;

use super::compose::{alias, spelled};
use super::context::Context;
use super::foreign::Foreign;
use super::source::programs;
use crate::files::folder_of;

/// The module with the program, among those of one application.
const PROGRAMS: [&str; 4] = ["app", "application", "boot", "main"];
/// Names that say nothing where several folders are called so.
const PLAIN: [&str; 15] = [
    "api", "aws", "azure", "backend", "client", "cmd", "frontend", "gcp", "oci", "rpc", "server", "service", "src",
    "web", "worker",
];

/// The units with each name that their image may have: `orders`, and `orders-app` for `orders/app`, `orders` for
/// `orders/orders-main`.
pub(super) fn of_units<'c>(ctx: &'c Context<'_>, image: &'c str) -> impl Iterator<Item = (&'c str, String)> {
    let is_shared = |name: &str| ctx.units().iter().filter(|(_, other)| other == name).count() > 1;
    let units = ctx.units().iter().filter(|(_, name)| !name.is_empty());
    units.flat_map(move |(folder, name)| {
        let parent = spelled(folder_of(folder).rsplit('/').next().unwrap_or(""));
        let is_plain = PROGRAMS.contains(&name.as_str()) || PLAIN.contains(&name.as_str());
        let is_program = is_plain || is_program_of(name, &parent);
        let own = (!is_plain || name == image || !is_shared(name)).then(|| name.clone());
        let qualified = match is_plain {
            true => Some(format!("{parent}-{name}")),
            false => Some(parent.clone()).filter(|_| is_program),
        };
        own.into_iter().chain(qualified.filter(|_| !parent.is_empty())).map(|name| (*folder, name))
    })
}

/// `orders-main` in `orders`, `app` in anything: the folder of the program in that of its service.
pub(super) fn is_program_of(name: &str, parent: &str) -> bool {
    let part = name.strip_prefix(parent).and_then(|rest| rest.strip_prefix('-')).filter(|_| !parent.is_empty());
    PROGRAMS.contains(&part.unwrap_or(name))
}

/// The module of this name that its parent's build file sets up: Gradle wants no file of it.
/// <https://docs.gradle.org/current/userguide/multi_project_builds.html>
pub(super) fn module<'a>(ctx: &Context<'a>, image: &str) -> Option<&'a str> {
    let sources = format!("{image}/src/main/");
    let at = |path: &str| match path.find(&sources) {
        Some(at) if at == 0 || path[..at].ends_with('/') => Some(at + image.len()),
        _ => None,
    };
    let mut found = ctx.code_below("").filter_map(|(_, path)| path.get(..at(path)?));
    let first = found.next()?;
    found.all(|other| other == first).then_some(first)
}

/// The folder of this name that a program of Go lies in, where one module holds them all: `shop-orders/cmd/server.go` of the
/// image `shop-orders`.
pub(super) fn program(ctx: &Context<'_>, image: &str) -> Option<String> {
    let called = |folder: &str| {
        let mut end = 0;
        folder.split('/').find_map(|segment| {
            let at = end + segment.len();
            end = at + 1;
            (spelled(segment) == image).then(|| folder[..at].to_owned())
        })
    };
    let found: BTreeSet<String> = programs(ctx).iter().filter_map(|program| called(program)).collect();
    if found.len() == 1 { found.into_iter().next() } else { None }
}

/// The project of .NET whose SDK makes an image of this name, without a Dockerfile.
pub(super) fn of_project<'c>(ctx: &'c Context<'_>, image: &str) -> Option<&'c str> {
    let mut found = ctx.deployment.foreign.iter().filter_map(|(id, foreign)| match foreign {
        Foreign::DotNet { image: Some(made), .. } if alias(made) == image => Some(folder_of(&ctx.tree.file(*id).path)),
        _ => None,
    });
    let first = found.next()?;
    found.all(|other| other == first).then_some(first)
}

/// `orders` of `orders-native`: what stands behind is how it is packed.
pub(super) fn without_packaging(image: &str) -> &str {
    let ways = ["-native", "-graalvm", "-jvm"];
    ways.iter().find_map(|way| image.strip_suffix(way)).filter(|stem| !stem.is_empty()).unwrap_or(image)
}
