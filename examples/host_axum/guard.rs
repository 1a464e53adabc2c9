//! What stands before every request: forms of other sites are refused, and pages may load nothing but the style sheet.
//!
//! A browser says on each request where it comes from (`Sec-Fetch-Site`, and `Origin` on a form that is sent). A request that
//! changes something and comes from another site is answered 403, so no token is needed in the forms. What sends neither header is
//! no browser, and can only do what it could do anyway.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::pages;

const POLICY: &str = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

pub(crate) async fn stand(request: Request, next: Next) -> Response {
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
    let mut response = match changes && is_from_elsewhere(request.headers()) {
        true => {
            let why = "This form was sent from another site. Open the page here and send it again.";
            (StatusCode::FORBIDDEN, pages::trouble("Not from here", why)).into_response()
        }
        false => next.run(request).await,
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
