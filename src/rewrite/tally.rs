//! Counting what goes and what stays, per data element. Numbers only (P6).

use serde::Serialize;

use crate::catalog::ElementId;

/// What became of the values of one data element in one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct ElementCounts {
    /// Values released as they are.
    pub released: u32,
    /// Values released in a less precise form.
    pub generalised: u32,
    /// Values removed, for whatever reason.
    pub removed: u32,
    /// Those of the removed that were permitted but violate the element's shape, photos found by nature included.
    pub shape: u32,
}

impl ElementCounts {
    fn is_zero(self) -> bool {
        self == Self::default()
    }
}

/// The counts of one message. Reused from message to message.
#[derive(Debug, Default)]
pub(super) struct Tally {
    elements: Vec<ElementCounts>,
    /// The elements that were met: a message has few of all that there are.
    met: Vec<ElementId>,
    /// Elements, attributes, members, comments and texts that no path of the mapping names.
    pub(super) unmapped: u32,
    /// Images that were removed, known as such or found by nature.
    pub(super) photos: u32,
    /// Bytes these took up in the message.
    pub(super) photo_bytes: u64,
}

impl Tally {
    pub(super) fn reset(&mut self, elements: usize) {
        for id in self.met.drain(..) {
            if let Some(counts) = self.elements.get_mut(id.index()) {
                *counts = ElementCounts::default();
            }
        }
        self.elements.resize(elements, ElementCounts::default());
        self.unmapped = 0;
        self.photos = 0;
        self.photo_bytes = 0;
    }

    /// The counts of one element, to be added to.
    pub(super) fn of(&mut self, element: ElementId) -> Option<&mut ElementCounts> {
        let counts = self.elements.get_mut(element.index())?;
        if counts.is_zero() {
            self.met.push(element);
        }
        Some(counts)
    }

    pub(super) fn photo(&mut self, bytes: usize) {
        self.photos += 1;
        self.photo_bytes += u64::try_from(bytes).unwrap_or(u64::MAX);
    }

    /// The elements that were met, in the order of the catalog.
    pub(super) fn counts(&mut self) -> Vec<(ElementId, ElementCounts)> {
        self.met.sort_unstable();
        let counts = |id: &ElementId| self.elements.get(id.index()).map(|counts| (*id, *counts));
        self.met.iter().filter_map(counts).collect()
    }
}
