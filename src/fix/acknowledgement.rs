//! `message-queue/early-acknowledgement`: the flag that acknowledges on delivery. Unsafe: the handler has to
//! acknowledge then, and what it calls for that is for a person to see.

use super::Edit;
use crate::rules::Finding;
use crate::syntax::Span;

/// The other value of each flag that can stand at the place.
const FLAGS: [(&str, &str); 2] = [("True", "False"), ("true", "false")];

pub(super) fn edits(finding: &Finding, text: &str) -> Option<Vec<Edit>> {
    let setting = finding.related.iter().find(|related| related.message == "because of this setting")?;
    if setting.place.file != finding.place.file {
        return None;
    }
    let (start, end) = (setting.place.span.start as usize, setting.place.span.end as usize);
    let written = text.get(start..end)?;
    let (flag, other) = FLAGS.iter().find(|(flag, _)| written.ends_with(flag))?;
    // `noAck: true` or the value alone, never the end of another word.
    let before = written.strip_suffix(flag)?;
    if before.ends_with(|c: char| c.is_alphanumeric() || c == '_') {
        return None;
    }
    Some(vec![Edit { span: Span::new(end - flag.len(), end), text: (*other).to_owned() }])
}
