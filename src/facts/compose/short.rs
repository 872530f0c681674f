//! The short forms of ports and volumes. Variables have to be filled in before.

/// Splits `[host-ip:][published:]target[/protocol]` into (published, target).
pub fn parse_port(text: &str) -> (Option<String>, String) {
    let text = text.split('/').next().unwrap_or(text);
    match text.rsplit_once(':') {
        None => (None, text.to_owned()),
        Some((host, target)) => {
            // `127.0.0.1:80:8080`, `[::1]:80:8080`; `127.0.0.1::8080` publishes a port by chance.
            let published = host.rsplit(':').next().unwrap_or(host);
            let published = (!published.is_empty() && !published.contains(['.', ']'])).then(|| published.to_owned());
            (published, target.to_owned())
        }
    }
}

/// Splits `[source:]target[:mode]` into (source, target).
pub fn parse_volume(text: &str) -> (Option<String>, String) {
    // `c:\x:/b`; without a second colon `v:/b` is the volume `v`.
    let bytes = text.as_bytes();
    let drive = bytes.get(1) == Some(&b':')
        && matches!(bytes.get(2), Some(b'\\' | b'/'))
        && memchr::memchr(b':', &bytes[2..]).is_some();
    let from = if drive { 2 } else { 0 };
    match text[from..].find(':') {
        None => (None, text.to_owned()),
        Some(at) => {
            let (source, rest) = (&text[..from + at], &text[from + at + 1..]);
            let target = rest.split(':').next().unwrap_or(rest);
            match target.starts_with('/') {
                true => (Some(source.to_owned()), target.to_owned()),
                // `/data:ro` has no source.
                false => (None, source.to_owned()),
            }
        }
    }
}
