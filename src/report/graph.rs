//! The system map, as JSON and as text.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::style::{BOLD, DIM, RESET};
use super::text::{count, printable};
use crate::system::{Service, System};

/// Writes the map as JSON.
pub fn json(system: &System, out: &mut dyn Write) -> io::Result<()> {
    let map = json!({"services": system.services.iter().map(service).collect::<Vec<_>>()});
    serde_json::to_writer_pretty(&mut *out, &map)?;
    writeln!(out)
}

/// Writes the map for people.
pub fn text(system: &System, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{BOLD}{}{RESET}", count(system.services.len(), "service"))?;
    for service in &system.services {
        let root = if service.root.is_empty() { "." } else { &service.root };
        writeln!(out, "  {} {DIM}{}{RESET}", printable(&service.name), printable(root))?;
    }
    Ok(())
}

/// A service as it appears in every JSON output.
pub(super) fn service(service: &Service) -> Value {
    json!({"name": service.name, "root": service.root})
}
