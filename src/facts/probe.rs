//! What the command of a health check asks: a path of an HTTP server, a port, the process itself, or
//! nothing.

use serde::{Deserialize, Serialize};

/// What a health check asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeTarget {
    /// How it asks.
    pub kind: ProbeKind,
    /// The host of an HTTP request, as written: `localhost`, `$HOSTNAME`.
    pub host: Option<String>,
    /// The port, where it is a number.
    pub port: Option<u16>,
    /// The path of an HTTP request without the query; none when a variable stands in it.
    pub path: Option<String>,
    /// The script that it runs, as written: what it asks stands there.
    pub script: Option<String>,
}

/// See [`ProbeTarget::kind`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProbeKind {
    /// It sends an HTTP request.
    Http,
    /// It asks `grpc.health.v1.Health`.
    Grpc,
    /// It looks at the process: a heartbeat file, the list of processes, a command of the program.
    Exec,
    /// It only opens a port.
    PortOnly,
    /// It asks nothing and always succeeds.
    Noop,
}

impl ProbeTarget {
    fn of(kind: ProbeKind) -> Self {
        ProbeTarget { kind, host: None, port: None, path: None, script: None }
    }

    /// True when the request goes to the container itself.
    pub fn is_local(&self) -> bool {
        self.host.as_deref().is_some_and(|host| {
            let host = host.trim_matches(['[', ']', '"', '\'', '{', '}', '$', '(', ')']);
            let host = host.to_ascii_lowercase();
            host.is_empty()
                || host.starts_with("127.")
                || matches!(
                    host.as_str(),
                    "localhost" | "0.0.0.0" | "::1" | "::" | "hostname" | "host" | "ip6-localhost"
                )
        })
    }
}

/// Clients that take an address as a plain argument.
const HTTP_TOOLS: [&str; 8] = ["curl", "wget", "http", "https", "xh", "httpie", "wget2", "curlie"];
/// Interpreters that run a text or a file.
const INTERPRETERS: [&str; 10] =
    ["node", "nodejs", "bun", "deno", "tsx", "ts-node", "python", "python3", "python2", "uv"];

/// Reads the words of a health check's command (`CMD` and `CMD-SHELL` removed, a shell text split).
pub fn probe(words: &[String]) -> ProbeTarget {
    let words = unwrap_shell(words);
    let text = words.join(" ");
    let tools: Vec<&str> = words.iter().map(|w| program(w)).collect();
    let runs = |names: &[&str]| tools.iter().any(|t| names.contains(t));
    if runs(&["grpc_health_probe", "grpc-health-probe"]) {
        return ProbeTarget {
            port: text.split("addr").nth(1).and_then(port_after_colon),
            ..ProbeTarget::of(ProbeKind::Grpc)
        };
    }
    if let Some(target) = http(&words, &text) {
        return target;
    }
    if runs(&HTTP_TOOLS)
        && let Some(target) = bare_address(&words)
    {
        return target;
    }
    if let Some(rest) = text.split("/dev/tcp/").nth(1) {
        let mut parts = rest.split(['/', ' ', '>', '<', ';', '&', ')', '\'', '"']);
        let host = parts.next().map(str::to_string);
        let port = parts.next().and_then(|p| p.parse().ok());
        let path = text.split("GET ").nth(1).and_then(|t| t.split_whitespace().next()).filter(|p| p.starts_with('/'));
        let kind = if path.is_some() { ProbeKind::Http } else { ProbeKind::PortOnly };
        return ProbeTarget { host, port, path: path.map(str::to_string), ..ProbeTarget::of(kind) };
    }
    if runs(&["nc", "ncat", "netcat", "telnet"]) {
        let port = words.iter().rev().find_map(|w| w.trim_end_matches(';').parse().ok());
        return ProbeTarget { port, ..ProbeTarget::of(ProbeKind::PortOnly) };
    }
    let first = tools.first().copied().unwrap_or("");
    let interpreter = tools.iter().position(|t| INTERPRETERS.contains(t) || t.starts_with("python3."));
    if let Some(at) = interpreter {
        let rest = words.get(at + 1..).unwrap_or_default();
        let inline = rest.iter().any(|w| matches!(w.as_str(), "-c" | "-e" | "--eval" | "-p" | "-pe"));
        if inline {
            return script_text(&text);
        }
        let script = rest.iter().find(|w| !w.starts_with('-')).filter(|w| is_script(w)).cloned();
        return ProbeTarget { script, ..ProbeTarget::of(ProbeKind::Exec) };
    }
    let nothing = matches!(first, "" | "true" | ":" | "echo" | "sleep")
        || (first == "exit" && words.get(1).is_none_or(|code| code == "0"));
    if nothing {
        return ProbeTarget::of(ProbeKind::Noop);
    }
    let script = words.first().filter(|w| is_script(w)).cloned();
    ProbeTarget { script, ..ProbeTarget::of(ProbeKind::Exec) }
}

/// The words of the script behind `sh -c`, when they are still wrapped.
fn unwrap_shell(words: &[String]) -> Vec<String> {
    if let [shell, flag, script, ..] = words
        && matches!(program(shell), "sh" | "bash" | "ash" | "dash")
        && flag.starts_with('-')
        && flag.ends_with('c')
    {
        return script.split_whitespace().map(str::to_string).collect();
    }
    words.to_vec()
}

/// The name of a program without its folder.
fn program(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word).trim_matches(['(', ')', ';', '!'])
}

fn is_script(word: &str) -> bool {
    let word = word.trim_end_matches(';');
    [".sh", ".py", ".js", ".mjs", ".cjs", ".ts"].iter().any(|e| word.ends_with(e))
}

/// An address with a scheme anywhere in the command, also in an inline script.
fn http(words: &[String], text: &str) -> Option<ProbeTarget> {
    let found = words.iter().find_map(|word| {
        let at = word.find("http://").or_else(|| word.find("https://"))?;
        word.get(at..)
    })?;
    let mut target = address(found.split_once("://")?.1);
    // `"http://localhost:" + port + "/health"`
    let joined = found.find(['\'', '"', '`']).and_then(|end| found.get(end..));
    if target.path.as_deref() == Some("/")
        && let Some(rest) = joined.or_else(|| text.split(found).nth(1))
        && rest.contains(['+', '%'])
        && let Some(path) = quoted_path(rest)
    {
        target.path = Some(path);
    }
    Some(target)
}

/// `localhost:8080/health` after a tool that takes addresses.
fn bare_address(words: &[String]) -> Option<ProbeTarget> {
    let start = words.iter().position(|w| HTTP_TOOLS.contains(&program(w)))?;
    let candidates = words.get(start + 1..)?;
    let looks = |word: &&String| {
        let host = word.split([':', '/']).next().unwrap_or("");
        !word.starts_with('-')
            && !host.is_empty()
            && (matches!(host, "localhost" | "127.0.0.1" | "0.0.0.0" | "$HOSTNAME" | "${HOSTNAME}")
                || word.starts_with("[::")
                || word
                    .split_once(':')
                    .is_some_and(|(_, rest)| rest.starts_with(|c: char| c.is_ascii_digit() || c == '$')))
    };
    candidates.iter().find(looks).map(|word| address(word))
}

/// `localhost:8000/health?x=1`, up to a quote, a blank or a bracket that closes a call.
fn address(text: &str) -> ProbeTarget {
    let end =
        text.find(|c: char| c.is_whitespace() || matches!(c, '\'' | '"' | '`' | ')' | ';' | ',' | '|' | '<' | '>'));
    let text = text.get(..end.unwrap_or(text.len())).unwrap_or(text);
    // A `/` or `:` inside `${PORT:-80}` divides nothing.
    let mut depth = 0_i32;
    let mut slash = None;
    let mut colon = None;
    for (i, c) in text.char_indices() {
        match c {
            '{' | '[' => depth += 1,
            '}' | ']' => depth -= 1,
            '/' if depth == 0 => {
                slash = Some(i);
                break;
            }
            ':' if depth == 0 => colon = Some(i),
            _ => {}
        }
    }
    let authority = text.get(..slash.unwrap_or(text.len())).unwrap_or("");
    let colon = colon.filter(|c| *c < authority.len());
    let host = authority.get(..colon.unwrap_or(authority.len())).unwrap_or("");
    let host = host.rsplit('@').next().unwrap_or(host);
    let port = colon.and_then(|c| authority.get(c + 1..)).and_then(|p| p.parse().ok());
    let path = slash.and_then(|s| text.get(s..)).unwrap_or("/");
    let path = path.split(['?', '#']).next().unwrap_or(path);
    // `localhost:80$HEALTH_PATH`: the path stands in the variable.
    let port_text = colon.and_then(|c| authority.get(c + 1..)).unwrap_or("");
    let hidden = slash.is_none() && [host, port_text].iter().any(|part| part.find('$').is_some_and(|at| at > 0));
    let known = !hidden && !path.contains(['$', '{', '%']);
    ProbeTarget {
        kind: ProbeKind::Http,
        host: Some(host.to_string()),
        port,
        path: known.then(|| path.to_string()),
        script: None,
    }
}

/// An inline script without an address: options with a path, a raw connection, or nothing at all.
fn script_text(text: &str) -> ProbeTarget {
    let asks = ["http", "fetch", "urlopen", "requests", "request("].iter().any(|n| text.contains(n));
    if asks {
        let port = text.split("port").nth(1).and_then(port_after_colon);
        let host = Some("localhost".to_string());
        return ProbeTarget { host, port, path: quoted_path(text), ..ProbeTarget::of(ProbeKind::Http) };
    }
    if text.contains("socket") || text.contains("createConnection") || text.contains("require('net')") {
        return ProbeTarget::of(ProbeKind::PortOnly);
    }
    let ends_well = ["sys.exit(0)", "process.exit(0)", "exit(0)", "print("].iter().any(|n| text.contains(n));
    if ends_well && !text.contains("open(") && !text.contains("exists") && !text.contains("stat") {
        return ProbeTarget::of(ProbeKind::Noop);
    }
    ProbeTarget::of(ProbeKind::Exec)
}

/// The first text in quotes that begins with `/`.
fn quoted_path(text: &str) -> Option<String> {
    let mut rest = text;
    while let Some(at) = rest.find(['\'', '"', '`']) {
        let quote = rest.get(at..at + 1)?;
        let inside = rest.get(at + 1..)?;
        if inside.starts_with('/') {
            let path = inside.split(quote).next()?;
            let path = path.split(['?', '#']).next().unwrap_or(path);
            return (!path.contains(['$', '{', ' '])).then(|| path.to_string());
        }
        rest = inside;
    }
    None
}

/// `…: 3000`, `…=:50051`: the number behind the next separator.
fn port_after_colon(text: &str) -> Option<u16> {
    let digits: String = text.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &[&str]) -> ProbeTarget {
        probe(&words.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    fn shell(text: &str) -> ProbeTarget {
        // As a shell splits it, for texts whose quotes are simple.
        let mut words = Vec::new();
        for (i, part) in text.split('"').enumerate() {
            if i % 2 == 1 {
                words.push(part.to_string());
            } else {
                words.extend(part.split_whitespace().map(str::to_string));
            }
        }
        probe(&words)
    }

    fn path(target: ProbeTarget) -> Option<String> {
        assert_eq!(target.kind, ProbeKind::Http, "{target:?}");
        assert!(target.is_local(), "{target:?}");
        target.path
    }

    #[test]
    fn requests_name_their_path() {
        let cases = [
            ("curl -f http://localhost:8000/health", "/health"),
            ("curl -H X-A:1 -f http://localhost:8080/", "/"),
            ("curl --fail localhost:8000/api/v1/health || exit 1", "/api/v1/health"),
            ("wget -qO- http://127.0.0.1:3000/v1/health?full=1 || exit 1", "/v1/health"),
            ("wget --spider -q localhost:3000/healthz", "/healthz"),
            ("curl -f http://localhost:${PORT:-8000}/health/live", "/health/live"),
            (r#"python -c "import urllib.request; urllib.request.urlopen('http://localhost:8000/health')""#, "/health"),
            (r#"node -e "require('http').get('http://localhost:3000/health', r => process.exit(0))""#, "/health"),
            (r#"node -e "require('http').get({host: 'localhost', port: 3000, path: '/ready'})""#, "/ready"),
            (r#"node -e "fetch('http://localhost:' + process.env.PORT + '/health')""#, "/health"),
            (
                r#"python -c "import http.client as h; c=h.HTTPConnection('localhost',80); c.request('GET','/up')""#,
                "/up",
            ),
            ("exec 3<>/dev/tcp/127.0.0.1/8080 && echo -e GET /health/ready HTTP/1.0", "/health/ready"),
        ];
        for (command, expected) in cases {
            assert_eq!(path(shell(command)).as_deref(), Some(expected), "{command}");
        }
        assert_eq!(of(&["curl", "-f", "http://localhost:8004/health"]).port, Some(8004));
        assert_eq!(of(&["sh", "-c", "curl -f http://localhost/health"]).path.as_deref(), Some("/health"));
    }

    #[test]
    fn a_variable_in_the_path_or_another_host_is_seen() {
        assert_eq!(shell("curl http://localhost:80$HEALTH_PATH").path, None);
        let other = shell("curl -f http://orders:8000/health");
        assert!(!other.is_local());
        assert_eq!(other.host.as_deref(), Some("orders"));
    }

    #[test]
    fn other_checks_are_told_apart() {
        let cases = [
            ("nc -z localhost 5000", ProbeKind::PortOnly),
            ("true", ProbeKind::Noop),
            ("exit 0", ProbeKind::Noop),
            (r#"python -c "import sys; sys.exit(0)""#, ProbeKind::Noop),
            ("celery -A app inspect ping -d celery@$HOSTNAME", ProbeKind::Exec),
            ("test -f /tmp/heartbeat", ProbeKind::Exec),
            ("pgrep -f worker", ProbeKind::Exec),
            ("pg_isready -U postgres", ProbeKind::Exec),
            ("grpc_health_probe -addr=:50051", ProbeKind::Grpc),
            ("python healthcheck.py", ProbeKind::Exec),
        ];
        for (command, expected) in cases {
            assert_eq!(shell(command).kind, expected, "{command}");
        }
        assert_eq!(shell("node dist/healthcheck.js").script.as_deref(), Some("dist/healthcheck.js"));
        assert_eq!(shell("grpc_health_probe -addr=:50051").port, Some(50051));
    }

    proptest::proptest! {
        #[test]
        fn reading_never_panics(text in "[a-z:/.$'\"`{}()?+ ä0-9]{0,40}") {
            let _ = shell(&format!("curl {text}"));
            let _ = shell(&format!("node -e \"http://{text}\""));
            let _ = shell(&text);
        }
    }
}
