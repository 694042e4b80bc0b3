// A connection of amqplib with its channel, and one more channel in confirm mode once a publish asks for that:
// here a channel is made for confirms or is not, and does not change.

import { Disconnected, Refused, said } from '../failure.js';
import { guarded, within } from './installed.js';

/** @typedef {import('../peer.js').Link} Link */

const CLOSE_MILLISECONDS = 5000;
const BROKER_CODE = /[:;] (\d{3}) \([A-Z-]+\) with message/;

/** @implements {Link} */
export class AmqplibLink {
  #connection;
  #told;
  /** @type {any} */
  #channel;
  /** @type {any} the channel to publish on */
  #publisher;
  #confirming = false;
  #closing = false;
  /** @type {Disconnected | undefined} */
  #lost;
  /** @type {any} the last message that came back */
  #returned;
  /** @type {Map<string, string>} */
  #tags = new Map();
  #prefetch = 0;

  /**
   * @param {any} connection
   * @param {import('../peer.js').Told} told
   */
  constructor(connection, told) {
    this.#connection = connection;
    this.#told = told;
    connection.on('error', (/** @type {unknown} */ error) => this.#lose('connection', error));
    connection.on('close', (/** @type {unknown} */ error) =>
      this.#lose('connection', error ?? 'connection closed'),
    );
  }

  /**
   * @param {any} library
   * @param {string} url
   * @param {import('../peer.js').Told} told
   */
  static async open(library, url, told) {
    try {
      const link = new AmqplibLink(await library.connect(url), told);
      link.#channel = link.#publisher = link.#watched(await link.#connection.createChannel());
      return link;
    } catch (error) {
      throw failureOf(error, 'connection');
    }
  }

  /** @param {any} channel */
  #watched(channel) {
    channel.on('error', (/** @type {unknown} */ error) => this.#lose('channel', error));
    channel.on('return', (/** @type {any} */ message) => {
      this.#returned = message;
      process.stderr.write(`returned: ${message.fields.replyCode} ${message.fields.replyText}\n`);
    });
    return channel;
  }

  /**
   * @param {'channel' | 'connection'} scope
   * @param {unknown} error
   */
  #lose(scope, error) {
    if (this.#closing || this.#lost?.scope === 'connection' || this.#lost?.scope === scope) return;
    const lost = new Disconnected(scope, said(error), codeOf(error));
    this.#lost = lost;
    guarded(() => this.#told.closed(scope, lost.message, lost.code));
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
      throw failureOf(error, 'channel');
    }
  }

  #mustLive() {
    if (this.#lost) throw new Disconnected(this.#lost.scope, this.#lost.message, this.#lost.code);
  }

  async close() {
    if (this.#lost?.scope === 'connection') return;
    this.#closing = true;
    const late = () => new Refused(`connection.close had no answer in ${CLOSE_MILLISECONDS} ms`);
    try {
      await within(Promise.resolve(this.#connection.close()), CLOSE_MILLISECONDS, late);
    } catch (error) {
      const failure = failureOf(error, 'channel');
      if (!(failure instanceof Disconnected)) throw failure; // else the broker was faster: closed is closed
    }
  }

  /** @type {Link['declareExchange']} */
  declareExchange({ name, kind, durable = false, auto_delete: autoDelete = false, passive }, args) {
    if (passive) return this.#ask(() => this.#channel.checkExchange(name));
    return this.#ask(() =>
      this.#channel.assertExchange(name, kind, { durable, autoDelete, arguments: args }),
    );
  }

  /** @type {Link['declareQueue']} */
  declareQueue(request, args) {
    const { name, durable = false, exclusive = false, auto_delete: autoDelete = false, passive } = request;
    if (request.defaults) return this.#ask(() => this.#channel.assertQueue(name));
    if (passive) return this.#ask(() => this.#channel.checkQueue(name));
    return this.#ask(() =>
      this.#channel.assertQueue(name, { durable, exclusive, autoDelete, arguments: args }),
    );
  }

  /** @type {Link['bind']} */
  bind({ queue, exchange, routingKey }, args) {
    return this.#ask(() => this.#channel.bindQueue(queue, exchange, routingKey, args));
  }

  /** @type {Link['publish']} */
  async publish({ exchange, routingKey, mandatory, confirm, properties, body }) {
    const options = { ...properties, mandatory };
    if (confirm && !this.#confirming) {
      this.#publisher = this.#watched(await this.#ask(() => this.#connection.createConfirmChannel()));
      this.#confirming = true;
    }
    const channel = this.#publisher;
    if (!confirm) {
      await this.#ask(() => channel.publish(exchange, routingKey, body, options));
      return { type: 'ok' };
    }
    this.#returned = undefined;
    const nacked = await this.#ask(() => confirmed(channel, [exchange, routingKey, body, options]));
    if (nacked) return { type: 'nacked' };
    if (!this.#returned) return { type: 'confirmed' };
    const { replyCode, replyText } = this.#returned.fields;
    return { type: 'returned', code: replyCode, text: replyText };
  }

  /**
   * @param {import('../peer.js').Line} request
   * @param {object} args
   * @param {import('../peer.js').Subscriber} on
   */
  async consume({ queue, prefetch = 0, no_ack: noAck = false, exclusive = false }, args, on) {
    if (prefetch !== this.#prefetch) await this.#ask(() => this.#channel.prefetch(prefetch));
    this.#prefetch = prefetch;
    const take = (/** @type {any} */ message) => guarded(() => this.#took(queue, message, on));
    const options = { noAck, exclusive, arguments: args };
    const { consumerTag } = await this.#ask(() => this.#channel.consume(queue, take, options));
    this.#tags.set(queue, consumerTag);
  }

  /**
   * @param {string} queue
   * @param {any} message null when the broker has ended the consumer
   * @param {import('../peer.js').Subscriber} on
   */
  #took(queue, message, on) {
    if (message) return on.delivered(handed(message));
    this.#tags.delete(queue);
    on.cancelled();
  }

  /** @param {string} queue */
  async cancel(queue) {
    const tag = this.#tags.get(queue);
    if (tag === undefined) throw new Error(`nothing consumes ${queue}`);
    this.#tags.delete(queue);
    await this.#ask(() => this.#channel.cancel(tag));
  }

  /** @type {Link['get']} */
  async get(queue) {
    const message = await this.#ask(() => this.#channel.get(queue, { noAck: false }));
    return message ? handed(message) : undefined;
  }

  /** @type {Link['settle']} */
  settle({ op, delivery_tag: deliveryTag, multiple = false, requeue = true }) {
    const message = { fields: { deliveryTag } };
    return this.#ask(() => {
      if (op === 'ack') this.#channel.ack(message, multiple);
      else if (op === 'nack') this.#channel.nack(message, multiple, requeue);
      else this.#channel.reject(message, requeue);
    });
  }
}

/**
 * Publishes and waits: whether it was nacked. Old releases forget those who wait when a channel closes, so that
 * is listened for too; its reason is told within the same turn of the event loop.
 * @param {any} channel
 * @param {unknown[]} words
 * @returns {Promise<boolean>}
 */
function confirmed(channel, words) {
  return new Promise((resolve, reject) => {
    const ended = () => setImmediate(reject, new Error('channel closed'));
    channel.once('close', ended);
    channel.publish(...words, (/** @type {unknown} */ error) => {
      if (error instanceof Error && error.message === 'channel closed') return;
      channel.removeListener('close', ended);
      resolve(error !== null && error !== undefined);
    });
  });
}

/** @param {any} message */
function handed({ fields, properties, content }) {
  const { deliveryTag, redelivered, exchange, routingKey } = fields;
  return { deliveryTag, redelivered, exchange, routingKey, properties, body: content };
}

/** @param {unknown} error */
function codeOf(error) {
  const found = BROKER_CODE.exec(said(error));
  return found ? Number(found[1]) : undefined;
}

const GONE = /channel (closed|closing|ended)|connection (closed|closing)|socket closed abruptly/i;

/**
 * The news that channel or connection are gone, or else the library's own refusal.
 * @param {unknown} error
 * @param {'channel' | 'connection'} scope
 */
function failureOf(error, scope) {
  const code = codeOf(error);
  const network = error instanceof Error && 'syscall' in error;
  if (code !== undefined || network || GONE.test(said(error)))
    return new Disconnected(scope, said(error), code);
  return error instanceof Refused ? error : new Refused(said(error));
}
