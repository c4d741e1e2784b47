//! Stops: whoever runs the sidecar says that nothing goes out any more, to everybody, a class, an agency or a line. They
//! outlive the process: a file has them.

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use dmv_redact::{Filter, ORI_LENGTH, Ori, Receipt, Requester};
use dmv_redact_model::files::{private_file, sync_folder_of};
use dmv_redact_model::policy::Attribute;

/// Whom a stop concerns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Scope {
    /// Everybody.
    Everything,
    /// An agency class of the policy.
    Class(String),
    /// An agency, by its ORI.
    Agency(String),
    /// A line, as requests state it.
    Line(String),
}

/// A stop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Stop {
    /// Whom it concerns.
    pub scope: Scope,
    /// Who pulled it.
    pub by: String,
    /// Why, in their words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Since when: RFC 3339, UTC.
    pub since: String,
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everything => f.write_str("everything"),
            Self::Class(class) => write!(f, "class {class}"),
            Self::Agency(ori) => write!(f, "agency {ori}"),
            Self::Line(line) => write!(f, "line {line}"),
        }
    }
}

impl Scope {
    /// What is wrong with it, if anything is: it would concern nobody.
    pub(crate) fn fault(&self, filter: &Filter) -> Option<String> {
        let classes: Vec<&str> = filter.decider().classes().iter().map(|class| class.name.as_str()).collect();
        match self {
            Self::Class(class) if !classes.contains(&class.as_str()) => {
                Some(format!("the policy has no class of this name: it has `{}`", classes.join("`, `")))
            }
            Self::Agency(ori) if Ori::new(ori).is_none() => {
                Some(format!("this is no ORI: {ORI_LENGTH} capital letters and digits"))
            }
            // Others aren't told apart, and the line that an envelope states isn't even read.
            Self::Line(line) if !filter.decider().declared(Attribute::Line).contains(line) => {
                let all = filter.decider().declared(Attribute::Line).join("`, `");
                Some(match all.is_empty() {
                    true => "the policy tells no lines apart: list them in `lines` of `[policy]`".to_owned(),
                    false => format!("the policy has no line of this name: it has `{all}`"),
                })
            }
            _ => None,
        }
    }

    /// Whether it concerns a message.
    fn covers(&self, requester: &Requester, receipt: &Receipt) -> bool {
        match self {
            Self::Everything => true,
            Self::Class(class) => receipt.requester_classes().contains(&class.as_str()),
            Self::Agency(ori) => receipt.requester().is_some_and(|own| own.as_str() == ori),
            Self::Line(line) => {
                let asked = receipt.request().unwrap_or(requester);
                asked.stated(Attribute::Line) == Some(line)
            }
        }
    }
}

/// The stops, and the file that has them.
#[derive(Debug)]
pub(crate) struct Stops {
    path: PathBuf,
    list: Vec<Stop>,
}

impl Stops {
    /// Reads them. No file: none.
    pub(crate) fn read(path: &Path) -> io::Result<Self> {
        let list = match fs::read(path) {
            Ok(text) => serde_json::from_slice(&text).map_err(|error| {
                let what = format!("not what the sidecar writes there, at line {}", error.line());
                io::Error::new(io::ErrorKind::InvalidData, what)
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        Ok(Self { path: path.to_owned(), list })
    }

    pub(crate) fn list(&self) -> &[Stop] {
        &self.list
    }

    /// The first of which a filter knows nothing, so that it would end: that must be said by who pulled it.
    pub(crate) fn refuse_unknown(&self, filter: &Filter) -> Result<(), String> {
        let fault = self.list.iter().find_map(|stop| Some((&stop.scope, stop.scope.fault(filter)?)));
        match fault {
            Some((scope, fault)) => {
                Err(format!("there is a stop of {scope}, and {fault}: end it first, or keep the name"))
            }
            None => Ok(()),
        }
    }

    pub(crate) fn cover(&self, requester: &Requester, receipt: &Receipt) -> bool {
        self.list.iter().any(|stop| stop.scope.covers(requester, receipt))
    }

    /// Adds one. It holds from now on, even if the file can't be written.
    pub(crate) fn add(&mut self, stop: Stop) -> io::Result<()> {
        self.list.retain(|own| own.scope != stop.scope);
        self.list.push(stop);
        self.write(&self.list)
    }

    /// Ends one. It holds on if the file can't be written.
    pub(crate) fn remove(&mut self, scope: &Scope) -> io::Result<()> {
        let left: Vec<Stop> = self.list.iter().filter(|stop| stop.scope != *scope).cloned().collect();
        self.write(&left)?;
        self.list = left;
        Ok(())
    }

    fn write(&self, list: &[Stop]) -> io::Result<()> {
        let mut name = self.path.clone().into_os_string();
        name.push(".new");
        let new = PathBuf::from(name);
        let mut file = private_file().create(true).truncate(true).open(&new)?;
        file.write_all(&serde_json::to_vec_pretty(list)?)?;
        file.sync_all()?;
        fs::rename(&new, &self.path)?;
        sync_folder_of(&self.path)
    }
}
