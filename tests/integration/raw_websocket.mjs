// A WebSocket client on a bare socket: it says what it is told to, right or wrong, and keeps every frame that it hears.

import assert from 'node:assert/strict';
import { crypto, net, once, PATIENCE_MS } from './support.mjs';

export const CONTINUATION = 0, TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10;

/** The length as the head of a frame has it: in as few bytes as it needs, or in `bytes` of them (0, 2, 8). */
function lengthOf(length, bytes = length < 126 ? 0 : length < 65536 ? 2 : 8) {
  const more = Buffer.alloc(bytes);
  if (bytes === 2) more.writeUInt16BE(length);
  if (bytes === 8) more.writeBigUInt64BE(BigInt(length));
  return [[length, 0, 126][bytes] ?? 127, more];
}

/** One frame; `claimed`: the length that it says it has, in `lengthBytes`. */
export function frame(opcode, payload = '', { fin = true, rsv = 0, masked = true, claimed, lengthBytes } = {}) {
  const bytes = Buffer.from(payload);
  const mask = masked ? crypto.randomBytes(4) : Buffer.alloc(0);
  const [length, more] = lengthOf(claimed ?? bytes.length, lengthBytes);
  const body = masked ? bytes.map((byte, i) => byte ^ mask[i % 4]) : bytes;
  return Buffer.concat([Buffer.from([(fin ? 0x80 : 0) | (rsv << 4) | opcode, (masked ? 0x80 : 0) | length]), more, mask, body]);
}

export const closeFrame = (code, reason = '') => {
  const payload = Buffer.concat([Buffer.alloc(2), Buffer.from(reason)]);
  payload.writeUInt16BE(code);
  return frame(CLOSE, payload);
};

export class RawWebSocket {
  /** Upgraded, its `ready` frame heard. */
  static async open(node, { query = `topic=chat.message.${node.id}`, allowHalfOpen = false } = {}) {
    const { hostname, port } = new URL(node.ui);
    const socket = new RawWebSocket();
    socket.frames = []; // {opcode, payload}, without those of text
    socket.texts = [];
    socket.ended = false; // they said that they are done, in order
    socket.rest = Buffer.alloc(0);
    socket.stream = net.connect({ port: Number(port), host: hostname, allowHalfOpen });
    socket.stream.setNoDelay(true);
    socket.stream.on('error', (error) => { socket.error = error; });
    socket.stream.on('end', () => { socket.ended = true; socket.wake?.(); });
    socket.gone = once(socket.stream, 'close');
    socket.stream.write(`GET /pubsub/v1/subscribe?${query} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`);
    await new Promise((resolve) => {
      const read = (data) => {
        socket.rest = Buffer.concat([socket.rest, data]);
        const end = socket.rest.indexOf('\r\n\r\n');
        if (end < 0) return;
        assert.match(socket.rest.subarray(0, end).toString(), /^HTTP\/1\.1 101 [^]*Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=$/m);
        socket.rest = socket.rest.subarray(end + 4);
        socket.stream.off('data', read).on('data', (more) => socket.take(more));
        socket.take(Buffer.alloc(0));
        resolve();
      };
      socket.stream.on('data', read);
    });
    await socket.until(() => socket.texts.length > 0, 'ready');
    return socket;
  }

  /** What we demand of the node's own frames: whole, unmasked, without reserved bits, nothing behind a close. */
  take(data) {
    this.rest = Buffer.concat([this.rest, data]);
    for (;;) {
      if (this.rest.length < 2) break;
      const [first, second] = this.rest;
      const more = second === 126 ? 2 : second === 127 ? 8 : 0;
      if (this.rest.length < 2 + more) break;
      const length = more === 2 ? this.rest.readUInt16BE(2) : more === 8 ? Number(this.rest.readBigUInt64BE(2)) : second;
      if (this.rest.length < 2 + more + length) break;
      const heard = { opcode: first & 15, payload: this.rest.subarray(2 + more, 2 + more + length) };
      this.rest = this.rest.subarray(2 + more + length);
      if ((first & 0xf0) !== 0x80 || second > 127 || this.closed) this.wrong = `a frame of ${first} ${second}${this.closed ? ' behind a close' : ''}`;
      if (heard.opcode === TEXT) this.texts.push(JSON.parse(heard.payload));
      else this.frames.push(heard);
      if (heard.opcode === CLOSE) this.closed = { code: length < 2 ? null : heard.payload.readUInt16BE(0), reason: heard.payload.subarray(2).toString() };
    }
    this.wake?.();
  }

  async until(condition, what, patience = PATIENCE_MS) {
    const signal = AbortSignal.timeout(patience);
    const late = once(signal, 'abort');
    while (!condition()) {
      const woken = new Promise((resolve) => { this.wake = resolve; });
      const over = await Promise.race([woken.then(() => ''), this.gone.then(() => condition() ? '' : 'the connection is gone'), late.then(() => 'it did not come in time')]);
      assert.equal(over, '', `${what}: ${over}`);
    }
    assert.equal(this.wrong, undefined);
  }

  pongs() {
    return this.frames.filter(({ opcode }) => opcode === PONG).map(({ payload }) => payload);
  }

  /** Sends what may be cut into pieces of `chop` bytes, each on its way before the next. */
  async send(bytes, chop = bytes.length) {
    for (let at = 0; at < bytes.length && this.stream.writable; at += chop) {
      await new Promise((resolve) => { this.stream.write(bytes.subarray(at, at + chop), resolve); }); // an error is no fault of the test: they may have closed
    }
  }

  /** Everything that was sent is read when this is back. */
  async roundTrip() {
    const mark = crypto.randomBytes(8);
    await this.send(frame(PING, mark));
    await this.until(() => this.pongs().some((payload) => payload.equals(mark)), 'a pong');
    this.frames = this.frames.filter(({ opcode, payload }) => opcode !== PONG || !payload.equals(mark));
  }

  destroy() {
    this.stream.destroy();
  }
}
