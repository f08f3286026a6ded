//! Figures about the program itself.

use std::fmt;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use axum::http::Method;
use engine::SyncTotals;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// Counters that live as long as the program.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    seconds: Histogram,
    resident: Gauge,
    sync: SyncGauges,
}

/// How far cluster and repository are in step.
#[derive(Default)]
struct SyncGauges {
    cluster_up: Gauge,
    remote_up: Gauge,
    waiting: Gauge,
    lag: Gauge<f64, AtomicU64>,
    ahead: Gauge,
    held: Gauge,
    problems: Gauge,
    resources: Gauge,
    kinds: Gauge,
    kinds_away: Gauge,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: String,
    route: String,
    status: u16,
}

impl Default for Metrics {
    fn default() -> Self {
        let requests = Family::<RequestLabels, Counter>::default();
        // 1 ms to 8 s.
        let seconds = Histogram::new(exponential_buckets(0.001, 2.0, 14));
        let resident = Gauge::default();
        let sync = SyncGauges::default();
        let mut registry = Registry::with_prefix("denshimon");
        registry.register("http_requests", "Answers by method, route and status", requests.clone());
        registry.register("http_request_duration_seconds", "Time to the answer's head", seconds.clone());
        registry.register("resident_memory_bytes", "Memory of the process", resident.clone());
        sync.register(&mut registry);
        Self { registry, requests, seconds, resident, sync }
    }
}

impl SyncGauges {
    fn register(&self, registry: &mut Registry) {
        registry.register("sync_lag_seconds", "From event to commit, of the newest change", self.lag.clone());
        for (name, help, gauge) in [
            ("cluster_up", "1 while the cluster answers", &self.cluster_up),
            ("remote_up", "1 while commits reach the remote", &self.remote_up),
            ("waiting_changes", "Changes seen and not yet committed", &self.waiting),
            ("unpushed_commits", "Commits that the remote lacks", &self.ahead),
            ("held_deletions", "Records that wait for a word before they are deleted", &self.held),
            ("sync_problems", "What keeps the sync engine from its work", &self.problems),
            ("watched_resources", "Resources that are followed", &self.resources),
            ("watched_kinds", "Kinds that are followed", &self.kinds),
            ("watched_kinds_away", "Kinds that cannot be followed now", &self.kinds_away),
        ] {
            registry.register(name, help, gauge.clone());
        }
    }

    fn set(&self, totals: &SyncTotals) {
        self.lag.set(totals.lag_milliseconds.map_or(f64::NAN, |milliseconds| f64::from(milliseconds) / 1000.0));
        for (gauge, value) in [
            (&self.cluster_up, u64::from(totals.cluster_up)),
            (&self.remote_up, u64::from(totals.remote_up)),
            (&self.waiting, totals.waiting),
            (&self.ahead, u64::from(totals.ahead)),
            (&self.held, totals.held_deletions),
            (&self.problems, totals.problems),
            (&self.resources, totals.resources),
            (&self.kinds, totals.kinds),
            (&self.kinds_away, totals.kinds_away),
        ] {
            gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        }
    }
}

impl Metrics {
    pub(crate) fn count_request(&self, method: &Method, route: &str, status: u16, elapsed: Duration) {
        // Anything may be sent as a method; only known ones make a series.
        let method = match *method {
            Method::GET | Method::HEAD | Method::POST | Method::PUT | Method::PATCH | Method::DELETE => method.as_str(),
            _ => "other",
        };
        let labels = RequestLabels { method: method.to_owned(), route: route.to_owned(), status };
        self.requests.get_or_create(&labels).inc();
        self.seconds.observe(elapsed.as_secs_f64());
    }

    /// Writes all figures as OpenMetrics text.
    ///
    /// # Errors
    /// Formatting failed.
    pub(crate) fn render(&self, totals: &SyncTotals) -> Result<String, fmt::Error> {
        if let Some(bytes) = resident_bytes() {
            self.resident.set(bytes);
        }
        self.sync.set(totals);
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// Returns the resident set, where the system tells it.
fn resident_bytes() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: i64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}
