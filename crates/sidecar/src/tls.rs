//! TLS: a certificate of the sidecar's own, and clients that show one of an authority that the operator names.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;

/// Where the certificates and the key are, in PEM.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The sidecar's certificate, and those between it and its authority.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
    /// The authorities of clients' certificates. None: clients show none.
    pub client_authority: Option<PathBuf>,
}

/// TLS as it is now.
pub(crate) struct Tls {
    files: TlsFiles,
    config: RwLock<Arc<ServerConfig>>,
}

impl Tls {
    /// Reads the files.
    pub(crate) fn open(files: TlsFiles) -> Result<Self, String> {
        let config = RwLock::new(read(&files)?);
        Ok(Self { files, config })
    }

    /// Reads them again, for connections from now on.
    pub(crate) fn reload(&self) -> Result<(), String> {
        let config = read(&self.files)?;
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = config;
        Ok(())
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

fn read(files: &TlsFiles) -> Result<Arc<ServerConfig>, String> {
    let TlsFiles { certificate, key, client_authority } = files;
    let chain = certificates(certificate)?;
    let own_key = PrivateKeyDer::from_pem_file(key).map_err(|error| fault(key, "no private key in PEM", &error))?;
    let versions = [&rustls::version::TLS13, &rustls::version::TLS12];
    let provider = Arc::new(default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_protocol_versions(&versions);
    let builder = builder.map_err(|error| format!("tls: {error}"))?;
    let builder = match client_authority {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let mut roots = RootCertStore::empty();
            for root in certificates(path)? {
                roots.add(root).map_err(|error| fault(path, "no authority", &error))?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder.with_client_cert_verifier(verifier.map_err(|error| fault(path, "no authority", &error))?)
        }
    };
    let config = builder.with_single_cert(chain, own_key);
    let mut config = config.map_err(|error| fault(certificate, "it and the key don't go together", &error))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let read = read.map_err(|error| fault(path, "no certificate in PEM", &error))?;
    match read.is_empty() {
        true => Err(format!("{}: no certificate in PEM", path.display())),
        false => Ok(read),
    }
}

fn fault(path: &Path, what: &str, error: &dyn fmt::Display) -> String {
    format!("{}: {what}: {error}", path.display())
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("files", &self.files).finish_non_exhaustive()
    }
}
