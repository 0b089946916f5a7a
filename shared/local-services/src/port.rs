use std::io;
use std::net::{Ipv4Addr, TcpListener};

use crate::{LocalServicesError, Result, random};

/// Below the range from which systems take the ports of outgoing connections, so that none of those
/// can take the port between the check and the start of the server.
const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

/// Returns a loopback port that is free at the moment.
pub fn free_port() -> Result<u16> {
    for _ in 0..64 {
        let port = FIRST + random::number()? % COUNT;
        if claim(port).is_ok() {
            return Ok(port);
        }
    }
    Err(LocalServicesError::Io {
        what: "find a free port".to_owned(),
        source: io::ErrorKind::AddrInUse.into(),
    })
}

/// Checks that the loopback port is free.
pub(crate) fn claim(port: u16) -> Result<()> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .map(drop)
        .map_err(|_taken| LocalServicesError::PortTaken { port })
}
