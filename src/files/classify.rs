//! What a file is, by its name alone.

use crate::facts::module::Language;

/// What a file is, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileKind {
    /// Source code; type declarations without code (`.pyi`, `.d.ts`) are [`FileKind::Other`].
    Code(Language),
    /// A Compose file by its name. A [`FileKind::Yaml`] may be one by its content, see
    /// `facts::compose`.
    Compose,
    /// A Dockerfile or Containerfile.
    Dockerfile,
    /// `package.json`.
    PackageJson,
    /// `pyproject.toml`.
    PyProject,
    /// `requirements.txt` and its relatives.
    Requirements,
    /// `.env`, `.env.production`, `web.env`.
    Dotenv,
    /// `tsconfig.json`, `tsconfig.build.json`, `jsconfig.json`.
    TsConfig,
    /// `nest-cli.json`.
    NestCli,
    /// Any other YAML.
    Yaml,
    /// Any other JSON.
    Json,
    /// Any other TOML.
    Toml,
    /// Java properties.
    Properties,
    /// Markdown.
    Markdown,
    /// Anything else; not read.
    Other,
}

/// What the file with this path is.
pub fn classify(path: &str) -> FileKind {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    // pip's usual folder: `requirements/base.txt`.
    if name.ends_with(".txt") && path.rsplit('/').nth(1) == Some("requirements") {
        return FileKind::Requirements;
    }
    by_name(&name).unwrap_or_else(|| by_extension(&name))
}

fn by_name(name: &str) -> Option<FileKind> {
    Some(match name {
        "package.json" => FileKind::PackageJson,
        "pyproject.toml" => FileKind::PyProject,
        "nest-cli.json" => FileKind::NestCli,
        _ if is_compose(name) => FileKind::Compose,
        _ if is_dockerfile(name) => FileKind::Dockerfile,
        _ if name == ".env" || name.starts_with(".env.") || name.ends_with(".env") => FileKind::Dotenv,
        _ if is_requirements(name) => FileKind::Requirements,
        _ if is_tsconfig(name) => FileKind::TsConfig,
        _ => return None,
    })
}

fn is_compose(name: &str) -> bool {
    let Some(stem) = name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml")) else { return false };
    let word = |rest: &str| rest.is_empty() || rest.starts_with(['.', '-', '_']);
    stem.contains("docker-compose")
        || stem.contains("docker_compose")
        || stem.strip_prefix("compose").is_some_and(word)
        || stem.ends_with(".compose")
}

fn is_dockerfile(name: &str) -> bool {
    // `Dockerfile.dockerignore` is an ignore file, `dockerfile.py` a program.
    let other = [".dockerignore", ".md", ".py", ".js", ".ts", ".json", ".yml", ".yaml", ".sh"];
    let plain =
        |word: &str| name.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-']));
    let named = plain("dockerfile") || plain("containerfile");
    (named && !other.iter().any(|ending| name.ends_with(ending)))
        || name.ends_with(".dockerfile")
        || name.ends_with(".containerfile")
}

/// `requirements.txt`, `requirements-dev.txt`, `dev-requirements.txt`, `requirements.in`.
fn is_requirements(name: &str) -> bool {
    let stem = name.strip_suffix(".txt").or_else(|| name.strip_suffix(".in"));
    stem.is_some_and(|stem| stem.starts_with("requirements") || stem.ends_with("requirements"))
}

fn is_tsconfig(name: &str) -> bool {
    let stem = name.strip_suffix(".json").unwrap_or("");
    ["tsconfig", "jsconfig"]
        .iter()
        .any(|word| stem.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-'])))
}

fn by_extension(name: &str) -> FileKind {
    if [".d.ts", ".d.mts", ".d.cts"].iter().any(|ending| name.ends_with(ending)) {
        return FileKind::Other;
    }
    let Some((_, extension)) = name.rsplit_once('.') else { return FileKind::Other };
    match extension {
        "py" => FileKind::Code(Language::Python),
        "js" | "jsx" | "mjs" | "cjs" => FileKind::Code(Language::JavaScript),
        "ts" | "tsx" | "mts" | "cts" => FileKind::Code(Language::TypeScript),
        "java" => FileKind::Code(Language::Java),
        "kt" => FileKind::Code(Language::Kotlin),
        "go" => FileKind::Code(Language::Go),
        "cs" => FileKind::Code(Language::CSharp),
        "yaml" | "yml" => FileKind::Yaml,
        "json" | "jsonc" | "json5" => FileKind::Json,
        "toml" => FileKind::Toml,
        "properties" => FileKind::Properties,
        "md" | "markdown" => FileKind::Markdown,
        _ => FileKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_decide() {
        let cases = [
            ("docker-compose.yml", FileKind::Compose),
            ("deploy/docker-compose.prod.yaml", FileKind::Compose),
            ("compose.yaml", FileKind::Compose),
            ("compose.override.yml", FileKind::Compose),
            ("compose-dev.yml", FileKind::Compose),
            ("infra.compose.yml", FileKind::Compose),
            ("my-docker-compose.yml", FileKind::Compose),
            ("composer.yml", FileKind::Yaml),
            ("composer.json", FileKind::Json),
            ("Dockerfile", FileKind::Dockerfile),
            ("api/Dockerfile.prod", FileKind::Dockerfile),
            ("api/web.Dockerfile", FileKind::Dockerfile),
            ("Containerfile", FileKind::Dockerfile),
            ("Dockerfile.dockerignore", FileKind::Other),
            ("dockerfile.py", FileKind::Code(Language::Python)),
            ("package.json", FileKind::PackageJson),
            ("package-lock.json", FileKind::Json),
            ("pyproject.toml", FileKind::PyProject),
            ("requirements/base.txt", FileKind::Requirements),
            ("requirements-dev.txt", FileKind::Requirements),
            ("dev-requirements.txt", FileKind::Requirements),
            (".env", FileKind::Dotenv),
            (".env.example", FileKind::Dotenv),
            ("config/web.env", FileKind::Dotenv),
            ("tsconfig.build.json", FileKind::TsConfig),
            ("nest-cli.json", FileKind::NestCli),
            ("a/b.py", FileKind::Code(Language::Python)),
            ("a/b.pyi", FileKind::Other),
            ("a/b.mjs", FileKind::Code(Language::JavaScript)),
            ("a/B.java", FileKind::Code(Language::Java)),
            ("a/B.kt", FileKind::Code(Language::Kotlin)),
            ("a/b.go", FileKind::Code(Language::Go)),
            ("a/B.cs", FileKind::Code(Language::CSharp)),
            ("go.mod", FileKind::Other),
            ("a/B.cshtml", FileKind::Other),
            ("build.gradle.kts", FileKind::Other),
            ("a/b.tsx", FileKind::Code(Language::TypeScript)),
            ("a/b.d.ts", FileKind::Other),
            ("application.properties", FileKind::Properties),
            ("README.md", FileKind::Markdown),
            ("Makefile", FileKind::Other),
        ];
        for (path, kind) in cases {
            assert_eq!(classify(path), kind, "{path}");
        }
    }
}
