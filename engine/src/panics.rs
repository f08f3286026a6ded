//! A panic in one background task stops no other, and never passes unnoticed.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use futures::FutureExt;

/// Runs some work; returns nothing and logs when it panics. What it shares with others must not depend on its being
/// finished.
pub(crate) async fn caught<T>(task: &str, work: impl Future<Output = T>) -> Option<T> {
    let outcome = AssertUnwindSafe(work).catch_unwind().await;
    outcome.inspect_err(|panic| tracing::error!(task, panic = words(&**panic), "a background task panicked")).ok()
}

/// Does some work at once; as [`caught`].
pub(crate) fn caught_here<T>(task: &str, work: impl FnOnce() -> T) -> Option<T> {
    let outcome = std::panic::catch_unwind(AssertUnwindSafe(work));
    outcome.inspect_err(|panic| tracing::error!(task, panic = words(&**panic), "a background task panicked")).ok()
}

fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("of an unknown kind")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_nothing_and_an_answer_is_an_answer() {
        assert_eq!(caught("test", async { 7 }).await, Some(7));
        assert_eq!(caught::<u8>("test", async { panic!("on purpose") }).await, None);
        assert_eq!(caught_here("test", || 7), Some(7));
        assert_eq!(caught_here::<u8>("test", || panic!("on purpose")), None);
        assert_eq!(words(&"text"), "text");
        assert_eq!(words(&String::from("text")), "text");
    }
}
