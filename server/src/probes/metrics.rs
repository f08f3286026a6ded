//! Figures about the program itself.

use std::fmt;
use std::time::Duration;

use axum::http::Method;
use model::sync::SyncChip;
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
    waiting: Gauge,
    cluster_up: Gauge,
    remote_up: Gauge,
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
        let [resident, waiting, cluster_up, remote_up] = std::array::from_fn(|_| Gauge::default());
        let mut registry = Registry::with_prefix("denshimon");
        registry.register("http_requests", "Answers by method, route and status", requests.clone());
        registry.register("http_request_duration_seconds", "Time to the answer's head", seconds.clone());
        registry.register("resident_memory_bytes", "Memory of the process", resident.clone());
        registry.register("waiting_changes", "Changes seen and not yet committed", waiting.clone());
        registry.register("cluster_up", "1 while the cluster is followed", cluster_up.clone());
        registry.register("remote_up", "1 while commits reach the remote", remote_up.clone());
        Self { registry, requests, seconds, resident, waiting, cluster_up, remote_up }
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
    pub(crate) fn render(&self, chip: &SyncChip) -> Result<String, fmt::Error> {
        if let Some(bytes) = resident_bytes() {
            self.resident.set(bytes);
        }
        self.waiting.set(if let SyncChip::Waiting { changes } = chip { i64::from(*changes) } else { 0 });
        let cluster_away = matches!(chip, SyncChip::ClusterAway { .. } | SyncChip::Starting);
        self.cluster_up.set(i64::from(!cluster_away));
        self.remote_up.set(i64::from(!matches!(chip, SyncChip::CannotPush { .. })));
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
