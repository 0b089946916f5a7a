//! The address of the client, also behind a proxy.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use poem::http::HeaderMap;

/// Header with the address of a proxy's client. nginx overwrites the value that the client sends.
const REAL_IP: &str = "x-real-ip";

/// The proxies whose `X-Real-IP` header is trusted.
#[derive(Debug, Clone, Default)]
pub(crate) struct TrustedProxies(Vec<IpAddr>);

impl TrustedProxies {
    /// Creates a list of proxies. An IPv4 address and its IPv4-mapped IPv6 form (RFC 4291 section 2.5.5.2) are the same
    /// proxy: a listener on `[::]` sees 127.0.0.1 as `::ffff:127.0.0.1`.
    pub(crate) fn new(addresses: impl IntoIterator<Item = IpAddr>) -> Self {
        Self(addresses.into_iter().map(|address| address.to_canonical()).collect())
    }

    /// Returns the canonical address of the client: the address in the header of a trusted proxy, otherwise `peer`, the
    /// other end of the connection. Returns 0.0.0.0 if there is no peer, which happens only in tests.
    pub(crate) fn client_of(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> IpAddr {
        let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)).to_canonical();
        let mut named = headers.get_all(REAL_IP).iter();
        match (named.next(), named.next()) {
            (Some(value), None) if self.0.contains(&peer) => {
                let address = value.to_str().ok().and_then(|text| text.trim().parse::<IpAddr>().ok());
                address.map_or(peer, |address| address.to_canonical())
            }
            _ => peer,
        }
    }
}

/// Returns the network that rate limits count as one client: the address itself for IPv4, the /64 for IPv6, because a
/// customer gets at least a /64 (RFC 6177) and can use any address in it.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// Returns the network of an address as people are shown it: the /24 for IPv4, the /64 for IPv6. It does not tell apart
/// the machines of one household or office.
pub fn prefix(address: IpAddr) -> String {
    match network(address) {
        IpAddr::V4(address) => {
            format!("{}/24", Ipv4Addr::from_bits(address.to_bits() & 0xFFFF_FF00))
        }
        IpAddr::V6(network) => format!("{network}/64"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, values: &[&str]) -> String {
        let proxies =
            TrustedProxies::new(["127.0.0.1".parse().unwrap(), "::ffff:192.0.2.9".parse().unwrap()]);
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(REAL_IP, value.parse().unwrap());
        }
        proxies.client_of(Some(peer.parse().unwrap()), &headers).to_string()
    }

    #[test]
    fn a_prefix_is_the_24_of_ipv4_and_the_64_of_ipv6() {
        for (address, shown) in [
            ("192.0.2.77", "192.0.2.0/24"),
            ("::ffff:192.0.2.77", "192.0.2.0/24"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ] {
            assert_eq!(prefix(address.parse().unwrap()), shown);
        }
    }

    #[test]
    fn only_a_trusted_proxy_names_the_client() {
        for proxy in ["127.0.0.1", "::ffff:127.0.0.1", "192.0.2.9", "::ffff:192.0.2.9"] {
            assert_eq!(client(proxy, &["203.0.113.9"]), "203.0.113.9");
            assert_eq!(client(proxy, &["::ffff:203.0.113.9"]), "203.0.113.9");
            assert_eq!(client(proxy, &["2001:db8::1"]), "2001:db8::1");
        }
        assert_eq!(client("192.0.2.1", &["203.0.113.9"]), "192.0.2.1");
        for unclear in [&["rubbish"][..], &["203.0.113.9", "203.0.113.9"], &[]] {
            assert_eq!(client("::ffff:127.0.0.1", unclear), "127.0.0.1");
        }
    }

    #[test]
    fn limits_count_an_ipv6_client_by_its_64_bit_network() {
        let of = |address: &str| network(address.parse().unwrap()).to_string();
        assert_eq!(of("192.0.2.7"), "192.0.2.7");
        assert_eq!(of("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
    }
}
