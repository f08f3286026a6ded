//! The table of what went wrong and what came of it.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use crate::faults::Fault;
use crate::load::Told;

/// All rounds of one fault.
#[derive(Default)]
struct Row {
    rounds: u32,
    kills: u32,
    changes: u32,
    accepted: usize,
    refused: u32,
    unanswered: u32,
    let_through: u32,
    longest: Duration,
}

/// What is printed at the end.
#[derive(Default)]
pub struct Report {
    rows: BTreeMap<Fault, Row>,
    bursts: Vec<Duration>,
}

impl Report {
    /// Adds a round.
    pub fn add(&mut self, fault: Fault, kills: u32, let_through: u32, took: Duration, told: &Told) {
        let row = self.rows.entry(fault).or_default();
        row.rounds += 1;
        row.kills += kills;
        row.changes += told.direct;
        row.accepted += told.accepted.len();
        row.refused += told.refused;
        row.unanswered += told.unanswered;
        row.let_through += let_through;
        row.longest = row.longest.max(took);
    }

    /// Adds how long a kill in a burst was felt.
    pub fn add_burst(&mut self, took: Duration) {
        self.bursts.push(took);
    }

    /// Prints the table.
    pub fn print(&self, commits: u32, ended: u32, binary: &Path) {
        let rows = || self.rows.values();
        let kills = rows().map(|row| row.kills).sum::<u32>() as usize + self.bursts.len();
        let changes: u32 = rows().map(|row| row.changes).sum();
        let operations: usize = rows().map(|row| row.accepted).sum();
        let release = binary.components().any(|part| part.as_os_str() == "release");
        println!(
            "\n`{}` profile, {kills} kills, {changes} changes by others, {operations} operations, {commits} commits: nothing \
             lost, nothing recorded twice. The program ended by itself {ended} times and was started again.\n",
            if release { "release" } else { "dev" },
        );
        println!(
            "| beside the kills | rounds | kills | changes | operations: accepted | refused | without an answer | \
             deletions let through by hand | in step again after, at most |\n|---|---|---|---|---|---|---|---|---|"
        );
        for (fault, row) in &self.rows {
            let Row { rounds, kills, changes, accepted, refused, unanswered, let_through, longest } = row;
            println!(
                "| {fault} | {rounds} | {kills} | {changes} | {accepted} | {refused} | {unanswered} | {let_through} | {:.1} s |",
                longest.as_secs_f64()
            );
        }
        println!(
            "\nKilled in a burst of 1,000 changes and 20 deletions, {} times: the repository equals the cluster at most \
             {:.1} s after the start.",
            self.bursts.len(),
            self.longest_burst().as_secs_f64(),
        );
    }

    /// Returns how long the repository differed from the cluster after a kill in a burst, at most.
    pub fn longest_burst(&self) -> Duration {
        self.bursts.iter().max().copied().unwrap_or_default()
    }
}
