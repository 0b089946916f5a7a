//! Linux sends the death signal of a child when the *thread* that started it ends. So all children are started by
//! one thread that lives as long as the process.

use std::ffi::OsStr;
use std::io;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Sender, SyncSender, channel, sync_channel};
use std::sync::{LazyLock, OnceLock};
use std::thread;

use crate::tools;

struct Order {
    command: Command,
    reply: SyncSender<io::Result<Child>>,
}

static SPAWNER: OnceLock<Sender<Order>> = OnceLock::new();

/// `setpriv` of util-linux, where it is installed and knows the option.
static SETPRIV: LazyLock<Option<PathBuf>> = LazyLock::new(|| {
    let setpriv = tools::find("setpriv")?;
    let status = Command::new(&setpriv)
        .args(["--pdeathsig", "TERM", "true"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success()).then_some(setpriv)
});

/// Returns a command that gets the signal when this process ends, where the system can do that.
pub(crate) fn command(program: &OsStr, death_signal: &str) -> Command {
    match SETPRIV.as_ref() {
        Some(setpriv) => {
            let mut command = Command::new(setpriv);
            command.args(["--pdeathsig", death_signal, "--"]).arg(program);
            command
        }
        None => Command::new(program),
    }
}

/// Starts the command from the thread that outlives every other.
pub(crate) fn spawn(command: Command) -> io::Result<Child> {
    let orders = SPAWNER.get_or_init(|| {
        let (sender, receiver) = channel::<Order>();
        thread::spawn(move || {
            for mut order in receiver {
                // Nobody waits for the reply only when this process is ending.
                if let Err(unwanted) = order.reply.send(order.command.spawn()) {
                    drop(unwanted);
                }
            }
        });
        sender
    });
    let (reply, answer) = sync_channel(1);
    orders.send(Order { command, reply }).map_err(io::Error::other)?;
    answer.recv().map_err(io::Error::other)?
}
