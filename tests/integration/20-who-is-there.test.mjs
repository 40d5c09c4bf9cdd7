import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { cleanAll, neighbours, Peer, Subscriber } from './support.mjs';

let alice;
let bob;
after(cleanAll);
before(async () => { [alice, bob] = await neighbours(); });

const sees = async (node, other) => (await node.get('/api/v1/members')).members.find((member) => member.node_id === other.id)?.online;
const changes = async (node) => { const tab = new Subscriber(node, { topics: ['peer.changed'] }); await tab.ready(); return tab; };
const told = (tab, other, online) => tab.until(() => tab.published().some(({ data }) => data.node_id === other.id && data.online === online));

/** Something between others is stored, of which no tab is told. */
async function storeWhatConcernsNobody() {
  const member = new Peer();
  await member.join(alice);
  const { head } = await alice.get('/api/v1/node');
  await member.push(alice, member.event(member.community, head + 1, 'market.post.created', { any: 'thing' }));
}

test('who stops says so: the others know it before they call', async () => {
  await alice.until(() => sees(alice, bob));
  await storeWhatConcernsNobody();
  const tab = await changes(alice);
  const { seq } = tab.frames[0];
  await bob.stop();
  await told(tab, bob, false);
  const resuming = new Subscriber(alice, { topics: ['peer.changed'], since: seq });
  await told(resuming, bob, false);
  resuming.close();
  assert.equal(await sees(alice, bob), false);
  assert.equal((await alice.send(bob.id, 'gone')).delivered, 'queued');
  tab.close();
  await bob.start();
  await bob.arrived('gone');
  await alice.until(() => sees(alice, bob));
});

test('a killed one is offline with the first message that finds nobody, and the sender is told at once', async () => {
  await alice.until(async () => (await alice.send(bob.id, 'are you there?')).delivered === 'direct'); // she reaches him: of who only calls, as behind NAT, it takes 35 s
  await bob.kill();
  const { event_id, delivered } = await alice.send(bob.id, 'to nobody');
  assert.equal(delivered, 'queued');
  await alice.until(async () => !(await sees(alice, bob)));
  await bob.start();
  await bob.arrived('to nobody');
  await alice.delivered(event_id);
});

test('only a member leaves, and with nothing to add', async () => {
  const member = new Peer();
  await member.join(alice);
  const leave = (who, body = {}) => who.call(alice, 'POST', '/sync/v1/leaving', body);
  assert.equal((await leave(new Peer())).status, 401);
  assert.equal((await leave(member, { forever: true })).body.error, 'bad_request');
  assert.equal((await leave(member, [])).body.error, 'bad_request');
  await alice.until(async () => (await member.call(alice, 'GET', '/sync/v1/heads')) && sees(alice, member));
  const tab = await changes(alice);
  assert.deepEqual((await leave(member)).body, {});
  await told(tab, member, false);
  await member.call(alice, 'GET', '/sync/v1/heads'); // it is back
  await told(tab, member, true);
  tab.close();
});
