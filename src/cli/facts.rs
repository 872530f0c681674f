//! `skillcheck facts`.

use super::Exit;
use super::args::FactsArgs;
use super::output::Terminal;
use super::run::{self as shared, Asked};
use crate::exchange;

/// Runs the command.
pub(super) fn run(args: &FactsArgs, terminal: &Terminal) -> Exit {
    facts(args, terminal).unwrap_or_else(|exit| exit)
}

fn facts(args: &FactsArgs, terminal: &Terminal) -> Result<Exit, Exit> {
    let name = match (&args.repository, args.input.paths.as_slice()) {
        (Some(name), _) => name.clone(),
        (None, [path]) => exchange::label(path),
        (None, _) => {
            let help = "say what they are called together with --repository NAME, or export them one by one";
            return Err(terminal.error("several paths have no common name", Some(help)));
        }
    };
    let config = shared::configuration(&args.input, terminal)?;
    let outcome = shared::check(&args.input, config, &Asked::default(), terminal)?;
    let (mut header, mut facts) = exchange::collect(&outcome, &name);
    if args.schemas {
        exchange::add_documents(&outcome.tree, &mut header, &mut facts);
    }
    match &args.output {
        Some(file) if file.as_os_str() != "-" => terminal.save(file, |out| exchange::write(&header, &facts, out))?,
        _ => terminal.print(|out| exchange::write(&header, &facts, out))?,
    }
    shared::complain_of_incomplete(&outcome, terminal);
    Ok(if header.incomplete { Exit::Incomplete } else { Exit::Clean })
}
