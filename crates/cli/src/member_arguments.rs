//! The arguments that say where the messages of lines and batches are: the same for what is redacted and what is verified.

use clap::Args;

use super::Problem;
use dmv_redact_archive::{BatchPath, BatchWrapper, LineMembers, MemberPath};
use dmv_redact_model::policy::Attribute;

#[derive(Debug, Args)]
#[command(next_help_heading = "Forms")]
pub(super) struct MemberArguments {
    /// Read a document that has an array or element at this path as a batch: each item is a message. `.` is an array at
    /// the top, `a.b` a member or element in another, `{urn:example}Batch` an element in a namespace
    #[arg(long, value_name = "PATH", value_parser = BatchPath::parse)]
    pub(super) batch: Option<BatchPath>,
    /// The member of each line or item that holds the message, as an object or as text; `a.b` is in the object `a`. The rest of
    /// the line is dropped
    #[arg(long, value_name = "NAME", value_parser = MemberPath::parse)]
    pub(super) payload_member: Option<MemberPath>,
    /// The message in that member is encoded in base64; so is the output
    #[arg(long, requires = "payload_member")]
    pub(super) payload_base64: bool,
    /// The member of each line or item that holds the requester's ORI
    #[arg(long, value_name = "NAME", conflicts_with = "requester", value_parser = MemberPath::parse)]
    pub(super) requester_member: Option<MemberPath>,
    /// The member of each line or item that holds the purpose code
    #[arg(long, value_name = "NAME", conflicts_with = "purpose", value_parser = MemberPath::parse)]
    pub(super) purpose_member: Option<MemberPath>,
    /// The member of each line or item that holds the reason code
    #[arg(long, value_name = "NAME", conflicts_with = "reason", value_parser = MemberPath::parse)]
    pub(super) reason_member: Option<MemberPath>,
    /// The member of each line or item that holds the line on which the query came
    #[arg(long, value_name = "NAME", conflicts_with = "line", value_parser = MemberPath::parse)]
    pub(super) line_member: Option<MemberPath>,
    /// The member of each line or item that holds the person who asks
    #[arg(long, value_name = "NAME", conflicts_with = "user", value_parser = MemberPath::parse)]
    pub(super) user_member: Option<MemberPath>,
    /// The member of each line or item that holds the state whose record it is
    #[arg(long, value_name = "NAME", conflicts_with = "state", value_parser = MemberPath::parse)]
    pub(super) state_member: Option<MemberPath>,
    /// The member of each line or item that holds the claims that the switch vouched for: an array of names, and of objects
    /// with `claim`, `issuer`, `number`, `date`, `until` and `specifies` (an array) for those with an instrument; those of
    /// `--claim` and `--instrument` count too
    #[arg(long, value_name = "NAME", value_parser = MemberPath::parse)]
    pub(super) claims_member: Option<MemberPath>,
    /// The member of each line or item that holds the date of the request, YYYY-MM-DD; a line without it is withheld
    #[arg(long, value_name = "NAME", conflicts_with = "date", value_parser = MemberPath::parse)]
    pub(super) date_member: Option<MemberPath>,
}

impl MemberArguments {
    /// The members, with those that are `kept`.
    pub(super) fn members(&self, kept: &[MemberPath]) -> Result<LineMembers, Problem> {
        let members = LineMembers {
            payload: self.payload_member.clone(),
            is_base64: self.payload_base64,
            requester: self.requester_member.clone(),
            stated: self.stated().map(|member| member.cloned()),
            claims: self.claims_member.clone(),
            date: self.date_member.clone(),
            kept: kept.to_vec(),
        };
        members.check().map_err(Problem::Usage)?;
        Ok(members)
    }

    /// Where the messages of batches are, with what is `kept` beside them; in outputs they inherit nothing.
    pub(super) fn batch(&self, kept: &[BatchPath], inherits: bool) -> Result<Option<BatchWrapper>, Problem> {
        let Some(path) = self.batch.clone() else { return Ok(None) };
        let wrapper = BatchWrapper { path, kept: kept.to_vec(), inherits };
        wrapper.check().map_err(|error| Problem::Usage(format!("--batch-keep: {error}")))?;
        Ok(Some(wrapper))
    }

    /// The members that hold what a request states, by attribute.
    fn stated(&self) -> [Option<&MemberPath>; Attribute::ALL.len()] {
        let Self { purpose_member, reason_member, line_member, user_member, state_member, .. } = self;
        [purpose_member, reason_member, line_member, user_member, state_member].map(Option::as_ref)
    }

    /// The options that name a member, and whether each is given.
    pub(super) fn given(&self) -> [(&'static str, bool); 10] {
        [
            ("--payload-member", self.payload_member.is_some()),
            ("--payload-base64", self.payload_base64),
            ("--requester-member", self.requester_member.is_some()),
            ("--purpose-member", self.purpose_member.is_some()),
            ("--reason-member", self.reason_member.is_some()),
            ("--line-member", self.line_member.is_some()),
            ("--user-member", self.user_member.is_some()),
            ("--state-member", self.state_member.is_some()),
            ("--claims-member", self.claims_member.is_some()),
            ("--date-member", self.date_member.is_some()),
        ]
    }
}
