//! Helm charts rendered with the values of the repository.

use std::collections::{BTreeMap, BTreeSet};

use super::read::{Chart, KubeFile};
use super::{KubeInputs, Unit};
use crate::facts::helm::{Item, Partials, Source, Template, Value, render};
use crate::facts::kube::{Body, EnvSource, HOLE, Object, objects};
use crate::files::{folder_of, join_path};
use crate::program::resolve::join;
use crate::syntax::data::yaml;
use crate::syntax::{FileId, Span};

/// The name under which a chart is installed: nobody knows it.
pub(super) const RELEASE: &str = "release-name";
/// How deeply charts may use each other.
const MAX_DEPTH: usize = 6;
/// How many charts are rendered in all.
const MAX_CHARTS: usize = 2_000;

/// A chart with its files.
#[derive(Default)]
struct Files<'a> {
    chart: Option<&'a Chart>,
    values: Option<&'a Item>,
    templates: Vec<(FileId, &'a str, &'a Template)>,
}

/// One unit for each chart that no other one uses.
pub(super) fn units(inputs: KubeInputs<'_>) -> Vec<Unit> {
    let charts = charts(inputs);
    if charts.is_empty() {
        return Vec::new();
    }
    let mut inner: BTreeSet<String> = BTreeSet::new();
    for (folder, files) in &charts {
        inner.extend(children(&charts, folder, files).into_iter().map(|(_, child)| child).filter(|c| c != folder));
    }
    let mut roots: Vec<&String> = charts.keys().filter(|folder| !inner.contains(*folder)).collect();
    if roots.is_empty() {
        roots.extend(charts.keys().next());
    }
    // A library is in all charts: its templates have names of their own.
    let mut partials: Partials<'_> = BTreeMap::new();
    for files in charts.values() {
        for (file, text, template) in &files.templates {
            let source = Source { file: *file, text };
            partials.extend(template.defines.iter().map(|(name, nodes)| (name.as_str(), (source, nodes.as_slice()))));
        }
    }
    let mut renderer = Renderer { charts: &charts, partials: &partials, rendered: 0 };
    let mut out = Vec::new();
    for folder in roots {
        let mut objects = Vec::new();
        renderer.chart(folder, &Item::default(), 0, &mut objects);
        out.push(Unit { hint: "helm".to_owned(), folder: folder.clone(), objects });
    }
    out
}

fn charts<'a>(inputs: KubeInputs<'a>) -> BTreeMap<String, Files<'a>> {
    let mut out: BTreeMap<String, Files<'a>> = BTreeMap::new();
    for (&id, file) in inputs.files {
        if let KubeFile::Chart(chart) = file {
            let folder = folder_of(&inputs.tree.file(id).path).to_owned();
            out.entry(folder).or_default().chart = Some(chart);
        }
    }
    for (&id, file) in inputs.files {
        let path = inputs.tree.file(id).path.as_str();
        match file {
            KubeFile::Values(values) => {
                if let Some(chart) = out.get_mut(folder_of(path)) {
                    chart.values = Some(values);
                }
            }
            KubeFile::Template(text, template) => {
                // The nearest chart around `templates`.
                let mut folder = folder_of(path);
                while !folder.is_empty() {
                    let above = folder_of(folder);
                    if folder.ends_with("templates") && out.contains_key(above) {
                        break;
                    }
                    folder = above;
                }
                if let Some(chart) = out.get_mut(folder_of(folder)) {
                    chart.templates.push((id, text, template));
                }
            }
            _ => {}
        }
    }
    out
}

/// The charts that a chart uses: the name under which each gets its values, and its folder.
fn children(charts: &BTreeMap<String, Files<'_>>, folder: &str, files: &Files<'_>) -> Vec<(String, String)> {
    let mut out: Vec<(String, String)> = Vec::new();
    let dependencies = files.chart.map(|chart| chart.dependencies.as_slice()).unwrap_or_default();
    for dependency in dependencies {
        let inside = join(&join(folder, "charts"), &dependency.name);
        let beside = dependency.folder.as_ref().and_then(|path| join_path(folder, path));
        if let Some(child) = beside.into_iter().chain([inside]).find(|path| charts.contains_key(path)) {
            out.push((dependency.alias.clone(), child));
        }
    }
    // What lies in `charts` belongs to the chart, whether it is listed or not.
    let below = format!("{}/", join(folder, "charts"));
    let own = charts.keys().filter(|path| path.strip_prefix(&below).is_some_and(|rest| !rest.contains('/')));
    for path in own {
        if !out.iter().any(|(_, known)| known == path) {
            let name = path.rsplit('/').next().unwrap_or(path);
            let name = charts.get(path).and_then(|f| f.chart).map_or(name, |chart| chart.name.as_str());
            out.push((name.to_owned(), path.clone()));
        }
    }
    out
}

struct Renderer<'a> {
    charts: &'a BTreeMap<String, Files<'a>>,
    partials: &'a Partials<'a>,
    rendered: usize,
}

impl Renderer<'_> {
    /// Renders a chart and what it uses. `over` are the values that the chart around gives.
    fn chart(&mut self, folder: &str, over: &Item, depth: usize, out: &mut Vec<Object>) {
        self.rendered += 1;
        let Some(files) = self.charts.get(folder) else { return };
        if depth > MAX_DEPTH || self.rendered > MAX_CHARTS {
            return;
        }
        let own = files.values.cloned().unwrap_or_else(|| Item::map(Vec::new()));
        let values = own.overlaid(over);
        let name = files.chart.map_or("", |chart| chart.name.as_str());
        let root = root(files, &values);
        if !files.chart.is_some_and(|chart| chart.library) {
            for (file, text, template) in &files.templates {
                self.template(Source { file: *file, text }, template, &root, name, out);
            }
        }
        let dependencies = files.chart.map(|chart| chart.dependencies.as_slice()).unwrap_or_default();
        for (alias, child) in children(self.charts, folder, files) {
            let condition = dependencies.iter().find(|d| d.alias == alias).and_then(|d| d.condition.as_ref());
            let off = condition.is_some_and(|condition| {
                let path: Vec<String> = condition.split('.').map(str::to_owned).collect();
                values.at(&path).value == Value::Bool(false)
            });
            if off || child == folder {
                continue;
            }
            let global = values.at(&["global".to_owned()]);
            let given = values.at(std::slice::from_ref(&alias));
            let given = match global.value {
                Value::Null => given,
                _ => Item::map(vec![("global".into(), global)]).overlaid(&given),
            };
            self.chart(&child, &given, depth + 1, out);
        }
    }

    fn template(&self, source: Source<'_>, template: &Template, root: &Item, name: &str, out: &mut Vec<Object>) {
        let rendered = render(source, &template.body, self.partials, root);
        if !rendered.text.contains("kind:") {
            return;
        }
        let parsed = yaml(&rendered.text);
        let at = |span: Span| rendered.place(span);
        for document in &parsed.documents {
            for mut object in objects(document, &at) {
                rename(&mut object, name);
                if rendered.assumed.iter().any(|span| span.contains(document.span)) {
                    // Whether it is there at all is not known: what it sets is not either.
                    forget(&mut object);
                }
                out.push(object);
            }
        }
    }
}

/// What `$` stands for.
fn root(files: &Files<'_>, values: &Item) -> Item {
    let unknown = || Item::from(Value::Unknown);
    let release = Item::map(vec![
        ("Name".into(), Item::text(RELEASE)),
        ("Namespace".into(), Item::text("default")),
        ("Service".into(), Item::text("Helm")),
        ("IsInstall".into(), Value::Bool(true).into()),
        ("IsUpgrade".into(), Value::Bool(false).into()),
        ("Revision".into(), Value::Number("1".into()).into()),
    ]);
    Item::map(vec![
        ("Values".into(), values.clone()),
        ("Chart".into(), files.chart.map(|chart| chart.root.clone()).unwrap_or_default()),
        ("Release".into(), release),
        ("Capabilities".into(), unknown()),
        ("Template".into(), unknown()),
        ("Files".into(), unknown()),
        ("Subcharts".into(), unknown()),
    ])
}

/// An object whose name is not known, or is that of the release alone, is named after its chart.
fn rename(object: &mut Object, chart: &str) {
    if object.name.value == RELEASE {
        chart.clone_into(&mut object.name.value);
        return;
    }
    if object.name.value.contains(HOLE) {
        let rest = object.name.value.replace(HOLE, "");
        let rest = rest.trim_matches(['-', '_', '.']);
        object.name.value = if rest.is_empty() { chart.to_owned() } else { rest.to_owned() };
    }
}

fn forget(object: &mut Object) {
    if let Body::Workload(workload) = &mut object.body {
        for variable in workload.containers.iter_mut().flat_map(|container| &mut container.env) {
            variable.source = EnvSource::Unknown;
        }
    }
}
