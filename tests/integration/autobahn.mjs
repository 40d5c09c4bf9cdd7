// The cases of the Autobahn test suite's fuzzing client, sections 1 to 7 and 10, by their numbers and descriptions, for a server that does not echo: after traffic
// that is right it still answers a ping, and what is wrong ends with the code that RFC 6455 has for it. Below them, cases of our own.

import { BINARY, CLOSE, closeFrame, CONTINUATION, frame, PING, PONG, TEXT } from './raw_websocket.mjs';

const PROTOCOL_ERROR = 1002, NO_TEXT = 1007, NORMAL = 1000;
const cases = [];

/** `parts`: Buffers, each sent in one write, or in pieces of `chop` bytes; a function is something to wait for. `pongs`: their payloads. `close`: the code of the close that comes back
 * (null: none is in it), and undefined if the connection lives on. */
const add = (id, what, parts, { close, pongs = [], chop } = {}) => cases.push({ id, what, parts, close, chop, pongs: pongs.map((payload) => Buffer.from(payload)) });

const oneWrite = (...frames) => [Buffer.concat(frames)];
const fragments = (opcode, texts, between = () => []) => texts.flatMap((text, i) => [frame(i === 0 ? opcode : CONTINUATION, text, { fin: i === texts.length - 1 }), ...(i === texts.length - 1 ? [] : between(i))]);
const bytesOf = (hex) => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const single = (bytes) => [...bytes].map((byte) => Buffer.from([byte]));
const hello = 'Hello, world!';
const binary = bytesOf('00 ff fe fd fc fb 00 ff');
const roundTrip = (socket) => socket.roundTrip();

// 1: framing
const LENGTHS = [0, 125, 126, 127, 128, 65535, 65536, 65536];
for (const [section, opcode, byte] of [[1, TEXT, '*'], [2, BINARY, '\xfe']]) {
  LENGTHS.forEach((length, i) => add(`1.${section}.${i + 1}`, `a ${opcode === TEXT ? 'text' : 'binary'} message of ${length} bytes`, [frame(opcode, Buffer.alloc(length, byte, 'latin1'))], { chop: i === 7 ? 997 : undefined }));
}

// 2: pings and pongs
const long = Buffer.alloc(125, 0xfe);
const ten = Array.from({ length: 10 }, (_, i) => `payload-${i}`);
add('2.1', 'a ping without a payload', [frame(PING)], { pongs: [''] });
add('2.2', 'a ping with text', [frame(PING, hello)], { pongs: [hello] });
add('2.3', 'a ping with what is no text', [frame(PING, binary)], { pongs: [binary] });
add('2.4', 'a ping of 125 bytes', [frame(PING, long)], { pongs: [long] });
add('2.5', 'a ping of 126 bytes', [frame(PING, Buffer.alloc(126, 0xfe))], { close: PROTOCOL_ERROR });
add('2.6', 'a ping of 125 bytes, byte by byte', [frame(PING, long)], { pongs: [long], chop: 1 });
add('2.7', 'a pong that nobody asked for', [frame(PONG)]);
add('2.8', 'one with a payload', [frame(PONG, 'unsolicited pong payload')]);
add('2.9', 'one, then a ping', oneWrite(frame(PONG, 'unsolicited pong payload'), frame(PING, 'ping payload')), { pongs: ['ping payload'] });
add('2.10', 'ten pings', oneWrite(...ten.map((payload) => frame(PING, payload))), { pongs: ten });
add('2.11', 'ten pings, byte by byte', oneWrite(...ten.map((payload) => frame(PING, payload))), { pongs: ten, chop: 1 });

// 3: reserved bits
add('3.1', 'text with RSV 1', [frame(TEXT, hello, { rsv: 1 })], { close: PROTOCOL_ERROR });
add('3.2', 'text, text with RSV 2, a ping', oneWrite(frame(TEXT, hello), frame(TEXT, hello, { rsv: 2 }), frame(PING)), { close: PROTOCOL_ERROR });
add('3.3', 'text, text with RSV 3, a ping, frame by frame', [frame(TEXT, hello), frame(TEXT, hello, { rsv: 3 }), frame(PING)], { close: PROTOCOL_ERROR });
add('3.4', 'text, text with RSV 4, a ping, byte by byte', oneWrite(frame(TEXT, hello), frame(TEXT, hello, { rsv: 4 }), frame(PING)), { close: PROTOCOL_ERROR, chop: 1 });
add('3.5', 'binary with RSV 5', [frame(BINARY, binary, { rsv: 5 })], { close: PROTOCOL_ERROR });
add('3.6', 'a ping with RSV 6', [frame(PING, hello, { rsv: 6 })], { close: PROTOCOL_ERROR });
add('3.7', 'a close with RSV 7', [frame(CLOSE, '', { rsv: 7 })], { close: PROTOCOL_ERROR });

// 4: opcodes
for (const [section, reserved] of [[1, [3, 4, 5, 6, 7]], [2, [11, 12, 13, 14, 15]]]) {
  reserved.forEach((opcode, i) => add(`4.${section}.${i + 1}`, `opcode ${opcode}`,
    oneWrite(...(i < 2 ? [] : [frame(TEXT, hello)]), frame(opcode, i % 2 ? hello : ''), ...(i < 2 ? [] : [frame(PING)])), { close: PROTOCOL_ERROR, chop: i === 4 ? 1 : undefined }));
}

// 5: fragmentation
const two = ['fragment1', 'fragment2'];
const three = (id, ways, what, frames, expected) => ways.forEach((way, i) => add(`5.${id + i}`, `${what}, ${way}`, way === 'frame by frame' ? frames() : oneWrite(...frames()), { ...expected, chop: way === 'byte by byte' ? 1 : undefined }));
const WAYS = ['in one write', 'frame by frame', 'byte by byte'];
add('5.1', 'a ping in two fragments', fragments(PING, two), { close: PROTOCOL_ERROR });
add('5.2', 'a pong in two fragments', fragments(PONG, two), { close: PROTOCOL_ERROR });
three(3, WAYS, 'text in two fragments', () => fragments(TEXT, two));
three(6, WAYS, 'text in two fragments and a ping between them', () => fragments(TEXT, two, () => [frame(PING, 'ping payload')]), { pongs: ['ping payload'] });
three(9, WAYS, 'a last continuation of nothing, then text', () => [frame(CONTINUATION, 'non-continuation payload'), frame(TEXT, hello)], { close: PROTOCOL_ERROR });
three(12, WAYS, 'a continuation of nothing, then text', () => [frame(CONTINUATION, 'non-continuation payload', { fin: false }), frame(TEXT, hello)], { close: PROTOCOL_ERROR });
add('5.15', 'text in two fragments, a continuation of nothing, text', oneWrite(...fragments(TEXT, two), frame(CONTINUATION, 'fragment3', { fin: false }), frame(TEXT, 'fragment4')), { close: PROTOCOL_ERROR });
[false, true].forEach((fin, i) => add(`5.${16 + i}`, `twice: a ${fin ? 'last ' : ''}continuation of nothing, then text in two fragments`,
  [1, 2].flatMap(() => [frame(CONTINUATION, 'fragment1', { fin }), frame(TEXT, 'fragment2', { fin: false }), frame(CONTINUATION, 'fragment3')]), { close: PROTOCOL_ERROR }));
add('5.18', 'text in two fragments, both as text', [frame(TEXT, 'fragment1', { fin: false }), frame(TEXT, 'fragment2')], { close: PROTOCOL_ERROR });
const pauses = (i) => (i === 1 ? [frame(PING, 'pongme 1!'), roundTrip] : i === 3 ? [frame(PING, 'pongme 2!'), roundTrip] : []);
const five = () => fragments(TEXT, [1, 2, 3, 4, 5].map((i) => `fragment${i}`), pauses);
add('5.19', 'text in five fragments, with pings and pauses', five(), { pongs: ['pongme 1!', 'pongme 2!'] });
add('5.20', 'text in five fragments, with pings and pauses, frame by frame', five(), { pongs: ['pongme 1!', 'pongme 2!'] });

// 6: what is text
const kosme = bytesOf('ce ba e1 bd b9 cf 83 ce bc ce b5');
const valid = Buffer.from('Hello-µ@ßöäüàá-UTF-8!!');
const invalid = Buffer.concat([kosme, bytesOf('ed a0 80'), Buffer.from('edited')]);
add('6.1.1', 'empty text', [frame(TEXT)]);
add('6.1.2', 'text in three empty fragments', fragments(TEXT, ['', '', '']));
add('6.1.3', 'text in three fragments, the first and last empty', fragments(TEXT, ['', 'middle frame payload', '']));
add('6.2.1', 'valid text', [frame(TEXT, valid)]);
add('6.2.2', 'valid text in two fragments, cut between characters', fragments(TEXT, [valid.subarray(0, 8), valid.subarray(8)]));
add('6.2.3', 'valid text in fragments of a byte', fragments(TEXT, single(valid)));
add('6.2.4', 'more valid text in fragments of a byte', fragments(TEXT, single(kosme)));
add('6.3.1', 'invalid text', [frame(TEXT, invalid)], { close: NO_TEXT });
add('6.3.2', 'invalid text in fragments of a byte', fragments(TEXT, single(invalid)), { close: NO_TEXT });
// The third part, which would make the message whole, is never sent: the second alone is enough to fail.
for (const [i, first, second] of [[1, kosme, bytesOf('f4 90 80 80')], [2, Buffer.concat([kosme, bytesOf('f4')]), bytesOf('90')]]) {
  add(`6.4.${i}`, 'text that becomes invalid in its second fragment', [frame(TEXT, first, { fin: false }), roundTrip, frame(CONTINUATION, second, { fin: false })], { close: NO_TEXT });
  const whole = frame(TEXT, Buffer.concat([first, second, Buffer.from('edited')]));
  add(`6.4.${i + 2}`, 'text that becomes invalid in the middle of a frame', [whole.subarray(0, whole.length - second.length - 6), whole.subarray(whole.length - second.length - 6, whole.length - 6)], { close: NO_TEXT });
}
const range = (from, to, after = '') => Array.from({ length: to - from }, (_, i) => (from + i).toString(16) + after).join('');
const cutShort = ['c0', 'e0 80', 'f0 80 80', 'f8 80 80 80', 'fc 80 80 80 80', 'df', 'ef bf', 'f7 bf bf', 'fb bf bf bf', 'fd bf bf bf bf'];
const nonCharacters = ['f0', 'f1', 'f2', 'f3', 'f4'].flatMap((first) => ['8f', '9f', 'af', 'bf'].map((second) => first + second)).filter((start) => start !== 'f08f' && (start < 'f4' || start === 'f48f')).flatMap((start) => [`${start}bfbe`, `${start}bfbf`]);
const isText = (bytes) => { try { new TextDecoder('utf-8', { fatal: true }).decode(bytes); return true; } catch { return false; } };
[
  ['valid sequences', ['68656c6c6f 24 776f726c64', '68656c6c6f c2a2 776f726c64', '68656c6c6f e282ac 776f726c64', '68656c6c6f f0a4ada2 776f726c64', kosme.toString('hex')]],
  ['all beginnings of a valid text', Array.from({ length: kosme.length }, (_, i) => kosme.subarray(0, i + 1).toString('hex'))],
  ['the first sequence of a length', ['00', 'c2 80', 'e0 a0 80', 'f0 90 80 80']],
  ['the first sequence of five and six', ['f8 88 80 80 80', 'fc 84 80 80 80 80']],
  ['the last sequence of a length', ['7f', 'df bf', 'ef bf bf', 'f4 8f bf bf']],
  ['the last sequence of four, five and six', ['f7 bf bf bf', 'fb bf bf bf bf', 'fd bf bf bf bf bf']],
  ['other boundaries', ['ed 9f bf', 'ee 80 80', 'ef bf bd', 'f4 8f bf bf', 'f4 90 80 80']],
  ['unexpected continuations', ['80', 'bf', '80bf', '80bf80', '80bf80bf', '80bf80bf80', '80bf80bf80bf', range(0x80, 0xbf)]],
  ['lonely starts', [[0xc0, 0xdf], [0xe0, 0xef], [0xf0, 0xf7], [0xf8, 0xfb], [0xfc, 0xfd]].map(([from, to]) => range(from, to, '20'))],
  ['sequences without their last byte', cutShort],
  ['incomplete sequences in a row', [cutShort.join('')]],
  ['impossible bytes', ['fe', 'ff', 'fefeffff']],
  ['an overlong ASCII character', ['c0 af', 'e0 80 af', 'f0 80 80 af', 'f8 80 80 80 af', 'fc 80 80 80 80 af']],
  ['the longest overlong ones', ['c1 bf', 'e0 9f bf', 'f0 8f bf bf', 'f8 87 bf bf bf', 'fc 83 bf bf bf bf']],
  ['an overlong NUL', ['c0 80', 'e0 80 80', 'f0 80 80 80', 'f8 80 80 80 80', 'fc 80 80 80 80 80']],
  ['single surrogates', ['ed a0 80', 'ed ad bf', 'ed ae 80', 'ed af bf', 'ed b0 80', 'ed be 80', 'ed bf bf']],
  ['paired surrogates', ['eda080', 'edadbf', 'edae80', 'edafbf'].flatMap((high) => ['edb080', 'edbfbf'].map((low) => high + low))],
  ['what is no character, and is text', ['ef bf be', 'ef bf bf', ...nonCharacters]],
  ['specials', ['b9', 'ba', 'bb', 'bc', 'bd', 'be', 'bf'].map((last) => `ef bf ${last}`)],
].forEach(([what, texts], i) => texts.map(bytesOf).forEach((bytes, j) => add(`6.${5 + i}.${1 + j}`, what, [frame(TEXT, bytes)], { close: isText(bytes) ? undefined : NO_TEXT })));

// 7: closing
const CODES = { right: [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999], wrong: [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999] };
add('7.1.1', 'a message, then a close', oneWrite(frame(TEXT, hello), closeFrame(NORMAL)), { close: NORMAL });
add('7.1.2', 'two closes', oneWrite(closeFrame(NORMAL), closeFrame(NORMAL)), { close: NORMAL });
add('7.1.3', 'a close, then a ping', oneWrite(closeFrame(NORMAL), frame(PING)), { close: NORMAL });
add('7.1.4', 'a close, then text', oneWrite(closeFrame(NORMAL), frame(TEXT, hello)), { close: NORMAL });
add('7.1.5', 'a fragment, a close, a fragment', oneWrite(frame(TEXT, 'fragment1', { fin: false }), closeFrame(NORMAL), frame(CONTINUATION, 'fragment2')), { close: NORMAL });
add('7.1.6', 'text of 256 KiB, a close, a ping', oneWrite(frame(TEXT, 'BAsd7&jh23'.repeat(26215).slice(0, 262144)), closeFrame(NORMAL), frame(PING)), { close: NORMAL });
add('7.3.1', 'a close without a code', [frame(CLOSE)], { close: null });
add('7.3.2', 'a close of one byte', [frame(CLOSE, 'a')], { close: PROTOCOL_ERROR });
add('7.3.3', 'a close with a code', [closeFrame(NORMAL)], { close: NORMAL });
add('7.3.4', 'a close with a reason', [closeFrame(NORMAL, hello)], { close: NORMAL });
add('7.3.5', 'a close with a reason of 123 bytes', [closeFrame(NORMAL, '*'.repeat(123))], { close: NORMAL });
add('7.3.6', 'a close with a reason of 124 bytes', [closeFrame(NORMAL, '*'.repeat(124))], { close: PROTOCOL_ERROR });
add('7.5.1', 'a close whose reason is no text', [closeFrame(NORMAL, invalid)], { close: NO_TEXT });
CODES.right.forEach((code, i) => add(`7.7.${i + 1}`, `a close with ${code}`, [closeFrame(code)], { close: code }));
CODES.wrong.forEach((code, i) => add(`7.9.${i + 1}`, `a close with ${code}, which nobody may send`, [closeFrame(code)], { close: PROTOCOL_ERROR }));
add('7.13.1', 'a close with 5000', [closeFrame(5000)], { close: PROTOCOL_ERROR });
add('7.13.2', 'a close with 65535', [closeFrame(65535)], { close: PROTOCOL_ERROR });

// 10: what clients cut by themselves
add('10.1.1', 'text of 65,536 bytes in fragments of 1,300', fragments(TEXT, Array.from({ length: Math.ceil(65536 / 1300) }, (_, i) => '*'.repeat(Math.min(1300, 65536 - i * 1300)))));

// Ours
for (const [opcode, name] of [[TEXT, 'text'], [PING, 'a ping'], [CLOSE, 'a close']]) add(`ours: unmasked ${name}`, 'a frame without a mask', [frame(opcode, '', { masked: false })], { close: PROTOCOL_ERROR });
add('ours: mask of zeroes', 'a mask is one', [Buffer.from([0x89, 0x81, 0, 0, 0, 0, 0x61])], { pongs: ['a'] });
add('ours: length in two bytes', 'where none is needed', [frame(TEXT, 'a'.repeat(125), { lengthBytes: 2 })], { close: PROTOCOL_ERROR });
add('ours: length in eight bytes', 'where two are enough', [frame(TEXT, 'a'.repeat(65535), { lengthBytes: 8 })], { close: PROTOCOL_ERROR });
add('ours: length of 2^63', 'its highest bit is none', [Buffer.from([0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0])], { close: PROTOCOL_ERROR });
add('ours: ping of 2^62', 'the length alone is enough', [Buffer.from([0x89, 0xff])], { close: PROTOCOL_ERROR });
add('ours: first bytes', 'each is judged when it is there', [Buffer.from([0x83])], { close: PROTOCOL_ERROR });
add('ours: text cut off', 'at the end of a message, whose second part is a continuation', fragments(TEXT, ['a', bytesOf('f0 9f 8c')]), { close: NO_TEXT });
add('ours: text after text', 'each begins anew', [...fragments(TEXT, [bytesOf('f0 9f'), bytesOf('8c 80')]), frame(TEXT, valid)]);
add('ours: binary is no text', 'whatever is in it', fragments(BINARY, [invalid, invalid]));
add('ours: ping between the bytes of a character', 'does not disturb it', fragments(TEXT, [bytesOf('f0 9f'), bytesOf('8c 80')], () => [frame(PING, invalid)]), { pongs: [invalid] });
add('ours: a message of 1 MiB', 'is read and ignored', [frame(TEXT, Buffer.alloc(1048576, '*'))]);
add('ours: what is no message', 'is ignored', [frame(TEXT, '{"type":"nonsense"}'), frame(TEXT, '{'), frame(BINARY, '{"type":"ack","upto":-1}')]);
for (const code of [1012, 1013, 1014]) add(`ours: close ${code}`, 'registered since', [closeFrame(code)], { close: code });
add('ours: close 1015', 'is only said to oneself', [closeFrame(1015)], { close: PROTOCOL_ERROR });
add('ours: bytes behind what is wrong', 'are not read any more', oneWrite(frame(TEXT, '', { rsv: 1 }), closeFrame(NORMAL), frame(PING, hello)), { close: PROTOCOL_ERROR });
add('ours: a thousand pings', 'a thousand pongs', oneWrite(...Array.from({ length: 1000 }, (_, i) => frame(PING, `${i}`))), { pongs: Array.from({ length: 1000 }, (_, i) => `${i}`) });

export { cases };
