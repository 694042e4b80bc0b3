//! A consumer of the library, from its stream to events on standard output.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_core::Stream;
use tokio::task::JoinHandle;

use crate::library::lapin::{self, Consumer};
use crate::lines::{Delivery, Line};
use crate::message::Body;
use crate::output::Output;
use crate::properties;
use crate::text::Text;
use crate::watch::Watch;

/// The next of a stream, None at its end.
pub async fn next<S: Stream + Unpin>(stream: &mut S) -> Option<S::Item> {
    poll_fn(|context| Pin::new(&mut *stream).poll_next(context)).await
}

/// Report what the consumer is handed until its stream ends. If nobody `asked` for that end, and nothing was
/// lost, the broker cancelled it.
pub fn start(
    consumer: Consumer,
    queue: Text,
    asked: Arc<AtomicBool>,
    watch: Arc<Watch>,
    output: Output,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        let ended = report(consumer, &queue, &watch, &output).await;
        if ended {
            watch.left(&queue);
        }
        let ours = asked.load(Ordering::SeqCst) || watch.closing.load(Ordering::SeqCst);
        if ended && !ours && watch.lost().is_none() {
            output.put(&Line::Cancelled { queue });
        }
    })
}

/// True if the stream ended without an error.
async fn report(mut consumer: Consumer, queue: &Text, watch: &Watch, output: &Output) -> bool {
    while let Some(handed) = next(&mut consumer).await {
        match handed {
            Ok(message) => output.put(&Line::Delivery(delivery(queue.clone(), message))),
            Err(error) => {
                watch.heard(&error);
                return false;
            }
        }
    }
    true
}

/// A message as the library hands it over.
pub fn delivery(queue: Text, message: lapin::message::Delivery) -> Box<Delivery> {
    Box::new(Delivery {
        queue,
        delivery_tag: message.delivery_tag,
        redelivered: message.redelivered,
        exchange: properties::name(&message.exchange),
        routing_key: properties::name(&message.routing_key),
        properties: properties::reported(&message.properties),
        body: Body::delivered(message.data),
    })
}
