//! How the sync engine did lately, as small plots with their figures beside them.

use leptos::prelude::*;
use model::sync::{Figure, Plot};

/// One small plot per figure. Its line was drawn by the engine.
#[component]
pub fn Plots(plots: Vec<Plot>) -> impl IntoView {
    let plots = plots
        .into_iter()
        .map(|plot| {
            let (title, picture) = titles(plot.figure);
            let words = words(&plot);
            view! {
                <figure class="plot">
                    <figcaption>
                        <strong>{title}</strong>
                        " "
                        {words}
                    </figcaption>
                    <svg viewBox="0 0 720 96" preserveAspectRatio="none" role="img" aria-label=picture focusable="false">
                        <path d=plot.line></path>
                    </svg>
                </figure>
            }
        })
        .collect_view();
    view! { <div class="plots">{plots}</div> }
}

/// What stands above a plot, and what the picture is of.
fn titles(figure: Figure) -> (&'static str, &'static str) {
    match figure {
        Figure::Queue => ("Queue", "Plot of the waiting changes over the last hour"),
        Figure::Lag => ("Lag", "Plot of the time from event to commit over the last hour"),
        Figure::Commit => ("Commit", "Plot of the time that each of the last commits took"),
        Figure::Push => ("Push", "Plot of the time that each of the last pushes took"),
    }
}

/// The same in words.
fn words(plot: &Plot) -> String {
    let (Some(newest), Some(median), Some(highest)) = (plot.newest, plot.median, plot.highest) else {
        return match plot.figure {
            Figure::Lag => "no change in the last hour",
            _ => "nothing yet",
        }
        .to_owned();
    };
    if plot.figure == Figure::Queue {
        return format!("{newest} waiting now, at most {highest} in the last hour");
    }
    let (newest, median, highest) = (time(newest), time(median), time(highest));
    let over = match plot.figure {
        Figure::Lag => "in the last hour".to_owned(),
        _ => format!("of the last {}", plot.count),
    };
    format!("{newest} the newest, {median} the median, {highest} the longest {over}")
}

/// `85 ms`, or `12 s` from ten seconds.
fn time(milliseconds: u32) -> String {
    match milliseconds {
        0..10_000 => format!("{milliseconds} ms"),
        _ => format!("{} s", milliseconds / 1_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plot_is_told_in_words() {
        let check = |figure, values: Option<(u32, u32, u32)>, expect: &str| {
            let plot = Plot {
                figure,
                count: 3,
                newest: values.map(|values| values.0),
                median: values.map(|values| values.1),
                highest: values.map(|values| values.2),
                line: String::new(),
            };
            assert_eq!(words(&plot), expect);
        };
        check(Figure::Queue, Some((0, 0, 12)), "0 waiting now, at most 12 in the last hour");
        check(Figure::Lag, None, "no change in the last hour");
        check(Figure::Push, None, "nothing yet");
        let lag = "85 ms the newest, 90 ms the median, 12 s the longest in the last hour";
        check(Figure::Lag, Some((85, 90, 12_345)), lag);
        check(Figure::Commit, Some((1, 2, 3)), "1 ms the newest, 2 ms the median, 3 ms the longest of the last 3");
    }
}
