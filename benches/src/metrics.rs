//! What the program itself counts, read from `/metrics`.

use std::collections::HashMap;
use std::time::Duration;

use crate::program::Program;

/// Sums and counts by name.
pub struct Metrics(HashMap<String, f64>);

/// Means over a span of time.
pub struct Stages {
    /// From the watch's event to the commit.
    pub event_to_commit: Duration,
    /// Planning what is ready, which may be several commits.
    pub plan: Duration,
    /// Planning and writing it.
    pub commit: Duration,
    pub push: Duration,
    pub pushes: u64,
}

impl Metrics {
    pub async fn read(program: &Program) -> anyhow::Result<Self> {
        let answer = program.place.http.get(format!("{}/metrics", program.url)).send().await?;
        let text = answer.error_for_status()?.text().await?;
        let value = |line: &str| {
            let (name, value) = line.rsplit_once(' ')?;
            Some((name.to_owned(), value.parse().ok()?))
        };
        Ok(Self(text.lines().filter(|line| !line.starts_with('#')).filter_map(value).collect()))
    }

    /// Returns how many records there are.
    pub fn records(&self) -> f64 {
        self.0.get("denshimon_records").copied().unwrap_or(0.0)
    }

    /// What came after an earlier reading.
    pub fn since(&self, before: &Self) -> Stages {
        let of = |name: &str| {
            let name = format!("denshimon_{name}");
            let at = |metrics: &Self| metrics.0.get(&name).copied().unwrap_or(0.0);
            at(self) - at(before)
        };
        let mean = |name: &str| {
            let seconds = of(&format!("{name}_sum")) / of(&format!("{name}_count")).max(1.0);
            Duration::from_secs_f64(seconds.max(0.0))
        };
        Stages {
            event_to_commit: mean("change_to_commit_seconds"),
            plan: mean("plan_duration_seconds"),
            commit: mean("commit_duration_seconds"),
            push: mean("push_duration_seconds"),
            pushes: of("push_duration_seconds_count") as u64,
        }
    }
}
