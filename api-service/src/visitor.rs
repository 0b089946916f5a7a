use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use domain::users::Locale;
use operations::Visitor;
use poem::{FromRequest, Request, RequestBody};

use crate::Service;

/// Whoever asks, logged in or not: where from, and in which language.
pub(crate) struct FromVisitor(pub(crate) Visitor);

impl<'a> FromRequest<'a> for FromVisitor {
    async fn from_request(request: &'a Request, _body: &mut RequestBody) -> poem::Result<Self> {
        let trusted = request.data::<Service>().map(|service| &service.tuning().trusted_proxies);
        let peer = request.remote_addr().as_socket_addr().map(SocketAddr::ip);
        let address =
            address_of(peer, request.header("x-real-ip"), trusted.map(Vec::as_slice).unwrap_or_default());
        Ok(Self(Visitor { address, locale: locale_of(request) }))
    }
}

/// Returns the key by which an address is counted. A proxy is believed only where it is known: anybody can send the
/// header. A whole /64 counts as one IPv6 visitor, for that is what one customer gets (RFC 6177).
fn address_of(peer: Option<IpAddr>, told: Option<&str>, trusted: &[IpAddr]) -> String {
    let told = told.and_then(|text| text.trim().parse().ok());
    let address = match (peer, told) {
        (Some(peer), Some(told)) if trusted.contains(&peer) => Some(told),
        (peer, _) => peer,
    };
    match address.map(|address| address.to_canonical()) {
        Some(IpAddr::V4(address)) => address.to_string(),
        Some(IpAddr::V6(address)) => {
            let network = u128::from(address) >> 64 << 64;
            format!("{}/64", Ipv6Addr::from(network))
        }
        None => "unknown".into(),
    }
}

/// Returns the language a request prefers (RFC 9110 section 12.5.4): Korean unless it prefers English.
pub(crate) fn locale_of(request: &Request) -> Locale {
    let header = request.header("accept-language").unwrap_or_default();
    let mut best = (Locale::Korean, 0);
    for (place, range) in header.split(',').take(20).enumerate() {
        let mut parts = range.split(';').map(str::trim);
        let language = parts.next().and_then(|tag| tag.split('-').next()).unwrap_or_default();
        let Some(locale) = Locale::from_name(&language.to_ascii_lowercase()) else { continue };
        let quality = parts.find_map(|parameter| parameter.strip_prefix("q=")).map_or(1000, thousandths);
        // Earlier wins where qualities are equal.
        let weight = quality * 100 - i32::try_from(place).unwrap_or(0);
        if quality > 0 && weight > best.1 {
            best = (locale, weight);
        }
    }
    best.0
}

/// Reads a quality value as thousandths; what is none counts as zero.
fn thousandths(text: &str) -> i32 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return 0;
    }
    match (whole, format!("{fraction:0<3}").parse::<i32>()) {
        ("0", Ok(fraction)) => fraction,
        ("1", Ok(_)) => 1000,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locale(header: &str) -> Locale {
        locale_of(&Request::builder().header("accept-language", header).finish())
    }

    #[test]
    fn the_language_is_korean_unless_english_is_preferred() {
        for korean in ["", "ko", "fr", "*", "en;q=0", "en;q=0.3, ko;q=0.4", "ko, en", "en;q=bad"] {
            assert_eq!(locale(korean), Locale::Korean, "{korean}");
        }
        for english in ["en", "EN-us", "fr, en;q=0.5", "ko;q=0.8, en-GB;q=0.9", "en, ko"] {
            assert_eq!(locale(english), Locale::English, "{english}");
        }
    }

    #[test]
    fn only_a_known_proxy_is_believed_about_addresses() {
        let proxy = "127.0.0.1".parse().unwrap();
        let from = |peer: &str, told: &str| address_of(Some(peer.parse().unwrap()), Some(told), &[proxy]);
        assert_eq!(from("127.0.0.1", "192.0.2.7"), "192.0.2.7");
        assert_eq!(from("198.51.100.1", "192.0.2.7"), "198.51.100.1");
        assert_eq!(from("127.0.0.1", "rubbish"), "127.0.0.1");
        assert_eq!(from("127.0.0.1", "2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(address_of(None, Some("192.0.2.7"), &[proxy]), "unknown");
    }
}
