//! Templates of paths, and whether two of them can mean the same path.
//!
//! A request of the code, a route of the code and a path of an OpenAPI document are all templates. In a
//! document a `{name}` is one segment (OpenAPI 3.1, "Path Templating": its value holds no `/`, `?` or `#`);
//! in a request a hole is whatever the program puts there.

/// A part of a path between two slashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// Known text.
    Lit(String),
    /// A value: one segment.
    Hole,
    /// Known text around values: the pieces between them, so `v{n}` is `["v", ""]`.
    Mixed(Vec<String>),
    /// Whatever follows, also nothing.
    Rest,
}

/// A path with holes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    segments: Vec<Segment>,
}

/// How surely a request means an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// It does not, whatever its holes hold.
    No,
    /// It does for some of the values of its holes.
    May,
    /// It always does.
    Must,
}

/// Longer paths are cut: nobody writes them, and the comparison is quadratic.
const MAX_SEGMENTS: usize = 64;

impl Template {
    /// The path of an operation (`/orders/{id}`) or of a route in the common notation (`{*rest}` takes the
    /// rest).
    pub fn offered(path: &str) -> Template {
        Template { segments: split(path).map(|part| segment(part, part.contains("{*"))).collect() }
    }

    /// The path of a request, `{}` for what is not known. A hole behind other text at the end may be a query
    /// or more segments.
    pub fn requested(path: &str) -> Template {
        let path = path.split(['?', '#']).next().unwrap_or(path);
        let mut segments: Vec<Segment> = split(path).map(|part| segment(part, false)).collect();
        if let Some(Segment::Mixed(pieces)) = segments.last()
            && pieces.last().is_some_and(String::is_empty)
        {
            let literal = (pieces.len() == 2).then(|| pieces[0].clone()).filter(|text| !text.is_empty());
            // `/orders{}` may be `/orders`, `/orders?open=1` and `/orders/7`; of `/orders-{}` less is known.
            match literal {
                Some(text) if text.ends_with(|c: char| c.is_alphanumeric()) => {
                    segments.pop();
                    segments.push(Segment::Lit(text));
                }
                _ => {}
            }
            segments.push(Segment::Rest);
        }
        Template { segments }
    }

    /// Its parts.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// True when the request can reach what is offered here.
    pub fn fit(&self, offered: &Template) -> Fit {
        let (asked, given) = (&self.segments, &offered.segments);
        let (rows, columns) = (asked.len() + 1, given.len() + 1);
        let mut table = vec![Fit::No; rows * columns];
        for i in (0..rows).rev() {
            for j in (0..columns).rev() {
                let at = |i: usize, j: usize| table[i * columns + j];
                let fit = match (asked.get(i), given.get(j)) {
                    (None, None) => Fit::Must,
                    (_, Some(Segment::Rest)) => Fit::Must,
                    (Some(Segment::Rest), _) => Fit::May,
                    (None, Some(_)) | (Some(_), None) => Fit::No,
                    (Some(Segment::Hole), Some(other)) => {
                        let here = if *other == Segment::Hole { Fit::Must } else { Fit::May };
                        // What the program puts there may have slashes.
                        here.min(at(i + 1, j + 1)).max(Fit::May.min(at(i, j + 1)))
                    }
                    (Some(one), Some(other)) => segments_fit(one, other).min(at(i + 1, j + 1)),
                };
                table[i * columns + j] = fit;
            }
        }
        table[0]
    }

    /// True when both stand for the same paths: the names of parameters and letter case do not count.
    pub fn is_same(&self, other: &Template) -> bool {
        let (mut left, mut right) = (self.segments.iter(), other.segments.iter());
        loop {
            match (left.next(), right.next()) {
                (None, None) => return true,
                (Some(Segment::Rest), _) | (_, Some(Segment::Rest)) => return true,
                (Some(Segment::Lit(a)), Some(Segment::Lit(b))) if a.eq_ignore_ascii_case(b) => {}
                (Some(Segment::Hole | Segment::Mixed(_)), Some(Segment::Hole | Segment::Mixed(_))) => {}
                _ => return false,
            }
        }
    }

    /// How near two paths are: the share of segments that are the same or nearly so, from both ends.
    pub fn nearness(&self, other: &Template) -> f64 {
        let longest = self.segments.len().max(other.segments.len());
        if longest == 0 {
            return 1.0;
        }
        let (a, b) = (&self.segments, &other.segments);
        let columns = b.len() + 1;
        let mut table = vec![0.0_f64; (a.len() + 1) * columns];
        for i in (0..a.len()).rev() {
            for j in (0..b.len()).rev() {
                let both = table[(i + 1) * columns + j + 1] + alike(&a[i], &b[j]);
                table[i * columns + j] = both.max(table[(i + 1) * columns + j]).max(table[i * columns + j + 1]);
            }
        }
        table[0] / longest as f64
    }

    /// The template below a prefix; none when it does not begin with it.
    pub fn below(&self, prefix: &Template) -> Option<Template> {
        let rest = self.segments.get(prefix.segments.len()..)?;
        let head = Template { segments: self.segments[..prefix.segments.len()].to_vec() };
        head.is_same(prefix).then(|| Template { segments: rest.to_vec() })
    }
}

fn split(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|part| !part.is_empty()).take(MAX_SEGMENTS)
}

fn segment(part: &str, rest: bool) -> Segment {
    if rest {
        return Segment::Rest;
    }
    let mut pieces = vec![String::new()];
    let mut left = part;
    while let Some(open) = left.find('{') {
        let Some(close) = left[open..].find('}').map(|at| open + at) else { break };
        if let Some(last) = pieces.last_mut() {
            last.push_str(&left[..open]);
        }
        pieces.push(String::new());
        left = &left[close + 1..];
    }
    if let Some(last) = pieces.last_mut() {
        last.push_str(left);
    }
    match pieces.as_slice() {
        [only] => Segment::Lit(only.clone()),
        many if many.iter().all(String::is_empty) => Segment::Hole,
        _ => Segment::Mixed(pieces),
    }
}

fn segments_fit(asked: &Segment, given: &Segment) -> Fit {
    match (asked, given) {
        (Segment::Lit(a), Segment::Lit(b)) if a.eq_ignore_ascii_case(b) => Fit::Must,
        (Segment::Lit(_), Segment::Lit(_)) => Fit::No,
        (_, Segment::Hole) => Fit::Must,
        (Segment::Mixed(pieces), Segment::Lit(text)) => may(fills(pieces, text)),
        (Segment::Lit(text), Segment::Mixed(pieces)) if fills(pieces, text) => Fit::Must,
        (Segment::Lit(_), Segment::Mixed(_)) => Fit::No,
        (Segment::Mixed(a), Segment::Mixed(b)) if a == b => Fit::Must,
        // Both ends have to agree as far as they are known.
        (Segment::Mixed(a), Segment::Mixed(b)) => {
            let ends = |pieces: &[String]| {
                let end = |at: usize| pieces.get(at).map(|piece| piece.to_ascii_lowercase()).unwrap_or_default();
                (end(0), end(pieces.len() - 1))
            };
            let ((a, x), (b, y)) = (ends(a), ends(b));
            may((a.starts_with(&b) || b.starts_with(&a)) && (x.ends_with(&y) || y.ends_with(&x)))
        }
        _ => Fit::May,
    }
}

fn may(possible: bool) -> Fit {
    if possible { Fit::May } else { Fit::No }
}

/// True when some values between the pieces make the text.
fn fills(pieces: &[String], text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let mut rest = text.as_str();
    for (index, piece) in pieces.iter().enumerate() {
        let piece = piece.to_ascii_lowercase();
        if index == 0 {
            match rest.strip_prefix(piece.as_str()) {
                Some(after) => rest = after,
                None => return false,
            }
        } else if index + 1 == pieces.len() {
            return rest.ends_with(piece.as_str());
        } else {
            match rest.find(piece.as_str()) {
                Some(at) => rest = &rest[at + piece.len()..],
                None => return false,
            }
        }
    }
    rest.is_empty()
}

/// From 0 to 1: `order` and `orders` are nearly the same.
fn alike(a: &Segment, b: &Segment) -> f64 {
    match (a, b) {
        (Segment::Lit(a), Segment::Lit(b)) if a.eq_ignore_ascii_case(b) => 1.0,
        (Segment::Lit(a), Segment::Lit(b)) => {
            if crate::suggest::nearest(&a.to_ascii_lowercase(), [b.to_ascii_lowercase().as_str()]).is_some() {
                0.7
            } else {
                0.0
            }
        }
        (Segment::Lit(_), _) | (_, Segment::Lit(_)) => 0.1,
        _ => 0.6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_fits_what_is_offered() {
        let fit = |asked: &str, offered: &str| Template::requested(asked).fit(&Template::offered(offered));
        for (asked, offered, expected) in [
            ("/orders", "/orders", Fit::Must),
            ("/orders/", "/Orders", Fit::Must),
            ("/orders/{}", "/orders/{id}", Fit::Must),
            ("/orders/7", "/orders/{id}", Fit::Must),
            ("/orders/{}", "/orders/open", Fit::May),
            ("/orders/{}/items", "/orders/{id}/items", Fit::Must),
            ("/orders/{}/item", "/orders/{id}/items", Fit::No),
            ("/orders/{}", "/orders", Fit::No),
            ("/orders", "/orders/{id}", Fit::No),
            ("/orders{}", "/orders", Fit::May),
            ("/orders{}", "/orders/{id}", Fit::May),
            ("/orders{}", "/users", Fit::No),
            ("/orders/{}", "/orders/{id}/items", Fit::May),
            ("/orders/{}/items", "/orders/{shop}/{id}/items", Fit::May),
            ("/v{}/orders", "/v1/orders", Fit::May),
            ("/v1/orders", "/v{version}/orders", Fit::Must),
            ("/x1/orders", "/v{version}/orders", Fit::No),
            ("/{}/orders", "/orders", Fit::No),
            ("/files/a/b", "/files/{*path}", Fit::Must),
            ("/files", "/files/{*path}", Fit::Must),
            ("/file/a", "/files/{*path}", Fit::No),
            ("/orders?open={}", "/orders", Fit::Must),
            ("", "/", Fit::Must),
            ("/a-{}.json", "/a-7.json", Fit::May),
            ("/a-{}.json", "/b-7.json", Fit::No),
        ] {
            assert_eq!(fit(asked, offered), expected, "{asked} to {offered}");
        }
    }

    #[test]
    fn routes_and_operations_are_compared_by_their_shape() {
        let same = |a: &str, b: &str| Template::offered(a).is_same(&Template::offered(b));
        assert!(same("/orders/{id}", "/Orders/{order_id}/"));
        assert!(same("/files/{*rest}", "/files/{path}"));
        assert!(same("/a/{x}-{y}", "/a/{z}"));
        assert!(!same("/orders/{id}", "/orders/open"));
        assert!(!same("/orders", "/orders/{id}"));
    }

    #[test]
    fn the_nearest_path_shares_most() {
        let near = |a: &str, b: &str| Template::requested(a).nearness(&Template::offered(b));
        assert!(near("/api/order/{}", "/api/orders/{id}") > near("/api/order/{}", "/api/users/{id}"));
        assert!(near("/orders/{}", "/api/orders/{id}") > near("/orders/{}", "/api/users"));
    }

    #[test]
    fn a_prefix_is_taken_off() {
        let below = |a: &str, b: &str| Template::offered(a).below(&Template::offered(b));
        assert_eq!(below("/api/orders/{id}", "/api"), Some(Template::offered("/orders/{id}")));
        assert_eq!(below("/orders", "/api"), None);
        assert_eq!(below("/", "/api"), None);
    }

    proptest::proptest! {
        #[test]
        fn a_path_always_fits_itself(path in "(/[a-z{}*]{0,5}){0,6}") {
            let fit = Template::requested(&path).fit(&Template::offered(&path));
            proptest::prop_assert!(fit != Fit::No || path.contains('*'), "{path}");
        }
    }
}
