import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, test } from 'node:test';
import { Front } from '../integration/front.mjs';
import { cleanAll, Node, Peer, wallClock } from '../integration/support.mjs';
import { converge as same } from './support.mjs';

after(cleanAll);
const faketime = execFileSync('find', ['/usr/lib', '-name', 'libfaketime.so.1']).toString().split('\n')[0];

const start = async (options) => (await Node.create(options)).start();
const invite = async (node, guest, more = {}) => (await node.post('/api/v1/invites', { invitee_node_id: guest.id, ...more })).invite;
const join = (guest, text) => guest.request('POST', '/api/v1/community/join', { invite: text });

for (const [who, shift] of [['an inviter', '-20000d'], ['an inviter', '-2d'], ['a guest', '+4400d'], ['a guest', '-20000d']]) {
  test(`${who} whose clock is off by ${shift}: invites work, and are judged by the inviter's clock`, async () => {
    const fake = { LD_PRELOAD: faketime, FAKETIME: shift, FAKETIME_DONT_FAKE_MONOTONIC: '1' };
    const alice = await Node.create({ name: 'Alice', community: 'Street' });
    const carol = await Node.create({ name: 'Carol' });
    (who === 'a guest' ? carol : alice).environment = fake;
    await alice.start();
    await carol.start();
    const bob = await start({ name: 'Bob' });
    await alice.admit(bob);
    const text = await invite(alice, carol, { ttl_seconds: 3600 });
    const joined = await join(carol, text);
    assert.equal(joined.status, 200, joined.text);
    await same([carol, bob, alice]); // Bob, whose clock is right, takes it too
    const page = await Peer.of(bob).call(alice, 'POST', '/sync/v1/events', { community_id: alice.id, events: [], our_head: 0, membership: true });
    const event = page.body.events.find(({ event_type, author }) => event_type === 'community.member.joined' && author === carol.id);
    const invited = page.body.events.find(({ event_type, data }) => event_type === 'community.member.invited' && data.invitee_node_id === carol.id);
    assert.ok(Math.abs(Date.parse(event.wall_clock) - Date.parse(invited.wall_clock)) < 60000, event.wall_clock);
    // Whose clock is wrong is told so, and by how much; the others are not.
    const [off, right] = who === 'a guest' ? [carol, alice] : [alice, carol];
    const skew = async (node) => (await node.get('/api/v1/node')).clock_skew_seconds;
    const days = Number(shift.slice(0, -1));
    await off.until(async () => Math.abs((await skew(off)) / 86400 - days) < 0.1);
    assert.match((await off.cli('status')).stdout, new RegExp(`^clock +${Math.abs(days)} days ${days < 0 ? 'behind' : 'ahead of'} the neighbours'`, 'm'));
    for (const node of [right, bob]) await node.until(async () => (await skew(node)) === null);
    // Over by the inviter's clock is over, whatever the guest's says.
    const dora = await Node.create({ name: 'Dora' });
    dora.environment = carol.environment;
    await dora.start();
    const front = await Front.before(alice, dora, { tell: (target, answer, self) => (target === '/manifest' ? { ...answer, body: self.resign(answer.body, { issued_at: wallClock(Date.parse(answer.body.issued_at) + 7200000) }) } : { status: 401, body: { error: 'unauthorized', message: '' } }) });
    const late = await join(dora, front.redirect(await invite(alice, dora, { ttl_seconds: 3600 })));
    assert.equal(late.body.error, 'invite_expired', late.text);
    assert.match(late.body.message, /by the inviter's clock/);
  });
}
