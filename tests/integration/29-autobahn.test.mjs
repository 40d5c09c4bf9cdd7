import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { cases } from './autobahn.mjs';
import { BINARY, closeFrame, CONTINUATION, frame, PING, PONG, RawWebSocket, TEXT } from './raw_websocket.mjs';
import { cleanAll, crypto, fs, neighbours, Node, once, PATIENCE_MS, Peer, Subscriber } from './support.mjs';

let alice;
let bob;
let carol;
let silent; // from the beginning on
let bystander; // of whom nothing that others send is the business
after(cleanAll);
before(async () => {
  [alice, bob] = await neighbours();
  carol = await (await Node.create({ name: 'Carol', community: 'Elsewhere' })).start();
  silent = await RawWebSocket.open(bob);
  bystander = new Subscriber(bob);
  await bystander.ready();
});

const { isBuffer } = Buffer;
const sameAs = (payloads) => payloads.map((payload) => payload.toString('hex'));

/** Plays one case; `chop`: how many bytes of it go out at once. */
async function play(one, chop) {
  const socket = await RawWebSocket.open(bob);
  try {
    await talk(socket, one, chop);
  } finally {
    socket.destroy();
  }
}

async function talk(socket, { parts, close, pongs }, chop) {
  for (const part of parts) await (typeof part === 'function' ? part(socket) : socket.send(part, chop));
  if (close === undefined) {
    await socket.roundTrip();
    assert.deepEqual(sameAs(socket.pongs()), sameAs(pongs));
    assert.equal(socket.closed, undefined);
    await socket.send(closeFrame(1000));
    await socket.until(() => socket.closed, 'a close');
    assert.equal(socket.closed.code, 1000);
  } else {
    await socket.until(() => socket.closed, 'a close');
    assert.deepEqual(sameAs(socket.pongs()), sameAs(pongs));
    assert.equal(socket.closed.code, close);
  }
  await socket.gone; // they end it: it is the server that closes first
  assert.equal(socket.ended, true, `${socket.error}`);
  assert.equal(socket.wrong, undefined);
}

const SMALL = 2048; // what is sent byte by byte, too
for (const section of [...new Set(cases.map(({ id }) => id.split(/[.:]/)[0]))]) {
  test(`section ${section}`, async (context) => {
    for (const one of cases.filter(({ id }) => id.split(/[.:]/)[0] === section)) {
      await context.test(`${one.id} ${one.what}`, async () => {
        await play(one, one.chop);
        const bytes = one.parts.reduce((sum, part) => sum + (isBuffer(part) ? part.length : 0), 0);
        if (one.chop === undefined && bytes <= SMALL) await play(one, 1);
      });
    }
  });
}

test('an acknowledgement counts in whatever pieces it comes, up to 4,096 bytes of it', async () => {
  const socket = await RawWebSocket.open(bob);
  const acknowledgement = (upto, bytes = 0) => Buffer.from(JSON.stringify({ type: 'ack', upto }).padEnd(bytes));
  const published = () => socket.texts.filter(({ event }) => event === 'published');
  const pieces = [...acknowledgement(0)];
  for (const [i, byte] of pieces.entries()) {
    await socket.send(frame(i ? CONTINUATION : TEXT, [byte], { fin: i === pieces.length - 1 }), 1);
    await socket.send(frame(PING, `${i}`), 3);
  }
  await socket.roundTrip();
  assert.deepEqual(socket.pongs().map(String), pieces.map((_, i) => `${i}`));
  for (let i = 0; i < 20; i++) await alice.send(bob.id, `in pieces ${i}`);
  await socket.until(() => published().length === 16, 'as many as may be unacknowledged');
  await socket.send(frame(TEXT, acknowledgement(published().at(-1).seq, 4097)));
  await socket.roundTrip();
  assert.equal(published().length, 16);
  await socket.send(frame(TEXT, acknowledgement(published().at(-1).seq, 4096)), 1000);
  await socket.until(() => published().length === 32, 'as many again');
  socket.destroy();
});

/** Pings that answer more than any socket holds, numbered. */
const MANY = 130000;
const flood = () => {
  const one = Buffer.concat([Buffer.from([0x89, 0xfd, 0, 0, 0, 0]), Buffer.alloc(125, '.')]); // masked by zeroes
  const all = Buffer.alloc(MANY * one.length);
  for (let i = 0; i < MANY; i++) {
    one.copy(all, i * one.length);
    all.write(`${i} `, i * one.length + 6);
  }
  return all;
};

/** How long the thread of that name has run, in hundredths of a second. */
const hundredths = (node, name) => {
  const tasks = `/proc/${node.process.pid}/task`;
  const stat = fs.readdirSync(tasks).map((task) => fs.readFileSync(`${tasks}/${task}/stat`, 'latin1')).find((line) => line.includes(`(${name})`));
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
};

/** Open, and its reader has stopped while more is sent to it than it will take. */
async function stall() {
  const socket = await RawWebSocket.open(bob);
  socket.stream.pause();
  socket.stream.write(flood());
  const nothing = `/pubsub/v1/subscribe?topic=chat.message.${bob.id}&last_seq=${Number.MAX_SAFE_INTEGER}&timeout=1`; // is told after a second
  for (const deadline = Date.now() + PATIENCE_MS; ;) {
    const before = hundredths(bob, 'websocket');
    const { body } = await bob.request('GET', nothing);
    if (body.timeout && hundredths(bob, 'websocket') - before < 20) return socket;
    assert.ok(Date.now() < deadline, 'the thread does not come to rest');
  }
}

test('who pings and does not read costs nothing, and has every pong once it does', async () => {
  const socket = await stall();
  socket.stream.resume();
  await socket.until(() => socket.frames.length === MANY, 'the last pong');
  assert.ok(socket.frames.every(({ opcode, payload }, i) => opcode === PONG && payload.toString().startsWith(`${i} .`)));
  socket.destroy();
});

test('what takes its time', { concurrency: true }, async (context) => {
  const bodies = Array.from({ length: 40 }, (_, i) => `through all of it ${i}`);
  const received = () => bystander.published().map(({ data, opened }) => (opened ?? data.data).body).filter((body) => bodies.includes(body));
  await Promise.all([
    context.test('a WebSocket among those of others who do everything wrong hears all, and nothing else', async () => {
      let busy = true;
      const over = bystander.until(({ data, opened }) => (opened ?? data?.data)?.body === bodies.at(-1));
      const attack = async (act) => {
        for (let count = 0; busy; count++) {
          const socket = await RawWebSocket.open(bob);
          await act(socket, count);
          socket.destroy();
        }
      };
      const attacks = Promise.all([
        attack((socket) => socket.send(crypto.randomBytes(20000))),
        attack((socket, count) => cases[count % cases.length].parts.reduce((sent, part) => sent.then(() => isBuffer(part) && socket.send(part)), Promise.resolve())),
        attack(async (socket) => { socket.stream.pause(); socket.stream.write(flood()); await Promise.race([once(bystander.socket, 'message'), over]); }),
        attack((socket) => socket.send(frame(BINARY, '', { claimed: 2 ** 40 }).subarray(0, 10)).then(() => socket.send(Buffer.alloc(1000000)))),
        attack(async () => {}),
      ]);
      for (const body of bodies) await alice.send(bob.id, body);
      await over;
      busy = false;
      await attacks;
      assert.deepEqual(received(), bodies);
      assert.equal(bystander.socket.readyState, 1);
    }),

    context.test('who was closed for what it did, and goes on, is cut off', async () => {
      const socket = await RawWebSocket.open(bob, { allowHalfOpen: true });
      await socket.send(frame(PING, 'a', { masked: false }));
      await socket.until(() => socket.ended, 'the end');
      assert.equal(socket.closed.code, 1002);
      let sent = 0; // as long as that is read, no reset overtakes the close
      for (const deadline = Date.now() + PATIENCE_MS; !socket.stream.destroyed; sent++) {
        assert.ok(Date.now() < deadline, 'it was never cut off');
        await socket.send(frame(PING, 'still there'));
        await bob.get('/api/v1/node'); // meanwhile it answers others
      }
      assert.ok(sent > 5, `cut off after ${sent}`);
      assert.deepEqual(socket.pongs(), []);
    }),

    context.test('who reads too slowly is closed with 1013, and who does not answer that is cut off', async () => {
      const peer = new Peer();
      await peer.join(carol);
      const socket = await RawWebSocket.open(carol);
      socket.stream.pause();
      socket.stream.write(flood());
      const { head } = await carol.get('/api/v1/node');
      await peer.push(carol, ...Array.from({ length: 20 }, (_, i) => peer.event(peer.community, head + 1 + i, 'chat.message.sent', { client_id: `${i}`, recipient: carol.id, body: 'x'.repeat(65000), attachments: [] })));
      socket.stream.resume();
      await socket.until(() => socket.closed, 'the close');
      assert.deepEqual(socket.closed, { code: 1013, reason: 'too slow; resume with since_seq' });
      socket.stream.write(frame(TEXT, 'no answer')); // and no close
      await socket.gone;
    }),

    context.test('who is silent is pinged', async () => {
      await silent.until(() => silent.frames.some(({ opcode }) => opcode === PING), 'a ping', 5 * PATIENCE_MS);
      assert.equal(silent.closed, undefined);
      silent.destroy();
    }),
  ]);
});
