//! Secrets on their way into the repository, in clear nowhere.

use sops::{Identity, Recipients};

use super::*;

pub(super) const ALICE: &str = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";
const ALICES_KEY: &str = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";
const PATH: &str = "main:clusters/sandbox/shop/secret/s.yaml";

pub(super) fn secret(version: u32, value: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Secret", "type": "Opaque", "data": {"password": value, "user": "YWRtaW4="},
        "metadata": {"name": "s", "namespace": "shop", "uid": "u", "resourceVersion": version.to_string()}
    })
}

impl Bench {
    pub(super) async fn start_for(recipients: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let mut config = Self::config(&folder, Duration::ZERO, None);
        config.age_recipients = Some(Recipients::parse(&[recipients]).unwrap());
        let store = Store::open(&config).await.unwrap();
        Self::on(folder, config, store).await
    }

    pub(super) async fn lists_secrets(&self) {
        let present = vec![manifest::identity(&secret(1, ""), &self.config.cluster.name).unwrap()];
        self.watch.send(Observed::Listed { kind: Kind::new("", "Secret"), present }).await.unwrap();
        self.in_step().await;
    }
}

#[tokio::test]
async fn no_secret_reaches_git_and_a_change_shows_without_it() {
    let bench = Bench::start(Duration::ZERO).await;
    bench.sees(secret(1, "aHVudGVyMg==")).await;
    bench.sees(secret(2, "aHVudGVyMw==")).await;
    bench.sees(secret(3, "aHVudGVyMw==")).await;
    bench.lists_secrets().await;
    let everything = bench.git(&["log", "-p", "--all"]);
    assert!(everything.contains("password") && !everything.contains("aHVudGVy"), "{everything}");
    assert_eq!(bench.log().len(), 2, "{everything}");
    assert!(everything.contains("password"), "{everything}");
    let changed = bench.git(&["diff", "main~1", "main", "--stat"]);
    assert!(changed.contains("1 insertion(+), 1 deletion(-)"), "{changed}");
    let bench = bench.restart().await;
    bench.sees(secret(3, "aHVudGVyMw==")).await;
    bench.lists_secrets().await;
    assert_eq!(bench.log().len(), 2);
}

#[tokio::test]
async fn recipients_read_the_secret_and_nobody_else() {
    let bench = Bench::start_for(ALICE).await;
    bench.sees(secret(1, "aHVudGVyMg==")).await;
    bench.lists_secrets().await;
    let first = bench.git(&["show", PATH]);
    // In one go: the second is made on top of the first, which waits.
    bench.sees(secret(2, "aHVudGVyMw==")).await;
    bench.sees(secret(3, "aHVudGVyNA==")).await;
    bench.sees(secret(4, "aHVudGVyNA==")).await;
    bench.in_step().await;
    let record = bench.git(&["show", PATH]);
    let everything = bench.git(&["log", "-p", "--all"]);
    assert!(!everything.contains("aHVudGVy") && !everything.contains("YWRtaW4"), "{everything}");
    let key = sops::unwrap_data_key(&record, &Identity::parse(ALICES_KEY).unwrap()).unwrap();
    let opened = sops::decrypt(&record, &key).unwrap();
    assert_eq!(opened["data"], json!({"password": "aHVudGVyNA==", "user": "YWRtaW4="}));
    let line = |text: &str| text.lines().find(|line| line.trim().starts_with("user:")).unwrap().to_owned();
    assert_eq!(line(&first), line(&record), "what did not change is not encrypted again");

    let commits = bench.log().len();
    let bench = bench.restart().await;
    bench.sees(secret(4, "aHVudGVyNA==")).await;
    bench.lists_secrets().await;
    assert_eq!(bench.log().len(), commits);
    let subject = bench.git(&["log", "-1", "--format=%B", "main"]);
    assert!(subject.contains("password") && !subject.contains("ENC["), "{subject}");
}

fn settings(version: u32, password: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap", "data": {"password": password, "greeting": "hello"},
        "metadata": {"name": "a", "namespace": "shop", "uid": "u", "resourceVersion": version.to_string()}
    })
}

#[tokio::test]
async fn what_looks_like_a_credential_stays_out_until_its_rule_is_off() {
    let bench = Bench::start(Duration::ZERO).await;
    bench.lists(&[settings(1, "hunter2")]).await;
    bench.sees(settings(2, "hunter3")).await;
    bench.in_step().await;
    let everything = bench.git(&["log", "-p", "--all"]);
    assert!(everything.contains("greeting: hello") && !everything.contains("hunter"), "{everything}");
    assert_eq!(bench.log().len(), 2, "a change shows without the value");
    let incomplete = bench.recorder.book.record_of(&resource("a"), None).incomplete.unwrap();
    assert!(incomplete.contains("key password") && incomplete.contains("look like credentials"), "{incomplete}");

    bench.sealer.switch_off(["name".to_owned()].into());
    bench.lists(&[settings(2, "hunter3")]).await;
    bench.in_step().await;
    assert!(bench.git(&["show", "main:clusters/sandbox/shop/configmap/a.yaml"]).contains("hunter3"));
    assert_eq!(bench.recorder.book.record_of(&resource("a"), None).incomplete, None);
}

#[tokio::test]
async fn recipients_read_credentials_beside_what_everybody_reads() {
    let bench = Bench::start_for(ALICE).await;
    bench.lists(&[settings(1, "hunter2")]).await;
    bench.sees(settings(2, "hunter3")).await;
    bench.in_step().await;
    let record = bench.git(&["show", "main:clusters/sandbox/shop/configmap/a.yaml"]);
    assert!(record.contains("greeting: hello") && !record.contains("hunter"), "{record}");
    let key = sops::unwrap_data_key(&record, &Identity::parse(ALICES_KEY).unwrap()).unwrap();
    assert_eq!(sops::decrypt(&record, &key).unwrap()["data"], json!({"password": "hunter3", "greeting": "hello"}));
    assert_eq!(bench.recorder.book.record_of(&resource("a"), None).incomplete, None);
    let commits = bench.log().len();
    let bench = bench.restart().await;
    bench.lists(&[settings(3, "hunter3")]).await;
    bench.in_step().await;
    assert_eq!(bench.log().len(), commits);
    bench.sees(settings(4, "hunter4")).await;
    bench.in_step().await;
    assert_eq!(bench.log().len(), commits + 1);
}

#[tokio::test]
async fn what_looks_like_a_credential_beside_a_secret_s_values_is_in_no_record() {
    let bench = Bench::start_for(ALICE).await;
    let mut annotated = secret(1, "aHVudGVyMg==");
    annotated["metadata"]["annotations"] = json!({"example.org/registry-password": "correct-horse"});
    bench.sees(annotated).await;
    bench.lists_secrets().await;
    let record = bench.git(&["show", PATH]);
    assert!(record.contains("registry-password") && !record.contains("correct-horse"), "{record}");
    let of_secret = ResourceRef { kind: Kind::new("", "Secret"), ..resource("s") };
    let incomplete = bench.recorder.book.record_of(&of_secret, None).incomplete.unwrap();
    assert!(incomplete.contains("registry-password") && !incomplete.contains("key user"), "{incomplete}");
}
