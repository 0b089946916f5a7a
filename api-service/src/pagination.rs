//! Pages of lists: `limit` and `cursor` in, a page and its links out.

mod page_body;
mod page_query;

pub(crate) use page_body::PageResponse;
pub(crate) use page_query::PageQuery;
