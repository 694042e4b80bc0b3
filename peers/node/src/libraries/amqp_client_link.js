// A connection of @cloudamqp/amqp-client with its one channel.
//
// How it tells of a close changed: 2.0 only by the consumers' wait(), 2.1 by onerror of the client, 3.0 by
// onerror of the channel too. All are listened to, and the text says what was closed.

import { Disconnected, Refused, said } from '../failure.js';
import { guarded, within } from './installed.js';

/** @typedef {import('../peer.js').Link} Link */

const CLOSE_MILLISECONDS = 5000;
const CLOSED = /(connection|channel \d+) closed: .*\((\d{3})\)$/s;
const CHANNEL_GONE = 'Channel is closed';
const CONNECTION_GONE = ['Connection closed', 'Socket not connected', 'Socket closed', 'Connection ended'];
const CANCELLED = 'Consumer cancelled by the server';

/** @implements {Link} */
export class AmqpClientLink {
  #client;
  #told;
  /** @type {any} */
  #channel;
  #confirming = false;
  #closing = false;
  /** @type {Disconnected | undefined} */
  #lost;
  /** @type {any} the last message that came back */
  #returned;
  /** @type {Map<string, any>} */
  #consumers = new Map();
  #prefetch = 0;

  /**
   * @param {any} client
   * @param {import('../peer.js').Told} told
   */
  constructor(client, told) {
    this.#client = client;
    this.#told = told;
  }

  /**
   * @param {any} AMQPClient
   * @param {string} url
   * @param {import('../peer.js').Told} told
   */
  static async open(AMQPClient, url, told) {
    try {
      const client = new AMQPClient(url);
      await client.connect();
      const link = new AmqpClientLink(client, told);
      client.onerror = (/** @type {unknown} */ error) => link.#lose(error);
      link.#watch(await client.channel());
      return link;
    } catch (error) {
      throw failureOf(error);
    }
  }

  /** @param {any} channel */
  #watch(channel) {
    this.#channel = channel;
    channel.onerror = (/** @type {unknown} */ reason) => this.#lose(reason);
    channel.onReturn = (/** @type {any} */ message) => {
      this.#returned = message;
      process.stderr.write(`returned: ${message.replyCode} ${message.replyText}\n`);
    };
  }

  /** @param {unknown} error */
  #lose(error) {
    const lost = lossOf(error) ?? new Disconnected('connection', said(error));
    if (this.#closing || this.#lost?.scope === 'connection' || this.#lost?.scope === lost.scope) return;
    this.#lost = lost;
    guarded(() => this.#told.closed(lost.scope, lost.message, lost.code));
  }

  /**
   * What the library is asked for, with its errors told apart.
   * @template T
   * @param {() => T} ask
   * @returns {Promise<Awaited<T>>}
   */
  async #ask(ask) {
    this.#mustLive();
    try {
      return await ask();
    } catch (error) {
      this.#mustLive();
      throw failureOf(error);
    }
  }

  #mustLive() {
    if (this.#lost) throw new Disconnected(this.#lost.scope, this.#lost.message, this.#lost.code);
  }

  /** Its promise is never kept if the broker closes the connection meanwhile; then the socket's end is one. */
  async close() {
    if (this.#lost?.scope === 'connection') return;
    this.#closing = true;
    const ended = new Promise((resolve) => this.#client.socket.once('close', resolve));
    const late = () => new Refused(`connection.close had no answer in ${CLOSE_MILLISECONDS} ms`);
    try {
      await within(Promise.race([this.#client.close(), ended]), CLOSE_MILLISECONDS, late);
    } catch (error) {
      const failure = failureOf(error);
      if (!(failure instanceof Disconnected)) throw failure; // else the broker was faster: closed is closed
    }
  }

  /** @type {Link['declareExchange']} */
  declareExchange({ name, kind, durable = false, auto_delete: autoDelete = false, passive = false }, args) {
    return this.#ask(() => this.#channel.exchangeDeclare(name, kind, { passive, durable, autoDelete }, args));
  }

  /** @type {Link['declareQueue']} */
  declareQueue(request, args) {
    const {
      name,
      durable = false,
      exclusive = false,
      auto_delete: autoDelete = false,
      passive = false,
    } = request;
    if (request.defaults) return this.#ask(() => this.#channel.queueDeclare(name));
    return this.#ask(() =>
      this.#channel.queueDeclare(name, { passive, durable, autoDelete, exclusive }, args),
    );
  }

  /** @type {Link['bind']} */
  bind({ queue, exchange, routingKey }, args) {
    return this.#ask(() => this.#channel.queueBind(queue, exchange, routingKey, args));
  }

  /** @type {Link['publish']} */
  async publish({ exchange, routingKey, mandatory, confirm, properties, body }) {
    if (confirm && !this.#confirming) {
      await this.#ask(() => this.#channel.confirmSelect());
      this.#confirming = true;
    }
    this.#returned = undefined;
    const words = [exchange, routingKey, body, properties, mandatory];
    // In confirm mode its promise is kept when the broker has answered, asked for or not.
    const acked = await this.#ask(() => this.#channel.basicPublish(...words).then(() => true, nacked));
    if (!confirm) return { type: 'ok' };
    if (!acked) return { type: 'nacked' };
    if (!this.#returned) return { type: 'confirmed' };
    return { type: 'returned', code: this.#returned.replyCode, text: this.#returned.replyText };
  }

  /**
   * @param {import('../peer.js').Line} request
   * @param {object} args
   * @param {import('../peer.js').Subscriber} on
   */
  async consume({ queue, prefetch = 0, no_ack: noAck = false, exclusive = false }, args, on) {
    if (prefetch !== this.#prefetch) await this.#ask(() => this.#channel.prefetch(prefetch));
    this.#prefetch = prefetch;
    const take = (/** @type {any} */ message) => guarded(() => on.delivered(handed(message)));
    const options = { noAck, exclusive, args };
    const consumer = await this.#ask(() => this.#channel.basicConsume(queue, options, take));
    this.#consumers.set(queue, consumer);
    consumer.wait().catch((/** @type {unknown} */ error) => this.#ended(queue, error, on));
  }

  /**
   * @param {string} queue
   * @param {unknown} error
   * @param {import('../peer.js').Subscriber} on
   */
  #ended(queue, error, on) {
    this.#consumers.delete(queue);
    if (error instanceof Error && error.message === CANCELLED) guarded(on.cancelled);
    else this.#lose(error);
  }

  /** @param {string} queue */
  async cancel(queue) {
    const consumer = this.#consumers.get(queue);
    if (consumer === undefined) throw new Error(`nothing consumes ${queue}`);
    this.#consumers.delete(queue);
    await this.#ask(() => consumer.cancel());
  }

  /** @type {Link['get']} */
  async get(queue) {
    const message = await this.#ask(() => this.#channel.basicGet(queue, { noAck: false }));
    return message ? handed(message) : undefined;
  }

  /** @type {Link['settle']} */
  settle({ op, delivery_tag: tag, multiple = false, requeue = true }) {
    return this.#ask(() => {
      if (op === 'ack') return this.#channel.basicAck(tag, multiple);
      if (op === 'nack') return this.#channel.basicNack(tag, requeue, multiple);
      return this.#channel.basicReject(tag, requeue);
    });
  }
}

/** @param {unknown} error */
function nacked(error) {
  if (error instanceof Error && error.message === 'Message rejected') return false;
  throw error;
}

/** @param {any} message */
function handed({ deliveryTag, redelivered, exchange, routingKey, properties, body }) {
  return { deliveryTag, redelivered, exchange, routingKey, properties, body };
}

/** @param {unknown} error */
function lossOf(error) {
  const text = error instanceof Error ? error.message : String(error);
  const found = CLOSED.exec(text);
  if (!found) return undefined;
  return new Disconnected(found[1] === 'connection' ? 'connection' : 'channel', text, Number(found[2]));
}

/**
 * The news that channel or connection are gone, or else the library's own refusal.
 * @param {unknown} error
 */
function failureOf(error) {
  const lost = lossOf(error);
  if (lost) return lost;
  const text = error instanceof Error ? error.message : String(error);
  if (text === CHANNEL_GONE) return new Disconnected('channel', text);
  const network = error instanceof Error && 'syscall' in error;
  if (network || CONNECTION_GONE.includes(text) || / E[A-Z]{4,} /.test(text)) {
    return new Disconnected('connection', text);
  }
  return error instanceof Refused ? error : new Refused(said(error));
}
