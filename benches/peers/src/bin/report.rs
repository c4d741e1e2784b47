//! Runs the benches and writes `benches/RESULTS.md`. With `--no-run` it writes what the last runs left. With `--only traffic`
//! it measures the traffic of fifty states alone and prints the table: what to run while working on the engine.

use std::path::Path;
use std::process::Command;

use dmv_redact_peers::report::{leave, report, target};
use dmv_redact_peers::traffic;

const BENCHES: [&str; 5] = ["throughput", "traffic", "growth", "latency", "batch"];
/// The classes that are measured a second time, built for the processor of this machine.
const MAIN: &str = "^(json|xml)-(dense|photo)/";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--only", "traffic"] => return leave("traffic.md", &traffic::report()),
        [] | ["--no-run"] => {}
        _ => panic!("report [--no-run | --only traffic]"),
    }
    if arguments.is_empty() {
        leave("traffic.md", &traffic::report());
        run(cargo("run", &["--release", "--bin", "allocations"]));
        for name in BENCHES {
            run(bench(name));
        }
        let mut native = bench(BENCHES[0]);
        native
            .args(["--", MAIN])
            .env("RUSTFLAGS", "-C target-cpu=native")
            .env("CARGO_TARGET_DIR", target().join("native"));
        run(native);
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../RESULTS.md");
    std::fs::write(path, report()).unwrap();
}

fn bench(name: &str) -> Command {
    cargo("bench", &["--bench", name])
}

fn cargo(verb: &str, arguments: &[&str]) -> Command {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.arg(verb).arg("--manifest-path").arg(manifest).args(arguments);
    command
}

fn run(mut command: Command) {
    assert!(command.status().unwrap().success(), "{command:?} failed");
}
