//! Points in time: absolute in the HTML, refined to an age once the page runs.

use leptos::prelude::*;
use model::Timestamp;
use model::timestamp::to_second;

/// The browser's clock, in seconds since 1970; nothing during the first render, which is the same everywhere.
#[derive(Clone, Copy)]
pub struct Now(RwSignal<Option<i64>>);

impl Now {
    /// Starts the clock once the page runs, and moves it every ten seconds.
    pub fn start() -> Self {
        let now = RwSignal::new(None);
        let tick = move || now.set(Some(browser_seconds()));
        Effect::new(move || {
            tick();
            if let Ok(handle) = set_interval_with_handle(tick, std::time::Duration::from_secs(10)) {
                on_cleanup(move || handle.clear());
            }
        });
        Self(now)
    }
}

/// Shows `2 min ago`, with the absolute time as tooltip.
#[component]
pub fn Age(at: Timestamp) -> impl IntoView {
    let now = use_context::<Now>();
    let absolute = absolute(at);
    let tooltip = absolute.clone();
    let text = move || match now.and_then(|now| now.0.get()) {
        Some(now) => ago(now - at.as_second()),
        None => absolute.clone(),
    };
    view! { <time datetime=to_second(at) title=tooltip>{text}</time> }
}

/// Shows the absolute time.
#[component]
pub fn TimeText(at: Timestamp) -> impl IntoView {
    view! { <time datetime=to_second(at)>{absolute(at)}</time> }
}

/// Returns `2026-11-23 10:00:00 UTC`.
fn absolute(at: Timestamp) -> String {
    to_second(at).replace('T', " ").replace('Z', " UTC")
}

/// Says how long ago that was, in the largest unit that fits.
fn ago(seconds: i64) -> String {
    match seconds {
        ..-5 => "in the future".to_owned(),
        -5..5 => "just now".to_owned(),
        5..60 => format!("{seconds} s ago"),
        60..3_600 => format!("{} min ago", seconds / 60),
        3_600..86_400 => format!("{} h ago", seconds / 3_600),
        _ => format!("{} d ago", seconds / 86_400),
    }
}

fn browser_seconds() -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "milliseconds since 1970 fit for 280,000 years")]
    let seconds = (js_sys::Date::now() / 1000.0) as i64;
    seconds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_told_in_the_largest_unit_that_fits() {
        let ages =
            [(-60, "in the future"), (0, "just now"), (59, "59 s ago"), (60, "1 min ago"), (3_599, "59 min ago")];
        let more = [(3_600, "1 h ago"), (86_399, "23 h ago"), (86_400, "1 d ago"), (8_640_000, "100 d ago")];
        for (seconds, expect) in ages.into_iter().chain(more) {
            assert_eq!(ago(seconds), expect);
        }
    }

    #[test]
    fn absolute_times_are_utc_without_fractions() {
        let at: Timestamp = "2026-11-23T10:00:00.987654+01:00".parse().unwrap();
        assert_eq!(absolute(at), "2026-11-23 09:00:00 UTC");
        assert_eq!(to_second(at), "2026-11-23T09:00:00Z");
    }
}
