// @cloudamqp/amqp-client, from 2.0 on.
//
// It chooses the wire type by the JavaScript value: a bigint is an int64, a Date a timestamp, a number whatever
// it takes it for. So an int64 is asked for as a bigint, all other numbers as numbers.

import { exactNumber } from '../asked.js';
import { Unsupported } from '../failure.js';
import { AmqpClientLink } from './amqp_client_link.js';
import { versionOf } from './installed.js';

const PACKAGE = '@cloudamqp/amqp-client';

/** @type {(require: NodeJS.Require, modules: string) => import('../peer.js').Library} */
export function amqpClient(require, modules) {
  const { AMQPClient } = require(PACKAGE);
  if (typeof AMQPClient !== 'function') throw new Error(`${PACKAGE} before 2.0 has another interface`);
  return {
    name: 'amqp-client',
    version: versionOf(modules, PACKAGE),
    types: ['boolean', 'int32', 'int64', 'longstr', 'binary', 'array', 'timestamp', 'table', 'void'],
    unsupported: ['type:decimal', 'range:timestamp'],
    dialect,
    open: (url, told) => AmqpClientLink.open(AMQPClient, url, told),
  };
}

/** @type {import('../asked.js').Dialect} */
const dialect = {
  integer: (type, value) => (type === 'int64' ? value : Number(value)),
  real: (_type, value) => value,
  decimal() {
    throw new Unsupported('type:decimal');
  },
  time: date,
  timestamp: date,
};

/** @param {bigint} seconds */
function date(seconds) {
  const made = new Date((exactNumber(seconds) ?? Number.NaN) * 1000);
  if (Number.isNaN(made.getTime())) throw new Unsupported('range:timestamp', `no Date is ${seconds} seconds`);
  return made;
}
