import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Asked } from '../src/asked.js';
import { Unsupported } from '../src/failure.js';
import { amqpClient } from '../src/libraries/amqp_client.js';
import { amqplib, knownTypes, special } from '../src/libraries/amqplib.js';
import { bits, native } from '../src/native.js';
import { bytesOf, stringOf, textOf } from '../src/text.js';
import { atBest, MODULES, octets, require, tableOf, vectors } from './vectors.js';

const { encodeTable, decodeFields } = require(`${MODULES}/amqplib/lib/codec.js`);
const { AMQPView } = require('@cloudamqp/amqp-client/amqp-view');
const LIB = amqplib(require, MODULES);
const CLIENT = amqpClient(require, MODULES);
const FIELDS = vectors('fields.json');

// What a vector's octets have that JavaScript, or a library, has not.
const NEGATIVE_DECIMAL = (/** @type {any} */ { type, value }) =>
  type === 'decimal' && value.unscaled.startsWith('-');

/**
 * The octets of a field as the library writes it; undefined where it cannot be asked for it.
 * @param {import('../src/peer.js').Library} library
 * @param {any} value
 * @param {(table: object) => Buffer} encode
 */
function written(library, value, encode) {
  try {
    return encode({ k: new Asked(library.dialect).field(value) }).toString('hex');
  } catch (error) {
    if (error instanceof Unsupported) return undefined;
    throw error;
  }
}

/** @param {object} table */
function byAmqplib(table) {
  const buffer = Buffer.alloc(1 << 16);
  return buffer.subarray(0, encodeTable(buffer, table, 0));
}

/** @param {any} table */
function byClient(table) {
  const view = new AMQPView(new ArrayBuffer(1 << 16));
  return Buffer.from(view.buffer, 0, view.setTable(0, table));
}

test('amqplib writes every value that it can be asked for in exactly its type', () => {
  let compared = 0;
  for (const { name, value, hex } of FIELDS.filter((each) => !NEGATIVE_DECIMAL(each.value))) {
    if (isSignallingNan(value)) continue;
    const got = written(LIB, value, byAmqplib);
    if (got === undefined) continue;
    assert.equal(got, tableOf(octets(hex)).toString('hex'), name);
    compared += 1;
  }
  assert.ok(compared > 60, `only ${compared} vectors were compared`);
});

test('amqplib raises on a negative decimal', () => {
  const negative = FIELDS.filter((each) => NEGATIVE_DECIMAL(each.value));
  assert.notEqual(negative.length, 0);
  for (const { value } of negative) assert.throws(() => written(LIB, value, byAmqplib), RangeError);
});

test('amqp-client writes the types that it says it can be told in exactly these', () => {
  let compared = 0;
  const simple = CLIENT.types.filter((type) => type !== 'array' && type !== 'table');
  for (const { name, value, hex } of FIELDS.filter((each) => simple.includes(each.value.type))) {
    const got = written(CLIENT, value, byClient);
    if (got === undefined) continue;
    assert.equal(got, tableOf(octets(hex)).toString('hex'), name);
    compared += 1;
  }
  assert.ok(compared > 20, `only ${compared} vectors were compared`);
});

test('what amqplib hands over is reported as the JavaScript value that it is', () => {
  let compared = 0;
  for (const { name, value, hex } of FIELDS) {
    if (
      ['longlong', 'unparsed'].includes(value.type) ||
      NEGATIVE_DECIMAL(value) ||
      !isHeldByJavaScript(value)
    )
      continue;
    const { k } = decodeFields(tableOf(octets(hex)).subarray(4));
    assert.deepEqual(native(k, special), atBest(value), name);
    compared += 1;
  }
  assert.ok(compared > 60, `only ${compared} vectors were compared`);
});

test('what amqp-client hands over is reported as the JavaScript value that it is', () => {
  let compared = 0;
  for (const { name, value, hex } of FIELDS) {
    if (['longlong', 'unparsed', 'decimal', 'array', 'table'].includes(value.type)) continue;
    if (
      !isHeldByJavaScript(value) ||
      (value.type === 'timestamp' && BigInt(value.value) > 8_640_000_000_000n)
    )
      continue;
    const table = tableOf(octets(hex));
    const view = new AMQPView(table.buffer, table.byteOffset, table.length);
    const [{ k }] = view.getTable(0);
    assert.deepEqual(native(k), atBest(value), name);
    compared += 1;
  }
  assert.ok(compared > 50, `only ${compared} vectors were compared`);
});

/** A NaN of the kind that any arithmetic makes quiet, reading it into a number included.
 * @param {any} value */
function isSignallingNan({ type, value }) {
  return (type === 'double' && /^7ff4/.test(value)) || (type === 'float' && /^7fa/.test(value));
}

/** @param {any} value */
function isHeldByJavaScript({ type, value }) {
  if (isSignallingNan({ type, value })) return false;
  if (type === 'timestamp') return BigInt(value) < 2n ** 53n;
  if (type === 'longstr') return stringOf(value) !== undefined;
  if (type === 'array') return value.every(isHeldByJavaScript);
  if (type === 'table')
    return value.every(
      (/** @type {any} */ [key, item]) => typeof key === 'string' && isHeldByJavaScript(item),
    );
  return true;
}

test('a type that a release of amqplib does not know is given as a plain number', () => {
  const old = (/** @type {Buffer} */ _buffer, /** @type {any} */ { k }) => {
    if (!['float', 'timestamp', 'decimal'].includes(k['!']))
      throw new TypeError(`Unknown type to encode: ${k['!']}`);
    return 1;
  };
  const known = knownTypes(old);
  assert.deepEqual([...known.types], ['float', 'decimal', 'timestamp']);
  assert.equal(known.bigints, false);
});

test('an encoder that raises for another reason is not taken for one that lacks a type', () => {
  const broken = () => {
    throw new RangeError('no room');
  };
  assert.throws(() => knownTypes(broken), RangeError);
});

const UNSUPPORTED = [
  ['a longlong', { type: 'longlong', value: '1' }, 'type:longlong'],
  ['an unknown tag', { type: 'unparsed', tag: 'VQ==', rest: '' }, 'type:unparsed'],
  ['text that is no text', { type: 'longstr', value: { base64: '/w==' } }, 'longstr:non-utf8'],
  [
    'a key that is no text',
    { type: 'table', value: [[{ base64: '/w==' }, { type: 'void' }]] },
    'key:non-utf8',
  ],
  [
    'a key twice',
    {
      type: 'table',
      value: [
        ['a', { type: 'void' }],
        ['a', { type: 'void' }],
      ],
    },
    'duplicate-keys',
  ],
];
for (const [what, value, name] of /** @type {[string, any, string][]} */ (UNSUPPORTED)) {
  test(`${what} is unsupported as ${name}, by both libraries`, () => {
    for (const library of [LIB, CLIENT]) {
      assert.throws(() => new Asked(library.dialect).field(value), { what: name });
    }
  });
}

test('a decimal is unsupported by amqp-client only', () => {
  const value = { type: 'decimal', value: { scale: '2', unscaled: '314' } };
  assert.throws(() => new Asked(CLIENT.dialect).field(value), { what: 'type:decimal' });
  assert.deepEqual(new Asked(LIB.dialect).field(value), {
    '!': 'decimal',
    value: { places: 2, digits: 314 },
  });
});

test('a time that no Date or number holds is unsupported, not rounded', () => {
  const value = { type: 'timestamp', value: '9007199254740993' };
  for (const library of [LIB, CLIENT]) {
    assert.throws(() => new Asked(library.dialect).property(value), { what: 'range:timestamp' });
    assert.ok(library.unsupported.includes('range:timestamp'));
  }
});

test('an int64 beyond 2^53 is a bigint, where the library takes one', () => {
  const value = { type: 'int64', value: '9007199254740993' };
  assert.deepEqual(new Asked(LIB.dialect).field(value), { '!': 'int64', value: 9007199254740993n });
  assert.equal(new Asked(CLIENT.dialect).field(value), 9007199254740993n);
});

test('the key __proto__ is a key like others', () => {
  const made = new Asked(LIB.dialect).table([['__proto__', { type: 'longstr', value: 'v' }]]);
  assert.deepEqual(Object.entries(made), [['__proto__', 'v']]);
});

test("a user's table with a key ! is not taken for a time unless it is one to the library", () => {
  assert.equal(special({ '!': 'int8', value: 5 }), undefined);
  assert.equal(special({ '!': 'timestamp', value: 'noon' }), undefined);
  assert.equal(special({ '!': 'decimal', value: 5 }), undefined);
  assert.deepEqual(special({ '!': 'timestamp', value: 5 }), { type: 'native-time', value: '5' });
});

test('a Date that is none, or has milliseconds, is reported as what it prints', () => {
  assert.deepEqual(native(new Date(Number.NaN)), {
    type: 'native-other',
    name: 'Date',
    text: 'Invalid Date',
  });
  assert.equal(native(new Date(1500)).type, 'native-other');
  assert.deepEqual(native(new Date(-1000)), { type: 'native-time', value: '-1' });
});

test('a number is reported by its bits, so that -0 and NaN are told', () => {
  assert.deepEqual(native(-0), { type: 'native-number', value: '8000000000000000' });
  assert.equal(bits(Number.NaN), '7ff8000000000000');
});

test('bytes are text if they are UTF-8, else base64, and come back', () => {
  assert.equal(textOf(Buffer.from('é')), 'é');
  assert.deepEqual(textOf(Buffer.from([0xff])), { base64: '/w==' });
  assert.deepEqual(bytesOf({ base64: '/w==' }), Buffer.from([0xff]));
});

test('a release of amqp-client with another interface is an error that says so', () => {
  const older = /** @type {any} */ (() => ({ AMQPClient: undefined }));
  assert.throws(() => amqpClient(older, MODULES), /before 2\.0 has another interface/);
});
