//! Where output goes: one locked, buffered writer, styles stripped where they are not wanted.

use std::fmt::Display;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use anstream::{AutoStream, ColorChoice};

use super::Exit;
use crate::report::style::{BOLD, HELP, RESET, severity};
use crate::rules::Severity;

/// How wide output is when nothing says otherwise.
const WIDTH: usize = 100;

/// The standard streams of this process.
pub(super) struct Terminal {
    color: ColorChoice,
}

impl Terminal {
    pub(super) fn new(color: ColorChoice) -> Self {
        Terminal { color }
    }

    /// How many columns there are: `COLUMNS`, else a width that reads well.
    pub(super) fn width(&self) -> usize {
        let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse::<usize>().ok());
        columns.map_or(WIDTH, |columns| columns.clamp(40, 120))
    }

    /// Writes to standard output. A reader that went away (`skillcheck lint | head`) is a normal end;
    /// anything else that keeps the output from being written is not.
    pub(super) fn print(&self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Exit> {
        let stream = AutoStream::new(io::stdout(), self.color).lock();
        let mut buffered = BufWriter::with_capacity(1 << 16, stream);
        match write(&mut buffered).and_then(|()| buffered.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                // What is still in the buffer can't be written either.
                drop(buffered.into_parts());
                Err(self.error(format_args!("can't write to standard output: {error}"), None))
            }
            _ => {
                drop(buffered.into_parts());
                Ok(())
            }
        }
    }

    /// Writes to a file, without styles.
    pub(super) fn save(&self, path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Exit> {
        let save = || {
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent)?;
            }
            let file = AutoStream::never(std::fs::File::create(path)?);
            let mut buffered = BufWriter::new(file);
            write(&mut buffered)?;
            buffered.flush()
        };
        save().map_err(|error| self.error(format_args!("can't write `{}`: {error}", path.display()), None))
    }

    /// Writes to standard error; nobody can be told when that fails.
    pub(super) fn complain(&self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
        let mut stream = AutoStream::new(io::stderr(), self.color).lock();
        let _ = write(&mut stream);
    }

    /// Reports wrong usage.
    pub(super) fn error(&self, message: impl Display, help: Option<&str>) -> Exit {
        self.complain(|out| {
            writeln!(out, "{}error:{RESET} {BOLD}{message}{RESET}", severity(Severity::Error))?;
            match help {
                Some(help) => writeln!(out, "  {HELP}help:{RESET} {help}"),
                None => Ok(()),
            }
        });
        Exit::Usage
    }
}
