//! What the figures were measured on and with.

use std::fs;
use std::process::Command;

const LOCK: &str = include_str!("../../Cargo.lock");
const PEERS: [&str; 8] =
    ["serde_json", "sonic-rs", "simd-json", "quick-xml", "roxmltree", "lol_html", "simdutf8", "rayon"];
/// What decides which instructions a run-time dispatch finds.
const FEATURES: [&str; 5] = ["sse4_2", "avx2", "avx512bw", "avx512vbmi", "neon"];

pub fn machine() -> String {
    let versions: Vec<String> = PEERS.iter().map(|name| format!("{name} {}", version(name))).collect();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let lines = [
        ("date", said(Command::new("date").args(["-u", "+%F"]))),
        ("commit", said(Command::new("git").args(["rev-parse", "--short", "HEAD"]))),
        ("processor", format!("{}, {cores} cores, {}", processor("model name"), features())),
        ("compiler", said(Command::new("rustc").arg("--version"))),
        ("versions", versions.join(", ")),
        ("command", "`cargo run --release --manifest-path benches/peers/Cargo.toml --bin report`".to_owned()),
    ];
    let rows: Vec<String> = lines.iter().map(|(name, value)| format!("| {name} | {value} |")).collect();
    format!("| | |\n| --- | --- |\n{}", rows.join("\n"))
}

fn said(command: &mut Command) -> String {
    let output = command.output().map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    output.unwrap_or_else(|_| "unknown".to_owned())
}

fn processor(field: &str) -> String {
    let all = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = all.lines().find(|line| line.starts_with(field)).unwrap_or_default();
    line.split_once(':').map_or("unknown", |(_, value)| value.trim()).to_owned()
}

fn features() -> String {
    let flags = processor("flags");
    let known: Vec<&str> = FEATURES.into_iter().filter(|name| flags.split(' ').any(|flag| flag == *name)).collect();
    known.join(" ")
}

/// The version that is locked.
fn version(name: &str) -> &'static str {
    let package = LOCK.split("[[package]]").find(|package| package.contains(&format!("name = \"{name}\"\n")));
    let line = package.and_then(|package| package.lines().find(|line| line.starts_with("version")));
    line.and_then(|line| line.split('"').nth(1)).unwrap_or("unknown")
}
