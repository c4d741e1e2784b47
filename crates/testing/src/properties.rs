//! How property tests are run.

use proptest::prelude::ProptestConfig;

/// So many cases, or as many as `PROPTEST_CASES` asks for. Nothing is written down about failures: a test fails again with
/// what it prints.
pub fn cases(default: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|number| number.parse().ok());
    ProptestConfig {
        cases: asked.unwrap_or(default),
        failure_persistence: None,
        // A failing case is worth a minute of shrinking, not more.
        max_shrink_time: 60_000,
        max_shrink_iters: 2000,
        max_global_rejects: 1_000_000,
        ..ProptestConfig::default()
    }
}
