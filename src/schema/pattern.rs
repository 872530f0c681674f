//! Regular expressions as sets of strings: is one contained in others, and a string that shows it.
//!
//! Patterns are translated from ECMA 262 the way the validator does it, and compiled to automata of
//! bounded size. What can't be compiled (look-around, back references) is not decided.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet, VecDeque};
use std::rc::Rc;

use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::util::primitives::StateID;
use regex_automata::{Anchored, Input};

type Dfa = dense::DFA<Vec<u32>>;

/// States of a product that are looked at.
const MAX_STATES: usize = 20_000;
/// Bytes an automaton may take.
const MAX_SIZE: usize = 2 << 20;

/// Compiled patterns of one comparison.
#[derive(Default)]
pub(super) struct Patterns {
    dfas: RefCell<HashMap<String, Option<Rc<Dfa>>>>,
    regexes: RefCell<HashMap<String, Option<Rc<regex::Regex>>>>,
}

/// What is asked of strings.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wanted<'p> {
    /// Patterns that match.
    pub(super) matching: &'p [&'p str],
    /// Patterns that don't.
    pub(super) avoiding: &'p [&'p str],
    /// Fewest characters.
    pub(super) min: usize,
    /// Most characters.
    pub(super) max: Option<usize>,
}

/// What became of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A shortest one.
    String(String),
    /// There is none.
    Nothing,
    /// It was not decided.
    Unknown,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum State {
    At(StateID),
    Matched,
    Dead,
}

impl Patterns {
    /// Does the pattern match? None when it can't be compiled.
    pub(super) fn is_match(&self, pattern: &str, text: &str) -> Option<bool> {
        let mut known = self.regexes.borrow_mut();
        let regex = known.entry(pattern.to_owned()).or_insert_with(|| {
            let rust = jsonschema_regex::to_rust_regex(pattern).ok()?;
            regex::RegexBuilder::new(&rust).size_limit(MAX_SIZE).build().ok().map(Rc::new)
        });
        regex.as_ref().map(|regex| regex.is_match(text))
    }

    fn dfa(&self, pattern: &str) -> Option<Rc<Dfa>> {
        let mut known = self.dfas.borrow_mut();
        let compile = || {
            let rust = jsonschema_regex::to_rust_regex(pattern).ok()?;
            let config = dense::Config::new()
                .start_kind(StartKind::Unanchored)
                .dfa_size_limit(Some(MAX_SIZE))
                .determinize_size_limit(Some(MAX_SIZE));
            dense::Builder::new().configure(config).build(&rust).ok().map(Rc::new)
        };
        known.entry(pattern.to_owned()).or_insert_with(compile).clone()
    }

    /// Does every string that matches all of `inner` match `outer`? None: not decided.
    pub(super) fn contained(&self, inner: &[&str], outer: &str) -> Option<bool> {
        if inner.contains(&outer) {
            return Some(true);
        }
        match self.find(&Wanted { matching: inner, avoiding: &[outer], ..Wanted::default() }) {
            Found::String(_) => Some(false),
            Found::Nothing => Some(true),
            Found::Unknown => None,
        }
    }

    /// A shortest string that is as wanted.
    pub(super) fn find(&self, wanted: &Wanted<'_>) -> Found {
        let all = wanted.matching.iter().chain(wanted.avoiding);
        let Some(dfas) = all.map(|pattern| self.dfa(pattern)).collect::<Option<Vec<_>>>() else {
            return Found::Unknown;
        };
        search(&dfas, wanted)
    }
}

/// A product state: one state for each automaton, how far the bytes of a character are, how many
/// characters there were.
type Product = (Vec<State>, u8, usize);

fn search(dfas: &[Rc<Dfa>], wanted: &Wanted<'_>) -> Found {
    let start: Option<Vec<State>> = dfas
        .iter()
        .map(|dfa| {
            let input = Input::new("").anchored(Anchored::No);
            dfa.start_state_forward(&input).ok().map(|id| settled(dfa, id))
        })
        .collect();
    let Some(start) = start else { return Found::Unknown };
    let letters = alphabet(dfas);
    // Beyond the longest and the shortest length that is asked for, a character more changes nothing.
    let cap = wanted.max.map_or(wanted.min, |max| max + 1);
    let mut seen: HashSet<Product> = HashSet::new();
    let mut parents: Vec<(usize, u8)> = vec![(0, 0)];
    let mut queue: VecDeque<(Product, usize)> = VecDeque::from([((start, 0, 0), 0)]);
    while let Some(((states, utf8, length), node)) = queue.pop_front() {
        if utf8 == 0 && length >= wanted.min && wanted.max.is_none_or(|max| length <= max) {
            let ended: Vec<bool> = dfas.iter().zip(&states).map(|(dfa, state)| ends(dfa, *state)).collect();
            let (must, not) = ended.split_at(wanted.matching.len());
            if must.iter().all(|m| *m) && !not.iter().any(|m| *m) {
                return Found::String(spelled(&parents, node));
            }
        }
        for &letter in &letters {
            let Some(next_utf8) = utf8_step(utf8, letter) else { continue };
            let next_length = (length + usize::from(next_utf8 == 0)).min(cap);
            if wanted.max.is_some_and(|max| next_length > max) {
                continue;
            }
            let next: Vec<State> = dfas.iter().zip(&states).map(|(dfa, state)| step(dfa, *state, letter)).collect();
            let (must, not) = next.split_at(wanted.matching.len());
            if must.contains(&State::Dead) || not.contains(&State::Matched) {
                continue;
            }
            let product = (next, next_utf8, next_length);
            if seen.insert(product.clone()) {
                if seen.len() > MAX_STATES {
                    return Found::Unknown;
                }
                parents.push((node, letter));
                queue.push_back((product, parents.len() - 1));
            }
        }
    }
    Found::Nothing
}

fn settled(dfa: &Dfa, id: StateID) -> State {
    match id {
        id if dfa.is_match_state(id) => State::Matched,
        id if dfa.is_dead_state(id) || dfa.is_quit_state(id) => State::Dead,
        id => State::At(id),
    }
}

fn step(dfa: &Dfa, state: State, letter: u8) -> State {
    match state {
        State::At(id) => settled(dfa, dfa.next_state(id, letter)),
        done => done,
    }
}

fn ends(dfa: &Dfa, state: State) -> bool {
    match state {
        State::At(id) => dfa.is_match_state(dfa.next_eoi_state(id)),
        State::Matched => true,
        State::Dead => false,
    }
}

/// One byte for each class of bytes that no automaton tells apart, letters and digits first.
fn alphabet(dfas: &[Rc<Dfa>]) -> Vec<u8> {
    let mut chosen: HashMap<(Vec<u8>, u8), u8> = HashMap::new();
    let order = (b'a'..=b'z').chain(b'0'..=b'9').chain(b'A'..=b'Z').chain(b' '..=b'~').chain(0..=255);
    let mut letters = Vec::new();
    for byte in order {
        let class = (dfas.iter().map(|dfa| dfa.byte_classes().get(byte)).collect::<Vec<_>>(), utf8_class(byte));
        chosen.entry(class).or_insert_with(|| {
            letters.push(byte);
            byte
        });
    }
    letters
}

/// Bytes that play the same part in UTF-8.
fn utf8_class(byte: u8) -> u8 {
    match byte {
        0..=0x7f => 0,
        0x80..=0x8f => 1,
        0x90..=0x9f => 2,
        0xa0..=0xbf => 3,
        0xc2..=0xdf => 4,
        0xe0 => 5,
        0xe1..=0xec | 0xee..=0xef => 6,
        0xed => 7,
        0xf0 => 8,
        0xf1..=0xf3 => 9,
        0xf4 => 10,
        _ => 11,
    }
}

/// What of a character is still to come: 0 nothing, 1 to 3 so many bytes, more where the next is limited.
/// RFC 3629, section 4.
fn utf8_step(state: u8, byte: u8) -> Option<u8> {
    Some(match (state, utf8_class(byte)) {
        (0, 0) => 0,
        (0, 4) => 1,
        (0, 5) => 4,
        (0, 6) => 2,
        (0, 7) => 5,
        (0, 8) => 6,
        (0, 9) => 3,
        (0, 10) => 7,
        (1, 1..=3) => 0,
        (2, 1..=3) => 1,
        (3, 1..=3) => 2,
        (4, 3) => 1,
        (5, 1..=2) => 1,
        (6, 2..=3) => 2,
        (7, 1) => 2,
        _ => return None,
    })
}

fn spelled(parents: &[(usize, u8)], mut node: usize) -> String {
    let mut bytes = Vec::new();
    while node != 0 {
        bytes.push(parents[node].1);
        node = parents[node].0;
    }
    bytes.reverse();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::{Found, Patterns, Wanted};

    #[test]
    fn patterns_are_compared_as_sets_of_strings() {
        let patterns = Patterns::default();
        assert_eq!(patterns.contained(&["^ab$"], "^a"), Some(true));
        assert_eq!(patterns.contained(&["^a"], "^ab$"), Some(false));
        assert_eq!(patterns.contained(&["^[0-9]{2}$"], "^\\d+$"), Some(true));
        assert_eq!(patterns.contained(&["a", "b"], "a.*b|b.*a"), Some(false), "a line may end in between");
        assert_eq!(patterns.contained(&["^(?=a)"], "a"), None, "look-ahead is not compiled");
    }

    #[test]
    fn strings_are_found() {
        let patterns = Patterns::default();
        let found =
            |matching: &[&str], avoiding: &[&str], min, max| patterns.find(&Wanted { matching, avoiding, min, max });
        assert_eq!(found(&["^ORD-[0-9]{3}$"], &[], 0, None), Found::String("ORD-000".into()));
        assert_eq!(found(&["^a"], &["^ab$"], 0, None), Found::String("a".into()));
        assert_eq!(found(&["^a"], &[], 3, Some(4)), Found::String("aaa".into()));
        assert_eq!(found(&["^a$"], &[], 2, None), Found::Nothing);
        assert_eq!(found(&["^\u{e9}$"], &[], 1, Some(1)), Found::String("\u{e9}".into()));
    }
}
