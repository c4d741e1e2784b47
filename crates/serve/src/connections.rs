//! How many connections one address may have.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::rate::network;

/// The connections that are open, by address.
#[derive(Clone, Default)]
pub(crate) struct Connections(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// One connection, until it is dropped.
pub(crate) struct Counted {
    of: Connections,
    address: IpAddr,
}

impl Connections {
    /// Counts a connection of an address. None: it has as many as it may.
    pub(crate) fn count(&self, address: IpAddr, most: usize) -> Option<Counted> {
        let address = network(address);
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = open.entry(address).or_default();
        if *own >= most {
            return None;
        }
        *own += 1;
        Some(Counted { of: self.clone(), address })
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut open = self.of.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = open.get_mut(&self.address) {
            *own -= 1;
            if *own == 0 {
                open.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p8_an_address_has_so_many_connections_and_no_more() {
        let connections = Connections::default();
        let take = |address: &str| connections.count(address.parse().unwrap(), 2);
        let (one, other) = (take("192.0.2.1"), take("192.0.2.1"));
        assert!(one.is_some() && other.is_some() && take("192.0.2.1").is_none() && take("::ffff:192.0.2.1").is_none());
        assert!(take("192.0.2.2").is_some());
        drop(one);
        assert!(take("192.0.2.1").is_some());
        drop(other);
        assert!(connections.0.lock().unwrap().is_empty());
    }
}
