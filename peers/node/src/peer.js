// Requests in, one after the other; replies and events out.
//
// An event leaves when it happens, a reply when its request is done, which is before the next one begins: that
// is how both libraries are used, with await.

import { Asked, NEVER, name } from './asked.js';
import { BrokenInput, Disconnected, Refused, said, Unsupported } from './failure.js';
import { askedBody, askedProperties, delivery } from './message.js';

/** @typedef {Record<string, any>} Line */
/**
 * @typedef {object} Told what a link tells of when nobody asked
 * @property {(scope: 'channel' | 'connection', message: string, code?: number) => void} closed
 */
/**
 * @typedef {object} Link a connection of a library, and its channel
 * @property {() => Promise<void>} close
 * @property {(request: Line, args: object) => Promise<unknown>} declareExchange
 * @property {(request: Line, args: object) => Promise<unknown>} declareQueue
 * @property {(request: Line, args: object) => Promise<unknown>} bind
 * @property {(publication: Publication) => Promise<Line>} publish the reply, without its id
 * @property {(request: Line, args: object, on: Subscriber) => Promise<unknown>} consume
 * @property {(queue: string) => Promise<unknown>} cancel
 * @property {(queue: string) => Promise<import('./message.js').Handed | undefined>} get
 * @property {(request: Line) => Promise<void>} settle
 */
/**
 * @typedef {object} Subscriber
 * @property {(handed: import('./message.js').Handed) => void} delivered
 * @property {() => void} cancelled
 */
/**
 * @typedef {object} Publication
 * @property {string} exchange
 * @property {string} routingKey
 * @property {boolean} mandatory
 * @property {boolean} confirm
 * @property {Record<string, any>} properties
 * @property {Buffer} body
 */
/**
 * @typedef {object} Library
 * @property {string} name
 * @property {string} version
 * @property {string[]} types that a producer can be told to send
 * @property {string[]} unsupported beside NEVER
 * @property {import('./asked.js').Dialect} dialect
 * @property {import('./native.js').Special} [special]
 * @property {(url: string, told: Told) => Promise<Link>} open
 */

export class Peer {
  #library;
  #lines;
  #check;
  #asked;
  /** @type {Link | undefined} */
  #link;

  /**
   * @param {Library} library
   * @param {import('./lines.js').Lines} lines
   * @param {import('./contract.js').Check} check of requests
   */
  constructor(library, lines, check) {
    this.#library = library;
    this.#lines = lines;
    this.#check = check;
    this.#asked = new Asked(library.dialect);
  }

  /**
   * Until close or the end of the input. An error for a line that cannot even be answered.
   * @param {AsyncIterable<Buffer>} input
   */
  async run(input) {
    let rest = '';
    const decoder = new TextDecoder('utf-8', { fatal: true });
    for await (const chunk of input) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = /** @type {string} */ (lines.pop());
      for (const line of lines) {
        if (line.trim() === '') continue;
        const request = parsed(line);
        await this.#serve(request);
        if (request.op === 'close') return;
      }
    }
    await this.#disconnect();
  }

  /** @param {Line} request */
  async #serve(request) {
    const { id } = request;
    const problem = this.#check(request);
    if (problem) {
      this.#fail(id, 'bug', `not a request of the protocol: ${problem}`);
      return;
    }
    try {
      await this.#handle(request, (reply) => this.#lines.send({ id, ...reply }));
    } catch (error) {
      this.#failed(id, error);
    }
  }

  /**
   * @param {Line} request
   * @param {(reply: Line) => void} reply
   */
  async #handle(request, reply) {
    const ok = () => reply({ type: 'ok' });
    switch (request.op) {
      case 'describe':
        return reply(this.#described());
      case 'connect':
        await this.#connect(request.url);
        return ok();
      case 'publish':
        return reply(await this.#publish(request));
      case 'consume':
        return this.#consume(request, ok);
      case 'get':
        return this.#get(request, reply);
      case 'close':
        await this.#disconnect();
        return ok();
      default:
        await this.#simple(request);
        return ok();
    }
  }

  /** @param {Line} request one whose answer is ok */
  async #simple(request) {
    const link = this.#open();
    switch (request.op) {
      case 'declare_exchange':
        return link.declareExchange(
          { ...request, name: name(request.name, 'exchange') },
          this.#table(request),
        );
      case 'declare_queue':
        return link.declareQueue({ ...request, name: name(request.name, 'queue') }, this.#table(request));
      case 'bind':
        return link.bind(
          {
            queue: name(request.queue, 'queue'),
            exchange: name(request.exchange, 'exchange'),
            routingKey: name(request.routing_key, 'routing_key'),
          },
          this.#table(request),
        );
      case 'cancel':
        return link.cancel(name(request.queue, 'queue'));
      case 'ack':
      case 'nack':
      case 'reject':
        return link.settle(request);
      default:
        throw new Error(`no such request: ${request.op}`);
    }
  }

  #described() {
    const { name: library, version, types, unsupported } = this.#library;
    return {
      type: 'described',
      library,
      version,
      language: 'node',
      runtime: `Node.js ${process.versions.node}`,
      roles: ['producer', 'consumer'],
      types,
      unsupported: [...NEVER, ...unsupported].sort(),
    };
  }

  /** @param {string} url */
  async #connect(url) {
    await this.#disconnect();
    this.#link = await this.#library.open(url, {
      closed: (scope, message, code) =>
        this.#lines.send({ type: 'closed', scope, message, ...(code === undefined ? {} : { code }) }),
    });
  }

  async #disconnect() {
    const link = this.#link;
    this.#link = undefined;
    await link?.close();
  }

  #open() {
    if (!this.#link) throw new Disconnected('connection', 'no connection is open: send connect first');
    return this.#link;
  }

  /** @param {Line} request */
  #table(request) {
    return this.#asked.table(request.arguments?.value ?? []);
  }

  /** @param {Line} request */
  #publish(request) {
    const link = this.#open();
    const { message, mandatory = false, confirm = false } = request;
    if (message.framing) throw new Unsupported('framing');
    return link.publish({
      exchange: name(request.exchange, 'exchange'),
      routingKey: name(request.routing_key, 'routing_key'),
      mandatory,
      confirm,
      properties: askedProperties(message.properties, this.#asked),
      body: askedBody(message.body),
    });
  }

  /**
   * Deliveries can come before the library's promise of the consumer is kept: they wait for the reply.
   * @param {Line} request
   * @param {() => void} ok
   */
  async #consume(request, ok) {
    const queue = name(request.queue, 'queue');
    /** @type {Line[] | undefined} */
    let early = [];
    const tell = (/** @type {Line} */ line) => (early ? early.push(line) : this.#lines.send(line));
    await this.#open().consume({ ...request, queue }, this.#table(request), {
      delivered: (handed) => tell(delivery(request.queue, handed, this.#library.special)),
      cancelled: () => tell({ type: 'cancelled', queue: request.queue }),
    });
    ok();
    const waiting = early;
    early = undefined;
    waiting.forEach(tell);
  }

  /**
   * @param {Line} request
   * @param {(reply: Line) => void} reply
   */
  async #get(request, reply) {
    const handed = await this.#open().get(name(request.queue, 'queue'));
    reply({ type: handed ? 'ok' : 'empty' });
    if (handed) this.#lines.send(delivery(request.queue, handed, this.#library.special));
  }

  /**
   * @param {number} id
   * @param {unknown} error
   */
  #failed(id, error) {
    if (error instanceof Unsupported) this.#fail(id, 'unsupported', error.message, { what: error.what });
    else if (error instanceof Refused) this.#fail(id, 'refused', error.message);
    else if (error instanceof Disconnected) {
      const { scope, code, message } = error;
      this.#fail(id, 'disconnected', message, code === undefined ? { scope } : { scope, code });
    } else this.#fail(id, 'bug', error instanceof Error ? (error.stack ?? error.message) : said(error));
  }

  /**
   * @param {number} id
   * @param {string} kind
   * @param {string} message
   * @param {Line} [more]
   */
  #fail(id, kind, message, more = {}) {
    this.#lines.send({ type: 'error', id, kind, message, ...more });
  }
}

/**
 * The object in a line, which has an id to answer it by.
 * @param {string} line
 * @returns {Line}
 */
function parsed(line) {
  try {
    const request = JSON.parse(line);
    if (Number.isSafeInteger(request?.id) && request.id >= 1) return request;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new BrokenInput('a line of standard input is no request with an id to answer it by');
}
