//! Writes an export.

use std::io::{self, Write};

use super::fact::{Fact, Header};

/// Writes the header and the facts, a line each.
///
/// # Errors
/// When `out` can't be written.
pub fn write(header: &Header, facts: &[Fact], out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, header)?;
    writeln!(out)?;
    for fact in facts {
        serde_json::to_writer(&mut *out, fact)?;
        writeln!(out)?;
    }
    Ok(())
}
