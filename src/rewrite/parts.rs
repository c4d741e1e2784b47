//! What a filter knows, and what it needs while it rewrites one message.

use std::sync::Arc;

use super::identity::FilterIdentity;
use super::json::JsonBuffers;
use super::receipt::Record;
use super::session::SessionBuffers;
use super::xml::XmlBuffers;
use crate::read::Limits;
use crate::read::xml::XmlState;
use dmv_redact_model::catalog::Catalog;
use dmv_redact_model::format::Formats;
use dmv_redact_model::manifest::Manifest;
use dmv_redact_model::policy::{AttributeSet, Policy};
use dmv_redact_model::token::TokenKey;

/// What a filter knows.
#[derive(Debug)]
pub struct Parts {
    /// The data elements.
    pub catalog: Arc<Catalog>,
    /// The formats.
    pub formats: Arc<Formats>,
    /// The policy.
    pub policy: Policy,
    /// The attributes of a request that the policy tells apart: where a format states any of them, the envelope is read ahead.
    pub told_apart: AttributeSet,
    /// The limits on messages.
    pub limits: Limits,
    /// The only format that messages may be of, if the caller named one.
    pub only_format: Option<String>,
    /// The key of tokens.
    pub token_key: Option<TokenKey>,
    /// What tells this filter's decisions from those of others.
    pub identity: Arc<FilterIdentity>,
}

/// What one message needs while it is rewritten; reused by the next.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    /// The text of a message that isn't UTF-8.
    pub(super) transcoded: String,
    pub(super) rewriting: RewriteBuffers,
    /// The record of the previous receipt: reused if no copy of it is left.
    pub(super) record: Option<Arc<Record>>,
}

impl Buffers {
    /// What the message before released.
    pub(crate) fn manifest(&self) -> &Manifest {
        &self.rewriting.session.manifest
    }
}

#[derive(Debug, Default)]
pub(super) struct RewriteBuffers {
    pub(super) session: SessionBuffers,
    pub(super) xml_state: XmlState,
    pub(super) xml: XmlBuffers,
    pub(super) json: JsonBuffers,
}
