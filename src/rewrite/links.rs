//! Names of objects and references between them: a reference to a removed object is removed too, and so is a name that
//! nothing refers to; what stays is numbered, so that no spelling of the sender's is released.
//!
//! Whether an object stays is known only when the whole message was read, and a reference may precede it. So the first
//! pass writes no links, only records them. Then those that may stay are derived from one another, in linear time
//! whatever the length of a chain, and a second pass writes them. The derivation starts at the objects with content of
//! their own, so that a ring of references doesn't keep itself alive.

use std::io::Write as _;

use dmv_redact_model::format::LinkKind;
use dmv_redact_model::span::Span;

/// The index of a name that the message has for an object.
type NameId = usize;

/// The outcome of an object that has links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closing {
    /// Nothing of it or in it is released.
    Dropped,
    /// It has no content and no parts: it is released if it refers to an object that is.
    Reference,
    /// It has parts. `speaks`: something of it is released; otherwise it depends on the references in it.
    Object { speaks: bool, may_point: bool },
}

/// The role of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Name,
    Reference,
    Pointer,
}

/// A link of an object that isn't closed yet, and its names among [`Links::targets`].
#[derive(Debug, Clone, Copy)]
struct Open {
    offset: usize,
    kind: LinkKind,
    targets: (usize, usize),
}

#[derive(Debug, Clone, Copy)]
struct Link {
    /// Where its value begins in the message.
    offset: usize,
    kind: LinkKind,
    role: Role,
    targets: (usize, usize),
    object: usize,
}

impl Link {
    /// The representatives of its names.
    fn classes(&self, targets: &[NameId], class_of: &[NameId]) -> impl Iterator<Item = NameId> {
        let names = targets.get(self.targets.0..self.targets.1).unwrap_or_default();
        names.iter().filter_map(|name| class_of.get(*name).copied())
    }
}

#[derive(Debug, Clone, Copy)]
struct Object {
    /// Where it begins in the message.
    start: usize,
    /// The object around it that stays if this one does.
    parent: Option<usize>,
    stays: bool,
    may_point: bool,
    /// Its links.
    links: (usize, usize),
}

/// A link that is released.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kept {
    offset: usize,
    kind: LinkKind,
    /// Whether its object is a reference to another.
    pub(super) is_reference: bool,
    /// Its names among [`Links::kept_names`].
    names: (usize, usize),
}

/// The links of a message.
#[derive(Debug, Default)]
pub(super) struct Links {
    is_writing: bool,
    names: Names,
    /// By their place among the names as they came, until they are interned.
    targets: Vec<NameId>,
    open: Vec<Open>,
    objects: Vec<Object>,
    /// Objects whose parent isn't known yet.
    without_parent: Vec<usize>,
    links: Vec<Link>,
    /// The links that are released, in the order of the message.
    kept: Vec<Kept>,
    kept_names: Vec<NameId>,
    /// The numbers of names in the order in which they are written, from 1; 0 for one that wasn't written.
    numbers: Vec<usize>,
    last_number: usize,
    resolving: Resolving,
    /// Where links were written in this pass, and whether one was taken back.
    written_at: Vec<usize>,
    was_taken_back: bool,
    /// References that aren't released.
    lost: u32,
}

/// The names that the message has for objects, one after another in one buffer.
#[derive(Debug, Default)]
struct Names {
    text: String,
    spans: Vec<Span>,
    /// The spans in the order of their texts, and the id of each.
    sorted: Vec<usize>,
    ids: Vec<NameId>,
    /// How many of them are different.
    count: usize,
}

impl Names {
    fn clear(&mut self) {
        self.text.clear();
        self.spans.clear();
        self.count = 0;
    }

    /// Gives equal names one id.
    fn intern(&mut self) {
        let Self { text, spans, sorted, ids, count } = self;
        sorted.clear();
        sorted.extend(0..spans.len());
        let text_of = |place: usize| spans.get(place).copied().unwrap_or_default().text(text);
        sorted.sort_unstable_by(|left, right| text_of(*left).cmp(text_of(*right)));
        ids.clear();
        ids.resize(spans.len(), 0);
        *count = 0;
        let mut before = None;
        for place in sorted.iter() {
            if before.is_none_or(|before| text_of(before) != text_of(*place)) {
                *count += 1;
            }
            before = Some(*place);
            ids.get_mut(*place).into_iter().for_each(|id| *id = *count - 1);
        }
    }
}

/// What is needed to find the links that stay.
#[derive(Debug, Default)]
struct Resolving {
    /// By name, the representative of all names of its object.
    class_of: Vec<NameId>,
    /// References by class: the objects that they are in.
    references: Vec<(NameId, usize)>,
    is_alive: Vec<bool>,
    is_referred_to: Vec<bool>,
    has_id: Vec<bool>,
    open: Vec<usize>,
    woken: Vec<usize>,
}

/// The result of a pass.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Agreement {
    /// Every reference has its object and every name its reference.
    Reached,
    /// Another pass must write the links that may stay.
    NeedsPass,
    /// Two objects that are referred to have the same id; the second is at this offset.
    Ambiguous(usize),
    /// The links that were written aren't those that may stay.
    Broken,
}

impl Links {
    pub(super) fn reset(&mut self) {
        self.is_writing = false;
        self.begin_pass();
    }

    pub(super) fn begin_pass(&mut self) {
        self.written_at.clear();
        self.was_taken_back = false;
        if self.is_writing {
            self.numbers.clear();
            self.numbers.resize(self.names.count, 0);
            self.last_number = 0;
            return;
        }
        self.names.clear();
        self.targets.clear();
        self.open.clear();
        self.objects.clear();
        self.without_parent.clear();
        self.links.clear();
        self.kept.clear();
        self.kept_names.clear();
        self.lost = 0;
    }

    /// Whether links are written in this pass; otherwise they are recorded.
    pub(super) fn is_writing(&self) -> bool {
        self.is_writing
    }

    /// Whether no link has been recorded.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty() && self.objects.is_empty()
    }

    /// Records a link of an object that has begun; its value begins at `offset` of the message.
    pub(super) fn note(&mut self, offset: usize, kind: LinkKind, value: &str) {
        let first = self.targets.len();
        match kind {
            // XML collapses white space around one; in JSON it would be part of the name.
            LinkKind::Uri => self.target("", value),
            // A name is a fragment of the message's own URI.
            LinkKind::Id | LinkKind::Reference => self.target("#", value.trim_matches(is_space)),
            LinkKind::Pointers => {
                value.split(is_space).filter(|name| !name.is_empty()).for_each(|name| self.target("#", name));
            }
        }
        let targets = (first, self.targets.len());
        if targets.0 < targets.1 {
            self.open.push(Open { offset, kind, targets });
        }
    }

    fn target(&mut self, mark: &str, name: &str) {
        if name.is_empty() || mark.is_empty() && name == "#" {
            return;
        }
        let Names { text, spans, .. } = &mut self.names;
        let start = text.len();
        text.push_str(mark);
        text.push_str(name);
        self.targets.push(spans.len());
        spans.push(Span::new(start, text.len()));
    }

    /// Records the outcome of an object that has ended and that began at `start`.
    pub(super) fn close(&mut self, start: usize, closing: Closing) {
        let first = self.open.iter().rposition(|link| link.offset < start).map_or(0, |before| before + 1);
        if closing == Closing::Dropped {
            let dropped = self.open.drain(first..).filter(|link| link.kind != LinkKind::Id);
            self.lost += count(dropped.map(|link| link.targets));
            while self.objects.last().is_some_and(|object| object.start >= start) {
                self.objects.pop();
            }
            let count = self.objects.len();
            let links = self.objects.last().map_or(0, |object| object.links.1);
            self.links.truncate(links);
            while self.without_parent.pop_if(|object| *object >= count).is_some() {}
            return;
        }
        if self.open.len() == first {
            return;
        }
        let object = self.objects.len();
        let links = self.links.len();
        for Open { offset, kind, targets } in self.open.drain(first..) {
            let role = match (kind, closing) {
                (LinkKind::Id, _) | (LinkKind::Uri, Closing::Object { .. }) => Role::Name,
                (LinkKind::Pointers, _) => Role::Pointer,
                // An object with content of its own is read, not what it refers to.
                (LinkKind::Reference, Closing::Object { .. }) => {
                    self.lost += count([targets]);
                    continue;
                }
                (LinkKind::Reference | LinkKind::Uri, _) => Role::Reference,
            };
            self.links.push(Link { offset, kind, role, targets, object });
        }
        while let Some(inner) =
            self.without_parent.pop_if(|inner| self.objects.get(*inner).is_some_and(|inner| inner.start > start))
        {
            if let Some(inner) = self.objects.get_mut(inner) {
                inner.parent = Some(object);
            }
        }
        let (stays, may_point) = match closing {
            Closing::Object { speaks, may_point } => (speaks, may_point),
            Closing::Reference | Closing::Dropped => (false, true),
        };
        self.objects.push(Object { start, parent: None, stays, may_point, links: (links, self.links.len()) });
        self.without_parent.push(object);
    }

    /// The number of references that aren't released; known when the links are resolved.
    pub(super) fn lost(&self) -> u32 {
        self.lost
    }

    /// The released link whose value begins at `offset` of the message.
    pub(super) fn kept(&self, offset: usize) -> Option<Kept> {
        let place = self.kept.binary_search_by_key(&offset, |kept| kept.offset).ok()?;
        self.kept.get(place).copied().filter(|_| self.is_writing)
    }

    /// The offsets of the values of all links that were written in the last pass.
    pub(super) fn kept_offsets(&self) -> Vec<usize> {
        self.kept.iter().map(|kept| kept.offset).collect()
    }

    /// Appends the value of a link, which is at `at` of the output.
    pub(super) fn write(&mut self, kept: Kept, at: usize, out: &mut Vec<u8>) {
        self.written_at.push(at);
        let names = self.kept_names.get(kept.names.0..kept.names.1).unwrap_or_default();
        for (place, name) in names.iter().enumerate() {
            let Some(number) = self.numbers.get_mut(*name) else { continue };
            if *number == 0 {
                self.last_number += 1;
                *number = self.last_number;
            }
            let before = match (kept.kind, place) {
                (LinkKind::Uri, _) => "#",
                (_, 0) => "",
                _ => " ",
            };
            // To a buffer in memory nothing fails.
            let _ = write!(out, "{before}id{number}");
        }
    }

    /// Discards what was written from `at` on: it was taken back.
    #[inline]
    pub(super) fn take_back(&mut self, at: usize) {
        while self.written_at.last().is_some_and(|written| *written >= at) {
            self.written_at.pop();
            self.was_taken_back = true;
        }
    }

    /// Compares the links that the pass has written with those that may stay.
    pub(super) fn agree(&mut self) -> Agreement {
        if self.is_writing {
            let are_all_written = self.written_at.len() == self.kept.len() && !self.was_taken_back;
            return if are_all_written { Agreement::Reached } else { Agreement::Broken };
        }
        if self.links.is_empty() {
            return Agreement::Reached;
        }
        if let Err(at) = self.resolve() {
            return Agreement::Ambiguous(at);
        }
        self.is_writing = !self.kept.is_empty();
        if self.is_writing { Agreement::NeedsPass } else { Agreement::Reached }
    }

    /// Determines which links stay.
    ///
    /// # Errors
    /// The offset of the second of two objects with the same id, if something refers to it.
    fn resolve(&mut self) -> Result<(), usize> {
        self.names.intern();
        for target in &mut self.targets {
            *target = self.names.ids.get(*target).copied().unwrap_or_default();
        }
        self.find_classes();
        let Self { objects, links, targets, resolving, names, .. } = self;
        let Resolving { class_of, references, is_alive, open, woken, .. } = resolving;
        references.clear();
        for link in links.iter().filter(|link| link.role == Role::Reference) {
            references.extend(link.classes(targets, class_of).map(|class| (class, link.object)));
        }
        references.sort_unstable();
        is_alive.clear();
        is_alive.resize(names.count, false);
        open.clear();
        open.extend((0..objects.len()).filter(|object| objects.get(*object).is_some_and(|object| object.stays)));
        while let Some(Object { parent, links: own, .. }) = open.pop().and_then(|object| objects.get(object).copied()) {
            woken.clear();
            woken.extend(parent);
            let own = links.get(own.0..own.1).unwrap_or_default();
            for class in own.iter().filter(|link| link.role == Role::Name).flat_map(|l| l.classes(targets, class_of)) {
                if let Some(is_alive @ false) = is_alive.get_mut(class) {
                    *is_alive = true;
                    let from = references.partition_point(|(of, _)| *of < class);
                    let of_class = references.iter().skip(from).take_while(|(of, _)| *of == class);
                    woken.extend(of_class.map(|(_, object)| *object));
                }
            }
            for object in woken.drain(..) {
                if let Some(Object { stays: stays @ false, .. }) = objects.get_mut(object) {
                    *stays = true;
                    open.push(object);
                }
            }
        }
        self.keep()
    }

    /// Lists the links that stay, when it is known which names have objects.
    fn keep(&mut self) -> Result<(), usize> {
        let Self { objects, links, targets, kept, kept_names, lost, resolving, .. } = self;
        let Resolving { class_of, is_alive, is_referred_to, has_id, .. } = resolving;
        let references = links.iter().filter(|link| link.role != Role::Name);
        *lost += count(references.map(|link| link.targets));
        links.retain(|link| {
            objects.get(link.object).is_some_and(|o| o.stays && (link.role != Role::Pointer || o.may_point))
        });
        links.sort_unstable_by_key(|link| link.offset);
        is_referred_to.clear();
        is_referred_to.resize(is_alive.len(), false);
        has_id.clear();
        has_id.resize(is_alive.len(), false);
        for link in links.iter().filter(|link| link.role != Role::Name) {
            for name in link.classes(targets, class_of).filter(|class| is_alive.get(*class) == Some(&true)) {
                is_referred_to.get_mut(name).into_iter().for_each(|is_referred_to| *is_referred_to = true);
            }
        }
        for link in links.iter() {
            let first = kept_names.len();
            kept_names.extend(link.classes(targets, class_of).filter(|name| {
                let is_needed = link.role != Role::Name || is_referred_to.get(*name) == Some(&true);
                is_alive.get(*name) == Some(&true) && is_needed
            }));
            let Some(name) = kept_names.get(first).copied() else { continue };
            if let (LinkKind::Id, Some(has_id)) = (link.kind, has_id.get_mut(name))
                && std::mem::replace(has_id, true)
            {
                return Err(link.offset);
            }
            let is_reference = link.role == Role::Reference;
            let names = (first, kept_names.len());
            if link.role != Role::Name {
                *lost = lost.saturating_sub(count([names]));
            }
            kept.push(Kept { offset: link.offset, kind: link.kind, is_reference, names });
        }
        Ok(())
    }

    /// Finds for each name the representative of all names of its object: an object may have an id and a URI.
    fn find_classes(&mut self) {
        let Self { objects, links, targets, resolving, names, .. } = self;
        let above = &mut resolving.class_of;
        above.clear();
        above.extend(0..names.count);
        for object in objects.iter() {
            let links = links.get(object.links.0..object.links.1).unwrap_or_default();
            let names =
                links.iter().filter(|link| link.role == Role::Name).filter_map(|link| targets.get(link.targets.0));
            let mut first = None;
            for name in names {
                let top = top_of(above, *name);
                let first = *first.get_or_insert(top);
                if let Some(above) = above.get_mut(top) {
                    *above = first;
                }
            }
        }
        for name in 0..above.len() {
            let top = top_of(above, name);
            above.get_mut(name).into_iter().for_each(|above| *above = top);
        }
    }
}

/// The number of names in some ranges.
fn count(ranges: impl IntoIterator<Item = (usize, usize)>) -> u32 {
    let count: usize = ranges.into_iter().map(|(first, end)| end - first).sum();
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// The top of a chain of names (union-find); the chain is halved on the way.
fn top_of(above: &mut [NameId], name: NameId) -> NameId {
    let mut at = name;
    loop {
        let next = above.get(at).copied().unwrap_or(at);
        if next == at {
            return at;
        }
        let after = above.get(next).copied().unwrap_or(next);
        above.get_mut(at).into_iter().for_each(|above| *above = after);
        at = after;
    }
}

/// White space in XML and JSON.
pub(super) fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n')
}
