//! Lines on standard error that tell a waiting person what is being done.

use std::{io::Write, time::Duration};

/// Writes one line; straight to the stream, since a test's harness would swallow what `eprintln!` writes.
pub(crate) fn say(message: &str) {
    // Nobody reads a progress line when standard error is closed.
    let _ = writeln!(std::io::stderr(), "sandbox: {message}");
}

/// A duration as a person would say it: `40 s`, `5 min`.
pub(crate) fn roughly(duration: Duration) -> String {
    match duration.as_secs() {
        seconds @ 0..=89 => format!("{} s", seconds.max(1)),
        seconds => format!("{} min", (seconds + 30) / 60),
    }
}
