// Writes the lock files anew: of this folder, and of each release in requirements/.
//
//   node lock.js
//
// They hold versions and hashes, and no addresses: where packages come from is for npm's own settings to say.

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));
const REQUIREMENTS = join(HERE, 'requirements');
const FLAGS = ['--package-lock-only', '--omit-lockfile-registry-resolved', '--ignore-scripts', '--no-audit'];

/** @param {string} folder */
function lock(folder) {
  execFileSync('npm', ['install', ...FLAGS], { cwd: folder, stdio: 'inherit' });
  const file = join(folder, 'package-lock.json');
  const locked = JSON.parse(readFileSync(file, 'utf8'));
  for (const entry of Object.values(locked.packages)) {
    delete entry.resolved;
    delete entry.funding;
  }
  writeFileSync(file, `${JSON.stringify(locked, null, 2)}\n`);
}

lock(HERE);
for (const name of readdirSync(REQUIREMENTS)) lock(join(REQUIREMENTS, name));
