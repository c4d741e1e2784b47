//! Writes messages as NDJSON, one a line: `generate --class json --messages 100000 --seed 1 -o messages.ndjson`.
//!
//! JSON stands on its line with line ends as spaces, XML as a JSON string: as `dmv-redact redact` reads archives. With
//! `--bare yes` XML stands on its line as JSON does, for programs that read no strings.

use std::fs::File;
use std::io::{self, BufWriter, Write};

use dmv_redact_traffic::{Class, Syntax, Traffic};

const USAGE: &str =
    "generate [--class json|xml|json-photos|xml-photos|mixed] [--messages N] [--seed S] [--bare yes|no] [-o FILE|-]";

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (mut class, mut messages, mut seed, mut is_bare, mut out) = (Class::Mixed, 1000, 1, false, "-".to_owned());
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or_else(usage)?;
        match name.as_str() {
            "--class" => class = Class::named(&value).ok_or_else(usage)?,
            "--messages" => messages = value.parse().map_err(|_| usage())?,
            "--seed" => seed = value.parse().map_err(|_| usage())?,
            "--bare" => is_bare = value == "yes",
            "-o" => out = value,
            _ => return Err(usage()),
        }
    }
    let out: Box<dyn Write> = if out == "-" { Box::new(io::stdout().lock()) } else { Box::new(File::create(out)?) };
    let mut out = BufWriter::with_capacity(1 << 20, out);
    for message in Traffic::new(seed, class).take(messages) {
        if message.syntax == Syntax::Xml && !is_bare {
            write_string(&mut out, &String::from_utf8_lossy(&message.bytes))?;
        } else {
            let space = |byte: &u8| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte };
            out.write_all(&message.bytes.iter().map(space).collect::<Vec<u8>>())?;
        }
        out.write_all(b"\n")?;
    }
    out.flush()
}

fn usage() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, USAGE)
}

/// A text as a JSON string.
fn write_string(out: &mut impl Write, text: &str) -> io::Result<()> {
    let mut string = String::with_capacity(text.len() + text.len() / 16);
    for letter in text.chars() {
        match letter {
            '"' => string.push_str("\\\""),
            '\\' => string.push_str("\\\\"),
            '\n' => string.push_str("\\n"),
            '\r' => string.push_str("\\r"),
            '\t' => string.push_str("\\t"),
            letter => string.push(letter),
        }
    }
    write!(out, "\"{string}\"")
}
