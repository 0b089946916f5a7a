//! Limits the number of sockets that are open before their person is known.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::Limits;

/// Counts sockets that have not sent `hello` yet.
pub(crate) struct Admission {
    waiting: Arc<Mutex<Waiting>>,
    limits: Limits,
}

#[derive(Default)]
struct Waiting {
    all: usize,
    by_network: HashMap<IpAddr, usize>,
}

/// A place among the waiting sockets. Dropping it releases the place.
pub(crate) struct Place {
    waiting: Arc<Mutex<Waiting>>,
    network: IpAddr,
}

/// Reason why there is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Full {
    /// Too many sockets wait from this address.
    Address,
    /// Too many sockets wait in total.
    All,
}

impl Admission {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { waiting: Arc::default(), limits }
    }

    /// Returns a place, or the reason why there is none for this address.
    pub(crate) fn enter(&self, address: IpAddr) -> Result<Place, Full> {
        let network = edge::network(address);
        let mut waiting = lock(&self.waiting);
        let here = waiting.by_network.get(&network).copied().unwrap_or(0);
        if here >= self.limits.waiting_per_address {
            return Err(Full::Address);
        }
        if waiting.all >= self.limits.waiting {
            return Err(Full::All);
        }
        waiting.all += 1;
        waiting.by_network.insert(network, here + 1);
        Ok(Place { waiting: Arc::clone(&self.waiting), network })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut waiting = lock(&self.waiting);
        waiting.all = waiting.all.saturating_sub(1);
        if let Some(here) = waiting.by_network.get_mut(&self.network) {
            *here = here.saturating_sub(1);
            if *here == 0 {
                waiting.by_network.remove(&self.network);
            }
        }
    }
}

fn lock(waiting: &Mutex<Waiting>) -> MutexGuard<'_, Waiting> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_limited_by_network_and_in_all_and_given_back() {
        let admission = Admission::new(Limits { waiting_per_address: 2, waiting: 3, ..Limits::default() });
        let enter = |address: &str| admission.enter(address.parse().unwrap());
        let first = enter("2001:db8::1").unwrap();
        let _second = enter("2001:db8::ffff:2").unwrap();
        assert_eq!(enter("2001:db8::3").err(), Some(Full::Address));
        let _third = enter("192.0.2.1").unwrap();
        assert_eq!(enter("192.0.2.2").err(), Some(Full::All));
        assert_eq!(enter("2001:db8::3").err(), Some(Full::Address));
        drop(first);
        assert!(enter("::ffff:192.0.2.1").is_ok());
        assert!(enter("2001:db8::3").is_ok());
    }
}
