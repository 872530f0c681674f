//! A repository of any size, always the same for the same number: services in Python and TypeScript, of
//! which one file in eight calls a library, one holds its settings, and the others only compute.

use std::fmt::Write;

/// Files of one service.
const FILES: usize = 16;

/// The files of a repository with about this many source files: path and text.
pub(crate) fn repository(sources: usize) -> Vec<(String, String)> {
    let services = sources.div_ceil(FILES);
    let mut files = vec![("compose.yaml".to_owned(), compose(services))];
    for service in 0..services {
        let python = is_python(service);
        let name = name(service);
        files.push((format!("{name}/Dockerfile"), dockerfile(python)));
        if !python {
            files.push((
                format!("{name}/package.json"),
                format!("{{\"name\": \"{name}\", \"main\": \"src/main.ts\"}}\n"),
            ));
        }
        for file in 0..FILES.min(sources - service * FILES) {
            files.push(if python { python_file(&name, file) } else { typescript_file(&name, file) });
        }
    }
    files
}

/// True for the generated source files that have to be parsed: those that call a library, and the
/// settings that these import.
pub(crate) fn is_parsed(path: &str) -> bool {
    ["client0", "client8", "settings"]
        .iter()
        .any(|stem| path.rsplit('/').next().is_some_and(|name| name.starts_with(stem)))
}

fn is_python(service: usize) -> bool {
    service.is_multiple_of(2)
}

fn name(service: usize) -> String {
    format!("service{service:03}")
}

fn compose(services: usize) -> String {
    let mut text = "services:\n".to_owned();
    for service in 0..services {
        let name = name(service);
        let _ = write!(text, "  {name}:\n    build: ./{name}\n    environment:\n      PEER_URL: http://{name}:8000\n");
    }
    text
}

fn dockerfile(python: bool) -> String {
    if python {
        "FROM python:3.13-slim\nCOPY . .\nCMD [\"python\", \"-m\", \"app.client0\"]\n".to_owned()
    } else {
        "FROM node:24-slim\nCOPY . .\nCMD [\"node\", \"src/client0.js\"]\n".to_owned()
    }
}

fn python_file(service: &str, file: usize) -> (String, String) {
    let (stem, mut text) = match file {
        0 | 8 => {
            let call = "import requests\n\nfrom app.settings import PEER_URL, TIMEOUT\n\n\n";
            let wrong = if file == 8 { "" } else { ", timeout=TIMEOUT" };
            let call = format!(
                "{call}def stock(sku: str) -> dict:\n    return requests.get(f\"{{PEER_URL}}/{{sku}}\"{wrong}).json()\n\n\n"
            );
            (format!("client{file}"), call)
        }
        1 => ("settings".to_owned(), "PEER_URL = \"http://stock:8000\"\nTIMEOUT = 2.5\n\n\n".to_owned()),
        _ => (format!("model{file}"), String::new()),
    };
    for n in 0..12 {
        let _ = write!(
            text,
            "class Row{n}:\n    \"\"\"Row {n} of {service}, computed and never sent.\"\"\"\n\n    \
             def __init__(self, price: float, amount: int, note: str = \"none\") -> None:\n        \
             self.price = price\n        self.amount = amount\n        self.note = note\n\n    \
             def total(self, rate: float = 0.19) -> float:\n        \
             parts = [self.price * step for step in range(self.amount) if step % {} == 0]\n        \
             return round(sum(parts) * (1 + rate), 2) if parts else 0.0\n\n\n",
            n + 2
        );
    }
    (format!("{service}/app/{stem}.py"), text)
}

fn typescript_file(service: &str, file: usize) -> (String, String) {
    let (stem, mut text) = match file {
        0 | 8 => {
            let options = if file == 8 { "{}" } else { "{ timeout: TIMEOUT }" };
            let call = format!(
                "import axios from \"axios\";\nimport {{ PEER_URL, TIMEOUT }} from \"./settings\";\n\n\
                 const peer = axios.create({options});\n\n\
                 export async function stock(sku: string): Promise<unknown> {{\n  \
                 const response = await peer.get(`${{PEER_URL}}/${{sku}}`);\n  return response.data;\n}}\n\n"
            );
            (format!("client{file}"), call)
        }
        1 => (
            "settings".to_owned(),
            "export const PEER_URL = \"http://stock:8000\";\nexport const TIMEOUT = 2500;\n\n".to_owned(),
        ),
        _ => (format!("model{file}"), String::new()),
    };
    for n in 0..12 {
        let _ = write!(
            text,
            "/** Row {n} of {service}, computed and never sent. */\nexport class Row{n} {{\n  \
             constructor(private readonly price: number, private readonly amount: number) {{}}\n\n  \
             total(rate = 0.19): number {{\n    const steps = Array.from({{ length: this.amount }}, (_, i) => i)\n      \
             .filter((i) => i % {} === 0)\n      .map((i) => this.price * i);\n    \
             return steps.length > 0 ? steps.reduce((a, b) => a + b, 0) * (1 + rate) : 0;\n  }}\n}}\n\n",
            n + 2
        );
    }
    (format!("{service}/src/{stem}.ts"), text)
}
