//! Measures the running program against a sandbox of its own and prints one table; `script/bench` calls it.

mod lag;
mod load;
mod metrics;
mod pages;
mod profile;
mod program;
mod report;
mod scale;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use sandbox::{Options, Sandbox};

use crate::profile::Profile;
use crate::program::Program;
use crate::report::Report;

/// How much is measured.
struct Size {
    /// Changes whose way to the commit and to the remote is measured.
    changes: usize,
    deployments: usize,
    /// Changes per second, and for how many seconds.
    steady: [(u32, u32); 2],
    /// The load of which is told where the processor's time goes.
    profiled: (u32, u32),
    burst: u32,
    /// ConfigMaps of a large cluster, and of a very large one.
    many: [usize; 2],
    /// Commits of a long history.
    commits: usize,
    /// So long nothing happens while idleness is measured.
    idle: Duration,
}

const WHOLE: Size = Size {
    changes: 200,
    deployments: 1_000,
    steady: [(50, 60), (200, 30)],
    profiled: (50, 20),
    burst: 10_000,
    many: [10_000, 100_000],
    commits: 1_000_000,
    idle: Duration::from_secs(20),
};

/// To see that the measurement itself works.
const SHORT: Size = Size {
    changes: 10,
    deployments: 50,
    steady: [(20, 3), (50, 3)],
    profiled: (50, 3),
    burst: 300,
    many: [500, 1_000],
    commits: 1_000,
    idle: Duration::from_secs(2),
};

/// What is measured with, and what has come of it.
struct Bench {
    binary: String,
    size: Size,
    sandbox: Sandbox,
    client: kube::Client,
    report: Report,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let binary = std::env::args().nth(1).context("name the program to measure")?;
    let size = if std::env::args().any(|argument| argument == "--short") { SHORT } else { WHOLE };
    let options = Options { gitea: true, metrics: false, nodes: 1, data_dir: None, ..Options::default() };
    let sandbox = Sandbox::start(options).await?;
    let client = lag::client(sandbox.kubeconfig()).await?;
    let mut bench = Bench { binary, size, sandbox, client, report: Report::default() };
    let outcome = bench.measure().await;
    // What was measured before something failed took long enough.
    bench.report.print(&bench.binary);
    bench.sandbox.stop().await?;
    outcome
}

impl Bench {
    async fn measure(&mut self) -> anyhow::Result<()> {
        self.small_cluster().await?;
        let mut filled = 0;
        for many in self.size.many {
            scale::fill(&self.client, filled..many).await?;
            filled = many;
            self.large_cluster(many).await?;
        }
        self.long_history().await
    }

    async fn start(&self, folder: &Path, remote: &str) -> anyhow::Result<Program> {
        Program::start(&self.binary, folder, &self.sandbox, remote).await
    }

    async fn remote(&self, name: &str) -> anyhow::Result<String> {
        self.sandbox.gitea().context("the sandbox has a Gitea")?.create_repository(name).await
    }

    /// Starts, single changes, pages, steady loads and a burst.
    async fn small_cluster(&mut self) -> anyhow::Result<()> {
        let (folder, remote) = (tempfile::tempdir()?, self.remote("base_infrastructure").await?);
        let program = self.start(folder.path(), &remote).await?;
        self.report.value("cold start to first page, new data directory", "ms", program.started_in.as_millis());
        program.stop().await?;
        let program = self.start(folder.path(), &remote).await?;
        self.report.value("warm start to first page", "ms", program.started_in.as_millis());
        program.settle().await?;
        self.report.value("resident memory, idle", "MB", program.resident_megabytes()?);
        self.report.value("script and wasm, brotli", "KB", program::browser_kilobytes(&self.binary)?);

        let lag = lag::measure(&self.client, &program, self.size.changes).await?;
        self.report.samples("change -> commit, window 0", "ms", lag.to_commit);
        self.report.samples("change -> remote (Gitea), window 0", "ms", lag.to_remote);
        let pushes = lag::plain_pushes(&program, 20).await?;
        self.report.samples("git push of one commit to the same remote", "ms", pushes);

        self.pages(&program).await?;
        self.loads(&program).await?;
        program.stop().await
    }

    async fn pages(&mut self, program: &Program) -> anyhow::Result<()> {
        let count = self.size.deployments;
        for deployments in [10, count] {
            pages::create_deployments(&self.client, deployments).await?;
            if deployments == count {
                pages::create_config_maps(&self.client, count).await?;
            }
            program.settle().await?;
            let what = format!("deployments list, first byte, {deployments} deployments");
            self.report.samples(&what, "ms", pages::measure(program, deployments).await?);
        }
        self.report.value(&format!("resident memory, {} objects", count * 2), "MB", program.resident_megabytes()?);
        let samples = scale::one_file_commits(&self.client, program).await?;
        self.report.samples(&format!("change -> commit, {} files", count * 2), "ms", samples);
        Ok(())
    }

    async fn loads(&mut self, program: &Program) -> anyhow::Result<()> {
        for (per_second, seconds) in self.size.steady {
            let steady = load::steady(&self.client, program, per_second, seconds).await?;
            let rate = format!("{per_second} changes/s for {seconds} s");
            self.report.samples(&format!("{rate}, the API server's answer"), "ms", steady.answers);
            self.report.samples(&format!("{rate}, change -> commit"), "ms", steady.to_commit);
            let mut mean = |what: &str, duration: Duration| {
                self.report.value(&format!("{rate}, {what}"), "ms", format!("{:.1}", duration.as_secs_f64() * 1000.0));
            };
            mean("of it from the watch's event on, mean", steady.stages.event_to_commit);
            mean("of it planning and writing, mean", steady.stages.commit);
            mean("a push, mean", steady.stages.push);
            self.report.value(&format!("{rate}, pushes"), "", steady.stages.pushes);
            self.report.samples(&format!("{rate}, change -> remote (Gitea)"), "ms", steady.to_remote);
            self.report.value(&format!("{rate}, processor time"), "ms", steady.cpu.as_millis());
        }
        // Once more, since looking costs time, too.
        let (per_second, seconds) = self.size.profiled;
        let profile = Profile::begin(program.id()?)?;
        load::steady(&self.client, program, per_second, seconds).await?;
        self.report.profile(format!("at {per_second} changes/s"), profile.end().await?);
        let changes = self.size.burst;
        let (sent, pushed) = load::burst(&self.client, program, changes).await?;
        self.report.value(&format!("burst of {changes} changes: sent"), "ms", sent.as_millis());
        self.report.value(&format!("burst of {changes} changes: all pushed, a commit each"), "ms", pushed.as_millis());
        self.report.value("resident memory after the burst", "MB", program.resident_megabytes()?);
        Ok(())
    }

    /// The first snapshot, a single change, a restart, idleness.
    async fn large_cluster(&mut self, many: usize) -> anyhow::Result<()> {
        let (folder, remote) = (tempfile::tempdir()?, self.remote(&format!("many-{many}")).await?);
        let begun = Instant::now();
        let program = self.start(folder.path(), &remote).await?;
        program.settle().await?;
        let took = begun.elapsed().as_millis();
        self.report.value(&format!("first snapshot of {many} ConfigMaps, committed and pushed"), "ms", took);
        self.report.value("resident memory after it", "MB", program.resident_megabytes()?);
        let samples = scale::one_file_commits(&self.client, &program).await?;
        self.report.samples(&format!("change -> commit, {many} files"), "ms", samples);
        let before = lag::local_head(&program)?;
        program.stop().await?;

        let begun = Instant::now();
        let program = self.start(folder.path(), &remote).await?;
        program.settle().await?;
        let took = begun.elapsed().as_millis();
        self.report.value(&format!("restart with {many} ConfigMaps until in step"), "ms", took);
        ensure!(lag::local_head(&program)? == before, "a restart made a commit");
        let cpu = program.cpu()?;
        tokio::time::sleep(self.size.idle).await;
        let used = program.cpu()?.saturating_sub(cpu).as_secs_f64() / self.size.idle.as_secs_f64();
        self.report.value("idle after it, of one core", "%", format!("{:.1}", used * 100.0));
        self.report.value("resident memory after it", "MB", program.resident_megabytes()?);
        program.stop().await
    }

    /// A single change on top of very many commits.
    async fn long_history(&mut self) -> anyhow::Result<()> {
        let (folder, remote) = (tempfile::tempdir()?, self.remote("long").await?);
        let commits = self.size.commits;
        let url = program::with_credentials(&remote, &self.sandbox)?;
        scale::seed_history(&url, commits).await?;
        let program = self.start(folder.path(), &remote).await?;
        program.settle().await?;
        let samples = scale::one_file_commits(&self.client, &program).await?;
        self.report.samples(&format!("change -> commit, the same files and {commits} commits"), "ms", samples);
        self.report.value("resident memory with them", "MB", program.resident_megabytes()?);
        program.stop().await
    }
}
