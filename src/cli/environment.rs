//! What the environment says about who is reading.

use crate::report::Format;

/// Variables that agents set for the commands they run.
const AGENTS: [&str; 8] =
    ["AI_AGENT", "CLAUDECODE", "CLAUDE_CODE", "CODEX_SANDBOX", "COPILOT_CLI", "CURSOR_AGENT", "GEMINI_CLI", "OPENCODE"];

/// The format of standard output when none is asked for: `agent` under an agent, else `human`.
pub(super) fn default_format() -> Format {
    format_for(|name| std::env::var(name).ok())
}

fn format_for(variable: impl Fn(&str) -> Option<String>) -> Format {
    let is_set = |name: &&str| variable(name).is_some_and(|value| !matches!(value.as_str(), "" | "0" | "false"));
    if AGENTS.iter().any(is_set) { Format::Agent } else { Format::Human }
}

#[cfg(test)]
mod tests {
    use super::format_for;
    use crate::report::Format;

    #[test]
    fn an_agent_gets_the_agent_format() {
        let with =
            |name: &'static str, value: &'static str| format_for(|asked| (asked == name).then(|| value.to_owned()));
        assert_eq!(with("CLAUDECODE", "1"), Format::Agent);
        assert_eq!(with("AI_AGENT", "some-agent"), Format::Agent);
        assert_eq!(with("CLAUDECODE", "0"), Format::Human);
        assert_eq!(with("TERM", "xterm"), Format::Human);
    }
}
