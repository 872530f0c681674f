//! What stands between `{{` and `}}`.

/// A pipeline.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// `.a.b`; `.` has no parts.
    Field(Vec<String>),
    /// `$x.a`; the name is empty for `$`.
    Variable(String, Vec<String>),
    /// A text.
    Text(String),
    /// A number.
    Number(String),
    /// `true`, `false`.
    Bool(bool),
    /// `nil`.
    Nil,
    /// A function with its arguments; what is piped in is the last one.
    Call(String, Vec<Expression>),
    /// `(expression).a.b`
    Member(Box<Expression>, Vec<String>),
    /// Something that is not understood.
    Unknown,
}

/// A word of an action.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// `if`, `include`.
    Word(String),
    /// `.a.b`
    Field(Vec<String>),
    /// `$x.a`
    Variable(String, Vec<String>),
    Text(String),
    Number(String),
    Open,
    /// `)`, with the fields behind it.
    Close(Vec<String>),
    Pipe,
    Comma,
    /// `:=`
    Declare,
    /// `=`
    Assign,
    Other,
}

/// The words of an action.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let (token, length) = match c {
            c if c.is_whitespace() => (None, c.len_utf8()),
            '|' => (Some(Token::Pipe), 1),
            ',' => (Some(Token::Comma), 1),
            '(' => (Some(Token::Open), 1),
            ')' => {
                let (fields, length) = fields(&rest[1..]);
                (Some(Token::Close(fields)), 1 + length)
            }
            ':' if rest.starts_with(":=") => (Some(Token::Declare), 2),
            '=' => (Some(Token::Assign), 1),
            '"' | '`' | '\'' => {
                let (text, length) = quoted(rest, c);
                (Some(Token::Text(text)), length)
            }
            '.' => {
                let (fields, length) = fields(rest);
                (Some(Token::Field(fields)), length.max(1))
            }
            '$' => {
                let name = word(&rest[1..]);
                let (fields, length) = fields(&rest[1 + name.len()..]);
                (Some(Token::Variable(name.to_owned(), fields)), 1 + name.len() + length)
            }
            c if c.is_ascii_digit() || (c == '-' && rest[1..].starts_with(|c: char| c.is_ascii_digit())) => {
                let end =
                    rest[1..].find(|c: char| !(c.is_ascii_alphanumeric() || c == '.')).map_or(rest.len(), |n| n + 1);
                (Some(Token::Number(rest[..end].to_owned())), end)
            }
            c if c.is_alphabetic() || c == '_' => {
                let name = word(rest);
                (Some(Token::Word(name.to_owned())), name.len())
            }
            c => (Some(Token::Other), c.len_utf8()),
        };
        out.extend(token);
        rest = &rest[length..];
    }
    out
}

fn word(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len());
    &text[..end]
}

/// `.a.b` at the beginning of a text, and its length.
fn fields(text: &str) -> (Vec<String>, usize) {
    let mut out = Vec::new();
    let mut at = 0;
    while text[at..].starts_with('.') {
        let name = word(&text[at + 1..]);
        if name.is_empty() {
            break;
        }
        out.push(name.to_owned());
        at += 1 + name.len();
    }
    (out, at)
}

/// A text in quotes, and its length with them.
fn quoted(text: &str, quote: char) -> (String, usize) {
    let mut out = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            c if c == quote => return (out, at + 1),
            '\\' if quote != '`' => match chars.next() {
                Some((_, 'n')) => out.push('\n'),
                Some((_, 't')) => out.push('\t'),
                Some((_, other)) => out.push(other),
                None => {}
            },
            c => out.push(c),
        }
    }
    (out, text.len())
}

/// How deeply parentheses may nest.
const MAX_DEPTH: usize = 30;

/// The pipeline that words make.
pub(super) fn pipeline(tokens: &[Token]) -> Expression {
    let mut at = 0;
    let found = piped(tokens, &mut at, 0);
    if at == tokens.len() { found } else { Expression::Unknown }
}

fn piped(tokens: &[Token], at: &mut usize, depth: usize) -> Expression {
    let mut left = command(tokens, at, depth);
    while tokens.get(*at) == Some(&Token::Pipe) {
        *at += 1;
        left = match command(tokens, at, depth) {
            Expression::Call(name, mut arguments) => {
                arguments.push(left);
                Expression::Call(name, arguments)
            }
            _ => Expression::Unknown,
        };
    }
    left
}

fn command(tokens: &[Token], at: &mut usize, depth: usize) -> Expression {
    if let Some(Token::Word(name)) = tokens.get(*at)
        && !matches!(name.as_str(), "true" | "false" | "nil")
    {
        *at += 1;
        let mut arguments = Vec::new();
        while let Some(argument) = operand(tokens, at, depth) {
            arguments.push(argument);
        }
        return Expression::Call(name.clone(), arguments);
    }
    let Some(first) = operand(tokens, at, depth) else { return Expression::Unknown };
    // `.Files.Get "x"`: a method with arguments.
    let mut method = false;
    while operand(tokens, at, depth).is_some() {
        method = true;
    }
    if method { Expression::Unknown } else { first }
}

fn operand(tokens: &[Token], at: &mut usize, depth: usize) -> Option<Expression> {
    let found = match tokens.get(*at)? {
        Token::Field(fields) => Expression::Field(fields.clone()),
        Token::Variable(name, fields) => Expression::Variable(name.clone(), fields.clone()),
        Token::Text(text) => Expression::Text(text.clone()),
        Token::Number(number) => Expression::Number(number.clone()),
        Token::Word(word) => match word.as_str() {
            "true" | "false" => Expression::Bool(word == "true"),
            "nil" => Expression::Nil,
            // A function without arguments as an argument: `now`.
            name => Expression::Call(name.to_owned(), Vec::new()),
        },
        Token::Open => {
            *at += 1;
            if depth >= MAX_DEPTH {
                *at = tokens.len();
                return Some(Expression::Unknown);
            }
            let inner = piped(tokens, at, depth + 1);
            let fields = match tokens.get(*at) {
                Some(Token::Close(fields)) => fields.clone(),
                _ => return Some(Expression::Unknown),
            };
            if fields.is_empty() { inner } else { Expression::Member(Box::new(inner), fields) }
        }
        _ => return None,
    };
    *at += 1;
    Some(found)
}
