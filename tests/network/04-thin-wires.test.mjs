import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, describe, test } from 'node:test';
import { cleanAll } from '../integration/support.mjs';
import { Lab, writeBacklog } from './support.mjs';

after(cleanAll);

const PATIENCE_WIRE_MS = 150000;
const seconds = (since) => ((Date.now() - since) / 1000).toFixed(1);

/** Alice, who has the community and a backlog for a neighbour Carol, and Bob, whose cable is thin. */
async function street(t, wire, backlog) {
  const lab = new Lab(t);
  const [alice, carol] = await lab.community(['Alice', 'Carol']);
  await writeBacklog(alice, carol, backlog);
  const bob = await lab.node({ name: 'Bob' });
  bob.patienceSeconds = PATIENCE_WIRE_MS / 1000;
  await lab.plugSlowly(bob, { addresses: ['10.9.0.9/24'], ...wire });
  await bob.start();
  return { lab, alice, bob, carol };
}

describe('by a thin wire', { concurrency: 8 }, () => {
  for (const [what, wire, backlog] of [
    ['1 Mbit/s', { rateKbit: 1000 }, 1000000],
    ['512 kbit/s', { rateKbit: 512 }, 500000],
    ['128 kbit/s', { rateKbit: 128 }, 150000],
    ['64 kbit/s', { rateKbit: 64 }, 80000],
    ['600 ms of round trip', { delayMs: 300 }, 2000000],
    ['5% of loss', { loss: 0.05, delayMs: 10 }, 1000000],
  ]) {
    test(`a neighbour joins, catches up and talks with ${what}`, async (t) => {
      const { lab, alice, bob, carol } = await street(t, wire, backlog);
      const since = Date.now();
      const before = lab.received(bob);
      await alice.admit(bob);
      t.diagnostic(`joined after ${seconds(since)} s`);
      await lab.converge([alice, bob, carol], PATIENCE_WIRE_MS);
      const came = lab.received(bob) - before;
      t.diagnostic(`caught up with ${backlog / 1000} kB after ${seconds(since)} s, for which ${Math.round(came / 1000)} kB came by the wire`);
      // Twice comes what was in flight at most: a page of 5 s. The join, receipts, handshakes, comparisons and TCP's own repetitions are the rest.
      const events = Number(execFileSync('sqlite3', ['-readonly', alice.database(), 'SELECT sum(length(json)) FROM events'])); // sealed, they are longer than what they say
      const page = Math.min(events, wire.rateKbit * 125 * 5);
      if (wire.rateKbit) assert.ok(came < 1.25 * events + page + 110000, `${came} bytes came for ${events}`);
      await lab.everybodyTalks([alice, bob]);
    });
  }

  test('nobody is blamed for a wire that stalls', async (t) => {
    const { lab, alice, bob, carol } = await street(t, { rateKbit: 512 }, 1500000);
    await alice.admit(bob);
    const held = (await bob.get('/api/v1/node')).events;
    await lab.within(bob, async () => (await bob.get('/api/v1/node')).events > held + 20, 'the backlog has begun to arrive', PATIENCE_WIRE_MS);
    lab.setWire(0, { rateKbit: 512, loss: 1 });
    await lab.sees(bob, alice, false);
    await lab.sees(bob, carol, false);
    lab.setWire(0, { rateKbit: 512 });
    await lab.converge([alice, bob, carol], PATIENCE_WIRE_MS);
    for (const node of [alice, bob, carol]) assert.doesNotMatch(node.log, /peer\.misbehaves/);
  });

  test('a message that is new overtakes a backlog', async (t) => {
    const lab = new Lab(t);
    const [alice, carol] = await lab.community(['Alice', 'Carol']);
    const bob = await lab.node({ name: 'Bob' });
    await lab.plugSlowly(bob, { addresses: ['10.9.0.9/24'] });
    await bob.start();
    await alice.admit(bob);
    await lab.converge([alice, bob, carol]);
    await bob.stop();
    await writeBacklog(alice, carol, 6000000);
    lab.setWire(0, { rateKbit: 128 });
    await bob.start();
    await lab.sees(alice, bob, true);
    const held = (await bob.get('/api/v1/node')).events;
    await lab.within(bob, async () => (await bob.get('/api/v1/node')).events > held, 'the backlog has begun to arrive', PATIENCE_WIRE_MS);
    const since = Date.now();
    const { event_id } = await alice.send(bob.id, 'fire!');
    await lab.within(bob, async () => (await bob.history(`peer=${alice.id}`)).some((message) => message.event_id === event_id), 'the new message is there', PATIENCE_WIRE_MS);
    t.diagnostic(`the new message was there after ${seconds(since)} s`);
    const [here, there] = await Promise.all([bob, alice].map(async (node) => (await node.get('/api/v1/node')).events));
    assert.ok(here < there - 100, `it came with the backlog, not before it: ${here} of ${there} events`);
    await lab.within(alice, async () => (await alice.history(`peer=${bob.id}`)).find((message) => message.event_id === event_id).delivered_at, 'its receipt is back', PATIENCE_WIRE_MS);
    t.diagnostic(`its receipt was back after ${seconds(since)} s`);
    lab.setWire(0, {});
    await lab.converge([alice, bob, carol], PATIENCE_WIRE_MS); // by a wide wire again
  });
});
