use std::sync::Mutex;

use operations::jobs::{Mail, MailFault, Mailer};

/// A mailer that keeps mails in memory, or refuses them.
#[derive(Default)]
pub struct Mailbox {
    mails: Mutex<Vec<Mail>>,
    refusals: Mutex<usize>,
}

impl Mailbox {
    /// Refuses the next `mails` mails.
    pub fn refuse(&self, mails: usize) {
        *self.refusals.lock().unwrap() = mails;
    }

    /// Returns the number of mails that arrived.
    pub fn len(&self) -> usize {
        self.mails.lock().unwrap().len()
    }

    /// Returns whether no mail arrived.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the texts of the mails to an address, oldest first.
    pub fn texts_to(&self, address: &str) -> Vec<String> {
        let mails = self.mails.lock().unwrap();
        mails.iter().filter(|mail| mail.to.as_str() == address).map(|mail| mail.text.clone()).collect()
    }

    /// Returns the HTML parts of the mails to an address, oldest first.
    pub fn html_to(&self, address: &str) -> Vec<String> {
        let mails = self.mails.lock().unwrap();
        mails.iter().filter(|mail| mail.to.as_str() == address).map(|mail| mail.html.clone()).collect()
    }

    /// Returns the six digits of the latest mail with a code to an address.
    ///
    /// # Panics
    /// Panics if there is no mail with a code to this address.
    pub fn code_for(&self, address: &str) -> String {
        let digits = |word: &&str| word.len() == 6 && word.bytes().all(|byte| byte.is_ascii_digit());
        let texts = self.texts_to(address);
        let code = texts.iter().rev().find_map(|text| text.split_whitespace().find(digits));
        code.expect("a mail with a code to this address").to_owned()
    }
}

#[async_trait::async_trait]
impl Mailer for Mailbox {
    async fn send(&self, mail: Mail) -> Result<(), MailFault> {
        let mut refusals = self.refusals.lock().unwrap();
        if *refusals > 0 {
            *refusals -= 1;
            return Err(MailFault("refused".into()));
        }
        self.mails.lock().unwrap().push(mail);
        Ok(())
    }
}
