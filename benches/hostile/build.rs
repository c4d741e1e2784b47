//! What hostile messages are made of: an envelope that is in order, and one part over and over.

use std::rc::Rc;

/// A kind of hostile message.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) name: String,
    /// Makes one of about this many bytes.
    pub(crate) build: Rc<dyn Fn(usize) -> Vec<u8>>,
}

impl Case {
    pub(crate) fn new(name: &str, build: impl Fn(usize) -> Vec<u8> + 'static) -> Self {
        Self { name: name.to_owned(), build: Rc::new(build) }
    }
}

/// `part` over and over, to `size` bytes.
pub(crate) fn repeated(part: &str, size: usize) -> String {
    part.repeat(size / part.len())
}

/// Parts of growing number, to `size` bytes.
pub(crate) fn numbered(size: usize, part: impl Fn(usize) -> String) -> String {
    let mut text = String::with_capacity(size + 128);
    for number in 0.. {
        if text.len() >= size {
            break;
        }
        text.push_str(&part(number));
    }
    text
}
