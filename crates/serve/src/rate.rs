//! Limits on how often one address may ask: token buckets in bounded memory.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Maximum number of addresses that have a bucket of their own. Beyond, all others share one.
const MAX_ADDRESSES: usize = 4096;

/// How often an address may do something.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// How many times at once.
    pub burst: u32,
    /// After how long it may once more.
    pub every: Duration,
}

/// Buckets by address. It may be shared by threads.
pub(crate) struct RateLimiter {
    rate: Rate,
    buckets: Mutex<HashMap<Option<IpAddr>, Bucket>>,
}

#[derive(Clone, Copy)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

impl RateLimiter {
    pub(crate) fn new(rate: Rate) -> Self {
        Self { rate, buckets: Mutex::new(HashMap::new()) }
    }

    /// Takes a token for an address at `now`. False: it has none left.
    pub(crate) fn takes(&self, address: IpAddr, now: Instant) -> bool {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let mut key = Some(network(address));
        if buckets.len() >= MAX_ADDRESSES && !buckets.contains_key(&key) {
            buckets.retain(|_, bucket| self.filled(*bucket, now) < f64::from(self.rate.burst));
            if buckets.len() >= MAX_ADDRESSES {
                key = None;
            }
        }
        let full = Bucket { tokens: f64::from(self.rate.burst), at: now };
        let bucket = buckets.entry(key).or_insert(full);
        let tokens = self.filled(*bucket, now);
        let is_taken = tokens >= 1.0;
        *bucket = Bucket { tokens: if is_taken { tokens - 1.0 } else { tokens }, at: now };
        is_taken
    }

    /// After how many seconds an address that has no token left surely has one.
    pub(crate) fn wait(&self) -> u64 {
        self.rate.every.as_secs() + 1
    }

    /// How many tokens a bucket has at `now`.
    fn filled(&self, bucket: Bucket, now: Instant) -> f64 {
        let gained = now.saturating_duration_since(bucket.at).as_secs_f64() / self.rate.every.as_secs_f64();
        (bucket.tokens + gained).min(f64::from(self.rate.burst))
    }
}

/// Of an IPv6 address its first 64 bits: whoever has one usually has all that begin so.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(own) => {
            let [a, b, c, d, ..] = own.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        own => own,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { burst: 3, every: Duration::from_secs(2) };

    fn address(number: u32) -> IpAddr {
        IpAddr::from(number.to_be_bytes())
    }

    #[test]
    fn an_address_has_its_burst_and_then_its_rate() {
        let (limiter, start) = (RateLimiter::new(RATE), Instant::now());
        let takes = |seconds| limiter.takes(address(1), start + Duration::from_secs(seconds));
        assert!(takes(0) && takes(0) && takes(0) && !takes(0) && !takes(1));
        assert!(takes(2) && !takes(2));
        assert!(limiter.takes(address(2), start));
        // Rest gives the burst again and no more.
        assert!(takes(1000) && takes(1000) && takes(1000) && !takes(1000));
        // A clock that was set back gives nothing.
        assert!(!takes(0));
    }

    #[test]
    fn addresses_of_one_ipv6_network_share_a_bucket() {
        let (limiter, now) = (RateLimiter::new(RATE), Instant::now());
        for last in 1..=3 {
            assert!(limiter.takes(IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last)), now));
        }
        assert!(!limiter.takes("2001:db8::9".parse().unwrap(), now));
        assert!(limiter.takes("2001:db8:0:1::9".parse().unwrap(), now));
        let mapped = "::ffff:192.0.2.1".parse().unwrap();
        for _ in 0..3 {
            assert!(limiter.takes(mapped, now));
        }
        assert!(!limiter.takes("192.0.2.1".parse().unwrap(), now));
    }

    #[test]
    fn p8_a_flood_of_addresses_takes_bounded_memory_and_gains_nothing() {
        let (limiter, start) = (RateLimiter::new(RATE), Instant::now());
        let taken = (0..100_000).filter(|number| limiter.takes(address(*number), start)).count();
        // Each with a bucket of its own once, and one bucket for all others.
        assert_eq!(taken, MAX_ADDRESSES + 3);
        assert!(limiter.buckets.lock().unwrap().len() <= MAX_ADDRESSES + 1);
        // Who was there before isn't shut out by the flood.
        assert!(limiter.takes(address(5), start));
        // What has rested makes room.
        assert!(limiter.takes(address(200_000), start + Duration::from_secs(100)));
        assert!(limiter.buckets.lock().unwrap().len() <= 2);
    }
}
