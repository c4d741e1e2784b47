//! The regular expression of a shape, as a dense DFA that matches whole values.
//!
//! Compiling all patterns would dominate startup, and a run uses few of them: built-in patterns are compiled lazily, by
//! the first value. A user's pattern is compiled when it is read, because its errors must be reported before the first
//! message.

use std::sync::OnceLock;

use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::nfa::thompson;
use regex_automata::util::{primitives::StateID, start, syntax};
use regex_automata::{Anchored, MatchKind};
use regex_syntax::hir::{Class, ClassBytes, ClassBytesRange, ClassUnicode, ClassUnicodeRange, Hir, HirKind};

use super::plain::Plain;
use crate::config::Origin;

/// Memory limit of one pattern's DFA in bytes; large counted repetitions exceed it.
const DFA_LIMIT: usize = 1 << 20;

/// The bytes that [`is_base64`](crate::wide::is_base64) accepts.
const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\r\n";

/// A regular expression and its lazily built DFAs.
#[derive(Debug)]
pub(super) struct Pattern {
    text: Box<str>,
    origin: Origin,
    compiled: OnceLock<Compiled>,
    /// For non-ASCII values: a DFA with the letters of all languages is a hundred times larger than one for ASCII, and
    /// few values need it.
    unicode: OnceLock<Option<WholeMatchDfa>>,
}

#[derive(Debug)]
struct Compiled {
    /// For ASCII values. `None` matches nothing; tests prove that built-in patterns compile.
    ascii: Option<WholeMatchDfa>,
    plain: Plain,
    matches_base64: bool,
}

#[derive(Debug)]
struct WholeMatchDfa {
    dfa: dense::DFA<Vec<u32>>,
    start: StateID,
}

impl Pattern {
    /// # Errors
    /// When a user's pattern can't be compiled.
    pub(super) fn new(text: &str, origin: Origin) -> Result<Self, String> {
        let unicode = match origin {
            Origin::BuiltIn => OnceLock::new(),
            Origin::Added => OnceLock::from(Some(WholeMatchDfa::new(&parse(text)?)?)),
        };
        Ok(Self { text: text.into(), origin, compiled: OnceLock::new(), unicode })
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn origin(&self) -> Origin {
        self.origin
    }

    /// Whether it matches a whole value.
    pub(super) fn matches(&self, value: &[u8]) -> bool {
        let table = match value.is_ascii() {
            true => &self.compiled().ascii,
            false => self.unicode(),
        };
        table.as_ref().is_some_and(|table| table.matches(value))
    }

    /// Builds what is otherwise built for the first value.
    pub(super) fn warm(&self) {
        self.compiled();
        self.unicode();
    }

    /// The fast path for its plain values.
    #[inline]
    pub(super) fn plain(&self) -> &Plain {
        &self.compiled().plain
    }

    /// Whether it matches every base64 text.
    pub(super) fn matches_base64(&self) -> bool {
        self.compiled().matches_base64
    }

    fn unicode(&self) -> &Option<WholeMatchDfa> {
        self.unicode.get_or_init(
            #[cold]
            || WholeMatchDfa::new(&parse(&self.text).ok()?).ok(),
        )
    }

    #[inline]
    fn compiled(&self) -> &Compiled {
        self.compiled.get_or_init(
            #[cold]
            || Compiled::new(parse(&self.text).ok().and_then(|hir| WholeMatchDfa::new(&restrict_to_ascii(&hir)).ok())),
        )
    }
}

impl Compiled {
    fn new(ascii: Option<WholeMatchDfa>) -> Self {
        let plain = ascii.as_ref().map_or_else(Plain::none, |table| Plain::new(&table.dfa, table.start));
        let matches_base64 = ascii.as_ref().is_some_and(|table| table.matches_all_of(BASE64));
        Self { ascii, plain, matches_base64 }
    }
}

impl WholeMatchDfa {
    fn new(pattern: &Hir) -> Result<Self, String> {
        let nfa = thompson::Compiler::new()
            .configure(
                thompson::Config::new()
                    .utf8(false)
                    .which_captures(thompson::WhichCaptures::None)
                    .nfa_size_limit(Some(8 * DFA_LIMIT)),
            )
            .build_from_hir(pattern)
            .map_err(root_cause)?;
        let dfa = dense::Builder::new()
            .configure(
                dense::Config::new()
                    .start_kind(StartKind::Anchored)
                    // Whole matches only: a preferred alternative must not hide a longer one.
                    .match_kind(MatchKind::All)
                    .accelerate(false)
                    .dfa_size_limit(Some(DFA_LIMIT))
                    .determinize_size_limit(Some(8 * DFA_LIMIT)),
            )
            .build_from_nfa(&nfa)
            .map_err(root_cause)?;
        let start =
            dfa.start_state(&start::Config::new().anchored(Anchored::Yes)).map_err(|error| error.to_string())?;
        Ok(Self { dfa, start })
    }

    fn matches(&self, value: &[u8]) -> bool {
        // A dead state only leads to itself, so no check is needed inside the loop.
        let state = value.iter().fold(self.start, |state, byte| self.dfa.next_state(state, *byte));
        self.dfa.is_match_state(self.dfa.next_eoi_state(state))
    }

    /// Whether every sequence of these bytes matches.
    fn matches_all_of(&self, bytes: &[u8]) -> bool {
        let mut known: Vec<StateID> = Vec::new();
        let mut open = vec![self.start];
        while let Some(state) = open.pop() {
            if known.contains(&state) {
                continue;
            }
            if known.len() > bytes.len() || !self.dfa.is_match_state(self.dfa.next_eoi_state(state)) {
                return false;
            }
            known.push(state);
            open.extend(bytes.iter().map(|byte| self.dfa.next_state(state, *byte)));
        }
        true
    }
}

/// Parses a pattern. Unicode is off unless the pattern turns it on.
fn parse(pattern: &str) -> Result<Hir, String> {
    let config = syntax::Config::new().unicode(false).utf8(false);
    syntax::parse_with(&format!("(?:{pattern})"), &config).map_err(root_cause)
}

/// A pattern restricted to ASCII.
fn restrict_to_ascii(pattern: &Hir) -> Hir {
    match pattern.kind() {
        HirKind::Empty | HirKind::Look(_) => pattern.clone(),
        HirKind::Literal(literal) if literal.0.is_ascii() => pattern.clone(),
        HirKind::Literal(_) => Hir::fail(),
        HirKind::Class(Class::Unicode(class)) => {
            let ascii = ClassUnicode::new([ClassUnicodeRange::new('\0', '\x7F')]);
            let mut class = class.clone();
            class.intersect(&ascii);
            Hir::class(Class::Unicode(class))
        }
        HirKind::Class(Class::Bytes(class)) => {
            let ascii = ClassBytes::new([ClassBytesRange::new(0, 0x7F)]);
            let mut class = class.clone();
            class.intersect(&ascii);
            Hir::class(Class::Bytes(class))
        }
        HirKind::Repetition(repetition) => Hir::repetition(repetition.with(restrict_to_ascii(&repetition.sub))),
        HirKind::Capture(capture) => restrict_to_ascii(&capture.sub),
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(restrict_to_ascii).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.iter().map(restrict_to_ascii).collect()),
    }
}

/// The root cause of an error.
fn root_cause(error: impl std::error::Error) -> String {
    let mut root_cause: &dyn std::error::Error = &error;
    while let Some(source) = root_cause.source() {
        root_cause = source;
    }
    last_line(&root_cause.to_string())
}

/// The regex parser renders its errors over several lines; the last one is the message.
fn last_line(text: &str) -> String {
    let line = text.trim().lines().next_back().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}
