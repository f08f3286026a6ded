//! What was measured, in sections that are each written into `BENCHMARKS.md` as soon as they are complete.

use std::fmt::{self, Display, Write};
use std::path::Path;
use std::time::Duration;

use crate::profile::Part;

/// Below this share of the processor's time a part is not told, and none of its functions beyond the third.
const LEAST_SHARE: f64 = 1.0;
const FUNCTIONS: usize = 3;

/// Rows in the order they were measured, and what stands behind them.
pub struct Section {
    title: String,
    rows: Vec<String>,
    profile: Option<(String, Vec<Part>)>,
}

impl Section {
    /// Opens a section without rows.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), rows: Vec::new(), profile: None }
    }

    /// Adds a single figure, and what it has to be.
    pub fn value(&mut self, what: &str, unit: &str, value: impl Display, wanted: &str) {
        self.rows.push(format!("| {what} | {value} {unit} | | | 1 | {wanted} |"));
    }

    /// Adds median, 95th and 99th percentile of many, and what they have to be.
    pub fn samples(&mut self, what: &str, samples: &[Duration], wanted: &str) {
        let at = |share| Milliseconds(percentile(samples, share));
        let (middle, high, highest) = (at(0.5), at(0.95), at(0.99));
        self.rows.push(format!("| {what} | {middle} | {high} | {highest} | {} | {wanted} |", samples.len()));
    }

    /// Adds by how much the median and the 99th percentile of some are above those of others.
    pub fn ratio(&mut self, what: &str, samples: &[Duration], others: &[Duration], wanted: &str) {
        let of = |share| percentile(samples, share).as_secs_f64() / percentile(others, share).as_secs_f64();
        self.rows.push(format!("| {what} | {:.2} | | {:.2} | | {wanted} |", of(0.5), of(0.99)));
    }

    /// Adds where the processor's time went.
    pub fn profile(&mut self, during: String, parts: Vec<Part>) {
        self.profile = Some((during, parts));
    }

    /// Renders it with the commit and the machine it was measured on.
    pub fn render(&self, binary: &str) -> String {
        let commit = command("git", &["rev-parse", "--short=10", "HEAD"]);
        let day = command("date", &["-u", "+%F"]);
        let processor = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = processor.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        let profile = if binary.contains("/release/") { "release" } else { "dev" };
        let model = model.trim_matches([' ', '\t', ':']);
        let mut text =
            format!("### {}\n\n{day}, commit {commit}, `{profile}` profile, {cores} cores, {model}.\n\n", self.title);
        text += "| figure | p50 or value | p95 | p99 | samples | wanted |\n|---|---|---|---|---|---|\n";
        for row in &self.rows {
            text += &format!("{row}\n");
        }
        if let Some((during, parts)) = &self.profile {
            // A `String` takes all that is written to it.
            let _ = write_profile(&mut text, during, parts);
        }
        text
    }
}

/// Puts a section in the place of the one with its title in a document, or behind all that there is.
pub fn merge(document: &str, section: &str) -> String {
    let title = section.lines().next().unwrap_or_default();
    let start = document.find(&format!("{title}\n"));
    let (before, after) = match start {
        Some(start) => {
            let (before, old) = document.split_at(start);
            let end = old.get(1..).and_then(|rest| rest.find("\n## ").into_iter().chain(rest.find("\n### ")).min());
            (before, end.and_then(|end| old.get(end + 2..)).unwrap_or_default())
        }
        None => (document, ""),
    };
    let parts = [before.trim_end(), section.trim_end(), after.trim_end()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n") + "\n"
}

/// Merges a section into a file.
pub fn merge_into(file: &Path, section: &str) -> anyhow::Result<()> {
    Ok(std::fs::write(file, merge(&std::fs::read_to_string(file)?, section))?)
}

/// The value below which such a share of the samples lies; zero without any.
pub fn percentile(samples: &[Duration], share: f64) -> Duration {
    let mut sorted = samples.to_vec();
    sorted.sort();
    let rank = ((sorted.len() as f64 * share).ceil() as usize).clamp(1, sorted.len().max(1)) - 1;
    sorted.get(rank).copied().unwrap_or_default()
}

struct Milliseconds(Duration);

impl Display for Milliseconds {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:.1} ms", self.0.as_secs_f64() * 1000.0)
    }
}

fn write_profile(text: &mut String, during: &str, parts: &[Part]) -> fmt::Result {
    writeln!(text, "\nWhere the processor's time goes: the program's own, {during}, as `perf` samples it.\n")?;
    writeln!(text, "| part | share | its heaviest functions |\n|---|---|---|")?;
    for part in parts.iter().filter(|part| part.share >= LEAST_SHARE) {
        let name = |(name, share): &(String, f64)| format!("`{}` {share:.1} %", short(name));
        let functions: Vec<String> = part.functions.iter().take(FUNCTIONS).map(name).collect();
        writeln!(text, "| {} | {:.1} % | {} |", part.name, part.share, functions.join(", "))?;
    }
    Ok(())
}

/// Cuts a function's name to what fits into a table.
fn short(name: &str) -> String {
    const LONGEST: usize = 60;
    let name = name.replace(['|', '`'], "");
    if name.chars().count() <= LONGEST { name } else { name.chars().take(LONGEST - 1).chain(['…']).collect() }
}

fn command(program: &str, arguments: &[&str]) -> String {
    let output = std::process::Command::new(program).args(arguments).output();
    output.map_or_else(|_| "unknown".into(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(document: &str, section: &str, expect: &str) {
        assert_eq!(merge(document, section), expect);
        assert_eq!(merge(expect, section), expect, "again");
    }

    #[test]
    fn a_section_takes_the_place_of_its_older_self() {
        check("# B\n\n## Results\n", "### a\n\nnew\n", "# B\n\n## Results\n\n### a\n\nnew\n");
        let old = "# B\n\n## Results\n\n### a\n\nold\n\n### b\n\nkept\n";
        check(old, "### a\n\nnew\n", "# B\n\n## Results\n\n### a\n\nnew\n\n### b\n\nkept\n");
        check(old, "### b\n\nnew\n", "# B\n\n## Results\n\n### a\n\nold\n\n### b\n\nnew\n");
        check("### a\n\nold\n\n## Next\n\ntext\n", "### a\n\nnew\n", "### a\n\nnew\n\n## Next\n\ntext\n");
        check("### ab\n\nother\n", "### a\n\nnew\n", "### ab\n\nother\n\n### a\n\nnew\n");
    }

    #[test]
    fn percentiles_are_samples() {
        let samples: Vec<Duration> = (1..=200).rev().map(Duration::from_millis).collect();
        let at = |share| percentile(&samples, share).as_millis();
        assert_eq!((at(0.5), at(0.95), at(0.99), at(1.0)), (100, 190, 198, 200));
        assert_eq!(percentile(&[], 0.5), Duration::ZERO);
    }
}
