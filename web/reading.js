// What is read of the node's history: pages into the timelines, and one message alone.

const PAGE = 60;
const FIRST_PAGE = 40;
const MOST_PAGE = 1000;
const MOST_TOLD = 200;

export class Reading {
  #api;
  #done;
  #told = new Map(); // `${peer} ${event_id}` -> what the node told of that message alone, or the promise of it

  /** done(peer, timeline, problem): something was read, or was not; without a timeline one message. */
  constructor({ api, done }) {
    this.#api = api;
    this.#done = done;
  }

  /** Reads pages into the timeline; what arrives meanwhile is not lost. One read at a time: another is not begun. */
  #load(timeline, read) {
    if (!timeline.waiting) timeline.reading = this.#loadNow(timeline, read);
    return timeline.reading;
  }

  /** As #load, but after what is being read; of several the last counts. */
  async #jump(timeline, read) {
    timeline.wish = read;
    while (timeline.waiting) await timeline.reading;
    if (timeline.wish === read) await this.#load(timeline, read);
  }

  async #loadNow(timeline, read) {
    let problem = null;
    timeline.begin();
    try {
      await read();
      this.stale(timeline);
    } catch (error) {
      timeline.abandon();
      problem = error;
    }
    this.#done(timeline.peer, timeline, problem);
  }

  newest(timeline) {
    return this.#jump(timeline, async () => {
      const page = await this.#api.history({ peer: timeline.peer, limit: FIRST_PAGE });
      timeline.reset(page.messages, { older: page.more, newer: false });
    });
  }

  around(timeline, { lamport }) {
    return this.#jump(timeline, async () => {
      const [before, after] = await Promise.all([
        this.#api.history({ peer: timeline.peer, before_lamport: lamport + 1, limit: PAGE }),
        this.#api.history({ peer: timeline.peer, since_lamport: lamport, limit: PAGE }),
      ]);
      timeline.reset([...before.messages, ...after.messages], { older: before.more, newer: after.more });
    });
  }

  older(timeline) {
    if (!timeline.loaded || !timeline.older) return null;
    return this.#load(timeline, async () => {
      const page = await this.#api.history({ peer: timeline.peer, before_lamport: timeline.oldest.lamport, limit: PAGE });
      timeline.takeOlder(page.messages, page.more);
    });
  }

  newer(timeline) {
    if (!timeline.loaded || !timeline.newer) return null;
    return this.#load(timeline, async () => {
      const page = await this.#api.history({ peer: timeline.peer, since_lamport: timeline.newest.lamport, limit: PAGE });
      timeline.takeNewer(page.messages, page.more);
    });
  }

  /** Reads the window again where the node knows more; what is being read now may be older than that, and is read again afterwards. */
  stale(timeline) {
    if (!timeline.stale || !timeline.loaded || timeline.waiting) return;
    this.#load(timeline, async () => {
      timeline.stale = false; // what comes from here on may not be in the answer
      try {
        const page = await this.#api.history({ peer: timeline.peer, since_lamport: (timeline.oldest?.lamport ?? 1) - 1, limit: Math.min(timeline.messages.length + PAGE, MOST_PAGE) });
        timeline.refresh(page.messages, page.more);
        if (timeline.oldest || !timeline.older) return;
        timeline.begin(); // all that was in the window is gone, and there is more
        const newest = await this.#api.history({ peer: timeline.peer, limit: FIRST_PAGE });
        timeline.reset(newest.messages, { older: newest.more, newer: false });
      } catch (error) {
        timeline.stale = true;
        throw error;
      }
    });
  }

  /** {message, earlier} or {problem}; null: it is being asked. */
  one(peer, event_id) {
    const key = `${peer} ${event_id}`;
    if (!this.#told.has(key)) this.#ask(key, peer, event_id);
    const told = this.#told.get(key);
    return told instanceof Promise ? null : told;
  }

  async #ask(key, peer, event_id) {
    if (this.#told.size >= MOST_TOLD) this.#told.delete(this.#told.keys().next().value);
    const asked = this.#api.message(peer, event_id).catch((problem) => ({ problem }));
    this.#told.set(key, asked);
    const told = await asked;
    if (this.#told.get(key) !== asked) return; // forgotten meanwhile
    this.#told.set(key, told);
    this.#done(peer, null, null);
  }

  /** What was told of that conversation's messages is so no more; of all with "". */
  forget(peer) {
    for (const key of this.#told.keys()) if (key.startsWith(peer)) this.#told.delete(key);
  }
}
