//! What is known of a run when it is over: tables that the benches leave and figures that criterion leaves, both in the
//! target folder, put together into `benches/RESULTS.md`.

mod figures;
mod goals;
mod machine;

use std::fs;
use std::path::PathBuf;

pub use machine::machine;

use figures::Figures;

const LEFT: [(&str, &str); 4] = [
    ("growth-messages", "## Growth with the message"),
    ("growth-policies", "## Growth with the policy"),
    ("latency", "## Tail latency"),
    ("batch", "## Batches on rayon"),
];

/// Cargo's target folder.
pub fn target() -> PathBuf {
    let own = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target");
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(own, PathBuf::from)
}

/// Prints a text and leaves it for the report.
pub fn leave(name: &str, text: &str) {
    println!("{text}");
    let folder = target().join("peers");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(name), text).unwrap();
}

/// What a bench left, if it ran.
pub fn left(name: &str) -> Option<String> {
    fs::read_to_string(target().join("peers").join(name)).ok()
}

/// The same as a part of the report.
fn part(name: &str) -> String {
    left(name).map_or_else(|| "Not measured.".to_owned(), |text| text.trim_end().to_owned())
}

/// The whole report.
pub fn report() -> String {
    let figures = Figures::read(&target().join("criterion"));
    let mut parts = vec![
        "# Results of the benches".to_owned(),
        "One run of `benches/peers`. Compare figures of one run only: the machine is shared, and it is the ratios that \
         tell."
            .to_owned(),
        machine(),
        format!("## Traffic of fifty states\n\n{}\n\n{}", part("traffic.md"), part("traffic-allocations.md")),
        format!("## Goals\n\n{}", goals::table(&figures)),
        format!("## Throughput\n\n{}", figures.tables()),
    ];
    let native = Figures::read(&target().join("native/criterion"));
    if let Some(table) = native.table_of_main() {
        parts.push(format!(
            "### Built for this processor\n\nThe same with `-C target-cpu=native`, for sonic-rs chooses its instructions when it \
             is compiled, not when it runs.\n\n{table}"
        ));
    }
    for (name, title) in LEFT {
        parts.push(format!("{title}\n\n{}", part(&format!("{name}.md"))));
    }
    parts.join("\n\n") + "\n"
}
