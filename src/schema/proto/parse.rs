//! From tokens to declarations. What does not decide compatibility is skipped.

use super::lex::{self, Kind, Token};
use super::{Declaration, EXTEND, Enum, Field, FieldKind, File, Label, Message, Method, Reserved, Service};

/// How deep messages nest.
const MAX_DEPTH: usize = 64;
/// The largest number of a field; `max` in ranges.
const MAX_NUMBER: i64 = 536_870_911;
/// The largest number of an enum's value.
const MAX_VALUE: i64 = i32::MAX as i64;

pub(super) fn read(path: &str, text: &str) -> Result<File, String> {
    let tokens = lex::tokens(text)?;
    let file = File { path: path.to_owned(), syntax: "proto2".to_owned(), ..File::default() };
    let mut parser = Parser { text, tokens, at: 0, file, depth: 0 };
    parser.file()?;
    Ok(parser.file)
}

struct Parser<'t> {
    text: &'t str,
    tokens: Vec<Token>,
    at: usize,
    file: File,
    depth: usize,
}

type Options = Vec<(String, String)>;

impl Parser<'_> {
    fn peek(&self) -> Option<&Kind> {
        self.tokens.get(self.at).map(|token| &token.kind)
    }

    fn wrong<T>(&self, what: &str) -> Result<T, String> {
        let at = self.tokens.get(self.at).map_or(self.text.len(), |token| token.span.start as usize);
        Err(lex::wrong(self.text, at, what))
    }

    fn is_sign(&self, sign: char) -> bool {
        self.peek() == Some(&Kind::Sign(sign))
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Some(Kind::Word(found)) if found == word)
    }

    fn accept(&mut self, sign: char) -> bool {
        let is_it = self.is_sign(sign);
        self.at += usize::from(is_it);
        is_it
    }

    fn expect(&mut self, sign: char) -> Result<(), String> {
        match self.accept(sign) {
            true => Ok(()),
            false => self.wrong(&format!("`{sign}` is missing")),
        }
    }

    fn word(&mut self) -> Result<String, String> {
        match self.peek() {
            Some(Kind::Word(word)) => {
                let word = word.clone();
                self.at += 1;
                Ok(word)
            }
            _ => self.wrong("a name is missing"),
        }
    }

    fn number(&mut self) -> Result<i64, String> {
        let is_negative = self.accept('-');
        let Some(Kind::Number(digits)) = self.peek() else { return self.wrong("a number is missing") };
        let parsed = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
            Some(hex) => i64::from_str_radix(hex, 16),
            None if digits.len() > 1 && digits.starts_with('0') => i64::from_str_radix(digits, 8),
            None => digits.parse(),
        };
        match parsed {
            Ok(number) => {
                self.at += 1;
                Ok(if is_negative { -number } else { number })
            }
            Err(_) => self.wrong("a number that is none"),
        }
    }

    /// Notes where something stands; the token is the last one that was read.
    fn place(&mut self, pointer: &str) {
        if let Some(token) = self.at.checked_sub(1).and_then(|at| self.tokens.get(at)) {
            self.file.places.entry(pointer.to_owned()).or_insert(token.span);
        }
    }

    fn file(&mut self) -> Result<(), String> {
        while let Some(kind) = self.peek() {
            let word = match kind {
                Kind::Word(word) => word.clone(),
                Kind::Sign(';') => {
                    self.at += 1;
                    continue;
                }
                _ => return self.wrong("a declaration is missing"),
            };
            match word.as_str() {
                "syntax" | "edition" => {
                    self.at += 1;
                    self.expect('=')?;
                    let mut said = String::new();
                    while let Some(Kind::Text(part)) = self.peek() {
                        said.push_str(part);
                        self.at += 1;
                    }
                    self.file.syntax = said;
                    self.place("");
                    self.expect(';')?;
                }
                "package" => {
                    self.at += 1;
                    self.file.package = self.word()?;
                    self.file.places.remove("");
                    self.place("");
                    self.expect(';')?;
                }
                "import" => self.skip()?,
                "option" => {
                    let option = self.option_statement()?;
                    self.file.options.push(option);
                }
                "message" | "enum" | "service" => {
                    let declaration = self.declaration("")?;
                    self.file.declarations.push(declaration);
                }
                "extend" => {
                    let mut found = std::mem::take(&mut self.file.declarations);
                    self.extend(&mut found, "")?;
                    self.file.declarations = found;
                }
                _ => return self.wrong(&format!("`{word}` begins no declaration")),
            }
        }
        Ok(())
    }

    /// To the end of a statement, blocks in it included.
    fn skip(&mut self) -> Result<(), String> {
        let mut depth = 0_usize;
        while let Some(kind) = self.peek() {
            match kind {
                Kind::Sign('{' | '[' | '(') => depth += 1,
                Kind::Sign('}' | ']' | ')') if depth == 0 => return self.wrong("a statement without `;`"),
                Kind::Sign('}' | ']' | ')') => depth -= 1,
                Kind::Sign(';') if depth == 0 => {
                    self.at += 1;
                    return Ok(());
                }
                _ => {}
            }
            self.at += 1;
        }
        self.wrong("a statement without an end")
    }

    /// Extensions: fields that are declared elsewhere than the message they are of. They stand together under
    /// a name of their own.
    fn extend(&mut self, among: &mut Vec<Declaration>, around: &str) -> Result<(), String> {
        self.at += 1;
        let name = format!("{EXTEND}{}", self.word()?);
        let pointer = format!("{around}/{name}");
        self.place(&pointer);
        self.depth += 1;
        if self.depth >= MAX_DEPTH {
            return self.wrong(&format!("messages nest deeper than {MAX_DEPTH}"));
        }
        let found = self.message(name, &pointer)?;
        self.depth -= 1;
        let known = among.iter_mut().find_map(|it| match it {
            Declaration::Message(message) if message.name == found.name => Some(message),
            _ => None,
        });
        match known {
            Some(message) => message.fields.extend(found.fields),
            None => among.push(Declaration::Message(found)),
        }
        Ok(())
    }

    fn declaration(&mut self, around: &str) -> Result<Declaration, String> {
        let sort = self.word()?;
        let name = self.word()?;
        let pointer = format!("{around}/{name}");
        self.place(&pointer);
        if self.depth >= MAX_DEPTH {
            return self.wrong(&format!("messages nest deeper than {MAX_DEPTH}"));
        }
        self.depth += 1;
        let declaration = match sort.as_str() {
            "message" => Declaration::Message(self.message(name, &pointer)?),
            "enum" => Declaration::Enum(self.enumeration(name, &pointer)?),
            _ => Declaration::Service(self.service(name, &pointer)?),
        };
        self.depth -= 1;
        Ok(declaration)
    }

    fn message(&mut self, name: String, pointer: &str) -> Result<Message, String> {
        let mut message = Message { name, ..Message::default() };
        self.expect('{')?;
        while !self.accept('}') {
            match self.peek() {
                Some(Kind::Sign(';')) => self.at += 1,
                Some(Kind::Word(word)) => match word.clone().as_str() {
                    // A field may have a type of this name.
                    "message" | "enum" if self.opens_block() => {
                        let nested = self.declaration(pointer)?;
                        message.nested.push(nested);
                    }
                    "extend" if self.opens_block() => self.extend(&mut message.nested, pointer)?,
                    "oneof" if self.opens_block() => self.oneof(&mut message, pointer)?,
                    "reserved" if !self.is_field() => self.reserved(&mut message.reserved, MAX_NUMBER)?,
                    "extensions" if !self.is_field() => self.skip()?,
                    "option" if !self.is_field() => self.skip()?,
                    _ => self.field(&mut message, pointer, None)?,
                },
                _ => return self.wrong("a field is missing"),
            }
        }
        Ok(message)
    }

    /// `word name {`.
    fn opens_block(&self) -> bool {
        let kind = |at: usize| self.tokens.get(self.at + at).map(|token| &token.kind);
        matches!(kind(1), Some(Kind::Word(_))) && kind(2) == Some(&Kind::Sign('{'))
    }

    /// `word name =`: a field whose type is called like a keyword.
    fn is_field(&self) -> bool {
        let kind = |at: usize| self.tokens.get(self.at + at).map(|token| &token.kind);
        matches!(kind(1), Some(Kind::Word(_)))
            && kind(2) == Some(&Kind::Sign('='))
            && matches!(kind(3), Some(Kind::Number(_)))
    }

    fn oneof(&mut self, message: &mut Message, pointer: &str) -> Result<(), String> {
        self.at += 1;
        let name = self.word()?;
        self.place(&format!("{pointer}/{name}"));
        self.expect('{')?;
        while !self.accept('}') {
            match self.peek() {
                Some(Kind::Sign(';')) => self.at += 1,
                Some(Kind::Word(word)) if word == "option" && !self.is_field() => self.skip()?,
                Some(Kind::Word(_)) => self.field(message, pointer, Some(&name))?,
                _ => return self.wrong("a field is missing"),
            }
        }
        message.oneofs.push(name);
        Ok(())
    }

    fn field(&mut self, message: &mut Message, pointer: &str, oneof: Option<&str>) -> Result<(), String> {
        let is_proto3 = self.file.syntax == "proto3";
        let mut label = if is_proto3 { Label::Implicit } else { Label::Explicit };
        let mut first = self.word()?;
        // `optional` is a label when a type follows it.
        if matches!(self.peek(), Some(Kind::Word(_)))
            && let Some(found) = match first.as_str() {
                "optional" => Some(Label::Explicit),
                "required" => Some(Label::Required),
                "repeated" => Some(Label::Repeated),
                _ => None,
            }
        {
            label = found;
            first = self.word()?;
        }
        let mut kind = match first.as_str() {
            "map" if self.accept('<') => {
                let key = self.word()?;
                self.expect(',')?;
                let value = self.word()?;
                self.expect('>')?;
                label = Label::Repeated;
                FieldKind::Map(key, value)
            }
            _ => FieldKind::One(first.clone()),
        };
        let name = self.word()?;
        let is_group = first == "group";
        let called = if is_group { name.to_lowercase() } else { name.clone() };
        let at = format!("{pointer}/{called}");
        self.place(&at);
        self.expect('=')?;
        let number = self.number()?;
        let options = self.options()?;
        if is_group {
            kind = FieldKind::Group(name.clone());
            self.depth += 1;
            if self.depth >= MAX_DEPTH {
                return self.wrong(&format!("messages nest deeper than {MAX_DEPTH}"));
            }
            let nested = self.message(name, &format!("{pointer}/{called}"))?;
            self.depth -= 1;
            message.nested.push(Declaration::Message(nested));
        } else {
            self.expect(';')?;
        }
        let option = |key: &str| options.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone());
        match option("features.field_presence").as_deref() {
            Some("LEGACY_REQUIRED") => label = Label::Required,
            Some("IMPLICIT") if label == Label::Explicit => label = Label::Implicit,
            _ => {}
        }
        if oneof.is_some() {
            label = Label::Explicit;
        }
        let generated = ["ctype", "jstype"].iter().filter_map(|key| Some(((*key).to_owned(), option(key)?))).collect();
        let json = option("json_name").unwrap_or_else(|| json_name(&called));
        let default = option("default");
        let oneof = oneof.map(str::to_owned);
        message.fields.push(Field { name: called, number, label, kind, oneof, json, default, generated });
        Ok(())
    }

    /// `[a = 1, (b).c = "x"]`, where there is one.
    fn options(&mut self) -> Result<Options, String> {
        let mut options = Options::new();
        if !self.accept('[') {
            return Ok(options);
        }
        while !self.accept(']') {
            let option = self.option(&[',', ']'])?;
            options.push(option);
            self.accept(',');
        }
        Ok(options)
    }

    fn option_statement(&mut self) -> Result<(String, String), String> {
        self.at += 1;
        let option = self.option(&[';'])?;
        self.expect(';')?;
        Ok(option)
    }

    /// A name and a value, up to one of these signs.
    fn option(&mut self, ends: &[char]) -> Result<(String, String), String> {
        let mut sides = (String::new(), String::new());
        let mut is_name = true;
        let mut depth = 0_usize;
        loop {
            let Some(kind) = self.peek() else { return self.wrong("an option without an end") };
            let side = if is_name { &mut sides.0 } else { &mut sides.1 };
            match kind {
                Kind::Sign(sign) if depth == 0 && ends.contains(sign) => return Ok(sides),
                Kind::Sign('=') if is_name => is_name = false,
                Kind::Sign(sign) => {
                    match sign {
                        '{' | '[' | '(' | '<' => depth += 1,
                        '}' | ']' | ')' | '>' => depth = depth.saturating_sub(1),
                        _ => {}
                    }
                    side.push(*sign);
                }
                Kind::Word(text) | Kind::Number(text) | Kind::Text(text) => side.push_str(text),
            }
            self.at += 1;
        }
    }

    fn reserved(&mut self, reserved: &mut Reserved, max: i64) -> Result<(), String> {
        self.at += 1;
        loop {
            match self.peek() {
                Some(Kind::Text(name) | Kind::Word(name)) => {
                    reserved.names.push(name.clone());
                    self.at += 1;
                }
                _ => {
                    let from = self.number()?;
                    let mut to = from;
                    if self.is_word("to") {
                        self.at += 1;
                        to = if self.is_word("max") {
                            self.at += 1;
                            max
                        } else {
                            self.number()?
                        };
                    }
                    reserved.numbers.push((from, to));
                }
            }
            if !self.accept(',') {
                return self.expect(';');
            }
        }
    }

    fn enumeration(&mut self, name: String, pointer: &str) -> Result<Enum, String> {
        let mut found = Enum { name, ..Enum::default() };
        self.expect('{')?;
        while !self.accept('}') {
            let kind = |at: usize| self.tokens.get(self.at + at).map(|token| &token.kind);
            let is_value = kind(1) == Some(&Kind::Sign('='));
            match self.peek() {
                Some(Kind::Sign(';')) => self.at += 1,
                Some(Kind::Word(word)) if word == "option" && !is_value => self.skip()?,
                Some(Kind::Word(word)) if word == "reserved" && !is_value => {
                    self.reserved(&mut found.reserved, MAX_VALUE)?;
                }
                Some(Kind::Word(_)) => {
                    let name = self.word()?;
                    self.place(&format!("{pointer}/{name}"));
                    self.expect('=')?;
                    let number = self.number()?;
                    self.options()?;
                    self.expect(';')?;
                    found.values.push((name, number));
                }
                _ => return self.wrong("a value is missing"),
            }
        }
        Ok(found)
    }

    fn service(&mut self, name: String, pointer: &str) -> Result<Service, String> {
        let mut service = Service { name, ..Service::default() };
        self.expect('{')?;
        while !self.accept('}') {
            match self.peek() {
                Some(Kind::Sign(';')) => self.at += 1,
                Some(Kind::Word(word)) if word == "rpc" => {
                    self.at += 1;
                    let name = self.word()?;
                    self.place(&format!("{pointer}/{name}"));
                    let request = self.message_type()?;
                    if self.word()? != "returns" {
                        return self.wrong("`returns` is missing");
                    }
                    let response = self.message_type()?;
                    let mut idempotency = None;
                    if self.accept('{') {
                        while !self.accept('}') {
                            match self.peek() {
                                Some(Kind::Sign(';')) => self.at += 1,
                                Some(Kind::Word(word)) if word == "option" => {
                                    let (key, value) = self.option_statement()?;
                                    if key == "idempotency_level" {
                                        idempotency = Some(value);
                                    }
                                }
                                _ => return self.wrong("an option is missing"),
                            }
                        }
                    } else {
                        self.expect(';')?;
                    }
                    service.methods.push(Method { name, request, response, idempotency });
                }
                Some(Kind::Word(word)) if word == "option" => self.skip()?,
                _ => return self.wrong("`rpc` is missing"),
            }
        }
        Ok(service)
    }

    /// `(stream Type)`.
    fn message_type(&mut self) -> Result<(String, bool), String> {
        self.expect('(')?;
        let first = self.word()?;
        let found = match (first.as_str(), self.peek()) {
            ("stream", Some(Kind::Word(_))) => (self.word()?, true),
            _ => (first, false),
        };
        self.expect(')')?;
        Ok(found)
    }
}

/// `order_id` is `orderId` in JSON.
fn json_name(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut is_upper = false;
    for character in name.chars() {
        match character {
            '_' => is_upper = true,
            _ if is_upper => {
                out.push(character.to_ascii_uppercase());
                is_upper = false;
            }
            _ => out.push(character),
        }
    }
    out
}
