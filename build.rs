//! Says which version of the facts this build makes: a hash of everything that could change them. A cache
//! that another version wrote is not read. Writes the catalog as one JSON text: YAML is for people, and reading
//! it takes ten times as long, in every run. And rebuilds when a file of the embedded skill pack comes or goes.

use std::path::{Path, PathBuf};
use std::{env, fs};

use serde_json::{Value, json};

fn main() {
    println!("cargo:rerun-if-changed=skills");
    // The grammars are pinned in the lock file.
    let inputs = ["src", "Cargo.lock"];
    let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
    for input in inputs {
        println!("cargo:rerun-if-changed={input}");
        hash.add_path(Path::new(input));
    }
    println!("cargo:rustc-env=SKILLCHECK_FACTS={}-{:016x}", env!("CARGO_PKG_VERSION"), hash.0);
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    if let Err(reason) = catalog().and_then(|text| fs::write(out.join("catalog.json"), text).map_err(|e| e.to_string()))
    {
        println!("cargo:error={reason}");
    }
}

/// The data files in the order of their paths: `[path, the types that it names, content]`.
fn catalog() -> Result<String, String> {
    let mut files = Vec::new();
    list(Path::new("src/catalog/data"), &mut files);
    files.sort();
    let libraries: Result<Vec<Value>, String> = files.iter().map(|file| library(file)).collect();
    Ok(Value::from(libraries?).to_string())
}

fn library(file: &Path) -> Result<Value, String> {
    let path = file.display().to_string();
    let text = fs::read_to_string(file).map_err(|e| format!("{path}: {e}"))?;
    let content: Value = serde_yaml::from_str(&text).map_err(|e| format!("{path}: {e}"))?;
    let mut named = Vec::new();
    if content["ecosystem"] == "jvm" {
        names(&content, &mut named);
    } else {
        let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
        named.extend(text.split(|c: char| !is_name(c)).filter(|word| word.starts_with(char::is_uppercase)));
    }
    let mut types: Vec<&str> = named.into_iter().filter_map(in_package).collect();
    types.sort_unstable();
    types.dedup();
    Ok(json!([path, types, content]))
}

/// The names in the data of a file, without the texts that are shown to people.
fn names<'v>(content: &'v Value, out: &mut Vec<&'v str>) {
    match content {
        Value::String(text) if !text.contains(' ') => out.push(text),
        Value::Array(items) => items.iter().for_each(|item| names(item, out)),
        Value::Object(entries) => entries.iter().for_each(|(key, value)| {
            out.push(key);
            names(value, out);
        }),
        _ => {}
    }
}

/// The beginning of a path that ends with its first type.
fn in_package(word: &str) -> Option<&str> {
    let mut end = 0;
    for segment in word.split('.') {
        end += segment.len();
        if segment.starts_with(char::is_uppercase) {
            return Some(&word[..end]);
        }
        end += 1;
    }
    None
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) {
    for path in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
        if path.is_dir() { list(&path, files) } else { files.push(path) }
    }
}

/// FNV-1a, 64 bits: nobody is to be fooled here, and it needs no crate.
struct Fnv(u64);

impl Fnv {
    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    fn add_path(&mut self, path: &Path) {
        self.add(path.to_string_lossy().as_bytes());
        if path.is_dir() {
            let mut entries: Vec<_> =
                fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
            entries.sort();
            entries.iter().for_each(|entry| self.add_path(entry));
        } else {
            self.add(&fs::read(path).unwrap_or_default());
        }
    }
}
