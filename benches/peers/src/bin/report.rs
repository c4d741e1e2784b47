//! Runs the benches and writes `benches/RESULTS.md`. With `--no-run` it writes what the last runs left.

use std::path::Path;
use std::process::Command;

use dmv_redact_peers::report::{report, target};

const BENCHES: [&str; 4] = ["throughput", "growth", "latency", "batch"];
/// The classes that are measured a second time, built for the processor of this machine.
const MAIN: &str = "^(json|xml)-(dense|photo)/";

fn main() {
    if !std::env::args().any(|argument| argument == "--no-run") {
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
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.arg("bench").arg("--manifest-path").arg(manifest).args(["--bench", name]);
    command
}

fn run(mut command: Command) {
    assert!(command.status().unwrap().success(), "{command:?} failed");
}
