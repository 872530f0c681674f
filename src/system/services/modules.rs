//! Services that Maven or Gradle build of several modules, one of which is started: `orders/orders-boot` beside
//! `orders/orders-domain` and `orders/orders-messaging` is the service `orders`.

use super::Candidate;
use super::context::Context;
use super::foreign::Foreign;
use super::standalone::{folder_name, has_main};
use crate::files::folder_of;
use crate::program::resolve::within;

/// What the module that is started is called after, where it is not called after the service.
const LAYERS: [&str; 17] = [
    "adapter",
    "adapters",
    "api",
    "app",
    "application",
    "boot",
    "bootstrap",
    "container",
    "entrypoint",
    "infrastructure",
    "launcher",
    "main",
    "presentation",
    "rest",
    "runner",
    "starter",
    "web",
];

/// Gives the services that are one module of several the folder of all of them.
pub(super) fn widen(ctx: &Context<'_>, candidates: &mut [Candidate]) {
    let roots: Vec<String> = candidates.iter().map(|candidate| candidate.service.root.clone()).collect();
    for candidate in candidates {
        let service = &mut candidate.service;
        let Some(whole) = whole(ctx, &service.root) else { continue };
        // Another service lies there, or is all of it.
        if roots.iter().any(|other| *other != service.root && (within(other, &whole) || *other == whole)) {
            continue;
        }
        if service.name == folder_name(&service.root) {
            service.name = folder_name(&whole).to_owned();
        }
        service.root = whole;
    }
}

/// The folder around a module that holds nothing but it and the libraries that it is built of.
fn whole(ctx: &Context<'_>, root: &str) -> Option<String> {
    let whole = folder_of(root);
    if whole.is_empty() || ctx.is_collection(whole) || !is_jvm(ctx, root) {
        return None;
    }
    let others = || {
        ctx.units()
            .iter()
            .map(|(unit, _)| *unit)
            .filter(|unit| *unit != whole && *unit != root && within(unit, whole) && ctx.has_code(unit))
    };
    let is_library = |unit: &str| is_jvm(ctx, unit) && (within(root, unit) || !starts(ctx, unit));
    let in_module = |path: &str| within(path, root) || others().any(|unit| within(path, unit));
    let is_alone =
        others().next().is_some() && others().all(is_library) && ctx.code_below(whole).all(|(_, path)| in_module(path));
    (is_alone && is_named_after(root, whole)).then(|| whole.to_owned())
}

/// True for `orders-boot` in `orders-service`, and for `api` in `orders`.
fn is_named_after(root: &str, whole: &str) -> bool {
    let words = |path: &str| -> Vec<String> {
        let name = path.rsplit('/').next().unwrap_or(path).to_lowercase();
        name.split(['-', '_', '.']).map(str::to_owned).collect()
    };
    let (own, around) = (words(root), words(whole));
    own.first() == around.first() || matches!(own.as_slice(), [layer] if LAYERS.contains(&layer.as_str()))
}

fn is_jvm(ctx: &Context<'_>, folder: &str) -> bool {
    ctx.foreign_in(folder).any(|(_, foreign)| matches!(foreign, Foreign::Jvm { .. }))
}

fn starts(ctx: &Context<'_>, folder: &str) -> bool {
    has_main(ctx, folder)
        || ctx
            .foreign_in(folder)
            .any(|(_, f)| matches!(f, Foreign::Jvm { generates_main: true, aggregator: false, .. }))
}
