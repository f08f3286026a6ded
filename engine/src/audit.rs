//! What the API server's audit log says of who wrote: kubectl's users, by the names they were authenticated as.
//!
//! Events come by the audit webhook or from the log file, before or after the watch shows the change. Only who, what
//! and when is kept of them, in a bounded memory; a change for which there is no event yet waits a bounded time.

mod event;
mod follow;
mod memory;
mod own_name;

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use model::Timestamp;
use model::sync::AuditStatus;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::cluster::Cluster;
use crate::{AuditConfig, Clock, Engine, EngineConfig, Error, panics};

use memory::{Memory, Patience, Verdict};
pub(crate) use memory::{Noted, Place, Wanted};

/// After so many waits in vain without an event in between, nobody waits until one comes.
const IN_VAIN: u32 = 5;

/// A person, or a program that acts for itself, as the API server authenticated it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClusterUser {
    pub(crate) name: String,
    /// Who acted under that name.
    pub(crate) impersonator: Option<String>,
}

/// The audit events of late; cheap to clone.
#[derive(Clone)]
pub(crate) struct AuditEvents {
    inner: Arc<Inner>,
}

struct Inner {
    config: AuditConfig,
    token: Option<[u8; 32]>,
    clock: Clock,
    memory: Mutex<Memory>,
    /// Wakes those who wait.
    arrived: watch::Sender<()>,
    in_vain: AtomicU32,
    closed: AtomicBool,
    /// Denshimon's own name, where it is one of a program.
    own_name: Mutex<Option<String>>,
}

impl AuditEvents {
    /// Makes the memory; nothing arrives before [`AuditEvents::follow`].
    pub(crate) fn new(config: &EngineConfig) -> Self {
        let token = config.audit.webhook_token.as_ref();
        let inner = Inner {
            token: token.map(|token| Sha256::digest(token.expose_secret().as_bytes()).into()),
            config: config.audit.clone(),
            clock: config.clock.clone(),
            memory: Mutex::default(),
            arrived: watch::Sender::new(()),
            in_vain: AtomicU32::new(0),
            closed: AtomicBool::new(false),
            own_name: Mutex::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Begins to follow the log file, where there is one, and asks the cluster for Denshimon's own name.
    pub(crate) fn follow(&self, cluster: &Cluster, stopping: &CancellationToken, tasks: &TaskTracker) {
        if !self.is_on() {
            return;
        }
        let learn = own_name::learn(self.clone(), cluster.client(), stopping.clone());
        tasks.spawn(async { panics::caught("own name", learn).await });
        if let Some(path) = self.inner.config.log_file.clone() {
            let (events, follow) = (self.clone(), follow::follow(path, self.clone(), stopping.clone()));
            tasks.spawn(async move {
                if panics::caught("audit log", follow).await.is_none() {
                    events.set_trouble(Some(follow::BROKEN.into()));
                }
            });
        }
    }

    /// Finds who made a change, and uses the event up.
    pub(crate) fn take(&self, wanted: &Wanted) -> Option<ClusterUser> {
        if !self.is_on() {
            return None;
        }
        self.memory().take(wanted, self.inner.clock.now())
    }

    /// Tells whether the event of a change may yet come.
    pub(crate) fn is_to_come(&self, wanted: &Wanted) -> bool {
        let waits = self.is_on()
            && !self.inner.config.wait.is_zero()
            && !self.inner.closed.load(Ordering::Relaxed)
            && self.inner.in_vain.load(Ordering::Relaxed) < IN_VAIN;
        waits && self.is_unknown(wanted)
    }

    /// Waits for the event of a change, for a bounded time.
    pub(crate) async fn arrival(&self, wanted: &Wanted) {
        let mut arrived = self.inner.arrived.subscribe();
        let known = async { while self.is_unknown(wanted) && arrived.changed().await.is_ok() {} };
        // A change that took no field is told from others only when no event can come any more: not in vain.
        if tokio::time::timeout(self.inner.config.wait, known).await.is_err() && !self.is_explained(wanted) {
            self.inner.in_vain.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// From now on nobody waits: the engine stops.
    pub(crate) fn stop_waiting(&self) {
        self.inner.closed.store(true, Ordering::Relaxed);
    }

    /// Says how it goes; `None` when nothing is set up.
    pub(crate) fn status(&self) -> Option<AuditStatus> {
        self.is_on().then(|| self.memory().status())
    }

    fn is_on(&self) -> bool {
        self.inner.token.is_some() || self.inner.config.log_file.is_some()
    }

    fn is_unknown(&self, wanted: &Wanted) -> bool {
        self.memory().find(wanted, Patience::Waiting, self.inner.clock.now()) == Verdict::NotYet
    }

    fn is_explained(&self, wanted: &Wanted) -> bool {
        self.memory().find(wanted, Patience::Over, self.inner.clock.now()) != Verdict::NotYet
    }

    /// Takes in events in the order they were written.
    pub(crate) fn take_in(&self, events: &[Value]) {
        let now = self.inner.clock.now();
        {
            let mut memory = self.memory();
            for write in events.iter().flat_map(event::read) {
                let person = self.is_person(&write.user.name);
                memory.put(write, person, now);
            }
            memory.count(events.len(), now);
        }
        if !events.is_empty() {
            self.inner.in_vain.store(0, Ordering::Relaxed);
            self.inner.arrived.send_replace(());
        }
    }

    fn is_person(&self, name: &str) -> bool {
        let own = self.inner.own_name.lock().unwrap_or_else(PoisonError::into_inner);
        !event::is_of_the_system(name)
            && own.as_deref() != Some(name)
            && self.inner.config.system_users.iter().all(|user| user != name)
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.inner.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_trouble(&self, trouble: Option<String>) {
        self.memory().set_trouble(trouble);
    }
}

impl Engine {
    /// Tells whether a bearer token is that of the API server's audit webhook; `None` when none is set up.
    pub fn accepts_audit_webhook(&self, token: &SecretString) -> Option<bool> {
        let given: [u8; 32] = Sha256::digest(token.expose_secret().as_bytes()).into();
        self.parts.audit.inner.token.map(|wanted| wanted.ct_eq(&given).into())
    }

    /// Takes in a batch of the API server's audit events (`EventList` of `audit.k8s.io/v1`).
    ///
    /// # Errors
    /// [`Error::Invalid`] when it is none.
    pub fn take_audit_events(&self, batch: &[u8]) -> Result<(), Error> {
        let invalid = || Error::invalid_field("body", "This is no EventList of audit.k8s.io/v1.");
        let Ok(mut list) = serde_json::from_slice::<Value>(batch) else { return Err(invalid()) };
        let is_list = list.get("kind").and_then(Value::as_str) == Some("EventList")
            && list.get("apiVersion").and_then(Value::as_str) == Some("audit.k8s.io/v1");
        match list.get_mut("items").map(Value::take) {
            Some(Value::Array(events)) if is_list => self.parts.audit.take_in(&events),
            Some(Value::Null) | None if is_list => {}
            _ => return Err(invalid()),
        }
        Ok(())
    }
}

/// The age beyond which an event explains nothing that is seen now.
const KEPT: Duration = Duration::from_secs(3600);

fn is_older(at: Timestamp, age: Duration, now: Timestamp) -> bool {
    now.as_millisecond().saturating_sub(at.as_millisecond()) > i64::try_from(age.as_millis()).unwrap_or(i64::MAX)
}
