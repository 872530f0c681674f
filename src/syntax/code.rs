//! Source code to syntax trees, fenced.
//!
//! tree-sitter is C and some inputs cost it quadratic time or more, so a text is first measured (size,
//! line length, nesting) and then parsed against a deadline. What is refused is reported by the
//! caller as not checked, never silently skipped.

use std::cell::RefCell;
use std::fmt;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use tree_sitter::{ParseOptions, ParseState, Parser, Tree};

use crate::facts::module::Language;

/// Largest source file that is parsed, in bytes. Hand-written modules stay far below it.
pub const MAX_BYTES: usize = 1 << 20;
/// Longest line that is parsed, in bytes. Longer lines are minified or generated code.
pub const MAX_LINE_BYTES: usize = 20_000;
/// Deepest nesting of brackets, and of `<` in languages with type arguments, that is parsed.
pub const MAX_DEPTH: usize = 1_000;
/// Deepest nesting of `"${` in Kotlin that is parsed; scanners of its grammar have aborted at 512.
pub const MAX_TEMPLATES: usize = 400;
/// How many `=>` a Java file can have. No Java has one outside of texts, and the parser takes a minute
/// for some thousands without looking at the clock.
pub const MAX_ARROWS: usize = 400;
/// Time after which a parse is given up. A file of the largest size takes a tenth of it; the rest is for
/// machines that are busy, since a file that is given up makes the run incomplete.
pub const DEADLINE: Duration = Duration::from_secs(2);

/// A tree-sitter grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Grammar {
    /// Python.
    Python,
    /// JavaScript; the grammar includes JSX.
    JavaScript,
    /// TypeScript without JSX, where `<T>x` is a cast.
    TypeScript,
    /// TypeScript with JSX.
    Tsx,
    /// Java.
    Java,
    /// Kotlin.
    Kotlin,
    /// Go.
    Go,
    /// C#.
    CSharp,
}

impl Grammar {
    /// The grammar for a file of `language` whose name ends in `extension` (without the dot).
    pub fn of(language: Language, extension: &str) -> Self {
        match language {
            Language::Python => Grammar::Python,
            Language::JavaScript => Grammar::JavaScript,
            Language::TypeScript if extension.eq_ignore_ascii_case("tsx") => Grammar::Tsx,
            Language::TypeScript => Grammar::TypeScript,
            Language::Java => Grammar::Java,
            Language::Kotlin => Grammar::Kotlin,
            Language::Go => Grammar::Go,
            Language::CSharp => Grammar::CSharp,
        }
    }

    /// The tables of the grammar.
    pub fn language(self) -> tree_sitter::Language {
        match self {
            Grammar::Python => tree_sitter_python::LANGUAGE.into(),
            Grammar::JavaScript => tree_sitter_javascript::LANGUAGE.into(),
            Grammar::TypeScript => tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into(),
            Grammar::Tsx => tree_sitter_typescript::LANGUAGE_TSX.into(),
            Grammar::Java => tree_sitter_java::LANGUAGE.into(),
            Grammar::Kotlin => tree_sitter_kotlin_ng::LANGUAGE.into(),
            Grammar::Go => tree_sitter_go::LANGUAGE.into(),
            Grammar::CSharp => tree_sitter_c_sharp::LANGUAGE.into(),
        }
    }

    /// `<` opens a type argument list or an element and can therefore nest.
    fn has_angles(self) -> bool {
        !matches!(self, Grammar::Python | Grammar::Go)
    }
}

/// Why a text was not parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParseRefusal {
    /// The text has more than [`MAX_BYTES`]; its size in bytes.
    TooLarge(usize),
    /// A line has more than [`MAX_LINE_BYTES`].
    LineTooLong {
        /// The line, counted from 1.
        line: usize,
        /// Its length in bytes.
        bytes: usize,
    },
    /// Brackets nest deeper than [`MAX_DEPTH`]; the line where they do, counted from 1.
    TooDeep(usize),
    /// Templates in strings nest deeper than [`MAX_TEMPLATES`]; the line where they do, counted from 1.
    TemplatesTooDeep(usize),
    /// A Java file has more than [`MAX_ARROWS`] `=>`.
    TooManyArrows,
    /// The parser took longer than [`DEADLINE`].
    TooSlow,
    /// The grammar does not fit the parser library (a fault of the build).
    Grammar(Grammar),
}

impl fmt::Display for ParseRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ParseRefusal::TooLarge(bytes) => {
                write!(f, "the file has {bytes} bytes; source of more than {MAX_BYTES} bytes is not parsed")
            }
            ParseRefusal::LineTooLong { line, bytes } => {
                write!(f, "line {line} has {bytes} bytes; lines of more than {MAX_LINE_BYTES} bytes are not parsed")
            }
            ParseRefusal::TooDeep(line) => {
                write!(f, "brackets are nested more than {MAX_DEPTH} deep at line {line}")
            }
            ParseRefusal::TemplatesTooDeep(line) => {
                write!(f, "templates in strings are nested more than {MAX_TEMPLATES} deep at line {line}")
            }
            ParseRefusal::TooManyArrows => {
                write!(f, "the file has more than {MAX_ARROWS} `=>`, which is no Java")
            }
            ParseRefusal::TooSlow => write!(f, "parsing took longer than {} ms", DEADLINE.as_millis()),
            ParseRefusal::Grammar(grammar) => write!(f, "the {grammar:?} grammar does not load"),
        }
    }
}

impl std::error::Error for ParseRefusal {}

/// Parses `text`, unless it is too large, too wide, too deep or takes too long.
///
/// # Errors
/// The fence that the text ran into. Syntax errors are not refusals: they are nodes of the tree.
pub fn parse(grammar: Grammar, text: &str) -> Result<Tree, ParseRefusal> {
    measure(grammar, text.as_bytes())?;
    with_parser(grammar, |parser| {
        let start = Instant::now();
        let bytes = text.as_bytes();
        let mut expired = |_: &ParseState| match start.elapsed() > DEADLINE {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        };
        let mut read = |offset: usize, _| bytes.get(offset..).unwrap_or_default();
        let options = ParseOptions::new().progress_callback(&mut expired);
        let tree = parser.parse_with_options(&mut read, None, Some(options));
        if tree.is_none() {
            // An abandoned parse would otherwise be resumed with the next text.
            parser.reset();
        }
        tree.ok_or(ParseRefusal::TooSlow)
    })
}

/// Runs `job` with this thread's parser for `grammar`; building one anew for each file costs more
/// than parsing a small one.
fn with_parser<T>(
    grammar: Grammar,
    job: impl FnOnce(&mut Parser) -> Result<T, ParseRefusal>,
) -> Result<T, ParseRefusal> {
    thread_local! {
        static PARSERS: RefCell<[Option<Parser>; 8]> = const { RefCell::new([const { None }; 8]) };
    }
    PARSERS.with_borrow_mut(|parsers| {
        let slot = &mut parsers[grammar as usize];
        match slot {
            Some(parser) => job(parser),
            None => {
                let mut parser = Parser::new();
                parser.set_language(&grammar.language()).map_err(|_| ParseRefusal::Grammar(grammar))?;
                job(slot.insert(parser))
            }
        }
    })
}

/// Refuses what is too large, too wide or too deep, in one scan.
///
/// The scan knows nothing of strings and comments: a thousand brackets that are never closed do not
/// occur in either by accident, and what a string hides is caught by the deadline.
fn measure(grammar: Grammar, bytes: &[u8]) -> Result<(), ParseRefusal> {
    if bytes.len() > MAX_BYTES {
        return Err(ParseRefusal::TooLarge(bytes.len()));
    }
    let angles = grammar.has_angles();
    let (mut line, mut line_start) = (1, 0);
    let (mut depth, mut angle_depth) = (0usize, 0usize);
    let mut deep_line = None;
    let mut arrows = 0;
    // For each open `{` of a Kotlin file, whether it is one of a template.
    let mut braces: Vec<bool> = Vec::new();
    let mut templates = 0usize;
    for (i, &byte) in bytes.iter().enumerate() {
        match byte {
            b'\n' => {
                check_line(line, i - line_start)?;
                line += 1;
                line_start = i + 1;
            }
            b'(' | b'[' | b'{' => {
                if byte == b'{' && grammar == Grammar::Kotlin && braces.len() <= MAX_DEPTH {
                    let is_template = i > 0 && bytes[i - 1] == b'$';
                    braces.push(is_template);
                    templates += usize::from(is_template);
                    if templates > MAX_TEMPLATES {
                        return Err(ParseRefusal::TemplatesTooDeep(line));
                    }
                }
                depth += 1;
                angle_depth = 0;
            }
            // A comparison never closes its `<`; the next bracket or semicolon ends what it could open.
            b')' | b']' | b'}' => {
                if byte == b'}' && grammar == Grammar::Kotlin {
                    templates -= usize::from(braces.pop().unwrap_or(false));
                }
                depth = depth.saturating_sub(1);
                angle_depth = 0;
            }
            b';' => angle_depth = 0,
            b'<' if angles => angle_depth += 1,
            b'>' => {
                if grammar == Grammar::Java && i > 0 && bytes[i - 1] == b'=' {
                    arrows += 1;
                    if arrows > MAX_ARROWS {
                        return Err(ParseRefusal::TooManyArrows);
                    }
                }
                angle_depth = angle_depth.saturating_sub(1);
            }
            _ => continue,
        }
        if depth.max(angle_depth) > MAX_DEPTH {
            deep_line.get_or_insert(line);
        }
    }
    check_line(line, bytes.len() - line_start)?;
    deep_line.map_or(Ok(()), |line| Err(ParseRefusal::TooDeep(line)))
}

fn check_line(line: usize, bytes: usize) -> Result<(), ParseRefusal> {
    if bytes > MAX_LINE_BYTES { Err(ParseRefusal::LineTooLong { line, bytes }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Grammar; 8] = [
        Grammar::Python,
        Grammar::JavaScript,
        Grammar::TypeScript,
        Grammar::Tsx,
        Grammar::Java,
        Grammar::Kotlin,
        Grammar::Go,
        Grammar::CSharp,
    ];

    #[test]
    fn every_grammar_loads_and_parses() {
        for grammar in ALL {
            let text = match grammar {
                Grammar::Java | Grammar::CSharp => "class X {}\n",
                Grammar::Go => "package a\n",
                _ => "x = f(1)\n",
            };
            let tree = parse(grammar, text).unwrap();
            assert!(!tree.root_node().has_error(), "{grammar:?}");
        }
    }

    #[test]
    fn the_extension_decides_between_typescript_and_tsx() {
        assert_eq!(Grammar::of(Language::TypeScript, "tsx"), Grammar::Tsx);
        assert_eq!(Grammar::of(Language::TypeScript, "mts"), Grammar::TypeScript);
        assert!(!parse(Grammar::Tsx, "const a = <B c={1}/>;").unwrap().root_node().has_error());
        assert!(!parse(Grammar::TypeScript, "const a = <B>c;").unwrap().root_node().has_error());
    }

    #[test]
    fn what_is_too_large_too_wide_or_too_deep_is_refused_with_a_reason() {
        for grammar in ALL {
            let large = parse(grammar, &"a\n".repeat(MAX_BYTES)).unwrap_err();
            assert_eq!(large, ParseRefusal::TooLarge(2 * MAX_BYTES));
            let wide = parse(grammar, &format!("a\n{}", "b".repeat(MAX_LINE_BYTES + 1))).unwrap_err();
            assert_eq!(wide, ParseRefusal::LineTooLong { line: 2, bytes: MAX_LINE_BYTES + 1 });
            let deep = parse(grammar, &"(\n".repeat(100_000)).unwrap_err();
            assert_eq!(deep, ParseRefusal::TooDeep(MAX_DEPTH + 1));
            assert!(deep.to_string().contains("line 1001"));
        }
        let angles = parse(Grammar::TypeScript, &"a<\n".repeat(20_000)).unwrap_err();
        assert_eq!(angles, ParseRefusal::TooDeep(MAX_DEPTH + 1));
    }

    #[test]
    fn what_stalls_or_aborts_a_grammar_is_refused_before_it_is_parsed() {
        assert_eq!(parse(Grammar::Java, &"x=>\n".repeat(401)).unwrap_err(), ParseRefusal::TooManyArrows);
        let templates = parse(Grammar::Kotlin, &"\"${\n".repeat(401)).unwrap_err();
        assert_eq!(templates, ParseRefusal::TemplatesTooDeep(401));
        assert!(templates.to_string().contains("line 401"));
        let closed = "val a = \"${b}\"\n".repeat(2_000);
        assert!(parse(Grammar::Kotlin, &closed).is_ok());
    }

    #[test]
    fn comparisons_do_not_count_as_nesting() {
        let text = "if (a < b) { c(); }\nx = a < b;\n".repeat(2_000);
        for grammar in [Grammar::JavaScript, Grammar::TypeScript, Grammar::Tsx] {
            assert!(parse(grammar, &text).is_ok(), "{grammar:?}");
        }
    }

    #[test]
    fn a_parse_that_takes_too_long_is_given_up_and_the_parser_stays_usable() {
        // Never closed, so each `/*` is scanned to the end of the file.
        let text = "/* \n".repeat(200_000);
        let start = Instant::now();
        assert_eq!(parse(Grammar::TypeScript, &text).unwrap_err(), ParseRefusal::TooSlow);
        assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
        assert_eq!(parse(Grammar::TypeScript, "f();").unwrap().root_node().named_child_count(), 1);
    }
}
