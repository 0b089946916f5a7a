use std::path::Path;

use crate::database::Database;
use crate::tokens::Minter;
use crate::{Api, LoadFault, Person};

/// People, sessions and posts that were copied in the database from one person who signed up through the API.
pub(crate) struct Population {
    prefix: String,
    minter: Minter,
    /// The person that was created through the API.
    pub(crate) template: Person,
}

/// Number of people and posts to create.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    /// People, each with a session.
    pub(crate) people: u32,
    /// Posts.
    pub(crate) posts: u32,
    /// How many people the posts belong to; 0: all belong to the person that was created through the API.
    pub(crate) authors: u32,
}

const PERSON: u8 = 1;
const SESSION: u8 = 2;
const POST: u8 = 3;

impl Population {
    /// Signs one person up, writes one post, and copies both. `keys` is the folder with the system's signing key.
    pub(crate) async fn create(
        api: &Api,
        database: &Database,
        keys: &Path,
        size: Size,
    ) -> Result<Self, LoadFault> {
        let milliseconds = std::time::UNIX_EPOCH.elapsed().unwrap_or_default().as_millis();
        // The first 48 bits of a version 7 id are milliseconds (RFC 9562 section 5.7).
        let digits = format!("{:012x}", milliseconds & 0xffff_ffff_ffff);
        let (high, low) = digits.split_at(8);
        let prefix = format!("{high}-{low}");
        let template = api.sign_up(&format!("template-{digits}")).await?;
        api.post(&template, "A post").await?;
        let variables = [
            ("prefix", prefix.clone()),
            ("template", template.id.clone()),
            ("people", size.people.to_string()),
            ("posts", size.posts.to_string()),
            ("authors", size.authors.to_string()),
        ];
        let variables = variables.each_ref().map(|(name, value)| (*name, value.as_str()));
        database.run("pgbench/people.sql", &variables).await?;
        let minter = Minter::new(&keys.join("signing-key.pem"), &template.token)?;
        Ok(Self { prefix, minter, template })
    }

    /// Returns the person with this number, from 1, with a fresh access token.
    pub(crate) fn person(&self, number: u32) -> Person {
        let id = self.id(PERSON, number);
        let token = self.minter.mint(&id, &self.id(SESSION, number));
        Person { id, token }
    }

    /// Returns the id of the post with this number, from 1.
    pub(crate) fn post(&self, number: u32) -> String {
        self.id(POST, number)
    }

    /// Makes the people from `first` to `last` like a post that one person likes, in the database only.
    pub(crate) async fn add_likers(
        &self,
        database: &Database,
        post: &str,
        (first, last): (u32, u32),
    ) -> Result<(), LoadFault> {
        let (first, last) = (first.to_string(), last.to_string());
        let variables = [("prefix", &self.prefix), ("first", &first), ("last", &last)];
        let mut variables = variables.map(|(name, value)| (name, value.as_str())).to_vec();
        variables.push(("post", post));
        database.run("pgbench/likers.sql", &variables).await
    }

    fn id(&self, kind: u8, number: u32) -> String {
        format!("{}-7{kind:03x}-8000-{number:012x}", self.prefix)
    }
}
