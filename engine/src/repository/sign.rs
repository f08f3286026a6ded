//! What a commit says, signed with an SSH key where there is one, as `git commit -S` with `gpg.format=ssh` does.

use std::path::Path;

use git2::{Oid, Signature};
use ssh_key::{HashAlg, LineEnding, PrivateKey};

use super::failure::RepositoryError;
use crate::StartError;

/// What Git's signatures are for, as SSH has it.
const NAMESPACE: &str = "git";
const SETTING: &str = "DENSHIMON_REPOSITORY_SIGNING_KEY_FILE";

/// A key that signs.
pub(super) struct Signer {
    key: PrivateKey,
}

impl Signer {
    /// Reads an OpenSSH private key and tries it.
    ///
    /// # Errors
    /// The file cannot be read, holds no such key, or one that cannot be used; nothing of the key is said.
    pub(super) fn read(path: &Path) -> Result<Self, StartError> {
        let wrong = |problem: &str| StartError::Repository(format!("{SETTING}: {}: {problem}", path.display()));
        let text = std::fs::read_to_string(path)
            .map(zeroize::Zeroizing::new)
            .map_err(|error| wrong(&format!("the file cannot be read: {}.", error.kind())))?;
        let unusable = || wrong("this is no Ed25519 private key in OpenSSH's format. Make one: ssh-keygen -t ed25519");
        let key = PrivateKey::from_openssh(text.as_str()).map_err(|_| unusable())?;
        if key.is_encrypted() {
            return Err(wrong("the key is protected by a passphrase, which nobody could type. Make one without."));
        }
        let signer = Self { key };
        signer.sign(b"").map_err(|_| unusable())?;
        Ok(signer)
    }

    fn sign(&self, content: &[u8]) -> Result<String, ssh_key::Error> {
        self.key.sign(NAMESPACE, HashAlg::Sha512, content)?.to_pem(LineEnding::LF)
    }
}

/// What a commit says of itself.
pub(super) struct Words<'a> {
    pub(super) author: &'a Signature<'a>,
    pub(super) committer: &'a Signature<'a>,
    pub(super) message: &'a str,
}

impl Words<'_> {
    /// Returns the content of the commit object, signed if there is a key.
    pub(super) fn content(
        &self,
        tree: Oid,
        parent: Option<Oid>,
        signer: Option<&Signer>,
    ) -> Result<Vec<u8>, RepositoryError> {
        let mut head = format!("tree {tree}\n");
        if let Some(parent) = parent {
            head.push_str(&format!("parent {parent}\n"));
        }
        head.push_str(&format!("author {}\n", line_of(self.author)));
        head.push_str(&format!("committer {}\n", line_of(self.committer)));
        let message = self.message;
        let Some(signer) = signer else { return Ok(format!("{head}\n{message}").into_bytes()) };
        let signature = signer.sign(format!("{head}\n{message}").as_bytes());
        let signature = signature.map_err(|_| git2::Error::from_str("the signing key does not sign"))?;
        let signature = signature.trim_end().replace('\n', "\n ");
        Ok(format!("{head}gpgsig {signature}\n\n{message}").into_bytes())
    }
}

/// A name, an address and a time as a commit has them.
fn line_of(who: &Signature<'_>) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (name, email, when) = (text(who.name_bytes()), text(who.email_bytes()), who.when());
    let minutes = when.offset_minutes().abs();
    format!("{name} <{email}> {} {}{:02}{:02}", when.seconds(), when.sign(), minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{commit, config, open};
    use super::*;
    use crate::repository::objects::Trees;
    use crate::repository::replay::{Which, replay};
    use git2::Repository as Git;
    use std::process::Command;

    fn run(program: &str, arguments: &[&str]) -> (bool, String) {
        let output = Command::new(program).args(arguments).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        (output.status.success(), text.into_owned())
    }

    fn make_key(folder: &Path, kind: &str, passphrase: &str) -> std::path::PathBuf {
        let path = folder.join(format!("key-{kind}-{}", passphrase.len()));
        let (made, text) =
            run("ssh-keygen", &["-q", "-t", kind, "-N", passphrase, "-C", "denshimon", "-f", path.to_str().unwrap()]);
        assert!(made, "ssh-keygen, of the package openssh-client: {text}");
        path
    }

    fn verify(place: &Path, signers: &Path, commit: &str) -> (bool, String) {
        let signers = format!("gpg.ssh.allowedSignersFile={}", signers.display());
        let place = place.to_str().unwrap();
        run("git", &["-C", place, "-c", "gpg.format=ssh", "-c", &signers, "verify-commit", "--raw", commit])
    }

    #[tokio::test]
    async fn git_verifies_each_commit_also_after_a_replay() {
        let folder = tempfile::tempdir().unwrap();
        let key = make_key(folder.path(), "ed25519", "");
        let public = std::fs::read_to_string(key.with_extension("pub")).unwrap();
        let signers = folder.path().join("signers");
        std::fs::write(&signers, format!("denshimon@denshimon.invalid namespaces=\"git\" {public}")).unwrap();
        let mut config = config(&folder.path().join("data"), None);
        config.repository.signing_key_file = Some(key.clone());
        let repository = open(&config).await;
        let many: Vec<(String, Option<&str>)> = (0..40).map(|n| (format!("many/{n}.yaml"), Some("x: 1\n"))).collect();
        let many: Vec<(&str, Option<&str>)> = many.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        let message = "Größe: 5 → 7\n\nline\n";
        let commits =
            vec![commit(message, &[("a.yaml", Some("a: 1\n"))]), commit("Two", &[("b.yaml", Some("b: 1\n"))])];
        let mut made = repository.commit(commits).await.unwrap();
        made.extend(repository.commit(vec![commit("Many, in a pack", &many)]).await.unwrap());
        let place = config.data_dir.join("repository.git");
        for id in made.into_iter().flatten() {
            let (valid, text) = verify(&place, &signers, id.as_str());
            assert!(valid && text.contains("Good \"git\" signature"), "{text}");
        }
        let (clean, text) = run("git", &["-C", place.to_str().unwrap(), "fsck", "--strict"]);
        assert!(clean, "{text}");

        // Somebody else's commit comes in between.
        let git = Git::open_bare(&place).unwrap();
        let root = git.revparse_single("main~2").unwrap().peel_to_commit().unwrap();
        let other = Signature::now("eve", "eve@example.org").unwrap();
        let onto = git.commit(None, &other, &other, "Foreign", &root.tree().unwrap(), &[&root]).unwrap();
        let signer = Signer::read(&key).unwrap();
        let trees = &mut Trees::default();
        let replayed = replay(&git, trees, "refs/heads/main", onto, Which::Related, true, Some(&signer)).unwrap();
        assert_eq!(replayed.rewritten.0.len(), 2);
        for (_, new) in &replayed.rewritten.0 {
            assert!(verify(&place, &signers, new.as_str()).0, "a replayed commit is signed again");
        }
        assert!(!verify(&place, &signers, &onto.to_string()).0, "nobody signs for others");
        repository.close(std::time::Duration::ZERO).await;
    }

    #[test]
    fn a_wrong_key_is_one_line_that_names_the_setting() {
        let folder = tempfile::tempdir().unwrap();
        let text = folder.path().join("text");
        std::fs::write(&text, "-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2\n").unwrap();
        for (path, problem) in [
            (folder.path().join("nowhere"), "cannot be read"),
            (text, "no Ed25519 private key"),
            (make_key(folder.path(), "ed25519", "hunter2-hunter2"), "passphrase"),
            (make_key(folder.path(), "rsa", ""), "no Ed25519 private key"),
            (make_key(folder.path(), "ecdsa", ""), "no Ed25519 private key"),
        ] {
            let message = Signer::read(&path).err().unwrap().to_string();
            assert!(message.starts_with(SETTING) && message.contains(problem), "{message}");
            assert!(message.lines().count() == 1 && !message.contains("hunter2"), "{message}");
        }
    }
}
