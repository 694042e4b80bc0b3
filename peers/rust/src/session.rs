//! A connection of the library with one channel, and the requests that need it.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::task::JoinHandle;

use crate::consuming::{self, delivery};
use crate::failure::Failure;
use crate::fields;
use crate::library::lapin::options::{
    BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicGetOptions, BasicNackOptions,
    BasicPublishOptions, BasicQosOptions, BasicRejectOptions, ConfirmSelectOptions, ExchangeDeclareOptions,
    QueueBindOptions, QueueDeclareOptions,
};
use crate::library::lapin::types::ShortString;
use crate::library::lapin::{
    BasicProperties, Channel, Connection, ConnectionProperties, Consumer, Error, ExchangeKind,
};
use crate::library::{Confirmation, name, short_string};
use crate::lines::Delivery;
use crate::output::Output;
use crate::properties;
use crate::requests::{
    Ack, Bind, Consume, DeclareExchange, DeclareQueue, ExchangeType, Nack, Publish, Reject,
};
use crate::text::Text;
use crate::watch::{Watch, not_connected};

/// Something asked of the library that goes on by itself. Its first poll hands it to the library.
pub type Ongoing = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>>;

pub struct Session {
    connection: Connection,
    channel: Channel,
    watch: Arc<Watch>,
    output: Output,
    consumers: HashMap<Text, Consuming>,
    confirming: bool,
}

/// A consumer: its tag, whether we asked for its end, and the task that reports its deliveries.
struct Consuming {
    tag: ShortString,
    asked: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

/// A message on its way into the library.
pub struct Publication {
    exchange: ShortString,
    routing_key: ShortString,
    options: BasicPublishOptions,
    properties: BasicProperties,
    body: Vec<u8>,
}

impl Publication {
    /// What a request asks for, in the library's terms.
    pub fn of(request: Publish) -> Result<Publication, Failure> {
        if request.message.framing.is_some() {
            return Err(Failure::unsupported("framing"));
        }
        Ok(Publication {
            exchange: short_string(request.exchange, "exchange")?,
            routing_key: short_string(request.routing_key, "routing_key")?,
            options: BasicPublishOptions { mandatory: request.mandatory, ..Default::default() },
            properties: properties::asked(request.message.properties)?,
            body: request.message.body.octets()?,
        })
    }

    /// Handed to the library, which has taken it when its frames are in the socket. In confirm mode what comes
    /// back is the broker's word.
    async fn publish(
        self,
        channel: &Channel,
    ) -> Result<impl Future<Output = Result<Confirmation, Error>>, Error> {
        let Publication { exchange, routing_key, options, properties, body } = self;
        channel.basic_publish(name(&exchange), name(&routing_key), options, &body, properties).await
    }
}

impl Session {
    pub async fn connect(url: &str, output: Output) -> Result<Session, Failure> {
        let opened = Connection::connect(url, ConnectionProperties::default()).await;
        let connection = opened.map_err(|error| not_connected(&error))?;
        let watch = Arc::new(Watch::new(output.clone(), connection.status().clone()));
        listen_to_connection(&connection, &watch);
        let channel = connection.create_channel().await.map_err(|error| not_connected(&error))?;
        listen_to_channel(&channel, &watch);
        Ok(Session { connection, channel, watch, output, consumers: HashMap::new(), confirming: false })
    }

    /// Whether there still is a channel to ask.
    pub fn check(&self) -> Result<(), Failure> {
        self.watch.lost().map_or(Ok(()), |loss| Err(loss.into()))
    }

    pub async fn close(self) -> Result<(), Failure> {
        self.watch.closing.store(true, Ordering::SeqCst);
        if self.connection.status().connected() {
            let reason = ShortString::from("OK");
            let closed = self.watch.done(self.connection.close(200, name(&reason))).await;
            if self.connection.status().connected() {
                return closed; // else it is closed, and be it that the broker was faster
            }
        }
        Ok(())
    }

    // --- topology ------------------------------------------------------------------------------------------

    pub async fn declare_exchange(&self, request: DeclareExchange) -> Result<(), Failure> {
        let exchange = short_string(request.name, "exchange")?;
        let kind = match request.kind {
            ExchangeType::Fanout => ExchangeKind::Fanout,
            ExchangeType::Direct => ExchangeKind::Direct,
            ExchangeType::Topic => ExchangeKind::Topic,
            ExchangeType::Headers => ExchangeKind::Headers,
        };
        let options = ExchangeDeclareOptions {
            passive: request.passive,
            durable: request.durable,
            auto_delete: request.auto_delete,
            ..Default::default()
        };
        let arguments = fields::table(request.arguments.0)?;
        self.watch.done(self.channel.exchange_declare(name(&exchange), kind, options, arguments)).await
    }

    pub async fn declare_queue(&self, request: DeclareQueue) -> Result<(), Failure> {
        let queue = short_string(request.name, "queue")?;
        let options = if request.defaults {
            QueueDeclareOptions::default()
        } else {
            QueueDeclareOptions {
                passive: request.passive,
                durable: request.durable,
                exclusive: request.exclusive,
                auto_delete: request.auto_delete,
                ..Default::default()
            }
        };
        let arguments = fields::table(request.arguments.0)?;
        self.watch.done(self.channel.queue_declare(name(&queue), options, arguments)).await.map(|_queue| ())
    }

    pub async fn bind(&self, request: Bind) -> Result<(), Failure> {
        let queue = short_string(request.queue, "queue")?;
        let exchange = short_string(request.exchange, "exchange")?;
        let key = short_string(request.routing_key, "routing_key")?;
        let arguments = fields::table(request.arguments.0)?;
        let options = QueueBindOptions::default();
        self.watch
            .done(self.channel.queue_bind(name(&queue), name(&exchange), name(&key), options, arguments))
            .await
    }

    // --- publishing ----------------------------------------------------------------------------------------

    pub fn publish(&self, publication: Publication) -> Ongoing {
        let channel = self.channel.clone();
        self.ongoing(async move { publication.publish(&channel).await.map(drop) })
    }

    /// Publish in confirm mode and wait for the broker's word.
    pub async fn confirm(&mut self, publication: Publication) -> Result<Confirmation, Failure> {
        if !self.confirming {
            self.watch.done(self.channel.confirm_select(ConfirmSelectOptions::default())).await?;
            self.confirming = true;
        }
        let word = self.watch.done(publication.publish(&self.channel)).await?;
        self.watch.done(word).await
    }

    // --- consuming -----------------------------------------------------------------------------------------

    /// Ask for the deliveries of a queue. They, and any other news, are reported from [`Session::report`] on.
    pub async fn consume(&mut self, request: Consume) -> Result<Consumed, Failure> {
        let queue = request.queue.clone();
        self.watch.asked(queue.clone());
        self.watch.hold();
        let asked = self.subscribe(request).await;
        if asked.is_err() {
            self.watch.left(&queue);
            self.watch.release();
        }
        asked.map(|consumer| Consumed { consumer, queue })
    }

    async fn subscribe(&self, request: Consume) -> Result<Consumer, Failure> {
        let queue = short_string(request.queue, "queue")?;
        let arguments = fields::table(request.arguments.0)?;
        if request.prefetch > 0 {
            let options = BasicQosOptions::default();
            self.watch.done(self.channel.basic_qos(request.prefetch, options)).await?;
        }
        let options = BasicConsumeOptions {
            no_ack: request.no_ack,
            exclusive: request.exclusive,
            ..Default::default()
        };
        let chosen_by_the_broker = ShortString::default();
        let asked = self.channel.basic_consume(name(&queue), name(&chosen_by_the_broker), options, arguments);
        self.watch.done(asked).await
    }

    /// Report what is delivered, from now on.
    pub fn report(&mut self, Consumed { consumer, queue }: Consumed) {
        let (tag, asked) = (consumer.tag(), Arc::new(AtomicBool::new(false)));
        let (watch, output) = (self.watch.clone(), self.output.clone());
        let task = consuming::start(consumer, queue.clone(), asked.clone(), watch, output);
        self.consumers.insert(queue, Consuming { tag, asked, task });
        self.watch.release();
    }

    /// No delivery of the queue is reported once this is done.
    pub async fn cancel(&mut self, queue: &Text) -> Result<(), Failure> {
        let Some(Consuming { tag, asked, task }) = self.consumers.remove(queue) else {
            return Err(Failure::bug("nothing consumes that queue"));
        };
        asked.store(true, Ordering::SeqCst);
        self.watch.done(self.channel.basic_cancel(name(&tag), BasicCancelOptions::default())).await?;
        task.await.map_err(Failure::bug)
    }

    pub async fn get(&self, queue: Text) -> Result<Option<Box<Delivery>>, Failure> {
        let asked = short_string(queue.clone(), "queue")?;
        self.watch.asked(queue.clone());
        let got = self.watch.done(self.channel.basic_get(name(&asked), BasicGetOptions::default())).await;
        self.watch.left(&queue);
        Ok(got?.map(|message| delivery(queue, message.delivery)))
    }

    pub fn ack(&self, request: &Ack) -> Ongoing {
        let (channel, tag) = (self.channel.clone(), request.delivery_tag.get());
        let options = BasicAckOptions { multiple: request.multiple };
        self.ongoing(async move { channel.basic_ack(tag, options).await })
    }

    pub fn nack(&self, request: &Nack) -> Ongoing {
        let (channel, tag) = (self.channel.clone(), request.delivery_tag.get());
        let options = BasicNackOptions { multiple: request.multiple, requeue: request.requeue };
        self.ongoing(async move { channel.basic_nack(tag, options).await })
    }

    pub fn reject(&self, request: &Reject) -> Ongoing {
        let (channel, tag) = (self.channel.clone(), request.delivery_tag.get());
        let options = BasicRejectOptions { requeue: request.requeue };
        self.ongoing(async move { channel.basic_reject(tag, options).await })
    }

    fn ongoing(&self, asked: impl Future<Output = Result<(), Error>> + Send + 'static) -> Ongoing {
        let watch = self.watch.clone();
        Box::pin(async move { watch.done(asked).await })
    }
}

/// A consumer whose deliveries nobody has looked at yet.
pub struct Consumed {
    consumer: Consumer,
    queue: Text,
}

#[cfg(events_listener)]
fn listen_to_connection(connection: &Connection, watch: &Arc<Watch>) {
    use crate::library::lapin::Event;
    let (mut events, watch) = (Box::pin(connection.events_listener()), watch.clone());
    tokio::spawn(async move {
        while let Some(event) = consuming::next(&mut events).await {
            if let Event::Error(error) = event {
                watch.heard(&error);
            }
        }
    });
}

#[cfg(not(events_listener))]
fn listen_to_connection(connection: &Connection, watch: &Arc<Watch>) {
    let watch = watch.clone();
    connection.on_error(move |error| watch.heard(&error));
}

/// From 3.3 on the connection's listener hears of its channels too.
#[cfg(events_listener)]
fn listen_to_channel(_channel: &Channel, _watch: &Arc<Watch>) {}

#[cfg(not(events_listener))]
fn listen_to_channel(channel: &Channel, watch: &Arc<Watch>) {
    let watch = watch.clone();
    channel.on_error(move |error| watch.heard(&error));
}
