//! The table of results.

use std::time::Duration;

use crate::profile::Part;

/// Below this share of the processor's time a part is not told, and none of its functions beyond the third.
const LEAST_SHARE: f64 = 1.0;
const FUNCTIONS: usize = 3;

/// Rows in the order they were measured, and what stands behind them.
#[derive(Default)]
pub struct Report {
    rows: Vec<String>,
    profile: Option<(String, Vec<Part>)>,
}

impl Report {
    /// Adds a single figure.
    pub fn value(&mut self, what: &str, unit: &str, value: impl std::fmt::Display) {
        self.rows.push(format!("| {what} | {value} {unit} | | | 1 |"));
    }

    /// Adds median, 95th and 99th percentile of many.
    pub fn samples(&mut self, what: &str, unit: &str, mut samples: Vec<Duration>) {
        samples.sort();
        let at = |share: f64| {
            let rank = ((samples.len() as f64 * share).ceil() as usize).clamp(1, samples.len().max(1)) - 1;
            samples.get(rank).map_or(f64::NAN, |duration| duration.as_secs_f64() * 1000.0)
        };
        self.rows.push(format!(
            "| {what} | {:.1} {unit} | {:.1} {unit} | {:.1} {unit} | {} |",
            at(0.5),
            at(0.95),
            at(0.99),
            samples.len()
        ));
    }

    /// Adds where the processor's time went.
    pub fn profile(&mut self, during: String, parts: Vec<Part>) {
        self.profile = Some((during, parts));
    }

    /// Prints the table with the commit and the machine it was measured on.
    pub fn print(&self, binary: &str) {
        let commit = command("git", &["rev-parse", "--short=10", "HEAD"]);
        let processor = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = processor.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        let profile = if binary.contains("/release/") { "release" } else { "dev" };
        let model = model.trim_matches([' ', '\t', ':']);
        println!("\nCommit {commit}, `{profile}` profile, {cores} cores, {model}.\n");
        println!("| figure | p50 or value | p95 | p99 | samples |\n|---|---|---|---|---|");
        for row in &self.rows {
            println!("{row}");
        }
        if let Some((during, parts)) = &self.profile {
            print_profile(during, parts);
        }
    }
}

fn print_profile(during: &str, parts: &[Part]) {
    println!("\n### Where the processor's time goes\n\nThe program's own, {during}, as `perf` samples it.\n");
    println!("| part | share | its heaviest functions |\n|---|---|---|");
    for part in parts.iter().filter(|part| part.share >= LEAST_SHARE) {
        let name = |(name, share): &(String, f64)| format!("`{}` {share:.1} %", short(name));
        let functions: Vec<String> = part.functions.iter().take(FUNCTIONS).map(name).collect();
        println!("| {} | {:.1} % | {} |", part.name, part.share, functions.join(", "));
    }
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
