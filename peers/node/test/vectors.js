// The vectors of the contract: typed values and their octets. No test by itself.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
export const SCHEMA = join(ROOT, 'contract', 'schema');
export const MODULES = fileURLToPath(new URL('../node_modules', import.meta.url));
export const require = createRequire(import.meta.url);

/**
 * @param {string} file
 * @returns {any[]}
 */
export function vectors(file) {
  return JSON.parse(readFileSync(join(ROOT, 'contract', 'vectors', file), 'utf8'));
}

/** @param {string} hex with blanks */
export function octets(hex) {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex');
}

/**
 * A table of the one key "k" that holds the field of these octets.
 * @param {Buffer} field
 */
export function tableOf(field) {
  const made = Buffer.concat([Buffer.from([0, 0, 0, 0, 1]), Buffer.from('k'), field]);
  made.writeUInt32BE(made.length - 4);
  return made;
}

/**
 * What JavaScript makes of a typed value at best: its native report.
 * @param {any} typed
 * @returns {any}
 */
export function atBest({ type, value }) {
  switch (type) {
    case 'boolean':
      return { type: 'native-bool', value };
    case 'longstr':
      return { type: 'native-str', value };
    case 'binary':
      return { type: 'native-bytes', value };
    case 'void':
      return { type: 'native-none' };
    case 'timestamp':
      return { type: 'native-time', value };
    case 'decimal':
      return { type: 'native-decimal', value };
    case 'array':
      return { type: 'native-list', value: value.map(atBest) };
    case 'table':
      return {
        type: 'native-map',
        value: value.map((/** @type {any} */ [key, item]) => [key, atBest(item)]),
      };
    case 'double':
      return { type: 'native-number', value };
    case 'float':
      return number(Buffer.from(value, 'hex').readFloatBE());
    default:
      return number(Number(value));
  }
}

/** @param {number} value */
function number(value) {
  const bits = Buffer.alloc(8);
  bits.writeDoubleBE(value);
  return { type: 'native-number', value: bits.toString('hex') };
}
