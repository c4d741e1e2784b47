//! Counting what goes and what stays, per data element. Numbers only (P6).

use serde::Serialize;

use dmv_redact_model::catalog::ElementId;

/// The outcomes of the values of one data element in one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct ElementCounts {
    /// Values released as they are.
    pub released: u32,
    /// Values released in a less precise form.
    pub generalised: u32,
    /// Values removed, for any reason.
    pub removed: u32,
    /// Removed values that were permitted but violate the element's shape, including photos found by their content.
    pub shape: u32,
}

/// Bits of a word of `met`.
const WORD: usize = 64;

/// The counts of one message. Reused from message to message.
#[derive(Debug, Default)]
pub(super) struct Tally {
    elements: Vec<ElementCounts>,
    /// The elements that were seen, one bit each: a message has few of them.
    met: Vec<u64>,
    /// Elements, attributes, members and texts that no path of the mapping names, and references to what isn't
    /// released.
    pub(super) unmapped: u32,
    /// Images that were found in other values by their content, and removed.
    pub(super) found_images: u32,
    /// Bytes of these, and of the images that were removed as such, in the message.
    pub(super) image_bytes: u64,
}

impl Tally {
    pub(super) fn reset(&mut self, elements: usize) {
        // A message has few of all elements: only their counts are cleared.
        for (place, word) in self.met.iter_mut().enumerate() {
            let mut left = std::mem::take(word);
            while left != 0 {
                let place = place * WORD + left.trailing_zeros() as usize;
                left &= left - 1;
                self.elements.get_mut(place).into_iter().for_each(|counts| *counts = ElementCounts::default());
            }
        }
        self.elements.resize(elements, ElementCounts::default());
        self.met.resize(elements.div_ceil(WORD), 0);
        self.unmapped = 0;
        self.found_images = 0;
        self.image_bytes = 0;
    }

    /// The counts of one element, to add to.
    #[inline(always)]
    pub(super) fn of(&mut self, element: ElementId) -> Option<&mut ElementCounts> {
        let place = element.index();
        if let Some(word) = self.met.get_mut(place / WORD) {
            *word |= 1 << (place % WORD);
        }
        self.elements.get_mut(place)
    }

    /// Adds the counts of a message in a text.
    pub(super) fn add(&mut self, inner: &Self) {
        for (place, word) in inner.met.iter().enumerate() {
            let mut left = *word;
            while left != 0 {
                let element = place * WORD + left.trailing_zeros() as usize;
                left &= left - 1;
                let (Some(id), Some(inner)) = (ElementId::at(element), inner.elements.get(element)) else { continue };
                let Some(counts) = self.of(id) else { continue };
                counts.released += inner.released;
                counts.generalised += inner.generalised;
                counts.removed += inner.removed;
                counts.shape += inner.shape;
            }
        }
        self.unmapped += inner.unmapped;
        self.found_images += inner.found_images;
        self.image_bytes += inner.image_bytes;
    }

    /// Whether a permitted value violated its shape.
    pub(super) fn has_violations(&self) -> bool {
        self.elements.iter().any(|counts| counts.shape > 0)
    }

    /// Counts the bytes of an image that was removed.
    pub(super) fn image(&mut self, bytes: usize) {
        self.image_bytes += u64::try_from(bytes).unwrap_or(u64::MAX);
    }

    /// Adds the counts of the elements that were seen, in the order of the catalog.
    pub(super) fn add_to(&self, counts: &mut Vec<(ElementId, ElementCounts)>) {
        for (place, word) in self.met.iter().enumerate() {
            let mut left = *word;
            while left != 0 {
                let place = place * WORD + left.trailing_zeros() as usize;
                left &= left - 1;
                let (Some(id), Some(met)) = (ElementId::at(place), self.elements.get(place)) else { continue };
                let ElementCounts { released, generalised, removed, shape } = *met;
                // Field by field, as they were written: reading them together would stall on store forwarding.
                counts.push((id, ElementCounts { released, generalised, removed, shape }));
            }
        }
    }
}
