//! A message case as written in its folder: a message, who asks, and what must become of it.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::expectation::{Expectation, RawExpectation};
use super::policies::{FilterKey, PolicyFinder};
use dmv_redact::{Filter, Requester};
use dmv_redact_model::config::{ConfigError, Document, Errors, Spanned};
use dmv_redact_model::policy::{Attribute, InstrumentText, table_date};

/// The file name of a message case.
pub(super) const CASE_FILE: &str = "case.toml";

/// A message and its expected result.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct RawCase {
    /// What it shows, for people.
    title: String,
    /// The policy: a name, or a path relative to this file; left out: the built-in baseline. `test --policy`
    /// overrides it.
    policy: Option<Spanned<String>>,
    /// Take the message for one of this format.
    format: Option<Spanned<String>>,
    /// The message's file; left out: `message.xml` or `message.json` beside this file.
    message: Option<Spanned<String>>,
    /// Who asks, an ORI; left out: the message's own envelope says so.
    requester: Option<Spanned<String>>,
    /// The purpose code of the request.
    purpose: Option<Spanned<String>>,
    /// The reason code of the request.
    reason: Option<Spanned<String>>,
    /// The line on which the query came.
    line: Option<Spanned<String>>,
    /// The person who asks.
    user: Option<Spanned<String>>,
    /// The state whose record it is.
    state: Option<Spanned<String>>,
    /// The claims that are vouched for.
    #[serde(default)]
    claims: Vec<Spanned<String>>,
    /// Claims that are vouched for with the instruments behind them.
    #[serde(default)]
    instruments: Vec<Spanned<InstrumentText>>,
    /// The date of the request, YYYY-MM-DD; left out: that of `test --date`, or today.
    date: Option<Spanned<String>>,
    /// The expected result of the message.
    expect: RawExpectation,
}

/// The JSON Schema of a message case, from the type that loads it. The writer of the schema
/// files adds what types can't express.
#[cfg(feature = "schema")]
pub fn case_schema(generator: schemars::SchemaGenerator) -> schemars::Schema {
    generator.into_root_schema_for::<RawCase>()
}

/// A message case.
#[derive(Debug)]
pub(super) struct MessageCase {
    /// Its folder, relative to the one that was searched.
    pub(super) name: String,
    pub(super) title: String,
    /// The file of the case.
    pub(super) file: PathBuf,
    pub(super) filter_key: FilterKey,
    pub(super) requester: Requester,
    /// What the request states.
    pub(super) stated: Vec<(Attribute, Spanned<String>)>,
    pub(super) claims: Vec<Spanned<String>>,
    /// The claims that instruments are behind.
    pub(super) instruments: Vec<Spanned<String>>,
    pub(super) message: PathBuf,
    /// The path of the expected output, whether it exists or not.
    pub(super) expected: PathBuf,
    pub(super) expectation: Expectation,
}

impl MessageCase {
    /// Reads a case. `known` is a filter with the available catalog and formats.
    pub(super) fn load(
        name: String,
        file: &Path,
        text: &str,
        policies: &PolicyFinder<'_>,
        known: &Filter,
    ) -> Result<Self, ConfigError> {
        let displayed = file.display().to_string();
        let document = Document { file: &displayed, text };
        let mut errors = Errors::default();
        let Some(raw) = document.read::<RawCase>(&mut errors) else {
            errors.finish()?;
            return Err(ConfigError::of_file(displayed, "can't be read as a case"));
        };
        let folder = file.parent().unwrap_or(Path::new(""));
        if let Some(format) = &raw.format
            && !known.format_names().any(|name| name == format.get_ref())
        {
            let error = document.error(&format.span(), format!("unknown format `{}`", format.get_ref()));
            errors.push(error.nearest(format.get_ref(), known.format_names()));
        }
        let named = raw.requester.as_ref().and_then(|ori| {
            errors.take(Requester::new(ori.get_ref()).map_err(|error| document.error(&ori.span(), error.to_string())))
        });
        let mut requester = named.unwrap_or_else(Requester::from_envelope);
        let stated = Attribute::ALL.into_iter().zip([raw.purpose, raw.reason, raw.line, raw.user, raw.state]);
        let stated: Vec<_> = stated.filter_map(|(attribute, value)| Some((attribute, value?))).collect();
        for (attribute, value) in &stated {
            requester = requester.state(*attribute, value.get_ref().as_str());
        }
        for (index, claim) in raw.claims.iter().enumerate() {
            if raw.claims.iter().take(index).any(|before| before.get_ref() == claim.get_ref()) {
                errors.push(document.error(&claim.span(), format!("`{}` is named twice", claim.get_ref())));
            }
        }
        let mut requester =
            raw.claims.iter().fold(requester, |requester, claim| requester.claim(claim.get_ref().as_str()));
        for text in &raw.instruments {
            let instrument = text.get_ref().clone().read();
            let instrument = errors.take(instrument.map_err(|fault| document.error(&text.span(), fault)));
            requester = instrument.into_iter().fold(requester, Requester::instrument);
        }
        let instruments = raw.instruments.iter();
        let instruments = instruments.map(|text| Spanned::new(text.span(), text.get_ref().claim.clone())).collect();
        let date = raw.date.as_ref().map(|date| table_date(&document, date)).transpose();
        let date = errors.take(date).flatten();
        let message = errors.take(message(&document, folder, raw.message.as_ref()));
        let policy = errors.take(policies.find(&document, folder, raw.policy.as_ref()));
        let expected = message.as_ref().and_then(|message| errors.take(expected(&document, folder, message)));
        let expectation = errors.take(Expectation::load(&document, raw.expect, known.catalog()));
        errors.finish()?;
        let (Some(message), Some(policy), Some(expected), Some(expectation)) = (message, policy, expected, expectation)
        else {
            // Missing only if there was an error.
            return Err(ConfigError::of_file(displayed, "can't be read as a case"));
        };
        Ok(Self {
            name,
            title: raw.title,
            file: file.to_owned(),
            filter_key: FilterKey { policy, format: raw.format.map(Spanned::into_inner), date },
            requester,
            stated,
            claims: raw.claims,
            instruments,
            expected,
            message,
            expectation,
        })
    }
}

/// The message of a case: the one that it names, or the one next to it.
fn message(document: &Document<'_>, folder: &Path, named: Option<&Spanned<String>>) -> Result<PathBuf, ConfigError> {
    if let Some(named) = named {
        let path = folder.join(named.get_ref());
        return match path.is_file() {
            true => Ok(path),
            false => Err(document.error(&named.span(), format!("there is no message {}", path.display()))),
        };
    }
    match beside(folder, "message") {
        [Some(_), Some(_)] => Err(ConfigError::of_file(document.file, "two messages: message.xml and message.json")),
        [Some(path), None] | [None, Some(path)] => Ok(path),
        [None, None] => Err(ConfigError::of_file(document.file, "there is no message beside it")
            .help("put message.xml or message.json there, or write `message = \"PATH\"`")),
    }
}

/// The path of the expected output, whether it exists or not.
fn expected(document: &Document<'_>, folder: &Path, message: &Path) -> Result<PathBuf, ConfigError> {
    match beside(folder, "expected") {
        [Some(_), Some(_)] => {
            Err(ConfigError::of_file(document.file, "two expected outputs: expected.xml and expected.json"))
        }
        [Some(path), None] | [None, Some(path)] => Ok(path),
        [None, None] => {
            let is_json = message.extension().is_some_and(|ending| ending == "json");
            Ok(folder.join(if is_json { "expected.json" } else { "expected.xml" }))
        }
    }
}

/// The files of this name in a folder, as XML and as JSON.
fn beside(folder: &Path, name: &str) -> [Option<PathBuf>; 2] {
    ["xml", "json"].map(|ending| Some(folder.join(format!("{name}.{ending}"))).filter(|path| path.is_file()))
}
