//! Files that people keep in a repository, applied in each of kubectl's ways: Denshimon's first start touches none.

use std::path::Path;

use engine::Engine;
use model::Kind;
use model::sync::WatchState;

use crate::deployments::operator;
use crate::harness::{Kubectl, TestEngine, config, eventually, git};

/// What people write, with words that the API server does not use.
const DOCUMENTS: &str = "\
# What the shop runs.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: api
  namespace: NAMESPACE
spec:
  replicas: 3   # to begin with
  selector:
    matchLabels: {app: api}
  strategy:
    type: RollingUpdate
  template:
    metadata:
      labels: {app: api}
    spec:
      restartPolicy: Always
      hostNetwork: false
      nodeSelector: {}
      containers:
      - name: app
        image: registry.invalid/app:1
        env:
        - name: EMPTY
          value: ''
        ports:
        - containerPort: 80
          protocol: TCP
        readinessProbe:
          httpGet: {path: /, port: 80}
        resources:
          requests: {cpu: 1000m, memory: 1024Mi}
          limits: {cpu: 1}
---
apiVersion: v1
kind: Service
metadata:
  name: api
  namespace: NAMESPACE
spec:
  type: ClusterIP
  selector: {app: api}
  ports:
  - port: 80
---
apiVersion: autoscaling/v1
kind: HorizontalPodAutoscaler
metadata:
  name: api
  namespace: NAMESPACE
spec:
  maxReplicas: 5
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: api}
  targetCPUUtilizationPercentage: 80
---
apiVersion: batch/v1
kind: CronJob
metadata:
  name: nightly
  namespace: NAMESPACE
spec:
  schedule: 0 3 * * *
  suspend: false
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers:
          - name: app
            image: registry.invalid/app
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: data
  namespace: NAMESPACE
spec:
  accessModes: [ReadWriteOnce]
  storageClassName: none
  resources:
    requests: {storage: 1024Mi}
---
apiVersion: v1
kind: ResourceQuota
metadata:
  name: quota
  namespace: NAMESPACE
spec:
  hard: {configmaps: 1000, limits.memory: 10240Mi}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: closed
  namespace: NAMESPACE
spec:
  podSelector: {}
  policyTypes: [Ingress]
  ingress: []
---
apiVersion: v1
kind: Secret
metadata:
  name: secret
  namespace: NAMESPACE
stringData: {word: open}
";

const KINDS: [(&str, &str, &str); 8] = [
    ("apps", "Deployment", "api"),
    ("", "Service", "api"),
    ("autoscaling", "HorizontalPodAutoscaler", "api"),
    ("batch", "CronJob", "nightly"),
    ("", "PersistentVolumeClaim", "data"),
    ("", "ResourceQuota", "quota"),
    ("networking.k8s.io", "NetworkPolicy", "closed"),
    ("", "Secret", "secret"),
];

/// Commits files to a repository as Denshimon would find it.
fn commit(repository: &Path, work: &Path, files: &[(String, String)]) {
    let run = |folder: &Path, arguments: &[&str]| {
        let as_eve = ["-c", "user.name=eve", "-c", "user.email=eve@example.org"];
        let status = std::process::Command::new("git").current_dir(folder).args(as_eve).args(arguments).status();
        assert!(status.unwrap().success(), "git {arguments:?}");
    };
    let path = |path: &Path| path.to_str().unwrap().to_owned();
    run(work, &["init", "-q", "--bare", "-b", "main", &path(repository)]);
    let clone = work.join("people");
    run(work, &["clone", "-q", &path(repository), &path(&clone)]);
    run(&clone, &["checkout", "-q", "-B", "main"]);
    for (file, text) in files {
        std::fs::write(clone.join(file), text).unwrap();
    }
    run(&clone, &["add", "-A"]);
    run(&clone, &["commit", "-qm", "By hand"]);
    run(&clone, &["push", "-q", "origin", "main"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_start_leaves_people_s_files_as_they_are() {
    let kubectl = Kubectl::shared().await;
    let folder = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    for ways in [&["create"][..], &["apply"], &["apply", "--server-side"]] {
        let namespace = kubectl.create_namespace("adopt").await;
        let text = DOCUMENTS.replace("NAMESPACE", &namespace);
        kubectl.run_with(&[ways, &["-f", "-"]].concat(), &text).await;
        files.push((format!("{namespace}.yaml"), text));
    }
    let repository = folder.path().join("repository.git");
    commit(&repository, folder.path(), &files);
    let base = git(&repository, &["rev-parse", "main"]);
    let base = base.trim();

    let test = TestEngine::of(Engine::start(config(folder.path(), &kubectl.kubeconfig)).await.unwrap(), folder);
    eventually("all of their kinds are listed", || async {
        let kinds = test.engine.sync_status(&operator()).await.unwrap().kinds;
        let is_listed = |(group, name, _): &(&str, &str, &str)| {
            let kind = Kind::new(*group, *name);
            kinds.iter().any(|watched| watched.kind == kind && watched.state == WatchState::Watching)
        };
        KINDS.iter().all(is_listed).then_some(())
    })
    .await;
    // What was seen before each mark has been compared when the mark is recorded.
    for (file, _) in &files {
        let namespace = file.trim_end_matches(".yaml");
        for (group, kind, name) in KINDS {
            let kind = if group.is_empty() { kind.to_owned() } else { format!("{kind}.{group}") };
            kubectl.run(&["annotate", &kind, name, "-n", namespace, "example.org/mark=seen"]).await;
        }
    }
    for (file, text) in &files {
        let marked = eventually("each mark is recorded", || async {
            let now = git(&repository, &["show", &format!("main:{file}")]);
            (now.matches("example.org/mark: seen").count() == KINDS.len()).then_some(now)
        })
        .await;
        let is_mark = |line: &&str| matches!(line.trim(), "annotations:" | "example.org/mark: seen");
        let rest: Vec<&str> = marked.lines().filter(|line| !is_mark(line)).collect();
        let changes = git(&repository, &["diff", base, "main", "--", file]);
        assert_eq!(rest, text.lines().collect::<Vec<_>>(), "{changes}");
    }
    test.stop().await;
}
