// A peer on one of Node's AMQP libraries. The peer protocol is docs/protocol.md.
//
//   node main.js --library amqplib --modules NODE_MODULES --schema FOLDER
//
// The library is taken from NODE_MODULES and from nowhere else, so that this program runs any release of it.

import { Console } from 'node:console';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readContract } from './contract.js';
import { BrokenInput, Fault, said } from './failure.js';
import { LIBRARIES } from './libraries/index.js';
import { Lines } from './lines.js';
import { Peer } from './peer.js';

// Exit statuses: the command line or the input is wrong, the library ended us, we failed ourselves.
const USAGE = 2;
const CRASHED = 1;
const FAULT = 70;

/** The command line is wrong. */
class Usage extends Error {}

/** @param {string[]} args */
async function main(args) {
  const options = readArguments(args);
  // Old releases of amqp-client print to standard output, which belongs to the protocol.
  globalThis.console = new Console(process.stderr, process.stderr);
  const require = createRequire(join(options.modules, 'noname.js'));
  const library = LIBRARIES[options.library](require, options.modules);
  const contract = readContract(require('ajv/dist/2020'), options.schema);
  const lines = new Lines((text) => process.stdout.write(text), contract.line);
  process.on('uncaughtException', (thrown) => crash(thrown, lines));
  const peer = new Peer(library, lines, contract.request);
  await peer.run(process.stdin);
  lines.flush();
  process.exit(0); // a library may keep a socket or a timer that nobody waits for any more
}

/** @param {string[]} args */
function readArguments(args) {
  const text = { type: /** @type {const} */ ('string') };
  const { values } = parseArgs({ args, options: { library: text, modules: text, schema: text } });
  const { library = '', modules, schema } = values;
  if (!Object.hasOwn(LIBRARIES, library)) {
    throw new Usage(`--library is one of ${Object.keys(LIBRARIES).join(', ')}`);
  }
  if (!modules || !schema) throw new Usage('--modules and --schema name folders');
  return { library, modules, schema };
}

/**
 * What a library throws into the event loop ends an application, and so it ends this one. What was handed over
 * before that is still told. Our own faults end it too, with a status that says so.
 * @param {unknown} thrown
 * @param {Lines} lines
 */
function crash(thrown, lines) {
  lines.flush();
  process.stderr.write(`${thrown instanceof Error ? thrown.stack : ''}\nuncaught ${said(thrown)}\n`);
  process.exit(thrown instanceof Fault ? FAULT : CRASHED);
}

/** @param {any} error */
function isOfArguments(error) {
  return typeof error?.code === 'string' && error.code.startsWith('ERR_PARSE_ARGS');
}

main(process.argv.slice(2)).catch((error) => {
  process.stderr.write(`${error?.stack ?? ''}\n${said(error)}\n`);
  const usage = error instanceof Usage || error instanceof BrokenInput || isOfArguments(error);
  process.exit(usage ? USAGE : FAULT);
});
