// Bytes as they cross the pipe: text where they are UTF-8, else base64.

import { isUtf8 } from 'node:buffer';

/** @typedef {string | {base64: string}} Text */

/**
 * @param {Text} text
 * @returns {Buffer}
 */
export function bytesOf(text) {
  return typeof text === 'string' ? Buffer.from(text, 'utf8') : Buffer.from(text.base64, 'base64');
}

/**
 * @param {Uint8Array} bytes
 * @returns {Text}
 */
export function textOf(bytes) {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return isUtf8(buffer) ? buffer.toString('utf8') : { base64: buffer.toString('base64') };
}

/**
 * The string that means these bytes. Undefined if there is none: JavaScript's strings hold no bytes.
 * @param {Text} text
 */
export function stringOf(text) {
  if (typeof text === 'string') return text;
  const buffer = Buffer.from(text.base64, 'base64');
  return isUtf8(buffer) ? buffer.toString('utf8') : undefined;
}
