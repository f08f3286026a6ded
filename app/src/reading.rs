//! What pages read: resources that the server begins and the browser goes on with.

use leptos::prelude::*;
use leptos::reactive::computed::ScopedFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::json::JsonText;

/// A resource as every page uses it.
pub type Reading<T> = Resource<T, JsonText>;

/// Reads `what(from)` before the page is sent, and again in the browser whenever `from` changes.
///
/// Call it outside of what waits for other resources: the browser finds the server's answer by counting resources, and
/// those that are made in between are counted by when the others arrive.
pub fn reading<From, T, Answer>(
    from: impl Fn() -> From + Send + Sync + 'static,
    what: impl Fn(From) -> Answer + Send + Sync + 'static,
) -> Reading<T>
where
    From: PartialEq + Clone + Send + Sync + 'static,
    T: Serialize + DeserializeOwned + Send + Sync + 'static,
    Answer: Future<Output = T> + Send + 'static,
{
    Reading::new_with_options(from, what, true)
}

/// Waits for what is read.
#[cfg(not(feature = "ssr"))]
pub fn arrived<T>(reading: Reading<T>) -> impl Future<Output = T>
where
    T: Clone + Send + Sync + 'static,
{
    reading.into_future()
}

/// Waits for what is read.
///
/// A resource that is asked for in the moment in which another thread puts its answer in place forgets whom to wake
/// (`AsyncDerivedFuture::poll` in reactive_graph 0.2.16), and the page would never come. So it is asked again.
#[cfg(feature = "ssr")]
pub async fn arrived<T>(reading: Reading<T>) -> T
where
    T: Clone + Send + Sync + 'static,
{
    const AGAIN: std::time::Duration = std::time::Duration::from_millis(250);
    loop {
        if let Ok(read) = tokio::time::timeout(AGAIN, reading.into_future()).await {
            return read;
        }
    }
}

/// Waits for what is read, and shows it once: what changes later changes by the signals inside `view`, in place. What
/// somebody is filling in or has unfolded there stays as it is.
pub fn once_read<T, V>(reading: Reading<T>, view: impl FnOnce() -> V + Send + 'static) -> Suspend<V>
where
    T: Clone + Send + Sync + 'static,
    V: 'static,
{
    Suspend::new(ScopedFuture::new_untracked(async move {
        arrived(reading).await;
        view()
    }))
}
