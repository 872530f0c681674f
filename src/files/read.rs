//! One file's text, or the reason why it is not checked.

use std::fs;
use std::io::Read;

use super::decode::decode;
use super::{File, FileKind, classify};

/// How large source code (and a Dockerfile) may be: beyond that it is data or generated.
pub const MAX_SOURCE_BYTES: u64 = 1 << 20;

/// How large a data file may be (lock files and API descriptions are large).
pub const MAX_DATA_BYTES: u64 = 8 << 20;

/// How long a line of source code may be: minified code tells nothing, and costs most.
pub const MAX_LINE_BYTES: usize = 20_000;

/// Why a file was not read.
#[derive(Debug)]
pub enum ReadError {
    /// The operating system refused; the run is incomplete.
    Unreadable(std::io::Error),
    /// No regular file (any more): a pipe, a device, a folder. It was not opened.
    NotAFile,
    /// Larger than the limit, both in bytes.
    TooLarge {
        /// Its size.
        size: u64,
        /// The limit for its kind.
        limit: u64,
    },
    /// A zero byte in the first 8 KiB, or damaged UTF-16.
    Binary,
    /// Neither UTF-8 nor another encoding that such a file may have: the first bad byte.
    NotUtf8 {
        /// Offset of the first bad byte.
        offset: usize,
    },
    /// A line of source code longer than [`MAX_LINE_BYTES`].
    LineTooLong {
        /// The 1-based line.
        line: usize,
        /// Its length in bytes.
        bytes: usize,
    },
}

impl std::fmt::Display for ReadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ReadError::Unreadable(error) => write!(f, "can't be read: {error}"),
            ReadError::NotAFile => f.write_str("is no regular file"),
            ReadError::TooLarge { size, limit } => {
                write!(f, "has {size} bytes, more than the {limit} that are read of such a file")
            }
            ReadError::Binary => f.write_str("is binary: it has a zero byte"),
            ReadError::NotUtf8 { offset } => write!(f, "is not UTF-8: byte {offset} is invalid"),
            ReadError::LineTooLong { line, bytes } => {
                write!(
                    f,
                    "has a line of {bytes} bytes (line {line}), more than {MAX_LINE_BYTES}: minified or generated"
                )
            }
        }
    }
}

impl std::error::Error for ReadError {}

impl ReadError {
    /// True when the operating system refused, so that the run is incomplete. The other reasons are
    /// properties of the file: it is counted as not checked.
    pub fn is_failure(&self) -> bool {
        matches!(self, ReadError::Unreadable(_))
    }
}

/// The text of a file. Offsets in it are offsets in the file where that is UTF-8, so a byte order mark stays in
/// front: all parsers of this crate know it, and blanks in its place would indent the first line.
///
/// # Errors
/// See [`ReadError`].
pub fn read(file: &File) -> Result<String, ReadError> {
    let kind = classify(&file.path);
    let is_code = matches!(kind, FileKind::Code(_));
    let limit = if is_code || kind == FileKind::Dockerfile { MAX_SOURCE_BYTES } else { MAX_DATA_BYTES };
    if let Some(content) = &file.content {
        let size = content.len() as u64;
        return if size > limit { Err(ReadError::TooLarge { size, limit }) } else { text(content.to_vec(), kind) };
    }
    // Looked at again: opening a pipe that took the file's place would wait for ever.
    let metadata = fs::metadata(&file.absolute).map_err(ReadError::Unreadable)?;
    if !metadata.is_file() {
        return Err(ReadError::NotAFile);
    }
    if metadata.len() > limit {
        return Err(ReadError::TooLarge { size: metadata.len(), limit });
    }
    let mut bytes = Vec::with_capacity(metadata.len() as usize + 1);
    let opened = fs::File::open(&file.absolute).map_err(ReadError::Unreadable)?;
    // Some files grow, and some (of /proc) have no size.
    opened.take(limit + 1).read_to_end(&mut bytes).map_err(ReadError::Unreadable)?;
    if bytes.len() as u64 > limit {
        return Err(ReadError::TooLarge { size: bytes.len() as u64, limit });
    }
    text(bytes, kind)
}

fn text(bytes: Vec<u8>, kind: FileKind) -> Result<String, ReadError> {
    let text = decode(bytes, kind)?;
    if matches!(kind, FileKind::Code(_)) {
        let long = text.split('\n').enumerate().find(|(_, line)| line.len() > MAX_LINE_BYTES);
        if let Some((index, line)) = long {
            return Err(ReadError::LineTooLong { line: index + 1, bytes: line.len() });
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(folder: &tempfile::TempDir, name: &str, bytes: &[u8]) -> File {
        let absolute = folder.path().join(name);
        fs::write(&absolute, bytes).unwrap();
        File { path: name.to_owned(), absolute, size: bytes.len() as u64, ..File::default() }
    }

    #[test]
    fn text_is_read_and_a_byte_order_mark_keeps_its_room() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(&file(&folder, "a.py", b"x = 1\n")).unwrap(), "x = 1\n");
        assert_eq!(read(&file(&folder, "b.py", b"\xef\xbb\xbfx = 1\n")).unwrap(), "\u{feff}x = 1\n");
        assert_eq!(read(&file(&folder, "c.py", b"")).unwrap(), "");
    }

    #[test]
    fn files_of_other_encodings_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let utf16 = |big: bool| -> Vec<u8> {
            let units = "\u{feff}pika==1.3 # ü\r\n".encode_utf16();
            units.flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
        };
        for big in [true, false] {
            let text = read(&file(&folder, "requirements.txt", &utf16(big))).unwrap();
            assert_eq!(text, "\u{feff}pika==1.3 # ü\r\n");
        }
        let damaged = &utf16(false)[..9];
        assert!(matches!(read(&file(&folder, ".env", damaged)).unwrap_err(), ReadError::Binary));
        assert_eq!(read(&file(&folder, "A.cs", b"// M\xfcller\n")).unwrap(), "// Müller\n");
        assert_eq!(read(&file(&folder, "messages.properties", b"a=\xe4\n")).unwrap(), "a=ä\n");
        assert!(read(&file(&folder, "a.yaml", b"a: \xe4\n")).is_err());
    }

    #[test]
    fn bad_files_are_refused_with_their_reason() {
        let folder = tempfile::tempdir().unwrap();
        let error = |name: &str, bytes: &[u8]| read(&file(&folder, name, bytes)).unwrap_err();
        assert!(matches!(error("a.py", b"x\0y"), ReadError::Binary));
        assert!(matches!(error("b.py", b"x = '\xff'"), ReadError::NotUtf8 { offset: 5 }));
        assert!(matches!(error("c.py", &[b'\n'; (1 << 20) + 1]), ReadError::TooLarge { .. }));
        let long = format!("a\n{}\n", "x".repeat(20_001));
        assert!(matches!(error("d.js", long.as_bytes()), ReadError::LineTooLong { line: 2, bytes: 20_001 }));
        assert!(read(&file(&folder, "e.json", long.as_bytes())).is_ok());
        assert!(read(&file(&folder, "package-lock.json", &[b'\n'; 2 << 20])).is_ok());
        let gone = File { path: "gone.py".into(), absolute: folder.path().join("gone.py"), size: 1, ..File::default() };
        let error = read(&gone).unwrap_err();
        assert!(error.is_failure() && error.to_string().starts_with("can't be read"));
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_and_a_folder_are_not_opened() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe.py");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        for absolute in [pipe, folder.path().to_owned()] {
            let file = File { path: "x.py".into(), absolute, ..File::default() };
            assert!(matches!(read(&file), Err(ReadError::NotAFile)));
        }
    }
}
