//! What the library tells of a connection outside of any answer: that it, or its channel, is gone.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use tokio::sync::watch;

use crate::failure::{Failure, Loss, Scope};
use crate::library::lapin::protocol::AMQPErrorKind;
use crate::library::lapin::{ConnectionStatus, Error};
use crate::library::{ErrorKind, kind};
use crate::lines::Line;
use crate::output::Output;
use crate::text::Text;

/// How long the library may take to say why a channel is not usable.
const REASON_DEADLINE: Duration = Duration::from_secs(5);
/// How long it may take to answer what was asked before a loss. It can forget: basic_get never ends if the
/// connection does between get-ok and the message.
const ANSWER_DEADLINE: Duration = Duration::from_millis(500);

/// Shared by all that hear of errors. A loss is told once, as an event, by the first who hears of it.
pub struct Watch {
    output: Output,
    status: ConnectionStatus,
    loss: watch::Sender<Option<Loss>>,
    /// We asked for the close, so it is no news.
    pub closing: AtomicBool,
    news: Mutex<News>,
}

#[derive(Default)]
struct News {
    /// Events that wait for a reply, which has to be before them.
    held: Option<Vec<Line>>,
    /// The queues that are asked for their messages.
    queues: Vec<Text>,
}

impl Watch {
    pub fn new(output: Output, status: ConnectionStatus) -> Watch {
        let (closing, news) = (AtomicBool::new(false), Mutex::default());
        Watch { output, status, loss: watch::Sender::new(None), closing, news }
    }

    /// A queue is asked for its messages, until [`Watch::left`].
    pub fn asked(&self, queue: Text) {
        self.news().queues.push(queue);
    }

    /// A queue is not asked any more.
    pub fn left(&self, queue: &Text) {
        self.news().queues.retain(|other| other != queue);
    }

    /// What is told from now on waits for [`Watch::release`].
    pub fn hold(&self) {
        self.news().held.get_or_insert_default();
    }

    /// Tell what waited.
    pub fn release(&self) {
        let held = self.news().held.take();
        for line in held.iter().flatten() {
            self.output.put(line);
        }
    }

    fn tell(&self, line: Line) {
        match &mut self.news().held {
            Some(held) => held.push(line),
            None => self.output.put(&line),
        }
    }

    fn news(&self) -> MutexGuard<'_, News> {
        self.news.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is gone, if anything is.
    pub fn lost(&self) -> Option<Loss> {
        self.loss.borrow().clone()
    }

    /// An error that the library told, of whatever it was about.
    pub fn heard(&self, error: &Error) {
        if let Some(loss) = self.loss_of(error) {
            self.lose(loss, matches!(kind(error), ErrorKind::ParsingError(_)));
        }
    }

    /// What cannot be parsed does not say whose it is: it is laid on a queue only if that is the only one.
    fn undecodable(&self, loss: &Loss) {
        let only = match self.news().queues.as_slice() {
            [queue] => queue.clone(),
            _ => return,
        };
        self.tell(Line::Undecodable { queue: only, message: loss.message.clone() });
    }

    fn lose(&self, loss: Loss, parsing: bool) {
        if self.closing.load(Ordering::SeqCst) {
            return;
        }
        self.loss.send_if_modified(|known| {
            let scope = known.as_ref().map(|known| known.scope);
            let news = scope.is_none_or(|scope| scope == Scope::Channel && loss.scope == Scope::Connection);
            if news {
                if parsing {
                    self.undecodable(&loss);
                }
                self.tell(Line::closed(&loss));
                *known = Some(loss);
            }
            news
        });
    }

    /// What came of something asked of the library. What it does not answer after a loss is lost with it.
    pub async fn done<T>(&self, asked: impl Future<Output = Result<T, Error>>) -> Result<T, Failure> {
        let mut asked = pin!(asked);
        let mut abandoned = pin!(self.abandoned());
        let answer = poll_fn(|context| match asked.as_mut().poll(context) {
            Poll::Ready(answer) => Poll::Ready(Some(answer)),
            Poll::Pending => abandoned.as_mut().poll(context).map(|()| None),
        });
        match answer.await {
            Some(Ok(made)) => Ok(made),
            Some(Err(error)) => Err(self.failure(&error).await),
            None => Err(Failure::Disconnected(self.lost())),
        }
    }

    /// Some time after a loss. Never, if there is none.
    async fn abandoned(&self) {
        let mut told = self.loss.subscribe();
        if told.wait_for(Option::is_some).await.is_ok() {
            tokio::time::sleep(ANSWER_DEADLINE).await;
        }
    }

    /// Why a request failed. If the library says no more than that the channel is unusable, its reason, which
    /// comes on another way, is waited for.
    async fn failure(&self, error: &Error) -> Failure {
        let Some(loss) = self.loss_of(error) else {
            return Failure::Refused(error.to_string());
        };
        let state_only =
            matches!(kind(error), ErrorKind::InvalidChannelState(..) | ErrorKind::InvalidConnectionState(..));
        if state_only {
            let mut told = self.loss.subscribe();
            let reason = tokio::time::timeout(REASON_DEADLINE, told.wait_for(Option::is_some)).await;
            if let Ok(Ok(known)) = reason {
                return Failure::Disconnected(known.clone());
            }
        }
        self.heard(error);
        self.lost().unwrap_or(loss).into()
    }

    /// What an error says is gone. A soft error (AMQP 0-9-1, 1.2) can be that of a channel, a hard one cannot.
    /// Closes that lapin itself decided on are protocol errors too, and carry the code that it sent.
    fn loss_of(&self, error: &Error) -> Option<Loss> {
        let gone = |scope, code, message| Some(Loss { scope, code, message });
        match kind(error) {
            ErrorKind::ProtocolError(said) => {
                let soft = matches!(said.kind(), AMQPErrorKind::Soft(_));
                let scope = if soft && self.status.connected() { Scope::Channel } else { Scope::Connection };
                gone(scope, Some(said.get_id()), said.get_message().to_string())
            }
            ErrorKind::InvalidChannelState(..) | ErrorKind::InvalidChannel(_) if self.status.connected() => {
                gone(Scope::Channel, None, error.to_string())
            }
            ErrorKind::ChannelsLimitReached
            | ErrorKind::InvalidProtocolVersion(_)
            | ErrorKind::SerialisationError(_) => None,
            _ => gone(Scope::Connection, None, error.to_string()),
        }
    }
}

/// Why there is no connection: the network or the broker, or the library itself, which would not try.
pub fn not_connected(error: &Error) -> Failure {
    let code = match kind(error) {
        ErrorKind::ProtocolError(said) => Some(said.get_id()),
        ErrorKind::IOError(cause) if cause.raw_os_error().is_some() => None,
        ErrorKind::IOError(cause) if is_network(cause.kind()) => None,
        ErrorKind::InvalidConnectionState(..) => None,
        _ => return Failure::Refused(error.to_string()),
    };
    Failure::from(Loss { scope: Scope::Connection, code, message: error.to_string() })
}

fn is_network(kind: std::io::ErrorKind) -> bool {
    use std::io::ErrorKind::{
        ConnectionAborted, ConnectionRefused, ConnectionReset, TimedOut, UnexpectedEof,
    };
    matches!(kind, ConnectionAborted | ConnectionRefused | ConnectionReset | TimedOut | UnexpectedEof)
}
