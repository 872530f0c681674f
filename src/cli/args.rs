//! The command line, as clap reads it.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum, builder::PossibleValue};

use super::hook::Agent;
use crate::config::FailOn;
use crate::report::Format;
use crate::rules::{Confidence, Severity};
use crate::schema::Model;
use crate::schema::compat::Mode;
use crate::schema::proto::Level;

const EXAMPLES: &str = "\
Examples:
  skillcheck lint                             check the current folder
  skillcheck lint services/orders             check a part of it
  skillcheck lint --output sarif=out.sarif --output human
                                              a file for code scanning, a report for people
  skillcheck lint --skill rest-client --fail-on error
                                              one skill's rules; only errors make the exit code 1
  skillcheck facts -o orders.jsonl            export what other repositories need to know
  skillcheck lint --with facts/               check together with what others exported
  skillcheck explain rest-client/missing-timeout
                                              why a rule matters and how to follow it
  skillcheck lint --since origin/main         only what this branch makes worse
  skillcheck breaking --against origin/main   whom this branch's event schemas break
  skillcheck baseline write                   begin today: report only what is new from now on
  skillcheck init                             set up a repository; asks what
  skillcheck init --skills --hooks claude --pre-commit --github
                                              the same without questions; --remove takes it back

Exit codes:
  0  clean
  1  findings at or above --fail-on
  2  wrong usage or configuration
  3  nothing to check
  4  incomplete: a file could not be read or parsed, or a rule panicked";

/// Checks generated microservices against the rules that their skills teach.
#[derive(Debug, Parser)]
#[command(name = "skillcheck", version, about, after_help = EXAMPLES, max_term_width = 100)]
pub(super) struct Args {
    /// When to use colours
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub(super) color: Color,

    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Check files and folders
    Lint(LintArgs),
    /// Say whom a change of event schemas and OpenAPI documents breaks: proved, with what shows it, or unknown
    Breaking(BreakingArgs),
    /// Keep what is there today out of the report
    Baseline(BaselineArgs),
    /// Show or remove what is kept from one run to the next
    Cache(CacheArgs),
    /// List the rules
    Rules(RulesArgs),
    /// Explain a rule, or list the rules of a skill
    Explain(ExplainArgs),
    /// Show the services and how they are connected
    Graph(GraphArgs),
    /// Export what other repositories need to know of this one
    Facts(FactsArgs),
    /// Answer an agent's hook: reads its event from standard input
    Hook(HookArgs),
    /// Set up a repository: skills, agent hooks, pre-commit, CI; asks on a terminal
    Init(InitArgs),
    /// Check a skill pack, anybody's
    Skills(SkillsArgs),
    /// Print a completion script
    Completions(CompletionsArgs),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl From<Color> for anstream::ColorChoice {
    fn from(color: Color) -> Self {
        match color {
            Color::Auto => anstream::ColorChoice::Auto,
            Color::Always => anstream::ColorChoice::Always,
            Color::Never => anstream::ColorChoice::Never,
        }
    }
}

/// What to read and how.
#[derive(Debug, clap::Args)]
pub(super) struct Input {
    /// Files and folders
    #[arg(value_name = "PATH", default_value = ".")]
    pub(super) paths: Vec<PathBuf>,

    /// The configuration, instead of the nearest skillcheck.yaml upwards from PATH
    #[arg(long, value_name = "FILE", conflicts_with = "no_config")]
    pub(super) config: Option<PathBuf>,

    /// Ignore configuration files
    #[arg(long)]
    pub(super) no_config: bool,

    /// Read every file anew, and keep nothing for the next run; the answer is the same
    #[arg(long)]
    pub(super) no_cache: bool,

    /// How many threads to use [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) threads: Option<u16>,
}

/// The facts of other repositories.
#[derive(Debug, clap::Args)]
pub(super) struct Others {
    /// Join the facts of other repositories: files that `skillcheck facts` wrote, or folders of them
    /// (*.jsonl); can be repeated
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(super) with: Vec<PathBuf>,

    /// Look at no files: join the facts of --with, for all of their repositories
    #[arg(long, requires = "with", conflicts_with = "paths")]
    pub(super) facts_only: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct FactsArgs {
    #[command(flatten)]
    pub(super) input: Input,

    /// Where to write them; `-` is standard output [default: -]
    #[arg(long, short, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,

    /// What the repository is called among others [default: owner and name of `origin`, else the folder]
    #[arg(long, value_name = "NAME", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(super) repository: Option<String>,

    /// Export event schemas and OpenAPI documents as they are too, for `breaking --against FILE`
    #[arg(long)]
    pub(super) schemas: bool,
}

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("repair").args(["fix", "diff"]).multiple(true))]
pub(super) struct LintArgs {
    #[command(flatten)]
    pub(super) input: Input,

    #[command(flatten)]
    pub(super) others: Others,

    /// Output format, and the file to write it to; can be repeated
    #[arg(long, short, alias = "format", value_name = "FORMAT[=PATH]", value_parser = parse_output,
          help = "Output format (human, concise, agent, json, sarif, github, gitlab, junit, markdown, rdjson), and \
                  the file to write it to; can be repeated [default: human, or agent under an agent]")]
    pub(super) output: Vec<Output>,

    /// Findings of this severity and above make the exit code 1 [default: warning]
    #[arg(long, value_name = "SEVERITY")]
    pub(super) fail_on: Option<FailOn>,

    /// Hide findings below; what is hidden does not fail the run
    #[arg(long, value_name = "SEVERITY", value_enum, default_value_t = Severity::Info)]
    pub(super) min_severity: Severity,

    /// Hide findings that are less sure
    #[arg(long, value_name = "CONFIDENCE", value_enum, default_value_t = Confidence::Low)]
    pub(super) min_confidence: Confidence,

    /// Report only what the work tree changes against the last commit: findings on changed lines, and
    /// those that the change causes elsewhere; the whole system is still looked at
    #[arg(long, group = "change")]
    pub(super) changed: bool,

    /// The same for what is staged, whatever the work tree says
    #[arg(long, group = "change")]
    pub(super) staged: bool,

    /// The same for everything since this branch left REF
    #[arg(long, value_name = "REF", group = "change")]
    pub(super) since: Option<String>,

    /// The findings that are known, instead of skillcheck-baseline.json in the root of the repository
    #[arg(long, value_name = "FILE", conflicts_with = "no_baseline")]
    pub(super) baseline: Option<PathBuf>,

    /// Report the findings that the baseline knows, too
    #[arg(long)]
    pub(super) no_baseline: bool,

    /// Report only this rule; can be repeated
    #[arg(long, value_name = "RULE")]
    pub(super) rule: Vec<String>,

    /// Report only the rules of this skill; can be repeated
    #[arg(long, value_name = "SKILL")]
    pub(super) skill: Vec<String>,

    /// Run preview rules too
    #[arg(long)]
    pub(super) preview: bool,

    /// List every file and what became of it, instead of the findings
    #[arg(long)]
    pub(super) show_files: bool,

    /// Repair what can be repaired safely: each repair is checked, and what does not help is not written
    #[arg(long, conflicts_with_all = ["staged", "show_files"])]
    pub(super) fix: bool,

    /// Repairs after which a person has to look at what else depends on them, too
    #[arg(long, requires = "repair")]
    pub(super) unsafe_fixes: bool,

    /// Show what --fix would change, and change nothing
    #[arg(long, conflicts_with_all = ["staged", "show_files"])]
    pub(super) diff: bool,

    /// Count the findings of each rule and service instead of listing them
    #[arg(long)]
    pub(super) statistics: bool,

    /// Print findings only, no summary
    #[arg(long, short)]
    pub(super) quiet: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct BreakingArgs {
    #[command(flatten)]
    pub(super) input: Input,

    /// What the schemas are compared with: a branch, tag or commit (since this branch left it), a folder that is laid
    /// out like PATH, a file of `skillcheck facts --schemas`, or OLD..NEW, two commits
    #[arg(long, value_name = "REF|DIR|FILE|OLD..NEW")]
    pub(super) against: String,

    /// Events: who must not break: backward (new readers of old documents), forward (old readers of new documents),
    /// full (both), each of them with every tagged version in between (-transitive) [default: by who publishes and
    /// consumes the event here; full where that is not known]
    #[arg(long, value_enum, hide_possible_values = true)]
    pub(super) mode: Option<Mode>,

    /// Compare with every tagged version since REF too
    #[arg(long)]
    pub(super) transitive: bool,

    /// Name the callers in other repositories too: files that `skillcheck facts` wrote there, or folders of them
    /// (*.jsonl); can be repeated
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(super) with: Vec<PathBuf>,

    /// How schemas are read: tolerant (writers send what they declare, readers ignore what they don't know; the
    /// default), strict (as they are written), or confluent and confluent-lenient (as that registry decides)
    #[arg(long, value_enum, hide_possible_values = true)]
    pub(super) model: Option<Model>,

    /// Of Protobuf, who has to go on working: wire (readers of the binary encoding; the default), json (of the JSON
    /// encoding too), source (code that is compiled against it too)
    #[arg(long, value_enum, value_name = "LEVEL", hide_possible_values = true)]
    pub(super) protobuf: Option<Level>,

    /// Output format, and the file to write it to; can be repeated
    #[arg(long, short, value_name = "FORMAT[=PATH]", value_parser = parse_output,
          help = "Output format (as of lint), and the file to write it to; can be repeated")]
    pub(super) output: Vec<Output>,

    /// Print findings only, no summary
    #[arg(long, short)]
    pub(super) quiet: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct BaselineArgs {
    #[command(subcommand)]
    pub(super) command: BaselineCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum BaselineCommand {
    /// Check everything and make its findings the known ones
    Write(BaselineRun),
    /// Show what is known, by file and rule
    Show(BaselineShow),
    /// Check everything and take out what is not found any more; nothing is added
    Prune(BaselineRun),
}

#[derive(Debug, clap::Args)]
pub(super) struct BaselineRun {
    #[command(flatten)]
    pub(super) input: Input,

    /// The baseline, instead of skillcheck-baseline.json in the root of the repository
    #[arg(long, value_name = "FILE")]
    pub(super) file: Option<PathBuf>,

    /// Run preview rules too
    #[arg(long)]
    pub(super) preview: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct BaselineShow {
    /// The baseline, instead of the nearest skillcheck-baseline.json upwards
    #[arg(long, value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(super) struct CacheArgs {
    #[command(subcommand)]
    pub(super) command: CacheCommand,
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub(super) enum CacheCommand {
    /// Print the folder (SKILLCHECK_CACHE_DIR, else the cache folder of the system)
    Path,
    /// Show how large it is, and what is known about the current folder
    Info,
    /// Remove all caches
    Clean,
}

#[derive(Debug, clap::Args)]
pub(super) struct RulesArgs {
    /// Output format
    #[arg(long, value_enum, default_value_t = TextOrJson::Text)]
    pub(super) format: TextOrJson,
}

#[derive(Debug, clap::Args)]
pub(super) struct ExplainArgs {
    /// A rule such as rest-client/missing-timeout, or a skill such as rest-client
    #[arg(value_name = "RULE")]
    pub(super) rule: String,
}

#[derive(Debug, clap::Args)]
pub(super) struct GraphArgs {
    #[command(flatten)]
    pub(super) input: Input,

    #[command(flatten)]
    pub(super) others: Others,

    /// Output format
    #[arg(long, value_enum, default_value_t = TextOrJson::Text)]
    pub(super) format: TextOrJson,
}

#[derive(Debug, clap::Args)]
pub(super) struct HookArgs {
    /// Whose hook it is [default: told from the event]
    #[arg(long, value_enum)]
    pub(super) agent: Option<Agent>,
}

#[derive(Debug, clap::Args)]
pub(super) struct InitArgs {
    /// Install the skills: claude for .claude/skills, agents for .agents/skills (Codex, Gemini CLI, Cursor), or both
    #[arg(long, value_enum, value_name = "WHERE", num_args = 0..=1, require_equals = true,
          default_missing_value = "claude")]
    pub(super) skills: Option<SkillsTo>,

    /// Install the skills into this folder
    #[arg(long, value_name = "DIR")]
    pub(super) to: Option<PathBuf>,

    /// Show an agent each new finding right after the edit; can be repeated
    #[arg(long, value_enum, value_name = "AGENT", value_delimiter = ',')]
    pub(super) hooks: Vec<Agent>,

    /// Add the hook to .pre-commit-config.yaml
    #[arg(long)]
    pub(super) pre_commit: bool,

    /// Write a workflow for GitHub
    #[arg(long)]
    pub(super) github: bool,

    /// Write a job for GitLab and include it
    #[arg(long)]
    pub(super) gitlab: bool,

    /// Write a commented skillcheck.yaml
    #[arg(long)]
    pub(super) config: bool,

    /// Name the skills in CLAUDE.md or AGENTS.md, in a block of at most 25 lines
    #[arg(long)]
    pub(super) memory: bool,

    /// Take back what was set up: with flags these parts, without flags everything
    #[arg(long)]
    pub(super) remove: bool,

    /// Show what would change, as a diff
    #[arg(long)]
    pub(super) dry_run: bool,

    /// Overwrite or remove our files also where they were changed; never a configuration
    #[arg(long)]
    pub(super) force: bool,

    /// Ask nothing: without other flags --skills and --config
    #[arg(long, short)]
    pub(super) yes: bool,

    /// Do not write skillcheck.yaml
    #[arg(long, conflicts_with = "config")]
    pub(super) no_config: bool,
}

/// Where the skills go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum SkillsTo {
    /// .claude/skills
    Claude,
    /// .agents/skills
    Agents,
    /// Both folders
    Both,
}

#[derive(Debug, clap::Args)]
pub(super) struct SkillsArgs {
    #[command(subcommand)]
    pub(super) command: SkillsCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum SkillsCommand {
    /// Check skills by the specification: front matter, links, length, and whether their code samples parse and pass
    /// the linter
    Check(SkillsCheckArgs),
}

#[derive(Debug, clap::Args)]
pub(super) struct SkillsCheckArgs {
    /// A skill, or a folder with skills [default: skills, .claude/skills, .agents/skills or the current folder]
    #[arg(value_name = "DIR")]
    pub(super) folder: Option<PathBuf>,

    /// Output format
    #[arg(long, value_enum, default_value_t = TextOrJson::Text)]
    pub(super) format: TextOrJson,
}

#[derive(Debug, clap::Args)]
pub(super) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub(super) shell: clap_complete::Shell,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum TextOrJson {
    /// For people
    Text,
    /// For programs
    Json,
}

/// `FORMAT[=PATH]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Output {
    pub(super) format: Format,
    pub(super) path: Option<PathBuf>,
}

fn parse_output(text: &str) -> Result<Output, String> {
    let (name, path) = match text.split_once('=') {
        Some((_, "")) => return Err("no path after `=`".to_owned()),
        Some((name, "-")) => (name, None),
        Some((name, path)) => (name, Some(PathBuf::from(path))),
        None => (text, None),
    };
    let Some(format) = Format::ALL.into_iter().find(|format| format.name() == name) else {
        let names = Format::ALL.map(Format::name);
        let meant = crate::suggest::nearest(name, names).map(|meant| format!("; did you mean `{meant}`?"));
        return Err(format!("unknown format, expected one of {}{}", names.join(", "), meant.unwrap_or_default()));
    };
    Ok(Output { format, path })
}

impl ValueEnum for Severity {
    fn value_variants<'a>() -> &'a [Self] {
        &[Severity::Error, Severity::Warning, Severity::Info]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.as_str()))
    }
}

impl ValueEnum for Mode {
    fn value_variants<'a>() -> &'a [Self] {
        &Mode::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()))
    }
}

impl ValueEnum for Model {
    fn value_variants<'a>() -> &'a [Self] {
        &Model::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()))
    }
}

impl ValueEnum for Level {
    fn value_variants<'a>() -> &'a [Self] {
        &Level::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()))
    }
}

impl ValueEnum for Confidence {
    fn value_variants<'a>() -> &'a [Self] {
        &[Confidence::High, Confidence::Medium, Confidence::Low]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.as_str()))
    }
}

impl ValueEnum for FailOn {
    fn value_variants<'a>() -> &'a [Self] {
        &[
            FailOn::Severity(Severity::Error),
            FailOn::Severity(Severity::Warning),
            FailOn::Severity(Severity::Info),
            FailOn::Nothing,
        ]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(match self {
            FailOn::Severity(severity) => severity.as_str(),
            FailOn::Nothing => "none",
        }))
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Args::command().debug_assert();
    }
}
