//! Approved messages: which identifiers a person approved, each bound to the content that was reviewed, and the claims
//! that they get.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use dmv_redact::{Instrument, Requester, RequesterError};
use dmv_redact_model::hex::hex;
use sha2::{Digest, Sha256};

/// The SHA-256 of the original of a message.
type ContentDigest = [u8; 32];

/// The approved messages of a run.
#[derive(Debug)]
pub struct Approvals {
    /// What is vouched for in the request of an approved message.
    claims: Vec<String>,
    instruments: Vec<Instrument>,
    /// A request that was approved by who approved these.
    model: Requester,
    /// By identifier: the number in the list, and the content that was approved.
    approved: HashMap<Vec<u8>, (u32, ContentDigest)>,
    /// The SHA-256 of the list.
    digest: ContentDigest,
}

/// What the list says of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Approval {
    /// It isn't in it.
    None,
    /// It was approved, under this number.
    Given(u32),
    /// Another content was approved, under this number.
    OtherContent(u32),
}

impl Approvals {
    /// Parses a list as `sha256sum` prints it: a line for each message, with the digest of its original and its
    /// identifier. Their requests get these claims, and these instruments.
    ///
    /// # Errors
    /// The first line that isn't one, or names an identifier again.
    pub fn parse(list: &[u8], claims: &[String], instruments: &[Instrument]) -> Result<Self, String> {
        let mut approved = HashMap::new();
        for (index, line) in list.split(|byte| *byte == b'\n').enumerate() {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.is_empty() {
                continue;
            }
            let fault = |what: &str| format!("line {}: {what}", index + 1);
            let (digest, id) =
                entry(line).ok_or_else(|| fault("not a digest and an identifier, as sha256sum prints"))?;
            let number = u32::try_from(approved.len()).map_err(|_| fault("there are too many"))?;
            if approved.insert(id, (number, digest)).is_some() {
                return Err(fault("this identifier is there twice"));
            }
        }
        let (claims, instruments) = (claims.to_vec(), instruments.to_vec());
        let model = Requester::default();
        Ok(Self { claims, instruments, model, approved, digest: Sha256::digest(list).into() })
    }

    /// The same list, of what this person approved, as [`Requester::approved_by`] takes it.
    ///
    /// # Errors
    /// As there.
    pub fn approved_by(mut self, name: &str) -> Result<Self, RequesterError> {
        self.model = self.model.approved_by(name)?;
        Ok(self)
    }

    /// The SHA-256 of the list, in hexadecimal.
    pub fn digest(&self) -> String {
        hex(&self.digest)
    }

    /// The request of an approved message.
    pub(crate) fn request(&self, requester: &Requester) -> Requester {
        let requester = requester.clone().approved_as(&self.model);
        let requester = self.claims.iter().fold(requester, |requester, claim| requester.claim(claim));
        self.instruments.iter().cloned().fold(requester, Requester::instrument)
    }

    /// What the list says of the message with this identifier and original.
    pub(crate) fn of(&self, id: &Path, original: &[u8]) -> Approval {
        match self.approved.get(id.as_os_str().as_encoded_bytes()) {
            None => Approval::None,
            Some((number, digest)) if <[u8]>::eq(&Sha256::digest(original), digest) => Approval::Given(*number),
            Some((number, _)) => Approval::OtherContent(*number),
        }
    }

    /// The identifiers that no message had, in order.
    pub(crate) fn unmatched(&self, matched: &BTreeSet<u32>) -> Vec<String> {
        let unmatched = self.approved.iter().filter(|(_, (number, _))| !matched.contains(number));
        let mut unmatched: Vec<String> = unmatched.map(|(id, _)| String::from_utf8_lossy(id).into_owned()).collect();
        unmatched.sort_unstable();
        unmatched
    }
}

/// The digest and the identifier in a line. A line whose name has a backslash or a line end begins with a backslash, and
/// these are escaped in it.
fn entry(line: &[u8]) -> Option<(ContentDigest, Vec<u8>)> {
    const DIGITS: usize = 64;
    let (line, is_escaped) = match line.strip_prefix(b"\\") {
        Some(line) => (line, true),
        None => (line, false),
    };
    let (digits, rest) = line.split_at_checked(DIGITS)?;
    let name = rest.strip_prefix(b"  ").or_else(|| rest.strip_prefix(b" *"))?;
    let name = name.strip_prefix(b"./").unwrap_or(name);
    let mut digest = ContentDigest::default();
    for (byte, pair) in digest.iter_mut().zip(digits.chunks(2)) {
        let text = std::str::from_utf8(pair).ok().filter(|text| text.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
        *byte = u8::from_str_radix(text, 16).ok()?;
    }
    let id = if is_escaped { unescaped(name)? } else { name.to_owned() };
    (!id.is_empty()).then_some((digest, id))
}

fn unescaped(name: &[u8]) -> Option<Vec<u8>> {
    let mut id = Vec::with_capacity(name.len());
    let mut bytes = name.iter();
    while let Some(byte) = bytes.next() {
        id.push(match (byte, *byte == b'\\') {
            (_, false) => *byte,
            (_, true) => match bytes.next()? {
                b'\\' => b'\\',
                b'n' => b'\n',
                b'r' => b'\r',
                _ => return None,
            },
        });
    }
    Some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn parsed(list: &str) -> Result<Approvals, String> {
        Approvals::parse(list.as_bytes(), &["approved".to_owned()], &[])
    }

    #[test]
    fn p2_an_approval_is_of_one_identifier_and_one_content() -> Result<(), String> {
        let list = parsed(&format!("{DIGEST}  in/a.xml\n\\{DIGEST} *./b\\\\c\\nd\r\n\n"))?;
        assert_eq!(list.of(Path::new("in/a.xml"), b"abc"), Approval::Given(0));
        assert_eq!(list.of(Path::new("b\\c\nd"), b"abc"), Approval::Given(1));
        assert_eq!(list.of(Path::new("in/a.xml"), b"abd"), Approval::OtherContent(0));
        assert_eq!(list.of(Path::new("in/b.xml"), b"abc"), Approval::None);
        assert_eq!(list.unmatched(&BTreeSet::from([0])), ["b\\c\nd"]);
        Ok(())
    }

    #[test]
    fn p2_what_is_no_list_of_approvals_is_refused() {
        let short = DIGEST.trim_start_matches('b');
        for bad in [
            "in/a.xml".to_owned(),
            format!("{short}  a"),
            format!("{DIGEST} a"),
            format!("{DIGEST}  "),
            format!("+{short}  a"),
            format!("\\{DIGEST}  a\\t"),
            format!("SHA256 (a) = {DIGEST}"),
        ] {
            let fault = parsed(&format!("\n{bad}\n")).err();
            assert_eq!(fault.as_deref(), Some("line 2: not a digest and an identifier, as sha256sum prints"), "{bad}");
        }
        let twice = parsed(&format!("{DIGEST}  a\n{DIGEST}  ./a\n")).err();
        assert_eq!(twice.as_deref(), Some("line 2: this identifier is there twice"));
    }
}
