//! The `skillcheck` binary.

fn main() {}
