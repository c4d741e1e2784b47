//! The list of files that a run put into OUT, on disk, so that at its end everything else in OUT is found: outputs of
//! earlier runs whose source is gone or unreadable, and foreign files (P11).

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use super::walk::{FileWalk, InputRoot, WalkEntry};
use dmv_redact_model::hex::hex;

/// Identifies a file whatever its name: some file systems ignore case.
type FileIdentity = [u8; 16];

const LIST: &str = "placed";

/// The list of the files that a run put in place, and their folder; `None` if the folder was empty before the run.
#[derive(Debug, Default)]
pub(super) struct Placed(Option<(BufWriter<File>, PathBuf)>);

impl Placed {
    /// Opens the list in the folder `work`, for the outputs below `out`: a new one, or that of the resumed run.
    pub(super) fn open(work: &Path, out: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(work.join(LIST))?;
        let length = file.metadata()?.len();
        file.set_len(length - length % size_of::<FileIdentity>() as u64)?;
        Ok(Self(Some((BufWriter::new(file), out.to_owned()))))
    }

    /// Adds a file that is about to be renamed to `place`.
    pub(super) fn add(&mut self, staged: &Path, place: &Path) -> io::Result<()> {
        match &mut self.0 {
            Some((list, _)) if cfg!(unix) => list.write_all(&identity(staged)?),
            Some((list, out)) => list.write_all(&identity(&out.join(place))?),
            None => Ok(()),
        }
    }

    /// Syncs the list.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        match &mut self.0 {
            Some((list, _)) => list.flush().and_then(|()| list.get_ref().sync_data()),
            None => Ok(()),
        }
    }

    /// Visits everything below the folder, except folders, that the run didn't put there, in about `memory` bytes.
    pub(super) fn for_each_unlisted(
        &mut self,
        work: &Path,
        memory: usize,
        mut each: impl FnMut(WalkEntry),
    ) -> io::Result<()> {
        self.sync()?;
        let Some((_, out)) = &self.0 else { return Ok(()) };
        let bytes = fs::metadata(work.join(LIST))?.len();
        // A list larger than the memory is processed one share at a time.
        let shares = u64::try_from(memory).map_or(1, |memory| bytes / memory.max(1) + 1);
        for share in 0..shares {
            let listed = read(&work.join(LIST), (share, shares))?;
            for found in FileWalk::new(vec![InputRoot { path: out.to_owned(), place: Path::new("").to_owned() }]) {
                let identity = match &found {
                    WalkEntry::File { path, .. } => match identity(path) {
                        // It was removed meanwhile.
                        Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                        identity => identity?,
                    },
                    _ => FileIdentity::default(),
                };
                if is_of_share(&identity, (share, shares)) && listed.binary_search(&identity).is_err() {
                    each(found);
                }
            }
        }
        Ok(())
    }
}

/// Whether an identity is of one share of all.
fn is_of_share(identity: &FileIdentity, (share, shares): (u64, u64)) -> bool {
    u64::from(number(identity)) % shares == share
}

fn read(list: &Path, share: (u64, u64)) -> io::Result<Vec<FileIdentity>> {
    let mut list = BufReader::new(File::open(list)?);
    let mut listed = Vec::new();
    let mut identity = FileIdentity::default();
    loop {
        match list.read_exact(&mut identity) {
            Ok(()) if is_of_share(&identity, share) => listed.push(identity),
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
            Err(error) => return Err(error),
        }
    }
    listed.sort_unstable();
    Ok(listed)
}

/// Identifies the folder in a journal: the list doesn't hold for a copy of it.
pub(super) fn folder_identity(folder: &Path) -> Option<String> {
    let identity = identity(&folder.canonicalize().ok()?).ok()?;
    Some(hex(&identity))
}

/// The number by which shares are split: the low bytes vary most.
fn number(identity: &FileIdentity) -> u32 {
    let [.., a, b, c, d] = *identity;
    u32::from_be_bytes([a, b, c, d])
}

#[cfg(unix)]
fn identity(path: &Path) -> io::Result<FileIdentity> {
    use std::os::unix::fs::MetadataExt;
    let metadata = fs::symlink_metadata(path)?;
    Ok((u128::from(metadata.dev()) << 64 | u128::from(metadata.ino())).to_be_bytes())
}

#[cfg(not(unix))]
fn identity(path: &Path) -> io::Result<FileIdentity> {
    use sha2::{Digest, Sha256};
    let path = std::path::absolute(path)?.to_string_lossy().to_lowercase();
    let mut identity = FileIdentity::default();
    identity.iter_mut().zip(Sha256::digest(path)).for_each(|(target, byte)| *target = byte);
    Ok(identity)
}

/// Removes a file, then the folders above it, up to `out`, that are now empty.
pub(super) fn remove(path: &Path, out: &Path) -> io::Result<()> {
    fs::remove_file(path)?;
    for folder in path.ancestors().skip(1).take_while(|folder| *folder != out) {
        if fs::remove_dir(folder).is_err() {
            break;
        }
    }
    Ok(())
}
