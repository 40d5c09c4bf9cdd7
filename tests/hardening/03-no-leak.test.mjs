import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { cleanAll, Node, Peer, rawStatus, Subscriber } from '../integration/support.mjs';

after(cleanAll);

test('a conversation, and a day at the gates, leave no memory behind and touch none that is not theirs', async () => {
  const wrapper = ['valgrind', '--quiet', '--error-exitcode=99', '--leak-check=full', '--show-leak-kinds=definite,indirect,possible', '--errors-for-leak-kinds=definite,indirect,possible'];
  const alice = await Node.create({ name: 'Alice', community: 'Street' });
  const bob = await Node.create({ name: 'Bob' });
  for (const node of [alice, bob]) {
    node.wrapper = wrapper;
    await node.start();
  }
  const tab = new Subscriber(alice, { since: 0 });
  await tab.ready();
  await alice.admit(bob);
  const { event_id } = await alice.send(bob.id, 'under the magnifying glass');
  await alice.delivered(event_id);
  await bob.post('/api/v1/chat/read', { peer: alice.id, event_id });
  await alice.event((event) => event.event_type === 'chat.message.read');
  assert.equal((await bob.history()).length, 1);
  for (const target of ['/', '/api/v1/node', '/api/v1/members', '/api/v1/chat/conversations', '/metrics', '/ready', '/api/v1/qr.svg?text=x', '/nothing']) await alice.request('GET', target);
  assert.equal(await rawStatus(alice, 'GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n'), 401);
  assert.equal((await alice.request('POST', '/api/v1/chat/send', '{"recipient":')).status, 400);
  const stranger = new Peer();
  assert.equal((await stranger.call(alice, 'GET', '/sync/v1/heads')).status, 401);
  const member = new Peer();
  await member.join(alice);
  assert.equal((await member.call(alice, 'GET', '/sync/v1/heads', undefined, { anonymous: true, headers: member.signedHeaders(alice, {}, { capability: '/sync/v1/heads' }) })).status, 200);
  assert.equal((await member.call(alice, 'POST', '/sync/v1/events', { community_id: alice.communityId, events: [7] })).status, 400);
  tab.close();
  for (const node of [alice, bob]) {
    await node.stop();
    assert.doesNotMatch(node.log, /==\d+==/);
  }
});
