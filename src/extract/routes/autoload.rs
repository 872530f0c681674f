//! Plugins of Fastify that are loaded from a folder: each file is one, and the folders between are its prefix.
//!
//! Source: <https://github.com/fastify/fastify-autoload>.

use super::attach::Mount;
use super::objects::Builder;
use super::path::{self, PathText};
use crate::facts::module::{ExprId, ExprKind, Language};
use crate::files::{Zone, folder_of, zone};
use crate::program::resolve::{join, normalise};
use crate::program::{Site, UnitId, Value};

/// How many files of a folder are loaded.
const MAX_FILES: usize = 500;

impl<'a> Builder<'_, 'a> {
    /// `register(AutoLoad, { dir: path.join(__dirname, "routes"), options: { prefix: "/api" } })`. False when the
    /// folder is not known.
    pub(super) fn autoload(&mut self, mount: &Mount<'a>) -> bool {
        let ev = self.ev;
        let here = ev.program.unit(mount.at.unit);
        let Some(options) = here.module.call(mount.at.expr).and_then(|call| call.args.get(1)) else { return false };
        let Value::Dict(options) = ev.at(mount.at.unit, options.value) else { return false };
        let Some(folder) = options.get("dir").and_then(|dir| self.folder(dir)) else { return false };
        let flag = |name: &str| options.get(name).map(|site| ev.eval(site));
        let named = !matches!(flag("dirNameRoutePrefix"), Some(Value::Bool(false)));
        let parameters = matches!(flag("routeParams"), Some(Value::Bool(true)));
        let prefix = options.get("options").and_then(|site| match ev.eval(site) {
            Value::Dict(own) => path::of_value(&ev.eval(own.get("prefix")?)).into_iter().next(),
            _ => None,
        });
        let below = format!("{folder}/");
        let mut files: Vec<(UnitId, String)> = Vec::new();
        for unit in ev.program.ids() {
            let path = &ev.program.unit(unit).path;
            let Some(rest) = path.strip_prefix(&below).filter(|_| zone(path) == Zone::Production) else { continue };
            let is_script = matches!(ev.program.language(unit), Language::JavaScript | Language::TypeScript);
            if is_script && files.len() < MAX_FILES {
                files.push((unit, folder_of(rest).to_string()));
            }
        }
        // Beside an index file the others of a folder are its helpers.
        let stem = |unit: UnitId| {
            let path = ev.program.unit(unit).path.as_str();
            path.rsplit('/').next().and_then(|name| name.split('.').next()).unwrap_or_default().to_string()
        };
        let indexed: Vec<String> =
            files.iter().filter(|(unit, _)| stem(*unit) == "index").map(|(_, folder)| folder.clone()).collect();
        files.retain(|(unit, folder)| stem(*unit) == "index" || !indexed.contains(folder));
        let mut found = false;
        for (unit, folders) in files {
            let Some(plugin) = ev.exported(unit, "default", 0) else { continue };
            let part = |name: &str| match name.strip_prefix('_').filter(|_| parameters) {
                Some(name) => format!("/:{name}"),
                None => format!("/{name}"),
            };
            let own: String = folders.split('/').filter(|name| named && !name.is_empty()).map(part).collect();
            let own = PathText::known(own);
            let prefix = prefix.as_ref().map_or(own.clone(), |prefix| prefix.join(&own));
            let Some(site) = ev.program.unit(unit).module.exprs.first().map(|_| Site { unit, expr: ExprId(0) }) else {
                continue;
            };
            let inner = Mount { prefix: Some(prefix), ..mount.clone() };
            self.attach_value(&inner, &plugin, site, None);
            found = true;
        }
        found
    }

    /// The folder that `path.join(__dirname, "routes")` names: the texts in it, below the file's own folder.
    fn folder(&self, dir: Site) -> Option<String> {
        let unit = self.ev.program.unit(dir.unit);
        let mut parts: Vec<(u32, String)> = Vec::new();
        let mut todo = vec![dir.expr];
        let mut budget = 50;
        let mut here = false;
        while let Some(expr) = todo.pop() {
            budget -= 1;
            if budget == 0 {
                return None;
            }
            match &unit.module.expr(expr).kind {
                ExprKind::Str(text) => parts.push((unit.module.expr(expr).span.start, text.to_string())),
                ExprKind::Name(name) | ExprKind::Attr { name, .. }
                    if matches!(name.as_str(), "__dirname" | "dirname" | "url") =>
                {
                    here = true;
                }
                _ => {}
            }
            todo.extend(unit.module.children(expr));
        }
        parts.sort();
        let path: Vec<&str> = parts.iter().map(|(_, text)| text.trim_start_matches("./")).collect();
        let folder = join(folder_of(&unit.path), path.join("/").trim_end_matches('/'));
        (here && !path.is_empty()).then(|| normalise(&folder))
    }
}
