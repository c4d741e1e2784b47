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
}

#[derive(Debug)]
struct Compiled {
    /// `None` matches nothing. A pattern that ships with the filter has one, as the tests prove.
    table: Option<Table>,
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
        let compiled = match origin {
            Origin::BuiltIn => OnceLock::new(),
            Origin::Added => OnceLock::from(Compiled::new(Some(Table::new(text)?))),
        };
        Ok(Self { text: text.into(), origin, compiled })
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn origin(&self) -> Origin {
        self.origin
    }

    /// Whether it matches all of a value.
    pub(super) fn matches(&self, value: &[u8]) -> bool {
        self.compiled().table.as_ref().is_some_and(|table| table.matches(value))
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
            || Compiled::new(Table::new(&self.text).ok()),
        )
    }
}

impl Compiled {
    fn new(table: Option<Table>) -> Self {
        let plain = table.as_ref().map_or_else(Plain::none, |table| Plain::new(&table.dfa, table.start));
        let takes_base64 = table.as_ref().is_some_and(|table| table.takes_all(BASE64));
        Self { table, plain, takes_base64 }
    }
}

impl Table {
    fn new(pattern: &str) -> Result<Self, String> {
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
            .thompson(thompson::Config::new().nfa_size_limit(Some(8 * TABLE_LIMIT)))
            .syntax(syntax::Config::new().unicode(false).utf8(false))
            .build(&format!("(?:{pattern})"))
            .map_err(|error| {
                let mut deepest: &dyn std::error::Error = &error;
                while let Some(source) = deepest.source() {
                    deepest = source;
                }
                last_line(&deepest.to_string())
            })?;
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

/// The regex parser draws its errors over several lines; the last one says what is wrong.
fn last_line(text: &str) -> String {
    let line = text.trim().lines().next_back().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}
