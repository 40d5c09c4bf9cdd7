import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { cleanAll } from '../integration/support.mjs';
import { Lab } from './support.mjs';

after(cleanAll);

// Deadlines below the 60 s after which whoever said nothing is taken for gone: what is seen within them was noticed.
const AFTER_A_STOP_MS = 20000;
const UNDER_A_MESSAGE_MS = 35000;
const IN_SILENCE_MS = 50000;

const state = async (node, eventId) => (await node.history()).find((message) => message.event_id === eventId);

describe('a machine that is not there any more', { concurrency: 6 }, () => {
  test('sleeps for 10 minutes, and has everything when it wakes', async (t) => {
    const lab = new Lab(t);
    const [alice, bob] = await lab.community(['Alice', 'Bob'], { faketime: true });
    await lab.everybodyTalks([alice, bob]);
    lab.suspend(bob);
    const { event_id } = await alice.send(bob.id, 'good night');
    await lab.sees(alice, bob, false);
    const since = Date.now();
    lab.wake(bob, 600);
    await lab.within(bob, async () => (await state(bob, event_id))?.delivered_at, 'what was written meanwhile is there');
    t.diagnostic(`awake, what was written meanwhile was there after ${((Date.now() - since) / 1000).toFixed(1)} s`);
    await lab.everybodyTalks([alice, bob], { since });
    await lab.converge([alice, bob]);
  });

  test('wakes up in another network, as a laptop that was carried home', async (t) => {
    const lab = new Lab(t);
    const [alice, bob] = await lab.community(['Alice', 'Bob'], { faketime: true });
    lab.suspend(bob);
    await lab.sees(alice, bob, false);
    lab.readdress(bob, ['10.9.0.88/24']);
    const since = Date.now();
    lab.wake(bob, 600);
    await lab.everybodyTalks([alice, bob], { since });
  });

  test('a path that died without a word is noticed by both, and used again when it lives', async (t) => {
    const lab = new Lab(t);
    const nodes = await lab.community(['Alice', 'Bob']);
    const [alice, bob] = nodes;
    await lab.everybodyTalks(nodes);
    lab.cut(bob);
    const cut = Date.now();
    const { event_id } = await alice.send(bob.id, 'are you there?');
    await Promise.all([lab.sees(alice, bob, false, IN_SILENCE_MS), lab.sees(bob, alice, false, IN_SILENCE_MS)]);
    t.diagnostic(`noticed by both after ${((Date.now() - cut) / 1000).toFixed(1)} s`);
    assert.equal((await state(alice, event_id)).delivered_at, null);
    const since = Date.now();
    lab.heal(bob);
    await lab.everybodyTalks(nodes, { since });
  });

  test('a path that dies under a message is noticed in 20 s', async (t) => {
    const lab = new Lab(t);
    const [alice, bob] = await lab.community(['Alice', 'Bob']);
    await lab.everybodyTalks([alice, bob]); // there is a connection that is kept
    lab.cut(bob);
    const since = Date.now();
    await alice.send(bob.id, 'are you there?');
    await lab.sees(alice, bob, false, UNDER_A_MESSAGE_MS);
    t.diagnostic(`noticed after ${((Date.now() - since) / 1000).toFixed(1)} s`);
  });

  test('a clean stop is seen at once, a kill later', async (t) => {
    const lab = new Lab(t);
    const [alice, bob] = await lab.community(['Alice', 'Bob']);
    await lab.sees(alice, bob, true);
    const stopped = Date.now();
    await bob.stop();
    await lab.sees(alice, bob, false, AFTER_A_STOP_MS);
    t.diagnostic(`the stop was seen after ${((Date.now() - stopped) / 1000).toFixed(1)} s`);
    await bob.start();
    await lab.sees(alice, bob, true);
    const killed = Date.now();
    await bob.kill();
    await lab.sees(alice, bob, false, IN_SILENCE_MS);
    t.diagnostic(`the kill was seen after ${((Date.now() - killed) / 1000).toFixed(1)} s`);
  });

  test('a send to somebody whose cable is cut is answered, not waited with', async (t) => {
    const lab = new Lab(t);
    const [alice, bob] = await lab.community(['Alice', 'Bob']);
    lab.cut(bob);
    await lab.sees(alice, bob, false);
    const since = Date.now();
    assert.equal((await alice.send(bob.id, 'for later')).delivered, 'queued');
    t.diagnostic(`answered after ${Date.now() - since} ms`);
    const healed = Date.now();
    lab.heal(bob);
    await lab.within(alice, async () => (await alice.history()).every((message) => message.delivered_at), 'it is delivered');
    t.diagnostic(`delivered ${((Date.now() - healed) / 1000).toFixed(1)} s after the cable was whole`);
  });
});
