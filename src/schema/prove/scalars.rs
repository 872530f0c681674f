//! Numbers and lengths.

use serde_json::Value;

use crate::schema::facts::{Fact, exact, max_of, min_of, types, types_of};

/// The least and the greatest number, and whether they are excluded.
#[derive(Clone, Copy, Debug)]
pub(in crate::schema) struct Interval {
    pub(in crate::schema) low: Option<(f64, bool)>,
    pub(in crate::schema) high: Option<(f64, bool)>,
}

impl Interval {
    /// What the facts say; limits of integers are integers and included.
    pub(in crate::schema) fn of(facts: &[Fact]) -> Interval {
        let tighter = |included: Option<f64>, excluded: Option<f64>, is_low: bool| match (included, excluded) {
            (Some(a), Some(b)) if (is_low && b >= a) || (!is_low && b <= a) => Some((b, true)),
            (Some(a), _) => Some((a, false)),
            (None, b) => b.map(|b| (b, true)),
        };
        let mut interval = Interval {
            low: tighter(max_of(facts, "minimum"), max_of(facts, "exclusiveMinimum"), true),
            high: tighter(min_of(facts, "maximum"), min_of(facts, "exclusiveMaximum"), false),
        };
        if types_of(facts) & types::FRACTION == 0 {
            interval.low =
                interval.low.map(|(n, open)| (if open && n.fract() == 0.0 { n + 1.0 } else { n.ceil() }, false));
            interval.high =
                interval.high.map(|(n, open)| (if open && n.fract() == 0.0 { n - 1.0 } else { n.floor() }, false));
        }
        interval
    }

    /// No number lies in it.
    pub(in crate::schema) fn is_empty(&self) -> bool {
        match (self.low, self.high) {
            (Some((low, low_open)), Some((high, high_open))) => low > high || (low == high && (low_open || high_open)),
            _ => false,
        }
    }
}

/// `minimum` and its like follow from the interval.
pub(super) fn bound(facts: &[Fact], key: &str, value: &Value) -> bool {
    let Some(limit) = exact(value) else { return false };
    let interval = Interval::of(facts);
    match key {
        "minimum" => interval.low.is_some_and(|(low, _)| low >= limit),
        "exclusiveMinimum" => interval.low.is_some_and(|(low, open)| low > limit || (low == limit && open)),
        "maximum" => interval.high.is_some_and(|(high, _)| high <= limit),
        _ => interval.high.is_some_and(|(high, open)| high < limit || (high == limit && open)),
    }
}

/// `multipleOf` follows from another, or from being an integer.
pub(super) fn multiple(facts: &[Fact], value: &Value) -> bool {
    let divides = |known: &Value| ratio(known, value).is_some();
    let integer = types_of(facts) & types::FRACTION == 0 && ratio(&Value::from(1), value).is_some();
    integer || facts.iter().filter_map(|fact| fact.get("multipleOf")).any(divides)
}

/// How often the second number goes into the first, when that is an integer; exact in decimals.
fn ratio(whole: &Value, part: &Value) -> Option<i128> {
    let ((a, a_exponent), (b, b_exponent)) = (decimal(whole)?, decimal(part)?);
    let least = a_exponent.min(b_exponent);
    let scale =
        |digits: i128, exponent: i32| 10_i128.checked_pow((exponent - least).try_into().ok()?)?.checked_mul(digits);
    let (a, b) = (scale(a, a_exponent)?, scale(b, b_exponent)?);
    (b != 0 && a % b == 0).then(|| a / b)
}

/// A number as digits and an exponent of ten.
fn decimal(value: &Value) -> Option<(i128, i32)> {
    let text = value.as_number()?.to_string();
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text.as_str(), 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}").parse::<i128>().ok()?;
    let exponent = exponent.checked_sub(i32::try_from(fraction.len()).ok()?)?;
    (exponent.abs() < 30).then_some((digits, exponent))
}

/// `minLength`, `maxItems` and their like follow from a tighter one.
pub(super) fn size(facts: &[Fact], key: &str, value: &Value) -> bool {
    let Some(limit) = exact(value) else { return false };
    match key.starts_with("min") {
        true => limit == 0.0 || max_of(facts, key).is_some_and(|known| known >= limit),
        false => min_of(facts, key).is_some_and(|known| known <= limit),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::ratio;

    #[test]
    fn multiples_are_exact() {
        assert_eq!(ratio(&json!(10), &json!(5)), Some(2));
        assert_eq!(ratio(&json!(0.3), &json!(0.1)), Some(3));
        assert_eq!(ratio(&json!(1), &json!(0.01)), Some(100));
        assert_eq!(ratio(&json!(5), &json!(10)), None);
        assert_eq!(ratio(&json!(1e300), &json!(1)), None, "not decided");
    }
}
