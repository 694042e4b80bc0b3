// The program itself, with the libraries that are installed here.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { MODULES, SCHEMA } from './vectors.js';

const MAIN = fileURLToPath(new URL('../src/main.js', import.meta.url));

/**
 * @param {string} library
 * @param {string} modules
 */
function words(library, modules) {
  return [MAIN, '--library', library, '--modules', modules, '--schema', SCHEMA];
}

/**
 * @param {string} library
 * @param {string} input
 */
function run(library, input, modules = MODULES) {
  const options = /** @type {const} */ ({ input, encoding: 'utf8' });
  const { status, stdout, stderr } = spawnSync(process.execPath, words(library, modules), options);
  return {
    status,
    stderr,
    lines:
      stdout.trim() === ''
        ? []
        : stdout
            .trim()
            .split('\n')
            .map((one) => JSON.parse(one)),
  };
}

for (const [library, version] of [
  ['amqplib', '2.3.1'],
  ['amqp-client', '4.1.1'],
]) {
  test(`${library} describes itself, and ends with 0 when it is closed`, () => {
    const { status, lines } = run(library, '{"op":"describe","id":1}\n{"op":"close","id":2}\n');
    assert.equal(status, 0);
    assert.deepEqual(
      [lines[0].library, lines[0].version, lines[1]],
      [library, version, { type: 'ok', id: 2 }],
    );
  });

  test(`${library} ends with 0 at the end of its input`, () => {
    assert.deepEqual(run(library, ''), { status: 0, stderr: '', lines: [] });
  });

  test(`${library} tells a broker that is not there as disconnected`, () => {
    const { lines } = run(library, '{"op":"connect","id":1,"url":"amqp://guest:guest@127.0.0.1:1/"}\n');
    assert.deepEqual([lines[0].kind, lines[0].scope], ['disconnected', 'connection']);
  });

  test(`${library} tells a URL that it does not take as its refusal`, () => {
    const { lines } = run(library, '{"op":"connect","id":1,"url":"http//nothing"}\n');
    assert.equal(lines[0].kind, 'refused');
  });
}

test('an unknown library is an error of usage that lists the known ones', () => {
  const { status, stderr } = run('rhea', '');
  assert.equal(status, 2);
  assert.match(stderr, /amqplib, amqp-client/);
});

test('an unknown option is an error of usage', () => {
  const { status, stderr } = spawnSync(process.execPath, [MAIN, '--libary', 'amqplib'], { encoding: 'utf8' });
  assert.equal(status, 2);
  assert.match(stderr, /libary/);
});

test('a folder without the library is an error, and no line', () => {
  const { status, lines, stderr } = run('amqplib', '', '/nowhere');
  assert.deepEqual([status, lines], [70, []]);
  assert.match(stderr, /Cannot find module/);
});

test('input that is no JSON ends the peer as an error of usage', () => {
  assert.equal(run('amqplib', '{\n').status, 2);
});

const AMQPLIB = `
const { EventEmitter } = require('node:events');
const channel = Object.assign(new EventEmitter(), {
  async consume() {
    setTimeout(() => { throw new Error('out of the library'); }, 1);
    return { consumerTag: 't' };
  },
});
exports.connect = async () => Object.assign(new EventEmitter(), { createChannel: async () => channel });
`;
const CLIENT = `
exports.AMQPClient = class {
  async connect() {}
  async channel() {
    return {
      async basicConsume(queue, options, take) {
        setTimeout(() => take({ properties: null }), 1); // which no library does
        return { wait: () => new Promise(() => {}) };
      },
    };
  }
};
`;

/** A node_modules folder with stand-ins for the libraries. */
function standIns() {
  const modules = join(mkdtempSync(join(tmpdir(), 'peers-')), 'node_modules');
  const files = {
    'amqplib/index.js': AMQPLIB,
    'amqplib/lib/codec.js': 'exports.encodeTable = () => 1;',
    'amqplib/package.json': '{"version": "0.0.0"}',
    '@cloudamqp/amqp-client/index.js': CLIENT,
    '@cloudamqp/amqp-client/package.json': '{"version": "0.0.0"}',
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    writeFileSync(join(modules, name), text);
  }
  symlinkSync(join(MODULES, 'ajv'), join(modules, 'ajv'));
  return modules;
}

const ENDS = /** @type {const} */ ([
  ['an error that amqplib throws into the event loop', 'amqplib', 1, /uncaught Error: out of the library\n$/],
  [
    'an error of the adapter in a callback',
    'amqp-client',
    70,
    /uncaught Error: a fault of the adapter: TypeError.*\n$/,
  ],
]);
for (const [what, library, expected, last] of ENDS) {
  test(`${what} ends the process with ${expected}, and what was said before is told`, async (t) => {
    const modules = standIns();
    t.after(() => rmSync(dirname(modules), { recursive: true }));
    const child = spawn(process.execPath, words(library, modules));
    child.stdin.write('{"op":"connect","id":1,"url":"amqp://x"}\n{"op":"consume","id":2,"queue":"q"}\n');
    const [said, complained, [status]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'), // its input stays open: nothing but the error ends it
    ]);
    const types = said
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).type);
    assert.deepEqual([status, types], [expected, ['ok', 'ok']]);
    assert.match(complained, last);
  });
}
