//! What is measured, in the order it is: each section has a program, a data directory and a remote of its own.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use sandbox::Sandbox;

use crate::metrics::{Metrics, Stages};
use crate::profile::Profile;
use crate::program::{self, Program};
use crate::report::{Section, merge_into};
use crate::{Options, lag, load, pages, scale};

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
    /// ConfigMaps of a small cluster, of a large and of a very large one.
    many: [usize; 3],
    /// Commits of a short history, of a long and of a very long one.
    commits: [usize; 3],
    /// So long nothing happens while idleness is measured.
    idle: Duration,
}

const WHOLE: Size = Size {
    changes: 200,
    deployments: 1_000,
    steady: [(50, 60), (200, 60)],
    profiled: (50, 20),
    burst: 10_000,
    many: [1_000, 10_000, 100_000],
    commits: [100, 100_000, 1_000_000],
    idle: Duration::from_secs(20),
};

const SHORT: Size = Size {
    changes: 10,
    deployments: 50,
    steady: [(20, 3), (50, 3)],
    profiled: (50, 3),
    burst: 300,
    many: [100, 500, 1_000],
    commits: [10, 100, 1_000],
    idle: Duration::from_secs(2),
};

/// What is measured with.
pub struct Bench {
    options: Options,
    size: Size,
    sandbox: Sandbox,
    client: kube::Client,
    /// ConfigMaps that fill the cluster.
    filled: usize,
    /// What planning and writing one commit takes with the fewest files, and with the fewest commits.
    least: [Option<Duration>; 2],
}

impl Bench {
    pub fn new(options: Options, sandbox: Sandbox, client: kube::Client) -> Self {
        let size = if options.short { SHORT } else { WHOLE };
        Self { options, size, sandbox, client, filled: 0, least: [None, None] }
    }

    /// Measures all sections that are asked for, and tells each when it is complete.
    pub async fn measure(&mut self) -> anyhow::Result<()> {
        self.single_changes().await?;
        self.pages().await?;
        for (per_second, seconds) in self.size.steady {
            self.steady(per_second, seconds).await?;
        }
        self.burst().await?;
        let ([few, many, very_many], [short, long, very_long]) = (self.size.many, self.size.commits);
        self.resources(few, ["", "", ""]).await?;
        self.resources(many, ["<= 10 s; best peer 26.9 s", "<= 150 MB; best peer 166 MB at its peak", "<= 5 s"])
            .await?;
        self.history(many, short).await?;
        self.history(many, long).await?;
        self.resources(very_many, ["<= 120 s", "<= 400 MB", ""]).await?;
        self.history(very_many, very_long).await
    }

    pub async fn stop(self) -> anyhow::Result<()> {
        self.sandbox.stop().await
    }

    /// Opens a section, if it is asked for.
    fn section(&self, title: impl Into<String>) -> Option<(Section, String)> {
        let title = title.into();
        let wanted = self.options.only.as_ref().is_none_or(|part| title.contains(part.as_str()));
        wanted.then(|| (Section::new(&title), title))
    }

    fn tell(&self, section: &Section) -> anyhow::Result<()> {
        let text = section.render(&self.options.binary);
        println!("{text}");
        self.options.into.as_deref().map_or(Ok(()), |file| merge_into(file, &text))
    }

    async fn start(&self, folder: &Path, remote: &str) -> anyhow::Result<Program> {
        Program::start(&self.options.binary, folder, &self.sandbox, remote).await
    }

    async fn remote(&self, name: &str) -> anyhow::Result<String> {
        let name: String = name.chars().filter(|character| character.is_ascii_alphanumeric()).collect();
        self.sandbox.gitea().context("the sandbox has a Gitea")?.create_repository(&name.to_lowercase()).await
    }

    async fn single_changes(&mut self) -> anyhow::Result<()> {
        let Some((mut section, title)) = self.section("Starts and single changes") else { return Ok(()) };
        let (folder, remote) = (tempfile::tempdir()?, self.remote(&title).await?);
        let program = self.start(folder.path(), &remote).await?;
        section.value("cold start to first page, new data directory", "ms", program.started_in.as_millis(), "");
        program.stop().await?;
        let program = self.start(folder.path(), &remote).await?;
        section.value("warm start to first page", "ms", program.started_in.as_millis(), "");
        program.settle().await?;
        section.value("resident memory, idle", "MB", program.resident_megabytes()?, "<= 130 MB");
        let browser = program::browser_kilobytes(&self.options.binary)?;
        section.value("script and wasm, brotli", "KB", browser, "<= 400 KB");
        let lag = lag::measure_with_pushes(&self.client, &program, self.size.changes).await?;
        section.samples("change -> commit, window 0", &lag.to_commit, "p50 <= 100 ms, p99 <= 500 ms");
        section.samples("change -> remote (Gitea), window 0", &lag.to_remote, "best peer p50 640 ms, p99 880 ms");
        section.samples("git push of one commit to the same remote, in turn", &lag.pushes, "");
        section.ratio("change -> remote, of a push", &lag.to_remote, &lag.pushes, "p50 <= 1.2, p99 <= 2");
        program.stop().await?;
        self.tell(&section)
    }

    async fn pages(&mut self) -> anyhow::Result<()> {
        let Some((mut section, title)) = self.section("Pages") else { return Ok(()) };
        let (folder, remote) = (tempfile::tempdir()?, self.remote(&title).await?);
        let program = self.start(folder.path(), &remote).await?;
        let count = self.size.deployments;
        for deployments in [10, count] {
            pages::create_deployments(&self.client, deployments).await?;
            if deployments == count {
                pages::create_config_maps(&self.client, count).await?;
            }
            program.settle().await?;
            let what = format!("deployments list, first byte, {deployments} deployments");
            section.samples(&what, &pages::measure(&program, deployments).await?, "p95 <= 30 ms");
        }
        section.value(&format!("resident memory, {} objects", count * 2), "MB", program.resident_megabytes()?, "");
        program.stop().await?;
        self.tell(&section)
    }

    /// Changes at a fixed rate, and where the time goes.
    async fn steady(&mut self, per_second: u32, seconds: u32) -> anyhow::Result<()> {
        let Some((mut section, title)) = self.section(format!("{per_second} changes/s for {seconds} s")) else {
            return Ok(());
        };
        let (folder, remote) = (tempfile::tempdir()?, self.remote(&title).await?);
        let program = self.start(folder.path(), &remote).await?;
        load::prepare(&self.client).await?;
        program.settle().await?;
        // It warms everything up.
        load::steady(&self.client, &program, per_second, 3).await?;
        program.forget_peak()?;
        let steady = load::steady(&self.client, &program, per_second, seconds).await?;
        section.value("changes that the API server took", "/s", format!("{:.1}", steady.rate), "");
        let is_promised = per_second == self.size.steady.first().map_or(0, |(rate, _)| *rate);
        let wanted = |text: &'static str| if is_promised { text } else { "" };
        section.samples("change -> commit", &steady.to_commit, wanted("p50 <= 100 ms, p99 <= 500 ms"));
        section.samples("change -> remote (Gitea)", &steady.to_remote, wanted("p99 <= 1,500 ms; best peer 10,800 ms"));
        let third = steady.to_remote.len() / 3;
        let parts = [steady.to_remote.get(..third), steady.to_remote.get(third * 2..)];
        for (name, part) in ["first", "last"].into_iter().zip(parts) {
            let what = format!("change -> remote, the {name} third of the changes");
            section.samples(&what, part.unwrap_or_default(), "no growth");
        }
        section.samples("the API server's answer to a change", &steady.answers, "");
        let mean = |samples: &[Duration]| samples.iter().sum::<Duration>().div_f64(samples.len().max(1) as f64);
        let Stages { event_to_commit, plan, commit, push, pushes } = steady.stages;
        let watch = mean(&steady.to_commit).saturating_sub(event_to_commit);
        for (what, duration) in [
            ("where it goes: the watch, mean from answer to event", watch),
            ("where it goes: mean from event to commit", event_to_commit),
            ("where it goes: planning what is ready, mean", plan),
            ("where it goes: writing it, mean", commit.saturating_sub(plan)),
            ("where it goes: a push, mean", push),
        ] {
            section.value(what, "ms", format!("{:.1}", duration.as_secs_f64() * 1000.0), "");
        }
        section.value("pushes", "", pushes, "");
        let cpu = wanted("<= 10,000 ms; peers 6,600 ms (7 commits in all) and 69,000 ms");
        section.value("processor time", "ms", steady.cpu.as_millis(), cpu);
        section.value("resident memory, highest", "MB", program.peak_megabytes()?, "");
        if is_promised {
            // Once more, since looking costs time, too.
            let (per_second, seconds) = self.size.profiled;
            let profile = Profile::begin(program.id()?)?;
            load::steady(&self.client, &program, per_second, seconds).await?;
            section.profile(format!("at {per_second} changes/s"), profile.end().await?);
        }
        program.stop().await?;
        self.tell(&section)
    }

    async fn burst(&mut self) -> anyhow::Result<()> {
        let changes = self.size.burst;
        let Some((mut section, title)) = self.section(format!("Burst of {changes} changes")) else { return Ok(()) };
        let (folder, remote) = (tempfile::tempdir()?, self.remote(&title).await?);
        let program = self.start(folder.path(), &remote).await?;
        load::prepare(&self.client).await?;
        program.settle().await?;
        program.forget_peak()?;
        let (sent, pushed) = load::burst(&self.client, &program, changes).await?;
        section.value("sent", "ms", sent.as_millis(), "");
        section.value("all pushed, a commit each, in order", "ms", pushed.as_millis(), "none lost");
        section.value("resident memory, highest", "MB", program.peak_megabytes()?, "bounded");
        section.value("resident memory afterwards", "MB", program.resident_megabytes()?, "");
        program.stop().await?;
        self.tell(&section)
    }

    /// The first snapshot of a cluster, single changes, a restart, idleness; wanted of the snapshot, memory, restart.
    async fn resources(&mut self, many: usize, wanted: [&str; 3]) -> anyhow::Result<()> {
        let Some((mut section, title)) = self.section(format!("{many} ConfigMaps")) else { return Ok(()) };
        let [of_snapshot, of_memory, of_restart] = wanted;
        self.fill_to(many).await?;
        let (folder, remote) = (tempfile::tempdir()?, self.remote(&title).await?);
        let begun = Instant::now();
        let program = self.start(folder.path(), &remote).await?;
        program.settle().await?;
        section.value("first snapshot, committed and pushed", "ms", begun.elapsed().as_millis(), of_snapshot);
        section.value("records", "", Metrics::read(&program).await?.records(), "");
        section.value("resident memory, highest in the snapshot", "MB", program.peak_megabytes()?, "");
        self.one_file_commits(&mut section, &program, 0, "1.5").await?;
        section.value("resident memory after these", "MB", program.resident_megabytes()?, of_memory);
        let before = lag::local_head(&program)?;
        program.stop().await?;

        let begun = Instant::now();
        let program = self.start(folder.path(), &remote).await?;
        program.settle().await?;
        section.value("restart until in step, no commit", "ms", begun.elapsed().as_millis(), of_restart);
        ensure!(lag::local_head(&program)? == before, "a restart made a commit");
        let cpu = program.cpu()?;
        tokio::time::sleep(self.size.idle).await;
        let used = program.cpu()?.saturating_sub(cpu).as_secs_f64() / self.size.idle.as_secs_f64();
        section.value("idle after it, of one core", "%", format!("{:.1}", used * 100.0), "<= 1 %");
        section.value("resident memory after a restart", "MB", program.resident_megabytes()?, of_memory);
        program.stop().await?;
        self.tell(&section)
    }

    /// Single changes on top of a history of somebody else's.
    async fn history(&mut self, many: usize, commits: usize) -> anyhow::Result<()> {
        let Some((mut section, title)) = self.section(format!("{commits} commits, {many} files")) else {
            return Ok(());
        };
        self.fill_to(many).await?;
        let (folder, remote) = (tempfile::tempdir()?, self.remote(&title).await?);
        scale::seed_history(&program::with_credentials(&remote, &self.sandbox)?, commits).await?;
        let begun = Instant::now();
        let program = self.start(folder.path(), &remote).await?;
        program.settle().await?;
        section.value("first snapshot on top of it", "ms", begun.elapsed().as_millis(), "");
        self.one_file_commits(&mut section, &program, 1, "1.2").await?;
        section.value("resident memory", "MB", program.resident_megabytes()?, "");
        program.stop().await?;
        let begun = Instant::now();
        let program = self.start(folder.path(), &remote).await?;
        program.settle().await?;
        section.value("restart until in step", "ms", begun.elapsed().as_millis(), "");
        program.stop().await?;
        self.tell(&section)
    }

    /// Times single changes, and compares what a commit takes with the first that was measured of its sort.
    async fn one_file_commits(
        &mut self,
        section: &mut Section,
        program: &Program,
        sort: usize,
        most: &str,
    ) -> anyhow::Result<()> {
        let (to_commit, stages) = scale::one_file_commits(&self.client, program).await?;
        section.samples("change -> commit", &to_commit, "p50 <= 100 ms, p99 <= 500 ms");
        let took = stages.commit.as_secs_f64();
        section.value("planning and writing one commit, mean", "ms", format!("{:.2}", took * 1000.0), "");
        let Some(least) = self.least.get_mut(sort) else { return Ok(()) };
        match least {
            Some(least) => {
                let ratio = took / least.as_secs_f64();
                section.value("of what it takes with the fewest", "", format!("{ratio:.2}"), &format!("<= {most}"));
            }
            None => *least = Some(stages.commit),
        }
        Ok(())
    }

    async fn fill_to(&mut self, many: usize) -> anyhow::Result<()> {
        if many > self.filled {
            scale::fill(&self.client, self.filled..many).await?;
            self.filled = many;
        }
        Ok(())
    }
}
