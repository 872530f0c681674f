//! `skillcheck hook`: what an agent just broke, told within the same edit.
//!
//! An agent (Claude Code, Codex, Gemini CLI, Cursor) sends an event to standard input and reads a JSON
//! object from standard output. When a session begins, what is wrong already is noted; from then on only
//! what is new is told, each thing once: in the files just written at once, what concerns the whole
//! system when the agent wants to stop. A hook never breaks a session: whatever goes wrong in it ends
//! with exit code 0 and one message.

mod answer;
mod decide;
mod event;
mod look;
mod patch;
mod repository;
mod session;
mod text;

use std::io::{IsTerminal, Read};

use serde_json::Value;

pub(super) use event::Agent;

use super::Exit;
use super::args::HookArgs;
use super::output::Terminal;
use crate::guard;
use answer::Answer;
use event::{Event, Moment};
use session::Store;

/// How long an event may be, in bytes: it repeats the file that was written.
const MAX_INPUT: u64 = 64 << 20;

/// Runs the command.
pub(super) fn run(args: &HookArgs, terminal: &Terminal) -> Exit {
    if std::io::stdin().is_terminal() {
        let help = "agents run it: `skillcheck init --hooks claude` sets it up";
        return terminal.error("`skillcheck hook` reads an agent's event from standard input", Some(help));
    }
    let said = guard::catch(|| answer_to(args)).unwrap_or_else(|panic| Some(fault(&panic)));
    if let Some(value) = said {
        // Who can't be told anything can't be told that either.
        let _ = terminal.print(|out| writeln!(out, "{value}"));
    }
    Exit::Clean
}

fn fault(reason: &str) -> Value {
    answer::fault(&format!("skillcheck: {}", text::line(reason)))
}

fn answer_to(args: &HookArgs) -> Option<Value> {
    let mut input = Vec::new();
    if let Err(error) = std::io::stdin().lock().take(MAX_INPUT).read_to_end(&mut input) {
        return Some(fault(&format!("can't read the event: {error}")));
    }
    let event = match event::read(&String::from_utf8_lossy(&input), args.agent) {
        Ok(event) => event,
        Err(reason) => return Some(fault(&reason)),
    };
    let answer = guard::catch(|| consider(&event)).unwrap_or_else(|panic| Answer::note(format!("skillcheck: {panic}")));
    answer::render(&event, &answer)
}

/// Looks up the session, decides, and notes what was decided. A fault is told once in a session.
fn consider(event: &Event) -> Answer {
    let Some(root) = repository::root(&event.folder) else { return Answer::default() };
    if event.moment == Moment::Other {
        return Answer::default();
    }
    let store = Store::of_this_user();
    if event.moment == Moment::Start {
        store.forget_old();
    }
    let mut held = match store.hold(&event.session, &root) {
        Ok(held) => held,
        Err(error) => return Answer::note(format!("skillcheck: can't remember this session: {error}")),
    };
    let caught = guard::catch(|| decide::decide(event, &root, &mut held.session));
    let answer = match caught.unwrap_or_else(Err) {
        Ok(answer) => answer,
        Err(reason) if held.session.faults.insert(reason.clone()) || event.moment == Moment::Start => {
            Answer::note(format!("skillcheck: {}", text::line(&reason)))
        }
        Err(_) => Answer::default(),
    };
    match held.save() {
        Ok(()) => answer,
        // Without a memory everything would be told again and again, and the agent kept for ever.
        Err(error) => Answer::note(format!("skillcheck: can't remember this session: {error}")),
    }
}
