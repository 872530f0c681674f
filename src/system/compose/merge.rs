//! The layers of a service merged by Compose's rules: scalars are replaced, maps and lists are merged
//! by their keys, `!reset` and `!override` drop what stands below them.

use std::collections::HashMap;

use super::ComposeInputs;
use super::layers::Layer;
use super::resolved::{
    EnvVar, Origin, Resolved, ResolvedBuild, ResolvedCommand, ResolvedDependency, ResolvedHealthcheck, ResolvedPort,
    ResolvedService, ResolvedVolume, UnreadEnvFile,
};
use super::variables::{Filled, Variables, find_env_file, pairs};
use crate::facts::command::{Command, CommandForm};
use crate::facts::compose::{ComposeService, Healthcheck, Port, Setting, Volume, parse_port, parse_volume};
use crate::files::join_path;
use crate::syntax::{Place, Span, Spanned};

impl Layer<'_> {
    fn place(&self, span: Span) -> Place {
        Place::new(self.source.file, span)
    }

    fn resolve(&self, text: &Spanned<String>) -> Resolved {
        let filled = self.source.variables.fill(text.as_str());
        Resolved { value: filled.value, partial: filled.partial, raw: text.value.clone(), place: self.place(text.span) }
    }

    /// Filled in as far as possible.
    fn partial(&self, text: &str) -> String {
        self.source.variables.fill(text).partial
    }

    fn command(&self, command: &Command) -> Command {
        let form = match &command.form {
            CommandForm::Shell(text) => CommandForm::Shell(self.partial(text)),
            CommandForm::Exec(words) => CommandForm::Exec(words.iter().map(|word| self.partial(word)).collect()),
        };
        Command { form, span: command.span }
    }
}

/// The service that these layers (at least one) make.
pub(super) fn merge(inputs: ComposeInputs<'_>, layers: &[Layer<'_>]) -> Option<ResolvedService> {
    let merge = Merge { inputs, layers };
    let own: Vec<&Layer<'_>> = layers.iter().filter(|layer| !layer.is_base).collect();
    let declarations: Vec<Place> = own.iter().map(|layer| layer.place(layer.service.name.span)).collect();
    let (&place, name) = (declarations.first()?, own.first()?.service.name.value.clone());
    let (env_file_vars, unread_env_files) = merge.env_files();
    let environment = merge.settings("environment", env_file_vars, |service| &service.environment);
    Some(ResolvedService {
        place,
        image: merge.text("image", |service| service.image.as_ref()),
        build: merge.build(),
        command: merge.command("command", |service| service.command.as_ref()),
        entrypoint: merge.command("entrypoint", |service| service.entrypoint.as_ref()),
        env: environment,
        unread_env_files,
        ports: merge.ports(),
        expose: merge.texts("expose", |service| &service.expose),
        depends_on: merge.depends_on(),
        healthcheck: merge.healthcheck(),
        profiles: merge.texts("profiles", |service| &service.profiles),
        labels: merge.settings("labels", Vec::new(), |service| &service.labels),
        host_names: merge.host_names(&name),
        networks: merge.networks(),
        network_mode: merge.text("network_mode", |service| service.network_mode.as_ref()),
        volumes: merge.volumes(),
        replicas: merge.text("deploy", |service| service.replicas.as_ref()),
        working_dir: merge.text("working_dir", |service| service.working_dir.as_ref()),
        restart: merge.text("restart", |service| service.restart.as_ref()),
        stop_grace_period: merge.text("stop_grace_period", |service| service.stop_grace_period.as_ref()),
        stop_signal: merge.text("stop_signal", |service| service.stop_signal.as_ref()),
        declarations,
        name,
    })
}

struct Merge<'a> {
    inputs: ComposeInputs<'a>,
    layers: &'a [Layer<'a>],
}

impl<'a> Merge<'a> {
    /// The layers that count for a key: from the last one that resets it.
    fn active(&self, key: &str) -> &'a [Layer<'a>] {
        let reset = |layer: &Layer<'_>| layer.service.resets.iter().any(|reset| reset == key);
        &self.layers[self.layers.iter().rposition(reset).unwrap_or(0)..]
    }

    /// The last layer that says something.
    fn last<T>(&self, key: &str, get: impl Fn(&'a ComposeService) -> Option<T>) -> Option<(&'a Layer<'a>, T)> {
        self.active(key).iter().rev().find_map(|layer| Some((layer, get(layer.service)?)))
    }

    fn text(&self, key: &str, get: impl Fn(&'a ComposeService) -> Option<&'a Spanned<String>>) -> Option<Resolved> {
        self.last(key, get).map(|(layer, text)| layer.resolve(text))
    }

    fn texts(&self, key: &str, get: impl Fn(&'a ComposeService) -> &'a Vec<Spanned<String>>) -> Vec<Resolved> {
        let mut found = Ordered::new();
        for layer in self.active(key) {
            for text in get(layer.service) {
                found.add(layer.partial(text.as_str()), layer.resolve(text));
            }
        }
        found.values
    }

    fn command(&self, key: &str, get: impl Fn(&'a ComposeService) -> Option<&'a Command>) -> Option<ResolvedCommand> {
        let (layer, command) = self.last(key, get)?;
        Some(ResolvedCommand { command: layer.command(command), place: layer.place(command.span) })
    }

    /// Settings laid over `below`; a later one replaces an earlier one in its position.
    fn settings(
        &self,
        key: &str,
        below: Vec<EnvVar>,
        get: impl Fn(&'a ComposeService) -> &'a Vec<Setting>,
    ) -> Vec<EnvVar> {
        let mut found = Ordered::new();
        for variable in below {
            found.set(variable.name.clone(), variable);
        }
        for layer in self.active(key) {
            for setting in get(layer.service) {
                let variable = setting_var(layer, setting);
                found.set(variable.name.clone(), variable);
            }
        }
        found.values
    }

    fn env_files(&self) -> (Vec<EnvVar>, Vec<UnreadEnvFile>) {
        let mut found = Ordered::new();
        let mut unread = Vec::new();
        // A file may use the variables of the files before it.
        let mut before = Variables::default();
        for layer in self.active("env_file") {
            for env_file in &layer.service.env_files {
                let path = layer.source.variables.fill(env_file.path.as_str()).value;
                let path = path.and_then(|path| join_path(&layer.source.folder, &path));
                let file = path.as_ref().and_then(|path| find_env_file(self.inputs, path));
                let example = file.is_some_and(|(_, example)| example);
                if file.is_none() || example {
                    unread.push(UnreadEnvFile {
                        path: env_file.path.value.clone(),
                        found_at: path.clone(),
                        place: layer.place(env_file.path.span),
                        required: env_file.required,
                        example,
                    });
                }
                let Some((file, example)) = file else { continue };
                let known = before.clone().over(&layer.source.variables);
                for (pair, Filled { value, partial, assumed }) in pairs(self.inputs, file, example, &known) {
                    if let Some(value) = &value {
                        before.set(&pair.key, value.clone(), assumed);
                    }
                    let variable = EnvVar {
                        name: pair.key.clone(),
                        value,
                        partial,
                        raw: pair.value.clone().unwrap_or_default(),
                        place: Place::new(file, Span { start: pair.key_span.start, end: pair.value_span.end }),
                        origin: Origin::EnvFile,
                        assumed,
                    };
                    found.set(pair.key.clone(), variable);
                }
            }
        }
        (found.values, unread)
    }

    fn build(&self) -> Option<ResolvedBuild> {
        let (layer, build) = self.last("build", |service| service.build.as_ref())?;
        let builds = || self.active("build").iter().rev().filter_map(|l| Some((l, l.service.build.as_ref()?)));
        let find = |get: fn(&crate::facts::compose::Build) -> Option<&Spanned<String>>| {
            builds().find_map(|(layer, build)| Some((layer, get(build)?)))
        };
        let written = find(|build| build.context.as_ref());
        let (raw_context, context) = match written {
            Some((layer, context)) => (context.value.clone(), self.path(layer, context.as_str())),
            None => (".".to_owned(), join_path(&layer.source.folder, ".")),
        };
        let inline = builds().any(|(_, build)| build.inline);
        let dockerfile = match find(|build| build.dockerfile.as_ref()) {
            Some((layer, path)) => layer.source.variables.fill(path.as_str()).value.map(slashed),
            None => Some("Dockerfile".to_owned()),
        };
        let dockerfile = dockerfile.filter(|_| !inline).and_then(|path| {
            let in_context = join_path(context.as_deref()?, &path);
            // Compose looks in the context; people also write the path from the Compose file.
            let beside = join_path(&layer.source.folder, &path);
            let exists = |path: &Option<String>| path.as_deref().is_some_and(|p| self.inputs.tree.find(p).is_some());
            if exists(&in_context) || !exists(&beside) { in_context } else { beside }
        });
        let target = find(|build| build.target.as_ref());
        let mut args = Ordered::new();
        for layer in self.active("build") {
            for setting in layer.service.build.iter().flat_map(|build| &build.args) {
                let variable = setting_var(layer, setting);
                args.set(variable.name.clone(), variable);
            }
        }
        Some(ResolvedBuild {
            context,
            raw_context,
            dockerfile,
            inline,
            target: target.and_then(|(layer, target)| layer.resolve(target).value),
            args: args.values,
            place: layer.place(build.span),
        })
    }

    /// A path on the machine that Compose runs on, in the tree. `$PWD` is where people start Compose: the top of the
    /// repository for a file that has to be named (`-f deploy/compose.prod.yml`), the file's folder for one that is
    /// found there.
    fn path(&self, layer: &Layer<'_>, text: &str) -> Option<String> {
        let folder = layer.source.folder.as_str();
        if let Some(path) = layer.source.variables.fill(text).value {
            return join_path(folder, &slashed(path));
        }
        let below = SHELL_FOLDER.iter().find_map(|start| text.strip_prefix(start))?;
        let below = layer.source.variables.fill(below.trim_start_matches('/')).value?;
        let name = &self.inputs.tree.file(layer.source.file).path;
        let is_found = ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"]
            .iter()
            .any(|known| name.strip_suffix(known).is_some_and(|before| before.is_empty() || before.ends_with('/')));
        let starts = if is_found { [folder, ""] } else { ["", folder] };
        let mut paths = starts.iter().filter_map(|start| join_path(start, &slashed(below.clone())));
        paths.find(|path| self.inputs.tree.has_folder(path) || self.inputs.tree.find(path).is_some())
    }

    fn ports(&self) -> Vec<ResolvedPort> {
        let mut found = Ordered::new();
        for layer in self.active("ports") {
            for port in &layer.service.ports {
                let port = resolve_port(layer, port);
                found.add(format!("{:?}", (&port.published, &port.target)), port);
            }
        }
        found.values
    }

    fn depends_on(&self) -> Vec<ResolvedDependency> {
        let mut found = Ordered::new();
        for layer in self.active("depends_on") {
            for dependency in &layer.service.depends_on {
                let resolved = ResolvedDependency {
                    service: dependency.service.value.clone(),
                    condition: dependency.condition.clone(),
                    place: layer.place(dependency.service.span),
                };
                found.set(resolved.service.clone(), resolved);
            }
        }
        found.values
    }

    /// The last one that says what to run (or not to); one that only sets times changes neither.
    fn healthcheck(&self) -> Option<ResolvedHealthcheck> {
        let says = |check: &Healthcheck| check.test.is_some() || check.disabled;
        let (layer, check) = self
            .last("healthcheck", |service| service.healthcheck.as_ref().filter(|check| says(check)))
            .or_else(|| self.last("healthcheck", |service| service.healthcheck.as_ref()))?;
        Some(ResolvedHealthcheck {
            test: check.test.as_ref().map(|test| layer.command(test)),
            disabled: check.disabled,
            place: layer.place(check.span),
        })
    }

    fn networks(&self) -> Vec<Resolved> {
        let mut found = Ordered::new();
        for layer in self.active("networks") {
            for network in &layer.service.networks {
                found.add(network.name.value.clone(), layer.resolve(&network.name));
            }
        }
        found.values
    }

    fn host_names(&self, name: &str) -> Vec<String> {
        let mut names = vec![name.to_owned()];
        names.extend(self.text("container_name", |service| service.container_name.as_ref()).and_then(|n| n.value));
        names.extend(self.text("hostname", |service| service.hostname.as_ref()).and_then(|name| name.value));
        for layer in self.active("networks") {
            let aliases = layer.service.networks.iter().flat_map(|network| &network.aliases);
            names.extend(aliases.filter_map(|alias| layer.resolve(alias).value));
        }
        let mut seen = std::collections::BTreeSet::new();
        names.retain(|name| seen.insert(name.clone()));
        names
    }

    fn volumes(&self) -> Vec<ResolvedVolume> {
        let mut found = Ordered::new();
        for layer in self.active("volumes") {
            for volume in &layer.service.volumes {
                let written = volume.short.as_deref().unwrap_or(&volume.target);
                let volume = self.resolve_volume(layer, volume);
                found.set(volume.target.clone().unwrap_or_else(|| written.to_owned()), volume);
            }
        }
        found.values
    }

    fn resolve_volume(&self, layer: &Layer<'_>, volume: &Volume) -> ResolvedVolume {
        let fill = |text: &str| layer.source.variables.fill(text).value;
        let place = layer.place(volume.span);
        // `${PWD}/orders:/app:ro`
        let mounted = volume.short.as_deref().and_then(|short| {
            let start = SHELL_FOLDER.iter().find(|start| short.starts_with(**start))?;
            let colon = start.len() + short.get(start.len()..)?.find(':')?;
            Some((short.get(..colon)?, short.get(colon + 1..)?.split(':').next()?))
        });
        if let Some((source, target)) = mounted
            && let (None, Some(path), Some(target)) = (fill(source), self.path(layer, source), fill(target))
        {
            return ResolvedVolume { path: Some(path), source: Some(source.to_owned()), target: Some(target), place };
        }
        let (source, target) = match &volume.short {
            Some(short) => match fill(short) {
                Some(short) => {
                    let (source, target) = parse_volume(&short);
                    (source, Some(target))
                }
                None => (None, None),
            },
            None => (volume.source.as_deref().and_then(fill), fill(&volume.target)),
        };
        let is_path = |source: &&String| source.starts_with('.') || source.contains('/');
        let path = source.as_ref().filter(is_path).and_then(|source| join_path(&layer.source.folder, source));
        ResolvedVolume { path, source, target, place }
    }
}

/// How the folder of the shell is written.
const SHELL_FOLDER: [&str; 3] = ["${PWD}", "$PWD", "${PWD:-.}"];

/// Values in the order in which their keys are first mentioned.
struct Ordered<V> {
    values: Vec<V>,
    index: HashMap<String, usize>,
}

impl<V> Ordered<V> {
    fn new() -> Self {
        Ordered { values: Vec::new(), index: HashMap::new() }
    }

    /// Adds a value, in the place of an earlier one with this key.
    fn set(&mut self, key: String, value: V) {
        match self.index.get(&key) {
            Some(&i) => self.values[i] = value,
            None => self.add(key, value),
        }
    }

    /// Adds a value unless there is one with this key.
    fn add(&mut self, key: String, value: V) {
        let next = self.values.len();
        self.index.entry(key).or_insert_with(|| {
            self.values.push(value);
            next
        });
    }
}

fn setting_var(layer: &Layer<'_>, setting: &Setting) -> EnvVar {
    let name = layer.partial(setting.key.as_str());
    let (filled, raw) = match &setting.value {
        Some(text) => (layer.source.variables.fill(text.as_str()), text.value.clone()),
        // Passed through: from the project's `.env`, or from a host that we do not know.
        None => match layer.source.variables.get(&name) {
            Some((value, assumed)) => {
                let filled = Filled { value: Some(value.clone()), partial: value.clone(), assumed: *assumed };
                (filled, String::new())
            }
            None => (Filled { value: None, partial: String::new(), assumed: false }, String::new()),
        },
    };
    let Filled { value, partial, assumed } = filled;
    EnvVar { name, value, partial, raw, place: layer.place(setting.span), origin: Origin::Compose, assumed }
}

fn resolve_port(layer: &Layer<'_>, port: &Port) -> ResolvedPort {
    let fill = |text: &str| layer.source.variables.fill(text).value;
    let (published, target) = match &port.short {
        Some(short) => match fill(short) {
            Some(short) => {
                let (published, target) = parse_port(&short);
                (published, Some(target))
            }
            // `${PORT}:8080`: what stands behind the last colon may be known.
            None => (None, short.rsplit(':').next().and_then(fill).map(|target| parse_port(&target).1)),
        },
        None => (port.published.as_deref().and_then(fill), fill(&port.target)),
    };
    ResolvedPort { published, target, place: layer.place(port.span) }
}

/// Compose on Windows takes `..\\orders` as well.
fn slashed(path: String) -> String {
    path.replace('\\', "/")
}
