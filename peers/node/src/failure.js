// Why a request can't be met, in the words of the protocol. Anything else that is thrown is the adapter's bug.

/** The library cannot express it. `what` is a name that describe declares. */
export class Unsupported extends Error {
  /**
   * @param {string} what
   * @param {string} [message]
   */
  constructor(what, message = `the library cannot express ${what}`) {
    super(message);
    this.what = what;
  }
}

/** The library raised. */
export class Refused extends Error {}

/** The channel or the connection is gone. `code` is the broker's reply code, if it was told. */
export class Disconnected extends Error {
  /**
   * @param {'channel' | 'connection'} scope
   * @param {string} message
   * @param {number} [code]
   */
  constructor(scope, message, code) {
    super(message);
    this.scope = scope;
    this.code = code;
  }
}

/** Our own code failed where no request waits for an answer: the process can only end. */
export class Fault extends Error {
  /** @param {unknown} cause */
  constructor(cause) {
    super(`a fault of the adapter: ${said(cause)}`, { cause });
  }
}

/** A line of standard input that can't even be answered. */
export class BrokenInput extends Error {}

/**
 * What a library threw, as text: old releases throw strings and frames.
 * @param {unknown} thrown
 */
export function said(thrown) {
  if (thrown instanceof Error) return `${thrown.name}: ${thrown.message}`;
  return typeof thrown === 'string' ? thrown : JSON.stringify(thrown);
}
