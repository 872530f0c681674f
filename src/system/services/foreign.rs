//! The manifests of languages without a front end, as far as they tell that something is deployed.

use regex::Regex;
use std::sync::LazyLock;

use crate::syntax::Span;

/// What a manifest of another language says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Foreign {
    /// `pom.xml`, `build.gradle`.
    Jvm {
        /// `artifactId` of a `pom.xml`.
        artifact: Option<String>,
        /// It builds a Spring Boot, Quarkus or Micronaut application or a WAR.
        application: bool,
        /// It has a web framework.
        web: bool,
        /// It only lists modules.
        aggregator: bool,
        /// It makes a program of its own although no class of it has a `main`: Quarkus, Ktor.
        generates_main: bool,
        /// It builds a container image without a Dockerfile.
        image: bool,
        /// What it depends on: artifacts of a `pom.xml`, other projects of a Gradle build.
        needs: Vec<String>,
    },
    /// `go.mod`.
    Go {
        /// The path of the module: `github.com/acme/shop`.
        module: Option<String>,
    },
    /// `*.csproj`.
    DotNet {
        /// The SDK of web sites.
        web: bool,
        /// The SDK of workers.
        worker: bool,
        /// The host of .NET Aspire.
        app_host: bool,
        /// An app in the browser (WebAssembly) or on a phone.
        client: bool,
        /// A class library: what `Microsoft.NET.Sdk` makes unless an output type says otherwise
        /// (<https://learn.microsoft.com/en-us/dotnet/core/project-sdk/msbuild-props#outputtype>).
        library: bool,
        /// The container image that the SDK makes of it, where it says how that is called
        /// (<https://learn.microsoft.com/en-us/dotnet/core/containers/publish-configuration>).
        image: Option<String>,
    },
    /// What a .NET Aspire host starts.
    AspireHost(Vec<Started>),
    /// `serverless.yml`, or a template of AWS SAM, with functions.
    Serverless(Span),
    /// A manifest that only says the language: `Cargo.toml`, `Gemfile`, `composer.json`, `mix.exs`.
    Plain(&'static str),
    /// A file that says that the folder is deployed by a hosting service: `netlify.toml`, `Procfile`, the
    /// `manifest.yml` of Cloud Foundry.
    Hosting,
}

/// What an Aspire host starts, under which name, and where it says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Started {
    /// The name.
    pub name: String,
    /// The program.
    pub program: Program,
    /// The call.
    pub span: Span,
}

/// See [`Started`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Program {
    /// `AddProject<Projects.Orders_API>("orders-api")`
    Project(String),
    /// `AddViteApp("web", "../web")`: a folder or a file in it, from the folder of the host.
    Path(String),
}

impl Foreign {
    /// The language.
    pub fn language(&self) -> Option<&'static str> {
        match self {
            Foreign::Jvm { .. } => Some("java"),
            Foreign::Go { .. } => Some("go"),
            Foreign::DotNet { .. } | Foreign::AspireHost(_) => Some("csharp"),
            Foreign::Plain(language) => Some(language),
            Foreign::Serverless(_) | Foreign::Hosting => None,
        }
    }
}

/// True for a file that [`read`] reads.
pub fn is_foreign(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    matches!(
        name,
        "pom.xml"
            | "build.gradle"
            | "build.gradle.kts"
            | "go.mod"
            | "serverless.yml"
            | "serverless.yaml"
            | "template.yaml"
            | "template.yml"
            | "Cargo.toml"
            | "Gemfile"
            | "composer.json"
            | "mix.exs"
            | "manifest.yml"
            | "netlify.toml"
            | "vercel.json"
            | "Procfile"
            | "fly.toml"
            | "render.yaml"
            | "Program.cs"
            | "AppHost.cs"
    ) || name.ends_with(".csproj")
}

/// Reads a manifest; none when it says nothing of use.
pub fn read(path: &str, text: &str) -> Option<Foreign> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    Some(match name {
        "pom.xml" | "build.gradle" | "build.gradle.kts" => Foreign::Jvm {
            artifact: artifact(text),
            application: has(&[
                "spring-boot-maven-plugin",
                "org.springframework.boot",
                "quarkus-maven-plugin",
                "io.quarkus",
                "micronaut",
                "io.ktor.plugin",
                ".EngineMain\"",
                ".EngineMain'",
                "<packaging>war</packaging>",
                "docker-maven-plugin",
                "jib",
                "ServicePlugin",
            ]),
            web: has(&["starter-web", "webflux", "starter-gateway", "resteasy", "quarkus-rest", "<packaging>war"]),
            aggregator: has(&["<packaging>pom</packaging>", "<modules>"]),
            generates_main: has(&[
                "quarkus-maven-plugin",
                "id(\"io.quarkus\")",
                "id 'io.quarkus'",
                "id \"io.quarkus\"",
                // The program of Ktor reads the settings (https://ktor.io/docs/server-create-and-configure.html).
                ".EngineMain\"",
                ".EngineMain'",
            ]),
            image: has(&[
                "jib-maven-plugin",
                "com.google.cloud.tools.jib",
                "docker-maven-plugin",
                "dockerfile-maven-plugin",
                "<goal>build-image",
            ]),
            needs: needs(text),
        },
        "go.mod" => Foreign::Go { module: go_module(text) },
        "serverless.yml" | "serverless.yaml" => {
            let at = text.find("\nfunctions:").map(|at| at + 1)?;
            Foreign::Serverless(Span::new(at, at + "functions:".len()))
        }
        // https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-function.html
        "template.yaml" | "template.yml" => {
            let word = "AWS::Serverless::Function";
            let at = text.find(word)?;
            Foreign::Serverless(Span::new(at, at + word.len()))
        }
        // Of Cloud Foundry (https://docs.cloudfoundry.org/devguide/deploy-apps/manifest-attributes.html).
        "manifest.yml" => {
            return text.lines().any(|line| line.trim_end() == "applications:").then_some(Foreign::Hosting);
        }
        "Cargo.toml" => Foreign::Plain("rust"),
        "Gemfile" => Foreign::Plain("ruby"),
        "composer.json" => Foreign::Plain("php"),
        "mix.exs" => Foreign::Plain("elixir"),
        "Program.cs" | "AppHost.cs" => {
            let started = aspire(text);
            if !started.iter().any(|one| matches!(one.program, Program::Project(_))) {
                return None;
            }
            Foreign::AspireHost(started)
        }
        _ if name.ends_with(".csproj") => Foreign::DotNet {
            web: has(&["Microsoft.NET.Sdk.Web\""]),
            worker: has(&["Microsoft.NET.Sdk.Worker\""]),
            app_host: has(&["Aspire.AppHost", "IsAspireHost"]),
            client: has(&["Microsoft.NET.Sdk.BlazorWebAssembly\"", "<UseMaui>true"]),
            library: has(&["Sdk=\"Microsoft.NET.Sdk\""]) && !has(&["<OutputType>"]),
            image: container_image(text),
        },
        _ => Foreign::Hosting,
    })
}

/// The path that a `go.mod` names: `module github.com/acme/shop // comment`.
fn go_module(text: &str) -> Option<String> {
    let rest = text.lines().find_map(|line| line.trim().strip_prefix("module "))?;
    let name = rest.split("//").next().unwrap_or(rest).trim().trim_matches('"');
    (!name.is_empty()).then(|| name.to_owned())
}

/// The project's own `artifactId`: the first one outside of `<parent>`.
fn artifact(text: &str) -> Option<String> {
    let text = match text.split_once("</parent>") {
        Some((_, rest)) => rest,
        None => text,
    };
    let (_, rest) = text.split_once("<artifactId>")?;
    let (name, _) = rest.split_once("</artifactId>")?;
    Some(name.trim().to_owned())
}

/// `<ContainerRepository>shop/orders</ContainerRepository>`, before .NET 8 `ContainerImageName`.
fn container_image(text: &str) -> Option<String> {
    ["ContainerRepository", "ContainerImageName"].iter().find_map(|property| {
        let (_, rest) = text.split_once(&format!("<{property}>"))?;
        let name = rest.split('<').next()?.trim();
        (!name.is_empty() && !name.contains("$(")).then(|| name.to_owned())
    })
}

/// `<dependency>…<artifactId>orders-api</artifactId>` and `project(":orders-api")`.
fn needs(text: &str) -> Vec<String> {
    let artifacts = text.split("<dependency>").skip(1).filter_map(|rest| {
        let (inside, _) = rest.split_once("</dependency>")?;
        let (_, name) = inside.split_once("<artifactId>")?;
        Some(name.split_once('<')?.0)
    });
    // `project(":parts")`, `project ':parts'`
    let projects = text.split("project").skip(1).filter_map(|rest| {
        let quoted = rest.trim_start_matches(['(', ' ']);
        let path = quoted.strip_prefix(['"', '\''])?.split(['"', '\'']).next()?;
        path.rsplit(':').next().filter(|_| path.starts_with(':'))
    });
    artifacts.chain(projects).map(|name| name.trim().to_owned()).collect()
}

fn aspire(text: &str) -> Vec<Started> {
    static ADDS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        // https://learn.microsoft.com/en-us/dotnet/aspire/get-started/build-aspire-apps-with-nodejs,
        // https://learn.microsoft.com/en-us/dotnet/aspire/get-started/build-aspire-apps-with-python
        let apps =
            "NpmApp|ViteApp|NodeApp|JavaScriptApp|YarnApp|PnpmApp|BunApp|PythonApp|UvicornApp|GolangApp|SpringApp";
        Regex::new(&format!(
            r#"AddProject<\s*(?:global::)?Projects\.(\w+)\s*>\(\s*"([^"]+)"|Add(?:{apps})\(\s*"([^"]+)"\s*,\s*@?"([^"]+)""#
        ))
        .ok()
    });
    let Some(pattern) = &*ADDS else { return Vec::new() };
    pattern
        .captures_iter(text)
        .filter_map(|found| {
            let all = found.get(0)?;
            let text = |group: usize| found.get(group).map(|m| m.as_str().to_owned());
            let (name, program) = match text(1) {
                Some(project) => (text(2)?, Program::Project(project)),
                None => (text(3)?, Program::Path(text(4)?.replace('\\', "/"))),
            };
            Some(Started { name, program, span: Span::new(all.start(), all.end()) })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_tell_applications_from_libraries() {
        let pom = "<project><parent><artifactId>shop</artifactId></parent><artifactId>orders</artifactId>\
                   <plugin><artifactId>spring-boot-maven-plugin</artifactId></plugin></project>";
        assert_eq!(
            read("orders/pom.xml", pom),
            Some(Foreign::Jvm {
                artifact: Some("orders".into()),
                application: true,
                web: false,
                aggregator: false,
                generates_main: false,
                image: false,
                needs: Vec::new(),
            })
        );
        let gradle = "dependencies { implementation(project(\":libs:parts\")); implementation project(':money') }";
        let Some(Foreign::Jvm { needs, .. }) = read("orders/build.gradle.kts", gradle) else { panic!("no manifest") };
        assert_eq!(needs, ["parts", "money"]);
        let library = "<project><artifactId>common</artifactId></project>";
        assert!(matches!(read("common/pom.xml", library), Some(Foreign::Jvm { application: false, .. })));
    }

    #[test]
    fn an_aspire_host_names_its_projects() {
        let text = "var api = builder.AddProject<Projects.Orders_API>(\"orders-api\", profile);";
        let Some(Foreign::AspireHost(started)) = read("AppHost/Program.cs", text) else { panic!("no host") };
        assert_eq!(
            (started[0].name.as_str(), &started[0].program),
            ("orders-api", &Program::Project("Orders_API".into()))
        );
        assert_eq!(read("Orders/Program.cs", "app.Run();"), None);
    }
}
