//! A command line of a Dockerfile or Compose file.

use serde::{Deserialize, Serialize};

use crate::syntax::Span;

/// A command, as one text or as a list of words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// How it is written.
    pub form: CommandForm,
    /// Where it stands.
    pub span: Span,
}

/// How a [`Command`] is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CommandForm {
    /// One text: a Dockerfile gives it to a shell, Compose splits it into words.
    Shell(String),
    /// The words.
    Exec(Vec<String>),
}

impl Command {
    /// A command written as one text.
    pub fn shell(text: impl Into<String>, span: Span) -> Self {
        Command { form: CommandForm::Shell(text.into()), span }
    }

    /// A command written as words.
    pub fn exec(words: Vec<String>, span: Span) -> Self {
        Command { form: CommandForm::Exec(words), span }
    }

    /// The command as one text, words joined by a blank.
    pub fn text(&self) -> String {
        match &self.form {
            CommandForm::Shell(text) => text.clone(),
            CommandForm::Exec(words) => words.join(" "),
        }
    }

    /// The words; a shell text is split as a shell does, quotes removed. Operators such as `&&` are
    /// words of their own where blanks stand around them. `["sh", "-c", "a b"]` gives the words of
    /// the script behind `-c`.
    pub fn words(&self) -> Vec<String> {
        match &self.form {
            CommandForm::Shell(text) => split(text),
            CommandForm::Exec(words) => match words.as_slice() {
                [shell, flag, script, ..] if is_shell(shell) && flag.starts_with('-') && flag.ends_with('c') => {
                    split(script)
                }
                _ => words.clone(),
            },
        }
    }
}

/// True for a shell, with or without its folder: `/bin/bash`.
pub fn is_shell(program: &str) -> bool {
    matches!(program.rsplit('/').next().unwrap_or(""), "sh" | "bash" | "ash" | "dash" | "zsh")
}

/// Splits as a POSIX shell does: blanks, quotes, backslashes; nothing is expanded. An open quote ends
/// with the text.
pub fn split(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' | '\n' | '\r' => words.extend(word.take()),
            '\'' => word.get_or_insert_default().extend(chars.by_ref().take_while(|&c| c != '\'')),
            '"' => {
                let word = word.get_or_insert_default();
                while let Some(c) = chars.next() {
                    match c {
                        '"' => break,
                        '\\' => match chars.next() {
                            Some(escaped @ ('"' | '\\' | '$' | '`')) => word.push(escaped),
                            Some('\n') | None => {}
                            Some(other) => word.extend(['\\', other]),
                        },
                        c => word.push(c),
                    }
                }
            }
            '\\' => match chars.next() {
                Some('\n') | None => {}
                Some(escaped) => word.get_or_insert_default().push(escaped),
            },
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_text_is_split_like_a_shell_does() {
        let words = |text: &str| Command::shell(text, Span::default()).words();
        assert_eq!(words("uvicorn app.main:app  --port 80"), ["uvicorn", "app.main:app", "--port", "80"]);
        assert_eq!(words(r#"sh -c 'a b' "c \" d" e\ f '' "#), ["sh", "-c", "a b", "c \" d", "e f", ""]);
        assert_eq!(words("echo \"open"), ["echo", "open"]);
    }

    #[test]
    fn the_script_of_a_shell_is_looked_into() {
        let command = Command::exec(["/bin/bash", "-lc", "npm run start"].map(String::from).to_vec(), Span::default());
        assert_eq!(command.words(), ["npm", "run", "start"]);
        assert_eq!(command.text(), "/bin/bash -lc npm run start");
    }

    proptest::proptest! {
        #[test]
        fn splitting_never_panics(text in "[a-z '\"\\\\\n\t$ä]{0,40}") {
            let joined: usize = split(&text).iter().map(String::len).sum();
            proptest::prop_assert!(joined <= text.len());
        }
    }
}
