//! Figures about the program itself.

use std::fmt;
use std::time::Duration;

use axum::http::Method;
use engine::{SyncHistograms, SyncTotals};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use super::sync_metrics::SyncGauges;

/// Counters that live as long as the program.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    seconds: Histogram,
    resident: Gauge,
    sync: SyncGauges,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: String,
    route: String,
    status: u16,
}

impl Metrics {
    /// Registers all figures, those that the engine counts itself among them.
    pub(crate) fn new(histograms: SyncHistograms) -> Self {
        let requests = Family::<RequestLabels, Counter>::default();
        // 1 ms to 8 s.
        let seconds = Histogram::new(exponential_buckets(0.001, 2.0, 14));
        let resident = Gauge::default();
        let sync = SyncGauges::default();
        let mut registry = Registry::with_prefix("denshimon");
        registry.register("http_requests", "Answers by method, route and status", requests.clone());
        registry.register("http_request_duration_seconds", "Time to the answer's head", seconds.clone());
        registry.register("resident_memory_bytes", "Memory of the process", resident.clone());
        sync.register(&mut registry, histograms);
        Self { registry, requests, seconds, resident, sync }
    }

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
        let mut text = String::new();
        // Two readers at a time would mix their kinds.
        let _alone = self.sync.set(totals);
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
