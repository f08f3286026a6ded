//! Changes by way of a preview, as a browser without JavaScript makes them.

use super::browser::{Browser, NEW, SAVE, value};
use super::{Place, Program};
use crate::harness::provide_tls;

const SAVE_YAML: &str = "/fn/deployments/save_yaml_draft";
const SAVE_UNDO: &str = "/fn/deployments/save_undo_draft";
const POD: &str = ".spec.template.spec";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_goes_from_view_to_view_and_into_the_cluster() {
    provide_tls();
    let sandbox = sandbox::shared().await.unwrap();
    let place = Place::new(sandbox.kubeconfig(), &[("DENSHIMON_COMMIT_WINDOW", "0s")]).await;
    let program = place.start(None).await;
    program.until_in_step().await;
    let browser = Browser::open(&program).await;
    let namespace = place.namespace.as_str();
    let env = "DB_PASSWORD=hunter2\nMODE=fast";
    let (env_sent, yaml_shown) = (env.replace('\n', "\r\n"), ("show", "yaml"));
    let typed = [
        ("form[namespace]", namespace),
        ("form[name]", "api"),
        ("form[image]", "shop/api:1"),
        ("form[replicas]", "1"),
        ("form[env]", env_sent.as_str()),
    ];

    // What cannot be said in YAML stays in the form, with the reason.
    let half = [typed[0], ("form[env]", "no variable"), yaml_shown];
    let page = browser.read(&browser.post(SAVE, &half, NEW).await).await;
    assert_eq!((value(&page, "form[namespace]"), value(&page, "form[env]")), (namespace.into(), "no variable".into()));
    assert!(page.contains("Line 1: A variable is written NAME=value."), "{page}");

    let address = browser.post(SAVE, &[&typed[..], &[yaml_shown]].concat(), NEW).await;
    let yaml = value(&browser.read(&address).await, "yaml");
    assert!(yaml.contains("value: hunter2"), "{yaml}");
    let back = browser.post(SAVE_YAML, &[("yaml", yaml.as_str()), ("show", "form")], &address).await;
    let page = browser.read(&back).await;
    assert_eq!((value(&page, "form[env]"), value(&page, "form[base]")), (env.to_owned(), String::new()));

    // What the form cannot say comes along.
    let yaml = yaml.replace("    spec:\n", "    spec:\n      terminationGracePeriodSeconds: 5\n");
    let back = browser.post(SAVE_YAML, &[("yaml", yaml.as_str()), ("show", "form")], &address).await;
    let page = browser.read(&back).await;
    assert!(page.contains("The YAML says more than these fields can."), "{page}");
    assert_eq!((value(&page, "form[env]"), value(&page, "form[base]")), (env.to_owned(), yaml.clone()));
    // What the form cannot show stays in the YAML, with the reason.
    let wrong = yaml.replace("replicas: 1", "replicas: [");
    let page =
        browser.read(&browser.post(SAVE_YAML, &[("yaml", wrong.as_str()), ("show", "form")], &address).await).await;
    assert_eq!(value(&page, "yaml"), wrong);
    assert!(page.contains("The form cannot show this manifest. Line "), "{page}");

    let address = browser.post(SAVE, &[&typed[..], &[("form[base]", yaml.as_str())]].concat(), &back).await;
    let page = browser.read(&address).await;
    let message =
        format!("Create Deployment {namespace}/api\n\nActor: user admin\nCluster: sandbox\nResource: apps/Deployment");
    assert!(page.contains(&message) && page.contains("(not recorded by Denshimon"), "{page}");
    browser.apply(&page, &[], &address).await;
    assert_eq!(place.field("api", &format!("{POD}.containers[0].env[0].value")).await, "hunter2");
    assert_eq!(place.field("api", &format!("{POD}.terminationGracePeriodSeconds")).await, "5");
    program.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollout_is_taken_back_by_way_of_a_preview_that_is_never_old() {
    provide_tls();
    let sandbox = sandbox::shared().await.unwrap();
    let place = Place::new(sandbox.kubeconfig(), &[("DENSHIMON_COMMIT_WINDOW", "0s")]).await;
    let program = place.start(None).await;
    program.deploy(&place).await;
    let browser = Browser::open(&program).await;
    let (namespace, image) = (place.namespace.as_str(), format!("{POD}.containers[0].image"));
    let revision = |number: &'static str| {
        let place = &place;
        async move |_: &Program| {
            let path = ".metadata.annotations['deployment\\.kubernetes\\.io/revision']";
            (place.field("api", path).await == number).then_some(())
        }
    };
    program.until("the first rollout", revision("1")).await;
    place.kubectl(&["set", "image", "deployment/api", "api=shop/api:2", "-n", namespace]).await;
    program.until("the second rollout", revision("2")).await;

    let home = format!("/deployments/{namespace}/api");
    let undo = [("namespace", namespace), ("name", "api"), ("revision", "1")];
    let address = browser.post(SAVE_UNDO, &undo, &home).await;
    let page = browser.read(&address).await;
    assert!(page.contains("Undo a rollout of ") && page.replace("&gt;", ">").contains("image 2 -> 1"), "{page}");
    assert_eq!(place.field("api", &image).await, "shop/api:2", "nothing is changed yet");

    // By then somebody has changed something else.
    let (reason, take_over) = (("reason", "it was better"), ("take_over", "true"));
    place.kubectl(&["label", "deployment", "api", "-n", namespace, "seen=late"]).await;
    let again = browser.read(&browser.apply(&page, &[reason, take_over], &address).await).await;
    for words in ["Somebody else has changed this deployment", "What the others changed", "seen"] {
        assert!(again.contains(words), "{words}: {again}");
    }
    assert_ne!(value(&again, "resource_version"), value(&page, "resource_version"));
    assert_eq!(value(&again, "reason"), "it was better");
    assert_eq!(place.field("api", &image).await, "shop/api:2", "nothing is changed");
    let done = browser.apply(&again, &[reason, take_over], &address).await;
    assert!(done.starts_with(&format!("{home}?done=")), "{done}");
    assert_eq!(place.field("api", &image).await, "shop/api:1");

    // A revision that is not kept is said to be none, with the way to another.
    let undo = [("namespace", namespace), ("name", "api"), ("revision", "99")];
    let page = browser.read(&browser.post(SAVE_UNDO, &undo, &home).await).await;
    assert!(page.contains("This revision is not kept any more") && page.contains("Choose another revision"), "{page}");
    program.kill().await;
}
