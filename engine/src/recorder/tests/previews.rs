//! What a rule would have left out, before it is saved.

use model::ignore::{IgnorePreview, IgnoreRule, LeavesOut};

use super::*;

impl Bench {
    async fn tests(&self, kind: &str, leaves_out: LeavesOut, live: Option<&Value>) -> IgnorePreview {
        let any = String::new;
        let rule = IgnoreRule { kind: kind.into(), namespace: any(), name: any(), selector: any(), leaves_out };
        let parsed = manifest::Ignoring::parse(&rule).unwrap();
        let owner = |object: &Value| (manifest::identity(object, &self.config.cluster.name).unwrap(), object.clone());
        let owners = live.map(|object| vec![owner(object)]);
        preview(&self.repository, &self.config, rule.to_string(), parsed, owners).await.unwrap()
    }
}

fn certificate(version: u32, days: u32) -> Value {
    json!({
        "apiVersion": "cert-manager.io/v1", "kind": "Certificate", "spec": {"days": days, "name": "a"},
        "metadata": {"name": "c", "namespace": "shop", "uid": "c", "resourceVersion": version.to_string()}
    })
}

#[tokio::test]
async fn a_rule_for_a_custom_kind_is_judged_by_its_records() {
    let bench = Bench::start(Duration::ZERO).await;
    bench.lists_first(&[certificate(1, 30)]).await;
    bench.sees(certificate(2, 60)).await;
    bench.in_step().await;
    let days = || LeavesOut::Fields(vec!["spec.days".into()]);
    for kind in ["Certificate", "Cert*", "Certificate.cert-manager.io"] {
        let preview = bench.tests(kind, days(), None).await;
        assert_eq!((preview.commits.len(), preview.records, preview.managed), (1, 1, None), "{kind}: {preview:?}");
    }
    // In a rule, capitals count.
    let preview = bench.tests("certificate", days(), None).await;
    assert_eq!((preview.commits.len(), preview.records), (0, 0), "{preview:?}");
}

#[tokio::test]
async fn a_rule_by_manager_is_judged_by_what_the_manager_owns_now() {
    let bench = Bench::start(Duration::ZERO).await;
    let object = |version: u32, key: &str, robot: &str| {
        let mut object = config_map("a", version, key);
        object["data"]["robot"] = json!(robot);
        let mut entry = object["metadata"]["managedFields"][0].clone();
        entry["manager"] = json!("robot-one");
        entry["fieldsV1"] = json!({"f:data": {"f:robot": {}}});
        object["metadata"]["managedFields"].as_array_mut().unwrap().push(entry);
        object
    };
    bench.lists(&[object(1, "1", "a"), config_map("b", 1, "1")]).await;
    bench.sees(object(2, "1", "b")).await;
    bench.sees(object(3, "2", "b")).await;
    bench.sees(object(4, "2", "c")).await;
    bench.in_step().await;
    assert_eq!(bench.log().len(), 4);
    let robots = || LeavesOut::Manager("robot-*".into());
    let preview = bench.tests("ConfigMap", robots(), Some(&object(4, "2", "c"))).await;
    assert_eq!((preview.commits.len(), preview.records, preview.managed), (2, 1, Some(1)), "{preview:?}");
    assert!(preview.paths[0].ends_with("/a.yaml"), "{preview:?}");
    let preview = bench.tests("ConfigMap", LeavesOut::Manager("other".into()), Some(&object(4, "2", "c"))).await;
    assert_eq!((preview.commits.len(), preview.records), (0, 0), "{preview:?}");
}
