//! Namespaces by number, so that a name is compared by two small integers and its local part, never by prefix or URI.

/// A namespace that some format names, or one of the fixed ones below.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct NamespaceId(usize);

impl NamespaceId {
    /// No namespace at all.
    pub(crate) const NONE: Self = Self(0);
    /// What the prefix `xml` is bound to.
    pub(crate) const XML: Self = Self(1);
    /// What the prefix `xmlns` is bound to.
    pub(crate) const XMLNS: Self = Self(2);
    /// XML Schema's instance namespace, of `xsi:nil`.
    pub(crate) const XSI: Self = Self(3);
    /// One that no format names.
    pub(crate) const UNKNOWN: Self = Self(usize::MAX);

    /// The place as an index, from 0.
    pub(crate) fn index(self) -> usize {
        self.0
    }
}

/// The URI of [`NamespaceId::XSI`].
pub(crate) const XSI_URI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// Every namespace of every format.
#[derive(Debug)]
pub(crate) struct Namespaces(Vec<String>);

impl Default for Namespaces {
    fn default() -> Self {
        let fixed = ["", "http://www.w3.org/XML/1998/namespace", "http://www.w3.org/2000/xmlns/", XSI_URI];
        Self(fixed.map(str::to_owned).to_vec())
    }
}

impl Namespaces {
    /// The number of a URI, a new one if it has none.
    pub(super) fn intern(&mut self, uri: &str) -> NamespaceId {
        let known = self.id(uri.as_bytes());
        if known != NamespaceId::UNKNOWN {
            return known;
        }
        self.0.push(uri.to_owned());
        NamespaceId(self.0.len() - 1)
    }

    /// The number of a URI, compared byte for byte as Namespaces in XML 1.0 section 2.3 says.
    pub(crate) fn id(&self, uri: &[u8]) -> NamespaceId {
        let place = self.0.iter().position(|known| known.as_bytes() == uri);
        place.map_or(NamespaceId::UNKNOWN, NamespaceId)
    }

    pub(crate) fn uri(&self, id: NamespaceId) -> &str {
        self.0.get(id.index()).map_or("", String::as_str)
    }

    /// How many numbers are given.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}
