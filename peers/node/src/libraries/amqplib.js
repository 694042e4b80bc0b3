// amqplib, by its promises, from 0.3 on.
//
// A user can say the wire type of a number as {'!': 'int16', value: 3}. Which types are known differs by
// release, so its encoder is asked. What it does not know is given as the plain number that a user would write.

import { join } from 'node:path';
import { exactNumber } from '../asked.js';
import { Unsupported } from '../failure.js';
import { AmqplibLink } from './amqplib_link.js';
import { versionOf } from './installed.js';

const EXACT = {
  int8: 1,
  uint8: 1,
  int16: 1,
  uint16: 1,
  int32: 1,
  uint32: 1,
  int64: 1,
  float: 1,
  double: 1,
  decimal: { places: 1, digits: 1 },
  timestamp: 1,
};
const PLAIN = ['boolean', 'longstr', 'binary', 'array', 'table', 'void'];

/** @type {(require: NodeJS.Require, modules: string) => import('../peer.js').Library} */
export function amqplib(require, modules) {
  const library = require('amqplib');
  const { encodeTable } = require(join(modules, 'amqplib', 'lib', 'codec.js'));
  const known = knownTypes(encodeTable);
  return {
    name: 'amqplib',
    version: versionOf(modules, 'amqplib'),
    types: [...known.types, ...PLAIN],
    unsupported: ['range:timestamp', ...(known.bigints ? [] : ['range:int64'])],
    dialect: dialect(known),
    special,
    open: (url, told) => AmqplibLink.open(library, url, told),
  };
}

/** @typedef {{types: Set<string>, bigints: boolean}} Known */

/**
 * @param {(buffer: Buffer, table: object, offset: number) => number} encodeTable
 * @returns {Known}
 */
export function knownTypes(encodeTable) {
  const scratch = Buffer.alloc(64);
  const takes = (/** @type {string} */ type, /** @type {unknown} */ value) => {
    try {
      return encodeTable(scratch, { k: { '!': type, value } }, 0) > 0;
    } catch (error) {
      if (error instanceof TypeError) return false;
      throw error;
    }
  };
  const types = Object.entries(EXACT).filter(([type, value]) => takes(type, value));
  return { types: new Set(types.map(([type]) => type)), bigints: takes('int64', 1n) };
}

/**
 * @param {Known} known
 * @returns {import('../asked.js').Dialect}
 */
function dialect({ types, bigints }) {
  const typed = (/** @type {string} */ type, /** @type {unknown} */ value) =>
    types.has(type) ? { '!': type, value } : value;
  const integer = (/** @type {bigint} */ value, /** @type {string} */ range) => {
    const number = exactNumber(value);
    if (number !== undefined) return number;
    if (bigints) return value;
    throw new Unsupported(range, `an integer is a JavaScript number here, and none is ${value}`);
  };
  return {
    integer: (type, value) => typed(type, integer(value, `range:${type}`)),
    real: typed,
    decimal: (scale, unscaled) => ({ '!': 'decimal', value: { places: scale, digits: unscaled } }),
    time: (seconds) => ({ '!': 'timestamp', value: integer(seconds, 'range:timestamp') }),
    timestamp(seconds) {
      const number = exactNumber(seconds);
      if (number === undefined) throw new Unsupported('range:timestamp');
      return number;
    },
  };
}

/**
 * The two objects that its decoder makes for values that are no JavaScript values. It documents them as the
 * time and the decimal that they are, so that is what the application was handed.
 * @type {import('../native.js').Special}
 */
export function special(object) {
  const { '!': type, value } = object;
  if (type === 'timestamp' && Number.isInteger(value)) {
    return { type: 'native-time', value: String(BigInt(value)) };
  }
  if (type === 'decimal' && Number.isInteger(value?.places) && Number.isInteger(value?.digits)) {
    return { type: 'native-decimal', value: { scale: String(value.places), unscaled: String(value.digits) } };
  }
  return undefined;
}
