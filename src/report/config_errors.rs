//! Everything that is wrong with a configuration, each with its excerpt.

use std::io::{self, Write};

use super::excerpt::{Label, excerpt};
use super::style::{self, BOLD, HELP, RESET};
use super::text::{count, one_line, wrap};
use crate::config::Invalid;
use crate::findings::Source;
use crate::rules::Severity;

/// Writes all errors of a configuration.
pub fn config_errors(invalid: &Invalid, name: &str, width: usize, out: &mut dyn Write) -> io::Result<()> {
    let source = Source::new(invalid.text.clone());
    let head = format!("{}error[config]{RESET}: ", style::severity(Severity::Error));
    for error in &invalid.errors {
        let message = format!("{BOLD}{}{RESET}", one_line(&error.message));
        write!(out, "{}", wrap(&message, &head, "  ", width))?;
        let label = Label { span: error.span, text: Some(error.expected.clone()) };
        write!(out, "{}", excerpt(name, &source, &[label], miette::Severity::Error, width))?;
        if let Some(help) = &error.help {
            write!(out, "{}", wrap(&one_line(help), &format!("  {HELP}help:{RESET} "), "        ", width))?;
        }
        writeln!(out)?;
    }
    writeln!(out, "{} in {name}; nothing was checked", count(invalid.errors.len(), "error"))
}
