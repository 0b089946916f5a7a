//! The origins (RFC 6454) whose pages may call a service.

use platform::origin::Origin;
use url::{Host, Url};

/// The names of this machine that a browser can write into an origin.
const LOOPBACK_HOSTS: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// Whether pages of every loopback origin may call a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LoopbackOrigins {
    /// Only the listed origins.
    #[default]
    Listed,
    /// Every loopback origin, whatever its port: a development server of a frontend calls the embedded mode.
    All,
}

/// The origins whose pages may call a service.
#[derive(Debug, Clone)]
pub struct Origins {
    own: Vec<String>,
    allowed: Vec<Origin>,
    loopback: LoopbackOrigins,
}

impl Origins {
    /// Allows the origin of the public URL and the listed ones. If the host of the public URL is a name of this
    /// machine, its other names are allowed as well.
    pub fn new(public_url: &str, allowed: Vec<Origin>, loopback: LoopbackOrigins) -> Self {
        let mut own = vec![public_url.to_owned()];
        let url = Url::parse(public_url).ok();
        if let Some(host) = url.as_ref().and_then(Url::host_str)
            && LOOPBACK_HOSTS.contains(&host)
        {
            let others = LOOPBACK_HOSTS.into_iter().filter(|other| *other != host);
            own.extend(others.map(|other| public_url.replacen(host, other, 1)));
        }
        Self { own, allowed, loopback }
    }

    /// Returns whether pages of this origin, a value of the `Origin` header, may call the service.
    pub fn allows(&self, origin: &str) -> bool {
        let is_listed = self.own.iter().any(|own| own == origin)
            || self.allowed.iter().any(|allowed| allowed.as_str() == origin);
        is_listed || (self.loopback == LoopbackOrigins::All && is_loopback(origin))
    }

    /// Returns whether a `Host` header names the service itself.
    pub fn is_own_host(&self, host: &str) -> bool {
        let mut authorities = self.own.iter().filter_map(|origin| Some(origin.split_once("://")?.1));
        authorities.any(|own| own.eq_ignore_ascii_case(host))
    }
}

/// Returns whether an origin, as browsers write it, is on this machine.
fn is_loopback(origin: &str) -> bool {
    let url = origin.parse::<Origin>().ok().and_then(|origin| Url::parse(origin.as_str()).ok());
    url.is_some_and(|url| is_loopback_url(&url))
}

/// Returns whether the host of a URL is this machine.
pub fn is_loopback_url(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_origin_the_listed_ones_and_the_names_of_this_machine_are_allowed() {
        let listed = vec!["https://app.example.com".parse().unwrap()];
        let origins = Origins::new("http://127.0.0.1:8088", listed, LoopbackOrigins::Listed);
        for good in
            ["http://127.0.0.1:8088", "http://localhost:8088", "http://[::1]:8088", "https://app.example.com"]
        {
            assert!(origins.allows(good), "{good}");
        }
        for bad in ["null", "", "http://localhost:8089", "https://localhost:8088", "https://app.example.com/"]
        {
            assert!(!origins.allows(bad), "{bad}");
        }
        let elsewhere = Origins::new("https://orgo.example", Vec::new(), LoopbackOrigins::Listed);
        assert!(elsewhere.allows("https://orgo.example") && !elsewhere.allows("https://localhost"));
    }

    #[test]
    fn every_loopback_origin_is_allowed_where_the_setting_says_so() {
        let origins = Origins::new("http://127.0.0.1:8080", Vec::new(), LoopbackOrigins::All);
        for good in ["http://localhost:3000", "http://127.0.0.1:5173", "http://[::1]:1", "https://localhost"]
        {
            assert!(origins.allows(good), "{good}");
        }
        for bad in
            ["http://localhost.example:3000", "http://192.0.2.1", "file://localhost", "http://localhost/x"]
        {
            assert!(!origins.allows(bad), "{bad}");
        }
    }

    #[test]
    fn only_the_services_own_names_are_its_host() {
        let listed = vec!["https://app.example.com".parse().unwrap()];
        let origins = Origins::new("http://127.0.0.1:8088", listed, LoopbackOrigins::All);
        for own in ["127.0.0.1:8088", "LOCALHOST:8088", "[::1]:8088"] {
            assert!(origins.is_own_host(own), "{own}");
        }
        for other in ["", "127.0.0.1", "localhost:8089", "app.example.com", "evil.example:8088"] {
            assert!(!origins.is_own_host(other), "{other}");
        }
    }
}
