//! However the program `sandbox` ends, its components end with it.

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Child, Command, ExitStatus},
    time::{Duration, Instant},
};

use crate::processes::{process_in, processes_in};

#[tokio::test]
async fn no_component_outlives_a_killed_program() {
    sandbox::build().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut program = sandbox().args(["up", "--data-dir"]).arg(folder.path()).spawn().unwrap();
    let environment = folder.path().join("sandbox.env");
    wait("sandbox.env is written", || environment.exists());
    assert!(fs::read_to_string(environment).unwrap().contains("KUBECONFIG=/"));
    assert_eq!(processes_in(folder.path()).len(), 6);
    program.kill().unwrap();
    program.wait().unwrap();
    wait("all components are gone", || processes_in(folder.path()).is_empty());
}

#[tokio::test]
async fn a_sandbox_for_development_has_gitea_and_the_demo_and_ends_when_a_component_dies() {
    sandbox::build().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (data, said) = (folder.path().join("data"), folder.path().join("said"));
    let mut program = sandbox()
        .args(["up", "--gitea", "--demo", "--data-dir"])
        .arg(&data)
        .stderr(fs::File::create(&said).unwrap())
        .spawn()
        .unwrap();
    wait("sandbox.env is written", || data.join("sandbox.env").exists());
    let environment = fs::read_to_string(data.join("sandbox.env")).unwrap();
    let variable =
        |name: &str| environment.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).unwrap();
    assert!(variable("DENSHIMON_REPOSITORY_URL").ends_with("/base_infrastructure.git"));
    // Git runs beside them for a moment, where Gitea makes the repository.
    wait("seven components run", || processes_in(&data).len() == 7);

    let kubectl = |arguments: &[&str]| kubectl(variable("KUBECONFIG"), arguments);
    let objects = kubectl(&["get", "deployments,statefulsets,cronjobs,horizontalpodautoscalers", "--output=name"]);
    let kinds = [("deployment.", 4), ("statefulset.", 1), ("cronjob.", 1), ("horizontalpodautoscaler.", 1)];
    for (kind, count) in kinds {
        assert_eq!(objects.lines().filter(|name| name.starts_with(kind)).count(), count, "{objects}");
    }
    let reasons = "--output=jsonpath={.items[*].status.containerStatuses[*].state.waiting.reason}";
    wait("the one that fails waits for its image", || {
        kubectl(&["get", "pods", "--selector=app=recommendations", reasons]).contains("ImagePullBackOff")
    });

    let mut log = fs::File::options().append(true).open(data.join("logs/etcd.log")).unwrap();
    writeln!(log, "the last line of the log").unwrap();
    let killed = Command::new("kill").args(["-KILL", &process_in(&data, "etcd")]).status().unwrap();
    assert!(killed.success());
    assert!(!end_of(&mut program).success());
    let said = fs::read_to_string(said).unwrap();
    for words in ["etcd died (signal: 9", "the last line of the log", "etcd ended by itself"] {
        assert!(said.contains(words), "{words:?} is not in {said}");
    }
    assert_eq!(processes_in(&data), Vec::<String>::new());
}

#[tokio::test]
async fn the_shared_sandbox_ends_when_nobody_uses_it_and_a_killed_user_does_not_hold_it() {
    let cache = cache_of_its_own().await;
    let own = cache.path().join("denshimon");
    // Nobody holds this one any more.
    fs::write(own.join("sandbox/leases/1-0"), "").unwrap();
    let mut program = sandbox_in(cache.path()).args(["run-shared", "--idle-seconds", "3"]).spawn().unwrap();
    let state = own.join("sandbox/state.json");
    wait("the shared sandbox can be joined", || state.exists());
    let held = fs::File::create(own.join("sandbox/leases/2-0")).unwrap();
    held.lock().unwrap();
    let joined = Instant::now();
    while joined.elapsed() < Duration::from_secs(8) {
        assert!(program.try_wait().unwrap().is_none(), "it ended while it was used");
        std::thread::sleep(Duration::from_millis(100));
    }
    drop(held);
    assert!(end_of(&mut program).success());
    assert!(!state.exists());
    assert_eq!(processes_in(cache.path()), Vec::<String>::new());
}

#[tokio::test]
async fn the_shared_sandbox_ends_when_somebody_says_so() {
    let cache = cache_of_its_own().await;
    let mut program = sandbox_in(cache.path()).arg("run-shared").spawn().unwrap();
    let state = cache.path().join("denshimon/sandbox/state.json");
    wait("the shared sandbox can be joined", || state.exists());
    assert!(sandbox_in(cache.path()).arg("down").status().unwrap().success());
    assert!(end_of(&mut program).success());
    assert!(!state.exists());
    assert_eq!(processes_in(cache.path()), Vec::<String>::new());
}

/// A cache folder in which everything is built and no sandbox runs.
async fn cache_of_its_own() -> tempfile::TempDir {
    sandbox::build().await.unwrap();
    let cache = tempfile::tempdir().unwrap();
    let own = cache.path().join("denshimon");
    fs::create_dir_all(own.join("sandbox/leases")).unwrap();
    let components = sandbox::kubectl_path().ancestors().nth(2).unwrap().to_owned();
    std::os::unix::fs::symlink(components, own.join("components")).unwrap();
    cache
}

fn sandbox_in(cache: &Path) -> Command {
    let mut command = sandbox();
    command.env("XDG_CACHE_HOME", cache);
    command
}

fn end_of(program: &mut Child) -> ExitStatus {
    let mut status = None;
    wait("the program ends", || {
        status = program.try_wait().unwrap();
        status.is_some()
    });
    status.unwrap()
}

fn kubectl(kubeconfig: &str, arguments: &[&str]) -> String {
    let mut command = Command::new(sandbox::kubectl_path());
    let output = command.env("KUBECONFIG", kubeconfig).args(["--namespace", "shop"]).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn sandbox() -> Command {
    Command::new(env!("CARGO_BIN_EXE_sandbox"))
}

fn wait(what: &str, mut probe: impl FnMut() -> bool) {
    let started = Instant::now();
    while !probe() {
        assert!(started.elapsed() < Duration::from_secs(120), "{what}: not in time");
        std::thread::sleep(Duration::from_millis(50));
    }
}
