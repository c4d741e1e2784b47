//! Faults that a test plants in the first reading, to show that the second catches them. Outside of the crate's own
//! tests none can be planted, and the compiler removes every check for one.

pub(super) mod at;

/// What the first reading does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Planted {
    /// Everything is permitted.
    Grant,
    /// The grant is that of another requester.
    Requester,
    /// Shapes aren't checked.
    Shape,
    /// Images in texts aren't detected.
    Photo,
    /// Values are released in full where less was permitted.
    Treatment,
    /// Tokens are everybody's, whatever the policy says.
    TokenScope,
    /// Comments go out.
    Comment,
    /// Attributes go out that no path names.
    Attribute,
    /// Elements and members go out that no path names.
    Unmapped,
    /// Elements are looked up by their local names, whatever their namespace.
    Namespace,
    /// Text beside elements goes out.
    LooseText,
    /// Texts from which fields are extracted are released whole.
    Rest,
    /// Containers stay in which nothing was released.
    EmptyContainer,
    /// End tags, or closing brackets, are left out.
    EndTag,
    /// Unused namespace declarations, and unused bindings of a context, are released.
    UnusedDeclaration,
    /// Namespace declarations are left out.
    LostDeclaration,
    /// Commas are left out.
    Comma,
    /// References are released even if their objects were removed.
    Reference,
    /// Names are released with the message's prefixes.
    ForeignPrefix,
    /// Names of objects and references are released as the message has them.
    OriginalId,
    /// Elements of a record stay in which nothing is left.
    Shell,
    /// The placeholder of a denied part is the part itself.
    Placeholder,
    /// Values that aren't released are counted.
    LostValue,
    /// A part of which something is asked is the first that it could be, whatever it says.
    Variant,
    /// What tells what a part is isn't released with it.
    Discriminator,
    /// Patterns are asked for the beginnings of names alone.
    Pattern,
    /// What the envelope states of the request isn't read.
    Attributes,
}

#[cfg(test)]
thread_local! {
    static PLANTED: std::cell::Cell<Option<Planted>> = const { std::cell::Cell::new(None) };
}

/// Runs `run` with this fault in the first reading of this thread.
#[cfg(test)]
pub(crate) fn with<T>(fault: Planted, run: impl FnOnce() -> T) -> T {
    PLANTED.set(Some(fault));
    let result = run();
    PLANTED.set(None);
    result
}

/// The beginning of a name, for a fault that asks for no more.
pub(super) fn beginning(name: &[u8]) -> &[u8] {
    name.get(..8).unwrap_or(name)
}

/// Whether this fault has been planted.
#[inline(always)]
pub(super) fn is_planted(fault: Planted) -> bool {
    #[cfg(test)]
    return PLANTED.get() == Some(fault);
    #[cfg(not(test))]
    {
        let _ = fault;
        false
    }
}
