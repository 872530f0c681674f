//! What was said about how long something is there: `deprecated` with `x-sunset`, and `x-stability-level`.

/// What became of a promise: the kind of the change, what to say, and whether it is certain that somebody who
/// trusted it is worse off.
pub(crate) type Told = (&'static str, String, bool);

/// A thing that may be deprecated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Life<'a> {
    pub(crate) deprecated: bool,
    pub(crate) sunset: Option<&'a str>,
}

/// What to say of something that is gone; none when clients had been told. `today` is `YYYY-MM-DD`.
pub(crate) fn removed(before: Life<'_>, today: Option<&str>) -> Option<String> {
    match before.sunset {
        _ if !before.deprecated => Some("was removed".to_owned()),
        None => None,
        Some(sunset) => match (day(sunset), today) {
            (Some(sunset), Some(today)) if sunset > today => Some(format!("was removed before its sunset on {sunset}")),
            (None, _) => Some(format!("was removed, and its sunset `{sunset}` is no day")),
            _ => None,
        },
    }
}

/// What became of the day until which something is there.
pub(crate) fn sunset(before: Life<'_>, now: Life<'_>) -> Option<Told> {
    if !now.deprecated || before.sunset == now.sunset {
        return None;
    }
    let unclear = |text: String| Some(("sunset-invalid", text, false));
    match (before.sunset.filter(|_| before.deprecated), now.sunset) {
        (Some(was), None) => Some(("sunset-removed", format!("its sunset was {was} and is not said any more"), true)),
        (Some(was), Some(is)) => match (day(was), day(is)) {
            (Some(was), Some(is)) if is < was => {
                Some(("sunset-earlier", format!("its sunset was {was} and is {is}"), true))
            }
            (Some(_), Some(_)) => None,
            (None, _) => unclear(format!("its sunset was `{was}`, which is no day, and is `{is}`")),
            (_, None) => unclear(format!("its sunset was {was} and is `{is}`, which is no day")),
        },
        (None, Some(is)) if day(is).is_none() => unclear(format!("its sunset is `{is}`, which is no day")),
        (None, _) => None,
    }
}

/// What became of `x-stability-level`.
pub(crate) fn stability(before: Option<&str>, now: Option<&str>) -> Option<Told> {
    if before == now {
        return None;
    }
    match (rank(before), rank(now)) {
        (Some(old), Some(new)) if new < old && now.is_some() => {
            let (was, is) = (before.unwrap_or("stable"), now.unwrap_or_default());
            Some(("stability-decreased", format!("`x-stability-level` was {was} and is {is}"), true))
        }
        (Some(_), Some(_)) => None,
        _ => {
            let shown = |level: Option<&str>| level.map_or_else(|| "absent".to_owned(), |level| format!("`{level}`"));
            let text = format!(
                "`x-stability-level` was {} and is {}: it is draft, alpha, beta or stable",
                shown(before),
                shown(now)
            );
            Some(("stability-invalid", text, false))
        }
    }
}

/// How much is promised; nothing for what is no level.
fn rank(level: Option<&str>) -> Option<u8> {
    Some(match level {
        Some("draft") => 0,
        Some("alpha") => 1,
        Some("beta") => 2,
        Some("stable") | None => 3,
        Some(_) => return None,
    })
}

/// The day of a date or a time (RFC 3339), which are ordered as text; JSON in a string is unwrapped.
fn day(text: &str) -> Option<&str> {
    let text = text.trim_matches('"');
    let day = text.get(..10)?;
    let digits = |part: &str, length: usize| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
    let mut parts = day.split('-');
    let is_day = [4, 2, 2].into_iter().all(|length| parts.next().is_some_and(|part| digits(part, length)));
    (is_day && (text.len() == 10 || text[10..].starts_with(['T', 't', ' ']))).then_some(day)
}

#[cfg(test)]
mod tests {
    use super::{day, stability};

    #[test]
    fn days_are_read_from_dates_and_times() {
        assert_eq!(day("2027-05-01"), Some("2027-05-01"));
        assert_eq!(day("\"2027-05-01\""), Some("2027-05-01"));
        assert_eq!(day("2027-05-01T10:00:00Z"), Some("2027-05-01"));
        for text in ["soon", "2027-5-1", "2027-05-011", "", "ääääääää"] {
            assert_eq!(day(text), None, "{text}");
        }
    }

    #[test]
    fn a_level_that_is_none_is_told() {
        assert_eq!(stability(Some("beta"), Some("alpha")).map(|told| told.0), Some("stability-decreased"));
        assert_eq!(stability(None, Some("soon")).map(|told| told.0), Some("stability-invalid"));
        assert_eq!(stability(Some("alpha"), None), None);
    }
}
