//! Says which version of the facts this build makes: a hash of everything that could change them. A cache
//! that another version wrote is not read. And rebuilds when a file of the embedded skill pack comes or goes.

use std::fs;
use std::path::Path;

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
