//! The record of any resource on a page of its own: what is told of it, what is not, and whom.

use std::time::Duration;

use engine::{Caller, Engine, EngineConfig, Error, RepositoryConfig};
use model::ignore::{IgnoreRule, LeavesOut};
use model::record::{RecordDetail, RecordRef};
use model::sync::{RecordState, WatchState, WatchedKind};
use model::user::{Role, Scope};

use crate::deployments::{Shop, caller, operator};
use crate::harness::{Kubectl, config, eventually, git};

const VALUE: &str = "hunter2";

impl Shop {
    fn record(&self, kind: &str, name: &str) -> RecordRef {
        RecordRef::parse(kind, &self.namespace, name).unwrap()
    }

    async fn read_record(&self, caller: &Caller, target: &RecordRef) -> Result<RecordDetail, Error> {
        self.test.engine.read_record(caller, target).await
    }

    /// Reads a record as soon as it stands so.
    async fn record_in(&self, state: RecordState, target: &RecordRef) -> RecordDetail {
        eventually(&format!("{target} is {state:?}"), || async {
            let detail = self.read_record(&operator(), target).await.ok();
            detail.filter(|detail| detail.record.state == state)
        })
        .await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_shown_with_its_commits_and_without_values_that_are_nobodys_business() {
    let shop = Shop::open().await;
    let documents = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: settings}}\ndata: {{greeting: hello, password: {VALUE}}}\n---\n\
         apiVersion: v1\nkind: Secret\nmetadata: {{name: db}}\nstringData: {{password: {VALUE}}}\n"
    );
    shop.kubectl.apply(&documents, &shop.namespace).await;
    for (kind, name, words) in [("ConfigMap", "settings", "greeting: hello"), ("Secret", "db", "password:")] {
        let detail = shop.record_in(RecordState::Recorded, &shop.record(kind, name)).await;
        let text = detail.text.clone().unwrap();
        assert!(text.contains(words) && text.contains("not recorded"), "{text}");
        assert!(!format!("{detail:?}").contains(VALUE) && !text.contains("aHVudGVy"), "{detail:?}");
        assert!(detail.record.incomplete.unwrap().contains("password"));
        assert_eq!(detail.commits.first().map(|commit| &commit.id), detail.record.commit.as_ref());
        let path = format!("clusters/test/{}/{}/{name}.yaml", shop.namespace, kind.to_lowercase());
        assert_eq!(detail.record.path, Some(path));
    }
    let namespace = RecordRef::parse("Namespace", "_cluster", &shop.namespace).unwrap();
    let detail = shop.record_in(RecordState::Recorded, &namespace).await;
    assert!(detail.text.unwrap().contains("kind: Namespace"));
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_record_says_by_which_rule() {
    let shop = Shop::open().await;
    let made = shop.record_in(RecordState::Ignored, &shop.record("ConfigMap", "kube-root-ca.crt")).await;
    assert_eq!(made.record.reason, "Each namespace is born with one.");
    assert_eq!((made.text, made.commits.len()), (None, 0));

    let target = shop.record("ConfigMap", "scratch");
    let rule = IgnoreRule {
        kind: "ConfigMap".into(),
        namespace: shop.namespace.clone(),
        name: "scratch".into(),
        selector: String::new(),
        leaves_out: LeavesOut::Resource,
    };
    shop.test.engine.create_ignore_rule(&operator(), &rule).await.unwrap();
    shop.kubectl.run(&["create", "configmap", "scratch", "-n", &shop.namespace]).await;
    let left_out = shop.record_in(RecordState::Ignored, &target).await;
    assert!(left_out.record.reason.contains("named scratch"), "{left_out:?}");
    shop.kubectl.run(&["delete", "configmap", "scratch", "-n", &shop.namespace]).await;
    eventually("it is gone", || async {
        matches!(shop.read_record(&operator(), &target).await, Err(Error::NotFound { .. })).then_some(())
    })
    .await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hidden_records_are_answered_as_absent_ones() {
    let shop = Shop::open().await;
    shop.kubectl.run(&["create", "configmap", "hidden", "-n", &shop.namespace]).await;
    let hidden = shop.record("ConfigMap", "hidden");
    shop.record_in(RecordState::Recorded, &hidden).await;
    let stranger = caller(Role::Admin, Scope::Namespaces(vec!["elsewhere".parse().unwrap()]));
    let neighbour = caller(Role::Viewer, Scope::Namespaces(vec![shop.namespace.parse().unwrap()]));
    assert_eq!(shop.read_record(&neighbour, &hidden).await.unwrap().commits.len(), 1);

    let everybody = operator();
    for (who, target) in [
        (&stranger, hidden),
        (&stranger, shop.record("ConfigMap", "absent")),
        (&everybody, shop.record("ConfigMap", "absent")),
        (&everybody, shop.record("Widget.nowhere", "absent")),
        // Cluster-scoped: there, but not for who is bound to a namespace.
        (&neighbour, RecordRef::parse("Namespace", "_cluster", &shop.namespace).unwrap()),
        (&neighbour, shop.record("Namespace", &shop.namespace)),
    ] {
        let error = shop.read_record(who, &target).await.unwrap_err();
        assert_eq!(error.to_wire().message, format!("There is no record of {target}, or you may not see it."));
    }
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn records_lie_on_the_branch_and_in_the_folder_that_the_settings_name() {
    let kubectl = Kubectl::shared().await;
    let namespace = kubectl.create_namespace("elsewhere").await;
    kubectl.run(&["create", "configmap", "settings", "-n", &namespace]).await;
    let folder = tempfile::tempdir().unwrap();
    let usual = config(folder.path(), &kubectl.kubeconfig);
    let elsewhere =
        RepositoryConfig { branch: "records".parse().unwrap(), path: "infra".into(), ..usual.repository.clone() };
    let config = EngineConfig { repository: elsewhere, ..usual };
    let repository = folder.path().join("repository.git");
    let path = format!("infra/clusters/test/{namespace}/configmap/settings.yaml");
    let target = RecordRef::parse("ConfigMap", &namespace, "settings").unwrap();
    // The second run has to find there what the first one wrote.
    for _ in 0..2 {
        let engine = Engine::start(config.clone()).await.unwrap();
        let detail = eventually("the record is known", || async {
            let detail = engine.read_record(&operator(), &target).await.ok();
            detail.filter(|detail| detail.record.state == RecordState::Recorded)
        })
        .await;
        assert_eq!(detail.record.path.as_ref(), Some(&path));
        eventually("all of its kind are read", || async {
            let kinds = engine.sync_status(&operator()).await.unwrap().kinds;
            let is_read = |kind: &WatchedKind| kind.kind == target.kind && kind.state == WatchState::Watching;
            kinds.iter().any(is_read).then_some(())
        })
        .await;
        assert!(engine.stop(Duration::from_secs(10)).await, "the engine ends within its grace period");
        assert!(git(&repository, &["show", &format!("records:{path}")]).contains("kind: ConfigMap"));
        let files = git(&repository, &["ls-tree", "-r", "--name-only", "records"]);
        assert!(files.lines().all(|file| file.starts_with("infra/clusters/test/")), "{files}");
        let commits = git(&repository, &["log", "--format=%s", "records", "--", &path]);
        assert_eq!(commits.lines().count(), 1, "{commits}");
        assert_eq!(git(&repository, &["branch", "--format=%(refname:short)"]).trim(), "records");
    }
    kubectl.run(&["delete", "namespace", &namespace, "--wait=false"]).await;
}
