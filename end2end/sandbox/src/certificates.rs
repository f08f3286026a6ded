//! The certificates and keys of a control plane.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};

/// A folder with everything that is signed.
#[derive(Debug)]
pub(crate) struct Certificates {
    dir: PathBuf,
}

impl Certificates {
    /// Those of the last start, or new ones.
    pub(crate) fn ensure(dir: PathBuf) -> Result<Self> {
        let certificates = Self { dir };
        let complete = certificates.path("complete");
        if !complete.exists() {
            fs::create_dir_all(&certificates.dir)?;
            certificates.create().context("make the certificates")?;
            fs::write(complete, "")?;
        }
        Ok(certificates)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    fn create(&self) -> Result<()> {
        let authority = self.create_authority("ca", "sandbox")?;
        let server = leaf("kube-apiserver", ExtendedKeyUsagePurpose::ServerAuth)?;
        self.sign("server", server, &authority)?;
        // The API server proves to metrics-server with these for whom it asks.
        let front_proxy = self.create_authority("front-proxy-ca", "sandbox-front-proxy")?;
        let client = leaf("front-proxy-client", ExtendedKeyUsagePurpose::ClientAuth)?;
        self.sign("front-proxy-client", client, &front_proxy)?;
        let service_account = KeyPair::generate()?;
        write_secret(&self.path("service-account.key"), &service_account.serialize_pem())?;
        fs::write(self.path("service-account.pub"), service_account.public_key_pem())?;
        Ok(())
    }

    fn create_authority(&self, file: &str, name: &str) -> Result<Issuer<'static, KeyPair>> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages =
            vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
        let key = KeyPair::generate()?;
        fs::write(self.path(&format!("{file}.crt")), params.self_signed(&key)?.pem())?;
        write_secret(&self.path(&format!("{file}.key")), &key.serialize_pem())?;
        Ok(Issuer::new(params, key))
    }

    fn sign(&self, file: &str, params: CertificateParams, issuer: &Issuer<'_, KeyPair>) -> Result<()> {
        let key = KeyPair::generate()?;
        fs::write(self.path(&format!("{file}.crt")), params.signed_by(&key, issuer)?.pem())?;
        write_secret(&self.path(&format!("{file}.key")), &key.serialize_pem())
    }
}

/// Writes a file that only its owner can read.
pub(crate) fn write_secret(path: &Path, text: &str) -> Result<()> {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    let mut file = fs::OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("write {}", path.display()))?;
    Ok(file.write_all(text.as_bytes())?)
}

fn leaf(name: &str, usage: ExtendedKeyUsagePurpose) -> Result<CertificateParams> {
    let mut params = CertificateParams::new([
        "localhost".to_owned(),
        "127.0.0.1".to_owned(),
        "kubernetes.default.svc".to_owned(),
        "kubernetes.default.svc.cluster.local".to_owned(),
    ])?;
    params.distinguished_name.push(DnType::CommonName, name);
    params.extended_key_usages = vec![usage];
    Ok(params)
}
