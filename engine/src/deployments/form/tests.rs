//! What a form makes of a manifest, and reads from it.

use super::*;

fn form() -> DeploymentForm {
    DeploymentForm {
        namespace: "shop".into(),
        name: "api".into(),
        image: "registry.example/shop/api:1.4.2".into(),
        replicas: "3".into(),
        env: "MODE=fast\nURL=http://x?a=b".into(),
        ports: "http=8080\ndns=53/udp".into(),
        memory_limit: "64Mi".into(),
        labels: "team=blue".into(),
        ..DeploymentForm::default()
    }
}

#[test]
fn a_form_and_its_manifest_say_the_same() {
    let (target, tree) = build(&form()).unwrap();
    assert_eq!(target.to_string(), "shop/api");
    let read = read_form(&tree);
    assert_eq!(read.env, "MODE=fast\nURL=http://x?a=b");
    assert_eq!(read.ports, "http=8080\ndns=53/UDP");
    assert_eq!(apply(&tree, &read, Filled::Whole).unwrap(), tree);
}

#[test]
fn what_the_form_does_not_show_stays() {
    let (_, mut tree) = build(&form()).unwrap();
    let secret = json!({ "name": "KEY", "valueFrom": { "secretKeyRef": { "name": "s", "key": "k" } } });
    container_mut(&mut tree, "api").unwrap()["env"].as_array_mut().unwrap().push(secret.clone());
    let mut edited = read_form(&tree);
    edited.env = "MODE=slow".into();
    edited.memory_limit = String::new();
    let tree = apply(&tree, &edited, Filled::Whole).unwrap();
    let container = container_of(&tree, "api").unwrap();
    assert_eq!(container["env"], json!([{ "name": "MODE", "value": "slow" }, secret]));
    assert_eq!(container["resources"]["limits"], json!({}));
}

#[test]
fn every_wrong_field_is_named() {
    let wrong = DeploymentForm {
        namespace: "Shop".into(),
        name: "a/b".into(),
        image: "UPPER:".into(),
        replicas: "-1".into(),
        env: "=x".into(),
        ports: "0".into(),
        cpu_limit: "many".into(),
        labels: "a b=c".into(),
        ..DeploymentForm::default()
    };
    let Err(Error::Invalid { fields, .. }) = build(&wrong) else { panic!("it was taken") };
    let names: Vec<&str> = fields.iter().map(|field| field.field.as_str()).collect();
    assert_eq!(names, ["namespace", "name", "image", "replicas", "env", "ports", "labels", "cpu_limit"]);
}

#[test]
fn what_stands_for_a_value_is_not_taken_for_one() {
    let env = format!("MODE=masked\nDB_PASSWORD={}", manifest::not_recorded("79ca9109df1aa375"));
    let Err(Error::Invalid { fields, .. }) = build(&DeploymentForm { env, ..form() }) else { panic!("it was taken") };
    assert!(
        fields.iter().all(|one| one.field == "env" && one.message.starts_with("Line 2: DB_PASSWORD:")),
        "{fields:?}"
    );
}
