import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, test } from 'node:test';
import { cleanAll, Node } from '../integration/support.mjs';
import { converge } from './support.mjs';

after(cleanAll);
const faketime = execFileSync('find', ['/usr/lib', '-name', 'libfaketime.so.1']).toString().split('\n')[0];

for (const shift of ['+3650d', '-3650d']) {
  test(`a node whose clock is off by ${shift} talks like any other`, async () => {
    const alice = await (await Node.create({ name: 'Alice', community: 'Street' })).start();
    const bob = await (await Node.create({ name: 'Bob' })).start();
    await alice.admit(bob);
    await bob.stop();
    bob.environment = { LD_PRELOAD: faketime, FAKETIME: shift, FAKETIME_DONT_FAKE_MONOTONIC: '1' };
    await bob.start();
    await alice.send(bob.id, 'what year is it?');
    await bob.arrived('what year is it?');
    const { event_id } = await bob.send(alice.id, 'the year of the cat');
    await alice.arrived('the year of the cat');
    await bob.delivered(event_id);
    await converge([alice, bob]);
    assert.deepEqual((await alice.history()).map(({ body }) => body), ['what year is it?', 'the year of the cat']); // (lamport, id) orders, not the clock
    const wallClock = (await alice.history())[1].created_at;
    assert.ok(Math.abs(Date.parse(wallClock) - Date.now()) > 3000 * 86400000, wallClock);
  });
}

test('kill -9 of either side under load: what was acknowledged is on both, once', async () => {
  const alice = await (await Node.create({ name: 'Alice', community: 'Street' })).start();
  const bob = await (await Node.create({ name: 'Bob' })).start();
  await alice.admit(bob);
  const acknowledged = [];
  let writing = true;
  let back = Promise.resolve(); // whoever was killed is up again
  const writers = [[alice, bob], [bob, alice]].flatMap(([from, to]) => Array.from({ length: 16 }, async (_, writer) => {
    for (let i = 0; writing; i++) {
      const body = `${from === alice ? 'a' : 'b'}/${writer}/${i}`;
      const answer = await from.send(to.id, body, body).catch(() => null);
      if (answer) acknowledged.push(answer.event_id);
      else await back;
    }
  }));
  for (const victim of [alice, bob, bob, alice]) {
    const before = acknowledged.length;
    await victim.until(() => acknowledged.length > before + 100);
    back = victim.kill().then(() => victim.start());
    await back;
  }
  writing = false;
  await Promise.all(writers);
  await converge([alice, bob]);
  for (const node of [alice, bob]) {
    const stored = [];
    for (let since = 0, more = true; more;) {
      const page = await node.get(`/api/v1/chat/history?limit=1000&since_lamport=${since}`);
      stored.push(...page.messages);
      since = page.messages.at(-1).lamport;
      more = page.more;
    }
    const ids = new Set(stored.map((message) => message.event_id));
    assert.equal(ids.size, stored.length);
    for (const id of acknowledged) assert.ok(ids.has(id));
    assert.equal(new Set(stored.map((message) => message.body)).size, stored.length); // every client_id once
  }
});
