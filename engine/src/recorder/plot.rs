//! Draws a row of values as the line of a small plot; pure, and in whole numbers, so nothing in it can be odd.

use std::fmt::Write;

use model::sync::{Figure, Plot};

/// The box; the line keeps off its upper and lower edges by its own width.
const WIDTH: usize = 720;
const TOP: u64 = 2;
const BOTTOM: u64 = 94;

/// Makes a plot of values, oldest first, with so many places of which the newest value has the last.
pub(super) fn plot(figure: Figure, values: &[Option<u32>], places: usize) -> Plot {
    let mut known: Vec<u32> = values.iter().flatten().copied().collect();
    let newest = known.last().copied();
    known.sort_unstable();
    Plot {
        figure,
        count: u32::try_from(known.len()).unwrap_or(u32::MAX),
        newest,
        median: known.get(known.len() / 2).copied(),
        highest: known.last().copied(),
        line: line(values, places, known.last().copied().unwrap_or(0)),
    }
}

/// Leaves a gap where there is no value; a value alone is a dot.
fn line(values: &[Option<u32>], places: usize, highest: u32) -> String {
    let (first, steps) = (places.saturating_sub(values.len()), places.saturating_sub(1).max(1));
    let mut line = String::new();
    let mut pen = 'M';
    for (index, value) in values.iter().enumerate() {
        let Some(value) = value else {
            pen = 'M';
            continue;
        };
        let x = WIDTH * (first + index) / steps;
        let y = BOTTOM - (BOTTOM - TOP) * u64::from(*value) / u64::from(highest.max(1));
        // Writing to a string cannot fail.
        let _ = write!(line, "{pen}{x} {y}");
        if pen == 'M' {
            line.push_str("h0");
            pen = 'L';
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_goes_from_the_oldest_to_the_newest_at_the_right_edge() {
        let check = |values: &[Option<u32>], places: usize, expect: &str| {
            assert_eq!(plot(Figure::Lag, values, places).line, expect, "{values:?}");
        };
        check(&[], 360, "");
        check(&[None, None], 360, "");
        check(&[Some(7)], 5, "M720 2h0");
        check(&[Some(0)], 5, "M720 94h0");
        check(&[Some(0), Some(0)], 2, "M0 94h0L720 94");
        check(&[Some(10), Some(5), Some(0)], 5, "M360 2h0L540 48L720 94");
        check(&[Some(1), None, Some(1), Some(2)], 5, "M180 48h0M540 48h0L720 2");
        check(&[Some(u32::MAX), Some(1)], 2, "M0 2h0L720 94");
        check(&[Some(3)], 0, "M0 2h0");
        check(&[Some(3)], 1, "M0 2h0");
    }

    #[test]
    fn a_line_stays_in_its_box_and_holds_only_numbers() {
        for length in 0..400_u32 {
            let values: Vec<_> = (0..length).map(|n| (n % 7 != 0).then_some(n.wrapping_mul(2_654_435_761))).collect();
            let values = values.get(values.len().saturating_sub(360)..).unwrap();
            let line = plot(Figure::Queue, values, 360).line;
            assert!(line.chars().all(|c| c.is_ascii_digit() || "MLh ".contains(c)), "{line}");
            for point in line.split(['M', 'L']).filter(|point| !point.is_empty()) {
                let (x, y) = point.trim_end_matches("h0").split_once(' ').unwrap();
                assert!(x.parse::<u64>().unwrap() <= 720 && (2..=94).contains(&y.parse::<u64>().unwrap()), "{point}");
            }
        }
    }

    #[test]
    fn the_figures_stand_beside_the_line() {
        let plot = plot(Figure::Push, &[Some(9), None, Some(1), Some(4)], 100);
        assert_eq!((plot.count, plot.newest, plot.median, plot.highest), (3, Some(4), Some(4), Some(9)));
    }
}
