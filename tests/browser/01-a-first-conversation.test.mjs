// The first conversation as two people have it, from nothing to messages that waited for somebody who was away.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Node } from '../integration/support.mjs';
import { bubble, mark, neighbours, openTab, restart, row, useBrowser, write } from './support.mjs';

useBrowser();

async function openShuttingOut(tab, name) {
  await tab.getByLabel(`More about ${name}`).click();
  await tab.getByRole('button', { name: `Shut out … ${name}` }).click();
}

/** As people copy it by eye. */
const short = (node) => node.shortId.replace('ed25519:', '').replaceAll('-', ' ').toLowerCase();

test('two people found a community, join it, and talk', async () => {
  const alice = await (await Node.create({ name: 'Alice' })).start();
  const bob = await (await Node.create({ name: 'Bob' })).start();
  const aliceTab = await openTab(alice);
  const bobTab = await openTab(bob);

  await aliceTab.getByLabel('Name of the community').fill('Our street');
  await aliceTab.getByRole('button', { name: 'Create' }).click();
  await aliceTab.getByRole('heading', { name: 'Our street' }).waitFor();
  assert.equal((await alice.get('/api/v1/node')).policy.min_signatures_to_revoke, 3);

  const bobsId = await bobTab.locator('.code').textContent();
  await aliceTab.getByRole('button', { name: 'Invite' }).first().click();
  await aliceTab.getByText('Invite one device by its id').click();
  await aliceTab.getByLabel('Their id').fill('nonsense');
  await aliceTab.getByRole('button', { name: 'Make the invite' }).click();
  await aliceTab.getByText('That is no device’s id').waitFor();
  await aliceTab.getByLabel('Their id').fill(bobsId);
  await aliceTab.getByText('Lets one person in').click();
  await aliceTab.getByLabel('Valid for').selectOption('one day');
  await aliceTab.getByRole('button', { name: 'Make the invite' }).click();
  const invite = await aliceTab.locator('dialog details .code').textContent();
  const { expires_at } = JSON.parse(Buffer.from(invite.slice('hearthnet://v1/'.length), 'base64url'));
  assert.ok(Math.abs(new Date(expires_at) - Date.now() - 86400000) < 60000);
  await aliceTab.locator('dialog details .qr').evaluate((image) => image.decode());
  await aliceTab.keyboard.press('Escape');
  await aliceTab.locator('dialog').waitFor({ state: 'detached' });

  await bobTab.getByLabel('Invite').fill(`${invite.slice(0, -9)}`);
  await bobTab.getByRole('button', { name: 'Join', exact: true }).click();
  await bobTab.getByText('That is no whole invite').waitFor();
  await bobTab.getByLabel('Invite').fill(` ${invite}\n`);
  await bobTab.getByRole('button', { name: 'Join', exact: true }).click();
  await bobTab.getByRole('heading', { name: 'Our street' }).waitFor();

  assert.equal(await aliceTab.locator('#composer').isVisible(), false); // nobody is chosen yet
  await row(aliceTab, 'Bob').click();
  await write(aliceTab, 'Hallo Bob!');
  await bobTab.locator('.badge').waitFor(); // it arrives without a reload
  assert.match(await bobTab.title(), /^\(1\) Our street/);
  await row(bobTab, 'Alice').click();
  await mark(aliceTab, 'Hallo Bob!', 'read').waitFor();
  await bobTab.locator('.badge').waitFor({ state: 'detached' });
  assert.match(await bobTab.title(), /^Our street/);

  await write(bobTab, 'Hallo Alice!');
  await bubble(aliceTab, 'Hallo Alice!').waitFor();
  await mark(bobTab, 'Hallo Alice!', 'read').waitFor();

  await aliceTab.locator('.thread .sub', { hasText: 'online' }).waitFor();
  await bob.stop();
  await write(aliceTab, 'Schlaf gut');
  await mark(aliceTab, 'Schlaf gut', 'queued').waitFor();
  assert.match(await mark(aliceTab, 'Schlaf gut', 'queued').getAttribute('title'), /Kept by your node/);
  await bobTab.getByText('Your node does not answer').waitFor();
  await bob.start('--ui-port', new URL(bobTab.url()).port);
  await bobTab.getByText('Connected again').waitFor();
  await bubble(bobTab, 'Schlaf gut').waitFor();
  await mark(aliceTab, 'Schlaf gut', 'read').waitFor();
  assert.match(await mark(aliceTab, 'Schlaf gut', 'read').getAttribute('title'), /^Read .*\d/);
});

test('a message that could not be sent is kept, says so, and goes out once', async () => {
  const [alice, bob] = await neighbours();
  const tab = await openTab(alice, { viewport: { width: 360, height: 720 }, colorScheme: 'dark' });
  await row(tab, 'Bob').click();
  await write(tab, 'while you are here');
  await mark(tab, 'while you are here', 'delivered').waitFor();
  await restart(alice, 'kill', async () => {
    await tab.getByText('Your node does not answer. Trying again').waitFor();
    await write(tab, 'into the dark');
    await mark(tab, 'into the dark', 'failed').waitFor();
    await bubble(tab, 'into the dark').getByRole('button', { name: 'Try again' }).click();
    await bubble(tab, 'into the dark').getByText('It is tried again').waitFor();
  });
  await tab.getByText('Connected again').waitFor();
  await mark(tab, 'into the dark', 'delivered').waitFor();
  assert.equal(await bubble(tab, 'into the dark').count(), 1);
  assert.equal((await bob.history()).filter(({ body }) => body === 'into the dark').length, 1);

  await restart(alice, 'kill', async () => {
    await tab.getByText('Your node does not answer. Trying again').waitFor();
    await write(tab, 'kept over a reload');
    await mark(tab, 'kept over a reload', 'failed').waitFor();
  });
  await tab.getByText('Connected again').waitFor();
  await tab.reload();
  await mark(tab, 'kept over a reload', 'delivered').waitFor();
  assert.equal((await alice.history()).filter(({ body }) => body === 'kept over a reload').length, 1);
});

test('what nobody can receive any more is refused with the reason, and can be thrown away', async () => {
  const [alice, bob] = await neighbours();
  const tab = await openTab(alice);
  await alice.send(bob.id, 'from before');
  await row(tab, 'Bob').click();
  await tab.getByLabel('Message', { exact: true }).fill('too late');
  await tab.getByRole('button', { name: 'Members' }).click();
  await openShuttingOut(tab, 'Bob');
  const dialog = tab.locator('dialog');
  const button = dialog.getByRole('button', { name: 'Shut Bob out for good' });
  assert.equal(await button.isDisabled(), true);
  await dialog.getByLabel('Reason').selectOption('The device is lost or in wrong hands');
  await dialog.getByLabel('To go on, type the short id').fill(short(bob));
  await button.click();
  await dialog.waitFor({ state: 'detached' });
  await tab.getByText('one member', { exact: true }).waitFor();
  await row(tab, 'Bob').click();
  await tab.getByText('Bob is no member any more').waitFor();
  assert.ok(await bubble(tab, 'from before').isVisible());
  assert.equal(await tab.locator('#composer').isVisible(), false);
  const [event] = (await (await import('node:child_process')).execFileSync('sqlite3', [alice.database(), "SELECT json FROM events WHERE json LIKE '%member.revoked%'"]).toString().split('\n'));
  assert.equal(JSON.parse(event).data.reason, 'compromised');
});

test('shutting somebody out takes the agreement of others, as the community decided', async () => {
  const alice = await (await Node.create({ name: 'Alice', community: 'Our street', signatures: '2' })).start();
  const [bob, carol] = [await (await Node.create({ name: 'Bob' })).start(), await (await Node.create({ name: 'Carol' })).start()];
  await alice.admit(bob, { initial_level: 'trusted' });
  await alice.admit(carol);
  await bob.until(async () => (await bob.get('/api/v1/members')).members.length === 3);
  const tab = await openTab(alice);
  await tab.getByRole('button', { name: 'Members' }).click();
  await openShuttingOut(tab, 'Carol');
  const dialog = tab.locator('dialog');
  await dialog.getByLabel('To go on, type the short id').fill(short(carol));
  await dialog.getByRole('button', { name: 'Shut Carol out for good' }).click();
  await dialog.getByRole('alert').getByText(/takes the word of 2 trusted members/).waitFor();
  await dialog.getByText('Ask in another way').click();
  const [, ...command] = (await dialog.locator('code').textContent()).split(' '); // what Bob may type
  await dialog.getByLabel('What they answered').fill((await bob.cli(...command)).stdout);
  await dialog.getByRole('button', { name: 'Shut Carol out for good' }).click();
  await dialog.waitFor({ state: 'detached' });
  await bob.until(async () => (await bob.get('/api/v1/members')).members.length === 2);
  await tab.getByText('2 members', { exact: true }).waitFor();
  await openShuttingOut(tab, 'Bob'); // without Bob, Alice is all there is
  assert.equal(await dialog.getByLabel('What they answered').count(), 0);
  await dialog.getByLabel('To go on, type the short id').fill(short(bob));
  await dialog.getByRole('button', { name: 'Shut Bob out for good' }).click();
  await tab.getByText('one member', { exact: true }).waitFor();
});

test('the founder is shut out by as many as the policy says, however few there are', async () => {
  const alice = await (await Node.create({ name: 'Alice', community: 'Our street', signatures: '3' })).start();
  const bob = await (await Node.create({ name: 'Bob' })).start();
  await alice.admit(bob, { initial_level: 'trusted' });
  const tab = await openTab(bob);
  await tab.getByRole('button', { name: 'Members' }).click();
  await openShuttingOut(tab, 'Alice');
  const dialog = tab.locator('dialog');
  await dialog.getByText('This takes 3 trusted members, and there is one who could agree').waitFor();
  await dialog.getByLabel('To go on, type the short id').fill(short(alice));
  assert.equal(await dialog.getByRole('button', { name: 'Shut Alice out for good' }).isDisabled(), true);
});

test('a refused message says why, and is tried again or thrown away as one likes', async () => {
  const [alice, bob] = await neighbours();
  const tab = await openTab(alice);
  await row(tab, 'Bob').click();
  await tab.route('**/api/v1/chat/send', (route) => route.fulfill({ status: 503, json: { error: 'capacity_exceeded', message: 'busy' } }));
  await write(tab, 'worth another try');
  await write(tab, 'better not');
  await bubble(tab, 'better not').getByText('Your node is busy. Try again in a moment.').waitFor();
  await bubble(tab, 'better not').getByRole('button', { name: 'Discard' }).click();
  await bubble(tab, 'better not').waitFor({ state: 'detached' });
  await tab.unroute('**/api/v1/chat/send');
  await bubble(tab, 'worth another try').getByRole('button', { name: 'Try again' }).click();
  await mark(tab, 'worth another try', 'delivered').waitFor();
  await tab.reload();
  await mark(tab, 'worth another try', 'delivered').waitFor();
  assert.deepEqual((await bob.history()).map(({ body }) => body), ['worth another try']);
  assert.equal(await bubble(tab, 'better not').count(), 0);
});

test('an open first page notices what the command line does', async () => {
  const alice = await (await Node.create({ name: 'Alice' })).start();
  const tab = await openTab(alice);
  await tab.getByText('Welcome to the hearth').waitFor();
  await alice.post('/api/v1/community', { name: 'Founded elsewhere' });
  await tab.getByText('You are the first here').waitFor();
});
