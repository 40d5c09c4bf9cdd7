// Search finds what people type, in any script, and says where it stands.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { cleanAll, cli, neighbours } from './support.mjs';

let alice;
let bob;
after(cleanAll);
before(async () => { [alice, bob] = await neighbours(); });

const find = (node, query, more = '') => node.get(`/api/v1/chat/search?q=${encodeURIComponent(query)}${more}`);
const wherever = ({ body, found }) => found.map(([begin, end]) => body.slice(begin, end));

// What is written, what is looked for, and what of it is found.
const EXAMPLES = [
  ['Die Wasserpumpe ist kaputt', 'pumpe', 'pumpe'],
  ['明日の会議室です', '会議', '会議'],
  ['我们开会吧', '开会', '开会'],
  ['Prima 👍🏽!', '👍', '👍🏽'],
  ['Gut ❤', '❤\ufe0f', '❤'],
  ['ο κόσμος', 'κοσμος', 'κόσμος'],
  ['ΤΟ ΦΩΣ', 'φως', 'ΦΩΣ'],
  ['наша ёлка', 'елка', 'ёлка'],
  ['еще раз', 'ещё', 'еще'],
  ['ışık açık', 'isik', 'ışık'],
  ['ISPARTA', 'ısparta', 'ISPARTA'],
  ['İzmir', 'izmir', 'İzmir'],
  ['in der Straße', 'strasse', 'Straße'],
  ['RINGSTRASSE 3', 'straße', 'STRASSE'],
  ['שָׁלוֹם לך', 'שלום', 'שָׁלוֹם'],
  ['בוקר טוב', 'בּוֹקֶר', 'בוקר'],
  ['السَّلامُ عليكم', 'السلام', 'السَّلامُ'],
  ['كتـــاب', 'كِتَاب', 'كتـــاب'],
  ['Was\u00adser\u00adhahn', 'wasserhahn', 'Was\u00adser\u00adhahn'],
  ['Garten\u200btor', 'gartentor', 'Garten\u200btor'],
  ['Laden', 'La\u00adden', 'Laden'],
  ['ＦＵＬＬ１２', 'full12', 'ＦＵＬＬ１２'],
  ['ﬁnster', 'finster', 'ﬁnster'],
  ['Café', 'cafe\u0301', 'Café'],
  ['ca\u00f1o\u00a0\u2003 verde', '"cano verde"', 'ca\u00f1o\u00a0\u2003 verde'],
  ['Q\u0351\u0363\u0321u\u0334\u0489e\u0353ll', 'quell', 'Q\u0351\u0363\u0321u\u0334\u0489e\u0353ll'],
  ['in C++ und C', 'c++', 'C++'],
  ['Version 3.5', '3.5', '3.5'],
  ['an foo@bar.de', 'foo@bar.de', 'foo@bar.de'],
  ['so geht’s', "geht's", 'geht’s'],
];

test('whoever writes and whoever looks for it, with marks or without: it is found, and where', async () => {
  const written = new Map();
  for (const [body] of EXAMPLES) written.set(body, await alice.send(bob.id, body));
  await bob.arrived(EXAMPLES.at(-1)[0]);
  for (const node of [alice, bob]) {
    for (const [body, query, found] of EXAMPLES) {
      const message = (await find(node, query)).messages.find(({ event_id }) => event_id === written.get(body).event_id);
      assert.ok(message, `${query} does not find ${body}`);
      assert.deepEqual(wherever(message), [found], query);
      assert.equal(message.snippet_parts[1], found);
      assert.equal(message.snippet_parts.join(''), message.snippet);
    }
  }
});

test('what was written with marks is found by who leaves them out, and the other way round', async () => {
  for (const [one, other] of [['пчёлы', 'пчелы'], ['Ελλάδα', 'ελλαδα'], ['çiğdem', 'CIGDEM'], ['Grüße', 'GRUSSE'], ['מִלִּים', 'מלים'], ['مُعَلِّم', 'معلم'], ['ＡＺＵＬ', 'azul'], ['Ver\u00adein', 'verein'], ['Łódź', 'lodz']]) {
    const events = [(await cli('send', 'Bob', one, '--data', alice.directory)).stdout.split(' ')[0], (await cli('send', 'Bob', other, '--data', alice.directory)).stdout.split(' ')[0]];
    for (const query of [one, other]) assert.deepEqual((await find(alice, query)).messages.map(({ event_id }) => event_id), [...events].reverse(), query);
  }
});

test('all words have to be there; what is quoted stands as it is, and no part of a word', async () => {
  await alice.send(bob.id, 'the ladder leans on the wall');
  const bodies = async (query) => (await find(alice, query)).messages.map(({ body }) => body);
  assert.deepEqual(await bodies('eans adde'), ['the ladder leans on the wall']);
  assert.deepEqual(await bodies('ladder roof'), []);
  assert.deepEqual(await bodies('"leans on"'), ['the ladder leans on the wall']);
  assert.deepEqual(await bodies('"on leans"'), []);
  assert.deepEqual(await bodies('"ladde"'), []);
  assert.deepEqual(await bodies('ladder" leans"'), ['the ladder leans on the wall']);
  for (const nothing of ['"', '" "', '\u00ad', '\u3000']) assert.deepEqual(await find(alice, nothing), { messages: [], more: false });
  assert.equal((await alice.request('GET', '/api/v1/chat/search?q=ladder%00roof')).status, 400);
});

test('every place is told, in UTF-16 code units and whole characters, up to 256; names of attachments have none', async () => {
  const many = await alice.send(bob.id, 'zx '.repeat(300));
  const thing = (await find(alice, 'zx')).messages.find(({ event_id }) => event_id === many.event_id);
  assert.equal(thing.found.length, 256);
  assert.ok(thing.snippet.length < 200);
  const long = `${'😀 '.repeat(100)}the needlework${' 😀'.repeat(32000 / 5)}`;
  await alice.send(bob.id, long);
  const [message] = (await find(alice, 'edlewo')).messages;
  assert.deepEqual(wherever(message), ['edlewo']);
  assert.ok(message.snippet.startsWith('…') && message.snippet.endsWith('…'));
  await alice.post('/api/v1/chat/send', { recipient: bob.id, body: 'see', attachments: [{ cid: `blake3:${'0'.repeat(64)}`, name: 'Gießkanne.jpg' }] });
  const [file] = (await find(alice, 'GIESSKANNE')).messages;
  assert.deepEqual([file.body, file.found, file.snippet_parts], ['see', [], ['', 'Gießkanne', '.jpg']]);
});

test('a body of 64 KiB in any script is found, at its end, too', async () => {
  for (const [filling, end] of [['会', '議長'], ['\ufdfa', 'قلم'], ['a\u0301', 'omega'], ['\u0301', 'alpha'], ['x', 'yz'.repeat(20)]]) {
    const body = filling.repeat(Math.floor((65536 - 60) / Buffer.byteLength(filling))) + end;
    const { event_id } = await alice.send(bob.id, body);
    const [message] = (await find(alice, end, `&peer=${bob.shortId}`)).messages;
    assert.equal(message.event_id, event_id);
    assert.ok(wherever(message).at(-1).endsWith(end));
  }
});

test('the log is sound afterwards, and a rebuild finds the same', async () => {
  const queries = ['a', 'strasse', '会議', 'елка'];
  const before = await Promise.all(queries.map((query) => find(alice, query, '&limit=1000')));
  await alice.stop();
  assert.match((await cli('verify', '--data', alice.directory)).stdout, /right|ok/i);
  assert.equal((await cli('rebuild', '--data', alice.directory)).code, 0);
  await alice.start();
  assert.deepEqual(await Promise.all(queries.map((query) => find(alice, query, '&limit=1000'))), before);
});
