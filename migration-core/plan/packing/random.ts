/** Random whole numbers from a seed, the same on every machine (xorshift, Marsaglia 2003, shifts 13, 17, 5). */
export class Random {
  #state: number;

  constructor(seed: number) {
    // Neighbouring seeds shall not give neighbouring beginnings; zero would stay zero for ever.
    const mixed = Math.imul((seed >>> 0) ^ 0x9e3779b9, 0x85ebca6b);
    this.#state = (mixed ^ (mixed >>> 15)) >>> 0 || 1;
    for (let i = 0; i < 8; i++) this.next();
  }

  /** 1 to 2^32-1. */
  next(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return this.#state;
  }

  /** 0 to limit-1. */
  below(limit: number): number {
    return this.next() % limit;
  }

  /** 0 to nearly 1: a whole number over a power of two, exact everywhere. */
  share(): number {
    return this.next() / 4294967296;
  }
}
