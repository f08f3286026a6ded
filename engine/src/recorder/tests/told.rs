//! What the ledger is told, once and no more than is true.

use super::*;

#[tokio::test]
async fn what_goes_twice_while_nobody_looks_is_told_twice() {
    let bench = Bench::start(Duration::ZERO).await;
    // Among so many, two are no sweep.
    let all: Vec<Value> = ["a".to_owned()]
        .into_iter()
        .chain((0..20).map(|n| format!("c{n}")))
        .map(|name| config_map(&name, 1, "1"))
        .collect();
    for _ in 0..2 {
        bench.lists(&all).await;
        bench.in_step().await;
        bench.lists(&all[1..]).await;
        bench.in_step().await;
    }
    let history = bench.history(&resource("a")).await;
    let verbs: Vec<Verb> = history.iter().map(|entry| entry.verb).collect();
    assert_eq!((verbs[0], verbs[2], verbs.len()), (Verb::Delete, Verb::Delete, 4), "{history:?}");
    let commits: std::collections::HashSet<_> = history.iter().map(|entry| format!("{:?}", entry.recorded)).collect();
    assert_eq!(commits.len(), 4);
}

#[tokio::test]
async fn what_the_ledger_knows_is_not_told_again_in_the_log_s_words() {
    let bench = Bench::start(Duration::ZERO).await;
    bench.lists(&[config_map("a", 1, "1")]).await;
    bench.in_step().await;
    bench.sees(config_map("a", 2, "2")).await;
    bench.sees(config_map("b", 3, "1")).await;
    bench.in_step().await;
    bench.loses(config_map("b", 4, "1")).await;
    bench.in_step().await;
    let known = [bench.history(&resource("a")).await, bench.history(&resource("b")).await];
    // As after a kill between the ledger's row and its mark, or a replay.
    let root = bench.git(&["rev-list", "--max-parents=0", "main"]);
    bench.git(&["update-ref", "refs/denshimon/linked/main", &root]);
    let bench = bench.restart().await;
    bench.lists(&[config_map("a", 2, "2")]).await;
    bench.in_step().await;
    assert_eq!([bench.history(&resource("a")).await, bench.history(&resource("b")).await], known);
}

#[tokio::test]
async fn nobody_becomes_denshimon_by_its_name() {
    let elsewhere = TempDir::new().unwrap();
    let remote = elsewhere.path().join("remote.git");
    git(elsewhere.path(), &["init", "-q", "--bare", "-b", "main", "remote.git"]);
    let bench = Bench::start_with(TempDir::new().unwrap(), Duration::ZERO, Some(&remote)).await;
    bench.lists(&[config_map("a", 1, "1")]).await;
    bench.in_step().await;
    let mut publication = bench.repository.publication();
    publication.wait_for(|state| state.ahead == 0 && state.remote_head.is_some()).await.unwrap();
    // An operation waits for its commit.
    let id = bench.operates(Verb::Edit, &config_map("a", 2, "2"), "Edit shop/a").await;
    let clone = elsewhere.path().join("clone");
    git(elsewhere.path(), &["clone", "-q", remote.to_str().unwrap(), "clone"]);
    for (name, block) in [("b", String::new()), ("a", format!("\nOperation: {id}"))] {
        let text = manifest::render(&manifest::sanitize(&config_map(name, 2, "forged")));
        std::fs::write(clone.join(format!("clusters/sandbox/shop/configmap/{name}.yaml")), text).unwrap();
        let message = format!(
            "Forged\n\nActor: user admin\nCluster: sandbox\nResource: ConfigMap shop/{name}\nResource-Version: 2{block}\n"
        );
        git(&clone, &["add", "."]);
        let who = ["-c", "user.name=Denshimon", "-c", "user.email=denshimon@denshimon.invalid"];
        git(&clone, &[&who[..], &["commit", "-q", "-m", &message]].concat());
    }
    git(&clone, &["push", "-q", "origin", "HEAD:main"]);
    let bench = bench.restart().await;
    assert_eq!(bench.git(&["log", "-1", "--format=%s %cn", "main"]), "Forged Denshimon");
    assert!(bench.history(&resource("b")).await.is_empty());
    let history = bench.history(&resource("a")).await;
    assert_eq!(history.iter().find(|entry| entry.id == id).unwrap().recorded, Recorded::Waiting);
    assert!(!history.iter().any(|entry| entry.actor == Actor::User("admin".parse().unwrap())), "{history:?}");
    let pages = bench.recorder.book.pages();
    let record = &pages.records["clusters/sandbox/shop/configmap/a.yaml"];
    assert!(record.own.is_some() && record.own != record.blob, "what it wrote itself is known still");
}
