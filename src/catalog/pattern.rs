//! The regular expression of a shape, as a table that matches whole values.
//!
//! Compiling is what starting would take most of, and a run meets few of all patterns: one that ships with the filter is
//! compiled by the first value that asks for it. One that a user wrote is compiled when it is read, for what is wrong with
//! it must be told before the first message.

use std::sync::OnceLock;

use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::nfa::thompson;
use regex_automata::util::{primitives::StateID, start, syntax};
use regex_automata::{Anchored, MatchKind};
use regex_syntax::hir::{Class, ClassBytes, ClassBytesRange, ClassUnicode, ClassUnicodeRange, Hir, HirKind};

use super::plain::Plain;
use crate::config::Origin;

/// Memory one pattern's table may take, in bytes; a counted repetition of many is what exceeds it.
const TABLE_LIMIT: usize = 1 << 20;

/// What [`is_base64`](crate::wide::is_base64) takes.
const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\r\n";

/// A regular expression and, once it was asked for, its table.
#[derive(Debug)]
pub(super) struct Pattern {
    text: Box<str>,
    origin: Origin,
    compiled: OnceLock<Compiled>,
    /// For all other values: letters of all languages take a hundred times the table of ASCII, and few values ask for it.
    whole: OnceLock<Option<Table>>,
}

#[derive(Debug)]
struct Compiled {
    /// For values of ASCII. `None` matches nothing. A pattern that ships with the filter has one, as the tests prove.
    ascii: Option<Table>,
    plain: Plain,
    takes_base64: bool,
}

#[derive(Debug)]
struct Table {
    dfa: dense::DFA<Vec<u32>>,
    start: StateID,
}

impl Pattern {
    /// # Errors
    /// When a pattern that a user wrote can't be compiled: why.
    pub(super) fn new(text: &str, origin: Origin) -> Result<Self, String> {
        let whole = match origin {
            Origin::BuiltIn => OnceLock::new(),
            Origin::Added => OnceLock::from(Some(Table::new(&parse(text)?)?)),
        };
        Ok(Self { text: text.into(), origin, compiled: OnceLock::new(), whole })
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn origin(&self) -> Origin {
        self.origin
    }

    /// Whether it matches all of a value.
    pub(super) fn matches(&self, value: &[u8]) -> bool {
        let table = match value.is_ascii() {
            true => &self.compiled().ascii,
            false => self.whole.get_or_init(
                #[cold]
                || Table::new(&parse(&self.text).ok()?).ok(),
            ),
        };
        table.as_ref().is_some_and(|table| table.matches(value))
    }

    /// Which of its values are plain.
    #[inline]
    pub(super) fn plain(&self) -> &Plain {
        &self.compiled().plain
    }

    /// Whether it matches any base64.
    pub(super) fn takes_base64(&self) -> bool {
        self.compiled().takes_base64
    }

    #[inline]
    fn compiled(&self) -> &Compiled {
        self.compiled.get_or_init(
            #[cold]
            || Compiled::new(parse(&self.text).ok().and_then(|hir| Table::new(&of_ascii(&hir)).ok())),
        )
    }
}

impl Compiled {
    fn new(ascii: Option<Table>) -> Self {
        let plain = ascii.as_ref().map_or_else(Plain::none, |table| Plain::new(&table.dfa, table.start));
        let takes_base64 = ascii.as_ref().is_some_and(|table| table.takes_all(BASE64));
        Self { ascii, plain, takes_base64 }
    }
}

impl Table {
    fn new(pattern: &Hir) -> Result<Self, String> {
        let nfa = thompson::Compiler::new()
            .configure(
                thompson::Config::new()
                    .utf8(false)
                    .which_captures(thompson::WhichCaptures::None)
                    .nfa_size_limit(Some(8 * TABLE_LIMIT)),
            )
            .build_from_hir(pattern)
            .map_err(deepest)?;
        let dfa = dense::Builder::new()
            .configure(
                dense::Config::new()
                    .start_kind(StartKind::Anchored)
                    // Whole matches only: no alternative may hide a longer one.
                    .match_kind(MatchKind::All)
                    .accelerate(false)
                    .dfa_size_limit(Some(TABLE_LIMIT))
                    .determinize_size_limit(Some(8 * TABLE_LIMIT)),
            )
            .build_from_nfa(&nfa)
            .map_err(deepest)?;
        let start =
            dfa.start_state(&start::Config::new().anchored(Anchored::Yes)).map_err(|error| error.to_string())?;
        Ok(Self { dfa, start })
    }

    fn matches(&self, value: &[u8]) -> bool {
        // A dead state leads to none but itself, so it needn't be looked for on the way.
        let step = |state, byte: &u8| self.dfa.next_state(state, *byte);
        let state = value.iter().fold(self.start, step);
        self.dfa.is_match_state(self.dfa.next_eoi_state(state))
    }

    /// Whether any run of these bytes matches.
    fn takes_all(&self, bytes: &[u8]) -> bool {
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

/// A pattern, taken to pieces. Unicode is off where the pattern doesn't turn it on.
fn parse(pattern: &str) -> Result<Hir, String> {
    let config = syntax::Config::new().unicode(false).utf8(false);
    syntax::parse_with(&format!("(?:{pattern})"), &config).map_err(deepest)
}

/// What a pattern says of ASCII.
fn of_ascii(pattern: &Hir) -> Hir {
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
        HirKind::Repetition(repetition) => Hir::repetition(repetition.with(of_ascii(&repetition.sub))),
        HirKind::Capture(capture) => of_ascii(&capture.sub),
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(of_ascii).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.iter().map(of_ascii).collect()),
    }
}

/// What is at the bottom of an error.
fn deepest(error: impl std::error::Error) -> String {
    let mut deepest: &dyn std::error::Error = &error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    last_line(&deepest.to_string())
}

/// The regex parser draws its errors over several lines; the last one says what is wrong.
fn last_line(text: &str) -> String {
    let line = text.trim().lines().next_back().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}
