/** Tells pages of jobs: ten times a second at most for each, and always of how it is at last. */
const TELL_EVERY = 100;

export interface Announcer {
  changed(id: string): void;
  /** Without another word on it. */
  forget(id: string): void;
  /** What is held back, now. */
  flush(): void;
}

export function announcer(tell: (id: string) => void): Announcer {
  const lines = new Map<string, { last: number; timer: NodeJS.Timeout | undefined }>();
  function say(id: string): void {
    const line = lines.get(id)!;
    clearTimeout(line.timer);
    line.timer = undefined;
    line.last = performance.now();
    tell(id);
  }
  return {
    changed(id) {
      const line = lines.get(id) ?? { last: -Infinity, timer: undefined };
      lines.set(id, line);
      const due = line.last + TELL_EVERY - performance.now();
      if (due <= 0) say(id);
      else line.timer ??= setTimeout(() => say(id), due);
    },
    forget(id) {
      clearTimeout(lines.get(id)?.timer);
      lines.delete(id);
    },
    flush() {
      for (const [id, { timer }] of lines) if (timer !== undefined) say(id);
    },
  };
}
