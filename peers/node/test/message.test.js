import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { Asked } from '../src/asked.js';
import { amqpClient } from '../src/libraries/amqp_client.js';
import { askedBody, askedProperties, bodyOf, delivery } from '../src/message.js';
import { MODULES, require } from './vectors.js';

const ASKED = new Asked(amqpClient(require, MODULES).dialect);
const HANDED = { deliveryTag: 7, redelivered: true, exchange: 'e', routingKey: 'k', body: Buffer.from('x') };

test('a property that is empty or 0 is asked for all the same', () => {
  const properties = {
    content_type: { type: 'shortstr', value: '' },
    priority: { type: 'octet', value: '0' },
    headers: { type: 'table', value: [] },
    timestamp: { type: 'timestamp', value: '0' },
  };
  assert.deepEqual(askedProperties(properties, ASKED), {
    contentType: '',
    headers: {},
    priority: 0,
    timestamp: new Date(0),
  });
});

test('cluster_id, and text that is no text, are unsupported', () => {
  const value = { type: 'shortstr', value: { base64: '/w==' } };
  assert.throws(() => askedProperties({ cluster_id: { type: 'shortstr', value: 'c' } }, ASKED), {
    what: 'property:cluster_id',
  });
  assert.throws(() => askedProperties({ app_id: value }, ASKED), { what: 'shortstr:non-utf8' });
});

test('a pattern is repeated and cut, and must have the SHA-256 that was said', () => {
  const sha256 = createHash('sha256').update('abcab').digest('hex');
  const body = { type: 'pattern', pattern: 'abc', length: 5, sha256 };
  assert.equal(askedBody(body).toString(), 'abcab');
  assert.equal(askedBody({ type: 'inline', value: { base64: '/w==' } })[0], 0xff);
  assert.throws(() => askedBody({ ...body, length: 6 }), /SHA-256/);
  assert.throws(() => askedBody({ type: 'digest', length: 1, sha256 }), /cannot be made/);
});

test('a delivery tells the properties that are there, undefined ones are not', () => {
  const properties = { contentType: undefined, priority: 0, headers: { k: 'v' }, clusterId: 'c' };
  const line = delivery('q', { ...HANDED, properties });
  assert.deepEqual(line.properties, {
    headers: { type: 'native-map', value: [['k', { type: 'native-str', value: 'v' }]] },
    priority: { type: 'native-number', value: '0000000000000000' },
    cluster_id: { type: 'native-str', value: 'c' },
  });
  assert.deepEqual(
    [line.delivery_tag, line.redelivered, line.exchange, line.routing_key],
    [7, true, 'e', 'k'],
  );
});

test('a body over 4096 bytes is told by length and SHA-256', () => {
  assert.deepEqual(bodyOf(Buffer.alloc(4096, 'x')).type, 'inline');
  const large = Buffer.alloc(4097, 'x');
  const sha256 = createHash('sha256').update(large).digest('hex');
  assert.deepEqual(bodyOf(large), { type: 'digest', length: 4097, sha256, native: 'bytes' });
});
