//! Many resources at once: one person's in one commit, and those of a first list that goes on while they change.

use super::super::work::MOST_WAITING;
use super::*;

/// Of a first list: enough for several rounds of commits, and few enough for a store that is not optimized.
const FOUND: usize = 3_000;
/// So many are listed when one of them changes.
const BEFORE: usize = 2_000;

#[tokio::test]
async fn a_commit_about_two_resources_names_both_and_says_what_changed_in_each() {
    let bench = Bench::start(Duration::from_millis(50)).await;
    bench.lists(&[config_map("a", 1, "1"), config_map("b", 1, "1")]).await;
    bench.in_step().await;
    bench.sees(config_map("a", 2, "2")).await;
    bench.sees(config_map("b", 3, "3")).await;
    bench.in_step().await;
    assert_eq!(bench.log()[1..], ["kubectl-edit: Change shop/a, shop/b"]);
    let body = bench.git(&["log", "-1", "--format=%b", "main"]);
    for (name, value) in [("a", "2"), ("b", "3")] {
        let about = format!("Update ConfigMap shop/{name}\n- ");
        let line = body.split_once(&about).map(|(_, rest)| rest.lines().next().unwrap_or_default());
        assert!(line.is_some_and(|line| line.contains("key") && line.ends_with(&format!("1 -> {value}"))), "{body}");
        assert!(body.contains(&format!("Resource: ConfigMap shop/{name}\nResource-Version: {value}")), "{body}");
    }
}

#[tokio::test]
async fn a_long_first_list_in_which_something_changes_is_recorded_whole() {
    let bench = Bench::start(Duration::ZERO).await;
    let name = |number: usize| format!("c{number}");
    for number in 0..FOUND {
        if number == BEFORE {
            // Until a list is complete, the watch tells of changes as it tells of what it finds.
            bench.tell(config_map("c7", 2, "changed"), true).await;
        }
        bench.tell(config_map(&name(number), 1, "x"), true).await;
    }
    let present = (0..FOUND).map(|number| resource(&name(number))).collect();
    bench.watch.send(Observed::Listed { kind: Kind::new("", "ConfigMap"), present }).await.unwrap();
    bench.in_step().await;

    let (found, changed): (Vec<String>, Vec<String>) =
        bench.log().into_iter().partition(|line| line.starts_with("Denshimon: Record cluster sandbox as found: "));
    assert_eq!(changed, ["kubectl-edit: Update ConfigMap shop/c7"]);
    let counted = |line: &String| -> usize {
        let words: Vec<&str> = line.rsplitn(3, ' ').collect();
        words[1].parse().unwrap()
    };
    assert_eq!(found.iter().map(counted).sum::<usize>(), FOUND, "{found:?}");
    let files = bench.git(&["ls-tree", "-r", "--name-only", "main"]);
    assert_eq!(files.lines().count(), FOUND);
    assert!(bench.git(&["show", "main:clusters/sandbox/shop/configmap/c7.yaml"]).contains("changed"));
    assert_eq!(bench.history(&resource("c7")).await.len(), 2, "it was found, and it was changed");
    assert_eq!(bench.recorder.book.pages().counts.all(), FOUND);
}

#[tokio::test]
async fn when_very_much_waits_the_watches_wait_too_and_nothing_is_lost() {
    /// More than the recorder and the channel of its bench hold.
    const CHANGED: usize = MOST_WAITING + 200;
    let bench = Bench::start(Duration::from_secs(3_600)).await;
    bench.lists(&[config_map("a", 1, "1")]).await;
    bench.in_step().await;
    let changes = async {
        for number in 0..CHANGED {
            bench.sees(config_map(&format!("c{number}"), 2, "x")).await;
        }
    };
    let bound = async {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
        while bench.recorder.book.pages().waiting < MOST_WAITING || bench.watch.capacity() > 0 {
            assert!(tokio::time::Instant::now() < deadline, "{} wait", bench.recorder.book.pages().waiting);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(bench.recorder.book.pages().waiting, MOST_WAITING);
        bench.recorder.steer(Steering::CommitNow).await.unwrap();
    };
    tokio::join!(changes, bound);
    bench.in_step().await;
    assert_eq!(bench.git(&["ls-tree", "-r", "--name-only", "main"]).lines().count(), CHANGED + 1);
}
