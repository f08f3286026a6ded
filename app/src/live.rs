//! The page's one live stream: the server says that something changed, the page reads again what it shows.

use std::time::Duration;

use leptos::prelude::*;
use leptos_router::hooks::use_location;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

/// Counts what the stream said; a resource that reads a counter is read again when it moves.
#[derive(Clone, Copy)]
pub struct Live {
    /// Something that the current page shows has changed.
    pub page: RwSignal<u32>,
    /// The page's data or the sync state has changed.
    pub sync: RwSignal<u32>,
    /// The stream is gone, and how often it was opened again since.
    lost: RwSignal<Option<u32>>,
}

impl Live {
    /// Follows the stream that belongs to the current path, for as long as the frame lives.
    pub fn follow() -> Self {
        let live = Self { page: RwSignal::new(0), sync: RwSignal::new(0), lost: RwSignal::new(None) };
        let again = RwSignal::new(0_u32);
        let path = use_location().pathname;
        let stream = Memo::new(move |_| path.with(|path| stream_of(path)));
        Effect::new(move || {
            let address = stream.get();
            again.track();
            if let Ok(source) = web_sys::EventSource::new(&address) {
                live.listen(source, again);
            }
        });
        live
    }

    /// Returns the counter of the page's data, outside a frame one that never moves.
    pub fn page_counter() -> Signal<u32> {
        use_context::<Self>().map_or_else(|| Signal::stored(0), |live| live.page.into())
    }

    /// Returns the counter of the sync state, outside a frame one that never moves.
    pub fn sync_counter() -> Signal<u32> {
        use_context::<Self>().map_or_else(|| Signal::stored(0), |live| live.sync.into())
    }

    /// Tells whether the page no longer hears of changes.
    pub fn is_lost(self) -> bool {
        self.lost.with(Option::is_some)
    }

    fn listen(self, source: web_sys::EventSource, again: RwSignal<u32>) {
        let changed = Closure::<dyn FnMut()>::new(move || {
            self.page.update(|count| *count = count.wrapping_add(1));
            self.sync.update(|count| *count = count.wrapping_add(1));
        });
        let synced = Closure::<dyn FnMut()>::new(move || self.sync.update(|count| *count = count.wrapping_add(1)));
        let ending = source.clone();
        let ended = Closure::<dyn FnMut()>::new(move || {
            ending.close();
            self.page.update(|count| *count = count.wrapping_add(1));
        });
        let opened = Closure::<dyn FnMut()>::new(move || {
            // What happened while nobody listened is read now.
            if self.lost.get_untracked().is_some() {
                self.lost.set(None);
                self.page.update(|count| *count = count.wrapping_add(1));
                self.sync.update(|count| *count = count.wrapping_add(1));
            }
        });
        let failing = source.clone();
        let failed = Closure::<dyn FnMut()>::new(move || {
            // A connection that breaks is opened again by the browser; an answer that refuses ends its patience.
            if failing.ready_state() == web_sys::EventSource::CLOSED {
                let tries = self.lost.get_untracked().unwrap_or(0);
                self.lost.set(Some(tries.saturating_add(1)));
                let wait = Duration::from_secs(1 << tries.min(5));
                let open = move || {
                    // The frame may be gone by then.
                    let _ = again.try_update(|count| *count = count.wrapping_add(1));
                };
                set_timeout(open, wait);
            }
        });
        let events = [("change", &changed), ("sync", &synced), ("end", &ended), ("open", &opened), ("error", &failed)];
        for (name, closure) in events {
            // Only fails for arguments that are no function.
            let _ = source.add_event_listener_with_callback(name, closure.as_ref().unchecked_ref());
        }
        let held = StoredValue::new_local((source, changed, synced, ended, opened, failed));
        on_cleanup(move || {
            if let Some((source, ..)) = held.try_update_value(|held| (held.0.clone(), ())) {
                source.close();
            }
        });
    }
}

/// Returns the stream for a page: one deployment, the list of them, or only the sync state.
fn stream_of(path: &str) -> String {
    let mut parts = path.trim_matches('/').split('/');
    match (parts.next(), parts.next(), parts.next()) {
        (Some("deployments"), Some(namespace), Some(name)) => format!("/live/deployments/{namespace}/{name}"),
        (Some("deployments"), None, _) | (Some(""), ..) => "/live/deployments".to_owned(),
        _ => "/live/sync".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_page_follows_what_it_shows() {
        assert_eq!(stream_of("/"), "/live/deployments");
        assert_eq!(stream_of("/deployments"), "/live/deployments");
        assert_eq!(stream_of("/deployments/new"), "/live/sync");
        assert_eq!(stream_of("/deployments/shop/api/pods"), "/live/deployments/shop/api");
        assert_eq!(stream_of("/account"), "/live/sync");
    }
}
