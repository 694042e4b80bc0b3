// Typed values of the protocol, turned into what an application would write for them. How a number, a decimal
// or a time is written differs by library and release: that is a dialect. Nothing is converted to fit.

import { Unsupported } from './failure.js';
import { bytesOf, stringOf } from './text.js';

/** @typedef {{type: string, value?: any}} Value */
/**
 * @typedef {object} Dialect
 * @property {(type: string, value: bigint) => unknown} integer
 * @property {(type: 'float' | 'double', value: number) => unknown} real
 * @property {(scale: number, unscaled: number) => unknown} decimal
 * @property {(seconds: bigint) => unknown} time within a table
 * @property {(seconds: bigint) => unknown} timestamp the property
 */

const NO_TYPES = ['longlong', 'unparsed'];
/** Declared by both libraries: their texts are JavaScript strings, their tables JavaScript objects. */
export const NEVER = [
  ...NO_TYPES.map((type) => `type:${type}`),
  'property:cluster_id',
  'framing',
  'duplicate-keys',
  'longstr:non-utf8',
  'shortstr:non-utf8',
  'key:non-utf8',
  'exchange:non-utf8',
  'queue:non-utf8',
  'routing_key:non-utf8',
];

/**
 * A number that is the integer, or undefined: above 2^53 there are integers that no number is.
 * @param {bigint} value
 */
export function exactNumber(value) {
  return BigInt(Number(value)) === value ? Number(value) : undefined;
}

/**
 * @param {import('./text.js').Text} text
 * @param {string} kind
 */
export function name(text, kind) {
  const made = stringOf(text);
  if (made === undefined) throw new Unsupported(`${kind}:non-utf8`);
  return made;
}

/** Makes values in a dialect. Unsupported for what JavaScript or the library cannot express. */
export class Asked {
  #dialect;

  /** @param {Dialect} dialect */
  constructor(dialect) {
    this.#dialect = dialect;
  }

  /** @param {Value} value */
  property(value) {
    if (value.type === 'shortstr') return name(value.value, 'shortstr');
    if (value.type === 'octet') return Number(value.value);
    if (value.type === 'timestamp') return this.#dialect.timestamp(BigInt(value.value));
    return this.field(value);
  }

  /**
   * A value in a table.
   * @param {Value} value
   * @returns {unknown}
   */
  field({ type, value }) {
    switch (type) {
      case 'boolean':
        return value === 'true';
      case 'int8':
      case 'uint8':
      case 'int16':
      case 'uint16':
      case 'int32':
      case 'uint32':
      case 'int64':
        return this.#dialect.integer(type, BigInt(value));
      case 'float':
        return this.#dialect.real(type, Buffer.from(value, 'hex').readFloatBE());
      case 'double':
        return this.#dialect.real(type, Buffer.from(value, 'hex').readDoubleBE());
      case 'decimal':
        return this.#dialect.decimal(Number(value.scale), Number(value.unscaled));
      case 'longstr':
        return name(value, 'longstr');
      case 'binary':
        return bytesOf(value);
      case 'array':
        return value.map((/** @type {Value} */ item) => this.field(item));
      case 'timestamp':
        return this.#dialect.time(BigInt(value));
      case 'table':
        return this.table(value);
      case 'void':
        return null;
      default:
        throw new Unsupported(`type:${type}`);
    }
  }

  /** @param {[import('./text.js').Text, Value][]} pairs */
  table(pairs) {
    /** @type {Record<string, unknown>} */
    const made = {};
    for (const [text, value] of pairs) {
      const key = name(text, 'key');
      if (Object.hasOwn(made, key)) throw new Unsupported('duplicate-keys');
      // Assigned, __proto__ would be no key at all; this makes it one, as JSON.parse does.
      Object.defineProperty(made, key, {
        value: this.field(value),
        enumerable: true,
        writable: true,
        configurable: true,
      });
    }
    return made;
  }
}
