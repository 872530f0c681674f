//! String and character literals.

use smol_str::SmolStr;

use super::kind::Kind;
use super::{Kid, Lower};
use crate::facts::module::{ExprId, ExprKind, TemplatePart};
use crate::facts::walk::text::unescape;

impl<'t> Lower<'t> {
    pub(super) fn string(&mut self, kid: Kid<'t>) -> ExprId {
        let text = self.text_of(kid);
        let value = match kid.kind {
            Kind::VerbatimStringLiteral => verbatim(text),
            Kind::RawStringLiteral => raw(text),
            _ => {
                let quote = if kid.kind == Kind::CharacterLiteral { '\'' } else { '"' };
                let inner = text.strip_prefix(quote).unwrap_or(text);
                unescape(inner.rfind(quote).map_or(inner, |end| &inner[..end]), 4)
            }
        };
        self.module.add_expr(ExprKind::Str(value), kid.span())
    }

    /// `$"a{b}"`, `$@"…"`, `$"""…"""`.
    pub(super) fn interpolated(&mut self, kid: Kid<'t>) -> ExprId {
        let text = self.text_of(kid);
        let start = &text[..text.find('"').unwrap_or(0)];
        let is_raw = text[start.len()..].starts_with("\"\"\"");
        let is_verbatim = start.contains('@');
        let mut parts: Vec<TemplatePart> = Vec::new();
        let push = |text: &str, parts: &mut Vec<TemplatePart>| match parts.last_mut() {
            Some(TemplatePart::Text(last)) => *last = format!("{last}{text}").into(),
            _ => parts.push(TemplatePart::Text(text.into())),
        };
        for part in self.named_kids(kid.node) {
            match part.kind {
                Kind::StringContent => {
                    let text = self.text_of(part);
                    let text = if is_verbatim { text.replace("\"\"", "\"") } else { text.to_string() };
                    let text = if is_raw { text } else { text.replace("{{", "{").replace("}}", "}") };
                    push(&text, &mut parts);
                }
                Kind::EscapeSequence => push(&unescape(self.text_of(part), 4), &mut parts),
                Kind::Interpolation => {
                    let inner = self.named_kids(part.node);
                    let value = inner.into_iter().find(|kid| {
                        !matches!(
                            kid.kind,
                            Kind::InterpolationBrace
                                | Kind::InterpolationAlignmentClause
                                | Kind::InterpolationFormatClause
                        )
                    });
                    let value = match value {
                        Some(value) => self.expr(value),
                        None => self.other_of(&[], part.span()),
                    };
                    parts.push(TemplatePart::Hole(value));
                }
                _ => {}
            }
        }
        self.module.add_expr(ExprKind::Template(parts), kid.span())
    }
}

/// `@"a""b"`.
fn verbatim(text: &str) -> SmolStr {
    let inner = text.strip_prefix("@\"").unwrap_or(text);
    let inner = inner.rfind('"').map_or(inner, |end| &inner[..end]);
    SmolStr::new(inner.replace("\"\"", "\""))
}

/// `"""a"""`, or lines between two lines of quotes, without the indentation of the last.
fn raw(text: &str) -> SmolStr {
    let text = text.trim_end_matches("u8").trim_end_matches("U8");
    let quotes = text.len() - text.trim_start_matches('"').len();
    let inner = text.get(quotes..text.len().saturating_sub(quotes)).unwrap_or_default().replace("\r\n", "\n");
    let Some((first, body)) = inner.split_once('\n') else { return SmolStr::new(inner) };
    if !first.trim().is_empty() {
        return SmolStr::new(inner);
    }
    let (lines, indent) = body.rsplit_once('\n').unwrap_or(("", body));
    let lines: Vec<&str> = lines.split('\n').map(|line| line.strip_prefix(indent).unwrap_or(line)).collect();
    SmolStr::new(lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbatim_and_raw_strings_lose_their_quotes() {
        assert_eq!(verbatim("@\"a\\\"\"b\""), "a\\\"b");
        assert_eq!(raw("\"\"\"a \"b\" c\"\"\""), "a \"b\" c");
        assert_eq!(raw("\"\"\"\n    select *\n      from t\n    \"\"\""), "select *\n  from t");
        assert_eq!(raw("\"\"\""), "");
    }
}
