// Inviting in one step: a code and a text at once, used by whoever has it; and what was typed in a dialog that was left by accident.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Node, path } from '../integration/support.mjs';
import { neighbours, openTab, row, SCREENSHOTS, useBrowser, write, bubble } from './support.mjs';

useBrowser();

const start = async (options) => (await Node.create(options)).start();
const shoot = (tab, name) => tab.screenshot({ path: path.join(SCREENSHOTS, `invite-${name}.png`) });
const openDialog = async (tab, name = 'Invite') => {
  await tab.locator('.side').getByRole('button', { name, exact: true }).first().click();
  await tab.locator('dialog .qr:not(.waiting)').first().evaluate((image) => image.decode());
};
const shown = (tab) => tab.locator('dialog .code').first().textContent();
const gone = (tab) => tab.locator('dialog').waitFor({ state: 'detached' });
const beside = (tab) => tab.mouse.click(3, 300);
const join = async (tab, text, [field, action] = ['Invite', 'Join']) => {
  await tab.getByLabel(field, { exact: true }).fill(text);
  await tab.getByRole('button', { name: action, exact: true }).click();
};
const read = (text) => JSON.parse(Buffer.from(text.slice('hearthnet://v1/'.length), 'base64url'));
const wrap = (text, width, between) => text.match(new RegExp(`.{1,${width}}`, 'g')).join(between);

test('the code is there at once; who pastes it from a mail is in, and the dialog says so by itself', async () => {
  const alice = await start({ name: 'Alice', community: 'Our street' });
  const jana = await start({ name: 'Jana' });
  const tab = await openTab(alice);
  await openDialog(tab);
  await shoot(tab, 'open');
  const text = await shown(tab);
  const { initial_level, expires_at } = read(text);
  assert.equal(initial_level, 'member');
  assert.ok(Math.abs(Date.parse(expires_at) - Date.now() - 7 * 86400000) < 60000);
  await tab.getByText(/^Lets one person in, until .*\d/).waitFor();
  const guest = await openTab(jana);
  await join(guest, `> Hi Jana,\n> \n> here is your invite:\n> <H${wrap(text.slice(1), 74, '\n> ')}>.\n> \n> See you\u200b\n`);
  await guest.getByRole('heading', { name: 'Our street' }).waitFor();
  await tab.locator('dialog').getByText('Jana is in.').waitFor();
  await shoot(tab, 'arrived');
  assert.equal(await tab.locator('dialog .qr').isVisible(), false); // it is used up
  await tab.getByRole('button', { name: 'Invite somebody else' }).click();
  await tab.locator('dialog .qr').first().evaluate((image) => image.decode());
  assert.notEqual(await shown(tab), text);
  await tab.getByRole('button', { name: 'Say hello' }).click();
  await gone(tab);
  await tab.waitForFunction(() => document.activeElement.id === 'composer');
  await write(tab, 'Hello Jana!');
  await row(guest, 'Alice').click();
  await bubble(guest, 'Hello Jana!').waitFor();
});

test('for several: who comes is named, and the code stays; looked at again it is the same, until somebody came', async () => {
  const alice = await start({ name: 'Alice', community: 'Our street' });
  const tab = await openTab(alice);
  await openDialog(tab);
  const first = await shown(tab);
  await tab.getByText('Lets one person in').click();
  await tab.getByLabel('They join as').selectOption('Trusted');
  await tab.getByLabel('Valid for').selectOption('one day');
  await tab.getByLabel('Lets in').selectOption('5 people');
  await tab.getByText('Lets 5 people in').waitFor();
  const text = await shown(tab);
  assert.notEqual(text, first);
  assert.equal(read(text).initial_level, 'trusted');
  for (const name of ['Bob', 'Carol']) {
    await (await start({ name })).post('/api/v1/community/join', { invite: text });
    await tab.locator('dialog').getByText(`${name} is in.`).waitFor();
  }
  await tab.getByRole('button', { name: 'Say hello' }).nth(1).waitFor();
  assert.equal(await tab.getByRole('button', { name: 'Say hello' }).count(), 2);
  assert.equal(await shown(tab), text);
  await tab.locator('dialog').getByRole('button', { name: 'Close' }).click();
  await gone(tab);
  await openDialog(tab);
  const once = await shown(tab);
  assert.ok(![text, first].includes(once));
  assert.equal(await tab.locator('dialog .arrived').textContent(), ''); // who came before is no news
  await tab.keyboard.press('Escape');
  await gone(tab);
  await openDialog(tab);
  assert.equal(await shown(tab), once);
  await tab.keyboard.press('Escape');
  await gone(tab);
  await (await start({ name: 'Dora' })).post('/api/v1/community/join', { invite: once });
  await row(tab, 'Dora').waitFor();
  await openDialog(tab);
  assert.notEqual(await shown(tab), once); // somebody has used that
});

/** Its pixels a module, on a screen of one pixel a point. */
async function modulePixels(tab) {
  const [address, width] = await tab.locator('dialog .qr').first().evaluate((image) => [image.src, image.getBoundingClientRect().width]);
  return width / Number(/viewBox="0 0 (\d+) /.exec(await (await fetch(address)).text())[1]);
}

test('the code is as small as its text, three pixels a module and more, whole on a small phone, and can be read', async () => {
  const alice = await start({ name: 'Alice', community: 'Our street in the old town' });
  const german = (name) => name === 'german';
  for (const [name, options] of [['phone', { viewport: { width: 360, height: 740 } }], ['phone-dark', { viewport: { width: 360, height: 740 }, colorScheme: 'dark' }], ['desk', {}], ['german', { viewport: { width: 360, height: 740 }, locale: 'de-DE' }]]) {
    const tab = await openTab(alice, options);
    await openDialog(tab, german(name) ? 'Einladen' : 'Invite');
    assert.ok(await modulePixels(tab) >= 3, `${await modulePixels(tab)} pixels`);
    const box = await tab.locator('dialog .qr').first().boundingBox();
    const { width } = tab.viewportSize();
    assert.ok(box.x >= 0 && box.x + box.width <= width, JSON.stringify(box));
    assert.equal(await tab.locator('dialog').evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth), 0);
    await shoot(tab, name);
    // A picture of the screen is enough for another device.
    const guest = await openTab(await start({ name: `Guest ${name}` }));
    await guest.locator('input[type="file"]').setInputFiles({ name: 'screen.png', mimeType: 'image/png', buffer: await tab.screenshot() });
    await guest.getByRole('heading', { name: 'Our street in the old town' }).waitFor();
    await tab.locator('dialog').getByText(german(name) ? 'Guest german ist da.' : `Guest ${name} is in.`).waitFor();
    if (german(name)) {
      await tab.getByRole('button', { name: 'Grüßen' }).waitFor();
      await shoot(tab, 'german-arrived');
    }
    await guest.close();
    await tab.close();
  }
});

test('a code that is larger than a small phone is shown whole all the same', async () => {
  const tab = await openTab(await start({ name: 'Alice', community: '🏡'.repeat(64) }), { viewport: { width: 340, height: 740 } });
  await openDialog(tab);
  const box = await tab.locator('dialog .qr').first().boundingBox();
  assert.ok(box.x >= 0 && box.x + box.width <= 340, JSON.stringify(box));
  assert.ok(Math.abs(box.width - box.height) < 1, JSON.stringify(box));
  assert.equal(await tab.locator('dialog').evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth), 0);
});

test('what goes wrong is said: used up, the inviter off, not allowed', async () => {
  const alice = await start({ name: 'Alice', community: 'Our street' });
  const bob = await start({ name: 'Bob' });
  await alice.admit(bob);
  const { invite } = await alice.post('/api/v1/invites', { open: true });
  await (await start({ name: 'Carol' })).post('/api/v1/community/join', { invite });
  const guest = await openTab(await start({ name: 'Dora' }));
  await join(guest, invite);
  await guest.getByText('or it has been used up').waitFor();
  const { invite: another } = await alice.post('/api/v1/invites', { open: true });
  await alice.stop();
  await join(guest, another);
  await guest.getByText('The neighbour’s node can’t be reached').waitFor();
  await alice.start();
  await guest.getByRole('button', { name: 'Join', exact: true }).click();
  await guest.getByRole('heading', { name: 'Our street' }).waitFor();
  const closed = await start({ name: 'Eve' });
  await closed.post('/api/v1/community', { name: 'Closed', policy: { default_member_can_invite: false } });
  const fred = await start({ name: 'Fred' });
  await closed.admit(fred);
  const tab = await openTab(fred);
  await tab.locator('.side').getByRole('button', { name: 'Invite', exact: true }).click();
  await tab.locator('dialog').getByText('You may not invite').waitFor();
});

test('what was typed is there again after a click beside the dialog, or Esc; not what one has closed, nor a shutting out', async () => {
  const [alice, bob] = await neighbours({ alice: { name: 'Alice' } });
  const tab = await openTab(alice);
  const byId = async () => tab.getByText('Invite one device by its id').click();
  await openDialog(tab);
  await byId();
  await tab.getByLabel('Their id').fill('hearthnet-id://v1/half of');
  await tab.getByLabel('Their name').fill('Jana');
  await tab.getByText('Lets one person in').click();
  await tab.getByLabel('Lets in').selectOption('20 people');
  await tab.getByText('Lets 20 people in').waitFor();
  for (const leave of [() => beside(tab), () => tab.keyboard.press('Escape')]) {
    await leave();
    await gone(tab);
    await openDialog(tab);
    assert.equal(await tab.getByLabel('Their id').inputValue(), 'hearthnet-id://v1/half of');
    assert.equal(await tab.getByLabel('Their name').inputValue(), 'Jana');
    assert.ok(await tab.getByLabel('Their id').isVisible());
    await tab.getByText('Lets 20 people in').waitFor();
  }
  // A text that is selected with the mouse may end beside it, and its own margin is no outside.
  const box = await tab.getByText('Let your neighbour scan').boundingBox();
  await tab.mouse.move(box.x + 20, box.y + 5);
  await tab.mouse.down();
  await tab.mouse.move(5, box.y);
  await tab.mouse.up();
  const dialog = await tab.locator('dialog').boundingBox();
  await tab.mouse.click(dialog.x + 5, dialog.y + dialog.height / 2);
  assert.equal(await tab.locator('dialog[open]').count(), 1);
  await tab.locator('dialog').getByRole('button', { name: 'Close' }).click();
  await gone(tab);
  await openDialog(tab);
  await byId();
  assert.equal(await tab.getByLabel('Their id').inputValue(), '');
  await tab.keyboard.press('Escape');
  await gone(tab);

  await tab.goto(`${alice.ui}/#/members`);
  const shutOut = async () => {
    await tab.getByLabel('More about Bob').click();
    await tab.getByRole('button', { name: 'Shut out … Bob' }).click();
  };
  await shutOut();
  await tab.locator('dialog input').fill(bob.shortId);
  assert.equal(await tab.getByRole('button', { name: 'Shut Bob out for good' }).isEnabled(), true);
  await beside(tab);
  await gone(tab);
  await shutOut();
  assert.equal(await tab.locator('dialog input').inputValue(), '');
  assert.equal(await tab.getByRole('button', { name: 'Shut Bob out for good' }).isEnabled(), false);
  await beside(tab);
  await gone(tab);

  await tab.getByRole('button', { name: 'Agree to a request' }).click();
  await tab.locator('dialog textarea').fill('hearthchat co-sign');
  await beside(tab);
  await gone(tab);
  await tab.getByRole('button', { name: 'Agree to a request' }).click();
  assert.equal(await tab.locator('dialog textarea').inputValue(), 'hearthchat co-sign');
});
