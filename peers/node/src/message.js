// Messages: what a producer is asked to publish, and what a consumer was handed.

import { createHash } from 'node:crypto';
import { Unsupported } from './failure.js';
import { native } from './native.js';
import { bytesOf, textOf } from './text.js';

const INLINE_LIMIT = 4096;

/** The 14 properties of class basic in the order of their flags, and what both libraries call them. */
export const PROPERTIES = /** @type {const} */ ([
  ['content_type', 'contentType'],
  ['content_encoding', 'contentEncoding'],
  ['headers', 'headers'],
  ['delivery_mode', 'deliveryMode'],
  ['priority', 'priority'],
  ['correlation_id', 'correlationId'],
  ['reply_to', 'replyTo'],
  ['expiration', 'expiration'],
  ['message_id', 'messageId'],
  ['timestamp', 'timestamp'],
  ['type', 'type'],
  ['user_id', 'userId'],
  ['app_id', 'appId'],
  ['cluster_id', 'clusterId'],
]);

/**
 * The options that an application would give for these properties.
 * @param {Record<string, import('./asked.js').Value>} properties
 * @param {import('./asked.js').Asked} asked
 */
export function askedProperties(properties, asked) {
  /** @type {Record<string, any>} */
  const made = {};
  for (const [name, key] of PROPERTIES) {
    const value = properties[name];
    if (value === undefined) continue;
    if (name === 'cluster_id') throw new Unsupported('property:cluster_id');
    made[key] = asked.property(value);
  }
  return made;
}

/**
 * The octets of a body that is given as itself or as a pattern.
 * @param {any} body
 * @returns {Buffer}
 */
export function askedBody(body) {
  if (body.type === 'inline') return bytesOf(body.value);
  if (body.type !== 'pattern') throw new Error(`a body given as ${body.type} cannot be made`);
  const made = Buffer.alloc(body.length, bytesOf(body.pattern));
  const found = sha256(made);
  if (found !== body.sha256) {
    throw new Error(`the pattern makes a body of SHA-256 ${found}, not ${body.sha256}`);
  }
  return made;
}

/**
 * @typedef {object} Handed what a library gave the application
 * @property {number} deliveryTag
 * @property {boolean} redelivered
 * @property {string} exchange
 * @property {string} routingKey
 * @property {Record<string, any>} properties
 * @property {Uint8Array} body
 */

/**
 * The event that tells of it. A property whose value is undefined is absent.
 * @param {import('./text.js').Text} queue as the request spelled it
 * @param {Handed} handed
 * @param {import('./native.js').Special} [special]
 */
export function delivery(queue, handed, special) {
  /** @type {Record<string, import('./native.js').Native>} */
  const properties = {};
  for (const [name, key] of PROPERTIES) {
    const value = handed.properties[key];
    if (value !== undefined) properties[name] = native(value, special);
  }
  return {
    type: 'delivery',
    queue,
    delivery_tag: handed.deliveryTag,
    redelivered: handed.redelivered,
    exchange: handed.exchange,
    routing_key: handed.routingKey,
    properties,
    body: bodyOf(handed.body),
  };
}

/** @param {Uint8Array} body */
export function bodyOf(body) {
  if (body.byteLength <= INLINE_LIMIT) return { type: 'inline', value: textOf(body), native: 'bytes' };
  return { type: 'digest', length: body.byteLength, sha256: sha256(body), native: 'bytes' };
}

/** @param {Uint8Array} bytes */
function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}
