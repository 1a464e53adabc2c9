//! What stands before every request: other names and forms of other sites are refused, and pages may load nothing but the style sheet.
//!
//! A request names the host that it is for (`Host`). It must be an address, `localhost`, or a name that this service was told it has:
//! whoever owns another name can let it point here, and its pages would be of the same site as these.
//!
//! A browser says on each request where it comes from (`Sec-Fetch-Site`, and `Origin` on a form that is sent). A request that
//! changes something and comes from another site is answered 403, so no token is needed in the forms. What sends neither header is
//! no browser, and can only do what it could do anyway.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::pages;
use crate::service::App;

const POLICY: &str = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

pub(crate) async fn stand(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
    let mut response = if !is_ours(headers, &app.names) {
        let why = "This service does not know that it has this name. Start it with --name, or open it by its address.";
        let page = pages::trouble("Not by this name", why);
        (StatusCode::MISDIRECTED_REQUEST, page).into_response()
    } else if changes && is_from_elsewhere(headers) {
        let why = "This form was sent from another site. Open the page here and send it again.";
        (StatusCode::FORBIDDEN, pages::trouble("Not from here", why)).into_response()
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
}

fn is_ours(headers: &HeaderMap, names: &[String]) -> bool {
    let host = headers.get(header::HOST).map(HeaderValue::to_str);
    let Some(Ok(host)) = host else {
        return host.is_none(); // no browser
    };
    let is_address = || {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        host.parse::<SocketAddr>().is_ok() || bare.parse::<IpAddr>().is_ok()
    };
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let mut known = names.iter().map(String::as_str).chain(["localhost"]);
    is_address() || known.any(|known| known.eq_ignore_ascii_case(name))
}

fn is_from_elsewhere(headers: &HeaderMap) -> bool {
    let text = |name: header::HeaderName| headers.get(name).map(HeaderValue::as_bytes);
    if let Some(site) = text(header::HeaderName::from_static("sec-fetch-site")) {
        return site != b"same-origin" && site != b"none";
    }
    let Some(origin) = text(header::ORIGIN) else {
        return false;
    };
    let host = text(header::HOST).unwrap_or_default();
    let of_origin = origin
        .strip_prefix(b"http://")
        .or_else(|| origin.strip_prefix(b"https://"));
    of_origin != Some(host)
}
