//! Turns a pattern into a position automaton (Glushkov's construction): positions that read a byte, and which may
//! follow which. Only the ASCII part of a pattern is kept; what isn't a plain sequence of bytes is left to the `regex`
//! crate.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

/// Positions of one pattern: a counted repetition takes many.
const MAX_POSITIONS: usize = 512;

/// A set of ASCII bytes, one bit each.
pub(super) type Bytes = u128;

/// The positions of a pattern.
#[derive(Debug, Default)]
pub(super) struct GlushkovNfa {
    /// The bytes that each position reads.
    pub(super) reads: Vec<Bytes>,
    /// The positions that may follow each position.
    pub(super) follow: Vec<Vec<usize>>,
    /// The positions that may come first.
    pub(super) first: Vec<usize>,
    /// The positions that may come last.
    pub(super) last: Vec<usize>,
    /// Whether the empty string conforms.
    pub(super) is_nullable: bool,
}

/// A part of a pattern.
#[derive(Default)]
struct Fragment {
    first: Vec<usize>,
    last: Vec<usize>,
    is_nullable: bool,
}

impl GlushkovNfa {
    /// `None` if the pattern isn't expressible in positions.
    pub(super) fn new(pattern: &str) -> Option<Self> {
        let hir = ParserBuilder::new().unicode(false).utf8(false).build().parse(&format!("(?:{pattern})")).ok()?;
        let mut positions = Self::default();
        let Fragment { first, last, is_nullable } = positions.fragment(&hir)?;
        Some(Self { first, last, is_nullable, ..positions })
    }

    fn fragment(&mut self, hir: &Hir) -> Option<Fragment> {
        match hir.kind() {
            HirKind::Empty => Some(Fragment { is_nullable: true, ..Fragment::default() }),
            HirKind::Literal(literal) => literal.0.iter().try_fold(Fragment::empty(), |before, byte| {
                let read = self.read(if byte.is_ascii() { 1 << byte } else { 0 })?;
                Some(self.then(before, read))
            }),
            HirKind::Class(class) => self.read(ascii(class)),
            HirKind::Look(_) => None,
            HirKind::Repetition(repetition) => {
                let mut whole = Fragment::empty();
                for _ in 0..repetition.min {
                    let once = self.fragment(&repetition.sub)?;
                    whole = self.then(whole, once);
                }
                let more = match repetition.max {
                    Some(most) => most.checked_sub(repetition.min)?,
                    None => 1,
                };
                for _ in 0..more {
                    let mut once = self.fragment(&repetition.sub)?;
                    once.is_nullable = true;
                    if repetition.max.is_none() {
                        self.link(&once.last, &once.first);
                    }
                    whole = self.then(whole, once);
                }
                Some(whole)
            }
            HirKind::Capture(capture) => self.fragment(&capture.sub),
            HirKind::Concat(parts) => parts.iter().try_fold(Fragment::empty(), |before, hir| {
                let next = self.fragment(hir)?;
                Some(self.then(before, next))
            }),
            HirKind::Alternation(parts) => parts.iter().try_fold(Fragment::default(), |mut all, hir| {
                let next = self.fragment(hir)?;
                all.first.extend(next.first);
                all.last.extend(next.last);
                all.is_nullable |= next.is_nullable;
                Some(all)
            }),
        }
    }

    fn read(&mut self, bytes: Bytes) -> Option<Fragment> {
        let position = self.reads.len();
        if position == MAX_POSITIONS {
            return None;
        }
        self.reads.push(bytes);
        self.follow.push(Vec::new());
        Some(Fragment { first: vec![position], last: vec![position], is_nullable: false })
    }

    fn then(&mut self, mut before: Fragment, mut next: Fragment) -> Fragment {
        self.link(&before.last, &next.first);
        if before.is_nullable {
            before.first.extend(&next.first);
        }
        if next.is_nullable {
            next.last.extend(before.last);
        }
        Fragment { first: before.first, last: next.last, is_nullable: before.is_nullable && next.is_nullable }
    }

    fn link(&mut self, from: &[usize], to: &[usize]) {
        for position in from {
            if let Some(follow) = self.follow.get_mut(*position) {
                follow.extend(to);
            }
        }
    }
}

/// Partitions the ASCII bytes into non-empty groups that no position distinguishes. No position reads a byte outside
/// `known`.
pub(super) fn groups(reads: &[Bytes], known: Bytes) -> Vec<Bytes> {
    let mut groups = vec![Bytes::MAX];
    for read in reads {
        let read = read & known;
        let parts = groups.iter().flat_map(|group| [group & read, group & !read]);
        groups = parts.filter(|part| *part != 0).collect();
    }
    groups
}

impl Fragment {
    /// The part that reads nothing.
    fn empty() -> Self {
        Self { is_nullable: true, ..Self::default() }
    }
}

/// The ASCII bytes of a class.
fn ascii(class: &Class) -> Bytes {
    match class {
        Class::Unicode(class) => {
            class.iter().fold(0, |all, part| all | ascii_range(part.start().into(), part.end().into()))
        }
        Class::Bytes(class) => {
            class.iter().fold(0, |all, part| all | ascii_range(part.start().into(), part.end().into()))
        }
    }
}

fn ascii_range(start: u32, end: u32) -> Bytes {
    (start..=end.min(127)).fold(0, |bytes, byte| bytes | 1 << byte)
}
