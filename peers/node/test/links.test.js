// The two links, on stand-ins for the libraries that behave as these do in one respect.

import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { AmqpClientLink } from '../src/libraries/amqp_client_link.js';
import { AmqplibLink } from '../src/libraries/amqplib_link.js';
import { counter } from './fake.js';

const PUBLICATION = {
  exchange: 'e',
  routingKey: 'k',
  mandatory: true,
  confirm: true,
  properties: {},
  body: Buffer.from('x'),
};
const CLOSE_404 = 'Channel closed by server: 404 (NOT-FOUND) with message "NOT_FOUND - no exchange"';

class Told {
  /** @type {unknown[][]} */
  closes = [];
  closed = (/** @type {unknown[]} */ ...words) => void this.closes.push(words);
}

/** @param {Record<string, any>} channel what its channels do */
async function amqplibLink(channel) {
  const told = new Told();
  const make = () => Object.assign(new EventEmitter(), channel);
  const made = { channel: make(), confirming: make() };
  const connection = Object.assign(new EventEmitter(), {
    createChannel: async () => made.channel,
    createConfirmChannel: async () => made.confirming,
    close: async () => {},
  });
  const link = await AmqplibLink.open({ connect: async () => connection }, 'amqp://x', told);
  return { link, told, connection, ...made };
}

/** @param {Record<string, any>} channel */
async function clientLink(channel, client = {}) {
  const told = new Told();
  const made = { channel: { confirmSelect: async () => {}, ...channel } };
  class AMQPClient {
    socket = new EventEmitter();
    connect = async () => {};
    channel = async () => made.channel;
    close = async () => {};
    /** @type {any} */
    onerror;
    constructor() {
      last = Object.assign(this, client);
    }
  }
  /** @type {any} */
  let last;
  const link = await AmqpClientLink.open(AMQPClient, 'amqp://x', told);
  return { link, told, client: last, channel: /** @type {any} */ (made.channel) };
}

test('by its defaults either library is given the name of a queue and nothing else', async () => {
  /** @type {unknown[][]} */
  const asked = [];
  const declare = async (/** @type {unknown[]} */ ...words) => void asked.push(words);
  const links = [await amqplibLink({ assertQueue: declare }), await clientLink({ queueDeclare: declare })];
  for (const { link } of links) await link.declareQueue({ name: 'q', defaults: true }, {});
  assert.deepEqual(asked, [['q'], ['q']]);
});

const returned = { fields: { replyCode: 312, replyText: 'NO_ROUTE' } };

/** @type {[string, (this: EventEmitter, ...words: any[]) => void, object][]} */
const FATES = [
  ['an ack is confirmed', (...words) => words[4](null), { type: 'confirmed' }],
  ['a nack is nacked', (...words) => words[4](new Error('message nacked')), { type: 'nacked' }],
  [
    'a return before the ack is returned',
    function (...words) {
      this.emit('return', returned);
      words[4](null);
    },
    { type: 'returned', code: 312, text: 'NO_ROUTE' },
  ],
];
for (const [claim, publish, expected] of FATES) {
  test(`amqplib: ${claim}`, async () => {
    const { link } = await amqplibLink({ publish });
    assert.deepEqual(await link.publish(PUBLICATION), expected);
  });
}

test('amqplib: a return of an earlier message is not of the next', async () => {
  const { link, channel, confirming } = await amqplibLink({
    publish: (/** @type {any[]} */ ...words) => words[4]?.(null),
  });
  await link.publish({ ...PUBLICATION, confirm: false });
  channel.emit('return', returned);
  assert.deepEqual(await link.publish(PUBLICATION), { type: 'confirmed' });
  confirming.emit('return', returned);
  assert.deepEqual(await link.publish(PUBLICATION), { type: 'confirmed' });
});

test('amqplib: a channel that closes before the confirm ends the wait, with the code', async () => {
  const publish = (/** @type {any} */ this_) => {
    queueMicrotask(() => {
      this_.emit('error', new Error(CLOSE_404));
      this_.emit('close');
    });
  };
  const { link, told } = await amqplibLink({
    publish() {
      publish(this);
    },
  });
  await assert.rejects(link.publish(PUBLICATION), { scope: 'channel', code: 404 });
  assert.deepEqual(
    told.closes.map(([scope, , code]) => [scope, code]),
    [['channel', 404]],
  );
});

test('amqplib: what it raises on a channel that lives is its refusal', async () => {
  const publish = () => {
    throw new RangeError('out of range');
  };
  const { link } = await amqplibLink({ publish });
  await assert.rejects(link.publish({ ...PUBLICATION, confirm: false }), (error) => {
    assert.ok(error instanceof Error);
    assert.deepEqual([error.constructor.name, error.message], ['Refused', 'RangeError: out of range']);
    return true;
  });
});

test('amqplib: a lost connection is told once, and the channel with it is not', async () => {
  const { link, told, connection, channel } = await amqplibLink({ ack: () => {} });
  connection.emit(
    'error',
    new Error('Connection closed: 541 (INTERNAL-ERROR) with message "INTERNAL_ERROR"'),
  );
  channel.emit('error', new Error('Channel ended'));
  connection.emit('close', new Error('again'));
  assert.deepEqual(
    told.closes.map(([scope, , code]) => [scope, code]),
    [['connection', 541]],
  );
  await assert.rejects(link.settle({ op: 'ack', delivery_tag: 1 }), { scope: 'connection', code: 541 });
});

test('amqplib: a close that was asked for is not told', async () => {
  const { link, told, connection } = await amqplibLink({});
  const closing = link.close();
  connection.emit('close');
  await closing;
  assert.deepEqual(told.closes, []);
});

test('amqplib: null in place of a message is a cancelled consumer', async () => {
  /** @type {any} */
  let take;
  const consume = async (/** @type {string} */ _queue, /** @type {any} */ callback) => {
    take = callback;
    return { consumerTag: 't' };
  };
  const { link } = await amqplibLink({ consume });
  const cancelled = counter();
  await link.consume({ queue: 'q' }, {}, { delivered: () => assert.fail(), cancelled: cancelled.count });
  take(null);
  assert.equal(cancelled.calls, 1);
});

test('amqp-client: an ack is confirmed, a nack nacked, a return returned', async () => {
  const acked = await clientLink({ basicPublish: async () => 1 });
  assert.deepEqual(await acked.link.publish(PUBLICATION), { type: 'confirmed' });
  const nacked = await clientLink({ basicPublish: () => Promise.reject(new Error('Message rejected')) });
  assert.deepEqual(await nacked.link.publish(PUBLICATION), { type: 'nacked' });
  const back = await clientLink({
    async basicPublish() {
      /** @type {any} */ (this).onReturn({ replyCode: 312, replyText: 'NO_ROUTE' });
    },
  });
  assert.deepEqual(await back.link.publish(PUBLICATION), { type: 'returned', code: 312, text: 'NO_ROUTE' });
});

test('amqp-client: a text that it throws is a refusal as an error is', async () => {
  const { link } = await clientLink({ basicPublish: () => Promise.reject('Unsupported field type') });
  await assert.rejects(link.publish(PUBLICATION), (error) => {
    assert.ok(error instanceof Error);
    assert.deepEqual([error.constructor.name, error.message], ['Refused', 'Unsupported field type']);
    return true;
  });
});

test('amqp-client: the text of a close says its scope and code', async () => {
  const first = await clientLink({});
  first.channel.onerror("channel 1 closed: NOT_FOUND - no queue 'q' (404)");
  assert.deepEqual(
    first.told.closes.map(([scope, , code]) => [scope, code]),
    [['channel', 404]],
  );
  const second = await clientLink({});
  second.channel.onerror('connection closed: INTERNAL_ERROR (541)');
  second.client.onerror(new Error('connection closed: INTERNAL_ERROR (541)'));
  assert.deepEqual(
    second.told.closes.map(([scope, , code]) => [scope, code]),
    [['connection', 541]],
  );
});

test('amqp-client: a close that the broker overtakes ends with the socket', async () => {
  const { link, client } = await clientLink({}, { close: () => new Promise(() => {}) });
  const closing = link.close();
  client.socket.emit('close');
  await closing;
});

test('amqp-client: a consumer that the broker cancelled is told, one of a lost channel is a close', async () => {
  /** @type {(error: Error) => void} */
  let fail = () => {};
  const wait = () =>
    new Promise((_, reject) => {
      fail = reject;
    });
  const { link, told } = await clientLink({ basicConsume: async () => ({ wait }) });
  const cancelled = counter();
  const on = { delivered: () => assert.fail(), cancelled: cancelled.count };
  await link.consume({ queue: 'a' }, {}, on);
  fail(new Error('Consumer cancelled by the server'));
  await new Promise(setImmediate);
  assert.deepEqual([cancelled.calls, told.closes.length], [1, 0]);
  await link.consume({ queue: 'b' }, {}, on);
  fail(new Error('channel 1 closed: PRECONDITION_FAILED (406)'));
  await new Promise(setImmediate);
  assert.deepEqual([cancelled.calls, told.closes.length], [1, 1]);
});
