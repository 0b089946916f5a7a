use std::sync::Arc;

use domain::Clock;
use ephemeral::Ephemeral;
use identity::access_tokens::AccessTokens;
use identity::codes::CodeHasher;
use identity::cursors::CursorSeal;
use identity::device_tokens::DeviceTokens;
use identity::passwords::PasswordHasher;
use identity::random::{OsRandom, RandomSource};
use identity::refresh_tokens::RefreshTokens;
use identity::secrets::MasterSecret;
use identity::signing_keys::{SigningKey, SigningKeys};
use identity::viewer_keys::ViewerKeys;
use operations::{App, Credentials};
use platform::clock::SystemClock;
use platform::ids::TimeOrderedIds;
use store::Store;

use crate::{Parts, Service, Settings};

/// The audience of access tokens.
const AUDIENCE: &str = "orgo-api";

/// Creates a service that uses the system's clock, its random numbers, and new ids.
pub fn assemble(
    store: Store,
    ephemeral: Ephemeral,
    signing_key: SigningKey,
    secret: &MasterSecret,
    settings: Settings,
) -> Service {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let random: Arc<dyn RandomSource> = Arc::new(OsRandom);
    let keys = SigningKeys::new(signing_key);
    let tokens = AccessTokens::new(keys, settings.edge.public_url.clone(), AUDIENCE, Arc::clone(&random));
    Service::new(Parts {
        credentials: Credentials {
            access_tokens: Arc::new(tokens),
            refresh_tokens: Arc::new(RefreshTokens::new(secret)),
            codes: Arc::new(CodeHasher::new(secret)),
            device_tokens: Arc::new(DeviceTokens::new(secret)),
            passwords: PasswordHasher::new(),
            viewers: ViewerKeys::new(secret),
            local_limits: Ephemeral::in_process(Arc::clone(&clock)),
        },
        app: App { store, ephemeral, clock, ids: Arc::new(TimeOrderedIds), random },
        cursors: CursorSeal::new(secret),
        settings,
    })
}
