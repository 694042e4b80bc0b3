// A library that stands for a real one, and a peer on it. No test by itself.

import { readContract } from '../src/contract.js';
import { Lines } from '../src/lines.js';
import { Peer } from '../src/peer.js';
import { require, SCHEMA } from './vectors.js';

const CONTRACT = readContract(require('ajv/dist/2020'), SCHEMA);

/**
 * What a peer says to these requests, or lines of them.
 * @param {Partial<import('../src/peer.js').Link>} link
 * @param {(object | string)[]} requests
 * @param {(told: import('../src/peer.js').Told) => void} [opened]
 * @returns {Promise<any[]>}
 */
export async function answers(link, requests, opened = () => {}) {
  /** @type {any[]} */
  const said = [];
  const lines = new Lines(
    (text) =>
      said.push(
        ...text
          .trimEnd()
          .split('\n')
          .map((one) => JSON.parse(one)),
      ),
    CONTRACT.line,
  );
  const library = fake(link, opened);
  await new Peer(library, lines, CONTRACT.request).run(input(requests));
  lines.flush();
  return said;
}

/**
 * @param {Partial<import('../src/peer.js').Link>} link
 * @param {(told: import('../src/peer.js').Told) => void} opened
 * @returns {import('../src/peer.js').Library}
 */
function fake(link, opened) {
  const plain = (/** @type {unknown} */ value) => value;
  return {
    name: 'fake',
    version: '1.0',
    types: [],
    unsupported: [],
    dialect: {
      integer: (_, value) => Number(value),
      real: (_, value) => value,
      decimal: plain,
      time: plain,
      timestamp: plain,
    },
    async open(_, told) {
      opened(told);
      return /** @type {any} */ ({ close: async () => {}, ...link });
    },
  };
}

/** @param {(object | string)[]} requests */
async function* input(requests) {
  const text = requests.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join('\n');
  const octets = Buffer.from(`${text}\n`);
  yield octets.subarray(0, 7); // a line need not come in one piece
  yield octets.subarray(7);
}

export const CONNECT = { op: 'connect', id: 1, url: 'amqp://x' };
export const MESSAGE = { properties: {}, body: { type: 'inline', value: 'x' } };
export const HANDED = {
  deliveryTag: 1,
  redelivered: false,
  exchange: '',
  routingKey: 'q',
  properties: {},
  body: Buffer.from('x'),
};

/** A function that counts how often it was called. */
export function counter() {
  const made = {
    calls: 0,
    async count() {
      made.calls += 1;
    },
  };
  return made;
}
