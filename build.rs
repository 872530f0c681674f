//! Rebuilds when a file of the embedded skill pack is added or removed.

fn main() {
    println!("cargo:rerun-if-changed=skills");
}
