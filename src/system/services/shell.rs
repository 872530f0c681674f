//! The shell script that is the entry point of an image: `ENTRYPOINT ["sh", "/app/entrypoint.sh"]`.

use super::context::Context;
use crate::facts::command;
use crate::files::{self, join_path};

/// Scripts beyond this size are no entry points.
const MAX_BYTES: u64 = 64 * 1024;
/// What a script starts in the end, where it does not say `exec`.
const PROGRAMS: [&str; 26] = [
    "python",
    "python3",
    "node",
    "npm",
    "yarn",
    "pnpm",
    "npx",
    "bun",
    "deno",
    "uvicorn",
    "gunicorn",
    "hypercorn",
    "daphne",
    "granian",
    "celery",
    "flask",
    "fastapi",
    "faststream",
    "nameko",
    "poetry",
    "uv",
    "pipenv",
    "java",
    "dotnet",
    "go",
    "pm2",
];

/// The words of a command, and behind a script of the tree those of the program that it starts. `folders` are
/// where the script may lie: the build context and the folder of the Dockerfile.
pub(super) fn started(ctx: &Context<'_>, folders: &[&str], words: Vec<String>) -> Vec<String> {
    let script = words.iter().find_map(|word| script(ctx, folders, word));
    let mut words = words;
    words.extend(script.map(|text| program(&text)).unwrap_or_default());
    words
}

/// The text of the script that a word names: `./start.sh`, or `/app/start.sh` in the image.
fn script(ctx: &Context<'_>, folders: &[&str], word: &str) -> Option<String> {
    if !word.ends_with(".sh") || word.contains(['$', '*', ' ']) {
        return None;
    }
    let segments: Vec<&str> = word.split('/').filter(|segment| !matches!(*segment, "" | ".")).collect();
    let tails = (0..segments.len()).filter_map(|skip| segments.get(skip..)).map(|tail| tail.join("/"));
    let id = tails
        .flat_map(|tail| folders.iter().filter_map(move |folder| join_path(folder, &tail)).collect::<Vec<_>>())
        .find_map(|path| ctx.tree.find(&path))?;
    let file = ctx.tree.file(id);
    if file.size > MAX_BYTES { None } else { files::read(file).ok() }
}

/// The words of the last `exec`, or of the last line that starts a program.
fn program(text: &str) -> Vec<String> {
    let lines = text.replace("\\\n", " ");
    let commands = || lines.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let replaced = commands().filter_map(|line| line.strip_prefix("exec ")).next_back();
    let is_program = |line: &&str| {
        let first = line.split_whitespace().next().unwrap_or("");
        PROGRAMS.contains(&first.rsplit('/').next().unwrap_or(first))
    };
    let Some(line) = replaced.or_else(|| commands().rfind(is_program)) else { return Vec::new() };
    command::split(line).into_iter().filter(|word| !word.contains('$')).collect()
}

#[cfg(test)]
mod tests {
    use super::program;

    #[test]
    fn what_a_script_starts_is_its_last_exec_or_program() {
        assert_eq!(
            program("#!/bin/sh\nset -e\npython manage.py migrate\nexec python -m shop.orders.app \"$@\"\n"),
            ["python", "-m", "shop.orders.app"]
        );
        assert_eq!(
            program("alembic upgrade head\nuvicorn app.main:app \\\n  --port 80\n"),
            ["uvicorn", "app.main:app", "--port", "80"]
        );
        assert_eq!(program("exec \"$@\"\n"), Vec::<String>::new());
        assert_eq!(program("echo done\n"), Vec::<String>::new());
    }
}
