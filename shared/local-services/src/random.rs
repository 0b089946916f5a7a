use std::fs::File;
use std::io::Read;

use crate::{LocalServicesError, Result};

/// Returns 16 random bytes as 32 hexadecimal digits.
pub(crate) fn secret() -> Result<String> {
    Ok(format!("{:032x}", u128::from_ne_bytes(bytes()?)))
}

pub(crate) fn number() -> Result<u16> {
    Ok(u16::from_ne_bytes(bytes()?))
}

fn bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut bytes))
        .map_err(LocalServicesError::io("read random bytes"))?;
    Ok(bytes)
}
