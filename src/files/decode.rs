//! The text in the bytes of a file.

use super::{FileKind, ReadError};
use crate::facts::module::Language;

/// The text in `bytes`: UTF-8, UTF-16 with a byte order mark (what PowerShell's `>` writes), or ISO-8859-1
/// where the language allows other encodings. A byte order mark stays in front.
///
/// # Errors
/// The file is binary, or its encoding is unknown.
pub(super) fn decode(bytes: Vec<u8>, kind: FileKind) -> Result<String, ReadError> {
    let little = match bytes.as_slice() {
        [0xff, 0xfe, ..] => Some(true),
        [0xfe, 0xff, ..] => Some(false),
        _ => None,
    };
    if let Some(little) = little {
        let (pairs, rest) = bytes.as_chunks::<2>();
        let units = pairs.iter().map(|pair| if little { u16::from_le_bytes(*pair) } else { u16::from_be_bytes(*pair) });
        let text: Result<String, _> = char::decode_utf16(units).collect();
        return text.ok().filter(|text| rest.is_empty() && !text.contains('\0')).ok_or(ReadError::Binary);
    }
    if memchr::memchr(0, &bytes[..bytes.len().min(8192)]).is_some() {
        return Err(ReadError::Binary);
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text),
        // Only comments and texts have such bytes; which letters they are decides nothing.
        Err(error) if has_code_pages(kind) => Ok(error.into_bytes().into_iter().map(char::from).collect()),
        Err(error) => Err(ReadError::NotUtf8 { offset: error.utf8_error().valid_up_to() }),
    }
}

/// True for files that compilers and runtimes read in other encodings too: properties are ISO-8859-1
/// (<https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/util/Properties.html>), `javac` and the
/// C# compiler fall back to the code page of the machine. Python, Go, JavaScript and YAML are UTF-8.
fn has_code_pages(kind: FileKind) -> bool {
    matches!(kind, FileKind::Properties | FileKind::Code(Language::CSharp | Language::Java))
}
