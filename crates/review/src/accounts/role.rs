//! Roles, and what each may do: the one place that says so.

use std::fmt;

/// What an account is for. Rights are asked for by name; what isn't given here is denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Decides reviews, but isn't the second of two people.
    Reviewer,
    /// Decides reviews, and may be the second of two people.
    Approver,
    /// Looks at reviews and duties, and decides nothing.
    Auditor,
    /// Manages accounts, and sees no review.
    Administrator,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Reviewer, Self::Approver, Self::Auditor, Self::Administrator];

    /// Its name, as it is stored and shown.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Reviewer => "reviewer",
            Self::Approver => "approver",
            Self::Auditor => "auditor",
            Self::Administrator => "administrator",
        }
    }

    /// The role of a name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// Whether it may see the queue and what is asked, without values of messages.
    #[must_use]
    pub fn may_see_reviews(self) -> bool {
        matches!(self, Self::Reviewer | Self::Approver | Self::Auditor)
    }

    /// Whether it may approve or deny.
    #[must_use]
    pub fn may_decide(self) -> bool {
        matches!(self, Self::Reviewer | Self::Approver)
    }

    /// Whether it may approve what another has approved, where two people must.
    #[must_use]
    pub fn may_give_second_approval(self) -> bool {
        matches!(self, Self::Approver)
    }

    /// Whether it may ask for a message as it came, with its values.
    #[must_use]
    pub fn may_see_records(self) -> bool {
        matches!(self, Self::Reviewer | Self::Approver)
    }

    /// Whether it may see the list of duties.
    #[must_use]
    pub fn may_see_duties(self) -> bool {
        matches!(self, Self::Reviewer | Self::Approver | Self::Auditor)
    }

    /// Whether it may tick off duties.
    #[must_use]
    pub fn may_do_duties(self) -> bool {
        matches!(self, Self::Reviewer | Self::Approver)
    }

    /// Whether it may add and change accounts.
    #[must_use]
    pub fn may_manage_accounts(self) -> bool {
        matches!(self, Self::Administrator)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
