// The libraries, by the names that cells give them.

import { amqpClient } from './amqp_client.js';
import { amqplib } from './amqplib.js';

/** @type {Record<string, (require: NodeJS.Require, modules: string) => import('../peer.js').Library>} */
export const LIBRARIES = { amqplib, 'amqp-client': amqpClient };
