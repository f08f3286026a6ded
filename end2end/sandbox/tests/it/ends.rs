//! However the program `sandbox` ends, its components end with it.

use std::{
    fs,
    process::{Command, ExitStatus},
    time::{Duration, Instant},
};

use crate::processes::processes_in;

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
async fn the_shared_sandbox_ends_when_nobody_uses_it_and_a_killed_user_does_not_hold_it() {
    sandbox::build().await.unwrap();
    let cache = tempfile::tempdir().unwrap();
    let own = cache.path().join("denshimon");
    fs::create_dir_all(own.join("sandbox/leases")).unwrap();
    let components = sandbox::kubectl_path().ancestors().nth(2).unwrap().to_owned();
    std::os::unix::fs::symlink(components, own.join("components")).unwrap();
    // Nobody holds this one any more.
    fs::write(own.join("sandbox/leases/1-0"), "").unwrap();
    let mut program =
        sandbox().env("XDG_CACHE_HOME", cache.path()).args(["run-shared", "--idle-seconds", "3"]).spawn().unwrap();
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
    let mut status: Option<ExitStatus> = None;
    wait("it ends", || {
        status = program.try_wait().unwrap();
        status.is_some()
    });
    assert!(status.unwrap().success());
    assert!(!state.exists());
    assert_eq!(processes_in(cache.path()), Vec::<String>::new());
}

fn sandbox() -> Command {
    Command::new(env!("CARGO_BIN_EXE_sandbox"))
}

fn wait(what: &str, mut probe: impl FnMut() -> bool) {
    let started = Instant::now();
    while !probe() {
        assert!(started.elapsed() < Duration::from_secs(60), "{what}: not in time");
        std::thread::sleep(Duration::from_millis(50));
    }
}
