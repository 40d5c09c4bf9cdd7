import assert from 'node:assert/strict';
import { cleanup, once, PATIENCE_MS, spawn } from './support.mjs';

/** A program in a terminal of its own: what it shows, keys, and the end of the terminal. */
export class Terminal {
  constructor(...args) {
    const command = `exec ${args.map((arg) => `'${arg}'`).join(' ')}`; // its shell may be one that dies of a SIGINT meant for it
    this.text = '';
    this.waiting = [];
    this.process = spawn('script', ['-qfec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.process.stdout.on('data', (data) => {
      this.text += data;
      for (const wake of this.waiting.splice(0)) wake();
    });
    this.exited = once(this.process, 'exit');
    cleanup(() => this.process.kill('SIGKILL'));
  }

  /** Waits until that was shown behind what was waited for before. */
  async shows(pattern) {
    const deadline = AbortSignal.timeout(PATIENCE_MS);
    for (;;) {
      const found = pattern.exec(this.text);
      if (found) {
        this.text = this.text.slice(found.index + found[0].length);
        return found;
      }
      assert.ok(!deadline.aborted, `not shown in time: ${pattern}, but ${this.text}`);
      await Promise.race([new Promise((resolve) => { this.waiting.push(resolve); }), once(deadline, 'abort')]);
    }
  }

  press(keys) {
    this.process.stdin.write(keys);
  }

  /** The window is closed: the other end of the terminal is gone. */
  async close() {
    this.process.kill('SIGKILL');
    await this.exited;
  }
}
