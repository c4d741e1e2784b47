//! What a run put into OUT, kept on disk while it goes, so that at its end everything else in there is found: outputs of
//! earlier runs whose source is gone or can't be read any more, and whatever else came there (P11).

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use super::walk::{Found, Root, Walk};

/// Which file it is, whatever it is called: on some systems letters of either case are one.
type Identity = [u8; 16];

const LIST: &str = "placed";

/// The list of the files that a run put in place, and the folder that they are in; none where there is nothing in that but what
/// the run puts there.
#[derive(Debug, Default)]
pub(super) struct Placed(Option<(BufWriter<File>, PathBuf)>);

impl Placed {
    /// The list, in the folder `work`, for the outputs below `out`: a new one, or the one of the run that is gone on with.
    pub(super) fn open(work: &Path, out: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(work.join(LIST))?;
        let length = file.metadata()?.len();
        file.set_len(length - length % size_of::<Identity>() as u64)?;
        Ok(Self(Some((BufWriter::new(file), out.to_owned()))))
    }

    /// Notes a file that is about to be renamed to `place`.
    pub(super) fn add(&mut self, staged: &Path, place: &Path) -> io::Result<()> {
        match &mut self.0 {
            Some((list, _)) if cfg!(unix) => list.write_all(&identity(staged)?),
            Some((list, out)) => list.write_all(&identity(&out.join(place))?),
            None => Ok(()),
        }
    }

    /// Makes sure that what was noted survives.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        match &mut self.0 {
            Some((list, _)) => list.flush().and_then(|()| list.get_ref().sync_data()),
            None => Ok(()),
        }
    }

    /// Everything below the folder that isn't a folder and was not put there by the run, in `memory` bytes about.
    pub(super) fn each_other(&mut self, work: &Path, memory: usize, mut each: impl FnMut(Found)) -> io::Result<()> {
        self.sync()?;
        let Some((_, out)) = &self.0 else { return Ok(()) };
        let bytes = fs::metadata(work.join(LIST))?.len();
        // Of a list that is too long for the memory, a share at a time.
        let shares = u64::try_from(memory).map_or(1, |memory| bytes / memory.max(1) + 1);
        for share in 0..shares {
            let is_of_share = |identity: &Identity| u64::from(number(identity)) % shares == share;
            let own = read(&work.join(LIST), is_of_share)?;
            for found in Walk::new(vec![Root { path: out.to_owned(), place: Path::new("").to_owned() }]) {
                let identity = match &found {
                    Found::File { path, .. } => match identity(path) {
                        // It was taken away meanwhile.
                        Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                        identity => identity?,
                    },
                    _ => Identity::default(),
                };
                if is_of_share(&identity) && own.binary_search(&identity).is_err() {
                    each(found);
                }
            }
        }
        Ok(())
    }
}

fn read(list: &Path, is_of_share: impl Fn(&Identity) -> bool) -> io::Result<Vec<Identity>> {
    let mut list = BufReader::new(File::open(list)?);
    let mut own = Vec::new();
    let mut identity = Identity::default();
    loop {
        match list.read_exact(&mut identity) {
            Ok(()) if is_of_share(&identity) => own.push(identity),
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
            Err(error) => return Err(error),
        }
    }
    own.sort_unstable();
    Ok(own)
}

/// Which folder it is, in a journal: what was noted of its files doesn't hold for a copy of it.
pub(super) fn folder_identity(folder: &Path) -> Option<String> {
    let identity = identity(&folder.canonicalize().ok()?).ok()?;
    Some(identity.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// What shares are cut by: the lower bytes differ most.
fn number(identity: &Identity) -> u32 {
    let [.., a, b, c, d] = *identity;
    u32::from_be_bytes([a, b, c, d])
}

#[cfg(unix)]
fn identity(path: &Path) -> io::Result<Identity> {
    use std::os::unix::fs::MetadataExt;
    let metadata = fs::symlink_metadata(path)?;
    Ok((u128::from(metadata.dev()) << 64 | u128::from(metadata.ino())).to_be_bytes())
}

#[cfg(not(unix))]
fn identity(path: &Path) -> io::Result<Identity> {
    use sha2::{Digest, Sha256};
    let path = std::path::absolute(path)?.to_string_lossy().to_lowercase();
    let mut identity = Identity::default();
    identity.iter_mut().zip(Sha256::digest(path)).for_each(|(own, byte)| *own = byte);
    Ok(identity)
}

/// Removes what is no folder, then the folders above it up to `out` that hold nothing any more.
pub(super) fn remove(path: &Path, out: &Path) -> io::Result<()> {
    fs::remove_file(path)?;
    for folder in path.ancestors().skip(1).take_while(|folder| *folder != out) {
        if fs::remove_dir(folder).is_err() {
            break;
        }
    }
    Ok(())
}
