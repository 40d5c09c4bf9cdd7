// Who one is, and how those are told apart who go by one name.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { Node } from '../integration/support.mjs';
import { neighbours, openTab, row, SCREENSHOTS, useBrowser } from './support.mjs';

useBrowser();

const rename = (node, display_name) => node.post('/api/v1/node', { display_name });

test('the first page asks for a name before anything else, and everybody gets it', async () => {
  const alice = await (await Node.create()).start();
  const bob = await (await Node.create()).start();
  const tab = await openTab(alice);
  const name = tab.getByLabel('Your name');
  const [account] = execFileSync('getent', ['passwd', String(process.getuid())]).toString().split(':').slice(4);
  assert.equal(await name.inputValue(), process.getuid() < 1000 ? '' : account.split(',')[0]);
  await name.fill('');
  await tab.getByLabel('Name of the community').fill('Our street');
  await tab.getByRole('button', { name: 'Create' }).click();
  await tab.getByText('Say first what you are called.').waitFor();
  await name.fill('\u2066\u2069');
  await tab.getByRole('button', { name: 'Create' }).click();
  await tab.getByRole('alert').getByText('A name has 1 to 64 characters').waitFor();
  await tab.screenshot({ path: `${SCREENSHOTS}/first-page-without-a-name.png` });
  await name.fill('Alice Müller');
  await tab.getByRole('button', { name: 'Create' }).click();
  await tab.getByRole('heading', { name: 'Our street' }).waitFor();

  const { invite } = await alice.post('/api/v1/invites', { invitee_node_id: bob.id });
  const guest = await openTab(bob, { locale: 'de-DE' });
  await guest.getByLabel('Dein Name').fill('Bob');
  await guest.getByLabel('Einladung').fill(invite);
  await guest.getByRole('button', { name: 'Beitreten' }).click();
  await row(guest, 'Alice Müller').waitFor();
  await row(tab, 'Bob').waitFor();
});

test('a name is changed in the settings, for everybody, while tabs are open', async () => {
  const [alice, bob] = await neighbours();
  const [tab, other] = [await openTab(alice), await openTab(bob)];
  await tab.getByRole('button', { name: 'Settings' }).click();
  await tab.getByLabel('Your name').fill('Alice the Second');
  await tab.getByRole('button', { name: 'Keep this name' }).click();
  await row(other, 'Alice the Second').waitFor();
  await tab.keyboard.press('Escape');
  await tab.locator('.side header').getByText('Alice the Second').waitFor();
  await tab.locator('dialog').waitFor({ state: 'detached' });
  await rename(alice, 'Alice the Third'); // by the command line, say
  await tab.locator('.side header').getByText('Alice the Third').waitFor();
  await tab.getByRole('button', { name: 'Settings' }).click();
  assert.equal(await tab.getByLabel('Your name').inputValue(), 'Alice the Third');
});

test('who is called like an id, or like one who is told apart by theirs, is told apart', async () => {
  const [alice, bob] = await neighbours();
  const [own, short] = [alice, bob].map((node) => node.shortId.replace('ed25519:', ''));
  const tab = await openTab(alice);
  for (const name of [`Alice (${own})`, own, `Alice\uff08${own.replaceAll('-', '\u2011')}\uff09`]) {
    await rename(bob, name);
    await tab.locator('.row .name').getByText(`${name} (${short})`, { exact: true }).waitFor();
  }
  await rename(bob, 'Anna-Lena Otto-Karl');
  await tab.locator('.row .name').getByText('Anna-Lena Otto-Karl', { exact: true }).waitFor();
});

test('those who go by one name are told apart wherever a name stands', async () => {
  const [alice, bob] = await neighbours();
  const short = bob.shortId.replace('ed25519:', '');
  const tab = await openTab(alice);
  await row(tab, 'Bob').click();
  await rename(bob, 'Al\u0456ce'); // the i is Cyrillic
  await row(tab, `Al\u0456ce (${short})`).waitFor();
  await tab.locator('.thread h2', { hasText: short }).waitFor();
  await tab.getByRole('button', { name: 'Members' }).click();
  await tab.locator('.member', { hasText: short }).getByText('Looks like another member’s name').waitFor();
  await tab.screenshot({ path: `${SCREENSHOTS}/names-alike.png` });
  await rename(bob, 'alice');
  await tab.locator('.member', { hasText: short }).getByText('Several have this name').waitFor();

  await tab.getByLabel(`More about alice (${short})`).click();
  await tab.getByRole('button', { name: `Shut out … alice (${short})` }).click();
  const dialog = tab.locator('dialog');
  const shutOut = dialog.getByRole('button', { name: 'for good' });
  await dialog.getByText('Several have this name').waitFor();
  await dialog.getByLabel('To go on, type the short id').fill('alice');
  assert.equal(await shutOut.isDisabled(), true);
  await dialog.getByLabel('To go on, type the short id').fill((await alice.get('/api/v1/node')).short_id);
  assert.equal(await shutOut.isDisabled(), true);
  await dialog.getByLabel('To go on, type the short id').fill(short);
  assert.equal(await shutOut.isEnabled(), true);
});
