//! Slows down guessing, per account and per address, in tables that cannot be made to overflow.

use std::hash::{BuildHasher, Hash, RandomState};
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Duration;

use model::Timestamp;

use crate::Error;

/// Failures in a row that cost nothing, of an account and from an address, behind which a whole office may be.
const FREE: [u32; 2] = [5, 20];
/// The longest wait.
const LONGEST: Duration = Duration::from_secs(15 * 60);
/// Failures older than this are forgotten.
const MEMORY: Duration = Duration::from_secs(60 * 60);
/// Counters per table. An attacker who fills the table adds to counters and never takes one away: two names that share
/// a counter wait for each other, but no number of names lifts a lock.
const SLOTS: usize = 8192;

/// Counts failures by account and by address.
pub(super) struct Throttle {
    tables: Mutex<[Table; 2]>,
    hasher: RandomState,
}

type Table = Box<[Counter]>;

#[derive(Clone, Copy, Default)]
struct Counter {
    failures: u32,
    last: Option<Timestamp>,
}

/// Where the counters of one try lie.
#[derive(Clone, Copy)]
pub(super) struct Slots([Option<usize>; 2]);

impl Default for Throttle {
    fn default() -> Self {
        let table = || vec![Counter::default(); SLOTS].into_boxed_slice();
        Self { tables: Mutex::new([table(), table()]), hasher: RandomState::new() }
    }
}

impl Throttle {
    /// Finds the counters of an account (as typed, known or not) and an address.
    pub(super) fn slots(&self, account: &str, address: IpAddr) -> Slots {
        Slots([self.slot(account), self.slot(network(address))])
    }

    /// Finds the counter of tries that no address stands for.
    pub(super) fn slots_of_account(&self, account: &str) -> Slots {
        Slots([self.slot(account), None])
    }

    fn slot(&self, key: impl Hash) -> Option<usize> {
        usize::try_from(self.hasher.hash_one(key) % SLOTS as u64).ok()
    }

    /// Counts a try before it is made, so that many at once do not slip through.
    ///
    /// # Errors
    /// [`Error::TooMany`] with the time to wait.
    pub(super) fn begin(&self, slots: Slots, now: Timestamp) -> Result<(), Error> {
        let mut tables = self.tables.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let counters = tables.iter().zip(slots.0).zip(FREE);
        let waits = counters.filter_map(|((table, slot), free)| table.get(slot?)?.wait(now, free));
        if let Some(retry_after) = waits.max() {
            return Err(Error::TooMany { retry_after });
        }
        for (table, slot) in tables.iter_mut().zip(slots.0) {
            if let Some(counter) = slot.and_then(|slot| table.get_mut(slot)) {
                counter.fail(now);
            }
        }
        Ok(())
    }

    /// Takes back the count of a try that succeeded: the account's wholly, the address's by one.
    pub(super) fn succeed(&self, slots: Slots) {
        let mut tables = self.tables.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let [accounts, addresses] = &mut *tables;
        let [account, address] = slots.0;
        if let Some(counter) = account.and_then(|slot| accounts.get_mut(slot)) {
            *counter = Counter::default();
        }
        if let Some(counter) = address.and_then(|slot| addresses.get_mut(slot)) {
            counter.failures = counter.failures.saturating_sub(1);
        }
    }
}

impl Counter {
    fn fail(&mut self, now: Timestamp) {
        if self.age(now).is_none_or(|age| age > MEMORY) {
            self.failures = 0;
        }
        self.failures = self.failures.saturating_add(1);
        self.last = Some(now);
    }

    /// Returns how long to wait still: 1, 2, 4... seconds after each failure that is not free.
    fn wait(&self, now: Timestamp, free: u32) -> Option<Duration> {
        let over = self.failures.checked_sub(free)?;
        let age = self.age(now)?;
        let wait = Duration::from_secs(1u64.checked_shl(over.min(20)).unwrap_or(u64::MAX)).min(LONGEST);
        (age <= MEMORY).then(|| wait.checked_sub(age).filter(|left| !left.is_zero())).flatten()
    }

    fn age(&self, now: Timestamp) -> Option<Duration> {
        let last = self.last?;
        Some(Duration::try_from(now.duration_since(last)).unwrap_or_default())
    }
}

/// An IPv6 customer has a whole /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) & !u128::from(u64::MAX)).into()),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "192.0.2.1";

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + seconds).unwrap()
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_account_is_locked_longer_with_each_failure() {
        let throttle = Throttle::default();
        let slots = throttle.slots("ada", address(HERE));
        for _ in 0..FREE[0] {
            throttle.begin(slots, at(0)).unwrap();
        }
        assert!(
            matches!(throttle.begin(slots, at(0)), Err(Error::TooMany { retry_after }) if retry_after.as_secs() == 1)
        );
        throttle.begin(slots, at(1)).unwrap();
        assert!(throttle.begin(slots, at(2)).is_err());
        assert!(throttle.begin(slots, at(3)).is_ok());
    }

    #[test]
    fn another_address_does_not_lift_an_account_s_lock() {
        let throttle = Throttle::default();
        for number in 0..u8::try_from(FREE[0]).unwrap() {
            throttle.begin(throttle.slots("ada", address(&format!("192.0.2.{number}"))), at(0)).unwrap();
        }
        assert!(throttle.begin(throttle.slots("ada", address("198.51.100.1")), at(0)).is_err());
    }

    #[test]
    fn no_number_of_other_names_lifts_a_lock() {
        let throttle = Throttle::default();
        let ada = throttle.slots("ada", address(HERE));
        for _ in 0..FREE[0] {
            throttle.begin(ada, at(0)).unwrap();
        }
        for number in 0..50_000u32 {
            let address = IpAddr::V4((0x0a00_0000 + number).into());
            let _ = throttle.begin(throttle.slots(&format!("user{number}"), address), at(0));
        }
        assert!(throttle.begin(ada, at(0)).is_err());
    }

    #[test]
    fn an_address_that_tries_many_names_is_locked_too() {
        let throttle = Throttle::default();
        for number in 0..FREE[1] {
            throttle.begin(throttle.slots(&format!("user{number}"), address(HERE)), at(0)).unwrap();
        }
        assert!(throttle.begin(throttle.slots("ada", address(HERE)), at(0)).is_err());
        assert!(throttle.begin(throttle.slots("ada", address("192.0.2.2")), at(0)).is_ok());
    }

    #[test]
    fn success_and_time_forgive() {
        let throttle = Throttle::default();
        let slots = throttle.slots("ada", address("2001:db8::1"));
        for _ in 0..FREE[0] {
            throttle.begin(slots, at(0)).unwrap();
        }
        throttle.succeed(slots);
        assert!(throttle.begin(slots, at(3601)).is_ok());
        assert_eq!(throttle.slots("ada", address("2001:db8::2")).0, slots.0);
    }
}
