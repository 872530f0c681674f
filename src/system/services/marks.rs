//! What a source file does when it is started, by the words in it. This is evidence for discovery in
//! every language, also those without a front end; rules never look at it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use serde::{Deserialize, Serialize};

use crate::facts::module::Language;
use crate::files::{FileKind, classify, folder_of};
use crate::syntax::Span;

/// The first place of each sign that a file starts something.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marks {
    /// It serves HTTP.
    pub http: Option<Span>,
    /// It serves gRPC.
    pub grpc: Option<Span>,
    /// It takes messages or jobs.
    pub worker: Option<Span>,
    /// It is a program: `if __name__ == "__main__"`, `func main()`.
    pub main: Option<Span>,
    /// A program that does something once and ends: it sends a request, makes a stream or a table.
    pub ends: bool,
}

impl Marks {
    /// True when nothing was found.
    pub fn is_empty(&self) -> bool {
        *self == Marks::default()
    }

    /// True when it starts a server or a worker.
    pub fn serves(&self) -> bool {
        self.http.is_some() || self.grpc.is_some() || self.worker.is_some()
    }

    /// The first sign.
    pub fn span(&self) -> Option<Span> {
        self.http.or(self.grpc).or(self.worker).or(self.main)
    }
}

struct Words {
    http: &'static [&'static str],
    grpc: &'static [&'static str],
    worker: &'static [&'static str],
    main: &'static [&'static str],
}

const PYTHON: Words = Words {
    http: &[
        "FastAPI(",
        "Flask(",
        "Starlette(",
        "Sanic(",
        "Quart(",
        "Litestar(",
        "Bottle(",
        "Robyn(",
        "falcon.App(",
        "falcon.asgi.App(",
        "uvicorn.run(",
        "web.run_app(",
        "web.Application(",
        "tornado.web.Application(",
        "get_wsgi_application(",
        "get_asgi_application(",
        "execute_from_command_line(",
        "HTTPServer((",
    ],
    grpc: &["grpc.server(", "grpc.aio.server("],
    worker: &[
        "Celery(",
        "KafkaConsumer(",
        "DeserializingConsumer(",
        "start_consuming(",
        "basic_consume(",
        "FastStream(",
        "ConsumerMixin",
        "queue.iterator(",
        ".consume(",
        "receive_message(",
        "xreadgroup(",
        "Worker(",
        "BlockingScheduler(",
    ],
    main: &["if __name__ =="],
};

const JAVASCRIPT: Words = Words {
    http: &[
        "express()",
        "fastify(",
        "Fastify(",
        "new Koa(",
        "new Hono(",
        "new Elysia(",
        "NestFactory.create(",
        "NestFactory.create<",
        "createServer(",
        "Bun.serve(",
        "Deno.serve(",
        "new ApolloServer(",
        "Hapi.server(",
        "startStandaloneServer(",
    ],
    grpc: &["new grpc.Server(", "Transport.GRPC"],
    worker: &[
        "NestFactory.createMicroservice",
        "NestFactory.createApplicationContext",
        ".consumer({",
        ".consumer(",
        "new Worker(",
        ".consume(",
        "Consumer.create(",
        "new KafkaConsumer(",
        "ReceiveMessageCommand(",
    ],
    main: &["require.main === module"],
};

const JAVA: Words = Words {
    http: &[
        "@SpringBootApplication",
        "@QuarkusMain",
        "SpringApplication.run(",
        "Micronaut.run(",
        "EngineMain.main(",
        "embeddedServer(",
    ],
    grpc: &["ServerBuilder.forPort("],
    worker: &[],
    main: &["public static void main", "fun main("],
};

const GO: Words = Words {
    http: &[
        "http.ListenAndServe",
        "gin.Default(",
        "gin.New(",
        "echo.New(",
        "fiber.New(",
        "chi.NewRouter(",
        "kratos.New(",
        "rest.MustNewServer(",
    ],
    grpc: &["grpc.NewServer(", "zrpc.MustNewServer("],
    worker: &[".Consume(", "kafka.NewReader(", "kafka.NewConsumer(", "NewConsumerGroup(", ".QueueSubscribe("],
    main: &["func main("],
};

const CSHARP: Words = Words {
    http: &["WebApplication.Create", "CreateDefaultBuilder(", "UseStartup<"],
    grpc: &["MapGrpcService"],
    worker: &[
        "Host.CreateApplicationBuilder(",
        "new HostBuilder(",
        "AddHostedService<",
        "BasicConsume(",
        "BasicConsumeAsync(",
        "ConsumerBuilder<",
        "Bus.Factory.CreateUsing",
        "Endpoint.Start(",
    ],
    main: &["static void Main(", "static async Task Main("],
};

/// What a program of Go does once.
const ONCE: [&str; 14] = [
    ".Request(",
    ".AddStream(",
    ".CreateStream(",
    "CreateOrUpdateStream(",
    ".CreateTopics(",
    ".AutoMigrate(",
    "migrate.New(",
    "goose.Up",
    "grpc.Dial(",
    "grpc.NewClient(",
    "http.Get(",
    "http.Post(",
    ".Publish(",
    ".PublishMsg(",
];

/// What keeps a program of Go running, or may do so out of sight.
const STAYS: [&str; 18] = [
    "Serve(",
    "ListenAndServe",
    "Run(",
    "Start(",
    "Listen(",
    "select {",
    "signal.Notify",
    "Goexit(",
    "for {",
    "<-",
    "Wait(",
    "Execute(",
    "Consume(",
    "Subscribe(",
    ".Fetch(",
    "HandleFunc(",
    "RunE",
    "fx.New(",
];

/// A port is listened on; counts when something is passed.
const LISTEN: &str = ".listen(";

/// True for the `main` of Java or Kotlin that a new project of an editor begins with: it greets, and no more.
fn only_prints(text: &str) -> bool {
    let code: Vec<&str> = text.lines().map(str::trim_start).filter(|line| !line.starts_with(['/', '*', '@'])).collect();
    let mut prints = false;
    for (at, line) in code.iter().flat_map(|line| line.match_indices('(').map(move |(at, _)| (at, line))) {
        let before = line[..at].trim_end();
        let name = before.rsplit(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
        match name {
            "println" | "printf" | "print" => prints = true,
            "main" | "for" | "if" | "while" | "" => {}
            _ => return false,
        }
    }
    prints
}

/// The words of a language, and what finds any of them at once: most lines have none.
struct Search {
    words: Words,
    any: LazyLock<Option<AhoCorasick>>,
}

impl Search {
    fn has_word(&self, text: &str) -> bool {
        self.any.as_ref().is_none_or(|any| any.is_match(text))
    }
}

fn any(words: &Words) -> Option<AhoCorasick> {
    AhoCorasick::new([words.http, words.grpc, words.worker, words.main, &[LISTEN]].concat()).ok()
}

static SEARCHES: [Search; 5] = [
    Search { words: PYTHON, any: LazyLock::new(|| any(&PYTHON)) },
    Search { words: JAVASCRIPT, any: LazyLock::new(|| any(&JAVASCRIPT)) },
    Search { words: JAVA, any: LazyLock::new(|| any(&JAVA)) },
    Search { words: GO, any: LazyLock::new(|| any(&GO)) },
    Search { words: CSHARP, any: LazyLock::new(|| any(&CSHARP)) },
];

fn search(path: &str) -> Option<&'static Search> {
    let language = match path.rsplit_once('.')?.1 {
        "py" => 0,
        "js" | "mjs" | "cjs" | "ts" | "mts" | "cts" => 1,
        "java" | "kt" => 2,
        "go" => 3,
        "cs" => 4,
        _ => return None,
    };
    SEARCHES.get(language)
}

/// True for the manifests that make a folder a package: next to them, any source file may be the one
/// that is started.
pub fn is_manifest(path: &str, kind: FileKind) -> bool {
    matches!(kind, FileKind::PackageJson | FileKind::PyProject | FileKind::Requirements | FileKind::Dockerfile)
        || path.ends_with("go.mod")
}

/// The folders of the uppermost packages of Java and Kotlin, where Spring's application class stands whatever it is called
/// (<https://docs.spring.io/spring-boot/reference/using/structuring-your-code.html>).
pub fn top_packages<'t>(paths: impl Iterator<Item = &'t str>) -> BTreeSet<&'t str> {
    const SOURCES: [&str; 2] = ["src/main/java/", "src/main/kotlin/"];
    let mut tops: BTreeMap<&str, (usize, BTreeSet<&str>)> = BTreeMap::new();
    for path in paths.filter(|path| path.ends_with(".java") || path.ends_with(".kt")) {
        let Some(root) = SOURCES.iter().find_map(|sources| path.find(sources).map(|at| at + sources.len())) else {
            continue;
        };
        let folder = folder_of(path);
        let depth = folder.get(root..).map_or(0, |below| below.split('/').count());
        let top = tops.entry(&path[..root]).or_insert_with(|| (depth, BTreeSet::new()));
        if depth < top.0 {
            *top = (depth, BTreeSet::new());
        }
        if depth == top.0 {
            top.1.insert(folder);
        }
    }
    tops.into_values().flat_map(|(_, folders)| folders).collect()
}

/// True for a source file that may be started, by its name and place.
pub fn may_start(path: &str, manifests: &BTreeSet<&str>) -> bool {
    if search(path).is_none() {
        return false;
    }
    let folder = folder_of(path);
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let lower = stem.to_ascii_lowercase();
    const STEMS: [&str; 25] = [
        "main",
        "__main__",
        "app",
        "application",
        "server",
        "index",
        "api",
        "run",
        "start",
        "boot",
        "bootstrap",
        "manage",
        "wsgi",
        "asgi",
        "worker",
        "workers",
        "consumer",
        "consumers",
        "service",
        "gateway",
        "program",
        "startup",
        "bin",
        "www",
        "celery",
    ];
    const ENDINGS: [&str; 10] = [
        "_worker",
        "-worker",
        ".worker",
        "_consumer",
        "-consumer",
        ".consumer",
        "_service",
        "-server",
        "_server",
        "application",
    ];
    STEMS.contains(&lower.as_str())
        || ENDINGS.iter().any(|ending| lower.ends_with(ending))
        || folder.rsplit('/').next() == Some(stem)
        || manifests.contains(folder)
        || folder
            .strip_suffix("/app")
            .or_else(|| folder.strip_suffix("/src"))
            .is_some_and(|above| manifests.contains(above))
        || lower == "__init__"
        // `OrdersMain.java`: Java lets a program be called anything, in fact it is called one of these.
        || (path.ends_with(".java") && ["Main", "App", "Server", "Starter", "Bootstrap"].iter().any(|e| stem.ends_with(e)))
        // `user/rpc/user.go`: Go lets a program be called like the service around it.
        || (path.ends_with(".go") && folder.split('/').any(|segment| segment == stem))
}

/// The marks of a source file.
pub fn marks(path: &str, text: &str) -> Marks {
    let mut found = Marks::default();
    let Some(search) = search(path).filter(|search| search.has_word(text)) else { return found };
    let words = &search.words;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let code = line.trim_start();
        if !search.has_word(line) || code.starts_with(['#', '*']) || code.starts_with("//") || code.starts_with("/*") {
            continue;
        }
        let first = |words: &[&str]| {
            words.iter().find_map(|word| line.find(word).map(|i| Span::new(start + i, start + i + word.len())))
        };
        found.http = found.http.or_else(|| first(words.http)).or_else(|| listens(path, line, start));
        found.grpc = found.grpc.or_else(|| first(words.grpc));
        found.worker = found.worker.or_else(|| first(words.worker));
        found.main = found.main.or_else(|| first(words.main));
    }
    if found.main.is_some()
        && !found.serves()
        && (path.ends_with(".java") || path.ends_with(".kt"))
        && only_prints(text)
    {
        found.main = None;
    }
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    found.ends = path.ends_with(".go") && found.main.is_some() && !found.serves() && has(&ONCE) && !has(&STAYS);
    // `app.listen(…)` of a NestJS microservice waits for messages.
    if text.contains("createMicroservice")
        && !text.contains("NestFactory.create(")
        && !text.contains("NestFactory.create<")
    {
        found.http = None;
    }
    // A generic host serves nothing before it is told to.
    // <https://learn.microsoft.com/en-us/aspnet/core/fundamentals/host/generic-host#host-builder>
    let is_web = || ["WebHost", "UseStartup<", "WebApplication.", "UseKestrel"].iter().any(|word| text.contains(word));
    if path.ends_with(".cs") && text.contains("CreateDefaultBuilder(") && !is_web() {
        found.worker = found.worker.or(found.http.take());
    }
    found
}

/// `server.listen(port)` of JavaScript; without an argument it is most often something else that listens.
fn listens(path: &str, line: &str, start: usize) -> Option<Span> {
    let script = matches!(classify(path), FileKind::Code(Language::JavaScript | Language::TypeScript));
    let at = line.find(LISTEN).filter(|_| script)?;
    let after = at + LISTEN.len();
    let argument = line.get(after..)?.trim_start();
    (!argument.starts_with(')')).then(|| Span::new(start + at, start + after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_start_nothing() {
        let found = marks("a/main.py", "# app = FastAPI()\nprint(1)\n");
        assert!(found.is_empty());
        let found = marks("a/main.py", "app = FastAPI()\n\nif __name__ == '__main__':\n    pass\n");
        assert_eq!(found.http, Some(Span::new(6, 14)));
        assert!(found.serves() && found.main.is_some());
    }

    #[test]
    fn a_program_that_sends_one_request_ends() {
        let sends =
            "package main\n\nfunc main() {\n\tmsg, _ := nc.Request(\"orders.create\", data, wait)\n\tprint(msg)\n}\n";
        assert!(marks("try/main.go", sends).ends);
        let serves = sends.replace("print(msg)", "server.Run()");
        assert!(!marks("try/main.go", &serves).ends);
        assert!(!marks("try/main.go", "package main\n\nfunc main() {\n\tapp.Boot()\n}\n").ends);
    }

    #[test]
    fn a_port_is_listened_on_and_a_listener_is_not() {
        assert!(marks("a/server.js", "server.listen(8080)\n").http.is_some());
        assert!(marks("a/index.ts", "new OrderListener(client).listen()\n").is_empty());
        let micro = marks("a/main.ts", "const app = await NestFactory.createMicroservice(M);\nawait app.listen(1);\n");
        assert!(micro.http.is_none() && micro.worker.is_some());
    }

    #[test]
    fn a_generic_host_of_dotnet_works_until_a_web_host_is_configured() {
        let host = "IHost host = Host\n    .CreateDefaultBuilder(args)\n    .ConfigureServices(Add)\n";
        let plain = marks("a/Program.cs", host);
        assert!(plain.http.is_none() && plain.worker.is_some());
        assert!(marks("a/Program.cs", &format!("{host}    .ConfigureWebHostDefaults(Web)\n")).http.is_some());
    }

    #[test]
    fn only_files_that_can_be_started_are_looked_at() {
        let manifests = BTreeSet::from(["payment"]);
        assert!(may_start("payment/anything.py", &manifests));
        assert!(may_start("orders/src/main.ts", &manifests));
        assert!(may_start("orders/orders.py", &manifests));
        assert!(!may_start("orders/models/order.py", &manifests));
        assert!(may_start("service/user/rpc/user.go", &manifests));
        assert!(!may_start("service/user/rpc/logic.go", &manifests));
        assert!(!may_start("orders/main.css", &manifests));
    }
}
