// What was installed.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../failure.js';

/**
 * The version of a package, read from its file: not every release lets one require its package.json.
 * @param {string} modules
 * @param {string} name
 * @returns {string}
 */
export function versionOf(modules, name) {
  return JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8')).version;
}

/**
 * The value, or a Disconnected when a broker or library does not answer in time.
 * @template T
 * @param {Promise<T>} promise
 * @param {number} milliseconds
 * @param {() => Error} late
 * @returns {Promise<T>}
 */
export async function within(promise, milliseconds, late) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const end = new Promise((_, reject) => {
    timer = setTimeout(() => reject(late()), milliseconds);
  });
  try {
    return await Promise.race([promise, /** @type {Promise<never>} */ (end)]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Runs our own code inside a library's callback. What goes wrong in it is a bug here and ends the process: a
 * library would take it for an error of its own.
 * @param {() => void} ours
 */
export function guarded(ours) {
  try {
    ours();
  } catch (error) {
    queueMicrotask(() => {
      throw new Fault(error);
    });
  }
}
