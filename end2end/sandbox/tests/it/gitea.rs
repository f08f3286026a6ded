//! Gitea takes repositories and pushes; the shared sandbox can be joined.

use std::{path::Path, process::Command};

#[tokio::test]
async fn takes_a_push_to_a_new_repository() {
    let shared = sandbox::shared().await.unwrap();
    let again = sandbox::shared().await.unwrap();
    assert_eq!(shared.gitea().url(), again.gitea().url());
    let gitea = shared.gitea();
    let name = format!("sandbox-{}", std::process::id());
    let url = gitea.create_repository(&name).await.unwrap();
    assert_eq!(gitea.create_repository(&name).await.unwrap(), url);
    assert_eq!(url, gitea.repository_url(&name));

    let folder = tempfile::tempdir().unwrap();
    let with_credentials = url.replace("http://", &format!("http://{}:{}@", gitea.username(), gitea.token()));
    git(folder.path(), &["clone", "--quiet", &with_credentials, "work"]);
    let work = folder.path().join("work");
    std::fs::write(work.join("README.md"), "A record.\n").unwrap();
    git(&work, &["checkout", "--quiet", "-B", "main"]);
    git(&work, &["add", "README.md"]);
    git(&work, &["-c", "user.name=A", "-c", "user.email=a@example.com", "commit", "--quiet", "-m", "Add a record"]);
    git(&work, &["push", "--quiet", "origin", "main"]);
    let head = git(&work, &["rev-parse", "HEAD"]);
    assert!(git(&work, &["ls-remote", "origin", "main"]).starts_with(head.trim()));
}

#[tokio::test]
async fn the_shared_cluster_answers() {
    let shared = sandbox::shared().await.unwrap();
    let client = sandbox::connect(shared.kubeconfig()).await.unwrap();
    assert_eq!(client.apiserver_version().await.unwrap().git_version, "v1.36.3");
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .current_dir(folder)
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
