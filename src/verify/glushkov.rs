//! A pattern taken apart into places where a byte is read, and which of them may follow which (Glushkov's construction).
//! Only what a pattern says of ASCII is kept; what says more than bytes one after another is left to the `regex` crate.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

/// Places of one pattern: a counted repetition of many takes more.
const MOST: usize = 512;

/// A set of ASCII bytes, one bit each.
pub(super) type Bytes = u128;

/// The places of a pattern.
#[derive(Debug, Default)]
pub(super) struct GlushkovNfa {
    /// What each of them reads.
    pub(super) reads: Vec<Bytes>,
    /// What may be read after each of them.
    pub(super) follow: Vec<Vec<usize>>,
    /// What may be read first.
    pub(super) first: Vec<usize>,
    /// What may be read last.
    pub(super) last: Vec<usize>,
    /// Whether nothing at all conforms.
    pub(super) is_nullable: bool,
}

/// A part of a pattern.
#[derive(Default)]
struct Part {
    first: Vec<usize>,
    last: Vec<usize>,
    is_nullable: bool,
}

impl GlushkovNfa {
    /// `None` when the pattern says more than places can.
    pub(super) fn new(pattern: &str) -> Option<Self> {
        let hir = ParserBuilder::new().unicode(false).utf8(false).build().parse(&format!("(?:{pattern})")).ok()?;
        let mut positions = Self::default();
        let Part { first, last, is_nullable } = positions.part(&hir)?;
        Some(Self { first, last, is_nullable, ..positions })
    }

    fn part(&mut self, hir: &Hir) -> Option<Part> {
        match hir.kind() {
            HirKind::Empty => Some(Part { is_nullable: true, ..Part::default() }),
            HirKind::Literal(literal) => literal.0.iter().try_fold(Part::empty(), |before, byte| {
                let read = self.read(if byte.is_ascii() { 1 << byte } else { 0 })?;
                Some(self.then(before, read))
            }),
            HirKind::Class(class) => self.read(ascii(class)),
            HirKind::Look(_) => None,
            HirKind::Repetition(repetition) => {
                let mut whole = Part::empty();
                for _ in 0..repetition.min {
                    let once = self.part(&repetition.sub)?;
                    whole = self.then(whole, once);
                }
                let more = match repetition.max {
                    Some(most) => most.checked_sub(repetition.min)?,
                    None => 1,
                };
                for _ in 0..more {
                    let mut once = self.part(&repetition.sub)?;
                    once.is_nullable = true;
                    if repetition.max.is_none() {
                        self.link(&once.last, &once.first);
                    }
                    whole = self.then(whole, once);
                }
                Some(whole)
            }
            HirKind::Capture(capture) => self.part(&capture.sub),
            HirKind::Concat(parts) => parts.iter().try_fold(Part::empty(), |before, hir| {
                let next = self.part(hir)?;
                Some(self.then(before, next))
            }),
            HirKind::Alternation(parts) => parts.iter().try_fold(Part::default(), |mut all, hir| {
                let next = self.part(hir)?;
                all.first.extend(next.first);
                all.last.extend(next.last);
                all.is_nullable |= next.is_nullable;
                Some(all)
            }),
        }
    }

    fn read(&mut self, bytes: Bytes) -> Option<Part> {
        let place = self.reads.len();
        if place == MOST {
            return None;
        }
        self.reads.push(bytes);
        self.follow.push(Vec::new());
        Some(Part { first: vec![place], last: vec![place], is_nullable: false })
    }

    fn then(&mut self, mut before: Part, mut next: Part) -> Part {
        self.link(&before.last, &next.first);
        if before.is_nullable {
            before.first.extend(&next.first);
        }
        if next.is_nullable {
            next.last.extend(before.last);
        }
        Part { first: before.first, last: next.last, is_nullable: before.is_nullable && next.is_nullable }
    }

    fn link(&mut self, from: &[usize], to: &[usize]) {
        for place in from {
            if let Some(follow) = self.follow.get_mut(*place) {
                follow.extend(to);
            }
        }
    }
}

/// The bytes of ASCII in groups that no place tells apart, none of them empty. Of what isn't in `known` no place reads
/// anything.
pub(super) fn groups(reads: &[Bytes], known: Bytes) -> Vec<Bytes> {
    let mut groups = vec![Bytes::MAX];
    for read in reads {
        let read = read & known;
        let parts = groups.iter().flat_map(|group| [group & read, group & !read]);
        groups = parts.filter(|part| *part != 0).collect();
    }
    groups
}

impl Part {
    /// What reads nothing.
    fn empty() -> Self {
        Self { is_nullable: true, ..Self::default() }
    }
}

/// The ASCII bytes of a class.
fn ascii(class: &Class) -> Bytes {
    let range = |start: u32, end: u32| (start..=end.min(127)).fold(0, |bytes, byte| bytes | 1 << byte);
    match class {
        Class::Unicode(class) => class.iter().fold(0, |all, part| all | range(part.start().into(), part.end().into())),
        Class::Bytes(class) => class.iter().fold(0, |all, part| all | range(part.start().into(), part.end().into())),
    }
}
