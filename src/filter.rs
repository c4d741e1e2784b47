//! The filter: catalog, formats and policy put together once, immutable, shared by all threads. It runs the first reading
//! and, before anything goes out, the second.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use crate::catalog::Catalog;
use crate::config::{ConfigError, Document, read_file};
use crate::format::Formats;
use crate::policy::{Ori, Policy, Requester};
use crate::read::{Limits, Reason, Refusal};
use crate::rewrite::{self, Buffers, Parts, Receipt};
use crate::verify::Verifier;

/// The policy that decides when none is named.
const BASELINE: (&str, &str) = ("policies/baseline.toml", include_str!("../policies/baseline.toml"));

/// The filter. Build it once; it is `Send` and `Sync`, and cloning shares it.
///
/// ```
/// use dmv_redact::{Filter, Requester};
///
/// let filter = Filter::builder().build()?; // the built-in baseline policy
/// let requester = Requester::new("AZ0070000")?.purpose("C");
/// let mut out = Vec::new();
/// let receipt = filter.redact(b"no message at all", &requester, &mut out);
/// assert!(!receipt.disposition().releases() && out.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Filter {
    parts: Arc<Parts>,
    /// The second reading, unless it was turned off.
    verifier: Option<Arc<Verifier>>,
    idle: Arc<Mutex<Vec<Buffers>>>,
}

/// One message of a batch and who asked for it.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The message, XML or JSON.
    pub message: &'a [u8],
    /// Who will receive it.
    pub requester: &'a Requester,
}

/// What became of one message of a batch.
#[derive(Debug, Clone)]
pub struct Redaction {
    /// What may be sent on; empty unless the receipt's disposition releases.
    pub output: Vec<u8>,
    /// The record of it.
    pub receipt: Receipt,
}

impl Filter {
    /// Begins a filter with the built-in catalog, formats and baseline policy.
    pub fn builder() -> FilterBuilder {
        FilterBuilder::default()
    }

    /// Lets through of `message` what the policy permits `requester`, into `out`, which is cleared first.
    ///
    /// It can't fail in a way that could be taken for a release: unless the receipt's disposition
    /// [releases](crate::Disposition::releases), `out` is empty. It never panics; the time is linear in the length of the message, the memory
    /// bounded by it.
    pub fn redact(&self, message: &[u8], requester: &Requester, out: &mut Vec<u8>) -> Receipt {
        let mut buffers = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        let check = |output: &[u8], receipt: &Receipt| self.read_again(output, receipt);
        let receipt = rewrite::redact(&self.parts, message, requester, &mut buffers, out, check);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(buffers);
        receipt
    }

    /// The second reading of what the first would release.
    fn read_again(&self, output: &[u8], receipt: &Receipt) -> Result<(), Refusal> {
        let (Some(verifier), Some(format), Some(grant)) = (&self.verifier, receipt.format(), receipt.grant()) else {
            return Ok(());
        };
        let refuse = |detail| Err(Refusal::whole(Reason::SecondReading, detail));
        let reading = match verifier.read(output, format, &|element| grant.treatment(element)) {
            Ok(reading) => reading,
            Err(fault) => return refuse(fault.what()),
        };
        let is_other = |read: Option<&str>, known: Option<&str>| read.is_some() && read != known;
        if is_other(reading.message_key(), receipt.message_type()) {
            return refuse("another message key than was decided on");
        }
        if is_other(reading.requester(), receipt.requester().as_ref().map(Ori::as_str)) {
            return refuse("another requester than was decided on");
        }
        let agrees = |element| {
            let (passed, found) = (receipt.passed(element), reading.of(element));
            passed <= found.values && passed >= found.values - found.doubtful
        };
        if !self.parts.catalog.iter().all(|(element, _)| agrees(element)) {
            return refuse("other values than were decided on");
        }
        Ok(())
    }

    /// Redacts messages in parallel on the current rayon thread pool. The results are in the order of the requests; what
    /// becomes of one message never touches another.
    #[must_use]
    pub fn redact_batch(&self, requests: &[Request<'_>]) -> Vec<Redaction> {
        let redact = |request: &Request<'_>| {
            let mut output = Vec::new();
            let receipt = self.redact(request.message, request.requester, &mut output);
            Redaction { output, receipt }
        };
        requests.par_iter().map(redact).collect()
    }

    /// The data elements that the filter knows.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.parts.catalog
    }

    /// The largest message, in bytes, that the filter reads.
    #[must_use]
    pub fn message_bytes(&self) -> usize {
        self.parts.limits.message_bytes
    }
}

/// What a filter is built from. Every setting may be left out.
#[derive(Debug, Clone, Default)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct FilterBuilder {
    policy: PolicySource,
    catalogs: Vec<PathBuf>,
    formats_dirs: Vec<PathBuf>,
    only_format: Option<String>,
    limits: Limits,
    one_reading: bool,
}

#[derive(Debug, Clone, Default)]
enum PolicySource {
    #[default]
    Baseline,
    Path(PathBuf),
    Text {
        name: String,
        text: String,
    },
}

impl FilterBuilder {
    /// Reads the policy from this file; its ORI files are looked for beside it.
    pub fn policy_path(mut self, path: impl Into<PathBuf>) -> Self {
        self.policy = PolicySource::Path(path.into());
        self
    }

    /// Takes the policy from `text`; `name` is what errors call it by. Such a policy can have no ORI files.
    pub fn policy_text(mut self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.policy = PolicySource::Text { name: name.into(), text: text.into() };
        self
    }

    /// Adds the data elements of this file to the catalog.
    pub fn catalog_path(mut self, path: impl Into<PathBuf>) -> Self {
        self.catalogs.push(path.into());
        self
    }

    /// Adds every format in this folder: `<folder>/<name>/format.toml`.
    pub fn formats_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.formats_dirs.push(folder.into());
        self
    }

    /// Takes messages of this format only; needed for a JSON format without a root member.
    pub fn format(mut self, name: impl Into<String>) -> Self {
        self.only_format = Some(name.into());
        self
    }

    /// Sets how large a message may be.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Whether every output is read a second time, by other code, before it is released. On by default; a switch that has
    /// measured its need may turn it off.
    pub fn second_reading(mut self, on: bool) -> Self {
        self.one_reading = !on;
        self
    }

    /// Reads everything and puts the filter together.
    ///
    /// # Errors
    /// When a file can't be read or is wrong; the error names file, line, column and the nearest right spelling.
    pub fn build(self) -> Result<Filter, ConfigError> {
        let catalogs = self.catalogs.iter().map(|path| read(path)).collect::<Result<Vec<_>, _>>()?;
        let catalog = Catalog::load(&catalogs.iter().map(File::document).collect::<Vec<_>>())?;
        let mut files = Vec::new();
        for folder in &self.formats_dirs {
            files.extend(read_formats(folder)?);
        }
        let formats = Formats::load(&files.iter().map(File::document).collect::<Vec<_>>(), &catalog)?;
        if let Some(name) = self.only_format.as_deref()
            && formats.by_name(name).is_none()
        {
            let error = ConfigError::of_file("--format", format!("unknown format `{name}`"));
            return Err(error.nearest(name, formats.names()));
        }
        let (file, folder) = match &self.policy {
            PolicySource::Baseline => (File { name: BASELINE.0.to_owned(), text: BASELINE.1.to_owned() }, None),
            PolicySource::Path(path) => (read(path)?, Some(path.parent().unwrap_or(Path::new("")))),
            PolicySource::Text { name, text } => (File { name: name.clone(), text: text.clone() }, None),
        };
        let policy = Policy::load(&file.document(), folder, &catalog, formats.messages())?;
        let parts =
            Parts { catalog: Arc::new(catalog), formats, policy, limits: self.limits, only_format: self.only_format };
        let verifier = match self.one_reading {
            true => None,
            false => Some(Arc::new(Verifier::new(&parts.catalog, &parts.formats)?)),
        };
        Ok(Filter { parts: Arc::new(parts), verifier, idle: Arc::default() })
    }
}

/// A configuration file that has been read.
struct File {
    name: String,
    text: String,
}

impl File {
    fn document(&self) -> Document<'_> {
        Document { file: &self.name, text: &self.text }
    }
}

fn read(path: &Path) -> Result<File, ConfigError> {
    Ok(File { name: path.display().to_string(), text: read_file(path)? })
}

/// The `format.toml` of every folder in `folder`, by name, so that errors come in one order.
fn read_formats(folder: &Path) -> Result<Vec<File>, ConfigError> {
    let unreadable = |error: std::io::Error| {
        ConfigError::of_file(folder.display().to_string(), format!("can't be read: {error}").to_lowercase())
    };
    let entries = std::fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(unreadable)?;
    let mut paths: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path().join("format.toml")).collect();
    paths.retain(|path| path.is_file());
    paths.sort();
    if paths.is_empty() {
        let message = "holds no format: `<name>/format.toml` is wanted";
        return Err(ConfigError::of_file(folder.display().to_string(), message));
    }
    paths.iter().map(|path| read(path)).collect()
}
