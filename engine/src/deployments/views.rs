//! A change as a form and as YAML: two views of one manifest, each with all that was typed in the other.

use manifest::Address;
use model::FieldError;
use model::deployment::{DeploymentChange, DeploymentForm};
use serde_json::Value;

use super::form::{self, Filled};
use super::plan::check_right;
use super::yaml;
use crate::{Caller, Engine, Error};

impl Engine {
    /// Writes what a change wants as YAML, uncovered, since whoever may change it has to see what is changed. What a
    /// form still lacks is empty.
    ///
    /// # Errors
    /// The caller may not make the change, a field of the form is wrong, or the live Deployment cannot be read.
    pub async fn render_change(&self, caller: &Caller, change: &DeploymentChange) -> Result<String, Error> {
        check_right(caller, change)?;
        match change {
            DeploymentChange::CreateYaml(text) | DeploymentChange::EditYaml(_, text) => Ok(text.clone()),
            DeploymentChange::Create(form) => Ok(text_of(form, &form::make(form, Filled::SoFar)?)),
            DeploymentChange::EditForm(target, form) => {
                let live = manifest::sanitize(&self.live_deployment(target).await?).into_tree();
                Ok(text_of(form, &form::apply(&live, form, Filled::SoFar)?))
            }
            _ => Err(no_view()),
        }
    }

    /// Reads the form's fields from what a change wants.
    ///
    /// # Errors
    /// The caller may not make the change, or the form cannot show its YAML; the error says why.
    pub fn read_change_form(&self, caller: &Caller, change: &DeploymentChange) -> Result<DeploymentForm, Error> {
        check_right(caller, change)?;
        match change {
            DeploymentChange::Create(form) | DeploymentChange::EditForm(_, form) => Ok(form.clone()),
            DeploymentChange::CreateYaml(text) => read_new(text).map_err(|error| cannot_show(&error)),
            DeploymentChange::EditYaml(_, text) => read_on(text).map_err(|error| cannot_show(&error)),
            _ => Err(no_view()),
        }
    }
}

/// A form by itself, when it says all of the manifest, so that what it makes of the name goes with the name.
fn read_new(text: &str) -> Result<DeploymentForm, Error> {
    let tree = yaml::document(text)?;
    let form = form::without_repeats(&form::read_form(&tree));
    let unnamed = DeploymentForm { container: String::new(), ..form.clone() };
    let says_all = |form: &DeploymentForm| form::make(form, Filled::SoFar).is_ok_and(|made| made == tree);
    match [unnamed, form].into_iter().find(says_all) {
        Some(form) => Ok(form),
        None => read_on(text),
    }
}

/// A form that stands on the manifest and so loses nothing of it.
fn read_on(text: &str) -> Result<DeploymentForm, Error> {
    let tree = yaml::document(text)?;
    let form = DeploymentForm { base: text.to_owned(), ..form::read_form(&tree) };
    if form.container.is_empty() {
        return Err(Error::invalid_field("yaml", "It has no container with a name."));
    }
    let made = form::make(&form, Filled::SoFar)?;
    match manifest::compare(Some(&tree), Some(&made)).as_slice() {
        [] => Ok(form),
        changes => {
            let fields: Vec<&str> = changes.iter().map(|change| change.path.as_str()).collect();
            Err(Error::invalid_field("yaml", format!("The form would change {}.", fields.join(", "))))
        }
    }
}

/// Keeps a person's comments and notation where the form stands on what they wrote.
fn text_of(form: &DeploymentForm, tree: &Value) -> String {
    let edited = manifest::edit_tree(&form.base, Address { document: 0, item: None }, tree);
    edited.map_or_else(|_| manifest::render_tree(tree), |edited| edited.text)
}

fn cannot_show(error: &Error) -> Error {
    let message = format!("The form cannot show this manifest. {}", error.to_wire().message);
    Error::Invalid {
        message: message.clone(),
        hint: "Nothing of it is lost: change it here.".into(),
        fields: vec![FieldError { field: "yaml".into(), message }],
    }
}

fn no_view() -> Error {
    Error::NotFound { what: "form of this change".into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a form by itself cannot say, in a notation of a person's own.
    const WRITTEN: &str = "\
# Ours.
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop}
spec:
  replicas: 3 # at least
  selector: {matchLabels: {app: api}}
  paused: false
  template:
    metadata: {labels: {app: api}}
    spec:
      terminationGracePeriodSeconds: 5
      containers:
      - name: main
        image: shop/api:1
        resources: {limits: {cpu: 1}}
        env:
        - {name: DB_PASSWORD, value: hunter2}
        - {name: KEY, valueFrom: {secretKeyRef: {name: s, key: k}}}
";

    fn form() -> DeploymentForm {
        DeploymentForm {
            namespace: "shop".into(),
            name: "api".into(),
            image: "shop/api:1".into(),
            replicas: "2".into(),
            env: "DB_PASSWORD=hunter2".into(),
            ..DeploymentForm::default()
        }
    }

    fn yaml_of(form: &DeploymentForm) -> String {
        text_of(form, &form::make(form, Filled::SoFar).unwrap())
    }

    #[test]
    fn a_form_comes_back_from_its_yaml_as_it_was_typed() {
        let half = DeploymentForm { name: String::new(), image: String::new(), ..form() };
        let blank = DeploymentForm { replicas: "1".into(), ..DeploymentForm::default() };
        let named = DeploymentForm { container: "main".into(), labels: "team=blue".into(), ..form() };
        for form in [form(), half, blank, named] {
            let text = yaml_of(&form);
            assert!(!text.contains("not recorded"), "{text}");
            assert_eq!(read_new(&text).unwrap(), form);
        }
    }

    #[test]
    fn what_the_form_does_not_show_comes_back_with_it() {
        let mut read = read_new(WRITTEN).unwrap();
        assert_eq!(
            (read.image.as_str(), read.env.as_str(), read.cpu_limit.as_str()),
            ("shop/api:1", "DB_PASSWORD=hunter2", "1")
        );
        assert_eq!(yaml_of(&read), WRITTEN);
        read.replicas = "4".into();
        read.name = "web".into();
        let expected = WRITTEN.replace("replicas: 3", "replicas: 4").replace("{name: api,", "{name: web,");
        assert_eq!(yaml_of(&read), expected);
    }

    #[test]
    fn what_the_form_cannot_show_is_said() {
        let check = |text: &str, expect: &str| match read_new(text) {
            Err(error) => assert!(cannot_show(&error).to_wire().message.contains(expect), "{error}"),
            Ok(form) => panic!("{form:?}"),
        };
        check("a: [1\nb: 2\n", "Line 2, column");
        check(&WRITTEN.replace("- name: main\n        image", "- image"), "no container");
        check(&WRITTEN.replace("shop/api:1", "SHOP"), "in lower case");
        check(&WRITTEN.replace("name: api,", "labels: {a: 1}, name: api,"), "The form would change metadata.labels.a.");
    }
}
