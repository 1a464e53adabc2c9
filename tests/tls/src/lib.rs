//! The PostgreSQL store over TLS, against a server with a certificate of its own:
//!
//! `.ci/postgres --tls cargo test --manifest-path tests/tls/Cargo.toml -- --include-ignored`

use std::error::Error;
use std::sync::Arc;

use helpdesk::store::postgres::tokio_postgres::Config;
use helpdesk::store::{PostgresStore, StoreError};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

/// TLS that trusts whoever these certificates vouch for, and nobody else.
pub fn trusting(
    authorities: &[CertificateDer<'static>],
) -> Result<MakeRustlsConnect, Box<dyn Error>> {
    let mut roots = RootCertStore::empty();
    for one in authorities {
        roots.add(one.clone())?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

/// The certificate in a file of the form PEM.
pub fn certificate(path: &str) -> Result<CertificateDer<'static>, Box<dyn Error>> {
    Ok(CertificateDer::from_pem_file(path)?)
}

/// A store whose connections are encrypted.
pub fn connect(server: &Config, tls: MakeRustlsConnect) -> Result<PostgresStore, StoreError> {
    PostgresStore::options()
        .schema("t_tls")
        .connect_tls(server.clone(), tls)
}

#[cfg(test)]
mod tests {
    use super::*;
    use helpdesk::store::StoreErrorKind;
    use helpdesk::store::postgres::tokio_postgres::config::SslMode;
    use helpdesk::{Actor, Call, Desk, Open, Rulebook};

    fn told(name: &str) -> String {
        std::env::var(name)
            .unwrap_or_else(|_| panic!("`{name}` is missing; `.ci/postgres --tls COMMAND` sets it"))
    }

    fn server() -> Config {
        told("HELPDESK_POSTGRES_TLS").parse().unwrap()
    }

    fn authority() -> CertificateDer<'static> {
        certificate(&told("HELPDESK_POSTGRES_CA")).unwrap()
    }

    #[test]
    #[ignore = "needs a PostgreSQL server with TLS: `.ci/postgres --tls`"]
    fn a_ticket_goes_over_tls() {
        assert_eq!(server().get_ssl_mode(), SslMode::Require);
        let store = connect(&server(), trusting(&[authority()]).unwrap()).unwrap();
        let desk = Desk::new(store, Rulebook::starter());
        let kim = Actor::agent(helpdesk::id::AgentId::named("kim"));
        let call = Call::new(kim, "2026-03-05T09:00:00Z".parse().unwrap());
        let opened = desk
            .open(&call, Open::new("Printer on fire").from("ann@example.com"))
            .unwrap();
        assert_eq!(desk.ticket(opened.id()).unwrap().number(), opened.number());
    }

    /// Whom nobody vouches for is not spoken to, and that is no passing trouble.
    #[test]
    #[ignore = "needs a PostgreSQL server with TLS: `.ci/postgres --tls`"]
    fn an_unknown_certificate_is_refused() {
        let error = connect(&server(), trusting(&[]).unwrap()).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Other, "{error}");
        assert!(error.to_string().contains("certificate"), "{error}");
    }

    /// The certificate is for another name than the one that was asked for.
    #[test]
    #[ignore = "needs a PostgreSQL server with TLS: `.ci/postgres --tls`"]
    fn a_certificate_for_another_name_is_refused() {
        let mut elsewhere = Config::new();
        let known = server();
        elsewhere
            .host("127.0.0.1")
            .port(known.get_ports()[0])
            .user("postgres")
            .dbname("postgres")
            .ssl_mode(SslMode::Require);
        let error = connect(&elsewhere, trusting(&[authority()]).unwrap()).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Other, "{error}");
    }

    /// Who demands TLS and brings none is told so, and is not connected in plain text.
    #[test]
    #[ignore = "needs a PostgreSQL server with TLS: `.ci/postgres --tls`"]
    fn tls_that_is_demanded_is_not_left_out() {
        let error = PostgresStore::connect(&told("HELPDESK_POSTGRES_TLS")).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Other, "{error}");
        assert!(error.to_string().contains("connect_tls"), "{error}");
    }
}
