//! Interned namespaces: names are compared by a small integer and their local part, never by prefix or URI.

/// The id of a namespace that a format names, or of a fixed one below.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct NamespaceId(u16);

impl NamespaceId {
    /// No namespace.
    pub const NONE: Self = Self(0);
    /// The namespace of the prefix `xml`.
    pub const XML: Self = Self(1);
    /// The namespace of the prefix `xmlns`.
    pub const XMLNS: Self = Self(2);
    /// XML Schema's instance namespace, of `xsi:nil`.
    pub const XSI: Self = Self(3);
    /// No namespace of a message: steps of a mapping that are no names, but patterns and predicates.
    pub(super) const PATTERN: Self = Self(u16::MAX - 1);
    /// A namespace that no format names.
    pub const UNKNOWN: Self = Self(u16::MAX);

    /// The id as an index, from 0.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// The URI of [`NamespaceId::XSI`].
pub const XSI_URI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// The namespaces of all formats.
#[derive(Debug)]
pub struct Namespaces(Vec<String>);

impl Default for Namespaces {
    fn default() -> Self {
        let fixed = ["", "http://www.w3.org/XML/1998/namespace", "http://www.w3.org/2000/xmlns/", XSI_URI];
        Self(fixed.map(str::to_owned).to_vec())
    }
}

impl Namespaces {
    /// The id of a URI, a new one if it is new.
    pub fn intern(&mut self, uri: &str) -> NamespaceId {
        let known = self.id(uri.as_bytes());
        if known != NamespaceId::UNKNOWN {
            return known;
        }
        self.0.push(uri.to_owned());
        NamespaceId(u16::try_from(self.0.len() - 1).unwrap_or(u16::MAX))
    }

    /// The id of a URI, compared byte for byte (Namespaces in XML 1.0, section 2.3).
    pub fn id(&self, uri: &[u8]) -> NamespaceId {
        let index = self.0.iter().position(|known| known.as_bytes() == uri);
        index.and_then(|index| u16::try_from(index).ok()).map_or(NamespaceId::UNKNOWN, NamespaceId)
    }

    /// The URI of a namespace; empty for none and for an unknown one.
    pub fn uri(&self, id: NamespaceId) -> &str {
        self.0.get(id.index()).map_or("", String::as_str)
    }

    /// How many namespaces have ids.
    pub fn count(&self) -> usize {
        self.0.len()
    }
}
