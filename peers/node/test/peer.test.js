import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Disconnected, Refused } from '../src/failure.js';
import { answers, CONNECT, counter, HANDED, MESSAGE } from './fake.js';

const PUBLISH = { op: 'publish', id: 2, exchange: '', routing_key: 'q', message: MESSAGE };
const types = (/** @type {any[]} */ lines) => lines.map((line) => line.type);

test('describe is answered before any connection', async () => {
  const [line] = await answers({}, [{ op: 'describe', id: 1 }]);
  assert.deepEqual([line.library, line.version, line.roles], ['fake', '1.0', ['producer', 'consumer']]);
  assert.ok(line.unsupported.includes('framing'));
});

test('close is answered, and what follows it is not', async () => {
  const lines = await answers({}, [CONNECT, { op: 'close', id: 2 }, { op: 'describe', id: 3 }]);
  assert.deepEqual(types(lines), ['ok', 'ok']);
});

test('the end of the input closes the connection', async () => {
  const close = counter();
  await answers({ close: close.count }, [CONNECT]);
  assert.equal(close.calls, 1);
});

test('a second connect closes the first connection', async () => {
  const close = counter();
  await answers({ close: close.count }, [CONNECT, { ...CONNECT, id: 2 }]);
  assert.equal(close.calls, 2);
});

test('a request before connect is disconnected', async () => {
  const [line] = await answers({}, [{ ...PUBLISH, id: 1 }]);
  assert.deepEqual([line.kind, line.scope], ['disconnected', 'connection']);
});

test('a line that is no request of the contract is a bug, and the next is answered', async () => {
  const lines = await answers({}, [
    { op: 'get', id: 1 },
    { op: 'describe', id: 2 },
  ]);
  assert.deepEqual([lines[0].kind, lines[1].type], ['bug', 'described']);
});

test('a line without an id ends the peer', async () => {
  await assert.rejects(answers({}, [{ op: 'describe' }]), /no request with an id/);
  await assert.rejects(answers({}, ['{']), /no request with an id/);
});

const FAILURES = [
  ['what the library refuses', new Refused('no'), { kind: 'refused', message: 'no' }],
  [
    'a lost channel',
    new Disconnected('channel', 'gone', 404),
    { kind: 'disconnected', scope: 'channel', code: 404 },
  ],
  [
    'a lost connection',
    new Disconnected('connection', 'gone'),
    { kind: 'disconnected', scope: 'connection' },
  ],
  ['an error of the adapter', new Error('oops'), { kind: 'bug' }],
];
for (const [what, error, expected] of /** @type {[string, Error, object][]} */ (FAILURES)) {
  test(`${what} is told as ${JSON.stringify(expected)}`, async () => {
    const publish = async () => {
      throw error;
    };
    const lines = await answers({ publish }, [CONNECT, PUBLISH]);
    for (const [key, value] of Object.entries(expected)) assert.equal(lines[1][key], value);
  });
}

test('framing, and names that are no text, are unsupported', async () => {
  const framed = { ...PUBLISH, message: { ...MESSAGE, framing: { body_size: 1 } } };
  const lines = await answers({}, [
    CONNECT,
    framed,
    { ...PUBLISH, id: 3, routing_key: { base64: '/w==' } },
    { op: 'get', id: 4, queue: { base64: '/w==' } },
  ]);
  assert.deepEqual(
    lines.slice(1).map((line) => line.what),
    ['framing', 'routing_key:non-utf8', 'queue:non-utf8'],
  );
});

test('a publish waits for the one before it', async () => {
  /** @type {string[]} */
  const order = [];
  const publish = async (/** @type {any} */ { routingKey }) => {
    order.push(`${routingKey} begins`);
    await new Promise(setImmediate);
    order.push(`${routingKey} ends`);
    return { type: 'ok' };
  };
  await answers({ publish }, [
    CONNECT,
    { ...PUBLISH, routing_key: 'a' },
    { ...PUBLISH, id: 3, routing_key: 'b' },
  ]);
  assert.deepEqual(order, ['a begins', 'a ends', 'b begins', 'b ends']);
});

test('a delivery that comes before the library has said ok to consume is told after it', async () => {
  /** @type {import('../src/peer.js').Link['consume']} */
  const consume = async (_request, _args, on) => on.delivered(HANDED);
  const lines = await answers({ consume }, [CONNECT, { op: 'consume', id: 2, queue: 'q' }]);
  assert.deepEqual(types(lines), ['ok', 'ok', 'delivery']);
});

test('a cancelled consumer is told by its queue', async () => {
  /** @type {import('../src/peer.js').Link['consume']} */
  const consume = async (_request, _args, on) => on.cancelled();
  const lines = await answers({ consume }, [CONNECT, { op: 'consume', id: 2, queue: 'q' }]);
  assert.deepEqual(lines[2], { type: 'cancelled', queue: 'q' });
});

test('a get is ok and one delivery, or empty', async () => {
  const get = async (/** @type {string} */ queue) => (queue === 'full' ? HANDED : undefined);
  const lines = await answers({ get }, [
    CONNECT,
    { op: 'get', id: 2, queue: 'full' },
    { op: 'get', id: 3, queue: 'bare' },
  ]);
  assert.deepEqual(types(lines), ['ok', 'ok', 'delivery', 'empty']);
});

test('a close that nobody asked for is told, with the code if there is one', async () => {
  const lines = await answers({}, [CONNECT], (told) => {
    told.closed('channel', 'gone', 404);
    told.closed('connection', 'gone');
  });
  assert.deepEqual(lines.slice(0, 2), [
    { type: 'closed', scope: 'channel', message: 'gone', code: 404 },
    { type: 'closed', scope: 'connection', message: 'gone' },
  ]);
});
