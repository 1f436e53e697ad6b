const tickMs = 15_000;

/** The time, for "12 min ago": one timer for the whole page, four times a minute. */
class Clock {
  now = $state.raw(new Date());

  constructor() {
    setInterval(() => (this.now = new Date()), tickMs);
  }
}

export const clock = new Clock();
