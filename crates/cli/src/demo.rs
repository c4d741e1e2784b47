//! `dmv-redact demo`: shows what the filter does, with nothing but what ships in the program.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, Parser};

use super::output::print_text;
use super::{Exit, Problem, Verb, redact};
use dmv_redact::shipped::PACK_CASES;
use dmv_redact::{Filter, Requester};

/// Show one response before and after for two agencies, then redact a folder of responses.
///
/// Everything is built in: the responses, which are invented, and the strict baseline policy.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The new folder to write responses, outputs and disclosure log to
    #[arg(value_name = "DIR", default_value = "dmv-redact-demo")]
    folder: PathBuf,
}

/// The response to a police department, and its twin to immigration enforcement.
const TO_POLICE: &str = "policies/cases/baseline/in-state/message.xml";
const TO_IMMIGRATION: &str = "policies/cases/messages/dr-to-ice.xml";
/// Where the other responses are.
const OTHERS: &str = "policies/cases/messages/";
/// Characters of a line before it is shortened: a photo is one long line.
const MAX_LINE_CHARS: usize = 100;

pub(super) fn run(arguments: &Arguments) -> Exit {
    match show_and_redact(&arguments.folder) {
        Ok(()) => Exit::Released,
        Err(problem) => problem.print_error(),
    }
}

fn show_and_redact(folder: &Path) -> Result<(), Problem> {
    let responses = folder.join("responses");
    write_responses(folder, &responses)?;
    print_text(&comparison()?)?;
    let [output, log] = ["redacted", "disclosures.ndjson"].map(|name| folder.join(name));
    print_text(&format!(
        "\n== All {} responses, as an archive is redacted\n\ndmv-redact redact {} -o {} --log {} --purpose C\n\n",
        responses_that_ship().count(),
        responses.display(),
        output.display(),
        log.display()
    ))?;
    redact_folder(&responses, &output, &log)?;
    print_text("\nHeld: a person must review it first. Withheld: no agency class of the policy has its requester.\n")
}

/// The name and the text of every response that ships.
fn responses_that_ship() -> impl Iterator<Item = (&'static str, &'static str)> {
    let police = PACK_CASES
        .iter()
        .filter(|document| document.file == TO_POLICE)
        .map(|document| ("dr-to-police.xml", document.text));
    police.chain(PACK_CASES.iter().filter_map(|document| Some((document.file.strip_prefix(OTHERS)?, document.text))))
}

fn write_responses(folder: &Path, responses: &Path) -> Result<(), Problem> {
    if folder.symlink_metadata().is_ok() {
        let message = format!("{} is there already: name another folder, or remove it", folder.display());
        return Err(Problem::Usage(message));
    }
    fs::create_dir_all(responses).map_err(|error| unwritable(responses, &error))?;
    for (name, text) in responses_that_ship() {
        let path = responses.join(name);
        fs::write(&path, text).map_err(|error| unwritable(&path, &error))?;
    }
    Ok(())
}

fn unwritable(path: &Path, error: &io::Error) -> Problem {
    Problem::Io(format!("{}: {error}", path.display()))
}

/// One response before, and after for two agencies.
fn comparison() -> Result<String, Problem> {
    let filter = Filter::builder().build()?;
    let before = text_of(TO_POLICE);
    let police = Requester::from_envelope().purpose("C");
    let immigration = Requester::from_envelope().purpose("C");
    let approved = immigration.clone().claim("approved");
    Ok([
        section("A driver license response, as it reaches the message switch", &body(before)),
        section("To a police department, AZ0070000, for criminal justice", &after(&filter, TO_POLICE, &police)),
        section("To immigration enforcement, VTICE0900", &after(&filter, TO_IMMIGRATION, &immigration)),
        section(
            "To immigration enforcement, after a state employee has approved it",
            &after(&filter, TO_IMMIGRATION, &approved),
        ),
    ]
    .concat())
}

fn section(title: &str, text: &str) -> String {
    format!("\n== {title}\n\n{text}")
}

fn text_of(file: &str) -> &'static str {
    PACK_CASES.iter().find(|document| document.file == file).map_or("", |document| document.text)
}

/// What goes out of a response, or why nothing does.
fn after(filter: &Filter, file: &str, requester: &Requester) -> String {
    let mut out = Vec::new();
    let receipt = filter.redact(text_of(file).as_bytes(), requester, &mut out);
    match receipt.disposition().releases() {
        true => body(&String::from_utf8_lossy(&out)),
        false => format!("nothing: {}: {}\n", receipt.disposition().name(), receipt.detail().unwrap_or_default()),
    }
}

/// What a response says of a person, without the header and the declarations around it.
fn body(text: &str) -> String {
    let inside = text
        .lines()
        .skip_while(|line| !line.contains("Person>"))
        .take_while(|line| !line.contains("/n2:NLETSResponseData"));
    inside.map(shortened).collect()
}

fn shortened(line: &str) -> String {
    let length = line.chars().count();
    if length <= MAX_LINE_CHARS {
        return format!("{line}\n");
    }
    let start: String = line.chars().take(MAX_LINE_CHARS / 2).collect();
    format!("{start}... {} characters\n", length - MAX_LINE_CHARS / 2)
}

fn with_value(option: &str, value: &Path) -> OsString {
    let mut argument = OsString::from(option);
    argument.push(value);
    argument
}

/// The verb `redact`, with the arguments that a person would type.
fn redact_folder(responses: &Path, output: &Path, log: &Path) -> Result<(), Problem> {
    let (output, log) = (with_value("--output=", output), with_value("--log=", log));
    let arguments = [
        "dmv-redact".as_ref(),
        "redact".as_ref(),
        "--purpose=C".as_ref(),
        output.as_os_str(),
        log.as_os_str(),
        // A folder whose name begins like an option is a folder all the same.
        "--".as_ref(),
        responses.as_os_str(),
    ];
    let arguments = super::Arguments::try_parse_from(arguments).map_err(|error| Problem::Usage(error.to_string()))?;
    match arguments.verb {
        // The status of that command is 3, for some are held; this verb has done what it was asked for.
        Verb::Redact(arguments) if matches!(redact::run(&arguments), Exit::Released | Exit::Refused) => Ok(()),
        _ => Err(Problem::Io("the responses could not be redacted".to_owned())),
    }
}
