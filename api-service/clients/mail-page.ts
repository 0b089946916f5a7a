// The page on which the embedded mode shows the mails that it would have sent.

// Waits for a mail to the address and returns its code.
export async function codeFor(baseUrl: string, email: string): Promise<string> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const mails = await (await fetch(`${baseUrl}/dev/mail.json`)).json();
    const mail = mails.find((item: { to: string }) => item.to === email);
    if (mail) return mail.text.match(/\d{6}/)[0];
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`no mail to ${email}`);
}
