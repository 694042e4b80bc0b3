// Lines out: checked, and joined into few writes. What is written while one batch of input is handled leaves
// together, at the end of that turn of the event loop.

const MOST = 512;

export class Lines {
  #write;
  #check;
  /** @type {string[]} */
  #waiting = [];
  #flushDue = false;

  /**
   * @param {(text: string) => void} write
   * @param {import('./contract.js').Check} check
   */
  constructor(write, check) {
    this.#write = write;
    this.#check = check;
  }

  /**
   * An error for a line that is not of the contract: that is a bug here.
   * @param {Record<string, unknown>} line
   */
  send(line) {
    const problem = this.#check(line);
    if (problem) throw new Error(`a line that breaks the contract: ${problem}: ${JSON.stringify(line)}`);
    this.#waiting.push(JSON.stringify(line));
    if (this.#waiting.length >= MOST) this.flush();
    else if (!this.#flushDue) {
      this.#flushDue = true;
      setImmediate(() => this.flush());
    }
  }

  flush() {
    this.#flushDue = false;
    if (this.#waiting.length === 0) return;
    this.#write(`${this.#waiting.join('\n')}\n`);
    this.#waiting = [];
  }
}
