//! Makes an archive: `generate --form ndjson.zst --messages 1000000 OUT`.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::Parser;
use dmv_redact_archives::{Kind, Messages};

/// Make an archive of messages. Equal arguments give equal bytes, and message k is the same in every form.
#[derive(Parser)]
struct Arguments {
    /// folder, ndjson, ndjson.gz, ndjson.zst, lines (XML as it is, one message a line), tar, tar.gz, tar.zst or zip
    #[arg(long)]
    form: String,
    #[arg(long, default_value_t = 1_000_000)]
    messages: u64,
    #[arg(long, value_enum, default_value_t = Kind::Mixed)]
    kind: Kind,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    out: PathBuf,
}

/// Takes a message: its name, its bytes, whether it is XML.
type Take<'t> = dyn FnMut(String, &[u8], bool) -> io::Result<()> + 't;

/// Entries of a folder.
const IN_A_FOLDER: u64 = 1000;

fn main() -> io::Result<()> {
    let Arguments { form, messages, kind, seed, out } = Arguments::parse();
    let source = Messages::new(kind, seed);
    let each = |take: &mut Take<'_>| {
        let mut message = Vec::new();
        (0..messages).try_for_each(|number| {
            let is_xml = source.write(number, &mut message);
            let ending = if is_xml { "xml" } else { "json" };
            take(format!("{:04}/{number:07}.{ending}", number / IN_A_FOLDER), &message, is_xml)
        })
    };
    match form.as_str() {
        "folder" => each(&mut |name, message, _| write_file(&out.join(name), message)),
        "zip" => {
            let mut zip = zip::ZipWriter::new(BufWriter::new(File::create(&out)?));
            let options = zip::write::SimpleFileOptions::default().compression_level(Some(1));
            each(&mut |name, message, _| {
                zip.start_file(name, options)?;
                zip.write_all(message)
            })?;
            zip.finish()?.flush()
        }
        _ => {
            let (layout, compression) = form.split_once('.').unwrap_or((&form, ""));
            let mut into: Box<dyn Finish> = match compression {
                "" => Box::new(Plain(BufWriter::with_capacity(1 << 20, File::create(&out)?))),
                "gz" => Box::new(flate2::write::GzEncoder::new(File::create(&out)?, flate2::Compression::fast())),
                "zst" => Box::new(zstd::Encoder::new(File::create(&out)?, 1)?),
                _ => return Err(unknown(&form)),
            };
            match layout {
                "tar" => {
                    let mut tar = tar::Builder::new(&mut into);
                    each(&mut |name, message, _| {
                        let mut header = tar::Header::new_ustar();
                        header.set_size(message.len() as u64);
                        header.set_mode(0o644);
                        tar.append_data(&mut header, name, message)
                    })?;
                    tar.into_inner()?;
                }
                "ndjson" => each(&mut |_, message, is_xml| into.write_all(&line(message, is_xml)))?,
                "lines" => each(&mut |_, message, _| into.write_all(&in_one_line(message)))?,
                _ => return Err(unknown(&form)),
            }
            into.finish()
        }
    }
}

fn unknown(form: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, format!("no form is called {form}"))
}

fn write_file(path: &Path, message: &[u8]) -> io::Result<()> {
    match File::create(path) {
        Ok(mut file) => file.write_all(message),
        Err(_) => {
            fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
            fs::write(path, message)
        }
    }
}

/// A message on one line: XML as a JSON string, JSON with its line ends as spaces.
fn line(message: &[u8], is_xml: bool) -> Vec<u8> {
    if !is_xml {
        return in_one_line(message);
    }
    let mut line = serde_json::to_vec(&String::from_utf8_lossy(message)).unwrap_or_default();
    line.push(b'\n');
    line
}

fn in_one_line(message: &[u8]) -> Vec<u8> {
    let mut line: Vec<u8> =
        message.trim_ascii().iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }).collect();
    line.push(b'\n');
    line
}

/// A writer that has something to write at its end.
trait Finish: Write {
    fn finish(self: Box<Self>) -> io::Result<()>;
}

struct Plain(BufWriter<File>);

impl Write for Plain {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Finish for Plain {
    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.0.flush()
    }
}

impl Finish for flate2::write::GzEncoder<File> {
    fn finish(self: Box<Self>) -> io::Result<()> {
        flate2::write::GzEncoder::finish(*self).map(drop)
    }
}

impl Finish for zstd::Encoder<'_, File> {
    fn finish(self: Box<Self>) -> io::Result<()> {
        zstd::Encoder::finish(*self).map(drop)
    }
}
