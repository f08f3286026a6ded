//! Builds the components once, into a folder named by what went into them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use super::{Module, Program, components_dir, toolchain};
use crate::{
    cache::open_lock,
    process::{Process, tail},
    progress::{roughly, say},
};

/// How often a long step says that it still goes on.
const PULSE: Duration = Duration::from_secs(30);
/// How often a program is tried whose sources could not be downloaded.
const ATTEMPTS: u32 = 3;

/// Builds what is missing of all components, with progress lines on standard error: about 18 minutes on two cores
/// the first time, nothing after that. Needs the Go module proxy; installs Go when the machine has none.
///
/// # Errors
///
/// When a program cannot be built: with the end of Go's output.
pub async fn build() -> Result<()> {
    ensure(&Module::ALL).await
}

/// Builds those of `modules` that are missing.
pub(crate) async fn ensure(modules: &[Module]) -> Result<()> {
    if missing(modules)?.is_empty() {
        return Ok(());
    }
    let lock = open_lock(components_dir()?.join("lock"))?;
    if lock.try_lock().is_err() {
        say("another process builds the components; waiting for it");
        let waiting = lock.try_clone()?;
        tokio::task::spawn_blocking(move || waiting.lock()).await??;
    }
    let missing = missing(modules)?;
    if missing.is_empty() {
        return Ok(());
    }
    remove_leftovers(&missing)?;
    let go = tokio::task::spawn_blocking(toolchain::find_go).await??;
    let mut plan = Plan::new(&missing);
    say(&format!(
        "building {} programs from source, once: about {}",
        plan.count,
        roughly(Duration::from_secs(plan.left_seconds))
    ));
    for module in missing {
        build_module(&go, module, &mut plan).await?;
    }
    say("all components are built");
    Ok(())
}

fn missing(modules: &[Module]) -> Result<Vec<Module>> {
    let mut missing = Vec::new();
    for module in modules {
        if !module.dir()?.exists() {
            missing.push(*module);
        }
    }
    Ok(missing)
}

fn staging_dir(module: Module) -> Result<PathBuf> {
    Ok(components_dir()?.join(format!(".building-{}", module.key())))
}

/// Removes what earlier versions of the modules left in the middle of their build. A build of the same version goes
/// on where it was interrupted, by its compiler cache.
fn remove_leftovers(building: &[Module]) -> Result<()> {
    let keep = building.iter().map(|module| staging_dir(*module)).collect::<Result<Vec<_>>>()?;
    for entry in fs::read_dir(components_dir()?)? {
        let path = entry?.path();
        let is_staging = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(".building-"));
        if is_staging && !keep.contains(&path) {
            fs::remove_dir_all(&path).with_context(|| format!("remove {}", path.display()))?;
        }
    }
    Ok(())
}

/// What is to build, for telling how long it takes.
struct Plan {
    count: usize,
    started: usize,
    left_seconds: u64,
    done_estimate: Duration,
    done: Duration,
}

impl Plan {
    fn new(modules: &[Module]) -> Self {
        let programs = modules.iter().flat_map(|module| module.programs());
        Self {
            count: programs.clone().count(),
            started: 0,
            left_seconds: programs.map(|program| program.estimate_seconds).sum(),
            done_estimate: Duration::ZERO,
            done: Duration::ZERO,
        }
    }

    /// This machine's time for what takes `seconds` on the reference, judged by what is done.
    fn scaled(&self, seconds: u64) -> Duration {
        let estimate = Duration::from_secs(seconds);
        if self.done_estimate < Duration::from_secs(60) {
            return estimate;
        }
        estimate.mul_f64(self.done.as_secs_f64() / self.done_estimate.as_secs_f64())
    }

    fn start(&mut self, program: &Program) -> String {
        self.started += 1;
        format!(
            "[{}/{}] building {}: about {}, about {} left in all",
            self.started,
            self.count,
            program.name,
            roughly(self.scaled(program.estimate_seconds)),
            roughly(self.scaled(self.left_seconds)),
        )
    }

    fn finish(&mut self, program: &Program, took: Duration) {
        self.left_seconds -= program.estimate_seconds;
        // What came out of the compiler cache of an interrupted build says nothing about the machine.
        if took > Duration::from_secs(5) {
            self.done_estimate += Duration::from_secs(program.estimate_seconds);
            self.done += took;
        }
    }
}

async fn build_module(go: &Path, module: Module, plan: &mut Plan) -> Result<()> {
    let staging = staging_dir(module)?;
    let source = staging.join("source");
    let built = staging.join("built");
    fs::create_dir_all(&source)?;
    fs::create_dir_all(&built)?;
    fs::write(source.join("go.mod"), module.go_mod())?;
    fs::write(source.join("go.sum"), module.go_sum())?;
    for program in module.programs() {
        say(&plan.start(program));
        let started = Instant::now();
        build_program(go, module, program, &staging).await?;
        plan.finish(program, started.elapsed());
    }
    if module == Module::Gitea {
        copy_gitea_files(go, &staging, &built).await?;
    }
    fs::rename(&built, module.dir()?)?;
    // 8 GB of sources and compiler cache.
    tokio::task::spawn_blocking(move || fs::remove_dir_all(staging)).await?.context("remove the build's cache")?;
    Ok(())
}

async fn build_program(go: &Path, module: Module, program: &Program, staging: &Path) -> Result<()> {
    let mut attempt = 1;
    loop {
        let mut command = go_command(go, module, staging);
        command.arg("build").args(module.flags()).arg("-modcacherw").arg("-o");
        command.arg(staging.join("built").join(program.name)).arg(program.package);
        match run(command, program.name, staging).await {
            Err(error) if attempt < ATTEMPTS && is_download_error(&error.to_string()) => {
                attempt += 1;
                say(&format!("    {}: a download failed; attempt {attempt} of {ATTEMPTS}", program.name));
            }
            result => return result,
        }
    }
}

/// Whether Go's output tells of the network rather than of the sources.
fn is_download_error(output: &str) -> bool {
    ["Get \"http", "dial tcp", "unexpected EOF", "reading http"].iter().any(|sign| output.contains(sign))
}

/// `go` with caches of its own, in the staging folder.
fn go_command(go: &Path, module: Module, staging: &Path) -> Command {
    let mut command = Command::new(go);
    command
        .current_dir(staging.join("source"))
        .env("GOTOOLCHAIN", "local")
        .env("GOFLAGS", "")
        .env("GOWORK", "off")
        .env("GO111MODULE", "on")
        .env("GOPATH", staging.join("path"))
        .env("GOMODCACHE", staging.join("modules"))
        .env("GOCACHE", staging.join("cache"))
        .env("CGO_ENABLED", module.cgo_enabled());
    command
}

/// Runs one step, and says now and then that it still runs.
async fn run(command: Command, name: &'static str, staging: &Path) -> Result<()> {
    let log = staging.join(format!("{name}.log"));
    // What an attempt before this one printed would be taken for this one's.
    fs::write(&log, "")?;
    let process = Process::spawn(name, command, &log)?;
    let started = Instant::now();
    loop {
        match tokio::time::timeout(PULSE, process.exited()).await {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(_) => bail!("cannot build {name}:\n{}", tail(&log)),
            Err(_) => say(&format!("    {name}: {} so far", roughly(started.elapsed()))),
        }
    }
}

/// Gitea reads its templates and languages from the folder of its module.
async fn copy_gitea_files(go: &Path, staging: &Path, built: &Path) -> Result<()> {
    let mut command = go_command(go, Module::Gitea, staging);
    command.args(["list", "-m", "-f", "{{.Dir}}", "code.gitea.io/gitea"]);
    let output = tokio::task::spawn_blocking(move || command.output()).await??;
    let module = PathBuf::from(String::from_utf8(output.stdout)?.trim());
    for folder in ["templates", "options", "public"] {
        copy_folder(&module.join(folder), &built.join(folder)).with_context(|| format!("copy Gitea's {folder}"))?;
    }
    Ok(())
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            // Not `fs::copy`, which would make the copy as read-only as Go's sources are.
            fs::write(target, fs::read(entry.path())?)?;
        }
    }
    Ok(())
}
