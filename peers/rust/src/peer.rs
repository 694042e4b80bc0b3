//! The peer: requests of the protocol, one after the other, to calls of the library.
//!
//! What needs no answer of the broker (publish, ack, nack, reject) is handed over without waiting for what went
//! before; all else waits. Replies leave in the order of the requests either way.

use std::collections::VecDeque;
use std::future::{self, poll_fn};
use std::io::{self, Read, Write};
use std::num::NonZeroU64;
use std::task::Poll;

use tokio::sync::mpsc::Receiver;
use tokio::sync::mpsc::error::TryRecvError;

use crate::describe;
use crate::failure::Failure;
use crate::input::{self, Arrival};
use crate::library::Confirmation;
use crate::lines::Line;
use crate::output::Output;
use crate::requests::{Numbered, Publish, Request};
use crate::session::{Ongoing, Publication, Session};
use crate::text::Text;

/// How many messages are given to the library before the first of them has to be out.
const IN_FLIGHT: usize = 512;

/// Answer the requests on `input` until one of them is close, or it ends. An error is a line that is no
/// request and has no id to answer to, or a broken pipe.
pub async fn serve(input: impl Read + Send + 'static, out: impl Write + Send + 'static) -> io::Result<()> {
    let output = Output::default();
    let writer = output.start(out);
    let served = Peer { output: output.clone(), session: None, ongoing: VecDeque::new() }
        .run(input::start(input))
        .await;
    output.end();
    let written = writer.join().unwrap_or_else(|_panic| Err(io::Error::other("the writer panicked")));
    served.and(written)
}

struct Peer {
    output: Output,
    session: Option<Session>,
    ongoing: VecDeque<(NonZeroU64, Ongoing)>,
}

impl Peer {
    async fn run(mut self, mut arrivals: Receiver<Arrival>) -> io::Result<()> {
        while let Some(arrival) = self.next(&mut arrivals).await {
            match arrival? {
                Ok(Numbered { id, request: Request::Close }) => {
                    self.settle().await;
                    let closed = self.disconnect().await;
                    self.reply(id, closed.map(|()| Line::Ok { id }));
                    return Ok(());
                }
                Ok(numbered) => self.serve(numbered).await,
                Err(wrong) => {
                    let Some(id) = wrong.id else {
                        let problem = format!("a line of standard input is no request: {}", wrong.problem);
                        return Err(io::Error::new(io::ErrorKind::InvalidData, problem));
                    };
                    self.settle().await;
                    let failure = Failure::bug(format!("not a request of the protocol: {}", wrong.problem));
                    self.reply(id, Err(failure));
                }
            }
        }
        match self.disconnect().await {
            Err(Failure::Refused(message)) => Err(io::Error::other(message)),
            _ => Ok(()),
        }
    }

    /// The next line of the input. Before it is waited for, all replies are out.
    async fn next(&mut self, arrivals: &mut Receiver<Arrival>) -> Option<Arrival> {
        match arrivals.try_recv() {
            Ok(arrival) => Some(arrival),
            Err(TryRecvError::Disconnected) => None,
            Err(TryRecvError::Empty) => {
                self.settle().await;
                arrivals.recv().await
            }
        }
    }

    async fn serve(&mut self, Numbered { id, request }: Numbered) {
        match request {
            Request::Publish(request) if !request.confirm => {
                let publication = self.publication(*request);
                self.start(id, publication.map(|(session, message)| session.publish(message))).await;
            }
            Request::Ack(request) => self.start(id, self.open().map(|session| session.ack(&request))).await,
            Request::Nack(request) => self.start(id, self.open().map(|session| session.nack(&request))).await,
            Request::Reject(request) => {
                self.start(id, self.open().map(|session| session.reject(&request))).await;
            }
            Request::Consume(request) => {
                self.settle().await;
                let consumed = match self.open_mut() {
                    Ok(session) => session.consume(request).await,
                    Err(failure) => Err(failure),
                };
                match (consumed, &mut self.session) {
                    (Ok(consumed), Some(session)) => {
                        self.output.put(&Line::Ok { id });
                        session.report(consumed);
                    }
                    (consumed, _) => self.reply(id, consumed.map(|_| Line::Ok { id })),
                }
            }
            Request::Get(request) => {
                self.settle().await;
                self.get(id, request.queue).await;
            }
            request => {
                self.settle().await;
                let answer = self.answer(id, request).await;
                self.reply(id, answer);
            }
        }
    }

    async fn answer(&mut self, id: NonZeroU64, request: Request) -> Result<Line, Failure> {
        match request {
            Request::Describe => return Ok(Line::Described(describe::described(id))),
            Request::Connect(request) => {
                self.disconnect().await?;
                self.session = Some(Session::connect(&request.url, self.output.clone()).await?);
            }
            Request::DeclareExchange(request) => self.open()?.declare_exchange(request).await?,
            Request::DeclareQueue(request) => self.open()?.declare_queue(request).await?,
            Request::Bind(request) => self.open()?.bind(request).await?,
            Request::Cancel(request) => self.open_mut()?.cancel(&request.queue).await?,
            Request::Publish(request) => return self.confirm(id, *request).await,
            other => return Err(Failure::bug(format!("{other:?} has its answer elsewhere"))),
        }
        Ok(Line::Ok { id })
    }

    fn publication(&self, request: Publish) -> Result<(&Session, Publication), Failure> {
        let publication = Publication::of(request)?;
        Ok((self.open()?, publication))
    }

    async fn confirm(&mut self, id: NonZeroU64, request: Publish) -> Result<Line, Failure> {
        let publication = Publication::of(request)?;
        Ok(match self.open_mut()?.confirm(publication).await? {
            Confirmation::Ack(Some(message)) | Confirmation::Nack(Some(message)) => {
                Line::Returned { id, code: message.reply_code, text: Text::from(message.reply_text.as_str()) }
            }
            Confirmation::Ack(None) => Line::Confirmed { id },
            Confirmation::Nack(None) => Line::Nacked { id },
            Confirmation::NotRequested => return Err(Failure::bug("the channel is not in confirm mode")),
        })
    }

    async fn get(&self, id: NonZeroU64, queue: Text) {
        let got = match self.open() {
            Ok(session) => session.get(queue).await,
            Err(failure) => Err(failure),
        };
        match got {
            Ok(Some(delivery)) => {
                self.output.put(&Line::Ok { id });
                self.output.put(&Line::Delivery(delivery));
            }
            Ok(None) => self.output.put(&Line::Empty { id }),
            Err(failure) => self.output.put(&Line::failed(id, failure)),
        }
    }

    // --- the connection ------------------------------------------------------------------------------------

    /// The open session. What is lost cannot be asked any more.
    fn open(&self) -> Result<&Session, Failure> {
        let session = self.session.as_ref().ok_or(Failure::Disconnected(None))?;
        session.check().map(|()| session)
    }

    fn open_mut(&mut self) -> Result<&mut Session, Failure> {
        let session = self.session.as_mut().ok_or(Failure::Disconnected(None))?;
        session.check().map(|()| session)
    }

    async fn disconnect(&mut self) -> Result<(), Failure> {
        match self.session.take() {
            Some(session) => session.close().await,
            None => Ok(()),
        }
    }

    // --- replies -------------------------------------------------------------------------------------------

    fn reply(&self, id: NonZeroU64, answer: Result<Line, Failure>) {
        self.output.put(&answer.unwrap_or_else(|failure| Line::failed(id, failure)));
    }

    /// Hand something over to the library, and reply when it is done with it and all before it.
    async fn start(&mut self, id: NonZeroU64, asked: Result<Ongoing, Failure>) {
        let mut ongoing = asked.unwrap_or_else(|failure| Box::pin(future::ready(Err(failure))));
        let first = poll_fn(|context| Poll::Ready(ongoing.as_mut().poll(context))).await;
        match first {
            Poll::Ready(done) if self.ongoing.is_empty() => self.reply(id, done.map(|()| Line::Ok { id })),
            Poll::Ready(done) => self.ongoing.push_back((id, Box::pin(future::ready(done)))),
            Poll::Pending => self.ongoing.push_back((id, ongoing)),
        }
        if self.ongoing.len() >= IN_FLIGHT {
            self.settle().await;
        }
    }

    /// Wait for all that is going on, and reply.
    async fn settle(&mut self) {
        while let Some((id, ongoing)) = self.ongoing.pop_front() {
            let done = ongoing.await;
            self.reply(id, done.map(|()| Line::Ok { id }));
        }
    }
}
