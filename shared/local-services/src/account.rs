use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

/// An unprivileged account, under which servers run when root starts them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Account {
    pub(crate) user: u32,
    pub(crate) group: u32,
}

impl Account {
    /// Returns the account to use instead of root; `None` if this process is not run by root.
    pub(crate) fn instead_of_root() -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            return None;
        }
        let accounts = fs::read_to_string("/etc/passwd").unwrap_or_default();
        ["postgres", "nobody"].iter().find_map(|name| Self::find(&accounts, name))
    }

    /// Parses one line of `passwd(5)`: `name:password:user:group:…`.
    fn find(accounts: &str, name: &str) -> Option<Self> {
        let line = accounts.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some(Self { user: fields.next()?.parse().ok()?, group: fields.next()?.parse().ok()? })
    }

    /// Returns whether the account may search every folder above the path.
    pub(crate) fn reaches(self, path: &Path) -> bool {
        path.ancestors().skip(1).all(|folder| {
            fs::metadata(folder).is_ok_and(|found| {
                let mode = found.permissions().mode();
                mode & 0o001 != 0 || (found.uid() == self.user && mode & 0o100 != 0)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_its_full_name_only() {
        let accounts = "root:x:0:0::/:/bin/sh\nmypostgres:x:7:8::/:\npostgres:x:101:104::/:/bin/sh\n";
        let account = Account::find(accounts, "postgres").unwrap();
        assert_eq!((account.user, account.group), (101, 104));
        assert!(Account::find(accounts, "nobody").is_none());
    }
}
