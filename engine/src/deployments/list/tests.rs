//! Filter and order of the list, row by row.

use serde_json::json;

use super::*;

/// A Deployment in as few words as the list needs: `shop/api image desired ready minute`.
fn row(words: &str) -> DeploymentRow {
    let [target, image, desired, ready, minute] = words.split(' ').collect::<Vec<_>>().try_into().unwrap();
    let (namespace, name) = target.split_once('/').unwrap();
    let number = |text: &str| text.parse::<u32>().unwrap();
    let deployment = json!({
        "metadata": {"name": name, "namespace": namespace, "generation": 1},
        "spec": {
            "replicas": number(desired),
            "selector": {},
            "template": {"spec": {"containers": [{"name": "app", "image": image}]}},
        },
        "status": {
            "observedGeneration": 1,
            "replicas": number(ready),
            "updatedReplicas": number(ready),
            "readyReplicas": number(ready),
            "availableReplicas": number(ready),
        },
    });
    DeploymentRow {
        target: DeploymentRef::new(namespace.parse().unwrap(), name.parse().unwrap()),
        deployment: serde_json::from_value(deployment).unwrap(),
        changed_at: Some(format!("2026-01-01T00:{minute}:00Z").parse().unwrap()),
        changed_by: None,
        left_out: None,
    }
}

fn rows() -> Vec<DeploymentRow> {
    ["shop/web img/web:2 2 2 03", "bank/api img/api:9 3 1 01", "shop/api IMG/Api:1 1 1 02"].map(row).into()
}

fn check(query: DeploymentQuery, expected: &[&str]) {
    let rows = rows();
    let mut entries: Vec<Entry> = rows.iter().map(|row| Entry::new(row, &[])).collect();
    arrange(&mut entries, &query);
    let shown: Vec<String> = entries.iter().map(|entry| entry.row.target.to_string()).collect();
    assert_eq!(shown, expected, "{query:?}");
}

#[test]
fn each_column_sorts_both_ways_and_ties_go_by_name() {
    let by = |sort, descending| DeploymentQuery { sort, descending, ..DeploymentQuery::default() };
    check(by(DeploymentSort::Name, false), &["bank/api", "shop/api", "shop/web"]);
    check(by(DeploymentSort::Name, true), &["shop/web", "bank/api", "shop/api"]);
    check(by(DeploymentSort::Namespace, true), &["shop/api", "shop/web", "bank/api"]);
    check(by(DeploymentSort::Health, false), &["bank/api", "shop/api", "shop/web"]);
    check(by(DeploymentSort::Health, true), &["shop/api", "shop/web", "bank/api"]);
    check(by(DeploymentSort::Ready, false), &["shop/api", "bank/api", "shop/web"]);
    check(by(DeploymentSort::Image, false), &["shop/api", "bank/api", "shop/web"]);
    check(by(DeploymentSort::Changed, false), &["shop/web", "shop/api", "bank/api"]);
}

#[test]
fn each_word_of_the_filter_is_in_name_image_or_health() {
    let with = |filter: &str| DeploymentQuery { filter: filter.into(), ..DeploymentQuery::default() };
    check(with("  "), &["bank/api", "shop/api", "shop/web"]);
    check(with("API"), &["bank/api", "shop/api"]);
    check(with("api shop"), &["shop/api"]);
    check(with("healthy api:1"), &["shop/api"]);
    check(with("nothing"), &[]);
}
