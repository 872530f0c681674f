//! Applications that share one `package.json`: its scripts start source files of several folders.
//!
//! `"start:orders": "node ./orders/index.js"` beside `"start:mails": "node ./mails/index.js"`. One script, or
//! several for the same folder, say nothing of this kind: then the package is the application.

use std::collections::{BTreeMap, BTreeSet};

use crate::facts::command;
use crate::facts::manifest::{PackageJson, Script};
use crate::files::{Tree, Zone, folder_of, join_path, zone};
use crate::program::resolve::within;
use crate::syntax::Place;
use crate::system::deployment::Deployment;

/// What the name of a script says when it starts something that goes on running.
const STARTING: [&str; 7] = ["start", "dev", "serve", "server", "worker", "run", "watch"];
/// Folders of an application in which its entry point lies.
const INNER: [&str; 3] = ["src", "bin", "app"];
/// Options that take a module or a configuration, not what is started.
const WITH_VALUE: [&str; 9] =
    ["-r", "--require", "-c", "--config", "-p", "--project", "-P", "--tsconfig", "--env-file"];

/// The folders that the scripts of each `package.json` start, with the first of these scripts, for packages
/// whose scripts start more than one.
pub(super) fn apps(tree: &Tree, deployment: &Deployment, manifests: &BTreeSet<&str>) -> BTreeMap<String, Place> {
    let mut all = BTreeMap::new();
    for (&id, package) in &deployment.package_jsons {
        let path = tree.file(id).path.as_str();
        if zone(path) != Zone::Production {
            continue;
        }
        let mut apps: BTreeMap<String, Place> = BTreeMap::new();
        for script in starting(package) {
            let Some(app) = started(tree, folder_of(path), script) else { continue };
            if app != folder_of(path) && !manifests.contains(app.as_str()) {
                apps.entry(app).or_insert(Place::new(id, script.name.span));
            }
        }
        let nested = |app: &String| apps.keys().any(|other| other != app && within(app, other));
        if apps.len() > 1 && !apps.keys().any(nested) {
            all.extend(apps);
        }
    }
    all
}

fn starting(package: &PackageJson) -> impl Iterator<Item = &Script> {
    package
        .scripts
        .iter()
        .filter(|script| script.name.value.split([':', '-', '_', '.']).any(|word| STARTING.contains(&word)))
}

/// The folder of the application that a script starts: around the source file that its command names.
fn started(tree: &Tree, folder: &str, script: &Script) -> Option<String> {
    let words = command::split(script.command.as_str());
    let mut of_option = false;
    for word in &words {
        let is_value = std::mem::replace(&mut of_option, WITH_VALUE.contains(&word.as_str()));
        let is_source = [".js", ".mjs", ".cjs", ".ts", ".mts", ".cts"].iter().any(|ending| word.ends_with(ending));
        if is_value || !is_source || word.contains(['*', '$']) {
            continue;
        }
        let path = join_path(folder, word.trim_start_matches("./"))?;
        if tree.find(&path).is_none() || zone(&path) != Zone::Production {
            continue;
        }
        let mut app = folder_of(&path);
        while app.len() > folder.len() && INNER.contains(&app.rsplit('/').next().unwrap_or(app)) {
            app = folder_of(app);
        }
        return Some(app.to_owned());
    }
    None
}
