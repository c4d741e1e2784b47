//! What one message costs in Rust: what `bindings/java/bench` measures from Java. `measure FIXTURES MESSAGE...`

use std::hint::black_box;
use std::time::{Duration, Instant};

use dmv_redact::{Filter, Requester};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let fixtures = arguments.next().ok_or("measure FIXTURES MESSAGE...")?;
    let filter = Filter::builder().build()?;
    filter.warm();
    let requester = Requester::new("AZ0070000")?.purpose("C");
    for name in arguments {
        let message = if name.is_empty() { Vec::new() } else { std::fs::read(format!("{fixtures}/{name}"))? };
        let mut out = Vec::new();
        let mut best = f64::INFINITY;
        for _ in 0..8 {
            let (begin, mut count) = (Instant::now(), 0_u32);
            while begin.elapsed() < Duration::from_secs(1) {
                for _ in 0..100 {
                    let _ = black_box(filter.redact(black_box(&message), &requester, &mut out));
                }
                count += 100;
            }
            best = best.min(begin.elapsed().as_nanos() as f64 / f64::from(count));
        }
        println!("{best:>10.0} ns  {} bytes  {name}", message.len());
    }
    Ok(())
}
