use std::net::IpAddr;

use domain::auth::ClientOrigin;
use edge::RequestContext;
use operations::Visitor;
use operations::posts::ViewSource;
use poem::http::{HeaderValue, header};
use poem::{FromRequest, Request, RequestBody};

use crate::middleware::user_agent;

/// The sender of a request, logged in or not: their network and their language.
pub(crate) struct FromVisitor(pub(crate) Visitor);

impl<'a> FromRequest<'a> for FromVisitor {
    async fn from_request(request: &'a Request, _body: &mut RequestBody) -> poem::Result<Self> {
        let context = RequestContext::of(request)?;
        let address = context.edge().client_of(request);
        // Bytes that are no visible ASCII are shown as such, not refused: the header does not matter otherwise.
        let user_agent =
            request.headers().get(header::USER_AGENT).map(HeaderValue::as_bytes).unwrap_or_default();
        let origin = ClientOrigin::new(&String::from_utf8_lossy(user_agent), edge::prefix(address));
        Ok(Self(Visitor { address: limit_key(address), origin, locale: context.locale() }))
    }
}

/// The client of a request, as it counts as a viewer.
pub(crate) struct FromViewer(pub(crate) ViewSource);

impl<'a> FromRequest<'a> for FromViewer {
    async fn from_request(request: &'a Request, _body: &mut RequestBody) -> poem::Result<Self> {
        let context = RequestContext::of(request)?;
        let address = limit_key(context.edge().client_of(request));
        Ok(Self(ViewSource { address, user_agent: user_agent(request.headers()).to_owned() }))
    }
}

/// Returns the key by which the requests of an address are limited.
pub(crate) fn limit_key(address: IpAddr) -> String {
    match edge::network(address) {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(network) => format!("{network}/64"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_client_is_limited_by_its_64_bit_network() {
        assert_eq!(limit_key("192.0.2.7".parse().unwrap()), "192.0.2.7");
        assert_eq!(limit_key("2001:db8:1:2:3:4:5:6".parse().unwrap()), "2001:db8:1:2::/64");
    }
}
