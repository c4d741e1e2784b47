//! Matrix tests as written in their file: what a class may get, row by row; everything else must be denied.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::policies::{FilterKey, Filters, PolicyFinder};
use super::settings::undeclared;
use crate::survey::Survey;
use dmv_redact::{Filter, Requester};
use dmv_redact_model::catalog::{ElementId, GROUP_PREFIX, Treatment};
use dmv_redact_model::config::{ConfigError, Document, Errors, Lines, Spanned, all};
use dmv_redact_model::policy::{
    Attribute, Attributes, ClaimSet, ClassId, MessageKeyId, Ori, Stated, Verdict, table_date,
};

/// The file name of matrix tests.
pub(super) const MATRIX_FILE: &str = "matrix.toml";

/// The word for a request that doesn't state an attribute.
const NONE: &str = "none";

/// The word for a value of an attribute that no rule names.
const OTHER: &str = "other";

/// What each agency class may get; everything else must be denied.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct RawMatrix {
    /// The policy: a name, or a path relative to this file; left out: the built-in baseline. `test --policy`
    /// overrides it.
    policy: Option<Spanned<String>>,
    /// What a requester may get, in each situation that is named; everything else must be denied.
    #[serde(default)]
    may: Vec<RawRow>,
}

/// The JSON Schema of matrix tests, from the type that loads it. The writer of the schema
/// files adds what types can't express.
#[cfg(feature = "schema")]
pub fn matrix_schema(generator: schemars::SchemaGenerator) -> schemars::Schema {
    generator.into_root_schema_for::<RawMatrix>()
}

type Names = Spanned<Vec<Spanned<String>>>;

/// Everything that a requester may get.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct RawRow {
    /// What it shows, for people. Every row of a file has another.
    title: Spanned<String>,
    /// Who asks, an ORI; or `agencies`.
    requester: Option<Spanned<String>>,
    /// Who asks: those who are in exactly these agency classes; or `requester`.
    agencies: Option<Names>,
    /// The purpose codes; "none" is no purpose. Left out: every one that the policy declares, and none.
    purposes: Option<Names>,
    /// The reason codes; "none" is no reason, "other" any that no rule names. Left out: every one that the policy tells
    /// apart.
    reasons: Option<Names>,
    /// The lines, in the same way.
    lines: Option<Names>,
    /// The users, in the same way.
    users: Option<Names>,
    /// The states whose records they are, in the same way.
    states: Option<Names>,
    /// The message keys; left out: every one that the policy distinguishes.
    messages: Option<Names>,
    /// The claims that are vouched for, exactly.
    #[serde(default)]
    claims: Vec<Spanned<String>>,
    /// Claims that are vouched for with an instrument that specifies every data element; those behind other claims specify
    /// none.
    #[serde(default)]
    specified: Vec<Spanned<String>>,
    /// The date of the request, YYYY-MM-DD; left out: that of `test --date`, or today.
    date: Option<Spanned<String>>,
    /// `held` or `withheld`; left out: the message is rewritten.
    disposition: Option<Spanned<String>>,
    /// All data elements that go out, or would once approved: ids, prefixes, or `group:NAME`.
    #[serde(default)]
    elements: Vec<Spanned<String>>,
    /// How elements are released; left out: in full.
    #[serde(rename = "as", default)]
    treatments: BTreeMap<Spanned<String>, Treatment>,
    /// All duties that follow from the outcome, as reports tell them: `notify-subject within 3 business days`. Left out: none
    /// may follow.
    #[serde(default)]
    duties: Vec<Spanned<String>>,
}

impl RawRow {
    /// The values that it names, by attribute.
    fn attributes(&self) -> [Option<&Names>; Attribute::ALL.len()] {
        let Self { purposes, reasons, lines, users, states, .. } = self;
        [purposes, reasons, lines, users, states].map(Option::as_ref)
    }
}

/// A file of matrix tests, not yet resolved by its policy.
#[derive(Debug)]
pub(super) struct MatrixTest {
    /// Its folder, relative to the one that was searched.
    name: String,
    file: PathBuf,
    text: String,
    /// Each row, with the key of the filter that it is for.
    rows: Vec<(RawRow, FilterKey)>,
}

/// One row: who asks, in which situations, and the complete grant that they must have.
#[derive(Debug)]
pub(super) struct MatrixRowTest {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) file: PathBuf,
    pub(super) line: usize,
    pub(super) filter_key: FilterKey,
    pub(super) requester: RowRequester,
    pub(super) stated: Vec<Attributes>,
    pub(super) messages: Vec<Option<MessageKeyId>>,
    pub(super) claims: ClaimSet,
    pub(super) verdict: Verdict,
    /// How each element of the catalog must be released; `None` if it must not be.
    pub(super) granted: Vec<Option<Treatment>>,
    /// The duties that must follow, in words.
    pub(super) duties: BTreeSet<String>,
}

/// Who asks.
#[derive(Debug)]
pub(super) struct RowRequester {
    pub(super) ori: Ori,
    pub(super) classes: Vec<ClassId>,
}

impl MatrixTest {
    pub(super) fn load(
        name: String,
        file: &Path,
        text: String,
        policies: &PolicyFinder<'_>,
    ) -> Result<Self, ConfigError> {
        let displayed = file.display().to_string();
        let document = Document { file: &displayed, text: &text };
        let raw: RawMatrix = document.parse()?;
        if raw.may.is_empty() {
            return Err(ConfigError::of_file(displayed, "it says nothing").help("add a `[[may]]`"));
        }
        let mut errors = Errors::default();
        let mut titles = BTreeSet::new();
        for row in &raw.may {
            if !titles.insert(row.title.get_ref()) {
                let message = format!("`{}` is the title of another row too", row.title.get_ref());
                errors.push(document.error(&row.title.span(), message));
            }
        }
        let folder = file.parent().unwrap_or(Path::new(""));
        let policy = errors.take(policies.find(&document, folder, raw.policy.as_ref())).flatten();
        let mut rows = Vec::with_capacity(raw.may.len());
        for row in raw.may {
            let date = row.date.as_ref().map(|date| table_date(&document, date)).transpose();
            let date = errors.take(date).flatten();
            rows.push((row, FilterKey { policy: policy.clone(), format: None, date }));
        }
        errors.finish()?;
        Ok(Self { name, file: file.to_owned(), rows, text })
    }

    /// The keys of the filters that its rows are for.
    pub(super) fn filter_keys(&self) -> impl Iterator<Item = &FilterKey> {
        self.rows.iter().map(|(_, key)| key)
    }

    /// The rows, with every name resolved by the policy. Rows whose filter couldn't be built are left out.
    pub(super) fn rows(&self, filters: &Filters) -> Result<Vec<MatrixRowTest>, ConfigError> {
        let file = self.file.display().to_string();
        let document = Document { file: &file, text: &self.text };
        let keys: BTreeSet<&FilterKey> = self.filter_keys().collect();
        let built = keys.into_iter().filter_map(|key| Some((key, filters.get(key)?)));
        let surveys: BTreeMap<&FilterKey, (&Filter, Survey<'_>)> =
            built.map(|(key, filter)| (key, (filter, Survey::of(filter.decider())))).collect();
        let built = self.rows.iter().filter_map(|(row, key)| Some((row, key, surveys.get(key)?)));
        all(built.map(|(row, key, (filter, survey))| {
            let resolver = Resolver { document: &document, filter, survey };
            resolver.row(self, row, key)
        }))
    }
}

/// Resolves the names in a row.
struct Resolver<'a> {
    document: &'a Document<'a>,
    filter: &'a Filter,
    survey: &'a Survey<'a>,
}

impl Resolver<'_> {
    fn row(&self, matrix: &MatrixTest, raw: &RawRow, key: &FilterKey) -> Result<MatrixRowTest, ConfigError> {
        let mut errors = Errors::default();
        let verdict = errors.take(self.verdict(raw));
        let granted = errors.take(self.granted(raw));
        match (verdict, raw.elements.as_slice()) {
            (Some(Verdict::Nothing), [first, ..]) => {
                let message = "of a message that is withheld nothing goes out: leave `elements` out";
                errors.push(self.document.error(&first.span(), message));
            }
            (Some(Verdict::Rewrite), []) => {
                let error = self.document.error(&raw.title.span(), "this row names no `elements`");
                errors.push(error.help("where nothing may go out, write `disposition = \"withheld\"`, or \"held\""));
            }
            _ => {}
        }
        let requester = errors.take(self.requester(raw));
        let stated = errors.take(self.stated(raw));
        let messages = errors.take(self.messages(raw.messages.as_ref()));
        let claims = errors.take(self.claims(&raw.claims));
        let specified = errors.take(self.claims(&raw.specified));
        errors.finish()?;
        let (
            Some(verdict),
            Some(granted),
            Some(requester),
            Some(stated),
            Some(messages),
            Some(claims),
            Some(specified),
        ) = (verdict, granted, requester, stated, messages, claims, specified)
        else {
            // Missing only if there was an error.
            return Err(self.document.error(&raw.title.span(), "this row can't be read"));
        };
        let title = raw.title.get_ref().clone();
        Ok(MatrixRowTest {
            name: format!("{}: {title}", matrix.name),
            title,
            file: matrix.file.clone(),
            line: Lines::of(self.document.text).position(raw.title.span().start).line,
            filter_key: key.clone(),
            requester,
            stated,
            messages,
            claims: claims.union(self.survey.policy().with_specified(specified)),
            verdict,
            granted,
            duties: raw.duties.iter().map(|duty| duty.get_ref().clone()).collect(),
        })
    }

    fn verdict(&self, raw: &RawRow) -> Result<Verdict, ConfigError> {
        let Some(word) = &raw.disposition else { return Ok(Verdict::Rewrite) };
        match word.get_ref().as_str() {
            "held" => Ok(Verdict::Review),
            "withheld" => Ok(Verdict::Nothing),
            other => {
                let error = self.document.error(&word.span(), format!("a row is not `{other}`"));
                let is_near = ["held", "withheld"].into_iter().any(|known| strsim::levenshtein(known, other) < 3);
                Err(if is_near {
                    error.nearest(other, ["held", "withheld"])
                } else {
                    error.help("held, withheld, or left out: the message is rewritten")
                })
            }
        }
    }

    /// The named requester, or one that has exactly these classes.
    fn requester(&self, raw: &RawRow) -> Result<RowRequester, ConfigError> {
        let policy = self.survey.policy();
        match (&raw.requester, &raw.agencies) {
            (Some(requester), None) => {
                let text = requester.get_ref();
                let ori = Ori::parse(text)
                    .map_err(|fault| self.document.error(&requester.span(), format!("`{text}` is no ORI: {fault}")))?;
                Ok(RowRequester { ori, classes: policy.classes_of(ori) })
            }
            (None, Some(agencies)) => {
                let mut classes = self.all(agencies.get_ref(), |name| self.class(name))?;
                classes.sort_unstable();
                let of = self.survey.populations()?.iter().find(|population| population.classes == classes);
                let population = of.ok_or_else(|| {
                    let message = "no ORI is in exactly these agency classes";
                    self.document.error(&agencies.span(), message)
                })?;
                Ok(RowRequester { ori: population.example, classes })
            }
            (Some(both), Some(_)) => {
                Err(self.document.error(&both.span(), "a row names a `requester` or `agencies`, not both"))
            }
            (None, None) => {
                let error = self.document.error(&raw.title.span(), "this row names nobody");
                Err(error.help("add `requester = \"ORI\"` or `agencies = [...]`"))
            }
        }
    }

    fn class(&self, name: &Spanned<String>) -> Result<ClassId, ConfigError> {
        let classes = self.survey.policy().classes();
        let index = classes.iter().position(|class| class.name == *name.get_ref());
        index
            .and_then(|index| ClassId::try_from(index).ok())
            .ok_or_else(|| self.unknown(name, "agency class", classes.iter().map(|class| class.name.as_str())))
    }

    /// Everything that the row's requests state; by default whatever may be stated.
    fn stated(&self, raw: &RawRow) -> Result<Vec<Attributes>, ConfigError> {
        let mut all = self.survey.stated()?;
        let mut errors = Errors::default();
        for (attribute, names) in Attribute::ALL.into_iter().zip(raw.attributes()) {
            let Some(names) = names else { continue };
            if let Some(named) = errors.take(self.some(names, |name| self.value(attribute, name))) {
                all.retain(|attributes| named.contains(&attributes.get(attribute)));
                all.sort_by_key(|attributes| named.iter().position(|own| *own == attributes.get(attribute)));
            }
        }
        errors.finish()?;
        Ok(all)
    }

    /// What a name says of an attribute.
    fn value(&self, attribute: Attribute, name: &Spanned<String>) -> Result<Stated, ConfigError> {
        let policy = self.survey.policy();
        let stated = match name.get_ref().as_str() {
            NONE => Some(Stated::Absent),
            OTHER if attribute != Attribute::Purpose => policy.other(attribute),
            value => policy.find(attribute, value),
        };
        match stated {
            None => Err(self.undeclared_value(attribute, name)),
            Some(Stated::Absent) if name.get_ref() != NONE => {
                let message = format!("no rule of the policy names a {}", attribute.name());
                Err(self.document.error(&name.span(), message).help("leave it out"))
            }
            Some(Stated::Other) if name.get_ref() != OTHER => {
                let message = format!("no rule of the policy names this {}", attribute.name());
                Err(self.document.error(&name.span(), message).help("write `other` for all that none names"))
            }
            Some(stated) => Ok(stated),
        }
    }

    fn undeclared_value(&self, attribute: Attribute, name: &Spanned<String>) -> ConfigError {
        let requester = Requester::from_envelope().state(attribute, name.get_ref().as_str());
        match self.filter.check_request(&requester) {
            Err(error) => undeclared(self.document, name, &error),
            Ok(()) => self.unknown(
                name,
                attribute.name(),
                self.survey.policy().declared(attribute).iter().map(String::as_str),
            ),
        }
    }

    /// The named ones; by default every key that the policy distinguishes, and another one.
    fn messages(&self, names: Option<&Names>) -> Result<Vec<Option<MessageKeyId>>, ConfigError> {
        let Some(names) = names else { return Ok(self.survey.messages()) };
        let known = self.filter.messages();
        self.some(names, |name| {
            let index = known.iter().position(|key| key == name.get_ref());
            let index = index.and_then(|index| u16::try_from(index).ok());
            let id = index.map(|index| Some(MessageKeyId(index)));
            id.ok_or_else(|| self.unknown(name, "message key", known.iter().map(String::as_str)))
        })
    }

    fn claims(&self, names: &[Spanned<String>]) -> Result<ClaimSet, ConfigError> {
        let policy = self.survey.policy();
        let declared = policy.declared_claims();
        all(names.iter().map(|name| match declared.contains(name.get_ref()) {
            true => Ok(()),
            false => Err(self.unknown(name, "claim", declared.iter().map(String::as_str))),
        }))?;
        Ok(policy.claim_set(names.iter().map(|name| name.get_ref().as_str())))
    }

    /// The grant that the row expects: the envelope, and the elements that it names.
    fn granted(&self, raw: &RawRow) -> Result<Vec<Option<Treatment>>, ConfigError> {
        let catalog = self.filter.catalog();
        let mut granted: Vec<Option<Treatment>> =
            catalog.iter().map(|(_, element)| element.is_in_every_grant().then_some(Treatment::Full)).collect();
        for id in all(raw.elements.iter().map(|selector| self.select(selector)))?.concat() {
            if let Some(slot) = granted.get_mut(id.index()) {
                *slot = Some(Treatment::Full);
            }
        }
        // The most specific key wins, as in a policy.
        let mut keys: Vec<_> = raw.treatments.iter().collect();
        keys.sort_by_key(|(key, _)| match key.get_ref().starts_with(GROUP_PREFIX) {
            true => 0,
            false => key.get_ref().len(),
        });
        for (key, treatment) in keys {
            let mut is_used = false;
            for id in self.select(key)? {
                let Some(slot) = granted.get_mut(id.index()).filter(|slot| slot.is_some()) else { continue };
                if !catalog.element(id).is_some_and(|element| element.kind().takes(*treatment)) {
                    let message = format!("`{}` doesn't take the treatment `{}`", key.get_ref(), treatment.name());
                    return Err(self.document.error(&key.span(), message));
                }
                *slot = Some(*treatment);
                is_used = true;
            }
            if !is_used {
                let message = format!("`as` names `{}`, which this row doesn't", key.get_ref());
                return Err(self.document.error(&key.span(), message));
            }
        }
        Ok(granted)
    }

    /// The elements that a selector names.
    fn select(&self, selector: &Spanned<String>) -> Result<Vec<ElementId>, ConfigError> {
        let catalog = self.filter.catalog();
        let name = selector.get_ref();
        let selected = catalog.select(name);
        if selected.is_empty() {
            return Err(self.unknown(selector, "data element", catalog.selectors().iter().map(String::as_str)));
        }
        if selected.iter().any(|id| catalog.element(*id).is_some_and(|element| element.is_envelope())) {
            let message = format!("`{name}` is of the envelope, which every grant holds: no row names it");
            return Err(self.document.error(&selector.span(), message));
        }
        Ok(selected)
    }

    /// Resolves each name of a list that must not be empty, without duplicates.
    fn some<T: PartialEq>(
        &self,
        names: &Names,
        resolve: impl Fn(&Spanned<String>) -> Result<T, ConfigError>,
    ) -> Result<Vec<T>, ConfigError> {
        match names.get_ref().as_slice() {
            [] => Err(self.document.error(&names.span(), "an empty list asks for nothing: leave it out for \"each\"")),
            list => self.all(list, resolve),
        }
    }

    fn all<T: PartialEq>(
        &self,
        names: &[Spanned<String>],
        resolve: impl Fn(&Spanned<String>) -> Result<T, ConfigError>,
    ) -> Result<Vec<T>, ConfigError> {
        let mut errors = Errors::default();
        let mut each = Vec::new();
        for name in names {
            let Some(one) = errors.take(resolve(name)) else { continue };
            if each.contains(&one) {
                errors.push(self.document.error(&name.span(), format!("`{}` is named twice", name.get_ref())));
            }
            each.push(one);
        }
        errors.finish()?;
        Ok(each)
    }

    fn unknown<'k>(&self, name: &Spanned<String>, what: &str, known: impl IntoIterator<Item = &'k str>) -> ConfigError {
        let error = self.document.error(&name.span(), format!("unknown {what} `{}`", name.get_ref()));
        error.nearest(name.get_ref(), known)
    }
}
