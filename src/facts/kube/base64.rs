//! The values of a Secret's `data`.

/// The text behind standard Base64; none when it is no Base64 or no text.
pub(super) fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let mut buffer = 0_u32;
    let mut bits = 0_u32;
    for c in text.bytes().filter(|c| !c.is_ascii_whitespace()) {
        let value = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => break,
            _ => return None,
        };
        buffer = (buffer << 6 | u32::from(value)) & 0xFF_FFFF;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((buffer >> bits & 0xFF) as u8);
        }
    }
    let text = String::from_utf8(bytes).ok()?;
    // `echo secret | base64` has the end of the line in it.
    Some(text.trim_end_matches(['\r', '\n']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn texts_are_decoded_and_anything_else_is_not() {
        assert_eq!(decode("cG9zdGdyZXM6Ly9kYi9vcmRlcnMK").as_deref(), Some("postgres://db/orders"));
        assert_eq!(decode("c2VjcmV0").as_deref(), Some("secret"));
        assert_eq!(decode(""), Some(String::new()));
        assert_eq!(decode("not base64!"), None);
        assert_eq!(decode("////"), None);
    }
}
