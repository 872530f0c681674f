//! Where the code of a container lies: the folder that is built, or the part of it that is started.

use super::context::Context;
use super::shell;
use crate::facts::dockerfile::Dockerfile;
use crate::files::{self, folder_of, join_path};
use crate::program::resolve::{join, within};
use crate::syntax::FileId;

/// Settings beyond this size are none.
const MAX_SETTINGS: u64 = 64 * 1024;

/// What is known about how an image is built and started.
#[derive(Clone, Copy)]
pub(super) struct Build<'a> {
    /// The folder of the build context.
    pub context: &'a str,
    /// The Dockerfile and its path.
    pub dockerfile: Option<(&'a str, &'a Dockerfile)>,
    /// The stage.
    pub target: Option<&'a str>,
    /// Build arguments.
    pub args: &'a [String],
    /// The command of the container, when it does not run the image's own.
    pub command: &'a [String],
    /// What it is called.
    pub name: &'a str,
    /// Other containers are built from the same context in another way.
    pub shared: bool,
}

/// The folder of the code.
pub(super) fn root(ctx: &Context<'_>, build: Build<'_>) -> String {
    let root = started(ctx, build);
    // `orders/src` with its Dockerfile beside the code is `orders`, unless other code lies there as well.
    match root.strip_suffix("/src") {
        Some(above) if !ctx.has_manifest(above) && !ctx.is_collection(above) => above.to_owned(),
        _ => above_command(ctx, &root).map(str::to_owned).unwrap_or(root),
    }
}

/// `orders` of `orders/cmd/server`, the only program of a folder of Go.
fn above_command<'r>(ctx: &Context<'_>, root: &'r str) -> Option<&'r str> {
    let commands = folder_of(root);
    let above = commands.strip_suffix("/cmd")?;
    let alone = ctx.code_below(commands).all(|(_, path)| within(path, root));
    (alone && ctx.languages(root).first().is_some_and(|language| language == "go")).then_some(above)
}

/// The folder of the code that is started, at or below the context.
fn started(ctx: &Context<'_>, build: Build<'_>) -> String {
    let context = build.context;
    let by_argument = build.args.iter().find_map(|value| by_name(ctx, context, value));
    if let Some((path, _)) = build.dockerfile {
        let folder = folder_of(path);
        let deeper = folder != context && within(folder, context);
        // Beside the Dockerfiles for what stands elsewhere there may be scripts.
        let helper = |segment: &str| matches!(segment, "docker" | "dockerfiles" | "deploy" | "deployment" | "infra");
        let scripts = !ctx.has_manifest(folder) && folder.split('/').any(helper);
        if deeper && ctx.has_own_code(folder) && !scripts {
            return folder.to_owned();
        }
    }
    // One Dockerfile for every package of a monorepo is told which one it builds.
    if let Some(unit) = &by_argument
        && ctx.has_manifest(unit)
        && !ctx.has_own_entry(context)
    {
        return unit.clone();
    }
    if !build.shared && (!context.is_empty() || ctx.has_own_code(context)) {
        return context.to_owned();
    }
    let mut words: Vec<String> = build.command.iter().flat_map(|word| where_to(word)).collect();
    let mut copied = Vec::new();
    let mut built = None;
    if let Some((_, file)) = build.dockerfile {
        let own = file.start_command(build.target).map(|(words, _)| words).unwrap_or_default();
        let own = shell::started(ctx, &[context, build.dockerfile.map_or("", |(path, _)| folder_of(path))], own);
        let program = words.first().or(own.first()).cloned();
        built = program.and_then(|program| compiled(ctx, build, file, &program));
        words.extend(own);
        for stage in file.stage(build.target).map(|stage| file.made_of(stage)).unwrap_or_default() {
            words.extend(stage.runs.iter().flat_map(|run| run.words()));
            words.extend(stage.workdirs.iter().map(|workdir| workdir.value.clone()));
            copied.extend(stage.copies.iter().flat_map(|copy| &copy.sources).map(|source| source.value.clone()));
        }
    }
    let unit = |word: &String| unit_of_word(ctx, context, word);
    // Several folders are copied: the one that is no library is started.
    let of_copied = |copied: &[String]| {
        let units: Vec<String> = copied.iter().filter_map(unit).collect();
        let serving = units.iter().find(|unit| ctx.marks_below(unit).iter().any(|(_, marks)| marks.serves()));
        serving.or(units.first()).cloned()
    };
    // One image for several containers, which starts one of them: the others have folders beside it.
    let beside = |unit: String| {
        let named = by_name(ctx, context, build.name).filter(|_| build.shared && build.command.is_empty());
        named.filter(|named| folder_of(named) == folder_of(&unit)).unwrap_or(unit)
    };
    by_argument
        .or(built)
        .or_else(|| words.iter().find_map(unit).map(beside))
        .or_else(|| of_copied(&taken_over(build)))
        .or_else(|| of_copied(&copied))
        .or_else(|| by_name(ctx, context, build.name).filter(|_| build.shared || !ctx.has_own_code(context)))
        .or_else(|| built_outside(ctx, build, &copied))
        .or_else(|| own_folder(ctx, build))
        .unwrap_or_else(|| context.to_owned())
}

/// The package of the program that a container starts, where the image has several: `go build -o /bin/orders
/// ./cmd/orders` for `/bin/orders`, which may be called otherwise where it is copied to.
fn compiled(ctx: &Context<'_>, build: Build<'_>, file: &Dockerfile, program: &str) -> Option<String> {
    let base = |path: &str| path.trim_end_matches('/').rsplit('/').next().unwrap_or(path).to_owned();
    let stage = file.stage(build.target)?;
    let taken = file.chain(stage).flat_map(|stage| &stage.copies).filter(|copy| copy.from.is_some());
    let renamed = |copy: &crate::facts::dockerfile::Copy| match copy.sources.as_slice() {
        [source] if base(&copy.destination.value) == base(program) => Some(base(&source.value)),
        _ => None,
    };
    let names: Vec<String> = taken.filter_map(renamed).chain([base(program)]).collect();
    let runs = file.made_of(stage).into_iter().flat_map(|stage| &stage.runs);
    for line in runs.map(|run| crate::facts::command::split(&run.text())) {
        for words in line.split(|word| matches!(word.as_str(), "&&" | "||" | ";")) {
            let Some(at) = words.windows(2).position(|pair| pair[0] == "go" && pair[1] == "build") else { continue };
            let output = words.iter().position(|word| word == "-o").and_then(|at| words.get(at + 1));
            let package = words.get(at + 2..).and_then(<[String]>::last).filter(|word| !word.starts_with('-'));
            if let (Some(output), Some(package)) = (output, package)
                && output != package
                && names.contains(&base(output))
                && let Some(unit) = unit_of_word(ctx, build.context, package.trim_end_matches(';'))
            {
                return Some(unit);
            }
        }
    }
    None
}

/// What a stage takes over from the stage that built everything, as folders: `/app/orders/target` of
/// `COPY --from=builder /app/orders/target/*.jar`.
fn taken_over(build: Build<'_>) -> Vec<String> {
    let stage = build.dockerfile.and_then(|(_, file)| file.stage(build.target));
    let copies = stage.into_iter().flat_map(|stage| &stage.copies).filter(|copy| copy.from.is_some());
    let folder = |path: &str| match path.find('*') {
        Some(at) => folder_of(&path[..at]).to_owned(),
        None => path.to_owned(),
    };
    copies.flat_map(|copy| &copy.sources).map(|source| folder(&source.value)).collect()
}

/// The code of a binary that is built before the image and only copied into it: `COPY ./bin/${SERVICE} /server`
/// of a folder without code, where an argument, the file that is copied or the container is called like a
/// folder of code around it.
fn built_outside(ctx: &Context<'_>, build: Build<'_>, copied: &[String]) -> Option<String> {
    if build.context.is_empty() || ctx.has_code(build.context) {
        return None;
    }
    let file = |path: &String| path.trim_end_matches('/').rsplit('/').next().unwrap_or(path).to_owned();
    let names: Vec<String> =
        build.args.iter().cloned().chain(copied.iter().map(file)).chain([build.name.to_owned()]).collect();
    let mut above = folder_of(build.context);
    loop {
        if let Some(found) = names.iter().find_map(|name| by_name(ctx, above, name)) {
            return Some(found);
        }
        if above.is_empty() {
            return None;
        }
        above = folder_of(above);
    }
}

/// The folder of a Dockerfile that has it for itself: what is built there is all that is known.
fn own_folder(ctx: &Context<'_>, build: Build<'_>) -> Option<String> {
    let folder = folder_of(build.dockerfile?.0);
    let deeper = folder != build.context && within(folder, build.context);
    // A folder with nothing but the Dockerfile and its scripts is not what it builds.
    let bare = !ctx.has_code(folder) && ctx.has_own_code(build.context);
    let own = deeper && !bare && build.shared && ctx.dockerfiles_in(folder).count() == 1;
    own.then(|| folder.to_owned())
}

/// A folder of code named after something.
fn by_name(ctx: &Context<'_>, context: &str, name: &str) -> Option<String> {
    let name = name.trim_matches('/');
    if name.is_empty() || name.contains([' ', ':', '$']) {
        return None;
    }
    let underscored = name.replace('-', "_");
    let spellings = if underscored == name { vec![name.to_owned()] } else { vec![name.to_owned(), underscored] };
    const FOLDERS: [&str; 8] = ["", "services", "apps", "src", "cmd", "packages", "backend", "server"];
    let named = |folder: &str| spellings.iter().map(|name| join(folder, name)).find(|path| ctx.has_code(path));
    let outer = || FOLDERS.iter().map(|folder| join(context, folder));
    // `services/orders`, else `backend/services/orders`.
    let inner = || outer().flat_map(|outer| FOLDERS.iter().map(move |folder| join(&outer, folder)));
    outer().find_map(|folder| named(&folder)).or_else(|| inner().find_map(|folder| named(&folder)))
}

/// The package or application that a word of a command points into.
fn unit_of_word(ctx: &Context<'_>, context: &str, word: &str) -> Option<String> {
    let word = word.trim_matches(['"', '\'', ';', ',', ')', '(']);
    let word = word.split_once('=').map_or(word, |(_, value)| value);
    let path = word.split(':').next().unwrap_or(word).trim_end_matches('/');
    if path.len() < 2 || path.contains(['$', '*', '{', '@', '\\']) {
        return None;
    }
    // `services.orders.main` is a module; `./cmd/orders` and `dist/apps/orders/main.js` are paths, and so
    // is the import path of a Go package, which ends in one.
    let dotted = !path.contains('/') && path.contains('.') && !path.starts_with(['.', '-']);
    let path = if dotted { path.replace('.', "/") } else { path.trim_start_matches("./").to_owned() };
    let segments: Vec<&str> =
        path.split('/').filter(|s| !s.is_empty() && !matches!(*s, "." | "dist" | "build")).collect();
    (0..segments.len()).find_map(|skip| {
        let tail = segments.get(skip..)?;
        (1..=tail.len()).rev().find_map(|take| {
            let folder = join(context, &tail.get(..take)?.join("/"));
            (folder != context && ctx.is_unit(&folder) && ctx.has_code(&folder)).then_some(folder)
        })
    })
}

/// A word of a command; of a line for a shell, the folders that it changes to: `sh -c "cd orders && npm start"`.
fn where_to(word: &str) -> Vec<String> {
    if !word.contains(' ') {
        return vec![word.to_owned()];
    }
    let words = spaced(word);
    let pairs = words.iter().zip(words.iter().skip(1));
    pairs.filter(|(first, _)| *first == "cd").map(|(_, folder)| folder.clone()).collect()
}

/// The words of `sh -c "uvicorn app.main:app"`.
fn spaced(word: &str) -> Vec<String> {
    if word.contains(' ') { crate::facts::command::split(word) } else { vec![word.to_owned()] }
}

/// The source files that a command starts. `folders` are tried in order.
pub(super) fn entries(ctx: &Context<'_>, folders: &[&str], words: &[String]) -> Vec<FileId> {
    entries_within(ctx, folders, words, 0)
}

fn entries_within(ctx: &Context<'_>, folders: &[&str], words: &[String], depth: usize) -> Vec<FileId> {
    // A script of `package.json` may call another one, or itself.
    const MAX_SCRIPTS: usize = 3;
    let mut found: Vec<FileId> = Vec::new();
    let words: Vec<String> = words.iter().flat_map(|word| spaced(word)).collect();
    let words = words.as_slice();
    // `python manage.py migrate && gunicorn app.wsgi`: what stands last goes on running.
    let ends = |word: &String| word == "&&" || word.ends_with(';');
    if let Some(last) = words.iter().rposition(ends)
        && let Some(last) = words.get(last + 1..).filter(|last| !last.is_empty())
    {
        let found = entries_within(ctx, folders, last, depth);
        if !found.is_empty() {
            return found;
        }
    }
    for word in words {
        let file = folders.iter().find_map(|folder| {
            ["", "src", "app"].iter().find_map(|inner| source_file(ctx, &join(folder, inner), word))
        });
        found.extend(file.filter(|file| !found.contains(file)));
    }
    if found.is_empty() && depth < MAX_SCRIPTS {
        let script = script_name(words);
        let packages = folders.iter().filter_map(|folder| ctx.package(folder));
        let script = script.and_then(|name| packages.into_iter().find_map(|package| package.script(name)));
        if let Some(script) = script {
            let words = crate::facts::command::split(script.command.as_str());
            found = entries_within(ctx, folders, &words, depth + 1);
            if found.is_empty() && words.first().is_some_and(|word| word == "nodemon") {
                let command = folders.iter().find_map(|folder| watched(ctx, folder)).unwrap_or_default();
                found = entries_within(ctx, folders, &command, MAX_SCRIPTS);
            }
            // `nest start` runs `src/main`.
            if found.is_empty() && words.first().is_some_and(|word| word == "nest") {
                found.extend(folders.iter().find_map(|folder| ctx.tree.find(&join(folder, "src/main.ts"))));
            }
        }
    }
    found
}

/// What nodemon runs by its own settings: <https://github.com/remy/nodemon#config-files>.
fn watched(ctx: &Context<'_>, folder: &str) -> Option<Vec<String>> {
    let file = ctx.tree.file(ctx.tree.find(&join(folder, "nodemon.json"))?);
    let text = files::read(file).ok().filter(|_| file.size <= MAX_SETTINGS)?;
    let settings: serde_json::Value = serde_json::from_str(&text).ok()?;
    Some(crate::facts::command::split(settings.get("exec")?.as_str()?))
}

/// `start` of `npm start`, `worker` of `yarn run worker`.
fn script_name(words: &[String]) -> Option<&str> {
    let at = words.iter().position(|word| matches!(word.rsplit('/').next(), Some("npm" | "yarn" | "pnpm" | "bun")))?;
    words
        .get(at + 1..)?
        .iter()
        .map(String::as_str)
        .find(|word| !word.starts_with('-') && !matches!(*word, "run" | "run-script"))
}

/// The source behind a word: `app.main:app`, `main.py`, `dist/main.js`, `manage.py`.
fn source_file(ctx: &Context<'_>, folder: &str, word: &str) -> Option<FileId> {
    let word = word.split(':').next().unwrap_or(word).trim_start_matches("./");
    if word.is_empty() || word.starts_with('-') || word.contains(['$', '*', ' ', '=']) {
        return None;
    }
    let find = |path: &str| join_path(folder, path).and_then(|path| ctx.tree.find(&path));
    let is_code = |id: &FileId| super::context::language(&ctx.tree.file(*id).path).is_some();
    let module = word.replace('.', "/");
    // `/app/main.py` in the image: the folder is what was copied.
    let tail = word.rsplit('/').next().unwrap_or(word);
    let absolute = if word.starts_with('/') { tail } else { word };
    let stem = absolute.trim_end_matches(".js").trim_end_matches(".mjs").trim_end_matches(".cjs");
    let source = stem.strip_prefix("dist/").or_else(|| stem.strip_prefix("build/")).unwrap_or(stem);
    let candidates = [
        absolute.to_owned(),
        format!("{module}.py"),
        format!("{module}/__main__.py"),
        format!("{module}/__init__.py"),
        format!("{source}.ts"),
        format!("src/{}.ts", source.strip_prefix("src/").unwrap_or(source)),
        format!("{source}.js"),
    ];
    candidates.iter().find_map(|path| find(path).filter(is_code))
}
