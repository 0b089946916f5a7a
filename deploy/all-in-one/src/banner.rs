use std::io::{self, Write as _};

/// Prints the URLs of the documentation and the mail page.
pub(crate) fn print(public_url: &str, data_directory: &str) -> io::Result<()> {
    let mut console = io::stdout().lock();
    writeln!(console, "OrGo {} is running.\n", env!("CARGO_PKG_VERSION"))?;
    writeln!(console, "  API and documentation   {public_url}/docs")?;
    writeln!(console, "  Mails                   {public_url}/dev/mail")?;
    writeln!(console, "  Socket                  {}/ws", public_url.replacen("http", "ws", 1))?;
    writeln!(console, "  Data                    {data_directory}\n")?;
    writeln!(console, "Ctrl-C stops it. A second start finds everything again.\n")?;
    console.flush()
}
