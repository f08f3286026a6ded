//! What a record will say: the manifest, with values that are nobody's business covered or encrypted.

use manifest::{Manifest, keep_wording, render_tree, sanitize_custom};
use model::Kind;
use serde_json::Value;
use sops::Selection;

use super::book::Masked;
use super::observe::Sighting;
use super::people::read_manifest;
use super::window::Content;
use super::work::Work;
use crate::ignoring::LeftOut;
use crate::repository::{RepositoryError, blob_id};
use crate::sealing::Sealer;

impl Work {
    /// Writes what the record will say; `None` where there is none to be.
    pub(super) async fn content_of(
        &mut self,
        sighting: &Sighting,
        path: &str,
    ) -> Result<Option<Content>, RepositoryError> {
        // What is owned by a controller or made by the server has no record; one that becomes so loses it.
        if sighting.gone || self.ignored.made(&sighting.object).is_some() {
            return Ok(None);
        }
        let mut manifest = sanitize_custom(&sighting.object, &self.schemas);
        let ignored = self.ignored.trim(&sighting.resource, &sighting.object, &mut manifest);
        let placed = self.book.pages().records.get(path).is_some_and(|record| record.place.is_some());
        if placed {
            // Beside what is a person's no value is written, and no fingerprint of one.
            let beside = self.values_beside(sighting, &manifest)?;
            let wanted = self.ground.sealer.forget(&manifest.without_status());
            let text = self.in_their_words(sighting, path, wanted).await?;
            return content(text, false, Vec::new(), ignored).map(|content| Some(Content { beside, ..content }));
        }
        let mut covered = manifest.tree().clone();
        let credentials = self.ground.sealer.cover(&sighting.resource, &mut covered);
        let to_seal = match &sighting.values {
            // Only its values are encrypted: what else looks like a credential stays covered.
            Some(values) => Some((Sealer::open_secret(covered.clone(), values), Selection::secret())),
            None if self.ground.sealer.encrypts() => {
                let paths: Vec<Vec<&str>> =
                    credentials.iter().map(|found| found.path.iter().map(String::as_str).collect()).collect();
                let selection = Selection::covering(paths.iter().map(Vec::as_slice)).ok();
                selection.map(|selection| (manifest.into_tree(), selection))
            }
            None => None,
        };
        let sealed = match to_seal {
            Some((tree, selection)) => self.seal(sighting, &tree, &selection, path).await?,
            None => None,
        };
        match sealed {
            Some(text) => content(text, true, credentials, ignored).map(Some),
            None => content(render_tree(&covered), false, credentials, ignored).map(Some),
        }
    }

    /// Writes what a person's document is to say, as it says it wherever that is no difference.
    async fn in_their_words(
        &mut self,
        sighting: &Sighting,
        path: &str,
        wanted: Value,
    ) -> Result<String, RepositoryError> {
        let text = render_tree(&wanted);
        let blob = Some(blob_id(text.as_bytes())?);
        let place = {
            let pages = self.book.pages();
            let record = pages.records.get(path);
            let compared = record.filter(|record| record.planned.is_none() && record.same_as == blob);
            match record.and_then(|record| record.place.clone().filter(|_| record.blob != blob)) {
                Some(place) if compared.is_none() => place,
                // It says so to the letter, or was found to say so.
                _ => return Ok(text),
            }
        };
        let of_record = path.to_owned();
        let read =
            self.repository.read(move |git, reading| read_manifest(git, reading, &of_record, Some(place.as_ref())));
        let Some(document) = read.await? else { return Ok(text) };
        let mut followed = document.clone();
        self.ignored.trim(&sighting.resource, &sighting.object, &mut followed);
        let forget = |manifest: Manifest| self.ground.sealer.forget(&manifest.without_status());
        let (document, followed) = (forget(document), forget(followed));
        let said = render_tree(&keep_wording(&document, &followed, &wanted, &sighting.object));
        let says_the_same = Some(blob_id(said.as_bytes())?);
        if let Some(record) = self.book.pages().records.get_mut(path)
            && record.planned.is_none()
            && record.blob == says_the_same
        {
            record.same_as = blob;
        }
        Ok(said)
    }

    /// Encrypts values on top of what the record says; `None` where that fails, and fingerprints stand for them.
    async fn seal(
        &mut self,
        sighting: &Sighting,
        tree: &Value,
        selection: &Selection,
        path: &str,
    ) -> Result<Option<String>, RepositoryError> {
        let previous = match self.sealed.get(path) {
            Some(waiting) => Some(waiting.to_string()),
            None => {
                let path = path.to_owned();
                self.repository.read(move |git, reading| reading.record_text(git, &path)).await?
            }
        };
        let (resource, now) = (&sighting.resource, self.clock.now());
        let sealed = self.ground.sealer.seal(resource, tree, selection, previous.as_deref(), now);
        let failed = |error| tracing::error!(%error, %resource, "values cannot be encrypted and are left out");
        Ok(sealed.map_err(failed).ok())
    }

    /// Says which values are not in the record, or not in clear.
    pub(super) fn masked(&self, sighting: &Sighting, content: &Content) -> Vec<Masked> {
        let is_secret = sighting.resource.kind == Kind::new("", "Secret");
        let sealed = content.sealed && !is_secret;
        let credentials = content.credentials.iter();
        let mut masked: Vec<Masked> =
            credentials.map(|found| Masked { place: found.place.clone(), rule: Some(found.rule), sealed }).collect();
        if is_secret {
            let keys = sighting.object.get("data").and_then(Value::as_object).into_iter().flatten();
            let sealed = content.sealed;
            masked.extend(keys.map(|(key, _)| Masked { place: format!("key {key}"), rule: None, sealed }));
        }
        masked
    }
}

fn content(
    text: String,
    sealed: bool,
    credentials: Vec<manifest::Credential>,
    left_out: Vec<LeftOut>,
) -> Result<Content, RepositoryError> {
    Ok(Content { blob: blob_id(text.as_bytes())?, text: text.into(), sealed, credentials, left_out, beside: None })
}
