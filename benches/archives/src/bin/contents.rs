//! Tells what an archive holds, whatever its form: how many messages, how many notices, and one digest of all messages in
//! their order. Two outputs with the same digest released the same.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

#[derive(Default)]
struct Contents {
    messages: u64,
    notices: u64,
    digest: Sha256,
}

impl Contents {
    /// Takes a message, written as a file, an entry or a line.
    fn add(&mut self, message: &[u8]) {
        let message = message.trim_ascii();
        if message.starts_with(b"{\"withheld\":") || message.starts_with(b"{\"failed\":") {
            self.notices += 1;
            return;
        }
        self.messages += 1;
        let text = if message.starts_with(b"\"") { serde_json::from_slice(message).ok() } else { None };
        let text: Vec<u8> = text.map_or_else(|| message.to_owned(), String::into_bytes);
        // On a line, line ends of JSON have become spaces.
        let is_json = text.starts_with(b"{") || text.starts_with(b"[");
        let plain = |byte: u8| if is_json && matches!(byte, b'\n' | b'\r') { b' ' } else { byte };
        let text: Vec<u8> = text.trim_ascii().iter().map(|byte| plain(*byte)).collect();
        self.digest.update((text.len() as u64).to_le_bytes());
        self.digest.update(&text);
    }

    fn read(&mut self, path: &Path) -> io::Result<()> {
        let name = path.to_string_lossy().into_owned();
        if path.is_dir() {
            let mut names: Vec<PathBuf> =
                fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
            names.sort();
            return names.iter().try_for_each(|path| self.read(path));
        }
        let file = BufReader::with_capacity(1 << 20, File::open(path)?);
        if name.ends_with(".zip") {
            let mut zip = zip::ZipArchive::new(file)?;
            for at in 0..zip.len() {
                let mut message = Vec::new();
                zip.by_index(at)?.read_to_end(&mut message)?;
                self.add(&message);
            }
            return Ok(());
        }
        let (inner, plain): (&str, Box<dyn Read>) = if let Some(inner) = name.strip_suffix(".gz") {
            (inner, Box::new(flate2::bufread::MultiGzDecoder::new(file)))
        } else if let Some(inner) = name.strip_suffix(".zst") {
            (inner, Box::new(zstd::Decoder::with_buffer(file)?))
        } else {
            (&name, Box::new(file))
        };
        if inner.ends_with(".tar") {
            for entry in tar::Archive::new(plain).entries()? {
                let mut message = Vec::new();
                entry?.read_to_end(&mut message)?;
                self.add(&message);
            }
        } else if inner.ends_with(".ndjson") || inner.ends_with(".lines") {
            let mut lines = BufReader::with_capacity(1 << 20, plain);
            let mut line = Vec::new();
            while lines.read_until(b'\n', &mut line)? > 0 {
                self.add(&line);
                line.clear();
            }
        } else {
            let mut message = Vec::new();
            BufReader::new(plain).read_to_end(&mut message)?;
            self.add(&message);
        }
        Ok(())
    }
}

fn main() -> io::Result<()> {
    for path in std::env::args().skip(1) {
        let mut contents = Contents::default();
        contents.read(Path::new(&path))?;
        let digest = contents.digest.finalize();
        let digest: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        println!("{digest} {} messages, {} notices: {path}", contents.messages, contents.notices);
    }
    Ok(())
}
