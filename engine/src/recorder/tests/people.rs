//! Files that people keep in the repository.

use super::*;

const ALL: &str = "\
# What the shop is told.
apiVersion: v1
kind: ConfigMap
metadata:
    name: a      # the first
    namespace: shop
data: {key: '1'}   # keep in brackets

---
# The second.
apiVersion: v1
kind: ConfigMap
metadata: {namespace: shop, name: b}
data:
    key: \"1\"
";

/// A remote with files of people's, and their clone of it.
pub(super) struct Remote {
    folder: Option<TempDir>,
    pub(super) clone: PathBuf,
    path: PathBuf,
}

impl Remote {
    pub(super) fn with(files: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().unwrap();
        git(folder.path(), &["init", "-q", "--bare", "-b", "main", "remote.git"]);
        git(folder.path(), &["clone", "-q", "remote.git", "clone"]);
        let (clone, path) = (folder.path().join("clone"), folder.path().join("remote.git"));
        let remote = Self { folder: Some(folder), clone, path };
        git(&remote.clone, &["checkout", "-q", "-B", "main"]);
        remote.commits(files);
        remote
    }

    /// Commits and pushes files as eve.
    pub(super) fn commits(&self, files: &[(&str, &str)]) {
        for (path, text) in files {
            let path = self.clone.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        git(&self.clone, &["add", "-A"]);
        let as_eve = ["-c", "user.name=eve", "-c", "user.email=eve@example.org"];
        git(&self.clone, &[&as_eve[..], &["commit", "-qm", "By hand"]].concat());
        git(&self.clone, &["push", "-q", "origin", "main"]);
    }

    pub(super) async fn bench(&mut self) -> Bench {
        Bench::start_with(self.folder.take().unwrap(), Duration::ZERO, Some(&self.path)).await
    }

    pub(super) fn file(&self, path: &str) -> String {
        git(&self.path, &["show", &format!("main:{path}")])
    }
}

/// Waits until the remote has all that was seen.
pub(super) async fn pushed(bench: &Bench) {
    bench.in_step().await;
    let remote = bench.folder.path().join("remote.git");
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while git(&remote, &["rev-parse", "main"]) != bench.git(&["rev-parse", "main"]) {
        assert!(tokio::time::Instant::now() < deadline, "not pushed");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_resource_is_recorded_where_a_person_keeps_it() {
    let mut remote = Remote::with(&[("apps/all.yaml", ALL)]);
    let bench = remote.bench().await;
    bench.lists(&[config_map("a", 1, "1"), config_map("b", 1, "1")]).await;
    bench.in_step().await;
    assert_eq!(bench.log().len(), 1, "what the file says is so: {}", bench.git(&["log", "-p", "main"]));
    assert_eq!(bench.recorder.book.record_of(&resource("a"), None).path.as_deref(), Some("apps/all.yaml"));

    bench.sees(config_map("b", 2, "2")).await;
    bench.sees(config_map("a", 2, "2")).await;
    pushed(&bench).await;
    let expect = ALL.replace("{key: '1'}", "{key: '2'}").replace("key: \"1\"", "key: \"2\"");
    assert_eq!(remote.file("apps/all.yaml"), expect.trim_end());
    assert_eq!(bench.git(&["ls-tree", "-r", "--name-only", "main"]), "apps/all.yaml");

    bench.loses(config_map("b", 3, "2")).await;
    pushed(&bench).await;
    let (first, _) = expect.split_once("\n---").unwrap();
    assert_eq!(remote.file("apps/all.yaml").trim_end(), first.trim_end());
    let commits = bench.log().len();
    let bench = bench.restart().await;
    bench.lists(&[config_map("a", 2, "2")]).await;
    bench.in_step().await;
    assert_eq!(bench.log().len(), commits);
    bench.loses(config_map("a", 4, "2")).await;
    bench.in_step().await;
    assert_eq!(bench.git(&["ls-tree", "-r", "--name-only", "main"]), "");
}

#[tokio::test]
async fn a_person_s_edit_beside_ours_is_kept() {
    let mut remote = Remote::with(&[("apps/all.yaml", ALL)]);
    let bench = remote.bench().await;
    bench.lists(&[config_map("a", 1, "1"), config_map("b", 1, "1")]).await;
    bench.in_step().await;
    remote.commits(&[("apps/all.yaml", &ALL.replace("# The second.", "# Eve's second."))]);
    bench.sees(config_map("a", 2, "2")).await;
    pushed(&bench).await;
    let expect = ALL.replace("{key: '1'}", "{key: '2'}").replace("# The second.", "# Eve's second.");
    assert_eq!(remote.file("apps/all.yaml"), expect.trim_end());
}

#[tokio::test]
async fn what_a_person_added_to_a_record_stays_in_it() {
    let mut remote = Remote::with(&[("README.md", "ours\n")]);
    let bench = remote.bench().await;
    let path = "clusters/sandbox/shop/configmap/a.yaml";
    bench.lists(&[config_map("a", 1, "1")]).await;
    pushed(&bench).await;
    git(&remote.clone, &["pull", "-q", "origin", "main"]);
    let record = format!("# Eve's word.\n{}\n---\n{}", remote.file(path), config("c", "1"));
    remote.commits(&[(path, &record)]);
    bench.sees(config_map("d", 2, "2")).await;
    pushed(&bench).await;
    bench.sees(config_map("a", 2, "2")).await;
    pushed(&bench).await;
    let text = remote.file(path);
    assert!(text.contains("# Eve's word.") && text.contains("name: c") && text.contains("key: \"2\""), "{text}");
    let commits = bench.log().len();
    bench.sees(config_map("a", 3, "2")).await;
    let bench = bench.restart().await;
    bench.lists(&[config_map("a", 3, "2"), config_map("d", 2, "2")]).await;
    bench.in_step().await;
    assert_eq!(bench.log().len(), commits, "{}", bench.git(&["log", "-p", "-1", "main"]));
}

#[tokio::test]
async fn a_record_with_braces_in_it_is_edited_in_place_like_any_other() {
    let mut remote = Remote::with(&[("README.md", "ours\n")]);
    let bench = remote.bench().await;
    let path = "clusters/sandbox/shop/configmap/a.yaml";
    bench.lists(&[config_map("a", 1, "{{ .Values.one }}")]).await;
    pushed(&bench).await;
    git(&remote.clone, &["pull", "-q", "origin", "main"]);
    let record = format!("# Eve's word.\n{}\n---\n{}", remote.file(path), config("c", "{{ .Values.c }}"));
    remote.commits(&[(path, &record)]);
    bench.sees(config_map("d", 2, "2")).await;
    pushed(&bench).await;
    bench.sees(config_map("a", 2, "{{ .Values.two }}")).await;
    pushed(&bench).await;
    let text = remote.file(path);
    assert!(text.contains("# Eve's word.") && text.contains("name: c") && text.contains(".Values.two"), "{text}");

    // What cannot be read gives way, with a word.
    git(&remote.clone, &["pull", "-q", "origin", "main"]);
    remote.commits(&[(path, "# Eve's word.\nkey: [\n")]);
    bench.sees(config_map("d", 3, "3")).await;
    pushed(&bench).await;
    bench.sees(config_map("a", 3, "3")).await;
    pushed(&bench).await;
    assert!(remote.file(path).contains("key: \"3\""));
    let body = bench.git(&["log", "-1", "--format=%b", "main"]);
    assert!(body.contains("written anew, without the comments in it. The resource was not found in what"), "{body}");
}

#[tokio::test]
async fn what_is_no_readable_file_is_named_with_a_word() {
    let mut remote = Remote::with(&[("apps/a.yaml", &config("a", "1"))]);
    let large = std::fs::File::create(remote.clone.join("large.yaml")).unwrap();
    large.set_len(50 * 1024 * 1024).unwrap();
    std::os::unix::fs::symlink("apps/a.yaml", remote.clone.join("link.yaml")).unwrap();
    let commit = git(&remote.clone, &["rev-parse", "HEAD"]);
    git(&remote.clone, &["update-index", "--add", "--cacheinfo", &format!("160000,{commit},vendored")]);
    std::fs::create_dir(remote.clone.join("vendored")).unwrap();
    remote.commits(&[]);
    let bench = remote.bench().await;
    bench.lists(&[config_map("a", 1, "1")]).await;
    bench.in_step().await;
    let told = bench.recorder.book.pages().left_alone.clone();
    let word = |path: &str| told.iter().find(|file| file.path == path).map(|file| (file.reason.as_str(), file.wrong));
    assert_eq!(word("large.yaml"), Some(("It is larger than 4 MiB.", true)), "{told:?}");
    assert!(word("link.yaml").unwrap().0.contains("symbolic link"), "{told:?}");
    assert!(word("vendored").unwrap().0.contains("submodule"), "{told:?}");
    assert_eq!(told.len(), 3, "{told:?}");
}

#[tokio::test]
async fn files_that_are_not_denshimon_s_are_left_alone_with_a_word() {
    let mut remote = Remote::with(&[
        ("broken.yaml", "apiVersion: v1\nkind: [\n"),
        ("twice.yaml", &format!("{}---\n{}", config("x", "1"), config("x", "2"))),
        ("first.yaml", &config("z", "1")),
        ("second.yaml", &config("z", "2")),
        ("base/kustomization.yaml", "resources: [a.yaml]\n"),
        ("base/a.yaml", &config("a", "theirs")),
        ("chart/Chart.yaml", "name: chart\n"),
        ("chart/templates/b.yaml", &config("b", "{{ .Values.key }}")),
        ("notes.yaml", "just: notes\n"),
        ("clusters/other/shop/configmap/a.yaml", &config("a", "theirs")),
    ]);
    let before = git(&remote.clone, &["rev-parse", "HEAD^{tree}"]);
    let bench = remote.bench().await;
    bench.lists(&[]).await;
    bench.in_step().await;
    assert_eq!(bench.git(&["rev-parse", "main^{tree}"]), before, "nothing was deleted");
    assert!(bench.recorder.book.pages().left_alone.is_empty(), "with two clusters nobody knows whose they are");

    let mut remote = Remote::with(&[
        ("broken.yaml", "apiVersion: v1\nkind: [\n"),
        ("twice.yaml", &format!("{}---\n{}", config("x", "1"), config("x", "2"))),
        ("first.yaml", &config("z", "1")),
        ("second.yaml", &config("z", "2")),
        ("base/kustomization.yaml", "resources: [a.yaml]\n"),
        ("base/a.yaml", &config("a", "theirs")),
        ("chart/Chart.yaml", "name: chart\n"),
        ("chart/templates/b.yaml", &config("b", "{{ .Values.key }}")),
        ("notes.yaml", "just: notes\n"),
    ]);
    let bench = remote.bench().await;
    bench.lists(&[config_map("a", 1, "1"), config_map("b", 1, "1"), config_map("z", 1, "3")]).await;
    pushed(&bench).await;
    let told: Vec<(String, String)> = {
        let pages = bench.recorder.book.pages();
        pages.left_alone.iter().map(|file| (file.path.clone(), file.reason.clone())).collect()
    };
    let reason = |path: &str| told.iter().find(|(file, _)| file == path).map(|(_, reason)| reason.as_str());
    assert!(reason("broken.yaml").unwrap().starts_with("Line "), "{told:?}");
    assert!(reason("twice.yaml").unwrap().contains("lines 1 and"), "{told:?}");
    assert!(reason("second.yaml").unwrap().contains("first.yaml, line 1"), "{told:?}");
    assert!(reason("base/a.yaml").unwrap().contains("kustomization"), "{told:?}");
    assert!(reason("chart/templates/b.yaml").unwrap().contains("template"), "{told:?}");
    assert_eq!(reason("notes.yaml"), None);
    assert!(remote.file("base/a.yaml").contains("theirs"));
    assert!(remote.file("first.yaml").contains('3') && remote.file("second.yaml").contains('2'));
    assert!(remote.file("clusters/sandbox/shop/configmap/a.yaml").contains("key: \"1\""));
}

#[tokio::test]
async fn what_was_never_applied_is_not_deleted() {
    let mut remote = Remote::with(&[("next.yaml", &config("later", "1")), ("now.yaml", &config("now", "1"))]);
    let bench = remote.bench().await;
    bench.lists(&[config_map("now", 1, "2")]).await;
    pushed(&bench).await;
    let bench = bench.restart().await;
    bench.lists(&[]).await;
    pushed(&bench).await;
    // Denshimon wrote into the other, so it was there.
    assert_eq!(git(&remote.path, &["ls-tree", "-r", "--name-only", "main"]), "next.yaml");
}

#[tokio::test]
async fn a_person_s_secret_keeps_what_the_person_wrote() {
    let secret = "\
apiVersion: v1
kind: Secret
metadata:
  name: s
  namespace: shop
type: Opaque
data:
  password: aHVudGVyMg==
";
    let mut remote = Remote::with(&[("secret.yaml", secret)]);
    let bench = remote.bench().await;
    let live = |version: u32, value: &str, label: &str| {
        json!({
            "apiVersion": "v1", "kind": "Secret", "type": "Opaque", "data": {"password": value},
            "metadata": {"name": "s", "namespace": "shop", "uid": "u", "resourceVersion": version.to_string(),
                "labels": {"team": label}}
        })
    };
    bench.sees(live(1, "b3RoZXI=", "a")).await;
    bench.lists_secrets().await;
    pushed(&bench).await;
    bench.sees(live(2, "YW5vdGhlcg==", "b")).await;
    pushed(&bench).await;
    let text = remote.file("secret.yaml");
    assert!(text.contains("team: b") && text.contains("aHVudGVyMg=="), "{text}");
    let everything = bench.git(&["log", "-p", "--all"]);
    assert!(!everything.contains("b3RoZXI") && !everything.contains("YW5vdGhl"), "{everything}");
}

#[tokio::test]
async fn values_that_a_person_s_file_keeps_change_with_a_word_and_without_a_commit() {
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: shop}\ndata: {password: aHVudGVyMg==}\n";
    let settings =
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: shop}\ndata: {password: mine, key: '1'}\n";
    let mut remote = Remote::with(&[("secret.yaml", secret), ("a.yaml", settings)]);
    let bench = remote.bench().await;
    let live_secret = |version: u32, value: &str| {
        json!({
            "apiVersion": "v1", "kind": "Secret", "data": {"password": value},
            "metadata": {"name": "s", "namespace": "shop", "uid": "u", "resourceVersion": version.to_string(),
                "managedFields": [{"manager": "kubectl-edit", "time": "2026-01-01T00:00:00Z"}]}
        })
    };
    let live_settings = |version: u32, value: &str| {
        let mut live = config_map("a", version, "1");
        live["data"]["password"] = value.into();
        live["metadata"]["managedFields"][0]["fieldsV1"]["f:data"]["f:password"] = json!({});
        live
    };
    bench.lists(&[live_settings(1, "theirs")]).await;
    bench.sees(live_secret(1, "b3RoZXI=")).await;
    bench.lists_secrets().await;
    pushed(&bench).await;
    let before = bench.log();
    // Each twice, as a status would be reported.
    for version in [2, 3] {
        bench.sees(live_settings(version, "others")).await;
        bench.sees(live_secret(version, "YW5vdGhlcg==")).await;
    }
    pushed(&bench).await;
    assert_eq!(bench.log(), before);
    let secret = ResourceRef { kind: Kind::new("", "Secret"), ..resource("s") };
    for (resource, file) in [(resource("a"), "a.yaml"), (secret, "secret.yaml")] {
        let history = bench.history(&resource).await;
        let told: Vec<_> = history.iter().filter(|entry| entry.recorded == Recorded::Unchanged).collect();
        assert_eq!(told.len(), 1, "{history:?}");
        assert_eq!(told[0].summary, format!("Change values of {resource}, which {file} keeps"));
        assert_eq!(told[0].actor, Actor::Manager("kubectl-edit".into()));
    }
}

#[tokio::test]
async fn a_file_that_leaves_the_namespace_open_is_named_with_a_word() {
    let open = config("a", "1").replace("  namespace: shop\n", "");
    let role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: reader}\nrules: []\n";
    let mut remote = Remote::with(&[("open.yaml", &open), ("role.yaml", role)]);
    let bench = remote.bench().await;
    bench.lists(&[config_map("a", 1, "2")]).await;
    pushed(&bench).await;
    assert_eq!(remote.file("open.yaml"), open.trim_end(), "nobody knows whose it is");
    assert!(remote.file("clusters/sandbox/shop/configmap/a.yaml").contains("key: \"2\""));
    let told = bench.recorder.book.pages().files_left_alone();
    assert_eq!(told.len(), 1, "{told:?}");
    let reason = "Line 1 describes ConfigMap a without a namespace, so whoever applies it says which";
    assert!(told[0].path == "open.yaml" && told[0].reason.starts_with(reason) && !told[0].wrong, "{told:?}");
}

/// A ConfigMap as a person writes it.
pub(super) fn config(name: &str, key: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n  namespace: shop\ndata:\n  key: '{key}'\n")
}

#[tokio::test]
async fn a_person_s_credentials_stay_as_the_person_wrote_them() {
    let file =
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: shop}\ndata: {password: mine, key: '1'}\n";
    let mut remote = Remote::with(&[("a.yaml", file)]);
    let bench = remote.bench().await;
    let live = |version: u32, key: &str| {
        let mut live = config_map("a", version, key);
        live["data"]["password"] = "theirs".into();
        live["metadata"]["managedFields"][0]["fieldsV1"]["f:data"]["f:password"] = json!({});
        live
    };
    bench.lists(&[live(1, "1")]).await;
    bench.sees(live(2, "2")).await;
    pushed(&bench).await;
    assert_eq!(remote.file("a.yaml"), file.replace("key: '1'", "key: '2'").trim_end());
    assert_eq!(bench.log().len(), 2);
}

#[tokio::test]
async fn a_document_that_had_to_be_written_anew_says_so_in_commit_and_history() {
    let text = ALL.replace("{key: '1'}", "{key: &shared '1'}");
    let mut remote = Remote::with(&[("apps/all.yaml", &text)]);
    let bench = remote.bench().await;
    bench.lists(&[config_map("a", 1, "1"), config_map("b", 1, "1")]).await;
    bench.in_step().await;
    for (name, version) in [("b", 2), ("a", 3)] {
        bench.sees(config_map(name, version, "2")).await;
        pushed(&bench).await;
    }
    let bodies = bench.git(&["log", "--reverse", "--format=%b", "main"]);
    let anew =
        "ConfigMap shop/a: the document was written anew, without the comments in it. The change touches an anchor";
    assert!(bodies.contains(anew) && !bodies.contains("ConfigMap shop/b: the document"), "{bodies}");
    let summary = |entries: Vec<HistoryEntry>| entries.first().unwrap().summary.clone();
    assert!(summary(bench.history(&resource("a")).await).ends_with("; its document was written anew"));
    assert!(!summary(bench.history(&resource("b")).await).contains("anew"));
}
