//! The arguments that build a filter and name a requester: shared by all verbs that decide who may have what.

use std::path::{Path, PathBuf};

use clap::Args;
use sha2::{Digest, Sha256};

use super::Problem;
use super::date_argument::date;
use super::messages::regular_files;
use dmv_redact::{ConfigError, Date, Filter, FilterBuilder, Instrument, Limits, RequestError, Requester};
use dmv_redact_model::escape::escape;
use dmv_redact_model::hex::hex;
use dmv_redact_model::policy::{Attribute, InstrumentFault, Undeclared};

#[derive(Debug, Args)]
pub(super) struct FilterArguments {
    /// The policy that decides: a file, or the name of a built-in one (`init --help` lists them)
    #[arg(long, value_name = "POLICY")]
    policy: Option<PathBuf>,
    /// The requester's ORI; must agree with the envelopes of the messages
    #[arg(long, value_name = "ORI")]
    requester: Option<String>,
    /// The purpose code of the request, one that the policy declares
    #[arg(long, value_name = "CODE")]
    purpose: Option<String>,
    /// The reason code of the request, one that the policy declares
    #[arg(long, value_name = "CODE")]
    reason: Option<String>,
    /// The line on which the query came, one that the policy declares
    #[arg(long, value_name = "CODE")]
    line: Option<String>,
    /// The person who asks
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// The state whose record it is, by its postal code
    #[arg(long, value_name = "CODE")]
    state: Option<String>,
    /// A claim that you vouch for, one that the policy declares; may be given several times
    #[arg(long = "claim", value_name = "NAME")]
    claims: Vec<String>,
    /// A claim that you vouch for with the instrument behind it, which is recorded and never verified:
    /// claim=NAME,issuer=NAME,number=TEXT,date=YYYY-MM-DD,until=YYYY-MM-DD,specifies=ELEMENT; only the claim must be there,
    /// `specifies` may be there again
    #[arg(long = "instrument", value_name = "KEY=VALUE,...")]
    instruments: Vec<Instrument>,
    /// The date of the request: what the policy says for that day decides [default: today in UTC]
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = date)]
    date: Option<Date>,
    /// Accept messages of this format only
    #[arg(long, value_name = "NAME")]
    format: Option<String>,
    /// Add the formats of this folder: DIR/NAME/format.toml
    #[arg(long, value_name = "DIR")]
    formats: Vec<PathBuf>,
    /// Add the data elements of this catalog
    #[arg(long, value_name = "FILE")]
    catalog: Vec<PathBuf>,
    /// The key of the tokens that a policy writes in place of values: the content of this file, 32 bytes at least, as secret
    /// as the data
    #[arg(long, value_name = "FILE")]
    token_key: Option<PathBuf>,
    /// Set a limit on messages: message-bytes, depth, name-bytes, attributes, namespaces, members
    #[arg(long = "limit", value_name = "NAME=NUMBER")]
    limits: Vec<String>,
}

impl FilterArguments {
    /// The filter that the arguments describe.
    pub(super) fn filter(&self) -> Result<FilterBuilder, ConfigError> {
        let mut builder = Filter::builder();
        if let Some(policy) = &self.policy {
            builder = builder.policy_named(policy);
        }
        for catalog in &self.catalog {
            builder = builder.catalog_path(catalog);
        }
        for formats in &self.formats {
            builder = builder.formats_dir(formats);
        }
        if let Some(format) = &self.format {
            builder = builder.format(format);
        }
        if let Some(key) = &self.token_key {
            builder = builder.token_key_path(key);
        }
        Ok(builder.limits(limits(&self.limits)?))
    }

    /// The date of the request, if it is given.
    pub(super) fn date(&self) -> Option<Date> {
        self.date
    }

    /// The first option that concerns only messages: without a message it would have no effect.
    pub(super) fn of_messages(&self) -> Option<&'static str> {
        match (&self.format, self.limits.as_slice()) {
            (Some(_), _) => Some("--format"),
            (None, [_, ..]) => Some("--limit"),
            (None, []) => self.has_token_key().then_some("--token-key"),
        }
    }

    /// Whether a key of tokens is given.
    pub(super) fn has_token_key(&self) -> bool {
        self.token_key.is_some()
    }

    /// Refuses a key of tokens where no policy of these filters has any.
    pub(super) fn refuse_idle_token_key<'f>(
        &self,
        mut filters: impl Iterator<Item = &'f Filter>,
    ) -> Result<(), Problem> {
        if self.has_token_key() && !filters.any(|filter| filter.decider().has_tokens()) {
            let message = "--token-key has no effect: no rule of the policy releases anything as a token";
            return Err(Problem::Usage(message.to_owned()));
        }
        Ok(())
    }

    /// Everything except the policy that affects results, as text: two runs with the same text have the same results.
    pub(super) fn options(&self) -> impl std::fmt::Debug {
        (&self.requester, self.stated(), &self.claims, &self.instruments, &self.date, &self.format, &self.limits)
    }

    /// A digest of the added catalogs and formats.
    pub(super) fn digest(&self) -> Result<String, Problem> {
        let mut files = self.catalog.clone();
        for folder in &self.formats {
            files.append(&mut regular_files(folder)?);
        }
        let mut digest = Sha256::new();
        for file in files {
            let content = std::fs::read(&file);
            digest.update(content.map_err(|error| Problem::Io(format!("{}: {error}", file.display())))?);
            digest.update([0]);
        }
        Ok(hex(&digest.finalize()))
    }

    /// The files and folders that they name, each with its role.
    pub(super) fn files(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        let policy = self.policy.iter().map(|path| ("the policy", path.as_path()));
        let catalogs = self.catalog.iter().map(|path| ("the catalog", path.as_path()));
        let key = self.token_key.iter().map(|path| ("the key of tokens", path.as_path()));
        policy
            .chain(catalogs)
            .chain(key)
            .chain(self.formats.iter().map(|path| ("the folder of formats", path.as_path())))
    }

    /// The requester that they name. Anything that the filter's policy doesn't declare is wrong usage.
    pub(super) fn requester(&self, filter: &Filter) -> Result<Requester, Problem> {
        self.requester_of(filter, false)
    }

    /// The same; of lines that have dates of their own, these decide whether an instrument counts.
    pub(super) fn requester_of(&self, filter: &Filter, lines_have_dates: bool) -> Result<Requester, Problem> {
        let mut requester = match &self.requester {
            Some(ori) => Requester::new(ori).map_err(|error| Problem::Usage(format!("--requester: {error}")))?,
            None => Requester::from_envelope(),
        };
        for (attribute, value) in Attribute::ALL.into_iter().zip(self.stated()) {
            requester = value.iter().fold(requester, |own, value| own.state(attribute, *value));
        }
        for (index, claim) in self.claims.iter().enumerate() {
            if self.claims.iter().take(index).any(|before| before == claim) {
                return Err(Problem::Usage(format!("--claim: `{}` is given twice", escape(claim))));
            }
            requester = requester.claim(claim);
        }
        requester = self.instruments.iter().cloned().fold(requester, Requester::instrument);
        if let Some(date) = self.date {
            requester = requester.on(date);
        }
        match filter.check_request(&requester) {
            Ok(()) => Ok(requester),
            Err(error) if lines_have_dates && is_about_days(error.what()) => Ok(requester),
            Err(error) => Err(self.undeclared(&error)),
        }
    }

    /// What the request states, by attribute.
    fn stated(&self) -> [Option<&String>; Attribute::ALL.len()] {
        let Self { purpose, reason, line, user, state, .. } = self;
        [purpose, reason, line, user, state].map(Option::as_ref)
    }

    fn undeclared(&self, error: &RequestError) -> Problem {
        // Claims are those of instruments, too.
        let claim = |place| {
            let claims = self.claims.iter().map(String::as_str);
            claims.chain(self.instruments.iter().map(Instrument::claim)).nth(place)
        };
        let (option, text) = match error.what() {
            Undeclared::Value(attribute) | Undeclared::Values(attribute) => {
                let mut stated = Attribute::ALL.into_iter().zip(self.stated());
                let value = stated.find(|(own, _)| *own == attribute).and_then(|(_, value)| value);
                (format!("--{}", attribute.name()), value.map(String::as_str))
            }
            Undeclared::Claim(place) if place >= self.claims.len() => ("--instrument".to_owned(), claim(place)),
            Undeclared::Claim(place) | Undeclared::NoInstrument(place) => ("--claim".to_owned(), claim(place)),
            Undeclared::Instrument(place, _) => {
                (with_part("--instrument", error.what()), self.instruments.get(place).map(Instrument::claim))
            }
        };
        let text = escape(text.unwrap_or_default());
        Problem::Usage(format!("{option}: {} `{text}`; {}", error.what().heading(), error.help()))
    }
}

/// Whether an instrument only doesn't count on the date of the request.
pub(super) fn is_about_days(what: Undeclared) -> bool {
    matches!(what, Undeclared::Instrument(_, InstrumentFault::NotYet | InstrumentFault::Expired))
}

/// An option, and the part of its instrument that is wrong.
pub(super) fn with_part(option: &str, what: Undeclared) -> String {
    match what {
        Undeclared::Instrument(_, fault) => format!("{option}, `{}`", fault.part()),
        _ => option.to_owned(),
    }
}

/// The limits that these settings specify, each set once: the first of two would have no effect.
pub(super) fn limits(settings: &[String]) -> Result<Limits, ConfigError> {
    let mut limits = Limits::default();
    for (index, setting) in settings.iter().enumerate() {
        limits.set(setting)?;
        if settings.iter().take(index).any(|before| limit_name(before) == limit_name(setting)) {
            return Err(ConfigError::of_file("--limit", format!("`{}` is set twice", limit_name(setting))));
        }
    }
    Ok(limits)
}

fn limit_name(setting: &str) -> &str {
    setting.split('=').next().unwrap_or_default().trim()
}
