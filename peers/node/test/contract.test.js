import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readContract } from '../src/contract.js';
import { Lines } from '../src/lines.js';
import { require, SCHEMA } from './vectors.js';

const { request, line } = readContract(require('ajv/dist/2020'), SCHEMA);
const PUBLISH = {
  op: 'publish',
  id: 1,
  exchange: '',
  routing_key: { base64: '/w==' },
  message: {
    properties: { headers: { type: 'table', value: [['k', { type: 'int8', value: '-1' }]] } },
    body: { type: 'inline', value: 'x' },
  },
};

test('requests of the contract are accepted', () => {
  assert.equal(request({ op: 'describe', id: 1 }), undefined);
  assert.equal(request(PUBLISH), undefined);
  assert.equal(request({ op: 'cancel', id: 2, queue: 'q' }), undefined);
});

const BROKEN = [
  ['an unknown request', { op: 'dance', id: 1 }, /"dance"/],
  ['no request', 5, /\$\.op/],
  ['an unknown field', { op: 'describe', id: 1, more: 1 }, /additional/],
  ['a missing field', { op: 'get', id: 1 }, /queue/],
  ['an unknown type deep inside', deep({ type: 'int9', value: '1' }), /headers/],
  ['a number that is no text', deep({ type: 'int8', value: 1 }), /value/],
];
for (const [what, broken, complaint] of /** @type {[string, unknown, RegExp][]} */ (BROKEN)) {
  test(`${what} is refused, and the complaint names the place`, () => {
    assert.match(request(broken) ?? 'accepted', complaint);
  });
}

/** @param {unknown} value */
function deep(value) {
  const properties = { headers: { type: 'table', value: [['k', value]] } };
  return { ...PUBLISH, message: { ...PUBLISH.message, properties } };
}

test('a line that breaks the contract is never written', () => {
  const lines = new Lines(() => assert.fail('it was written'), line);
  assert.throws(() => lines.send({ type: 'ok', id: 0 }), /breaks the contract/);
  lines.flush();
});

test('the lines of one turn of the event loop leave together, in order', async () => {
  /** @type {string[]} */
  const written = [];
  const lines = new Lines((text) => written.push(text), line);
  lines.send({ type: 'ok', id: 1 });
  lines.send({ type: 'empty', id: 2 });
  assert.equal(written.length, 0);
  await new Promise(setImmediate);
  assert.deepEqual(written, ['{"type":"ok","id":1}\n{"type":"empty","id":2}\n']);
});

test('many lines do not wait for the end of the turn', () => {
  /** @type {string[]} */
  const written = [];
  const lines = new Lines((text) => written.push(text), line);
  for (let id = 1; id <= 600; id += 1) lines.send({ type: 'ok', id });
  assert.equal(written.length, 1);
});
