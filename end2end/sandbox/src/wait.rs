//! Waits for a condition, with a deadline.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// Asks `probe` until it says yes; an error of the probe counts as no and is told when the time is over.
pub(crate) async fn wait_for<F, Fut>(what: &str, deadline: Duration, mut probe: F) -> Result<()>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<bool>>,
{
    let started = Instant::now();
    loop {
        // A probe may hang on a connection that nobody answers.
        let answer = tokio::time::timeout(Duration::from_secs(5), probe()).await;
        let reason = match answer {
            Ok(Ok(true)) => return Ok(()),
            Ok(Ok(false)) => "not yet".to_owned(),
            Ok(Err(error)) => format!("{error:#}"),
            Err(_) => "no answer".to_owned(),
        };
        if started.elapsed() > deadline {
            bail!("{what}: still not so after {} s ({reason})", deadline.as_secs());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
