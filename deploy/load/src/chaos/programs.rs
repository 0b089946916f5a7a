//! Faults of our own programs.

use std::time::Duration;

use tokio::task::block_in_place;

use super::scene::Scene;
use crate::LoadFault;

/// How long a client that reconnects may wait for a frame: its backoff, and what the gateway asks it to wait.
const RECONNECTED: Duration = Duration::from_secs(8);
/// How long events may be late while no process relays.
const UNRELAYED: Duration = Duration::from_secs(3);
/// How long after the relaying process died another one relays: its lease has ended.
const RELAYED_AGAIN: Duration = Duration::from_secs(12);

/// A gateway stands still while 300 frames for one socket are due. A client that reads is never closed for it.
pub(super) async fn gateway_stopped(scene: &mut Scene) -> Result<(), LoadFault> {
    let recorder = scene.record_at(0).await?;
    scene.like(&recorder, 10, 50).await?;
    recorder.wait_for_all(Duration::from_secs(5)).await;
    for round in 0..2 {
        gateway(scene, 0)?.pause()?;
        let liked = scene.like_at_once(&recorder, 300).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        gateway(scene, 0)?.resume()?;
        liked?;
        recorder.wait_for_all(Duration::from_secs(10)).await;
        let missing = recorder.history().missing();
        scene.checks.same(&format!("round {}: frames that have not arrived", round + 1), &missing, &0);
    }
    scene.check_closes(&recorder, &[]);
    // The likes of 16 clients at once are in no order but that of their positions.
    scene.check_delivery(recorder, None, RECONNECTED).await
}

/// Gateways are stopped and started one after the other, as in a rolling update.
pub(super) async fn gateway_restart(scene: &mut Scene) -> Result<(), LoadFault> {
    let recorder = scene.record_at(0).await?;
    let elsewhere = scene.record().await?;
    let mut order = scene.like_both(&recorder, &elsewhere, 30, 30).await?;
    for number in 0..scene.cluster.gateways().len() {
        gateway(scene, number)?.ask_to_stop();
        order.extend(scene.like_both(&recorder, &elsewhere, 60, 30).await?);
        let program = gateway(scene, number)?;
        block_in_place(|| program.start_again())?;
        order.extend(scene.like_both(&recorder, &elsewhere, 60, 30).await?);
    }
    recorder.wait_for_all(RECONNECTED).await;
    elsewhere.wait_for_all(RECONNECTED).await;
    // 1001 and 1012: the gateway goes away; 1006: it was gone; 4103: it is drained.
    for recorder in [&recorder, &elsewhere] {
        scene.check_closes(recorder, &[1001, 1006, 1012, 4103]);
    }
    let reconnects = recorder.history().reconnects().0;
    let found = format!("{reconnects} times");
    scene.checks.hold("the socket was moved", if reconnects > 0 { Ok(found) } else { Err(found) });
    scene.check_delivery(elsewhere, Some(&order), RECONNECTED).await?;
    scene.check_delivery(recorder, Some(&order), RECONNECTED).await
}

/// Each `api-service` is killed, so that the one that relays is among them. Events go on, and are soon relayed again.
pub(super) async fn relay_killed(scene: &mut Scene) -> Result<(), LoadFault> {
    let recorder = scene.record().await?;
    let mut order = scene.like(&recorder, 20, 20).await?;
    for number in 0..scene.cluster.apis().len() {
        let program = scene.cluster.apis().get_mut(number).ok_or_else(gone)?;
        block_in_place(|| program.kill())?;
        order.extend(scene.like(&recorder, 100, 20).await?);
        recorder.wait_for_all(RELAYED_AGAIN).await;
        let program = scene.cluster.apis().get_mut(number).ok_or_else(gone)?;
        block_in_place(|| program.start_again())?;
        order.extend(scene.like(&recorder, 100, 20).await?);
    }
    recorder.wait_for_all(RELAYED_AGAIN).await;
    scene.check_closes(&recorder, &[]);
    scene.check_delivery(recorder, Some(&order), UNRELAYED).await
}

fn gateway(scene: &mut Scene, number: usize) -> Result<&mut local_services::Program, LoadFault> {
    scene.cluster.gateways().get_mut(number).ok_or_else(gone)
}

fn gone() -> LoadFault {
    LoadFault::Unexpected("a program is missing".into())
}
