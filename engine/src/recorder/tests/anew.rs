//! What is recorded otherwise though nobody has changed it: rules and settings did, and no person's name is on that.

use super::states::commit_file;
use super::*;

/// A ConfigMap that somebody made with kubectl.
fn settings(name: &str, version: u32) -> Value {
    let mut object = config_map(name, version, "1");
    object["data"]["password"] = json!("hunter2");
    object["metadata"]["managedFields"][0]["fieldsV1"]["f:data"]["f:password"] = json!({});
    object
}

fn all() -> [Value; 3] {
    ["a", "b", "c"].map(|name| settings(name, 7))
}

#[tokio::test]
async fn what_a_rule_changes_is_one_commit_of_nobody_s() {
    let bench = Bench::start(Duration::ZERO).await;
    bench.lists(&all()).await;
    bench.in_step().await;
    let before = bench.log().len();
    bench.sealer.switch_off(["name".to_owned()].into());
    bench.lists(&all()).await;
    bench.in_step().await;
    let log = bench.log();
    assert_eq!(log[before..], ["Denshimon: Record 3 resources anew"], "{log:?}");
    let message = bench.git(&["log", "-1", "--format=%b", "main"]);
    assert!(message.contains("Nobody changed this in the cluster"), "{message}");
    assert!(bench.git(&["show", "main:clusters/sandbox/shop/configmap/b.yaml"]).contains("hunter2"));

    // Whoever changes something at the same time is named.
    bench.sealer.switch_off(Default::default());
    bench.lists(&[settings("a", 7), settings("b", 8), settings("c", 7)]).await;
    bench.in_step().await;
    let mut log = bench.log().split_off(before + 1);
    log.sort();
    assert_eq!(log.len(), 2, "{log:?}");
    assert_eq!(log[0], "Denshimon: Record 2 resources anew");
    assert!(log[1].starts_with("kubectl-edit: "), "{log:?}");
}

#[tokio::test]
async fn other_rules_at_the_next_start_are_nobody_s_change_either() {
    let bench = Bench::start(Duration::ZERO).await;
    bench.sealer.switch_off(["name".to_owned()].into());
    bench.lists(&all()).await;
    bench.in_step().await;
    let before = bench.log().len();
    // The rules of this bench are not kept: it begins with all of them.
    let bench = bench.restart().await;
    bench.lists(&all()).await;
    bench.in_step().await;
    assert_eq!(bench.log()[before..], ["Denshimon: Record 3 resources anew"]);
}

#[tokio::test]
async fn the_cluster_s_state_comes_over_other_people_s_commits_when_a_person_says_so() {
    let bench = Bench::start(Duration::ZERO).await;
    let all = [config_map("a", 1, "1"), config_map("b", 1, "1")];
    bench.lists(&all).await;
    bench.in_step().await;
    let path = "clusters/sandbox/shop/configmap/a.yaml";
    let ours = bench.git(&["show", &format!("main:{path}")]);
    commit_file(&bench, path, Some(&format!("{}\n", ours.replace("shop", "shop # theirs"))));
    let bench = bench.restart().await;
    bench.lists(&all).await;
    bench.in_step().await;
    let kind = Kind::new("", "ConfigMap");
    assert_eq!(
        bench.recorder.book.record_of(&resource("a"), None).state,
        RecordState::Recorded,
        "a comment says nothing"
    );

    commit_file(&bench, path, Some(&format!("{}\n", ours.replace("'1'", "'2'").replace("\"1\"", "\"2\""))));
    let bench = bench.restart().await;
    bench.lists(&all).await;
    bench.in_step().await;
    assert_eq!(bench.recorder.book.record_of(&resource("a"), None).state, RecordState::Drifted);
    let asked = bench.lister.times(&kind);
    bench.recorder.steer(Steering::RecordAgain).await.unwrap();
    assert_eq!(bench.lister.times(&kind), asked + 1, "the kind is listed again");
    bench.lists(&all).await;
    bench.in_step().await;
    assert_eq!(bench.git(&["show", &format!("main:{path}")]), ours);
    assert!(bench.log().last().unwrap().starts_with("Denshimon: "), "{:?}", bench.log());
    assert_eq!(bench.recorder.book.record_of(&resource("a"), None).state, RecordState::Recorded);
}
