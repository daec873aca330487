/**
 * The secret between this host and its page. The address that is printed carries a code that is good once and for a
 * minute, in the fragment, which no request carries: whoever reads the list of processes, the history of the browser or
 * somebody's screen later finds a dead code. It is exchanged for the token, which lives in the memory of one tab.
 */
import { createHash, timingSafeEqual } from 'node:crypto';

/** How long a printed address is good, milliseconds. */
export const CODE_LIFE = 60_000;
/** Wrong secrets that are answered at once; each after that waits, so that guessing is slow and cheap for nobody. */
const FREE_FAILURES = 10;
export const FAILURE_DELAY = 1000;

export interface TokenWorld {
  /** 32 random bytes as base64url. */
  secret(): string;
  /** Milliseconds, of a clock that does not jump. */
  clock(): number;
  wait(milliseconds: number): Promise<void>;
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
/** Of digests: they are of one length, and how long it takes says nothing. */
const same = (given: string, expected: Buffer): boolean => timingSafeEqual(digest(given), expected);

export class SessionToken {
  readonly #world: TokenWorld;
  readonly #token: string;
  readonly #digest: Buffer;
  #code: { digest: Buffer; until: number } | null = null;
  #failures = 0;

  constructor(world: TokenWorld) {
    this.#world = world;
    this.#token = world.secret();
    this.#digest = digest(this.#token);
  }

  /** A new code; the one before is dead from now on. */
  newCode(): string {
    const code = this.#world.secret();
    this.#code = { digest: digest(code), until: this.#world.clock() + CODE_LIFE };
    return code;
  }

  /** The token, once; null: not this code, not any more, or too late. */
  async exchange(code: unknown): Promise<string | null> {
    const expected = this.#code;
    if (typeof code === 'string' && expected !== null && same(code, expected.digest)) {
      this.#code = null;
      if (this.#world.clock() <= expected.until) return this.#token;
    }
    await this.#failed();
    return null;
  }

  /** Of an `Authorization` header. */
  async holds(authorization: string | undefined): Promise<boolean> {
    const given = /^Bearer ([\w-]{1,200})$/u.exec(authorization ?? '')?.[1];
    if (given !== undefined && same(given, this.#digest)) return true;
    await this.#failed();
    return false;
  }

  async #failed(): Promise<void> {
    if (++this.#failures > FREE_FAILURES) await this.#world.wait(FAILURE_DELAY);
  }
}
