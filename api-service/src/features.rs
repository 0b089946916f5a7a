//! The list of features. To add a feature to the service, add it here only.

use crate::Service;
use crate::auth::AuthApi;
use crate::comments::CommentsApi;
use crate::contract::{Feature, Operation};
use crate::health::HealthApi;
use crate::meta::MetaApi;
use crate::notifications::NotificationsApi;
use crate::posts::PostsApi;
use crate::realtime::RealtimeApi;
use crate::users::UsersApi;

macro_rules! features {
    ($($api:ident),+ $(,)?) => {
        /// The API of every feature.
        pub(crate) type Apis = ($($api,)+);

        /// Builds the API of every feature.
        pub(crate) fn apis(service: &Service) -> Apis {
            ($($api(service.clone()),)+)
        }

        /// Returns every operation of the API.
        pub fn operations() -> impl Iterator<Item = &'static Operation> {
            [$($api::OPERATIONS),+].into_iter().flatten()
        }
    };
}

features!(AuthApi, UsersApi, PostsApi, CommentsApi, NotificationsApi, RealtimeApi, MetaApi, HealthApi);
