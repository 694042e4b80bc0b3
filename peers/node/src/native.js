// What a library handed over, as `native-*` values. A value is reported as the JavaScript value that it is;
// nothing is mended, and no wire type is guessed.

import { textOf } from './text.js';

/** @typedef {{type: string, value?: unknown, name?: string, text?: unknown}} Native */
/** @typedef {(value: Record<string, any>) => Native | undefined} Special */

/** @param {number} number */
export function bits(number) {
  const octets = Buffer.allocUnsafe(8);
  octets.writeDoubleBE(number);
  return octets.toString('hex');
}

/**
 * @param {any} value
 * @param {Special} [special] what a library means by objects of its own; undefined where it means nothing
 * @returns {Native}
 */
export function native(value, special) {
  switch (typeof value) {
    case 'string':
      return { type: 'native-str', value };
    case 'number':
      return { type: 'native-number', value: bits(value) };
    case 'boolean':
      return { type: 'native-bool', value: String(value) };
    case 'bigint':
      return { type: 'native-int', value: String(value) };
    case 'undefined':
      return { type: 'native-none' };
    case 'object':
      return object(value, special);
    default:
      return { type: 'native-other', name: typeof value, text: String(value) };
  }
}

/**
 * @param {any} value
 * @param {Special} [special]
 * @returns {Native}
 */
function object(value, special) {
  if (value === null) return { type: 'native-none' };
  if (value instanceof Uint8Array) return { type: 'native-bytes', value: textOf(value) };
  if (Array.isArray(value)) return { type: 'native-list', value: value.map((item) => native(item, special)) };
  if (value instanceof Date) return time(value);
  const meant = special?.(value);
  if (meant) return meant;
  return {
    type: 'native-map',
    value: Object.entries(value).map(([key, item]) => [key, native(item, special)]),
  };
}

/**
 * @param {Date} date
 * @returns {Native}
 */
function time(date) {
  const milliseconds = date.getTime();
  if (Number.isInteger(milliseconds / 1000)) {
    return { type: 'native-time', value: String(BigInt(milliseconds / 1000)) };
  }
  return { type: 'native-other', name: 'Date', text: String(date) };
}
