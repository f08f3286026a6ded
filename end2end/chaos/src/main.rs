//! Drives changes at a fixed rate while the program is killed and all that it depends on fails in turn, then looks
//! whether anything was lost, done twice or made up; `script/chaos` calls it.

mod burst;
mod cable;
mod check;
mod faults;
mod load;
mod program;
mod remote;
mod report;
mod shell;
mod stage;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use clap::Parser;
use rand::Rng;
use tokio::process::Command;

use crate::check::Book;
use crate::faults::Fault;
use crate::load::Load;
use crate::report::Report;
use crate::stage::{Stage, WINDOW};

const PER_SECOND: u32 = 20;
/// How long the repository may differ from the cluster when all is well again.
const PATIENCE: Duration = Duration::from_secs(60);
/// After a kill in a burst it may differ so long.
const AFTER_BURST: Duration = Duration::from_secs(5);
/// A short run is a test, which may share its machine: it may take so many times as long.
const SHARED: u32 = 3;

/// Kills the program and breaks what it depends on, and looks whether anything was lost.
#[derive(Parser)]
struct Options {
    /// The program to test.
    binary: PathBuf,
    /// A few kills of each kind instead of 1,000.
    #[arg(long)]
    short: bool,
    /// Only faults with this in their names, to look into them.
    #[arg(long)]
    only: Option<String>,
}

struct Size {
    rounds: usize,
    kills: u32,
    bursts: usize,
    /// How long a fault lasts, and the kills are spread over.
    lasting: Duration,
    /// `git fsck` after so many rounds: it reads all that there is.
    fsck_every: usize,
    /// Room on each disk, as `mount` takes it.
    disk: &'static str,
}

const LONG: Size =
    Size { rounds: 96, kills: 11, bursts: 10, lasting: Duration::from_secs(10), fsck_every: 8, disk: "2g" };
const SHORT: Size =
    Size { rounds: 16, kills: 4, bursts: 1, lasting: Duration::from_secs(4), fsck_every: 1, disk: "512m" };

#[tokio::main]
async fn main() -> Result<()> {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let options = Options::parse();
    let folder = tempfile::Builder::new().prefix("chaos-").tempdir()?;
    let size = if options.short { SHORT } else { LONG };
    let stage = Stage::set_up(&options.binary, folder.path(), size.disk).await?;
    let result = run(&stage, &options, &size).await;
    if result.is_ok() {
        stage.program.stop().await?;
    } else {
        // The disks are in memory and go with this process; what explains the failure stays.
        let kept = tempfile::Builder::new().prefix("chaos-failed-").tempdir()?.keep();
        shell::output(Command::new("cp").arg("-a").arg(&stage.data).arg(&stage.log).arg(&kept)).await?;
        eprintln!("The program's log and data: {}", kept.display());
    }
    stage.sandbox.into_inner().stop().await?;
    result
}

async fn run(stage: &Stage, options: &Options, size: &Size) -> Result<()> {
    let wanted = |fault: &Fault| options.only.as_ref().is_none_or(|part| fault.to_string().contains(part.as_str()));
    let faults: Vec<Fault> = Fault::ALL.into_iter().cycle().take(size.rounds).filter(wanted).collect();
    let (mut book, mut report) = (Book::default(), Report::default());
    check(stage, &mut book, &[]).await?;
    for (round, fault) in faults.iter().enumerate() {
        // Turned around with each pass over the faults, so that each fault meets both.
        stage.program.set(WINDOW, if (round + round / Fault::ALL.len()).is_multiple_of(2) { "0s" } else { "2s" });
        let load = Load::begin(stage, PER_SECOND);
        program::note(&stage.log, &format!("chaos: {fault}: begins"))?;
        tokio::try_join!(kill(stage, size), fault.inflict(stage, size.lasting))?;
        program::note(&stage.log, &format!("chaos: {fault}: is over"))?;
        let told = load.end().await?;
        ensure!(told.wrong.is_empty(), "{fault}: the program answered {:?}", told.wrong);
        let begun = Instant::now();
        // It may be in step with all that it has heard of, and hear of more.
        let let_through = stage.until_in_step().await?;
        check::until_equal(stage, PATIENCE).await?;
        let let_through = let_through + stage.until_in_step().await?;
        let took = begun.elapsed();
        check(stage, &mut book, &told.accepted).await?;
        if (round + 1) % size.fsck_every == 0 {
            check::fsck(stage).await?;
        }
        println!("{}/{} {fault}: in step after {:.1} s; {told}", round + 1, faults.len(), took.as_secs_f64());
        report.add(*fault, size.kills, let_through, took, &told);
    }
    stage.program.set(WINDOW, "0s");
    // Each burst alone would do, but not all of them within ten minutes.
    stage.program.set("DENSHIMON_SWEEP_RECORDS", "1000");
    stage.program.set("DENSHIMON_SWEEP_PERCENT", "100");
    for _ in 0..size.bursts {
        let took = burst::killed_in_a_burst(stage).await?;
        println!("killed in a burst: the repository equals the cluster after {:.1} s", took.as_secs_f64());
        stage.until_in_step().await?;
        check(stage, &mut book, &[]).await?;
        report.add_burst(took);
    }
    check::fsck(stage).await?;
    report.print(book.commit_count, stage.program.ended(), &options.binary);
    let bound = if options.short { AFTER_BURST * SHARED } else { AFTER_BURST };
    ensure!(report.longest_burst() <= bound, "after a kill in a burst it may differ for {bound:?}");
    Ok(())
}

/// Kills the program at random moments.
async fn kill(stage: &Stage, size: &Size) -> Result<()> {
    for _ in 0..size.kills {
        let share = rand::rng().random_range(0.0..2.0);
        tokio::time::sleep((size.lasting / size.kills).mul_f64(share)).await;
        stage.program.kill().await?;
    }
    Ok(())
}

async fn check(stage: &Stage, book: &mut Book, accepted: &[String]) -> Result<()> {
    // What was on its way when the program was killed may be found out about last.
    check::until_answered(stage, PATIENCE).await?;
    stage.until_in_step().await?;
    let wrong = check::everything(stage, book, accepted).await?;
    ensure!(wrong.is_empty(), "{} things are wrong:\n  {}", wrong.len(), wrong.join("\n  "));
    let log = std::fs::read_to_string(&stage.log)?;
    match log.lines().find(|line| line.contains("panicked")) {
        Some(line) => bail!("the program's log says: {line}"),
        None => Ok(()),
    }
}
