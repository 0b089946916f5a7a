use std::io::Write as _;

use serde_json::{Value, json};

use crate::{Api, LoadFault, Person, Socket};

/// Prints every frame of a socket that is opened with the access token, until the socket ends.
pub async fn watch(api: &Api, token: &str) -> Result<(), LoadFault> {
    let person = Person { id: String::new(), token: token.to_owned() };
    let mut socket = Socket::open(api, &person, None).await?;
    print(&socket.welcome)?;
    loop {
        match socket.next().await? {
            Ok(frame) => {
                print(&frame)?;
                if frame.get("t") == Some(&json!("hb")) {
                    socket.send(&json!({ "t": "hb" })).await?;
                }
            }
            Err(ended) => return Err(LoadFault::Unexpected(format!("the socket ended: {ended:?}"))),
        }
    }
}

fn print(frame: &Value) -> Result<(), LoadFault> {
    writeln!(std::io::stdout(), "{frame}").map_err(|fault| LoadFault::Unexpected(fault.to_string()))
}
